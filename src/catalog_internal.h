/*-------------------------------------------------------------------------
 *
 * catalog_internal.h
 *	  What the files of the catalog share: the tables by name, and scans.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CA_CATALOG_INTERNAL_H
#define CA_CATALOG_INTERNAL_H

#include "access/genam.h"
#include "access/tableam.h"
#include "access/skey.h"
#include "executor/tuptable.h"
#include "storage/lockdefs.h"
#include "utils/relcache.h"

#include "catalog.h"
#include "compat.h"

#define CA_SCHEMA "careaccess"
#define CA_MAX_COLUMNS 9

typedef enum Table
{
	T_CATEGORY,
	T_PRACTICE,
	T_AUTHOR_RULE,
	T_LINK_CATEGORY,
	T_MEMBER,
	T_ROLE,
	T_ROLE_PERMISSION,
	T_ROLE_CAPABILITY,
	T_MEMBER_ROLE,
	T_MEMBER_PERMISSION,
	T_MEMBER_CAPABILITY,
	T_CLIENT,
	T_CLIENT_LINK,
	T_REVOCATION,
	T_CHART_SHARE,
	T_EMERGENCY,
	T_GROUP,
	T_GROUP_PRACTITIONER,
	T_GROUP_ADMIN,
	T_COLLEAGUE_LIMIT,
	T_DELEGATION,
	T_PORTAL_USER,
	T_PORTAL_ACCESS,
	T_TOKEN_KEY,
	T_CHANGE,
	T_COUNT
} Table;

typedef enum ColumnType
{
	COL_ID, /* careaccess.id */
	COL_IDS,
	COL_TEXT,
	COL_TEXTS,
	COL_NAME,
	COL_BOOL,
	COL_SMALLINT,
	COL_BIGINT,
	COL_BYTES,
	COL_TIME,
	COL_XID
} ColumnType;

/* A column as the install script makes it; another one is damage. */
typedef struct ColumnInfo
{
	const char *name;
	ColumnType  type;
	bool        nullable;
} ColumnInfo;

#define CA_MAX_UNIQUE 2
#define CA_COLUMN_BIT(column) ((uint16) (1 << (column)))

/*
 * A table, the columns that are read, in reading order, and the sets of them
 * of which no two rows have the same.
 */
typedef struct TableInfo
{
	const char *name;
	ColumnInfo  columns[CA_MAX_COLUMNS];
	uint16      unique[CA_MAX_UNIQUE];

	/* what a lookup found */
	bool       valid;
	Oid        relid;
	AttrNumber attno[CA_MAX_COLUMNS];
	AttrNumber last_attno;            /* the highest of them */
	Oid        index[CA_MAX_COLUMNS]; /* one that starts with the column */
	Oid        equal[CA_MAX_COLUMNS]; /* the type's equality function */
} TableInfo;

/* The tables are not as the install script made them, or hold what none may. */
CA_NORETURN extern void ca_catalog_damaged(const char *format, ...) pg_attribute_printf(1, 2);

/* The extension is not in this database. */
CA_NORETURN extern void ca_catalog_refuse_absence(void);

/* An error unless the table, a column of it, is what it should be. */
extern void ca_catalog_require_table(Relation relation);
extern void ca_catalog_require_column(Relation relation, const ColumnInfo *column, AttrNumber attno);

/* An error unless this library and the extension's SQL are of one version. */
extern void ca_catalog_require_version(void);
extern void ca_catalog_init_version(void);

/* By name; an error if there is none. */
extern Oid        ca_catalog_relation(const char *name);
extern AttrNumber ca_catalog_column(Relation relation, const char *name);

/* The column, which holds identifiers, is this one. */
extern void ca_catalog_key(ScanKey key, Relation relation, const char *column, Datum id);

/*
 * A scan of the rows of one table; column i is the i-th of its TableInfo.  By
 * an index on the key column where there is one; the key may be changed.
 * Neither by index nor by table: there is nothing in it.
 */
typedef struct CatalogScan
{
	TableInfo      *table;
	Relation        relation;
	Relation        index; /* null: every row is looked at */
	IndexScanDesc   by_index;
	TableScanDesc   by_table;
	int             key_column;
	ScanKeyData     key;
	TupleTableSlot *slot;
	Datum           values[CA_MAX_COLUMNS];
	bool            nulls[CA_MAX_COLUMNS];
} CatalogScan;

#define CA_ALL_ROWS (-1)

extern TableInfo *ca_catalog_table(Table which);
extern Oid        ca_catalog_table_oid(Table which);

/* Open a table whose columns are known then; close it with NoLock. */
extern Relation ca_catalog_open(Table which, LOCKMODE lockmode);

/* A scan: open, then for each key: a key and its rows; close. */
extern void ca_scan_open(CatalogScan *scan, Table which, int key_column, Snapshot snapshot);
extern void ca_scan_open_partial(CatalogScan *scan, Table which, int key_column, const char *index, Snapshot snapshot);
extern void ca_scan_key(CatalogScan *scan, Datum key);
extern bool ca_scan_next(CatalogScan *scan);
extern void ca_scan_close(CatalogScan *scan);

/* The same for one key, or for all rows; ca_scan_next() follows. */
extern void ca_scan_begin(CatalogScan *scan, Table which, int key_column, Datum key, Snapshot snapshot);
extern void ca_scan_by_id(CatalogScan *scan, Table which, int key_column, const CaId *id, Snapshot snapshot);

/* Values of the row. */
extern char       *ca_scan_text(const CatalogScan *scan, int column);
extern const char *ca_scan_word(const CatalogScan *scan, int column);
extern bool        ca_scan_bool(const CatalogScan *scan, int column);
extern void        ca_scan_id(const CatalogScan *scan, int column, CaId *id);
extern TimestampTz ca_scan_end(const CatalogScan *scan, int column);
extern int         ca_scan_texts(const CatalogScan *scan, int column, char ***texts);
extern int         ca_scan_ids(const CatalogScan *scan, int column, CaId **ids);

/* Whole rows; the key is the caller's. */
extern bool ca_scan_client_deleted(const CatalogScan *scan);
extern void ca_scan_link(const CatalogScan *scan, CaClientLinkRow *row);
extern void ca_scan_share(const CatalogScan *scan, CaChartShareRow *row);
extern void ca_scan_emergency(const CatalogScan *scan, CaEmergencyRow *row);
extern void ca_scan_delegation(const CatalogScan *scan, CaDelegationRow *row);

/*
 * Did somebody else write a row of this key which latest shows and known does
 * not?  The column is one of those of the TableInfo, by their order there.
 */
extern bool ca_catalog_has_newer_rows(Table which, int key_column, const CaId *key,
									  Snapshot known, Snapshot latest);

#endif /* CA_CATALOG_INTERNAL_H */
