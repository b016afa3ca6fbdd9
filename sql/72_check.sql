--
-- careaccess_check: everything that would let data out
--
-- One function per subject, each returning what it found; careaccess_check
-- (74_check_roles) asks them all.  They read catalogs and our own facts and
-- never a row of an application's table: planning such a query would run what
-- the table's owner wrote, with our rights.
--
-- A remedy is SQL that removes the finding, with the least that does; where
-- only a person can decide it says what to do.  A finding that nobody could
-- remove would teach people not to look.
--

CREATE TYPE careaccess.finding AS (severity text, code text, object text, problem text, remedy text);
COMMENT ON TYPE careaccess.finding IS
	'what careaccess_check found: critical (rows are open now), warning (a way that is open to somebody, or will be), notice';

-- What is asked again and again

CREATE FUNCTION careaccess.role_text(role oid) RETURNS text
	LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, careaccess, pg_temp
AS $$
	SELECT CASE WHEN role = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(role)) END
$$;
COMMENT ON FUNCTION careaccess.role_text(oid) IS 'a role, or PUBLIC, as SQL writes it';
REVOKE EXECUTE ON FUNCTION careaccess.role_text(oid) FROM PUBLIC;

-- Without schema careaccess on the path: a remedy is run without it, too.
CREATE FUNCTION careaccess.function_text(function oid) RETURNS text
	LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
	SELECT function::regprocedure::text
$$;
COMMENT ON FUNCTION careaccess.function_text(oid) IS 'a function with its argument types, as SQL writes it under any search path';
REVOKE EXECUTE ON FUNCTION careaccess.function_text(oid) FROM PUBLIC;

CREATE FUNCTION careaccess.extension_owner() RETURNS oid
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, careaccess, pg_temp
AS $$
	SELECT e.extowner FROM pg_extension AS e WHERE e.extname = 'careaccess'
$$;
COMMENT ON FUNCTION careaccess.extension_owner() IS 'the role that owns the extension';
REVOKE EXECUTE ON FUNCTION careaccess.extension_owner() FROM PUBLIC;

CREATE FUNCTION careaccess.extension_members() RETURNS TABLE (classid oid, objid oid)
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, careaccess, pg_temp
AS $$
	SELECT d.classid, d.objid
	FROM pg_depend AS d
		JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
	WHERE e.extname = 'careaccess' AND d.deptype = 'e'
$$;
COMMENT ON FUNCTION careaccess.extension_members() IS 'the objects of the extension';
REVOKE EXECUTE ON FUNCTION careaccess.extension_members() FROM PUBLIC;

-- What others than the owner may do with a relation or a column of it.
CREATE FUNCTION careaccess.relation_grants() RETURNS TABLE (relation oid, grantee oid, privilege text)
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, careaccess, pg_temp
AS $$
	SELECT c.oid, g.grantee, g.privilege_type
	FROM pg_class AS c CROSS JOIN LATERAL aclexplode(c.relacl) AS g
	WHERE g.grantee <> c.relowner
	UNION
	SELECT c.oid, g.grantee, g.privilege_type
	FROM pg_attribute AS a
		JOIN pg_class AS c ON c.oid = a.attrelid
		CROSS JOIN LATERAL aclexplode(a.attacl) AS g
	WHERE g.grantee <> c.relowner AND NOT a.attisdropped
$$;
COMMENT ON FUNCTION careaccess.relation_grants() IS 'the privileges on relations and columns that others than their owners hold; grantee 0 is PUBLIC';
REVOKE EXECUTE ON FUNCTION careaccess.relation_grants() FROM PUBLIC;

CREATE FUNCTION careaccess.grantees_text(relation oid, privileges text[]) RETURNS text
	LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, careaccess, pg_temp
AS $$
	SELECT string_agg(careaccess.role_text(g.grantee), ', ' ORDER BY careaccess.role_text(g.grantee))
	FROM (
		SELECT x.grantee
		FROM pg_class AS c CROSS JOIN LATERAL aclexplode(c.relacl) AS x
		WHERE c.oid = $1 AND x.grantee <> c.relowner AND x.privilege_type = ANY ($2)
		UNION
		SELECT x.grantee
		FROM pg_class AS c
			JOIN pg_attribute AS a ON a.attrelid = c.oid
			CROSS JOIN LATERAL aclexplode(a.attacl) AS x
		WHERE c.oid = $1 AND x.grantee <> c.relowner AND x.privilege_type = ANY ($2)) AS g
