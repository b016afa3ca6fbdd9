-- A protected table under every command, as an application role that acts as
-- one member after the other.
BEGIN;
SELECT plan(114);

SET client_min_messages = error;

CREATE FUNCTION pg_temp.outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text; n bigint;
BEGIN
	EXECUTE statement;
	GET DIAGNOSTICS n = ROW_COUNT;
	RETURN 'rows ' || n;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;

-- anna (10) owns 100, bert (11) owns 101; carl (12) is shared 100; 13 sees all
-- clients; 14 bills; 20 is of another practice and owns 200.
SELECT careaccess_create_practice(1, 'one', 'standard');
SELECT careaccess_create_practice(2, 'two', 'standard');
SELECT careaccess_add_member(1, 10, 'anna', '{clinician}');
SELECT careaccess_add_member(1, 11, 'bert', '{clinician}');
SELECT careaccess_add_member(1, 12, 'carl', '{clinician}');
SELECT careaccess_add_member(1, 13, 'dora', '{clinician_all_clients}');
SELECT careaccess_add_member(1, 14, 'bill', '{biller}');
SELECT careaccess_add_member(2, 20, 'else', '{clinician_all_clients}');
SELECT careaccess_add_client(100, 1, 10);
SELECT careaccess_add_client(101, 1, 11);
SELECT careaccess_add_client(200, 2, 20);
SELECT careaccess_share_client(100, 12);

CREATE SCHEMA app;
SET search_path = app, public;
CREATE TABLE note (id int PRIMARY KEY, client int, author int, body text);
CREATE INDEX ON note (client);
INSERT INTO note VALUES (1, 100, 10, 'a1'), (2, 100, 12, 'c1'), (3, 101, 11, 'b1'), (4, 200, 20, 'e1'), (5, NULL, 10, 'nobody''s'),
	(6, 101, 10, 'a of b');
SELECT careaccess_protect('note', 'client', 'chart', author_column => 'author');

CREATE ROLE careaccess_test_app;
SELECT careaccess_grant_application('careaccess_test_app');
GRANT EXECUTE ON FUNCTION careaccess_act_as TO careaccess_test_app;
GRANT USAGE ON SCHEMA app TO careaccess_test_app;
GRANT ALL ON note TO careaccess_test_app;
CREATE ROLE careaccess_test_owner;
GRANT USAGE ON SCHEMA app TO careaccess_test_owner;
ALTER TABLE note OWNER TO careaccess_test_owner;

-- What there is: one permissive policy per command, a call on columns

SELECT is((SELECT string_agg(concat_ws(' ', polname, polcmd, polpermissive, polroles = '{0}',
		pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)), E'\n' ORDER BY polname COLLATE "C")
	FROM pg_policy WHERE polrelid = 'note'::regclass),
	'careaccess_delete d t t careaccess.row_delete(client, ''chart''::text, author)
careaccess_insert a t t careaccess.row_create(client, ''chart''::text, author)
careaccess_select r t t careaccess.row_view(client, ''chart''::text, author)
careaccess_update w t t careaccess.row_edit(client, ''chart''::text, author) careaccess.row_edit(client, ''chart''::text, author)',
	'one permissive policy per command, each a bare call');
SELECT is((SELECT relrowsecurity AND relforcerowsecurity FROM pg_class WHERE oid = 'note'::regclass), true, 'row security is enabled and forced');

-- SELECT

SELECT is((SELECT count(*) FROM note), 6::bigint, 'a superuser sees all rows');
SET LOCAL ROLE careaccess_test_owner;
SELECT is((SELECT count(*) FROM note), 0::bigint, 'the table''s owner sees none');
SET LOCAL ROLE careaccess_test_app;
SELECT is((SELECT count(*) FROM note), 0::bigint, 'without identity there is no row');
SELECT is(pg_temp.outcome($$INSERT INTO note VALUES (90, 100, 10, 'x')$$),
	'42501 new row violates row-level security policy for table "note"', '… and writes are refused');
SELECT is(pg_temp.outcome($$UPDATE note SET body = 'x'$$), 'rows 0', '… nothing to update');
SELECT is(pg_temp.outcome($$DELETE FROM note$$), 'rows 0', '… nothing to delete');

