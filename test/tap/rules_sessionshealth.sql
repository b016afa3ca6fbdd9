-- The rules of Sessions Health, SH-1 to SH-13, as its members live with them:
-- what a rule shows and hides in rows and functions, whom it refuses, and what
-- its undo gives back.
BEGIN;
SELECT plan(265);
\set preset sessionshealth
\ir rules/clinic.sql

-- adam administers; ada does too, and is a practitioner.
SELECT pg_temp.member('owen', 'account_owner'), pg_temp.member('adam', 'administrator'),
	pg_temp.member('ada', 'administrator', 'practitioner'), pg_temp.member('anna', 'practitioner'),
	pg_temp.member('bert', 'practitioner'), pg_temp.member('carl', 'practitioner'),
	pg_temp.member('sven', 'scheduler'), pg_temp.member('bill', 'biller'),
	pg_temp.member('fiona', 'forms_administrator'), pg_temp.member('sue', 'supervisor') \g /dev/null
SELECT pg_temp.client('mona', 'anna'), pg_temp.client('nora', 'bert'), pg_temp.client('olga', 'anna') \g /dev/null

\set all 'name profile diagnosis schedule documents billing chart'
\set own 'name profile diagnosis schedule documents billing chart private_notes'
-- What the roles give of mona, who is anna's.
\set by_role 'ada: ' :all '\nadam: name profile schedule\nanna: ' :own '\nbert:\nbill: name profile diagnosis schedule billing\ncarl:\nfiona:\nowen: name profile schedule documents billing\nsue:\nsven: name profile schedule'
SAVEPOINT clinic;

--
-- SH-1 assigned practitioner and administrators only
--
SELECT is(pg_temp.everybody('mona'), :'by_role', 'SH-1 the assigned practitioner sees all; administration and office their part; no other practitioner anything');
SELECT is(pg_temp.everybody('nora'), replace(replace(:'by_role', 'anna: ' || :'own', 'anna:'), 'bert:', 'bert: ' || :'own'), 'SH-1 of another''s client likewise');
SELECT is(pg_temp.clients('anna', c) || '; ' || pg_temp.clients('bert', c) || '; ' || pg_temp.clients('carl', c) || '; ' || pg_temp.clients('fiona', c) || '; ' || pg_temp.clients('sue', c),
	'mona olga; nora; ; ; ', 'SH-1 each practitioner has his own clients in his list: ' || c) FROM unnest('{name,profile,schedule,billing,chart}'::text[]) AS c;
SELECT is(pg_temp.clients('adam') || '; ' || pg_temp.clients('ada', 'chart'), 'mona nora olga; mona nora olga', 'SH-1 administrators have all');
SELECT is(pg_temp.query('carl', 'SELECT (SELECT count(*) FROM client), (SELECT count(*) FROM note), (SELECT count(*) FROM invoice)'), '0 0 0', 'SH-1 who has no clients counts none');
SELECT is(pg_temp.changes('anna', 'mona', 'chart') || '; ' || pg_temp.changes('bert', 'mona', 'chart') || '; ' || pg_temp.changes('adam', 'mona', 'profile') || '; ' || pg_temp.changes('sven', 'mona', 'profile'),
	'create edit delete; ; create edit delete; ', 'SH-1 who writes what');
SELECT pg_temp.may_not('bert', $$SELECT careaccess_set_client_status('mona', 'archived')$$, 'P0002 no such client: "mona"', 'SH-1 for another practitioner the client is missing');
SELECT pg_temp.may('bert', $$INSERT INTO client (id, name, owner) VALUES ('rosa', 'Rosa', 'bert')$$, 'SH-1 a new client is assigned to who adds him');
SELECT is(pg_temp.clients('bert') || '; ' || pg_temp.clients('anna'), 'nora rosa; mona olga', 'SH-1 and to nobody else');
SELECT pg_temp.may('adam', $$UPDATE client SET owner = 'bert' WHERE id = 'mona'$$, 'SH-1 an administrator assigns him to another');
SELECT is(pg_temp.seen('bert', 'mona') || '; ' || pg_temp.seen('anna', 'mona'), :'all' || '; ', 'SH-1 who sees him, and the former one no more');
SELECT pg_temp.may('adam', $$UPDATE client SET owner = 'anna' WHERE id = 'mona'$$, 'SH-1 and back');
SELECT is(pg_temp.everybody('mona'), :'by_role', 'SH-1 everybody sees what he saw');
ROLLBACK TO clinic;

--
-- SH-2 an administrator reads charts only if also a practitioner, and then all
--
SELECT is(pg_temp.clients('adam', 'chart') || '; ' || pg_temp.clients('owen', 'chart') || '; ' || pg_temp.clients('ada', 'chart'), '; ; mona nora olga', 'SH-2 charts are open to the administrator who is a practitioner');
SELECT is(pg_temp.clients('adam', c) || '; ' || pg_temp.clients('ada', c), '; mona nora olga', 'SH-2 and so are: ' || c) FROM unnest('{diagnosis,documents,billing}'::text[]) AS c;
SELECT is(pg_temp.changes('adam', 'mona', 'chart') || '; ' || pg_temp.changes('ada', 'mona', 'chart') || '; ' || pg_temp.changes('ada', 'mona', 'chart', 'anna'), '; create edit delete; create edit delete',
	'SH-2 she also writes, even on what others wrote');
SELECT is(pg_temp.changes('adam', 'mona', 'schedule') || '; ' || pg_temp.changes('ada', 'mona', 'schedule'), '; create edit delete', 'SH-2 and makes appointments, which he only sees');
SELECT is(pg_temp.clients('ada', 'private_notes'), '', 'SH-2 private notes stay their author''s');
SELECT pg_temp.may_not('adam', $$SELECT careaccess_set_member_roles('adam', '{administrator,practitioner}')$$, '42501 not allowed to change one''s own account', 'SH-2 nobody makes himself a practitioner');
SELECT pg_temp.may('ada', $$SELECT careaccess_set_member_roles('adam', '{administrator,practitioner}')$$, 'SH-2 made a practitioner, too');
SELECT is(pg_temp.seen('adam', 'mona') || '; ' || pg_temp.clients('adam', 'chart'), :'all' || '; mona nora olga', 'SH-2 he reads all charts');
SELECT pg_temp.may('ada', $$SELECT careaccess_set_member_roles('adam', '{administrator}')$$, 'SH-2 no practitioner any more');
SELECT is(pg_temp.seen('adam', 'mona') || '; ' || pg_temp.clients('adam', 'chart'), 'name profile schedule; ', 'SH-2 he reads none');
SELECT pg_temp.may('owen', $$SELECT careaccess_set_member_roles('ada', '{practitioner}')$$, 'SH-2 the other one is a practitioner only');
SELECT is(pg_temp.clients('ada') || pg_temp.clients('ada', 'chart') || pg_temp.seen('ada', 'mona'), '', 'SH-2 and without clients sees nothing');
ROLLBACK TO clinic;

