--
-- Presets: a practice is made from one, and nothing follows from it afterwards
--
-- Everything product-specific is here, as rows.  careaccess_create_practice
-- copies the rows of one preset; changing these tables changes no practice.
-- They come with the extension and are not dumped.

CREATE TABLE careaccess.preset (
	preset text PRIMARY KEY,
	product text NOT NULL
);
COMMENT ON TABLE careaccess.preset IS 'one row is a preset and the product that it stands for';

CREATE TABLE careaccess.preset_setting (
	preset text NOT NULL REFERENCES careaccess.preset (preset),
	setting text NOT NULL,
	value text NOT NULL,
	PRIMARY KEY (preset, setting)
);
COMMENT ON TABLE careaccess.preset_setting IS 'one row is the value of a setting in a preset';

CREATE TABLE careaccess.preset_author_rule (
	preset text NOT NULL REFERENCES careaccess.preset (preset),
	category text NOT NULL REFERENCES careaccess.category (code),
	rule text NOT NULL CHECK (rule IN ('none', 'author', 'share', 'group')),
	PRIMARY KEY (preset, category)
);
COMMENT ON TABLE careaccess.preset_author_rule IS 'one row is the author rule of a category in a preset';

CREATE TABLE careaccess.preset_link_category (
	preset text NOT NULL REFERENCES careaccess.preset (preset),
	kind text NOT NULL CHECK (kind IN ('owner', 'grant', 'listed')),
	category text NOT NULL REFERENCES careaccess.category (code),
	PRIMARY KEY (preset, kind, category)
);
COMMENT ON TABLE careaccess.preset_link_category IS 'one row is a category that a link of this kind opens in a preset';

CREATE TABLE careaccess.preset_role (
	preset text NOT NULL REFERENCES careaccess.preset (preset),
	role text NOT NULL,
	practitioner boolean NOT NULL,
	administrative boolean NOT NULL,
	unrevocable boolean NOT NULL,
	PRIMARY KEY (preset, role)
);
COMMENT ON TABLE careaccess.preset_role IS 'one row is a role of a preset';

CREATE TABLE careaccess.preset_permission (
	preset text NOT NULL,
	role text NOT NULL,
	category text NOT NULL REFERENCES careaccess.category (code),
	reach text NOT NULL CHECK (reach IN ('all', 'own', 'group', 'managed', 'delegated')),
	actions text[] NOT NULL
		CHECK (actions <@ '{view,create,edit,delete}' AND pg_catalog.cardinality(actions) > 0),
	only_if_practitioner boolean NOT NULL,
	PRIMARY KEY (preset, role, category, reach, only_if_practitioner),
	FOREIGN KEY (preset, role) REFERENCES careaccess.preset_role (preset, role)
);
COMMENT ON TABLE careaccess.preset_permission IS 'one row is a permission of a role of a preset';

CREATE TABLE careaccess.preset_capability (
	preset text NOT NULL,
	role text NOT NULL,
	capability text NOT NULL REFERENCES careaccess.capability (code),
	PRIMARY KEY (preset, role, capability),
	FOREIGN KEY (preset, role) REFERENCES careaccess.preset_role (preset, role)
);
COMMENT ON TABLE careaccess.preset_capability IS 'one row is a capability of a role of a preset';

-- Reads one row of the permission tables below, for this script only.  A cell
-- is reach and the first letters of the actions (view, create, edit, delete);
-- several are separated by a space; one with a question mark counts only while
-- the member is also a practitioner.  Unknown letters fail on the constraints.

CREATE FUNCTION careaccess.preset_cells(role_name text, VARIADIC cells text[])
	RETURNS TABLE (role text, category text, reach text, actions text[], only_if_practitioner boolean)
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
	SELECT role_name, c.category, m[1],
		ARRAY(
			SELECT CASE letter WHEN 'v' THEN 'view' WHEN 'c' THEN 'create' WHEN 'e' THEN 'edit'
				WHEN 'd' THEN 'delete' ELSE letter END
			FROM pg_catalog.regexp_split_to_table(m[2], '') WITH ORDINALITY AS l (letter, n) ORDER BY n),
		m[3] <> ''
	FROM ROWS FROM (pg_catalog.unnest(cells),
		pg_catalog.unnest('{name,profile,diagnosis,schedule,documents,billing,chart,private_notes}'::text[]))
		AS c (cell, category),
	pg_catalog.regexp_split_to_table(c.cell, ' ') AS part,
	pg_catalog.regexp_match(part, '^([a-z]+):([a-z]+)(\??)$') AS m
	WHERE part <> '-'
