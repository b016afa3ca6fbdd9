-- A practice of its own making: categories, author rules, what links open,
-- roles with denials, permissions of one member; and a role changed by hand
-- while it is held.  Read as rows, and asked of the functions.
BEGIN;
SELECT plan(65);
\set preset custom
\ir rules/clinic.sql
SET client_min_messages = warning;

-- Categories of the practice's own, and tables for them.
INSERT INTO careaccess.category (code, authored) VALUES ('imaging', true), ('letters', false);
CREATE TABLE scan (client text, author text, what text DEFAULT 'skull');
CREATE TABLE letter (client text, author text, body text DEFAULT 'dear colleague');
CREATE INDEX ON scan (client);
CREATE INDEX ON letter (client);
SELECT careaccess_protect('scan', 'client', 'imaging', author_column => 'author'),
	careaccess_protect('letter', 'client', 'letters', author_column => 'author') \g /dev/null
GRANT ALL ON scan, letter TO :plain_role;
INSERT INTO holds VALUES (9, 'imaging', 'scan', 'client', 'author'), (10, 'letters', 'letter', 'client', 'author');
CREATE FUNCTION pg_temp.everything(client text, author text) RETURNS void LANGUAGE sql AS $$
	SELECT pg_temp.records(client, author);
	INSERT INTO clinic.scan (client, author) VALUES ($1, $2);
	INSERT INTO clinic.letter (client, author) VALUES ($1, $2);
$$;
CREATE FUNCTION pg_temp.define(role text, definition jsonb) RETURNS void LANGUAGE sql AS $$
	SELECT careaccess_define_role('clinic', role, definition)
$$;
CREATE FUNCTION pg_temp.configure(settings jsonb) RETURNS void LANGUAGE sql AS $$
	SELECT careaccess_configure_practice('clinic', settings)
$$;

-- ivo has every permission of reach own; tess sees all images; dina sits at the
-- desk; tim learns; kurt, who has no role, knows nobody.
SELECT pg_temp.define('therapist', jsonb_build_object('practitioner', true,
		'permissions', (SELECT jsonb_agg(jsonb_build_object('category', code, 'actions', '["view", "create", "edit", "delete"]'::jsonb, 'reach', 'own'))
			FROM careaccess.category),
		'capabilities', '["create_client", "grant_linked", "list_client", "share_chart_own"]'::jsonb)),
	pg_temp.define('radiologist', '{"practitioner": "on", "permissions": [
		{"category": "name", "actions": ["view"], "reach": "all"},
		{"category": "imaging", "actions": ["view", "edit", "create"], "reach": "all"}]}'),
	pg_temp.define('desk', '{"administrative": true, "permissions": [
		{"category": "name", "actions": ["view"], "reach": "all"},
		{"category": "profile", "actions": ["edit", "view"], "reach": "all"},
		{"category": "letters", "actions": ["view"], "reach": "all"},
		{"category": "billing", "actions": ["view"], "reach": "all", "only_if_practitioner": true}]}'),
	pg_temp.define('trainee', '{"practitioner": true, "permissions": [
		{"category": "profile", "actions": ["view", "edit"], "reach": "own", "effect": "deny"},
		{"category": "chart", "actions": ["view"], "reach": "all", "effect": "deny"},
		{"category": "letters", "actions": ["edit"], "reach": "all", "effect": "deny"}]}') \g /dev/null
SELECT pg_temp.member('ivo', 'therapist'), pg_temp.member('ines', 'therapist'), pg_temp.member('tess', 'radiologist'),
	pg_temp.member('dina', 'desk'), pg_temp.member('tim', 'therapist', 'trainee'), careaccess_add_member('clinic', 'kurt', 'Kurt', '{}') \g /dev/null
SELECT pg_temp.client('mona', 'ivo'), pg_temp.client('nora', 'ines') \g /dev/null
INSERT INTO scan (client, author) VALUES ('mona', 'ivo'), ('nora', 'ines');
INSERT INTO letter (client, author) VALUES ('mona', 'ivo'), ('nora', 'ines');

-- From nothing: no link opens a category yet, and no author rule is written.
SELECT is(pg_temp.query('ivo', 'SELECT (SELECT count(*) FROM client), (SELECT count(*) FROM note), (SELECT count(*) FROM scan)'), '0 0 0',
	'a custom practice begins with links that open nothing');
SELECT is(pg_temp.query('dina', $$SELECT (SELECT count(*) FROM client), (SELECT count(*) FROM letter), (SELECT count(*) FROM scan)$$), '2 2 0',
	'… and a category without rule that is not authored shows all authors');
