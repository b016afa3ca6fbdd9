/*-------------------------------------------------------------------------
 *
 * catalog_scan.c
 *	  Finding the tables in schema careaccess, and scanning them.
 *
 * The catalog is read by index scans of its own instead of queries: no
 * privileges of the caller are involved, no search_path, no plan that outlives
 * a snapshot, and the caller says under which snapshot he reads.
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
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_am.h"
#include "catalog/pg_index.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "storage/bufmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "catalog_internal.h"
#include "compat.h"

static TableInfo tables[T_COUNT] = {
	[T_CATEGORY] = {"category", {{"code", COL_TEXT}, {"authored", COL_BOOL}, {"number", COL_SMALLINT}}, {CA_COLUMN_BIT(0), CA_COLUMN_BIT(2)}},
	[T_PRACTICE] = {"practice", {{"id", COL_ID}, {"groups", COL_BOOL}, {"ungrouped_sees", COL_TEXT}, {"ungrouped_admin_manages", COL_TEXT}, {"manager_bypasses_groups", COL_BOOL}, {"edit_others_records", COL_BOOL}, {"emergency_access", COL_BOOL}, {"emergency_overrides_revocation", COL_BOOL}}, {CA_COLUMN_BIT(0)}},
	[T_AUTHOR_RULE] = {"practice_author_rule", {{"practice", COL_ID}, {"category", COL_TEXT}, {"rule", COL_TEXT}}, {CA_COLUMN_BIT(0) | CA_COLUMN_BIT(1)}},
	[T_LINK_CATEGORY] = {"practice_link_category", {{"practice", COL_ID}, {"kind", COL_TEXT}, {"category", COL_TEXT}}},
	[T_MEMBER] = {"member", {{"id", COL_ID}, {"practice", COL_ID}, {"name", COL_TEXT}, {"status", COL_TEXT}, {"ends_at", COL_TIME, true}, {"login_role", COL_NAME, true}, {"ever_practitioner", COL_BOOL}}, {CA_COLUMN_BIT(0), CA_COLUMN_BIT(5)}},
	[T_ROLE] = {"role", {{"practice", COL_ID}, {"role", COL_TEXT}, {"practitioner", COL_BOOL}, {"unrevocable", COL_BOOL}}, {CA_COLUMN_BIT(0) | CA_COLUMN_BIT(1)}},
	[T_ROLE_PERMISSION] = {"role_permission", {{"practice", COL_ID}, {"role", COL_TEXT}, {"category", COL_TEXT}, {"actions", COL_TEXTS}, {"reach", COL_TEXT}, {"effect", COL_TEXT}, {"only_if_practitioner", COL_BOOL}}},
	[T_ROLE_CAPABILITY] = {"role_capability", {{"practice", COL_ID}, {"role", COL_TEXT}, {"capability", COL_TEXT}}},
	[T_MEMBER_ROLE] = {"member_role", {{"member", COL_ID}, {"role", COL_TEXT}}},
	[T_MEMBER_PERMISSION] = {"member_permission", {{"member", COL_ID}, {"source", COL_TEXT}, {"category", COL_TEXT}, {"actions", COL_TEXTS}, {"reach", COL_TEXT}, {"effect", COL_TEXT}, {"only_if_practitioner", COL_BOOL}}},
	[T_MEMBER_CAPABILITY] = {"member_capability", {{"member", COL_ID}, {"capability", COL_TEXT}}},
	[T_CLIENT] = {"client", {{"id", COL_ID}, {"practice", COL_ID}, {"status", COL_TEXT}, {"shared_with_all", COL_BOOL}}, {CA_COLUMN_BIT(0)}},
	[T_CLIENT_LINK] = {"client_link", {{"client", COL_ID}, {"member", COL_ID}, {"kind", COL_TEXT}, {"active", COL_BOOL}, {"valid_from", COL_TIME}, {"valid_until", COL_TIME, true}}},
	[T_REVOCATION] = {"client_revocation", {{"client", COL_ID}, {"member", COL_ID}}},
	[T_CHART_SHARE] = {"chart_share", {{"client", COL_ID}, {"from_provider", COL_ID}, {"to_provider", COL_ID}, {"include_private", COL_BOOL}, {"started", COL_TIME}, {"stopped", COL_TIME, true}, {"valid_until", COL_TIME, true}}},
	[T_EMERGENCY] = {"emergency_access", {{"client", COL_ID}, {"member", COL_ID}, {"from", COL_TIME}, {"until", COL_TIME}}},
	[T_GROUP] = {"practitioner_group", {{"practice", COL_ID}, {"id", COL_BIGINT}}},
	[T_GROUP_PRACTITIONER] = {"group_practitioner", {{"group_id", COL_BIGINT}, {"member", COL_ID}}},
	[T_GROUP_ADMIN] = {"group_admin", {{"group_id", COL_BIGINT}, {"member", COL_ID}}},
	[T_COLLEAGUE_LIMIT] = {"colleague_limit", {{"member", COL_ID}, {"category", COL_TEXT}, {"colleagues", COL_IDS}}},
	[T_DELEGATION] = {"delegation", {{"member", COL_ID}, {"over_member", COL_ID}, {"mode", COL_TEXT}, {"categories", COL_TEXTS, true}, {"actions", COL_TEXTS, true}, {"client", COL_ID, true}, {"valid_until", COL_TIME, true}}},
	[T_PORTAL_USER] = {"portal_user", {{"id", COL_ID}, {"practice", COL_ID}, {"client", COL_ID}}, {CA_COLUMN_BIT(0)}},
	[T_PORTAL_ACCESS] = {"portal_access", {{"portal_user", COL_ID}, {"client", COL_ID}, {"view_appointments", COL_BOOL}, {"manage_information", COL_BOOL}, {"status", COL_TEXT}}, {CA_COLUMN_BIT(0) | CA_COLUMN_BIT(1)}},
	[T_TOKEN_KEY] = {"token_key", {{"kid", COL_TEXT}, {"algorithm", COL_TEXT}, {"key", COL_BYTES}, {"audience", COL_TEXT, true}, {"valid_from", COL_TIME}, {"valid_until", COL_TIME, true}}, {CA_COLUMN_BIT(0)}},
	[T_CHANGE] = {"change", {{"practice", COL_ID, true}, {"xid", COL_XID}}},
};

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
	ca_catalog_init_version();
}

TableInfo *
ca_catalog_table(Table which)
{
	return &tables[which];
}

static Oid
schema_oid(void)
{
	Oid schema = get_namespace_oid(CA_SCHEMA, true);

	if (!OidIsValid(schema))
		ca_catalog_refuse_absence();
	return schema;
}

/* Does it see to it that no two rows have the same in these columns? */
static bool
keeps_unique(const TableInfo *table, Form_pg_index index, uint16 columns)
{
	int found = 0;

	if (!index->indisunique || !index->indimmediate)
		return false;
	for (int i = 0; i < CA_MAX_COLUMNS; i++)
	{
		if (!(columns & CA_COLUMN_BIT(i)))
			continue;
		for (int k = 0; k < index->indnkeyatts; k++)
			found += index->indkey.values[k] == table->attno[i];
	}
	return found == index->indnkeyatts;
}

