-- The version log: every command on every fact that decides notes the practice
-- it concerns, once per transaction, also where ordinary triggers do not fire.
-- Each command is a transaction of its own, so this file commits.
SET client_min_messages = warning;
SELECT plan(98);

INSERT INTO careaccess.practice (id, name, owner_mode, restriction) VALUES (1, 'One', 'none', true), (2, 'Two', 'none', false);
INSERT INTO careaccess.role (practice, role, practitioner) VALUES (1, 'clinician', true);
INSERT INTO careaccess.member (id, practice, name) VALUES ('a', 1, 'A'), ('b', 1, 'B');
INSERT INTO careaccess.client (id, practice) VALUES ('c', 1), ('d', 1);
INSERT INTO careaccess.practitioner_group (id, practice, name) VALUES (700, 1, 'east');
INSERT INTO careaccess.portal_user (id, practice, client) VALUES ('p', 1, 'd');

CREATE TEMPORARY TABLE step (n integer GENERATED ALWAYS AS IDENTITY, fact text, command text, expected text, noted text);
INSERT INTO step (fact, command, expected)
SELECT v.fact, c.command, CASE c.command WHEN v.truncate THEN 'all' ELSE v.expected END
FROM (VALUES
	('practice', '1x', $$INSERT INTO careaccess.practice (id, name) VALUES ('1x', 'X')$$,
		$$UPDATE careaccess.practice SET name = 'Y' WHERE name = 'X'$$, $$DELETE FROM careaccess.practice WHERE name = 'Y'$$, NULL),
	('category', 'all', $$INSERT INTO careaccess.category (code, number) VALUES ('imaging', 8)$$,
		$$UPDATE careaccess.category SET authored = true WHERE code = 'imaging'$$, $$DELETE FROM careaccess.category WHERE code = 'imaging'$$, NULL),
	('practice_author_rule', '1', $$INSERT INTO careaccess.practice_author_rule VALUES (1, 'chart', 'none')$$,
		$$UPDATE careaccess.practice_author_rule SET rule = 'share'$$, $$DELETE FROM careaccess.practice_author_rule$$, $$TRUNCATE careaccess.practice_author_rule$$),
	('practice_link_category', '1', $$INSERT INTO careaccess.practice_link_category VALUES (1, 'grant', 'chart')$$,
		$$UPDATE careaccess.practice_link_category SET kind = 'listed'$$, $$DELETE FROM careaccess.practice_link_category$$, $$TRUNCATE careaccess.practice_link_category$$),
	('member', '1', $$INSERT INTO careaccess.member (id, practice, name) VALUES ('x', 1, 'X')$$,
		$$UPDATE careaccess.member SET name = 'Y' WHERE name = 'X'$$, $$DELETE FROM careaccess.member WHERE name = 'Y'$$, NULL),
	('role', '1', $$INSERT INTO careaccess.role (practice, role) VALUES (1, 'x')$$,
		$$UPDATE careaccess.role SET administrative = true WHERE role = 'x'$$, $$DELETE FROM careaccess.role WHERE role = 'x'$$, NULL),
	('role_permission', '1', $$INSERT INTO careaccess.role_permission VALUES (1, 'clinician', 'chart', '{view}', 'own')$$,
		$$UPDATE careaccess.role_permission SET reach = 'all'$$, $$DELETE FROM careaccess.role_permission$$, $$TRUNCATE careaccess.role_permission$$),
	('role_capability', '1', $$INSERT INTO careaccess.role_capability VALUES (1, 'clinician', 'book')$$,
		$$UPDATE careaccess.role_capability SET capability = 'grant'$$, $$DELETE FROM careaccess.role_capability$$, $$TRUNCATE careaccess.role_capability$$),
	('member_role', '1', $$INSERT INTO careaccess.member_role VALUES (1, 'a', 'clinician')$$,
		$$UPDATE careaccess.member_role SET member = 'b'$$, $$DELETE FROM careaccess.member_role$$, $$TRUNCATE careaccess.member_role$$),
	('member_permission', '1', $$INSERT INTO careaccess.member_permission VALUES (1, 'a', 'chart', '{view}', 'own')$$,
		$$UPDATE careaccess.member_permission SET reach = 'all'$$, $$DELETE FROM careaccess.member_permission$$, $$TRUNCATE careaccess.member_permission$$),
	('member_capability', '1', $$INSERT INTO careaccess.member_capability VALUES (1, 'a', 'book')$$,
		$$UPDATE careaccess.member_capability SET capability = 'grant'$$, $$DELETE FROM careaccess.member_capability$$, $$TRUNCATE careaccess.member_capability$$),
	('client', '1', $$INSERT INTO careaccess.client (id, practice) VALUES ('x', 1)$$,
		$$UPDATE careaccess.client SET shared_with_all = true WHERE id OPERATOR(careaccess.=) 'x'$$, $$DELETE FROM careaccess.client WHERE shared_with_all$$, NULL),
	('client_link', '1', $$INSERT INTO careaccess.client_link (practice, client, member, kind) VALUES (1, 'c', 'a', 'listed')$$,
		$$UPDATE careaccess.client_link SET active = false, valid_until = now()$$, $$DELETE FROM careaccess.client_link$$, $$TRUNCATE careaccess.client_link CASCADE$$),
	('client_revocation', '1', $$INSERT INTO careaccess.client_revocation (practice, client, member) VALUES (1, 'c', 'a')$$,
		$$UPDATE careaccess.client_revocation SET revoked_by = 'b'$$, $$DELETE FROM careaccess.client_revocation$$, $$TRUNCATE careaccess.client_revocation$$),
	('chart_share', '1', $$INSERT INTO careaccess.chart_share (practice, client, from_provider, to_provider, stopped) VALUES (1, 'c', 'a', 'b', now())$$,
		$$UPDATE careaccess.chart_share SET include_private = true$$, $$DELETE FROM careaccess.chart_share$$, $$TRUNCATE careaccess.chart_share$$),
	('practitioner_group', '1', $$INSERT INTO careaccess.practitioner_group (practice, name) VALUES (1, 'west')$$,
		$$UPDATE careaccess.practitioner_group SET name = 'south' WHERE name = 'west'$$, $$DELETE FROM careaccess.practitioner_group WHERE name = 'south'$$, NULL),
	('group_practitioner', '1', $$INSERT INTO careaccess.group_practitioner VALUES (1, 700, 'a')$$,
		$$UPDATE careaccess.group_practitioner SET member = 'b'$$, $$DELETE FROM careaccess.group_practitioner$$, $$TRUNCATE careaccess.group_practitioner$$),
	('group_admin', '1', $$INSERT INTO careaccess.group_admin VALUES (1, 700, 'a')$$,
		$$UPDATE careaccess.group_admin SET member = 'b'$$, $$DELETE FROM careaccess.group_admin$$, $$TRUNCATE careaccess.group_admin$$),
	('colleague_limit', '1', $$INSERT INTO careaccess.colleague_limit VALUES (1, 'a', 'chart', '{}')$$,
		$$UPDATE careaccess.colleague_limit SET colleagues = '{b}'$$, $$DELETE FROM careaccess.colleague_limit$$, $$TRUNCATE careaccess.colleague_limit$$),
	('delegation', '1', $$INSERT INTO careaccess.delegation (practice, member, over_member, mode) VALUES (1, 'a', 'b', 'context')$$,
		$$UPDATE careaccess.delegation SET valid_until = now()$$, $$DELETE FROM careaccess.delegation$$, $$TRUNCATE careaccess.delegation$$),
	('emergency_access', '1', $$INSERT INTO careaccess.emergency_access (practice, client, member, reason, until) VALUES (1, 'c', 'a', 'x', now())$$,
		$$UPDATE careaccess.emergency_access SET until = now()$$, $$DELETE FROM careaccess.emergency_access$$, $$TRUNCATE careaccess.emergency_access$$),
	('profile_link', '1', $$INSERT INTO careaccess.profile_link (practice, client, contact_client) VALUES (1, 'c', 'd')$$,
		$$UPDATE careaccess.profile_link SET relationship = 'parent'$$, $$DELETE FROM careaccess.profile_link$$, $$TRUNCATE careaccess.profile_link$$),
	('portal_user', '1', $$INSERT INTO careaccess.portal_user (id, practice, client) VALUES ('x', 1, 'c')$$,
		$$UPDATE careaccess.portal_user SET created_at = 'epoch' WHERE id OPERATOR(careaccess.=) 'x'$$, $$DELETE FROM careaccess.portal_user WHERE created_at = 'epoch'$$, NULL),
	('portal_access', '1', $$INSERT INTO careaccess.portal_access (practice, client, portal_user) VALUES (1, 'c', 'p')$$,
		$$UPDATE careaccess.portal_access SET status = 'accepted'$$, $$DELETE FROM careaccess.portal_access$$, $$TRUNCATE careaccess.portal_access$$),
	('token_key', 'all', $$INSERT INTO careaccess.token_key (kid, algorithm, key) VALUES ('k', 'HS256', '\x00')$$,
		$$UPDATE careaccess.token_key SET valid_until = now()$$, $$DELETE FROM careaccess.token_key$$, $$TRUNCATE careaccess.token_key$$)
) AS v (fact, expected, insert, update, delete, truncate)
CROSS JOIN LATERAL (VALUES (1, v.insert), (2, v.update), (3, v.delete), (4, v.truncate)) AS c (o, command)
WHERE c.command IS NOT NULL;

