-- What a session keeps of a practice's facts from statement to statement: that
-- it is kept, that it is never kept too long, and how much memory it takes.
-- Keeping goes over transactions, so this file commits; "somebody else" is a
-- session of another psql.
SELECT plan(159);
SET client_min_messages = warning;
\setenv PGDATABASE :DBNAME
\setenv elsewhere 'psql -Xqo /dev/null -v ON_ERROR_STOP=1'
\setenv answer 'psql -XqAt'

CREATE ROLE careaccess_test_cache LOGIN;
CREATE ROLE careaccess_test_cache_2 LOGIN;
SELECT careaccess_grant_application('careaccess_test_cache');
GRANT EXECUTE ON FUNCTION careaccess_act_as(careaccess.id, boolean) TO careaccess_test_cache;

SELECT careaccess_create_practice('p', 'Practice'), careaccess_create_practice('q', 'Another practice');
SELECT careaccess_add_member(p, m, m, ARRAY[r])
FROM (VALUES ('p', 'anna', 'clinician'), ('p', 'bert', 'clinician'), ('p', 'all', 'clinician_all_clients'), ('p', 'helper', 'assistant'),
	('q', 'quin', 'clinician'), ('q', 'rosa', 'clinician')) AS v (p, m, r);
SELECT careaccess_add_client('c1', 'p', 'anna'), careaccess_add_client('c2', 'p', 'bert'), careaccess_add_client('c3', 'p', 'anna'),
	careaccess_add_client('d1', 'q', 'quin');
SELECT careaccess_share_client('c3', 'bert');
CREATE TABLE visit (id integer GENERATED ALWAYS AS IDENTITY, client text NOT NULL, n integer NOT NULL DEFAULT 0);
CREATE INDEX ON visit (client);
INSERT INTO visit (client) SELECT c FROM unnest('{c1,c2,c3,d1}'::text[]) AS c, generate_series(1, 3);
SELECT careaccess_protect('visit', 'client', category => 'schedule');
GRANT SELECT, UPDATE ON visit TO careaccess_test_cache;

-- Whose rows the session sees.
CREATE FUNCTION clients() RETURNS text LANGUAGE sql
	AS $$ SELECT coalesce(string_agg(DISTINCT client, ' ' ORDER BY client), 'none') FROM visit $$;
-- Changes of facts, whoever the session is.
CREATE FUNCTION give(client text, member text) RETURNS void LANGUAGE sql SECURITY DEFINER
	AS $$ INSERT INTO careaccess.client_link (practice, client, member, kind) SELECT m.practice, $1, m.id, 'grant' FROM careaccess.member AS m WHERE m.id OPERATOR(careaccess.=) $2 $$;
CREATE FUNCTION take(client text, member text) RETURNS void LANGUAGE sql SECURITY DEFINER
	AS $$ UPDATE careaccess.client_link AS l SET active = false, valid_until = now() WHERE l.client OPERATOR(careaccess.=) $1 AND l.member OPERATOR(careaccess.=) $2 AND l.kind = 'grant' AND l.active $$;
-- How often this transaction has searched tables of facts. Which entries the
-- version log has is asked again and again, and is not counted.
CREATE FUNCTION fact_reads() RETURNS bigint LANGUAGE sql SECURITY DEFINER
	AS $$ SELECT sum(coalesce(seq_scan, 0) + coalesce(idx_scan, 0))::bigint FROM pg_stat_xact_all_tables WHERE schemaname = 'careaccess' AND relname <> 'change' $$;

-- What the cache did since it was remembered.
CREATE TABLE remembered AS SELECT * FROM careaccess_cache();
GRANT SELECT, UPDATE ON remembered TO careaccess_test_cache;
CREATE PROCEDURE remember() LANGUAGE sql AS $$ UPDATE remembered SET (entries, pinned, hits, misses, rebuilds, evictions, bytes) = (SELECT c.entries, c.pinned, c.hits, c.misses, c.rebuilds, c.evictions, c.bytes FROM careaccess_cache() AS c) $$;
CREATE FUNCTION since(what text) RETURNS bigint LANGUAGE sql
	AS $$ SELECT (to_jsonb(c) ->> what)::bigint - (to_jsonb(r) ->> what)::bigint FROM careaccess_cache() AS c, remembered AS r $$;

--
-- Executable by all
--
SET ROLE careaccess_test_cache_2;
SELECT lives_ok('SELECT * FROM careaccess_cache()', 'a role that was granted nothing may look at its session''s cache');
RESET ROLE;

