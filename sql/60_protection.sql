--
-- Protecting tables: row security whose policies ask the decision
--
-- careaccess_protect and the adopting functions of 61_adoption read the rows
-- of a table that belongs to somebody else.  Planning a query runs what the
-- table's owner wrote (immutable functions in index expressions, casts), so a
-- SECURITY DEFINER function that read it would lend him the rights of the
-- extension's owner.  Therefore the public functions run with the rights of
-- their caller, who owns the table, and read its rows as he; everything that
-- needs more is done by helpers that never read the table, only its catalog
-- entries.  The same goes for bringing back policies that the owner wrote:
-- parsing one may run the checks of his domains.  The helpers are callable by all because each of them checks for
-- itself that the caller administers the database and owns the table.
--

CREATE FUNCTION careaccess.qualified_name(relation oid) RETURNS text
	LANGUAGE sql STABLE STRICT PARALLEL SAFE
	RETURN (
		SELECT pg_catalog.format('%I.%I', n.nspname, c.relname)
		FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
		WHERE c.oid = relation);
COMMENT ON FUNCTION careaccess.qualified_name(oid) IS 'schema and name of a relation, quoted; null if there is none';
REVOKE EXECUTE ON FUNCTION careaccess.qualified_name(oid) FROM PUBLIC;

CREATE FUNCTION careaccess.base_type(type oid) RETURNS oid
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
DECLARE
	base oid := type;
	below oid;
BEGIN
	LOOP
		SELECT t.typbasetype INTO below FROM pg_catalog.pg_type t WHERE t.oid = base AND t.typtype = 'd';
		EXIT WHEN NOT FOUND;
		base := below;
	END LOOP;
	RETURN base;
END $$;
COMMENT ON FUNCTION careaccess.base_type(oid) IS 'the type under a domain, or under domains over domains; another type itself';
REVOKE EXECUTE ON FUNCTION careaccess.base_type(oid) FROM PUBLIC;

-- The types that a column with identifiers may have, and how to read one as an
-- identifier by built-in casts only.  A text that cannot be an identifier
-- (empty, too long) reads as null instead of failing.
CREATE FUNCTION careaccess.id_expression(tbl regclass, column_name name, qualifier text DEFAULT '') RETURNS text
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
DECLARE
	base oid;
	value text := qualifier || quote_ident(column_name);
BEGIN
	SELECT careaccess.base_type(a.atttypid) INTO base
	FROM pg_catalog.pg_attribute a
	WHERE a.attrelid = tbl AND a.attname = column_name AND a.attnum > 0 AND NOT a.attisdropped;
	RETURN CASE
		WHEN base IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'uuid'::regtype)
			THEN format('%s::pg_catalog.%s::careaccess.id', value, (SELECT typname FROM pg_catalog.pg_type WHERE oid = base))
		WHEN base IN ('text'::regtype, 'varchar'::regtype)
			THEN format('CASE WHEN pg_catalog.octet_length(%1$s::pg_catalog.text) BETWEEN 1 AND 255 THEN %1$s::pg_catalog.text::careaccess.id END', value)
		WHEN base = 'careaccess.id'::regtype
			THEN value || '::careaccess.id'
	END;
END $$;
COMMENT ON FUNCTION careaccess.id_expression(regclass, name, text) IS
	'the expression that reads a column as an identifier; null if the column''s type can hold none';
REVOKE EXECUTE ON FUNCTION careaccess.id_expression(regclass, name, text) FROM PUBLIC;

-- The table itself and its partitions of every level.  Read from the catalog:
-- pg_partition_tree() locks every partition, and the event trigger, which asks
-- this at the end of each ALTER TABLE, would let the jobs of a parallel
-- pg_restore run into deadlocks with one another.
CREATE FUNCTION careaccess.table_and_partitions(tbl regclass) RETURNS SETOF regclass
	LANGUAGE sql STABLE STRICT PARALLEL SAFE
	BEGIN ATOMIC
		WITH RECURSIVE tree(relation) AS (
			SELECT tbl::pg_catalog.oid
			UNION
			SELECT c.oid
			FROM tree AS t
				JOIN pg_catalog.pg_inherits AS i ON i.inhparent OPERATOR(pg_catalog.=) t.relation
				JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) i.inhrelid AND c.relispartition
		)
		SELECT t.relation::regclass FROM tree AS t;
	END;
COMMENT ON FUNCTION careaccess.table_and_partitions(regclass) IS 'a table and its partitions of every level';
REVOKE EXECUTE ON FUNCTION careaccess.table_and_partitions(regclass) FROM PUBLIC;

CREATE FUNCTION careaccess.require_administrator_alone(operation text) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	IF (careaccess.actor()).kind <> 'administrator' THEN
		PERFORM careaccess.refuse('42501', pg_catalog.format('not allowed to %s', operation),
			detail => 'Only an administrator of the database may do this, and not in the name of a member.',
			hint => 'Call it as a superuser, or as a role that went through careaccess_grant_administrator, without a member''s identity (careaccess_stop_acting).');
	END IF;
END $$;
COMMENT ON FUNCTION careaccess.require_administrator_alone(text) IS
	'refuses whoever is no database administrator without an identity, and says at length who is';
REVOKE EXECUTE ON FUNCTION careaccess.require_administrator_alone(text) FROM PUBLIC;

CREATE FUNCTION careaccess.require_table_administrator(tbl regclass, operation text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
DECLARE
	foreign_table text;
BEGIN
	IF tbl IS NULL THEN
		RAISE EXCEPTION 'no table is given' USING ERRCODE = '22023',
			HINT = 'Name the table, with its schema unless the search path finds it.';
	END IF;
	PERFORM careaccess.require_administrator_alone(operation);
	IF NOT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = tbl) THEN
		RAISE EXCEPTION 'table % does not exist', tbl::oid USING ERRCODE = '42P01',
			HINT = 'Somebody dropped it meanwhile.';
	END IF;
	SELECT careaccess.qualified_name(c.oid) INTO foreign_table
	FROM careaccess.table_and_partitions(tbl) AS t JOIN pg_catalog.pg_class c ON c.oid = t
	WHERE NOT pg_catalog.pg_has_role(careaccess.session_role(), c.relowner, 'USAGE')
	ORDER BY c.oid <> tbl, 1 LIMIT 1;
	IF FOUND THEN
		PERFORM careaccess.refuse('42501', pg_catalog.format('must be owner of table %s', foreign_table),
			hint => 'Call it as the owner of the table and its partitions, as a member of the role that owns them, or as a superuser.');
	END IF;
