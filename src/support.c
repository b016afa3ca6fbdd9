/*-------------------------------------------------------------------------
 *
 * support.c
 *	  What the planner is told about the policies' functions.
 *
 * A plan outlives the identity it was made under, so nothing here depends on
 * who asks: the answers are those of a middling member, right for nobody and
 * harmful for nobody.  That the planner asks at all has a second use: it loads
 * the library before the first execution, and with it the executor hooks.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "nodes/supportnodes.h"
#include "optimizer/optimizer.h"

PG_FUNCTION_INFO_V1(ca_sql_row_support);

/* The part of the rows that a member sees, for want of better knowledge. */
#define ASSUMED_SELECTIVITY 0.33

/* A row costs about as much as a hash lookup and a few comparisons. */
#define OPERATORS_PER_ROW 4

Datum
ca_sql_row_support(PG_FUNCTION_ARGS)
{
	Node *request = (Node *) PG_GETARG_POINTER(0);

	if (IsA(request, SupportRequestSelectivity))
	{
		SupportRequestSelectivity *selectivity = (SupportRequestSelectivity *) request;

		if (selectivity->is_join)
			PG_RETURN_POINTER(NULL);
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
	PG_RETURN_POINTER(NULL);
}
