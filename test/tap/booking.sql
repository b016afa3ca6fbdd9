-- careaccess_book: what an appointment gives its provider, by staff and by the
-- booking page.
BEGIN;
SELECT plan(100);

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
-- Whoever asks: with an author as an administrator, then back to who was acting.
CREATE FUNCTION pg_temp.may(member text, client text, category text, action text DEFAULT 'view', author text DEFAULT NULL)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	acting text := careaccess_current_member()::text;
	answer boolean;
BEGIN
	IF author IS NULL THEN
		RETURN careaccess.member_can(member, client, category, action);
	END IF;
	PERFORM careaccess_stop_acting();
	answer := careaccess_can(member, client, category, action, author);
	IF acting IS NOT NULL THEN
		PERFORM careaccess_act_as(acting);
	END IF;
	RETURN answer;
END
$$;
-- All links of a client: source, who gave it, reason, end.
CREATE FUNCTION pg_temp.given(client text, member text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws('/', l.kind, l.source, coalesce(l.granted_by::text, '-'), coalesce(l.reason, '-'),
		coalesce(l.valid_until::text, '-')), ' ' ORDER BY l.id)
	FROM careaccess.client_link l WHERE l.client OPERATOR(careaccess.=) $1 AND l.member OPERATOR(careaccess.=) $2 AND l.active
$$;

SELECT careaccess_create_practice('ta', 'TherapyAppointment', 'therapyappointment');
SELECT pg_temp.new_member('ta', 'ta owner', 'owner');
SELECT pg_temp.new_member('ta', 'ta manager', 'manager');
SELECT pg_temp.new_member('ta', 'ta scheduler', 'scheduler');
SELECT pg_temp.new_member('ta', 'ta biller', 'biller');
SELECT pg_temp.new_member('ta', 'ta anna', 'provider');
SELECT pg_temp.new_member('ta', 'ta bert', 'provider');
SELECT pg_temp.new_member('ta', 'ta carl', 'provider');
SELECT careaccess_create_practice('iq', 'IntakeQ', 'intakeq');
SELECT pg_temp.new_member('iq', 'iq admin', 'administrator');
SELECT pg_temp.new_member('iq', 'iq anna', 'practitioner');
SELECT pg_temp.new_member('iq', 'iq bert', 'practitioner');
SELECT pg_temp.new_member('iq', 'iq carl', 'practitioner_all_clients');
SELECT pg_temp.new_member('iq', 'iq lena', 'assistant');
INSERT INTO careaccess.delegation (member, over_member, mode) VALUES ('iq lena', 'iq anna', 'context');
SELECT careaccess_create_practice('st', 'Standard', 'standard');
SELECT pg_temp.new_member('st', 'st owner', 'owner');
SELECT pg_temp.new_member('st', 'st scheduler', 'scheduler');
SELECT pg_temp.new_member('st', 'st anna', 'clinician');
SELECT pg_temp.new_member('st', 'st carl', 'clinician_all_clients');
SELECT careaccess_create_practice('sp', 'SimplePractice', 'simplepractice');
SELECT pg_temp.new_member('sp', 'sp owner', 'account_owner');
SELECT pg_temp.new_member('sp', 'sp scheduler', 'practice_scheduler');
SELECT pg_temp.new_member('sp', 'sp anna', 'clinician_basic');
SELECT pg_temp.new_member('sp', 'sp bert', 'clinician_basic');
SELECT pg_temp.new_member('sp', 'sp dora', 'clinician_entire_practice');
SELECT careaccess_create_practice('em', 'Embodia', 'embodia');
SELECT pg_temp.new_member('em', 'em manager', 'clinic_manager');
SELECT pg_temp.new_member('em', 'em anna', 'practitioner');
SELECT pg_temp.new_member('em', 'em bert', 'practitioner');
SELECT pg_temp.new_member('em', 'em carl', 'practitioner');
SELECT pg_temp.new_member('em', 'em admin', 'clinic_admin');

