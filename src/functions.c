/*-------------------------------------------------------------------------
 *
 * functions.c
 *	  Questions about access: arguments in, a decision or a list out.
 *
 * A member asks about himself freely.  About others he needs a capability,
 * and a client that he may not see answers exactly like one that does not
 * exist.  Nobody asks nothing.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/tuplestore.h"

#include "functions.h"
#include "functions_refusal.h"
#include "guard.h"

PG_FUNCTION_INFO_V1(ca_sql_can_view);
PG_FUNCTION_INFO_V1(ca_sql_can);
PG_FUNCTION_INFO_V1(ca_sql_visible_clients);
PG_FUNCTION_INFO_V1(ca_sql_test_practitioner);
PG_FUNCTION_INFO_V1(ca_sql_test_clinic_admin);
PG_FUNCTION_INFO_V1(ca_sql_member_can);
PG_FUNCTION_INFO_V1(ca_sql_accessible_members);
PG_FUNCTION_INFO_V1(ca_sql_managed_members);
PG_FUNCTION_INFO_V1(ca_sql_manages);

/*
 * Opening a call, and its arguments
 */

typedef struct CaCallState
{
	CaPin *asker; /* of the asker's scope */
	CaPin *about; /* of the last one that was entered */
	bool   entered;
	CaId   practice; /* of that one */
} CaCallState;

void
ca_call_open(FunctionCallInfo fcinfo, CaCall *call)
{
	ca_call_open_in_policy(fcinfo, call);
	ca_require_good_token(call->subject);
}

void
ca_call_open_in_policy(FunctionCallInfo fcinfo, CaCall *call)
{
	MemoryContext cxt = fcinfo->flinfo->fn_mcxt;

	if (fcinfo->flinfo->fn_extra == NULL)
		fcinfo->flinfo->fn_extra = MemoryContextAllocZero(cxt, sizeof(CaCallState));
	call->fcinfo = fcinfo;
	call->state = fcinfo->flinfo->fn_extra;
	call->cxt = cxt;
	call->snapshot = GetActiveSnapshot();
	call->now = ca_guard_statement_start();
	call->clock = ca_guard_statement_clock();
	call->scope = ca_scope_open(&call->state->asker, cxt, call->snapshot, call->now, call->clock, &call->subject);
}

void
ca_call_enter(CaCall *call, const CaId *practice)
{
	CaCallState *state = call->state;

	call->scope = ca_scope_acquire(&state->about, call->cxt, call->snapshot, call->now, call->clock, practice);
	state->practice = *practice;
	state->entered = true;
}

/* Most questions are about the practice that the last one was about. */
bool
ca_call_enter_of_member(CaCall *call, const CaId *member)
{
	CaId practice;

	if (call->state->entered)
	{
		practice = call->state->practice;
		ca_call_enter(call, &practice);
		if (ca_scope_member(call->scope, call->snapshot, member) != NULL)
			return true;
	}
	if (!ca_scope_practice_of_member(call->snapshot, member, &practice))
		return false;
	ca_call_enter(call, &practice);
	return true;
}

bool
ca_call_enter_of_client(CaCall *call, const CaId *client)
{
	CaId practice;

	if (!ca_scope_practice_of_client(call->snapshot, client, &practice))
		return false;
	ca_call_enter(call, &practice);
	return true;
}

void
ca_arg_id(FunctionCallInfo fcinfo, int arg, const char *name, CaId *id)
{
	if (PG_ARGISNULL(arg))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not be null", name),
				 errhint("Pass the identifier of a %s.", name)));
	ca_id_from_varlena(PG_GETARG_DATUM(arg), id);
}

int
ca_arg_category(FunctionCallInfo fcinfo, int arg, CaCall *call)
{
	char *code = PG_ARGISNULL(arg) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(arg));
	int   number = code ? ca_scope_category(call->scope, call->snapshot, code) : -1;

	if (code == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("category must not be null"),
				 errhint("Known categories are %s.",
						 ca_scope_category_list(call->scope, call->snapshot))));
	if (number < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown category \"%s\"", code),
				 errhint("Known categories are %s.",
						 ca_scope_category_list(call->scope, call->snapshot))));
	return number;
}

CaAction
ca_arg_action(FunctionCallInfo fcinfo, int arg)
{
	char *word;
	int   number;

	if (PG_ARGISNULL(arg))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("action must not be null"),
				 errhint("Known actions are view, create, edit, delete.")));
	word = text_to_cstring(PG_GETARG_TEXT_PP(arg));
	number = ca_action_number(word);
	if (number < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown action \"%s\"", word),
				 errhint("Known actions are view, create, edit, delete.")));
	return (CaAction) number;
}

