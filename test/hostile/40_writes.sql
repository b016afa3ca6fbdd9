-- Writes, and what their errors tell.

--- upsert of a hidden row
-- as: acting wide login
-- broken by: CREATE POLICY loose ON app.note FOR SELECT USING (true); CREATE POLICY looser ON app.note FOR UPDATE USING (true)
-- mended by: DROP POLICY loose ON app.note; DROP POLICY looser ON app.note
:tell
BEGIN;
INSERT INTO app.note (id, client, author, body) VALUES (9011, :hidden, 'bert', 'x') ON CONFLICT (id) DO UPDATE SET body = 'y' RETURNING body;
ROLLBACK;
BEGIN;
INSERT INTO app.note (id, client, author, body) VALUES (9011, :hidden, 'bert', 'x') ON CONFLICT DO NOTHING RETURNING *;
ROLLBACK;
BEGIN;
INSERT INTO app.note (id, client, author, body) VALUES (11, 1, 'bert', 'x') ON CONFLICT (id) DO UPDATE SET body = app.note.body || excluded.body || ' ' || app.note.client WHERE pg_temp.tell(app.note.body) RETURNING body;
INSERT INTO app.note (id, client, author, body) VALUES (11, 1, 'bert', 'x') ON CONFLICT (id) DO UPDATE SET client = :hidden RETURNING body;
ROLLBACK;
BEGIN;
UPDATE app.note SET body = 'x' WHERE client = :hidden RETURNING *;
DELETE FROM app.note WHERE id > 9000 RETURNING *;
UPDATE app.visit SET reason = 'x', client = 1 WHERE fee < 0 RETURNING reason;
DELETE FROM app.visit_2025 WHERE fee < 0 RETURNING reason;
ROLLBACK;
INSERT INTO app.note (id, client, author, body) SELECT id, client, author, body FROM app.note WHERE client > 900;
UPDATE app.patient_list SET name = 'x';
DELETE FROM app.patient_list;
INSERT INTO app.patient_list (id, name) VALUES (:hidden, 'x');

