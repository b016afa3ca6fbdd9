-- Each setting of a practice in each of its values, switched while the practice
-- is at work: what it changes for the rows and the members' functions; and the
-- switches that the practice's facts forbid, until these are cleared.
BEGIN;
SELECT plan(78);
\set preset standard
\ir rules/clinic.sql
SET client_min_messages = warning;

-- anna owns mona, bert owns nora; cora sees all clients; max manages, olga owns
-- the practice, sven schedules, bill bills.
SELECT pg_temp.member('olga', 'owner'), pg_temp.member('max', 'manager'), pg_temp.member('sven', 'scheduler'), pg_temp.member('bill', 'biller'),
	pg_temp.member('anna', 'clinician'), pg_temp.member('bert', 'clinician'), pg_temp.member('cora', 'clinician_all_clients') \g /dev/null
SELECT pg_temp.client('mona', 'anna'), pg_temp.client('nora', 'bert') \g /dev/null
SELECT pg_temp.records('mona', 'cora') \g /dev/null
\set all 'name profile diagnosis schedule documents billing chart private_notes'

-- A switch is undone with its test: each begins from the preset.
CREATE FUNCTION pg_temp.set(setting text, value text) RETURNS void LANGUAGE sql AS $$
	SELECT careaccess_configure_practice('clinic', jsonb_build_object(setting, value))
