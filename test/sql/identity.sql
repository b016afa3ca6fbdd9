--
-- Who a session is: the acting member, the login role, nobody; transactions,
-- savepoints and everything that might set an identity and must not
--
\set SHOW_CONTEXT never
SELECT current_user AS superuser \gset
SET client_min_messages = warning;
CREATE EXTENSION careaccess;
CREATE ROLE regress_ca_app;
CREATE ROLE regress_ca_plain;
CREATE ROLE regress_ca_login LOGIN;
CREATE ROLE regress_ca_dba LOGIN;
GRANT regress_ca_login, regress_ca_plain TO regress_ca_dba;
SELECT careaccess_grant_application(r) FROM unnest('{regress_ca_app,regress_ca_plain,regress_ca_login}'::name[]) AS r;
GRANT EXECUTE ON FUNCTION careaccess_act_as(careaccess.id, boolean) TO regress_ca_app;
SELECT careaccess_grant_administrator('regress_ca_dba');

SELECT careaccess_create_practice('p', 'Practice');
SELECT careaccess_create_practice(7, 'Other practice');
SELECT careaccess_add_member('p', m, m, ARRAY[r])
FROM (VALUES ('anna', 'clinician'), ('bert', 'clinician'), ('mia', 'manager'), ('bill', 'biller'), ('off', 'clinician'), ('past', 'clinician'), ('soon', 'clinician')) AS v (m, r);
SELECT careaccess_add_member(7, 42, 'Forty-two', '{clinician}');
SELECT careaccess_add_client('c1', 'p', 'anna'), careaccess_add_client('c2', 'p', 'bert');
SELECT careaccess_set_member_status('off', 'disabled');
SELECT careaccess_configure_member('past', '{"ends_at": "2020-01-01 00:00:00+00"}');
SELECT careaccess_configure_member('soon', '{"ends_at": "2999-01-01 00:00:00+00"}');
CREATE TABLE visit (id integer PRIMARY KEY, client text NOT NULL);
CREATE INDEX ON visit (client);
INSERT INTO visit VALUES (1, 'c1'), (2, 'c2');
SELECT careaccess_protect('visit', 'client', category => 'schedule');
GRANT SELECT, INSERT, UPDATE, DELETE ON visit TO regress_ca_app, regress_ca_plain, regress_ca_login, regress_ca_dba;
-- One line that says who acts, by every function that tells it.
CREATE VIEW me AS
	SELECT w.*, careaccess_current_member() AS member, careaccess_current_practice() AS in_practice,
		careaccess_current_portal_user() AS portal_user
	FROM careaccess_whoami() AS w;
CREATE VIEW who WITH (security_invoker) AS SELECT coalesce(id::text, kind) AS who FROM careaccess_whoami();
GRANT SELECT ON me, who TO PUBLIC;

--
-- What whoami says
--
SELECT * FROM me;
SET ROLE regress_ca_plain;
SELECT * FROM me;
SET ROLE regress_ca_dba;
SELECT * FROM me;
SET ROLE regress_ca_app;
SELECT careaccess_act_as('soon', true);
SELECT kind, id, practice, identified_by, valid_until AT TIME ZONE 'UTC' AS valid_until, member, in_practice, portal_user FROM me;
-- One identifier, three spellings
SELECT careaccess_act_as(42, true);
SELECT * FROM me;
SELECT careaccess_act_as('42', true);
-- (terse: 19 words the hints of the server otherwise)
\set VERBOSITY terse
SELECT careaccess_current_member() = 42::careaccess.id AS no_operator_without_path;
\set VERBOSITY default
SELECT careaccess_current_member() OPERATOR(careaccess.=) 42 AS equal;
SELECT careaccess_stop_acting();
SELECT who FROM who;
-- Twice is once
SELECT careaccess_stop_acting();

--
-- Who cannot be acted as, and who cannot act
--
SELECT careaccess_act_as('nobody');
SELECT careaccess_act_as(43);
SELECT careaccess_act_as('off');
\set VERBOSITY terse
SELECT careaccess_act_as('past');
\set VERBOSITY default
SELECT careaccess_act_as(NULL);
SELECT careaccess_act_as('anna', NULL);
SELECT careaccess_act_as('');
SELECT who FROM who;
SET ROLE regress_ca_plain;
SELECT careaccess_act_as('anna');
-- An administrator of careaccess has to be granted it, too.
SET ROLE regress_ca_dba;
SELECT careaccess_act_as('anna');
RESET ROLE;

