-- SH-12: values that are unique in a practice, whatever their case, and whose
-- refusal tells nothing of the row that has them.
BEGIN;
SELECT plan(49);

SET client_min_messages = error;

-- Everything that a client of PostgreSQL is told of an error.
CREATE FUNCTION pg_temp.outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	n bigint; m text; d text; h text; c text;
BEGIN
	EXECUTE statement;
	GET DIAGNOSTICS n = ROW_COUNT;
	RETURN 'rows ' || n;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS m = MESSAGE_TEXT, d = PG_EXCEPTION_DETAIL, h = PG_EXCEPTION_HINT, c = COLUMN_NAME;
	RETURN concat_ws(' ', SQLSTATE, m, nullif('detail: ' || d, 'detail: '), nullif(c, ''));
END $$;
CREATE FUNCTION pg_temp.code(statement text) RETURNS text LANGUAGE sql AS $$ SELECT left(pg_temp.outcome(statement), 5) $$;

SELECT careaccess_create_practice(1, 'one', 'sessionshealth');
SELECT careaccess_create_practice(2, 'two', 'sessionshealth');
SELECT careaccess_add_member(1, 10, 'anna', '{practitioner}');
SELECT careaccess_add_member(1, 11, 'bert', '{practitioner}');
SELECT careaccess_add_member(2, 20, 'else', '{practitioner}');

CREATE SCHEMA app;
SET search_path = app, public;
CREATE TABLE client (id int PRIMARY KEY, practice int NOT NULL, owner int, email varchar(100), code char(5), born date, note text);
SELECT careaccess_adopt_clients('client', 'id', practice_column => 'practice', owner_column => 'owner');
INSERT INTO client VALUES (100, 1, 10, 'Ann@example.org', 'a'), (101, 1, 11, 'bo@example.org', 'b'), (102, 1, 11, NULL, 'c'), (103, 1, 11, NULL, 'd'),
	(200, 2, 20, 'ann@EXAMPLE.org', 'a');
SELECT is(pg_temp.code($$SELECT careaccess_unique('client', 'email', 'practice')$$), '55000', 'a table that is not protected would tell the value');
SELECT careaccess_protect('client', 'id', 'profile', practice_column => 'practice');
CREATE ROLE careaccess_test_owner;
GRANT ALL ON SCHEMA app TO careaccess_test_owner;
SELECT careaccess_grant_administrator('careaccess_test_owner');
ALTER TABLE client OWNER TO careaccess_test_owner;
CREATE ROLE careaccess_test_app;
SELECT careaccess_grant_application('careaccess_test_app');
GRANT EXECUTE ON FUNCTION careaccess_act_as TO careaccess_test_app, careaccess_test_owner;
GRANT USAGE ON SCHEMA app TO careaccess_test_app;
GRANT ALL ON client TO careaccess_test_app;

-- Arguments

SELECT is(pg_temp.code($$SELECT careaccess_unique(NULL, 'email')$$), '22023', 'no table');
SELECT is(pg_temp.code($$SELECT careaccess_unique('client', NULL)$$), '22023', 'no column');
SELECT is(pg_temp.code($$SELECT careaccess_unique('client', 'mail')$$), '42703', 'no such column');
SELECT is(pg_temp.code($$SELECT careaccess_unique('client', 'ctid')$$), '42703', 'a system column');
SELECT is(pg_temp.code($$SELECT careaccess_unique('client', 'email', 'clinic')$$), '42703', 'no such practice column');
SELECT is(pg_temp.code($$SELECT careaccess_unique('client', 'born', 'practice')$$), '42804', 'a column without letters');
SELECT is(pg_temp.code($$SELECT careaccess_unique('client', 'email', 'born')$$), '42804', 'a practice column that holds none');

-- Who

SET LOCAL ROLE careaccess_test_app;
SELECT is(pg_temp.code($$SELECT careaccess_unique('client', 'email', 'practice')$$), '42501', 'not an application');
SELECT is(pg_temp.code($$SELECT careaccess.unique_begin('client', 'email', 'practice')$$), '42501', 'nor half of it');
SET LOCAL ROLE careaccess_test_owner;
SELECT careaccess_act_as(10);
SELECT is(pg_temp.code($$SELECT careaccess_unique('client', 'email', 'practice')$$), '42501', 'not in the name of a member');
SELECT careaccess_stop_acting();
SELECT is(pg_temp.outcome($$SELECT careaccess_unique('client', 'email', 'practice')$$), 'rows 1', 'the owner, who sees no row of it');
SELECT is((SELECT pg_get_userbyid(relowner) FROM pg_class WHERE relname = 'client_email_unique'), 'careaccess_test_owner', 'the index is his');
SELECT is(pg_temp.outcome($$SELECT careaccess_unique('client', 'email', 'practice')$$), 'rows 1', 'once more');
SELECT is((SELECT count(*) FROM pg_index WHERE indrelid = 'client'::regclass AND indisunique AND NOT indisprimary), 1::bigint, '… makes no second one');
RESET ROLE;
SELECT is((SELECT string_agg(concat_ws(' ', operation, database_role, after ->> 'table', after ->> 'column', after ->> 'practice_column', after ->> 'index'), ',')
	FROM careaccess.event WHERE fact = 'unique'), 'unique careaccess_test_owner app.client email practice client_email_unique', 'it is logged once');
