/*-------------------------------------------------------------------------
 *
 * catalog_names.c
 *	  The relations of schema careaccess and their columns by name.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/namespace.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "catalog_names.h"

Oid
ca_catalog_relation(const char *name)
{
	Oid relid = get_relname_relid(name, get_namespace_oid("careaccess", false));

	if (!OidIsValid(relid))
		elog(ERROR, "relation careaccess.%s does not exist", name);
	return relid;
}

AttrNumber
ca_catalog_column(Relation relation, const char *name)
{
	AttrNumber attno = get_attnum(RelationGetRelid(relation), name);

	if (attno == InvalidAttrNumber)
		elog(ERROR, "column careaccess.%s.%s does not exist", RelationGetRelationName(relation), name);
	return attno;
}

void
ca_catalog_key(ScanKey key, Relation relation, const char *column, Datum id)
{
	AttrNumber attno = ca_catalog_column(relation, column);
	Oid        type = TupleDescAttr(RelationGetDescr(relation), attno - 1)->atttypid;

	ScanKeyInit(key, attno, BTEqualStrategyNumber,
				lookup_type_cache(type, TYPECACHE_EQ_OPR_FINFO)->eq_opr_finfo.fn_oid, id);
}
