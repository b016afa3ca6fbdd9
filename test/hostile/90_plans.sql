-- What plans and counters tell.  The role "guarded" has the library preloaded.

--- EXPLAIN in a session that has the library
-- as: guarded acting
-- expect: refused 42501
-- broken by: ALTER ROLE guarded SET careaccess.explain_guard = off
-- mended by: ALTER ROLE guarded RESET careaccess.explain_guard
EXPLAIN SELECT * FROM app.note WHERE client = :hidden;
EXPLAIN ANALYZE SELECT * FROM app.note WHERE client = :hidden;
EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off, FORMAT json) SELECT * FROM app.visit;
EXPLAIN SELECT * FROM app.patient_list WHERE email > 'a';
EXPLAIN SELECT * FROM app.visit_2025 WHERE fee < 0;
EXPLAIN (VERBOSE, BUFFERS, SETTINGS) UPDATE app.note SET body = 'x' WHERE client = :hidden;
EXPLAIN DELETE FROM app.note USING app.visit WHERE note.client = visit.client;
PREPARE p(bigint) AS SELECT * FROM app.note WHERE client = $1;
EXPLAIN EXECUTE p(:hidden);
EXPLAIN ANALYZE EXECUTE p(:hidden);
CREATE VIEW pg_temp.v AS SELECT * FROM app.note;
EXPLAIN SELECT count(*) FROM pg_temp.v;
CREATE FUNCTION pg_temp.n(c bigint) RETURNS SETOF app.note LANGUAGE sql STABLE AS 'SELECT * FROM app.note WHERE client = c';
EXPLAIN SELECT * FROM pg_temp.n(:hidden);
CREATE FUNCTION pg_temp.plan(q text) RETURNS SETOF text LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN RETURN QUERY EXECUTE 'EXPLAIN ' || q; END $$;
SELECT pg_temp.plan('SELECT * FROM app.note WHERE client = 901');
DO $$ DECLARE l text; BEGIN FOR l IN EXECUTE 'EXPLAIN ANALYZE SELECT * FROM app.letter' LOOP RAISE NOTICE '%', l; END LOOP; EXCEPTION WHEN OTHERS THEN RAISE NOTICE '% %', SQLSTATE, SQLERRM; END $$;
EXPLAIN CREATE TABLE pg_temp.t AS SELECT * FROM app.note;
EXPLAIN DECLARE c CURSOR FOR SELECT * FROM app.note;
EXPLAIN SELECT * FROM generate_series(1, 10) AS g WHERE g IN (SELECT client FROM app.note);
EXPLAIN SELECT 1 WHERE EXISTS (SELECT FROM app.note WHERE client = :hidden);
EXPLAIN SELECT (SELECT count(*) FROM app.note WHERE client = :hidden);
EXPLAIN SELECT * FROM app.open_mark AS m LEFT JOIN app.note AS n ON n.id = m.note;
EXPLAIN VALUES ((SELECT max(id) FROM app.note));
EXPLAIN INSERT INTO app.note (id, client, body) SELECT id, client, body FROM app.note;
EXPLAIN MERGE INTO app.note AS n USING app.visit AS v ON n.id = v.id WHEN MATCHED THEN DO NOTHING;
EXPLAIN SELECT * FROM app.note TABLESAMPLE SYSTEM (50);
EXPLAIN SELECT * FROM app.note UNION ALL SELECT * FROM app.note;
SELECT query_to_xml('EXPLAIN SELECT * FROM app.note', true, false, '');
SET client_min_messages = log; SET debug_print_plan = on;
SELECT count(*) FROM app.note WHERE client = :hidden;
SET debug_print_plan = off; SET debug_print_rewritten = on;
SELECT count(*) FROM app.note WHERE client = :hidden;
RESET debug_print_rewritten; RESET client_min_messages;