SELECT is(pg_temp.outcome($$SELECT careaccess_unique('client', 'code', 'practice')$$), 'rows 1', 'char, too');
SELECT is(pg_temp.outcome($$SELECT careaccess_unique('client', 'note')$$), 'rows 1', 'text, too');

-- What a member is told.  bert's clients are hidden from anna.

SET LOCAL ROLE careaccess_test_app;
SELECT careaccess_act_as(10);
SELECT is((SELECT string_agg(id::text, ',' ORDER BY id) FROM client), '100', 'SH-12 anna sees her client');
CREATE TEMP TABLE duplicate (told text);
INSERT INTO duplicate VALUES ('23505 duplicate key value violates unique constraint "client_email_unique"');
SELECT is(pg_temp.outcome($$INSERT INTO client VALUES (110, 1, 10, 'bo@example.org')$$), told, 'SH-12 a hidden client''s address is refused, and not said') FROM duplicate;
SELECT is(pg_temp.outcome($$INSERT INTO client VALUES (110, 1, 10, 'BO@Example.ORG')$$), told, 'SH-12 whatever its case') FROM duplicate;
SELECT is(pg_temp.outcome($$INSERT INTO client VALUES (110, 1, 10, 'ann@example.org')$$), told, 'SH-12 a visible one''s in the same words') FROM duplicate;
SELECT is(pg_temp.outcome($$UPDATE client SET email = 'bO@example.org' WHERE id = 100$$), told, 'SH-12 on update, too') FROM duplicate;
SELECT is(pg_temp.outcome($$INSERT INTO client VALUES (110, 1, 10, 'bo@example.org') RETURNING *$$), told, 'SH-12 with RETURNING') FROM duplicate;
SELECT is(pg_temp.outcome($$INSERT INTO client VALUES (110, 1, 10, 'bo@example.org') ON CONFLICT (id) DO NOTHING$$), told, 'SH-12 with another conflict') FROM duplicate;
SELECT is(pg_temp.outcome($$MERGE INTO client USING (SELECT 110 AS id) AS n ON client.id = n.id WHEN NOT MATCHED THEN INSERT (id, practice, owner, email) VALUES (n.id, 1, 10, 'bo@example.org')$$),
	told, 'SH-12 MERGE') FROM duplicate;
SELECT is(pg_temp.outcome($$INSERT INTO client VALUES (110, 1, 10, 'bo@example.org') ON CONFLICT DO NOTHING$$), 'rows 0', 'SH-12 DO NOTHING does nothing');
SELECT is(pg_temp.outcome($$INSERT INTO client VALUES (110, 1, 10, 'bo@example.org') ON CONFLICT (practice, lower(email::text)) DO UPDATE SET email = 'mine'$$),
	'42501 new row violates row-level security policy (USING expression) for table "client"', 'SH-12 DO UPDATE does not touch a hidden row');
SELECT is(pg_temp.outcome($$INSERT INTO client VALUES (110, 1, 10, 'ANN@example.org') ON CONFLICT (practice, lower(email::text)) DO UPDATE SET note = 'met'$$),
	'rows 1', 'SH-12 … but a visible one');
SELECT is((SELECT string_agg(concat_ws(' ', id, email, note), ',') FROM client), '100 Ann@example.org met', 'SH-12 which is the only one changed');
SELECT is(pg_temp.code($$COPY client FROM PROGRAM 'true'$$), '42501', 'COPY … FROM PROGRAM is not for members');
SELECT is(pg_temp.outcome($$INSERT INTO client VALUES (120, 2, 10, 'new@example.org')$$) ~ '^(42501|22023|P0002)', true, 'SH-12 a row in another practice is refused first');
SELECT is(pg_temp.outcome($$INSERT INTO client VALUES (120, 2, 10, 'ann@example.org')$$), pg_temp.outcome($$INSERT INTO client VALUES (120, 2, 10, 'new@example.org')$$),
	'SH-12 … in the same words whether the value is there or not');
SELECT is(pg_temp.outcome($$INSERT INTO client VALUES (121, 1, 11, 'bo@example.org')$$), pg_temp.outcome($$INSERT INTO client VALUES (121, 1, 11, 'new@example.org')$$),
	'SH-12 so is a row that is not his to write');
