-- Linking profiles, logins of clients, and access to other profiles (SH-8,
-- SH-9, SH-11), and that a portal user can do nothing else.
BEGIN;
SELECT plan(122);
SET client_min_messages = error;

CREATE FUNCTION pg_temp.outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
CREATE FUNCTION links() RETURNS text LANGUAGE sql SECURITY DEFINER AS $$
	SELECT coalesce(string_agg(concat_ws(' ', client, contact_client, relationship), ', ' ORDER BY client, contact_client), 'none') FROM careaccess.profile_link
$$;
CREATE FUNCTION access() RETURNS text LANGUAGE sql SECURITY DEFINER AS $$
	SELECT coalesce(string_agg(concat_ws(' ', client, portal_user, status,
		CASE WHEN view_appointments THEN 'a' END, CASE WHEN manage_information THEN 'i' END), ', ' ORDER BY client, portal_user), 'none')
	FROM careaccess.portal_access
$$;
CREATE FUNCTION logins() RETURNS text LANGUAGE sql SECURITY DEFINER AS $$
	SELECT coalesce(string_agg(concat_ws(' ', id, client), ', ' ORDER BY id), 'none') FROM careaccess.portal_user
$$;

-- olga may do everything; link and gate hold one capability each, and like
-- anna, who holds none, see only their own clients: c1 to c5 are shared with
-- them, c9 is not.
SELECT careaccess_create_practice('p', 'Practice');
SELECT careaccess_create_practice('q', 'Another');
SELECT careaccess_define_role('p', 'gatekeeper', '{"practitioner": true, "permissions": [{"category": "name", "actions": ["view"], "reach": "own"}], "capabilities": ["manage_portal"]}');
SELECT careaccess_define_role('p', 'linker', '{"practitioner": true, "permissions": [{"category": "name", "actions": ["view"], "reach": "own"}], "capabilities": ["link_profiles"]}');
SELECT careaccess_add_member('p', 'olga', 'Olga', '{owner}');
SELECT careaccess_add_member('p', 'anna', 'Anna', '{clinician}');
SELECT careaccess_add_member('p', 'bert', 'Bert', '{clinician}');
SELECT careaccess_add_member('p', 'gate', 'Gate', '{gatekeeper}');
SELECT careaccess_add_member('p', 'link', 'Link', '{linker}');
SELECT careaccess_add_member('q', 'quin', 'Quin', '{owner,clinician}');
SELECT careaccess_add_client(c, 'p', 'anna') FROM unnest('{c1,c2,c3,c4,c5}'::text[]) AS c;
SELECT careaccess_add_client(c, 'p', 'bert') FROM unnest('{c9}'::text[]) AS c;
SELECT careaccess_add_client('d1', 'q', 'quin');
SELECT careaccess_add_client('d2', 'q', 'quin');
SELECT careaccess_share_client(c, m) FROM unnest('{c1,c2,c3,c4,c5}'::text[]) AS c, unnest('{gate,link}'::text[]) AS m;

CREATE ROLE careaccess_test_app;
SELECT careaccess_grant_application('careaccess_test_app');
GRANT EXECUTE ON FUNCTION careaccess_act_as, careaccess_act_as_portal_user TO careaccess_test_app;

SET LOCAL ROLE careaccess_test_app;

-- Linking: who, and what

SELECT is(pg_temp.outcome('SELECT careaccess_link_profile(''c1'', ''c2'')'), '42501 no member is acting in this session', 'link: nobody');
SELECT careaccess_act_as('anna');
SELECT is(pg_temp.outcome('SELECT careaccess_link_profile(''c1'', ''c2'')'), '42501 not allowed to link profiles', 'link: without the capability');
SELECT is(pg_temp.outcome('SELECT careaccess_unlink_profile(''c1'', ''c2'')'), '42501 not allowed to unlink profiles', 'unlink: without the capability');
SELECT careaccess_act_as('gate');
SELECT is(pg_temp.outcome('SELECT careaccess_link_profile(''c1'', ''c2'')'), '42501 not allowed to link profiles', 'link: manage_portal is another one');
SELECT careaccess_act_as('link');
SELECT is(pg_temp.outcome(format('SELECT careaccess_%s(%L, %L)', f, a, b)), format('P0002 no such client: "%s"', bad), format('%s %s %s', f, a, b))
FROM unnest('{link_profile,unlink_profile}'::text[]) AS f,
	(VALUES ('c1', 'c9', 'c9'), ('c9', 'c1', 'c9'), ('c9', 'c9', 'c9'), ('c1', 'd1', 'd1'), ('d1', 'c1', 'd1'), ('c1', 'nowhere', 'nowhere')) AS v (a, b, bad);
