/*-------------------------------------------------------------------------
 *
 * catalog.c
 *	  Typed reading of the tables in schema careaccess.
 *
 * The only file that knows their columns.  It reads them by index scans of its
 * own instead of queries: no privileges of the caller are involved, no
 * search_path, no plan that outlives a snapshot, and the caller says under
 * which snapshot he reads.
 *
 * State: where the tables are (relation, one index per key column, column
 * numbers).  A relcache callback marks an entry as stale; the next use looks
 * it up again.  So the extension may be dropped and made anew in a session.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_am.h"
#include "catalog/pg_type.h"
#include "parser/parse_func.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/typcache.h"
#include "utils/xid8.h"

#include "catalog_internal.h"
#include "compat.h"

#define SCHEMA "careaccess"
#define MAX_COLUMNS 9

/* The name of a table and of the columns that are read, in reading order. */
typedef struct TableInfo
{
	const char *name;
	const char *columns[MAX_COLUMNS];

	/* what a lookup found */
	bool       valid;
	Oid        relid;
	AttrNumber attno[MAX_COLUMNS];
	Oid        index[MAX_COLUMNS]; /* one that starts with the column */
	Oid        equal[MAX_COLUMNS]; /* the type's equality function */
} TableInfo;

static TableInfo tables[T_COUNT] = {
	[T_CATEGORY] = {"category", {"code", "authored", "number"}},
	[T_PRACTICE] = {"practice", {"id", "groups", "ungrouped_sees", "ungrouped_admin_manages", "manager_bypasses_groups", "edit_others_records", "emergency_access", "emergency_overrides_revocation"}},
	[T_AUTHOR_RULE] = {"practice_author_rule", {"practice", "category", "rule"}},
	[T_LINK_CATEGORY] = {"practice_link_category", {"practice", "kind", "category"}},
	[T_MEMBER] = {"member", {"id", "practice", "name", "status", "ends_at", "login_role", "ever_practitioner"}},
	[T_ROLE] = {"role", {"practice", "role", "practitioner", "unrevocable"}},
	[T_ROLE_PERMISSION] = {"role_permission", {"practice", "role", "category", "actions", "reach", "effect", "only_if_practitioner"}},
	[T_ROLE_CAPABILITY] = {"role_capability", {"practice", "role", "capability"}},
	[T_MEMBER_ROLE] = {"member_role", {"member", "role"}},
	[T_MEMBER_PERMISSION] = {"member_permission", {"member", "source", "category", "actions", "reach", "effect", "only_if_practitioner"}},
	[T_MEMBER_CAPABILITY] = {"member_capability", {"member", "capability"}},
	[T_CLIENT] = {"client", {"id", "practice", "status", "shared_with_all"}},
	[T_CLIENT_LINK] = {"client_link", {"client", "member", "kind", "active", "valid_from", "valid_until"}},
	[T_REVOCATION] = {"client_revocation", {"client", "member"}},
	[T_CHART_SHARE] = {"chart_share", {"client", "from_provider", "to_provider", "include_private", "started", "stopped", "valid_until"}},
	[T_EMERGENCY] = {"emergency_access", {"client", "member", "from", "until"}},
	[T_GROUP] = {"practitioner_group", {"practice", "id"}},
	[T_GROUP_PRACTITIONER] = {"group_practitioner", {"group_id", "member"}},
	[T_GROUP_ADMIN] = {"group_admin", {"group_id", "member"}},
	[T_COLLEAGUE_LIMIT] = {"colleague_limit", {"member", "category", "colleagues"}},
	[T_DELEGATION] = {"delegation", {"member", "over_member", "mode", "categories", "actions", "client", "valid_until"}},
	[T_PORTAL_USER] = {"portal_user", {"id", "practice", "client"}},
	[T_PORTAL_ACCESS] = {"portal_access", {"portal_user", "client", "view_appointments", "manage_information", "status"}},
	[T_CHANGE] = {"change", {"practice", "xid"}},
};

/* A scan of the rows of one table; column i is the i-th of its TableInfo. */
typedef struct CatalogScan
{
	TableInfo  *table;
	Relation    relation;
	SysScanDesc desc;
	ScanKeyData key;
	Datum       values[MAX_COLUMNS];
	bool        nulls[MAX_COLUMNS];
} CatalogScan;

