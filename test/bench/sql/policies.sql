-- What people write by hand, each for a role of its own on the same tables, so
-- that only the policy differs. The member is a setting of the session. Every
-- shape implements the same rule: a member sees the clients whom he owns or has
-- a grant on; a role may see all.

\set ON_ERROR_STOP on

CREATE ROLE without_row_security LOGIN BYPASSRLS;
CREATE ROLE by_plpgsql LOGIN;
CREATE ROLE by_any_function LOGIN;
CREATE ROLE by_any_array LOGIN;
CREATE ROLE by_in LOGIN;
CREATE ROLE by_exists LOGIN;

ALTER TABLE plain.client ENABLE ROW LEVEL SECURITY;
ALTER TABLE plain.appointment ENABLE ROW LEVEL SECURITY;
ALTER TABLE plain.note ENABLE ROW LEVEL SECURITY;

-- A function in PL/pgSQL, called for each row.
CREATE FUNCTION bench.may_see(the_client bigint) RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
	RETURN (SELECT s.sees_all FROM bench.staff s WHERE s.id = current_setting('bench.member')::bigint)
		OR EXISTS (SELECT FROM bench.access a
			WHERE a.member = current_setting('bench.member')::bigint AND a.client = the_client);
END $$;

-- A stable function that returns the member's clients as an array.
CREATE FUNCTION bench.my_clients() RETURNS bigint[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT ARRAY(
		SELECT a.client FROM bench.access a
		WHERE a.member = current_setting('bench.member')::bigint
		UNION ALL
		SELECT a.client FROM bench.access a
		WHERE a.kind = 'owner'
			AND (SELECT s.sees_all FROM bench.staff s WHERE s.id = current_setting('bench.member')::bigint))
$$;

-- Whether he sees all, once per statement, before the list is asked. (Not for
-- the arrays: an OR would keep the index on client from being used.)
\set sees_all '(SELECT s.sees_all FROM bench.staff s WHERE s.id = current_setting(''bench.member'')::bigint)'
\set my_list 'SELECT a.client FROM bench.access a WHERE a.member = current_setting(''bench.member'')::bigint'
\set everybody 'SELECT a.client FROM bench.access a WHERE a.kind = ''owner'' AND (SELECT s.sees_all FROM bench.staff s WHERE s.id = current_setting(''bench.member'')::bigint)'

CREATE POLICY by_plpgsql ON plain.client TO by_plpgsql USING (bench.may_see(id));
CREATE POLICY by_plpgsql ON plain.appointment TO by_plpgsql USING (bench.may_see(client));
CREATE POLICY by_plpgsql ON plain.note TO by_plpgsql USING (bench.may_see(client));

CREATE POLICY by_any_function ON plain.client TO by_any_function USING (id = ANY (bench.my_clients()));
CREATE POLICY by_any_function ON plain.appointment TO by_any_function USING (client = ANY (bench.my_clients()));
CREATE POLICY by_any_function ON plain.note TO by_any_function USING (client = ANY (bench.my_clients()));

CREATE POLICY by_any_array ON plain.client TO by_any_array USING (id = ANY (ARRAY(:my_list UNION ALL :everybody)));
CREATE POLICY by_any_array ON plain.appointment TO by_any_array USING (client = ANY (ARRAY(:my_list UNION ALL :everybody)));
CREATE POLICY by_any_array ON plain.note TO by_any_array USING (client = ANY (ARRAY(:my_list UNION ALL :everybody)));

CREATE POLICY by_in ON plain.client TO by_in USING (:sees_all OR id IN (:my_list));
CREATE POLICY by_in ON plain.appointment TO by_in USING (:sees_all OR client IN (:my_list));
CREATE POLICY by_in ON plain.note TO by_in USING (:sees_all OR client IN (:my_list));

CREATE POLICY by_exists ON plain.client TO by_exists USING (:sees_all OR EXISTS (
	SELECT FROM bench.access a WHERE a.member = current_setting('bench.member')::bigint AND a.client = client.id));
CREATE POLICY by_exists ON plain.appointment TO by_exists USING (:sees_all OR EXISTS (
	SELECT FROM bench.access a WHERE a.member = current_setting('bench.member')::bigint AND a.client = appointment.client));
CREATE POLICY by_exists ON plain.note TO by_exists USING (:sees_all OR EXISTS (
	SELECT FROM bench.access a WHERE a.member = current_setting('bench.member')::bigint AND a.client = note.client));

SELECT format('GRANT USAGE ON SCHEMA plain, bench TO %1$I; GRANT SELECT ON ALL TABLES IN SCHEMA plain, bench TO %1$I;'
	'ALTER ROLE %1$I SET search_path = plain', r)
FROM unnest('{without_row_security,by_plpgsql,by_any_function,by_any_array,by_in,by_exists}'::text[]) AS r
\gexec