$$;
COMMENT ON FUNCTION careaccess.grantees_text(oid, text[]) IS
	'who but the owner holds one of the privileges on a relation or a column of it, as a list for GRANT and REVOKE; null: nobody';
REVOKE EXECUTE ON FUNCTION careaccess.grantees_text(oid, text[]) FROM PUBLIC;

-- The roles that row security has to hold: who was granted a function of ours
-- or a privilege on a protected table by name (not through PUBLIC, not as the
-- owner), who is a member's login, and the logins that inherit from one of
-- these.  Administrators of careaccess, the bootstrap superuser and the roles
-- that PostgreSQL brings are none; a superuser who is one is found, as that is
-- a hole.
CREATE FUNCTION careaccess.application_roles() RETURNS SETOF oid
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, careaccess, pg_temp
AS $$
	WITH RECURSIVE administrator AS (
		SELECT g.grantee
		FROM pg_proc AS p CROSS JOIN LATERAL aclexplode(p.proacl) AS g
		WHERE p.oid = 'careaccess.administrator()'::regprocedure
	), named AS (
		SELECT g.grantee
		FROM careaccess.interface() AS i
			JOIN pg_proc AS p ON p.oid = i.function
			CROSS JOIN LATERAL aclexplode(p.proacl) AS g
		WHERE i.purpose IN ('application', 'identity') AND g.grantee <> p.proowner
		UNION
		SELECT g.grantee
		FROM careaccess.relation_grants() AS g
		WHERE g.relation IN (SELECT t.relation FROM careaccess.protected_table AS t)
		UNION
		SELECT r.oid
		FROM careaccess.member AS m JOIN pg_roles AS r ON r.rolname = m.login_role
	), holder AS (
		SELECT r.oid
		FROM named AS n JOIN pg_roles AS r ON r.oid = n.grantee
		WHERE r.oid NOT IN (SELECT a.grantee FROM administrator AS a)
			AND r.oid <> 10 AND r.rolname !~ '^pg_'
	), heir AS (
		SELECT h.oid, h.oid AS from_role FROM holder AS h
		UNION
		SELECT m.member, h.from_role
		FROM heir AS h JOIN pg_auth_members AS m ON m.roleid = h.oid
	)
	SELECT h.oid FROM holder AS h
	UNION
	SELECT r.oid
	FROM heir AS h JOIN pg_roles AS r ON r.oid = h.oid
	WHERE r.rolcanlogin AND r.oid <> 10
		AND (r.rolsuper OR pg_has_role(r.oid, h.from_role, 'USAGE'))
		AND r.oid NOT IN (SELECT a.grantee FROM administrator AS a)
$$;
COMMENT ON FUNCTION careaccess.application_roles() IS
	'the roles that row security has to hold: granted our functions or protected tables by name, members'' logins, and logins that inherit from these';
REVOKE EXECUTE ON FUNCTION careaccess.application_roles() FROM PUBLIC;

-- Read from pg_auth_members: asked about a superuser, pg_has_role says yes to
-- everything.  That the owner of the database is a member of
-- pg_database_owner stands nowhere.
CREATE FUNCTION careaccess.roles_they_can_become() RETURNS TABLE (role oid, other oid)
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, careaccess, pg_temp
AS $$
	WITH RECURSIVE edge AS (
		SELECT m.member, m.roleid FROM pg_auth_members AS m
		UNION ALL
		SELECT d.datdba, r.oid
		FROM pg_database AS d, pg_roles AS r
		WHERE d.datname = current_database() AND r.rolname = 'pg_database_owner'
	), path AS (
		SELECT a AS role, a AS other FROM careaccess.application_roles() AS a
		UNION
		SELECT p.role, e.roleid FROM path AS p JOIN edge AS e ON e.member = p.other
	)
	SELECT p.role, p.other FROM path AS p
$$;
COMMENT ON FUNCTION careaccess.roles_they_can_become() IS 'the application roles, each with itself and every role it can become by SET ROLE';
REVOKE EXECUTE ON FUNCTION careaccess.roles_they_can_become() FROM PUBLIC;

-- What takes a membership away that leads from one role to another.
CREATE FUNCTION careaccess.revoke_membership(role oid, other oid) RETURNS text
	LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, careaccess, pg_temp