SELECT is(pg_temp.outcome('SELECT careaccess_link_profile(NULL, ''c1'')'), '22023 client must not be null', 'link: null client');
SELECT is(pg_temp.outcome('SELECT careaccess_link_profile(''c1'', NULL)'), '22023 contact_client must not be null', 'link: null contact');
SELECT is(pg_temp.outcome('SELECT careaccess_link_profile(''c1'', ''c2'', NULL)'), '22023 relationship must not be null', 'link: null relationship');
SELECT is(pg_temp.outcome('SELECT careaccess_link_profile(''c1'', ''c2'', '' '')'), '22023 relationship must not be empty', 'link: empty relationship');
SELECT is(pg_temp.outcome('SELECT careaccess_link_profile(''c1'', ''c1'')'), '22023 a profile cannot be linked with itself', 'link: with itself');
SELECT is(links(), 'none', 'nothing is linked by that');
SELECT is(pg_temp.outcome('SELECT careaccess_unlink_profile(''c1'', ''c2'')'), 'done', 'unlinking what is not linked is no error');
SELECT lives_ok('SELECT careaccess_link_profile(''c2'', ''c1'', ''child'')', 'link');
SELECT lives_ok('SELECT careaccess_link_profile(''c3'', ''c1'')', 'link: the default');
SELECT is(links(), 'c2 c1 child, c3 c1 self', 'two links');
SELECT careaccess_link_profile('c2', 'c1', 'ward');
SELECT is(links(), 'c2 c1 ward, c3 c1 self', 'linking again replaces the relationship');
SELECT careaccess_stop_acting();
RESET ROLE;
SELECT is(pg_temp.outcome('SELECT careaccess_link_profile(''c1'', ''d1'')'), '22023 clients "c1" and "d1" belong to different practices',
	'link: an administrator cannot connect practices');
SET LOCAL ROLE careaccess_test_app;

-- Logins

SELECT is(pg_temp.outcome('SELECT careaccess_add_portal_user(''u1'', ''c1'')'), '42501 no member is acting in this session', 'add: nobody');
SELECT careaccess_act_as('link');
SELECT is(pg_temp.outcome('SELECT careaccess_add_portal_user(''u1'', ''c1'')'), '42501 not allowed to add a portal user', 'add: without the capability');
SELECT careaccess_act_as('gate');
SELECT is(pg_temp.outcome(format('SELECT careaccess_add_portal_user(''u1'', %L)', c)), format('P0002 no such client: "%s"', c), 'add: ' || c)
FROM unnest('{c9,d1,nowhere}'::text[]) AS c;
SELECT is(pg_temp.outcome('SELECT careaccess_add_portal_user(NULL, ''c1'')'), '22023 portal_user must not be null', 'add: null');
SELECT is(pg_temp.outcome('SELECT careaccess_add_portal_user(''u1'', NULL)'), '22023 client must not be null', 'add: null client');
SELECT lives_ok('SELECT careaccess_add_portal_user(''u1'', ''c1'')', 'add');
SELECT is(pg_temp.outcome('SELECT careaccess_add_portal_user(''u1'', ''c2'')'), '23505 portal user identifier "u1" is in use', 'add: in use');
SELECT lives_ok('SELECT careaccess_add_portal_user(''u1 too'', ''c1''), careaccess_add_portal_user(''u3'', ''c3''), careaccess_add_portal_user(''anna'', ''c4'')',
	'several logins of a client, and the id of a member');
