/*-------------------------------------------------------------------------
 *
 * functions_held.c
 *	  What a member holds, for the functions that change access: a capability,
 *	  a practitioner's role, a link to a client, a revocation on him.
 *
 * Nothing here asks whether the member is active, or who asks.  A null
 * argument holds nothing.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "catalog.h"
#include "catalog_link.h"
#include "functions.h"

PG_FUNCTION_INFO_V1(ca_sql_has_capability);
PG_FUNCTION_INFO_V1(ca_sql_is_practitioner);
PG_FUNCTION_INFO_V1(ca_sql_is_active_practitioner);
PG_FUNCTION_INFO_V1(ca_sql_has_link);
PG_FUNCTION_INFO_V1(ca_sql_has_active_link);
PG_FUNCTION_INFO_V1(ca_sql_is_revoked);
PG_FUNCTION_INFO_V1(ca_sql_may_on_client);

/* careaccess.has_capability(member, capability) */
Datum
ca_sql_has_capability(PG_FUNCTION_ARGS)
{
	CaId        id;
	CaMemberRow member;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_BOOL(false);
	ca_arg_id(fcinfo, 0, "member", &id);
	PG_RETURN_BOOL(ca_catalog_member(GetActiveSnapshot(), &id, &member) &&
				   ca_catalog_has_capability(GetActiveSnapshot(), &member.practice, &id,
											 text_to_cstring(PG_GETARG_TEXT_PP(1))));
}

static bool
among_practitioner_roles(const char *role, const CaRoleRow *rows, int n)
{
	for (int i = 0; i < n; i++)
	{
		if (rows[i].practitioner && strcmp(rows[i].role, role) == 0)
			return true;
	}
	return false;
}

static bool
is_practitioner(const CaMemberRow *member)
{
	Snapshot   snapshot = GetActiveSnapshot();
	char     **held;
	int        nheld = ca_catalog_member_roles(snapshot, &member->id, &held);
	CaRoleRow *roles;
	int        nroles = ca_catalog_roles(snapshot, &member->practice, &roles);

	for (int i = 0; i < nheld; i++)
	{
		if (among_practitioner_roles(held[i], roles, nroles))
			return true;
	}
	return false;
}

/* careaccess.is_practitioner(member) */
Datum
ca_sql_is_practitioner(PG_FUNCTION_ARGS)
{
	CaId        id;
	CaMemberRow member;

	if (PG_ARGISNULL(0))
		PG_RETURN_BOOL(false);
	ca_arg_id(fcinfo, 0, "member", &id);
	PG_RETURN_BOOL(ca_catalog_member(GetActiveSnapshot(), &id, &member) && is_practitioner(&member));
}

/* careaccess.is_active_practitioner(member) */
Datum
ca_sql_is_active_practitioner(PG_FUNCTION_ARGS)
{
	CaId        id;
	CaMemberRow member;

	if (PG_ARGISNULL(0))
		PG_RETURN_BOOL(false);
	ca_arg_id(fcinfo, 0, "member", &id);
	PG_RETURN_BOOL(ca_catalog_member(GetActiveSnapshot(), &id, &member) &&
				   strcmp(member.status, "active") == 0 &&
				   member.ends_at > GetCurrentStatementStartTimestamp() &&
				   is_practitioner(&member));
}

static bool
among_kinds(const char *kind, const Datum *kinds, const bool *nulls, int n)
{
	for (int i = 0; i < n; i++)
	{
		if (!nulls[i] && strcmp(TextDatumGetCString(kinds[i]), kind) == 0)
			return true;
	}
	return false;
}

static bool
has_link(Datum client, Datum member, ArrayType *of_kinds)
{
	TimestampTz  now = GetCurrentStatementStartTimestamp();
	Datum       *kinds;
	bool        *nulls;
	int          nkinds;
	CaActiveLink links[CA_MAX_ACTIVE_LINKS];
	int          nlinks = ca_catalog_active_links(GetActiveSnapshot(), client, member, links);

	deconstruct_array(of_kinds, TEXTOID, -1, false, TYPALIGN_INT, &kinds, &nulls, &nkinds);
	for (int i = 0; i < nlinks; i++)
	{
		if (links[i].valid_until > now && among_kinds(links[i].kind, kinds, nulls, nkinds))
			return true;
	}
	return false;
}

/* careaccess.has_link(client, member, kinds) */
Datum
ca_sql_has_link(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		PG_RETURN_BOOL(false);
	PG_RETURN_BOOL(has_link(PG_GETARG_DATUM(0), PG_GETARG_DATUM(1), PG_GETARG_ARRAYTYPE_P(2)));
}

/* careaccess.has_active_link(client, member, kind): it may have run out */
Datum
ca_sql_has_active_link(PG_FUNCTION_ARGS)
{
	CaActiveLink links[CA_MAX_ACTIVE_LINKS];
	char        *kind;
	int          n;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		PG_RETURN_BOOL(false);
	kind = text_to_cstring(PG_GETARG_TEXT_PP(2));
	n = ca_catalog_active_links(GetActiveSnapshot(), PG_GETARG_DATUM(0), PG_GETARG_DATUM(1), links);
	for (int i = 0; i < n; i++)
	{
		if (strcmp(links[i].kind, kind) == 0)
			PG_RETURN_BOOL(true);
	}
	PG_RETURN_BOOL(false);
}

/* careaccess.is_revoked(client, member) */
Datum
ca_sql_is_revoked(PG_FUNCTION_ARGS)
{
	CaId  client;
	CaId  member;
	CaId *revoked;
	int   n;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_BOOL(false);
	ca_arg_id(fcinfo, 0, "client", &client);
	ca_arg_id(fcinfo, 1, "member", &member);
	n = ca_catalog_revoked_members(GetActiveSnapshot(), &client, &revoked);
	for (int i = 0; i < n; i++)
	{
		if (ca_id_equal(&revoked[i], &member))
			PG_RETURN_BOOL(true);
	}
	PG_RETURN_BOOL(false);
}

static bool
actor_holds(const CaSubject *actor, Datum capability)
{
	return ca_catalog_has_capability(GetActiveSnapshot(), &actor->practice, &actor->id,
									 TextDatumGetCString(capability));
}

/* careaccess.may_on_client(client, anywhere, linked, kinds) */
Datum
ca_sql_may_on_client(PG_FUNCTION_ARGS)
{
	CaCall call;

	for (int i = 0; i < 4; i++)
	{
		if (PG_ARGISNULL(i))
			PG_RETURN_BOOL(false);
	}
	ca_call_open(fcinfo, &call);
	if (call.subject->kind != CA_SUBJECT_MEMBER)
		PG_RETURN_BOOL(call.subject->kind == CA_SUBJECT_ADMINISTRATOR);
	PG_RETURN_BOOL(actor_holds(call.subject, PG_GETARG_DATUM(1)) ||
				   (actor_holds(call.subject, PG_GETARG_DATUM(2)) &&
					has_link(PG_GETARG_DATUM(0), ca_id_to_datum(&call.subject->id), PG_GETARG_ARRAYTYPE_P(3))));
}
