/*-------------------------------------------------------------------------
 *
 * identity.c
 *	  Who this session is.
 *
 * Contract.  The first that applies:
 *
 *	1. whom the token names that the session has set (identity_token.c).  One
 *	   that does not verify, or holds no longer, makes nobody;
 *	2. the acting member, set by careaccess_act_as(), or the acting portal
 *	   user, set by careaccess_act_as_portal_user();
 *	3. the member whose login role is the session's outer role: the one that
 *	   SET ROLE chose, else the session user.  A SECURITY DEFINER function does
 *	   not change it;
 *	4. nobody, who may be a database administrator: a superuser, or a role
 *	   with EXECUTE on the marker function.
 *
 * A member who is not active, or past his end, is nobody: no identity, and no
 * falling through to what comes after; so is a portal user who is gone, or
 * whose own profile is deleted.  Above all a database administrator who acts
 * as somebody has that one's rights and no others.
 *
 * In a security-restricted operation (ANALYZE, CREATE INDEX, REFRESH
 * MATERIALIZED VIEW and the like) everybody is nobody: there PostgreSQL runs
 * functions that the owner of a table wrote, in the session of a superuser or
 * of autovacuum.
 *
 * No state here: what the session is follows from two settings and from the
 * outer role, all of which PostgreSQL undoes with transactions and savepoints
 * and carries to parallel workers.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_proc.h"
#include "utils/acl.h"

#include "catalog.h"
#include "compat.h"
#include "identity.h"
#include "identity_token.h"
#include "settings.h"

void
ca_identity_key(CaIdentityKey *key)
{
	key->role = ca_identity_role();
	key->changes_now = ca_settings_identity_changes();
	key->changes = *key->changes_now;
}

void
ca_identity_note_asker(MemoryContext cxt, CaAsker *asker)
{
	ca_identity_key(&asker->key);
	asker->token = MemoryContextStrdup(cxt, ca_settings_token());
	asker->acting = MemoryContextStrdup(cxt, ca_settings_acting());
}

bool
ca_identity_is_asker(const CaAsker *asker)
{
	return ca_identity_unchanged(&asker->key) ||
		   (asker->key.role == ca_identity_role() &&
			strcmp(asker->token, ca_settings_token()) == 0 &&
			strcmp(asker->acting, ca_settings_acting()) == 0);
}

bool
ca_identity_has_token(void)
{
	return *ca_settings_token() != '\0';
}

bool
ca_identity_role_administers(void)
{
	Oid role = ca_identity_role();
	Oid marker;

	if (!OidIsValid(role))
		return false;
	if (superuser_arg(role))
		return true;
	marker = ca_catalog_administrator_marker();
	return OidIsValid(marker) && CA_MAY_EXECUTE(marker, role);
}

/*
 * The acting setting.  Identifiers may hold any character, so what stands
 * before another thing is told by its length:
 *
 *	member ID
 *	portal SCOPE LENGTH ID LENGTH OWN PROFILE
 *
 * LENGTH is that of what follows, in bytes.  SCOPE, s or t, is how long he
 * acts, session or transaction: a change of the profile lasts as long, and not
 * longer.  OWN is the client whose login he was when he began to act: should
 * his identifier become another's login, it is not he.
 */
#define MEMBER_PREFIX "member "
#define PORTAL_PREFIX "portal "

typedef struct Acting
{
	CaSubjectKind kind; /* CA_SUBJECT_NOBODY: what is written is nothing */
	CaId          id;
	bool          session;
	CaId          own_profile;
	CaId          profile;
} Acting;

static char *
write_portal(const CaSubject *user, bool session)
{
	char *id = ca_id_to_cstring(&user->id);
	char *own = ca_id_to_cstring(&user->own_profile);

	return psprintf(PORTAL_PREFIX "%c %zu %s %zu %s %s", session ? 's' : 't', strlen(id), id,
					strlen(own), own, ca_id_to_cstring(&user->profile));
}

/* LENGTH ID and a space; moves on to what follows. */
static bool
read_measured_id(const char **rest, CaId *id)
{
	char         *text;
	unsigned long length = strtoul(*rest, &text, 10);

	if (*text++ != ' ' || length > CA_ID_MAX_TEXT || strlen(text) <= length || text[length] != ' ')
		return false;
	*rest = text + length + 1;
	return ca_id_from_cstring_len(text, length, id);
}

static bool
read_portal(const char *rest, Acting *acting)
{
	if ((rest[0] != 's' && rest[0] != 't') || rest[1] != ' ')
		return false;
	acting->session = rest[0] == 's';
	rest += 2;
	return read_measured_id(&rest, &acting->id) &&
		   read_measured_id(&rest, &acting->own_profile) &&
		   ca_id_from_cstring_len(rest, strlen(rest), &acting->profile);
}

