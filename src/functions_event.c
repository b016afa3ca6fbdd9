/*-------------------------------------------------------------------------
 *
 * functions_event.c
 *	  The event log's triggers.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "nodes/makefuncs.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/tuplestore.h"

#include "catalog_event.h"
#include "functions.h"
#include "functions_origin.h"

PG_FUNCTION_INFO_V1(ca_sql_log_insert_event);
PG_FUNCTION_INFO_V1(ca_sql_log_row_event);

/* Columns whose values stay out of the log. */
static const char *const secrets[] = {"token_hash", "key"};

/* A trigger's arguments: the columns that hold these; "" where there is none. */
enum
{
	ARG_PRACTICE,
	ARG_CLIENT,
	ARG_MEMBER,
	ARG_COUNT
};

/* What all events of one call of a trigger have in common. */
typedef struct Logging
{
	CaEventLog *log;
	TupleDesc   desc;
	int         column[ARG_COUNT]; /* 0: none */
	FmgrInfo    to_jsonb;
	Datum       secret; /* a text[], or null if the table has no secrets */
	CaEvent     event;
} Logging;

static Datum
find_secrets(TupleDesc desc)
{
	Datum found[lengthof(secrets)];
	int   n = 0;

	for (int i = 0; i < lengthof(secrets); i++)
	{
		if (SPI_fnumber(desc, secrets[i]) > 0)
			found[n++] = CStringGetTextDatum(secrets[i]);
	}
	return n == 0 ? (Datum) 0 : PointerGetDatum(construct_array(found, n, TEXTOID, -1, false, TYPALIGN_INT));
}

static void
find_columns(Logging *logging, const Trigger *trigger)
{
	if (trigger->tgnargs != ARG_COUNT)
		elog(ERROR, "trigger %s has %d arguments instead of %d", trigger->tgname, trigger->tgnargs, ARG_COUNT);
	for (int i = 0; i < ARG_COUNT; i++)
	{
		const char *name = trigger->tgargs[i];

		logging->column[i] = Max(SPI_fnumber(logging->desc, name), 0);
		if (*name != '\0' && logging->column[i] == 0)
			elog(ERROR, "trigger %s names no column \"%s\"", trigger->tgname, name);
	}
}

/*
 * Who acts is asked of the newest snapshot, in which the statement's own
 * changes count.  So does a query that a trigger runs.
 */
static void
find_origin(FunctionCallInfo fcinfo, CaEventOrigin *origin)
{
	CaCall call;

	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	ca_call_open(fcinfo, &call);
	ca_origin_of(call.subject, origin);
	PopActiveSnapshot();
}

static void
begin_logging(FunctionCallInfo fcinfo, Logging *logging, const char *directly)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	Relation     relation;
	const char  *operation = GetConfigOption("careaccess.operation", true, false);

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("a function of the event log was not called as a trigger"),
				 errhint("It serves the tables of schema careaccess only.")));
	relation = trigger->tg_relation;
	memset(logging, 0, sizeof(Logging));
	logging->desc = RelationGetDescr(relation);
	find_columns(logging, trigger->tg_trigger);
	logging->secret = find_secrets(logging->desc);

	/* to_jsonb asks for the type of its argument. */
	fmgr_info(F_TO_JSONB, &logging->to_jsonb);
	fmgr_info_set_expr((Node *) makeFuncExpr(F_TO_JSONB, JSONBOID,
											 list_make1(makeNullConst(relation->rd_rel->reltype, -1, InvalidOid)),
											 InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL),
					   &logging->to_jsonb);

	logging->event.operation = pstrdup(operation != NULL && *operation != '\0' ? operation : directly);
	logging->event.fact = RelationGetRelationName(relation);
	find_origin(fcinfo, &logging->event.origin);
	logging->log = ca_catalog_events_open();
}

static Datum
row_to_jsonb(Logging *logging, TupleTableSlot *slot)
{
	Datum row = FunctionCall1(&logging->to_jsonb, ExecFetchSlotHeapTupleDatum(slot));

	if (DatumGetPointer(logging->secret) != NULL)
		row = DirectFunctionCall2(jsonb_delete_array, row, logging->secret);
	return row;
}

static Datum
id_in_row(const Logging *logging, int arg, TupleTableSlot *slot)
{
	bool  null;
	Datum id;

	if (slot == NULL || logging->column[arg] == 0)
		return (Datum) 0;
	id = slot_getattr(slot, logging->column[arg], &null);
	return null ? (Datum) 0 : id;
}

/*
 * What identifies a row is asked of what it was, if it was there: only that
 * was surely logged before.
 */
static void
log_row(Logging *logging, TupleTableSlot *old, TupleTableSlot *new)
{
	CaEvent         event = logging->event;
	TupleTableSlot *identified = old ? old : new;

	event.practice = id_in_row(logging, ARG_PRACTICE, identified);
	event.client = id_in_row(logging, ARG_CLIENT, identified);
	event.member = id_in_row(logging, ARG_MEMBER, identified);
	if (DatumGetPointer(event.member) == NULL)
		event.member = id_in_row(logging, ARG_MEMBER, new);
	if (old != NULL)
		event.before = row_to_jsonb(logging, old);
	if (new != NULL)
		event.after = row_to_jsonb(logging, new);
	ca_catalog_events_add(logging->log, &event);
}

/* careaccess.log_insert_event(practice, client, member): once per statement */
Datum
ca_sql_log_insert_event(PG_FUNCTION_ARGS)
{
	TriggerData    *trigger = (TriggerData *) fcinfo->context;
	Logging         logging;
	TupleTableSlot *slot;
	MemoryContext   row_cxt;

	begin_logging(fcinfo, &logging, "load");
	if (trigger->tg_newtable == NULL)
		elog(ERROR, "trigger %s has no table of the new rows", trigger->tg_trigger->tgname);
	slot = MakeSingleTupleTableSlot(logging.desc, &TTSOpsMinimalTuple);
	row_cxt = AllocSetContextCreate(CurrentMemoryContext, "careaccess event", ALLOCSET_DEFAULT_SIZES);
	/* The slot frees by itself the rows that come from disk: not in row_cxt. */
	while (tuplestore_gettupleslot(trigger->tg_newtable, true, false, slot))
	{
		MemoryContext before = MemoryContextSwitchTo(row_cxt);

		log_row(&logging, NULL, slot);
		MemoryContextSwitchTo(before);
		MemoryContextReset(row_cxt);
	}
	MemoryContextDelete(row_cxt);
	ExecDropSingleTupleTableSlot(slot);
	ca_catalog_events_close(logging.log);
	PG_RETURN_POINTER(NULL);
}

/* careaccess.log_row_event(practice, client, member): a row, or a truncation */
Datum
ca_sql_log_row_event(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	Logging      logging;

	if (CALLED_AS_TRIGGER(fcinfo) && TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event))
	{
		begin_logging(fcinfo, &logging, "truncate");
		log_row(&logging, NULL, NULL);
	}
	else if (CALLED_AS_TRIGGER(fcinfo) && TRIGGER_FIRED_BY_DELETE(trigger->tg_event))
	{
		begin_logging(fcinfo, &logging, "delete");
		log_row(&logging, trigger->tg_trigslot, NULL);
	}
	else
	{
		begin_logging(fcinfo, &logging, "update");
		log_row(&logging, trigger->tg_trigslot, trigger->tg_newslot);
	}
	ca_catalog_events_close(logging.log);
	PG_RETURN_POINTER(NULL);
}
