-- Restricted clients and revoked administrative access (SP-1 to SP-9, SP-15):
-- careaccess_restrict_client, _unrestrict_client,
-- _revoke_administrative_access, _restore_administrative_access.
BEGIN;
SELECT plan(57);

SET client_min_messages = warning;

CREATE FUNCTION pg_temp.new_member(practice text, member text, VARIADIC roles text[]) RETURNS void LANGUAGE sql AS $$
	INSERT INTO careaccess.member (id, practice, name) VALUES (member, practice, member);
	INSERT INTO careaccess.member_role (practice, member, role) SELECT practice, member, r FROM unnest(roles) AS r;
$$;
CREATE FUNCTION pg_temp.sees(member text, client text, category text DEFAULT 'name') RETURNS boolean LANGUAGE sql AS $$
	SELECT careaccess.member_can(member, client, category, 'view')
$$;
CREATE FUNCTION pg_temp.revoked(client text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT x.member::text FROM careaccess.client_revocation x WHERE x.client OPERATOR(careaccess.=) $1
$$;

SELECT careaccess_create_practice('sp', 'SimplePractice', 'simplepractice');
SELECT pg_temp.new_member('sp', 'owner', 'account_owner');
SELECT pg_temp.new_member('sp', 'manager', 'practice_manager');
SELECT pg_temp.new_member('sp', 'scheduler', 'practice_scheduler');
SELECT pg_temp.new_member('sp', 'anna', 'clinician_basic');
SELECT pg_temp.new_member('sp', 'bert', 'clinician_basic');
SELECT pg_temp.new_member('sp', 'carl', 'clinician_full_client_list');
SELECT pg_temp.new_member('sp', 'dora', 'clinician_entire_practice');
SELECT careaccess_create_practice('iq', 'IntakeQ', 'intakeq');
SELECT pg_temp.new_member('iq', 'iq admin', 'administrator');
SELECT careaccess_create_practice('st', 'Standard', 'standard');
SELECT pg_temp.new_member('st', 'st manager', 'manager');
SELECT pg_temp.new_member('st', 'st owner', 'owner');
SELECT pg_temp.new_member('st', 'st anna', 'clinician');
SELECT careaccess_act_as('anna');
SELECT careaccess_add_client('c1');
SELECT careaccess_add_client('c2');
SELECT careaccess_act_as('st anna');
SELECT careaccess_add_client('s1');
SELECT careaccess_act_as('iq admin');
SELECT careaccess_add_client('q1');

-- Who may

SELECT careaccess_act_as('bert');
SELECT throws_ok($$SELECT careaccess_restrict_client('c1')$$, 'P0002', 'no such client: "c1"', 'restrict: a hidden client is missing');
SELECT throws_ok($$SELECT careaccess_unrestrict_client('c1')$$, 'P0002', NULL, 'unrestrict: hidden');
SELECT throws_ok($$SELECT careaccess_revoke_administrative_access('c1', 'dora')$$, 'P0002', NULL, 'revoke: hidden');
SELECT throws_ok($$SELECT careaccess_restore_administrative_access('c1', 'dora')$$, 'P0002', NULL, 'restore: hidden');
SELECT careaccess_act_as('scheduler');
SELECT throws_ok($$SELECT careaccess_restrict_client('c1')$$, '42501', 'not allowed to restrict a client', 'a scheduler restricts nobody');
SELECT throws_ok($$SELECT careaccess_revoke_administrative_access('c1', 'dora')$$, '42501', NULL, '… and revokes nobody');
SELECT throws_ok($$SELECT careaccess_unrestrict_client('c1')$$, '42501', NULL, '… nor unrestricts');
SELECT throws_ok($$SELECT careaccess_restore_administrative_access('c1', 'dora')$$, '42501', NULL, '… nor restores');
SELECT careaccess_act_as('dora');
SELECT throws_ok($$SELECT careaccess_restrict_client('c1')$$, '42501', NULL, 'restrict_own counts for the owner only');
SELECT careaccess_share_client('c1', 'dora');
SELECT throws_ok($$SELECT careaccess_restrict_client('c1')$$, '42501', NULL, '… a grant is not enough');

SELECT careaccess_act_as('anna');
SELECT throws_ok($$SELECT careaccess_revoke_administrative_access('c1', 'dora')$$, '55000', 'client "c1" is not restricted',
	'SP-2 revoking before restricting is refused');
SELECT lives_ok($$SELECT careaccess_restrict_client('c1')$$, 'the owner restricts his client');
SELECT lives_ok($$SELECT careaccess_restrict_client('c1')$$, '… also twice');
SELECT ok(pg_temp.sees('manager', 'c1') AND pg_temp.sees('dora', 'c1', 'chart') AND pg_temp.sees('carl', 'c1')
	AND pg_temp.sees('scheduler', 'c1', 'schedule') AND pg_temp.sees('owner', 'c1', 'chart'),
	'SP-1 restricting alone takes nothing from anybody');
SELECT careaccess_act_as('iq admin');
SELECT throws_ok($$SELECT careaccess_restrict_client('q1')$$, '42501', NULL, 'IntakeQ: nobody holds the capability');
SELECT careaccess_stop_acting();
SELECT throws_ok($$SELECT careaccess_restrict_client('q1')$$, '55000', 'this practice does not restrict clients',
	'SP-2 restricting is refused where the setting is off');

-- Revoking

SELECT careaccess_act_as('anna');
SELECT careaccess_share_client('c1', 'carl', NULL, 'cover');
SELECT careaccess_share_client('c2', 'carl');
SELECT lives_ok($$SELECT careaccess_revoke_administrative_access('c1', 'carl')$$, 'the owner revokes a member');
SELECT ok(NOT pg_temp.sees('carl', 'c1'), 'SP-3 restricted and revoked hides the name too');
SELECT ok((SELECT NOT active AND valid_until <= clock_timestamp() FROM careaccess.client_link
	WHERE client OPERATOR(careaccess.=) 'c1' AND member OPERATOR(careaccess.=) 'carl'), 'SP-4 revoking ends his grant on the client');
SELECT is((SELECT operation FROM careaccess.event WHERE fact = 'client_link' AND member OPERATOR(careaccess.=) 'carl'
		AND client OPERATOR(careaccess.=) 'c1' AND after ->> 'active' = 'false'), 'revoke_administrative_access',
	'SP-4 as part of the same operation');
SELECT ok(pg_temp.sees('carl', 'c2', 'chart'), 'SP-15 another profile stays as it was');
SELECT ok(pg_temp.sees('dora', 'c1', 'chart'), 'SP-3 another member too');
SELECT lives_ok($$SELECT careaccess_revoke_administrative_access('c1', 'carl')$$, 'revoking twice is no error');
SELECT set_eq($$SELECT pg_temp.revoked('c1')$$, ARRAY['carl'], '… and changes nothing');
SELECT throws_ok($$SELECT careaccess_revoke_administrative_access('c1', 'anna')$$, '55000', 'the owner of a client cannot be revoked',
	'SP-6 the owner cannot be revoked');
SELECT throws_ok($$SELECT careaccess_revoke_administrative_access('c1', 'owner')$$, '55000',
	'member "owner" holds a role that cannot be revoked', 'SP-6 nor a member with an unrevocable role');
SELECT throws_ok($$SELECT careaccess_revoke_administrative_access('c1', 'bert')$$, '22023', 'member "bert" has no administrative access',
	'SP-7 only a member with an administrative role can be revoked');
SELECT throws_ok($$SELECT careaccess_revoke_administrative_access('c1', 'st manager')$$, 'P0002', NULL, 'a member of another practice is unknown');
SELECT throws_ok($$SELECT careaccess_revoke_administrative_access('c1', NULL)$$, '22023', NULL, 'a null member is refused');

SELECT careaccess_act_as('carl');
SELECT throws_ok($$SELECT careaccess_restore_administrative_access('c1', 'carl')$$, 'P0002', 'no such client: "c1"',
	'a revoked member finds the client missing');

-- SP-7: the revocation follows the member through role changes.
SELECT careaccess_stop_acting();
UPDATE careaccess.member_role SET role = 'clinician_entire_practice' WHERE member OPERATOR(careaccess.=) 'carl';
SELECT ok(NOT pg_temp.sees('carl', 'c1') AND pg_temp.sees('carl', 'c2', 'chart'), 'SP-7 the revocation follows the member into another role');
UPDATE careaccess.member_role SET role = 'clinician_full_client_list' WHERE member OPERATOR(careaccess.=) 'carl';

-- SP-8
SELECT careaccess_act_as('anna');
SELECT throws_ok($$SELECT careaccess_share_client('c1', 'carl')$$, '55000',
	'the administrative access of member "carl" to client "c1" is revoked', 'SP-8 no grant to a revoked member');
SELECT throws_ok($$SELECT careaccess_set_client_access('c1', '{carl}')$$, '55000', NULL, 'SP-8 nor by the list');
SELECT throws_ok($$SELECT careaccess_set_client_access('c1', NULL, 'carl')$$, '55000', NULL, 'SP-8 nor as owner in the same call');
SELECT throws_ok($$SELECT careaccess_reassign_client('c1', 'carl')$$, '55000', NULL, 'SP-8 nor as owner');
SELECT careaccess_stop_acting();
SELECT throws_ok($$SELECT careaccess_list_client('c1', 'carl')$$, '55000', NULL, 'SP-8 nor by a listing, for a database administrator either');
SELECT throws_ok($$SELECT careaccess_share_chart('c1', 'anna', 'carl')$$, '55000', NULL, 'SP-8 nor by a chart share');
SELECT ok((SELECT count(*) = 1 FROM careaccess.client_link WHERE client OPERATOR(careaccess.=) 'c1' AND active
	AND member OPERATOR(careaccess.=) 'anna') AND NOT pg_temp.sees('carl', 'c1'), 'SP-8 nothing of it was left behind');
SELECT careaccess_act_as('anna');
SELECT careaccess_share_client_with_all('c1', true);
SELECT ok(NOT pg_temp.sees('carl', 'c1') AND pg_temp.sees('bert', 'c1'), 'SP-3 shared with all is not shared with him');
SELECT careaccess_share_client_with_all('c1', false);

-- Restoring

SELECT lives_ok($$SELECT careaccess_restore_administrative_access('c1', 'carl')$$, 'the owner restores the access');
SELECT ok(pg_temp.sees('carl', 'c1') AND NOT pg_temp.sees('carl', 'c1', 'profile'),
	'SP-5 the role''s access is back, the removed grant is not');
SELECT lives_ok($$SELECT careaccess_restore_administrative_access('c1', 'carl')$$, 'restoring twice is no error');
SELECT careaccess_act_as('owner');
SELECT lives_ok($$SELECT careaccess_revoke_administrative_access('c1', 'manager')$$, 'restrict counts for every client');
SELECT lives_ok($$SELECT careaccess_revoke_administrative_access('c1', 'scheduler')$$, '… another one');
SELECT ok(NOT pg_temp.sees('manager', 'c1') AND NOT pg_temp.sees('scheduler', 'c1'), 'SP-3 both see him no longer');
SELECT lives_ok($$SELECT careaccess_unrestrict_client('c1')$$, 'unrestricting');
SELECT is_empty($$SELECT pg_temp.revoked('c1')$$, 'SP-9 deletes the client''s revocations');
SELECT ok(pg_temp.sees('manager', 'c1') AND pg_temp.sees('scheduler', 'c1'), 'SP-9 both see him again');
SELECT is((SELECT count(*)::integer FROM careaccess.event WHERE operation = 'unrestrict_client' AND fact = 'client_revocation'), 2,
	'SP-9 each is an event');
SELECT lives_ok($$SELECT careaccess_unrestrict_client('c1')$$, 'unrestricting twice is no error');

-- A revoked member who may look in an emergency frees neither himself nor the client.

SELECT careaccess_act_as('st anna');
SELECT careaccess_restrict_client('s1');
SELECT careaccess_revoke_administrative_access('s1', 'st manager');
SELECT careaccess_stop_acting();
UPDATE careaccess.practice SET emergency_overrides_revocation = true WHERE id OPERATOR(careaccess.=) 'st';
INSERT INTO careaccess.emergency_access (client, member, reason, until)
	VALUES ('s1', 'st manager', 'for a test of emergencies', now() + interval '1 hour');
SELECT careaccess_act_as('st manager');
SELECT ok(pg_temp.sees('st manager', 's1'), 'a revoked member sees the client in an emergency');
SELECT throws_ok($$SELECT careaccess_restore_administrative_access('s1', 'st manager')$$, '42501',
	'not allowed to lift a revocation of oneself', 'but does not lift his revocation');
SELECT throws_ok($$SELECT careaccess_unrestrict_client('s1')$$, '42501', 'not allowed to lift a revocation of oneself',
	'nor all of them at once');
SELECT careaccess_act_as('st owner');
SELECT lives_ok($$SELECT careaccess_restore_administrative_access('s1', 'st manager')$$, 'another one does');

-- The setting

SELECT careaccess_stop_acting();
SELECT throws_ok($$UPDATE careaccess.practice SET restriction = false WHERE id OPERATOR(careaccess.=) 'st'$$, '55000',
	'restriction cannot be switched off while a client is restricted', 'restriction stays on while a client is restricted');
SELECT throws_ok($$UPDATE careaccess.client SET restricted = true WHERE id OPERATOR(careaccess.=) 'q1'$$, '55000',
	'this practice does not restrict clients', 'SP-2 holds for a direct change too');
SELECT careaccess_unrestrict_client('s1');
SELECT lives_ok($$UPDATE careaccess.practice SET restriction = false WHERE id OPERATOR(careaccess.=) 'st'$$, '… and can go afterwards');

SELECT * FROM finish();
ROLLBACK;