--
-- The second statement
--
SET ROLE careaccess_test_cache;
SELECT careaccess_act_as('bert', true);
SELECT is(clients(), 'c2 c3', 'his own client and the shared one');
SELECT cmp_ok(entries, '>=', 1::bigint, 'something is kept when the statement is over') FROM careaccess_cache();
SELECT is(pinned, 0::bigint, '… and not pinned any longer') FROM careaccess_cache();
SELECT cmp_ok(bytes, '>', 0::bigint, '… and takes memory') FROM careaccess_cache();
CALL remember();
BEGIN;
SELECT fact_reads() AS reads \gset
SELECT is(clients(), 'c2 c3', 'a second statement, in another transaction');
SELECT is(fact_reads(), :reads::bigint, '… reads no fact');
SELECT is((SELECT count(*) FROM visit WHERE client = 'c3'), 3::bigint, 'another query');
SELECT is(fact_reads(), :reads::bigint, '… reads none either');
-- Of a client that was not asked about before something is read, and once.
SELECT is(careaccess_can_view('bert', 'c1'), false, 'a question about another client');
SELECT fact_reads() AS reads \gset
SELECT is(careaccess_can_view('bert', 'c1'), false, '… asked again');
SELECT is(fact_reads(), :reads::bigint, '… reads no fact');
COMMIT;
SELECT cmp_ok(since('hits'), '>=', 4::bigint, 'all of these were hits');
SELECT is(since('misses'), 0::bigint, '… none a miss');
SELECT is(since('rebuilds'), 0::bigint, '… and nothing was read anew');
-- Changes of what is no fact
UPDATE visit SET n = n + 1;
\! $elsewhere -c "UPDATE visit SET n = n + 1"
SELECT is(clients(), 'c2 c3', 'after changes of rows');
SELECT is(since('misses') + since('rebuilds'), 0::bigint, '… facts are still kept');
-- The practice is kept, not the member.
SELECT careaccess_act_as('anna', true);
SELECT is(clients(), 'c1 c3', 'another member of the practice');
SELECT is(since('misses') + since('rebuilds'), 0::bigint, '… finds it kept');
SELECT careaccess_act_as('quin', true);
SELECT is(clients(), 'd1', 'a member of another practice');
SELECT is(since('misses'), 1::bigint, '… does not');
SELECT is(since('rebuilds'), 0::bigint, '… but drops nothing of the first');
SELECT careaccess_act_as('bert', true);
SELECT is(clients(), 'c2 c3', 'back to the first practice');
SELECT is(since('misses') + since('rebuilds'), 1::bigint, '… which was still there');

--
-- Which changes have facts read anew
--
CALL remember();
SELECT give('d1', 'rosa');
\! $elsewhere -c "SELECT take('d1', 'rosa')"
SELECT is(clients(), 'c2 c3', 'after changes in another practice');
SELECT is(since('rebuilds'), 0::bigint, '… nothing of this one is read anew');
SELECT take('c3', 'bert');
SELECT is(clients(), 'c2', 'a change in this practice counts at once');
SELECT is(since('rebuilds'), 1::bigint, '… and has it read anew');
SELECT is(clients(), 'c2', 'the next statement');
SELECT is(since('rebuilds'), 1::bigint, '… does not');
\! $elsewhere -c "SELECT give('c3', 'bert')"
SELECT is(clients(), 'c2 c3', 'a change by somebody else counts at once');
SELECT is(since('rebuilds'), 2::bigint, '… and has it read anew');
\! $elsewhere -c "SELECT take('c3', 'bert')" -c "SELECT give('c1', 'bert')" -c "SELECT give('c3', 'bert')" -c "SELECT take('c1', 'bert')"
SELECT is(clients(), 'c2 c3', 'many changes');
SELECT is(since('rebuilds'), 3::bigint, '… have it read anew once');
\! $elsewhere -c "INSERT INTO careaccess.category (code, number) VALUES ('imaging', 40)" -c "DELETE FROM careaccess.category WHERE code = 'imaging'"
SELECT is(clients(), 'c2 c3', 'a change in what all practices have');
SELECT is(since('rebuilds'), 4::bigint, '… has it read anew, too');
\! $elsewhere -c "BEGIN" -c "SELECT take('c3', 'bert')" -c "ROLLBACK"
SELECT is(clients(), 'c2 c3', 'somebody else''s change that was rolled back');
SELECT is(since('rebuilds'), 4::bigint, '… does not');

