--
-- The type careaccess.id: spellings, casts, binary form, comparison, indexes
--
SET client_min_messages = warning;
SET client_encoding = 'UTF8';
CREATE EXTENSION careaccess;
CREATE SCHEMA id_test;
SET search_path = id_test, public;

-- What a statement raises, on one line.
CREATE FUNCTION outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text; detail text; hint text;
BEGIN
	EXECUTE statement;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', SQLSTATE, message, nullif(detail, ''), nullif(hint, ''));
END $$;

CREATE FUNCTION plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE 'EXPLAIN (COSTS OFF, VERBOSE) ' || query;
END $$;

CREATE FUNCTION kind(careaccess.id) RETURNS text LANGUAGE sql AS $$
	SELECT (ARRAY['bigint', 'uuid', 'text'])[get_byte(careaccess.id_send($1), 0)] $$;

--
-- One canonical value per identifier
--
-- "as_literal" goes through the input function, "as_text" through the cast.
SELECT quote_literal(s) AS spelling, kind(careaccess.id_in(s::cstring)) AS as_literal, kind(s::careaccess.id) AS as_text,
	s::careaccess.id::text = s AS same_text
FROM (VALUES
	(1, '42'), (2, '0'), (3, '-1'), (4, '9223372036854775807'), (5, '-9223372036854775808'),
	(10, '9223372036854775808'), (11, '-9223372036854775809'), (12, '10000000000000000000'),
	(13, '18446744073709551617'), (14, '92233720368547758070'), (15, '-92233720368547758080'),
	(16, '007'), (17, '-0'), (18, '-07'), (19, '+7'), (20, ' 7'), (21, '7 '), (22, E'7\n'), (23, '--7'), (24, '-'),
	(25, '7-'), (26, '1e3'), (27, '1.0'), (28, '0x10'), (29, '1_000'), (30, '7a'), (31, '00'),
	(40, '3f2504e0-4f89-41d3-9a0c-0305e82c3301'), (41, '3F2504E0-4F89-41D3-9A0C-0305E82C3301'),
	(42, '00000000-0000-0000-0000-000000000000'), (43, 'ffffffff-ffff-ffff-ffff-ffffffffffff'),
	(50, '3f2504e0-4f89-41d3-9a0c-0305e82c330A'), (51, 'A0000000-0000-0000-0000-00000000000b'),
	(52, '{3f2504e0-4f89-41d3-9a0c-0305e82c3301}'), (53, '3f2504e04f8941d39a0c0305e82c3301'),
	(54, '3f2504e0-4f89-41d3-9a0c-0305e82c330'), (55, '3f2504e0-4f89-41d3-9a0c-0305e82c33011'),
	(56, '3f2504e0-4f89-41d3-9a0c-0305e82c330g'), (57, '3f2504e04-f89-41d3-9a0c-0305e82c3301'),
	(58, '3f2504e0-4f8941d3--9a0c-0305e82c3301'), (59, ' 3f2504e0-4f89-41d3-9a0c-0305e82c3301'),
	(60, '3f2504e0 4f89 41d3 9a0c 0305e82c3301'),
	(70, 'x'), (71, ' '), (72, 'null'), (73, 'client:42'), (74, E'a\tb\\c"d''e,{f}')
) AS v (n, s) ORDER BY n;

-- The same identifier, however it arrives.
SELECT 42::careaccess.id OPERATOR(careaccess.=) '42'::careaccess.id AS int_literal,
	'42'::text::careaccess.id OPERATOR(careaccess.=) 42::smallint::careaccess.id AS text_smallint,
	'42'::varchar::careaccess.id OPERATOR(careaccess.=) 42::bigint::careaccess.id AS varchar_bigint,
	'3f2504e0-4f89-41d3-9a0c-0305e82c3301'::uuid::careaccess.id
		OPERATOR(careaccess.=) '3F2504E0-4F89-41D3-9A0C-0305E82C3301'::text::careaccess.id AS uuid_upper_text,
	'042'::careaccess.id OPERATOR(careaccess.=) 42::careaccess.id AS other_spelling,
	'3f2504e0-4f89-41d3-9a0c-0305e82c330A'::careaccess.id
		OPERATOR(careaccess.=) '3f2504e0-4f89-41d3-9a0c-0305e82c330a'::careaccess.id AS mixed_case;

-- The bytes that reach indexes and the wire.
SELECT careaccess.id_send(0) AS zero, careaccess.id_send(-2) AS minus_two, careaccess.id_send('ab') AS ab,
	careaccess.id_send('3F2504E0-4F89-41D3-9A0C-0305E82C3301') AS uuid;

