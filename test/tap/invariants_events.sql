-- The audit log: every change of every fact, whoever makes it, and nothing
-- secret; and that every table has its triggers.
BEGIN;
SELECT plan(32);

SET client_min_messages = warning;

CREATE TEMPORARY TABLE fact (name text, versioned boolean);
INSERT INTO fact SELECT unnest('{practice,category,practice_author_rule,practice_link_category,member,role,role_permission,
	role_capability,member_role,member_permission,member_capability,client,client_link,client_revocation,chart_share,
	practitioner_group,group_practitioner,group_admin,colleague_limit,delegation,emergency_access,profile_link,
	portal_user,portal_access,token_key}'::text[]), true;
INSERT INTO fact SELECT unnest('{invitation,form_route,assignment_rule,protected_table}'::text[]), false;

-- Each table has its triggers, of the right kind

SELECT is((SELECT count(*)::integer FROM pg_trigger t JOIN fact f ON t.tgrelid = ('careaccess.' || f.name)::regclass
	WHERE t.tgname IN ('event_insert', 'event_update', 'event_delete', 'event_truncate') AND t.tgenabled = 'O'), 4 * 29,
	'every fact table logs events, by ordinary triggers');
SELECT is((SELECT count(*)::integer FROM pg_trigger t JOIN fact f ON t.tgrelid = ('careaccess.' || f.name)::regclass
	WHERE f.versioned AND t.tgname IN ('version_begin', 'version_row', 'version_truncate') AND t.tgenabled = 'A'
		AND t.tgfoid = 'careaccess.log_change'::regproc), 3 * 25,
	'every fact that decides logs its version, by triggers that fire always');
SELECT is((SELECT count(*)::integer FROM pg_trigger t WHERE t.tgname LIKE 'version%' AND t.tgname <> 'version_pruned'), 75, '… and no other table does');
SELECT is_empty($$
	SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'careaccess'::regnamespace AND c.relkind = 'r'
		AND c.relname NOT LIKE 'preset%' AND c.relname NOT IN ('capability', 'change', 'event', 'event_seal', 'sealed_event', 'adoption')
	EXCEPT SELECT name FROM fact
$$, 'no fact table was forgotten here');
SELECT is_empty($$
	SELECT t.tgrelid::regclass, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
	WHERE c.relnamespace = 'careaccess'::regnamespace AND NOT t.tgisinternal AND obj_description(t.oid, 'pg_trigger') IS NULL
$$, 'every trigger has a comment');
SELECT is_empty($$
	SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'careaccess'::regnamespace AND p.prorettype = 'trigger'::regtype
		AND has_function_privilege('public', p.oid, 'EXECUTE')
$$, 'no trigger function is executable by all');
SELECT is_empty($$
	SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'careaccess'::regnamespace AND p.prosecdef
		AND NOT coalesce('search_path=pg_catalog, careaccess, pg_temp' = ANY (p.proconfig), false)
$$, 'every SECURITY DEFINER function pins its search path');

-- Direct changes

INSERT INTO careaccess.practice (id, name, owner_mode) VALUES (1, 'One', 'none');
SELECT results_eq($$SELECT operation, fact, practice::text, client::text, member::text, actor_kind, actor::text, database_role::text, before, after ->> 'name'
		FROM careaccess.event$$,
	$$VALUES ('load'::text, 'practice'::text, '1'::text, NULL::text, NULL::text, 'administrator'::text, NULL::text, session_user::text, NULL::jsonb, 'One'::text)$$,
	'an insert is logged as a load, with all there is to know');
INSERT INTO careaccess.role (practice, role, practitioner) VALUES (1, 'clinician', true);
INSERT INTO careaccess.member (id, practice, name) VALUES ('anna', 1, 'Anna'), ('bert', 1, 'Bert');
SELECT is((SELECT string_agg(member::text || ' ' || (after ->> 'name'), ', ' ORDER BY member) FROM careaccess.event WHERE fact = 'member'),
	'anna Anna, bert Bert', 'each row of an insert is an event, and a member is its own');
