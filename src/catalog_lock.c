/*-------------------------------------------------------------------------
 *
 * catalog_lock.c
 *	  Locking rows of the catalog.
 *
 * What a query with FOR UPDATE, or an UPDATE, would do, for the two rows that
 * every change of a client's access locks, and without the cost of one.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "catalog_lock.h"
#include "catalog_internal.h"
#include "compat.h"

/* Which rows of a table are wanted. */
typedef struct Wanted
{
	Datum id;
	Datum practices[2];    /* null pointers: any */
	bool  include_deleted; /* those of this status */
} Wanted;

static Datum
column_of(Relation relation, TupleTableSlot *slot, const char *name)
{
	bool  null;
	Datum value = slot_getattr(slot, ca_catalog_column(relation, name), &null);

	if (null)
		elog(ERROR, "unexpected null in careaccess.%s.%s", RelationGetRelationName(relation), name);
	return value;
}

static bool
is_wanted(Relation relation, TupleTableSlot *slot, const Wanted *wanted)
{
	CaId id;
	CaId is;

	ca_id_from_varlena(wanted->id, &id);
	ca_id_from_varlena(column_of(relation, slot, "id"), &is);
	if (!ca_id_equal(&id, &is))
		return false;
	for (int i = 0; i < lengthof(wanted->practices); i++)
	{
		if (DatumGetPointer(wanted->practices[i]) == NULL)
			continue;
		ca_id_from_varlena(wanted->practices[i], &id);
		ca_id_from_varlena(column_of(relation, slot, "practice"), &is);
		if (!ca_id_equal(&id, &is))
			return false;
	}
	return wanted->include_deleted ||
		   strcmp(TextDatumGetCString(column_of(relation, slot, "status")), "deleted") != 0;
}

/* The row that the snapshot shows; the primary key is the identifier. */
static bool
find_row(Relation relation, Snapshot snapshot, const Wanted *wanted, TupleTableSlot *slot)
{
	Oid         index = CA_PRIMARY_KEY_INDEX(relation);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple   tuple;
	bool        found;

	ca_catalog_key(&key, relation, "id", wanted->id);
	scan = systable_beginscan(relation, index, OidIsValid(index), snapshot, 1, &key);
	tuple = systable_getnext(scan);
	found = HeapTupleIsValid(tuple);
	if (found)
	{
		ExecForceStoreHeapTuple(tuple, slot, false);
		slot->tts_tid = tuple->t_self;
	}
	systable_endscan(scan);
	return found && is_wanted(relation, slot, wanted);
}

/*
 * Lock the row in the slot, which is then the newest one.  What to do when
 * somebody else was faster is what the executor does.
 */
static bool
lock_row(Relation relation, Snapshot snapshot, const Wanted *wanted, LockTupleMode mode, TupleTableSlot *slot)
{
	ItemPointerData tid = slot->tts_tid;
	TM_FailureData  failure;
	TM_Result       result;
	uint8           flags = TUPLE_LOCK_FLAG_LOCK_UPDATE_IN_PROGRESS;

	if (!IsolationUsesXactSnapshot())
		flags |= TUPLE_LOCK_FLAG_FIND_LAST_VERSION;
	result = table_tuple_lock(relation, &tid, snapshot, slot, GetCurrentCommandId(false), mode,
							  LockWaitBlock, flags, &failure);
	switch (result)
	{
		case TM_Ok:
			return !failure.traversed || is_wanted(relation, slot, wanted);
		case TM_SelfModified:
			return false;
		case TM_Updated:
		case TM_Deleted:
			if (IsolationUsesXactSnapshot())
				ereport(ERROR,
						(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
						 result == TM_Deleted ? errmsg("could not serialize access due to concurrent delete")
											  : errmsg("could not serialize access due to concurrent update")));
			if (result == TM_Deleted)
				return false;
			break;
		default:
			break;
	}
	elog(ERROR, "unexpected result %d of locking a row of careaccess.%s", (int) result,
		 RelationGetRelationName(relation));
	return false;
}

/*
 * Write the row in the slot anew, which is the newest one then.  It does not
 * change, so there is nothing in this for constraints and triggers.
 */
static TM_Result
write_anew(Relation relation, Snapshot snapshot, TupleTableSlot *slot, CaIndexUpdate *entries)
{
	ItemPointerData tid = slot->tts_tid;
	TM_FailureData  failure;
	LockTupleMode   mode;
	TM_Result       result;

	ExecMaterializeSlot(slot);
	result = CA_TABLE_TUPLE_UPDATE(relation, &tid, slot, GetCurrentCommandId(true), snapshot,
								   &failure, &mode, entries);
	if (result != TM_Ok)
		slot->tts_tid = tid;
	return result;
}

static void
enter_into_indexes(Relation relation, TupleTableSlot *slot, CaIndexUpdate entries)
{
	EState        *estate = CreateExecutorState();
	MemoryContext  before = MemoryContextSwitchTo(estate->es_query_cxt);
	ResultRelInfo *target = makeNode(ResultRelInfo);

	InitResultRelInfo(target, relation, 0, NULL, 0);
	ExecOpenIndices(target, false);
	(void) CA_UPDATE_INDEX_TUPLES(target, slot, estate, entries);
	ExecCloseIndices(target);
	MemoryContextSwitchTo(before);
	FreeExecutorState(estate);
}

static bool
find_and_write_anew(Relation relation, const Wanted *wanted, TupleTableSlot *slot)
{
	Snapshot      snapshot = GetActiveSnapshot();
	CaIndexUpdate entries;

	if (!find_row(relation, snapshot, wanted, slot))
		return false;
	while (write_anew(relation, snapshot, slot, &entries) != TM_Ok)
	{
		if (!lock_row(relation, snapshot, wanted, LockTupleNoKeyExclusive, slot))
			return false;
	}
	if (entries)
		enter_into_indexes(relation, slot, entries);
	return true;
}

Datum
ca_catalog_touch_client(Datum id, bool include_deleted, CaId *practice)
{
	Relation        relation = table_open(ca_catalog_relation("client"), RowExclusiveLock);
	TupleTableSlot *slot = table_slot_create(relation, NULL);
	Wanted          wanted = {.id = id, .include_deleted = include_deleted};
	Datum           row = (Datum) 0;

	PreventCommandIfReadOnly("UPDATE");
	if (find_and_write_anew(relation, &wanted, slot))
	{
		ca_id_from_varlena(column_of(relation, slot, "practice"), practice);
		row = ExecFetchSlotHeapTupleDatum(slot);
	}
	ExecDropSingleTupleTableSlot(slot);
	table_close(relation, NoLock);
	return row;
}

Datum
ca_catalog_lock_member(Datum id, Datum practice, Datum other_practice, bool exclusive)
{
	Relation        relation = table_open(ca_catalog_relation("member"), RowShareLock);
	Snapshot        snapshot = GetActiveSnapshot();
	TupleTableSlot *slot = table_slot_create(relation, NULL);
	Wanted          wanted = {.id = id, .practices = {practice, other_practice}, .include_deleted = true};
	Datum           row = (Datum) 0;

	PreventCommandIfReadOnly(exclusive ? "SELECT FOR NO KEY UPDATE" : "SELECT FOR SHARE");
	if (find_row(relation, snapshot, &wanted, slot) &&
		lock_row(relation, snapshot, &wanted, exclusive ? LockTupleNoKeyExclusive : LockTupleShare, slot))
		row = ExecFetchSlotHeapTupleDatum(slot);
	ExecDropSingleTupleTableSlot(slot);
	table_close(relation, NoLock);
	return row;
}
