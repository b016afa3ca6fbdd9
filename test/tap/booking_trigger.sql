-- careaccess_book_trigger: appointments of the application's own table book.
BEGIN;
SELECT plan(45);

SET client_min_messages = warning;

CREATE FUNCTION pg_temp.new_member(practice text, member text, VARIADIC roles text[]) RETURNS void LANGUAGE sql AS $$
	INSERT INTO careaccess.member (id, practice, name) VALUES (member, practice, member);
	INSERT INTO careaccess.member_role (practice, member, role) SELECT practice, member, r FROM unnest(roles) AS r;
$$;
CREATE FUNCTION links(client text) RETURNS SETOF text LANGUAGE sql SECURITY DEFINER AS $$
	SELECT l.member::text || ' ' || l.kind || ' ' || l.source FROM careaccess.client_link l
	WHERE l.client OPERATOR(careaccess.=) $1 AND l.active ORDER BY 1
$$;

SELECT careaccess_create_practice('ta', 'TherapyAppointment', 'therapyappointment');
SELECT pg_temp.new_member('ta', '1', 'scheduler');
SELECT pg_temp.new_member('ta', '2', 'provider');
SELECT pg_temp.new_member('ta', '3', 'provider');
SELECT pg_temp.new_member('ta', '4', 'provider');
SELECT pg_temp.new_member('ta', '5', 'biller');
SELECT pg_temp.new_member('ta', '6', 'manager');
SELECT careaccess_create_practice('iq', 'IntakeQ', 'intakeq');
SELECT pg_temp.new_member('iq', '11', 'administrator');
SELECT pg_temp.new_member('iq', '12', 'practitioner');
SELECT pg_temp.new_member('iq', '13', 'practitioner');
SELECT careaccess_add_client(100, 'ta', NULL, '{2}'), careaccess_add_client(101, 'ta', NULL, '{2}'),
	careaccess_add_client(102, 'ta', NULL, '{2}'), careaccess_add_client(200, 'iq', 12);

CREATE TABLE appointment (id serial, client integer, provider integer, at text DEFAULT 'Monday');
CREATE INDEX ON appointment (client);
SELECT careaccess_protect('appointment', 'client', 'schedule');
CREATE ROLE careaccess_test_app;
SELECT careaccess_grant_application('careaccess_test_app');
GRANT EXECUTE ON FUNCTION careaccess_act_as TO careaccess_test_app;
GRANT ALL ON appointment TO careaccess_test_app;
GRANT ALL ON appointment_id_seq TO careaccess_test_app;

-- After the row is written it comes too late for the row's own check.
CREATE TRIGGER book AFTER INSERT OR UPDATE OR DELETE ON appointment
	FOR EACH ROW EXECUTE FUNCTION careaccess_book_trigger('client', 'provider');
SET LOCAL ROLE careaccess_test_app;
SELECT careaccess_act_as(3);
SELECT throws_ok($$INSERT INTO appointment (client, provider) VALUES (100, 3)$$, '42501', NULL,
	'AFTER: a provider without a listing cannot write an appointment');
SELECT careaccess_act_as(1);
SELECT lives_ok($$INSERT INTO appointment (client, provider) VALUES (100, 4)$$, 'AFTER: a scheduler can');
SELECT ok('4 listed booking' IN (SELECT links('100')), 'TA-9 AFTER: and the provider is listed');
RESET ROLE;
DROP TRIGGER book ON appointment;

CREATE TRIGGER book BEFORE INSERT OR UPDATE OR DELETE ON appointment
	FOR EACH ROW EXECUTE FUNCTION careaccess_book_trigger('client', 'provider', 'staff');
SET LOCAL ROLE careaccess_test_app;
SELECT careaccess_act_as(3);
SELECT results_eq($$INSERT INTO appointment (client, provider) VALUES (100, 3) RETURNING provider$$, ARRAY[3],
	'TA-9 BEFORE: the booking lets his own row in, and RETURNING shows it');
