-- careaccess_adopt_clients: the application's table of clients registers what
-- it holds and what comes.
BEGIN;
SELECT plan(145);

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
-- The clients that are registered, with practice and links.
CREATE FUNCTION pg_temp.registered() RETURNS text LANGUAGE sql SECURITY DEFINER AS $$
	SELECT string_agg(concat_ws(' ', c.id, c.practice,
		(SELECT string_agg(l.kind || ':' || l.member, ',' ORDER BY l.kind, l.member::text) FROM careaccess.client_link l
			WHERE l.client OPERATOR(careaccess.=) c.id AND l.active)), '; ' ORDER BY c.id)
	FROM careaccess.client c
$$;

SELECT careaccess_create_practice(1, 'one', 'standard');
SELECT careaccess_create_practice(2, 'listed', 'therapyappointment');
SELECT careaccess_add_member(1, 9, 'boss', '{owner}');
SELECT careaccess_add_member(1, 10, 'anna', '{clinician}');
SELECT careaccess_add_member(1, 11, 'bert', '{clinician}');
SELECT careaccess_add_member(1, 12, 'bill', '{biller}');
SELECT careaccess_add_member(2, 20, 'pete', '{provider}');
SELECT careaccess_add_member(2, 21, 'rosa', '{provider}');
SELECT careaccess_add_member(1, 13, 'gone', '{clinician}');
SELECT careaccess_set_member_status(13, 'disabled');
CREATE ROLE careaccess_test_app;
SELECT careaccess_grant_application('careaccess_test_app');
GRANT EXECUTE ON FUNCTION careaccess_act_as TO careaccess_test_app;
GRANT USAGE ON SCHEMA app TO careaccess_test_app;
CREATE ROLE careaccess_test_dba;
SELECT careaccess_grant_administrator('careaccess_test_dba');
GRANT ALL ON SCHEMA app TO careaccess_test_dba;
SET search_path = app, public;

CREATE TABLE client (id int PRIMARY KEY, name text, email text UNIQUE, practice int, owner int);

-- Refusals

SET LOCAL ROLE careaccess_test_app;
SELECT alike(pg_temp.outcome($$SELECT careaccess_adopt_clients('client', 'id', 1)$$), '42501 | permission denied for function%', 'a plain role may not call it');
SET LOCAL ROLE careaccess_test_dba;
SELECT alike(pg_temp.outcome($$SELECT careaccess_adopt_clients('client', 'id', 1)$$), '42501 | must be owner of table app.client%', 'nor an administrator who does not own the table');
SELECT alike(pg_temp.outcome($$SELECT careaccess.adopt_clients_finish('client', '{1}', '{1}', '{10}', '{id,1,"",""}')$$), '42501 | must be owner of table app.client%', '… nor by the second half');
RESET ROLE;
SELECT careaccess_act_as(9);
SELECT alike(pg_temp.outcome($$SELECT careaccess_adopt_clients('client', 'id', 1)$$), '42501 | not allowed to adopt a table of clients%', 'nor a member');
SELECT careaccess_stop_acting();
SELECT alike(pg_temp.outcome($$SELECT careaccess_adopt_clients(NULL, 'id', 1)$$), '22023 | no table is given%', 'no table');
SELECT alike(pg_temp.outcome($$SELECT careaccess_adopt_clients('client', NULL, 1)$$), '22023 | no id column is given%', 'no id column');
SELECT alike(pg_temp.outcome($$SELECT careaccess_adopt_clients('client', 'id')$$), '22023 | exactly one of practice and practice_column%', 'neither practice nor practice column');
SELECT alike(pg_temp.outcome($$SELECT careaccess_adopt_clients('client', 'id', 1, 'practice')$$), '22023 | exactly one of practice and practice_column%', 'both');
SELECT alike(pg_temp.outcome($$SELECT careaccess_adopt_clients('client', 'id', 77)$$), 'P0002 | no such practice: "77"%', 'an unknown practice');
SELECT alike(pg_temp.outcome($$SELECT careaccess_adopt_clients('client', 'nr', 1)$$), '42703 | column "nr"%', 'a missing id column');
SELECT alike(pg_temp.outcome($$SELECT careaccess_adopt_clients('client', 'id', NULL, 'nr')$$), '42703 | column "nr"%', 'a missing practice column');
SELECT alike(pg_temp.outcome($$SELECT careaccess_adopt_clients('client', 'id', 1, NULL, 'nr')$$), '42703 | column "nr"%', 'a missing owner column');
ALTER TABLE client ADD COLUMN money numeric;
SELECT alike(pg_temp.outcome($$SELECT careaccess_adopt_clients('client', 'money', 1)$$), '42804 | column "money"%', 'an id column of another type');
SELECT alike(pg_temp.outcome($$SELECT careaccess_adopt_clients('client', 'id', NULL, 'money')$$), '42804 | column "money"%', 'a practice column of another type');
SELECT alike(pg_temp.outcome($$SELECT careaccess_adopt_clients('client', 'id', 1, NULL, 'money')$$), '42804 | column "money"%', 'an owner column of another type');
ALTER TABLE client DROP COLUMN money;
CREATE VIEW v AS SELECT * FROM client;
SELECT alike(pg_temp.outcome($$SELECT careaccess_adopt_clients('v', 'id', 1)$$), '42809 | app.v is a view%', 'a view');

