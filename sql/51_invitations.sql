--
-- Invitations: members to be
--
-- An invitation is a promise of roles and groups, and whoever brings its token
-- makes it good.  The token is shown once, to the one who invites; only its
-- hash is kept.  A promise is worth what the one who gave it could give today:
-- at acceptance the inviter is judged again, by the roles as they are defined
-- by then, and what he could not give any more nobody gets.  An invitation by a
-- database administrator stands for itself.
--
-- Whatever makes a token worthless, the answer is the same.
--
-- Locks: practice, roles, clients, members, groups, the invitation.

CREATE FUNCTION careaccess.place_in_groups(practice careaccess.id, roles text[]) RETURNS text
	LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_practice ALIAS FOR $1;
	the_roles ALIAS FOR $2;
BEGIN
	IF EXISTS (
		SELECT FROM careaccess.role AS r
		WHERE r.practice = the_practice AND r.role = ANY (the_roles) AND r.practitioner)
	THEN
		RETURN 'practitioner';
	ELSIF EXISTS (
		SELECT FROM careaccess.role_permission AS p
		WHERE p.practice = the_practice AND p.role = ANY (the_roles)
			AND p.reach = 'managed' AND NOT p.only_if_practitioner)
	THEN
		RETURN 'admin';
	END IF;
	RETURN NULL;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.place_in_groups(careaccess.id, text[]) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.place_in_groups(careaccess.id, text[]) IS
	'what an invited holder of these roles becomes in a group: practitioner, admin (roles of reach managed), or null: nothing';

CREATE FUNCTION careaccess.hash_token(token text) RETURNS bytea
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
	RETURN pg_catalog.sha256(pg_catalog.convert_to(token, 'UTF8'));
REVOKE EXECUTE ON FUNCTION careaccess.hash_token(text) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.hash_token(text) IS 'what is kept of an invitation''s token';

-- May the inviter still give what he promised?  Asked with the roles, his own
-- row and the groups locked.
CREATE FUNCTION careaccess.invitation_stands(invitation careaccess.invitation, with_groups boolean) RETURNS boolean
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	i ALIAS FOR $1;
	administration text[];
BEGIN
	IF EXISTS (
		SELECT FROM pg_catalog.unnest(i.roles) AS n (role)
		WHERE NOT EXISTS (
			SELECT FROM careaccess.role AS r WHERE r.practice = i.practice AND r.role = n.role))
		OR (with_groups AND careaccess.place_in_groups(i.practice, i.roles) IS NULL)
	THEN
		RETURN false;
	END IF;
	IF i.invited_by IS NULL THEN
		RETURN true;
	END IF;
	administration := careaccess.administration_of_roles(i.practice, i.roles);
	RETURN EXISTS (
			SELECT FROM careaccess.member AS m
			WHERE m.id = i.invited_by AND m.status = 'active'
				AND (m.ends_at IS NULL OR m.ends_at > pg_catalog.statement_timestamp()))
		AND (careaccess.has_capability(i.invited_by, 'manage_members')
			OR (administration = '{}' AND careaccess.has_capability(i.invited_by, 'manage_members_below')))
		AND administration <@ careaccess.administration_of(i.invited_by)
		AND (NOT careaccess.has_unrevocable_role(i.practice, i.roles)
			OR careaccess.unrevocable_roles_of(i.invited_by) <> '{}')
		AND (NOT with_groups OR careaccess.has_capability(i.invited_by, 'manage_groups'));
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.invitation_stands(careaccess.invitation, boolean) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.invitation_stands(careaccess.invitation, boolean) IS
	'whether the roles and groups of an invitation still fit, and its inviter could still give them';

CREATE FUNCTION @extschema@.careaccess_invite_member(practice careaccess.id, contact text, roles text[],
	groups bigint[] DEFAULT '{}', valid_until timestamptz DEFAULT NULL) RETURNS text
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'invite_member'
AS $$
#variable_conflict use_column
DECLARE
	operation CONSTANT text := 'invite a member';
	moment CONSTANT timestamptz := pg_catalog.statement_timestamp();
	the_contact text := $2;
	the_roles text[] := $3;
	the_groups bigint[] := $4;
	the_end timestamptz := $5;
	p careaccess.practice;
	one bigint;
	new_token text;
