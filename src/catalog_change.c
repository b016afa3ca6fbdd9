/*-------------------------------------------------------------------------
 *
 * catalog_change.c
 *	  The version log: entering changes, and asking for them.
 *
 * An entry names a practice (null: all) and the transaction that changed a
 * fact.  It becomes visible with the change itself, in whatever way that was
 * committed, so a snapshot that shows a change shows its entry.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/indexing.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/xid8.h"

#include "catalog_internal.h"
#include "compat.h"

/* Columns of the log, as catalog_scan.c lists them. */
#define CHANGE_PRACTICE 0
#define CHANGE_XID 1

void
ca_catalog_log_change(const CaId *practice)
{
	Relation   relation = ca_catalog_open(T_CHANGE, RowExclusiveLock);
	TableInfo *table = ca_catalog_table(T_CHANGE);
	TupleDesc  desc = RelationGetDescr(relation);
	Datum     *values = palloc0(desc->natts * sizeof(Datum));
	bool      *nulls = palloc(desc->natts * sizeof(bool));

	memset(nulls, true, desc->natts * sizeof(bool));
	if (practice != NULL)
	{
		values[table->attno[CHANGE_PRACTICE] - 1] = ca_id_to_datum(practice);
		nulls[table->attno[CHANGE_PRACTICE] - 1] = false;
	}
	values[table->attno[CHANGE_XID] - 1] = FullTransactionIdGetDatum(GetTopFullTransactionId());
	nulls[table->attno[CHANGE_XID] - 1] = false;
	CatalogTupleInsert(relation, heap_form_tuple(desc, values, nulls));
	table_close(relation, NoLock);
}

Oid
ca_catalog_change_log(void)
{
	Relation relation = ca_catalog_open(T_CHANGE, AccessShareLock);
	Oid      file = relation->rd_rel->relfilenode;

	table_close(relation, NoLock);
	return file;
}

/*
 * Asking
 */

typedef struct LogScan
{
	Relation        relation;
	Relation        index;
	IndexScanDesc   desc;
	TupleTableSlot *slot;
	TableInfo      *table;
} LogScan;

static void
open_log(LogScan *log, Snapshot snapshot)
{
	log->table = ca_catalog_table(T_CHANGE);
	log->relation = ca_catalog_open(T_CHANGE, AccessShareLock);
	if (!OidIsValid(log->table->index[CHANGE_PRACTICE]))
		elog(ERROR, "the version log of careaccess has no index");
	log->index = index_open(log->table->index[CHANGE_PRACTICE], AccessShareLock);
	if (log->index->rd_index->indnkeyatts < 2 ||
		log->index->rd_index->indkey.values[1] != log->table->attno[CHANGE_XID])
		elog(ERROR, "the index of the version log of careaccess is not on practice and xid");
	log->slot = table_slot_create(log->relation, NULL);
	log->desc = CA_INDEX_BEGINSCAN(log->relation, log->index, snapshot, 3);
}

static void
close_log(LogScan *log)
{
	ExecDropSingleTupleTableSlot(log->slot);
	index_endscan(log->desc);
	index_close(log->index, NoLock);
	table_close(log->relation, NoLock);
}

static bool
is_sought(const CaWriters *writers, FullTransactionId writer)
{
	if (!FullTransactionIdPrecedes(writer, writers->since))
		return true;
	for (int i = 0; i < writers->n; i++)
	{
		if (FullTransactionIdEquals(writer, writers->others[i]))
			return true;
	}
	return false;
}

