--
-- careaccess_check: roles, logins, settings, the server, and facts; and
-- careaccess_check itself
--

-- Settings

-- What the server's own configuration says, whatever the session, its role or
-- its database have in its place.
CREATE FUNCTION careaccess.server_setting(setting text) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, careaccess, pg_temp
AS $$
DECLARE
	now_is record;
	in_file text;
BEGIN
	SELECT s.setting AS value, s.boot_val, s.source INTO now_is FROM pg_settings AS s WHERE s.name = $1;
	IF now_is.source NOT IN ('database', 'user', 'database user', 'client', 'interactive', 'test', 'session', 'override') THEN
		RETURN now_is.value;
	END IF;
	-- An owner of the extension who is no superuser cannot look there.
	IF has_table_privilege('pg_file_settings', 'SELECT') AND has_function_privilege('pg_show_all_file_settings()', 'EXECUTE') THEN
		SELECT f.setting INTO in_file FROM pg_file_settings AS f WHERE f.name = $1 AND f.error IS NULL ORDER BY f.seqno DESC LIMIT 1;
	END IF;
	RETURN coalesce(in_file, now_is.boot_val);
END
$$;
COMMENT ON FUNCTION careaccess.server_setting(text) IS 'the value of a setting before roles, databases and sessions change it; null: unknown';
REVOKE EXECUTE ON FUNCTION careaccess.server_setting(text) FROM PUBLIC;

-- What sessions of this database begin with: role 0 is everybody, and beside
-- it the application roles that have one of the settings to themselves.
CREATE FUNCTION careaccess.configured(VARIADIC settings text[]) RETURNS TABLE (role oid, name text, value text)
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, careaccess, pg_temp
AS $$
	WITH own AS MATERIALIZED (
		SELECT s.setdatabase, s.setrole, split_part(c, '=', 1) AS name, substr(c, strpos(c, '=') + 1) AS value
		FROM pg_db_role_setting AS s CROSS JOIN LATERAL unnest(s.setconfig) AS c
		WHERE s.setdatabase IN (0, (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()))
			AND split_part(c, '=', 1) = ANY ($1)
	), who AS (
		SELECT 0::oid AS role
		UNION
		SELECT a FROM careaccess.application_roles() AS a WHERE a IN (SELECT o.setrole FROM own AS o)
	)
	SELECT w.role, n.name, coalesce(
		(SELECT o.value FROM own AS o
			WHERE o.name = n.name AND o.setrole IN (w.role, 0)
			ORDER BY o.setrole = 0, o.setdatabase = 0 LIMIT 1),
		careaccess.server_setting(n.name))
	FROM who AS w CROSS JOIN unnest($1) AS n(name)
$$;
COMMENT ON FUNCTION careaccess.configured(text[]) IS
	'the settings that sessions of this database begin with: in general (role 0), and those of application roles that have their own';
REVOKE EXECUTE ON FUNCTION careaccess.configured(text[]) FROM PUBLIC;

CREATE FUNCTION careaccess.session_kind(role oid, OUT name text, OUT alter_command text)
	LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, careaccess, pg_temp
AS $$
	SELECT CASE WHEN role = 0 THEN format('database %I', current_database()) ELSE 'role ' || careaccess.role_text(role) END,
		CASE WHEN role = 0 THEN format('ALTER DATABASE %I', current_database())
			ELSE format('ALTER ROLE %s IN DATABASE %I', careaccess.role_text(role), current_database()) END
$$;
COMMENT ON FUNCTION careaccess.session_kind(oid) IS 'whose sessions are meant, and the command that changes their settings; role 0: all of the database';
REVOKE EXECUTE ON FUNCTION careaccess.session_kind(oid) FROM PUBLIC;

