-- The functions that answer: who may ask what, what a hidden, a missing and a
-- foreign client answer, bad arguments, and that all of them agree.
BEGIN;
SELECT plan(163);
SET LOCAL client_min_messages = warning;

CREATE ROLE careaccess_test_app;
SELECT careaccess_grant_application('careaccess_test_app');
GRANT EXECUTE ON FUNCTION careaccess_act_as(careaccess.id, boolean) TO careaccess_test_app;

SELECT careaccess_create_practice('p', 'Practice', 'standard');
SELECT careaccess_create_practice('q', 'Other', 'embodia');
SELECT careaccess_add_member('p', m, initcap(m), ARRAY[r])
FROM (VALUES ('own', 'owner'), ('mia', 'manager'), ('aud', 'biller'), ('grp', 'biller'), ('bill', 'biller'),
	('anna', 'clinician'), ('bert', 'clinician'), ('gone', 'clinician')) AS v (m, r);
INSERT INTO careaccess.member_capability (practice, member, capability) VALUES ('p', 'aud', 'view_audit'), ('p', 'grp', 'manage_groups');
SELECT careaccess_add_client('c1', 'p', 'anna'), careaccess_add_client('c2', 'p', 'bert'), careaccess_add_client('hid', 'p', 'anna'),
	careaccess_add_client('del', 'p', 'anna');
SELECT careaccess_restrict_client('hid');
SELECT careaccess_revoke_administrative_access('hid', m) FROM unnest('{mia,aud}'::careaccess.id[]) AS m;
SELECT careaccess_set_client_status('del', 'deleted');
SELECT careaccess_remove_member('gone');
SELECT careaccess_add_member('q', m, m, ARRAY[r])
FROM (VALUES ('boss', 'clinic_manager'), ('q1', 'practitioner'), ('q2', 'practitioner'), ('q3', 'practitioner'), ('desk', 'clinic_admin')) AS v (m, r);
SELECT careaccess_add_client('qc1', 'q', providers => '{q1}'), careaccess_add_client('qc3', 'q', providers => '{q3}');

