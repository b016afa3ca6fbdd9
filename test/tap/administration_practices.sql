-- Settings of a practice (careaccess_configure_practice) and its roles
-- (careaccess_define_role): what is changed, what is refused and to whom.
BEGIN;
SELECT plan(120);

SET client_min_messages = warning;

CREATE FUNCTION pg_temp.detail(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE d text;
BEGIN
	EXECUTE statement;
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS d = PG_EXCEPTION_DETAIL;
	RETURN d;
END
$$;
CREATE FUNCTION pg_temp.hint(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE h text;
BEGIN
	EXECUTE statement;
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS h = PG_EXCEPTION_HINT;
	RETURN h;
END
$$;
CREATE FUNCTION pg_temp.setting(practice text, setting text) RETURNS text LANGUAGE sql AS $$
	SELECT to_jsonb(p) ->> $2 FROM careaccess.practice p WHERE id OPERATOR(careaccess.=) $1
$$;
CREATE FUNCTION pg_temp.role(practice text, role text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT p.category || ' ' || p.effect || ' ' || p.reach || ' ' || array_to_string(p.actions, ',')
		|| CASE WHEN p.only_if_practitioner THEN ' if practitioner' ELSE '' END
	FROM careaccess.role_permission p WHERE p.practice OPERATOR(careaccess.=) $1 AND p.role = $2
	UNION ALL
	SELECT g.capability FROM careaccess.role_capability g WHERE g.practice OPERATOR(careaccess.=) $1 AND g.role = $2
$$;

SELECT careaccess_create_practice('st', 'Standard', 'standard');
SELECT careaccess_create_practice('ta', 'TherapyAppointment', 'therapyappointment');
SELECT careaccess_add_member('st', 'owner', 'Owner', '{owner}');
SELECT careaccess_add_member('st', 'second', 'Second', '{owner}');
SELECT careaccess_add_member('st', 'manager', 'Manager', '{manager}');
SELECT careaccess_add_member('st', 'anna', 'Anna', '{clinician}');
SELECT careaccess_add_member('st', 'bert', 'Bert', '{clinician}');
SELECT careaccess_add_member('ta', 'ta owner', 'Owner', '{owner}');
SELECT careaccess_add_member('ta', 'ta anna', 'Anna', '{provider}');

-- Every setting, in every value; the unknown value and type of each
CREATE TEMP TABLE choice (setting text, value text, type text);
INSERT INTO choice VALUES
	('restricted_new_member', 'allow', 'text'), ('restricted_new_member', 'deny', 'text'),
	('staff_booking', 'none', 'text'), ('staff_booking', 'list', 'text'), ('staff_booking', 'grant', 'text'),
	('widget_booking', 'none', 'text'), ('widget_booking', 'list', 'text'), ('widget_booking', 'grant', 'text'),
	('widget_booking', 'duplicate', 'text'),
	('ungrouped_sees', 'own', 'text'), ('ungrouped_sees', 'all', 'text'),
	('ungrouped_admin_manages', 'all', 'text'), ('ungrouped_admin_manages', 'none', 'text'),
	('owner_mode', 'none', 'text'), ('owner_mode', 'one', 'text'),
	('restriction', NULL, 'boolean'), ('groups', NULL, 'boolean'), ('manager_bypasses_groups', NULL, 'boolean'),
	('edit_others_records', NULL, 'boolean'), ('allow_self_share', NULL, 'boolean'), ('allow_self_listing', NULL, 'boolean'),
	('share_private_notes_default', NULL, 'boolean'), ('emergency_access', NULL, 'boolean'),
	('emergency_overrides_revocation', NULL, 'boolean');
CREATE FUNCTION pg_temp.configured(setting text, value jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM careaccess_configure_practice('st', jsonb_build_object(setting, value));
	RETURN pg_temp.setting('st', setting);
END
$$;
SELECT is(pg_temp.configured(setting, to_jsonb(value)), value, setting || ' ' || value) FROM choice WHERE type = 'text';
SELECT is(pg_temp.configured(setting, '"off"') || pg_temp.configured(setting, '"on"')
	|| pg_temp.configured(setting, 'false') || pg_temp.configured(setting, 'true'),
	'falsetruefalsetrue', setting || ' off and on, false and true') FROM choice WHERE type = 'boolean';
SELECT throws_ok(format($$SELECT careaccess_configure_practice('st', '{"%s": "nonsense"}')$$, setting), '22023', NULL,
	'an unknown value of ' || setting) FROM (SELECT DISTINCT setting FROM choice) AS c ORDER BY setting;
SELECT is(pg_temp.configured('emergency_max_minutes', '30') || pg_temp.configured('emergency_max_minutes', '"45"'),
	'3045', 'emergency_max_minutes is a number');
SELECT throws_ok(format($$SELECT careaccess_configure_practice('st', '{"emergency_max_minutes": %s}')$$, v), '22023', NULL,
	'emergency_max_minutes cannot be ' || v) FROM unnest('{0,-5,1.5,true,"null",99999999999,[1]}'::text[]) AS v;
SELECT throws_ok($$SELECT careaccess_configure_practice('st', '{"edit_others_records": null}')$$, '22023',
	'bad value of edit_others_records: null', 'a null value');

SELECT throws_ok($$SELECT careaccess_configure_practice('st', '{"edit_others_records": false, "colour": "red"}')$$, '22023',
	'unknown key of the settings: "colour"', 'an unknown key');
SELECT is(pg_temp.setting('st', 'edit_others_records'), 'true', '… and nothing else of the call is done');
SELECT matches(pg_temp.hint($$SELECT careaccess_configure_practice('st', '{"colour": 1}')$$),
	'owner_mode, .*, author_rules, link_categories\.$', 'the hint lists the keys');
SELECT throws_ok($$SELECT careaccess_configure_practice('st', '[]')$$, '22023', 'the settings must be a JSON object', 'no object');
SELECT throws_ok($$SELECT careaccess_configure_practice('st', NULL)$$, '22023', 'the settings must be a JSON object', 'null settings');
SELECT throws_ok($$SELECT careaccess_configure_practice(NULL, '{}')$$, '22023', 'practice must not be null', 'a null practice');
SELECT throws_ok($$SELECT careaccess_configure_practice('nowhere', '{}')$$, 'P0002', 'no such practice: "nowhere"', 'an unknown practice');
SELECT lives_ok($$SELECT careaccess_configure_practice('st', '{}')$$, 'no setting at all is fine');

-- Author rules and what links open
SELECT careaccess_configure_practice('st', '{"author_rules": {"chart": "share", "billing": "group"}}');
SELECT results_eq($$SELECT category, rule FROM careaccess.practice_author_rule
	WHERE practice OPERATOR(careaccess.=) 'st' AND rule <> 'none' ORDER BY 1$$,
	$$VALUES ('billing', 'group'), ('chart', 'share'), ('private_notes', 'share')$$, 'author rules change, the others stay');
SELECT careaccess_configure_practice('st', '{"link_categories": {"grant": ["profile", "name", "name"]}}');
SELECT results_eq($$SELECT kind, array_agg(category ORDER BY category) FROM careaccess.practice_link_category
	WHERE practice OPERATOR(careaccess.=) 'st' AND kind <> 'owner' GROUP BY 1 ORDER BY 1$$,
	$$VALUES ('grant', '{name,profile}'::text[]), ('listed', '{diagnosis,documents,name,profile,schedule}')$$,
	'the list of one kind is replaced, the others stay');
SELECT careaccess_configure_practice('st', '{"link_categories": {"listed": []}}');
SELECT is_empty($$SELECT 1 FROM careaccess.practice_link_category WHERE practice OPERATOR(careaccess.=) 'st' AND kind = 'listed'$$,
	'an empty list opens nothing');
SELECT throws_ok($$SELECT careaccess_configure_practice('st', '{"author_rules": {"tea": "none"}}')$$, '22023',
	'unknown key of author_rules: "tea"', 'an unknown category');
SELECT throws_ok($$SELECT careaccess_configure_practice('st', '{"author_rules": {"chart": "some"}}')$$, '22023',
	'unknown author rule: "some"', 'an unknown rule');
SELECT throws_ok($$SELECT careaccess_configure_practice('st', '{"author_rules": "none"}')$$, '22023', NULL, 'rules that are no object');
SELECT throws_ok($$SELECT careaccess_configure_practice('st', '{"link_categories": {"friend": []}}')$$, '22023',
	'unknown key of link_categories: "friend"', 'an unknown kind of link');
SELECT throws_ok($$SELECT careaccess_configure_practice('st', '{"link_categories": {"grant": ["tea"]}}')$$, '22023',
	'unknown category: "tea"', 'an unknown category of a link');
SELECT throws_ok($$SELECT careaccess_configure_practice('st', '{"link_categories": {"grant": "name"}}')$$, '22023', NULL,
	'a list that is none');

-- What facts stand against
SELECT careaccess_create_group('st', 'North', ARRAY['anna']::careaccess.id[]);
SELECT throws_ok($$SELECT careaccess_configure_practice('st', '{"groups": "off"}')$$, '55000',
	'cannot switch groups off while there are groups', 'groups stay on while there are groups');
SELECT is(pg_temp.detail($$SELECT careaccess_configure_practice('st', '{"groups": "off"}')$$), 'Groups: "North".', '… and are listed');
SELECT careaccess_add_client('c1', 'st', 'anna');
SELECT careaccess_add_client('c2', 'st', 'bert');
SELECT careaccess_restrict_client('c1');
SELECT careaccess_restrict_client('c2');
SELECT throws_ok($$SELECT careaccess_configure_practice('st', '{"restriction": false}')$$, '55000',
	'cannot switch restriction off while clients are restricted', 'restriction stays on while a client is restricted');
SELECT is(pg_temp.detail($$SELECT careaccess_configure_practice('st', '{"restriction": false}')$$), 'Clients: c1, c2.', '… and is listed');
SELECT throws_ok($$SELECT careaccess_configure_practice('st', '{"owner_mode": "none"}')$$, '55000',
	'cannot set owner_mode to none: there are clients with an owner', 'owner_mode stays one while clients have owners');
SELECT careaccess_add_client('t1', 'ta', providers => ARRAY['ta anna']::careaccess.id[]);
SELECT throws_ok($$SELECT careaccess_configure_practice('ta', '{"owner_mode": "one"}')$$, '55000',
	'cannot set owner_mode to one: there are clients without an owner', '… and none while they have none');
-- The list shows what the actor may see.
SELECT careaccess_define_role('st', 'configurer', '{"capabilities": ["manage_roles"], "administrative": true,
	"permissions": [{"category": "name", "actions": ["view"], "reach": "all"}]}');
SELECT careaccess_add_member('st', 'carl', 'Carl', '{configurer}');
SELECT is((SELECT count(*) FROM careaccess.client_revocation WHERE member OPERATOR(careaccess.=) 'carl'), 2::bigint,
	'carl came after the clients were restricted');
SELECT careaccess_restore_administrative_access('c2', 'carl');
SELECT careaccess_act_as('carl');
SELECT is(pg_temp.detail($$SELECT careaccess_configure_practice('st', '{"restriction": false}')$$), 'Clients: c2.',
	'a member sees in the list only whom he may see');
SELECT careaccess_stop_acting();
SELECT careaccess_revoke_administrative_access('c2', 'carl');
SELECT careaccess_act_as('carl');
SELECT is(pg_temp.detail($$SELECT careaccess_configure_practice('st', '{"restriction": false}')$$),
	'None of them is visible to the acting member.', '… or nobody');
SELECT lives_ok($$SELECT careaccess_configure_practice('st', '{"allow_self_share": true}')$$, 'manage_roles changes settings');
SELECT throws_ok($$SELECT careaccess_configure_practice('ta', '{}')$$, 'P0002', 'no such practice: "ta"', '… of his practice only');
SELECT careaccess_act_as('manager');
SELECT throws_ok($$SELECT careaccess_configure_practice('st', '{}')$$, '42501',
	'not allowed to change the settings of a practice', 'without manage_roles nobody does');

-- Roles
SELECT throws_ok($$SELECT careaccess_define_role('st', 'x', '{}')$$, '42501', 'not allowed to define a role',
	'without manage_roles nobody defines roles');
SELECT careaccess_act_as('owner');
SELECT lives_ok($$SELECT careaccess_define_role('st', 'counsellor', '{"practitioner": true, "administrative": "off",
	"permissions": [
		{"category": "chart", "actions": ["edit", "view"], "reach": "own"},
		{"category": "chart", "actions": ["create"], "reach": "own", "effect": "allow"},
		{"category": "billing", "actions": ["view"], "reach": "all", "only_if_practitioner": true},
		{"category": "private_notes", "actions": ["view"], "reach": "all", "effect": "deny"}],
	"capabilities": ["book", "create_client", "book"]}')$$, 'IQ-12 a role of one''s own making');
SELECT set_eq($$SELECT pg_temp.role('st', 'counsellor')$$, ARRAY['chart allow own view,create,edit',
	'billing allow all view if practitioner', 'private_notes deny all view', 'book', 'create_client'], '… is as it was defined');
SELECT is((SELECT practitioner || ' ' || administrative || ' ' || unrevocable FROM careaccess.role
	WHERE practice OPERATOR(careaccess.=) 'st' AND role = 'counsellor'), 'true false false', '… with its flags');
SELECT careaccess_define_role('st', 'counsellor', '{"permissions": [{"category": "chart", "actions": ["view"], "reach": "own"}],
	"capabilities": ["grant"]}');
SELECT set_eq($$SELECT pg_temp.role('st', 'counsellor')$$, ARRAY['chart allow own view', 'grant'],
	'defining it again replaces all of it');
SELECT is((SELECT practitioner FROM careaccess.role WHERE practice OPERATOR(careaccess.=) 'st' AND role = 'counsellor'), false,
	'… flags too');

SELECT throws_ok(format($$SELECT careaccess_define_role('st', 'y', %L)$$, definition), '22023', message, label)
FROM (VALUES
	('"x"', 'the definition must be a JSON object', 'a definition that is no object'),
	('{"colour": 1}', 'unknown key of the definition: "colour"', 'an unknown key of a definition'),
	('{"practitioner": 1}', 'bad value of practitioner: 1', 'a flag that is no boolean'),
	('{"capabilities": ["fly"]}', 'unknown capability: "fly"', 'an unknown capability'),
	('{"capabilities": "book"}', 'capabilities must be a JSON array of strings', 'capabilities that are no array'),
	('{"permissions": {}}', 'permissions must be a JSON array of objects', 'permissions that are no array'),
	('{"permissions": [1]}', 'a permission must be a JSON object', 'a permission that is no object'),
	('{"permissions": [{"categories": 1}]}', 'unknown key of a permission: "categories"', 'an unknown key of a permission'),
	('{"permissions": [{"category": "tea", "actions": ["view"], "reach": "own"}]}', 'unknown category: "tea"', 'an unknown category'),
	('{"permissions": [{"actions": ["view"], "reach": "own"}]}', NULL, 'a permission without category'),
	('{"permissions": [{"category": "chart", "reach": "own"}]}', 'actions must be a JSON array of strings', 'a permission without actions'),
	('{"permissions": [{"category": "chart", "actions": [], "reach": "own"}]}', 'actions must not be empty', 'a permission of no action'),
	('{"permissions": [{"category": "chart", "actions": ["read"], "reach": "own"}]}', 'unknown action: "read"', 'an unknown action'),
	('{"permissions": [{"category": "chart", "actions": ["view"]}]}', NULL, 'a permission without reach'),
	('{"permissions": [{"category": "chart", "actions": ["view"], "reach": "far"}]}', 'unknown reach: "far"', 'an unknown reach'),
	('{"permissions": [{"category": "chart", "actions": ["view"], "reach": "own", "effect": "maybe"}]}', 'unknown effect: "maybe"',
		'an unknown effect')
) AS v (definition, message, label);
SELECT throws_ok(format($$SELECT careaccess_define_role('st', 'y',
	'{"permissions": [{"category": "chart", "actions": ["view"], "reach": "%s", "effect": "deny"}]}')$$, reach), '23514', NULL,
	'a denial has no reach ' || reach) FROM unnest('{group,managed,delegated}'::text[]) AS reach;
SELECT throws_ok($$SELECT careaccess_define_role('st', NULL, '{}')$$, '22023', 'role must not be null', 'a null role');
SELECT throws_ok($$SELECT careaccess_define_role('st', 'y', NULL)$$, '22023', NULL, 'a null definition');
SELECT throws_ok($$SELECT careaccess_define_role('ta', 'y', '{}')$$, 'P0002', 'no such practice: "ta"', 'a foreign practice');
SELECT is_empty($$SELECT 1 FROM careaccess.role WHERE role = 'y'$$, 'no refused call left a role');

-- Whose roles a member defines
SELECT throws_ok($$SELECT careaccess_define_role('st', 'owner', '{}')$$, '42501', 'not allowed to define a role that one holds',
	'not the role that he holds');
SELECT careaccess_act_as('carl');
SELECT throws_ok($$SELECT careaccess_define_role('st', 'helper', '{"capabilities": ["manage_members"]}')$$, '42501', NULL,
	'no role with administration capabilities that he lacks');
SELECT throws_ok($$SELECT careaccess_define_role('st', 'manager', '{}')$$, '42501', NULL, '… nor is it taken from one');
SELECT throws_ok($$SELECT careaccess_define_role('st', 'helper', '{"unrevocable": true}')$$, '42501', NULL,
	'no unrevocable role, as he holds none');
SELECT lives_ok($$SELECT careaccess_define_role('st', 'helper', '{"capabilities": ["manage_roles", "break_glass"]}')$$,
	'other capabilities are not compared');
SELECT careaccess_stop_acting();
SELECT careaccess_set_member_roles('second', '{owner,helper}');
SELECT careaccess_act_as('carl');
SELECT throws_ok($$SELECT careaccess_define_role('st', 'helper', '{}')$$, '42501', NULL,
	'a role held by an account that can administer more than he is not his to define');
SELECT careaccess_act_as('owner');
SELECT lives_ok($$SELECT careaccess_define_role('st', 'helper', '{"unrevocable": true}')$$,
	'who holds an unrevocable role defines one');

-- What follows for the holders
SELECT throws_ok($$SELECT careaccess_define_role('st', 'clinician', '{"practitioner": false}')$$, '55000',
	'cannot take the practitioner flag from a role: member "anna" owns clients', 'who owns clients stays a practitioner');
SELECT careaccess_stop_acting();
SELECT careaccess_define_role('st', 'aide', '{"practitioner": true}');
SELECT careaccess_add_member('st', 'dora', 'Dora', '{aide}');
SELECT careaccess_share_client('c1', 'dora');
SELECT careaccess_update_group((SELECT id FROM careaccess.practitioner_group WHERE name = 'North'),
	practitioners => ARRAY['anna', 'dora']::careaccess.id[]);
SELECT careaccess_define_role('st', 'aide', '{"administrative": true}');
SELECT is_empty($$SELECT 1 FROM careaccess.client_link WHERE member OPERATOR(careaccess.=) 'dora' AND active$$,
	'who is no practitioner any more loses his grants');
SELECT is_empty($$SELECT 1 FROM careaccess.group_practitioner WHERE member OPERATOR(careaccess.=) 'dora'$$, '… and his groups');
SELECT set_eq($$SELECT client::text FROM careaccess.client_revocation WHERE member OPERATOR(careaccess.=) 'dora'$$,
	ARRAY['c1', 'c2'], 'SP-16 holders of a role that becomes administrative are denied the restricted clients');
SELECT is((SELECT ever_practitioner FROM careaccess.member WHERE id OPERATOR(careaccess.=) 'dora'), true,
	'that she was a practitioner is remembered');

-- The log says which function, and only what differs.
SELECT is((SELECT count(*) FROM careaccess.event WHERE operation = 'define_role' AND fact = 'role' AND after ->> 'role' = 'counsellor'),
	2::bigint, 'defining and redefining a role are two events');
CREATE TEMP TABLE before AS SELECT count(*) AS n FROM careaccess.event;
SELECT careaccess_define_role('st', 'counsellor', '{"permissions": [{"category": "chart", "actions": ["view"], "reach": "own"}],
	"capabilities": ["grant"]}');
SELECT is((SELECT count(*) FROM careaccess.event), (SELECT n FROM before), 'defining the same again is none');

SELECT * FROM finish();
ROLLBACK;
