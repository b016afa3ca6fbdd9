-- EM-1 … EM-10, as members of the preset "embodia".
BEGIN;
SELECT plan(189);
\set preset embodia
\ir rules/clinic.sql
\set all 'name profile diagnosis schedule documents billing chart private_notes'
\set all_but_private 'name profile diagnosis schedule documents billing chart'
\set of_an_admin 'name profile schedule documents billing'

-- pat has mona, pia has nora, pol has olga, pru has rosa.
SELECT pg_temp.member('max', 'clinic_manager'),
	pg_temp.member('pat', 'practitioner'), pg_temp.member('pia', 'practitioner'), pg_temp.member('pol', 'practitioner'), pg_temp.member('pru', 'practitioner'),
	pg_temp.member('cleo', 'clinic_admin'), pg_temp.member('cody', 'clinic_admin') \g /dev/null
SELECT pg_temp.client('mona', 'pat'), pg_temp.client('nora', 'pia'), pg_temp.client('olga', 'pol'), pg_temp.client('rosa', 'pru') \g /dev/null
SELECT careaccess_add_member('elsewhere', 'ella', 'Ella', '{practitioner}') \g /dev/null

CREATE FUNCTION pg_temp.group_id(name text) RETURNS bigint LANGUAGE sql AS $$
	SELECT g.id FROM careaccess.practitioner_group AS g WHERE g.name = $1 AND g.practice::text = 'clinic'
$$;
-- Whose charts a member reads: by rows; careaccess_can_view agrees on each.
CREATE FUNCTION pg_temp.authors(member text) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(DISTINCT n.author, ' ' ORDER BY n.author), '')
	FROM clinic.note AS n WHERE pg_temp.sees($1, n.client, 'chart', n.author)
$$;

-- EM-1 No group: everybody sees everything the role allows; the first group
-- restricts the whole practice at once; the last one's deletion opens it again

SELECT is((SELECT count(*) FROM careaccess.practitioner_group), 0::bigint, 'EM-1 there is no group');
SELECT is(pg_temp.authors(member) || ' / ' || pg_temp.clients(member), 'pat pia pol pru / mona nora olga rosa', format('EM-1 %s sees all', member))
FROM unnest('{pat,pol,max}'::text[]) AS member;
SELECT is(pg_temp.seen('pol', 'mona', 'pat') || ' / ' || pg_temp.seen('pat', 'mona', 'pat'), :'all_but_private' || ' / ' || :'all', 'EM-1 … but for others'' private notes');
SELECT is(pg_temp.seen('cleo', 'mona', 'pat') || ' / ' || pg_temp.clients('cleo'), :'of_an_admin' || ' / mona nora olga rosa', 'EM-1 a clinic admin sees what her role allows');
SELECT pg_temp.may('max', $$SELECT careaccess_create_group('clinic', 'North', '{pat,pia}')$$, 'EM-1 the first group');
SELECT is(pg_temp.authors('pat') || ' / ' || pg_temp.clients('pat'), 'pat pia / mona nora', 'EM-1 who is in it sees its records and clients');
SELECT is(pg_temp.authors('pol') || ' / ' || pg_temp.clients('pol'), 'pol / olga', 'EM-1 who is in none sees his own');
SELECT is(pg_temp.seen('pol', 'mona', 'pat') || ' / ' || pg_temp.seen('pat', 'olga', 'pol'), ' / ', 'EM-1 … and not the name of another''s');
SELECT is(pg_temp.seen('pat', 'nora', 'pia') || ' / ' || pg_temp.changes('pat', 'nora', 'profile') || ' / ' || pg_temp.changes('pat', 'nora', 'chart', 'pia')
	|| ' / ' || pg_temp.changes('pat', 'nora', 'chart') || ' / ' || pg_temp.changes('pol', 'mona', 'profile'),
	:'all_but_private' || ' / create edit delete /  / create edit delete / ', 'EM-1 in a group all is shared, and nobody changes another''s chart');
SELECT is(pg_temp.authors('max') || ' / ' || pg_temp.clients('max'), 'pat pia pol pru / mona nora olga rosa', 'EM-1 the manager sees all, groups or not');
SELECT is(pg_temp.seen('max', 'mona', 'pat'), :'all_but_private', 'EM-1 … save private notes');
SELECT pg_temp.may('max', $$SELECT careaccess_configure_practice('clinic', '{"manager_bypasses_groups": false}')$$, 'EM-1 … unless it is set otherwise:');
SELECT is(pg_temp.seen('max', 'mona', 'pat') || '; ' || pg_temp.authors('max') || '; ' || pg_temp.clients('max'), 'name profile; ; mona nora olga rosa', 'EM-1 … then groups hold for him, too');
SELECT pg_temp.may('max', $$SELECT careaccess_configure_practice('clinic', '{"manager_bypasses_groups": true}')$$, 'EM-1 … and not any more');
SELECT is(pg_temp.query('max', $$SELECT member FROM careaccess_viewers('mona', 'chart') ORDER BY member$$), 'max, pat, pia', 'EM-1 the viewers of a client are fewer');
SELECT pg_temp.may_not('max', $$SELECT careaccess_create_group('clinic', 'NORTH')$$, '23505 group "NORTH" exists already', 'EM-1 a name is there once');
SELECT pg_temp.may('max', $$SELECT careaccess_create_group('clinic', 'South', '{pol}')$$, 'EM-1 a second group');
SELECT pg_temp.may('max', format('SELECT careaccess_delete_group(%s)', pg_temp.group_id('North')), 'EM-1 the first is deleted');
SELECT is(pg_temp.authors('pat') || ' / ' || pg_temp.authors('pol'), 'pat / pol', 'EM-1 one is left: all is restricted still');
SELECT pg_temp.may('max', format('SELECT careaccess_delete_group(%s)', pg_temp.group_id('South')), 'EM-1 the last is deleted');
SELECT is(pg_temp.authors('pat') || ' / ' || pg_temp.authors('pol') || ' / ' || pg_temp.clients('cleo'),
	'pat pia pol pru / pat pia pol pru / mona nora olga rosa', 'EM-1 everybody sees everything again');

