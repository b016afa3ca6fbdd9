-- The presets: what is in the tables, and that a practice is made from them.
BEGIN;
SELECT plan(82);

SET client_min_messages = warning;

-- What is in the tables, by number.  A row too many, too few or in the wrong
-- preset shows here; what the rows say is spot-checked below, and the model of
-- the differential test has its own copy of all of them.
SELECT results_eq($$SELECT preset FROM careaccess.preset ORDER BY 1$$,
	$$VALUES ('embodia'), ('intakeq'), ('sessionshealth'), ('simplepractice'), ('standard'), ('therapyappointment')$$,
	'six presets');
SELECT results_eq(
	$$SELECT preset, count(*) FROM careaccess.preset_setting GROUP BY 1 ORDER BY 1$$,
	$$VALUES ('embodia', 16::bigint), ('intakeq', 16), ('sessionshealth', 16), ('simplepractice', 16), ('standard', 16),
		('therapyappointment', 16)$$, '16 settings each');
SELECT results_eq(
	$$SELECT preset, count(*) FROM careaccess.preset_author_rule GROUP BY 1 ORDER BY 1$$,
	$$VALUES ('embodia', 8::bigint), ('intakeq', 8), ('sessionshealth', 8), ('simplepractice', 8), ('standard', 8),
		('therapyappointment', 8)$$, '8 author rules each');
SELECT results_eq(
	$$SELECT preset, kind, count(*) FROM careaccess.preset_link_category GROUP BY 1, 2 ORDER BY 1, 2$$,
	$$VALUES ('embodia', 'listed', 8::bigint), ('intakeq', 'grant', 8), ('intakeq', 'owner', 8),
		('sessionshealth', 'grant', 8), ('sessionshealth', 'owner', 8), ('simplepractice', 'grant', 8),
		('simplepractice', 'owner', 8), ('standard', 'grant', 8), ('standard', 'listed', 5), ('standard', 'owner', 8),
		('therapyappointment', 'listed', 8)$$, 'what links open');
SELECT results_eq(
	$$SELECT r.preset, count(*), count(*) FILTER (WHERE practitioner), count(*) FILTER (WHERE administrative),
		count(*) FILTER (WHERE unrevocable)
	FROM careaccess.preset_role r GROUP BY 1 ORDER BY 1$$,
	$$VALUES ('embodia', 3::bigint, 1::bigint, 0::bigint, 0::bigint), ('intakeq', 5, 3, 0, 2), ('sessionshealth', 7, 1, 0, 1),
		('simplepractice', 8, 5, 5, 1), ('standard', 8, 3, 4, 1), ('therapyappointment', 8, 1, 0, 1)$$,
	'roles and their flags');
SELECT results_eq(
	$$SELECT preset, count(*), sum(cardinality(actions)), count(*) FILTER (WHERE only_if_practitioner)
	FROM careaccess.preset_permission GROUP BY 1 ORDER BY 1$$,
	$$VALUES ('embodia', 20::bigint, 76::bigint, 0::bigint), ('intakeq', 39, 156, 0), ('sessionshealth', 31, 102, 7),
		('simplepractice', 55, 197, 0), ('standard', 45, 164, 0), ('therapyappointment', 32, 108, 0)$$,
	'permissions and their actions');
SELECT results_eq(
	$$SELECT preset, count(*), count(DISTINCT role) FROM careaccess.preset_capability GROUP BY 1 ORDER BY 1$$,
	$$VALUES ('embodia', 15::bigint, 3::bigint), ('intakeq', 32, 5), ('sessionshealth', 23, 5), ('simplepractice', 46, 7),
		('standard', 50, 7), ('therapyappointment', 26, 6)$$, 'capabilities');