--
-- SH-3 manage access sets the list as a whole, practitioners only; it never
-- widens to another client or a linked profile
--
SELECT pg_temp.may('adam', $$SELECT careaccess_set_client_access('mona', '{bert,ada}')$$, 'SH-3 the list');
SELECT is(pg_temp.seen('bert', 'mona') || '; ' || pg_temp.seen('carl', 'mona'), :'all' || '; ', 'SH-3 opens the client to whom it names');
SELECT is(pg_temp.clients('bert', 'chart') || '; ' || pg_temp.clients('bert'), 'mona nora; mona nora', 'SH-3 and no other client of the same practitioner');
SELECT is(pg_temp.seen('anna', 'mona'), :'own', 'SH-3 the assigned practitioner needs no place in it');
SELECT pg_temp.may('adam', $$SELECT careaccess_set_client_access('mona', '{carl}')$$, 'SH-3 another list');
SELECT is(pg_temp.seen('bert', 'mona') || '; ' || pg_temp.seen('carl', 'mona'), '; ' || :'all', 'SH-3 replaces the first as a whole');
SELECT pg_temp.may_not('adam', $$SELECT careaccess_set_client_access('mona', '{bert,sven}')$$, '22023 member "sven" is not a practitioner', 'SH-3 practitioners only: no scheduler');
SELECT pg_temp.may_not('adam', $$SELECT careaccess_set_client_access('mona', '{bert,adam}')$$, '22023 member "adam" is not a practitioner', 'SH-3 no mere administrator');
SELECT pg_temp.may_not('adam', $$SELECT careaccess_set_client_access('mona', '{bert,nobody}')$$, 'P0002 no such member: "nobody"', 'SH-3 nobody unknown');
SELECT is(pg_temp.seen('bert', 'mona') || '; ' || pg_temp.seen('carl', 'mona'), '; ' || :'all', 'SH-3 a list that is refused changes nothing, not in part either');
SELECT pg_temp.may_not('anna', $$SELECT careaccess_set_client_access('mona', '{bert}')$$, '42501 not allowed to set who has access to a client', 'SH-3 the practitioner does not manage access');
SELECT pg_temp.may_not('bert', $$SELECT careaccess_set_client_access('mona', '{bert}')$$, 'P0002 no such client: "mona"', 'SH-3 still less another one');
SELECT is(pg_temp.changes('carl', 'mona', 'chart') || '; ' || pg_temp.changes('bert', 'mona', 'chart'), 'create edit delete; ', 'SH-3 who is in the list also writes');
SELECT pg_temp.may('adam', $$SELECT careaccess_set_client_access('mona', '{}')$$, 'SH-3 an empty list');
SELECT is(pg_temp.everybody('mona'), :'by_role', 'SH-3 leaves what the roles give');
SELECT pg_temp.may('adam', $$SELECT careaccess_link_profile('mona', 'nora'), careaccess_set_client_access('mona', '{carl}')$$, 'SH-3 two profiles of one person, and access to one');
SELECT is(pg_temp.seen('carl', 'mona') || '; ' || pg_temp.seen('carl', 'nora') || '; ' || pg_temp.clients('carl'), :'all' || '; ; mona', 'SH-3 is no access to the other');
SELECT is(pg_temp.seen('anna', 'nora') || pg_temp.seen('bert', 'mona'), '', 'SH-3 for nobody');
SELECT pg_temp.may('adam', $$SELECT careaccess_set_client_access('mona', '{}')$$, 'SH-3 undone');
SELECT is(pg_temp.everybody('mona'), :'by_role', 'SH-3 everybody sees what he saw');
ROLLBACK TO clinic;

--
-- SH-4 full clinical access is a switch on the member, independent of grants
--
\set clinical 'name profile diagnosis schedule documents chart'
SELECT pg_temp.may_not('anna', $$SELECT careaccess_set_full_clinical_access('bert', true)$$, '42501 not allowed to set full clinical access', 'SH-4 a practitioner switches nothing');
SELECT pg_temp.may_not('ada', $$SELECT careaccess_set_full_clinical_access('ada', true)$$, '42501 not allowed to change one''s own account', 'SH-4 nor an administrator for himself');
SELECT pg_temp.may_not('adam', $$SELECT careaccess_set_full_clinical_access('sven', true)$$, '22023 member "sven" is not a practitioner', 'SH-4 it is for practitioners');
SELECT is(pg_temp.seen('bert', 'mona') || pg_temp.seen('sven', 'mona'), 'name profile schedule', 'SH-4 nothing refused gave anything');
SELECT pg_temp.may('adam', $$SELECT careaccess_set_full_clinical_access('bert', true)$$, 'SH-4 the switch on');
SELECT is(pg_temp.seen('bert', 'mona') || '; ' || pg_temp.seen('bert', 'nora') || '; ' || pg_temp.seen('carl', 'mona'), :'clinical' || '; ' || :'own' || '; ', 'SH-4 the clinical records of all clients, and of his own everything');
SELECT is(pg_temp.clients('bert', 'chart') || '; ' || pg_temp.clients('bert', 'billing') || '; ' || pg_temp.clients('bert', 'private_notes'), 'mona nora olga; nora; nora', 'SH-4 neither billing nor private notes of the others');
SELECT is(pg_temp.changes('bert', 'mona', 'chart') || '; ' || pg_temp.changes('bert', 'mona', 'schedule') || '; ' || pg_temp.changes('bert', 'mona', 'billing'), 'create edit delete; ; ', 'SH-4 charts to write, appointments to see');
SELECT pg_temp.may('adam', $$SELECT careaccess_share_client('mona', 'bert')$$, 'SH-4 a grant besides');
SELECT is(pg_temp.seen('bert', 'mona'), :'all', 'SH-4 adds what grants give');
SELECT pg_temp.may('adam', $$SELECT careaccess_unshare_client('mona', 'bert')$$, 'SH-4 the grant ends');
SELECT is(pg_temp.seen('bert', 'mona'), :'clinical', 'SH-4 the switch stays on');
SELECT pg_temp.may('adam', $$SELECT careaccess_share_client('mona', 'bert')$$, 'SH-4 granted again');
SELECT pg_temp.may('adam', $$SELECT careaccess_set_full_clinical_access('bert', false)$$, 'SH-4 the switch off');
SELECT is(pg_temp.seen('bert', 'mona') || '; ' || pg_temp.seen('bert', 'olga') || '; ' || pg_temp.seen('bert', 'nora'), :'all' || '; ; ' || :'own', 'SH-4 the grant stays, of other clients nothing, of his own everything');
SELECT pg_temp.may('adam', $$SELECT careaccess_unshare_client('mona', 'bert'), careaccess_set_full_clinical_access('bert', true)$$, 'SH-4 on again');
SELECT pg_temp.may('adam', $$SELECT careaccess_set_member_permission('bert', 'chart', '{view}', 'own')$$, 'SH-4 a permission of his own');
SELECT pg_temp.may('adam', $$SELECT careaccess_clear_member_permission('bert', 'chart')$$, 'SH-4 and cleared');
SELECT is(pg_temp.seen('bert', 'mona'), :'clinical', 'SH-4 is another matter');
SELECT pg_temp.may('adam', $$SELECT careaccess_transfer_clients('bert', 'anna'), careaccess_set_member_roles('bert', '{scheduler}')$$, 'SH-4 no practitioner any more');
SELECT is(pg_temp.seen('bert', 'mona'), 'name profile schedule', 'SH-4 he has what his role gives');
ROLLBACK TO clinic;