#define ALL_ROWS (-1)

/*
 * Finding the tables
 */

/* Moves with every change of any relation. */
static uint64 relation_changes = 0;

static void
on_relation_change(Datum arg, Oid relid)
{
	relation_changes++;
	for (int i = 0; i < T_COUNT; i++)
	{
		if (relid == InvalidOid || tables[i].relid == relid)
			tables[i].valid = false;
	}
}

void
ca_catalog_init(void)
{
	CacheRegisterRelcacheCallback(on_relation_change, (Datum) 0);
}

static Oid
schema_oid(void)
{
	Oid schema = get_namespace_oid(SCHEMA, true);

	if (!OidIsValid(schema))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("extension careaccess is not installed in this database"),
				 errhint("A database administrator runs CREATE EXTENSION careaccess.")));
	return schema;
}

/* A valid, unconditional btree index whose first column is this one. */
static Oid
find_index(Relation relation, AttrNumber attno)
{
	List     *indexes = RelationGetIndexList(relation);
	ListCell *lc;
	Oid       found = InvalidOid;

	foreach (lc, indexes)
	{
		Relation index = index_open(lfirst_oid(lc), AccessShareLock);

		if (index->rd_index->indisvalid && index->rd_rel->relam == BTREE_AM_OID &&
			index->rd_index->indkey.values[0] == attno &&
			RelationGetIndexPredicate(index) == NIL)
			found = RelationGetRelid(index);
		index_close(index, NoLock);
		if (OidIsValid(found))
			break;
	}
	list_free(indexes);
	return found;
}

static void
look_up_columns(TableInfo *table, Relation relation)
{
	for (int i = 0; i < MAX_COLUMNS && table->columns[i] != NULL; i++)
	{
		AttrNumber attno = get_attnum(table->relid, table->columns[i]);

		if (attno == InvalidAttrNumber)
			elog(ERROR, "column %s.%s.%s does not exist", SCHEMA, table->name, table->columns[i]);
		table->attno[i] = attno;
		table->index[i] = find_index(relation, attno);
		table->equal[i] = lookup_type_cache(TupleDescAttr(RelationGetDescr(relation), attno - 1)->atttypid,
											TYPECACHE_EQ_OPR_FINFO)
							  ->eq_opr_finfo.fn_oid;
	}
}

/*
 * Open a table whose columns are known.  After a change that arrives during
 * the lookup, and after an error in it, the next use looks again.  This one
 * may go on: the lock keeps the table as it is.
 */
static Relation
open_table(TableInfo *table, LOCKMODE lockmode)
{
	Relation relation;

	if (!table->valid)
	{
		uint64 changes;

		table->relid = get_relname_relid(table->name, schema_oid());
		if (!OidIsValid(table->relid))
			elog(ERROR, "table %s.%s does not exist", SCHEMA, table->name);
		relation = table_open(table->relid, lockmode);
		changes = relation_changes;
		look_up_columns(table, relation);
		table_close(relation, NoLock);
		table->valid = changes == relation_changes;
	}
	return table_open(table->relid, lockmode);
}

/*
 * Scanning
 */

static void
scan_begin(CatalogScan *scan, Table which, int key_column, Datum key, Snapshot snapshot)
{
	TableInfo *table = &tables[which];
	Oid        index = InvalidOid;
	int        nkeys = 0;

	scan->table = table;
	scan->relation = open_table(table, AccessShareLock);
	if (key_column != ALL_ROWS)
	{
		ScanKeyInit(&scan->key, table->attno[key_column], BTEqualStrategyNumber,
					table->equal[key_column], key);
		index = table->index[key_column];
		nkeys = 1;
	}
	scan->desc = systable_beginscan(scan->relation, index, OidIsValid(index),
									snapshot, nkeys, &scan->key);
}

