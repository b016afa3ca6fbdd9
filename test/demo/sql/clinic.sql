-- Riverside: a clinic of fourteen people and two hundred clients. Every name
-- and number follows from arithmetic, so that it is the same on every run.

\set ON_ERROR_STOP on

CREATE SCHEMA clinic;

CREATE TABLE clinic.staff (
    id bigint PRIMARY KEY,
    name text NOT NULL,
    role text NOT NULL
);

INSERT INTO clinic.staff VALUES
    (1, 'Amara Osei', 'owner'),
    (2, 'Jonas Weber', 'manager'),
    (3, 'Priya Nair', 'scheduler'),
    (4, 'Tomás Rivera', 'biller'),
    (5, 'Lena Hoffmann', 'clinician'),
    (6, 'Samuel Okafor', 'clinician'),
    (7, 'Mei Tanaka', 'clinician'),
    (8, 'David Cohen', 'clinician'),
    (9, 'Fatima Saleh', 'clinician'),
    (10, 'Oliver Brandt', 'clinician'),
    (11, 'Grace Kim', 'clinician'),
    (12, 'Elena Petrova', 'clinician_all_clients'),
    (13, 'Ruth Adler', 'assistant'),
    (14, 'Henrik Larsen', 'records_custodian');

CREATE TABLE clinic.clients (
    id bigint PRIMARY KEY,
    name text NOT NULL,
    born date NOT NULL,
    phone text NOT NULL,
    city text NOT NULL,
    owner bigint NOT NULL REFERENCES clinic.staff
);

CREATE TABLE clinic.appointments (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    client bigint NOT NULL REFERENCES clinic.clients,
    at timestamp NOT NULL,
    room text NOT NULL
);

CREATE TABLE clinic.notes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    client bigint NOT NULL REFERENCES clinic.clients,
    author bigint NOT NULL REFERENCES clinic.staff,
    category text NOT NULL DEFAULT 'chart' CHECK (category IN ('chart', 'private_notes')),
    written date NOT NULL,
    body text NOT NULL
);

CREATE TABLE clinic.documents (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    client bigint NOT NULL REFERENCES clinic.clients,
    title text NOT NULL
);

CREATE TABLE clinic.invoices (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    client bigint NOT NULL REFERENCES clinic.clients,
    issued date NOT NULL,
    amount numeric(8, 2) NOT NULL,
    paid boolean NOT NULL
);

WITH first AS (
    SELECT string_to_array('Nora,Elias,Maya,Theo,Clara,Ravi,Ines,Jack,Leila,Felix,Hana,Marco,Zoe,Omar,'
        'Lucia,Peter,Aisha,Hugo,Emma,Ivan,Sofia,Ben,Rosa,Kofi,Julia,Adam,Mina,Paul,Greta,Luis,Anna,'
        'Tariq,Lily,Noah,Vera,Erik,Dana,Simon,Edith,Yusuf', ',') AS n
), last AS (
    SELECT string_to_array('Bauer,Silva,Novak,Reed,Haddad,Lindgren,Moreau,Castillo,Fischer,Obi,Walsh,'
        'Ivanova,Park,Duarte,Keller,Mensah,Rossi,Hughes,Yilmaz,Jensen,Farah,Costa,Meyer,Doyle,Sato,'
        'Vega,Larsen,Amari,Quinn,Weiss,Torres,Kaya,Berg,Nowak,Chen,Roy,Santos,Blum,Adeyemi,Frost,'
        'Lopez,Hart,Petit,Abbas,Olsen,Grant,Riedel,Mori,Bianchi,Cole,Nasser,Holt,Varga', ',') AS n
), city AS (
    SELECT string_to_array('Riverside,Mill Creek,Ashford,Old Town,Brookfield', ',') AS n
)
INSERT INTO clinic.clients (id, name, born, phone, city, owner)
SELECT 1000 + i,
       first.n[1 + (i * 7) % 40] || ' ' || last.n[1 + (i * 13) % 53],
       date '1948-03-11' + (i * 1277) % 24000,
       '555-0' || lpad(((i * 37) % 900 + 100)::text, 3, '0'),
       city.n[1 + (i * 3) % 5],
       -- seven clinicians carry most; the owner and one other carry a few
       (ARRAY[5, 6, 7, 8, 9, 10, 11, 5, 8, 12, 6, 9, 1])[1 + (i - 1) % 13]
FROM generate_series(1, 200) AS i, first, last, city;

INSERT INTO clinic.appointments (client, at, room)
SELECT c.id,
       timestamp '2026-03-02 08:00' + (c.id * 11 + k * 173) % 90 * interval '1 day' + (c.id + k * 3) % 10 * interval '1 hour',
       (ARRAY['Blue room', 'Green room', 'Garden room', 'Video'])[1 + (c.id + k) % 4]
