-- TA-1 … TA-15, as members of the preset "therapyappointment".
BEGIN;
SELECT plan(244);
\set preset therapyappointment
\ir rules/clinic.sql
\set all 'name profile diagnosis schedule documents billing chart private_notes'
\set demographics 'name profile diagnosis schedule documents'
\set with_chart 'name profile diagnosis schedule documents chart'
\set with_charts 'name profile diagnosis schedule documents chart private_notes'

-- ann has mona and bob has nora; cat has nobody.
SELECT pg_temp.member('otto', 'owner'), pg_temp.member('mia', 'manager'), pg_temp.member('stan', 'staff_administrator'),
	pg_temp.member('ann', 'provider'), pg_temp.member('bob', 'provider'), pg_temp.member('cat', 'provider'),
	pg_temp.member('sid', 'scheduler'), pg_temp.member('bill', 'biller'), pg_temp.member('cus', 'records_custodian') \g /dev/null
SELECT pg_temp.client('mona', 'ann'), pg_temp.client('nora', 'bob') \g /dev/null

CREATE FUNCTION pg_temp.links(client text) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(l.member::text || ' ' || l.kind, ', ' ORDER BY l.member::text, l.kind), '')
	FROM careaccess.client_link AS l WHERE l.client::text = $1 AND l.active
$$;
CREATE FUNCTION pg_temp.shares(client text) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(concat(s.from_provider, ' to ', s.to_provider, CASE WHEN s.include_private THEN ' with private notes' END),
		', ' ORDER BY s.from_provider::text, s.to_provider::text), '')
	FROM careaccess.chart_share AS s WHERE s.client::text = $1 AND s.stopped IS NULL
$$;
-- A member writes one record of each kind.
CREATE FUNCTION pg_temp.writes(member text, client text) RETURNS bigint LANGUAGE sql AS $$
	SELECT sum(pg_temp.does($1, format('INSERT INTO %I (client, author) VALUES (%L, %L)', h.tbl, $2, $1)))::bigint
	FROM pg_temp.holds AS h WHERE h.author_column IS NOT NULL
$$;

-- TA-1 A client has a list of providers and no owner

SELECT is(pg_temp.links('mona') || ' / ' || pg_temp.links('nora'), 'ann listed / bob listed', 'TA-1 a provider is listed');
SELECT pg_temp.may('ann', $$INSERT INTO client (id, name) VALUES ('olga', 'Olga')$$, 'TA-1 a provider makes a client by a row');
SELECT pg_temp.may('ann', $$SELECT careaccess_add_client('pola')$$, 'TA-1 … and by the function');
SELECT is(pg_temp.links('olga') || ' / ' || pg_temp.links('pola'), 'ann listed / ann listed', 'TA-1 … and is listed for both');
SELECT pg_temp.may('mia', $$SELECT careaccess_add_client('rosa', providers => '{ann,bob}')$$, 'TA-1 a manager names several');
SELECT is(pg_temp.links('rosa'), 'ann listed, bob listed', 'TA-1 … who are listed all');
SELECT pg_temp.may('mia', $$SELECT careaccess_add_client('sara')$$, 'TA-1 … or none');
SELECT is(pg_temp.links('sara'), '', 'TA-1 … and nobody is');
INSERT INTO clinic.client (id, name) VALUES ('pola', 'Pola'), ('rosa', 'Rosa'), ('sara', 'Sara');
INSERT INTO clinic.profile (client) VALUES ('olga'), ('pola'), ('rosa'), ('sara');
SELECT is(pg_temp.clients('ann', 'profile') || ' / ' || pg_temp.clients('bob', 'profile') || ' / ' || pg_temp.clients('cat', 'profile'),
	'mona olga pola rosa / nora rosa / ', 'TA-1 everybody has the clients for whom he is listed');
SELECT is(pg_temp.clients('cat') || ' / ' || pg_temp.clients('stan'), 'mona nora olga pola rosa sara / ', 'TA-1 providers see the names of all, staff administrators none');
SELECT pg_temp.may_not('ann', $$SELECT careaccess_add_client('tina', owner => 'ann')$$, '22023 clients of this practice have no owner', 'TA-1 a client is made with no owner');
SELECT pg_temp.may_not('mia', $$INSERT INTO client (id, name, owner) VALUES ('tina', 'Tina', 'sid')$$, '22023 member "sid" is not a practitioner',
	'TA-1 only providers are listed');
SELECT pg_temp.may_not('stan', $$SELECT careaccess_add_client('tina', providers => '{ann}')$$, '42501 not allowed to add a client', 'TA-1 not everybody makes clients');
SELECT pg_temp.may_not('ann', $$SELECT careaccess_reassign_client('mona', 'bob')$$, '42501 not allowed to reassign a client', 'TA-1 nobody makes anybody the owner');
SELECT pg_temp.may_not('otto', $$SELECT careaccess_reassign_client('mona', 'bob')$$, '42501 not allowed to reassign a client', 'TA-1 … not the owner of the clinic');
SELECT throws_ok($$SELECT careaccess_reassign_client('mona', 'bob')$$, '55000', 'clients of this practice have no owner', 'TA-1 … not the database administrator');
SELECT is((SELECT count(*) FROM careaccess.client_link WHERE kind = 'owner'), 0::bigint, 'TA-1 there are no owners');
SELECT pg_temp.may('mia', $$SELECT careaccess_unlist_client('rosa', 'ann')$$, 'TA-1 one of two is taken off the list');
SELECT is(pg_temp.sees('ann', 'rosa', 'profile')::text || ' ' || pg_temp.sees('bob', 'rosa', 'profile'), 'false true', 'TA-1 … the other stays');
SELECT pg_temp.may('mia', $$SELECT careaccess_unlist_client('rosa', 'bob')$$, 'TA-1 then the last');
SELECT is(pg_temp.clients('bob', 'profile') || ' / ' || pg_temp.clients('mia', 'profile'), 'nora / mona nora olga pola rosa sara', 'TA-1 … the client is still the managers''');
SELECT pg_temp.may('mia', $$SELECT careaccess_list_client('rosa', 'ann')$$, 'TA-1 and listed again');
SELECT is(pg_temp.sees('ann', 'rosa', 'profile'), true, 'TA-1 … a provider is back');