--
-- The own transaction's changes
--
CALL remember();
BEGIN;
SELECT is(clients(), 'c2 c3', 'before any change');
SELECT take('c3', 'bert');
SELECT is(clients(), 'c2', 'an own change counts from the next command on');
SAVEPOINT s;
SELECT give('c1', 'bert');
SELECT is(clients(), 'c1 c2', '… as does another');
ROLLBACK TO s;
SELECT is(clients(), 'c2', 'after ROLLBACK TO it is gone');
SAVEPOINT t;
SELECT give('c1', 'bert');
ROLLBACK TO t;
SELECT is(clients(), 'c2', '… also one that was never looked at');
ROLLBACK;
SELECT is(clients(), 'c2 c3', 'after ROLLBACK all is as it was');
SELECT is(since('rebuilds'), 0::bigint, '… and nothing is read anew for what was rolled back');
BEGIN;
SAVEPOINT s;
SELECT take('c3', 'bert');
SELECT is(clients(), 'c2', 'a change in a savepoint');
ROLLBACK TO s;
SELECT is(clients(), 'c2 c3', '… rolled back');
COMMIT;
SELECT is(clients(), 'c2 c3', '… is rolled back when the transaction is over');
SELECT is(since('rebuilds'), 0::bigint, '… and costs nothing either');
BEGIN;
SELECT take('c3', 'bert');
SELECT is(clients(), 'c2', 'what is committed');
COMMIT;
SELECT is(clients(), 'c2', '… stays');
SELECT is(since('rebuilds'), 1::bigint, '… and what was kept before is read anew');
SELECT give('c3', 'bert');
-- PL/pgSQL rolls back by itself.
DO $$
BEGIN
	BEGIN
		PERFORM take('c3', 'bert');
		IF clients() <> 'c2' THEN RAISE EXCEPTION 'still there'; END IF;
		RAISE EXCEPTION 'undo' USING ERRCODE = 'ZZ001';
	EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
		IF clients() <> 'c2 c3' THEN RAISE EXCEPTION 'not rolled back'; END IF;
	END;
END $$;
SELECT is(clients(), 'c2 c3', 'a block of PL/pgSQL that failed leaves nothing');
-- One transaction is older than a change which the session has seen already.
BEGIN;
DECLARE unread CURSOR FOR SELECT DISTINCT client FROM visit ORDER BY client;
\! $elsewhere -c "SELECT take('c3', 'bert')"
SELECT is(clients(), 'c2', 'a statement sees a change that was made after a cursor was opened');
MOVE FORWARD 1 IN unread;
FETCH unread \gset
SELECT is(:'client'::text, 'c3', '… the cursor, first read afterwards, does not');
SELECT is(clients(), 'c2', '… and the next statement does again');
COMMIT;
\! $elsewhere -c "SELECT give('c3', 'bert')"
SELECT clients() \g /dev/null
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT is(clients(), 'c2 c3', 'a transaction of one snapshot');
\! $elsewhere -c "SELECT take('c3', 'bert')"
SELECT is(clients(), 'c2 c3', '… sees no later change');
COMMIT;
SELECT is(clients(), 'c2', '… and after its end the change counts');
SELECT give('c3', 'bert');
SELECT clients() \g /dev/null
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT is(clients(), 'c2 c3', 'the same where transactions are serializable');
\! $elsewhere -c "SELECT take('c3', 'bert')"
SELECT is(clients(), 'c2 c3', '… sees no later change');
COMMIT;
SELECT is(clients(), 'c2', '… and after its end the change counts');
SELECT give('c3', 'bert');

--
-- Rights end, and nothing runs then.  One DO is one statement, also over its
-- COMMIT: its "now" lies before the end, that of the next statement after it.
--
RESET ROLE;
CREATE PROCEDURE must_be(expected text) LANGUAGE plpgsql AS $$
BEGIN
	IF clients() <> expected THEN RAISE EXCEPTION 'the session sees %, not %', clients(), expected; END IF;
END $$;
CREATE FUNCTION grant_ends() RETURNS void LANGUAGE sql SECURITY DEFINER
	AS $$ UPDATE careaccess.client_link SET valid_until = statement_timestamp() + interval '1 microsecond' WHERE kind = 'grant' AND active $$;
