-- careaccess_explain: every step is the deciding one at least once, and a no
-- says what would change it and who could do that.  careaccess_viewers gives
-- the reason.
BEGIN;
SELECT plan(91);
SET LOCAL client_min_messages = warning;

SELECT careaccess_create_practice('p', 'Practice', 'standard');
SELECT careaccess_configure_practice('p', '{"groups": false, "author_rules": {"private_notes": "share"}}');
SELECT careaccess_add_member('p', m, initcap(m), ARRAY[r])
FROM (VALUES ('own', 'owner'), ('mia', 'manager'), ('bill', 'biller'), ('anna', 'clinician'), ('bert', 'clinician'), ('cora', 'clinician'),
	('all', 'clinician_all_clients'), ('helper', 'assistant'), ('keeper', 'records_custodian'), ('off', 'clinician'), ('past', 'clinician'), ('none', 'records_custodian')) AS v (m, r);
SELECT careaccess_add_client('c1', 'p', 'anna'), careaccess_add_client('c2', 'p', 'bert'), careaccess_add_client('open', 'p', 'anna'), careaccess_add_client('del', 'p', 'anna'),
	careaccess_add_client('hid', 'p', 'anna'), careaccess_add_client('em', 'p', 'anna');
SELECT careaccess_share_client('c1', 'bert');
SELECT careaccess_list_client('c2', 'cora');
SELECT careaccess_share_client_with_all('open', true);
SELECT careaccess_set_client_status('del', 'deleted');
SELECT careaccess_restrict_client('hid');
SELECT careaccess_revoke_administrative_access('hid', 'mia');
SELECT careaccess_set_member_status('off', 'disabled');
SELECT careaccess_configure_member('past', '{"ends_at": "2020-01-01"}');
SELECT careaccess_delegate('helper', 'anna', 'context');
SELECT careaccess_delegate('keeper', 'anna', 'author');
SELECT careaccess_delegate('keeper', 'bert', 'supervisor');
INSERT INTO careaccess.emergency_access (practice, client, member, reason, until) VALUES
	('p', 'em', 'cora', 'found unconscious', now() + interval '1 hour'), ('p', 'hid', 'mia', 'found unconscious', now() + interval '1 hour');

SELECT careaccess_create_practice('q', 'Groups', 'embodia');
SELECT careaccess_add_member('q', m, initcap(m), ARRAY[r])
FROM (VALUES ('boss', 'clinic_manager'), ('q1', 'practitioner'), ('q2', 'practitioner'), ('q3', 'practitioner'), ('desk', 'clinic_admin')) AS v (m, r);
SELECT careaccess_add_client('qc1', 'q', providers => '{q1}'), careaccess_add_client('qc3', 'q', providers => '{q3}');
SELECT careaccess_create_group('q', 'North', '{q1,q2}', '{desk}');
SELECT careaccess_create_group('q', 'South', '{q3}');

SELECT careaccess_create_practice('t', 'Lists', 'therapyappointment');
SELECT careaccess_add_member('t', m, initcap(m), ARRAY[r])
FROM (VALUES ('towner', 'owner'), ('t1', 'provider'), ('t2', 'provider'), ('t3', 'provider')) AS v (m, r);
SELECT careaccess_add_client('tc', 't', providers => '{t1,t2}');
SELECT careaccess_unlist_client('tc', 't2');

