-- Functions of one's own in a query: they run on rows that are seen, and on no others.

--- a cheap function in WHERE
-- as: acting login wide nobody bare portal
-- broken by: CREATE POLICY loose ON app.note FOR SELECT USING (client = 901 OR client = 3)
-- mended by: DROP POLICY loose ON app.note
:tell
SELECT id FROM app.note WHERE pg_temp.tell(body) ORDER BY id;
SELECT id FROM app.note WHERE pg_temp.tell(n) FROM app.note AS n;
SELECT id FROM app.note AS n WHERE pg_temp.tell(n.*) AND client > 0 ORDER BY id;
SELECT id FROM app.visit WHERE pg_temp.tell(reason) AND fee < 0;
SELECT id FROM app.visit_2025 WHERE pg_temp.tell(reason) AND client = :hidden;
SELECT id FROM app.letter WHERE client = :'hidden' AND pg_temp.tell(body);
SELECT id FROM app.diary WHERE pg_temp.tell(kind || body) ORDER BY id;
SELECT id FROM app.patient WHERE pg_temp.tell(email) AND id = :hidden;
SELECT id FROM app.patient_list WHERE pg_temp.tell(name) ORDER BY id;
SELECT id FROM app.patient_list WHERE pg_temp.tell(email) AND id = :hidden;
SELECT count(*) FROM app.mark WHERE pg_temp.tell(note);

--- in joins, LATERAL, ORDER BY, CASE, FILTER, windows
-- as: acting wide
:tell
SELECT count(*) FROM app.note AS a JOIN app.visit AS b ON pg_temp.tell(a.body || b.reason) AND a.client = b.client;
SELECT count(*) FROM app.patient AS p LEFT JOIN app.note AS n ON n.client = p.id AND pg_temp.tell(n.body);
SELECT count(*) FROM generate_series(1, 999) AS g (c) JOIN app.note AS n ON n.client = g.c AND pg_temp.tell(n.code);
SELECT count(*) FROM app.patient AS p, LATERAL (SELECT pg_temp.tell(n.body) FROM app.note AS n WHERE n.client = p.id OFFSET 0) AS l;
SELECT id FROM app.note ORDER BY pg_temp.tell(body), id;
SELECT id, CASE WHEN pg_temp.tell(body) THEN 1 / divisor END FROM app.note ORDER BY id;
SELECT count(*) FILTER (WHERE pg_temp.tell(body)), bool_and(pg_temp.tell(code)) FROM app.note;
SELECT id, count(*) OVER (PARTITION BY pg_temp.tell(body) ORDER BY id) FROM app.note ORDER BY id;
SELECT count(*) FROM app.note GROUP BY pg_temp.tell(body) HAVING bool_or(pg_temp.tell(body));
SELECT DISTINCT ON (pg_temp.tell(body)) id FROM app.note ORDER BY pg_temp.tell(body), id;
SELECT id FROM app.note WHERE EXISTS (SELECT FROM app.letter AS l WHERE pg_temp.tell(l.body)) ORDER BY id;
SELECT id FROM app.note WHERE id = ANY (ARRAY(SELECT id FROM app.note WHERE pg_temp.tell(body))) ORDER BY id;
WITH n AS NOT MATERIALIZED (SELECT * FROM app.note) SELECT id FROM n WHERE pg_temp.tell(body) AND client = :hidden;
WITH RECURSIVE r AS (SELECT 1 AS c UNION ALL SELECT c + 1 FROM r, LATERAL (SELECT pg_temp.tell(c) FROM app.note LIMIT 1) AS x WHERE c < 3) SELECT count(*) FROM r;
SELECT id FROM (SELECT * FROM app.note UNION ALL SELECT * FROM app.note) AS u WHERE pg_temp.tell(body) ORDER BY id;
SELECT id FROM app.note TABLESAMPLE BERNOULLI (100) WHERE pg_temp.tell(body) ORDER BY id;
SELECT id FROM app.note TABLESAMPLE SYSTEM (100) REPEATABLE (1) WHERE pg_temp.tell(body) ORDER BY id;
SELECT id FROM app.note WHERE pg_temp.tell(body) FOR UPDATE;

