/*-------------------------------------------------------------------------
 *
 * functions_row.c
 *	  The functions that policies call, one row at a time.
 *
 * They take columns as they are.  What is the same for all rows of an
 * execution is found out at the first one and kept in fn_extra; that it is
 * still true is checked at every row, since the expression of a PL/pgSQL
 * function outlives statements.
 *
 * An error here would tell somebody that there is a row, so nothing about a
 * row's values raises one: what cannot be decided is not visible.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "functions.h"
#include "guard.h"
#include "version.h"

PG_FUNCTION_INFO_V1(ca_sql_row_view);
PG_FUNCTION_INFO_V1(ca_sql_row_create);
PG_FUNCTION_INFO_V1(ca_sql_row_edit);
PG_FUNCTION_INFO_V1(ca_sql_row_delete);
PG_FUNCTION_INFO_V1(ca_sql_visible);

/* The arguments of a policy's function. */
#define ARG_CLIENT 0
#define ARG_CATEGORY 1
#define ARG_AUTHOR 2
#define ARG_CLIENT_VISIBLE 3
#define ARG_PRACTICE 4

typedef struct RowState
{
	CaPin *pin;
	bool   written_rows; /* checks rows that the statement writes */
	bool   one_category; /* the same for every row */
	bool   by_value;     /* the client column is an integer, and no practice is asked */

	const TimestampTz *running_start; /* of the query that runs, or 0 */
	Oid                type[ARG_PRACTICE + 1];

	/* What the following was found out for; see is_current(). */
	bool          known;
	CaStamp       stamp;
	TimestampTz   now;
	CaIdentityKey asker;
	uint64        scope_serial; /* an address could be that of a later one */

	CaScope        *scope;
	const CaMember *member;
	CaPortal        portal;
	int             category; /* the last one looked up */
	char            category_code[NAMEDATALEN];
	CaVerdicts     *verdicts; /* on that one */

	/* The last client, for rows that come in the order of their clients. */
	bool      has_last;
	Datum     last_client;
	CaVerdict last_verdict;
} RowState;

/* The type of an identifier argument; 42804 where it can be none. */
static Oid
identifier_type(FunctionCallInfo fcinfo, int arg)
{
	Oid type = get_fn_expr_argtype(fcinfo->flinfo, arg);
	Oid base;

	/*
	 * No type is known where there is no expression: the planner calls the
	 * function of an operator like that.  The value is not looked at then.
	 */
	if (!OidIsValid(type) || type == UNKNOWNOID)
		return type;
	base = getBaseType(type);
	if (!ca_id_type_supported(base))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("a value of type %s cannot be an identifier", format_type_be(type)),
				 errhint("Identifiers are smallint, integer, bigint, uuid, text, varchar, or domains over them.")));
	return base;
}

static bool
is_constant(FunctionCallInfo fcinfo, int arg)
{
	const Node *expression = fcinfo->flinfo->fn_expr;

	return expression != NULL && IsA(expression, FuncExpr) &&
		   IsA(list_nth(((const FuncExpr *) expression)->args, arg), Const);
}

static pg_noinline RowState *
make_row_state(FunctionCallInfo fcinfo)
{
	RowState *state = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(RowState));
	state->type[ARG_CLIENT] = identifier_type(fcinfo, ARG_CLIENT);
	if (PG_NARGS() > ARG_AUTHOR)
		state->type[ARG_AUTHOR] = identifier_type(fcinfo, ARG_AUTHOR);
	if (PG_NARGS() > ARG_PRACTICE)
		state->type[ARG_PRACTICE] = identifier_type(fcinfo, ARG_PRACTICE);
	state->category = -1;
	state->written_rows = ca_guard_checks_written_rows(fcinfo->flinfo->fn_expr);
	state->running_start = ca_guard_running_start();
	state->one_category = is_constant(fcinfo, ARG_CATEGORY);
	state->by_value = PG_NARGS() <= ARG_PRACTICE &&
					  (state->type[ARG_CLIENT] == INT2OID || state->type[ARG_CLIENT] == INT4OID ||
					   (state->type[ARG_CLIENT] == INT8OID && FLOAT8PASSBYVAL));
	fcinfo->flinfo->fn_extra = state;
	return state;
}

/* False for a null, or for a value that can be no identifier. */
static bool
identifier(FunctionCallInfo fcinfo, const RowState *state, int arg, CaId *id)
{
	if (PG_ARGISNULL(arg) || !OidIsValid(state->type[arg]))
		return false;
	if (state->type[arg] == UNKNOWNOID)
	{
		/* a literal of a call by hand */
		const char *literal = PG_GETARG_CSTRING(arg);

		return ca_id_from_cstring_len(literal, strlen(literal), id);
	}
	return ca_id_from_value(state->type[arg], PG_GETARG_DATUM(arg), id);
}