--
-- Length: bytes, not characters
--
SELECT outcome($$SELECT ''::careaccess.id$$) AS empty_literal
UNION ALL SELECT outcome($$SELECT ''::text::careaccess.id$$)
UNION ALL SELECT outcome($$SELECT ''::varchar::careaccess.id$$)
UNION ALL SELECT outcome($$SELECT careaccess.id_in(repeat('x', 255)::cstring)$$)
UNION ALL SELECT outcome($$SELECT careaccess.id_in(repeat('x', 256)::cstring)$$)
UNION ALL SELECT outcome($$SELECT repeat('x', 255)::careaccess.id$$)
UNION ALL SELECT outcome($$SELECT repeat('x', 256)::careaccess.id$$)
UNION ALL SELECT outcome($$SELECT repeat('x', 300000000)::careaccess.id$$)
UNION ALL SELECT outcome($$SELECT repeat('1', 256)::varchar::careaccess.id$$);
SELECT repeat('x', 255)::careaccess.id::text = repeat('x', 255) AS longest;
SELECT getdatabaseencoding() <> 'UTF8'
	OR (outcome($$SELECT repeat(U&'\00E9', 127)::careaccess.id$$) = 'done'
		AND outcome($$SELECT repeat(U&'\00E9', 128)::careaccess.id$$) LIKE '22P02%256 bytes%') AS counts_bytes;
-- A text that its table keeps compressed or elsewhere is measured all the same.
CREATE TABLE long_text (t text);
INSERT INTO long_text VALUES (repeat('x', 100000));
SELECT outcome($$SELECT t::careaccess.id FROM long_text$$);
DROP TABLE long_text;
SELECT NULL::careaccess.id IS NULL AS null_id, NULL::text::careaccess.id IS NULL AS null_text;

--
-- Casts from an identifier: explicit only
--
SELECT '42'::careaccess.id::bigint AS b, (-42)::careaccess.id::text AS t,
	'3F2504E0-4F89-41D3-9A0C-0305E82C3301'::careaccess.id::uuid AS u, '042'::careaccess.id::text AS other;
SELECT outcome($$SELECT '042'::careaccess.id::bigint$$) AS refusals
UNION ALL SELECT outcome($$SELECT 'abc'::careaccess.id::uuid$$)
UNION ALL SELECT outcome($$SELECT 42::careaccess.id::uuid$$)
UNION ALL SELECT outcome($$SELECT '3f2504e0-4f89-41d3-9a0c-0305e82c3301'::careaccess.id::bigint$$);
SELECT castsource::regtype AS source, casttarget::regtype AS target, castcontext AS context, castmethod AS method
FROM pg_cast WHERE 'careaccess.id'::regtype IN (castsource, casttarget)
ORDER BY castsource::regtype::text COLLATE "C", casttarget::regtype::text COLLATE "C";

--
-- Arguments of any supported type
--
CREATE DOMAIN text_domain AS text CHECK (VALUE <> 'bad');
CREATE DOMAIN varchar_domain AS varchar(40);
CREATE DOMAIN int_domain AS integer;
CREATE DOMAIN domain_domain AS int_domain;
CREATE DOMAIN uuid_domain AS uuid;
CREATE DOMAIN id_domain AS careaccess.id;
CREATE FUNCTION f(careaccess.id) RETURNS text LANGUAGE sql AS $$ SELECT kind($1) || ' ' || $1::text $$;
CREATE FUNCTION f2(a careaccess.id, b careaccess.id DEFAULT NULL) RETURNS text LANGUAGE sql
	AS $$ SELECT concat_ws('/', $1::text, $2::text) $$;
CREATE FUNCTION fa(careaccess.id[]) RETURNS text LANGUAGE sql
	AS $$ SELECT string_agg(kind(i) || ' ' || i::text, ', ' ORDER BY n) FROM unnest($1) WITH ORDINALITY AS u (i, n) $$;

SELECT f(7), f('7'), f(7::smallint), f(7::bigint), f('7'::text), f('7'::varchar), f('7'::varchar(3));
SELECT f('3f2504e0-4f89-41d3-9a0c-0305e82c3301') AS literal, f('3f2504e0-4f89-41d3-9a0c-0305e82c3301'::uuid) AS uuid;
SELECT f('7'::text_domain), f('7'::varchar_domain), f(7::int_domain), f(7::domain_domain),
	f('3f2504e0-4f89-41d3-9a0c-0305e82c3301'::uuid_domain), f('7'::id_domain);