static bool
scan_next(CatalogScan *scan)
{
	HeapTuple tuple = systable_getnext(scan->desc);
	TupleDesc desc = RelationGetDescr(scan->relation);

	if (!HeapTupleIsValid(tuple))
		return false;
	for (int i = 0; i < MAX_COLUMNS && scan->table->columns[i] != NULL; i++)
		scan->values[i] = heap_getattr(tuple, scan->table->attno[i], desc, &scan->nulls[i]);
	return true;
}

/* The lock stays until the transaction ends, as a query's would. */
static void
scan_end(CatalogScan *scan)
{
	systable_endscan(scan->desc);
	table_close(scan->relation, NoLock);
}

static void
scan_by_id(CatalogScan *scan, Table which, int key_column, const CaId *id, Snapshot snapshot)
{
	scan_begin(scan, which, key_column, ca_id_to_datum(id), snapshot);
}

static char *
text_column(const CatalogScan *scan, int column)
{
	return scan->nulls[column] ? NULL : TextDatumGetCString(scan->values[column]);
}

static bool
bool_column(const CatalogScan *scan, int column)
{
	return !scan->nulls[column] && DatumGetBool(scan->values[column]);
}

static void
id_column(const CatalogScan *scan, int column, CaId *id)
{
	if (scan->nulls[column])
		elog(ERROR, "unexpected null in %s.%s.%s", SCHEMA, scan->table->name,
			 scan->table->columns[column]);
	ca_id_from_varlena(scan->values[column], id);
}

static TimestampTz
end_column(const CatalogScan *scan, int column)
{
	return scan->nulls[column] ? CA_NEVER : DatumGetTimestampTz(scan->values[column]);
}

/* The elements of a text[]; -1 for a null array. */
static int
texts_column(const CatalogScan *scan, int column, char ***texts)
{
	Datum *elements;
	bool  *nulls;
	int    n;
	int    count = 0;

	*texts = NULL;
	if (scan->nulls[column])
		return -1;
	deconstruct_array(DatumGetArrayTypeP(scan->values[column]), TEXTOID, -1, false,
					  TYPALIGN_INT, &elements, &nulls, &n);
	*texts = palloc((n + 1) * sizeof(char *));
	for (int i = 0; i < n; i++)
	{
		if (!nulls[i])
			(*texts)[count++] = TextDatumGetCString(elements[i]);
	}
	return count;
}

static int
ids_column(const CatalogScan *scan, int column, CaId **ids)
{
	ArrayType *array;
	Datum     *elements;
	bool      *nulls;
	int        n;
	int        count = 0;
	int16      typlen;
	bool       typbyval;
	char       typalign;

	*ids = NULL;
	if (scan->nulls[column])
		return 0;
	array = DatumGetArrayTypeP(scan->values[column]);
	get_typlenbyvalalign(ARR_ELEMTYPE(array), &typlen, &typbyval, &typalign);
	deconstruct_array(array, ARR_ELEMTYPE(array), typlen, typbyval, typalign,
					  &elements, &nulls, &n);
	*ids = palloc((n + 1) * sizeof(CaId));
	for (int i = 0; i < n; i++)
	{
		if (!nulls[i])
			ca_id_from_varlena(elements[i], &(*ids)[count++]);
	}
	return count;
}

/* Room for one more row at the end of an array that grows by doubling. */
static void *
one_more(void *rows, int count, Size size)
{
	if (rows == NULL)
		return MemoryContextAllocHuge(CurrentMemoryContext, 8 * size);
	if (count >= 8 && (count & (count - 1)) == 0)
		return repalloc_huge(rows, 2 * count * size);
	return rows;
}

#define APPEND(rows, count, type)                        \
	(*(rows) = one_more(*(rows), (count), sizeof(type)), \
	 memset(&(*(rows))[count], 0, sizeof(type)), &(*(rows))[(count)++])

/* The identifiers in one column of all rows of a key. */
static int
ids_of(Snapshot snapshot, Table which, int key_column, Datum key, int column, CaId **ids)
{
	CatalogScan scan;
	int         n = 0;

	*ids = NULL;
	scan_begin(&scan, which, key_column, key, snapshot);
	while (scan_next(&scan))
		id_column(&scan, column, APPEND(ids, n, CaId));
	scan_end(&scan);
	return n;
}

