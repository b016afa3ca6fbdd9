--
-- careaccess_check: views and functions that go past the policies, and what
-- somebody did to the extension's own objects
--

-- What a view reads with the rights of its own owner: its tables, and those of
-- the views inside that read with the rights of who asks them, or with rights
-- that row security does not hold either.  A mask asks for itself.
CREATE FUNCTION careaccess.read_as_owner() RETURNS TABLE (view oid, relation oid)
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, careaccess, pg_temp
AS $$
	WITH RECURSIVE view AS MATERIALIZED (
		SELECT c.oid, c.relkind = 'v' AND coalesce((SELECT x.option_value::boolean FROM pg_options_to_table(c.reloptions) AS x
				WHERE x.option_name = 'security_invoker'), false) AS invoker,
			o.rolsuper OR o.rolbypassrls AS bypasses
		FROM pg_class AS c
			JOIN pg_namespace AS n ON n.oid = c.relnamespace
			JOIN pg_roles AS o ON o.oid = c.relowner
		WHERE c.relkind IN ('v', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'careaccess')
			AND careaccess.mask_table(c.oid) IS NULL
	), reads AS MATERIALIZED (
		SELECT DISTINCT r.ev_class AS view, d.refobjid AS relation
		FROM pg_rewrite AS r
			JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
				AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> r.ev_class
		WHERE r.ev_class IN (SELECT v.oid FROM view AS v)
	), deep AS (
		SELECT v.oid AS view, r.relation
		FROM view AS v JOIN reads AS r ON r.view = v.oid
		WHERE NOT v.invoker
		UNION
		SELECT d.view, r.relation
		FROM deep AS d
			JOIN view AS v ON v.oid = d.relation AND (v.invoker OR v.bypasses)
			JOIN reads AS r ON r.view = v.oid
	)
	SELECT d.view, d.relation FROM deep AS d
$$;
COMMENT ON FUNCTION careaccess.read_as_owner() IS
	'the views and materialized views that read with their owner''s rights, with every relation that they read so';
REVOKE EXECUTE ON FUNCTION careaccess.read_as_owner() FROM PUBLIC;

