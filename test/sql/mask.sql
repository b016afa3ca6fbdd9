--
-- Masks and unique columns: what is made, which plans they have, and what is
-- said word for word.  The rules are tested in test/tap/mask*.sql, unique.sql.
--
SET client_min_messages = warning;
CREATE EXTENSION careaccess;
SET client_min_messages = notice;
\set SHOW_CONTEXT never
CREATE SCHEMA app;
SET search_path = app, public;

SELECT careaccess_create_practice(1, 'one', 'standard');
SELECT careaccess_add_member(1, 10, 'anna', '{clinician}');
SELECT careaccess_add_client(100, 1, 10);

CREATE TABLE client (id int PRIMARY KEY, full_name text, phone varchar(20), diagnosis text, email text);
CREATE INDEX client_name ON client (full_name);
CREATE INDEX client_phone ON client (phone);
CREATE TABLE visit (id uuid PRIMARY KEY, client int, author int, practice int, published boolean, starts_at timestamptz, title text);
CREATE INDEX visit_client ON visit (client);
CREATE INDEX visit_start ON visit (starts_at);
SELECT careaccess_protect('client', 'id', 'diagnosis');
SELECT careaccess_protect('visit', 'client', 'schedule', author_column => 'author', practice_column => 'practice', client_visible_column => 'published');

-- What is made

-- Later servers write columns without their table where there is but one.
CREATE FUNCTION definition(view regclass) RETURNS text LANGUAGE sql
	RETURN pg_catalog.replace(pg_catalog.pg_get_viewdef(view, true), 't.', '');
SELECT careaccess_mask('client_list', 'client', '{"full_name": "name", "phone": "profile", "diagnosis": "diagnosis"}');
SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'client_list'::regclass ORDER BY attnum;
SELECT definition('client_list');
SELECT careaccess_mask('calendar', 'visit', '{"id": "busy", "starts_at": "busy", "title": "schedule", "author": "name"}', 'schedule', keep_invisible => true);
SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'calendar'::regclass ORDER BY attnum;
\pset format unaligned
SELECT definition('calendar');
\pset format aligned
SELECT reloptions, pg_get_userbyid(relowner) = current_user AS own, relacl FROM pg_class WHERE oid = 'calendar'::regclass;
SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = 'calendar'::regclass;
SELECT obj_description('calendar'::regclass);

-- Plans: conditions on the client, and on what is shown as rows are, use the
-- table's indexes; those on a masked column are asked of the mask

CREATE FUNCTION plan_of(query text, shown text DEFAULT '') RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		-- Which nodes are disabled is said by some servers only.
		IF line !~ 'Disabled' AND line ~ shown THEN
			RETURN NEXT line;
		END IF;
	END LOOP;
END $$;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SELECT plan_of($$SELECT * FROM client_list WHERE id = 100$$);
SELECT plan_of($$SELECT * FROM client_list WHERE full_name = 'Ann'$$);
SELECT plan_of($$SELECT * FROM client_list WHERE phone = '1'$$);
-- (what else is asked of a row of the calendar is written otherwise by other servers)
SELECT plan_of($$SELECT * FROM calendar WHERE id = '00000000-0000-0000-0000-000000000001'$$, '(Index Cond: .id|on visit)');
SELECT plan_of($$SELECT title FROM calendar WHERE starts_at >= '2027-01-01' AND starts_at < '2027-01-02'$$, '(Index Cond: .*starts_at|on visit)');
-- not leakproof: after the barrier
SELECT plan_of($$SELECT id FROM client_list WHERE full_name LIKE 'A%' AND id = 100$$);
-- a join reads the whole mask; a LATERAL sub-query that stays one does not
SELECT plan_of($$SELECT v.title, l.full_name FROM visit AS v, LATERAL (SELECT * FROM client_list AS c WHERE c.id = v.client OFFSET 0) AS l
	WHERE v.id = '00000000-0000-0000-0000-000000000001'$$);
RESET enable_seqscan;
RESET enable_bitmapscan;

-- Warnings: a table that is not as strict as its mask

SELECT careaccess_protect('client', 'id', 'name', replace => true);
SELECT careaccess_mask('loose', 'client', '{"full_name": "name", "phone": "profile", "diagnosis": "diagnosis", "email": "busy"}');
SELECT careaccess_unmask('loose');
SELECT careaccess_unmask('client_list');
SELECT careaccess_protect('client', 'id', 'profile', replace => true);
SELECT careaccess_mask('loose', 'client', '{"full_name": "name", "phone": "schedule"}');
SELECT careaccess_unmask('loose');
SELECT careaccess_mask('loose', 'client', '{"phone": "documents", "diagnosis": "chart"}');
SELECT careaccess_unmask('loose');
SELECT careaccess_protect('client', 'id', 'billing', replace => true);
SELECT careaccess_mask('loose', 'client', '{"phone": "billing", "diagnosis": "diagnosis"}');
SELECT careaccess_unmask('loose');
-- protected again: the mask does not follow, and is none of the views that tell all
SELECT careaccess_mask('mask of "clients"', 'client', '{"phone": "billing"}');
SELECT careaccess_mask('"mask of ""clients"""', 'client', '{"phone": "billing"}');
SELECT careaccess_protect('client', 'id', 'profile', replace => true);

