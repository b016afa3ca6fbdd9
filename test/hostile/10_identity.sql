-- Becoming another, or somebody: settings, connection options, roles, the functions of identity.

--- SET of who is acting
-- as: everybody
-- expect: refused 42501
-- broken by: GRANT EXECUTE ON FUNCTION careaccess_act_as TO clinic_app, planter, bert_login, bare
-- mended by: REVOKE EXECUTE ON FUNCTION careaccess_act_as FROM clinic_app, planter, bert_login, bare
SET careaccess.acting = 'member anna';
SET LOCAL careaccess.acting = 'member anna';
SET SESSION careaccess.acting TO 'member emil';
SELECT set_config('careaccess.acting', 'member anna', false);
SELECT set_config('careaccess.acting', 'member anna', true), id FROM app.note;
SELECT set_config('CareAccess.Acting', 'member dora', false);
SELECT careaccess_act_as('anna', true);
SELECT id, body FROM app.note ORDER BY id;
BEGIN;
SET LOCAL careaccess.acting = 'portal s 3 pia 1 1 1';
SELECT id FROM app.note;
COMMIT;

--- SET before the library is there, and in a function's own settings
-- as: nobody bare login
CREATE FUNCTION pg_temp.as_anna() RETURNS TABLE (id bigint, body text) LANGUAGE sql SET careaccess.acting = 'member anna' AS 'SELECT id, body FROM app.note';
SELECT * FROM pg_temp.as_anna();
SET careaccess.acting = 'member anna';
SELECT count(*) FROM app.note WHERE id > 30;
SELECT kind, identified_by FROM careaccess_whoami();

--- the acting member in a function's own settings
-- as: acting planter wide portal
CREATE FUNCTION pg_temp.as_anna() RETURNS TABLE (id bigint, body text) LANGUAGE sql SET careaccess.acting = 'member anna' AS 'SELECT id, body FROM app.note';
SELECT * FROM pg_temp.as_anna();
CREATE FUNCTION pg_temp.as_nobody() RETURNS TABLE (id bigint, body text) LANGUAGE sql SET careaccess.acting FROM CURRENT AS 'SELECT id, body FROM app.note';
SELECT * FROM pg_temp.as_nobody();
CREATE FUNCTION pg_temp.as_default() RETURNS bigint LANGUAGE sql SET careaccess.acting TO DEFAULT AS 'SELECT count(*) FROM app.note';
SELECT pg_temp.as_default();

--- settings kept for the role, the database, the next session
-- as: everybody
-- leaves: nobody
ALTER ROLE CURRENT_USER SET careaccess.acting = 'member anna';
ALTER ROLE CURRENT_USER SET careaccess.token = 'x.y.z';
ALTER ROLE CURRENT_USER RESET careaccess.token;
ALTER ROLE ALL SET careaccess.acting = 'member anna';
ALTER DATABASE clinic_a SET careaccess.acting = 'member anna';
ALTER DATABASE clinic_b SET careaccess.acting = 'member anna';
ALTER ROLE postgres SET careaccess.acting = 'member anna';
ALTER SYSTEM SET careaccess.acting = 'member anna';
\c
SELECT id FROM app.note;
SELECT kind, identified_by FROM careaccess_whoami();

--- connection options
-- as: login nobody bare
\setenv PGOPTIONS '-c careaccess.acting=member\\ anna -c careaccess.operation=x -c careaccess.adopting=x'
\c
SELECT id, body FROM app.note;
SELECT kind, identified_by FROM careaccess_whoami();
SHOW careaccess.operation;

--- a token in the connection options
-- as: login nobody bare
-- leaves: a bad token
\setenv PGOPTIONS '-c careaccess.token=eyJhbGciOiJub25lIiwia2lkIjoiayJ9.eyJzdWIiOiJhbm5hIiwiZXhwIjo5OTk5OTk5OTk5fQ.'
\c
SELECT id, body FROM app.note;
SELECT * FROM careaccess_whoami();

--- tokens that nobody signed
-- as: everybody
-- expect: refused 28000
BEGIN;
SET LOCAL careaccess.token = 'eyJhbGciOiJub25lIiwia2lkIjoiayJ9.eyJzdWIiOiJhbm5hIiwiZXhwIjo5OTk5OTk5OTk5fQ.';
SELECT count(*) FROM app.note;
SELECT * FROM careaccess_whoami();
ROLLBACK;
BEGIN;
SELECT set_config('careaccess.token', 'eyJhbGciOiJIUzI1NiIsImtpZCI6ImsifQ.eyJzdWIiOiJhbm5hIiwiZXhwIjo5OTk5OTk5OTk5fQ.AAAA', true);
SELECT count(*) FROM app.patient_list;
SELECT careaccess_current_member();
ROLLBACK;
BEGIN;
SELECT length(set_config('careaccess.token', repeat('A', 1000000), true));
SELECT count(*) FROM app.note;
ROLLBACK;
BEGIN;
SELECT set_config('careaccess.token', v, true) IS NULL FROM (VALUES ('.'), ('..'), ('...'), ('a.b'), (E'\x01.\x02.\x03'), ('e30.e30.e30'), (' ')) AS t (v);
SELECT count(*) FROM app.note;
ROLLBACK;