AS $$
	-- Since 16 the same membership can be granted by several, and each grant is
	-- revoked by itself.
	SELECT string_agg(format('REVOKE %s FROM %s%s', careaccess.role_text(m.roleid), careaccess.role_text(m.member),
			CASE WHEN current_setting('server_version_num')::integer >= 160000
				THEN ' GRANTED BY ' || careaccess.role_text(m.grantor) ELSE '' END), '; ')
	FROM pg_auth_members AS m
	WHERE m.member = $1
		AND (m.roleid = $2 OR EXISTS (
			WITH RECURSIVE above AS (
				SELECT m.roleid AS oid
				UNION
				SELECT n.roleid FROM above AS b JOIN pg_auth_members AS n ON n.member = b.oid)
			SELECT FROM above AS b WHERE b.oid = $2))
$$;
COMMENT ON FUNCTION careaccess.revoke_membership(oid, oid) IS 'the SQL that ends the memberships by which one role can become another; null: there is none';
REVOKE EXECUTE ON FUNCTION careaccess.revoke_membership(oid, oid) FROM PUBLIC;

CREATE FUNCTION careaccess.protect_call(p careaccess.protected_table, relation oid, replacing boolean) RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, careaccess, pg_temp
AS $$
	SELECT format('SELECT @extschema@.careaccess_protect(%L, %L', careaccess.qualified_name($2), p.client_column)
		|| coalesce(', category => ' || quote_literal(p.category), '')
		|| coalesce(', category_column => ' || quote_literal(p.category_column), '')
		|| coalesce(', author_column => ' || quote_literal(p.author_column), '')
		|| coalesce(', practice_column => ' || quote_literal(p.practice_column), '')
		|| coalesce(', client_visible_column => ' || quote_literal(p.client_visible_column), '')
		|| CASE WHEN replacing THEN ', replace => true)' ELSE ')' END
$$;
COMMENT ON FUNCTION careaccess.protect_call(careaccess.protected_table, oid, boolean) IS 'the call that protects a relation as a protected table is';
REVOKE EXECUTE ON FUNCTION careaccess.protect_call(careaccess.protected_table, oid, boolean) FROM PUBLIC;

--
-- Tables that should be protected
--

-- Columns that hold a client: those of protected tables, and the identifiers
-- of adopted tables of clients.  own: each row is a client of its own, as in a
-- table of clients; the name of such a column ("id") says nothing elsewhere.
CREATE FUNCTION careaccess.client_columns() RETURNS TABLE (relation oid, attnum smallint, name name, type oid, own boolean)
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, careaccess, pg_temp
AS $$
	SELECT k.relation, a.attnum, a.attname, careaccess.base_type(a.atttypid),
		k.adopted OR EXISTS (SELECT FROM pg_index AS i
			WHERE i.indrelid = k.relation AND i.indisunique AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum)
	FROM (
		SELECT p.relation::oid, p.client_column, false AS adopted FROM careaccess.protected_table AS p
		UNION ALL
		SELECT g.tgrelid, (careaccess.adoption_of(g.tgrelid)).arguments[1]::name, true
		FROM pg_trigger AS g
		WHERE g.tgname = 'zz_careaccess_confirm' AND g.tgfoid = 'careaccess.adopt_client()'::regprocedure
			AND g.tgparentid = 0) AS k
		JOIN pg_attribute AS a ON a.attrelid = k.relation AND a.attname = k.client_column AND NOT a.attisdropped
$$;
COMMENT ON FUNCTION careaccess.client_columns() IS 'the columns that hold clients: of protected tables and of adopted tables of clients';
REVOKE EXECUTE ON FUNCTION careaccess.client_columns() FROM PUBLIC;

