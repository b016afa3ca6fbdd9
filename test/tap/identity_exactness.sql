-- Every statement decides by the rights that its own snapshot shows: in one
-- session's transaction, with savepoints, cursors, prepared statements,
-- PL/pgSQL, triggers of the same statement and times that pass.
BEGIN;
SELECT plan(122);
SET LOCAL client_min_messages = warning;

CREATE ROLE careaccess_test_app;
SELECT careaccess_grant_application('careaccess_test_app');
GRANT EXECUTE ON FUNCTION careaccess_act_as(careaccess.id, boolean) TO careaccess_test_app;
GRANT CREATE ON SCHEMA public TO careaccess_test_app;

SELECT careaccess_create_practice('p', 'Practice');
SELECT careaccess_add_member('p', m, m, ARRAY[r])
FROM (VALUES ('anna', 'clinician'), ('bert', 'clinician'), ('cora', 'clinician'), ('mia', 'manager'), ('all', 'clinician_all_clients'), ('helper', 'assistant')) AS v (m, r);
SELECT careaccess_add_client('c1', 'p', 'anna'), careaccess_add_client('c2', 'p', 'bert'), careaccess_add_client('c3', 'p', 'anna');
SELECT careaccess_share_client('c3', 'bert');
CREATE TABLE visit (id integer PRIMARY KEY, client text NOT NULL, n integer NOT NULL DEFAULT 0);
CREATE INDEX ON visit (client);
CREATE TABLE note (id integer PRIMARY KEY, client text NOT NULL, author text);
CREATE INDEX ON note (client);
INSERT INTO visit SELECT i, 'c' || (1 + i % 3) FROM generate_series(1, 600) AS i;
INSERT INTO note SELECT i, 'c' || (1 + i % 3), (ARRAY['anna', 'bert'])[1 + i % 2] FROM generate_series(1, 600) AS i;
SELECT careaccess_protect('visit', 'client', category => 'schedule');
SELECT careaccess_protect('note', 'client', category => 'chart', author_column => 'author');
GRANT SELECT, INSERT, UPDATE, DELETE ON visit, note TO careaccess_test_app;

-- What the session's member sees: client and number of rows.
CREATE FUNCTION visits() RETURNS text LANGUAGE sql
	AS $$ SELECT coalesce(string_agg(client || ':' || n, ' ' ORDER BY client), 'none') FROM (SELECT client, count(*) AS n FROM visit GROUP BY client) AS v $$;
CREATE FUNCTION stable_visits() RETURNS text LANGUAGE sql STABLE
	AS $$ SELECT coalesce(string_agg(client || ':' || n, ' ' ORDER BY client), 'none') FROM (SELECT client, count(*) AS n FROM visit GROUP BY client) AS v $$;
-- Facts change under the session's identity, as a commit of somebody else would change them.
CREATE FUNCTION revoke() RETURNS integer LANGUAGE sql SECURITY DEFINER
	AS $$ UPDATE careaccess.client_link SET active = false, valid_until = now() WHERE kind = 'grant' AND active; SELECT 1 $$;
CREATE FUNCTION give(client text) RETURNS integer LANGUAGE sql SECURITY DEFINER
	AS $$ INSERT INTO careaccess.client_link (client, member, kind) VALUES ($1, 'bert', 'grant'); SELECT 1 $$;
-- How many rows a cursor still gives.
CREATE FUNCTION rest(name refcursor, direction text DEFAULT 'forward') RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	moved bigint;
BEGIN
	CASE direction
		WHEN 'forward' THEN MOVE FORWARD ALL IN name;
		WHEN 'backward' THEN MOVE BACKWARD ALL IN name;
		WHEN 'ten' THEN MOVE FORWARD 10 IN name;
	END CASE;
	GET DIAGNOSTICS moved = ROW_COUNT;
	RETURN moved;
END $$;
CREATE FUNCTION until_now(distance interval) RETURNS void LANGUAGE sql SECURITY DEFINER AS $$
	UPDATE careaccess.client_link SET valid_until = statement_timestamp() + $1 WHERE kind = 'grant' AND active $$;

SET LOCAL ROLE careaccess_test_app;
SELECT careaccess_act_as('bert');

