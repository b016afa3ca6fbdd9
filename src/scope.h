/*-------------------------------------------------------------------------
 *
 * scope.h
 *	  The facts of one practice, read once, and what follows from them.
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
 * The scope of a practice under a snapshot and at an instant, kept by the pin
 * until the pin is used for another or its context is reset or deleted.  A null
 * practice: a scope that knows the categories, and neither members nor clients.
 * Now is the statement's time; the clock, what it showed when the statement began
 * to run, which is when its snapshot had been taken.
 */
extern CaScope *ca_scope_acquire(CaPin **pin, MemoryContext cxt, Snapshot snapshot,
								 TimestampTz now, TimestampTz clock, const CaId *practice);

/*
 * The scope of whoever the session is: of his practice, if he has one.  The
 * subject stays as it is until the next call.
 */
extern CaScope *ca_scope_open(CaPin **pin, MemoryContext cxt, Snapshot snapshot,
							  TimestampTz now, TimestampTz clock, const CaSubject **subject);

/* Told apart from every other scope of this backend, those gone included. */
extern uint64 ca_scope_serial(const CaScope *scope);

/*
 * All below read under the given snapshot, which must be the
 * one that the scope was acquired for.  They return null (false) for what does
 * not exist in the practice; what they return lives as long as the scope.
 */
extern const CaMember   *ca_scope_member(CaScope *scope, Snapshot snapshot, const CaId *id);
extern const CaPractice *ca_scope_practice(CaScope *scope, Snapshot snapshot);

extern bool ca_scope_client(CaScope *scope, Snapshot snapshot, const CaId *id, CaClient *client);

/* A category's number, or -1; and its name. */
extern int         ca_scope_category(CaScope *scope, Snapshot snapshot, const char *code);
extern const char *ca_scope_category_code(CaScope *scope, int number);
extern const char *ca_scope_category_list(CaScope *scope, Snapshot snapshot);

/* The number of a known member, or CA_REF_STRANGER. */
extern CaRef ca_scope_author(const CaScope *scope, const CaId *id);

/* The number of a client of whom something is known, or CA_REF_STRANGER. */
extern CaRef ca_scope_client_number(const CaScope *scope, const CaId *id);

/* The same of a client whose identifier is a bigint. */
extern CaRef ca_scope_client_number_int64(const CaScope *scope, int64 id);

extern void ca_scope_member_id(const CaScope *scope, CaRef ref, CaId *id);
extern void ca_scope_client_id(const CaScope *scope, CaRef ref, CaId *id);

/* False where the scope is of no practice. */
extern bool ca_scope_practice_id(const CaScope *scope, CaId *id);

/* Identifiers of all members of the practice, in the current context. */
extern int ca_scope_members_of(CaScope *scope, Snapshot snapshot, CaId **ids);

/* Read them all at once: for questions about every one of them. */
extern void ca_scope_read_all_members(CaScope *scope, Snapshot snapshot);

extern bool ca_scope_has_capability(CaScope *scope, Snapshot snapshot,
									const CaId *member, const char *capability);
extern bool ca_scope_ever_practitioner(CaScope *scope, Snapshot snapshot, const CaId *member);

/*
 * How a portal user stands to the profile that he has chosen; what it points
 * to lives as long as the scope.
 */
extern void ca_scope_portal(CaScope *scope, Snapshot snapshot, const CaSubject *user,
							CaPortal *portal);

/* The practice of a client, of a member, whichever it is; for who may know of all. */
extern bool ca_scope_practice_of_client(Snapshot snapshot, const CaId *id, CaId *practice);
extern bool ca_scope_practice_of_member(Snapshot snapshot, const CaId *id, CaId *practice);

/* The name of a member, palloc'd; for explanations. */
extern char *ca_scope_member_name(Snapshot snapshot, const CaId *id);

/* The decision with the scope's facts; a null author means not asked. */
extern CaAnswer ca_scope_decide(CaScope *scope, Snapshot snapshot, const CaMember *member,
								const CaClient *client, int category, CaAction action,
								const CaRef *author, CaTrace *trace);

/* A deleted client's facts as if it were archived. */
extern CaClient ca_scope_as_if_archived(const CaClient *client);

/*
 * Verdicts: what the decision comes to for each client, of one member, one
 * category and a set of actions (CA_ACTION_BIT), all of which must be allowed.
 */
typedef struct CaVerdicts CaVerdicts;

typedef enum CaVerdict
{
	CA_VERDICT_OPEN = 0,  /* not decided yet */
	CA_VERDICT_NO,        /* whoever the author is */
	CA_VERDICT_YES,       /* whoever the author is */
	CA_VERDICT_BY_AUTHOR, /* it depends on him */
} CaVerdict;

/* They live until the pin on the scope is released. */
extern CaVerdicts *ca_scope_verdicts(CaScope *scope, Snapshot snapshot, const CaMember *member,
									 int category, uint8 actions);

/* By the client's number: what is known without reading anything. */
extern CaVerdict ca_verdicts_known(const CaVerdicts *verdicts, CaRef client);

extern CaVerdict ca_verdicts_client(CaVerdicts *verdicts, Snapshot snapshot, const CaId *id, CaRef *ref);

/* Where it depends on the author. */
extern bool ca_verdicts_author(CaVerdicts *verdicts, Snapshot snapshot, CaRef client, CaRef author);

/*
 * Numbers of all clients for whom the verdict is not no, once and in no
 * particular order.
 */
extern int ca_verdicts_clients(CaVerdicts *verdicts, Snapshot snapshot, const CaRef **refs);

/*
 * The same as an array of a type of identifiers, without those that do not fit.
 * whoever_the_author: without those for whom it depends on him.
 */
extern Datum ca_verdicts_array(CaVerdicts *verdicts, Snapshot snapshot, Oid element_type, bool whoever_the_author);

extern Datum ca_scope_array_of_client(const CaId *id, Oid element_type);

/*
 * About how many clients the verdicts let through, of how many in the practice;
 * without reading them.
 */
typedef struct CaEstimate
{
	double visible;
	double clients;
} CaEstimate;

extern void ca_verdicts_estimate(CaVerdicts *verdicts, Snapshot snapshot, CaEstimate *estimate);

/* About how many clients all practices have. */
extern double ca_scope_clients_in_all(void);

/* What the cache did in this session, and holds. */
typedef struct CaCacheState
{
	int64 scopes;
	int64 pinned;
	int64 hits;
	int64 misses;
	int64 rebuilds;
	int64 evictions;
	int64 bytes;
} CaCacheState;

extern void ca_scope_cache_state(CaCacheState *state);

#endif /* CA_SCOPE_H */
