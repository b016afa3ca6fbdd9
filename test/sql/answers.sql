--
-- What the answering functions, the views and the grants show to whom; and
-- what is left without the extension: nothing to see
--
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION careaccess;
CREATE ROLE regress_ca_app;
CREATE ROLE regress_ca_plain;
CREATE ROLE regress_ca_dba;
CREATE ROLE regress_ca_owner;

SELECT careaccess_create_practice('p', 'Practice');
SELECT careaccess_create_practice('q', 'Other');
SELECT careaccess_add_member('p', m, initcap(m), ARRAY[r])
FROM (VALUES ('own', 'owner'), ('mia', 'manager'), ('anna', 'clinician'), ('bert', 'clinician'), ('bill', 'biller')) AS v (m, r);
SELECT careaccess_add_member('q', 'quin', 'Quin', '{clinician}');
SELECT careaccess_add_client(c, 'p', 'anna') FROM unnest('{c1,del1,del2}'::careaccess.id[]) AS c;
SELECT careaccess_add_client('c2', 'p', 'bert'), careaccess_add_client('qdel', 'q', 'quin');
SELECT careaccess_restrict_client('del2');
SELECT careaccess_revoke_administrative_access('del2', 'mia');
SELECT careaccess_set_client_status(c, 'deleted') FROM unnest('{del1,del2,qdel}'::careaccess.id[]) AS c;
CREATE TABLE visit (id integer PRIMARY KEY, client text NOT NULL);
CREATE INDEX ON visit (client);
INSERT INTO visit VALUES (1, 'c1'), (2, 'c2'), (3, 'del1');
CREATE TABLE note (client text NOT NULL, author text, kind text NOT NULL, practice text, shown boolean);
CREATE INDEX ON note (client);
SELECT careaccess_protect('visit', 'client', category => 'schedule');
SELECT careaccess_protect('note', 'client', category_column => 'kind', author_column => 'author', practice_column => 'practice', client_visible_column => 'shown');
GRANT SELECT ON visit, note TO regress_ca_app, regress_ca_plain, regress_ca_dba, regress_ca_owner;

