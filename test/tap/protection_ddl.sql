-- Protection keeps step with DDL: partitions made, attached and detached,
-- renamed tables and columns, drops, replace and unprotect.
BEGIN;
SELECT plan(86);

SET client_min_messages = error;
CREATE SCHEMA app;

CREATE FUNCTION pg_temp.outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text; detail text; hint text;
BEGIN
	EXECUTE statement;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', SQLSTATE, message, nullif(detail, ''), nullif(hint, ''));
END $$;
-- Every table of a tree: row security on, forced, its policies in order.
CREATE FUNCTION pg_temp.state(VARIADIC tables text[]) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', c.relname, CASE WHEN c.relrowsecurity THEN 'on' ELSE 'off' END, CASE WHEN c.relforcerowsecurity THEN 'forced' END,
		(SELECT string_agg(p.polname, ',' ORDER BY p.polname) FROM pg_policy p WHERE p.polrelid = c.oid)), E'\n' ORDER BY c.relname)
	FROM pg_class c WHERE c.relname = ANY (tables) AND c.relnamespace = 'app'::regnamespace
$$;
CREATE FUNCTION pg_temp.on(VARIADIC tables text[]) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(t || ' on forced careaccess_delete,careaccess_insert,careaccess_select,careaccess_update', E'\n' ORDER BY t) FROM unnest(tables) AS t
$$;
CREATE FUNCTION pg_temp.using_of(tbl text) RETURNS text LANGUAGE sql AS $$
	SELECT pg_get_expr(polqual, polrelid) FROM pg_policy WHERE polrelid = tbl::regclass AND polname = 'careaccess_select'
$$;

SELECT careaccess_create_practice(1, 'one', 'standard');
SELECT careaccess_add_member(1, 10, 'anna', '{clinician}');
SELECT careaccess_add_member(1, 11, 'bert', '{clinician}');
SELECT careaccess_add_client(100, 1, 10);
SELECT careaccess_add_client(101, 1, 11);
CREATE ROLE careaccess_test_app;
SELECT careaccess_grant_application('careaccess_test_app');
GRANT EXECUTE ON FUNCTION careaccess_act_as TO careaccess_test_app;
GRANT USAGE ON SCHEMA app TO careaccess_test_app;
SET search_path = app, public;

-- Partitions

CREATE TABLE visit (id int, client int, author int, at int) PARTITION BY RANGE (at);
CREATE INDEX ON visit (client);
CREATE TABLE visit_1 PARTITION OF visit FOR VALUES FROM (0) TO (10);
CREATE TABLE visit_2 PARTITION OF visit FOR VALUES FROM (10) TO (20) PARTITION BY LIST (client);
CREATE TABLE visit_2a PARTITION OF visit_2 FOR VALUES IN (100);
INSERT INTO visit VALUES (1, 100, 10, 1), (2, 101, 11, 2), (3, 100, 10, 11);
SELECT careaccess_protect('visit', 'client', 'schedule', author_column => 'author');
SELECT is(pg_temp.state('visit', 'visit_1', 'visit_2', 'visit_2a'), pg_temp.on('visit', 'visit_1', 'visit_2', 'visit_2a'), 'the table and its partitions of every level');
SELECT is((SELECT string_agg(concat_ws(' ', "table", root, partition, row_security, forced, policies), ', ' ORDER BY "table"::text) FROM careaccess.protected_tables),
	'visit visit f t t t, visit_1 visit t t t t, visit_2 visit t t t t, visit_2a visit t t t t', 'the view lists them');

