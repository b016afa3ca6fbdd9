-- One practice of many members and clients. psql variables: members, clients.
-- The facts are loaded as a restore would: in bulk, with the triggers off that
-- their origin has run already.
--
--   member 1        sees all clients
--   member 2        owns a twentieth of them
--   the others      own the rest: member m the clients c with c % members = m

\set ON_ERROR_STOP on
SET client_min_messages = warning;

CREATE EXTENSION careaccess;
SELECT careaccess_create_practice(1, 'Big', 'standard') \g /dev/null
SELECT careaccess_add_member(1, 1, 'Member 1', '{clinician_all_clients}') \g /dev/null
SET session_replication_role = replica;
INSERT INTO careaccess.member (id, practice, name, ever_practitioner)
SELECT m, 1, 'Member ' || m, true FROM generate_series(2, :members) AS m;
INSERT INTO careaccess.member_role (practice, member, role)
SELECT 1, m, 'clinician' FROM generate_series(2, :members) AS m;
INSERT INTO careaccess.client (id, practice) SELECT c, 1 FROM generate_series(1, :clients) AS c;
INSERT INTO careaccess.client_link (practice, client, member, kind)
SELECT 1, c, CASE WHEN c % 20 = 0 THEN 2 ELSE 3 + c % (:members - 2) END, 'owner'
FROM generate_series(1, :clients) AS c;
RESET session_replication_role;
VACUUM ANALYZE;