--
-- The next command, and what is rolled back
--
SELECT is(visits(), 'c2:200 c3:200', 'his own client and the shared one');
SAVEPOINT s;
SELECT revoke();
SELECT is(visits(), 'c2:200', 'a revocation counts from the next command on');
SELECT is((SELECT count(*) FROM note), 200::bigint, '… for every table');
SELECT is(careaccess_can_view('bert', 'c3'), false, '… and every question');
SELECT is(ARRAY(SELECT c::text FROM careaccess_visible_clients('bert') AS c), '{c2}', '… and every list');
SELECT is_empty('SELECT id FROM visit WHERE client = ''c3''', '… and through an index');
SAVEPOINT t;
SELECT give('c1');
SELECT is(visits(), 'c1:200 c2:200', 'what is granted, too');
ROLLBACK TO t;
SELECT is(visits(), 'c2:200', 'ROLLBACK TO takes the one back');
RELEASE t;
SELECT is(visits(), 'c2:200', 'RELEASE of what was rolled back changes nothing');
ROLLBACK TO s;
SELECT is(visits(), 'c2:200 c3:200', 'and then the other: exactly what it was');
SAVEPOINT t;
SELECT revoke();
RELEASE t;
SELECT is(visits(), 'c2:200', 'what a released savepoint did stays');
ROLLBACK TO s;
SELECT is(visits(), 'c2:200 c3:200', 'until the one around it is rolled back');
-- without a look in between
SELECT revoke();
SELECT give('c3');
SELECT is(visits(), 'c2:200 c3:200', 'ended and given anew');
SELECT revoke();
SAVEPOINT t;
SELECT give('c1');
ROLLBACK TO t;
SELECT is(visits(), 'c2:200', 'a change nobody looked at before it was rolled back');
ROLLBACK TO s;

CREATE FUNCTION in_blocks() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	seen text[] := ARRAY[visits()];
BEGIN
	BEGIN
		PERFORM revoke();
		seen := seen || visits();
		RAISE EXCEPTION 'undo';
	EXCEPTION WHEN raise_exception THEN
		seen := seen || visits();
	END;
	FOR i IN 1 .. 3 LOOP
		BEGIN
			IF i = 2 THEN PERFORM revoke(); ELSE PERFORM give('c1'); END IF;
			seen := seen || visits() ;
			IF i <> 3 THEN RAISE EXCEPTION 'undo'; END IF;
		EXCEPTION WHEN raise_exception THEN
			NULL;
		END;
	END LOOP;
	RETURN array_to_string(seen || visits(), ' / ');
END $$;
SELECT is(in_blocks(), 'c2:200 c3:200 / c2:200 / c2:200 c3:200 / c1:200 c2:200 c3:200 / c2:200 / c1:200 c2:200 c3:200 / c1:200 c2:200 c3:200',
	'blocks of PL/pgSQL that fail take back what they did');
ROLLBACK TO s;

--
-- One statement is one moment
--
SELECT is((SELECT count(*) FROM (SELECT id, revoke() FROM visit ORDER BY id) AS v), 400::bigint,
	'a function in the select list that revokes changes nothing for its own statement');
SELECT is(visits(), 'c2:200', '… but for the next');
ROLLBACK TO s;
SELECT is((WITH r AS MATERIALIZED (SELECT revoke() AS x) SELECT count(*) FROM r JOIN visit ON r.x = 1), 400::bigint,
	'neither does one that runs before the rows are read');
ROLLBACK TO s;
SELECT is((WITH r AS MATERIALIZED (SELECT give('c1') AS x) SELECT count(*) FROM r JOIN visit ON r.x = 1), 400::bigint,
	'a grant of the same statement is not seen either');
ROLLBACK TO s;
-- A volatile function's queries have snapshots of their own, a stable one's have the caller's.
SELECT is((WITH r AS MATERIALIZED (SELECT revoke() AS x), v AS MATERIALIZED (SELECT stable_visits() AS stable, visits() AS volatile FROM r WHERE x = 1)
	SELECT stable || ' / ' || volatile FROM v), 'c2:200 c3:200 / c2:200', 'a stable function sees what its caller sees, a volatile one what is');