SELECT is(pg_temp.query('tess', $$SELECT count(*) FROM scan$$), '2', '… an authored one, too, where the reach is all');
SELECT pg_temp.configure('{"link_categories": {"owner": ["chart"], "grant": ["chart"]}}') \g /dev/null
INSERT INTO careaccess.client_link (client, member, kind) VALUES ('mona', 'ines', 'grant');
SELECT is(pg_temp.query('ivo', 'SELECT client, author FROM note'), 'mona ivo', 'the owner reads his note');
SELECT is(pg_temp.query('ines', 'SELECT client, author FROM note'), 'nora ines', '… another one, with a grant, only her own: an authored category without rule is the author''s');
UPDATE careaccess.client_link SET active = false, valid_until = now() WHERE kind = 'grant';

-- The rules of the house
SELECT pg_temp.configure('{"author_rules": {"name": "none", "profile": "none", "diagnosis": "none", "schedule": "none", "documents": "none",
		"billing": "none", "chart": "author", "private_notes": "author", "imaging": "share", "letters": "none"},
	"link_categories": {"owner": ["name", "profile", "diagnosis", "schedule", "documents", "billing", "chart", "private_notes", "imaging", "letters"],
		"grant": ["name", "profile", "imaging", "chart"], "listed": ["name", "letters", "imaging"]}}') \g /dev/null
\set all 'name profile diagnosis schedule documents billing chart private_notes imaging letters'
SELECT is(pg_temp.seen('ivo', 'mona'), :'all', 'an owner''s link opens what the practice says');
SELECT is(pg_temp.seen(member, 'mona', 'ivo'), sees, format('%s sees %s of a stranger''s client', member, coalesce(nullif(sees, ''), 'nothing')))
FROM (VALUES ('ines', ''), ('tess', 'name imaging'), ('dina', 'name profile letters'), ('tim', ''), ('kurt', '')) AS v (member, sees);
SELECT is(pg_temp.clients(member, category), sees, format('%s: clients by %s', member, category))
FROM (VALUES ('tess', 'imaging', 'mona nora'), ('dina', 'letters', 'mona nora'), ('ivo', 'imaging', 'mona'), ('ivo', 'letters', 'mona')) AS v (member, category, sees);
SELECT is(pg_temp.changes('tess', 'mona', 'imaging') || ' / ' || pg_temp.changes('tess', 'mona', 'imaging', 'ivo'), 'create edit / ',
	'an own category that is authored: others'' records stay as they are');
SELECT is(pg_temp.changes('dina', 'mona', 'profile') || ' / ' || pg_temp.changes('dina', 'mona', 'letters', 'ivo'), 'edit / ', 'the desk does what its role says');
SELECT is(pg_temp.changes('ivo', 'mona', 'letters', 'ines'), 'create edit delete', 'an own category that is not authored: anybody''s records');

-- What a grant and a listing open
SELECT pg_temp.may('ivo', $$SELECT careaccess_share_client('mona', 'ines')$$, 'grant_linked of a role made by hand');
SELECT is(pg_temp.seen('ines', 'mona', 'ivo'), 'name profile', 'a grant opens its categories, of others'' images and charts nothing');
SELECT pg_temp.everything('mona', 'ines') \g /dev/null
SELECT is(pg_temp.seen('ines', 'mona', 'ines'), 'name profile chart imaging', '… of his own these, too');
SELECT pg_temp.may('ivo', $$SELECT careaccess_share_chart('mona', 'ivo', 'ines')$$, 'a chart share');
SELECT is(pg_temp.seen('ines', 'mona', 'ivo'), 'name profile imaging', '… opens the category whose rule is share');
SELECT is(pg_temp.changes('ines', 'mona', 'imaging', 'ivo'), '', '… to read only');
SELECT is(pg_temp.seen('ivo', 'mona', 'ines'), 'name profile diagnosis schedule documents billing letters', 'TA-6 it is directed in own categories, too');
SELECT pg_temp.may('ivo', $$SELECT careaccess_stop_chart_share('mona', 'ivo', 'ines'), careaccess_unshare_client('mona', 'ines'),
	careaccess_list_client('mona', 'ines')$$, 'both end, and she is listed');
SELECT is(pg_temp.seen('ines', 'mona', 'ivo'), 'name letters', 'a listing opens its categories');

