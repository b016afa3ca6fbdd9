/*-------------------------------------------------------------------------
 *
 * guard_explain.h
 *	  Plans of queries on protected tables are not shown to everybody.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CA_GUARD_EXPLAIN_H
#define CA_GUARD_EXPLAIN_H

#include "nodes/plannodes.h"

extern void ca_guard_explain_init(void);

/* Before the executor starts: refuses (42501) to explain what is to stay hidden. */
extern void ca_guard_explain_start(const PlannedStmt *statement, int eflags);

#endif /* CA_GUARD_EXPLAIN_H */
