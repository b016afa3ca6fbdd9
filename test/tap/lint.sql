-- What must be true of every object of the extension, whoever adds one.
BEGIN;
SELECT plan(14);

CREATE TEMP VIEW object AS
	SELECT d.classid, d.objid, pg_describe_object(d.classid, d.objid, 0) AS name
	FROM pg_depend AS d
	WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
		AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'careaccess');
CREATE TEMP VIEW routine AS
	SELECT p.*, l.lanname, coalesce((SELECT substr(c, 13) FROM unnest(p.proconfig) AS c WHERE c LIKE 'search\_path=%'), '') AS path
	FROM pg_proc AS p JOIN pg_language AS l ON l.oid = p.prolang
	WHERE p.oid IN (SELECT objid FROM object WHERE classid = 'pg_proc'::regclass);

SELECT cmp_ok((SELECT count(*) FROM object), '>', 400::bigint, 'the objects are found');
SELECT cmp_ok((SELECT count(*) FROM routine), '>', 300::bigint, 'the functions are found');

-- Names are looked up where they were meant

SELECT is_empty($$ SELECT oid::regprocedure, path FROM routine WHERE prosecdef AND path <> 'pg_catalog, careaccess, pg_temp' $$,
	'every SECURITY DEFINER function pins its search path');
-- A standard SQL body was looked up when it was made.
SELECT is_empty($$
	SELECT oid::regprocedure FROM routine
	WHERE path = '' AND (lanname = 'plpgsql' OR lanname = 'sql' AND prosqlbody IS NULL) $$,
	'every function whose body is looked up when it runs pins its search path');
SELECT is_empty($$
	SELECT oid::regprocedure, path FROM routine
	WHERE path NOT IN ('', 'pg_catalog, careaccess, pg_temp', 'pg_catalog, pg_temp') $$,
	'no other search path is pinned');
SELECT is_empty($$ SELECT oid::regprocedure, lanname FROM routine WHERE lanname NOT IN ('c', 'plpgsql', 'sql') $$,
	'functions are in C, PL/pgSQL and SQL');
-- What becomes part of a caller's statement is looked up there.
SELECT is_empty($$ SELECT oid::regprocedure FROM routine WHERE lanname = 'sql' AND prosecdef AND prosqlbody IS NOT NULL $$,
	'no function with a standard body changes who it runs as');

-- Who may call what. A function that is not in the list needs a REVOKE; one
-- that is must tell nothing, and do nothing, that is not its caller's.
SELECT set_eq($$
	SELECT oid::regprocedure::text FROM routine
	WHERE has_function_privilege('public', oid, 'EXECUTE')
		-- the type, the policies: they work on values, or on the session's rights
		AND NOT (pronamespace = 'careaccess'::regnamespace AND proname ~ '^(id|row|clients)_[a-z0-9_]+$' AND lanname = 'c' AND NOT prosecdef) $$,
	ARRAY[
		-- who the session is
		'careaccess_stop_acting()', 'careaccess_whoami()', 'careaccess_current_member()',
		'careaccess_current_practice()', 'careaccess_current_portal_user()',
		-- the decision; it says itself who may ask about whom
		'careaccess_can_view(careaccess.id,careaccess.id,text)',
		'careaccess_can_view(careaccess.id,careaccess.id,text,careaccess.id)',
		'careaccess_can(careaccess.id,careaccess.id,text,text)',
		'careaccess_can(careaccess.id,careaccess.id,text,text,careaccess.id)',
		'careaccess_visible("any",text)', 'careaccess_visible("any",text,"any")',
		'careaccess_visible_clients(careaccess.id,text)',
		'careaccess_viewers(careaccess.id,text)', 'careaccess.viewers_practice()',
		'careaccess_explain(careaccess.id,careaccess.id,text,text,careaccess.id)',
		'careaccess_test_practitioner(careaccess.id)', 'careaccess_test_clinic_admin(careaccess.id)',
		'careaccess_cache()',
		-- the rows of views that all may read
		'careaccess.emergencies_of_session()', 'careaccess.deleted_clients_of_session()',
		-- The event log's view asks them of who reads it; they tell him about himself.
		'careaccess.audits_all()', 'careaccess.audited_practice()', 'careaccess.audited_clients()',
		-- the halves of functions that run as their caller; each asks again
		'careaccess.protect_begin(regclass,name,text,name,name,name,name,boolean)',
		'careaccess.protect_finish(regclass,bigint,bigint,careaccess.id[],careaccess.id[],text[],bigint[])',
		'careaccess.unprotect_begin(regclass)', 'careaccess.restore_policies(regclass,jsonb)',
		'careaccess.adopt_begin(regclass,text,name,careaccess.id,name,name,text[],name)',
		'careaccess.adopt_clients_finish(regclass,careaccess.id[],careaccess.id[],careaccess.id[],text[])',
		'careaccess.adopt_members_finish(regclass,careaccess.id[],careaccess.id[],text[],text[],text[])',
		'careaccess.unique_begin(regclass,name,name)'],
	'only these functions are executable by all');