--- the session's own token, to be carried away
-- as: acting portal wide guarded
-- leaves: a bad token
-- the word of the token is one that must not be told
SELECT set_config('careaccess.token', :'token', false) IS NULL;
SELECT current_setting('careaccess.token'), current_setting('CAREACCESS.TOKEN', true);
SHOW careaccess.token;
SELECT name, setting, reset_val, boot_val FROM pg_settings WHERE name ~ 'token';
SELECT * FROM pg_show_all_settings() WHERE name = 'careaccess.token';
CREATE FUNCTION pg_temp.keep() RETURNS void LANGUAGE sql SET careaccess.token FROM CURRENT AS 'SELECT';
SELECT proconfig FROM pg_proc WHERE proname = 'keep';
SELECT pg_get_functiondef('pg_temp.keep'::regproc);
ALTER ROLE CURRENT_USER SET careaccess.token FROM CURRENT;
SELECT setconfig FROM pg_db_role_setting WHERE setrole = current_user::regrole;
ALTER ROLE CURRENT_USER RESET careaccess.token;
SELECT set_config('careaccess.token', current_setting('careaccess.token'), true) FROM (VALUES (1)) AS v;
SELECT * FROM careaccess_whoami();
SELECT careaccess_share_client(1, 'anna');
SET client_min_messages = debug5;
SELECT count(*) FROM app.note \g /dev/null
RESET client_min_messages;
BEGIN; SAVEPOINT s; SELECT careaccess_current_member(); ROLLBACK TO s;
DO $$ BEGIN PERFORM careaccess_current_member(); EXCEPTION WHEN OTHERS THEN RAISE NOTICE '% % %', SQLSTATE, SQLERRM, current_setting('careaccess.token'); END $$;
ROLLBACK;

--- the session's own token, before the library is there
-- as: login
-- leaves: a bad token
-- expect: documented Tokens
SELECT set_config('careaccess.token', :'token', false) IS NULL;
SELECT current_setting('careaccess.token');

--- the other settings
-- as: everybody
BEGIN;
SET LOCAL careaccess.operation = 'add_client';
SAVEPOINT s;
SET LOCAL careaccess.adopting = '[["app.patient","INSERT",1]]';
ROLLBACK TO s;
SET LOCAL careaccess.cache_size = '1TB';
ROLLBACK;
SET careaccess.unknown = 'x';
SET careaccess.acting.member = 'anna';
SELECT count(*) FROM pg_settings WHERE name LIKE 'careaccess.%' AND setting ~* 'anna|token';
SET careaccess.cache_size = 0;
SELECT id FROM app.note ORDER BY id;
RESET careaccess.cache_size;

--- going back to what the session began with
-- as: acting wide portal planter login
-- leaves: nobody
RESET careaccess.acting;
SELECT id FROM app.note ORDER BY id;
RESET ALL;
SELECT id FROM app.note ORDER BY id;
DISCARD ALL;
SELECT id FROM app.note ORDER BY id;

--- rolling back to what was before
-- as: acting wide portal
BEGIN;
SAVEPOINT s;
SELECT careaccess_stop_acting();
SELECT count(*) FROM app.note;
ROLLBACK TO s;
SELECT count(*) FROM app.note;
RELEASE s;
SAVEPOINT t;
SET LOCAL careaccess.acting = '';
ROLLBACK TO t;
RESET careaccess.acting;
SELECT count(*) FROM app.note;
ROLLBACK;
SELECT count(*) FROM app.note;

--- the functions of identity
-- as: everybody
-- expect: refused 42501
SELECT careaccess_act_as('anna'), careaccess_act_as(:hidden), careaccess_act_as(NULL);
SELECT public.careaccess_act_as('anna'::text, true);
SELECT careaccess_act_as_portal_user('pia');
SELECT careaccess_switch_profile(:hidden);
SELECT careaccess_grant_application(current_user), careaccess_grant_administrator(current_user);
SELECT careaccess_grant_administrator(current_user);
SELECT careaccess_accept_invitation('token', 'eve', 'Eve');
SELECT careaccess.administrator();
SELECT careaccess.actor();
SELECT careaccess.member_can('anna', :hidden, 'name', 'view');
SELECT careaccess_configure_member('anna', '{"login_role": "clinic_app"}');
SELECT careaccess_configure_member('bert', jsonb_build_object('login_role', current_user));
GRANT EXECUTE ON FUNCTION careaccess_act_as TO CURRENT_USER;