CREATE FUNCTION emergency_ends() RETURNS void LANGUAGE sql SECURITY DEFINER
	AS $$ INSERT INTO careaccess.emergency_access (client, member, reason, until) VALUES ('c1', 'bert', 'an emergency', statement_timestamp() + interval '1 microsecond') $$;
CREATE FUNCTION delegation_ends() RETURNS void LANGUAGE sql SECURITY DEFINER
	AS $$ INSERT INTO careaccess.delegation (practice, member, over_member, mode, valid_until) VALUES ('p', 'helper', 'bert', 'context', statement_timestamp() + interval '1 microsecond') $$;
CREATE FUNCTION member_ends(ends timestamptz DEFAULT statement_timestamp() + interval '1 microsecond') RETURNS void LANGUAGE sql SECURITY DEFINER
	AS $$ UPDATE careaccess.member SET ends_at = ends WHERE id OPERATOR(careaccess.=) 'bert' $$;
SET ROLE careaccess_test_cache;

DO $$ BEGIN PERFORM grant_ends(); COMMIT; CALL must_be('c2 c3'); END $$;
CALL remember();
SELECT is(clients(), 'c2', 'a grant ends');
SELECT is(since('rebuilds'), 1::bigint, '… and has facts read anew, though nobody changed one');
SELECT is(clients(), 'c2', 'after it');
SELECT is(since('rebuilds') + since('misses'), 1::bigint, '… they are kept again');
DO $$ BEGIN PERFORM emergency_ends(); COMMIT; CALL must_be('c1 c2'); END $$;
CALL remember();
SELECT is(clients(), 'c2', 'an emergency ends');
SELECT is(since('rebuilds'), 1::bigint, '… with nothing run');
SELECT careaccess_act_as('helper', true);
DO $$ BEGIN PERFORM delegation_ends(); COMMIT; CALL must_be('c2'); END $$;
SELECT is(clients(), 'none', 'a delegation ends');
SELECT careaccess_act_as('bert', true);
DO $$ BEGIN PERFORM member_ends(); COMMIT; CALL must_be('c2'); END $$;
SELECT is(clients(), 'none', 'a member''s time ends, and he is nobody');
SELECT is(careaccess_current_member()::text, NULL, '… to himself, too');
SELECT is(clients(), 'none', '… and stays it');
SELECT member_ends(NULL);
SELECT is(clients(), 'c2', 'until he is given time again');
-- Nothing is asked of him here but who he is.
DO $$
BEGIN
	PERFORM member_ends();
	COMMIT;
	IF careaccess_current_member() IS NULL THEN RAISE EXCEPTION 'his time has ended too early'; END IF;
END $$;
SELECT is(careaccess_current_member()::text, NULL, 'who the session is ends with his time as well');
SELECT member_ends(NULL);
\! $elsewhere -c "UPDATE careaccess.client_link SET active = false WHERE kind = 'grant' AND active" -c "SELECT give('c3', 'bert')"

--
-- A cursor keeps what it decides by
--
SELECT clients() \g /dev/null
BEGIN;
DECLARE c CURSOR FOR SELECT client FROM visit ORDER BY id;
MOVE FORWARD 1 IN c;
SELECT is(pinned, 1::bigint, 'an open cursor pins its practice') FROM careaccess_cache();
\! $elsewhere -c "SELECT take('c3', 'bert')"
SELECT is(clients(), 'c2', 'somebody revokes');
MOVE FORWARD 1 IN c;
FETCH c \gset
SELECT is(:'client'::text, 'c2', 'the cursor goes on with its rows');
MOVE FORWARD 2 IN c;
FETCH c \gset
SELECT is(:'client'::text, 'c3', '… and its rights');
CLOSE c;
SELECT is(pinned, 0::bigint, 'closed, it pins nothing') FROM careaccess_cache();
ROLLBACK;
-- Nor does an error.
SELECT give('c3', 'bert');
SELECT throws_ok('SELECT 1 / (count(*) - 6) FROM visit', '22012', NULL, 'a statement that fails');
SELECT is(pinned, 0::bigint, '… leaves nothing pinned') FROM careaccess_cache();

