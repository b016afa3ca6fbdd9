--
-- Administration: what all functions that change access have in common, and
-- the functions for practices and roles
--
-- A public function here runs as the extension's owner and asks for itself who
-- is acting; nothing below it asks again.  Locks are taken in one order, so
-- that two administrators wait for each other and do not deadlock:
-- practice, then clients, then members, each by rising identifier.
--
-- Arguments bear the names of columns; "use_column" lets the column win, and
-- the functions speak of their arguments by an alias.

-- Who may

CREATE FUNCTION careaccess.has_capability(member careaccess.id, capability text) RETURNS boolean
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_member ALIAS FOR $1;
	the_capability ALIAS FOR $2;
BEGIN
	RETURN EXISTS (
			SELECT FROM careaccess.member_role h
			JOIN careaccess.role_capability g ON g.practice = h.practice AND g.role = h.role
			WHERE h.member = the_member AND g.capability = the_capability)
		OR EXISTS (
			SELECT FROM careaccess.member_capability g
			WHERE g.member = the_member AND g.capability = the_capability);
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.has_capability(careaccess.id, text) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.has_capability(careaccess.id, text) IS
	'whether a member has a capability, through a role or by himself';

CREATE FUNCTION careaccess.actor_has(VARIADIC capabilities text[]) RETURNS boolean
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED -- the actor follows this session's settings
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
DECLARE
	acting record;
BEGIN
	SELECT * INTO STRICT acting FROM careaccess.actor();
	RETURN CASE acting.kind
		WHEN 'administrator' THEN true
		WHEN 'member' THEN EXISTS (
			SELECT FROM pg_catalog.unnest(capabilities) AS c (capability)
			WHERE careaccess.has_capability(acting.id, c.capability))
		ELSE false
	END;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.actor_has(text[]) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.actor_has(text[]) IS
	'whether the actor has one of the capabilities; a database administrator has all';

CREATE FUNCTION careaccess.require_actor() RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	IF (SELECT kind = 'nobody' FROM careaccess.actor()) THEN
		RAISE EXCEPTION 'no member is acting in this session' USING
			ERRCODE = 'insufficient_privilege',
			HINT = 'Present a token, call careaccess_act_as, or log in with the login role of a member.';
	END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.require_actor() FROM PUBLIC;
COMMENT ON FUNCTION careaccess.require_actor() IS 'refuses a session in which nobody is acting';

CREATE FUNCTION careaccess.require_capability(operation text, VARIADIC capabilities text[]) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	PERFORM careaccess.require_actor();
	IF NOT careaccess.actor_has(VARIADIC capabilities) THEN
		RAISE EXCEPTION 'not allowed to %', operation USING
			ERRCODE = 'insufficient_privilege',
			HINT = pg_catalog.format('This needs the capability %s.',
				pg_catalog.array_to_string(capabilities, ' or '));
	END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.require_capability(text, text[]) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.require_capability(text, text[]) IS
	'refuses an actor who has none of the capabilities';

