-- Owners and shares: careaccess_reassign_client, _share_client,
-- _unshare_client, _set_client_access, _share_client_with_all.
BEGIN;
SELECT plan(81);

SET client_min_messages = warning;

CREATE FUNCTION pg_temp.new_member(practice text, member text, VARIADIC roles text[]) RETURNS void LANGUAGE sql AS $$
	INSERT INTO careaccess.member (id, practice, name) VALUES (member, practice, member);
	INSERT INTO careaccess.member_role (practice, member, role) SELECT practice, member, r FROM unnest(roles) AS r;
$$;
CREATE FUNCTION pg_temp.links(client text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT l.member::text || ' ' || l.kind FROM careaccess.client_link l
	WHERE l.client OPERATOR(careaccess.=) $1 AND l.active ORDER BY 1
$$;
CREATE FUNCTION pg_temp.sees(member text, client text, category text DEFAULT 'chart') RETURNS boolean LANGUAGE sql AS $$
	SELECT careaccess.member_can(member, client, category, 'view')
$$;

SELECT careaccess_create_practice('sp', 'SimplePractice', 'simplepractice');
SELECT pg_temp.new_member('sp', 'owner', 'account_owner');
SELECT pg_temp.new_member('sp', 'scheduler', 'practice_scheduler');
SELECT pg_temp.new_member('sp', 'biller', 'practice_biller');
SELECT pg_temp.new_member('sp', 'anna', 'clinician_basic');
SELECT pg_temp.new_member('sp', 'bert', 'clinician_basic');
SELECT pg_temp.new_member('sp', 'carl', 'clinician_full_client_list');
SELECT pg_temp.new_member('sp', 'dora', 'clinician_entire_practice');
SELECT careaccess_create_practice('st', 'Standard', 'standard');
SELECT pg_temp.new_member('st', 'st owner', 'owner');
SELECT pg_temp.new_member('st', 'st manager', 'manager');
SELECT pg_temp.new_member('st', 'st anna', 'clinician');
SELECT pg_temp.new_member('st', 'st bert', 'clinician');
SELECT pg_temp.new_member('st', 'st carl', 'clinician_all_clients');
SELECT careaccess_create_practice('ta', 'TherapyAppointment', 'therapyappointment');
SELECT pg_temp.new_member('ta', 'ta anna', 'provider');
SELECT careaccess_create_practice('sh', 'Sessions Health', 'sessionshealth');
SELECT pg_temp.new_member('sh', 'sh admin', 'administrator');
SELECT pg_temp.new_member('sh', 'sh anna', 'practitioner');
SELECT pg_temp.new_member('sh', 'sh bert', 'practitioner');

SELECT careaccess_act_as('anna');
SELECT careaccess_add_client('c1');
SELECT careaccess_add_client('c2');
SELECT careaccess_act_as('st anna');
SELECT careaccess_add_client('s1');
SELECT careaccess_act_as('ta anna');
SELECT careaccess_add_client('t1');
SELECT careaccess_act_as('sh anna');
SELECT careaccess_add_client('h1');

-- Sharing

SELECT careaccess_act_as('bert');
SELECT throws_ok($$SELECT careaccess_share_client('c1', 'bert')$$, 'P0002', 'no such client: "c1"', 'SP-11 a hidden client is missing');
SELECT throws_ok($$SELECT careaccess_share_client('c9', 'bert')$$, 'P0002', 'no such client: "c9"', '… in the words of a missing one');
SELECT throws_ok($$SELECT careaccess_unshare_client('c1', 'bert')$$, 'P0002', NULL, 'unshare: hidden');
SELECT throws_ok($$SELECT careaccess_set_client_access('c1', '{bert}')$$, 'P0002', NULL, 'access list: hidden');
SELECT throws_ok($$SELECT careaccess_share_client_with_all('c1', true)$$, 'P0002', NULL, 'share with all: hidden');
SELECT throws_ok($$SELECT careaccess_reassign_client('c1', 'bert')$$, 'P0002', NULL, 'reassign: hidden');

SELECT careaccess_act_as('carl');
SELECT ok(pg_temp.sees('carl', 'c1', 'name') AND NOT pg_temp.sees('carl', 'c1', 'profile'),
	'SP-10 a full-client-list clinician sees the name and nothing else');
SELECT throws_ok($$SELECT careaccess_share_client('c1', 'carl')$$, '42501', 'not allowed to share a client',
	'SP-10 grant_linked counts only with a link of one''s own');
SELECT throws_ok($$SELECT careaccess_reassign_client('c1', 'carl')$$, '42501', 'not allowed to reassign a client',
	'SP-10 reassign_linked too');
SELECT careaccess_act_as('biller');
SELECT throws_ok($$SELECT careaccess_share_client('c1', 'bert')$$, '42501', 'not allowed to share a client', 'SP-14 billers may not grant');
SELECT throws_ok($$SELECT careaccess_unshare_client('c1', 'bert')$$, '42501', 'not allowed to unshare a client', 'SP-14 nor end a grant');
SELECT throws_ok($$SELECT careaccess_set_client_access('c1', '{}')$$, '42501', 'not allowed to set who has access to a client', 'SP-14 nor set the list');
SELECT throws_ok($$SELECT careaccess_share_client_with_all('c1', true)$$, '42501', 'not allowed to share a client with all', 'SP-14 nor share with all');
SELECT throws_ok($$SELECT careaccess_reassign_client('c1', 'bert')$$, '42501', NULL, 'SP-14 nor reassign');
SELECT careaccess_act_as('scheduler');
SELECT lives_ok($$SELECT careaccess_share_client('c2', 'bert')$$, 'SP-14 schedulers may grant');
SELECT ok(pg_temp.sees('bert', 'c2'), 'SP-14 and the grant counts from the next command on');
SELECT throws_ok($$SELECT careaccess_set_client_access('c2', '{bert}', 'bert')$$, '42501', 'not allowed to reassign a client',
	'SP-14 who may grant does not change the owner by the list');
SELECT throws_ok($$SELECT careaccess_share_client('c2', 'scheduler')$$, '22023', 'member "scheduler" is not a practitioner',
	'shares go to practitioners only');
SELECT throws_ok($$SELECT careaccess_share_client('c2', NULL)$$, '22023', 'member must not be null', 'a null member is refused');
SELECT throws_ok($$SELECT careaccess_share_client(NULL, 'bert')$$, '22023', 'client must not be null', 'a null client is refused');
SELECT throws_ok($$SELECT careaccess_share_client('c2', 'st bert')$$, 'P0002', 'no such member: "st bert"',
	'a member of another practice is unknown');
SELECT lives_ok($$SELECT careaccess_share_client('c2', 'anna', now() + interval '1 day')$$, 'sharing with the owner is no error');
SELECT set_eq($$SELECT pg_temp.links('c2')$$, ARRAY['anna owner', 'bert grant'], '… and changes nothing');

SELECT careaccess_act_as('anna');
SELECT lives_ok($$SELECT careaccess_share_client('c1', 'carl', 'infinity', 'cover')$$, 'SP-13 the owner shares his client');
SELECT is((SELECT reason || '/' || valid_until::text || '/' || granted_by::text FROM careaccess.client_link
	WHERE client OPERATOR(careaccess.=) 'c1' AND kind = 'grant'), 'cover/infinity/anna', 'with a reason and an end');
SELECT lives_ok($$SELECT careaccess_share_client('c1', 'carl')$$, 'sharing again');
SELECT ok((SELECT reason IS NULL AND valid_until IS NULL AND active FROM careaccess.client_link
	WHERE client OPERATOR(careaccess.=) 'c1' AND kind = 'grant'), '… replaces reason and end, in one row');
SELECT careaccess_share_client('c1', 'carl', now() - interval '1 hour');
SELECT ok(NOT pg_temp.sees('carl', 'c1'), 'an end in the past gives nothing');
SELECT careaccess_share_client('c1', 'carl');
SELECT ok(pg_temp.sees('carl', 'c1'), '… until it is shared again');

SELECT careaccess_act_as('carl');
SELECT lives_ok($$SELECT careaccess_share_client('c1', 'bert')$$, 'SP-13 a granted clinician grants on');
SELECT careaccess_act_as('anna');
SELECT lives_ok($$SELECT careaccess_unshare_client('c1', 'carl')$$, 'SP-13 his grant ends');
SELECT ok(NOT pg_temp.sees('carl', 'c1', 'profile'), 'SP-13 and what it gave');
SELECT ok(pg_temp.sees('bert', 'c1'), 'SP-13 not what he granted');
SELECT ok((SELECT NOT active AND valid_until <= clock_timestamp() FROM careaccess.client_link
	WHERE client OPERATOR(careaccess.=) 'c1' AND member OPERATOR(careaccess.=) 'carl'), 'the ended link stays, with its end');
SELECT lives_ok($$SELECT careaccess_unshare_client('c1', 'carl')$$, 'ending a share that is not there is no error');
SELECT lives_ok($$SELECT careaccess_unshare_client('c1', 'anna')$$, '… nor one of the owner');
SELECT set_eq($$SELECT pg_temp.links('c1')$$, ARRAY['anna owner', 'bert grant'], '… and changes nothing');
SELECT careaccess_act_as('carl');
SELECT throws_ok($$SELECT careaccess_unshare_client('c1', 'bert')$$, '42501', NULL, 'without a link he ends nothing');

-- Reassigning

SELECT careaccess_act_as('anna');
SELECT careaccess_share_client('c1', 'carl');
SELECT careaccess_act_as('carl');
SELECT throws_ok($$SELECT careaccess_reassign_client('c1', 'scheduler')$$, '22023', NULL, 'IQ-1 a new owner is a practitioner');
SELECT throws_ok($$SELECT careaccess_reassign_client('c1', NULL)$$, '22023', 'member must not be null', 'IQ-1 and never null');
SELECT lives_ok($$SELECT careaccess_reassign_client('c1', 'carl')$$, 'SP-13 a granted clinician reassigns the owner');
SELECT set_eq($$SELECT pg_temp.links('c1')$$, ARRAY['bert grant', 'carl owner'],
	'SH-6 the new owner''s grant is absorbed, IQ-7 the former owner''s link ends');
SELECT ok(NOT pg_temp.sees('anna', 'c1', 'name'), 'IQ-7 the former owner loses access');
SELECT lives_ok($$SELECT careaccess_reassign_client('c1', 'carl')$$, 'reassigning to the owner is no error');
SELECT is((SELECT count(*)::integer FROM careaccess.client_link WHERE client OPERATOR(careaccess.=) 'c1' AND kind = 'owner'), 2,
	'… and changes nothing');
SET CONSTRAINTS ALL IMMEDIATE;
SELECT pass('IQ-1 after all this every client has his owner');
SET CONSTRAINTS ALL DEFERRED;
SELECT is((SELECT count(*)::integer FROM careaccess.event WHERE operation = 'reassign_client' AND actor OPERATOR(careaccess.=) 'carl'), 3,
	'a change of owner is three events of his');
SELECT careaccess_act_as('ta anna');
SELECT throws_ok($$SELECT careaccess_reassign_client('t1', 'ta anna')$$, '42501', NULL, 'a provider reassigns nobody');
SELECT careaccess_stop_acting();
SELECT throws_ok($$SELECT careaccess_reassign_client('t1', 'ta anna')$$, '55000', 'clients of this practice have no owner',
	'TA-1 where clients have no owner, nobody becomes one');

-- The access list as a whole

SELECT careaccess_act_as('owner');
SELECT lives_ok($$SELECT careaccess_set_client_access('c2', '{carl,dora,carl}')$$, 'SH-3 the list is set as a whole');
SELECT set_eq($$SELECT pg_temp.links('c2')$$, ARRAY['anna owner', 'carl grant', 'dora grant'], 'SH-3 who is not in it loses his share');
SELECT set_eq($$SELECT pg_temp.links('c1')$$, ARRAY['bert grant', 'carl owner'], 'SH-3 another client''s list stays');
SELECT throws_ok($$SELECT careaccess_set_client_access('c2', '{scheduler}')$$, '22023', NULL, 'SH-3 practitioners only');
SELECT set_eq($$SELECT pg_temp.links('c2')$$, ARRAY['anna owner', 'carl grant', 'dora grant'], '… and a refused call changes nothing');
SELECT throws_ok($$SELECT careaccess_set_client_access('c2', ARRAY['carl', NULL]::careaccess.id[])$$, '22023', NULL, 'a null member is refused');
SELECT careaccess_share_client('c2', 'carl', 'infinity', 'cover');
SELECT lives_ok($$SELECT careaccess_set_client_access('c2', '{anna,carl}', 'bert', true)$$, 'IQ-5 owner, list and "all" in one call');
SELECT set_eq($$SELECT pg_temp.links('c2')$$, ARRAY['anna grant', 'bert owner', 'carl grant'],
	'IQ-5 IQ-7 the former owner is in the list, so he keeps access');
SELECT is((SELECT reason FROM careaccess.client_link WHERE client OPERATOR(careaccess.=) 'c2' AND member OPERATOR(careaccess.=) 'carl' AND active),
	'cover', 'a share that stays keeps its reason');
SELECT ok(pg_temp.sees('dora', 'c2'), 'IQ-6 with "all", every practitioner sees the client');
SELECT careaccess_stop_acting();
SELECT pg_temp.new_member('sp', 'emma', 'clinician_basic');
SELECT ok(pg_temp.sees('emma', 'c2') AND NOT pg_temp.sees('emma', 'c1', 'name'), 'IQ-6 a later one too, that client only');
SELECT careaccess_act_as('owner');
SELECT lives_ok($$SELECT careaccess_set_client_access('c2', NULL, with_all => false)$$, 'IQ-5 a null list');
SELECT set_eq($$SELECT pg_temp.links('c2')$$, ARRAY['anna grant', 'bert owner', 'carl grant'], 'IQ-5 stays as it is: it survives "all"');
SELECT ok(NOT pg_temp.sees('emma', 'c2', 'name'), 'IQ-6 without "all" the others see nothing');
SELECT lives_ok($$SELECT careaccess_set_client_access('c2', '{}')$$, 'an empty list');
SELECT set_eq($$SELECT pg_temp.links('c2')$$, ARRAY['bert owner'], '… leaves the owner');
SELECT lives_ok($$SELECT careaccess_share_client_with_all('c2', true)$$, 'IQ-6 shared with all');
SELECT throws_ok($$SELECT careaccess_share_client_with_all('c2', NULL)$$, '22023', 'enabled must not be null', '… or not, but not null');
SELECT careaccess_act_as('bert');
SELECT lives_ok($$SELECT careaccess_set_client_access('c2', '{}', 'emma')$$, 'the owner gives a client away and clears its list at once');

-- Sessions Health

SELECT careaccess_act_as('sh anna');
SELECT throws_ok($$SELECT careaccess_share_client('h1', 'sh bert')$$, '42501', NULL, 'SH-5 a practitioner grants nothing');
SELECT throws_ok($$SELECT careaccess_reassign_client('h1', 'sh bert')$$, '42501', NULL, 'SH-5 and reassigns nobody');
SELECT careaccess_act_as('sh admin');
SELECT lives_ok($$SELECT careaccess_set_client_access('h1', '{"sh bert"}')$$, 'SH-5 an administrator does');
SELECT lives_ok($$SELECT careaccess_reassign_client('h1', 'sh bert')$$, 'SH-6 reassigning to a granted member');
SELECT set_eq($$SELECT pg_temp.links('h1')$$, ARRAY['sh bert owner'], 'SH-6 absorbs the grant');

-- allow_self_share off (the standard preset)

SELECT careaccess_act_as('st owner');
SELECT throws_ok($$SELECT careaccess_share_client('s1', 'st owner')$$, '42501', 'not allowed to share a client with oneself',
	'allow_self_share off: nobody shares with himself');
SELECT throws_ok($$SELECT careaccess_set_client_access('s1', '{"st owner","st bert"}')$$, '42501', NULL, '… nor by the access list');
SELECT lives_ok($$SELECT careaccess_share_client('s1', 'st carl')$$, '… with others yes');
SELECT careaccess_configure_practice('st', '{"allow_self_share": true}');
SELECT lives_ok($$SELECT careaccess_share_client('s1', 'st owner')$$, 'allow_self_share on: he may');
SELECT careaccess_act_as('st anna');
SELECT lives_ok($$SELECT careaccess_share_client('s1', 'st bert')$$, 'an owner with grant_linked shares');
SELECT careaccess_stop_acting();
SELECT lives_ok($$SELECT careaccess_unshare_client('s1', 'st bert')$$, 'a database administrator acts without a member');
-- A listing opens demographics here, and lets nobody give away more than that.
INSERT INTO careaccess.client_link (client, member, kind) VALUES ('s1', 'st bert', 'listed');
SELECT careaccess_act_as('st bert');
SELECT throws_ok($$SELECT careaccess_share_client('s1', 'st carl')$$, '42501', NULL, 'a listing is no link to share by');

-- Nothing is locked or written where nothing may be written

SELECT throws_ok($$SET LOCAL transaction_read_only = on; SELECT careaccess_unshare_client('s1', 'st carl')$$, '25006', NULL,
	'a read-only transaction locks no client');

SELECT * FROM finish();
ROLLBACK;
