-- Practitioner groups: making, changing, deleting (careaccess_create_group,
-- careaccess_update_group, careaccess_delete_group), and what they do at once.
BEGIN;
SELECT plan(53);

SET client_min_messages = warning;

CREATE FUNCTION pg_temp.members(group_name text) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce((SELECT string_agg(p.member::text, ' ' ORDER BY p.member::text) FROM careaccess.group_practitioner p WHERE p.group_id = g.id), '-')
		|| ' / ' || coalesce((SELECT string_agg(a.member::text, ' ' ORDER BY a.member::text) FROM careaccess.group_admin a WHERE a.group_id = g.id), '-')
	FROM careaccess.practitioner_group g WHERE g.name = $1
$$;
CREATE FUNCTION pg_temp.group_id(name text) RETURNS bigint LANGUAGE sql AS $$
	SELECT id FROM careaccess.practitioner_group g WHERE g.name = $1
$$;

SELECT careaccess_create_practice('em', 'Embodia', 'embodia');
SELECT careaccess_add_member('em', 'boss', 'Boss', '{clinic_manager}');
SELECT careaccess_add_member('em', 'anna', 'Anna', '{practitioner}');
SELECT careaccess_add_member('em', 'bert', 'Bert', '{practitioner}');
SELECT careaccess_add_member('em', 'carl', 'Carl', '{practitioner}');
SELECT careaccess_add_member('em', 'desk', 'Desk', '{clinic_admin}');
SELECT careaccess_create_practice('other', 'Other', 'embodia');
SELECT careaccess_add_member('other', 'other boss', 'Boss', '{clinic_manager}');
SELECT careaccess_add_member('other', 'other anna', 'Anna', '{practitioner}');
SELECT careaccess_create_practice('iq', 'IntakeQ', 'intakeq');
SELECT careaccess_add_member('iq', 'iq admin', 'Admin', '{administrator}');
SELECT careaccess_add_client('c1', 'em', providers => ARRAY['anna']::careaccess.id[]);

-- Who, and where
SELECT careaccess_act_as('anna');
SELECT throws_ok($$SELECT careaccess_create_group('em', 'North')$$, '42501', 'not allowed to create a group', 'EM-6 it needs manage_groups');
SELECT careaccess_act_as('desk');
SELECT throws_ok($$SELECT careaccess_create_group('em', 'North')$$, '42501', NULL, 'EM-6 a clinic admin has it not');
SELECT careaccess_act_as('boss');
SELECT throws_ok($$SELECT careaccess_create_group('other', 'North')$$, 'P0002', 'no such practice: "other"', 'not in another practice');
SELECT careaccess_stop_acting();
SELECT throws_ok($$SELECT careaccess_create_group('iq', 'North')$$, '55000', 'groups are switched off in this practice',
	'EM-6 nor where the setting is off, for nobody');
SELECT throws_ok($$SELECT careaccess_create_group(NULL, 'North')$$, '22023', 'practice must not be null', 'a null practice');
SELECT throws_ok($$SELECT careaccess_create_group('em', NULL)$$, '22023', 'name must not be null', 'a null name');
SELECT throws_ok($$SELECT careaccess_create_group('em', ' ')$$, '22023', 'name must not be empty', 'a blank name');

-- EM-1
SELECT ok(careaccess_can_view('bert', 'c1', 'chart', 'anna'), 'EM-1 without groups everybody sees everything his role allows');
SELECT careaccess_act_as('boss');
SELECT isnt(careaccess_create_group('em', 'North', ARRAY['bert', 'bert']::careaccess.id[], ARRAY['desk']::careaccess.id[]), NULL,
	'a group with practitioners and admins');
SELECT is(pg_temp.members('North'), 'bert / desk', '… each once');
SELECT careaccess_stop_acting();
SELECT ok(NOT careaccess_can_view('bert', 'c1', 'chart', 'anna'), 'EM-1 the first group restricts at once');
SELECT ok(NOT careaccess_can_view('carl', 'c1', 'chart', 'anna'), 'EM-1 … the whole practice');
SELECT careaccess_act_as('boss');