-- The category of the remedy is the strictest one: too few see the table until
-- somebody who knows it chooses a better.
CREATE FUNCTION careaccess.check_unprotected() RETURNS SETOF careaccess.finding
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, careaccess, pg_temp
AS $$
	WITH candidate AS (
		SELECT c.oid, c.relkind
		FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'p', 'f') AND c.relpersistence <> 't' AND NOT c.relispartition
			AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'careaccess')
			AND NOT EXISTS (SELECT FROM careaccess.protected_table AS p WHERE p.relation = c.oid)
	), key AS (
		SELECT k.conrelid, u.attnum, k.confrelid, u.refnum
		FROM pg_constraint AS k
			JOIN candidate AS t ON t.oid = k.conrelid
			CROSS JOIN LATERAL unnest(k.conkey, k.confkey) AS u(attnum, refnum)
		WHERE k.contype = 'f'
	), client_column AS MATERIALIZED (
		SELECT * FROM careaccess.client_columns()
	), match AS (
		SELECT k.conrelid AS oid, k.attnum, format('refers to %s', careaccess.qualified_name(k.confrelid)) AS reason, 1 AS rank
		FROM key AS k JOIN client_column AS c ON c.relation = k.confrelid AND c.attnum = k.refnum
		UNION ALL
		SELECT t.oid, a.attnum, format('is named and typed like the client of %s', careaccess.qualified_name(c.relation)), 2
		FROM candidate AS t
			JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
			JOIN client_column AS c ON c.name = a.attname AND NOT c.own
		WHERE c.type = careaccess.base_type(a.atttypid)
		UNION ALL
		SELECT c.relation, c.attnum, 'identifies the clients that the table registers', 0
		FROM client_column AS c JOIN candidate AS t ON t.oid = c.relation
	), found AS (
		SELECT DISTINCT ON (m.oid) m.oid, t.relkind, a.attname, m.reason,
			careaccess.qualified_name(m.oid) AS name, careaccess.grantees_text(m.oid, '{SELECT}') AS readers
		FROM match AS m
			JOIN candidate AS t ON t.oid = m.oid
			JOIN pg_attribute AS a ON a.attrelid = m.oid AND a.attnum = m.attnum
		ORDER BY m.oid, m.rank, m.attnum, m.reason
	)
	SELECT CASE WHEN f.readers IS NULL THEN 'warning' ELSE 'critical' END, 'unprotected_table', f.name,
		format('The table is not protected, and its column "%s" %s.', f.attname, f.reason)
			|| coalesce(' It can be read by ' || f.readers || '.', ' Only its owner can read it.'),
		format('SELECT @extschema@.careaccess_protect(%L, %L, ''private_notes'')', f.name, f.attname)
	FROM found AS f WHERE f.relkind <> 'f'
	UNION ALL
	-- Row security does not work on these, so a copy that nobody reads is well.
	SELECT 'critical', 'foreign_table', f.name,
		format('The foreign table cannot be protected, its column "%s" %s, and it can be read by %s.', f.attname, f.reason, f.readers),
		format('REVOKE ALL ON TABLE %s FROM %s CASCADE', f.name, f.readers)
	FROM found AS f WHERE f.relkind = 'f' AND f.readers IS NOT NULL
	UNION ALL
	-- What belongs to a row of a protected table, but says not itself whose it is.
	SELECT 'warning', 'dependent_table', careaccess.qualified_name(d.conrelid),
		format('The table is not protected and refers to %s, so its rows may be about clients. It can be read by %s.',
			string_agg(DISTINCT careaccess.qualified_name(d.confrelid), ', '), careaccess.grantees_text(d.conrelid, '{SELECT}')),
		format('REVOKE SELECT ON TABLE %s FROM %s CASCADE', careaccess.qualified_name(d.conrelid), careaccess.grantees_text(d.conrelid, '{SELECT}'))
	FROM key AS d
	WHERE EXISTS (SELECT FROM careaccess.protected_table AS p WHERE p.relation = d.confrelid)
		AND d.conrelid NOT IN (SELECT f.oid FROM found AS f)
		AND careaccess.grantees_text(d.conrelid, '{SELECT}') IS NOT NULL
	GROUP BY d.conrelid
$$;
COMMENT ON FUNCTION careaccess.check_unprotected() IS 'tables of client data that are not protected';
REVOKE EXECUTE ON FUNCTION careaccess.check_unprotected() FROM PUBLIC;

