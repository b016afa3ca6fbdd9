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
#include "catalog/namespace.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/typcache.h"

#include "catalog_link.h"

static Oid
find_relation(const char *name)
{
	Oid relid = get_relname_relid(name, get_namespace_oid("careaccess", false));

	if (!OidIsValid(relid))
		elog(ERROR, "relation careaccess.%s does not exist", name);
	return relid;
}

static AttrNumber
column_number(Relation relation, const char *name)
{
	AttrNumber attno = get_attnum(RelationGetRelid(relation), name);

	if (attno == InvalidAttrNumber)
		elog(ERROR, "column careaccess.%s.%s does not exist", RelationGetRelationName(relation), name);
	return attno;
}

static void
key_is(ScanKey key, Relation relation, const char *column, Datum id)
{
	AttrNumber attno = column_number(relation, column);
	Oid        type = TupleDescAttr(RelationGetDescr(relation), attno - 1)->atttypid;

	ScanKeyInit(key, attno, BTEqualStrategyNumber,
				lookup_type_cache(type, TYPECACHE_EQ_OPR_FINFO)->eq_opr_finfo.fn_oid, id);
}

int
ca_catalog_active_links(Snapshot snapshot, Datum client, Datum member, CaActiveLink *links)
{
	Relation    relation = table_open(find_relation("client_link"), AccessShareLock);
	TupleDesc   desc = RelationGetDescr(relation);
	AttrNumber  kind = column_number(relation, "kind");
	AttrNumber  valid_until = column_number(relation, "valid_until");
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple   tuple;
	int         n = 0;

	key_is(&keys[0], relation, "client", client);
	key_is(&keys[1], relation, "member", member);
	scan = systable_beginscan(relation, find_relation("client_link_one_active"), true, snapshot, 2, keys);
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