/* The number of the category argument, or -1. */
static int
category_number(FunctionCallInfo fcinfo, RowState *state, CaCall *call)
{
	text *code = PG_GETARG_TEXT_PP(ARG_CATEGORY);
	Size  len = VARSIZE_ANY_EXHDR(code);

	if (len >= NAMEDATALEN)
		return -1;
	if (state->category >= 0 &&
		strncmp(state->category_code, VARDATA_ANY(code), len) == 0 &&
		state->category_code[len] == '\0')
		return state->category;

	state->category = -1;
	state->verdicts = NULL;
	memcpy(state->category_code, VARDATA_ANY(code), len);
	state->category_code[len] = '\0';
	state->category = ca_scope_category(call->scope, call->snapshot, state->category_code);
	return state->category;
}

/* Is the row's practice, where the row has one, that of the asker? */
static bool
practice_agrees(FunctionCallInfo fcinfo, RowState *state, CaCall *call)
{
	CaId row_practice;
	CaId practice;

	if (PG_NARGS() <= ARG_PRACTICE)
		return true;
	return identifier(fcinfo, state, ARG_PRACTICE, &row_practice) &&
		   ca_scope_practice_id(call->scope, &practice) &&
		   ca_id_equal(&row_practice, &practice);
}

static CaRef
row_author(FunctionCallInfo fcinfo, RowState *state, CaCall *call)
{
	CaId id;

	if (PG_NARGS() <= ARG_AUTHOR || !identifier(fcinfo, state, ARG_AUTHOR, &id))
		return CA_REF_UNKNOWN;
	return ca_scope_author(call->scope, &id);
}

/* The same for a portal user: of the row counts, too, whether it is for clients. */
static bool
row_allowed_to_portal(FunctionCallInfo fcinfo, RowState *state, CaCall *call,
					  const CaId *client_id, int category, uint8 actions)
{
	CaRef client = ca_scope_client_number(call->scope, client_id);
	bool  client_visible = PG_NARGS() > ARG_CLIENT_VISIBLE &&
						  !PG_ARGISNULL(ARG_CLIENT_VISIBLE) &&
						  PG_GETARG_BOOL(ARG_CLIENT_VISIBLE);

	return ca_decide_portal_all(&state->portal, client, category, actions, client_visible) &&
		   practice_agrees(fcinfo, state, call);
}

static bool
row_allowed_to_member(FunctionCallInfo fcinfo, RowState *state, CaCall *call,
					  const CaId *client_id, int category, uint8 actions)
{
	CaRef     client;
	CaVerdict verdict;

	if (state->member == NULL)
		return false;
	if (state->verdicts == NULL)
		state->verdicts = ca_scope_verdicts(call->scope, call->snapshot, state->member, category, actions);
	verdict = ca_verdicts_client(state->verdicts, call->snapshot, client_id, &client);
	if (verdict == CA_VERDICT_NO || !practice_agrees(fcinfo, state, call))
		return false;
	return verdict == CA_VERDICT_YES ||
		   ca_verdicts_author(state->verdicts, call->snapshot, client, row_author(fcinfo, state, call));
}

/* All of the actions on this row? */
static bool
row_allowed(FunctionCallInfo fcinfo, RowState *state, CaCall *call, uint8 actions)
{
	CaId client_id;
	int  category;

	if (call->subject->kind != CA_SUBJECT_MEMBER && call->subject->kind != CA_SUBJECT_PORTAL)
		return false;
	if (PG_ARGISNULL(ARG_CATEGORY) || !identifier(fcinfo, state, ARG_CLIENT, &client_id))
		return false;
	category = category_number(fcinfo, state, call);
	if (category < 0)
		return false;
	if (call->subject->kind == CA_SUBJECT_PORTAL)
		return row_allowed_to_portal(fcinfo, state, call, &client_id, category, actions);
	return row_allowed_to_member(fcinfo, state, call, &client_id, category, actions);
}

static void
find_out_asker(RowState *state, CaCall *call)
{
	state->scope_serial = 0;
	state->category = -1;
	state->verdicts = NULL;
	state->has_last = false;
	state->member = NULL;
	if (call->subject->kind == CA_SUBJECT_MEMBER)
		state->member = ca_scope_member(call->scope, call->snapshot, &call->subject->id);
	else if (call->subject->kind == CA_SUBJECT_PORTAL)
		ca_scope_portal(call->scope, call->snapshot, call->subject, &state->portal);
	state->scope = call->scope;
	state->scope_serial = ca_scope_serial(call->scope);
}

static void
open_row_call(RowState *state, FunctionCallInfo fcinfo, CaCall *call)
{
	bool same_asker = state->known && ca_identity_unchanged(&state->asker);

	state->known = false;
	call->snapshot = GetActiveSnapshot();
	call->now = ca_guard_statement_start();
	call->clock = ca_guard_statement_clock();
	call->scope = ca_scope_open(&state->pin, fcinfo->flinfo->fn_mcxt, call->snapshot, call->now, call->clock,
								&call->subject);
	if (!same_asker || ca_scope_serial(call->scope) != state->scope_serial)
		find_out_asker(state, call);
	ca_identity_key(&state->asker);
	ca_version_stamp(call->snapshot, &state->stamp);
	state->now = call->now;
	state->known = true;
}