SELECT is_empty($$
	SELECT oid::regprocedure FROM routine
	WHERE prorettype IN ('trigger'::regtype, 'event_trigger'::regtype) AND has_function_privilege('public', oid, 'EXECUTE') $$,
	'no trigger function is executable by all');
SELECT set_eq($$
	SELECT o.objid::regclass::text FROM object AS o JOIN pg_class AS c ON c.oid = o.objid
	WHERE o.classid = 'pg_class'::regclass AND c.relkind IN ('r', 'v', 'S')
		AND (c.relkind <> 'S' AND has_table_privilege('public', c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
			OR c.relkind = 'S' AND has_sequence_privilege('public', c.oid, 'USAGE, SELECT, UPDATE')) $$,
	ARRAY['careaccess.deleted_clients', 'careaccess.emergency_review', 'careaccess.event_log'],
	'only these tables, views and sequences are open to all');

-- A view filters where no condition of its reader comes first: by its
-- functions, or as a security barrier.
SELECT is_empty($$
	SELECT c.oid::regclass FROM pg_class AS c
	WHERE c.oid IN (SELECT objid FROM object WHERE classid = 'pg_class'::regclass) AND c.relkind = 'v'
		AND EXISTS (SELECT FROM aclexplode(c.relacl) AS g WHERE g.grantee <> c.relowner)
		AND NOT coalesce(c.reloptions @> ARRAY['security_barrier=true'], false)
		AND pg_get_viewdef(c.oid) !~ '^ SELECT [^()]* FROM careaccess\.[a-z_]+\(\) [a-z_]+\([^()]*\);$' $$,
	'a view that others may read is a security barrier or reads no table itself');

-- What the planner believes

SELECT is_empty($$ SELECT oid::regprocedure FROM routine WHERE provolatile = 'i' AND array_length(proconfig, 1) > (path <> '')::integer $$,
	'what is immutable depends on no setting');
SELECT is_empty($$
	SELECT oid::regprocedure FROM routine
	WHERE proleakproof AND NOT (pronamespace = 'careaccess'::regnamespace AND proname ~ '^id_(eq|ne|lt|le|gt|ge|cmp|hash|hash_extended|from_int2|from_int4|from_int8|from_uuid)$') $$,
	'only the comparisons of identifiers are leakproof, and the casts that never fail');

-- What is an object's purpose

SELECT is_empty($$
	SELECT name FROM (
		SELECT classid, objid, name FROM object
		UNION ALL
		SELECT 'pg_trigger'::regclass, t.oid, pg_describe_object('pg_trigger'::regclass, t.oid, 0) FROM pg_trigger AS t
		WHERE NOT t.tgisinternal AND t.tgrelid IN (SELECT objid FROM object WHERE classid = 'pg_class'::regclass)
	) AS o
	WHERE coalesce(obj_description(o.objid, (SELECT relname FROM pg_class WHERE oid = o.classid)), '') = ''
		-- what belongs to a table: its row types, its indexes, the sequences of its keys
		AND NOT EXISTS (
			SELECT FROM pg_depend AS d
			WHERE d.classid = o.classid AND d.objid = o.objid AND d.deptype IN ('i', 'a') AND d.refclassid IN ('pg_class'::regclass, 'pg_type'::regclass)) $$,
	'every object has a comment');

SELECT * FROM finish();
ROLLBACK;
