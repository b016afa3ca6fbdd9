-- careaccess_invite_member, careaccess_accept_invitation, careaccess_withdraw_invitation.
BEGIN;
SELECT plan(90);

SET client_min_messages = warning;

CREATE FUNCTION pg_temp.detail(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	d text;
BEGIN
	EXECUTE query;
	RETURN NULL;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS d = PG_EXCEPTION_DETAIL;
	RETURN d;
END
$$;
-- What an error tells, all of it.
CREATE FUNCTION pg_temp.error(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	s text; m text; d text; h text;
BEGIN
	EXECUTE query;
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS s = RETURNED_SQLSTATE, m = MESSAGE_TEXT, d = PG_EXCEPTION_DETAIL, h = PG_EXCEPTION_HINT;
	RETURN s || '/' || m || '/' || d || '/' || h;
END
$$;
CREATE TEMP TABLE token (who text PRIMARY KEY, token text);
GRANT ALL ON token TO PUBLIC;
CREATE FUNCTION pg_temp.accept(who text, member careaccess.id, name text DEFAULT 'New') RETURNS void LANGUAGE sql AS $$
	SELECT careaccess_accept_invitation((SELECT t.token FROM token AS t WHERE t.who = $1), member, name)
$$;
CREATE FUNCTION pg_temp.roles(member text) RETURNS text[] LANGUAGE sql AS $$
	SELECT array_agg(h.role ORDER BY h.role) FROM careaccess.member_role AS h WHERE h.member OPERATOR(careaccess.=) $1
$$;
CREATE FUNCTION pg_temp.groups(member text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT g.name || ' practitioner' FROM careaccess.group_practitioner AS p
		JOIN careaccess.practitioner_group AS g ON g.id = p.group_id WHERE p.member OPERATOR(careaccess.=) $1
	UNION ALL
	SELECT g.name || ' admin' FROM careaccess.group_admin AS p
		JOIN careaccess.practitioner_group AS g ON g.id = p.group_id WHERE p.member OPERATOR(careaccess.=) $1
$$;
CREATE FUNCTION pg_temp.g(name text) RETURNS bigint LANGUAGE sql AS $$
	SELECT x.id FROM careaccess.practitioner_group AS x WHERE x.name = $1
$$;

SELECT careaccess_create_practice('st', 'Standard', 'standard');
SELECT careaccess_add_member('st', 'owner', 'Owner', '{owner}');
SELECT careaccess_add_member('st', 'second', 'Second', '{owner}');
SELECT careaccess_add_member('st', 'anna', 'Anna', '{clinician}');
SELECT careaccess_define_role('st', 'hirer', '{"capabilities": ["manage_members", "view_audit"]}');
SELECT careaccess_define_role('st', 'small_hirer', '{"capabilities": ["manage_members_below"]}');
SELECT careaccess_define_role('st', 'auditor', '{"administrative": true, "capabilities": ["view_audit"]}');
SELECT careaccess_define_role('st', 'aide', '{"permissions": [{"category": "schedule", "actions": ["view"], "reach": "own"}]}');
SELECT careaccess_define_role('st', 'coordinator', '{"permissions": [{"category": "schedule", "actions": ["view"], "reach": "managed"}]}');
SELECT careaccess_define_role('st', 'half_coordinator', '{"permissions":
	[{"category": "schedule", "actions": ["view"], "reach": "managed", "only_if_practitioner": true}]}');
SELECT careaccess_add_member('st', 'hirer', 'Hirer', '{hirer}');
SELECT careaccess_add_member('st', 'small', 'Small', '{small_hirer}');
SELECT careaccess_create_practice('em', 'Embodia', 'embodia');

-- Who may invite whom
SELECT careaccess_act_as('anna');
SELECT throws_ok($$SELECT careaccess_invite_member('st', 'x@example.org', '{aide}')$$, '42501', 'not allowed to invite a member',
	'without manage_members nobody invites');
SELECT throws_ok($$SELECT careaccess_withdraw_invitation('st', 'x@example.org')$$, '42501', 'not allowed to withdraw an invitation',
	'… nor withdraws');
SELECT careaccess_act_as('hirer');
SELECT throws_ok($$SELECT careaccess_invite_member('em', 'x@example.org', '{}')$$, 'P0002', 'no such practice: "em"',
	'a member invites into his own practice only');
SELECT throws_ok($$SELECT careaccess_withdraw_invitation('em', 'x@example.org')$$, 'P0002', 'no such practice: "em"',
	'… and withdraws there only');
SELECT throws_ok($$SELECT careaccess_invite_member('st', 'x@example.org', '{owner}')$$, '42501', 'not allowed to invite a member',
	'nobody invites to administration capabilities that he lacks');
SELECT throws_ok($$SELECT careaccess_invite_member('st', 'x@example.org', '{tea}')$$, '22023', 'unknown role: "tea"', 'an unknown role');
SELECT throws_ok($$SELECT careaccess_invite_member('st', 'x@example.org', NULL)$$, '22023', 'roles must not be null', 'null roles');
SELECT throws_ok($$SELECT careaccess_invite_member('st', 'x@example.org', '{aide,NULL}')$$, '22023', 'unknown role: "null"', 'a null role');
SELECT throws_ok($$SELECT careaccess_invite_member('st', NULL, '{aide}')$$, '22023', 'contact must not be null', 'a null contact');
SELECT throws_ok($$SELECT careaccess_invite_member('st', ' ', '{aide}')$$, '22023', 'contact must not be empty', 'an empty contact');
SELECT throws_ok($$SELECT careaccess_invite_member('st', 'x@example.org', '{aide}', NULL)$$, '22023', 'groups must not be null', 'null groups');
SELECT throws_ok($$SELECT careaccess_invite_member('st', 'x@example.org', '{aide}', valid_until => statement_timestamp())$$, '22023',
	'valid_until must be in the future', 'an end in the past');
SELECT throws_ok($$SELECT careaccess_invite_member('st', 'x@example.org', '{aide}', '{1}')$$, '42501',
	'not allowed to invite a member into groups', 'EM-6 groups need manage_groups too');
SELECT is_empty($$SELECT 1 FROM careaccess.invitation$$, 'no refused call left an invitation');
SELECT careaccess_act_as('small');
SELECT throws_ok($$SELECT careaccess_invite_member('st', 'x@example.org', '{auditor}')$$, '42501', NULL,
	'manage_members_below invites to no administration');
SELECT lives_ok($$INSERT INTO token VALUES ('below', careaccess_invite_member('st', 'below@example.org', '{aide}'))$$, '… and to the rest');
SELECT careaccess_act_as('hirer');
SELECT throws_ok($$SELECT careaccess_invite_member('st', 'x@example.org', '{clinician,owner}')$$, '42501', NULL,
	'one role that is not his to give is enough');
SELECT lives_ok($$INSERT INTO token VALUES ('auditor', careaccess_invite_member('st', 'Audit@example.org', '{auditor,aide,aide}'))$$,
	'who holds the capabilities invites to them');

-- The token
SELECT ok((SELECT bool_and(token ~ '^[0-9a-f]{32}$') AND count(DISTINCT token) = 2 FROM token), 'a token is 32 hex digits, each another');
SELECT ok((SELECT bool_and(i.token_hash = sha256(convert_to(t.token, 'UTF8')))
	FROM careaccess.invitation AS i JOIN token AS t ON i.contact ILIKE t.who || '%' OR (t.who = 'auditor' AND i.contact ILIKE 'audit@%')),
	'only its hash is kept');
SELECT is((SELECT count(*) FROM careaccess.event AS e, token AS t
	WHERE e::text LIKE '%' || t.token || '%' OR e::text LIKE '%' || encode(sha256(convert_to(t.token, 'UTF8')), 'hex') || '%'),
	0::bigint, 'the event log has neither the token nor its hash');
SELECT is((SELECT count(*) FROM careaccess.event WHERE operation = 'invite_member' AND fact = 'invitation'
	AND after ->> 'contact' = 'Audit@example.org' AND actor OPERATOR(careaccess.=) 'hirer'), 1::bigint, 'but who invited whom');
SELECT ok((SELECT i.valid_until = i.created_at + interval '7 days' AND i.invited_by OPERATOR(careaccess.=) 'hirer'
	AND i.roles = '{aide,auditor}' AND i.groups = '{}' FROM careaccess.invitation AS i WHERE i.contact = 'Audit@example.org'),
	'without an end it can be accepted for seven days');

-- One pending invitation of a contact
SELECT throws_ok($$SELECT careaccess_invite_member('st', 'AUDIT@example.org', '{aide}')$$, '23505',
	'an invitation of "AUDIT@example.org" is pending', 'a contact has one pending invitation, whatever the case');
SELECT throws_ok($$SELECT careaccess_invite_member('st', ' audit@example.org ', '{aide}')$$, '23505', NULL, '… and the space around it');
SELECT careaccess_stop_acting();
SELECT lives_ok($$SELECT careaccess_invite_member('em', 'audit@example.org', '{}')$$, 'another practice may invite him, too; without roles');
SELECT lives_ok($$SELECT careaccess_withdraw_invitation('em', 'audit@example.org')$$, '… and withdraw');
SELECT throws_ok($$SELECT careaccess_withdraw_invitation('em', 'audit@example.org')$$, 'P0002',
	'no such invitation: "audit@example.org"', '… once');
SELECT throws_ok($$SELECT careaccess_withdraw_invitation('st', NULL)$$, '22023', 'contact must not be null', 'withdraw: a null contact');

-- Acceptance
SELECT is((SELECT purpose FROM careaccess.interface() WHERE function::text LIKE '%accept_invitation%'), 'identity',
	'acceptance is for roles to which it is granted by hand');
SELECT throws_ok($$SELECT careaccess_accept_invitation(NULL, 'n1', 'New')$$, '22023', 'token must not be null', 'a null token');
SELECT throws_ok($$SELECT careaccess_accept_invitation('0123456789abcdef0123456789abcdef', 'n1', 'New')$$, '28000',
	'the invitation is not valid', 'an unknown token');
CREATE TEMP TABLE refusal AS
	SELECT pg_temp.error($$SELECT careaccess_accept_invitation('0123456789abcdef0123456789abcdef', 'n1', 'New')$$) AS text;
GRANT SELECT ON refusal TO PUBLIC;
SELECT is(pg_temp.error($$SELECT careaccess_accept_invitation('what ever', 'n1', 'New')$$), (SELECT text FROM refusal), 'a token of another shape');
SELECT is(pg_temp.error($$SELECT careaccess_accept_invitation('what ever', 'anna', NULL)$$), (SELECT text FROM refusal),
	'… tells nothing of identifiers in use');
SELECT throws_ok($$SELECT pg_temp.accept('auditor', NULL)$$, '22023', 'member must not be null', 'a null identifier');
SELECT throws_ok($$SELECT pg_temp.accept('auditor', 'n1', '')$$, '22023', 'name must not be empty', 'an empty name');
SELECT throws_ok($$SELECT pg_temp.accept('auditor', 'anna')$$, '23505', 'member "anna" exists already', 'an identifier in use');
SELECT careaccess_add_client('c1', 'st', 'anna');
SELECT careaccess_restrict_client('c1');
CREATE ROLE careaccess_test_web;
GRANT EXECUTE ON FUNCTION careaccess_accept_invitation TO careaccess_test_web;
SET ROLE careaccess_test_web;
SELECT is((SELECT kind FROM careaccess_whoami()), 'nobody', 'nobody acts in the session that accepts');
SELECT lives_ok($$SELECT careaccess_accept_invitation((SELECT token FROM token WHERE who = 'auditor'), 'n1', 'Nora')$$,
	'… and none of the refusals used the token up');
SELECT is(pg_temp.error($$SELECT careaccess_accept_invitation((SELECT token FROM token WHERE who = 'auditor'), 'n2', 'Nora')$$),
	(SELECT text FROM refusal), 'a token is good for one member');
RESET ROLE;
SELECT is((SELECT m.practice::text || ' ' || m.name || ' ' || m.status FROM careaccess.member AS m WHERE m.id OPERATOR(careaccess.=) 'n1'),
	'st Nora active', 'he is an active member of the practice');
SELECT is(pg_temp.roles('n1'), '{aide,auditor}', '… with the roles of the invitation');
SELECT is((SELECT client::text || ' ' || coalesce(revoked_by::text, 'by nobody') FROM careaccess.client_revocation
	WHERE member OPERATOR(careaccess.=) 'n1'), 'c1 by nobody', 'SP-16 and is denied the restricted clients');
SELECT ok((SELECT i.accepted_at IS NOT NULL AND i.accepted_as OPERATOR(careaccess.=) 'n1' FROM careaccess.invitation AS i
	WHERE i.contact = 'Audit@example.org'), 'the invitation knows whose it became');
SELECT is((SELECT count(*) FROM careaccess.event WHERE operation = 'accept_invitation' AND fact = 'member'
	AND member OPERATOR(careaccess.=) 'n1' AND actor_kind = 'nobody'), 1::bigint, 'the log knows it, too');
SELECT careaccess_act_as('n1');
SELECT is(careaccess_current_member()::text, 'n1', 'he can act');
SELECT careaccess_act_as('hirer');
SELECT throws_ok($$SELECT careaccess_withdraw_invitation('st', 'audit@example.org')$$, 'P0002', NULL, 'what is accepted is not withdrawn');
SELECT lives_ok($$INSERT INTO token VALUES ('again', careaccess_invite_member('st', 'audit@example.org', '{auditor}'))$$,
	'… and the contact can be invited again');

-- Withdrawing
SELECT careaccess_act_as('small');
SELECT throws_ok($$SELECT careaccess_withdraw_invitation('st', 'audit@example.org')$$, '42501', 'not allowed to withdraw an invitation',
	'manage_members_below withdraws no invitation to administration');
SELECT lives_ok($$SELECT careaccess_withdraw_invitation('st', 'BELOW@example.org ')$$, '… but others, whatever the case');
SELECT is(pg_temp.error($$SELECT pg_temp.accept('below', 'n2')$$), (SELECT text FROM refusal), 'a withdrawn token is worthless');
SELECT careaccess_act_as('owner');
SELECT lives_ok($$SELECT careaccess_withdraw_invitation('st', 'audit@example.org')$$, 'another manager may withdraw it');
SELECT is(pg_temp.error($$SELECT pg_temp.accept('again', 'n2')$$), (SELECT text FROM refusal), '… for good');

-- The end
INSERT INTO token VALUES ('late', careaccess_invite_member('st', 'late@example.org', '{aide}', valid_until => 'infinity'));
SELECT lives_ok($$SELECT pg_temp.accept('late', 'n2')$$, 'an invitation may have no end');
INSERT INTO token VALUES ('later', careaccess_invite_member('st', 'later@example.org', '{aide}', valid_until => now() + interval '1 day'));
UPDATE careaccess.invitation SET valid_until = statement_timestamp() WHERE contact = 'later@example.org';
SELECT is(pg_temp.error($$SELECT pg_temp.accept('later', 'n3')$$), (SELECT text FROM refusal), 'at its end a token is worthless');
SELECT throws_ok($$SELECT careaccess_withdraw_invitation('st', 'later@example.org')$$, 'P0002', NULL, '… and nothing to withdraw');
SELECT lives_ok($$INSERT INTO token VALUES ('latest', careaccess_invite_member('st', 'Later@example.org', '{aide}'))$$,
	'what has run out is replaced');
SELECT is((SELECT count(*) FROM careaccess.invitation WHERE contact ILIKE 'later@%' AND withdrawn_at IS NULL), 1::bigint, '… by one row that pends');
SELECT is(pg_temp.error($$SELECT pg_temp.accept('later', 'n3')$$), (SELECT text FROM refusal), '… and stays worthless');
SELECT lives_ok($$SELECT pg_temp.accept('latest', 'n3')$$, 'the new one is good');

-- Who invites must still be able to
CREATE FUNCTION pg_temp.invited_by(inviter text, contact text, roles text[], groups bigint[] DEFAULT '{}') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM careaccess_act_as(inviter);
	DELETE FROM token WHERE who = contact;
	INSERT INTO token VALUES (contact, careaccess_invite_member('st', contact, roles, groups));
	PERFORM careaccess_stop_acting();
END
$$;
SELECT pg_temp.invited_by('hirer', 'i1', '{aide}');
SELECT pg_temp.invited_by('hirer', 'i2', '{auditor}');
SELECT pg_temp.invited_by('hirer', 'i3', '{aide}');
SELECT pg_temp.invited_by('owner', 'i4', '{owner}');
SAVEPOINT before;
SELECT careaccess_set_member_status('hirer', 'disabled');
SELECT is(pg_temp.error($$SELECT pg_temp.accept('i1', 'n4')$$), (SELECT text FROM refusal), 'an inviter who is disabled lets nobody in');
ROLLBACK TO before;
SELECT careaccess_configure_member('hirer', jsonb_build_object('ends_at', statement_timestamp()));
SELECT is(pg_temp.error($$SELECT pg_temp.accept('i1', 'n4')$$), (SELECT text FROM refusal), '… nor one past his end');
ROLLBACK TO before;
SELECT careaccess_remove_member('hirer');
SELECT is(pg_temp.error($$SELECT pg_temp.accept('i1', 'n4')$$), (SELECT text FROM refusal), '… nor one who was removed');
ROLLBACK TO before;
SELECT careaccess_set_member_roles('hirer', '{auditor}');
SELECT is(pg_temp.error($$SELECT pg_temp.accept('i1', 'n4')$$), (SELECT text FROM refusal), '… nor one who manages members no more');
ROLLBACK TO before;
SELECT careaccess_set_member_roles('hirer', '{small_hirer,auditor}');
SELECT is(pg_temp.error($$SELECT pg_temp.accept('i2', 'n4')$$), (SELECT text FROM refusal), 'manage_members_below does not make good an invitation to administration');
SELECT lives_ok($$SELECT pg_temp.accept('i1', 'n4')$$, '… but one below');
ROLLBACK TO before;
SELECT careaccess_define_role('st', 'auditor', '{"capabilities": ["view_audit", "manage_roles"]}');
SELECT is(pg_temp.error($$SELECT pg_temp.accept('i2', 'n4')$$), (SELECT text FROM refusal), 'a role that administers more by now than the inviter is not handed out');
SELECT lives_ok($$SELECT pg_temp.accept('i1', 'n4')$$, '… others are');
ROLLBACK TO before;
SELECT careaccess_define_role('st', 'aide', '{"unrevocable": true}');
SELECT is(pg_temp.error($$SELECT pg_temp.accept('i3', 'n4')$$), (SELECT text FROM refusal), 'nor one that is unrevocable by now');
ROLLBACK TO before;
SELECT lives_ok($$SELECT pg_temp.accept('i4', 'n4')$$, 'who holds an unrevocable role invites to one');
SELECT pg_temp.invited_by('owner', 'i5', '{aide,owner}');
SELECT careaccess_define_role('st', 'boss', '{"capabilities":
	["manage_members", "manage_roles", "manage_groups", "delegate", "appoint_custodian", "view_audit", "restrict"]}');
SELECT careaccess_set_member_roles('owner', '{boss}');
SELECT is(pg_temp.error($$SELECT pg_temp.accept('i5', 'n5')$$), (SELECT text FROM refusal), '… as long as he holds it');
ROLLBACK TO before;
INSERT INTO token VALUES ('dba', careaccess_invite_member('st', 'dba', '{aide}'));
SELECT ok((SELECT invited_by IS NULL FROM careaccess.invitation WHERE contact = 'dba'), 'a database administrator invites as nobody');
SELECT careaccess_define_role('st', 'aide', '{"capabilities": ["view_audit"]}');
SELECT lives_ok($$SELECT pg_temp.accept('dba', 'n4')$$, '… and his invitation stands for itself');
ROLLBACK TO before;
INSERT INTO token VALUES ('gone', careaccess_invite_member('st', 'gone', '{coordinator,aide}'));
DELETE FROM careaccess.role WHERE practice OPERATOR(careaccess.=) 'st' AND role = 'coordinator';
SELECT is(pg_temp.error($$SELECT pg_temp.accept('gone', 'n4')$$), (SELECT text FROM refusal), 'a role that is gone makes the invitation worthless');
ROLLBACK TO before;

-- Groups
SELECT careaccess_configure_practice('st', '{"groups": false}');
SELECT careaccess_act_as('owner');
SELECT throws_ok($$SELECT careaccess_invite_member('st', 'x', '{clinician}', '{1}')$$, '55000',
	'groups are switched off in this practice', 'EM-6 groups need the setting');
SELECT careaccess_stop_acting();
SELECT careaccess_configure_practice('st', '{"groups": true}');
SELECT careaccess_act_as('owner');
SELECT throws_ok($$SELECT careaccess_invite_member('st', 'x', '{clinician}', '{1}')$$, 'P0002', 'no such group: 1',
	'EM-5 an invitation can name groups only if some exist');
SELECT careaccess_stop_acting();
SELECT careaccess_create_group('em', 'Far');
SELECT careaccess_create_group('st', 'North', ARRAY['anna']::careaccess.id[]);
SELECT careaccess_create_group('st', 'South');
SELECT careaccess_act_as('owner');
SELECT throws_ok(format($$SELECT careaccess_invite_member('st', 'x', '{clinician}', '{%s,%s}')$$, pg_temp.g('North'), pg_temp.g('Far')),
	'P0002', 'no such group: ' || pg_temp.g('Far'), 'EM-5 … of this practice');
SELECT throws_ok($$SELECT careaccess_invite_member('st', 'x', '{clinician}', '{NULL}')$$, '22023', 'a group must not be null', 'a null group');
SELECT throws_ok(format($$SELECT careaccess_invite_member('st', 'x', %L, '{%s}')$$, roles, pg_temp.g('North')), '22023',
	'none of the roles has a place in groups', 'roles that fit: ' || roles)
FROM (VALUES ('{}'), ('{aide}'), ('{half_coordinator}')) AS v (roles);
SELECT pg_temp.invited_by('owner', 'g1', '{aide,clinician}', ARRAY[pg_temp.g('South'), pg_temp.g('North'), pg_temp.g('North')]);
SELECT is_empty($$SELECT 1 FROM careaccess.group_practitioner AS p JOIN careaccess.practitioner_group AS g ON g.id = p.group_id WHERE g.name = 'South'$$,
	'EM-5 nobody is in a group before he accepts');
SELECT pg_temp.accept('g1', 'm1');
SELECT set_eq($$SELECT pg_temp.groups('m1')$$, ARRAY['North practitioner', 'South practitioner'], 'EM-5 membership starts at acceptance');
SELECT set_has($$SELECT careaccess_test_practitioner('m1')::text$$, $$VALUES ('anna')$$, 'EM-5 … and counts');
SELECT pg_temp.invited_by('owner', 'g2', '{coordinator}', ARRAY[pg_temp.g('North')]);
SELECT pg_temp.accept('g2', 'm2');
SELECT set_eq($$SELECT pg_temp.groups('m2')$$, ARRAY['North admin'], 'EM-4 who holds a role of reach managed becomes an admin of the groups');
SELECT pg_temp.invited_by('owner', 'g3', '{coordinator,clinician}', ARRAY[pg_temp.g('North')]);
SELECT pg_temp.accept('g3', 'm3');
SELECT set_eq($$SELECT pg_temp.groups('m3')$$, ARRAY['North practitioner'], 'a practitioner is among the practitioners, whatever else he is');

SELECT pg_temp.invited_by('owner', 'g4', '{clinician}', ARRAY[pg_temp.g('North'), pg_temp.g('South')]);
SELECT careaccess_delete_group(pg_temp.g('South'));
SAVEPOINT before;
SELECT pg_temp.accept('g4', 'm4');
SELECT set_eq($$SELECT pg_temp.groups('m4')$$, ARRAY['North practitioner'], 'EM-5 a group deleted meanwhile is left out');
ROLLBACK TO before;
SELECT careaccess_define_role('st', 'clinician', '{"practitioner": true, "capabilities": ["create_client"]}');
SELECT careaccess_set_member_permission('owner', 'chart', '{view}', 'own');
SELECT careaccess_define_role('st', 'member_hirer', '{"unrevocable": true, "capabilities": ["manage_members"]}');
SELECT careaccess_set_member_roles('owner', '{member_hirer}');
SELECT is(pg_temp.error($$SELECT pg_temp.accept('g4', 'm4')$$), (SELECT text FROM refusal), 'EM-6 an inviter who manages groups no more places nobody in them');
ROLLBACK TO before;
SELECT careaccess_delete_group(pg_temp.g('North'));
SELECT careaccess_configure_practice('st', '{"groups": false}');
-- Not even one that was put in by hand.
INSERT INTO careaccess.practitioner_group (id, practice, name)
	SELECT max(g), 'st', 'Hand-made' FROM careaccess.invitation AS i, unnest(i.groups) AS g WHERE i.contact = 'g4';
SELECT pg_temp.accept('g4', 'm4');
SELECT ok(pg_temp.roles('m4') = '{clinician}' AND NOT EXISTS (SELECT pg_temp.groups('m4')), 'EM-5 groups switched off meanwhile are left out');
ROLLBACK TO before;
SELECT pg_temp.invited_by('owner', 'g5', '{coordinator}', ARRAY[pg_temp.g('North')]);
SELECT careaccess_define_role('st', 'coordinator', '{}');
SELECT is(pg_temp.error($$SELECT pg_temp.accept('g5', 'm5')$$), (SELECT text FROM refusal), 'a role that lost its place in groups makes the invitation worthless');

SELECT * FROM finish();
ROLLBACK;
