-- What must stay as it is, whatever is attempted: facts, rows, policies,
-- functions, roles, rights, triggers, kept settings.
CREATE SCHEMA judge;
CREATE FUNCTION judge.facts() RETURNS text LANGUAGE plpgsql AS $f$
DECLARE
	question text;
	answer text;
	answers text := '';
BEGIN
	FOR question IN
		SELECT format('SELECT string_agg(t::text, '' '' ORDER BY t::text) FROM careaccess.%I AS t', c.relname)
		FROM pg_class AS c
		WHERE c.relnamespace = 'careaccess'::regnamespace AND c.relkind = 'r' AND c.relname NOT IN ('event', 'change')
		UNION ALL
		SELECT 'SELECT string_agg(t::text, '' '' ORDER BY t::text) ' || q FROM unnest(ARRAY[
			'FROM app.patient AS t',
			'FROM app.note AS t',
			'FROM app.visit AS t',
			'FROM app.diary AS t',
			'FROM app.mark AS t',
			'FROM app.letter AS t',
			'FROM app.stop AS t',
			'FROM app.open_mark AS t',
			'FROM door.ticket AS t',
			'FROM pg_policy AS t',
			'FROM pg_authid AS t',
			'FROM pg_auth_members AS t',
			'FROM pg_db_role_setting AS t',
			'FROM (SELECT evtname, evtenabled FROM pg_event_trigger) AS t',
			'FROM (SELECT oid, relname, relrowsecurity, relforcerowsecurity, relacl, relowner FROM pg_class
				WHERE relnamespace IN (''careaccess''::regnamespace, ''app''::regnamespace)) AS t',
			'FROM (SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid IN (SELECT oid FROM pg_class
				WHERE relnamespace IN (''careaccess''::regnamespace, ''app''::regnamespace)) AND NOT tgisinternal) AS t',
			'FROM (SELECT oid, proname, proacl, proowner, proconfig, prosecdef, prosrc, proleakproof FROM pg_proc
				WHERE pronamespace = ''door''::regnamespace OR oid IN (SELECT objid FROM pg_depend
					WHERE classid = ''pg_proc''::regclass AND deptype = ''e'')) AS t']) AS q
	LOOP
		EXECUTE question INTO answer;
		answers := concat(answers, answer, E'\n');
	END LOOP;
	RETURN md5(answers);
END $f$;
