-- Practices of 100 clients each. psql variable: practices. The first one has
-- 100 notes per client, the others one; its member 1 owns every other client.
-- The facts are loaded as a restore would (see big.sql).

\set ON_ERROR_STOP on
SET client_min_messages = warning;

CREATE EXTENSION careaccess;
SELECT careaccess_create_practice(1, 'Practice 1', 'standard') \g /dev/null

SET session_replication_role = replica;
INSERT INTO careaccess.practice (id, name, preset, owner_mode, restriction, restricted_new_member, staff_booking,
	widget_booking, groups, emergency_access)
SELECT n, 'Practice ' || n, p.preset, p.owner_mode, p.restriction, p.restricted_new_member, p.staff_booking,
	p.widget_booking, p.groups, p.emergency_access
FROM careaccess.practice AS p, generate_series(2, :practices) AS n;
INSERT INTO careaccess.practice_author_rule
SELECT n, t.category, t.rule FROM careaccess.practice_author_rule AS t, generate_series(2, :practices) AS n;
INSERT INTO careaccess.practice_link_category
SELECT n, t.kind, t.category FROM careaccess.practice_link_category AS t, generate_series(2, :practices) AS n;
-- Of the roles only the one that is used.
INSERT INTO careaccess.role
SELECT n, t.role, t.practitioner, t.administrative, t.unrevocable FROM careaccess.role AS t, generate_series(2, :practices) AS n
WHERE t.role = 'clinician';
INSERT INTO careaccess.role_permission
SELECT n, t.role, t.category, t.actions, t.reach, t.effect, t.only_if_practitioner
FROM careaccess.role_permission AS t, generate_series(2, :practices) AS n
WHERE t.role = 'clinician';
INSERT INTO careaccess.role_capability
SELECT n, t.role, t.capability FROM careaccess.role_capability AS t, generate_series(2, :practices) AS n
WHERE t.role = 'clinician';
-- Two members in each: 2p - 1 and 2p.
INSERT INTO careaccess.member (id, practice, name, ever_practitioner)
SELECT m, (m + 1) / 2, 'Member ' || m, true FROM generate_series(1, 2 * :practices) AS m;
INSERT INTO careaccess.member_role (practice, member, role)
SELECT (m + 1) / 2, m, 'clinician' FROM generate_series(1, 2 * :practices) AS m;
INSERT INTO careaccess.client (id, practice)
SELECT c, (c + 99) / 100 FROM generate_series(1, 100 * :practices) AS c;
INSERT INTO careaccess.client_link (practice, client, member, kind)
SELECT (c + 99) / 100, c, (c + 99) / 100 * 2 - c % 2, 'owner' FROM generate_series(1, 100 * :practices) AS c;
RESET session_replication_role;

CREATE TABLE note (id bigint PRIMARY KEY, practice bigint NOT NULL, client bigint NOT NULL, at timestamp NOT NULL);
INSERT INTO note
SELECT n, 1, 1 + n * 7 % 100, timestamp '2022-01-01' + n * interval '1 minute' FROM generate_series(1, 10000) AS n;
INSERT INTO note
SELECT 10000 + c, (c + 99) / 100, c, timestamp '2022-01-01' + c * interval '1 minute'
FROM generate_series(101, 100 * :practices) AS c;
CREATE INDEX ON note (client);
CREATE INDEX ON note (practice, at);
SELECT careaccess_protect('note', 'client', 'documents') \g /dev/null
SELECT careaccess_grant_application('with_careaccess') \g /dev/null
GRANT EXECUTE ON FUNCTION careaccess_act_as(careaccess.id, boolean) TO with_careaccess;
GRANT SELECT ON note TO with_careaccess, without_row_security;
VACUUM ANALYZE;
