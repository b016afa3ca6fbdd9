-- A clinic of which Ben, with a login of his own, sees a third; what he may not
-- see carries marks that nothing else has.
CREATE EXTENSION careaccess;
\ir ../tap/check/clinic.sql

CREATE TABLE app.visit_2177 PARTITION OF app.visit FOR VALUES FROM ('2177-01-01') TO ('2178-01-01');
-- Hidden: text with "heronry" in it, numbers that begin with 77007, the year 2177.
CREATE FUNCTION app.fill(hidden boolean, n int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	base int := CASE WHEN hidden THEN 770070000 ELSE 1000 END;
	word text := CASE WHEN hidden THEN 'heronry' ELSE 'plain' END;
	day date := CASE WHEN hidden THEN '2177-01-01' ELSE '2025-01-01' END;
BEGIN
	INSERT INTO app.patient SELECT base + i, 'Name ' || word, word || i, CASE WHEN hidden THEN 3 ELSE 2 END FROM generate_series(1, n) AS i;
	INSERT INTO app.note SELECT base + i, base + 1 + i % n, CASE WHEN hidden THEN 3 ELSE 2 END, word || ' note' FROM generate_series(1, n) AS i;
	INSERT INTO app.visit SELECT base + i, base + 1 + i % n, day + i FROM generate_series(1, n) AS i;
END $$;
UPDATE app.patient SET name = 'heronry', phone = 'heronry' WHERE id = 11;
UPDATE app.note SET body = 'heronry' WHERE patient = 11;
SELECT app.fill(true, 150), app.fill(false, 75);
DROP FUNCTION app.fill;
SELECT careaccess_mask('app.patients', 'app.patient', '{"name": "name", "phone": "profile"}', keep_invisible => true);
GRANT SELECT ON app.patients TO careaccess_check_ben;
GRANT INSERT, UPDATE, DELETE ON app.patient, app.note, app.visit TO careaccess_check_ben;
-- The same rights, and no row security.
CREATE ROLE careaccess_check_all LOGIN BYPASSRLS IN ROLE careaccess_check_ben;
-- Statements must not end the session that runs them, nor wait.
REVOKE EXECUTE ON FUNCTION pg_terminate_backend, pg_cancel_backend, pg_sleep, pg_sleep_for, pg_sleep_until FROM PUBLIC;
ANALYZE;