--
-- A transaction's identity
--
SET ROLE regress_ca_app;
BEGIN;
SELECT careaccess_act_as('anna');
SELECT who, (SELECT array_agg(id) FROM visit) AS visits FROM who;
COMMIT;
SELECT who, (SELECT array_agg(id) FROM visit) AS visits FROM who;
-- outside of a transaction block it lasts for its own statement
SELECT careaccess_act_as('anna');
SELECT who FROM who;
-- savepoints
BEGIN;
SELECT careaccess_act_as('anna');
SAVEPOINT s;
SELECT careaccess_act_as('bert');
SELECT who, (SELECT array_agg(id) FROM visit) AS visits FROM who;
ROLLBACK TO s;
SELECT who, (SELECT array_agg(id) FROM visit) AS visits FROM who;
SELECT careaccess_act_as('mia');
RELEASE s;
SELECT who FROM who;
SAVEPOINT t;
SELECT careaccess_stop_acting();
SELECT who FROM who;
ROLLBACK TO t;
SELECT who FROM who;
SAVEPOINT u;
SAVEPOINT v;
SELECT careaccess_act_as('bert');
RELEASE v;
SELECT who FROM who;
ROLLBACK TO u;
SELECT who FROM who;
COMMIT;
SELECT who FROM who;
-- an error inside a block of PL/pgSQL is a savepoint, too
BEGIN;
SELECT careaccess_act_as('anna');
DO $$
BEGIN
	PERFORM careaccess_act_as('bert');
	RAISE EXCEPTION 'undone';
EXCEPTION WHEN raise_exception THEN
	NULL;
END $$;
SELECT who FROM who;
-- a refused call changes nothing
SAVEPOINT s;
SELECT careaccess_act_as('off');
ROLLBACK TO s;
SELECT who FROM who;
ROLLBACK;
SELECT who FROM who;

--
-- The session's identity
--
SELECT careaccess_act_as('anna', true);
SELECT who FROM who;
BEGIN;
SELECT careaccess_act_as('bert');
SELECT who, (SELECT array_agg(id) FROM visit) AS visits FROM who;
COMMIT;
SELECT who, (SELECT array_agg(id) FROM visit) AS visits FROM who;
BEGIN;
SELECT careaccess_act_as('bert', true);
SELECT who FROM who;
ROLLBACK;
SELECT who FROM who;
BEGIN;
SAVEPOINT s;
SELECT careaccess_act_as('bert', true);
ROLLBACK TO s;
SELECT who FROM who;
SAVEPOINT t;
SELECT careaccess_act_as('mia', true);
RELEASE t;
COMMIT;
SELECT who FROM who;
BEGIN;
SELECT careaccess_stop_acting();
SELECT who FROM who;
ROLLBACK;
SELECT who FROM who;
-- for the transaction first, then for the session, and the other way round
BEGIN;
SELECT careaccess_act_as('anna'), careaccess_act_as('bert', true);
SELECT who FROM who;
COMMIT;
SELECT who FROM who;
BEGIN;
SELECT careaccess_act_as('mia', true), careaccess_act_as('anna');
SELECT who FROM who;
COMMIT;
SELECT who FROM who;
-- stopping inside a transaction that acts stops both
BEGIN;
SELECT careaccess_act_as('anna');
SELECT careaccess_stop_acting();
COMMIT;
SELECT who FROM who;
-- SET ROLE keeps it: the application chose it
SELECT careaccess_act_as('anna', true);
SET ROLE regress_ca_plain;
SELECT who FROM who;
RESET ROLE;
SELECT who FROM who;
-- what forgets it
RESET ALL;
SELECT who FROM who;
SELECT careaccess_act_as('anna', true);
BEGIN;
RESET ALL;
SELECT who FROM who;
ROLLBACK;
SELECT who FROM who;
DISCARD ALL;
SELECT who FROM who;
SELECT careaccess_act_as('anna', true);
RESET careaccess.acting;
SELECT who FROM who;
SET client_min_messages = warning;

--
-- A member who loses his standing while he is acted as
--
SELECT careaccess_act_as('anna', true);
BEGIN;
UPDATE careaccess.member SET status = 'disabled' WHERE name = 'anna';
-- no falling through to the superuser, who is the administrator
SELECT kind, id, practice, identified_by FROM careaccess_whoami();
SELECT careaccess_current_member() IS NULL AS none, careaccess_current_practice() IS NULL AS nowhere;
SELECT careaccess_create_practice('q', 'Q');
ROLLBACK;
SELECT who FROM who;
BEGIN;
UPDATE careaccess.member SET ends_at = now() - interval '1 second' WHERE name = 'anna';
SELECT kind, id, identified_by FROM careaccess_whoami();
SET LOCAL ROLE regress_ca_app;
SELECT count(*) FROM visit;
ROLLBACK;
SELECT who FROM who;
SELECT careaccess_stop_acting();

