/*-------------------------------------------------------------------------
 *
 * guard.h
 *	  Hooks into the executor.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CA_GUARD_H
#define CA_GUARD_H

#include "datatype/timestamp.h"
#include "nodes/nodes.h"

extern void ca_guard_init(void);

/* The start of the statement that runs, of a cursor that of its opening. */
extern TimestampTz ca_guard_statement_start(void);

/* What the clock showed when it began to run: its snapshot is not newer. */
extern TimestampTz ca_guard_statement_clock(void);

/*
 * The running query chose rows by who asks, once and for all: it must not go on
 * for somebody else.
 */
extern void ca_guard_bound_to_asker(void);

/* Where that of the running query stands, or 0 while none runs. */
extern const TimestampTz *ca_guard_running_start(void);

/*
 * Does this call, part of a plan that was started, check rows that its
 * statement writes (rather than choose rows that it reads)?
 */
extern bool ca_guard_checks_written_rows(const Node *expression);

#endif /* CA_GUARD_H */