SELECT f2(7, '8'), f2('7', 8::smallint), f2(b => 'b', a => 'a'::varchar), f2('7'), f2(7, NULL);
SELECT fa(ARRAY[1, 2]), fa(ARRAY['1', 'b']), fa('{1,b}'), fa('{}') IS NULL AS none, fa(ARRAY[7::bigint]::bigint[]),
	fa(ARRAY['3f2504e0-4f89-41d3-9a0c-0305e82c3301'::uuid]), fa(ARRAY['1'::varchar]), fa(ARRAY[]::careaccess.id[]) IS NULL AS typed_none;
PREPARE untyped AS SELECT f($1);
PREPARE untyped_two AS SELECT f2($1, $2);
EXECUTE untyped('7');
EXECUTE untyped(7);
EXECUTE untyped('3f2504e0-4f89-41d3-9a0c-0305e82c3301'::uuid);
EXECUTE untyped('');
EXECUTE untyped_two(7, 'abc');
SELECT unnest(parameter_types) AS untyped_means FROM pg_prepared_statements WHERE name = 'untyped';
DEALLOCATE ALL;
-- Types that hold no identifier.
-- (terse: 19 words the hints of the server otherwise)
\set VERBOSITY terse
SELECT f(1.5);
SELECT f(true);
SELECT f(now());

--
-- The operators are not found by applications, and nothing new is comparable
--
SELECT 7::careaccess.id = 7::careaccess.id;
SELECT 7 = 'x'::text;
SELECT '7'::text = '3f2504e0-4f89-41d3-9a0c-0305e82c3301'::uuid;
SELECT 7::careaccess.id + 1;
\set VERBOSITY default
CREATE TABLE own_types (n bigint, t varchar);
INSERT INTO own_types SELECT i, 'c' || i FROM generate_series(1, 20) i;
-- Applications compare in their own type, and their plans stay what they were.
SELECT count(*) FROM own_types WHERE n IN (SELECT unnest('{3,5,99}'::careaccess.id[])::bigint);
SELECT count(*) FROM own_types WHERE t = 'c7' AND n = 7;
-- Within a path that has the schema, usual comparisons still mean what they meant.
SET search_path = pg_catalog, careaccess, id_test, public;
SELECT 7::careaccess.id = '7', '7' = 7::careaccess.id, 8 <> 7::careaccess.id, 7::careaccess.id < 'a', 7::smallint = 7::bigint,
	't'::varchar = 't'::text, 'a'::"char" = 'a'::text, 'x'::name = 'x'::text, 1 = 1.0, 'a ' = 'a'::char(2);
SELECT count(*) AS lines, count(*) FILTER (WHERE line LIKE '%careaccess%') AS with_our_operators
FROM plan($$SELECT FROM own_types WHERE n = 7 AND t = 'c7' AND t < n::text AND n <> 8::smallint AND t IN ('c7', 'c8')$$) AS line;
SET search_path = id_test, public;

--
-- Order: bigints by number, then uuids, then texts by their bytes
--
CREATE TABLE ids (n integer GENERATED ALWAYS AS IDENTITY, id careaccess.id);
INSERT INTO ids (id) VALUES ('b'), ('ab'), ('a'), ('B'), ('10'), ('9'), ('-1'), ('-9223372036854775808'), ('9223372036854775807'),
	('0'), ('010'), ('ffffffff-ffff-ffff-ffff-ffffffffffff'), ('00000000-0000-0000-0000-000000000000'), ('00000000-0000-0000-0000-00000000000A'),
	('9223372036854775808'), ('-'), ('256'), ('255'), ('-256'), (NULL), ('10'), (NULL), (repeat('z', 255)), (repeat('z', 254));