--- what an upsert's condition says of a hidden row
-- as: acting wide
-- needs: 19.01
:tell
-- That the key is taken is told (see below), and no more: all conditions end alike.
CREATE FUNCTION pg_temp.upsert(condition text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE 'INSERT INTO app.note AS n (id, client, author, body) VALUES (9011, 1, ''bert'', ''x'') ON CONFLICT (id) DO UPDATE SET body = n.body || n.code WHERE ' || condition || ' RETURNING body';
	RAISE EXCEPTION 'undo';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT count(DISTINCT pg_temp.upsert(c)) FROM unnest(ARRAY['true', 'false', 'n.divisor = 0', 'n.divisor <> 0', 'n.body > ''S''', 'n.body < ''S''',
	'n.client = 901', 'NULL', '1 / n.divisor > 0', 'n.code::integer > 0', 'pg_temp.tell(n.body)', 'EXISTS (SELECT FROM app.note AS m WHERE m.body = n.body)']) AS c;

--- a key that a hidden row has
-- as: acting
-- expect: documented Keys
BEGIN;
INSERT INTO app.note (id, client, author, body) VALUES (9011, 1, 'bert', 'x');
ROLLBACK;
BEGIN;
INSERT INTO app.note (id, client, author, body) VALUES (9011, 1, 'bert', 'x') ON CONFLICT DO NOTHING RETURNING id;
ROLLBACK;

--- an identifier that a hidden client has
-- as: acting
-- expect: documented Keys
BEGIN;
INSERT INTO app.patient (id, name) VALUES (:hidden, 'mine') RETURNING id;
ROLLBACK;
BEGIN;
SELECT careaccess_add_client(:hidden);
ROLLBACK;
BEGIN;
INSERT INTO app.patient (id, name) VALUES (:hidden, 'mine') ON CONFLICT (id) DO UPDATE SET owner = 'bert', name = 'mine' RETURNING *;
ROLLBACK;

--- a foreign key to a hidden row
-- as: acting
-- expect: documented Foreign keys
BEGIN;
INSERT INTO app.open_mark VALUES (9011);
ROLLBACK;

--- a hidden row that refers to one's own
-- as: acting
-- expect: documented Foreign keys
-- app.stop has no cascade: whether a row may go tells of a hidden one.
BEGIN;
DELETE FROM app.note WHERE id = 12;
ROLLBACK;

--- constraints: what a failing row is said to hold
-- as: acting wide login
INSERT INTO app.note (id, client, author, body, divisor) VALUES (9011, 1, 'bert', 'x', -1);
INSERT INTO app.note (id, client, author, body) VALUES (50, 1, 'bert', NULL);
INSERT INTO app.note (id, client, author, body, tone) VALUES (50, 1, 'bert', 'x', 'odd');
INSERT INTO app.note (id, client, author, body, shout) VALUES (50, 1, 'bert', 'x', 'X');
INSERT INTO app.note (id, client, author, body) VALUES (50, NULL, 'bert', 'x');
INSERT INTO app.note (id, client, author, body) VALUES (50, :hidden, 'bert', 'x');
INSERT INTO app.note (id, client, author, body) VALUES (50, :missing, 'bert', 'x');
INSERT INTO app.note (id, client, author, body) VALUES (9011, :hidden, 'bert', 'x');
INSERT INTO app.note (id, client, author, body, divisor) VALUES (9011, :hidden, 'bert', NULL, -1);
UPDATE app.note SET divisor = -1;
UPDATE app.note SET body = NULL;
UPDATE app.note SET client = :hidden;
UPDATE app.note SET client = :missing;
UPDATE app.note SET client = NULL;
UPDATE app.note SET tone = 'odd' WHERE divisor = 0;
UPDATE app.note SET divisor = divisor - 2;
UPDATE app.note SET id = id + 9000 WHERE false;
INSERT INTO app.visit VALUES (50, 1, '1999-01-01', 'x');
INSERT INTO app.visit VALUES (50, :hidden, '1999-01-01', 'x');
INSERT INTO app.visit_2025 VALUES (50, 1, '2026-05-05', 'x');
UPDATE app.visit SET day = '1999-01-01';
UPDATE app.visit SET day = '2026-05-05', client = :hidden;
INSERT INTO app.visit_2026 VALUES (50, :hidden, '2026-05-05', 'x');
INSERT INTO app.mark VALUES (:hidden, 9011);
INSERT INTO app.mark VALUES (:hidden, 99999);
INSERT INTO app.mark VALUES (:missing, 9011);
INSERT INTO app.letter VALUES (50, NULL, 'x');
INSERT INTO app.letter VALUES (50, '', 'x');
INSERT INTO app.letter VALUES (50, repeat('9', 300), 'x');
INSERT INTO app.letter VALUES (50, 'x', 'x');
UPDATE app.letter SET client = repeat('9', 300);
INSERT INTO app.diary VALUES (50, 1, 'unknown', 'bert', 'x');
INSERT INTO app.diary VALUES (50, 1, 'private_notes', 'anna', 'x');
UPDATE app.diary SET kind = NULL;
UPDATE app.patient SET id = :hidden;
UPDATE app.patient SET owner = 'nobody here';
UPDATE app.patient SET name = NULL;

--- values that a hidden row has, by a unique and an exclusion constraint: no value is told
-- as: acting
-- expect: documented Keys
BEGIN;
INSERT INTO app.note (id, client, author, body, room) VALUES (50, 1, 'bert', 'x', int4range(9011, 9012));
ROLLBACK;

--- a value that careaccess_unique keeps apart
-- as: acting
BEGIN;
INSERT INTO app.patient (id, name, email) VALUES (50, 'x', 'SEEN1@example.org');
ROLLBACK;
BEGIN;
UPDATE app.patient SET email = 'seen2@EXAMPLE.org' WHERE id = 1;
ROLLBACK;

--- MERGE
-- as: acting wide
:tell
BEGIN;
MERGE INTO app.note AS n USING (SELECT generate_series(8990, 9100) AS i) AS g ON n.id = g.i WHEN MATCHED AND pg_temp.tell(n.body) THEN DELETE;
MERGE INTO app.note AS n USING app.visit AS v ON n.client = v.client AND v.fee < 0 WHEN MATCHED THEN UPDATE SET body = v.reason;
MERGE INTO app.note AS n USING (VALUES (:hidden)) AS g (c) ON n.client = g.c WHEN MATCHED THEN UPDATE SET body = 'x' WHEN NOT MATCHED THEN DO NOTHING;
MERGE INTO app.note AS n USING (VALUES (1)) AS g (c) ON n.client = g.c WHEN MATCHED AND n.id = 11 THEN UPDATE SET body = 'mine';
SELECT id, body FROM app.note ORDER BY id;
ROLLBACK;
BEGIN;
MERGE INTO app.note AS n USING (VALUES (:hidden)) AS g (c) ON n.client = g.c WHEN NOT MATCHED THEN INSERT (id, client, author, body) VALUES (50, g.c, 'bert', 'x');
ROLLBACK;
BEGIN;
MERGE INTO app.visit AS n USING (VALUES (:hidden)) AS g (c) ON n.client = g.c WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (50, 1, '2025-01-01', 'x');
SELECT id FROM app.visit ORDER BY id;
ROLLBACK;

--- what was there before, told by RETURNING
-- as: acting wide
-- needs: 18
BEGIN;
UPDATE app.note SET body = 'x' WHERE client = :hidden RETURNING old.body, new.body;
INSERT INTO app.note (id, client, author, body) VALUES (11, 1, 'bert', 'x') ON CONFLICT (id) DO UPDATE SET body = 'y' RETURNING old.body;
DELETE FROM app.letter RETURNING old.body, new.body;
ROLLBACK;

--- MERGE that acts on what the source has not
-- as: acting wide
-- needs: 17
BEGIN;
MERGE INTO app.letter AS l USING (VALUES ('1')) AS v (c) ON l.client = v.c WHEN NOT MATCHED BY SOURCE THEN DELETE RETURNING merge_action(), l.*;
MERGE INTO app.letter AS l USING (VALUES ('nobody')) AS v (c) ON l.client = v.c WHEN NOT MATCHED BY SOURCE THEN UPDATE SET body = 'x' RETURNING merge_action(), l.*;
ROLLBACK;

--- the adopted tables
-- as: acting login wide
BEGIN;
UPDATE app.patient SET owner = 'bert' WHERE id > 2 RETURNING *;
UPDATE app.patient SET owner = 'bert' WHERE id = :hidden RETURNING *;
SELECT id FROM app.note WHERE client > 900;
ROLLBACK;
BEGIN;
DELETE FROM app.patient WHERE id = :hidden RETURNING *;
ROLLBACK;
BEGIN;
UPDATE app.patient SET id = :hidden WHERE id = 1;
ROLLBACK;
BEGIN;
UPDATE app.patient SET id = 77 WHERE id = 1;
ROLLBACK;
BEGIN;
INSERT INTO app.patient (id, name, owner) VALUES (77, 'x', 'anna') RETURNING id;
ROLLBACK;
BEGIN;
INSERT INTO app.patient (id, name, owner) VALUES (77, 'x', 'emil') RETURNING id;
ROLLBACK;
BEGIN;
INSERT INTO app.patient (id, name, owner) VALUES (77, 'x', 'nobody here') RETURNING id;
ROLLBACK;
MERGE INTO app.patient AS p USING (VALUES (:hidden)) AS v (i) ON p.id = v.i WHEN MATCHED THEN UPDATE SET owner = 'bert';

--- UPDATE and DELETE through joins
-- as: acting login
:tell
BEGIN;
UPDATE app.note AS n SET body = v.reason FROM app.visit AS v WHERE v.client = n.client AND pg_temp.tell(v.reason) RETURNING n.body;
DELETE FROM app.note AS n USING app.patient AS p WHERE p.id = n.client AND p.id > 900 AND pg_temp.tell(p.name) RETURNING p.name;
WITH d AS (DELETE FROM app.letter WHERE pg_temp.tell(body) RETURNING body) SELECT count(*), max(body) FROM d;
UPDATE app.patient SET code = (SELECT max(body) FROM app.note), divisor = (SELECT count(*) FROM app.mark) RETURNING code, divisor;
ROLLBACK;

--- TRUNCATE and other commands on tables
-- as: everybody
-- expect: refused 42501
TRUNCATE app.note CASCADE;
TRUNCATE app.visit_2025;
ALTER TABLE app.note DISABLE ROW LEVEL SECURITY;
ALTER TABLE app.note NO FORCE ROW LEVEL SECURITY;
ALTER TABLE app.note OWNER TO CURRENT_USER;
ALTER TABLE app.note DISABLE TRIGGER ALL;
DROP POLICY careaccess_select ON app.note;
CREATE POLICY loose ON app.note USING (true);
ALTER POLICY careaccess_select ON app.note USING (true);
CREATE INDEX ON app.note (body);
CREATE STATISTICS app.mine ON body, code FROM app.note;
CREATE TRIGGER t BEFORE UPDATE ON app.note EXECUTE FUNCTION suppress_redundant_updates_trigger();
CREATE RULE r AS ON SELECT TO app.note DO INSTEAD SELECT * FROM app.note;
COMMENT ON TABLE app.note IS 'x';
CLUSTER app.note;
REINDEX TABLE app.note;
GRANT SELECT ON app.note TO PUBLIC;
ALTER VIEW app.patient_list SET (security_barrier = false);
DROP EXTENSION careaccess CASCADE;
ALTER EXTENSION careaccess UPDATE;
ALTER EXTENSION careaccess DROP FUNCTION careaccess_act_as;
DROP EVENT TRIGGER careaccess_follow_ddl;
CREATE EVENT TRIGGER mine ON ddl_command_end EXECUTE FUNCTION careaccess.follow_ddl();
CREATE TABLE pg_temp.refers (note bigint REFERENCES app.note);
CREATE PUBLICATION mine FOR TABLE app.note;
SECURITY LABEL ON TABLE app.note IS 'x';

--- statistics that one might make anew
-- as: acting login
ANALYZE app.note;
VACUUM app.note;
ANALYZE app.visit;

--- COPY
-- as: acting wide login nobody
COPY app.note TO STDOUT;
COPY (SELECT id, body FROM app.note ORDER BY id) TO STDOUT;
COPY (SELECT * FROM app.patient_list ORDER BY id) TO STDOUT;
COPY app.visit_2025 TO STDOUT;
COPY app.note (id, client, body) FROM STDIN;
50	901	x
\.
\copy (SELECT body FROM app.letter WHERE client = '901') TO STDOUT
COPY (DELETE FROM app.note WHERE client = 901 RETURNING body) TO STDOUT;
CREATE TABLE pg_temp.into_here AS TABLE app.note;
SELECT id, body FROM pg_temp.into_here ORDER BY id;
SELECT * INTO pg_temp.and_here FROM app.visit;
SELECT count(*) FROM pg_temp.and_here;

--- the tables of facts
-- as: everybody
-- expect: refused 42501
SELECT * FROM careaccess.client;
SELECT * FROM careaccess.event;
INSERT INTO careaccess.client_link (client, member, kind) VALUES (:hidden, 'bert', 'grant');
UPDATE careaccess.member SET login_role = 'clinic_app' WHERE id::text = 'anna';
DELETE FROM careaccess.change;
TRUNCATE careaccess.event;
SELECT * FROM careaccess.token_key;
INSERT INTO careaccess.token_key (kid, algorithm, key) VALUES ('mine', 'HS256', repeat('x', 32)::bytea);
SELECT nextval('careaccess.adoption_statement_seq'), last_value FROM careaccess.adoption_statement_seq;
LOCK TABLE careaccess.client IN ACCESS SHARE MODE;
COPY careaccess.client TO STDOUT;
SELECT pg_relation_filepath('careaccess.client') IS NULL FROM careaccess.protected_table;
SELECT * FROM careaccess.protected_tables;
CREATE TABLE pg_temp.refers (c careaccess.id REFERENCES careaccess.client);
CREATE VIEW pg_temp.v AS SELECT * FROM careaccess.client;
SELECT * FROM pg_temp.v;