static void
take_index(TableInfo *table, Form_pg_index index, bool *unique)
{
	for (int i = 0; i < CA_MAX_COLUMNS && table->columns[i].name != NULL; i++)
	{
		if (table->attno[i] == index->indkey.values[0] && !OidIsValid(table->index[i]))
			table->index[i] = index->indexrelid;
	}
	for (int i = 0; i < CA_MAX_UNIQUE; i++)
		unique[i] |= keeps_unique(table, index, table->unique[i]);
}

/*
 * Valid, unconditional indexes, by their first columns.  Read from the system
 * catalog: to open each of them would take most of a connection's first query.
 * Where one is missing that is only faster, every row is looked at.
 */
static void
look_up_indexes(TableInfo *table, Relation relation)
{
	List     *indexes = RelationGetIndexList(relation);
	bool      unique[CA_MAX_UNIQUE] = {false};
	ListCell *lc;

	memset(table->index, 0, sizeof(table->index));
	foreach (lc, indexes)
	{
		HeapTuple     tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(lfirst_oid(lc)));
		Form_pg_index index;

		if (!HeapTupleIsValid(tuple))
			continue;
		index = (Form_pg_index) GETSTRUCT(tuple);
		if (index->indisvalid && heap_attisnull(tuple, Anum_pg_index_indpred, NULL))
			take_index(table, index, unique);
		ReleaseSysCache(tuple);
	}
	list_free(indexes);
	for (int i = 0; i < CA_MAX_UNIQUE; i++)
	{
		if (table->unique[i] != 0 && !unique[i])
			ca_catalog_damaged("Table %s.%s lacks a valid unique index.", CA_SCHEMA, table->name);
	}
}

