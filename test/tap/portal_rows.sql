-- The rows that a portal user gets and changes: of the chosen profile only, by
-- category, permission and client_visible_column (SH-8, SH-10, EM-10).
BEGIN;
SELECT plan(81);
SET client_min_messages = error;
-- Members may not look at plans; here somebody must.
SET careaccess.explain_guard = off;

CREATE FUNCTION pg_temp.outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	EXECUTE statement;
	GET DIAGNOSTICS n = ROW_COUNT;
	RETURN 'rows ' || n;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;

-- mum (the login of own) has accepted an access to the others with each
-- combination of permissions; dan and d1 are of another practice.
SELECT careaccess_create_practice('p', 'Practice');
SELECT careaccess_create_practice('q', 'Another');
SELECT careaccess_add_member('p', 'olga', 'Olga', '{owner}');
SELECT careaccess_add_member('p', 'anna', 'Anna', '{clinician}');
SELECT careaccess_add_member('p', 'bert', 'Bert', '{clinician}');
SELECT careaccess_add_member('p', 'mum', 'Member with the id of a login', '{owner}');
SELECT careaccess_add_member('q', 'quin', 'Quin', '{clinician}');
SELECT careaccess_add_client(c, 'p', 'anna') FROM unnest('{own,neither,appointments,information,both,invited,withdrawn,linked,stranger}'::text[]) AS c;
SELECT careaccess_add_client('d1', 'q', 'quin');
SELECT careaccess_add_portal_user('mum', 'own');
SELECT careaccess_add_portal_user('dan', 'd1');
SELECT careaccess_link_profile(c, 'own', 'child') FROM unnest('{neither,appointments,information,both,invited,withdrawn,linked}'::text[]) AS c;
SELECT careaccess_invite_to_portal(c, 'mum', c IN ('appointments', 'both', 'invited', 'withdrawn'), c IN ('information', 'both', 'invited', 'withdrawn'))
FROM unnest('{neither,appointments,information,both,invited,withdrawn}'::text[]) AS c;
SELECT careaccess_act_as_portal_user('mum');
SELECT careaccess_accept_portal_access(c) FROM unnest('{neither,appointments,information,both,withdrawn}'::text[]) AS c;
SELECT careaccess_stop_acting();
SELECT careaccess_withdraw_portal_access('withdrawn', 'mum');

CREATE TABLE rec (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, client text, category text, author text, visible boolean, body text);
CREATE INDEX ON rec (client);
INSERT INTO rec (client, category, author, visible)
SELECT c, k, 'anna', v FROM unnest('{own,neither,appointments,information,both,invited,withdrawn,linked,stranger,d1,NULL}'::text[]) AS c,
	unnest('{name,profile,diagnosis,schedule,documents,billing,chart,private_notes,unheard,NULL}'::text[]) AS k,
	unnest('{t,f,NULL}'::boolean[]) AS v;
SELECT careaccess_protect('rec', 'client', category_column => 'category', author_column => 'author', client_visible_column => 'visible');
-- without a column that says what is for clients
CREATE TABLE plain (client text, category text);
CREATE INDEX ON plain (client);
INSERT INTO plain SELECT DISTINCT client, category FROM rec;
SELECT careaccess_protect('plain', 'client', category_column => 'category');
-- with the practice
CREATE TABLE placed (client text, practice text, category text, visible boolean);
CREATE INDEX ON placed (client);
INSERT INTO placed SELECT DISTINCT client, 'p', category, true FROM rec WHERE client <> 'd1';
SELECT careaccess_protect('placed', 'client', category_column => 'category', practice_column => 'practice', client_visible_column => 'visible');
ALTER TABLE placed DISABLE ROW LEVEL SECURITY;
INSERT INTO placed VALUES ('own', 'q', 'name', true), ('own', NULL, 'name', true), ('own', 'q', 'chart', true), ('own', '', 'chart', true);
ALTER TABLE placed ENABLE ROW LEVEL SECURITY;

CREATE ROLE careaccess_test_app;
SELECT careaccess_grant_application('careaccess_test_app');
GRANT EXECUTE ON FUNCTION careaccess_act_as, careaccess_act_as_portal_user TO careaccess_test_app;
GRANT ALL ON rec, plain, placed TO careaccess_test_app;
GRANT CREATE ON SCHEMA public TO careaccess_test_app;

