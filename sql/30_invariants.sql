--
-- Invariants, the audit log and the version log: the triggers of the catalog
--
-- What concerns one row or one table is a constraint in 20_catalog and holds
-- always.  What concerns several tables is kept here, and asked when a fact is
-- changed or taken away; an INSERT is asked nothing but its foreign keys, so
-- that a dump can be loaded table by table.  The functions that change access
-- check the rest before they write.
--
-- Three kinds of trigger:
--  * keepers of rules, ordinary triggers: a replica takes what its origin
--    checked, and so does session_replication_role = replica;
--  * the audit log (event), ordinary triggers too;
--  * the version log (change), ENABLE ALWAYS: a cached right must fall whoever
--    changed the fact it was made of.
--
-- Trigger functions run as the extension's owner: who may write a fact at all
-- is decided by the right on its table.

--
-- Which role a login is
--
-- Not only its name: somebody else's could bear it later.  Always the number in
-- this cluster: a load (of a dump, or as a subscriber) looks it up anew, so what
-- it brought from elsewhere means nothing.
CREATE FUNCTION careaccess.note_login_role() RETURNS trigger
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	NEW.login_role_oid := (SELECT r.oid FROM pg_catalog.pg_roles AS r WHERE r.rolname = NEW.login_role);
	RETURN NEW;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.note_login_role() FROM PUBLIC;
COMMENT ON FUNCTION careaccess.note_login_role() IS 'trigger: notes which role the login of a member is';

CREATE TRIGGER note_login_role BEFORE INSERT OR UPDATE OF login_role, login_role_oid ON careaccess.member
	FOR EACH ROW EXECUTE FUNCTION careaccess.note_login_role();
ALTER TABLE careaccess.member ENABLE ALWAYS TRIGGER note_login_role;
COMMENT ON TRIGGER note_login_role ON careaccess.member IS 'notes which role the login of a member is';

--
-- The practice of a fact that leaves it out
--

CREATE FUNCTION careaccess.fill_practice_from_client() RETURNS trigger
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	SELECT c.practice INTO NEW.practice FROM careaccess.client c WHERE c.id = NEW.client;
	IF NOT FOUND THEN
		RAISE foreign_key_violation USING
			MESSAGE = pg_catalog.format('no client "%s" to take the practice of table "%s" from', NEW.client, TG_TABLE_NAME),
			HINT = 'Register the client first.';
	END IF;
	RETURN NEW;
END
$$;
REVOKE ALL ON FUNCTION careaccess.fill_practice_from_client() FROM PUBLIC;
COMMENT ON FUNCTION careaccess.fill_practice_from_client() IS 'trigger: a row without practice belongs to its client''s';

CREATE FUNCTION careaccess.fill_practice_from_member() RETURNS trigger
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	SELECT m.practice INTO NEW.practice FROM careaccess.member m WHERE m.id = NEW.member;
	IF NOT FOUND THEN
		RAISE foreign_key_violation USING
			MESSAGE = pg_catalog.format('no member "%s" to take the practice of table "%s" from', NEW.member, TG_TABLE_NAME),
			HINT = 'Add the member first.';
	END IF;
	RETURN NEW;
END
$$;
REVOKE ALL ON FUNCTION careaccess.fill_practice_from_member() FROM PUBLIC;
COMMENT ON FUNCTION careaccess.fill_practice_from_member() IS 'trigger: a row without practice belongs to its member''s';

CREATE FUNCTION careaccess.fill_practice_from_practitioner() RETURNS trigger
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	SELECT m.practice INTO NEW.practice FROM careaccess.member m WHERE m.id = NEW.practitioner;
	IF NOT FOUND THEN
		RAISE foreign_key_violation USING
			MESSAGE = pg_catalog.format('no member "%s" to take the practice of table "%s" from', NEW.practitioner, TG_TABLE_NAME),
			HINT = 'Add the member first.';
	END IF;
	RETURN NEW;
END
$$;
REVOKE ALL ON FUNCTION careaccess.fill_practice_from_practitioner() FROM PUBLIC;
COMMENT ON FUNCTION careaccess.fill_practice_from_practitioner() IS 'trigger: a row without practice belongs to its practitioner''s';

CREATE FUNCTION careaccess.fill_practice_from_group() RETURNS trigger
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	SELECT g.practice INTO NEW.practice FROM careaccess.practitioner_group g WHERE g.id = NEW.group_id;
	IF NOT FOUND THEN
		RAISE foreign_key_violation USING
			MESSAGE = pg_catalog.format('no group %s to take the practice of table "%s" from', NEW.group_id, TG_TABLE_NAME),
			HINT = 'Create the group first.';
	END IF;
	RETURN NEW;