INSERT INTO client VALUES (100, 'a', 'a@x', 1, 10), (101, 'b', 'b@x', 1, 11), (200, 'c', 'c@x', 2, 20), (201, 'd', 'd@x', 2, NULL);
SELECT is(pg_temp.outcome($$SELECT careaccess_adopt_clients('client', 'id', NULL, 'practice')$$),
	'22023 | table app.client holds 2 rows without an owner, in a practice whose clients have one | For example "100".'
	' | Name the column of the owners with owner_column, fill it in, or register these clients first with careaccess_add_client.', 'no owner column where clients have owners');
UPDATE client SET owner = NULL WHERE id = 100;
SELECT alike(pg_temp.outcome($$SELECT careaccess_adopt_clients('client', 'id', NULL, 'practice', 'owner')$$),
	'22023 | table app.client holds 1 row without an owner, in a practice whose clients have one | For example "100".%', 'a client without owner');
UPDATE client SET owner = 12 WHERE id = 100;
SELECT alike(pg_temp.outcome($$SELECT careaccess_adopt_clients('client', 'id', NULL, 'practice', 'owner')$$),
	'22023 | table app.client holds 1 row whose owner is no active practitioner of the practice | For example "12".%', 'an owner who is no practitioner');
UPDATE client SET owner = 13 WHERE id = 100;
SELECT alike(pg_temp.outcome($$SELECT careaccess_adopt_clients('client', 'id', NULL, 'practice', 'owner')$$),
	'22023 | table app.client holds 1 row whose owner is no active practitioner of the practice | For example "13".%', '… who is not active');
UPDATE client SET owner = 20 WHERE id = 100;
SELECT alike(pg_temp.outcome($$SELECT careaccess_adopt_clients('client', 'id', NULL, 'practice', 'owner')$$),
	'22023 | table app.client holds 1 row whose owner is no active practitioner of the practice | For example "20".%', '… of another practice');
UPDATE client SET owner = 10, practice = 3 WHERE id = 100;
SELECT alike(pg_temp.outcome($$SELECT careaccess_adopt_clients('client', 'id', NULL, 'practice', 'owner')$$),
	'22023 | table app.client holds 1 row of a practice that is not registered | For example "3".%', 'an unknown practice in the column');
UPDATE client SET practice = NULL WHERE id = 100;
SELECT alike(pg_temp.outcome($$SELECT careaccess_adopt_clients('client', 'id', NULL, 'practice', 'owner')$$),
	'22023 | table app.client holds 1 row without a practice | For example "100".%', 'no practice in the column');
UPDATE client SET practice = 1 WHERE id = 100;
CREATE TABLE visit (client int, note text);
INSERT INTO visit VALUES (100), (100), (101), (NULL);
SELECT alike(pg_temp.outcome($$SELECT careaccess_adopt_clients('visit', 'client', 1)$$), '22023 | table app.visit holds 1 row without an identifier%', 'a row without identifier');
DELETE FROM visit WHERE client IS NULL;
SELECT alike(pg_temp.outcome($$SELECT careaccess_adopt_clients('visit', 'client', 1)$$), '22023 | table app.visit holds 1 row whose identifier another row has too%', 'an identifier twice: this is no table of clients');
SELECT is(pg_temp.registered(), NULL, 'what is refused registers nothing');
SELECT is((SELECT count(*) FROM pg_trigger WHERE tgrelid = 'client'::regclass), 0::bigint, '… and makes no trigger');
SELECT careaccess_add_client(101, 2, NULL, '{21}');
SELECT alike(pg_temp.outcome($$SELECT careaccess_adopt_clients('client', 'id', NULL, 'practice', 'owner')$$),
	'55000 | table app.client holds 1 row whose client is registered in another practice | For example "101".%', 'a client of another practice');
