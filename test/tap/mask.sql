-- Masks: the client list and the room calendar, as each member sees them.
BEGIN;
SELECT plan(76);

SET client_min_messages = error;

CREATE FUNCTION pg_temp.outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	EXECUTE statement;
	GET DIAGNOSTICS n = ROW_COUNT;
	RETURN 'rows ' || n;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
CREATE FUNCTION pg_temp.rows(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE 'SELECT string_agg(the_row::text, '' '' ORDER BY the_row::text) FROM (' || query || ') AS the_row' INTO result;
	RETURN coalesce(result, 'none');
END $$;
CREATE FUNCTION pg_temp.rows_as(who int, query text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM public.careaccess_act_as(who);
	RETURN pg_temp.rows(query);
END $$;

-- 100 is lena's (11), who sees the full client list; 101, 102 and 103 are
-- basil's (12).  102 is restricted; lena and bill (13) are revoked on it.  103
-- is deleted.  Practice 2 has 20 and 200.
SELECT careaccess_create_practice(1, 'one', 'simplepractice');
SELECT careaccess_create_practice(2, 'two', 'simplepractice');
SELECT careaccess_add_member(1, 10, 'olga', '{account_owner}');
SELECT careaccess_add_member(1, 11, 'lena', '{clinician_full_client_list}');
SELECT careaccess_add_member(1, 12, 'basil', '{clinician_basic}');
SELECT careaccess_add_member(1, 13, 'bill', '{practice_biller}');
SELECT careaccess_add_member(1, 14, 'skye', '{practice_scheduler}');
SELECT careaccess_add_member(2, 20, 'else', '{clinician_entire_practice}');
SELECT careaccess_add_client(100, 1, 11);
SELECT careaccess_add_client(101, 1, 12);
SELECT careaccess_add_client(102, 1, 12);
SELECT careaccess_add_client(103, 1, 12);
SELECT careaccess_add_client(200, 2, 20);
SELECT careaccess_restrict_client(102);
SELECT careaccess_revoke_administrative_access(102, 11);
SELECT careaccess_revoke_administrative_access(102, 13);
SELECT careaccess_set_client_status(103, 'deleted');

CREATE SCHEMA app;
SET search_path = app, public;
CREATE TABLE client (id int PRIMARY KEY, practice int, full_name text, phone text, diagnosis text, insurance text);
INSERT INTO client VALUES (100, 1, 'Ann', '1-100', 'F32', 'i100'), (101, 1, 'Bo', '1-101', 'F41', 'i101'),
	(102, 1, 'Cy', '1-102', 'F60', 'i102'), (103, 1, 'Di', '1-103', 'F10', 'i103'), (200, 2, 'Em', '1-200', 'F20', 'i200');
SELECT careaccess_protect('client', 'id', 'diagnosis', practice_column => 'practice');
SELECT careaccess_mask('client_list', 'client', '{"full_name": "name", "phone": "profile", "diagnosis": "diagnosis"}');

CREATE TABLE visit (id int PRIMARY KEY, room int, starts_at time, client int, title text, billed numeric);
CREATE INDEX ON visit (client);
INSERT INTO visit VALUES (1, 1, '09:00', 100, 'Ann', 1), (2, 1, '10:00', 101, 'Bo', 1), (3, 1, '11:00', 102, 'Cy', 1),
	(5, 1, '13:00', 200, 'Em', 1), (6, 1, '14:00', NULL, 'cleaning', 1);
SELECT careaccess_protect('visit', 'client', 'schedule');
INSERT INTO visit VALUES (4, 1, '12:00', 103, 'Di', 1), (7, 1, '15:00', 999, 'nobody knows', 1);
SELECT careaccess_mask('calendar', 'visit', '{"id": "busy", "room": "busy", "starts_at": "busy", "title": "schedule", "billed": "billing"}',
	row_category => 'schedule', keep_invisible => true);

CREATE ROLE careaccess_test_app;
SELECT careaccess_grant_application('careaccess_test_app');
GRANT EXECUTE ON FUNCTION careaccess_act_as TO careaccess_test_app;
GRANT USAGE ON SCHEMA app TO careaccess_test_app;
GRANT SELECT ON client_list, calendar TO careaccess_test_app;
SET LOCAL ROLE careaccess_test_app;

-- The client list

SELECT is(pg_temp.rows('SELECT * FROM client_list'), 'none', 'nobody sees no row, and gets no error');
SELECT is(pg_temp.rows_as(11, 'SELECT * FROM client_list'), '(100,,Ann,1-100,F32,) (101,,Bo,,,)',
	'SP-10 the full client list: names of all, nothing else without a grant');
SELECT is(pg_temp.rows_as(12, 'SELECT * FROM client_list'), '(101,,Bo,1-101,F41,) (102,,Cy,1-102,F60,)', 'SP-11 a basic clinician: his own clients');
SELECT is(pg_temp.rows_as(13, 'SELECT * FROM client_list'), '(100,,Ann,1-100,F32,) (101,,Bo,1-101,F41,)', 'a biller: diagnoses, too');
SELECT is(pg_temp.rows_as(14, 'SELECT * FROM client_list'), '(100,,Ann,1-100,,) (101,,Bo,1-101,,) (102,,Cy,1-102,,)', 'a scheduler: no diagnoses');
SELECT is(pg_temp.rows_as(10, 'SELECT * FROM client_list'), '(100,,Ann,1-100,F32,) (101,,Bo,1-101,F41,) (102,,Cy,1-102,F60,)', 'the account owner: all that is not deleted');
SELECT is(pg_temp.rows_as(20, 'SELECT * FROM client_list'), '(200,,Em,1-200,F20,)', 'another practice: its own');

SELECT is(pg_temp.rows_as(11, 'SELECT id FROM client_list WHERE full_name = ''Cy'''), 'none', 'SP-3 revoked: not found by name');
SELECT is(pg_temp.rows_as(11, 'SELECT * FROM client_list WHERE id = 102'), 'none', 'SP-3 nor by identifier');
SELECT is(pg_temp.rows_as(11, 'SELECT count(*), sum(id) FROM client_list'), '(2,201)', 'SP-3 nor in counts and sums');
SELECT is(pg_temp.rows_as(11, 'SELECT v.id, l.full_name FROM (VALUES (100), (102)) AS v (id) LEFT JOIN client_list AS l USING (id)'),
	'(100,Ann) (102,)', 'SP-3 nor in joins');
SELECT is(pg_temp.rows_as(11, 'SELECT id FROM client_list WHERE phone IS NOT NULL OR diagnosis <> '''''), '(100)',
	'a condition on a hidden value finds nothing');
SELECT is(pg_temp.rows_as(11, 'SELECT max(phone), count(phone), string_agg(diagnosis, '''') FROM client_list'), '(1-100,1,F32)', 'nor does an aggregate');
SELECT is(pg_temp.rows_as(11, 'SELECT l FROM client_list AS l WHERE l.id = 101'), '("(101,,Bo,,,)")', 'nor the row as a whole');
SELECT is(pg_temp.rows_as(11, 'SELECT to_jsonb(l) ->> ''phone'' AS p FROM client_list AS l WHERE id = 101'), '()', 'nor as JSON');
SELECT is(pg_temp.rows_as(11, 'SELECT id FROM client_list ORDER BY phone DESC NULLS FIRST LIMIT 1'), '(101)', 'order takes it for null');

-- Grants count at once, and revoking, too
RESET ROLE;
SELECT careaccess_stop_acting();
SELECT careaccess_share_client(101, 11);
SET LOCAL ROLE careaccess_test_app;
SELECT is(pg_temp.rows_as(11, 'SELECT * FROM client_list WHERE id = 101'), '(101,,Bo,1-101,F41,)', 'SP-10 with a grant everything');
RESET ROLE;
SELECT careaccess_stop_acting();
SELECT careaccess_unshare_client(101, 11);
SELECT is((SELECT count(*) FROM client_list), 0::bigint, 'an administrator without identity sees no row');
SELECT is((SELECT count(*) FROM calendar), 0::bigint, 'nor a hidden one');
SET LOCAL ROLE careaccess_test_app;
SELECT is(pg_temp.rows_as(11, 'SELECT * FROM client_list WHERE id = 101'), '(101,,Bo,,,)', 'without it the name again');
SELECT is(pg_temp.outcome('SELECT * FROM client'), '42501 permission denied for table client', 'the table itself needs no grant');

-- One prepared statement, one view over the mask, one cursor: each for who asks

PREPARE list AS SELECT string_agg(concat(id, coalesce(phone, '-')), ' ' ORDER BY id) FROM client_list;
SELECT careaccess_act_as(11);
CREATE TEMP TABLE p (n serial, list text);
INSERT INTO p (list) SELECT string_agg(concat(id, coalesce(phone, '-')), ' ' ORDER BY id) FROM client_list;
CREATE TEMP TABLE p1 AS EXECUTE list;
CREATE TEMP TABLE p2 AS EXECUTE list;
CREATE TEMP TABLE p3 AS EXECUTE list;
CREATE TEMP TABLE p4 AS EXECUTE list;
CREATE TEMP TABLE p5 AS EXECUTE list;
CREATE TEMP TABLE p6 AS EXECUTE list;
SELECT careaccess_act_as(14);
CREATE TEMP TABLE p7 AS EXECUTE list;
SELECT careaccess_stop_acting();
CREATE TEMP TABLE p8 AS EXECUTE list;
SELECT is((SELECT string_agg FROM p6), '1001-100 101-', 'prepared: for one member');
SELECT is((SELECT string_agg FROM p7), '1001-100 1011-101 1021-102', 'prepared: then for another');
SELECT is((SELECT string_agg FROM p8), NULL, 'prepared: then for nobody');

RESET ROLE;
CREATE ROLE careaccess_test_reports;
GRANT SELECT ON client_list TO careaccess_test_reports;
CREATE VIEW phones AS SELECT id, phone FROM client_list;
ALTER VIEW phones OWNER TO careaccess_test_reports;
GRANT SELECT ON phones TO careaccess_test_app;
SET LOCAL ROLE careaccess_test_app;
SELECT is(pg_temp.rows_as(11, 'SELECT * FROM phones'), '(100,1-100) (101,)', 'a view over the mask shows what its reader may see');
SELECT is(pg_temp.rows_as(13, 'SELECT * FROM phones'), '(100,1-100) (101,1-101)', '… each reader');

-- A function that tells what it is given runs after the barrier

CREATE TEMP TABLE told (what text);
CREATE FUNCTION pg_temp.tell(what text) RETURNS boolean COST 0.0001 LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO told VALUES (what);
	RETURN true;
END $$;
SELECT careaccess_act_as(11);
SELECT count(*) FROM client_list WHERE pg_temp.tell(full_name);
SELECT is((SELECT string_agg(what, ' ' ORDER BY what) FROM told), 'Ann Bo', 'a leaky condition is told visible rows only, though it is cheaper than the filter');
TRUNCATE told;
SELECT count(*) FROM client_list WHERE pg_temp.tell(full_name || coalesce(phone, '') || coalesce(insurance, ''));
SELECT is((SELECT string_agg(what, ' ' ORDER BY what) FROM told), 'Ann1-100 Bo', 'a leaky condition is told visible rows and values only');
TRUNCATE told;
SELECT count(*) FROM calendar WHERE pg_temp.tell(id || coalesce(title, '') || coalesce(client::text, ''));
SELECT is((SELECT string_agg(what, ' ' ORDER BY what) FROM told), '1Ann100 2 3', '… of hidden rows what is busy');

-- The room calendar

SELECT careaccess_stop_acting();
SELECT is(pg_temp.rows('SELECT * FROM calendar'), 'none', 'nobody sees no busy slot either');
SELECT is(pg_temp.rows_as(11, 'SELECT * FROM calendar'), '(1,1,09:00:00,100,Ann,1) (2,1,10:00:00,,,) (3,1,11:00:00,,,)',
	'busy slots of hidden clients: the time, neither client nor title');
SELECT is(pg_temp.rows_as(12, 'SELECT * FROM calendar'), '(1,1,09:00:00,,,) (2,1,10:00:00,101,Bo,1) (3,1,11:00:00,102,Cy,1)', '… as each member');
SELECT is(pg_temp.rows_as(13, 'SELECT * FROM calendar'), '(1,1,09:00:00,100,Ann,1) (2,1,10:00:00,101,Bo,1) (3,1,11:00:00,,,)',
	'SP-3 for a revoked member the slot is busy');
SELECT is(pg_temp.rows_as(14, 'SELECT * FROM calendar'), '(1,1,09:00:00,100,Ann,) (2,1,10:00:00,101,Bo,) (3,1,11:00:00,102,Cy,)',
	'a visible row''s column of another category is asked by that');
SELECT is(pg_temp.rows_as(20, 'SELECT * FROM calendar'), '(5,1,13:00:00,200,Em,1)', 'slots of another practice are not there, not even busy');
SELECT is(pg_temp.rows_as(11, 'SELECT id FROM calendar WHERE client = 101 OR title = ''Bo'''), 'none', 'a hidden row is not found by client or title');
SELECT is(pg_temp.rows_as(11, 'SELECT client, count(*) FROM calendar GROUP BY 1'), '(,2) (100,1)', '… nor grouped by them');

-- With a practice column a row without client counts by its practice

RESET ROLE;
SELECT careaccess_stop_acting();
SELECT careaccess_unmask('calendar');
ALTER TABLE visit ADD practice int;
UPDATE visit SET practice = CASE WHEN client = 200 THEN 2 ELSE 1 END;
DELETE FROM visit WHERE client = 999;
SELECT careaccess_protect('visit', 'client', 'schedule', practice_column => 'practice', replace => true);
INSERT INTO visit VALUES (8, 1, '16:00', 100, 'wrong practice', 1, 2), (9, 1, '17:00', NULL, 'theirs', 1, 2), (10, 1, '18:00', NULL, 'no practice', 1, NULL);
SELECT careaccess_mask('app.calendar', 'visit', '{"id": "busy", "title": "schedule"}', row_category => 'schedule', keep_invisible => true);
GRANT SELECT ON calendar TO careaccess_test_app;
SET LOCAL ROLE careaccess_test_app;
SELECT is(pg_temp.rows_as(11, 'SELECT id, client, title FROM calendar'), '(1,100,Ann) (2,,) (3,,) (6,,)', 'a row without client: busy in its practice');
SELECT is(pg_temp.rows_as(20, 'SELECT id, client, title FROM calendar'), '(5,200,Em) (9,,)', '… in each, and none whose practice is not the client''s');
SELECT careaccess_stop_acting();
SELECT is(pg_temp.rows('SELECT id, client, title FROM calendar'), 'none', '… for nobody none');

-- Deny by category: rows that are not visible by the row's category show no
-- column, even one whose category the member may view

RESET ROLE;
SELECT careaccess_define_role(2, 'porter', '{"permissions": [{"category": "profile", "actions": ["view"], "reach": "all"}]}');
SELECT careaccess_add_member(2, 21, 'pat', '{porter}');
SELECT careaccess_mask('profiles', 'visit', '{"id": "busy", "title": "profile"}', keep_invisible => true);
GRANT SELECT ON profiles TO careaccess_test_app;
SET LOCAL ROLE careaccess_test_app;
SELECT is(pg_temp.rows_as(21, 'SELECT id, client, title FROM profiles'), '(5,,) (9,,)', 'a hidden row shows no masked column, whatever its category');
SELECT is(pg_temp.rows_as(20, 'SELECT id, client, title FROM profiles'), '(5,200,Em) (9,,)', '… a visible one does');

-- Authors: each column by its category and the row's author

RESET ROLE;
SELECT careaccess_stop_acting();
SELECT careaccess_create_practice(3, 'three', 'therapyappointment');
SELECT careaccess_add_member(3, 30, 'p', '{provider}');
SELECT careaccess_add_member(3, 31, 'q', '{provider}');
SELECT careaccess_add_member(3, 32, 's', '{scheduler}');
SELECT careaccess_add_client(300, 3, providers => '{30,31}');
CREATE TABLE note (id int PRIMARY KEY, client int, author int, body text, private text);
CREATE INDEX ON note (client);
INSERT INTO note VALUES (1, 300, 30, 'of p', 'secret p'), (2, 300, 31, 'of q', 'secret q'), (3, 300, NULL, 'of whom', 'secret');
SELECT careaccess_protect('note', 'client', 'private_notes', author_column => 'author');
SELECT careaccess_mask('notes', 'note', '{"id": "name", "author": "profile", "body": "chart", "private": "private_notes"}', 'name');
GRANT SELECT ON notes TO careaccess_test_app;
SET LOCAL ROLE careaccess_test_app;
SELECT is(pg_temp.rows_as(30, 'SELECT * FROM notes'), '(1,300,30,"of p","secret p") (2,300,31,,) (3,300,,,)', 'TA-2 a chart is its author''s');
SELECT is(pg_temp.rows_as(31, 'SELECT * FROM notes'), '(1,300,30,,) (2,300,31,"of q","secret q") (3,300,,,)', '… in either direction');
SELECT is(pg_temp.rows_as(32, 'SELECT id, client, body FROM notes'), '(1,300,) (2,300,) (3,300,)', 'a scheduler reads none');
RESET ROLE;
SELECT careaccess_stop_acting();
SELECT careaccess_share_chart(300, 31, 30, include_private => false);
SET LOCAL ROLE careaccess_test_app;
SELECT is(pg_temp.rows_as(30, 'SELECT * FROM notes WHERE id = 2'), '(2,300,31,"of q",)', 'TA-7 a share without private notes');
RESET ROLE;
SELECT careaccess_stop_acting();

-- Each row with a category of its own: the mask asks by its own all the same

CREATE TABLE paper (id int PRIMARY KEY, client int, kind text, body text);
CREATE INDEX ON paper (client);
INSERT INTO paper VALUES (1, 101, 'documents', 'd'), (2, 101, 'billing', 'b'), (3, 101, 'letter', 'l');
SELECT careaccess_protect('paper', 'client', category_column => 'kind');
SELECT careaccess_mask('papers', 'paper', '{"id": "name", "kind": "profile", "body": "billing"}');
GRANT SELECT ON papers TO careaccess_test_app;
SET LOCAL ROLE careaccess_test_app;
SELECT is(pg_temp.rows_as(13, 'SELECT * FROM papers'), '(1,101,documents,d) (2,101,billing,b) (3,101,letter,l)', 'the categories are those of the mask');
SELECT is(pg_temp.rows_as(14, 'SELECT * FROM papers'), '(1,101,documents,) (2,101,billing,) (3,101,letter,)', '… for each column');

-- Writing

RESET ROLE;
SELECT careaccess_stop_acting();
GRANT ALL ON client_list, calendar TO careaccess_test_app;
CREATE TEMP TABLE writes (statement text);
INSERT INTO writes VALUES
	($$INSERT INTO client_list (id, full_name) VALUES (104, 'x')$$),
	($$INSERT INTO client_list (id, full_name) VALUES (104, 'x') ON CONFLICT DO NOTHING$$),
	($$INSERT INTO client_list (id, full_name) VALUES (104, 'x') RETURNING full_name$$),
	($$UPDATE client_list SET full_name = 'x'$$),
	($$UPDATE client_list SET phone = 'x' WHERE id = 100$$),
	($$DELETE FROM client_list$$),
	($$DELETE FROM client_list WHERE id = 100 RETURNING *$$);
GRANT SELECT ON writes TO careaccess_test_app;
SET LOCAL ROLE careaccess_test_app;
SELECT careaccess_act_as(10);
SELECT is(pg_temp.outcome(statement), '42501 cannot write to mask app.client_list', statement) FROM writes;
SELECT is(pg_temp.outcome('DELETE FROM calendar'), '42501 cannot write to mask app.calendar', 'the calendar neither');
SELECT matches(pg_temp.outcome('TRUNCATE client_list'), '^42809 ', 'nor is it emptied');
RESET ROLE;
SELECT careaccess_act_as(10);
SELECT is(pg_temp.outcome(statement), '42501 cannot write to mask app.client_list', 'its owner: ' || statement) FROM writes LIMIT 3;
SELECT is((SELECT string_agg(full_name, ' ' ORDER BY id) FROM client), 'Ann Bo Cy Di Em', 'nothing was written');

-- What comes later leaves it as it is

SELECT careaccess_stop_acting();
ALTER TABLE client ADD notes text DEFAULT 'private';
ALTER TABLE client RENAME phone TO telephone;
ALTER TABLE client RENAME TO patient;
SET LOCAL ROLE careaccess_test_app;
SELECT is(pg_temp.rows_as(11, 'SELECT * FROM client_list'), '(100,,Ann,1-100,F32,) (101,,Bo,,,)', 'columns that are added or renamed change nothing');
RESET ROLE;
SELECT careaccess_act_as(10);
SELECT is((SELECT pg_temp.outcome(statement) FROM writes LIMIT 1), '42501 cannot write to mask app.client_list', 'it still knows that it is a mask');
SELECT careaccess_stop_acting();
SELECT matches(pg_temp.outcome('ALTER TABLE patient DROP COLUMN diagnosis'), '^2BP01', 'a column that it shows stays');
SELECT is(pg_temp.outcome('ALTER TABLE patient DROP COLUMN insurance'), 'rows 0', 'one that it does not show may go');

-- Partitions belong to it, other children do not

CREATE TABLE slot (id int, client int, note text) PARTITION BY RANGE (id);
CREATE TABLE slot_1 PARTITION OF slot FOR VALUES FROM (0) TO (10);
CREATE INDEX ON slot (client);
SELECT careaccess_protect('slot', 'client', 'schedule');
SELECT careaccess_mask('slots', 'slot', '{"id": "name"}');
CREATE TABLE slot_2 PARTITION OF slot FOR VALUES FROM (10) TO (20);
INSERT INTO slot VALUES (1, 101, 'x'), (11, 101, 'y');
GRANT SELECT ON slots TO careaccess_test_app;
SET LOCAL ROLE careaccess_test_app;
SELECT is(pg_temp.rows_as(12, 'SELECT * FROM slots'), '(1,101,) (11,101,)', 'rows of all partitions, later ones too');
RESET ROLE;
SELECT careaccess_stop_acting();
SELECT careaccess_unprotect('paper');
CREATE TABLE paper_child () INHERITS (paper);
INSERT INTO paper_child VALUES (4, 101, 'documents', 'child');
SET LOCAL ROLE careaccess_test_app;
SELECT is(pg_temp.rows_as(13, 'SELECT id FROM papers'), '(1) (2) (3)', 'no rows of a table that inherits, once unprotected');
RESET ROLE;
SELECT careaccess_stop_acting();

-- Every type of column; domains stand aside for what is under them

CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE TYPE pair AS (a int, b text);
CREATE DOMAIN sure AS varchar(7) NOT NULL CHECK (value IS NOT NULL);
CREATE DOMAIN surer AS sure;
CREATE DOMAIN many AS int[] CHECK (value IS NOT NULL);
CREATE TABLE wide (id int GENERATED ALWAYS AS IDENTITY, client varchar(10) COLLATE "C", gone int, a smallint, b bigint, c numeric(10,2), d float4, e boolean,
	f varchar(5), g char(3), h "char", i name, j date, k timestamptz(3), l interval(2), m interval day to second, n uuid, o jsonb, p xml, q bytea, r bit(4), s varbit(5),
	t inet, u int4range, v mood, w pair, x text[], y varchar(4)[], z sure, "A" surer, "b""C" many, "d E" careaccess.id, "sélect" money, "t.u" mood[],
	oid_ regclass, doubled int GENERATED ALWAYS AS (a * 2) STORED, col text COLLATE "C", "from" text, "%I" text, "'q'" text, xmin_ point);
ALTER TABLE wide DROP COLUMN gone;
CREATE INDEX ON wide (client);
INSERT INTO wide (client, a, w, z, "A", "b""C", f, g, v) VALUES ('101', 1, (1, 'x'), 'z', 'A', '{1}', 'f', 'g', 'bad');
SELECT careaccess_protect('wide', 'client', 'billing');
SELECT careaccess_mask('none_of_it', 'wide', '{}');
SELECT careaccess_mask('all_of_it', 'wide', (SELECT jsonb_object_agg(attname, 'billing') FROM pg_attribute WHERE attrelid = 'wide'::regclass AND attnum > 0 AND NOT attisdropped));
SELECT careaccess_mask('kept_of_it', 'wide', (SELECT jsonb_object_agg(attname, 'billing') FROM pg_attribute WHERE attrelid = 'wide'::regclass AND attnum > 0 AND NOT attisdropped),
	keep_invisible => true);
SELECT is(
	(SELECT string_agg(v.attname || ' ' || format_type(v.atttypid, v.atttypmod), ', ' ORDER BY v.attnum) FROM pg_attribute AS v WHERE v.attrelid = view::regclass),
	(SELECT string_agg(t.attname || ' ' || CASE t.attname WHEN 'z' THEN 'character varying(7)' WHEN 'A' THEN 'character varying(7)' WHEN 'b"C' THEN 'integer[]'
		ELSE format_type(t.atttypid, t.atttypmod) END, ', ' ORDER BY t.attnum) FROM pg_attribute AS t WHERE t.attrelid = 'wide'::regclass AND t.attnum > 0 AND NOT t.attisdropped),
	view || ': all columns, in order, with their types')
FROM unnest('{none_of_it,all_of_it,kept_of_it}'::text[]) AS view;
GRANT SELECT ON none_of_it, all_of_it, kept_of_it, wide TO careaccess_test_app;
SET LOCAL ROLE careaccess_test_app;
SELECT is(pg_temp.rows_as(13, 'SELECT jsonb_strip_nulls(to_jsonb(whole)) FROM all_of_it AS whole'), pg_temp.rows_as(13, 'SELECT jsonb_strip_nulls(to_jsonb(whole)) FROM wide AS whole'),
	'every value as the table has it');
SELECT is(pg_temp.rows_as(14, 'SELECT * FROM all_of_it'), '(' || repeat(',', (SELECT count(*)::int FROM pg_attribute WHERE attrelid = 'all_of_it'::regclass) - 1) || ')',
	'or null, even where a domain has no nulls and for the client column, which is named');
SELECT is(pg_temp.rows_as(14, 'SELECT jsonb_strip_nulls(to_jsonb(whole)) FROM none_of_it AS whole'), '("{""client"": ""101""}")', 'a column without category is null');
SELECT is(pg_temp.rows_as(20, 'SELECT * FROM kept_of_it'), 'none', 'nothing for another practice');
SELECT is(pg_temp.rows_as(11, 'SELECT DISTINCT jsonb_strip_nulls(to_jsonb(whole)) FROM kept_of_it AS whole'), '({})', 'a hidden row without busy columns is empty');
RESET ROLE;
SELECT careaccess_stop_acting();

-- What is recorded

SELECT is((SELECT string_agg(concat_ws(' ', operation, before ->> 'view', after ->> 'view', after ->> 'table', after ->> 'row_category', after ->> 'keep_invisible'), ', ' ORDER BY operation, after ->> 'view')
	FROM careaccess.event WHERE fact = 'mask' AND coalesce(after ->> 'view', before ->> 'view') IN ('app.calendar', 'app.notes')),
	'mask app.calendar app.visit schedule true, mask app.calendar app.visit schedule true, mask app.notes app.note name false, unmask app.calendar',
	'making and removing masks is logged');

SELECT * FROM finish();
ROLLBACK;