--
-- The version log is pruned
--
SELECT is(clients(), 'c2 c3', 'before the log is pruned');
\! $elsewhere -c "SELECT take('c3', 'bert')" -c "DELETE FROM careaccess.change"
SELECT is(clients(), 'c2', 'a change whose entry was deleted at once');
\! $elsewhere -c "SELECT give('c3', 'bert')" -c "TRUNCATE careaccess.change"
SELECT is(clients(), 'c2 c3', '… or truncated away');
\! $elsewhere -c "BEGIN; SELECT take('c3', 'bert'); DELETE FROM careaccess.change; COMMIT"
SELECT is(clients(), 'c2', '… or deleted in the same transaction');
\! $elsewhere -c "BEGIN; SELECT give('c3', 'bert'); TRUNCATE careaccess.change; COMMIT"
SELECT is(clients(), 'c2 c3', '… or truncated there');
\! $elsewhere -c "BEGIN; DELETE FROM careaccess.change; SELECT take('c3', 'bert'); COMMIT"
SELECT is(clients(), 'c2', '… or entered after the others were deleted');
\! $elsewhere -c "SET session_replication_role = replica" -c "SELECT give('c3', 'bert')" -c "DELETE FROM careaccess.change"
SELECT is(clients(), 'c2 c3', '… or all of it where ordinary triggers do not fire');
-- What is truncated is gone for older snapshots, too.
BEGIN ISOLATION LEVEL REPEATABLE READ;
\! $elsewhere -c "SELECT take('c3', 'bert')"
SELECT count(*) FROM remembered \g /dev/null
\! $elsewhere -c "TRUNCATE careaccess.change"
SELECT is(clients(), 'c2', 'a transaction whose snapshot shows the change, and not the truncation');
COMMIT;
SELECT is(clients(), 'c2', '… and the next one');
\! $elsewhere -c "SELECT give('c3', 'bert')"

--
-- Changes are not logged
--
SELECT is(clients(), 'c2 c3', 'before a trigger of the version log is switched off');
\! $elsewhere -c "ALTER TABLE careaccess.client_link DISABLE TRIGGER version_row" -c "SELECT take('c3', 'bert')"
SELECT is(clients(), 'c2', 'switched off, a change counts all the same');
CALL remember();
SELECT is(clients(), 'c2', '… since facts');
SELECT cmp_ok(since('misses'), '>', 0::bigint, '… are kept no longer');
\! $elsewhere -c "SELECT give('c3', 'bert')"
SELECT is(clients(), 'c2 c3', '… and the next one, too');
\! $elsewhere -c "ALTER TABLE careaccess.client_link ENABLE TRIGGER version_row" -c "SET session_replication_role = replica" -c "SELECT take('c3', 'bert')"
SELECT is(clients(), 'c2', '… also where it is on for ordinary sessions only');
\! $elsewhere -c "ALTER TABLE careaccess.client_link ENABLE ALWAYS TRIGGER version_row"
SELECT clients() \g /dev/null
CALL remember();
SELECT is(clients(), 'c2', 'switched on, facts');
SELECT is(since('misses') + since('rebuilds'), 0::bigint, '… are kept again');
\! $elsewhere -c "BEGIN; ALTER TABLE careaccess.client_link DISABLE TRIGGER version_row; SELECT give('c3', 'bert'); ALTER TABLE careaccess.client_link ENABLE ALWAYS TRIGGER version_row; COMMIT"
SELECT is(clients(), 'c2 c3', 'off for one change only');
\! $elsewhere -c "SET session_replication_role = replica" -c "ALTER TABLE careaccess.client_link DISABLE TRIGGER version_row" -c "SELECT take('c3', 'bert')"
SELECT is(clients(), 'c2', 'switched off where ordinary triggers do not fire');
\! $elsewhere -c "ALTER TABLE careaccess.client_link ENABLE ALWAYS TRIGGER version_row"
SELECT clients() \g /dev/null
\! $elsewhere -c "CREATE TABLE definition AS SELECT pg_get_triggerdef(oid) AS of_trigger FROM pg_trigger WHERE tgname = 'version_row' AND tgrelid = 'careaccess.client_link'::regclass"
\! $elsewhere -c "DROP TRIGGER version_row ON careaccess.client_link" -c "SELECT give('c3', 'bert')"
SELECT is(clients(), 'c2 c3', 'dropped');
CALL remember();
SELECT is(clients(), 'c2 c3', '… facts');
SELECT cmp_ok(since('misses'), '>', 0::bigint, '… are kept no longer');
\! $elsewhere -c "DO 'BEGIN EXECUTE of_trigger FROM definition; END'" -c "ALTER TABLE careaccess.client_link ENABLE ALWAYS TRIGGER version_row"
SELECT clients() \g /dev/null
CALL remember();
SELECT is(clients(), 'c2 c3', 'made again, facts');
SELECT is(since('misses') + since('rebuilds'), 0::bigint, '… are kept again');