SELECT careaccess_act_as('olga');
SELECT careaccess_add_portal_user('u9', 'c9');
SELECT careaccess_act_as('quin');
SELECT careaccess_add_portal_user('ud', 'd1');
SELECT is(pg_temp.outcome('SELECT careaccess_add_portal_user(''u9'', ''d2'')'), '23505 portal user identifier "u9" is in use', 'add: in use elsewhere');
SELECT is(logins(), 'anna c4, u1 c1, u1 too c1, u3 c3, u9 c9, ud d1', 'the logins');
SELECT careaccess_act_as('gate');
SELECT is(pg_temp.outcome(format('SELECT careaccess_remove_portal_user(%L)', u)), format('P0002 no such portal user: "%s"', u), 'remove: ' || why)
FROM (VALUES ('u9', 'whose client is hidden'), ('ud', 'of another practice'), ('nobody', 'there is none')) AS v (u, why);
SELECT is(pg_temp.outcome('SELECT careaccess_remove_portal_user(NULL)'), '22023 portal_user must not be null', 'remove: null');
SELECT careaccess_act_as('anna');
SELECT is(pg_temp.outcome('SELECT careaccess_remove_portal_user(''u1'')'), '42501 not allowed to remove a portal user', 'remove: without the capability');

-- Inviting

SELECT is(pg_temp.outcome('SELECT careaccess_invite_to_portal(''c2'', ''u1'')'), '42501 not allowed to invite to the portal', 'invite: without the capability');
SELECT careaccess_act_as('gate');
SELECT is(pg_temp.outcome(format('SELECT careaccess_invite_to_portal(%L, ''u1'')', c)), format('P0002 no such client: "%s"', c), 'invite: ' || c)
FROM unnest('{c9,d1,nowhere}'::text[]) AS c;
SELECT is(pg_temp.outcome(format('SELECT careaccess_invite_to_portal(''c2'', %L)', u)), format('P0002 no such portal user: "%s"', u), 'invite a login ' || why)
FROM (VALUES ('u9', 'whose client is hidden'), ('ud', 'of another practice'), ('nobody', 'there is none')) AS v (u, why);
SELECT is(pg_temp.outcome('SELECT careaccess_invite_to_portal(NULL, ''u1'')'), '22023 client must not be null', 'invite: null client');
SELECT is(pg_temp.outcome('SELECT careaccess_invite_to_portal(''c2'', NULL)'), '22023 portal_user must not be null', 'invite: null login');
SELECT is(pg_temp.outcome('SELECT careaccess_invite_to_portal(''c2'', ''u1'', NULL)'), '22023 view_appointments must not be null', 'invite: null permission');
SELECT is(pg_temp.outcome('SELECT careaccess_invite_to_portal(''c2'', ''u1'', true, NULL)'), '22023 manage_information must not be null', 'invite: the other one');
SELECT is(pg_temp.outcome('SELECT careaccess_invite_to_portal(''c1'', ''u1'')'), '22023 client "c1" is the own profile of portal user "u1"', 'invite: his own profile');
SELECT is(pg_temp.outcome('SELECT careaccess_invite_to_portal(''c5'', ''u1'')'), '55000 client "c5" is not linked with the profile of portal user "u1"', 'SH-9 no invitation without a link');
SELECT is(pg_temp.outcome('SELECT careaccess_invite_to_portal(''c1'', ''anna'')'), '55000 client "c1" is not linked with the profile of portal user "anna"', 'SH-9 … of these two profiles');
SELECT is(access(), 'none', 'nobody is invited by that');
SELECT lives_ok('SELECT careaccess_invite_to_portal(''c2'', ''u1'')', 'SH-9 an invitation along a link');
SELECT is(access(), 'c2 u1 invited', 'SH-10 without permissions');
SELECT careaccess_invite_to_portal('c2', 'u1', true);
SELECT is(access(), 'c2 u1 invited a', 'SH-10 inviting again changes the permissions');
SELECT careaccess_invite_to_portal('c2', 'u1', false, true);
SELECT is(access(), 'c2 u1 invited i', 'SH-10 each by itself');
SELECT careaccess_invite_to_portal('c3', 'u1 too', true, true);
SELECT lives_ok('SELECT careaccess_invite_to_portal(''c1'', ''u3'', true)', 'SH-9 a link "self" counts in both directions');
SELECT is(access(), 'c1 u3 invited a, c2 u1 invited i, c3 u1 too invited a i', 'three invitations');
SELECT careaccess_act_as('olga');
SELECT careaccess_add_portal_user('u2', 'c2');
SELECT is(pg_temp.outcome('SELECT careaccess_invite_to_portal(''c1'', ''u2'')'), '55000 client "c1" is not linked with the profile of portal user "u2"', 'SH-9 … and any other in one');