END
$$;
REVOKE ALL ON FUNCTION careaccess.fill_practice_from_group() FROM PUBLIC;
COMMENT ON FUNCTION careaccess.fill_practice_from_group() IS 'trigger: a row without practice belongs to its group''s';

DO $$
DECLARE
	t record;
BEGIN
	FOR t IN
		SELECT v.fact, v.parent
		FROM (VALUES
			('client_link',        'client'),
			('client_revocation',  'client'),
			('chart_share',        'client'),
			('emergency_access',   'client'),
			('profile_link',       'client'),
			('portal_user',        'client'),
			('portal_access',      'client'),
			('delegation',         'member'),
			('colleague_limit',    'member'),
			('member_role',        'member'),
			('member_permission',  'member'),
			('member_capability',  'member'),
			('group_practitioner', 'group'),
			('group_admin',        'group'),
			('form_route',         'practitioner'),
			('assignment_rule',    'practitioner')
		) AS v (fact, parent)
	LOOP
		EXECUTE pg_catalog.format(
			'CREATE TRIGGER fill_practice BEFORE INSERT ON careaccess.%I'
			' FOR EACH ROW WHEN (NEW.practice IS NULL) EXECUTE FUNCTION careaccess.%I()',
			t.fact, 'fill_practice_from_' || t.parent);
		EXECUTE pg_catalog.format(
			'COMMENT ON TRIGGER fill_practice ON careaccess.%I IS %L',
			t.fact, 'a row without practice belongs to its ' || t.parent || '''s');
	END LOOP;
END
$$;

--
-- Changes that are never allowed
--

CREATE FUNCTION careaccess.refuse_change() RETURNS trigger
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	RAISE object_not_in_prerequisite_state USING MESSAGE = TG_ARGV[0], HINT = TG_ARGV[1];
END
$$;
REVOKE ALL ON FUNCTION careaccess.refuse_change() FROM PUBLIC;
COMMENT ON FUNCTION careaccess.refuse_change() IS
	'trigger: refuses the change with its first argument as message and its second as hint';

DO $$
DECLARE
	t record;
BEGIN
	FOR t IN
		SELECT v.fact, v.name, v.event, v.condition, v.message, v.hint
		FROM (VALUES
			('practice', 'keep_identity', 'UPDATE',
				'OLD.id OPERATOR(careaccess.<>) NEW.id',
				'the identifier of a practice cannot be changed',
				'Create a practice with the new identifier.'),
			('member', 'keep_identity', 'UPDATE',
				'OLD.id OPERATOR(careaccess.<>) NEW.id OR OLD.practice OPERATOR(careaccess.<>) NEW.practice',
				'the identifier and the practice of a member cannot be changed',
				'Add a member with the new identifier, or to the other practice.'),
			('client', 'keep_identity', 'UPDATE',
				'OLD.id OPERATOR(careaccess.<>) NEW.id OR OLD.practice OPERATOR(careaccess.<>) NEW.practice',
				'the identifier and the practice of a client cannot be changed',
				'Add a client with the new identifier, or to the other practice.'),
			('portal_user', 'keep_identity', 'UPDATE',
				'OLD.id OPERATOR(careaccess.<>) NEW.id OR OLD.practice OPERATOR(careaccess.<>) NEW.practice',
				'the identifier and the practice of a portal user cannot be changed',
				'Add a portal user with the new identifier.'),
			('practitioner_group', 'keep_identity', 'UPDATE',
				'OLD.id <> NEW.id OR OLD.practice OPERATOR(careaccess.<>) NEW.practice',
				'the identifier and the practice of a group cannot be changed',
				'Create another group.'),
			('member', 'stay_removed', 'UPDATE',
				'OLD.status = ''removed'' AND NEW.status <> ''removed''',
				'a removed member cannot return',
				'Add a new member with an identifier of his own.'),
			-- Records name their authors by identifier, and events their actors.
			('member', 'keep_removed', 'DELETE',
				'OLD.status = ''removed''',
				'the row of a removed member cannot be deleted',
				'It keeps the identifier from being used again.'),
			-- A link, a share and a revocation are history as well as rights.
			('client_link', 'keep_identity', 'UPDATE',
				'OLD.client OPERATOR(careaccess.<>) NEW.client OR OLD.member OPERATOR(careaccess.<>) NEW.member'
				' OR OLD.kind <> NEW.kind OR (NEW.active AND NOT OLD.active)',
				'the client, member and kind of a link cannot be changed, and an ended link stays ended',
				'End the link and make a new one.'),
			('chart_share', 'keep_identity', 'UPDATE',
				'OLD.client OPERATOR(careaccess.<>) NEW.client'
				' OR OLD.from_provider OPERATOR(careaccess.<>) NEW.from_provider'
				' OR OLD.to_provider OPERATOR(careaccess.<>) NEW.to_provider'
				' OR (OLD.stopped IS NOT NULL AND NEW.stopped IS NULL)',
				'the client and the providers of a chart share cannot be changed, and a stopped share stays stopped',
				'Stop the share and start a new one.'),
			('client_revocation', 'keep_identity', 'UPDATE',
				'OLD.client OPERATOR(careaccess.<>) NEW.client OR OLD.member OPERATOR(careaccess.<>) NEW.member',
				'the client and the member of a revocation cannot be changed',
				'Restore the one member''s access and revoke the other''s.')
		) AS v (fact, name, event, condition, message, hint)
	LOOP
		EXECUTE pg_catalog.format(
			'CREATE TRIGGER %I BEFORE %s ON careaccess.%I FOR EACH ROW WHEN (%s)'
			' EXECUTE FUNCTION careaccess.refuse_change(%L, %L)',
			t.name, t.event, t.fact, t.condition, t.message, t.hint);
		EXECUTE pg_catalog.format('COMMENT ON TRIGGER %I ON careaccess.%I IS %L', t.name, t.fact, t.message);
	END LOOP;