END $$;
COMMENT ON FUNCTION careaccess.require_table_administrator(regclass, text) IS
	'refuses who does not administer the database and own the table';
REVOKE EXECUTE ON FUNCTION careaccess.require_table_administrator(regclass, text) FROM PUBLIC;

CREATE FUNCTION careaccess.require_plain_table(tbl regclass) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
DECLARE
	c pg_catalog.pg_class;
	relation_name text := careaccess.qualified_name(tbl);
	what text;
	advice text;
	other text;
BEGIN
	SELECT * INTO c FROM pg_catalog.pg_class WHERE oid = tbl;
	CASE c.relkind
		WHEN 'r', 'p' THEN NULL;
		WHEN 'v' THEN
			what := 'a view';
			advice := 'Use the tables that the view reads, and make the view with security_invoker.';
		WHEN 'm' THEN
			what := 'a materialized view';
			advice := 'Row security does not work on copies of rows; use the tables that it reads, and grant it to nobody who may not see all of them.';
		WHEN 'f' THEN
			what := 'a foreign table';
			advice := 'Row security does not work here; use the table on the server where it lives.';
		ELSE
			what := 'not a table';
			advice := 'Name an ordinary or a partitioned table.';
	END CASE;
	IF what IS NULL AND c.relpersistence = 't' THEN
		what := 'a temporary table';
		advice := 'Only one session sees it; use an ordinary or a partitioned table.';
	END IF;
	IF what IS NULL AND (c.relnamespace IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace, 'careaccess'::regnamespace)
			OR c.relnamespace = 'pg_toast'::regnamespace) THEN
		what := 'a catalog table';
		advice := 'Name a table of the application.';
	END IF;
	IF what IS NULL AND c.relispartition THEN
		what := 'a partition';
		advice := format('Name the partitioned table itself: %s.', careaccess.qualified_name(pg_catalog.pg_partition_root(tbl)));
	END IF;
	IF what IS NULL AND c.relkind = 'r' THEN
		SELECT careaccess.qualified_name(i.inhparent) INTO other FROM pg_catalog.pg_inherits i WHERE i.inhrelid = tbl LIMIT 1;
		IF FOUND THEN
			what := format('a child of %s', other);
			advice := 'The policies of one would not apply to queries of the other; use partitions, or end the inheritance with ALTER TABLE … NO INHERIT.';
		END IF;
		SELECT careaccess.qualified_name(i.inhrelid) INTO other FROM pg_catalog.pg_inherits i WHERE i.inhparent = tbl LIMIT 1;
		IF FOUND THEN
			what := format('a parent of %s', other);
			advice := 'The policies of one would not apply to queries of the other; use partitions, or end the inheritance with ALTER TABLE … NO INHERIT.';
		END IF;
	END IF;
	IF what IS NULL AND c.relkind = 'p' THEN
		SELECT careaccess.qualified_name(t.relid) INTO other
		FROM pg_catalog.pg_partition_tree(tbl) t JOIN pg_catalog.pg_class p ON p.oid = t.relid
		WHERE p.relkind NOT IN ('r', 'p') LIMIT 1;
		IF FOUND THEN
			what := format('a table with the foreign partition %s', other);
			advice := 'Row security does not work on foreign tables; detach that partition first.';
		END IF;
	END IF;
	IF what IS NOT NULL THEN
		RAISE EXCEPTION '% is %', relation_name, what USING ERRCODE = '42809', HINT = advice;
	END IF;
END $$;
COMMENT ON FUNCTION careaccess.require_plain_table(regclass) IS
	'refuses everything but an ordinary or a partitioned table that stands for itself';
REVOKE EXECUTE ON FUNCTION careaccess.require_plain_table(regclass) FROM PUBLIC;

-- use: what the column is for, "id", "category", "flag", "name" or "roles".
CREATE FUNCTION careaccess.require_column(tbl regclass, column_name name, use text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
DECLARE
	declared oid;
	base oid;
	fits boolean;
	advice text;
BEGIN
	SELECT a.atttypid INTO declared
	FROM pg_catalog.pg_attribute a
	WHERE a.attrelid = tbl AND a.attname = column_name AND a.attnum > 0 AND NOT a.attisdropped;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'column "%" of table % does not exist', column_name, careaccess.qualified_name(tbl)
			USING ERRCODE = '42703', HINT = 'Write the column''s name as the table has it, in the same case and without quotes.';
	END IF;
	base := careaccess.base_type(declared);
	CASE use
		WHEN 'id' THEN
			fits := careaccess.id_expression(tbl, column_name) IS NOT NULL;
			advice := 'Identifiers are smallint, integer, bigint, uuid, text, varchar, a domain over one of them, or careaccess.id.';
		WHEN 'category' THEN
			fits := base IN ('text'::regtype, 'varchar'::regtype);
			advice := 'The category of a row is text, varchar or a domain over one of them.';
		WHEN 'flag' THEN
			fits := base = 'bool'::regtype;
			advice := 'The column that says whether the client sees the row is boolean.';
		WHEN 'name' THEN
			fits := base IN ('text'::regtype, 'varchar'::regtype);
			advice := 'A name is text, varchar or a domain over one of them.';
		WHEN 'roles' THEN
			fits := base IN ('text'::regtype, 'varchar'::regtype, 'text[]'::regtype, 'varchar[]'::regtype);
			advice := 'Roles are text, varchar, a domain over one of them, or an array of text or varchar.';
	END CASE;
	IF NOT fits THEN
		RAISE EXCEPTION 'column "%" of table % has the wrong type %', column_name, careaccess.qualified_name(tbl),
				pg_catalog.format_type(declared, NULL)
			USING ERRCODE = '42804', HINT = advice;
	END IF;
END $$;
COMMENT ON FUNCTION careaccess.require_column(regclass, name, text) IS
	'refuses a column that is missing or whose type does not fit its use';
REVOKE EXECUTE ON FUNCTION careaccess.require_column(regclass, name, text) FROM PUBLIC;

-- The policies

-- What careaccess_unprotect needs to make a table's policies again.
CREATE FUNCTION careaccess.policies_of(tbl regclass) RETURNS jsonb
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	-- pg_get_expr leaves out the schemas of the search path; the policies are
	-- made again under this same path.
	RETURN (
		SELECT coalesce(jsonb_agg(jsonb_build_object(
				'name', p.polname,
				'permissive', p.polpermissive,
				'command', CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE'
					WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
				'roles', (SELECT jsonb_agg(CASE WHEN r = 0 THEN 'public' ELSE pg_catalog.pg_get_userbyid(r) END)
					FROM unnest(p.polroles) AS r),
				'using', pg_catalog.pg_get_expr(p.polqual, p.polrelid),
				'check', pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)) ORDER BY p.polname), '[]')
		FROM pg_catalog.pg_policy p
		WHERE p.polrelid = tbl);
