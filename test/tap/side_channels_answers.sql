-- What the functions and views of careaccess tell of a client whom the acting
-- member does not see: nothing.  Asked of every function there is, so that a new
-- one is asked, too.
BEGIN;
SET client_min_messages = error;
SELECT no_plan(); -- two tests for each function there is

-- Whoever has "all" may do everything but see the client on whom he is revoked;
-- "own" may do everything with his own clients, "none" nothing; "login" is a portal
-- user.  Clients that one of them must not know of are called hid-…; hid-missing is
-- nobody.
SELECT careaccess_create_practice('p', 'Practice'), careaccess_create_practice('q', 'Elsewhere') \g /dev/null
SELECT careaccess_configure_practice('p', '{"widget_booking": "grant", "staff_booking": "list"}') \g /dev/null
SELECT careaccess_define_role('p', 'all', jsonb_build_object('practitioner', true, 'administrative', true,
		'permissions', (SELECT jsonb_agg(jsonb_build_object('category', code, 'actions', '["view","create","edit","delete"]'::jsonb, 'reach', 'all')) FROM careaccess.category),
		'capabilities', (SELECT jsonb_agg(code) FROM careaccess.capability))),
	careaccess_define_role('p', 'own', jsonb_build_object('practitioner', true,
		'permissions', (SELECT jsonb_agg(jsonb_build_object('category', code, 'actions', '["view","create","edit","delete"]'::jsonb, 'reach', 'own')) FROM careaccess.category),
		'capabilities', (SELECT jsonb_agg(code) FROM careaccess.capability))),
	careaccess_define_role('p', 'none', '{"practitioner": true}') \g /dev/null
SELECT careaccess_add_member('p', m, m, ARRAY[r]) FROM (VALUES ('all', 'all'), ('own', 'own'), ('none', 'none'),
	('anna', 'clinician'), ('bert', 'clinician'), ('owner', 'owner')) AS v (m, r) \g /dev/null
SELECT careaccess_add_member('q', 'emil', 'emil', '{clinician}') \g /dev/null
SELECT careaccess_add_client('seen', 'p', 'own'), careaccess_add_client('hid-revoked', 'p', 'anna'), careaccess_add_client('hid-unseen', 'p', 'anna'),
	careaccess_add_client('hid-deleted', 'p', 'anna'), careaccess_add_client('hid-elsewhere', 'q', 'emil') \g /dev/null

-- Everything that there can be of a client.
SELECT careaccess_share_client(c, 'bert', NULL, 'reason of ' || c), careaccess_share_chart(c, 'anna', 'bert'),
	careaccess_delegate('bert', 'anna', 'supervisor', client => c), careaccess_link_profile(c, 'seen', 'brother'),
	careaccess_link_profile('seen', c, 'sister'), careaccess_add_portal_user('login of ' || c, c)
FROM unnest('{hid-revoked,hid-unseen,hid-deleted}'::text[]) AS c \g /dev/null
SELECT careaccess_add_portal_user('login', 'seen') \g /dev/null
SELECT careaccess_invite_to_portal(c, 'login', true, true) FROM unnest('{hid-revoked,hid-deleted}'::text[]) AS c \g /dev/null
SELECT careaccess_create_group('p', 'Group', '{anna,bert}') AS group_id \gset
SELECT careaccess_add_form_route('p', 'web', 'bert') \g /dev/null
INSERT INTO careaccess.emergency_access (client, member, reason, "from", until)
SELECT c, 'bert', 'reason of ' || c, now(), now() + interval '1 hour' FROM unnest('{hid-revoked,hid-unseen,hid-deleted,seen}'::text[]) AS c;
SELECT careaccess_restrict_client('hid-revoked'), careaccess_revoke_administrative_access('hid-revoked', 'all'),
	careaccess_set_client_status('hid-deleted', 'deleted') \g /dev/null
