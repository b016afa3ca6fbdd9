--
-- Accounts.  Over another account a member acts only if its administration
-- capabilities are among his own, before and after.  So every change of an
-- account stands between open_account and close_account; the error of the
-- second undoes the change.

CREATE TYPE careaccess.account AS (
	id careaccess.id,
	practice careaccess.id,
	status text,
	administration text[],
	unrevocable text[],
	manager boolean
);
COMMENT ON TYPE careaccess.account IS
	'what a change of an account is judged by: its administration capabilities, the unrevocable roles held, and whether it manages members now';

CREATE FUNCTION careaccess.administration_of(member careaccess.id) RETURNS text[]
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_member ALIAS FOR $1;
BEGIN
	RETURN ARRAY(
		SELECT code FROM careaccess.capability
		WHERE administration AND careaccess.has_capability(the_member, code) ORDER BY code);
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.administration_of(careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.administration_of(careaccess.id) IS 'the administration capabilities of an account';

CREATE FUNCTION careaccess.unrevocable_roles_of(member careaccess.id) RETURNS text[]
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_member ALIAS FOR $1;
BEGIN
	RETURN ARRAY(
		SELECT h.role FROM careaccess.member_role h
		JOIN careaccess.role r ON r.practice = h.practice AND r.role = h.role
		WHERE h.member = the_member AND r.unrevocable ORDER BY h.role);
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.unrevocable_roles_of(careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.unrevocable_roles_of(careaccess.id) IS 'the unrevocable roles that a member holds';

CREATE FUNCTION careaccess.manages_members(member careaccess.id) RETURNS boolean
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_member ALIAS FOR $1;
BEGIN
	RETURN EXISTS (
			SELECT FROM careaccess.member
			WHERE id = the_member AND status = 'active'
				AND (ends_at IS NULL OR ends_at > pg_catalog.statement_timestamp()))
		AND careaccess.has_capability(the_member, 'manage_members');
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.manages_members(careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.manages_members(careaccess.id) IS
	'whether a member is an active holder of manage_members';

CREATE FUNCTION careaccess.require_within_own(operation text, administration text[]) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
DECLARE
	acting record;
	lacking text[];
BEGIN
	SELECT * INTO STRICT acting FROM careaccess.actor();
	IF acting.kind = 'administrator' THEN
		RETURN;
	END IF;
	lacking := ARRAY(
		SELECT c FROM pg_catalog.unnest(administration) AS c
		WHERE acting.kind <> 'member' OR NOT careaccess.has_capability(acting.id, c) ORDER BY c);
	IF lacking <> '{}' THEN
		PERFORM careaccess.refuse('42501', pg_catalog.format('not allowed to %s', operation),
			detail => pg_catalog.format('It concerns administration capabilities that the acting member does not have: %s.',
				pg_catalog.array_to_string(lacking, ', ')),
			hint => 'A member acts only over accounts and roles whose administration capabilities are among his own.');
	END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.require_within_own(text, text[]) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.require_within_own(text, text[]) IS
	'refuses administration capabilities that the acting member lacks';

CREATE FUNCTION careaccess.require_unrevocable(operation text) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
DECLARE
	acting record;
BEGIN
	SELECT * INTO STRICT acting FROM careaccess.actor();
	IF acting.kind <> 'administrator'
		AND (acting.kind <> 'member' OR careaccess.unrevocable_roles_of(acting.id) = '{}')
	THEN
		PERFORM careaccess.refuse('42501', pg_catalog.format('not allowed to %s', operation),
			detail => 'It concerns an unrevocable role.',
			hint => 'Only a member who holds an unrevocable role gives or takes one.');
	END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.require_unrevocable(text) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.require_unrevocable(text) IS 'refuses an actor who holds no unrevocable role';

-- Of somebody who manages only members below: no administration at all.
CREATE FUNCTION careaccess.require_below(operation text, administration text[]) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	IF administration <> '{}' AND NOT careaccess.actor_has('manage_members') THEN
		PERFORM careaccess.refuse('42501', pg_catalog.format('not allowed to %s', operation),
			detail => 'The account has administration capabilities.',
			hint => 'The capability manage_members_below covers accounts without any; this needs manage_members.');
	END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.require_below(text, text[]) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.require_below(text, text[]) IS
	'refuses a manager of members below an account with administration capabilities';

-- Whether somebody is left who manages members is asked by one transaction of
-- a practice at a time.  Not the practice's row: others hold that while they
-- wait for a member.
CREATE FUNCTION careaccess.lock_managers(practice careaccess.id) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	PERFORM pg_catalog.pg_advisory_xact_lock('careaccess.member'::pg_catalog.regclass::oid::integer,
		careaccess.id_hash($1));
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.lock_managers(careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.lock_managers(careaccess.id) IS
	'one transaction at a time changes who manages members in a practice';

CREATE FUNCTION careaccess.require_account(operation text, member careaccess.id,
	VARIADIC capabilities text[] DEFAULT '{manage_members,manage_members_below}') RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_member ALIAS FOR $2;
	acting record;
	the_practice careaccess.id;
	administration text[];
BEGIN
	IF the_member IS NULL THEN
		PERFORM careaccess.raise_null('member');
	END IF;
	PERFORM careaccess.require_capability(operation, VARIADIC capabilities);
	SELECT * INTO STRICT acting FROM careaccess.actor();
	SELECT m.practice INTO the_practice FROM careaccess.member m
	WHERE id = the_member AND (acting.practice IS NULL OR m.practice = acting.practice);
	IF NOT FOUND THEN
		PERFORM careaccess.raise_no_member(the_member);
	END IF;
	IF acting.kind = 'member' THEN
		IF acting.id = the_member THEN
			PERFORM careaccess.refuse('42501', 'not allowed to change one''s own account',
				member => the_member,
				hint => 'Ask another member who manages accounts.');
		END IF;
		administration := careaccess.administration_of(the_member);
		PERFORM careaccess.require_within_own(operation, administration);
		IF 'manage_members_below' = ANY (capabilities) THEN
			PERFORM careaccess.require_below(operation, administration);
		END IF;
	END IF;
	IF careaccess.manages_members(the_member) THEN
		PERFORM careaccess.lock_managers(the_practice);
	END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.require_account(text, careaccess.id, text[]) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.require_account(text, careaccess.id, text[]) IS
	'refuses an actor who may not act over this account; locks the managers if it is one';

CREATE FUNCTION careaccess.open_account(operation text, member careaccess.id,
	VARIADIC capabilities text[] DEFAULT '{manage_members,manage_members_below}') RETURNS careaccess.account
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_member ALIAS FOR $2;
	opened careaccess.account;
	locked careaccess.member;
BEGIN
	PERFORM careaccess.require_account(operation, the_member, VARIADIC capabilities);
	locked := careaccess.lock_member(the_member, NULL, true);
	-- Touched, not only locked: a transaction that goes on with an older
	-- snapshot (repeatable read) must fail on this account, even if the change
	-- is to another table.
	UPDATE careaccess.member m SET created_at = m.created_at WHERE m.id = the_member;
	-- The wait may have been for somebody who changed the account.
	PERFORM careaccess.require_account(operation, the_member, VARIADIC capabilities);
	IF locked.status = 'removed' THEN
		RAISE EXCEPTION 'member "%" has been removed', the_member USING
			ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'A removed account is not used again; add a member with another identifier.';
	END IF;
	opened.id := the_member;
	opened.practice := locked.practice;
	opened.status := locked.status;
	opened.administration := careaccess.administration_of(the_member);
	opened.unrevocable := careaccess.unrevocable_roles_of(the_member);
	opened.manager := careaccess.manages_members(the_member);
	RETURN opened;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.open_account(text, careaccess.id, text[]) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.open_account(text, careaccess.id, text[]) IS
	'locks an account for a change and notes what the change will be judged by';

CREATE FUNCTION careaccess.close_account(operation text, opened careaccess.account) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	acting record;
	administration text[];
	unrevocable text[];
BEGIN
	SELECT * INTO STRICT acting FROM careaccess.actor();
	IF acting.kind = 'administrator' THEN
		RETURN;
	END IF;
	administration := careaccess.administration_of(opened.id);
	PERFORM careaccess.require_within_own(operation, administration);
	PERFORM careaccess.require_below(operation, administration);
	unrevocable := CASE
		WHEN EXISTS (SELECT FROM careaccess.member WHERE id = opened.id AND status = 'removed') THEN '{}'
		ELSE careaccess.unrevocable_roles_of(opened.id) END;
	IF opened.unrevocable IS DISTINCT FROM unrevocable THEN
		PERFORM careaccess.require_unrevocable(operation);
	END IF;
	IF opened.manager AND NOT careaccess.manages_members(opened.id) THEN
		PERFORM careaccess.require_manager(operation, opened.practice);
	END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.close_account(text, careaccess.account) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.close_account(text, careaccess.account) IS 'judges the change of an account';

CREATE FUNCTION careaccess.require_manager(operation text, practice careaccess.id) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_practice ALIAS FOR $2;
BEGIN
	PERFORM careaccess.lock_managers(the_practice);
	-- The usual witness is the acting member himself: an older snapshot that
	-- still shows him as a manager fails here.
	PERFORM FROM careaccess.member m
	WHERE m.id = (SELECT a.id FROM careaccess.actor() AS a) FOR NO KEY UPDATE;
	IF NOT EXISTS (
		SELECT FROM careaccess.member m
		WHERE m.practice = the_practice AND m.status = 'active' AND careaccess.manages_members(m.id))
	THEN
		RAISE EXCEPTION 'cannot %: nobody would be left who manages members', operation USING
			ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'Give another active member the capability manage_members first, or let an administrator of the database do it.';
	END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.require_manager(text, careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.require_manager(text, careaccess.id) IS
	'refuses a change after which a practice has no active holder of manage_members';

CREATE FUNCTION careaccess.require_known_roles(practice careaccess.id, roles text[]) RETURNS text[]
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_practice ALIAS FOR $1;
	the_roles ALIAS FOR $2;
	one text;
BEGIN
	IF the_roles IS NULL THEN
		PERFORM careaccess.raise_null('roles');
	END IF;
	-- A role is not redefined while it is given.
	PERFORM FROM careaccess.role r
	WHERE r.practice = the_practice AND r.role = ANY (the_roles) ORDER BY r.role FOR SHARE;
	FOREACH one IN ARRAY the_roles LOOP
		IF one IS NULL OR NOT EXISTS (
			SELECT FROM careaccess.role r WHERE r.practice = the_practice AND r.role = one)
		THEN
			RAISE EXCEPTION 'unknown role: "%"', coalesce(one, 'null') USING
				ERRCODE = 'invalid_parameter_value',
				HINT = coalesce(
					(SELECT pg_catalog.format('The roles of this practice are: %s.',
						pg_catalog.string_agg(r.role, ', ' ORDER BY r.role))
					FROM careaccess.role r WHERE r.practice = the_practice HAVING pg_catalog.count(*) > 0),
					'This practice has no roles yet; define one with careaccess_define_role.');
		END IF;
	END LOOP;
	RETURN ARRAY(SELECT DISTINCT r FROM pg_catalog.unnest(the_roles) AS r ORDER BY r);
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.require_known_roles(careaccess.id, text[]) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.require_known_roles(careaccess.id, text[]) IS
	'the distinct roles, locked against redefinition, unless one is unknown';

CREATE FUNCTION careaccess.require_reach(reach text, effect text) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	PERFORM careaccess.require_choice('reach', reach, 'all', 'own', 'group', 'managed', 'delegated');
	PERFORM careaccess.require_choice('effect', effect, 'allow', 'deny');
	IF effect = 'deny' AND reach NOT IN ('own', 'all') THEN
		RAISE EXCEPTION 'a denial cannot have reach "%"', reach USING
			ERRCODE = 'check_violation',
			HINT = 'A denial has reach own or all.';
	END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.require_reach(text, text) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.require_reach(text, text) IS 'refuses an unknown reach or effect, and a denial of another reach than own or all';

-- For an account that is yet to be: an invitation, a new member.

CREATE FUNCTION careaccess.administration_of_roles(practice careaccess.id, roles text[]) RETURNS text[]
	LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_practice ALIAS FOR $1;
	the_roles ALIAS FOR $2;
BEGIN
	RETURN ARRAY(
		SELECT DISTINCT g.capability FROM careaccess.role_capability AS g
		JOIN careaccess.capability AS c ON c.code = g.capability
		WHERE g.practice = the_practice AND g.role = ANY (the_roles) AND c.administration
		ORDER BY 1);
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.administration_of_roles(careaccess.id, text[]) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.administration_of_roles(careaccess.id, text[]) IS
	'the administration capabilities that roles give together';

CREATE FUNCTION careaccess.has_unrevocable_role(practice careaccess.id, roles text[]) RETURNS boolean
	LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_practice ALIAS FOR $1;
	the_roles ALIAS FOR $2;
BEGIN
	RETURN EXISTS (
		SELECT FROM careaccess.role AS r
		WHERE r.practice = the_practice AND r.role = ANY (the_roles) AND r.unrevocable);
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.has_unrevocable_role(careaccess.id, text[]) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.has_unrevocable_role(careaccess.id, text[]) IS 'whether one of the roles is unrevocable';

CREATE FUNCTION careaccess.require_within_rights(operation text, practice careaccess.id, roles text[]) RETURNS void
	LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
DECLARE
	administration text[] := careaccess.administration_of_roles($2, $3);
BEGIN
	PERFORM careaccess.require_within_own(operation, administration);
	PERFORM careaccess.require_below(operation, administration);
	IF careaccess.has_unrevocable_role($2, $3) THEN
		PERFORM careaccess.require_unrevocable(operation);
	END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.require_within_rights(text, careaccess.id, text[]) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.require_within_rights(text, careaccess.id, text[]) IS
	'refuses an actor who may not act over an account that would hold these roles';

CREATE FUNCTION careaccess.require_assignable_roles(operation text, practice careaccess.id, roles text[])
	RETURNS text[]
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_practice ALIAS FOR $2;
	known text[] := careaccess.require_known_roles($2, $3);
BEGIN
	PERFORM careaccess.require_within_rights(operation, the_practice, known);
	RETURN known;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.require_assignable_roles(text, careaccess.id, text[]) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.require_assignable_roles(text, careaccess.id, text[]) IS
	'the distinct roles, unless one is unknown or the actor may not give them to a new account';

-- Whoever calls this has asked whether the actor may give these roles.
CREATE FUNCTION careaccess.register_member(practice careaccess.id, member careaccess.id, name text, roles text[],
	login_role name DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	INSERT INTO careaccess.member (id, practice, name, login_role) VALUES ($2, $1, $3, $5)
	ON CONFLICT (id) DO NOTHING;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'member "%" exists already', $2 USING
			ERRCODE = 'unique_violation',
			HINT = 'Identifiers of members are unique in the database, those of removed members too.';
	END IF;
	INSERT INTO careaccess.member_role (practice, member, role)
	SELECT $1, $2, r FROM pg_catalog.unnest($4) AS r;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.register_member(careaccess.id, careaccess.id, text, text[], name) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.register_member(careaccess.id, careaccess.id, text, text[], name) IS
	'makes an active member with roles; refuses an identifier in use';

-- What ends when somebody is no longer a practitioner.

CREATE FUNCTION careaccess.owned_by(member careaccess.id, with_deleted boolean) RETURNS careaccess.id[]
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_member ALIAS FOR $1;
BEGIN
	RETURN ARRAY(
		SELECT l.client FROM careaccess.client_link l JOIN careaccess.client c ON c.id = l.client
		WHERE l.member = the_member AND l.kind = 'owner' AND l.active
			AND (with_deleted OR c.status <> 'deleted')
		ORDER BY l.client);
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.owned_by(careaccess.id, boolean) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.owned_by(careaccess.id, boolean) IS 'the clients a member owns, archived ones too';

CREATE FUNCTION careaccess.lock_clients_of(members careaccess.id[], linked boolean DEFAULT true,
	denied boolean DEFAULT false) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_members ALIAS FOR $1;
BEGIN
	PERFORM FROM careaccess.client
	WHERE id IN (
		SELECT l.client FROM careaccess.client_link l WHERE linked AND l.member = ANY (the_members) AND l.active
		UNION ALL
		SELECT s.client FROM careaccess.chart_share s WHERE linked AND s.to_provider = ANY (the_members) AND s.stopped IS NULL
		UNION ALL
		SELECT v.client FROM careaccess.client_revocation v WHERE linked AND v.member = ANY (the_members)
		UNION ALL
		SELECT c.id FROM careaccess.client c
		JOIN careaccess.practice p ON p.id = c.practice AND p.restricted_new_member = 'deny'
		JOIN careaccess.member m ON m.practice = c.practice
		WHERE denied AND c.restricted AND m.id = ANY (the_members))
	ORDER BY id FOR NO KEY UPDATE;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.lock_clients_of(careaccess.id[], boolean, boolean) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.lock_clients_of(careaccess.id[], boolean, boolean) IS
	'locks the clients whose access changes when a member''s links end, or who are denied to him with an administrative role; before the member is locked';

CREATE FUNCTION careaccess.end_practice_of(member careaccess.id) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_member ALIAS FOR $1;
	moment CONSTANT timestamptz := pg_catalog.statement_timestamp();
	acting record;
BEGIN
	SELECT * INTO STRICT acting FROM careaccess.actor();
	UPDATE careaccess.chart_share s SET stopped = moment, stopped_by = acting.id
	WHERE s.to_provider = the_member AND s.stopped IS NULL;
	UPDATE careaccess.client_link l SET active = false, valid_until = least(l.valid_until, moment)
	WHERE l.member = the_member AND l.kind IN ('grant', 'listed') AND l.active;
	DELETE FROM careaccess.group_practitioner g WHERE g.member = the_member;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.end_practice_of(careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.end_practice_of(careaccess.id) IS
	'ends a member''s grants, listings, chart shares to him and places in groups';

CREATE FUNCTION careaccess.require_no_clients(operation text, member careaccess.id, hint text) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
DECLARE
	the_member ALIAS FOR $2;
	-- A deleted client needs no owner until he is restored.
	owned careaccess.id[] := careaccess.owned_by($2, false);
BEGIN
	IF pg_catalog.cardinality(owned) > 0 THEN
		RAISE EXCEPTION 'cannot %: member "%" owns clients', operation, the_member USING
			ERRCODE = 'object_not_in_prerequisite_state',
			DETAIL = careaccess.name_clients(owned),
			HINT = $3;
	END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.require_no_clients(text, careaccess.id, text) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.require_no_clients(text, careaccess.id, text) IS 'refuses a member who owns clients';

-- SP-16: who gets an administrative role where restricted clients are denied
-- to newcomers is revoked on each of them, then and there.
CREATE FUNCTION careaccess.deny_restricted_to(members careaccess.id[]) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_members ALIAS FOR $1;
	acting record;
	restricted_client record;
BEGIN
	IF NOT EXISTS (
		SELECT FROM careaccess.member m JOIN careaccess.practice p ON p.id = m.practice
		WHERE m.id = ANY (the_members) AND p.restricted_new_member = 'deny')
	THEN
		RETURN;
	END IF;
	SELECT * INTO STRICT acting FROM careaccess.actor();
	-- Locked, or a client being unrestricted just now would keep a revocation.
	FOR restricted_client IN
		SELECT c.practice, c.id FROM careaccess.client c
		JOIN careaccess.practice p ON p.id = c.practice
		WHERE c.restricted AND p.restricted_new_member = 'deny'
			AND c.practice IN (SELECT m.practice FROM careaccess.member m WHERE m.id = ANY (the_members))
		ORDER BY c.id FOR NO KEY UPDATE OF c
	LOOP
		UPDATE careaccess.client c SET created_at = c.created_at WHERE c.id = restricted_client.id;
		INSERT INTO careaccess.client_revocation (practice, client, member, revoked_by)
		SELECT m.practice, restricted_client.id, m.id, CASE WHEN acting.kind = 'member' AND acting.practice = m.practice THEN acting.id END
		FROM careaccess.member m
		WHERE m.id = ANY (the_members) AND m.practice = restricted_client.practice
			AND careaccess.unrevocable_roles_of(m.id) = '{}'
			AND NOT EXISTS (
				SELECT FROM careaccess.client_link l
				WHERE l.client = restricted_client.id AND l.member = m.id AND l.kind = 'owner' AND l.active)
		ON CONFLICT (client, member) DO NOTHING;
	END LOOP;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.deny_restricted_to(careaccess.id[]) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.deny_restricted_to(careaccess.id[]) IS
	'revokes new holders of an administrative role on every restricted client, where the practice says so';