--
-- How much memory
--
RESET ROLE;
SELECT careaccess_stop_acting();
SELECT careaccess_create_practice('big', 'Big practice');
SELECT careaccess_add_member('big', 'greta', 'Greta', '{clinician_all_clients}');
INSERT INTO careaccess.client (id, practice) SELECT 'b' || i, 'big' FROM generate_series(1, 20000) AS i;
INSERT INTO visit (client) SELECT 'b' || i FROM generate_series(1, 20000) AS i;
ANALYZE visit;
SET ROLE careaccess_test_cache;
SELECT careaccess_act_as('greta', true);
SELECT is((SELECT count(*) FROM visit), 20000::bigint, 'one who sees 20,000 clients');
SELECT ok(bytes BETWEEN 1 AND 16 * 1024 * 1024, 'they take less than the memory that there is') FROM careaccess_cache();
CALL remember();
SELECT is((SELECT count(*) FROM visit), 20000::bigint, 'a second time');
SELECT is(since('misses') + since('rebuilds') + since('evictions'), 0::bigint, '… nothing is read anew');
-- Of the practice that is used, what can be decided again goes first, and the
-- facts stay. It is the only one here.
SET careaccess.cache_size = 0;
SELECT count(*) FROM visit \g /dev/null
RESET careaccess.cache_size;
SELECT count(*) FROM visit \g /dev/null
SELECT is(entries, 1::bigint, '… and this practice can be kept by itself') FROM careaccess_cache();
CALL remember();
SELECT set_config('careaccess.cache_size', ((bytes - 1) / 1024) || 'kB', false) FROM careaccess_cache() \g /dev/null
SELECT is((SELECT count(*) FROM visit), 20000::bigint, 'with a little less memory');
SELECT cmp_ok(since('evictions'), '>', 0::bigint, '… something is given up') ;
SELECT ok(bytes <= pg_size_bytes(current_setting('careaccess.cache_size')) AND entries = 1, '… and not the facts') FROM careaccess_cache();
SELECT is((SELECT count(*) FROM visit), 20000::bigint, '… so that the next statement');
SELECT is(since('misses') + since('rebuilds'), 0::bigint, '… reads none');
SET careaccess.cache_size = '256kB';
SELECT is((SELECT count(*) FROM visit), 20000::bigint, 'with much less memory');
SELECT cmp_ok(bytes, '<=', 256 * 1024::bigint, '… no more is kept') FROM careaccess_cache();
-- What is in use may take more.
BEGIN;
DECLARE c CURSOR FOR SELECT client FROM visit;
MOVE FORWARD 15000 IN c;
SELECT ok(pinned = 1 AND bytes > 256 * 1024, 'what a cursor uses may take more') FROM careaccess_cache();
SELECT is((SELECT count(*) FROM visit), 20000::bigint, '… also while another statement comes and goes');
SELECT ok(pinned = 1 AND bytes > 256 * 1024, '… with the same facts') FROM careaccess_cache();
COMMIT;
SELECT cmp_ok(bytes, '<=', 256 * 1024::bigint, '… until it is closed') FROM careaccess_cache();
-- No memory at all
SET careaccess.cache_size = 0;
SELECT careaccess_act_as('bert', true);
CALL remember();
SELECT is(clients(), 'c2 c3', 'without memory for keeping a member sees what he may');
SELECT is(entries, 0::bigint, '… and nothing is left afterwards') FROM careaccess_cache();
SELECT is(bytes, 0::bigint, '… no byte') FROM careaccess_cache();
SELECT cmp_ok(since('evictions'), '>', 0::bigint, '… it was given up');
SELECT is((SELECT string_agg(c || ':' || careaccess_can_view('bert', c), ' ') FROM unnest('{c1,c2,c3}'::text[]) AS c), 'c1:false c2:true c3:true', '… answers are right, too');
SELECT is((SELECT string_agg(c::text, ' ' ORDER BY c::text) FROM careaccess_visible_clients('bert', 'schedule') AS c), 'c2 c3', '… and lists');
SELECT is(entries, 0::bigint, '… with nothing left') FROM careaccess_cache();
BEGIN;
DECLARE c CURSOR FOR SELECT client FROM visit ORDER BY id;
MOVE FORWARD 1 IN c;
SELECT is(pinned, 1::bigint, '… a cursor pins') FROM careaccess_cache();
\! $elsewhere -c "SELECT take('c3', 'bert')"
SELECT is(clients(), 'c2', '… somebody revokes');
MOVE FORWARD 4 IN c;
FETCH c \gset
SELECT is(:'client'::text, 'c3', '… and the cursor goes on with its rows and rights');
COMMIT;
SELECT is(entries, 0::bigint, '… after which nothing is left') FROM careaccess_cache();
\! $elsewhere -c "SELECT give('c3', 'bert')"
SELECT is(clients(), 'c2 c3', 'a grant counts as well');

