-- IQ-1 … IQ-12, as members of the preset "intakeq".
BEGIN;
SELECT plan(320);
\set preset intakeq
\ir rules/clinic.sql
\set all 'name profile diagnosis schedule documents billing chart private_notes'
\set all_but_private 'name profile diagnosis schedule documents billing chart'

-- ada and olga administer, olga is no practitioner; pia owns mona, paul owns
-- nora, quin owns nobody; pam can access all clients; asa assists nobody yet.
SELECT pg_temp.member('ada', 'administrator'), pg_temp.member('olga', 'administrator_only'),
	pg_temp.member('pia', 'practitioner'), pg_temp.member('paul', 'practitioner'), pg_temp.member('quin', 'practitioner'),
	pg_temp.member('pam', 'practitioner_all_clients'), pg_temp.member('asa', 'assistant') \g /dev/null
SELECT pg_temp.client('mona', 'pia'), pg_temp.client('nora', 'paul') \g /dev/null
-- And somebody of the other clinic.
SELECT careaccess_add_member('elsewhere', 'ella', 'Ella', '{administrator}'),
	careaccess_add_client('emil', 'elsewhere', 'ella') \g /dev/null
SELECT pg_temp.client('emil', NULL) \g /dev/null

CREATE FUNCTION pg_temp.links(client text) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(l.member::text || ' ' || l.kind, ', ' ORDER BY l.member::text, l.kind), '')
	FROM careaccess.client_link AS l WHERE l.client::text = $1 AND l.active
$$;

-- IQ-3 Default visibility: owner and administrators

SELECT is(pg_temp.seen('pia', 'mona'), :'all', 'IQ-3 the owner sees everything of her client');
SELECT is(pg_temp.seen('ada', 'mona'), :'all', 'IQ-3 an administrator too');
SELECT is(pg_temp.seen('olga', 'mona'), :'all', 'IQ-3 one who is no practitioner, too');
SELECT is(pg_temp.seen(member, 'mona'), '', format('IQ-3 %s sees nothing of her, not her name', member))
FROM unnest('{paul,quin,asa}'::text[]) AS member;
SELECT is(pg_temp.seen('pia', 'nora'), '', 'IQ-3 … nor does an owner see the client of another');
SELECT is(pg_temp.clients('pia') || ' / ' || pg_temp.clients('paul') || ' / ' || pg_temp.clients('quin') || ' / ' || pg_temp.clients('ada'),
	'mona / nora /  / mona nora', 'IQ-3 the lists of clients say the same');
SELECT is(pg_temp.query('paul', 'SELECT count(*), max(name) FROM client'), '1 Nora', 'IQ-3 counts and search know of no other client');
SELECT is(pg_temp.query('paul', 'SELECT p.phone FROM profile p JOIN client c ON c.id = p.client'), '555-nora', 'IQ-3 nor joins');
SELECT is(pg_temp.query('ada', $$SELECT member, reason FROM careaccess_viewers('mona', 'private_notes') ORDER BY member$$),
	'ada role administrator: all clients of the practice, olga role administrator_only: all clients of the practice, '
	'pia role practitioner: owner of the client',
	'IQ-3 the viewers are these, and why');
SELECT is(pg_temp.changes('pia', 'mona', 'chart') || ' / ' || pg_temp.changes('paul', 'mona', 'chart') || ' / ' || pg_temp.changes('paul', 'mona', 'profile'),
	'create edit delete /  / ', 'IQ-3 who sees nothing changes nothing');
SELECT pg_temp.may_not('paul', $$SELECT careaccess_share_client('mona', 'paul')$$, 'P0002 no such client: "mona"', 'IQ-3 nor lets himself in');
SELECT pg_temp.may_not('paul', $$SELECT careaccess_reassign_client('mona', 'paul')$$, 'P0002 no such client: "mona"', 'IQ-3 in any way');

-- IQ-1 Exactly one owner, a practitioner

SELECT is(pg_temp.links('mona'), 'pia owner', 'IQ-1 a client has an owner');
SELECT pg_temp.may_not('ada', $$SELECT careaccess_add_client('lena', owner => 'asa')$$,
	'22023 member "asa" is not a practitioner', 'IQ-1 never an assistant');
SELECT pg_temp.may_not('ada', $$INSERT INTO client (id, name, owner) VALUES ('lena', 'Lena', 'asa')$$,
	'22023 member "asa" is not a practitioner', 'IQ-1 … by a row neither');
SELECT pg_temp.may_not('ada', $$SELECT careaccess_add_client('lena', owner => 'olga')$$,
	'22023 member "olga" is not a practitioner', 'IQ-1 never an administrator-only account');
SELECT pg_temp.may_not('olga', $$SELECT careaccess_add_client('lena')$$, '22023 owner must not be null', 'IQ-1 … who names the owner of a client he adds');
SELECT pg_temp.may_not('olga', $$INSERT INTO client (id, name) VALUES ('lena', 'Lena')$$, '22023 owner must not be null', 'IQ-1 never null, by a row neither');
SELECT pg_temp.may('olga', $$INSERT INTO client (id, name, owner) VALUES ('lena', 'Lena', 'ada')$$, 'IQ-1 an administrator who practises can be one');
SELECT is(pg_temp.links('lena'), 'ada owner', 'IQ-1 … and is');
SELECT pg_temp.may_not('pia', format('SELECT careaccess_reassign_client(%L, %L)', 'mona', new_owner), refused,
	format('IQ-1 reassigning: not to %s', coalesce(new_owner, 'nobody')))
FROM (VALUES ('asa', '22023 member "asa" is not a practitioner'), ('olga', '22023 member "olga" is not a practitioner'),
	(NULL, '22023 member must not be null'), ('ella', 'P0002 no such member: "ella"')) AS v (new_owner, refused);
SELECT pg_temp.may_not('pia', $$UPDATE client SET owner = NULL WHERE id = 'mona'$$, '22023 member must not be null', 'IQ-1 nor by the owner column: not to nobody');
SELECT pg_temp.may_not('pia', $$UPDATE client SET owner = 'asa' WHERE id = 'mona'$$, '22023 member "asa" is not a practitioner', 'IQ-1 … nor to an assistant');
SELECT pg_temp.may_not('ada', $$SELECT careaccess_set_client_access('mona', '{}', owner => 'olga')$$,
	'22023 member "olga" is not a practitioner', 'IQ-1 nor by the access dialog');
SELECT pg_temp.may_not('ada', $$SELECT careaccess_set_member_roles('pia', '{assistant}')$$,
	'55000 cannot take the last practitioner role: member "pia" owns clients', 'IQ-1 an owner remains a practitioner');
SELECT pg_temp.may_not('ada', $$SELECT careaccess_remove_member('pia')$$,
	'55000 cannot remove a member: member "pia" owns clients', 'IQ-1 … and a member');
SELECT pg_temp.may_not('ada', $$SELECT careaccess_remove_member('pia', 'asa')$$,
	'22023 member "asa" is not a practitioner', 'IQ-1 … unless another practitioner follows');
SELECT throws_ok($$INSERT INTO careaccess.client_link (client, member, kind) VALUES ('mona', 'paul', 'owner')$$, '23505', NULL,
	'IQ-1 a second owner is impossible, whoever writes it');
SELECT throws_ok($$DELETE FROM careaccess.client_link WHERE client OPERATOR(careaccess.=) 'mona' AND kind = 'owner'; SET CONSTRAINTS ALL IMMEDIATE$$,
	'55000', 'client "mona" would have no owner', 'IQ-1 … and so is none');