$$;
REVOKE EXECUTE ON FUNCTION careaccess.preset_cells(text, text[]) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.preset_cells(text, text[]) IS 'reads a row of the tables of permissions, at installation only';

INSERT INTO careaccess.preset (preset, product) VALUES
	('standard', 'our own'),
	('simplepractice', 'SimplePractice'),
	('intakeq', 'IntakeQ / PracticeQ'),
	('therapyappointment', 'TherapyAppointment'),
	('sessionshealth', 'Sessions Health'),
	('embodia', 'Embodia');

--
-- Standard
--
-- One owner per client, shares, listings, directed chart shares, restriction,
-- groups and break-glass: a sensible start for a new clinic.

INSERT INTO careaccess.preset_setting (preset, setting, value)
SELECT 'standard', v.* FROM (VALUES
	('owner_mode',                     'one'),
	('restriction',                    'on'),
	('restricted_new_member',          'deny'),
	('staff_booking',                  'list'),
	('widget_booking',                 'list'),
	('groups',                         'on'),
	('ungrouped_sees',                 'own'),
	('ungrouped_admin_manages',        'all'),
	('manager_bypasses_groups',        'on'),
	('edit_others_records',            'off'),
	('allow_self_share',               'off'),
	('allow_self_listing',             'off'),
	('share_private_notes_default',    'off'),
	('emergency_access',               'on'),
	('emergency_max_minutes',          '240'),
	('emergency_overrides_revocation', 'off')
) AS v (setting, value);

INSERT INTO careaccess.preset_author_rule (preset, category, rule)
SELECT 'standard', v.* FROM (VALUES
	('name',          'none'),
	('profile',       'none'),
	('diagnosis',     'none'),
	('schedule',      'none'),
	('documents',     'none'),
	('billing',       'none'),
	('chart',         'none'),
	('private_notes', 'share')
) AS v (category, rule);

INSERT INTO careaccess.preset_link_category (preset, kind, category)
SELECT 'standard', v.kind, pg_catalog.unnest(v.categories) FROM (VALUES
	('owner',  '{name, profile, diagnosis, schedule, documents, billing, chart, private_notes}'::text[]),
	('grant',  '{name, profile, diagnosis, schedule, documents, billing, chart, private_notes}'::text[]),
	('listed', '{name, profile, diagnosis, schedule, documents}'::text[])
) AS v (kind, categories);

INSERT INTO careaccess.preset_role (preset, role, practitioner, administrative, unrevocable)
SELECT 'standard', v.* FROM (VALUES
	-- role                   practitioner administrative unrevocable
	('owner',                 true,        false,         true),
	('manager',               false,       true,          false),
	('scheduler',             false,       true,          false),
	('biller',                false,       true,          false),
	('clinician',             true,        false,         false),
	('clinician_all_clients', true,        true,          false),
	('assistant',             false,       false,         false),
	('records_custodian',     false,       false,         false)
) AS v (role, practitioner, administrative, unrevocable);