-- TA-2 Listing opens name, profile, diagnosis, schedule, documents, never
-- another provider's chart, in either direction

SELECT is(pg_temp.seen('ann', 'mona', 'ann'), :'all', 'TA-2 a provider sees everything of her own');
SELECT is(pg_temp.seen('bob', 'mona', 'ann') || ' / ' || pg_temp.changes('bob', 'mona', 'profile') || ' / ' || pg_temp.changes('bob', 'mona', 'chart'), 'name /  / ',
	'TA-2 who is not listed sees the name, and does nothing');
SELECT pg_temp.may_not(member, $$SELECT careaccess_list_client('mona', 'bob')$$, '42501 not allowed to list a provider for a client', format('TA-2 %s lists nobody for her', member))
FROM unnest('{bob,cat,sid,bill}'::text[]) AS member;
SELECT pg_temp.may_not('stan', $$SELECT careaccess_list_client('mona', 'bob')$$, 'P0002 no such client: "mona"', 'TA-2 nor does stan, who does not see her');
SELECT pg_temp.may_not('mia', $$SELECT careaccess_list_client('mona', 'sid')$$, '22023 member "sid" is not a practitioner', 'TA-2 only providers are listed');
SELECT pg_temp.may('mia', $$SELECT careaccess_list_client('mona', 'bob')$$, 'TA-2 a manager lists bob');
SELECT is(pg_temp.seen('bob', 'mona', 'ann'), :'demographics', 'TA-2 he sees of what ann wrote: no chart, no private notes, no bills');
SELECT is(pg_temp.writes('bob', 'mona'), 6::bigint, 'TA-2 he writes of each kind');
SELECT is(pg_temp.seen('bob', 'mona', 'bob'), :'all', 'TA-2 … and sees it');
SELECT is(pg_temp.seen('ann', 'mona', 'bob'), :'demographics', 'TA-2 ann, who was there before, does not see his chart either');
SELECT is(pg_temp.seen('ann', 'mona', 'ann'), :'all', 'TA-2 … but still hers');
SELECT is(pg_temp.query('bob', 'SELECT author, count(*) FROM note GROUP BY 1') || ' / ' || pg_temp.query('ann', 'SELECT author, count(*) FROM note GROUP BY 1'),
	'bob 2 / ann 1', 'TA-2 in counts as well');
SELECT is(pg_temp.changes('bob', 'mona', 'chart') || ' / ' || pg_temp.changes('bob', 'mona', 'chart', 'ann') || ' / ' || pg_temp.changes('bob', 'mona', 'diagnosis', 'ann'),
	'create edit delete /  / create edit delete', 'TA-2 what is opened can be changed, and that only');
SELECT is(pg_temp.seen('otto', 'mona', 'ann') || ' / ' || pg_temp.seen('mia', 'mona', 'ann'), :'all' || ' / ' || :'demographics' || ' billing',
	'TA-2 the clinic''s owner sees all charts, a manager none');
SELECT is(pg_temp.seen('sid', 'mona', 'ann') || ' / ' || pg_temp.seen('bill', 'mona', 'ann'), 'name profile schedule documents / name profile diagnosis schedule billing',
	'TA-2 schedulers and billers see what they need');
SELECT is(pg_temp.query('otto', $$SELECT member FROM careaccess_viewers('mona', 'chart') ORDER BY member$$), 'ann, bob, otto', 'TA-2 the viewers of a chart of hers');
SELECT pg_temp.may('ann', $$SELECT careaccess_list_client('mona', 'cat')$$, 'TA-2 who may share her chart with cat may list her');
SELECT is(pg_temp.seen('cat', 'mona', 'ann') || ' / ' || pg_temp.seen('cat', 'mona', 'bob'), :'demographics' || ' / ' || :'demographics', 'TA-2 … she sees neither''s chart');
SELECT pg_temp.may('ann', $$SELECT careaccess_unlist_client('mona', 'cat')$$, 'TA-2 and may unlist her');
SELECT is(pg_temp.seen('cat', 'mona', 'ann'), 'name', 'TA-2 … who sees the name again, and nothing else');

-- TA-5 careaccess_list_client gives demographics only, with no instant of chart
-- access.  A share that ran while he had no link must not come back with it.

SELECT is((SELECT count(*) FROM careaccess.event WHERE operation IN ('list_client', 'unlist_client') AND fact = 'chart_share')
		|| ' / ' || (SELECT count(*) FROM careaccess.chart_share), '0 / 0', 'TA-5 no listing so far made a chart share');
SELECT pg_temp.may('ann', $$SELECT careaccess_share_chart('mona', 'ann', 'cat', true)$$, 'TA-5 cat gets a chart share, and a listing with it');
SELECT is(pg_temp.seen('cat', 'mona', 'ann'), :'with_charts', 'TA-5 … and sees charts');
UPDATE careaccess.client_link SET valid_until = now() - interval '1 minute', valid_from = now() - interval '1 hour'
WHERE client OPERATOR(careaccess.=) 'mona' AND member OPERATOR(careaccess.=) 'cat' AND active;
SELECT is(pg_temp.seen('cat', 'mona', 'ann') || '; ' || pg_temp.shares('mona'), 'name; ann to cat with private notes', 'TA-5 the listing runs out, the share has no end');
SELECT pg_temp.may('mia', $$SELECT careaccess_list_client('mona', 'cat')$$, 'TA-5 she is listed again');
SELECT is(pg_temp.seen('cat', 'mona', 'ann'), :'demographics', 'TA-5 … for demographics only');
SELECT is(pg_temp.shares('mona'), '', 'TA-5 … the share is over');
SELECT is(pg_temp.query('mia', $$SELECT careaccess_list_client('mona', 'cat'), careaccess_can_view('cat', 'mona', 'chart', 'ann')$$), ' false',
	'TA-5 listing again changes nothing');