SELECT pg_temp.may('pia', $$UPDATE client SET owner = 'quin' WHERE id = 'mona'$$, 'IQ-1 to another practitioner a client can go');
SELECT is(pg_temp.links('mona'), 'quin owner', 'IQ-1 … who is the owner then, alone');
SELECT pg_temp.may('quin', $$SELECT careaccess_reassign_client('mona', 'pia')$$, 'IQ-1 and back');
SELECT is(pg_temp.links('mona'), 'pia owner', 'IQ-1 … to her alone');
SELECT is(pg_temp.seen('pia', 'mona'), :'all', 'IQ-1 with everything');
UPDATE clinic.client SET owner = 'pia' WHERE id = 'mona';

-- IQ-2 A new client belongs to the practitioner who makes it

SELECT pg_temp.may('quin', $$INSERT INTO client (id, name) VALUES ('rosa', 'Rosa')$$, 'IQ-2 a practitioner makes a client by a row');
SELECT pg_temp.may('quin', $$SELECT careaccess_add_client('rita')$$, 'IQ-2 … and by the function');
INSERT INTO clinic.client (id, name) VALUES ('rita', 'Rita');
SELECT is(pg_temp.links('rosa') || ' / ' || pg_temp.links('rita'), 'quin owner / quin owner', 'IQ-2 both are his');
SELECT is(pg_temp.clients('quin') || ' / ' || pg_temp.clients('pia') || ' / ' || pg_temp.clients('paul'), 'rita rosa / mona / nora', 'IQ-2 and no colleague''s');
SELECT pg_temp.may_not('quin', $$SELECT careaccess_add_client('sara', owner => 'pia')$$,
	'42501 not allowed to add a client for another owner', 'IQ-2 he makes none for a colleague');
SELECT pg_temp.may_not('quin', $$INSERT INTO client (id, name, owner) VALUES ('sara', 'Sara', 'pia')$$,
	'42501 not allowed to add a client for another owner', 'IQ-2 … by a row neither');
SELECT pg_temp.may_not('asa', $$INSERT INTO client (id, name) VALUES ('tina', 'Tina')$$, '22023 owner must not be null', 'IQ-2 an assistant of nobody makes none');
SELECT pg_temp.may_not('asa', $$SELECT careaccess_add_client('tina', owner => 'pia')$$,
	'42501 not allowed to add a client for another owner', 'IQ-2 … for nobody');
SELECT pg_temp.may_not('pia', $$SELECT careaccess_delegate('asa', 'pia', 'context')$$, '42501 not allowed to delegate', 'IQ-2 a practitioner gives herself no assistant');
SELECT pg_temp.may('ada', $$SELECT careaccess_delegate('asa', 'pia', 'context')$$, 'IQ-2 an administrator does');
SELECT pg_temp.may('asa', $$INSERT INTO client (id, name) VALUES ('tina', 'Tina')$$, 'IQ-2 the assistant makes a client by a row');
SELECT is(pg_temp.links('tina'), 'pia owner', 'IQ-2 … for the practitioner he acts for');
SELECT is(pg_temp.clients('pia') || ' / ' || pg_temp.clients('asa') || ' / ' || pg_temp.clients('paul'), 'mona tina / mona tina / nora', 'IQ-2 both see her, no other');
SELECT pg_temp.may_not('asa', $$SELECT careaccess_add_client('vera', owner => 'paul')$$,
	'42501 not allowed to add a client for another owner', 'IQ-2 not for another practitioner');
SELECT pg_temp.may('ada', $$SELECT careaccess_delegate('asa', 'paul', 'context')$$, 'IQ-2 an assistant of two');
SELECT pg_temp.may_not('asa', $$SELECT careaccess_add_client('vera')$$, '22023 owner must not be null', 'IQ-2 … says for whom');
SELECT pg_temp.may('asa', $$SELECT careaccess_add_client('vera', owner => 'paul')$$, 'IQ-2 … and makes clients for either');
INSERT INTO clinic.client (id, name) VALUES ('vera', 'Vera');
SELECT is(pg_temp.links('vera'), 'paul owner', 'IQ-2 … whose they are');
SELECT pg_temp.may('ada', $$SELECT careaccess_set_member_status('paul', 'disabled')$$, 'IQ-2 one is disabled');
SELECT pg_temp.may_not('asa', $$SELECT careaccess_add_client('wanda', owner => 'paul')$$, '42501 not allowed to add a client for another owner', 'IQ-2 … so there are no clients for him');
SELECT pg_temp.may('asa', $$SELECT careaccess_add_client('wanda')$$, 'IQ-2 … and who is not named is the other');
SELECT pg_temp.may('ada', $$SELECT careaccess_set_member_status('paul', 'active'), careaccess_undelegate('asa', 'paul', 'context')$$, 'IQ-2 he is back, and not assisted any more');
SELECT pg_temp.may('asa', $$SELECT careaccess_add_client('xara')$$, 'IQ-2 … so it is the other again');
INSERT INTO clinic.client (id, name) VALUES ('xara', 'Xara');
INSERT INTO clinic.client (id, name) VALUES ('wanda', 'Wanda');
SELECT is(pg_temp.links('wanda') || ' / ' || pg_temp.links('xara'), 'pia owner / pia owner', 'IQ-2 … whose they are');
SELECT pg_temp.may('ada', $$SELECT careaccess_undelegate('asa', 'pia', 'context')$$, 'IQ-2 neither');
SELECT pg_temp.may_not('asa', $$SELECT careaccess_add_client('xenia')$$, '22023 owner must not be null', 'IQ-2 … so there are no more clients');
SELECT is(pg_temp.clients('asa') || '/' || pg_temp.clients('pia'), '/mona tina wanda xara', 'IQ-2 those he made stay with their owner');

-- IQ-4 The administrator always sees everything

SELECT is(pg_temp.changes('ada', 'mona', 'private_notes', 'pia') || ' / ' || pg_temp.changes('olga', 'mona', 'chart', 'pia'),
	'create edit delete / create edit delete', 'IQ-4 administrators change what others wrote');
SELECT is(pg_temp.changes('pam', 'mona', 'private_notes', 'pia'), '', 'IQ-4 who can only access all clients does not, in private notes');
SELECT pg_temp.may('pia', $$SELECT careaccess_set_client_access('mona', '{}', with_all => false)$$, 'IQ-4 the owner takes everybody''s access away');
SELECT is(pg_temp.seen('ada', 'mona') || ' / ' || pg_temp.seen('olga', 'mona'), :'all' || ' / ' || :'all', 'IQ-4 not the administrators''');
SELECT pg_temp.may('pia', $$SELECT careaccess_set_client_status('mona', 'archived')$$, 'IQ-4 she archives the client');
SELECT is(pg_temp.seen('ada', 'mona'), :'all', 'IQ-4 they see archived clients');
SELECT pg_temp.may('pia', $$SELECT careaccess_set_client_status('mona', 'active')$$, 'IQ-4 … and those who are active again');
SELECT pg_temp.may_not('pia', $$SELECT careaccess_set_client_status('mona', 'deleted')$$, '42501 not allowed to delete or restore a client', 'IQ-4 she deletes nobody');
SELECT pg_temp.may('ada', $$SELECT careaccess_set_client_status('mona', 'deleted')$$, 'IQ-4 an administrator does');
SELECT is(pg_temp.seen('ada', 'mona') || pg_temp.seen('pia', 'mona'), '', 'IQ-4 … a deleted client is nobody''s to see');
SELECT pg_temp.may('ada', $$SELECT careaccess_set_client_status('mona', 'active')$$, 'IQ-4 … restored,');
SELECT is(pg_temp.seen('ada', 'mona') || pg_temp.seen('pia', 'mona'), :'all' || :'all', 'IQ-4 … he is seen as before');
SELECT pg_temp.may('quin', $$INSERT INTO note (client, author) VALUES ('rosa', 'quin')$$, 'IQ-4 a client who was made by a member');
SELECT is(pg_temp.sees('ada', 'rosa', 'chart'), true, 'IQ-4 … is seen by them, and the new note');
SELECT pg_temp.may_not('pia', $$SELECT careaccess_restrict_client('mona')$$, '42501 not allowed to restrict a client', 'IQ-4 nobody restricts a client');
SELECT throws_ok($$SELECT careaccess_restrict_client('mona')$$, '55000', 'this practice does not restrict clients', 'IQ-4 … the database administrator neither');
SELECT pg_temp.may('ada', $$SELECT careaccess_configure_practice('clinic', '{"restriction": "on"}')$$, 'IQ-4 were it switched on,');
SELECT careaccess_restrict_client('mona') \g /dev/null
SELECT throws_ok($$SELECT careaccess_revoke_administrative_access('mona', 'ada')$$, '55000', 'member "ada" holds a role that cannot be revoked',
	'IQ-4 … an administrator cannot be revoked');