-- Libraries are loaded for the role that logs in.
CREATE FUNCTION careaccess.check_preload() RETURNS SETOF careaccess.finding
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, careaccess, pg_temp
AS $$
	SELECT 'warning', 'not_preloaded', k.name,
		'The library is not preloaded: until a session asks the first question, EXPLAIN of a protected table is not refused.',
		format('%s SET session_preload_libraries = %s''careaccess''', k.alter_command,
			(SELECT string_agg(quote_literal(btrim(x, ' "')) || ', ', '') FROM regexp_split_to_table(c.value, ',') AS x
			WHERE btrim(x, ' "') <> ''))
	FROM careaccess.configured('session_preload_libraries') AS c CROSS JOIN LATERAL careaccess.session_kind(c.role) AS k
	-- Null is what an owner of the extension who is no superuser gets.
	WHERE c.value !~ '(^|[,"/ ])careaccess(\.so)?($|[," ])'
		AND careaccess.server_setting('shared_preload_libraries') !~ '(^|[,"/ ])careaccess(\.so)?($|[," ])'
		AND (c.role = 0 OR (SELECT r.rolcanlogin FROM pg_roles AS r WHERE r.oid = c.role))
$$;
COMMENT ON FUNCTION careaccess.check_preload() IS 'whether sessions have the library from their beginning';
REVOKE EXECUTE ON FUNCTION careaccess.check_preload() FROM PUBLIC;