-- Refusals, word for word

CREATE TABLE plain (id int);
SELECT careaccess_mask('m', 'plain', '{}');
SELECT careaccess_mask('m', 'client', '[]');
SELECT careaccess_mask('m', 'client', '{"telephone": "profile"}');
SELECT careaccess_mask('m', 'client', '{"phone": "secret"}');
SELECT careaccess_mask('m', 'client', '{"phone": null}');
SELECT careaccess_mask('m', 'client', '{}', 'busy');
SELECT careaccess_mask('m', 'client', NULL);
SELECT careaccess_mask('m', 'client', '{"id": "busy"}', keep_invisible => true);
SELECT careaccess_mask('calendar', 'client', '{}');
SELECT careaccess_mask('a.b.c', 'client', '{}');
SELECT careaccess_mask('nowhere.m', 'client', '{}');
SELECT careaccess_mask('careaccess.m', 'client', '{}');
SELECT careaccess_unmask('m');
CREATE VIEW app.ordinary AS SELECT 1 AS one;
SELECT careaccess_unmask('app.ordinary');
UPDATE calendar SET title = 'x';
INSERT INTO calendar (title) VALUES ('x');

-- Unique values

SELECT careaccess_unique('visit', 'title', 'practice');
SELECT careaccess_unique('visit', 'title', 'practice');
SELECT careaccess_unique('client', 'email');
SELECT careaccess_unique('client', 'email');
SELECT careaccess_create_practice(2, 'two', 'standard');
SELECT careaccess_unique('client', 'full_name');
SELECT careaccess_unique('visit', 'title');
DROP INDEX visit_title_unique, visit_title_unique2;
ALTER TABLE client ADD other_practice int;
SELECT careaccess_unique('client', 'phone', 'other_practice');
\d client
SELECT careaccess_unique('visit', 'id');
SELECT careaccess_unique('plain', 'id');
INSERT INTO visit (id, client, practice, title) VALUES ('00000000-0000-0000-0000-000000000001', 100, 1, 'secret'), ('00000000-0000-0000-0000-000000000002', 100, 1, 'SECRET'),
	('00000000-0000-0000-0000-000000000003', 100, 1, NULL), ('00000000-0000-0000-0000-000000000004', 100, 1, NULL);
SELECT careaccess_unique('visit', 'title', 'practice');
SELECT practice, pg_catalog.lower(title::pg_catalog.text), count(*) FROM app.visit WHERE title IS NOT NULL GROUP BY 1, 2 HAVING count(*) > 1;
CREATE TABLE slot (id int, client int, practice int, code text) PARTITION BY RANGE (id);
SELECT careaccess_protect('slot', 'client', 'schedule', practice_column => 'practice');
-- (terse: the detail is the server's, and 19 words it otherwise)
\set VERBOSITY terse
SELECT careaccess_unique('slot', 'code', 'practice');
\set VERBOSITY default

-- A mask of a table whose rows have each their category
CREATE TABLE entry (client int, kind text, author int, body text);
CREATE INDEX ON entry (client);
SELECT careaccess_protect('entry', 'client', category_column => 'kind', author_column => 'author');
SELECT careaccess_mask('entries', 'entry', '{"body": "profile"}');
SELECT careaccess_mask('entry_clients', 'entry', '{}');
SELECT careaccess_unmask('entries'), careaccess_unmask('entry_clients');
SELECT careaccess_unprotect('entry');

-- Privileges

CREATE ROLE regress_careaccess_app;
SELECT careaccess_grant_application('regress_careaccess_app');
GRANT USAGE ON SCHEMA app TO regress_careaccess_app;
SELECT p.oid::regprocedure AS callable_by_all FROM pg_proc p
WHERE p.pronamespace = 'careaccess'::regnamespace AND p.proname ~ 'mask|unique|log_definition'
	AND has_function_privilege('regress_careaccess_app', p.oid, 'EXECUTE')
ORDER BY 1::text COLLATE "C";
SET ROLE regress_careaccess_app;
SELECT * FROM calendar;
SELECT careaccess_mask('m', 'app.client', '{}');
SELECT careaccess_unmask('app.calendar');
SELECT careaccess_unique('app.client', 'email');
SELECT careaccess.unique_begin('app.client', 'email', NULL);
RESET ROLE;

SET client_min_messages = warning;
SELECT careaccess_unmask('calendar');
DROP SCHEMA app CASCADE;
SELECT careaccess_unprotect('app.client');
SELECT careaccess_unprotect('app.visit');
SELECT careaccess_unprotect('app.slot');
DROP SCHEMA app CASCADE;
DROP EXTENSION careaccess;
DROP OWNED BY regress_careaccess_app;
DROP ROLE regress_careaccess_app;
