/*-------------------------------------------------------------------------
 *
 * support.c
 *	  What the planner is told about the policies' functions.
 *
 * A plan outlives the identity it was made under, so nothing here may make it
 * wrong for another: estimates are those of whoever asks now, and the index
 * condition is a call that is answered anew in each execution.
 *
 * Selectivity: the part of the clients that the asker sees, of those in his
 * practice.  Where the query has no other condition on the table, of those in
 * all practices, since the rows of all of them will be met; where it has, it
 * likely is one that leaves this practice's rows.
 *
 * Index condition: column = ANY (careaccess.clients_TYPE(...)).  Offered where
 * the array is short in itself or stands for a small part of the clients, or
 * where the index alone answers the query.  Not where the query itself says
 * which client it wants: an array would be worked through for nothing, in each
 * iteration of a join.
 *
 * Plans are made for whoever asks at the time.  State: for each category about
 * what part he saw.  When somebody asks who sees far more or less, the plans
 * of this session are made anew; until then they are merely slower.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "access/sysattr.h"
#include "catalog/pg_am.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/pathnodes.h"
#include "nodes/supportnodes.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/fmgroids.h"
#include "utils/plancache.h"
#include "utils/selfuncs.h"
#include "utils/snapmgr.h"
#include "utils/typcache.h"

#include "catalog.h"
#include "guard.h"
#include "scope.h"
#include "support.h"

PG_FUNCTION_INFO_V1(ca_sql_row_support);

/* The part of the rows that a member sees, for want of better knowledge. */
#define ASSUMED_SELECTIVITY 0.33

/* A row costs about as much as a few comparisons. */
#define OPERATORS_PER_ROW 2

/* An array of so many clients is no index condition; more are not counted. */
#define MOST_CLIENTS 20000

/* Nor one of a larger part, unless the index alone answers the query. */
#define LARGE_PART 0.1
#define NEARLY_ALL 0.6

/* What plans were made for, by category: see part_class(). */
#define NO_CLASS 0
static uint8 planned[CA_MAX_CATEGORIES];

/*
 * What is asked
 */

typedef struct RowFunction
{
	const char *name;
	uint8       actions;
} RowFunction;

#define VIEW CA_ACTION_BIT(CA_ACTION_VIEW)

static const RowFunction row_functions[] = {
	{"row_view", VIEW},
	{"row_create", CA_ACTION_BIT(CA_ACTION_CREATE)},
	{"row_edit", VIEW | CA_ACTION_BIT(CA_ACTION_EDIT)},
	{"row_delete", VIEW | CA_ACTION_BIT(CA_ACTION_DELETE)},
};

static uint8
actions_of(Oid function)
{
	const char *name = get_func_name(function);

	for (int i = 0; name != NULL && i < lengthof(row_functions); i++)
	{
		if (strcmp(name, row_functions[i].name) == 0)
			return row_functions[i].actions;
	}
	return 0;
}

/* The category, where it is the same for every row; else null. */
static char *
constant_category(List *args)
{
	Const *category;

	if (list_length(args) < 2 || !IsA(lsecond(args), Const))
		return NULL;
	category = lsecond_node(Const, args);
	return category->constisnull || category->consttype != TEXTOID
			   ? NULL
			   : TextDatumGetCString(category->constvalue);
}

/*
 * Estimates
 */

/* Very much, much, some, little; what is between matters little to a plan. */
static uint8
part_class(const CaEstimate *estimate)
{
	double part = estimate->clients > 0 ? estimate->visible / estimate->clients : 0;

	if (part > NEARLY_ALL)
		return NO_CLASS + 1;
	if (part > LARGE_PART)
		return NO_CLASS + 2;
	return part > 0.01 ? NO_CLASS + 3 : NO_CLASS + 4;
}

static void
estimate_for_subject(CaScope *scope, Snapshot snapshot, const CaSubject *subject,
					 int category, uint8 actions, CaEstimate *estimate)
{
	const CaMember *member = subject->kind == CA_SUBJECT_MEMBER
								 ? ca_scope_member(scope, snapshot, &subject->id)
								 : NULL;

	estimate->clients = 1;
	estimate->visible = 0;
	if (member != NULL)
		ca_verdicts_estimate(ca_scope_verdicts(scope, snapshot, member, category, actions), snapshot, estimate);
	else if (subject->kind == CA_SUBJECT_PORTAL)
	{
		estimate->clients = Max(1, ca_scope_clients_in_all());
		estimate->visible = 1;
	}
}

/* For whoever asks now; the scope stays until the context is deleted. */
static CaScope *
open_for_asker(MemoryContext *cxt, const CaSubject **subject)
{
	CaPin *pin = NULL;

	*cxt = AllocSetContextCreate(CurrentMemoryContext, "careaccess planning", ALLOCSET_SMALL_SIZES);
	return ca_scope_open(&pin, *cxt, GetActiveSnapshot(), ca_guard_statement_start(), ca_guard_statement_clock(), subject);
}