-- What is seen: clients, then each category with its values of "visible".
CREATE FUNCTION seen() RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(client, ' '), 'nothing') FROM (
		SELECT client || ': ' || string_agg(category || '=' || flags, ' ' ORDER BY category) AS client
		FROM (SELECT client, coalesce(category, 'none') AS category,
				string_agg(coalesce(left(visible::text, 1), 'n'), '' ORDER BY visible DESC NULLS LAST) AS flags
			FROM rec GROUP BY 1, 2) AS k
		GROUP BY client) AS c
$$;
CREATE FUNCTION seen_plain() RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(DISTINCT client, ' ') || ': ' || string_agg(category, ' ' ORDER BY category), 'nothing') FROM plain
$$;
-- A fact changes under the session's identity, as a commit of somebody else would change it.
CREATE FUNCTION set_access(client text, status text) RETURNS text LANGUAGE sql SECURITY DEFINER AS
	$$ UPDATE careaccess.portal_access SET status = $2 WHERE client OPERATOR(careaccess.=) $1 RETURNING '' $$;
CREATE FUNCTION set_status(client text, status text) RETURNS text LANGUAGE sql SECURITY DEFINER AS
	$$ UPDATE careaccess.client SET status = $2 WHERE id OPERATOR(careaccess.=) $1 RETURNING '' $$;
CREATE FUNCTION unlink(client text) RETURNS text LANGUAGE sql SECURITY DEFINER AS
	$$ DELETE FROM careaccess.profile_link WHERE client OPERATOR(careaccess.=) $1 RETURNING '' $$;

SET LOCAL ROLE careaccess_test_app;
SELECT careaccess_act_as_portal_user('mum');

-- Viewing

SELECT careaccess_switch_profile('own');
SELECT is(seen(), 'own: billing=t chart=t diagnosis=t documents=t name=tfn private_notes=t profile=tfn schedule=tfn', 'SH-10 the own login: both permissions');
SELECT is(seen_plain(), 'own: name profile schedule', '… without client_visible_column');
SELECT careaccess_switch_profile('both');
SELECT is(seen(), 'both: billing=t chart=t diagnosis=t documents=t name=tfn private_notes=t profile=tfn schedule=tfn', 'SH-10 both permissions');
SELECT is(seen_plain(), 'both: name profile schedule', '… without client_visible_column');
SELECT careaccess_switch_profile('information');
SELECT is(seen(), 'information: billing=t chart=t diagnosis=t documents=t name=tfn private_notes=t profile=tfn schedule=t', 'SH-10 manage_information only');
SELECT is(seen_plain(), 'information: name profile', '… without client_visible_column');
SELECT careaccess_switch_profile('appointments');
SELECT is(seen(), 'appointments: billing=t chart=t diagnosis=t documents=t name=tfn private_notes=t profile=t schedule=tfn', 'SH-10 view_appointments only');
SELECT is(seen_plain(), 'appointments: name schedule', '… without client_visible_column');
SELECT careaccess_switch_profile('neither');
SELECT is(seen(), 'neither: name=tfn', 'neither permission: the name only, whatever is marked for clients');
SELECT is(seen_plain(), 'neither: name', '… without client_visible_column');

-- the same, asked
SELECT is((SELECT string_agg(c || '.' || k, ' ' ORDER BY c, k) FROM unnest('{own,both,invited,d1,nobody}'::text[]) AS c,
		unnest('{name,profile,schedule,chart,diagnosis}'::text[]) AS k WHERE careaccess_visible(c, k)),
	NULL, 'careaccess_visible: nothing of other profiles');
SELECT is((SELECT string_agg(k, ' ' ORDER BY k) FROM unnest('{name,profile,schedule,chart,diagnosis}'::text[]) AS k WHERE careaccess_visible('neither', k)),
	'name', '… of this one what the permissions open');
SELECT careaccess_switch_profile('information');
SELECT is((SELECT string_agg(k, ' ' ORDER BY k) FROM unnest('{name,profile,schedule,chart,diagnosis}'::text[]) AS k WHERE careaccess_visible('information', k)),
	'name profile', '… and of another');
