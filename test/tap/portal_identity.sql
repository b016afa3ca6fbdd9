-- Who a session is that acts as a portal user: careaccess_act_as_portal_user,
-- careaccess_switch_profile, careaccess_stop_acting, careaccess_whoami and the
-- like, over transactions and savepoints. Commits; the database is its own.
SELECT plan(86);
SET client_min_messages = warning;

CREATE FUNCTION pg_temp.outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
-- Who the session is, and the profile it has chosen.
CREATE FUNCTION chosen() RETURNS careaccess.id LANGUAGE sql SECURITY DEFINER AS 'SELECT careaccess.chosen_profile()';
CREATE FUNCTION pg_temp.who() RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', kind, id, identified_by, 'on ' || chosen()::text) FROM careaccess_whoami()
$$;
-- The whole of it.
CREATE FUNCTION pg_temp.me() RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', kind, 'id=' || id, 'practice=' || practice, identified_by, 'until=' || valid_until,
		'member=' || careaccess_current_member(), 'portal=' || careaccess_current_portal_user(),
		'in=' || careaccess_current_practice())
	FROM careaccess_whoami()
$$;

SELECT careaccess_create_practice('p', 'Practice');
SELECT careaccess_create_practice('q', 'Another');
SELECT careaccess_add_member('p', 'olga', 'Olga', '{owner}');
SELECT careaccess_add_member('p', 'anna', 'Anna', '{clinician}');
SELECT careaccess_add_member('p', 'portal s 3 mum ', 'Strange', '{clinician}');
SELECT careaccess_add_member('q', 'quin', 'Quin', '{clinician}');
SELECT careaccess_add_client(c, 'p', 'anna') FROM unnest('{c1,c2,c3,c4,c5,c6,c7}'::text[]) AS c;
SELECT careaccess_add_client('d1', 'q', 'quin');
SELECT careaccess_add_portal_user('mum', 'c1');
SELECT careaccess_add_portal_user('anna', 'c3');
SELECT careaccess_add_portal_user('dan', 'd1');
-- c2, c3, c7 accepted; c4 invited; c5 withdrawn; c6 linked only
SELECT careaccess_link_profile(c, 'c1', 'child') FROM unnest('{c2,c3,c4,c5,c6,c7}'::text[]) AS c;
SELECT careaccess_invite_to_portal(c, 'mum', true, true) FROM unnest('{c2,c3,c4,c5,c7}'::text[]) AS c;
BEGIN;
SELECT careaccess_act_as_portal_user('mum');
SELECT careaccess_accept_portal_access(c) FROM unnest('{c2,c3,c5,c7}'::text[]) AS c;
COMMIT;
SELECT careaccess_withdraw_portal_access('c5', 'mum');
SELECT careaccess_set_client_status('c7', 'deleted');

CREATE ROLE careaccess_test_portal_app;
SELECT careaccess_grant_application('careaccess_test_portal_app');
GRANT CREATE ON SCHEMA public TO careaccess_test_portal_app;

-- Who may

SET ROLE careaccess_test_portal_app;
SELECT is(pg_temp.outcome($$SELECT careaccess_act_as_portal_user('mum')$$),
	'42501 permission denied for function careaccess_act_as_portal_user', 'an application role cannot act as a portal user by itself');
SELECT is(pg_temp.outcome($$SELECT careaccess_switch_profile('c2')$$), '42501 no portal user is acting in this session',
	'and switching makes nobody a portal user');
RESET ROLE;
SELECT is((SELECT array_agg(purpose ORDER BY function::text) FROM careaccess.interface()
	WHERE function::text ~ 'portal_user|switch_profile|portal_profiles|portal_access|link_profile' AND function::text ~ 'act_as|switch|profiles|accept|link_'),
	'{application,identity,application,application,application,application}',
	'only acting is granted by hand') ;
GRANT EXECUTE ON FUNCTION careaccess_act_as_portal_user, careaccess_act_as TO careaccess_test_portal_app;
SET ROLE careaccess_test_portal_app;

-- Arguments

SELECT is(pg_temp.outcome($$SELECT careaccess_act_as_portal_user(NULL)$$), '22023 portal user must not be null', 'a null portal user');
SELECT is(pg_temp.outcome($$SELECT careaccess_act_as_portal_user('mum', session => NULL)$$), '22023 session must not be null', 'a null session');
SELECT is(pg_temp.outcome($$SELECT careaccess_act_as_portal_user('nobody')$$), 'P0002 no such portal user: "nobody"', 'an unknown portal user');
SELECT is(pg_temp.outcome($$SELECT careaccess_act_as_portal_user('olga')$$), 'P0002 no such portal user: "olga"', 'a member is none');
SELECT is(pg_temp.outcome(format('SELECT careaccess_act_as_portal_user(''mum'', %L)', client)),
	format('P0002 no such client: "%s"', client), 'a profile that cannot be chosen: ' || why)