SELECT left(id::text, 40) AS id, kind(id), length(id::text) FROM ids ORDER BY ids.id, n;
SELECT left(id::text, 40) AS id FROM ids WHERE id IS NOT NULL ORDER BY ids.id DESC LIMIT 4;
-- Every operator against the comparison function, for every pair.
SELECT count(*) AS pairs,
	bool_and((a.id OPERATOR(careaccess.=) b.id) = (c = 0)) AS eq, bool_and((a.id OPERATOR(careaccess.<>) b.id) = (c <> 0)) AS ne,
	bool_and((a.id OPERATOR(careaccess.<) b.id) = (c < 0)) AS lt, bool_and((a.id OPERATOR(careaccess.<=) b.id) = (c <= 0)) AS le,
	bool_and((a.id OPERATOR(careaccess.>) b.id) = (c > 0)) AS gt, bool_and((a.id OPERATOR(careaccess.>=) b.id) = (c >= 0)) AS ge,
	bool_and(c = -careaccess.id_cmp(b.id, a.id)) AS antisymmetric,
	bool_and((c = 0) = (a.id::text = b.id::text)) AS same_as_text,
	bool_and(c <> 0 OR careaccess.id_hash(a.id) = careaccess.id_hash(b.id)) AS equal_hash,
	sum((c = 0)::int) AS equal_pairs
FROM ids a, ids b, LATERAL careaccess.id_cmp(a.id, b.id) AS c WHERE a.id IS NOT NULL AND b.id IS NOT NULL;
-- Bigints order as numbers do, over the whole range.
WITH v AS (SELECT (i * 1000003 * (CASE WHEN i % 2 = 0 THEN 1 ELSE -1 END)) << (i % 41)::int AS b FROM generate_series(0, 199::bigint) i)
SELECT count(*) AS pairs, bool_and(careaccess.id_cmp(x.b, y.b) = sign(x.b::numeric - y.b)) AS as_numbers FROM v x, v y;
SELECT count(DISTINCT id) AS different, count(id) AS all_of_them FROM ids;
SELECT id, count(*) FROM ids GROUP BY id HAVING count(*) > 1 ORDER BY id;
SELECT count(DISTINCT careaccess.id_hash(id)) AS hashes FROM ids;
-- The seeded hash: without a seed its low half is the plain hash, and the seed counts.
SELECT bool_and((careaccess.id_hash_extended(id, 0) & 4294967295) = (careaccess.id_hash(id) & 4294967295)) AS low_half,
	bool_and(careaccess.id_hash_extended(id, 0) <> careaccess.id_hash_extended(id, 1)) AS seeded FROM ids WHERE id IS NOT NULL;

--
-- Arrays
--
SELECT ARRAY[1, 'b', '3F2504E0-4F89-41D3-9A0C-0305E82C3301']::careaccess.id[] AS ids;
SELECT '{1,"b c",NULL,"3F2504E0-4F89-41D3-9A0C-0305E82C3301","{}"}'::careaccess.id[] AS literal;
SELECT ARRAY[1, 2]::careaccess.id[] = '{1,2}' AS equal, '{1,2}'::careaccess.id[] < '{1,10}' AS less,
	'{1,2,3}'::careaccess.id[] @> ARRAY[2]::careaccess.id[] AS contains, '{1,2}'::careaccess.id[] && '{2}' AS overlap,
	array_position('{a,b,c}'::careaccess.id[], 'b') AS place, array_remove('{a,b,a}'::careaccess.id[], 'a') AS removed,
	'2'::careaccess.id OPERATOR(careaccess.=) ANY ('{1,2}') AS among;
SELECT array_agg(id ORDER BY id) FROM ids WHERE id OPERATOR(careaccess.<) '1';
SELECT outcome($$SELECT '{1,""}'::careaccess.id[]$$);

--
-- Text round trip, as a dump makes it
--
CREATE FUNCTION file() RETURNS text LANGUAGE sql AS $$
	SELECT current_setting('data_directory') || '/careaccess_id_test_' || pg_backend_pid() $$;
INSERT INTO ids (id) VALUES (E'tab\there'), (E'line\nfeed'), (E'back\\slash'), ('\N'), ('\.'), (E'quote"s''and,commas'), ('NULL'), (E'\x7f\x01');
CREATE TABLE ids_copy (LIKE ids);
DO $$
DECLARE
	format text;
BEGIN
	FOREACH format IN ARRAY ARRAY['text', 'csv', 'binary'] LOOP
		EXECUTE format('COPY ids TO %L (FORMAT %s)', file(), format);
		EXECUTE format('COPY ids_copy FROM %L (FORMAT %s)', file(), format);
	END LOOP;
END $$;
SELECT count(*) AS copies, count(DISTINCT careaccess.id_send(c.id)) AS different,
	bool_and(c.id OPERATOR(careaccess.=) i.id OR c.id IS NULL AND i.id IS NULL) AS same