-- What a question raises, all that a person would read, or its answer.
CREATE FUNCTION outcome(question text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text; message text; detail text; hint text;
BEGIN
	EXECUTE 'SELECT string_agg(x::text, '' '' ORDER BY x::text) FROM (' || question || ') AS q(x)' INTO answer;
	RETURN coalesce(answer, 'nothing');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', SQLSTATE, message, nullif(detail, ''), nullif(hint, ''));
END $$;
CREATE FUNCTION raised(question text) RETURNS text LANGUAGE sql AS $$ SELECT left(outcome(question), 5) $$;

-- The questions, with one member and one client each.
CREATE TABLE question (name text, q text);
INSERT INTO question VALUES
	('can_view', 'SELECT careaccess_can_view(%1$L, %2$L)'),
	('can_view by author', 'SELECT careaccess_can_view(%1$L, %2$L, ''chart'', ''anna'')'),
	('can', 'SELECT careaccess_can(%1$L, %2$L, ''name'', ''view'')'),
	('can by author', 'SELECT careaccess_can(%1$L, %2$L, ''chart'', ''edit'', ''anna'')'),
	('explain', 'SELECT count(*) > 0 FROM careaccess_explain(%1$L, %2$L)');
GRANT SELECT ON question TO careaccess_test_app;

SET LOCAL ROLE careaccess_test_app;

--
-- Nobody asks nothing
--
SELECT is(raised(format(q, 'anna', 'c1')), '42501', 'nobody: ' || name) FROM question;
SELECT is(raised('SELECT x FROM careaccess_visible_clients(''anna'') AS x'), '42501', 'nobody: visible_clients');
SELECT is(raised('SELECT member FROM careaccess_viewers(''c1'')'), '42501', 'nobody: viewers');
SELECT is(raised('SELECT x FROM careaccess_test_practitioner(''anna'') AS x'), '42501', 'nobody: test_practitioner');
SELECT is(raised('SELECT x FROM careaccess_test_clinic_admin(''anna'') AS x'), '42501', 'nobody: test_clinic_admin');
SELECT is(raised('SELECT careaccess_visible(''c1''::text, ''name'')'), '42501', 'nobody: visible');
SELECT is(raised('SELECT careaccess_visible(''c1''::text, ''name'', ''anna''::text)'), '42501', 'nobody: visible by author');
SELECT is(raised(format(q, 'anna', 'zzz')), '42501', 'nobody, of a missing client: ' || name) FROM question;

--
-- Oneself
--
SELECT careaccess_act_as('anna');
SELECT is(outcome(format(q, 'anna', 'c1')), 'true', 'oneself: ' || name) FROM question;
SELECT is(outcome('SELECT x FROM careaccess_visible_clients(''anna'') AS x'), 'c1 hid', 'oneself: visible_clients');
SELECT is(outcome('SELECT x FROM careaccess_visible_clients(''anna'', ''billing'') AS x'), 'c1 hid', 'oneself: visible_clients by category');
SELECT is(outcome('SELECT x FROM careaccess_test_practitioner(''anna'') AS x'), 'anna bert gone own', 'oneself: everybody is who holds or held a practitioner role');
SELECT is(outcome('SELECT x FROM careaccess_test_clinic_admin(''anna'') AS x'), 'nothing', 'oneself: test_clinic_admin, without reach managed');
SELECT is(outcome('SELECT careaccess_can_view(''anna'', ''' || c || ''')'), 'false', 'a client who is ' || t)
FROM (VALUES ('c2', 'hidden'), ('zzz', 'missing'), ('qc1', 'of another practice'), ('del', 'deleted')) AS v (c, t);
SELECT is(replace(outcome('SELECT step FROM careaccess_explain(''anna'', ''' || c || ''')'), c, 'X'),
	replace(outcome('SELECT step FROM careaccess_explain(''anna'', ''zzz'')'), 'zzz', 'X'), 'explain of a client who is ' || t || ' says the same as of a missing one')
FROM (VALUES ('c2', 'hidden'), ('qc1', 'of another practice'), ('del', 'deleted')) AS v (c, t);
SELECT is(raised('SELECT step FROM careaccess_explain(''anna'', ''zzz'')'), 'P0002', '… P0002');

--
-- Others, without the right to ask
--
SELECT is(outcome(format(q, m, 'c1')), outcome(format(q, 'bert', 'c1')), 'one refusal whoever it is about, ' || m || ': ' || name)
FROM question, unnest('{mia,zzz,boss}'::text[]) AS m;
SELECT is(raised(format(q, 'bert', c)), '42501', 'about others, a client ' || c || ': ' || name)
FROM question, unnest('{c1,c2,zzz,qc1}'::text[]) AS c;
SELECT is(raised('SELECT x FROM careaccess_visible_clients(''bert'') AS x'), '42501', 'about others: visible_clients');
SELECT is(raised('SELECT member FROM careaccess_viewers(''c1'')'), '42501', 'about others: viewers, of his own client, too');
SELECT is(raised('SELECT x FROM careaccess_test_practitioner(''bert'') AS x'), '42501', 'about others: test_practitioner');
SELECT is(raised('SELECT x FROM careaccess_test_clinic_admin(''bert'') AS x'), '42501', 'about others: test_clinic_admin');

--
-- Others, with it
--
SELECT careaccess_act_as('mia');
SELECT is(outcome(format(q, 'anna', 'c1')), 'true', 'manage_members: ' || name) FROM question;
SELECT is(outcome('SELECT careaccess_can_view(''anna'', ''hid'')'), 'false', 'a client hidden from the asker is as a missing one: can_view');
SELECT is(outcome('SELECT x FROM careaccess_visible_clients(''anna'') AS x'), 'c1', '… and is left out of lists');
SELECT is(replace(outcome(q), 'hid', 'X'), replace(outcome(replace(q, 'hid', 'zzz')), 'zzz', 'X'), '… and for ' || left(q, 35) || ' as well')
FROM unnest(ARRAY['SELECT member FROM careaccess_viewers(''hid'')', 'SELECT step FROM careaccess_explain(''anna'', ''hid'')',
	'SELECT step FROM careaccess_explain(''mia'', ''hid'')', 'SELECT careaccess_can_view(''mia'', ''hid'')', 'SELECT careaccess_can(''own'', ''hid'', ''name'', ''view'')',
	'SELECT member FROM careaccess_viewers(''hid'', ''chart'')']) AS q;
SELECT is(replace(outcome(q), 'qc1', 'X'), replace(outcome(replace(q, 'qc1', 'zzz')), 'zzz', 'X'), 'a foreign client likewise: ' || left(q, 35))
FROM unnest(ARRAY['SELECT member FROM careaccess_viewers(''qc1'')', 'SELECT step FROM careaccess_explain(''anna'', ''qc1'')', 'SELECT careaccess_can_view(''mia'', ''qc1'')']) AS q;
SELECT is(outcome('SELECT x FROM careaccess_visible_clients(''q1'') AS x'), 'nothing', 'a foreign member sees nothing');
SELECT is(outcome('SELECT x FROM careaccess_visible_clients(''zzz'') AS x'), 'nothing', 'as does an unknown one');
SELECT is(outcome('SELECT careaccess_can_view(''q1'', ''c1'')'), 'false', 'a foreign member''s question is answered no');
SELECT is(outcome('SELECT x FROM careaccess_test_practitioner(''q1'') AS x'), 'nothing', 'a foreign member''s test tells nothing');
SELECT is(outcome('SELECT member FROM careaccess_viewers(''c1'', ''chart'')'), 'anna own', 'viewers');
SELECT is(outcome('SELECT careaccess_can_view(''gone'', ''c1'')'), 'false', 'a removed member views nothing');
SELECT careaccess_act_as('aud');
SELECT is(outcome('SELECT careaccess_can_view(''anna'', ''c1'')'), 'true', 'view_audit: can_view');
SELECT is(outcome('SELECT careaccess_can_view(''anna'', ''hid'')'), 'false', '… not of what is hidden from him');
SELECT is(outcome('SELECT member FROM careaccess_viewers(''c2'', ''chart'')'), 'bert own', '… viewers');
SELECT careaccess_act_as('grp');
SELECT is(outcome('SELECT x FROM careaccess_test_practitioner(''anna'') AS x'), 'anna bert gone own', 'manage_groups: test_practitioner');
SELECT is(outcome('SELECT x FROM careaccess_test_clinic_admin(''anna'') AS x'), 'nothing', '… test_clinic_admin');
SELECT is(raised(format(q, 'anna', 'c1')), '42501', '… and no more: ' || name) FROM question;
SELECT is(raised('SELECT member FROM careaccess_viewers(''c1'')'), '42501', '… viewers neither');
SELECT careaccess_act_as('own');
SELECT is(outcome('SELECT careaccess_can_view(''anna'', ''hid'')'), 'true', 'whoever sees the client is told');
SELECT is(outcome('SELECT member FROM careaccess_viewers(''hid'')'), 'anna bill grp own', '… also who views him');

--
-- The administrator of the database
--
RESET ROLE;
SELECT careaccess_stop_acting();
SELECT is(outcome('SELECT careaccess_can_view(''anna'', ''hid'')'), 'true', 'an administrator is told everything: can_view');
SELECT is(outcome('SELECT member FROM careaccess_viewers(''qc1'')'), 'boss desk q1 q2 q3', '… of every practice: viewers');
SELECT is(outcome('SELECT count(*) > 0 FROM careaccess_explain(''anna'', ''del'')'), 'true', '… and explained: a deleted client');
SELECT is(raised('SELECT step FROM careaccess_explain(''anna'', ''zzz'')'), 'P0002', '… but not what there is not');

--
-- Groups (EM-7)
--
SELECT careaccess_create_group('q', 'North', '{q1,q2}', '{desk}');
SELECT is(outcome('SELECT x FROM careaccess_test_practitioner(''q1'') AS x'), 'q1 q2', 'EM-7 test_practitioner: his groups');
SELECT is(outcome('SELECT x FROM careaccess_test_practitioner(''q3'') AS x'), 'q3', '… in no group');
SELECT is(outcome('SELECT x FROM careaccess_test_practitioner(''boss'') AS x'), 'q1 q2 q3', '… a manager');
SELECT is(outcome('SELECT x FROM careaccess_test_clinic_admin(''desk'') AS x'), 'q1 q2', 'EM-7 test_clinic_admin');
SELECT is(outcome('SELECT x FROM careaccess_test_clinic_admin(''q1'') AS x'), 'nothing', '… without reach managed');
SELECT careaccess_set_colleague_limit('q1', 'chart', '{}');
SELECT is(outcome('SELECT x FROM careaccess_test_practitioner(''q1'') AS x'), 'q1 q2', '… limits aside');

--
-- Bad arguments
--
SELECT careaccess_act_as('own');
SELECT is(raised(q), '22023', q)
FROM unnest(ARRAY[
	'SELECT careaccess_can_view(NULL, ''c1'')', 'SELECT careaccess_can_view(''anna'', NULL)', 'SELECT careaccess_can_view(''anna'', ''c1'', NULL)',
	'SELECT careaccess_can_view(''anna'', ''c1'', ''Profile'')', 'SELECT careaccess_can_view(''anna'', ''c1'', '''')',
	'SELECT careaccess_can(''anna'', ''c1'', ''chart'', NULL)', 'SELECT careaccess_can(''anna'', ''c1'', ''chart'', ''read'')', 'SELECT careaccess_can(''anna'', ''c1'', NULL, ''view'')',
	'SELECT careaccess_can(NULL, ''c1'', ''chart'', ''view'', ''anna'')', 'SELECT x FROM careaccess_visible_clients(NULL) AS x',
	'SELECT x FROM careaccess_visible_clients(''anna'', NULL) AS x', 'SELECT x FROM careaccess_visible_clients(''anna'', ''charts'') AS x',
	'SELECT member FROM careaccess_viewers(NULL)', 'SELECT member FROM careaccess_viewers(''c1'', NULL)', 'SELECT member FROM careaccess_viewers(''c1'', ''x'')',
	'SELECT step FROM careaccess_explain(NULL, ''c1'')', 'SELECT step FROM careaccess_explain(''anna'', NULL)', 'SELECT step FROM careaccess_explain(''anna'', ''c1'', ''x'')',
	'SELECT step FROM careaccess_explain(''anna'', ''c1'', ''chart'', ''x'')', 'SELECT step FROM careaccess_explain(''anna'', ''c1'', NULL)',
	'SELECT step FROM careaccess_explain(''anna'', ''c1'', ''chart'', NULL)', 'SELECT x FROM careaccess_test_practitioner(NULL) AS x', 'SELECT x FROM careaccess_test_clinic_admin(NULL) AS x',
	'SELECT careaccess_visible(''c1''::text, NULL)', 'SELECT careaccess_visible(''c1''::text, ''x'')']) AS q;
SELECT is(outcome('SELECT careaccess_can_view(''anna'', ''c1'', ''x'')'),
	'22023 | unknown category "x" | Known categories are name, profile, diagnosis, schedule, documents, billing, chart, private_notes.', 'the hint lists the categories');

--
-- Authors
--
SELECT careaccess_act_as('anna');
SELECT is(careaccess_can_view('anna', 'c1', 'private_notes'), true, 'no author asked: there could be such a record');
SELECT is(careaccess_can_view('anna', 'c1', 'private_notes', NULL), false, 'an unknown author is no member');
SELECT is(careaccess_can_view('anna', 'c1', 'private_notes', 'anna'), true, 'her own');
SELECT is(careaccess_can_view('anna', 'c1', 'private_notes', 'bert'), false, 'a colleague''s');
SELECT is(careaccess_can_view('anna', 'c1', 'private_notes', 'a stranger'), false, 'a stranger''s');
SELECT is(careaccess_can('anna', 'c1', 'chart', 'edit', NULL), false, 'changing a record whose author is unknown');
SELECT is(careaccess_can('anna', 'c1', 'chart', 'view', NULL), true, '… seeing it, where the rule is none');

--
-- careaccess_visible takes columns as they are
--
SELECT is(careaccess_visible('c1'::text, 'chart'), true, 'text');
SELECT is(careaccess_visible('c1'::varchar(10), 'chart', 'anna'::varchar), true, 'varchar');
SELECT is(careaccess_visible('c1'::careaccess.id, 'chart'), true, 'careaccess.id');
SELECT is(careaccess_visible(1::smallint, 'chart') OR careaccess_visible(1, 'chart') OR careaccess_visible(1::bigint, 'chart') OR careaccess_visible(gen_random_uuid(), 'chart'),
	false, 'numbers and uuids that are no clients');
SELECT is(careaccess_visible(NULL::text, 'chart'), false, 'a null client is nobody''s');
SELECT is(careaccess_visible('c1'::text, 'private_notes'), false, 'without author: unknown');
SELECT is(careaccess_visible('c1'::text, 'private_notes', 'anna'::text), true, 'with the author');
SELECT is(raised('SELECT careaccess_visible(current_date, ''chart'')'), '42804', 'no identifier: a date');
SELECT is(raised('SELECT careaccess_visible(1.5, ''chart'')'), '42804', '… a numeric');
SELECT is(raised('SELECT careaccess_visible(''c1''::text, ''chart'', true)'), '42804', '… an author of type boolean');

--
-- All of them agree, for every member, client and category
--
SELECT careaccess_stop_acting();
SELECT set_eq(
	$$SELECT m.id::text AS member, c.id::text AS client, k.code FROM careaccess.member AS m, careaccess.client AS c, careaccess.category AS k WHERE careaccess_can_view(m.id, c.id, k.code)$$,
	$$SELECT m.id::text AS member, c::text AS client, k.code FROM careaccess.member AS m, careaccess.category AS k, LATERAL careaccess_visible_clients(m.id, k.code) AS c$$,
	'visible_clients lists whom can_view says yes to');
SELECT set_eq(
	$$SELECT m.id::text AS member, c.id::text AS client, k.code FROM careaccess.member AS m, careaccess.client AS c, careaccess.category AS k WHERE careaccess_can(m.id, c.id, k.code, 'view')$$,
	$$SELECT v.member::text AS member, c.id::text AS client, k.code FROM careaccess.client AS c, careaccess.category AS k, LATERAL careaccess_viewers(c.id, k.code) AS v$$,
	'viewers lists who can view');
SELECT is_empty(
	$$SELECT m.id AS member, c.id AS client, k.code, a.action, w.author, e.n
	FROM careaccess.member AS m, careaccess.client AS c, careaccess.category AS k, unnest('{view,create,edit,delete}'::text[]) AS a(action),
		unnest('{anna,q1,"a stranger"}'::careaccess.id[] || NULL::careaccess.id) AS w(author),
		LATERAL (SELECT count(*) FILTER (WHERE outcome LIKE 'decides%') AS n, bool_or(outcome = 'decides: yes') AS yes
			FROM careaccess_explain(m.id, c.id, k.code, a.action, w.author)) AS e
	WHERE e.n <> 1 OR e.yes IS DISTINCT FROM CASE WHEN w.author IS NULL THEN careaccess_can(m.id, c.id, k.code, a.action)
		ELSE careaccess_can(m.id, c.id, k.code, a.action, w.author) END$$,
	'explain has one deciding step, and decides as can does');

SELECT * FROM finish();
ROLLBACK;