static bool
estimate_for_asker(List *args, uint8 actions, CaEstimate *estimate)
{
	char            *code = constant_category(args);
	MemoryContext    cxt;
	CaScope         *scope;
	const CaSubject *subject;
	int              category;

	if (code == NULL || actions == 0 || !ActiveSnapshotSet())
		return false;
	scope = open_for_asker(&cxt, &subject);
	category = ca_scope_category(scope, GetActiveSnapshot(), code);
	if (category >= 0)
	{
		estimate_for_subject(scope, GetActiveSnapshot(), subject, category, actions, estimate);
		planned[category] = part_class(estimate);
	}
	MemoryContextDelete(cxt);
	return category >= 0;
}

void
ca_support_new_asker(void)
{
	MemoryContext    cxt;
	const CaSubject *subject;
	CaScope         *scope = open_for_asker(&cxt, &subject);
	bool             fits = true;

	for (int category = 0; fits && category < CA_MAX_CATEGORIES; category++)
	{
		CaEstimate estimate;

		if (planned[category] == NO_CLASS)
			continue;
		estimate_for_subject(scope, GetActiveSnapshot(), subject, category, VIEW, &estimate);
		fits = part_class(&estimate) == planned[category];
	}
	MemoryContextDelete(cxt);
	if (fits)
		return;
	memset(planned, NO_CLASS, sizeof(planned));
	ResetPlanCache();
}

/*
 * The table in the query
 */

static RelOptInfo *
table_of(PlannerInfo *root, Node *column)
{
	Var *var = (Var *) column;

	if (root == NULL || !IsA(column, Var) || var->varlevelsup != 0 || root->simple_rel_array == NULL ||
		var->varno >= (Index) root->simple_rel_array_size)
		return NULL;
	return root->simple_rel_array[var->varno];
}

static bool
is_row_function(Node *clause)
{
	return IsA(clause, FuncExpr) && get_func_support(((FuncExpr *) clause)->funcid) != InvalidOid &&
		   actions_of(((FuncExpr *) clause)->funcid) != 0;
}

static bool
has_other_conditions(RelOptInfo *rel)
{
	ListCell *lc;

	foreach (lc, rel->baserestrictinfo)
	{
		if (!is_row_function((Node *) lfirst_node(RestrictInfo, lc)->clause))
			return true;
	}
	return false;
}

static bool
estimate_selectivity(SupportRequestSelectivity *request)
{
	CaEstimate  estimate;
	RelOptInfo *rel;
	double      clients;

	if (request->is_join || !estimate_for_asker(request->args, actions_of(request->funcid), &estimate))
		return false;
	rel = table_of(request->root, linitial(request->args));
	clients = estimate.clients;
	if (rel != NULL && !has_other_conditions(rel))
		clients = Max(clients, ca_scope_clients_in_all());
	request->selectivity = clients > 0 ? estimate.visible / clients : 0;
	CLAMP_PROBABILITY(request->selectivity);
	return true;
}

/*
 * The index condition
 */

/* Does the query say by itself which clients it wants, or join by them? */
static bool
is_pinned(PlannerInfo *root, RelOptInfo *rel, Node *column)
{
	ListCell *lc;
	int       i = -1;

	foreach (lc, rel->baserestrictinfo)
	{
		Node *clause = (Node *) lfirst_node(RestrictInfo, lc)->clause;

		if (IsA(clause, OpExpr) && get_oprrest(((OpExpr *) clause)->opno) == F_EQSEL &&
			list_length(((OpExpr *) clause)->args) == 2 &&
			(equal(strip_implicit_coercions(linitial(((OpExpr *) clause)->args)), column) ||
			 equal(strip_implicit_coercions(lsecond(((OpExpr *) clause)->args)), column)))
			return true;
		if (IsA(clause, ScalarArrayOpExpr) &&
			equal(strip_implicit_coercions(linitial(((ScalarArrayOpExpr *) clause)->args)), column))
			return true;
	}
	while ((i = bms_next_member(rel->eclass_indexes, i)) >= 0)
	{
		EquivalenceClass *ec = list_nth_node(EquivalenceClass, root->eq_classes, i);

		if (list_length(ec->ec_members) < 2)
			continue;
		foreach (lc, ec->ec_members)
		{
			EquivalenceMember *em = lfirst_node(EquivalenceMember, lc);

			if (equal(strip_implicit_coercions((Node *) em->em_expr), column))
				return true;
		}
	}
	return false;
}

/* Are all columns that the query reads of the table in the index? */
static bool
index_answers_alone(IndexOptInfo *index)
{
	RelOptInfo *rel = index->rel;
	Bitmapset  *needed = NULL;
	Bitmapset  *there = NULL;
	ListCell   *lc;
	bool        alone;

	pull_varattnos((Node *) rel->reltarget->exprs, rel->relid, &needed);
	foreach (lc, rel->baserestrictinfo)
		pull_varattnos((Node *) lfirst_node(RestrictInfo, lc)->clause, rel->relid, &needed);
	for (int i = 0; i < index->ncolumns; i++)
	{
		if (index->indexkeys[i] != 0 && index->canreturn[i])
			there = bms_add_member(there, index->indexkeys[i] - FirstLowInvalidHeapAttributeNumber);
	}
	alone = bms_is_subset(needed, there);
	bms_free(needed);
	bms_free(there);
	return alone;
}

