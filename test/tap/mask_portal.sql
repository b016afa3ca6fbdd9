-- Masks, as portal users read them: their chosen profile, by what it opens.
BEGIN;
SELECT plan(10);

SET client_min_messages = error;

CREATE FUNCTION pg_temp.rows_as(who text, query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	PERFORM public.careaccess_act_as_portal_user(who);
	EXECUTE 'SELECT string_agg(the_row::text, '' '' ORDER BY the_row::text) FROM (' || query || ') AS the_row' INTO result;
	RETURN coalesce(result, 'none');
END $$;

-- Clients 100 and 101 have logins of their own; 102 has none.
SELECT careaccess_create_practice(1, 'one', 'sessionshealth');
SELECT careaccess_add_member(1, 10, 'anna', '{practitioner}');
SELECT careaccess_add_client(c, 1, 10) FROM generate_series(100, 102) AS c;
SELECT careaccess_add_portal_user('p100', 100);
SELECT careaccess_add_portal_user('p101', 101);

CREATE SCHEMA app;
SET search_path = app, public;
CREATE TABLE client (id int PRIMARY KEY, practice int, name text, phone text, diagnosis text);
INSERT INTO client VALUES (100, 1, 'Ann', '1-100', 'F1'), (101, 1, 'Bo', '1-101', 'F2'), (102, 1, 'Cy', '1-102', 'F3');
SELECT careaccess_protect('client', 'id', 'diagnosis', practice_column => 'practice');
SELECT careaccess_mask('client_list', 'client', '{"name": "name", "phone": "profile", "diagnosis": "diagnosis"}');
CREATE TABLE visit (id int PRIMARY KEY, client int, practice int, at time, title text, bill text);
CREATE INDEX ON visit (client);
INSERT INTO visit VALUES (1, 100, 1, '09:00', 'Ann', 'b'), (2, 101, 1, '10:00', 'Bo', 'b'), (3, NULL, 1, '11:00', 'cleaning', 'b');
SELECT careaccess_protect('visit', 'client', 'schedule', practice_column => 'practice');
SELECT careaccess_mask('calendar', 'visit', '{"id": "busy", "at": "busy", "title": "schedule", "bill": "billing"}', 'schedule', keep_invisible => true);
CREATE TABLE paper (id int PRIMARY KEY, client int, shown boolean, title text, body text);
CREATE INDEX ON paper (client);
INSERT INTO paper VALUES (1, 100, true, 'for Ann', 'x'), (2, 100, false, 'about Ann', 'x'), (3, 101, true, 'for Bo', 'x'), (4, 100, NULL, 'unknown', 'x');
SELECT careaccess_protect('paper', 'client', 'chart', client_visible_column => 'shown');
SELECT careaccess_mask('papers', 'paper', '{"id": "busy", "title": "documents", "body": "chart"}', 'documents');
SELECT careaccess_mask('all_papers', 'paper', '{"id": "busy", "title": "documents", "body": "chart"}', 'documents', keep_invisible => true);

CREATE ROLE careaccess_test_portal;
SELECT careaccess_grant_application('careaccess_test_portal');
GRANT EXECUTE ON FUNCTION careaccess_act_as_portal_user TO careaccess_test_portal;
GRANT USAGE ON SCHEMA app TO careaccess_test_portal;
GRANT SELECT ON client_list, calendar, papers, all_papers TO careaccess_test_portal;
SET LOCAL ROLE careaccess_test_portal;

SELECT is(pg_temp.rows_as('p100', 'SELECT * FROM client_list'), '(100,,Ann,1-100,)', 'a portal user sees his profile, without what staff note');
SELECT is(pg_temp.rows_as('p101', 'SELECT * FROM client_list'), '(101,,Bo,1-101,)', '… each his own');
SELECT is(pg_temp.rows_as('p100', 'SELECT * FROM calendar'), '(1,100,,09:00:00,Ann,)', 'SH-10 his appointments, and nobody''s busy slots');
SELECT is(pg_temp.rows_as('p101', 'SELECT * FROM calendar'), '(2,101,,10:00:00,Bo,)', '… each his own');
SELECT is(pg_temp.rows_as('p100', 'SELECT * FROM papers'), '(1,100,,"for Ann",x)', 'a record that the client may see, he sees');
SELECT is(pg_temp.rows_as('p101', 'SELECT * FROM papers'), '(3,101,,"for Bo",x)', '… his own');
SELECT is(pg_temp.rows_as('p100', 'SELECT * FROM all_papers'), '(1,100,,"for Ann",x)', 'and no row that is kept for the staff');
SELECT careaccess_stop_acting();
SELECT is((SELECT count(*) FROM papers), 0::bigint, 'nobody sees none, though the client may see them');
SELECT is((SELECT count(*) FROM all_papers), 0::bigint, '… nor a busy one');

-- Another profile, with one permission only
RESET ROLE;
SELECT careaccess_link_profile(102, 100, 'parent');
SELECT careaccess_invite_to_portal(102, 'p100', view_appointments => true, manage_information => false);
SET LOCAL ROLE careaccess_test_portal;
SELECT careaccess_act_as_portal_user('p100');
SELECT careaccess_accept_portal_access(102);
SELECT careaccess_act_as_portal_user('p100', 102);
SELECT is((SELECT string_agg(c::text, ' ') FROM client_list AS c), '(102,,Cy,,)', 'SH-10 a profile whose appointments alone he may see: its name');

SELECT * FROM finish();
ROLLBACK;