/*
 * The same snapshot, instant and asker as when the state was found out?  Asked
 * for every row: a function that the query calls may change each of them, and
 * the state of a PL/pgSQL expression outlives statements.
 */
static inline bool
is_current(const RowState *state)
{
	return state->known &&
		   ca_version_same(&state->stamp, GetActiveSnapshot()) &&
		   state->now == (*state->running_start != 0 ? *state->running_start : GetCurrentStatementStartTimestamp()) &&
		   ca_identity_unchanged(&state->asker);
}

static CaVerdict
look_up_verdict(RowState *state, Datum value)
{
	int64 id;

	if (!state->by_value || !state->one_category || state->verdicts == NULL)
		return CA_VERDICT_OPEN;
	id = state->type[ARG_CLIENT] == INT8OID
			 ? DatumGetInt64(value)
			 : (state->type[ARG_CLIENT] == INT4OID ? DatumGetInt32(value) : DatumGetInt16(value));
	state->last_verdict = ca_verdicts_known(state->verdicts, ca_scope_client_number_int64(state->scope, id));
	state->last_client = value;
	state->has_last = state->last_verdict != CA_VERDICT_OPEN;
	return state->last_verdict;
}

/*
 * What is known already, of a row whose client is an integer; this is where
 * most rows end.
 */
static inline CaVerdict
known_verdict(FunctionCallInfo fcinfo, RowState *state)
{
	if (PG_ARGISNULL(ARG_CLIENT))
		return CA_VERDICT_OPEN;
	if (state->has_last && state->last_client == PG_GETARG_DATUM(ARG_CLIENT))
		return state->last_verdict;
	return look_up_verdict(state, PG_GETARG_DATUM(ARG_CLIENT));
}

static pg_noinline bool
look_closely(FunctionCallInfo fcinfo, RowState *state, uint8 actions)
{
	CaCall call;

	open_row_call(state, fcinfo, &call);
	return row_allowed(fcinfo, state, &call, actions);
}

/*
 * A row that the statement writes is checked against the statement's snapshot
 * and what its own triggers have written since.
 */
static pg_noinline bool
check_written_row(FunctionCallInfo fcinfo, RowState *state, uint8 actions)
{
	bool allowed;

	if (GetActiveSnapshot()->curcid == GetCurrentCommandId(false))
		return look_closely(fcinfo, state, actions);
	PushCopiedSnapshot(GetActiveSnapshot());
	UpdateActiveSnapshotCommandId();
	allowed = look_closely(fcinfo, state, actions);
	PopActiveSnapshot();
	return allowed;
}

static pg_attribute_always_inline bool
check_row(FunctionCallInfo fcinfo, uint8 actions)
{
	RowState *state = fcinfo->flinfo->fn_extra;

	if (unlikely(state == NULL))
		state = make_row_state(fcinfo);
	if (unlikely(state->written_rows))
		return check_written_row(fcinfo, state, actions);
	if (likely(is_current(state)))
	{
		CaVerdict verdict = known_verdict(fcinfo, state);

		if (verdict == CA_VERDICT_YES || verdict == CA_VERDICT_NO)
			return verdict == CA_VERDICT_YES;
	}
	return look_closely(fcinfo, state, actions);
}

#define VIEW CA_ACTION_BIT(CA_ACTION_VIEW)

Datum
ca_sql_row_view(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(check_row(fcinfo, VIEW));
}

Datum
ca_sql_row_create(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(check_row(fcinfo, CA_ACTION_BIT(CA_ACTION_CREATE)));
}

Datum
ca_sql_row_edit(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(check_row(fcinfo, VIEW | CA_ACTION_BIT(CA_ACTION_EDIT)));
}

Datum
ca_sql_row_delete(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(check_row(fcinfo, VIEW | CA_ACTION_BIT(CA_ACTION_DELETE)));
}

/* careaccess_visible(client, category [, author]), called directly. */
Datum
ca_sql_visible(PG_FUNCTION_ARGS)
{
	RowState *state = fcinfo->flinfo->fn_extra;
	CaCall    call;

	if (state == NULL)
		state = make_row_state(fcinfo);

	open_row_call(state, fcinfo, &call);
	ca_require_good_token(call.subject);
	(void) ca_arg_category(fcinfo, ARG_CATEGORY, &call);
	if (call.subject->kind != CA_SUBJECT_MEMBER && call.subject->kind != CA_SUBJECT_PORTAL)
		ca_refuse_nobody(fcinfo);
	PG_RETURN_BOOL(row_allowed(fcinfo, state, &call, VIEW));
}
