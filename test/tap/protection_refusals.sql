-- careaccess_protect and careaccess_unprotect: what they refuse, and in which
-- words; every type that a column may have.
BEGIN;
SELECT plan(100);

SET client_min_messages = error;

-- What a statement raises, on one line; it leaves no trace when it fails.
CREATE FUNCTION pg_temp.outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text; detail text; hint text;
BEGIN
	EXECUTE statement;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', SQLSTATE, message, nullif(detail, ''), nullif(hint, ''));
END $$;
-- … and after which everything is as before, even if it succeeds.
CREATE FUNCTION pg_temp.would(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text := 'done';
BEGIN
	BEGIN
		EXECUTE statement;
		RAISE SQLSTATE 'UNDO0';
	EXCEPTION
		WHEN SQLSTATE 'UNDO0' THEN NULL;
		WHEN OTHERS THEN result := SQLSTATE || ' ' || SQLERRM;
	END;
	RETURN result;
END $$;

SELECT careaccess_create_practice(1, 'one', 'standard');
SELECT careaccess_create_practice(2, 'two', 'standard');
SELECT careaccess_add_member(1, 10, 'anna', '{clinician}');
SELECT careaccess_add_member(2, 20, 'bert', '{clinician}');
SELECT careaccess_add_client(100, 1, 10);
SELECT careaccess_add_client(200, 2, 20);
SELECT careaccess_add_client('3f2c1b2a-0000-4000-8000-000000000001', 1, 10);
SELECT careaccess_add_client('C-1', 1, 10);

CREATE ROLE careaccess_test_dba;
CREATE ROLE careaccess_test_owner;
CREATE ROLE careaccess_test_outsider;
SELECT careaccess_grant_administrator('careaccess_test_dba');
SELECT careaccess_grant_administrator('careaccess_test_outsider');
GRANT careaccess_test_owner TO careaccess_test_dba;
CREATE SCHEMA app;
GRANT ALL ON SCHEMA app TO careaccess_test_owner, careaccess_test_dba, careaccess_test_outsider;
SET search_path = app, public;

CREATE TABLE note (id int PRIMARY KEY, client int, author int, practice int, kind text, shown boolean, number numeric);
ALTER TABLE note OWNER TO careaccess_test_owner;

-- Who may

GRANT EXECUTE ON FUNCTION careaccess_protect, careaccess_unprotect TO careaccess_test_owner;
SET LOCAL ROLE careaccess_test_owner;
SELECT is(pg_temp.outcome($$SELECT careaccess_protect('note', 'client', 'chart', author_column => 'author')$$),
	'42501 | not allowed to protect a table | Only an administrator of the database may do this, and not in the name of a member.'
	' | Call it as a superuser, or as a role that went through careaccess_grant_administrator, without a member''s identity (careaccess_stop_acting).',
	'owning the table is not enough');
SELECT alike(pg_temp.outcome($$SELECT careaccess_unprotect('note')$$), '42501 | not allowed to unprotect a table%', '… nor to unprotect');
SET LOCAL ROLE careaccess_test_outsider;
SELECT is(pg_temp.outcome($$SELECT careaccess_protect('note', 'client', 'chart', author_column => 'author')$$),
	'42501 | must be owner of table app.note | Call it as the owner of the table and its partitions, as a member of the role that owns them, or as a superuser.',
	'an administrator who does not own the table may not');
SELECT alike(pg_temp.outcome($$SELECT careaccess_unprotect('note')$$), '42501 | must be owner of table app.note%', '… nor unprotect');
SELECT alike(pg_temp.outcome($$SELECT careaccess.protect_begin('note', 'client', 'chart', NULL, NULL, NULL, NULL, false)$$),
	'42501 | must be owner%', '… nor by the first half');
SELECT alike(pg_temp.outcome($$SELECT careaccess.protect_finish('note', 0, 0, '{}', '{}', '{}', '{}')$$),
	'42501 | must be owner%', '… nor by the second half');
RESET ROLE;
SELECT careaccess_act_as(10);
SELECT alike(pg_temp.outcome($$SELECT careaccess_protect('note', 'client', 'chart', author_column => 'author')$$),
	'42501 | not allowed to protect a table%', 'a superuser who acts as a member may not');
SELECT careaccess_stop_acting();
SET LOCAL ROLE careaccess_test_dba;
SELECT is(pg_temp.would($$SELECT careaccess_protect('note', 'client', 'chart', author_column => 'author')$$), 'done',
	'an administrator may who belongs to the role that owns the table');
SELECT alike(pg_temp.outcome($$SELECT careaccess.protect_finish('note', 0, 0, '{}', '{}', '{}', '{}')$$),
	'55000 | protecting table app.note has not begun%', 'the second half does nothing without the first');
RESET ROLE;
CREATE ROLE careaccess_test_plain;
SET LOCAL ROLE careaccess_test_plain;
SELECT alike(pg_temp.outcome($$SELECT public.careaccess_protect('app.note', 'client', 'chart')$$), '42501 | permission denied%',
	'a plain role may not even call it');
RESET ROLE;

-- The table

SELECT alike(pg_temp.outcome($$SELECT careaccess_protect(NULL, 'client', 'chart')$$), '22023 | no table is given | %', 'no table');
SELECT alike(pg_temp.outcome($$SELECT careaccess_unprotect(NULL)$$), '22023 | no table is given | %', 'no table to unprotect');
SELECT alike(pg_temp.outcome($$SELECT careaccess_protect(0::regclass, 'client', 'chart')$$), '42P01 | %', 'a table that is not there');
CREATE VIEW v AS SELECT * FROM note;
CREATE MATERIALIZED VIEW m AS SELECT * FROM note;
CREATE TEMP TABLE t (client int);
CREATE SEQUENCE s;
CREATE FOREIGN DATA WRAPPER careaccess_test_wrapper;
CREATE SERVER careaccess_test_server FOREIGN DATA WRAPPER careaccess_test_wrapper;
CREATE FOREIGN TABLE f (client int) SERVER careaccess_test_server;
CREATE TABLE parent (client int);
CREATE TABLE child () INHERITS (parent);
CREATE TABLE part (client int) PARTITION BY LIST (client);
CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1);
CREATE TABLE mixed (client int) PARTITION BY LIST (client);
CREATE FOREIGN TABLE mixed_1 PARTITION OF mixed FOR VALUES IN (1) SERVER careaccess_test_server;
SELECT alike(pg_temp.outcome($$SELECT careaccess_protect('v', 'client', 'chart')$$),
	'42809 | app.v is a view | Use the tables that the view reads, and make the view with security_invoker.', 'a view');