-- Accepting

SELECT is(pg_temp.outcome('SELECT careaccess_accept_portal_access(''c2'')'), '42501 no portal user is acting in this session', 'accept: not for members');
SELECT is(pg_temp.outcome('SELECT careaccess_portal_profiles()'), '42501 no portal user is acting in this session', 'profiles: not for members');
SELECT careaccess_act_as_portal_user('u1');
SELECT is(pg_temp.outcome('SELECT careaccess_accept_portal_access(NULL)'), '22023 client must not be null', 'accept: null');
SELECT is(pg_temp.outcome(format('SELECT careaccess_accept_portal_access(%L)', c)), format('P0002 no such client: "%s"', c), 'accept: ' || why)
FROM (VALUES ('c1', 'his own'), ('c3', 'another''s invitation'), ('c5', 'not invited'), ('d1', 'of another practice'), ('nowhere', 'there is none')) AS v (c, why);
SELECT results_eq('SELECT client::text, view_appointments, manage_information, own, chosen FROM careaccess_portal_profiles()',
	$$VALUES ('c1', true, true, true, true)$$, 'profiles: only his own before he accepts');
SELECT lives_ok('SELECT careaccess_accept_portal_access(''c2'')', 'accept');
SELECT lives_ok('SELECT careaccess_accept_portal_access(''c2'')', 'accepted already');
SELECT careaccess_switch_profile('c2');
SELECT results_eq('SELECT client::text, view_appointments, manage_information, own, chosen FROM careaccess_portal_profiles()',
	$$VALUES ('c1', true, true, true, false), ('c2', false, true, false, true)$$, 'profiles: his own first');
SELECT is(access(), 'c1 u3 invited a, c2 u1 accepted i, c3 u1 too invited a i', 'one is accepted');
SELECT careaccess_act_as('gate');
SELECT careaccess_invite_to_portal('c2', 'u1', true, true);
SELECT is(access(), 'c1 u3 invited a, c2 u1 accepted a i, c3 u1 too invited a i', 'inviting again leaves it accepted');

-- Withdrawing

SELECT careaccess_act_as('anna');
SELECT is(pg_temp.outcome('SELECT careaccess_withdraw_portal_access(''c2'', ''u1'')'), '42501 not allowed to withdraw portal access', 'withdraw: without the capability');
SELECT careaccess_act_as('gate');
SELECT is(pg_temp.outcome(format('SELECT careaccess_withdraw_portal_access(%L, ''u1'')', c)), format('P0002 no such client: "%s"', c), 'withdraw: ' || c)
FROM unnest('{c9,d1,nowhere}'::text[]) AS c;
SELECT is(pg_temp.outcome(format('SELECT careaccess_withdraw_portal_access(''c2'', %L)', u)), format('P0002 no such portal user: "%s"', u), 'withdraw from a login ' || why)
FROM (VALUES ('u9', 'whose client is hidden'), ('ud', 'of another practice'), ('nobody', 'there is none')) AS v (u, why);
SELECT is(pg_temp.outcome('SELECT careaccess_withdraw_portal_access(''c2'', NULL)'), '22023 portal_user must not be null', 'withdraw: null');
SELECT is(pg_temp.outcome('SELECT careaccess_withdraw_portal_access(''c5'', ''u1'')'), 'done', 'withdraw: from one who has none');
SELECT lives_ok('SELECT careaccess_withdraw_portal_access(''c2'', ''u1'')', 'withdraw');
SELECT is(access(), 'c1 u3 invited a, c2 u1 withdrawn a i, c3 u1 too invited a i', 'withdrawn');
SELECT lives_ok('SELECT careaccess_withdraw_portal_access(''c2'', ''u1'')', 'withdrawn already');
SELECT careaccess_act_as_portal_user('u1');
SELECT is(pg_temp.outcome('SELECT careaccess_accept_portal_access(''c2'')'), 'P0002 no such client: "c2"', 'what was withdrawn is not accepted');
SELECT is((SELECT string_agg(client::text, ' ') FROM careaccess_portal_profiles()), 'c1', '… nor can it be chosen');
SELECT careaccess_act_as('gate');
SELECT careaccess_invite_to_portal('c2', 'u1', true);
SELECT is(access(), 'c1 u3 invited a, c2 u1 invited a, c3 u1 too invited a i', 'a withdrawn access becomes an invitation again');
SELECT careaccess_act_as('olga');
SELECT careaccess_link_profile('c2', 'c9', 'parent');
SELECT careaccess_invite_to_portal('c2', 'u9', true);
SELECT careaccess_act_as('gate');
SELECT is(pg_temp.outcome('SELECT careaccess_invite_to_portal(''c2'', ''u9'')'), 'P0002 no such portal user: "u9"', 'invite: a hidden one who is invited already');
SELECT lives_ok('SELECT careaccess_withdraw_portal_access(''c2'', ''u9'')', 'but who sees the profile ends a hidden one''s access to it');
SELECT is(access(), 'c1 u3 invited a, c2 u1 invited a, c2 u9 withdrawn a, c3 u1 too invited a i', '… which is gone');

