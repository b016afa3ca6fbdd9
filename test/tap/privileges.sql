-- What careaccess_grant_application and careaccess_grant_administrator give: a
-- day of the application, of a member with a login of his own, and of an
-- administrator, each as the session's own user; and taking it back.
BEGIN;
SELECT plan(96);
\ir check/clinic.sql

CREATE FUNCTION pg_temp.outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;

-- The application, for Ada (1, owner), Ben (2) and Cleo (3)
SET LOCAL SESSION AUTHORIZATION careaccess_check_app;
SELECT is((SELECT kind FROM careaccess_whoami()), 'nobody', 'the application by itself is nobody');
SELECT is((SELECT count(*) FROM app.patient), 0::bigint, '… and sees nothing');
SELECT is(pg_temp.outcome(s), 'done', s)
FROM unnest(ARRAY[
	'SELECT careaccess_act_as(2)',
	'INSERT INTO app.patient VALUES (12, ''Kim'', ''1-12'', 2)',
	'INSERT INTO app.note VALUES (102, 12, 2, ''Kim came.'')',
	'UPDATE app.patient SET phone = ''2-12'' WHERE id = 12',
	'SELECT careaccess_share_client(12, 3)',
	'SELECT careaccess_book(12, 2)',
	'SELECT careaccess_set_client_access(12, ''{3}'')',
	'SELECT careaccess_unshare_client(12, 3)',
	'SELECT careaccess_whoami(), careaccess_current_member(), careaccess_current_practice(), careaccess_current_portal_user()',
	'SELECT careaccess_can_view(2, 12), careaccess_can(2, 12, ''chart'', ''edit''), careaccess_visible(12, ''name'')',
	'SELECT careaccess_visible_clients(2)',
	'SELECT careaccess_explain(2, 12)',
	'SELECT careaccess_cache()',
	'SELECT * FROM careaccess.deleted_clients, careaccess.emergency_review']) AS s;
SELECT results_eq('SELECT p.id, n.body FROM app.patient AS p LEFT JOIN app.note AS n ON n.patient = p.id ORDER BY 1',
	$$ VALUES (10, 'Slept better.'), (12, 'Kim came.') $$, 'Ben sees his own two');
SELECT is(pg_temp.outcome(s), 'done', s)
FROM unnest(ARRAY[
	'SELECT careaccess_act_as(1)',
	'SELECT careaccess_viewers(12)',
	'SELECT careaccess_reassign_client(12, 3)',
	'SELECT careaccess_add_member(''riverside'', 4, ''Dan'', ''{clinician}'')',
	'SELECT careaccess_set_member_roles(4, ''{biller}'')',
	'SELECT careaccess_configure_member(4, ''{"name": "Daniel"}'')',
	'SELECT careaccess_invite_member(''riverside'', ''eve@example.org'', ''{clinician}'')',
	'SELECT careaccess_withdraw_invitation(''riverside'', ''eve@example.org'')',
	'SELECT careaccess_define_role(''riverside'', ''visitor'', ''{"permissions": []}'')',
	'SELECT careaccess_restrict_client(12)',
	'SELECT careaccess_unrestrict_client(12)',
	'SELECT careaccess_link_profile(12, 11)',
	'SELECT careaccess_add_portal_user(''kim'', 12)',
	'SELECT careaccess_add_form_route(''riverside'', ''ben'', 2)',
	'SELECT careaccess_set_member_status(4, ''disabled'')',
	'SELECT careaccess_remove_member(4)',
	'SELECT careaccess_set_client_status(12, ''archived'')',
	'SELECT careaccess_stop_acting()']) AS s;
-- What is not for it
SELECT matches(pg_temp.outcome(s), '^42501 permission denied', s)
FROM unnest(ARRAY[
	'SELECT careaccess_act_as_portal_user(''kim'')',
	'SELECT careaccess_accept_invitation(''x'', 5, ''Eve'')',
	'SELECT careaccess_submit_form(''f'', ''ben'', 13, ''{}'')',
	'SELECT careaccess_create_practice(''x'', ''X'')',
	'SELECT careaccess_protect(''app.staff'', ''id'', ''name'')',
	'SELECT careaccess_set_token_key(''k'', ''HS256'', ''01234567890123456789012345678901'')',
	'SELECT * FROM careaccess_check()',
	'SELECT careaccess_grant_application(''careaccess_check_app'')',
	'SELECT careaccess_revoke_application(''careaccess_check_ben'')',
	'SELECT careaccess_grant_administrator(''careaccess_check_app'')',
	'SELECT careaccess_revoke_administrator(''careaccess_check_app'')',
	'SELECT careaccess.administrator()',
	'SELECT careaccess.member_can(2, 10, ''name'', ''view'', true)',
	'SELECT * FROM careaccess.client',
	'SELECT * FROM careaccess.event',
	'SELECT * FROM careaccess.token_key',
	'SELECT * FROM careaccess.protected_tables']) AS s;
RESET SESSION AUTHORIZATION;

-- Ben with a login of his own
SET LOCAL SESSION AUTHORIZATION careaccess_check_ben;
SELECT results_eq('SELECT kind, id::text, identified_by FROM careaccess_whoami()', $$ VALUES ('member', '2', 'login_role') $$, 'Ben is himself');
SELECT results_eq('SELECT id FROM app.patient ORDER BY 1', 'VALUES (10)', '… sees his own');
SELECT is(pg_temp.outcome('SELECT careaccess_share_client(10, 3)'), 'done', '… shares her');
SELECT is(pg_temp.outcome('SELECT careaccess_act_as(1)'), '42501 permission denied for function careaccess_act_as', '… and becomes nobody else');
RESET SESSION AUTHORIZATION;