BEGIN
	PERFORM careaccess.require_capability(operation, 'manage_members', 'manage_members_below');
	IF pg_catalog.cardinality(the_groups) > 0 THEN
		PERFORM careaccess.require_capability('invite a member into groups', 'manage_groups');
	END IF;
	p := careaccess.lock_practice($1);
	the_contact := pg_catalog.btrim(careaccess.require_text('contact', the_contact));
	the_roles := careaccess.require_assignable_roles(operation, p.id, the_roles);
	IF the_groups IS NULL THEN
		PERFORM careaccess.raise_null('groups');
	ELSIF pg_catalog.array_position(the_groups, NULL) IS NOT NULL THEN
		PERFORM careaccess.raise_null('a group');
	END IF;
	the_end := coalesce(the_end, moment + interval '7 days');
	IF the_end <= moment THEN
		RAISE EXCEPTION 'valid_until must be in the future' USING
			ERRCODE = 'invalid_parameter_value',
			HINT = 'Leave it out for an invitation that can be accepted for seven days.';
	END IF;

	IF the_groups <> '{}' THEN
		PERFORM careaccess.require_groups(p);
		the_groups := ARRAY(SELECT DISTINCT g FROM pg_catalog.unnest(the_groups) AS g ORDER BY g);
		PERFORM FROM careaccess.practitioner_group AS g
		WHERE g.practice = p.id AND g.id = ANY (the_groups) ORDER BY g.id FOR SHARE;
		FOREACH one IN ARRAY the_groups LOOP
			IF NOT EXISTS (
				SELECT FROM careaccess.practitioner_group AS g WHERE g.practice = p.id AND g.id = one)
			THEN
				PERFORM careaccess.raise_no_group(one);
			END IF;
		END LOOP;
		IF careaccess.place_in_groups(p.id, the_roles) IS NULL THEN
			RAISE EXCEPTION 'none of the roles has a place in groups' USING
				ERRCODE = 'invalid_parameter_value',
				HINT = 'Name a role with the practitioner flag, or one of reach managed for an admin of the groups, or leave the groups out.';
		END IF;
	END IF;

	-- 128 bits: hashed out of the 244 that two random uuids bring.
	new_token := pg_catalog.encode(pg_catalog.substr(pg_catalog.sha256(
		pg_catalog.uuid_send(pg_catalog.gen_random_uuid()) || pg_catalog.uuid_send(pg_catalog.gen_random_uuid())), 1, 16), 'hex');
	-- What has run out makes room.
	UPDATE careaccess.invitation AS i SET withdrawn_at = moment
	WHERE i.practice = p.id AND pg_catalog.lower(i.contact) = pg_catalog.lower(the_contact)
		AND i.accepted_at IS NULL AND i.withdrawn_at IS NULL AND i.valid_until <= moment;
	INSERT INTO careaccess.invitation (practice, contact, roles, groups, token_hash, created_at, valid_until, invited_by)
	VALUES (p.id, the_contact, the_roles, the_groups, careaccess.hash_token(new_token), moment, the_end,
		careaccess.acting_member())
	ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'an invitation of "%" is pending', the_contact USING
			ERRCODE = 'unique_violation',
			HINT = 'Withdraw it first with careaccess_withdraw_invitation; its token cannot be shown again.';
	END IF;
	RETURN new_token;
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_invite_member(careaccess.id, text, text[], bigint[], timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_invite_member(careaccess.id, text, text[], bigint[], timestamptz) IS
	'invites somebody to become a member with roles, in groups; returns the token, which is shown this once (null end: seven days)';

CREATE FUNCTION @extschema@.careaccess_accept_invitation(token text, member careaccess.id, name text) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'accept_invitation'
AS $$
#variable_conflict use_column
DECLARE
	moment CONSTANT timestamptz := pg_catalog.statement_timestamp();
	the_token ALIAS FOR $1;
	the_member ALIAS FOR $2;
	the_name ALIAS FOR $3;
	i careaccess.invitation;
	p careaccess.practice;
	stands boolean := false;
	into_groups bigint[] := '{}'::bigint[];
BEGIN
	IF the_token IS NULL THEN
		PERFORM careaccess.raise_null('token');
	END IF;
	IF the_token ~ '^[0-9a-f]{32}$' THEN
		SELECT * INTO i FROM careaccess.invitation AS x
		WHERE x.token_hash = careaccess.hash_token(the_token)
			AND x.accepted_at IS NULL AND x.withdrawn_at IS NULL AND x.valid_until > moment;
	END IF;
	IF i.id IS NOT NULL THEN
		SELECT * INTO STRICT p FROM careaccess.practice AS x WHERE x.id = i.practice FOR SHARE;
		PERFORM FROM careaccess.role AS r
		WHERE r.practice = p.id AND r.role = ANY (i.roles) ORDER BY r.role FOR SHARE;
		-- Those on whom the roles will be revoked from the start: before any member.
		IF p.restricted_new_member = 'deny' AND EXISTS (
			SELECT FROM careaccess.role AS r
			WHERE r.practice = p.id AND r.role = ANY (i.roles) AND r.administrative)
		THEN
			PERFORM FROM careaccess.client AS c
			WHERE c.practice = p.id AND c.restricted ORDER BY c.id FOR NO KEY UPDATE;
		END IF;
		PERFORM FROM careaccess.member AS m WHERE m.id = i.invited_by FOR SHARE;
		-- EM-5: groups that are gone by now are left out.
		IF p.groups THEN
			PERFORM FROM careaccess.practitioner_group AS g
			WHERE g.practice = p.id AND g.id = ANY (i.groups) ORDER BY g.id FOR SHARE;
			into_groups := ARRAY(
				SELECT g.id FROM careaccess.practitioner_group AS g
				WHERE g.practice = p.id AND g.id = ANY (i.groups) ORDER BY g.id);
		END IF;
		-- Again, because the wait may have been for another who accepted.
		SELECT * INTO i FROM careaccess.invitation AS x
		WHERE x.id = i.id AND x.accepted_at IS NULL AND x.withdrawn_at IS NULL FOR UPDATE;
		stands := i.id IS NOT NULL AND careaccess.invitation_stands(i, into_groups <> '{}');
	END IF;
	IF stands IS NOT TRUE THEN
		RAISE EXCEPTION 'the invitation is not valid' USING
			ERRCODE = 'invalid_authorization_specification',
			HINT = 'The token is wrong, or the invitation was used or withdrawn, has run out, or cannot be kept any more: ask for a new one.';
	END IF;

	IF the_member IS NULL THEN
		PERFORM careaccess.raise_null('member');
	END IF;
	PERFORM careaccess.require_text('name', the_name);
	PERFORM careaccess.register_member(i.practice, the_member, the_name, i.roles);
	IF careaccess.place_in_groups(i.practice, i.roles) = 'practitioner' THEN
		INSERT INTO careaccess.group_practitioner (practice, group_id, member)
		SELECT i.practice, g, the_member FROM pg_catalog.unnest(into_groups) AS g;
	ELSE
		INSERT INTO careaccess.group_admin (practice, group_id, member)
		SELECT i.practice, g, the_member FROM pg_catalog.unnest(into_groups) AS g;
	END IF;
	UPDATE careaccess.invitation AS x SET accepted_at = moment, accepted_as = the_member WHERE x.id = i.id;
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_accept_invitation(text, careaccess.id, text) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_accept_invitation(text, careaccess.id, text) IS
	'makes a new active member of whoever brings an invitation''s token, once; for roles that an administrator grants it to';

CREATE FUNCTION @extschema@.careaccess_withdraw_invitation(practice careaccess.id, contact text) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'withdraw_invitation'
AS $$
#variable_conflict use_column
DECLARE
	operation CONSTANT text := 'withdraw an invitation';
	moment CONSTANT timestamptz := pg_catalog.statement_timestamp();
	the_contact text := $2;
	the_practice careaccess.id;
	i careaccess.invitation;
BEGIN
	PERFORM careaccess.require_capability(operation, 'manage_members', 'manage_members_below');
	the_practice := (careaccess.lock_practice($1)).id;
	the_contact := pg_catalog.btrim(careaccess.require_text('contact', the_contact));
	SELECT * INTO i FROM careaccess.invitation AS x
	WHERE x.practice = the_practice AND pg_catalog.lower(x.contact) = pg_catalog.lower(the_contact)
		AND x.accepted_at IS NULL AND x.withdrawn_at IS NULL AND x.valid_until > moment
	FOR UPDATE;
	IF NOT FOUND THEN
		PERFORM careaccess.refuse('P0002', pg_catalog.format('no such invitation: "%s"', the_contact),
			hint => 'Only an invitation that is neither accepted nor withdrawn nor run out can be withdrawn.');
	END IF;
	-- As over an account: by the roles as they are defined now.
	PERFORM careaccess.require_within_rights(operation, the_practice, i.roles);
	UPDATE careaccess.invitation AS x SET withdrawn_at = moment WHERE x.id = i.id;
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_withdraw_invitation(careaccess.id, text) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_withdraw_invitation(careaccess.id, text) IS
	'withdraws the pending invitation of a contact; its token is worthless from then on';