-- Unlinking (SH-11)

SELECT careaccess_act_as_portal_user('u1');
SELECT careaccess_accept_portal_access('c2');
SELECT careaccess_act_as_portal_user('u3');
SELECT careaccess_accept_portal_access('c1');
SELECT careaccess_act_as('olga');
SAVEPOINT s;
SELECT careaccess_unlink_profile('c2', 'c1');
SELECT is(links() || ' / ' || access(), 'c2 c9 parent, c3 c1 self / c1 u3 accepted a, c2 u1 withdrawn a, c2 u9 withdrawn a, c3 u1 too invited a i',
	'SH-11 unlinking ends the access that rests on the link and no other');
SELECT careaccess_link_profile('c2', 'c1', 'child');
SELECT is(access(), 'c1 u3 accepted a, c2 u1 withdrawn a, c2 u9 withdrawn a, c3 u1 too invited a i', 'SH-11 linking again gives nothing back');
ROLLBACK TO s;
SELECT careaccess_unlink_profile('c3', 'c1');
SELECT is(access(), 'c1 u3 withdrawn a, c2 u1 accepted a, c2 u9 withdrawn a, c3 u1 too withdrawn a i', 'SH-11 both directions of a link "self"; invitations too');
ROLLBACK TO s;
SELECT careaccess_unlink_profile('c1', 'c3');
SELECT is(links() || ' / ' || access(), 'c2 c1 ward, c2 c9 parent / c1 u3 withdrawn a, c2 u1 accepted a, c2 u9 withdrawn a, c3 u1 too withdrawn a i',
	'SH-11 whose names can be turned round');
ROLLBACK TO s;
SELECT careaccess_unlink_profile('c1', 'c2');
SELECT is(links(), 'c2 c1 ward, c2 c9 parent, c3 c1 self', 'SH-11 those of any other cannot');
SELECT careaccess_link_profile('c1', 'c3', 'sibling');
SELECT careaccess_unlink_profile('c3', 'c1');
SELECT is(access(), 'c1 u3 accepted a, c2 u1 accepted a, c2 u9 withdrawn a, c3 u1 too withdrawn a i', 'SH-11 what rests on another link, too, stays');
SELECT careaccess_unlink_profile('c1', 'c3');
SELECT is(access(), 'c1 u3 withdrawn a, c2 u1 accepted a, c2 u9 withdrawn a, c3 u1 too withdrawn a i', 'SH-11 until that one ends');
ROLLBACK TO s;
SELECT careaccess_link_profile('c3', 'c1', 'sibling');
SELECT is(access(), 'c1 u3 withdrawn a, c2 u1 accepted a, c2 u9 withdrawn a, c3 u1 too invited a i', 'SH-11 a link that is "self" no longer carries one direction only');
ROLLBACK TO s;
SELECT careaccess_link_profile('c1', 'c2', 'parent');
SELECT careaccess_unlink_profile('c1', 'c2');
SELECT is(access(), 'c1 u3 accepted a, c2 u1 accepted a, c2 u9 withdrawn a, c3 u1 too invited a i', 'SH-11 a link in the other direction carried nothing');
ROLLBACK TO s;