CaRef
ca_arg_author(FunctionCallInfo fcinfo, int arg, CaCall *call)
{
	CaId id;

	if (PG_ARGISNULL(arg))
		return CA_REF_UNKNOWN;
	ca_id_from_varlena(PG_GETARG_DATUM(arg), &id);
	return ca_scope_author(call->scope, &id);
}

/*
 * Who may ask what
 */

void
ca_require_good_token(const CaSubject *subject)
{
	if (subject->token_fault != CA_TOKEN_GOOD)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
				 errmsg("the session's token is not valid"),
				 errdetail("%s", ca_token_fault_detail(subject->token_fault)),
				 errhint("Set careaccess.token to a valid token, or to an empty string for none.")));
}

void
ca_refuse_nobody(FunctionCallInfo fcinfo)
{
	CaRefusal refusal = {
		.sqlstate = ERRCODE_INSUFFICIENT_PRIVILEGE,
		.message = "no member is acting in this session",
		.hint = "Set careaccess.token, call careaccess_act_as, or log in with the login role of a member.",
	};

	ca_refuse(fcinfo, &refusal);
}

void
ca_refuse_missing_client(FunctionCallInfo fcinfo, const CaId *id)
{
	CaRefusal refusal = {
		.sqlstate = ERRCODE_NO_DATA_FOUND,
		.message = psprintf("no such client: \"%s\"", id != NULL ? ca_id_to_cstring(id) : "<NULL>"),
		.hint = "Check the identifier; a client whom the acting member may not see counts as missing.",
		.client = id,
	};

	ca_refuse(fcinfo, &refusal);
}

bool
ca_asks_about_other(const CaCall *call, const CaId *member)
{
	if (call->subject->kind == CA_SUBJECT_ADMINISTRATOR)
		return false;
	return call->subject->kind != CA_SUBJECT_MEMBER || member == NULL ||
		   !ca_id_equal(&call->subject->id, member);
}

void
ca_check_may_ask(CaCall *call, const CaId *member, bool test_tool)
{
	const CaId *asker = &call->subject->id;
	CaRefusal   refusal = {.sqlstate = ERRCODE_INSUFFICIENT_PRIVILEGE, .member = member};

	if (call->subject->kind == CA_SUBJECT_PORTAL)
	{
		refusal.message = "a portal user cannot ask about the access of members";
		refusal.hint = "What the portal user may view himself is answered by careaccess_visible().";
		ca_refuse(call->fcinfo, &refusal);
	}
	if (call->subject->kind == CA_SUBJECT_NOBODY)
		ca_refuse_nobody(call->fcinfo);
	if (!ca_asks_about_other(call, member))
		return;
	if (ca_scope_has_capability(call->scope, call->snapshot, asker, "manage_members") ||
		ca_scope_has_capability(call->scope, call->snapshot, asker, "view_audit") ||
		(test_tool && ca_scope_has_capability(call->scope, call->snapshot, asker, "manage_groups")))
		return;
	refusal.message = "not allowed to ask about the access of other members";
	refusal.hint = test_tool ? "It needs the capability manage_groups, manage_members or view_audit."
							 : "It needs the capability manage_members or view_audit.";
	ca_refuse(call->fcinfo, &refusal);
}

/* In the scope of his practice a member knows of no other. */
const CaMember *
ca_call_member(CaCall *call, const CaId *id)
{
	if (call->subject->kind == CA_SUBJECT_ADMINISTRATOR)
		(void) ca_call_enter_of_member(call, id);
	else if (call->subject->kind != CA_SUBJECT_MEMBER)
		return NULL;
	return ca_scope_member(call->scope, call->snapshot, id);
}

bool
ca_asker_sees(CaCall *call, const CaClient *client)
{
	const CaMember *asker;

	if (call->subject->kind == CA_SUBJECT_ADMINISTRATOR)
		return true;
	if (call->subject->kind != CA_SUBJECT_MEMBER)
		return false;
	asker = ca_scope_member(call->scope, call->snapshot, &call->subject->id);
	return ca_scope_decide(call->scope, call->snapshot, asker, client,
						   CA_CATEGORY_NAME, CA_ACTION_VIEW, NULL, NULL)
		.allowed;
}

/*
 * can_view and can, with and without author
 */

static bool
answer(CaCall *call, const CaId *member_id, const CaId *client_id, int category,
	   CaAction action, const CaRef *author)
{
	const CaMember *member = ca_call_member(call, member_id);
	CaClient        client;

	if (member == NULL || !ca_scope_client(call->scope, call->snapshot, client_id, &client))
		return false;
	if (ca_asks_about_other(call, member_id) && !ca_asker_sees(call, &client))
		return false;
	return ca_scope_decide(call->scope, call->snapshot, member, &client,
						   category, action, author, NULL)
		.allowed;
}