--
-- Who says how much
--
RESET careaccess.cache_size;
SELECT is(current_setting('careaccess.cache_size'), '16MB', 'there are 16 MB');
SELECT lives_ok($$SET careaccess.cache_size = '1MB'$$, 'anybody may do with less');
SELECT lives_ok($$SET careaccess.cache_size = '16MB'$$, '… and then with what he had');
SELECT throws_ok($$SET careaccess.cache_size = '16385kB'$$, '42501', 'permission denied to raise "careaccess.cache_size"', '… not with more');
SELECT throws_ok($$SET LOCAL careaccess.cache_size = '1GB'$$, '42501', NULL, '… not for a transaction either');
SELECT throws_ok($$SELECT set_config('careaccess.cache_size', '1GB', false)$$, '42501', NULL, '… nor by a function');
SELECT throws_ok($$CREATE FUNCTION pg_temp.f() RETURNS integer LANGUAGE sql SET careaccess.cache_size = '1GB' AS 'SELECT 1'$$, '42501', NULL, '… nor for one');
SELECT throws_ok($$ALTER ROLE careaccess_test_cache SET careaccess.cache_size = '1GB'$$, '42501', NULL, '… nor for his later sessions');
SELECT is(current_setting('careaccess.cache_size'), '16MB', 'so there are as many');
SELECT lives_ok($$ALTER ROLE careaccess_test_cache SET careaccess.cache_size = '2MB'$$, 'less he may have in his later sessions');
SELECT lives_ok('ALTER ROLE careaccess_test_cache RESET careaccess.cache_size', '… and not any more');
RESET ROLE;
SELECT lives_ok($$SET careaccess.cache_size = '1GB'$$, 'a superuser may raise it');
SET ROLE careaccess_test_cache;
SELECT is(current_setting('careaccess.cache_size'), '1GB', '… for whoever his session works');
RESET careaccess.cache_size;
SELECT is(current_setting('careaccess.cache_size'), '16MB', 'RESET brings back what there was');
RESET ROLE;
ALTER ROLE careaccess_test_cache SET careaccess.cache_size = '64MB';
-- A session of one's own, from its beginning: the first statement that needs
-- the extension's library loads it.
\setenv PGOPTIONS '-c client_min_messages=error'
\set answer `$answer -U careaccess_test_cache -c "ALTER ROLE careaccess_test_cache SET careaccess.cache_size = '1GB'" 2>&1`
SELECT is(:'answer'::text, 'ERROR:  permission denied to set parameter "careaccess.cache_size"', 'a new session raises it for no later one');
\set answer `$answer -U careaccess_test_cache -c "SELECT entries FROM careaccess_cache()" -c "SHOW careaccess.cache_size" | paste -sd ' '`
SELECT is(:'answer'::text, '0 64MB', 'what a superuser gave a role is what its sessions have');
\set answer `$answer -U careaccess_test_cache -c "SELECT entries FROM careaccess_cache()" -c "SET careaccess.cache_size = '63MB'" -c "SET careaccess.cache_size = '65MB'" -c "SHOW careaccess.cache_size" 2>&1 | paste -sd ' '`
SELECT is(:'answer'::text, '0 ERROR:  permission denied to raise "careaccess.cache_size" HINT:  Only a superuser can set it higher than 65536 kB; lower values are allowed. 63MB',
	'… and the most that they have');
\set answer `$answer -U careaccess_test_cache_2 -c "SET careaccess.cache_size = '1GB'" -c "SELECT entries FROM careaccess_cache()" -c "SHOW careaccess.cache_size" | paste -sd ' '`
SELECT is(:'answer'::text, '0 16MB', 'asked for before there is somebody to refuse it, it is not given either');
\setenv PGOPTIONS '-c client_min_messages=error -c careaccess.cache_size=1GB'
\set answer `$answer -U careaccess_test_cache_2 -c "SELECT entries FROM careaccess_cache()" -c "SHOW careaccess.cache_size" -c "RESET careaccess.cache_size" -c "SHOW careaccess.cache_size" | paste -sd ' '`
SELECT is(:'answer'::text, '0 16MB 16MB', '… nor to one who asks for it when he connects');
\set answer `$answer -c "SELECT entries FROM careaccess_cache()" -c "SHOW careaccess.cache_size" | paste -sd ' '`
SELECT is(:'answer'::text, '0 1GB', '… unless he is a superuser');