INSERT INTO careaccess.client_revocation (client, member) VALUES ('mona', 'ada'), ('mona', 'pam');
SELECT is(pg_temp.seen('ada', 'mona'), :'all', 'IQ-4 … and a revocation that is written all the same takes nothing');
SELECT is(pg_temp.seen('pam', 'mona'), '', 'IQ-4 … from him; from others it does');
SELECT careaccess_unrestrict_client('mona') \g /dev/null
SELECT pg_temp.may('ada', $$SELECT careaccess_configure_practice('clinic', '{"restriction": "off"}')$$, 'IQ-4 and off again');
SELECT is(pg_temp.seen('pam', 'mona'), :'all_but_private', 'IQ-4 … they are back');
SELECT is(pg_temp.sees('ada', 'emil', 'name') OR pg_temp.sees('ada', 'emil', 'chart'), false, 'IQ-4 everything of his clinic, nothing of another');
SELECT pg_temp.may('olga', $$SELECT careaccess_set_member_roles('ada', '{practitioner}')$$, 'IQ-4 the right goes with the role');
SELECT is(pg_temp.seen('ada', 'mona') || '/' || pg_temp.clients('ada'), '/lena', 'IQ-4 … down to his own clients');
SELECT pg_temp.may('olga', $$SELECT careaccess_set_member_roles('ada', '{administrator}')$$, 'IQ-4 … and comes back');
SELECT is(pg_temp.seen('ada', 'mona'), :'all', 'IQ-4 … with it');

-- IQ-5 The access dialog as one call

SELECT pg_temp.may('pia', $$SELECT careaccess_set_client_access('mona', '{paul}')$$, 'IQ-5 the owner shares with some');
SELECT is(pg_temp.seen('paul', 'mona', 'pia'), :'all_but_private', 'IQ-5 they see everything but her private notes');
SELECT is(pg_temp.seen('quin', 'mona'), '', 'IQ-5 others do not');
SELECT is(pg_temp.changes('paul', 'mona', 'chart', 'pia') || ' / ' || pg_temp.changes('paul', 'mona', 'private_notes'),
	'create edit delete / create edit delete', 'IQ-5 a share is the whole client, with private notes of one''s own');
SELECT pg_temp.may('pia', $$SELECT careaccess_set_client_access('mona', '{quin}', with_all => true)$$, 'IQ-5 another list, and "all"');
SELECT is(pg_temp.links('mona'), 'pia owner, quin grant', 'IQ-5 who is not in the list is out of it');
SELECT is(pg_temp.seen('paul', 'mona') || ' / ' || pg_temp.seen('quin', 'mona'), :'all_but_private' || ' / ' || :'all_but_private', 'IQ-5 with "all" both see her');
SELECT pg_temp.may('pia', $$SELECT careaccess_set_client_access('mona', '{quin,paul}')$$, 'IQ-5 the list is edited while "all" is on');
SELECT pg_temp.may('quin', $$SELECT careaccess_set_client_access('mona', NULL, with_all => false)$$, 'IQ-5 somebody of the list switches "all" off');
SELECT is(pg_temp.links('mona'), 'paul grant, pia owner, quin grant', 'IQ-5 the list survived it');
SELECT is(pg_temp.seen('paul', 'mona') || ' / ' || pg_temp.seen('quin', 'mona'), :'all_but_private' || ' / ' || :'all_but_private', 'IQ-5 and counts');
SELECT pg_temp.may('pia', $$SELECT careaccess_set_client_access('mona', '{pia}', 'quin', true)$$, 'IQ-5 owner, list and "all" in one call');
SELECT is(pg_temp.links('mona') || '; ' || (SELECT shared_with_all::text FROM careaccess.client WHERE id OPERATOR(careaccess.=) 'mona'),
	'pia grant, quin owner; true', 'IQ-5 … are all changed');
SELECT pg_temp.may_not('pia', $$SELECT careaccess_set_client_access('mona', '{asa}', 'paul', false)$$, '22023 member "asa" is not a practitioner', 'IQ-5 or none of them');
SELECT is(pg_temp.links('mona') || '; ' || (SELECT shared_with_all::text FROM careaccess.client WHERE id OPERATOR(careaccess.=) 'mona'),
	'pia grant, quin owner; true', 'IQ-5 … as it was');
SELECT pg_temp.may('ada', $$SELECT careaccess_set_client_access('mona', '{}', 'pia', false)$$, 'IQ-5 an administrator has the dialog for every client');
SELECT is(pg_temp.links('mona'), 'pia owner', 'IQ-5 … and puts it back');
SELECT is(pg_temp.seen('quin', 'mona') || pg_temp.seen('paul', 'mona'), '', 'IQ-5 so the others see nothing again');
SELECT pg_temp.may_not('quin', $$SELECT careaccess_set_client_access('mona', '{quin}')$$, 'P0002 no such client: "mona"', 'IQ-5 and have no dialog');
SELECT pg_temp.may_not('pam', $$SELECT careaccess_set_client_access('mona', '{pam}')$$,
	'42501 not allowed to set who has access to a client', 'IQ-5 who sees all clients has it for those linked to him');
SELECT pg_temp.may_not('pam', $$SELECT careaccess_set_client_access('mona', NULL, 'pam')$$, '42501 not allowed to reassign a client', 'IQ-5 … the owner''s field too');

-- IQ-6 "All practitioners" covers later hires, and practitioners only

SELECT pg_temp.may('ada', $$SELECT careaccess_define_role('clinic', 'front_desk', '{"permissions": [
		{"category": "name", "actions": ["view"], "reach": "own"},
		{"category": "profile", "actions": ["view"], "reach": "own"}]}')$$, 'IQ-6 a role of staff who are no practitioners');
SELECT pg_temp.may('ada', $$SELECT careaccess_add_member('clinic', 'fred', 'Fred', '{front_desk}')$$, 'IQ-6 … and somebody who holds it');
SELECT pg_temp.may('pia', $$SELECT careaccess_share_client_with_all('mona', true)$$, 'IQ-6 the owner shares with all');
SELECT is(pg_temp.seen('quin', 'mona'), :'all_but_private', 'IQ-6 a practitioner sees the client');
SELECT is(pg_temp.seen(member, 'mona'), '', format('IQ-6 %s does not', member)) FROM unnest('{fred,asa}'::text[]) AS member;
SELECT is(pg_temp.seen('quin', 'nora'), '', 'IQ-6 it is that client only');
SELECT pg_temp.may('ada', $$SELECT careaccess_add_member('clinic', 'hugo', 'Hugo', '{practitioner}')$$, 'IQ-6 a later hire');
SELECT is(pg_temp.seen('hugo', 'mona', 'pia'), :'all_but_private', 'IQ-6 … sees her at once');
SELECT is(pg_temp.clients('hugo'), 'mona', 'IQ-6 … in his list, too');
SELECT pg_temp.may('ada', $$SELECT careaccess_set_member_roles('fred', '{front_desk,practitioner}')$$, 'IQ-6 who becomes a practitioner');
SELECT is(pg_temp.sees('fred', 'mona', 'profile'), true, 'IQ-6 … sees her from then on');
SELECT pg_temp.may('ada', $$SELECT careaccess_set_member_roles('fred', '{front_desk}')$$, 'IQ-6 … and is one no longer');
SELECT is(pg_temp.seen('fred', 'mona'), '', 'IQ-6 … does not');
SELECT is(pg_temp.links('mona'), 'pia owner', 'IQ-6 nobody was put on the list for it');
SELECT pg_temp.may_not('fred', $$SELECT careaccess_share_client_with_all('mona', false)$$, 'P0002 no such client: "mona"', 'IQ-6 it is not for everybody to end');
SELECT pg_temp.may_not('hugo', $$SELECT careaccess_share_client_with_all('mona', false)$$,
	'42501 not allowed to share a client with all', 'IQ-6 … nor for those who only have her by it');
