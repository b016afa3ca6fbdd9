/*-------------------------------------------------------------------------
 *
 * catalog_lock.h
 *	  Locking rows of the catalog.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CA_CATALOG_LOCK_H
#define CA_CATALOG_LOCK_H

#include "fmgr.h"

#include "id.h"

/*
 * Both look for a row under the active snapshot, wait until they have it, and
 * return it as it is then, or a null pointer if there is none, or none any
 * more, that is wanted.  A row that is not wanted is not waited for.  Where
 * the transaction keeps its snapshot, a row that changed since is an error.
 */

/* Not a deleted client, unless asked for.  Writes the row anew, as it is. */
extern Datum ca_catalog_touch_client(Datum id, bool include_deleted, CaId *practice);

/* Only of these practices; a null pointer stands for any. */
extern Datum ca_catalog_lock_member(Datum id, Datum practice, Datum other_practice, bool exclusive);

#endif /* CA_CATALOG_LOCK_H */
