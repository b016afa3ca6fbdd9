/*-------------------------------------------------------------------------
 *
 * guard_explain.c
 *	  Plans of queries on protected tables are not shown to those who may not
 *	  see all rows.
 *
 * A plan tells of hidden rows: its estimates come from statistics over all rows
 * of the table, and once run it says how many rows the policy removed.  There
 * are two ways to look at one, and both are refused:
 *
 *	- EXPLAIN, whether as a statement, in a function, or of a prepared
 *	  statement.  Each of them starts the executor: without ANALYZE only to
 *	  explain, which its flags say.  With ANALYZE every query that is started
 *	  within the statement counts, also one that a function runs: the buffers
 *	  which it reads are added to those of the plan that is shown.  (That a
 *	  query is instrumented would not do, as auto_explain asks for that, too.)
 *	  Who looks is whoever explains, not the owner of such a function;
 *	- debug_print_parse, _rewritten and _plan, where the client asked for
 *	  messages of level LOG.  The trees before the plan hold no numbers, but a
 *	  view is not yet expanded in them, so that there every view counts.
 *
 * Whoever sees the table's rows anyway may look: roles that bypass row security,
 * the table's owner (he can take the protection off), and a database
 * administrator without an identity.
 *
 * The hooks are there from the loading of the library on.  A session that has
 * not called a function of careaccess before its EXPLAIN is guarded only where
 * the library is preloaded.
 *
 * State: who runs the EXPLAIN statement that is under way, of several within
 * each other the innermost.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_class.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/planner.h"
#include "parser/analyze.h"
#include "tcop/tcopprot.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "catalog.h"
#include "compat.h"
#include "guard.h"
#include "guard_explain.h"
#include "identity.h"
#include "settings.h"

static Oid explainer = InvalidOid;

static ProcessUtility_hook_type     previous_utility = NULL;
static planner_hook_type            previous_planner = NULL;
static post_parse_analyze_hook_type previous_analyze = NULL;

static bool
administers_without_identity(void)
{
	CaSubject subject;
	Snapshot  snapshot;

	if (!ca_identity_role_administers())
		return false;
	snapshot = RegisterSnapshot(ActiveSnapshotSet() ? GetActiveSnapshot() : GetLatestSnapshot());
	ca_identity_subject(snapshot, ca_guard_statement_start(), &subject);
	UnregisterSnapshot(snapshot);
	return subject.kind == CA_SUBJECT_ADMINISTRATOR;
}

static bool
may_see_plans_of(Oid viewer, Oid relid)
{
	return ca_catalog_owns(viewer, relid) || administers_without_identity();
}

static bool
is_guarded(Oid viewer)
{
	return ca_settings_explain_guard() && !has_bypassrls_privilege(viewer);
}

/*
 * The first of the tables whose plans the session may not see.  The range table
 * of a finished plan is flat: views, subqueries and inlined functions left their
 * tables in it, also those that need not be read.
 */
static Oid
first_hidden_table(Oid viewer, const List *range_table)
{
	ListCell *lc;

	foreach (lc, range_table)
	{
		const RangeTblEntry *rte = lfirst_node(RangeTblEntry, lc);

		if (OidIsValid(rte->relid) && ca_catalog_hides_rows(rte->relid) &&
			!may_see_plans_of(viewer, rte->relid))
			return rte->relid;
	}
	return InvalidOid;
}

#define PLAN_DETAIL "Plans tell how many rows there are, also of those that are hidden."
#define PLAN_HINT \
	"The table's owner and a database administrator who acts as nobody can see them; a superuser can allow it to others with careaccess.explain_guard."

static void
refuse_explain(Oid relid)
{
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("EXPLAIN is not allowed on protected table \"%s\"", get_rel_name(relid)),
			 errdetail(PLAN_DETAIL),
			 errhint(PLAN_HINT)));
}

static void
refuse_debug_print(const char *setting)
{
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("%s is not allowed on protected tables while the client receives log messages", setting),
			 errdetail(PLAN_DETAIL),
			 errhint(PLAN_HINT)));
}

void
ca_guard_explain_start(const PlannedStmt *statement, int eflags)
{
	Oid viewer = OidIsValid(explainer) ? explainer : GetUserId();
	Oid relid;

	if (((eflags & EXEC_FLAG_EXPLAIN_ONLY) == 0 && !OidIsValid(explainer)) || !is_guarded(viewer))
		return;
	relid = first_hidden_table(viewer, statement->rtable);
	if (OidIsValid(relid))
		refuse_explain(relid);
}

static void
run_utility(PlannedStmt *statement, const char *query_string, bool read_only_tree,
			ProcessUtilityContext context, ParamListInfo params, QueryEnvironment *environment,
			DestReceiver *dest, QueryCompletion *completion)
{
	Oid outer = explainer;

	if (IsA(statement->utilityStmt, ExplainStmt))
		explainer = GetUserId();
	PG_TRY();
	{
		if (previous_utility)
			previous_utility(statement, query_string, read_only_tree, context, params, environment, dest, completion);
		else
			standard_ProcessUtility(statement, query_string, read_only_tree, context, params, environment, dest, completion);
	}
	PG_FINALLY();
	{
		explainer = outer;
	}
	PG_END_TRY();
}

/* Do trees that are printed now reach the client? */
static bool
prints_to_client(bool print)
{
	return print && client_min_messages <= LOG && whereToSendOutput == DestRemote;
}

static PlannedStmt *
plan_query(CA_PLANNER_ARGS)
{
	PlannedStmt *plan = previous_planner ? previous_planner(CA_PLANNER_PASS)
										 : standard_planner(CA_PLANNER_PASS);

	/* Looked at afterwards: planning may run functions, which may change settings. */
	if (prints_to_client(Debug_print_plan) && is_guarded(GetUserId()) &&
		OidIsValid(first_hidden_table(GetUserId(), plan->rtable)))
		refuse_debug_print("debug_print_plan");
	return plan;
}

static bool
mentions_hidden_table(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Query) && ((Query *) node)->commandType == CMD_UTILITY)
		return mentions_hidden_table((Node *) UtilityContainsQuery(((Query *) node)->utilityStmt), context);
	if (IsA(node, Query))
	{
		Query    *query = (Query *) node;
		ListCell *lc;

		foreach (lc, query->rtable)
		{
			const RangeTblEntry *rte = lfirst_node(RangeTblEntry, lc);

			if (rte->rtekind == RTE_RELATION && rte->relkind == RELKIND_VIEW)
				return true;
		}
		return OidIsValid(first_hidden_table(GetUserId(), query->rtable)) ||
			   query_tree_walker(query, mentions_hidden_table, context, 0);
	}
	return expression_tree_walker(node, mentions_hidden_table, context);
}

static void
analyze_query(ParseState *parse_state, Query *query, CaJumbleState *jumble)
{
	if (previous_analyze)
		previous_analyze(parse_state, query, jumble);
	if (prints_to_client(Debug_print_parse || Debug_print_rewritten) && is_guarded(GetUserId()) && mentions_hidden_table((Node *) query, NULL))
		refuse_debug_print(Debug_print_parse ? "debug_print_parse" : "debug_print_rewritten");
}

void
ca_guard_explain_init(void)
{
	previous_utility = ProcessUtility_hook;
	ProcessUtility_hook = run_utility;
	previous_planner = planner_hook;
	planner_hook = plan_query;
	previous_analyze = post_parse_analyze_hook;
	post_parse_analyze_hook = analyze_query;
}