CREATE FUNCTION careaccess.check_partitions() RETURNS SETOF careaccess.finding
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, careaccess, pg_temp
AS $$
	SELECT 'critical', 'unprotected_partition', careaccess.qualified_name(t),
		format('The partition of the protected table %s is not protected: read by its own name it shows all rows.',
			careaccess.qualified_name(p.relation)),
		careaccess.protect_call(p, p.relation, true)
	FROM careaccess.protected_table AS p
		CROSS JOIN LATERAL careaccess.table_and_partitions(p.relation) AS t
	WHERE p.relation = p.root AND t NOT IN (SELECT q.relation FROM careaccess.protected_table AS q)
	UNION ALL
	SELECT 'critical', 'unprotected_parent', careaccess.qualified_name(r.oid),
		format('The table is not protected, and its partition %s is: read through it the partition shows all rows.',
			min(careaccess.qualified_name(p.relation))),
		(array_agg(careaccess.protect_call(p, r.oid, true) ORDER BY careaccess.qualified_name(p.relation)))[1]
	FROM careaccess.protected_table AS p
		JOIN pg_class AS c ON c.oid = p.relation AND c.relispartition
		CROSS JOIN LATERAL (SELECT pg_partition_root(p.relation)::oid AS oid) AS r
	WHERE NOT EXISTS (SELECT FROM careaccess.protected_table AS q WHERE q.relation = r.oid)
	GROUP BY r.oid
	UNION ALL
	SELECT 'critical', 'inheritance', careaccess.qualified_name(i.inhrelid),
		format('The table inherits from %s: a query of the parent shows its rows by the parent''s policies, a query of itself by its own.',
			careaccess.qualified_name(i.inhparent)),
		format('ALTER TABLE %s NO INHERIT %s', careaccess.qualified_name(i.inhrelid), careaccess.qualified_name(i.inhparent))
	FROM pg_inherits AS i
		JOIN pg_class AS c ON c.oid = i.inhparent AND c.relkind = 'r'
	WHERE EXISTS (SELECT FROM careaccess.protected_table AS p WHERE p.relation IN (i.inhparent, i.inhrelid))
$$;
COMMENT ON FUNCTION careaccess.check_partitions() IS 'partitions, parents and children that would show rows past the policies';
REVOKE EXECUTE ON FUNCTION careaccess.check_partitions() FROM PUBLIC;

--
-- Protected tables
--

-- What pg_get_expr writes of the call that careaccess.make_policies makes,
-- without the casts that a varchar or a domain gets (careaccess.policy_call).
CREATE FUNCTION careaccess.policy_arguments(p careaccess.protected_table) RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, careaccess, pg_temp
AS $$
	SELECT quote_ident(p.client_column) || ', ' || coalesce(quote_ident(p.category_column), quote_literal(p.category) || '::text')
		|| CASE WHEN coalesce(p.author_column, p.client_visible_column, p.practice_column) IS NULL THEN ''
			ELSE ', ' || coalesce(quote_ident(p.author_column), 'NULL::text') END
		|| CASE WHEN coalesce(p.client_visible_column, p.practice_column) IS NULL THEN ''
			ELSE ', ' || coalesce(quote_ident(p.client_visible_column), 'false') END
		|| coalesce(', ' || quote_ident(p.practice_column), '')
$$;
COMMENT ON FUNCTION careaccess.policy_arguments(careaccess.protected_table) IS 'the arguments of the policies'' calls, as the server writes them';
REVOKE EXECUTE ON FUNCTION careaccess.policy_arguments(careaccess.protected_table) FROM PUBLIC;

CREATE FUNCTION careaccess.policy_call(expression pg_node_tree, relation oid) RETURNS text
	LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, careaccess, pg_temp
AS $$
	-- Twice: of a domain over varchar there are two.
	SELECT regexp_replace(regexp_replace(pg_get_expr($1, $2), c.cast_of_column, '\1', 'g'), c.cast_of_column, '\1', 'g')
	FROM (VALUES ('\(("(?:[^"]|"")*"|[a-z_][a-z0-9_]*)\)::(?:text|character varying|boolean)\y')) AS c (cast_of_column)
$$;
COMMENT ON FUNCTION careaccess.policy_call(pg_node_tree, oid) IS 'the expression of a policy, without casts of its columns to text or boolean';
REVOKE EXECUTE ON FUNCTION careaccess.policy_call(pg_node_tree, oid) FROM PUBLIC;

