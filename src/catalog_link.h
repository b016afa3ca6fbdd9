/*-------------------------------------------------------------------------
 *
 * catalog_link.h
 *	  The links of one member to one client.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CA_CATALOG_LINK_H
#define CA_CATALOG_LINK_H

#include "datatype/timestamp.h"
#include "utils/snapshot.h"

#include "id.h"

typedef struct CaActiveLink
{
	const char *kind;
	TimestampTz valid_until; /* DT_NOEND: no end */
} CaActiveLink;

/* There is at most one active link of each kind. */
#define CA_MAX_ACTIVE_LINKS 3

/* The links that are marked active, though they may have run out; how many. */
extern int ca_catalog_active_links(Snapshot snapshot, Datum client, Datum member, CaActiveLink *links);

#endif /* CA_CATALOG_LINK_H */
