-- careaccess_check: tables, policies, grants, publications.  Each hole is named
-- exactly, and what the check prints as its remedy removes it.
BEGIN;
SELECT plan(80);
\ir check/clinic.sql

SELECT is(ARRAY(SELECT finding FROM before WHERE finding !~ '^(counters_public|not_preloaded|server_minor): '), '{}',
	'a database that is protected as the README says: nothing but what the server lacks');

-- Tables that should be protected
SELECT pg_temp.hole('CREATE TABLE app.letter (id int, about int REFERENCES app.patient); CREATE INDEX ON app.letter (about);
	GRANT SELECT ON app.letter TO careaccess_check_app', 'unprotected_table: app.letter');
SELECT pg_temp.hole('CREATE TABLE app."The Letters" (id int, patient int); CREATE INDEX ON app."The Letters" (patient)',
	'unprotected_table: app."The Letters"');
SELECT pg_temp.hole('CREATE DOMAIN app.patient_id AS int; CREATE TABLE app.letter (id int, patient app.patient_id); CREATE INDEX ON app.letter (patient)',
	'unprotected_table: app.letter');
SELECT pg_temp.hole('CREATE TABLE app.letter (id int, patient int, at date) PARTITION BY RANGE (at); CREATE INDEX ON app.letter (patient);
	CREATE TABLE app.letter_1 PARTITION OF app.letter DEFAULT', 'unprotected_table: app.letter');
SELECT pg_temp.hole('SELECT careaccess_unprotect(''app.patient'')', 'unprotected_table: app.patient');
SELECT pg_temp.hole('CREATE TABLE app.client_list (id int PRIMARY KEY, t int); SELECT careaccess_adopt_clients(''app.client_list'', ''id'', practice => ''riverside'', owner_column => ''t'')',
	'unprotected_table: app.client_list');
SELECT is((SELECT array_agg(DISTINCT severity ORDER BY severity) FROM seen WHERE code = 'unprotected_table'), '{critical,warning}',
	'who can read it makes the difference');
SELECT is(pg_temp.found_by('CREATE TABLE app.supplier (id int, patient text); CREATE TEMP TABLE letter (patient int)'), '{}',
	'neither a column of another type nor a temporary table is one');
SELECT pg_temp.hole('CREATE EXTENSION file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
	CREATE FOREIGN TABLE app.old_note (patient int, body text) SERVER files OPTIONS (filename ''/none''); GRANT SELECT ON app.old_note TO careaccess_check_app, careaccess_check_other',
	'foreign_table: app.old_note');
SELECT pg_temp.hole('CREATE TABLE app.attachment (id int, note int REFERENCES app.note); GRANT SELECT (id) ON app.attachment TO careaccess_check_app; GRANT SELECT ON app.attachment TO PUBLIC',
	'dependent_table: app.attachment');

-- Partitions and children
SELECT pg_temp.hole('ALTER EVENT TRIGGER careaccess_follow_ddl DISABLE;
	CREATE TABLE app.visit_2027 PARTITION OF app.visit FOR VALUES FROM (''2027-01-01'') TO (''2028-01-01'');
	ALTER EVENT TRIGGER careaccess_follow_ddl ENABLE', 'unprotected_partition: app.visit_2027');
SELECT pg_temp.hole('CREATE TABLE app.all_notes (LIKE app.note) PARTITION BY LIST (id); ALTER TABLE app.all_notes ATTACH PARTITION app.note FOR VALUES IN (100, 101)',
	'unprotected_parent: app.all_notes', 'unprotected_table: app.all_notes');
SELECT pg_temp.hole('ALTER EVENT TRIGGER careaccess_follow_ddl DISABLE; CREATE TABLE app.more_notes () INHERITS (app.note);
	CREATE INDEX ON app.more_notes (patient); ALTER EVENT TRIGGER careaccess_follow_ddl ENABLE', 'inheritance: app.more_notes', 'unprotected_table: app.more_notes');

-- Policies
SELECT pg_temp.hole('CREATE POLICY reports ON app.note FOR SELECT TO careaccess_check_app USING (true)', 'foreign_policy: reports on app.note');
SELECT pg_temp.hole('CREATE POLICY "less still" ON app.note AS RESTRICTIVE USING (id > 100)', 'foreign_policy: "less still" on app.note');
SELECT pg_temp.hole('ALTER POLICY careaccess_select ON app.note USING (true)', 'policy_changed: app.note');
SELECT pg_temp.hole('ALTER POLICY careaccess_insert ON app.visit_2026 WITH CHECK (true)', 'policy_changed: app.visit_2026');
SELECT pg_temp.hole('ALTER POLICY careaccess_update ON app.patient TO careaccess_check_other', 'policy_changed: app.patient');
SELECT pg_temp.hole('DROP POLICY careaccess_delete ON app.note', 'policy_missing: app.note');
SELECT is(pg_temp.found_by('CREATE DOMAIN app.kind AS varchar(20); CREATE DOMAIN app.flag AS boolean; CREATE TABLE app.odd ("The Patient" varchar, kind app.kind, "other kind" varchar, who uuid, open app.flag, practice text); CREATE INDEX ON app.odd ("The Patient"); ' || call), '{}', 'policies of every shape are known for ours: ' || call)
FROM (VALUES
		('SELECT careaccess_protect(''app.odd'', ''The Patient'', category_column => ''kind'')'),
		('SELECT careaccess_protect(''app.odd'', ''The Patient'', ''chart'', author_column => ''who'')'),
		('SELECT careaccess_protect(''app.odd'', ''The Patient'', category_column => ''other kind'')'),
		('SELECT careaccess_protect(''app.odd'', ''The Patient'', ''chart'', client_visible_column => ''open'')'),
		('SELECT careaccess_protect(''app.odd'', ''The Patient'', category_column => ''kind'', practice_column => ''practice'')'),
		('SELECT careaccess_protect(''app.odd'', ''The Patient'', category_column => ''kind'', author_column => ''who'', client_visible_column => ''open'', practice_column => ''practice'')'))
		AS v (call);
SELECT pg_temp.hole('ALTER TABLE app.note DISABLE ROW LEVEL SECURITY', 'row_security_off: app.note');
SELECT pg_temp.hole('ALTER TABLE app.visit_2025 NO FORCE ROW LEVEL SECURITY', 'row_security_not_forced: app.visit_2025');

-- Grants
SELECT pg_temp.hole('GRANT TRUNCATE ON app.note TO careaccess_check_app', 'truncate_granted: app.note');
SELECT pg_temp.hole('GRANT TRIGGER ON app.note TO careaccess_check_app WITH GRANT OPTION; SET LOCAL ROLE careaccess_check_app;
	GRANT TRIGGER ON app.note TO careaccess_check_ben; RESET ROLE', 'trigger_granted: app.note');
SELECT pg_temp.hole('GRANT REFERENCES (id) ON app.patient TO careaccess_check_app; GRANT REFERENCES ON app.visit_2026 TO PUBLIC',
	'references_granted: app.patient', 'references_granted: app.visit_2026');
SELECT t FROM (VALUES (current_setting('server_version_num')::int >= 170000)) AS v (has_maintain),
	LATERAL (SELECT pg_temp.hole('GRANT MAINTAIN ON app.note TO careaccess_check_app', 'maintain_granted: app.note') WHERE has_maintain
		UNION ALL SELECT skip('MAINTAIN is a privilege since 17', 2) WHERE NOT has_maintain) AS t (t);
SELECT pg_temp.hole('ALTER DEFAULT PRIVILEGES FOR ROLE careaccess_check_owner IN SCHEMA app GRANT SELECT, INSERT ON TABLES TO careaccess_check_app, PUBLIC',
	'default_privileges: careaccess_check_owner in schema app');
SELECT pg_temp.hole('ALTER DEFAULT PRIVILEGES FOR ROLE careaccess_check_owner GRANT ALL ON TABLES TO careaccess_check_ben',
	'default_privileges: careaccess_check_owner');

-- Indexes, keys, rules, triggers
SELECT pg_temp.hole('DROP INDEX app.note_patient_idx', 'missing_index: app.note');
SELECT pg_temp.hole('DROP INDEX app.note_patient_idx; CREATE INDEX ON app.note (id, patient); CREATE INDEX ON app.note (patient) WHERE id > 5', 'missing_index: app.note');
SELECT pg_temp.hole('ALTER TABLE app.note DROP CONSTRAINT note_patient_fkey, ADD CONSTRAINT "patient ON DELETE CASCADE"
		FOREIGN KEY (patient) REFERENCES app.patient ON UPDATE SET DEFAULT ON DELETE SET NULL (patient) DEFERRABLE INITIALLY DEFERRED',
	'cascading_key: "patient ON DELETE CASCADE" on app.note');
SELECT pg_temp.hole('ALTER TABLE app.visit ADD CONSTRAINT visit_patient FOREIGN KEY (patient) REFERENCES app.patient ON DELETE CASCADE',
	'cascading_key: visit_patient on app.visit');
SELECT is(pg_temp.found_by('CREATE TABLE app.room (id int PRIMARY KEY); GRANT SELECT ON app.room TO careaccess_check_app;
	ALTER TABLE app.note ADD room int REFERENCES app.room ON DELETE CASCADE'), '{}',
	'a key to a table that nobody can change is none');
SELECT pg_temp.hole('CREATE TABLE app.log (note text); CREATE RULE tell AS ON INSERT TO app.note DO ALSO INSERT INTO app.log VALUES (NEW.body)', 'rule: tell on app.note');
SELECT pg_temp.hole('CREATE FUNCTION app.audit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS ''BEGIN RETURN NEW; END'';
	CREATE TRIGGER audit AFTER INSERT ON app.visit FOR EACH ROW EXECUTE FUNCTION app.audit()', 'definer_trigger: audit on app.visit');
SELECT is(pg_temp.found_by('CREATE FUNCTION app.audit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS ''BEGIN RETURN NEW; END'';
	ALTER FUNCTION app.audit() OWNER TO careaccess_check_owner;
	CREATE TRIGGER audit AFTER INSERT ON app.visit FOR EACH ROW EXECUTE FUNCTION app.audit()'), '{}',
	'a trigger with the rights of one whom row security holds is none');

-- Publications
SELECT pg_temp.hole('CREATE PUBLICATION everything FOR ALL TABLES', 'published: everything');
SELECT pg_temp.hole('CREATE PUBLICATION "some of it" FOR TABLE app.note, app.staff', 'published_table: app.note in "some of it"');
SELECT pg_temp.hole('CREATE PUBLICATION schemas FOR TABLES IN SCHEMA app', 'published_schema: app in schemas');
SELECT is(pg_temp.found_by('CREATE PUBLICATION p FOR TABLE app.staff'), '{}',
	'what publishes no protected table is none');

SELECT * FROM finish();
ROLLBACK;
