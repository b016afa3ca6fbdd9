/*-------------------------------------------------------------------------
 *
 * functions_origin.c
 *	  Who does something and from where, for the event log and for refusals.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "functions.h"
#include "functions_origin.h"

PG_FUNCTION_INFO_V1(ca_sql_origin);

/* Null for a local socket, and in a parallel worker. */
static Datum
client_address(void)
{
	LOCAL_FCINFO(fcinfo, 0);
	Datum address;

	InitFunctionCallInfoData(*fcinfo, NULL, 0, InvalidOid, NULL, NULL);
	address = inet_client_addr(fcinfo);
	return fcinfo->isnull ? (Datum) 0 : address;
}

/* Who connected may be dropped since; what he does goes on, and is logged. */
static const char *
session_role(void)
{
	const char *name = GetUserNameFromId(GetSessionUserId(), true);

	return name != NULL ? name : psprintf("%u", GetSessionUserId());
}

void
ca_origin_of(const CaSubject *subject, CaEventOrigin *origin)
{
	memset(origin, 0, sizeof(CaEventOrigin));
	origin->actor_kind = ca_kind_word(subject->kind);
	if (ca_is_somebody(subject))
		origin->actor = ca_id_to_datum(&subject->id);
	origin->identified_by = ca_identified_word(subject->identified_by);
	origin->database_role = GetUserNameFromId(GetOuterUserId(), false);
	if (GetSessionUserId() != GetOuterUserId())
		origin->session_role = session_role();
	origin->address = client_address();
}

char *
ca_origin_address(const CaEventOrigin *origin)
{
	return DatumGetPointer(origin->address) != NULL
			   ? DatumGetCString(DirectFunctionCall1(inet_out, origin->address))
			   : NULL;
}

/* careaccess.origin() */
Datum
ca_sql_origin(PG_FUNCTION_ARGS)
{
	CaCall        call;
	CaEventOrigin origin;
	TupleDesc     desc;
	char         *values[6];

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	ca_call_open(fcinfo, &call);
	ca_origin_of(call.subject, &origin);
	values[0] = unconstify(char *, origin.actor_kind);
	values[1] = ca_is_somebody(call.subject) ? ca_id_to_cstring(&call.subject->id) : NULL;
	values[2] = unconstify(char *, origin.identified_by);
	values[3] = unconstify(char *, origin.database_role);
	values[4] = unconstify(char *, origin.session_role);
	values[5] = ca_origin_address(&origin);
	PG_RETURN_DATUM(HeapTupleGetDatum(BuildTupleFromCStrings(TupleDescGetAttInMetadata(BlessTupleDesc(desc)), values)));
}
