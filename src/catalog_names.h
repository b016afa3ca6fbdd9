/*-------------------------------------------------------------------------
 *
 * catalog_names.h
 *	  The relations of schema careaccess and their columns by name.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CA_CATALOG_NAMES_H
#define CA_CATALOG_NAMES_H

#include "access/skey.h"
#include "utils/rel.h"

/* An error if there is none. */
extern Oid        ca_catalog_relation(const char *name);
extern AttrNumber ca_catalog_column(Relation relation, const char *name);

/* The column, which holds identifiers, is this one. */
extern void ca_catalog_key(ScanKey key, Relation relation, const char *column, Datum id);

#endif /* CA_CATALOG_NAMES_H */