DELETE FROM careaccess.client WHERE id OPERATOR(careaccess.=) 101;

-- What is there

SELECT careaccess_add_client(100, 1, 11);
SELECT lives_ok($$SELECT careaccess_adopt_clients('client', 'id', practice_column => 'practice', owner_column => 'owner')$$, 'adopt');
SELECT is(pg_temp.registered(), '100 1 owner:11; 101 1 owner:11; 200 2 listed:20; 201 2',
	'the rows are registered: with owner, or listed where clients have none; one registered before is left alone');
SELECT is((SELECT count(*) FROM careaccess.event WHERE operation = 'adopt_clients' AND fact = 'client'), 3::bigint, '… which is logged');
SELECT careaccess_reassign_client(100, 10);

SELECT careaccess_protect('client', 'id', 'name', practice_column => 'practice');
CREATE INDEX ON client (practice);
GRANT ALL ON client TO careaccess_test_app;
REVOKE TRUNCATE ON client FROM careaccess_test_app;

-- What comes

SET LOCAL ROLE careaccess_test_app;
SELECT is(pg_temp.outcome($$INSERT INTO client VALUES (150, 'x', NULL, 1, 10)$$), '42501 | new row violates row-level security policy for table "client"', 'nobody registers a client');
SELECT careaccess_act_as(10);
PREPARE new_client AS INSERT INTO client VALUES (102, 'e', 'e@x', 1, 10) RETURNING id, name;
SELECT results_eq('EXECUTE new_client', $$VALUES (102, 'e')$$, 'INSERT … RETURNING of a new client');
SELECT is(pg_temp.registered(), '100 1 owner:10; 101 1 owner:11; 102 1 owner:10; 200 2 listed:20; 201 2', '… who is registered');
SELECT is((SELECT array_agg(id ORDER BY id) FROM client), '{100,102}', '… and seen');
SELECT is(pg_temp.outcome($$INSERT INTO client VALUES (103, 'f', 'f@x', 1)$$), 'rows 1', 'without owner it is his who inserts');
SELECT is(careaccess_can_view(10, 103), true, '… so he sees it');
SELECT alike(pg_temp.outcome($$INSERT INTO client VALUES (104, 'g', NULL, 1, 11)$$), '42501 | not allowed to add a client for another owner%', 'for another owner as careaccess_add_client is refused');
SELECT alike(pg_temp.outcome($$INSERT INTO client VALUES (104, 'g', NULL, 2, NULL)$$), 'P0002 | no such practice: "2"%', 'in another practice too');
SELECT is(pg_temp.outcome($$INSERT INTO client VALUES (101, 'mine now', NULL, 1, 10)$$), '42501 | new row violates row-level security policy for table "client"',
	'an identifier that is registered is left alone, and the policy decides');
SELECT is(pg_temp.outcome($$INSERT INTO client VALUES (200, 'mine now', NULL, 1, 10)$$), '42501 | new row violates row-level security policy for table "client"', '… of another practice too');
SELECT careaccess_act_as(12);
SELECT is(pg_temp.outcome($$INSERT INTO client VALUES (104, 'g', NULL, 1, 10)$$), '42501 | new row violates row-level security policy for table "client"', 'who may not add clients may not insert one');
SELECT is(pg_temp.registered(), '100 1 owner:10; 101 1 owner:11; 102 1 owner:10; 103 1 owner:10; 200 2 listed:20; 201 2', 'what was refused is not registered');
SELECT careaccess_act_as(20);
SELECT is(pg_temp.outcome($$INSERT INTO client VALUES (202, 'h', 'h@x', 2)$$), 'rows 1', 'a practice without owners');
SELECT is(pg_temp.registered(), '100 1 owner:10; 101 1 owner:11; 102 1 owner:10; 103 1 owner:10; 200 2 listed:20; 201 2; 202 2 listed:20', '… lists who inserts');
SELECT is(pg_temp.outcome($$INSERT INTO client VALUES (203, 'i', 'i@x', 2, 20) RETURNING *$$), 'rows 1', '… or whom the row names');

-- Rows that are not inserted after all