FROM clinic.clients c, LATERAL generate_series(1, 3 + (c.id % 4)::integer) AS k;

-- Most notes are the owner's; every fourth client came from a colleague, who
-- wrote the first one.
INSERT INTO clinic.notes (client, author, category, written, body)
SELECT c.id,
       CASE WHEN k = 1 AND c.id % 4 = 0 THEN 5 + (c.id / 4) % 7 ELSE c.owner END,
       CASE WHEN k = 4 THEN 'private_notes' ELSE 'chart' END,
       date '2026-01-12' + (c.id * 5)::integer % 60 + k * 7,
       (ARRAY['First conversation: what brings you here, and what would help.',
              'Sleep is better; the walks in the morning help.',
              'Talked about work. Agreed on one small step until next time.',
              'For me alone: stay patient with the long silences.'])[k]
FROM clinic.clients c, LATERAL generate_series(1, 2 + (c.id % 3)::integer) AS k;

INSERT INTO clinic.documents (client, title)
SELECT c.id, (ARRAY['Consent to treatment', 'Referral letter', 'Insurance card'])[k]
FROM clinic.clients c, LATERAL generate_series(1, 1 + (c.id % 3)::integer) AS k;

INSERT INTO clinic.invoices (client, issued, amount, paid)
SELECT c.id, date '2026-02-01' + k * 30, 80 + (c.id * 7 + k * 5) % 60, (c.id + k) % 5 <> 0
FROM clinic.clients c, LATERAL generate_series(1, 2 + (c.id % 2)::integer) AS k;

CREATE INDEX ON clinic.appointments (client);
CREATE INDEX ON clinic.notes (client);
CREATE INDEX ON clinic.documents (client);
CREATE INDEX ON clinic.invoices (client);
CREATE INDEX ON clinic.clients (owner);

GRANT USAGE ON SCHEMA clinic TO clinic_app;
GRANT SELECT ON clinic.staff TO clinic_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON clinic.clients, clinic.appointments, clinic.notes,
    clinic.documents, clinic.invoices TO clinic_app;
ANALYZE;

INSERT INTO demo.person
SELECT 'clinic', id, id::text, name, replace(role, '_', ' ') FROM clinic.staff;
UPDATE demo.person SET role = 'all clients' WHERE role = 'clinician all clients';
UPDATE demo.person SET role = 'custodian' WHERE role = 'records custodian';
INSERT INTO demo.person
SELECT 'client', position, id, name, role FROM demo.person WHERE stage = 'clinic' AND id IN ('1', '2', '3', '4', '5', '6', '13');
INSERT INTO demo.person
SELECT 'team', position, id, name, role FROM demo.person WHERE stage = 'clinic' AND id IN ('1', '5', '6', '7', '13');

-- The whole clinic…
INSERT INTO demo.probe VALUES
    ('clinic', 1, 'clients', 'SELECT count(*) FROM clinic.clients'),
    ('clinic', 2, 'visits', 'SELECT count(*) FROM clinic.appointments'),
    ('clinic', 3, 'chart', 'SELECT count(*) FROM clinic.notes WHERE category = ''chart'''),
    ('clinic', 4, 'private', 'SELECT count(*) FROM clinic.notes WHERE category = ''private_notes'''),
    ('clinic', 5, 'docs', 'SELECT count(*) FROM clinic.documents'),
    ('clinic', 6, 'bills', 'SELECT count(*) FROM clinic.invoices');
-- …and one client, for the few who matter in a scene.
INSERT INTO demo.probe VALUES
    ('client', 1, 'client', 'SELECT count(*) FROM clinic.clients WHERE id = $1::bigint'),
    ('client', 2, 'visits', 'SELECT count(*) FROM clinic.appointments WHERE client = $1::bigint'),
    ('client', 3, 'chart', 'SELECT count(*) FROM clinic.notes WHERE client = $1::bigint AND category = ''chart'''),
    ('client', 4, 'private', 'SELECT count(*) FROM clinic.notes WHERE client = $1::bigint AND category = ''private_notes'''),
    ('client', 5, 'docs', 'SELECT count(*) FROM clinic.documents WHERE client = $1::bigint'),
    ('client', 6, 'bills', 'SELECT count(*) FROM clinic.invoices WHERE client = $1::bigint');

-- And a few columns for a change that moves most of them.
INSERT INTO demo.probe
SELECT 'team', position, title, query FROM demo.probe WHERE stage = 'clinic' AND position <= 4;