--
-- What a role may do before it is granted anything ...
--
SET ROLE regress_ca_plain;
SELECT kind FROM careaccess_whoami();
SELECT careaccess_can_view('anna', 'c1');
SELECT count(*) FROM visit;
SELECT careaccess_share_client('c1', 'bert');
SELECT careaccess_act_as('anna');
SELECT careaccess_grant_administrator('regress_ca_plain');
SELECT careaccess_protect('visit', 'client', category => 'name', replace => true);
SELECT * FROM careaccess.client;
SELECT * FROM careaccess.deleted_clients;
SELECT careaccess.member_can('anna', 'c1', 'name', 'view');
SELECT careaccess.administrator();
RESET ROLE;
-- ... and no role at all may touch the facts, or what is inside
SELECT c.relname AS readable FROM pg_class AS c
WHERE c.relnamespace = 'careaccess'::regnamespace AND c.relkind IN ('r', 'v', 'S')
	AND (has_table_privilege('regress_ca_plain', c.oid, 'SELECT') OR has_table_privilege('regress_ca_plain', c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER'))
ORDER BY 1;

--
-- Application roles
--
SELECT careaccess_grant_application('no such role');
SELECT careaccess_grant_application(NULL);
SELECT careaccess_grant_application('regress_ca_app');
-- twice is no error
SELECT careaccess_grant_application('regress_ca_app');
GRANT EXECUTE ON FUNCTION careaccess_act_as(careaccess.id, boolean) TO regress_ca_app;
-- What it was given: no administration, no identity, no fact
SELECT p.proname FROM pg_proc AS p
WHERE p.proname LIKE 'careaccess\_%' AND NOT has_function_privilege('regress_ca_app', p.oid, 'EXECUTE')
	AND p.pronamespace = 'public'::regnamespace AND p.proname IN ('careaccess_create_practice', 'careaccess_protect', 'careaccess_unprotect',
		'careaccess_adopt_clients', 'careaccess_adopt_members', 'careaccess_grant_application', 'careaccess_grant_administrator')
ORDER BY 1;
SELECT has_function_privilege('regress_ca_app', 'careaccess.administrator()', 'EXECUTE') AS marker;
SET ROLE regress_ca_app;
SELECT kind FROM careaccess_whoami();
SELECT careaccess_share_client('c1', 'bert');
SELECT careaccess_create_practice('r', 'R');
SELECT * FROM careaccess.client;

--
-- Answers and refusals, word for word
--
SELECT careaccess_can_view('anna', 'c1');
SELECT careaccess_act_as('anna', true);
SELECT careaccess_can_view('anna', 'c1'), careaccess_can_view('anna', 'c2'), careaccess_can_view('anna', 'c1', 'billing');
SELECT careaccess_can('anna', 'c1', 'chart', 'edit'), careaccess_can('anna', 'c1', 'chart', 'edit', 'anna'), careaccess_can('anna', 'c1', 'chart', 'edit', 'bert');
SELECT careaccess_can_view('bert', 'c1');
SELECT careaccess_test_practitioner('bert');
SELECT careaccess_can_view(NULL, 'c1');
SELECT careaccess_can_view('anna', NULL);
SELECT careaccess_can_view('anna', 'c1', NULL);
SELECT careaccess_can_view('anna', 'c1', 'Chart');
SELECT careaccess_can('anna', 'c1', 'chart', NULL);
SELECT careaccess_can('anna', 'c1', 'chart', 'see');
SELECT careaccess_visible(NULL, 'chart');
SELECT careaccess_visible('c1', 'chart');
SELECT careaccess_visible(true, 'chart');
SELECT * FROM careaccess_explain('anna', 'c2');
SELECT * FROM careaccess_explain('anna', 'no such');
SELECT * FROM careaccess_viewers('c1');
-- Named arguments, parameters without a type, other types
PREPARE ask AS SELECT careaccess_can_view($1, $2);
EXECUTE ask('anna', 'c1');
SELECT careaccess_can_view(client => 'c1', member => 'anna', category => 'chart', author => NULL);
SELECT careaccess_can_view(7, gen_random_uuid());

--
-- Deleted clients: for those who may restore them
--
SELECT client, practice FROM careaccess.deleted_clients ORDER BY client::text;
SELECT careaccess_act_as('mia', true);
SELECT client, practice FROM careaccess.deleted_clients ORDER BY client::text;
SELECT careaccess_act_as('own', true);
SELECT client, practice FROM careaccess.deleted_clients ORDER BY client::text;
SELECT careaccess_stop_acting();
SELECT client, practice FROM careaccess.deleted_clients ORDER BY client::text;
RESET ROLE;
SELECT client, practice FROM careaccess.deleted_clients ORDER BY client::text;

--
-- Protected tables
--
SELECT "table", root, partition, client_column, category, category_column, author_column, practice_column, client_visible_column,
	row_security, forced, policies
FROM careaccess.protected_tables ORDER BY "table"::text;
-- what is taken away behind its back shows
BEGIN;
ALTER TABLE visit NO FORCE ROW LEVEL SECURITY;
DROP POLICY careaccess_delete ON note;
SELECT "table", row_security, forced, policies FROM careaccess.protected_tables ORDER BY "table"::text;
ROLLBACK;

--
-- Database administrators
--
SELECT careaccess_grant_administrator('no such role');
SELECT careaccess_grant_administrator(NULL);
SELECT careaccess_grant_administrator('regress_ca_dba');
SET ROLE regress_ca_dba;
SELECT kind, identified_by FROM careaccess_whoami();
SELECT careaccess_create_practice('r', 'R');
SELECT careaccess_can_view('anna', 'c1');
SELECT client, practice FROM careaccess.deleted_clients ORDER BY client::text;
SELECT count(*) FROM careaccess.protected_tables;
-- no right to the rows, nor to the facts, nor to be somebody
SELECT count(*) FROM visit;
SELECT * FROM careaccess.client;
SELECT careaccess_act_as('anna');
RESET ROLE;
-- who is in it by membership is one, too; REVOKE of the marker ends it
GRANT regress_ca_dba TO regress_ca_plain;
SET ROLE regress_ca_plain;
SELECT kind FROM careaccess_whoami();
RESET ROLE;
REVOKE regress_ca_dba FROM regress_ca_plain;
REVOKE EXECUTE ON FUNCTION careaccess.administrator() FROM regress_ca_dba;
SET ROLE regress_ca_dba;
SELECT kind FROM careaccess_whoami();
SELECT careaccess_create_practice('s', 'S');
RESET ROLE;
-- With an identity he is that member.
SELECT careaccess_grant_administrator('regress_ca_dba');
GRANT EXECUTE ON FUNCTION careaccess_act_as(careaccess.id, boolean) TO regress_ca_dba;
SET ROLE regress_ca_dba;
SELECT careaccess_act_as('bill', true);
SELECT careaccess_create_practice('s', 'S');
SELECT careaccess_can_view('anna', 'c1');
SELECT count(*) FROM visit;
SELECT careaccess_stop_acting();
RESET ROLE;

--
-- The table's owner sees no rows; without the extension nobody does, rather
-- than everybody
--
ALTER TABLE visit OWNER TO regress_ca_owner;
SET ROLE regress_ca_owner;
SELECT count(*) FROM visit;
RESET ROLE;
SELECT count(*) FROM visit;
\set VERBOSITY terse
DROP EXTENSION careaccess;
\set VERBOSITY default
DROP EXTENSION careaccess CASCADE;
SET ROLE regress_ca_app;
SELECT count(*) FROM visit;
SELECT count(*) FROM note;
SET ROLE regress_ca_owner;
SELECT count(*) FROM visit;
RESET ROLE;
SELECT relname, relrowsecurity, relforcerowsecurity, (SELECT count(*) FROM pg_policy WHERE polrelid = c.oid) AS policies
FROM pg_class AS c WHERE relname IN ('visit', 'note') ORDER BY relname;
SELECT nspname FROM pg_namespace WHERE nspname = 'careaccess';
SELECT proname FROM pg_proc WHERE proname LIKE 'careaccess%';
SELECT evtname FROM pg_event_trigger WHERE evtname LIKE 'careaccess%';

DROP TABLE visit, note;
DROP OWNED BY regress_ca_app, regress_ca_plain, regress_ca_dba, regress_ca_owner;
DROP ROLE regress_ca_app, regress_ca_plain, regress_ca_dba, regress_ca_owner;
