/*-------------------------------------------------------------------------
 *
 * guard_upsert.h
 *	  INSERT ... ON CONFLICT DO UPDATE on servers that ask its condition too early.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CA_GUARD_UPSERT_H
#define CA_GUARD_UPSERT_H

#include "nodes/plannodes.h"

/* Before the executor starts: refuses (0A000) what would tell of hidden rows. */
extern void ca_guard_upsert(const ModifyTable *plan, List *range_table);

#endif /* CA_GUARD_UPSERT_H */
