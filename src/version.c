/*-------------------------------------------------------------------------
 *
 * version.c
 *	  Whether facts that were read earlier are still those that a snapshot
 *	  shows.
 *
 * Contract.  Facts are read under an MVCC snapshot.  They may be used again
 * under another one that shows the same facts.  There are two ways to know.
 *
 * 1. The snapshots show the same rows of everything (ca_version_same()):
 *
 *	- the same transactions of others count as finished.  Of two snapshots with
 *	  the same xmax the later one has no running transaction that the earlier
 *	  one has not, for new ones get numbers from xmax on.  So equal numbers of
 *	  running ones are equal sets, save that neither lists the own transaction;
 *	- they see the same of the own transaction: the same command counter, and
 *	  no (sub)transaction of this backend ended in between, since an abort
 *	  takes rows away without moving the counter.
 *
 * 2. The later snapshot shows no change of these facts (ca_version_check): the
 *	version log has no entry that it shows of a transaction which the kept
 *	snapshot did not count as finished.  Those are the ones from its xmax on,
 *	and those that it lists as running.  The own transaction is one of them: it
 *	may go on to change facts and commit, and is not in its own list.
 *
 * The second way needs that every change of a fact is entered, which is asked
 * (ca_version_changes_are_logged), and it cannot tell what the own transaction changed
 * when.  So nothing is kept over statements while this transaction has changed
 * facts: from the moment on when such a statement begins, since rows it has
 * written may be seen before its row triggers have run.  Triggers of statements
 * do not run where logical replication is applied; there any transaction that
 * writes counts as one that changes facts.
 *
 * Nothing here is assumed from invalidation messages: they are sent after the
 * rows of a commit have become visible.
 *
 * At SERIALIZABLE the log is asked even where the answer is known: that reads
 * the range in which an entry would be, so that a transaction which changes
 * these facts is noticed as one that conflicts with this one.
 *
 * The version log gets one entry per transaction and practice.  What has been
 * entered is remembered until the transaction ends, or until any part of it is
 * rolled back, perhaps with the entry: then it is entered once more.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "replication/logicalworker.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "catalog.h"
#include "idset.h"
#include "version.h"

/* So many transactions after a snapshot was kept, nobody compares with it. */
#define FAR_AWAY (UINT64CONST(1) << 30)

/* Moves at every end of a transaction or subtransaction of this backend. */
static uint64 own_epoch = 1;

/* A statement of this transaction has changed facts, or is about to. */
static bool changes_facts = false;

/* What this transaction has entered into the log; null: nothing yet. */
static CaIdSet *entered = NULL;
static bool     entered_all = false;

/* Whether changes are logged, as read under a snapshot that is kept. */
static bool   logged = false;
static CaKept logged_kept;

/* The set itself lies in the transaction's memory. */
static void
forget_entered(void)
{
	entered = NULL;
	entered_all = false;
}

bool
ca_version_is_end(XactEvent event)
{
	return event != XACT_EVENT_PRE_COMMIT && event != XACT_EVENT_PARALLEL_PRE_COMMIT &&
		   event != XACT_EVENT_PRE_PREPARE;
}

static void
on_transaction_end(XactEvent event, void *arg)
{
	if (!ca_version_is_end(event))
		return;
	own_epoch++;
	changes_facts = false;
	forget_entered();
}

static void
on_subtransaction_end(SubXactEvent event, SubTransactionId subid,
					  SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
	{
		own_epoch++;
		forget_entered();
	}
}

void
ca_version_init(void)
{
	RegisterXactCallback(on_transaction_end, NULL);
	RegisterSubXactCallback(on_subtransaction_end, NULL);
}

/*
 * Snapshots that show the same
 */

void
ca_version_stamp(Snapshot snapshot, CaStamp *stamp)
{
	Assert(snapshot->snapshot_type == SNAPSHOT_MVCC);

	stamp->own_epoch = own_epoch;
	stamp->own_epoch_now = &own_epoch;
	stamp->xmin = snapshot->xmin;
	stamp->xmax = snapshot->xmax;
	stamp->curcid = snapshot->curcid;
	stamp->xcnt = snapshot->xcnt;
	stamp->subxcnt = snapshot->subxcnt;
	stamp->suboverflowed = snapshot->suboverflowed;
	stamp->recovery = snapshot->takenDuringRecovery;
}

/*
 * Snapshots that show the same facts
 */

bool
ca_version_own_changes(void)
{
	return changes_facts ||
		   (IsLogicalWorker() && TransactionIdIsValid(GetTopTransactionIdIfAny()));
}

void
ca_version_begin_change(void)
{
	changes_facts = true;
}

/* The number with its epoch, of a transaction that is not in the future. */
static FullTransactionId
full_xid(TransactionId xid, FullTransactionId next)
{
	uint32 epoch = EpochFromFullTransactionId(next);

	if (xid > XidFromFullTransactionId(next))
		epoch--;
	return FullTransactionIdFromEpochAndXid(epoch, xid);
}

static void
add_running(CaKept *kept, const TransactionId *xids, uint32 n, FullTransactionId next)
{
	for (uint32 i = 0; i < n; i++)
		kept->running[kept->nrunning++] = full_xid(xids[i], next);
}

/*
 * On a primary the running top-level transactions say it all: entries carry
 * the number of the top-level one.  On a standby the snapshot does not tell
 * them apart, and keeps all in the other list.
 */
