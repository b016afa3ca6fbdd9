-- careaccess_check: views, functions, schemas, and the extension's own objects.
BEGIN;
SELECT plan(105);
\ir check/clinic.sql

-- Views
SELECT pg_temp.hole('CREATE VIEW app.bodies AS SELECT body FROM app.note; GRANT SELECT ON app.bodies TO careaccess_check_app', 'view_runs_as_owner: app.bodies');
SELECT pg_temp.hole('CREATE VIEW app."all" AS SELECT v.* FROM app.visit_2025 AS v, app.staff', 'view_runs_as_owner: app."all"');
SELECT pg_temp.hole('CREATE VIEW app.inner_one WITH (security_invoker) AS SELECT * FROM app.note; CREATE VIEW app.outer_one WITH (security_invoker = off) AS SELECT * FROM app.inner_one',
	'view_runs_as_owner: app.outer_one');
SELECT pg_temp.hole('CREATE VIEW app.inner_one AS SELECT * FROM app.note; CREATE VIEW app.outer_one AS SELECT * FROM app.inner_one', 'view_runs_as_owner: app.inner_one',
	'view_runs_as_owner: app.outer_one');
SELECT pg_temp.hole('CREATE VIEW app.inner_one AS SELECT * FROM app.note; CREATE VIEW app.outer_one WITH (security_invoker) AS SELECT * FROM app.inner_one', 'view_runs_as_owner: app.inner_one');
SELECT is(pg_temp.found_by('CREATE VIEW app.inner_one AS SELECT * FROM app.note; ALTER VIEW app.inner_one OWNER TO careaccess_check_owner; CREATE VIEW app.outer_one AS SELECT * FROM app.inner_one'),
	'{}', 'nor is one of a view that row security holds');