CREATE FUNCTION careaccess.check_configuration() RETURNS SETOF careaccess.finding
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, careaccess, pg_temp
AS $$
	WITH session AS (
		SELECT c.role, jsonb_object_agg(c.name, c.value) AS s
		FROM careaccess.configured('row_security', 'session_replication_role', 'careaccess.explain_guard', 'log_statement', 'log_min_duration_statement',
			'log_min_duration_sample', 'log_statement_sample_rate', 'log_transaction_sample_rate', 'log_parameter_max_length',
			'log_parameter_max_length_on_error', 'log_min_error_statement', 'shared_preload_libraries', 'session_preload_libraries',
			'auto_explain.log_min_duration', 'auto_explain.log_parameter_max_length', 'pg_stat_statements.track_utility') AS c
		GROUP BY c.role
	), tokens AS (
		SELECT CASE WHEN EXISTS (SELECT FROM careaccess.token_key AS t
			WHERE t.valid_until IS NULL OR t.valid_until > statement_timestamp()) THEN 'warning' ELSE 'notice' END AS severity
	), finding AS (
		SELECT n.role, t.severity, 'token_logged' AS code,
			'Statements are logged with their parameters, and so are session tokens, even those that set_config() gets as a parameter.' AS problem,
			'log_parameter_max_length = 0' AS remedy
		FROM session AS n, tokens AS t
		WHERE n.s ->> 'log_parameter_max_length' <> '0'
			AND (n.s ->> 'log_statement' = 'all' OR n.s ->> 'log_min_duration_statement' !~ '^-'
				OR n.s ->> 'log_min_duration_sample' !~ '^-' AND (n.s ->> 'log_statement_sample_rate')::float8 > 0
				OR (n.s ->> 'log_transaction_sample_rate')::float8 > 0)
		UNION ALL
		SELECT n.role, t.severity, 'token_logged_on_error',
			'Statements that fail are logged with their parameters, and so are session tokens.',
			'log_parameter_max_length_on_error = 0'
		FROM session AS n, tokens AS t
		WHERE n.s ->> 'log_parameter_max_length_on_error' <> '0'
			AND n.s ->> 'log_min_error_statement' NOT IN ('log', 'fatal', 'panic')
		UNION ALL
		SELECT n.role, t.severity, 'token_explained',
			'auto_explain logs the parameters of statements, and so session tokens.',
			'auto_explain.log_parameter_max_length = 0'
		FROM session AS n, tokens AS t
		WHERE concat_ws(',', n.s ->> 'shared_preload_libraries', n.s ->> 'session_preload_libraries') ~ '\mauto_explain\M'
			AND n.s ->> 'auto_explain.log_min_duration' !~ '^-'
			AND coalesce(n.s ->> 'auto_explain.log_parameter_max_length', '-1') <> '0'
			AND current_setting('server_version_num')::integer >= 160000
		UNION ALL
		-- 18 puts a parameter in the place of what SET sets.
		SELECT n.role, t.severity, 'token_in_statistics',
			'pg_stat_statements keeps the text of SET, and so session tokens that are not given as parameters of set_config().',
			'pg_stat_statements.track_utility = off'
		FROM session AS n, tokens AS t
		WHERE n.s ->> 'shared_preload_libraries' ~ '\mpg_stat_statements\M'
			AND lower(coalesce(n.s ->> 'pg_stat_statements.track_utility', 'on')) NOT IN ('off', 'false', 'no', '0')
			AND current_setting('server_version_num')::integer < 180000
		UNION ALL
		SELECT n.role, 'notice', 'row_security_setting',
			'With row_security off every query of a protected table fails, and a role with BYPASSRLS would not notice that it has it.',
			'row_security = on'
		FROM session AS n WHERE lower(n.s ->> 'row_security') IN ('off', 'false', 'no', '0')
		UNION ALL
		SELECT n.role, 'warning', 'replica_setting',
			'With session_replication_role replica changes of facts leave no event, rows of adopted tables are not registered, and foreign keys are not checked.',
			'session_replication_role = origin'
		FROM session AS n WHERE n.s ->> 'session_replication_role' = 'replica'
		UNION ALL
		SELECT n.role, 'warning', 'explain_guard_off',
			'Plans of protected tables are not refused to those who may not see all rows.',
			'careaccess.explain_guard = on'
		FROM session AS n WHERE lower(n.s ->> 'careaccess.explain_guard') IN ('off', 'false', 'no', '0')
	)
	SELECT f.severity, f.code, k.name, f.problem, format('%s SET %s', k.alter_command, f.remedy)
	FROM finding AS f CROSS JOIN LATERAL careaccess.session_kind(f.role) AS k
	UNION ALL
	SELECT 'critical', 'token_in_settings',
		concat_ws(' in ', CASE WHEN s.setrole = 0 AND s.setdatabase = 0 THEN 'all roles' WHEN s.setrole <> 0 THEN 'role ' || careaccess.role_text(s.setrole) END,
			'database ' || quote_ident(d.datname)),
		'A session token is kept as a setting: everybody can read it in pg_db_role_setting, and whoever connects so is that person.',
		CASE WHEN s.setrole <> 0 OR s.setdatabase = 0 THEN 'ALTER ROLE ' || CASE WHEN s.setrole = 0 THEN 'ALL' ELSE careaccess.role_text(s.setrole) END
				|| coalesce(' IN DATABASE ' || quote_ident(d.datname), '')
			ELSE 'ALTER DATABASE ' || quote_ident(d.datname) END || ' RESET careaccess.token'
	FROM pg_db_role_setting AS s
		LEFT JOIN pg_database AS d ON d.oid = s.setdatabase
	WHERE (s.setdatabase = 0 OR d.datname = current_database())
		AND EXISTS (SELECT FROM unnest(s.setconfig) AS c WHERE c LIKE 'careaccess.token=_%')
$$;
COMMENT ON FUNCTION careaccess.check_configuration() IS 'settings that weaken row security or record session tokens';
REVOKE EXECUTE ON FUNCTION careaccess.check_configuration() FROM PUBLIC;

