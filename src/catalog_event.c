/*-------------------------------------------------------------------------
 *
 * catalog_event.c
 *	  Writing to the event log.
 *
 * Every change of access writes here, so it is done by the executor's means
 * and without a query, as COPY does it.  What somebody hung on the table
 * (triggers, constraints, indexes) has its effect all the same.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/timestamp.h"
#include "utils/xid8.h"

#include "catalog_event.h"
#include "catalog_internal.h"
#include "compat.h"

typedef enum Column
{
	C_ID,
	C_AT,
	C_OPERATION,
	C_FACT,
	C_PRACTICE,
	C_CLIENT,
	C_MEMBER,
	C_ACTOR_KIND,
	C_ACTOR,
	C_IDENTIFIED_BY,
	C_DATABASE_ROLE,
	C_SESSION_ROLE,
	C_ADDRESS,
	C_XID,
	C_BEFORE,
	C_AFTER,
	C_COUNT
} Column;

static const char *const column_names[C_COUNT] = {
	"id", "at", "operation", "fact", "practice", "client", "member", "actor_kind", "actor",
	"identified_by", "database_role", "session_role", "address", "xid", "before", "after"};

struct CaEventLog
{
	EState                 *estate;
	Relation                relation;
	ResultRelInfo          *target;
	TransitionCaptureState *capture; /* for triggers that want to see all rows */
	TupleTableSlot         *slot;
	int                     column[C_COUNT]; /* where it is in the slot */
};

static void
find_columns(CaEventLog *log)
{
	for (int c = 0; c < C_COUNT; c++)
		log->column[c] = ca_catalog_column(log->relation, column_names[c]) - 1;
}

CaEventLog *
ca_catalog_events_open(void)
{
	CaEventLog   *log = palloc(sizeof(CaEventLog));
	Oid           relid = ca_catalog_relation("event");
	MemoryContext before;

	log->relation = table_open(relid, RowExclusiveLock);
	find_columns(log);

	log->estate = CreateExecutorState();
	before = MemoryContextSwitchTo(log->estate->es_query_cxt);
	log->target = makeNode(ResultRelInfo);
	InitResultRelInfo(log->target, log->relation, 0, NULL, 0);
	ExecOpenIndices(log->target, false);
	log->slot = table_slot_create(log->relation, &log->estate->es_tupleTable);
	AfterTriggerBeginQuery();
	log->capture = MakeTransitionCaptureState(log->relation->trigdesc, relid, CMD_INSERT);
	ExecBSInsertTriggers(log->estate, log->target);
	MemoryContextSwitchTo(before);
	return log;
}

static void
put(CaEventLog *log, Column column, Datum value)
{
	log->slot->tts_values[log->column[column]] = value;
	log->slot->tts_isnull[log->column[column]] = false;
}

static void
put_pointer(CaEventLog *log, Column column, Datum value)
{
	if (DatumGetPointer(value) != NULL)
		put(log, column, value);
}

static Datum
name_datum(const char *name)
{
	Name copy = palloc0(NAMEDATALEN);

	namestrcpy(copy, name);
	return NameGetDatum(copy);
}

static void
fill_slot(CaEventLog *log, const CaEvent *event)
{
	ExecClearTuple(log->slot);
	memset(log->slot->tts_isnull, true, log->slot->tts_tupleDescriptor->natts * sizeof(bool));
	put(log, C_ID, OidFunctionCall0(F_GEN_RANDOM_UUID));
	put(log, C_AT, TimestampTzGetDatum(GetCurrentTimestamp()));
	put(log, C_OPERATION, CStringGetTextDatum(event->operation));
	put(log, C_FACT, CStringGetTextDatum(event->fact));
	put_pointer(log, C_PRACTICE, event->practice);
	put_pointer(log, C_CLIENT, event->client);
	put_pointer(log, C_MEMBER, event->member);
	put(log, C_ACTOR_KIND, CStringGetTextDatum(event->origin.actor_kind));
	put_pointer(log, C_ACTOR, event->origin.actor);
	put(log, C_IDENTIFIED_BY, CStringGetTextDatum(event->origin.identified_by));
	put(log, C_DATABASE_ROLE, name_datum(event->origin.database_role));
	if (event->origin.session_role != NULL)
		put(log, C_SESSION_ROLE, name_datum(event->origin.session_role));
	put_pointer(log, C_ADDRESS, event->origin.address);
	put(log, C_XID, FullTransactionIdGetDatum(GetTopFullTransactionId()));
	put_pointer(log, C_BEFORE, event->before);
	put_pointer(log, C_AFTER, event->after);
	ExecStoreVirtualTuple(log->slot);
}

void
ca_catalog_events_add(CaEventLog *log, const CaEvent *event)
{
	EState        *estate = log->estate;
	ResultRelInfo *target = log->target;
	TriggerDesc   *triggers = log->relation->trigdesc;
	MemoryContext  before = MemoryContextSwitchTo(GetPerTupleMemoryContext(estate));

	ResetPerTupleExprContext(estate);
	fill_slot(log, event);
	if (triggers == NULL || !triggers->trig_insert_before_row ||
		ExecBRInsertTriggers(estate, target, log->slot))
	{
		List *recheck = NIL;

		if (log->relation->rd_att->constr != NULL)
			ExecConstraints(target, log->slot, estate);
		simple_table_tuple_insert(log->relation, log->slot);
		if (target->ri_NumIndices > 0)
			recheck = CA_INSERT_INDEX_TUPLES(target, log->slot, estate);
		ExecARInsertTriggers(estate, target, log->slot, recheck, log->capture);
	}
	MemoryContextSwitchTo(before);
}

void
ca_catalog_events_close(CaEventLog *log)
{
	ExecASInsertTriggers(log->estate, log->target, log->capture);
	AfterTriggerEndQuery(log->estate);
	ExecCloseIndices(log->target);
	ExecResetTupleTable(log->estate->es_tupleTable, false);
	ExecCloseResultRelations(log->estate);
	FreeExecutorState(log->estate);
	table_close(log->relation, NoLock);
}
