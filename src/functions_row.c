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
	Oid    type[ARG_PRACTICE + 1];

	/*
	 * The scope of the last call, who asked, his facts, and the last category
	 * looked up in it.
	 */
	uint64          scope_serial; /* an address could be that of a later one */
	CaIdentityKey   asker;
	const CaMember *member;
	CaPortal        portal;
	int             category;
	char            category_code[NAMEDATALEN];
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

static RowState *
row_state(FunctionCallInfo fcinfo)
{
	RowState *state = fcinfo->flinfo->fn_extra;

	if (state != NULL)
		return state;
	state = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(RowState));
	state->type[ARG_CLIENT] = identifier_type(fcinfo, ARG_CLIENT);
	if (PG_NARGS() > ARG_AUTHOR)
		state->type[ARG_AUTHOR] = identifier_type(fcinfo, ARG_AUTHOR);
	if (PG_NARGS() > ARG_PRACTICE)
		state->type[ARG_PRACTICE] = identifier_type(fcinfo, ARG_PRACTICE);
	state->category = -1;
	state->written_rows = ca_guard_checks_written_rows(fcinfo->flinfo->fn_expr);
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
	memcpy(state->category_code, VARDATA_ANY(code), len);
	state->category_code[len] = '\0';
	state->category = ca_scope_category(call->scope, call->snapshot, state->category_code);
	return state->category;
}

/* Is the row's practice, where the row has one, the client's? */
static bool
practice_agrees(FunctionCallInfo fcinfo, RowState *state, CaCall *call, const CaClient *client)
{
	CaId row_practice;
	CaId client_practice;

	if (PG_NARGS() <= ARG_PRACTICE)
		return true;
	if (!identifier(fcinfo, state, ARG_PRACTICE, &row_practice))
		return false;
	ca_scope_practice_id(call->scope, client->practice, &client_practice);
	return ca_id_equal(&row_practice, &client_practice);
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
					  const CaId *client_id, int category,
					  const CaAction *actions, int nactions)
{
	CaRef client = ca_scope_client_number(call->scope, client_id);
	bool  client_visible = PG_NARGS() > ARG_CLIENT_VISIBLE &&
						  !PG_ARGISNULL(ARG_CLIENT_VISIBLE) &&
						  PG_GETARG_BOOL(ARG_CLIENT_VISIBLE);

	for (int i = 0; i < nactions; i++)
	{
		if (!ca_decide_portal(&state->portal, client, category, actions[i], client_visible))
			return false;
	}
	return practice_agrees(fcinfo, state, call, state->portal.profile);
}

/* All of the actions, in order, on this row? */
static bool
row_allowed(FunctionCallInfo fcinfo, RowState *state, CaCall *call,
			const CaAction *actions, int nactions)
{
	CaId            client_id;
	int             category;
	const CaMember *member;
	const CaClient *client;
	CaRef           author;

	if (call->subject->kind != CA_SUBJECT_MEMBER && call->subject->kind != CA_SUBJECT_PORTAL)
		return false;
	if (PG_ARGISNULL(ARG_CATEGORY) || !identifier(fcinfo, state, ARG_CLIENT, &client_id))
		return false;
	category = category_number(fcinfo, state, call);
	if (category < 0)
		return false;
	if (call->subject->kind == CA_SUBJECT_PORTAL)
		return row_allowed_to_portal(fcinfo, state, call, &client_id, category,
									 actions, nactions);

	member = state->member;
	client = ca_scope_client(call->scope, call->snapshot, &client_id);
	if (member == NULL || client == NULL || !practice_agrees(fcinfo, state, call, client))
		return false;
	author = row_author(fcinfo, state, call);
	for (int i = 0; i < nactions; i++)
	{
		if (!ca_scope_decide(call->scope, call->snapshot, member, client, category,
							 actions[i], &author, NULL)
				 .allowed)
			return false;
	}
	return true;
}

static void
open_row_call(RowState *state, FunctionCallInfo fcinfo, CaCall *call)
{
	call->snapshot = GetActiveSnapshot();
	call->scope = ca_scope_acquire(&state->pin, fcinfo->flinfo->fn_mcxt, call->snapshot,
								   ca_guard_statement_start());
	call->subject = ca_scope_subject(call->scope, call->snapshot);
	if (ca_scope_serial(call->scope) == state->scope_serial &&
		ca_identity_unchanged(&state->asker))
		return;

	state->scope_serial = 0;
	state->category = -1;
	state->member = NULL;
	if (call->subject->kind == CA_SUBJECT_MEMBER)
		state->member = ca_scope_member(call->scope, call->snapshot, &call->subject->id);
	else if (call->subject->kind == CA_SUBJECT_PORTAL)
		ca_scope_portal(call->scope, call->snapshot, call->subject, &state->portal);
	ca_identity_key(&state->asker);
	state->scope_serial = ca_scope_serial(call->scope);
}

/*
 * A row that the statement writes is checked against the statement's snapshot
 * and what its own triggers have written since.
 */
static bool
check_row(FunctionCallInfo fcinfo, const CaAction *actions, int nactions)
{
	RowState *state = row_state(fcinfo);
	CaCall    call;
	bool      pushed = false;
	bool      allowed;

	if (state->written_rows && GetActiveSnapshot()->curcid != GetCurrentCommandId(false))
	{
		PushCopiedSnapshot(GetActiveSnapshot());
		UpdateActiveSnapshotCommandId();
		pushed = true;
	}
	open_row_call(state, fcinfo, &call);
	allowed = row_allowed(fcinfo, state, &call, actions, nactions);
	if (pushed)
		PopActiveSnapshot();
	return allowed;
}

Datum
ca_sql_row_view(PG_FUNCTION_ARGS)
{
	static const CaAction actions[] = {CA_ACTION_VIEW};

	PG_RETURN_BOOL(check_row(fcinfo, actions, lengthof(actions)));
}

Datum
ca_sql_row_create(PG_FUNCTION_ARGS)
{
	static const CaAction actions[] = {CA_ACTION_CREATE};

	PG_RETURN_BOOL(check_row(fcinfo, actions, lengthof(actions)));
}

Datum
ca_sql_row_edit(PG_FUNCTION_ARGS)
{
	static const CaAction actions[] = {CA_ACTION_VIEW, CA_ACTION_EDIT};

	PG_RETURN_BOOL(check_row(fcinfo, actions, lengthof(actions)));
}

Datum
ca_sql_row_delete(PG_FUNCTION_ARGS)
{
	static const CaAction actions[] = {CA_ACTION_VIEW, CA_ACTION_DELETE};

	PG_RETURN_BOOL(check_row(fcinfo, actions, lengthof(actions)));
}

/* careaccess_visible(client, category [, author]), called directly. */
Datum
ca_sql_visible(PG_FUNCTION_ARGS)
{
	static const CaAction actions[] = {CA_ACTION_VIEW};
	RowState             *state = row_state(fcinfo);
	CaCall                call;

	open_row_call(state, fcinfo, &call);
	(void) ca_arg_category(fcinfo, ARG_CATEGORY, &call);
	if (call.subject->kind != CA_SUBJECT_MEMBER && call.subject->kind != CA_SUBJECT_PORTAL)
		ca_refuse_nobody();
	PG_RETURN_BOOL(row_allowed(fcinfo, state, &call, actions, lengthof(actions)));
}