-- version: as in server_version_num.
CREATE FUNCTION careaccess.check_server(version integer DEFAULT NULL) RETURNS SETOF careaccess.finding
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, careaccess, pg_temp
AS $$
	-- Critical, as all but the newest let a plain role read hidden rows.
	SELECT 'critical', 'server_minor', format('PostgreSQL %s.%s', max(v.version) / 10000, max(v.version) % 10000),
		format('The server lacks fixes of row security: %s.', string_agg(x.flaw, ', ' ORDER BY x.fixed)),
		format('Install PostgreSQL %s.%s or later and restart the server.', max(x.fixed) / 10000, max(x.fixed) % 10000)
	FROM (SELECT coalesce($1, current_setting('server_version_num')::integer) AS version) AS v
		JOIN (VALUES
			(150003, 'CVE-2023-2455 (policies of another role in inlined functions)'),
			(150004, 'CVE-2023-39418 (MERGE past policies)'),
			(150007, 'CVE-2024-4317 (statistics of expressions)'), (160003, 'CVE-2024-4317 (statistics of expressions)'),
			(150009, 'CVE-2024-10976 (plans kept over a change of role)'), (160005, 'CVE-2024-10976 (plans kept over a change of role)'),
			(170001, 'CVE-2024-10976 (plans kept over a change of role)'),
			(150014, 'CVE-2025-8713 (statistics of partitions and views)'), (160010, 'CVE-2025-8713 (statistics of partitions and views)'),
			(170006, 'CVE-2025-8713 (statistics of partitions and views)'),
			(150019, 'CVE-2026-14666 (plans kept over a change of rights)'), (160015, 'CVE-2026-14666 (plans kept over a change of rights)'),
			(170011, 'CVE-2026-14666 (plans kept over a change of rights)'), (180006, 'CVE-2026-14666 (plans kept over a change of rights)'),
			(150020, 'CVE-2026-120154 and CVE-2026-16237 (INSERT ... ON CONFLICT past policies)'),
			(160016, 'CVE-2026-120154 and CVE-2026-16237 (INSERT ... ON CONFLICT past policies)'),
			(170012, 'CVE-2026-120154 and CVE-2026-16237 (INSERT ... ON CONFLICT past policies)'),
			(180007, 'CVE-2026-120154 and CVE-2026-16237 (INSERT ... ON CONFLICT past policies)'))
			AS x (fixed, flaw) ON x.fixed / 10000 = v.version / 10000 AND x.fixed > v.version
	HAVING count(*) > 0
	UNION ALL
	SELECT 'critical', 'statistics_granted', careaccess.qualified_name(g.relation),
		format('%s may read statistics, which hold values of rows of every table.',
			string_agg(DISTINCT careaccess.role_text(g.grantee), ', ')),
		format('REVOKE ALL ON TABLE %s FROM %s CASCADE', careaccess.qualified_name(g.relation),
			string_agg(DISTINCT careaccess.role_text(g.grantee), ', '))
	FROM careaccess.relation_grants() AS g
	WHERE g.relation IN ('pg_statistic'::regclass, 'pg_statistic_ext_data'::regclass)
	GROUP BY g.relation
	UNION ALL
	SELECT 'warning', 'counters_public', 'database ' || quote_ident(current_database()),
		format('Everybody may ask how many rows his queries have read, the hidden ones too: %s functions.', count(*)),
		format('REVOKE EXECUTE ON FUNCTION %1$s FROM PUBLIC; GRANT EXECUTE ON FUNCTION %1$s TO pg_monitor',
			string_agg(careaccess.function_text(p.oid), ', ' ORDER BY p.proname, p.oid))
	FROM pg_proc AS p
	WHERE p.pronamespace = 'pg_catalog'::regnamespace AND has_function_privilege(0::oid, p.oid, 'EXECUTE')
		AND (p.proname ~ '^pg_stat_get_((xact|db)_)?(tuples|blocks|numscans|live_tuples|dead_tuples|ins_since|mod_since)'
			OR p.proname ~ '^pg_stat_get_((backend_)?io|autovacuum_scores)$'
			OR p.proname IN ('pg_lock_status', 'pg_database_size', 'pg_relation_size', 'pg_table_size', 'pg_indexes_size',
				'pg_total_relation_size'))
		AND EXISTS (SELECT FROM careaccess.protected_table)
	HAVING count(*) > 0
$$;
COMMENT ON FUNCTION careaccess.check_server(integer) IS 'fixes of row security that the server (or one of this version) lacks, open statistics and counters';
REVOKE EXECUTE ON FUNCTION careaccess.check_server(integer) FROM PUBLIC;

