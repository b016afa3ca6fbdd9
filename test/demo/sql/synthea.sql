-- Register and protect loaded Synthea tables.
\set ON_ERROR_STOP on

-- The generator puts numbers behind names.
UPDATE clinic.providers SET name = regexp_replace(name, '[0-9]+', '', 'g');
UPDATE clinic.patients SET first = regexp_replace(first, '[0-9]+', '', 'g'), last = regexp_replace(last, '[0-9]+', '', 'g');

CREATE INDEX ON clinic.encounters (patient);
CREATE INDEX ON clinic.conditions (patient);
CREATE INDEX ON clinic.observations (patient);
CREATE INDEX ON clinic.claims (patientid);

-- An observation's author is the provider of its encounter.
ALTER TABLE clinic.observations ADD COLUMN author uuid;
UPDATE clinic.observations o SET author = e.provider FROM clinic.encounters e WHERE e.id = o.encounter;

ALTER TABLE clinic.patients ADD COLUMN practice uuid, ADD COLUMN owner uuid;
UPDATE clinic.patients p SET practice = n.organization, owner = n.provider
FROM (
    SELECT DISTINCT ON (e.patient) e.patient, v.organization, v.id AS provider
    FROM clinic.encounters e
    JOIN clinic.providers v ON v.id = e.provider
    ORDER BY e.patient, e.start DESC, e.id DESC
) AS n
WHERE n.patient = p.id;
ANALYZE;

SELECT careaccess_create_practice(id, name, 'standard') FROM clinic.organizations ORDER BY id;
SELECT careaccess_adopt_members('clinic.providers', 'id', 'name', practice_column => 'organization', roles => '{clinician}');
SELECT careaccess_adopt_clients('clinic.patients', 'id', practice_column => 'practice', owner_column => 'owner');

SELECT careaccess_protect('clinic.patients', 'id', category => 'profile');
SELECT careaccess_protect('clinic.encounters', 'patient', category => 'schedule');
SELECT careaccess_protect('clinic.conditions', 'patient', category => 'diagnosis');
SELECT careaccess_protect('clinic.observations', 'patient', category => 'chart', author_column => 'author');
SELECT careaccess_protect('clinic.claims', 'patientid', category => 'billing');

GRANT USAGE ON SCHEMA clinic TO clinic_app;
GRANT SELECT ON ALL TABLES IN SCHEMA clinic TO clinic_app;

-- What every provider sees, counted as that provider.
CREATE TABLE demo.seen (
    provider uuid PRIMARY KEY,
    patients bigint, encounters bigint, conditions bigint, observations bigint, claims bigint
);
CREATE TABLE demo.nobody (rows bigint);
GRANT SELECT, INSERT ON demo.seen, demo.nobody TO clinic_app;

CREATE FUNCTION demo.count_providers(at_most integer) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v uuid;
BEGIN
    FOR v IN
        SELECT p.id FROM clinic.providers p LEFT JOIN demo.owns o ON o.provider = p.id
        ORDER BY o.n DESC NULLS LAST, p.id LIMIT at_most
    LOOP
        PERFORM careaccess_act_as(v);
        INSERT INTO demo.seen
        SELECT v,
               (SELECT count(*) FROM clinic.patients), (SELECT count(*) FROM clinic.encounters),
               (SELECT count(*) FROM clinic.conditions), (SELECT count(*) FROM clinic.observations),
               (SELECT count(*) FROM clinic.claims);
    END LOOP;
    PERFORM careaccess_stop_acting();
    INSERT INTO demo.nobody
    SELECT (SELECT count(*) FROM clinic.patients) + (SELECT count(*) FROM clinic.encounters)
         + (SELECT count(*) FROM clinic.conditions) + (SELECT count(*) FROM clinic.observations)
         + (SELECT count(*) FROM clinic.claims);
END
$$;

-- By the table, not by careaccess: who should see something, and how much there is.
CREATE TABLE demo.owns AS SELECT owner AS provider, count(*) AS n FROM clinic.patients GROUP BY owner;
CREATE TABLE demo.there AS
SELECT (SELECT count(*) FROM clinic.patients) AS patients, (SELECT count(*) FROM clinic.encounters) AS encounters,
       (SELECT count(*) FROM clinic.conditions) AS conditions, (SELECT count(*) FROM clinic.observations) AS observations,
       (SELECT count(*) FROM clinic.claims) AS claims;
