/*-------------------------------------------------------------------------
 *
 * version.c
 *	  Whether facts that were read earlier are still those that a snapshot
 *	  shows.
 *
 * Contract.  Facts are read under an MVCC snapshot and may be used again only
 * under a snapshot that shows the same rows.  Two snapshots do, when
 *
 *	- the same transactions of others count as finished: their lists of
 *	  running transactions are equal.  Where both carry the server's count of
 *	  ended transactions (snapXactCompletionCount), that alone says so; copies
 *	  do not, and a running statement's snapshot is a copy;
 *	- they see the same of the own transaction: the same command counter, and
 *	  no (sub)transaction of this backend ended in between, since an abort
 *	  takes rows away without moving the counter.
 *
 * Nothing here is assumed from invalidation messages: they are sent after the
 * rows of a commit have become visible.
 *
 * The version log gets one entry per transaction and practice.  What has been
 * entered is remembered until the transaction ends, or until any part of it is
 * rolled back, perhaps with the entry: then it is entered once more.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/memutils.h"

#include "catalog.h"
#include "idset.h"
#include "version.h"

/* Moves at every end of a transaction or subtransaction of this backend. */
static uint64 own_epoch = 1;

/* What this transaction has entered into the log; null: nothing yet. */
static CaIdSet *entered = NULL;
static bool     entered_all = false;

/* The set itself lies in the transaction's memory. */
static void
forget_entered(void)
{
	entered = NULL;
	entered_all = false;
}

static void
on_transaction_end(XactEvent event, void *arg)
{
	own_epoch++;
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

void
ca_version_stamp(Snapshot snapshot, MemoryContext cxt, CaStamp *stamp)
{
	Assert(snapshot->snapshot_type == SNAPSHOT_MVCC);

	stamp->own_epoch = own_epoch;
	stamp->completed = snapshot->snapXactCompletionCount;
	stamp->xmin = snapshot->xmin;
	stamp->xmax = snapshot->xmax;
	stamp->curcid = snapshot->curcid;
	stamp->xcnt = snapshot->xcnt;
	stamp->subxcnt = snapshot->subxcnt;
	stamp->in_progress = NULL;

	/*
	 * A snapshot that was copied after some backend ran out of room for its
	 * subtransactions keeps their number but not their list.  The running
	 * top-level transactions say it all then.
	 */
	if (snapshot->subxip == NULL)
		stamp->subxcnt = 0;

	if (stamp->completed == 0)
	{
		Size n = snapshot->xcnt + stamp->subxcnt;

		stamp->in_progress = MemoryContextAlloc(cxt, (n + 1) * sizeof(TransactionId));
		if (snapshot->xcnt > 0)
			memcpy(stamp->in_progress, snapshot->xip,
				   snapshot->xcnt * sizeof(TransactionId));
		if (stamp->subxcnt > 0)
			memcpy(stamp->in_progress + snapshot->xcnt, snapshot->subxip,
				   stamp->subxcnt * sizeof(TransactionId));
	}
}

static bool
same_in_progress(const CaStamp *stamp, Snapshot snapshot)
{
	if (snapshot->xcnt > 0 &&
		memcmp(stamp->in_progress, snapshot->xip,
			   snapshot->xcnt * sizeof(TransactionId)) != 0)
		return false;
	return stamp->subxcnt <= 0 ||
		   memcmp(stamp->in_progress + snapshot->xcnt, snapshot->subxip,
				  stamp->subxcnt * sizeof(TransactionId)) == 0;
}

bool
ca_version_same(const CaStamp *stamp, Snapshot snapshot)
{
	if (stamp->own_epoch != own_epoch ||
		stamp->completed != snapshot->snapXactCompletionCount ||
		stamp->curcid != snapshot->curcid ||
		stamp->xmin != snapshot->xmin ||
		stamp->xmax != snapshot->xmax ||
		stamp->xcnt != snapshot->xcnt ||
		stamp->subxcnt != (snapshot->subxip ? snapshot->subxcnt : 0))
		return false;
	return stamp->completed != 0 || same_in_progress(stamp, snapshot);
}

void
ca_version_log(const CaId *practice)
{
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
