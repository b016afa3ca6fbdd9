-- Five small practices, one for each product. Their clients and people have
-- names as keys (text), and share one set of tables.
\set ON_ERROR_STOP on

CREATE SCHEMA small;

CREATE TABLE small.clients (
    id text PRIMARY KEY,
    practice text NOT NULL,
    name text NOT NULL
);
-- What a client list does not show: in a table of its own, as it needs more.
CREATE TABLE small.profiles (
    client text PRIMARY KEY REFERENCES small.clients,
    phone text NOT NULL
);
CREATE TABLE small.appointments (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    client text NOT NULL REFERENCES small.clients,
    provider text NOT NULL,
    at timestamp NOT NULL
);
CREATE TABLE small.notes (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    client text NOT NULL REFERENCES small.clients,
    author text NOT NULL,
    body text NOT NULL
);
CREATE INDEX ON small.appointments (client);
CREATE INDEX ON small.notes (client);

INSERT INTO demo.person VALUES
    ('simplepractice', 1, 'rosa', 'Rosa Lind', 'account owner'),
    ('simplepractice', 2, 'mark', 'Mark Boyd', 'practice manager'),
    ('simplepractice', 3, 'tess', 'Tess Young', 'biller'),
    ('simplepractice', 4, 'ida', 'Ida Nash', 'clinician, full client list'),
    ('simplepractice', 5, 'ben', 'Ben Cruz', 'clinician, basic'),
    ('intakeq', 1, 'nora', 'Nora Page', 'administrator'),
    ('intakeq', 2, 'paul', 'Paul Berg', 'practitioner'),
    ('intakeq', 3, 'gwen', 'Gwen Hale', 'practitioner'),
    ('intakeq', 4, 'tim', 'Tim Ross', 'assistant of Paul'),
    ('therapyappointment', 1, 'olga', 'Olga Frey', 'owner'),
    ('therapyappointment', 2, 'mia', 'Mia Stone', 'provider'),
    ('therapyappointment', 3, 'leo', 'Leo Marsh', 'provider'),
    ('therapyappointment', 4, 'noel', 'Noel Park', 'provider'),
    ('therapyappointment', 5, 'sam', 'Sam Dunn', 'scheduler'),
    ('sessionshealth', 1, 'ella', 'Ella Wood', 'administrator'),
    ('sessionshealth', 2, 'finn', 'Finn Gray', 'practitioner'),
    ('sessionshealth', 3, 'hugh', 'Hugh Dean', 'practitioner'),
    ('sessionshealth', 4, 'kate', 'Kate Bell', 'biller'),
    ('embodia', 1, 'vera', 'Vera King', 'clinic manager'),
    ('embodia', 2, 'ann', 'Ann Wells', 'practitioner'),
    ('embodia', 3, 'bob', 'Bob Flynn', 'practitioner'),
    ('embodia', 4, 'cai', 'Cai Moss', 'practitioner'),
    ('embodia', 5, 'dot', 'Dot Perry', 'clinic admin');

SELECT careaccess_create_practice(p, initcap(p), p)
FROM unnest('{simplepractice,intakeq,therapyappointment,sessionshealth,embodia}'::text[]) AS p;

SELECT careaccess_add_member(p.stage, p.id, p.name, ARRAY[r.role])
FROM demo.person p
JOIN (VALUES
    ('rosa', 'account_owner'), ('mark', 'practice_manager'), ('tess', 'practice_biller'),
    ('ida', 'clinician_full_client_list'), ('ben', 'clinician_basic'),
    ('nora', 'administrator'), ('paul', 'practitioner'), ('gwen', 'practitioner'), ('tim', 'assistant'),
    ('olga', 'owner'), ('mia', 'provider'), ('leo', 'provider'), ('noel', 'provider'), ('sam', 'scheduler'),
    ('ella', 'administrator'), ('finn', 'practitioner'), ('hugh', 'practitioner'), ('kate', 'biller'),
    ('vera', 'clinic_manager'), ('ann', 'practitioner'), ('bob', 'practitioner'),
    ('cai', 'practitioner'), ('dot', 'clinic_admin')
) AS r (id, role) USING (id)
ORDER BY p.stage, p.position;
SELECT careaccess_delegate('tim', 'paul', 'context');