-- Roles

CREATE FUNCTION careaccess.check_roles() RETURNS SETOF careaccess.finding
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, careaccess, pg_temp
AS $$
	WITH owned AS MATERIALIZED (
		SELECT c.relowner AS owner,
			string_agg(format('ALTER TABLE %s OWNER TO %s', careaccess.qualified_name(c.oid), careaccess.role_text(careaccess.extension_owner())),
				'; ' ORDER BY c.oid) AS remedy
		FROM pg_class AS c JOIN careaccess.protected_table AS p ON p.relation = c.oid
		GROUP BY c.relowner
	), way AS (
		SELECT b.role, b.other, w.severity, w.code, w.problem, x.remedy
		FROM careaccess.roles_they_can_become() AS b
			JOIN pg_roles AS r ON r.oid = b.role
			JOIN pg_roles AS o ON o.oid = b.other
			LEFT JOIN owned AS t ON t.owner = b.other
			CROSS JOIN LATERAL (VALUES
				(o.rolsuper, 'critical', 'role_superuser', 'is a superuser, whom row security does not hold', 'NOSUPERUSER'),
				(o.rolbypassrls, 'critical', 'role_bypasses_rls', 'has BYPASSRLS, and row security does not hold it', 'NOBYPASSRLS'),
				(o.rolreplication, 'critical', 'role_replicates', 'has REPLICATION and can read every change of every row', 'NOREPLICATION'),
				(o.rolcreaterole, 'warning', 'role_creates_roles', 'has CREATEROLE and can give itself or others more rights', 'NOCREATEROLE'),
				(t.owner IS NOT NULL, 'critical', 'role_owns_table', 'owns protected tables and can switch their row security off', NULL),
				(o.rolname IN ('pg_read_all_data', 'pg_write_all_data', 'pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program'),
					'critical', 'role_reads_everything', 'reaches the facts and keys of careaccess, or files of the server', NULL),
				(o.rolname IN ('pg_monitor', 'pg_read_all_stats', 'pg_read_all_settings', 'pg_stat_scan_tables', 'pg_maintain', 'pg_create_subscription'),
					'warning', 'role_monitors', 'sees statements of other sessions, or maintains tables of others', NULL))
				AS w (holds, severity, code, problem, attribute)
			CROSS JOIN LATERAL (SELECT CASE
				WHEN b.role <> b.other THEN careaccess.revoke_membership(b.role, b.other)
				WHEN w.attribute IS NULL THEN t.remedy
				ELSE format('ALTER ROLE %s %s', careaccess.role_text(b.role), w.attribute) END AS remedy) AS x
		WHERE w.holds AND (w.code = 'role_superuser' AND b.role = b.other OR NOT r.rolsuper)
	)
	SELECT w.severity, w.code, careaccess.role_text(w.role),
		format('The application role %s %s.', CASE WHEN bool_or(w.role = w.other) THEN 'itself'
			ELSE format('can become %s, which', string_agg(careaccess.role_text(w.other), ', ' ORDER BY careaccess.role_text(w.other))) END, min(w.problem)),
		string_agg(DISTINCT w.remedy, '; ')
	FROM way AS w
	GROUP BY w.severity, w.code, w.role
$$;
COMMENT ON FUNCTION careaccess.check_roles() IS 'application roles that row security does not hold, by what they are or can become';
REVOKE EXECUTE ON FUNCTION careaccess.check_roles() FROM PUBLIC;