SELECT pg_temp.may('pia', $$SELECT careaccess_share_client_with_all('mona', false)$$, 'IQ-6 the owner ends it');
SELECT is(pg_temp.seen('quin', 'mona') || pg_temp.seen('hugo', 'mona'), '', 'IQ-6 and nobody sees her any more');
SELECT is(pg_temp.seen('pia', 'mona') || pg_temp.seen('ada', 'mona'), :'all' || :'all', 'IQ-6 but owner and administrators');

-- IQ-7 The former owner loses access unless shared

SELECT pg_temp.may_not('asa', $$SELECT careaccess_reassign_client('mona', 'paul')$$, 'P0002 no such client: "mona"', 'IQ-7 who does not see a client gives her to nobody');
SELECT pg_temp.may_not('pam', $$SELECT careaccess_reassign_client('mona', 'pam')$$, '42501 not allowed to reassign a client', 'IQ-7 nor who has no link to her');
SELECT pg_temp.may('pia', $$SELECT careaccess_reassign_client('mona', 'paul')$$, 'IQ-7 the owner gives her client to another');
SELECT is(pg_temp.seen('paul', 'mona', 'pia'), :'all_but_private', 'IQ-7 he sees everything but what she noted for herself');
SELECT is(pg_temp.seen('pia', 'mona'), '', 'IQ-7 she sees nothing any more, not what she wrote');
SELECT is(pg_temp.clients('pia') || ' / ' || pg_temp.changes('pia', 'mona', 'chart'), 'tina wanda xara / ', 'IQ-7 … in no list, and changes nothing');
SELECT pg_temp.may_not('pia', $$SELECT careaccess_reassign_client('mona', 'pia')$$, 'P0002 no such client: "mona"', 'IQ-7 … and does not take her back');
SELECT pg_temp.may('paul', $$SELECT careaccess_share_client('mona', 'pia')$$, 'IQ-7 the new owner shares with her');
SELECT is(pg_temp.seen('pia', 'mona'), :'all', 'IQ-7 so she sees it all again');
SELECT pg_temp.may('pia', $$SELECT careaccess_reassign_client('mona', 'pia')$$, 'IQ-7 with a share she takes her back');
SELECT is(pg_temp.links('mona') || '/' || pg_temp.seen('paul', 'mona'), 'pia owner/', 'IQ-7 and he is the former owner');
SELECT pg_temp.may('pia', $$SELECT careaccess_set_client_access('mona', '{pia}', 'paul')$$, 'IQ-7 who puts herself on the list when she gives her away');
SELECT is(pg_temp.links('mona'), 'paul owner, pia grant', 'IQ-7 … stays on it');
SELECT is(pg_temp.seen('pia', 'mona'), :'all', 'IQ-7 … and keeps access');
SELECT pg_temp.may('paul', $$SELECT careaccess_unshare_client('mona', 'pia')$$, 'IQ-7 until the new owner ends it');
SELECT is(pg_temp.seen('pia', 'mona'), '', 'IQ-7 … and that was that');
SELECT pg_temp.may('ada', $$SELECT careaccess_reassign_client('mona', 'pia')$$, 'IQ-7 an administrator gives her back');
SELECT is(pg_temp.seen('pia', 'mona') || '/' || pg_temp.seen('paul', 'mona'), :'all' || '/', 'IQ-7 and it is as it was');
SELECT pg_temp.may('ada', $$SELECT careaccess_share_client('mona', 'paul', '2000-01-01')$$, 'IQ-7 a share that has ended');
SELECT is(pg_temp.seen('paul', 'mona'), '', 'IQ-7 … gives nothing');
SELECT pg_temp.may('ada', $$SELECT careaccess_unshare_client('mona', 'paul')$$, 'IQ-7 … and is ended');

-- IQ-10 An assistant sees what the practitioners he assists see

SELECT is(pg_temp.seen('asa', 'mona'), '', 'IQ-10 who assists nobody sees nothing');
SELECT pg_temp.may('ada', $$SELECT careaccess_delegate('asa', 'pia', 'context')$$, 'IQ-10 she assists pia');
SELECT is(pg_temp.seen('asa', 'mona'), :'all_but_private', 'IQ-10 she sees pia''s client, private notes aside: her role has none');
SELECT is(pg_temp.seen('asa', 'nora'), '', 'IQ-10 and not paul''s');
SELECT is(pg_temp.clients('asa') || ' / ' || pg_temp.clients('pia'), 'mona tina wanda xara / mona tina wanda xara', 'IQ-10 her list is pia''s');
SELECT is(pg_temp.changes('asa', 'mona', 'chart', 'pia') || ' / ' || pg_temp.changes('asa', 'mona', 'chart') || ' / ' || pg_temp.changes('asa', 'mona', 'private_notes'),
	'create edit delete / create edit delete / ', 'IQ-10 she changes what pia changes, within her role');
