/*-------------------------------------------------------------------------
 *
 * catalog_policy.c
 *	  Which tables are protected, and whose they are.
 *
 * What is asked are the policies that PostgreSQL enforces, and not our list of
 * protected tables: the two differ where somebody meddled, and in a snapshot
 * that is older than the protection.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "nodes/nodeFuncs.h"
#include "rewrite/rowsecurity.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "catalog_internal.h"

static bool
calls_function_of(Node *node, void *schema)
{
	if (node == NULL)
		return false;
	if (IsA(node, FuncExpr) && get_func_namespace(((FuncExpr *) node)->funcid) == *(Oid *) schema)
		return true;
	return expression_tree_walker(node, calls_function_of, schema);
}

static bool
has_policy_of(Relation relation, Oid schema)
{
	ListCell *lc;

	if (!relation->rd_rel->relrowsecurity || relation->rd_rsdesc == NULL)
		return false;
	foreach (lc, relation->rd_rsdesc->policies)
	{
		const RowSecurityPolicy *policy = lfirst(lc);

		if (calls_function_of((Node *) policy->qual, &schema) ||
			calls_function_of((Node *) policy->with_check_qual, &schema))
			return true;
	}
	return false;
}

/* It has no policy: its rows go through a view that leaves some out. */
static bool
is_event_log(Relation relation, Oid schema)
{
	return RelationGetNamespace(relation) == schema &&
		   strcmp(RelationGetRelationName(relation), "event") == 0;
}

static bool
hides_rows(Relation relation, Oid schema)
{
	return has_policy_of(relation, schema) || is_event_log(relation, schema);
}

/* The library may be loaded in a database without the extension. */
static bool
ask_relation(Oid relid, bool (*question)(Relation relation, Oid schema))
{
	Oid      schema = get_namespace_oid(CA_SCHEMA, true);
	Relation relation;
	bool     answer;

	if (!OidIsValid(schema))
		return false;
	relation = RelationIdGetRelation(relid);
	if (relation == NULL)
		return false;
	answer = question(relation, schema);
	RelationClose(relation);
	return answer;
}

bool
ca_catalog_is_protected(Oid relid)
{
	return ask_relation(relid, has_policy_of);
}

bool
ca_catalog_hides_rows(Oid relid)
{
	return ask_relation(relid, hides_rows);
}

bool
ca_catalog_owns(Oid role, Oid relid)
{
	Relation relation = RelationIdGetRelation(relid);
	bool     owns;

	if (relation == NULL)
		return false;
	owns = has_privs_of_role(role, relation->rd_rel->relowner);
	RelationClose(relation);
	return owns;
}