void
ca_version_keep(CaKept *kept, Snapshot snapshot, MemoryContext cxt)
{
	FullTransactionId    next = ReadNextFullTransactionId();
	TransactionId        own = GetTopTransactionIdIfAny();
	bool                 recovery = snapshot->takenDuringRecovery;
	const TransactionId *running = recovery ? snapshot->subxip : snapshot->xip;
	int                  n = recovery ? snapshot->subxcnt : (int) snapshot->xcnt;

	if (running == NULL)
		n = 0;
	if (kept->allocated < n + 1)
	{
		int allocated = Max(16, 2 * (n + 1));

		if (kept->running != NULL)
			pfree(kept->running);
		kept->running = NULL;
		kept->allocated = 0;
		kept->running = MemoryContextAlloc(cxt, allocated * sizeof(FullTransactionId));
		kept->allocated = allocated;
	}
	ca_version_stamp(snapshot, &kept->stamp);
	kept->own = own;
	kept->log = ca_catalog_change_log();
	kept->xmax = full_xid(snapshot->xmax, next);
	kept->nrunning = 0;
	add_running(kept, running, n, next);
	if (TransactionIdIsValid(own))
		add_running(kept, &own, 1, next);
}

/* Those that the kept snapshot counted as running and this one does not. */
static int
finished_since(const CaKept *kept, Snapshot snapshot, FullTransactionId *finished)
{
	int n = 0;

	for (int i = 0; i < kept->nrunning; i++)
	{
		if (!XidInMVCCSnapshot(XidFromFullTransactionId(kept->running[i]), snapshot))
			finished[n++] = kept->running[i];
	}
	return n;
}

static bool
changed_since(const CaKept *kept, Snapshot snapshot, const CaId *practice)
{
	FullTransactionId *others = palloc((kept->nrunning + 1) * sizeof(FullTransactionId));
	CaWriters          writers;
	bool               changed;

	writers.since = kept->xmax;
	writers.others = others;
	writers.from_oldest = IsolationIsSerializable();
	if (writers.from_oldest)
	{
		memcpy(others, kept->running, kept->nrunning * sizeof(FullTransactionId));
		writers.n = kept->nrunning;
	}
	else
		writers.n = finished_since(kept, snapshot, others);
	changed = ca_catalog_changed(snapshot, practice, &writers);
	pfree(others);
	return changed;
}

/* Is the snapshot older than the kept one?  Of equal xmax, fewer run later. */
static bool
is_older(const CaStamp *kept, Snapshot snapshot)
{
	if (snapshot->xmax != kept->xmax)
		return TransactionIdPrecedes(snapshot->xmax, kept->xmax);
	if (snapshot->xcnt != kept->xcnt)
		return snapshot->xcnt > kept->xcnt;
	return snapshot->subxcnt > kept->subxcnt;
}

/*
 * Has no transaction ended in between?  A snapshot does not list the own one as
 * running, so that its end shows in nothing but that it is no longer this one.
 */
static bool
shows_nothing_new(const CaKept *kept, Snapshot snapshot)
{
	return ca_version_same_others(&kept->stamp, snapshot) &&
		   (!TransactionIdIsValid(kept->own) || kept->own == GetTopTransactionIdIfAny());
}

CaKeptState
ca_version_check(CaKept *kept, Snapshot snapshot, const CaId *practice, MemoryContext cxt)
{
	if (ca_catalog_change_log() != kept->log)
		return CA_KEPT_CHANGED;
	if (shows_nothing_new(kept, snapshot))
	{
		if (IsolationIsSerializable() && changed_since(kept, snapshot, practice))
			return CA_KEPT_CHANGED;
		return CA_KEPT_FITS;
	}
	if (snapshot->takenDuringRecovery != kept->stamp.recovery ||
		snapshot->suboverflowed != kept->stamp.suboverflowed)
	{
		/* Not comparable when equal in xmax; later all the same when greater. */
		if (!TransactionIdFollows(snapshot->xmax, kept->stamp.xmax))
			return CA_KEPT_OLDER;
	}
	else if (is_older(&kept->stamp, snapshot))
		return CA_KEPT_OLDER;

	/* Numbers of transactions are compared modulo 2^32: not over too long a time. */
	if (U64FromFullTransactionId(full_xid(snapshot->xmax, ReadNextFullTransactionId())) -
			U64FromFullTransactionId(kept->xmax) >
		FAR_AWAY)
		return CA_KEPT_CHANGED;
	if (changed_since(kept, snapshot, practice))
		return CA_KEPT_CHANGED;
	ca_version_keep(kept, snapshot, cxt);
	return CA_KEPT_FITS;
}

/*
 * Whether changes are logged changes rarely and takes a while to find out, so
 * it is kept like any other fact of no practice.
 */
bool
ca_version_changes_are_logged(Snapshot snapshot)
{
	if (OidIsValid(logged_kept.log))
	{
		switch (ca_version_check(&logged_kept, snapshot, NULL, TopMemoryContext))
		{
			case CA_KEPT_FITS:
				return logged;
			case CA_KEPT_OLDER:
				return false;
			case CA_KEPT_CHANGED:
				break;
		}
	}
	logged_kept.log = InvalidOid;
	logged = ca_catalog_changes_are_logged(snapshot);
	ca_version_keep(&logged_kept, snapshot, TopMemoryContext);
	return logged;
}

/*
 * Entering changes
 */

void
ca_version_log(const CaId *practice)
{
	changes_facts = true;
	if (entered_all)
		return;
	if (practice == NULL)
	{
		ca_catalog_log_change(NULL);
		entered_all = true;
		return;
	}

	if (entered == NULL)
		entered = ca_idset_create(TopTransactionContext, 0);
	if (ca_idset_find(entered, practice) >= 0)
		return;
	ca_catalog_log_change(practice);
	ca_idset_intern(entered, practice);
}

/* What this transaction entered before may be gone with the rest. */
void
ca_version_log_pruned(void)
{
	forget_entered();
	ca_version_log(NULL);
}
