/*-------------------------------------------------------------------------
 *
 * functions_refusal.c
 *	  The one place where somebody is refused what he may not do.
 *
 * An audit has to tell of refusals, too.  They cannot go into the event log: a
 * refused statement is rolled back, with every row that it wrote.  So a line
 * goes to the server's log before the error is raised, and stays there even if
 * an EXCEPTION block swallows the error:
 *
 *	LOG:  careaccess refusal: {"at": ..., "operation": ..., ...}
 *
 * Nothing of the statement stands in it (it could hold a token), nothing is
 * sent to the client, and what came from outside is escaped as JSON.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/guc.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "functions.h"
#include "functions_origin.h"
#include "functions_refusal.h"
#include "guard.h"

PG_FUNCTION_INFO_V1(ca_sql_refuse);

/* A message may repeat what the caller sent; the log is not his to fill. */
#define MAX_TEXT 1000

#define PUBLIC_PREFIX "careaccess_"

static void
add_key(StringInfo json, const char *key, const char *value)
{
	appendStringInfo(json, "%s\"%s\": ", json->len == 1 ? "" : ", ", key);
	if (value == NULL)
		appendStringInfoString(json, "null");
	else
		escape_json(json, pnstrdup(value, pg_mbcliplen(value, strlen(value), MAX_TEXT)));
}

static void
add_id(StringInfo json, const char *key, const CaId *id)
{
	add_key(json, key, id != NULL ? ca_id_to_cstring(id) : NULL);
}

/* In UTC, however the session writes its times. */
static void
add_time(StringInfo json)
{
	char text[MAXDATELEN + 1];
	int  utc = 0;

	JsonEncodeDateTime(text, TimestampTzGetDatum(GetCurrentTimestamp()), TIMESTAMPTZOID, &utc);
	add_key(json, "at", text);
}

/*
 * A public function written in C is the operation itself; one in PL/pgSQL has
 * said its name in the setting.  Null where neither is so.
 */
static const char *
operation(FunctionCallInfo fcinfo)
{
	const char *name = get_func_name(fcinfo->flinfo->fn_oid);
	const char *setting;

	if (name != NULL && strncmp(name, PUBLIC_PREFIX, strlen(PUBLIC_PREFIX)) == 0)
		return name + strlen(PUBLIC_PREFIX);
	setting = GetConfigOption("careaccess.operation", true, false);
	return setting != NULL && *setting != '\0' ? setting : NULL;
}

static void
log_refusal(FunctionCallInfo fcinfo, const CaRefusal *refusal)
{
	StringInfoData json;
	CaSubject      subject;
	CaEventOrigin  origin;
	bool           somebody;

	ca_identity_subject(GetActiveSnapshot(), ca_guard_statement_start(), &subject);
	ca_origin_of(&subject, &origin);
	somebody = ca_is_somebody(&subject);

	initStringInfo(&json);
	appendStringInfoChar(&json, '{');
	add_time(&json);
	add_key(&json, "operation", operation(fcinfo));
	add_key(&json, "sqlstate", unpack_sql_state(refusal->sqlstate));
	add_key(&json, "message", refusal->message);
	add_key(&json, "actor_kind", origin.actor_kind);
	add_id(&json, "actor", somebody ? &subject.id : NULL);
	add_key(&json, "identified_by", origin.identified_by);
	add_id(&json, "practice", somebody ? &subject.practice : NULL);
	add_key(&json, "database_role", origin.database_role);
	add_key(&json, "session_role", origin.session_role);
	add_key(&json, "address", ca_origin_address(&origin));
	add_id(&json, "client", refusal->client);
	add_id(&json, "member", refusal->member);
	appendStringInfoChar(&json, '}');

	ereport(LOG_SERVER_ONLY,
			(errmsg_internal("careaccess refusal: %s", json.data),
			 errhidestmt(true),
			 errhidecontext(true)));
}

void
ca_refuse(FunctionCallInfo fcinfo, const CaRefusal *refusal)
{
	log_refusal(fcinfo, refusal);
	ereport(ERROR,
			(errcode(refusal->sqlstate),
			 errmsg_internal("%s", refusal->message),
			 refusal->detail ? errdetail_internal("%s", refusal->detail) : 0,
			 refusal->hint ? errhint("%s", refusal->hint) : 0));
}

static const char *
text_argument(FunctionCallInfo fcinfo, int arg)
{
	return PG_ARGISNULL(arg) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(arg));
}

static const CaId *
id_argument(FunctionCallInfo fcinfo, int arg)
{
	CaId *id;

	if (PG_ARGISNULL(arg))
		return NULL;
	id = palloc(sizeof(CaId));
	ca_id_from_varlena(PG_GETARG_DATUM(arg), id);
	return id;
}

/* careaccess.refuse(sqlstate, message, detail, hint, client, member) */
Datum
ca_sql_refuse(PG_FUNCTION_ARGS)
{
	const char *state = text_argument(fcinfo, 0);
	CaRefusal   refusal = {
		  .message = text_argument(fcinfo, 1),
		  .detail = text_argument(fcinfo, 2),
		  .hint = text_argument(fcinfo, 3),
		  .client = id_argument(fcinfo, 4),
		  .member = id_argument(fcinfo, 5),
    };

	if (state == NULL || strlen(state) != 5 || refusal.message == NULL)
		elog(ERROR, "a refusal needs a SQLSTATE and a message");
	refusal.sqlstate = MAKE_SQLSTATE(state[0], state[1], state[2], state[3], state[4]);
	ca_refuse(fcinfo, &refusal);
}
