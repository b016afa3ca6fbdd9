-- Who may make and remove masks, where, and what a mask must not lend.
BEGIN;
SELECT plan(60);

SET client_min_messages = error;

CREATE FUNCTION pg_temp.outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END $$;

SELECT careaccess_create_practice(1, 'one', 'standard');
SELECT careaccess_add_member(1, 10, 'anna', '{clinician}');
SELECT careaccess_add_client(100, 1, 10);

CREATE ROLE careaccess_test_dba;
SELECT careaccess_grant_administrator('careaccess_test_dba');
CREATE ROLE careaccess_test_other_dba;
SELECT careaccess_grant_administrator('careaccess_test_other_dba');
CREATE ROLE careaccess_test_app;
SELECT careaccess_grant_application('careaccess_test_app');
GRANT EXECUTE ON FUNCTION careaccess_act_as TO careaccess_test_app, careaccess_test_dba;

CREATE SCHEMA app AUTHORIZATION careaccess_test_dba;
CREATE SCHEMA elsewhere;
GRANT USAGE ON SCHEMA app, elsewhere TO careaccess_test_app, careaccess_test_other_dba, careaccess_test_dba;
SET search_path = app, public;
CREATE TABLE client (id int PRIMARY KEY, name text, phone text);
INSERT INTO client VALUES (100, 'Ann', '1-100');
ALTER TABLE client OWNER TO careaccess_test_dba;
CREATE TABLE visit (id int, client int) PARTITION BY RANGE (id);
CREATE TABLE visit_1 PARTITION OF visit FOR VALUES FROM (0) TO (10);
CREATE INDEX ON visit (client);
CREATE TABLE plain (id int);
CREATE VIEW seen AS SELECT 1 AS one;
SELECT careaccess_protect('client', 'id', 'profile');
SELECT careaccess_protect('visit', 'client', 'schedule');

-- Arguments

CREATE TEMP TABLE refusals (statement text, code text);
INSERT INTO refusals VALUES
	($$careaccess_mask(NULL, 'client', '{}')$$, '22023'),
	($$careaccess_mask('m', NULL, '{}')$$, '22023'),
	($$careaccess_mask('m', 'client', NULL)$$, '22023'),
	($$careaccess_mask('m', 'client', '{}', NULL)$$, '22023'),
	($$careaccess_mask('m', 'client', '{}', 'name', NULL)$$, '22023'),
	($$careaccess_mask('m', 'client', '{}', 'busy')$$, '22023'),
	($$careaccess_mask('m', 'client', '{}', 'Name')$$, '22023'),
	($$careaccess_mask('m', 'client', 'null')$$, '22023'),
	($$careaccess_mask('m', 'client', '"phone"')$$, '22023'),
	($$careaccess_mask('m', 'client', '["phone"]')$$, '22023'),
	($$careaccess_mask('m', 'client', '{"phone": null}')$$, '22023'),
	($$careaccess_mask('m', 'client', '{"phone": ["profile"]}')$$, '22023'),
	($$careaccess_mask('m', 'client', '{"phone": 1}')$$, '22023'),
	($$careaccess_mask('m', 'client', '{"phone": ""}')$$, '22023'),
	($$careaccess_mask('m', 'client', '{"phone": "chart''); DROP TABLE client; --"}')$$, '22023'),
	($$careaccess_mask('m', 'client', '{"Phone": "profile"}')$$, '42703'),
	($$careaccess_mask('m', 'client', '{"": "profile"}')$$, '42703'),
	($$careaccess_mask('m', 'client', '{"ctid": "profile"}')$$, '42703'),
	($$careaccess_mask('m', 'client', '{"tableoid": "busy"}')$$, '42703'),
	($$careaccess_mask('m', 'client', '{"id": "busy"}', keep_invisible => true)$$, '22023'),
	($$careaccess_mask('', 'client', '{}')$$, '22023'),
	($$careaccess_mask('a.b.c', 'client', '{}')$$, '22023'),
	($$careaccess_mask('m; DROP TABLE client', 'client', '{}')$$, '22023'),
	($$careaccess_mask('nowhere.m', 'client', '{}')$$, '3F000'),
	($$careaccess_mask('pg_catalog.m', 'client', '{}')$$, '22023'),
	($$careaccess_mask('careaccess.m', 'client', '{}')$$, '22023'),
	($$careaccess_mask('information_schema.m', 'client', '{}')$$, '22023'),
	($$careaccess_mask('seen', 'client', '{}')$$, '42P07'),
	($$careaccess_mask('client', 'client', '{}')$$, '42P07'),
	($$careaccess_mask('client_pkey', 'client', '{}')$$, '42P07'),
	($$careaccess_mask('m', 'plain', '{}')$$, '55000'),
	($$careaccess_mask('m', 'seen', '{}')$$, '55000'),
	($$careaccess_mask('m', 'visit_1', '{}')$$, '55000'),
	($$careaccess_mask('m', 'careaccess.client', '{}')$$, '55000'),
	($$careaccess_unmask(NULL)$$, '22023'),
	($$careaccess_unmask('m')$$, '42P01'),
	($$careaccess_unmask('app.m')$$, '42P01'),
	($$careaccess_unmask('seen')$$, '42P01'),
	($$careaccess_unmask('app.seen')$$, '55000'),
	($$careaccess_unmask('app.client')$$, '55000');