/* author_arg: the number of the argument, or -1 for the form without. */
static bool
ask(FunctionCallInfo fcinfo, int category_arg, int action_arg, int author_arg)
{
	CaCall   call;
	CaId     member;
	CaId     client;
	int      category;
	CaAction action;
	CaClient facts;
	CaRef    author;

	ca_call_open(fcinfo, &call);
	ca_arg_id(fcinfo, 0, "member", &member);
	ca_arg_id(fcinfo, 1, "client", &client);
	category = ca_arg_category(fcinfo, category_arg, &call);
	action = action_arg < 0 ? CA_ACTION_VIEW : ca_arg_action(fcinfo, action_arg);
	ca_check_may_ask(&call, &member, false);

	if (author_arg < 0)
		return answer(&call, &member, &client, category, action, NULL);

	/* The facts first, so that an author whom they name has a number. */
	(void) ca_call_member(&call, &member);
	(void) ca_scope_client(call.scope, call.snapshot, &client, &facts);
	author = ca_arg_author(fcinfo, author_arg, &call);
	return answer(&call, &member, &client, category, action, &author);
}

/* careaccess_can_view(member, client, category [, author]) */
Datum
ca_sql_can_view(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(ask(fcinfo, 2, -1, PG_NARGS() > 3 ? 3 : -1));
}

/* careaccess_can(member, client, category, action [, author]) */
Datum
ca_sql_can(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(ask(fcinfo, 2, 3, PG_NARGS() > 4 ? 4 : -1));
}

/*
 * Lists
 */

static void
return_id(ReturnSetInfo *result, const CaId *id)
{
	Datum value = ca_id_to_datum(id);
	bool  null = false;

	tuplestore_putvalues(result->setResult, result->setDesc, &value, &null);
	pfree(DatumGetPointer(value));
}

/* careaccess_visible_clients(member, category) */
Datum
ca_sql_visible_clients(PG_FUNCTION_ARGS)
{
	ReturnSetInfo  *result = (ReturnSetInfo *) fcinfo->resultinfo;
	CaCall          call;
	CaId            member_id;
	int             category;
	const CaMember *member;
	const CaRef    *clients;
	int             n;
	bool            other;

	ca_call_open(fcinfo, &call);
	ca_arg_id(fcinfo, 0, "member", &member_id);
	category = ca_arg_category(fcinfo, 1, &call);
	ca_check_may_ask(&call, &member_id, false);
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);

	member = ca_call_member(&call, &member_id);
	if (member == NULL || !member->active)
		return (Datum) 0;
	other = ca_asks_about_other(&call, &member_id);
	n = ca_verdicts_clients(ca_scope_verdicts(call.scope, call.snapshot, member, category,
											  CA_ACTION_BIT(CA_ACTION_VIEW)),
							call.snapshot, &clients);
	for (int i = 0; i < n; i++)
	{
		CaId     id;
		CaClient client;

		CHECK_FOR_INTERRUPTS();
		ca_scope_client_id(call.scope, clients[i], &id);
		if (!other || (ca_scope_client(call.scope, call.snapshot, &id, &client) &&
					   ca_asker_sees(&call, &client)))
			return_id(result, &id);
	}
	return (Datum) 0;
}

static int
compare_ids(const void *a, const void *b)
{
	return ca_id_compare(a, b);
}

/* In their own order: numbers follow from what was asked before. */
static void
return_members(ReturnSetInfo *result, CaCall *call, const Bitmapset *members)
{
	CaId *ids = palloc((bms_num_members(members) + 1) * sizeof(CaId));
	int   n = 0;
	int   ref = -1;

	while ((ref = bms_next_member(members, ref)) >= 0)
		ca_scope_member_id(call->scope, ref, &ids[n++]);
	if (n > 0)
		qsort(ids, n, sizeof(CaId), compare_ids);
	for (int i = 0; i < n; i++)
		return_id(result, &ids[i]);
}

/* The members of a set; everybody means all who ever were practitioners. */
static void
return_set(ReturnSetInfo *result, CaCall *call, const CaMember *member, const CaMemberSet *set)
{
	CaId *ids;
	int   n;

	if (!set->everybody)
	{
		return_members(result, call, set->members);
		return;
	}
	n = ca_scope_members_of(call->scope, call->snapshot, &ids);
	for (int i = 0; i < n; i++)
	{
		if (ca_scope_ever_practitioner(call->scope, call->snapshot, &ids[i]))
			return_id(result, &ids[i]);
	}
}

static bool
has_role_with_reach_managed(const CaMember *member)
{
	for (int i = 0; i < member->npermissions; i++)
	{
		const CaPermission *permission = &member->permissions[i];

		if (permission->source != NULL && !permission->deny &&
			permission->reach == CA_REACH_MANAGED)
			return true;
	}
	return false;
}