static bool
has_rows(Snapshot snapshot, Table which, int key_column, const CaId *id)
{
	CatalogScan scan;
	bool        found;

	scan_by_id(&scan, which, key_column, id, snapshot);
	found = scan_next(&scan);
	scan_end(&scan);
	return found;
}

/*
 * The readers
 */

int
ca_catalog_categories(Snapshot snapshot, CaCategoryRow **rows)
{
	CatalogScan scan;
	int         n = 0;

	*rows = NULL;
	scan_begin(&scan, T_CATEGORY, ALL_ROWS, (Datum) 0, snapshot);
	while (scan_next(&scan))
	{
		CaCategoryRow *row = APPEND(rows, n, CaCategoryRow);

		row->code = text_column(&scan, 0);
		row->authored = bool_column(&scan, 1);
		row->number = DatumGetInt16(scan.values[2]);
	}
	scan_end(&scan);
	return n;
}

bool
ca_catalog_practice(Snapshot snapshot, const CaId *id, CaPracticeRow *row)
{
	CatalogScan scan;
	bool        found;

	scan_by_id(&scan, T_PRACTICE, 0, id, snapshot);
	found = scan_next(&scan);
	if (found)
	{
		id_column(&scan, 0, &row->id);
		row->groups = bool_column(&scan, 1);
		row->ungrouped_sees = text_column(&scan, 2);
		row->ungrouped_admin_manages = text_column(&scan, 3);
		row->manager_bypasses_groups = bool_column(&scan, 4);
		row->edit_others_records = bool_column(&scan, 5);
		row->emergency_access = bool_column(&scan, 6);
		row->emergency_overrides_revocation = bool_column(&scan, 7);
	}
	scan_end(&scan);
	return found;
}

int
ca_catalog_author_rules(Snapshot snapshot, const CaId *practice, CaAuthorRuleRow **rows)
{
	CatalogScan scan;
	int         n = 0;

	*rows = NULL;
	scan_by_id(&scan, T_AUTHOR_RULE, 0, practice, snapshot);
	while (scan_next(&scan))
	{
		CaAuthorRuleRow *row = APPEND(rows, n, CaAuthorRuleRow);

		row->category = text_column(&scan, 1);
		row->rule = text_column(&scan, 2);
	}
	scan_end(&scan);
	return n;
}

int
ca_catalog_link_categories(Snapshot snapshot, const CaId *practice, CaLinkCategoryRow **rows)
{
	CatalogScan scan;
	int         n = 0;

	*rows = NULL;
	scan_by_id(&scan, T_LINK_CATEGORY, 0, practice, snapshot);
	while (scan_next(&scan))
	{
		CaLinkCategoryRow *row = APPEND(rows, n, CaLinkCategoryRow);

		row->kind = text_column(&scan, 1);
		row->category = text_column(&scan, 2);
	}
	scan_end(&scan);
	return n;
}

static bool
read_member(CatalogScan *scan, CaMemberRow *row)
{
	bool found = scan_next(scan);

	if (found)
	{
		id_column(scan, 0, &row->id);
		id_column(scan, 1, &row->practice);
		row->name = text_column(scan, 2);
		row->status = text_column(scan, 3);
		row->ends_at = end_column(scan, 4);
	}
	scan_end(scan);
	return found;
}

bool
ca_catalog_member(Snapshot snapshot, const CaId *id, CaMemberRow *row)
{
	CatalogScan scan;

	scan_by_id(&scan, T_MEMBER, 0, id, snapshot);
	return read_member(&scan, row);
}

bool
ca_catalog_member_of_login(Snapshot snapshot, const char *login_role, CaMemberRow *row)
{
	CatalogScan scan;
	NameData    name;

	namestrcpy(&name, login_role);
	scan_begin(&scan, T_MEMBER, 5, NameGetDatum(&name), snapshot);
	return read_member(&scan, row);
}

int
ca_catalog_members(Snapshot snapshot, const CaId *practice, CaId **ids)
{
	return ids_of(snapshot, T_MEMBER, 1, ca_id_to_datum(practice), 0, ids);
}