CREATE TEMP TABLE sees (member int, ids int[]);
INSERT INTO sees VALUES (10, '{1,2}'), (11, '{3,6}'), (12, '{1,2}'), (13, '{1,2,3,6}'), (14, '{}'), (20, '{4}');
GRANT ALL ON sees TO careaccess_test_app;
CREATE FUNCTION pg_temp.ids(query text) RETURNS int[] LANGUAGE plpgsql AS $$
DECLARE
	result int[];
BEGIN
	EXECUTE 'SELECT coalesce(array_agg(id ORDER BY id), ''{}'') FROM (' || query || ') AS q' INTO result;
	RETURN result;
END $$;
CREATE FUNCTION pg_temp.ids_as(who int, query text) RETURNS int[] LANGUAGE plpgsql AS $$
BEGIN
	PERFORM public.careaccess_act_as(who);
	RETURN pg_temp.ids(query);
END $$;
SELECT is(pg_temp.ids_as(member, 'SELECT id FROM note'), ids, format('member %s sees exactly these rows', member)) FROM sees;
SELECT is(pg_temp.ids_as(member, 'SELECT id FROM note WHERE client IN (100, 101)'), pg_temp.ids_as(member, 'SELECT id FROM note WHERE client BETWEEN 100 AND 101'),
	format('member %s: by index or not', member)) FROM sees;
SELECT is(pg_temp.ids_as(member, 'SELECT a.id FROM note a JOIN note b USING (id) LEFT JOIN note c ON c.client = a.client AND c.id = b.id'), ids,
	format('member %s: joined', member)) FROM sees;
SELECT is(pg_temp.ids_as(member, 'TABLE note UNION SELECT * FROM note'), ids, format('member %s: in a set operation', member)) FROM sees;
SELECT is(pg_temp.ids_as(member, 'WITH n AS MATERIALIZED (SELECT * FROM note) SELECT id FROM n WHERE EXISTS (SELECT FROM note m WHERE m.id = n.id)'), ids,
	format('member %s: in a sub-query', member)) FROM sees;
SELECT careaccess_act_as(10);
SELECT is(ARRAY[(SELECT count(*) FROM note), (SELECT count(DISTINCT client) FROM note), (SELECT max(id) FROM note)], '{2,1,2}'::bigint[],
	'aggregates tell of nothing else');
SELECT is((SELECT count(*) FROM note WHERE client IS NULL), 0::bigint, 'a row without client is nobody''s, not even its author''s');

-- A statement prepared for one member serves another

PREPARE mine AS SELECT coalesce(array_agg(id ORDER BY id), '{}') AS ids FROM note;
CREATE TEMP TABLE prepared (n serial, ids int[]);
GRANT ALL ON prepared, prepared_n_seq TO careaccess_test_app;
SELECT careaccess_act_as(10);
CREATE TEMP TABLE p1 AS EXECUTE mine;
CREATE TEMP TABLE p2 AS EXECUTE mine;
CREATE TEMP TABLE p3 AS EXECUTE mine;
CREATE TEMP TABLE p4 AS EXECUTE mine;
CREATE TEMP TABLE p5 AS EXECUTE mine;
CREATE TEMP TABLE p6 AS EXECUTE mine;
CREATE TEMP TABLE p7 AS EXECUTE mine;
SELECT careaccess_act_as(11);
CREATE TEMP TABLE p8 AS EXECUTE mine;
SELECT careaccess_stop_acting();
CREATE TEMP TABLE p9 AS EXECUTE mine;
SELECT is((SELECT ids FROM p7), '{1,2}', 'a prepared statement, often executed');
SELECT is((SELECT ids FROM p8), '{3,6}', '… for another member');
SELECT is((SELECT ids FROM p9), '{}', '… and for nobody');

-- A cursor keeps the identity's rows of its opening

SELECT careaccess_act_as(10);
DECLARE c CURSOR FOR SELECT id FROM note ORDER BY id;
CREATE FUNCTION pg_temp.fetch() RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	c refcursor := 'c';
	result int;
BEGIN
	FETCH c INTO result;
	RETURN result;
END $$;
SELECT is(pg_temp.fetch(), 1, 'a cursor''s first row');
SELECT is(pg_temp.fetch(), 2, '… its second');
SELECT is(pg_temp.fetch(), NULL, '… and no third');
CLOSE c;

-- INSERT