CREATE TABLE visit_3 PARTITION OF visit FOR VALUES FROM (20) TO (30);
SELECT is(pg_temp.state('visit_3'), pg_temp.on('visit_3'), 'a partition made later');
CREATE TABLE visit_2b PARTITION OF visit_2 FOR VALUES IN (101);
SELECT is(pg_temp.state('visit_2b'), pg_temp.on('visit_2b'), '… of the second level');
CREATE TABLE visit_d PARTITION OF visit DEFAULT PARTITION BY LIST (client);
CREATE TABLE visit_dd PARTITION OF visit_d DEFAULT;
SELECT is(pg_temp.state('visit_d', 'visit_dd'), pg_temp.on('visit_d', 'visit_dd'), '… the default');
CREATE SCHEMA other CREATE TABLE visit_s PARTITION OF app.visit FOR VALUES FROM (90) TO (95);
SELECT is(pg_temp.using_of('other.visit_s'), 'careaccess.row_view(client, ''schedule''::text, author)', '… with CREATE SCHEMA');
-- Columns in another order, and one dropped before
CREATE TABLE visit_4 (author int, gone text, at int, client int, id int);
ALTER TABLE visit_4 DROP COLUMN gone;
INSERT INTO visit_4 VALUES (10, 31, 100, 40), (11, 32, 101, 41);
ALTER TABLE visit ATTACH PARTITION visit_4 FOR VALUES FROM (30) TO (40);
SELECT is(pg_temp.state('visit_4'), pg_temp.on('visit_4'), 'an attached partition');
CREATE TABLE visit_5 (id int, client int, author int, at int) PARTITION BY LIST (client);
CREATE TABLE visit_5a PARTITION OF visit_5 FOR VALUES IN (100);
SELECT is(pg_temp.state('visit_5', 'visit_5a'), E'visit_5 off\nvisit_5a off', 'before it is attached nothing happens to it');
ALTER TABLE visit ATTACH PARTITION visit_5 FOR VALUES FROM (40) TO (50);
SELECT is(pg_temp.state('visit_5', 'visit_5a'), pg_temp.on('visit_5', 'visit_5a'), 'an attached partition with partitions');

GRANT ALL ON ALL TABLES IN SCHEMA app TO careaccess_test_app;
SET LOCAL ROLE careaccess_test_app;
SELECT careaccess_act_as(10);
SELECT is((SELECT array_agg(id ORDER BY id) FROM visit), '{1,3,40}', 'a member sees his rows through the table');
SELECT is((SELECT array_agg(id ORDER BY id) FROM visit_1), '{1}', '… and no others in a partition');
SELECT is((SELECT array_agg(id ORDER BY id) FROM visit_4), '{40}', '… nor in one attached later');
SELECT alike(pg_temp.outcome('INSERT INTO visit_3 VALUES (50, 101, 10, 21)'), '42501 | new row violates row-level security policy%', 'writing into a partition is checked');
SELECT is(pg_temp.outcome('INSERT INTO visit VALUES (50, 100, 10, 21)'), 'done', 'writing through the table');
SELECT is(pg_temp.outcome('UPDATE visit SET at = 35 WHERE id = 50'), 'done', 'moving a row to another partition');
SELECT is((SELECT array_agg(id ORDER BY id) FROM visit_4), '{40,50}', '… moved it');
SELECT alike(pg_temp.outcome('UPDATE visit SET at = 36, client = 101 WHERE id = 1'), '42501 | new row violates row-level security policy%', 'not to another client');
SELECT careaccess_stop_acting();
RESET ROLE;

CREATE TABLE visit_6 (id int, client int, author int, at int);
CREATE POLICY open ON visit_6 USING (true);
SELECT is(pg_temp.outcome('ALTER TABLE visit ATTACH PARTITION visit_6 FOR VALUES FROM (50) TO (60)'),
	'55000 | table app.visit_6 has policies of its own | It is to be a partition of the protected table app.visit.'
	' | Drop them first: the partition gets the policies of the whole table.', 'a table with policies of its own is not attached');
DROP POLICY open ON visit_6;
SELECT careaccess_protect('visit_6', 'client', 'chart', author_column => 'author');
ALTER TABLE visit ATTACH PARTITION visit_6 FOR VALUES FROM (50) TO (60);
SELECT is(pg_temp.using_of('visit_6'), 'careaccess.row_view(client, ''schedule''::text, author)', 'a table protected before takes over how the whole is protected');
SELECT is((SELECT root::text FROM careaccess.protected_table WHERE relation = 'visit_6'::regclass), 'visit', '… and belongs to it');
CREATE FOREIGN DATA WRAPPER careaccess_test_wrapper;
CREATE SERVER careaccess_test_server FOREIGN DATA WRAPPER careaccess_test_wrapper;
SELECT alike(pg_temp.outcome('CREATE FOREIGN TABLE visit_f PARTITION OF visit FOR VALUES FROM (60) TO (70) SERVER careaccess_test_server'),
	'42809 | app.visit_f cannot be a partition of the protected table app.visit | %', 'a foreign partition is refused');
