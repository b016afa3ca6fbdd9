/*-------------------------------------------------------------------------
 *
 * guard_upsert.c
 *	  INSERT ... ON CONFLICT DO UPDATE on servers that ask its condition too early.
 *
 * A row that is in the way of an INSERT is found by its key, whoever may see
 * it, and policies are checked before it is updated.  Servers without the fix
 * of CVE-2026-120154 ask the statement's own WHERE about the row before that: a
 * function in it gets to see what is hidden.  There such statements are refused
 * on protected tables, to those whom row security holds.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "parser/parsetree.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"

#include "catalog.h"
#include "guard_upsert.h"

/* The first version of each major that has the fix, as in server_version_num. */
static const int fixed_in[] = {150020, 160016, 170012, 180007};

/* Asked of the server that runs: it may be newer than what we were built for. */
static bool
server_lacks_fix(void)
{
	static int version = 0;

	if (version == 0)
		version = (int) strtol(GetConfigOption("server_version_num", false, false), NULL, 10);
	for (int i = 0; i < lengthof(fixed_in); i++)
	{
		if (version / 10000 == fixed_in[i] / 10000)
			return version < fixed_in[i];
	}
	return false;
}

/* Does row security hold whoever runs this? */
static bool
checks_conflicting_rows(const ModifyTable *plan)
{
	ListCell *table;
	ListCell *check;

	foreach (table, plan->withCheckOptionLists)
	{
		foreach (check, (List *) lfirst(table))
		{
			if (lfirst_node(WithCheckOption, check)->kind == WCO_RLS_CONFLICT_CHECK)
				return true;
		}
	}
	return false;
}

void
ca_guard_upsert(const ModifyTable *plan, List *range_table)
{
	Oid relid;

	if (plan->onConflictAction != ONCONFLICT_UPDATE || plan->onConflictWhere == NULL ||
		!server_lacks_fix() || !checks_conflicting_rows(plan))
		return;
	relid = rt_fetch(linitial_int(plan->resultRelations), range_table)->relid;
	if (!ca_catalog_is_protected(relid))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("ON CONFLICT DO UPDATE with WHERE is not allowed on protected table \"%s\" on this server",
					get_rel_name(relid)),
			 errdetail("PostgreSQL before 15.20, 16.16, 17.12 and 18.7 asks the condition about hidden rows (CVE-2026-120154)."),
			 errhint("Install the newest minor version of PostgreSQL, or leave the condition out.")));
}