SELECT careaccess_act_as(10);
CREATE TEMP TABLE now AS SELECT pg_temp.registered() AS registered;
GRANT ALL ON now TO careaccess_test_app;
SELECT is(pg_temp.outcome($$INSERT INTO client VALUES (110, 'x', 'e@x', 1, 10) ON CONFLICT DO NOTHING$$), 'rows 0', 'ON CONFLICT DO NOTHING with another row''s e-mail');
SELECT is(pg_temp.registered(), (SELECT registered FROM now), '… leaves no registration');
SELECT is(pg_temp.outcome($$INSERT INTO client VALUES (110, 'x', 'e@x', 1, 10) ON CONFLICT (email) DO UPDATE SET name = 'changed'$$), 'rows 1', 'ON CONFLICT DO UPDATE of that row');
SELECT is(pg_temp.registered(), (SELECT registered FROM now), '… leaves no registration');
SELECT is(pg_temp.outcome($$INSERT INTO client VALUES (102, 'again', 'e@x', 1, 10) ON CONFLICT (id) DO UPDATE SET name = excluded.name RETURNING *$$), 'rows 1', '… of the client himself');
SELECT is(pg_temp.registered(), (SELECT registered FROM now), '… keeps the registration');
SELECT is(pg_temp.outcome($$INSERT INTO client VALUES (111, 'x', 'x1@x', 1, 10), (112, 'x', 'e@x', 1, 10), (113, 'x', 'x3@x', 1, 10) ON CONFLICT DO NOTHING$$), 'rows 2', 'one of three is skipped');
SELECT is(pg_temp.registered() LIKE '%111 1 owner:10; 113 1 owner:10%' AND pg_temp.registered() NOT LIKE '%112%', true, '… the others are registered');
SELECT alike(pg_temp.outcome($$INSERT INTO client VALUES (114, 'x', 'e@x', 1, 10)$$), '23505%', 'a statement that fails');
SELECT is(pg_temp.registered() LIKE '%114%', false, '… registers nothing');
SELECT is(pg_temp.outcome($$DELETE FROM client WHERE id IN (111, 113)$$), '42501 | not allowed to delete a client | This needs the capability delete_client.', 'who may not delete clients');
RESET ROLE;
CREATE FUNCTION skip() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.name = 'skip' THEN RETURN NULL; END IF;
	IF NEW.name = 'renumber' THEN NEW.id := NEW.id + 1000; END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER zzz_last BEFORE INSERT ON client FOR EACH ROW EXECUTE FUNCTION skip();
CREATE TRIGGER aaa_first BEFORE INSERT ON client FOR EACH ROW WHEN (NEW.id < 0) EXECUTE FUNCTION skip();
SET LOCAL ROLE careaccess_test_app;
SELECT is(pg_temp.outcome($$INSERT INTO client VALUES (115, 'skip', NULL, 1, 10)$$), 'rows 0', 'a later trigger that skips the row');
SELECT is(pg_temp.registered() LIKE '%115%', false, '… leaves no registration');
RESET ROLE;
SELECT careaccess_stop_acting();
SELECT is(pg_temp.outcome($$INSERT INTO client VALUES (116, 'renumber', NULL, 1, 10)$$), 'rows 1', 'a later trigger that changes the identifier');
SELECT is(pg_temp.registered() LIKE '%1116 1 owner:10%' AND pg_temp.registered() NOT LIKE '% 116 %', true, '… has the row registered that was inserted');
DELETE FROM client WHERE id = 1116;
DROP TRIGGER zzz_last ON client;
CREATE FUNCTION number() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.id := coalesce(NEW.id, 900);
	NEW.practice := coalesce(NEW.practice, 1);
	RETURN NEW;
END $$;
CREATE TRIGGER set_id BEFORE INSERT ON client FOR EACH ROW EXECUTE FUNCTION number();
SET LOCAL ROLE careaccess_test_app;
SELECT careaccess_act_as(10);
SELECT is(pg_temp.outcome($$INSERT INTO client (name) VALUES ('numbered') RETURNING id$$), 'rows 1', 'an identifier that a trigger of the application sets');
SELECT is(pg_temp.registered() LIKE '%900 1 owner:10%', true, '… is registered');

-- A statement on the table within a statement on it
RESET ROLE;
CREATE FUNCTION twin() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.name = 'twins' THEN
		INSERT INTO app.client VALUES (NEW.id + 1, 'twin', NULL, NEW.practice, NEW.owner);
		INSERT INTO app.client VALUES (NEW.id + 2, 'twin', 'e@x', NEW.practice, NEW.owner) ON CONFLICT DO NOTHING;
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER zzz_twin BEFORE INSERT ON client FOR EACH ROW EXECUTE FUNCTION twin();
CREATE FUNCTION add_one(new_id int) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO app.client VALUES (new_id, 'by function', NULL, 1, 10);
	RETURN 'from a function';