END
$$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON careaccess.event
	FOR EACH STATEMENT EXECUTE FUNCTION careaccess.refuse_change(
		'the event log cannot be changed',
		'Rows are only added to it; old ones can be read and archived elsewhere.');
ALTER TABLE careaccess.event ENABLE ALWAYS TRIGGER append_only;
COMMENT ON TRIGGER append_only ON careaccess.event IS 'the event log is append-only for everybody';

--
-- Data categories
--

CREATE FUNCTION careaccess.keep_categories() RETURNS trigger
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	IF TG_OP = 'INSERT' THEN
		IF NEW.built_in THEN
			RAISE invalid_parameter_value USING
				MESSAGE = pg_catalog.format('category "%s" cannot be added as a built-in one', NEW.code),
				HINT = 'Leave the column "built_in" out.';
		END IF;
		IF NEW.number IS NULL THEN
			-- One at a time, or two would choose the same number.
			PERFORM pg_catalog.pg_advisory_xact_lock('careaccess.category'::pg_catalog.regclass::oid::bigint);
			SELECT pg_catalog.min(n) INTO NEW.number
			FROM pg_catalog.generate_series(0, 63) AS n
			WHERE NOT EXISTS (SELECT FROM careaccess.category AS k WHERE k.number = n);
			IF NEW.number IS NULL THEN
				RAISE check_violation USING
					MESSAGE = pg_catalog.format('category "%s" would be the 65th', NEW.code),
					DETAIL = 'A database can have at most 64 data categories.',
					HINT = 'Delete a category that is not used any more.';
			END IF;
		END IF;
		RETURN NEW;
	END IF;

	IF TG_OP = 'TRUNCATE' THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = 'the data categories cannot be truncated',
			HINT = 'Delete the categories that you added.';
	END IF;

	IF OLD.built_in THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = pg_catalog.format('category "%s" is built in and cannot be changed or deleted', OLD.code),
			HINT = 'Add a category of your own.';
	END IF;
	IF TG_OP = 'UPDATE' AND NEW.built_in THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = pg_catalog.format('category "%s" cannot become a built-in one', OLD.code),
			HINT = 'Leave the column "built_in" as it is.';
	END IF;
	-- Delegations name categories in an array, which no foreign key reaches.
	IF (TG_OP = 'DELETE' OR NEW.code <> OLD.code)
		AND EXISTS (SELECT FROM careaccess.delegation AS d WHERE OLD.code = ANY (d.categories))
	THEN
		RAISE foreign_key_violation USING
			MESSAGE = pg_catalog.format('category "%s" is still named by a delegation', OLD.code),
			HINT = 'End the delegation, or delegate without this category.';
	END IF;
	IF TG_OP = 'DELETE' THEN
		RETURN OLD;
	END IF;
	RETURN NEW;
END
$$;
REVOKE ALL ON FUNCTION careaccess.keep_categories() FROM PUBLIC;
COMMENT ON FUNCTION careaccess.keep_categories() IS
	'trigger: numbers new categories, and keeps the built-in ones and those in use';

CREATE TRIGGER keep_categories BEFORE INSERT OR UPDATE OR DELETE ON careaccess.category
	FOR EACH ROW EXECUTE FUNCTION careaccess.keep_categories();
COMMENT ON TRIGGER keep_categories ON careaccess.category IS
	'numbers new categories, and keeps the built-in ones and those in use';
CREATE TRIGGER keep_all_categories BEFORE TRUNCATE ON careaccess.category
	FOR EACH STATEMENT EXECUTE FUNCTION careaccess.keep_categories();
