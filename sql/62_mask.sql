--
-- Masks: a view of a protected table in which each column has its category
--
-- A mask reads its table with the rights of the extension's owner, past the
-- table's policies, and asks the decision itself: once per row by the category
-- of rows, and for each column whose category is another one.  What is written
-- by others and could run with the owner's rights is kept out:
--   - nothing but columns, nulls, CASE and our own functions stands in it;
--   - a null has the type under a domain: a null of the domain would run the
--     checks that the domain's owner wrote (with the rights of who reads);
--   - an ordinary table is read without children, which could be foreign
--     tables, opened with the user mapping of the view's owner;
--   - names could mean something else at each look, so what was made is looked
--     at again at the end, by number.
-- A mask is known by its trigger, which nobody else can put on a view.
--

CREATE FUNCTION careaccess.log_definition(operation text, fact text, before jsonb, after jsonb) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	INSERT INTO careaccess.event (operation, fact, actor_kind, actor, identified_by, database_role, session_role, address, before, after)
	SELECT $1, $2, o.*, $3, $4
	FROM careaccess.origin() AS o;
END $$;
REVOKE EXECUTE ON FUNCTION careaccess.log_definition(text, text, jsonb, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.log_definition(text, text, jsonb, jsonb) IS
	'writes the event of something that was made beside the catalog: a mask, a unique index';

CREATE FUNCTION careaccess.refuse_mask_write() RETURNS trigger
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	RAISE EXCEPTION 'cannot write to mask %', careaccess.qualified_name(TG_RELID) USING ERRCODE = '42501',
		DETAIL = 'A mask shows some columns to some members; it is for reading only.',
		HINT = format('Write to table %s itself.', careaccess.qualified_name(careaccess.mask_table(TG_RELID)));
END $$;
REVOKE EXECUTE ON FUNCTION careaccess.refuse_mask_write() FROM PUBLIC;
COMMENT ON FUNCTION careaccess.refuse_mask_write() IS 'trigger: refuses to write to a mask, and tells masks from other views';

CREATE FUNCTION careaccess.mask_table(view oid) RETURNS regclass
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	RETURN (
		SELECT min(d.refobjid)::regclass
		FROM pg_catalog.pg_trigger AS g
			JOIN pg_catalog.pg_rewrite AS r ON r.ev_class = g.tgrelid
			JOIN pg_catalog.pg_depend AS d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = r.oid
				AND d.refclassid = 'pg_catalog.pg_class'::regclass
				AND d.refobjid NOT IN (view, 'careaccess.client'::regclass)
		WHERE g.tgrelid = view AND g.tgfoid = 'careaccess.refuse_mask_write()'::regprocedure
		HAVING count(DISTINCT d.refobjid) = 1);
END $$;
REVOKE EXECUTE ON FUNCTION careaccess.mask_table(oid) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.mask_table(oid) IS 'the table that a mask shows; null if the relation is no mask';

-- Where a mask is or shall be.  A name alone stands for the schema that is
-- given; without one, schema remains null.
CREATE FUNCTION careaccess.mask_place(view_name text, default_schema oid, OUT schema oid, OUT name name)
	LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
	parts text[];
	schema_name name;
BEGIN
	IF view_name IS NULL THEN
		PERFORM careaccess.raise_null('view_name');
	END IF;
	BEGIN
		parts := pg_catalog.parse_ident(view_name);
	EXCEPTION WHEN invalid_parameter_value THEN
		parts := '{}';
	END;
	IF cardinality(parts) NOT IN (1, 2) THEN
		RAISE EXCEPTION 'not the name of a view: "%"', view_name USING ERRCODE = '22023',
			HINT = 'Give the name of the view, or its schema, a dot and its name, with double quotes as in SQL.';
	END IF;
	-- As PostgreSQL itself cuts a name that is too long.
	name := parts[cardinality(parts)]::name;
	schema := default_schema;
	IF cardinality(parts) = 2 THEN
		schema_name := parts[1]::name;
		SELECT n.oid INTO schema FROM pg_catalog.pg_namespace AS n WHERE n.nspname = schema_name;
		IF NOT FOUND THEN
			RAISE EXCEPTION 'schema "%" does not exist', schema_name USING ERRCODE = '3F000',
				HINT = 'Create it, or leave the schema out: then it is that of the table.';
		END IF;
	END IF;
END $$;
REVOKE EXECUTE ON FUNCTION careaccess.mask_place(text, oid) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.mask_place(text, oid) IS 'the schema and the name that the text of a view''s name means';

CREATE FUNCTION careaccess.require_mask_place(schema oid, name name) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
	schema_name name;
BEGIN
	SELECT n.nspname INTO schema_name FROM pg_catalog.pg_namespace AS n WHERE n.oid = schema;
	IF schema_name IS NULL OR starts_with(schema_name, 'pg_') OR schema_name IN ('information_schema', 'careaccess') THEN
		RAISE EXCEPTION 'schema "%" cannot hold a mask', schema_name USING ERRCODE = '22023',
			HINT = 'Name a schema of the application.';
	END IF;
	IF NOT pg_catalog.has_schema_privilege(careaccess.session_role(), schema, 'CREATE') THEN
		PERFORM careaccess.refuse('42501', pg_catalog.format('permission denied for schema %s', schema_name),
			hint => format('The calling role needs CREATE on it: GRANT CREATE ON SCHEMA %I TO %I.', schema_name, careaccess.session_role()));
	END IF;
	IF EXISTS (SELECT FROM pg_catalog.pg_class AS c WHERE c.relnamespace = schema AND c.relname = name) THEN
		RAISE EXCEPTION 'relation "%" already exists', name USING ERRCODE = '42P07',
			HINT = 'Choose another name, or remove what is there; careaccess_unmask removes a mask.';
	END IF;
END $$;
REVOKE EXECUTE ON FUNCTION careaccess.require_mask_place(oid, name) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.require_mask_place(oid, name) IS
	'refuses a place for a mask that is taken, reserved, or where the session''s role may not create';

CREATE FUNCTION careaccess.require_category(category text) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM careaccess.category AS c WHERE c.code = $1) THEN
		RAISE EXCEPTION 'unknown category "%"', $1 USING ERRCODE = '22023',
			HINT = format('The categories are: %s.',
				(SELECT string_agg(c.code, ', ' ORDER BY c.number) FROM careaccess.category AS c));
	END IF;
