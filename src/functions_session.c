/*-------------------------------------------------------------------------
 *
 * functions_session.c
 *	  Who the session is, and the version log's trigger.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "catalog.h"
#include "functions.h"
#include "functions_refusal.h"
#include "guard.h"
#include "support.h"
#include "version.h"

PG_FUNCTION_INFO_V1(ca_sql_act_as);
PG_FUNCTION_INFO_V1(ca_sql_act_as_portal_user);
PG_FUNCTION_INFO_V1(ca_sql_switch_profile);
PG_FUNCTION_INFO_V1(ca_sql_chosen_profile);
PG_FUNCTION_INFO_V1(ca_sql_stop_acting);
PG_FUNCTION_INFO_V1(ca_sql_whoami);
PG_FUNCTION_INFO_V1(ca_sql_current_member);
PG_FUNCTION_INFO_V1(ca_sql_current_practice);
PG_FUNCTION_INFO_V1(ca_sql_current_portal_user);
PG_FUNCTION_INFO_V1(ca_sql_actor);
PG_FUNCTION_INFO_V1(ca_sql_session_role);
PG_FUNCTION_INFO_V1(ca_sql_administrator);
PG_FUNCTION_INFO_V1(ca_sql_log_change);
PG_FUNCTION_INFO_V1(ca_sql_log_pruned);
PG_FUNCTION_INFO_V1(ca_sql_log_change_of_all);
PG_FUNCTION_INFO_V1(ca_sql_require_current_member);
PG_FUNCTION_INFO_V1(ca_sql_require_current_practice);

/* How long somebody is to act: an argument that says whether for the session. */
static bool
arg_session(FunctionCallInfo fcinfo, int arg)
{
	if (PG_ARGISNULL(arg))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("session must not be null"),
				 errhint("Pass false for this transaction, true for the session.")));
	return PG_GETARG_BOOL(arg);
}

/* A token says already who the session is. */
static void
require_no_token(void)
{
	if (ca_identity_has_token())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the session has a token"),
				 errhint("Set careaccess.token to an empty string first.")));
}

CA_NORETURN static void
refuse_to_act(FunctionCallInfo fcinfo, int sqlstate, const CaId *member, const char *message,
			  const char *detail, const char *hint)
{
	CaRefusal refusal = {
		.sqlstate = sqlstate,
		.message = message,
		.detail = detail,
		.hint = hint,
		.member = member,
	};

	ca_refuse(fcinfo, &refusal);
}

/* careaccess_act_as(member, session) */
Datum
ca_sql_act_as(PG_FUNCTION_ARGS)
{
	CaId        id;
	CaMemberRow member;
	bool        session;

	ca_arg_id(fcinfo, 0, "member", &id);
	session = arg_session(fcinfo, 1);
	require_no_token();
	if (!ca_catalog_member(GetActiveSnapshot(), &id, &member))
		refuse_to_act(fcinfo, ERRCODE_NO_DATA_FOUND, &id,
					  psprintf("no such member: \"%s\"", ca_id_to_cstring(&id)),
					  NULL, "Check the identifier.");
	if (strcmp(member.status, "active") != 0)
		refuse_to_act(fcinfo, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION, &id,
					  psprintf("member \"%s\" is not active", ca_id_to_cstring(&id)),
					  psprintf("The status is %s.", member.status),
					  "Only an active member can be acted as.");
	if (member.ends_at <= ca_guard_statement_start())
		refuse_to_act(fcinfo, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION, &id,
					  psprintf("member \"%s\" is past the end date", ca_id_to_cstring(&id)),
					  psprintf("The end was %s.", timestamptz_to_str(member.ends_at)),
					  "careaccess_configure_member() changes the end date.");
	ca_identity_act_as(&id, session);
	ca_support_new_asker();
	PG_RETURN_VOID();
}

/* Does the portal user's profile show anything: is it his own, or accepted? */
static bool
profile_open(CaCall *call, const CaSubject *user)
{
	CaPortal portal;

	ca_scope_portal(call->scope, call->snapshot, user, &portal);
	return portal.known &&
		   ca_decide_portal(&portal, portal.profile.ref, CA_CATEGORY_NAME, CA_ACTION_VIEW, false);
}

static void
require_profile_open(CaCall *call, const CaSubject *user)
{
	if (!profile_open(call, user))
	{
		CaRefusal refusal = {
			.sqlstate = ERRCODE_NO_DATA_FOUND,
			.message = psprintf("no such client: \"%s\"", ca_id_to_cstring(&user->profile)),
			.hint = "A portal user can choose his own profile and those to which he has accepted an access.",
			.client = &user->profile,
		};

		ca_refuse(call->fcinfo, &refusal);
	}
}

