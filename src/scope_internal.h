/*-------------------------------------------------------------------------
 *
 * scope_internal.h
 *	  What scope.c (its life) and scope_facts.c (its content) share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CA_SCOPE_INTERNAL_H
#define CA_SCOPE_INTERNAL_H

#include "idset.h"
#include "scope.h"
#include "version.h"

/* Entries by number; a number without a row has looked = true and no entry. */
typedef struct EntryList
{
	CaIdSet *ids;
	int      allocated;
	void   **entries;
	bool    *looked;
} EntryList;

struct CaScope
{
	MemoryContext cxt;
	int           pins;
	uint64        serial;
	CaStamp       stamp;
	TimestampTz   now;

	/*
	 * The clock when the scope was begun, for beginnings: whoever gives
	 * something dates it by his own statement, which may have started after
	 * the one that asks and have been committed before its snapshot.
	 */
	TimestampTz begun;

	bool        categories_read;
	const char *category_code[CA_MAX_CATEGORIES];
	uint64      authored;

	EntryList practices;
	EntryList members;
	EntryList clients;

	bool          subject_known;
	CaIdentityKey subject_key;
	CaSubject     subject;
};

/* What is read for one entry and not kept goes into a context of its own. */
extern MemoryContext ca_scope_begin_reading(MemoryContext *before);
extern void          ca_scope_end_reading(MemoryContext reading, MemoryContext before);

#endif /* CA_SCOPE_INTERNAL_H */