-- EM-2 Access is the union over a member's groups, by the record's author, not
-- transitive

SELECT pg_temp.may('max', $$SELECT careaccess_create_group('clinic', 'North', '{pat,pia}'), careaccess_create_group('clinic', 'South', '{pia,pol}')$$, 'EM-2 two groups, with pia in both');
SELECT pg_temp.records('mona', 'pia'), pg_temp.records('mona', 'pol') \g /dev/null
SELECT is(pg_temp.authors('pia') || ' / ' || pg_temp.clients('pia'), 'pat pia pol / mona nora olga', 'EM-2 she sees both');
SELECT is(pg_temp.authors('pat') || ' / ' || pg_temp.clients('pat'), 'pat pia / mona nora', 'EM-2 pat sees his group, not those with whom pia is elsewhere');
SELECT is(pg_temp.authors('pol') || ' / ' || pg_temp.clients('pol'), 'pia pol / nora olga', 'EM-2 neither does pol');
SELECT is(pg_temp.seen('pat', 'mona', 'pat') || ' / ' || pg_temp.seen('pat', 'mona', 'pia') || ' / ' || pg_temp.seen('pat', 'mona', 'pol'),
	:'all' || ' / ' || :'all_but_private' || ' / name profile', 'EM-2 of one client''s records he sees those that his group wrote');
SELECT is(pg_temp.rows('pat', 'note', 'mona') || ' ' || pg_temp.rows('pia', 'note', 'mona') || ' ' || pg_temp.rows('pol', 'note', 'mona'), '2 3 0', 'EM-2 in rows');
SELECT pg_temp.may('max', format('SELECT careaccess_update_group(%s, practitioners => %L)', pg_temp.group_id('South'), '{pol}'), 'EM-2 pia leaves one');
SELECT is(pg_temp.authors('pia') || ' / ' || pg_temp.authors('pol'), 'pat pia / pol', 'EM-2 … and sees the other');
SELECT pg_temp.may('max', format('SELECT careaccess_update_group(%s, practitioners => %L)', pg_temp.group_id('South'), '{pol,pia}'), 'EM-2 she is back');
SELECT is(pg_temp.authors('pia') || ' / ' || pg_temp.authors('pol'), 'pat pia pol / pia pol', 'EM-2 … and sees both');
SELECT pg_temp.may('max', $$SELECT careaccess_set_member_roles('pia', '{clinic_admin}')$$, 'EM-2 who is no practitioner any more');
SELECT is(pg_temp.authors('pol') || ' / ' || pg_temp.authors('pat'), 'pol / pat', 'EM-2 … is in no group any more');
SELECT pg_temp.may('max', $$SELECT careaccess_set_member_roles('pia', '{practitioner}')$$, 'EM-2 … nor when she is one again');
SELECT pg_temp.may('max', format('SELECT careaccess_update_group(%s, practitioners => %L), careaccess_update_group(%s, practitioners => %L), careaccess_list_client(%L, %L)',
	pg_temp.group_id('North'), '{pat,pia}', pg_temp.group_id('South'), '{pol,pia}', 'nora', 'pia'), 'EM-2 until she is put there again');
SELECT is(pg_temp.authors('pia') || ' / ' || pg_temp.authors('pat') || ' / ' || pg_temp.authors('pol'), 'pat pia pol / pat pia / pia pol', 'EM-2 … all is as it was');
SELECT pg_temp.may('max', $$SELECT careaccess_set_member_status('pia', 'disabled')$$, 'EM-2 who is disabled');
SELECT is(pg_temp.authors('pat') || ' / ' || pg_temp.clients('pat'), 'pat pia / mona nora', 'EM-2 … leaves her records and clients to her group');
SELECT pg_temp.may('max', $$SELECT careaccess_set_member_status('pia', 'active')$$, 'EM-2 … and comes back');

-- EM-3 A client shared with somebody outside stays visible; the outsider's
-- records on it do not

