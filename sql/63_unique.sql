--
-- Values that are unique in a practice and tell nothing
--
-- The index is made with the rights of the caller, who owns the table;
-- PostgreSQL names no value in its errors to a session that is under the
-- table's row security.
--

-- Checks, and says what to make: nothing where such an index is there already.
CREATE FUNCTION careaccess.unique_begin(tbl regclass, column_name name, practice_column name,
	OUT index_name name, OUT index_columns text)
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'unique'
AS $$
#variable_conflict use_column
DECLARE
	the_column ALIAS FOR $2;
	the_practice ALIAS FOR $3;
	p careaccess.protected_table;
	relation_name text;
	declared oid;
	base oid;
	key_count integer := CASE WHEN the_practice IS NULL THEN 1 ELSE 2 END;
	there name;
	stem text;
BEGIN
	p := careaccess.require_protected_root(tbl, 'make a column unique');
	relation_name := careaccess.qualified_name(tbl);
	IF the_column IS NULL THEN
		PERFORM careaccess.raise_null('column_name');
	END IF;
	SELECT a.atttypid INTO declared
	FROM pg_catalog.pg_attribute AS a
	WHERE a.attrelid = tbl AND a.attname = the_column AND a.attnum > 0 AND NOT a.attisdropped;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'column "%" of table % does not exist', the_column, relation_name
			USING ERRCODE = '42703', HINT = 'Write the column''s name as the table has it, in the same case and without quotes.';
	END IF;
	-- citext counts: a string type that is a text to the byte.
	base := careaccess.base_type(declared);
	IF base NOT IN ('text'::regtype, 'bpchar'::regtype) AND NOT EXISTS (
		SELECT FROM pg_catalog.pg_type AS t
			JOIN pg_catalog.pg_cast AS c ON c.castsource = t.oid AND c.casttarget = 'text'::regtype AND c.castmethod = 'b'
		WHERE t.oid = base AND t.typcategory = 'S')
	THEN
		RAISE EXCEPTION 'column "%" of table % has the wrong type %', the_column, relation_name,
				pg_catalog.format_type(declared, NULL)
			USING ERRCODE = '42804', HINT = 'Values without upper and lower case need no more than a unique index of PostgreSQL.';
	END IF;
	IF the_practice IS NOT NULL THEN
		PERFORM careaccess.require_column(tbl, the_practice, 'id');
	END IF;

	SELECT c.relname INTO there
	FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
	WHERE i.indrelid = tbl AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indimmediate
		AND NOT i.indnullsnotdistinct
		AND i.indnkeyatts = key_count
		AND (the_practice IS NULL OR i.indkey[0] = (
			SELECT a.attnum FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = tbl AND a.attname = the_practice AND NOT a.attisdropped))
		AND pg_catalog.pg_get_indexdef(i.indexrelid, key_count, false)
			IN (format('lower(%I)', the_column), format('lower((%I)::text)', the_column))
	LIMIT 1;
	IF FOUND THEN
		RAISE NOTICE 'column "%" of table % is unique already, by index %', the_column, relation_name, there;
		RETURN;
	END IF;

	IF the_practice IS NULL AND (SELECT count(*) FROM (SELECT FROM careaccess.practice LIMIT 2) AS two) > 1 THEN
		RAISE WARNING 'column "%" of table % is unique across practices', the_column, relation_name
			USING DETAIL = 'A member whose row is refused learns that some practice has the value.',
			HINT = CASE WHEN p.practice_column IS NULL THEN 'Give the column that holds the practice as practice_column.'
				ELSE format('Give practice_column => %L.', p.practice_column) END;
	END IF;
	IF the_practice IS DISTINCT FROM p.practice_column AND the_practice IS NOT NULL THEN
		RAISE WARNING 'the policies of table % do not look at column "%"', relation_name, the_practice
			USING DETAIL = 'A member who writes another practice''s identifier there could learn which values that practice has.',
			HINT = format('Call careaccess_protect with practice_column => %L and replace => true.', the_practice);
	END IF;

	-- The name stands in the errors that members get.
	SELECT format('%s_%s', c.relname, the_column) INTO stem FROM pg_catalog.pg_class AS c WHERE c.oid = tbl;
	FOR n IN 1..1000 LOOP
		WHILE octet_length(stem) > 50 LOOP
			stem := left(stem, -1);
		END LOOP;
		index_name := stem || '_unique' || CASE WHEN n > 1 THEN n::text ELSE '' END;
		EXIT WHEN NOT EXISTS (
			SELECT FROM pg_catalog.pg_class AS c
			WHERE c.relname = index_name
				AND c.relnamespace = (SELECT t.relnamespace FROM pg_catalog.pg_class AS t WHERE t.oid = tbl));
	END LOOP;
	index_columns := coalesce(quote_ident(the_practice) || ', ', '')
		|| format('pg_catalog.lower(%I::pg_catalog.text)', the_column);
	PERFORM careaccess.log_definition('unique', 'unique', NULL, jsonb_build_object('table', relation_name,
		'column', the_column, 'practice_column', the_practice, 'index', index_name));
END $$;
REVOKE EXECUTE ON FUNCTION careaccess.unique_begin(regclass, name, name) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION careaccess.unique_begin(regclass, name, name) TO PUBLIC;
COMMENT ON FUNCTION careaccess.unique_begin(regclass, name, name) IS
	'first half of careaccess_unique: checks, and says which index to make; null if it is there';

CREATE FUNCTION @extschema@.careaccess_unique(tbl regclass, column_name name, practice_column name DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY INVOKER
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	new_index record;
BEGIN
	SELECT * INTO new_index FROM careaccess.unique_begin($1, $2, $3);
	IF new_index.index_name IS NULL THEN
		RETURN;
	END IF;
	BEGIN
		EXECUTE format('CREATE UNIQUE INDEX %I ON %s (%s)', new_index.index_name, $1, new_index.index_columns);
	EXCEPTION
		WHEN unique_violation THEN
			RAISE EXCEPTION 'column "%" of table % holds values that are there more than once', $2, $1
				USING ERRCODE = '23505',
				DETAIL = 'Upper and lower case count as the same, and rows that you may not see count, too.',
				HINT = format('As a superuser: SELECT %s, count(*) FROM %s WHERE %I IS NOT NULL GROUP BY %s HAVING count(*) > 1;',
					new_index.index_columns, $1, $2, CASE WHEN $3 IS NULL THEN '1' ELSE '1, 2' END);
		WHEN feature_not_supported OR invalid_object_definition OR invalid_table_definition THEN
			RAISE EXCEPTION 'column "%" of the partitioned table % cannot be made unique', $2, $1
				USING ERRCODE = '0A000', DETAIL = SQLERRM || '.',
				HINT = 'PostgreSQL compares rows of one partition only: partition the table by its practice column, or keep the values in a table that is not partitioned.';
	END;
END $$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_unique(regclass, name, name) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_unique(regclass, name, name) IS
	'makes a column''s values unique, whatever their case, in the table or in each practice; errors tell no value';
