--
-- Keeping step with DDL: what protected and adopted tables need goes on
-- holding when somebody creates, alters, attaches or drops a table
--

-- The arguments of an adopted table's triggers, or null.
CREATE FUNCTION careaccess.adoption_of(tbl regclass, OUT kind text, OUT arguments text[])
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
DECLARE
	rest bytea;
	stop integer;
BEGIN
	SELECT CASE g.tgfoid WHEN 'careaccess.adopt_client()'::regprocedure THEN 'client' ELSE 'member' END, g.tgargs
	INTO kind, rest
	FROM pg_catalog.pg_trigger g
	WHERE g.tgrelid = tbl AND g.tgname = 'zz_careaccess_confirm'
		AND g.tgfoid IN ('careaccess.adopt_client()'::regprocedure, 'careaccess.adopt_member()'::regprocedure);
	IF NOT FOUND THEN
		RETURN;
	END IF;
	-- pg_trigger keeps them one behind the other, each ended by a zero byte.
	arguments := '{}';
	LOOP
		stop := position('\x00'::bytea IN rest);
		EXIT WHEN stop = 0;
		arguments := arguments || convert_from(substring(rest FROM 1 FOR stop - 1), getdatabaseencoding());
		rest := substring(rest FROM stop + 1);
	END LOOP;
END $$;
COMMENT ON FUNCTION careaccess.adoption_of(regclass) IS 'how a table is adopted: as client or member, and the arguments of its triggers';
REVOKE EXECUTE ON FUNCTION careaccess.adoption_of(regclass) FROM PUBLIC;

CREATE FUNCTION careaccess.adoption_follows(tbl regclass, attribute integer) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
DECLARE
	root_table regclass := careaccess.adoption_root(tbl);
	a record;
	new_name name;
	renamed text[];
	part regclass;
	child text;
	t record;
BEGIN
	-- The rows of a child are rows of the parent, too, and come without its triggers.
	SELECT careaccess.qualified_name(i.inhrelid) INTO child
	FROM pg_catalog.pg_inherits i
		JOIN pg_catalog.pg_class c ON c.oid = i.inhparent AND c.relkind IN ('r', 'f')
	WHERE tbl IN (i.inhparent, i.inhrelid)
		AND ((careaccess.adoption_of(i.inhparent)).kind IS NOT NULL OR (careaccess.adoption_of(i.inhrelid)).kind IS NOT NULL)
	LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'an adopted table can be neither parent nor child by inheritance' USING ERRCODE = '55000',
			DETAIL = format('The child would be %s. Statements on the one would not register the rows of the other.', child),
			HINT = 'Use partitions, or two tables and a view with security_invoker.';
	END IF;

	SELECT * INTO a FROM careaccess.adoption_of(root_table);
	IF a.kind IS NULL THEN
		SELECT r INTO part FROM careaccess.table_and_partitions(root_table) AS r
		WHERE r <> root_table AND (careaccess.adoption_of(r)).kind IS NOT NULL LIMIT 1;
		IF FOUND THEN
			-- Rows would come and go through statements that its triggers do not see.
			RAISE EXCEPTION 'adopted table % cannot be a partition of a table that is not adopted', careaccess.qualified_name(part)
				USING ERRCODE = '55000', HINT = format('Adopt table %s first.', careaccess.qualified_name(root_table));
		END IF;
		RETURN;
	END IF;
	IF attribute > 0 THEN
		SELECT x.attname INTO new_name FROM pg_catalog.pg_attribute x WHERE x.attrelid = tbl AND x.attnum = attribute;
		SELECT array_agg(CASE
				WHEN u.argument = '' OR u.n = 2 OR u.n = 5 THEN u.argument
				ELSE careaccess.column_now(root_table, u.argument::name, new_name)::text END ORDER BY u.n)
		INTO renamed
		FROM unnest(a.arguments) WITH ORDINALITY AS u(argument, n);
		IF renamed <> a.arguments THEN
			PERFORM careaccess.make_adoption_triggers(root_table, a.kind, renamed);
		END IF;
	END IF;
	FOR part IN
		SELECT r FROM careaccess.table_and_partitions(root_table) AS r
		WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_trigger g WHERE g.tgrelid = r AND g.tgfoid = 'careaccess.adoption_statement()'::regprocedure)
	LOOP
		PERFORM careaccess.make_statement_triggers(part, a.kind);
		-- ATTACH names the parent; no trigger saw the rows that come with it.
		IF part <> tbl THEN
			RAISE WARNING 'rows that table % brought along are not registered', careaccess.qualified_name(part)
				USING HINT = format('If there are any, call careaccess_adopt_%ss for %s again.', a.kind, careaccess.qualified_name(root_table));
		END IF;
	END LOOP;
	-- DETACH takes the row triggers away, and the statement triggers stay.
	FOR t IN
		SELECT g.tgname, g.tgrelid FROM pg_catalog.pg_trigger g
		WHERE g.tgfoid = 'careaccess.adoption_statement()'::regprocedure
			AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger o
				WHERE o.tgrelid = g.tgrelid AND o.tgname = 'zz_careaccess_confirm'
					AND o.tgfoid IN ('careaccess.adopt_client()'::regprocedure, 'careaccess.adopt_member()'::regprocedure))
	LOOP
		EXECUTE format('DROP TRIGGER %I ON %s', t.tgname, careaccess.qualified_name(t.tgrelid));
	END LOOP;