CREATE FUNCTION careaccess.check_logins() RETURNS SETOF careaccess.finding
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, careaccess, pg_temp
AS $$
	WITH login AS (
		SELECT m.id, m.login_role, m.login_role_oid, r.oid,
			format('SELECT @extschema@.careaccess_configure_member(%L, ''{"login_role": null}'')', m.id) AS remedy
		FROM careaccess.member AS m LEFT JOIN pg_roles AS r ON r.rolname = m.login_role
		WHERE m.login_role IS NOT NULL
	)
	SELECT 'warning', 'login_role_missing', quote_ident(l.login_role),
		format('The login role of member "%s" does not exist: whoever is given a role of this name becomes that member.', l.id), l.remedy
	FROM login AS l WHERE l.oid IS NULL
	UNION ALL
	SELECT 'critical', 'login_role_remade', quote_ident(l.login_role),
		format('The role was made after it, or another of its name, became the login of member "%s": whoever has it now is that member.', l.id), l.remedy
	FROM login AS l WHERE l.oid IS NOT NULL AND l.login_role_oid IS DISTINCT FROM l.oid
	UNION ALL
	SELECT 'critical', 'login_role_unfit', quote_ident(l.login_role),
		format('The login role of member "%s" is, or can become, a superuser, a role with BYPASSRLS, or one that may act as others.', l.id), l.remedy
	FROM login AS l
	WHERE EXISTS (SELECT FROM careaccess.roles_they_can_become() AS b JOIN pg_roles AS o ON o.oid = b.other
		WHERE b.role = l.oid AND (o.rolsuper OR o.rolbypassrls
			OR has_function_privilege(o.oid, '@extschema@.careaccess_act_as(careaccess.id,boolean)', 'EXECUTE')
			OR has_function_privilege(o.oid, '@extschema@.careaccess_act_as_portal_user(careaccess.id,careaccess.id,boolean)', 'EXECUTE')))
	UNION ALL
	-- Who made a role has it since 16 with ADMIN, but not SET.
	SELECT 'critical', 'login_role_shared', quote_ident(l.login_role),
		format('By SET ROLE others become member "%s": %s.', l.id, string_agg(DISTINCT careaccess.role_text(a.member), ', ')),
		string_agg(DISTINCT careaccess.revoke_membership(a.member, l.oid), '; ')
	FROM login AS l
		JOIN pg_auth_members AS a ON a.roleid = l.oid
		JOIN pg_roles AS o ON o.oid = a.member AND NOT o.rolsuper
	WHERE coalesce((to_jsonb(a) ->> 'set_option')::boolean, true)
		AND NOT has_function_privilege(o.oid, 'careaccess.administrator()', 'EXECUTE')
	GROUP BY l.login_role, l.id
$$;
COMMENT ON FUNCTION careaccess.check_logins() IS 'login roles of members that are gone, are others by now, or are more than a member''s login';
REVOKE EXECUTE ON FUNCTION careaccess.check_logins() FROM PUBLIC;

