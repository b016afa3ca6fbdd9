-- Views, copies, rules, triggers, partitions, inheritance: of one's own.

--- views, with and without security_invoker
-- as: acting wide planter login
-- broken by: ALTER ROLE clinic_app BYPASSRLS
-- mended by: ALTER ROLE clinic_app NOBYPASSRLS
:tell
CREATE VIEW pg_temp.v AS SELECT id, body FROM app.note;
CREATE VIEW pg_temp.w WITH (security_invoker) AS SELECT id, body FROM app.note;
CREATE VIEW pg_temp.x WITH (security_barrier = false) AS SELECT id, name, email FROM app.patient_list;
SELECT id FROM pg_temp.v WHERE pg_temp.tell(body) ORDER BY id;
SELECT id FROM pg_temp.w WHERE pg_temp.tell(body) ORDER BY id;
SELECT id FROM pg_temp.x WHERE pg_temp.tell(email) ORDER BY id;
BEGIN;
UPDATE pg_temp.v SET body = 'x' WHERE id > 9000 RETURNING *;
DELETE FROM pg_temp.v WHERE pg_temp.tell(body) AND id > 9000;
ROLLBACK;
INSERT INTO pg_temp.v VALUES (9011, 'x');

--- materialized views and tables of one's own
-- as: planter
CREATE MATERIALIZED VIEW public.m AS SELECT id, body FROM app.note;
SELECT * FROM public.m ORDER BY id;
REFRESH MATERIALIZED VIEW public.m;
SELECT * FROM public.m ORDER BY id;
CREATE TABLE public.t AS SELECT * FROM app.patient_list;
SELECT id, name, email FROM public.t ORDER BY id;
ANALYZE public.t;
SELECT most_common_vals, histogram_bounds FROM pg_stats WHERE tablename = 't' ORDER BY attname;

--- rules
-- as: planter
CREATE TABLE public.r (id bigint, body text);
CREATE RULE also AS ON INSERT TO public.r DO ALSO INSERT INTO public.r SELECT id, body FROM app.note WHERE client > 900;
INSERT INTO public.r VALUES (0, 'x');
SELECT * FROM public.r ORDER BY id;
CREATE RULE instead AS ON UPDATE TO public.r DO INSTEAD DELETE FROM app.note WHERE client > 900 RETURNING app.note.id, app.note.body;
UPDATE public.r SET body = '' RETURNING *;
CREATE TABLE public.s (id bigint, body text);
CREATE RULE "_RETURN" AS ON SELECT TO public.s DO INSTEAD SELECT id, body FROM app.note;
SELECT * FROM public.s ORDER BY id;

--- triggers, defaults, generated columns, checks on tables of one's own
-- as: planter acting
CREATE FUNCTION pg_temp.peek() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', (SELECT string_agg(body, ' ' ORDER BY id) FROM app.note); RETURN NEW; END $$;
CREATE FUNCTION pg_temp.peek_as_owner() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN RAISE NOTICE '% %', current_user, (SELECT string_agg(body, ' ' ORDER BY id) FROM app.note); RETURN NEW; END $$;
CREATE FUNCTION pg_temp.notes() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM app.note';
CREATE FUNCTION pg_temp.notes_immutable() RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT count(*) FROM app.note';
CREATE TABLE pg_temp.t (id bigint, n bigint DEFAULT pg_temp.notes(), c bigint GENERATED ALWAYS AS (id + pg_temp.notes_immutable()) STORED, CHECK (pg_temp.notes() < 100));
CREATE INDEX ON pg_temp.t ((id + pg_temp.notes_immutable()));
CREATE TRIGGER a BEFORE INSERT ON pg_temp.t FOR EACH ROW EXECUTE FUNCTION pg_temp.peek();
CREATE TRIGGER b BEFORE INSERT ON pg_temp.t FOR EACH ROW EXECUTE FUNCTION pg_temp.peek_as_owner();
CREATE CONSTRAINT TRIGGER c AFTER INSERT ON pg_temp.t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION pg_temp.peek();
INSERT INTO pg_temp.t VALUES (1);
SELECT * FROM pg_temp.t;
ANALYZE pg_temp.t;