SELECT careaccess_add_client('t1', 'ta', NULL, '{ta anna}');
SELECT careaccess_add_client('t2', 'ta', NULL, '{ta anna}');
SELECT careaccess_add_client('i1', 'iq', 'iq anna');
SELECT careaccess_add_client('i2', 'iq', 'iq bert');
SELECT careaccess_add_client('s1', 'st', 'st anna');
SELECT careaccess_add_client('p1', 'sp', 'sp anna');
SELECT careaccess_add_client('e1', 'em', NULL, '{em anna}');
SELECT careaccess_create_group('em', 'North', '{em anna,em bert}', '{em admin}');

-- TherapyAppointment: booking lists

SELECT careaccess_act_as('ta biller');
SELECT throws_ok($$SELECT careaccess_book('t1', 'ta bert')$$, '42501', 'not allowed to book an appointment', 'TA-11 a biller does not book');
SELECT careaccess_act_as('ta scheduler');
SELECT ok(NOT pg_temp.may('ta bert', 't1', 'profile'), 'TA-9 before the booking the provider has only the list''s name');
SELECT is(careaccess_book('t1', 'ta bert'), 'new_provider', 'TA-9 TA-11 a scheduler books: the provider is new to the client');
SELECT set_eq($$SELECT pg_temp.links('t1')$$, ARRAY['ta anna listed', 'ta bert listed'], 'TA-9 and listed');
SELECT is(pg_temp.given('t1', 'ta bert'), 'listed/booking/ta scheduler/-/-', 'TA-9 by booking, by whoever booked');
SELECT ok(pg_temp.may('ta bert', 't1', 'profile') AND pg_temp.may('ta bert', 't1', 'schedule', 'create'), 'TA-9 demographics and the schedule are open to him');
SELECT is_empty($$SELECT FROM careaccess.chart_share$$, 'TA-9 booking makes no chart share');
SELECT ok(NOT pg_temp.may('ta bert', 't1', 'chart', 'view', 'ta anna'), 'TA-9 nor opens what others wrote');
SELECT throws_ok($$SELECT careaccess_share_chart('t1', 'ta anna', 'ta bert')$$, '42501', NULL, 'TA-11 a scheduler cannot share a chart');
SELECT is(careaccess_book('t1', 'ta bert'), 'linked', 'TA-9 the next booking gives nothing more');
SELECT is(careaccess_book('t1', 'ta anna'), 'linked', 'TA-9 nor does one with who is listed');
SELECT is((SELECT count(*)::integer FROM careaccess.client_link WHERE client OPERATOR(careaccess.=) 't1'), 2, '… and makes no row');
SELECT results_eq($$SELECT fact, actor::text, client::text, member::text FROM careaccess.event WHERE operation = 'book'$$,
	$$VALUES ('client_link', 'ta scheduler', 't1', 'ta bert')$$, 'one event: book');
SELECT throws_ok($$SELECT careaccess_book('t1', 'ta scheduler')$$, '22023', 'member "ta scheduler" is not a practitioner', 'TA-9 a provider is a practitioner');
SELECT throws_ok($$SELECT careaccess_book('t1', 'st anna')$$, 'P0002', 'no such member: "st anna"', 'of the same practice');
SELECT throws_ok($$SELECT careaccess_book('t1', NULL)$$, '22023', 'member must not be null', 'a null provider');
SELECT throws_ok($$SELECT careaccess_book(NULL, 'ta bert')$$, '22023', 'client must not be null', 'a null client');
SELECT throws_ok($$SELECT careaccess_book('t1', 'ta bert', NULL)$$, '22023', 'channel must not be null', 'a null channel');
SELECT throws_ok($$SELECT careaccess_book('t1', 'ta bert', 'phone')$$, '22023', 'unknown channel: "phone"', 'an unknown channel');
SELECT throws_ok($$SELECT careaccess_book('s1', 'ta bert')$$, 'P0002', 'no such client: "s1"', 'a client of another practice is missing');
SELECT throws_ok($$SELECT careaccess_book('t1', 'ta bert', 'widget')$$, '42501', 'not allowed to book as the widget', 'a member does not book as the widget');
SELECT careaccess_act_as('ta carl');
SELECT is(careaccess_book('t1', 'ta carl'), 'new_provider', 'TA-9 allow_self_listing on: a provider books for himself');
SELECT careaccess_act_as('ta manager');
SELECT careaccess_unlist_client('t1', 'ta bert');
SELECT is(careaccess_book('t1', 'ta bert'), 'new_provider', 'TA-9 who was unlisted is new again');
SELECT careaccess_share_chart('t1', 'ta anna', 'ta bert');
UPDATE careaccess.client_link SET valid_until = now() - interval '1 minute' WHERE client OPERATOR(careaccess.=) 't1' AND member OPERATOR(careaccess.=) 'ta bert' AND active;
SELECT set_eq($$SELECT pg_temp.links('t1')$$, ARRAY['ta anna listed', 'ta carl listed'], 'a listing that ran out');
SELECT is(careaccess_book('t1', 'ta bert'), 'new_provider', 'TA-9 does not count as one');
SELECT set_eq($$SELECT pg_temp.links('t1')$$, ARRAY['ta anna listed', 'ta bert listed', 'ta carl listed'], '… and is made anew');
SELECT is_empty($$SELECT FROM careaccess.chart_share WHERE stopped IS NULL$$, 'TA-5 a chart share that outlived the listing does not come back by a booking');
SELECT ok(NOT pg_temp.may('ta bert', 't1', 'chart', 'view', 'ta anna'), 'TA-5 so he reads no chart');
SELECT is((SELECT stopped_by::text FROM careaccess.chart_share), 'ta manager', 'TA-5 and the share says who ended it');

