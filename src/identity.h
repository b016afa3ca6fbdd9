/*-------------------------------------------------------------------------
 *
 * identity.h
 *	  Who this session is.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CA_IDENTITY_H
#define CA_IDENTITY_H

#include "datatype/timestamp.h"
#include "miscadmin.h"
#include "utils/snapshot.h"

#include "id.h"
#include "token.h"

typedef enum CaSubjectKind
{
	CA_SUBJECT_NOBODY,
	CA_SUBJECT_MEMBER,
	CA_SUBJECT_PORTAL,
	CA_SUBJECT_ADMINISTRATOR
} CaSubjectKind;

typedef enum CaIdentifiedBy
{
	CA_IDENTIFIED_NONE,
	CA_IDENTIFIED_TOKEN,
	CA_IDENTIFIED_ACTING,
	CA_IDENTIFIED_LOGIN_ROLE
} CaIdentifiedBy;

typedef struct CaSubject
{
	CaSubjectKind  kind;
	CaIdentifiedBy identified_by;
	CaTokenFault   token_fault; /* why nobody: the token is not good */
	CaId           id;          /* of a member, of a portal user */
	CaId           practice;    /* of a member, of a portal user */
	CaId           own_profile; /* of a portal user: the client whose login he is */
	CaId           profile;     /* of a portal user: the client he has chosen */
	TimestampTz    valid_until;
	TimestampTz    valid_from; /* of a token: an earlier statement must ask anew */
} CaSubject;

/*
 * The outer role, which says who the session is; none while PostgreSQL does
 * maintenance on somebody's objects.  Then it runs what their owner wrote,
 * which must not get the identity of whoever began it.
 */
static inline Oid
ca_identity_role(void)
{
	return InSecurityRestrictedOperation() ? InvalidOid : GetOuterUserId();
}

/* What the subject follows from, to see cheaply that it is still the same. */
typedef struct CaIdentityKey
{
	Oid           role; /* ca_identity_role() */
	uint64        changes;
	const uint64 *changes_now; /* where they are counted */
} CaIdentityKey;

extern void ca_identity_key(CaIdentityKey *key);

/* Here, since it is asked for every row. */
static inline bool
ca_identity_unchanged(const CaIdentityKey *key)
{
	return key->changes == *key->changes_now &&
		   key->role == ca_identity_role();
}

/* For whom something was begun; its texts lie in a context of the caller's. */
typedef struct CaAsker
{
	CaIdentityKey key;
	char         *token;
	char         *acting;
} CaAsker;

extern void ca_identity_note_asker(MemoryContext cxt, CaAsker *asker);

/* Is the session still his, though settings may have come and gone? */
extern bool ca_identity_is_asker(const CaAsker *asker);

/* Good or not, it leaves no room for anybody else. */
extern bool ca_identity_has_token(void);

/* Find out who the session is, under a snapshot and at an instant. */
extern void ca_identity_subject(Snapshot snapshot, TimestampTz now, CaSubject *subject);

/* Is the session's outer role a superuser or a database administrator? */
extern bool ca_identity_role_administers(void);

/* Act as a member from now on; the caller has checked that he may. */
extern void ca_identity_act_as(const CaId *member, bool session);

/* As a portal user, on the profile that is his subject's. */
extern void ca_identity_act_as_portal_user(const CaSubject *user, bool session);

/* The acting portal user, on another profile, for as long as he acts. */
extern void ca_identity_choose_profile(const CaSubject *user);

extern void ca_identity_stop_acting(void);

#endif /* CA_IDENTITY_H */