CREATE FUNCTION careaccess.check_views() RETURNS SETOF careaccess.finding
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, careaccess, pg_temp
AS $$
	WITH reader AS MATERIALIZED (
		SELECT c.oid, c.relkind, o.rolsuper OR o.rolbypassrls AS bypasses, careaccess.role_text(c.relowner) AS owner,
			string_agg(careaccess.qualified_name(t.relation), ', ' ORDER BY careaccess.qualified_name(t.relation)) AS tables
		FROM careaccess.read_as_owner() AS r
			JOIN careaccess.protected_table AS t ON t.relation = r.relation
			JOIN pg_class AS c ON c.oid = r.view
			JOIN pg_roles AS o ON o.oid = c.relowner
		GROUP BY c.oid, c.relkind, c.relowner, o.rolsuper, o.rolbypassrls
	), copy AS (
		SELECT r.oid FROM reader AS r WHERE r.relkind = 'm'
	)
	SELECT CASE WHEN careaccess.grantees_text(r.oid, '{SELECT}') IS NULL THEN 'warning' ELSE 'critical' END,
		'view_runs_as_owner', careaccess.qualified_name(r.oid),
		format('The view shows all rows of %s: it reads with the rights of its owner %s, whom row security does not hold.%s',
			r.tables, r.owner, coalesce(' It can be read by ' || careaccess.grantees_text(r.oid, '{SELECT}') || '.', '')),
		format('ALTER VIEW %s SET (security_invoker = true)', careaccess.qualified_name(r.oid))
	FROM reader AS r WHERE r.relkind = 'v' AND r.bypasses
	UNION ALL
	SELECT 'critical', 'materialized_view_granted', careaccess.qualified_name(k.oid),
		format('The materialized view is a copy of rows of protected tables, and can be read by %s.', careaccess.grantees_text(k.oid, '{SELECT}')),
		format('REVOKE ALL ON TABLE %s FROM %s CASCADE', careaccess.qualified_name(k.oid), careaccess.grantees_text(k.oid, '{SELECT}'))
	FROM copy AS k WHERE careaccess.grantees_text(k.oid, '{SELECT}') IS NOT NULL
	UNION ALL
	SELECT 'notice', 'materialized_view', careaccess.qualified_name(k.oid),
		'The materialized view is a copy of rows of protected tables. Only its owner can read it; whoever is granted it sees all of it.',
		format('DROP MATERIALIZED VIEW %s', careaccess.qualified_name(k.oid))
	FROM copy AS k WHERE careaccess.grantees_text(k.oid, '{SELECT}') IS NULL
	UNION ALL
	-- Who may read the table sees in it what the mask hides.
	SELECT 'warning', 'mask_beside_table', careaccess.qualified_name(m.view),
		format('%s may read the mask and its table %s, which shows as %s what the mask shows as %s.',
			m.readers, careaccess.qualified_name(m.relation), m.category, m.strictest),
		format('REVOKE SELECT ON TABLE %s FROM %s CASCADE', careaccess.qualified_name(m.relation),
			careaccess.grantees_text(m.relation, '{SELECT}'))
	FROM (
		SELECT g.tgrelid AS view, p.relation, p.category,
			(SELECT string_agg(careaccess.role_text(a), ', ' ORDER BY careaccess.role_text(a))
				FROM careaccess.application_roles() AS a JOIN pg_roles AS o ON o.oid = a AND NOT o.rolsuper
				WHERE has_table_privilege(a, g.tgrelid, 'SELECT') AND has_any_column_privilege(a, p.relation, 'SELECT')) AS readers,
			(SELECT x[1] FROM regexp_matches(pg_get_viewdef(g.tgrelid), 'row_view\([^'']*''([a-z0-9_]+)''', 'g') AS x
				WHERE x[1] <> p.category
					AND (careaccess.category_level(p.category) < careaccess.category_level(x[1])
						OR careaccess.category_level(p.category) = 3 AND careaccess.category_level(x[1]) = 3)
				ORDER BY careaccess.category_level(x[1]) DESC, x[1] LIMIT 1) AS strictest
		FROM pg_trigger AS g
			JOIN careaccess.protected_table AS p ON p.relation = careaccess.mask_table(g.tgrelid)
		WHERE g.tgfoid = 'careaccess.refuse_mask_write()'::regprocedure) AS m
	WHERE m.readers IS NOT NULL AND m.strictest IS NOT NULL
$$;
COMMENT ON FUNCTION careaccess.check_views() IS 'views and copies that show rows of protected tables past their policies';
REVOKE EXECUTE ON FUNCTION careaccess.check_views() FROM PUBLIC;