SELECT pg_temp.may('paul', $$SELECT careaccess_share_client('nora', 'pia')$$, 'IQ-10 pia gets a share');
SELECT is(pg_temp.seen('asa', 'nora'), :'all_but_private', 'IQ-10 … her assistant sees the client at once');
SELECT pg_temp.may('paul', $$SELECT careaccess_unshare_client('nora', 'pia')$$, 'IQ-10 … it ends');
SELECT is(pg_temp.seen('asa', 'nora'), '', 'IQ-10 … she sees nothing at once');
SELECT pg_temp.may('paul', $$SELECT careaccess_share_client_with_all('nora', true)$$, 'IQ-10 "all" covers pia');
SELECT is(pg_temp.seen('asa', 'nora'), :'all_but_private', 'IQ-10 … and so her assistant');
SELECT pg_temp.may('paul', $$SELECT careaccess_share_client_with_all('nora', false)$$, 'IQ-10 … no more');
SELECT is(pg_temp.seen('asa', 'nora'), '', 'IQ-10 … nor her assistant');
SELECT pg_temp.may('ada', $$SELECT careaccess_delegate('asa', 'paul', 'context')$$, 'IQ-10 she assists both');
SELECT is(pg_temp.seen('asa', 'nora') || ' / ' || pg_temp.clients('asa'), :'all_but_private' || ' / mona nora tina vera wanda xara', 'IQ-10 … and sees what either sees');
SELECT pg_temp.may('ada', $$SELECT careaccess_set_member_status('paul', 'disabled')$$, 'IQ-10 one is disabled');
SELECT is(pg_temp.seen('asa', 'nora'), '', 'IQ-10 … she has only the other''s');
SELECT pg_temp.may('ada', $$SELECT careaccess_set_member_status('paul', 'active')$$, 'IQ-10 … and active again');
SELECT is(pg_temp.seen('asa', 'nora'), :'all_but_private', 'IQ-10 … she has both');
SELECT pg_temp.may('ada', $$SELECT careaccess_configure_member('paul', '{"ends_at": "2000-01-01"}')$$, 'IQ-10 his account has ended');
SELECT is(pg_temp.seen('asa', 'nora') || pg_temp.query('ada', $$SELECT careaccess_can_view('paul', 'nora')$$), 'false', 'IQ-10 … neither sees his client');
SELECT pg_temp.may('ada', $$SELECT careaccess_configure_member('paul', '{"ends_at": null}')$$, 'IQ-10 … it has no end');
SELECT is(pg_temp.seen('asa', 'nora') || pg_temp.query('ada', $$SELECT careaccess_can_view('paul', 'nora')$$), :'all_but_private' || 'true', 'IQ-10 … both do');
SELECT pg_temp.may('ada', $$SELECT careaccess_set_member_permission('paul', 'billing', '{view}', 'own', 'deny')$$, 'IQ-10 what one may not,');
SELECT is(pg_temp.sees('asa', 'nora', 'billing') OR pg_temp.sees('paul', 'nora', 'billing'), false, 'IQ-10 … she may not for him');
SELECT is(pg_temp.sees('asa', 'mona', 'billing'), true, 'IQ-10 … still for the other');
SELECT pg_temp.may('ada', $$SELECT careaccess_clear_member_permission('paul', 'billing')$$, 'IQ-10 … lifted');
SELECT is(pg_temp.sees('asa', 'nora', 'billing'), true, 'IQ-10 … she may');
SELECT pg_temp.may('ada', $$SELECT careaccess_delegate('asa', 'paul', 'context', '{name,schedule}', '{view}')$$, 'IQ-10 for one the schedule only');
SELECT is(pg_temp.seen('asa', 'nora') || ' / ' || pg_temp.changes('asa', 'nora', 'schedule'), 'name schedule / ', 'IQ-10 … is that, and to look at');
SELECT pg_temp.may('ada', $$SELECT careaccess_undelegate('asa', 'paul', 'context')$$, 'IQ-10 … and nothing');
SELECT is(pg_temp.seen('asa', 'nora'), '', 'IQ-10 … is that');
SELECT pg_temp.may('ada', $$SELECT careaccess_set_member_permission('asa', 'chart', '{view}', 'own', 'deny')$$, 'IQ-10 a denial of her own');
SELECT is(pg_temp.sees('asa', 'mona', 'chart'), false, 'IQ-10 … bounds what she does for others');
SELECT pg_temp.may('ada', $$SELECT careaccess_clear_member_permission('asa', 'chart')$$, 'IQ-10 … until it is lifted');
SELECT is(pg_temp.sees('asa', 'mona', 'chart'), true, 'IQ-10 … it does');
SELECT pg_temp.may('ada', $$SELECT careaccess_configure_practice('clinic', '{"edit_others_records": false}')$$, 'IQ-10 where nobody changes another''s chart');
SELECT is(pg_temp.changes('asa', 'mona', 'chart', 'pia') || ' / ' || pg_temp.changes('asa', 'mona', 'chart') || ' / ' || pg_temp.changes('asa', 'mona', 'chart', 'ada'),
	'edit delete / create edit delete / ', 'IQ-10 … she changes pia''s, and writes in her own name');
SELECT pg_temp.may('ada', $$SELECT careaccess_configure_practice('clinic', '{"edit_others_records": true, "restriction": true}'), careaccess_delegate('asa', 'pam', 'context')$$, 'IQ-10 who assists somebody with all clients');
SELECT is(pg_temp.seen('asa', 'nora'), :'all_but_private', 'IQ-10 … sees all clients');
SELECT careaccess_restrict_client('nora') \g /dev/null
INSERT INTO careaccess.client_revocation (client, member) VALUES ('nora', 'pam');
SELECT is(pg_temp.seen('pam', 'nora') || pg_temp.seen('asa', 'nora'), '', 'IQ-10 … not one on whom that practitioner is revoked');
SELECT careaccess_unrestrict_client('nora') \g /dev/null
SELECT is(pg_temp.seen('asa', 'nora'), :'all_but_private', 'IQ-10 … until he is not');
SELECT pg_temp.may('ada', $$SELECT careaccess_configure_practice('clinic', '{"restriction": false}'), careaccess_undelegate('asa', 'pam', 'context')$$, 'IQ-10 and pia alone');
SELECT is(pg_temp.seen('asa', 'nora') || ' / ' || pg_temp.seen('asa', 'mona'), ' / ' || :'all_but_private', 'IQ-10 … is pia alone');
SELECT pg_temp.may('ada', $$SELECT careaccess_define_role('clinic', 'assistant', '{"capabilities": ["create_client", "book"], "permissions": [
		{"category": "name", "actions": ["view"], "reach": "delegated"},
		{"category": "schedule", "actions": ["view", "create"], "reach": "delegated"}]}')$$, 'IQ-10 a smaller role for assistants');
SELECT is(pg_temp.seen('asa', 'mona') || ' / ' || pg_temp.changes('asa', 'mona', 'schedule'), 'name schedule / create', 'IQ-10 … leaves less, at once');
SELECT pg_temp.may_not('asa', $$SELECT careaccess_share_client('mona', 'quin')$$, '42501 not allowed to share a client', 'IQ-10 what pia may do with access, her assistant may not');
SELECT pg_temp.may_not('asa', $$SELECT careaccess_reassign_client('mona', 'paul')$$, '42501 not allowed to reassign a client', 'IQ-10 … nor give her client away');
SELECT pg_temp.may('ada', $$SELECT careaccess_add_member('clinic', 'bea', 'Bea', '{assistant}'), careaccess_delegate('bea', 'asa', 'context')$$, 'IQ-10 the assistant of an assistant');
SELECT is(pg_temp.seen('bea', 'mona'), '', 'IQ-10 … sees nothing by it');
SELECT pg_temp.may('ada', $$SELECT careaccess_undelegate('asa', 'pia', 'context'), careaccess_delegate('asa', 'pia', 'context', client => 'tina')$$, 'IQ-10 for one client only');
SELECT is(pg_temp.clients('asa'), 'tina', 'IQ-10 … is that one');
SELECT pg_temp.may('ada', $$SELECT careaccess_undelegate('asa', 'pia', 'context', 'tina'), careaccess_delegate('asa', 'pia', 'context', valid_until => '2000-01-01')$$, 'IQ-10 until a date that is past');
SELECT is(pg_temp.seen('asa', 'mona') || pg_temp.clients('asa'), '', 'IQ-10 … is over, with nothing run');
SELECT pg_temp.may_not('asa', $$SELECT careaccess_add_client('xenia')$$, '22023 owner must not be null', 'IQ-10 … for making clients, too');

-- IQ-12 Custom roles

SELECT pg_temp.may_not('pia', $$SELECT careaccess_define_role('clinic', 'intern', '{}')$$, '42501 not allowed to define a role', 'IQ-12 a practitioner defines no roles');
SELECT pg_temp.may_not('ada', $$SELECT careaccess_define_role('clinic', 'administrator', '{}')$$, '42501 not allowed to define a role that one holds', 'IQ-12 nobody defines his own');
SELECT is(pg_temp.seen('pam', 'mona', 'pia') || ' / ' || pg_temp.clients('pam'), :'all_but_private' || ' / lena mona nora rita rosa tina vera wanda xara',
	'IQ-12 "can access all clients" is all of them, but for others'' private notes');
SELECT is(pg_temp.changes('pam', 'mona', 'chart', 'pia') || ' / ' || pg_temp.changes('pam', 'mona', 'private_notes'), 'create edit delete / ',
	'IQ-12 … with their charts; private notes need a link');
SELECT pg_temp.may('ada', $$SELECT careaccess_define_role('clinic', 'intern', '{"practitioner": true, "capabilities": ["book"], "permissions": [
		{"category": "name", "actions": ["view"], "reach": "all"},
		{"category": "profile", "actions": ["view", "edit"], "reach": "own"},
		{"category": "chart", "actions": ["view", "create"], "reach": "own"},
		{"category": "documents", "actions": ["view"], "reach": "all"}]}')$$, 'IQ-12 a role of the clinic''s own making');
