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

#include "functions.h"
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

void
ca_call_open(FunctionCallInfo fcinfo, CaCall *call)
{
	call->snapshot = GetActiveSnapshot();
	call->scope = ca_scope_acquire((CaPin **) &fcinfo->flinfo->fn_extra,
								   fcinfo->flinfo->fn_mcxt, call->snapshot,
								   ca_guard_statement_start());
	call->subject = ca_scope_subject(call->scope, call->snapshot);
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
ca_refuse_nobody(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("no member is acting in this session"),
			 errhint("Call careaccess_act_as, or log in with the login role of a member.")));
}

void
ca_refuse_missing_client(const CaId *id)
{
	ereport(ERROR,
			(errcode(ERRCODE_NO_DATA_FOUND),
			 errmsg("no such client: \"%s\"", ca_id_to_cstring(id)),
			 errhint("Check the identifier; a client whom the acting member may not see counts as missing.")));
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

	if (call->subject->kind == CA_SUBJECT_PORTAL)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("a portal user cannot ask about the access of members"),
				 errhint("What the portal user may view himself is answered by careaccess_visible().")));
	if (call->subject->kind == CA_SUBJECT_NOBODY)
		ca_refuse_nobody();
	if (!ca_asks_about_other(call, member))
		return;
	if (ca_scope_has_capability(call->scope, call->snapshot, asker, "manage_members") ||
		ca_scope_has_capability(call->scope, call->snapshot, asker, "view_audit") ||
		(test_tool && ca_scope_has_capability(call->scope, call->snapshot, asker, "manage_groups")))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("not allowed to ask about the access of other members"),
			 errhint(test_tool
						 ? "It needs the capability manage_groups, manage_members or view_audit."
						 : "It needs the capability manage_members or view_audit.")));
}

const CaMember *
ca_call_member(CaCall *call, const CaId *id)
{
	const CaMember *member = ca_scope_member(call->scope, call->snapshot, id);
	CaId            practice;

	if (member == NULL || call->subject->kind == CA_SUBJECT_ADMINISTRATOR)
		return member;
	if (call->subject->kind != CA_SUBJECT_MEMBER)
		return NULL;
	ca_scope_practice_id(call->scope, member->practice, &practice);
	return ca_id_equal(&practice, &call->subject->practice) ? member : NULL;
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
	const CaClient *client = ca_scope_client(call->scope, call->snapshot, client_id);

	if (member == NULL || client == NULL)
		return false;
	if (ca_asks_about_other(call, member_id) && !ca_asker_sees(call, client))
		return false;
	return ca_scope_decide(call->scope, call->snapshot, member, client,
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
	(void) ca_scope_client(call.scope, call.snapshot, &client);
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
	CaId           *clients;
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
	n = ca_scope_clients_of(call.scope, call.snapshot, member->practice, &clients);
	for (int i = 0; i < n; i++)
	{
		const CaClient *client = ca_scope_client(call.scope, call.snapshot, &clients[i]);

		CHECK_FOR_INTERRUPTS();
		if (client != NULL &&
			(!other || ca_asker_sees(&call, client)) &&
			ca_scope_decide(call.scope, call.snapshot, member, client, category,
							CA_ACTION_VIEW, NULL, NULL)
				.allowed)
			return_id(result, &clients[i]);
	}
	return (Datum) 0;
}

/* The members of a set; everybody means all who ever were practitioners. */
static void
return_set(ReturnSetInfo *result, CaCall *call, const CaMember *member, const CaMemberSet *set)
{
	CaId *ids;
	int   n;
	int   ref = -1;
	CaId  id;

	if (!set->everybody)
	{
		while ((ref = bms_next_member(set->members, ref)) >= 0)
		{
			ca_scope_member_id(call->scope, ref, &id);
			return_id(result, &id);
		}
		return;
	}
	n = ca_scope_members_of(call->scope, call->snapshot, member->practice, &ids);
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
	const CaClient *client;
	CaClient        archived;
	bool            allowed;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_BOOL(false);
	open_now(fcinfo, &call);
	ca_arg_id(fcinfo, 0, "member", &member_id);
	ca_arg_id(fcinfo, 1, "client", &client_id);
	category = ca_arg_category(fcinfo, 2, &call);
	action = ca_arg_action(fcinfo, 3);
	member = ca_scope_member(call.scope, call.snapshot, &member_id);
	client = ca_scope_client(call.scope, call.snapshot, &client_id);
	if (client != NULL && !PG_ARGISNULL(4) && PG_GETARG_BOOL(4))
	{
		archived = ca_scope_as_if_archived(client);
		client = &archived;
	}
	allowed = ca_scope_decide(call.scope, call.snapshot, member, client, category,
							  action, NULL, NULL)
				  .allowed;
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
	member = ca_scope_member(call.scope, call.snapshot, &id);
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
	member = ca_scope_member(call.scope, call.snapshot, &id);
	if (member != NULL)
	{
		CaRef ref = ca_scope_author(call.scope, &other);

		manages = member->managed.everybody ||
				  (ref >= 0 && bms_is_member(ref, member->managed.members));
	}
	PopActiveSnapshot();
	PG_RETURN_BOOL(manages);
}
