--
-- Members: accounts, what they may do, who acts for whom
--
-- Nobody changes his own account, and nobody acts over an account that can
-- administer what he cannot: open_account and close_account (50) see to both.
--
-- A removed member keeps his row, his roles, what he wrote, the shares from him
-- and the custody over his records; everything else of his ends.

-- What follows when a member gets a role, whichever function gives it.

CREATE FUNCTION careaccess.follow_new_roles() RETURNS trigger
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	UPDATE careaccess.member m SET ever_practitioner = true
	WHERE NOT m.ever_practitioner AND m.id IN (
		SELECT a.member FROM added a
		JOIN careaccess.role r ON r.practice = a.practice AND r.role = a.role
		WHERE r.practitioner);
	-- Rows that are loaded (a restore, a direct INSERT) are taken as they are:
	-- whom a restricted client was denied to is loaded too.
	IF COALESCE(pg_catalog.current_setting('careaccess.operation', true), '') <> '' THEN
		PERFORM careaccess.deny_restricted_to(ARRAY(
			SELECT DISTINCT a.member FROM added a
			JOIN careaccess.role r ON r.practice = a.practice AND r.role = a.role
			WHERE r.administrative));
	END IF;
	RETURN NULL;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.follow_new_roles() FROM PUBLIC;
COMMENT ON FUNCTION careaccess.follow_new_roles() IS
	'trigger: remembers practitioners, and denies restricted clients to new holders of an administrative role';

CREATE TRIGGER follow_new_roles AFTER INSERT ON careaccess.member_role
	REFERENCING NEW TABLE AS added
	FOR EACH STATEMENT EXECUTE FUNCTION careaccess.follow_new_roles();
COMMENT ON TRIGGER follow_new_roles ON careaccess.member_role IS
	'remembers practitioners, and denies restricted clients to new holders of an administrative role';

CREATE FUNCTION careaccess.follow_new_practitioners() RETURNS trigger
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	UPDATE careaccess.member m SET ever_practitioner = true
	WHERE NOT m.ever_practitioner AND m.id IN (
		SELECT h.member FROM careaccess.member_role h
		WHERE h.practice = NEW.practice AND h.role = NEW.role);
	RETURN NULL;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.follow_new_practitioners() FROM PUBLIC;
COMMENT ON FUNCTION careaccess.follow_new_practitioners() IS
	'trigger: remembers the holders of a role that becomes a practitioner role';

CREATE TRIGGER follow_new_practitioners AFTER UPDATE ON careaccess.role
	FOR EACH ROW WHEN (NEW.practitioner AND NOT OLD.practitioner)
	EXECUTE FUNCTION careaccess.follow_new_practitioners();
COMMENT ON TRIGGER follow_new_practitioners ON careaccess.role IS
	'remembers the holders of a role that becomes a practitioner role';

-- Which database roles can be a member's login.

CREATE FUNCTION careaccess.require_login_role(login_role name, member careaccess.id) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_login ALIAS FOR $1;
	the_member ALIAS FOR $2;
	-- By name, so that it is found whoever installed it where.
	act_as CONSTANT oid := '@extschema@.careaccess_act_as(careaccess.id,boolean)'::pg_catalog.regprocedure;
	login_oid oid;