SELECT pg_temp.may('max', $$SELECT careaccess_list_client('mona', 'pru')$$, 'EM-3 a client of pat''s is given to pru, of no group of his');
SELECT pg_temp.does('pru', format('INSERT INTO %I (client, author) VALUES (%L, %L)', tbl, 'mona', 'pru')) FROM holds WHERE author_column IS NOT NULL \g /dev/null
SELECT is(pg_temp.seen('pat', 'mona', 'pat') || ' / ' || pg_temp.seen('pia', 'mona', 'pat'), :'all' || ' / ' || :'all_but_private', 'EM-3 his group sees her as before');
SELECT is(pg_temp.seen('pat', 'mona', 'pru') || ' / ' || pg_temp.seen('pia', 'mona', 'pru'), 'name profile / name profile', 'EM-3 … not what pru writes');
SELECT is(pg_temp.seen('pru', 'mona', 'pru') || ' / ' || pg_temp.seen('pru', 'mona', 'pat'), :'all' || ' / name profile', 'EM-3 pru sees her own records, not theirs');
SELECT is(pg_temp.clients('pru') || ' / ' || pg_temp.clients('pat') || ' / ' || pg_temp.clients('pol'), 'mona rosa / mona nora / nora olga', 'EM-3 the client is in both lists, in no third');
SELECT pg_temp.may_not('pol', $$SELECT careaccess_list_client('mona', 'pol')$$, 'P0002 no such client: "mona"', 'EM-3 nobody lists himself for a client whom he does not see');
SELECT pg_temp.may('max', $$SELECT careaccess_unlist_client('mona', 'pru')$$, 'EM-3 pru is taken off');
SELECT is(pg_temp.seen('pru', 'mona', 'pru') || ' / ' || pg_temp.seen('pru', 'mona', 'pat'), 'chart private_notes / ', 'EM-3 … and keeps viewing the chart that she wrote');
SELECT is(pg_temp.seen('pat', 'mona', 'pru'), 'name profile', 'EM-3 … which he still does not see');
SELECT is(pg_temp.authors('max'), 'pat pia pol pru', 'EM-3 the manager sees all of them');

-- EM-4 A clinic admin in groups manages only those practitioners

SELECT is(pg_temp.clients('cleo'), 'mona nora olga rosa', 'EM-4 an admin of no group manages everybody');
SELECT pg_temp.may('max', format('SELECT careaccess_update_group(%s, admins => %L)', pg_temp.group_id('North'), '{cleo}'), 'EM-4 cleo becomes admin of a group');
SELECT is(pg_temp.clients('cleo') || ' / ' || pg_temp.clients('cody'), 'mona nora / mona nora olga rosa', 'EM-4 she has the clients of its practitioners; the other all');
SELECT is(pg_temp.seen('cleo', 'mona', 'pat') || ' / ' || pg_temp.seen('cleo', 'olga', 'pol'), :'of_an_admin' || ' / ', 'EM-4 … with what her role gives, no chart');
SELECT is(pg_temp.seen('cleo', 'mona', 'pru') || ' / ' || pg_temp.seen('cody', 'mona', 'pru'), 'name profile / ' || :'of_an_admin', 'EM-4 … of these practitioners'' records');
SELECT is(pg_temp.changes('cleo', 'mona', 'schedule', 'pat') || ' / ' || pg_temp.changes('cleo', 'mona', 'schedule', 'pol') || ' / ' || pg_temp.changes('cleo', 'mona', 'documents', 'pat')
	|| ' / ' || pg_temp.changes('cleo', 'olga', 'schedule', 'pol'), 'create edit delete /  /  / ', 'EM-4 she makes appointments for them, not for others');
SELECT pg_temp.may_not('cleo', $$SELECT careaccess_add_client('sara', providers => '{pol}')$$, '42501 not allowed to name member "pol"', 'EM-4 she adds no client for another practitioner');
SELECT pg_temp.may('cleo', $$SELECT careaccess_add_client('sara', providers => '{pat}')$$, 'EM-4 … but for one of hers');
INSERT INTO clinic.client (id, name) VALUES ('sara', 'Sara');
SELECT is(pg_temp.clients('cleo') || ' / ' || pg_temp.clients('pat') || ' / ' || pg_temp.clients('pol'), 'mona nora sara / mona nora sara / nora olga', 'EM-4 … whom these see');
SELECT pg_temp.may('max', format('SELECT careaccess_update_group(%s, admins => %L)', pg_temp.group_id('South'), '{cleo}'), 'EM-4 admin of two');
SELECT is(pg_temp.clients('cleo'), 'mona nora olga sara', 'EM-4 … has the clients of both');
SELECT pg_temp.may('max', format('SELECT careaccess_update_group(%s, admins => %L)', pg_temp.group_id('South'), '{}'), 'EM-4 and of one again');
SELECT is(pg_temp.clients('cleo') || ' / ' || pg_temp.seen('cleo', 'olga', 'pol'), 'mona nora sara / ', 'EM-4 … has those of one');
SELECT pg_temp.may('max', format('SELECT careaccess_update_group(%s, practitioners => %L)', pg_temp.group_id('North'), '{pat}'), 'EM-4 a practitioner leaves the group');
SELECT is(pg_temp.clients('cleo'), 'mona sara', 'EM-4 … and her care');
SELECT pg_temp.may('max', format('SELECT careaccess_update_group(%s, practitioners => %L)', pg_temp.group_id('North'), '{pat,pia}'), 'EM-4 … and returns');
SELECT is(pg_temp.clients('cleo') || ' / ' || pg_temp.seen('cleo', 'nora', 'pia'), 'mona nora sara / ' || :'of_an_admin', 'EM-4 … to both');
SELECT pg_temp.may('max', $$SELECT careaccess_add_member('clinic', 'carl', 'Carl', '{clinic_admin,practitioner}')$$, 'EM-4 an admin who practises');
SELECT pg_temp.may('max', format('SELECT careaccess_update_group(%s, admins => %L), careaccess_list_client(%L, %L)', pg_temp.group_id('South'), '{carl}', 'rosa', 'carl'), 'EM-4 … and has a client of somebody else''s');
SELECT is(pg_temp.seen('carl', 'rosa', 'pru') || ' / ' || pg_temp.seen('carl', 'olga', 'pol') || ' / ' || pg_temp.seen('carl', 'mona', 'pat'),
	'name profile / ' || :'of_an_admin' || ' / ', 'EM-4 he manages the group''s; his own client makes him manage nobody');