COMMENT ON TRIGGER keep_all_categories ON careaccess.category IS 'the built-in categories stay';

--
-- Settings of a practice that its facts contradict
--
-- No client is named: whoever changes a setting may not see him.

CREATE FUNCTION careaccess.check_settings() RETURNS trigger
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
DECLARE
	names text;
BEGIN
	IF OLD.groups AND NOT NEW.groups THEN
		SELECT pg_catalog.string_agg(g.name, ', ' ORDER BY g.name) INTO names
		FROM careaccess.practitioner_group AS g WHERE g.practice = NEW.id;
		IF names IS NOT NULL THEN
			RAISE object_not_in_prerequisite_state USING
				MESSAGE = 'groups cannot be switched off while there are groups',
				DETAIL = pg_catalog.format('Groups of the practice: %s.', names),
				HINT = 'Delete the groups first.';
		END IF;
	END IF;

	IF OLD.restriction AND NOT NEW.restriction
		AND EXISTS (SELECT FROM careaccess.client AS c WHERE c.practice = NEW.id AND c.restricted)
	THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = 'restriction cannot be switched off while a client is restricted',
			DETAIL = 'Clients that are archived or deleted count too.',
			HINT = 'Unrestrict the clients first.';
	END IF;

	IF OLD.owner_mode <> NEW.owner_mode THEN
		IF NEW.owner_mode = 'one' AND EXISTS (
			SELECT FROM careaccess.client AS c
			WHERE c.practice = NEW.id AND c.status <> 'deleted' AND NOT EXISTS (
				SELECT FROM careaccess.client_link AS l
				WHERE l.client = c.id AND l.kind = 'owner' AND l.active))
		THEN
			RAISE object_not_in_prerequisite_state USING
				MESSAGE = 'owner_mode cannot become "one" while a client has no owner',
				HINT = 'Give every client an owner link first.';
		END IF;
		IF NEW.owner_mode = 'none' AND EXISTS (
			SELECT FROM careaccess.client AS c
			JOIN careaccess.client_link AS l ON l.client = c.id AND l.kind = 'owner' AND l.active
			WHERE c.practice = NEW.id AND c.status <> 'deleted')
		THEN
			RAISE object_not_in_prerequisite_state USING
				MESSAGE = 'owner_mode cannot become "none" while a client has an owner',
				HINT = 'List the owners as providers and end their owner links first.';
		END IF;
	END IF;
	RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION careaccess.check_settings() FROM PUBLIC;
COMMENT ON FUNCTION careaccess.check_settings() IS 'trigger: a setting does not change against the facts of its practice';

CREATE TRIGGER check_settings AFTER UPDATE ON careaccess.practice
	FOR EACH ROW
	WHEN (OLD.groups <> NEW.groups OR OLD.restriction <> NEW.restriction OR OLD.owner_mode <> NEW.owner_mode)
	EXECUTE FUNCTION careaccess.check_settings();
COMMENT ON TRIGGER check_settings ON careaccess.practice IS 'a setting does not change against the facts of its practice';

--
-- Owners
--
-- Exactly one owner per client where the practice says so, and he is a
-- practitioner.  These triggers are deferred to the end of the transaction:
-- a new owner takes over in two steps, first the old link ends, then the new
-- one begins (the unique index wants this order), and roles are replaced by
-- deleting and inserting.  Between the steps the rule does not hold.

CREATE FUNCTION careaccess.require_owner_kept(client careaccess.id) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_client ALIAS FOR $1;
BEGIN
	-- A client that is gone, or deleted, needs no owner.
	IF EXISTS (
		SELECT FROM careaccess.client AS c
		JOIN careaccess.practice AS p ON p.id = c.practice
		WHERE c.id = the_client AND c.status <> 'deleted' AND p.owner_mode = 'one' AND NOT EXISTS (
			SELECT FROM careaccess.client_link AS l
			WHERE l.client = c.id AND l.kind = 'owner' AND l.active))
	THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = pg_catalog.format('client "%s" would have no owner', the_client),
			HINT = 'Give the client another owner with careaccess_reassign_client.';
	END IF;
