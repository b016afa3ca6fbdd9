-- The rules of SimplePractice, SP-1 to SP-17, as its members live with them:
-- what a rule shows and hides in rows and functions, whom it refuses, and what
-- its undo gives back.
BEGIN;
SELECT plan(425);
\set preset simplepractice
\ir rules/clinic.sql

SELECT pg_temp.member('owen', 'account_owner'), pg_temp.member('mary', 'practice_manager'),
	pg_temp.member('sven', 'practice_scheduler'), pg_temp.member('bill', 'practice_biller'),
	pg_temp.member('dora', 'clinician_entire_practice'), pg_temp.member('fred', 'clinician_full_client_list'),
	pg_temp.member('carl', 'clinician_billing'), pg_temp.member('anna', 'clinician_basic'),
	pg_temp.member('bert', 'clinician_basic') \g /dev/null
SELECT pg_temp.client('mona', 'anna'), pg_temp.client('nora', 'bert'), pg_temp.client('olga', 'carl') \g /dev/null
SELECT careaccess_add_member('elsewhere', 'else', 'Else', '{clinician_basic}'), careaccess_add_client('else1', 'elsewhere', 'else') \g /dev/null

\set all 'name profile diagnosis schedule documents billing chart'
\set own 'name profile diagnosis schedule documents billing chart private_notes'
-- What the roles give of mona, who is anna's.
\set by_role 'anna: ' :own '\nbert:\nbill: name profile diagnosis schedule billing\ncarl:\ndora: ' :all '\nfred: name\nmary: name profile schedule documents billing\nowen: ' :all '\nsven: name profile schedule documents'
SAVEPOINT clinic;

--
-- SP-1 restricting alone takes nothing from anybody
--
SELECT is(pg_temp.everybody('mona'), :'by_role', 'SP-1 what everybody sees of a client');
SELECT pg_temp.may('anna', $$SELECT careaccess_restrict_client('mona')$$, 'SP-1 the owner restricts him');
SELECT is(pg_temp.everybody('mona'), :'by_role', 'SP-1 and everybody sees what he saw');
SELECT is(pg_temp.changes('dora', 'mona', 'chart') || '; ' || pg_temp.changes('sven', 'mona', 'schedule') || '; ' || pg_temp.changes('bill', 'mona', 'billing'),
	'create edit delete; create edit delete; create edit delete', 'SP-1 and writes what he wrote');
SELECT pg_temp.may('sven', $$SELECT careaccess_share_client('mona', 'bert')$$, 'SP-1 he is granted as before');
SELECT is(pg_temp.seen('bert', 'mona'), :'all', 'SP-1 and the grant counts');
SELECT pg_temp.may_not('sven', $$SELECT careaccess_restrict_client('nora')$$, '42501 not allowed to restrict a client', 'SP-1 a scheduler restricts nobody');
SELECT pg_temp.may_not('dora', $$SELECT careaccess_restrict_client('nora')$$, '42501 not allowed to restrict a client', 'SP-1 nor does a clinician who is not the owner');
SELECT pg_temp.may_not('bert', $$SELECT careaccess_restrict_client('mona')$$, '42501 not allowed to restrict a client', 'SP-1 nor one with a grant');
SELECT pg_temp.may_not('carl', $$SELECT careaccess_restrict_client('mona')$$, 'P0002 no such client: "mona"', 'SP-1 and for whom the client is hidden, he is missing');
SELECT pg_temp.may('mary', $$SELECT careaccess_restrict_client('nora')$$, 'SP-1 a manager restricts anybody');
SELECT pg_temp.may('sven', $$SELECT careaccess_unshare_client('mona', 'bert')$$, 'SP-1 the grant ends');
SELECT pg_temp.may('anna', $$SELECT careaccess_unrestrict_client('mona')$$, 'SP-1 undone');
SELECT is(pg_temp.everybody('mona'), :'by_role', 'SP-1 there is nothing to give back');
ROLLBACK TO clinic;

--
-- SP-2 revoking before restricting is refused, restricting where the setting is off too
--
SELECT pg_temp.may_not('anna', $$SELECT careaccess_revoke_administrative_access('mona', 'dora')$$, '55000 client "mona" is not restricted',
	'SP-2 revoking before restricting is refused');
SELECT alike(pg_temp.refusal('anna', $$SELECT careaccess_revoke_administrative_access('mona', 'dora')$$, true), '%careaccess_restrict_client%',
	'SP-2 with the way to do it');
SELECT pg_temp.may_not('owen', $$SELECT careaccess_revoke_administrative_access('mona', 'dora')$$, '55000 client "mona" is not restricted', 'SP-2 the account''s owner too');
SELECT is(pg_temp.seen('dora', 'mona'), :'all', 'SP-2 and took nothing');
SELECT pg_temp.may('anna', $$SELECT careaccess_restrict_client('mona')$$, 'SP-2 restricted first');
SELECT pg_temp.may('anna', $$SELECT careaccess_revoke_administrative_access('mona', 'dora')$$, 'SP-2 then revoked');
SELECT is(pg_temp.seen('dora', 'mona'), '', 'SP-2 she sees nothing');
SELECT pg_temp.may_not('owen', $$SELECT careaccess_configure_practice('clinic', '{"restriction": "off"}')$$,
	'55000 cannot switch restriction off while clients are restricted', 'SP-2 the setting stays on while a client is restricted');
SELECT pg_temp.may('anna', $$SELECT careaccess_unrestrict_client('mona')$$, 'SP-2 unrestricted');
SELECT pg_temp.may_not('mary', $$SELECT careaccess_configure_practice('clinic', '{"restriction": "off"}')$$, '42501 not allowed to change the settings of a practice', 'SP-2 a manager has no settings');
SELECT pg_temp.may('owen', $$SELECT careaccess_configure_practice('clinic', '{"restriction": "off"}')$$, 'SP-2 the setting off');
SELECT pg_temp.may_not('anna', $$SELECT careaccess_restrict_client('mona')$$, '55000 this practice does not restrict clients', 'SP-2 nobody is restricted');
SELECT pg_temp.may_not('owen', $$SELECT careaccess_restrict_client('mona')$$, '55000 this practice does not restrict clients', 'SP-2 by nobody');
SELECT pg_temp.may_not('anna', $$SELECT careaccess_revoke_administrative_access('mona', 'dora')$$, '55000 client "mona" is not restricted', 'SP-2 nor revoked');
SELECT is(pg_temp.everybody('mona'), :'by_role', 'SP-2 everybody sees what his role gives');
SELECT pg_temp.may('owen', $$SELECT careaccess_configure_practice('clinic', '{"restriction": "on"}')$$, 'SP-2 the setting on again');
SELECT pg_temp.may('anna', $$SELECT careaccess_restrict_client('mona')$$, 'SP-2 lets her restrict');
SELECT is(pg_temp.seen('dora', 'mona'), :'all', 'SP-2 and brings no former revocation back');
ROLLBACK TO clinic;