CREATE FUNCTION careaccess.check_policies() RETURNS SETOF careaccess.finding
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, careaccess, pg_temp
AS $$
	WITH wanted AS (
		SELECT p.relation, w.name, w.command,
			CASE WHEN w.command = 'a' THEN NULL ELSE format('row_%s(%s)', w.action, careaccess.policy_arguments(p)) END AS qual,
			CASE WHEN w.command IN ('a', 'w') THEN format('row_%s(%s)', w.action, careaccess.policy_arguments(p)) END AS with_check,
			careaccess.protect_call(p, p.root, true) AS remedy
		FROM careaccess.protected_table AS p
			CROSS JOIN (VALUES ('careaccess_select', 'r', 'view'), ('careaccess_insert', 'a', 'create'),
				('careaccess_update', 'w', 'edit'), ('careaccess_delete', 'd', 'delete')) AS w (name, command, action)
	), state AS (
		SELECT w.relation, w.remedy, w.name, y.oid IS NULL AS missing,
			y.oid IS NOT NULL AND (y.polcmd <> w.command::"char" OR NOT y.polpermissive OR y.polroles <> '{0}'
				OR careaccess.policy_call(y.polqual, y.polrelid) IS DISTINCT FROM w.qual
				OR careaccess.policy_call(y.polwithcheck, y.polrelid) IS DISTINCT FROM w.with_check) AS altered
		FROM wanted AS w
			LEFT JOIN pg_policy AS y ON y.polrelid = w.relation AND y.polname = w.name
	)
	SELECT 'critical', 'policy_changed', careaccess.qualified_name(s.relation),
		format('Policies of ours are not what careaccess_protect made: %s.', string_agg(s.name, ', ' ORDER BY s.name)), s.remedy
	FROM state AS s WHERE s.altered GROUP BY s.relation, s.remedy
	UNION ALL
	SELECT 'warning', 'policy_missing', careaccess.qualified_name(s.relation),
		format('The table lacks policies, so nobody sees or writes the rows they were for: %s.', string_agg(s.name, ', ' ORDER BY s.name)),
		s.remedy
	FROM state AS s WHERE s.missing GROUP BY s.relation, s.remedy
	UNION ALL
	SELECT CASE WHEN y.polpermissive THEN 'critical' ELSE 'warning' END, 'foreign_policy',
		format('%I on %s', y.polname, careaccess.qualified_name(y.polrelid)),
		CASE WHEN y.polpermissive THEN 'A second permissive policy lets out every row that it allows.'
			ELSE 'A restrictive policy hides rows that members may see, and keeps the planner from using ours.' END,
		format('DROP POLICY %I ON %s', y.polname, careaccess.qualified_name(y.polrelid))
	FROM pg_policy AS y
		JOIN careaccess.protected_table AS p ON p.relation = y.polrelid
	WHERE y.polname NOT IN ('careaccess_select', 'careaccess_insert', 'careaccess_update', 'careaccess_delete')
	UNION ALL
	SELECT 'critical', 'row_security_off', careaccess.qualified_name(c.oid),
		'Row security is switched off: the policies are not asked.',
		format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', careaccess.qualified_name(c.oid))
	FROM pg_class AS c JOIN careaccess.protected_table AS p ON p.relation = c.oid
	WHERE NOT c.relrowsecurity
	UNION ALL
	SELECT 'critical', 'row_security_not_forced', careaccess.qualified_name(c.oid),
		format('Row security is not forced: it does not hold the owner %s, his views and his SECURITY DEFINER functions.',
			careaccess.role_text(c.relowner)),
		format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', careaccess.qualified_name(c.oid))
	FROM pg_class AS c JOIN careaccess.protected_table AS p ON p.relation = c.oid
	WHERE NOT c.relforcerowsecurity
$$;
COMMENT ON FUNCTION careaccess.check_policies() IS 'row security and policies of protected tables that are not as careaccess_protect leaves them';
REVOKE EXECUTE ON FUNCTION careaccess.check_policies() FROM PUBLIC;

