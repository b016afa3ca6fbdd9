-- careaccess_adopt_members: the application's table of staff registers what it
-- holds and what comes.
BEGIN;
SELECT plan(52);

SET client_min_messages = error;
CREATE SCHEMA app;

CREATE FUNCTION pg_temp.outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text; detail text; hint text; n bigint;
BEGIN
	EXECUTE statement;
	GET DIAGNOSTICS n = ROW_COUNT;
	RETURN 'rows ' || n;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', SQLSTATE, message, nullif(detail, ''), nullif(hint, ''));
END $$;
CREATE FUNCTION pg_temp.registered() RETURNS text LANGUAGE sql SECURITY DEFINER AS $$
	SELECT string_agg(concat_ws(' ', m.id, m.practice, m.name, nullif(m.status, 'active'),
		(SELECT string_agg(r.role, ',' ORDER BY r.role) FROM careaccess.member_role r WHERE r.member OPERATOR(careaccess.=) m.id)), '; ' ORDER BY m.id)
	FROM careaccess.member m
$$;

SELECT careaccess_create_practice(1, 'one', 'standard');
SELECT careaccess_create_practice(2, 'two', 'standard');
CREATE ROLE careaccess_test_app;
SELECT careaccess_grant_application('careaccess_test_app');
GRANT EXECUTE ON FUNCTION careaccess_act_as TO careaccess_test_app;
GRANT USAGE ON SCHEMA app TO careaccess_test_app;
SET search_path = app, public;

CREATE TABLE staff (id int PRIMARY KEY, name text, practice int, role varchar(30), roles text[]);
INSERT INTO staff VALUES (1, 'Olga', 1, 'owner', '{owner,clinician}'), (2, 'Carl', 1, 'clinician', '{clinician}'), (3, 'Bea', 1, 'biller', '{biller}'),
	(4, 'Nina', 1, NULL, NULL), (5, 'Otto', 2, 'owner', '{owner}');

-- Refusals

SET LOCAL ROLE careaccess_test_app;
SELECT alike(pg_temp.outcome($$SELECT careaccess_adopt_members('staff', 'id', 'name', 1)$$), '42501 | permission denied for function%', 'a plain role may not call it');
SELECT alike(pg_temp.outcome($$SELECT careaccess.adopt_members_finish('staff', '{1}', '{1}', '{x}', '{"{}"}', '{}')$$), '42501 | not allowed to adopt a table of members%', '… nor its second half');
RESET ROLE;
SELECT alike(pg_temp.outcome($$SELECT careaccess_adopt_members(NULL, 'id', 'name', 1)$$), '22023 | no table is given%', 'no table');
SELECT alike(pg_temp.outcome($$SELECT careaccess_adopt_members('staff', NULL, 'name', 1)$$), '22023 | no id column is given%', 'no id column');
SELECT alike(pg_temp.outcome($$SELECT careaccess_adopt_members('staff', 'id', NULL, 1)$$), '22023 | no name column is given%', 'no name column');
SELECT alike(pg_temp.outcome($$SELECT careaccess_adopt_members('staff', 'id', 'name')$$), '22023 | exactly one of practice and practice_column%', 'no practice');
SELECT alike(pg_temp.outcome($$SELECT careaccess_adopt_members('staff', 'id', 'name', 1, roles => NULL)$$), '22023 | roles must not be null%', 'null roles');
SELECT alike(pg_temp.outcome($$SELECT careaccess_adopt_members('staff', 'id', 'name', 1, roles => '{clinician}', role_column => 'role')$$), '22023 | only one of roles and role_column%', 'both roles and role column');
SELECT alike(pg_temp.outcome($$SELECT careaccess_adopt_members('staff', 'id', 'practice', 1)$$), '42804 | column "practice"%', 'a name column of another type');
SELECT alike(pg_temp.outcome($$SELECT careaccess_adopt_members('staff', 'id', 'name', 1, role_column => 'practice')$$), '42804 | column "practice"%', 'a role column of another type');
SELECT alike(pg_temp.outcome($$SELECT careaccess_adopt_members('staff', 'id', 'nobody', 1)$$), '42703 | column "nobody"%', 'a missing name column');
SELECT alike(pg_temp.outcome($$SELECT careaccess_adopt_members('staff', 'id', 'name', 1, roles => '{chief}')$$),
	'22023 | table app.staff holds 5 rows with a role that the practice does not have: "chief"%', 'an unknown role');
