--
-- Restricted clients: whose administrative access is revoked
--
-- They keep the order of questions that 52_clients states.

CREATE FUNCTION @extschema@.careaccess_restrict_client(client careaccess.id) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'restrict_client'
AS $$
#variable_conflict use_column
DECLARE
	the_client ALIAS FOR $1;
	c careaccess.client;
	p careaccess.practice;
BEGIN
	c := careaccess.lock_client(the_client);
	PERFORM careaccess.require_on_client('restrict a client', c.id, 'restrict', 'restrict_own', 'owner');
	p := careaccess.lock_practice(c.practice);
	IF NOT p.restriction THEN
		RAISE EXCEPTION 'this practice does not restrict clients' USING
			ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'The setting "restriction" switches it on (careaccess_configure_practice).';
	END IF;
	IF NOT c.restricted THEN
		UPDATE careaccess.client AS x SET restricted = true WHERE x.id = c.id;
	END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_restrict_client(careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_restrict_client(careaccess.id) IS
	'marks a client as restricted, which takes nothing from anybody yet';

CREATE FUNCTION @extschema@.careaccess_unrestrict_client(client careaccess.id) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'unrestrict_client'
AS $$
#variable_conflict use_column
DECLARE
	the_client ALIAS FOR $1;
	c careaccess.client;
BEGIN
	c := careaccess.lock_client(the_client);
	PERFORM careaccess.require_on_client('unrestrict a client', c.id, 'restrict', 'restrict_own', 'owner');
	PERFORM careaccess.require_not_lifting_own(c.id);
	IF c.restricted THEN
		-- The revocations go with it, by a trigger.
		UPDATE careaccess.client AS x SET restricted = false WHERE x.id = c.id;
	END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_unrestrict_client(careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_unrestrict_client(careaccess.id) IS
	'ends the restriction of a client and deletes the revocations on him';

-- In an emergency a revoked member may see the client, and could free himself.
CREATE FUNCTION careaccess.require_not_lifting_own(client careaccess.id) RETURNS void
	LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_client ALIAS FOR $1;
BEGIN
	IF EXISTS (
		SELECT FROM careaccess.actor() AS a
		JOIN careaccess.client_revocation AS x ON x.member = a.id
		WHERE a.kind = 'member' AND x.client = the_client)
	THEN
		PERFORM careaccess.refuse('42501', 'not allowed to lift a revocation of oneself',
			client => the_client,
			hint => 'Ask another member who may restrict clients.');
	END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.require_not_lifting_own(careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.require_not_lifting_own(careaccess.id) IS
	'refuses an actor who is revoked on the client himself';

CREATE FUNCTION @extschema@.careaccess_revoke_administrative_access(client careaccess.id, member careaccess.id) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'revoke_administrative_access'
AS $$
#variable_conflict use_column
DECLARE
	the_client ALIAS FOR $1;
	the_member ALIAS FOR $2;
	c careaccess.client;
	m careaccess.member;
BEGIN
	c := careaccess.lock_client(the_client);
	PERFORM careaccess.require_on_client('revoke administrative access to a client', c.id, 'restrict', 'restrict_own', 'owner');
	m := careaccess.lock_member(the_member, c.practice);
	IF NOT c.restricted THEN
		RAISE EXCEPTION 'client "%" is not restricted', c.id USING
			ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'Restrict the client first with careaccess_restrict_client.';
	END IF;
	IF EXISTS (SELECT FROM careaccess.client_revocation AS x WHERE x.client = c.id AND x.member = m.id) THEN
		RETURN;
	END IF;
	IF careaccess.has_link(c.id, m.id, 'owner') THEN
		RAISE EXCEPTION 'the owner of a client cannot be revoked' USING
			ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'Give the client another owner first with careaccess_reassign_client.';
	END IF;
	IF EXISTS (
		SELECT FROM careaccess.member_role AS h
		JOIN careaccess.role AS r ON r.practice = h.practice AND r.role = h.role
		WHERE h.member = m.id AND r.unrevocable)
	THEN
		RAISE EXCEPTION 'member "%" holds a role that cannot be revoked', m.id USING
			ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'Roles with the flag "unrevocable" keep their access to restricted clients.';
	END IF;
	IF NOT EXISTS (
		SELECT FROM careaccess.member_role AS h
		JOIN careaccess.role AS r ON r.practice = h.practice AND r.role = h.role
		WHERE h.member = m.id AND r.administrative)
	THEN
		RAISE EXCEPTION 'member "%" has no administrative access', m.id USING
			ERRCODE = 'invalid_parameter_value',
			HINT = 'Name a member who holds a role with the administrative flag; end a share with careaccess_unshare_client.';
	END IF;
	-- A grant of his ends by a trigger.
	INSERT INTO careaccess.client_revocation (practice, client, member, revoked_at, revoked_by)
	VALUES (c.practice, c.id, m.id, pg_catalog.statement_timestamp(), (SELECT a.id FROM careaccess.actor() AS a));
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_revoke_administrative_access(careaccess.id, careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_revoke_administrative_access(careaccess.id, careaccess.id) IS
	'hides a restricted client from a member with administrative access, and ends his share';

CREATE FUNCTION @extschema@.careaccess_restore_administrative_access(client careaccess.id, member careaccess.id) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'restore_administrative_access'
AS $$
#variable_conflict use_column
DECLARE
	the_client ALIAS FOR $1;
	the_member ALIAS FOR $2;
	acting record;
	c careaccess.client;
	m careaccess.member;
BEGIN
	c := careaccess.lock_client(the_client);
	PERFORM careaccess.require_on_client('restore administrative access to a client', c.id, 'restrict', 'restrict_own', 'owner');
	m := careaccess.lock_member(the_member, c.practice);
	SELECT * INTO STRICT acting FROM careaccess.actor();
	IF acting.id = m.id THEN
		PERFORM careaccess.require_not_lifting_own(c.id);
	END IF;
	DELETE FROM careaccess.client_revocation AS x WHERE x.client = c.id AND x.member = m.id;
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_restore_administrative_access(careaccess.id, careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_restore_administrative_access(careaccess.id, careaccess.id) IS
	'lifts a revocation: the member has again what his roles give, not the share that ended';
