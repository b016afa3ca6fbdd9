--
-- The catalog: the facts that decide who may see which client
--
-- Every fact carries its practice, and foreign keys go through (practice, id):
-- a fact that mixes two practices cannot be written, whoever writes it.  Where
-- the practice follows from the client, member or group of the row it may be
-- left out; a trigger of 30_invariants fills it in.
--
-- No ordinary role has any right on these tables.

CREATE TABLE careaccess.practice (
	id careaccess.id PRIMARY KEY,
	name text NOT NULL CHECK (name <> ''),
	preset text NOT NULL DEFAULT 'custom',
	owner_mode text NOT NULL DEFAULT 'one' CHECK (owner_mode IN ('one', 'none')),
	restriction boolean NOT NULL DEFAULT false,
	restricted_new_member text NOT NULL DEFAULT 'deny' CHECK (restricted_new_member IN ('allow', 'deny')),
	staff_booking text NOT NULL DEFAULT 'none' CHECK (staff_booking IN ('none', 'list', 'grant')),
	widget_booking text NOT NULL DEFAULT 'none'
		CHECK (widget_booking IN ('none', 'list', 'grant', 'duplicate')),
	groups boolean NOT NULL DEFAULT false,
	ungrouped_sees text NOT NULL DEFAULT 'own' CHECK (ungrouped_sees IN ('own', 'all')),
	ungrouped_admin_manages text NOT NULL DEFAULT 'none' CHECK (ungrouped_admin_manages IN ('all', 'none')),
	manager_bypasses_groups boolean NOT NULL DEFAULT true,
	edit_others_records boolean NOT NULL DEFAULT false,
	allow_self_share boolean NOT NULL DEFAULT false,
	allow_self_listing boolean NOT NULL DEFAULT false,
	share_private_notes_default boolean NOT NULL DEFAULT false,
	emergency_access boolean NOT NULL DEFAULT false,
	emergency_max_minutes integer NOT NULL DEFAULT 240 CHECK (emergency_max_minutes > 0),
	emergency_overrides_revocation boolean NOT NULL DEFAULT false,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now()
);
COMMENT ON TABLE careaccess.practice IS 'one row is a clinic; one column per setting';
COMMENT ON COLUMN careaccess.practice.preset IS 'the preset that the practice was made from; nothing follows from it afterwards';

