/*-------------------------------------------------------------------------
 *
 * functions_lock.c
 *	  Finding and locking the client and the members that a change of access
 *	  names.
 *
 * What is missing, elsewhere or hidden is refused in the same words.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "catalog_lock.h"
#include "functions.h"
#include "functions_refusal.h"
#include "version.h"

PG_FUNCTION_INFO_V1(ca_sql_require_actor);
PG_FUNCTION_INFO_V1(ca_sql_lock_client);
PG_FUNCTION_INFO_V1(ca_sql_lock_member);
PG_FUNCTION_INFO_V1(ca_sql_raise_no_member);
PG_FUNCTION_INFO_V1(ca_sql_raise_no_client);

extern Datum ca_sql_member_can(PG_FUNCTION_ARGS);

static void
require_not_null(FunctionCallInfo fcinfo, int arg, const char *name)
{
	if (PG_ARGISNULL(arg))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not be null", name)));
}

static void
require_actor(FunctionCallInfo fcinfo, const CaSubject *subject)
{
	CaRefusal portal = {
		.sqlstate = ERRCODE_INSUFFICIENT_PRIVILEGE,
		.message = "no member is acting in this session",
		.hint = "A portal user changes nobody's access; stop acting as one (careaccess_stop_acting) first.",
	};

	if (subject->kind == CA_SUBJECT_PORTAL)
		ca_refuse(fcinfo, &portal);
	if (subject->kind == CA_SUBJECT_NOBODY)
		ca_refuse_nobody(fcinfo);
}

/* careaccess.require_actor() */
Datum
ca_sql_require_actor(PG_FUNCTION_ARGS)
{
	CaCall call;

	ca_call_open(fcinfo, &call);
	require_actor(fcinfo, call.subject);
	PG_RETURN_VOID();
}

/*
 * Everything below is asked of a snapshot taken now, as the queries of a
 * function that writes are.
 */
static void
push_newest_snapshot(void)
{
	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
}

/* Whether the actor sees the client's name; a database administrator does. */
static bool
sees(const CaSubject *actor, Datum client, bool include_deleted)
{
	LOCAL_FCINFO(fcinfo, 5);
	FmgrInfo flinfo = {.fn_addr = ca_sql_member_can, .fn_nargs = 5, .fn_mcxt = CurrentMemoryContext};

	if (actor->kind == CA_SUBJECT_ADMINISTRATOR)
		return true;
	InitFunctionCallInfoData(*fcinfo, &flinfo, 5, InvalidOid, NULL, NULL);
	memset(fcinfo->args, 0, 5 * sizeof(NullableDatum));
	fcinfo->args[0].value = ca_id_to_datum(&actor->id);
	fcinfo->args[1].value = client;
	fcinfo->args[2].value = CStringGetTextDatum("name");
	fcinfo->args[3].value = CStringGetTextDatum("view");
	fcinfo->args[4].value = BoolGetDatum(include_deleted);
	return DatumGetBool(FunctionCallInvoke(fcinfo));
}

/*
 * careaccess.lock_client(client, include_deleted)
 *
 * Looked at before it is locked: a hidden client cannot even be waited for.
 * And again afterwards, because the wait may have been for a revocation;
 * unless nobody can have changed anything in the meantime.
 */
Datum
ca_sql_lock_client(PG_FUNCTION_ARGS)
{
	Datum     client = PG_GETARG_DATUM(0);
	bool      include_deleted = !PG_ARGISNULL(1) && PG_GETARG_BOOL(1);
	CaCall    call;
	CaSubject actor;
	CaId      id;
	CaId      practice;
	Datum     row;
	CaStamp   looked; /* when he was looked at first */
	bool      seen;

	require_not_null(fcinfo, 0, "client");
	ca_id_from_varlena(client, &id);
	push_newest_snapshot();
	ca_call_open(fcinfo, &call);
	actor = *call.subject;
	require_actor(fcinfo, &actor);
	if (!sees(&actor, client, include_deleted))
		ca_refuse_missing_client(fcinfo, &id);

	ca_version_stamp(call.snapshot, &looked);
	row = ca_catalog_touch_client(client, include_deleted, &practice);
	if (DatumGetPointer(row) == NULL)
		ca_refuse_missing_client(fcinfo, &id);
	ca_version_log(&practice);

	push_newest_snapshot();
	seen = ca_version_same_others(&looked, GetActiveSnapshot()) || sees(&actor, client, include_deleted);
	PopActiveSnapshot();
	PopActiveSnapshot();
	if (!seen)
		ca_refuse_missing_client(fcinfo, &id);
	PG_RETURN_DATUM(row);
}

CA_NORETURN static void
refuse_missing_member(FunctionCallInfo fcinfo, const CaId *id)
{
	CaRefusal refusal = {
		.sqlstate = ERRCODE_NO_DATA_FOUND,
		.message = psprintf("no such member: \"%s\"", id != NULL ? ca_id_to_cstring(id) : "<NULL>"),
		.hint = "Check the identifier; only members of the same practice can be named.",
		.member = id,
	};

	ca_refuse(fcinfo, &refusal);
}

/* The argument, or null. */
static const CaId *
named_id(FunctionCallInfo fcinfo, CaId *id)
{
	if (PG_ARGISNULL(0))
		return NULL;
	ca_id_from_varlena(PG_GETARG_DATUM(0), id);
	return id;
}

/* careaccess.raise_no_member(member) */
Datum
ca_sql_raise_no_member(PG_FUNCTION_ARGS)
{
	CaId id;

	refuse_missing_member(fcinfo, named_id(fcinfo, &id));
}

/* careaccess.raise_no_client(client) */
Datum
ca_sql_raise_no_client(PG_FUNCTION_ARGS)
{
	CaId id;

	ca_refuse_missing_client(fcinfo, named_id(fcinfo, &id));
}

/* careaccess.lock_member(member, practice, exclusive) */
Datum
ca_sql_lock_member(PG_FUNCTION_ARGS)
{
	CaCall call;
	CaId   id;
	Datum  practice = PG_ARGISNULL(1) ? (Datum) 0 : PG_GETARG_DATUM(1);
	Datum  actors_practice = (Datum) 0;
	bool   exclusive = !PG_ARGISNULL(2) && PG_GETARG_BOOL(2);
	Datum  row;

	require_not_null(fcinfo, 0, "member");
	ca_id_from_varlena(PG_GETARG_DATUM(0), &id);
	push_newest_snapshot();
	ca_call_open(fcinfo, &call);
	if (ca_is_somebody(call.subject))
		actors_practice = ca_id_to_datum(&call.subject->practice);
	row = ca_catalog_lock_member(PG_GETARG_DATUM(0), practice, actors_practice, exclusive);
	PopActiveSnapshot();
	if (DatumGetPointer(row) == NULL)
		refuse_missing_member(fcinfo, &id);
	PG_RETURN_DATUM(row);
}