END $$;
SET LOCAL ROLE careaccess_test_app;
SELECT is(pg_temp.outcome($$INSERT INTO client VALUES (120, 'twins', 't@x', 1, 10), (130, 'x', 'e@x', 1, 10) ON CONFLICT DO NOTHING$$), 'rows 1', 'a trigger that inserts clients itself');
SELECT is(pg_temp.registered() ~ '; 120 1 owner:10; 121 1 owner:10; 2', true, '… all that are there are registered, and no other');
SELECT is(pg_temp.outcome($$INSERT INTO client SELECT 140, app.add_one(141), 'e@x', 1, 10 ON CONFLICT DO NOTHING$$), 'rows 0', 'a function that inserts a client');
SELECT is(pg_temp.registered() ~ '; 141 1 owner:10; 2' AND pg_temp.registered() !~ '; 140 ', true, '… likewise');
SELECT is(pg_temp.outcome($$WITH a AS (INSERT INTO client VALUES (160, 'cte', NULL, 1, 10) RETURNING id), b AS (INSERT INTO client VALUES (161, 'cte', 'e@x', 1, 10) ON CONFLICT DO NOTHING RETURNING id)
	INSERT INTO client SELECT 162, 'cte', NULL, 1, 10$$), 'rows 1', 'several INSERTs in one statement');
SELECT is(pg_temp.registered() ~ '; 160 1 owner:10; 162 1 owner:10; 2', true, '… likewise');
SELECT is(pg_temp.outcome($$MERGE INTO client c USING (VALUES (102), (163)) AS s(id) ON c.id = s.id
	WHEN MATCHED THEN UPDATE SET name = 'merged' WHEN NOT MATCHED THEN INSERT VALUES (s.id, 'merged', NULL, 1, 10)$$), 'rows 2', 'MERGE');
SELECT is(pg_temp.registered() ~ '; 163 1 owner:10; 2', true, '… registers what it inserts');
RESET ROLE;
SELECT is((SELECT count(*) FROM careaccess.adoption), 0::bigint, 'nothing is left of statements that are done');
SELECT is(current_setting('careaccess.adopting'), '', '… and none is under way');
SAVEPOINT a;
SELECT careaccess_stop_acting();
INSERT INTO client VALUES (170, 'x', NULL, 1, 10);
ROLLBACK TO a;
SELECT is(pg_temp.registered() LIKE '%170%', false, 'what is rolled back is not registered');

-- A bulk load
SELECT careaccess_stop_acting();
SELECT is(pg_temp.outcome($$INSERT INTO client SELECT 1000 + n, 'bulk', 'bulk' || n, 1, 10 FROM generate_series(1, 300) n$$), 'rows 300', 'many at once');
SELECT is((SELECT count(*) FROM careaccess.client WHERE id OPERATOR(careaccess.>) 1000 AND id OPERATOR(careaccess.<=) 1300), 300::bigint, '… are all registered');
SELECT is(pg_temp.outcome($$DELETE FROM client WHERE name = 'bulk'$$), 'rows 300', '… and deleted');
SELECT is((SELECT count(*) FROM careaccess.client WHERE id OPERATOR(careaccess.>) 1000), 0::bigint, '… are none');

-- UPDATE