CREATE FOREIGN TABLE visit_f (id int, client int, author int, at int) SERVER careaccess_test_server;
SELECT alike(pg_temp.outcome('ALTER TABLE visit ATTACH PARTITION visit_f FOR VALUES FROM (60) TO (70)'),
	'42809 | app.visit_f cannot be a partition of the protected table app.visit | %', '… and not attached');

ALTER TABLE visit DETACH PARTITION visit_4;
SELECT is(pg_temp.state('visit_4'), pg_temp.on('visit_4'), 'a detached partition stays protected');
SELECT is((SELECT root::text FROM careaccess.protected_table WHERE relation = 'visit_4'::regclass), 'visit_4', '… for itself');
SELECT is((SELECT root::text FROM careaccess.protected_table WHERE relation = 'visit_1'::regclass), 'visit', '… the others as before');
ALTER TABLE visit DETACH PARTITION visit_5;
SELECT is((SELECT array_agg(relation::text || ' ' || root ORDER BY relation::text) FROM careaccess.protected_table WHERE relation::text LIKE 'visit\_5%'),
	'{"visit_5 visit_5","visit_5a visit_5"}', 'one with partitions keeps them');
ALTER TABLE visit_2 DETACH PARTITION visit_2b;
SELECT is((SELECT root::text FROM careaccess.protected_table WHERE relation = 'visit_2b'::regclass), 'visit_2b', 'one of the second level');
SELECT lives_ok($$SELECT careaccess_unprotect('visit_4')$$, 'a detached partition is unprotected by itself');
SELECT is(pg_temp.state('visit_4'), 'visit_4 off', '… and is open again');
ALTER TABLE visit ATTACH PARTITION visit_4 FOR VALUES FROM (30) TO (40);
SELECT is(pg_temp.state('visit_4'), pg_temp.on('visit_4'), 'attached again, protected again');
SELECT is(pg_temp.outcome('DROP TABLE visit_3'), 'done', 'a partition may be dropped');
SELECT is((SELECT count(*) FROM careaccess.protected_table WHERE root = 'visit'::regclass AND relation NOT IN (SELECT oid FROM pg_class)), 0::bigint,
	'… and is forgotten');
SELECT careaccess_unprotect('visit');
SELECT is(pg_temp.state('visit', 'visit_1', 'visit_2', 'visit_2a', 'visit_4', 'visit_d', 'visit_dd'),
	E'visit off\nvisit_1 off\nvisit_2 off\nvisit_2a off\nvisit_4 off\nvisit_d off\nvisit_dd off', 'unprotect opens every partition');
SELECT is((SELECT count(*) FROM careaccess.protected_table WHERE root = 'visit'::regclass), 0::bigint, '… and forgets them');

-- A parent that is protected after its partition was
SELECT careaccess_protect('visit_2b', 'client', 'chart', author_column => 'author', replace => true);
ALTER TABLE visit_2 ATTACH PARTITION visit_2b FOR VALUES IN (101);
SELECT is((SELECT root::text FROM careaccess.protected_table WHERE relation = 'visit_2b'::regclass), 'visit_2b', 'attached to an open table it stays as it was');
SELECT lives_ok($$SELECT careaccess_protect('visit', 'client', 'schedule')$$, 'protecting the whole takes it in');
SELECT is((SELECT concat(root, ' ', category, ' ', author_column) FROM careaccess.protected_table WHERE relation = 'visit_2b'::regclass), 'visit schedule ', '… as the whole is protected');
SELECT careaccess_unprotect('visit');

-- Inheritance

CREATE TABLE note (id int PRIMARY KEY, client int, author int, body text, kind text DEFAULT 'chart', shown boolean, practice int DEFAULT 1);
CREATE INDEX ON note (client);
INSERT INTO note VALUES (1, 100, 10, 'a'), (2, 101, 11, 'b');
SELECT careaccess_protect('note', 'client', NULL, 'kind', 'author', 'practice', 'shown');
SELECT alike(pg_temp.outcome('CREATE TABLE note_child () INHERITS (note)'), '55000 | a protected table can be neither parent nor child by inheritance%', 'no child of a protected table');
CREATE TABLE lone (LIKE note);
SELECT alike(pg_temp.outcome('ALTER TABLE lone INHERIT note'), '55000 | a protected table can be neither parent nor child by inheritance%', '… nor one made later');
SELECT alike(pg_temp.outcome('ALTER TABLE note INHERIT lone'), '55000 | a protected table can be neither parent nor child by inheritance%', '… nor a parent');