-- A category's number is its bit in the masks of the decision.
CREATE TABLE careaccess.category (
	code text PRIMARY KEY CHECK (code ~ '^[a-z][a-z0-9_]{0,62}$'),
	authored boolean NOT NULL DEFAULT false,
	number smallint NOT NULL UNIQUE CHECK (number BETWEEN 0 AND 63),
	built_in boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE careaccess.category IS
	'one row is a data category; "authored" means that who wrote a record matters for changing it; at most 64';

INSERT INTO careaccess.category (code, authored, number, built_in) VALUES
	('name',          false, 0, true),
	('profile',       false, 1, true),
	('diagnosis',     false, 2, true),
	('schedule',      false, 3, true),
	('documents',     false, 4, true),
	('billing',       false, 5, true),
	('chart',         true,  6, true),
	('private_notes', true,  7, true);

CREATE TABLE careaccess.practice_author_rule (
	practice careaccess.id NOT NULL REFERENCES careaccess.practice (id) ON DELETE CASCADE,
	category text NOT NULL REFERENCES careaccess.category (code),
	rule text NOT NULL CHECK (rule IN ('none', 'author', 'share', 'group')),
	PRIMARY KEY (practice, category)
);
COMMENT ON TABLE careaccess.practice_author_rule IS
	'one row says whose records of a category a member sees: all, his own, those shared with him, his groups''; without a row: none for a category that is not authored, else author';

CREATE TABLE careaccess.practice_link_category (
	practice careaccess.id NOT NULL REFERENCES careaccess.practice (id) ON DELETE CASCADE,
	kind text NOT NULL CHECK (kind IN ('owner', 'grant', 'listed')),
	category text NOT NULL REFERENCES careaccess.category (code),
	PRIMARY KEY (practice, kind, category)
);
COMMENT ON TABLE careaccess.practice_link_category IS 'one row is a category that a link of this kind opens';

-- Members and roles

CREATE TABLE careaccess.member (
	id careaccess.id PRIMARY KEY,
	practice careaccess.id NOT NULL REFERENCES careaccess.practice (id),
	name text NOT NULL CHECK (name <> ''),
	status text NOT NULL DEFAULT 'active' CHECK (status IN ('invited', 'active', 'disabled', 'removed')),
	login_role name UNIQUE CHECK (login_role <> ''),
	records_owned_by text NOT NULL DEFAULT 'group' CHECK (records_owned_by IN ('group', 'provider')),
	ends_at timestamptz,
	ever_practitioner boolean NOT NULL DEFAULT false,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	login_role_oid oid,
	UNIQUE (practice, id),
	CHECK (login_role IS NULL OR status <> 'removed')
);
COMMENT ON TABLE careaccess.member IS 'one row is a staff login of a practice; a removed member keeps his row and his id';
COMMENT ON COLUMN careaccess.member.login_role IS 'the database role whose sessions are this member''s';
COMMENT ON COLUMN careaccess.member.login_role_oid IS
	'the number that the login role had when it was set; kept by a trigger, for careaccess_check';
COMMENT ON COLUMN careaccess.member.ever_practitioner IS 'he holds or held a practitioner role; kept by a trigger';
COMMENT ON COLUMN careaccess.member.ends_at IS 'the instant from which the member has no access; null: no end';

CREATE TABLE careaccess.role (
	practice careaccess.id NOT NULL REFERENCES careaccess.practice (id) ON DELETE CASCADE,
	role text NOT NULL CHECK (role <> ''),
	practitioner boolean NOT NULL DEFAULT false,
	administrative boolean NOT NULL DEFAULT false,
	unrevocable boolean NOT NULL DEFAULT false,
	PRIMARY KEY (practice, role)
);
COMMENT ON TABLE careaccess.role IS 'one row is a role of a practice';
COMMENT ON COLUMN careaccess.role.practitioner IS 'holders may own clients, be listed and be granted access';
COMMENT ON COLUMN careaccess.role.administrative IS 'holders'' access to a restricted client can be revoked';
COMMENT ON COLUMN careaccess.role.unrevocable IS 'no revocation applies to holders';

-- What is allowed or denied; a deny never carries a reach but own or all.
CREATE TABLE careaccess.role_permission (
	practice careaccess.id NOT NULL,
	role text NOT NULL,
	category text NOT NULL REFERENCES careaccess.category (code),
	actions text[] NOT NULL
		CHECK (actions <@ '{view,create,edit,delete}' AND pg_catalog.cardinality(actions) > 0),
	reach text NOT NULL CHECK (reach IN ('all', 'own', 'group', 'managed', 'delegated')),
	effect text NOT NULL DEFAULT 'allow' CHECK (effect IN ('allow', 'deny')),
	only_if_practitioner boolean NOT NULL DEFAULT false,
	PRIMARY KEY (practice, role, category, reach, effect, only_if_practitioner),
	FOREIGN KEY (practice, role) REFERENCES careaccess.role (practice, role) ON DELETE CASCADE,
	CONSTRAINT role_permission_deny_reach CHECK (effect = 'allow' OR reach IN ('own', 'all'))
);
COMMENT ON TABLE careaccess.role_permission IS 'one row lets, or forbids, holders of a role do actions on a category within a reach';

CREATE TABLE careaccess.role_capability (
	practice careaccess.id NOT NULL,
	role text NOT NULL,
	capability text NOT NULL,
	PRIMARY KEY (practice, role, capability),
	FOREIGN KEY (practice, role) REFERENCES careaccess.role (practice, role) ON DELETE CASCADE
);
COMMENT ON TABLE careaccess.role_capability IS 'one row lets holders of a role carry out an operation that changes access';

CREATE TABLE careaccess.capability (
	code text PRIMARY KEY,
	administration boolean NOT NULL
);
COMMENT ON TABLE careaccess.capability IS
	'the capabilities there are; "administration" ones are compared when a member acts on another account';

INSERT INTO careaccess.capability (code, administration) VALUES
	('create_client', false),
	('delete_client', false),
	('reassign', false),
	('reassign_linked', false),
	('grant', false),
	('grant_linked', false),
	('list_client', false),
	('list_client_own', false),
	('book', false),
	('restrict', true),
	('restrict_own', false),
	('share_chart_any', false),
	('share_chart_own', false),
	('share_chart_custody', false),
	('manage_groups', true),
	('manage_members', true),
	('manage_members_below', false),
	('manage_roles', true),
	('manage_portal', false),
	('manage_rules', false),
	('link_profiles', false),
	('delegate', true),
	('appoint_custodian', true),
	('view_audit', true),
	('break_glass', false);

ALTER TABLE careaccess.role_capability
	ADD FOREIGN KEY (capability) REFERENCES careaccess.capability (code);

CREATE TABLE careaccess.member_role (
	practice careaccess.id NOT NULL,
	member careaccess.id NOT NULL,
	role text NOT NULL,
	PRIMARY KEY (member, role),
	FOREIGN KEY (practice, member) REFERENCES careaccess.member (practice, id),
	FOREIGN KEY (practice, role) REFERENCES careaccess.role (practice, role)
);
CREATE INDEX member_role_practice_role_idx ON careaccess.member_role (practice, role);
COMMENT ON TABLE careaccess.member_role IS 'one row is a role that a member holds';

CREATE TABLE careaccess.member_permission (
	practice careaccess.id NOT NULL,
	member careaccess.id NOT NULL,
	category text NOT NULL REFERENCES careaccess.category (code),
	actions text[] NOT NULL
		CHECK (actions <@ '{view,create,edit,delete}' AND pg_catalog.cardinality(actions) > 0),
	reach text NOT NULL CHECK (reach IN ('all', 'own', 'group', 'managed', 'delegated')),
	effect text NOT NULL DEFAULT 'allow' CHECK (effect IN ('allow', 'deny')),
	only_if_practitioner boolean NOT NULL DEFAULT false,
	source text NOT NULL DEFAULT 'manual' CHECK (source IN ('manual', 'full_clinical_access')),
	PRIMARY KEY (member, category, reach, effect, only_if_practitioner, source),
	FOREIGN KEY (practice, member) REFERENCES careaccess.member (practice, id),
	CONSTRAINT member_permission_deny_reach CHECK (effect = 'allow' OR reach IN ('own', 'all'))
);
CREATE INDEX member_permission_practice_idx ON careaccess.member_permission (practice);
COMMENT ON TABLE careaccess.member_permission IS
	'one row is a permission or a denial given to one member; full clinical access is kept apart by its source';

CREATE TABLE careaccess.member_capability (
	practice careaccess.id NOT NULL,
	member careaccess.id NOT NULL,
	capability text NOT NULL REFERENCES careaccess.capability (code),
	PRIMARY KEY (member, capability),
	FOREIGN KEY (practice, member) REFERENCES careaccess.member (practice, id)
);
COMMENT ON TABLE careaccess.member_capability IS 'one row is a capability given to one member';

-- Clients and what connects members to them

CREATE TABLE careaccess.client (
	id careaccess.id PRIMARY KEY,
	practice careaccess.id NOT NULL REFERENCES careaccess.practice (id),
	status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'archived', 'deleted')),
	restricted boolean NOT NULL DEFAULT false,
	shared_with_all boolean NOT NULL DEFAULT false,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	UNIQUE (practice, id)
);
CREATE INDEX client_shared_with_all_idx ON careaccess.client (practice) WHERE shared_with_all;
COMMENT ON TABLE careaccess.client IS 'one row is a registered client profile';