-- Privileges that row security does not look at.
CREATE FUNCTION careaccess.check_table_grants() RETURNS SETOF careaccess.finding
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, careaccess, pg_temp
AS $$
	SELECT w.severity, w.code, careaccess.qualified_name(g.relation),
		format('%s may %s', g.roles, w.problem),
		format('REVOKE %s ON TABLE %s FROM %s CASCADE', w.privilege, careaccess.qualified_name(g.relation), g.roles)
	FROM (VALUES
			('TRUNCATE', 'critical', 'truncate_granted', 'empty the table: row security does not apply to TRUNCATE.'),
			('TRIGGER', 'warning', 'trigger_granted', 'make triggers on the table, which run with the rights of whoever writes and see his rows.'),
			('REFERENCES', 'warning', 'references_granted', 'make foreign keys to the table, which tell of hidden rows.'),
			('MAINTAIN', 'notice', 'maintain_granted', 'lock and rewrite the table and gather statistics of all rows.'))
			AS w (privilege, severity, code, problem)
		JOIN (
			SELECT x.relation, x.privilege, string_agg(careaccess.role_text(x.grantee), ', ' ORDER BY careaccess.role_text(x.grantee)) AS roles
			FROM careaccess.relation_grants() AS x
			WHERE x.relation IN (SELECT p.relation FROM careaccess.protected_table AS p)
			GROUP BY x.relation, x.privilege) AS g ON g.privilege = w.privilege
	UNION ALL
	SELECT 'notice', 'default_privileges', format('%s%s', careaccess.role_text(d.defaclrole),
			coalesce(' in schema ' || quote_ident(n.nspname), '')),
		format('What the role creates can be read at once by %s, before it is protected.', g.roles),
		format('ALTER DEFAULT PRIVILEGES FOR ROLE %s%s REVOKE ALL ON TABLES FROM %s', careaccess.role_text(d.defaclrole),
			coalesce(' IN SCHEMA ' || quote_ident(n.nspname), ''), g.roles)
	FROM pg_default_acl AS d
		LEFT JOIN pg_namespace AS n ON n.oid = d.defaclnamespace
		CROSS JOIN LATERAL (
			SELECT string_agg(DISTINCT careaccess.role_text(x.grantee), ', ') AS roles
			FROM aclexplode(d.defaclacl) AS x
			WHERE x.grantee <> d.defaclrole AND x.privilege_type = 'SELECT'
				AND (x.grantee = 0 OR x.grantee IN (SELECT a FROM careaccess.application_roles() AS a))) AS g
	WHERE d.defaclobjtype = 'r' AND g.roles IS NOT NULL
$$;
COMMENT ON FUNCTION careaccess.check_table_grants() IS 'privileges on protected and future tables that go past row security';
REVOKE EXECUTE ON FUNCTION careaccess.check_table_grants() FROM PUBLIC;

CREATE FUNCTION careaccess.check_table_shape() RETURNS SETOF careaccess.finding
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, careaccess, pg_temp
AS $$
	-- A partitioned table's index is that of its leaves; each is searched by itself.
	SELECT 'notice', 'missing_index', careaccess.qualified_name(p.relation),
		format('No index starts with column "%s": looking up the records of one client reads the whole table.', p.client_column),
		format('CREATE INDEX ON %s (%I)', careaccess.qualified_name(p.relation), p.client_column)
	FROM careaccess.protected_table AS p
		JOIN pg_class AS c ON c.oid = p.relation AND c.relkind = 'r'
		JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = p.client_column AND NOT a.attisdropped
	WHERE NOT EXISTS (SELECT FROM pg_index AS i
		WHERE i.indrelid = c.oid AND i.indkey[0] = a.attnum AND i.indpred IS NULL AND i.indisvalid)
	UNION ALL
	-- The clauses of the actions come last in the definition.
	SELECT 'warning', 'cascading_key', format('%I on %s', k.conname, careaccess.qualified_name(k.conrelid)),
		format('Changing or deleting a row of %s that a member may see acts on rows of this table that he may not.',
			careaccess.qualified_name(k.confrelid)),
		format('ALTER TABLE %1$s DROP CONSTRAINT %2$I, ADD CONSTRAINT %2$I %3$s', careaccess.qualified_name(k.conrelid), k.conname,
			regexp_replace(pg_get_constraintdef(k.oid),
				'( ON UPDATE (CASCADE|SET NULL|SET DEFAULT))?( ON DELETE (CASCADE|SET NULL|SET DEFAULT)( \([^()]*\))?)?(( NOT)? DEFERRABLE( INITIALLY DEFERRED)?)?( NOT VALID| NOT ENFORCED)?$',
				'\6\9'))
	FROM pg_constraint AS k
		JOIN careaccess.protected_table AS p ON p.relation = k.conrelid
	WHERE k.contype = 'f' AND k.conparentid = 0
		AND EXISTS (SELECT FROM careaccess.relation_grants() AS g
			WHERE g.relation = k.confrelid
				AND (g.privilege = 'DELETE' AND k.confdeltype IN ('c', 'n', 'd')
					OR g.privilege = 'UPDATE' AND k.confupdtype IN ('c', 'n', 'd')))
	UNION ALL
	SELECT 'warning', 'rule', format('%I on %s', r.rulename, careaccess.qualified_name(r.ev_class)),
		'A rule rewrites statements on the table, and what it adds runs with the rights of the table''s owner.',
		format('DROP RULE %I ON %s', r.rulename, careaccess.qualified_name(r.ev_class))
	FROM pg_rewrite AS r JOIN careaccess.protected_table AS p ON p.relation = r.ev_class
	UNION ALL
	SELECT 'warning', 'definer_trigger', format('%I on %s', g.tgname, careaccess.qualified_name(g.tgrelid)),
		format('The trigger runs %s with the rights of %s, whom row security does not hold, on every row that is written.',
			careaccess.function_text(f.oid), careaccess.role_text(f.proowner)),
		format('ALTER FUNCTION %s SECURITY INVOKER', careaccess.function_text(f.oid))
	FROM pg_trigger AS g
		JOIN careaccess.protected_table AS p ON p.relation = g.tgrelid
		JOIN pg_proc AS f ON f.oid = g.tgfoid AND f.prosecdef
		JOIN pg_roles AS o ON o.oid = f.proowner AND (o.rolsuper OR o.rolbypassrls)
	WHERE NOT g.tgisinternal AND g.tgparentid = 0
		AND NOT EXISTS (SELECT FROM careaccess.extension_members() AS m WHERE m.classid = 'pg_proc'::regclass AND m.objid = f.oid)