-- Renaming

ALTER TABLE note RENAME COLUMN client TO patient;
ALTER TABLE note RENAME kind TO category;
ALTER TABLE note RENAME COLUMN author TO "written by";
ALTER TABLE note RENAME COLUMN practice TO clinic;
ALTER TABLE note RENAME COLUMN shown TO open;
ALTER TABLE note RENAME COLUMN body TO author;
ALTER TABLE note RENAME TO record;
ALTER TABLE record SET SCHEMA public;
SELECT is((SELECT row(relation, client_column, category_column, author_column, practice_column, client_visible_column)::text FROM careaccess.protected_table WHERE relation = 'public.record'::regclass),
	'(record,patient,category,"written by",clinic,open)', 'renamed columns are followed');
SELECT is(pg_temp.using_of('public.record'), 'careaccess.row_view(patient, category, "written by", open, clinic)', '… as PostgreSQL does in the policies');
SELECT lives_ok($$SELECT careaccess_protect('record', 'patient', NULL, 'category', 'written by', 'clinic', 'open', replace => true)$$, '… and protecting it again works');
ALTER TABLE visit_2 RENAME TO visit_two;
CREATE TABLE v2 (a int, b int, c int) PARTITION BY LIST (a);
CREATE TABLE v2_1 (c int, x int, a int, b int);
ALTER TABLE v2_1 DROP COLUMN x;
ALTER TABLE v2 ATTACH PARTITION v2_1 FOR VALUES IN (1);
SELECT careaccess_protect('v2', 'b', 'profile');
ALTER TABLE v2 RENAME b TO bb;
SELECT is((SELECT array_agg(client_column ORDER BY relation::text) FROM careaccess.protected_table WHERE root = 'v2'::regclass), '{bb,bb}', 'on partitions too');
ALTER TABLE v2 RENAME bb TO tmp;
ALTER TABLE v2 RENAME c TO bb;
ALTER TABLE v2 RENAME tmp TO c;
SELECT is((SELECT array_agg(client_column ORDER BY relation::text) FROM careaccess.protected_table WHERE root = 'v2'::regclass), '{c,c}', 'columns that change names with each other');
SELECT careaccess_unprotect('v2');

-- Dropping

SELECT is(pg_temp.outcome('DROP TABLE record'), '55000 | cannot drop table public.record because it is protected | Call careaccess_unprotect(''public.record'') first.', 'a protected table is not dropped');
SELECT alike(pg_temp.outcome('DROP TABLE record CASCADE'), '55000 | cannot drop table public.record%', '… nor with CASCADE');
CREATE SCHEMA bin;
ALTER TABLE record SET SCHEMA bin;
SELECT alike(pg_temp.outcome('DROP SCHEMA bin CASCADE'), '55000 | cannot drop table bin.record%', '… nor with its schema');
ALTER TABLE bin.record SET SCHEMA app;
CREATE ROLE careaccess_test_owner;
GRANT ALL ON SCHEMA app TO careaccess_test_owner;
ALTER TABLE record OWNER TO careaccess_test_owner;
SELECT alike(pg_temp.outcome('DROP OWNED BY careaccess_test_owner'), '55000 | cannot drop table app.record%', '… nor with its owner''s belongings');
SELECT alike(pg_temp.outcome('ALTER TABLE record DROP COLUMN patient'), '2BP01 | %', 'PostgreSQL keeps a column that the policies use');
SELECT is(pg_temp.outcome('ALTER TABLE record DROP COLUMN patient CASCADE'),
	'55000 | cannot drop column app.record.patient because the protection of its table uses it'
	' | Call careaccess_unprotect first, or careaccess_protect without the column and with replace => true.', '… and we with CASCADE');