SELECT is(pg_temp.outcome('SELECT ' || statement), code, statement) FROM refusals;

-- A temporary schema holds no mask

CREATE TEMP TABLE pg_temp_there (x int);
SELECT is(pg_temp.outcome(format('SELECT careaccess_mask(%L, ''client'', ''{}'')', (SELECT relnamespace::regnamespace || '.m' FROM pg_class WHERE relname = 'pg_temp_there'))),
	'22023', 'no mask in a temporary schema');

-- Who

SET LOCAL ROLE careaccess_test_dba;
SELECT is(pg_temp.outcome($$SELECT careaccess_mask('elsewhere.m', 'client', '{}')$$), '42501', 'the owner needs CREATE on the schema');
SELECT careaccess_act_as(10);
SELECT is(pg_temp.outcome($$SELECT careaccess_mask('m', 'client', '{}')$$), '42501', '… and must not act as a member');
SELECT careaccess_stop_acting();
SELECT is(pg_temp.outcome($$SELECT careaccess_mask('m', 'visit', '{}')$$), '42501', '… and owns the table');
SELECT is(pg_temp.outcome($$SELECT careaccess_mask('m', 'client', '{"phone": "profile", "name": "name"}')$$), 'ok', '… then he may');
SET LOCAL ROLE careaccess_test_other_dba;
SELECT is(pg_temp.outcome($$SELECT careaccess_mask('m2', 'client', '{}')$$), '42501', 'another administrator may not');
SELECT is(pg_temp.outcome($$SELECT careaccess_unmask('m')$$), '42501', '… nor remove it');
SET LOCAL ROLE careaccess_test_app;
SELECT is(pg_temp.outcome($$SELECT careaccess_mask('m2', 'client', '{}')$$), '42501', 'an application may not');
SELECT is(pg_temp.outcome($$SELECT careaccess_unmask('m')$$), '42501', '… nor remove it');
SELECT is(pg_temp.outcome($$SELECT * FROM m$$), '42501', '… nor read it ungranted');
RESET ROLE;
SELECT is((SELECT concat_ws(' ', r.rolsuper, c.reloptions, (SELECT count(*) FROM aclexplode(c.relacl) AS g WHERE g.grantee <> c.relowner))
	FROM pg_class AS c JOIN pg_roles AS r ON r.oid = c.relowner WHERE c.oid = 'm'::regclass), 't {security_barrier=true} 0',
	'the view is the extension owner''s, a barrier, and granted to nobody');
SET LOCAL ROLE careaccess_test_dba;
SELECT is(pg_temp.outcome('SELECT * FROM m'), '42501', 'not even to who made it');
SELECT is(pg_temp.outcome('CREATE OR REPLACE VIEW m AS SELECT * FROM client'), '42501', 'nor may he change it');
SELECT is(pg_temp.outcome('CREATE TRIGGER t INSTEAD OF INSERT ON seen FOR EACH ROW EXECUTE FUNCTION careaccess.refuse_mask_write()'), '42501', 'nor make another view pass for a mask');
SELECT is(pg_temp.outcome($$SELECT careaccess_unmask('app.m')$$), 'ok', 'he removes it');
RESET ROLE;

-- Default privileges are taken back

ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO careaccess_test_app, PUBLIC;
ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO careaccess_test_dba WITH GRANT OPTION;
SELECT careaccess_mask('m', 'client', '{}');
SELECT is((SELECT count(*) FROM pg_class AS c, aclexplode(c.relacl) AS g WHERE c.oid = 'm'::regclass AND g.grantee <> c.relowner), 0::bigint, 'default privileges give nobody a mask');

-- A name in two schemas, and a view that depends on it

SELECT careaccess_mask('elsewhere.m', 'client', '{}');
SELECT is(pg_temp.outcome($$SELECT careaccess_unmask('m')$$), '42P09', 'which one?');
CREATE VIEW upon AS SELECT * FROM app.m;
SELECT is(pg_temp.outcome($$SELECT careaccess_unmask('app.m')$$), '2BP01', 'a view over it keeps it');
SELECT is(pg_temp.outcome($$SELECT careaccess_unmask('elsewhere.m')$$), 'ok', 'the other goes');

-- The extension's owner must be able to read past row security

CREATE ROLE careaccess_test_weak;
GRANT SELECT ON client TO careaccess_test_weak;
UPDATE pg_extension SET extowner = 'careaccess_test_weak'::regrole WHERE extname = 'careaccess';
SELECT is(pg_temp.outcome($$SELECT careaccess_mask('weak', 'client', '{}')$$), '55000', 'an owner who is under row security reads no mask');

SELECT * FROM finish();
ROLLBACK;
