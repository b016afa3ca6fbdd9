/*-------------------------------------------------------------------------
 *
 * catalog_link.c
 *	  The links of one member to one client.
 *
 * Read through the index of active links: of a client who was shared and
 * unshared many times, the ended ones are many more.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "catalog_link.h"
#include "catalog_internal.h"

int
ca_catalog_active_links(Snapshot snapshot, Datum client, Datum member, CaActiveLink *links)
{
	Relation    relation = table_open(ca_catalog_relation("client_link"), AccessShareLock);
	TupleDesc   desc = RelationGetDescr(relation);
	AttrNumber  kind = ca_catalog_column(relation, "kind");
	AttrNumber  valid_until = ca_catalog_column(relation, "valid_until");
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple   tuple;
	int         n = 0;

	ca_catalog_key(&keys[0], relation, "client", client);
	ca_catalog_key(&keys[1], relation, "member", member);
	scan = systable_beginscan(relation, ca_catalog_relation("client_link_one_active"), true, snapshot, 2, keys);
	while (n < CA_MAX_ACTIVE_LINKS && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool  null;
		Datum end;

		links[n].kind = TextDatumGetCString(heap_getattr(tuple, kind, desc, &null));
		end = heap_getattr(tuple, valid_until, desc, &null);
		links[n++].valid_until = null ? DT_NOEND : DatumGetTimestampTz(end);
	}
	systable_endscan(scan);
	table_close(relation, NoLock);
	return n;
}