INSERT INTO careaccess.preset_permission (preset, role, category, reach, actions, only_if_practitioner)
SELECT 'standard', p.* FROM (VALUES
	-- role                   name              profile           diagnosis         schedule          documents         billing           chart             private_notes
	('owner',                 'all:vced',       'all:vced',       'all:vced',       'all:vced',       'all:vced',       'all:vced',       'all:vced',       'own:vced'),
	('manager',               'all:vced',       'all:vced',       '-',              'all:vced',       'all:vced',       'all:vced',       '-',              '-'),
	('scheduler',             'all:vce',        'all:vced',       '-',              'all:vced',       'all:v',          '-',              '-',              '-'),
	('biller',                'all:v',          'all:v',          'all:v',          'all:v',          '-',              'all:vced',       '-',              '-'),
	('clinician',             'own:vced',       'own:vced',       'own:vced',       'own:vced',       'own:vced',       'own:vced',       'own:vced',       'own:vced'),
	('clinician_all_clients', 'all:vced',       'all:vced',       'all:vced',       'all:vced',       'all:vced',       'all:vced',       'all:vced',       'own:vced'),
	('assistant',             'delegated:vced', 'delegated:vced', 'delegated:vced', 'delegated:vced', 'delegated:vced', 'delegated:vced', 'delegated:vced', '-'),
	('records_custodian',     '-',              '-',              '-',              '-',              '-',              '-',              '-',              '-')
) AS v (role, name, profile, diagnosis, schedule, documents, billing, chart, private_notes),
LATERAL careaccess.preset_cells(role, name, profile, diagnosis, schedule, documents, billing, chart, private_notes) AS p;

INSERT INTO careaccess.preset_capability (preset, role, capability)
SELECT 'standard', v.role, pg_catalog.unnest(v.capabilities) FROM (VALUES
	('owner', '{
		create_client, delete_client, reassign, grant, list_client, restrict,
		share_chart_any, book, manage_groups, manage_members, manage_roles, delegate,
		appoint_custodian, link_profiles, manage_portal, manage_rules, view_audit,
		break_glass}'::text[]),
	('manager', '{
		create_client, delete_client, reassign, grant, list_client, restrict, book,
		manage_groups, manage_members, delegate, link_profiles, manage_portal,
		manage_rules, view_audit}'::text[]),
	('scheduler',             '{create_client, book}'::text[]),
	('clinician',             '{create_client, grant_linked, share_chart_own, restrict_own, book, break_glass}'::text[]),
	('clinician_all_clients', '{
		create_client, grant_linked, reassign_linked, share_chart_own, restrict_own,
		book, break_glass}'::text[]),
	('assistant',             '{create_client, book}'::text[]),
	('records_custodian',     '{view_audit}'::text[])
) AS v (role, capabilities);

--
-- SimplePractice
--
-- Clinicians by level of access; administrative access to a restricted client
-- can be revoked.

INSERT INTO careaccess.preset_setting (preset, setting, value)
SELECT 'simplepractice', v.* FROM (VALUES
	('owner_mode',                     'one'),
	('restriction',                    'on'),
	('restricted_new_member',          'allow'),
	('staff_booking',                  'none'),
	('widget_booking',                 'none'),
	('groups',                         'off'),
	('ungrouped_sees',                 'own'),
	('ungrouped_admin_manages',        'all'),
	('manager_bypasses_groups',        'on'),
	('edit_others_records',            'off'),
	('allow_self_share',               'on'),
	('allow_self_listing',             'on'),
	('share_private_notes_default',    'off'),
	('emergency_access',               'off'),
	('emergency_max_minutes',          '240'),
	('emergency_overrides_revocation', 'off')
) AS v (setting, value);

INSERT INTO careaccess.preset_author_rule (preset, category, rule)
SELECT 'simplepractice', v.* FROM (VALUES
	('name',          'none'),
	('profile',       'none'),
	('diagnosis',     'none'),
	('schedule',      'none'),
	('documents',     'none'),
	('billing',       'none'),
	('chart',         'none'),
	('private_notes', 'author')
) AS v (category, rule);

INSERT INTO careaccess.preset_link_category (preset, kind, category)
SELECT 'simplepractice', v.kind, pg_catalog.unnest(v.categories) FROM (VALUES
	('owner',  '{name, profile, diagnosis, schedule, documents, billing, chart, private_notes}'::text[]),
	('grant',  '{name, profile, diagnosis, schedule, documents, billing, chart, private_notes}'::text[])
) AS v (kind, categories);