SET LOCAL ROLE careaccess_test_app;
SELECT careaccess_act_as(10);
SELECT is(pg_temp.outcome($$UPDATE client SET name = 'other' WHERE id = 102$$), 'rows 1', 'an UPDATE of another column');
SELECT alike(pg_temp.outcome($$UPDATE client SET id = 999 WHERE id = 102$$), '55000 | the identifier of a client cannot be changed%', 'the identifier does not change');
SELECT alike(pg_temp.outcome($$UPDATE client SET practice = 2 WHERE id = 102$$), '55000 | the practice of a client cannot be changed%', '… nor the practice');
SELECT alike(pg_temp.outcome($$UPDATE client SET owner = 11 WHERE id = 102$$), '42501 | not allowed to reassign a client%', 'the owner changes as careaccess_reassign_client does: refused');
SELECT alike(pg_temp.outcome($$UPDATE client SET owner = NULL WHERE id = 102$$), '42501 | not allowed to reassign a client%', '… and is not taken away');
SELECT careaccess_act_as(9);
SELECT alike(pg_temp.outcome($$UPDATE client SET owner = NULL WHERE id = 102$$), '22023 | member must not be null%', '… not even by who may reassign');
SELECT alike(pg_temp.outcome($$UPDATE client SET owner = 12 WHERE id = 102$$), '22023 | member "12" is not a practitioner%', '… nor given to a biller');
SELECT alike(pg_temp.outcome($$UPDATE client SET owner = 20 WHERE id = 102$$), 'P0002 | no such member: "20"%', '… nor to another practice');
SELECT is(pg_temp.outcome($$UPDATE client SET owner = 11 WHERE id = 102$$), 'rows 1', '… but to a practitioner');
SELECT is(pg_temp.registered() LIKE '%102 1 owner:11;%', true, '… who owns the client now');
SELECT is(pg_temp.outcome($$INSERT INTO client VALUES (102, 'x', 'e@x', 1, 10) ON CONFLICT (id) DO UPDATE SET owner = excluded.owner$$), 'rows 1', 'ON CONFLICT DO UPDATE of the owner');
SELECT is(pg_temp.registered() LIKE '%102 1 owner:10;%', true, '… likewise');
SELECT careaccess_act_as(20);
SELECT alike(pg_temp.outcome($$UPDATE client SET owner = 21 WHERE id = 203$$), '42501 | not allowed to reassign%', 'where clients have no owner it is refused as well');
RESET ROLE;
-- The owner who hands his client on does not lose the row half way
SELECT careaccess_stop_acting();
INSERT INTO careaccess.member_capability (practice, member, capability) VALUES (1, 10, 'reassign_linked');
SET LOCAL ROLE careaccess_test_app;
SELECT careaccess_act_as(10);
SELECT is(pg_temp.outcome($$UPDATE client SET owner = 11 WHERE id = 103$$), 'rows 1', 'an owner hands on his client');
SELECT is((SELECT count(*) FROM client WHERE id = 103), 0::bigint, '… and does not see it any more');

-- DELETE

SELECT is(pg_temp.outcome($$DELETE FROM client WHERE id = 101$$), 'rows 0', 'a hidden client is not deleted');
SELECT careaccess_act_as(9);
SELECT careaccess_share_client(101, 10);
SELECT is(pg_temp.outcome($$DELETE FROM client WHERE id = 101 RETURNING id$$), 'rows 1', 'who holds delete_client deletes');
RESET ROLE;
SELECT is(pg_temp.registered() LIKE '% 101 %', false, '… and the registration ends');
SELECT is((SELECT count(*) FROM careaccess.client_link WHERE client OPERATOR(careaccess.=) 101), 0::bigint, '… with its links');
SELECT careaccess_stop_acting();
SELECT lives_ok('SET CONSTRAINTS ALL IMMEDIATE', '… which no invariant minds');
SET CONSTRAINTS ALL DEFERRED;
SELECT is((SELECT operation FROM careaccess.event WHERE fact = 'client' AND client OPERATOR(careaccess.=) 101 AND after IS NULL ORDER BY at DESC LIMIT 1), 'adopt_clients', '… it is logged');
SELECT alike(pg_temp.outcome($$TRUNCATE client$$), '55000 | table app.client cannot be truncated%', 'TRUNCATE is refused');
CREATE TABLE parent (id int PRIMARY KEY);
INSERT INTO parent VALUES (1), (2);
ALTER TABLE client ADD FOREIGN KEY (practice) REFERENCES parent ON DELETE CASCADE;
DELETE FROM parent WHERE id = 2;
SELECT is(pg_temp.registered() LIKE '% 2 %', false, 'a DELETE that cascades ends the registrations too');

-- Adopting again, renaming, dropping