--- the portal user's other profiles
-- as: portal
-- expect: refused P0002
SELECT careaccess_switch_profile(:hidden);
SELECT careaccess_switch_profile(:missing);
SELECT careaccess_switch_profile(2);
SELECT careaccess_switch_profile(NULL);
SELECT id, body FROM app.note;

--- other roles
-- as: everybody
-- expect: refused 42501
SET ROLE postgres;
SET ROLE door;
SET ROLE bert_login_not;
SET SESSION AUTHORIZATION postgres;
SET SESSION AUTHORIZATION bert_login;
SELECT set_config('role', 'postgres', false), set_config('session_authorization', 'door', false);
CREATE ROLE anna_login LOGIN;
ALTER ROLE clinic_app RENAME TO bert_login2;
ALTER ROLE CURRENT_USER BYPASSRLS;
GRANT door TO CURRENT_USER;
GRANT pg_read_all_data TO CURRENT_USER;
SELECT count(*) FROM app.note WHERE id > 9000;

--- a role for the next session
-- as: everybody
-- leaves: nobody
ALTER ROLE CURRENT_USER SET role = 'postgres';
ALTER ROLE CURRENT_USER SET session_authorization = 'postgres';
\c
SELECT current_user = session_user, count(*) FROM app.note WHERE id > 9000;
ALTER ROLE CURRENT_USER RESET ALL;

--- somebody's login role
-- as: acting nobody bare portal
-- expect: refused 42501
SET ROLE bert_login;
SET SESSION AUTHORIZATION bert_login;
SELECT id FROM app.note WHERE id > 30;

--- row security switched off
-- as: everybody
-- expect: refused 42501
BEGIN;
SET LOCAL row_security = off;
SELECT count(*) FROM app.note;
ROLLBACK;
BEGIN;
SET LOCAL row_security = off;
COPY app.note TO STDOUT;
ROLLBACK;
BEGIN;
SET LOCAL row_security = off;
SELECT count(*) FROM app.patient_list WHERE id > 900;
DELETE FROM app.note;
ROLLBACK;
CREATE FUNCTION pg_temp.off() RETURNS bigint LANGUAGE sql SET row_security = off AS 'SELECT count(*) FROM app.note';
SELECT pg_temp.off();

--- the role of a replica
-- as: everybody
-- expect: refused 42501
SET session_replication_role = replica;
SET LOCAL session_replication_role = replica;
SELECT set_config('session_replication_role', 'replica', false);
BEGIN;
INSERT INTO app.patient (id, name) VALUES (77, 'x');
SELECT id FROM app.patient WHERE id = 77;
ROLLBACK;

--- a definer's function of one's own
-- as: acting planter login nobody wide portal
CREATE FUNCTION pg_temp.mine() RETURNS TABLE (who text, id bigint) LANGUAGE sql SECURITY DEFINER AS
	$$SELECT w.id::text, n.id FROM public.careaccess_whoami() AS w LEFT JOIN app.note AS n ON true$$;
SELECT * FROM pg_temp.mine();
CREATE PROCEDURE pg_temp.work() LANGUAGE plpgsql AS $$
BEGIN
	COMMIT;
	PERFORM set_config('careaccess.acting', 'member anna', true);
	COMMIT;
END $$;
CALL pg_temp.work();
DO $$ BEGIN PERFORM careaccess_act_as('anna'); EXCEPTION WHEN OTHERS THEN RAISE NOTICE '%: %', SQLSTATE, SQLERRM; END $$;
DO $$ BEGIN SET careaccess.acting = 'member anna'; EXCEPTION WHEN OTHERS THEN RAISE NOTICE '%: %', SQLSTATE, SQLERRM; END $$;
SELECT count(*) FROM app.note;

--- the door's tickets
-- as: acting planter nobody
-- expect: refused 42501
SELECT * FROM door.ticket;
SELECT door.enter(NULL);
SELECT door.enter('ticket of %');
SELECT door.enter(''' OR true --');
CREATE TABLE pg_temp.ticket (ticket text, kind text, who text);
INSERT INTO pg_temp.ticket VALUES ('mine', 'member', 'anna');
SELECT door.enter('mine');
UPDATE door.ticket SET who = 'anna';

--- whoever may execute careaccess_act_as
-- as: becomer
-- expect: documented EXECUTE of `careaccess_act_as`
BEGIN;
SELECT careaccess_act_as('anna');
SELECT id, body FROM app.note WHERE id IN (31, 9011) ORDER BY id;
ROLLBACK;