-- IntakeQ: booking by staff gives nothing

SELECT careaccess_act_as('iq lena');
SELECT is(careaccess_book('i1', 'iq bert'), 'unlinked', 'IQ-11 booking by staff gives nothing');
SELECT set_eq($$SELECT pg_temp.links('i1')$$, ARRAY['iq anna owner'], 'IQ-11 no link');
SELECT ok(NOT pg_temp.may('iq bert', 'i1', 'name'), 'IQ-11 no sight of the client');
SELECT is(careaccess_book('i1', 'iq anna'), 'linked', 'IQ-11 the owner has access');
SELECT is(careaccess_book('i1', 'iq carl'), 'linked', 'IQ-11 as has who sees all clients');
SELECT is(careaccess_book('i1', 'iq bert', 'staff', 'i9'), 'unlinked', 'IQ-11 staff make no duplicates');
SELECT ok(NOT EXISTS (SELECT FROM careaccess.client WHERE id OPERATOR(careaccess.=) 'i9'), '… and register nobody');
SELECT throws_ok($$SELECT careaccess_book('i2', 'iq anna')$$, 'P0002', 'no such client: "i2"', 'IQ-10 an assistant books for clients of his practitioner only');
SELECT careaccess_act_as('iq bert');
SELECT throws_ok($$SELECT careaccess_book('i1', 'iq bert')$$, 'P0002', 'no such client: "i1"', 'IQ-3 nobody books for a hidden client');
SELECT is((SELECT count(*)::integer FROM careaccess.event WHERE operation = 'book' AND practice OPERATOR(careaccess.=) 'iq'), 0, 'IQ-11 nothing happened, nothing is logged');

-- Standard: one does not bring oneself to a client