SELECT pg_temp.may('ada', $$SELECT careaccess_add_member('clinic', 'ines', 'Ines', '{intern}')$$, 'IQ-12 … given to a new member');
SELECT is(pg_temp.seen('ines', 'mona'), 'name documents', 'IQ-12 she sees what it says of all clients');
SELECT pg_temp.may('pia', $$SELECT careaccess_share_client('mona', 'ines')$$, 'IQ-12 … and of one shared with her');
SELECT is(pg_temp.seen('ines', 'mona', 'pia'), 'name profile documents chart', 'IQ-12 … what it says of her own');
SELECT is(pg_temp.changes('ines', 'mona', 'profile') || ' / ' || pg_temp.changes('ines', 'mona', 'chart') || ' / ' || pg_temp.changes('ines', 'mona', 'documents'),
	'edit / create / ', 'IQ-12 … and does what it says');
SELECT pg_temp.may_not('ines', $$SELECT careaccess_share_client('mona', 'quin')$$, '42501 not allowed to share a client', 'IQ-12 … and no more');
SELECT pg_temp.may_not('ines', $$SELECT careaccess_add_client('xenia')$$, '42501 not allowed to add a client', 'IQ-12 … in capabilities, too');
SELECT pg_temp.may('ada', $$SELECT careaccess_define_role('clinic', 'intern', '{"practitioner": true, "permissions": [
		{"category": "name", "actions": ["view"], "reach": "all"},
		{"category": "chart", "actions": ["view"], "reach": "all"},
		{"category": "chart", "actions": ["view"], "reach": "own", "effect": "deny"},
		{"category": "documents", "actions": ["view"], "reach": "own"},
		{"category": "documents", "actions": ["view"], "reach": "own", "effect": "deny"},
		{"category": "billing", "actions": ["view", "edit"], "reach": "all"},
		{"category": "billing", "actions": ["edit"], "reach": "all", "effect": "deny"}]}')$$, 'IQ-12 the role becomes another, with denials');
SELECT is(pg_temp.seen('ines', 'mona', 'pia') || ' / ' || pg_temp.changes('ines', 'mona', 'billing'), 'name billing chart / ',
	'IQ-12 a denial beats an allow of its reach, not "own" one of "all"; and only its actions');
SELECT pg_temp.may('ada', $$SELECT careaccess_define_role('clinic', 'no_billing', '{"permissions": [
		{"category": "billing", "actions": ["view"], "reach": "own", "effect": "deny"},
		{"category": "chart", "actions": ["view"], "reach": "all", "effect": "deny"}]}')$$, 'IQ-12 a role of denials');
SELECT pg_temp.may('ada', $$SELECT careaccess_set_member_roles('pia', '{practitioner,no_billing}'), careaccess_set_member_roles('pam', '{practitioner_all_clients,no_billing}')$$, 'IQ-12 … besides another');
SELECT is(pg_temp.seen('pia', 'mona'), 'name profile diagnosis schedule documents private_notes', 'IQ-12 … beats the other''s allows, for the owner too');
SELECT is(pg_temp.seen('pam', 'mona'), 'name profile diagnosis schedule documents billing', 'IQ-12 … reach by reach');
SELECT is(pg_temp.changes('pia', 'mona', 'billing') || ' / ' || pg_temp.changes('pia', 'mona', 'chart'), 'create / create', 'IQ-12 what is not seen is not changed');
SELECT pg_temp.may('ada', $$SELECT careaccess_set_member_roles('pia', '{practitioner}'), careaccess_set_member_roles('pam', '{practitioner_all_clients}')$$, 'IQ-12 … gone with the role');
SELECT is(pg_temp.seen('pia', 'mona') || ' / ' || pg_temp.seen('pam', 'mona'), :'all' || ' / ' || :'all_but_private', 'IQ-12 everything is back');
SELECT pg_temp.may_not('pia', $$SELECT careaccess_set_member_permission('pam', 'chart', '{view}', 'all', 'deny')$$,
	'42501 not allowed to set a permission of a member', 'IQ-12 a practitioner denies nobody anything');
SELECT pg_temp.may('olga', $$SELECT careaccess_set_member_permission('ada', 'chart', '{view}', 'all', 'deny')$$, 'IQ-12 one member can be denied, whatever his role');
SELECT is(pg_temp.sees('ada', 'mona', 'chart') OR pg_temp.sees('pia', 'mona', 'chart') IS NOT TRUE, false, 'IQ-12 … him alone');
SELECT pg_temp.may_not('ada', $$SELECT careaccess_clear_member_permission('ada', 'chart')$$, '42501 not allowed to change one''s own account', 'IQ-12 … which he does not lift himself');
SELECT pg_temp.may('olga', $$SELECT careaccess_clear_member_permission('ada', 'chart')$$, 'IQ-12 … but another');
SELECT is(pg_temp.seen('ada', 'mona'), :'all', 'IQ-12 and he sees everything again');

-- IQ-8 A form route per practitioner makes him the owner of a client created by
-- a submission

-- What the application keeps of a client who came by a form.
CREATE FUNCTION pg_temp.kept(client text, author text) RETURNS void LANGUAGE sql AS $$
	INSERT INTO clinic.client (id, name) VALUES ($1, initcap($1));
	INSERT INTO clinic.profile (client, phone) VALUES ($1, '555-' || $1);
	SELECT pg_temp.records($1, $2);
$$;
SELECT pg_temp.may_not(member, $$SELECT careaccess_add_form_route('clinic', 'pia', 'pia')$$, '42501 not allowed to add a form address', format('IQ-8 %s makes no form route', member))
FROM unnest('{pia,asa}'::text[]) AS member;
SELECT pg_temp.may_not('ada', $$SELECT careaccess_add_form_route('clinic', 'asa', 'asa')$$, '22023 member "asa" is not a practitioner', 'IQ-8 an administrator makes none for an assistant');
SELECT pg_temp.may('ada', $$SELECT careaccess_add_form_route('clinic', 'pia', 'pia'), careaccess_add_form_route('clinic', 'paul', 'paul')$$, 'IQ-8 … one for each practitioner');
SELECT pg_temp.may_not('web', $$SELECT careaccess_submit_form('intake', 'quin', 'dana', '{}')$$, 'P0002 no such form address: "quin"', 'IQ-8 a form comes by a route that there is');
SELECT pg_temp.may_not('web', $$SELECT careaccess_submit_form('intake', NULL, 'dana', '{}')$$, '22023 slug must not be null for a new client', 'IQ-8 … a new client''s by one at all');
SELECT pg_temp.may_not(member, $$SELECT careaccess_submit_form('intake', 'pia', 'dana', '{}')$$, '42501 not allowed to submit a form', format('IQ-8 … and not from %s', member))
FROM unnest('{ada,quin}'::text[]) AS member;
SELECT is((SELECT count(*) FROM careaccess.client WHERE id OPERATOR(careaccess.=) 'dana'), 0::bigint, 'IQ-8 none of these made a client');
SELECT is(pg_temp.query('web', $$SELECT careaccess_submit_form('intake', 'pia', 'dana', '{"name": "Dana"}')$$), 'pia', 'IQ-8 a form by pia''s route says whose client it made');
SELECT is(pg_temp.links('dana'), 'pia owner', 'IQ-8 … hers');
SELECT pg_temp.kept('dana', 'pia') \g /dev/null
SELECT is(pg_temp.seen('pia', 'dana') || ' / ' || pg_temp.seen('paul', 'dana') || ' / ' || pg_temp.seen('ada', 'dana'), :'all' || ' /  / ' || :'all', 'IQ-8 … seen by her and administrators');
SELECT is(pg_temp.clients('pia') || ' / ' || pg_temp.clients('paul'), 'dana mona tina wanda xara / nora vera', 'IQ-8 … in her list, in no other''s');
SELECT is(pg_temp.query('web', $$SELECT careaccess_submit_form('intake', 'paul', 'dana', '{}')$$) || '; ' || pg_temp.links('dana'), 'pia; pia owner', 'IQ-8 a client who comes again by another route stays hers');
SELECT is(pg_temp.rows('web', 'client', 'dana') + pg_temp.rows('web', 'profile', 'dana'), 0::bigint, 'IQ-8 the web pages see nothing of him');
SELECT pg_temp.may('ada', $$SELECT careaccess_add_form_route('clinic', 'pia', 'paul')$$, 'IQ-8 the route is given to paul');
SELECT is(pg_temp.query('web', $$SELECT careaccess_submit_form('intake', 'pia', 'edda', '{}')$$) || '; ' || pg_temp.links('edda') || '; ' || pg_temp.links('dana'),
	'paul; paul owner; pia owner', 'IQ-8 … the next is his, the last stays hers');
