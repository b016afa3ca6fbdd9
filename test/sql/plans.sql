--
-- What the planner makes of policies: index conditions, estimates, and plans
-- that are made anew for an asker who sees far more or less.  That the rows are
-- right whatever the plan is said here only next to the plans.
--
SET client_min_messages = warning;
CREATE EXTENSION careaccess;
-- Members may not look at plans; here somebody must.
SET careaccess.explain_guard = off;
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
CREATE SCHEMA app;
SET search_path = app, public;

CREATE ROLE regress_careaccess_app;
CREATE ROLE regress_careaccess_one;
SELECT careaccess_grant_application('regress_careaccess_app'), careaccess_grant_application('regress_careaccess_one');
GRANT EXECUTE ON FUNCTION careaccess_act_as, careaccess_act_as_portal_user, careaccess_stop_acting TO regress_careaccess_app;
GRANT USAGE ON SCHEMA app TO regress_careaccess_app, regress_careaccess_one;

-- Of 1,000 clients member 1 has 10, member 2 sees all, member 3 has the others.
SELECT careaccess_create_practice(1, 'one', 'standard');
SELECT careaccess_add_member(1, 1, 'narrow', '{clinician}', login_role => 'regress_careaccess_one');
SELECT careaccess_add_member(1, 2, 'wide', '{clinician_all_clients}');
SELECT careaccess_add_member(1, 3, 'most', '{clinician}');
SELECT careaccess_add_member(1, 4, 'mixed', '{clinician}');
SELECT careaccess_add_member(1, 5, 'none', '{clinician}');
SET session_replication_role = replica;
INSERT INTO careaccess.client (id, practice) SELECT c, 1 FROM generate_series(1, 1000) AS c;
INSERT INTO careaccess.client_link (practice, client, member, kind) SELECT 1, c, CASE WHEN c <= 10 THEN 1 ELSE 3 END, 'owner' FROM generate_series(1, 1000) AS c;
RESET session_replication_role;
VACUUM ANALYZE careaccess.client, careaccess.client_link;

CREATE TABLE document (id bigint PRIMARY KEY, client bigint, at timestamptz, author bigint, body text);
INSERT INTO document SELECT i, 1 + i % 1000, timestamptz '2027-01-01' + i * interval '1 minute', 1 + i % 3, repeat('x', 100) FROM generate_series(1, 20000) AS i;
CREATE INDEX document_client ON document (client);
CREATE INDEX document_at ON document (at);
CREATE TABLE note (LIKE document);
INSERT INTO note SELECT * FROM document;
CREATE INDEX note_client ON note (client);
CREATE INDEX note_at ON note (at);
CREATE TABLE message (LIKE document, published boolean);
INSERT INTO message SELECT d.*, id % 2000 < 1000 FROM document AS d;
CREATE INDEX message_client ON message (client);
CREATE TABLE wanted (client bigint PRIMARY KEY);
INSERT INTO wanted VALUES (1), (2);
CREATE TABLE visit (LIKE document) PARTITION BY RANGE (at);
CREATE TABLE visit_1 PARTITION OF visit FOR VALUES FROM (MINVALUE) TO ('2027-01-08');
CREATE TABLE visit_2 PARTITION OF visit FOR VALUES FROM ('2027-01-08') TO (MAXVALUE);
INSERT INTO visit SELECT * FROM document;
CREATE INDEX visit_client ON visit (client);
VACUUM ANALYZE document, note, message, wanted, visit;
SELECT careaccess_protect('document', 'client', 'documents');
SELECT careaccess_protect('note', 'client', 'chart', author_column => 'author');
SELECT careaccess_protect('message', 'client', 'documents', client_visible_column => 'published');
SELECT careaccess_protect('visit', 'client', 'schedule');
GRANT SELECT, UPDATE, DELETE ON ALL TABLES IN SCHEMA app TO regress_careaccess_app, regress_careaccess_one;