-- A function whose body the server parsed says what it reads; of another the
-- words are looked at.
CREATE FUNCTION careaccess.check_functions() RETURNS SETOF careaccess.finding
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, careaccess, pg_temp
AS $$
	WITH definer AS (
		SELECT f.oid, f.prosrc, f.prosqlbody IS NOT NULL AS parsed, careaccess.role_text(f.proowner) AS owner
		FROM pg_proc AS f JOIN pg_roles AS o ON o.oid = f.proowner AND (o.rolsuper OR o.rolbypassrls)
		WHERE f.prosecdef AND f.pronamespace <> 'pg_catalog'::regnamespace
			-- Triggers are looked at with their tables.
			AND f.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
			AND EXISTS (SELECT FROM aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) AS g WHERE g.grantee <> f.proowner)
			AND NOT EXISTS (SELECT FROM careaccess.extension_members() AS m WHERE m.classid = 'pg_proc'::regclass AND m.objid = f.oid)
	), word AS (
		SELECT DISTINCT d.oid, w.word
		FROM definer AS d CROSS JOIN LATERAL regexp_split_to_table(lower(d.prosrc), '\W+') AS w(word)
		WHERE NOT d.parsed
	), mention AS (
		SELECT e.objid AS oid, p.relation, true AS sure
		FROM pg_depend AS e JOIN careaccess.protected_table AS p ON p.relation = e.refobjid
		WHERE e.classid = 'pg_proc'::regclass AND e.refclassid = 'pg_class'::regclass
		UNION
		SELECT w.oid, p.relation, false
		FROM word AS w
			JOIN pg_class AS c ON lower(c.relname) = w.word
			JOIN careaccess.protected_table AS p ON p.relation = c.oid
		UNION
		SELECT d.oid, p.relation, false
		FROM definer AS d
			JOIN pg_class AS c ON c.relname ~ '\W' AND strpos(d.prosrc, c.relname) > 0
			JOIN careaccess.protected_table AS p ON p.relation = c.oid
		WHERE NOT d.parsed
	)
	SELECT CASE WHEN bool_or(m.sure) THEN 'critical' ELSE 'warning' END, 'definer_function', careaccess.function_text(d.oid),
		format('The function runs with the rights of %s, whom row security does not hold, and %s %s.', d.owner,
			CASE WHEN bool_or(m.sure) THEN 'reads or writes' ELSE 'mentions' END,
			string_agg(DISTINCT careaccess.qualified_name(m.relation), ', ')),
		format('ALTER ROUTINE %s SECURITY INVOKER', careaccess.function_text(d.oid))
	FROM definer AS d JOIN mention AS m ON m.oid = d.oid
	GROUP BY d.oid, d.owner
	UNION ALL
	SELECT 'critical', 'name_taken', careaccess.function_text(f.oid),
		'The function is named like ours and is not: whoever calls it believes what somebody else wrote.',
		format('DROP ROUTINE %s', careaccess.function_text(f.oid))
	FROM pg_proc AS f JOIN pg_namespace AS n ON n.oid = f.pronamespace
	WHERE f.proname LIKE 'careaccess\_%' AND n.nspname !~ '^pg_(toast_)?temp_'
		AND NOT EXISTS (SELECT FROM careaccess.extension_members() AS m WHERE m.classid = 'pg_proc'::regclass AND m.objid = f.oid)
$$;
COMMENT ON FUNCTION careaccess.check_functions() IS 'functions that run past row security, or pass for ours';
REVOKE EXECUTE ON FUNCTION careaccess.check_functions() FROM PUBLIC;