-- EM-6 Groups are for holders of manage_groups, with the setting on

SELECT pg_temp.may_not(member, $$SELECT careaccess_create_group('clinic', 'East', '{pru}')$$, '42501 not allowed to create a group', format('EM-6 %s makes no group', member))
FROM unnest('{pat,cleo}'::text[]) AS member;
SELECT pg_temp.may_not(member, format('SELECT careaccess_update_group(%s, practitioners => %L)', pg_temp.group_id('North'), '{pat,pia,pru}'),
	'42501 not allowed to change a group', format('EM-6 %s changes none', member)) FROM unnest('{pat,cleo}'::text[]) AS member;
SELECT pg_temp.may_not(member, format('SELECT careaccess_delete_group(%s)', pg_temp.group_id('North')), '42501 not allowed to delete a group', format('EM-6 %s deletes none', member))
FROM unnest('{pat,cleo}'::text[]) AS member;
SELECT pg_temp.may_not('max', $$SELECT careaccess_create_group('elsewhere', 'East')$$, 'P0002 no such practice: "elsewhere"', 'EM-6 nor does a manager in another clinic');
SELECT pg_temp.may_not('max', $$SELECT careaccess_create_group('clinic', 'East', '{ella}')$$, 'P0002 no such member: "ella"', 'EM-6 … with practitioners of another');
SELECT pg_temp.may_not('max', $$SELECT careaccess_create_group('clinic', 'East', '{cody}')$$, '22023 member "cody" is not a practitioner', 'EM-6 … or who are none');
SELECT pg_temp.may_not('max', $$SELECT careaccess_configure_practice('clinic', '{"groups": "off"}')$$, '55000 cannot switch groups off while there are groups', 'EM-6 with groups they are not switched off');
SAVEPOINT grouped;
SELECT pg_temp.may('max', format('SELECT careaccess_delete_group(%s), careaccess_delete_group(%s), careaccess_configure_practice(%L, %L)',
	pg_temp.group_id('North'), pg_temp.group_id('South'), 'clinic', '{"groups": "off"}'), 'EM-6 without, they are');
SELECT pg_temp.may_not('max', $$SELECT careaccess_create_group('clinic', 'East', '{pru}')$$, '55000 groups are switched off in this practice', 'EM-6 then the manager makes none either');
SELECT is(pg_temp.authors('pat') || ' / ' || pg_temp.clients('cleo'), 'pat pia pol pru / mona nora olga rosa sara', 'EM-6 and everybody sees everything');
SELECT pg_temp.may('max', $$SELECT careaccess_configure_practice('clinic', '{"groups": "on"}'), careaccess_create_group('clinic', 'East', '{pru}')$$, 'EM-6 on again, he does');
SELECT is(pg_temp.authors('pat') || ' / ' || pg_temp.authors('pru'), 'pat / pru', 'EM-6 … and they count');
ROLLBACK TO grouped;
SELECT is(pg_temp.authors('pat') || ' / ' || pg_temp.clients('cleo'), 'pat pia / mona nora sara', 'EM-6 rolled back, the groups are as they were');

-- EM-7 The test tool answers by the enforcement code

CREATE FUNCTION pg_temp.tested(asker text, tool text, member text) RETURNS text LANGUAGE sql AS $$
	SELECT replace(pg_temp.query($1, format('SELECT * FROM careaccess_test_%s(%L) AS m ORDER BY m::text', $2, $3)), ', ', ' ')
$$;
SELECT is(pg_temp.tested('max', 'practitioner', member), pg_temp.authors(member), format('EM-7 whose records %s reads, by the tool and by rows', member))
FROM unnest('{pat,pia,pol,pru}'::text[]) AS member;
SELECT is(pg_temp.tested('max', 'practitioner', 'pat') || ' / ' || pg_temp.tested('max', 'practitioner', 'pru'), 'pat pia / pru', 'EM-7 … as the groups are');
SELECT is(pg_temp.tested('max', 'clinic_admin', 'cleo') || ' / ' || pg_temp.tested('max', 'clinic_admin', 'carl'), 'pat pia / pia pol', 'EM-7 whom admins manage');
SELECT is(pg_temp.tested('max', 'clinic_admin', 'cody'), 'carl pat pia pol pru', 'EM-7 … everybody, all who practise');
SELECT is((SELECT string_agg(DISTINCT a.author, ' ' ORDER BY a.author) FROM clinic.appointment AS a WHERE pg_temp.sees('cleo', a.client, 'schedule', a.author)), 'pat pia',
	'EM-7 … as their appointments are seen');
