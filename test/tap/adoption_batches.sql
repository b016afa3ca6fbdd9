-- careaccess_adopt_clients registers in batches, with the triggers of the
-- catalog off: all that these do has to be done all the same.
BEGIN;
SELECT plan(23);
SET client_min_messages = error;

SELECT careaccess_create_practice(1, 'One', 'standard');
SELECT careaccess_create_practice('two', 'Two', 'therapyappointment');
SELECT careaccess_add_member(1, 10, 'Anna', '{clinician}');
SELECT careaccess_add_member(1, 11, 'Bert', '{clinician}');
SELECT careaccess_add_member('two', 'pete', 'Pete', '{provider}');

SELECT is(careaccess.adoption_batch(), 100000, 'a batch is large');
SELECT is_empty($$
	SELECT p.oid::regprocedure FROM pg_proc p
	WHERE p.proname IN ('adoption_batch', 'report_adoption', 'register_adopted_clients')
		AND has_function_privilege('public', p.oid, 'EXECUTE')
$$, 'nobody calls the parts by themselves');
CREATE OR REPLACE FUNCTION careaccess.adoption_batch() RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 3;

-- Links of either kind and none, whole batches and the rest, not in their order.
CREATE TABLE person (id text PRIMARY KEY, practice text, owner text);
INSERT INTO person VALUES ('z', 'two', NULL), ('b', 'two', 'pete'), ('7', '1', '10'), ('a "b" \c', 'two', 'pete'),
	('3f2c1b2a-0000-4000-8000-000000000001', '1', '11'), ('12', '1', '10'), ('known', '1', '10'), ('y', 'two', NULL),
	('-5', '1', '11');
SELECT careaccess_add_client('known', 1, 11);

-- The version log notes a practice once in a transaction, unless part of it is
-- rolled back; and that entries were taken out of it, as a change of all.
DELETE FROM careaccess.change;
SAVEPOINT forget;
ROLLBACK TO forget;
CREATE TEMPORARY TABLE old_event AS SELECT id FROM careaccess.event;
SELECT lives_ok($$SELECT careaccess_adopt_clients('person', 'id', practice_column => 'practice', owner_column => 'owner')$$, 'adopt');

CREATE TEMPORARY TABLE new_client AS SELECT * FROM careaccess.client c WHERE c.id OPERATOR(careaccess.<>) 'known';
CREATE TEMPORARY TABLE new_link AS SELECT * FROM careaccess.client_link l WHERE l.client OPERATOR(careaccess.<>) 'known';
SELECT results_eq($$SELECT id::text, practice::text, status, restricted, shared_with_all FROM new_client ORDER BY id::text COLLATE "C"$$,
	$$SELECT id, practice, 'active', false, false FROM person WHERE id <> 'known' ORDER BY id COLLATE "C"$$, 'every row is a client');
SELECT results_eq($$SELECT client::text, member::text, practice::text, kind, active, source, valid_until IS NULL FROM new_link ORDER BY client::text COLLATE "C"$$,
	$$SELECT id, owner, practice, CASE practice WHEN '1' THEN 'owner' ELSE 'listed' END, true, 'adopt_clients', true
		FROM person WHERE owner IS NOT NULL AND id <> 'known' ORDER BY id COLLATE "C"$$, '… with his owner, or who is listed');
SELECT results_eq($$SELECT member::text, source FROM careaccess.client_link WHERE client OPERATOR(careaccess.=) 'known'$$,
	$$VALUES ('11', 'add_client')$$, 'who was registered before is left alone');
SELECT results_eq($$SELECT practice::text FROM careaccess.change WHERE practice IS NOT NULL ORDER BY 1$$,
	$$VALUES ('1'), ('two')$$, 'the version log notes both practices');