SELECT is(careaccess_visible('information', 'profile', 'anna'), true, 'whoever wrote it');
SELECT throws_ok('SELECT careaccess_visible(''information'', ''unheard'')', '22023', NULL, 'an unknown category is an error there');
SELECT is(careaccess_visible(NULL::text, 'name'), false, 'a null client is nobody');

-- Rows whose practice does not agree are nobody's
SELECT careaccess_switch_profile('own');
SELECT is((SELECT string_agg(practice || '/' || category, ' ' ORDER BY category) FROM placed),
	'p/billing p/chart p/diagnosis p/documents p/name p/private_notes p/profile p/schedule', 'a row of another practice, or of none, is not shown');

-- One profile at a time
SELECT careaccess_switch_profile('both');
SELECT is((SELECT string_agg(DISTINCT client, ' ') FROM rec), 'both', 'SH-10 no row of another profile with one chosen');
SELECT is_empty('SELECT FROM rec WHERE client = ''own''', 'SH-10 … not even asked for, through an index');
SELECT is((SELECT count(*) FROM rec AS a JOIN rec AS b ON a.client <> b.client), 0::bigint, 'SH-10 … or in a join');

-- Changing

CREATE FUNCTION changed(client text) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.outcome(format('UPDATE rec SET body = ''x'' WHERE client = %L', client))
		|| ', ' || pg_temp.outcome(format('UPDATE rec SET body = ''x'' WHERE client = %L AND category = ''profile''', client))
		|| ', ' || pg_temp.outcome(format('UPDATE rec SET body = ''x'' WHERE client = %L AND category <> ''profile''', client))
		|| ', ' || pg_temp.outcome(format('DELETE FROM rec WHERE client = %L', client))
$$;
SELECT careaccess_switch_profile('own');
SELECT is(changed('own'), 'rows 3, rows 3, rows 0, rows 0', 'the own login edits its profile''s rows and nothing else, and deletes nothing');
SELECT is(changed('both'), 'rows 0, rows 0, rows 0, rows 0', 'SH-10 … nothing of another profile');
SELECT is(pg_temp.outcome('UPDATE rec SET body = ''x'''), 'rows 3', '… and without a condition no more than that');
SELECT careaccess_switch_profile('both');
SELECT is(changed('both'), 'rows 3, rows 3, rows 0, rows 0', 'so does who has both permissions');
SELECT careaccess_switch_profile('information');
SELECT is(changed('information'), 'rows 3, rows 3, rows 0, rows 0', '… and manage_information');
SELECT careaccess_switch_profile('appointments');
SELECT is(changed('appointments'), 'rows 0, rows 0, rows 0, rows 0', 'with view_appointments nothing is edited');
SELECT careaccess_switch_profile('neither');
SELECT is(changed('neither'), 'rows 0, rows 0, rows 0, rows 0', 'with neither nothing');

SELECT careaccess_switch_profile('information');
SELECT is(pg_temp.outcome('UPDATE rec SET client = ''own'' WHERE category = ''profile'''),
	'42501 new row violates row-level security policy for table "rec"', 'a row is not moved to another profile, not even one''s own');
SELECT is(pg_temp.outcome('UPDATE rec SET client = NULL WHERE category = ''profile'''),
	'42501 new row violates row-level security policy for table "rec"', '… nor to nobody');
SELECT is(pg_temp.outcome(format('UPDATE rec SET category = %L WHERE category = ''profile''', k)),
	'42501 new row violates row-level security policy for table "rec"', '… nor to another category: ' || k)
FROM unnest('{name,schedule,chart}'::text[]) AS k;
SELECT is(pg_temp.outcome(format('UPDATE rec SET category = ''profile'' WHERE category = %L', k)), 'rows 0', 'nor does a row come from there: ' || k)
FROM unnest('{name,schedule,chart}'::text[]) AS k;
SELECT is(pg_temp.outcome('UPDATE rec SET visible = false, author = ''mum'' WHERE category = ''profile'' AND visible'), 'rows 1', 'other columns of a profile row are his to edit');
SELECT is((SELECT count(*) FROM rec WHERE category = 'profile' AND NOT visible), 2::bigint, '… and the row stays in sight');
SELECT is(pg_temp.outcome(format('INSERT INTO rec (client, category, visible) VALUES (''information'', %L, true)', k)),
	'42501 new row violates row-level security policy for table "rec"', 'nothing is inserted: ' || k)