SELECT is(pg_temp.tested('max', 'clinic_admin', 'pat'), '', 'EM-7 who manages nobody by his role, manages nobody');
SELECT is(pg_temp.tested('pat', 'practitioner', 'pat') || ' / ' || pg_temp.tested('cleo', 'clinic_admin', 'cleo'), 'pat pia / pat pia', 'EM-7 everybody asks about himself');
SELECT pg_temp.may_not(member, $$SELECT careaccess_test_practitioner('pia')$$, pg_temp.refusal('cody', $$SELECT careaccess_test_clinic_admin('cleo')$$), format('EM-7 %s not about others', member))
FROM unnest('{pat,cleo}'::text[]) AS member;
SELECT alike(pg_temp.refusal('cleo', $$SELECT careaccess_test_practitioner('pia')$$), '42501 %', 'EM-7 … which is refused');
SAVEPOINT tested;
SELECT pg_temp.may('max', format('SELECT careaccess_update_group(%s, practitioners => %L)', pg_temp.group_id('North'), '{pat,pia,pru}'), 'EM-7 a group grows');
SELECT is(pg_temp.tested('max', 'practitioner', 'pru') || ' / ' || pg_temp.authors('pru') || ' / ' || pg_temp.tested('max', 'clinic_admin', 'cleo') || ' / ' || pg_temp.clients('cleo'),
	'pat pia pru / pat pia pru / pat pia pru / mona nora rosa sara', 'EM-7 … tool and rows know at once');
SELECT pg_temp.may('max', format('SELECT careaccess_delete_group(%s), careaccess_delete_group(%s)', pg_temp.group_id('North'), pg_temp.group_id('South')), 'EM-7 the groups go');
SELECT is(pg_temp.tested('max', 'practitioner', 'pru') || ' / ' || pg_temp.authors('pru'), 'carl pat pia pol pru / pat pia pol pru', 'EM-7 … it is everybody, written or not');
ROLLBACK TO tested;

-- EM-8 Groups and colleague limits intersect

SELECT pg_temp.may('max', format('SELECT careaccess_update_group(%s, practitioners => %L)', pg_temp.group_id('North'), '{pat,pia,pru}'), 'EM-8 pat, pia and pru are a group');
SELECT is(pg_temp.authors('pat'), 'pat pia pru', 'EM-8 pat reads the charts of three');
SELECT pg_temp.may_not('pat', $$SELECT careaccess_set_colleague_limit('pia', 'chart', '{pat}')$$, '42501 not allowed to limit the colleagues of a member', 'EM-8 he limits nobody');
SELECT pg_temp.may('max', $$SELECT careaccess_set_colleague_limit('pat', 'chart', '{pia,pol}')$$, 'EM-8 he is limited to pia, and pol of another group');
SELECT is(pg_temp.authors('pat'), 'pat pia', 'EM-8 … which leaves him pia, whom both allow, and himself');
SELECT is(pg_temp.seen('pat', 'mona', 'pru') || ' / ' || pg_temp.seen('pat', 'mona', 'pia') || ' / ' || pg_temp.seen('pat', 'mona', 'pol'),
	'name profile diagnosis schedule documents billing / ' || :'all_but_private' || ' / name profile', 'EM-8 … in charts, which it names, and no other category');
SELECT is(pg_temp.tested('max', 'practitioner', 'pat'), 'pat pia pru', 'EM-8 the tool tells of groups, not of limits');
SELECT is(pg_temp.authors('pia'), 'pat pia pol pru', 'EM-8 pia is not limited');
SELECT is(pg_temp.query('pat', 'SELECT DISTINCT author FROM note ORDER BY 1') || ' / ' || pg_temp.query('pia', 'SELECT DISTINCT author FROM note ORDER BY 1'),
	'pat, pia / pat, pia, pol, pru', 'EM-8 in rows');
SELECT pg_temp.may('max', $$SELECT careaccess_set_colleague_limit('pat', 'chart', '{}')$$, 'EM-8 an empty limit');
SELECT is(pg_temp.authors('pat'), 'pat', 'EM-8 … leaves his own');
SELECT pg_temp.may('max', format('SELECT careaccess_delete_group(%s), careaccess_delete_group(%s)', pg_temp.group_id('North'), pg_temp.group_id('South')), 'EM-8 without groups');
SELECT is(pg_temp.authors('pat') || ' / ' || pg_temp.authors('pol'), 'pat / pat pia pol pru', 'EM-8 … the limit stays');
ROLLBACK TO tested;
-- carl, who practises and is an admin, in a group with pol, who has written of
-- rosa, a client of carl's and of pru's, who is not in it.
SELECT pg_temp.may('max', format('SELECT careaccess_update_group(%s, practitioners => %L), careaccess_unlist_client(%L, %L)', pg_temp.group_id('South'), '{pol,carl}', 'rosa', 'pru'), 'EM-8 an admin practises in his group');
INSERT INTO clinic.appointment (client, author) VALUES ('rosa', 'pol');
SELECT is(pg_temp.sees('carl', 'rosa', 'schedule', 'pol')::text || ' ' || pg_temp.sees('carl', 'olga', 'schedule', 'pol'), 'true true', 'EM-8 he sees a colleague''s appointments with the clients of both');
SELECT pg_temp.may('max', $$SELECT careaccess_set_colleague_limit('carl', 'schedule', '{}')$$, 'EM-8 limited to his own');
SELECT is(pg_temp.sees('carl', 'rosa', 'schedule', 'pol')::text || ' ' || pg_temp.sees('carl', 'olga', 'schedule', 'pol'), 'false true',
	'EM-8 … he sees those with a client whom he manages; his own listing does not make her one');