INSERT INTO careaccess.preset_role (preset, role, practitioner, administrative, unrevocable)
SELECT 'simplepractice', v.* FROM (VALUES
	-- role                        practitioner administrative unrevocable
	('account_owner',              true,        false,         true),
	('practice_manager',           false,       true,          false),
	('practice_scheduler',         false,       true,          false),
	('practice_biller',            false,       true,          false),
	('clinician_entire_practice',  true,        true,          false),
	('clinician_full_client_list', true,        true,          false),
	('clinician_billing',          true,        false,         false),
	('clinician_basic',            true,        false,         false)
) AS v (role, practitioner, administrative, unrevocable);

INSERT INTO careaccess.preset_permission (preset, role, category, reach, actions, only_if_practitioner)
SELECT 'simplepractice', p.* FROM (VALUES
	-- role                        name             profile     diagnosis   schedule    documents   billing     chart       private_notes
	('account_owner',              'all:vced',      'all:vced', 'all:vced', 'all:vced', 'all:vced', 'all:vced', 'all:vced', 'own:vced'),
	('practice_manager',           'all:vced',      'all:vced', '-',        'all:v',    'all:vced', 'all:vced', '-',        '-'),
	('practice_scheduler',         'all:vce',       'all:vced', '-',        'all:vced', 'all:v',    '-',        '-',        '-'),
	('practice_biller',            'all:v',         'all:v',    'all:v',    'all:vced', '-',        'all:vced', '-',        '-'),
	('clinician_entire_practice',  'all:vced',      'all:vced', 'all:vced', 'all:vced', 'all:vced', 'all:vced', 'all:vced', 'own:vced'),
	('clinician_full_client_list', 'all:v own:ced', 'own:vced', 'own:vced', 'own:vced', 'own:vced', 'own:vced', 'own:vced', 'own:vced'),
	('clinician_billing',          'own:vced',      'own:vced', 'own:vced', 'own:vced', 'own:vced', 'own:vced', 'own:vced', 'own:vced'),
	('clinician_basic',            'own:vced',      'own:vced', 'own:vced', 'own:vced', 'own:vced', 'own:v',    'own:vced', 'own:vced')
) AS v (role, name, profile, diagnosis, schedule, documents, billing, chart, private_notes),
LATERAL careaccess.preset_cells(role, name, profile, diagnosis, schedule, documents, billing, chart, private_notes) AS p;

INSERT INTO careaccess.preset_capability (preset, role, capability)
SELECT 'simplepractice', v.role, pg_catalog.unnest(v.capabilities) FROM (VALUES
	('account_owner', '{
		create_client, delete_client, reassign, grant, restrict, manage_members,
		manage_roles, manage_groups, delegate, manage_portal, manage_rules, view_audit}'::text[]),
	('practice_manager', '{
		create_client, delete_client, reassign, grant, restrict, manage_members,
		manage_groups, delegate, manage_portal, manage_rules, view_audit}'::text[]),
	('practice_scheduler',         '{create_client, grant, book}'::text[]),
	('clinician_entire_practice',  '{create_client, grant, reassign, restrict_own, book}'::text[]),
	('clinician_full_client_list', '{create_client, grant_linked, reassign_linked, restrict_own, book}'::text[]),
	('clinician_billing',          '{create_client, grant_linked, reassign_linked, restrict_own, book}'::text[]),
	('clinician_basic',            '{create_client, grant_linked, reassign_linked, restrict_own, book}'::text[])
) AS v (role, capabilities);

--
-- IntakeQ / PracticeQ
--
-- One owner per client, shared with some or with all; assistants act for
-- practitioners; a booking on the web may make a duplicate profile.

INSERT INTO careaccess.preset_setting (preset, setting, value)
SELECT 'intakeq', v.* FROM (VALUES
	('owner_mode',                     'one'),
	('restriction',                    'off'),
	('restricted_new_member',          'allow'),
	('staff_booking',                  'none'),
	('widget_booking',                 'duplicate'),
	('groups',                         'off'),
	('ungrouped_sees',                 'own'),
	('ungrouped_admin_manages',        'all'),
	('manager_bypasses_groups',        'on'),
	('edit_others_records',            'on'),
	('allow_self_share',               'on'),
	('allow_self_listing',             'on'),
	('share_private_notes_default',    'off'),
	('emergency_access',               'off'),
	('emergency_max_minutes',          '240'),
	('emergency_overrides_revocation', 'off')
) AS v (setting, value);