CREATE TABLE careaccess.client_link (
	id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
	practice careaccess.id NOT NULL,
	client careaccess.id NOT NULL,
	member careaccess.id NOT NULL,
	kind text NOT NULL CHECK (kind IN ('owner', 'grant', 'listed')),
	active boolean NOT NULL DEFAULT true,
	source text NOT NULL DEFAULT 'manual',
	valid_from timestamptz NOT NULL DEFAULT pg_catalog.now(),
	valid_until timestamptz,
	granted_by careaccess.id,
	reason text,
	FOREIGN KEY (practice, client) REFERENCES careaccess.client (practice, id) ON DELETE CASCADE,
	FOREIGN KEY (practice, member) REFERENCES careaccess.member (practice, id),
	-- An owner's link runs until it is ended; an ended link says when.
	CONSTRAINT client_link_owner_has_no_end CHECK (kind <> 'owner' OR NOT active OR valid_until IS NULL),
	CONSTRAINT client_link_end CHECK (active OR valid_until IS NOT NULL)
);
CREATE UNIQUE INDEX client_link_one_active_owner ON careaccess.client_link (client) WHERE active AND kind = 'owner';
CREATE UNIQUE INDEX client_link_one_active ON careaccess.client_link (client, member, kind) WHERE active;
CREATE INDEX client_link_client_idx ON careaccess.client_link (client);
CREATE INDEX client_link_member_idx ON careaccess.client_link (member);
COMMENT ON TABLE careaccess.client_link IS
	'one row links a member to a client as owner, by grant or by listing; ended links stay, inactive, with their end';