SELECT pg_temp.may('max', $$SELECT careaccess_set_colleague_limit('carl', 'schedule', NULL)$$, 'EM-8 not limited');
SELECT is(pg_temp.sees('carl', 'rosa', 'schedule', 'pol'), true, 'EM-8 … he sees both');
ROLLBACK TO tested;
SELECT pg_temp.may('max', format('SELECT careaccess_update_group(%s, practitioners => %L), careaccess_set_colleague_limit(%L, %L, %L)',
	pg_temp.group_id('North'), '{pat,pia,pru}', 'pat', 'chart', '{pia}'), 'EM-8 limited to one');
SELECT is(pg_temp.authors('pat'), 'pat pia', 'EM-8 … it is one');
SELECT pg_temp.may('max', $$SELECT careaccess_set_colleague_limit('pat', 'chart', NULL)$$, 'EM-8 no limit');
SELECT is(pg_temp.authors('pat'), 'pat pia pru', 'EM-8 … and all of the group again');
SELECT pg_temp.may_not('max', $$SELECT careaccess_set_colleague_limit('max', 'chart', '{}')$$, '42501 not allowed to change one''s own account', 'EM-8 nobody sets his own');

-- EM-9 ungrouped_sees and ungrouped_admin_manages in both values

SELECT pg_temp.may('max', format('SELECT careaccess_update_group(%s, practitioners => %L)', pg_temp.group_id('North'), '{pat,pia}'), 'EM-9 pru is in no group, cody admin of none');
SELECT is(pg_temp.authors('pru') || ' / ' || pg_temp.clients('pru'), 'pru / rosa', 'EM-9 ungrouped_sees own: his own');
SELECT is(pg_temp.clients('cody') || ' / ' || pg_temp.tested('max', 'clinic_admin', 'cody'), 'mona nora olga rosa sara / carl pat pia pol pru', 'EM-9 ungrouped_admin_manages all: everybody');
SELECT pg_temp.may_not('pru', $$SELECT careaccess_configure_practice('clinic', '{"ungrouped_sees": "all"}')$$, '42501 not allowed to change the settings of a practice', 'EM-9 it is not for them to say');
SELECT pg_temp.may('max', $$SELECT careaccess_configure_practice('clinic', '{"ungrouped_sees": "all", "ungrouped_admin_manages": "none"}')$$, 'EM-9 both are set the other way');
SELECT is(pg_temp.authors('pru') || ' / ' || pg_temp.clients('pru'), 'pat pia pol pru / mona nora olga rosa sara', 'EM-9 ungrouped_sees all: all');
SELECT is(pg_temp.tested('max', 'practitioner', 'pru'), 'carl pat pia pol pru', 'EM-9 … the tool says it, too');
SELECT is(pg_temp.authors('pat') || ' / ' || pg_temp.clients('pat'), 'pat pia / mona nora sara', 'EM-9 … those in groups see theirs');
SELECT is(pg_temp.clients('cody') || pg_temp.seen('cody', 'mona', 'pat') || pg_temp.tested('max', 'clinic_admin', 'cody'), '', 'EM-9 ungrouped_admin_manages none: nobody');
SELECT pg_temp.may_not('cody', $$SELECT careaccess_add_client('tina', providers => '{pat}')$$, '42501 not allowed to name member "pat"', 'EM-9 … whom he could add clients for');
SELECT is(pg_temp.clients('cleo') || ' / ' || pg_temp.tested('max', 'clinic_admin', 'cleo'), 'mona nora sara / pat pia', 'EM-9 … an admin of a group manages that');
SELECT pg_temp.may('max', $$SELECT careaccess_configure_practice('clinic', '{"ungrouped_sees": "own", "ungrouped_admin_manages": "all"}')$$, 'EM-9 and back');
SELECT is(pg_temp.authors('pru') || ' / ' || pg_temp.clients('cody'), 'pru / mona nora olga rosa sara', 'EM-9 … to his own, and everybody');

-- EM-5 An invitation can name groups only if some exist, of this practice;
-- membership starts at acceptance; groups deleted meanwhile are left out

CREATE FUNCTION pg_temp.groups_of(member text) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(x.place, ', ' ORDER BY x.place), '') FROM (
		SELECT g.name FROM careaccess.group_practitioner AS p JOIN careaccess.practitioner_group AS g ON g.id = p.group_id WHERE p.member::text = $1
		UNION ALL
		SELECT g.name || ' (admin)' FROM careaccess.group_admin AS a JOIN careaccess.practitioner_group AS g ON g.id = a.group_id WHERE a.member::text = $1
	) AS x (place)