SELECT alike(pg_temp.outcome($$SELECT careaccess_protect('m', 'client', 'chart')$$), '42809 | app.m is a materialized view | %', 'a materialized view');
SELECT alike(pg_temp.outcome($$SELECT careaccess_protect('t', 'client', 'chart')$$), '42809 | % is a temporary table | %', 'a temporary table');
SELECT alike(pg_temp.outcome($$SELECT careaccess_protect('s', 'client', 'chart')$$), '42809 | app.s is not a table | %', 'a sequence');
SELECT alike(pg_temp.outcome($$SELECT careaccess_protect('note_pkey', 'client', 'chart')$$), '42809 | app.note_pkey is not a table | %', 'an index');
SELECT alike(pg_temp.outcome($$SELECT careaccess_protect('f', 'client', 'chart')$$), '42809 | app.f is a foreign table | %', 'a foreign table');
SELECT alike(pg_temp.outcome($$SELECT careaccess_protect('child', 'client', 'chart')$$), '42809 | app.child is a child of app.parent | %', 'a child by inheritance');
SELECT alike(pg_temp.outcome($$SELECT careaccess_protect('parent', 'client', 'chart')$$), '42809 | app.parent is a parent of app.child | %', 'a parent by inheritance');
SELECT alike(pg_temp.outcome($$SELECT careaccess_protect('part_1', 'client', 'chart')$$),
	'42809 | app.part_1 is a partition | Name the partitioned table itself: app.part.', 'a partition');
