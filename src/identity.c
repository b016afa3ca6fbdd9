/*-------------------------------------------------------------------------
 *
 * identity.c
 *	  Who this session is.
 *
 * Contract.  The first that applies:
 *
 *	1. the acting member, set by careaccess_act_as();
 *	2. the member whose login role is the session's outer role: the one that
 *	   SET ROLE chose, else the session user.  A SECURITY DEFINER function does
 *	   not change it;
 *	3. nobody, who may be a database administrator: a superuser, or a role
 *	   with EXECUTE on the marker function.
 *
 * A member who is not active, or past his end, is nobody: no identity, and no
 * falling through to what comes after.  Above all a database administrator
 * who acts as somebody has that member's rights and no others.
 *
 * No state here: what the session is follows from a setting and from the
 * outer role, both of which PostgreSQL undoes with transactions and savepoints
 * and carries to parallel workers.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_proc.h"
#include "miscadmin.h"
#include "utils/acl.h"

#include "catalog.h"
#include "compat.h"
#include "identity.h"
#include "settings.h"

void
ca_identity_key(CaIdentityKey *key)
{
	key->role = GetOuterUserId();
	key->acting_changes = ca_settings_acting_changes();
}

bool
ca_identity_unchanged(const CaIdentityKey *key)
{
	return key->role == GetOuterUserId() &&
		   key->acting_changes == ca_settings_acting_changes();
}

bool
ca_identity_role_administers(void)
{
	Oid role = GetOuterUserId();
	Oid marker;

	if (superuser_arg(role))
		return true;
	marker = ca_catalog_administrator_marker();
	return OidIsValid(marker) && CA_MAY_EXECUTE(marker, role);
}

static void
become_member(CaSubject *subject, const CaMemberRow *member, TimestampTz now)
{
	if (strcmp(member->status, "active") != 0 || member->ends_at <= now)
		return;
	subject->kind = CA_SUBJECT_MEMBER;
	subject->id = member->id;
	subject->practice = member->practice;
	subject->valid_until = member->ends_at;
}

void
ca_identity_subject(Snapshot snapshot, TimestampTz now, CaSubject *subject)
{
	const char *acting = ca_settings_acting();
	CaId        id;
	CaMemberRow member;

	memset(subject, 0, sizeof(CaSubject));
	subject->kind = CA_SUBJECT_NOBODY;
	subject->identified_by = CA_IDENTIFIED_NONE;
	subject->valid_until = CA_NEVER;

	if (*acting != '\0')
	{
		subject->identified_by = CA_IDENTIFIED_ACTING;
		if (ca_id_from_cstring_len(acting, strlen(acting), &id) &&
			ca_catalog_member(snapshot, &id, &member))
			become_member(subject, &member, now);
		return;
	}

	if (ca_catalog_member_of_login(snapshot, GetUserNameFromId(GetOuterUserId(), false), &member))
	{
		subject->identified_by = CA_IDENTIFIED_LOGIN_ROLE;
		become_member(subject, &member, now);
		return;
	}

	if (ca_identity_role_administers())
		subject->kind = CA_SUBJECT_ADMINISTRATOR;
}

void
ca_identity_act_as(const CaId *member, bool session)
{
	ca_settings_set_acting(ca_id_to_cstring(member), session);
}

void
ca_identity_stop_acting(void)
{
	/* Not local: over now, and still over after this transaction. */
	ca_settings_set_acting("", true);
}