FROM (VALUES ('c4', 'invited'), ('c5', 'withdrawn'), ('c6', 'linked, not invited'), ('c7', 'accepted and deleted'),
	('d1', 'of another practice'), ('c9', 'not there'), ('mum', 'the id of a login')) AS v (client, why);
SELECT is(pg_temp.who(), 'nobody none', 'after all that nobody is acting');

-- For one transaction

BEGIN;
SELECT careaccess_act_as_portal_user('mum');
SELECT is(pg_temp.me(), 'portal id=mum practice=p acting portal=mum in=p', 'who it is');
SELECT is((SELECT valid_until FROM careaccess_whoami()), NULL, 'without an end');
SELECT is(pg_temp.who(), 'portal mum acting on c1', 'on his own profile');
SELECT careaccess_switch_profile('c2');
SELECT is(pg_temp.who(), 'portal mum acting on c2', 'on another''s');
SELECT is(pg_temp.outcome(format('SELECT careaccess_switch_profile(%L)', client)),
	format('P0002 no such client: "%s"', client), 'switching to a profile that is not his: ' || client)
FROM unnest('{c4,c5,c6,c7,d1,c9}'::text[]) AS client;
SELECT is(pg_temp.who(), 'portal mum acting on c2', 'a refused switch changes nothing');
SELECT careaccess_switch_profile(NULL);
SELECT is(pg_temp.who(), 'portal mum acting on c1', 'null is his own');
SELECT careaccess_switch_profile('c1');
SELECT is(pg_temp.who(), 'portal mum acting on c1', 'which can be named, too');
SELECT careaccess_switch_profile('c2');
COMMIT;
SELECT is(pg_temp.who(), 'nobody none', 'over with the transaction, however often he switched');

BEGIN;
SELECT careaccess_act_as_portal_user('mum', 'c2');
SELECT is(pg_temp.who(), 'portal mum acting on c2', 'a profile chosen from the start');
SAVEPOINT s;
SELECT careaccess_switch_profile('c3');
SELECT is(pg_temp.who(), 'portal mum acting on c3', 'switched in a savepoint');
ROLLBACK TO s;
SELECT is(pg_temp.who(), 'portal mum acting on c2', 'which is rolled back');
SELECT careaccess_switch_profile('c3');
RELEASE s;
SELECT is(pg_temp.who(), 'portal mum acting on c3', 'and one that is released');
SAVEPOINT s;
SELECT careaccess_act_as('anna');
SELECT is(pg_temp.who(), 'member anna acting', 'a member of the same id as a portal user');
SELECT is(pg_temp.outcome($$SELECT careaccess_switch_profile('c2')$$), '42501 no portal user is acting in this session', 'a member switches nothing');
SELECT careaccess_act_as_portal_user('anna');
SELECT is(pg_temp.me(), 'portal id=anna practice=p acting portal=anna in=p', '… and the portal user of that id');
ROLLBACK TO s;
SELECT is(pg_temp.who(), 'portal mum acting on c3', 'back to who it was');
SELECT careaccess_stop_acting();
SELECT is(pg_temp.who(), 'nobody none', 'stopped');
ROLLBACK TO s;
SELECT is(pg_temp.who(), 'portal mum acting on c3', 'not stopped');
COMMIT;

-- For the session

SELECT careaccess_act_as_portal_user('mum', session => true);
SELECT is(pg_temp.who(), 'portal mum acting on c1', 'in the next transaction, too');
SELECT careaccess_switch_profile('c2');
SELECT is(pg_temp.who(), 'portal mum acting on c2', 'and so is his choice of a profile');
BEGIN;
SELECT careaccess_switch_profile('c3');
SELECT is(pg_temp.who(), 'portal mum acting on c3', 'another choice');
ROLLBACK;
SELECT is(pg_temp.who(), 'portal mum acting on c2', 'is undone with its transaction');
BEGIN;
SELECT careaccess_act_as_portal_user('dan');
SELECT is(pg_temp.who(), 'portal dan acting on d1', 'another one for a transaction');
SELECT careaccess_act_as_portal_user('mum', 'c3');
SELECT careaccess_switch_profile('c1');
COMMIT;
SELECT is(pg_temp.who(), 'portal mum acting on c2', 'leaves the one of the session, and his choice, as they were');
SELECT careaccess_stop_acting();
SELECT is(pg_temp.who(), 'nobody none', 'stopped for the session');
SELECT careaccess_act_as_portal_user('mum', 'c2', true);
RESET ALL;
SELECT is(pg_temp.who(), 'nobody none', 'RESET ALL forgets who acted');
BEGIN;
SELECT careaccess_act_as_portal_user('mum', 'c2', true);
ROLLBACK;
SELECT is(pg_temp.who(), 'nobody none', 'acting for the session is undone with its transaction');

-- No other way

SELECT is(pg_temp.outcome(statement), '42501 who is acting cannot be set directly', statement)
FROM unnest(ARRAY[$$SET careaccess.acting = 'portal s 3 mum '$$, $$SET LOCAL careaccess.acting = 'portal s 3 mum c2'$$,
	$$SELECT set_config('careaccess.acting', 'portal t 3 mum ', true)$$]) AS statement;