SELECT is(pg_temp.outcome($$INSERT INTO note VALUES (10, 100, 10, 'mine')$$), 'rows 1', 'the owner writes a record');
SELECT is(pg_temp.outcome($$INSERT INTO note VALUES (11, 100, 11, 'forged')$$),
	'42501 new row violates row-level security policy for table "note"', 'not in the name of another author');
SELECT is(pg_temp.outcome($$INSERT INTO note VALUES (11, 100, NULL, 'anonymous')$$),
	'42501 new row violates row-level security policy for table "note"', '… nor of none');
SELECT is(pg_temp.outcome($$INSERT INTO note VALUES (11, 101, 10, 'x')$$),
	'42501 new row violates row-level security policy for table "note"', 'not for a client whom he does not see');
SELECT is(pg_temp.outcome($$INSERT INTO note VALUES (11, 999, 10, 'x')$$), pg_temp.outcome($$INSERT INTO note VALUES (11, 101, 10, 'x')$$),
	'a client who does not exist is refused in the same words');
SELECT is(pg_temp.outcome($$INSERT INTO note VALUES (11, 200, 10, 'x')$$), pg_temp.outcome($$INSERT INTO note VALUES (11, 101, 10, 'x')$$),
	'… and one of another practice');
SELECT is(pg_temp.outcome($$INSERT INTO note VALUES (11, NULL, 10, 'x')$$), pg_temp.outcome($$INSERT INTO note VALUES (11, 101, 10, 'x')$$),
	'… and none at all');
SELECT is(pg_temp.outcome($$INSERT INTO note VALUES (11, 100, 10, 'x'), (12, 101, 10, 'y')$$),
	'42501 new row violates row-level security policy for table "note"', 'one bad row spoils the statement');
SELECT is(pg_temp.ids('SELECT id FROM note WHERE id > 10'), '{}', '… and nothing stays');
PREPARE returning_id AS INSERT INTO note VALUES (13, 100, 10, 'r') RETURNING id;
SELECT results_eq('EXECUTE returning_id', 'VALUES (13)', 'INSERT … RETURNING');
SELECT is(pg_temp.outcome($$INSERT INTO note SELECT id + 100, client, author, body FROM note WHERE author = 10$$), 'rows 3', 'INSERT … SELECT');
DELETE FROM note WHERE id > 100;
SELECT is(pg_temp.outcome($$WITH w AS (INSERT INTO note VALUES (14, 100, 10, 'cte') RETURNING id) SELECT * FROM w$$), 'rows 1', 'INSERT in a WITH');

-- INSERT … ON CONFLICT

SELECT is(pg_temp.outcome($$INSERT INTO note VALUES (1, 100, 10, 'x') ON CONFLICT DO NOTHING$$), 'rows 0', 'ON CONFLICT DO NOTHING');
SELECT is(pg_temp.outcome($$INSERT INTO note VALUES (3, 100, 10, 'x') ON CONFLICT (id) DO NOTHING$$), 'rows 0', '… with a hidden row: skipped');
SELECT is(pg_temp.outcome($$INSERT INTO note VALUES (1, 100, 10, 'new') ON CONFLICT (id) DO UPDATE SET body = excluded.body$$), 'rows 1', 'ON CONFLICT DO UPDATE');
SELECT is((SELECT body FROM note WHERE id = 1), 'new', '… wrote');
SELECT alike(pg_temp.outcome($$INSERT INTO note VALUES (3, 100, 10, 'x') ON CONFLICT (id) DO UPDATE SET body = 'stolen'$$),
	'42501 new row violates row-level security policy%', '… of a hidden row is refused');
SELECT alike(pg_temp.outcome($$INSERT INTO note VALUES (1, 100, 10, 'x') ON CONFLICT (id) DO UPDATE SET client = 101$$),
	'42501 new row violates row-level security policy%', '… and may not move the row to a hidden client');
SELECT alike(pg_temp.outcome($$INSERT INTO note VALUES (1, 101, 10, 'x') ON CONFLICT (id) DO UPDATE SET body = 'y'$$),
	'42501 new row violates row-level security policy%', '… nor propose one');

-- UPDATE