COMMENT ON COLUMN careaccess.client_link.valid_until IS 'the instant from which the link counts no longer; null: until ended';

CREATE TABLE careaccess.client_revocation (
	practice careaccess.id NOT NULL,
	client careaccess.id NOT NULL,
	member careaccess.id NOT NULL,
	revoked_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	revoked_by careaccess.id,
	PRIMARY KEY (client, member),
	FOREIGN KEY (practice, client) REFERENCES careaccess.client (practice, id) ON DELETE CASCADE,
	FOREIGN KEY (practice, member) REFERENCES careaccess.member (practice, id)
);
CREATE INDEX client_revocation_member_idx ON careaccess.client_revocation (member);
COMMENT ON TABLE careaccess.client_revocation IS 'one row hides a client from a member with administrative access';

CREATE TABLE careaccess.chart_share (
	id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
	practice careaccess.id NOT NULL,
	client careaccess.id NOT NULL,
	from_provider careaccess.id NOT NULL,
	to_provider careaccess.id NOT NULL,
	include_private boolean NOT NULL DEFAULT false,
	started timestamptz NOT NULL DEFAULT pg_catalog.now(),
	stopped timestamptz,
	valid_until timestamptz,
	started_by careaccess.id,
	stopped_by careaccess.id,
	FOREIGN KEY (practice, client) REFERENCES careaccess.client (practice, id) ON DELETE CASCADE,
	FOREIGN KEY (practice, from_provider) REFERENCES careaccess.member (practice, id),
	FOREIGN KEY (practice, to_provider) REFERENCES careaccess.member (practice, id),
	CHECK (from_provider OPERATOR(careaccess.<>) to_provider)
);
CREATE UNIQUE INDEX chart_share_one_running ON careaccess.chart_share (client, from_provider, to_provider)
	WHERE stopped IS NULL;
CREATE INDEX chart_share_client_idx ON careaccess.chart_share (client);
CREATE INDEX chart_share_from_idx ON careaccess.chart_share (from_provider);
CREATE INDEX chart_share_to_idx ON careaccess.chart_share (to_provider);
COMMENT ON TABLE careaccess.chart_share IS
	'one row lets to_provider read what from_provider wrote about the client, while it runs';

-- Groups

CREATE TABLE careaccess.practitioner_group (
	id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
	practice careaccess.id NOT NULL REFERENCES careaccess.practice (id),
	name text NOT NULL CHECK (name <> ''),
	UNIQUE (practice, id)
);
CREATE UNIQUE INDEX practitioner_group_name_idx ON careaccess.practitioner_group (practice, pg_catalog.lower(name));
COMMENT ON TABLE careaccess.practitioner_group IS 'one row is a group of practitioners of a practice';

CREATE TABLE careaccess.group_practitioner (
	practice careaccess.id NOT NULL,
	group_id bigint NOT NULL,
	member careaccess.id NOT NULL,
	PRIMARY KEY (group_id, member),
	FOREIGN KEY (practice, group_id) REFERENCES careaccess.practitioner_group (practice, id) ON DELETE CASCADE,
	FOREIGN KEY (practice, member) REFERENCES careaccess.member (practice, id)
);
CREATE INDEX group_practitioner_member_idx ON careaccess.group_practitioner (member);
COMMENT ON TABLE careaccess.group_practitioner IS 'one row is a practitioner in a group';

