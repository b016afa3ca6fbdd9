-- Facts of every kind, in practices of six presets, for 010_dump_every_fact.pl.
\set ON_ERROR_STOP on

CREATE EXTENSION careaccess;
SELECT careaccess_grant_application('dump_app');
GRANT EXECUTE ON FUNCTION careaccess_act_as(careaccess.id, boolean) TO dump_app;
SELECT careaccess_grant_administrator('dump_dba');

INSERT INTO careaccess.category (code, authored) VALUES ('imaging', true), ('insurance', false);

-- SimplePractice, numbers
SELECT careaccess_create_practice(1, 'Simple', 'simplepractice');
SELECT careaccess_configure_practice(1, '{"restricted_new_member": "deny"}');
SELECT careaccess_add_member(1, m, 'Member ' || m, ARRAY[r])
FROM (VALUES (10, 'account_owner'), (11, 'practice_manager'), (12, 'practice_scheduler'), (13, 'clinician_full_client_list'),
	(14, 'clinician_basic'), (15, 'clinician_entire_practice'), (16, 'clinician_basic'), (17, 'clinician_billing')) AS v (m, r);
SELECT careaccess_add_client(c, 1, 13 + c % 4) FROM generate_series(100, 111) AS c;
SELECT careaccess_share_client(100, 14, reason => 'cover');
SELECT careaccess_share_client(101, 13, now() + interval '1 year');
SELECT careaccess_share_client(102, 13);
SELECT careaccess_unshare_client(102, 13);
SELECT careaccess_share_client(103, 14, now() - interval '1 day');
SELECT careaccess_reassign_client(104, 16);
SELECT careaccess_restrict_client(105);
SELECT careaccess_revoke_administrative_access(105, 11);
SELECT careaccess_restrict_client(106);
SELECT careaccess_revoke_administrative_access(106, 12);
SELECT careaccess_restore_administrative_access(106, 12);
SELECT careaccess_share_client_with_all(107, true);
SELECT careaccess_set_client_status(108, 'archived');
SELECT careaccess_set_client_status(109, 'deleted');
-- A later administrative member is revoked on what is restricted (SP-16).
SELECT careaccess_add_member(1, 18, 'Late', '{practice_biller}');
SELECT careaccess_set_member_permission(14, 'billing', '{view,edit}', 'all');
SELECT careaccess_set_member_permission(11, 'profile', '{delete}', 'all', 'deny');
SELECT careaccess_set_member_permission(15, 'imaging', '{view,create}', 'all');
SELECT careaccess_set_full_clinical_access(16, true);
SELECT careaccess_remove_member(17, 13);

-- TherapyAppointment, uuids
CREATE FUNCTION u(n integer) RETURNS uuid IMMUTABLE LANGUAGE sql AS $$SELECT ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid$$;
SELECT careaccess_create_practice(u(2), 'Therapy', 'therapyappointment');
SELECT careaccess_add_member(u(2), u(m), 'Member ' || m, ARRAY[r])
FROM (VALUES (20, 'owner'), (21, 'provider'), (22, 'provider'), (23, 'provider'), (24, 'records_custodian'), (25, 'manager'), (26, 'biller')) AS v (m, r);
SELECT careaccess_add_client(u(200 + c), u(2), providers => ARRAY[u(21 + c % 3)]::careaccess.id[]) FROM generate_series(0, 8) AS c;
SELECT careaccess_share_chart(u(200), u(21), u(22));
SELECT careaccess_share_chart(u(203), u(21), u(22), true);
SELECT careaccess_share_chart(u(206), u(21), u(23));
SELECT careaccess_stop_chart_share(u(206), u(21), u(23));
SELECT careaccess_share_chart(u(201), u(22), u(21), valid_until => now() + interval '1 day');
SELECT careaccess_share_chart(u(204), u(22), u(21), valid_until => now() - interval '1 day');
SELECT careaccess_list_client(u(202), u(21));
SELECT careaccess_unlist_client(u(202), u(21));
SELECT careaccess_delegate(u(24), u(21), 'author');
SELECT careaccess_delegate(u(24), u(22), 'author', '{private_notes}', valid_until => now() + interval '1 day');
SELECT careaccess_delegate(u(24), u(23), 'author', valid_until => now() - interval '1 day');
SELECT careaccess_configure_member(u(23), '{"records_owned_by": "provider"}');