-- Spot checks, each of something special about a product.
CREATE FUNCTION pg_temp.may(preset text, role text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT p.category || ' ' || p.reach || ' ' || array_to_string(p.actions, ',')
		|| CASE WHEN p.only_if_practitioner THEN ' if practitioner' ELSE '' END
	FROM careaccess.preset_permission p WHERE p.preset = $1 AND p.role = $2
$$;
SELECT set_eq($$SELECT pg_temp.may('simplepractice', 'clinician_full_client_list')$$,
	ARRAY['name all view', 'name own create,edit,delete', 'profile own view,create,edit,delete',
		'diagnosis own view,create,edit,delete', 'schedule own view,create,edit,delete',
		'documents own view,create,edit,delete', 'billing own view,create,edit,delete',
		'chart own view,create,edit,delete', 'private_notes own view,create,edit,delete'],
	'SP-10 a full-client-list clinician sees all names and the rest of his own');
SELECT set_has($$SELECT pg_temp.may('simplepractice', 'clinician_basic')$$, $$VALUES ('billing own view')$$,
	'a basic clinician only views billing');
SELECT is_empty($$SELECT 1 FROM careaccess.preset_capability WHERE preset = 'simplepractice' AND role = 'practice_biller'$$,
	'SP-14 billers may not grant, nor anything else');
SELECT set_eq($$SELECT capability FROM careaccess.preset_capability WHERE preset = 'simplepractice' AND role = 'practice_scheduler'$$,
	ARRAY['create_client', 'grant', 'book'], 'SP-14 schedulers may grant');
SELECT set_eq($$SELECT pg_temp.may('sessionshealth', 'administrator')$$,
	ARRAY['name all view,create,edit', 'profile all view,create,edit,delete', 'schedule all view',
		'diagnosis all view,create,edit,delete if practitioner', 'schedule all view,create,edit,delete if practitioner',
		'documents all view,create,edit,delete if practitioner', 'billing all view,create,edit,delete if practitioner',
		'chart all view,create,edit,delete if practitioner'],
	'SH-2 an administrator reads charts only as a practitioner');
SELECT set_eq($$SELECT pg_temp.may('sessionshealth', 'biller')$$,
	ARRAY['name all view', 'profile all view', 'diagnosis all view', 'schedule all view', 'billing all view,create,edit,delete'],
	'SH-7 billers read diagnoses, no chart');
SELECT set_eq($$SELECT capability FROM careaccess.preset_capability WHERE preset = 'therapyappointment' AND role = 'staff_administrator'$$,
	ARRAY['manage_members_below'], 'a staff administrator manages members below');
SELECT is_empty($$SELECT pg_temp.may('therapyappointment', 'records_custodian')$$, 'a custodian has no right of his own');
SELECT set_eq($$SELECT pg_temp.may('embodia', 'clinic_admin')$$,
	ARRAY['name managed view,create,edit', 'profile managed view,create,edit,delete', 'schedule managed view,create,edit,delete',
		'documents managed view', 'billing managed view,create,edit,delete'],
	'EM-4 a clinic admin reaches managed practitioners only');
SELECT results_eq($$SELECT category, rule FROM careaccess.preset_author_rule WHERE preset = 'embodia' ORDER BY 1$$,
	$$VALUES ('billing', 'group'), ('chart', 'group'), ('diagnosis', 'group'), ('documents', 'group'), ('name', 'none'),
		('private_notes', 'author'), ('profile', 'none'), ('schedule', 'group')$$, 'Embodia judges by groups');
SELECT results_eq($$SELECT category, rule FROM careaccess.preset_author_rule WHERE preset = 'therapyappointment' AND rule <> 'none' ORDER BY 1$$,
	$$VALUES ('billing', 'author'), ('chart', 'share'), ('private_notes', 'share')$$, 'TherapyAppointment shares charts');
SELECT set_eq($$SELECT pg_temp.may('intakeq', 'assistant')$$,
	ARRAY['name delegated view,create,edit,delete', 'profile delegated view,create,edit,delete',
		'diagnosis delegated view,create,edit,delete', 'schedule delegated view,create,edit,delete',
		'documents delegated view,create,edit,delete', 'billing delegated view,create,edit,delete',
		'chart delegated view,create,edit,delete'], 'IQ-10 an assistant acts by delegation only');
SELECT set_eq($$SELECT setting || '=' || value FROM careaccess.preset_setting s WHERE preset = 'standard'$$,
	ARRAY['owner_mode=one', 'restriction=on', 'restricted_new_member=deny', 'staff_booking=list', 'widget_booking=list',
		'groups=on', 'ungrouped_sees=own', 'ungrouped_admin_manages=all', 'manager_bypasses_groups=on',
		'edit_others_records=off', 'allow_self_share=off', 'allow_self_listing=off', 'share_private_notes_default=off',
		'emergency_access=on', 'emergency_max_minutes=240', 'emergency_overrides_revocation=off'],
	'the standard settings');
SELECT set_eq($$SELECT category FROM careaccess.preset_link_category WHERE preset = 'standard' AND kind = 'listed'$$,
	ARRAY['name', 'profile', 'diagnosis', 'schedule', 'documents'], 'TA-2 a listing opens neither chart nor billing');
SELECT set_eq($$SELECT preset FROM careaccess.preset_setting WHERE setting = 'owner_mode' AND value = 'none'$$,
	ARRAY['therapyappointment', 'embodia'], 'two products know no owner');
SELECT set_eq($$SELECT preset FROM careaccess.preset_setting WHERE setting = 'widget_booking' AND value = 'duplicate'$$,
	ARRAY['intakeq'], 'IQ-11 a web booking duplicates in one of them');

-- Presets are not dumped: the extension brings them.
SELECT is_empty($$
	SELECT c.relname FROM pg_catalog.pg_class c, pg_catalog.pg_extension e
	WHERE e.extname = 'careaccess' AND c.oid = ANY (e.extconfig) AND c.relname LIKE 'preset%'$$,
	'preset tables are not dumped');

-- A practice made from each preset has exactly its rows.
DO $$BEGIN PERFORM careaccess_create_practice('p ' || preset, preset, preset) FROM careaccess.preset; END$$;
CREATE TEMP TABLE made AS SELECT preset, ('p ' || preset)::careaccess.id AS practice FROM careaccess.preset;
SELECT is((SELECT count(*) FROM careaccess.practice p JOIN made m ON m.practice OPERATOR(careaccess.=) p.id
	WHERE p.preset = m.preset AND p.name = m.preset), 6::bigint, 'a practice remembers its preset');
SELECT set_eq(
	format($$SELECT setting || '=' || value FROM careaccess.preset_setting WHERE preset = %L$$, m.preset),
	format($$SELECT s.key || '=' || CASE s.value WHEN 'true' THEN 'on' WHEN 'false' THEN 'off' ELSE s.value END
		FROM careaccess.practice p, jsonb_each_text(to_jsonb(p) - '{id,name,preset,created_at}'::text[]) s
		WHERE p.id OPERATOR(careaccess.=) %L$$, m.practice),
	m.preset || ': settings') FROM made m ORDER BY m.preset;
SELECT set_eq(
	format($$SELECT category, rule FROM careaccess.preset_author_rule WHERE preset = %L$$, m.preset),
	format($$SELECT category, rule FROM careaccess.practice_author_rule WHERE practice OPERATOR(careaccess.=) %L$$, m.practice),
	m.preset || ': author rules') FROM made m ORDER BY m.preset;
SELECT set_eq(
	format($$SELECT kind, category FROM careaccess.preset_link_category WHERE preset = %L$$, m.preset),
	format($$SELECT kind, category FROM careaccess.practice_link_category WHERE practice OPERATOR(careaccess.=) %L$$, m.practice),
	m.preset || ': links') FROM made m ORDER BY m.preset;
SELECT set_eq(
	format($$SELECT role, practitioner, administrative, unrevocable FROM careaccess.preset_role WHERE preset = %L$$, m.preset),
	format($$SELECT role, practitioner, administrative, unrevocable FROM careaccess.role
		WHERE practice OPERATOR(careaccess.=) %L$$, m.practice),
	m.preset || ': roles') FROM made m ORDER BY m.preset;
SELECT set_eq(
	format($$SELECT role, category, actions, reach, 'allow', only_if_practitioner FROM careaccess.preset_permission
		WHERE preset = %L$$, m.preset),
	format($$SELECT role, category, actions, reach, effect, only_if_practitioner FROM careaccess.role_permission
		WHERE practice OPERATOR(careaccess.=) %L$$, m.practice),
	m.preset || ': permissions') FROM made m ORDER BY m.preset;
SELECT set_eq(
	format($$SELECT role, capability FROM careaccess.preset_capability WHERE preset = %L$$, m.preset),
	format($$SELECT role, capability FROM careaccess.role_capability WHERE practice OPERATOR(careaccess.=) %L$$, m.practice),
	m.preset || ': capabilities') FROM made m ORDER BY m.preset;

-- The presets are templates only: a role of a made practice is its own.
SELECT careaccess_define_role('p intakeq', 'assistant', '{}');
SELECT is((SELECT count(*) FROM careaccess.preset_permission WHERE preset = 'intakeq' AND role = 'assistant'), 7::bigint,
	'a changed role does not change the preset');
SELECT is_empty($$SELECT 1 FROM careaccess.role_permission
	WHERE practice OPERATOR(careaccess.=) 'p intakeq' AND role = 'assistant'$$, '… though the role has changed');

-- Without a preset
SELECT is(careaccess_create_practice('bare', 'Bare', 'custom')::text, 'bare', 'a practice without a preset');
SELECT is_empty($$SELECT 1 FROM careaccess.role WHERE practice OPERATOR(careaccess.=) 'bare'$$, '… has no roles');
SELECT is((SELECT p.preset || ' ' || p.owner_mode || ' ' || p.groups FROM careaccess.practice p
	WHERE id OPERATOR(careaccess.=) 'bare'), 'custom one false', '… and the settings that need no other fact');
DO $$BEGIN PERFORM careaccess_create_practice('default', 'Default'); END$$;
SELECT is((SELECT preset FROM careaccess.practice WHERE id OPERATOR(careaccess.=) 'default'), 'standard',
	'standard is the default');

-- Identifiers of every type
SELECT is(careaccess_create_practice(77, 'Number', 'custom')::bigint, 77::bigint, 'a number names a practice');
SELECT is(careaccess_create_practice('3f2c0000-0000-4000-8000-000000000001'::uuid, 'Uuid', 'custom')::uuid,
	'3f2c0000-0000-4000-8000-000000000001'::uuid, 'a uuid names a practice');
SELECT throws_ok($$SELECT careaccess_create_practice('77', 'Again')$$, '23505', 'practice "77" exists already',
	'the same identifier in another spelling is taken');

-- Refusals
SELECT throws_ok($$SELECT careaccess_create_practice(NULL, 'x')$$, '22023', 'practice must not be null', 'a null practice');
SELECT throws_ok($$SELECT careaccess_create_practice('x', NULL)$$, '22023', 'name must not be null', 'a null name');
SELECT throws_ok($$SELECT careaccess_create_practice('x', ' ')$$, '22023', 'name must not be empty', 'a blank name');
SELECT throws_ok($$SELECT careaccess_create_practice('x', 'x', NULL)$$, '22023', 'preset must not be null', 'a null preset');
SELECT throws_ok($$SELECT careaccess_create_practice('x', 'x', 'Standard')$$, '22023', 'unknown preset: "Standard"',
	'an unknown preset');
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
SELECT is(pg_temp.hint($$SELECT careaccess_create_practice('x', 'x', 'foo')$$),
	'Choose one of: embodia, intakeq, sessionshealth, simplepractice, standard, therapyappointment, custom.',
	'the hint lists the presets');
SELECT throws_ok($$SELECT careaccess_create_practice('standard', 'x', 'foo')$$, '22023', NULL, 'nothing is made by halves');
SELECT is_empty($$SELECT 1 FROM careaccess.practice WHERE id OPERATOR(careaccess.=) 'x'$$, 'no practice was made by a refused call');

-- Who creates practices
SELECT careaccess_add_member('p standard', 'boss', 'Boss', '{owner}');
SELECT careaccess_act_as('boss');
SELECT throws_ok($$SELECT careaccess_create_practice('x', 'x')$$, '42501', 'not allowed to create a practice',
	'no member creates a practice, whatever his role');
SELECT careaccess_stop_acting();
CREATE ROLE careaccess_test_nobody;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO careaccess_test_nobody;
SET LOCAL ROLE careaccess_test_nobody;
SELECT throws_ok($$SELECT careaccess_create_practice('x', 'x')$$, '42501', 'no member is acting in this session',
	'nor does nobody');
RESET ROLE;
CREATE ROLE careaccess_test_plain;
SET LOCAL ROLE careaccess_test_plain;
SELECT throws_ok($$SELECT careaccess_create_practice('x', 'x')$$, '42501',
	'permission denied for function careaccess_create_practice', 'a plain role may not even call it');
RESET ROLE;

SELECT results_eq($$SELECT DISTINCT operation, fact FROM careaccess.event
	WHERE practice OPERATOR(careaccess.=) 'bare'$$, $$VALUES ('create_practice', 'practice')$$, 'the event log has it');

SELECT * FROM finish();
ROLLBACK;