SELECT pg_temp.may('mia', $$SELECT careaccess_unlist_client('mona', 'cat')$$, 'TA-5 and she is taken off');
SELECT is(pg_temp.seen('cat', 'mona', 'ann'), 'name', 'TA-5 … down to the name');

-- TA-3 A chart share is directed, needs an active link of A to the client,
-- A ≠ B, B a practitioner; starting it lists B unless B has an active link; one
-- running share per triple

SELECT pg_temp.may_not('bob', $$SELECT careaccess_share_chart('mona', 'ann', 'bob')$$, '42501 not allowed to share charts of member "ann"', 'TA-3 bob does not take ann''s chart');
SELECT pg_temp.may_not('cat', $$SELECT careaccess_share_chart('mona', 'ann', 'cat')$$, '42501 not allowed to share charts of member "ann"', 'TA-3 nor does cat');
SELECT pg_temp.may_not('stan', $$SELECT careaccess_share_chart('mona', 'ann', 'bob')$$, 'P0002 no such client: "mona"', 'TA-3 nor anybody who does not see the client');
SELECT pg_temp.may_not('cat', $$SELECT careaccess_share_chart('mona', 'cat', 'bob')$$, '55000 member "cat" has no active link to client "mona"', 'TA-3 who is not listed shares nothing');
SELECT pg_temp.may_not('ann', $$SELECT careaccess_share_chart('mona', 'ann', 'ann')$$, '22023 a chart cannot be shared by a provider with himself', 'TA-3 not with oneself');
SELECT pg_temp.may_not('ann', $$SELECT careaccess_share_chart('mona', 'ann', 'mia')$$, '22023 member "mia" is not a practitioner', 'TA-3 not with somebody who is no provider');
SELECT pg_temp.may_not('ann', $$SELECT careaccess_share_chart('mona', 'ann', 'nobody')$$, 'P0002 no such member: "nobody"', 'TA-3 … or nobody');
SELECT pg_temp.may('ann', $$SELECT careaccess_share_chart('mona', 'ann', 'bob')$$, 'TA-3 ann shares her chart with bob');
SELECT is(pg_temp.seen('bob', 'mona', 'ann'), :'with_chart', 'TA-3 he sees it');
SELECT is(pg_temp.seen('ann', 'mona', 'bob'), :'demographics', 'TA-3 she does not see his');
SELECT is(pg_temp.rows('bob', 'note', 'mona') || ' ' || pg_temp.rows('ann', 'note', 'mona'), '2 1', 'TA-3 in rows');
SELECT is(pg_temp.sees('bob', 'rosa', 'profile'), false, 'TA-3 it is this client''s only');
SELECT is(pg_temp.links('mona') || '; ' || (SELECT count(*) FROM careaccess.client_link WHERE client OPERATOR(careaccess.=) 'mona' AND member OPERATOR(careaccess.=) 'bob'),
	'ann listed, bob listed; 1', 'TA-3 he was listed, and is so once');
SELECT pg_temp.may('ann', $$SELECT careaccess_share_chart('mona', 'ann', 'bob')$$, 'TA-3 sharing again');
SELECT is(pg_temp.shares('mona'), 'ann to bob', 'TA-3 … changes nothing: one share runs');
SELECT pg_temp.may_not('ann', $$SELECT careaccess_share_chart('mona', 'ann', 'bob', true)$$, '55000 this chart share runs already, with other options', 'TA-3 … with other options it is refused');
SELECT throws_ok($$INSERT INTO careaccess.chart_share (client, from_provider, to_provider) VALUES ('mona', 'ann', 'bob')$$, '23505', NULL,
	'TA-3 a second running share is impossible, whoever writes it');
SELECT pg_temp.may('ann', $$SELECT careaccess_share_chart('mona', 'ann', 'cat')$$, 'TA-3 and with cat, who is not listed');
SELECT is(pg_temp.links('mona'), 'ann listed, bob listed, cat listed', 'TA-3 … so she is');
SELECT is(pg_temp.seen('cat', 'mona', 'ann') || ' / ' || pg_temp.seen('cat', 'mona', 'bob'), :'with_chart' || ' / ' || :'demographics', 'TA-3 … and sees this chart only');
SELECT pg_temp.may('bob', $$SELECT careaccess_share_chart('mona', 'bob', 'ann')$$, 'TA-3 the other direction is another share');
SELECT is(pg_temp.seen('ann', 'mona', 'bob') || '; ' || pg_temp.shares('mona'), :'with_chart' || '; ann to bob, ann to cat, bob to ann', 'TA-3 … with what it opens');
SELECT pg_temp.may('bob', $$SELECT careaccess_stop_chart_share('mona', 'bob', 'ann')$$, 'TA-3 … and its own end');
SELECT is(pg_temp.seen('ann', 'mona', 'bob') || ' / ' || pg_temp.seen('bob', 'mona', 'ann'), :'demographics' || ' / ' || :'with_chart', 'TA-3 … which is not that of the first');
UPDATE careaccess.chart_share SET valid_until = now() - interval '1 minute' WHERE client OPERATOR(careaccess.=) 'mona' AND to_provider OPERATOR(careaccess.=) 'bob';
SELECT is(pg_temp.seen('bob', 'mona', 'ann'), :'demographics', 'TA-3 a share that has run out shows nothing');
SELECT pg_temp.may('ann', $$SELECT careaccess_share_chart('mona', 'ann', 'bob', valid_until => 'infinity')$$, 'TA-3 … and can be started anew');
SELECT is(pg_temp.seen('bob', 'mona', 'ann') || '; ' || pg_temp.shares('mona'), :'with_chart' || '; ann to bob, ann to cat', 'TA-3 … one runs');