INSERT INTO small.clients VALUES
    ('oak-1', 'simplepractice', 'Alan Price'),
    ('oak-2', 'simplepractice', 'Beth Moran'),
    ('oak-3', 'simplepractice', 'Carl Boyd'),
    ('lake-1', 'intakeq', 'Dora Finch'),
    ('lake-2', 'intakeq', 'Emil Stark'),
    ('harbor-1', 'therapyappointment', 'Fay Turner'),
    ('north-1', 'sessionshealth', 'Dana Lowe'),
    ('north-2', 'sessionshealth', 'Max Lowe'),
    ('motion-1', 'embodia', 'Gil Arnold'),
    ('motion-2', 'embodia', 'Hope Sutton'),
    ('motion-3', 'embodia', 'Ira Bloom');

SELECT careaccess_add_client(c, practice => p, owner => m)
FROM (VALUES
    ('oak-1', 'simplepractice', 'ida'), ('oak-2', 'simplepractice', 'ben'), ('oak-3', 'simplepractice', 'ben'),
    ('lake-1', 'intakeq', 'paul'), ('lake-2', 'intakeq', 'paul'),
    ('north-1', 'sessionshealth', 'finn'), ('north-2', 'sessionshealth', 'finn')
) AS v (c, p, m);
SELECT careaccess_add_client(c, practice => p, providers => ARRAY[m::careaccess.id])
FROM (VALUES
    ('harbor-1', 'therapyappointment', 'mia'),
    ('motion-1', 'embodia', 'ann'), ('motion-2', 'embodia', 'bob'), ('motion-3', 'embodia', 'cai')
) AS v (c, p, m);

CREATE TEMPORARY TABLE treated AS
SELECT * FROM (VALUES
    ('oak-1', 'ida'), ('oak-2', 'ben'), ('oak-3', 'ben'), ('lake-1', 'paul'), ('lake-2', 'paul'),
    ('harbor-1', 'mia'), ('north-1', 'finn'), ('north-2', 'finn'),
    ('motion-1', 'ann'), ('motion-2', 'bob'), ('motion-3', 'cai')
) AS v (client, provider);
INSERT INTO small.profiles SELECT id, '555-01' || 10 + row_number() OVER (ORDER BY id) FROM small.clients;
INSERT INTO small.appointments (client, provider, at)
SELECT client, provider, timestamp '2026-04-07 09:00' + k * interval '7 days'
FROM treated, generate_series(1, 2) AS k;
INSERT INTO small.notes (client, author, body)
SELECT client, provider, 'Session ' || k
FROM treated, generate_series(1, 3) AS k;

SELECT careaccess_protect('small.clients', 'id', 'name');
SELECT careaccess_protect('small.profiles', 'client', 'profile');
SELECT careaccess_protect('small.appointments', 'client', 'schedule', author_column => 'provider');
SELECT careaccess_protect('small.notes', 'client', 'chart', author_column => 'author');

GRANT USAGE ON SCHEMA small TO clinic_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON small.clients, small.profiles, small.appointments, small.notes TO clinic_app;

INSERT INTO demo.probe
SELECT stage, x.position, x.title, x.query
FROM unnest('{simplepractice,intakeq,therapyappointment,sessionshealth,embodia}'::text[]) AS stage,
(VALUES
    (1, 'name', 'SELECT count(*) FROM small.clients WHERE $1 IS NULL OR id = $1'),
    (2, 'profile', 'SELECT count(*) FROM small.profiles WHERE $1 IS NULL OR client = $1'),
    (3, 'visits', 'SELECT count(*) FROM small.appointments WHERE $1 IS NULL OR client = $1'),
    (4, 'chart', 'SELECT count(*) FROM small.notes WHERE $1 IS NULL OR client = $1')
) AS x (position, title, query);