Oid
ca_catalog_relation(const char *name)
{
	Oid relid = get_relname_relid(name, schema_oid());

	if (!OidIsValid(relid))
		ca_catalog_damaged("Relation %s.%s does not exist.", CA_SCHEMA, name);
	return relid;
}

AttrNumber
ca_catalog_column(Relation relation, const char *name)
{
	int attno = SPI_fnumber(RelationGetDescr(relation), name);

	if (attno <= 0)
		ca_catalog_damaged("Column %s.%s.%s does not exist.", CA_SCHEMA, RelationGetRelationName(relation), name);
	return attno;
}

static Oid
equality_of(Relation relation, AttrNumber attno)
{
	Oid type = TupleDescAttr(RelationGetDescr(relation), attno - 1)->atttypid;

	return lookup_type_cache(type, TYPECACHE_EQ_OPR_FINFO)->eq_opr_finfo.fn_oid;
}

void
ca_catalog_key(ScanKey key, Relation relation, const char *column, Datum id)
{
	AttrNumber attno = ca_catalog_column(relation, column);

	ScanKeyInit(key, attno, BTEqualStrategyNumber, equality_of(relation, attno), id);
}

static void
look_up_columns(TableInfo *table, Relation relation)
{
	ca_catalog_require_table(relation);
	table->last_attno = 0;
	for (int i = 0; i < CA_MAX_COLUMNS && table->columns[i].name != NULL; i++)
	{
		AttrNumber attno = ca_catalog_column(relation, table->columns[i].name);

		ca_catalog_require_column(relation, &table->columns[i], attno);
		table->attno[i] = attno;
		table->last_attno = Max(table->last_attno, attno);
		table->equal[i] = equality_of(relation, attno);
	}
	look_up_indexes(table, relation);
}

Oid
ca_catalog_function(const char *name, const Oid *types, int ntypes)
{
	return GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum(name),
						   PointerGetDatum(buildoidvector(types, ntypes)),
						   ObjectIdGetDatum(get_namespace_oid(CA_SCHEMA, true)));
}

Oid
ca_catalog_table_oid(Table which)
{
	return ca_catalog_relation(tables[which].name);
}

/* Who waited for the lock may have got a table that bears another name now. */
static Relation
open_by_name(const char *name, LOCKMODE lockmode)
{
	for (;;)
	{
		Oid      relid = ca_catalog_relation(name);
		Relation relation = table_open(relid, lockmode);

		if (ca_catalog_relation(name) == relid)
			return relation;
		table_close(relation, lockmode);
	}
}

/*
 * What is known of the table counts when the lock is held: it may have been
 * changed by whoever held it before.  After a change that arrives during the
 * lookup, and after an error in it, the next use looks again.  This one may go
 * on: the lock keeps the table as it is.
 */
Relation
ca_catalog_open(Table which, LOCKMODE lockmode)
{
	TableInfo *table = &tables[which];
	Relation   relation;
	uint64     changes;

	ca_catalog_require_version();
	if (table->valid)
	{
		relation = table_open(table->relid, lockmode);
		if (table->valid)
			return relation;
		table_close(relation, NoLock);
	}
	relation = open_by_name(table->name, lockmode);
	table->relid = RelationGetRelid(relation);
	changes = relation_changes;
	look_up_columns(table, relation);
	table->valid = changes == relation_changes;
	return relation;
}

/*
 * Scanning
 */

