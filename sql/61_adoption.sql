--
-- Adopting tables: the application's own tables of clients and staff register
-- what they hold
--
-- What is registered is what the application inserts, so triggers do it:
--
--   zz_careaccess_register  BEFORE INSERT row    registers the client, so that the policies let
--                                                the row in and RETURNING works
--   zz_careaccess_keep      BEFORE UPDATE row    refuses a change of the identifier or the practice
--   zz_careaccess_confirm   AFTER INSERT, DELETE row   the row is really there, or gone
--   zz_careaccess_follow    AFTER UPDATE row     a new owner, name or role
--   zz_careaccess_begin, zz_careaccess_end   statement   see careaccess.adoption
--   zz_careaccess_truncate  BEFORE TRUNCATE
--
-- BEFORE triggers of one event fire by name, and those of the application may
-- still set the identifier, the practice or the owner; ours must see what they
-- leave, hence the "zz_".  If a later one changes the identifier all the same,
-- zz_careaccess_confirm registers what was inserted in the end.
--
-- A BEFORE trigger does not know whether its row will be inserted: ON CONFLICT
-- DO NOTHING skips it afterwards, and so does a later trigger that returns
-- null.  So registrations made by a statement are noted, struck off as their
-- rows turn out to be there, and what is left at its end is taken back.
--
-- The trigger functions run as the extension's owner on rows of other people's
-- tables.  They look at nothing but the named columns, and at these only by
-- built-in casts (careaccess.id_expression): a type's own cast or output
-- function would run with the owner's rights.
--

-- Unlogged: a row lives no longer than the statement that wrote it, and is
-- rolled back with it.  Rows that are gone stay in the way until the
-- transaction ends, so nothing here is looked for but by a statement's number or
-- a client: many single statements in one transaction must not slow each other.
CREATE UNLOGGED TABLE careaccess.adoption (
	xid xid8 NOT NULL,
	root regclass NOT NULL,
	operation text NOT NULL CHECK (operation IN ('INSERT', 'UPDATE', 'FORCE')),
	statement bigint NOT NULL,
	id careaccess.id,
	row jsonb
);
CREATE INDEX adoption_id_idx ON careaccess.adoption (xid, root, id);
CREATE INDEX adoption_statement_idx ON careaccess.adoption (xid, root, statement);
COMMENT ON TABLE careaccess.adoption IS
	'what statements on adopted tables that are under way did so far: an INSERT registered a client (id), an UPDATE of a partitioned table took a row out of a partition; row: the values it had that are followed';

CREATE SEQUENCE careaccess.adoption_statement_seq;
COMMENT ON SEQUENCE careaccess.adoption_statement_seq IS 'numbers the statements on adopted tables';

CREATE FUNCTION careaccess.adoption_root(tbl oid) RETURNS regclass
	LANGUAGE sql STABLE STRICT PARALLEL SAFE
	RETURN COALESCE(pg_catalog.pg_partition_root(tbl::pg_catalog.regclass), tbl::pg_catalog.regclass);
COMMENT ON FUNCTION careaccess.adoption_root(oid) IS 'the partitioned table that a partition belongs to; another table itself';
REVOKE EXECUTE ON FUNCTION careaccess.adoption_root(oid) FROM PUBLIC;

-- The statements that are under way are a stack in the setting careaccess.adopting,
-- which a rollback takes back as it does rows: [[root, operation, number], …], the
-- innermost first.

CREATE FUNCTION careaccess.adoption_stack() RETURNS jsonb
	LANGUAGE sql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
	SELECT coalesce(nullif(current_setting('careaccess.adopting', true), ''), '[]')::jsonb
$$;
COMMENT ON FUNCTION careaccess.adoption_stack() IS 'the statements on adopted tables that are under way, the innermost first';
REVOKE EXECUTE ON FUNCTION careaccess.adoption_stack() FROM PUBLIC;

-- Of several, one within the other (a trigger inserts into the same table), the
-- innermost.
CREATE FUNCTION careaccess.adoption_statement_now(root_table regclass, operation text) RETURNS bigint
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	RETURN (
		SELECT (f.frame ->> 2)::bigint
		FROM jsonb_array_elements(careaccess.adoption_stack()) WITH ORDINALITY AS f (frame, depth)
		WHERE (f.frame ->> 0)::oid = root_table AND f.frame ->> 1 = $2
		ORDER BY f.depth LIMIT 1);
END $$;
COMMENT ON FUNCTION careaccess.adoption_statement_now(regclass, text) IS 'the number of the statement under way on an adopted table';
REVOKE EXECUTE ON FUNCTION careaccess.adoption_statement_now(regclass, text) FROM PUBLIC;