ROLLBACK TO s;
SELECT is((WITH r AS MATERIALIZED (SELECT revoke() AS x), v AS MATERIALIZED (SELECT careaccess_can_view('bert', 'c3') AS can FROM r WHERE x = 1) SELECT can FROM v),
	true, 'the answering functions are stable');
ROLLBACK TO s;
-- Several protected tables in one statement
SELECT is((SELECT count(*) FROM visit AS v JOIN note AS n USING (id)), 400::bigint, 'a join of two tables sees one set of clients');
SELECT is((SELECT count(*) FROM visit AS v JOIN note AS n USING (id) WHERE v.client <> n.client), 0::bigint, '… the same in both');
SELECT is((SELECT count(*) FROM (SELECT client FROM visit EXCEPT SELECT client FROM note) AS x), 0::bigint, '… and so does a set operation');
SELECT is((SELECT count(*) FROM visit WHERE NOT EXISTS (SELECT FROM note WHERE note.client = visit.client)), 0::bigint, '… and a subquery');
SELECT is((SELECT count(*) FROM visit WHERE careaccess_visible(client, 'schedule')), 400::bigint, 'the filter and the function agree');
SELECT is((WITH r AS MATERIALIZED (SELECT id, client FROM visit WHERE client = 'c2'), x AS MATERIALIZED (SELECT revoke() + count(*) AS n FROM r)
	SELECT count(*) FROM x, visit AS v JOIN note AS m USING (id) WHERE x.n > 0), 400::bigint, 'a revocation between the scans of one join changes neither');
ROLLBACK TO s;

--
-- Cursors
--
DECLARE c SCROLL CURSOR FOR SELECT id, client FROM visit ORDER BY id;
DECLARE unread CURSOR FOR SELECT client FROM visit;
DECLARE index CURSOR FOR SELECT client FROM visit WHERE client = 'c3';
SELECT is(rest('c', 'ten'), 10::bigint, 'ten rows of a cursor');
SELECT revoke();
SELECT is(visits(), 'c2:200', 'revoked while cursors are open');
SELECT is(rest('c'), 390::bigint, 'the cursor goes on with the rights of its opening');
SELECT is(rest('c', 'backward'), 400::bigint, '… backwards, too');
SELECT is(rest('unread'), 400::bigint, '… and one that had not been read yet');
SELECT is(rest('index'), 200::bigint, '… and one that uses an index');
SELECT is(visits(), 'c2:200', 'other statements in between have their own');
CLOSE ALL;
ROLLBACK TO s;
SELECT revoke();
DECLARE c CURSOR FOR SELECT client FROM visit;
SELECT give('c1');
SELECT is(rest('c'), 200::bigint, 'a grant after the opening does not count in a cursor');
CLOSE c;
ROLLBACK TO s;
-- A cursor of PL/pgSQL's FOR is one statement, however many times it fetches.
CREATE FUNCTION loop_that_revokes() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	r record;
	n bigint := 0;
BEGIN
	FOR r IN SELECT client FROM visit ORDER BY id LOOP
		n := n + 1;
		IF n = 1 THEN PERFORM revoke(); END IF;
	END LOOP;
	RETURN n;
END $$;
SELECT is(loop_that_revokes(), 400::bigint, 'a loop over rows keeps its rights');
ROLLBACK TO s;

--
-- The end of a right passes
--
-- One DO is one statement: its "now" lies before the end, that of the next
-- statement after it.  No clock is waited for.
DO $$
DECLARE
	c refcursor := 'expiring';
BEGIN
	PERFORM until_now('1 microsecond');
	OPEN c FOR SELECT client FROM visit;
	IF visits() <> 'c2:200 c3:200' THEN
		RAISE EXCEPTION 'the right has ended too early';
	END IF;
END $$;
SELECT is(visits(), 'c2:200', 'a grant with an end is gone after it, with nothing run');
SELECT is(careaccess_can_view('bert', 'c3'), false, '… in answers, too');
SELECT is(rest('expiring'), 400::bigint, 'in a cursor, "now" is its opening');
CLOSE ALL;
ROLLBACK TO s;
-- The end itself is past.
DO $$
BEGIN
	PERFORM until_now('0');
	IF visits() <> 'c2:200' THEN
		RAISE EXCEPTION 'the right has not ended: %', visits();
	END IF;
