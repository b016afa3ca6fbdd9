-- Web forms: addresses, assignment rules, submissions.
BEGIN;
SELECT plan(98);

SET client_min_messages = warning;

CREATE FUNCTION pg_temp.new_member(practice text, member text, VARIADIC roles text[]) RETURNS void LANGUAGE sql AS $$
	INSERT INTO careaccess.member (id, practice, name) VALUES (member, practice, member);
	INSERT INTO careaccess.member_role (practice, member, role) SELECT practice, member, r FROM unnest(roles) AS r;
$$;
CREATE FUNCTION pg_temp.links(client text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT l.member::text || ' ' || l.kind FROM careaccess.client_link l
	WHERE l.client OPERATOR(careaccess.=) $1 AND l.active
		AND (l.valid_until IS NULL OR l.valid_until > statement_timestamp()) ORDER BY 1
$$;
CREATE FUNCTION pg_temp.rules(practice text, form text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', r.position, r.question || '=' || r.answer, r.practitioner::text), ', ' ORDER BY r.position, r.id)
	FROM careaccess.assignment_rule r WHERE r.practice OPERATOR(careaccess.=) $1 AND r.form = $2
$$;
CREATE FUNCTION submitted(form text, slug text, client text, answers jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT careaccess_submit_form(form, slug, client, answers)::text
$$;
CREATE FUNCTION pg_temp.sees(member text, client text, category text DEFAULT 'chart') RETURNS boolean LANGUAGE sql AS $$
	SELECT careaccess.member_can(member, client, category, 'view')
$$;

SELECT careaccess_create_practice('iq', 'IntakeQ', 'intakeq');
SELECT pg_temp.new_member('iq', 'admin', 'administrator');
SELECT pg_temp.new_member('iq', 'anna', 'practitioner');
SELECT pg_temp.new_member('iq', 'bert', 'practitioner');
SELECT pg_temp.new_member('iq', 'carl', 'practitioner');
SELECT pg_temp.new_member('iq', 'lena', 'assistant');
SELECT careaccess_create_practice('ta', 'TherapyAppointment', 'therapyappointment');
SELECT pg_temp.new_member('ta', 'ta owner', 'owner');
SELECT pg_temp.new_member('ta', 'ta anna', 'provider');
SELECT pg_temp.new_member('ta', 'ta bert', 'provider');
SELECT careaccess_create_practice('st', 'Standard', 'standard');
SELECT pg_temp.new_member('st', 'st owner', 'owner');
SELECT pg_temp.new_member('st', 'st anna', 'clinician');
SELECT pg_temp.new_member('st', 'st carl', 'clinician_all_clients');
SELECT careaccess_create_practice('sh', 'Sessions Health', 'sessionshealth');
SELECT pg_temp.new_member('sh', 'sh forms', 'forms_administrator');
SELECT pg_temp.new_member('sh', 'sh anna', 'practitioner');

-- Form addresses

SELECT careaccess_act_as('anna');
SELECT throws_ok($$SELECT careaccess_add_form_route('iq', 'anna', 'anna')$$, '42501', 'not allowed to add a form address', 'IQ-8 addresses need manage_rules');
SELECT throws_ok($$SELECT careaccess_remove_form_route('iq', 'anna')$$, '42501', 'not allowed to remove a form address', '… removing them, too');
SELECT throws_ok($$SELECT careaccess_add_assignment_rule('iq', 'intake', 'q', 'a', 'anna')$$, '42501', 'not allowed to add an assignment rule', 'IQ-9 so do rules');
SELECT throws_ok($$SELECT careaccess_remove_assignment_rule('iq', 'intake', 'q', 'a')$$, '42501', 'not allowed to remove an assignment rule', '… and removing them');
SELECT careaccess_act_as('admin');
SELECT lives_ok($$SELECT careaccess_add_form_route('iq', 'anna', 'anna')$$, 'IQ-8 an administrator gives a practitioner an address');
SELECT lives_ok($$SELECT careaccess_add_form_route(NULL, 'bert', 'bert')$$, '… of his own practice, without naming it');
SELECT throws_ok($$SELECT careaccess_add_form_route('iq', 'lena', 'lena')$$, '22023', 'member "lena" is not a practitioner', 'IQ-1 practitioners only');
SELECT throws_ok($$SELECT careaccess_add_form_route('iq', 'x', 'ta anna')$$, 'P0002', 'no such member: "ta anna"', 'of the same practice');
SELECT throws_ok($$SELECT careaccess_add_form_route('ta', 'x', 'ta anna')$$, 'P0002', 'no such practice: "ta"', 'another practice is none of his business');
SELECT throws_ok($$SELECT careaccess_add_form_route('iq', NULL, 'anna')$$, '22023', 'slug must not be null', 'a null address');
SELECT throws_ok($$SELECT careaccess_add_form_route('iq', ' ', 'anna')$$, '22023', 'slug must not be empty', 'an empty one');
SELECT throws_ok($$SELECT careaccess_add_form_route('iq', 'x', NULL)$$, '22023', 'member must not be null', 'a null practitioner');
SELECT careaccess_act_as('st owner');
SELECT throws_ok($$SELECT careaccess_add_form_route('st', 'anna', 'st anna')$$, '23505', 'form address "anna" is in use', 'an address belongs to one practice of the database');
SELECT lives_ok($$SELECT careaccess_remove_form_route('st', 'anna')$$, 'removing another practice''s address');
SELECT results_eq($$SELECT practice::text, practitioner::text FROM careaccess.form_route WHERE slug = 'anna'$$, $$VALUES ('iq', 'anna')$$, '… removes nothing');
SELECT careaccess_stop_acting();
SELECT throws_ok($$INSERT INTO careaccess.form_route (practice, slug, practitioner) VALUES ('st', 'anna', 'st anna')$$, '23505', NULL, '… whoever writes it');
SELECT careaccess_act_as('sh forms');
SELECT lives_ok($$SELECT careaccess_add_form_route('sh', 'sh', 'sh anna')$$, 'the forms administrator of Sessions Health gives addresses');
SELECT careaccess_act_as('admin');
SELECT lives_ok($$SELECT careaccess_add_form_route('iq', 'bert', 'carl')$$, 'an address changes hands');
SELECT is((SELECT practitioner::text FROM careaccess.form_route WHERE slug = 'bert'), 'carl', '… within the practice');
SELECT is((SELECT before ->> 'practitioner' || ' ' || (after ->> 'practitioner') FROM careaccess.event WHERE operation = 'add_form_route' AND before IS NOT NULL), 'bert carl', '… and the log says so');
SELECT careaccess_add_form_route('iq', 'bert', 'bert');
SELECT careaccess_add_form_route('iq', 'old', 'bert');
SELECT lives_ok($$SELECT careaccess_remove_form_route('iq', 'old')$$, 'removing an address');
SELECT lives_ok($$SELECT careaccess_remove_form_route('iq', 'old')$$, '… twice is no error');
SELECT throws_ok($$SELECT careaccess_remove_form_route('iq', NULL)$$, '22023', 'slug must not be null', '… a null one is');

-- Assignment rules

SELECT lives_ok($$SELECT careaccess_add_assignment_rule('iq', 'intake', 'who', 'a', 'anna')$$, 'IQ-9 a rule');
SELECT careaccess_add_assignment_rule('iq', 'intake', 'who', 'b', 'bert');
SELECT careaccess_add_assignment_rule('iq', 'intake', 'who', 'c', 'carl', 1);
SELECT is(pg_temp.rules('iq', 'intake'), '1 who=a anna, 1 who=c carl, 2 who=b bert', 'IQ-9 in order: at the end, or where it is put');
SELECT careaccess_add_assignment_rule('iq', 'intake', 'who', 'a', 'anna');
SELECT is(pg_temp.rules('iq', 'intake'), '1 who=c carl, 2 who=b bert, 3 who=a anna', 'IQ-9 the same rule again moves');
SELECT careaccess_add_assignment_rule('iq', 'intake', 'last', 'a', 'anna', 2147483647);
SELECT careaccess_add_assignment_rule('iq', 'intake', 'last', 'b', 'anna');
SELECT is(pg_temp.rules('iq', 'intake'), '1 who=c carl, 2 who=b bert, 3 who=a anna, 2147483647 last=a anna, 2147483647 last=b anna', 'there is always an end');
SELECT lives_ok($$SELECT careaccess_remove_assignment_rule('iq', 'intake', 'last', 'a'), careaccess_remove_assignment_rule('iq', 'intake', 'last', 'b', 'bert')$$, 'removing rules');
SELECT is(pg_temp.rules('iq', 'intake'), '1 who=c carl, 2 who=b bert, 3 who=a anna, 2147483647 last=b anna', '… of an answer, or of one practitioner');
SELECT lives_ok($$SELECT careaccess_remove_assignment_rule('iq', 'intake', 'last', 'b', 'anna'), careaccess_remove_assignment_rule('iq', 'intake', 'last', 'b')$$, '… those there are not, too');
SELECT throws_ok($$SELECT careaccess_add_assignment_rule('iq', NULL, 'q', 'a', 'anna')$$, '22023', 'form must not be null', 'a null form');
SELECT throws_ok($$SELECT careaccess_add_assignment_rule('iq', 'f', NULL, 'a', 'anna')$$, '22023', 'question must not be null', 'a null question');
SELECT throws_ok($$SELECT careaccess_add_assignment_rule('iq', 'f', 'q', NULL, 'anna')$$, '22023', 'answer must not be null', 'a null answer');
SELECT throws_ok($$SELECT careaccess_add_assignment_rule('iq', 'f', 'q', 'a', NULL)$$, '22023', 'member must not be null', 'a null practitioner');
SELECT throws_ok($$SELECT careaccess_add_assignment_rule('iq', 'f', 'q', 'a', 'lena')$$, '22023', 'member "lena" is not a practitioner', 'IQ-1 a rule names practitioners');
SELECT throws_ok($$SELECT careaccess_remove_assignment_rule('iq', 'f', 'q', NULL)$$, '22023', 'answer must not be null', 'removing a null answer');

-- Who submits

SELECT throws_ok($$SELECT careaccess_submit_form('intake', 'anna', 'c1', '{}')$$, '42501', 'not allowed to submit a form', 'a member submits no forms');
SELECT careaccess_stop_acting();
CREATE ROLE careaccess_test_web;
CREATE ROLE careaccess_test_app;
SELECT careaccess_grant_application('careaccess_test_app');
SELECT careaccess_grant_administrator('careaccess_test_app');
SET LOCAL ROLE careaccess_test_app;
SELECT throws_ok($$SELECT careaccess_submit_form('intake', 'anna', 'c1', '{}')$$, '42501', 'permission denied for function careaccess_submit_form', 'the right to submit is given by hand');
RESET ROLE;
GRANT EXECUTE ON FUNCTION careaccess_submit_form TO careaccess_test_web;
SET LOCAL ROLE careaccess_test_web;

-- New clients

SELECT is(submitted('intake', 'anna', 'c1', NULL), 'anna', 'IQ-8 a new client belongs to the practitioner of the address');
SELECT is(submitted('intake', 'anna', 'c2', '{"who": "b"}'), 'bert', 'IQ-9 a rule beats the address');
SELECT is(submitted('intake', 'anna', 'c3', '{"who": ["c", "b", "c"]}'), 'bert', 'IQ-9 of several that match the last one wins');
SELECT is(submitted('intake', 'bert', 'c4', '{"who": ["b", "a"]}'), 'anna', 'IQ-9 in the order of positions, not of answers');
SELECT is(submitted('consent', 'anna', 'c5', '{"who": "b"}'), 'anna', 'IQ-9 another form, other rules');
SELECT is(submitted('intake', 'anna', 'c6', '{"Who": "b", "who": "B", "x": "b"}'), 'anna', 'IQ-9 question and answer letter by letter');
SELECT is(submitted('intake', 'anna', 'c7', '{"who": {"b": "b"}}'), 'anna', 'an answer of another shape matches nothing');
SELECT is(submitted('intake', 'anna', 'c8', '{"who": null}'), 'anna', 'nor does no answer');
SELECT throws_ok($$SELECT careaccess_submit_form('intake', 'none', 'c9', '{}')$$, 'P0002', 'no such form address: "none"', 'an unknown address');
SELECT throws_ok($$SELECT careaccess_submit_form('intake', NULL, 'c9', '{}')$$, '22023', 'slug must not be null for a new client', 'no address for a new client');
SELECT throws_ok($$SELECT careaccess_submit_form(NULL, 'anna', 'c9', '{}')$$, '22023', 'form must not be null', 'a null form');
SELECT throws_ok($$SELECT careaccess_submit_form('intake', 'anna', NULL, '{}')$$, '22023', 'client must not be null', 'a null client');
SELECT throws_ok($$SELECT careaccess_submit_form('intake', 'anna', 'c9', '[]')$$, '22023', 'answers must be a JSON object', 'answers that are no object');
SELECT throws_ok($$SELECT careaccess_submit_form('intake', 'anna', 'c9', 'null')$$, '22023', 'answers must be a JSON object', '… a JSON null neither');
RESET ROLE;
SELECT results_eq($$SELECT client::text, practice::text, member::text, kind, source, granted_by::text FROM careaccess.client_link ORDER BY client$$,
	$$VALUES ('c1', 'iq', 'anna', 'owner', 'form', NULL), ('c2', 'iq', 'bert', 'owner', 'form', NULL), ('c3', 'iq', 'bert', 'owner', 'form', NULL),
	('c4', 'iq', 'anna', 'owner', 'form', NULL), ('c5', 'iq', 'anna', 'owner', 'form', NULL), ('c6', 'iq', 'anna', 'owner', 'form', NULL),
	('c7', 'iq', 'anna', 'owner', 'form', NULL), ('c8', 'iq', 'anna', 'owner', 'form', NULL)$$, 'IQ-8 one owner each, and nothing else');
SELECT ok(pg_temp.sees('anna', 'c1') AND NOT pg_temp.sees('bert', 'c1', 'name'), 'IQ-3 who sees him and who does not');
SELECT is((SELECT count(*)::integer FROM careaccess.event WHERE operation = 'submit_form' AND client OPERATOR(careaccess.=) 'c1' AND actor_kind = 'nobody'), 2, 'two events: the client and his owner');
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;

-- Who cannot take him

UPDATE careaccess.member SET status = 'disabled' WHERE id OPERATOR(careaccess.=) 'bert';
SELECT is(submitted('intake', 'anna', 'd1', '{"who": ["b", "c"]}'), 'carl', 'IQ-9 a rule naming a disabled practitioner is skipped');
SELECT is(submitted('intake', 'anna', 'd2', '{"who": "b"}'), 'anna', 'IQ-9 … and without another the address counts');
SELECT throws_ok($$SELECT careaccess_submit_form('intake', 'bert', 'd3', '{}')$$, '55000', 'the practitioner of form address "bert" takes no clients', 'IQ-1 a disabled practitioner gets no clients by his address');
SELECT is(submitted('intake', 'bert', 'd3', '{"who": "c"}'), 'carl', '… a rule still counts');
SELECT is(submitted('intake', 'bert', 'c2', '{"who": "b"}'), 'bert', 'a client stays with his disabled owner');
UPDATE careaccess.member SET status = 'active', ends_at = now() WHERE id OPERATOR(careaccess.=) 'bert';
SELECT throws_ok($$SELECT careaccess_submit_form('intake', 'bert', 'd4', '{"who": "b"}')$$, '55000', NULL, 'nor does one past his end');
UPDATE careaccess.member SET ends_at = NULL WHERE id OPERATOR(careaccess.=) 'bert';
UPDATE careaccess.member_role SET role = 'assistant' WHERE member OPERATOR(careaccess.=) 'carl';
SELECT is(submitted('intake', 'anna', 'd4', '{"who": "c"}'), 'anna', 'IQ-1 nor one who is no practitioner any more');

-- Registered clients

UPDATE careaccess.member_role SET role = 'practitioner' WHERE member OPERATOR(careaccess.=) 'carl';
SELECT is(submitted('intake', 'bert', 'c1', '{}'), 'anna', 'IQ-8 an address does not move who is registered');
SELECT is(submitted('intake', NULL, 'c1', '{"who": "x"}'), 'anna', '… nor does an answer without a rule');
SELECT careaccess_share_client('c1', 'bert', 'infinity', 'cover'), careaccess_share_client('c1', 'carl');
SELECT is(submitted('intake', NULL, 'c1', '{"who": "b"}'), 'bert', 'IQ-9 a rule does');
SELECT set_eq($$SELECT pg_temp.links('c1')$$, ARRAY['bert grant', 'bert owner', 'carl grant'], 'IQ-9 no rule removes shares, not the new owner''s either; IQ-7 the former owner loses access');
SELECT ok(NOT pg_temp.sees('anna', 'c1', 'name'), 'IQ-7 and sees the client no more');
SELECT is((SELECT reason FROM careaccess.client_link WHERE client OPERATOR(careaccess.=) 'c1' AND member OPERATOR(careaccess.=) 'bert' AND kind = 'grant'), 'cover', '… a share that stays is untouched');
SELECT is(submitted('intake', NULL, 'c1', '{"who": "b"}'), 'bert', 'IQ-9 the same again');
SELECT is((SELECT count(*)::integer FROM careaccess.client_link WHERE client OPERATOR(careaccess.=) 'c1' AND kind = 'owner'), 2, '… changes nothing');
SELECT is(submitted('intake', NULL, 'c1', '{"who": "c"}'), 'carl', 'IQ-9 a third owner');
SELECT set_eq($$SELECT pg_temp.links('c1')$$, ARRAY['bert grant', 'carl grant', 'carl owner'], 'IQ-7 the former owner keeps his share');
SELECT throws_ok($$SELECT careaccess_submit_form('intake', 'sh', 'c1', '{}')$$, '23505', 'client identifier "c1" is in use', 'another practice''s address does not reach him');
SELECT careaccess_set_client_status('c5', 'deleted');
SELECT throws_ok($$SELECT careaccess_submit_form('intake', 'anna', 'c5', '{}')$$, 'P0002', 'no such client: "c5"', 'a deleted client is gone');
SELECT throws_ok($$SELECT careaccess_submit_form('intake', 'sh', 'c5', '{}')$$, '23505', 'client identifier "c5" is in use', '… which another practice is not told');

-- Restricted clients

SELECT careaccess_add_form_route('st', 'st', 'st anna');
SELECT careaccess_add_assignment_rule('st', 'intake', 'who', 'c', 'st carl');
SELECT is(submitted('intake', 'st', 's1', '{}'), 'st anna', 'a client of the standard practice');
SELECT careaccess_restrict_client('s1'), careaccess_revoke_administrative_access('s1', 'st carl');
SELECT is(submitted('intake', 'st', 's1', '{"who": "c"}'), 'st anna', 'SP-8 a rule naming a practitioner who is revoked on the client is skipped');
SELECT set_eq($$SELECT pg_temp.links('s1')$$, ARRAY['st anna owner'], 'SP-8 nothing changes');
SELECT careaccess_restore_administrative_access('s1', 'st carl');
SELECT is(submitted('intake', 'st', 's1', '{"who": "c"}'), 'st carl', '… until he is restored');

-- Clients without owner

SELECT careaccess_add_form_route('ta', 'ta', 'ta anna');
SELECT careaccess_add_assignment_rule('ta', 'intake', 'who', 'b', 'ta bert');
SELECT is(submitted('intake', 'ta', 't1', '{}'), 'ta anna', 'TA-1 where clients have no owner');
SELECT set_eq($$SELECT pg_temp.links('t1')$$, ARRAY['ta anna listed'], 'TA-1 the practitioner of the address is listed');
SELECT is(submitted('intake', 'ta', 't1', '{}'), NULL, 'TA-1 a registered client without a matching rule: nobody');
SELECT is(submitted('intake', 'ta', 't1', '{"who": "b"}'), 'ta bert', 'IQ-9 TA-1 a rule');
SELECT set_eq($$SELECT pg_temp.links('t1')$$, ARRAY['ta anna listed', 'ta bert listed'], 'IQ-9 TA-1 lists, and unlists nobody');
SELECT is(submitted('intake', NULL, 't1', '{"who": "b"}'), 'ta bert', '… once');
SELECT careaccess_share_chart('t1', 'ta anna', 'ta bert');
UPDATE careaccess.client_link SET valid_until = now() - interval '1 minute' WHERE client OPERATOR(careaccess.=) 't1' AND member OPERATOR(careaccess.=) 'ta bert' AND active;
SELECT is(submitted('intake', NULL, 't1', '{"who": "b"}'), 'ta bert', 'whose listing ran out is listed anew');
SELECT is_empty($$SELECT FROM careaccess.chart_share WHERE stopped IS NULL$$, 'TA-5 and no chart share comes back');

-- The portal

INSERT INTO careaccess.portal_user (id, client) VALUES ('anna', 'c3');
SELECT careaccess_act_as_portal_user('anna');
SELECT is(submitted('intake', NULL, 'c3', '{"who": "a"}'), 'anna', 'IQ-9 a portal user submits for his profile');
SELECT is((SELECT granted_by::text FROM careaccess.client_link WHERE client OPERATOR(careaccess.=) 'c3' AND active), NULL, '… which no member gave');
SELECT throws_ok($$SELECT careaccess_submit_form('intake', NULL, 'c1', '{"who": "a"}')$$, 'P0002', 'no such client: "c1"', 'SH-10 for no other');
SELECT throws_ok($$SELECT careaccess_submit_form('intake', 'anna', 'new', '{}')$$, 'P0002', 'no such client: "new"', '… not for a new one either');
SELECT throws_ok($$SELECT careaccess_submit_form('intake', 'sh', 'c3', '{}')$$, '23505', NULL, '… and not by another practice''s address');
SELECT careaccess_stop_acting();
INSERT INTO careaccess.profile_link (client, contact_client) VALUES ('c1', 'c3');
INSERT INTO careaccess.portal_access (client, portal_user, view_appointments, status) VALUES ('c1', 'anna', true, 'accepted');
SELECT careaccess_act_as_portal_user('anna', 'c1');
SELECT throws_ok($$SELECT careaccess_submit_form('intake', NULL, 'c1', '{"who": "a"}')$$, '42501', 'not allowed to submit a form for this profile',
	'SH-10 to see appointments is not to manage information');
UPDATE careaccess.portal_access SET manage_information = true;
SELECT is(submitted('intake', NULL, 'c1', '{"who": "a"}'), 'anna', '… which lets him submit for another profile');
SELECT careaccess_stop_acting();

-- Who leaves

SELECT careaccess_remove_member('bert', 'anna');
SELECT is(pg_temp.rules('iq', 'intake'), '1 who=c carl, 3 who=a anna', 'a removed practitioner''s rules end');
SELECT throws_ok($$SELECT careaccess_submit_form('intake', 'bert', 'e1', '{}')$$, 'P0002', 'no such form address: "bert"', '… and his address');
SELECT is((SELECT count(*)::integer FROM careaccess.event WHERE operation = 'remove_member' AND fact IN ('form_route', 'assignment_rule')), 2, '… and the log says so');
SET CONSTRAINTS ALL IMMEDIATE;
SELECT pass('IQ-1 after all this every client has his owner');

SELECT * FROM finish();
ROLLBACK;