SELECT is(pg_temp.found_by('CREATE VIEW app.bodies WITH (security_invoker) AS SELECT body FROM app.note; GRANT SELECT ON app.bodies TO PUBLIC'), '{}', 'a view with security_invoker is no hole');
SELECT is(pg_temp.found_by('CREATE VIEW app.bodies AS SELECT body FROM app.note; ALTER VIEW app.bodies OWNER TO careaccess_check_owner'), '{}', 'nor one whose owner row security holds');
SELECT is(pg_temp.found_by('SELECT careaccess_mask(''app.list'', ''app.patient'', ''{"name": "name"}''); CREATE VIEW app.names AS SELECT name FROM app.list;
	GRANT SELECT ON app.list, app.names TO careaccess_check_app'), '{}', 'nor a mask, nor a view of one');
SELECT pg_temp.hole('CREATE MATERIALIZED VIEW app.copy AS SELECT * FROM app.note', 'materialized_view: app.copy');
SELECT pg_temp.hole('CREATE VIEW app.v WITH (security_invoker) AS SELECT * FROM app.note; CREATE MATERIALIZED VIEW app.copy AS SELECT * FROM app.v', 'materialized_view: app.copy');
SELECT is(pg_temp.found_by('CREATE MATERIALIZED VIEW app.copy AS SELECT count(*) FROM app.note; CREATE MATERIALIZED VIEW app."copy''s copy" AS SELECT * FROM app.copy; GRANT SELECT ON app."copy''s copy" TO careaccess_check_app'),
	'{"materialized_view: app.copy","materialized_view_granted: app.\"copy''s copy\""}', 'a copy of a copy');
SAVEPOINT copied;
CREATE MATERIALIZED VIEW app.copy AS SELECT * FROM app.note;
GRANT SELECT ON app.copy TO careaccess_check_app;
SELECT remedy FROM careaccess_check() WHERE code = 'materialized_view_granted' \gexec
SELECT is((pg_temp.look()).found, '{"materialized_view: app.copy"}', 'once nobody but its owner can read it, it remains a copy');
ROLLBACK TO copied;
SELECT pg_temp.hole('SELECT careaccess_mask(''app.list'', ''app.patient'', ''{"name": "name", "phone": "diagnosis"}''); GRANT SELECT ON app.list TO careaccess_check_app',
	'mask_beside_table: app.list');
SELECT pg_temp.hole('SELECT careaccess_mask(''app.list'', ''app.patient'', ''{"name": "name", "phone": "private_notes"}''); GRANT SELECT ON app.list TO PUBLIC',
	'mask_beside_table: app.list');
SELECT is(pg_temp.found_by('SELECT careaccess_mask(''app.list'', ''app.patient'', ''{"name": "name", "phone": "diagnosis"}''); CREATE ROLE careaccess_check_reader;
	GRANT SELECT ON app.list TO careaccess_check_reader'), '{}', 'who reads the mask only is no finding');

-- Functions
SELECT pg_temp.hole('CREATE FUNCTION app.count_notes() RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER BEGIN ATOMIC SELECT count(*) FROM app.note; END', 'definer_function: app.count_notes()');
SELECT pg_temp.hole('CREATE FUNCTION app.last_note(int, text) RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS ''BEGIN RETURN (SELECT body FROM app.Note LIMIT 1); END''',
	'definer_function: app.last_note(integer,text)');
SELECT pg_temp.hole('CREATE PROCEDURE app.move() LANGUAGE sql SECURITY DEFINER AS ''UPDATE app.visit SET starts_at = starts_at''', 'definer_function: app.move()');
SELECT is((SELECT array_agg(severity ORDER BY severity) FROM seen WHERE code = 'definer_function'), '{critical,warning}', 'what is known is worse than what is guessed');
SELECT is(pg_temp.found_by('SET LOCAL check_function_bodies = off; CREATE FUNCTION app.f() RETURNS text LANGUAGE sql SECURITY DEFINER AS ''SELECT body FROM app.note''; REVOKE EXECUTE ON FUNCTION app.f() FROM PUBLIC;
	CREATE FUNCTION app.g() RETURNS text LANGUAGE sql AS ''SELECT body FROM app.note'';
	CREATE FUNCTION app.h() RETURNS text LANGUAGE sql SECURITY DEFINER AS ''SELECT body FROM app.notebook''; ALTER FUNCTION app.h() OWNER TO careaccess_check_owner;
	CREATE FUNCTION app.i() RETURNS text LANGUAGE sql SECURITY DEFINER AS ''SELECT body FROM app.notebook'''),
	'{}', 'neither one that nobody may call, nor one with the caller''s rights, nor one with plain rights, nor one about other things');
SELECT pg_temp.hole('CREATE FUNCTION app.careaccess_can_view(int, int) RETURNS boolean LANGUAGE sql AS ''SELECT true''', 'name_taken: app.careaccess_can_view(integer,integer)');
SELECT pg_temp.hole('CREATE PROCEDURE app.careaccess_whatever("a b" int) LANGUAGE sql AS ''SELECT true''', 'name_taken: app.careaccess_whatever(integer)');

-- Schemas
SELECT pg_temp.hole('GRANT CREATE ON SCHEMA public TO PUBLIC', 'creatable_schema: public');
SELECT pg_temp.hole('GRANT CREATE ON SCHEMA public, app TO careaccess_check_other; GRANT careaccess_check_other TO careaccess_check_app', 'creatable_schema: public');
SELECT pg_temp.hole('GRANT CREATE ON SCHEMA app TO careaccess_check_app; ALTER ROLE careaccess_check_ben SET search_path = "$user", app, public', 'creatable_schema: app');
SELECT pg_temp.hole('GRANT CREATE ON SCHEMA careaccess TO careaccess_check_app', 'creatable_schema: careaccess');
SELECT pg_temp.hole('ALTER SCHEMA app OWNER TO careaccess_check_app; SELECT set_config(''x.y'', '''', true); ALTER ROLE careaccess_check_app SET search_path = app', 'creatable_schema: app');
SELECT is(pg_temp.found_by('GRANT CREATE ON SCHEMA public TO careaccess_check_other; GRANT CREATE ON SCHEMA app TO careaccess_check_app'), '{}',
	'neither one who is no application role nor a schema off the path');
SELECT pg_temp.hole('CREATE FUNCTION careaccess.helper(int) RETURNS int LANGUAGE sql AS ''SELECT 1''', 'stranger_in_schema: careaccess.helper(integer)');
SELECT pg_temp.hole('CREATE TABLE careaccess.mine (a serial)', 'stranger_in_schema: careaccess.mine', 'stranger_in_schema: careaccess.mine_a_seq');
SELECT pg_temp.hole('CREATE VIEW careaccess.mine AS SELECT 1 AS a', 'stranger_in_schema: careaccess.mine');

-- Our own privileges
SELECT pg_temp.hole('GRANT EXECUTE ON FUNCTION careaccess_act_as TO PUBLIC', 'act_as_public: public.careaccess_act_as(careaccess.id,boolean)', 'login_role_unfit: careaccess_check_ben');
SELECT pg_temp.hole('GRANT EXECUTE ON FUNCTION careaccess_create_practice TO PUBLIC', 'administration_public: public.careaccess_create_practice(careaccess.id,text,text)');
SELECT pg_temp.hole('GRANT EXECUTE ON FUNCTION careaccess_check TO PUBLIC', 'administration_public: public.careaccess_check()');
SELECT pg_temp.hole('GRANT EXECUTE ON FUNCTION careaccess.administrator() TO PUBLIC', 'administration_public: careaccess.administrator()');
SELECT pg_temp.hole('GRANT EXECUTE ON FUNCTION careaccess_share_client TO PUBLIC',
	'function_public: public.careaccess_share_client(careaccess.id,careaccess.id,timestamp with time zone,text)');
SELECT pg_temp.hole('GRANT EXECUTE ON FUNCTION careaccess.member_can TO PUBLIC', 'function_public: careaccess.member_can(careaccess.id,careaccess.id,text,text,boolean)');
SELECT pg_temp.hole('GRANT EXECUTE ON FUNCTION careaccess.member_can TO careaccess_check_app, careaccess_check_other',
	'internal_function_granted: careaccess.member_can(careaccess.id,careaccess.id,text,text,boolean)');
SELECT pg_temp.hole('GRANT SELECT ON careaccess.client TO careaccess_check_app', 'catalog_granted: careaccess.client');
SELECT pg_temp.hole('GRANT SELECT (kid) ON careaccess.token_key TO careaccess_check_app', 'catalog_granted: careaccess.token_key');
SELECT pg_temp.hole('GRANT INSERT ON careaccess.member_role TO PUBLIC', 'catalog_granted: careaccess.member_role');
SELECT pg_temp.hole('GRANT USAGE ON SEQUENCE careaccess.delegation_id_seq TO careaccess_check_app', 'catalog_granted: careaccess.delegation_id_seq');
SELECT is((SELECT array_agg(severity ORDER BY severity) FROM seen WHERE code = 'catalog_granted'), '{critical,warning}', 'to read facts is less than to write them or to read keys');
SELECT is(pg_temp.found_by('SELECT careaccess_grant_administrator(''careaccess_check_other'')'), '{}', 'an administrator is none of that');

-- Our own owners
SELECT pg_temp.hole('ALTER FUNCTION careaccess_share_client OWNER TO careaccess_check_owner',
	'owner_changed: public.careaccess_share_client(careaccess.id,careaccess.id,timestamp with time zone,pg_catalog.text)');
SELECT pg_temp.hole('ALTER TABLE careaccess.client OWNER TO careaccess_check_owner', 'owner_changed: careaccess.client');
SELECT pg_temp.hole('ALTER SCHEMA careaccess OWNER TO careaccess_check_owner', 'owner_changed: careaccess');

-- Our own triggers
SELECT set_eq($$ SELECT w.relation, w.name, CASE WHEN w.always THEN 'A' ELSE 'O' END::"char", w.definition FROM careaccess.fact_triggers() AS w $$,
	$$ SELECT g.tgrelid, g.tgname, g.tgenabled, replace(replace(pg_get_triggerdef(g.oid), '((old.* *<> new.*))', '(OLD.* OPERATOR(pg_catalog.*<>) NEW.*)'), 'INSERT OR DELETE OR UPDATE', 'INSERT OR UPDATE OR DELETE')
	FROM pg_trigger AS g JOIN pg_class AS c ON c.oid = g.tgrelid
	WHERE c.relnamespace = 'careaccess'::regnamespace AND g.tgname ~ '^(event|version)_' AND c.relname NOT IN ('event', 'change') $$,
	'the check knows the triggers of all facts as the installation makes them');
SELECT pg_temp.hole('DROP TRIGGER version_row ON careaccess.client_link', 'fact_trigger_missing: version_row on careaccess.client_link');
SELECT pg_temp.hole('DROP TRIGGER version_begin ON careaccess.token_key', 'fact_trigger_missing: version_begin on careaccess.token_key');
SELECT pg_temp.hole('DROP TRIGGER event_insert ON careaccess.form_route', 'fact_trigger_missing: event_insert on careaccess.form_route');
SELECT pg_temp.hole('DROP TRIGGER event_update ON careaccess.member', 'fact_trigger_missing: event_update on careaccess.member');
SELECT pg_temp.hole('ALTER TABLE careaccess.client DISABLE TRIGGER version_row', 'fact_trigger_off: version_row on careaccess.client');
SELECT pg_temp.hole('ALTER TABLE careaccess.client ENABLE TRIGGER version_row', 'fact_trigger_off: version_row on careaccess.client');
SELECT pg_temp.hole('ALTER TABLE careaccess.client_revocation DISABLE TRIGGER end_revoked_grant', 'fact_trigger_off: end_revoked_grant on careaccess.client_revocation');
SELECT pg_temp.hole('ALTER EVENT TRIGGER careaccess_follow_ddl DISABLE', 'event_trigger_off: careaccess_follow_ddl');
SELECT pg_temp.hole('ALTER EVENT TRIGGER careaccess_note_catalog_change ENABLE', 'event_trigger_off: careaccess_note_catalog_change');
SELECT pg_temp.hole('ALTER TABLE app.patient DISABLE TRIGGER zz_careaccess_register', 'adoption_trigger_off: zz_careaccess_register on app.patient');

SELECT * FROM finish();
ROLLBACK;