GRANT SELECT ON demo.owns, demo.there TO clinic_app;

CREATE FUNCTION demo.owners_see(at_most integer)
RETURNS TABLE (provider text, patients bigint, encounters bigint, conditions bigint, "observ." bigint, claims bigint)
LANGUAGE sql AS $$
    (
        SELECT v.name, s.patients, s.encounters, s.conditions, s.observations, s.claims
        FROM demo.seen s
        JOIN demo.owns o ON o.provider = s.provider
        JOIN clinic.providers v ON v.id = s.provider
        ORDER BY s.patients DESC, s.claims DESC, v.name
        LIMIT at_most
    )
    UNION ALL
    SELECT '(there are)', t.patients, t.encounters, t.conditions, t.observations, t.claims FROM demo.there t
$$;

CREATE FUNCTION demo.summary(OUT line integer, OUT words text) RETURNS SETOF record
LANGUAGE sql AS $$
    SELECT 1, 'The busiest 40 of ' || count(*) || ' providers who own clients.' FROM demo.owns HAVING count(*) > 40
    UNION ALL
    SELECT 2, CASE WHEN sum(s.patients) = max(t.patients) AND sum(s.claims) = max(t.claims) THEN '' ELSE 'THIS IS WRONG. ' END
           || 'Together, the ' || count(*) || ' providers who own clients see ' || sum(s.patients) || ' of ' || max(t.patients)
           || ' patients and ' || sum(s.claims) || ' of ' || max(t.claims) || ' claims.'
           || CASE WHEN sum(s.patients) = max(t.patients) AND sum(s.claims) = max(t.claims)
                   THEN ' Every row has exactly one owner who sees it.' ELSE '' END
    FROM demo.seen s JOIN demo.owns o USING (provider), demo.there t
    UNION ALL
    SELECT 3, CASE count(*) WHEN 1 THEN 'One other provider owns no client and sees '
                ELSE 'The other ' || count(*) || ' providers own no client and see ' END ||
           sum(s.patients + s.encounters + s.conditions + s.observations + s.claims) || ' rows of any table.'
    FROM demo.seen s WHERE NOT EXISTS (SELECT FROM demo.owns o WHERE o.provider = s.provider)
    HAVING count(*) > 0
    UNION ALL
    SELECT 4, 'A session without a member sees ' || n.rows || ' rows.' FROM demo.nobody n
$$;

-- A patient, his owner and a colleague of the same practice.
CREATE FUNCTION demo.choose_scene(OUT patient uuid, OUT patient_name text, OUT owner uuid, OUT colleague uuid)
LANGUAGE plpgsql AS $$
BEGIN
    SELECT p.id, p.first || ' ' || p.last, p.owner, v.id INTO patient, patient_name, owner, colleague
    FROM clinic.patients p
    JOIN clinic.providers v ON v.organization = p.practice AND v.id <> p.owner
    ORDER BY p.id, v.id LIMIT 1;
    IF colleague IS NULL THEN
        RETURN;
    END IF;
    INSERT INTO demo.person
    SELECT 'scene', CASE v.id WHEN choose_scene.owner THEN 1 ELSE 2 END, v.id::text, v.name,
           CASE v.id WHEN choose_scene.owner THEN 'owner' ELSE 'colleague' END
    FROM clinic.providers v WHERE v.id IN (choose_scene.owner, choose_scene.colleague);
    INSERT INTO demo.probe VALUES
        ('scene', 1, 'patients', 'SELECT count(*) FROM clinic.patients'),
        ('scene', 2, 'visits', 'SELECT count(*) FROM clinic.encounters'),
        ('scene', 3, 'diagnoses', 'SELECT count(*) FROM clinic.conditions'),
        ('scene', 4, 'observ.', 'SELECT count(*) FROM clinic.observations'),
        ('scene', 5, 'claims', 'SELECT count(*) FROM clinic.claims');
END
$$;