-- Logins and clients that go

SELECT careaccess_remove_portal_user('u1');
SELECT is(logins() || ' / ' || access(), 'anna c4, u1 too c1, u2 c2, u3 c3, u9 c9, ud d1 / c1 u3 accepted a, c2 u9 withdrawn a, c3 u1 too invited a i',
	'a login that is removed loses its access');
SELECT lives_ok('SELECT careaccess_add_portal_user(''u1'', ''c1'')', 'its identifier can be used again');
SELECT is((SELECT count(*) FROM regexp_matches(access(), 'u1 [^t]', 'g')), 0::bigint, '… and begins with nothing');
ROLLBACK TO s;
SELECT is(pg_temp.outcome('SELECT careaccess_remove_portal_user(''u1''), careaccess_remove_portal_user(''u1'')'), 'P0002 no such portal user: "u1"', 'removed once');
SELECT careaccess_stop_acting();
RESET ROLE;
SET CONSTRAINTS ALL IMMEDIATE;
DELETE FROM careaccess.client WHERE id OPERATOR(careaccess.=) 'c1';
SELECT is(links() || ' / ' || logins() || ' / ' || access(), 'c2 c9 parent / anna c4, u2 c2, u3 c3, u9 c9, ud d1 / c2 u9 withdrawn a',
	'with a client go his links, his logins and what they had, and the access of others to him');
ROLLBACK TO s;
RESET ROLE;
DELETE FROM careaccess.client WHERE id OPERATOR(careaccess.=) 'c2';
SELECT is(links() || ' / ' || logins() || ' / ' || access(), 'c3 c1 self / anna c4, u1 c1, u1 too c1, u3 c3, u9 c9, ud d1 / c1 u3 accepted a, c3 u1 too invited a i',
	'and what rests on links of others stays');
ROLLBACK TO s;
RESET ROLE;
SELECT is(pg_temp.outcome('UPDATE careaccess.portal_user SET client = ''c5'' WHERE id OPERATOR(careaccess.=) ''u1'''),
	'55000 the profile of a portal user cannot be changed', 'a login stays that of its client');
SET LOCAL ROLE careaccess_test_app;

-- The event log

RESET ROLE;
SELECT is((SELECT string_agg(concat_ws(' ', operation, fact, client, actor_kind, actor), ', ' ORDER BY at DESC) FROM (
		SELECT * FROM careaccess.event WHERE fact = 'portal_access' AND operation = 'accept_portal_access' ORDER BY at DESC LIMIT 1) AS e),
	'accept_portal_access portal_access c1 portal u3', 'the event log tells a portal user from a member');
SET LOCAL ROLE careaccess_test_app;

-- Everything else is refused, to a portal user who has the id of a member, too