SELECT careaccess_act_as('st carl');
SELECT throws_ok($$SELECT careaccess_book('s1', 'st carl')$$, '42501', 'not allowed to book a client for oneself', 'allow_self_listing off: no booking for oneself without a link');
SELECT is(careaccess_book('s1', 'st anna'), 'linked', '… one for the owner is allowed');
SELECT careaccess_stop_acting();
SELECT careaccess_configure_practice('st', '{"staff_booking": "none"}');
SELECT careaccess_act_as('st carl');
SELECT throws_ok($$SELECT careaccess_book('s1', 'st carl')$$, '42501', 'not allowed to book a client for oneself', '… whatever booking gives');
SELECT careaccess_stop_acting();
SELECT careaccess_configure_practice('st', '{"staff_booking": "grant"}');
SELECT careaccess_act_as('st carl');
SELECT throws_ok($$SELECT careaccess_book('s1', 'st carl')$$, '42501', 'not allowed to book a client for oneself', '… a grant neither');
SELECT careaccess_stop_acting();
SELECT careaccess_configure_practice('st', '{"staff_booking": "list"}');
SELECT careaccess_share_client('s1', 'st carl');
SELECT careaccess_act_as('st carl');
SELECT is(careaccess_book('s1', 'st carl'), 'linked', '… with a link it is allowed');
SELECT set_eq($$SELECT pg_temp.links('s1')$$, ARRAY['st anna owner', 'st carl grant'], '… and any kind of link will do');
SELECT careaccess_act_as('st anna');
SELECT careaccess_unshare_client('s1', 'st carl');
SELECT careaccess_act_as('st scheduler');
SELECT is(careaccess_book('s1', 'st carl'), 'new_provider', '… somebody else may book for him: seeing a client is no listing');
SELECT is(pg_temp.given('s1', 'st carl'), 'listed/booking/st scheduler/-/-', '… and he is listed');
SELECT careaccess_act_as('st owner');
SELECT careaccess_unlist_client('s1', 'st carl');
SELECT careaccess_restrict_client('s1');
SELECT careaccess_revoke_administrative_access('s1', 'st carl');
SELECT throws_ok($$SELECT careaccess_book('s1', 'st carl')$$, '55000', 'the administrative access of member "st carl" to client "s1" is revoked', 'SP-8 no listing by booking while revoked');
SELECT careaccess_revoke_administrative_access('s1', 'st scheduler');
SELECT careaccess_act_as('st scheduler');
SELECT throws_ok($$SELECT careaccess_book('s1', 'st anna')$$, 'P0002', 'no such client: "s1"', 'SP-3 who is revoked finds no client to book for');

-- SimplePractice with grants

SELECT careaccess_act_as('sp scheduler');
SELECT is(careaccess_book('p1', 'sp bert'), 'unlinked', 'staff_booking none');
SELECT careaccess_stop_acting();
SELECT careaccess_configure_practice('sp', '{"staff_booking": "grant", "allow_self_share": false}');
SELECT careaccess_act_as('sp scheduler');
SELECT is(careaccess_book('p1', 'sp bert'), 'granted', 'staff_booking grant: who does not see the client is granted');
SELECT is(pg_temp.given('p1', 'sp bert'), 'grant/booking/sp scheduler/-/-', '… without a reason or an end');
SELECT ok(pg_temp.may('sp bert', 'p1', 'chart'), '… and sees what a grant opens');
SELECT is(careaccess_book('p1', 'sp bert'), 'linked', '… once');
SELECT is(careaccess_book('p1', 'sp dora'), 'linked', 'SP-12 who sees all is granted nothing');
SELECT set_eq($$SELECT pg_temp.links('p1')$$, ARRAY['sp anna owner', 'sp bert grant'], '… no row');
UPDATE careaccess.client_link SET valid_until = now() - interval '1 minute' WHERE client OPERATOR(careaccess.=) 'p1' AND kind = 'grant';
SELECT is(careaccess_book('p1', 'sp bert'), 'granted', 'a grant that ran out is no grant');
SELECT careaccess_stop_acting();
SELECT careaccess_restrict_client('p1');
SELECT careaccess_revoke_administrative_access('p1', 'sp dora');
SELECT throws_ok($$SELECT careaccess_book('p1', 'sp dora')$$, '55000', NULL, 'SP-8 no grant by booking while revoked');
SELECT set_eq($$SELECT pg_temp.links('p1')$$, ARRAY['sp anna owner', 'sp bert grant'], 'SP-8 and no link');
DELETE FROM careaccess.practice_link_category WHERE practice OPERATOR(careaccess.=) 'sp' AND kind = 'grant' AND category = 'name';
SELECT is(careaccess_book('p1', 'sp bert'), 'linked', 'a grant that does not open the name is a grant all the same');

-- Embodia: who manages groups names their practitioners

SELECT careaccess_act_as('em admin');
SELECT is(careaccess_book('e1', 'em bert'), 'new_provider', 'EM-4 a clinic admin books for the practitioners he manages');
SELECT throws_ok($$SELECT careaccess_book('e1', 'em carl')$$, '42501', 'not allowed to name member "em carl"', 'EM-4 and for no others');
SELECT throws_ok($$SELECT careaccess_book('e1', NULL)$$, '22023', 'member must not be null', '… but nobody is a bad value');
SELECT throws_ok($$SELECT careaccess_book('e1', 'nobody')$$, '42501', NULL, '… nor can he find out who there is');
SELECT careaccess_act_as('em anna');
SELECT is(careaccess_book('e1', 'em carl'), 'new_provider', 'EM-3 a practitioner books for a colleague of another group');
SELECT careaccess_act_as('em manager');
SELECT throws_ok($$SELECT careaccess_book('e1', 'em anna')$$, '42501', 'not allowed to book an appointment', 'the clinic manager has no capability to book');

