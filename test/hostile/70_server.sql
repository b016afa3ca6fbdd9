-- The server around the tables: files, statistics, other sessions, replication, other extensions.

--- statistics
-- as: acting wide login nobody planter
-- broken by: GRANT SELECT ON pg_statistic_ext_data, pg_statistic TO PUBLIC
-- mended by: REVOKE SELECT ON pg_statistic_ext_data, pg_statistic FROM PUBLIC
SELECT tablename, attname, most_common_vals, histogram_bounds, n_distinct, null_frac FROM pg_stats WHERE schemaname = 'app';
SELECT * FROM pg_stats_ext WHERE schemaname = 'app';
SELECT * FROM pg_stats_ext_exprs WHERE schemaname = 'app';
SELECT * FROM pg_stats WHERE schemaname = 'careaccess';
SELECT stavalues1, stavalues2 FROM pg_statistic;
SELECT * FROM pg_statistic_ext_data;
SELECT pg_mcv_list_items(stxdmcv) FROM pg_statistic_ext_data;
SELECT pg_get_statisticsobjdef(oid) FROM pg_statistic_ext WHERE stxrelid = 'app.note'::regclass;
SELECT stxname, stxstattarget FROM pg_statistic_ext WHERE stxrelid = 'app.note'::regclass;

--- sizes and counts
-- as: acting
-- expect: documented Sizes and counts
SELECT relname, reltuples, relpages FROM pg_class WHERE oid IN ('app.note'::regclass, 'careaccess.client'::regclass) ORDER BY 1;
SELECT n_tup_ins, n_live_tup FROM pg_stat_user_tables WHERE relid = 'app.note'::regclass;
SELECT pg_relation_size('app.note'), pg_total_relation_size('app.visit_2025'), pg_database_size(current_database()) > 0;

--- a sequence
-- as: acting
-- expect: documented Sequences
BEGIN;
INSERT INTO app.note (id, client, author, body) VALUES (50, 1, 'bert', 'x') RETURNING nr;
ROLLBACK;

--- a sequence without SELECT on it
-- as: acting nobody
-- expect: refused 42501
SELECT last_value FROM careaccess.adoption_statement_seq;
SELECT pg_sequence_last_value('careaccess.adoption_statement_seq');
SELECT last_value FROM pg_sequences WHERE schemaname = 'careaccess';
SELECT setval('app.note_nr_seq', 1);
SELECT currval('app.note_nr_seq');

--- files and programs
-- as: everybody
-- expect: refused 42501
COPY app.note TO '/tmp/hostile';
COPY app.note TO PROGRAM 'cat';
COPY app.note (id) FROM PROGRAM 'echo 1';
CREATE TEMP TABLE line (l text);
COPY line FROM '/etc/passwd';
COPY line FROM PROGRAM 'id';
SELECT pg_read_file('postgresql.conf');
SELECT pg_read_binary_file('global/pg_filenode.map');
SELECT pg_ls_dir('base'), pg_stat_file('base');
SELECT pg_ls_waldir(), pg_ls_logdir();
SELECT pg_current_logfile();
SELECT lo_import('/etc/passwd');
SELECT pg_hba_file_rules();
SELECT pg_rotate_logfile(), pg_reload_conf();
LOAD 'careaccess';
LOAD '/tmp/x.so';
SELECT sourcefile FROM pg_file_settings;

--- large objects
-- as: acting
-- expect: documented Large objects
-- what one member puts there, another of the same role reads: there is no row security for it
SELECT lo_from_bytea(987654, convert_to('body', 'UTF8'));
SELECT door.enter('ticket of dora');
SELECT convert_from(lo_get(987654), 'UTF8'), (SELECT string_agg(body, ' ') FROM app.note WHERE client = 3) \g /dev/null
SELECT lo_put(987654, 0, convert_to((SELECT string_agg(body, ' ') FROM app.note WHERE client = 3), 'UTF8'));
SELECT door.enter('ticket of bert');
SELECT convert_from(lo_get(987654), 'UTF8');

--- logical decoding, replication
-- as: everybody
-- expect: refused 42501
SELECT pg_create_logical_replication_slot('mine', 'test_decoding');
SELECT pg_create_physical_replication_slot('mine');
SELECT * FROM pg_logical_slot_peek_changes('mine', NULL, NULL);
SELECT pg_logical_slot_get_binary_changes('mine', NULL, NULL);
CREATE SUBSCRIPTION mine CONNECTION 'dbname=x' PUBLICATION x WITH (connect = false);
SELECT pg_replication_origin_create('mine');
SELECT * FROM pg_show_replication_origin_status();
SELECT pg_switch_wal(), pg_create_restore_point('x');
SELECT pg_backup_start('x');

--- messages into the log of changes
-- as: acting nobody
SELECT pg_logical_emit_message(true, 'hostile', 'x') IS NULL;