$$;
CREATE FUNCTION pg_temp.invites(member text, contact text, role text, VARIADIC groups text[] DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.query($1, format('SELECT careaccess_invite_member(%L, %L, %L, %L)', 'clinic', $2, ARRAY[$3],
		ARRAY(SELECT pg_temp.group_id(g) FROM unnest($4) AS g)))
$$;
SELECT careaccess_create_group('elsewhere', 'Far', '{ella}') AS far \gset
SELECT pg_temp.group_id('North') AS north, pg_temp.group_id('South') AS south \gset
SELECT pg_temp.may_not('max', format('SELECT careaccess_invite_member(%L, %L, %L, %L)', 'clinic', 'iris@example.org', '{practitioner}', ARRAY[:far]),
	'P0002 no such group: ' || :far, 'EM-5 into no group of another clinic');
SELECT pg_temp.may_not(member, format('SELECT careaccess_invite_member(%L, %L, %L, %L)', 'clinic', 'iris@example.org', '{practitioner}', ARRAY[:north]),
	'42501 not allowed to invite a member', format('EM-5 %s invites nobody', member)) FROM unnest('{pat,cleo}'::text[]) AS member;
SELECT pg_temp.may('max', $$SELECT careaccess_define_role('clinic', 'staffer', '{"capabilities": ["manage_members"]}'), careaccess_add_member('clinic', 'stef', 'Stef', '{staffer}')$$,
	'EM-5 somebody who manages members, not groups');
SELECT pg_temp.may_not('stef', format('SELECT careaccess_invite_member(%L, %L, %L, %L)', 'clinic', 'iris@example.org', '{practitioner}', ARRAY[:north]),
	'42501 not allowed to invite a member into groups', 'EM-5 … invites nobody into them');
SELECT pg_temp.invites('max', 'iris@example.org', 'practitioner', 'North', 'South') AS token \gset
SELECT is(pg_temp.authors('pat') || ' / ' || (SELECT count(*) FROM careaccess.group_practitioner WHERE group_id = :north), 'pat pia / 2', 'EM-5 an invitation alone puts nobody into a group');
SELECT pg_temp.may_not('web', $$SELECT careaccess_accept_invitation('00000000000000000000000000000000', 'iris', 'Iris')$$, '28000 the invitation is not valid', 'EM-5 without its token nobody accepts it');
SELECT pg_temp.may('web', format('SELECT careaccess_accept_invitation(%L, %L, %L)', :'token', 'iris', 'Iris'), 'EM-5 it is accepted');
SELECT is(pg_temp.groups_of('iris'), 'North, South', 'EM-5 … and she is in both groups');
SELECT is(pg_temp.authors('iris') || ' / ' || pg_temp.clients('iris'), 'pat pia pol / mona nora olga sara', 'EM-5 … whose records she sees');
SELECT pg_temp.may('iris', $$INSERT INTO note (client, author) VALUES ('mona', 'iris')$$, 'EM-5 … and writes on a client of theirs');
SELECT is(pg_temp.sees('pat', 'mona', 'chart', 'iris')::text || ' ' || pg_temp.sees('pol', 'mona', 'chart', 'iris') || ' ' || pg_temp.clients('pol'), 'true false nora olga',
	'EM-5 … which her group sees, and who has no access to the client does not');
SELECT pg_temp.may_not('web', format('SELECT careaccess_accept_invitation(%L, %L, %L)', :'token', 'iris2', 'Iris'), '28000 the invitation is not valid', 'EM-5 it is good once');
SELECT pg_temp.may('max', $$SELECT careaccess_remove_member('iris')$$, 'EM-5 she is removed');
SELECT is(pg_temp.groups_of('iris') || ' ' || pg_temp.sees('pat', 'mona', 'chart', 'iris'), ' false', 'EM-5 … from her groups, and they from her records');
DELETE FROM clinic.note WHERE author = 'iris';
SELECT pg_temp.may('max', $$SELECT careaccess_create_group('clinic', 'West', '{pru}')$$, 'EM-5 another group');
SELECT pg_temp.invites('max', 'jan@example.org', 'practitioner', 'North', 'West') AS token, pg_temp.invites('max', 'kim@example.org', 'practitioner', 'West') AS token_kim,
	pg_temp.invites('max', 'lea@example.org', 'clinic_admin', 'South') AS token_lea, pg_temp.invites('max', 'moe@example.org', 'practitioner', 'North') AS token_moe \gset
SELECT pg_temp.may('max', format('SELECT careaccess_delete_group(%s)', pg_temp.group_id('West')), 'EM-5 … is deleted while invitations name it');
SELECT pg_temp.may('web', format('SELECT careaccess_accept_invitation(%L, %L, %L)', :'token', 'jan', 'Jan'), 'EM-5 one who was invited into it, and another,');
SELECT is(pg_temp.groups_of('jan') || '; ' || pg_temp.authors('jan'), 'North; pat pia', 'EM-5 … is in the other');
SELECT pg_temp.may('web', format('SELECT careaccess_accept_invitation(%L, %L, %L)', :'token_kim', 'kim', 'Kim'), 'EM-5 one who was invited into it alone');
SELECT is(pg_temp.groups_of('kim') || '; ' || pg_temp.authors('kim') || pg_temp.clients('kim'), '; ', 'EM-5 … is in none');
SELECT pg_temp.may('web', format('SELECT careaccess_accept_invitation(%L, %L, %L)', :'token_lea', 'lea', 'Lea'), 'EM-5 a clinic admin accepts');
SELECT is(pg_temp.groups_of('lea') || '; ' || pg_temp.clients('lea') || '; ' || pg_temp.tested('max', 'clinic_admin', 'lea'), 'South (admin); nora olga; pia pol', 'EM-5 … and manages the group');
SELECT pg_temp.may_not('pat', $$SELECT careaccess_withdraw_invitation('clinic', 'moe@example.org')$$, '42501 not allowed to withdraw an invitation', 'EM-5 a practitioner withdraws none');
SELECT pg_temp.may('max', $$SELECT careaccess_withdraw_invitation('clinic', 'moe@example.org')$$, 'EM-5 a manager does');
SELECT pg_temp.may_not('web', format('SELECT careaccess_accept_invitation(%L, %L, %L)', :'token_moe', 'moe', 'Moe'), '28000 the invitation is not valid', 'EM-5 … and it is worthless');
SELECT pg_temp.invites('max', 'noe@example.org', 'practitioner', 'North') AS token \gset
UPDATE careaccess.invitation SET created_at = now() - interval '8 days', valid_until = now() - interval '1 day' WHERE contact = 'noe@example.org';
SELECT pg_temp.may_not('web', format('SELECT careaccess_accept_invitation(%L, %L, %L)', :'token', 'noe', 'Noe'), '28000 the invitation is not valid', 'EM-5 … as when it has run out');
SELECT is(pg_temp.authors('pat'), 'pat pia', 'EM-5 so nobody came into the group by these');
SELECT pg_temp.may('max', format('SELECT careaccess_delete_group(%s), careaccess_delete_group(%s)', :north, :south), 'EM-5 without any group');
SELECT pg_temp.may_not('max', format('SELECT careaccess_invite_member(%L, %L, %L, %L)', 'clinic', 'ola@example.org', '{practitioner}', ARRAY[:north]),
	'P0002 no such group: ' || :north, 'EM-5 … none is named');
SELECT pg_temp.invites('max', 'ola@example.org', 'practitioner') AS token \gset
SELECT pg_temp.may('web', format('SELECT careaccess_accept_invitation(%L, %L, %L)', :'token', 'ola', 'Ola'), 'EM-5 … and who is invited without');
SELECT is(pg_temp.authors('ola') || ' / ' || pg_temp.clients('ola'), 'pat pia pol pru / mona nora olga rosa sara', 'EM-5 … sees everything, as everybody then');

-- EM-10 The portal is untouched by groups

SELECT pg_temp.may_not('pat', $$SELECT careaccess_add_portal_user('mo', 'mona')$$, '42501 not allowed to add a portal user', 'EM-10 a practitioner gives no login');
SELECT pg_temp.may('max', $$SELECT careaccess_add_portal_user('mo', 'mona')$$, 'EM-10 the manager gives mona one');
UPDATE clinic.document SET for_client = true WHERE client = 'mona' AND author IN ('pat', 'pru');
CREATE FUNCTION pg_temp.in_portal() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(pg_temp.rows('portal:mo', h.tbl, c.client)::text, ' ' ORDER BY c.client, h.n)
		|| '; ' || pg_temp.query('portal:mo', $q$SELECT string_agg(author, ' ' ORDER BY author) FROM document$q$)
		|| '; ' || pg_temp.query('portal:mo', $q$SELECT careaccess_visible('mona'::text, 'schedule'), careaccess_visible('mona'::text, 'chart'), careaccess_visible('nora'::text, 'name')$q$)
		|| '; ' || pg_temp.query('portal:mo', $q$SELECT client, view_appointments, manage_information FROM careaccess_portal_profiles()$q$)
	FROM pg_temp.holds AS h, (VALUES ('mona'), ('nora')) AS c (client)
$$;
\set portal '1 1 0 4 2 0 0 0 0 0 0 0 0 0 0 0; pat pru; true false false; mona true true'
SELECT is(pg_temp.in_portal(), :'portal', 'EM-10 mona sees her name, profile, appointments with whomever, and the documents that are for her');
SELECT pg_temp.may('max', $$SELECT careaccess_create_group('clinic', 'North', '{pat}', '{cleo}')$$, 'EM-10 a group of her practitioner''s');
SELECT is(pg_temp.rows('pat', 'appointment', 'mona') || ' ' || pg_temp.rows('pia', 'appointment', 'mona') || ' ' || pg_temp.rows('max', 'appointment', 'mona'), '1 0 4', 'EM-10 … parts members from records');
SELECT is(pg_temp.in_portal(), :'portal', 'EM-10 … not her');
SELECT is(pg_temp.does('portal:mo', $$UPDATE profile SET phone = '555-0'$$), 1::bigint, 'EM-10 she changes her profile');
SELECT pg_temp.may_not('portal:mo', $$INSERT INTO appointment (client, author) VALUES ('mona', 'pat')$$, '42501 new row violates row-level security policy for table "appointment"', 'EM-10 … and makes no appointments there');
SELECT pg_temp.may_not('portal:mo', $$SELECT careaccess_create_group('clinic', 'Mine')$$, '42501 no member is acting in this session', 'EM-10 she has nothing to do with groups');
SELECT pg_temp.may('max', format('SELECT careaccess_update_group(%s, practitioners => %L), careaccess_unlist_client(%L, %L)', pg_temp.group_id('North'), '{pol}', 'mona', 'pat'), 'EM-10 a group of others, and nobody listed for her');
SELECT is(pg_temp.seen('pia', 'mona', 'pat') || ' / ' || pg_temp.seen('cleo', 'mona', 'pat'), ' / ', 'EM-10 … so her clinic''s members see nothing of her');
SELECT is(pg_temp.in_portal(), :'portal', 'EM-10 … she does');
SELECT pg_temp.may('max', format('SELECT careaccess_delete_group(%s), careaccess_configure_practice(%L, %L)', pg_temp.group_id('North'), 'clinic', '{"groups": "off"}'), 'EM-10 and without groups');
SELECT is(pg_temp.in_portal(), :'portal', 'EM-10 … the same');
SELECT pg_temp.may('max', $$SELECT careaccess_remove_portal_user('mo')$$, 'EM-10 her login ends');
SELECT alike(pg_temp.refusal('portal:mo', 'TABLE client'), 'P0002 %', 'EM-10 … and with it the portal');

SELECT * FROM finish();
ROLLBACK;