END $$;
SELECT pass('a right does not hold at the instant of its end');
ROLLBACK TO s;

--
-- Prepared statements
--
SET LOCAL plan_cache_mode = force_generic_plan;
PREPARE all_visits AS SELECT coalesce(string_agg(client || ':' || n, ' ' ORDER BY client), 'none') AS v FROM (SELECT client, count(*) AS n FROM visit GROUP BY client) AS v;
PREPARE visits_of(text) AS SELECT count(*) FROM visit WHERE client = $1;
SELECT results_eq('EXECUTE all_visits', ARRAY['c2:200 c3:200'], 'a prepared statement');
SELECT results_eq('EXECUTE visits_of(''c3'')', ARRAY[200::bigint], '… with a parameter');
SELECT is((SELECT generic_plans > 0 FROM pg_prepared_statements WHERE name = 'all_visits'), true, '… has a generic plan');
SELECT revoke();
SELECT results_eq('EXECUTE all_visits', ARRAY['c2:200'], 'executed again after a revocation');
SELECT results_eq('EXECUTE visits_of(''c3'')', ARRAY[0::bigint], '… with a parameter');
SELECT careaccess_act_as('anna');
SELECT results_eq('EXECUTE all_visits', ARRAY['c1:200 c3:200'], 'executed by another member');
SELECT results_eq('EXECUTE visits_of(''c3'')', ARRAY[200::bigint], '… with a parameter');
SELECT careaccess_stop_acting();
SELECT results_eq('EXECUTE all_visits', ARRAY['none'], 'executed by nobody');
SELECT careaccess_act_as('all');
SELECT results_eq('EXECUTE all_visits', ARRAY['c1:200 c2:200 c3:200'], 'executed by one who sees all');
SELECT careaccess_act_as('mia');
SELECT results_eq('EXECUTE visits_of(''c3'')', ARRAY[200::bigint], 'a manager''s');
SELECT careaccess_act_as('helper');
SELECT results_eq('EXECUTE all_visits', ARRAY['none'], 'an assistant''s of nobody');
ROLLBACK TO s;
SELECT is(careaccess_current_member()::text, 'bert', 'the savepoint brought back who acts');
SELECT results_eq('EXECUTE all_visits', ARRAY['c2:200 c3:200'], '… and his rights to the prepared statement');
-- planned for one who sees little, run by one who sees all, and the other way round
DEALLOCATE all_visits;
SELECT careaccess_act_as('helper');
PREPARE all_visits AS SELECT count(*) FROM visit;
SELECT results_eq('EXECUTE all_visits', ARRAY[0::bigint], 'planned for one who sees nothing');
SELECT careaccess_act_as('all');
SELECT results_eq('EXECUTE all_visits', ARRAY[600::bigint], '… run by one who sees all');
SELECT careaccess_act_as('bert');

--
-- PL/pgSQL: expressions and queries that are kept
--
CREATE FUNCTION in_turn() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	seen text := '';
	n bigint;
BEGIN
	FOR i IN 1 .. 6 LOOP
		IF i % 2 = 0 THEN PERFORM revoke(); ELSIF i > 1 THEN PERFORM give('c3'); END IF;
		SELECT count(*) INTO n FROM visit WHERE client = 'c3';
		IF careaccess_can_view('bert', 'c3', 'schedule') THEN seen := seen || ' yes:' || n; ELSE seen := seen || ' no:' || n; END IF;
		IF careaccess_visible('c3'::text, 'schedule') <> (n > 0) THEN seen := seen || '?'; END IF;
	END LOOP;
	RETURN seen;
END $$;
SELECT is(in_turn(), ' yes:200 no:0 yes:200 no:0 yes:200 no:0', 'each query and each expression of a loop has its own moment');
ROLLBACK TO s;
CREATE FUNCTION by_turns() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	seen text := '';
	m text;