/* careaccess_act_as_portal_user(portal_user, client, session) */
Datum
ca_sql_act_as_portal_user(PG_FUNCTION_ARGS)
{
	CaCall          call;
	CaPortalUserRow row;
	CaClientRow     own;
	CaSubject       user = {.kind = CA_SUBJECT_PORTAL};
	bool            session;

	require_no_token();
	ca_call_open(fcinfo, &call);
	ca_arg_id(fcinfo, 0, "portal user", &user.id);
	session = arg_session(fcinfo, 2);
	if (!ca_catalog_portal_user(call.snapshot, &user.id, &row))
		refuse_to_act(fcinfo, ERRCODE_NO_DATA_FOUND, NULL,
					  psprintf("no such portal user: \"%s\"", ca_id_to_cstring(&user.id)),
					  NULL, "Check the identifier.");
	if (!ca_catalog_client(call.snapshot, &row.client, &own) || own.deleted)
		refuse_to_act(fcinfo, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION, NULL,
					  psprintf("the client of portal user \"%s\" is deleted", ca_id_to_cstring(&user.id)),
					  NULL, "Only the login of a client who is not deleted can be acted as.");
	user.practice = row.practice;
	ca_call_enter(&call, &row.practice);
	user.own_profile = user.profile = row.client;
	if (!PG_ARGISNULL(1))
		ca_arg_id(fcinfo, 1, "client", &user.profile);
	require_profile_open(&call, &user);
	ca_identity_act_as_portal_user(&user, session);
	ca_support_new_asker();
	PG_RETURN_VOID();
}

/* careaccess_switch_profile(client) */
Datum
ca_sql_switch_profile(PG_FUNCTION_ARGS)
{
	CaCall    call;
	CaSubject user;

	require_no_token();
	ca_call_open(fcinfo, &call);
	if (call.subject->kind != CA_SUBJECT_PORTAL)
		refuse_to_act(fcinfo, ERRCODE_INSUFFICIENT_PRIVILEGE, NULL,
					  "no portal user is acting in this session",
					  NULL, "Call careaccess_act_as_portal_user first.");
	user = *call.subject;
	if (!PG_ARGISNULL(0))
		ca_arg_id(fcinfo, 0, "client", &user.profile);
	else
		user.profile = user.own_profile;
	require_profile_open(&call, &user);
	ca_identity_choose_profile(&user);
	PG_RETURN_VOID();
}

/* careaccess.chosen_profile() */
Datum
ca_sql_chosen_profile(PG_FUNCTION_ARGS)
{
	CaCall call;

	ca_call_open(fcinfo, &call);
	if (call.subject->kind != CA_SUBJECT_PORTAL || !profile_open(&call, call.subject))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(ca_id_to_datum(&call.subject->profile));
}

/* careaccess_stop_acting() */
Datum
ca_sql_stop_acting(PG_FUNCTION_ARGS)
{
	ca_identity_stop_acting();
	PG_RETURN_VOID();
}

const char *
ca_kind_word(CaSubjectKind kind)
{
	switch (kind)
	{
		case CA_SUBJECT_MEMBER:
			return "member";
		case CA_SUBJECT_PORTAL:
			return "portal";
		case CA_SUBJECT_ADMINISTRATOR:
			return "administrator";
		case CA_SUBJECT_NOBODY:
			break;
	}
	return "nobody";
}

bool
ca_is_somebody(const CaSubject *subject)
{
	return subject->kind == CA_SUBJECT_MEMBER || subject->kind == CA_SUBJECT_PORTAL;
}

const char *
ca_identified_word(CaIdentifiedBy by)
{
	switch (by)
	{
		case CA_IDENTIFIED_TOKEN:
			return "token";
		case CA_IDENTIFIED_ACTING:
			return "acting";
		case CA_IDENTIFIED_LOGIN_ROLE:
			return "login_role";
		case CA_IDENTIFIED_NONE:
			break;
	}
	return "none";
}

/* The row (kind, id, practice, ...) that whoami and actor have in common. */
static void
subject_columns(const CaSubject *subject, Datum *values, bool *nulls)
{
	bool somebody = ca_is_somebody(subject);

	values[0] = CStringGetTextDatum(ca_kind_word(subject->kind));
	nulls[0] = false;
	nulls[1] = nulls[2] = !somebody;
	if (somebody)
	{
		values[1] = ca_id_to_datum(&subject->id);
		values[2] = ca_id_to_datum(&subject->practice);
	}
}

/* careaccess_whoami(): one row */
Datum
ca_sql_whoami(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	CaCall         call;
	Datum          values[5];
	bool           nulls[5] = {false};

	ca_call_open(fcinfo, &call);
	InitMaterializedSRF(fcinfo, 0);
	subject_columns(call.subject, values, nulls);
	values[3] = CStringGetTextDatum(ca_identified_word(call.subject->identified_by));
	nulls[4] = call.subject->valid_until == CA_NEVER;
	values[4] = TimestampTzGetDatum(call.subject->valid_until);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	return (Datum) 0;
}