--
-- SH-5 only administrators grant and reassign
--
SELECT pg_temp.may_not('anna', s, r, 'SH-5 not the assigned practitioner: ' || s) FROM (VALUES
	($$SELECT careaccess_share_client('mona', 'bert')$$, '42501 not allowed to share a client'),
	($$SELECT careaccess_set_client_access('mona', '{bert}')$$, '42501 not allowed to set who has access to a client'),
	($$SELECT careaccess_share_client_with_all('mona', true)$$, '42501 not allowed to share a client with all'),
	($$SELECT careaccess_reassign_client('mona', 'bert')$$, '42501 not allowed to reassign a client'),
	($$SELECT careaccess_transfer_clients('anna', 'bert')$$, '42501 not allowed to transfer clients'),
	($$UPDATE client SET owner = 'bert' WHERE id = 'mona'$$, '42501 not allowed to reassign a client'),
	($$INSERT INTO client (id, name, owner) VALUES ('rosa', 'Rosa', 'bert')$$, '42501 not allowed to add a client for another owner')) AS v (s, r);
SELECT pg_temp.may_not(m, s, r, format('SH-5 not %s: %s', m, s)) FROM unnest('{sven,bill}'::text[]) AS m, (VALUES
	($$SELECT careaccess_share_client('mona', 'bert')$$, '42501 not allowed to share a client'),
	($$SELECT careaccess_set_client_access('mona', '{bert}')$$, '42501 not allowed to set who has access to a client'),
	($$SELECT careaccess_reassign_client('mona', 'bert')$$, '42501 not allowed to reassign a client')) AS v (s, r);
SELECT pg_temp.may_not('bert', $$SELECT careaccess_share_client('mona', 'bert')$$, 'P0002 no such client: "mona"', 'SH-5 and who does not see the client finds none');
SELECT is(pg_temp.everybody('mona'), :'by_role', 'SH-5 nobody got anything of it');
SELECT pg_temp.may(m, $$SELECT careaccess_share_client('mona', 'bert')$$, 'SH-5 but an administrator: ' || m) FROM unnest('{owen,adam,ada}'::text[]) AS m;
SELECT is(pg_temp.seen('bert', 'mona') || '; ' || pg_temp.seen('carl', 'mona'), :'all' || '; ', 'SH-5 the grant counts for whom it names');
SELECT pg_temp.may_not('bert', $$SELECT careaccess_share_client('mona', 'carl')$$, '42501 not allowed to share a client', 'SH-5 who does not grant on');
SELECT pg_temp.may_not('anna', $$SELECT careaccess_unshare_client('mona', 'bert')$$, '42501 not allowed to unshare a client', 'SH-5 nor does the assigned practitioner end it');
SELECT pg_temp.may('adam', $$SELECT careaccess_reassign_client('mona', 'carl')$$, 'SH-5 an administrator reassigns');
SELECT is(pg_temp.seen('carl', 'mona') || '; ' || pg_temp.seen('anna', 'mona') || '; ' || pg_temp.seen('bert', 'mona'), :'all' || '; ; ' || :'all', 'SH-5 to the new one; the former one sees nothing, the grant stays');
SELECT pg_temp.may('adam', $$SELECT careaccess_unshare_client('mona', 'bert'), careaccess_reassign_client('mona', 'anna')$$, 'SH-5 and undoes both');
SELECT is(pg_temp.everybody('mona'), :'by_role', 'SH-5 everybody sees what he saw');
ROLLBACK TO clinic;