-- TA-4 Stopping it leaves B listed

SELECT pg_temp.may_not('cat', $$SELECT careaccess_stop_chart_share('mona', 'ann', 'bob')$$, '42501 not allowed to stop sharing charts of member "ann"', 'TA-4 it is not for cat to stop ann''s share with bob');
SELECT pg_temp.may_not('sid', $$SELECT careaccess_stop_chart_share('mona', 'ann', 'bob')$$, '42501 not allowed to stop a chart share', 'TA-4 … nor for a scheduler');
SELECT is(pg_temp.sees('bob', 'mona', 'chart', 'ann'), true, 'TA-4 so it runs');
SELECT pg_temp.may('ann', $$SELECT careaccess_stop_chart_share('mona', 'ann', 'bob')$$, 'TA-4 ann stops it');
SELECT is(pg_temp.seen('bob', 'mona', 'ann'), :'demographics', 'TA-4 he sees no chart of hers, and everything else');
SELECT is(pg_temp.seen('bob', 'mona', 'bob'), :'all', 'TA-4 … and his own');
SELECT pg_temp.may('cat', $$SELECT careaccess_stop_chart_share('mona', 'ann', 'cat')$$, 'TA-4 whoever receives stops receiving');
SELECT is(pg_temp.links('mona'), 'ann listed, bob listed, cat listed', 'TA-4 all stay listed, she too, whom the share had listed');
SELECT is(pg_temp.seen('cat', 'mona', 'ann'), :'demographics', 'TA-4 … with what a listing gives');
SELECT pg_temp.may('ann', $$SELECT careaccess_stop_chart_share('mona', 'ann', 'bob')$$, 'TA-4 stopping what does not run is no error');
SELECT is(pg_temp.shares('mona') || '; ' || (SELECT count(*) FROM careaccess.chart_share WHERE stopped IS NOT NULL AND stopped_by IS NOT NULL), '; 4',
	'TA-4 none runs, and who stopped them is on record');

-- TA-6 Shared charts are read-only

SELECT pg_temp.may('ann', $$SELECT careaccess_share_chart('mona', 'ann', 'bob', true)$$, 'TA-6 everything of ann''s is shared with bob');
SELECT is(pg_temp.seen('bob', 'mona', 'ann'), :'with_charts', 'TA-6 he sees her chart and her private notes');
SELECT is(pg_temp.changes('bob', 'mona', category, 'ann'), '', format('TA-6 he changes nothing of her %s', category)) FROM unnest('{chart,private_notes}'::text[]) AS category;
SELECT is(pg_temp.changes('bob', 'mona', 'chart'), 'create edit delete', 'TA-6 … but his own');
SELECT pg_temp.may_not('bob', $$INSERT INTO note (client, author) VALUES ('mona', 'ann')$$, '42501 new row violates row-level security policy for table "note"', 'TA-6 he writes nothing in her name');
SELECT is(pg_temp.does('bob', $$UPDATE note SET body = 'changed' WHERE author = 'ann'$$), 0::bigint, 'TA-6 an update finds nothing of hers');
SELECT pg_temp.may('otto', $$SELECT careaccess_configure_practice('clinic', '{"edit_others_records": true}')$$, 'TA-6 even where others'' records may be edited');
SELECT is(pg_temp.changes('bob', 'mona', 'chart', 'ann') || pg_temp.changes('bob', 'mona', 'private_notes', 'ann'), '', 'TA-6 … a share is for reading');
SELECT is(pg_temp.changes('otto', 'mona', 'chart', 'ann'), 'create edit delete', 'TA-6 … the clinic''s owner edits there');
SELECT pg_temp.may('otto', $$SELECT careaccess_configure_practice('clinic', '{"edit_others_records": false}')$$, 'TA-6 and where not');
SELECT is(pg_temp.changes('otto', 'mona', 'chart', 'ann'), '', 'TA-6 … nobody does');

-- TA-7 Private notes are shared only if the share says so

SELECT pg_temp.may('bob', $$SELECT careaccess_stop_chart_share('mona', 'ann', 'bob')$$, 'TA-7 the share with private notes is stopped');
SELECT is(pg_temp.seen('bob', 'mona', 'ann'), :'demographics', 'TA-7 … he sees neither chart nor private notes');
SELECT pg_temp.may('ann', $$SELECT careaccess_share_chart('mona', 'ann', 'bob')$$, 'TA-7 one that says nothing');
SELECT is(pg_temp.seen('bob', 'mona', 'ann'), :'with_chart', 'TA-7 … is of the chart only');
SELECT is(pg_temp.rows('bob', 'private_note', 'mona'), 1::bigint, 'TA-7 of private notes he has his own row');
SELECT pg_temp.may('otto', $$SELECT careaccess_configure_practice('clinic', '{"share_private_notes_default": "on"}')$$, 'TA-7 another default');
SELECT is(pg_temp.sees('bob', 'mona', 'private_notes', 'ann'), false, 'TA-7 … changes no share that runs');
SELECT pg_temp.may('ann', $$SELECT careaccess_share_chart('mona', 'ann', 'cat'), careaccess_stop_chart_share('mona', 'ann', 'bob'),
	careaccess_share_chart('mona', 'ann', 'bob', false)$$, 'TA-7 new ones that say nothing, or no');
