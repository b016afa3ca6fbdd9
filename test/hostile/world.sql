-- The clinic that the hostile scripts meet, as far as it is the same in both
-- databases: what bert and dora may see, and anna's part, which bert may not.
--
-- bert (clinician) has clients 1 and 2, anna 3 and 4; dora (wide) sees all of the
-- practice and is revoked on what is hidden; pia is the login of client 1.
CREATE EXTENSION careaccess;
SELECT careaccess_create_practice('p', 'Practice'), careaccess_create_practice('q', 'Elsewhere');
SELECT careaccess_define_role('p', 'wide', jsonb_build_object('administrative', true,
	'permissions', (SELECT jsonb_agg(jsonb_build_object('category', code, 'actions', '["view","create","edit","delete"]'::jsonb, 'reach', 'all')) FROM careaccess.category WHERE code <> 'private_notes')));
SELECT careaccess_add_member('p', m, m, ARRAY[r]) FROM (VALUES ('anna', 'clinician'), ('bert', 'clinician'), ('dora', 'wide')) AS v (m, r);
SELECT careaccess_add_member('q', 'emil', 'emil', '{clinician}');

CREATE SCHEMA app;
CREATE DOMAIN app.tone AS text CHECK (VALUE IN ('calm', 'loud'));
CREATE TABLE app.patient (id bigint PRIMARY KEY, name text NOT NULL, email text, code text, divisor integer, owner text);
CREATE TABLE app.note (
	id bigint PRIMARY KEY, nr bigserial, client bigint NOT NULL, author text, body text NOT NULL, code text UNIQUE,
	divisor integer CHECK (divisor >= 0), shout text GENERATED ALWAYS AS (upper(body)) STORED, tone app.tone,
	room int4range, EXCLUDE USING gist (room WITH &&));
CREATE TABLE app.visit (id bigint, client bigint, day date, reason text, fee integer) PARTITION BY RANGE (day);
CREATE TABLE app.visit_2025 PARTITION OF app.visit FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE app.visit_2026 PARTITION OF app.visit FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE app.letter (id bigint, client text, body text);
CREATE TABLE app.diary (id bigint, client bigint, kind text, author text, body text);
CREATE TABLE app.mark (client bigint, note bigint REFERENCES app.note ON DELETE CASCADE);
CREATE TABLE app.stop (client bigint, note bigint REFERENCES app.note);
CREATE TABLE app.open_mark (note bigint REFERENCES app.note);
CREATE INDEX ON app.note (client);
CREATE INDEX ON app.note (divisor);
CREATE INDEX ON app.visit (client);
CREATE INDEX ON app.letter (client);
CREATE INDEX ON app.diary (client);
CREATE STATISTICS app.note_both (mcv, dependencies) ON code, body FROM app.note;

INSERT INTO app.patient SELECT i, CASE WHEN i < 3 THEN 'Seen ' ELSE :'annas' || ' ' END || i,
	CASE WHEN i < 3 THEN 'seen' ELSE :'annas' END || i || '@example.org', i::text, i, CASE WHEN i < 3 THEN 'bert' ELSE 'anna' END
FROM generate_series(1, 4) AS i;
SELECT careaccess_adopt_clients('app.patient', 'id', practice => 'p', owner_column => 'owner');
SELECT careaccess_add_portal_user('pia', 1);
INSERT INTO app.note (id, client, author, body, code, divisor, tone, room)
SELECT p.id * 10 + n, p.id, p.owner, split_part(p.name, ' ', 1) || ' note ' || n, (p.id * 10 + n)::text, n, 'calm', int4range((p.id * 10 + n)::int, (p.id * 10 + n + 1)::int)
FROM app.patient AS p, generate_series(1, 2) AS n ORDER BY p.id, n;
INSERT INTO app.visit SELECT p.id * 10 + n, p.id, date '2025-06-01' + 365 * (n - 1) + p.id::int, split_part(p.name, ' ', 1) || ' reason', 100 * n
FROM app.patient AS p, generate_series(1, 2) AS n ORDER BY p.id, n;
INSERT INTO app.letter SELECT p.id, p.id::text, split_part(p.name, ' ', 1) || ' letter' FROM app.patient AS p ORDER BY p.id;
INSERT INTO app.diary SELECT p.id, p.id, 'chart', p.owner, split_part(p.name, ' ', 1) || ' diary' FROM app.patient AS p ORDER BY p.id;
INSERT INTO app.mark SELECT client, id FROM app.note ORDER BY id;

SELECT careaccess_protect('app.patient', 'id', 'profile');
SELECT careaccess_protect('app.note', 'client', 'chart', author_column => 'author');
SELECT careaccess_protect('app.visit', 'client', 'schedule');
SELECT careaccess_protect('app.letter', 'client', 'documents');
SELECT careaccess_protect('app.diary', 'client', category_column => 'kind', author_column => 'author');
SELECT careaccess_protect('app.mark', 'client', 'chart');
SELECT careaccess_protect('app.stop', 'client', 'chart');
SELECT careaccess_unique('app.patient', 'email');
SELECT careaccess_mask('app.patient_list', 'app.patient', '{"name": "name", "email": "profile", "code": "profile", "divisor": "profile"}');

-- Who attacks.  clinic_app and planter are roles of an application, which came
-- in through the door; planter may make objects in schema public.  bare has nothing
-- of careaccess but the tables.
GRANT USAGE ON SCHEMA app TO clinic_app, planter, bert_login, bare;
GRANT SELECT, INSERT, UPDATE, DELETE ON app.patient, app.note, app.visit, app.visit_2025, app.visit_2026, app.letter, app.diary, app.mark, app.stop, app.open_mark
	TO clinic_app, planter, bert_login, bare;
GRANT SELECT ON app.patient_list TO clinic_app, planter, bert_login, bare;
GRANT USAGE ON SEQUENCE app.note_nr_seq TO clinic_app, planter, bert_login, bare;
SELECT careaccess_grant_application(r) FROM unnest('{clinic_app,planter,bert_login}'::text[]) AS r;
GRANT CREATE ON SCHEMA public TO planter;
SELECT careaccess_configure_member('bert', '{"login_role": "bert_login"}');

-- The door of an application: it lets somebody act as a member who shows a
-- ticket for it, without the right to act as anybody.
CREATE SCHEMA door;
CREATE TABLE door.ticket (ticket text PRIMARY KEY, kind text, who text);
INSERT INTO door.ticket VALUES ('ticket of bert', 'member', 'bert'), ('ticket of dora', 'member', 'dora'), ('ticket of pia', 'portal', 'pia'),
	(:'canary' || ' ticket of anna', 'member', 'anna');
CREATE FUNCTION door.enter(ticket text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	t door.ticket;
BEGIN
	SELECT * INTO STRICT t FROM door.ticket AS d WHERE d.ticket = enter.ticket;
	IF t.kind = 'member' THEN
		PERFORM public.careaccess_act_as(t.who, true);
	ELSE
		PERFORM public.careaccess_act_as_portal_user(t.who, NULL, true);
	END IF;
END $$;
GRANT USAGE ON SCHEMA door TO clinic_app, planter;