--
-- SH-6 reassigning to a granted member absorbs the grant
--
SELECT pg_temp.may('adam', $$SELECT careaccess_set_client_access('mona', '{bert,carl}')$$, 'SH-6 two are granted');
SELECT pg_temp.may('adam', $$SELECT careaccess_reassign_client('mona', 'bert')$$, 'SH-6 one becomes the assigned practitioner');
SELECT is(pg_temp.seen('bert', 'mona') || '; ' || pg_temp.seen('carl', 'mona') || '; ' || pg_temp.seen('anna', 'mona'), :'all' || '; ' || :'all' || '; ', 'SH-6 he and the other one see the client, the former one no more');
SELECT pg_temp.may('adam', $$SELECT careaccess_unshare_client('mona', 'bert')$$, 'SH-6 his grant is no more there to be ended');
SELECT is(pg_temp.seen('bert', 'mona'), :'all', 'SH-6 as the assigned one he sees the client');
SELECT pg_temp.may('adam', $$SELECT careaccess_reassign_client('mona', 'anna')$$, 'SH-6 and back');
SELECT is(pg_temp.seen('bert', 'mona') || '; ' || pg_temp.seen('carl', 'mona') || '; ' || pg_temp.seen('anna', 'mona'), '; ' || :'all' || '; ' || :'own', 'SH-6 the absorbed grant does not come back; the other one''s stays');
SELECT is(pg_temp.clients('bert') || '; ' || pg_temp.clients('carl'), 'nora; mona', 'SH-6 in the lists, too');
ROLLBACK TO clinic;
SELECT pg_temp.may('adam', $$SELECT careaccess_share_client('mona', 'bert')$$, 'SH-6 granted');
SELECT pg_temp.may('adam', $$UPDATE client SET owner = 'bert' WHERE id = 'mona'$$, 'SH-6 assigned by the row');
SELECT pg_temp.may('adam', $$UPDATE client SET owner = 'anna' WHERE id = 'mona'$$, 'SH-6 and back by the row');
SELECT is(pg_temp.rows('bert', 'note', 'mona') || '; ' || pg_temp.seen('bert', 'mona'), '0; ', 'SH-6 absorbs the same');
SELECT pg_temp.may('adam', $$SELECT careaccess_share_client('mona', 'bert')$$, 'SH-6 granted anew');
SELECT is(pg_temp.seen('bert', 'mona'), :'all', 'SH-6 he sees the client again');
ROLLBACK TO clinic;

--
-- SH-7 billers read diagnoses of all, no chart
--
SELECT is(pg_temp.clients('bill', c), 'mona nora olga', 'SH-7 of all clients: ' || c) FROM unnest('{name,profile,diagnosis,schedule,billing}'::text[]) AS c;
SELECT is(pg_temp.clients('bill', c), '', 'SH-7 of none: ' || c) FROM unnest('{documents,chart,private_notes}'::text[]) AS c;
SELECT is(pg_temp.query('bill', 'SELECT client, code FROM diagnosis ORDER BY 1') || '; ' || pg_temp.query('bill', 'SELECT count(*) FROM note'), 'mona F41.1, nora F41.1, olga F41.1; 0', 'SH-7 diagnoses and no note');
SELECT is(pg_temp.changes('bill', 'mona', 'billing') || '; ' || pg_temp.changes('bill', 'mona', 'diagnosis') || '; ' || pg_temp.changes('bill', 'mona', 'chart'), 'create edit delete; ; ', 'SH-7 he bills, and writes nothing else');
SELECT is(pg_temp.query('bill', $$SELECT careaccess_can_view('bill', 'mona', 'diagnosis'), careaccess_can_view('bill', 'mona', 'chart'), careaccess_can('bill', 'mona', 'diagnosis', 'edit')$$), 'true false false', 'SH-7 as the functions say');
SELECT pg_temp.may_not('bill', $$INSERT INTO note (client, author) VALUES ('mona', 'bill')$$, '42501 new row violates row-level security policy for table "note"', 'SH-7 a note of his is refused');
SELECT is(pg_temp.seen('sven', 'mona'), 'name profile schedule', 'SH-7 a scheduler reads no diagnosis');
SELECT pg_temp.may('adam', $$SELECT careaccess_set_member_roles('bill', '{scheduler}')$$, 'SH-7 in another role');
SELECT is(pg_temp.seen('bill', 'mona'), 'name profile schedule', 'SH-7 nor does he');
SELECT pg_temp.may('adam', $$SELECT careaccess_set_member_roles('bill', '{biller}')$$, 'SH-7 as a biller again');
SELECT is(pg_temp.seen('bill', 'mona'), 'name profile diagnosis schedule billing', 'SH-7 he does');
ROLLBACK TO clinic;

--
-- SH-8 linked profiles share nothing on the staff side; merging is refused
--
SELECT pg_temp.everybody('nora') AS of_nora \gset
SELECT pg_temp.may_not('anna', $$SELECT careaccess_link_profile('mona', 'olga')$$, '42501 not allowed to link profiles', 'SH-8 a practitioner links nothing');
SELECT pg_temp.may_not('anna', $$SELECT careaccess_link_profile('mona', 'nora')$$, 'P0002 no such client: "nora"', 'SH-8 least of all with one she does not see');
SELECT pg_temp.may('adam', $$SELECT careaccess_link_profile('mona', 'nora')$$, 'SH-8 two profiles of one person are linked');
SELECT is(pg_temp.everybody('mona'), :'by_role', 'SH-8 of the one everybody sees what he saw');
SELECT is(pg_temp.everybody('nora'), :'of_nora', 'SH-8 and of the other');
SELECT is(pg_temp.clients('anna', c) || '; ' || pg_temp.clients('bert', c), 'mona olga; nora', 'SH-8 in the lists, too: ' || c) FROM unnest('{name,profile,chart,private_notes}'::text[]) AS c;
SELECT pg_temp.may('adam', $$SELECT careaccess_share_client('mona', 'carl')$$, 'SH-8 a grant on the one');
SELECT is(pg_temp.seen('carl', 'mona') || '; ' || pg_temp.seen('carl', 'nora'), :'all' || '; ', 'SH-8 is none on the other');
SELECT pg_temp.may('adam', $$SELECT careaccess_delegate('sue', 'anna', 'supervisor')$$, 'SH-8 a supervisor of the one');
SELECT is(pg_temp.clients('sue', 'chart'), 'mona olga', 'SH-8 is none of the other');
SELECT pg_temp.may_not('adam', $$SELECT careaccess_link_profile('mona', 'mona')$$, '22023 a profile cannot be linked with itself', 'SH-8 no profile is linked with itself');
SELECT pg_temp.may_not('adam', $$UPDATE client SET id = 'nora' WHERE id = 'mona'$$, '55000 the identifier of a client cannot be changed', 'SH-8 merging is refused: no client becomes another');
SELECT pg_temp.may_not('ada', $$UPDATE client SET id = 'rosa' WHERE id = 'mona'$$, '55000 the identifier of a client cannot be changed', 'SH-8 nor a new one');
SELECT pg_temp.may_not('adam', $$SELECT careaccess_add_client('nora', owner => 'anna')$$, '23505 client identifier "nora" is in use', 'SH-8 nor is one registered twice');
SELECT is((SELECT count(*) FROM pg_proc WHERE proname ~ '^careaccess_(.*_)?(merge|unite|combine)'), 0::bigint, 'SH-8 and no function merges');
SELECT pg_temp.may_not('anna', $$UPDATE note SET client = 'nora' WHERE client = 'mona'$$, '42501 new row violates row-level security policy for table "note"', 'SH-8 records are not moved to a profile of another''s');
SELECT is(pg_temp.does('bert', $$UPDATE note SET client = 'nora' WHERE client = 'mona'$$), 0::bigint, 'SH-8 nor fetched from it');
SELECT pg_temp.may_not('carl', $$UPDATE note SET client = 'nora' WHERE client = 'mona'$$, '42501 new row violates row-level security policy for table "note"', 'SH-8 a grant on one of the two is not enough');
SELECT is(pg_temp.rows('bert', 'note', 'nora') || '; ' || pg_temp.rows('anna', 'note', 'mona'), '1; 1', 'SH-8 all records are where they were');
SELECT pg_temp.may('adam', $$SELECT careaccess_unlink_profile('mona', 'nora'), careaccess_unshare_client('mona', 'carl'), careaccess_undelegate('sue', 'anna', 'supervisor')$$, 'SH-8 undone');
SELECT is(pg_temp.everybody('mona') || pg_temp.everybody('nora'), :'by_role' || :'of_nora', 'SH-8 everybody sees what he saw');
ROLLBACK TO clinic;