INSERT INTO careaccess.preset_author_rule (preset, category, rule)
SELECT 'intakeq', v.* FROM (VALUES
	('name',          'none'),
	('profile',       'none'),
	('diagnosis',     'none'),
	('schedule',      'none'),
	('documents',     'none'),
	('billing',       'none'),
	('chart',         'none'),
	('private_notes', 'author')
) AS v (category, rule);

INSERT INTO careaccess.preset_link_category (preset, kind, category)
SELECT 'intakeq', v.kind, pg_catalog.unnest(v.categories) FROM (VALUES
	('owner',  '{name, profile, diagnosis, schedule, documents, billing, chart, private_notes}'::text[]),
	('grant',  '{name, profile, diagnosis, schedule, documents, billing, chart, private_notes}'::text[])
) AS v (kind, categories);

INSERT INTO careaccess.preset_role (preset, role, practitioner, administrative, unrevocable)
SELECT 'intakeq', v.* FROM (VALUES
	-- role                      practitioner administrative unrevocable
	('administrator',            true,        false,         true),
	('administrator_only',       false,       false,         true),
	('practitioner',             true,        false,         false),
	('practitioner_all_clients', true,        false,         false),
	('assistant',                false,       false,         false)
) AS v (role, practitioner, administrative, unrevocable);

INSERT INTO careaccess.preset_permission (preset, role, category, reach, actions, only_if_practitioner)
SELECT 'intakeq', p.* FROM (VALUES
	-- role                      name              profile           diagnosis         schedule          documents         billing           chart             private_notes
	('administrator',            'all:vced',       'all:vced',       'all:vced',       'all:vced',       'all:vced',       'all:vced',       'all:vced',       'all:vced'),
	('administrator_only',       'all:vced',       'all:vced',       'all:vced',       'all:vced',       'all:vced',       'all:vced',       'all:vced',       'all:vced'),
	('practitioner',             'own:vced',       'own:vced',       'own:vced',       'own:vced',       'own:vced',       'own:vced',       'own:vced',       'own:vced'),
	('practitioner_all_clients', 'all:vced',       'all:vced',       'all:vced',       'all:vced',       'all:vced',       'all:vced',       'all:vced',       'own:vced'),
	('assistant',                'delegated:vced', 'delegated:vced', 'delegated:vced', 'delegated:vced', 'delegated:vced', 'delegated:vced', 'delegated:vced', '-')
) AS v (role, name, profile, diagnosis, schedule, documents, billing, chart, private_notes),
LATERAL careaccess.preset_cells(role, name, profile, diagnosis, schedule, documents, billing, chart, private_notes) AS p;

INSERT INTO careaccess.preset_capability (preset, role, capability)
SELECT 'intakeq', v.role, pg_catalog.unnest(v.capabilities) FROM (VALUES
	('administrator', '{
		create_client, delete_client, reassign, grant, book, manage_members,
		manage_roles, delegate, manage_portal, manage_rules, view_audit}'::text[]),
	('administrator_only', '{
		create_client, delete_client, reassign, grant, book, manage_members,
		manage_roles, delegate, manage_portal, manage_rules, view_audit}'::text[]),
	('practitioner',             '{create_client, grant_linked, reassign_linked, book}'::text[]),
	('practitioner_all_clients', '{create_client, grant_linked, reassign_linked, book}'::text[]),
	('assistant',                '{create_client, book}'::text[])
) AS v (role, capabilities);

--
-- TherapyAppointment
--
-- No owner but a list of providers; charts are shared from one provider to
-- another; a booking lists the provider.