BEGIN
	FOREACH m IN ARRAY '{bert,anna,helper,all,bert}'::text[] LOOP
		PERFORM careaccess_act_as(m);
		seen := seen || ' ' || m || ':' || (SELECT count(*) FROM visit);
	END LOOP;
	RETURN seen;
END $$;
SELECT is(by_turns(), ' bert:400 anna:400 helper:0 all:600 bert:400', '… and its own member');
ROLLBACK TO s;

--
-- Triggers of the same statement
--
RESET ROLE;
CREATE FUNCTION in_trigger() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
	IF NEW.n = 100 THEN
		UPDATE careaccess.client_link SET active = false, valid_until = now() WHERE kind = 'grant' AND active;
	ELSIF NEW.n = 200 AND NOT EXISTS (SELECT FROM careaccess.client_link WHERE client OPERATOR(careaccess.=) 'c1' AND kind = 'grant' AND active) THEN
		INSERT INTO careaccess.client_link (client, member, kind) VALUES ('c1', 'bert', 'grant');
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER in_trigger BEFORE INSERT OR UPDATE ON visit FOR EACH ROW EXECUTE FUNCTION in_trigger();
SET LOCAL ROLE careaccess_test_app;
SAVEPOINT s;
SELECT throws_ok($$UPDATE visit SET n = 100 WHERE client = 'c3'$$, '42501', NULL,
	'a trigger that revokes counts for the rows the statement writes');
SELECT is(visits(), 'c2:200 c3:200', '… all of which is undone');
SELECT lives_ok($$UPDATE visit SET n = 100 WHERE client = 'c2'$$, '… and for those rows only');
SELECT is(visits(), 'c2:200', '… then it is revoked');
ROLLBACK TO s;
WITH u AS (UPDATE visit SET n = 200 RETURNING client) SELECT is((SELECT count(*) FROM u), 400::bigint, 'a trigger that grants does not change which rows are found');
SELECT is(visits(), 'c1:200 c2:200 c3:200', '… but what the next statement finds');
ROLLBACK TO s;
SELECT throws_ok($$UPDATE visit SET client = 'c1' WHERE id = 1$$, '42501', NULL, 'moving a row to a client of somebody else is refused');
SELECT lives_ok($$UPDATE visit SET client = 'c1', n = 200 WHERE id = 1$$, '… unless a trigger of the statement gives him that client');
ROLLBACK TO s;
SELECT results_eq($$UPDATE visit SET client = 'c1', n = 200 WHERE id = 1 RETURNING client$$, ARRAY['c1'], '… with RETURNING, too');
ROLLBACK TO s;
SELECT throws_ok($$INSERT INTO visit VALUES (1001, 'c1')$$, '42501', NULL, 'the same for an INSERT');
SELECT results_eq($$INSERT INTO visit VALUES (1001, 'c1', 200) RETURNING id$$, ARRAY[1001], '… with a trigger that gives him the client');
ROLLBACK TO s;
SELECT throws_ok($$INSERT INTO visit VALUES (1001, 'c3', 100)$$, '42501', NULL, '… or takes it');
SELECT throws_ok($$INSERT INTO visit VALUES (1001, 'c2', 0), (1002, 'c3', 100)$$, '42501', NULL, '… among several rows');
SELECT lives_ok($$INSERT INTO visit VALUES (1001, 'c3', 0), (1002, 'c2', 100)$$, 'a row written before the revocation is written');
ROLLBACK TO s;
RESET ROLE;
DROP TRIGGER in_trigger ON visit;
SELECT careaccess_stop_acting();

-- Clients that register themselves
CREATE TABLE person (id text PRIMARY KEY, owner text NOT NULL);
SELECT careaccess_adopt_clients('person', 'id', practice => 'p', owner_column => 'owner');
SELECT careaccess_protect('person', 'id', category => 'name');
GRANT SELECT, INSERT, UPDATE, DELETE ON person TO careaccess_test_app;
SET LOCAL ROLE careaccess_test_app;
SELECT careaccess_act_as('bert');
SAVEPOINT s;
SELECT results_eq($$INSERT INTO person VALUES ('new', 'bert') RETURNING id$$, ARRAY['new'], 'INSERT … RETURNING of a client that its trigger registers');
SELECT results_eq($$INSERT INTO person VALUES ('n1', 'bert'), ('n2', 'bert') RETURNING id$$, ARRAY['n1', 'n2'], '… of two');
SELECT results_eq($$INSERT INTO person SELECT 's' || i, 'bert' FROM generate_series(1, 3) AS i RETURNING id$$, ARRAY['s1', 's2', 's3'], '… of what a query gives');
SELECT results_eq($$WITH p AS (INSERT INTO person VALUES ('w', 'bert') RETURNING id) INSERT INTO visit SELECT 2001, id FROM p RETURNING client$$, ARRAY['w'],
	'… and a first record in the same statement');