--- by the checks of domains, casts and types of one's own
-- as: acting wide login
:tell
CREATE DOMAIN pg_temp.told AS text CHECK (pg_temp.tell(VALUE));
CREATE DOMAIN pg_temp.told_id AS bigint CHECK (pg_temp.tell(VALUE));
SELECT id FROM app.note WHERE body::pg_temp.told IS NOT NULL ORDER BY id;
SELECT id FROM app.letter WHERE CAST(body AS pg_temp.told) > '' AND client = :'hidden';
SELECT id FROM app.note ORDER BY CAST(body AS pg_temp.told), id;
SELECT count(*) FROM app.note AS n JOIN app.visit AS v ON n.client::pg_temp.told_id = v.client::pg_temp.told_id;
SELECT id FROM app.patient_list WHERE name::pg_temp.told <> 'x' ORDER BY id;
CREATE TYPE pg_temp.pair AS (id bigint, body pg_temp.told);
SELECT ROW(id, body)::pg_temp.pair FROM app.note ORDER BY id;
CREATE AGGREGATE pg_temp.hear(text) (sfunc = textcat, stype = text, initcond = '');
SELECT pg_temp.hear(body) FROM (SELECT body FROM app.note ORDER BY id) AS n;
CREATE FUNCTION pg_temp.hear_state(s text, v text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'heard: %', v; RETURN coalesce(s, '') || length(v); END $$;
CREATE AGGREGATE pg_temp.listen(text) (sfunc = pg_temp.hear_state, stype = text);
SELECT pg_temp.listen(body) FROM app.letter;
SELECT client, pg_temp.listen(body) OVER (ORDER BY id) FROM app.letter ORDER BY id;
SELECT id FROM app.note WHERE body COLLATE "C" > (SELECT min(body) FROM app.note) AND pg_temp.tell(body) ORDER BY id;

--- with the planner's settings turned
-- as: acting wide
:tell
SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_material = off;
SELECT id FROM app.note WHERE pg_temp.tell(body) AND client >= 0;
SELECT id FROM app.note WHERE pg_temp.tell(body) AND code > '';
SELECT count(*) FROM app.note AS a JOIN app.note AS b ON a.client = b.client AND pg_temp.tell(b.body);
SET enable_indexscan = off; SET enable_indexonlyscan = off; SET enable_bitmapscan = on;
SELECT id FROM app.note WHERE pg_temp.tell(body) AND (client = :hidden OR divisor = 0);
SET enable_seqscan = on; SET enable_hashjoin = on; SET enable_nestloop = off; SET enable_memoize = off; SET enable_sort = off; SET enable_hashagg = off;
SELECT count(*) FROM app.note AS a JOIN app.visit AS b ON a.client = b.client AND pg_temp.tell(a.body);
SET jit = on; SET jit_above_cost = 0; SET jit_inline_above_cost = 0; SET jit_optimize_above_cost = 0;
SELECT id FROM app.note WHERE pg_temp.tell(body) ORDER BY id;
SET jit = off; SET geqo_threshold = 2; SET from_collapse_limit = 1; SET join_collapse_limit = 1; SET constraint_exclusion = on;
SELECT count(*) FROM app.note AS a, app.visit AS b, app.letter AS l WHERE a.client = b.client AND l.id = a.client AND pg_temp.tell(l.body);
SET cpu_operator_cost = 1000000; SET cpu_tuple_cost = 0; SET seq_page_cost = 0; SET random_page_cost = 0;
SELECT id FROM app.note WHERE pg_temp.tell(body) ORDER BY id;
SET default_statistics_target = 10000; SET cursor_tuple_fraction = 0; SET enable_partition_pruning = off; SET enable_partitionwise_join = on; SET enable_partitionwise_aggregate = on;
SELECT id FROM app.visit WHERE pg_temp.tell(reason) AND day < '2025-03-01' ORDER BY id;

--- in parallel workers
-- as: acting wide login portal
CREATE FUNCTION pg_temp.tell(v anyelement) RETURNS boolean LANGUAGE plpgsql PARALLEL SAFE COST 0.0001 AS $f$ BEGIN RAISE NOTICE 'told: %', v; RETURN true; END $f$;
SET :parallel_mode = on; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
SELECT id FROM app.note WHERE pg_temp.tell(body) ORDER BY id;
SELECT count(*) FROM app.letter WHERE pg_temp.tell(body);
SELECT kind, identified_by FROM careaccess_whoami();
SELECT count(*) FROM app.note AS a JOIN app.visit AS b USING (client);
SELECT careaccess_visible(:hidden, 'chart'), careaccess_visible(:missing, 'chart');

--- errors instead of notices
-- as: acting wide login nobody
SELECT id FROM app.note WHERE 1 / divisor > 0 AND client > 0 ORDER BY id;
SELECT id FROM app.note WHERE 1 / nullif(divisor, 1) > 0 AND client = :hidden;
SELECT id FROM app.note WHERE code::integer > 0 ORDER BY id;
SELECT id FROM app.note WHERE body::xml IS NOT NULL ORDER BY id;
SELECT id FROM app.note WHERE (body || '')::date > now();
SELECT id FROM app.visit WHERE sqrt(fee) > 0 ORDER BY id;
SELECT id FROM app.visit WHERE ln(fee) > 0 AND day BETWEEN '2025-01-01' AND '2025-05-01' ORDER BY id;
SELECT id FROM app.diary WHERE kind::app.tone IS NOT NULL ORDER BY id;
SELECT id FROM app.letter WHERE client::bigint > 0 ORDER BY id;
SELECT id FROM app.letter WHERE 'x' ~ body ORDER BY id;
SELECT (SELECT n.id FROM app.note AS n WHERE n.client = :hidden);
SELECT (SELECT n.id FROM app.note AS n WHERE n.client >= :hidden);
SELECT id FROM app.patient_list WHERE 1 / divisor > 0 ORDER BY id;
SELECT id FROM app.patient_list WHERE code::integer > 0 ORDER BY id;
SELECT id FROM app.note WHERE set_config('hostile.last', body, false) IS NOT NULL ORDER BY id;
SELECT current_setting('hostile.last', true);
SELECT max(pg_column_size(body)), max(length(body)), min(divisor), bit_or(id), string_agg(md5(body), ' ' ORDER BY id) FROM app.note;

--- functions of the server which run a query
-- as: acting wide nobody
SELECT query_to_xml('SELECT id, body FROM app.note ORDER BY id', true, false, '');
SELECT table_to_xml('app.letter', true, false, '');
SELECT schema_to_xml('app', true, false, '')::text ~ 'SECRET';
SELECT * FROM ts_stat('SELECT to_tsvector(''simple'', body) FROM app.letter') ORDER BY word;
DECLARE x CURSOR WITH HOLD FOR SELECT id, body FROM app.letter ORDER BY id;
SELECT cursor_to_xml('x', 100, true, false, '');
CLOSE x;
DO $$ DECLARE r record; BEGIN FOR r IN EXECUTE 'SELECT body FROM app.note ORDER BY id' LOOP RAISE NOTICE '%', r.body; END LOOP; END $$;

--- rows by their place
-- as: acting wide
SELECT ctid, id FROM app.note WHERE ctid > '(0,0)' ORDER BY id;
SELECT count(*) FROM generate_series(0, 3) AS p, generate_series(1, 200) AS i, LATERAL (SELECT FROM app.note AS n WHERE n.ctid = format('(%s,%s)', p, i)::tid) AS l;
SELECT tableoid::regclass, id FROM app.visit ORDER BY id;
SELECT count(DISTINCT xmin::text), count(DISTINCT cmin::text) FROM app.note;
SELECT currtid2('app.note', '(0,1)');
SELECT id FROM ONLY app.note WHERE client = :hidden;
SELECT count(*) FROM ONLY app.visit;
SELECT count(*) FROM app.visit_2025 WHERE client > 900;
SELECT id FROM app.note WHERE client IN (SELECT generate_series(900, 1000)) OR client IS NULL;
SELECT g FROM generate_series(895, 910) AS g WHERE NOT EXISTS (SELECT FROM app.note AS n WHERE n.client = g) ORDER BY g;
SELECT id FROM app.note WHERE client = :hidden FOR UPDATE NOWAIT;
SELECT id FROM app.note ORDER BY id FOR UPDATE SKIP LOCKED;
SELECT id FROM app.note WHERE (client, id) >= (:hidden, 9011) FOR KEY SHARE;