-- The deciding step in one line: number, rule, outcome: detail.
CREATE FUNCTION decides(member text, client text, category text DEFAULT 'profile', action text DEFAULT 'view', author text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(format('%s %s: %s: %s', step, rule, replace(outcome, 'decides: ', ''), detail), ' // ') FROM careaccess_explain($1, $2, $3, $4, $5)
	WHERE outcome LIKE 'decides%' $$;
CREATE FUNCTION step(wanted integer, member text, client text, category text DEFAULT 'profile', action text DEFAULT 'view', author text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(format('%s: %s', outcome, detail), ' // ') FROM careaccess_explain($2, $3, $4, $5, $6) WHERE step = $1 $$;

--
-- 1 known and active
--
SELECT is(decides('zzz', 'c1'), '1 known and active: no: There is no such member in this practice.', 'an unknown member');
SELECT alike(decides('off', 'c1'), '1 known and active: no: The member is not active%', 'a disabled one');
SELECT alike(decides('off', 'c1'), '%careaccess_set_member_status%Own (own)%', '… what changes it, and who');
SELECT alike(decides('past', 'c1'), '1 known and active: no: The member is not active or past the end%careaccess_configure_member%', 'one past his end');
SELECT is(decides('anna', 'qc1'), '1 known and active: no: Member and client belong to different practices.', 'different practices');
SELECT alike(decides('anna', 'del'), '1 known and active: no: The client is deleted.%careaccess_set_client_status%Own (own)%', 'a deleted client');
SELECT is((SELECT count(*) FROM careaccess_explain('off', 'c1')), 1::bigint, 'nothing is told beyond the deciding step');

--
-- 2 revoked
--
SELECT alike(decides('mia', 'hid'), '2 revoked: no: %careaccess_restore_administrative_access%Own (own)%Anna (anna)%', 'a revoked member');
SELECT unalike(decides('mia', 'hid'), '%Mia (mia)%', '… who cannot lift it himself');
SELECT alike(decides('bert', 'hid'), '9 otherwise: no: %careaccess_share_client%Own (own)%', 'the client may be shared by those who see him');
SELECT unalike(decides('bert', 'hid'), '%Mia (mia)%', '… and by nobody else');
SELECT alike(step(1, 'mia', 'hid'), 'passes: %', '… who is known and active');
SELECT alike(step(2, 'mia', 'c1'), 'passes: %not revoked%', 'one who is not revoked here');
SELECT careaccess_configure_practice('p', '{"emergency_overrides_revocation": true}');
SELECT alike(decides('mia', 'hid'), '8 emergency: yes: %', 'an emergency overrides the revocation');
SELECT alike(step(2, 'mia', 'hid'), 'passes: Revoked, but%', '… which is told');
SELECT is(step(3, 'mia', 'hid'), NULL, '… and no other right was asked');
SELECT alike(decides('mia', 'hid', 'profile', 'edit'), '2 revoked: no: %', '… for view only');
SELECT careaccess_configure_practice('p', '{"emergency_overrides_revocation": false}');

--
-- 3 own right, by every reach
--
SELECT alike(decides('all', 'c1'), '3 own right: yes: %role clinician_all_clients with reach all%', 'reach all');
SELECT alike(decides('anna', 'c1'), '3 own right: yes: %role clinician with reach own: owner of the client.%', 'reach own: the owner');
SELECT alike(decides('bert', 'c1'), '3 own right: yes: %reach own: shared with the member.%', 'reach own: a grant');
SELECT alike(decides('cora', 'c2'), '3 own right: yes: %reach own: listed as provider.%', 'reach own: a listing');
SELECT alike(decides('cora', 'open'), '3 own right: yes: %reach own: shared with all practitioners.%', 'reach own: shared with all');
SELECT alike(decides('t2', 'tc', 'chart', 'view', 't2'), '3 own right: yes: %formerly listed%', 'reach own: what a former provider wrote');
SELECT alike(decides('q2', 'qc1'), '3 own right: yes: %role practitioner with reach group: groups: linked to Q1 (q1).%', 'reach group');
SELECT alike(decides('desk', 'qc1'), '3 own right: yes: %role clinic_admin with reach managed: manages the clients of Q1 (q1).%', 'reach managed');
SELECT alike(decides('helper', 'c1'), '3 own right: yes: %role assistant with reach delegated: acts for Anna (anna).%', 'reach delegated');
SELECT careaccess_set_member_permission('bill', 'chart', '{view}', 'all');
SELECT alike(decides('bill', 'c1', 'chart'), '3 own right: yes: %personal permission with reach all%', 'a permission of the member''s own');
SELECT alike(step(4, 'anna', 'c1'), 'passes: %', '… no denial');
SELECT alike(step(5, 'anna', 'c1'), 'passes: %owner of the client%', '… within reach');
SELECT alike(step(6, 'anna', 'c1'), 'passes: No author was asked%', '… no author asked');
SELECT alike(step(6, 'anna', 'c1', 'private_notes', 'view', 'anna'), 'passes: Records of this author are open%', '… or one that is open');
SELECT is((SELECT array_agg(step ORDER BY step) FROM careaccess_explain('anna', 'c1')), '{1,2,3,4,5,6}', 'all steps up to the answer');

--
-- 4 to 6: what takes it away
--
SELECT careaccess_set_member_permission('bert', 'documents', '{view}', 'all', 'deny');
SELECT alike(step(4, 'bert', 'c2', 'documents'), 'takes away: %', 'a denial');
SELECT alike(step(3, 'bert', 'c2', 'documents'), 'does not apply: Not by role clinician with reach own: it is denied to the member.', '… of what the role allows');
SELECT alike(decides('bert', 'c2', 'documents'), '9 otherwise: no: %Lifting the denial (careaccess_clear_member_permission, careaccess_define_role)%Own (own)%', '… and who lifts it');
SELECT careaccess_set_member_permission('all', 'documents', '{view}', 'own', 'deny');
SELECT alike(decides('all', 'c2', 'documents'), '3 own right: yes: %', 'a denial of reach own leaves reach all');

SELECT alike(step(5, 'anna', 'c2'), 'does not apply: The client is outside the reach%', 'outside of the reach');
SELECT alike(decides('anna', 'c2'), '9 otherwise: no: %Sharing the client with the member (careaccess_share_client)%Own (own)%Bert (bert)%', '… what changes it: a share');
SELECT alike(decides('anna', 'c2'), '%the owner (careaccess_reassign_client)%Own (own)%', '… ownership');
SELECT alike(decides('anna', 'c2'), '%Listing the member as provider (careaccess_list_client)%Own (own)%', '… a listing');
SELECT unalike(decides('anna', 'c2', 'chart'), '%Listing%', '… which does not open the chart here');
SELECT alike(decides('q1', 'qc3'), '9 otherwise: no: %Groups (careaccess_update_group)%Boss (boss)%', '… groups');
SELECT alike(decides('desk', 'qc3'), '9 otherwise: no: %Groups (careaccess_update_group)%Boss (boss)%', '… also for an admin of groups');
SELECT alike(decides('helper', 'c2'), '9 otherwise: no: %A delegation from somebody who may do it (careaccess_delegate)%Own (own)%', '… a delegation');
SELECT alike(step(3, 'helper', 'c2'), 'does not apply: %nobody the member acts for may do it.', '… as nobody whom he assists may');
SELECT alike(step(3, 'none', 'c1', 'chart'), 'does not apply: No role or permission of the member allows to view chart.', 'no permission at all');
SELECT alike(decides('none', 'c1', 'chart'), '9 otherwise: no: %another role (careaccess_set_member_roles)%careaccess_set_member_permission%Own (own)%', '… what changes it');
SELECT is(step(n, 'none', 'c1', 'chart') LIKE 'not asked%', true, '… step ' || n || ' was not asked') FROM generate_series(4, 6) AS n;

SELECT alike(step(6, 'bert', 'c1', 'private_notes', 'view', 'anna'), 'does not apply: Records of this author are not open%', 'somebody else''s private notes');
SELECT alike(decides('bert', 'c1', 'private_notes', 'view', 'anna'), '9 otherwise: no: %careaccess_share_chart%', '… the author could share them');
SELECT alike(decides('bert', 'c1', 'chart', 'edit', 'anna'), '9 otherwise: no: %Only the author changes such a record, unless the setting edit_others_records is on%', 'changing somebody else''s record');
SELECT careaccess_share_chart('c1', 'anna', 'bert', true);
SELECT alike(decides('bert', 'c1', 'private_notes', 'view', 'anna'), '3 own right: yes: %', 'shared, they are open');
SELECT alike(decides('q3', 'qc1', 'chart', 'view', 'q1'), '9 otherwise: no: %', 'group: a colleague''s of another group');
SELECT careaccess_list_client('qc1', 'q3');
SELECT alike(decides('q3', 'qc1', 'chart', 'view', 'q1'), '9 otherwise: no: %A common group with the author (careaccess_update_group)%', '… of a client in reach');
SELECT alike(decides('t2', 'tc', 'chart', 'view', 't1'), '9 otherwise: no: %', 'a former provider and others'' records');
SELECT careaccess_define_role('p', 'student', '{"practitioner": false, "permissions": [{"category": "chart", "actions": ["view"], "reach": "all", "only_if_practitioner": true}]}');
SELECT careaccess_add_member('p', 'stud', 'Stud', '{student}');
SELECT alike(step(3, 'stud', 'c1', 'chart'), 'does not apply: Not by role student with reach all: it counts for practitioners only.', 'for practitioners only');
SELECT alike(decides('stud', 'c1', 'chart'), '9 otherwise: no: %A practitioner role would make a permission count%Own (own)%', '… what changes it');

--
-- 7 author delegation, 8 emergency
--
SELECT alike(decides('keeper', 'c1', 'chart', 'view', 'anna'), '7 author delegation: yes: The member may read the records of Anna (anna).', 'a custodian');
SELECT alike(decides('keeper', 'c2', 'chart', 'view', 'bert'), '7 author delegation: yes: %Bert (bert)%', 'a supervisor');
SELECT alike(step(3, 'keeper', 'c1', 'chart', 'view', 'anna'), 'does not apply: %', '… who has no right of his own');
SELECT alike(decides('keeper', 'c1', 'chart', 'view', 'cora'), '9 otherwise: no: %', '… and of others'' records none');
SELECT alike(decides('keeper', 'c1', 'private_notes', 'view', 'anna'), '9 otherwise: no: %', '… nor of private notes, which were not named');
SELECT alike(decides('cora', 'em', 'chart', 'view', 'anna'), '8 emergency: yes: An emergency access%', 'an emergency');
SELECT alike(decides('cora', 'em', 'private_notes', 'view', 'anna'), '9 otherwise: no: %', '… but for private notes');
SELECT alike(step(8, 'cora', 'em', 'private_notes'), 'does not apply: No emergency access of the member to this client opens this.', '… which is told');
SELECT careaccess_configure_practice('p', '{"emergency_access": false}');
SELECT alike(step(8, 'cora', 'em'), 'does not apply: The practice has no emergency access.', 'switched off');
SELECT alike(decides('cora', 'em'), '9 otherwise: no: %', '… it decides nothing');
SELECT careaccess_configure_practice('p', '{"emergency_access": true}');
SELECT is((SELECT array_agg(step ORDER BY step) FROM careaccess_explain('cora', 'c1')), '{1,2,3,4,5,6,7,8,9}', 'a no goes through all steps');

--
-- Who could do it: nobody, when nobody holds the capability
--
DELETE FROM careaccess.role_capability WHERE capability IN ('grant', 'reassign', 'list_client') AND practice OPERATOR(careaccess.=) 'p';
SELECT alike(decides('anna', 'c2'), '%(careaccess_reassign_client)%capability reassign%nobody else here holds%database administrator%', 'nobody holds it: an administrator of the database');

--
-- By a member: of himself, of others, of what he may not know
--
SELECT careaccess_act_as('anna');
SELECT alike(decides('anna', 'c1'), '3 own right: yes: %', 'a member explains himself');
SELECT throws_ok($$SELECT careaccess_explain('anna', 'c2')$$, 'P0002', 'no such client: "c2"', '… but no client whom he may not know');
SELECT throws_ok($$SELECT careaccess_explain('bert', 'c1')$$, '42501', NULL, '… nor somebody else');
SELECT careaccess_act_as('own');
SELECT alike(decides('anna', 'c2'), '9 otherwise: no: %', 'who manages members explains others');
SELECT alike(decides('q1', 'c2'), '1 known and active: no: There is no such member in this practice.', '… of his own practice');
SELECT alike(decides('zzz', 'c2'), '1 known and active: no: There is no such member in this practice.', '… a foreign member is as an unknown one');
SELECT careaccess_stop_acting();

--
-- Viewers and their reasons
--
CREATE FUNCTION reason(client text, category text, member text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(v.reason, ' // ') FROM careaccess_viewers($1, $2) AS v WHERE v.member OPERATOR(careaccess.=) $3 $$;
SELECT is(reason('c1', 'profile', 'anna'), 'role clinician: owner of the client', 'viewers: the owner');
SELECT is(reason('c1', 'profile', 'bert'), 'role clinician: shared with the member', '… a grant');
SELECT is(reason('c2', 'profile', 'cora'), 'role clinician: listed as provider', '… a listing');
SELECT is(reason('open', 'profile', 'cora'), 'role clinician: shared with all practitioners', '… shared with all');
SELECT is(reason('c1', 'profile', 'own'), 'role owner: all clients of the practice', '… reach all');
SELECT is(reason('c1', 'profile', 'helper'), 'role assistant: acts for Anna (anna)', '… an assistant');
SELECT is(reason('c1', 'chart', 'keeper'), 'delegation: reads the records of Anna (anna)', '… a custodian');
SELECT is(reason('em', 'chart', 'cora'), 'emergency access', '… an emergency');
SELECT is(reason('c1', 'chart', 'bill'), 'personal permission: all clients of the practice', '… a permission of his own');
SELECT is(reason('qc1', 'profile', 'q2'), 'role practitioner: groups: linked to Q1 (q1)', '… a group');
SELECT is(reason('qc1', 'profile', 'desk'), 'role clinic_admin: manages the clients of Q1 (q1)', '… an admin of a group');
SELECT is(reason('hid', 'profile', 'mia'), NULL, '… nobody who is revoked');
SELECT is(reason('c1', 'profile', 'off'), NULL, '… nobody who is disabled');
SELECT is_empty($$SELECT 1 FROM careaccess_viewers('del')$$, '… nobody of a deleted client');

SELECT * FROM finish();
ROLLBACK;