-- Embodia, words
SELECT careaccess_create_practice('em', 'Embodia', 'embodia');
SELECT careaccess_add_member('em', m, m, ARRAY[r])
FROM (VALUES ('em boss', 'clinic_manager'), ('em anna', 'practitioner'), ('em bert', 'practitioner'), ('em cora', 'practitioner'),
	('em dora', 'practitioner'), ('em desk', 'clinic_admin')) AS v (m, r);
SELECT careaccess_add_client('em c' || n, 'em', providers => ARRAY['em ' || (ARRAY['anna', 'bert', 'cora', 'dora'])[1 + n % 4]]::careaccess.id[])
FROM generate_series(1, 8) AS n;
SELECT careaccess_create_group('em', 'North', '{em anna,em bert}', '{em desk}');
SELECT careaccess_create_group('em', 'South', '{em bert,em cora}');
SELECT careaccess_create_group('em', 'Gone', '{em dora}');
SELECT careaccess_delete_group((SELECT id FROM careaccess.practitioner_group WHERE name = 'Gone'));
SELECT careaccess_set_colleague_limit('em bert', 'chart', '{em anna}');
SELECT careaccess_set_colleague_limit('em cora', 'diagnosis', '{}');

-- Sessions Health, with linked profiles, the portal and supervisors
SELECT careaccess_create_practice('sh', 'Sessions', 'sessionshealth');
SELECT careaccess_add_member('sh', m, m, r)
FROM (VALUES ('sh own', '{account_owner}'::text[]), ('sh adm', '{administrator,practitioner}'), ('sh p1', '{practitioner}'),
	('sh p2', '{practitioner}'), ('sh sup', '{supervisor}'), ('sh sub', '{supervisor}')) AS v (m, r);
SELECT careaccess_add_client('sh c' || n, 'sh', 'sh p' || (1 + n % 2)) FROM generate_series(1, 6) AS n;
SELECT careaccess_delegate('sh sup', 'sh p1', 'supervisor');
SELECT careaccess_delegate('sh sub', 'sh p1', 'supervisor', client => 'sh c2');
SELECT careaccess_set_client_access('sh c1', '{sh p1}', with_all => false);
INSERT INTO careaccess.profile_link (practice, client, contact_client) VALUES ('sh', 'sh c1', 'sh c2');
INSERT INTO careaccess.portal_user (id, practice, client) VALUES ('portal 1', 'sh', 'sh c2');
INSERT INTO careaccess.portal_access (practice, client, portal_user, view_appointments, status) VALUES ('sh', 'sh c1', 'portal 1', true, 'accepted');

-- IntakeQ: assistants, a role of its own with a denial, forms, an invitation
SELECT careaccess_create_practice('iq', 'Intake', 'intakeq');
SELECT careaccess_define_role('iq', 'student', '{"practitioner": true, "permissions": [
	{"category": "name", "actions": ["view"], "reach": "all"}, {"category": "chart", "actions": ["view"], "reach": "own"},
	{"category": "chart", "actions": ["view"], "reach": "own", "effect": "deny"},
	{"category": "profile", "actions": ["view", "edit"], "reach": "own"}], "capabilities": ["book"]}');
SELECT careaccess_add_member('iq', m, m, ARRAY[r])
FROM (VALUES ('iq adm', 'administrator'), ('iq p1', 'practitioner'), ('iq p2', 'practitioner'), ('iq all', 'practitioner_all_clients'),
	('iq help', 'assistant'), ('iq stud', 'student')) AS v (m, r);
SELECT careaccess_add_client('iq c' || n, 'iq', 'iq p' || (1 + n % 2)) FROM generate_series(1, 6) AS n;
SELECT careaccess_share_client('iq c1', 'iq stud');
SELECT careaccess_delegate('iq help', 'iq p1', 'context', '{name,profile,chart}', '{view,edit}');
INSERT INTO careaccess.form_route (practice, slug, practitioner) VALUES ('iq', 'p1', 'iq p1');
INSERT INTO careaccess.assignment_rule (practice, form, question, answer, practitioner, position) VALUES ('iq', 'f', 'q', 'a', 'iq p2', 1);
INSERT INTO careaccess.invitation (practice, contact, roles, token_hash, valid_until)
VALUES ('iq', 'new@example.org', '{practitioner}', '\x0102', now() + interval '1 day');
INSERT INTO careaccess.token_key (kid, algorithm, key, audience) VALUES ('k1', 'HS256', '\x00ff', 'app');