-- An administrator, who owns a table
SELECT careaccess_grant_administrator('careaccess_check_owner');
CREATE SCHEMA own AUTHORIZATION careaccess_check_owner;
SET LOCAL SESSION AUTHORIZATION careaccess_check_owner;
SELECT is((SELECT kind FROM careaccess_whoami()), 'administrator', 'an administrator is one');
SELECT is(pg_temp.outcome(s), 'done', s)
FROM unnest(ARRAY[
	'CREATE TABLE own.person (id int PRIMARY KEY, name text, mail text, boss int); CREATE TABLE own.letter (id int, person int); CREATE INDEX ON own.letter (person)',
	'SELECT careaccess_create_practice(''own'', ''Own'')',
	'SELECT careaccess_add_member(''own'', 50, ''Fay'', ''{owner,clinician}'')',
	'SELECT careaccess_configure_member(50, ''{"login_role": "careaccess_check_other"}'')',
	'SELECT careaccess_adopt_clients(''own.person'', ''id'', practice => ''own'', owner_column => ''boss'')',
	'INSERT INTO own.person VALUES (499, ''Gus'', ''g@example.org'', 50)',
	'SELECT careaccess_protect(''own.person'', ''id'', ''profile'')',
	'SELECT careaccess_add_client(500, ''own'', 50)',
	'SELECT careaccess_protect(''own.letter'', ''person'', ''documents'')',
	'SELECT careaccess_mask(''own.list'', ''own.person'', ''{"name": "name"}'')',
	'SELECT careaccess_unmask(''own.list'')',
	'SELECT careaccess_unique(''own.person'', ''mail'')',
	'SELECT careaccess_set_token_key(''k'', ''HS256'', ''01234567890123456789012345678901'')',
	'SELECT careaccess_retire_token_key(''k'')',
	'SELECT count(*) FROM careaccess_check()',
	'SELECT * FROM careaccess.protected_tables, careaccess.deleted_clients',
	'SELECT careaccess_grant_application(''careaccess_check_other'')',
	'SELECT careaccess_unprotect(''own.letter'')']) AS s;
SELECT is((SELECT count(*) FROM own.person), 0::bigint, 'he sees no rows of a protected table, not even his own');
SELECT matches(pg_temp.outcome(s), '^42501 ', s)
FROM unnest(ARRAY[
	'SELECT careaccess_act_as(2)',
	'SELECT careaccess_protect(''app.staff'', ''id'', ''name'')',
	'SELECT * FROM careaccess.client',
	'SELECT * FROM app.patient',
	'INSERT INTO own.person VALUES (501, ''Hal'', NULL, 50)']) AS s;
RESET SESSION AUTHORIZATION;

-- Whom they are given to
SELECT is(pg_temp.outcome(format('SELECT careaccess_%s(%s)', f, r)), w, format('%s %s', f, r))
FROM unnest('{grant_application,revoke_application,grant_administrator,revoke_administrator}'::text[]) AS f,
	(VALUES ('NULL', '22023 role must not be null'), ('''PUBLIC''', '42704 role "PUBLIC" does not exist')) AS v (r, w);
SELECT is((SELECT count(*) FROM pg_proc AS p, aclexplode(p.proacl) AS g WHERE g.grantee = 0 AND p.proname = 'careaccess_share_client'), 0::bigint, 'nobody is everybody');

-- Taking it back
CREATE TEMP TABLE functions AS SELECT i.function, i.purpose FROM careaccess.interface() AS i;
CREATE FUNCTION pg_temp.granted(role name) RETURNS bigint LANGUAGE sql AS $$
	SELECT count(*) FROM pg_proc AS p, aclexplode(p.proacl) AS g WHERE g.grantee = role::regrole
$$;
SELECT is(pg_temp.granted('careaccess_check_app'), (SELECT count(*) + 1 FROM functions WHERE purpose = 'application'), 'an application has its functions and careaccess_act_as');
SELECT is(pg_temp.granted('careaccess_check_owner'), (SELECT count(*) + 1 FROM functions WHERE purpose <> 'identity'), 'an administrator all but those by hand, and the marker');
SELECT careaccess_revoke_application('careaccess_check_app'), careaccess_revoke_administrator('careaccess_check_owner');
SELECT is(pg_temp.granted(r), 0::bigint, r || ' has none any more') FROM unnest('{careaccess_check_app,careaccess_check_owner}'::name[]) AS r;
SET LOCAL SESSION AUTHORIZATION careaccess_check_owner;
SELECT is((SELECT kind FROM careaccess_whoami()), 'nobody', 'who is no administrator any more is nobody');
RESET SESSION AUTHORIZATION;
SELECT is((SELECT count(*) FROM pg_class AS c, aclexplode(c.relacl) AS g WHERE c.relnamespace = 'careaccess'::regnamespace
	AND g.grantee IN ('careaccess_check_app'::regrole, 'careaccess_check_owner'::regrole)), 0::bigint, 'nor views');

SELECT * FROM finish();
ROLLBACK;