UPDATE staff SET name = ' ' WHERE id = 4;
SELECT alike(pg_temp.outcome($$SELECT careaccess_adopt_members('staff', 'id', 'name', 1)$$), '22023 | table app.staff holds 1 row without a name | For example "4".%', 'an empty name');
UPDATE staff SET name = 'Nina' WHERE id = 4;
SELECT careaccess_add_member(2, 4, 'Somebody', '{}');
SELECT alike(pg_temp.outcome($$SELECT careaccess_adopt_members('staff', 'id', 'name', NULL, 'practice')$$), '55000 | table app.staff holds 1 row whose member is registered in another practice%', 'a member of another practice');
DELETE FROM careaccess.member;
SELECT is(pg_temp.registered(), NULL, 'what is refused registers nothing');

-- What is there

SELECT careaccess_adopt_members('staff', 'id', 'name', practice_column => 'practice', roles => '{}');
SELECT is(pg_temp.registered(), '1 1 Olga; 2 1 Carl; 3 1 Bea; 4 1 Nina; 5 2 Otto', 'without roles');
DELETE FROM careaccess.member;
SELECT careaccess_adopt_members('staff', 'id', 'name', practice_column => 'practice', role_column => 'roles');
SELECT is(pg_temp.registered(), '1 1 Olga clinician,owner; 2 1 Carl clinician; 3 1 Bea biller; 4 1 Nina; 5 2 Otto owner', 'with an array of roles');
DELETE FROM careaccess.member_role;
DELETE FROM careaccess.member;
SELECT careaccess_add_member(1, 2, 'Before', '{scheduler}');
SELECT careaccess_adopt_members('staff', 'id', 'name', practice_column => 'practice', role_column => 'role');
SELECT is(pg_temp.registered(), '1 1 Olga owner; 2 1 Before scheduler; 3 1 Bea biller; 4 1 Nina; 5 2 Otto owner', 'with a role; one registered before is left alone');
SELECT is((SELECT count(*) FROM pg_trigger WHERE tgrelid = 'staff'::regclass), 3::bigint, 'adopting anew replaces the triggers');
SELECT alike(pg_temp.outcome($$SELECT careaccess_adopt_clients('staff', 'id', 1)$$), '55000 | table app.staff is adopted as the other kind already%', 'a table is one of both');

-- What comes

