-- Who reads the event log (spec of the view careaccess.event_log): a member
-- with view_audit, of the clients whom he may see; a database administrator all.
BEGIN;
SELECT plan(26);
SET client_min_messages = warning;

CREATE ROLE careaccess_test_app;
SELECT careaccess_grant_application('careaccess_test_app');
GRANT EXECUTE ON FUNCTION careaccess_act_as, careaccess_act_as_portal_user TO careaccess_test_app;
SELECT careaccess_create_practice('elm', 'Elm', 'simplepractice');
SELECT careaccess_create_practice('oak', 'Oak', 'simplepractice');
SELECT careaccess_define_role('elm', 'auditor', '{"administrative": true, "permissions": [{"category": "name", "actions": ["view"], "reach": "all"}], "capabilities": ["view_audit"]}');
SELECT careaccess_define_role('elm', 'restorer', '{"permissions": [{"category": "name", "actions": ["view"], "reach": "all"}], "capabilities": ["view_audit", "delete_client"]}');
SELECT careaccess_define_role('elm', 'worker', '{"practitioner": true, "permissions": [{"category": "name", "actions": ["view"], "reach": "all"}]}');
SELECT careaccess_add_member('elm', 'audrey', 'Audrey', '{auditor}');
SELECT careaccess_add_member('elm', 'rose', 'Rose', '{restorer}');
SELECT careaccess_add_member('elm', 'wanda', 'Wanda', '{worker}');
SELECT careaccess_define_role('oak', 'worker', '{"practitioner": true}');
SELECT careaccess_add_member('oak', 'otto', 'Otto', '{worker}');
SELECT careaccess_add_client('seen', 'elm', 'wanda'), careaccess_add_client('hidden', 'elm', 'wanda'),
	careaccess_add_client('gone', 'elm', 'wanda'), careaccess_add_client('far', 'oak', 'otto');
SELECT careaccess_restrict_client('hidden');
SELECT careaccess_revoke_administrative_access('hidden', 'audrey');
SELECT careaccess_set_client_status('gone', 'deleted');
SELECT careaccess_link_profile('seen', 'hidden', 'spouse');
SELECT careaccess_add_portal_user('pat', 'seen');
SELECT careaccess_add_portal_user('login of hidden', 'hidden');
SELECT careaccess_invite_to_portal('seen', 'login of hidden', true);

CREATE FUNCTION pg_temp.clients() RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(DISTINCT client::text, ' ' ORDER BY client::text), 'none') FROM careaccess.event_log
$$;
CREATE FUNCTION pg_temp.act_as(who text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM careaccess_act_as(who);
END $$;

SELECT is((SELECT count(*) FROM careaccess.event_log), (SELECT count(*) FROM careaccess.event), 'an administrator reads everything');
SELECT lives_ok('EXPLAIN ANALYZE SELECT FROM careaccess.event_log', '… and may see how');
SELECT ok((SELECT count(*) > 0 FROM careaccess.event_log WHERE practice IS NULL OR client::text = 'far'), '… of all practices and of none');

SET ROLE careaccess_test_app;
SELECT is(pg_temp.clients(), 'none', 'nobody reads nothing');
SELECT is((SELECT count(*) FROM careaccess.event_log), 0::bigint, '… not one event');
SELECT pg_temp.act_as('audrey');
SELECT is(pg_temp.clients(), 'seen', 'an auditor reads of the clients whom she may see, not of one whom she was revoked on, nor of a deleted one');
SELECT is((SELECT string_agg(DISTINCT practice::text, ' ') FROM careaccess.event_log), 'elm', '… of her practice only');
SELECT ok((SELECT count(*) > 5 FROM careaccess.event_log WHERE client IS NULL AND fact IN ('member', 'role', 'practice')), '… and of members, roles and settings');
SELECT is((SELECT count(*) FROM careaccess.event_log AS e WHERE e::text LIKE '%hidden%'), 0::bigint, 'a hidden client is nowhere, not as another''s linked profile either');
SELECT is((SELECT count(*) FROM careaccess.event_log WHERE fact = 'profile_link'), 0::bigint, '… so that link is left out');
SELECT is((SELECT count(*) FROM careaccess.event_log WHERE member::text = 'audrey' AND fact = 'client_revocation'), 0::bigint, '… and what it was that was revoked');
SELECT is((SELECT count(*) FROM careaccess.event_log WHERE at > now() - interval '1 day' AND client::text = 'seen') > 2, true, 'conditions are the reader''s');
SELECT is((SELECT count(*) FROM careaccess.event_log WHERE fact = 'portal_access'), 0::bigint, '… nor as another''s portal user');
SELECT throws_ok('EXPLAIN ANALYZE SELECT FROM careaccess.event_log WHERE client OPERATOR(careaccess.=) ''hidden''', '42501',
	'EXPLAIN is not allowed on protected table "event"', 'a plan would tell how many events of her were left out');
SELECT throws_ok('EXPLAIN SELECT FROM careaccess.event_log', '42501', NULL, '… and how many there are');
SELECT pg_temp.act_as('rose');
SELECT is(pg_temp.clients(), 'gone hidden seen', 'who may restore deleted clients reads of them, too');
SELECT is((SELECT count(*) FROM careaccess.event_log WHERE fact = 'profile_link'), 1::bigint, 'who sees both profiles sees their link');
SELECT is((SELECT count(*) FROM careaccess.event_log WHERE fact = 'portal_access'), 1::bigint, '… and of the one''s login to the other');
SELECT pg_temp.act_as('wanda');
SELECT is((SELECT count(*) FROM careaccess.event_log), 0::bigint, 'without view_audit nothing is read');
SELECT careaccess_act_as_portal_user('pat');
SELECT is((SELECT count(*) FROM careaccess.event_log), 0::bigint, 'a portal user reads nothing');
SELECT careaccess_stop_acting();
SELECT throws_ok('SELECT * FROM careaccess.event', '42501', NULL, 'the table itself is not to be read');
SELECT throws_ok('SELECT * FROM careaccess.sealed_event', '42501', NULL, '… nor what is sealed');
SELECT throws_ok('INSERT INTO careaccess.event_log (operation) VALUES (''x'')', NULL, NULL, 'nothing is written through the view');
SELECT throws_ok('SELECT careaccess_seal_events()', '42501', NULL, 'sealing is the administrator''s');
SELECT throws_ok('SELECT careaccess_verify_events()', '42501', NULL, '… and so is verifying');
RESET ROLE;
SELECT pg_temp.act_as('audrey');
SELECT throws_ok('SELECT careaccess_seal_events()', '42501', 'not allowed to seal events', 'a member seals nothing');
SELECT * FROM finish();
ROLLBACK;