CREATE FUNCTION careaccess.is_practitioner(member careaccess.id) RETURNS boolean
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_member ALIAS FOR $1;
BEGIN
	RETURN EXISTS (
		SELECT FROM careaccess.member_role h
		JOIN careaccess.role r ON r.practice = h.practice AND r.role = h.role
		WHERE h.member = the_member AND r.practitioner);
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.is_practitioner(careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.is_practitioner(careaccess.id) IS 'whether a member holds a practitioner role now';

-- Finding and locking what is named.  What is missing, elsewhere or hidden is
-- refused in the same words.

CREATE FUNCTION careaccess.raise_null(what text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	RAISE EXCEPTION '% must not be null', what USING ERRCODE = 'invalid_parameter_value';
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.raise_null(text) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.raise_null(text) IS 'refuses a null argument';

CREATE FUNCTION careaccess.raise_no_client(client careaccess.id) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	RAISE EXCEPTION 'no such client: "%"', client USING
		ERRCODE = 'no_data_found',
		HINT = 'Check the identifier; a client whom the acting member may not see counts as missing.';
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.raise_no_client(careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.raise_no_client(careaccess.id) IS 'refuses a client who is missing or hidden, in the same words';

CREATE FUNCTION careaccess.raise_no_member(member careaccess.id) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	RAISE EXCEPTION 'no such member: "%"', member USING
		ERRCODE = 'no_data_found',
		HINT = 'Check the identifier; only members of the same practice can be named.';
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.raise_no_member(careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.raise_no_member(careaccess.id) IS
	'refuses a member who is missing or of another practice, in the same words';

CREATE FUNCTION careaccess.lock_client(client careaccess.id, include_deleted boolean DEFAULT false)
	RETURNS careaccess.client
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_client ALIAS FOR $1;
	with_deleted ALIAS FOR $2;
	acting record;
	found_client careaccess.client;
BEGIN
	IF the_client IS NULL THEN
		PERFORM careaccess.raise_null('client');
	END IF;
	PERFORM careaccess.require_actor();
	SELECT * INTO STRICT acting FROM careaccess.actor();

	-- Looked at before it is locked: a hidden client cannot even be waited for.
	-- And again afterwards, because the wait may have been for a revocation.
	FOR attempt IN 1..2 LOOP
		IF attempt = 1 THEN
			SELECT * INTO found_client FROM careaccess.client WHERE id = the_client;
		ELSE
			SELECT * INTO found_client FROM careaccess.client WHERE id = the_client FOR NO KEY UPDATE;
		END IF;
		IF found_client.id IS NULL
			OR (found_client.status = 'deleted' AND NOT with_deleted)
			OR (acting.kind <> 'administrator'
				AND (acting.kind <> 'member'
					OR found_client.practice <> acting.practice
					OR careaccess.member_can(acting.id, the_client, 'name', 'view', with_deleted) IS NOT TRUE))
		THEN
			PERFORM careaccess.raise_no_client(the_client);
		END IF;
	END LOOP;
	RETURN found_client;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.lock_client(careaccess.id, boolean) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.lock_client(careaccess.id, boolean) IS
	'finds a client the actor may see and locks the row: changes of one client''s access happen one after the other';

CREATE FUNCTION careaccess.lock_member(member careaccess.id, practice careaccess.id DEFAULT NULL,
	exclusive boolean DEFAULT false) RETURNS careaccess.member
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_member ALIAS FOR $1;
	the_practice ALIAS FOR $2;
	acting record;
	found_member careaccess.member;
BEGIN
	IF the_member IS NULL THEN
		PERFORM careaccess.raise_null('member');
	END IF;
	SELECT * INTO STRICT acting FROM careaccess.actor();
	SELECT * INTO found_member FROM careaccess.member m
	WHERE id = the_member
		AND (the_practice IS NULL OR m.practice = the_practice)
		AND (acting.practice IS NULL OR m.practice = acting.practice);
	IF found_member.id IS NULL THEN
		PERFORM careaccess.raise_no_member(the_member);
	END IF;
	IF exclusive THEN
		SELECT * INTO found_member FROM careaccess.member WHERE id = the_member FOR NO KEY UPDATE;
	ELSE
		SELECT * INTO found_member FROM careaccess.member WHERE id = the_member FOR SHARE;
	END IF;
	IF found_member.id IS NULL THEN
		PERFORM careaccess.raise_no_member(the_member);
	END IF;
	RETURN found_member;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.lock_member(careaccess.id, careaccess.id, boolean) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.lock_member(careaccess.id, careaccess.id, boolean) IS
	'finds a member of the practice and locks the row, exclusively for changes of the account';

CREATE FUNCTION careaccess.lock_practice(practice careaccess.id) RETURNS careaccess.practice
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_practice careaccess.id := $1;
	acting record;
	found_practice careaccess.practice;
BEGIN
	SELECT * INTO STRICT acting FROM careaccess.actor();
	IF the_practice IS NULL THEN
		the_practice := acting.practice;
		IF the_practice IS NULL THEN
			RAISE EXCEPTION 'practice must not be null' USING
				ERRCODE = 'invalid_parameter_value',
				HINT = 'Nobody whose practice could be meant is acting in this session: name the practice.';
		END IF;
	END IF;
	IF acting.practice IS NULL OR acting.practice = the_practice THEN
		SELECT * INTO found_practice FROM careaccess.practice WHERE id = the_practice FOR SHARE;
	END IF;
	IF found_practice.id IS NULL THEN
		RAISE EXCEPTION 'no such practice: "%"', the_practice USING
			ERRCODE = 'no_data_found',
			HINT = 'Check the identifier; a member can name his own practice only.';
	END IF;
	RETURN found_practice;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.lock_practice(careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.lock_practice(careaccess.id) IS
	'finds the practice (null: the actor''s) and locks the row against changes of its settings';

-- Values

CREATE FUNCTION careaccess.require_practitioner(member careaccess.member) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
DECLARE
	the_member ALIAS FOR $1;
BEGIN
	IF the_member.status <> 'active' OR the_member.ends_at <= pg_catalog.statement_timestamp() THEN
		RAISE EXCEPTION 'member "%" is not active', the_member.id USING
			ERRCODE = 'invalid_parameter_value',
			HINT = 'Name an active practitioner, or make the account active with careaccess_set_member_status or a later end with careaccess_configure_member.';
	END IF;
	IF NOT careaccess.is_practitioner(the_member.id) THEN
		RAISE EXCEPTION 'member "%" is not a practitioner', the_member.id USING
			ERRCODE = 'invalid_parameter_value',
			HINT = 'Name a member who holds a role with the practitioner flag.';
	END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.require_practitioner(careaccess.member) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.require_practitioner(careaccess.member) IS
	'refuses a member who is not an active practitioner';

CREATE FUNCTION careaccess.require_choice(what text, value text, VARIADIC choices text[]) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	IF value IS NULL THEN
		RAISE EXCEPTION '% must not be null', what USING
			ERRCODE = 'invalid_parameter_value',
			HINT = pg_catalog.format('Choose one of: %s.', pg_catalog.array_to_string(choices, ', '));
	ELSIF value <> ALL (choices) THEN
		RAISE EXCEPTION 'unknown %: "%"', what, value USING
			ERRCODE = 'invalid_parameter_value',
			HINT = pg_catalog.format('Choose one of: %s.', pg_catalog.array_to_string(choices, ', '));
	END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.require_choice(text, text, text[]) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.require_choice(text, text, text[]) IS 'refuses a value that is none of the choices';

CREATE FUNCTION careaccess.require_known_category(category text) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_category ALIAS FOR $1;
BEGIN
	IF the_category IS NULL OR NOT EXISTS (SELECT FROM careaccess.category WHERE code = the_category) THEN
		PERFORM careaccess.require_choice('category', the_category,
			VARIADIC ARRAY(SELECT code FROM careaccess.category ORDER BY number));
	END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.require_known_category(text) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.require_known_category(text) IS 'refuses null and an unknown category';

CREATE FUNCTION careaccess.require_known_actions(actions text[]) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
DECLARE
	one text;
BEGIN
	IF actions IS NULL OR pg_catalog.cardinality(actions) = 0 THEN
		RAISE EXCEPTION 'actions must not be %', CASE WHEN actions IS NULL THEN 'null' ELSE 'empty' END USING
			ERRCODE = 'invalid_parameter_value',
			HINT = 'Name at least one of: view, create, edit, delete.';
	END IF;
	FOREACH one IN ARRAY actions LOOP
		PERFORM careaccess.require_choice('action', one, 'view', 'create', 'edit', 'delete');
	END LOOP;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.require_known_actions(text[]) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.require_known_actions(text[]) IS 'refuses null, an empty list and unknown actions';