$$;
CREATE FUNCTION pg_temp.refused(setting text, value text, as_member text DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text; detail text; hint text;
BEGIN
	IF as_member IS NOT NULL THEN
		RETURN pg_temp.refusal(as_member, format('SELECT careaccess_configure_practice(%L, %L)', 'clinic', jsonb_build_object(setting, value)), true);
	END IF;
	PERFORM pg_temp.set(setting, value);
	RETURN 'not refused';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN SQLSTATE || ' ' || message || ' | ' || detail || ' | ' || hint;
END $$;
-- The application's role books for its booking page, as no member.
CREATE FUNCTION pg_temp.widget(duplicate text DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	PERFORM set_config('role', current_setting('rules.plain_role'), true);
	result := careaccess_book('mona', 'bert', 'widget', duplicate);
	PERFORM set_config('role', 'none', true);
	RETURN result;
END $$;
SAVEPOINT preset;

-- edit_others_records
SELECT is(pg_temp.changes('anna', 'mona', 'chart', 'cora'), '', 'edit_others_records off: others'' notes stay as they are');
SELECT is(pg_temp.changes('anna', 'mona', 'documents', 'cora'), 'create edit delete', '… what is not authored does not');
SELECT pg_temp.set('edit_others_records', 'on') \g /dev/null
SELECT is(pg_temp.changes('anna', 'mona', 'chart', 'cora'), 'create edit delete', 'edit_others_records on');
SELECT is(pg_temp.changes('anna', 'mona', 'private_notes', 'cora'), '', '… as far as she sees them');
SELECT pg_temp.set('edit_others_records', 'off') \g /dev/null
SELECT is(pg_temp.changes('anna', 'mona', 'chart', 'cora'), '', '… and off again');
ROLLBACK TO preset;

-- allow_self_share: who may reach a client could give it to himself
SELECT is(left(pg_temp.refusal('olga', $$SELECT careaccess_share_client('mona', 'olga')$$), 5), '42501', 'allow_self_share off: nobody shares with himself');
SELECT pg_temp.set('allow_self_share', 'on') \g /dev/null
SELECT pg_temp.may('olga', $$SELECT careaccess_share_client('mona', 'olga')$$, 'allow_self_share on: he does');
SELECT pg_temp.set('allow_self_share', 'off') \g /dev/null
SELECT is(left(pg_temp.refusal('olga', $$SELECT careaccess_share_client('nora', 'olga')$$), 5), '42501', '… off again: not again');
ROLLBACK TO preset;

-- allow_self_listing and staff_booking
SELECT is(left(pg_temp.refusal('cora', $$SELECT careaccess_book('nora', 'cora')$$), 5), '42501', 'allow_self_listing off: nobody books a client to whom he has no link for himself');
SELECT pg_temp.set('allow_self_listing', 'on') \g /dev/null
SELECT is(pg_temp.query('cora', $$SELECT careaccess_book('nora', 'cora')$$), 'new_provider', 'allow_self_listing on: he does');
ROLLBACK TO preset;
SELECT is(pg_temp.query('sven', $$SELECT careaccess_book('mona', 'bert')$$), 'new_provider', 'staff_booking list: the provider is listed');
SELECT is(pg_temp.seen('bert', 'mona', 'anna'), 'name profile diagnosis schedule documents', '… and sees what a listing opens');
ROLLBACK TO preset;
SELECT pg_temp.set('staff_booking', 'grant') \g /dev/null
SELECT is(pg_temp.query('sven', $$SELECT careaccess_book('mona', 'bert')$$), 'granted', 'staff_booking grant: he gets a grant');
SELECT is(pg_temp.seen('bert', 'mona', 'anna'), 'name profile diagnosis schedule documents billing chart', '… and sees what a grant opens');
ROLLBACK TO preset;
SELECT pg_temp.set('staff_booking', 'none') \g /dev/null
SELECT is(pg_temp.query('sven', $$SELECT careaccess_book('mona', 'bert')$$), 'unlinked', 'staff_booking none: he gets nothing');
SELECT is(pg_temp.seen('bert', 'mona', 'anna'), '', '… and sees nothing');
ROLLBACK TO preset;

-- widget_booking
SELECT is(pg_temp.widget() || ': ' || pg_temp.seen('bert', 'mona', 'anna'), 'new_provider: name profile diagnosis schedule documents', 'widget_booking list');
ROLLBACK TO preset;
SELECT pg_temp.set('widget_booking', 'grant') \g /dev/null
SELECT is(pg_temp.widget() || ': ' || pg_temp.seen('bert', 'mona', 'anna'), 'granted: name profile diagnosis schedule documents billing chart', 'widget_booking grant');
ROLLBACK TO preset;
SELECT pg_temp.set('widget_booking', 'none') \g /dev/null
SELECT is(pg_temp.widget() || ': ' || pg_temp.seen('bert', 'mona', 'anna'), 'unlinked: ', 'widget_booking none');
ROLLBACK TO preset;
SELECT pg_temp.set('widget_booking', 'duplicate') \g /dev/null
SELECT is(pg_temp.widget() || ': ' || pg_temp.seen('bert', 'mona', 'anna'), 'duplicate_needed: ', 'widget_booking duplicate: without a new profile nothing happens');
SELECT is(pg_temp.widget('mona-2') || ': ' || pg_temp.seen('bert', 'mona', 'anna'), 'duplicated: ', '… with one, nothing to the client');
SELECT is((SELECT string_agg(l.member::text || ' ' || l.kind, ', ') FROM careaccess.client_link AS l WHERE l.client::text = 'mona-2' AND l.active), 'bert owner', '… and the new profile is his');
ROLLBACK TO preset;

-- share_private_notes_default
SELECT pg_temp.does('anna', $$SELECT careaccess_share_client('mona', 'bert'), careaccess_share_chart('mona', 'anna', 'bert')$$) \g /dev/null
SELECT is(pg_temp.seen('bert', 'mona', 'anna'), 'name profile diagnosis schedule documents billing chart', 'share_private_notes_default off: a chart share that does not say leaves them out');
SELECT pg_temp.set('share_private_notes_default', 'on') \g /dev/null
SELECT is(pg_temp.seen('bert', 'mona', 'anna'), 'name profile diagnosis schedule documents billing chart', '… and goes on to, when it is switched on');
SELECT pg_temp.does('anna', $$SELECT careaccess_stop_chart_share('mona', 'anna', 'bert'), careaccess_share_chart('mona', 'anna', 'bert')$$) \g /dev/null
SELECT is(pg_temp.seen('bert', 'mona', 'anna'), :'all', 'share_private_notes_default on: one that is started now has them');
SELECT pg_temp.set('share_private_notes_default', 'off') \g /dev/null
SELECT is(pg_temp.seen('bert', 'mona', 'anna'), :'all', '… and keeps them');
ROLLBACK TO preset;

-- emergency_access, emergency_max_minutes, emergency_overrides_revocation
SELECT pg_temp.set('emergency_max_minutes', '15') \g /dev/null
SELECT is(pg_temp.query('bert', $$SELECT careaccess_break_glass('mona', 'found on the floor', 99) - statement_timestamp()$$), '00:15:00', 'emergency_max_minutes caps');
SELECT is(pg_temp.seen('bert', 'mona', 'anna'), 'name profile diagnosis schedule documents billing chart', 'emergency_access on: a broken glass opens');
SELECT pg_temp.set('emergency_access', 'off') \g /dev/null
SELECT is(pg_temp.seen('bert', 'mona', 'anna'), '', 'emergency_access off: it does not');
SELECT pg_temp.set('emergency_access', 'on') \g /dev/null
SELECT is(pg_temp.seen('bert', 'mona', 'anna'), 'name profile diagnosis schedule documents billing chart', '… and on again, until its end');
SELECT careaccess_restrict_client('mona'), careaccess_set_member_roles('bert', '{clinician,scheduler}'),
	careaccess_revoke_administrative_access('mona', 'bert') \g /dev/null
SELECT is(pg_temp.seen('bert', 'mona', 'anna'), '', 'emergency_overrides_revocation off: not for one who is revoked');
SELECT pg_temp.set('emergency_overrides_revocation', 'on') \g /dev/null
SELECT is(pg_temp.seen('bert', 'mona', 'anna'), 'name profile diagnosis schedule documents billing chart', 'emergency_overrides_revocation on: for him, too');
ROLLBACK TO preset;

-- groups, ungrouped_sees, ungrouped_admin_manages, manager_bypasses_groups.  cora
-- and olga read charts of all clients; the chart's rule is group, and desk
-- staff manages.
SELECT careaccess_configure_practice('clinic', '{"author_rules": {"chart": "group"}}'),
	careaccess_define_role('clinic', 'coordinator', '{"permissions": [{"category": "schedule", "actions": ["view"], "reach": "managed"}]}'),
	pg_temp.member('dan', 'coordinator') \g /dev/null
SAVEPOINT grouped;
SELECT is(pg_temp.seen('cora', 'nora', 'bert'), 'name profile diagnosis schedule documents billing chart', 'EM-1 groups on, and none: nothing is restricted');
SELECT is(pg_temp.seen('dan', 'nora', 'bert'), 'schedule', '… and everybody is managed');
SELECT pg_temp.set('groups', 'off') \g /dev/null
SELECT is(pg_temp.seen('cora', 'nora', 'bert'), 'name profile diagnosis schedule documents billing chart', 'groups off: nor then');
SELECT pg_temp.may_not('max', $$SELECT careaccess_create_group('clinic', 'North')$$, '55000 groups are switched off in this practice', '… and there can be none');
SELECT pg_temp.set('groups', 'on') \g /dev/null
SELECT pg_temp.may('max', $$SELECT careaccess_create_group('clinic', 'North', ARRAY['anna']::careaccess.id[]), careaccess_create_group('clinic', 'East')$$, 'groups on: there can be');
SELECT is(pg_temp.seen('cora', 'mona', 'anna') || ' / ' || pg_temp.seen('cora', 'mona', 'cora'),
	'name profile diagnosis schedule documents billing / name profile diagnosis schedule documents billing chart',
	'EM-9 ungrouped_sees own: who is in no group sees his own records');
SELECT pg_temp.set('ungrouped_sees', 'all') \g /dev/null
SELECT is(pg_temp.seen('cora', 'mona', 'anna'), 'name profile diagnosis schedule documents billing chart', 'EM-9 ungrouped_sees all: everybody''s');
SELECT is(pg_temp.seen('dan', 'nora', 'bert'), 'schedule', 'EM-9 ungrouped_admin_manages all: who is no group''s admin manages everybody');
SELECT pg_temp.set('ungrouped_admin_manages', 'none') \g /dev/null
SELECT is(pg_temp.seen('dan', 'nora', 'bert'), '', 'EM-9 ungrouped_admin_manages none: nobody');
SELECT is(pg_temp.seen('olga', 'mona', 'cora'), 'name profile diagnosis schedule documents billing chart', 'manager_bypasses_groups on: who manages groups is not bound by them');
SELECT pg_temp.set('ungrouped_sees', 'own'), pg_temp.set('manager_bypasses_groups', 'off') \g /dev/null
SELECT is(pg_temp.seen('olga', 'mona', 'cora'), 'name profile diagnosis schedule documents billing', 'manager_bypasses_groups off: he is');
-- Off: refused with the list, until they are deleted.
SELECT is(pg_temp.refused('groups', 'off'), '55000 cannot switch groups off while there are groups | Groups: "East", "North". | Delete them with careaccess_delete_group first.',
	'EM-1 groups do not go off while there are some: these');
SELECT is(pg_temp.refused('groups', 'off', 'olga'), pg_temp.refused('groups', 'off'), '… whoever switches');
SELECT throws_ok($$UPDATE careaccess.practice SET groups = false WHERE id::text = 'clinic'$$, '55000', 'groups cannot be switched off while there are groups',
	'… whatever way');
SELECT is(pg_temp.seen('cora', 'mona', 'anna'), 'name profile diagnosis schedule documents billing', '… and a refused switch changes nothing');
SELECT pg_temp.does('max', $$SELECT careaccess_delete_group(id) FROM (VALUES ($$ || string_agg(id::text, '), (') || $$)) AS v (id)$$)
FROM careaccess.practitioner_group WHERE practice::text = 'clinic' \g /dev/null
SELECT pg_temp.may('olga', $$SELECT careaccess_configure_practice('clinic', '{"groups": false}')$$, 'cleared, they go off');
SELECT is(pg_temp.seen('cora', 'mona', 'anna') || ' / ' || pg_temp.seen('dan', 'nora', 'bert'), 'name profile diagnosis schedule documents billing chart / schedule',
	'EM-1 … and everything is open again');
ROLLBACK TO preset;

-- restriction, restricted_new_member
SELECT pg_temp.set('restriction', 'off') \g /dev/null
SELECT pg_temp.may_not('anna', $$SELECT careaccess_restrict_client('mona')$$, '55000 this practice does not restrict clients', 'SP-2 restriction off');
SELECT pg_temp.set('restriction', 'on') \g /dev/null
SELECT pg_temp.may('anna', $$SELECT careaccess_restrict_client('mona')$$, 'restriction on');
SELECT pg_temp.may('bert', $$SELECT careaccess_restrict_client('nora')$$, '… for everybody');
SELECT pg_temp.member('beth', 'biller') \g /dev/null
SELECT is(pg_temp.seen('beth', 'mona', 'anna'), '', 'SP-16 restricted_new_member deny: a newcomer is revoked');
SELECT pg_temp.set('restricted_new_member', 'allow') \g /dev/null
SELECT is(pg_temp.seen('beth', 'mona', 'anna'), '', '… and stays so');
SELECT pg_temp.member('bob', 'biller') \g /dev/null
SELECT is(pg_temp.seen('bob', 'mona', 'anna'), 'name profile diagnosis schedule billing', 'SP-16 restricted_new_member allow: the next one is not');
SELECT pg_temp.set('restricted_new_member', 'deny') \g /dev/null
SELECT is(pg_temp.seen('bob', 'mona', 'anna'), 'name profile diagnosis schedule billing', '… nor later');
-- Off: refused with the list of those whom the actor sees.
SELECT is(pg_temp.refused('restriction', 'off'),
	'55000 cannot switch restriction off while clients are restricted | Clients: mona, nora. | Unrestrict them with careaccess_unrestrict_client first.',
	'restriction does not go off while clients are restricted: these');
SELECT careaccess_define_role('clinic', 'configurer', '{"administrative": true, "capabilities": ["manage_roles"],
	"permissions": [{"category": "name", "actions": ["view"], "reach": "all"}]}'), pg_temp.member('carl', 'configurer') \g /dev/null
SELECT careaccess_restore_administrative_access('nora', 'carl') \g /dev/null
SELECT is(pg_temp.refused('restriction', 'off', 'carl'),
	'55000 cannot switch restriction off while clients are restricted | Clients: nora. | Unrestrict them with careaccess_unrestrict_client first.',
	'SP-3 … of whom a member reads only those whom he sees, and not how many there are');
SELECT careaccess_set_client_status('nora', 'deleted') \g /dev/null
SELECT is(pg_temp.refused('restriction', 'off', 'carl'),
	'55000 cannot switch restriction off while clients are restricted | None of them is visible to the acting member. | Unrestrict them with careaccess_unrestrict_client first.',
	'SP-3 … or nobody, where one is hidden and one is deleted');
SELECT throws_ok($$UPDATE careaccess.practice SET restriction = false WHERE id::text = 'clinic'$$, '55000', 'restriction cannot be switched off while a client is restricted',
	'… whatever way');
SELECT is(pg_temp.seen('beth', 'mona', 'anna'), '', '… and a refused switch frees nobody');
SELECT pg_temp.does('anna', $$SELECT careaccess_unrestrict_client('mona')$$) \g /dev/null
SELECT is(pg_temp.seen('beth', 'mona', 'anna'), 'name profile diagnosis schedule billing', 'SP-9 unrestricted, client by client');
SELECT matches(pg_temp.refused('restriction', 'off'), 'Clients: nora\.', 'a deleted client counts, too');
SELECT careaccess_set_client_status('nora', 'active'), careaccess_unrestrict_client('nora'), careaccess_set_client_status('nora', 'deleted') \g /dev/null
SELECT pg_temp.may('carl', $$SELECT careaccess_configure_practice('clinic', '{"restriction": false}')$$, 'cleared, restriction goes off');
ROLLBACK TO preset;

-- owner_mode
SELECT is(pg_temp.refused('owner_mode', 'none'),
	'55000 cannot set owner_mode to none: there are clients with an owner | Clients: mona, nora. | The setting is chosen before the first client is registered.',
	'owner_mode does not become none while clients have an owner: these');
SELECT is(pg_temp.refused('owner_mode', 'none', 'olga'), pg_temp.refused('owner_mode', 'none'), '… read by a member who sees them');
SELECT careaccess_define_role('clinic', 'configurer', '{"capabilities": ["manage_roles"]}'), pg_temp.member('carl', 'configurer') \g /dev/null
SELECT is(pg_temp.refused('owner_mode', 'none', 'carl'),
	'55000 cannot set owner_mode to none: there are clients with an owner | None of them is visible to the acting member. | The setting is chosen before the first client is registered.',
	'… and by one who does not');
SELECT throws_ok($$UPDATE careaccess.practice SET owner_mode = 'none' WHERE id::text = 'clinic'$$, '55000', 'owner_mode cannot become "none" while a client has an owner',
	'… whatever way');
SELECT careaccess_set_client_status('mona', 'deleted'), careaccess_set_client_status('nora', 'deleted') \g /dev/null
SELECT pg_temp.may('carl', $$SELECT careaccess_configure_practice('clinic', '{"owner_mode": "none"}')$$, 'without clients it becomes none');
SELECT careaccess_set_client_status('mona', 'active') \g /dev/null
SELECT is((SELECT string_agg(l.member::text || ' ' || l.kind, ', ') FROM careaccess.client_link AS l WHERE l.client::text = 'mona' AND l.active AND l.kind = 'owner'), NULL,
	'owner_mode none: who comes back has no owner any more');
SELECT is((SELECT string_agg(l.member::text, ', ') FROM careaccess.client_link AS l WHERE l.client::text = 'mona' AND l.active AND l.kind = 'listed'),
	(SELECT l.member::text FROM careaccess.client_link AS l WHERE l.client::text = 'mona' AND NOT l.active AND l.kind = 'owner' ORDER BY l.id DESC LIMIT 1),
	'… who owned him is listed');
SELECT careaccess_set_client_status('mona', 'deleted') \g /dev/null
SELECT pg_temp.may('anna', $$SELECT careaccess_add_client('lena')$$, 'owner_mode none: who adds a client is listed');
SELECT is((SELECT string_agg(l.member::text || ' ' || l.kind, ', ') FROM careaccess.client_link AS l WHERE l.client::text = 'lena' AND l.active), 'anna listed', '… and does not own him');
SELECT pg_temp.may_not('olga', $$SELECT careaccess_reassign_client('lena', 'bert')$$, '55000 clients of this practice have no owner', '… nor does anybody');
SELECT is(pg_temp.refused('owner_mode', 'one'),
	'55000 cannot set owner_mode to one: there are clients without an owner | Clients: lena. | The setting is chosen before the first client is registered.',
	'owner_mode does not become one while clients have none: these');
SELECT careaccess_set_client_status('lena', 'deleted') \g /dev/null
SELECT pg_temp.set('owner_mode', 'one') \g /dev/null
SELECT pg_temp.may('anna', $$SELECT careaccess_add_client('lisa')$$, 'owner_mode one: who adds a client');
SELECT is((SELECT string_agg(l.member::text || ' ' || l.kind, ', ') FROM careaccess.client_link AS l WHERE l.client::text = 'lisa' AND l.active), 'anna owner', '… owns him');
SELECT throws_ok($$SELECT careaccess_set_client_status('lena', 'active')$$, '55000', 'client "lena" has no owner any more', '… and nobody comes back without an owner');

SELECT * FROM finish();
ROLLBACK;