CREATE PROCEDURE pg_temp.run_steps() LANGUAGE plpgsql AS $$
DECLARE
	s record;
BEGIN
	FOR s IN SELECT * FROM step ORDER BY n LOOP
		EXECUTE s.command;
		UPDATE step SET noted = (
			SELECT string_agg(coalesce(c.practice::text, 'all'), ',' ORDER BY coalesce(c.practice::text, 'all'))
			FROM careaccess.change c WHERE c.xid = pg_current_xact_id())
		WHERE n = s.n;
		COMMIT;
	END LOOP;
END
$$;

CALL pg_temp.run_steps();
SELECT is(noted, expected, 'version: ' || command) FROM step WHERE command NOT LIKE 'TRUNCATE%' ORDER BY n;
SELECT ok('all' = ANY (string_to_array(noted, ',')), 'version: ' || command) FROM step WHERE command LIKE 'TRUNCATE%' ORDER BY n;
SELECT is((SELECT count(*)::integer FROM (SELECT DISTINCT fact FROM step) AS x), 25, 'no fact was left out');

-- Where ordinary triggers do not fire, the version log's do.
UPDATE step SET noted = NULL;
SET session_replication_role = replica;
CALL pg_temp.run_steps();
RESET session_replication_role;
SELECT is_empty($$SELECT command, noted FROM step WHERE CASE WHEN command LIKE 'TRUNCATE%' THEN noted NOT LIKE '%all' ELSE noted IS DISTINCT FROM expected END$$,
	'version: on a replica too');