--
-- SH-9 order: link before portal invitation
--
-- nora has a login, ulla; her child is mona.
SELECT pg_temp.may_not('anna', $$SELECT careaccess_add_portal_user('uma', 'mona')$$, '42501 not allowed to add a portal user', 'SH-9 a practitioner gives no logins');
SELECT pg_temp.may('adam', $$SELECT careaccess_add_portal_user('ulla', 'nora')$$, 'SH-9 a client''s own login');
SELECT is(pg_temp.opened('portal:ulla'), 'nora: name profile schedule', 'SH-9 opens his own profile');
SELECT pg_temp.may_not('adam', $$SELECT careaccess_invite_to_portal('mona', 'ulla', true, true)$$, '55000 client "mona" is not linked with the profile of portal user "ulla"', 'SH-9 without a link there is no invitation');
SELECT alike(pg_temp.refusal('adam', $$SELECT careaccess_invite_to_portal('mona', 'ulla', true, true)$$, true), '%careaccess_link_profile(''mona'', ''nora''%', 'SH-9 with the way to do it');
SELECT pg_temp.may_not('portal:ulla', $$SELECT careaccess_accept_portal_access('mona')$$, 'P0002 no such client: "mona"', 'SH-9 nor one to accept');
SELECT pg_temp.may_not('portal:ulla@mona', $$SELECT FROM profile$$, 'P0002 no such client: "mona"', 'SH-9 nor a profile to choose');
SELECT pg_temp.may('adam', $$SELECT careaccess_link_profile('nora', 'mona', 'child')$$, 'SH-9 a link in the other direction: mona is nora''s contact');
SELECT pg_temp.may_not('adam', $$SELECT careaccess_invite_to_portal('mona', 'ulla', true, true)$$, '55000 client "mona" is not linked with the profile of portal user "ulla"', 'SH-9 is no link for her login');
SELECT pg_temp.may('adam', $$SELECT careaccess_link_profile('mona', 'nora', 'mother')$$, 'SH-9 linked first');
SELECT is(pg_temp.opened('portal:ulla') || '; ' || pg_temp.refusal('portal:ulla@mona', 'SELECT FROM profile'), 'nora: name profile schedule; P0002 no such client: "mona"', 'SH-9 a link alone opens nothing');
SELECT pg_temp.may_not('anna', $$SELECT careaccess_invite_to_portal('mona', 'ulla', true, true)$$, '42501 not allowed to invite to the portal', 'SH-9 a practitioner invites nobody');
SELECT pg_temp.may_not('carl', $$SELECT careaccess_invite_to_portal('mona', 'ulla', true, true)$$, 'P0002 no such client: "mona"', 'SH-9 least of all to a client he does not see');
SELECT pg_temp.may('adam', $$SELECT careaccess_invite_to_portal('mona', 'ulla', true, true)$$, 'SH-9 then invited');
SELECT pg_temp.may_not('portal:ulla@mona', $$SELECT FROM profile$$, 'P0002 no such client: "mona"', 'SH-9 an invitation alone opens nothing either');
SELECT pg_temp.may('portal:ulla', $$SELECT careaccess_accept_portal_access('mona')$$, 'SH-9 then accepted');
SELECT is(pg_temp.opened('portal:ulla@mona') || ' / ' || pg_temp.opened('portal:ulla'), 'mona: name profile schedule / nora: name profile schedule', 'SH-9 the profile is open, one at a time');
SELECT pg_temp.may_not('anna', $$SELECT careaccess_withdraw_portal_access('mona', 'ulla')$$, '42501 not allowed to withdraw portal access', 'SH-9 a practitioner withdraws nothing');
SELECT pg_temp.may('adam', $$SELECT careaccess_withdraw_portal_access('mona', 'ulla')$$, 'SH-9 withdrawn');
SELECT pg_temp.may_not('portal:ulla@mona', $$SELECT FROM profile$$, 'P0002 no such client: "mona"', 'SH-9 it is closed');
SELECT pg_temp.may_not('portal:ulla', $$SELECT careaccess_accept_portal_access('mona')$$, 'P0002 no such client: "mona"', 'SH-9 and not to be accepted again');
SELECT pg_temp.may('adam', $$SELECT careaccess_invite_to_portal('mona', 'ulla', true)$$, 'SH-9 invited anew');
SELECT pg_temp.may('portal:ulla', $$SELECT careaccess_accept_portal_access('mona')$$, 'SH-9 and accepted');
SELECT is(pg_temp.opened('portal:ulla@mona'), 'mona: name schedule', 'SH-9 it is open as far as the new invitation goes');
SELECT is(pg_temp.everybody('mona'), :'by_role', 'SH-9 the staff see what they saw');
ROLLBACK TO clinic;

