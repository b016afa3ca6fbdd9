/*-------------------------------------------------------------------------
 *
 * guard.c
 *	  Hooks into the executor.
 *
 * Two things are learned from them that a function called in an expression
 * cannot learn otherwise:
 *
 *	- when its statement began.  For a cursor that is the statement that opened
 *	  it, however many FETCHes later;
 *	- whether the expression checks a row that the statement writes.  Such a
 *	  check must see what the statement's own triggers wrote (a BEFORE trigger
 *	  registers the client whose row is inserted), while a filter on rows that
 *	  are read must not.  PostgreSQL uses one policy for both: the SELECT policy
 *	  filters, and it checks the new row of INSERT ... RETURNING.
 *
 * For the second the calls in a plan's checks are marked before it is started.
 * The mark is a location that no token has: it means nothing to the executor,
 * and it survives the copies that tuple routing makes for partitions.  Marking
 * twice does no harm, so a cached plan may keep its marks.
 *
 * State: a stack (the chain of C frames) of the queries that run, and a list
 * of those that were started; an entry dies with its query's memory context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "executor/executor.h"
#include "lib/ilist.h"
#include "nodes/nodeFuncs.h"
#include "nodes/plannodes.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "guard.h"
#include "guard_explain.h"
#include "guard_upsert.h"
#include "identity.h"
#include "settings.h"

/* A query that was started and has not ended. */
typedef struct StartedQuery
{
	dlist_node            node;
	QueryDesc            *query;
	TimestampTz           start;
	TimestampTz           clock;
	bool                  bound_to_asker;
	CaAsker               asker; /* if it is */
	MemoryContextCallback forget;
} StartedQuery;

/* The location that marks calls in checks of written rows. */
#define WRITTEN_ROWS (-2)

static dlist_head    started = DLIST_STATIC_INIT(started);
static StartedQuery *running = NULL;

/* When the one that runs was started; 0 where none runs. */
static TimestampTz running_start = 0;

static ExecutorStart_hook_type previous_start = NULL;
static ExecutorRun_hook_type   previous_run = NULL;

static void
set_running(StartedQuery *query)
{
	running = query;
	running_start = query ? query->start : 0;
}

static void
forget_query(void *arg)
{
	StartedQuery *entry = arg;

	dlist_delete(&entry->node);
	if (running == entry)
		set_running(NULL);
}

static bool
mark_calls(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, FuncExpr))
		((FuncExpr *) node)->location = WRITTEN_ROWS;
	return expression_tree_walker(node, mark_calls, context);
}

static void
prepare_modification(Plan *plan, List *range_table)
{
	ModifyTable *modify = (ModifyTable *) plan;

	if (plan == NULL || !IsA(plan, ModifyTable))
		return;
	ca_guard_upsert(modify, range_table);
	(void) mark_calls((Node *) modify->withCheckOptionLists, NULL);
}

/* A plan that modifies is at the top, of the statement or of a CTE. */
static void
prepare_modifications(PlannedStmt *statement)
{
	ListCell *lc;

	if (statement->commandType == CMD_SELECT && !statement->hasModifyingCTE)
		return;
	prepare_modification(statement->planTree, statement->rtable);
	foreach (lc, statement->subplans)
		prepare_modification(lfirst(lc), statement->rtable);
}

static void
start_query(QueryDesc *query_desc, int eflags)
{
	TimestampTz   start = ca_guard_statement_start();
	StartedQuery *entry;

	ca_guard_explain_start(query_desc->plannedstmt, eflags);
	prepare_modifications(query_desc->plannedstmt);
	if (previous_start)
		previous_start(query_desc, eflags);
	else
		standard_ExecutorStart(query_desc, eflags);

	entry = MemoryContextAlloc(query_desc->estate->es_query_cxt, sizeof(StartedQuery));
	entry->query = query_desc;
	entry->start = start;
	entry->clock = GetCurrentTimestamp();
	entry->bound_to_asker = false;
	entry->forget.func = forget_query;
	entry->forget.arg = entry;
	dlist_push_head(&started, &entry->node);
	MemoryContextRegisterResetCallback(query_desc->estate->es_query_cxt, &entry->forget);
}

static StartedQuery *
find_query(const QueryDesc *query_desc)
{
	dlist_iter iter;

	dlist_foreach (iter, &started)
	{
		StartedQuery *entry = dlist_container(StartedQuery, node, iter.cur);

		if (entry->query == query_desc)
			return entry;
	}
	return NULL;
}

/*
 * An index condition that replaces the filter is made once in a scan.  A cursor
 * may be read on after somebody else acts in the session.
 */
static void
require_same_asker(const StartedQuery *query)
{
	if (query != NULL && query->bound_to_asker && !ca_identity_is_asker(&query->asker))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the cursor was opened for somebody else"),
				 errhint("Open it again for whom the session acts now.")));
}

static void
run_query(CA_EXECUTOR_RUN_ARGS)
{
	StartedQuery *outer = running;
	StartedQuery *query = find_query(query_desc);

	require_same_asker(query);
	set_running(query);
	PG_TRY();
	{
		if (previous_run)
			previous_run(CA_EXECUTOR_RUN_PASS);
		else
			standard_ExecutorRun(CA_EXECUTOR_RUN_PASS);
	}
	PG_FINALLY();
	{
		set_running(outer);
	}
	PG_END_TRY();
}

void
ca_guard_init(void)
{
	previous_start = ExecutorStart_hook;
	ExecutorStart_hook = start_query;
	previous_run = ExecutorRun_hook;
	ExecutorRun_hook = run_query;
	ca_guard_explain_init();
}

TimestampTz
ca_guard_statement_clock(void)
{
	return running ? running->clock : GetCurrentTimestamp();
}

void
ca_guard_bound_to_asker(void)
{
	if (running == NULL || running->bound_to_asker)
		return;
	ca_identity_note_asker(GetMemoryChunkContext(running), &running->asker);
	running->bound_to_asker = true;
}

const TimestampTz *
ca_guard_running_start(void)
{
	return &running_start;
}

TimestampTz
ca_guard_statement_start(void)
{
	return running ? running_start : GetCurrentStatementStartTimestamp();
}

bool
ca_guard_checks_written_rows(const Node *expression)
{
	return expression != NULL && IsA(expression, FuncExpr) &&
		   ((const FuncExpr *) expression)->location == WRITTEN_ROWS;
}