SELECT pg_temp.kept('edda', 'paul') \g /dev/null
SELECT pg_temp.may('ada', $$SELECT careaccess_set_member_status('paul', 'disabled')$$, 'IQ-8 he is disabled');
SELECT pg_temp.may_not('web', $$SELECT careaccess_submit_form('intake', 'paul', 'fay', '{}')$$, '55000 the practitioner of form address "paul" takes no clients', 'IQ-8 … his routes make no clients');
SELECT pg_temp.may('ada', $$SELECT careaccess_set_member_status('paul', 'active')$$, 'IQ-8 he is back');
SELECT pg_temp.may_not('pia', $$SELECT careaccess_remove_form_route('clinic', 'pia')$$, '42501 not allowed to remove a form address', 'IQ-8 a practitioner removes none');
SELECT pg_temp.may('ada', $$SELECT careaccess_remove_form_route('clinic', 'pia')$$, 'IQ-8 an administrator does');
SELECT pg_temp.may_not('web', $$SELECT careaccess_submit_form('intake', 'pia', 'fay', '{}')$$, 'P0002 no such form address: "pia"', 'IQ-8 … nobody comes by it any more');
SELECT is(pg_temp.links('dana') || '; ' || pg_temp.links('edda'), 'pia owner; paul owner', 'IQ-8 … who came stays');
SELECT pg_temp.may('ada', $$SELECT careaccess_add_form_route('clinic', 'pia', 'pia')$$, 'IQ-8 and there it is again');

-- IQ-9 Assignment rules fire on submission, in order, the last match wins; a
-- rule beats the route; a rule naming a disabled practitioner is skipped; no
-- rule removes shares

CREATE FUNCTION pg_temp.submit(client text, answers text, form text DEFAULT 'intake') RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.query('web', format('SELECT careaccess_submit_form(%L, %L, %L, %L)', form, 'pia', client, answers))
$$;
SELECT pg_temp.may_not('pia', $$SELECT careaccess_add_assignment_rule('clinic', 'intake', 'concern', 'grief', 'pia')$$, '42501 not allowed to add an assignment rule', 'IQ-9 a practitioner makes no rule');
SELECT pg_temp.may_not('ada', $$SELECT careaccess_add_assignment_rule('clinic', 'intake', 'concern', 'grief', 'asa')$$, '22023 member "asa" is not a practitioner', 'IQ-9 an administrator makes none for an assistant');
SELECT pg_temp.may('ada', $$SELECT careaccess_add_assignment_rule('clinic', 'intake', 'concern', 'grief', 'paul'),
	careaccess_add_assignment_rule('clinic', 'intake', 'language', 'Spanish', 'quin'),
	careaccess_add_assignment_rule('clinic', 'intake', 'concern', 'grief', 'hugo', 0)$$, 'IQ-9 hugo, then paul, for grief, then quin for Spanish');
SELECT is(pg_temp.links('dana'), 'pia owner', 'IQ-9 a rule does nothing before a submission');
SELECT is(pg_temp.submit('f1', '{"concern": "sleep"}') || ' ' || pg_temp.submit('f2', '{}') || ' ' || pg_temp.submit('f3', '{"concern": "grief"}', 'feedback'), 'pia pia pia',
	'IQ-9 another answer, none, another form: the route counts');
SELECT is(pg_temp.submit('f4', '{"concern": "grief"}') || '; ' || pg_temp.links('f4'), 'paul; paul owner', 'IQ-9 a rule beats the route, and the last match the one before');
SELECT is(pg_temp.submit('f5', '{"concern": "grief", "language": "Spanish"}') || '; ' || pg_temp.links('f5'), 'quin; quin owner', 'IQ-9 of three that match it is the last');
SELECT is(pg_temp.submit('f6', '{"language": ["English", "Spanish"]}'), 'quin', 'IQ-9 one of several answers is an answer');
SELECT pg_temp.kept('f5', 'quin'), pg_temp.kept('f4', 'paul') \g /dev/null
SELECT is(pg_temp.seen('quin', 'f5') || ' / ' || pg_temp.seen('paul', 'f5') || pg_temp.seen('pia', 'f5') || pg_temp.seen('hugo', 'f5'), :'all' || ' / ', 'IQ-9 who wins sees the client, those who lose do not');
SELECT pg_temp.may('ada', $$SELECT careaccess_set_member_status('quin', 'disabled')$$, 'IQ-9 quin is disabled');
SELECT is(pg_temp.submit('f7', '{"concern": "grief", "language": "Spanish"}') || ' ' || pg_temp.submit('f8', '{"language": "Spanish"}'), 'paul pia', 'IQ-9 … the rule that names him is skipped');
SELECT pg_temp.may('ada', $$SELECT careaccess_set_member_status('quin', 'active')$$, 'IQ-9 he is active again');
SELECT is(pg_temp.submit('f9', '{"concern": "grief", "language": "Spanish"}'), 'quin', 'IQ-9 … and the rule counts');
SELECT pg_temp.may('pia', $$SELECT careaccess_set_client_access('dana', '{paul,hugo}')$$, 'IQ-9 pia has shared a client of hers');
SELECT is(pg_temp.submit('dana', '{"concern": "grief"}') || '; ' || pg_temp.links('dana'), 'paul; hugo grant, paul grant, paul owner', 'IQ-9 a rule gives her to paul, and removes no share');
SELECT is(pg_temp.seen('hugo', 'dana', 'pia') || ' / ' || pg_temp.seen('paul', 'dana', 'pia') || ' / ' || pg_temp.seen('pia', 'dana'), :'all_but_private' || ' / ' || :'all_but_private' || ' / ',
	'IQ-9 … those shared with see her, pia, who is not, does not');
SELECT is(pg_temp.submit('dana', '{"concern": "grief"}') || '; ' || pg_temp.links('dana'), 'paul; hugo grant, paul grant, paul owner', 'IQ-9 once more changes nothing');
SELECT is(pg_temp.submit('dana', '{"concern": "sleep"}') || '; ' || pg_temp.links('dana'), 'paul; hugo grant, paul grant, paul owner', 'IQ-9 … nor does a form that no rule matches');
SELECT pg_temp.may('ada', $$SELECT careaccess_reassign_client('dana', 'pia')$$, 'IQ-9 pia gets her back');
SELECT is(pg_temp.links('dana') || '; ' || pg_temp.seen('paul', 'dana', 'pia'), 'hugo grant, paul grant, pia owner; ' || :'all_but_private', 'IQ-9 … and paul''s share is still there');
SELECT pg_temp.may('pia', $$SELECT careaccess_set_client_access('dana', '{}')$$, 'IQ-9 until she ends it');
SELECT pg_temp.may_not('pia', $$SELECT careaccess_remove_assignment_rule('clinic', 'intake', 'concern', 'grief')$$, '42501 not allowed to remove an assignment rule', 'IQ-9 a practitioner removes no rule');
SELECT pg_temp.may('ada', $$SELECT careaccess_remove_assignment_rule('clinic', 'intake', 'concern', 'grief', 'paul')$$, 'IQ-9 an administrator removes one');
SELECT is(pg_temp.submit('f10', '{"concern": "grief"}'), 'hugo', 'IQ-9 … the one before counts');
SELECT pg_temp.may('ada', $$SELECT careaccess_remove_assignment_rule('clinic', 'intake', 'concern', 'grief'), careaccess_remove_assignment_rule('clinic', 'intake', 'language', 'Spanish')$$, 'IQ-9 and all');
SELECT is(pg_temp.submit('f11', '{"concern": "grief", "language": "Spanish"}') || '; ' || pg_temp.links('f4'), 'pia; paul owner', 'IQ-9 … the route counts again; what was assigned stays');

