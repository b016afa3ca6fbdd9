/*-------------------------------------------------------------------------
 *
 * scope_internal.h
 *	  What the files of the scope share: scope.c (its life), scope_facts.c
 *	  (practices, members), scope_clients.c (clients), scope_verdicts.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CA_SCOPE_INTERNAL_H
#define CA_SCOPE_INTERNAL_H

#include "lib/ilist.h"

#include "idset.h"
#include "scope.h"
#include "version.h"

/* The practice's number in decisions: a scope has no other. */
#define CA_REF_PRACTICE 0

/* Entries by number; a number without a row has looked = true and no entry. */
typedef struct EntryList
{
	CaIdSet *ids;
	int      allocated;
	void   **entries;
	bool    *looked;
} EntryList;

/* What is rarely there. */
typedef struct ClientExceptions
{
	CaLink       *links;
	int           nshares;
	CaChartShare *shares;
	Bitmapset    *revoked;
	Bitmapset    *emergencies;
	Bitmapset    *supervised;
} ClientExceptions;

/* A client, kept small: there may be a million of them. */
typedef struct ClientFacts
{
	union
	{
		CaLink           *links;
		ClientExceptions *exceptions; /* has them, and the links */
	} u;
	uint32 nlinks;
	bool   looked;
	bool   exists;
	bool   deleted : 1;
	bool   shared_with_all : 1;
	bool   has_exceptions : 1;
} ClientFacts;

typedef struct ClientList
{
	CaIdSet     *ids;
	int          allocated;
	ClientFacts *facts;
	int          looked;     /* how many were read one by one */
	int          next_count; /* at so many the practice is counted */
	bool         complete;   /* all clients of the practice were read */
} ClientList;

struct CaScope
{
	dlist_node    node; /* among those that are kept, if it is */
	MemoryContext cxt;
	Size          bytes;
	int           pins;
	bool          kept_over_statements;
	uint64        serial;

	bool   has_practice;
	CaId   practice_id;
	uint32 practice_hash;

	/* For which snapshots: exactly the stamped one, or see version.c. */
	CaStamp stamp;
	CaKept  kept;

	/*
	 * At which instants: none at which a fact that has been read begins or ends
	 * lies from "since" (not included) up to "until".  Now is that of whoever
	 * uses it.
	 */
	TimestampTz since;
	TimestampTz until;
	TimestampTz now;

	/*
	 * The clock when the statement began to run, for beginnings: whoever gives
	 * something dates it by his own statement, which may have started after
	 * the one that asks and have been committed before its snapshot.
	 */
	TimestampTz clock;

	bool        categories_read;
	const char *category_code[CA_MAX_CATEGORIES];
	uint64      authored;

	bool                  practice_read;
	struct PracticeEntry *practice;
	EntryList             members;
	bool                  all_members_read;
	ClientList            clients;
	double                client_count; /* about; < 0: not counted */
};

typedef struct MemberEntry
{
	CaMember    facts;
	bool        delegations_read;
	CaVerdicts *verdicts; /* a list of them */
} MemberEntry;

/* What is read for one entry and not kept goes into a context of its own. */
extern MemoryContext ca_scope_begin_reading(MemoryContext *before);
extern void          ca_scope_end_reading(MemoryContext cxt, MemoryContext before);

/* Is the instant reached?  What the scope says holds until the answer changes. */
extern bool ca_scope_reached(CaScope *scope, TimestampTz instant);
extern bool ca_scope_begun(CaScope *scope, TimestampTz beginning);

/* Memory that lives as long as the scope, zeroed. */
extern void *ca_scope_keep(CaScope *scope, Size size);

extern CaRef      ca_scope_member_number(CaScope *scope, const CaId *id);
extern Bitmapset *ca_scope_add_member(CaScope *scope, Bitmapset *set, const CaId *id);
extern CaRef      ca_scope_client_ref(CaScope *scope, const CaId *id);

/* The number of a word of the catalog; an error for one that has none. */
extern int ca_scope_known(int number, const char *word);

/* The client with this number; reads him, or all of them, if need be. */
extern bool ca_scope_client_by_ref(CaScope *scope, Snapshot snapshot, CaRef ref, CaClient *client);
extern void ca_scope_read_all_clients(CaScope *scope, Snapshot snapshot);

/* About how many clients the practice has, counted up to a limit. */
extern double ca_scope_count_clients(CaScope *scope, Snapshot snapshot);

extern void ca_scope_forget_verdicts(CaScope *scope);

#endif /* CA_SCOPE_INTERNAL_H */