SELECT set_eq($$SELECT links('100')$$, ARRAY['2 listed add_client', '3 listed booking', '4 listed booking'], 'TA-9 listed by it');
SELECT throws_ok($$INSERT INTO appointment (client, provider) VALUES (999, 3)$$, 'P0002', 'no such client: "999"', 'an unknown client');
SELECT throws_ok($$INSERT INTO appointment (client, provider) VALUES (200, 3)$$, 'P0002', 'no such client: "200"', 'one of another practice: the same');
SELECT throws_ok($$INSERT INTO appointment (client, provider) VALUES (101, 13)$$, 'P0002', 'no such member: "13"', 'a provider of another practice');
SELECT throws_ok($$INSERT INTO appointment (client, provider) VALUES (101, 4)$$, '42501', NULL,
	'a colleague''s booking does not let one write the row');
SELECT set_eq($$SELECT links('101')$$, ARRAY['2 listed add_client'], '… and a refused row lists nobody');
SELECT careaccess_act_as(5);
SELECT throws_ok($$INSERT INTO appointment (client, provider) VALUES (101, 4)$$, '42501', 'not allowed to book an appointment',
	'TA-11 a biller books not by a trigger either');

SELECT careaccess_act_as(1);
SELECT lives_ok($$INSERT INTO appointment (client, provider, at) VALUES (101, NULL, 'Friday')$$, 'an appointment without a provider books nothing');
SELECT set_eq($$SELECT links('101')$$, ARRAY['2 listed add_client'], '… and lists nobody');
SELECT lives_ok($$UPDATE appointment SET provider = 4 WHERE at = 'Friday'$$, 'naming him later');
SELECT ok('4 listed booking' IN (SELECT links('101')), 'TA-9 books: another provider');
SELECT lives_ok($$UPDATE appointment SET client = 102 WHERE at = 'Friday'$$, 'moved to another client');
SELECT ok('4 listed booking' IN (SELECT links('102')), 'TA-9 books for him');
SELECT ok('4 listed booking' IN (SELECT links('101')), 'TA-10 and unlists nobody');
SELECT careaccess_act_as(6);
SELECT careaccess_unlist_client(102, 4);
SELECT careaccess_act_as(1);
SELECT lives_ok($$UPDATE appointment SET at = 'Saturday', provider = 4, client = 102 WHERE at = 'Friday'$$, 'another time is no booking');
SELECT set_eq($$SELECT links('102')$$, ARRAY['2 listed add_client'], '… who was unlisted meanwhile stays so');
SELECT lives_ok($$UPDATE appointment SET provider = NULL WHERE at = 'Saturday'$$, 'TA-10 taking the provider away');
SELECT ok('3 listed booking' IN (SELECT links('100')), 'TA-10 before the booking is cancelled');
SELECT results_eq($$DELETE FROM appointment WHERE client = 100 RETURNING provider$$, $$VALUES (4), (3)$$, 'TA-10 cancelling removes the rows');
SELECT set_eq($$SELECT links('100')$$, ARRAY['2 listed add_client', '3 listed booking', '4 listed booking'], 'TA-10 and unlists nobody');
SELECT throws_ok($$WITH x AS (INSERT INTO appointment (client, provider, at) VALUES (102, 3, 'Tuesday') RETURNING 1) SELECT 1/0 FROM x$$,
	'22012', NULL, 'a statement that fails afterwards');
SELECT set_eq($$SELECT links('102')$$, ARRAY['2 listed add_client'], '… lists nobody');
SELECT careaccess_stop_acting();
SELECT throws_ok($$INSERT INTO appointment (client, provider) VALUES (101, 3)$$, '42501', 'no member is acting in this session', 'nobody books nothing');

-- The booking page

RESET ROLE;
CREATE TABLE request (client text, provider bigint);
GRANT INSERT ON request TO careaccess_test_app;
CREATE TRIGGER book BEFORE INSERT ON request FOR EACH ROW EXECUTE FUNCTION careaccess_book_trigger('client', 'provider', 'widget');
SET LOCAL ROLE careaccess_test_app;
SELECT throws_ok($$INSERT INTO request VALUES (200, 13)$$, '55000', 'member "13" needs a profile of his own for client "200"',
	'IQ-11 a duplicate profile cannot be made by a trigger');