--
-- SH-10 the two portal permissions are independent, per profile; with a profile
-- chosen, no row of another one is returned
--
SELECT pg_temp.may('adam', $$SELECT careaccess_add_portal_user('ulla', 'nora'), careaccess_link_profile('mona', 'nora', 'mother'), careaccess_link_profile('olga', 'nora', 'aunt')$$, 'SH-10 a login, linked with two');
SELECT pg_temp.may('adam', $$SELECT careaccess_invite_to_portal('mona', 'ulla', view_appointments => true), careaccess_invite_to_portal('olga', 'ulla', manage_information => true)$$, 'SH-10 appointments of one, information of the other');
SELECT pg_temp.may('portal:ulla', $$SELECT careaccess_accept_portal_access('mona'), careaccess_accept_portal_access('olga')$$, 'SH-10 accepted');
SELECT is(pg_temp.opened('portal:ulla@mona'), 'mona: name schedule', 'SH-10 the appointments of the one, nothing of another');
SELECT is(pg_temp.opened('portal:ulla@olga'), 'olga: name profile', 'SH-10 the information of the other, nothing of another');
SELECT is(pg_temp.opened('portal:ulla'), 'nora: name profile schedule', 'SH-10 both of her own, nothing of another');
SELECT is(pg_temp.query('portal:ulla', 'SELECT client::text, view_appointments, manage_information, own, chosen FROM careaccess_portal_profiles()'),
	'nora true true true true, mona true false false false, olga false true false false', 'SH-10 as she is told');
UPDATE document SET for_client = true WHERE client IN ('mona', 'nora');
UPDATE invoice SET for_client = true WHERE client = 'mona';
SELECT is(pg_temp.opened('portal:ulla@mona') || ' / ' || pg_temp.opened('portal:ulla@olga') || ' / ' || pg_temp.opened('portal:ulla'),
	'mona: name schedule +documents +billing / olga: name profile / nora: name profile schedule +documents', 'SH-10 and what is meant for the client');
SELECT is(pg_temp.query('portal:ulla@mona', q), answer, 'SH-10 with a profile chosen there are no others: ' || q) FROM (VALUES
	('SELECT id FROM client', 'mona'),
	('SELECT name FROM client ORDER BY name DESC LIMIT 1', 'Mona'),
	('SELECT client FROM document UNION SELECT client FROM appointment UNION SELECT client FROM invoice', 'mona'),
	('SELECT count(*) FROM profile', '0'),
	($$SELECT count(*) FROM client WHERE id IN ('nora', 'olga')$$, '0'),
	('SELECT c.id, a.client FROM client AS c FULL JOIN appointment AS a ON a.client = c.id', 'mona mona'),
	($$SELECT careaccess_visible('mona'::text, 'schedule'), careaccess_visible('mona'::text, 'profile'), careaccess_visible('nora'::text, 'name'), careaccess_visible('olga'::text, 'profile')$$,
		'true false false false')) AS v (q, answer);
SELECT pg_temp.may('portal:ulla', $do$DO $$BEGIN
	ASSERT (SELECT string_agg(id, ' ') FROM client) = 'nora';
	PERFORM careaccess_switch_profile('olga');
	ASSERT (SELECT string_agg(id, ' ') FROM client) = 'olga' AND careaccess_visible('olga'::text, 'profile') AND NOT careaccess_visible('nora'::text, 'name');
	PERFORM careaccess_switch_profile('nora');
	ASSERT (SELECT string_agg(id, ' ') FROM client) = 'nora';
END$$$do$, 'SH-10 one profile at a time, and another by choosing it');
SELECT pg_temp.may_not('portal:ulla', $$SELECT careaccess_switch_profile('nobody')$$, 'P0002 no such client: "nobody"', 'SH-10 one of hers');
SELECT is(pg_temp.does('portal:ulla@olga', $$UPDATE profile SET phone = '555-1'$$) || '; ' || pg_temp.does('portal:ulla@mona', $$UPDATE profile SET phone = '555-2'$$)
	|| '; ' || pg_temp.does('portal:ulla@mona', $$UPDATE appointment SET day = day$$), '1; 0; 0', 'SH-10 information is hers to change where she manages it, appointments are not');
SELECT is(pg_temp.query('anna', 'SELECT client, phone FROM profile ORDER BY 1'), 'mona 555-mona, olga 555-1', 'SH-10 and it is that profile which changed');
-- Information that is also marked for the client: each permission lets see it, one lets change it.
CREATE TABLE intake (client text, answer text DEFAULT 'none', for_client boolean DEFAULT true);
CREATE INDEX ON intake (client);
SELECT careaccess_protect('intake', 'client', 'profile', client_visible_column => 'for_client') \g /dev/null
GRANT SELECT, UPDATE ON intake TO :plain_role;
INSERT INTO intake (client) VALUES ('mona'), ('nora'), ('olga');
SELECT is(pg_temp.query('portal:ulla@mona', 'SELECT client FROM intake') || '; ' || pg_temp.query('portal:ulla@olga', 'SELECT client FROM intake')
	|| '; ' || pg_temp.does('portal:ulla@mona', $$UPDATE intake SET answer = 'x'$$) || '; ' || pg_temp.does('portal:ulla@olga', $$UPDATE intake SET answer = 'x'$$),
	'mona; olga; 0; 1', 'SH-10 nor is information hers to change which she only sees because it is meant for the client');
SELECT pg_temp.may_not('portal:ulla@olga', $$INSERT INTO profile (client, phone) VALUES ('olga', 'x')$$, '42501 new row violates row-level security policy for table "profile"', 'SH-10 she adds no rows');
SELECT is(pg_temp.does('portal:ulla@olga', 'DELETE FROM profile'), 0::bigint, 'SH-10 and deletes none');
SELECT pg_temp.may_not('portal:ulla@olga', $$UPDATE profile SET client = 'nora'$$, '42501 new row violates row-level security policy for table "profile"', 'SH-10 nor moves one to her own profile');
SELECT pg_temp.may('adam', $$SELECT careaccess_invite_to_portal('mona', 'ulla', manage_information => true)$$, 'SH-10 the one permission for the other');
SELECT is(pg_temp.opened('portal:ulla@mona') || ' / ' || pg_temp.opened('portal:ulla@olga'), 'mona: name profile +documents +billing / olga: name profile', 'SH-10 counts at once, for this profile');
SELECT pg_temp.may('adam', $$SELECT careaccess_invite_to_portal('mona', 'ulla', true, true)$$, 'SH-10 both');
SELECT is(pg_temp.opened('portal:ulla@mona'), 'mona: name profile schedule +documents +billing', 'SH-10 give both');
SELECT pg_temp.may('adam', $$SELECT careaccess_invite_to_portal('mona', 'ulla')$$, 'SH-10 neither');
SELECT is(pg_temp.opened('portal:ulla@mona') || ' / ' || pg_temp.opened('portal:ulla@olga'), 'mona: name / olga: name profile', 'SH-10 leaves the name, and the other profile as it was');
SELECT pg_temp.may_not('portal:ulla@mona', $$SELECT careaccess_can_view('anna', 'mona')$$, '42501 a portal user cannot ask about the access of members', 'SH-10 what the staff see is not hers to ask');
SELECT pg_temp.may_not('portal:ulla@mona', s, '42501 ' || r, 'SH-10 nor does she do what members do: ' || s) FROM (VALUES
	($$SELECT careaccess_share_client('mona', 'carl')$$, 'no member is acting in this session'),
	($$SELECT careaccess_invite_to_portal('olga', 'ulla', true, true)$$, 'no member is acting in this session'),
	($$SELECT careaccess_unlink_profile('mona', 'nora')$$, 'no member is acting in this session')) AS v (s, r);