END
$$;
REVOKE ALL ON FUNCTION careaccess.require_owner_kept(careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.require_owner_kept(careaccess.id) IS
	'refuses a client without owner in a practice of owner_mode one';

CREATE FUNCTION careaccess.check_link_owner() RETURNS trigger
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	PERFORM careaccess.require_owner_kept(OLD.client);
	RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION careaccess.check_link_owner() FROM PUBLIC;
COMMENT ON FUNCTION careaccess.check_link_owner() IS 'trigger: the end of an owner link leaves the client with another owner';

CREATE CONSTRAINT TRIGGER check_owner_kept AFTER UPDATE OR DELETE ON careaccess.client_link
	DEFERRABLE INITIALLY DEFERRED
	FOR EACH ROW WHEN (OLD.kind = 'owner' AND OLD.active) EXECUTE FUNCTION careaccess.check_link_owner();
COMMENT ON TRIGGER check_owner_kept ON careaccess.client_link IS 'a client keeps exactly one owner (owner_mode one)';

CREATE FUNCTION careaccess.check_client_owner() RETURNS trigger
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	PERFORM careaccess.require_owner_kept(NEW.id);
	RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION careaccess.check_client_owner() FROM PUBLIC;
COMMENT ON FUNCTION careaccess.check_client_owner() IS 'trigger: a client that comes back has an owner';

CREATE CONSTRAINT TRIGGER check_owner_kept AFTER UPDATE ON careaccess.client
	DEFERRABLE INITIALLY DEFERRED
	FOR EACH ROW WHEN (OLD.status = 'deleted' AND NEW.status <> 'deleted') EXECUTE FUNCTION careaccess.check_client_owner();
COMMENT ON TRIGGER check_owner_kept ON careaccess.client IS 'a client that comes back has an owner (owner_mode one)';

CREATE FUNCTION careaccess.require_owners_able(members careaccess.id[]) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
DECLARE
	unable careaccess.id;
BEGIN
	SELECT m.id INTO unable
	FROM careaccess.member AS m
	WHERE m.id = ANY (members)
		AND (m.status = 'removed' OR NOT EXISTS (
			SELECT FROM careaccess.member_role AS h
			JOIN careaccess.role AS r ON r.practice = h.practice AND r.role = h.role
			WHERE h.member = m.id AND r.practitioner))
		AND EXISTS (
			SELECT FROM careaccess.client_link AS l
			JOIN careaccess.client AS c ON c.id = l.client
			WHERE l.member = m.id AND l.kind = 'owner' AND l.active AND c.status <> 'deleted')
	LIMIT 1;
	IF FOUND THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = pg_catalog.format('member "%s" owns clients and has to stay a practitioner', unable),
			HINT = 'Give his clients to somebody else first, with careaccess_transfer_clients.';
	END IF;
END
$$;
REVOKE ALL ON FUNCTION careaccess.require_owners_able(careaccess.id[]) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.require_owners_able(careaccess.id[]) IS
	'refuses an owner of clients who holds no practitioner role, or is removed';

CREATE FUNCTION careaccess.check_removed_owner() RETURNS trigger
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	PERFORM careaccess.require_owners_able(ARRAY[NEW.id]);
	RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION careaccess.check_removed_owner() FROM PUBLIC;
COMMENT ON FUNCTION careaccess.check_removed_owner() IS 'trigger: who owns clients is not removed';

CREATE CONSTRAINT TRIGGER check_owner_able AFTER UPDATE ON careaccess.member
	DEFERRABLE INITIALLY DEFERRED
	FOR EACH ROW WHEN (OLD.status <> 'removed' AND NEW.status = 'removed') EXECUTE FUNCTION careaccess.check_removed_owner();
COMMENT ON TRIGGER check_owner_able ON careaccess.member IS 'who owns clients is not removed';

CREATE FUNCTION careaccess.check_owner_role() RETURNS trigger
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	PERFORM careaccess.require_owners_able(ARRAY[OLD.member]);
	RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION careaccess.check_owner_role() FROM PUBLIC;
COMMENT ON FUNCTION careaccess.check_owner_role() IS 'trigger: who owns clients keeps a practitioner role';

CREATE CONSTRAINT TRIGGER check_owner_able AFTER UPDATE OR DELETE ON careaccess.member_role
	DEFERRABLE INITIALLY DEFERRED
	FOR EACH ROW EXECUTE FUNCTION careaccess.check_owner_role();
COMMENT ON TRIGGER check_owner_able ON careaccess.member_role IS 'who owns clients keeps a practitioner role';

CREATE FUNCTION careaccess.check_role_owners() RETURNS trigger
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	PERFORM careaccess.require_owners_able(ARRAY(
		SELECT h.member FROM careaccess.member_role AS h WHERE h.practice = NEW.practice AND h.role = NEW.role));
	RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION careaccess.check_role_owners() FROM PUBLIC;
COMMENT ON FUNCTION careaccess.check_role_owners() IS 'trigger: a role whose holders own clients stays a practitioner''s, unless they hold another';

CREATE CONSTRAINT TRIGGER check_owner_able AFTER UPDATE ON careaccess.role
	DEFERRABLE INITIALLY DEFERRED
	FOR EACH ROW WHEN (OLD.practitioner AND NOT NEW.practitioner) EXECUTE FUNCTION careaccess.check_role_owners();
COMMENT ON TRIGGER check_owner_able ON careaccess.role IS 'who owns clients keeps a practitioner role';

--
-- Restricted clients and revocations
--

CREATE FUNCTION careaccess.follow_restriction() RETURNS trigger
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	IF NEW.restricted THEN
		IF NOT EXISTS (SELECT FROM careaccess.practice AS p WHERE p.id = NEW.practice AND p.restriction) THEN
			RAISE object_not_in_prerequisite_state USING
				MESSAGE = 'this practice does not restrict clients',
				HINT = 'The setting "restriction" switches it on (careaccess_configure_practice).';
		END IF;
	ELSE
		DELETE FROM careaccess.client_revocation AS x WHERE x.client = NEW.id;
	END IF;
	RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION careaccess.follow_restriction() FROM PUBLIC;
COMMENT ON FUNCTION careaccess.follow_restriction() IS
	'trigger: restricting needs the setting; unrestricting deletes the client''s revocations';

CREATE TRIGGER follow_restriction AFTER UPDATE ON careaccess.client
	FOR EACH ROW WHEN (OLD.restricted <> NEW.restricted) EXECUTE FUNCTION careaccess.follow_restriction();
COMMENT ON TRIGGER follow_restriction ON careaccess.client IS
	'restricting needs the setting; unrestricting deletes the client''s revocations';

-- The row may be there already: a role that the same load brought revoked its
-- holder on every restricted client.
CREATE FUNCTION careaccess.skip_known_revocation() RETURNS trigger
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	IF EXISTS (SELECT FROM careaccess.client_revocation AS x WHERE x.client = NEW.client AND x.member = NEW.member) THEN
		RETURN NULL;
	END IF;
	RETURN NEW;
END
$$;
REVOKE ALL ON FUNCTION careaccess.skip_known_revocation() FROM PUBLIC;
COMMENT ON FUNCTION careaccess.skip_known_revocation() IS 'trigger: a revocation that is there already is skipped';

CREATE TRIGGER skip_known BEFORE INSERT ON careaccess.client_revocation
	FOR EACH ROW EXECUTE FUNCTION careaccess.skip_known_revocation();
COMMENT ON TRIGGER skip_known ON careaccess.client_revocation IS 'a revocation that is there already is skipped';

CREATE FUNCTION careaccess.end_revoked_grant() RETURNS trigger
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	UPDATE careaccess.client_link AS l
	SET active = false, valid_until = LEAST(l.valid_until, pg_catalog.statement_timestamp())
	WHERE l.client = NEW.client AND l.member = NEW.member AND l.kind = 'grant' AND l.active;
	RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION careaccess.end_revoked_grant() FROM PUBLIC;
COMMENT ON FUNCTION careaccess.end_revoked_grant() IS 'trigger: who is revoked on a client loses his grant there';

CREATE TRIGGER end_revoked_grant AFTER INSERT ON careaccess.client_revocation
	FOR EACH ROW EXECUTE FUNCTION careaccess.end_revoked_grant();
COMMENT ON TRIGGER end_revoked_grant ON careaccess.client_revocation IS 'who is revoked on a client loses his grant there';

--
-- Chart shares list their receiver
--
-- The listing a share made is remembered in the share.  Its foreign key also
-- makes pg_dump load links before shares, so that the trigger below finds what
-- the receiver had and adds nothing to a restored database: he is listed
-- unless a link of his reaches past the start of the share.  For a share that
-- starts now this means an active and valid link; for one that is loaded also
-- a link that ended since.

ALTER TABLE careaccess.chart_share
	ADD COLUMN listing bigint REFERENCES careaccess.client_link (id) ON DELETE SET NULL;
CREATE INDEX chart_share_listing_idx ON careaccess.chart_share (listing) WHERE listing IS NOT NULL;
COMMENT ON COLUMN careaccess.chart_share.listing IS 'the link that the start of the share gave to to_provider, if it gave one';

CREATE FUNCTION careaccess.list_receiver() RETURNS trigger
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	IF EXISTS (
		SELECT FROM careaccess.client_link AS l
		WHERE l.client = NEW.client AND l.member = NEW.to_provider
			AND (l.valid_until > NEW.started OR (l.active AND l.valid_until IS NULL)))
	THEN
		RETURN NEW;
	END IF;
	-- A listing that has run out is still marked active.
	UPDATE careaccess.client_link AS l SET active = false
	WHERE l.client = NEW.client AND l.member = NEW.to_provider AND l.kind = 'listed' AND l.active;
	INSERT INTO careaccess.client_link (practice, client, member, kind, source, valid_from, granted_by)
	VALUES (NEW.practice, NEW.client, NEW.to_provider, 'listed', 'chart_share', NEW.started, NEW.started_by)
	RETURNING id INTO NEW.listing;
	RETURN NEW;
END
$$;
REVOKE ALL ON FUNCTION careaccess.list_receiver() FROM PUBLIC;
COMMENT ON FUNCTION careaccess.list_receiver() IS 'trigger: a chart share lists its receiver unless he has an active link';

-- Runs after fill_practice: triggers of one event fire in the order of their names.
CREATE TRIGGER list_receiver BEFORE INSERT ON careaccess.chart_share
	FOR EACH ROW WHEN (NEW.stopped IS NULL AND NEW.listing IS NULL) EXECUTE FUNCTION careaccess.list_receiver();
COMMENT ON TRIGGER list_receiver ON careaccess.chart_share IS 'a chart share lists its receiver unless he has an active link';

-- Whoever loads shares before links repeats what the trigger added.
CREATE FUNCTION careaccess.skip_known_listing() RETURNS trigger
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	IF EXISTS (
		SELECT FROM careaccess.client_link AS l
		WHERE l.client = NEW.client AND l.member = NEW.member AND l.kind = NEW.kind
			AND l.active AND l.source = 'chart_share')
	THEN
		RETURN NULL;
	END IF;
	RETURN NEW;
END
$$;
REVOKE ALL ON FUNCTION careaccess.skip_known_listing() FROM PUBLIC;
COMMENT ON FUNCTION careaccess.skip_known_listing() IS 'trigger: a listing that a chart share made already is skipped';

CREATE TRIGGER skip_known BEFORE INSERT ON careaccess.client_link
	FOR EACH ROW WHEN (NEW.active AND NEW.kind = 'listed') EXECUTE FUNCTION careaccess.skip_known_listing();
COMMENT ON TRIGGER skip_known ON careaccess.client_link IS 'a listing that a chart share made already is skipped';

--
-- The audit log
--
-- Arguments: the columns that hold the practice, the client and the member of
-- a row; '' where there is none.  Inserts are logged once per statement, for
-- the sake of bulk loads.  Secrets stay out.

CREATE FUNCTION careaccess.log_insert_event() RETURNS trigger
	LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp -- how a regclass is written depends on it
	AS 'MODULE_PATHNAME', 'ca_sql_log_insert_event';
REVOKE ALL ON FUNCTION careaccess.log_insert_event() FROM PUBLIC;
COMMENT ON FUNCTION careaccess.log_insert_event() IS 'trigger: logs the rows that a statement inserted';

CREATE FUNCTION careaccess.log_row_event() RETURNS trigger
	LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp -- how a regclass is written depends on it
	AS 'MODULE_PATHNAME', 'ca_sql_log_row_event';
REVOKE ALL ON FUNCTION careaccess.log_row_event() FROM PUBLIC;
COMMENT ON FUNCTION careaccess.log_row_event() IS 'trigger: logs a row that was updated or deleted, or a table that was truncated';

--
-- The version log
--

CREATE FUNCTION careaccess.log_change() RETURNS trigger
	LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'ca_sql_log_change';
REVOKE ALL ON FUNCTION careaccess.log_change() FROM PUBLIC;
COMMENT ON FUNCTION careaccess.log_change() IS
	'trigger: notes that a fact changed, of the practice in the column that its argument names, or of all';

-- What is taken out of the log could have told a session that what it keeps is old.
CREATE FUNCTION careaccess.log_pruned() RETURNS trigger
	LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'ca_sql_log_pruned';
REVOKE ALL ON FUNCTION careaccess.log_pruned() FROM PUBLIC;
COMMENT ON FUNCTION careaccess.log_pruned() IS
	'trigger: after entries were taken out of the version log, enters a change of all practices';
CREATE TRIGGER version_pruned AFTER UPDATE OR DELETE OR TRUNCATE ON careaccess.change
	FOR EACH STATEMENT EXECUTE FUNCTION careaccess.log_pruned();
ALTER TABLE careaccess.change ENABLE ALWAYS TRIGGER version_pruned;
COMMENT ON TRIGGER version_pruned ON careaccess.change IS 'has every session read facts anew when entries were taken out';

CREATE FUNCTION careaccess.log_change_of_all() RETURNS void
	LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'ca_sql_log_change_of_all';
REVOKE ALL ON FUNCTION careaccess.log_change_of_all() FROM PUBLIC;
COMMENT ON FUNCTION careaccess.log_change_of_all() IS 'enters a change of all practices into the version log';

-- What careaccess_check compares with what is there, too: without one of them a
-- session keeps old rights, or a change goes unlogged.  versioned: decisions
-- depend on the table.
CREATE FUNCTION careaccess.fact_triggers()
	RETURNS TABLE (relation oid, name name, always boolean, definition text, comment text)
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, careaccess, pg_temp
AS $$
	SELECT t.relation, w.name, w.always,
		format('CREATE TRIGGER %I %s ON careaccess.%I %sFOR EACH %s EXECUTE FUNCTION careaccess.%s', w.name, w.event,
			t.fact, w.clause, w.level, w.call),
		w.comment
	FROM (
		SELECT c.oid AS relation, f.fact, f.versioned, format('%L, %L, %L', f.practice, f.client, f.member) AS arguments,
			nullif(quote_literal(f.practice), '''''') AS practice
		FROM (VALUES
				('practice',               'id',       '',       '',             true),
				('category',               '',         '',       '',             true),
				('practice_author_rule',   'practice', '',       '',             true),
				('practice_link_category', 'practice', '',       '',             true),
				('member',                 'practice', '',       'id',           true),
				('role',                   'practice', '',       '',             true),
				('role_permission',        'practice', '',       '',             true),
				('role_capability',        'practice', '',       '',             true),
				('member_role',            'practice', '',       'member',       true),
				('member_permission',      'practice', '',       'member',       true),
				('member_capability',      'practice', '',       'member',       true),
				('client',                 'practice', 'id',     '',             true),
				('client_link',            'practice', 'client', 'member',       true),
				('client_revocation',      'practice', 'client', 'member',       true),
				('chart_share',            'practice', 'client', 'to_provider',  true),
				('practitioner_group',     'practice', '',       '',             true),
				('group_practitioner',     'practice', '',       'member',       true),
				('group_admin',            'practice', '',       'member',       true),
				('colleague_limit',        'practice', '',       'member',       true),
				('delegation',             'practice', 'client', 'member',       true),
				('emergency_access',       'practice', 'client', 'member',       true),
				('profile_link',           'practice', 'client', '',             true),
				('portal_user',            'practice', 'client', '',             true),
				('portal_access',          'practice', 'client', '',             true),
				('token_key',              '',         '',       '',             true),
				('invitation',             'practice', '',       'accepted_as',  false),
				('form_route',             'practice', '',       'practitioner', false),
				('assignment_rule',        'practice', '',       'practitioner', false),
				('protected_table',        '',         '',       '',             false))
				AS f (fact, practice, client, member, versioned)
			JOIN pg_class AS c ON c.relname = f.fact AND c.relnamespace = 'careaccess'::regnamespace) AS t
		CROSS JOIN LATERAL (VALUES
				('event_insert'::name, false, 'AFTER INSERT', 'REFERENCING NEW TABLE AS inserted ', 'STATEMENT',
					format('log_insert_event(%s)', t.arguments), true, 'logs inserted rows in the event log'),
				-- An update that changes nothing is no event.
				('event_update', false, 'AFTER UPDATE', '', 'ROW WHEN (OLD.* OPERATOR(pg_catalog.*<>) NEW.*)',
					format('log_row_event(%s)', t.arguments), true, 'logs changed rows in the event log'),
				('event_delete', false, 'AFTER DELETE', '', 'ROW',
					format('log_row_event(%s)', t.arguments), true, 'logs deleted rows in the event log'),
				('event_truncate', false, 'AFTER TRUNCATE', '', 'STATEMENT',
					format('log_row_event(%s)', t.arguments), true, 'logs a truncation in the event log'),
				-- Rows may be seen before their own trigger has run.
				('version_begin', true, 'BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE', '', 'STATEMENT',
					'log_change()', t.versioned, 'notes that this transaction changes facts'),
				('version_row', true, 'AFTER INSERT OR UPDATE OR DELETE', '', 'ROW',
					format('log_change(%s)', t.practice), t.versioned, 'notes the change in the version log'),
				('version_truncate', true, 'AFTER TRUNCATE', '', 'STATEMENT',
					format('log_change(%s)', t.practice), t.versioned, 'notes a truncation in the version log'))
			AS w (name, always, event, clause, level, call, wanted, comment)
	WHERE w.wanted
$$;
COMMENT ON FUNCTION careaccess.fact_triggers() IS 'the triggers that enter changes of facts into the version log and the event log';
REVOKE EXECUTE ON FUNCTION careaccess.fact_triggers() FROM PUBLIC;

DO $$
DECLARE
	t record;
BEGIN
	FOR t IN SELECT * FROM careaccess.fact_triggers() LOOP
		EXECUTE t.definition;
		IF t.always THEN
			EXECUTE pg_catalog.format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', t.relation::regclass, t.name);
		END IF;
		EXECUTE pg_catalog.format('COMMENT ON TRIGGER %I ON %s IS %L', t.name, t.relation::regclass, t.comment);
	END LOOP;
END
$$;