-- What decides nothing is not noted.
BEGIN;
INSERT INTO careaccess.form_route (practice, slug, practitioner) VALUES (1, 'x', 'a');
INSERT INTO careaccess.assignment_rule (practice, form, question, answer, practitioner, position) VALUES (1, 'f', 'q', 'a', 'a', 1);
INSERT INTO careaccess.invitation (practice, contact, roles, token_hash, valid_until) VALUES (1, 'x', '{}', '\x00', now());
SELECT is_empty($$SELECT FROM careaccess.change WHERE xid = pg_current_xact_id()$$, 'form routes, rules and invitations decide nothing');
COMMIT;

-- One change in one transaction, whatever it touches.
BEGIN;
UPDATE careaccess.member SET ends_at = now();
UPDATE careaccess.client SET shared_with_all = true;
UPDATE careaccess.practice SET name = name || '!';
SELECT results_eq($$SELECT practice::text FROM careaccess.change WHERE xid = pg_current_xact_id() ORDER BY 1$$, ARRAY['1', '2'],
	'one transaction notes each practice once');
COMMIT;

-- What a savepoint took back is noted again when it is done again.
BEGIN;
SAVEPOINT s;
UPDATE careaccess.member SET ends_at = now();
ROLLBACK TO s;
UPDATE careaccess.member SET ends_at = now();
SELECT results_eq($$SELECT practice::text FROM careaccess.change WHERE xid = pg_current_xact_id()$$, ARRAY['1'],
	'after ROLLBACK TO a practice is noted anew');
COMMIT;

SELECT * FROM finish();