SELECT is(pg_temp.sees('cat', 'mona', 'private_notes', 'ann')::text || ' ' || pg_temp.sees('bob', 'mona', 'private_notes', 'ann'), 'true false', 'TA-7 … are with them, or not');
SELECT pg_temp.may('otto', $$SELECT careaccess_configure_practice('clinic', '{"share_private_notes_default": "off"}')$$, 'TA-7 the default as it was');
SELECT pg_temp.may('ann', $$SELECT careaccess_stop_chart_share('mona', 'ann', 'cat')$$, 'TA-7 and cat''s share ended');
SELECT is(pg_temp.seen('cat', 'mona', 'ann'), :'demographics', 'TA-7 … with chart and private notes');

-- TA-8 Not transitive: B's share of the client exposes B's records only

SELECT is(pg_temp.shares('mona'), 'ann to bob', 'TA-8 ann shares with bob');
SELECT pg_temp.may('bob', $$SELECT careaccess_share_chart('mona', 'bob', 'cat', true)$$, 'TA-8 bob shares with cat');
SELECT is(pg_temp.seen('cat', 'mona', 'bob'), :'with_charts', 'TA-8 she sees his');
SELECT is(pg_temp.seen('cat', 'mona', 'ann'), :'demographics', 'TA-8 and not ann''s, which he sees');
SELECT is(pg_temp.query('cat', 'SELECT DISTINCT author FROM note'), 'bob', 'TA-8 in rows');
SELECT is(pg_temp.seen('ann', 'mona', 'bob'), :'demographics', 'TA-8 ann sees no more than before');
SELECT pg_temp.may('ann', $$SELECT careaccess_stop_chart_share('mona', 'ann', 'bob')$$, 'TA-8 when ann stops hers');
SELECT is(pg_temp.sees('cat', 'mona', 'chart', 'bob')::text || ' ' || pg_temp.sees('bob', 'mona', 'chart', 'ann'), 'true false', 'TA-8 … bob''s goes on');
SELECT pg_temp.may('bob', $$SELECT careaccess_stop_chart_share('mona', 'bob', 'cat')$$, 'TA-8 when he stops his');
SELECT is(pg_temp.seen('cat', 'mona', 'bob'), :'demographics', 'TA-8 … she sees no chart');

-- TA-12 provider-owned records: only that provider starts a share of them

SELECT pg_temp.may_not('ann', $$SELECT careaccess_configure_member('ann', '{"records_owned_by": "provider"}')$$, '42501 not allowed to change the settings of a member', 'TA-12 whose records they are is not hers to say');
SELECT pg_temp.may('mia', $$SELECT careaccess_configure_member('ann', '{"records_owned_by": "provider"}')$$, 'TA-12 a manager says it');
SELECT pg_temp.may('otto', $$SELECT careaccess_delegate('cus', 'ann', 'author')$$, 'TA-12 she has a custodian');
SELECT pg_temp.may_not(member, $$SELECT careaccess_share_chart('mona', 'ann', 'bob')$$, '42501 not allowed to share charts of member "ann"',
	format('TA-12 %s starts no share of her records', member)) FROM unnest('{otto,mia,cus,bob}'::text[]) AS member;
SELECT pg_temp.may('ann', $$SELECT careaccess_share_chart('mona', 'ann', 'bob')$$, 'TA-12 she does');
SELECT is(pg_temp.sees('bob', 'mona', 'chart', 'ann'), true, 'TA-12 … and he sees them');
SELECT pg_temp.may_not('mia', $$SELECT careaccess_stop_chart_share('mona', 'ann', 'bob')$$, '42501 not allowed to stop sharing charts of member "ann"', 'TA-12 nobody else stops it');
SELECT pg_temp.may('bob', $$SELECT careaccess_stop_chart_share('mona', 'ann', 'bob')$$, 'TA-12 but him who receives');
SELECT pg_temp.may('mia', $$SELECT careaccess_share_chart('mona', 'bob', 'cat'), careaccess_stop_chart_share('mona', 'bob', 'cat')$$, 'TA-12 bob''s records are the group''s');
SELECT pg_temp.may('mia', $$SELECT careaccess_configure_member('ann', '{"records_owned_by": "group"}')$$, 'TA-12 and so hers are again');
SELECT pg_temp.may('cus', $$SELECT careaccess_share_chart('mona', 'ann', 'bob')$$, 'TA-12 … a custodian may share them');
SELECT is(pg_temp.sees('bob', 'mona', 'chart', 'ann'), true, 'TA-12 … and he sees them');
SELECT pg_temp.may('cus', $$SELECT careaccess_stop_chart_share('mona', 'ann', 'bob')$$, 'TA-12 … and stop it');
SELECT is(pg_temp.seen('bob', 'mona', 'ann'), :'demographics', 'TA-12 … so he does not');
SELECT pg_temp.may_not('cus', $$SELECT careaccess_share_chart('mona', 'bob', 'cat')$$, '42501 not allowed to share charts of member "bob"', 'TA-12 … not those of somebody not in his custody');
SELECT pg_temp.may('otto', $$SELECT careaccess_undelegate('cus', 'ann', 'author')$$, 'TA-12 who is custodian no more');
SELECT pg_temp.may_not('cus', $$SELECT careaccess_share_chart('mona', 'ann', 'bob')$$, 'P0002 no such client: "mona"', 'TA-12 … sees and shares nothing');

-- TA-13 A manager may start a share though he cannot read charts