RESET ROLE;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO careaccess_test_app;
CREATE TABLE rec (client text, owner text);
GRANT ALL ON rec TO careaccess_test_app;
-- A call of a function with arguments that make sense.
CREATE FUNCTION pg_temp.call_of(function regprocedure) RETURNS text LANGUAGE sql AS $$
	SELECT format('SELECT %s(%s)', p.oid::regproc, string_agg(
		CASE
			WHEN n IN ('client', 'to_member', 'id') THEN '''c1'''
			WHEN n = 'contact_client' THEN '''c2'''
			WHEN n = 'practice' THEN '''p'''
			WHEN n = 'portal_user' THEN '''u1'''
			WHEN n = 'status' THEN CASE WHEN p.proname LIKE '%member%' THEN '''disabled''' ELSE '''archived''' END
			WHEN n = 'channel' THEN '''staff'''
			WHEN n = 'category' THEN '''profile'''
			WHEN n = 'action' THEN '''view'''
			WHEN n = 'mode' THEN '''author'''
			WHEN n = 'reach' THEN '''own'''
			WHEN n = 'effect' THEN '''allow'''
			WHEN n = 'preset' THEN '''standard'''
			WHEN n = 'role' AND t = 'name'::regtype THEN '''careaccess_test_app'''
			WHEN n = 'login_role' THEN 'NULL'
			WHEN t = 'careaccess.id'::regtype THEN '''anna'''
			WHEN t = 'careaccess.id[]'::regtype THEN '''{anna}'''
			WHEN t = 'text[]'::regtype AND n LIKE '%action%' THEN '''{view}'''
			WHEN t = 'text[]'::regtype AND n LIKE '%categor%' THEN '''{profile}'''
			WHEN t = 'text[]'::regtype THEN '''{clinician}'''
			WHEN t IN ('bigint'::regtype, 'integer'::regtype) THEN '1'
			WHEN t = 'bigint[]'::regtype THEN '''{}'''
			WHEN t = 'boolean'::regtype THEN 'true'
			WHEN t = 'jsonb'::regtype THEN '''{}'''
			WHEN t = 'timestamptz'::regtype THEN '''2099-01-01'''
			WHEN t = 'regclass'::regtype THEN '''rec'''
			WHEN t = 'name'::regtype THEN '''client'''
			WHEN t = '"any"'::regtype THEN '''c1''::text'
			ELSE '''a text of some length'''
		END || '::' || CASE WHEN t = '"any"'::regtype THEN 'text' ELSE t::text END, ', ' ORDER BY i))
	FROM pg_proc AS p
	LEFT JOIN LATERAL (
		SELECT a.t::regtype AS t, p.proargnames[a.i] AS n, a.i FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY AS a (t, i)) AS a ON true
	WHERE p.oid = function
	GROUP BY p.oid
$$;
CREATE TEMP TABLE call AS
	SELECT p.proname, pg_temp.call_of(i.function) AS statement
	FROM careaccess.interface() AS i JOIN pg_proc AS p ON p.oid = i.function
	WHERE p.prorettype <> 'trigger'::regtype AND i.purpose <> 'identity'
		AND p.proname NOT IN ('careaccess_whoami', 'careaccess_current_member', 'careaccess_current_practice', 'careaccess_current_portal_user', 'careaccess_cache',
			'careaccess_stop_acting', 'careaccess_switch_profile', 'careaccess_accept_portal_access', 'careaccess_portal_profiles', 'careaccess_visible');
GRANT SELECT ON call TO careaccess_test_app;
-- olga's id: what she may do, the portal user may not
INSERT INTO careaccess.portal_user (id, client) VALUES ('olga', 'c5');
SELECT cmp_ok((SELECT count(*) FROM call), '>', 50::bigint, 'there are functions to be refused');
SELECT count(*) AS facts FROM careaccess.event \gset
SET LOCAL ROLE careaccess_test_app;
SELECT careaccess_act_as_portal_user('olga');
SELECT is(ARRAY(SELECT statement || ': ' || outcome FROM (SELECT statement, pg_temp.outcome(statement) AS outcome FROM call OFFSET 0) AS c
	WHERE outcome NOT LIKE '42501 %' ORDER BY 1), '{}', 'every other function refuses a portal user');
RESET ROLE;
SELECT is((SELECT count(*) FROM careaccess.event), :facts::bigint, '… and changes nothing');
SELECT careaccess_stop_acting();
SET LOCAL SESSION AUTHORIZATION DEFAULT;
SELECT careaccess_act_as_portal_user('u1');
SELECT is(ARRAY(SELECT statement || ': ' || outcome FROM (SELECT statement, pg_temp.outcome(statement) AS outcome FROM call OFFSET 0) AS c
	WHERE outcome NOT LIKE '42501 %' ORDER BY 1), '{}', 'a superuser who acts as one, too');
SELECT is((SELECT count(*) FROM careaccess.event), :facts::bigint, '… and changes nothing');
SELECT is_empty('SELECT FROM careaccess.deleted_clients', 'nothing is to be restored by a portal user');

SELECT * FROM finish();
ROLLBACK;