END $$;
COMMENT ON FUNCTION careaccess.adoption_follows(regclass, integer) IS
	'keeps the triggers of an adopted table in step with a change to it: partitions, renamed columns';
REVOKE EXECUTE ON FUNCTION careaccess.adoption_follows(regclass, integer) FROM PUBLIC;

CREATE FUNCTION careaccess.follow_ddl() RETURNS event_trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'protect'
AS $$
DECLARE
	c record;
BEGIN
	FOR c IN
		SELECT DISTINCT d.objid, d.objsubid
		FROM pg_catalog.pg_event_trigger_ddl_commands() AS d
		WHERE d.classid = 'pg_class'::regclass
			AND d.object_type IN ('table', 'foreign table', 'table column', 'foreign table column')
	LOOP
		-- One command may name a table that a later part of it dropped.
		CONTINUE WHEN NOT EXISTS (SELECT FROM pg_catalog.pg_class WHERE oid = c.objid);
		PERFORM careaccess.protection_follows(c.objid::regclass, c.objsubid);
		PERFORM careaccess.adoption_follows(c.objid::regclass, c.objsubid);
	END LOOP;
END $$;
COMMENT ON FUNCTION careaccess.follow_ddl() IS 'event trigger: protected and adopted tables keep in step with partitions and renamed columns';
REVOKE EXECUTE ON FUNCTION careaccess.follow_ddl() FROM PUBLIC;

-- A protected table is not dropped by mistake, and never leaves its
-- registration behind.  A partition may go: that is how old rows are removed.
-- A table whose policies were dropped before may go too: pg_restore --clean
-- takes apart what it drops, and whoever dropped the policies meant it.
CREATE FUNCTION careaccess.guard_drop() RETURNS event_trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'unprotect'
AS $$
DECLARE
	d record;
	p careaccess.protected_table;
	a record;
BEGIN
	FOR d IN
		SELECT o.objid, o.objsubid, o.object_identity, o.address_names,
			EXISTS (SELECT FROM pg_catalog.pg_event_trigger_dropped_objects() AS y
				WHERE y.object_type = 'policy' AND y.address_names[3] = 'careaccess_select'
					AND y.address_names[1:2] = o.address_names[1:2]) AS with_policy
		FROM pg_catalog.pg_event_trigger_dropped_objects() AS o
		WHERE o.classid = 'pg_class'::regclass AND o.object_type IN ('table', 'table column')
	LOOP
		SELECT * INTO p FROM careaccess.protected_table q WHERE q.relation = d.objid;
		IF FOUND AND d.objsubid = 0 THEN
			IF p.root = p.relation AND d.with_policy THEN
				RAISE EXCEPTION 'cannot drop table % because it is protected', d.object_identity USING ERRCODE = '55000',
					HINT = format('Call careaccess_unprotect(%L) first.', d.object_identity);
			END IF;
			DELETE FROM careaccess.protected_table q WHERE q.relation = d.objid;
		ELSIF FOUND AND d.address_names[3] IN (p.client_column, p.category_column, p.author_column, p.practice_column, p.client_visible_column) THEN
			RAISE EXCEPTION 'cannot drop column % because the protection of its table uses it', d.object_identity USING ERRCODE = '55000',
				HINT = 'Call careaccess_unprotect first, or careaccess_protect without the column and with replace => true.';
		END IF;
		CONTINUE WHEN d.objsubid = 0;
		SELECT * INTO a FROM careaccess.adoption_of(careaccess.adoption_root(d.objid));
		IF a.kind IS NOT NULL AND EXISTS (
			SELECT FROM unnest(a.arguments) WITH ORDINALITY AS u(argument, n)
			WHERE u.argument = d.address_names[3] AND u.n NOT IN (2, 5))
		THEN
			RAISE EXCEPTION 'cannot drop column % because its table is adopted', d.object_identity USING ERRCODE = '55000',
				HINT = format('Call careaccess_adopt_%ss without the column first, or drop the triggers zz_careaccess_….', a.kind);
		END IF;
	END LOOP;