-- The rules change, and count at once
SELECT pg_temp.configure('{"author_rules": {"imaging": "none"}}') \g /dev/null
SELECT is(pg_temp.seen('ines', 'mona', 'ivo'), 'name imaging letters', 'rule none: everybody''s images');
SELECT pg_temp.configure('{"author_rules": {"imaging": "author", "letters": "author"}}') \g /dev/null
SELECT is(pg_temp.seen('ines', 'mona', 'ivo'), 'name', 'rule author: his own only');
SELECT is(pg_temp.seen('ines', 'mona', 'ines'), 'name imaging letters', '… these');
SELECT is(pg_temp.seen('dina', 'mona', 'ivo') || ' / ' || pg_temp.seen('tess', 'mona', 'ivo'), 'name profile letters / name imaging', '… save where the reach is all');
SELECT pg_temp.configure('{"author_rules": {"imaging": "share", "letters": "none"}, "link_categories": {"listed": ["name", "billing"]}}') \g /dev/null
SELECT is(pg_temp.seen('ines', 'mona', 'ines'), 'name billing', 'a kind of link opens other categories from now on');
SELECT is(pg_temp.query('ines', 'SELECT author FROM scan WHERE client = ''mona'''), '', '… and no longer the images, her own neither');
SELECT pg_temp.may('ivo', $$SELECT careaccess_unlist_client('mona', 'ines')$$, 'the listing ends');
SELECT is(pg_temp.seen('ines', 'mona', 'ines'), 'chart private_notes imaging', '5.5 … and she keeps viewing the authored records that she wrote, of own categories, too');
SELECT is(pg_temp.changes('ines', 'mona', 'imaging'), '', '5.5 … no more than that');
SELECT pg_temp.configure('{"link_categories": {"listed": ["name", "letters", "imaging"]}}') \g /dev/null

-- Denials, permissions of one member, only-if-practitioner
SELECT pg_temp.does('ivo', $$SELECT careaccess_share_client('mona', 'tim')$$) \g /dev/null
SELECT pg_temp.everything('mona', 'tim') \g /dev/null
SELECT is(pg_temp.seen('tim', 'mona', 'tim'), 'name imaging', 'IQ-12 deny rows of one role beat what another allows, his own records included');
SELECT careaccess_set_member_permission('tim', 'profile', '{view,edit}', 'all') \g /dev/null
SELECT is(pg_temp.seen('tim', 'mona', 'tim'), 'name profile imaging', '5.4 … with reach own not what is allowed for all');
SELECT careaccess_set_member_permission('tim', 'chart', '{view}', 'all') \g /dev/null
SELECT is(pg_temp.seen('tim', 'mona', 'tim'), 'name profile imaging', '5.4 … with reach all that, too');
SELECT careaccess_clear_member_permission('tim', 'profile'), careaccess_clear_member_permission('tim', 'chart') \g /dev/null
SELECT is(pg_temp.seen('dina', 'mona', 'ivo'), 'name profile letters', 'a permission that counts for practitioners only sleeps');
SELECT careaccess_set_member_roles('dina', '{desk,radiologist}') \g /dev/null
SELECT is(pg_temp.seen('dina', 'mona', 'ivo'), 'name profile billing imaging letters', '… until its holder is one');
SELECT careaccess_set_member_roles('dina', '{desk}') \g /dev/null
SELECT careaccess_set_member_permission('dina', 'letters', '{view}', 'all', 'deny'), careaccess_set_member_permission('dina', 'imaging', '{view}', 'all') \g /dev/null
SELECT is(pg_temp.seen('dina', 'mona', 'ivo'), 'name profile imaging', 'one member is denied, and allowed, own categories');
SELECT is(pg_temp.seen('kurt', 'mona', 'ivo'), '', 'who has no role has nothing');
SELECT careaccess_set_member_permission('kurt', 'letters', '{view,edit}', 'all') \g /dev/null
SELECT is(pg_temp.seen('kurt', 'mona', 'ivo') || ' ' || pg_temp.changes('kurt', 'mona', 'letters', 'ivo'), 'letters edit', '… but what is his own');

-- A category that is used is not deleted
SELECT throws_ok($$DELETE FROM careaccess.category WHERE code = 'imaging'$$, '23503', NULL, 'a category in use stays');
SELECT throws_ok($$UPDATE careaccess.category SET code = 'pictures' WHERE code = 'imaging'$$, '23503', NULL, '… and keeps its name');
UPDATE careaccess.category SET authored = true WHERE code = 'letters';
SELECT is(pg_temp.changes('ivo', 'mona', 'letters', 'ines') || ' / ' || pg_temp.changes('ivo', 'mona', 'letters'), ' / create edit delete',
	'a category that becomes authored: others'' records are closed to changes at once');

-- A role is changed by hand while it is held
SELECT pg_temp.define('desk', '{"administrative": true, "permissions": [{"category": "schedule", "actions": ["view"], "reach": "all"}]}') \g /dev/null
SELECT is(pg_temp.seen('dina', 'mona', 'ivo'), 'schedule imaging', 'a role is what it is now; what the member has of her own stays');
SELECT is(pg_temp.refusal('dina', $$SELECT careaccess_add_client('lena', owner => 'ivo')$$), '42501 not allowed to add a client', 'a capability that it has not');
SELECT pg_temp.define('desk', '{"administrative": true, "capabilities": ["create_client", "reassign"], "permissions": [
	{"category": "name", "actions": ["view"], "reach": "all"}]}') \g /dev/null