SELECT is(pg_temp.outcome($$UPDATE note SET body = 'edited' WHERE id = 1$$), 'rows 1', 'one''s own record');
SELECT is(pg_temp.outcome($$UPDATE note SET body = 'edited' WHERE id = 2$$), 'rows 0', 'another author''s record is seen and not edited');
SELECT is(pg_temp.outcome($$UPDATE note SET body = 'edited' WHERE id = 3$$), 'rows 0', 'a hidden record is not there');
SELECT is(pg_temp.outcome($$UPDATE note SET body = 'edited' WHERE id = 999$$), 'rows 0', '… like one that does not exist');
SELECT is(pg_temp.outcome($$UPDATE note SET client = 101 WHERE id = 1$$),
	'42501 new row violates row-level security policy for table "note"', 'moving a record to a client whom he does not see');
SELECT is(pg_temp.outcome($$UPDATE note SET client = 999 WHERE id = 1$$), pg_temp.outcome($$UPDATE note SET client = 101 WHERE id = 1$$), '… or who does not exist');
SELECT is(pg_temp.outcome($$UPDATE note SET client = NULL WHERE id = 1$$), pg_temp.outcome($$UPDATE note SET client = 101 WHERE id = 1$$), '… or to nobody');
SELECT is(pg_temp.outcome($$UPDATE note SET author = 11 WHERE id = 1$$), pg_temp.outcome($$UPDATE note SET client = 101 WHERE id = 1$$), '… or to another author');
SELECT careaccess_act_as(13);
SELECT is(pg_temp.outcome($$INSERT INTO note VALUES (15, 100, 13, 'd')$$), 'rows 1', 'who sees all clients writes for one');
SELECT is(pg_temp.outcome($$UPDATE note SET client = 101 WHERE id = 15$$), 'rows 1', '… and moves it to another');
SELECT is(pg_temp.outcome($$UPDATE note SET client = 200 WHERE id = 15$$),
	'42501 new row violates row-level security policy for table "note"', '… not to another practice');
SELECT careaccess_act_as(12);
SELECT is(pg_temp.outcome($$UPDATE note SET body = 'edited' WHERE id = 2 RETURNING *$$), 'rows 1', 'UPDATE … RETURNING');
SELECT is(pg_temp.outcome($$UPDATE note n SET body = m.body FROM note m WHERE m.id = 3 AND n.id = 2$$), 'rows 0', 'UPDATE … FROM a hidden row');

-- DELETE

SELECT is(pg_temp.outcome($$DELETE FROM note WHERE id = 1$$), 'rows 0', 'another author''s record is not deleted');
SELECT is(pg_temp.outcome($$DELETE FROM note WHERE id = 3$$), 'rows 0', 'nor a hidden one');
SELECT is(pg_temp.outcome($$DELETE FROM note USING note m WHERE m.client = 101$$), 'rows 0', 'nor by way of a hidden one');
SELECT is(pg_temp.outcome($$DELETE FROM note WHERE id = 2 RETURNING id$$), 'rows 1', 'one''s own is');

-- MERGE

SELECT careaccess_act_as(10);
CREATE TEMP TABLE source (id int, client int, body text);
GRANT ALL ON source TO careaccess_test_app;
INSERT INTO source VALUES (1, 100, 'merged'), (16, 100, 'merged');
SELECT is(pg_temp.outcome($$MERGE INTO note n USING source s ON s.id = n.id WHEN MATCHED THEN UPDATE SET body = s.body
	WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.client, 10, s.body)$$), 'rows 2', 'MERGE updates and inserts');
INSERT INTO source VALUES (3, 101, 'merged');
SELECT alike(pg_temp.outcome($$MERGE INTO note n USING source s ON s.id = n.id WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.client, 10, s.body)$$),
	'42501 new row violates row-level security policy%', 'to MERGE a hidden row is not matched, and its client is refused');
SELECT is(pg_temp.outcome($$MERGE INTO note n USING source s ON s.id = n.id WHEN MATCHED AND s.id = 16 THEN DELETE WHEN MATCHED THEN DO NOTHING$$), 'rows 1', 'MERGE deletes');
SELECT alike(pg_temp.outcome($$MERGE INTO note n USING (VALUES (1)) s(id) ON s.id = n.id WHEN MATCHED THEN UPDATE SET client = 101$$),
	'42501 new row violates row-level security policy%', 'MERGE does not move a record to a hidden client');