/* The function that gives an array of the type, or none. */
static Oid
array_function(Oid type, Oid *array_type)
{
	static const Oid types[] = {TEXTOID, INT4OID, BOOLOID};
	Oid              careaccess_id = ca_id_type_oid();
	const char      *name;

	switch (type)
	{
		case INT2OID:
			name = "clients_smallint";
			break;
		case INT4OID:
			name = "clients_integer";
			break;
		case INT8OID:
			name = "clients_bigint";
			break;
		case UUIDOID:
			name = "clients_uuid";
			break;
		case TEXTOID:
			name = "clients_text";
			break;
		default:
			if (!OidIsValid(careaccess_id) || type != careaccess_id)
				return InvalidOid;
			name = "clients_id";
			break;
	}
	*array_type = get_array_type(type);
	return ca_catalog_function(name, types, lengthof(types));
}

/*
 * Equality in the index must be the type's own.  Somebody's operators may hold
 * other values for equal than identifiers are.
 */
static bool
is_usual_equality(Oid family, Oid type)
{
	Oid operator= get_opfamily_member(family, type, type, BTEqualStrategyNumber);

	return OidIsValid(operator) && operator== lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr;
}

static List *
make_condition(SupportRequestIndexCondition *request, List *args, uint8 actions, bool exact)
{
	IndexOptInfo      *index = request->index;
	Oid                type = index->opcintype[request->indexcol];
	Oid                operator= get_opfamily_member(request->opfamily, type, type, BTEqualStrategyNumber);
	Oid                array_type;
	Oid                function = array_function(type, &array_type);
	ScalarArrayOpExpr *condition;
	Const             *exactly = (Const *) makeBoolConst(exact, false);

	if (!OidIsValid(operator) || !OidIsValid(function))
		return NIL;
	condition = makeNode(ScalarArrayOpExpr);
	condition->opno = operator;
	condition->opfuncid = get_opcode(operator);
	condition->useOr = true;
	condition->inputcollid = request->indexcollation;
	condition->args = list_make2(
		copyObject(linitial(args)),
		makeFuncExpr(function, array_type,
					 list_make3(copyObject(lsecond(args)),
								makeConst(INT4OID, -1, InvalidOid, sizeof(int32), Int32GetDatum(actions), false, true),
								exactly),
					 InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL));
	condition->location = -1;
	return list_make1(condition);
}

/*
 * It is exact where the category has no author, no practice and no mark for
 * clients in the row to ask about.  Not for text: an index's collation may hold
 * texts for equal that differ.
 */
static List *
index_condition(SupportRequestIndexCondition *request)
{
	FuncExpr     *call = (FuncExpr *) request->node;
	IndexOptInfo *index = request->index;
	uint8         actions;
	CaEstimate    estimate;
	bool          exact;

	if (!IsA(call, FuncExpr) || request->indexarg != 0 || index->relam != BTREE_AM_OID ||
		!index->amsearcharray || !IsA(linitial(call->args), Var) ||
		!is_usual_equality(request->opfamily, index->opcintype[request->indexcol]))
		return NIL;
	actions = actions_of(call->funcid);
	if (is_pinned(request->root, index->rel, linitial(call->args)) ||
		!estimate_for_asker(call->args, actions, &estimate))
		return NIL;
	exact = list_length(call->args) == 2 && index->opcintype[request->indexcol] != TEXTOID;
	if (estimate.visible >= MOST_CLIENTS || estimate.visible > NEARLY_ALL * Max(estimate.clients, ca_scope_clients_in_all()))
		return NIL;
	if (estimate.visible > LARGE_PART * Max(estimate.clients, ca_scope_clients_in_all()) &&
		!(exact && index_answers_alone(index)))
		return NIL;
	request->lossy = !exact;
	return make_condition(request, call->args, actions, exact);
}

Datum
ca_sql_row_support(PG_FUNCTION_ARGS)
{
	Node *request = (Node *) PG_GETARG_POINTER(0);

	if (IsA(request, SupportRequestSelectivity))
	{
		SupportRequestSelectivity *selectivity = (SupportRequestSelectivity *) request;

		if (selectivity->is_join)
			PG_RETURN_POINTER(NULL);
		if (!estimate_selectivity(selectivity))
			selectivity->selectivity = ASSUMED_SELECTIVITY;
		PG_RETURN_POINTER(request);
	}
	if (IsA(request, SupportRequestCost))
	{
		SupportRequestCost *cost = (SupportRequestCost *) request;

		cost->startup = 0;
		cost->per_tuple = OPERATORS_PER_ROW * cpu_operator_cost;
		PG_RETURN_POINTER(request);
	}
	if (IsA(request, SupportRequestIndexCondition))
		PG_RETURN_POINTER(index_condition((SupportRequestIndexCondition *) request));
	PG_RETURN_POINTER(NULL);
}
