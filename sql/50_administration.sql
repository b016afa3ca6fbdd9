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
			HINT = 'Call careaccess_act_as, or log in with the login role of a member.';
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
			-- Touched, not only locked: a transaction that goes on with an older
			-- snapshot (repeatable read) must fail on this client, even if the
			-- change is to another table.
			UPDATE careaccess.client c SET created_at = c.created_at WHERE c.id = the_client
			RETURNING c.* INTO found_client;
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

CREATE FUNCTION careaccess.find_practice(practice careaccess.id) RETURNS careaccess.id
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_practice careaccess.id := $1;
	acting record;
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
	IF (acting.practice IS NOT NULL AND acting.practice <> the_practice)
		OR NOT EXISTS (SELECT FROM careaccess.practice WHERE id = the_practice)
	THEN
		RAISE EXCEPTION 'no such practice: "%"', the_practice USING
			ERRCODE = 'no_data_found',
			HINT = 'Check the identifier; a member can name his own practice only.';
	END IF;
	RETURN the_practice;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.find_practice(careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.find_practice(careaccess.id) IS
	'the practice (null: the actor''s), unless it is missing or another than the actor''s';

CREATE FUNCTION careaccess.lock_practice(practice careaccess.id) RETURNS careaccess.practice
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_practice careaccess.id := careaccess.find_practice($1);
	found_practice careaccess.practice;
BEGIN
	SELECT * INTO STRICT found_practice FROM careaccess.practice WHERE id = the_practice FOR SHARE;
	RETURN found_practice;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.lock_practice(careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.lock_practice(careaccess.id) IS
	'finds the practice (null: the actor''s) and locks the row against changes of its settings';

CREATE FUNCTION careaccess.lock_practice_alone(practice careaccess.id) RETURNS careaccess.practice
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_practice careaccess.id := careaccess.find_practice($1);
	found_practice careaccess.practice;
BEGIN
	SELECT * INTO STRICT found_practice FROM careaccess.practice WHERE id = the_practice FOR NO KEY UPDATE;
	RETURN found_practice;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.lock_practice_alone(careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.lock_practice_alone(careaccess.id) IS
	'as lock_practice, for changes of the practice itself: one after the other';

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

CREATE FUNCTION careaccess.sort_actions(actions text[]) RETURNS text[]
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
	SELECT ARRAY(
		SELECT a FROM pg_catalog.unnest('{view,create,edit,delete}'::text[]) WITH ORDINALITY AS o (a, n)
		WHERE a = ANY (actions) ORDER BY n)
$$;
REVOKE EXECUTE ON FUNCTION careaccess.sort_actions(text[]) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.sort_actions(text[]) IS 'actions once each, in their usual order';

CREATE FUNCTION careaccess.require_text(what text, value text) RETURNS text
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	IF value IS NULL OR pg_catalog.btrim(value) = '' THEN
		RAISE EXCEPTION '% must not be %', what, CASE WHEN value IS NULL THEN 'null' ELSE 'empty' END USING
			ERRCODE = 'invalid_parameter_value';
	END IF;
	RETURN value;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.require_text(text, text) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.require_text(text, text) IS 'the value, unless it is null or empty';

CREATE FUNCTION careaccess.require_keys(what text, object jsonb, VARIADIC keys text[]) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
DECLARE
	one text;
BEGIN
	IF object IS NULL OR pg_catalog.jsonb_typeof(object) <> 'object' THEN
		RAISE EXCEPTION '% must be a JSON object', what USING
			ERRCODE = 'invalid_parameter_value',
			HINT = pg_catalog.format('Its keys can be: %s.', pg_catalog.array_to_string(keys, ', '));
	END IF;
	FOR one IN SELECT pg_catalog.jsonb_object_keys(object) LOOP
		PERFORM careaccess.require_choice('key of ' || what, one, VARIADIC keys);
	END LOOP;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.require_keys(text, jsonb, text[]) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.require_keys(text, jsonb, text[]) IS
	'refuses what is no JSON object or has an unknown key';

CREATE FUNCTION careaccess.json_boolean(what text, value jsonb) RETURNS boolean
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	IF value IN ('true'::jsonb, '"on"'::jsonb) THEN
		RETURN true;
	ELSIF value IN ('false'::jsonb, '"off"'::jsonb) THEN
		RETURN false;
	END IF;
	RAISE EXCEPTION 'bad value of %: %', what, value USING
		ERRCODE = 'invalid_parameter_value',
		HINT = 'It is true or false, or "on" or "off".';
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.json_boolean(text, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.json_boolean(text, jsonb) IS 'a JSON boolean, also spelled "on" or "off"';

CREATE FUNCTION careaccess.json_choice(what text, value jsonb, VARIADIC choices text[]) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	IF value IS NULL OR pg_catalog.jsonb_typeof(value) <> 'string' THEN
		RAISE EXCEPTION 'bad value of %: %', what, coalesce(value, 'null'::jsonb) USING
			ERRCODE = 'invalid_parameter_value',
			HINT = pg_catalog.format('Choose one of: %s.', pg_catalog.array_to_string(choices, ', '));
	END IF;
	PERFORM careaccess.require_choice(what, value #>> '{}', VARIADIC choices);
	RETURN value #>> '{}';
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.json_choice(text, jsonb, text[]) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.json_choice(text, jsonb, text[]) IS 'a JSON string that is one of the choices';

CREATE FUNCTION careaccess.json_texts(what text, value jsonb) RETURNS text[]
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	-- CASE, because OR promises no order and the path would fail on a scalar.
	IF (CASE WHEN value IS NULL OR pg_catalog.jsonb_typeof(value) <> 'array' THEN true
		ELSE EXISTS (SELECT FROM pg_catalog.jsonb_array_elements(value) AS e
			WHERE pg_catalog.jsonb_typeof(e) <> 'string')
		END)
	THEN
		RAISE EXCEPTION '% must be a JSON array of strings', what USING
			ERRCODE = 'invalid_parameter_value';
	END IF;
	RETURN ARRAY(SELECT DISTINCT e FROM pg_catalog.jsonb_array_elements_text(value) AS e ORDER BY e);
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.json_texts(text, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.json_texts(text, jsonb) IS 'the distinct strings of a JSON array';

CREATE FUNCTION careaccess.name_clients(clients careaccess.id[]) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
DECLARE
	acting record;
	named careaccess.id[];
	at_most CONSTANT integer := 20;
	-- For everybody else a deleted client is gone.
	with_deleted boolean := careaccess.actor_has('delete_client');
BEGIN
	SELECT * INTO STRICT acting FROM careaccess.actor();
	named := ARRAY(
		SELECT DISTINCT c FROM pg_catalog.unnest(clients) AS c
		WHERE acting.kind = 'administrator'
			OR (acting.kind = 'member' AND careaccess.member_can(acting.id, c, 'name', 'view', with_deleted))
		ORDER BY c);
	RETURN CASE
		WHEN pg_catalog.cardinality(named) = 0 THEN 'None of them is visible to the acting member.'
		WHEN pg_catalog.cardinality(named) > at_most THEN pg_catalog.format('Clients: %s and %s more.',
			pg_catalog.array_to_string(named[1:at_most], ', '), pg_catalog.cardinality(named) - at_most)
		ELSE pg_catalog.format('Clients: %s.', pg_catalog.array_to_string(named, ', '))
	END;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.name_clients(careaccess.id[]) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.name_clients(careaccess.id[]) IS
	'the sentence that lists clients in the detail of an error: only those the actor may see';

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
		RAISE EXCEPTION 'not allowed to %', operation USING
			ERRCODE = 'insufficient_privilege',
			DETAIL = pg_catalog.format('It concerns administration capabilities that the acting member does not have: %s.',
				pg_catalog.array_to_string(lacking, ', ')),
			HINT = 'A member acts only over accounts and roles whose administration capabilities are among his own.';
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
		RAISE EXCEPTION 'not allowed to %', operation USING
			ERRCODE = 'insufficient_privilege',
			DETAIL = 'It concerns an unrevocable role.',
			HINT = 'Only a member who holds an unrevocable role gives or takes one.';
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
		RAISE EXCEPTION 'not allowed to %', operation USING
			ERRCODE = 'insufficient_privilege',
			DETAIL = 'The account has administration capabilities.',
			HINT = 'The capability manage_members_below covers accounts without any; this needs manage_members.';
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
			RAISE EXCEPTION 'not allowed to change one''s own account' USING
				ERRCODE = 'insufficient_privilege',
				HINT = 'Ask another member who manages accounts.';
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
CREATE FUNCTION careaccess.require_assignable_roles(operation text, practice careaccess.id, roles text[])
	RETURNS text[]
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_practice ALIAS FOR $2;
	known text[] := careaccess.require_known_roles($2, $3);
	administration text[];
BEGIN
	administration := ARRAY(
		SELECT DISTINCT g.capability FROM careaccess.role_capability g
		JOIN careaccess.capability c ON c.code = g.capability
		WHERE g.practice = the_practice AND g.role = ANY (known) AND c.administration ORDER BY 1);
	PERFORM careaccess.require_within_own(operation, administration);
	PERFORM careaccess.require_below(operation, administration);
	IF EXISTS (
		SELECT FROM careaccess.role r
		WHERE r.practice = the_practice AND r.role = ANY (known) AND r.unrevocable)
	THEN
		PERFORM careaccess.require_unrevocable(operation);
	END IF;
	RETURN known;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.require_assignable_roles(text, careaccess.id, text[]) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.require_assignable_roles(text, careaccess.id, text[]) IS
	'the distinct roles, unless one is unknown or the actor may not give them to a new account';

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

CREATE FUNCTION careaccess.lock_clients_of(member careaccess.id) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_member ALIAS FOR $1;
BEGIN
	PERFORM FROM careaccess.client
	WHERE id IN (
		SELECT l.client FROM careaccess.client_link l WHERE l.member = the_member AND l.active
		UNION ALL
		SELECT s.client FROM careaccess.chart_share s WHERE s.to_provider = the_member AND s.stopped IS NULL
		UNION ALL
		SELECT v.client FROM careaccess.client_revocation v WHERE v.member = the_member)
	ORDER BY id FOR NO KEY UPDATE;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.lock_clients_of(careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.lock_clients_of(careaccess.id) IS
	'locks the clients whose access changes when a member''s links end; before the member is locked';

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
		SELECT m.practice, restricted_client.id, m.id, acting.id
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

--
-- Practices
--

CREATE FUNCTION @extschema@.careaccess_create_practice(practice careaccess.id, name text,
	preset text DEFAULT 'standard') RETURNS careaccess.id
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'create_practice'
AS $$
#variable_conflict use_column
DECLARE
	the_practice ALIAS FOR $1;
	the_name ALIAS FOR $2;
	the_preset ALIAS FOR $3;
	s jsonb;
BEGIN
	PERFORM careaccess.require_actor();
	IF (SELECT kind <> 'administrator' FROM careaccess.actor()) THEN
		RAISE EXCEPTION 'not allowed to create a practice' USING
			ERRCODE = 'insufficient_privilege',
			HINT = 'Only an administrator of the database who acts as no member creates practices.';
	END IF;
	IF the_practice IS NULL THEN
		PERFORM careaccess.raise_null('practice');
	END IF;
	PERFORM careaccess.require_text('name', the_name);
	PERFORM careaccess.require_choice('preset', the_preset,
		VARIADIC ARRAY(SELECT p.preset FROM careaccess.preset p ORDER BY p.preset) || 'custom'::text);
	IF EXISTS (SELECT FROM careaccess.practice WHERE id = the_practice) THEN
		RAISE EXCEPTION 'practice "%" exists already', the_practice USING
			ERRCODE = 'unique_violation',
			HINT = 'Identifiers of practices are unique in the database.';
	END IF;

	IF the_preset = 'custom' THEN
		INSERT INTO careaccess.practice (id, name, preset) VALUES (the_practice, the_name, the_preset);
		RETURN the_practice;
	END IF;

	SELECT pg_catalog.jsonb_object_agg(p.setting, p.value) INTO STRICT s
	FROM careaccess.preset_setting p WHERE p.preset = the_preset;
	INSERT INTO careaccess.practice (id, name, preset,
		owner_mode, restriction, restricted_new_member, staff_booking, widget_booking,
		groups, ungrouped_sees, ungrouped_admin_manages, manager_bypasses_groups,
		edit_others_records, allow_self_share, allow_self_listing, share_private_notes_default,
		emergency_access, emergency_max_minutes, emergency_overrides_revocation)
	VALUES (the_practice, the_name, the_preset,
		s->>'owner_mode', (s->>'restriction')::boolean, s->>'restricted_new_member',
		s->>'staff_booking', s->>'widget_booking',
		(s->>'groups')::boolean, s->>'ungrouped_sees', s->>'ungrouped_admin_manages',
		(s->>'manager_bypasses_groups')::boolean,
		(s->>'edit_others_records')::boolean, (s->>'allow_self_share')::boolean,
		(s->>'allow_self_listing')::boolean, (s->>'share_private_notes_default')::boolean,
		(s->>'emergency_access')::boolean, (s->>'emergency_max_minutes')::integer,
		(s->>'emergency_overrides_revocation')::boolean);
	INSERT INTO careaccess.practice_author_rule (practice, category, rule)
	SELECT the_practice, p.category, p.rule FROM careaccess.preset_author_rule p WHERE p.preset = the_preset;
	INSERT INTO careaccess.practice_link_category (practice, kind, category)
	SELECT the_practice, p.kind, p.category FROM careaccess.preset_link_category p WHERE p.preset = the_preset;
	INSERT INTO careaccess.role (practice, role, practitioner, administrative, unrevocable)
	SELECT the_practice, p.role, p.practitioner, p.administrative, p.unrevocable
	FROM careaccess.preset_role p WHERE p.preset = the_preset;
	INSERT INTO careaccess.role_permission (practice, role, category, actions, reach, only_if_practitioner)
	SELECT the_practice, p.role, p.category, p.actions, p.reach, p.only_if_practitioner
	FROM careaccess.preset_permission p WHERE p.preset = the_preset;
	INSERT INTO careaccess.role_capability (practice, role, capability)
	SELECT the_practice, p.role, p.capability FROM careaccess.preset_capability p WHERE p.preset = the_preset;
	RETURN the_practice;
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_create_practice(careaccess.id, text, text) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_create_practice(careaccess.id, text, text) IS
	'makes a practice with the settings and roles of a preset ("custom": none); returns its identifier';

CREATE FUNCTION @extschema@.careaccess_configure_practice(practice careaccess.id, settings jsonb) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'configure_practice'
AS $$
#variable_conflict use_column
DECLARE
	s ALIAS FOR $2;
	was careaccess.practice;
	now_is careaccess.practice;
	key text;
	value jsonb;
	one text;
	listed text[];
	blocking careaccess.id[];
	blocking_groups text;
BEGIN
	PERFORM careaccess.require_capability('change the settings of a practice', 'manage_roles');
	was := careaccess.lock_practice_alone($1);
	now_is := was;
	PERFORM careaccess.require_keys('the settings', s,
		'owner_mode', 'restriction', 'restricted_new_member', 'staff_booking', 'widget_booking',
		'groups', 'ungrouped_sees', 'ungrouped_admin_manages', 'manager_bypasses_groups',
		'edit_others_records', 'allow_self_share', 'allow_self_listing', 'share_private_notes_default',
		'emergency_access', 'emergency_max_minutes', 'emergency_overrides_revocation',
		'author_rules', 'link_categories');

	FOR key, value IN SELECT * FROM pg_catalog.jsonb_each(s) LOOP
		CASE key
			WHEN 'owner_mode' THEN
				now_is.owner_mode := careaccess.json_choice(key, value, 'one', 'none');
			WHEN 'restriction' THEN
				now_is.restriction := careaccess.json_boolean(key, value);
			WHEN 'restricted_new_member' THEN
				now_is.restricted_new_member := careaccess.json_choice(key, value, 'allow', 'deny');
			WHEN 'staff_booking' THEN
				now_is.staff_booking := careaccess.json_choice(key, value, 'none', 'list', 'grant');
			WHEN 'widget_booking' THEN
				now_is.widget_booking := careaccess.json_choice(key, value, 'none', 'list', 'grant', 'duplicate');
			WHEN 'groups' THEN
				now_is.groups := careaccess.json_boolean(key, value);
			WHEN 'ungrouped_sees' THEN
				now_is.ungrouped_sees := careaccess.json_choice(key, value, 'own', 'all');
			WHEN 'ungrouped_admin_manages' THEN
				now_is.ungrouped_admin_manages := careaccess.json_choice(key, value, 'all', 'none');
			WHEN 'manager_bypasses_groups' THEN
				now_is.manager_bypasses_groups := careaccess.json_boolean(key, value);
			WHEN 'edit_others_records' THEN
				now_is.edit_others_records := careaccess.json_boolean(key, value);
			WHEN 'allow_self_share' THEN
				now_is.allow_self_share := careaccess.json_boolean(key, value);
			WHEN 'allow_self_listing' THEN
				now_is.allow_self_listing := careaccess.json_boolean(key, value);
			WHEN 'share_private_notes_default' THEN
				now_is.share_private_notes_default := careaccess.json_boolean(key, value);
			WHEN 'emergency_access' THEN
				now_is.emergency_access := careaccess.json_boolean(key, value);
			WHEN 'emergency_max_minutes' THEN
				IF (value #>> '{}') !~ '^[1-9][0-9]{0,8}$' OR (value #>> '{}') IS NULL THEN
					RAISE EXCEPTION 'bad value of %: %', key, value USING
						ERRCODE = 'invalid_parameter_value',
						HINT = 'It is a whole number of minutes, at least 1.';
				END IF;
				now_is.emergency_max_minutes := (value #>> '{}')::integer;
			WHEN 'emergency_overrides_revocation' THEN
				now_is.emergency_overrides_revocation := careaccess.json_boolean(key, value);
			WHEN 'author_rules' THEN
				PERFORM careaccess.require_keys(key, value,
					VARIADIC ARRAY(SELECT code FROM careaccess.category ORDER BY number));
				FOR one IN SELECT pg_catalog.jsonb_object_keys(value) LOOP
					PERFORM careaccess.json_choice('author rule', value -> one, 'none', 'author', 'share', 'group');
				END LOOP;
			WHEN 'link_categories' THEN
				PERFORM careaccess.require_keys(key, value, 'owner', 'grant', 'listed');
				FOR one IN SELECT pg_catalog.jsonb_object_keys(value) LOOP
					listed := careaccess.json_texts('the categories of a link', value -> one);
					FOR i IN 1..pg_catalog.cardinality(listed) LOOP
						PERFORM careaccess.require_known_category(listed[i]);
					END LOOP;
				END LOOP;
		END CASE;
	END LOOP;

	IF was.groups AND NOT now_is.groups THEN
		SELECT pg_catalog.string_agg(pg_catalog.format('"%s"', g.name), ', ' ORDER BY g.name)
		INTO blocking_groups FROM careaccess.practitioner_group g WHERE g.practice = was.id;
		IF blocking_groups IS NOT NULL THEN
			RAISE EXCEPTION 'cannot switch groups off while there are groups' USING
				ERRCODE = 'object_not_in_prerequisite_state',
				DETAIL = pg_catalog.format('Groups: %s.', blocking_groups),
				HINT = 'Delete them with careaccess_delete_group first.';
		END IF;
	END IF;
	IF was.restriction AND NOT now_is.restriction THEN
		blocking := ARRAY(SELECT c.id FROM careaccess.client c WHERE c.practice = was.id AND c.restricted);
		IF blocking <> '{}' THEN
			RAISE EXCEPTION 'cannot switch restriction off while clients are restricted' USING
				ERRCODE = 'object_not_in_prerequisite_state',
				DETAIL = careaccess.name_clients(blocking),
				HINT = 'Unrestrict them with careaccess_unrestrict_client first.';
		END IF;
	END IF;
	IF was.owner_mode <> now_is.owner_mode THEN
		blocking := ARRAY(
			SELECT c.id FROM careaccess.client c
			WHERE c.practice = was.id AND c.status <> 'deleted'
				AND (now_is.owner_mode = 'none') = EXISTS (
					SELECT FROM careaccess.client_link l
					WHERE l.client = c.id AND l.kind = 'owner' AND l.active));
		IF blocking <> '{}' THEN
			RAISE EXCEPTION 'cannot set owner_mode to %: there are clients %', now_is.owner_mode,
				CASE now_is.owner_mode WHEN 'one' THEN 'without an owner' ELSE 'with an owner' END
			USING
				ERRCODE = 'object_not_in_prerequisite_state',
				DETAIL = careaccess.name_clients(blocking),
				HINT = 'The setting is chosen before the first client is registered.';
		END IF;
	END IF;

	IF was IS DISTINCT FROM now_is THEN
		UPDATE careaccess.practice SET
			owner_mode = now_is.owner_mode,
			restriction = now_is.restriction,
			restricted_new_member = now_is.restricted_new_member,
			staff_booking = now_is.staff_booking,
			widget_booking = now_is.widget_booking,
			groups = now_is.groups,
			ungrouped_sees = now_is.ungrouped_sees,
			ungrouped_admin_manages = now_is.ungrouped_admin_manages,
			manager_bypasses_groups = now_is.manager_bypasses_groups,
			edit_others_records = now_is.edit_others_records,
			allow_self_share = now_is.allow_self_share,
			allow_self_listing = now_is.allow_self_listing,
			share_private_notes_default = now_is.share_private_notes_default,
			emergency_access = now_is.emergency_access,
			emergency_max_minutes = now_is.emergency_max_minutes,
			emergency_overrides_revocation = now_is.emergency_overrides_revocation
		WHERE id = was.id;
	END IF;
	IF s ? 'author_rules' THEN
		INSERT INTO careaccess.practice_author_rule AS r (practice, category, rule)
		SELECT was.id, e.key, e.value FROM pg_catalog.jsonb_each_text(s -> 'author_rules') AS e
		ON CONFLICT (practice, category) DO UPDATE SET rule = excluded.rule
			WHERE r.rule <> excluded.rule;
	END IF;
	IF s ? 'link_categories' THEN
		FOR one IN SELECT pg_catalog.jsonb_object_keys(s -> 'link_categories') LOOP
			listed := careaccess.json_texts('the categories of a link', s -> 'link_categories' -> one);
			DELETE FROM careaccess.practice_link_category l
			WHERE l.practice = was.id AND l.kind = one AND l.category <> ALL (listed);
			INSERT INTO careaccess.practice_link_category (practice, kind, category)
			SELECT was.id, one, c FROM pg_catalog.unnest(listed) AS c
			ON CONFLICT (practice, kind, category) DO NOTHING;
		END LOOP;
	END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_configure_practice(careaccess.id, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_configure_practice(careaccess.id, jsonb) IS
	'changes settings of a practice, and with "author_rules" and "link_categories" what its links open';

--
-- Roles
--

CREATE FUNCTION @extschema@.careaccess_define_role(practice careaccess.id, role text, definition jsonb) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'define_role'
AS $$
#variable_conflict use_column
DECLARE
	operation CONSTANT text := 'define a role';
	the_role ALIAS FOR $2;
	d ALIAS FOR $3;
	the_practice careaccess.id;
	acting record;
	was careaccess.role;
	now_is careaccess.role;
	permissions jsonb := '[]'::jsonb;
	permission jsonb;
	granted text[] := '{}'::text[];
	administration text[];
	holders careaccess.id[];
	practitioners careaccess.id[];
	had_manager boolean;
	one careaccess.id;
BEGIN
	PERFORM careaccess.require_capability(operation, 'manage_roles');
	SELECT * INTO STRICT acting FROM careaccess.actor();
	the_practice := careaccess.find_practice($1);
	PERFORM careaccess.require_text('role', the_role);

	-- Read the definition.
	PERFORM careaccess.require_keys('the definition', d,
		'practitioner', 'administrative', 'unrevocable', 'permissions', 'capabilities');
	now_is.practice := the_practice;
	now_is.role := the_role;
	now_is.practitioner := careaccess.json_boolean('practitioner', coalesce(d -> 'practitioner', 'false'));
	now_is.administrative := careaccess.json_boolean('administrative', coalesce(d -> 'administrative', 'false'));
	now_is.unrevocable := careaccess.json_boolean('unrevocable', coalesce(d -> 'unrevocable', 'false'));
	IF d ? 'capabilities' THEN
		granted := careaccess.json_texts('capabilities', d -> 'capabilities');
		FOR i IN 1..pg_catalog.cardinality(granted) LOOP
			PERFORM careaccess.require_choice('capability', granted[i],
				VARIADIC ARRAY(SELECT code FROM careaccess.capability ORDER BY code));
		END LOOP;
	END IF;
	IF d ? 'permissions' THEN
		IF pg_catalog.jsonb_typeof(d -> 'permissions') <> 'array' THEN
			RAISE EXCEPTION 'permissions must be a JSON array of objects' USING
				ERRCODE = 'invalid_parameter_value';
		END IF;
		FOR permission IN SELECT * FROM pg_catalog.jsonb_array_elements(d -> 'permissions') LOOP
			PERFORM careaccess.require_keys('a permission', permission,
				'category', 'actions', 'reach', 'effect', 'only_if_practitioner');
			PERFORM careaccess.json_choice('category', permission -> 'category',
				VARIADIC ARRAY(SELECT code FROM careaccess.category ORDER BY number));
			PERFORM careaccess.require_known_actions(careaccess.json_texts('actions', permission -> 'actions'));
			PERFORM careaccess.require_reach(
				careaccess.json_choice('reach', permission -> 'reach', 'all', 'own', 'group', 'managed', 'delegated'),
				careaccess.json_choice('effect', coalesce(permission -> 'effect', '"allow"'), 'allow', 'deny'));
			permissions := permissions || pg_catalog.jsonb_build_array(permission || pg_catalog.jsonb_build_object(
				'effect', coalesce(permission ->> 'effect', 'allow'),
				'only_if_practitioner', careaccess.json_boolean('only_if_practitioner',
					coalesce(permission -> 'only_if_practitioner', 'false'))));
		END LOOP;
	END IF;

	-- Who holds the role now.
	PERFORM careaccess.lock_managers(the_practice);
	SELECT r.* INTO was FROM careaccess.role r
	WHERE r.practice = the_practice AND r.role = the_role FOR NO KEY UPDATE;
	holders := ARRAY(
		SELECT h.member FROM careaccess.member_role h JOIN careaccess.member m ON m.id = h.member
		WHERE h.practice = the_practice AND h.role = the_role AND m.status <> 'removed' ORDER BY h.member);
	practitioners := ARRAY(SELECT h FROM pg_catalog.unnest(holders) AS h WHERE careaccess.is_practitioner(h));
	IF was.practitioner AND NOT now_is.practitioner THEN
		FOREACH one IN ARRAY practitioners LOOP
			PERFORM careaccess.lock_clients_of(one);
		END LOOP;
	END IF;
	PERFORM FROM careaccess.member m WHERE m.id = ANY (holders) ORDER BY m.id FOR NO KEY UPDATE;
	UPDATE careaccess.member m SET created_at = m.created_at WHERE m.id = ANY (holders);
	had_manager := EXISTS (
		SELECT FROM careaccess.member m
		WHERE m.practice = the_practice AND m.status = 'active' AND careaccess.manages_members(m.id));
	administration := ARRAY(
		SELECT code FROM careaccess.capability
		WHERE administration AND (code = ANY (granted) OR code IN (
			SELECT g.capability FROM careaccess.role_capability g
			WHERE g.practice = the_practice AND g.role = the_role))
		ORDER BY code);

	-- Whoever defines a role acts over the accounts of its holders.
	IF acting.kind = 'member' THEN
		IF acting.id = ANY (holders) THEN
			RAISE EXCEPTION 'not allowed to define a role that one holds' USING
				ERRCODE = 'insufficient_privilege',
				HINT = 'Ask another member with the capability manage_roles who does not hold it.';
		END IF;
		PERFORM careaccess.require_within_own(operation, administration);
		IF was.unrevocable IS TRUE OR now_is.unrevocable THEN
			PERFORM careaccess.require_unrevocable(operation);
		END IF;
		FOREACH one IN ARRAY holders LOOP
			PERFORM careaccess.require_within_own(operation, careaccess.administration_of(one));
		END LOOP;
	END IF;

	-- Write only what differs: the log then says what was changed.
	IF was.role IS NULL THEN
		INSERT INTO careaccess.role (practice, role, practitioner, administrative, unrevocable)
		VALUES (the_practice, the_role, now_is.practitioner, now_is.administrative, now_is.unrevocable);
	ELSIF was IS DISTINCT FROM now_is THEN
		UPDATE careaccess.role r SET
			practitioner = now_is.practitioner,
			administrative = now_is.administrative,
			unrevocable = now_is.unrevocable
		WHERE r.practice = the_practice AND r.role = the_role;
	END IF;
	DELETE FROM careaccess.role_capability g
	WHERE g.practice = the_practice AND g.role = the_role AND g.capability <> ALL (granted);
	INSERT INTO careaccess.role_capability (practice, role, capability)
	SELECT the_practice, the_role, c FROM pg_catalog.unnest(granted) AS c
	ON CONFLICT (practice, role, capability) DO NOTHING;
	DELETE FROM careaccess.role_permission p
	WHERE p.practice = the_practice AND p.role = the_role
		AND NOT EXISTS (
			SELECT FROM pg_catalog.jsonb_array_elements(permissions) AS e
			WHERE e ->> 'category' = p.category AND e ->> 'reach' = p.reach AND e ->> 'effect' = p.effect
				AND (e ->> 'only_if_practitioner')::boolean = p.only_if_practitioner);
	-- Two entries that differ in their actions only are one row.
	INSERT INTO careaccess.role_permission AS p
		(practice, role, category, actions, reach, effect, only_if_practitioner)
	SELECT the_practice, the_role, e ->> 'category',
		careaccess.sort_actions(pg_catalog.array_agg(a)),
		e ->> 'reach', e ->> 'effect', (e ->> 'only_if_practitioner')::boolean
	FROM pg_catalog.jsonb_array_elements(permissions) AS e,
		pg_catalog.jsonb_array_elements_text(e -> 'actions') AS a
	GROUP BY e ->> 'category', e ->> 'reach', e ->> 'effect', (e ->> 'only_if_practitioner')::boolean
	ON CONFLICT (practice, role, category, reach, effect, only_if_practitioner)
		DO UPDATE SET actions = excluded.actions
		WHERE p.actions <> excluded.actions;

	-- What follows for the holders.
	IF was.practitioner AND NOT now_is.practitioner THEN
		FOREACH one IN ARRAY practitioners LOOP
			IF NOT careaccess.is_practitioner(one) THEN
				PERFORM careaccess.require_no_clients('take the practitioner flag from a role', one,
					'Reassign his clients with careaccess_transfer_clients, or give him another practitioner role first.');
				PERFORM careaccess.end_practice_of(one);
			END IF;
		END LOOP;
	END IF;
	IF now_is.administrative AND NOT was.administrative THEN
		PERFORM careaccess.deny_restricted_to(holders);
	END IF;
	IF acting.kind = 'member' AND had_manager THEN
		PERFORM careaccess.require_manager(operation, the_practice);
	END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_define_role(careaccess.id, text, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_define_role(careaccess.id, text, jsonb) IS
	'creates or replaces a role: its flags, permissions and capabilities';