bool
ca_catalog_ever_practitioner(Snapshot snapshot, const CaId *member)
{
	CatalogScan scan;
	bool        ever;

	scan_by_id(&scan, T_MEMBER, 0, member, snapshot);
	ever = scan_next(&scan) && bool_column(&scan, 6);
	scan_end(&scan);
	return ever;
}

int
ca_catalog_roles(Snapshot snapshot, const CaId *practice, CaRoleRow **rows)
{
	CatalogScan scan;
	int         n = 0;

	*rows = NULL;
	scan_by_id(&scan, T_ROLE, 0, practice, snapshot);
	while (scan_next(&scan))
	{
		CaRoleRow *row = APPEND(rows, n, CaRoleRow);

		row->role = text_column(&scan, 1);
		row->practitioner = bool_column(&scan, 2);
		row->unrevocable = bool_column(&scan, 3);
	}
	scan_end(&scan);
	return n;
}

static int
permissions_of(Snapshot snapshot, Table which, const CaId *key, CaPermissionRow **rows)
{
	CatalogScan scan;
	int         n = 0;

	*rows = NULL;
	scan_by_id(&scan, which, 0, key, snapshot);
	while (scan_next(&scan))
	{
		CaPermissionRow *row = APPEND(rows, n, CaPermissionRow);

		row->role = which == T_ROLE_PERMISSION ? text_column(&scan, 1) : NULL;
		row->category = text_column(&scan, 2);
		row->nactions = texts_column(&scan, 3, &row->actions);
		row->reach = text_column(&scan, 4);
		row->effect = text_column(&scan, 5);
		row->only_if_practitioner = bool_column(&scan, 6);
	}
	scan_end(&scan);
	return n;
}

int
ca_catalog_role_permissions(Snapshot snapshot, const CaId *practice, CaPermissionRow **rows)
{
	return permissions_of(snapshot, T_ROLE_PERMISSION, practice, rows);
}

int
ca_catalog_member_permissions(Snapshot snapshot, const CaId *member, CaPermissionRow **rows)
{
	return permissions_of(snapshot, T_MEMBER_PERMISSION, member, rows);
}

int
ca_catalog_member_roles(Snapshot snapshot, const CaId *member, char ***roles)
{
	CatalogScan scan;
	int         n = 0;

	*roles = NULL;
	scan_by_id(&scan, T_MEMBER_ROLE, 0, member, snapshot);
	while (scan_next(&scan))
		*APPEND(roles, n, char *) = text_column(&scan, 1);
	scan_end(&scan);
	return n;
}

bool
ca_catalog_has_capability(Snapshot snapshot, const CaId *practice,
						  const CaId *member, const char *capability)
{
	CatalogScan scan;
	bool        found = false;
	char      **roles;
	int         nroles;

	scan_by_id(&scan, T_MEMBER_CAPABILITY, 0, member, snapshot);
	while (!found && scan_next(&scan))
		found = strcmp(text_column(&scan, 1), capability) == 0;
	scan_end(&scan);
	if (found)
		return true;

	nroles = ca_catalog_member_roles(snapshot, member, &roles);
	if (nroles == 0)
		return false;
	scan_by_id(&scan, T_ROLE_CAPABILITY, 0, practice, snapshot);
	while (!found && scan_next(&scan))
	{
		if (strcmp(text_column(&scan, 2), capability) != 0)
			continue;
		for (int i = 0; i < nroles && !found; i++)
			found = strcmp(text_column(&scan, 1), roles[i]) == 0;
	}
	scan_end(&scan);
	return found;
}

bool
ca_catalog_client(Snapshot snapshot, const CaId *id, CaClientRow *row)
{
	CatalogScan scan;
	bool        found;

	scan_by_id(&scan, T_CLIENT, 0, id, snapshot);
	found = scan_next(&scan);
	if (found)
	{
		id_column(&scan, 0, &row->id);
		id_column(&scan, 1, &row->practice);
		row->status = text_column(&scan, 2);
		row->shared_with_all = bool_column(&scan, 3);
	}
	scan_end(&scan);
	return found;
}

int
ca_catalog_clients(Snapshot snapshot, const CaId *practice, CaId **ids)
{
	return ids_of(snapshot, T_CLIENT, 1, ca_id_to_datum(practice), 0, ids);
}