$$;
COMMENT ON FUNCTION careaccess.check_table_shape() IS 'indexes, foreign keys, rules and triggers of protected tables';
REVOKE EXECUTE ON FUNCTION careaccess.check_table_shape() FROM PUBLIC;

CREATE FUNCTION careaccess.check_replication() RETURNS SETOF careaccess.finding
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, careaccess, pg_temp
AS $$
	SELECT 'warning', 'published', quote_ident(b.pubname),
		'A publication for all tables sends every row of the protected tables, and the facts and keys of careaccess.',
		format('DROP PUBLICATION %I', b.pubname)
	FROM pg_publication AS b
	WHERE b.puballtables AND EXISTS (SELECT FROM careaccess.protected_table)
	UNION ALL
	SELECT 'warning', 'published_table', format('%s in %I', careaccess.qualified_name(r.prrelid), b.pubname),
		'The publication sends the rows of the table to every subscriber, without asking its policies.',
		format('ALTER PUBLICATION %I DROP TABLE %s', b.pubname, careaccess.qualified_name(r.prrelid))
	FROM pg_publication_rel AS r
		JOIN pg_publication AS b ON b.oid = r.prpubid
		JOIN careaccess.protected_table AS p ON p.relation = r.prrelid
	UNION ALL
	SELECT 'warning', 'published_schema', format('%I in %I', n.nspname, b.pubname),
		format('The publication sends the rows of protected tables in the schema, without asking their policies: %s.',
			(SELECT string_agg(careaccess.qualified_name(c.oid), ', ' ORDER BY c.relname)
			FROM pg_class AS c JOIN careaccess.protected_table AS p ON p.relation = c.oid WHERE c.relnamespace = n.oid)),
		format('ALTER PUBLICATION %I DROP TABLES IN SCHEMA %I', b.pubname, n.nspname)
	FROM pg_publication_namespace AS s
		JOIN pg_publication AS b ON b.oid = s.pnpubid
		JOIN pg_namespace AS n ON n.oid = s.pnnspid
	WHERE EXISTS (SELECT FROM pg_class AS c JOIN careaccess.protected_table AS p ON p.relation = c.oid
		WHERE c.relnamespace = n.oid)
	UNION ALL
	SELECT 'warning', 'logical_slot', quote_ident(s.slot_name),
		'Whoever reads the logical replication slot gets every change of every row.',
		format('SELECT pg_catalog.pg_drop_replication_slot(%L)', s.slot_name)
	FROM pg_replication_slots AS s
	WHERE s.slot_type = 'logical' AND s.database = current_database()
		AND EXISTS (SELECT FROM careaccess.protected_table)
$$;
COMMENT ON FUNCTION careaccess.check_replication() IS 'publications and logical replication slots that send rows of protected tables';
REVOKE EXECUTE ON FUNCTION careaccess.check_replication() FROM PUBLIC;
