-- plpgsql_check reads every PL/pgSQL function of the extension: names, types,
-- unreachable code, variables that nobody reads, and SQL made of unquoted text.
-- Trigger functions are read with each relation that they are a trigger of.
SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'plpgsql_check') AS is_here \gset
BEGIN;
\if :is_here
SELECT plan(4);
CREATE EXTENSION plpgsql_check;
SET client_min_messages = error;

-- Tables of an application, for the triggers that only its tables have
CREATE SCHEMA app;
CREATE TABLE app.patient (id bigint PRIMARY KEY, therapist bigint);
CREATE TABLE app.staff (id bigint PRIMARY KEY, name text);
CREATE TABLE app.appointment (client bigint, provider bigint);
SELECT careaccess_create_practice(1, 'Practice');
SELECT careaccess_adopt_members('app.staff', 'id', 'name', 1);
SELECT careaccess_adopt_clients('app.patient', 'id', 1, NULL, 'therapist');
SELECT careaccess_protect('app.patient', 'id', 'profile');
SELECT careaccess_mask('app.patients', 'app.patient', '{"therapist": "name"}');
CREATE TRIGGER book BEFORE INSERT ON app.appointment FOR EACH ROW EXECUTE FUNCTION careaccess_book_trigger('client', 'provider', 'staff');

CREATE TEMP VIEW function AS
	SELECT p.oid, p.prorettype FROM pg_proc AS p
	JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
	WHERE d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'careaccess')
		AND p.prolang = (SELECT oid FROM pg_language WHERE lanname = 'plpgsql');
CREATE TEMP TABLE finding AS
	SELECT f.oid::regprocedure::text AS function, NULL::text AS relation, c.* FROM function AS f,
		LATERAL plpgsql_check_function_tb(f.oid, fatal_errors => false, security_warnings => true) AS c
	WHERE f.prorettype <> 'trigger'::regtype
	UNION ALL
	SELECT f.oid::regprocedure::text, t.tgrelid::regclass::text, c.* FROM function AS f JOIN pg_trigger AS t ON t.tgfoid = f.oid,
		LATERAL plpgsql_check_function_tb(f.oid, t.tgrelid, fatal_errors => false, security_warnings => true,
			oldtable => t.tgoldtable, newtable => t.tgnewtable) AS c;

SELECT cmp_ok((SELECT count(*) FROM function), '>', 200::bigint, 'the functions are found');
SELECT is_empty($$
	SELECT oid::regprocedure FROM function AS f
	WHERE f.prorettype = 'trigger'::regtype AND NOT EXISTS (SELECT FROM pg_trigger AS t WHERE t.tgfoid = f.oid) $$,
	'every trigger function is read with a relation of its own');
SELECT is_empty($$
	SELECT function, relation, lineno, statement, sqlstate, message, detail, level FROM finding WHERE level <> 'security'
		-- a CASE without ELSE, whose every branch returns
		AND NOT (function = 'careaccess.adopt_client()' AND sqlstate = '2F005') $$,
	'plpgsql_check finds nothing');
-- What these put into SQL was quoted before it came into the variable, or is an
-- expression of the catalog's own (a policy to be restored, with its caller's rights).
SELECT set_eq($$ SELECT DISTINCT split_part(function, '(', 1) FROM finding WHERE level = 'security' $$,
	ARRAY['careaccess_protect', 'careaccess.restore_policies', 'careaccess.make_adoption_triggers', 'careaccess_adopt_clients',
		'careaccess_adopt_members', 'careaccess_mask', 'careaccess_unique'],
	'no other function makes SQL of text that it did not quote itself');
\else
SELECT plan(1);
SELECT skip('plpgsql_check is not installed: NO PL/pgSQL FUNCTION WAS READ', 1);
\endif
SELECT * FROM finish();
ROLLBACK;