-- Where an application role may create things that others' names then mean.
CREATE FUNCTION careaccess.check_schemas() RETURNS SETOF careaccess.finding
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, careaccess, pg_temp
AS $$
	WITH path AS (
		SELECT DISTINCT btrim(s.name, ' "') AS name
		FROM careaccess.configured('search_path') AS c CROSS JOIN LATERAL regexp_split_to_table(c.value, ',') AS s(name)
	), schema AS (
		SELECT n.oid, n.nspname, n.nspowner, coalesce(n.nspacl, acldefault('n', n.nspowner)) AS acl
		FROM pg_namespace AS n
		WHERE n.nspname IN (SELECT p.name FROM path AS p) AND n.nspname <> 'pg_catalog'
			OR n.nspname = 'careaccess'
			OR n.oid = (SELECT e.extnamespace FROM pg_extension AS e WHERE e.extname = 'careaccess')
	), creator AS (
		SELECT s.oid, s.nspname, s.nspowner, g.grantee,
			string_agg(careaccess.role_text(a), ', ' ORDER BY careaccess.role_text(a)) AS roles
		FROM schema AS s
			CROSS JOIN LATERAL aclexplode(s.acl) AS g
			CROSS JOIN careaccess.application_roles() AS a
			JOIN pg_roles AS o ON o.oid = a AND NOT o.rolsuper
		WHERE g.privilege_type = 'CREATE' AND (g.grantee = 0 OR pg_has_role(a, g.grantee, 'USAGE'))
		GROUP BY s.oid, s.nspname, s.nspowner, g.grantee
	)
	SELECT 'warning', 'creatable_schema', quote_ident(c.nspname),
		format('On the search path, or ours: %s may create functions and tables in it that others then use in place of what they mean.',
			string_agg(c.roles, ', ')),
		string_agg(CASE WHEN c.grantee = c.nspowner
			THEN format('ALTER SCHEMA %I OWNER TO %s', c.nspname, careaccess.role_text(careaccess.extension_owner()))
			ELSE format('REVOKE CREATE ON SCHEMA %I FROM %s CASCADE', c.nspname, careaccess.role_text(c.grantee)) END, '; '
			ORDER BY c.grantee = c.nspowner)
	FROM creator AS c
	GROUP BY c.nspname
	UNION ALL
	SELECT 'critical', 'stranger_in_schema', i.identity,
		format('A %s in schema careaccess is none of the extension''s.', i.type),
		format('DROP %s %s', upper(i.type), i.identity)
	FROM (
		SELECT 'pg_proc'::regclass::oid AS classid, f.oid AS objid FROM pg_proc AS f WHERE f.pronamespace = 'careaccess'::regnamespace
		UNION ALL
		SELECT 'pg_class'::regclass, c.oid FROM pg_class AS c
		WHERE c.relnamespace = 'careaccess'::regnamespace AND c.relkind IN ('r', 'v', 'm', 'p', 'f', 'S')
			-- Of an identity column, and so of its table.
			AND NOT EXISTS (SELECT FROM pg_depend AS d
				WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'i')
		UNION ALL
		SELECT 'pg_operator'::regclass, o.oid FROM pg_operator AS o WHERE o.oprnamespace = 'careaccess'::regnamespace
		) AS x
		CROSS JOIN LATERAL pg_identify_object(x.classid, x.objid, 0) AS i
	WHERE NOT EXISTS (SELECT FROM careaccess.extension_members() AS m WHERE m.classid = x.classid AND m.objid = x.objid)
$$;
COMMENT ON FUNCTION careaccess.check_schemas() IS 'schemas in which somebody could put things that pass for others';
REVOKE EXECUTE ON FUNCTION careaccess.check_schemas() FROM PUBLIC;