INSERT INTO careaccess.client (id, practice) SELECT i, 1 FROM generate_series(1, 1000) AS i;
SELECT is((SELECT count(DISTINCT client)::integer FROM careaccess.event WHERE fact = 'client'), 1000, 'a load of a thousand clients is a thousand events');
-- The rows of a large statement come from disk.
SET work_mem = '64kB';
INSERT INTO careaccess.client (id, practice) SELECT 'load ' || i, 1 FROM generate_series(1, 5000) AS i;
SELECT is((SELECT count(DISTINCT client) FILTER (WHERE client::text = after ->> 'id')::integer FROM careaccess.event WHERE client::text LIKE 'load %'),
	5000, 'a load that does not fit into memory is logged row by row');
RESET work_mem;
UPDATE careaccess.member SET name = 'Anna B.' WHERE id OPERATOR(careaccess.=) 'anna';
SELECT results_eq($$SELECT operation, member::text, before ->> 'name', after ->> 'name' FROM careaccess.event WHERE fact = 'member' AND before IS NOT NULL$$,
	$$VALUES ('update'::text, 'anna'::text, 'Anna'::text, 'Anna B.'::text)$$, 'an update is an event with before and after');
UPDATE careaccess.member SET name = name;
SELECT is((SELECT count(*)::integer FROM careaccess.event WHERE operation = 'update'), 1, 'an update that changes nothing is none');
DELETE FROM careaccess.client WHERE id OPERATOR(careaccess.=) 1000;
SELECT results_eq($$SELECT operation, practice::text, client::text, before ->> 'id', after FROM careaccess.event WHERE fact = 'client' AND after IS NULL$$,
	$$VALUES ('delete'::text, '1'::text, '1000'::text, '1000'::text, NULL::jsonb)$$, 'a delete is an event with what was');
INSERT INTO careaccess.client_link (client, member, kind) VALUES (1, 'anna', 'listed'), (2, 'anna', 'listed');
SELECT is((SELECT count(*)::integer FROM careaccess.event WHERE fact = 'client_link' AND client OPERATOR(careaccess.=) 2
	AND member OPERATOR(careaccess.=) 'anna' AND practice OPERATOR(careaccess.=) 1), 1, 'a link''s event names client, member and practice');
INSERT INTO careaccess.chart_share (client, from_provider, to_provider) VALUES (1, 'anna', 'bert');
SELECT is((SELECT string_agg(fact || ' ' || member::text, ', ' ORDER BY fact) FROM careaccess.event WHERE member OPERATOR(careaccess.=) 'bert' AND client OPERATOR(careaccess.=) 1),
	'chart_share bert, client_link bert', 'a chart share''s event names its receiver; what a trigger adds is logged too');
DELETE FROM careaccess.client WHERE id OPERATOR(careaccess.=) 2;
SELECT is((SELECT count(*)::integer FROM careaccess.event WHERE fact = 'client_link' AND operation = 'delete'), 1, 'what a foreign key deletes is logged too');
DELETE FROM careaccess.chart_share;
TRUNCATE careaccess.client_link CASCADE;
SELECT results_eq($$SELECT practice::text, client::text, before, after FROM careaccess.event WHERE operation = 'truncate' AND fact = 'client_link'$$,
	$$VALUES (NULL::text, NULL::text, NULL::jsonb, NULL::jsonb)$$, 'a truncation is one event');
INSERT INTO careaccess.role (practice, role) VALUES (1, 'clinician') ON CONFLICT (practice, role) DO UPDATE SET administrative = true;
SELECT is((SELECT string_agg(operation, ',' ORDER BY at) FROM careaccess.event WHERE fact = 'role'), 'load,update', 'an upsert is logged as what it did');

-- Secrets stay out

INSERT INTO careaccess.token_key (kid, algorithm, key) VALUES ('k1', 'HS256', '\xdeadbeef');
UPDATE careaccess.token_key SET key = '\xcafebabe';
DELETE FROM careaccess.token_key;
INSERT INTO careaccess.invitation (practice, contact, roles, token_hash, valid_until) VALUES (1, 'x@example.org', '{}', '\xdeadbeef', now());
UPDATE careaccess.invitation SET token_hash = '\xcafebabe', accepted_at = now();
DELETE FROM careaccess.invitation;
SELECT is((SELECT count(*)::integer FROM careaccess.event WHERE fact IN ('token_key', 'invitation')), 6, 'keys and invitations are logged');
SELECT is_empty($$SELECT FROM careaccess.event WHERE before::text || after::text ~* 'deadbeef|cafebabe' OR before::text ~* 'deadbeef|cafebabe' OR after::text ~* 'deadbeef|cafebabe'$$,
	'… without what is secret in them');

