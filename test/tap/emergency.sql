-- careaccess_break_glass, careaccess_review_emergency, the view
-- careaccess.emergency_review, and what an emergency opens for how long.
BEGIN;
SELECT plan(78);

SET client_min_messages = warning;

-- anna owns c1 and c3; bert owns c2; rita reviews: she sees names and holds
-- view_audit; ella is of another practice and owns e1.
SELECT careaccess_create_practice('st', 'Standard', 'standard');
SELECT careaccess_create_practice('el', 'Elsewhere', 'standard');
SELECT careaccess_define_role('st', 'reviewer', '{"administrative": true, "capabilities": ["view_audit", "break_glass"],
	"permissions": [{"category": "name", "actions": ["view"], "reach": "all"}]}');
SELECT careaccess_define_role('st', 'watchman', '{"unrevocable": true, "administrative": true, "capabilities": ["break_glass"]}');
SELECT careaccess_add_member('st', m, m, ARRAY[r]) FROM (VALUES ('anna', 'clinician'), ('bert', 'clinician'),
	('bill', 'biller'), ('rita', 'reviewer'), ('ron', 'reviewer'), ('olga', 'owner'), ('wim', 'watchman')) AS v (m, r);
SELECT careaccess_add_member('el', 'ella', 'Ella', '{clinician}');
SELECT careaccess_add_client(c, 'st', o) FROM (VALUES ('c1', 'anna'), ('c2', 'bert'), ('c3', 'anna')) AS v (c, o);
SELECT careaccess_add_client('e1', 'el', 'ella');

CREATE SCHEMA app;
CREATE TABLE app.record (client text, category text, author text, body text);
CREATE INDEX ON app.record (client);
INSERT INTO app.record SELECT 'c1', k, a, k || ' by ' || coalesce(a, 'nobody')
	FROM careaccess.category AS v (k), unnest('{anna,bill,NULL}'::text[]) AS a;
INSERT INTO app.record VALUES ('c3', 'chart', 'anna', 'c3');
SELECT careaccess_protect('app.record', 'client', category_column => 'category', author_column => 'author');
CREATE ROLE careaccess_test_app;
SELECT careaccess_grant_application('careaccess_test_app');
GRANT EXECUTE ON FUNCTION careaccess_act_as TO careaccess_test_app;
GRANT USAGE ON SCHEMA app TO careaccess_test_app;
GRANT ALL ON app.record TO careaccess_test_app;