/*
 * Many installations have no row in these at all.  Nothing is to be found in a
 * table without pages, and its indexes need not be opened for that.  (At
 * SERIALIZABLE to look is to lock, so there it is looked.)
 */
static bool
is_empty(Table which, Relation relation)
{
	switch (which)
	{
		case T_MEMBER_PERMISSION:
		case T_REVOCATION:
		case T_CHART_SHARE:
		case T_EMERGENCY:
		case T_GROUP:
		case T_COLLEAGUE_LIMIT:
		case T_DELEGATION:
			return !IsolationIsSerializable() && RelationGetNumberOfBlocks(relation) == 0;
		default:
			return false;
	}
}

static void
open_scan(CatalogScan *scan, Table which, int key_column)
{
	scan->table = &tables[which];
	scan->key_column = key_column;
	scan->relation = ca_catalog_open(which, AccessShareLock);
	scan->slot = table_slot_create(scan->relation, NULL);
	scan->index = NULL;
	scan->by_index = NULL;
	scan->by_table = NULL;
}

static void
open_index(CatalogScan *scan, Oid index, Snapshot snapshot)
{
	scan->index = index_open(index, AccessShareLock);
	if (scan->index->rd_rel->relam != BTREE_AM_OID || !scan->index->rd_index->indisvalid ||
		scan->index->rd_index->indrelid != RelationGetRelid(scan->relation) ||
		scan->index->rd_index->indkey.values[0] != scan->table->attno[scan->key_column])
		ca_catalog_damaged("Index %s.%s is not a valid btree on column %s.", CA_SCHEMA,
						   RelationGetRelationName(scan->index), scan->table->columns[scan->key_column].name);
	scan->by_index = CA_INDEX_BEGINSCAN(scan->relation, scan->index, snapshot, 1);
}

void
ca_scan_open(CatalogScan *scan, Table which, int key_column, Snapshot snapshot)
{
	Oid index = InvalidOid;

	open_scan(scan, which, key_column);
	if (is_empty(which, scan->relation))
		return;
	if (key_column != CA_ALL_ROWS)
		index = scan->table->index[key_column];
	if (OidIsValid(index))
		open_index(scan, index, snapshot);
	else
		scan->by_table = CA_TABLE_BEGINSCAN(scan->relation, snapshot, key_column == CA_ALL_ROWS ? 0 : 1);
}

/* By an index that holds some of the rows only, which are those asked for. */
void
ca_scan_open_partial(CatalogScan *scan, Table which, int key_column, const char *index, Snapshot snapshot)
{
	open_scan(scan, which, key_column);
	open_index(scan, ca_catalog_relation(index), snapshot);
}

void
ca_scan_key(CatalogScan *scan, Datum key)
{
	Oid equal = scan->table->equal[scan->key_column];

	if (scan->by_index == NULL && scan->by_table == NULL)
		return;
	if (scan->by_index)
	{
		ScanKeyInit(&scan->key, 1, BTEqualStrategyNumber, equal, key);
		index_rescan(scan->by_index, &scan->key, 1, NULL, 0);
		return;
	}
	ScanKeyInit(&scan->key, scan->table->attno[scan->key_column], BTEqualStrategyNumber, equal, key);
	table_rescan(scan->by_table, &scan->key);
}

/* False and an empty list are no guesses at what is not there. */
static void
refuse_null(const CatalogScan *scan, int column)
{
	ca_catalog_damaged("A row has a null in %s.%s.%s.", CA_SCHEMA, scan->table->name, scan->table->columns[column].name);
}

bool
ca_scan_next(CatalogScan *scan)
{
	const TableInfo *table = scan->table;
	bool             found;

	if (scan->by_index)
		found = index_getnext_slot(scan->by_index, ForwardScanDirection, scan->slot);
	else if (scan->by_table == NULL)
		return false;
	else
		found = table_scan_getnextslot(scan->by_table, ForwardScanDirection, scan->slot);
	if (!found)
		return false;
	slot_getsomeattrs(scan->slot, table->last_attno);
	for (int i = 0; i < CA_MAX_COLUMNS && table->columns[i].name != NULL; i++)
	{
		scan->values[i] = scan->slot->tts_values[table->attno[i] - 1];
		scan->nulls[i] = scan->slot->tts_isnull[table->attno[i] - 1];
		if (scan->nulls[i] && !table->columns[i].nullable)
			refuse_null(scan, i);
	}
	return true;
}