--
-- The superuser as a member: that member's rights in every function
--
SELECT careaccess_act_as('bill', true);
SELECT careaccess_share_client('c1', 'bert');
SELECT careaccess_add_member('p', 'new', 'New', '{clinician}');
SELECT careaccess_create_practice('q', 'Q');
SELECT careaccess_grant_administrator('regress_ca_plain');
SELECT careaccess_grant_application('regress_ca_plain');
SELECT careaccess_can_view('anna', 'c1');
SELECT careaccess_can_view('bill', 'c1', 'billing'), careaccess_can_view('bill', 'c1', 'chart');
SELECT careaccess_stop_acting();
SELECT careaccess_can_view('anna', 'c1');

--
-- Login roles
--
SELECT careaccess_configure_member('anna', '{"login_role": "regress_ca_login"}');
SET SESSION AUTHORIZATION regress_ca_login;
SELECT * FROM me;
SELECT array_agg(id) FROM visit;
SELECT careaccess_act_as('bert');
RESET SESSION AUTHORIZATION;
SET ROLE regress_ca_login;
SELECT kind, id, identified_by FROM careaccess_whoami();
RESET ROLE;
-- SET ROLE counts, also when it leads away
SET SESSION AUTHORIZATION regress_ca_dba;
SELECT who FROM who;
SET ROLE regress_ca_login;
SELECT who, (SELECT array_agg(id) FROM visit) AS visits FROM who;
SET ROLE regress_ca_plain;
SELECT who, (SELECT array_agg(id) FROM visit) AS visits FROM who;
SET ROLE NONE;
SELECT who FROM who;
RESET SESSION AUTHORIZATION;
-- A SECURITY DEFINER function does not change who the session is, neither way.
CREATE FUNCTION whose() RETURNS text LANGUAGE sql SECURITY DEFINER
	RETURN (SELECT current_user || ' runs it for ' || coalesce(id::text, kind) FROM careaccess_whoami());
ALTER FUNCTION whose() OWNER TO regress_ca_login;
CREATE FUNCTION as_superuser() RETURNS text LANGUAGE sql SECURITY DEFINER
	RETURN (SELECT coalesce(id::text, kind) FROM careaccess_whoami());
CREATE FUNCTION rows_of_login() RETURNS bigint LANGUAGE sql SECURITY DEFINER RETURN (SELECT count(*) FROM visit);
ALTER FUNCTION rows_of_login() OWNER TO regress_ca_login;
SET ROLE regress_ca_plain;
SELECT whose(), as_superuser(), rows_of_login();
SET ROLE regress_ca_login;
SELECT whose(), as_superuser(), rows_of_login();
RESET ROLE;
SELECT replace(whose(), current_user, 'superuser') AS whose, as_superuser();
-- An acting member comes before the login role.
SELECT careaccess_act_as('bert', true);
SET ROLE regress_ca_login;
SELECT who, (SELECT array_agg(id) FROM visit) AS visits FROM who;
SELECT careaccess_stop_acting();
SELECT who, (SELECT array_agg(id) FROM visit) AS visits FROM who;
RESET ROLE;
-- A disabled member's login is nobody, and no administrator either.
SELECT careaccess_configure_member('anna', '{"login_role": null}');
SELECT careaccess_configure_member('anna', '{"login_role": "regress_ca_dba"}');
SET SESSION AUTHORIZATION regress_ca_dba;
SELECT kind, id, identified_by FROM careaccess_whoami();
SELECT careaccess_create_practice('q', 'Q');
RESET SESSION AUTHORIZATION;
SELECT careaccess_set_member_status('anna', 'disabled');
SET SESSION AUTHORIZATION regress_ca_dba;
SELECT kind, id, practice, identified_by FROM careaccess_whoami();
SELECT careaccess_create_practice('q', 'Q');
SELECT careaccess_can_view('bert', 'c2');
SELECT count(*) FROM visit;
RESET SESSION AUTHORIZATION;
SELECT careaccess_set_member_status('anna', 'active');
SELECT careaccess_configure_member('anna', '{"login_role": null}');
SET SESSION AUTHORIZATION regress_ca_dba;
SELECT kind, id, identified_by FROM careaccess_whoami();
RESET SESSION AUTHORIZATION;