-- The booking page

SELECT careaccess_stop_acting();
CREATE ROLE careaccess_test_plain;
CREATE ROLE careaccess_test_page;
CREATE ROLE careaccess_test_dba;
SELECT careaccess_grant_application('careaccess_test_plain');
SELECT careaccess_grant_application('careaccess_test_page');
SELECT careaccess_grant_administrator('careaccess_test_dba');
GRANT EXECUTE ON FUNCTION careaccess_act_as TO careaccess_test_page;
SET LOCAL ROLE careaccess_test_plain;
SELECT throws_ok($$SELECT careaccess_book('i1', 'iq bert', 'widget')$$, '42501', 'not allowed to book as the widget', 'IQ-11 an application role is not the booking page');
SELECT throws_ok($$SELECT careaccess_book('i1', 'iq bert')$$, '42501', 'no member is acting in this session', '… nor staff');
SET LOCAL ROLE careaccess_test_dba;
SELECT throws_ok($$SELECT careaccess_book('i1', 'iq bert', 'widget')$$, '42501', 'not allowed to book as the widget', '… an administrator of careaccess neither, unless he may act as others');
SET LOCAL ROLE careaccess_test_page;
SELECT is(careaccess_book('i1', 'iq bert', 'widget'), 'duplicate_needed', 'IQ-11 a practitioner who cannot see the client needs a duplicate profile');
SELECT throws_ok($$SELECT careaccess_book('i1', 'iq bert', 'widget', 'i2')$$, '23505', 'client identifier "i2" is in use', 'IQ-11 under a new identifier');
SELECT throws_ok($$SELECT careaccess_book('i1', 'iq bert', 'widget', 't1')$$, '23505', 'client identifier "t1" is in use', '… new in the whole database');
SELECT is(careaccess_book('i1', 'iq bert', 'widget', 'i1 bert'), 'duplicated', 'IQ-11 and gets it');
SELECT is(careaccess_book('i1', 'iq anna', 'widget', 'i1 anna'), 'linked', 'IQ-11 no duplicate for the owner');
SELECT is(careaccess_book('i1', 'iq carl', 'widget', 'i1 carl'), 'linked', 'IQ-11 nor for who sees the client anyway');
SELECT is(careaccess_book('t2', 'ta bert', 'widget'), 'new_provider', 'TA-9 the widget lists, by its own setting');
SELECT throws_ok($$SELECT careaccess_book('t2', 'ta manager', 'widget')$$, '22023', NULL, '… practitioners only');
SELECT throws_ok($$SELECT careaccess_book('zz', 'ta bert', 'widget')$$, 'P0002', 'no such client: "zz"', 'the widget, too, needs a client');
SELECT throws_ok($$SELECT careaccess_book('t2', 'st anna', 'widget')$$, 'P0002', 'no such member: "st anna"', '… and a provider of his practice');
SELECT throws_ok($$SELECT careaccess_book('t2', 'ta anna')$$, '42501', NULL, 'the booking page is not staff');
SELECT throws_ok($$SELECT careaccess_act_as('iq admin'), careaccess_book('i1', 'iq bert', 'widget')$$, '42501', NULL, '… and acting as a member it is not the page');
RESET ROLE;
SELECT set_eq($$SELECT pg_temp.links('i1') UNION ALL SELECT pg_temp.links('i1 bert')$$, ARRAY['iq anna owner', 'iq bert owner'], 'IQ-11 the duplicate is his, the original its owner''s');
SELECT ok(pg_temp.may('iq bert', 'i1 bert', 'chart') AND NOT pg_temp.may('iq bert', 'i1', 'name') AND NOT pg_temp.may('iq anna', 'i1 bert', 'name'),
	'IQ-11 neither sees the other''s profile');