-- What the granting functions gave, and what has come since: an update of the
-- extension brings functions that nobody was granted.
CREATE FUNCTION careaccess.check_role_grants() RETURNS SETOF careaccess.finding
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, careaccess, pg_temp
AS $$
	WITH granted AS MATERIALIZED (
		SELECT i.purpose, p.proname, g.grantee
		FROM careaccess.interface() AS i
			JOIN pg_proc AS p ON p.oid = i.function
			CROSS JOIN LATERAL aclexplode(p.proacl) AS g
		WHERE g.grantee NOT IN (0, p.proowner)
	), administrator AS (
		SELECT g.grantee
		FROM pg_proc AS p CROSS JOIN LATERAL aclexplode(p.proacl) AS g
		WHERE p.oid = 'careaccess.administrator()'::regprocedure AND g.grantee NOT IN (0, p.proowner)
	), kind AS (
		-- Some functions, picked by hand, are what somebody meant.
		SELECT g.grantee, 'application' AS name, '{application}'::text[] AS purposes
		FROM granted AS g
		WHERE g.purpose = 'application' AND g.grantee NOT IN (SELECT a.grantee FROM administrator AS a)
		GROUP BY g.grantee
		HAVING count(*) >= 0.8 * (SELECT count(*) FROM careaccess.interface() AS i WHERE i.purpose = 'application')
		UNION ALL
		SELECT a.grantee, 'administrator', '{application,administration,superuser}' FROM administrator AS a
	)
	SELECT 'notice', 'grants_incomplete', careaccess.role_text(k.grantee),
		format('The role lacks functions that careaccess_grant_%s gives now, such as %s.', k.name, min(p.proname)),
		format('SELECT @extschema@.careaccess_grant_%s(%L)', k.name, pg_get_userbyid(k.grantee))
	FROM kind AS k
		JOIN careaccess.interface() AS i ON i.purpose = ANY (k.purposes)
		JOIN pg_proc AS p ON p.oid = i.function
	WHERE NOT EXISTS (SELECT FROM aclexplode(p.proacl) AS g WHERE g.grantee = k.grantee)
	GROUP BY k.grantee, k.name
	UNION ALL
	SELECT 'warning', 'administrator_acts', careaccess.role_text(g.grantee),
		'The role may act as members, and whenever it acts as nobody it is a database administrator: whoever forgets to say who he is may do everything.',
		string_agg(format('REVOKE EXECUTE ON FUNCTION %s FROM %s CASCADE', careaccess.function_text(p.oid), careaccess.role_text(g.grantee)), '; ')
	FROM pg_proc AS p CROSS JOIN LATERAL aclexplode(p.proacl) AS g
	WHERE p.oid IN ('@extschema@.careaccess_act_as(careaccess.id,boolean)'::regprocedure,
			'@extschema@.careaccess_act_as_portal_user(careaccess.id,careaccess.id,boolean)'::regprocedure)
		AND g.grantee NOT IN (0, p.proowner)
		-- That everybody is one has a finding of its own.
		AND EXISTS (SELECT FROM administrator AS a WHERE pg_has_role(g.grantee, a.grantee, 'USAGE'))
		AND NOT (SELECT r.rolsuper FROM pg_roles AS r WHERE r.oid = g.grantee)
	GROUP BY g.grantee
$$;
COMMENT ON FUNCTION careaccess.check_role_grants() IS 'roles that lack new functions, and administrators that may act as members';
REVOKE EXECUTE ON FUNCTION careaccess.check_role_grants() FROM PUBLIC;

-- Facts