--
-- A cursor's "now" is that of its opening, however late it is read
--
\setenv PGOPTIONS '-c client_min_messages=error'
RESET ROLE;
SELECT careaccess_stop_acting();
UPDATE careaccess.client_link SET active = false, valid_until = now() WHERE kind = 'grant' AND active;
SELECT clock_timestamp() + interval '3 s' AS later \gset
CREATE TABLE the_end AS SELECT :'later'::timestamptz AS at;
GRANT SELECT ON the_end TO careaccess_test_cache;
INSERT INTO careaccess.client_link (practice, client, member, kind, valid_from) VALUES ('p', 'c1', 'bert', 'grant', :'later');
UPDATE careaccess.member SET ends_at = :'later' WHERE id OPERATOR(careaccess.=) 'all';
SET ROLE careaccess_test_cache;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT careaccess_act_as('bert', true);
DECLARE before_link CURSOR FOR SELECT string_agg(DISTINCT client, ' ' ORDER BY client) AS seen FROM visit;
SELECT careaccess_act_as('all', true);
DECLARE before_end CURSOR FOR SELECT string_agg(DISTINCT client, ' ' ORDER BY client) AS seen FROM visit;
DECLARE before_end_too CURSOR FOR SELECT string_agg(DISTINCT client, ' ' ORDER BY client) AS seen FROM visit;
DO $$ BEGIN WHILE clock_timestamp() <= (SELECT at FROM the_end) LOOP END LOOP; END $$;
FETCH before_end \gset first_
SELECT is(:'first_seen'::text, 'c1 c2 c3', 'opened before the member''s end');
SELECT is(clients(), 'none', '… which is past now');
FETCH before_end_too \gset second_
SELECT is(:'second_seen'::text, 'c1 c2 c3', '… and another, first read after it was');
SELECT careaccess_act_as('bert', true);
FETCH before_link \gset third_
SELECT is(:'third_seen'::text, 'c2', 'opened before a link begins');
SELECT is(clients(), 'c1 c2', '… which has begun now');
COMMIT;
RESET ROLE;
SELECT careaccess_stop_acting();

--
-- A login role that may read the table and nothing else
--
\setenv PGOPTIONS '-c client_min_messages=error'
REVOKE USAGE ON SCHEMA careaccess FROM PUBLIC;
REVOKE ALL ON SCHEMA careaccess FROM careaccess_test_cache_2;
SELECT careaccess_stop_acting();
SELECT careaccess_create_practice('r', 'A practice with a reader');
SELECT careaccess_add_member('r', 'reader', 'Reader', '{clinician}', login_role => 'careaccess_test_cache_2'),
	careaccess_add_member('r', 'rest', 'Rest', '{clinician}');
SELECT careaccess_add_client(n, 'r', CASE n WHEN 900001 THEN 'reader' ELSE 'rest' END) FROM generate_series(900001, 900100) AS n;
CREATE TABLE stay (client integer NOT NULL);
INSERT INTO stay SELECT n FROM generate_series(900001, 900100) AS n, generate_series(1, 20);
CREATE INDEX ON stay (client);
VACUUM ANALYZE stay;
SELECT careaccess_protect('stay', 'client', category => 'schedule');
GRANT SELECT ON stay TO careaccess_test_cache_2;
-- Members may not look at plans; here one must.
ALTER ROLE careaccess_test_cache_2 SET careaccess.explain_guard = off;
\set answer `$answer -U careaccess_test_cache_2 -c "SELECT count(*) FROM stay" -c "EXPLAIN (COSTS OFF) SELECT count(*) FROM stay" 2>&1 | grep -Eo '^20$|clients_integer|ERROR.*' | paste -sd ' '`
SELECT is(:'answer'::text, '20 clients_integer', 'plans need no right on the schema of the facts');
GRANT USAGE ON SCHEMA careaccess TO PUBLIC;

SELECT * FROM finish();
DROP OWNED BY careaccess_test_cache, careaccess_test_cache_2;
DROP ROLE careaccess_test_cache, careaccess_test_cache_2;
