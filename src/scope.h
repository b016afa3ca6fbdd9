/*-------------------------------------------------------------------------
 *
 * scope.h
 *	  The facts of one snapshot and instant, gathered as they are asked for.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CA_SCOPE_H
#define CA_SCOPE_H

#include "datatype/timestamp.h"
#include "utils/snapshot.h"

#include "decide.h"
#include "id.h"
#include "identity.h"

typedef struct CaScope CaScope;

extern void ca_scope_init(void);

/* Keeps a scope; made by the first call that is given its address. */
typedef struct CaPin CaPin;

/*
 * The scope of a snapshot and an instant, kept by the pin until the pin is
 * used for another or its context is reset or deleted.
 */
extern CaScope *ca_scope_acquire(CaPin **pin, MemoryContext cxt,
								 Snapshot snapshot, TimestampTz now);

/* Told apart from every other scope of this backend, those gone included. */
extern uint64 ca_scope_serial(const CaScope *scope);

/*
 * All below read under the given snapshot, which must be the
 * one that the scope was acquired for.  They return null for what does not exist; what they return lives as
 * long as the scope.
 */
extern const CaMember   *ca_scope_member(CaScope *scope, Snapshot snapshot, const CaId *id);
extern const CaClient   *ca_scope_client(CaScope *scope, Snapshot snapshot, const CaId *id);
extern const CaPractice *ca_scope_practice(CaScope *scope, Snapshot snapshot, CaRef practice);
extern const CaSubject  *ca_scope_subject(CaScope *scope, Snapshot snapshot);

/* A category's number, or -1; and its name. */
extern int         ca_scope_category(CaScope *scope, Snapshot snapshot, const char *code);
extern const char *ca_scope_category_code(CaScope *scope, int number);
extern const char *ca_scope_category_list(CaScope *scope, Snapshot snapshot);

/* The number of a known member, or CA_REF_STRANGER. */
extern CaRef ca_scope_author(const CaScope *scope, const CaId *id);

/* The number of a client of whom something is known, or CA_REF_STRANGER. */
extern CaRef ca_scope_client_number(const CaScope *scope, const CaId *id);

extern void ca_scope_member_id(const CaScope *scope, CaRef ref, CaId *id);
extern void ca_scope_practice_id(const CaScope *scope, CaRef ref, CaId *id);

/* Identifiers of all members (clients) of a practice, in the current context. */
extern int ca_scope_members_of(CaScope *scope, Snapshot snapshot, CaRef practice, CaId **ids);
extern int ca_scope_clients_of(CaScope *scope, Snapshot snapshot, CaRef practice, CaId **ids);

extern bool ca_scope_has_capability(CaScope *scope, Snapshot snapshot,
									const CaId *member, const char *capability);
extern bool ca_scope_ever_practitioner(CaScope *scope, Snapshot snapshot, const CaId *member);

/*
 * How a portal user stands to the profile that he has chosen; what it points
 * to lives as long as the scope.
 */
extern void ca_scope_portal(CaScope *scope, Snapshot snapshot, const CaSubject *user,
							CaPortal *portal);

/* The name of a member, palloc'd; for explanations. */
extern char *ca_scope_member_name(Snapshot snapshot, const CaId *id);

/* The decision with the scope's facts; a null author means not asked. */
extern CaAnswer ca_scope_decide(CaScope *scope, Snapshot snapshot, const CaMember *member,
								const CaClient *client, int category, CaAction action,
								const CaRef *author, CaTrace *trace);

/* A deleted client's facts as if it were archived. */
extern CaClient ca_scope_as_if_archived(const CaClient *client);

#endif /* CA_SCOPE_H */