ROLLBACK TO clinic;

--
-- SH-11 unlinking ends the portal access that rests on the link and no other
--
-- ulla is nora's login, vera is olga's; both have access to mona, ulla to olga, too.
SELECT pg_temp.may('adam', $$SELECT careaccess_add_portal_user('ulla', 'nora'), careaccess_add_portal_user('vera', 'olga'),
	careaccess_link_profile('mona', 'nora', 'mother'), careaccess_link_profile('mona', 'olga', 'aunt'), careaccess_link_profile('olga', 'nora', 'sister')$$, 'SH-11 two logins and three links');
SELECT pg_temp.may('adam', $$SELECT careaccess_invite_to_portal('mona', 'ulla', true, true), careaccess_invite_to_portal('mona', 'vera', true, true), careaccess_invite_to_portal('olga', 'ulla', true, true)$$, 'SH-11 three invitations');
SELECT pg_temp.may('portal:ulla', $$SELECT careaccess_accept_portal_access('mona'), careaccess_accept_portal_access('olga')$$, 'SH-11 accepted');
SELECT pg_temp.may('portal:vera', $$SELECT careaccess_accept_portal_access('mona')$$, 'SH-11 by each');
SELECT is(pg_temp.opened('portal:ulla@mona') || '; ' || pg_temp.opened('portal:ulla@olga') || '; ' || pg_temp.opened('portal:vera@mona'),
	'mona: name profile schedule; olga: name profile schedule; mona: name profile schedule', 'SH-11 all three are open');
SELECT pg_temp.may_not('anna', $$SELECT careaccess_unlink_profile('mona', 'olga')$$, '42501 not allowed to unlink profiles', 'SH-11 a practitioner unlinks nothing');
SELECT pg_temp.may('adam', $$SELECT careaccess_unlink_profile('mona', 'nora')$$, 'SH-11 unlinked');
SELECT pg_temp.may_not('portal:ulla@mona', 'SELECT FROM profile', 'P0002 no such client: "mona"', 'SH-11 what rested on the link is closed');
SELECT is(pg_temp.query('portal:ulla', $$SELECT client::text FROM careaccess_portal_profiles()$$), 'nora, olga', 'SH-11 and in nobody''s list');
SELECT is(pg_temp.opened('portal:ulla@olga') || '; ' || pg_temp.opened('portal:vera@mona') || '; ' || pg_temp.opened('portal:ulla'),
	'olga: name profile schedule; mona: name profile schedule; nora: name profile schedule', 'SH-11 her other access, another''s access, and her own profile are not');
SELECT pg_temp.may('adam', $$SELECT careaccess_link_profile('mona', 'nora', 'mother')$$, 'SH-11 linked again');
SELECT pg_temp.may_not('portal:ulla@mona', 'SELECT FROM profile', 'P0002 no such client: "mona"', 'SH-11 the access does not come back');
SELECT pg_temp.may_not('portal:ulla', $$SELECT careaccess_accept_portal_access('mona')$$, 'P0002 no such client: "mona"', 'SH-11 nor the invitation');
SELECT pg_temp.may('adam', $$SELECT careaccess_invite_to_portal('mona', 'ulla', view_appointments => true)$$, 'SH-11 invited anew');
SELECT pg_temp.may('portal:ulla', $$SELECT careaccess_accept_portal_access('mona')$$, 'SH-11 and accepted');
SELECT is(pg_temp.opened('portal:ulla@mona'), 'mona: name schedule', 'SH-11 she has it again');
SELECT pg_temp.may('adam', $$SELECT careaccess_link_profile('nora', 'mona', 'self')$$, 'SH-11 linked in the other direction, too, as one person');
SELECT pg_temp.may('adam', $$SELECT careaccess_unlink_profile('mona', 'nora')$$, 'SH-11 without the first link');
SELECT is(pg_temp.opened('portal:ulla@mona'), 'mona: name schedule', 'SH-11 the access rests on the second');
SELECT pg_temp.may('adam', $$SELECT careaccess_unlink_profile('nora', 'mona')$$, 'SH-11 without either');
SELECT is(pg_temp.refusal('portal:ulla@mona', 'SELECT FROM profile') || '; ' || pg_temp.opened('portal:vera@mona'), 'P0002 no such client: "mona"; mona: name profile schedule', 'SH-11 it is closed, and no other');
ROLLBACK TO clinic;