CREATE FUNCTION careaccess.begin_adoption_statement(root_table regclass, operation text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	PERFORM set_config('careaccess.adopting', (jsonb_build_array(jsonb_build_array(root_table::oid::bigint, $2,
		nextval('careaccess.adoption_statement_seq'))) || careaccess.adoption_stack())::text, true);
END $$;
COMMENT ON FUNCTION careaccess.begin_adoption_statement(regclass, text) IS 'notes that a statement on an adopted table is under way';
REVOKE EXECUTE ON FUNCTION careaccess.begin_adoption_statement(regclass, text) FROM PUBLIC;

CREATE FUNCTION careaccess.end_adoption_statement(number bigint) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	PERFORM set_config('careaccess.adopting', coalesce((
		SELECT jsonb_agg(f.frame ORDER BY f.depth)
		FROM jsonb_array_elements(careaccess.adoption_stack()) WITH ORDINALITY AS f (frame, depth)
		WHERE (f.frame ->> 2)::bigint <> number)::text, ''), true);
END $$;
COMMENT ON FUNCTION careaccess.end_adoption_statement(bigint) IS 'notes that a statement on an adopted table is done';
REVOKE EXECUTE ON FUNCTION careaccess.end_adoption_statement(bigint) FROM PUBLIC;

-- The named columns of a row, as identifiers: an SQL text with the row as $1.
CREATE FUNCTION careaccess.adoption_query(tbl oid, VARIADIC columns name[]) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
DECLARE
	column_name name;
	expression text;
	expressions text[] := ARRAY[]::text[];
BEGIN
	FOREACH column_name IN ARRAY columns LOOP
		IF column_name = '' THEN
			expression := 'NULL::careaccess.id';
		ELSE
			expression := careaccess.id_expression(tbl::regclass, column_name);
			IF expression IS NULL THEN
				-- Dropped or changed since the table was adopted.
				PERFORM careaccess.require_column(tbl::regclass, column_name, 'id');
			END IF;
		END IF;
		expressions := expressions || expression;
	END LOOP;
	RETURN format('SELECT %s FROM (SELECT ($1).*) AS r', array_to_string(expressions, ', '));
END $$;
COMMENT ON FUNCTION careaccess.adoption_query(oid, name[]) IS 'the query that reads columns of the row $1 as identifiers; an empty name: null';
REVOKE EXECUTE ON FUNCTION careaccess.adoption_query(oid, name[]) FROM PUBLIC;

CREATE FUNCTION careaccess.register_adopted(client careaccess.id, practice careaccess.id, owner careaccess.id) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_client ALIAS FOR $1;
	the_practice ALIAS FOR $2;
	the_owner ALIAS FOR $3;
BEGIN
	IF the_owner IS NOT NULL AND EXISTS (
		SELECT FROM careaccess.practice p
		WHERE p.id = coalesce(the_practice, (SELECT a.practice FROM careaccess.actor() AS a)) AND p.owner_mode = 'none')
	THEN
		PERFORM @extschema@.careaccess_add_client(the_client, the_practice, NULL, ARRAY[the_owner]);
	ELSE
		PERFORM @extschema@.careaccess_add_client(the_client, the_practice, the_owner);
	END IF;
END $$;
COMMENT ON FUNCTION careaccess.register_adopted(careaccess.id, careaccess.id, careaccess.id) IS
	'registers the client of a new row of an adopted table; the owner column names a provider where clients have no owner';
REVOKE EXECUTE ON FUNCTION careaccess.register_adopted(careaccess.id, careaccess.id, careaccess.id) FROM PUBLIC;

CREATE FUNCTION careaccess.end_registration(client careaccess.id) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_client ALIAS FOR $1;
BEGIN
	IF NOT EXISTS (SELECT FROM careaccess.client c WHERE c.id = the_client) THEN
		RETURN;
	END IF;
	PERFORM careaccess.lock_client(the_client, true);
	PERFORM careaccess.require_capability('delete a client', 'delete_client');
	DELETE FROM careaccess.client c WHERE c.id = the_client;
END $$;
COMMENT ON FUNCTION careaccess.end_registration(careaccess.id) IS
	'ends the registration of a client whose row was deleted, with its links, shares and revocations';
REVOKE EXECUTE ON FUNCTION careaccess.end_registration(careaccess.id) FROM PUBLIC;

-- Row triggers of a table of clients.
-- Arguments: id column, practice, practice column, owner column; '' for none.
CREATE FUNCTION careaccess.adopt_client() RETURNS trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'adopt_clients'
AS $$
DECLARE
	query text := careaccess.adoption_query(TG_RELID, TG_ARGV[0], TG_ARGV[2], TG_ARGV[3]);
	root_table regclass := careaccess.adoption_root(TG_RELID);
	the_statement bigint;
	client careaccess.id;
	practice careaccess.id;
	owner careaccess.id;
	old_client careaccess.id;
	old_practice careaccess.id;
	old_owner careaccess.id;
	noted record;
BEGIN
	IF TG_OP <> 'INSERT' THEN
		EXECUTE query INTO old_client, old_practice, old_owner USING OLD;
	END IF;
	IF TG_OP <> 'DELETE' THEN
		EXECUTE query INTO client, practice, owner USING NEW;
	END IF;

	CASE TG_OP
	WHEN 'INSERT' THEN
		practice := coalesce(practice, nullif(TG_ARGV[1], '')::careaccess.id);
		IF TG_WHEN = 'AFTER' THEN
			-- The row is there: what was noted of its client is settled.
			DELETE FROM careaccess.adoption a
			WHERE a.xid = pg_current_xact_id() AND a.root = root_table AND a.id = client
			RETURNING a.id, a.operation, a.row INTO noted;
			IF FOUND AND noted.row <> jsonb_build_array(practice::text, owner::text) THEN
				IF noted.operation = 'INSERT' THEN
					-- Registered for another row of the statement, which was
					-- skipped: this is the row that stays.
					DELETE FROM careaccess.client c WHERE c.id = client;
				ELSIF noted.row ->> 0 IS DISTINCT FROM practice::text THEN
					RAISE EXCEPTION 'the practice of a client cannot be changed' USING ERRCODE = '55000',
						DETAIL = format('Table %s is adopted: its rows are registered clients.', careaccess.qualified_name(TG_RELID)),
						HINT = 'Insert the client anew in the other practice.';
				ELSIF NOT EXISTS (
					SELECT FROM careaccess.client_link l
					WHERE l.client = (noted.id) AND l.member = owner AND l.kind = 'owner' AND l.active)
				THEN
					-- Moved to another partition, which fires no UPDATE trigger.
					PERFORM @extschema@.careaccess_reassign_client(client, owner);
				END IF;
			END IF;
		END IF;
		-- Who may add no client is left to the policies, which refuse him in one
		-- way whether there is such a client or not; after them, to the end here.
		IF client IS NOT NULL AND NOT EXISTS (SELECT FROM careaccess.client c WHERE c.id = client)
			AND (TG_WHEN = 'AFTER' OR careaccess.actor_has('create_client'))
		THEN
			PERFORM careaccess.register_adopted(client, practice, owner);
			IF TG_WHEN = 'BEFORE' THEN
				the_statement := careaccess.adoption_statement_now(root_table, 'INSERT');
				IF the_statement IS NOT NULL THEN
					INSERT INTO careaccess.adoption (xid, root, operation, statement, id, row)
					VALUES (pg_current_xact_id(), root_table, 'INSERT', the_statement, client,
						jsonb_build_array(practice::text, owner::text));
				END IF;
			END IF;
		END IF;
		RETURN NEW;
	WHEN 'UPDATE' THEN
		IF client IS DISTINCT FROM old_client THEN
			RAISE EXCEPTION 'the identifier of a client cannot be changed' USING ERRCODE = '55000',
				DETAIL = format('Table %s is adopted: its rows are registered clients.', careaccess.qualified_name(TG_RELID)),
				HINT = 'Insert a new client, and delete this one when nothing refers to it.';
		END IF;
		IF practice IS DISTINCT FROM old_practice THEN
			RAISE EXCEPTION 'the practice of a client cannot be changed' USING ERRCODE = '55000',
				DETAIL = format('Table %s is adopted: its rows are registered clients.', careaccess.qualified_name(TG_RELID)),
				HINT = 'Insert the client anew in the other practice.';
		END IF;
		-- A column that only catches up with careaccess_reassign_client or
		-- careaccess_remove_member changes no right, and so needs none.
		IF TG_WHEN = 'AFTER' AND owner IS DISTINCT FROM old_owner AND client IS NOT NULL
			AND NOT EXISTS (
				SELECT FROM careaccess.client_link l
				WHERE l.client = old_client AND l.member = owner AND l.kind = 'owner' AND l.active)
		THEN
			PERFORM @extschema@.careaccess_reassign_client(client, owner);
		END IF;
		RETURN NEW;
	WHEN 'DELETE' THEN
		-- An UPDATE may move a row to another partition: a DELETE here, an
		-- INSERT there.  The end of the statement knows which it was.
		the_statement := careaccess.adoption_statement_now(root_table, 'UPDATE');
		IF old_client IS NULL THEN
			NULL;
		ELSIF the_statement IS NOT NULL THEN
			INSERT INTO careaccess.adoption (xid, root, operation, statement, id, row)
			VALUES (pg_current_xact_id(), root_table, 'UPDATE', the_statement, old_client,
				jsonb_build_array(coalesce(old_practice, nullif(TG_ARGV[1], '')::careaccess.id)::text, old_owner::text));
		ELSE
			PERFORM careaccess.end_registration(old_client);
		END IF;
		RETURN OLD;
	END CASE;
END $$;
COMMENT ON FUNCTION careaccess.adopt_client() IS 'row trigger of an adopted table of clients; see careaccess_adopt_clients';
REVOKE EXECUTE ON FUNCTION careaccess.adopt_client() FROM PUBLIC;

-- The name and the roles of a row of staff, by built-in casts only.
CREATE FUNCTION careaccess.adoption_member_query(tbl oid, name_column name, role_column name) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
DECLARE
	roles text := 'NULL::pg_catalog.text[]';
BEGIN
	PERFORM careaccess.require_column(tbl::regclass, name_column, 'name');
	IF role_column <> '' THEN
		PERFORM careaccess.require_column(tbl::regclass, role_column, 'roles');
		SELECT CASE WHEN t.typcategory = 'A' THEN format('coalesce(%1$I::pg_catalog.text[], ''{}'')', role_column)
				ELSE format('pg_catalog.array_remove(ARRAY[%I::pg_catalog.text], NULL)', role_column) END
		INTO roles
		FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = careaccess.base_type(a.atttypid)
		WHERE a.attrelid = tbl AND a.attname = role_column;
	END IF;
	RETURN format('SELECT %I::pg_catalog.text, %s FROM (SELECT ($1).*) AS r', name_column, roles);
END $$;
COMMENT ON FUNCTION careaccess.adoption_member_query(oid, name, name) IS 'the query that reads name and roles of the row $1 of staff';
REVOKE EXECUTE ON FUNCTION careaccess.adoption_member_query(oid, name, name) FROM PUBLIC;

-- Row triggers of a table of staff; all AFTER, since nothing waits for the
-- account before its row is there.
-- Arguments: id column, practice, practice column, name column, roles, role column.
CREATE FUNCTION careaccess.adopt_member() RETURNS trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'adopt_members'
AS $$
DECLARE
	query text := careaccess.adoption_query(TG_RELID, TG_ARGV[0], TG_ARGV[2]);
	member_query text := careaccess.adoption_member_query(TG_RELID, TG_ARGV[3], TG_ARGV[5]);
	root_table regclass := careaccess.adoption_root(TG_RELID);
	the_statement bigint;
	member careaccess.id;
	practice careaccess.id;
	name text;
	roles text[];
	old_member careaccess.id;
	old_practice careaccess.id;
	old_name text;
	old_roles text[];
	noted record;
BEGIN
	IF TG_OP <> 'INSERT' THEN
		EXECUTE query INTO old_member, old_practice USING OLD;
		EXECUTE member_query INTO old_name, old_roles USING OLD;
	END IF;
	IF TG_OP <> 'DELETE' THEN
		EXECUTE query INTO member, practice USING NEW;
		EXECUTE member_query INTO name, roles USING NEW;
	END IF;

	CASE TG_OP
	WHEN 'INSERT' THEN
		DELETE FROM careaccess.adoption a
		WHERE a.xid = pg_current_xact_id() AND a.root = root_table AND a.id = member
		RETURNING a.row INTO noted;
		IF FOUND THEN
			-- Moved to another partition, which fires no UPDATE trigger.
			IF noted.row ->> 0 IS DISTINCT FROM practice::text THEN
				RAISE EXCEPTION 'the practice of a member cannot be changed' USING ERRCODE = '55000',
					DETAIL = format('Table %s is adopted: its rows are registered members.', careaccess.qualified_name(TG_RELID)),
					HINT = 'Insert a member of another identifier in the other practice.';
			END IF;
			IF noted.row ->> 1 IS DISTINCT FROM name THEN
				PERFORM @extschema@.careaccess_configure_member(member, jsonb_build_object('name', name));
			END IF;
			IF noted.row -> 2 IS DISTINCT FROM coalesce(to_jsonb(roles), 'null') THEN
				PERFORM @extschema@.careaccess_set_member_roles(member, roles);
			END IF;
		END IF;
		practice := coalesce(practice, nullif(TG_ARGV[1], '')::careaccess.id);
		IF member IS NOT NULL AND NOT EXISTS (SELECT FROM careaccess.member m WHERE m.id = member) THEN
			PERFORM @extschema@.careaccess_add_member(practice, member, name, coalesce(roles, TG_ARGV[4]::text[]));
		ELSIF careaccess.adoption_statement_now(root_table, 'UPDATE') IS NULL
			AND (SELECT m.practice FROM careaccess.member m WHERE m.id = member AND m.status <> 'removed')
				IS DISTINCT FROM practice
		THEN
			-- Left alone like every one who is registered, but not without a
			-- word: staff tables have no policy that would refuse the row.
			RAISE WARNING 'member "%" was removed or belongs to another practice: this row gives nobody access', member
				USING HINT = 'Insert the person with an identifier that no member has had.';
		END IF;
	WHEN 'UPDATE' THEN
		IF member IS DISTINCT FROM old_member THEN
			RAISE EXCEPTION 'the identifier of a member cannot be changed' USING ERRCODE = '55000',
				DETAIL = format('Table %s is adopted: its rows are registered members.', careaccess.qualified_name(TG_RELID)),
				HINT = 'Insert a new member, and remove this one.';
		END IF;
		IF practice IS DISTINCT FROM old_practice THEN
			RAISE EXCEPTION 'the practice of a member cannot be changed' USING ERRCODE = '55000',
				DETAIL = format('Table %s is adopted: its rows are registered members.', careaccess.qualified_name(TG_RELID)),
				HINT = 'Insert a member of another identifier in the other practice.';
		END IF;
		-- The row of a removed member is the application's: it may correct or
		-- blank a name there, and nothing follows.
		IF EXISTS (SELECT FROM careaccess.member m WHERE m.id = member AND m.status = 'removed') THEN
			RETURN NULL;
		END IF;
		IF name IS DISTINCT FROM old_name AND member IS NOT NULL THEN
			PERFORM @extschema@.careaccess_configure_member(member, jsonb_build_object('name', name));
		END IF;
		IF roles IS DISTINCT FROM old_roles AND member IS NOT NULL THEN
			PERFORM @extschema@.careaccess_set_member_roles(member, roles);
		END IF;
	WHEN 'DELETE' THEN
		the_statement := careaccess.adoption_statement_now(root_table, 'UPDATE');
		IF NOT EXISTS (SELECT FROM careaccess.member m WHERE m.id = old_member AND m.status <> 'removed') THEN
			NULL;
		ELSIF the_statement IS NOT NULL THEN
			INSERT INTO careaccess.adoption (xid, root, operation, statement, id, row)
			VALUES (pg_current_xact_id(), root_table, 'UPDATE', the_statement, old_member,
				jsonb_build_array(old_practice::text, old_name, old_roles));
		ELSE
			PERFORM @extschema@.careaccess_remove_member(old_member);
		END IF;
	END CASE;
	RETURN NULL;
END $$;
COMMENT ON FUNCTION careaccess.adopt_member() IS 'row trigger of an adopted table of staff; see careaccess_adopt_members';
REVOKE EXECUTE ON FUNCTION careaccess.adopt_member() FROM PUBLIC;

-- Argument: "client" or "member".
CREATE FUNCTION careaccess.adoption_statement() RETURNS trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'adopt_clients'
AS $$
DECLARE
	root_table regclass := careaccess.adoption_root(TG_RELID);
	the_statement bigint;
	left_over careaccess.id;
BEGIN
	IF TG_OP = 'TRUNCATE' THEN
		RAISE EXCEPTION 'table % cannot be truncated', careaccess.qualified_name(TG_RELID) USING ERRCODE = '55000',
			DETAIL = format('It is adopted: its rows are registered %ss.', TG_ARGV[0]),
			HINT = 'Use DELETE, which ends their registration.';
	END IF;
	IF TG_WHEN = 'BEFORE' THEN
		PERFORM careaccess.begin_adoption_statement(root_table, TG_OP);
		RETURN NULL;
	END IF;
	the_statement := careaccess.adoption_statement_now(root_table, TG_OP);
	FOR left_over IN
		DELETE FROM careaccess.adoption a
		WHERE a.xid = pg_current_xact_id() AND a.root = root_table AND a.operation = TG_OP AND a.statement = the_statement
		RETURNING a.id
	LOOP
		IF TG_OP = 'INSERT' THEN
			DELETE FROM careaccess.client c WHERE c.id = left_over;
		ELSIF TG_ARGV[0] = 'client' THEN
			PERFORM careaccess.end_registration(left_over);
		ELSE
			PERFORM @extschema@.careaccess_remove_member(left_over);
		END IF;
	END LOOP;
	PERFORM careaccess.end_adoption_statement(the_statement);
	RETURN NULL;
END $$;
COMMENT ON FUNCTION careaccess.adoption_statement() IS
	'statement trigger of an adopted table: takes back the registrations of rows that were not inserted after all';
REVOKE EXECUTE ON FUNCTION careaccess.adoption_statement() FROM PUBLIC;

-- Statement triggers fire for the table that the statement names, so every
-- partition has its own.
CREATE FUNCTION careaccess.make_statement_triggers(tbl regclass, kind text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
DECLARE
	relation_name text := careaccess.qualified_name(tbl);
	partitioned boolean := pg_catalog.pg_partition_root(tbl) IS NOT NULL;
	events text := array_to_string(array_remove(ARRAY[
		CASE WHEN kind = 'client' THEN 'INSERT' END, CASE WHEN partitioned THEN 'UPDATE' END], NULL), ' OR ');
BEGIN
	IF events <> '' THEN
		EXECUTE format('CREATE TRIGGER zz_careaccess_begin BEFORE %s ON %s
			FOR EACH STATEMENT EXECUTE FUNCTION careaccess.adoption_statement(%L)', events, relation_name, kind);
		EXECUTE format('CREATE TRIGGER zz_careaccess_end AFTER %s ON %s
			FOR EACH STATEMENT EXECUTE FUNCTION careaccess.adoption_statement(%L)', events, relation_name, kind);
	END IF;
	EXECUTE format('CREATE TRIGGER zz_careaccess_truncate BEFORE TRUNCATE ON %s
		FOR EACH STATEMENT EXECUTE FUNCTION careaccess.adoption_statement(%L)', relation_name, kind);
END $$;
COMMENT ON FUNCTION careaccess.make_statement_triggers(regclass, text) IS 'makes the statement triggers of an adopted table or of its partition';
REVOKE EXECUTE ON FUNCTION careaccess.make_statement_triggers(regclass, text) FROM PUBLIC;

CREATE FUNCTION careaccess.drop_adoption_triggers(tbl regclass) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
DECLARE
	t record;
BEGIN
	FOR t IN
		SELECT g.tgname, g.tgrelid FROM pg_catalog.pg_trigger g
		WHERE g.tgrelid IN (SELECT r FROM careaccess.table_and_partitions(tbl) AS r) AND g.tgparentid = 0
			AND g.tgfoid IN ('careaccess.adopt_client()'::regprocedure, 'careaccess.adopt_member()'::regprocedure,
				'careaccess.adoption_statement()'::regprocedure)
	LOOP
		EXECUTE format('DROP TRIGGER %I ON %s', t.tgname, careaccess.qualified_name(t.tgrelid));
	END LOOP;
END $$;
COMMENT ON FUNCTION careaccess.drop_adoption_triggers(regclass) IS 'drops the triggers of an adopted table and its partitions';
REVOKE EXECUTE ON FUNCTION careaccess.drop_adoption_triggers(regclass) FROM PUBLIC;

-- kind "client": arguments as of careaccess.adopt_client(); "member": as of careaccess.adopt_member().
CREATE FUNCTION careaccess.make_adoption_triggers(tbl regclass, kind text, arguments text[]) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
DECLARE
	relation_name text := careaccess.qualified_name(tbl);
	call text;
	kept text;
	followed text;
	part regclass;
BEGIN
	PERFORM careaccess.drop_adoption_triggers(tbl);
	SELECT format('careaccess.adopt_%s(%s)', kind, string_agg(quote_literal(a), ', ' ORDER BY n))
	INTO call FROM unnest(arguments) WITH ORDINALITY AS u(a, n);
	-- Compared as texts: a comparison with an operator of schema careaccess
	-- could not be restored from a dump.  Without WHEN every UPDATE of any
	-- column would pay for the call.
	SELECT string_agg(format('OLD.%1$I::pg_catalog.text IS DISTINCT FROM NEW.%1$I::pg_catalog.text', c), ' OR ')
			FILTER (WHERE n IN (1, 3)),
		string_agg(format('OLD.%1$I::pg_catalog.text IS DISTINCT FROM NEW.%1$I::pg_catalog.text', c), ' OR ')
	INTO kept, followed
	FROM unnest(arguments) WITH ORDINALITY AS u(c, n)
	WHERE c <> '' AND (n IN (1, 3, 4) OR n = 6);

	IF kind = 'client' THEN
		EXECUTE format('CREATE TRIGGER zz_careaccess_register BEFORE INSERT ON %s
			FOR EACH ROW EXECUTE FUNCTION %s', relation_name, call);
		EXECUTE format('CREATE TRIGGER zz_careaccess_keep BEFORE UPDATE ON %s
			FOR EACH ROW WHEN (%s) EXECUTE FUNCTION %s', relation_name, kept, call);
	END IF;
	EXECUTE format('CREATE TRIGGER zz_careaccess_confirm AFTER INSERT OR DELETE ON %s
		FOR EACH ROW EXECUTE FUNCTION %s', relation_name, call);
	EXECUTE format('CREATE TRIGGER zz_careaccess_follow AFTER UPDATE ON %s
		FOR EACH ROW WHEN (%s) EXECUTE FUNCTION %s', relation_name, followed, call);
	FOR part IN SELECT r FROM careaccess.table_and_partitions(tbl) AS r LOOP
		PERFORM careaccess.make_statement_triggers(part, kind);
	END LOOP;
END $$;
COMMENT ON FUNCTION careaccess.make_adoption_triggers(regclass, text, text[]) IS 'makes the triggers of an adopted table anew';
REVOKE EXECUTE ON FUNCTION careaccess.make_adoption_triggers(regclass, text, text[]) FROM PUBLIC;

-- First half of adopting: checks and locks; the caller then reads the rows
-- with his own rights (see the head of 60_protection).  Row security that is
-- forced on the owner is not, until the second half: he would see nothing.
CREATE FUNCTION careaccess.adopt_begin(tbl regclass, kind text, id_col name, practice careaccess.id, practice_col name,
	other_col name, roles text[], role_col name, OUT id_expression text, OUT practice_expression text, OUT other_query text)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
	operation text := CASE kind WHEN 'client' THEN 'adopt a table of clients' ELSE 'adopt a table of members' END;
	relation_name text;
BEGIN
	PERFORM careaccess.require_table_administrator(tbl, operation);
	PERFORM careaccess.require_plain_table(tbl);
	EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', careaccess.qualified_name(tbl));
	PERFORM careaccess.require_table_administrator(tbl, operation);
	PERFORM careaccess.require_plain_table(tbl);
	relation_name := careaccess.qualified_name(tbl);

	IF id_col IS NULL THEN
		RAISE EXCEPTION 'no id column is given' USING ERRCODE = '22023',
			HINT = format('Name the column that holds the identifier of the %s.', kind);
	END IF;
	IF (practice IS NULL) = (practice_col IS NULL) THEN
		RAISE EXCEPTION 'exactly one of practice and practice_column must be given' USING ERRCODE = '22023',
			HINT = 'Give the practice when all rows belong to the same one, or the column that holds it.';
	END IF;
	PERFORM careaccess.require_column(tbl, id_col, 'id');
	IF practice_col IS NOT NULL THEN
		PERFORM careaccess.require_column(tbl, practice_col, 'id');
	ELSE
		PERFORM careaccess.lock_practice(practice);
	END IF;
	IF kind = 'client' THEN
		IF other_col IS NOT NULL THEN PERFORM careaccess.require_column(tbl, other_col, 'id'); END IF;
		other_query := coalesce(careaccess.id_expression(tbl, other_col), 'NULL::careaccess.id');
	ELSE
		IF other_col IS NULL THEN
			RAISE EXCEPTION 'no name column is given' USING ERRCODE = '22023',
				HINT = 'Name the column that holds the name of the member.';
		END IF;
		IF roles IS NULL OR array_position(roles, NULL) IS NOT NULL THEN
			RAISE EXCEPTION 'roles must not be null' USING ERRCODE = '22023',
				HINT = 'Give the names of roles of the practice, or an empty array.';
		END IF;
		IF cardinality(roles) > 0 AND role_col IS NOT NULL THEN
			RAISE EXCEPTION 'only one of roles and role_column can be given' USING ERRCODE = '22023',
				HINT = 'Give the roles when all rows have the same ones, or the column that holds them.';
		END IF;
		other_query := careaccess.adoption_member_query(tbl, other_col, coalesce(role_col, ''));
	END IF;
	IF EXISTS (SELECT FROM pg_catalog.pg_trigger g
			WHERE g.tgrelid = tbl AND g.tgfoid IN ('careaccess.adopt_client()'::regprocedure, 'careaccess.adopt_member()'::regprocedure)
				AND g.tgfoid <> format('careaccess.adopt_%s()', kind)::regprocedure) THEN
		RAISE EXCEPTION 'table % is adopted as the other kind already', relation_name USING ERRCODE = '55000',
			HINT = 'A table holds clients or members, not both; drop its triggers zz_careaccess_… first.';
	END IF;
	IF (SELECT c.relforcerowsecurity FROM pg_catalog.pg_class c WHERE c.oid = tbl) THEN
		EXECUTE format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY', relation_name);
		-- For force_again: the table's own row security may be forced too.
		INSERT INTO careaccess.adoption (xid, root, operation, statement)
		VALUES (pg_current_xact_id(), tbl, 'FORCE', 0);
	END IF;
	id_expression := careaccess.id_expression(tbl, id_col);
	practice_expression := coalesce(careaccess.id_expression(tbl, practice_col), quote_nullable(practice::text) || '::careaccess.id');
END $$;
COMMENT ON FUNCTION careaccess.adopt_begin(regclass, text, name, careaccess.id, name, name, text[], name) IS
	'first half of careaccess_adopt_clients and careaccess_adopt_members: checks; returns how to read the columns';
REVOKE EXECUTE ON FUNCTION careaccess.adopt_begin(regclass, text, name, careaccess.id, name, name, text[], name) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION careaccess.adopt_begin(regclass, text, name, careaccess.id, name, name, text[], name) TO PUBLIC;

CREATE FUNCTION careaccess.refuse_rows(tbl regclass, number bigint, example careaccess.id, problem text, state text, advice text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	IF number > 0 THEN
		RAISE EXCEPTION 'table % holds % %', careaccess.qualified_name(tbl), careaccess.rows_text(number), problem USING
			ERRCODE = state,
			DETAIL = CASE WHEN example IS NULL THEN '' ELSE format('For example "%s".', example) END,
			HINT = advice;
	END IF;
END $$;
COMMENT ON FUNCTION careaccess.refuse_rows(regclass, bigint, careaccess.id, text, text, text) IS 'refuses a table if it holds such rows, with their number';
REVOKE EXECUTE ON FUNCTION careaccess.refuse_rows(regclass, bigint, careaccess.id, text, text, text) FROM PUBLIC;

-- Clients are registered in batches: an INSERT queues its triggers and keeps its
-- rows for the audit log, and whoever adopts a larger table sees how far it is.
CREATE FUNCTION careaccess.adoption_batch() RETURNS integer
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN 100000;
COMMENT ON FUNCTION careaccess.adoption_batch() IS
	'how many clients careaccess_adopt_clients registers at a time; it reports its progress on a table of more rows';
REVOKE EXECUTE ON FUNCTION careaccess.adoption_batch() FROM PUBLIC;

CREATE FUNCTION careaccess.report_adoption(tbl regclass, number bigint, progress text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	IF number > careaccess.adoption_batch() THEN
		RAISE NOTICE 'adopting table %: %', careaccess.qualified_name(tbl), progress;
	END IF;
END $$;
COMMENT ON FUNCTION careaccess.report_adoption(regclass, bigint, text) IS
	'tells how far the adoption of a table is, if it is one of more rows than a batch';
REVOKE EXECUTE ON FUNCTION careaccess.report_adoption(regclass, bigint, text) FROM PUBLIC;

-- Registers clients that were checked, one element each.
--
-- The triggers of client and client_link are off meanwhile, as for a load of
-- facts that their origin checked: foreign keys, asked about each row, took a
-- quarter of the time.  What the triggers do is owed here and by the caller:
--  * the foreign keys: the caller has locked the practices and the owners (FOR
--    SHARE: nobody changes or deletes them before the end of the transaction)
--    and seen them after that, each owner as a member of his client's practice;
--    the clients are inserted here;
--  * fill_practice and skip_known: every row has its practice, and a client who
--    is new has no listing;
--  * the audit log: the same events as careaccess.log_insert_event() writes.
-- The version log and all constraints but foreign keys are on as always.
CREATE FUNCTION careaccess.register_adopted_clients(tbl regclass, clients careaccess.id[], practices careaccess.id[],
	owners careaccess.id[], logged boolean) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
	SET session_replication_role = replica
AS $$
DECLARE
	operation text := current_setting('careaccess.operation');
	total integer := cardinality(clients);
	size integer := careaccess.adoption_batch();
	upto integer;
	event_ids uuid[];
	o record;
BEGIN
	SELECT * INTO STRICT o FROM careaccess.origin();
	FOR done IN 0 .. total - 1 BY size LOOP
		upto := least(done + size, total);
		-- Random identifiers, but rising within a batch: otherwise each would go
		-- to another page of the primary key.
		event_ids := ARRAY(SELECT gen_random_uuid() FROM generate_series(1, 2 * (upto - done)) ORDER BY 1);

		WITH registered AS (
			INSERT INTO careaccess.client (id, practice)
			SELECT u.client, u.practice
			FROM unnest(clients[done + 1 : upto], practices[done + 1 : upto]) AS u(client, practice)
			RETURNING *)
		INSERT INTO careaccess.event (id, operation, fact, practice, client,
			actor_kind, actor, identified_by, database_role, session_role, address, after)
		SELECT event_ids[row_number() OVER ()], operation, 'client', n.practice, n.id,
			o.actor_kind, o.actor, o.identified_by, o.database_role, o.session_role, o.address, to_jsonb(n)
		FROM registered n
		WHERE logged;

		WITH linked AS (
			INSERT INTO careaccess.client_link (practice, client, member, kind, source, valid_from)
			SELECT u.practice, u.client, u.owner, CASE p.owner_mode WHEN 'one' THEN 'owner' ELSE 'listed' END,
				'adopt_clients', statement_timestamp()
			FROM unnest(clients[done + 1 : upto], practices[done + 1 : upto], owners[done + 1 : upto]) AS u(client, practice, owner)
				JOIN careaccess.practice p ON p.id = u.practice
			WHERE u.owner IS NOT NULL
			-- The join may give them in any order, and rising keys are entered fastest.
			ORDER BY u.client
			RETURNING *)
		INSERT INTO careaccess.event (id, operation, fact, practice, client, member,
			actor_kind, actor, identified_by, database_role, session_role, address, after)
		SELECT event_ids[upto - done + row_number() OVER ()], operation, 'client_link', n.practice, n.client, n.member,
			o.actor_kind, o.actor, o.identified_by, o.database_role, o.session_role, o.address, to_jsonb(n)
		FROM linked n
		WHERE logged;

		PERFORM careaccess.report_adoption(tbl, total, format('%s of %s clients are registered', upto, total));
	END LOOP;
END $$;
COMMENT ON FUNCTION careaccess.register_adopted_clients(regclass, careaccess.id[], careaccess.id[], careaccess.id[], boolean) IS
	'registers clients of an adopted table that were checked; logged: whether the audit log is written';
REVOKE EXECUTE ON FUNCTION careaccess.register_adopted_clients(regclass, careaccess.id[], careaccess.id[], careaccess.id[], boolean) FROM PUBLIC;

-- Second half for clients: one element per row.
CREATE FUNCTION careaccess.adopt_clients_finish(tbl regclass, clients careaccess.id[], practices careaccess.id[],
	owners careaccess.id[], arguments text[]) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'adopt_clients'
	-- The catalog's tables may have been small when they were analyzed last.
	SET enable_nestloop = off
	-- The planner then thinks so dear of a nested loop that it cannot do without
	-- that it would compile the plan, for a handful of rows too.
	SET jit = off
AS $$
DECLARE
	r record;
	owner_hint text := format('Name the column of the owners with owner_column, fill it in, or register these clients first with careaccess_add_client.');
BEGIN
	PERFORM careaccess.require_table_administrator(tbl, 'adopt a table of clients');
	-- Their settings and roles stay what is checked here.
	PERFORM FROM careaccess.practice p WHERE p.id = ANY (practices) ORDER BY p.id FOR SHARE;
	PERFORM FROM careaccess.member m WHERE m.id IN (SELECT u FROM unnest(owners) AS u) ORDER BY m.id FOR SHARE;

	PERFORM careaccess.report_adoption(tbl, cardinality(clients), format('checking %s', careaccess.rows_text(cardinality(clients))));
	SELECT count(*) FILTER (WHERE u.client IS NULL) AS nobody,
		count(u.client) - count(DISTINCT u.client) AS repeated,
		count(*) FILTER (WHERE u.practice IS NULL) AS without_practice,
		min(u.client::text) FILTER (WHERE u.practice IS NULL) AS without_practice_example,
		count(*) FILTER (WHERE p.id IS NULL AND u.practice IS NOT NULL) AS unknown_practice,
		min(u.practice::text) FILTER (WHERE p.id IS NULL) AS unknown_practice_example,
		count(*) FILTER (WHERE c.practice <> u.practice) AS elsewhere,
		min(u.client::text) FILTER (WHERE c.practice <> u.practice) AS elsewhere_example,
		count(*) FILTER (WHERE c.id IS NULL AND u.owner IS NULL AND p.owner_mode = 'one') AS without_owner,
		min(u.client::text) FILTER (WHERE c.id IS NULL AND u.owner IS NULL AND p.owner_mode = 'one') AS without_owner_example,
		count(*) FILTER (WHERE c.id IS NULL AND u.owner IS NOT NULL AND m.id IS NULL) AS wrong_owner,
		min(u.owner::text) FILTER (WHERE c.id IS NULL AND m.id IS NULL) AS wrong_owner_example,
		-- The rows to register are those that this very query checks.
		coalesce(array_agg(u.client) FILTER (WHERE c.id IS NULL), '{}') AS new_clients,
		coalesce(array_agg(u.practice) FILTER (WHERE c.id IS NULL), '{}') AS new_practices,
		coalesce(array_agg(u.owner) FILTER (WHERE c.id IS NULL), '{}') AS new_owners
	INTO r
	-- In the order of the indexes that they are entered into.
	FROM (SELECT * FROM unnest(clients, practices, owners) AS n(client, practice, owner) ORDER BY n.client) AS u
		LEFT JOIN careaccess.practice p ON p.id = u.practice
		LEFT JOIN careaccess.client c ON c.id = u.client
		LEFT JOIN (
			SELECT x.id, x.practice FROM careaccess.member x
			WHERE x.status = 'active' AND (x.ends_at IS NULL OR x.ends_at > statement_timestamp())
				AND careaccess.is_practitioner(x.id)
		) AS m ON m.id = u.owner AND m.practice = u.practice;

	PERFORM careaccess.refuse_rows(tbl, r.nobody, NULL, 'without an identifier', '22023',
		'Fill in the column; an empty text and one of more than 255 bytes is no identifier.');
	PERFORM careaccess.refuse_rows(tbl, r.repeated, NULL, 'whose identifier another row has too', '22023',
		'A table of clients holds every client once; name the column that identifies its rows.');
	PERFORM careaccess.refuse_rows(tbl, r.without_practice, r.without_practice_example::careaccess.id, 'without a practice', '22023',
		'Fill in the practice column.');
	PERFORM careaccess.refuse_rows(tbl, r.unknown_practice, r.unknown_practice_example::careaccess.id, 'of a practice that is not registered', '22023',
		'Register the practice first with careaccess_create_practice.');
	PERFORM careaccess.refuse_rows(tbl, r.elsewhere, r.elsewhere_example::careaccess.id, 'whose client is registered in another practice', '55000',
		'An identifier is unique in the database: give these clients others, or correct their practice.');
	PERFORM careaccess.refuse_rows(tbl, r.without_owner, r.without_owner_example::careaccess.id,
		'without an owner, in a practice whose clients have one', '22023', owner_hint);
	PERFORM careaccess.refuse_rows(tbl, r.wrong_owner, r.wrong_owner_example::careaccess.id,
		'whose owner is no active practitioner of the practice', '22023',
		'Register the owners first with careaccess_adopt_members or careaccess_add_member, with a role that has the practitioner flag, or name others.');

	PERFORM careaccess.report_adoption(tbl, cardinality(clients), format('registering %s clients', cardinality(r.new_clients)));
	-- A session that is itself a replica's writes no events.
	PERFORM careaccess.register_adopted_clients(tbl, r.new_clients, r.new_practices, r.new_owners,
		current_setting('session_replication_role') <> 'replica');

	PERFORM careaccess.make_adoption_triggers(tbl, 'client', arguments);
	PERFORM careaccess.force_again(tbl);
END $$;
COMMENT ON FUNCTION careaccess.adopt_clients_finish(regclass, careaccess.id[], careaccess.id[], careaccess.id[], text[]) IS
	'second half of careaccess_adopt_clients: registers the rows that were read and makes the triggers';
REVOKE EXECUTE ON FUNCTION careaccess.adopt_clients_finish(regclass, careaccess.id[], careaccess.id[], careaccess.id[], text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION careaccess.adopt_clients_finish(regclass, careaccess.id[], careaccess.id[], careaccess.id[], text[]) TO PUBLIC;

CREATE FUNCTION careaccess.force_again(tbl regclass) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	DELETE FROM careaccess.adoption a WHERE a.xid = pg_current_xact_id() AND a.root = tbl AND a.operation = 'FORCE';
	IF FOUND OR EXISTS (SELECT FROM careaccess.protected_table p WHERE p.relation = tbl) THEN
		EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', careaccess.qualified_name(tbl));
	END IF;
END $$;
COMMENT ON FUNCTION careaccess.force_again(regclass) IS 'forces row security again where it was forced, after the rows were read';
REVOKE EXECUTE ON FUNCTION careaccess.force_again(regclass) FROM PUBLIC;

CREATE FUNCTION @extschema@.careaccess_adopt_clients(tbl regclass, id_column name, practice careaccess.id DEFAULT NULL,
	practice_column name DEFAULT NULL, owner_column name DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY INVOKER
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
DECLARE
	b record;
	clients careaccess.id[];
	practices careaccess.id[];
	owners careaccess.id[];
BEGIN
	SELECT * INTO b FROM careaccess.adopt_begin(tbl, 'client', id_column, practice, practice_column, owner_column, NULL, NULL);
	EXECUTE format('
		SELECT pg_catalog.array_agg(id), pg_catalog.array_agg(practice), pg_catalog.array_agg(owner)
		FROM (SELECT %s AS id, %s AS practice, %s AS owner FROM %s) AS r',
		b.id_expression, b.practice_expression, b.other_query, tbl)
	INTO clients, practices, owners;
	PERFORM careaccess.adopt_clients_finish(tbl, clients, practices, owners,
		ARRAY[id_column, coalesce(practice::text, ''), coalesce(practice_column, ''), coalesce(owner_column, '')]);
END $$;
COMMENT ON FUNCTION @extschema@.careaccess_adopt_clients(regclass, name, careaccess.id, name, name) IS
	'registers the rows of the application''s table of clients, those there are and those to come';
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_adopt_clients(regclass, name, careaccess.id, name, name) FROM PUBLIC;

-- Second half for members.  Roles come as texts of arrays: arrays of arrays
-- of different lengths do not exist.
CREATE FUNCTION careaccess.adopt_members_finish(tbl regclass, members careaccess.id[], practices careaccess.id[],
	names text[], roles text[], arguments text[]) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'adopt_members'
	-- The catalog's tables may have been small when they were analyzed last.
	SET enable_nestloop = off
AS $$
DECLARE
	r record;
	unknown_roles bigint;
	unknown_role text;
BEGIN
	PERFORM careaccess.require_table_administrator(tbl, 'adopt a table of members');
	PERFORM FROM careaccess.practice p WHERE p.id = ANY (practices) ORDER BY p.id FOR SHARE;

	SELECT count(*) FILTER (WHERE u.member IS NULL) AS nobody,
		count(u.member) - count(DISTINCT u.member) AS repeated,
		count(*) FILTER (WHERE u.practice IS NULL) AS without_practice,
		min(u.member::text) FILTER (WHERE u.practice IS NULL) AS without_practice_example,
		count(*) FILTER (WHERE p.id IS NULL AND u.practice IS NOT NULL) AS unknown_practice,
		min(u.practice::text) FILTER (WHERE p.id IS NULL) AS unknown_practice_example,
		count(*) FILTER (WHERE m.practice <> u.practice) AS elsewhere,
		min(u.member::text) FILTER (WHERE m.practice <> u.practice) AS elsewhere_example,
		count(*) FILTER (WHERE coalesce(btrim(u.name), '') = '') AS nameless,
		min(u.member::text) FILTER (WHERE coalesce(btrim(u.name), '') = '') AS nameless_example
	INTO r
	FROM unnest(members, practices, names) AS u(member, practice, name)
		LEFT JOIN careaccess.practice p ON p.id = u.practice
		LEFT JOIN careaccess.member m ON m.id = u.member;
	SELECT count(DISTINCT u.member), min(x.role) INTO unknown_roles, unknown_role
	FROM unnest(members, practices, roles) AS u(member, practice, roles)
		CROSS JOIN LATERAL unnest(u.roles::text[]) AS x(role)
	WHERE NOT EXISTS (SELECT FROM careaccess.role k WHERE k.practice = u.practice AND k.role = x.role);

	PERFORM careaccess.refuse_rows(tbl, r.nobody, NULL, 'without an identifier', '22023',
		'Fill in the column; an empty text and one of more than 255 bytes is no identifier.');
	PERFORM careaccess.refuse_rows(tbl, r.repeated, NULL, 'whose identifier another row has too', '22023',
		'A table of members holds every member once; name the column that identifies its rows.');
	PERFORM careaccess.refuse_rows(tbl, r.without_practice, r.without_practice_example::careaccess.id, 'without a practice', '22023',
		'Fill in the practice column.');
	PERFORM careaccess.refuse_rows(tbl, r.unknown_practice, r.unknown_practice_example::careaccess.id, 'of a practice that is not registered', '22023',
		'Register the practice first with careaccess_create_practice.');
	PERFORM careaccess.refuse_rows(tbl, r.elsewhere, r.elsewhere_example::careaccess.id, 'whose member is registered in another practice', '55000',
		'An identifier is unique in the database: give these members others, or correct their practice.');
	PERFORM careaccess.refuse_rows(tbl, r.nameless, r.nameless_example::careaccess.id, 'without a name', '22023',
		'Fill in the name column.');
	PERFORM careaccess.refuse_rows(tbl, unknown_roles, NULL, format('with a role that the practice does not have: "%s"', unknown_role), '22023',
		'Define the role first with careaccess_define_role, or correct the rows.');

	WITH registered AS (
		INSERT INTO careaccess.member (id, practice, name)
		SELECT u.member, u.practice, u.name
		FROM unnest(members, practices, names) AS u(member, practice, name)
		WHERE NOT EXISTS (SELECT FROM careaccess.member m WHERE m.id = u.member)
		RETURNING id)
	INSERT INTO careaccess.member_role (practice, member, role)
	SELECT DISTINCT u.practice, u.member, x.role
	FROM unnest(members, practices, roles) AS u(member, practice, roles)
		JOIN registered n ON n.id = u.member
		CROSS JOIN LATERAL unnest(u.roles::text[]) AS x(role);

	PERFORM careaccess.make_adoption_triggers(tbl, 'member', arguments);
	PERFORM careaccess.force_again(tbl);
END $$;
COMMENT ON FUNCTION careaccess.adopt_members_finish(regclass, careaccess.id[], careaccess.id[], text[], text[], text[]) IS
	'second half of careaccess_adopt_members: registers the rows that were read and makes the triggers';
REVOKE EXECUTE ON FUNCTION careaccess.adopt_members_finish(regclass, careaccess.id[], careaccess.id[], text[], text[], text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION careaccess.adopt_members_finish(regclass, careaccess.id[], careaccess.id[], text[], text[], text[]) TO PUBLIC;

CREATE FUNCTION @extschema@.careaccess_adopt_members(tbl regclass, id_column name, name_column name,
	practice careaccess.id DEFAULT NULL, practice_column name DEFAULT NULL, roles text[] DEFAULT '{}',
	role_column name DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY INVOKER
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
DECLARE
	b record;
	members careaccess.id[];
	practices careaccess.id[];
	names text[];
	all_roles text[];
BEGIN
	SELECT * INTO b FROM careaccess.adopt_begin(tbl, 'member', id_column, practice, practice_column, name_column, roles, role_column);
	EXECUTE format('
		SELECT pg_catalog.array_agg(id), pg_catalog.array_agg(practice), pg_catalog.array_agg(name),
			pg_catalog.array_agg(COALESCE(roles, $1)::pg_catalog.text)
		FROM (
			SELECT %s AS id, %s AS practice, n.name, n.roles
			FROM %s AS t CROSS JOIN LATERAL (%s) AS n(name, roles)) AS r',
		b.id_expression, b.practice_expression, tbl, replace(b.other_query, '($1).*', '(t).*'))
	INTO members, practices, names, all_roles USING roles;
	PERFORM careaccess.adopt_members_finish(tbl, members, practices, names, all_roles,
		ARRAY[id_column, coalesce(practice::text, ''), coalesce(practice_column, ''), name_column, roles::text, coalesce(role_column, '')]);
END $$;
COMMENT ON FUNCTION @extschema@.careaccess_adopt_members(regclass, name, name, careaccess.id, name, text[], name) IS
	'registers the rows of the application''s table of staff as members, those there are and those to come';
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_adopt_members(regclass, name, name, careaccess.id, name, text[], name) FROM PUBLIC;