-- Members
SELECT throws_ok($$SELECT careaccess_create_group('em', 'South', ARRAY['desk']::careaccess.id[])$$, '22023',
	'member "desk" is not a practitioner', 'practitioners are practitioners');
SELECT throws_ok($$SELECT careaccess_create_group('em', 'South', ARRAY['other anna']::careaccess.id[])$$, 'P0002',
	'no such member: "other anna"', '… of this practice');
SELECT throws_ok($$SELECT careaccess_create_group('em', 'South', '{}', ARRAY['other anna']::careaccess.id[])$$, 'P0002',
	'no such member: "other anna"', 'admins too');
SELECT throws_ok($$SELECT careaccess_create_group('em', 'South', ARRAY['anna', NULL]::careaccess.id[])$$, '22023', NULL, 'no null practitioner');
SELECT throws_ok($$SELECT careaccess_create_group('em', 'South', '{}', ARRAY[NULL]::careaccess.id[])$$, '22023', NULL, 'no null admin');
SELECT throws_ok($$SELECT careaccess_create_group('em', 'nORTH')$$, '23505', 'group "nORTH" exists already', 'names are unique whatever their case');
SELECT is_empty($$SELECT 1 FROM careaccess.practitioner_group WHERE name IN ('South', 'nORTH')$$, 'no refused call left a group');
SELECT careaccess_act_as('other boss');
SELECT lives_ok($$SELECT careaccess_create_group('other', 'North')$$, '… per practice');
SELECT careaccess_act_as('boss');
SELECT lives_ok($$SELECT careaccess_create_group('em', 'South', NULL, NULL)$$, 'a group can be empty');
SELECT is(pg_temp.members('South'), '- / -', '… and is');

-- Changing
SELECT careaccess_update_group(pg_temp.group_id('South'), practitioners => ARRAY['carl', 'anna']::careaccess.id[]);
SELECT is(pg_temp.members('South'), 'anna carl / -', 'practitioners are set');
SELECT careaccess_update_group(pg_temp.group_id('South'), admins => ARRAY['desk', 'desk', 'anna']::careaccess.id[]);
SELECT is(pg_temp.members('South'), 'anna carl / anna desk', 'admins are set, the rest stays');
SELECT careaccess_update_group(pg_temp.group_id('South'), 'Southern');
SELECT is(pg_temp.members('Southern'), 'anna carl / anna desk', 'the name is set, the rest stays');
SELECT careaccess_update_group(pg_temp.group_id('Southern'), 'SOUTHERN', '{}', '{}');
SELECT is(pg_temp.members('SOUTHERN'), '- / -', 'empty lists empty the group');
SELECT lives_ok($$SELECT careaccess_update_group(pg_temp.group_id('SOUTHERN'))$$, 'nothing to change is fine');
SELECT throws_ok($$SELECT careaccess_update_group(pg_temp.group_id('SOUTHERN'), 'north')$$, '23505', 'group "north" exists already', 'not to the name of another');
SELECT throws_ok($$SELECT careaccess_update_group(pg_temp.group_id('SOUTHERN'), '')$$, '22023', 'name must not be empty', 'not to no name');
SELECT throws_ok($$SELECT careaccess_update_group(pg_temp.group_id('SOUTHERN'), practitioners => ARRAY['desk']::careaccess.id[])$$, '22023',
	'member "desk" is not a practitioner', 'practitioners are practitioners');
SELECT throws_ok($$SELECT careaccess_update_group(NULL)$$, '22023', 'group_id must not be null', 'a null group');
SELECT throws_ok($$SELECT careaccess_update_group(0)$$, 'P0002', 'no such group: 0', 'no such group');
SELECT careaccess_act_as('other boss');
SELECT is(pg_temp.group_id('SOUTHERN') IS NOT NULL, true, '(the group is there)');
SELECT throws_ok($$SELECT careaccess_update_group(pg_temp.group_id('SOUTHERN'), 'x')$$, 'P0002',
	format('no such group: %s', pg_temp.group_id('SOUTHERN')), 'another practice''s group is as missing');