CREATE TABLE careaccess.group_admin (
	practice careaccess.id NOT NULL,
	group_id bigint NOT NULL,
	member careaccess.id NOT NULL,
	PRIMARY KEY (group_id, member),
	FOREIGN KEY (practice, group_id) REFERENCES careaccess.practitioner_group (practice, id) ON DELETE CASCADE,
	FOREIGN KEY (practice, member) REFERENCES careaccess.member (practice, id)
);
CREATE INDEX group_admin_member_idx ON careaccess.group_admin (member);
COMMENT ON TABLE careaccess.group_admin IS 'one row is an admin of a group: he manages its practitioners'' clients';

CREATE TABLE careaccess.colleague_limit (
	practice careaccess.id NOT NULL,
	member careaccess.id NOT NULL,
	category text NOT NULL REFERENCES careaccess.category (code),
	colleagues careaccess.id[] NOT NULL,
	PRIMARY KEY (member, category),
	FOREIGN KEY (practice, member) REFERENCES careaccess.member (practice, id)
);
CREATE INDEX colleague_limit_practice_idx ON careaccess.colleague_limit (practice);
COMMENT ON TABLE careaccess.colleague_limit IS
	'one row leaves a member, in a category with author rule group, only these colleagues'' records and his own';

-- Acting for others, and exceptions

CREATE TABLE careaccess.delegation (
	id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
	practice careaccess.id NOT NULL,
	member careaccess.id NOT NULL,
	over_member careaccess.id NOT NULL,
	mode text NOT NULL CHECK (mode IN ('context', 'author', 'supervisor')),
	categories text[] CHECK (pg_catalog.cardinality(categories) > 0),
	actions text[] CHECK (actions <@ '{view,create,edit,delete}' AND pg_catalog.cardinality(actions) > 0),
	client careaccess.id,
	valid_until timestamptz,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	FOREIGN KEY (practice, member) REFERENCES careaccess.member (practice, id),
	FOREIGN KEY (practice, over_member) REFERENCES careaccess.member (practice, id),
	FOREIGN KEY (practice, client) REFERENCES careaccess.client (practice, id) ON DELETE CASCADE,
	UNIQUE NULLS NOT DISTINCT (member, over_member, mode, client),
	CHECK (member OPERATOR(careaccess.<>) over_member)
);
CREATE INDEX delegation_over_member_idx ON careaccess.delegation (over_member);
CREATE INDEX delegation_client_idx ON careaccess.delegation (client);
CREATE INDEX delegation_practice_idx ON careaccess.delegation (practice);
COMMENT ON TABLE careaccess.delegation IS
	'one row lets a member act for another (context: an assistant) or read what another wrote (author: a custodian; supervisor)';

CREATE TABLE careaccess.emergency_access (
	practice careaccess.id NOT NULL,
	client careaccess.id NOT NULL,
	member careaccess.id NOT NULL,
	reason text NOT NULL,
	"from" timestamptz NOT NULL DEFAULT pg_catalog.now(),
	until timestamptz NOT NULL,
	reviewed_by careaccess.id,
	reviewed_at timestamptz,
	review_note text,
	PRIMARY KEY (client, member, "from"),
	FOREIGN KEY (practice, client) REFERENCES careaccess.client (practice, id) ON DELETE CASCADE,
	FOREIGN KEY (practice, member) REFERENCES careaccess.member (practice, id),
	FOREIGN KEY (practice, reviewed_by) REFERENCES careaccess.member (practice, id)
);
CREATE INDEX emergency_access_member_idx ON careaccess.emergency_access (member);
COMMENT ON TABLE careaccess.emergency_access IS 'one row is a break-glass access of a member to a client, with its review';

-- The client's side

CREATE TABLE careaccess.profile_link (
	practice careaccess.id NOT NULL,
	client careaccess.id NOT NULL,
	contact_client careaccess.id NOT NULL,
	relationship text NOT NULL DEFAULT 'self' CHECK (relationship <> ''),
	PRIMARY KEY (client, contact_client),
	FOREIGN KEY (practice, client) REFERENCES careaccess.client (practice, id) ON DELETE CASCADE,
	FOREIGN KEY (practice, contact_client) REFERENCES careaccess.client (practice, id) ON DELETE CASCADE,
	CHECK (client OPERATOR(careaccess.<>) contact_client)
);
CREATE INDEX profile_link_contact_idx ON careaccess.profile_link (contact_client);
COMMENT ON TABLE careaccess.profile_link IS 'one row says that contact_client is a contact of client, or the same person';