BEGIN
	IF (SELECT kind <> 'administrator' FROM careaccess.actor()) THEN
		PERFORM careaccess.refuse('42501', 'not allowed to set the login role of a member',
			hint => 'Only an administrator of the database who acts as no member sets login roles.');
	END IF;
	IF the_login IS NULL THEN
		RETURN;
	END IF;
	SELECT oid INTO login_oid FROM pg_catalog.pg_roles WHERE rolname = the_login;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'unknown database role: "%"', the_login USING
			ERRCODE = 'invalid_parameter_value',
			HINT = 'Create it first with CREATE ROLE.';
	END IF;
	-- What the role can become by SET ROLE counts as what it is.
	IF EXISTS (
		SELECT FROM pg_catalog.pg_roles r
		WHERE pg_catalog.pg_has_role(login_oid, r.oid, 'MEMBER')
			AND (r.rolsuper OR r.rolbypassrls OR pg_catalog.has_function_privilege(r.oid, act_as, 'EXECUTE')))
	THEN
		RAISE EXCEPTION 'database role "%" cannot be the login role of a member', the_login USING
			ERRCODE = 'invalid_parameter_value',
			DETAIL = 'It is, or can become, a superuser, a role with BYPASSRLS, or a role that may execute careaccess_act_as.',
			HINT = 'Name a role that has no way around the member''s rights.';
	END IF;
	IF EXISTS (SELECT FROM careaccess.member m WHERE m.login_role = the_login AND m.id <> the_member) THEN
		RAISE EXCEPTION 'database role "%" is the login role of another member', the_login USING
			ERRCODE = 'unique_violation',
			HINT = 'Give each member a database role of his own.';
	END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.require_login_role(name, careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.require_login_role(name, careaccess.id) IS
	'refuses a database role that is no fit login for a member, and everybody but a database administrator';

--
-- Accounts
--

CREATE FUNCTION @extschema@.careaccess_add_member(practice careaccess.id, member careaccess.id, name text,
	roles text[], login_role name DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'add_member'
AS $$
#variable_conflict use_column
DECLARE
	operation CONSTANT text := 'add a member';
	the_member ALIAS FOR $2;
	the_name ALIAS FOR $3;
	the_roles text[] := $4;
	the_login ALIAS FOR $5;
	the_practice careaccess.id;
BEGIN
	PERFORM careaccess.require_capability(operation, 'manage_members', 'manage_members_below');
	the_practice := (careaccess.lock_practice($1)).id;
	IF the_member IS NULL THEN
		PERFORM careaccess.raise_null('member');
	END IF;
	PERFORM careaccess.require_text('name', the_name);
	the_roles := careaccess.require_assignable_roles(operation, the_practice, the_roles);
	IF the_login IS NOT NULL THEN
		PERFORM careaccess.require_login_role(the_login, the_member);
	END IF;

	PERFORM careaccess.register_member(the_practice, the_member, the_name, the_roles, the_login);
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_add_member(careaccess.id, careaccess.id, text, text[], name) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_add_member(careaccess.id, careaccess.id, text, text[], name) IS
	'adds an active member with roles (the list may be empty) and, if wanted, the database role of his own sessions';

CREATE FUNCTION @extschema@.careaccess_set_member_roles(member careaccess.id, roles text[]) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'set_member_roles'
AS $$
#variable_conflict use_column
DECLARE
	operation CONSTANT text := 'set the roles of a member';
	the_member ALIAS FOR $1;
	the_roles text[] := $2;
	the_practice careaccess.id;
	administration text[];
	opened careaccess.account;
	practised boolean;
	stays_practitioner boolean;
	becomes_administrative boolean;
BEGIN
	PERFORM careaccess.require_account(operation, the_member);
	SELECT m.practice INTO the_practice FROM careaccess.member m WHERE m.id = the_member;
	the_roles := careaccess.require_known_roles(the_practice, the_roles);
	-- What the account would be able to do: asked before its state is told of.
	administration := careaccess.administration_of_roles(the_practice, the_roles);
	PERFORM careaccess.require_within_own(operation, administration);
	PERFORM careaccess.require_below(operation, administration);
	stays_practitioner := EXISTS (
		SELECT FROM careaccess.role r
		WHERE r.practice = the_practice AND r.role = ANY (the_roles) AND r.practitioner);
	becomes_administrative := EXISTS (
		SELECT FROM careaccess.role r
		WHERE r.practice = the_practice AND r.role = ANY (the_roles) AND r.administrative
			AND NOT EXISTS (
				SELECT FROM careaccess.member_role h WHERE h.member = the_member AND h.role = r.role));
	IF NOT stays_practitioner OR becomes_administrative THEN
		PERFORM careaccess.lock_clients_of(ARRAY[the_member], NOT stays_practitioner, becomes_administrative);
	END IF;
	opened := careaccess.open_account(operation, the_member);
	practised := careaccess.is_practitioner(the_member);
	IF practised AND NOT stays_practitioner THEN
		PERFORM careaccess.require_current_member(the_member);
		PERFORM careaccess.require_no_clients('take the last practitioner role', the_member,
			'Give his clients to somebody else first, with careaccess_transfer_clients.');
	END IF;

	-- One statement, so that what follows from the new roles sees no mixture.
	WITH taken AS (
		DELETE FROM careaccess.member_role h
		WHERE h.member = the_member AND h.role <> ALL (the_roles))
	INSERT INTO careaccess.member_role (practice, member, role)
	SELECT the_practice, the_member, r FROM pg_catalog.unnest(the_roles) AS r
	WHERE NOT EXISTS (
		SELECT FROM careaccess.member_role h WHERE h.member = the_member AND h.role = r);

	IF practised AND NOT stays_practitioner THEN
		PERFORM careaccess.end_practice_of(the_member);
	END IF;
	PERFORM careaccess.close_account(operation, opened);
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_set_member_roles(careaccess.id, text[]) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_set_member_roles(careaccess.id, text[]) IS
	'sets all roles of a member; who is no practitioner any more loses grants, listings, chart shares to him and groups';

CREATE FUNCTION @extschema@.careaccess_configure_member(member careaccess.id, settings jsonb) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'configure_member'
AS $$
#variable_conflict use_column
DECLARE
	operation CONSTANT text := 'change the settings of a member';
	the_member ALIAS FOR $1;
	s ALIAS FOR $2;
	opened careaccess.account;
	was careaccess.member;
	now_is careaccess.member;
BEGIN
	opened := careaccess.open_account(operation, the_member);
	PERFORM careaccess.require_keys('the settings', s, 'name', 'ends_at', 'records_owned_by', 'login_role');
	SELECT * INTO STRICT was FROM careaccess.member m WHERE m.id = the_member;
	now_is := was;
	IF s ? 'name' THEN
		IF pg_catalog.jsonb_typeof(s -> 'name') NOT IN ('string', 'null') THEN
			RAISE EXCEPTION 'bad value of name: %', s -> 'name' USING
				ERRCODE = 'invalid_parameter_value',
				HINT = 'It is a string.';
		END IF;
		now_is.name := careaccess.require_text('name', s ->> 'name');
	END IF;
	IF s ? 'ends_at' THEN
		BEGIN
			IF pg_catalog.jsonb_typeof(s -> 'ends_at') NOT IN ('string', 'null') THEN
				RAISE invalid_datetime_format;
			END IF;
			now_is.ends_at := (s ->> 'ends_at')::timestamptz;
		EXCEPTION WHEN invalid_datetime_format OR datetime_field_overflow OR invalid_parameter_value
			OR invalid_time_zone_displacement_value
		THEN
			RAISE EXCEPTION 'bad value of ends_at: %', s -> 'ends_at' USING
				ERRCODE = 'invalid_parameter_value',
				HINT = 'It is a date and time such as "2030-01-31 18:00+01", or null for no end.';
		END;
	END IF;
	IF s ? 'records_owned_by' THEN
		now_is.records_owned_by := careaccess.json_choice('records_owned_by', s -> 'records_owned_by', 'group', 'provider');
	END IF;
	IF s ? 'login_role' THEN
		IF pg_catalog.jsonb_typeof(s -> 'login_role') NOT IN ('string', 'null') THEN
			RAISE EXCEPTION 'bad value of login_role: %', s -> 'login_role' USING
				ERRCODE = 'invalid_parameter_value',
				HINT = 'It is the name of a database role, or null for none.';
		END IF;
		-- Not cut off to fit: the rest of the name could be another role.
		IF pg_catalog.octet_length(s ->> 'login_role') > 63 THEN
			RAISE EXCEPTION 'unknown database role: "%"', s ->> 'login_role' USING
				ERRCODE = 'invalid_parameter_value',
				HINT = 'Create it first with CREATE ROLE.';
		END IF;
		now_is.login_role := (s ->> 'login_role')::name;
		PERFORM careaccess.require_login_role(now_is.login_role, the_member);
	END IF;
	IF was IS DISTINCT FROM now_is THEN
		UPDATE careaccess.member m SET
			name = now_is.name,
			ends_at = now_is.ends_at,
			records_owned_by = now_is.records_owned_by,
			login_role = now_is.login_role
		WHERE m.id = the_member;
	END IF;
	PERFORM careaccess.close_account(operation, opened);
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_configure_member(careaccess.id, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_configure_member(careaccess.id, jsonb) IS
	'changes name, ends_at, records_owned_by or login_role of a member';

CREATE FUNCTION @extschema@.careaccess_set_member_permission(member careaccess.id, category text, actions text[],
	reach text, effect text DEFAULT 'allow') RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'set_member_permission'
AS $$
#variable_conflict use_column
DECLARE
	operation CONSTANT text := 'set a permission of a member';
	the_member ALIAS FOR $1;
	the_category ALIAS FOR $2;
	the_actions text[] := $3;
	the_reach ALIAS FOR $4;
	the_effect ALIAS FOR $5;
	opened careaccess.account;
BEGIN
	opened := careaccess.open_account(operation, the_member);
	PERFORM careaccess.require_known_category(the_category);
	PERFORM careaccess.require_known_actions(the_actions);
	PERFORM careaccess.require_reach(the_reach, the_effect);
	the_actions := careaccess.sort_actions(the_actions);
	INSERT INTO careaccess.member_permission AS p (practice, member, category, actions, reach, effect)
	VALUES (opened.practice, the_member, the_category, the_actions, the_reach, the_effect)
	ON CONFLICT (member, category, reach, effect, only_if_practitioner, source)
		DO UPDATE SET actions = excluded.actions
		WHERE p.actions <> excluded.actions;
	PERFORM careaccess.close_account(operation, opened);
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_set_member_permission(careaccess.id, text, text[], text, text) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_set_member_permission(careaccess.id, text, text[], text, text) IS
	'allows or denies one member actions on a category within a reach, replacing the actions set before for the same reach and effect';

CREATE FUNCTION @extschema@.careaccess_clear_member_permission(member careaccess.id, category text) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'clear_member_permission'
AS $$
#variable_conflict use_column
DECLARE
	operation CONSTANT text := 'clear the permissions of a member';
	the_member ALIAS FOR $1;
	the_category ALIAS FOR $2;
	opened careaccess.account;
BEGIN
	opened := careaccess.open_account(operation, the_member);
	PERFORM careaccess.require_known_category(the_category);
	DELETE FROM careaccess.member_permission p
	WHERE p.member = the_member AND p.category = the_category AND p.source = 'manual';
	PERFORM careaccess.close_account(operation, opened);
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_clear_member_permission(careaccess.id, text) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_clear_member_permission(careaccess.id, text) IS
	'takes away what was allowed and denied to one member on a category, full clinical access aside';

CREATE FUNCTION @extschema@.careaccess_set_full_clinical_access(member careaccess.id, enabled boolean) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'set_full_clinical_access'
AS $$
#variable_conflict use_column
DECLARE
	operation CONSTANT text := 'set full clinical access';
	the_member ALIAS FOR $1;
	opened careaccess.account;
BEGIN
	opened := careaccess.open_account(operation, the_member);
	IF enabled IS NULL THEN
		PERFORM careaccess.raise_null('enabled');
	END IF;
	IF NOT enabled THEN
		DELETE FROM careaccess.member_permission p
		WHERE p.member = the_member AND p.source = 'full_clinical_access';
	ELSE
		IF NOT careaccess.is_practitioner(the_member) THEN
			RAISE EXCEPTION 'member "%" is not a practitioner', the_member USING
				ERRCODE = 'invalid_parameter_value',
				HINT = 'Full clinical access is given to members who hold a role with the practitioner flag.';
		END IF;
		-- It sleeps while he is no practitioner.
		INSERT INTO careaccess.member_permission
			(practice, member, category, actions, reach, only_if_practitioner, source)
		SELECT opened.practice, the_member, v.category, v.actions, 'all', true, 'full_clinical_access'
		FROM (VALUES
			('name',      '{view,create,edit,delete}'::text[]),
			('profile',   '{view,create,edit,delete}'),
			('diagnosis', '{view,create,edit,delete}'),
			('schedule',  '{view}'),
			('documents', '{view,create,edit,delete}'),
			('chart',     '{view,create,edit,delete}')
		) AS v (category, actions)
		ON CONFLICT (member, category, reach, effect, only_if_practitioner, source) DO NOTHING;
	END IF;
	PERFORM careaccess.close_account(operation, opened);
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_set_full_clinical_access(careaccess.id, boolean) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_set_full_clinical_access(careaccess.id, boolean) IS
	'switches a practitioner''s full clinical access on or off, apart from other permissions of his';

CREATE FUNCTION @extschema@.careaccess_set_member_status(member careaccess.id, status text) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'set_member_status'
AS $$
#variable_conflict use_column
DECLARE
	operation CONSTANT text := 'set the status of a member';
	the_member ALIAS FOR $1;
	the_status ALIAS FOR $2;
	opened careaccess.account;
BEGIN
	opened := careaccess.open_account(operation, the_member);
	IF the_status = 'removed' THEN
		RAISE EXCEPTION 'a member is not removed by his status' USING
			ERRCODE = 'invalid_parameter_value',
			HINT = 'Call careaccess_remove_member, which also ends what was given to him.';
	END IF;
	PERFORM careaccess.require_choice('status', the_status, 'active', 'disabled', 'invited');
	UPDATE careaccess.member m SET status = the_status WHERE m.id = the_member AND m.status <> the_status;
	PERFORM careaccess.close_account(operation, opened);
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_set_member_status(careaccess.id, text) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_set_member_status(careaccess.id, text) IS
	'makes a member active, disabled or invited; only an active one has access';

--
-- Leaving
--

-- All ownership of some clients changes hands at once.  Whoever calls this has
-- locked the clients and both members, and asked whether it may be done.
CREATE FUNCTION careaccess.change_owners(clients careaccess.id[], new_owner careaccess.id, source text) RETURNS bigint
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	moment CONSTANT timestamptz := pg_catalog.statement_timestamp();
	revoked careaccess.id[];
	acting record;
	n bigint;
BEGIN
	-- Touched, as careaccess.lock_client does, and for the same reason.
	UPDATE careaccess.client c SET created_at = c.created_at WHERE c.id = ANY (clients);
	revoked := ARRAY(
		SELECT x.client FROM careaccess.client_revocation x
		WHERE x.client = ANY (clients) AND x.member = new_owner ORDER BY x.client);
	IF revoked <> '{}' THEN
		RAISE EXCEPTION 'the administrative access of member "%" is revoked on clients that he would own', new_owner USING
			ERRCODE = 'object_not_in_prerequisite_state',
			DETAIL = careaccess.name_clients(revoked),
			HINT = 'Restore it first with careaccess_restore_administrative_access, or name another member.';
	END IF;
	SELECT * INTO STRICT acting FROM careaccess.actor();
	UPDATE careaccess.client_link l SET active = false, valid_until = least(l.valid_until, moment)
	WHERE l.client = ANY (clients) AND l.member = new_owner AND l.kind = 'grant' AND l.active;
	WITH ended AS (
		UPDATE careaccess.client_link l SET active = false, valid_until = moment
		WHERE l.client = ANY (clients) AND l.kind = 'owner' AND l.active
		RETURNING l.practice, l.client)
	INSERT INTO careaccess.client_link (practice, client, member, kind, source, valid_from, granted_by)
	SELECT e.practice, e.client, new_owner, 'owner', source, moment, acting.id FROM ended e;
	GET DIAGNOSTICS n = ROW_COUNT;
	RETURN n;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.change_owners(careaccess.id[], careaccess.id, text) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.change_owners(careaccess.id[], careaccess.id, text) IS
	'makes a member the owner of clients, absorbing his grants; returns how many changed hands';

CREATE FUNCTION @extschema@.careaccess_remove_member(member careaccess.id, reassign_to careaccess.id DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'remove_member'
AS $$
#variable_conflict use_column
DECLARE
	operation CONSTANT text := 'remove a member';
	the_member ALIAS FOR $1;
	moment CONSTANT timestamptz := pg_catalog.statement_timestamp();
	opened careaccess.account;
	owned careaccess.id[];
	successor careaccess.member;
BEGIN
	PERFORM careaccess.require_account(operation, the_member);
	owned := careaccess.owned_by(the_member, true);
	PERFORM careaccess.lock_clients_of(ARRAY[the_member]);
	-- The lower identifier first, as everywhere.
	IF reassign_to < the_member THEN
		PERFORM careaccess.lock_member(reassign_to);
	END IF;
	opened := careaccess.open_account(operation, the_member);
	PERFORM careaccess.require_current_member(the_member);
	-- A client that became his while this waited for him comes after the member,
	-- against the order: nobody is waited for.
	BEGIN
		PERFORM FROM careaccess.client c
		WHERE c.id = ANY (careaccess.owned_by(the_member, true)) AND c.id <> ALL (owned)
		ORDER BY c.id FOR NO KEY UPDATE NOWAIT;
	EXCEPTION WHEN lock_not_available THEN
		RAISE EXCEPTION 'member "%" became the owner of a client who is being changed', the_member USING
			ERRCODE = 'serialization_failure',
			HINT = 'The transaction might succeed if retried.';
	END;
	IF reassign_to IS NULL THEN
		PERFORM careaccess.require_no_clients(operation, the_member,
			'Say who takes them over with the argument reassign_to.');
	ELSE
		IF reassign_to = the_member THEN
			RAISE EXCEPTION 'the clients of member "%" cannot stay with him', the_member USING
				ERRCODE = 'invalid_parameter_value',
				HINT = 'Name another practitioner of the practice as reassign_to.';
		END IF;
		-- Two statements: the second has to see what the first may have waited for.
		successor := careaccess.lock_member(reassign_to, opened.practice);
		PERFORM careaccess.require_practitioner(successor);
		PERFORM careaccess.change_owners(careaccess.owned_by(the_member, true), reassign_to, 'remove_member');
	END IF;

	PERFORM careaccess.end_practice_of(the_member);
	-- What is left of him as an owner are deleted clients.
	UPDATE careaccess.client_link l SET active = false, valid_until = least(l.valid_until, moment)
	WHERE l.member = the_member AND l.active;
	DELETE FROM careaccess.group_admin g WHERE g.member = the_member;
	DELETE FROM careaccess.colleague_limit k WHERE k.member = the_member;
	-- To him all; over him the assistants' only, for whom there is nobody left to act.
	DELETE FROM careaccess.delegation d
	WHERE d.member = the_member OR (d.over_member = the_member AND d.mode = 'context');
	DELETE FROM careaccess.client_revocation x WHERE x.member = the_member;
	DELETE FROM careaccess.form_route r WHERE r.practitioner = the_member;
	DELETE FROM careaccess.assignment_rule r WHERE r.practitioner = the_member;
	UPDATE careaccess.member m SET status = 'removed', login_role = NULL WHERE m.id = the_member;
	PERFORM careaccess.close_account(operation, opened);
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_remove_member(careaccess.id, careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_remove_member(careaccess.id, careaccess.id) IS
	'removes a member and gives his clients to another; his identifier, what he wrote and the custody over it stay';

CREATE FUNCTION @extschema@.careaccess_transfer_clients(from_member careaccess.id, to_member careaccess.id) RETURNS bigint
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'transfer_clients'
AS $$
#variable_conflict use_column
DECLARE
	operation CONSTANT text := 'transfer clients';
	acting record;
	locked careaccess.member;
	successor careaccess.member;
	owned careaccess.id[];
	with_deleted boolean;
BEGIN
	PERFORM careaccess.require_capability(operation, 'reassign', 'reassign_linked');
	IF from_member IS NULL THEN
		PERFORM careaccess.raise_null('from_member');
	ELSIF to_member IS NULL THEN
		PERFORM careaccess.raise_null('to_member');
	ELSIF from_member = to_member THEN
		RAISE EXCEPTION 'from_member and to_member are the same' USING
			ERRCODE = 'invalid_parameter_value',
			HINT = 'Name another practitioner of the practice as to_member.';
	END IF;
	SELECT * INTO STRICT acting FROM careaccess.actor();
	-- Found before anything is locked, locked after the clients.
	IF NOT EXISTS (
		SELECT FROM careaccess.member m
		WHERE m.id = from_member AND (acting.practice IS NULL OR m.practice = acting.practice))
	THEN
		PERFORM careaccess.raise_no_member(from_member);
	END IF;

	-- A client whom the actor may not see is none of his business: it stays.  A
	-- deleted one is seen by those who may restore it.
	with_deleted := careaccess.actor_has('delete_client');
	-- Asked again when locked; who was reassigned meanwhile is not his any more.
	PERFORM FROM careaccess.client c
	WHERE c.id = ANY (careaccess.owned_by(from_member, with_deleted))
		AND (acting.kind = 'administrator' OR careaccess.member_can(acting.id, c.id, 'name', 'view', with_deleted))
	ORDER BY c.id FOR NO KEY UPDATE;
	locked := careaccess.lock_member(least(from_member, to_member));
	successor := careaccess.lock_member(greatest(from_member, to_member), locked.practice);
	IF to_member = locked.id THEN
		successor := locked;
	END IF;
	PERFORM careaccess.require_practitioner(successor);
	owned := ARRAY(
		SELECT c FROM pg_catalog.unnest(careaccess.owned_by(from_member, with_deleted)) AS c
		WHERE acting.kind = 'administrator' OR careaccess.member_can(acting.id, c, 'name', 'view', with_deleted));
	IF NOT careaccess.actor_has('reassign') AND EXISTS (
		SELECT FROM pg_catalog.unnest(owned) AS c
		WHERE NOT EXISTS (
			SELECT FROM careaccess.client_link l
			WHERE l.client = c AND l.member = acting.id AND l.kind IN ('owner', 'grant') AND l.active
				AND (l.valid_until IS NULL OR l.valid_until > pg_catalog.statement_timestamp())))
	THEN
		PERFORM careaccess.refuse('42501', pg_catalog.format('not allowed to %s', operation),
			hint => 'The capability reassign_linked counts only for clients to whom the member has a link of his own (owner or grant).');
	END IF;
	RETURN careaccess.change_owners(owned, to_member, 'transfer_clients');
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_transfer_clients(careaccess.id, careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_transfer_clients(careaccess.id, careaccess.id) IS
	'makes to_member the owner of all clients of from_member that the actor may see; returns how many';

--
-- Acting for another, reading what another wrote
--

CREATE FUNCTION careaccess.require_delegation(operation text, member careaccess.id, mode text) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	PERFORM careaccess.require_choice('mode', mode, 'context', 'author', 'supervisor');
	PERFORM careaccess.require_account(operation, $2,
		VARIADIC ARRAY[CASE mode WHEN 'author' THEN 'appoint_custodian' ELSE 'delegate' END]);
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.require_delegation(text, careaccess.id, text) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.require_delegation(text, careaccess.id, text) IS
	'refuses an actor who may not give or end a delegation of this mode to this member';

CREATE FUNCTION @extschema@.careaccess_delegate(member careaccess.id, over_member careaccess.id, mode text,
	categories text[] DEFAULT NULL, actions text[] DEFAULT NULL, client careaccess.id DEFAULT NULL,
	valid_until timestamptz DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'delegate'
AS $$
#variable_conflict use_column
DECLARE
	operation CONSTANT text := 'delegate';
	the_member ALIAS FOR $1;
	the_other ALIAS FOR $2;
	the_mode ALIAS FOR $3;
	the_categories text[] := $4;
	the_actions text[] := $5;
	the_client ALIAS FOR $6;
	the_end ALIAS FOR $7;
	opened careaccess.account;
	other careaccess.member;
	one text;
BEGIN
	PERFORM careaccess.require_delegation(operation, the_member, the_mode);
	IF the_other IS NULL THEN
		PERFORM careaccess.raise_null('over_member');
	ELSIF the_other = the_member THEN
		RAISE EXCEPTION 'a member cannot act for himself by delegation' USING
			ERRCODE = 'invalid_parameter_value',
			HINT = 'Name two members.';
	END IF;
	IF the_categories IS NOT NULL THEN
		IF pg_catalog.cardinality(the_categories) = 0 THEN
			RAISE EXCEPTION 'categories must not be empty' USING
				ERRCODE = 'invalid_parameter_value',
				HINT = 'Leave them null for the usual ones, or end the delegation with careaccess_undelegate.';
		END IF;
		FOREACH one IN ARRAY the_categories LOOP
			PERFORM careaccess.require_known_category(one);
		END LOOP;
		the_categories := ARRAY(SELECT DISTINCT c FROM pg_catalog.unnest(the_categories) AS c ORDER BY c);
	END IF;
	IF the_actions IS NOT NULL THEN
		PERFORM careaccess.require_known_actions(the_actions);
		the_actions := careaccess.sort_actions(the_actions);
	END IF;

	IF the_client IS NOT NULL THEN
		PERFORM careaccess.lock_client(the_client);
	END IF;
	IF the_other < the_member THEN
		PERFORM careaccess.lock_member(the_other);
	END IF;
	opened := careaccess.open_account(operation, the_member,
		VARIADIC ARRAY[CASE the_mode WHEN 'author' THEN 'appoint_custodian' ELSE 'delegate' END]);
	other := careaccess.lock_member(the_other, opened.practice);
	IF other.status = 'removed' AND the_mode = 'context' THEN
		RAISE EXCEPTION 'member "%" has been removed', the_other USING
			ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'Nobody acts for a removed member; his records can be given in custody with mode author.';
	END IF;
	IF the_client IS NOT NULL AND NOT EXISTS (
		SELECT FROM careaccess.client c WHERE c.id = the_client AND c.practice = opened.practice)
	THEN
		PERFORM careaccess.raise_no_client(the_client);
	END IF;

	INSERT INTO careaccess.delegation AS d (practice, member, over_member, mode, categories, actions, client, valid_until)
	VALUES (opened.practice, the_member, the_other, the_mode, the_categories, the_actions, the_client, the_end)
	ON CONFLICT (member, over_member, mode, client)
		DO UPDATE SET categories = excluded.categories, actions = excluded.actions, valid_until = excluded.valid_until
		WHERE (d.categories, d.actions, d.valid_until)
			IS DISTINCT FROM (excluded.categories, excluded.actions, excluded.valid_until);
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_delegate(careaccess.id, careaccess.id, text, text[], text[], careaccess.id, timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_delegate(careaccess.id, careaccess.id, text, text[], text[], careaccess.id, timestamptz) IS
	'lets a member act for another (context), or read what another wrote (author: a custodian; supervisor); again: replaces';

CREATE FUNCTION @extschema@.careaccess_undelegate(member careaccess.id, over_member careaccess.id, mode text,
	client careaccess.id DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'undelegate'
AS $$
#variable_conflict use_column
DECLARE
	operation CONSTANT text := 'end a delegation';
	the_member ALIAS FOR $1;
	the_other ALIAS FOR $2;
	the_mode ALIAS FOR $3;
	the_client ALIAS FOR $4;
BEGIN
	PERFORM careaccess.require_delegation(operation, the_member, the_mode);
	IF the_other IS NULL THEN
		PERFORM careaccess.raise_null('over_member');
	END IF;
	IF the_client IS NOT NULL THEN
		PERFORM careaccess.lock_client(the_client, careaccess.actor_has('delete_client'));
	END IF;
	PERFORM careaccess.open_account(operation, the_member,
		VARIADIC ARRAY[CASE the_mode WHEN 'author' THEN 'appoint_custodian' ELSE 'delegate' END]);
	DELETE FROM careaccess.delegation d
	WHERE d.member = the_member AND d.over_member = the_other AND d.mode = the_mode
		AND d.client IS NOT DISTINCT FROM the_client;
	IF NOT FOUND THEN
		PERFORM careaccess.refuse('P0002', pg_catalog.format('no such delegation: mode %s of member "%s" over "%s"', the_mode, the_member, the_other),
			hint => 'A delegation that names a client is ended by naming the client.');
	END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_undelegate(careaccess.id, careaccess.id, text, careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_undelegate(careaccess.id, careaccess.id, text, careaccess.id) IS
	'ends a delegation: the general one, or that for one client';

CREATE FUNCTION @extschema@.careaccess_set_colleague_limit(member careaccess.id, category text,
	colleagues careaccess.id[]) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'set_colleague_limit'
AS $$
#variable_conflict use_column
DECLARE
	operation CONSTANT text := 'limit the colleagues of a member';
	the_member ALIAS FOR $1;
	the_category ALIAS FOR $2;
	the_colleagues careaccess.id[] := $3;
	opened careaccess.account;
	one careaccess.id;
BEGIN
	opened := careaccess.open_account(operation, the_member);
	PERFORM careaccess.require_known_category(the_category);
	IF the_colleagues IS NULL THEN
		DELETE FROM careaccess.colleague_limit k WHERE k.member = the_member AND k.category = the_category;
	ELSE
		FOREACH one IN ARRAY the_colleagues LOOP
			IF one IS NULL THEN
				PERFORM careaccess.raise_null('a colleague');
			ELSIF NOT EXISTS (
				SELECT FROM careaccess.member m WHERE m.id = one AND m.practice = opened.practice)
			THEN
				PERFORM careaccess.raise_no_member(one);
			END IF;
		END LOOP;
		the_colleagues := ARRAY(SELECT DISTINCT c FROM pg_catalog.unnest(the_colleagues) AS c ORDER BY c);
		INSERT INTO careaccess.colleague_limit AS k (practice, member, category, colleagues)
		VALUES (opened.practice, the_member, the_category, the_colleagues)
		ON CONFLICT (member, category) DO UPDATE SET colleagues = excluded.colleagues
			WHERE k.colleagues <> excluded.colleagues;
	END IF;
	PERFORM careaccess.close_account(operation, opened);
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_set_colleague_limit(careaccess.id, text, careaccess.id[]) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_set_colleague_limit(careaccess.id, text, careaccess.id[]) IS
	'leaves a member, of the records that groups would show him, only those of these colleagues and his own; null: no limit';