/* careaccess_test_practitioner(member) */
Datum
ca_sql_test_practitioner(PG_FUNCTION_ARGS)
{
	CaCall          call;
	CaId            id;
	const CaMember *member;

	ca_call_open(fcinfo, &call);
	ca_arg_id(fcinfo, 0, "member", &id);
	ca_check_may_ask(&call, &id, true);
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	member = ca_call_member(&call, &id);
	if (member != NULL)
		return_set((ReturnSetInfo *) fcinfo->resultinfo, &call, member, &member->accessible);
	return (Datum) 0;
}

/* careaccess_test_clinic_admin(member) */
Datum
ca_sql_test_clinic_admin(PG_FUNCTION_ARGS)
{
	CaCall          call;
	CaId            id;
	const CaMember *member;

	ca_call_open(fcinfo, &call);
	ca_arg_id(fcinfo, 0, "member", &id);
	ca_check_may_ask(&call, &id, true);
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	member = ca_call_member(&call, &id);
	if (member != NULL && has_role_with_reach_managed(member))
		return_set((ReturnSetInfo *) fcinfo->resultinfo, &call, member, &member->managed);
	return (Datum) 0;
}

/*
 * The raw decision, for the functions that change access.  They are executable
 * by their owner only, so nobody is asked who he is; and they are volatile:
 * what the transaction changed up to now counts.
 */

static void
open_now(FunctionCallInfo fcinfo, CaCall *call)
{
	PushCopiedSnapshot(GetActiveSnapshot());
	if (GetActiveSnapshot()->curcid != GetCurrentCommandId(false))
		UpdateActiveSnapshotCommandId();
	ca_call_open(fcinfo, call);
}

/* Of whatever practice: mostly of the asker's. */
static const CaMember *
any_member(CaCall *call, const CaId *id)
{
	const CaMember *member = ca_scope_member(call->scope, call->snapshot, id);

	if (member != NULL || !ca_call_enter_of_member(call, id))
		return member;
	return ca_scope_member(call->scope, call->snapshot, id);
}

/* careaccess.member_can(member, client, category, action, as_if_archived) */
Datum
ca_sql_member_can(PG_FUNCTION_ARGS)
{
	CaCall          call;
	CaId            member_id;
	CaId            client_id;
	int             category;
	CaAction        action;
	const CaMember *member;
	CaClient        client;
	bool            allowed;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_BOOL(false);
	open_now(fcinfo, &call);
	ca_arg_id(fcinfo, 0, "member", &member_id);
	ca_arg_id(fcinfo, 1, "client", &client_id);
	category = ca_arg_category(fcinfo, 2, &call);
	action = ca_arg_action(fcinfo, 3);
	member = any_member(&call, &member_id);
	allowed = false;
	if (member != NULL && ca_scope_client(call.scope, call.snapshot, &client_id, &client))
	{
		if (!PG_ARGISNULL(4) && PG_GETARG_BOOL(4))
			client = ca_scope_as_if_archived(&client);
		allowed = ca_scope_decide(call.scope, call.snapshot, member, &client, category,
								  action, NULL, NULL)
					  .allowed;
	}
	PopActiveSnapshot();
	PG_RETURN_BOOL(allowed);
}

static Datum
raw_set(FunctionCallInfo fcinfo, bool managed)
{
	CaCall          call;
	CaId            id;
	const CaMember *member;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	open_now(fcinfo, &call);
	ca_arg_id(fcinfo, 0, "member", &id);
	member = any_member(&call, &id);
	if (member != NULL)
		return_set((ReturnSetInfo *) fcinfo->resultinfo, &call, member,
				   managed ? &member->managed : &member->accessible);
	PopActiveSnapshot();
	return (Datum) 0;
}

Datum
ca_sql_accessible_members(PG_FUNCTION_ARGS)
{
	return raw_set(fcinfo, false);
}

Datum
ca_sql_managed_members(PG_FUNCTION_ARGS)
{
	return raw_set(fcinfo, true);
}

/* careaccess.manages(member, other) */
Datum
ca_sql_manages(PG_FUNCTION_ARGS)
{
	CaCall          call;
	CaId            id;
	CaId            other;
	const CaMember *member;
	bool            manages = false;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_BOOL(false);
	open_now(fcinfo, &call);
	ca_arg_id(fcinfo, 0, "member", &id);
	ca_arg_id(fcinfo, 1, "member", &other);
	member = any_member(&call, &id);
	if (member != NULL)
	{
		CaRef ref = ca_scope_author(call.scope, &other);

		manages = member->managed.everybody ||
				  (ref >= 0 && bms_is_member(ref, member->managed.members));
	}
	PopActiveSnapshot();
	PG_RETURN_BOOL(manages);
}