CREATE FUNCTION plan_of(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		-- Which nodes are disabled is said by some servers only.
		IF line !~ 'Disabled' THEN
			-- A parameter may be known to the plan or not.
			RETURN NEXT regexp_replace(line, '''1''::bigint|\$1', '?');
		END IF;
	END LOOP;
END $$;

SET ROLE regress_careaccess_app;

-- One who sees little

SELECT careaccess_act_as(1, true);
SELECT plan_of('SELECT count(*) FROM document');
SELECT count(*) FROM document;
SELECT plan_of('SELECT count(*) FROM note');
SELECT count(*) FROM note;
SELECT plan_of('SELECT * FROM document');
-- the newest are found by their time
SELECT plan_of('SELECT id FROM document ORDER BY at DESC LIMIT 20');
SELECT array_agg(id) FROM (SELECT id FROM document ORDER BY at DESC LIMIT 20) AS d;
SELECT plan_of('SELECT id FROM note ORDER BY at DESC LIMIT 20');
-- he says himself which clients he wants
SELECT plan_of('SELECT count(*) FROM note WHERE client = 5');
SELECT plan_of('SELECT count(*) FROM note WHERE 5 = client');
SELECT plan_of('SELECT count(*) FROM note WHERE client = ANY (''{1,2}'')');
SELECT plan_of('SELECT count(*) FROM note WHERE client IN (1, 2, 11)');
SELECT plan_of('SELECT count(*) FROM note JOIN wanted USING (client)');
SELECT plan_of('SELECT count(*) FROM note WHERE client IN (SELECT client FROM wanted)');
SELECT (SELECT count(*) FROM note WHERE client = 5), (SELECT count(*) FROM note WHERE client = 11), (SELECT count(*) FROM note WHERE client = ANY ('{1,2}')),
	(SELECT count(*) FROM note WHERE client IN (1, 2, 11)), (SELECT count(*) FROM note JOIN wanted USING (client)), (SELECT count(*) FROM note WHERE client IN (SELECT client FROM wanted));
-- … or only something about them
SELECT plan_of('SELECT count(*) FROM note WHERE client >= 5');
SELECT plan_of('SELECT count(*) FROM note WHERE author = 1');
SELECT plan_of('SELECT count(*) FROM document AS a, document AS b WHERE a.id = b.id + 1');
SELECT (SELECT count(*) FROM note WHERE client >= 5), (SELECT count(*) FROM note WHERE author = 1), (SELECT count(*) FROM document AS a, document AS b WHERE a.id = b.id + 1);
-- changes ask for more than the sight
SELECT plan_of('UPDATE note SET body = NULL');
SELECT plan_of('UPDATE document SET body = NULL WHERE client = 5');
SELECT plan_of('DELETE FROM document');
SELECT plan_of('SELECT id FROM document FOR UPDATE');
BEGIN;
WITH u AS (UPDATE document SET body = NULL RETURNING client) SELECT count(*), count(DISTINCT client), max(client) FROM u;
WITH u AS (UPDATE document SET body = NULL WHERE client IN (5, 11) RETURNING client) SELECT count(*) FROM u;
WITH d AS (DELETE FROM visit RETURNING client) SELECT count(*) FROM d;
ROLLBACK;
-- partitions
SELECT plan_of('SELECT count(*) FROM visit');
SELECT plan_of('SELECT count(*) FROM visit WHERE at >= ''2027-01-10''');
SELECT count(*), count(*) FILTER (WHERE at >= '2027-01-10') FROM visit;

-- One who sees all, one who sees most, one who sees none

SELECT careaccess_act_as(2, true);
SELECT plan_of('SELECT count(*) FROM document');
SELECT plan_of('SELECT count(*) FROM note');
SELECT plan_of('SELECT id FROM note ORDER BY at DESC LIMIT 20');
SELECT plan_of('SELECT count(*) FROM note WHERE client = 5');
SELECT plan_of('SELECT count(*) FROM visit');
SELECT (SELECT count(*) FROM document), (SELECT count(*) FROM note), (SELECT count(*) FROM visit);
SELECT careaccess_act_as(3, true);
SELECT plan_of('SELECT count(*) FROM note');
SELECT count(*) FROM note;
SELECT careaccess_act_as(5, true);
SELECT plan_of('SELECT count(*) FROM note');
SELECT count(*) FROM note;

-- A prepared statement is planned for whoever asks, and anew for one who sees
-- far more or less

SELECT careaccess_act_as(1, true);
PREPARE notes AS SELECT count(*) FROM note;
PREPARE notes_by(bigint) AS SELECT count(*) FROM note WHERE author >= $1;
EXECUTE notes;
SELECT plan_of('EXECUTE notes');
SELECT careaccess_act_as(2, true);
SELECT plan_of('EXECUTE notes');
EXECUTE notes;
SELECT careaccess_act_as(1, true);
SELECT plan_of('EXECUTE notes');
EXECUTE notes;
-- so often that it has a plan for all parameters
DO $$ BEGIN FOR i IN 1 .. 6 LOOP EXECUTE 'EXECUTE notes_by(1)'; END LOOP; END $$;
SELECT generic_plans > 0 FROM pg_prepared_statements WHERE name = 'notes_by';
SELECT plan_of('EXECUTE notes_by(1)');
EXECUTE notes_by(1);
SELECT careaccess_act_as(2, true);
SELECT plan_of('EXECUTE notes_by(1)');
EXECUTE notes_by(1);
SELECT careaccess_act_as(1, true);
SELECT plan_of('EXECUTE notes_by(1)');
EXECUTE notes_by(1);
DEALLOCATE ALL;
SET plan_cache_mode = force_generic_plan;
PREPARE notes_by(bigint) AS SELECT count(*) FROM note WHERE author >= $1;
EXECUTE notes_by(1);
SELECT plan_of('EXECUTE notes_by(1)');
SELECT careaccess_act_as(2, true);
SELECT plan_of('EXECUTE notes_by(1)');
EXECUTE notes_by(1);
SELECT careaccess_act_as(1, true);
SELECT plan_of('EXECUTE notes_by(1)');
EXECUTE notes_by(1);
-- one who sees about as much takes the plan as it is; what it looks for is his
SELECT careaccess_act_as(4, true);
EXECUTE notes_by(1);
SELECT careaccess_stop_acting();
EXECUTE notes_by(1);
-- a transaction's asker goes with it
SELECT careaccess_act_as(1, true);
BEGIN;
SELECT careaccess_act_as(2);
EXECUTE notes_by(1);
COMMIT;
EXECUTE notes_by(1);
SELECT careaccess_stop_acting();
-- a role that is a member, and then nobody
SET ROLE regress_careaccess_one;
EXECUTE notes_by(1);
SELECT plan_of('EXECUTE notes_by(1)');
BEGIN;
SET LOCAL ROLE regress_careaccess_app;
SELECT plan_of('EXECUTE notes_by(1)');
EXECUTE notes_by(1);
COMMIT;
EXECUTE notes_by(1);
RESET plan_cache_mode;
DEALLOCATE ALL;
RESET ROLE;

-- The same of a query in a function.  Its plan is not shown; which way the
-- table was read is counted.

CREATE FUNCTION count_notes() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	SELECT count(*) INTO n FROM note;
	RETURN n;
END $$;
CREATE FUNCTION way() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	before record;
	n bigint;
BEGIN
	SELECT seq_scan, idx_scan INTO before FROM pg_stat_xact_all_tables WHERE relid = 'note'::regclass;
	n := count_notes();
	RETURN (SELECT format('%s rows%s%s', n, CASE WHEN seq_scan > before.seq_scan THEN ' from the table' END, CASE WHEN idx_scan > before.idx_scan THEN ' by an index' END)
		FROM pg_stat_xact_all_tables WHERE relid = 'note'::regclass);
END $$;
SET ROLE regress_careaccess_app;
SELECT careaccess_act_as(1, true);
SELECT way();
SELECT careaccess_act_as(2, true);
SELECT way();
SELECT careaccess_act_as(1, true);
SELECT way();
SELECT careaccess_stop_acting();
SELECT count_notes();

-- Workers: with the filter, for one who sees all and one who has no index to use

BEGIN;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL max_parallel_workers_per_gather = 2;
SET LOCAL enable_indexscan = off;
SET LOCAL enable_indexonlyscan = off;
SET LOCAL enable_bitmapscan = off;
SELECT careaccess_act_as(2);
SELECT plan_of('SELECT count(*) FROM note');
SELECT count(*), sum(client) FROM note;
SELECT careaccess_act_as(1);
SELECT plan_of('SELECT count(*) FROM note');
SELECT count(*), sum(client) FROM note;
COMMIT;

-- A portal user: his profile, and of it what is for clients

RESET ROLE;
SELECT careaccess_add_portal_user('mum', 7);
SET ROLE regress_careaccess_app;
SELECT careaccess_act_as_portal_user('mum', session => true);
SELECT plan_of('SELECT count(*) FROM message');
SELECT count(*), count(DISTINCT client), bool_and(published AND client = 7) FROM message;
SELECT plan_of('SELECT count(*) FROM document');
SELECT count(*) FROM document;
BEGIN;
SET LOCAL enable_indexscan = off;
SET LOCAL enable_indexonlyscan = off;
SET LOCAL enable_bitmapscan = off;
SELECT count(*), count(DISTINCT client), bool_and(published AND client = 7) FROM message;
SELECT count(*) FROM document;
COMMIT;
SELECT careaccess_stop_acting();
RESET ROLE;

-- Every type of column: the condition is there, and finds what the filter
-- finds.  Member 4's clients fit some types and others not.

SELECT careaccess_add_client(c, 1, 4)
FROM unnest('{-5,2001,2002,32767,32768,-40000,2147483648,9000000000,10000000-0000-4000-8000-00000000000a,
	20000000-0000-4000-8000-00000000000b,Alpha,alpha,007,+5," 2001",ä,"a very long name, longer than the others"}'::text[]) AS c \g /dev/null
-- texts that are written as his clients are, or otherwise, or nearly so
CREATE TABLE spelling AS SELECT unnest('{-5,2001,2002,9000000000,10000000-0000-4000-8000-00000000000a,
	20000000-0000-4000-8000-00000000000B,20000000-0000-4000-8000-00000000000b,1000000A-0000-4000-8000-00000000000b,
	100000000000400080000000000000000a,Alpha,alpha,ALPHA,007,7,+5,5,"2001 "," 2001",02001,ä,Ä,
	"a very long name, longer than the others",a}'::text[]) AS client;
CREATE DOMAIN client_number AS bigint CHECK (VALUE <> 0);
CREATE DOMAIN client_code AS varchar(60);
CREATE TABLE by_smallint (client smallint);
CREATE TABLE by_integer (client integer);
CREATE TABLE by_bigint (client bigint);
CREATE TABLE by_domain (client client_number);
CREATE TABLE by_uuid (client uuid);
CREATE TABLE by_text (client text);
CREATE TABLE by_varchar (client varchar);
CREATE TABLE by_varchar_domain (client client_code);
CREATE TABLE by_text_pattern (client text);
CREATE TABLE by_text_c (client text COLLATE "C");
CREATE TABLE by_id (client careaccess.id);
CREATE TABLE by_type AS SELECT unnest('{by_smallint,by_integer,by_bigint,by_domain,by_uuid,by_text,by_varchar,by_varchar_domain,by_text_pattern,by_text_c,by_id}'::regclass[]) AS name;
SET client_min_messages = error; -- no index yet
SELECT careaccess_protect(name::text, 'client', 'documents') FROM by_type \g /dev/null
SET client_min_messages = warning;
-- first rows of others, so that an index pays
DO $$
DECLARE
	t regclass;
BEGIN
	FOR t IN SELECT name FROM by_type LOOP
		EXECUTE format('INSERT INTO %s SELECT %s FROM generate_series(11, 1000) AS i, generate_series(1, 5)', t,
			CASE WHEN t::text ~ 'text|char' THEN 'i::text' WHEN t::text ~ 'uuid' THEN 'md5(i::text)::uuid' ELSE 'i' END);
		EXECUTE format('CREATE INDEX ON %s (client%s)', t, CASE WHEN t::text ~ 'pattern' THEN ' text_pattern_ops' END);
	END LOOP;
END $$;
INSERT INTO by_smallint SELECT unnest('{-5,2001,2002,2003,32767,-32768,5,NULL}'::smallint[]) FROM generate_series(1, 3);
INSERT INTO by_integer SELECT unnest('{-5,2001,2002,2003,32767,32768,-40000,5,NULL}'::integer[]) FROM generate_series(1, 3);
INSERT INTO by_bigint SELECT unnest('{-5,2001,2002,2003,32767,32768,-40000,2147483648,9000000000,9000000001,5,NULL}'::bigint[]) FROM generate_series(1, 3);
INSERT INTO by_domain SELECT * FROM by_bigint;
INSERT INTO by_uuid SELECT unnest('{10000000-0000-4000-8000-00000000000a,20000000-0000-4000-8000-00000000000B,20000000-0000-4000-8000-00000000000c,NULL}'::uuid[]) FROM generate_series(1, 3);
INSERT INTO by_text SELECT client FROM spelling, generate_series(1, 3);
INSERT INTO by_varchar SELECT client FROM spelling, generate_series(1, 3);
INSERT INTO by_varchar_domain SELECT client FROM spelling, generate_series(1, 3);
INSERT INTO by_text_pattern SELECT client FROM spelling, generate_series(1, 3);
INSERT INTO by_text_c SELECT client FROM spelling, generate_series(1, 3);
INSERT INTO by_id SELECT client::careaccess.id FROM spelling, generate_series(1, 3);
CREATE TABLE by_no_author AS SELECT client FROM by_bigint WHERE client NOT IN (2003, 9000000001);
CREATE INDEX ON by_no_author (client);
SET client_min_messages = error; -- no column of authors
SELECT careaccess_protect('by_no_author', 'client', 'private_notes');
SET client_min_messages = warning;
VACUUM ANALYZE;
GRANT SELECT ON ALL TABLES IN SCHEMA app TO regress_careaccess_app;
CREATE FUNCTION both_ways(relation regclass) RETURNS TABLE (name regclass, scan text, condition text, filter boolean, n bigint, clients text, equal boolean) LANGUAGE plpgsql AS $$
DECLARE
	query text := format('SELECT count(*), string_agg(DISTINCT quote_ident(client::text) COLLATE "C", '' '') FROM %s', relation);
	line text;
	filter_n bigint;
	filter_clients text;
BEGIN
	name := relation;
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		scan := coalesce(scan, substring(line FROM '-> +(.*Scan)'));
		condition := coalesce(condition, substring(line FROM 'Index Cond: (.*)'));
		filter := coalesce(filter, false) OR line ~ 'Filter: ';
	END LOOP;
	EXECUTE query INTO n, clients;
	PERFORM set_config(s, 'off', true) FROM unnest('{enable_indexscan,enable_indexonlyscan,enable_bitmapscan}'::text[]) AS s;
	EXECUTE query INTO filter_n, filter_clients;
	PERFORM set_config(s, 'on', true) FROM unnest('{enable_indexscan,enable_indexonlyscan,enable_bitmapscan}'::text[]) AS s;
	equal := (n, clients) IS NOT DISTINCT FROM (filter_n, filter_clients);
	RETURN NEXT;
END $$;
SET ROLE regress_careaccess_app;
SELECT careaccess_act_as(4, true);
SELECT b.* FROM by_type, both_ways(name) AS b;
-- a record whose author is not known is nobody's where it depends on him
SELECT * FROM both_ways('by_no_author');
-- an index whose equality is another than the type's
SELECT careaccess_stop_acting();
RESET ROLE;
CREATE FUNCTION abs_lt(bigint, bigint) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT RETURN abs($1) < abs($2);
CREATE FUNCTION abs_le(bigint, bigint) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT RETURN abs($1) <= abs($2);
CREATE FUNCTION abs_eq(bigint, bigint) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT RETURN abs($1) = abs($2);
CREATE FUNCTION abs_ge(bigint, bigint) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT RETURN abs($1) >= abs($2);
CREATE FUNCTION abs_gt(bigint, bigint) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT RETURN abs($1) > abs($2);
CREATE FUNCTION abs_cmp(bigint, bigint) RETURNS integer LANGUAGE sql IMMUTABLE STRICT RETURN sign(abs($1) - abs($2))::integer;
CREATE OPERATOR |<| (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = abs_lt);
CREATE OPERATOR |<=| (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = abs_le);
CREATE OPERATOR |=| (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = abs_eq);
CREATE OPERATOR |>=| (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = abs_ge);
CREATE OPERATOR |>| (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = abs_gt);
CREATE OPERATOR CLASS abs_ops FOR TYPE bigint USING btree AS OPERATOR 1 |<|, OPERATOR 2 |<=|, OPERATOR 3 |=|, OPERATOR 4 |>=|, OPERATOR 5 |>|,
	FUNCTION 1 abs_cmp(bigint, bigint);
CREATE TABLE by_abs (client bigint);
INSERT INTO by_abs SELECT n FROM unnest('{5,-5,500}'::bigint[]) AS n, generate_series(1, 100);
CREATE INDEX ON by_abs (client abs_ops);
VACUUM ANALYZE by_abs;
SELECT careaccess_protect('by_abs', 'client', 'documents');
GRANT SELECT ON by_abs TO regress_careaccess_app;
SET ROLE regress_careaccess_app;
SELECT careaccess_act_as(1, true);
SELECT * FROM both_ways('by_abs');
SELECT careaccess_act_as(4, true);
-- called by hand, with no action or with one that there is not
SELECT a, careaccess.clients_bigint('documents', a, true), careaccess.clients_text('name', a, false)
FROM unnest('{0,16,17,256,-1}'::integer[]) AS a;
-- a cursor is read on for whom it was opened only
BEGIN;
SELECT careaccess_act_as(1);
SET LOCAL enable_seqscan = off;
DECLARE c CURSOR FOR SELECT client FROM document ORDER BY client;
FETCH c;
SELECT careaccess_act_as(1);
FETCH c;
SELECT careaccess_act_as(2);
FETCH c;
ROLLBACK;
-- nobody
SELECT careaccess_stop_acting();
SELECT count(*) FROM by_text;
SELECT careaccess.clients_text('documents', 1, true), careaccess.clients_bigint('documents', 1, false);
RESET ROLE;

SELECT careaccess_unprotect(name::text) FROM by_type \g /dev/null
SELECT careaccess_unprotect(name) FROM unnest('{document,note,message,visit,by_no_author,by_abs}'::text[]) AS name \g /dev/null
DROP SCHEMA app CASCADE;
DROP EXTENSION careaccess;
DROP OWNED BY regress_careaccess_app, regress_careaccess_one;
DROP ROLE regress_careaccess_app, regress_careaccess_one;