--
-- SH-12 a helper makes e-mail unique per practice among non-null values without
-- telling of hidden clients
--
CREATE TABLE contact (client text, practice text DEFAULT 'clinic', email text);
CREATE INDEX ON contact (client);
SELECT careaccess_protect('contact', 'client', 'profile', practice_column => 'practice'), careaccess_unique('contact', 'email', 'practice') \g /dev/null
GRANT SELECT, INSERT, UPDATE ON contact TO :plain_role;
SELECT careaccess_add_member('elsewhere', 'else', 'Else', '{practitioner}'), careaccess_add_client('else1', 'elsewhere', 'else') \g /dev/null
\set taken '23505 duplicate key value violates unique constraint "contact_email_unique"'
SELECT pg_temp.may('anna', $$INSERT INTO contact VALUES ('mona', 'clinic', 'mona@example.org')$$, 'SH-12 an address');
SELECT is(pg_temp.query('bert', 'SELECT email FROM contact') || pg_temp.seen('bert', 'mona'), '', 'SH-12 of a client hidden from another practitioner');
SELECT is(pg_temp.refusal('bert', $$INSERT INTO contact VALUES ('nora', 'clinic', 'mona@example.org')$$, true), :'taken', 'SH-12 cannot be given a second time; the refusal names neither address nor client');
SELECT is(pg_temp.refusal('anna', $$INSERT INTO contact VALUES ('olga', 'clinic', 'mona@example.org')$$, true), :'taken', 'SH-12 and is the same for who sees the client');
SELECT is(pg_temp.refusal('bert', $$INSERT INTO contact VALUES ('nora', 'clinic', 'Mona@Example.ORG') RETURNING email$$, true), :'taken', 'SH-12 in whatever case');
SELECT is(pg_temp.does('bert', $$INSERT INTO contact VALUES ('nora', 'clinic', 'MONA@example.org') ON CONFLICT DO NOTHING$$), 0::bigint, 'SH-12 nor past it');
SELECT pg_temp.may('bert', $$INSERT INTO contact VALUES ('nora', 'clinic', NULL), ('nora', 'clinic', NULL)$$, 'SH-12 no address is no address twice');
SELECT pg_temp.may('bert', $$INSERT INTO contact VALUES ('nora', 'clinic', 'nora@example.org')$$, 'SH-12 another address');
SELECT is(pg_temp.refusal('bert', $$UPDATE contact SET email = 'mona@example.org' WHERE email = 'nora@example.org'$$, true), :'taken', 'SH-12 which is not changed into the first');
SELECT pg_temp.may('else', $$INSERT INTO contact VALUES ('else1', 'elsewhere', 'mona@example.org')$$, 'SH-12 another practice may have the address');
SELECT pg_temp.may_not('else', $$INSERT INTO contact VALUES ('else1', 'clinic', 'nora@example.org')$$, '42501 new row violates row-level security policy for table "contact"', 'SH-12 and learns nothing of this one''s, not by a false name either');
SELECT is(pg_temp.query('bert', 'SELECT client, email FROM contact ORDER BY 2') || '; ' || pg_temp.query('anna', 'SELECT client, email FROM contact') || '; ' || pg_temp.query('else', 'SELECT client, email FROM contact'),
	'nora nora@example.org, nora null, nora null; mona mona@example.org; else1 mona@example.org', 'SH-12 each sees his own');
SELECT is(pg_temp.query('bert', $$SELECT careaccess_can_view('bert', 'mona', 'name'), careaccess_visible('mona'::text, 'profile')$$), 'false false', 'SH-12 for him she is hidden as before');
SELECT pg_temp.may('anna', $$UPDATE contact SET email = NULL WHERE client = 'mona'$$, 'SH-12 given up');
SELECT pg_temp.may('bert', $$UPDATE contact SET email = 'mona@example.org' WHERE email = 'nora@example.org'$$, 'SH-12 the address is free again');
SELECT is(pg_temp.query('bert', 'SELECT count(*) FROM contact WHERE email = ''mona@example.org''') || pg_temp.query('anna', 'SELECT count(*) FROM contact WHERE email = ''mona@example.org'''), '10', 'SH-12 and his');
ROLLBACK TO clinic;

--
-- SH-13 a client-level supervisor replaces the general one for that client
--
\set supervised 'name profile documents chart'
SELECT pg_temp.member('saul', 'supervisor') \g /dev/null
SELECT pg_temp.records('mona', 'carl') \g /dev/null
SELECT pg_temp.may_not('anna', $$SELECT careaccess_delegate('sue', 'anna', 'supervisor')$$, '42501 not allowed to delegate', 'SH-13 nobody names his own supervisor');
SELECT pg_temp.may('adam', $$SELECT careaccess_delegate('sue', 'anna', 'supervisor')$$, 'SH-13 a general supervisor');
SELECT is(pg_temp.seen('sue', 'mona', 'anna') || '; ' || pg_temp.seen('sue', 'olga') || '; ' || pg_temp.seen('sue', 'nora'), :'supervised' || '; ' || :'supervised' || '; ', 'SH-13 reads the records of the one supervised, on his clients');
SELECT ok(NOT pg_temp.sees('sue', 'mona', 'chart', author => 'carl'), 'SH-13 not what another wrote there');
SELECT is(pg_temp.changes('sue', 'mona', 'chart', 'anna'), '', 'SH-13 and writes nothing');
SELECT pg_temp.may('adam', $$SELECT careaccess_delegate('saul', 'anna', 'supervisor', client => 'mona')$$, 'SH-13 another one for a client');
SELECT is(pg_temp.seen('saul', 'mona', 'anna') || '; ' || pg_temp.seen('saul', 'olga'), :'supervised' || '; ', 'SH-13 reads this client, no other');
SELECT is(pg_temp.seen('sue', 'mona', 'anna') || '; ' || pg_temp.seen('sue', 'olga'), '; ' || :'supervised', 'SH-13 in place of the general one, who keeps the others');
SELECT is(pg_temp.clients('sue', 'chart') || '; ' || pg_temp.clients('saul', 'chart'), 'olga; mona', 'SH-13 in their lists, too');
SELECT is(pg_temp.seen('anna', 'mona', 'anna'), :'own', 'SH-13 the practitioner sees what is his, whoever supervises');
SELECT pg_temp.may_not('adam', $$SELECT careaccess_delegate('saul', 'bert', 'supervisor', client => 'nobody')$$, 'P0002 no such client: "nobody"', 'SH-13 for a client who does not exist: nobody');
SELECT pg_temp.may('adam', $$SELECT careaccess_undelegate('saul', 'anna', 'supervisor', 'mona')$$, 'SH-13 undone');
SELECT is(pg_temp.seen('sue', 'mona', 'anna') || '; ' || pg_temp.seen('saul', 'mona', 'anna'), :'supervised' || '; ', 'SH-13 the general one supervises this client again');
SELECT pg_temp.may('adam', $$SELECT careaccess_delegate('sue', 'anna', 'supervisor', client => 'mona')$$, 'SH-13 named for the client, too');
SELECT is(pg_temp.clients('sue', 'chart'), 'mona olga', 'SH-13 she has it by that');
SELECT pg_temp.may('adam', $$SELECT careaccess_undelegate('sue', 'anna', 'supervisor')$$, 'SH-13 without the general one');
SELECT is(pg_temp.clients('sue', 'chart'), 'mona', 'SH-13 that client is left to her');
ROLLBACK TO clinic;
SELECT is(pg_temp.everybody('mona'), :'by_role', 'SH-1 all undone, everybody sees what he saw');

SELECT * FROM finish();
ROLLBACK;