SELECT is(pg_temp.given('i1 bert', 'iq bert') || ' ' || pg_temp.given('t2', 'ta bert'), 'owner/booking/-/-/- listed/booking/-/-/-', 'no member gave it');
SELECT is(count(*)::integer, 0, 'IQ-11 nobody else was registered') FROM careaccess.client WHERE id::text IN ('i1 anna', 'i1 carl');
SELECT careaccess_configure_practice('iq', '{"widget_booking": "grant"}');
SELECT is(careaccess_book('i1', 'iq bert', 'widget'), 'granted', 'IQ-11 or, by setting, a grant');
SELECT ok(pg_temp.may('iq bert', 'i1', 'chart'), 'IQ-11 by which he sees the client');
SELECT careaccess_configure_practice('ta', '{"widget_booking": "duplicate"}');
-- In this preset every provider sees the list of clients.
DELETE FROM careaccess.role_permission WHERE practice OPERATOR(careaccess.=) 'ta' AND role = 'provider' AND category = 'name' AND reach = 'all';
SELECT is(careaccess_book('t2', 'ta carl', 'widget', 't2 carl'), 'duplicated', 'a duplicate where clients have no owner');
SELECT set_eq($$SELECT pg_temp.links('t2 carl')$$, ARRAY['ta carl listed'], 'TA-1 lists its provider');
SELECT careaccess_add_client('i3', 'iq', 'iq anna');
INSERT INTO careaccess.portal_user (id, client) VALUES ('pat', 'i3'), ('iq admin', 'i1');
INSERT INTO careaccess.profile_link (client, contact_client) VALUES ('i1', 'i3');
INSERT INTO careaccess.portal_access (client, portal_user, status) VALUES ('i1', 'pat', 'accepted');
GRANT EXECUTE ON FUNCTION careaccess_act_as_portal_user TO careaccess_test_plain;
SET LOCAL ROLE careaccess_test_plain;
SELECT careaccess_act_as_portal_user('pat');
SELECT is(careaccess_book('i3', 'iq bert', 'widget'), 'granted', 'IQ-11 a portal user books for his own profile, without careaccess_act_as');
SELECT throws_ok($$SELECT careaccess_book('i1', 'iq bert', 'widget')$$, 'P0002', 'no such client: "i1"', 'SH-10 not for one that he has not chosen');
SELECT throws_ok($$SELECT careaccess_book('zz', 'iq bert', 'widget')$$, 'P0002', 'no such client: "zz"', '… in the words of a missing one');
SELECT throws_ok($$SELECT careaccess_book('i3', 'ta bert', 'widget')$$, 'P0002', 'no such member: "ta bert"', '… nor with a provider of another practice');
SELECT throws_ok($$SELECT careaccess_book('i3', 'iq bert')$$, '42501', 'no member is acting in this session', '… nor as staff');
SELECT careaccess_switch_profile('i1');
SELECT is(careaccess_book('i1', 'iq bert', 'widget'), 'linked', 'SH-10 chosen, he books for it');
SELECT throws_ok($$SELECT careaccess_book('i3', 'iq bert', 'widget')$$, 'P0002', NULL, 'SH-10 and not for the other');
RESET ROLE;
UPDATE careaccess.portal_access SET status = 'withdrawn';
SELECT throws_ok($$SELECT careaccess_book('i1', 'iq bert', 'widget')$$, 'P0002', 'no such client: "i1"', 'SH-10 an access withdrawn meanwhile books nothing');
UPDATE careaccess.client_link SET valid_until = now() - interval '1 minute' WHERE client OPERATOR(careaccess.=) 'i1' AND kind = 'grant';
SELECT careaccess_act_as_portal_user('iq admin');
SELECT is(careaccess_book('i1', 'iq bert', 'widget'), 'granted', 'a portal user with the identifier of a member');
SELECT is(pg_temp.given('i1', 'iq bert'), 'grant/booking/-/-/-', '… is not named as the member who gave it');
SELECT careaccess_stop_acting();
SELECT careaccess_set_client_status('t2', 'deleted');
SELECT throws_ok($$SELECT careaccess_book('t2', 'ta anna', 'widget')$$, 'P0002', 'no such client: "t2"', 'a deleted client is gone for the widget, too');

SELECT * FROM finish();
ROLLBACK;