static void
read_acting(const char *setting, Acting *acting)
{
	memset(acting, 0, sizeof(Acting));
	acting->kind = CA_SUBJECT_NOBODY;
	if (strncmp(setting, MEMBER_PREFIX, strlen(MEMBER_PREFIX)) == 0)
	{
		const char *id = setting + strlen(MEMBER_PREFIX);

		if (ca_id_from_cstring_len(id, strlen(id), &acting->id))
			acting->kind = CA_SUBJECT_MEMBER;
	}
	else if (strncmp(setting, PORTAL_PREFIX, strlen(PORTAL_PREFIX)) == 0)
	{
		if (read_portal(setting + strlen(PORTAL_PREFIX), acting))
			acting->kind = CA_SUBJECT_PORTAL;
	}
}

static void
become_member_of_row(CaSubject *subject, const CaMemberRow *member, TimestampTz now)
{
	if (strcmp(member->status, "active") != 0 || member->ends_at <= now)
		return;
	subject->kind = CA_SUBJECT_MEMBER;
	subject->id = member->id;
	subject->practice = member->practice;
	subject->valid_until = Min(subject->valid_until, member->ends_at);
}

static void
become_member(Snapshot snapshot, const CaId *id, TimestampTz now, CaSubject *subject)
{
	CaMemberRow member;

	if (ca_catalog_member(snapshot, id, &member))
		become_member_of_row(subject, &member, now);
}

/*
 * Whether he may still use the profile that he chose is not asked here: a
 * portal user whose access was withdrawn is who he is, and sees nothing.
 */
static void
become_portal_user(Snapshot snapshot, const CaId *id, const CaId *profile, CaSubject *subject)
{
	CaPortalUserRow user;
	CaClientRow     own;

	if (!ca_catalog_portal_user(snapshot, id, &user) ||
		!ca_catalog_client(snapshot, &user.client, &own) ||
		own.deleted)
		return;
	subject->kind = CA_SUBJECT_PORTAL;
	subject->id = *id;
	subject->practice = user.practice;
	subject->own_profile = user.client;
	subject->profile = profile ? *profile : user.client;
}

/* A token that is not good makes nobody, and nothing else is looked at. */
static void
become_token_subject(Snapshot snapshot, TimestampTz now, CaSubject *subject)
{
	CaTokenSubject named;

	subject->identified_by = CA_IDENTIFIED_TOKEN;
	ca_identity_read_token(snapshot, now, ca_settings_token(), &named);
	subject->token_fault = named.fault;
	if (named.fault != CA_TOKEN_GOOD)
		return;
	subject->valid_from = named.from;
	subject->valid_until = named.until;
	if (named.portal)
		become_portal_user(snapshot, &named.id, named.has_profile ? &named.profile : NULL, subject);
	else
		become_member(snapshot, &named.id, now, subject);
}

static void
become_acting(Snapshot snapshot, TimestampTz now, CaSubject *subject)
{
	Acting acting;

	subject->identified_by = CA_IDENTIFIED_ACTING;
	read_acting(ca_settings_acting(), &acting);
	if (acting.kind == CA_SUBJECT_MEMBER)
		become_member(snapshot, &acting.id, now, subject);
	else if (acting.kind == CA_SUBJECT_PORTAL)
	{
		become_portal_user(snapshot, &acting.id, &acting.profile, subject);
		if (!ca_id_equal(&subject->own_profile, &acting.own_profile))
			subject->kind = CA_SUBJECT_NOBODY;
	}
}

void
ca_identity_subject(Snapshot snapshot, TimestampTz now, CaSubject *subject)
{
	CaMemberRow member;

	memset(subject, 0, sizeof(CaSubject));
	subject->kind = CA_SUBJECT_NOBODY;
	subject->identified_by = CA_IDENTIFIED_NONE;
	subject->token_fault = CA_TOKEN_GOOD;
	subject->valid_from = DT_NOBEGIN;
	subject->valid_until = CA_NEVER;

	if (!OidIsValid(ca_identity_role()))
		return;
	if (ca_identity_has_token())
		become_token_subject(snapshot, now, subject);
	else if (*ca_settings_acting() != '\0')
		become_acting(snapshot, now, subject);
	else if (ca_catalog_member_of_login(snapshot, GetUserNameFromId(ca_identity_role(), false), &member))
	{
		subject->identified_by = CA_IDENTIFIED_LOGIN_ROLE;
		become_member_of_row(subject, &member, now);
	}
	else if (ca_identity_role_administers())
		subject->kind = CA_SUBJECT_ADMINISTRATOR;
}

void
ca_identity_act_as(const CaId *member, bool session)
{
	ca_settings_set_acting(psprintf(MEMBER_PREFIX "%s", ca_id_to_cstring(member)), session);
}

void
ca_identity_act_as_portal_user(const CaSubject *user, bool session)
{
	ca_settings_set_acting(write_portal(user, session), session);
}

void
ca_identity_choose_profile(const CaSubject *user)
{
	Acting acting;

	read_acting(ca_settings_acting(), &acting);
	if (acting.kind == CA_SUBJECT_PORTAL)
		ca_identity_act_as_portal_user(user, acting.session);
}

void
ca_identity_stop_acting(void)
{
	/* Not local: over now, and still over after this transaction. */
	ca_settings_set_acting("", true);
}