-- Ours: emergencies, ends, states, capabilities and a login role
SELECT careaccess_create_practice('st', 'Standard');
SELECT careaccess_add_member('st', m, m, ARRAY[r])
FROM (VALUES ('st own', 'owner'), ('st man', 'manager'), ('st a', 'clinician'), ('st b', 'clinician'), ('st past', 'clinician'),
	('st off', 'clinician'), ('st bill', 'biller')) AS v (m, r);
SELECT careaccess_add_client('st c' || n, 'st', 'st ' || (ARRAY['a', 'b'])[1 + n % 2]) FROM generate_series(1, 6) AS n;
SELECT careaccess_configure_member('st past', '{"ends_at": "2020-01-01"}');
SELECT careaccess_set_member_status('st off', 'disabled');
SELECT careaccess_configure_member('st a', '{"login_role": "dump_login"}');
INSERT INTO careaccess.member_capability (practice, member, capability) VALUES ('st', 'st bill', 'view_audit');
SELECT careaccess_restrict_client('st c2');
SELECT careaccess_revoke_administrative_access('st c2', 'st man');
INSERT INTO careaccess.emergency_access (practice, client, member, reason, "from", until) VALUES
	('st', 'st c1', 'st a', 'found unconscious', now() - interval '1 hour', now() + interval '1 day'),
	('st', 'st c3', 'st a', 'found unconscious', now() - interval '2 days', now() - interval '1 day');
UPDATE careaccess.emergency_access SET reviewed_by = 'st own', reviewed_at = now(), review_note = 'right' WHERE client OPERATOR(careaccess.=) 'st c3';

-- The application's tables: one category, a category per row, partitions, and
-- clients and staff that are adopted.
CREATE TABLE visit (id serial PRIMARY KEY, client text NOT NULL, note text);
CREATE INDEX ON visit (client);
CREATE TABLE record (id integer GENERATED ALWAYS AS IDENTITY, client text NOT NULL, author text, kind text NOT NULL, at integer NOT NULL) PARTITION BY RANGE (at);
CREATE INDEX ON record (client);
CREATE TABLE record_old PARTITION OF record FOR VALUES FROM (0) TO (10);
CREATE TABLE record_new PARTITION OF record FOR VALUES FROM (10) TO (20);
INSERT INTO visit (client, note) SELECT id::text, 'visit' FROM careaccess.client;
INSERT INTO record (client, author, kind, at)
SELECT c.id::text, a.author, k.code, 5 + 10 * (k.number % 2)
FROM careaccess.client AS c
JOIN (SELECT m.practice, m.id::text AS author FROM careaccess.member AS m WHERE m.ever_practitioner
	UNION ALL SELECT p.id, NULL FROM careaccess.practice AS p UNION ALL SELECT p.id, 'a stranger' FROM careaccess.practice AS p) AS a
	ON a.practice OPERATOR(careaccess.=) c.practice
CROSS JOIN careaccess.category AS k;
-- It had a policy before.
ALTER TABLE visit ENABLE ROW LEVEL SECURITY;
CREATE POLICY older ON visit FOR SELECT TO dump_app USING (note <> 'secret');
SELECT careaccess_protect('visit', 'client', category => 'schedule', replace => true);
SELECT careaccess_protect('record', 'client', category_column => 'kind', author_column => 'author');
CREATE TABLE person (id bigint PRIMARY KEY, owner bigint NOT NULL, name text);
INSERT INTO person SELECT 150 + i, 13 + i % 2, 'person ' || i FROM generate_series(0, 5) AS i;
SELECT careaccess_adopt_clients('person', 'id', practice => 1, owner_column => 'owner');
SELECT careaccess_protect('person', 'id', category => 'name');
CREATE TABLE staff (id bigint PRIMARY KEY, name text);
INSERT INTO staff VALUES (50, 'Fifty');
SELECT careaccess_adopt_members('staff', 'id', 'name', practice => 1, roles => '{clinician_basic}');
GRANT SELECT, INSERT, UPDATE, DELETE ON visit, record, person TO dump_app;
GRANT SELECT ON visit TO dump_login;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO dump_app;

-- What is logged so far is sealed; what comes is not.
SELECT careaccess_seal_events();