CREATE TABLE careaccess.portal_user (
	id careaccess.id PRIMARY KEY,
	practice careaccess.id NOT NULL,
	client careaccess.id NOT NULL,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	UNIQUE (practice, id),
	FOREIGN KEY (practice, client) REFERENCES careaccess.client (practice, id) ON DELETE CASCADE
);
CREATE INDEX portal_user_client_idx ON careaccess.portal_user (client);
COMMENT ON TABLE careaccess.portal_user IS 'one row is a client-side login and the profile it is the own login of';

CREATE TABLE careaccess.portal_access (
	practice careaccess.id NOT NULL,
	client careaccess.id NOT NULL,
	portal_user careaccess.id NOT NULL,
	view_appointments boolean NOT NULL DEFAULT false,
	manage_information boolean NOT NULL DEFAULT false,
	status text NOT NULL DEFAULT 'invited' CHECK (status IN ('invited', 'accepted', 'withdrawn')),
	PRIMARY KEY (client, portal_user),
	FOREIGN KEY (practice, client) REFERENCES careaccess.client (practice, id) ON DELETE CASCADE,
	FOREIGN KEY (practice, portal_user) REFERENCES careaccess.portal_user (practice, id) ON DELETE CASCADE
);
CREATE INDEX portal_access_portal_user_idx ON careaccess.portal_access (portal_user);
COMMENT ON TABLE careaccess.portal_access IS 'one row is what a portal user may do with a profile that is not his own';

-- Invitations, forms, tokens

CREATE TABLE careaccess.invitation (
	id uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
	practice careaccess.id NOT NULL REFERENCES careaccess.practice (id),
	contact text NOT NULL CHECK (contact <> ''),
	roles text[] NOT NULL,
	groups bigint[] NOT NULL DEFAULT '{}',
	token_hash bytea NOT NULL UNIQUE,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	valid_until timestamptz NOT NULL,
	invited_by careaccess.id,
	accepted_at timestamptz,
	accepted_as careaccess.id,
	withdrawn_at timestamptz,
	FOREIGN KEY (practice, invited_by) REFERENCES careaccess.member (practice, id),
	FOREIGN KEY (practice, accepted_as) REFERENCES careaccess.member (practice, id)
);
CREATE UNIQUE INDEX invitation_one_pending ON careaccess.invitation (practice, pg_catalog.lower(contact))
	WHERE accepted_at IS NULL AND withdrawn_at IS NULL;
COMMENT ON TABLE careaccess.invitation IS 'one row is a pending member; of its token only a hash is kept';

CREATE TABLE careaccess.form_route (
	practice careaccess.id NOT NULL,
	-- Part of a web address: it says by itself which practice is meant.
	slug text PRIMARY KEY CHECK (slug <> ''),
	practitioner careaccess.id NOT NULL,
	FOREIGN KEY (practice, practitioner) REFERENCES careaccess.member (practice, id)
);
COMMENT ON TABLE careaccess.form_route IS 'one row makes a practitioner the owner of clients who come by this form address';

CREATE TABLE careaccess.assignment_rule (
	id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
	practice careaccess.id NOT NULL,
	form text NOT NULL CHECK (form <> ''),
	question text NOT NULL CHECK (question <> ''),
	answer text NOT NULL,
	practitioner careaccess.id NOT NULL,
	position integer NOT NULL,
	FOREIGN KEY (practice, practitioner) REFERENCES careaccess.member (practice, id)
);
CREATE INDEX assignment_rule_form_idx ON careaccess.assignment_rule (practice, form, position);
COMMENT ON TABLE careaccess.assignment_rule IS 'one row gives a submitted form with this answer to a practitioner; the last match wins';

CREATE TABLE careaccess.token_key (
	kid text PRIMARY KEY CHECK (kid <> ''),
	algorithm text NOT NULL CHECK (algorithm IN ('HS256', 'EdDSA', 'ES256', 'RS256')),
	key bytea NOT NULL,
	audience text,
	valid_from timestamptz NOT NULL DEFAULT pg_catalog.now(),
	valid_until timestamptz
);
COMMENT ON TABLE careaccess.token_key IS 'one row is a key that verifies session tokens';

