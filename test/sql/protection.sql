--
-- Protecting and adopting tables: what is said word for word, what is made,
-- and who may call what.  The rules are tested in test/tap/protection_*.sql.
--
SET client_min_messages = warning;
CREATE EXTENSION careaccess;
SET client_min_messages = notice;
\set SHOW_CONTEXT never
CREATE SCHEMA app;
SET search_path = app, public;

SELECT careaccess_create_practice(1, 'one', 'standard');
SELECT careaccess_create_practice(2, 'two', 'standard');
SELECT careaccess_add_member(1, 10, 'anna', '{clinician}');
SELECT careaccess_add_client(100, 1, 10);
SELECT careaccess_add_client(101, 1, 10);

-- Everything there is to warn of, and nothing else

CREATE TABLE note (id int PRIMARY KEY, client int, author int, kind text);
INSERT INTO note VALUES (1, 100, 10, 'chart'), (2, NULL, 10, 'chart'), (3, NULL, 10, 'chart'), (4, 101, 10, 'letter'), (5, 101, 10, NULL);
SELECT careaccess_protect('note', 'client', 'chart');
SELECT careaccess_protect('note', 'client', 'profile', replace => true);
SELECT careaccess_protect('note', 'client', category_column => 'kind', replace => true);
DELETE FROM note WHERE id > 1;
CREATE INDEX note_partial ON note (client) WHERE author = 10;
CREATE INDEX note_second ON note (author, client);
SELECT careaccess_protect('note', 'client', 'chart', author_column => 'author', replace => true);
CREATE INDEX note_client ON note (client, id);
SELECT careaccess_protect('note', 'client', 'chart', author_column => 'author', replace => true);
-- billing is not authored, and its author rule is none in every practice until one sets another
SELECT careaccess_protect('note', 'client', 'billing', replace => true);
SELECT careaccess_configure_practice(2, '{"author_rules": {"billing": "author"}}');
SELECT careaccess_protect('note', 'client', 'billing', replace => true);
SELECT careaccess_protect('note', 'client', 'billing', author_column => 'author', replace => true);

CREATE TABLE client (id int PRIMARY KEY);
INSERT INTO client VALUES (100), (101);
ALTER TABLE note
	ADD CONSTRAINT harmless FOREIGN KEY (client) REFERENCES client,
	ADD CONSTRAINT cascading FOREIGN KEY (client) REFERENCES client ON DELETE CASCADE,
	ADD CONSTRAINT "set null" FOREIGN KEY (client) REFERENCES client ON UPDATE SET NULL;
SELECT careaccess_protect('note', 'client', 'profile', replace => true);

CREATE TABLE visit (id int, client int) PARTITION BY RANGE (id);
CREATE TABLE visit_1 PARTITION OF visit FOR VALUES FROM (0) TO (10);
CREATE TABLE visit_2 PARTITION OF visit FOR VALUES FROM (10) TO (20);
CREATE INDEX ON visit_1 (client);
SELECT careaccess_protect('visit', 'client', 'schedule');
CREATE INDEX ON visit_2 (client);
SELECT careaccess_protect('visit', 'client', 'schedule', replace => true);
CREATE TABLE empty (id int, client int) PARTITION BY RANGE (id);
SELECT careaccess_protect('empty', 'client', 'schedule');

-- What is made

\d note
SELECT tablename, policyname, permissive, roles, cmd, qual, with_check FROM pg_policies WHERE schemaname = 'app' AND tablename IN ('note', 'visit_1') ORDER BY 1, 2;
SELECT "table", root, partition, client_column, category, category_column, author_column, row_security, forced, policies
FROM careaccess.protected_tables ORDER BY "table"::text;
ALTER TABLE visit DETACH PARTITION visit_2;
ALTER TABLE visit DETACH PARTITION visit_1 CONCURRENTLY;
ALTER TABLE visit ATTACH PARTITION visit_1 FOR VALUES FROM (0) TO (10);
SELECT "table", root, partition FROM careaccess.protected_tables ORDER BY "table"::text;

-- What is adopted