SELECT alike(pg_temp.outcome('ALTER TABLE record DROP COLUMN open CASCADE'), '55000 | cannot drop column app.record.open%', 'every column that we use');
SELECT is(pg_temp.outcome('ALTER TABLE record DROP COLUMN author'), 'done', 'another column may go');
SELECT alike(pg_temp.outcome('ALTER TABLE record ALTER COLUMN patient TYPE bigint'), '0A000 | cannot alter type of a column used in a policy definition%', 'its type stays');
CREATE TABLE nothing (client int);
SELECT is(pg_temp.outcome('DROP TABLE nothing'), 'done', 'an unprotected table is dropped');
-- As pg_restore --clean does it
CREATE TABLE cleaned (client int);
SELECT careaccess_protect('cleaned', 'client', 'profile');
DROP POLICY careaccess_select ON cleaned;
DROP POLICY careaccess_insert ON cleaned;
DROP POLICY careaccess_update ON cleaned;
DROP POLICY careaccess_delete ON cleaned;
SELECT is(pg_temp.outcome('DROP TABLE cleaned'), 'done', 'a table goes whose policies were dropped on purpose');
SELECT is((SELECT count(*) FROM careaccess.protected_table p WHERE NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = p.relation)), 0::bigint, '… and is forgotten');

-- replace

