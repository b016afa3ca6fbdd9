/*-------------------------------------------------------------------------
 *
 * version.h
 *	  Whether facts that were read earlier are still those that a snapshot
 *	  shows.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CA_VERSION_H
#define CA_VERSION_H

#include "access/transam.h"
#include "access/xact.h"
#include "utils/snapshot.h"

#include "id.h"

/* What a snapshot shows, in a form that can be kept and compared. */
typedef struct CaStamp
{
	TransactionId xmin;
	TransactionId xmax;
	uint32        xcnt;
	int32         subxcnt;
	CommandId     curcid;
	bool          suboverflowed;
	bool          recovery;
	uint64        own_epoch;
	const uint64 *own_epoch_now; /* where it moves on */
} CaStamp;

/*
 * A snapshot under which facts were read that are to be used under others: what
 * it showed of other transactions, and who was still running.
 */
typedef struct CaKept
{
	CaStamp            stamp;
	TransactionId      own; /* of the transaction that kept it, if it had a number */
	Oid                log; /* the version log that is asked */
	FullTransactionId  xmax;
	int                nrunning;
	int                allocated;
	FullTransactionId *running;
} CaKept;

typedef enum CaKeptState
{
	CA_KEPT_FITS,    /* the snapshot shows the same facts */
	CA_KEPT_OLDER,   /* the snapshot is older than the one that was kept */
	CA_KEPT_CHANGED, /* it shows others, or nobody can tell */
} CaKeptState;

extern void ca_version_init(void);

/* Is a transaction over with this event?  Before that, queries may still run. */
extern bool ca_version_is_end(XactEvent event);

extern void ca_version_stamp(Snapshot snapshot, CaStamp *stamp);

/* Of other transactions. */
static inline bool
ca_version_same_others(const CaStamp *stamp, Snapshot snapshot)
{
	return stamp->xmax == snapshot->xmax &&
		   stamp->xmin == snapshot->xmin &&
		   stamp->xcnt == snapshot->xcnt &&
		   stamp->subxcnt == snapshot->subxcnt &&
		   stamp->suboverflowed == snapshot->suboverflowed &&
		   stamp->recovery == snapshot->takenDuringRecovery;
}

/*
 * Does the snapshot show exactly what the stamped one showed?  Here, since it
 * is asked for every row.
 */
static inline bool
ca_version_same(const CaStamp *stamp, Snapshot snapshot)
{
	return stamp->curcid == snapshot->curcid &&
		   stamp->own_epoch == *stamp->own_epoch_now &&
		   ca_version_same_others(stamp, snapshot);
}

/*
 * Is every change of a fact entered into the version log?  As of this snapshot,
 * and since any kept one of which ca_version_check() says that it fits.
 */
extern bool ca_version_changes_are_logged(Snapshot snapshot);

/* Keep a snapshot; the list of who runs is allocated in cxt, once or again. */
extern void ca_version_keep(CaKept *kept, Snapshot snapshot, MemoryContext cxt);

/*
 * Do facts of the practice, read under the kept snapshot, hold under this one?
 * If so, this one is kept in its stead.  A null practice: facts of none.
 */
extern CaKeptState ca_version_check(CaKept *kept, Snapshot snapshot, const CaId *practice, MemoryContext cxt);

/* Has this transaction changed facts, or is a statement of it about to? */
extern bool ca_version_own_changes(void);

/* A statement of this transaction is about to change facts. */
extern void ca_version_begin_change(void);

/* Enter into the version log that this transaction changed a fact of the
 * practice; null stands for all practices. */
extern void ca_version_log(const CaId *practice);

/* The same for all practices, after entries were taken out of the log. */
extern void ca_version_log_pruned(void);

#endif /* CA_VERSION_H */