-- Protected tables.  former_* is what careaccess_unprotect gives back.
CREATE TABLE careaccess.protected_table (
	relation regclass PRIMARY KEY,
	root regclass NOT NULL,
	client_column name NOT NULL,
	category text REFERENCES careaccess.category (code),
	category_column name,
	author_column name,
	practice_column name,
	client_visible_column name,
	former_row_security boolean NOT NULL,
	former_force_row_security boolean NOT NULL,
	former_policies jsonb NOT NULL DEFAULT '[]',
	protected_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	CHECK ((category IS NULL) <> (category_column IS NULL))
);
CREATE INDEX protected_table_root_idx ON careaccess.protected_table (root);
COMMENT ON TABLE careaccess.protected_table IS
	'one row is a table, or a partition of one (root), under protection';

-- The version: which practices (null: all) a transaction changed facts of.
CREATE TABLE careaccess.change (
	practice careaccess.id,
	xid xid8 NOT NULL
);
CREATE INDEX change_practice_xid_idx ON careaccess.change (practice, xid);
COMMENT ON TABLE careaccess.change IS
	'the version log: one row says that a transaction changed a fact of a practice, or of all; may be pruned by DELETE or TRUNCATE, which has every session read facts anew';

-- The audit log.  Its key is a uuid so that logs of several databases can be joined.
CREATE TABLE careaccess.event (
	id uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
	at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	operation text NOT NULL,
	fact text NOT NULL,
	practice careaccess.id,
	client careaccess.id,
	member careaccess.id,
	actor_kind text NOT NULL,
	actor careaccess.id,
	identified_by text NOT NULL,
	database_role name NOT NULL,
	session_role name,
	address inet,
	xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
	before jsonb,
	after jsonb
);
CREATE INDEX event_practice_at_idx ON careaccess.event (practice, at);
CREATE INDEX event_client_at_idx ON careaccess.event (client, at) WHERE client IS NOT NULL;
CREATE INDEX event_member_at_idx ON careaccess.event (member, at) WHERE member IS NOT NULL;
COMMENT ON TABLE careaccess.event IS 'append-only: who changed which fact, when, from what to what';
COMMENT ON COLUMN careaccess.event.operation IS
	'the function that was called, or load, update, delete, truncate for a change made directly';
COMMENT ON COLUMN careaccess.event.fact IS 'the table whose row changed';
COMMENT ON COLUMN careaccess.event.actor_kind IS 'member, portal, administrator or nobody';
COMMENT ON COLUMN careaccess.event.identified_by IS
	'what the actor followed from, as careaccess_whoami() says it: token, acting, login_role or none';
COMMENT ON COLUMN careaccess.event.database_role IS 'the role of the session: that of SET ROLE, or else who connected';
COMMENT ON COLUMN careaccess.event.session_role IS 'who connected, where that is another role';
COMMENT ON COLUMN careaccess.event.address IS
	'where the client connected from: an application or a pooler, where there is one between; null for a local socket';
COMMENT ON COLUMN careaccess.event.xid IS
	'the transaction: the same for all its events; another cluster, from which events were restored, counted for itself';

-- All facts travel with pg_dump; the version log does not (it means nothing
-- in another cluster), and neither do the rows that this script made.
DO $$
DECLARE
	relation text;
BEGIN
	FOREACH relation IN ARRAY '{
		practice, practice_author_rule, practice_link_category,
		member, role, role_permission, role_capability, member_role, member_permission, member_capability,
		client, client_link, client_revocation, chart_share,
		practitioner_group, group_practitioner, group_admin, colleague_limit,
		delegation, emergency_access, profile_link, portal_user, portal_access,
		invitation, form_route, assignment_rule, token_key, protected_table, event,
		client_link_id_seq, chart_share_id_seq, practitioner_group_id_seq,
		delegation_id_seq, assignment_rule_id_seq}'::text[]
	LOOP
		PERFORM pg_catalog.pg_extension_config_dump(('careaccess.' || relation)::pg_catalog.regclass, '');
	END LOOP;
	PERFORM pg_catalog.pg_extension_config_dump('careaccess.category', 'WHERE NOT built_in');
END
$$;
