-- Adopted tables whose rows move between partitions, whose rows are skipped,
-- which force row security themselves, and whose columns are renamed as a view's.
BEGIN;
SELECT plan(22);
SET LOCAL client_min_messages = warning;
CREATE SCHEMA app;
SELECT careaccess_create_practice(1, 'One', 'standard');
SELECT careaccess_add_member(1, m, n, ARRAY[r])
FROM (VALUES (9, 'Boss', 'owner'), (10, 'Anna', 'clinician'), (11, 'Bert', 'clinician')) AS v (m, n, r);

CREATE FUNCTION pg_temp.owner_of(careaccess.id) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(l.member::text, ' ') FROM careaccess.client_link AS l
	WHERE l.client OPERATOR(careaccess.=) $1 AND l.active AND l.kind = 'owner' $$;

CREATE TABLE app.client (id int, region text, owner int) PARTITION BY LIST (region);
CREATE TABLE app.client_a PARTITION OF app.client FOR VALUES IN ('a');
CREATE TABLE app.client_b PARTITION OF app.client FOR VALUES IN ('b');
INSERT INTO app.client VALUES (1, 'a', 10), (2, 'a', 10);
SELECT careaccess_adopt_clients('app.client', 'id', 1, owner_column => 'owner');
UPDATE app.client SET owner = 11 WHERE id = 1;
SELECT is(pg_temp.owner_of(1), '11', 'a new owner in the column is the new owner');
UPDATE app.client SET region = 'b', owner = 11 WHERE id = 2;
SELECT is(pg_temp.owner_of(2), '11', '… also where the row moves to another partition');
SELECT is((SELECT count(*) FROM careaccess.adoption), 0::bigint, '… and nothing of the move is left over');

SELECT careaccess_act_as(10);
SELECT throws_ok('UPDATE app.client SET region = ''a'', owner = 10 WHERE id = 2', 'P0002', NULL,
	'moving the row is no way round the right to reassign');
SELECT careaccess_stop_acting();
SELECT careaccess_reassign_client(2, 10);
SELECT lives_ok('UPDATE app.client SET region = ''a'', owner = 10 WHERE id = 2', 'a column that catches up may move the row, too');

CREATE TABLE app.staff (id int, region text, name text, role text) PARTITION BY LIST (region);
CREATE TABLE app.staff_a PARTITION OF app.staff FOR VALUES IN ('a');
CREATE TABLE app.staff_b PARTITION OF app.staff FOR VALUES IN ('b');
INSERT INTO app.staff VALUES (50, 'a', 'Cleo', 'clinician');
SELECT careaccess_adopt_members('app.staff', 'id', 'name', 1, role_column => 'role');
UPDATE app.staff SET region = 'b', name = 'Clea', role = 'biller' WHERE id = 50;
SELECT results_eq(
	$$SELECT m.name, r.role FROM careaccess.member AS m JOIN careaccess.member_role AS r ON r.member OPERATOR(careaccess.=) m.id
		WHERE m.id OPERATOR(careaccess.=) 50::careaccess.id$$,
	$$VALUES ('Clea', 'biller')$$, 'name and role follow a member''s row to another partition');

CREATE TABLE app.patient (id int PRIMARY KEY, email text UNIQUE, owner int);
INSERT INTO app.patient VALUES (100, 'taken', 10);
SELECT careaccess_adopt_clients('app.patient', 'id', 1, owner_column => 'owner');
INSERT INTO app.patient VALUES (101, 'taken', 11), (101, 'free', 10) ON CONFLICT DO NOTHING;
SELECT is(pg_temp.owner_of(101), '10', 'the row that stays is registered, not the one that was skipped');

CREATE TABLE app.forced (id int PRIMARY KEY, owner int);
ALTER TABLE app.forced ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
SELECT careaccess_adopt_clients('app.forced', 'id', 1, owner_column => 'owner');
SELECT ok(relforcerowsecurity, 'row security that was forced stays forced') FROM pg_class WHERE oid = 'app.forced'::regclass;

CREATE TABLE app.note (id int, client int);
SELECT careaccess_protect('app.note', 'client', 'profile');
ALTER VIEW app.note RENAME COLUMN client TO patient;
SELECT is(client_column, 'patient', 'a column renamed by ALTER VIEW is followed')
FROM careaccess.protected_table WHERE relation = 'app.note'::regclass;
ALTER MATERIALIZED VIEW app.patient RENAME COLUMN owner TO therapist;
SELECT lives_ok('INSERT INTO app.patient VALUES (102, ''new'', 10)', '… in an adopted table, too');
SELECT is(pg_temp.owner_of(102), '10', '… whose rows go on being registered');

-- A partition alone cannot be adopted, nor an adopted table become one.
CREATE TABLE app.part (id int, owner int);
SELECT careaccess_adopt_clients('app.part', 'id', 1, owner_column => 'owner');
CREATE TABLE app.whole (id int, owner int) PARTITION BY LIST (id);
SELECT throws_ok('ALTER TABLE app.whole ATTACH PARTITION app.part FOR VALUES IN (200)', '55000',
	'adopted table app.part cannot be a partition of a table that is not adopted', 'an adopted table is not attached to one that is not');
CREATE TABLE app.other PARTITION OF app.whole FOR VALUES IN (201);
SELECT throws_ok($$SELECT careaccess_adopt_clients('app.other', 'id', 1, owner_column => 'owner')$$, NULL, 'app.other is a partition', 'nor is a partition adopted alone');
SELECT lives_ok('INSERT INTO app.part VALUES (202, 10)', '… and the table goes on as it was');
-- Nor is it parent or child by inheritance: the rows of the one would come to
-- the other past its triggers.
CREATE TABLE app.above (id int, owner int);
CREATE TABLE app.below (id int, owner int);
CREATE TABLE app.crew (id int, owner int, name text);
SELECT careaccess_adopt_members('app.crew', 'id', 'name', 1);
CREATE FUNCTION pg_temp.refusal(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
	hint text;
BEGIN
	EXECUTE statement;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', SQLSTATE, SQLERRM, detail, hint);
END $$;
SELECT is(pg_temp.refusal(statement), format('55000 | an adopted table can be neither parent nor child by inheritance | The child would be %s. '
	'Statements on the one would not register the rows of the other. | Use partitions, or two tables and a view with security_invoker.', child), statement)
FROM (VALUES ('ALTER TABLE app.part INHERIT app.above', 'app.part'), ('ALTER TABLE app.below INHERIT app.part', 'app.below'),
	('CREATE TABLE app.made () INHERITS (app.part)', 'app.made'), ('ALTER TABLE app.crew INHERIT app.above', 'app.crew'),
	('CREATE TABLE app.made () INHERITS (app.above, app.crew)', 'app.made')) AS v (statement, child);
SELECT is(pg_temp.refusal('ALTER TABLE app.below INHERIT app.above'), 'done', 'tables that are not adopted inherit as they like');
SELECT alike(pg_temp.refusal($$SELECT careaccess_adopt_clients('app.above', 'id', 1)$$), '42809 | app.above is a parent of app.below | %', '… and are then not adopted');
SELECT is((SELECT count(*) FROM pg_inherits WHERE inhrelid IN ('app.part'::regclass, 'app.crew'::regclass) OR inhparent IN ('app.part'::regclass, 'app.crew'::regclass)), 0::bigint,
	'nothing came of it');
SELECT * FROM finish();
ROLLBACK;