-- The audit log is that of the triggers: take the rows out, and let them log
-- the same rows.
CREATE TEMPORARY TABLE adopted_event AS SELECT * FROM careaccess.event WHERE id NOT IN (SELECT id FROM old_event);
SELECT is((SELECT count(*)::integer FROM adopted_event WHERE fact = 'client'), 8, 'every client is an event');
SELECT is((SELECT count(*)::integer FROM adopted_event WHERE fact = 'client_link'), 6, '… and every link');
SELECT is((SELECT count(*)::integer FROM adopted_event WHERE at < transaction_timestamp() OR at > clock_timestamp()), 0, '… of now');
DELETE FROM careaccess.client c WHERE c.id OPERATOR(careaccess.<>) 'known';
CREATE TEMPORARY TABLE gone AS SELECT id FROM careaccess.event;
SET LOCAL careaccess.operation = 'adopt_clients';
INSERT INTO careaccess.client SELECT * FROM new_client;
INSERT INTO careaccess.client_link SELECT * FROM new_link;
RESET careaccess.operation;
SELECT bag_eq($$
	SELECT operation, fact, practice::text, client::text, member::text, actor_kind, actor::text, database_role, before, after FROM adopted_event
$$, $$
	SELECT operation, fact, practice::text, client::text, member::text, actor_kind, actor::text, database_role, before, after
	FROM careaccess.event WHERE id NOT IN (SELECT id FROM gone)
$$, 'the events are those that the triggers write');

-- The triggers are on again.
SELECT is(current_setting('session_replication_role'), 'origin', 'the session is as it was');
SELECT throws_ok($$INSERT INTO careaccess.client_link (practice, client, member, kind) VALUES (1, 'nobody', 10, 'grant')$$,
	'23503', NULL, '… foreign keys hold');
SELECT lives_ok($$INSERT INTO person VALUES ('new', '1', '10')$$, '… and a new row');
SELECT is((SELECT string_agg(operation || ' ' || fact, ', ' ORDER BY fact) FROM careaccess.event WHERE client OPERATOR(careaccess.=) 'new'),
	'add_client client, add_client client_link', '… is logged');

-- Refused within a larger table, nothing is done
CREATE TABLE other (id int PRIMARY KEY, owner text);
INSERT INTO other SELECT n, CASE n WHEN 108 THEN 'pete' ELSE '10' END FROM generate_series(101, 108) AS n;
SELECT throws_like($$SELECT careaccess_adopt_clients('other', 'id', 1, owner_column => 'owner')$$,
	'table public.other holds 1 row whose owner is no active practitioner of the practice', 'the last of many is checked too');
SELECT is((SELECT count(*)::integer FROM careaccess.client c JOIN other o ON c.id OPERATOR(careaccess.=) o.id), 0, '… before the first is registered');
SELECT is(current_setting('session_replication_role'), 'origin', '… and the session is as it was');

-- A replica takes events from its origin.
UPDATE other SET owner = '11' WHERE id = 108;
DELETE FROM careaccess.change;
SAVEPOINT forget;
ROLLBACK TO forget;
SET LOCAL session_replication_role = replica;
SELECT careaccess_adopt_clients('other', 'id', 1, owner_column => 'owner');
SELECT is(current_setting('session_replication_role'), 'replica', 'a session that is a replica''s stays one');
RESET session_replication_role;
SELECT is((SELECT count(*)::integer FROM careaccess.client_link l JOIN other o ON l.client OPERATOR(careaccess.=) o.id AND l.member OPERATOR(careaccess.=) o.owner),
	8, '… registers');
SELECT is((SELECT count(*)::integer FROM careaccess.event e JOIN other o ON e.client OPERATOR(careaccess.=) o.id), 0, '… and writes no events');
SELECT is((SELECT count(*)::integer FROM careaccess.change WHERE practice IS NOT NULL), 1, '… but notes the version');

-- Again
CREATE TEMPORARY TABLE last AS SELECT count(*) AS events FROM careaccess.event;
SELECT careaccess_adopt_clients('other', 'id', 1, owner_column => 'owner');
SELECT is((SELECT count(*) FROM careaccess.event), (SELECT events FROM last), 'adopted again, a table has nobody to register');

SELECT * FROM finish();
ROLLBACK;