CREATE FUNCTION pg_temp.error(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	s text; m text; d text; h text;
BEGIN
	EXECUTE query;
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS s = RETURNED_SQLSTATE, m = MESSAGE_TEXT, d = PG_EXCEPTION_DETAIL, h = PG_EXCEPTION_HINT;
	RETURN s || '/' || m || '/' || d || '/' || h;
END
$$;
-- Answers to "break the glass for this client", without breaking it.
CREATE FUNCTION pg_temp.opens(member text, client text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM careaccess_act_as(member);
	BEGIN
		PERFORM careaccess_break_glass(client, 'found on the floor');
		RAISE EXCEPTION 'opens' USING ERRCODE = 'CA000';
	EXCEPTION WHEN OTHERS THEN
		RETURN CASE SQLSTATE WHEN 'CA000' THEN SQLERRM ELSE SQLSTATE || ' ' || SQLERRM END;
	END;
END
$$;
CREATE FUNCTION pg_temp.rows(member text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	SET LOCAL ROLE careaccess_test_app;
	PERFORM careaccess_act_as(member);
	RETURN QUERY SELECT r.body FROM app.record AS r ORDER BY r.body COLLATE "C";
	RESET ROLE;
END
$$;
CREATE FUNCTION pg_temp.write(member text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	SET LOCAL ROLE careaccess_test_app;
	PERFORM careaccess_act_as(member);
	BEGIN
		EXECUTE statement;
		GET DIAGNOSTICS n = ROW_COUNT;
	EXCEPTION WHEN insufficient_privilege THEN
		RESET ROLE;
		RETURN 'refused';
	END;
	RESET ROLE;
	RETURN 'rows ' || n;
END
$$;
CREATE FUNCTION pg_temp.all_but_private() RETURNS SETOF text LANGUAGE sql AS $$
	SELECT r.body FROM app.record AS r WHERE r.client = 'c1' AND r.category <> 'private_notes' ORDER BY r.body COLLATE "C"
$$;

-- Who, and where
SELECT careaccess_stop_acting();
SELECT is(pg_temp.error($$SELECT careaccess_break_glass('c1', 'found on the floor')$$),
	'42501/not allowed to open a client in an emergency//Emergency access is for the acting member himself: act as one with careaccess_act_as.',
	'a database administrator has nobody to break the glass for');
SELECT is(pg_temp.opens('bill', 'c1'), '42501 not allowed to open a client in an emergency', 'without break_glass nobody does');
SELECT is(pg_temp.opens('bill', 'missing'), pg_temp.opens('bill', 'c1'), '… and learns nothing of clients');
SELECT is(pg_temp.opens('bert', 'c1'), 'opens', 'no sight of the client is needed');
SELECT is(pg_temp.opens('bert', 'c2'), 'opens', '… nor is it an obstacle');
CREATE TEMP TABLE missing AS SELECT replace(pg_temp.error($$SELECT careaccess_break_glass('missing', 'found on the floor')$$), '"missing"', '"?"') AS text;
SELECT is((SELECT text FROM missing), 'P0002/no such client: "?"//Check the identifier; a client whom the acting member may not see counts as missing.',
	'a missing client');
SELECT is(replace(pg_temp.error($$SELECT careaccess_break_glass('e1', 'found on the floor')$$), 'e1', '?'), (SELECT text FROM missing),
	'one of another practice is answered in the same words');
SELECT careaccess_stop_acting();
SELECT careaccess_set_client_status('c1', 'deleted');
SELECT careaccess_act_as('bert');
SELECT is(replace(pg_temp.error($$SELECT careaccess_break_glass('c1', 'found on the floor')$$), 'c1', '?'), (SELECT text FROM missing), '… so is a deleted one');
SELECT careaccess_stop_acting();
SELECT careaccess_set_client_status('c1', 'archived');
SELECT is(pg_temp.opens('bert', 'c1'), 'opens', 'an archived client can be opened');
SELECT careaccess_stop_acting();
SELECT careaccess_set_client_status('c1', 'active');
SELECT careaccess_act_as('bert');
SELECT throws_ok($$SELECT careaccess_break_glass(NULL, 'found on the floor')$$, '22023', 'client must not be null', 'a null client');

-- The reason, and for how long
SELECT throws_ok($$SELECT careaccess_break_glass('c1', NULL)$$, '22023', 'reason must not be null', 'a null reason');
SELECT throws_ok($$SELECT careaccess_break_glass('c1', '123456789')$$, '22023', 'the reason is too short', 'a reason of nine characters');
SELECT throws_ok($$SELECT careaccess_break_glass('c1', E'  \t 12345678 \n  ')$$, '22023', 'the reason is too short', '… space around it does not count');
SELECT throws_ok($$SELECT careaccess_break_glass('e1', NULL, -1)$$, 'P0002', NULL, 'the client is asked before the reason');
SELECT throws_ok($$SELECT careaccess_break_glass('c1', 'found on the floor', 0)$$, '22023', 'minutes must be positive', 'no time at all');
SELECT throws_ok($$SELECT careaccess_break_glass('c1', 'found on the floor', -5)$$, '22023', 'minutes must be positive', '… or less');
SELECT is_empty($$SELECT 1 FROM careaccess.emergency_access$$, 'nothing refused opened anything');
SELECT is(careaccess_break_glass('c1', '0123456789', 5), statement_timestamp() + interval '5 minutes', 'a time is kept');
SELECT is(careaccess_break_glass('c1', 'found on the floor', 241), statement_timestamp() + interval '240 minutes', '… up to what the practice allows');
SELECT is(careaccess_break_glass('c1', ' found on the floor '), statement_timestamp() + interval '240 minutes', '… which is the time without one');
SELECT is((SELECT string_agg(e.reason || ' ' || (e.until - e."from"), ', ' ORDER BY e."from") FROM careaccess.emergency_access AS e
	WHERE e.client OPERATOR(careaccess.=) 'c1' AND e.member OPERATOR(careaccess.=) 'bert'),
	'0123456789 00:05:00, found on the floor 04:00:00, found on the floor 04:00:00', 'each is a row');
SELECT is((SELECT count(*) FROM careaccess.event WHERE operation = 'break_glass' AND fact = 'emergency_access'
	AND client OPERATOR(careaccess.=) 'c1' AND member OPERATOR(careaccess.=) 'bert' AND actor OPERATOR(careaccess.=) 'bert'
	AND after ->> 'reason' LIKE '%0123%'), 1::bigint, '… and an event');
SELECT is((SELECT array_agg(x.until - statement_timestamp()) FROM (
	SELECT careaccess_break_glass('c3', 'once, and again', m) AS until FROM unnest('{20,30,10}'::int[]) AS m) AS x),
	'{00:20:00,00:30:00,00:30:00}', 'twice in one statement is one emergency, the longer one');
DO $$
BEGIN
	PERFORM careaccess_break_glass('c1', 'for a minute only', 1);
	PERFORM careaccess_act_as('olga');
	PERFORM careaccess_review_emergency('c1', 'bert', statement_timestamp(), 'a minute is fine');
	PERFORM careaccess_act_as('bert');
	PERFORM careaccess_break_glass('c1', 'for much longer', 200);
END
$$;
SELECT is((SELECT e.reason FROM careaccess.emergency_access AS e WHERE e.until - e."from" = '200 minutes'),
	E'for a minute only\nfor much longer', '… for both reasons');
SELECT is((SELECT count(e.reviewed_at) FROM careaccess.emergency_access AS e WHERE e.until - e."from" = '200 minutes'),
	0::bigint, '… and not reviewed because the shorter one was');
DELETE FROM careaccess.emergency_access;

-- What it opens
SELECT is_empty($$SELECT pg_temp.rows('bert')$$, 'without an emergency bert sees no row');
SELECT careaccess_act_as('bert');
SELECT careaccess_break_glass('c1', 'found on the floor', 30);
SELECT results_eq($$SELECT pg_temp.rows('bert')$$, $$SELECT pg_temp.all_but_private()$$,
	'5.8 an emergency opens every row of the client but private notes, whoever wrote it, and of no other client');
SELECT is((SELECT string_agg(k.code, ' ' ORDER BY k.number) FROM careaccess.category AS k WHERE careaccess_can_view('bert', 'c1', k.code)),
	'name profile diagnosis schedule documents billing chart', '5.8 … in every category but that');
SELECT is((SELECT string_agg(k.code || ' ' || a, ', ') FROM careaccess.category AS k, unnest('{create,edit,delete}'::text[]) AS a
	WHERE careaccess_can('bert', 'c1', k.code, a)), NULL, '5.8 … to look at only');
SELECT is(pg_temp.write('bert', $$UPDATE app.record SET body = 'x' WHERE client = 'c1'$$), 'rows 0', '5.8 no row can be changed');
SELECT is(pg_temp.write('bert', $$DELETE FROM app.record WHERE client = 'c1'$$), 'rows 0', '5.8 … or deleted');
SELECT is(pg_temp.write('bert', $$INSERT INTO app.record VALUES ('c1', 'chart', 'bert', 'x')$$), 'refused', '5.8 … or added');
SELECT careaccess_act_as('bert');
SELECT ok(EXISTS (SELECT FROM careaccess_visible_clients('bert', 'chart') AS c WHERE c::text = 'c1'), 'lists have the client');
SELECT is((SELECT step FROM careaccess_explain('bert', 'c1', 'chart', 'view', 'anna') WHERE outcome = 'decides: yes'), 8, 'explain names the emergency');
SELECT is((SELECT count(*) FROM careaccess_explain('bert', 'c1', 'private_notes') WHERE outcome = 'decides: yes'), 0::bigint, '… never for private notes');
SELECT careaccess_act_as('olga');
SELECT is((SELECT reason FROM careaccess_viewers('c1', 'chart') WHERE member::text = 'bert'), 'emergency access', 'viewers name it');
SELECT is_empty($$SELECT 1 FROM careaccess_viewers('c1', 'private_notes') WHERE member::text = 'bert'$$, '… and not for private notes');
SELECT ok(NOT EXISTS (SELECT pg_temp.rows('wim')), 'an emergency is one member''s');

-- For exactly its time
RESET ROLE;
SAVEPOINT running;
UPDATE careaccess.emergency_access SET until = statement_timestamp();
SELECT is_empty($$SELECT pg_temp.rows('bert')$$, '5.8 at its end an emergency opens no row');
SELECT careaccess_act_as('bert');
SELECT ok(NOT careaccess_can_view('bert', 'c1', 'name'), '5.8 … and answers no question');
ROLLBACK TO running;
UPDATE careaccess.emergency_access SET "from" = statement_timestamp() + interval '1 minute';
SELECT is_empty($$SELECT pg_temp.rows('bert')$$, '5.8 … nor before its beginning');
ROLLBACK TO running;
SELECT careaccess_stop_acting();
SELECT careaccess_configure_practice('st', '{"emergency_access": "off"}');
SELECT is_empty($$SELECT pg_temp.rows('bert')$$, '5.8 switching the setting off closes what is open');
SELECT is(pg_temp.opens('bert', 'c1'), '55000 this practice has no emergency access', 'with the setting off nobody breaks the glass');
SELECT is(pg_temp.opens('bert', 'missing'), pg_temp.opens('bert', 'c1'), '… and learns nothing of clients');
SELECT is(pg_temp.opens('bill', 'c1'), '42501 not allowed to open a client in an emergency', '… the capability is asked first');
ROLLBACK TO running;

-- Revoked
SELECT careaccess_stop_acting();
SELECT careaccess_restrict_client('c1');
INSERT INTO careaccess.client_revocation (client, member) VALUES ('c1', 'rita'), ('c1', 'wim'), ('c1', 'anna'), ('c1', 'bert');
SELECT is(pg_temp.opens('rita', 'c1'), 'P0002 no such client: "c1"', '7 who is revoked on the client opens nothing');
SELECT is(pg_temp.error($$SELECT careaccess_break_glass('c1', 'found on the floor')$$), replace((SELECT text FROM missing), '?', 'c1'),
	'… in the words of a missing one');
SELECT is(pg_temp.opens('wim', 'c1'), 'opens', '… save who holds an unrevocable role');
SELECT is(pg_temp.opens('anna', 'c1'), 'opens', '… or owns the client');
SELECT is_empty($$SELECT pg_temp.rows('bert')$$, '5.2 a revocation closes what is open');
SELECT careaccess_stop_acting();
SELECT careaccess_configure_practice('st', '{"emergency_overrides_revocation": true}');
SELECT results_eq($$SELECT pg_temp.rows('bert')$$, $$SELECT pg_temp.all_but_private()$$, '5.8 … unless the practice overrides it');
SELECT is(pg_temp.opens('rita', 'c1'), 'opens', '7 then the glass can be broken, too');
SELECT careaccess_act_as('bert');
SELECT throws_ok($$SELECT careaccess_restore_administrative_access('c1', 'bert')$$, '42501', NULL, '7 and nobody lifts a revocation of himself with it');
ROLLBACK TO running;

-- Review
SELECT careaccess_stop_acting();
UPDATE careaccess.emergency_access SET "from" = '2000-01-01 00:00:00.000001+00', until = '2000-01-01 01:00:00+00';
INSERT INTO careaccess.emergency_access (client, member, reason, "from", until) VALUES
	('c2', 'rita', 'my own, of c2', '2000-01-02 00:00+00', '2000-01-02 01:00+00'),
	('e1', 'ella', 'elsewhere', '2000-01-03 00:00+00', '2000-01-03 01:00+00'),
	('c3', 'bert', 'deleted since', '2000-01-04 00:00+00', '2000-01-04 01:00+00');
SELECT careaccess_set_client_status('c3', 'deleted');
CREATE FUNCTION pg_temp.review(member text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	SET LOCAL ROLE careaccess_test_app;
	PERFORM careaccess_act_as(member);
	RETURN QUERY SELECT concat_ws(' ', v.member, v.client, v.reason, v.reviewed_by, v.review_note) FROM careaccess.emergency_review AS v ORDER BY v."from";
	RESET ROLE;
END
$$;
SELECT results_eq($$SELECT pg_temp.review('rita')$$, ARRAY['bert c1 found on the floor', 'rita c2 my own, of c2'],
	'the view shows the emergencies of clients she may see');
SELECT is_empty($$SELECT pg_temp.review('bert')$$, '… to holders of view_audit only');
SELECT results_eq($$SELECT pg_temp.review('olga')$$, ARRAY['bert c1 found on the floor', 'rita c2 my own, of c2', 'bert c3 deleted since'],
	'… of a deleted client to who may restore him');
SELECT careaccess_stop_acting();
SELECT is((SELECT count(*) FROM careaccess.emergency_review), 4::bigint, 'a database administrator sees all');
CREATE ROLE careaccess_test_nobody;
GRANT USAGE ON SCHEMA careaccess TO careaccess_test_nobody;
SET LOCAL ROLE careaccess_test_nobody;
SELECT is_empty($$SELECT 1 FROM careaccess.emergency_review$$, '… and nobody none');
RESET ROLE;
SAVEPOINT reviewing;
SELECT careaccess_restrict_client('c1');
INSERT INTO careaccess.client_revocation (client, member) VALUES ('c1', 'rita');
SELECT results_eq($$SELECT pg_temp.review('rita')$$, ARRAY['rita c2 my own, of c2'], 'SP-3 nothing is told of a hidden client');
SELECT throws_ok($$SELECT careaccess_review_emergency('c1', 'bert', '2000-01-01 00:00:00.000001+00')$$, 'P0002', 'no such client: "c1"', '… nor by the review');
ROLLBACK TO reviewing;

SELECT careaccess_act_as('bert');
SELECT throws_ok($$SELECT careaccess_review_emergency('c2', 'rita', '2000-01-02 00:00+00')$$, '42501', 'not allowed to review an emergency access',
	'without view_audit nobody reviews');
SELECT throws_ok($$SELECT careaccess_review_emergency('c1', 'bert', '2000-01-01 00:00:00.000001+00')$$, 'P0002', 'no such client: "c1"',
	'… and a hidden client is missing');
SELECT careaccess_act_as('rita');
SELECT throws_ok($$SELECT careaccess_review_emergency('c3', 'bert', '2000-01-04 00:00+00')$$, 'P0002', 'no such client: "c3"', 'a deleted client is gone');
SELECT throws_ok($$SELECT careaccess_review_emergency('e1', 'ella', '2000-01-03 00:00+00')$$, 'P0002', 'no such client: "e1"', '… so is another practice''s');
SELECT throws_ok($$SELECT careaccess_review_emergency('c2', 'rita', '2000-01-02 00:00+00')$$, '42501',
	'not allowed to review one''s own emergency access', 'one''s own is reviewed by others');
SELECT throws_ok($$SELECT careaccess_review_emergency('c1', NULL, '2000-01-01 00:00:00.000001+00')$$, '22023', 'member must not be null', 'a null member');
SELECT throws_ok($$SELECT careaccess_review_emergency('c1', 'bert', NULL)$$, '22023', 'since must not be null', 'a null beginning');
SELECT throws_like($$SELECT careaccess_review_emergency('c1', 'bert', '2000-01-01 00:00+00')$$,
	'no such emergency access: client "c1", member "bert", since %', 'the beginning is exact');
SELECT throws_ok($$SELECT careaccess_review_emergency('c1', 'anna', '2000-01-01 00:00:00.000001+00')$$, 'P0002', NULL, '… and so is the member');
SELECT throws_ok($$SELECT careaccess_review_emergency('c2', 'bert', '2000-01-01 00:00:00.000001+00')$$, 'P0002', NULL, '… and the client');
SELECT lives_ok($$SELECT careaccess_review_emergency('c1', 'bert', '2000-01-01 00:00:00.000001+00', 'was right')$$, 'a review');
SELECT results_eq($$SELECT pg_temp.review('rita')$$, ARRAY['bert c1 found on the floor rita was right', 'rita c2 my own, of c2'], '… is written down');
SELECT ok((SELECT reviewed_at >= now() FROM careaccess.emergency_access WHERE review_note = 'was right'), '… with its time');
SELECT is((SELECT count(*) FROM careaccess.event WHERE operation = 'review_emergency' AND fact = 'emergency_access'
	AND member OPERATOR(careaccess.=) 'bert' AND actor OPERATOR(careaccess.=) 'rita'), 1::bigint, '… and an event');
SELECT careaccess_act_as('ron');
SELECT throws_ok($$SELECT careaccess_review_emergency('c1', 'bert', '2000-01-01 00:00:00.000001+00', 'was wrong')$$, '55000',
	'the emergency access has been reviewed', 'a review stands');
SELECT careaccess_act_as('olga');
SELECT lives_ok($$SELECT careaccess_review_emergency('c3', 'bert', '2000-01-04 00:00+00')$$, 'who may restore a deleted client reviews him, without a note');
SELECT careaccess_stop_acting();
SELECT lives_ok($$SELECT careaccess_review_emergency('c2', 'rita', '2000-01-02 00:00+00')$$, 'a database administrator reviews');
SELECT ok((SELECT reviewed_at IS NOT NULL AND reviewed_by IS NULL FROM careaccess.emergency_access WHERE client OPERATOR(careaccess.=) 'c2'), '… as nobody');

SELECT * FROM finish();
ROLLBACK;