SELECT alike(pg_temp.outcome($$SELECT careaccess_protect('mixed', 'client', 'chart')$$),
	'42809 | app.mixed is a table with the foreign partition app.mixed_1 | %', 'a table with a foreign partition');
SELECT alike(pg_temp.outcome($$SELECT careaccess_protect('pg_catalog.pg_class', 'relname', 'chart')$$), '42809 | pg_catalog.pg_class is a catalog table | %', 'a system table');
SELECT alike(pg_temp.outcome($$SELECT careaccess_protect('information_schema.sql_parts', 'feature_id', 'chart')$$),
	'42809 | information_schema.sql_parts is a catalog table | %', 'a table of the information schema');
SELECT alike(pg_temp.outcome($$SELECT careaccess_protect('careaccess.client', 'id', 'name')$$), '42809 | careaccess.client is a catalog table | %', 'our own table');

-- The arguments

SELECT alike(pg_temp.outcome($$SELECT careaccess_protect('note', NULL, 'chart')$$), '22023 | no client column is given | %', 'no client column');
SELECT alike(pg_temp.outcome($$SELECT careaccess_protect('note', 'client')$$),
	'22023 | exactly one of category and category_column must be given | %', 'neither category nor category column');
SELECT alike(pg_temp.outcome($$SELECT careaccess_protect('note', 'client', 'chart', 'kind')$$),
	'22023 | exactly one of category and category_column must be given | %', 'both category and category column');
SELECT is(pg_temp.outcome($$SELECT careaccess_protect('note', 'client', 'charts')$$),
	'22023 | unknown category "charts" | The categories are: name, profile, diagnosis, schedule, documents, billing, chart, private_notes.',
	'an unknown category');
SELECT alike(pg_temp.outcome($$SELECT careaccess_protect('note', 'client', '')$$), '22023 | unknown category "" | %', 'an empty category');
SELECT is(pg_temp.outcome($$SELECT careaccess_protect('note', 'klient', 'chart')$$),
	'42703 | column "klient" of table app.note does not exist | Write the column''s name as the table has it, in the same case and without quotes.', 'a missing client column');
SELECT alike(pg_temp.outcome($$SELECT careaccess_protect('note', 'ctid', 'chart')$$), '42703 | %', 'a system column');
SELECT alike(pg_temp.outcome($$SELECT careaccess_protect('note', 'client', NULL, 'x')$$), '42703 | column "x"%', 'a missing category column');
SELECT alike(pg_temp.outcome($$SELECT careaccess_protect('note', 'client', 'chart', NULL, 'x')$$), '42703 | column "x"%', 'a missing author column');
SELECT alike(pg_temp.outcome($$SELECT careaccess_protect('note', 'client', 'chart', NULL, NULL, 'x')$$), '42703 | column "x"%', 'a missing practice column');
SELECT alike(pg_temp.outcome($$SELECT careaccess_protect('note', 'client', 'chart', NULL, NULL, NULL, 'x')$$), '42703 | column "x"%', 'a missing client-visible column');
ALTER TABLE note ADD COLUMN gone int;
ALTER TABLE note DROP COLUMN gone;
SELECT alike(pg_temp.outcome($$SELECT careaccess_protect('note', 'gone', 'chart')$$), '42703 | %', 'a dropped column');
SELECT alike(pg_temp.outcome($$SELECT careaccess_protect('note', '........pg.dropped.8........', 'chart')$$), '42703 | %', '… by its hidden name');

-- The types

