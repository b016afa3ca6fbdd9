-- A damaged catalog: whatever a superuser takes away from the tables of facts,
-- or writes into them past constraints and triggers, nobody sees a row more.
-- Each damage is done in a subtransaction; everybody then looks at all tables,
-- in the session that has looked before, and sees a part of what he saw, or an
-- error.  After it is rolled back he sees the same again.
BEGIN;
SET LOCAL client_min_messages = error;
SELECT * FROM no_plan();

-- A clinic in which every fact counts for somebody
CREATE ROLE careaccess_test_app;
SELECT careaccess_grant_application('careaccess_test_app');
GRANT EXECUTE ON FUNCTION careaccess_act_as, careaccess_act_as_portal_user TO careaccess_test_app;
SELECT careaccess_create_practice('p', 'Practice', 'standard'), careaccess_create_practice('q', 'Another', 'standard');
SELECT careaccess_configure_practice('p', '{"restriction": true, "groups": true, "emergency_access": true,
	"author_rules": {"chart": "group", "private_notes": "share", "billing": "author"}}');
SELECT careaccess_define_role('p', 'front', '{"administrative": true, "permissions": [
	{"category": "name", "actions": ["view"], "reach": "all"}, {"category": "schedule", "actions": ["view"], "reach": "all"},
	{"category": "billing", "actions": ["view"], "reach": "all"}, {"category": "chart", "actions": ["view"], "reach": "all"}]}');
SELECT careaccess_define_role('p', 'no_bills', '{"permissions": [{"category": "billing", "actions": ["view"], "reach": "all", "effect": "deny"}]}');
SELECT careaccess_define_role('p', 'whole_team', '{"practitioner": true, "permissions": [
	{"category": "schedule", "actions": ["view"], "reach": "group"}, {"category": "chart", "actions": ["view"], "reach": "group"},
	{"category": "private_notes", "actions": ["view"], "reach": "group"}, {"category": "billing", "actions": ["view"], "reach": "group"}]}');
SELECT careaccess_define_role('p', 'team_admin', '{"permissions": [{"category": "schedule", "actions": ["view"], "reach": "managed"}]}');
SELECT careaccess_add_member(p, m, m, r) FROM (VALUES ('p', 'anna', '{clinician}'::text[]), ('p', 'bert', '{whole_team}'), ('p', 'carl', '{clinician}'),
	('p', 'fred', '{front,no_bills}'), ('p', 'gina', '{front}'), ('p', 'hugo', '{assistant}'), ('p', 'iris', '{team_admin}'),
	('p', 'jack', '{front}'), ('p', 'kate', '{clinician}'), ('q', 'quin', '{clinician_all_clients}')) AS v (p, m, r);
SELECT careaccess_set_member_permission('gina', 'chart', '{view}', 'all', 'deny');
SELECT careaccess_create_group('p', 'One', '{anna,bert}', '{iris}'), careaccess_create_group('p', 'Two', '{carl}');
SELECT careaccess_set_colleague_limit('bert', 'chart', '{}');
SELECT careaccess_add_client(c, 'p', o) FROM (VALUES ('c1', 'anna'), ('c2', 'anna'), ('c3', 'carl'), ('c4', 'carl'), ('c5', 'kate'), ('c6', 'kate')) AS v (c, o);
SELECT careaccess_add_client('d1', 'q', 'quin'), careaccess_add_client('d2', 'q', 'quin');
SELECT careaccess_share_client('c3', 'anna'), careaccess_share_client('c1', 'carl', valid_until => now() + interval '1 day');
SELECT careaccess_share_chart('c3', 'carl', 'anna', include_private => false);
SELECT careaccess_share_client_with_all('c4', true);
SELECT careaccess_restrict_client('c2'), careaccess_revoke_administrative_access('c2', 'jack');
SELECT careaccess_delegate('hugo', 'anna', 'context', '{schedule}', '{view}', 'c1');
SELECT careaccess_delegate('carl', 'kate', 'supervisor'), careaccess_delegate('anna', 'kate', 'supervisor', client => 'c5');
SELECT careaccess_set_client_status('c6', 'deleted');
INSERT INTO careaccess.client_link (practice, client, member, kind, active, valid_from, valid_until)
	VALUES ('p', 'c2', 'carl', 'grant', false, now() - interval '2 days', now() - interval '1 day'),
		('p', 'c2', 'kate', 'grant', true, now() + interval '1 day', NULL);