/* careaccess_current_member() */
Datum
ca_sql_current_member(PG_FUNCTION_ARGS)
{
	CaCall call;

	ca_call_open(fcinfo, &call);
	if (call.subject->kind != CA_SUBJECT_MEMBER)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(ca_id_to_datum(&call.subject->id));
}

/* careaccess_current_practice() */
Datum
ca_sql_current_practice(PG_FUNCTION_ARGS)
{
	CaCall call;

	ca_call_open(fcinfo, &call);
	if (!ca_is_somebody(call.subject))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(ca_id_to_datum(&call.subject->practice));
}

/* careaccess_current_portal_user() */
Datum
ca_sql_current_portal_user(PG_FUNCTION_ARGS)
{
	CaCall call;

	ca_call_open(fcinfo, &call);
	if (call.subject->kind != CA_SUBJECT_PORTAL)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(ca_id_to_datum(&call.subject->id));
}

/* careaccess.actor(): (kind, id, practice) */
Datum
ca_sql_actor(PG_FUNCTION_ARGS)
{
	CaCall    call;
	TupleDesc desc;
	Datum     values[3];
	bool      nulls[3];

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	ca_call_open(fcinfo, &call);
	subject_columns(call.subject, values, nulls);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

/* careaccess.session_role() */
Datum
ca_sql_session_role(PG_FUNCTION_ARGS)
{
	Name name = palloc0(NAMEDATALEN);

	namestrcpy(name, GetUserNameFromId(GetOuterUserId(), false));
	PG_RETURN_NAME(name);
}

/* careaccess.administrator(): EXECUTE on it is what counts; it says so. */
Datum
ca_sql_administrator(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(ca_identity_role_administers());
}

/*
 * careaccess.log_change(column): the triggers that keep the version log.  The
 * argument names the column of the row's practice; without one, or on
 * TRUNCATE, the change concerns all practices.  Before a statement it is noted
 * that there will be changes.
 */
static void
log_row(TriggerData *trigger, HeapTuple row)
{
	TupleDesc desc = RelationGetDescr(trigger->tg_relation);
	CaId      practice;
	Datum     value;
	bool      null = true;
	int       attno;

	if (trigger->tg_trigger->tgnargs > 0)
	{
		attno = SPI_fnumber(desc, trigger->tg_trigger->tgargs[0]);
		if (attno <= 0)
			elog(ERROR, "trigger %s names no column \"%s\"", trigger->tg_trigger->tgname,
				 trigger->tg_trigger->tgargs[0]);
		value = heap_getattr(row, attno, desc, &null);
	}
	if (null)
		ca_version_log(NULL);
	else
	{
		ca_id_from_varlena(value, &practice);
		ca_version_log(&practice);
	}
}

Datum
ca_sql_log_change(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("careaccess.log_change was not called as a trigger"),
				 errhint("It serves the tables of schema careaccess only.")));
	if (TRIGGER_FIRED_BEFORE(trigger->tg_event))
	{
		ca_version_begin_change();
		PG_RETURN_POINTER(NULL);
	}
	if (!TRIGGER_FIRED_FOR_ROW(trigger->tg_event))
	{
		ca_version_log(NULL);
		PG_RETURN_POINTER(NULL);
	}
	log_row(trigger, trigger->tg_trigtuple);
	if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
		log_row(trigger, trigger->tg_newtuple);
	PG_RETURN_POINTER(NULL);
}

/* careaccess.log_pruned(): the trigger of the version log itself. */
Datum
ca_sql_log_pruned(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("careaccess.log_pruned was not called as a trigger"),
				 errhint("It serves the version log only.")));
	ca_version_log_pruned();
	PG_RETURN_POINTER(NULL);
}

/* careaccess.log_change_of_all() */
Datum
ca_sql_log_change_of_all(PG_FUNCTION_ARGS)
{
	ca_version_log(NULL);
	PG_RETURN_VOID();
}

/*
 * careaccess.require_current_member(member), require_current_practice(practice):
 * what is taken away as a whole must be seen as a whole.  Whoever gives something
 * only shares the lock on the row, so an older snapshot (repeatable read) does
 * not fail on the row itself.
 */
static void
require_current(bool newer)
{
	if (newer)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("could not serialize access due to concurrent update"),
				 errhint("The transaction might succeed if retried.")));
}

Datum
ca_sql_require_current_member(PG_FUNCTION_ARGS)
{
	CaId member;

	ca_arg_id(fcinfo, 0, "member", &member);
	require_current(IsolationUsesXactSnapshot() && ca_catalog_newer_for_member(&member));
	PG_RETURN_VOID();
}

Datum
ca_sql_require_current_practice(PG_FUNCTION_ARGS)
{
	CaId practice;

	ca_arg_id(fcinfo, 0, "practice", &practice);
	require_current(IsolationUsesXactSnapshot() && ca_catalog_newer_for_practice(&practice));
	PG_RETURN_VOID();
}