/* An entry of the practice (invalid datum: of all) from one writer up to another? */
static bool
entry_between(LogScan *log, const CaWriters *writers, Datum practice,
			  FullTransactionId low, FullTransactionId high)
{
	ScanKeyData keys[3];
	bool        found = false;

	if (practice == (Datum) 0)
		ScanKeyEntryInitialize(&keys[0], SK_ISNULL | SK_SEARCHNULL, 1, InvalidStrategy,
							   InvalidOid, InvalidOid, InvalidOid, (Datum) 0);
	else
		ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, log->table->equal[CHANGE_PRACTICE], practice);
	ScanKeyInit(&keys[1], 2, BTGreaterEqualStrategyNumber, F_XID8GE, FullTransactionIdGetDatum(low));
	ScanKeyInit(&keys[2], 2, BTLessEqualStrategyNumber, F_XID8LE, FullTransactionIdGetDatum(high));
	index_rescan(log->desc, keys, 3, NULL, 0);
	while (!found && index_getnext_slot(log->desc, ForwardScanDirection, log->slot))
	{
		bool  null;
		Datum writer = slot_getattr(log->slot, log->table->attno[CHANGE_XID], &null);

		found = !null && is_sought(writers, DatumGetFullTransactionId(writer));
	}
	return found;
}

static bool
entry_of(LogScan *log, const CaWriters *writers, Datum practice)
{
	FullTransactionId last = {PG_UINT64_MAX};
	FullTransactionId low = writers->since;

	if (writers->from_oldest)
	{
		for (int i = 0; i < writers->n; i++)
		{
			if (FullTransactionIdPrecedes(writers->others[i], low))
				low = writers->others[i];
		}
		return entry_between(log, writers, practice, low, last);
	}
	if (entry_between(log, writers, practice, low, last))
		return true;
	for (int i = 0; i < writers->n; i++)
	{
		if (entry_between(log, writers, practice, writers->others[i], writers->others[i]))
			return true;
	}
	return false;
}

bool
ca_catalog_changed(Snapshot snapshot, const CaId *practice, const CaWriters *writers)
{
	LogScan log;
	bool    changed;

	open_log(&log, snapshot);
	changed = entry_of(&log, writers, (Datum) 0) ||
			  (practice != NULL && entry_of(&log, writers, ca_id_to_datum(practice)));
	close_log(&log);
	return changed;
}

/*
 * Whether changes are entered is a fact, too: triggers can be switched off.  It
 * is read under the snapshot; a change of it is an entry of all practices.
 */

#define EVERY_ROW (TRIGGER_TYPE_INSERT | TRIGGER_TYPE_UPDATE | TRIGGER_TYPE_DELETE)
#define EVERY_CHANGE (EVERY_ROW | TRIGGER_TYPE_TRUNCATE)

static bool
is_logged(Relation triggers, Oid relid, Oid log_function, Snapshot snapshot)
{
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple   tuple;
	int16       after_row = 0;
	int16       after_truncate = 0;
	int16       before = 0;

	ScanKeyInit(&key, Anum_pg_trigger_tgrelid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relid));
	scan = systable_beginscan(triggers, TriggerRelidNameIndexId, true, snapshot, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_trigger trigger = (Form_pg_trigger) GETSTRUCT(tuple);

		if (trigger->tgfoid != log_function || trigger->tgenabled != TRIGGER_FIRES_ALWAYS)
			continue;
		if (TRIGGER_FOR_BEFORE(trigger->tgtype) && !TRIGGER_FOR_ROW(trigger->tgtype))
			before |= trigger->tgtype;
		else if (TRIGGER_FOR_AFTER(trigger->tgtype) && TRIGGER_FOR_ROW(trigger->tgtype))
			after_row |= trigger->tgtype;
		else if (TRIGGER_FOR_AFTER(trigger->tgtype))
			after_truncate |= trigger->tgtype;
	}
	systable_endscan(scan);
	return (after_row & EVERY_ROW) == EVERY_ROW &&
		   (after_truncate & TRIGGER_TYPE_TRUNCATE) != 0 &&
		   (before & EVERY_CHANGE) == EVERY_CHANGE;
}

bool
ca_catalog_changes_are_logged(Snapshot snapshot)
{
	Oid      log_function = ca_catalog_function("log_change", NULL, 0);
	Relation triggers = table_open(TriggerRelationId, AccessShareLock);
	bool     logged = OidIsValid(log_function);

	for (int i = 0; logged && i < T_COUNT; i++)
	{
		if (i != T_CHANGE)
			logged = is_logged(triggers, ca_catalog_table_oid(i), log_function, snapshot);
	}
	table_close(triggers, AccessShareLock);
	return logged;
}
