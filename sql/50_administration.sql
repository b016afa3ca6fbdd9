--
-- Administration: what all functions that change access have in common
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
	LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE AS 'MODULE_PATHNAME', 'ca_sql_has_capability';
REVOKE EXECUTE ON FUNCTION careaccess.has_capability(careaccess.id, text) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.has_capability(careaccess.id, text) IS
	'whether a member has a capability, through a role or by himself';

CREATE FUNCTION careaccess.actor_has(VARIADIC capabilities text[]) RETURNS boolean
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED -- the actor follows this session's settings
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
DECLARE
	acting CONSTANT record := careaccess.actor();
BEGIN
	IF acting.kind <> 'member' THEN
		RETURN acting.kind = 'administrator';
	END IF;
	RETURN EXISTS (
		SELECT FROM pg_catalog.unnest(capabilities) AS c (capability)
		WHERE careaccess.has_capability(acting.id, c.capability));
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.actor_has(text[]) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.actor_has(text[]) IS
	'whether the actor has one of the capabilities; a database administrator has all';

CREATE FUNCTION careaccess.require_actor() RETURNS void
	LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'ca_sql_require_actor';
REVOKE EXECUTE ON FUNCTION careaccess.require_actor() FROM PUBLIC;
COMMENT ON FUNCTION careaccess.require_actor() IS
	'refuses a session in which nobody is acting, or a portal user';

-- Who gave, started or ended something.  A portal user's identifier may be
-- that of a member, too: it must not get into a column that names members.
CREATE FUNCTION careaccess.acting_member() RETURNS careaccess.id
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
DECLARE
	acting CONSTANT record := careaccess.actor();
BEGIN
	RETURN CASE acting.kind WHEN 'member' THEN acting.id END;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.acting_member() FROM PUBLIC;
COMMENT ON FUNCTION careaccess.acting_member() IS 'the actor, if he is a member; otherwise null';

CREATE FUNCTION careaccess.require_capability(operation text, VARIADIC capabilities text[]) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	PERFORM careaccess.require_actor();
	IF NOT careaccess.actor_has(VARIADIC capabilities) THEN
		PERFORM careaccess.refuse('42501', pg_catalog.format('not allowed to %s', operation),
			hint => pg_catalog.format('This needs the capability %s.',
				pg_catalog.array_to_string(capabilities, ' or ')));
	END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.require_capability(text, text[]) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.require_capability(text, text[]) IS
	'refuses an actor who has none of the capabilities';

CREATE FUNCTION careaccess.is_practitioner(member careaccess.id) RETURNS boolean
	LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE AS 'MODULE_PATHNAME', 'ca_sql_is_practitioner';
REVOKE EXECUTE ON FUNCTION careaccess.is_practitioner(careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.is_practitioner(careaccess.id) IS 'whether a member holds a practitioner role now';

CREATE FUNCTION careaccess.is_active_practitioner(member careaccess.id) RETURNS boolean
	LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE AS 'MODULE_PATHNAME', 'ca_sql_is_active_practitioner';
REVOKE EXECUTE ON FUNCTION careaccess.is_active_practitioner(careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.is_active_practitioner(careaccess.id) IS
	'whether a member has access now and holds a practitioner role';

CREATE FUNCTION careaccess.require_administrator(operation text) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	IF (careaccess.actor()).kind <> 'administrator' THEN
		PERFORM careaccess.refuse('42501', 'not allowed to ' || operation,
			hint => 'A database administrator without an identity can.');
	END IF;
END
$$;
COMMENT ON FUNCTION careaccess.require_administrator(text) IS
	'refuses whoever is no database administrator without an identity';
REVOKE ALL ON FUNCTION careaccess.require_administrator(text) FROM PUBLIC;

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
	LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL SAFE AS 'MODULE_PATHNAME', 'ca_sql_raise_no_client';
REVOKE EXECUTE ON FUNCTION careaccess.raise_no_client(careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.raise_no_client(careaccess.id) IS 'refuses a client who is missing or hidden, in the same words';

CREATE FUNCTION careaccess.raise_no_member(member careaccess.id) RETURNS void
	LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL SAFE AS 'MODULE_PATHNAME', 'ca_sql_raise_no_member';
REVOKE EXECUTE ON FUNCTION careaccess.raise_no_member(careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.raise_no_member(careaccess.id) IS
	'refuses a member who is missing or of another practice, in the same words';

-- The client is touched, not only locked: a transaction that goes on with an
-- older snapshot (repeatable read) must fail on him, even if the change is to
-- another table.
CREATE FUNCTION careaccess.lock_client(client careaccess.id, include_deleted boolean DEFAULT false)
	RETURNS careaccess.client
	LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'ca_sql_lock_client';
REVOKE EXECUTE ON FUNCTION careaccess.lock_client(careaccess.id, boolean) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.lock_client(careaccess.id, boolean) IS
	'finds a client the actor may see and locks the row: changes of one client''s access happen one after the other';

CREATE FUNCTION careaccess.lock_member(member careaccess.id, practice careaccess.id DEFAULT NULL,
	exclusive boolean DEFAULT false) RETURNS careaccess.member
	LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'ca_sql_lock_member';
REVOKE EXECUTE ON FUNCTION careaccess.lock_member(careaccess.id, careaccess.id, boolean) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.lock_member(careaccess.id, careaccess.id, boolean) IS
	'finds a member of the practice and locks the row, exclusively for changes of the account';

-- For whoever takes away all that somebody has, or asks whether there is any,
-- after the lock: the others shared it when they gave, and an older snapshot
-- (repeatable read) does not show what they gave.
CREATE FUNCTION careaccess.require_current_member(member careaccess.id) RETURNS void
	LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'ca_sql_require_current_member';
REVOKE EXECUTE ON FUNCTION careaccess.require_current_member(careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.require_current_member(careaccess.id) IS
	'fails (40001) if something was given to the member since the transaction''s snapshot';

CREATE FUNCTION careaccess.require_current_practice(practice careaccess.id) RETURNS void
	LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'ca_sql_require_current_practice';
REVOKE EXECUTE ON FUNCTION careaccess.require_current_practice(careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.require_current_practice(careaccess.id) IS
	'fails (40001) if a client or a group of the practice changed since the transaction''s snapshot';

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
		PERFORM careaccess.refuse('P0002', pg_catalog.format('no such practice: "%s"', the_practice),
			hint => 'Check the identifier; a member can name his own practice only.');
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