SELECT throws_ok($$SELECT careaccess_delete_group(pg_temp.group_id('SOUTHERN'))$$, 'P0002', NULL, '… to be deleted too');
SELECT careaccess_act_as('anna');
SELECT throws_ok($$SELECT careaccess_update_group(pg_temp.group_id('SOUTHERN'), 'x')$$, '42501', 'not allowed to change a group', 'EM-6 changing needs manage_groups');
SELECT throws_ok($$SELECT careaccess_delete_group(pg_temp.group_id('SOUTHERN'))$$, '42501', 'not allowed to delete a group', 'EM-6 deleting too');

-- EM-2: the union of a member's groups, not transitive
SELECT careaccess_act_as('boss');
SELECT careaccess_update_group(pg_temp.group_id('North'), practitioners => ARRAY['anna', 'bert']::careaccess.id[]);
SELECT careaccess_update_group(pg_temp.group_id('SOUTHERN'), practitioners => ARRAY['bert', 'carl']::careaccess.id[]);
SELECT careaccess_stop_acting();
SELECT ok(careaccess_can_view('bert', 'c1', 'chart', 'anna'), 'EM-2 together in a group');
SELECT ok(NOT careaccess_can_view('carl', 'c1', 'chart', 'anna'), 'EM-2 not over a member of both');
-- a disabled practitioner stays, and can be named
SELECT careaccess_set_member_status('anna', 'disabled');
SELECT lives_ok($$SELECT careaccess_update_group(pg_temp.group_id('North'), practitioners => ARRAY['anna', 'bert']::careaccess.id[])$$,
	'a disabled practitioner can be in a group');
SELECT ok(careaccess_can_view('bert', 'c1', 'chart', 'anna'), '… whose records are still read');
SELECT careaccess_remove_member('anna');
SELECT throws_ok($$SELECT careaccess_update_group(pg_temp.group_id('North'), practitioners => ARRAY['anna']::careaccess.id[])$$, '22023',
	'member "anna" has been removed', 'a removed one cannot');
SELECT is(pg_temp.members('North'), 'bert / desk', '… and has left');

-- Deleting
SELECT careaccess_act_as('boss');
SELECT throws_ok($$SELECT careaccess_configure_practice('em', '{"groups": false}')$$, '55000', NULL, 'EM-6 groups stay on while there are some');
SELECT lives_ok($$SELECT careaccess_delete_group(pg_temp.group_id('North'))$$, 'a group is deleted');
SELECT is_empty($$SELECT 1 FROM careaccess.practitioner_group WHERE name = 'North' AND practice OPERATOR(careaccess.=) 'em'$$, '… and gone');
SELECT careaccess_stop_acting();
SELECT ok(NOT careaccess_can_view('bert', 'c1', 'chart', 'anna'), 'EM-1 while another is left');
SELECT lives_ok($$SELECT careaccess_delete_group(pg_temp.group_id('SOUTHERN'))$$, 'the last one');
SELECT ok(careaccess_can_view('bert', 'c1', 'chart', 'anna'), 'EM-1 … opens the practice again');
SELECT throws_ok($$SELECT careaccess_delete_group(NULL)$$, '22023', 'group_id must not be null', 'a null group');
SELECT throws_ok($$SELECT careaccess_delete_group(0)$$, 'P0002', 'no such group: 0', 'no such group');
SELECT lives_ok($$SELECT careaccess_configure_practice('em', '{"groups": false}')$$, 'then groups can be switched off');

SELECT set_eq($$SELECT DISTINCT operation FROM careaccess.event WHERE fact = 'practitioner_group'$$,
	ARRAY['create_group', 'update_group', 'delete_group'], 'the log has them by the name of the function');

SELECT * FROM finish();
ROLLBACK;