--
-- SP-3 restricted and revoked hides everything from that member, the name too,
-- in lists, search, counts, sums and joins
--
UPDATE invoice SET amount = CASE client WHEN 'mona' THEN 100 WHEN 'nora' THEN 20 ELSE 3 END;
UPDATE client SET email = id || '@example.org';
-- It sees the rows that reach it, whatever the order of the conditions.
CREATE FUNCTION pg_temp.spy(value text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $$
BEGIN
	PERFORM set_config('rules.spied', concat_ws(' ', nullif(current_setting('rules.spied', true), ''), value), true);
	RETURN true;
END $$;
-- The same for mona as for nemo, of whom nobody has heard.
CREATE FUNCTION pg_temp.like_nobody(member text, statement text) RETURNS text LANGUAGE sql AS $$
	SELECT CASE WHEN replace(r.mona, 'mona', 'nemo') = r.nemo THEN '' ELSE concat_ws(E'\n', statement, r.mona, r.nemo) END
	FROM (SELECT pg_temp.refusal(member, format(statement, 'mona'), true), pg_temp.refusal(member, format(statement, 'nemo'), true)) AS r (mona, nemo)
$$;
SELECT is(pg_temp.query('dora', 'SELECT name FROM client ORDER BY name'), 'Mona, Nora, Olga', 'SP-3 before: the list');
SELECT is(pg_temp.query('dora', 'SELECT count(*), sum(amount) FROM invoice'), '3 123', 'SP-3 before: count and sum');
SELECT is(pg_temp.refusal('dora', $$SELECT careaccess_share_client('mona', 'bert')$$), 'not refused: 1 rows', 'SP-3 before: she may share the client');
SELECT pg_temp.may('anna', $$SELECT careaccess_restrict_client('mona')$$, 'SP-3 the owner restricts');
SELECT pg_temp.may('anna', $$SELECT careaccess_revoke_administrative_access('mona', 'dora')$$, 'SP-3 and revokes');
SELECT pg_temp.may('anna', $$SELECT careaccess_revoke_administrative_access('mona', 'mary')$$, 'SP-3 also one who is no practitioner');
SELECT is(pg_temp.everybody('mona'), replace(replace(:'by_role', 'dora: ' || :'all', 'dora:'), 'mary: name profile schedule documents billing', 'mary:'),
	'SP-3 these two see nothing, not even the name; the others what they saw');
SELECT is(pg_temp.everybody('nora'), replace(replace(replace(:'by_role', 'anna: ' || :'own', 'anna:'), 'bert:', 'bert: ' || :'own'), 'mona', 'nora'),
	'SP-3 of another client nothing is taken');
SELECT is(pg_temp.clients('dora', c), 'nora olga', 'SP-3 the client is in no list: ' || c)
FROM unnest('{name,profile,diagnosis,schedule,documents,billing,chart}'::text[]) AS c;
SELECT is(pg_temp.query('dora', $$SELECT v::text FROM careaccess_visible_clients('dora', 'name') AS v ORDER BY 1$$), 'nora, olga', 'SP-3 nor in that of careaccess_visible_clients');
SELECT is(pg_temp.query('dora', q), answer, 'SP-3 ' || what) FROM (VALUES
	('the list', 'SELECT name FROM client ORDER BY name', 'Nora, Olga'),
	('search by name', $$SELECT name FROM client WHERE name LIKE 'M%'$$, ''),
	('search by part of a name', $$SELECT name FROM client WHERE name ILIKE '%O%' ORDER BY 1$$, 'Nora, Olga'),
	('search by identifier', $$SELECT name FROM client WHERE id = 'mona'$$, ''),
	('search by identifiers', $$SELECT name FROM client WHERE id = ANY ('{mona,nora}')$$, 'Nora'),
	('search by phone number', $$SELECT client FROM profile WHERE phone = '555-mona'$$, ''),
	('search by e-mail', $$SELECT name FROM client WHERE email IN ('mona@example.org', 'olga@example.org')$$, 'Olga'),
	('search by regular expression', $$SELECT name FROM client WHERE name ~ '^[MN]'$$, 'Nora'),
	('a condition that is always true', $$SELECT count(*) FROM client WHERE true OR id = 'mona'$$, '2'),
	('count', 'SELECT count(*), count(DISTINCT id), count(email) FROM client', '2 2 2'),
	('count under a condition', $$SELECT count(*) FILTER (WHERE client = 'mona'), count(*) FROM note$$, '0 2'),
	('sum', 'SELECT sum(amount), avg(amount)::numeric(6,1), max(amount), min(amount) FROM invoice', '23 11.5 20 3'),
	('sums by client', 'SELECT client, sum(amount) FROM invoice GROUP BY client ORDER BY 1', 'nora 20, olga 3'),
	('sums with subtotals', 'SELECT coalesce(client, ''total''), sum(amount) FROM invoice GROUP BY ROLLUP (client) ORDER BY 2', 'olga 3, nora 20, total 23'),
	('groups that exceed a limit', 'SELECT client FROM invoice GROUP BY client HAVING sum(amount) > 50', ''),
	('first and last', 'SELECT min(name), max(name) FROM client', 'Nora Olga'),
	('names in one value', 'SELECT string_agg(name, ''+'' ORDER BY name) FROM client', 'Nora+Olga'),
	('rows in one value', 'SELECT jsonb_agg(id ORDER BY id) FROM client', '["nora", "olga"]'),
	('windows', 'SELECT name, count(*) OVER (), row_number() OVER (ORDER BY name), lag(name) OVER (ORDER BY name) FROM client ORDER BY 1',
		'Nora 2 1 null, Olga 2 2 Nora'),
	('join', 'SELECT c.name, n.body FROM client AS c JOIN note AS n ON n.client = c.id ORDER BY 1', 'Nora first visit, Olga first visit'),
	('outer join', $$SELECT v.id, c.name FROM (VALUES ('mona'), ('nemo'), ('nora')) AS v (id) LEFT JOIN client AS c ON c.id = v.id ORDER BY 1$$,
		'mona null, nemo null, nora Nora'),
	('full join', 'SELECT c.id, i.client FROM client AS c FULL JOIN invoice AS i ON i.client = c.id ORDER BY 1', 'nora nora, olga olga'),
	('join of records by their author', 'SELECT DISTINCT b.client FROM note AS a JOIN appointment AS b USING (author) ORDER BY 1', 'nora, olga'),
	('LATERAL', 'SELECT c.id, l.amount FROM client AS c, LATERAL (SELECT amount FROM invoice WHERE client = c.id) AS l ORDER BY 1', 'nora 20, olga 3'),
	('EXISTS', $$SELECT EXISTS (SELECT FROM client WHERE id = 'mona'), EXISTS (SELECT FROM note WHERE client = 'mona'), EXISTS (SELECT FROM client WHERE id = 'nora')$$,
		'false false true'),
	('EXISTS in a condition', 'SELECT id FROM client AS c WHERE EXISTS (SELECT FROM note WHERE client = c.id) ORDER BY 1', 'nora, olga'),
	('NOT EXISTS', 'SELECT count(*) FROM note AS n WHERE NOT EXISTS (SELECT FROM client WHERE id = n.client)', '0'),
	('IN', 'SELECT id FROM client WHERE id IN (SELECT client FROM invoice WHERE amount >= 20)', 'nora'),
	('a sub-select as a value', $$SELECT (SELECT name FROM client WHERE id = 'mona')$$, 'null'),
	('page 1', 'SELECT name FROM client ORDER BY name LIMIT 1', 'Nora'),
	('page 2', 'SELECT name FROM client ORDER BY name LIMIT 1 OFFSET 1', 'Olga'),
	('page 3', 'SELECT name FROM client ORDER BY name LIMIT 1 OFFSET 2', ''),
	('the page after a name', $$SELECT name FROM client WHERE name > 'A' ORDER BY name FETCH FIRST 1 ROW ONLY$$, 'Nora'),
	('the highest invoice', 'SELECT client FROM invoice ORDER BY amount DESC LIMIT 1', 'nora'),
	('UNION', 'SELECT id FROM client UNION SELECT client FROM note ORDER BY 1', 'nora, olga'),
	('EXCEPT', $$VALUES ('mona'), ('nora') EXCEPT SELECT id FROM client$$, 'mona'),
	('a materialized part', 'WITH c AS MATERIALIZED (SELECT * FROM client) SELECT count(*) FROM c', '2'),
	('SELECT FOR UPDATE', $$SELECT id FROM client WHERE id IN ('mona', 'nora') FOR UPDATE$$, 'nora'),
	('UPDATE … RETURNING', 'UPDATE client SET email = email RETURNING id', 'nora, olga'),
	('careaccess_can_view', $$SELECT careaccess_can_view('dora', 'mona', 'name'), careaccess_can_view('dora', 'nemo', 'name'), careaccess_can_view('dora', 'nora', 'name')$$,
		'false false true'),
	('careaccess_visible', $$SELECT v.id, careaccess_visible(v.id, 'name') FROM (VALUES ('mona'), ('nemo'), ('nora')) AS v (id)$$,
		'mona false, nemo false, nora true')
) AS v (what, q, answer);
SELECT is(pg_temp.query('dora', $$SELECT count(*) FROM client WHERE pg_temp.spy(id)$$) || ': ' || current_setting('rules.spied'), '2: nora olga',
	'SP-3 no function of a query''s author meets the row');
SELECT is(pg_temp.query('dora', $$SELECT count(*) FROM client JOIN note ON client = id AND pg_temp.spy(body || ' of ' || client)$$) || ': ' || replace(current_setting('rules.spied'), 'nora olga first', 'first'),
	'2: first visit of nora first visit of olga', 'SP-3 nor in a join');
SELECT is(pg_temp.like_nobody('dora', s), '', 'SP-3 an answer as for a client who does not exist: ' || format(s, '…')) FROM unnest(ARRAY[
	$$SELECT careaccess_share_client('%s', 'bert')$$,
	$$SELECT careaccess_unshare_client('%s', 'bert')$$,
	$$SELECT careaccess_share_client_with_all('%s', true)$$,
	$$SELECT careaccess_set_client_access('%s', '{bert}', 'dora')$$,
	$$SELECT careaccess_reassign_client('%s', 'dora')$$,
	$$SELECT careaccess_set_client_status('%s', 'archived')$$,
	$$SELECT careaccess_set_client_status('%s', 'deleted')$$,
	$$SELECT careaccess_list_client('%s', 'dora')$$,
	$$SELECT careaccess_unlist_client('%s', 'dora')$$,
	$$SELECT careaccess_share_chart('%s', 'anna', 'dora')$$,
	$$SELECT careaccess_stop_chart_share('%s', 'anna', 'dora')$$,
	$$SELECT careaccess_restrict_client('%s')$$,
	$$SELECT careaccess_unrestrict_client('%s')$$,
	$$SELECT careaccess_revoke_administrative_access('%s', 'mary')$$,
	$$SELECT careaccess_restore_administrative_access('%s', 'dora')$$,
	$$SELECT FROM careaccess_viewers('%s', 'name')$$,
	$$SELECT FROM careaccess_explain('dora', '%s', 'name')$$,
	$$SELECT FROM client WHERE id = '%s'$$,
	$$UPDATE client SET name = 'x' WHERE id = '%s'$$,
	$$DELETE FROM client WHERE id = '%s'$$,
	$$INSERT INTO note (client, author) VALUES ('%s', 'dora')$$,
	$$INSERT INTO appointment (client, author) VALUES ('%s', 'dora') RETURNING client$$,
	$$UPDATE note SET client = '%s' WHERE client = 'nora'$$]) AS s;
SELECT is(pg_temp.refusal('mary', $$SELECT careaccess_restore_administrative_access('mona', 'dora')$$), 'P0002 no such client: "mona"',
	'SP-3 who is revoked restores nobody, though her role may');
SELECT is(pg_temp.changes('dora', 'mona', c), '', 'SP-3 she changes nothing: ' || c) FROM unnest('{name,profile,schedule,billing,chart}'::text[]) AS c;
SELECT is(pg_temp.query('dora', 'SELECT count(*), sum(amount) FROM invoice') || '; ' || pg_temp.query('anna', 'SELECT count(*), sum(amount) FROM invoice'), '2 23; 1 100',
	'SP-3 the owner counts what the revoked member does not');
SELECT pg_temp.may('anna', $$SELECT careaccess_restore_administrative_access('mona', 'dora')$$, 'SP-3 undone');
SELECT is(pg_temp.query('dora', 'SELECT name FROM client ORDER BY name LIMIT 1'), 'Mona', 'SP-3 the client is back on the first page');
SELECT is(pg_temp.query('dora', 'SELECT count(*), sum(amount) FROM invoice'), '3 123', 'SP-3 and in count and sum');
SELECT is(pg_temp.seen('dora', 'mona') || '; ' || pg_temp.seen('mary', 'mona'), :'all' || '; ', 'SP-3 for her whose access was restored, and for her alone');
ROLLBACK TO clinic;

--
-- SP-4 revoking administrative access also removes that member's grant on the
-- client, in the same transaction; SP-5 restoring brings back what the role
-- gives, not the grant
--
SELECT pg_temp.may('anna', $$SELECT careaccess_share_client('mona', 'fred'), careaccess_share_client('mona', 'bert'), careaccess_share_client('mona', 'dora')$$, 'SP-4 three have a grant');
SELECT pg_temp.may('bert', $$SELECT careaccess_share_client('nora', 'fred')$$, 'SP-4 one of them on another client, too');
SELECT is(pg_temp.seen('fred', 'mona'), :'all', 'SP-4 who sees names only sees all by his grant');
SELECT pg_temp.may('anna', $$SELECT careaccess_restrict_client('mona')$$, 'SP-4 restricted');
SAVEPOINT revoking;
SELECT pg_temp.may('anna', $$SELECT careaccess_revoke_administrative_access('mona', 'fred')$$, 'SP-4 his administrative access is revoked');
SELECT is(pg_temp.seen('fred', 'mona'), '', 'SP-4 he sees nothing any more');
SELECT pg_temp.may('anna', $$SELECT careaccess_restore_administrative_access('mona', 'fred')$$, 'SP-4 restored in the same transaction');
SELECT is(pg_temp.seen('fred', 'mona'), 'name', 'SP-4 he has lost his grant');
ROLLBACK TO revoking;
SELECT is(pg_temp.seen('fred', 'mona'), :'all', 'SP-4 rolled back: revocation and grant are one transaction');
SELECT pg_temp.may_not('sven', $$SELECT careaccess_revoke_administrative_access('mona', 'fred')$$, '42501 not allowed to revoke administrative access to a client', 'SP-4 a scheduler revokes nobody');
SELECT pg_temp.may_not('fred', $$SELECT careaccess_revoke_administrative_access('mona', 'dora')$$, '42501 not allowed to revoke administrative access to a client', 'SP-4 nor does a granted clinician');
SELECT is(pg_temp.seen('fred', 'mona'), :'all', 'SP-4 what is refused ends no grant');
SELECT pg_temp.may('anna', $$SELECT careaccess_revoke_administrative_access('mona', 'fred')$$, 'SP-4 revoked');
SELECT pg_temp.may('mary', $$SELECT careaccess_revoke_administrative_access('mona', 'dora')$$, 'SP-4 another one, by a manager');
SELECT is(pg_temp.seen('bert', 'mona'), :'all', 'SP-4 the grant of somebody else stays');
SELECT is(pg_temp.seen('fred', 'nora'), :'all', 'SP-4 and his own on another client');
SELECT pg_temp.may_not('fred', $$SELECT careaccess_restore_administrative_access('mona', 'fred')$$, 'P0002 no such client: "mona"', 'SP-5 nobody restores himself');
SELECT pg_temp.may_not('sven', $$SELECT careaccess_restore_administrative_access('mona', 'fred')$$, '42501 not allowed to restore administrative access to a client', 'SP-5 nor does a scheduler');
SELECT pg_temp.may_not('bert', $$SELECT careaccess_restore_administrative_access('mona', 'fred')$$, '42501 not allowed to restore administrative access to a client', 'SP-5 nor a granted clinician');
SELECT is(pg_temp.seen('fred', 'mona'), '', 'SP-5 so he stays revoked');
SELECT pg_temp.may('anna', $$SELECT careaccess_restore_administrative_access('mona', 'fred')$$, 'SP-5 the owner restores him');
SELECT is(pg_temp.seen('fred', 'mona'), 'name', 'SP-5 he sees the name again, as his role gives it, and nothing that his grant gave');
SELECT pg_temp.may_not('fred', $$SELECT careaccess_share_client('mona', 'carl')$$, '42501 not allowed to share a client', 'SP-5 nor may he grant on');
SELECT is(pg_temp.changes('fred', 'mona', 'chart'), '', 'SP-5 or write');
SELECT is(pg_temp.seen('dora', 'mona'), '', 'SP-5 somebody else stays revoked');
SELECT pg_temp.may('owen', $$SELECT careaccess_restore_administrative_access('mona', 'dora')$$, 'SP-5 and is restored for himself');
SELECT is(pg_temp.seen('dora', 'mona'), :'all', 'SP-5 her role gives all');
SELECT pg_temp.may('mary', $$SELECT careaccess_set_member_roles('dora', '{clinician_basic}')$$, 'SP-5 in a lesser role');
SELECT is(pg_temp.seen('dora', 'mona'), '', 'SP-5 she sees that her grant is gone, too');
SELECT pg_temp.may('anna', $$SELECT careaccess_share_client('mona', 'fred')$$, 'SP-5 granted anew');
SELECT is(pg_temp.seen('fred', 'mona'), :'all', 'SP-5 he sees all again');
SELECT pg_temp.may('anna', $$SELECT careaccess_restore_administrative_access('mona', 'fred')$$, 'SP-5 restoring who is not revoked is no error');
SELECT is(pg_temp.seen('fred', 'mona'), :'all', 'SP-5 and changes nothing');
ROLLBACK TO clinic;

--
-- SP-6 the owner, and a member with an unrevocable role, cannot be revoked
--
SELECT pg_temp.member('otto', 'account_owner'), pg_temp.client('pina', 'fred') \g /dev/null
SELECT pg_temp.may('mary', $$SELECT careaccess_restrict_client('mona'), careaccess_restrict_client('pina')$$, 'SP-6 restricted');
SELECT pg_temp.may_not('mary', $$SELECT careaccess_revoke_administrative_access('mona', 'anna')$$, '55000 the owner of a client cannot be revoked', 'SP-6 the owner cannot be revoked');
SELECT pg_temp.may_not('mary', $$SELECT careaccess_revoke_administrative_access('pina', 'fred')$$, '55000 the owner of a client cannot be revoked', 'SP-6 not either with an administrative role');
SELECT pg_temp.may_not('fred', $$SELECT careaccess_revoke_administrative_access('pina', 'fred')$$, '55000 the owner of a client cannot be revoked', 'SP-6 not by himself');
SELECT pg_temp.may_not('anna', $$SELECT careaccess_revoke_administrative_access('mona', 'owen')$$, '55000 member "owen" holds a role that cannot be revoked', 'SP-6 nor can the account''s owner');
SELECT is(pg_temp.seen('anna', 'mona') || '; ' || pg_temp.seen('fred', 'pina') || '; ' || pg_temp.seen('owen', 'mona'), :'own' || '; ' || :'own' || '; ' || :'all', 'SP-6 they see what they saw');
SELECT pg_temp.may('mary', $$SELECT careaccess_reassign_client('pina', 'bert')$$, 'SP-6 with another owner');
SELECT pg_temp.may('bert', $$SELECT careaccess_revoke_administrative_access('pina', 'fred')$$, 'SP-6 the former one can be revoked');
SELECT is(pg_temp.seen('fred', 'pina'), '', 'SP-6 and sees nothing');
SELECT pg_temp.may('owen', $$SELECT careaccess_set_member_roles('otto', '{clinician_entire_practice}')$$, 'SP-6 without the unrevocable role');
SELECT pg_temp.may('anna', $$SELECT careaccess_revoke_administrative_access('mona', 'otto')$$, 'SP-6 a member can be revoked');
SELECT is(pg_temp.seen('otto', 'mona'), '', 'SP-6 and sees nothing');
SELECT pg_temp.may('owen', $$SELECT careaccess_set_member_roles('otto', '{account_owner}')$$, 'SP-6 with the unrevocable role again');
SELECT is(pg_temp.seen('otto', 'mona'), :'all', 'SP-6 he sees all, revoked or not');
SELECT pg_temp.may('owen', $$SELECT careaccess_set_member_roles('otto', '{clinician_entire_practice}')$$, 'SP-6 and without it once more');
SELECT is(pg_temp.seen('otto', 'mona'), '', 'SP-6 the revocation is still there');
SELECT pg_temp.may('mary', $$SELECT careaccess_restore_administrative_access('pina', 'fred')$$, 'SP-6 the former owner is restored');
SELECT is(pg_temp.seen('fred', 'pina'), 'name', 'SP-6 to what his role gives');
ROLLBACK TO clinic;

--
-- SP-7 only a member holding an administrative role can be revoked; the
-- revocation follows the member through role changes
--
SELECT pg_temp.may('anna', $$SELECT careaccess_share_client('mona', 'bert'), careaccess_restrict_client('mona')$$, 'SP-7 shared and restricted');
SELECT pg_temp.may_not('anna', $$SELECT careaccess_revoke_administrative_access('mona', 'bert')$$, '22023 member "bert" has no administrative access', 'SP-7 a basic clinician cannot be revoked');
SELECT pg_temp.may_not('anna', $$SELECT careaccess_revoke_administrative_access('mona', 'carl')$$, '22023 member "carl" has no administrative access', 'SP-7 nor a billing one');
SELECT pg_temp.may_not('anna', $$SELECT careaccess_revoke_administrative_access('mona', 'else')$$, 'P0002 no such member: "else"', 'SP-7 nor somebody elsewhere');
SELECT is(pg_temp.seen('bert', 'mona'), :'all', 'SP-7 he sees what his grant gives');
SELECT pg_temp.may('anna', $$SELECT careaccess_unshare_client('mona', 'bert')$$, 'SP-7 which is ended by itself');
SELECT is(pg_temp.seen('bert', 'mona'), '', 'SP-7 and then he sees nothing');
SELECT pg_temp.may('anna', format('SELECT careaccess_revoke_administrative_access(''mona'', %L)', m), 'SP-7 revoked: ' || m) FROM unnest('{mary,sven,bill,dora,fred}'::text[]) AS m;
SELECT is(pg_temp.everybody('mona'), E'anna: ' || :'own' || E'\nbert:\nbill:\ncarl:\ndora:\nfred:\nmary:\nowen: ' || :'all' || E'\nsven:', 'SP-7 all who hold administrative roles');
SELECT t FROM unnest('{clinician_basic,practice_manager,practice_biller,clinician_full_client_list,clinician_entire_practice}'::text[]) AS r,
	LATERAL (VALUES
		(pg_temp.may('owen', format('SELECT careaccess_set_member_roles(''dora'', %L)', ARRAY[r]), 'SP-7 given the role ' || r)),
		(is(pg_temp.seen('dora', 'mona') || '; ' || (pg_temp.seen('dora', 'nora') <> ''), '; ' || (r <> 'clinician_basic'), 'SP-7 she stays revoked as ' || r))) AS v (t);
SELECT pg_temp.may('owen', $$SELECT careaccess_set_member_roles('dora', '{practice_scheduler}')$$, 'SP-7 in another role');
SELECT pg_temp.may('anna', $$SELECT careaccess_restore_administrative_access('mona', 'dora')$$, 'SP-7 she is restored');
SELECT is(pg_temp.seen('dora', 'mona'), 'name profile schedule documents', 'SP-7 to what this role gives');
ROLLBACK TO clinic;

--
-- SP-8 while revoked, a grant, listing or chart share to that member, or making
-- him the owner, is refused
--
-- A role of the practice's own, for whom nothing but the revocation stands in the way.
SELECT pg_temp.may('owen', $$SELECT careaccess_define_role('clinic', 'coordinator', '{"practitioner": false, "administrative": true,
	"permissions": [{"category": "name", "actions": ["view", "edit"], "reach": "all"}],
	"capabilities": ["grant", "reassign", "list_client", "share_chart_any"]}')$$, 'SP-8 a role that may give everything');
SELECT pg_temp.member('cora', 'coordinator') \g /dev/null
SELECT pg_temp.may('anna', $$SELECT careaccess_restrict_client('mona'), careaccess_revoke_administrative_access('mona', 'fred')$$, 'SP-8 revoked');
SELECT pg_temp.may_not('cora', s, '55000 the administrative access of member "fred" to client "mona" is revoked', 'SP-8 refused: ' || s) FROM unnest(ARRAY[
	$$SELECT careaccess_share_client('mona', 'fred')$$,
	$$SELECT careaccess_set_client_access('mona', '{bert,fred}')$$,
	$$SELECT careaccess_set_client_access('mona', '{bert}', 'fred')$$,
	$$SELECT careaccess_list_client('mona', 'fred')$$,
	$$SELECT careaccess_share_chart('mona', 'anna', 'fred')$$,
	$$SELECT careaccess_reassign_client('mona', 'fred')$$,
	$$UPDATE client SET owner = 'fred' WHERE id = 'mona'$$]) AS s;
SELECT pg_temp.may_not('cora', $$SELECT careaccess_transfer_clients('anna', 'fred')$$, '55000 the administrative access of member "fred" is revoked on clients that he would own', 'SP-8 refused: as the owner of all whom the owner has');
SELECT pg_temp.may_not('mary', $$SELECT careaccess_remove_member('anna', 'fred')$$, '55000 the administrative access of member "fred" is revoked on clients that he would own', 'SP-8 refused: as the successor of a member who leaves');
SELECT pg_temp.may_not('anna', $$SELECT careaccess_share_client('mona', 'fred')$$, '55000 the administrative access of member "fred" to client "mona" is revoked', 'SP-8 not either by the owner');
SELECT is(pg_temp.seen('fred', 'mona') || '; ' || pg_temp.seen('bert', 'mona'), '; ', 'SP-8 nobody got anything of it');
SELECT is(pg_temp.seen('anna', 'mona'), :'own', 'SP-8 and the owner is the owner');
SELECT pg_temp.may('cora', $$SELECT careaccess_share_client_with_all('mona', true)$$, 'SP-8 a client shared with all');
SELECT is(pg_temp.seen('bert', 'mona') || '; ' || pg_temp.seen('fred', 'mona'), :'all' || '; ', 'SP-8 is not shared with him');
SELECT pg_temp.may('cora', $$SELECT careaccess_share_client_with_all('mona', false)$$, 'SP-8 no more shared with all');
SELECT pg_temp.may('cora', $$SELECT careaccess_share_client('nora', 'fred')$$, 'SP-8 another client is granted to him');
SELECT is(pg_temp.seen('fred', 'nora'), :'all', 'SP-8 which counts');
SELECT pg_temp.may('anna', $$SELECT careaccess_restore_administrative_access('mona', 'fred')$$, 'SP-8 restored');
SAVEPOINT restored;
SELECT pg_temp.may('cora', $$SELECT careaccess_share_client('mona', 'fred')$$, 'SP-8 he is granted the client');
SELECT is(pg_temp.seen('fred', 'mona'), :'all', 'SP-8 and sees it');
ROLLBACK TO restored;
SELECT pg_temp.may('cora', $$UPDATE client SET owner = 'fred' WHERE id = 'mona'$$, 'SP-8 or made the owner');
SELECT is(pg_temp.seen('fred', 'mona') || '; ' || pg_temp.seen('anna', 'mona', 'anna'), :'all' || '; ', 'SP-8 in place of the former one');
ROLLBACK TO clinic;

--
-- SP-9 unrestricting deletes the client's revocations
--
SELECT pg_temp.may('anna', $$SELECT careaccess_share_client('mona', 'fred'), careaccess_restrict_client('mona')$$, 'SP-9 restricted');
SELECT pg_temp.may('bert', $$SELECT careaccess_restrict_client('nora'), careaccess_revoke_administrative_access('nora', 'dora')$$, 'SP-9 another client, too');
SELECT pg_temp.may('anna', format('SELECT careaccess_revoke_administrative_access(''mona'', %L)', m), 'SP-9 revoked: ' || m) FROM unnest('{dora,fred,mary}'::text[]) AS m;
SELECT is(pg_temp.seen('dora', 'mona') || pg_temp.seen('fred', 'mona') || pg_temp.seen('mary', 'mona'), '', 'SP-9 they see nothing');
SELECT pg_temp.may_not('sven', $$SELECT careaccess_unrestrict_client('mona')$$, '42501 not allowed to unrestrict a client', 'SP-9 a scheduler does not unrestrict');
SELECT pg_temp.may_not('mary', $$SELECT careaccess_unrestrict_client('mona')$$, 'P0002 no such client: "mona"', 'SP-9 nor one who is revoked');
SELECT pg_temp.may('anna', $$SELECT careaccess_unrestrict_client('mona')$$, 'SP-9 the owner does');
SELECT is(pg_temp.everybody('mona'), :'by_role', 'SP-9 everybody sees what his role gives, and not what a former grant gave');
SELECT is(pg_temp.seen('dora', 'nora'), '', 'SP-9 the revocation on another client stays');
SELECT pg_temp.may('anna', $$SELECT careaccess_restrict_client('mona')$$, 'SP-9 restricted again');
SELECT is(pg_temp.everybody('mona'), :'by_role', 'SP-9 no revocation comes back');
SELECT pg_temp.may('anna', $$SELECT careaccess_revoke_administrative_access('mona', 'dora')$$, 'SP-9 a new one');
SELECT is(pg_temp.seen('dora', 'mona') || pg_temp.clients('fred'), 'mona nora olga', 'SP-9 counts for whom it names');
ROLLBACK TO clinic;

--
-- SP-10 full-client-list clinicians see names of all clients and nothing else
-- without a grant
--
SELECT pg_temp.client('pina', 'fred') \g /dev/null
-- The list as an application shows it: clients as by their names, telephones as by their profiles.
SELECT careaccess_mask('clinic.phone_list', 'profile', '{"phone": "profile"}', 'name') \g /dev/null
GRANT SELECT ON phone_list TO :plain_role;
SELECT is(pg_temp.clients('fred'), 'mona nora olga pina', 'SP-10 all names');
SELECT is(pg_temp.clients('fred', c), 'pina', 'SP-10 of his own clients only: ' || c)
FROM unnest('{profile,diagnosis,schedule,documents,billing,chart,private_notes}'::text[]) AS c;
SELECT is(pg_temp.seen('fred', 'mona') || '; ' || pg_temp.seen('fred', 'pina'), 'name; ' || :'own', 'SP-10 the name of another''s client, all of his own');
SELECT is(pg_temp.changes('fred', 'mona', c), '', 'SP-10 of another''s client he changes nothing: ' || c) FROM unnest('{name,profile,schedule,billing,chart,private_notes}'::text[]) AS c;
SELECT is(pg_temp.query('fred', 'SELECT count(*) FROM client') || pg_temp.query('fred', 'SELECT count(*) FROM profile'), '41', 'SP-10 four names, one profile');
SELECT is(pg_temp.query('fred', 'SELECT client, phone FROM phone_list ORDER BY 1'), 'mona null, nora null, olga null, pina 555-pina', 'SP-10 the masked list has all clients, and the telephones of his own clients');
SELECT is(pg_temp.query('fred', $$SELECT count(*), count(phone) FROM phone_list WHERE phone LIKE '%mona'$$) || '; ' || pg_temp.query('dora', 'SELECT count(phone) FROM phone_list') || '; ' || pg_temp.query('anna', 'SELECT client, phone FROM phone_list'),
	'0 0; 4; mona 555-mona', 'SP-10 nor is a masked number found by searching; others see what their roles give');
SELECT pg_temp.may_not('fred', $$SELECT careaccess_share_client('mona', 'fred')$$, '42501 not allowed to share a client', 'SP-10 he grants himself nothing');
SELECT pg_temp.may_not('fred', $$SELECT careaccess_reassign_client('mona', 'fred')$$, '42501 not allowed to reassign a client', 'SP-10 nor takes it over');
SELECT is(pg_temp.does('fred', $$UPDATE client SET owner = 'fred' WHERE id = 'mona'$$), 0::bigint, 'SP-10 not either by its row');
SELECT pg_temp.may('anna', $$SELECT careaccess_share_client('mona', 'fred', valid_until => now() - interval '1 hour')$$, 'SP-10 a grant that has ended');
SELECT is(pg_temp.seen('fred', 'mona'), 'name', 'SP-10 is none');
SELECT pg_temp.may('anna', $$SELECT careaccess_share_client('mona', 'fred')$$, 'SP-10 granted');
SELECT is(pg_temp.seen('fred', 'mona') || '; ' || pg_temp.seen('fred', 'nora'), :'all' || '; name', 'SP-10 he sees all of this client, but not the private notes of another');
SELECT is(pg_temp.changes('fred', 'mona', 'chart') || '; ' || pg_temp.changes('fred', 'mona', 'chart', 'anna'), 'create edit delete; ', 'SP-10 writes his own notes, and leaves those of others');
SELECT is(pg_temp.query('fred', 'SELECT phone FROM phone_list WHERE phone IS NOT NULL ORDER BY 1'), '555-mona, 555-pina', 'SP-10 the masked list follows');
SELECT pg_temp.may('anna', $$SELECT careaccess_unshare_client('mona', 'fred')$$, 'SP-10 undone');
SELECT is(pg_temp.seen('fred', 'mona') || '; ' || pg_temp.query('fred', $$SELECT client, phone FROM phone_list WHERE client = 'mona'$$), 'name; mona null', 'SP-10 the name stays');
ROLLBACK TO clinic;

--
-- SP-11 basic and billing clinicians see only their own
--
SELECT is(pg_temp.clients(m, c), own, format('SP-11 %s sees of %s only his own', m, c))
FROM (VALUES ('anna', 'mona'), ('bert', 'nora'), ('carl', 'olga')) AS v (m, own),
	unnest('{name,profile,diagnosis,schedule,documents,billing,chart,private_notes}'::text[]) AS c;
SELECT is(pg_temp.seen('anna', 'nora') || pg_temp.seen('carl', 'nora') || pg_temp.seen('bert', 'mona'), '', 'SP-11 of another''s client not even the name');
SELECT is(pg_temp.changes('anna', 'nora', c) || pg_temp.changes('carl', 'nora', c), '', 'SP-11 nor do they change anything there: ' || c) FROM unnest('{name,profile,schedule,billing,chart}'::text[]) AS c;
SELECT is(pg_temp.changes('anna', 'mona', 'billing') || '; ' || pg_temp.changes('carl', 'olga', 'billing'), '; create edit delete', 'SP-11 a billing clinician bills his own clients, a basic one reads what is billed');
SELECT is(pg_temp.rows('anna', 'invoice', 'mona') || '; ' || pg_temp.changes('anna', 'mona', 'chart') , '1; create edit delete', 'SP-11 and does all else with his own');
SELECT pg_temp.may_not('anna', $$SELECT careaccess_share_client('nora', 'anna')$$, 'P0002 no such client: "nora"', 'SP-11 another''s client is missing');
SELECT pg_temp.may_not('carl', $$SELECT careaccess_reassign_client('nora', 'carl')$$, 'P0002 no such client: "nora"', 'SP-11 for the billing clinician too');
SELECT pg_temp.may('anna', $$INSERT INTO client (id, name, owner) VALUES ('rosa', 'Rosa', 'anna')$$, 'SP-11 whom she adds is hers');
SELECT is(pg_temp.clients('anna') || '; ' || pg_temp.clients('bert'), 'mona rosa; nora', 'SP-11 and nobody else''s');
SELECT pg_temp.may_not('anna', $$INSERT INTO client (id, name, owner) VALUES ('sara', 'Sara', 'bert')$$, '42501 not allowed to add a client for another owner', 'SP-11 she adds none for others');
SELECT pg_temp.may('bert', $$SELECT careaccess_share_client('nora', 'anna'), careaccess_share_client('nora', 'carl')$$, 'SP-11 granted');
SELECT is(pg_temp.clients('anna') || '; ' || pg_temp.seen('anna', 'nora') || '; ' || pg_temp.seen('carl', 'nora'), 'mona nora rosa; ' || :'all' || '; ' || :'all', 'SP-11 a granted client counts as own');
SELECT pg_temp.may('bert', $$SELECT careaccess_set_client_access('nora', '{}')$$, 'SP-11 undone');
SELECT is(pg_temp.seen('anna', 'nora') || pg_temp.seen('carl', 'nora'), '', 'SP-11 and is gone');
ROLLBACK TO clinic;

--
-- SP-12 entire-practice clinicians see all
--
SELECT is(pg_temp.clients('dora', c), 'mona nora olga', 'SP-12 of every client: ' || c) FROM unnest('{name,profile,diagnosis,schedule,documents,billing,chart}'::text[]) AS c;
SELECT is(pg_temp.clients('dora', 'private_notes'), '', 'SP-12 private notes are their author''s');
SELECT is(pg_temp.seen('dora', 'mona') || '; ' || pg_temp.seen('dora', 'nora'), :'all' || '; ' || :'all', 'SP-12 all of each');
SELECT is(pg_temp.changes('dora', 'nora', 'profile') || '; ' || pg_temp.changes('dora', 'nora', 'chart') || '; ' || pg_temp.changes('dora', 'nora', 'chart', 'bert'),
	'create edit delete; create edit delete; ', 'SP-12 she writes everywhere, but not on what others wrote');
SELECT is(pg_temp.query('dora', $$SELECT careaccess_can_view('dora', 'else1', 'name')$$) || '; ' || pg_temp.query('else', 'SELECT count(*) FROM client'), 'false; 0', 'SP-12 another clinic''s clients are not hers, nor hers another''s');
SELECT pg_temp.may_not('dora', $$SELECT careaccess_share_client('else1', 'dora')$$, 'P0002 no such client: "else1"', 'SP-12 they are missing for her');
SELECT pg_temp.may('bert', $$INSERT INTO client (id, name, owner) VALUES ('rosa', 'Rosa', 'bert')$$, 'SP-12 a new client');
SELECT is(pg_temp.clients('dora') || '; ' || pg_temp.clients('anna'), 'mona nora olga rosa; mona', 'SP-12 is hers to see at once, and not everybody''s');
SELECT pg_temp.may('mary', $$SELECT careaccess_set_member_roles('dora', '{clinician_basic}')$$, 'SP-12 without that role');
SELECT is(pg_temp.clients('dora') || pg_temp.seen('dora', 'mona'), '', 'SP-12 she sees nobody');
SELECT pg_temp.may('mary', $$SELECT careaccess_set_member_roles('dora', '{clinician_entire_practice}')$$, 'SP-12 with it');
SELECT is(pg_temp.seen('dora', 'mona'), :'all', 'SP-12 all again');
ROLLBACK TO clinic;

--
-- SP-13 a granted clinician may grant on and reassign the owner; his later
-- removal does not remove what he granted
--
SELECT pg_temp.may_not('bert', $$SELECT careaccess_share_client('mona', 'carl')$$, 'P0002 no such client: "mona"', 'SP-13 without a grant he grants nothing');
SELECT pg_temp.may('anna', $$SELECT careaccess_share_client('mona', 'bert')$$, 'SP-13 granted');
SELECT pg_temp.may('bert', $$SELECT careaccess_share_client('mona', 'carl')$$, 'SP-13 he grants on');
SELECT is(pg_temp.seen('carl', 'mona'), :'all', 'SP-13 which counts like any other');
SELECT pg_temp.may_not('bert', $$SELECT careaccess_share_client('olga', 'anna')$$, 'P0002 no such client: "olga"', 'SP-13 of this client, no other');
SAVEPOINT granted;
SELECT pg_temp.may('anna', $$SELECT careaccess_unshare_client('mona', 'bert')$$, 'SP-13 his grant is removed');
SELECT is(pg_temp.seen('bert', 'mona') || '; ' || pg_temp.seen('carl', 'mona'), '; ' || :'all', 'SP-13 he sees nothing, the one he granted to sees all');
SELECT pg_temp.may_not('bert', $$SELECT careaccess_unshare_client('mona', 'carl')$$, 'P0002 no such client: "mona"', 'SP-13 nor can he take it back');
SELECT pg_temp.may('anna', $$SELECT careaccess_unshare_client('mona', 'carl')$$, 'SP-13 the owner can');
SELECT is(pg_temp.seen('carl', 'mona'), '', 'SP-13 and it is gone');
ROLLBACK TO granted;
SELECT pg_temp.may('mary', $$SELECT careaccess_remove_member('bert', 'dora')$$, 'SP-13 the member leaves');
SELECT is(pg_temp.seen('carl', 'mona'), :'all', 'SP-13 what he granted stays');
SELECT pg_temp.may_not('bert', 'SELECT FROM client', '28000 member "bert" is not active', 'SP-13 he himself is nobody any more');
ROLLBACK TO granted;
SELECT pg_temp.may('bert', $$UPDATE client SET owner = 'carl' WHERE id = 'mona'$$, 'SP-13 he reassigns the owner, by the row');
SELECT is(pg_temp.seen('carl', 'mona') || '; ' || pg_temp.seen('bert', 'mona') || '; ' || pg_temp.seen('anna', 'mona', 'anna'), :'all' || '; ' || :'all' || '; ',
	'SP-13 the new owner sees all, he too, and the former owner nothing');
SELECT pg_temp.may('bert', $$SELECT careaccess_reassign_client('mona', 'anna')$$, 'SP-13 and back, by the function');
SELECT is(pg_temp.seen('anna', 'mona') || '; ' || pg_temp.seen('carl', 'mona'), :'own' || '; ', 'SP-13 whose grant was absorbed keeps nothing');
SELECT pg_temp.may_not('bert', $$SELECT careaccess_reassign_client('mona', 'sven')$$, '22023 member "sven" is not a practitioner', 'SP-13 owners are practitioners');
ROLLBACK TO clinic;

--
-- SP-14 schedulers may grant, billers may not
--
SELECT pg_temp.may_not('bill', s, r, 'SP-14 a biller may not: ' || s) FROM (VALUES
	($$SELECT careaccess_share_client('mona', 'bert')$$, '42501 not allowed to share a client'),
	($$SELECT careaccess_set_client_access('mona', '{bert}')$$, '42501 not allowed to set who has access to a client'),
	($$SELECT careaccess_share_client_with_all('mona', true)$$, '42501 not allowed to share a client with all'),
	($$SELECT careaccess_reassign_client('mona', 'bert')$$, '42501 not allowed to reassign a client')) AS v (s, r);
SELECT is(pg_temp.does('bill', $$UPDATE client SET owner = 'bert' WHERE id = 'mona'$$), 0::bigint, 'SP-14 nor change the owner in the row');
SELECT is(pg_temp.seen('bert', 'mona'), '', 'SP-14 nobody got anything of it');
SELECT pg_temp.may('sven', $$SELECT careaccess_share_client('mona', 'bert')$$, 'SP-14 a scheduler grants');
SELECT is(pg_temp.seen('bert', 'mona') || '; ' || pg_temp.seen('carl', 'mona'), :'all' || '; ', 'SP-14 to whom he names');
SELECT is(pg_temp.seen('sven', 'mona'), 'name profile schedule documents', 'SP-14 though he does not see it all himself');
SELECT pg_temp.may_not('sven', $$SELECT careaccess_share_client('mona', 'sven')$$, '22023 member "sven" is not a practitioner', 'SP-14 nor can he, for grants are for practitioners');
SELECT pg_temp.may_not('bill', $$SELECT careaccess_unshare_client('mona', 'bert')$$, '42501 not allowed to unshare a client', 'SP-14 a biller does not end it');
SELECT pg_temp.may_not('sven', $$SELECT careaccess_reassign_client('mona', 'bert')$$, '42501 not allowed to reassign a client', 'SP-14 a scheduler does not reassign');
SELECT pg_temp.may_not('sven', $$UPDATE client SET owner = 'bert' WHERE id = 'mona'$$, '42501 not allowed to reassign a client', 'SP-14 not either by the row');
SELECT is(pg_temp.seen('anna', 'mona') || '; ' || pg_temp.seen('bert', 'mona'), :'own' || '; ' || :'all', 'SP-14 the owner stays');
SELECT pg_temp.may('sven', $$SELECT careaccess_unshare_client('mona', 'bert')$$, 'SP-14 undone by the scheduler');
SELECT is(pg_temp.seen('bert', 'mona'), '', 'SP-14 and gone');
ROLLBACK TO clinic;

--
-- SP-15 several profiles of one person are separate
--
SELECT pg_temp.client('mona2', 'bert'), careaccess_link_profile('mona', 'mona2') \g /dev/null
UPDATE client SET name = 'Mona', email = 'mona@example.org' WHERE id IN ('mona', 'mona2');
SELECT is(pg_temp.query('dora', $$SELECT id FROM client WHERE email = 'mona@example.org' ORDER BY 1$$), 'mona, mona2', 'SP-15 one person, two profiles');
SELECT is(pg_temp.clients('anna') || '; ' || pg_temp.clients('bert'), 'mona; mona2 nora', 'SP-15 each of its own owner');
SELECT pg_temp.may('anna', $$SELECT careaccess_restrict_client('mona')$$, 'SP-15 one is restricted');
SELECT pg_temp.may_not('bert', $$SELECT careaccess_revoke_administrative_access('mona2', 'dora')$$, '55000 client "mona2" is not restricted', 'SP-15 the other one is not');
SELECT pg_temp.may('anna', $$SELECT careaccess_revoke_administrative_access('mona', 'dora')$$, 'SP-15 revoked on one');
SELECT is(pg_temp.seen('dora', 'mona') || '; ' || pg_temp.seen('dora', 'mona2'), '; ' || :'all', 'SP-15 she sees the other');
SELECT is(pg_temp.query('dora', $$SELECT id FROM client WHERE email = 'mona@example.org'$$), 'mona2', 'SP-15 and nothing that tells of the one');
SELECT pg_temp.may('bert', $$SELECT careaccess_share_client('mona2', 'carl')$$, 'SP-15 a grant on the other');
SELECT is(pg_temp.seen('carl', 'mona2') || '; ' || pg_temp.seen('carl', 'mona'), :'all' || '; ', 'SP-15 gives nothing of the one');
SELECT pg_temp.may('bert', $$SELECT careaccess_restrict_client('mona2'), careaccess_revoke_administrative_access('mona2', 'dora'), careaccess_unrestrict_client('mona2')$$, 'SP-15 the other is revoked, too, and unrestricted');
SELECT is(pg_temp.seen('dora', 'mona') || '; ' || pg_temp.seen('dora', 'mona2'), '; ' || :'all', 'SP-15 which gives back that one only');
SELECT pg_temp.may('anna', $$SELECT careaccess_restore_administrative_access('mona', 'dora')$$, 'SP-15 restored on the one');
SELECT is(pg_temp.query('dora', $$SELECT id FROM client WHERE email = 'mona@example.org' ORDER BY 1$$) || '; ' || pg_temp.seen('dora', 'mona'), 'mona, mona2; ' || :'all', 'SP-15 she sees both');
ROLLBACK TO clinic;

--
-- SP-16 restricted_new_member = deny: who gets an administrative role later is
-- revoked on every restricted client at that moment
--
SELECT pg_temp.may('anna', $$SELECT careaccess_restrict_client('mona'), careaccess_share_client('mona', 'bert')$$, 'SP-16 a restricted client');
SELECT pg_temp.may('bert', $$SELECT careaccess_restrict_client('nora')$$, 'SP-16 and another');
SELECT pg_temp.may('mary', $$SELECT careaccess_add_member('clinic', 'nina', 'Nina', '{practice_manager}')$$, 'SP-16 allow: somebody new');
SELECT is(pg_temp.clients('nina'), 'mona nora olga', 'SP-16 allow: sees restricted clients');
SELECT pg_temp.may_not('mary', $$SELECT careaccess_configure_practice('clinic', '{"restricted_new_member": "deny"}')$$, '42501 not allowed to change the settings of a practice', 'SP-16 a manager has no settings');
SELECT pg_temp.may('owen', $$SELECT careaccess_configure_practice('clinic', '{"restricted_new_member": "deny"}')$$, 'SP-16 the setting');
SELECT is(pg_temp.clients('nina') || '; ' || pg_temp.clients('dora'), 'mona nora olga; mona nora olga', 'SP-16 takes nothing from those who are there');
SELECT pg_temp.may('mary', $$SELECT careaccess_add_member('clinic', 'pete', 'Pete', '{practice_manager}')$$, 'SP-16 deny: somebody new');
SELECT is(pg_temp.clients('pete') || '; ' || pg_temp.seen('pete', 'mona'), 'olga; ', 'SP-16 deny: sees no restricted client');
SELECT is(pg_temp.seen('pete', 'olga'), 'name profile schedule documents billing', 'SP-16 and the others as his role gives it');
SELECT is(pg_temp.seen('bert', 'mona'), :'all', 'SP-16 a basic clinician with a grant');
SELECT pg_temp.may('mary', $$SELECT careaccess_set_member_roles('bert', '{clinician_entire_practice}')$$, 'SP-16 gets an administrative role');
SELECT is(pg_temp.clients('bert') || '; ' || pg_temp.seen('bert', 'mona') || '; ' || pg_temp.seen('bert', 'nora'), 'nora olga; ; ' || :'own', 'SP-16 and is revoked, but not on his own client');
SELECT pg_temp.may('mary', $$SELECT careaccess_add_member('clinic', 'gina', 'Gina', '{clinician_basic}')$$, 'SP-16 a new basic clinician');
SELECT pg_temp.may('anna', $$SELECT careaccess_share_client('mona', 'gina')$$, 'SP-16 is granted the client');
SELECT is(pg_temp.clients('gina'), 'mona', 'SP-16 and sees it, for her role is not administrative');
SELECT pg_temp.may('owen', $$SELECT careaccess_add_member('clinic', 'otto', 'Otto', '{account_owner}')$$, 'SP-16 a new owner of the account');
SELECT is(pg_temp.clients('otto'), 'mona nora olga', 'SP-16 sees all: he cannot be revoked');
SELECT pg_temp.may('carl', $$SELECT careaccess_restrict_client('olga')$$, 'SP-16 a client restricted afterwards');
SELECT is(pg_temp.clients('pete'), 'olga', 'SP-16 is not revoked by itself: at that moment, not later');
SELECT pg_temp.may('owen', $$SELECT careaccess_configure_practice('clinic', '{"restricted_new_member": "allow"}')$$, 'SP-16 the setting as it was');
SELECT is(pg_temp.clients('pete'), 'olga', 'SP-16 brings nothing back');
SELECT pg_temp.may('anna', $$SELECT careaccess_restore_administrative_access('mona', 'pete')$$, 'SP-16 restoring does');
SELECT is(pg_temp.clients('pete') || '; ' || pg_temp.seen('pete', 'mona'), 'mona olga; name profile schedule documents billing', 'SP-16 for this client');
SELECT pg_temp.may('bert', $$SELECT careaccess_unrestrict_client('nora')$$, 'SP-16 unrestricting too');
SELECT is(pg_temp.clients('pete'), 'mona nora olga', 'SP-16 for the other');
ROLLBACK TO clinic;

--
-- SP-17 removing a member needs a new owner for his clients; his records stay his
--
SELECT pg_temp.may_not('mary', $$SELECT careaccess_remove_member('anna')$$, '55000 cannot remove a member: member "anna" owns clients', 'SP-17 who owns clients is not removed without a successor');
SELECT alike(pg_temp.refusal('mary', $$SELECT careaccess_remove_member('anna')$$, true), '%reassign_to%', 'SP-17 with the way to do it');
SELECT pg_temp.may_not('mary', $$SELECT careaccess_remove_member('anna', 'sven')$$, '22023 member "sven" is not a practitioner', 'SP-17 who is a practitioner');
SELECT pg_temp.may_not('mary', $$SELECT careaccess_remove_member('anna', 'anna')$$, '22023 the clients of member "anna" cannot stay with him', 'SP-17 and another');
SELECT pg_temp.may_not('mary', $$SELECT careaccess_remove_member('anna', 'else')$$, 'P0002 no such member: "else"', 'SP-17 of the same practice');
SELECT pg_temp.may_not('sven', $$SELECT careaccess_remove_member('anna', 'bert')$$, '42501 not allowed to remove a member', 'SP-17 a scheduler removes nobody');
SELECT is(pg_temp.seen('anna', 'mona') || '; ' || pg_temp.seen('bert', 'mona'), :'own' || '; ', 'SP-17 all refused, nothing changed');
SELECT pg_temp.may('anna', $$SELECT careaccess_share_client('mona', 'carl')$$, 'SP-17 she has shared her client');
SELECT pg_temp.may('mary', $$SELECT careaccess_remove_member('anna', 'bert')$$, 'SP-17 with a successor she is removed');
SELECT is(pg_temp.clients('bert') || '; ' || pg_temp.seen('bert', 'mona', 'anna'), 'mona nora; ' || :'all', 'SP-17 her client is his, with what she wrote, but for her private notes');
SELECT is(pg_temp.query('bert', $$SELECT author, body FROM note WHERE client = 'mona'$$), 'anna first visit', 'SP-17 her record is hers');
SELECT is(pg_temp.changes('bert', 'mona', 'chart', 'anna') || '; ' || pg_temp.changes('bert', 'mona', 'chart'), '; create edit delete', 'SP-17 he does not change it, and writes his own');
SELECT is(pg_temp.query('owen', 'SELECT count(*) FROM private_note'), '0', 'SP-17 her private notes are nobody else''s') ;
SELECT is(pg_temp.seen('carl', 'mona', 'anna'), :'all', 'SP-17 what she shared stays shared');
SELECT pg_temp.may_not('anna', 'SELECT FROM client', '28000 member "anna" is not active', 'SP-17 she herself is nobody any more');
SELECT is(pg_temp.query('mary', $$SELECT careaccess_can_view('anna', 'mona', 'name'), careaccess_can_view('bert', 'mona', 'name')$$), 'false true', 'SP-17 as the functions say');
SELECT pg_temp.may_not('mary', $$SELECT careaccess_set_member_status('anna', 'active')$$, '55000 member "anna" has been removed', 'SP-17 there is no way back');
SELECT pg_temp.may_not('mary', $$SELECT careaccess_add_member('clinic', 'anna', 'Anna', '{clinician_basic}')$$, '23505 member "anna" exists already', 'SP-17 and nobody else becomes the author of her records');
SELECT pg_temp.may('mary', $$SELECT careaccess_remove_member('dora')$$, 'SP-17 who owns nobody needs no successor');
SELECT is(pg_temp.query('mary', $$SELECT careaccess_can_view('dora', 'mona', 'name'), careaccess_can_view('fred', 'mona', 'name')$$) || '; ' || pg_temp.refusal('dora', 'SELECT FROM client'),
	'false true; 28000 member "dora" is not active', 'SP-17 nor sees anybody any more, whatever his role gave');
ROLLBACK TO clinic;
SELECT is(pg_temp.does('mary', $$SELECT careaccess_transfer_clients('anna', 'bert')$$), 1::bigint, 'SP-17 her clients given away before');
SELECT pg_temp.may('mary', $$SELECT careaccess_remove_member('anna')$$, 'SP-17 she needs no successor either');
SELECT is(pg_temp.seen('bert', 'mona', 'anna'), :'all', 'SP-17 for they have one');

SELECT * FROM finish();
ROLLBACK;