SELECT is(pg_temp.seen('mia', 'mona', 'ann'), :'demographics' || ' billing', 'TA-13 a manager reads no chart');
SELECT pg_temp.may('mia', $$SELECT careaccess_share_chart('mona', 'ann', 'cat')$$, 'TA-13 she starts a share of ann''s');
SELECT is(pg_temp.seen('cat', 'mona', 'ann'), :'with_chart', 'TA-13 … it works');
SELECT is(pg_temp.sees('mia', 'mona', 'chart', 'ann') OR pg_temp.sees('mia', 'mona', 'private_notes', 'ann'), false, 'TA-13 … and gives her nothing');
SELECT pg_temp.may('mia', $$SELECT careaccess_stop_chart_share('mona', 'ann', 'cat')$$, 'TA-13 she stops it');
SELECT is(pg_temp.seen('cat', 'mona', 'ann'), :'demographics', 'TA-13 … and it is over');
SELECT pg_temp.may_not(member, $$SELECT careaccess_share_chart('mona', 'ann', 'cat')$$, '42501 not allowed to share a chart', format('TA-13 %s may not', member))
FROM unnest('{sid,bill}'::text[]) AS member;

-- TA-14 A custodian reads the records of the providers in his custody until
-- the date, with nothing run at expiry

SELECT is(pg_temp.clients('cus') || pg_temp.seen('cus', 'mona', 'ann'), '', 'TA-14 a custodian of nobody sees nothing');
SELECT pg_temp.may_not('mia', $$SELECT careaccess_delegate('cus', 'ann', 'author')$$, '42501 not allowed to delegate', 'TA-14 a manager appoints none');
SELECT pg_temp.may_not('ann', $$SELECT careaccess_delegate('cus', 'ann', 'author')$$, '42501 not allowed to delegate', 'TA-14 … nor does a provider');
SELECT pg_temp.may('otto', $$SELECT careaccess_delegate('cus', 'ann', 'author', valid_until => 'tomorrow')$$, 'TA-14 the clinic''s owner does, until a date');
SELECT is(pg_temp.seen('cus', 'mona', 'ann'), 'name profile documents chart', 'TA-14 he reads what she wrote, private notes aside');
SELECT is(pg_temp.seen('cus', 'mona', 'bob'), 'name profile documents', 'TA-14 … not bob''s chart, though of the same client');
SELECT is(pg_temp.clients('cus'), 'mona olga pola rosa', 'TA-14 … of her clients, and no others');
SELECT is(pg_temp.sees('cus', 'nora', 'chart', 'bob'), false, 'TA-14 … nothing of theirs');
SELECT is(pg_temp.changes('cus', 'mona', 'chart', 'ann') || pg_temp.changes('cus', 'mona', 'profile'), '', 'TA-14 he changes nothing');
SELECT pg_temp.may('otto', $$SELECT careaccess_delegate('cus', 'ann', 'author', '{chart,private_notes}', valid_until => 'tomorrow')$$, 'TA-14 with private notes, if they are named');
SELECT is(pg_temp.seen('cus', 'mona', 'ann'), 'chart private_notes', 'TA-14 … it is what is named');
SELECT pg_temp.may('otto', $$SELECT careaccess_delegate('cus', 'ann', 'author', valid_until => 'tomorrow')$$, 'TA-14 and the usual again');
SELECT pg_temp.may('mia', $$SELECT careaccess_set_member_status('ann', 'disabled')$$, 'TA-14 ann has left');
SELECT pg_temp.may_not('ann', 'TABLE note', '28000 member "ann" is not active', 'TA-14 … she reads nothing');
SELECT is(pg_temp.query('otto', $$SELECT careaccess_can_view('ann', 'mona', 'chart', 'ann'), careaccess_can_view('cus', 'mona', 'chart', 'ann')$$), 'false true', 'TA-14 … as the functions say');
SELECT is(pg_temp.seen('cus', 'mona', 'ann'), 'name profile documents chart', 'TA-14 … he still does');
SELECT pg_temp.may('mia', $$SELECT careaccess_set_member_status('ann', 'active')$$, 'TA-14 she is back');
SELECT pg_temp.may('mia', $$SELECT careaccess_unlist_client('mona', 'ann')$$, 'TA-14 a client has left her');
SELECT is(pg_temp.seen('cus', 'mona', 'ann'), 'name profile documents chart', 'TA-14 … what she wrote stays in his custody');
SELECT pg_temp.may('mia', $$SELECT careaccess_list_client('mona', 'ann')$$, 'TA-14 and has come back');
UPDATE careaccess.delegation SET valid_until = now() - interval '1 minute' WHERE member OPERATOR(careaccess.=) 'cus';
SELECT is(pg_temp.seen('cus', 'mona', 'ann') || pg_temp.clients('cus') || pg_temp.rows('cus', 'note', 'mona'), '0', 'TA-14 the date has come: he reads nothing, and nothing was run');
SELECT pg_temp.may_not('cus', $$SELECT careaccess_share_chart('mona', 'ann', 'bob')$$, 'P0002 no such client: "mona"', 'TA-14 … nor does he share');
SELECT pg_temp.may('otto', $$SELECT careaccess_delegate('cus', 'ann', 'author')$$, 'TA-14 appointed again, without a date');
SELECT is(pg_temp.seen('cus', 'mona', 'ann'), 'name profile documents chart', 'TA-14 … he reads again');
SELECT pg_temp.may('otto', $$SELECT careaccess_undelegate('cus', 'ann', 'author')$$, 'TA-14 dismissed');
SELECT is(pg_temp.seen('cus', 'mona', 'ann'), '', 'TA-14 … he does not');

-- TA-15 Unlisting a provider ends his access and shares to him; he keeps
-- viewing what he wrote