INSERT INTO careaccess.preset_setting (preset, setting, value)
SELECT 'therapyappointment', v.* FROM (VALUES
	('owner_mode',                     'none'),
	('restriction',                    'off'),
	('restricted_new_member',          'allow'),
	('staff_booking',                  'list'),
	('widget_booking',                 'list'),
	('groups',                         'off'),
	('ungrouped_sees',                 'own'),
	('ungrouped_admin_manages',        'all'),
	('manager_bypasses_groups',        'on'),
	('edit_others_records',            'off'),
	('allow_self_share',               'on'),
	('allow_self_listing',             'on'),
	('share_private_notes_default',    'off'),
	('emergency_access',               'off'),
	('emergency_max_minutes',          '240'),
	('emergency_overrides_revocation', 'off')
) AS v (setting, value);

INSERT INTO careaccess.preset_author_rule (preset, category, rule)
SELECT 'therapyappointment', v.* FROM (VALUES
	('name',          'none'),
	('profile',       'none'),
	('diagnosis',     'none'),
	('schedule',      'none'),
	('documents',     'none'),
	('billing',       'author'),
	('chart',         'share'),
	('private_notes', 'share')
) AS v (category, rule);

INSERT INTO careaccess.preset_link_category (preset, kind, category)
SELECT 'therapyappointment', v.kind, pg_catalog.unnest(v.categories) FROM (VALUES
	('listed', '{name, profile, diagnosis, schedule, documents, billing, chart, private_notes}'::text[])
) AS v (kind, categories);

INSERT INTO careaccess.preset_role (preset, role, practitioner, administrative, unrevocable)
SELECT 'therapyappointment', v.* FROM (VALUES
	-- role                 practitioner administrative unrevocable
	('owner',               false,       false,         true),
	('manager',             false,       false,         false),
	('staff_administrator', false,       false,         false),
	('provider',            true,        false,         false),
	('scheduler',           false,       false,         false),
	('biller',              false,       false,         false),
	('records_custodian',   false,       false,         false),
	('supervisor',          false,       false,         false)
) AS v (role, practitioner, administrative, unrevocable);

INSERT INTO careaccess.preset_permission (preset, role, category, reach, actions, only_if_practitioner)
SELECT 'therapyappointment', p.* FROM (VALUES
	-- role                 name             profile     diagnosis   schedule    documents   billing     chart       private_notes
	('owner',               'all:vced',      'all:vced', 'all:vced', 'all:vced', 'all:vced', 'all:vced', 'all:vced', 'all:vced'),
	('manager',             'all:vced',      'all:vced', 'all:vced', 'all:vced', 'all:vced', 'all:vced', '-',        '-'),
	('staff_administrator', '-',             '-',        '-',        '-',        '-',        '-',        '-',        '-'),
	('provider',            'all:v own:ced', 'own:vced', 'own:vced', 'own:vced', 'own:vced', 'own:vced', 'own:vced', 'own:vced'),
	('scheduler',           'all:vce',       'all:vced', '-',        'all:vced', 'all:v',    '-',        '-',        '-'),
	('biller',              'all:v',         'all:v',    'all:v',    'all:v',    '-',        'all:vced', '-',        '-'),
	('records_custodian',   '-',             '-',        '-',        '-',        '-',        '-',        '-',        '-'),
	('supervisor',          '-',             '-',        '-',        '-',        '-',        '-',        '-',        '-')
) AS v (role, name, profile, diagnosis, schedule, documents, billing, chart, private_notes),
LATERAL careaccess.preset_cells(role, name, profile, diagnosis, schedule, documents, billing, chart, private_notes) AS p;

INSERT INTO careaccess.preset_capability (preset, role, capability)
SELECT 'therapyappointment', v.role, pg_catalog.unnest(v.capabilities) FROM (VALUES
	('owner', '{
		create_client, delete_client, list_client, share_chart_any, book,
		manage_members, manage_roles, delegate, appoint_custodian, manage_portal,
		view_audit}'::text[]),
	('manager', '{
		create_client, delete_client, list_client, share_chart_any, book,
		manage_members, delegate, manage_portal}'::text[]),
	('staff_administrator', '{manage_members_below}'::text[]),
	('provider',            '{create_client, share_chart_own, book}'::text[]),
	('scheduler',           '{create_client, book}'::text[]),
	('records_custodian',   '{share_chart_custody}'::text[])
) AS v (role, capabilities);

