-- One practice, twice: schema plain for no row security and the hand-written
-- policies, schema care for careaccess. Same rows in the same order, same
-- indexes. psql variables: rows (notes), clients.
--
-- Who sees whom, of 10,000 clients:
--   member 1  owns 60 and has grants on 40: 100
--   member 2  owns 3,000 and has grants on 2,000: 5,000
--   member 3  has a role that sees all, and no client of his own
--   member 4  owns 100 clients who have had no note for a long time
--   101…200   own the others, and have grants on some of them

\set ON_ERROR_STOP on
SET client_min_messages = warning;

CREATE SCHEMA plain;
CREATE SCHEMA care;
CREATE SCHEMA bench;

-- The facts as an application without careaccess would keep them.
CREATE TABLE bench.staff (id bigint PRIMARY KEY, sees_all boolean NOT NULL);
INSERT INTO bench.staff SELECT m, m = 3 FROM generate_series(1, 4) AS m;
INSERT INTO bench.staff SELECT m, false FROM generate_series(101, 200) AS m;

CREATE TABLE bench.access (
	member bigint NOT NULL REFERENCES bench.staff,
	client bigint NOT NULL,
	kind text NOT NULL CHECK (kind IN ('owner', 'grant')),
	PRIMARY KEY (member, client)
);
INSERT INTO bench.access
SELECT CASE
		WHEN c % 100 = 3 AND c / 100 % 10 < 6 THEN 1
		WHEN c % 10 IN (1, 5, 9) THEN 2
		WHEN c % 100 = 7 THEN 4
		ELSE 101 + c % 97
	END, c, 'owner'
FROM generate_series(1, :clients) AS c;
INSERT INTO bench.access
SELECT CASE
		WHEN c % 100 = 3 THEN 1
		WHEN c % 10 IN (2, 6) THEN 2
		ELSE 200
	END, c, 'grant'
FROM generate_series(1, :clients) AS c
WHERE c % 10 IN (0, 2, 6) OR (c % 100 = 3 AND c / 100 % 10 >= 6);
CREATE UNIQUE INDEX access_client_idx ON bench.access (client, member);
CREATE UNIQUE INDEX access_owner_idx ON bench.access (client) WHERE kind = 'owner';

-- The data.
CREATE TABLE plain.client (id bigint PRIMARY KEY, owner bigint NOT NULL, name text NOT NULL);
INSERT INTO plain.client SELECT client, member, 'Client ' || client FROM bench.access WHERE kind = 'owner' ORDER BY client;

CREATE TABLE plain.appointment (id bigint PRIMARY KEY, client bigint NOT NULL, at timestamp NOT NULL);
INSERT INTO plain.appointment
SELECT a, 1 + a * 7919 % :clients, timestamp '2022-01-01' + a * interval '8 minutes'
FROM generate_series(1, :rows / 5) AS a;
CREATE INDEX ON plain.appointment (client);
CREATE INDEX ON plain.appointment (at);

-- A note belongs to an appointment of the same client. The notes of member 4's
-- clients all lie in the first tenth of the time.
CREATE TABLE plain.note (
	id bigint PRIMARY KEY,
	client bigint NOT NULL,
	appointment bigint NOT NULL,
	author bigint NOT NULL,
	at timestamp NOT NULL,
	body text NOT NULL
);
INSERT INTO plain.note
SELECT n, c.id, 1 + (n - 1) % (:rows / 5), c.owner,
	timestamp '2022-01-01' + CASE WHEN c.owner = 4 THEN n / 10.0 ELSE n END * interval '2 minutes',
	md5(n::text) || md5((-n)::text)
FROM generate_series(1, :rows) AS n JOIN plain.client AS c ON c.id = 1 + n::bigint * 7919 % :clients
ORDER BY n;
CREATE INDEX ON plain.note (client);
CREATE INDEX ON plain.note (at);

CREATE TABLE care.client (LIKE plain.client);
CREATE TABLE care.appointment (LIKE plain.appointment);
CREATE TABLE care.note (LIKE plain.note);
INSERT INTO care.client SELECT * FROM plain.client ORDER BY id;
INSERT INTO care.appointment SELECT * FROM plain.appointment ORDER BY id;
INSERT INTO care.note SELECT * FROM plain.note ORDER BY id;
ALTER TABLE care.client ADD PRIMARY KEY (id);
ALTER TABLE care.appointment ADD PRIMARY KEY (id);
CREATE INDEX ON care.appointment (client);
CREATE INDEX ON care.appointment (at);
ALTER TABLE care.note ADD PRIMARY KEY (id);
CREATE INDEX ON care.note (client);
CREATE INDEX ON care.note (at);

-- careaccess, from the same facts.
CREATE EXTENSION careaccess;
SELECT careaccess_create_practice(1, 'Bench', 'standard') \g /dev/null
SELECT careaccess_add_member(1, id, 'Member ' || id,
	CASE WHEN sees_all THEN '{clinician_all_clients}' ELSE '{clinician}' END::text[])
FROM bench.staff ORDER BY id \g /dev/null
SELECT careaccess_adopt_clients('care.client', 'id', practice => 1, owner_column => 'owner') \g /dev/null
SELECT careaccess_share_client(client, member) FROM bench.access WHERE kind = 'grant' ORDER BY client, member \g /dev/null
SELECT careaccess_protect('care.client', 'id', 'profile') \g /dev/null
SELECT careaccess_protect('care.appointment', 'client', 'schedule') \g /dev/null
SELECT careaccess_protect('care.note', 'client', 'documents') \g /dev/null

-- The same notes again as records whose author matters, which no hand-written
-- policy here asks for.
CREATE TABLE care.record (LIKE care.note);
INSERT INTO care.record SELECT * FROM plain.note ORDER BY id;
ALTER TABLE care.record ADD PRIMARY KEY (id);
CREATE INDEX ON care.record (client);
CREATE INDEX ON care.record (at);
SELECT careaccess_protect('care.record', 'client', 'chart', author_column => 'author') \g /dev/null

CREATE ROLE with_careaccess LOGIN;
SELECT careaccess_grant_application('with_careaccess') \g /dev/null
GRANT EXECUTE ON FUNCTION careaccess_act_as(careaccess.id, boolean) TO with_careaccess;
GRANT USAGE ON SCHEMA care TO with_careaccess;
GRANT SELECT ON ALL TABLES IN SCHEMA care TO with_careaccess;
ALTER ROLE with_careaccess SET search_path = care, public;

-- One who is known by his login role, for what a new connection costs.
CREATE ROLE login_of_2 LOGIN;
SELECT careaccess_grant_application('login_of_2') \g /dev/null
GRANT USAGE ON SCHEMA care TO login_of_2;
GRANT SELECT ON ALL TABLES IN SCHEMA care TO login_of_2;
ALTER ROLE login_of_2 SET search_path = care, public;
SELECT careaccess_configure_member(2, '{"login_role": "login_of_2"}') \g /dev/null

-- A neighbour, whose rights change while the first practice works.
SELECT careaccess_create_practice(2, 'Neighbour', 'standard') \g /dev/null
SELECT careaccess_add_member(2, id, 'Member ' || id, '{clinician}') FROM generate_series(1001, 1020) AS id \g /dev/null
SELECT careaccess_add_client(id, 2, 1001) FROM generate_series(1000001, 1000100) AS id \g /dev/null
