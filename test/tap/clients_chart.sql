-- Providers and chart shares (TA-1 to TA-15): careaccess_list_client,
-- _unlist_client, _share_chart, _stop_chart_share.
BEGIN;
SELECT plan(83);

SET client_min_messages = warning;

CREATE FUNCTION pg_temp.new_member(practice text, member text, VARIADIC roles text[]) RETURNS void LANGUAGE sql AS $$
	INSERT INTO careaccess.member (id, practice, name) VALUES (member, practice, member);
	INSERT INTO careaccess.member_role (practice, member, role) SELECT practice, member, r FROM unnest(roles) AS r;
$$;
CREATE FUNCTION pg_temp.links(client text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT l.member::text || ' ' || l.kind FROM careaccess.client_link l
	WHERE l.client OPERATOR(careaccess.=) $1 AND l.active ORDER BY 1
$$;
-- Asked by the administrator of the database, about a record of an author.
CREATE FUNCTION pg_temp.may(member text, client text, category text, action text, author text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	acting text := coalesce(careaccess_current_member()::text, '');
	answer boolean;
BEGIN
	PERFORM careaccess_stop_acting();
	answer := careaccess_can(member, client, category, action, author);
	IF acting <> '' THEN
		PERFORM careaccess_act_as(acting);
	END IF;
	RETURN answer;
END
$$;

SELECT careaccess_create_practice('ta', 'TherapyAppointment', 'therapyappointment');
SELECT pg_temp.new_member('ta', 'owner', 'owner');
SELECT pg_temp.new_member('ta', 'manager', 'manager');
SELECT pg_temp.new_member('ta', 'anna', 'provider');
SELECT pg_temp.new_member('ta', 'bert', 'provider');
SELECT pg_temp.new_member('ta', 'carl', 'provider');
SELECT pg_temp.new_member('ta', 'dora', 'provider');
SELECT pg_temp.new_member('ta', 'scheduler', 'scheduler');
SELECT pg_temp.new_member('ta', 'biller', 'biller');
SELECT pg_temp.new_member('ta', 'custodian', 'records_custodian');
SELECT careaccess_create_practice('st', 'Standard', 'standard');
SELECT pg_temp.new_member('st', 'st owner', 'owner');
SELECT pg_temp.new_member('st', 'st manager', 'manager');
SELECT pg_temp.new_member('st', 'st anna', 'clinician');
SELECT pg_temp.new_member('st', 'st bert', 'clinician');
SELECT pg_temp.new_member('st', 'st carl', 'clinician_all_clients');
SELECT careaccess_create_practice('em', 'Embodia', 'embodia');
SELECT pg_temp.new_member('em', 'em anna', 'practitioner');
SELECT pg_temp.new_member('em', 'em bert', 'practitioner');

SELECT careaccess_act_as('anna');
SELECT careaccess_add_client('c1');
SELECT careaccess_add_client('c2');
SELECT careaccess_act_as('st anna');
SELECT careaccess_add_client('s1');
SELECT careaccess_act_as('em anna');
SELECT careaccess_add_client('e1');

-- Who may

SELECT careaccess_act_as('st bert');
SELECT throws_ok($$SELECT careaccess_list_client('s1', 'st bert')$$, 'P0002', 'no such client: "s1"', 'list: a hidden client is missing');
SELECT throws_ok($$SELECT careaccess_unlist_client('s1', 'st anna')$$, 'P0002', NULL, 'unlist: hidden');
SELECT throws_ok($$SELECT careaccess_share_chart('s1', 'st anna', 'st bert')$$, 'P0002', NULL, 'share a chart: hidden');
SELECT throws_ok($$SELECT careaccess_stop_chart_share('s1', 'st anna', 'st bert')$$, 'P0002', NULL, 'stop a share: hidden, for its receiver too');
SELECT careaccess_act_as('scheduler');
SELECT throws_ok($$SELECT careaccess_share_chart('c1', 'anna', 'bert')$$, '42501', 'not allowed to share a chart', 'TA-11 a scheduler shares no chart');
SELECT throws_ok($$SELECT careaccess_stop_chart_share('c1', 'anna', 'bert')$$, '42501', NULL, '… and stops no share');
SELECT throws_ok($$SELECT careaccess_list_client('c1', 'bert')$$, '42501', 'not allowed to list a provider for a client', '… and lists nobody');
SELECT careaccess_act_as('biller');
SELECT throws_ok($$SELECT careaccess_share_chart('c1', 'anna', 'bert')$$, '42501', NULL, 'TA-11 a biller neither');

-- Listing

SELECT careaccess_act_as('manager');
SELECT throws_ok($$SELECT careaccess_list_client('c1', 'scheduler')$$, '22023', 'member "scheduler" is not a practitioner', 'practitioners only are listed');
SELECT throws_ok($$SELECT careaccess_list_client('c1', NULL)$$, '22023', 'member must not be null', 'a null provider is refused');
SELECT throws_ok($$SELECT careaccess_list_client('c1', 'st anna')$$, 'P0002', NULL, 'a member of another practice is unknown');
SELECT lives_ok($$SELECT careaccess_list_client('c1', 'bert')$$, 'TA-5 a manager lists a provider');
SELECT ok(pg_temp.may('bert', 'c1', 'name', 'view', 'anna') AND pg_temp.may('bert', 'c1', 'profile', 'view', 'anna')
	AND pg_temp.may('bert', 'c1', 'diagnosis', 'view', 'anna') AND pg_temp.may('bert', 'c1', 'schedule', 'view', 'anna')
	AND pg_temp.may('bert', 'c1', 'documents', 'view', 'anna'), 'TA-2 listing opens name, profile, diagnosis, schedule, documents');
SELECT ok(NOT pg_temp.may('bert', 'c1', 'chart', 'view', 'anna') AND NOT pg_temp.may('anna', 'c1', 'chart', 'view', 'bert'),
	'TA-2 TA-5 never another provider''s chart, in either direction');
SELECT ok(pg_temp.may('bert', 'c1', 'chart', 'create', 'bert'), 'his own chart he writes');
SELECT lives_ok($$SELECT careaccess_list_client('c1', 'bert')$$, 'listing twice is no error');
SELECT is((SELECT count(*)::integer FROM careaccess.client_link WHERE member OPERATOR(careaccess.=) 'bert'), 1, '… and changes nothing');
SELECT careaccess_stop_acting();
UPDATE careaccess.client_link SET valid_until = now() - interval '1 minute' WHERE member OPERATOR(careaccess.=) 'bert';
SELECT careaccess_act_as('manager');
SELECT careaccess_list_client('c1', 'bert');
SELECT ok(pg_temp.may('bert', 'c1', 'profile', 'view', 'anna'), 'who was listed until yesterday can be listed anew');
SELECT careaccess_unlist_client('c1', 'bert');

-- Whoever may start a chart share to a provider may list him.
SELECT careaccess_act_as('anna');
SELECT lives_ok($$SELECT careaccess_list_client('c1', 'bert')$$, 'a provider who may share his chart lists the receiver');
SELECT lives_ok($$SELECT careaccess_unlist_client('c1', 'bert')$$, '… and unlists him');
SELECT throws_ok($$SELECT careaccess_list_client('c1', 'anna')$$, '42501', NULL, '… not himself, to whom he shares nothing');

-- Chart shares

SELECT throws_ok($$SELECT careaccess_share_chart('c1', 'anna', 'anna')$$, '22023', 'a chart cannot be shared by a provider with himself', 'TA-3 A is not B');
SELECT throws_ok($$SELECT careaccess_share_chart('c1', 'anna', 'scheduler')$$, '22023', NULL, 'TA-3 B is a practitioner');
SELECT throws_ok($$SELECT careaccess_share_chart('c1', NULL, 'bert')$$, '22023', 'provider must not be null', 'a null provider is refused');
SELECT throws_ok($$SELECT careaccess_share_chart('c1', 'nobody', 'bert')$$, 'P0002', 'no such member: "nobody"', 'an unknown provider is refused');
SELECT lives_ok($$SELECT careaccess_share_chart('c1', 'anna', 'bert')$$, 'TA-3 a provider shares what he wrote');
SELECT set_eq($$SELECT pg_temp.links('c1')$$, ARRAY['anna listed', 'bert listed'], 'TA-3 which lists the receiver');
SELECT is((SELECT source || '/' || granted_by::text FROM careaccess.client_link WHERE member OPERATOR(careaccess.=) 'bert' AND active),
	'chart_share/anna', 'TA-3 the listing says where it comes from');
SELECT is((SELECT s.listing FROM careaccess.chart_share s WHERE s.stopped IS NULL),
	(SELECT l.id FROM careaccess.client_link l WHERE l.member OPERATOR(careaccess.=) 'bert' AND l.active), '… and the share remembers it');
SELECT ok(pg_temp.may('bert', 'c1', 'chart', 'view', 'anna'), 'TA-3 the receiver reads');
SELECT ok(NOT pg_temp.may('anna', 'c1', 'chart', 'view', 'bert'), 'TA-3 directed: the giver does not');
SELECT ok(NOT pg_temp.may('bert', 'c1', 'chart', 'edit', 'anna') AND NOT pg_temp.may('bert', 'c1', 'chart', 'delete', 'anna')
	AND NOT pg_temp.may('bert', 'c1', 'chart', 'create', 'anna'), 'TA-6 shared charts are read-only');
SELECT ok(NOT pg_temp.may('bert', 'c1', 'private_notes', 'view', 'anna'), 'TA-7 private notes are not in it');
SELECT ok(NOT pg_temp.may('bert', 'c2', 'profile', 'view', 'anna') AND NOT pg_temp.may('bert', 'c2', 'chart', 'view', 'anna'), 'another client is not in it');
SELECT lives_ok($$SELECT careaccess_share_chart('c1', 'anna', 'bert')$$, 'starting it again is no error');
SELECT lives_ok($$SELECT careaccess_share_chart('c1', 'anna', 'bert', false)$$, '… with the practice''s default said aloud neither');
SELECT is((SELECT count(*)::integer FROM careaccess.chart_share), 1, 'TA-3 one running share per triple');
SELECT throws_ok($$SELECT careaccess_share_chart('c1', 'anna', 'bert', true)$$, '55000', 'this chart share runs already, with other options',
	'with other options it is refused');
SELECT throws_ok($$SELECT careaccess_share_chart('c1', 'anna', 'bert', valid_until => now() + interval '1 day')$$, '55000', NULL, '… with another end too');
SELECT throws_ok($$INSERT INTO careaccess.chart_share (client, from_provider, to_provider) VALUES ('c1', 'anna', 'bert')$$, '23505', NULL,
	'TA-3 the table itself keeps one running share per triple');

-- TA-8: B's share exposes B's records only.
SELECT careaccess_act_as('bert');
SELECT throws_ok($$SELECT careaccess_share_chart('c1', 'anna', 'carl')$$, '42501', 'not allowed to share charts of member "anna"', 'TA-8 a receiver does not share on');
SELECT lives_ok($$SELECT careaccess_share_chart('c1', 'bert', 'carl')$$, 'TA-8 his own he shares');
SELECT ok(pg_temp.may('carl', 'c1', 'chart', 'view', 'bert') AND NOT pg_temp.may('carl', 'c1', 'chart', 'view', 'anna'), 'TA-8 not transitive');
SELECT careaccess_act_as('dora');
SELECT throws_ok($$SELECT careaccess_share_chart('c1', 'dora', 'bert')$$, '55000', NULL, 'TA-3 an unlisted provider has nothing to share');
SELECT careaccess_act_as('manager');
SELECT throws_ok($$SELECT careaccess_share_chart('c1', 'dora', 'bert')$$, '55000', 'member "dora" has no active link to client "c1"',
	'TA-3 A needs an active link to the client');

-- Stopping

SELECT careaccess_act_as('anna');
SELECT lives_ok($$SELECT careaccess_stop_chart_share('c1', 'anna', 'bert')$$, 'TA-4 the giver stops it');
SELECT ok(NOT pg_temp.may('bert', 'c1', 'chart', 'view', 'anna'), 'TA-4 the receiver reads no longer');
SELECT set_eq($$SELECT pg_temp.links('c1')$$, ARRAY['anna listed', 'bert listed', 'carl listed'], 'TA-4 and stays listed');
SELECT lives_ok($$SELECT careaccess_stop_chart_share('c1', 'anna', 'bert')$$, 'stopping what does not run is no error');
SELECT lives_ok($$SELECT careaccess_share_chart('c1', 'anna', 'bert', true, now() + interval '1 day')$$, 'TA-7 it starts again, with private notes and an end');
SELECT ok(pg_temp.may('bert', 'c1', 'private_notes', 'view', 'anna'), 'TA-7 which the receiver reads now');
SELECT careaccess_act_as('carl');
SELECT throws_ok($$SELECT careaccess_stop_chart_share('c1', 'anna', 'bert')$$, '42501', NULL, 'a third provider stops nothing');
SELECT careaccess_act_as('bert');
SELECT lives_ok($$SELECT careaccess_stop_chart_share('c1', 'anna', 'bert')$$, 'the receiver ends his own receipt');
SELECT ok((SELECT stopped_by::text = 'bert' AND stopped <= clock_timestamp() FROM careaccess.chart_share WHERE include_private), '… and the share says so');
SELECT careaccess_act_as('anna');
SELECT careaccess_share_chart('c1', 'anna', 'bert', NULL, now() - interval '1 minute');
SELECT ok(NOT pg_temp.may('bert', 'c1', 'chart', 'view', 'anna'), 'an end in the past gives nothing');
SELECT lives_ok($$SELECT careaccess_share_chart('c1', 'anna', 'bert')$$, '… and a share that ran out does not hinder the next');
SELECT ok(pg_temp.may('bert', 'c1', 'chart', 'view', 'anna'), '… which counts');

-- TA-12, TA-13, TA-14

SELECT careaccess_act_as('manager');
SELECT ok(NOT pg_temp.may('manager', 'c1', 'chart', 'view', 'anna'), 'TA-13 a manager cannot read the chart');
SELECT lives_ok($$SELECT careaccess_share_chart('c1', 'anna', 'dora')$$, 'TA-13 and starts a share of it');
SELECT careaccess_stop_acting();
UPDATE careaccess.member SET records_owned_by = 'provider' WHERE id OPERATOR(careaccess.=) 'anna';
SELECT careaccess_act_as('manager');
SELECT throws_ok($$SELECT careaccess_share_chart('c1', 'anna', 'carl')$$, '42501', 'not allowed to share charts of member "anna"',
	'TA-12 records that the provider owns he alone shares');
SELECT throws_ok($$SELECT careaccess_stop_chart_share('c1', 'anna', 'dora')$$, '42501', NULL, 'TA-12 and unshares');
SELECT careaccess_act_as('anna');
SELECT lives_ok($$SELECT careaccess_share_chart('c1', 'anna', 'carl')$$, 'TA-12 as he does here');
SELECT careaccess_stop_acting();
UPDATE careaccess.member SET records_owned_by = 'group' WHERE id OPERATOR(careaccess.=) 'anna';
INSERT INTO careaccess.delegation (member, over_member, mode, valid_until) VALUES ('custodian', 'bert', 'author', now() + interval '1 day');
SELECT careaccess_act_as('custodian');
SELECT lives_ok($$SELECT careaccess_share_chart('c1', 'bert', 'dora')$$, 'TA-14 a custodian shares the charts in his custody');
SELECT throws_ok($$SELECT careaccess_share_chart('c1', 'anna', 'bert')$$, '42501', NULL, 'TA-14 and no others');
SELECT careaccess_stop_acting();
UPDATE careaccess.delegation SET valid_until = now() - interval '1 minute', client = 'c1';
SELECT careaccess_act_as('custodian');
SELECT throws_ok($$SELECT careaccess_stop_chart_share('c1', 'bert', 'dora')$$, 'P0002', NULL, 'TA-14 after the date he finds nothing');
SELECT careaccess_stop_acting();
INSERT INTO careaccess.member_role (member, role) VALUES ('custodian', 'scheduler');
SELECT careaccess_act_as('custodian');
SELECT throws_ok($$SELECT careaccess_stop_chart_share('c1', 'bert', 'dora')$$, '42501', NULL, 'TA-14 nor has he custody, where another role shows him the client');
SELECT careaccess_stop_acting();
UPDATE careaccess.delegation SET valid_until = NULL, client = 'c2';
SELECT careaccess_act_as('custodian');
SELECT throws_ok($$SELECT careaccess_stop_chart_share('c1', 'bert', 'dora')$$, '42501', NULL, 'TA-14 nor by custody over another client');
SELECT careaccess_stop_acting();
UPDATE careaccess.delegation SET client = NULL, mode = 'supervisor';
SELECT careaccess_act_as('custodian');
SELECT throws_ok($$SELECT careaccess_stop_chart_share('c1', 'bert', 'dora')$$, '42501', NULL, 'TA-14 nor as a supervisor');

-- TA-15

SELECT careaccess_act_as('manager');
SELECT lives_ok($$SELECT careaccess_unlist_client('c1', 'bert')$$, 'TA-15 unlisting a provider');
SELECT ok(NOT pg_temp.may('bert', 'c1', 'profile', 'view', 'anna'), 'TA-15 ends his access');
SELECT is_empty($$SELECT FROM careaccess.chart_share WHERE to_provider OPERATOR(careaccess.=) 'bert' AND stopped IS NULL$$, 'TA-15 and the shares to him');
SELECT ok(pg_temp.may('bert', 'c1', 'chart', 'view', 'bert') AND NOT pg_temp.may('bert', 'c1', 'chart', 'edit', 'bert'),
	'TA-15 he keeps viewing what he wrote');
SELECT ok(pg_temp.may('carl', 'c1', 'chart', 'view', 'bert'), 'TA-15 what he shared stays shared');
SELECT careaccess_list_client('c1', 'bert');
SELECT ok(NOT pg_temp.may('bert', 'c1', 'chart', 'view', 'anna'), 'TA-15 listed again, he has no chart of others');
SELECT careaccess_unlist_client('c1', 'bert');
SELECT lives_ok($$SELECT careaccess_unlist_client('c1', 'bert')$$, 'unlisting twice is no error');

-- Own links only: Embodia's practitioner lists himself

SELECT careaccess_act_as('em bert');
SELECT lives_ok($$SELECT careaccess_list_client('e1', 'em bert')$$, 'list_client_own: a practitioner lists himself');
SELECT throws_ok($$SELECT careaccess_unlist_client('e1', 'em anna')$$, '42501', NULL, '… and unlists nobody else');

-- The standard preset: private and cautious

SELECT careaccess_act_as('st owner');
SELECT throws_ok($$SELECT careaccess_list_client('s1', 'st owner')$$, '42501', 'not allowed to list oneself for a client',
	'allow_self_listing off: not for a client he has no link to');
SELECT throws_ok($$SELECT careaccess_share_chart('s1', 'st anna', 'st owner')$$, '42501', 'not allowed to share a chart with oneself',
	'allow_self_share off: nor a chart of others');
SELECT lives_ok($$SELECT careaccess_list_client('s1', 'st anna')$$, 'listing the owner is no error');
SELECT set_eq($$SELECT pg_temp.links('s1')$$, ARRAY['st anna owner'], '… and changes nothing');
SELECT careaccess_share_client('s1', 'st bert');
SELECT careaccess_share_chart('s1', 'st anna', 'st bert');
SELECT set_eq($$SELECT pg_temp.links('s1')$$, ARRAY['st anna owner', 'st bert grant'], 'TA-3 who has an active link is not listed');
SELECT careaccess_unshare_client('s1', 'st bert');
SELECT careaccess_list_client('s1', 'st bert');
SELECT is_empty($$SELECT FROM careaccess.chart_share WHERE client OPERATOR(careaccess.=) 's1' AND stopped IS NULL$$,
	'TA-5 a share that outlived the receiver''s last link does not come back with a listing');

SELECT * FROM finish();
ROLLBACK;