SELECT is(pg_temp.outcome($$INSERT INTO client VALUES (111, 1, 10, NULL), (112, 1, 10, NULL)$$), 'rows 2', 'SH-12 nulls are no values');
SELECT is(pg_temp.outcome($$INSERT INTO client VALUES (113, 1, 10, 'bo@example.net')$$), 'rows 1', 'SH-12 a free one is taken');
SELECT careaccess_act_as(20);
SELECT is(pg_temp.outcome($$INSERT INTO client VALUES (210, 2, 20, 'bo@example.org')$$), 'rows 1', 'SH-12 practices do not know of each other');
SELECT is(pg_temp.outcome($$INSERT INTO client VALUES (211, 2, 20, 'BO@example.org')$$), told, '… and each has a value once') FROM duplicate;
RESET ROLE;
SELECT careaccess_stop_acting();
SELECT is((SELECT count(*) FROM careaccess.client WHERE id::text IN ('110', '120', '121', '211')), 0::bigint, 'refused rows register no client');

-- Duplicates that are there already

SET LOCAL ROLE careaccess_test_app;
SELECT careaccess_act_as(11);
UPDATE client SET note = NULL;
SELECT careaccess_stop_acting();
RESET ROLE;
ALTER TABLE client ADD nick text;
UPDATE client SET nick = CASE WHEN id < 102 THEN 'Nick' WHEN id = 200 THEN 'Secretive' ELSE NULL END;
UPDATE client SET nick = 'NICK' WHERE id = 100;
SET LOCAL ROLE careaccess_test_owner;
SELECT is(pg_temp.outcome($$SELECT careaccess_unique('client', 'nick', 'practice')$$),
	'23505 column "nick" of table app.client holds values that are there more than once detail: Upper and lower case count as the same, and rows that you may not see count, too.',
	'duplicates are refused, and not said');
SELECT is((SELECT count(*) FROM pg_class WHERE relname LIKE 'client_nick%'), 0::bigint, '… and nothing is made');
RESET ROLE;

-- Names, partitions, an index that is there already

CREATE TABLE client_email_other (id int, "E-Mail" text);
CREATE INDEX "client_email_other_E-Mail_unique" ON client_email_other (id);
SELECT careaccess_protect('client_email_other', 'id', 'name');
SELECT is(pg_temp.outcome($$SELECT careaccess_unique('client_email_other', 'E-Mail')$$), 'rows 1', 'a name that is taken is no obstacle');
SELECT is(pg_temp.outcome($$SELECT careaccess_unique('client_email_other', 'E-Mail')$$), 'rows 1', 'found again, quoted as it is');
SELECT is((SELECT string_agg(pg_get_indexdef(indexrelid), ',') FROM pg_index WHERE indrelid = 'client_email_other'::regclass AND indisunique),
	'CREATE UNIQUE INDEX "client_email_other_E-Mail_unique2" ON app.client_email_other USING btree (lower("E-Mail"))', 'one index');
CREATE TABLE by_practice (id int, practice int, email text) PARTITION BY LIST (practice);
CREATE TABLE by_practice_1 PARTITION OF by_practice FOR VALUES IN (1);
CREATE TABLE by_id (id int, practice int, email text) PARTITION BY RANGE (id);
SELECT careaccess_protect('by_practice', 'id', 'name', practice_column => 'practice');
SELECT careaccess_protect('by_id', 'id', 'name', practice_column => 'practice');
SELECT is(pg_temp.outcome($$SELECT careaccess_unique('by_practice', 'email', 'practice')$$), 'rows 1', 'a table partitioned by practice');
SELECT is(pg_temp.code($$SELECT careaccess_unique('by_practice_1', 'email', 'practice')$$), '55000', '… not one partition of it');
SELECT is(pg_temp.code($$SELECT careaccess_unique('by_practice', 'email')$$), '0A000', '… not across practices');
SELECT is(pg_temp.code($$SELECT careaccess_unique('by_id', 'email', 'practice')$$), '0A000', 'not one partitioned by something else');
CREATE TABLE a_table_whose_name_is_as_long_as_names_can_be_in_this_server_1 (id int, a_column_whose_name_is_as_long_as_names_can_be_in_this_server_1 text);
SELECT careaccess_protect('a_table_whose_name_is_as_long_as_names_can_be_in_this_server_1', 'id', 'name');
SELECT is(pg_temp.outcome($$SELECT careaccess_unique('a_table_whose_name_is_as_long_as_names_can_be_in_this_server_1', 'a_column_whose_name_is_as_long_as_names_can_be_in_this_server_1')$$),
	'rows 1', 'long names');

SELECT * FROM finish();
ROLLBACK;