FROM unnest('{name,profile,diagnosis,schedule,documents,billing,chart,private_notes}'::text[]) AS k;
SELECT is(pg_temp.outcome('INSERT INTO rec (id, client, category) OVERRIDING SYSTEM VALUE SELECT id, client, category FROM rec WHERE category = ''profile'' ON CONFLICT (id) DO UPDATE SET body = ''y'''),
	'42501 new row violates row-level security policy for table "rec"', '… not even where it would become an edit');
SELECT is(pg_temp.outcome('SELECT FROM rec WHERE category = ''profile'' FOR UPDATE'), 'rows 3', 'rows that may be edited may be locked');
SELECT is(pg_temp.outcome('SELECT FROM rec FOR UPDATE'), 'rows 3', '… and no others');

-- The next statement

SELECT careaccess_switch_profile('both');
SAVEPOINT s;
PREPARE counted AS SELECT count(*) FROM rec;
CREATE FUNCTION stable_count() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM rec';
EXECUTE counted \gset before_
DECLARE c NO SCROLL CURSOR FOR SELECT id FROM rec;
MOVE 1 IN c;
SELECT set_access('both', 'withdrawn');
SELECT is(seen(), 'nothing', 'a withdrawn access shows nothing from the next statement on');
EXECUTE counted \gset after_
SELECT is(ARRAY[:before_count, :after_count], '{14,0}'::integer[], '… prepared ones, too');
SELECT is(stable_count(), 0::bigint, '… and functions');
SELECT is(changed('both'), 'rows 0, rows 0, rows 0, rows 0', '… nor lets change anything');
SELECT is(careaccess_visible('both', 'name'), false, '… nor answers');
SELECT is((SELECT kind FROM careaccess_whoami()), 'portal', 'he is who he is');
CREATE FUNCTION rest(name refcursor) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	moved bigint;
BEGIN
	MOVE FORWARD ALL IN name;
	GET DIAGNOSTICS moved = ROW_COUNT;
	RETURN moved;
END $$;
SELECT is(rest('c'), 13::bigint, 'a cursor opened before goes on');
CLOSE c;
SELECT set_access('both', 'invited');
SELECT is(seen(), 'nothing', 'an invitation shows nothing');
SELECT set_access('both', 'accepted');
SELECT is((SELECT count(*) FROM rec), 14::bigint, 'accepted again it shows all');
ROLLBACK TO s;
SELECT is((SELECT count(*) FROM rec), 14::bigint, 'as before');
SELECT set_access('both', 'withdrawn');
SELECT is((SELECT count(*) FROM rec), 0::bigint, 'withdrawn in a savepoint');
ROLLBACK TO s;
SELECT is((SELECT count(*) FROM rec), 14::bigint, '… and back');
SELECT set_status('both', 'deleted');
SELECT is(seen(), 'nothing', 'a deleted profile shows nothing');
SELECT is(changed('both'), 'rows 0, rows 0, rows 0, rows 0', '… nor lets change anything');
SELECT set_status('both', 'archived');
SELECT is((SELECT count(*) FROM rec), 14::bigint, 'an archived one does');
ROLLBACK TO s;
SELECT unlink('both');
SELECT is(seen(), 'nothing', 'SH-11 an unlinked profile shows nothing, whoever took the link away');
ROLLBACK TO s;
SELECT set_status('own', 'deleted');
SELECT is(seen(), 'nothing', 'with his own client deleted he sees nothing anywhere');
ROLLBACK TO s;

-- In parallel workers

SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL parallel_leader_participation = off;
SET LOCAL enable_indexscan = off;
SET LOCAL enable_bitmapscan = off;
CREATE FUNCTION plan_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	line text; lines text := '';
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		lines := lines || line;
	END LOOP;
	RETURN lines;
END $$;
SELECT matches(plan_of('SELECT count(*) FROM rec'), 'Gather', 'a plan with workers');
SELECT is((SELECT count(*) FROM rec), 14::bigint, 'workers see what the portal user sees');
SELECT careaccess_switch_profile('neither');
SELECT is((SELECT count(*) FROM rec), 3::bigint, '… of the profile that he has chosen');
SELECT is((SELECT string_agg(DISTINCT client, ' ') FROM rec), 'neither', '… and of no other');
RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size; RESET parallel_leader_participation;
RESET enable_indexscan; RESET enable_bitmapscan;

