/*-------------------------------------------------------------------------
 *
 * catalog_damage.c
 *	  Whether the tables in schema careaccess are what this library reads.
 *
 * Constraints keep what is read within what the decision knows.  Whoever may
 * change the catalog's tables can take them away, and an extension's SQL and
 * its library can be of two versions.  To go on then would be to guess: a
 * missing revocation or denial lets somebody see more.  So it is an error, in
 * every statement, until somebody has mended it.
 *
 * The structure is compared when a table is looked up, that is after every
 * change of it; what a row holds, when it is read.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "catalog_internal.h"

#define EXTENSION "careaccess"

void
ca_catalog_damaged(const char *format, ...)
{
	char    detail[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(detail, sizeof(detail), format, args);
	va_end(args);
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("the catalog of careaccess is damaged"),
			 errdetail_internal("%s", detail),
			 errhint("A database administrator puts the table back as the extension made it, from a dump or a copy; until then nothing is decided.")));
}

void
ca_catalog_refuse_absence(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("extension careaccess is not installed in this database"),
			 errhint("A database administrator runs CREATE EXTENSION careaccess.")));
}

void
ca_catalog_refuse_word(const char *word)
{
	ca_catalog_damaged("A row holds \"%s\", which is none of what may stand there, or is not there itself.", word);
}

void
ca_catalog_require_table(Relation relation)
{
	/* An unlogged table would be empty after a crash. */
	if (relation->rd_rel->relkind != RELKIND_RELATION ||
		relation->rd_rel->relpersistence != RELPERSISTENCE_PERMANENT)
		ca_catalog_damaged("%s.%s is not an ordinary, logged table.", CA_SCHEMA, RelationGetRelationName(relation));
}

static Oid
type_of(ColumnType type)
{
	switch (type)
	{
		case COL_ID:
		case COL_IDS:
		{
			Oid id = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum("id"),
									 ObjectIdGetDatum(get_namespace_oid(CA_SCHEMA, false)));

			return type == COL_ID ? id : get_array_type(id);
		}
		case COL_TEXT:
			return TEXTOID;
		case COL_TEXTS:
			return TEXTARRAYOID;
		case COL_NAME:
			return NAMEOID;
		case COL_BOOL:
			return BOOLOID;
		case COL_SMALLINT:
			return INT2OID;
		case COL_BIGINT:
			return INT8OID;
		case COL_BYTES:
			return BYTEAOID;
		case COL_TIME:
			return TIMESTAMPTZOID;
		case COL_XID:
			return XID8OID;
	}
	return InvalidOid;
}

/* A row of nobody's would not be found by his key: that nulls are kept out counts, too. */
void
ca_catalog_require_column(Relation relation, const ColumnInfo *column, AttrNumber attno)
{
	Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(relation), attno - 1);

	if (!OidIsValid(attribute->atttypid) || attribute->atttypid != type_of(column->type))
		ca_catalog_damaged("Column %s.%s.%s is of type %s.", CA_SCHEMA, RelationGetRelationName(relation),
						   column->name, format_type_be(attribute->atttypid));
	if (!column->nullable && !attribute->attnotnull)
		ca_catalog_damaged("Column %s.%s.%s may be null.", CA_SCHEMA, RelationGetRelationName(relation), column->name);
}

/*
 * The version.  A new library is there from the next connection on, the SQL
 * changes with ALTER EXTENSION; between the two nobody knows what either makes
 * of the other.
 */

/* Found to be the same; until some function changes, as every update does. */
static bool   version_fits = false;
static uint64 function_changes = 0;

static void
on_function_change(Datum arg, int cacheid, uint32 hashvalue)
{
	function_changes++;
	version_fits = false;
}

void
ca_catalog_init_version(void)
{
	CacheRegisterSyscacheCallback(PROCOID, on_function_change, (Datum) 0);
}

/* Null if the extension is not there. */
static char *
installed_version(void)
{
	Relation    relation = table_open(ExtensionRelationId, AccessShareLock);
	char       *version = NULL;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple   tuple;

	ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber, F_NAMEEQ, CStringGetDatum(EXTENSION));
	scan = systable_beginscan(relation, ExtensionNameIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		bool  null;
		Datum value = heap_getattr(tuple, Anum_pg_extension_extversion, RelationGetDescr(relation), &null);

		version = null ? NULL : TextDatumGetCString(value);
	}
	systable_endscan(scan);
	table_close(relation, AccessShareLock);
	return version;
}

static void
refuse_version(const char *version)
{
	if (version == NULL)
		ca_catalog_refuse_absence();
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("the library of careaccess is of version %s, and its functions in this database are of version %s",
					CA_VERSION, version),
			 errhint("Connect again; if it goes on, a database administrator runs ALTER EXTENSION careaccess UPDATE, or installs the files of one version.")));
}

void
ca_catalog_require_version(void)
{
	uint64 changes = function_changes;
	char  *version;

	/* The script that makes or updates it finds one half of it. */
	if (version_fits || creating_extension)
		return;
	version = installed_version();
	if (version == NULL || strcmp(version, CA_VERSION) != 0)
		refuse_version(version);
	pfree(version);
	version_fits = changes == function_changes;
}