-- The others who came are in the application's list, too.
INSERT INTO clinic.client (id, name)
SELECT c.id::text, c.id::text FROM careaccess.client AS c
WHERE c.practice::text = 'clinic' AND NOT EXISTS (SELECT FROM clinic.client AS x WHERE x.id = c.id::text);

-- IQ-11 Booking by staff gives nothing; booking by the widget with a
-- practitioner who cannot see the client makes a duplicate profile owned by
-- him, or grants, by setting

SELECT is(pg_temp.query('pia', $$SELECT careaccess_book('mona', 'pia')$$) || ' ' || pg_temp.query('pia', $$SELECT careaccess_book('mona', 'quin')$$), 'linked unlinked', 'IQ-11 staff book the owner, or another');
SELECT is(pg_temp.links('mona') || '; ' || pg_temp.seen('quin', 'mona'), 'ines grant, pia owner; ', 'IQ-11 … which gives him nothing');
SELECT is(pg_temp.query('ada', $$SELECT careaccess_book('mona', 'quin')$$) || ' ' || pg_temp.query('pia', $$SELECT careaccess_book('mona', 'pam')$$), 'unlinked linked',
	'IQ-11 … whoever books; who sees her anyway is linked');
SELECT pg_temp.may_not('quin', $$SELECT careaccess_book('mona', 'quin')$$, 'P0002 no such client: "mona"', 'IQ-11 he books no client whom he does not see');
SELECT pg_temp.may_not('ines', $$SELECT careaccess_book('mona', 'pia')$$, '42501 not allowed to book an appointment', 'IQ-11 not everybody books');
SELECT pg_temp.may_not('pia', $$SELECT careaccess_book('mona', 'asa')$$, '22023 member "asa" is not a practitioner', 'IQ-11 … nor with everybody');
SELECT pg_temp.may_not(member, $$SELECT careaccess_book('mona', 'quin', 'widget', 'mona2')$$, '42501 not allowed to book as the widget', format('IQ-11 %s does not pass for the widget', member))
FROM unnest('{pia,ada}'::text[]) AS member;
SELECT is(pg_temp.query('web', $$SELECT careaccess_book('mona', 'pia', 'widget')$$), 'linked', 'IQ-11 the widget books the owner');
SELECT is(pg_temp.query('web', $$SELECT careaccess_book('mona', 'quin', 'widget')$$), 'duplicate_needed', 'IQ-11 … another needs a duplicate');
SELECT is(pg_temp.links('mona') || '; ' || pg_temp.clients('quin'), 'ines grant, pia owner; f5 f6 f9 rita rosa', 'IQ-11 … and nothing has changed');
SELECT is(pg_temp.query('web', $$SELECT careaccess_book('mona', 'quin', 'widget', 'mona2')$$) || '; ' || pg_temp.links('mona2'), 'duplicated; quin owner', 'IQ-11 it is his');
SELECT pg_temp.kept('mona2', 'quin') \g /dev/null
SELECT is(pg_temp.seen('quin', 'mona2') || ' / ' || pg_temp.seen('quin', 'mona') || ' / ' || pg_temp.seen('pia', 'mona2') || ' / ' || pg_temp.seen('pia', 'mona'), :'all' || ' /  /  / ' || :'all',
	'IQ-11 each sees his profile of her, and not the other''s');
SELECT is(pg_temp.links('mona') || '; ' || pg_temp.clients('quin') || '; ' || pg_temp.clients('pia'), 'ines grant, pia owner; f5 f6 f9 mona2 rita rosa; dana f1 f11 f2 f3 f8 mona tina wanda xara', 'IQ-11 … in lists, too');
SELECT pg_temp.may('ada', $$SELECT careaccess_add_portal_user('mo', 'mona')$$, 'IQ-11 the client has a login');
SELECT is(pg_temp.query('portal:mo', $$SELECT careaccess_book('mona', 'paul', 'widget')$$), 'duplicate_needed', 'IQ-11 … and books by the widget herself');
SELECT pg_temp.may_not('portal:mo', $$SELECT careaccess_book('nora', 'paul', 'widget')$$, 'P0002 no such client: "nora"', 'IQ-11 … for nobody else');
SELECT pg_temp.may_not('portal:mo', $$SELECT careaccess_book('mona', 'paul')$$, '42501 no member is acting in this session', 'IQ-11 … nor as staff');
SELECT pg_temp.may_not('pia', $$SELECT careaccess_configure_practice('clinic', '{"widget_booking": "grant"}')$$, '42501 not allowed to change the settings of a practice', 'IQ-11 the setting is not for practitioners');
SELECT pg_temp.may('ada', $$SELECT careaccess_configure_practice('clinic', '{"widget_booking": "grant"}')$$, 'IQ-11 an administrator changes it');
SELECT is(pg_temp.query('web', $$SELECT careaccess_book('mona', 'paul', 'widget')$$) || '; ' || pg_temp.links('mona'), 'granted; ines grant, paul grant, pia owner', 'IQ-11 … then the widget grants');
SELECT is(pg_temp.seen('paul', 'mona', 'pia') || '; ' || pg_temp.query('web', $$SELECT careaccess_book('mona', 'paul', 'widget')$$), :'all_but_private' || '; linked', 'IQ-11 … so he sees her');
SELECT pg_temp.may('pia', $$SELECT careaccess_unshare_client('mona', 'paul')$$, 'IQ-11 the owner ends it');
SELECT is(pg_temp.seen('paul', 'mona'), '', 'IQ-11 … so he does not');
SELECT pg_temp.may('ada', $$SELECT careaccess_configure_practice('clinic', '{"widget_booking": "none"}')$$, 'IQ-11 or the widget gives nothing');
SELECT is(pg_temp.query('web', $$SELECT careaccess_book('mona', 'paul', 'widget')$$) || '; ' || pg_temp.seen('paul', 'mona'), 'unlinked; ', 'IQ-11 … which is nothing');
SELECT pg_temp.may('ada', $$SELECT careaccess_configure_practice('clinic', '{"widget_booking": "duplicate"}')$$, 'IQ-11 the setting as it was');
CREATE TRIGGER book BEFORE INSERT OR UPDATE ON clinic.appointment FOR EACH ROW EXECUTE FUNCTION careaccess_book_trigger('client', 'author');
SELECT pg_temp.may('pia', $$INSERT INTO appointment (client, author) VALUES ('mona', 'quin')$$, 'IQ-11 an appointment that staff write books');
SELECT is(pg_temp.links('mona') || '; ' || pg_temp.seen('quin', 'mona', 'pia'), 'ines grant, pia owner; ', 'IQ-11 … and gives nothing');
DROP TRIGGER book ON clinic.appointment;
CREATE TRIGGER book BEFORE INSERT OR UPDATE ON clinic.appointment FOR EACH ROW EXECUTE FUNCTION careaccess_book_trigger('client', 'author', 'widget');
SELECT throws_ok($$INSERT INTO clinic.appointment (client, author) VALUES ('mona', 'paul')$$, '55000', 'member "paul" needs a profile of his own for client "mona"',
	'IQ-11 one that the widget writes is refused until there is a duplicate');
SELECT lives_ok($$INSERT INTO clinic.appointment (client, author) VALUES ('mona2', 'quin')$$, 'IQ-11 … with whom it is written');

SELECT * FROM finish();
ROLLBACK;
