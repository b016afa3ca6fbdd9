-- In maintenance everybody is nobody: there the server runs what a table's owner
-- wrote, in the session of somebody else.
BEGIN;
SELECT plan(9);
SET client_min_messages = error;
SELECT careaccess_create_practice('p', 'Practice'), careaccess_add_member('p', 'anna', 'Anna', '{owner}'),
	careaccess_add_client('c1', 'p', 'anna') \g /dev/null
CREATE TABLE visit (client text);
INSERT INTO visit VALUES ('c1');
SELECT careaccess_protect('visit', 'client', 'schedule') \g /dev/null
CREATE ROLE careaccess_test_owner;
GRANT CREATE ON SCHEMA public TO careaccess_test_owner;
GRANT SELECT ON visit TO careaccess_test_owner;
GRANT EXECUTE ON FUNCTION careaccess_act_as TO careaccess_test_owner;

-- Who the session is, and what it sees, every time it is called.
SET LOCAL ROLE careaccess_test_owner;
CREATE TABLE seen (n serial, who text, rows bigint, visible boolean);
CREATE FUNCTION note(OUT result integer) LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO public.seen (who, rows, visible) SELECT concat_ws(' ', w.kind, w.identified_by), (SELECT count(*) FROM public.visit),
		careaccess.row_view('c1'::text, 'schedule') FROM public.careaccess_whoami() AS w;
	result := 1;
END $$;
CREATE FUNCTION pretend(n integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN n + public.note(); END $$;
CREATE TABLE thing (n integer);
INSERT INTO thing VALUES (1);
RESET ROLE;
CREATE FUNCTION pg_temp.told() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	SELECT string_agg(DISTINCT format('%s: %s %s', who, rows, visible), ', ') INTO answer FROM seen;
	DELETE FROM seen;
	RETURN answer;
END $$;

SELECT note() \g /dev/null
SELECT is(pg_temp.told(), 'administrator none: 1 f', 'an administrator who calls the function himself is one');
CREATE INDEX thing_index ON thing (pretend(n));
SELECT is(pg_temp.told(), 'nobody none: 0 f', 'CREATE INDEX by an administrator');
ANALYZE thing;
SELECT is(pg_temp.told(), 'nobody none: 0 f', 'ANALYZE');
REINDEX INDEX thing_index;
SELECT is(pg_temp.told(), 'nobody none: 0 f', 'REINDEX');
SELECT careaccess_act_as('anna') \g /dev/null
SELECT note() \g /dev/null
SELECT is(pg_temp.told(), 'member acting: 1 t', 'somebody who acts is a member');
ANALYZE thing;
SELECT is(pg_temp.told(), 'nobody none: 0 f', '… and nobody in maintenance, though the function was called before');
SELECT note() \g /dev/null
SELECT is(pg_temp.told(), 'member acting: 1 t', '… and a member again afterwards');
SET LOCAL ROLE careaccess_test_owner;
SELECT careaccess_act_as('anna') \g /dev/null
CREATE MATERIALIZED VIEW kept AS SELECT note();
RESET ROLE;
SELECT is(pg_temp.told(), 'nobody none: 0 f', 'a materialized view');
REFRESH MATERIALIZED VIEW kept;
SELECT is(pg_temp.told(), 'nobody none: 0 f', 'REFRESH by another');
SELECT * FROM finish();
ROLLBACK;
