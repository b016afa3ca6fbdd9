/*-------------------------------------------------------------------------
 *
 * fail_at.c
 *	  Make the n-th call fail that the library makes into the server.
 *
 * A test arms it with fail_at(n).  Every function below may raise an error in
 * the server: there is no memory, a lock is not to be had, the query was
 * cancelled, a page cannot be read.  Where it does so does not matter to the
 * caller, so the error is raised in place of the call.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "executor/tuptable.h"
#include "common/relpath.h"
#include "fmgr.h"
#include "nodes/bitmapset.h"
#include "utils/array.h"
#include "utils/memutils.h"
#include "utils/relcache.h"

PG_FUNCTION_INFO_V1(fail_at);
PG_FUNCTION_INFO_V1(fail_calls);

static int64 calls = 0;
static int64 left = 0; /* before the one that fails; 0: none does */

static bool
fails_now(void)
{
	calls++;
	return left > 0 && --left == 0;
}

static void
may_fail(const char *function)
{
	if (fails_now())
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("injected failure in %s", function)));
}

#define WRAP(result, name, parameters, arguments) \
	extern result __real_##name parameters;       \
	extern result __wrap_##name parameters;       \
	result                                        \
	__wrap_##name parameters                      \
	{                                             \
		may_fail(#name);                          \
		return __real_##name arguments;           \
	}

/* Memory */
WRAP(void *, palloc, (Size size), (size))
WRAP(void *, palloc0, (Size size), (size))
WRAP(void *, repalloc, (void *pointer, Size size), (pointer, size))
WRAP(void *, repalloc_huge, (void *pointer, Size size), (pointer, size))
WRAP(void *, MemoryContextAlloc, (MemoryContext cxt, Size size), (cxt, size))
WRAP(void *, MemoryContextAllocZero, (MemoryContext cxt, Size size), (cxt, size))
#if PG_VERSION_NUM < 170000 /* there is none since */
WRAP(void *, MemoryContextAllocZeroAligned, (MemoryContext cxt, Size size), (cxt, size))
#endif
WRAP(void *, MemoryContextAllocHuge, (MemoryContext cxt, Size size), (cxt, size))
WRAP(char *, MemoryContextStrdup, (MemoryContext cxt, const char *string), (cxt, string))
WRAP(char *, pstrdup, (const char *string), (string))
WRAP(char *, pnstrdup, (const char *string, Size length), (string, length))
WRAP(char *, text_to_cstring, (const text *value), (value))
WRAP(MemoryContext, AllocSetContextCreateInternal, (MemoryContext parent, const char *name, Size min, Size initial, Size max), (parent, name, min, initial, max))
WRAP(Bitmapset *, bms_add_member, (Bitmapset *set, int member), (set, member))
WRAP(Bitmapset *, bms_add_members, (Bitmapset *set, const Bitmapset *other), (set, other))
WRAP(void, deconstruct_array, (ArrayType *array, Oid type, int length, bool by_value, char align, Datum **values, bool **nulls, int *n), (array, type, length, by_value, align, values, nulls, n))

/* The one that may return nothing instead. */
extern void *__real_MemoryContextAllocExtended(MemoryContext cxt, Size size, int flags);
extern void *__wrap_MemoryContextAllocExtended(MemoryContext cxt, Size size, int flags);
void *
__wrap_MemoryContextAllocExtended(MemoryContext cxt, Size size, int flags)
{
	if (flags & MCXT_ALLOC_NO_OOM)
		return fails_now() ? NULL : __real_MemoryContextAllocExtended(cxt, size, flags);
	may_fail("MemoryContextAllocExtended");
	return __real_MemoryContextAllocExtended(cxt, size, flags);
}

/* Relations and their rows */
WRAP(Relation, table_open, (Oid relid, LOCKMODE lockmode), (relid, lockmode))
WRAP(Relation, index_open, (Oid relid, LOCKMODE lockmode), (relid, lockmode))
WRAP(Relation, RelationIdGetRelation, (Oid relid), (relid))
WRAP(List *, RelationGetIndexList, (Relation relation), (relation))
WRAP(BlockNumber, RelationGetNumberOfBlocksInFork, (Relation relation, ForkNumber fork), (relation, fork))
WRAP(TupleTableSlot *, table_slot_create, (Relation relation, List **list), (relation, list))
WRAP(void, index_rescan, (IndexScanDesc scan, ScanKey keys, int nkeys, ScanKey orderbys, int norderbys), (scan, keys, nkeys, orderbys, norderbys))
WRAP(bool, index_getnext_slot, (IndexScanDesc scan, ScanDirection direction, TupleTableSlot *slot), (scan, direction, slot))
WRAP(ItemPointer, index_getnext_tid, (IndexScanDesc scan, ScanDirection direction), (scan, direction))
WRAP(SysScanDesc, systable_beginscan, (Relation relation, Oid index, bool index_ok, Snapshot snapshot, int nkeys, ScanKey keys), (relation, index, index_ok, snapshot, nkeys, keys))
WRAP(HeapTuple, systable_getnext, (SysScanDesc scan), (scan))
WRAP(void, slot_getsomeattrs_int, (TupleTableSlot *slot, int attno), (slot, attno))

/* The system catalog, the user, interrupts */
WRAP(HeapTuple, SearchSysCache1, (int cache, Datum key), (cache, key))
WRAP(Oid, GetSysCacheOid, (int cache, AttrNumber column, Datum key1, Datum key2, Datum key3, Datum key4), (cache, column, key1, key2, key3, key4))
WRAP(Oid, get_relname_relid, (const char *name, Oid schema), (name, schema))
WRAP(Oid, get_namespace_oid, (const char *name, bool missing_ok), (name, missing_ok))
WRAP(struct TypeCacheEntry *, lookup_type_cache, (Oid type, int flags), (type, flags))
WRAP(char *, GetUserNameFromId, (Oid role, bool missing_ok), (role, missing_ok))
WRAP(bool, superuser_arg, (Oid role), (role))
WRAP(void, ProcessInterrupts, (void), ())

Datum
fail_at(PG_FUNCTION_ARGS)
{
	left = PG_GETARG_INT64(0);
	PG_RETURN_VOID();
}

Datum
fail_calls(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(calls);
}
