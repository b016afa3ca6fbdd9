-- Registering clients and their status (careaccess_add_client,
-- careaccess_set_client_status): IntakeQ's rules of ownership, the practices
-- without owners, what an assistant and a group's admin may name.
BEGIN;
SELECT plan(64);

SET client_min_messages = warning;

-- A practice per preset; members with one role each; the administrator of the
-- database loads them.
CREATE FUNCTION pg_temp.new_member(practice text, member text, VARIADIC roles text[]) RETURNS void LANGUAGE sql AS $$
	INSERT INTO careaccess.member (id, practice, name) VALUES (member, practice, member);
	INSERT INTO careaccess.member_role (practice, member, role) SELECT practice, member, r FROM unnest(roles) AS r;
$$;
CREATE FUNCTION pg_temp.links(client text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT l.member::text || ' ' || l.kind FROM careaccess.client_link l
	WHERE l.client OPERATOR(careaccess.=) $1 AND l.active ORDER BY 1
$$;

SELECT careaccess_create_practice('iq', 'IntakeQ', 'intakeq');
SELECT careaccess_create_practice('ta', 'TherapyAppointment', 'therapyappointment');
SELECT careaccess_create_practice('em', 'Embodia', 'embodia');
SELECT careaccess_create_practice('st', 'Standard', 'standard');
SELECT pg_temp.new_member('iq', 'iq admin', 'administrator');
SELECT pg_temp.new_member('iq', 'iq office', 'administrator_only');
SELECT pg_temp.new_member('iq', 'iq anna', 'practitioner');
SELECT pg_temp.new_member('iq', 'iq bert', 'practitioner');
SELECT pg_temp.new_member('iq', 'iq helper', 'assistant');
SELECT pg_temp.new_member('ta', 'ta owner', 'owner');
SELECT pg_temp.new_member('ta', 'ta anna', 'provider');
SELECT pg_temp.new_member('ta', 'ta bert', 'provider');
SELECT pg_temp.new_member('ta', 'ta scheduler', 'scheduler');
SELECT pg_temp.new_member('ta', 'ta biller', 'biller');
SELECT pg_temp.new_member('em', 'em anna', 'practitioner');
SELECT pg_temp.new_member('em', 'em bert', 'practitioner');
SELECT pg_temp.new_member('em', 'em desk', 'clinic_admin');
SELECT pg_temp.new_member('st', 'st owner', 'owner');
SELECT pg_temp.new_member('st', 'st anna', 'clinician');
SELECT pg_temp.new_member('st', 'st bert', 'clinician');
SELECT pg_temp.new_member('st', 'st biller', 'biller');

-- Who acts, and for which practice

CREATE ROLE careaccess_test_plain;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO careaccess_test_plain;
SET LOCAL ROLE careaccess_test_plain;
SELECT throws_ok($$SELECT careaccess_add_client('x')$$, '42501', 'no member is acting in this session',
	'a session without identity cannot add a client');
RESET ROLE;
SELECT throws_ok($$SELECT careaccess_add_client(NULL)$$, '22023', 'client must not be null', 'a null client is refused');
SELECT throws_ok($$SELECT careaccess_add_client('x')$$, '22023', NULL,
	'a database administrator has to name the practice');
SELECT throws_ok($$SELECT careaccess_add_client('x', 'nowhere')$$, 'P0002', 'no such practice: "nowhere"',
	'an unknown practice is refused');
SELECT throws_ok($$SELECT careaccess_add_client('x', 'iq')$$, '22023', 'owner must not be null',
	'IQ-1 no client without owner: an administrator has to name him');
SELECT is(careaccess_add_client('iq c0', 'iq', 'iq anna')::text, 'iq c0', 'an administrator adds a client for an owner');
SELECT set_eq($$SELECT pg_temp.links('iq c0')$$, ARRAY['iq anna owner'], '… who owns him');

SELECT careaccess_act_as('iq anna');
SELECT throws_ok($$SELECT careaccess_add_client('x', 'ta')$$, 'P0002', 'no such practice: "ta"',
	'another practice is as missing as an unknown one');
SELECT is(careaccess_add_client('iq c1')::text, 'iq c1', 'IQ-2 a practitioner adds a client');
SELECT set_eq($$SELECT pg_temp.links('iq c1')$$, ARRAY['iq anna owner'], 'IQ-2 he owns whom he adds');
SELECT is((SELECT granted_by::text || '/' || source FROM careaccess.client_link WHERE client OPERATOR(careaccess.=) 'iq c1'),
	'iq anna/add_client', 'the link says who made it');
SELECT throws_ok($$SELECT careaccess_add_client('iq c2', owner => 'iq bert')$$, '42501',
	'not allowed to add a client for another owner', 'another owner needs the capability reassign');
SELECT throws_ok($$SELECT careaccess_add_client('iq c2', owner => 'nobody')$$, '42501', NULL,
	'… which is asked before the owner is looked for');
SELECT throws_ok($$SELECT careaccess_add_client('iq c1')$$, '23505', 'client identifier "iq c1" is in use',
	'an identifier is used once');
SELECT throws_ok($$SELECT careaccess_add_client('iq c2', providers => ARRAY['iq bert', NULL]::careaccess.id[])$$, '22023', NULL,
	'a null provider is refused');
SELECT throws_ok($$SELECT careaccess_add_client('iq c2', providers => NULL)$$, '22023', 'a provider must not be null',
	'… and a null list of them');
SELECT lives_ok($$SELECT careaccess_add_client('iq c2', providers => ARRAY['iq bert', 'iq bert', 'iq anna']::careaccess.id[])$$,
	'providers can be named beside the owner, also twice');
SELECT set_eq($$SELECT pg_temp.links('iq c2')$$, ARRAY['iq anna owner', 'iq bert listed'],
	'they are listed once, the owner is not');

SELECT careaccess_act_as('ta anna');
SELECT throws_ok($$SELECT careaccess_add_client('iq c1')$$, '23505', 'client identifier "iq c1" is in use',
	'an identifier of another practice is refused in the same words');

SELECT careaccess_act_as('iq admin');
SELECT lives_ok($$SELECT careaccess_add_client('iq c3', owner => 'iq bert')$$, 'with reassign, another owner can be named');
SELECT set_eq($$SELECT pg_temp.links('iq c3')$$, ARRAY['iq bert owner'], '… and owns the client');
SELECT throws_ok($$SELECT careaccess_add_client('iq c4', owner => 'nobody')$$, 'P0002', 'no such member: "nobody"',
	'an unknown owner is refused');
SELECT throws_ok($$SELECT careaccess_add_client('iq c4', owner => 'ta anna')$$, 'P0002', 'no such member: "ta anna"',
	'an owner of another practice is unknown');
SELECT throws_ok($$SELECT careaccess_add_client('iq c4', owner => 'iq helper')$$, '22023', 'member "iq helper" is not a practitioner',
	'IQ-1 an assistant owns nobody');
SELECT throws_ok($$SELECT careaccess_add_client('iq c4', owner => 'iq office')$$, '22023', NULL,
	'IQ-1 an administrator-only account owns nobody');
SELECT throws_ok($$SELECT careaccess_add_client('iq c4', providers => '{"iq helper"}')$$, '22023', NULL,
	'only practitioners are listed');
SELECT careaccess_stop_acting();
UPDATE careaccess.member SET status = 'disabled' WHERE id OPERATOR(careaccess.=) 'iq bert';
SELECT careaccess_act_as('iq admin');
SELECT throws_ok($$SELECT careaccess_add_client('iq c4', owner => 'iq bert')$$, '22023', 'member "iq bert" is not active',
	'a disabled practitioner gets no new client');
SELECT careaccess_stop_acting();
UPDATE careaccess.member SET status = 'active' WHERE id OPERATOR(careaccess.=) 'iq bert';

-- IQ-1: an administrator-only account has to name the owner; he is none.
SELECT careaccess_act_as('iq office');
SELECT throws_ok($$SELECT careaccess_add_client('iq c4')$$, '22023', 'owner must not be null',
	'IQ-1 an administrator-only account has to name the owner');

-- Assistants

SELECT careaccess_act_as('iq helper');
SELECT throws_ok($$SELECT careaccess_add_client('iq h1')$$, '22023', 'owner must not be null',
	'IQ-2 an assistant of nobody has to name the owner');
SELECT throws_ok($$SELECT careaccess_add_client('iq h1', owner => 'iq anna')$$, '42501', NULL,
	'… and may name nobody');
SELECT careaccess_stop_acting();
INSERT INTO careaccess.delegation (member, over_member, mode) VALUES ('iq helper', 'iq anna', 'context');
SELECT careaccess_act_as('iq helper');
SELECT lives_ok($$SELECT careaccess_add_client('iq h1')$$, 'IQ-2 an assistant of one practitioner adds a client');
SELECT set_eq($$SELECT pg_temp.links('iq h1')$$, ARRAY['iq anna owner'], 'IQ-2 who belongs to that practitioner');
SELECT careaccess_stop_acting();
INSERT INTO careaccess.delegation (member, over_member, mode) VALUES ('iq helper', 'iq bert', 'context');
SELECT careaccess_act_as('iq helper');
SELECT throws_ok($$SELECT careaccess_add_client('iq h2')$$, '22023', 'owner must not be null',
	'IQ-2 an assistant of two has to say for whom');
SELECT lives_ok($$SELECT careaccess_add_client('iq h2', owner => 'iq bert')$$, '… and may name either');
SELECT throws_ok($$SELECT careaccess_add_client('iq h3', owner => 'iq admin')$$, '42501', NULL,
	'… but nobody else');
SELECT careaccess_stop_acting();
UPDATE careaccess.delegation SET valid_until = now() - interval '1 minute' WHERE over_member OPERATOR(careaccess.=) 'iq bert';
SELECT careaccess_act_as('iq helper');
SELECT throws_ok($$SELECT careaccess_add_client('iq h3', owner => 'iq bert')$$, '42501', NULL,
	'a delegation that has run out counts no longer');
SELECT lives_ok($$SELECT careaccess_add_client('iq h3')$$, '… so that one practitioner is left');
SELECT set_eq($$SELECT pg_temp.links('iq h3')$$, ARRAY['iq anna owner'], '… to whom the client belongs');
SELECT careaccess_stop_acting();
DELETE FROM careaccess.delegation;
INSERT INTO careaccess.delegation (member, over_member, mode) VALUES ('iq helper', 'iq anna', 'supervisor');
SELECT careaccess_act_as('iq helper');
SELECT throws_ok($$SELECT careaccess_add_client('iq h4', owner => 'iq anna')$$, '42501', NULL,
	'a supervisor is no assistant');

-- Practices without owners

SELECT careaccess_act_as('ta anna');
SELECT throws_ok($$SELECT careaccess_add_client('ta c1', owner => 'ta anna')$$, '22023', 'clients of this practice have no owner',
	'TA-1 no owner where the practice has none');
SELECT lives_ok($$SELECT careaccess_add_client('ta c1')$$, 'TA-1 a provider adds a client');
SELECT set_eq($$SELECT pg_temp.links('ta c1')$$, ARRAY['ta anna listed'], 'TA-1 and is listed when nobody is named');
SELECT lives_ok($$SELECT careaccess_add_client('ta c2', providers => '{"ta bert","ta anna"}')$$, 'TA-1 several providers');
SELECT set_eq($$SELECT pg_temp.links('ta c2')$$, ARRAY['ta anna listed', 'ta bert listed'], 'TA-1 are all listed');
SELECT careaccess_act_as('ta scheduler');
SELECT lives_ok($$SELECT careaccess_add_client('ta c3')$$, 'TA-1 a scheduler adds a client without provider');
SELECT is_empty($$SELECT pg_temp.links('ta c3')$$, 'TA-1 and is not listed himself');
SELECT careaccess_act_as('ta biller');
SELECT throws_ok($$SELECT careaccess_add_client('ta c4')$$, '42501', 'not allowed to add a client', 'a biller adds nobody');

-- A clinic admin names only those whom he manages

SELECT careaccess_act_as('em desk');
SELECT lives_ok($$SELECT careaccess_add_client('em c1', providers => '{"em anna"}')$$,
	'EM-4 without groups a clinic admin names any practitioner');
SELECT careaccess_stop_acting();
INSERT INTO careaccess.practitioner_group (id, practice, name) VALUES (1001, 'em', 'east');
INSERT INTO careaccess.group_practitioner (group_id, member) VALUES (1001, 'em anna');
INSERT INTO careaccess.group_admin (group_id, member) VALUES (1001, 'em desk');
SELECT careaccess_act_as('em desk');
SELECT throws_ok($$SELECT careaccess_add_client('em c2', providers => '{"em bert"}')$$, '42501', 'not allowed to name member "em bert"',
	'EM-4 with groups only practitioners of his own');
SELECT lives_ok($$SELECT careaccess_add_client('em c2', providers => '{"em anna"}')$$, 'EM-4 such as this one');

-- Status

SELECT careaccess_act_as('st anna');
SELECT careaccess_add_client('st c1');
SELECT throws_ok($$SELECT careaccess_set_client_status('st c1', 'gone')$$, '22023', 'unknown status: "gone"', 'an unknown status is refused');
SELECT lives_ok($$SELECT careaccess_set_client_status('st c1', 'archived')$$, 'who edits the profile archives a client');
SELECT is((SELECT status FROM careaccess.client WHERE id OPERATOR(careaccess.=) 'st c1'), 'archived', '… and so he is');
SELECT throws_ok($$SELECT careaccess_set_client_status('st c1', 'deleted')$$, '42501', NULL, 'deleting needs delete_client');
SELECT careaccess_act_as('st bert');
SELECT throws_ok($$SELECT careaccess_set_client_status('st c1', 'deleted')$$, 'P0002', 'no such client: "st c1"',
	'a hidden client is missing, whatever one may not do');
SELECT throws_ok($$SELECT careaccess_set_client_status('st c9', 'deleted')$$, 'P0002', 'no such client: "st c9"',
	'a missing one in the same words');
SELECT careaccess_act_as('st biller');
SELECT throws_ok($$SELECT careaccess_set_client_status('st c1', 'active')$$, '42501', NULL, 'a biller re-activates nobody');
SELECT careaccess_stop_acting();
INSERT INTO careaccess.member_permission (member, category, actions, reach) VALUES ('st biller', 'profile', '{edit}', 'all');
SELECT careaccess_act_as('st biller');
SELECT throws_ok($$SELECT careaccess_set_client_status('st c1', 'active')$$, '42501', NULL, '… though he edits profiles, without create_client');
SELECT careaccess_stop_acting();
DELETE FROM careaccess.member_permission;
INSERT INTO careaccess.member_capability (member, capability) VALUES ('st biller', 'create_client');
SELECT careaccess_act_as('st biller');
SELECT throws_ok($$SELECT careaccess_set_client_status('st c1', 'active')$$, '42501', NULL, '… nor with create_client, without editing profiles');
SELECT careaccess_act_as('st owner');
SELECT careaccess_set_client_status('st c1', 'deleted');
SELECT careaccess_act_as('st anna');
SELECT throws_ok($$SELECT careaccess_set_client_status('st c1', 'active')$$, 'P0002', 'no such client: "st c1"',
	'a deleted client is gone for who may not restore him');
SELECT throws_ok($$SELECT careaccess_share_client('st c1', 'st bert')$$, 'P0002', NULL, '… and for every other function');
SELECT careaccess_act_as('st owner');
SELECT lives_ok($$SELECT careaccess_set_client_status('st c1', 'active')$$, 'a deleted client can be restored');
SELECT set_eq($$SELECT pg_temp.links('st c1')$$, ARRAY['st anna owner'], '… with his links');
SELECT is((SELECT count(*)::integer FROM careaccess.event
		WHERE fact = 'client' AND operation = 'set_client_status' AND client OPERATOR(careaccess.=) 'st c1'), 3,
	'every change of status is an event');

SELECT * FROM finish();
ROLLBACK;