-- Operations and actors

SELECT careaccess_create_practice('st', 'Standard', 'standard');
INSERT INTO careaccess.member (id, practice, name) VALUES ('st anna', 'st', 'Anna'), ('st bert', 'st', 'Bert');
INSERT INTO careaccess.member_role (member, role) VALUES ('st anna', 'clinician'), ('st bert', 'clinician');
SELECT is((SELECT count(DISTINCT fact)::integer FROM careaccess.event WHERE operation = 'create_practice' AND practice OPERATOR(careaccess.=) 'st'), 6,
	'a function''s changes are logged under its name');
SELECT careaccess_act_as('st anna');
SELECT careaccess_add_client('s1');
SELECT results_eq($$SELECT DISTINCT actor_kind, actor::text, operation FROM careaccess.event WHERE client OPERATOR(careaccess.=) 's1'$$,
	$$VALUES ('member'::text, 'st anna'::text, 'add_client'::text)$$, '… with the member who acts');
SELECT careaccess_share_client('s1', 'st bert', NULL, 'cover');
SELECT careaccess_share_client('s1', 'st bert', NULL, 'cover');
SELECT careaccess_unshare_client('s1', 'st bert');
SELECT careaccess_unshare_client('s1', 'st bert');
SELECT results_eq($$SELECT operation, coalesce(before ->> 'active', '-'), after ->> 'active' FROM careaccess.event
		WHERE client OPERATOR(careaccess.=) 's1' AND operation LIKE '%share%' ORDER BY at$$,
	$$VALUES ('share_client'::text, '-'::text, 'true'::text), ('unshare_client', 'true', 'false')$$,
	'doing or undoing twice is one event');
SELECT is(current_setting('careaccess.operation', true), '', 'after a function no operation is left');
SELECT careaccess_stop_acting();

-- What somebody hangs on the log has its effect

CREATE FUNCTION pg_temp.mark() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.operation := NEW.operation || ', marked'; RETURN NEW; END $$;
CREATE FUNCTION pg_temp.hear() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('test.heard', count(*) || ' of ' || min(fact), true) FROM heard;
	RETURN NULL;
END
$$;
CREATE TRIGGER mark BEFORE INSERT ON careaccess.event FOR EACH ROW EXECUTE FUNCTION pg_temp.mark();
CREATE TRIGGER hear AFTER INSERT ON careaccess.event REFERENCING NEW TABLE AS heard FOR EACH STATEMENT EXECUTE FUNCTION pg_temp.hear();
INSERT INTO careaccess.client (id, practice) VALUES ('h1', 1), ('h2', 1), ('h3', 1);
SELECT is((SELECT string_agg(operation, '; ') FROM careaccess.event WHERE client OPERATOR(careaccess.=) 'h2'), 'load, marked',
	'a trigger of the log''s rows changes them');
SELECT is(current_setting('test.heard'), '3 of client', '… and one of its statements sees all that a statement logged');
DROP TRIGGER mark ON careaccess.event;
DROP TRIGGER hear ON careaccess.event;
SELECT throws_ok('SELECT careaccess.log_row_event()', '39P01', 'a function of the event log was not called as a trigger',
	'the functions of the log are triggers');

-- Append-only, for everybody

SELECT throws_ok($$UPDATE careaccess.event SET operation = 'x'$$, '55000', 'the event log cannot be changed', 'no event is changed');
SELECT throws_ok($$DELETE FROM careaccess.event$$, '55000', 'the event log cannot be changed', '… or deleted');
SELECT throws_ok($$DELETE FROM careaccess.event WHERE false$$, '55000', NULL, '… not even none of them');
SELECT throws_ok($$TRUNCATE careaccess.event$$, '55000', NULL, '… or truncated');

SELECT * FROM finish();
ROLLBACK;