CREATE SCHEMA app;
CREATE TABLE app.person (client text, email text);
INSERT INTO app.person SELECT id::text, id::text || '@example.org' FROM careaccess.client;
SELECT careaccess_protect('app.person', 'client', 'profile') \g /dev/null
-- Members come by the application's role, portal users by that of the clinic's
-- web pages, which may become anybody.
CREATE ROLE careaccess_test_plain;
CREATE ROLE careaccess_test_web;
SELECT careaccess_grant_application(r) FROM unnest('{careaccess_test_plain,careaccess_test_web}'::text[]) AS r \g /dev/null
GRANT EXECUTE ON FUNCTION careaccess_act_as, careaccess_act_as_portal_user, careaccess_submit_form, careaccess_accept_invitation TO careaccess_test_web;
GRANT USAGE ON SCHEMA app TO careaccess_test_plain, careaccess_test_web;
GRANT ALL ON app.person TO careaccess_test_plain, careaccess_test_web;

-- Who does not see whom.
CREATE TEMP TABLE hidden (member text, client text);
INSERT INTO hidden VALUES ('all', 'hid-revoked'), ('all', 'hid-elsewhere'), ('all', 'hid-deleted');
INSERT INTO hidden SELECT m, c FROM unnest('{own,none,login}'::text[]) AS m, unnest('{hid-revoked,hid-unseen,hid-deleted,hid-elsewhere}'::text[]) AS c;
SELECT is_empty($$SELECT h.* FROM hidden AS h WHERE h.member <> 'login' AND careaccess.member_can(h.member, h.client, 'name', 'view')$$, 'these are hidden');