--
-- Sessions Health
--
-- One assigned practitioner and the administrators, who read charts only if
-- they are practitioners too.

INSERT INTO careaccess.preset_setting (preset, setting, value)
SELECT 'sessionshealth', v.* FROM (VALUES
	('owner_mode',                     'one'),
	('restriction',                    'off'),
	('restricted_new_member',          'allow'),
	('staff_booking',                  'none'),
	('widget_booking',                 'none'),
	('groups',                         'off'),
	('ungrouped_sees',                 'own'),
	('ungrouped_admin_manages',        'all'),
	('manager_bypasses_groups',        'on'),
	('edit_others_records',            'on'),
	('allow_self_share',               'on'),
	('allow_self_listing',             'on'),
	('share_private_notes_default',    'off'),
	('emergency_access',               'off'),
	('emergency_max_minutes',          '240'),
	('emergency_overrides_revocation', 'off')
) AS v (setting, value);

INSERT INTO careaccess.preset_author_rule (preset, category, rule)
SELECT 'sessionshealth', v.* FROM (VALUES
	('name',          'none'),
	('profile',       'none'),
	('diagnosis',     'none'),
	('schedule',      'none'),
	('documents',     'none'),
	('billing',       'none'),
	('chart',         'none'),
	('private_notes', 'author')
) AS v (category, rule);

INSERT INTO careaccess.preset_link_category (preset, kind, category)
SELECT 'sessionshealth', v.kind, pg_catalog.unnest(v.categories) FROM (VALUES
	('owner',  '{name, profile, diagnosis, schedule, documents, billing, chart, private_notes}'::text[]),
	('grant',  '{name, profile, diagnosis, schedule, documents, billing, chart, private_notes}'::text[])
) AS v (kind, categories);

INSERT INTO careaccess.preset_role (preset, role, practitioner, administrative, unrevocable)
SELECT 'sessionshealth', v.* FROM (VALUES
	-- role                 practitioner administrative unrevocable
	('account_owner',       false,       false,         true),
	('administrator',       false,       false,         false),
	('practitioner',        true,        false,         false),
	('supervisor',          false,       false,         false),
	('scheduler',           false,       false,         false),
	('biller',              false,       false,         false),
	('forms_administrator', false,       false,         false)
) AS v (role, practitioner, administrative, unrevocable);

INSERT INTO careaccess.preset_permission (preset, role, category, reach, actions, only_if_practitioner)
SELECT 'sessionshealth', p.* FROM (VALUES
	-- role                 name        profile     diagnosis    schedule           documents    billing      chart        private_notes
	('account_owner',       'all:vced', 'all:vced', 'all:vced?', 'all:vced',        'all:vced',  'all:vced',  'all:vced?', '-'),
	('administrator',       'all:vce',  'all:vced', 'all:vced?', 'all:v all:vced?', 'all:vced?', 'all:vced?', 'all:vced?', '-'),
	('practitioner',        'own:vced', 'own:vced', 'own:vced',  'own:vced',        'own:vced',  'own:vced',  'own:vced',  'own:vced'),
	('supervisor',          '-',        '-',        '-',         '-',               '-',         '-',         '-',         '-'),
	('scheduler',           'all:v',    'all:v',    '-',         'all:vced',        '-',         '-',         '-',         '-'),
	('biller',              'all:v',    'all:v',    'all:v',     'all:v',           '-',         'all:vced',  '-',         '-'),
	('forms_administrator', '-',        '-',        '-',         '-',               '-',         '-',         '-',         '-')
) AS v (role, name, profile, diagnosis, schedule, documents, billing, chart, private_notes),
LATERAL careaccess.preset_cells(role, name, profile, diagnosis, schedule, documents, billing, chart, private_notes) AS p;

