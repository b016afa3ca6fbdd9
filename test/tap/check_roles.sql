-- careaccess_check: who may ask; roles, logins, settings, the server, keys, members
-- and clients.
BEGIN;
SELECT plan(128);
\ir check/clinic.sql

-- Who may ask
SELECT throws_ok(format('SET LOCAL ROLE %I; SELECT * FROM careaccess_check()', r), '42501', 'permission denied for function careaccess_check', r || ' may not ask')
FROM unnest('{careaccess_check_app,careaccess_check_ben,careaccess_check_other}'::name[]) AS r;
SAVEPOINT acting;
SELECT careaccess_act_as(1);
SELECT throws_ok('SELECT * FROM careaccess_check()', '42501', 'not allowed to check the installation', 'nor a superuser who acts as a member');
ROLLBACK TO acting;
SELECT careaccess_grant_administrator('careaccess_check_other');
SET LOCAL ROLE careaccess_check_other;
SELECT is((SELECT array_agg(code ORDER BY code) FILTER (WHERE code <> 'server_minor') FROM careaccess_check()), '{counters_public,not_preloaded}', 'an administrator may');
RESET ROLE;
ROLLBACK TO acting;

-- What roles are
SELECT pg_temp.hole('ALTER ROLE careaccess_check_app SUPERUSER', 'role_superuser: careaccess_check_app');
SELECT pg_temp.hole('ALTER ROLE careaccess_check_app BYPASSRLS', 'role_bypasses_rls: careaccess_check_app');
SELECT pg_temp.hole('ALTER ROLE careaccess_check_app REPLICATION', 'role_replicates: careaccess_check_app');
SELECT pg_temp.hole('ALTER ROLE careaccess_check_app CREATEROLE', 'role_creates_roles: careaccess_check_app');
SELECT pg_temp.hole('ALTER TABLE app.note OWNER TO careaccess_check_app; ALTER TABLE app.visit_2026 OWNER TO careaccess_check_app', 'role_owns_table: careaccess_check_app');
SELECT pg_temp.hole('GRANT pg_read_all_data TO careaccess_check_app', 'role_reads_everything: careaccess_check_app');
SELECT pg_temp.hole('GRANT pg_write_all_data, pg_execute_server_program TO careaccess_check_other; GRANT careaccess_check_other TO careaccess_check_app', 'role_reads_everything: careaccess_check_app');
SELECT pg_temp.hole('GRANT pg_read_all_stats TO careaccess_check_app', 'role_monitors: careaccess_check_app');

-- What roles can become
SELECT pg_temp.hole('ALTER ROLE careaccess_check_other BYPASSRLS; ALTER ROLE careaccess_check_app NOINHERIT; GRANT careaccess_check_other TO careaccess_check_app',
	'role_bypasses_rls: careaccess_check_app');