int
ca_catalog_client_links(Snapshot snapshot, const CaId *client, CaClientLinkRow **rows)
{
	CatalogScan scan;
	int         n = 0;

	*rows = NULL;
	scan_by_id(&scan, T_CLIENT_LINK, 0, client, snapshot);
	while (scan_next(&scan))
	{
		CaClientLinkRow *row = APPEND(rows, n, CaClientLinkRow);

		id_column(&scan, 1, &row->member);
		row->kind = text_column(&scan, 2);
		row->active = bool_column(&scan, 3);
		row->valid_from = DatumGetTimestampTz(scan.values[4]);
		row->valid_until = end_column(&scan, 5);
	}
	scan_end(&scan);
	return n;
}

int
ca_catalog_revoked_members(Snapshot snapshot, const CaId *client, CaId **members)
{
	return ids_of(snapshot, T_REVOCATION, 0, ca_id_to_datum(client), 1, members);
}

int
ca_catalog_chart_shares(Snapshot snapshot, const CaId *client, CaChartShareRow **rows)
{
	CatalogScan scan;
	int         n = 0;

	*rows = NULL;
	scan_by_id(&scan, T_CHART_SHARE, 0, client, snapshot);
	while (scan_next(&scan))
	{
		CaChartShareRow *row = APPEND(rows, n, CaChartShareRow);

		id_column(&scan, 1, &row->from_provider);
		id_column(&scan, 2, &row->to_provider);
		row->include_private = bool_column(&scan, 3);
		row->started = DatumGetTimestampTz(scan.values[4]);
		row->stopped = end_column(&scan, 5);
		row->valid_until = end_column(&scan, 6);
	}
	scan_end(&scan);
	return n;
}

int
ca_catalog_emergencies(Snapshot snapshot, const CaId *client, CaEmergencyRow **rows)
{
	CatalogScan scan;
	int         n = 0;

	*rows = NULL;
	scan_by_id(&scan, T_EMERGENCY, 0, client, snapshot);
	while (scan_next(&scan))
	{
		CaEmergencyRow *row = APPEND(rows, n, CaEmergencyRow);

		id_column(&scan, 1, &row->member);
		row->from = DatumGetTimestampTz(scan.values[2]);
		row->until = DatumGetTimestampTz(scan.values[3]);
	}
	scan_end(&scan);
	return n;
}

bool
ca_catalog_has_groups(Snapshot snapshot, const CaId *practice)
{
	return has_rows(snapshot, T_GROUP, 0, practice);
}

static int
groups_by_member(Snapshot snapshot, Table which, const CaId *member, int64 **groups)
{
	CatalogScan scan;
	int         n = 0;

	*groups = NULL;
	scan_by_id(&scan, which, 1, member, snapshot);
	while (scan_next(&scan))
		*APPEND(groups, n, int64) = DatumGetInt64(scan.values[0]);
	scan_end(&scan);
	return n;
}

int
ca_catalog_groups_of(Snapshot snapshot, const CaId *member, int64 **groups)
{
	return groups_by_member(snapshot, T_GROUP_PRACTITIONER, member, groups);
}

int
ca_catalog_groups_administered(Snapshot snapshot, const CaId *member, int64 **groups)
{
	return groups_by_member(snapshot, T_GROUP_ADMIN, member, groups);
}

int
ca_catalog_group_practitioners(Snapshot snapshot, int64 group, CaId **members)
{
	return ids_of(snapshot, T_GROUP_PRACTITIONER, 0, Int64GetDatum(group), 1, members);
}

int
ca_catalog_colleague_limits(Snapshot snapshot, const CaId *member, CaColleagueLimitRow **rows)
{
	CatalogScan scan;
	int         n = 0;

	*rows = NULL;
	scan_by_id(&scan, T_COLLEAGUE_LIMIT, 0, member, snapshot);
	while (scan_next(&scan))
	{
		CaColleagueLimitRow *row = APPEND(rows, n, CaColleagueLimitRow);

		row->category = text_column(&scan, 1);
		row->ncolleagues = ids_column(&scan, 2, &row->colleagues);
	}
	scan_end(&scan);
	return n;
}