FROM ids_copy c JOIN ids i USING (n);
-- As literals, as a dump with --inserts makes it.
SELECT bool_and(outcome(format('DO %L', format($d$BEGIN IF careaccess.id_cmp(%L, (SELECT id FROM id_test.ids WHERE n = %s)) <> 0 THEN RAISE 'differs'; END IF; END$d$, id, n))) = 'done')
	AS literals FROM ids WHERE id IS NOT NULL;
DELETE FROM ids WHERE n > 24;

--
-- Binary input
--
-- COPY writes the bytes of a bytea as they are, and reads them back as an
-- identifier through its receive function.
CREATE TABLE received (id careaccess.id);
CREATE FUNCTION receive(bytes bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
	result careaccess.id;
BEGIN
	EXECUTE format('COPY (SELECT %L::bytea) TO %L (FORMAT binary)', bytes, file());
	answer := outcome(format('COPY received FROM %L (FORMAT binary)', file()));
	IF answer = 'done' THEN
		DELETE FROM received RETURNING id INTO result;
		RETURN kind(result) || ' ' || left(result::text, 40);
	END IF;
	RETURN split_part(answer, ' | ', 1) || ' ' || split_part(answer, ' | ', 3);
END $$;

SELECT n, CASE WHEN length(bytes) > 22 THEN substr(bytes, 1, 6)::text || '...' || length(bytes) ELSE bytes::text END AS bytes, receive(bytes)
FROM (VALUES
	(1, '\x01000000000000002a'::bytea), (2, '\x01ffffffffffffffff'), (3, '\x018000000000000000'), (4, '\x017fffffffffffffff'),
	(5, '\x023f2504e04f8941d39a0c0305e82c3301'), (6, '\x0300'), (7, '\x0361'), (8, '\x033432'), (9, '\x03303432'),
	(10, '\x'), (11, '\x01'), (12, '\x0100000000000000'), (13, '\x0100000000000000002a'), (14, '\x02'),
	(15, '\x023f2504e04f8941d39a0c0305e82c33'), (16, '\x023f2504e04f8941d39a0c0305e82c330100'), (17, '\x03'),
	(18, '\x00'), (19, '\x0061'), (20, '\x04'), (21, '\xff61'), (22, '\x0461'),
	(23, '\x03'::bytea || convert_to(repeat('x', 255), 'SQL_ASCII')), (24, '\x03'::bytea || convert_to(repeat('x', 256), 'SQL_ASCII')),
	(25, '\x03'::bytea || convert_to(repeat('x', 1020), 'SQL_ASCII')), (26, '\x03'::bytea || convert_to(repeat('x', 1000000), 'SQL_ASCII')),
	(27, '\x036100'), (28, '\x03610062'), (29, '\x0361620a'),
	(30, '\x03ff'), (31, '\x0361c3'), (32, '\x03c0af'), (33, '\x03eda080'),
	(34, '\x03'::bytea || convert_to('3f2504e0-4f89-41d3-9a0c-0305e82c3301', 'SQL_ASCII')),
	(35, '\x03'::bytea || convert_to('3F2504E0-4F89-41D3-9A0C-0305E82C3301', 'SQL_ASCII')),
	(36, '\x03'::bytea || convert_to('3f2504e0-4f89-41d3-9a0c-0305e82c330A', 'SQL_ASCII')),
	(37, '\x03'::bytea || convert_to('-9223372036854775808', 'SQL_ASCII')),
	(38, '\x03'::bytea || convert_to('9223372036854775808', 'SQL_ASCII')), (39, '\x032d30')
) AS v (n, bytes) ORDER BY n;
-- In full.
SELECT receive('\x04');
SELECT outcome(format('COPY received FROM %L (FORMAT binary)', file()));
-- Nothing that was refused is there.
SELECT count(*) FROM received;
-- Every single byte, and every length of zeros, is an identifier or a clean refusal.
SELECT receive(set_byte('\x00', 0, i)) AS single_byte, count(*) FROM generate_series(0, 255) i GROUP BY 1 ORDER BY 1;
SELECT k, receive(set_byte(decode(repeat('00', length), 'hex'), 0, k)) AS zeros, array_agg(length ORDER BY length) AS lengths
FROM generate_series(0, 4) k, generate_series(1, 20) length GROUP BY 1, 2 ORDER BY 1, 2;
-- What is sent is received: every bit of a number, every byte value of a uuid.
SELECT bool_and(receive(careaccess.id_send(i.id)) = kind(i.id) || ' ' || left(i.id::text, 40)) AS round_trip, count(*)
FROM (SELECT (1::bigint << s)::careaccess.id FROM generate_series(0, 63) s
	UNION ALL SELECT encode(decode(repeat(lpad(to_hex(b), 2, '0'), 16), 'hex'), 'hex')::uuid::careaccess.id FROM generate_series(0, 255) b
	UNION ALL SELECT id FROM ids WHERE id IS NOT NULL) AS i (id);
-- Text travels in the client's encoding, is limited in the server's.
SET client_encoding = 'LATIN1';
SELECT getdatabaseencoding() <> 'UTF8'
	OR (receive('\x03e9') = 'text ' || U&'\00E9' AND careaccess.id_send(U&'\00E9') = '\x03e9'
		AND receive('\x03'::bytea || decode(repeat('e9', 127), 'hex')) LIKE 'text%'
		AND receive('\x03'::bytea || decode(repeat('e9', 128), 'hex')) LIKE '22P03 The text is longer%') AS converted;
SET client_encoding = 'UTF8';
-- Arrays contain the same forms.
CREATE TABLE arrays (ids careaccess.id[]);
INSERT INTO arrays VALUES ('{1,b,NULL,3F2504E0-4F89-41D3-9A0C-0305E82C3301}'), ('{}'), (NULL), ('{{1,2},{3,4}}');
DO $$ BEGIN
	EXECUTE format('COPY arrays TO %L (FORMAT binary)', file());
	EXECUTE format('COPY arrays FROM %L (FORMAT binary)', file());
END $$;
SELECT ids, count(*) FROM arrays GROUP BY ids ORDER BY ids;
-- Leave no file behind.
DO $$ BEGIN EXECUTE format('COPY (SELECT) TO PROGRAM %L', format('rm -f ''%s''', replace(file(), '''', '''\'''''))); END $$;

--
-- Storage: a one-byte header, and values that were compressed or moved out
--
SELECT pg_column_size(id) AS bytes FROM ids WHERE n = 5;
-- (19 compresses by lz4)
SET default_toast_compression = pglz;
CREATE TABLE wide (n integer, id careaccess.id, pad text);
ALTER TABLE wide ALTER pad SET STORAGE plain;
INSERT INTO wide SELECT 1, repeat('w', 255), repeat('p', 2000);
ALTER TABLE wide ALTER id SET STORAGE external;
INSERT INTO wide SELECT 2, repeat('w', 255), repeat('p', 2000);
INSERT INTO wide SELECT 3, repeat('w', 255), 'p';
-- Compressed in its row, moved out of it, plain.
SELECT n, pg_column_size(id) AS bytes, length(id::text) FROM wide ORDER BY n;
SELECT pg_relation_size(reltoastrelid) > 0 AS moved_out FROM pg_class WHERE oid = 'wide'::regclass;
SELECT count(*) AS equal_pairs, count(DISTINCT careaccess.id_hash(a.id)) AS hashes, count(DISTINCT a.id) AS different
FROM wide a JOIN wide b ON a.id OPERATOR(careaccess.=) b.id;
CREATE INDEX ON wide (id);
SET enable_seqscan = off;
SELECT array_agg(n ORDER BY n) FROM wide WHERE id OPERATOR(careaccess.=) repeat('w', 255);
RESET enable_seqscan;

--
-- Indexes, joins, statistics
--
CREATE TABLE many (n integer, id careaccess.id NOT NULL);
INSERT INTO many SELECT i, CASE i % 3 WHEN 0 THEN i::careaccess.id WHEN 1 THEN ('t' || i)::careaccess.id ELSE md5(i::text)::uuid::careaccess.id END
FROM generate_series(1, 3000) i;
CREATE TABLE many_hashed AS TABLE many;
CREATE UNIQUE INDEX many_btree ON many (id);
CREATE INDEX many_hash ON many_hashed USING hash (id);
ANALYZE many, many_hashed;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
EXPLAIN (COSTS OFF) SELECT n FROM many WHERE id OPERATOR(careaccess.=) 300;
EXPLAIN (COSTS OFF) SELECT n FROM many_hashed WHERE id OPERATOR(careaccess.=) '300';
EXPLAIN (COSTS OFF) SELECT n FROM many WHERE id OPERATOR(careaccess.=) ANY ('{300,t4,x}');
EXPLAIN (COSTS OFF) SELECT n FROM many WHERE id OPERATOR(careaccess.>) 't9' ORDER BY id;
SELECT n FROM many WHERE id OPERATOR(careaccess.=) 300;
SELECT n FROM many_hashed WHERE id OPERATOR(careaccess.=) '300';
SELECT n FROM many WHERE id OPERATOR(careaccess.=) ANY ('{300,t4,x}') ORDER BY n;
-- Every row is found by either index, by its own value and by its text.
SELECT count(*) AS by_btree, count(DISTINCT m.n) AS different FROM many_hashed h, LATERAL (SELECT n FROM many m WHERE m.id OPERATOR(careaccess.=) h.id::text::careaccess.id OFFSET 0) m WHERE m.n = h.n;
SELECT count(*) AS by_hash, count(DISTINCT h.n) AS different FROM many m, LATERAL (SELECT n FROM many_hashed h WHERE h.id OPERATOR(careaccess.=) m.id::text::careaccess.id OFFSET 0) h WHERE m.n = h.n;
SELECT count(*) AS in_range FROM many WHERE id OPERATOR(careaccess.>=) 100 AND id OPERATOR(careaccess.<) 200;
SELECT outcome($$INSERT INTO many VALUES (0, '300')$$);
-- An index on the application's own column through the cast.
CREATE INDEX own_types_as_id ON own_types ((n::careaccess.id));
EXPLAIN (COSTS OFF) SELECT FROM own_types WHERE n::careaccess.id OPERATOR(careaccess.=) '7';
-- Comparison is leakproof: it may go below a barrier that a caller's function may not.
CREATE FUNCTION leaky(careaccess.id) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN $1 IS NOT NULL; END $$;
CREATE VIEW barrier WITH (security_barrier) AS SELECT * FROM many WHERE leaky(id);
SELECT line FROM plan($$SELECT n FROM barrier WHERE id OPERATOR(careaccess.=) 300$$) AS line WHERE line LIKE '%Index Cond%';
RESET enable_seqscan;
RESET enable_bitmapscan;

SET enable_nestloop = off;
SET enable_mergejoin = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM many m JOIN many_hashed h ON m.id OPERATOR(careaccess.=) h.id;
SELECT count(*) FROM many m JOIN many_hashed h ON m.id OPERATOR(careaccess.=) h.id;
RESET enable_mergejoin;
SET enable_hashjoin = off;
SET enable_indexscan = off;
SET enable_indexonlyscan = off;
SET enable_bitmapscan = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM many m JOIN many_hashed h ON m.id OPERATOR(careaccess.=) h.id;
SELECT count(*) FROM many m JOIN many_hashed h ON m.id OPERATOR(careaccess.=) h.id;
RESET ALL;
SET client_min_messages = warning;
SET client_encoding = 'UTF8';
SET search_path = id_test, public;
-- Hashing, sorting and set operations need no path.
SET enable_sort = off;
EXPLAIN (COSTS OFF) SELECT DISTINCT id FROM many_hashed;
SELECT count(*) FROM (SELECT DISTINCT id FROM many_hashed) d;
RESET enable_sort;
SET enable_hashagg = off;
SELECT count(*) FROM (SELECT DISTINCT id FROM many_hashed) d;
RESET enable_hashagg;
SELECT count(*) FROM (SELECT id FROM many INTERSECT SELECT id FROM many_hashed) i;
SELECT count(*) FROM (SELECT id, row_number() OVER (PARTITION BY id ORDER BY id) AS r FROM many_hashed) w WHERE r = 1;

CREATE TABLE skewed AS SELECT CASE WHEN i <= 900 THEN 'often'::careaccess.id ELSE i::careaccess.id END AS id FROM generate_series(1, 1000) i;
ANALYZE skewed;
SELECT n_distinct, most_common_vals, most_common_freqs, histogram_bounds IS NOT NULL AS histogram, correlation IS NOT NULL AS correlation
FROM pg_stats WHERE schemaname = 'id_test' AND tablename = 'skewed';
SELECT n_distinct, array_length(histogram_bounds::text::careaccess.id[], 1) AS bounds FROM pg_stats WHERE schemaname = 'id_test' AND tablename = 'many' AND attname = 'id';
CREATE FUNCTION estimate(query text) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan;
	RETURN plan -> 0 -> 'Plan' ->> 'Plan Rows';
END $$;
SELECT estimate($$SELECT FROM skewed WHERE id OPERATOR(careaccess.=) 'often'$$) AS often,
	estimate($$SELECT FROM skewed WHERE id OPERATOR(careaccess.=) 950$$) AS rare,
	estimate($$SELECT FROM skewed WHERE id OPERATOR(careaccess.<>) 'often'$$) AS others,
	estimate($$SELECT FROM skewed WHERE id OPERATOR(careaccess.<) 951$$) BETWEEN 40 AND 60 AS below,
	estimate($$SELECT FROM skewed WHERE id OPERATOR(careaccess.>) 950$$) BETWEEN 940 AND 960 AS above;

CREATE TABLE parted (id careaccess.id) PARTITION BY HASH (id);
CREATE TABLE parted_0 PARTITION OF parted FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES WITH (MODULUS 3, REMAINDER 1);
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES WITH (MODULUS 3, REMAINDER 2);
INSERT INTO parted SELECT id FROM many;
SELECT count(*) AS partitions, sum(c) AS together, min(c) > 800 AS even FROM (SELECT tableoid, count(*) AS c FROM parted GROUP BY 1) p;
SELECT count(*) FROM parted WHERE id OPERATOR(careaccess.=) '300';
-- One partition is read, not three.
SELECT count(*) FILTER (WHERE line LIKE '%Scan on %parted\_%') AS partitions_read
FROM plan($$SELECT FROM parted WHERE id OPERATOR(careaccess.=) '300'$$) AS line;
DROP TABLE parted;

--
-- The catalog
--
-- All is immutable, strict and parallel safe but what depends on the client's
-- encoding; comparison, hashing and the casts that cannot fail are leakproof.
SELECT proname, provolatile AS v, proisstrict AS s, proparallel AS p, proleakproof AS l, prosecdef AS d
FROM pg_proc WHERE pronamespace = 'careaccess'::regnamespace AND proname LIKE 'id\_%' AND prosrc LIKE 'ca\_sql\_id%' ORDER BY proname COLLATE "C";
SELECT oprname, oprcom::regoperator, oprnegate::regoperator, oprrest, oprjoin, oprcanhash, oprcanmerge
FROM pg_operator WHERE oprleft = 'careaccess.id'::regtype ORDER BY oprname COLLATE "C";
SELECT am.amname, opcname, opcdefault, amvalidate(c.oid) AS valid
FROM pg_opclass c JOIN pg_am am ON am.oid = opcmethod, LATERAL pg_catalog.amvalidate(c.oid) WHERE opcintype = 'careaccess.id'::regtype ORDER BY 1;
SELECT typlen, typalign, typstorage, typcategory, typispreferred FROM pg_type WHERE oid = 'careaccess.id'::regtype;
-- Nothing of it without a comment.
SELECT 'type' AS uncommented, 'id' AS name WHERE obj_description('careaccess.id'::regtype, 'pg_type') IS NULL
UNION ALL SELECT 'function', oid::regprocedure::text FROM pg_proc
	WHERE pronamespace = 'careaccess'::regnamespace AND prosrc LIKE 'ca\_sql\_id%' AND obj_description(oid, 'pg_proc') IS NULL
UNION ALL SELECT 'operator', oid::regoperator::text FROM pg_operator
	WHERE oprnamespace = 'careaccess'::regnamespace AND obj_description(oid, 'pg_operator') IS NULL
UNION ALL SELECT 'cast', castsource::regtype::text FROM pg_cast
	WHERE 'careaccess.id'::regtype IN (castsource, casttarget) AND obj_description(oid, 'pg_cast') IS NULL
UNION ALL SELECT 'class', opcname FROM pg_opclass WHERE opcnamespace = 'careaccess'::regnamespace AND obj_description(oid, 'pg_opclass') IS NULL
UNION ALL SELECT 'family', opfname FROM pg_opfamily WHERE opfnamespace = 'careaccess'::regnamespace AND obj_description(oid, 'pg_opfamily') IS NULL;

-- The type is usable by anybody, without any right in its schema.
CREATE FUNCTION g(careaccess.id) RETURNS text LANGUAGE sql AS $$ SELECT $1::text $$;
CREATE ROLE regress_id_nobody;
GRANT USAGE ON SCHEMA id_test TO regress_id_nobody;
SET ROLE regress_id_nobody;
SELECT g(7), g('x'::text), g('7'), g(NULL);
RESET ROLE;
REVOKE USAGE ON SCHEMA id_test FROM regress_id_nobody;
DROP ROLE regress_id_nobody;

DROP SCHEMA id_test CASCADE;
-- Again in the same session: the type has another OID then.
DROP EXTENSION careaccess;
CREATE EXTENSION careaccess;
SELECT 7::careaccess.id OPERATOR(careaccess.=) '7'::text::careaccess.id AS again;
DROP EXTENSION careaccess;