SELECT is(pg_temp.outcome($$SELECT careaccess_protect('note', 'number', 'chart')$$),
	'42804 | column "number" of table app.note has the wrong type numeric | Identifiers are smallint, integer, bigint, uuid, text, varchar, a domain over one of them, or careaccess.id.',
	'a client column of another type');
SELECT alike(pg_temp.outcome($$SELECT careaccess_protect('note', 'client', 'chart', NULL, 'number')$$), '42804 | column "number"%', 'an author column of another type');
SELECT alike(pg_temp.outcome($$SELECT careaccess_protect('note', 'client', 'chart', NULL, NULL, 'number')$$), '42804 | column "number"%', 'a practice column of another type');
SELECT alike(pg_temp.outcome($$SELECT careaccess_protect('note', 'client', NULL, 'client')$$), '42804 | column "client"%', 'a category column of another type');
SELECT alike(pg_temp.outcome($$SELECT careaccess_protect('note', 'client', 'chart', NULL, NULL, NULL, 'kind')$$), '42804 | column "kind"%', 'a client-visible column of another type');
CREATE DOMAIN d_number AS numeric;
CREATE TYPE mood AS ENUM ('chart', 'billing');
CREATE TABLE wrong (a numeric, b char(8), c name, d d_number, e int[], f mood, g date, h "char", i oid, j bytea);
SELECT alike(pg_temp.outcome(format($$SELECT careaccess_protect('wrong', %L, 'chart')$$, c)), '42804 | column%wrong type%', format('type %s holds no identifier', t))
FROM (SELECT attname AS c, format_type(atttypid, atttypmod) AS t FROM pg_attribute WHERE attrelid = 'wrong'::regclass AND attnum > 0 ORDER BY attnum) AS x;
ALTER TABLE wrong ADD COLUMN client int;
SELECT alike(pg_temp.outcome($$SELECT careaccess_protect('wrong', 'client', NULL, 'f')$$), '42804 | %', 'an enum is no category column');
CREATE DOMAIN d2 AS smallint;
CREATE DOMAIN d4 AS int CHECK (VALUE > 0);
CREATE DOMAIN d8 AS bigint;
CREATE DOMAIN du AS uuid NOT NULL;
CREATE DOMAIN dt AS text;
CREATE DOMAIN dv AS varchar(40);
CREATE DOMAIN dd AS dt;
CREATE DOMAIN dbool AS boolean;
CREATE DOMAIN d_id AS careaccess.id;
CREATE FUNCTION pg_temp.column_of_type(t text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE format('CREATE TABLE typed (c %s, a %1$s, p %1$s)', t);
	CREATE INDEX ON typed (c);
	result := pg_temp.would('SELECT careaccess_protect(''typed'', ''c'', ''chart'', author_column => ''a'', practice_column => ''p'')');
	DROP TABLE typed;
	RETURN result;
END $$;
SELECT is(pg_temp.column_of_type(t), 'done', format('type %s holds identifiers', t))
FROM unnest('{smallint,integer,bigint,uuid,text,varchar,varchar(10),careaccess.id,d2,d4,d8,du,dt,dv,dd,d_id}'::text[]) AS t;
CREATE TABLE kinds (client int, a text, b varchar(20), c dt, d dv, yes dbool);
SELECT is(pg_temp.would(format($$SELECT careaccess_protect('kinds', 'client', NULL, %L, client_visible_column => 'yes')$$, c)), 'done', format('column %s holds categories', c))
FROM unnest('{a,b,c,d}'::text[]) AS c;

-- The rows

INSERT INTO note VALUES (1, 100, 10, 1, 'chart', true), (2, 100, 10, 1, 'chart', true);
SELECT is(pg_temp.would($$SELECT careaccess_protect('note', 'client', 'chart', NULL, 'author', 'practice')$$), 'done', 'rows of registered clients are fine');
INSERT INTO note VALUES (3, 999, 10, 1, 'chart', true);
SELECT is(pg_temp.outcome($$SELECT careaccess_protect('note', 'client', 'chart')$$),
	'55000 | table app.note holds 1 row whose client is not registered | For example "999".'
	' | Register the clients first, with careaccess_adopt_clients on the table of clients or with careaccess_add_client, or remove the rows.',
	'one row of a client who is not registered');
INSERT INTO note VALUES (4, 999), (5, 998);
SELECT alike(pg_temp.outcome($$SELECT careaccess_protect('note', 'client', 'chart')$$),
	'55000 | table app.note holds 3 rows whose client is not registered | For example "998"%', 'three of two');
SELECT is((SELECT row(relrowsecurity, relforcerowsecurity)::text FROM pg_class WHERE oid = 'note'::regclass), '(f,f)', 'a refusal leaves row security as it was');
SELECT is((SELECT count(*) FROM careaccess.protected_table), 0::bigint, '… and registers nothing');
DELETE FROM note WHERE client > 900;
INSERT INTO note VALUES (6, 200, 20, 1);
SELECT is(pg_temp.outcome($$SELECT careaccess_protect('note', 'client', 'chart', practice_column => 'practice')$$),
	'55000 | table app.note holds 1 row whose practice is not that of the client | For example rows of client "200".'
	' | Correct column "practice", or leave practice_column out: the practice follows from the client.', 'a row of another practice than its client');
SELECT is(pg_temp.would($$SELECT careaccess_protect('note', 'client', 'chart')$$), 'done', '… is fine where no practice column is named');
UPDATE note SET practice = NULL WHERE id = 6;
SELECT alike(pg_temp.outcome($$SELECT careaccess_protect('note', 'client', 'chart', practice_column => 'practice')$$),
	'55000 | table app.note holds 1 row whose practice%', 'nor may a row have no practice, which nobody would see');
DELETE FROM note WHERE id = 6;
INSERT INTO note (id, client) VALUES (7, NULL);
SELECT is(pg_temp.would($$SELECT careaccess_protect('note', 'client', 'chart')$$), 'done', 'a row without client is no obstacle');
CREATE TABLE letter (client text, body text);
INSERT INTO letter VALUES ('C-1'), ('3f2c1b2a-0000-4000-8000-000000000001'), ('3F2C1B2A-0000-4000-8000-000000000001'), ('100'), (NULL);
SELECT is(pg_temp.would($$SELECT careaccess_protect('letter', 'client', 'documents')$$), 'done', 'every spelling of an identifier counts as it');
INSERT INTO letter VALUES (''), (repeat('x', 256));
SELECT is(pg_temp.outcome($$SELECT careaccess_protect('letter', 'client', 'documents')$$),
	'55000 | table app.letter holds 2 rows whose client is not registered | Their client is an empty text, or one that is too long for an identifier.'
	' | Register the clients first, with careaccess_adopt_clients on the table of clients or with careaccess_add_client, or remove the rows.',
	'texts that are no identifiers are counted, not stumbled over');
DELETE FROM letter WHERE client = '' OR length(client) > 255;

-- The state

SELECT alike(pg_temp.outcome($$SELECT careaccess_unprotect('note')$$),
	'55000 | table app.note is not protected | The view careaccess.protected_tables lists the tables that are.', 'unprotecting a table that is not protected');
CREATE POLICY old ON note USING (true);
SELECT is(pg_temp.outcome($$SELECT careaccess_protect('note', 'client', 'chart')$$),
	'55000 | table app.note has policies of its own | A second permissive policy would let rows out, a restrictive one would hide rows that a member may see.'
	' | Drop them, or call careaccess_protect with replace => true: they are kept and come back with careaccess_unprotect.',
	'a table with policies of its own');
SELECT is(pg_temp.would($$SELECT careaccess_protect('note', 'client', 'chart', replace => NULL)$$),
	'55000 table app.note has policies of its own', 'replace null is false');
DROP POLICY old ON note;
CREATE POLICY old ON part_1 USING (true);
SELECT alike(pg_temp.outcome($$SELECT careaccess_protect('part', 'client', 'chart')$$),
	'55000 | table app.part_1 has policies of its own%', '… and a partition with policies');
DROP POLICY old ON part_1;
SELECT lives_ok($$SELECT careaccess_protect('note', 'client', 'chart')$$, 'protect');
SELECT alike(pg_temp.outcome($$SELECT careaccess_protect('note', 'client', 'chart')$$),
	'55000 | table app.note is protected already | Call careaccess_protect with replace%', 'protecting again needs replace');
SELECT is(pg_temp.would($$SELECT careaccess_protect('note', 'client', 'chart', replace => true)$$), 'done', '… which is allowed');
SELECT lives_ok($$SELECT careaccess_protect('part', 'client', 'chart')$$, 'protect a partitioned table');
SELECT is(pg_temp.outcome($$SELECT careaccess_unprotect('part_1')$$),
	'55000 | table app.part_1 is protected as a partition of app.part | Call careaccess_unprotect for app.part, or detach the partition first.',
	'a partition is not unprotected alone');

-- Reading the rows lends nobody the rights of the extension's owner: what the
-- expressions of statistics call while a query is planned runs as the caller.
RESET search_path;
GRANT CREATE ON SCHEMA public TO careaccess_test_owner;
SET LOCAL ROLE careaccess_test_dba;
CREATE FUNCTION app.spy() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	PERFORM set_config('careaccess_test.ran_as', current_setting('careaccess_test.ran_as', true) || ' ' || current_user, false);
	RETURN 1;
END $$;
CREATE TABLE app.trap (client int);
CREATE STATISTICS app.trap_statistics ON (app.spy() + client) FROM app.trap;
SELECT set_config('careaccess_test.ran_as', '', false);
SELECT careaccess_protect('app.trap', 'client', 'chart');
SELECT matches(current_setting('careaccess_test.ran_as'), '^( careaccess_test_dba)+$', 'planning runs what the table''s owner wrote as the caller only');
SELECT set_config('careaccess_test.ran_as', '', false);
SELECT careaccess_adopt_clients('app.trap', 'client', 1);
SELECT matches(current_setting('careaccess_test.ran_as'), '^( careaccess_test_dba)+$', '… also when it is adopted');
-- A policy of the owner comes back with the caller's rights: to parse one may
-- run the check of a domain.
CREATE FUNCTION app.checked(int) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('careaccess_test.ran_as', current_setting('careaccess_test.ran_as', true) || ' ' || current_user, false);
	RETURN true;
END $$;
CREATE DOMAIN app.trapped AS int CHECK (app.checked(VALUE));
SELECT careaccess_unprotect('app.trap');
CREATE POLICY trap ON app.trap USING ('{1,2}'::app.trapped[] IS NOT NULL);
SELECT careaccess_protect('app.trap', 'client', 'chart', replace => true);
SELECT set_config('careaccess_test.ran_as', '', false);
SELECT careaccess_unprotect('app.trap');
SELECT matches(current_setting('careaccess_test.ran_as'), '^( careaccess_test_dba)+$', 'a policy that comes back is parsed as the caller');
SELECT is((SELECT count(*) FROM pg_policy WHERE polrelid = 'app.trap'::regclass), 1::bigint, '… and is there');
RESET ROLE;

-- Every partition must be the caller's
CREATE TABLE app.parted (client int) PARTITION BY LIST (client);
CREATE TABLE app.parted_1 PARTITION OF app.parted FOR VALUES IN (1);
ALTER TABLE app.parted OWNER TO careaccess_test_owner;
SET LOCAL ROLE careaccess_test_dba;
SELECT alike(pg_temp.outcome($$SELECT careaccess_protect('app.parted', 'client', 'chart')$$), '42501 | must be owner of table app.parted_1%',
	'a partition that belongs to somebody else');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