static int
delegations_by(Snapshot snapshot, int key_column, const CaId *key, CaDelegationRow **rows)
{
	CatalogScan scan;
	int         n = 0;

	*rows = NULL;
	scan_by_id(&scan, T_DELEGATION, key_column, key, snapshot);
	while (scan_next(&scan))
	{
		CaDelegationRow *row = APPEND(rows, n, CaDelegationRow);

		id_column(&scan, 0, &row->member);
		id_column(&scan, 1, &row->over_member);
		row->mode = text_column(&scan, 2);
		row->ncategories = texts_column(&scan, 3, &row->categories);
		row->nactions = texts_column(&scan, 4, &row->actions);
		row->has_client = !scan.nulls[5];
		if (row->has_client)
			id_column(&scan, 5, &row->client);
		row->valid_until = end_column(&scan, 6);
	}
	scan_end(&scan);
	return n;
}

int
ca_catalog_delegations_of(Snapshot snapshot, const CaId *member, CaDelegationRow **rows)
{
	return delegations_by(snapshot, 0, member, rows);
}

int
ca_catalog_delegations_for_client(Snapshot snapshot, const CaId *client, CaDelegationRow **rows)
{
	return delegations_by(snapshot, 5, client, rows);
}

bool
ca_catalog_portal_user(Snapshot snapshot, const CaId *id, CaPortalUserRow *row)
{
	CatalogScan scan;
	bool        found;

	scan_by_id(&scan, T_PORTAL_USER, 0, id, snapshot);
	found = scan_next(&scan);
	if (found)
	{
		id_column(&scan, 1, &row->practice);
		id_column(&scan, 2, &row->client);
	}
	scan_end(&scan);
	return found;
}

bool
ca_catalog_portal_access(Snapshot snapshot, const CaId *portal_user, const CaId *client, CaPortalAccessRow *row)
{
	CatalogScan scan;
	bool        found = false;
	CaId        id;

	scan_by_id(&scan, T_PORTAL_ACCESS, 0, portal_user, snapshot);
	while (!found && scan_next(&scan))
	{
		id_column(&scan, 1, &id);
		found = ca_id_equal(&id, client);
		row->view_appointments = bool_column(&scan, 2);
		row->manage_information = bool_column(&scan, 3);
		row->status = text_column(&scan, 4);
	}
	scan_end(&scan);
	return found;
}

/* Newer than a snapshot: xmin says who wrote a row as it is now. */
bool
ca_catalog_has_newer_rows(Table which, int key_column, const CaId *key, Snapshot known,
						  Snapshot latest)
{
	CatalogScan scan;
	HeapTuple   tuple;
	bool        newer = false;

	scan_by_id(&scan, which, key_column, key, latest);
	while (!newer && HeapTupleIsValid(tuple = systable_getnext(scan.desc)))
	{
		TransactionId writer = HeapTupleHeaderGetXmin(tuple->t_data);

		newer = !TransactionIdIsCurrentTransactionId(writer) && XidInMVCCSnapshot(writer, known);
	}
	scan_end(&scan);
	return newer;
}

/*
 * Writing, and the marker
 */

void
ca_catalog_log_change(const CaId *practice)
{
	TableInfo *table = &tables[T_CHANGE];
	Relation   relation = open_table(table, RowExclusiveLock);
	TupleDesc  desc = RelationGetDescr(relation);
	Datum     *values = palloc0(desc->natts * sizeof(Datum));
	bool      *nulls = palloc(desc->natts * sizeof(bool));

	memset(nulls, true, desc->natts * sizeof(bool));
	if (practice != NULL)
	{
		values[table->attno[0] - 1] = ca_id_to_datum(practice);
		nulls[table->attno[0] - 1] = false;
	}
	values[table->attno[1] - 1] = FullTransactionIdGetDatum(GetTopFullTransactionId());
	nulls[table->attno[1] - 1] = false;
	CatalogTupleInsert(relation, heap_form_tuple(desc, values, nulls));
	table_close(relation, NoLock);
}

Oid
ca_catalog_administrator_marker(void)
{
	return LookupFuncName(list_make2(makeString(SCHEMA), makeString("administrator")),
						  0, NULL, true);
}