-- What PUBLIC and others may do with our objects beyond what the installation
-- gave (pg_init_privs) and the two granting functions give.
CREATE FUNCTION careaccess.check_own_grants() RETURNS SETOF careaccess.finding
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, careaccess, pg_temp
AS $$
	WITH granted AS (
		SELECT f.oid, f.proname, f.pronamespace, g.grantee
		FROM careaccess.extension_members() AS m
			JOIN pg_proc AS f ON m.classid = 'pg_proc'::regclass AND f.oid = m.objid
			-- Null is what the installation left to everybody.
			CROSS JOIN LATERAL aclexplode(f.proacl) AS g
			JOIN pg_init_privs AS i ON i.classoid = 'pg_proc'::regclass AND i.objoid = f.oid AND i.objsubid = 0
		WHERE g.grantee <> f.proowner
			AND NOT EXISTS (SELECT FROM aclexplode(i.initprivs) AS x WHERE x.grantee = g.grantee)
	)
	SELECT CASE WHEN w.purpose IN ('act', 'administration') THEN 'critical' ELSE 'warning' END,
		CASE w.purpose WHEN 'act' THEN 'act_as_public' WHEN 'administration' THEN 'administration_public' ELSE 'function_public' END,
		w.function,
		CASE w.purpose WHEN 'act' THEN 'Everybody may execute the function, and with it become whom he likes.'
			WHEN 'administration' THEN 'Everybody may execute a function that is for database administrators.'
			ELSE 'Everybody may execute a function that is granted to roles one by one.' END,
		format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', w.function)
	FROM (
		SELECT careaccess.function_text(g.oid) AS function,
			CASE WHEN g.proname IN ('careaccess_act_as', 'careaccess_act_as_portal_user') THEN 'act'
				WHEN g.oid = 'careaccess.administrator()'::regprocedure
					OR EXISTS (SELECT FROM careaccess.interface() AS i
						WHERE i.function = g.oid AND i.purpose IN ('administration', 'superuser')) THEN 'administration'
			END AS purpose
		FROM granted AS g WHERE g.grantee = 0) AS w
	UNION ALL
	SELECT 'warning', 'internal_function_granted', careaccess.function_text(g.oid),
		format('%s may execute a function that answers or acts without asking who calls.',
			string_agg(careaccess.role_text(g.grantee), ', ' ORDER BY careaccess.role_text(g.grantee))),
		format('REVOKE EXECUTE ON FUNCTION %s FROM %s CASCADE', careaccess.function_text(g.oid),
			string_agg(careaccess.role_text(g.grantee), ', ' ORDER BY careaccess.role_text(g.grantee)))
	FROM granted AS g
	WHERE g.grantee <> 0 AND g.pronamespace = 'careaccess'::regnamespace AND g.oid <> 'careaccess.administrator()'::regprocedure
	GROUP BY g.oid
	UNION ALL
	-- The views say for themselves what they show to whom.
	SELECT CASE WHEN bool_or(g.privilege NOT IN ('SELECT', 'REFERENCES') OR c.relname IN ('token_key', 'invitation')) THEN 'critical' ELSE 'warning' END,
		'catalog_granted', careaccess.qualified_name(c.oid),
		format('The facts of careaccess are for its functions alone, and %s has %s.',
			string_agg(DISTINCT careaccess.role_text(g.grantee), ', '), string_agg(DISTINCT g.privilege, ', ')),
		format('REVOKE ALL ON %s %s FROM %s CASCADE', CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, careaccess.qualified_name(c.oid),
			string_agg(DISTINCT careaccess.role_text(g.grantee), ', '))
	FROM careaccess.relation_grants() AS g
		JOIN pg_class AS c ON c.oid = g.relation AND c.relnamespace = 'careaccess'::regnamespace AND c.relkind <> 'v'
	GROUP BY c.oid, c.relkind
$$;
COMMENT ON FUNCTION careaccess.check_own_grants() IS 'privileges on functions and tables of the extension that nobody should have';
REVOKE EXECUTE ON FUNCTION careaccess.check_own_grants() FROM PUBLIC;

CREATE FUNCTION careaccess.check_owners() RETURNS SETOF careaccess.finding
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, careaccess, pg_temp
AS $$
	SELECT 'critical', 'owner_changed', i.identity,
		format('A %s of the extension belongs to %s, who can change it.', i.type, careaccess.role_text(x.owner)),
		format('ALTER %s %s OWNER TO %s', upper(i.type), i.identity, careaccess.role_text(careaccess.extension_owner()))
	FROM (
		SELECT 'pg_proc'::regclass::oid AS classid, f.oid AS objid, f.proowner AS owner FROM pg_proc AS f
		UNION ALL
		SELECT 'pg_class'::regclass, c.oid, c.relowner FROM pg_class AS c
		UNION ALL
		SELECT 'pg_namespace'::regclass, n.oid, n.nspowner FROM pg_namespace AS n WHERE n.nspname = 'careaccess'
		UNION ALL
		SELECT 'pg_event_trigger'::regclass, e.oid, e.evtowner FROM pg_event_trigger AS e) AS x
		JOIN careaccess.extension_members() AS m ON m.classid = x.classid AND m.objid = x.objid
		CROSS JOIN LATERAL pg_identify_object(x.classid, x.objid, 0) AS i
	WHERE x.owner <> careaccess.extension_owner()
	UNION ALL
	SELECT 'warning', 'extension_owner', quote_ident(o.rolname),
		'The owner of the extension is no superuser: masks show nothing, and our functions may fail.',
		format('ALTER ROLE %I SUPERUSER', o.rolname)
	FROM pg_roles AS o
	WHERE o.oid = careaccess.extension_owner() AND NOT o.rolsuper