-- COPY: TO filters, FROM is refused by PostgreSQL on a table with row security
RESET ROLE;
GRANT pg_write_server_files, pg_read_server_files TO careaccess_test_app;
SET LOCAL ROLE careaccess_test_app;
SELECT careaccess_act_as(10);
SELECT is(pg_temp.outcome($$COPY note TO '/dev/null'$$), 'rows ' || (SELECT count(*) FROM note), 'COPY TO writes the rows that he sees');
SELECT is(pg_temp.outcome($$COPY (SELECT * FROM note WHERE client = 101) TO '/dev/null'$$), 'rows 0', '… also of a query');
SELECT alike(pg_temp.outcome($$COPY note FROM '/dev/null'$$), '0A000 COPY FROM not supported with row-level security%', 'COPY FROM');
RESET ROLE;
REVOKE pg_write_server_files, pg_read_server_files FROM careaccess_test_app;

-- Views, functions, row locks, row_security off

CREATE VIEW note_invoker WITH (security_invoker) AS SELECT * FROM note;
GRANT SELECT, UPDATE ON note_invoker TO careaccess_test_app;
SET LOCAL ROLE careaccess_test_app;
SELECT is(pg_temp.ids_as(10, 'SELECT id FROM note_invoker'), pg_temp.ids_as(10, 'SELECT id FROM note'), 'a view with security_invoker');
SELECT is(pg_temp.outcome('UPDATE note_invoker SET body = body WHERE client = 101'), 'rows 0', '… is written through as the table');
SELECT careaccess_act_as(10);
SELECT is(pg_temp.ids_as(10, 'SELECT id FROM note FOR KEY SHARE'), pg_temp.ids_as(10, 'SELECT id FROM note WHERE author = 10'),
	'SELECT … FOR KEY SHARE gives what he may edit');
SET LOCAL row_security = off;
SELECT alike(pg_temp.outcome('SELECT * FROM note'), '42501 query would be affected by row-level security policy%', 'row_security = off is an error, not a way out');
SET LOCAL row_security = on;
RESET ROLE;

-- Categories in a column, by author, practice and client-visible flag

SELECT careaccess_stop_acting();
CREATE TABLE record (id int PRIMARY KEY, client text, kind varchar(20), author uuid, shown boolean, practice bigint);
CREATE INDEX ON record (client);
SELECT careaccess_add_member(1, 'a0000000-0000-4000-8000-000000000001', 'uwe', '{clinician}');
SELECT careaccess_add_client('C-9', 1, 'a0000000-0000-4000-8000-000000000001');
INSERT INTO record VALUES
	(1, 'C-9', 'chart', 'a0000000-0000-4000-8000-000000000001', false, 1),
	(2, 'C-9', 'billing', NULL, true, 1),
	(3, 'C-9', 'private_notes', 'a0000000-0000-4000-8000-000000000001', false, 1),
	(4, 'C-9', 'nonsense', NULL, false, 1),
	(5, 'C-9', NULL, NULL, false, 1),
	(6, '100', 'schedule', NULL, true, 1),
	(7, 'C-9', 'profile', NULL, true, 1);
SELECT careaccess_protect('record', 'client', category_column => 'kind', author_column => 'author', practice_column => 'practice', client_visible_column => 'shown');
SELECT is((SELECT pg_get_expr(polqual, polrelid) FROM pg_policy WHERE polrelid = 'record'::regclass AND polname = 'careaccess_select'),
	'careaccess.row_view(client, (kind)::text, author, shown, practice)', 'five arguments');