INSERT INTO careaccess.emergency_access (practice, client, member, reason, "from", until)
	VALUES ('p', 'c3', 'kate', 'nobody else is there', now(), now() + interval '1 hour'),
		('p', 'c1', 'kate', 'nobody else was there', now() - interval '2 hours', now() - interval '1 hour');
SELECT careaccess_link_profile('c2', 'c1');
SELECT careaccess_add_portal_user('pia', 'c1');
SELECT careaccess_invite_to_portal('c2', 'pia', view_appointments => true);
UPDATE careaccess.portal_access SET status = 'accepted';
INSERT INTO careaccess.token_key (kid, algorithm, key) VALUES ('k', 'HS256', '\x00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff');

CREATE TABLE visit (client text, author text);
INSERT INTO visit SELECT c, a FROM unnest('{c1,c2,c3,c4,c5,c6,d1,d2}'::text[]) AS c, unnest('{anna,bert,carl,kate,quin}'::text[]) AS a;
CREATE INDEX ON visit (client);
CREATE TABLE note (LIKE visit INCLUDING INDEXES);
CREATE TABLE bill (LIKE visit INCLUDING INDEXES);
CREATE TABLE secret (LIKE visit INCLUDING INDEXES);
INSERT INTO note SELECT * FROM visit;
INSERT INTO bill SELECT * FROM visit;
INSERT INTO secret SELECT * FROM visit;
SELECT careaccess_protect('visit', 'client', 'schedule'), careaccess_protect('note', 'client', 'chart', author_column => 'author'),
	careaccess_protect('bill', 'client', 'billing', author_column => 'author'), careaccess_protect('secret', 'client', 'private_notes', author_column => 'author');
GRANT SELECT ON visit, note, bill, secret TO careaccess_test_app;
CREATE TABLE asker AS SELECT unnest('{anna,bert,carl,fred,gina,hugo,iris,jack,kate,quin,pia c1,pia c2,nobody}'::text[]) AS name;