CREATE FUNCTION careaccess.check_facts() RETURNS SETOF careaccess.finding
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, careaccess, pg_temp
AS $$
	WITH key AS (
		SELECT k.kid, k.algorithm, k.valid_until <= statement_timestamp() AS expired, careaccess.token_key_problem(k.algorithm, k.key) AS problem,
			bool_or(k.valid_until IS NULL OR k.valid_until > statement_timestamp()) OVER () AS one_is_valid
		FROM careaccess.token_key AS k
	)
	SELECT CASE WHEN k.algorithm = 'HS256' THEN 'critical' ELSE 'warning' END, 'token_key_weak', k.kid,
		CASE WHEN k.algorithm = 'HS256' THEN 'The secret can be guessed, and whoever has it can be anybody. ' ELSE 'The key verifies nothing. ' END || k.problem,
		format('SELECT @extschema@.careaccess_retire_token_key(%L)', k.kid)
	FROM key AS k WHERE k.problem IS NOT NULL AND k.expired IS NOT TRUE
	UNION ALL
	SELECT CASE WHEN k.one_is_valid THEN 'notice' ELSE 'warning' END, 'token_key_expired', k.kid,
		CASE WHEN k.one_is_valid THEN 'The key has ended, and tokens of it are refused.' ELSE 'Every key has ended: no token identifies anybody.' END,
		format('DELETE FROM careaccess.token_key WHERE kid = %L', k.kid)
	FROM key AS k WHERE k.expired
	UNION ALL
	SELECT 'notice', 'member_without_role', m.id::text,
		format('The member of practice "%s" is active and holds no role and no permission.', m.practice),
		format('SELECT @extschema@.careaccess_set_member_status(%L, ''disabled'')', m.id)
	FROM careaccess.member AS m
	WHERE m.status = 'active' AND (m.ends_at IS NULL OR m.ends_at > statement_timestamp())
		AND NOT EXISTS (SELECT FROM careaccess.member_role AS r WHERE r.member = m.id)
		AND NOT EXISTS (SELECT FROM careaccess.member_permission AS p WHERE p.member = m.id)
	UNION ALL
	-- A load that went wrong leaves thousands: the first of each practice will do.
	SELECT 'warning', 'client_without_owner', c.id::text,
		format('In practice "%s" each client has an owner, and this one has none%s.', c.practice,
			CASE WHEN c.total > 100 THEN format(', like %s more', c.total - 1) ELSE '' END),
		coalesce(format('SELECT @extschema@.careaccess_reassign_client(%L, ', c.id) || quote_literal((
			SELECT m.id
			FROM careaccess.member AS m
				LEFT JOIN careaccess.client_link AS l ON l.member = m.id AND l.client = c.id
			WHERE m.practice = c.practice AND careaccess.is_active_practitioner(m.id)
			ORDER BY l.active DESC NULLS LAST, l.kind = 'owner' DESC, l.valid_from DESC, m.id LIMIT 1)) || ')',
			'Add a practitioner with careaccess_add_member, and call careaccess_reassign_client.')
	FROM (
		SELECT k.id, k.practice, row_number() OVER practice AS n, count(*) OVER (PARTITION BY k.practice) AS total
		FROM careaccess.client AS k
			JOIN careaccess.practice AS p ON p.id = k.practice AND p.owner_mode = 'one'
		WHERE k.status <> 'deleted'
			AND NOT EXISTS (SELECT FROM careaccess.client_link AS l WHERE l.client = k.id AND l.kind = 'owner' AND l.active)
		WINDOW practice AS (PARTITION BY k.practice ORDER BY k.id)) AS c
	WHERE c.n <= 100
$$;
COMMENT ON FUNCTION careaccess.check_facts() IS 'token keys, members and clients that are not as they should be';
REVOKE EXECUTE ON FUNCTION careaccess.check_facts() FROM PUBLIC;

CREATE FUNCTION @extschema@.careaccess_check()
	RETURNS TABLE (severity text, code text, object text, problem text, remedy text)
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER ROWS 10
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	PERFORM careaccess.require_administrator_alone('check the installation');
	RETURN QUERY
		SELECT f.severity, f.code, f.object, f.problem, f.remedy
		FROM (
			SELECT * FROM careaccess.check_unprotected()
			UNION ALL SELECT * FROM careaccess.check_partitions()
			UNION ALL SELECT * FROM careaccess.check_policies()
			UNION ALL SELECT * FROM careaccess.check_table_grants()
			UNION ALL SELECT * FROM careaccess.check_table_shape()
			UNION ALL SELECT * FROM careaccess.check_replication()
			UNION ALL SELECT * FROM careaccess.check_views()
			UNION ALL SELECT * FROM careaccess.check_functions()
			UNION ALL SELECT * FROM careaccess.check_schemas()
			UNION ALL SELECT * FROM careaccess.check_own_grants()
			UNION ALL SELECT * FROM careaccess.check_owners()
			UNION ALL SELECT * FROM careaccess.check_own_triggers()
			UNION ALL SELECT * FROM careaccess.check_preload()
			UNION ALL SELECT * FROM careaccess.check_configuration()
			UNION ALL SELECT * FROM careaccess.check_server()
			UNION ALL SELECT * FROM careaccess.check_roles()
			UNION ALL SELECT * FROM careaccess.check_role_grants()
			UNION ALL SELECT * FROM careaccess.check_logins()
			UNION ALL SELECT * FROM careaccess.check_facts()) AS f
		ORDER BY array_position('{critical,warning,notice}', f.severity), f.code, f.object, f.remedy;
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_check() FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_check() IS
	'everything that would let data out of this database, with what to do about it; for database administrators';