-- The staff side

SELECT careaccess_stop_acting();
RESET ROLE;
CREATE FUNCTION pg_temp.staff() RETURNS text LANGUAGE sql AS $$
	SELECT md5(string_agg(concat_ws(' ', m.id, c.id, k.code, a, careaccess_can(m.id, c.id, k.code, a)), ',' ORDER BY m.id, c.id, k.code, a))
	FROM careaccess.member AS m, careaccess.client AS c, careaccess.category AS k, unnest('{view,create,edit,delete}'::text[]) AS a
$$;
SELECT careaccess_share_client('own', 'bert');
SELECT pg_temp.staff() AS before \gset
SELECT is(careaccess_can_view('bert', 'own', 'name'), true, 'SH-8 a share of one profile');
SELECT is((SELECT string_agg(c::text, ' ') FROM careaccess_visible_clients('bert', 'name') AS c), 'own', 'SH-8 … opens none that is linked with it');
SELECT careaccess_link_profile('stranger', 'own');
SELECT careaccess_invite_to_portal('stranger', 'mum', true, true);
SELECT careaccess_act_as_portal_user('mum');
SELECT careaccess_accept_portal_access('stranger');
SELECT careaccess_stop_acting();
SELECT is(pg_temp.staff(), :'before', 'SH-8 links and portal access change no answer about any member');
SET LOCAL ROLE careaccess_test_app;
SELECT careaccess_act_as('bert');
SELECT is((SELECT string_agg(DISTINCT client, ' ') FROM rec), 'own', 'SH-8 … and no row');
SELECT careaccess_act_as('anna');
SELECT is((SELECT string_agg(DISTINCT visible::text, ' ') FROM rec WHERE client = 'own' AND category = 'name'), 'false true', 'members see rows marked for clients, or not, alike');
SELECT careaccess_act_as('mum');
SELECT is((SELECT count(DISTINCT client) FROM rec), 9::bigint, 'the member whose id a login has, too, sees what his roles give');

-- Groups, restriction, revocation: none of the portal's business
CREATE FUNCTION all_seen() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	c text; what text := '';
BEGIN
	PERFORM careaccess_act_as_portal_user('mum');
	FOREACH c IN ARRAY '{own,neither,appointments,information,both}'::text[] LOOP
		PERFORM careaccess_switch_profile(c);
		what := what || seen() || E'\n';
	END LOOP;
	RETURN what;
END $$;
SELECT all_seen() AS before \gset
RESET ROLE;
SELECT careaccess_stop_acting();
SELECT careaccess_configure_practice('p', '{"groups": "on", "restriction": "on"}');
SELECT careaccess_create_group('p', 'Bert', '{bert}');
SELECT careaccess_restrict_client('both');
SELECT careaccess_set_member_status('bert', 'disabled');
SET LOCAL ROLE careaccess_test_app;
SELECT is(all_seen(), :'before', 'EM-10 a portal user sees the same with groups, and of a restricted client');
RESET ROLE;
SELECT careaccess_stop_acting();
SELECT careaccess_delete_group((SELECT id FROM careaccess.practitioner_group));

-- Only members are of the practice, as masks ask that keep hidden rows

SELECT is(careaccess.viewers_practice()::text, NULL, 'viewers_practice: none of an administrator');
SELECT careaccess_act_as_portal_user('mum');
SELECT is(careaccess.viewers_practice()::text, NULL, '… nor of a portal user');
CREATE FUNCTION set_member(status text) RETURNS text LANGUAGE sql SECURITY DEFINER AS
	$$ UPDATE careaccess.member SET status = $1 WHERE id OPERATOR(careaccess.=) 'anna' RETURNING '' $$;
SELECT careaccess_act_as('anna');
SELECT is(careaccess.viewers_practice()::text, 'p', 'viewers_practice: the member''s');
SELECT set_member('disabled');
SELECT is((SELECT kind FROM careaccess_whoami()), 'nobody', 'a disabled member is nobody');
SELECT is(careaccess.viewers_practice()::text, NULL, '… and of no practice');
SELECT set_member('active');

SELECT * FROM finish();
ROLLBACK;
