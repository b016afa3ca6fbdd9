-- The catalog keeps its rules whoever writes it: practices filled in, data
-- categories, identities, owners, settings, revocations, listings by shares.
-- Everything here is direct SQL of the administrator of the database.
BEGIN;
SELECT plan(69);

SET client_min_messages = warning;

CREATE FUNCTION pg_temp.new_member(practice text, member text, VARIADIC roles text[]) RETURNS void LANGUAGE sql AS $$
	INSERT INTO careaccess.member (id, practice, name) VALUES (member, practice, member);
	INSERT INTO careaccess.member_role (practice, member, role) SELECT practice, member, r FROM unnest(roles) AS r;
$$;
CREATE FUNCTION pg_temp.links(client text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT l.member::text || ' ' || l.kind FROM careaccess.client_link l
	WHERE l.client OPERATOR(careaccess.=) $1 AND l.active ORDER BY 1
$$;
-- Deferred rules are asked at the end of a transaction; here, at the end of a command.
CREATE FUNCTION pg_temp.now_or_never(command text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE command;
	SET CONSTRAINTS ALL IMMEDIATE;
	SET CONSTRAINTS ALL DEFERRED;
END
$$;

SELECT careaccess_create_practice(1, 'One', 'standard');
SELECT careaccess_create_practice(2, 'Two', 'therapyappointment');
SELECT pg_temp.new_member('1', 'anna', 'clinician');
SELECT pg_temp.new_member('1', 'bert', 'clinician', 'manager');
SELECT pg_temp.new_member('1', 'carl', 'clinician');
SELECT pg_temp.new_member('1', 'manager', 'manager');
SELECT pg_temp.new_member('2', 'tom', 'provider');
SELECT pg_temp.new_member('2', 'ute', 'provider');
SELECT pg_temp.new_member('2', 'ida', 'provider');
SELECT careaccess_add_client('c1', 1, 'anna');
SELECT careaccess_add_client('c2', 1, 'anna');
SELECT careaccess_add_client('t1', 2, NULL, '{tom}');

-- The practice follows from the parent

INSERT INTO careaccess.practitioner_group (id, practice, name) VALUES (500, 1, 'east');
INSERT INTO careaccess.group_practitioner (group_id, member) VALUES (500, 'anna');
INSERT INTO careaccess.group_admin (group_id, member) VALUES (500, 'manager');
INSERT INTO careaccess.client_link (client, member, kind) VALUES ('c1', 'carl', 'grant');
INSERT INTO careaccess.client_revocation (client, member) VALUES ('c1', 'manager');
INSERT INTO careaccess.chart_share (client, from_provider, to_provider) VALUES ('c1', 'anna', 'carl');
INSERT INTO careaccess.emergency_access (client, member, reason, until) VALUES ('c1', 'carl', 'nothing', now());
INSERT INTO careaccess.profile_link (client, contact_client) VALUES ('c1', 'c2');
INSERT INTO careaccess.portal_user (id, client) VALUES ('p1', 'c1');
INSERT INTO careaccess.portal_access (client, portal_user) VALUES ('c2', 'p1');
INSERT INTO careaccess.delegation (member, over_member, mode) VALUES ('manager', 'anna', 'context');
INSERT INTO careaccess.colleague_limit (member, category, colleagues) VALUES ('anna', 'chart', '{bert}');
INSERT INTO careaccess.member_role (member, role) VALUES ('carl', 'biller');
INSERT INTO careaccess.member_permission (member, category, actions, reach) VALUES ('carl', 'billing', '{view}', 'all');
INSERT INTO careaccess.member_capability (member, capability) VALUES ('carl', 'book');
INSERT INTO careaccess.form_route (slug, practitioner) VALUES ('anna', 'anna');
INSERT INTO careaccess.assignment_rule (form, question, answer, practitioner, position) VALUES ('f', 'q', 'a', 'anna', 1);
SELECT is((SELECT count(*)::integer FROM (
	SELECT practice FROM careaccess.group_practitioner UNION ALL SELECT practice FROM careaccess.group_admin
	UNION ALL SELECT practice FROM careaccess.client_link WHERE member OPERATOR(careaccess.=) 'carl'
	UNION ALL SELECT practice FROM careaccess.client_revocation UNION ALL SELECT practice FROM careaccess.chart_share
	UNION ALL SELECT practice FROM careaccess.emergency_access UNION ALL SELECT practice FROM careaccess.profile_link
	UNION ALL SELECT practice FROM careaccess.portal_user UNION ALL SELECT practice FROM careaccess.portal_access
	UNION ALL SELECT practice FROM careaccess.delegation UNION ALL SELECT practice FROM careaccess.colleague_limit
	UNION ALL SELECT practice FROM careaccess.member_role WHERE role = 'biller'
	UNION ALL SELECT practice FROM careaccess.member_permission UNION ALL SELECT practice FROM careaccess.member_capability
	UNION ALL SELECT practice FROM careaccess.form_route UNION ALL SELECT practice FROM careaccess.assignment_rule) AS x
	WHERE practice OPERATOR(careaccess.=) 1), 16, 'a fact without practice takes its client''s, member''s or group''s');
SELECT throws_ok($$INSERT INTO careaccess.client_link (client, member, kind) VALUES ('c9', 'anna', 'grant')$$, '23503', NULL, 'an unknown client is refused');
SELECT throws_ok($$INSERT INTO careaccess.member_capability (member, capability) VALUES ('nobody', 'book')$$, '23503', NULL, 'an unknown member too');
SELECT throws_ok($$INSERT INTO careaccess.group_admin (group_id, member) VALUES (501, 'anna')$$, '23503', NULL, 'an unknown group too');
SELECT throws_ok($$INSERT INTO careaccess.form_route (slug, practitioner) VALUES ('x', 'nobody')$$, '23503', NULL, 'an unknown practitioner too');
SELECT throws_ok($$INSERT INTO careaccess.client_link (client, member, kind) VALUES ('c1', 'tom', 'grant')$$, '23503', NULL, 'no fact mixes two practices');
SELECT throws_ok($$INSERT INTO careaccess.group_practitioner (group_id, member) VALUES (500, 'tom')$$, '23503', NULL, '… nor does a group');

-- Data categories

INSERT INTO careaccess.category (code) VALUES ('imaging');
SELECT is((SELECT number::integer FROM careaccess.category WHERE code = 'imaging'), 8, 'a new category takes the least free number');
INSERT INTO careaccess.category (code, number) VALUES ('labs', 40);
INSERT INTO careaccess.category (code, authored) VALUES ('consents', true);
SELECT is((SELECT number::integer FROM careaccess.category WHERE code = 'consents'), 9, '… also beside chosen numbers');
DELETE FROM careaccess.category WHERE code = 'imaging';
INSERT INTO careaccess.category (code) VALUES ('photos');
SELECT is((SELECT number::integer FROM careaccess.category WHERE code = 'photos'), 8, '… and those of deleted categories');
SELECT throws_ok($$INSERT INTO careaccess.category (code, built_in) VALUES ('x', true)$$, '22023', NULL, 'no category is added as a built-in one');
SELECT throws_ok($$UPDATE careaccess.category SET authored = true WHERE code = 'profile'$$, '55000',
	'category "profile" is built in and cannot be changed or deleted', 'a built-in category does not change');
SELECT throws_ok($$UPDATE careaccess.category SET built_in = true WHERE code = 'labs'$$, '55000', NULL, '… and none becomes built in');
SELECT throws_ok($$DELETE FROM careaccess.category WHERE code = 'billing'$$, '55000', NULL, 'a built-in category is not deleted');
SELECT throws_ok($$TRUNCATE careaccess.category CASCADE$$, '55000', NULL, '… nor truncated');
SELECT lives_ok($$UPDATE careaccess.category SET authored = false WHERE code = 'consents'$$, 'an added one changes');
UPDATE careaccess.delegation SET categories = '{labs}';
SELECT throws_ok($$DELETE FROM careaccess.category WHERE code = 'labs'$$, '23503', 'category "labs" is still named by a delegation',
	'a category that a delegation names stays');
SELECT throws_ok($$UPDATE careaccess.category SET code = 'lab' WHERE code = 'labs'$$, '23503', NULL, '… under its name');
UPDATE careaccess.delegation SET categories = NULL;
SELECT lives_ok($$DELETE FROM careaccess.category WHERE code = 'labs'$$, '… and goes afterwards');
INSERT INTO careaccess.category (code) SELECT 'extra' || i FROM generate_series(11, 64) AS i;
SELECT is((SELECT array_agg(number ORDER BY number) FROM careaccess.category), ARRAY(SELECT i::smallint FROM generate_series(0, 63) AS i),
	'64 categories have the numbers 0 to 63');
SELECT throws_ok($$INSERT INTO careaccess.category (code) VALUES ('one_more')$$, '23514', 'category "one_more" would be the 65th', 'the 65th is refused');

-- Identities

SELECT throws_ok($$UPDATE careaccess.practice SET id = 9 WHERE id OPERATOR(careaccess.=) 1$$, '55000', NULL, 'a practice keeps its identifier');
SELECT throws_ok($$UPDATE careaccess.member SET id = 'x' WHERE id OPERATOR(careaccess.=) 'ida'$$, '55000', NULL, 'a member his');
SELECT throws_ok($$UPDATE careaccess.member SET practice = 1 WHERE id OPERATOR(careaccess.=) 'ida'$$, '55000', NULL, '… and his practice');
SELECT throws_ok($$UPDATE careaccess.client SET id = 'x' WHERE id OPERATOR(careaccess.=) 't1'$$, '55000', NULL, 'a client his');
SELECT throws_ok($$UPDATE careaccess.client SET practice = 1 WHERE id OPERATOR(careaccess.=) 't1'$$, '55000', NULL, '… and his practice');
SELECT throws_ok($$UPDATE careaccess.client_link SET member = 'bert' WHERE client OPERATOR(careaccess.=) 'c1' AND kind = 'owner'$$, '55000', NULL, 'a link stays its member''s');
SELECT throws_ok($$UPDATE careaccess.client_link SET kind = 'owner' WHERE kind = 'grant'$$, '55000', NULL, '… and its kind');
UPDATE careaccess.client_link SET active = false, valid_until = now() WHERE kind = 'grant';
SELECT throws_ok($$UPDATE careaccess.client_link SET active = true WHERE kind = 'grant'$$, '55000', NULL, 'an ended link stays ended');
UPDATE careaccess.chart_share SET stopped = now();
SELECT throws_ok($$UPDATE careaccess.chart_share SET stopped = NULL$$, '55000', NULL, 'a stopped share stays stopped');
SELECT throws_ok($$UPDATE careaccess.client_revocation SET member = 'bert'$$, '55000', NULL, 'a revocation stays its member''s');
UPDATE careaccess.member SET status = 'removed' WHERE id OPERATOR(careaccess.=) 'ida';
SELECT throws_ok($$UPDATE careaccess.member SET status = 'active' WHERE id OPERATOR(careaccess.=) 'ida'$$, '55000', 'a removed member cannot return', 'a removed member stays removed');
DELETE FROM careaccess.member_role WHERE member OPERATOR(careaccess.=) 'ida';
SELECT throws_ok($$DELETE FROM careaccess.member WHERE id OPERATOR(careaccess.=) 'ida'$$, '55000', NULL, '… and his identifier is not freed');
SELECT lives_ok($$UPDATE careaccess.member SET name = 'Ida' WHERE id OPERATOR(careaccess.=) 'ida'$$, '… though his name may change');

-- IQ-1: one owner, who is a practitioner

SELECT throws_ok($$SELECT pg_temp.now_or_never('UPDATE careaccess.client_link SET active = false, valid_until = now() WHERE client OPERATOR(careaccess.=) ''c1'' AND kind = ''owner''')$$,
	'55000', 'client "c1" would have no owner', 'IQ-1 the last owner link does not end');
SELECT throws_ok($$SELECT pg_temp.now_or_never('DELETE FROM careaccess.client_link WHERE client OPERATOR(careaccess.=) ''c1'' AND kind = ''owner''')$$,
	'55000', NULL, 'IQ-1 nor is it deleted');
SELECT throws_ok($$INSERT INTO careaccess.client_link (client, member, kind) VALUES ('c1', 'bert', 'owner')$$, '23505', NULL, 'IQ-1 nor does a second one begin');
SELECT lives_ok($$SELECT pg_temp.now_or_never('UPDATE careaccess.client_link SET active = false, valid_until = now() WHERE client OPERATOR(careaccess.=) ''c1'' AND kind = ''owner'';
	INSERT INTO careaccess.client_link (client, member, kind) VALUES (''c1'', ''bert'', ''owner'')')$$, 'IQ-1 in one transaction an owner follows another');
SELECT throws_ok($$SELECT pg_temp.now_or_never('DELETE FROM careaccess.member_role WHERE member OPERATOR(careaccess.=) ''bert'' AND role = ''clinician''')$$,
	'55000', 'member "bert" owns clients and has to stay a practitioner', 'IQ-1 an owner keeps a practitioner role');
SELECT lives_ok($$SELECT pg_temp.now_or_never('DELETE FROM careaccess.member_role WHERE member OPERATOR(careaccess.=) ''bert'';
	INSERT INTO careaccess.member_role (member, role) VALUES (''bert'', ''clinician_all_clients'')')$$, 'IQ-1 another one will do');
SELECT throws_ok($$SELECT pg_temp.now_or_never('UPDATE careaccess.role SET practitioner = false WHERE role = ''clinician_all_clients''')$$,
	'55000', NULL, 'IQ-1 the role stays a practitioner''s too');
SELECT throws_ok($$SELECT pg_temp.now_or_never('UPDATE careaccess.member SET status = ''removed'' WHERE id OPERATOR(careaccess.=) ''bert''')$$,
	'55000', NULL, 'SP-17 an owner is not removed');
SELECT lives_ok($$SELECT pg_temp.now_or_never('UPDATE careaccess.member SET status = ''disabled'' WHERE id OPERATOR(careaccess.=) ''bert''')$$, '… but may be disabled');
SELECT lives_ok($$SELECT pg_temp.now_or_never('UPDATE careaccess.client SET status = ''deleted'' WHERE id OPERATOR(careaccess.=) ''c1'';
	UPDATE careaccess.client_link SET active = false, valid_until = now() WHERE client OPERATOR(careaccess.=) ''c1'' AND kind = ''owner''')$$, 'a deleted client needs no owner');
SELECT throws_ok($$SELECT pg_temp.now_or_never('UPDATE careaccess.client SET status = ''active'' WHERE id OPERATOR(careaccess.=) ''c1''')$$,
	'55000', NULL, '… but has one when he comes back');
SELECT throws_ok($$SELECT careaccess_set_client_status('c1', 'active')$$, '55000', 'client "c1" has no owner any more', '… which the function says at once');
SELECT lives_ok($$SELECT careaccess_reassign_client('c1', 'carl'), careaccess_set_client_status('c1', 'active')$$, 'an administrator gives him one and restores him');
SELECT lives_ok($$SELECT pg_temp.now_or_never('DELETE FROM careaccess.client WHERE id OPERATOR(careaccess.=) ''c2''')$$, 'a client goes with all that hung on him');
SELECT is_empty($$SELECT FROM careaccess.client_link WHERE client OPERATOR(careaccess.=) 'c2'$$, '… his owner link too');
SELECT lives_ok($$SELECT pg_temp.now_or_never('UPDATE careaccess.client_link SET active = false, valid_until = now() WHERE client OPERATOR(careaccess.=) ''t1''')$$,
	'TA-1 where clients have no owner, every link may end');
INSERT INTO careaccess.client_link (client, member, kind) VALUES ('t1', 'tom', 'owner');
SELECT lives_ok($$SELECT pg_temp.now_or_never('UPDATE careaccess.client_link SET active = false, valid_until = now() WHERE client OPERATOR(careaccess.=) ''t1''')$$,
	'TA-1 … even that of an owner, who should not be');

-- Settings against the facts

SELECT throws_ok($$UPDATE careaccess.practice SET groups = false WHERE id OPERATOR(careaccess.=) 1$$, '55000',
	'groups cannot be switched off while there are groups', 'groups stay on while there is one');
SELECT throws_ok($$UPDATE careaccess.practice SET owner_mode = 'none' WHERE id OPERATOR(careaccess.=) 1$$, '55000', NULL, 'owner_mode stays "one" while a client has an owner');
SELECT throws_ok($$UPDATE careaccess.practice SET owner_mode = 'one' WHERE id OPERATOR(careaccess.=) 2$$, '55000', NULL, '… and "none" while one has none');
DELETE FROM careaccess.practitioner_group;
SELECT lives_ok($$UPDATE careaccess.practice SET groups = false WHERE id OPERATOR(careaccess.=) 1$$, 'without groups they can be switched off');
DELETE FROM careaccess.client WHERE practice OPERATOR(careaccess.=) 2;
SELECT lives_ok($$UPDATE careaccess.practice SET owner_mode = 'one' WHERE id OPERATOR(careaccess.=) 2$$, 'without clients owner_mode can change');
UPDATE careaccess.practice SET owner_mode = 'none' WHERE id OPERATOR(careaccess.=) 2;

-- SP-4 and SP-9, directly

UPDATE careaccess.client SET restricted = true WHERE id OPERATOR(careaccess.=) 'c1';
INSERT INTO careaccess.client_link (client, member, kind) VALUES ('c1', 'bert', 'grant'), ('c1', 'bert', 'listed');
INSERT INTO careaccess.client_revocation (client, member) VALUES ('c1', 'bert');
SELECT set_eq($$SELECT pg_temp.links('c1')$$, ARRAY['bert listed', 'carl owner'], 'SP-4 a revocation ends the grant, in every way it is made');
SELECT lives_ok($$INSERT INTO careaccess.client_revocation (client, member) VALUES ('c1', 'bert')$$, 'SP-16 a revocation that is there is skipped');
SELECT is((SELECT count(*)::integer FROM careaccess.client_revocation WHERE member OPERATOR(careaccess.=) 'bert'), 1, '… and stays one');
UPDATE careaccess.client SET restricted = false WHERE id OPERATOR(careaccess.=) 'c1';
SELECT is_empty($$SELECT FROM careaccess.client_revocation$$, 'SP-9 unrestricting deletes revocations, in every way it is done');

-- TA-3: links and shares in any order

INSERT INTO careaccess.client (id, practice) VALUES ('t2', 2), ('t3', 2), ('t4', 2), ('t5', 2), ('t6', 2);
INSERT INTO careaccess.chart_share (client, from_provider, to_provider) VALUES ('t2', 'tom', 'ute');
SELECT set_eq($$SELECT pg_temp.links('t2')$$, ARRAY['ute listed'], 'TA-3 a share lists its receiver');
SELECT lives_ok($$INSERT INTO careaccess.client_link (client, member, kind, source) VALUES ('t2', 'ute', 'listed', 'list')$$, 'TA-3 a listing that the share made is skipped');
SELECT is((SELECT count(*)::integer FROM careaccess.client_link WHERE client OPERATOR(careaccess.=) 't2'), 1, '… and stays one');
INSERT INTO careaccess.client_link (client, member, kind) VALUES ('t3', 'ute', 'listed');
INSERT INTO careaccess.chart_share (client, from_provider, to_provider) VALUES ('t3', 'tom', 'ute');
SELECT is((SELECT string_agg(source, ',') FROM careaccess.client_link WHERE client OPERATOR(careaccess.=) 't3'), 'manual', 'TA-3 who is listed is not listed again');
SELECT throws_ok($$INSERT INTO careaccess.client_link (client, member, kind) VALUES ('t3', 'ute', 'listed')$$, '23505', NULL, 'any other repeated link is refused');
INSERT INTO careaccess.chart_share (client, from_provider, to_provider, stopped) VALUES ('t4', 'tom', 'ute', now());
SELECT is_empty($$SELECT pg_temp.links('t4')$$, 'TA-4 a stopped share lists nobody');
INSERT INTO careaccess.client_link (client, member, kind, active, valid_from, valid_until)
	VALUES ('t5', 'ute', 'grant', false, now() - interval '2 days', now() - interval '1 hour');
INSERT INTO careaccess.chart_share (client, from_provider, to_provider, started) VALUES ('t5', 'tom', 'ute', now() - interval '1 day');
SELECT is_empty($$SELECT pg_temp.links('t5')$$, 'TA-3 a loaded share whose receiver lost his link since lists nobody');
INSERT INTO careaccess.client_link (client, member, kind, valid_from, valid_until)
	VALUES ('t6', 'ute', 'listed', now() - interval '2 days', now() - interval '1 hour');
INSERT INTO careaccess.chart_share (client, from_provider, to_provider) VALUES ('t6', 'tom', 'ute');
SELECT is((SELECT string_agg(source || CASE WHEN active THEN '' ELSE ' ended' END, ', ' ORDER BY id) FROM careaccess.client_link
	WHERE client OPERATOR(careaccess.=) 't6'), 'manual ended, chart_share', 'TA-3 who was listed until yesterday is listed anew');
SELECT is((SELECT count(*)::integer FROM careaccess.chart_share WHERE listing IS NOT NULL AND client::text LIKE 't_'), 2, 'TA-3 a share remembers the listing it made');

SELECT * FROM finish();
ROLLBACK;
