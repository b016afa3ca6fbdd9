-- A small clinic, protected as the README says, and a way to make a hole in it.
SET client_min_messages = error;

CREATE SCHEMA app;
CREATE TABLE app.staff (id int PRIMARY KEY, name text NOT NULL, role text NOT NULL);
CREATE TABLE app.patient (id int PRIMARY KEY, name text, phone text, therapist int REFERENCES app.staff);
CREATE TABLE app.note (id int PRIMARY KEY, patient int REFERENCES app.patient, author int REFERENCES app.staff, body text);
CREATE INDEX ON app.note (patient);
CREATE TABLE app.visit (id int, patient int NOT NULL, starts_at date NOT NULL) PARTITION BY RANGE (starts_at);
CREATE TABLE app.visit_2025 PARTITION OF app.visit FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE app.visit_2026 PARTITION OF app.visit FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE INDEX ON app.visit (patient);
INSERT INTO app.staff VALUES (1, 'Ada', 'owner'), (2, 'Ben', 'clinician'), (3, 'Cleo', 'clinician');
INSERT INTO app.patient VALUES (10, 'Ivy', '1-10', 2), (11, 'Jo', '1-11', 3);
INSERT INTO app.note VALUES (100, 10, 2, 'Slept better.'), (101, 11, 3, 'First visit.');
SELECT careaccess_create_practice('riverside', 'Riverside Clinic');
SELECT careaccess_adopt_members('app.staff', 'id', 'name', practice => 'riverside', role_column => 'role');
SELECT careaccess_adopt_clients('app.patient', 'id', practice => 'riverside', owner_column => 'therapist');
SELECT careaccess_protect('app.patient', 'id', 'profile');
SELECT careaccess_protect('app.note', 'patient', 'chart', author_column => 'author');
SELECT careaccess_protect('app.visit', 'patient', 'schedule');

CREATE ROLE careaccess_check_app LOGIN;
GRANT USAGE ON SCHEMA app TO careaccess_check_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON app.patient, app.note, app.visit TO careaccess_check_app;
GRANT SELECT ON app.staff TO careaccess_check_app;
SELECT careaccess_grant_application('careaccess_check_app');
GRANT EXECUTE ON FUNCTION careaccess_act_as TO careaccess_check_app;
CREATE ROLE careaccess_check_ben LOGIN;
GRANT USAGE ON SCHEMA app TO careaccess_check_ben;
GRANT SELECT ON app.patient, app.note, app.visit TO careaccess_check_ben;
SELECT careaccess_grant_application('careaccess_check_ben');
SELECT careaccess_configure_member(2, '{"login_role": "careaccess_check_ben"}');
-- Whom the holes are made for or by.
CREATE ROLE careaccess_check_other;
CREATE ROLE careaccess_check_owner;

-- What the check finds, and what of it is new since the clinic was made.
CREATE TEMP TABLE before AS SELECT code || ': ' || object AS finding FROM careaccess_check();
CREATE FUNCTION pg_temp.look(OUT found text[], OUT remedies text[], OUT kinds text[]) LANGUAGE sql AS $$
	SELECT coalesce(array_agg(c.code || ': ' || c.object ORDER BY c.code, c.object), '{}'),
		coalesce(array_agg(c.remedy ORDER BY c.code, c.object), '{}'),
		coalesce(array_agg(c.code || ' ' || c.severity), '{}')
	FROM careaccess_check() AS c
	WHERE c.code || ': ' || c.object NOT IN (SELECT b.finding FROM pg_temp.before AS b)
$$;
-- Everything that was found, for the comparison with the documents.
CREATE TEMP TABLE seen (code text, severity text, UNIQUE (code, severity));

-- Makes a hole, compares what the check finds now with what is expected, runs
-- the remedies it prints, one after the other, each of which must remove its
-- finding and bring nothing new, and undoes everything.
CREATE FUNCTION pg_temp.hole(make text, VARIADIC expected text[]) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	first record;
	now_found record;
	next record;
	done text := '';
	left_over text[];
BEGIN
	SELECT NULL::text[] AS found, NULL::text[] AS remedies, NULL::text[] AS kinds INTO first;
	BEGIN
		EXECUTE make;
		first := pg_temp.look();
		now_found := first;
		LOOP
			left_over := now_found.found;
			EXIT WHEN left_over = '{}';
			done := done || now_found.remedies[1] || '; ';
			EXECUTE now_found.remedies[1];
			next := pg_temp.look();
			EXIT WHEN now_found.found[1] = ANY (next.found);
			left_over := next.found;
			EXIT WHEN NOT next.found <@ first.found;
			now_found := next;
		END LOOP;
		RAISE EXCEPTION 'undo' USING ERRCODE = 'ZZ000';
	EXCEPTION
		WHEN SQLSTATE 'ZZ000' THEN NULL;
		WHEN OTHERS THEN
			left_over := ARRAY[SQLSTATE || ' ' || SQLERRM];
	END;
	INSERT INTO pg_temp.seen SELECT split_part(k, ' ', 1), split_part(k, ' ', 2) FROM unnest(first.kinds) AS k ON CONFLICT DO NOTHING;
	RETURN NEXT is(first.found, (SELECT array_agg(e ORDER BY e) FROM unnest(expected) AS e), make);
	RETURN NEXT is(left_over, '{}', '… remedied by ' || done);
END $$;
-- What the check finds new when something is made that is no hole; undone, too.
CREATE FUNCTION pg_temp.found_by(make text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
	made text[];
BEGIN
	BEGIN
		EXECUTE make;
		made := (pg_temp.look()).found;
		RAISE EXCEPTION 'undo' USING ERRCODE = 'ZZ000';
	EXCEPTION
		WHEN SQLSTATE 'ZZ000' THEN RETURN made;
		WHEN OTHERS THEN RETURN ARRAY[SQLSTATE || ' ' || SQLERRM];
	END;
END $$;