SELECT is(pg_temp.who(), 'nobody none', 'nobody is forged');
BEGIN;
SELECT careaccess_act_as('portal s 3 mum ');
SELECT is(pg_temp.me(), 'member id=portal s 3 mum  practice=p acting member=portal s 3 mum  in=p',
	'a member whose id looks like the note of a portal user is a member');
COMMIT;

-- Identifiers of any kind

RESET ROLE;
CREATE FUNCTION pg_temp.odd() RETURNS SETOF text LANGUAGE sql AS $$
	VALUES ('7'), ('-12'), ('3f2c0000-0000-0000-0000-000000000001'), (' '), ('3 mum c2'), ('member anna'), ('t 4 x'),
		(E'two\nlines\tand ''quotes'' "both" \\'), ('größe €'), (repeat('x', 255)), ('portal s 3 mum c2')
$$;
SELECT careaccess_add_client(odd, 'p', 'anna') FROM pg_temp.odd() AS odd;
SELECT careaccess_add_portal_user(odd, odd) FROM pg_temp.odd() AS odd;
SELECT careaccess_link_profile(odd, o.client) FROM pg_temp.odd() AS odd, (VALUES ('c2')) AS o (client);
SELECT careaccess_invite_to_portal('c2', odd) FROM pg_temp.odd() AS odd;
SELECT careaccess_add_portal_user('other', 'c2');
SELECT careaccess_invite_to_portal(odd, 'other') FROM pg_temp.odd() AS odd;
CREATE FUNCTION pg_temp.acted(portal_user text, client text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM careaccess_act_as_portal_user(portal_user);
	PERFORM careaccess_accept_portal_access(client);
	PERFORM careaccess_switch_profile(client);
	RETURN careaccess_current_portal_user()::text || '/' || chosen()::text;
END $$;
GRANT EXECUTE ON FUNCTION pg_temp.acted(text, text) TO PUBLIC;
BEGIN;
SELECT is(pg_temp.acted(odd, 'c2'), odd || '/c2', 'a portal user with an odd id: ' || left(replace(odd, E'\n', '|'), 20)) FROM pg_temp.odd() AS odd;
SELECT is(pg_temp.acted('other', odd), 'other/' || odd, 'a profile with an odd id: ' || left(replace(odd, E'\n', '|'), 20)) FROM pg_temp.odd() AS odd;
COMMIT;

-- Nobody any more

SELECT careaccess_act_as_portal_user('mum', 'c2', true);
CREATE FUNCTION set_status(client text, status text) RETURNS void LANGUAGE sql SECURITY DEFINER AS
	$$ UPDATE careaccess.client SET status = $2 WHERE id OPERATOR(careaccess.=) $1 $$;
SELECT set_status('c2', 'deleted');
SELECT is(pg_temp.who(), 'portal mum acting', 'with the chosen profile deleted he has none');
SELECT careaccess_switch_profile(NULL);
SELECT is(pg_temp.who(), 'portal mum acting on c1', 'and can choose his own');
SELECT set_status('c2', 'active');
SELECT careaccess_switch_profile('c2');
SELECT set_status('c1', 'archived');
SELECT is(pg_temp.who(), 'portal mum acting on c2', 'an archived client''s login goes on');
SELECT set_status('c1', 'deleted');
SELECT is(pg_temp.me(), 'nobody acting', 'a deleted client''s login is nobody, not the administrator who acts as it');
SELECT is(pg_temp.outcome($$SELECT careaccess_switch_profile('c2')$$), '42501 no portal user is acting in this session', 'who switches nothing');
SELECT is(pg_temp.outcome($$SELECT careaccess_act_as_portal_user('mum')$$), '28000 the client of portal user "mum" is deleted', 'nor can it be acted as');
SELECT set_status('c1', 'active');
SELECT is(pg_temp.who(), 'portal mum acting on c2', 'until he is restored');
CREATE FUNCTION drop_mum() RETURNS void LANGUAGE sql SECURITY DEFINER AS
	$$ DELETE FROM careaccess.portal_user WHERE id OPERATOR(careaccess.=) 'mum' $$;
SELECT drop_mum();
SELECT is(pg_temp.me(), 'nobody acting', 'a portal user who was removed is nobody');
CREATE FUNCTION make_mum(client text) RETURNS void LANGUAGE sql SECURITY DEFINER AS
	$$ INSERT INTO careaccess.portal_user (id, client) VALUES ('mum', $1) $$;
SELECT make_mum('c2');
SELECT is(pg_temp.me(), 'nobody acting', '… and does not become another who gets the identifier');
SELECT drop_mum(), make_mum('c1');
SELECT is(pg_temp.who(), 'portal mum acting', '… only the same client''s login again, without the access that ended');
SELECT drop_mum();
SELECT careaccess_stop_acting();
SELECT is(pg_temp.who(), 'administrator none', 'and then the administrator again');

SELECT * FROM finish();
DROP OWNED BY careaccess_test_portal_app;
DROP ROLE careaccess_test_portal_app;