--- the buffers of queries within a query that is explained
-- as: guarded acting login
-- expect: refused 42501
CREATE FUNCTION pg_temp.n(c bigint) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT count(*) FROM app.note WHERE client = c); END $$;
SET enable_seqscan = off;
SELECT pg_temp.n(1);
EXPLAIN (ANALYZE, BUFFERS, TIMING off, SUMMARY off) SELECT pg_temp.n(:hidden);
CREATE FUNCTION pg_temp.m(c bigint) RETURNS bigint LANGUAGE sql VOLATILE SECURITY DEFINER AS 'SELECT count(*) FROM app.note WHERE client = c';
EXPLAIN (ANALYZE, BUFFERS, TIMING off, SUMMARY off) SELECT * FROM generate_series(1, 2), LATERAL pg_temp.m(901);
EXPLAIN (ANALYZE, BUFFERS, TIMING off, SUMMARY off) SELECT * FROM query_to_xml('SELECT count(*) FROM app.note WHERE client = 901', true, false, '');
EXPLAIN (ANALYZE, WAL, BUFFERS, TIMING off, SUMMARY off) DELETE FROM app.open_mark WHERE pg_temp.n(901) > 0;
RESET enable_seqscan;

--- the guard turned off
-- as: guarded acting login
-- expect: refused 42501
SET careaccess.explain_guard = off;
SELECT set_config('careaccess.explain_guard', 'off', true);
ALTER ROLE CURRENT_USER SET careaccess.explain_guard = off;
CREATE FUNCTION pg_temp.off() RETURNS SETOF text LANGUAGE plpgsql SET careaccess.explain_guard = off AS $$ BEGIN RETURN QUERY EXECUTE 'EXPLAIN SELECT * FROM app.note'; END $$;
SELECT pg_temp.off();
SET session_preload_libraries = '';
EXPLAIN SELECT * FROM app.note;

--- plans in the first statement of a session, without the library
-- as: login bare
-- expect: documented Plans
EXPLAIN (ANALYZE, TIMING off, SUMMARY off) SELECT * FROM app.note WHERE divisor = 0;

--- plans in the first statement of a session that has it preloaded
-- as: guarded
-- expect: refused 42501
\setenv PGOPTIONS '-c careaccess.explain_guard=off'
\c
EXPLAIN (ANALYZE, TIMING off, SUMMARY off) SELECT * FROM app.note WHERE divisor = 0;
SELECT door.enter('ticket of bert') \g /dev/null

--- counters of rows that were read
-- as: acting login
-- expect: documented Counters
BEGIN;
SET LOCAL enable_seqscan = off;
SELECT count(*) FROM app.note WHERE client = :hidden;
SELECT idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relid = 'app.note'::regclass;
ROLLBACK;

--- counters, after they were taken away
-- as: acting login
-- after: Take the counters away
-- expect: refused 42501
BEGIN;
SET LOCAL enable_seqscan = off;
SELECT count(*) FROM app.note WHERE client = :hidden;
SAVEPOINT s;
SELECT idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relid = 'app.note'::regclass;
ROLLBACK TO s;
SELECT * FROM pg_stat_xact_all_tables WHERE relid = 'app.note'::regclass;
ROLLBACK TO s;
SELECT pg_stat_get_xact_tuples_fetched('app.note'::regclass), pg_stat_get_xact_tuples_returned('app.note_client_idx'::regclass);
ROLLBACK TO s;
SELECT pg_stat_get_xact_numscans('app.note'::regclass), pg_stat_get_xact_blocks_fetched('app.note'::regclass);
ROLLBACK TO s;
SELECT * FROM pg_stat_user_tables WHERE relid = 'app.note'::regclass;
ROLLBACK TO s;
SELECT * FROM pg_stat_user_indexes WHERE relid = 'app.note'::regclass;
ROLLBACK TO s;
SELECT * FROM pg_statio_user_tables WHERE relid = 'app.note'::regclass;
ROLLBACK TO s;
SELECT pg_stat_get_db_tuples_fetched(oid), pg_stat_get_db_tuples_returned(oid) FROM pg_database WHERE datname = current_database();
ROLLBACK TO s;
SELECT * FROM pg_stat_database;
ROLLBACK TO s;
SELECT pg_stat_get_live_tuples('app.note'::regclass), pg_stat_get_mod_since_analyze('app.note'::regclass);
ROLLBACK TO s;
SELECT pg_total_relation_size('app.note');
ROLLBACK TO s;
SELECT pg_relation_size('app.note'), pg_table_size('app.note'), pg_indexes_size('app.note');
ROLLBACK;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off;
SELECT count(*) FROM app.note WHERE client = :hidden;
SELECT page, tuple FROM pg_locks WHERE mode = 'SIReadLock';
ROLLBACK;