END $$;
COMMENT ON FUNCTION careaccess.guard_drop() IS 'event trigger: refuses to drop a protected table, or a column that protection or adoption uses';
REVOKE EXECUTE ON FUNCTION careaccess.guard_drop() FROM PUBLIC;

CREATE EVENT TRIGGER careaccess_follow_ddl ON ddl_command_end
	-- ALTER VIEW … RENAME COLUMN works on tables, too.
	WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE', 'CREATE FOREIGN TABLE', 'ALTER FOREIGN TABLE', 'CREATE SCHEMA',
		'ALTER VIEW', 'ALTER MATERIALIZED VIEW')
	EXECUTE FUNCTION careaccess.follow_ddl();
COMMENT ON EVENT TRIGGER careaccess_follow_ddl IS
	'protects partitions that are made or attached later, and follows renamed columns';
CREATE EVENT TRIGGER careaccess_guard_drop ON sql_drop
	EXECUTE FUNCTION careaccess.guard_drop();
COMMENT ON EVENT TRIGGER careaccess_guard_drop IS
	'refuses to drop protected tables and columns that protection or adoption uses';

-- Facts are kept over statements as long as every change of them is logged.
-- Whether it is can be changed, too: by whoever switches a trigger off.
CREATE FUNCTION careaccess.note_catalog_change() RETURNS event_trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	IF TG_EVENT = 'sql_drop' THEN
		IF EXISTS (SELECT FROM pg_catalog.pg_event_trigger_dropped_objects() AS d
			WHERE d.object_type = 'trigger' AND d.address_names[1] = 'careaccess')
		THEN
			PERFORM careaccess.log_change_of_all();
		END IF;
	ELSIF EXISTS (SELECT FROM pg_catalog.pg_event_trigger_ddl_commands() AS d
		WHERE d.schema_name = 'careaccess' OR d.object_identity LIKE '% on careaccess.%')
	THEN
		PERFORM careaccess.log_change_of_all();
	END IF;
END $$;
COMMENT ON FUNCTION careaccess.note_catalog_change() IS
	'event trigger: a change to the tables of the catalog is a change of all practices'' facts';
REVOKE EXECUTE ON FUNCTION careaccess.note_catalog_change() FROM PUBLIC;

CREATE EVENT TRIGGER careaccess_note_catalog_change ON ddl_command_end
	WHEN TAG IN ('ALTER TABLE', 'CREATE TRIGGER', 'ALTER TRIGGER')
	EXECUTE FUNCTION careaccess.note_catalog_change();
ALTER EVENT TRIGGER careaccess_note_catalog_change ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER careaccess_note_catalog_change IS
	'has every session read facts anew when a trigger of the catalog was switched on or off';
CREATE EVENT TRIGGER careaccess_note_catalog_drop ON sql_drop
	WHEN TAG IN ('ALTER TABLE', 'DROP TRIGGER')
	EXECUTE FUNCTION careaccess.note_catalog_change();
ALTER EVENT TRIGGER careaccess_note_catalog_drop ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER careaccess_note_catalog_drop IS
	'has every session read facts anew when a trigger of the catalog was dropped';