SELECT lives_ok($$SELECT careaccess_adopt_clients('client', 'id', practice_column => 'practice', owner_column => 'owner')$$, 'adopting again changes nothing');
SELECT is((SELECT count(*) FROM pg_trigger WHERE tgrelid = 'client'::regclass AND tgname LIKE 'zz\_careaccess%'), 7::bigint, '… and makes no trigger twice');
SELECT is((SELECT relforcerowsecurity FROM pg_class WHERE oid = 'client'::regclass), true, '… and leaves row security forced');
DROP TRIGGER zzz_twin ON client;
DROP TRIGGER set_id ON client;
DROP TRIGGER aaa_first ON client;
DROP VIEW v;
ALTER TABLE client RENAME id TO nr;
ALTER TABLE client RENAME owner TO "the owner";
ALTER TABLE client RENAME practice TO clinic;
ALTER TABLE client RENAME TO patient;
SELECT is((SELECT arguments FROM careaccess.adoption_of('patient')), '{nr,"",clinic,"the owner"}', 'renamed columns are followed');
SELECT is(pg_temp.outcome($$INSERT INTO patient VALUES (180, 'x', NULL, 1, 10)$$), 'rows 1', '… and rows still registered');
SELECT is(pg_temp.outcome($$UPDATE patient SET "the owner" = 11 WHERE nr = 180$$), 'rows 1', '… and reassigned');
SELECT is(pg_temp.registered() LIKE '%180 1 owner:11%', true, '… to the new owner');
SELECT alike(pg_temp.outcome($$ALTER TABLE patient DROP COLUMN "the owner"$$), '2BP01 | %', 'a column in use is not dropped');
SELECT alike(pg_temp.outcome($$ALTER TABLE patient DROP COLUMN "the owner" CASCADE$$), '55000 | cannot drop column app.patient."the owner" because its table is adopted%', '… not even with CASCADE');
SELECT lives_ok($$SELECT careaccess_adopt_clients('patient', 'nr', practice_column => 'clinic')$$, 'adopting again without the column');
SELECT is(pg_temp.outcome($$ALTER TABLE patient DROP COLUMN "the owner"$$), 'rows 0', '… lets it go');

-- An administrator adopts his own table, before and after protecting it
SET LOCAL ROLE careaccess_test_dba;
CREATE TABLE own (id text PRIMARY KEY, owner int);
INSERT INTO own VALUES ('K1', 10), ('K2', 10);
SELECT careaccess_adopt_clients('own', 'id', 1, owner_column => 'owner');
SELECT careaccess_protect('own', 'id', 'name');
SELECT is(pg_temp.registered() LIKE '%K1 1 owner:10; K2 1 owner:10', true, 'an administrator adopts his own table');
RESET ROLE;
DELETE FROM careaccess.client WHERE id OPERATOR(careaccess.=) 'K2';
SET LOCAL ROLE careaccess_test_dba;
SELECT careaccess_adopt_clients('own', 'id', 1, owner_column => 'owner');
SELECT is(pg_temp.registered() LIKE '%K1 1 owner:10; K2 1 owner:10', true, '… although row security hides its rows from him');
RESET ROLE;
SELECT is((SELECT relforcerowsecurity FROM pg_class WHERE oid = 'own'::regclass), true, '… and is forced afterwards');

-- Nobody uses the triggers for something else
SET LOCAL ROLE careaccess_test_app;
CREATE TEMP TABLE trick (id int, practice int, owner int);
SELECT alike(pg_temp.outcome($$CREATE TRIGGER t AFTER DELETE ON trick FOR EACH ROW EXECUTE FUNCTION careaccess.adopt_client('id', '1', '', '')$$),
	'42501 | permission denied for function%adopt_client%', 'a plain role does not attach our triggers to its own table');
SELECT alike(pg_temp.outcome($$SELECT count(*) FROM careaccess.adoption$$), '42501 | permission denied for table adoption%', '… nor reads what statements do');
RESET ROLE;

-- Partitions