GRANT ALL ON staff TO careaccess_test_app;
SET LOCAL ROLE careaccess_test_app;
SELECT alike(pg_temp.outcome($$INSERT INTO staff VALUES (6, 'Eve', 1, 'owner')$$), '42501 | no member is acting%', 'nobody registers a member');
SELECT careaccess_act_as(1);
SELECT is(pg_temp.outcome($$INSERT INTO staff VALUES (6, 'Eve', 1, 'clinician') RETURNING *$$), 'rows 1', 'a new row');
SELECT is(pg_temp.outcome($$INSERT INTO staff VALUES (7, 'Tom', 1, NULL), (6, 'Eve', 1, 'owner') ON CONFLICT DO NOTHING$$), 'rows 1', 'a row without role');
SELECT is(pg_temp.registered(), '1 1 Olga owner; 2 1 Before scheduler; 3 1 Bea biller; 4 1 Nina; 5 2 Otto owner; 6 1 Eve clinician; 7 1 Tom', '… are members; what was skipped changed nothing');
SELECT alike(pg_temp.outcome($$INSERT INTO staff VALUES (8, 'Tim', 1, 'chief')$$), '22023 | unknown role%', 'an unknown role is refused');
SELECT alike(pg_temp.outcome($$INSERT INTO staff VALUES (8, 'Tim', 2, 'owner')$$), 'P0002 | no such practice: "2"%', 'another practice too');
SELECT alike(pg_temp.outcome($$INSERT INTO staff VALUES (8, NULL, 1, 'biller')$$), '22023 | name must not be null%', '… and no name');
SELECT is(pg_temp.outcome($$UPDATE staff SET name = 'Eva' WHERE id = 6$$), 'rows 1', 'a new name');
SELECT is(pg_temp.outcome($$UPDATE staff SET role = 'biller' WHERE id = 7$$), 'rows 1', 'a new role');
SELECT is(pg_temp.registered(), '1 1 Olga owner; 2 1 Before scheduler; 3 1 Bea biller; 4 1 Nina; 5 2 Otto owner; 6 1 Eva clinician; 7 1 Tom biller', '… are taken over');
SELECT alike(pg_temp.outcome($$UPDATE staff SET role = 'clinician' WHERE id = 1$$), '42501 | %', 'nobody changes his own roles');
SELECT alike(pg_temp.outcome($$UPDATE staff SET id = 99 WHERE id = 6$$), '55000 | the identifier of a member cannot be changed%', 'the identifier does not change');
SELECT alike(pg_temp.outcome($$UPDATE staff SET practice = 2 WHERE id = 6$$), '55000 | the practice of a member cannot be changed%', 'nor the practice');
SELECT careaccess_act_as(3);
SELECT alike(pg_temp.outcome($$UPDATE staff SET role = 'owner' WHERE id = 7$$), '42501 | %', 'who may not manage members changes no role');
SELECT alike(pg_temp.outcome($$INSERT INTO staff VALUES (8, 'Tim', 1, 'owner')$$), '42501 | %', '… adds nobody');
SELECT alike(pg_temp.outcome($$DELETE FROM staff WHERE id = 7$$), '42501 | %', '… and removes nobody');
SELECT careaccess_act_as(1);
RESET ROLE;
SELECT careaccess_stop_acting();
SELECT careaccess_add_client(100, 1, 6);
SET LOCAL ROLE careaccess_test_app;
SELECT careaccess_act_as(1);
SELECT alike(pg_temp.outcome($$DELETE FROM staff WHERE id = 6$$), '55000 | %', 'who owns clients is not deleted');
SELECT is(pg_temp.outcome($$DELETE FROM staff WHERE id = 7$$), 'rows 1', 'another one is');
SELECT is(pg_temp.registered() LIKE '%; 7 1 Tom removed%', true, '… and is removed');
SELECT is(pg_temp.outcome($$INSERT INTO staff VALUES (7, 'Tom', 1, 'biller')$$), 'rows 1', 'his identifier is registered already');
SELECT is(pg_temp.registered() LIKE '%; 7 1 Tom removed%', true, '… and left alone: he stays removed');
SELECT is(pg_temp.outcome($$DELETE FROM staff WHERE id = 7$$), 'rows 1', '… his row can be deleted again');
RESET ROLE;
SELECT careaccess_stop_acting();
SELECT alike(pg_temp.outcome($$TRUNCATE staff$$), '55000 | table app.staff cannot be truncated%', 'TRUNCATE is refused');
ALTER TABLE staff RENAME name TO full_name;
ALTER TABLE staff RENAME role TO duty;
SELECT is(pg_temp.outcome($$INSERT INTO staff VALUES (9, 'Ada', 1, 'clinician')$$), 'rows 1', 'renamed columns are followed');
SELECT is(pg_temp.outcome($$UPDATE staff SET duty = 'biller', full_name = 'Ida' WHERE id = 9$$), 'rows 1', '… in updates too');
SELECT is(pg_temp.registered() LIKE '%; 9 1 Ida biller', true, '… as before');

-- One practice, fixed roles, partitions

CREATE TABLE team (id text, name varchar(50), place text, PRIMARY KEY (id, place)) PARTITION BY LIST (place);
CREATE TABLE team_n PARTITION OF team FOR VALUES IN ('north');
CREATE TABLE team_s PARTITION OF team FOR VALUES IN ('south');
INSERT INTO team VALUES ('t1', 'Ann', 'north');
SELECT careaccess_adopt_members('team', 'id', 'name', 1, roles => '{clinician,biller}');
INSERT INTO team_s VALUES ('t2', 'Ben', 'south');
SELECT is(pg_temp.registered() LIKE '%; t1 1 Ann biller,clinician; t2 1 Ben biller,clinician', true, 'fixed roles');
SELECT is(pg_temp.outcome($$UPDATE team SET place = 'south' WHERE id = 't1'$$), 'rows 1', 'a row that moves to another partition');
SELECT is(pg_temp.registered() LIKE '%; t1 1 Ann biller,clinician; t2%', true, '… stays who he is');
SELECT is(pg_temp.outcome($$DELETE FROM team_s WHERE id = 't1'$$), 'rows 1', 'one that is deleted');
SELECT is(pg_temp.registered() LIKE '%; t1 1 Ann removed%', true, '… is removed');
SELECT is((SELECT count(*) FROM careaccess.adoption), 0::bigint, 'nothing is left of statements that are done');

SELECT * FROM finish();
ROLLBACK;