-- Every function of the extension that the role may call, with the ways to call
-- it: all arguments, those without a default only, the others null.  An argument
-- that names a client stands open: %L.
CREATE FUNCTION pg_temp.value(argument text, type oid, of_function text) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce((
		SELECT v.value FROM (VALUES
			('practice', '''p'''), ('member', '''bert'''), ('provider', '''bert'''), ('from_provider', '''anna'''), ('to_provider', '''bert'''),
			('new_owner', '''bert'''), ('owner', '''bert'''), ('over_member', '''anna'''), ('author', '''anna'''), ('practitioner', '''bert'''),
			('from_member', '''anna'''), ('to_member', '''bert'''), ('reassign_to', '''bert'''), ('portal_user', '''login'''), ('duplicate', '''new'''),
			('members', 'ARRAY[''bert''::careaccess.id]'), ('providers', 'ARRAY[''bert''::careaccess.id]'), ('practitioners', 'ARRAY[''bert''::careaccess.id]'),
			('admins', 'ARRAY[''bert''::careaccess.id]'), ('colleagues', 'ARRAY[''bert''::careaccess.id]'),
			('category', '''profile'''), ('row_category', '''name'''), ('action', '''view'''), ('categories', 'ARRAY[''profile'']'), ('actions', 'ARRAY[''view'']'),
			('mode', '''supervisor'''), ('reach', '''own'''), ('effect', '''allow'''), ('roles', 'ARRAY[''clinician'']'), ('role', '''clinician'''),
			('status', CASE WHEN of_function ~ 'member' THEN '''disabled''' ELSE '''archived''' END),
			('settings', CASE WHEN of_function ~ 'practice' THEN '''{"restriction": false}''' ELSE '''{"name": "x"}''' END), ('definition', '''{}'''),
			('group_id', (SELECT max(id)::text FROM careaccess.practitioner_group)), ('groups', '''{}'''),
			('channel', '''staff'''), ('reason', '''a reason that is long enough'''), ('since', 'now()'), ('minutes', '5'),
			('form', '''intake'''), ('slug', '''web'''), ('answers', '''{}'''), ('relationship', '''self'''), ('valid_until', 'NULL'),
			('tbl', '''app.person'''), ('client_column', '''client'''), ('column_name', '''email'''), ('id_column', '''client''')
		) AS v (argument, value) WHERE v.argument = value.argument),
		CASE type::regtype::text
			WHEN 'boolean' THEN 'true' WHEN 'text' THEN '''x''' WHEN 'name' THEN '''x''' WHEN 'integer' THEN '1' WHEN 'bigint' THEN '1'
			WHEN 'timestamp with time zone' THEN 'now()' WHEN 'jsonb' THEN '''{}''' WHEN 'careaccess.id' THEN '''bert'''
			WHEN '"any"' THEN '''bert''::text' ELSE 'NULL' END)
$$;
CREATE TEMP TABLE call AS
WITH callable AS (
	SELECT p.oid, p.proname::text AS name, p.oid::regproc::text AS function, p.pronargdefaults, p.pronargs, p.provolatile,
		a.argument, a.type, a.n,
		CASE
			-- What is changed by careaccess_preview is written as a call itself.
			WHEN a.argument = 'change' THEN $$'careaccess_restrict_client(''%s'')'$$
			WHEN a.argument IN ('client', 'contact_client') THEN '%L' || CASE WHEN a.type = '"any"'::regtype THEN '::text' ELSE '' END
		END AS client
	FROM pg_proc AS p
	JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
	JOIN pg_extension AS e ON d.refobjid = e.oid AND e.extname = 'careaccess'
	CROSS JOIN LATERAL (
		SELECT t.n, t.type, coalesce(p.proargnames[t.n], '') AS argument FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY AS t (type, n)
		UNION ALL
		SELECT 0, 0, NULL WHERE p.pronargs = 0) AS a
	WHERE p.prokind = 'f' AND has_function_privilege('careaccess_test_web', p.oid, 'EXECUTE') AND p.prorettype <> 'trigger'::regtype
		AND NOT p.proargtypes::oid[] && ARRAY['internal'::regtype, 'cstring'::regtype]::oid[]
		AND p.proname NOT LIKE 'id\_%' AND p.proname NOT IN ('careaccess_stop_acting')
), open AS (
	SELECT c.oid, c.n FROM callable AS c WHERE c.client IS NOT NULL
	UNION ALL
	SELECT DISTINCT c.oid, 0 FROM callable AS c
)
SELECT c.oid, c.name, o.n AS open, w.way, min(c.function) || '(' ||
	coalesce(string_agg(
		CASE
			WHEN c.argument IS NULL THEN NULL
			WHEN w.way = 'required' AND c.n > c.pronargs - c.pronargdefaults AND c.n <> o.n THEN NULL
			ELSE CASE WHEN c.argument = '' THEN '' ELSE quote_ident(c.argument) || ' => ' END || CASE
				WHEN c.n = o.n THEN c.client
				WHEN w.way = 'null' THEN CASE WHEN c.type = '"any"'::regtype THEN 'NULL::text' ELSE 'NULL' END
				WHEN c.client IS NOT NULL THEN format(c.client, 'seen')
				ELSE pg_temp.value(c.argument, c.type, c.name) END
		END, ', ' ORDER BY c.n), '') || ')' AS call
FROM callable AS c JOIN open AS o USING (oid), unnest('{all,required,null}'::text[]) AS w (way)
GROUP BY c.oid, c.name, o.n, w.way;

-- What a call answers, as the member: its rows or the whole error, with where it
-- was raised.  Undone.
CREATE FUNCTION pg_temp.answer(member text, call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
	message text; detail text; hint text; context text; more text;
BEGIN
	IF member = 'login' THEN
		PERFORM careaccess_act_as_portal_user(member);
	ELSE
		PERFORM careaccess_act_as(member);
	END IF;
	PERFORM set_config('role', CASE member WHEN 'login' THEN 'careaccess_test_web' ELSE 'careaccess_test_plain' END, true);
	BEGIN
		EXECUTE 'SELECT string_agg(f::text, E''\n'' ORDER BY f::text) FROM ' || call || ' AS f' INTO result;
		RAISE EXCEPTION SQLSTATE 'TAP00' USING MESSAGE = coalesce(result, 'null');
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT, context = PG_EXCEPTION_CONTEXT;
		GET STACKED DIAGNOSTICS more = CONSTRAINT_NAME;
		result := CASE SQLSTATE WHEN 'TAP00' THEN message
			ELSE concat_ws(' / ', SQLSTATE, message, 'detail: ' || nullif(detail, ''), 'hint: ' || nullif(hint, ''), nullif(more, ''), context) END;
	END;
	PERFORM set_config('role', 'none', true);
	PERFORM careaccess_stop_acting();
	RETURN result;
END $$;

-- Where an error was raised reads a little differently the first time.
SELECT count(pg_temp.answer(m, format(c.call, 'hid-missing'))) FROM call AS c, unnest('{all,own,none,login}'::text[]) AS m WHERE c.open > 0 \g /dev/null

-- A hidden client is a missing one.  But identifiers are unique in the database,
-- and a client is added by one; who has delete_client may see and restore
-- deleted clients whom he saw before; the glass is broken for any client of the
-- practice; and to hid-revoked the portal user is invited.
SELECT is(
	(SELECT string_agg(format(E'%s calls %s:\n%s\ninstead of:\n%s', h.member, format(c.call, h.client), a.answer, a.missing), E'\n')
	FROM call AS c, hidden AS h,
		LATERAL (SELECT pg_temp.answer(h.member, format(c.call, h.client)) AS answer, pg_temp.answer(h.member, format(c.call, 'hid-missing')) AS missing) AS a
	WHERE c.oid = f.oid AND c.open > 0
		AND f.name <> 'careaccess_add_client'
		AND h.member || ' ' || h.client <> ALL (CASE
			WHEN f.name = 'careaccess_break_glass' THEN '{own hid-unseen,own hid-revoked}'
			WHEN f.name = 'careaccess_accept_portal_access' THEN '{login hid-revoked}'
			WHEN f.name IN ('careaccess_set_client_status', 'careaccess_undelegate', 'careaccess_review_emergency') THEN '{all hid-deleted}'
			ELSE '{}'::text[] END)
		AND replace(a.answer, h.client, 'hid-missing') <> a.missing),
	NULL, 'hidden is missing: ' || f.oid::regprocedure)
FROM (SELECT DISTINCT oid, name FROM call WHERE open > 0) AS f ORDER BY f.oid::regprocedure::text COLLATE "C";

SELECT cmp_ok(count(*), '>', 30::bigint, 'and most calls for a client whom he sees are answered otherwise')
FROM (SELECT DISTINCT oid FROM call WHERE open > 0
	AND pg_temp.answer('all', format(call, 'seen')) <> replace(pg_temp.answer('all', format(call, 'hid-missing')), 'hid-missing', 'seen')) AS f;

-- No answer to another question names a hidden client, nor does an error.
CREATE FUNCTION pg_temp.may_not_be_named(member text) RETURNS text LANGUAGE sql AS $$
	SELECT CASE member WHEN 'all' THEN 'hid-(revoked|elsewhere)' WHEN 'login' THEN 'hid-(unseen|deleted|elsewhere)' ELSE 'hid-' END
$$;
SELECT is(
	(SELECT string_agg(format(E'%s calls %s:\n%s', a.member, a.call, a.answer), E'\n')
	FROM (
		SELECT m.member, v.call, pg_temp.answer(m.member, v.call) AS answer
		FROM call AS c, unnest('{all,own,none,login}'::text[]) AS m (member), unnest(ARRAY['anna', 'bert', m.member]) AS about,
			LATERAL (SELECT replace(c.call, quote_literal('bert'), quote_literal(about)) AS call) AS v
		WHERE c.oid = f.oid AND c.open = 0) AS a
	WHERE a.answer ~ pg_temp.may_not_be_named(a.member)),
	NULL, 'no hidden client is named: ' || f.oid::regprocedure)
FROM (SELECT DISTINCT oid FROM call) AS f ORDER BY f.oid::regprocedure::text COLLATE "C";
SELECT is(pg_temp.answer('all', $$careaccess_transfer_clients('anna', 'bert')$$), '2', 'clients are counted as far as they are seen');
SELECT matches(pg_temp.answer('owner', $$careaccess_remove_member('anna')$$), 'hid-revoked.*hid-unseen', 'somebody else is told of all');

-- What the functions rest on cannot be read.
SELECT is_empty($$
	SELECT c.oid::regclass, r, p FROM pg_class AS c, unnest('{careaccess_test_plain,careaccess_test_web}'::text[]) AS r,
		unnest('{SELECT,INSERT,UPDATE,REFERENCES}'::text[]) AS p
	WHERE c.relnamespace = 'careaccess'::regnamespace AND c.relkind IN ('r', 'p', 'm', 'f') AND has_any_column_privilege(r, c.oid, p)$$,
	'no column of a table of careaccess is theirs');
SELECT is_empty($$
	SELECT c.oid::regclass, r FROM pg_class AS c, unnest('{careaccess_test_plain,careaccess_test_web}'::text[]) AS r
	WHERE c.relnamespace = 'careaccess'::regnamespace AND c.relkind IN ('r', 'p', 'm', 'f') AND has_table_privilege(r, c.oid, 'DELETE, TRUNCATE, TRIGGER')
	UNION ALL
	SELECT c.oid::regclass, r FROM pg_class AS c, unnest('{careaccess_test_plain,careaccess_test_web}'::text[]) AS r
	WHERE c.relnamespace = 'careaccess'::regnamespace AND c.relkind = 'S' AND has_sequence_privilege(r, c.oid, 'USAGE, SELECT, UPDATE')$$,
	'nor any other right, nor a sequence');
SELECT alike(pg_temp.answer('all', 'careaccess.' || t), '42501 / permission denied for table ' || t || '%', 'not even with view_audit: ' || t)
FROM unnest('{event,change,client,client_link,client_revocation,emergency_access}'::text[]) AS t;
SELECT is_empty($$
	SELECT v, m, a FROM (
		SELECT c.oid::regclass AS v, m, pg_temp.answer(m, c.oid::regclass::text) AS a
		FROM pg_class AS c, unnest('{all,own,none,login}'::text[]) AS m
		WHERE c.relnamespace = 'careaccess'::regnamespace AND c.relkind = 'v') AS answers
	WHERE a ~ pg_temp.may_not_be_named(m)$$,
	'and the views name nobody who is hidden');
SELECT matches(pg_temp.answer('owner', 'careaccess.emergency_review'), 'hid-revoked', '… whom others see');
SELECT matches(pg_temp.answer('owner', 'careaccess.deleted_clients'), 'hid-deleted', '… or may restore');

-- Linked profiles.  On the staff side they share nothing; a portal user without
-- permissions has the name of the other profile and nothing else.
CREATE TABLE app.item (client text, category text, for_client boolean);
INSERT INTO app.item SELECT c, k.code, true FROM unnest('{seen,hid-unseen,kin}'::text[]) AS c, careaccess.category AS k WHERE c <> 'kin';
SELECT careaccess_add_client('kin', 'p', 'anna'), careaccess_link_profile('kin', 'seen', 'mother'), careaccess_invite_to_portal('kin', 'login') \g /dev/null
INSERT INTO app.item SELECT 'kin', code, true FROM careaccess.category;
SELECT careaccess_protect('app.item', 'client', category_column => 'category', client_visible_column => 'for_client') \g /dev/null
GRANT SELECT ON app.item TO careaccess_test_plain, careaccess_test_web;
SELECT is(pg_temp.answer('own', '(SELECT DISTINCT client FROM app.item)'), '(seen)', 'staff see the profile that is theirs, not those linked with it');
SELECT is(pg_temp.answer('login', '(SELECT DISTINCT client FROM app.item)'), '(seen)', 'a portal user sees the chosen profile');
SELECT careaccess_act_as_portal_user('login'), careaccess_accept_portal_access('kin') \g /dev/null
SELECT careaccess_act_as_portal_user('login', 'kin') \g /dev/null
SET LOCAL ROLE careaccess_test_web;
SELECT is((SELECT string_agg(client || ' ' || category, ', ') FROM app.item), 'kin name', 'without permissions the name, even of what is for clients');
SELECT is((SELECT count(*) FROM app.person), 0::bigint, '… and no contact details');
RESET ROLE;
SELECT careaccess_stop_acting() \g /dev/null

SELECT * FROM finish();
ROLLBACK;