SELECT careaccess_book(200, 13, 'widget', 201);
SELECT lives_ok($$INSERT INTO request VALUES (201, 13), ('', 13), (NULL, 13)$$, 'IQ-11 once it is there, it is booked; rows of nobody are left alone');
RESET ROLE;
SELECT careaccess_configure_practice('iq', '{"widget_booking": "grant"}');
INSERT INTO careaccess.portal_user (id, client) VALUES (1, 200);
SELECT careaccess_act_as_portal_user(1);
SELECT throws_ok($$INSERT INTO request VALUES (201, 12)$$, 'P0002', 'no such client: "201"', 'SH-10 a portal user books not for another profile');
SELECT lives_ok($$INSERT INTO request VALUES (200, 13)$$, 'IQ-11 for his own he does');
SELECT ok('13 grant booking' IN (SELECT links('200')), 'IQ-11 and gives what the setting says');
SELECT careaccess_stop_acting();
SET LOCAL ROLE careaccess_test_app;
SELECT careaccess_act_as(11);
SELECT throws_ok($$INSERT INTO request VALUES (201, 13)$$, '42501', 'not allowed to book as the widget', 'a member is not the booking page');
RESET ROLE;
SELECT careaccess_stop_acting();

-- A table of one's own gives nothing that the function does not give

CREATE ROLE careaccess_test_plain;
GRANT CREATE, USAGE ON SCHEMA public TO careaccess_test_plain;
GRANT EXECUTE ON FUNCTION careaccess_book_trigger TO careaccess_test_plain;
SET LOCAL ROLE careaccess_test_plain;
CREATE TABLE mine (c text, p text);
CREATE TRIGGER book AFTER INSERT ON mine FOR EACH ROW EXECUTE FUNCTION careaccess_book_trigger('c', 'p');
CREATE TRIGGER book_too AFTER INSERT ON mine FOR EACH ROW WHEN (NEW.c = '200') EXECUTE FUNCTION careaccess_book_trigger('c', 'p', 'widget');
SELECT throws_ok($$INSERT INTO mine VALUES (100, 4)$$, '42501', 'no member is acting in this session', 'a plain role books nothing through a table of its own');
ALTER TABLE mine DISABLE TRIGGER book;
SELECT throws_ok($$INSERT INTO mine VALUES (200, 12)$$, '42501', 'not allowed to book as the widget', '… neither as the booking page');
RESET ROLE;

-- Triggers that say nonsense

CREATE TABLE odd (client integer, provider integer, note text, made date);
CREATE FUNCTION pg_temp.odd(definition text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE 'CREATE TRIGGER t ' || replace(definition, 'book(', 'EXECUTE FUNCTION careaccess_book_trigger(');
	INSERT INTO odd VALUES (100, 3, 'x');
	RETURN 'booked';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
SELECT is(pg_temp.odd($$BEFORE INSERT ON odd FOR EACH ROW book('client')$$), '22023 trigger "t" on table public.odd has the wrong arguments', 'no provider''s column');
SELECT is(pg_temp.odd($$BEFORE INSERT ON odd FOR EACH ROW book('client', 'provider', 'staff', 'x')$$), '22023 trigger "t" on table public.odd has the wrong arguments', 'too many arguments');
SELECT is(pg_temp.odd($$BEFORE INSERT ON odd FOR EACH ROW book('client', '')$$), '22023 trigger "t" on table public.odd has the wrong arguments', 'an empty one');
SELECT is(pg_temp.odd($$BEFORE INSERT ON odd FOR EACH ROW book('client', 'doctor')$$), '42703 column "doctor" of table public.odd does not exist', 'an unknown column');
SELECT is(pg_temp.odd($$BEFORE INSERT ON odd FOR EACH ROW book('client', 'made')$$), '42804 column "made" of table public.odd has the wrong type date', 'a column that holds no identifiers');
SELECT is(pg_temp.odd($$BEFORE INSERT ON odd FOR EACH ROW book('client', 'provider', 'phone')$$), '22023 unknown channel: "phone"', 'an unknown channel');
SELECT is(pg_temp.odd($$BEFORE INSERT ON odd FOR EACH STATEMENT book('client', 'provider')$$), '39P01 trigger "t" on table public.odd cannot book', 'FOR EACH STATEMENT');
SELECT is(pg_temp.odd($$BEFORE INSERT ON odd FOR EACH ROW book('client', 'provider')$$), 'booked', 'and one that is right');
SELECT is_empty($$SELECT FROM odd WHERE note <> 'x'$$, '… leaves the row as it is');
SELECT throws_ok($$SELECT careaccess_book_trigger()$$, '0A000', NULL, 'it is no function to call');

SELECT * FROM finish();
ROLLBACK;
