/*-------------------------------------------------------------------------
 *
 * compat.h
 *	  What differs between the supported major versions of PostgreSQL.
 *
 * Every test of PG_VERSION_NUM in the tree is here.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CA_COMPAT_H
#define CA_COMPAT_H

#if PG_VERSION_NUM < 150000
#error "careaccess needs PostgreSQL 15 or later"
#endif

/* 16 moved the macros for variable-length values out of postgres.h. */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* 18 renamed the attribute and wants it in front. */
#if PG_VERSION_NUM >= 180000
#define CA_NORETURN pg_noreturn
#else
#define CA_NORETURN pg_attribute_noreturn()
#endif

/* 18 took the execute_once argument out of the executor's run hook. */
#if PG_VERSION_NUM >= 180000
#define CA_EXECUTOR_RUN_ARGS \
	QueryDesc *query_desc, ScanDirection direction, uint64 count
#define CA_EXECUTOR_RUN_PASS query_desc, direction, count
#else
#define CA_EXECUTOR_RUN_ARGS \
	QueryDesc *query_desc, ScanDirection direction, uint64 count, bool execute_once
#define CA_EXECUTOR_RUN_PASS query_desc, direction, count, execute_once
#endif

/*
 * 16 says of an update not only whether indexes need an entry for it, but which
 * kind of them; the function that makes the entries got a last argument for it.
 * 19 made flags of its booleans.
 */
#if PG_VERSION_NUM >= 190000
#define CA_INSERT_INDEX_TUPLES(target, slot, estate) \
	ExecInsertIndexTuples((target), (estate), 0, (slot), NIL, NULL)
#define CaIndexUpdate TU_UpdateIndexes
#define CA_UPDATE_INDEX_TUPLES(target, slot, estate, needed)                                         \
	ExecInsertIndexTuples((target), (estate),                                                        \
						  EIIT_IS_UPDATE | ((needed) == TU_Summarizing ? EIIT_ONLY_SUMMARIZING : 0), \
						  (slot), NIL, NULL)
#elif PG_VERSION_NUM >= 160000
#define CA_INSERT_INDEX_TUPLES(target, slot, estate) \
	ExecInsertIndexTuples((target), (slot), (estate), false, false, NULL, NIL, false)
#define CaIndexUpdate TU_UpdateIndexes
#define CA_UPDATE_INDEX_TUPLES(target, slot, estate, needed) \
	ExecInsertIndexTuples((target), (slot), (estate), true, false, NULL, NIL, (needed) == TU_Summarizing)
#else
#define CA_INSERT_INDEX_TUPLES(target, slot, estate) \
	ExecInsertIndexTuples((target), (slot), (estate), false, false, NULL, NIL)
#define CaIndexUpdate bool
#define CA_UPDATE_INDEX_TUPLES(target, slot, estate, needed) \
	ExecInsertIndexTuples((target), (slot), (estate), true, false, NULL, NIL)
#endif

/* 19 gave updates and scans options, of which none is wanted. */
#if PG_VERSION_NUM >= 190000
#define CA_TABLE_TUPLE_UPDATE(relation, tid, slot, cid, snapshot, failure, mode, indexes)      \
	table_tuple_update((relation), (tid), (slot), (cid), 0, (snapshot), InvalidSnapshot, true, \
					   (failure), (mode), (indexes))
#define CA_TABLE_BEGINSCAN(relation, snapshot, nkeys) \
	table_beginscan((relation), (snapshot), (nkeys), NULL, SO_NONE)
#else
#define CA_TABLE_TUPLE_UPDATE(relation, tid, slot, cid, snapshot, failure, mode, indexes)   \
	table_tuple_update((relation), (tid), (slot), (cid), (snapshot), InvalidSnapshot, true, \
					   (failure), (mode), (indexes))
#define CA_TABLE_BEGINSCAN(relation, snapshot, nkeys) \
	table_beginscan((relation), (snapshot), (nkeys), NULL)
#endif

/* 16 replaced pg_proc_aclcheck() by object_aclcheck(). */
#if PG_VERSION_NUM >= 160000
#define CA_MAY_EXECUTE(proc, role) \
	(object_aclcheck(ProcedureRelationId, (proc), (role), ACL_EXECUTE) == ACLCHECK_OK)
#else
#define CA_MAY_EXECUTE(proc, role) \
	(pg_proc_aclcheck((proc), (role), ACL_EXECUTE) == ACLCHECK_OK)
#endif

/* 18 lets a scan by index report what it did; 19 gave it options. */
#if PG_VERSION_NUM >= 190000
#define CA_INDEX_BEGINSCAN(heap, index, snapshot, nkeys) \
	index_beginscan((heap), (index), (snapshot), NULL, (nkeys), 0, SO_NONE)
#elif PG_VERSION_NUM >= 180000
#define CA_INDEX_BEGINSCAN(heap, index, snapshot, nkeys) \
	index_beginscan((heap), (index), (snapshot), NULL, (nkeys), 0)
#else
#define CA_INDEX_BEGINSCAN(heap, index, snapshot, nkeys) \
	index_beginscan((heap), (index), (snapshot), (nkeys), 0)
#endif

/* 18 finds a deferrable primary key only where that is asked for; none of ours is. */
#if PG_VERSION_NUM >= 180000
#define CA_PRIMARY_KEY_INDEX(relation) RelationGetPrimaryKeyIndex((relation), false)
#else
#define CA_PRIMARY_KEY_INDEX(relation) RelationGetPrimaryKeyIndex(relation)
#endif

/* 19 tells the planner's hook for which EXPLAIN it plans. */
#if PG_VERSION_NUM >= 190000
#define CA_PLANNER_ARGS \
	Query *query, const char *query_string, int cursor_options, ParamListInfo params, struct ExplainState *explain
#define CA_PLANNER_PASS query, query_string, cursor_options, params, explain
#else
#define CA_PLANNER_ARGS \
	Query *query, const char *query_string, int cursor_options, ParamListInfo params
#define CA_PLANNER_PASS query, query_string, cursor_options, params
#endif

/* 19 lets no hook change what the queries' fingerprints are made of. */
#if PG_VERSION_NUM >= 190000
#define CaJumbleState const JumbleState
#else
#define CaJumbleState JumbleState
#endif

/*
 * 16 lets the actions of the JSON parser fail; ours note what is wrong and go
 * on.  17 wants to be told where the lexer's state lies.
 */
#if PG_VERSION_NUM >= 160000
#define CA_JSON_ACTION JsonParseErrorType
#define CA_JSON_ACTION_DONE return JSON_SUCCESS
#else
#define CA_JSON_ACTION void
#define CA_JSON_ACTION_DONE return
#endif
#if PG_VERSION_NUM >= 170000
#define CA_JSON_LEX(json, length, encoding) \
	makeJsonLexContextCstringLen(NULL, (json), (length), (encoding), true)
#else
#define CA_JSON_LEX(json, length, encoding) \
	makeJsonLexContextCstringLen((json), (length), (encoding), true)
#endif

#endif /* CA_COMPAT_H */