$$;
COMMENT ON FUNCTION careaccess.check_owners() IS 'objects of the extension that have another owner, and an owner who is no superuser';
REVOKE EXECUTE ON FUNCTION careaccess.check_owners() FROM PUBLIC;

CREATE FUNCTION careaccess.check_own_triggers() RETURNS SETOF careaccess.finding
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, careaccess, pg_temp
AS $$
	SELECT 'critical', 'fact_trigger_missing', format('%I on %s', w.name, careaccess.qualified_name(w.relation)),
		CASE WHEN w.always THEN 'Changes of these facts are not noted, so sessions decide by what they kept from before.'
			ELSE 'Changes of these facts leave no event.' END,
		w.definition || CASE WHEN w.always
			THEN format('; ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', careaccess.qualified_name(w.relation), w.name) ELSE '' END
	FROM careaccess.fact_triggers() AS w
	WHERE NOT EXISTS (SELECT FROM pg_trigger AS g WHERE g.tgrelid = w.relation AND g.tgname = w.name)
	UNION ALL
	SELECT 'critical', 'fact_trigger_off', format('%I on %s', g.tgname, careaccess.qualified_name(g.tgrelid)),
		CASE WHEN a.always AND g.tgenabled = 'O' THEN 'The trigger does not fire under session_replication_role = replica.'
			ELSE 'The trigger of the catalog is switched off: what it keeps is not kept.' END,
		format('ALTER TABLE %s ENABLE %sTRIGGER %I', careaccess.qualified_name(g.tgrelid), CASE WHEN a.always THEN 'ALWAYS ' ELSE '' END, g.tgname)
	FROM pg_trigger AS g
		JOIN pg_class AS c ON c.oid = g.tgrelid AND c.relnamespace = 'careaccess'::regnamespace
		CROSS JOIN LATERAL (SELECT g.tgname LIKE 'version\_%' AS always) AS a
	WHERE g.tgenabled IN ('D', 'R') OR a.always AND g.tgenabled <> 'A'
	UNION ALL
	SELECT 'critical', 'event_trigger_off', quote_ident(e.evtname),
		'The event trigger is switched off: new partitions are not protected, or changes of the catalog are not noted.',
		format('ALTER EVENT TRIGGER %I ENABLE%s', e.evtname, CASE WHEN a.always THEN ' ALWAYS' ELSE '' END)
	FROM pg_event_trigger AS e
		JOIN careaccess.extension_members() AS m ON m.classid = 'pg_event_trigger'::regclass AND m.objid = e.oid
		CROSS JOIN LATERAL (SELECT e.evtname LIKE 'careaccess\_note\_%' AS always) AS a
	WHERE e.evtenabled IN ('D', 'R') OR a.always AND e.evtenabled <> 'A'
	UNION ALL
	SELECT 'warning', 'adoption_trigger_off', format('%I on %s', g.tgname, careaccess.qualified_name(g.tgrelid)),
		'The trigger of an adopted table is switched off: its rows are no longer registered, or their registration no longer ends.',
		format('ALTER TABLE %s ENABLE TRIGGER %I', careaccess.qualified_name(g.tgrelid), g.tgname)
	FROM pg_trigger AS g
	WHERE g.tgfoid IN ('careaccess.adopt_client()'::regprocedure, 'careaccess.adopt_member()'::regprocedure,
			'careaccess.adoption_statement()'::regprocedure)
		AND g.tgenabled IN ('D', 'R')
$$;
COMMENT ON FUNCTION careaccess.check_own_triggers() IS 'triggers and event triggers of the extension that are gone or switched off';
REVOKE EXECUTE ON FUNCTION careaccess.check_own_triggers() FROM PUBLIC;