GRANT ALL ON record TO careaccess_test_app;
SET LOCAL ROLE careaccess_test_app;
SELECT is(pg_temp.ids_as(14, 'SELECT id FROM record'), '{2,6,7}', 'a biller sees billing, schedule and profile');
SELECT careaccess_act_as('a0000000-0000-4000-8000-000000000001');
SELECT is(pg_temp.ids('SELECT id FROM record'), '{1,2,3,7}', 'the owner sees every category of his client, and no unknown one');
SELECT is(pg_temp.ids_as(12, 'SELECT id FROM record'), '{6}', 'another one his');
SELECT is(pg_temp.ids_as(13, 'SELECT id FROM record'), '{1,2,6,7}', 'private notes are not shared with who sees all clients');
SELECT careaccess_act_as('a0000000-0000-4000-8000-000000000001');
SELECT alike(pg_temp.outcome($$INSERT INTO record VALUES (20, 'C-9', 'nonsense', NULL, false, 1)$$), '42501 new row violates%', 'an unknown category is refused');
SELECT alike(pg_temp.outcome($$INSERT INTO record VALUES (20, 'C-9', NULL, NULL, false, 1)$$), '42501 new row violates%', '… and none');
SELECT alike(pg_temp.outcome($$INSERT INTO record VALUES (20, 'C-9', 'billing', NULL, false, 2)$$), '42501 new row violates%', 'another practice than the client''s is refused');
SELECT alike(pg_temp.outcome($$INSERT INTO record VALUES (20, 'C-9', 'billing', NULL, false, NULL)$$), '42501 new row violates%', '… and none');
SELECT is(pg_temp.outcome($$INSERT INTO record VALUES (20, 'C-9', 'billing', NULL, false, 1)$$), 'rows 1', 'the client''s is fine');
RESET ROLE;

-- The other forms of the call

SELECT careaccess_stop_acting();
CREATE TABLE plain (id int PRIMARY KEY, client int, shown boolean);
INSERT INTO plain VALUES (1, 100, true), (2, 100, false);
SELECT careaccess_protect('plain', 'client', 'documents', client_visible_column => 'shown');
SELECT is((SELECT pg_get_expr(polqual, polrelid) FROM pg_policy WHERE polrelid = 'plain'::regclass AND polname = 'careaccess_select'),
	'careaccess.row_view(client, ''documents''::text, NULL::text, shown)', 'four arguments, without author');
CREATE TABLE thin (id int PRIMARY KEY, client int, practice int);
SELECT careaccess_protect('thin', 'client', 'documents', practice_column => 'practice');
SELECT is((SELECT pg_get_expr(polqual, polrelid) FROM pg_policy WHERE polrelid = 'thin'::regclass AND polname = 'careaccess_select'),
	'careaccess.row_view(client, ''documents''::text, NULL::text, false, practice)', 'five arguments, without author and flag');

-- Names that need quotes, and a table of every type

CREATE TABLE "Odd ""Table" ("Id" int PRIMARY KEY, "the client's" int, "select" int);
INSERT INTO "Odd ""Table" VALUES (1, 100, 10), (2, 101, 11);
SELECT careaccess_protect('"Odd ""Table"', 'the client''s', 'chart', author_column => 'select');
GRANT ALL ON "Odd ""Table" TO careaccess_test_app;
SET LOCAL ROLE careaccess_test_app;
SELECT is(pg_temp.ids_as(10, 'SELECT "Id" AS id FROM "Odd ""Table"'), '{1}', 'names are quoted');
RESET ROLE;

CREATE DOMAIN code AS varchar(40) CHECK (VALUE <> '');
CREATE FUNCTION pg_temp.rows_of_type(t text) RETURNS int[] LANGUAGE plpgsql AS $$
DECLARE
	result int[];
	n int;
BEGIN
	EXECUTE format('CREATE TABLE typed (id int PRIMARY KEY, client %s, author %1$s)', t);
	CREATE INDEX ON typed (client);
	INSERT INTO typed VALUES (1, '100', '10'), (2, '101', '11'), (3, '100', '11'), (4, NULL, '10');
	PERFORM public.careaccess_protect('typed', 'client', 'chart', author_column => 'author');
	GRANT ALL ON typed TO careaccess_test_app;
	SET LOCAL ROLE careaccess_test_app;
	PERFORM public.careaccess_act_as(10);
	UPDATE typed SET author = author;
	GET DIAGNOSTICS n = ROW_COUNT;
	result := (SELECT array_agg(id ORDER BY id) FROM typed) || n;
	RESET ROLE;
	PERFORM public.careaccess_stop_acting();
	PERFORM public.careaccess_unprotect('typed');
	DROP TABLE typed;
	RETURN result;
END $$;
SELECT careaccess_stop_acting();
SELECT is(pg_temp.rows_of_type(t), '{1,3,1}', format('rows and own records with columns of type %s', t))
FROM unnest('{smallint,integer,bigint,text,varchar,varchar(9),code,careaccess.id}'::text[]) AS t;

SELECT * FROM finish();
ROLLBACK;