SELECT pg_temp.may('ann', $$SELECT careaccess_share_chart('mona', 'ann', 'bob')$$, 'TA-15 ann shares with bob');
SELECT pg_temp.may('bob', $$SELECT careaccess_share_chart('mona', 'bob', 'cat')$$, 'TA-15 and bob with cat');
SELECT pg_temp.may_not('sid', $$SELECT careaccess_unlist_client('mona', 'bob')$$, '42501 not allowed to unlist a provider of a client', 'TA-15 a scheduler unlists nobody');
SELECT is(pg_temp.seen('bob', 'mona', 'ann') || ' / ' || pg_temp.seen('bob', 'mona', 'bob'), :'with_chart' || ' / ' || :'all', 'TA-15 so he sees his and hers');
SELECT pg_temp.may('mia', $$SELECT careaccess_unlist_client('mona', 'bob')$$, 'TA-15 a manager does');
SELECT is(pg_temp.links('mona') || '; ' || pg_temp.shares('mona'), 'ann listed, cat listed; bob to cat', 'TA-15 listing and share to him are over, his own goes on');
SELECT is(pg_temp.seen('bob', 'mona', 'ann'), 'name', 'TA-15 of others'' records he sees none');
SELECT is(pg_temp.seen('bob', 'mona', 'bob'), 'name chart private_notes', 'TA-15 of his own chart and private notes all');
SELECT is(pg_temp.clients('bob', 'chart') || ' / ' || pg_temp.clients('bob', 'profile'), 'mona nora / nora', 'TA-15 … she is in the list of charts, not in that of profiles');
SELECT is(pg_temp.changes('bob', 'mona', 'chart') || pg_temp.changes('bob', 'mona', 'private_notes') || pg_temp.changes('bob', 'mona', 'documents'), '', 'TA-15 … to view, not to change, nor to add to');
SELECT is(pg_temp.sees('cat', 'mona', 'chart', 'bob'), true, 'TA-15 cat keeps what he shared with her');
SELECT pg_temp.may('mia', $$SELECT careaccess_unlist_client('mona', 'bob')$$, 'TA-15 once more changes nothing');
SELECT pg_temp.may('mia', $$SELECT careaccess_list_client('mona', 'bob')$$, 'TA-15 he is listed again');
SELECT is(pg_temp.seen('bob', 'mona', 'ann') || ' / ' || pg_temp.seen('bob', 'mona', 'bob'), :'demographics' || ' / ' || :'all', 'TA-15 he has back what a listing gives, not the share');
SELECT is(pg_temp.changes('bob', 'mona', 'chart'), 'create edit delete', 'TA-15 … and writes');

-- TA-9 Booking lists a provider who has no active link (staff_booking = list),
-- reports new_provider, and makes no chart share

SELECT is(pg_temp.seen('cat', 'nora', 'bob') || '; ' || pg_temp.links('nora'), 'name; bob listed', 'TA-9 cat is not listed for nora');
SELECT pg_temp.may_not('bill', $$SELECT careaccess_book('nora', 'cat')$$, '42501 not allowed to book an appointment', 'TA-9 a biller does not book');
SELECT pg_temp.may_not('stan', $$SELECT careaccess_book('nora', 'cat')$$, 'P0002 no such client: "nora"', 'TA-9 nor does a staff administrator, who does not see her');
SELECT pg_temp.may_not('sid', $$SELECT careaccess_book('nora', 'mia')$$, '22023 member "mia" is not a practitioner', 'TA-9 … and nobody a manager');
SELECT pg_temp.may_not('sid', $$SELECT careaccess_book('nora', 'cat', 'widget')$$, '42501 not allowed to book as the widget', 'TA-9 … and no member as the widget');
SELECT is(pg_temp.seen('cat', 'nora', 'bob'), 'name', 'TA-9 so she still is not');
SELECT is(pg_temp.query('sid', $$SELECT careaccess_book('nora', 'cat')$$), 'new_provider', 'TA-9 a scheduler books her: a new provider');
SELECT is(pg_temp.links('nora') || '; ' || pg_temp.shares('nora'), 'bob listed, cat listed; ', 'TA-9 … listed, without a chart share');
SELECT is(pg_temp.seen('cat', 'nora', 'bob') || ' / ' || pg_temp.changes('cat', 'nora', 'chart'), :'demographics' || ' / create edit delete', 'TA-9 … so she sees demographics, and writes');
SELECT is(pg_temp.query('sid', $$SELECT careaccess_book('nora', 'cat')$$) || ' ' || pg_temp.query('sid', $$SELECT careaccess_book('nora', 'bob')$$), 'linked linked', 'TA-9 after that she has the link, as bob had');
SELECT is(pg_temp.links('nora') || '; ' || pg_temp.seen('ann', 'nora', 'bob'), 'bob listed, cat listed; name', 'TA-9 … and nothing more changes');
SELECT pg_temp.may('bob', $$SELECT careaccess_share_chart('nora', 'bob', 'cat')$$, 'TA-9 bob shares his chart with her');
SELECT pg_temp.may('mia', $$SELECT careaccess_unlist_client('nora', 'cat')$$, 'TA-9 she is taken off the list');
SELECT is(pg_temp.query('sid', $$SELECT careaccess_book('nora', 'cat')$$) || '; ' || pg_temp.seen('cat', 'nora', 'bob'), 'new_provider; ' || :'demographics', 'TA-9 booked anew she is new, and has no chart');
SELECT pg_temp.may('mia', $$SELECT careaccess_unlist_client('nora', 'cat')$$, 'TA-9 and off again');
SELECT is(pg_temp.query('cat', $$SELECT careaccess_book('nora', 'cat')$$) || '; ' || pg_temp.links('nora'), 'new_provider; bob listed, cat listed', 'TA-9 a provider books for herself');
SELECT pg_temp.may('mia', $$SELECT careaccess_unlist_client('nora', 'cat')$$, 'TA-9 and off');
SELECT pg_temp.may('otto', $$SELECT careaccess_configure_practice('clinic', '{"allow_self_listing": "off", "staff_booking": "none"}')$$, 'TA-9 other settings');
SELECT pg_temp.may_not('cat', $$SELECT careaccess_book('nora', 'cat')$$, '42501 not allowed to book a client for oneself', 'TA-9 … she does not');
SELECT is(pg_temp.query('sid', $$SELECT careaccess_book('nora', 'cat')$$) || '; ' || pg_temp.links('nora') || '; ' || pg_temp.seen('cat', 'nora', 'bob'), 'linked; bob listed; name', 'TA-9 … and no booking lists anybody; she, who sees the name, counts as having access');
SELECT pg_temp.may('otto', $$SELECT careaccess_configure_practice('clinic', '{"allow_self_listing": "on", "staff_booking": "list"}')$$, 'TA-9 the settings as they were');
SELECT is(pg_temp.query('web', $$SELECT careaccess_book('rosa', 'cat', 'widget')$$) || '; ' || pg_temp.sees('cat', 'rosa', 'profile'), 'new_provider; true', 'TA-9 the widget does as staff do');
SELECT pg_temp.may('mia', $$SELECT careaccess_unlist_client('rosa', 'cat')$$, 'TA-9 unlisted');
SELECT is(pg_temp.sees('cat', 'rosa', 'profile') OR pg_temp.clients('cat', 'profile') ~ 'rosa|nora', false, 'TA-9 … she has neither');