SELECT results_eq('SELECT count(*) FROM person', ARRAY[7::bigint], 'the next statement sees all of them');
SELECT results_eq($$INSERT INTO person VALUES ('w', 'bert') ON CONFLICT (id) DO UPDATE SET owner = excluded.owner RETURNING id$$, ARRAY['w'],
	'INSERT … ON CONFLICT of one that is there');
SELECT throws_ok($$INSERT INTO person VALUES ('x', 'anna')$$, '42501', NULL, 'who may not add a client for another adds none');
ROLLBACK TO s;
SELECT is((SELECT count(*) FROM person), 0::bigint, 'rolled back, they are not there');
SELECT is(careaccess_can_view('bert', 'new'), false, '… nor registered');
RESET ROLE;

--
-- Every kind of fact counts from the next command on, and no longer after a
-- rollback; under the replication role as well, where ordinary triggers rest.
--
SELECT careaccess_stop_acting();
CREATE FUNCTION pg_temp.both_ways(change text, question text, mode text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	before text;
	changed text;
	after text;
BEGIN
	EXECUTE 'SELECT (' || question || ')::text' INTO before;
	BEGIN
		EXECUTE 'SET LOCAL session_replication_role = ' || mode;
		EXECUTE change;
		EXECUTE 'SELECT (' || question || ')::text' INTO changed;
		RAISE EXCEPTION 'undo';
	EXCEPTION WHEN raise_exception THEN
		NULL;
	END;
	EXECUTE 'SELECT (' || question || ')::text' INTO after;
	RETURN concat_ws(' ', before, changed, after);
END $$;
CREATE TEMPORARY TABLE fact_change (fact text, change text, question text, expected text);
INSERT INTO fact_change VALUES
	('practice', $$UPDATE careaccess.practice SET edit_others_records = true$$, $$careaccess_can('bert', 'c2', 'chart', 'edit', 'anna')$$, 'false true false'),
	('category', $$INSERT INTO careaccess.category (code, authored, number) VALUES ('x', false, 40); INSERT INTO careaccess.member_permission (practice, member, category, actions, reach) VALUES ('p', 'bert', 'x', '{view}', 'all')$$,
		$$EXISTS (SELECT FROM careaccess.category WHERE code = 'x') AND careaccess_can_view('bert', 'c1', (SELECT max(code) FROM careaccess.category))$$, 'false true false'),
	('practice_author_rule', $$UPDATE careaccess.practice_author_rule SET rule = 'author' WHERE category = 'chart'$$, $$careaccess_can_view('bert', 'c2', 'chart', 'anna')$$, 'true false true'),
	('practice_link_category', $$DELETE FROM careaccess.practice_link_category WHERE kind = 'grant' AND category = 'chart'$$, $$careaccess_can_view('bert', 'c3', 'chart')$$, 'true false true'),
	('member', $$UPDATE careaccess.member SET status = 'disabled' WHERE id OPERATOR(careaccess.=) 'bert'$$, $$careaccess_can_view('bert', 'c2')$$, 'true false true'),
	('member.ends_at', $$UPDATE careaccess.member SET ends_at = now() - interval '1 day' WHERE id OPERATOR(careaccess.=) 'bert'$$, $$careaccess_can_view('bert', 'c2')$$, 'true false true'),
	('role.unrevocable', $$INSERT INTO careaccess.client_revocation (practice, client, member) VALUES ('p', 'c1', 'all'); UPDATE careaccess.role SET unrevocable = true WHERE role = 'clinician_all_clients'$$, $$careaccess_can_view('all', 'c1')$$, 'true true true'),
	('role_permission', $$DELETE FROM careaccess.role_permission WHERE role = 'clinician' AND category = 'profile'$$, $$careaccess_can_view('bert', 'c2')$$, 'true false true'),
	('member_role', $$DELETE FROM careaccess.member_role WHERE member OPERATOR(careaccess.=) 'all'$$, $$careaccess_can_view('all', 'c2')$$, 'true false true'),
	('member_permission', $$INSERT INTO careaccess.member_permission (practice, member, category, actions, reach) VALUES ('p', 'bert', 'profile', '{view}', 'all')$$, $$careaccess_can_view('bert', 'c1')$$, 'false true false'),
	('a denial', $$INSERT INTO careaccess.member_permission (practice, member, category, actions, reach, effect) VALUES ('p', 'bert', 'profile', '{view}', 'all', 'deny')$$, $$careaccess_can_view('bert', 'c2')$$, 'true false true'),
	('client', $$UPDATE careaccess.client SET status = 'deleted' WHERE id OPERATOR(careaccess.=) 'c2'$$, $$careaccess_can_view('bert', 'c2')$$, 'true false true'),
	('client.shared_with_all', $$UPDATE careaccess.client SET shared_with_all = true WHERE id OPERATOR(careaccess.=) 'c1'$$, $$careaccess_can_view('bert', 'c1')$$, 'false true false'),
	('client_link', $$DELETE FROM careaccess.client_link WHERE kind = 'grant'$$, $$careaccess_can_view('bert', 'c3')$$, 'true false true'),
	('client_link, truncated', $$TRUNCATE careaccess.client_link CASCADE$$, $$careaccess_can_view('bert', 'c2')$$, 'true false true'),
	('client_revocation', $$INSERT INTO careaccess.client_revocation (practice, client, member) VALUES ('p', 'c1', 'all')$$, $$careaccess_can_view('all', 'c1')$$, 'true false true'),
	('chart_share', $$INSERT INTO careaccess.chart_share (practice, client, from_provider, to_provider, include_private) VALUES ('p', 'c3', 'anna', 'bert', true)$$, $$careaccess_can_view('bert', 'c3', 'private_notes', 'anna')$$, 'false true false'),
	('delegation', $$INSERT INTO careaccess.delegation (practice, member, over_member, mode) VALUES ('p', 'helper', 'bert', 'context')$$, $$careaccess_can_view('helper', 'c2')$$, 'false true false'),
	('emergency_access', $$INSERT INTO careaccess.emergency_access (practice, client, member, reason, until) VALUES ('p', 'c1', 'bert', 'an emergency', now() + interval '1 day')$$, $$careaccess_can_view('bert', 'c1', 'chart')$$, 'false true false'),
	('groups', $$INSERT INTO careaccess.practitioner_group (id, practice, name) VALUES (77, 'p', 'G'); INSERT INTO careaccess.group_practitioner (practice, group_id, member) VALUES ('p', 77, 'cora')$$,
		$$(SELECT count(*) FROM careaccess_test_practitioner('cora'))$$, '4 1 4'),
	('group_admin', $$INSERT INTO careaccess.practitioner_group (id, practice, name) VALUES (77, 'p', 'G'); INSERT INTO careaccess.group_practitioner (practice, group_id, member) VALUES ('p', 77, 'cora');
		INSERT INTO careaccess.role_permission (practice, role, category, actions, reach) VALUES ('p', 'biller', 'chart', '{view}', 'managed'); INSERT INTO careaccess.member_role (practice, member, role) VALUES ('p', 'mia', 'biller');
		INSERT INTO careaccess.group_admin (practice, group_id, member) VALUES ('p', 77, 'mia')$$,
		$$(SELECT count(*) FROM careaccess_test_clinic_admin('mia'))$$, '0 1 0');
SELECT is(pg_temp.both_ways(f.change, f.question, m), f.expected, 'a change of ' || f.fact || ' as ' || m)
FROM fact_change AS f, unnest('{origin,replica}'::text[]) AS m;

SELECT * FROM finish();
ROLLBACK;
