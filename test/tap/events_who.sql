-- The event log: who did it, how he was identified, in which transaction; and
-- that nobody but the extension's own triggers writes to it.
BEGIN;
SELECT plan(28);

SET client_min_messages = warning;

-- HS256, in plain SQL

CREATE FUNCTION pg_temp.pad(key bytea, byte integer) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
	padded bytea := decode(repeat('00', 64), 'hex');
BEGIN
	FOR i IN 0..63 LOOP
		padded := set_byte(padded, i, (CASE WHEN i < length(key) THEN get_byte(key, i) ELSE 0 END) # byte);
	END LOOP;
	RETURN padded;
END
$$;
CREATE FUNCTION pg_temp.base64url(b bytea) RETURNS text LANGUAGE sql AS $$
	SELECT translate(encode(b, 'base64'), E'+/=\n', '-_')
$$;
CREATE FUNCTION pg_temp.token(key bytea, claims jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT s || '.' || pg_temp.base64url(sha256(pg_temp.pad(key, 92) || sha256(pg_temp.pad(key, 54) || convert_to(s, 'UTF8'))))
	FROM (VALUES (pg_temp.base64url('{"alg":"HS256","kid":"k"}') || '.' || pg_temp.base64url(convert_to(claims::text, 'UTF8')))) AS v (s)
$$;

-- A practice, and what was logged last

SELECT careaccess_create_practice('st', 'Standard', 'standard');
SELECT careaccess_add_member('st', 'anna', 'Anna', '{owner,clinician}');
SELECT careaccess_add_member('st', 'bert', 'Bert', '{clinician}');
SELECT careaccess_add_client('c1', 'st', 'anna');
CREATE TABLE public.chart (id int, client text, therapist text);
INSERT INTO public.chart VALUES (1, 'adopted', 'bert');
SELECT careaccess_add_portal_user('pat', 'c1');
CREATE FUNCTION pg_temp.last_event() RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', operation, actor_kind, coalesce(actor::text, '-'), identified_by, database_role, coalesce(session_role, '-'))
	FROM careaccess.event ORDER BY at DESC, id LIMIT 1
$$;

-- How he was identified

SELECT careaccess_share_client('c1', 'bert');
SELECT is(pg_temp.last_event(), format('share_client administrator - none %s -', session_user), 'an administrator is none of the clinic');

SELECT careaccess_act_as('anna');
SELECT careaccess_unshare_client('c1', 'bert');
SELECT is(pg_temp.last_event(), format('unshare_client member anna acting %s -', session_user), 'a member who acts');
SELECT careaccess_stop_acting();

CREATE ROLE events_app;
CREATE ROLE events_login;
SELECT careaccess_grant_application('events_app');
SELECT careaccess_grant_application('events_login');
GRANT EXECUTE ON FUNCTION careaccess_act_as TO events_app;
SELECT careaccess_configure_member('anna', '{"login_role": "events_login"}');
GRANT SELECT ON careaccess.event TO events_app, events_login;
SET ROLE events_login;
SELECT careaccess_share_client('c1', 'bert');
SELECT is(pg_temp.last_event(), format('share_client member anna login_role events_login %s', session_user),
	'a login role; who connected as another stands beside it');
RESET ROLE;

SELECT careaccess_set_token_key('k', 'HS256', sha256('secret'));
SELECT pg_temp.token(sha256('secret'), jsonb_build_object('sub', 'anna', 'aud', current_database(),
	'exp', extract(epoch FROM now() + interval '1 hour')::bigint)) AS token \gset
SELECT length(split_part(:'token', '.', 3)) AS signature, set_config('careaccess.token', :'token', true) AS token_is \gset
SET ROLE events_app;
SELECT careaccess_unshare_client('c1', 'bert');
SELECT is(pg_temp.last_event(), format('unshare_client member anna token events_app %s', session_user), 'a token, by the word of whoami');
SELECT is((SELECT identified_by FROM careaccess_whoami()), 'token', '… which is this one');
RESET ROLE;
SELECT set_config('careaccess.token', '', true);
SELECT is(:signature, 43, 'the token is signed');
SELECT is_empty(format($$SELECT FROM careaccess.event AS e WHERE strpos(e::text, %L) > 0$$, split_part(:'token', '.', 3)), 'no token is in the log');

-- Events that are written in other ways say the same

SELECT careaccess_act_as('anna');
UPDATE careaccess.member SET name = 'B.' WHERE id OPERATOR(careaccess.=) 'bert';
SELECT is(pg_temp.last_event(), format('update member anna acting %s -', session_user), 'a direct change');
SELECT careaccess_stop_acting();
SELECT careaccess_adopt_clients('public.chart', 'client', 'st', owner_column => 'therapist');
SELECT is((SELECT string_agg(concat_ws(' ', fact, actor_kind, identified_by, database_role, coalesce(session_role, '-'), xid = pg_current_xact_id()), ', ' ORDER BY fact)
		FROM careaccess.event WHERE operation = 'adopt_clients'),
	format('client administrator none %1$s - t, client_link administrator none %1$s - t', session_user), 'a table that is adopted');
SELECT careaccess_protect('public.chart', 'client', 'profile');
SELECT careaccess_mask('public.list', 'public.chart', '{"therapist": "name"}');
SELECT is(pg_temp.last_event(), format('mask administrator - none %s -', session_user), 'a mask');

-- Transactions and addresses

SELECT is((SELECT count(DISTINCT xid)::integer FROM careaccess.event), 1, 'events of one transaction have one number');
SELECT is((SELECT min(xid::text) FROM careaccess.event), pg_current_xact_id()::text, '… the transaction''s');
SAVEPOINT s;
SELECT careaccess_share_client('c1', 'bert');
RELEASE s;
SELECT is((SELECT count(DISTINCT xid)::integer FROM careaccess.event), 1, '… within savepoints too');
SELECT is((SELECT count(*)::integer FROM careaccess.event WHERE address IS DISTINCT FROM inet_client_addr()), 0, 'the address is the client''s');

SELECT has_column('careaccess', 'event', 'session_role', 'who connected is a column');
SELECT col_is_null('careaccess', 'event', 'session_role', '… empty where it is the same role');
SELECT col_not_null('careaccess', 'event', 'identified_by', 'how he was identified is always there');
SELECT col_not_null('careaccess', 'event', 'xid', '… and the transaction too');

-- Nobody writes to it

SELECT careaccess_grant_administrator('events_app');
SELECT is((SELECT string_agg(p, ', ') FROM unnest('{INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) AS p
	WHERE has_table_privilege('events_app', 'careaccess.event', p) OR has_table_privilege('events_login', 'careaccess.event', p)),
	NULL, 'an application and an administrator of the database have no right to write to it');
REVOKE SELECT ON careaccess.event FROM events_app, events_login;
SET ROLE events_app;
SELECT throws_ok($$INSERT INTO careaccess.event (operation, fact, actor_kind, identified_by, database_role) VALUES ('x', 'x', 'x', 'x', 'x')$$,
	'42501', NULL, 'an administrator of the database adds no event');
SELECT throws_ok('SELECT FROM careaccess.event', '42501', NULL, '… and reads none past the view');
SELECT throws_ok('DELETE FROM careaccess.event', '42501', NULL, '… and deletes none');
RESET ROLE;

SELECT ok((SELECT tgenabled = 'A' FROM pg_trigger WHERE tgrelid = 'careaccess.event'::regclass AND tgname = 'append_only'),
	'what keeps the log fires always');
SET session_replication_role = replica;
SELECT throws_ok('DELETE FROM careaccess.event', '55000', 'the event log cannot be changed', '… for a replica');
SELECT throws_ok($$UPDATE careaccess.event SET operation = 'x'$$, '55000', 'the event log cannot be changed', '… or who says he is one');
SELECT throws_ok('TRUNCATE careaccess.event', '55000', 'the event log cannot be changed', '… however he does it');
RESET session_replication_role;
SELECT ok(NOT has_function_privilege('events_app', 'careaccess.log_definition(text, text, jsonb, jsonb)', 'EXECUTE')
	AND NOT has_function_privilege('events_app', 'careaccess.origin()', 'EXECUTE'), 'what writes to it is nobody''s to call');
SELECT is((SELECT count(*)::integer FROM careaccess.event WHERE identified_by NOT IN ('token', 'acting', 'login_role', 'none')), 0, 'there are no other words');

SELECT * FROM finish();
ROLLBACK;