INSERT INTO careaccess.preset_capability (preset, role, capability)
SELECT 'sessionshealth', v.role, pg_catalog.unnest(v.capabilities) FROM (VALUES
	('account_owner', '{
		create_client, delete_client, reassign, grant, manage_members, manage_roles,
		delegate, link_profiles, manage_portal, view_audit}'::text[]),
	('administrator', '{
		create_client, delete_client, reassign, grant, manage_members, delegate,
		link_profiles, manage_portal, view_audit}'::text[]),
	('practitioner',        '{create_client, book}'::text[]),
	('scheduler',           '{book}'::text[]),
	('forms_administrator', '{manage_rules}'::text[])
) AS v (role, capabilities);

--
-- Embodia
--
-- Practitioner groups: who wrote a record decides who of the others reads it;
-- clinic admins manage the practitioners of their groups.

INSERT INTO careaccess.preset_setting (preset, setting, value)
SELECT 'embodia', v.* FROM (VALUES
	('owner_mode',                     'none'),
	('restriction',                    'off'),
	('restricted_new_member',          'allow'),
	('staff_booking',                  'list'),
	('widget_booking',                 'list'),
	('groups',                         'on'),
	('ungrouped_sees',                 'own'),
	('ungrouped_admin_manages',        'all'),
	('manager_bypasses_groups',        'on'),
	('edit_others_records',            'off'),
	('allow_self_share',               'on'),
	('allow_self_listing',             'on'),
	('share_private_notes_default',    'off'),
	('emergency_access',               'off'),
	('emergency_max_minutes',          '240'),
	('emergency_overrides_revocation', 'off')
) AS v (setting, value);

INSERT INTO careaccess.preset_author_rule (preset, category, rule)
SELECT 'embodia', v.* FROM (VALUES
	('name',          'none'),
	('profile',       'none'),
	('diagnosis',     'group'),
	('schedule',      'group'),
	('documents',     'group'),
	('billing',       'group'),
	('chart',         'group'),
	('private_notes', 'author')
) AS v (category, rule);

INSERT INTO careaccess.preset_link_category (preset, kind, category)
SELECT 'embodia', v.kind, pg_catalog.unnest(v.categories) FROM (VALUES
	('listed', '{name, profile, diagnosis, schedule, documents, billing, chart, private_notes}'::text[])
) AS v (kind, categories);

INSERT INTO careaccess.preset_role (preset, role, practitioner, administrative, unrevocable)
SELECT 'embodia', v.* FROM (VALUES
	-- role            practitioner administrative unrevocable
	('clinic_manager', false,       false,         false),
	('practitioner',   true,        false,         false),
	('clinic_admin',   false,       false,         false)
) AS v (role, practitioner, administrative, unrevocable);

INSERT INTO careaccess.preset_permission (preset, role, category, reach, actions, only_if_practitioner)
SELECT 'embodia', p.* FROM (VALUES
	-- role            name           profile         diagnosis     schedule        documents     billing         chart         private_notes
	('clinic_manager', 'all:vced',    'all:vced',     'all:vced',   'all:vced',     'all:vced',   'all:vced',     'all:vced',   '-'),
	('practitioner',   'group:vced',  'group:vced',   'group:vced', 'group:vced',   'group:vced', 'group:vced',   'group:vced', 'own:vced'),
	('clinic_admin',   'managed:vce', 'managed:vced', '-',          'managed:vced', 'managed:v',  'managed:vced', '-',          '-')
) AS v (role, name, profile, diagnosis, schedule, documents, billing, chart, private_notes),
LATERAL careaccess.preset_cells(role, name, profile, diagnosis, schedule, documents, billing, chart, private_notes) AS p;

INSERT INTO careaccess.preset_capability (preset, role, capability)
SELECT 'embodia', v.role, pg_catalog.unnest(v.capabilities) FROM (VALUES
	('clinic_manager', '{
		create_client, delete_client, list_client, manage_groups, manage_members,
		manage_roles, delegate, manage_portal, manage_rules, view_audit}'::text[]),
	('practitioner',   '{create_client, list_client_own, book}'::text[]),
	('clinic_admin',   '{create_client, book}'::text[])
) AS v (role, capabilities);

DROP FUNCTION careaccess.preset_cells(text, text[]);