-- rows_of(): what somebody sees of all tables; an error, too, is an answer.
CREATE FUNCTION rows_of(who text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
	seen text[];
BEGIN
	CASE who
	WHEN 'lists' THEN
		RETURN (SELECT array_agg(concat_ws(' ', m.name, k, c)) FROM truth_members AS m, unnest('{schedule,chart,billing,private_notes}'::text[]) AS k,
			careaccess_visible_clients(m.name, k) AS c);
	WHEN 'viewers' THEN
		RETURN (SELECT array_agg(concat_ws(' ', c, k, v.member)) FROM unnest('{c1,c2,c3,c4,c5,d1}'::text[]) AS c, unnest('{schedule,chart,billing,private_notes}'::text[]) AS k,
			careaccess_viewers(c, k) AS v);
	ELSE
	END CASE;
	SET LOCAL ROLE careaccess_test_app;
	IF who LIKE 'pia %' THEN
		PERFORM careaccess_act_as_portal_user('pia', substring(who FROM 5));
	ELSIF who <> 'nobody' THEN
		PERFORM careaccess_act_as(who);
	END IF;
	SELECT array_agg(t || ' ' || client || ' ' || author) INTO seen
	FROM (SELECT 'visit' AS t, * FROM visit UNION ALL SELECT 'note', * FROM note
		UNION ALL SELECT 'bill', * FROM bill UNION ALL SELECT 'secret', * FROM secret) AS x;
	PERFORM careaccess_stop_acting();
	RESET ROLE;
	RETURN coalesce(seen, '{}');
EXCEPTION WHEN OTHERS THEN
	RETURN ARRAY['error ' || SQLSTATE];
END $$;
CREATE TABLE truth_members AS SELECT name FROM asker WHERE name NOT LIKE 'pia %' AND name <> 'nobody';
INSERT INTO asker VALUES ('lists'), ('viewers');
CREATE TABLE truth AS SELECT name, rows_of(name) AS seen FROM asker;

-- after(): what comes of a damage.  Who sees rows that he must not, and what
-- became of the others.
CREATE TYPE outcome AS (leaks text, refused bigint, fewer bigint, same bigint, other_errors text);
CREATE FUNCTION after(damage text, OUT o outcome) LANGUAGE plpgsql AS $$
BEGIN
	BEGIN
		EXECUTE damage;
		SELECT string_agg(name || ' sees ' || (SELECT string_agg(x, ', ') FROM unnest(r) AS x WHERE x <> ALL (t)), '; ') FILTER (WHERE NOT refused AND NOT r <@ t),
			count(*) FILTER (WHERE refused), count(*) FILTER (WHERE NOT refused AND r <@ t AND NOT t <@ r), count(*) FILTER (WHERE r <@ t AND t <@ r),
			string_agg(DISTINCT r[1], '; ') 
				-- With a table go the functions that take its rows; a member who is
				-- not active, a profile that is nobody's and an unknown category are
				-- refused as ever.
				FILTER (WHERE refused AND r[1] NOT IN ('error XX001', 'error 42883', 'error 28000', 'error P0002', 'error 22023'))
		INTO o.leaks, o.refused, o.fewer, o.same, o.other_errors
		FROM (SELECT t.name, t.seen AS t, x.r, coalesce(x.r[1] LIKE 'error%', false) AS refused FROM truth AS t, LATERAL (SELECT rows_of(t.name) AS r OFFSET 0) AS x) AS y;
		RAISE EXCEPTION USING ERRCODE = 'CA000';
	EXCEPTION WHEN SQLSTATE 'CA000' THEN
		NULL;
	END;
	IF (SELECT seen FROM truth WHERE name = 'anna') IS DISTINCT FROM rows_of('anna') THEN
		o.leaks := concat_ws('; ', o.leaks, 'not the same again when it was mended');
	END IF;
	o.leaks := coalesce(o.leaks, '');
END $$;

-- damages(): the same done to each of several things, one after the other.
CREATE FUNCTION damages(template text, VARIADIC things text[]) RETURNS outcome LANGUAGE plpgsql AS $$
DECLARE
	thing text;
	o outcome;
	total outcome := ('', 0, 0, 0, NULL);
BEGIN
	FOREACH thing IN ARRAY things LOOP
		o := after(replace(template, '%', thing));
		IF o.leaks <> '' THEN
			total.leaks := concat(total.leaks, E'\n', thing, ': ', o.leaks);
		END IF;
		total.refused := total.refused + o.refused;
		total.fewer := total.fewer + o.fewer;
		total.same := total.same + o.same;
		total.other_errors := nullif(concat_ws('; ', total.other_errors, thing || ' ' || o.other_errors), '');
	END LOOP;
	RETURN total;
END $$;

-- Nothing hinders the one who does the damage, or tells anybody of it.
ALTER EVENT TRIGGER careaccess_follow_ddl DISABLE;
ALTER EVENT TRIGGER careaccess_guard_drop DISABLE;
ALTER EVENT TRIGGER careaccess_note_catalog_change DISABLE;
ALTER EVENT TRIGGER careaccess_note_catalog_drop DISABLE;
SET LOCAL session_replication_role = replica;

-- What the library reads: with "?", what may be null; with "w", words; and
-- which tables must not hold the same twice.
CREATE TABLE reads (tbl text, columns text[]);
INSERT INTO reads VALUES
	('category', '{code w,authored,number}'),
	('practice', '{id,groups,ungrouped_sees w,ungrouped_admin_manages w,manager_bypasses_groups,edit_others_records,emergency_access,emergency_overrides_revocation}'),
	('practice_author_rule', '{practice,category w,rule w}'),
	('practice_link_category', '{practice,kind w,category w}'),
	('member', '{id,practice,status w,ends_at ?,login_role ?}'),
	('role', '{practice,role w,practitioner,unrevocable}'),
	('role_permission', '{practice,role w,category w,actions w,reach w,effect w,only_if_practitioner}'),
	('member_role', '{member,role w}'),
	('member_permission', '{member,category w,actions w,reach w,effect w,only_if_practitioner}'),
	('client', '{id,practice,status w,shared_with_all}'),
	('client_link', '{client,member,kind w,active,valid_from,valid_until ?}'),
	('client_revocation', '{client,member}'),
	('chart_share', '{client,from_provider,to_provider,include_private,started,stopped ?,valid_until ?}'),
	('emergency_access', '{client,member,from,until}'),
	('practitioner_group', '{practice}'),
	('group_practitioner', '{group_id,member}'),
	('group_admin', '{group_id,member}'),
	('colleague_limit', '{member,category w,colleagues}'),
	('delegation', '{member,over_member,mode w,categories w?,actions w?,client ?,valid_until ?}'),
	('portal_user', '{id,practice,client}'),
	('portal_access', '{portal_user,client,view_appointments,manage_information,status w}');
CREATE TABLE read_column AS
	SELECT r.tbl, quote_ident(split_part(c, ' ', 1)) AS col, c LIKE '% %w%' AS word, c LIKE '% %?%' AS nullable,
		format_type(a.atttypid, -1) AS type, format('careaccess.%I', r.tbl) AS relation
	FROM reads AS r, unnest(r.columns) AS c, pg_attribute AS a
	WHERE a.attrelid = format('careaccess.%I', r.tbl)::regclass AND a.attname = split_part(c, ' ', 1);
SELECT is((SELECT count(*) FROM read_column), (SELECT sum(cardinality(columns)) FROM reads), 'every column is there');

-- show(): nobody sees more, somebody is refused or sees fewer, and what refuses says so.
CREATE FUNCTION show(o outcome, name text, VARIADIC counts text[]) RETURNS text LANGUAGE sql AS $$
	SELECT is(concat_ws(' | ', o.leaks, 'counts: ' || (CASE WHEN o.refused > 0 THEN 'refused' WHEN o.fewer > 0 THEN 'fewer' ELSE 'same' END = ANY (counts)), 'other errors: ' || o.other_errors),
		' | counts: true', name)
$$;

SELECT is((after('SELECT 1')).same, (SELECT count(*) FROM truth), 'without damage everybody sees the same');
SELECT cmp_ok((after('DELETE FROM careaccess.client_revocation')).leaks, '<>', '', 'and what is more is noticed');

-- Tables
SELECT show(after(format('ALTER TABLE careaccess.%I RENAME TO gone', tbl)), tbl || ' renamed', 'refused') FROM reads;
SELECT show(after(format('ALTER EXTENSION careaccess DROP TABLE careaccess.%1$I; DROP TABLE careaccess.%1$I CASCADE', tbl)), tbl || ' dropped', 'refused', 'fewer') FROM reads;
SELECT show(after(format('ALTER TABLE careaccess.%1$I RENAME TO gone; CREATE VIEW careaccess.%1$I AS SELECT * FROM careaccess.gone', tbl)), tbl || ' a view', 'refused') FROM reads;
SELECT show(after(format('UPDATE pg_class SET relpersistence = ''u'' WHERE oid = ''careaccess.%1$I''::regclass', tbl)), tbl || ' unlogged', 'refused') FROM reads;

-- Columns
SELECT show(damages(format('ALTER TABLE %s RENAME COLUMN %% TO gone', relation), VARIADIC array_agg(col)), tbl || ': a column gone', 'refused')
FROM read_column GROUP BY tbl, relation ORDER BY tbl;
SELECT show(damages(format('ALTER TABLE %s RENAME COLUMN %% TO gone; ALTER TABLE %1$s ADD COLUMN %% integer NOT NULL DEFAULT 1', relation), VARIADIC array_agg(col)), tbl || ': a column of another type', 'refused')
FROM read_column GROUP BY tbl, relation ORDER BY tbl;
SELECT show(damages(format('ALTER TABLE %s RENAME COLUMN %% TO gone; ALTER TABLE %1$s ADD COLUMN %% %s', relation, type), VARIADIC array_agg(col)), tbl || ': nulls in columns of type ' || type, 'refused')
FROM read_column WHERE NOT nullable GROUP BY tbl, relation, type ORDER BY tbl;
SELECT show(damages(format('ALTER TABLE %s RENAME COLUMN %% TO gone; ALTER TABLE %1$s ADD COLUMN %% %s NOT NULL DEFAULT %L', relation, type,
	CASE WHEN type LIKE '%[]' THEN '{something}' ELSE 'something' END), VARIADIC array_agg(col)), tbl || ': unknown words in columns of type ' || type, 'refused', 'fewer')
FROM read_column WHERE word GROUP BY tbl, relation, type ORDER BY tbl;

-- Indexes and constraints
CREATE VIEW fact_index AS
	SELECT r.tbl, c.relname::text AS name, i.indisunique AND i.indpred IS NULL AND EXISTS (SELECT FROM pg_constraint AS k WHERE k.conindid = c.oid) AS constrained
	FROM reads AS r JOIN pg_index AS i ON i.indrelid = format('careaccess.%I', r.tbl)::regclass JOIN pg_class AS c ON c.oid = i.indexrelid;
SELECT show(damages('UPDATE pg_index SET indisvalid = false WHERE indexrelid = ''careaccess.%''::regclass', VARIADIC array_agg(name)), tbl || ': invalid indexes', 'refused', 'same')
FROM fact_index GROUP BY tbl ORDER BY tbl;
SELECT show(damages('DROP INDEX careaccess.%', VARIADIC array_agg(name)), tbl || ': indexes dropped', 'refused', 'same')
FROM fact_index WHERE NOT constrained GROUP BY tbl ORDER BY tbl;
SELECT show(damages(format('ALTER TABLE careaccess.%I DROP CONSTRAINT %% CASCADE', tbl), VARIADIC array_agg(k.conname::text)), tbl || ': constraints dropped', 'refused', 'same')
FROM reads JOIN pg_constraint AS k ON k.conrelid = format('careaccess.%I', tbl)::regclass AND k.contype IN ('p', 'u', 'f', 'c') GROUP BY tbl ORDER BY tbl;

-- Two rows where there can be one: without what keeps them apart, and with
-- what keeps them apart only at the end of the transaction
CREATE TABLE twice (tbl text, keeps text, columns text, row text);
INSERT INTO twice VALUES
	('client', 'client_pkey', 'id', $$INSERT INTO careaccess.client (id, practice) VALUES ('c2', 'q')$$),
	('member', 'member_pkey', 'id', $$INSERT INTO careaccess.member (id, practice, name) VALUES ('jack', 'q', 'Jack')$$),
	('practice', 'practice_pkey', 'id', $$INSERT INTO careaccess.practice (id, name, emergency_access) VALUES ('p', 'P', true)$$),
	('practice_author_rule', 'practice_author_rule_pkey', 'practice, category', $$INSERT INTO careaccess.practice_author_rule VALUES ('p', 'billing', 'none'), ('p', 'private_notes', 'none'), ('p', 'chart', 'none')$$),
	('role', 'role_pkey', 'practice, role', $$INSERT INTO careaccess.role (practice, role, unrevocable) VALUES ('p', 'front', true)$$),
	('portal_user', 'portal_user_pkey', 'id', $$INSERT INTO careaccess.portal_user (id, practice, client) VALUES ('pia', 'q', 'd1')$$),
	('portal_access', 'portal_access_pkey', 'client, portal_user', $$INSERT INTO careaccess.portal_access (practice, client, portal_user, view_appointments, manage_information, status) VALUES ('p', 'c2', 'pia', true, true, 'accepted')$$);
SELECT show(after(format('ALTER TABLE careaccess.%I DROP CONSTRAINT %I CASCADE; %s', tbl, keeps, row)), tbl || ': two rows of one key', 'refused') FROM twice;
SELECT show(after(format('ALTER TABLE careaccess.%I DROP CONSTRAINT %I CASCADE; ALTER TABLE careaccess.%1$I ADD PRIMARY KEY (%3$s) DEFERRABLE INITIALLY DEFERRED; %4$s', tbl, keeps, columns, row)),
	tbl || ': two rows of one key, while the constraint waits', 'refused') FROM twice;
SELECT show(after($$ALTER TABLE careaccess.category DROP CONSTRAINT category_number_key; UPDATE careaccess.category SET number = 0 WHERE code = 'private_notes'$$), 'two categories of one number', 'refused');
SELECT show(after($$ALTER TABLE careaccess.member DROP CONSTRAINT member_login_role_key; UPDATE careaccess.member SET login_role = 'careaccess_test_app' WHERE practice::text = 'p'$$), 'a login role of several members', 'refused');

-- Rows that contradict each other, or what they refer to
SELECT show(after('DELETE FROM careaccess.practice'), 'no practice', 'fewer');
SELECT show(after('DELETE FROM careaccess.member'), 'no members', 'refused');
SELECT show(after('DELETE FROM careaccess.category'), 'no categories', 'refused');
SELECT show(after($$DELETE FROM careaccess.category WHERE code = 'private_notes'$$), 'not all built-in categories', 'refused');
SELECT show(after($$UPDATE careaccess.category SET number = number + 20; UPDATE careaccess.category SET number = 27 - number + 0 WHERE code IN ('chart', 'private_notes')$$), 'categories numbered otherwise', 'refused');
SELECT show(after($$DELETE FROM careaccess.role WHERE role = 'no_bills'$$), 'the role that denies is not there', 'refused');
SELECT show(after($$UPDATE careaccess.role_permission SET role = 'another' WHERE role = 'no_bills'$$), 'a denial of no role', 'refused');
SELECT show(after($$ALTER TABLE careaccess.role_permission DROP CONSTRAINT role_permission_deny_reach; UPDATE careaccess.role_permission SET reach = 'group' WHERE effect = 'deny'$$), 'a denial of a reach that denials do not have', 'refused');
SELECT show(after($$ALTER TABLE careaccess.role_permission DROP CONSTRAINT role_permission_actions_check; UPDATE careaccess.role_permission SET actions = '{}' WHERE effect = 'deny'$$), 'a denial of nothing', 'refused');
SELECT show(after($$ALTER TABLE careaccess.role_permission DROP CONSTRAINT role_permission_actions_check; UPDATE careaccess.role_permission SET actions = '{NULL}' WHERE effect = 'deny'$$), 'a denial of a null', 'refused');
SELECT show(after($$ALTER TABLE careaccess.colleague_limit DROP CONSTRAINT colleague_limit_category_fkey; UPDATE careaccess.colleague_limit SET category = 'charts'$$), 'a limit on no category', 'refused');
SELECT show(after($$UPDATE careaccess.colleague_limit SET colleagues = '{NULL}'$$), 'a limit to a null', 'refused');
SELECT show(after($$UPDATE careaccess.member_permission SET practice = 'q'; UPDATE careaccess.member_role SET practice = 'q'; UPDATE careaccess.colleague_limit SET practice = 'q'; UPDATE careaccess.delegation SET practice = 'q'$$),
	'facts of a member that name another practice', 'same');
SELECT show(after($$UPDATE careaccess.member SET practice = 'q' WHERE id::text = 'jack'$$), 'a member whose roles are of another practice', 'refused');
SELECT show(after($$ALTER TABLE careaccess.client DROP CONSTRAINT client_status_check; UPDATE careaccess.client SET status = 'Deleted' WHERE status = 'deleted'$$), 'a status that is none', 'refused');

-- The functions that policies call, and the version
CREATE FUNCTION each_function(prefix text, command text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	f regprocedure;
BEGIN
	FOR f IN SELECT oid FROM pg_proc WHERE pronamespace = 'careaccess'::regnamespace AND starts_with(proname, prefix) LOOP
		-- It may have gone with another one.
		CONTINUE WHEN NOT EXISTS (SELECT FROM pg_proc WHERE oid = f);
		EXECUTE format('ALTER EXTENSION careaccess DROP FUNCTION %s', f);
		EXECUTE format(command, f, 'gone_' || (SELECT proname FROM pg_proc WHERE oid = f));
	END LOOP;
END $$;
SELECT show(after($$SELECT each_function('row_', 'DROP FUNCTION %1$s CASCADE')$$), 'the functions of the policies dropped, and the policies with them', 'refused', 'fewer');
SELECT show(after($$SELECT each_function('row_', 'ALTER FUNCTION %1$s RENAME TO %2$I')$$), 'the functions of the policies renamed', 'same');
SELECT show(after($$SELECT each_function('row_', 'ALTER FUNCTION %1$s STRICT')$$), 'the functions of the policies made strict', 'same', 'fewer');
SELECT show(after($$SELECT each_function('', 'ALTER FUNCTION %1$s RESET ALL')$$), 'settings of functions gone', 'same');
SELECT show(after($$DROP EXTENSION careaccess CASCADE$$), 'the extension dropped', 'refused');
SELECT is(o::text, format('("",%s,0,0,"error 55000")', (SELECT count(*) FROM truth)), 'the library and the functions of two versions: nothing for anybody')
FROM after($$UPDATE pg_extension SET extversion = '1.0.1' WHERE extname = 'careaccess'; ALTER FUNCTION rows_of COST 1$$) AS o;
SELECT is((after($$DELETE FROM pg_extension WHERE extname = 'careaccess'; ALTER FUNCTION rows_of COST 1$$)).leaks, '', 'no version at all');

SELECT * FROM finish();
ROLLBACK;