SELECT pg_temp.may('dina', $$SELECT careaccess_add_client('lena', owner => 'ivo')$$, '… until it has it');
SELECT pg_temp.may_not('dina', $$SELECT careaccess_define_role('clinic', 'desk', '{}')$$, '42501 not allowed to define a role', 'manage_roles defines roles');
SELECT is(pg_temp.seen('ivo', 'mona'), :'all', 'other roles stay as they are');
SELECT throws_ok($$SELECT pg_temp.define('therapist', '{"permissions": []}')$$, '55000',
	'cannot take the practitioner flag from a role: member "ines" owns clients', 'who owns clients stays a practitioner');
SELECT is(pg_temp.seen('ivo', 'mona'), :'all', '… and nothing of the refused definition is done');
SELECT careaccess_set_member_roles('ivo', '{therapist,radiologist}'), careaccess_set_member_roles('ines', '{therapist,radiologist}') \g /dev/null
SELECT pg_temp.define('therapist', '{"permissions": [{"category": "chart", "actions": ["view"], "reach": "own"}]}') \g /dev/null
SELECT is(pg_temp.seen('ivo', 'mona'), 'name chart imaging', 'with another practitioner role it is taken, and an owner sees what is left');
SELECT is((SELECT count(*) FROM careaccess.client_link WHERE kind = 'owner' AND active), 3::bigint, '… and owns on');

-- What changes at once for holders of a preset's role is no one else's matter
SELECT careaccess_create_practice('sp', 'By the book', 'simplepractice'), careaccess_create_practice('sp 2', 'By the book, too', 'simplepractice') \g /dev/null
SELECT careaccess_add_member('sp', 'bill', 'Bill', '{practice_biller}'), careaccess_add_member('sp 2', 'bea', 'Bea', '{practice_biller}'),
	careaccess_add_member('sp', 'carl', 'Carl', '{clinician_basic}'), careaccess_add_member('sp 2', 'cora', 'Cora', '{clinician_basic}') \g /dev/null
SELECT careaccess_add_client('s1', 'sp', 'carl'), careaccess_add_client('s2', 'sp 2', 'cora') \g /dev/null
INSERT INTO note VALUES ('s1', 'carl'), ('s2', 'cora');
PREPARE notes AS SELECT count(*) FROM note;
SELECT is(pg_temp.query('bill', 'EXECUTE notes'), '0', 'SP-14 a biller reads no chart');
SELECT careaccess_define_role('sp', 'practice_biller', '{"administrative": true, "permissions": [{"category": "chart", "actions": ["view"], "reach": "all"}]}') \g /dev/null
SELECT is(pg_temp.query('bill', 'EXECUTE notes'), '1', 'a preset''s role is changed by hand: at once, in a prepared statement, too');
SELECT is(pg_temp.query('bea', 'EXECUTE notes'), '0', '… in this practice only');
SELECT is(pg_temp.query('bea', $$SELECT careaccess_can_view('bea', 's2', 'billing')$$) || pg_temp.query('bill', $$SELECT careaccess_can_view('bill', 's1', 'billing')$$),
	'truefalse', '… the role of the same name elsewhere keeps what it allows');
SELECT is((SELECT preset FROM careaccess.practice WHERE id::text = 'sp'), 'simplepractice', '… which still says where it came from');
SELECT is((SELECT actions::text || reach FROM careaccess.preset_permission WHERE preset = 'simplepractice' AND role = 'practice_biller' AND category = 'chart'), NULL,
	'… and the preset is as it was');
-- Flags
SELECT careaccess_restrict_client('s1'), careaccess_revoke_administrative_access('s1', 'bill') \g /dev/null
SELECT is(pg_temp.query('bill', 'EXECUTE notes'), '0', 'SP-3 revoked');
SELECT careaccess_define_role('sp', 'practice_biller', '{"unrevocable": true, "permissions": [{"category": "chart", "actions": ["view"], "reach": "all"}]}') \g /dev/null
SELECT is(pg_temp.query('bill', 'EXECUTE notes'), '1', '5.2 … counts no more when the role becomes unrevocable');
SELECT careaccess_define_role('sp', 'practice_biller', '{"permissions": [{"category": "chart", "actions": ["view"], "reach": "all"}]}') \g /dev/null
SELECT is(pg_temp.query('bill', 'EXECUTE notes'), '0', 'SP-7 … and again when it is not, though the role is administrative no more');

SELECT * FROM finish();
ROLLBACK;