/* The locks stay until the transaction ends, as a query's would. */
void
ca_scan_close(CatalogScan *scan)
{
	ExecDropSingleTupleTableSlot(scan->slot);
	if (scan->by_index)
	{
		index_endscan(scan->by_index);
		index_close(scan->index, NoLock);
	}
	else if (scan->by_table)
		table_endscan(scan->by_table);
	table_close(scan->relation, NoLock);
}

void
ca_scan_begin(CatalogScan *scan, Table which, int key_column, Datum key, Snapshot snapshot)
{
	ca_scan_open(scan, which, key_column, snapshot);
	if (key_column != CA_ALL_ROWS)
		ca_scan_key(scan, key);
}

void
ca_scan_by_id(CatalogScan *scan, Table which, int key_column, const CaId *id, Snapshot snapshot)
{
	ca_scan_begin(scan, which, key_column, ca_id_to_datum(id), snapshot);
}

/*
 * Values
 */

char *
ca_scan_text(const CatalogScan *scan, int column)
{
	return scan->nulls[column] ? NULL : TextDatumGetCString(scan->values[column]);
}

/* One of few words: most rows need no copy of it. */
const char *
ca_scan_word(const CatalogScan *scan, int column)
{
	static const char *const words[] = {"owner", "grant", "listed", "active", "archived",
										"context", "author", "supervisor"};
	const text              *value;
	Size                     len;

	if (scan->nulls[column])
		return NULL;
	value = DatumGetTextPP(scan->values[column]);
	len = VARSIZE_ANY_EXHDR(value);
	for (int i = 0; i < lengthof(words); i++)
	{
		if (strlen(words[i]) == len && memcmp(words[i], VARDATA_ANY(value), len) == 0)
			return words[i];
	}
	return text_to_cstring(value);
}

bool
ca_scan_bool(const CatalogScan *scan, int column)
{
	return !scan->nulls[column] && DatumGetBool(scan->values[column]);
}

void
ca_scan_id(const CatalogScan *scan, int column, CaId *id)
{
	if (scan->nulls[column])
		refuse_null(scan, column);
	ca_id_from_varlena(scan->values[column], id);
}

TimestampTz
ca_scan_end(const CatalogScan *scan, int column)
{
	return scan->nulls[column] ? CA_NEVER : DatumGetTimestampTz(scan->values[column]);
}

/* The elements of a text[]; -1 for a null array. */
int
ca_scan_texts(const CatalogScan *scan, int column, char ***texts)
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
		if (nulls[i])
			refuse_null(scan, column);
		(*texts)[count++] = TextDatumGetCString(elements[i]);
	}
	return count;
}

int
ca_scan_ids(const CatalogScan *scan, int column, CaId **ids)
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
		if (nulls[i])
			refuse_null(scan, column);
		ca_id_from_varlena(elements[i], &(*ids)[count++]);
	}
	return count;
}

void *
ca_catalog_one_more(void *rows, int count, Size size)
{
	if (rows == NULL)
		return MemoryContextAllocHuge(CurrentMemoryContext, 8 * size);
	if (count >= 8 && (count & (count - 1)) == 0)
		return repalloc_huge(rows, 2 * (Size) count * size);
	return rows;
}

/* Newer than a snapshot: xmin says who wrote a row as it is now. */
bool
ca_catalog_has_newer_rows(Table which, int key_column, const CaId *key, Snapshot known,
						  Snapshot latest)
{
	CatalogScan scan;
	bool        newer = false;

	ca_scan_by_id(&scan, which, key_column, key, latest);
	while (!newer && ca_scan_next(&scan))
	{
		bool          null;
		TransactionId writer = DatumGetTransactionId(slot_getsysattr(scan.slot, MinTransactionIdAttributeNumber, &null));

		newer = !TransactionIdIsCurrentTransactionId(writer) && XidInMVCCSnapshot(writer, known);
	}
	ca_scan_close(&scan);
	return newer;
}
