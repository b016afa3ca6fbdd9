-- The functions of the extension, called by hand with whatever one has.

--- every function that one may execute, with values of every type
-- as: acting wide login nobody bare portal
-- broken by: GRANT EXECUTE ON FUNCTION careaccess.is_revoked TO PUBLIC
-- mended by: REVOKE EXECUTE ON FUNCTION careaccess.is_revoked FROM PUBLIC
-- What each of them answers about the client 901, who is hidden or is not there
-- at all, with every value that fits an argument.  Those that change something,
-- and those for others, are asked by test/tap/side_channels_answers.sql.
CREATE FUNCTION pg_temp.ask(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
	message text; detail text; hint text;
BEGIN
	EXECUTE 'SELECT string_agg(f::text, '' '' ORDER BY f::text) FROM ' || call || ' AS f' INTO answer;
	RAISE EXCEPTION SQLSTATE 'TAP00' USING MESSAGE = coalesce(answer, 'null');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' / ', SQLSTATE, message, detail, hint);
END $$;
CREATE TABLE pg_temp.value (type text, value text);
INSERT INTO pg_temp.value VALUES
	('careaccess.id', '901::bigint::careaccess.id'), ('careaccess.id', '''anna''::text::careaccess.id'), ('careaccess.id', '''bert''::text::careaccess.id'), ('careaccess.id', '''dora''::text::careaccess.id'), ('careaccess.id', 'NULL'),
	('"any"', '901'), ('"any"', '901::smallint'), ('"any"', '901::bigint'), ('"any"', '''901'''), ('"any"', '''901''::text'), ('"any"', '''901''::varchar'), ('"any"', '''901''::careaccess.id'),
	('"any"', '''00000000-0000-0000-0000-000000000901''::uuid'), ('"any"', 'NULL'), ('"any"', 'NULL::text'), ('"any"', 'ROW(901)'), ('"any"', 'ARRAY[901]'),
	('"any"', '901.0'), ('"any"', '901::oid'), ('"any"', '''901''::name'), ('"any"', '''\x01000000''::bytea'), ('"any"', '''''::text'), ('"any"', 'repeat(''9'', 300)'), ('"any"', 'true'), ('"any"', '''901''::"char"'), ('"any"', '''{}''::jsonb'), ('"any"', '''n''::app.tone'),
	('text', '''chart'''), ('text', '''name'''), ('text', '''view'''), ('text', 'NULL'), ('text', 'repeat(''chart'', 50)'), ('text', ''''''),
	('boolean', 'true'), ('boolean', 'NULL'), ('integer', '1'), ('integer', '0'), ('integer', '-1'), ('integer', '2'), ('integer', '15'), ('integer', '16'), ('integer', '2147483647'), ('integer', '-2147483648'), ('integer', 'NULL'),
	('bigint', '901'), ('bigint', 'NULL'), ('smallint', '901'), ('uuid', '''00000000-0000-0000-0000-000000000901'''),
	('cstring', '''901'''), ('cstring', 'NULL'), ('regclass', '''app.note'''), ('regclass', '0'), ('regclass', 'NULL'), ('name', '''client'''), ('name', 'NULL'), ('jsonb', '''[{}]'''), ('jsonb', 'NULL'), ('jsonb', '''1'''),
	('careaccess.id[]', 'ARRAY[901::bigint::careaccess.id]'), ('careaccess.id[]', 'NULL'), ('text[]', '''{chart}'''), ('text[]', 'NULL'), ('bigint[]', '''{1}'''), ('bigint[]', 'NULL');
CREATE TABLE pg_temp.callable AS
SELECT p.oid, p.oid::regproc::text AS function, a.n, a.type::regtype::text AS type
FROM pg_proc AS p JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
JOIN pg_extension AS e ON d.refobjid = e.oid AND e.extname = 'careaccess',
	unnest(p.proargtypes::oid[]) WITH ORDINALITY AS a (type, n)
WHERE p.prokind = 'f' AND has_function_privilege(0::oid, p.oid, 'EXECUTE') AND NOT p.proargtypes::oid[] && ARRAY['internal'::regtype::oid]
	AND p.proname <> 'careaccess_stop_acting';
-- One argument after the other goes through the values; the others have the first.
SELECT c.function, c.n, v.value, pg_temp.ask(c.function || '(' || string_agg(CASE WHEN o.n = c.n THEN v.value ELSE
	(SELECT w.value FROM pg_temp.value AS w WHERE w.type = o.type ORDER BY w.ctid LIMIT 1) END, ', ' ORDER BY o.n) || ')')
FROM pg_temp.callable AS c JOIN pg_temp.value AS v USING (type) JOIN pg_temp.callable AS o USING (oid)
GROUP BY c.oid, c.function, c.n, v.value ORDER BY 1, c.oid, 2, 3;
-- All of "any" alike, in every category.
SELECT c.function, v.value, k.value, pg_temp.ask(c.function || '(' || string_agg(CASE c.type WHEN '"any"' THEN v.value WHEN 'text' THEN k.value ELSE 'true' END, ', ' ORDER BY c.n) || ')')
FROM pg_temp.callable AS c, pg_temp.value AS v, (VALUES ('''name'''), ('''profile'''), ('''schedule'''), ('''private_notes'''), ('''none''')) AS k (value)
WHERE v.type = '"any"' AND c.oid IN (SELECT oid FROM pg_temp.callable WHERE type = '"any"')
GROUP BY c.oid, c.function, v.value, k.value ORDER BY 1, c.oid, 2, 3;

--- the clients of a session as arrays
-- as: acting wide portal login nobody
SELECT a, k, w, careaccess.clients_bigint(k, a, w) FROM generate_series(-2, 20) AS a, (VALUES ('name'), ('chart'), ('private_notes'), ('none')) AS k (k), (VALUES (true), (false)) AS w (w) ORDER BY 1, 2, 3;
SELECT careaccess.clients_smallint('name', 1, true), careaccess.clients_text('name', 1, true), careaccess.clients_uuid('name', 1, true), careaccess.clients_id('name', 1, true), careaccess.clients_integer(NULL, 1, true);

--- what a session keeps
-- as: acting wide nobody
SELECT count(*) FROM app.note;
SELECT * FROM careaccess_cache();

--- answers about clients, members and groups
-- as: acting wide login nobody portal bare
SELECT careaccess_visible_clients('bert', k) FROM (VALUES ('name'), ('chart')) AS k (k);
SELECT careaccess_visible_clients('dora', k) FROM (VALUES ('name'), ('chart')) AS k (k);
SELECT careaccess_can_view(m, :hidden, k), careaccess_can_view(m, :hidden, k, a), careaccess_can(m, :hidden, k, 'edit', a)
FROM (VALUES ('bert'), ('dora')) AS m (m), (VALUES ('name'), ('chart')) AS k (k), (VALUES ('anna'), ('bert'), (NULL)) AS a (a) WHERE m = careaccess_current_member()::text;
SELECT * FROM careaccess_explain('bert', :hidden);
SELECT * FROM careaccess_explain('dora', :hidden, 'chart', 'edit', 'anna');
SELECT * FROM careaccess_viewers(:hidden);
SELECT careaccess_test_practitioner('bert'), careaccess_test_clinic_admin('dora');
SELECT careaccess_can_view('emil', 903), careaccess_can_view('emil', 1);
SELECT * FROM careaccess.deleted_clients;
SELECT * FROM careaccess.emergency_review;
SELECT * FROM careaccess.emergencies_of_session();
SELECT * FROM careaccess.deleted_clients_of_session();
SELECT * FROM careaccess_whoami();

--- hostile identifiers
-- as: acting planter
SELECT careaccess.id_in('x'), careaccess.id_in('');
SELECT ''::careaccess.id;
SELECT repeat('x', 256)::careaccess.id;
SELECT length(repeat('x', 255)::careaccess.id::text);
SELECT E'\x01'::careaccess.id, '0x10'::careaccess.id, '-0'::careaccess.id, '007'::careaccess.id, ' 1'::careaccess.id, '9223372036854775808'::careaccess.id, '-9223372036854775809'::careaccess.id;
SELECT careaccess.id_send('901'), careaccess.id_hash('901') = careaccess.id_hash(901);
CREATE TABLE pg_temp.t (id careaccess.id);
CREATE TABLE pg_temp.b (b bytea);
\copy pg_temp.t FROM PROGRAM 'printf "PGCOPY\\n\\377\\r\\n\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\1\\0\\0\\0\\5\\7abcd\\377\\377"' (FORMAT binary)
\copy pg_temp.t FROM PROGRAM 'printf "PGCOPY\\n\\377\\r\\n\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\1\\0\\0\\0\\0\\377\\377"' (FORMAT binary)
\copy pg_temp.t FROM PROGRAM 'printf "PGCOPY\\n\\377\\r\\n\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\1\\0\\0\\0\\3\\2901\\377\\377"' (FORMAT binary)
INSERT INTO pg_temp.b SELECT careaccess.id_send(v::careaccess.id) FROM unnest('{1,x,00000000-0000-0000-0000-000000000901}'::text[]) AS v;
SELECT id FROM pg_temp.t, pg_temp.b;
SELECT careaccess_visible(E'901\x01', 'chart'), careaccess_visible('901 ', 'chart'), careaccess_visible('+901', 'chart'), careaccess_visible('0901', 'chart'), careaccess_visible('901', E'chart');
CREATE TABLE pg_temp.sorted AS SELECT v::careaccess.id AS id FROM unnest('{9,10,x,X,-1,00000000-0000-0000-0000-000000000901}'::text[]) AS v;
CREATE INDEX ON pg_temp.sorted (id);
ANALYZE pg_temp.sorted;
SELECT id FROM pg_temp.sorted ORDER BY id DESC;
CREATE TYPE pg_temp.idrange AS RANGE (subtype = careaccess.id);
SELECT pg_temp.idrange('1', '901') @> '5'::careaccess.id;

--- functions of access on what is hidden
-- as: acting wide login
BEGIN;
CREATE FUNCTION pg_temp.try(call text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE 'SELECT ' || call;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT call, pg_temp.try(call) FROM (VALUES
	('careaccess_share_client(901, ''bert'')'), ('careaccess_unshare_client(901, ''bert'')'), ('careaccess_set_client_access(901, ''{bert}'')'),
	('careaccess_share_client_with_all(901, true)'), ('careaccess_list_client(901, ''bert'')'), ('careaccess_unlist_client(901, ''bert'')'),
	('careaccess_share_chart(901, ''anna'', ''bert'')'), ('careaccess_stop_chart_share(901, ''anna'', ''bert'')'), ('careaccess_restrict_client(901)'),
	('careaccess_unrestrict_client(901)'), ('careaccess_revoke_administrative_access(901, ''dora'')'), ('careaccess_restore_administrative_access(901, ''dora'')'),
	('careaccess_set_client_status(901, ''archived'')'), ('careaccess_set_client_status(902, ''active'')'), ('careaccess_reassign_client(901, ''bert'')'),
	('careaccess_book(901, ''bert'')'), ('careaccess_book(901, ''bert'', ''widget'', 904)'), ('careaccess_link_profile(1, 901)'), ('careaccess_link_profile(901, 1)'),
	('careaccess_add_portal_user(''me'', 901)'), ('careaccess_invite_to_portal(901, ''pia'', true, true)'), ('careaccess_accept_portal_access(901)'),
	('careaccess_delegate(''bert'', ''anna'', ''supervisor'', client => 901)'), ('careaccess_delegate(''bert'', ''anna'', ''context'')'),
	('careaccess_submit_form(''f'', ''s'', 901, ''{}'')'), ('careaccess_remove_member(''anna'', ''bert'')'), ('careaccess_transfer_clients(''anna'', ''bert'')'),
	('careaccess_set_member_roles(''bert'', ''{owner}'')'), ('careaccess_set_member_permission(''bert'', ''chart'', ''{view}'', ''all'')'),
	('careaccess_set_full_clinical_access(''bert'', true)'), ('careaccess_set_member_status(''bert'', ''active'')'), ('careaccess_add_member(''p'', ''eve'', ''Eve'', ''{owner}'')'),
	('careaccess_define_role(''p'', ''clinician'', ''{}'')'), ('careaccess_configure_practice(''p'', ''{"groups": false}'')'), ('careaccess_create_practice(''r'', ''Mine'')'),
	('careaccess_invite_member(''p'', ''me@example.org'', ''{owner}'')'), ('careaccess_review_emergency(901, ''anna'', now())'), ('careaccess_configure_member(''bert'', ''{"ends_at": null}'')')
) AS v (call);
ROLLBACK;
