-- Who comes late and who leaves: SP-16, SP-17, transfers; and who acts for
-- another: delegations, colleague limits.
BEGIN;
SELECT plan(104);

SET client_min_messages = warning;

CREATE FUNCTION pg_temp.detail(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE d text;
BEGIN
	EXECUTE statement;
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS d = PG_EXCEPTION_DETAIL;
	RETURN d;
END
$$;
CREATE FUNCTION pg_temp.links(member text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT client::text || ' ' || kind FROM careaccess.client_link WHERE member OPERATOR(careaccess.=) $1 AND active
$$;
CREATE FUNCTION pg_temp.revoked(member text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT client::text FROM careaccess.client_revocation WHERE member OPERATOR(careaccess.=) $1
$$;
CREATE FUNCTION pg_temp.of(member text, what text) RETURNS text LANGUAGE sql AS $$
	SELECT to_jsonb(m) ->> $2 FROM careaccess.member m WHERE id OPERATOR(careaccess.=) $1
$$;
CREATE FUNCTION pg_temp.delegations() RETURNS SETOF text LANGUAGE sql AS $$
	SELECT concat_ws(' ', member::text, over_member::text, mode, client::text, categories::text, actions::text) FROM careaccess.delegation
$$;

SELECT careaccess_create_practice('st', 'Standard', 'standard');
SELECT careaccess_add_member('st', 'owner', 'Owner', '{owner}');
SELECT careaccess_add_member('st', 'manager', 'Manager', '{manager}');
SELECT careaccess_add_member('st', 'anna', 'Anna', '{clinician}');
SELECT careaccess_add_member('st', 'bert', 'Bert', '{clinician}');
SELECT careaccess_add_member('st', 'helper', 'Helper', '{assistant}');
SELECT careaccess_create_practice('ta', 'TherapyAppointment', 'therapyappointment');
SELECT careaccess_add_member('ta', 'ta owner', 'Owner', '{owner}');
SELECT careaccess_add_member('ta', 'ta anna', 'Anna', '{provider}');
SELECT careaccess_add_client('c1', 'st', 'anna');
SELECT careaccess_add_client('c2', 'st', 'anna');
SELECT careaccess_add_client('c3', 'st', 'bert');
SELECT careaccess_add_client('c4', 'st', 'anna');
SELECT careaccess_set_client_status('c4', 'deleted');
SELECT careaccess_restrict_client('c1');
SELECT careaccess_restrict_client('c3');

-- SP-16
SELECT is_empty($$SELECT pg_temp.revoked('manager')$$, 'SP-1 restricting alone takes nothing from who was there');
SELECT careaccess_act_as('owner');
SELECT careaccess_add_member('st', 'late', 'Late', '{manager}');
SELECT set_eq($$SELECT pg_temp.revoked('late')$$, ARRAY['c1', 'c3'], 'SP-16 a new administrative member is denied every restricted client');
SELECT is((SELECT DISTINCT revoked_by::text FROM careaccess.client_revocation WHERE member OPERATOR(careaccess.=) 'late'), 'owner',
	'SP-16 by whoever gave the role');
SELECT ok(NOT careaccess_can_view('late', 'c1', 'name') AND careaccess_can_view('late', 'c2', 'name'),
	'SP-16 they are hidden from him, others are not');
SELECT careaccess_restore_administrative_access('c1', 'late');
SELECT careaccess_set_member_status('late', 'disabled');
SELECT careaccess_set_member_status('late', 'active');
SELECT careaccess_set_member_roles('late', '{manager,clinician}');
SELECT set_eq($$SELECT pg_temp.revoked('late')$$, ARRAY['c3'], 'SP-16 that moment passes: what was restored stays');
SELECT careaccess_share_client('c3', 'anna');
SELECT careaccess_set_member_roles('anna', '{clinician_all_clients}');
SELECT set_eq($$SELECT pg_temp.revoked('anna')$$, ARRAY['c3'], 'SP-16 SP-6 not on a client that the member owns');
SELECT set_eq($$SELECT pg_temp.links('anna')$$, ARRAY['c1 owner', 'c2 owner', 'c4 owner'], 'SP-4 with the grant gone');
SELECT careaccess_set_member_roles('anna', '{clinician}');
SELECT set_eq($$SELECT pg_temp.revoked('anna')$$, ARRAY['c3'], 'SP-7 the revocation follows the member through role changes');
SELECT careaccess_restore_administrative_access('c3', 'anna');
SELECT careaccess_set_member_roles('bert', '{owner,scheduler}');
SELECT is_empty($$SELECT pg_temp.revoked('bert')$$, 'SP-16 SP-6 not who gets an unrevocable role with it');
SELECT careaccess_set_member_roles('bert', '{clinician}');
SELECT careaccess_set_member_roles('helper', '{biller}');
SELECT set_eq($$SELECT pg_temp.revoked('helper')$$, ARRAY['c1', 'c3'], 'SP-16 who was there in another role is late too');
SELECT careaccess_set_member_roles('helper', '{assistant}');
SELECT careaccess_unrestrict_client('c1');
SELECT careaccess_unrestrict_client('c3');
SELECT careaccess_configure_practice('st', '{"restricted_new_member": "allow"}');
SELECT careaccess_restrict_client('c3');
SELECT careaccess_add_member('st', 'later', 'Later', '{manager}');
SELECT is_empty($$SELECT pg_temp.revoked('later')$$, 'with restricted_new_member allow nobody is denied anything');
SELECT careaccess_configure_practice('st', '{"restricted_new_member": "deny"}');
SELECT careaccess_stop_acting();
INSERT INTO careaccess.member (id, practice, name) VALUES ('loaded', 'st', 'Loaded');
INSERT INTO careaccess.member_role (member, role) VALUES ('loaded', 'manager'), ('loaded', 'clinician');
SELECT is_empty($$SELECT pg_temp.revoked('loaded')$$, 'rows that are loaded are taken as they are');
SELECT is(pg_temp.of('loaded', 'ever_practitioner'), 'true', '… though practitioners are remembered');
SELECT careaccess_remove_member('loaded');

-- Removing: SP-17
SELECT careaccess_act_as('manager');
SELECT throws_ok($$SELECT careaccess_remove_member('anna')$$, '55000', 'cannot remove a member: member "anna" owns clients',
	'SP-17 who owns clients is not removed without a successor');
SELECT is(pg_temp.detail($$SELECT careaccess_remove_member('anna')$$), 'Clients: c1, c2.', '… the clients are listed, deleted ones aside');
SELECT careaccess_stop_acting();
SELECT careaccess_restrict_client('c2');
SELECT careaccess_revoke_administrative_access('c2', 'manager');
SELECT careaccess_act_as('manager');
SELECT is(pg_temp.detail($$SELECT careaccess_remove_member('anna')$$), 'Clients: c1.', '… and only those whom the actor may see');
SELECT throws_ok($$SELECT careaccess_remove_member('anna', 'anna')$$, '22023', NULL, 'she is not her own successor');
SELECT throws_ok($$SELECT careaccess_remove_member('anna', 'helper')$$, '22023', 'member "helper" is not a practitioner', 'an assistant is none');
SELECT throws_ok($$SELECT careaccess_remove_member('anna', 'ta anna')$$, 'P0002', 'no such member: "ta anna"', 'nor somebody of another practice');
SELECT throws_ok($$SELECT careaccess_remove_member('anna', 'nobody')$$, 'P0002', 'no such member: "nobody"', 'nor nobody');
SELECT careaccess_stop_acting();
SELECT careaccess_add_member('st', 'carl', 'Carl', '{clinician_all_clients}');
SELECT set_eq($$SELECT pg_temp.revoked('carl')$$, ARRAY['c2', 'c3'], '(carl is denied the restricted clients)');
SELECT throws_ok($$SELECT careaccess_remove_member('anna', 'carl')$$, '55000', NULL, 'SP-8 nor who is revoked on one of the clients');
SELECT is(pg_temp.detail($$SELECT careaccess_remove_member('anna', 'carl')$$), 'Clients: c2.', '… which is named');
SELECT careaccess_set_member_status('bert', 'disabled');
SELECT throws_ok($$SELECT careaccess_remove_member('anna', 'bert')$$, '22023', 'member "bert" is not active', 'nor who is not active');
SELECT careaccess_set_member_status('bert', 'active');

-- Everything that a member can have
CREATE ROLE careaccess_test_login;
SELECT careaccess_configure_member('anna', '{"login_role": "careaccess_test_login"}');
SELECT careaccess_share_client('c1', 'bert', reason => 'holiday');
SELECT careaccess_share_client('c3', 'anna');
SELECT careaccess_list_client('c3', 'anna');
SELECT careaccess_share_chart('c3', 'bert', 'anna');
SELECT careaccess_share_chart('c1', 'anna', 'bert');
SELECT careaccess_create_group('st', 'North', ARRAY['anna', 'bert']::careaccess.id[], ARRAY['anna']::careaccess.id[]);
SELECT careaccess_set_colleague_limit('anna', 'chart', ARRAY['bert']::careaccess.id[]);
SELECT careaccess_delegate('anna', 'bert', 'supervisor');
SELECT careaccess_delegate('helper', 'anna', 'context');
SELECT careaccess_delegate('bert', 'anna', 'author');
SELECT careaccess_delegate('bert', 'anna', 'supervisor');
INSERT INTO careaccess.client_revocation (client, member) VALUES ('c3', 'anna');
SELECT careaccess_act_as('manager');
SELECT throws_ok($$SELECT careaccess_remove_member('manager', 'bert')$$, '42501', 'not allowed to change one''s own account', 'nobody removes himself');
SELECT lives_ok($$SELECT careaccess_remove_member('anna', 'bert')$$, 'SP-17 with a successor she is removed');
SELECT is(pg_temp.of('anna', 'status') || coalesce(pg_temp.of('anna', 'login_role'), ' without login'), 'removed without login',
	'the account stays, removed, without login role');
SELECT set_eq($$SELECT pg_temp.links('bert')$$, ARRAY['c1 owner', 'c2 owner', 'c3 owner', 'c4 owner'],
	'SP-17 SH-6 the successor owns her clients, deleted ones too, and his grant is absorbed');
SELECT is((SELECT string_agg(DISTINCT source || ' ' || granted_by::text, '') FROM careaccess.client_link
	WHERE member OPERATOR(careaccess.=) 'bert' AND kind = 'owner' AND client::text <> 'c3'), 'remove_member manager', '… which the links say');
SELECT is((SELECT count(*) FROM careaccess.client_link WHERE kind = 'owner' AND active AND client::text LIKE 'c_'), 4::bigint, 'each client has one owner');
SELECT is_empty($$SELECT pg_temp.links('anna')$$, 'all her links have ended');
SELECT is((SELECT count(*) FROM careaccess.client_link WHERE member OPERATOR(careaccess.=) 'anna' AND valid_until <= clock_timestamp()), 6::bigint,
	'… and stay as history');
SELECT is((SELECT string_agg(from_provider::text || CASE WHEN stopped IS NULL THEN ' runs' ELSE ' stopped' END, ', ' ORDER BY from_provider::text)
	FROM careaccess.chart_share), 'anna runs, bert stopped', 'shares to her have stopped, those from her run on');
SELECT is_empty($$SELECT 1 FROM careaccess.group_admin UNION ALL SELECT 1 FROM careaccess.group_practitioner WHERE member OPERATOR(careaccess.=) 'anna'$$,
	'she is in no group');
SELECT is_empty($$SELECT 1 FROM careaccess.colleague_limit$$, 'her limit is gone');
SELECT set_eq($$SELECT pg_temp.delegations()$$, ARRAY['bert anna author', 'bert anna supervisor'],
	'what was delegated to her is gone, and her assistant''s; custody over her records stays');
SELECT is_empty($$SELECT pg_temp.revoked('anna')$$, 'she is revoked nowhere');
SELECT is(pg_temp.of('anna', 'ever_practitioner'), 'true', 'that she was a practitioner stays');
SELECT lives_ok('SET CONSTRAINTS ALL IMMEDIATE', 'nothing deferred stands against it');
SET CONSTRAINTS ALL DEFERRED;
SELECT careaccess_stop_acting();
SELECT ok(NOT careaccess_can_view('anna', 'c1', 'name'), 'she sees nothing');
SELECT ok(careaccess_can_view('bert', 'c1', 'chart', 'anna'), 'what she wrote is still hers, and read');
SELECT throws_ok(format(statement, 'anna'), '55000', 'member "anna" has been removed', 'gone: ' || statement)
FROM unnest(ARRAY[
	$$SELECT careaccess_remove_member(%L)$$, $$SELECT careaccess_set_member_status(%L, 'active')$$,
	$$SELECT careaccess_set_member_roles(%L, '{}')$$, $$SELECT careaccess_configure_member(%L, '{}')$$,
	$$SELECT careaccess_set_member_permission(%L, 'chart', '{view}', 'all')$$,
	$$SELECT careaccess_set_full_clinical_access(%L, true)$$, $$SELECT careaccess_set_colleague_limit(%L, 'chart', '{}')$$,
	$$SELECT careaccess_delegate(%L, 'bert', 'author')$$, $$SELECT careaccess_delegate('helper', %L, 'context')$$]) AS statement;
SELECT throws_ok($$SELECT careaccess_add_member('st', 'anna', 'Anna again', '{}')$$, '23505', 'member "anna" exists already',
	'her identifier is not used again');
SELECT throws_ok($$SELECT careaccess_transfer_clients('bert', 'anna')$$, '22023', 'member "anna" is not active', 'she receives no clients');
SELECT lives_ok($$SELECT careaccess_delegate('carl', 'anna', 'author')$$, 'TA-14 custody over her records can still be given');

-- A member whose only clients are deleted leaves without a successor.
SELECT careaccess_add_member('st', 'emil', 'Emil', '{clinician}');
SELECT careaccess_reassign_client('c4', 'emil');
SELECT lives_ok($$SELECT careaccess_remove_member('emil')$$, 'deleted clients need no successor');

-- Transfers
SELECT careaccess_add_member('st', 'anna 2', 'Anna', '{clinician}');
SELECT careaccess_act_as('manager');
SELECT ok(NOT careaccess_can_view('manager', 'c2', 'name'), '(c2 is hidden from the manager)');
SELECT throws_ok($$SELECT careaccess_transfer_clients('bert', 'bert')$$, '22023', NULL, 'from one to another');
SELECT throws_ok($$SELECT careaccess_transfer_clients(NULL, 'bert')$$, '22023', 'from_member must not be null', 'from somebody');
SELECT throws_ok($$SELECT careaccess_transfer_clients('bert', NULL)$$, '22023', 'to_member must not be null', 'to somebody');
SELECT throws_ok($$SELECT careaccess_transfer_clients('bert', 'helper')$$, '22023', 'member "helper" is not a practitioner', 'to a practitioner');
SELECT throws_ok($$SELECT careaccess_transfer_clients('ta anna', 'bert')$$, 'P0002', 'no such member: "ta anna"', 'not from another practice');
SELECT throws_ok($$SELECT careaccess_transfer_clients('bert', 'ta anna')$$, 'P0002', 'no such member: "ta anna"', 'nor to one');
SELECT is(careaccess_transfer_clients('bert', 'anna 2'), 2::bigint, 'all clients that the actor may see change hands');
SELECT set_eq($$SELECT pg_temp.links('bert')$$, ARRAY['c2 owner'], '… a client hidden from him does not');
SELECT set_eq($$SELECT pg_temp.links('anna 2')$$, ARRAY['c1 owner', 'c3 owner'], '… the others do');
SELECT is(pg_temp.of('bert', 'status'), 'active', 'he is not removed');
SELECT is(careaccess_transfer_clients('helper', 'bert'), 0::bigint, 'who owns nobody gives nobody');
SELECT careaccess_act_as('bert');
SELECT throws_ok($$SELECT careaccess_transfer_clients('anna 2', 'bert')$$, '42501', 'not allowed to transfer clients', 'it needs reassign');
SELECT careaccess_stop_acting();
SELECT careaccess_set_member_roles('carl', '{clinician}');
SELECT careaccess_define_role('st', 'handing', '{"practitioner": true, "capabilities": ["reassign_linked"],
	"permissions": [{"category": "name", "actions": ["view"], "reach": "all"}]}');
SELECT careaccess_set_member_roles('anna 2', '{clinician,handing}');
SELECT careaccess_act_as('anna 2');
SELECT throws_ok($$SELECT careaccess_transfer_clients('bert', 'anna 2')$$, '42501', NULL, 'reassign_linked counts for linked clients only');
SELECT is(careaccess_transfer_clients('anna 2', 'bert'), 2::bigint, '… such as one''s own');
SELECT careaccess_stop_acting();
SELECT throws_ok($$SELECT careaccess_transfer_clients('bert', 'carl')$$, '55000', NULL, 'SP-8 not to who is revoked on a client');
SELECT lives_ok('SET CONSTRAINTS ALL IMMEDIATE', 'each client still has its owner');
SET CONSTRAINTS ALL DEFERRED;

-- Delegations
SELECT careaccess_act_as('owner');
SELECT careaccess_delegate('helper', 'bert', 'context');
SELECT careaccess_delegate('helper', 'bert', 'context', '{profile,name,name}', '{edit,view}', 'c1');
SELECT set_eq($$SELECT pg_temp.delegations() EXCEPT SELECT d FROM unnest(ARRAY['bert anna author', 'bert anna supervisor', 'carl anna author']) d$$,
	ARRAY['helper bert context', 'helper bert context c1 {name,profile} {view,edit}'], 'a general delegation, and one for a client');
SELECT lives_ok($$SELECT careaccess_delegate('helper', 'bert', 'context', '{name}')$$, 'delegating again');
SELECT set_has($$SELECT pg_temp.delegations()$$, $$VALUES ('helper bert context {name}')$$, '… replaces');
SELECT throws_ok(format('SELECT careaccess_delegate(%s)', arguments), code, message, 'refused: ' || arguments)
FROM (VALUES
	($$'helper', 'bert', 'context', '{}'$$, '22023', 'categories must not be empty'),
	($$'helper', 'bert', 'context', NULL, '{}'$$, '22023', 'actions must not be empty'),
	($$'helper', 'bert', 'context', '{tea}'$$, '22023', 'unknown category: "tea"'),
	($$'helper', 'bert', 'context', '{NULL}'$$, '22023', 'category must not be null'),
	($$'helper', 'bert', 'context', NULL, '{read}'$$, '22023', 'unknown action: "read"'),
	($$'helper', 'bert', 'shadow'$$, '22023', 'unknown mode: "shadow"'),
	($$'helper', 'bert', NULL$$, '22023', 'mode must not be null'),
	($$'helper', 'helper', 'context'$$, '22023', NULL),
	($$'helper', NULL, 'context'$$, '22023', 'over_member must not be null'),
	($$NULL, 'bert', 'context'$$, '22023', 'member must not be null'),
	($$'helper', 'ta anna', 'context'$$, 'P0002', 'no such member: "ta anna"'),
	($$'ta anna', 'bert', 'context'$$, 'P0002', 'no such member: "ta anna"'),
	($$'helper', 'bert', 'context', client => 'c9'$$, 'P0002', 'no such client: "c9"'),
	($$'owner', 'bert', 'context'$$, '42501', 'not allowed to change one''s own account')) AS v (arguments, code, message);
SELECT lives_ok($$SELECT careaccess_undelegate('helper', 'bert', 'context', 'c1')$$, 'the one for a client ends');
SELECT set_has($$SELECT pg_temp.delegations()$$, $$VALUES ('helper bert context {name}')$$, '… the general one stays');
SELECT throws_ok($$SELECT careaccess_undelegate('helper', 'bert', 'context', 'c1')$$, 'P0002', NULL, 'what is not there cannot end');
SELECT lives_ok($$SELECT careaccess_undelegate('helper', 'bert', 'context')$$, 'then the general one');
SELECT careaccess_act_as('manager');
SELECT throws_ok($$SELECT careaccess_delegate('helper', 'bert', 'author')$$, '42501', 'not allowed to delegate',
	'a custodian is appointed with appoint_custodian');
SELECT lives_ok($$SELECT careaccess_delegate('helper', 'bert', 'supervisor')$$, '… a supervisor with delegate');
SELECT throws_ok($$SELECT careaccess_delegate('owner', 'bert', 'context')$$, '42501', NULL, 'not to an account that can administer more');
SELECT throws_ok($$SELECT careaccess_delegate('helper', 'bert', 'context', client => 'c2')$$, 'P0002', 'no such client: "c2"',
	'not for a client who is hidden');
SELECT throws_ok($$SELECT careaccess_undelegate('carl', 'anna', 'author')$$, '42501', NULL, 'what he may not give he may not end');
SELECT careaccess_act_as('bert');
SELECT throws_ok($$SELECT careaccess_delegate('helper', 'bert', 'context')$$, '42501', NULL, 'nor may one without delegate');

-- Colleague limits
SELECT careaccess_act_as('manager');
SELECT careaccess_set_colleague_limit('bert', 'chart', ARRAY['carl', 'anna 2', 'carl']::careaccess.id[]);
SELECT is((SELECT colleagues::text FROM careaccess.colleague_limit), '{"anna 2",carl}', 'EM-8 a limit names colleagues once');
SELECT careaccess_set_colleague_limit('bert', 'chart', '{}');
SELECT is((SELECT colleagues::text FROM careaccess.colleague_limit), '{}', 'EM-8 it can be empty');
SELECT careaccess_set_colleague_limit('bert', 'chart', NULL);
SELECT is_empty($$SELECT 1 FROM careaccess.colleague_limit$$, 'EM-8 null lifts it');
SELECT throws_ok($$SELECT careaccess_set_colleague_limit('bert', 'tea', '{}')$$, '22023', 'unknown category: "tea"', 'an unknown category');
SELECT throws_ok($$SELECT careaccess_set_colleague_limit('bert', 'chart', '{NULL}')$$, '22023', 'a colleague must not be null', 'a null colleague');
SELECT throws_ok($$SELECT careaccess_set_colleague_limit('bert', 'chart', ARRAY['ta anna']::careaccess.id[])$$, 'P0002',
	'no such member: "ta anna"', 'a colleague of another practice');

SELECT * FROM finish();
ROLLBACK;
