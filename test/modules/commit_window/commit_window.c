/*-------------------------------------------------------------------------
 *
 * commit_window.c
 *	  For tests: hold a committing backend where its rows are visible and
 *	  nobody has been told.
 *
 * COMMIT makes the rows of its transaction visible (ProcArrayEndTransaction),
 * then calls the callbacks for XACT_EVENT_COMMIT, and then sends the
 * invalidation messages (AtEOXact_Inval) and releases the locks.  So a callback
 * that waits holds its backend in between.  The order is the same in all
 * supported versions.  COMMIT PREPARED has no such place.
 *
 * Contract.  A backend that called commit_window_hold() waits at the commit of
 * that transaction, and at no other.  One backend at a time: the functions of
 * the others speak of whoever is held.  Needs shared_preload_libraries, for
 * its shared memory; is never installed.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/condition_variable.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "storage/spin.h"
#include "utils/wait_event.h"

PG_MODULE_MAGIC;

typedef struct Window
{
	slock_t           lock; /* for held */
	bool              held; /* a backend is in its window */
	ConditionVariable changed;
} Window;

static Window                 *window = NULL;
static bool                    hold_me = false;
static shmem_request_hook_type previous_request = NULL;
static shmem_startup_hook_type previous_startup = NULL;

PGDLLEXPORT void _PG_init(void);

static bool
is_held(void)
{
	bool held;

	SpinLockAcquire(&window->lock);
	held = window->held;
	SpinLockRelease(&window->lock);
	return held;
}

static void
set_held(bool held)
{
	SpinLockAcquire(&window->lock);
	window->held = held;
	SpinLockRelease(&window->lock);
	ConditionVariableBroadcast(&window->changed);
}

static void
wait_until_held_is(bool held)
{
	ConditionVariablePrepareToSleep(&window->changed);
	while (is_held() != held)
		ConditionVariableSleep(&window->changed, PG_WAIT_EXTENSION);
	ConditionVariableCancelSleep();
}

static void
on_transaction_end(XactEvent event, void *arg)
{
	bool hold = hold_me && event == XACT_EVENT_COMMIT;

	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
		hold_me = false;
	if (hold)
	{
		set_held(true);
		wait_until_held_is(false);
	}
}

static void
check_loaded(void)
{
	if (window == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("commit_window must be in shared_preload_libraries")));
}

PG_FUNCTION_INFO_V1(commit_window_hold);
PG_FUNCTION_INFO_V1(commit_window_wait);
PG_FUNCTION_INFO_V1(commit_window_release);

/* The commit of this transaction will be held. */
Datum
commit_window_hold(PG_FUNCTION_ARGS)
{
	check_loaded();
	hold_me = true;
	PG_RETURN_VOID();
}

/* Return as soon as a backend is held. */
Datum
commit_window_wait(PG_FUNCTION_ARGS)
{
	check_loaded();
	wait_until_held_is(true);
	PG_RETURN_VOID();
}

/* Let it go on. */
Datum
commit_window_release(PG_FUNCTION_ARGS)
{
	check_loaded();
	set_held(false);
	PG_RETURN_VOID();
}

static void
request_memory(void)
{
	if (previous_request)
		previous_request();
	RequestAddinShmemSpace(sizeof(Window));
}

static void
start_memory(void)
{
	bool found;

	if (previous_startup)
		previous_startup();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	window = ShmemInitStruct("commit_window", sizeof(Window), &found);
	if (!found)
	{
		SpinLockInit(&window->lock);
		window->held = false;
		ConditionVariableInit(&window->changed);
	}
	LWLockRelease(AddinShmemInitLock);
}

void
_PG_init(void)
{
	if (!process_shared_preload_libraries_in_progress)
		return;
	previous_request = shmem_request_hook;
	shmem_request_hook = request_memory;
	previous_startup = shmem_startup_hook;
	shmem_startup_hook = start_memory;
	RegisterXactCallback(on_transaction_end, NULL);
}