END $$;
COMMENT ON FUNCTION careaccess.policies_of(regclass) IS 'the policies of a table, as careaccess.protected_table keeps them';
REVOKE EXECUTE ON FUNCTION careaccess.policies_of(regclass) FROM PUBLIC;

CREATE FUNCTION careaccess.drop_policies(tbl regclass) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
DECLARE
	policy name;
BEGIN
	FOR policy IN SELECT polname FROM pg_catalog.pg_policy WHERE polrelid = tbl LOOP
		EXECUTE format('DROP POLICY %I ON %s', policy, careaccess.qualified_name(tbl));
	END LOOP;
END $$;
COMMENT ON FUNCTION careaccess.drop_policies(regclass) IS 'drops every policy of a table';
REVOKE EXECUTE ON FUNCTION careaccess.drop_policies(regclass) FROM PUBLIC;

CREATE FUNCTION careaccess.make_policies(tbl regclass) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
DECLARE
	p careaccess.protected_table;
	relation_name text := careaccess.qualified_name(tbl);
	arguments text;
BEGIN
	SELECT * INTO STRICT p FROM careaccess.protected_table WHERE relation = tbl;
	-- The planner asks our support function only about a call that stands
	-- alone, on columns and constants: no cast, no coalesce, no sub-select.
	arguments := quote_ident(p.client_column) || ', ' ||
		coalesce(quote_ident(p.category_column), quote_literal(p.category) || '::pg_catalog.text');
	IF p.author_column IS NOT NULL OR p.client_visible_column IS NOT NULL OR p.practice_column IS NOT NULL THEN
		arguments := arguments || ', ' || coalesce(quote_ident(p.author_column), 'NULL::pg_catalog.text');
	END IF;
	IF p.client_visible_column IS NOT NULL OR p.practice_column IS NOT NULL THEN
		arguments := arguments || ', ' || coalesce(quote_ident(p.client_visible_column), 'false');
	END IF;
	IF p.practice_column IS NOT NULL THEN
		arguments := arguments || ', ' || quote_ident(p.practice_column);
	END IF;
	EXECUTE format('CREATE POLICY careaccess_select ON %s AS PERMISSIVE FOR SELECT TO PUBLIC
			USING (careaccess.row_view(%s))', relation_name, arguments);
	EXECUTE format('CREATE POLICY careaccess_insert ON %s AS PERMISSIVE FOR INSERT TO PUBLIC
			WITH CHECK (careaccess.row_create(%s))', relation_name, arguments);
	EXECUTE format('CREATE POLICY careaccess_update ON %s AS PERMISSIVE FOR UPDATE TO PUBLIC
			USING (careaccess.row_edit(%s)) WITH CHECK (careaccess.row_edit(%s))', relation_name, arguments, arguments);
	EXECUTE format('CREATE POLICY careaccess_delete ON %s AS PERMISSIVE FOR DELETE TO PUBLIC
			USING (careaccess.row_delete(%s))', relation_name, arguments);
	EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', relation_name);
END $$;
COMMENT ON FUNCTION careaccess.make_policies(regclass) IS
	'makes the four policies that a row of careaccess.protected_table describes, and forces row security';
REVOKE EXECUTE ON FUNCTION careaccess.make_policies(regclass) FROM PUBLIC;

-- First half of careaccess_protect: every check that needs no row, then the
-- table is taken out of the hands of its policies, so that its owner can count
-- rows.  Nobody else can look meanwhile: the table is locked until the end of
-- the transaction, and without a policy row security shows nothing.
CREATE FUNCTION careaccess.protect_begin(tbl regclass, client_col name, category_code text, category_col name,
	author_col name, practice_col name, visible_col name, replacing boolean,
	OUT client_expression text, OUT practice_expression text)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'protect'
AS $$
DECLARE
	member_table regclass;
	member_class pg_catalog.pg_class;
	relation_name text;
	policies jsonb;
	known careaccess.protected_table;
BEGIN
	-- Once before the lock, so that nobody blocks a table that is not his, and
	-- once after it, since what was true before may have changed.
	PERFORM careaccess.require_table_administrator(tbl, 'protect a table');
	PERFORM careaccess.require_plain_table(tbl);
	EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', careaccess.qualified_name(tbl));
	PERFORM careaccess.require_table_administrator(tbl, 'protect a table');
	PERFORM careaccess.require_plain_table(tbl);
	relation_name := careaccess.qualified_name(tbl);

	IF client_col IS NULL THEN
		RAISE EXCEPTION 'no client column is given' USING ERRCODE = '22023',
			HINT = 'Name the column that holds the identifier of the client whom a row is about.';
	END IF;
	IF (category_code IS NULL) = (category_col IS NULL) THEN
		RAISE EXCEPTION 'exactly one of category and category_column must be given' USING ERRCODE = '22023',
			HINT = 'Give the category when all rows have the same one, or the column that holds it.';
	END IF;
	IF category_code IS NOT NULL AND NOT EXISTS (SELECT FROM careaccess.category c WHERE c.code = category_code) THEN
		RAISE EXCEPTION 'unknown category "%"', category_code USING ERRCODE = '22023',
			HINT = format('The categories are: %s.',
				(SELECT string_agg(c.code, ', ' ORDER BY c.number) FROM careaccess.category c));
	END IF;
	PERFORM careaccess.require_column(tbl, client_col, 'id');
	IF category_col IS NOT NULL THEN PERFORM careaccess.require_column(tbl, category_col, 'category'); END IF;
	IF author_col IS NOT NULL THEN PERFORM careaccess.require_column(tbl, author_col, 'id'); END IF;
	IF practice_col IS NOT NULL THEN PERFORM careaccess.require_column(tbl, practice_col, 'id'); END IF;
	IF visible_col IS NOT NULL THEN PERFORM careaccess.require_column(tbl, visible_col, 'flag'); END IF;

	IF NOT coalesce(replacing, false) THEN
		IF EXISTS (SELECT FROM careaccess.protected_table p WHERE p.relation = tbl) THEN
			RAISE EXCEPTION 'table % is protected already', relation_name USING ERRCODE = '55000',
				HINT = 'Call careaccess_protect with replace => true to change how, or careaccess_unprotect first.';
		END IF;
		SELECT t INTO member_table
		FROM careaccess.table_and_partitions(tbl) AS t
		WHERE EXISTS (SELECT FROM pg_catalog.pg_policy p WHERE p.polrelid = t)
			AND NOT EXISTS (SELECT FROM careaccess.protected_table p WHERE p.relation = t)
		LIMIT 1;
		IF FOUND THEN
			RAISE EXCEPTION 'table % has policies of its own', careaccess.qualified_name(member_table)
				USING ERRCODE = '55000',
				DETAIL = 'A second permissive policy would let rows out, a restrictive one would hide rows that a member may see.',
				HINT = 'Drop them, or call careaccess_protect with replace => true: they are kept and come back with careaccess_unprotect.';
		END IF;
	END IF;

	FOR member_table IN SELECT t FROM careaccess.table_and_partitions(tbl) AS t LOOP
		SELECT * INTO member_class FROM pg_catalog.pg_class WHERE oid = member_table;
		SELECT * INTO known FROM careaccess.protected_table WHERE relation = member_table;
		-- Of a table protected before, what was there before that stays what
		-- comes back; policies that were added since are kept beside it.
		SELECT coalesce(jsonb_agg(p), '[]') INTO policies
		FROM jsonb_array_elements(careaccess.policies_of(member_table)) AS p
		WHERE known.relation IS NULL
			OR p ->> 'name' NOT IN ('careaccess_select', 'careaccess_insert', 'careaccess_update', 'careaccess_delete')
				AND NOT EXISTS (SELECT FROM jsonb_array_elements(known.former_policies) AS f WHERE f ->> 'name' = p ->> 'name');
		INSERT INTO careaccess.protected_table (relation, root, client_column, category, category_column,
			author_column, practice_column, client_visible_column,
			former_row_security, former_force_row_security, former_policies)
		VALUES (member_table, tbl, client_col, category_code, category_col, author_col, practice_col, visible_col,
			member_class.relrowsecurity, member_class.relforcerowsecurity, policies)
		ON CONFLICT (relation) DO UPDATE SET
			root = tbl, client_column = client_col, category = category_code, category_column = category_col,
			author_column = author_col, practice_column = practice_col, client_visible_column = visible_col,
			former_policies = protected_table.former_policies || policies;
	END LOOP;
	FOR member_table IN SELECT t FROM careaccess.table_and_partitions(tbl) AS t LOOP
		PERFORM careaccess.drop_policies(member_table);
		EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY',
			careaccess.qualified_name(member_table));
	END LOOP;

	client_expression := careaccess.id_expression(tbl, client_col);
	practice_expression := coalesce(careaccess.id_expression(tbl, practice_col), 'NULL::careaccess.id');
END $$;
COMMENT ON FUNCTION careaccess.protect_begin(regclass, name, text, name, name, name, name, boolean) IS
	'first half of careaccess_protect: checks and registers; returns how to read the columns';
REVOKE EXECUTE ON FUNCTION careaccess.protect_begin(regclass, name, text, name, name, name, name, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION careaccess.protect_begin(regclass, name, text, name, name, name, name, boolean) TO PUBLIC;

-- Second half: judges what the owner counted (one element per distinct
-- combination of client, practice and category, with the number of its rows),
-- then makes the policies.
CREATE FUNCTION careaccess.protect_finish(tbl regclass, unspelled bigint, nobody bigint,
	clients careaccess.id[], practices careaccess.id[], categories text[], counts bigint[]) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'protect'
AS $$
DECLARE
	p careaccess.protected_table;
	relation_name text;
	member_table regclass;
	number bigint;
	example text;
BEGIN
	PERFORM careaccess.require_table_administrator(tbl, 'protect a table');
	relation_name := careaccess.qualified_name(tbl);
	SELECT * INTO p FROM careaccess.protected_table WHERE relation = tbl AND root = tbl;
	IF NOT FOUND OR EXISTS (SELECT FROM pg_catalog.pg_policy WHERE polrelid = tbl) THEN
		RAISE EXCEPTION 'protecting table % has not begun', relation_name USING ERRCODE = '55000',
			HINT = 'Call careaccess_protect.';
	END IF;

	SELECT coalesce(sum(r.n), 0), min(r.client::text) INTO number, example
	FROM unnest(clients, counts) AS r(client, n)
	WHERE NOT EXISTS (SELECT FROM careaccess.client c WHERE c.id = r.client);
	number := number + coalesce(unspelled, 0);
	IF number > 0 THEN
		RAISE EXCEPTION 'table % holds % whose client is not registered', relation_name, careaccess.rows_text(number)
			USING ERRCODE = '55000',
			DETAIL = CASE WHEN example IS NULL THEN 'Their client is an empty text, or one that is too long for an identifier.'
				ELSE format('For example "%s".', example) END,
			HINT = 'Register the clients first, with careaccess_adopt_clients on the table of clients or with careaccess_add_client, or remove the rows.';
	END IF;
	IF p.practice_column IS NOT NULL THEN
		SELECT coalesce(sum(r.n), 0), min(r.client::text) INTO number, example
		FROM unnest(clients, practices, counts) AS r(client, practice, n)
			JOIN careaccess.client c ON c.id = r.client
		WHERE c.practice IS DISTINCT FROM r.practice;
		IF number > 0 THEN
			RAISE EXCEPTION 'table % holds % whose practice is not that of the client', relation_name, careaccess.rows_text(number)
				USING ERRCODE = '55000',
				DETAIL = format('For example rows of client "%s".', example),
				HINT = format('Correct column "%s", or leave practice_column out: the practice follows from the client.', p.practice_column);
		END IF;
	END IF;

	FOR member_table IN SELECT t FROM careaccess.table_and_partitions(tbl) AS t LOOP
		PERFORM careaccess.make_policies(member_table);
	END LOOP;

	IF nobody > 0 THEN
		RAISE WARNING 'table % holds % without a client, which nobody will see', relation_name, careaccess.rows_text(nobody)
			USING HINT = format('Fill in column "%s", and make it NOT NULL.', p.client_column);
	END IF;
	IF p.category_column IS NOT NULL THEN
		SELECT coalesce(sum(r.n), 0) INTO number
		FROM unnest(categories, counts) AS r(category, n)
		WHERE NOT EXISTS (SELECT FROM careaccess.category c WHERE c.code = r.category);
		IF number > 0 THEN
			RAISE WARNING 'table % holds % without a known category, which nobody will see', relation_name, careaccess.rows_text(number)
				USING HINT = format('Correct column "%s"; the categories are: %s.', p.category_column,
					(SELECT string_agg(c.code, ', ' ORDER BY c.number) FROM careaccess.category c));
		END IF;
	END IF;
	PERFORM careaccess.protect_advise(p);
END $$;
COMMENT ON FUNCTION careaccess.protect_finish(regclass, bigint, bigint, careaccess.id[], careaccess.id[], text[], bigint[]) IS
	'second half of careaccess_protect: judges the rows that were counted and makes the policies';
REVOKE EXECUTE ON FUNCTION careaccess.protect_finish(regclass, bigint, bigint, careaccess.id[], careaccess.id[], text[], bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION careaccess.protect_finish(regclass, bigint, bigint, careaccess.id[], careaccess.id[], text[], bigint[]) TO PUBLIC;

CREATE FUNCTION careaccess.rows_text(number bigint) RETURNS text
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN number::pg_catalog.text OPERATOR(pg_catalog.||)
		CASE WHEN number OPERATOR(pg_catalog.=) 1 THEN ' row' ELSE ' rows' END;
COMMENT ON FUNCTION careaccess.rows_text(bigint) IS '"1 row", "2 rows"';
REVOKE EXECUTE ON FUNCTION careaccess.rows_text(bigint) FROM PUBLIC;

CREATE FUNCTION careaccess.protect_advise(p careaccess.protected_table) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
DECLARE
	relation_name text := careaccess.qualified_name(p.relation);
	example text;
	reason text;
BEGIN
	IF p.author_column IS NULL THEN
		SELECT format('Category %s is authored', c.code) INTO reason
		FROM careaccess.category c
		WHERE c.authored AND (p.category IS NULL OR c.code = p.category)
		ORDER BY c.number LIMIT 1;
		IF NOT FOUND THEN
			SELECT format('In practice %s the records of category %s are seen by author (rule %s)', r.practice, r.category, r.rule)
			INTO reason
			FROM careaccess.practice_author_rule r
			WHERE r.rule <> 'none' AND (p.category IS NULL OR r.category = p.category)
			ORDER BY r.practice, r.category LIMIT 1;
		END IF;
		IF FOUND THEN
			RAISE WARNING 'table % is protected without an author column', relation_name
				USING DETAIL = reason || '; without an author column no row counts as anybody''s own.',
				HINT = 'Call careaccess_protect with author_column and replace => true.';
		END IF;
	END IF;

	-- A leaf without one is enough: each is searched by itself.
	PERFORM FROM careaccess.table_and_partitions(p.relation) AS t
		JOIN pg_catalog.pg_class c ON c.oid = t
	WHERE (c.relkind = 'r' OR t = p.relation AND NOT EXISTS (
				SELECT FROM pg_catalog.pg_partition_tree(p.relation) AS l WHERE l.isleaf AND l.relid <> p.relation))
		AND NOT EXISTS (
			SELECT FROM pg_catalog.pg_index i
				JOIN pg_catalog.pg_attribute a ON a.attrelid = t AND a.attname = p.client_column AND NOT a.attisdropped
			WHERE i.indrelid = t AND i.indkey[0] = a.attnum AND i.indpred IS NULL AND i.indisvalid);
	IF FOUND THEN
		RAISE WARNING 'table % has no index that starts with column "%"', relation_name, p.client_column
			USING DETAIL = 'Looking up the records of one client reads the whole table.',
			HINT = format('CREATE INDEX ON %s (%I);', relation_name, p.client_column);
	END IF;

	SELECT string_agg(quote_ident(k.conname), ', ' ORDER BY k.conname) INTO example
	FROM pg_catalog.pg_constraint k
	WHERE k.conrelid = p.relation AND k.contype = 'f'
		AND (k.confdeltype IN ('c', 'n', 'd') OR k.confupdtype IN ('c', 'n', 'd'));
	IF example IS NOT NULL THEN
		RAISE WARNING 'foreign keys of table % act on rows that the member may not see: %', relation_name, example
			USING DETAIL = 'PostgreSQL carries out CASCADE, SET NULL and SET DEFAULT without asking row security.',
			HINT = 'Use ON DELETE NO ACTION or RESTRICT, or let only administrators change the table that it refers to.';
	END IF;

	-- A view reads with its owner's rights unless it is told otherwise, and a
	-- superuser's or BYPASSRLS owner's are not held to the policies.
	SELECT string_agg(careaccess.qualified_name(v.oid), ', ' ORDER BY v.oid) INTO example
	FROM pg_catalog.pg_class v JOIN pg_catalog.pg_roles o ON o.oid = v.relowner
	WHERE (v.relkind = 'm' OR v.relkind = 'v' AND (o.rolsuper OR o.rolbypassrls)
			AND NOT coalesce((SELECT x.option_value::boolean FROM pg_catalog.pg_options_to_table(v.reloptions) AS x
				WHERE x.option_name = 'security_invoker'), false))
		AND careaccess.mask_table(v.oid) IS NULL
		AND EXISTS (
			SELECT FROM pg_catalog.pg_rewrite r
				JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = r.oid
					AND d.refclassid = 'pg_catalog.pg_class'::regclass
			WHERE r.ev_class = v.oid AND d.refobjid IN (SELECT t FROM careaccess.table_and_partitions(p.relation) AS t));
	IF example IS NOT NULL THEN
		RAISE WARNING 'views show all rows of table % to whoever may read them: %', relation_name, example
			USING DETAIL = 'They read with the rights of an owner whom row security does not hold, or keep copies of the rows.',
			HINT = 'ALTER VIEW … SET (security_invoker), and grant materialized views to nobody who may not see all rows.';
	END IF;

	SELECT string_agg(careaccess.qualified_name(g.tgrelid), ', ' ORDER BY g.tgrelid) INTO example
	FROM pg_catalog.pg_trigger g
	WHERE g.tgfoid = 'careaccess.refuse_mask_write()'::regprocedure AND careaccess.mask_table(g.tgrelid) = p.relation;
	IF example IS NOT NULL THEN
		RAISE WARNING 'masks of table % go on asking by the columns that they were made with: %', relation_name, example
			USING HINT = 'If those are others now, remove the masks with careaccess_unmask and make them again.';
	END IF;
END $$;
COMMENT ON FUNCTION careaccess.protect_advise(careaccess.protected_table) IS
	'warns of what a protected table lacks (an author column, an index), and of foreign keys and views that go past its policies';
REVOKE EXECUTE ON FUNCTION careaccess.protect_advise(careaccess.protected_table) FROM PUBLIC;

CREATE FUNCTION @extschema@.careaccess_protect(tbl regclass, client_column name, category text DEFAULT NULL,
	category_column name DEFAULT NULL, author_column name DEFAULT NULL, practice_column name DEFAULT NULL,
	client_visible_column name DEFAULT NULL, replace boolean DEFAULT false) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY INVOKER
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
DECLARE
	client_expression text;
	practice_expression text;
	unspelled bigint;
	nobody bigint;
	clients careaccess.id[];
	practices careaccess.id[];
	categories text[];
	counts bigint[];
BEGIN
	SELECT b.client_expression, b.practice_expression INTO client_expression, practice_expression
	FROM careaccess.protect_begin(tbl, client_column, category, category_column, author_column, practice_column,
		client_visible_column, replace) AS b;
	-- Read with the caller's rights; see the head of this file.
	EXECUTE format('
		WITH r AS (
			SELECT %1$s AS client, %2$s AS practice, %3$s AS category, %4$I IS NULL AS nobody, pg_catalog.count(*) AS n
			FROM %5$s GROUP BY 1, 2, 3, 4)
		SELECT pg_catalog.sum(n) FILTER (WHERE client IS NULL AND NOT nobody),
			pg_catalog.sum(n) FILTER (WHERE nobody),
			pg_catalog.array_agg(client) FILTER (WHERE client IS NOT NULL),
			pg_catalog.array_agg(practice) FILTER (WHERE client IS NOT NULL),
			pg_catalog.array_agg(category) FILTER (WHERE client IS NOT NULL),
			pg_catalog.array_agg(n) FILTER (WHERE client IS NOT NULL)
		FROM r',
		client_expression, practice_expression,
		CASE WHEN category_column IS NULL THEN 'NULL::pg_catalog.text' ELSE quote_ident(category_column) || '::pg_catalog.text' END,
		client_column, tbl)
	INTO unspelled, nobody, clients, practices, categories, counts;
	PERFORM careaccess.protect_finish(tbl, coalesce(unspelled, 0), coalesce(nobody, 0), clients, practices, categories, counts);
END $$;
COMMENT ON FUNCTION @extschema@.careaccess_protect(regclass, name, text, name, name, name, name, boolean) IS
	'puts a table of client data, with its partitions, under row security that asks the decision';
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_protect(regclass, name, text, name, name, name, name, boolean) FROM PUBLIC;

-- With the caller's rights: who calls it for a table that is not his gets an
-- error from PostgreSQL.
CREATE FUNCTION careaccess.restore_policies(tbl regclass, policies jsonb) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY INVOKER
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
DECLARE
	policy jsonb;
	roles text;
	lost text;
	problem text;
BEGIN
	FOR policy IN SELECT p FROM jsonb_array_elements(policies) AS p LOOP
		SELECT string_agg(CASE WHEN r = 'public' THEN 'PUBLIC' ELSE quote_ident(r) END, ', ')
				FILTER (WHERE r = 'public' OR EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = r)),
			string_agg(quote_ident(r), ', ')
				FILTER (WHERE r <> 'public' AND NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = r))
		INTO roles, lost
		FROM jsonb_array_elements_text(policy -> 'roles') AS r;
		IF lost IS NOT NULL THEN
			RAISE WARNING 'policy "%" of table % comes back without roles that are gone: %', policy ->> 'name', tbl, lost;
		END IF;
		CONTINUE WHEN roles IS NULL;
		BEGIN
			-- The expressions are what pg_get_expr wrote, under the same
			-- search path; expressions cannot be quoted.
			EXECUTE format('CREATE POLICY %I ON %s AS %s FOR %s TO %s', policy ->> 'name', tbl,
					CASE WHEN (policy ->> 'permissive')::boolean THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
					CASE policy ->> 'command' WHEN 'SELECT' THEN 'SELECT' WHEN 'INSERT' THEN 'INSERT'
						WHEN 'UPDATE' THEN 'UPDATE' WHEN 'DELETE' THEN 'DELETE' ELSE 'ALL' END, roles)
				|| coalesce(' USING (' || (policy ->> 'using') || ')', '')
				|| coalesce(' WITH CHECK (' || (policy ->> 'check') || ')', '');
		EXCEPTION WHEN undefined_column OR undefined_function OR undefined_table OR undefined_object
				OR datatype_mismatch OR syntax_error OR invalid_schema_name THEN
			GET STACKED DIAGNOSTICS problem = MESSAGE_TEXT;
			RAISE EXCEPTION 'cannot bring back policy "%" of table %: %', policy ->> 'name', tbl, problem
				USING ERRCODE = '55000',
				HINT = 'Undo the change that it does not fit, or remove the policy from careaccess.protected_table.former_policies and make it by hand afterwards.';
		END;
	END LOOP;
END $$;
COMMENT ON FUNCTION careaccess.restore_policies(regclass, jsonb) IS 'makes the policies again that a table had before it was protected';
REVOKE EXECUTE ON FUNCTION careaccess.restore_policies(regclass, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION careaccess.restore_policies(regclass, jsonb) TO PUBLIC;

CREATE FUNCTION careaccess.unprotect_begin(tbl regclass, OUT relation regclass, OUT former_policies jsonb) RETURNS SETOF record
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'unprotect'
AS $$
#variable_conflict use_column
DECLARE
	p careaccess.protected_table;
	root_table regclass;
	policy text;
BEGIN
	PERFORM careaccess.require_table_administrator(tbl, 'unprotect a table');
	EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', careaccess.qualified_name(tbl));
	PERFORM careaccess.require_table_administrator(tbl, 'unprotect a table');
	SELECT q.root INTO root_table FROM careaccess.protected_table q WHERE q.relation = tbl;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'table % is not protected', careaccess.qualified_name(tbl) USING ERRCODE = '55000',
			HINT = 'The view careaccess.protected_tables lists the tables that are.';
	END IF;
	IF root_table <> tbl THEN
		RAISE EXCEPTION 'table % is protected as a partition of %', careaccess.qualified_name(tbl), careaccess.qualified_name(root_table)
			USING ERRCODE = '55000',
			HINT = format('Call careaccess_unprotect for %s, or detach the partition first.', careaccess.qualified_name(root_table));
	END IF;
	FOR p IN SELECT * FROM careaccess.protected_table q WHERE q.root = tbl LOOP
		FOREACH policy IN ARRAY '{careaccess_select, careaccess_insert, careaccess_update, careaccess_delete}'::text[] LOOP
			EXECUTE format('DROP POLICY IF EXISTS %I ON %s', policy, careaccess.qualified_name(p.relation));
		END LOOP;
		EXECUTE format('ALTER TABLE %s %s ROW LEVEL SECURITY, %s ROW LEVEL SECURITY', careaccess.qualified_name(p.relation),
			CASE WHEN p.former_row_security THEN 'ENABLE' ELSE 'DISABLE' END,
			CASE WHEN p.former_force_row_security THEN 'FORCE' ELSE 'NO FORCE' END);
		relation := p.relation;
		former_policies := p.former_policies;
		RETURN NEXT;
	END LOOP;
	DELETE FROM careaccess.protected_table q WHERE q.root = tbl;
END $$;
COMMENT ON FUNCTION careaccess.unprotect_begin(regclass) IS
	'first half of careaccess_unprotect: ends the protection; returns the policies that are to come back';
REVOKE EXECUTE ON FUNCTION careaccess.unprotect_begin(regclass) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION careaccess.unprotect_begin(regclass) TO PUBLIC;

CREATE FUNCTION @extschema@.careaccess_unprotect(tbl regclass) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY INVOKER
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
DECLARE
	former record;
BEGIN
	FOR former IN SELECT b.relation, b.former_policies FROM careaccess.unprotect_begin(tbl) AS b LOOP
		PERFORM careaccess.restore_policies(former.relation, former.former_policies);
	END LOOP;
END $$;
COMMENT ON FUNCTION @extschema@.careaccess_unprotect(regclass) IS
	'ends the protection of a table and its partitions, and gives back their former row security and policies';
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_unprotect(regclass) FROM PUBLIC;

CREATE VIEW careaccess.protected_tables AS
	SELECT p.relation AS "table", p.root, p.relation <> p.root AS partition,
		p.client_column, p.category, p.category_column, p.author_column, p.practice_column, p.client_visible_column,
		c.relrowsecurity AS row_security, c.relforcerowsecurity AS forced,
		(SELECT pg_catalog.count(*) FROM pg_catalog.pg_policy y WHERE y.polrelid = p.relation
			AND y.polname IN ('careaccess_select', 'careaccess_insert', 'careaccess_update', 'careaccess_delete')) = 4
			AS policies,
		p.protected_at
	FROM careaccess.protected_table p
		LEFT JOIN pg_catalog.pg_class c ON c.oid = p.relation;
COMMENT ON VIEW careaccess.protected_tables IS
	'the tables and partitions under protection, how, and whether row security is on, forced and has its four policies';

-- Keeping step with DDL

-- The rows of a table that is attached are not looked at: those of clients who
-- are not registered are seen by nobody.
CREATE FUNCTION careaccess.protect_partition(tbl regclass, root_table regclass) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
DECLARE
	c pg_catalog.pg_class;
BEGIN
	SELECT * INTO STRICT c FROM pg_catalog.pg_class WHERE oid = tbl;
	IF c.relkind NOT IN ('r', 'p') THEN
		RAISE EXCEPTION '% cannot be a partition of the protected table %', careaccess.qualified_name(tbl),
				careaccess.qualified_name(root_table)
			USING ERRCODE = '42809', DETAIL = 'Row security does not work on foreign tables.',
			HINT = 'Keep the rows in an ordinary table.';
	END IF;
	IF NOT EXISTS (SELECT FROM careaccess.protected_table p WHERE p.relation = tbl) THEN
		IF EXISTS (SELECT FROM pg_catalog.pg_policy y WHERE y.polrelid = tbl) THEN
			RAISE EXCEPTION 'table % has policies of its own', careaccess.qualified_name(tbl) USING ERRCODE = '55000',
				DETAIL = format('It is to be a partition of the protected table %s.', careaccess.qualified_name(root_table)),
				HINT = 'Drop them first: the partition gets the policies of the whole table.';
		END IF;
		INSERT INTO careaccess.protected_table (relation, root, client_column, category, category_column,
			author_column, practice_column, client_visible_column, former_row_security, former_force_row_security)
		SELECT tbl, p.relation, p.client_column, p.category, p.category_column,
			p.author_column, p.practice_column, p.client_visible_column, c.relrowsecurity, c.relforcerowsecurity
		FROM careaccess.protected_table p WHERE p.relation = root_table;
	ELSE
		-- Protected by itself before it was attached: now as the whole table is.
		UPDATE careaccess.protected_table q
		SET root = p.relation, client_column = p.client_column, category = p.category,
			category_column = p.category_column, author_column = p.author_column,
			practice_column = p.practice_column, client_visible_column = p.client_visible_column
		FROM careaccess.protected_table p
		WHERE q.relation = tbl AND p.relation = root_table;
		PERFORM careaccess.drop_policies(tbl);
	END IF;
	PERFORM careaccess.make_policies(tbl);
END $$;
COMMENT ON FUNCTION careaccess.protect_partition(regclass, regclass) IS 'protects a new partition as its root is protected';
REVOKE EXECUTE ON FUNCTION careaccess.protect_partition(regclass, regclass) FROM PUBLIC;

-- After a change to a table: new partitions are protected, detached ones stay
-- protected for themselves, and a renamed column is renamed here too.
CREATE FUNCTION careaccess.protection_follows(tbl regclass, attribute integer) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
DECLARE
	p careaccess.protected_table;
	root_table regclass;
	other regclass;
	new_name name;
	child text;
BEGIN
	-- CREATE TABLE … PARTITION OF names the partition, ATTACH the parent.
	root_table := coalesce(pg_catalog.pg_partition_root(tbl), tbl);

	-- One command renames one column, so the one of our names that is no more
	-- is the one whose number the command reports.
	IF attribute > 0 THEN
		SELECT a.attname INTO new_name FROM pg_catalog.pg_attribute a
		WHERE a.attrelid = tbl AND a.attnum = attribute AND NOT a.attisdropped;
		IF FOUND THEN
			FOR p IN
				SELECT q.* FROM careaccess.table_and_partitions(tbl) AS t
					JOIN careaccess.protected_table q ON q.relation = t
			LOOP
				UPDATE careaccess.protected_table q SET
					client_column = careaccess.column_now(p.relation, p.client_column, new_name),
					category_column = careaccess.column_now(p.relation, p.category_column, new_name),
					author_column = careaccess.column_now(p.relation, p.author_column, new_name),
					practice_column = careaccess.column_now(p.relation, p.practice_column, new_name),
					client_visible_column = careaccess.column_now(p.relation, p.client_visible_column, new_name)
				WHERE q.relation = p.relation
					AND EXISTS (
						SELECT FROM unnest(ARRAY[p.client_column, p.category_column, p.author_column,
							p.practice_column, p.client_visible_column]) AS old_name
						WHERE careaccess.column_now(p.relation, old_name, new_name) <> old_name);
			END LOOP;
		END IF;
	END IF;

	IF EXISTS (SELECT FROM careaccess.protected_table q WHERE q.relation = root_table) THEN
		FOR other IN
			SELECT t FROM careaccess.table_and_partitions(root_table) AS t
			WHERE NOT EXISTS (SELECT FROM careaccess.protected_table q WHERE q.relation = t AND q.root = root_table)
		LOOP
			PERFORM careaccess.protect_partition(other, root_table);
		END LOOP;
	END IF;

	FOR other IN
		SELECT q.relation FROM careaccess.protected_table q
		WHERE q.root = (SELECT o.root FROM careaccess.protected_table o WHERE o.relation = tbl)
			AND q.root <> q.relation
			AND q.root IS DISTINCT FROM pg_catalog.pg_partition_root(q.relation)
	LOOP
		UPDATE careaccess.protected_table q
		SET root = coalesce(pg_catalog.pg_partition_root(other), other)
		WHERE q.relation = other;
		RAISE NOTICE 'table % stays protected, now for itself', careaccess.qualified_name(other)
			USING HINT = 'Call careaccess_unprotect to end its protection.';
	END LOOP;

	SELECT careaccess.qualified_name(i.inhrelid) INTO child
	FROM pg_catalog.pg_inherits i
		JOIN pg_catalog.pg_class c ON c.oid = i.inhparent AND c.relkind = 'r'
		JOIN careaccess.protected_table q ON q.relation IN (i.inhparent, i.inhrelid)
	WHERE tbl IN (i.inhparent, i.inhrelid) LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'a protected table can be neither parent nor child by inheritance' USING ERRCODE = '55000',
			DETAIL = format('The child would be %s. The policies of one would not apply to queries of the other.', child),
			HINT = 'Use partitions, or two tables and a view with security_invoker.';
	END IF;

	-- A mask reads partitions with the rights of the extension's owner, foreign
	-- ones with his user mapping, and goes on when the protection has ended.
	SELECT careaccess.qualified_name(c.oid) INTO child
	FROM careaccess.table_and_partitions(root_table) AS t
		JOIN pg_catalog.pg_class c ON c.oid = t AND c.relkind = 'f'
		JOIN pg_catalog.pg_trigger g ON g.tgfoid = 'careaccess.refuse_mask_write()'::regprocedure
	WHERE c.oid IN (SELECT m FROM careaccess.table_and_partitions(careaccess.mask_table(g.tgrelid)) AS m)
	LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION '% cannot be a partition of a table with a mask', child USING ERRCODE = '42809',
			DETAIL = 'The mask would read the foreign table with the rights of the extension''s owner.',
			HINT = 'Remove the mask first, with careaccess_unmask, or keep the rows in an ordinary table.';
	END IF;
END $$;
COMMENT ON FUNCTION careaccess.protection_follows(regclass, integer) IS
	'keeps protection in step with a change to a table: partitions attached, detached, made; columns renamed';
REVOKE EXECUTE ON FUNCTION careaccess.protection_follows(regclass, integer) FROM PUBLIC;

CREATE FUNCTION careaccess.column_now(tbl regclass, old_name name, new_name name) RETURNS name
	LANGUAGE sql STABLE PARALLEL SAFE
	RETURN CASE
		WHEN old_name IS NULL OR EXISTS (
			SELECT FROM pg_catalog.pg_attribute a
			WHERE a.attrelid OPERATOR(pg_catalog.=) tbl AND a.attname OPERATOR(pg_catalog.=) old_name
				AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped) THEN old_name
		ELSE new_name END;
COMMENT ON FUNCTION careaccess.column_now(regclass, name, name) IS
	'a column''s name after a rename: the old one while the table still has it, otherwise the new one';
REVOKE EXECUTE ON FUNCTION careaccess.column_now(regclass, name, name) FROM PUBLIC;