CREATE TABLE plan (id int PRIMARY KEY, client int, author int);
CREATE INDEX ON plan (client);
INSERT INTO plan VALUES (1, 100, 10), (2, 101, 11);
ALTER TABLE plan ENABLE ROW LEVEL SECURITY;
CREATE ROLE careaccess_test_a;
CREATE ROLE careaccess_test_b;
CREATE FUNCTION ok(int) RETURNS boolean LANGUAGE sql AS 'SELECT $1 > 0';
CREATE POLICY "all of it" ON plan TO careaccess_test_a, careaccess_test_b USING (ok(client)) WITH CHECK (author = 10);
CREATE POLICY less ON plan AS RESTRICTIVE FOR SELECT USING (EXISTS (SELECT FROM app.visit v WHERE v.client = plan.client));
CREATE POLICY ins ON plan FOR INSERT WITH CHECK (true);
CREATE FUNCTION pg_temp.policies(tbl text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', polname, polcmd, polpermissive, polroles::regrole[], pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)), E'\n' ORDER BY polname)
	FROM pg_policy WHERE polrelid = tbl::regclass
$$;
CREATE TEMP TABLE before AS SELECT pg_temp.policies('plan') AS policies, row(relrowsecurity, relforcerowsecurity)::text AS flags FROM pg_class WHERE oid = 'plan'::regclass;
SELECT careaccess_protect('plan', 'client', 'profile', replace => true);
SELECT is(pg_temp.state('plan'), pg_temp.on('plan'), 'replace takes the place of the table''s own policies');
SELECT careaccess_protect('plan', 'client', 'chart', author_column => 'author', replace => true);
SELECT is(pg_temp.using_of('plan'), 'careaccess.row_view(client, ''chart''::text, author)', '… and changes how it is protected');
CREATE POLICY second ON plan USING (true);
SELECT careaccess_protect('plan', 'client', 'chart', replace => true);
SELECT is(pg_temp.state('plan'), pg_temp.on('plan'), '… and removes a policy that was added');
SELECT is((SELECT jsonb_path_query_array(former_policies, '$[*].name') FROM careaccess.protected_table WHERE relation = 'plan'::regclass),
	'["all of it", "ins", "less", "second"]'::jsonb, '… which are kept');
UPDATE careaccess.protected_table SET former_policies = former_policies - 3 WHERE relation = 'plan'::regclass;
SELECT careaccess_unprotect('plan');
SELECT is(pg_temp.policies('plan'), (SELECT policies FROM before), 'unprotect brings the former policies back');
SELECT is((SELECT row(relrowsecurity, relforcerowsecurity)::text FROM pg_class WHERE oid = 'plan'::regclass), (SELECT flags FROM before), '… and the former row security');
ALTER TABLE plan FORCE ROW LEVEL SECURITY;
SELECT careaccess_protect('plan', 'client', 'profile', replace => true);
DROP OWNED BY careaccess_test_b;
DROP ROLE careaccess_test_b;
SELECT lives_ok($$SELECT careaccess_unprotect('plan')$$, 'a role that is gone is no obstacle');
SELECT is((SELECT polroles::regrole[]::text FROM pg_policy WHERE polrelid = 'plan'::regclass AND polname = 'all of it'), '{careaccess_test_a}', '… the policy comes back for the others');
SELECT is((SELECT relforcerowsecurity FROM pg_class WHERE oid = 'plan'::regclass), true, 'forced comes back too');
SELECT careaccess_protect('plan', 'client', 'profile', replace => true);
DROP FUNCTION ok(int);
SELECT alike(pg_temp.outcome($$SELECT careaccess_unprotect('plan')$$), '55000 | cannot bring back policy "all of it" of table app.plan: function app.ok(integer) does not exist | %',
	'a policy that fits no longer is told of');
SELECT is(pg_temp.state('plan'), pg_temp.on('plan'), '… and the table stays protected');
SELECT is(pg_temp.outcome($$SELECT careaccess_protect('plan', 'client', 'chart', author_column => 'nobody', replace => true)$$),
	'42703 | column "nobody" of table app.plan does not exist | Write the column''s name as the table has it, in the same case and without quotes.', 'a replace that fails');
SELECT is(pg_temp.state('plan'), pg_temp.on('plan'), '… leaves the protection as it was');

-- An adopted and a protected table under its owner, not a superuser
CREATE ROLE careaccess_test_dba;
SELECT careaccess_grant_administrator('careaccess_test_dba');
GRANT ALL ON SCHEMA app TO careaccess_test_dba;
CREATE TABLE owned (id int PRIMARY KEY, client int) PARTITION BY RANGE (id);
ALTER TABLE owned OWNER TO careaccess_test_dba;
SET LOCAL ROLE careaccess_test_dba;
SELECT lives_ok($$SELECT careaccess_protect('owned', 'client', 'profile')$$, 'an administrator protects his own table');
SELECT lives_ok($$CREATE TABLE owned_1 PARTITION OF owned FOR VALUES FROM (0) TO (9)$$, '… makes a partition');
SELECT is(pg_temp.state('owned_1'), pg_temp.on('owned_1'), '… which is protected');
SELECT lives_ok($$SELECT careaccess_protect('owned', 'client', 'documents', replace => true)$$, '… changes how');
SELECT is((SELECT count(*) FROM careaccess.protected_tables WHERE root = 'owned'::regclass), 2::bigint, '… looks it up');
SELECT lives_ok($$SELECT careaccess_unprotect('owned')$$, '… and ends it');
RESET ROLE;
-- A table's owner who is no administrator still may partition it
CREATE TABLE shared (id int, client int) PARTITION BY RANGE (id);
SELECT careaccess_protect('shared', 'client', 'profile');
ALTER TABLE shared OWNER TO careaccess_test_owner;
SET LOCAL ROLE careaccess_test_owner;
SELECT lives_ok($$CREATE TABLE app.shared_1 PARTITION OF app.shared FOR VALUES FROM (0) TO (9)$$, 'the owner of a table, no administrator, makes a partition');
SELECT is(pg_temp.state('shared_1'), pg_temp.on('shared_1'), '… which is protected');
RESET ROLE;

-- The log

SELECT cmp_ok((SELECT count(*) FROM careaccess.event WHERE fact = 'protected_table' AND operation = 'protect'), '>', 10::bigint, 'protecting is logged');
SELECT cmp_ok((SELECT count(*) FROM careaccess.event WHERE fact = 'protected_table' AND operation = 'unprotect' AND before IS NOT NULL), '>', 3::bigint, 'unprotecting is logged');

-- Without the extension: row security stays forced and no policy is left, so
-- nobody but superusers and BYPASSRLS roles sees a row.  The tables are to be
-- unprotected first, or ALTER TABLE … DISABLE ROW LEVEL SECURITY opens them.
GRANT SELECT ON plan TO careaccess_test_app;
SELECT throws_ok('DROP EXTENSION careaccess', '2BP01', NULL, 'the extension does not go while tables are protected');
DROP EXTENSION careaccess CASCADE;
SELECT is((SELECT concat(relrowsecurity, relforcerowsecurity, (SELECT count(*) FROM pg_policy WHERE polrelid = c.oid)) FROM pg_class c WHERE oid = 'plan'::regclass), 'tt0',
	'after DROP EXTENSION … CASCADE row security is forced and without policies');
ALTER TABLE plan OWNER TO careaccess_test_owner;
SET LOCAL ROLE careaccess_test_owner;
SELECT is((SELECT count(*) FROM app.plan), 0::bigint, '… so its owner sees nothing');
SET LOCAL ROLE careaccess_test_app;
SELECT is((SELECT count(*) FROM app.plan), 0::bigint, '… nor anybody else');
RESET ROLE;
SELECT is((SELECT count(*) FROM app.plan), 2::bigint, 'no row is lost');
SELECT lives_ok('DROP TABLE app.plan', 'and the table can be dropped');

SELECT * FROM finish();
ROLLBACK;