--- the extension's trigger functions
-- as: planter acting
CREATE TABLE pg_temp.t (practice careaccess.id, client careaccess.id, member careaccess.id, id careaccess.id, xid xid8);
CREATE TRIGGER a AFTER INSERT ON pg_temp.t FOR EACH ROW EXECUTE FUNCTION careaccess.log_change('practice');
CREATE TRIGGER b AFTER UPDATE ON pg_temp.t FOR EACH ROW EXECUTE FUNCTION careaccess.log_row_event('practice', 'client', 'member');
CREATE TRIGGER c BEFORE INSERT ON pg_temp.t FOR EACH ROW EXECUTE FUNCTION careaccess.adopt_client('id', 'p', '', '', '');
CREATE TRIGGER d BEFORE INSERT ON pg_temp.t FOR EACH STATEMENT EXECUTE FUNCTION careaccess.adoption_statement();
CREATE TRIGGER e BEFORE INSERT ON pg_temp.t FOR EACH ROW EXECUTE FUNCTION careaccess_book_trigger('client', 'member', 'staff');
INSERT INTO pg_temp.t (client, member) VALUES (:hidden, 'bert');
INSERT INTO pg_temp.t (client, member) VALUES (:missing, 'bert');
SELECT careaccess.adopt_client(), careaccess.log_change();
SELECT careaccess_book_trigger();

--- a booking for whom one may book
-- as: acting
CREATE TABLE pg_temp.t (client bigint, provider text);
CREATE TRIGGER e BEFORE INSERT ON pg_temp.t FOR EACH ROW EXECUTE FUNCTION careaccess_book_trigger('client', 'provider', 'widget');
INSERT INTO pg_temp.t VALUES (:hidden, 'bert');
INSERT INTO pg_temp.t VALUES (:missing, 'bert');

--- partitions and inheritance of one's own
-- as: planter
CREATE TABLE public.child () INHERITS (app.note);
CREATE TABLE public.visit_2030 PARTITION OF app.visit FOR VALUES FROM ('2030-01-01') TO ('2031-01-01');
CREATE TABLE public.parent (LIKE app.visit) PARTITION BY RANGE (day);
ALTER TABLE public.parent ATTACH PARTITION app.visit_2025 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
ALTER TABLE app.visit DETACH PARTITION app.visit_2025;
CREATE TABLE public.copy (LIKE app.note INCLUDING ALL);
ALTER TABLE public.copy INHERIT app.note;
ALTER TABLE app.note INHERIT public.copy;
SELECT * FROM public.copy;
SELECT id FROM app.visit_2025 ORDER BY id;
SELECT id FROM ONLY app.visit_2026 ORDER BY id;

--- protection of a table of one's own, adoption of one's own staff
-- as: planter acting
CREATE TABLE pg_temp.staff (id text, name text, role text);
INSERT INTO pg_temp.staff VALUES ('eve', 'Eve', 'owner');
CREATE TABLE pg_temp.mine (client bigint, email text);
INSERT INTO pg_temp.mine VALUES (:hidden), (:missing);
SELECT careaccess_adopt_members('pg_temp.staff', 'id', 'name', practice => 'p', role_column => 'role');
SELECT careaccess_adopt_clients('pg_temp.mine', 'client', practice => 'p');
SELECT careaccess_protect('pg_temp.mine', 'client', 'chart');
SELECT careaccess_mask('pg_temp.v', 'app.patient', '{"name": "name"}');
SELECT careaccess_unique('pg_temp.mine', 'email');
SELECT careaccess_unprotect('app.note');
SELECT careaccess_unmask('app.patient_list');
SELECT * FROM careaccess.protect_begin('pg_temp.mine', 'client', 'chart', NULL, NULL, NULL, NULL, false);
SELECT careaccess.protect_finish('pg_temp.mine', 0, 0, ARRAY[:hidden::careaccess.id], NULL, NULL, '{1}');
SELECT careaccess.restore_policies('app.note', '[{"name": "loose", "permissive": true, "command": "ALL", "roles": ["public"], "using": "true"}]');
SELECT careaccess.restore_policies('pg_temp.mine', '[{"name": "loose", "permissive": true, "command": "ALL", "roles": ["public"], "using": "true); ALTER TABLE app.note DISABLE ROW LEVEL SECURITY; --"}]');
SELECT * FROM careaccess.unprotect_begin('app.note');
SELECT * FROM careaccess.adopt_begin('pg_temp.staff', 'member', 'id', 'p', NULL, NULL, '{owner}', NULL);
SELECT careaccess.adopt_members_finish('pg_temp.staff', ARRAY['eve'::careaccess.id], ARRAY['p'::careaccess.id], '{Eve}', '{owner}', NULL);
SELECT careaccess.adopt_clients_finish('pg_temp.mine', ARRAY[:hidden::careaccess.id], ARRAY['p'::careaccess.id], ARRAY['bert'::careaccess.id], NULL);
SELECT * FROM careaccess.unique_begin('app.patient', 'name', NULL);

