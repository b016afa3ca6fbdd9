/*-------------------------------------------------------------------------
 *
 * functions_clients.c
 *	  The session's clients as arrays, and what the session keeps.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "functions.h"
#include "guard.h"
#include "support.h"

PG_FUNCTION_INFO_V1(ca_sql_clients);
PG_FUNCTION_INFO_V1(ca_sql_cache);

/* The one profile of a portal user, where it is open to him. */
static Datum
array_of_portal_user(CaCall *call, int category, uint8 actions, bool whoever_the_author, Oid element)
{
	CaPortal portal;

	ca_scope_portal(call->scope, call->snapshot, call->subject, &portal);
	if (!ca_decide_portal_all(&portal, portal.profile.ref, category, actions, !whoever_the_author))
		return PointerGetDatum(construct_empty_array(element));
	return ca_scope_array_of_client(&call->subject->profile, element);
}

/*
 * careaccess.clients_TYPE(category, actions, whoever_the_author): the index
 * condition that support.c makes of a policy.  Like a policy it raises no error
 * about who asks: nobody has no clients.
 */
Datum
ca_sql_clients(PG_FUNCTION_ARGS)
{
	Oid             element = get_element_type(get_func_rettype(fcinfo->flinfo->fn_oid));
	int32           actions = PG_GETARG_INT32(1);
	bool            whoever_the_author = PG_GETARG_BOOL(2);
	CaCall          call;
	int             category;
	const CaMember *member;

	ca_guard_bound_to_asker();
	ca_call_open_in_policy(fcinfo, &call);
	category = ca_scope_category(call.scope, call.snapshot, text_to_cstring(PG_GETARG_TEXT_PP(0)));
	/* Whoever calls it by hand may name no action at all: that is allowed to nobody. */
	if (category < 0 || actions <= 0 || actions > CA_ACTIONS_ALL)
		PG_RETURN_DATUM(PointerGetDatum(construct_empty_array(element)));
	if (call.subject->kind == CA_SUBJECT_PORTAL)
		PG_RETURN_DATUM(array_of_portal_user(&call, category, actions, whoever_the_author, element));
	member = call.subject->kind == CA_SUBJECT_MEMBER
				 ? ca_scope_member(call.scope, call.snapshot, &call.subject->id)
				 : NULL;
	if (member == NULL)
		PG_RETURN_DATUM(PointerGetDatum(construct_empty_array(element)));
	PG_RETURN_DATUM(ca_verdicts_array(ca_scope_verdicts(call.scope, call.snapshot, member, category, actions),
									  call.snapshot, element, whoever_the_author));
}

/* careaccess_cache(): one row */
Datum
ca_sql_cache(PG_FUNCTION_ARGS)
{
	TupleDesc    desc;
	CaCacheState state;
	Datum        values[7];
	bool         nulls[7] = {false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	ca_scope_cache_state(&state);
	values[0] = Int64GetDatum(state.scopes);
	values[1] = Int64GetDatum(state.pinned);
	values[2] = Int64GetDatum(state.hits);
	values[3] = Int64GetDatum(state.misses);
	values[4] = Int64GetDatum(state.rebuilds);
	values[5] = Int64GetDatum(state.evictions);
	values[6] = Int64GetDatum(state.bytes);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