CREATE TABLE patient (id int PRIMARY KEY, owner int);
SELECT careaccess_adopt_clients('patient', 'id', 1, owner_column => 'owner');
\d patient
-- Adopting a table of more rows than a batch says how far it is.
BEGIN;
CREATE OR REPLACE FUNCTION careaccess.adoption_batch() RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 2;
CREATE TABLE many (id int PRIMARY KEY, owner int);
INSERT INTO many SELECT n, 10 FROM generate_series(300, 301) AS n;
SELECT careaccess_adopt_clients('many', 'id', 1, owner_column => 'owner');
INSERT INTO many VALUES (302, 10);
SELECT careaccess_adopt_clients('many', 'id', 1, owner_column => 'owner');
DROP TABLE many;
CREATE TABLE many (id int PRIMARY KEY, owner int);
INSERT INTO many SELECT n, 10 FROM generate_series(302, 307) AS n;
SELECT careaccess_adopt_clients('many', 'id', 1, owner_column => 'owner');
ROLLBACK;
CREATE TABLE staff (id int PRIMARY KEY, name text, role text) PARTITION BY RANGE (id);
CREATE TABLE staff_1 PARTITION OF staff FOR VALUES FROM (0) TO (1000);
SELECT careaccess_adopt_members('staff', 'id', 'name', 1, role_column => 'role');
\d staff_1
CREATE TABLE staff_2 (LIKE staff);
INSERT INTO staff_2 VALUES (1001, 'late', 'clinician');
ALTER TABLE staff ATTACH PARTITION staff_2 FOR VALUES FROM (1000) TO (2000);
SELECT count(*) FROM careaccess.member WHERE name = 'late';
SELECT careaccess_adopt_members('staff', 'id', 'name', 1, role_column => 'role');
SELECT count(*) FROM careaccess.member WHERE name = 'late';

CREATE ROLE regress_careaccess_app;
SELECT careaccess_grant_application('regress_careaccess_app');
GRANT EXECUTE ON FUNCTION careaccess_act_as TO regress_careaccess_app;
GRANT USAGE ON SCHEMA app TO regress_careaccess_app;
GRANT SELECT ON visit TO regress_careaccess_app;

-- Privileges

SELECT p.oid::regprocedure AS callable_by_all FROM pg_proc p
WHERE p.pronamespace = 'careaccess'::regnamespace AND (p.proname LIKE 'protect%' OR p.proname LIKE 'adopt%' OR p.proname ~ '^(unprotect|restore|make|drop)_')
	AND has_function_privilege('regress_careaccess_app', p.oid, 'EXECUTE')
ORDER BY 1::text COLLATE "C";
SET ROLE regress_careaccess_app;
SELECT careaccess_protect('app.note', 'client', 'chart');
SELECT careaccess_unprotect('app.note');
SELECT careaccess.protect_begin('app.note', 'client', 'chart', NULL, NULL, NULL, NULL, true);
SELECT careaccess.adopt_begin('app.patient', 'client', 'id', 1, NULL, NULL, NULL, NULL);
SELECT careaccess.protect_partition('app.note', 'app.visit');
SELECT careaccess.make_policies('app.note');
SELECT * FROM careaccess.protected_tables;
SELECT * FROM careaccess.protected_table;
RESET ROLE;
-- The refusals waited for no lock and left none
BEGIN;
SET LOCAL ROLE regress_careaccess_app;
SAVEPOINT s;
SELECT careaccess.protect_begin('app.note', 'client', 'chart', NULL, NULL, NULL, NULL, true);
ROLLBACK TO s;
RESET ROLE;
SELECT count(*) FROM pg_locks WHERE relation = 'note'::regclass AND mode = 'AccessExclusiveLock';
COMMIT;

-- Refusals, word for word

SELECT careaccess_unprotect('client');
SELECT careaccess_protect('client', 'id');
DROP TABLE note;
ALTER TABLE note DROP COLUMN client CASCADE;
CREATE TABLE child () INHERITS (note);
INSERT INTO patient VALUES (1, 10);
UPDATE patient SET id = 2;
TRUNCATE patient;
\set VERBOSITY terse
DROP EXTENSION careaccess;
\set VERBOSITY default

SELECT careaccess_unprotect('note');
SELECT careaccess_unprotect('visit');
SELECT careaccess_unprotect('visit_2');
SELECT careaccess_unprotect('empty');
\d note
SELECT * FROM careaccess.protected_tables;
SET client_min_messages = warning;
DROP SCHEMA app CASCADE;
DROP EXTENSION careaccess;
DROP OWNED BY regress_careaccess_app;
DROP ROLE regress_careaccess_app;
