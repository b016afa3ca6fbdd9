-- Accounts: adding members, their roles, settings, permissions and status, and
-- over whom a member may act.
BEGIN;
SELECT plan(189);

SET client_min_messages = warning;

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
CREATE FUNCTION pg_temp.roles(member text) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(role, ' ' ORDER BY role), '') FROM careaccess.member_role WHERE member OPERATOR(careaccess.=) $1
$$;
CREATE FUNCTION pg_temp.permissions(member text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT source || ' ' || category || ' ' || effect || ' ' || reach || ' ' || array_to_string(actions, ',')
	FROM careaccess.member_permission WHERE member OPERATOR(careaccess.=) $1
$$;
CREATE FUNCTION pg_temp.of(member text, what text) RETURNS text LANGUAGE sql AS $$
	SELECT to_jsonb(m) ->> $2 FROM careaccess.member m WHERE id OPERATOR(careaccess.=) $1
$$;

SELECT careaccess_create_practice('st', 'Standard', 'standard');
SELECT careaccess_create_practice('ta', 'TherapyAppointment', 'therapyappointment');
SELECT careaccess_create_practice('bare', 'Bare', 'custom');

-- Adding
SELECT lives_ok($$SELECT careaccess_add_member('st', 'owner', 'Olga Owner', '{owner}')$$, 'an administrator adds the first member');
SELECT is(pg_temp.of('owner', 'status') || ' ' || pg_temp.of('owner', 'name') || ' ' || pg_temp.of('owner', 'practice')
	|| ' ' || pg_temp.roles('owner'), 'active Olga Owner st owner', '… active, with his role');
SELECT careaccess_act_as('owner');
SELECT lives_ok($$SELECT careaccess_add_member('st', 'manager', 'Max Manager', '{manager}')$$, 'a holder of manage_members adds members');
SELECT lives_ok($$SELECT careaccess_add_member('st', 'anna', 'Anna', '{clinician,clinician,scheduler}')$$, 'with several roles');
SELECT is(pg_temp.roles('anna'), 'clinician scheduler', '… each once');
SELECT lives_ok($$SELECT careaccess_add_member(NULL, 'bert', 'Bert', '{}')$$, 'a null practice is his own; the roles may be none');
SELECT is(pg_temp.of('bert', 'practice') || pg_temp.roles('bert'), 'st', '… and none they are');
SELECT throws_ok($$SELECT careaccess_add_member('ta', 'x', 'X', '{}')$$, 'P0002', 'no such practice: "ta"', 'not in another practice');
SELECT throws_ok($$SELECT careaccess_add_member('st', 'x', 'X', '{wizard}')$$, '22023', 'unknown role: "wizard"', 'no unknown role');
SELECT is(pg_temp.hint($$SELECT careaccess_add_member('st', 'x', 'X', '{wizard}')$$),
	'The roles of this practice are: assistant, biller, clinician, clinician_all_clients, manager, owner, records_custodian, scheduler.',
	'… the hint lists the roles');
SELECT throws_ok($$SELECT careaccess_add_member('st', 'x', 'X', '{NULL}')$$, '22023', 'unknown role: "null"', 'no null role');
SELECT throws_ok($$SELECT careaccess_add_member('st', 'x', 'X', NULL)$$, '22023', 'roles must not be null', 'no null roles');
SELECT throws_ok($$SELECT careaccess_add_member('st', NULL, 'X', '{}')$$, '22023', 'member must not be null', 'no null member');
SELECT throws_ok($$SELECT careaccess_add_member('st', 'x', NULL, '{}')$$, '22023', 'name must not be null', 'no null name');
SELECT throws_ok($$SELECT careaccess_add_member('st', 'x', '', '{}')$$, '22023', 'name must not be empty', 'no empty name');
SELECT throws_ok($$SELECT careaccess_add_member('st', 'anna', 'X', '{}')$$, '23505', 'member "anna" exists already', 'no second of an identifier');
SELECT careaccess_stop_acting();
SELECT throws_ok($$SELECT careaccess_add_member('bare', 'x', 'X', '{wizard}')$$, '22023', NULL, 'a practice without roles gives none');
SELECT throws_ok($$SELECT careaccess_add_member(NULL, 'x', 'X', '{}')$$, '22023', 'practice must not be null',
	'a database administrator names the practice');
SELECT careaccess_add_member('ta', 'ta owner', 'Owner', '{owner}');
SELECT careaccess_add_member('ta', 'ta staff', 'Staff', '{staff_administrator}');
SELECT careaccess_add_member('ta', 'ta anna', 'Anna', '{provider}');
SELECT careaccess_add_member('ta', 'ta manager', 'Manager', '{manager}');
SELECT careaccess_act_as('ta owner');
SELECT throws_ok($$SELECT careaccess_add_member('ta', 'anna', 'X', '{}')$$, '23505', 'member "anna" exists already',
	'an identifier of another practice is taken too, in the same words');

-- Everything that changes an account, on one account
CREATE TEMP TABLE operation (statement text, arguments integer);
INSERT INTO operation VALUES
	($$SELECT careaccess_set_member_roles(%L, '{scheduler}')$$),
	($$SELECT careaccess_configure_member(%L, '{"name": "New name"}')$$),
	($$SELECT careaccess_configure_member(%L, '{"ends_at": "2999-01-01"}')$$),
	($$SELECT careaccess_set_member_permission(%L, 'billing', '{view}', 'all')$$),
	($$SELECT careaccess_clear_member_permission(%L, 'billing')$$),
	($$SELECT careaccess_set_full_clinical_access(%L, false)$$),
	($$SELECT careaccess_set_member_status(%L, 'disabled')$$),
	($$SELECT careaccess_set_member_status(%L, 'active')$$),
	($$SELECT careaccess_set_colleague_limit(%L, 'chart', '{}')$$),
	($$SELECT careaccess_remove_member(%L)$$);

SELECT throws_ok(format(statement, NULL), '22023', 'member must not be null', 'null member: ' || statement) FROM operation;
SELECT throws_ok(format(statement, 'anna'), 'P0002', 'no such member: "anna"', 'another practice''s: ' || statement) FROM operation;
SELECT throws_ok(format(statement, 'nobody'), 'P0002', 'no such member: "nobody"', 'nobody: ' || statement) FROM operation;
SELECT careaccess_act_as('ta anna');
SELECT throws_ok(format(statement, 'ta manager'), '42501', NULL, 'without the capability: ' || statement) FROM operation;
SELECT careaccess_act_as('ta owner');
SELECT throws_ok(format(statement, 'ta owner'), '42501', 'not allowed to change one''s own account', 'one''s own: ' || statement)
	FROM operation;
SELECT careaccess_act_as('ta manager');
SELECT throws_ok(format(statement, 'ta owner'), '42501', NULL, 'an account that can administer more: ' || statement) FROM operation;
-- manage_members_below: accounts without any administration capability
SELECT careaccess_act_as('ta staff');
SELECT throws_ok(format(statement, 'ta manager'), '42501', NULL, 'members below only: ' || statement) FROM operation;
SELECT lives_ok($$SELECT careaccess_set_member_roles('ta anna', '{provider,scheduler}')$$, '… whose roles they set');
SELECT throws_ok($$SELECT careaccess_set_member_roles('ta anna', '{manager}')$$, '42501', NULL, '… to nothing that administers');
SELECT throws_ok($$SELECT careaccess_add_member('ta', 'x', 'X', '{manager}')$$, '42501', NULL, '… nor add any such');
SELECT lives_ok($$SELECT careaccess_add_member('ta', 'ta bert', 'Bert', '{provider}')$$, '… but others');
SELECT throws_ok($$SELECT careaccess_set_member_roles('ta anna', '{provider,records_custodian,owner}')$$, '42501', NULL,
	'… nor an unrevocable role');
SELECT is(pg_temp.roles('ta anna'), 'provider scheduler', 'a refused change is undone');

-- Administration capabilities, before and after
SELECT careaccess_act_as('manager');
SELECT throws_ok($$SELECT careaccess_set_member_roles('anna', '{owner}')$$, '42501', NULL, 'nobody gives what he does not have');
SELECT throws_ok($$SELECT careaccess_add_member('st', 'x', 'X', '{owner}')$$, '42501', NULL, '… nor to a new member');
SELECT throws_ok($$SELECT careaccess_set_member_roles('owner', '{clinician}')$$, '42501', NULL, '… nor takes it');
SELECT lives_ok($$SELECT careaccess_set_member_roles('bert', '{manager,clinician}')$$, 'he gives what he has');
SELECT lives_ok($$SELECT careaccess_set_member_roles('bert', '{clinician}')$$, '… and takes it');
SELECT careaccess_stop_acting();
-- An unrevocable role without any administration capability
SELECT careaccess_define_role('st', 'founder', '{"unrevocable": true, "practitioner": true}');
SELECT careaccess_act_as('manager');
SELECT throws_ok($$SELECT careaccess_set_member_roles('anna', '{clinician,founder}')$$, '42501', NULL,
	'an unrevocable role is given only by one who holds one');
SELECT throws_ok($$SELECT careaccess_add_member('st', 'x', 'X', '{founder}')$$, '42501', NULL, '… to a new member too');
SELECT careaccess_act_as('owner');
SELECT lives_ok($$SELECT careaccess_set_member_roles('anna', '{clinician,founder}')$$, '… as this one does');
SELECT careaccess_act_as('manager');
SELECT throws_ok($$SELECT careaccess_set_member_roles('anna', '{clinician}')$$, '42501', NULL, '… and taken likewise');
SELECT throws_ok($$SELECT careaccess_remove_member('anna')$$, '42501', NULL, '… by removal too');
SELECT lives_ok($$SELECT careaccess_set_member_roles('anna', '{clinician,founder,scheduler}')$$, 'her other roles may change');

-- The same where no unrevocable role is concerned
SELECT careaccess_stop_acting();
SELECT careaccess_define_role('st', 'configurer', '{"capabilities": ["manage_roles"]}');
SELECT careaccess_define_role('st', 'auditor', '{"capabilities": ["view_audit"]}');
SELECT careaccess_define_role('st', 'front desk', '{"capabilities": ["manage_members_below", "view_audit"]}');
SELECT careaccess_add_member('st', 'desk', 'Desk', '{"front desk"}');
SELECT careaccess_add_member('st', 'gina', 'Gina', '{}');
SELECT careaccess_add_member('st', 'hugo', 'Hugo', '{configurer}');
SELECT careaccess_act_as('manager');
SELECT throws_ok($$SELECT careaccess_set_member_roles('gina', '{configurer}')$$, '42501', NULL, 'nobody gives manage_roles who lacks it');
SELECT throws_ok($$SELECT careaccess_add_member('st', 'x', 'X', '{configurer}')$$, '42501', NULL, '… nor to a new member');
SELECT throws_ok($$SELECT careaccess_set_member_roles('hugo', '{}')$$, '42501', NULL, '… nor takes it');
SELECT lives_ok($$SELECT careaccess_set_member_roles('gina', '{auditor}')$$, 'he gives view_audit, which he has');
SELECT careaccess_act_as('desk');
SELECT throws_ok($$SELECT careaccess_set_member_roles('gina', '{}')$$, '42501', NULL,
	'members below have no administration capability, not even one that their manager has');
SELECT throws_ok($$SELECT careaccess_add_member('st', 'x', 'X', '{auditor}')$$, '42501', NULL, '… no new one');
SELECT careaccess_stop_acting();
SELECT careaccess_set_member_roles('gina', '{}');
SELECT careaccess_act_as('desk');
SELECT throws_ok($$SELECT careaccess_set_member_roles('gina', '{auditor}')$$, '42501', NULL, '… and are given none');
SELECT lives_ok($$SELECT careaccess_set_member_roles('gina', '{scheduler}')$$, '… but other roles');

-- The last one who manages members
SELECT careaccess_stop_acting();
SELECT careaccess_create_practice('small', 'Small', 'simplepractice');
SELECT careaccess_define_role('small', 'head', '{"capabilities": ["manage_members"]}');
SELECT careaccess_define_role('small', 'deputy', '{"capabilities": ["manage_members_below", "manage_roles"]}');
SELECT careaccess_add_member('small', 's head', 'Head', '{head}');
SELECT careaccess_add_member('small', 's head 2', 'Head 2', '{head}');
SELECT careaccess_act_as('s head');
SELECT lives_ok($$SELECT careaccess_set_member_status('s head 2', 'disabled')$$, 'one of two is disabled');
SELECT careaccess_stop_acting();
SELECT lives_ok($$SELECT careaccess_set_member_status('s head', 'disabled')$$, 'a database administrator disables the last one');
SELECT careaccess_set_member_status('s head', 'active');
SELECT careaccess_set_member_status('s head 2', 'active');
SELECT careaccess_set_member_roles('s head', '{head,deputy}');
SELECT careaccess_act_as('s head');
-- The last one cannot act over himself, so two have to act at once to get
-- there: here the one has gone in the same transaction that the other acts in.
CREATE FUNCTION pg_temp.race(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE account careaccess.account; code text;
BEGIN
	-- As the functions do: open, change, close; the other's change comes between.
	account := careaccess.open_account('test', 's head 2');
	EXECUTE statement;
	DELETE FROM careaccess.member_role WHERE member OPERATOR(careaccess.=) 's head' AND role = 'head';
	INSERT INTO careaccess.member_capability (practice, member, capability) VALUES ('small', 's head', 'manage_members_below')
		ON CONFLICT DO NOTHING;
	PERFORM careaccess.close_account('test', account);
	RETURN 'allowed';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE;
	RETURN code;
END
$$;
SELECT is(pg_temp.race($$UPDATE careaccess.member SET status = 'disabled' WHERE id OPERATOR(careaccess.=) 's head 2'; DELETE FROM careaccess.member_role WHERE member OPERATOR(careaccess.=) 's head 2'$$), '55000',
	'the last active holder of manage_members is not disabled');
SELECT is(pg_temp.race($$DELETE FROM careaccess.member_role WHERE member OPERATOR(careaccess.=) 's head 2'$$), '55000', '… nor demoted');
SELECT is(pg_temp.race($$SELECT 1$$), '42501', '… but this was the reason, not that he is touched at all');
SELECT careaccess_stop_acting();

-- Roles: the last practitioner role
SELECT careaccess_add_client('c1', 'st', 'bert');
SELECT careaccess_add_client('c2', 'st', 'anna');
SELECT careaccess_act_as('manager');
SELECT throws_ok($$SELECT careaccess_set_member_roles('bert', '{scheduler}')$$, '55000',
	'cannot take the last practitioner role: member "bert" owns clients', 'who owns clients stays a practitioner');
SELECT lives_ok($$SELECT careaccess_set_member_roles('bert', '{clinician_all_clients}')$$, '… in whatever practitioner role');
SELECT careaccess_add_member('st', 'dora', 'Dora', '{clinician}');
SELECT careaccess_stop_acting();
SELECT careaccess_share_client('c1', 'dora');
SELECT careaccess_list_client('c2', 'dora');
SELECT careaccess_share_chart('c1', 'bert', 'dora');
SELECT careaccess_share_chart('c2', 'dora', 'bert');
SELECT careaccess_create_group('st', 'North', ARRAY['dora']::careaccess.id[], ARRAY['dora']::careaccess.id[]);
SELECT careaccess_act_as('manager');
SELECT lives_ok($$SELECT careaccess_set_member_roles('dora', '{scheduler}')$$, 'who owns none becomes something else');
SELECT is_empty($$SELECT 1 FROM careaccess.client_link WHERE member OPERATOR(careaccess.=) 'dora' AND active$$, '… loses grants and listings');
SELECT is((SELECT count(*) FROM careaccess.client_link WHERE member OPERATOR(careaccess.=) 'dora' AND NOT active AND valid_until <= clock_timestamp()), 2::bigint,
	'… which stay as history');
SELECT is((SELECT count(*) FILTER (WHERE to_provider OPERATOR(careaccess.=) 'dora' AND stopped IS NOT NULL AND stopped_by OPERATOR(careaccess.=) 'manager')
	|| ' ' || count(*) FILTER (WHERE from_provider OPERATOR(careaccess.=) 'dora' AND stopped IS NULL) FROM careaccess.chart_share), '1 1',
	'… and chart shares to her, not those from her');
SELECT is((SELECT count(*) FROM careaccess.group_practitioner) || ' ' || (SELECT count(*) FROM careaccess.group_admin), '0 1',
	'… and her group, though she may stay its admin');
SELECT is(pg_temp.of('dora', 'ever_practitioner'), 'true', 'it is remembered that she was one');
SELECT is(pg_temp.of('manager', 'ever_practitioner'), 'false', '… of nobody who never was');

-- Settings
SELECT careaccess_act_as('owner');
SELECT lives_ok($$SELECT careaccess_configure_member('dora', '{"name": "Dora D.", "ends_at": "2999-01-31 18:00+00", "records_owned_by": "provider"}')$$,
	'name, end and records are settings');
SELECT is(pg_temp.of('dora', 'name') || ' ' || pg_temp.of('dora', 'records_owned_by')
	|| ' ' || (pg_temp.of('dora', 'ends_at')::timestamptz = '2999-01-31 18:00+00'), 'Dora D. provider true', '… are set');
SELECT careaccess_configure_member('dora', '{"ends_at": null}');
SELECT is(pg_temp.of('dora', 'ends_at'), NULL, 'no end again');
SELECT throws_ok(format($$SELECT careaccess_configure_member('dora', %L)$$, settings), '22023', NULL, 'refused: ' || settings)
	FROM unnest(ARRAY['[]', '{"status": "active"}', '{"name": ""}', '{"name": null}', '{"name": 5}', '{"ends_at": "soon"}',
		'{"ends_at": 20300101}', '{"records_owned_by": "me"}', '{"records_owned_by": null}']) AS settings;

-- Login roles
CREATE ROLE careaccess_test_login;
CREATE ROLE careaccess_test_other;
CREATE ROLE careaccess_test_super SUPERUSER;
CREATE ROLE careaccess_test_bypass BYPASSRLS;
CREATE ROLE careaccess_test_actor;
CREATE ROLE careaccess_test_heir NOINHERIT IN ROLE careaccess_test_super;
CREATE ROLE careaccess_test_heir2 NOINHERIT IN ROLE careaccess_test_actor;
GRANT EXECUTE ON FUNCTION careaccess_act_as(careaccess.id, boolean) TO careaccess_test_actor;
SELECT throws_ok($$SELECT careaccess_configure_member('dora', '{"login_role": "careaccess_test_login"}')$$, '42501',
	'not allowed to set the login role of a member', 'no member sets a login role');
SELECT throws_ok($$SELECT careaccess_configure_member('dora', '{"login_role": null}')$$, '42501', NULL, '… nor takes one');
SELECT throws_ok($$SELECT careaccess_add_member('st', 'x', 'X', '{}', 'careaccess_test_login')$$, '42501', NULL, '… nor adds one with a member');
SELECT careaccess_stop_acting();
SELECT throws_ok(format($$SELECT careaccess_configure_member('dora', '{"login_role": "%s"}')$$, r), '22023', NULL, 'no login role: ' || r)
	FROM unnest('{careaccess_test_super,careaccess_test_bypass,careaccess_test_actor,careaccess_test_heir,careaccess_test_heir2,careaccess_test_none}'::text[]) AS r;
SELECT throws_ok($$SELECT careaccess_add_member('st', 'x', 'X', '{}', 'careaccess_test_super')$$, '22023', NULL, '… nor for a new member');
SELECT throws_ok($$SELECT careaccess_configure_member('dora', '{"login_role": 7}')$$, '22023', NULL, 'a login role is a name');
SELECT lives_ok($$SELECT careaccess_configure_member('dora', '{"login_role": "careaccess_test_login"}')$$, 'a plain role is fine');
SELECT throws_ok($$SELECT careaccess_configure_member('anna', '{"login_role": "careaccess_test_login"}')$$, '23505', NULL, '… for one member');
SELECT lives_ok($$SELECT careaccess_add_member('st', 'emil', 'Emil', '{}', 'careaccess_test_other')$$, 'a new member can come with one');
SELECT is(pg_temp.of('dora', 'login_role') || ' ' || pg_temp.of('emil', 'login_role'), 'careaccess_test_login careaccess_test_other',
	'both have theirs');
SELECT careaccess_configure_member('dora', '{"login_role": null}');
SELECT is(pg_temp.of('dora', 'login_role'), NULL, 'it is taken by null');

-- Permissions of one member
SELECT careaccess_act_as('owner');
SELECT careaccess_set_member_permission('anna', 'billing', '{edit,view,view}', 'all');
SELECT careaccess_set_member_permission('anna', 'billing', '{delete}', 'own', 'deny');
SELECT careaccess_set_member_permission('anna', 'chart', '{view}', 'all', 'allow');
SELECT set_eq($$SELECT pg_temp.permissions('anna')$$, ARRAY['manual billing allow all view,edit', 'manual billing deny own delete',
	'manual chart allow all view'], 'allows and denials are kept by category, reach and effect');
SELECT careaccess_set_member_permission('anna', 'billing', '{view}', 'all');
SELECT set_has($$SELECT pg_temp.permissions('anna')$$, $$VALUES ('manual billing allow all view')$$, 'setting again replaces the actions');
SELECT lives_ok($$SELECT careaccess_set_full_clinical_access('anna', true)$$, 'SH-4 full clinical access is a switch');
SELECT lives_ok($$SELECT careaccess_set_full_clinical_access('anna', true)$$, '… that can be on already');
SELECT careaccess_clear_member_permission('anna', 'chart');
SELECT careaccess_clear_member_permission('anna', 'billing');
SELECT set_eq($$SELECT pg_temp.permissions('anna')$$, ARRAY[
	'full_clinical_access name allow all view,create,edit,delete', 'full_clinical_access profile allow all view,create,edit,delete',
	'full_clinical_access diagnosis allow all view,create,edit,delete', 'full_clinical_access documents allow all view,create,edit,delete',
	'full_clinical_access chart allow all view,create,edit,delete', 'full_clinical_access schedule allow all view'],
	'SH-4 it is apart from other permissions, which are cleared by category');
SELECT careaccess_stop_acting();
SELECT ok(careaccess_can_view('anna', 'c1', 'chart', 'bert'), 'SH-4 she reads the charts of all');
SELECT careaccess_set_full_clinical_access('anna', false);
SELECT is_empty($$SELECT pg_temp.permissions('anna')$$, '… until it is switched off');
SELECT ok(NOT careaccess_can_view('anna', 'c1', 'chart'), '… and reads them no longer');
SELECT throws_ok($$SELECT careaccess_set_full_clinical_access('dora', true)$$, '22023', 'member "dora" is not a practitioner',
	'SH-4 it is for practitioners');
SELECT lives_ok($$SELECT careaccess_set_full_clinical_access('dora', false)$$, '… but switched off for anybody');
SELECT throws_ok($$SELECT careaccess_set_full_clinical_access('anna', NULL)$$, '22023', 'enabled must not be null', 'on or off');
SELECT throws_ok(format('SELECT careaccess_set_member_permission(''anna'', %s)', arguments), code, NULL, 'refused: ' || arguments)
FROM (VALUES
	($$NULL, '{view}', 'all'$$, '22023'), ($$'tea', '{view}', 'all'$$, '22023'),
	($$'chart', NULL, 'all'$$, '22023'), ($$'chart', '{}', 'all'$$, '22023'), ($$'chart', '{read}', 'all'$$, '22023'),
	($$'chart', '{view,NULL}', 'all'$$, '22023'),
	($$'chart', '{view}', NULL$$, '22023'), ($$'chart', '{view}', 'far'$$, '22023'),
	($$'chart', '{view}', 'all', NULL$$, '22023'), ($$'chart', '{view}', 'all', 'maybe'$$, '22023'),
	($$'chart', '{view}', 'group', 'deny'$$, '23514'), ($$'chart', '{view}', 'managed', 'deny'$$, '23514'),
	($$'chart', '{view}', 'delegated', 'deny'$$, '23514')) AS v (arguments, code);
SELECT throws_ok($$SELECT careaccess_clear_member_permission('anna', NULL)$$, '22023', NULL, 'no null category is cleared');
SELECT throws_ok($$SELECT careaccess_clear_member_permission('anna', 'tea')$$, '22023', NULL, '… nor an unknown one');

-- Status
SELECT careaccess_act_as('owner');
SELECT careaccess_set_member_status('dora', 'disabled');
SELECT is(pg_temp.of('dora', 'status'), 'disabled', 'disabled');
SELECT throws_ok($$SELECT careaccess_act_as('dora')$$, '28000', NULL, '… nobody acts as her');
SELECT careaccess_set_member_status('dora', 'active');
SELECT is(pg_temp.of('dora', 'status'), 'active', 'active again');
SELECT throws_ok($$SELECT careaccess_set_member_status('dora', 'removed')$$, '22023', 'a member is not removed by his status', 'not removed');
SELECT throws_ok($$SELECT careaccess_set_member_status('dora', 'asleep')$$, '22023', 'unknown status: "asleep"', 'not asleep');
SELECT throws_ok($$SELECT careaccess_set_member_status('dora', NULL)$$, '22023', 'status must not be null', 'not null');

-- The functions themselves
SELECT is_empty($$
	SELECT p.oid::regprocedure FROM pg_catalog.pg_proc p
	WHERE p.proname IN ('careaccess_create_practice', 'careaccess_configure_practice', 'careaccess_define_role',
		'careaccess_add_member', 'careaccess_set_member_roles', 'careaccess_configure_member', 'careaccess_set_member_permission',
		'careaccess_clear_member_permission', 'careaccess_set_full_clinical_access', 'careaccess_set_member_status',
		'careaccess_remove_member', 'careaccess_transfer_clients', 'careaccess_delegate', 'careaccess_undelegate',
		'careaccess_set_colleague_limit', 'careaccess_create_group', 'careaccess_update_group', 'careaccess_delete_group')
		AND NOT (p.prosecdef AND p.provolatile = 'v' AND NOT p.proisstrict AND p.proparallel = 'u'
			AND p.proconfig @> ARRAY['search_path=pg_catalog, careaccess, pg_temp',
				'careaccess.operation=' || replace(p.proname, 'careaccess_', '')]
			AND NOT has_function_privilege('careaccess_test_login', p.oid, 'EXECUTE')
			AND obj_description(p.oid, 'pg_proc') <> '')$$,
	'each function pins its path, names its operation, is described, and is nobody''s without a grant');

SELECT * FROM finish();
ROLLBACK;