SELECT pg_temp.hole('CREATE ROLE "Between"; GRANT careaccess_check_owner TO "Between"; GRANT "Between" TO careaccess_check_app; GRANT careaccess_check_other TO careaccess_check_app;
	ALTER TABLE app.note OWNER TO careaccess_check_owner', 'role_owns_table: careaccess_check_app');
SELECT pg_temp.hole('ALTER ROLE careaccess_check_other SUPERUSER; GRANT careaccess_check_other TO careaccess_check_app WITH ADMIN OPTION', 'role_superuser: careaccess_check_app');

-- Who is an application role
SELECT pg_temp.hole('CREATE ROLE careaccess_check_web LOGIN BYPASSRLS; GRANT careaccess_check_app TO careaccess_check_web', 'role_bypasses_rls: careaccess_check_web');
SELECT pg_temp.hole('CREATE ROLE careaccess_check_web LOGIN SUPERUSER; GRANT careaccess_check_app TO careaccess_check_web', 'role_superuser: careaccess_check_web');
SELECT pg_temp.hole('ALTER ROLE careaccess_check_other BYPASSRLS; GRANT SELECT (id) ON app.note TO careaccess_check_other', 'role_bypasses_rls: careaccess_check_other');
SELECT pg_temp.hole('ALTER ROLE careaccess_check_other BYPASSRLS; GRANT EXECUTE ON FUNCTION careaccess_submit_form TO careaccess_check_other', 'role_bypasses_rls: careaccess_check_other');
SELECT is(pg_temp.found_by('ALTER ROLE careaccess_check_other BYPASSRLS REPLICATION LOGIN; ALTER ROLE careaccess_check_owner CREATEROLE; ALTER TABLE app.note OWNER TO careaccess_check_owner;
	SELECT careaccess_grant_administrator(''careaccess_check_owner'')'), '{}', 'neither who makes the backups nor an administrator who owns the tables is one');
SELECT is(pg_temp.found_by('CREATE ROLE careaccess_check_dba LOGIN NOINHERIT BYPASSRLS; GRANT careaccess_check_app TO careaccess_check_dba'), '{}',
	'nor who can become one and inherits nothing from it');

SELECT pg_temp.hole('ALTER TABLE app.note OWNER TO careaccess_check_owner; SELECT careaccess_grant_administrator(''careaccess_check_owner'');
	GRANT EXECUTE ON FUNCTION careaccess_act_as, careaccess_act_as_portal_user TO careaccess_check_owner', 'administrator_acts: careaccess_check_owner');
SELECT pg_temp.hole('REVOKE EXECUTE ON FUNCTION careaccess_share_client FROM careaccess_check_app', 'grants_incomplete: careaccess_check_app');
SELECT pg_temp.hole('SELECT careaccess_grant_administrator(''careaccess_check_other''); REVOKE EXECUTE ON FUNCTION careaccess_check FROM careaccess_check_other', 'grants_incomplete: careaccess_check_other');
SELECT is(pg_temp.found_by('GRANT EXECUTE ON FUNCTION careaccess_can_view(careaccess.id, careaccess.id, text), careaccess_book TO careaccess_check_other'), '{}',
	'a few functions that were picked are no incomplete grant');

-- Logins of members
SELECT pg_temp.hole('DROP OWNED BY careaccess_check_ben; DROP ROLE careaccess_check_ben', 'login_role_missing: careaccess_check_ben');
SELECT pg_temp.hole('ALTER ROLE careaccess_check_ben RENAME TO careaccess_check_benjamin', 'login_role_missing: careaccess_check_ben');
SELECT pg_temp.hole('DROP OWNED BY careaccess_check_ben; DROP ROLE careaccess_check_ben; CREATE ROLE careaccess_check_ben LOGIN', 'login_role_remade: careaccess_check_ben');
SELECT pg_temp.hole('ALTER ROLE careaccess_check_ben RENAME TO careaccess_check_benjamin; ALTER ROLE careaccess_check_other RENAME TO careaccess_check_ben', 'login_role_remade: careaccess_check_ben');
SELECT pg_temp.hole('DROP OWNED BY careaccess_check_ben; DROP ROLE careaccess_check_ben;
	UPDATE careaccess.member SET login_role = NULL; UPDATE careaccess.member SET login_role = ''careaccess_check_ben'' WHERE id::text = ''2'';
	CREATE ROLE careaccess_check_ben LOGIN', 'login_role_remade: careaccess_check_ben');
SELECT is(pg_temp.found_by('DROP OWNED BY careaccess_check_ben; DROP ROLE careaccess_check_ben; CREATE ROLE careaccess_check_ben LOGIN;
	SELECT careaccess_configure_member(2, ''{"login_role": null}''), careaccess_configure_member(2, ''{"login_role": "careaccess_check_ben"}'')'), '{}',
	'who is given the new role by an administrator has it');
SAVEPOINT load;
CREATE TEMP TABLE dump AS SELECT * FROM careaccess.member WHERE id::text = '2';
UPDATE dump SET login_role_oid = 1;
SET LOCAL session_replication_role = replica;
DELETE FROM careaccess.member WHERE id::text = '2';
INSERT INTO careaccess.member SELECT * FROM dump;
RESET session_replication_role;
SELECT is((SELECT login_role_oid FROM careaccess.member WHERE id::text = '2'), 'careaccess_check_ben'::regrole::oid, 'a load looks the role up anew, on a subscriber too');
ROLLBACK TO load;
SELECT is((SELECT count(*) FROM careaccess.member WHERE login_role_oid IS NOT NULL), 1::bigint, 'who has no login role has no number of one');
SELECT pg_temp.hole('ALTER ROLE careaccess_check_ben BYPASSRLS', 'login_role_unfit: careaccess_check_ben', 'role_bypasses_rls: careaccess_check_ben');
SELECT pg_temp.hole('GRANT EXECUTE ON FUNCTION careaccess_act_as TO careaccess_check_ben', 'login_role_unfit: careaccess_check_ben');
SELECT pg_temp.hole('GRANT EXECUTE ON FUNCTION careaccess_act_as_portal_user TO careaccess_check_other; GRANT careaccess_check_other TO careaccess_check_ben', 'login_role_unfit: careaccess_check_ben');
SELECT pg_temp.hole('GRANT careaccess_check_ben TO careaccess_check_other', 'login_role_shared: careaccess_check_ben');
SELECT pg_temp.hole('GRANT careaccess_check_ben TO careaccess_check_other WITH ADMIN OPTION; SET LOCAL ROLE careaccess_check_other;
	GRANT careaccess_check_ben TO careaccess_check_app; RESET ROLE', 'login_role_shared: careaccess_check_ben');

-- Settings
SELECT pg_temp.hole(format('ALTER DATABASE %I SET log_statement = ''all''', current_database()), 'token_logged: database ' || quote_ident(current_database()));
SELECT pg_temp.hole('ALTER ROLE careaccess_check_app SET log_min_duration_statement = ''250ms''', 'token_logged: role careaccess_check_app');
SELECT pg_temp.hole('ALTER ROLE careaccess_check_ben SET log_min_duration_sample = 0; ALTER ROLE careaccess_check_app SET log_transaction_sample_rate = 0.5',
	'token_logged: role careaccess_check_app', 'token_logged: role careaccess_check_ben');
SELECT is(pg_temp.found_by('ALTER ROLE careaccess_check_app SET log_statement = ''mod''; ALTER ROLE careaccess_check_ben SET log_min_duration_sample = 0; ALTER ROLE careaccess_check_ben SET log_statement_sample_rate = 0;
	ALTER ROLE careaccess_check_other SET log_statement = ''all'''), '{}', 'neither changes, nor none of a sample, nor statements of others');
SELECT pg_temp.hole('SELECT careaccess_set_token_key(''k'', ''HS256'', ''01234567890123456789012345678901''); ALTER ROLE careaccess_check_app SET log_parameter_max_length_on_error = 20', 'token_logged_on_error: role careaccess_check_app');
SELECT is((SELECT array_agg(code || ' ' || severity ORDER BY code) FROM seen WHERE code LIKE 'token_logged%'), '{"token_logged notice","token_logged_on_error warning"}',
	'it is more than a notice where there are keys of tokens');
SELECT pg_temp.hole('ALTER ROLE careaccess_check_app SET row_security = off', 'row_security_setting: role careaccess_check_app');
SELECT pg_temp.hole('ALTER ROLE careaccess_check_app SET session_replication_role = replica', 'replica_setting: role careaccess_check_app');
SELECT pg_temp.hole('ALTER ROLE careaccess_check_app SET careaccess.explain_guard = off', 'explain_guard_off: role careaccess_check_app');
SELECT pg_temp.hole('ALTER ROLE careaccess_check_other SET careaccess.token = ''a.b.c''', 'token_in_settings: role careaccess_check_other');
SELECT pg_temp.hole(format('ALTER ROLE careaccess_check_app IN DATABASE %I SET careaccess.token = ''a.b.c''', current_database()),
	'token_in_settings: role careaccess_check_app in database ' || quote_ident(current_database()));
SELECT pg_temp.hole(format('ALTER DATABASE %I SET careaccess.token = ''a.b.c''', current_database()), 'token_in_settings: database ' || quote_ident(current_database()));
SELECT pg_temp.hole('ALTER ROLE ALL SET careaccess.token = ''a.b.c''', 'token_in_settings: all roles');
SELECT is(pg_temp.found_by('ALTER ROLE careaccess_check_app SET careaccess.token = '''''), '{}', 'an empty token is none');

-- The library
SAVEPOINT preload;
SELECT format('ALTER DATABASE %I SET session_preload_libraries = ''auto_explain'', "$libdir/x"', current_database()) \gexec
SELECT is((SELECT remedy FROM careaccess_check() WHERE code = 'not_preloaded'),
	format('ALTER DATABASE %I SET session_preload_libraries = ''auto_explain'', ''$libdir/x'', ''careaccess''', current_database()), 'what is preloaded stays so');
SELECT remedy FROM careaccess_check() WHERE code = 'not_preloaded' \gexec
SELECT is((SELECT array_agg(object) FROM careaccess_check() WHERE code = 'not_preloaded'), NULL, 'preloaded for the database');
DELETE FROM before WHERE finding LIKE 'not_preloaded%';
SELECT pg_temp.hole('ALTER ROLE careaccess_check_app SET session_preload_libraries = ''auto_explain''', 'not_preloaded: role careaccess_check_app');
SELECT is(pg_temp.found_by('ALTER ROLE careaccess_check_other SET session_preload_libraries = ''auto_explain'''), '{}', 'not for those who are no application');
SELECT pg_temp.hole(format('ALTER DATABASE %I SET session_preload_libraries = ''careaccessories''', current_database()), 'not_preloaded: database ' || quote_ident(current_database()));
ROLLBACK TO preload;

-- The server
SELECT is((SELECT array_agg(code || ': ' || object || ': ' || remedy) FROM careaccess.check_server(v) WHERE code = 'server_minor'), w, 'version ' || v)
FROM (VALUES (150018, '{"server_minor: PostgreSQL 15.18: Install PostgreSQL 15.20 or later and restart the server."}'::text[]), (150020, NULL), (150004, '{"server_minor: PostgreSQL 15.4: Install PostgreSQL 15.20 or later and restart the server."}'),
	(160010, '{"server_minor: PostgreSQL 16.10: Install PostgreSQL 16.16 or later and restart the server."}'), (160016, NULL), (170000, '{"server_minor: PostgreSQL 17.0: Install PostgreSQL 17.12 or later and restart the server."}'),
	(170012, NULL), (180000, '{"server_minor: PostgreSQL 18.0: Install PostgreSQL 18.7 or later and restart the server."}'), (180007, NULL), (190000, NULL)) AS t (v, w);
SELECT is((SELECT array_agg(m[1] ORDER BY m[1]) FROM careaccess.check_server(150008) AS s, regexp_matches(s.problem, 'CVE-\d+-\d+', 'g') AS m WHERE s.code = 'server_minor'),
	'{CVE-2024-10976,CVE-2025-8713,CVE-2026-120154,CVE-2026-14666,CVE-2026-16237}', 'what is fixed already is not named');
SELECT pg_temp.hole('GRANT SELECT ON pg_statistic TO careaccess_check_app', 'statistics_granted: pg_catalog.pg_statistic');
SELECT pg_temp.hole('GRANT SELECT (stxdmcv) ON pg_statistic_ext_data TO PUBLIC', 'statistics_granted: pg_catalog.pg_statistic_ext_data');

-- Keys
SAVEPOINT keys;
INSERT INTO careaccess.token_key (kid, algorithm, key) VALUES ('weak', 'HS256', 'secret'), ('none', 'ES256', 'secret'), ('good', 'HS256', '01234567890123456789012345678901');
SELECT is((pg_temp.look()).found, '{"token_key_weak: none","token_key_weak: weak"}', 'keys that are none');
SELECT is((pg_temp.look()).kinds::text LIKE '%critical%' AND (pg_temp.look()).kinds::text LIKE '%warning%', true, 'one that can be guessed is worse than one that is of no use');
INSERT INTO seen SELECT 'token_key_weak', 'critical';
SELECT remedy FROM careaccess_check() WHERE code = 'token_key_weak' \gexec
SELECT is((pg_temp.look()).found, '{"token_key_expired: none","token_key_expired: weak"}', 'retired they verify nothing');
SELECT remedy FROM careaccess_check() WHERE code = 'token_key_expired' \gexec
SELECT is((pg_temp.look()).found, '{}', 'and can go');
SELECT pg_temp.hole('UPDATE careaccess.token_key SET valid_until = now() - interval ''1 day''', 'token_key_expired: good');
ROLLBACK TO keys;

-- Members and clients
SELECT pg_temp.hole('SELECT careaccess_add_member(''riverside'', ''new "one"'', ''New'', ''{}'')', 'member_without_role: new "one"');
SELECT is(pg_temp.found_by('SELECT careaccess_add_member(''riverside'', m, ''New'', ''{}'') FROM unnest(''{a,b,c}''::text[]) AS m; SELECT careaccess_set_member_status(''a'', ''disabled''),
	careaccess_configure_member(''b'', ''{"ends_at": "2020-01-01"}''), careaccess_set_member_permission(''c'', ''name'', ''{view}'', ''all'')'), '{}', 'neither disabled, ended, nor permitted by himself');
SELECT pg_temp.hole('INSERT INTO careaccess.client (id, practice) VALUES (''x'', ''riverside'')', 'client_without_owner: x');
SELECT is((SELECT remedy FROM careaccess_check() WHERE code = 'client_without_owner'), NULL, 'nobody is without owner');
SAVEPOINT orphans;
INSERT INTO careaccess.client (id, practice) SELECT i, 'riverside' FROM generate_series(1001, 1300) AS i;
SELECT results_eq($$ SELECT count(*), min(problem) FROM careaccess_check() WHERE code = 'client_without_owner' $$,
	$$ VALUES (100::bigint, 'In practice "riverside" each client has an owner, and this one has none, like 299 more.') $$, 'of many the first hundred');
ROLLBACK TO orphans;
SELECT is(pg_temp.found_by('SELECT careaccess_create_practice(''t'', ''Two'', ''therapyappointment''); INSERT INTO careaccess.client (id, practice) VALUES (''y'', ''t'');
	INSERT INTO careaccess.client (id, practice, status) VALUES (''z'', ''riverside'', ''deleted'')'), '{}', 'neither where clients have none, nor a deleted one');

SELECT * FROM finish();
ROLLBACK;