CREATE TABLE region (id int, place text, owner int, PRIMARY KEY (id, place)) PARTITION BY LIST (place);
CREATE TABLE region_n PARTITION OF region FOR VALUES IN ('north');
CREATE TABLE region_s (place text NOT NULL, owner int, id int NOT NULL);
ALTER TABLE region ATTACH PARTITION region_s FOR VALUES IN ('south');
INSERT INTO region VALUES (300, 'north', 10);
SELECT careaccess_adopt_clients('region', 'id', 1, owner_column => 'owner');
SELECT careaccess_protect('region', 'id', 'name');
GRANT ALL ON region, region_n, region_s TO careaccess_test_app;
SET LOCAL ROLE careaccess_test_app;
SELECT careaccess_act_as(10);
SELECT is(pg_temp.outcome($$INSERT INTO region VALUES (301, 'south', 10), (302, 'north', 10)$$), 'rows 2', 'through the partitioned table');
SELECT is(pg_temp.outcome($$INSERT INTO region_s VALUES ('south', 10, 303)$$), 'rows 1', 'into a partition');
SELECT is(pg_temp.outcome($$INSERT INTO region_s VALUES ('south', 10, 304), ('south', 10, 303) ON CONFLICT DO NOTHING$$), 'rows 1', '… with a conflict');
SELECT is(pg_temp.registered() ~ '300 1 owner:10; 301 1 owner:10; 302 1 owner:10; 303 1 owner:10; 304 1 owner:10', true, '… all are registered');
SELECT careaccess_act_as(9);
SELECT careaccess_share_client(301, 11);
SELECT careaccess_act_as(10);
SELECT is(pg_temp.outcome($$UPDATE region SET place = 'north' WHERE id = 301$$), 'rows 1', 'a row that moves to another partition');
SELECT is(pg_temp.registered() LIKE '%301 1 grant:11,owner:10;%', true, '… keeps its registration with its links');
SELECT alike(pg_temp.outcome($$DELETE FROM region_n WHERE id = 301$$), '42501 | not allowed to delete a client%', 'a row that is deleted needs the capability');
SELECT careaccess_act_as(9);
SELECT is(pg_temp.outcome($$DELETE FROM region_n WHERE id = 301$$), 'rows 1', '… with it');
SELECT is(pg_temp.registered() LIKE '%301%', false, '… the registration ends');
SELECT is(pg_temp.outcome($$MERGE INTO region r USING (VALUES (302), (303)) s(id) ON r.id = s.id WHEN MATCHED AND s.id = 302 THEN DELETE WHEN MATCHED THEN UPDATE SET place = 'north'$$), 'rows 2', 'MERGE deletes one and moves one');
SELECT is(pg_temp.registered() LIKE '%302%', false, '… the one is gone');
SELECT is(pg_temp.registered() LIKE '%303 1 owner:10%', true, '… the other is not');
RESET ROLE;
SELECT careaccess_stop_acting();
CREATE TABLE region_w PARTITION OF region FOR VALUES IN ('west');
SELECT is(pg_temp.outcome($$INSERT INTO region_w VALUES (310, 'west', 10), (310, 'west', 10) ON CONFLICT DO NOTHING$$), 'rows 1', 'into a partition made later');
INSERT INTO region_w VALUES (311, 'west', 10), (312, 'west', 10);
SELECT alike(pg_temp.outcome('TRUNCATE region_w'), '55000 | table app.region_w cannot be truncated%', '… which is not truncated');
ALTER TABLE region DETACH PARTITION region_w;
SELECT is((SELECT count(*) FROM pg_trigger WHERE tgrelid = 'region_w'::regclass), 0::bigint, 'a detached partition has none of our triggers');
SELECT is(pg_temp.outcome($$DELETE FROM region_w$$), 'rows 3', '… and its rows are no clients any more');
SELECT is(pg_temp.registered() LIKE '%312%', true, '… so deleting them ends no registration');
ALTER TABLE region ATTACH PARTITION region_w FOR VALUES IN ('west');
SELECT is((SELECT count(*) FROM pg_trigger WHERE tgrelid = 'region_w'::regclass), 7::bigint, 'attached again it has them again');
SELECT is((SELECT count(*) FROM careaccess.adoption), 0::bigint, 'nothing is left of statements that are done');
SELECT is(current_setting('careaccess.adopting'), '', '… and none is under way');

-- Types

CREATE FUNCTION pg_temp.adopted_type(t text, value text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE format('CREATE TABLE typed (id %s PRIMARY KEY, practice text DEFAULT ''1'', owner smallint DEFAULT 10)', t);
	PERFORM public.careaccess_adopt_clients('typed', 'id', practice_column => 'practice', owner_column => 'owner');
	EXECUTE format('INSERT INTO typed VALUES (%L)', value);
	UPDATE typed SET owner = 11;
	result := (SELECT string_agg(concat(c.id, ' ', l.member), ',') FROM careaccess.client c JOIN careaccess.client_link l ON l.client OPERATOR(careaccess.=) c.id AND l.active
		WHERE c.id OPERATOR(careaccess.=) value);
	DELETE FROM typed;
	result := result || (SELECT count(*) FROM careaccess.client c WHERE c.id OPERATOR(careaccess.=) value);
	DROP TABLE typed;
	RETURN result;
END $$;
CREATE DOMAIN code AS varchar(40) CHECK (VALUE <> '');
SELECT is(pg_temp.adopted_type(t, v), v || ' 110', format('identifiers of type %s', t))
FROM (VALUES ('smallint', '777'), ('integer', '777'), ('bigint', '9000000000'), ('uuid', '3f2c1b2a-0000-4000-8000-000000000001'),
	('text', 'K 77'), ('varchar', 'K-77'), ('code', 'K/77'), ('careaccess.id', 'K77')) AS x(t, v);

SELECT * FROM finish();
ROLLBACK;