--- other sessions
-- as: acting login planter nobody
-- expect: refused 42501
SELECT count(*) FROM pg_stat_activity WHERE usename IS DISTINCT FROM current_user AND query !~ 'insufficient privilege' AND query <> '';
SELECT usename, query FROM pg_stat_activity WHERE usename = 'postgres' ORDER BY query;
SELECT query FROM pg_stat_activity WHERE usename = 'postgres' AND query ~ 'SECRET';
SELECT count(pg_stat_get_backend_activity(s.id)) FROM pg_stat_get_backend_idset() AS s (id) WHERE pg_stat_get_backend_activity(s.id) ~ 'SECRET';
SELECT count(*) FROM pg_stat_statements;
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres' AND backend_type = 'client backend';
SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE backend_type = 'checkpointer';
SELECT pg_log_backend_memory_contexts(pg_backend_pid());
SELECT * FROM pg_backend_memory_contexts;
SELECT * FROM pg_shmem_allocations;
SELECT pg_stat_reset();
SELECT rolpassword FROM pg_authid;
SELECT * FROM pg_user_mapping;
SELECT subconninfo FROM pg_subscription;

--- sessions of the same role
-- as: acting
-- expect: documented Other sessions of the same role
SELECT query FROM pg_stat_activity WHERE query ~ 'hostile neighbour';

--- locks
-- as: acting wide login
BEGIN;
SELECT id FROM app.note WHERE id = 11 FOR UPDATE;
SELECT count(*) FROM pg_locks WHERE locktype IN ('tuple', 'advisory', 'userlock', 'object') AND pid <> pg_backend_pid();
SELECT pg_try_advisory_lock(901), pg_try_advisory_lock(1, 901);
SELECT pg_advisory_unlock_all();
SELECT careaccess_can_view('bert', :hidden);
LOCK TABLE app.note IN ACCESS EXCLUSIVE MODE;
SELECT id FROM app.note ORDER BY id;
ROLLBACK;
LOCK TABLE app.patient_list IN ACCESS SHARE MODE;

--- notifications
-- as: acting nobody login
LISTEN careaccess_emergency;
LISTEN "*";
NOTIFY careaccess_emergency, 'x';
SELECT pg_notify('careaccess_emergency', '901');
SELECT * FROM pg_listening_channels() ORDER BY 1;
UNLISTEN *;

--- an emergency for a client whom one does not see
-- as: acting
-- expect: documented Emergency access
LISTEN careaccess_emergency;
BEGIN;
SELECT careaccess_break_glass(:hidden, 'because I can say so', 5);
ROLLBACK;
SELECT 1;

--- extensions, languages, foreign servers
-- as: everybody
-- expect: refused 42501
CREATE EXTENSION dblink;
CREATE EXTENSION postgres_fdw;
CREATE EXTENSION hstore SCHEMA pg_temp;
CREATE EXTENSION pageinspect;
CREATE EXTENSION pg_stat_statements;
CREATE LANGUAGE plpython3u;
DO LANGUAGE c 'x';
CREATE FUNCTION pg_temp.f() RETURNS void LANGUAGE c AS '/tmp/x.so', 'f';
CREATE FOREIGN DATA WRAPPER w;
CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw;
CREATE ACCESS METHOD mine TYPE INDEX HANDLER bthandler;
CREATE TRANSFORM FOR careaccess.id LANGUAGE plpgsql (FROM SQL WITH FUNCTION now());
CREATE CONVERSION pg_temp.c FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1;
CREATE TABLESPACE t LOCATION '/tmp';
CREATE DATABASE mine TEMPLATE clinic_a;
ALTER SYSTEM SET row_security = off;
CHECKPOINT;

--- dblink, where the DBA has it
-- needs: dblink
-- as: acting planter nobody
SELECT * FROM dblink('dbname=' || current_database(), 'SELECT id, body FROM app.note') AS t (id bigint, body text);
SELECT dblink_connect('dbname=' || current_database() || ' user=postgres');
SELECT dblink_connect_u('dbname=' || current_database() || ' user=postgres');
SELECT * FROM dblink('dbname=' || current_database() || ' user=postgres password=x', 'SELECT id, body FROM app.note') AS t (id bigint, body text);

--- what the server shows of settings and messages
-- as: acting login
SET client_min_messages = debug5;
SELECT id FROM app.note ORDER BY id \g /dev/null
SET client_min_messages = log;
SET debug_print_parse = on; SET trace_sort = on;
SELECT count(*) FROM pg_settings WHERE setting ~ 'SECRET|ANNAS';
RESET client_min_messages; RESET debug_print_parse; RESET trace_sort;
SHOW careaccess.token;
SELECT count(*) FROM pg_settings WHERE name IN ('careaccess.token', 'careaccess.acting', 'careaccess.operation');
SET log_statement = 'all';
SET log_min_messages = debug5;
SET log_executor_stats = on;
SET log_lock_waits = on;
SET compute_query_id = on;
SET shared_preload_libraries = 'x';
SET session_preload_libraries = 'x';
SET local_preload_libraries = 'x';
SET dynamic_library_path = '/tmp';
SET allow_in_place_tablespaces = on;
SET backtrace_functions = 'ca_sql_row_view';
SET zero_damaged_pages = on;
SET ignore_system_indexes = on;
SET allow_system_table_mods = on;

--- the catalogs of the server written
-- as: everybody
-- expect: refused 42501
UPDATE pg_class SET relrowsecurity = false WHERE oid = 'app.note'::regclass;
UPDATE pg_proc SET proleakproof = true;
DELETE FROM pg_policy;
INSERT INTO pg_auth_members SELECT * FROM pg_auth_members;
UPDATE pg_database SET datacl = NULL;
