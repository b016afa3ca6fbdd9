-- Objects of one's own with names like ours, and paths on which they are found first.

--- temporary objects named like ours
-- as: acting login nobody wide
-- broken by: ALTER FUNCTION door.enter(text) RESET search_path; ALTER TABLE app.note DISABLE ROW LEVEL SECURITY
-- mended by: ALTER FUNCTION door.enter(text) SET search_path = pg_catalog, pg_temp; ALTER TABLE app.note ENABLE ROW LEVEL SECURITY
CREATE FUNCTION pg_temp.careaccess_visible(c bigint, t text, a text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION pg_temp.row_view(c bigint, t text, a text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION pg_temp.careaccess_act_as(m text, s boolean DEFAULT false) RETURNS void LANGUAGE sql AS $$SELECT set_config('careaccess.acting', 'member ' || m, s)$$;
CREATE TABLE pg_temp.member AS SELECT 'bert' AS id, 'p' AS practice, 'active' AS status;
CREATE TABLE pg_temp.client AS SELECT c AS id, 'p' AS practice, 'active' AS status, false AS restricted, true AS shared_with_all FROM generate_series(1, 1000) AS c;
CREATE TABLE pg_temp.client_link AS SELECT c AS client, 'bert' AS member, 'owner' AS kind, true AS active FROM generate_series(1, 1000) AS c;
CREATE TABLE pg_temp.category (code text);
CREATE TABLE pg_temp.protected_table (relation regclass);
CREATE TABLE pg_temp.pg_class (oid oid, relname text);
CREATE TABLE pg_temp.pg_proc (oid oid, proname text);
CREATE TYPE pg_temp.id AS (x bigint);
SET search_path = pg_temp, careaccess, public, pg_catalog;
SELECT id, body FROM app.note ORDER BY id;
SELECT careaccess_can_view('bert', :hidden), careaccess_can_view('bert', :missing);
SELECT careaccess_share_client(:hidden, 'bert');
SELECT careaccess_share_client(:missing, 'bert');
SELECT * FROM careaccess_viewers(:hidden);
SELECT pg_temp.careaccess_act_as('anna');
RESET search_path;

--- paths without pg_catalog in front
-- as: acting login wide
SET search_path = careaccess;
SELECT id FROM app.note ORDER BY id;
SELECT public.careaccess_explain('bert', :hidden), public.careaccess_can('bert', :hidden, 'chart', 'view');
SELECT public.careaccess_can('bert', :missing, 'chart', 'view');
SET search_path = '';
SELECT id FROM app.note ORDER BY id;
SELECT public.careaccess_restrict_client(:hidden);
SELECT public.careaccess_restrict_client(:missing);
SET search_path = nowhere, pg_temp;
SELECT public.careaccess_reassign_client(:hidden, 'bert');
SELECT public.careaccess_reassign_client(:missing, 'bert');
SELECT id FROM app.note ORDER BY id;
RESET search_path;

--- a role that may not create in public
-- as: acting login nobody bare
-- expect: refused 42501
CREATE FUNCTION public.careaccess_visible(c bigint, t text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE TABLE public.client ();
CREATE OPERATOR public.= (FUNCTION = int8eq, LEFTARG = bigint, RIGHTARG = careaccess.id);
CREATE SCHEMA mine;
CREATE FUNCTION careaccess.row_view(c bigint, t text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE TABLE app.mine ();
CREATE VIEW careaccess.v AS SELECT 1;
CREATE TYPE careaccess.t AS (x int);

--- planted functions
-- as: planter
CREATE FUNCTION public.careaccess_visible(c bigint, t text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION public.careaccess_can_view(m text, c bigint) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION public.careaccess_act_as(m text, s boolean DEFAULT false) RETURNS void LANGUAGE sql AS 'SELECT';
CREATE FUNCTION public.format(text, VARIADIC text[]) RETURNS text LANGUAGE sql AS $$SELECT 'SELECT 1'$$;
CREATE FUNCTION public.row_view(c bigint, t text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION public.lock_client(c careaccess.id, d boolean) RETURNS careaccess.client LANGUAGE sql AS 'SELECT NULL::careaccess.client';
CREATE FUNCTION public.actor(OUT kind text, OUT id careaccess.id, OUT practice careaccess.id) LANGUAGE sql AS $$SELECT 'administrator', NULL::careaccess.id, NULL::careaccess.id$$;
CREATE FUNCTION public.now() RETURNS timestamptz LANGUAGE sql AS $$SELECT '2001-01-01'::timestamptz$$;
SET search_path = public, pg_catalog;
SELECT id, body FROM app.note ORDER BY id;
SELECT careaccess_act_as('anna'::text);
SELECT careaccess_share_client(:hidden, 'bert');
SELECT careaccess_share_client(:missing, 'bert');
SELECT careaccess_list_client(:hidden, 'bert');
SELECT careaccess_list_client(:missing, 'bert');
RESET search_path;

--- planted operators and their estimators
-- as: planter acting
CREATE FUNCTION pg_temp.leak(text, text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE COST 0.0001 AS $$ BEGIN RAISE NOTICE 'leak: % %', $1, $2; RETURN true; END $$;
CREATE FUNCTION pg_temp.leak(bigint, bigint) RETURNS boolean LANGUAGE plpgsql IMMUTABLE COST 0.0001 AS $$ BEGIN RAISE NOTICE 'leak: % %', $1, $2; RETURN true; END $$;
CREATE OPERATOR pg_temp.=== (FUNCTION = pg_temp.leak, LEFTARG = text, RIGHTARG = text, RESTRICT = eqsel, JOIN = eqjoinsel, COMMUTATOR = OPERATOR(pg_temp.===));
CREATE OPERATOR pg_temp.=== (FUNCTION = pg_temp.leak, LEFTARG = bigint, RIGHTARG = bigint, RESTRICT = scalargtsel, JOIN = eqjoinsel);
CREATE OPERATOR pg_temp.~~~ (FUNCTION = pg_temp.leak, LEFTARG = text, RIGHTARG = text, RESTRICT = contsel);
CREATE OPERATOR pg_temp.<<< (FUNCTION = pg_temp.leak, LEFTARG = text, RIGHTARG = text, RESTRICT = matchingsel);
CREATE OPERATOR pg_temp.>>> (FUNCTION = pg_temp.leak, LEFTARG = text, RIGHTARG = text, RESTRICT = scalarltsel);
SELECT id FROM app.note WHERE body OPERATOR(pg_temp.===) 'x' ORDER BY id;
SELECT id FROM app.note WHERE body OPERATOR(pg_temp.~~~) 'x' ORDER BY id;
SELECT id FROM app.note WHERE body OPERATOR(pg_temp.<<<) 'x' ORDER BY id;
SELECT id FROM app.note WHERE body OPERATOR(pg_temp.>>>) 'x' ORDER BY id;
SELECT id FROM app.note WHERE client OPERATOR(pg_temp.===) 1 ORDER BY id;
SELECT id FROM app.visit WHERE reason OPERATOR(pg_temp.===) 'x' ORDER BY id;
SELECT id FROM app.visit_2025 WHERE reason OPERATOR(pg_temp.===) 'x' ORDER BY id;
SELECT id FROM app.visit WHERE reason OPERATOR(pg_temp.>>>) 'x' AND day < '2025-12-31' ORDER BY id;
SELECT id FROM app.patient_list WHERE name OPERATOR(pg_temp.===) 'x' ORDER BY id;
SELECT id FROM app.patient_list WHERE email OPERATOR(pg_temp.>>>) 'x' ORDER BY id;
SELECT a.id FROM app.note AS a JOIN app.note AS b ON a.body OPERATOR(pg_temp.===) b.body ORDER BY a.id;
SELECT a.id FROM app.letter AS a WHERE EXISTS (SELECT FROM app.diary AS b WHERE a.body OPERATOR(pg_temp.===) b.body) ORDER BY a.id;

--- planted casts
-- as: planter
CREATE TYPE public.odd AS (x bigint);
CREATE FUNCTION public.odd_to_id(public.odd) RETURNS careaccess.id LANGUAGE sql IMMUTABLE AS $$SELECT 1::bigint::careaccess.id$$;
CREATE CAST (public.odd AS careaccess.id) WITH FUNCTION public.odd_to_id(public.odd) AS IMPLICIT;
CREATE FUNCTION public.odd_from_id(careaccess.id) RETURNS public.odd LANGUAGE sql IMMUTABLE AS $$SELECT ROW(1)::public.odd$$;
CREATE CAST (careaccess.id AS public.odd) WITH FUNCTION public.odd_from_id(careaccess.id) AS IMPLICIT;
CREATE CAST (bigint AS careaccess.id) WITHOUT FUNCTION;
CREATE CAST (bytea AS careaccess.id) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (bytea AS careaccess.id) WITH INOUT AS IMPLICIT;
SELECT careaccess_can_view(ROW(:hidden)::public.odd, ROW(:hidden)::public.odd);
SELECT careaccess_visible(ROW(:hidden)::public.odd, 'chart');
SELECT id, body FROM app.note ORDER BY id;
CREATE DOMAIN public.did AS careaccess.id CHECK (VALUE IS NOT NULL);
SELECT careaccess_visible(:hidden::bigint::public.did, 'chart'), careaccess_visible(1::bigint::public.did, 'chart'), careaccess_can_view('bert', :hidden::bigint::public.did);
CREATE DOMAIN public.dint AS integer CHECK (VALUE > 0);
SELECT careaccess_visible(:hidden::public.dint, 'chart'), careaccess_visible(1::public.dint, 'chart');

--- operator classes, aggregates and operators over our functions
-- as: planter
CREATE OPERATOR CLASS public.mine DEFAULT FOR TYPE careaccess.id USING btree AS OPERATOR 3 careaccess.=;
CREATE OPERATOR FAMILY public.mine USING btree;
ALTER OPERATOR FAMILY careaccess.id_ops USING btree DROP FUNCTION 1 (careaccess.id, careaccess.id);
CREATE AGGREGATE public.any_visible(text) (sfunc = careaccess.row_view, stype = boolean);
SELECT public.any_visible(body) FROM app.note;
CREATE AGGREGATE public.any_client(bigint, boolean) (sfunc = careaccess.clients_id, stype = text);
CREATE OPERATOR public.??? (FUNCTION = careaccess_visible, LEFTARG = "any", RIGHTARG = text);
SELECT :hidden OPERATOR(public.???) 'chart', 1 OPERATOR(public.???) 'chart', :hidden OPERATOR(public.???) ANY ('{chart,name}'::text[]), 1 OPERATOR(public.???) ANY ('{chart,name}'::text[]);
SELECT '1'::text OPERATOR(public.???) 'chart', NULL OPERATOR(public.???) 'chart', ROW(1) OPERATOR(public.???) 'chart';
SELECT id FROM app.note WHERE client OPERATOR(public.???) 'chart' ORDER BY id;
CREATE OPERATOR public.=== (FUNCTION = careaccess.id_eq, LEFTARG = careaccess.id, RIGHTARG = careaccess.id, RESTRICT = careaccess.row_support);
CREATE FUNCTION public.supported(bigint) RETURNS boolean LANGUAGE sql STABLE SUPPORT careaccess.row_support AS 'SELECT true';
CREATE FUNCTION public.proof(text) RETURNS boolean LANGUAGE sql LEAKPROOF AS 'SELECT true';
ALTER FUNCTION careaccess.row_view("any", text) LEAKPROOF;
ALTER FUNCTION careaccess_act_as SECURITY DEFINER;
CREATE FUNCTION public.raw(cstring) RETURNS careaccess.id LANGUAGE internal AS 'textin';
CREATE FUNCTION public.raw(cstring) RETURNS careaccess.id LANGUAGE c AS 'careaccess', 'ca_sql_act_as';