-- TA-10 Cancelling the booking unlists nobody

CREATE TRIGGER book AFTER INSERT OR UPDATE OR DELETE ON clinic.appointment FOR EACH ROW EXECUTE FUNCTION careaccess_book_trigger('client', 'author');
SELECT pg_temp.may('sid', $$INSERT INTO appointment (client, author, day) VALUES ('nora', 'cat', '2030-01-01')$$, 'TA-10 a scheduler writes an appointment');
SELECT is(pg_temp.links('nora') || '; ' || pg_temp.seen('cat', 'nora', 'bob'), 'bob listed, cat listed; ' || :'demographics', 'TA-10 … which lists the provider');
SELECT pg_temp.may('sid', $$UPDATE appointment SET author = 'ann' WHERE day = '2030-01-01'$$, 'TA-10 it is given to another');
SELECT is(pg_temp.links('nora'), 'ann listed, bob listed, cat listed', 'TA-10 … who is listed, too');
SELECT pg_temp.may('sid', $$UPDATE appointment SET day = '2030-01-02' WHERE day = '2030-01-01'$$, 'TA-10 it is moved');
SELECT is(pg_temp.does('sid', $$DELETE FROM appointment WHERE day = '2030-01-02'$$), 1::bigint, 'TA-10 and cancelled');
SELECT is(pg_temp.links('nora'), 'ann listed, bob listed, cat listed', 'TA-10 … nobody is unlisted');
SELECT is(pg_temp.seen('cat', 'nora', 'bob') || ' / ' || pg_temp.seen('ann', 'nora', 'bob'), :'demographics' || ' / ' || :'demographics', 'TA-10 … they see what they saw');
SELECT pg_temp.may_not('bill', $$INSERT INTO appointment (client, author) VALUES ('nora', 'cat')$$, '42501 new row violates row-level security policy for table "appointment"', 'TA-10 a biller writes none');
SELECT is(pg_temp.does('bill', $$DELETE FROM appointment WHERE client = 'nora'$$), 0::bigint, 'TA-10 … and cancels none');
SELECT pg_temp.may('mia', $$SELECT careaccess_unlist_client('nora', 'cat'), careaccess_unlist_client('nora', 'ann')$$, 'TA-10 a manager unlists them');
SELECT is(pg_temp.links('nora') || '; ' || pg_temp.seen('cat', 'nora', 'bob'), 'bob listed; name', 'TA-10 … as it was');
DROP TRIGGER book ON clinic.appointment;

-- TA-11 Schedulers book but cannot chart-share; billers neither

SELECT is(pg_temp.query('sid', $$SELECT careaccess_book('nora', 'ann')$$), 'new_provider', 'TA-11 a scheduler books');
SELECT pg_temp.may_not(member, $$SELECT careaccess_share_chart('nora', 'bob', 'ann')$$, '42501 not allowed to share a chart', format('TA-11 %s shares no chart', member))
FROM unnest('{sid,bill}'::text[]) AS member;
SELECT is(pg_temp.seen('ann', 'nora', 'bob'), :'demographics', 'TA-11 … there is none to see');
SELECT pg_temp.may_not('bill', $$SELECT careaccess_book('nora', 'cat')$$, '42501 not allowed to book an appointment', 'TA-11 a biller does not even book');
SELECT pg_temp.may('bob', $$SELECT careaccess_share_chart('nora', 'bob', 'ann')$$, 'TA-11 bob shares his');
SELECT pg_temp.may_not(member, $$SELECT careaccess_stop_chart_share('nora', 'bob', 'ann')$$, '42501 not allowed to stop a chart share', format('TA-11 %s stops no share', member))
FROM unnest('{sid,bill}'::text[]) AS member;
SELECT is(pg_temp.seen('ann', 'nora', 'bob') || ' / ' || pg_temp.changes('sid', 'nora', 'schedule', 'bob') || ' / ' || pg_temp.changes('bill', 'nora', 'schedule', 'bob') || ' / '
	|| pg_temp.changes('sid', 'nora', 'chart') || pg_temp.changes('bill', 'nora', 'chart'), :'with_chart' || ' / create edit delete /  / ', 'TA-11 … it runs; a scheduler has the schedule, neither has a chart');
SELECT pg_temp.may('mia', $$SELECT careaccess_unlist_client('nora', 'ann')$$, 'TA-11 a manager takes her off');
SELECT is(pg_temp.seen('ann', 'nora', 'bob'), 'name', 'TA-11 … and she sees the name');

SELECT * FROM finish();
ROLLBACK;