--
-- Nobody
--
SET ROLE regress_ca_plain;
SELECT count(*) FROM visit;
SELECT count(*) FROM visit WHERE client = 'c1';
INSERT INTO visit VALUES (3, 'c1');
INSERT INTO visit VALUES (3, 'no such client');
UPDATE visit SET client = 'c2';
DELETE FROM visit;
SELECT careaccess_visible('c1'::text, 'schedule');
SELECT careaccess_share_client('c1', 'bert');
RESET ROLE;
SELECT * FROM visit ORDER BY id;

--
-- Nothing else makes an identity: not before the library is loaded ...
--
\c -
SET client_min_messages = warning;
SET careaccess.acting = 'anna';
SHOW careaccess.acting;
SELECT kind, id, identified_by FROM careaccess_whoami();
SHOW careaccess.acting;
\c -
SET ROLE regress_ca_plain;
BEGIN;
SET LOCAL careaccess.acting = 'anna';
SET LOCAL careaccess.operation = 'a lie';
SELECT count(*) FROM visit;
SELECT kind, id, identified_by FROM careaccess_whoami();
COMMIT;
SELECT kind, id, identified_by FROM careaccess_whoami();
\c -
SELECT set_config('careaccess.acting', 'anna', false);
SET ROLE regress_ca_plain;
SELECT count(*) FROM visit;
\c -
ALTER ROLE regress_ca_login SET careaccess.acting = 'anna';
\c - regress_ca_login
SHOW careaccess.acting;
SELECT count(*) FROM visit;
SELECT kind, id, identified_by FROM careaccess_whoami();
\c - :superuser
ALTER ROLE regress_ca_login RESET careaccess.acting;
\set login 'dbname=' :DBNAME ' user=regress_ca_login options=''-c careaccess.acting=anna'' '
\c :login
SELECT count(*) FROM visit;
SELECT kind, id, identified_by FROM careaccess_whoami();
-- RESET ALL goes back to what the connection began with: nobody
RESET ALL;
SELECT kind, id, identified_by FROM careaccess_whoami();
DISCARD ALL;
SELECT count(*) FROM visit;
\set login 'dbname=' :DBNAME ' user=' :superuser ' options='
\c :login
-- ... also not by a function that was made before
CREATE FUNCTION pretender() RETURNS text LANGUAGE sql SET careaccess.acting = 'anna'
	AS 'SELECT coalesce(id::text, kind) FROM careaccess_whoami()';
SELECT pretender();
SHOW careaccess.acting;
SELECT pretender();
\c -
SET ROLE regress_ca_plain;
SELECT pretender();
SELECT kind, id, identified_by FROM careaccess_whoami();
\c -
-- ... nor afterwards
LOAD 'careaccess';
SET client_min_messages = warning;
SET careaccess.acting = 'anna';
SET SESSION careaccess.acting TO 'anna';
BEGIN;
SET LOCAL careaccess.acting = 'anna';
ROLLBACK;
SELECT set_config('careaccess.acting', 'anna', true);
ALTER ROLE regress_ca_plain SET careaccess.acting = 'anna';
ALTER DATABASE :"DBNAME" SET careaccess.acting = 'anna';
ALTER SYSTEM SET careaccess.acting = 'anna';
CREATE FUNCTION sets() RETURNS integer LANGUAGE sql SET careaccess.acting = 'anna' RETURN 1;
UPDATE pg_settings SET setting = 'anna' WHERE name = 'careaccess.acting';
SELECT kind, id, identified_by FROM careaccess_whoami();
-- nor does it change one that there is, nor take it away unseen
SELECT careaccess_act_as('bert', true);
SET careaccess.acting = 'anna';
SET careaccess.acting = '';
SELECT who FROM who;
CREATE FUNCTION keeps() RETURNS text LANGUAGE sql SET careaccess.acting FROM CURRENT RETURN (SELECT who FROM who);
SELECT careaccess_stop_acting();
-- a name of ours that there is not
SET careaccess.actor = 'anna';
-- The log's operation is set by the extension's functions only.
SET ROLE regress_ca_plain;
SET careaccess.operation = 'a lie';
RESET ROLE;

DROP FUNCTION whose, as_superuser, rows_of_login, pretender;
SELECT careaccess_unprotect('visit');
DROP TABLE visit;
DROP VIEW me, who;
DROP EXTENSION careaccess CASCADE;
DROP OWNED BY regress_ca_app, regress_ca_plain, regress_ca_login, regress_ca_dba;
DROP ROLE regress_ca_app, regress_ca_plain, regress_ca_login, regress_ca_dba;