--- names that are statements
-- as: planter acting
CREATE TABLE pg_temp."a'); SELECT careaccess_act_as('anna'); --" ("x""y%I" bigint, "%1$s" text) PARTITION BY LIST ("x""y%I");
CREATE TABLE pg_temp."b""; DROP TABLE app.note; --" PARTITION OF pg_temp."a'); SELECT careaccess_act_as('anna'); --" FOR VALUES IN (1);
ALTER TABLE pg_temp."a'); SELECT careaccess_act_as('anna'); --" RENAME COLUMN "x""y%I" TO "$$; %L";
ALTER TABLE pg_temp."a'); SELECT careaccess_act_as('anna'); --" DETACH PARTITION pg_temp."b""; DROP TABLE app.note; --";
DROP TABLE pg_temp."a'); SELECT careaccess_act_as('anna'); --" CASCADE;
SELECT careaccess_protect('pg_temp."b""; DROP TABLE app.note; --"', E'x"; --');
SELECT careaccess_share_client(E'1\'; --'::text, E'bert"'::text), careaccess_restrict_client('$$');
SELECT careaccess_can_view('bert', 1, E'chart\' OR true --');
SELECT careaccess_share_client(1, E'bert\'; UPDATE careaccess.member SET login_role = NULL; --');
SELECT * FROM careaccess.unique_begin('app.patient', E'email"; --', NULL);

--- what the catalogs tell of definitions
-- as: acting
SELECT pg_get_viewdef('app.patient_list'::regclass) ~ 'SECRET', pg_get_functiondef('door.enter'::regproc) ~ 'SECRET';
SELECT polname, pg_get_expr(polqual, polrelid) FROM pg_policy WHERE polrelid = 'app.note'::regclass ORDER BY 1;
SELECT tgname, encode(tgargs, 'escape') FROM pg_trigger WHERE tgrelid = 'app.patient'::regclass ORDER BY 1;
SELECT pg_get_indexdef(indexrelid), pg_get_expr(indpred, indrelid) FROM pg_index WHERE indrelid = 'app.patient'::regclass ORDER BY 1;
SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relispartition ORDER BY 1;
SELECT * FROM pg_policies WHERE tablename = 'letter' ORDER BY policyname;

--- something for others to run
-- as: planter
-- expect: documented What others plant
CREATE TABLE public.booty (who text, body text);
GRANT INSERT ON public.booty TO PUBLIC;
CREATE FUNCTION public.format_name(n text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.booty SELECT 'x', body FROM app.note; RETURN n; END $$;
-- dora, another user of the same database, is made to call it
SELECT careaccess_stop_acting();
\c - clinic_app
SELECT door.enter('ticket of dora') \g /dev/null
SELECT public.format_name('x');
\c - planter
SELECT door.enter('ticket of bert') \g /dev/null
SELECT body FROM public.booty ORDER BY body;

--- what the server runs for a superuser: index expressions, statistics, materialized views
-- as: planter
-- then: ANALYZE public.bait; REINDEX TABLE public.bait; VACUUM (FULL, ANALYZE) public.bait; CLUSTER public.bait USING bait_index; REFRESH MATERIALIZED VIEW public.bait_view; SELECT string_agg(DISTINCT t, ' ' ORDER BY t) FROM public.booty
CREATE TABLE public.booty (t text);
CREATE FUNCTION public.act() RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO public.booty SELECT w.kind FROM public.careaccess_whoami() AS w WHERE w.kind <> 'member';
	INSERT INTO public.booty SELECT string_agg(id::text, ' ') FROM app.note WHERE client > 2;
	BEGIN
		INSERT INTO public.booty SELECT c::text FROM public.careaccess_visible_clients('anna') AS c;
	EXCEPTION WHEN OTHERS THEN INSERT INTO public.booty VALUES (SQLSTATE);
	END;
	BEGIN
		PERFORM public.careaccess_share_client(901, 'bert');
	EXCEPTION WHEN OTHERS THEN INSERT INTO public.booty VALUES (SQLSTATE);
	END;
	BEGIN
		PERFORM public.careaccess_share_client(3, 'bert');
	EXCEPTION WHEN OTHERS THEN INSERT INTO public.booty VALUES (SQLSTATE);
	END;
	RETURN 1;
END $$;
CREATE FUNCTION public.peek(c bigint) RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN public.act(); END $$;
CREATE TABLE public.bait (c bigint);
INSERT INTO public.bait VALUES (1), (2);
CREATE INDEX bait_index ON public.bait (public.peek(c));
CREATE STATISTICS public.bait_statistics ON (public.peek(c) + 1), c FROM public.bait;
CREATE MATERIALIZED VIEW public.bait_view AS SELECT public.act();
