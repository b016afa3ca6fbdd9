-- Inserting into an adopted table tells whoever may add no client nothing of
-- those that he may not see: one answer for a hidden client and for a new one.
BEGIN;
SELECT plan(12);
SET client_min_messages = error;

CREATE FUNCTION pg_temp.outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	hint text;
BEGIN
	EXECUTE statement;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' ', SQLSTATE, SQLERRM, nullif(hint, ''));
END $$;

SELECT careaccess_create_practice('p', 'One', 'simplepractice');
SELECT careaccess_create_practice('q', 'Two', 'simplepractice');
SELECT careaccess_add_member('p', 'olga', 'Olga', '{account_owner}');
SELECT careaccess_add_member('p', 'anna', 'Anna', '{clinician_basic}');
SELECT careaccess_add_member('p', 'bill', 'Bill', '{practice_biller}');
SELECT careaccess_add_member('q', 'quin', 'Quin', '{clinician_basic}');
SELECT careaccess_add_client('mine', 'p', 'anna');
SELECT careaccess_add_client('hidden', 'p', 'anna');
SELECT careaccess_add_client('other', 'q', 'quin');
SELECT careaccess_restrict_client('hidden');
SELECT careaccess_revoke_administrative_access('hidden', 'bill');
SELECT careaccess_add_portal_user('login', 'mine');

CREATE TABLE person (id text, practice text, owner text);
CREATE INDEX ON person (id);
SELECT careaccess_adopt_clients('person', 'id', practice_column => 'practice', owner_column => 'owner');
CREATE TABLE open_table (id text, practice text, owner text);
SELECT careaccess_adopt_clients('open_table', 'id', practice_column => 'practice', owner_column => 'owner');
SELECT careaccess_protect('person', 'id', 'profile', practice_column => 'practice');
CREATE ROLE careaccess_test_app;
SELECT careaccess_grant_application('careaccess_test_app');
GRANT EXECUTE ON FUNCTION careaccess_act_as, careaccess_act_as_portal_user TO careaccess_test_app;
GRANT ALL ON person, open_table TO careaccess_test_app;
SET LOCAL ROLE careaccess_test_app;

CREATE FUNCTION pg_temp.tells(who text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY
		SELECT is(pg_temp.outcome(format('INSERT INTO person VALUES (%L, ''p'', ''anna'')', id)),
			pg_temp.outcome('INSERT INTO person VALUES (''missing'', ''p'', ''anna'')'),
			format('%s learns nothing of client %s', who, id))
		FROM unnest('{hidden,other}'::text[]) AS id;
	RETURN NEXT is(pg_temp.outcome('INSERT INTO person VALUES (''missing'', ''p'', ''anna'')'),
		'42501 new row violates row-level security policy for table "person"', format('%s is refused', who));
END $$;

SELECT pg_temp.tells('nobody');
SELECT careaccess_act_as_portal_user('login');
SELECT pg_temp.tells('a portal user');
SELECT careaccess_act_as('bill');
SELECT pg_temp.tells('a member who adds no clients');

-- A table without policies refuses new clients all the same
SELECT alike(pg_temp.outcome($$INSERT INTO open_table VALUES ('missing', 'p', 'anna')$$), '42501 not allowed to add a client%', 'not protected: a member who adds no clients');
SELECT careaccess_stop_acting();
SELECT alike(pg_temp.outcome($$INSERT INTO open_table VALUES ('missing', 'p', 'anna')$$), '42501 no member is acting in this session%', '… nobody');
RESET ROLE;
SELECT is((SELECT count(*) FROM careaccess.client), 3::bigint, '… and nothing is registered');

SELECT * FROM finish();
ROLLBACK;
