-- Everything that the server's own functions and views answer about a table.

--- every function of the server, called on protected tables and their indexes
-- as: login
-- after: Take the counters away
-- broken by: GRANT EXECUTE ON FUNCTION pg_stat_get_xact_tuples_returned(oid) TO PUBLIC
-- mended by: REVOKE EXECUTE ON FUNCTION pg_stat_get_xact_tuples_returned(oid) FROM PUBLIC
-- Called with what fits; an answer that differs from the next one is about the
-- time, the session or chance, as are those of the functions left out.  Sequences are
-- documented.
CREATE FUNCTION pg_temp.ask(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE 'SELECT string_agg(f::text, '' '' ORDER BY f::text) FROM ' || call || ' AS f' INTO answer;
	RAISE EXCEPTION SQLSTATE 'TAP00' USING MESSAGE = coalesce(answer, 'null');
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
CREATE TABLE pg_temp.value (type text, n integer, value text);
INSERT INTO pg_temp.value SELECT v.type, row_number() OVER (PARTITION BY v.type) - 1, v.value FROM (VALUES
	('oid', '''app.note''::regclass'), ('oid', '''app.note_client_idx''::regclass'), ('oid', '''app.visit_2025''::regclass'), ('oid', '''careaccess.client''::regclass'),
	('oid', '(SELECT oid FROM pg_statistic_ext LIMIT 1)'), ('oid', '(SELECT oid FROM pg_constraint WHERE conrelid = ''app.note''::regclass LIMIT 1)'),
	('regclass', '''app.note'''), ('regclass', '''app.note_client_idx'''), ('regclass', '''careaccess.client'''),
	('text', '''app.note'''), ('text', '''SELECT * FROM app.note'''), ('text', '''app'''), ('name', '''app'''), ('name', '''note'''),
	('bigint', '1'), ('integer', '1'), ('integer', '0'), ('smallint', '1'), ('boolean', 'true'), ('boolean', 'false'), ('tid', '''(0,1)'''), ('tid', '''(0,20)'''),
	('refcursor', '''c'''), ('text[]', '''{app,note}'''), ('anyelement', '1::int'), ('"char"', '''r'''), ('regnamespace', '''app''')) AS v (type, value);
SELECT c.call, a.answer
FROM pg_proc AS p,
	LATERAL (
		SELECT p.oid::regproc::text || '(' || coalesce((
			SELECT string_agg((SELECT v.value FROM pg_temp.value AS v WHERE v.type = a.type::regtype::text
				AND v.n = least(k, (SELECT max(w.n) FROM pg_temp.value AS w WHERE w.type = v.type))), ', ' ORDER BY a.n)
			FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY AS a (type, n)), '') || ')'
		FROM generate_series(0, 5) AS k) AS c (call),
	LATERAL (SELECT pg_temp.ask(c.call), pg_temp.ask(c.call)) AS a (answer, again)
WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind = 'f' AND p.provolatile <> 'i' AND has_function_privilege(p.oid, 'EXECUTE')
	AND p.prorettype <> ALL (ARRAY['internal', 'trigger', 'event_trigger']::regtype[])
	AND NOT EXISTS (SELECT FROM unnest(p.proargtypes::oid[]) AS t WHERE t::regtype::text NOT IN (SELECT type FROM pg_temp.value))
	AND p.proname !~ '^(pg_sleep|pg_cancel_backend|pg_terminate_backend|pg_(try_)?advisory|pg_notify|pg_listening|lo_|nextval|pg_sequence_last_value|pg_logical_emit|pg_current_wal|pg_wal|pg_last_|pg_my_temp|pg_is_other_temp|pg_export_snapshot|pg_snapshot|txid_|pg_current_xact|pg_current_snapshot|pg_stat_get_(activity|backend|progress|total|snapshot|last|db_|buf|slru|wal|bgwriter|checkpointer|archiver)|now$|statement_timestamp|transaction_timestamp|pg_backend_pid|pg_relation_file)'
	AND a.answer = a.again
GROUP BY c.call, a.answer ORDER BY c.call COLLATE "C";

--- every view of the server
-- as: login acting
-- after: Take the counters away
CREATE FUNCTION pg_temp.ask(question text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE question INTO answer;
	RETURN answer;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
-- Of each view the rows that name one of the tables.  reltuples and relpages are
-- documented; pg_indexes and the like only tell definitions.
SELECT c.relname, pg_temp.ask(format($$SELECT md5(string_agg(to_jsonb(v)::text, ' ' ORDER BY to_jsonb(v)::text COLLATE "C")) FROM pg_catalog.%I AS v
	WHERE to_jsonb(v)::text ~ '(note|visit|patient|letter|careaccess)' AND to_jsonb(v)::text !~ 'SELECT|clinic_[ab]'$$, c.relname))
FROM pg_class AS c
WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'v' AND c.relname !~ '^pg_(stat_activity|locks|cursors|prepared_statements|sequences)$'
ORDER BY 1;