END $$;
REVOKE EXECUTE ON FUNCTION careaccess.require_category(text) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.require_category(text) IS 'refuses what is no category, naming those that are';

CREATE FUNCTION careaccess.require_mask_columns(p careaccess.protected_table, columns jsonb, keep_invisible boolean) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
	named record;
BEGIN
	IF jsonb_typeof(columns) <> 'object' THEN
		RAISE EXCEPTION 'columns is not a JSON object' USING ERRCODE = '22023',
			HINT = 'Map each column to its category or to "busy": {"phone": "profile", "starts_at": "busy"}.';
	END IF;
	FOR named IN SELECT key AS name, value FROM jsonb_each(columns) LOOP
		IF NOT EXISTS (
			SELECT FROM pg_catalog.pg_attribute AS a
			WHERE a.attrelid = p.relation AND a.attname::text = named.name AND a.attnum > 0 AND NOT a.attisdropped)
		THEN
			RAISE EXCEPTION 'column "%" of table % does not exist', named.name, careaccess.qualified_name(p.relation)
				USING ERRCODE = '42703', HINT = 'Write the column''s name as the table has it, in the same case and without quotes.';
		END IF;
		IF jsonb_typeof(named.value) <> 'string' THEN
			RAISE EXCEPTION 'the category of column "%" is not a text', named.name USING ERRCODE = '22023',
				HINT = 'Give a category or "busy"; leave a column out that nobody shall see.';
		END IF;
		IF named.value <> '"busy"' THEN
			PERFORM careaccess.require_category(named.value #>> '{}');
		ELSIF keep_invisible AND named.name = p.client_column::text THEN
			RAISE EXCEPTION 'column "%" cannot be busy, because it would tell the client of each hidden row', named.name
				USING ERRCODE = '22023', HINT = 'Leave it out: it is shown where the row is.';
		END IF;
	END LOOP;
END $$;
REVOKE EXECUTE ON FUNCTION careaccess.require_mask_columns(careaccess.protected_table, jsonb, boolean) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.require_mask_columns(careaccess.protected_table, jsonb, boolean) IS
	'refuses columns of a mask that are not there, or whose category is none';

-- The question of one row about one category, as the table's policies put it.
CREATE FUNCTION careaccess.mask_condition(p careaccess.protected_table, category text) RETURNS text
	LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
	arguments text := format('t.%I, %L::pg_catalog.text', p.client_column, category);
BEGIN
	IF p.author_column IS NOT NULL OR p.client_visible_column IS NOT NULL OR p.practice_column IS NOT NULL THEN
		arguments := arguments || ', ' || coalesce('t.' || quote_ident(p.author_column), 'NULL::pg_catalog.text');
	END IF;
	IF p.client_visible_column IS NOT NULL OR p.practice_column IS NOT NULL THEN
		arguments := arguments || ', ' || coalesce('t.' || quote_ident(p.client_visible_column), 'false');
	END IF;
	IF p.practice_column IS NOT NULL THEN
		arguments := arguments || ', t.' || quote_ident(p.practice_column);
	END IF;
	RETURN format('careaccess.row_view(%s)', arguments);
END $$;
REVOKE EXECUTE ON FUNCTION careaccess.mask_condition(careaccess.protected_table, text) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.mask_condition(careaccess.protected_table, text) IS
	'the expression that asks whether a row may be viewed under a category';

-- A type as SQL writes it; instead of a domain what is under it.
CREATE FUNCTION careaccess.undomained_type(type oid, modifier integer) RETURNS text
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	base oid := type;
	base_modifier integer := modifier;
	d record;
BEGIN
	LOOP
		SELECT t.typbasetype, t.typtypmod INTO d FROM pg_catalog.pg_type AS t WHERE t.oid = base AND t.typtype = 'd';
		EXIT WHEN NOT FOUND;
		base := d.typbasetype;
		base_modifier := d.typtypmod;
	END LOOP;
	RETURN pg_catalog.format_type(base, base_modifier);
END $$;
REVOKE EXECUTE ON FUNCTION careaccess.undomained_type(oid, integer) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.undomained_type(oid, integer) IS 'the name of a type, or of the type under a domain';

-- For the members of one practice; no other session has one.
CREATE FUNCTION careaccess.viewers_practice() RETURNS careaccess.id
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	RETURN (SELECT a.practice FROM careaccess.actor() AS a WHERE a.kind = 'member');
END $$;
COMMENT ON FUNCTION careaccess.viewers_practice() IS
	'what masks ask that keep the rows of hidden clients: the practice of the session''s member, null for everybody else';

CREATE FUNCTION careaccess.mask_query(p careaccess.protected_table, columns jsonb, row_category text, keep_invisible boolean) RETURNS text
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
	row_condition text := careaccess.mask_condition(p, row_category);
	filter text := row_condition;
	row_practice text := careaccess.id_expression(p.relation, p.practice_column, 't.');
	shown text[] := ARRAY[]::text[];
	a record;
	category text;
	condition text;
BEGIN
	IF keep_invisible THEN
		-- Read from the catalog by the view's owner, and not asked of a function:
		-- one that the viewer may execute would tell him of any client he names.
		filter := format('%s OR EXISTS (SELECT FROM careaccess.client AS k WHERE k.id OPERATOR(careaccess.=) %s AND k.status <> ''deleted'''
			' AND k.practice OPERATOR(careaccess.=) (SELECT careaccess.viewers_practice())%s)',
			row_condition, careaccess.id_expression(p.relation, p.client_column, 't.'),
			' AND k.practice OPERATOR(careaccess.=) ' || row_practice);
		IF row_practice IS NOT NULL THEN
			filter := format('%s OR t.%I IS NULL AND %s OPERATOR(careaccess.=) (SELECT careaccess.viewers_practice())',
				filter, p.client_column, row_practice);
		END IF;
	END IF;
	FOR a IN
		SELECT c.attname AS name, careaccess.undomained_type(c.atttypid, c.atttypmod) AS type
		FROM pg_catalog.pg_attribute AS c
		WHERE c.attrelid = p.relation AND c.attnum > 0 AND NOT c.attisdropped
		ORDER BY c.attnum
	LOOP
		category := columns ->> a.name::text;
		-- The client says whose row it is, as far as the row is shown.
		IF category IS NULL AND a.name = p.client_column THEN
			category := row_category;
		END IF;
		-- A column that needs no question of its own stands bare: only then
		-- can a condition on it use an index of the table.
		condition := CASE
			WHEN category IS NULL THEN NULL
			WHEN category = 'busy' THEN ''
			WHEN category = row_category THEN CASE WHEN keep_invisible THEN row_condition ELSE '' END
			WHEN keep_invisible THEN format('%s AND %s', row_condition, careaccess.mask_condition(p, category))
			ELSE careaccess.mask_condition(p, category)
		END;
		shown := shown || CASE
			WHEN condition IS NULL THEN format('NULL::%s AS %I', a.type, a.name)
			WHEN condition = '' THEN format('t.%1$I AS %1$I', a.name)
			ELSE format('CASE WHEN %s THEN t.%2$I::%3$s ELSE NULL::%3$s END AS %2$I', condition, a.name, a.type)
		END;
	END LOOP;
	RETURN format('SELECT %s FROM %s %s AS t WHERE %s', array_to_string(shown, ', '),
		CASE WHEN (SELECT c.relkind FROM pg_catalog.pg_class AS c WHERE c.oid = p.relation) = 'r' THEN 'ONLY' END,
		careaccess.qualified_name(p.relation), filter);
END $$;
REVOKE EXECUTE ON FUNCTION careaccess.mask_query(careaccess.protected_table, jsonb, text, boolean) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.mask_query(careaccess.protected_table, jsonb, text, boolean) IS 'the query of a mask';

-- How strict a category is, whatever the practice.  In no preset does anybody
-- see more of a category than of one on a lower level.  Those in the middle
-- are not comparable: some see diagnoses and no documents, some the reverse.
CREATE FUNCTION careaccess.category_level(category text) RETURNS integer
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	RETURN (
		SELECT CASE
			WHEN c.code = 'name' THEN 1
			WHEN c.code IN ('profile', 'schedule') THEN 2
			WHEN NOT c.authored THEN 3
			WHEN c.code <> 'private_notes' THEN 4
			ELSE 5
		END
		FROM careaccess.category AS c WHERE c.code = $1);
END $$;
REVOKE EXECUTE ON FUNCTION careaccess.category_level(text) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.category_level(text) IS
	'1 to 5, name to private notes: who sees a category sees those of lower levels, as a rule';

CREATE FUNCTION careaccess.mask_advise(p careaccess.protected_table, view_name text, columns jsonb) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
	relation_name text := careaccess.qualified_name(p.relation);
	named text;
BEGIN
	-- Where each row has its category, the base table is as strict as the row.
	SELECT string_agg(format('%I (%s)', k.key, k.value), ', ' ORDER BY a.attnum) INTO named
	FROM jsonb_each_text(columns) AS k
		JOIN pg_catalog.pg_attribute AS a ON a.attrelid = p.relation AND a.attname::text = k.key
	WHERE k.value NOT IN ('busy', p.category)
		AND (careaccess.category_level(p.category) < careaccess.category_level(k.value)
			OR careaccess.category_level(p.category) = 3 AND careaccess.category_level(k.value) = 3);
	IF named IS NOT NULL THEN
		RAISE WARNING 'table % is protected as %, which is not as strict as columns of mask %: %',
				relation_name, p.category, view_name, named
			USING DETAIL = 'Who may read the table itself sees these columns of every row that he may view as ' || p.category || '.',
			HINT = 'Protect the table under the strictest category of its columns (careaccess_protect with replace => true), or grant SELECT on the mask alone.';
	END IF;

	IF p.category_column IS NOT NULL AND columns <> '{}' THEN
		RAISE WARNING 'mask % does not look at the category of each row of table %', view_name, relation_name
			USING DETAIL = format('The policies go by column "%s"; the mask shows a row of whatever category by those of its own columns.', p.category_column),
			HINT = 'Leave out what a row says, or give it the strictest category that a row can have.';
	END IF;

	IF p.author_column IS NULL THEN
		SELECT string_agg(format('%I (%s)', k.key, k.value), ', ' ORDER BY a.attnum) INTO named
		FROM jsonb_each_text(columns) AS k
			JOIN pg_catalog.pg_attribute AS a ON a.attrelid = p.relation AND a.attname::text = k.key
			JOIN careaccess.category AS c ON c.code = k.value AND c.authored
		WHERE k.value <> 'busy';
		IF named IS NOT NULL THEN
			RAISE WARNING 'table % has no author column, and columns of mask % are authored: %', relation_name, view_name, named
				USING DETAIL = 'Their values count as written by somebody unknown, so only who sees everybody''s records sees them.',
				HINT = 'Call careaccess_protect with author_column and replace => true, then make the mask again.';
		END IF;
	END IF;
END $$;
REVOKE EXECUTE ON FUNCTION careaccess.mask_advise(careaccess.protected_table, text, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.mask_advise(careaccess.protected_table, text, jsonb) IS
	'warns of columns of a mask that the table itself shows to more members, or to fewer, and of authored ones without author';

CREATE FUNCTION careaccess.require_protected_root(tbl regclass, operation text) RETURNS careaccess.protected_table
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
	p careaccess.protected_table;
BEGIN
	-- Twice: before the lock, so that nobody waits for, or holds up, a table
	-- that is not his; and after it, since both may have changed meanwhile.
	FOR attempt IN 1..2 LOOP
		PERFORM careaccess.require_table_administrator(tbl, operation);
		SELECT q.* INTO p FROM careaccess.protected_table AS q WHERE q.relation = tbl;
		IF NOT FOUND THEN
			RAISE EXCEPTION 'table % is not protected', careaccess.qualified_name(tbl) USING ERRCODE = '55000',
				HINT = 'Call careaccess_protect for it first.';
		END IF;
		IF p.root <> p.relation THEN
			RAISE EXCEPTION 'table % is protected as a partition of %', careaccess.qualified_name(tbl), careaccess.qualified_name(p.root)
				USING ERRCODE = '55000', HINT = format('Name the whole table: %s.', careaccess.qualified_name(p.root));
		END IF;
		IF attempt = 1 THEN
			EXECUTE format('LOCK TABLE ONLY %s IN ACCESS SHARE MODE', careaccess.qualified_name(tbl));
		END IF;
	END LOOP;
	RETURN p;
END $$;
REVOKE EXECUTE ON FUNCTION careaccess.require_protected_root(regclass, text) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.require_protected_root(regclass, text) IS
	'refuses who does not administer the database and own the table, and a table that is not protected for itself; locks it';

CREATE FUNCTION @extschema@.careaccess_mask(view_name text, tbl regclass, columns jsonb,
	row_category text DEFAULT 'name', keep_invisible boolean DEFAULT false) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'mask'
AS $$
#variable_conflict use_column
DECLARE
	the_columns ALIAS FOR $3;
	the_category ALIAS FOR $4;
	keep ALIAS FOR $5;
	p careaccess.protected_table;
	place record;
	mask_name text;
	mask oid;
	reader name;
	grantee record;
BEGIN
	p := careaccess.require_protected_root(tbl, 'mask a table');
	IF the_columns IS NULL THEN
		PERFORM careaccess.raise_null('columns');
	ELSIF the_category IS NULL THEN
		PERFORM careaccess.raise_null('row_category');
	ELSIF keep IS NULL THEN
		PERFORM careaccess.raise_null('keep_invisible');
	END IF;
	SELECT * INTO place
	FROM careaccess.mask_place($1, (SELECT c.relnamespace FROM pg_catalog.pg_class AS c WHERE c.oid = tbl));
	PERFORM careaccess.require_mask_place(place.schema, place.name);
	PERFORM careaccess.require_category(the_category);
	PERFORM careaccess.require_mask_columns(p, the_columns, keep);

	SELECT r.rolname INTO reader
	FROM pg_catalog.pg_extension AS e JOIN pg_catalog.pg_roles AS r ON r.oid = e.extowner
	WHERE e.extname = 'careaccess' AND (r.rolsuper OR r.rolbypassrls)
		AND pg_catalog.has_table_privilege(r.oid, tbl, 'SELECT');
	IF NOT FOUND THEN
		RAISE EXCEPTION 'the owner of extension careaccess cannot read table % past row security', careaccess.qualified_name(tbl)
			USING ERRCODE = '55000',
			HINT = 'A mask reads with the rights of the extension''s owner: make that role a superuser, or give it BYPASSRLS and SELECT on the table.';
	END IF;

	SELECT format('%I.%I', n.nspname, place.name) INTO STRICT mask_name
	FROM pg_catalog.pg_namespace AS n WHERE n.oid = place.schema;
	EXECUTE format('CREATE VIEW %s WITH (security_barrier) AS %s', mask_name,
		careaccess.mask_query(p, the_columns, the_category, keep));
	mask := mask_name::regclass;
	EXECUTE format('ALTER VIEW %s OWNER TO %I', mask_name, reader);
	-- What default privileges gave.
	FOR grantee IN
		SELECT DISTINCT CASE WHEN g.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_catalog.pg_get_userbyid(g.grantee)) END AS name
		FROM pg_catalog.pg_class AS c, LATERAL aclexplode(c.relacl) AS g
		WHERE c.oid = mask AND g.grantee <> c.relowner
	LOOP
		EXECUTE format('REVOKE ALL ON TABLE %s FROM %s CASCADE', mask_name, grantee.name);
	END LOOP;
	EXECUTE format('CREATE TRIGGER careaccess_mask INSTEAD OF INSERT OR UPDATE OR DELETE ON %s
			FOR EACH ROW EXECUTE FUNCTION careaccess.refuse_mask_write()', mask_name);
	EXECUTE format('COMMENT ON VIEW %s IS %L', mask_name,
		format('made by careaccess_mask: rows by category %s%s; columns %s', the_category,
			CASE WHEN keep THEN ', hidden ones kept' ELSE '' END, the_columns));

	PERFORM FROM pg_catalog.pg_class AS c
	WHERE c.oid = mask AND c.relname = place.name AND c.relnamespace = place.schema
		AND pg_catalog.has_schema_privilege(careaccess.session_role(), c.relnamespace, 'CREATE')
		AND c.relowner = (SELECT r.oid FROM pg_catalog.pg_roles AS r WHERE r.rolname = reader)
		AND c.reloptions = '{security_barrier=true}'
		AND careaccess.mask_table(c.oid) = p.relation
		AND NOT EXISTS (SELECT FROM aclexplode(c.relacl) AS g WHERE g.grantee <> c.relowner);
	IF NOT FOUND THEN
		RAISE EXCEPTION 'the mask % is not what it should be', mask_name USING ERRCODE = '55000',
			HINT = 'Somebody renamed a table or a schema meanwhile; call careaccess_mask again.';
	END IF;
	PERFORM careaccess.mask_advise(p, mask_name, the_columns);
	PERFORM careaccess.log_definition('mask', 'mask', NULL, jsonb_build_object('view', mask_name,
		'table', careaccess.qualified_name(tbl), 'columns', the_columns, 'row_category', the_category, 'keep_invisible', keep));
END $$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_mask(text, regclass, jsonb, text, boolean) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_mask(text, regclass, jsonb, text, boolean) IS
	'makes a view of a protected table that shows each column to those who may view its category';

CREATE FUNCTION @extschema@.careaccess_unmask(view_name text) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'unmask'
AS $$
#variable_conflict use_column
DECLARE
	place record;
	found_views oid[];
	masked regclass;
	mask_name text;
BEGIN
	PERFORM careaccess.require_administrator_alone('remove a mask');
	SELECT * INTO place FROM careaccess.mask_place($1, NULL);
	-- A name without schema means the mask of that name, wherever it is.
	SELECT array_agg(c.oid) INTO found_views
	FROM pg_catalog.pg_class AS c
	WHERE c.relname = place.name AND (place.schema IS NULL OR c.relnamespace = place.schema)
		AND (place.schema IS NOT NULL OR careaccess.mask_table(c.oid) IS NOT NULL);
	IF found_views IS NULL THEN
		RAISE EXCEPTION 'no such mask: %', $1 USING ERRCODE = '42P01',
			HINT = 'Check the name and its schema.';
	END IF;
	IF cardinality(found_views) > 1 THEN
		RAISE EXCEPTION 'there is more than one mask %', $1 USING ERRCODE = '42P09',
			HINT = 'Name its schema, too.';
	END IF;
	masked := careaccess.mask_table(found_views[1]);
	IF masked IS NULL THEN
		RAISE EXCEPTION 'relation % is not a mask', careaccess.qualified_name(found_views[1]) USING ERRCODE = '55000',
			HINT = 'careaccess_unmask removes views that careaccess_mask made.';
	END IF;
	PERFORM careaccess.require_table_administrator(masked, 'remove a mask');
	mask_name := careaccess.qualified_name(found_views[1]);
	EXECUTE format('DROP VIEW %s', mask_name);
	IF EXISTS (SELECT FROM pg_catalog.pg_class AS c WHERE c.oid = found_views[1]) THEN
		RAISE EXCEPTION 'mask % was renamed meanwhile', mask_name USING ERRCODE = '55000',
			HINT = 'Call careaccess_unmask again.';
	END IF;
	PERFORM careaccess.log_definition('unmask', 'mask', jsonb_build_object('view', mask_name,
		'table', careaccess.qualified_name(masked)), NULL);
END $$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_unmask(text) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_unmask(text) IS 'removes a mask that careaccess_mask made';
