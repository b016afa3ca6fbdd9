--
-- Clients: registering them, owners, shares, listings; and what the functions
-- for chart shares and restriction have in common with these
--
-- Every function asks in this order: may the actor see the client (the
-- answer for a hidden one is that for a missing one), may he do this, do the
-- arguments make sense, does the state allow it.  The client's row is locked
-- from the first question on, so what was asked still holds when it is written.
--
-- Undoing what is not there (ending a share that nobody gave, restoring access
-- that nobody revoked) and doing what is done already change nothing and are
-- no errors.

-- What these functions have in common

CREATE FUNCTION careaccess.has_link(client careaccess.id, member careaccess.id, VARIADIC kinds text[]) RETURNS boolean
	LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE AS 'MODULE_PATHNAME', 'ca_sql_has_link';
REVOKE EXECUTE ON FUNCTION careaccess.has_link(careaccess.id, careaccess.id, text[]) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.has_link(careaccess.id, careaccess.id, text[]) IS
	'whether a member has an active and valid link of one of the kinds to a client';

CREATE FUNCTION careaccess.has_active_link(client careaccess.id, member careaccess.id, kind text) RETURNS boolean
	LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE AS 'MODULE_PATHNAME', 'ca_sql_has_active_link';
REVOKE EXECUTE ON FUNCTION careaccess.has_active_link(careaccess.id, careaccess.id, text) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.has_active_link(careaccess.id, careaccess.id, text) IS
	'whether a member has a link of the kind to a client that is marked active, though it may have run out';

CREATE FUNCTION careaccess.may_on_client(client careaccess.id, anywhere text, linked text, VARIADIC kinds text[]) RETURNS boolean
	LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'ca_sql_may_on_client';
REVOKE EXECUTE ON FUNCTION careaccess.may_on_client(careaccess.id, text, text, text[]) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.may_on_client(careaccess.id, text, text, text[]) IS
	'whether the actor has the capability for every client he sees, or the one for clients he is linked to and a link';

CREATE FUNCTION careaccess.refuse_on_client(operation text, anywhere text, linked text, VARIADIC kinds text[]) RETURNS void
	LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	PERFORM careaccess.require_capability(operation, anywhere, linked);
	PERFORM careaccess.refuse('42501', pg_catalog.format('not allowed to %s', operation),
		hint => pg_catalog.format('The capability %s counts only for a client to whom the member has a link of his own (%s).',
			linked, pg_catalog.array_to_string(kinds, ' or ')));
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.refuse_on_client(text, text, text, text[]) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.refuse_on_client(text, text, text, text[]) IS
	'refuses an actor of whom careaccess.may_on_client is false, and says what he lacks';

CREATE FUNCTION careaccess.require_on_client(operation text, client careaccess.id,
	anywhere text, linked text, VARIADIC kinds text[]) RETURNS void
	LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_client ALIAS FOR $2;
BEGIN
	IF NOT careaccess.may_on_client(the_client, anywhere, linked, VARIADIC kinds) THEN
		PERFORM careaccess.refuse_on_client(operation, anywhere, linked, VARIADIC kinds);
	END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.require_on_client(text, careaccess.id, text, text, text[]) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.require_on_client(text, careaccess.id, text, text, text[]) IS
	'refuses an actor who has neither the capability for every client he sees nor the one for clients he is linked to';

CREATE FUNCTION careaccess.is_revoked(client careaccess.id, member careaccess.id) RETURNS boolean
	LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE AS 'MODULE_PATHNAME', 'ca_sql_is_revoked';
REVOKE EXECUTE ON FUNCTION careaccess.is_revoked(careaccess.id, careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.is_revoked(careaccess.id, careaccess.id) IS
	'whether a member''s administrative access to a client is revoked';

CREATE FUNCTION careaccess.require_not_revoked(client careaccess.id, member careaccess.id) RETURNS void
	LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_client ALIAS FOR $1;
	the_member ALIAS FOR $2;
BEGIN
	IF careaccess.is_revoked(the_client, the_member) THEN
		RAISE EXCEPTION 'the administrative access of member "%" to client "%" is revoked', the_member, the_client USING
			ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'Restore it first with careaccess_restore_administrative_access.';
	END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.require_not_revoked(careaccess.id, careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.require_not_revoked(careaccess.id, careaccess.id) IS
	'refuses to give a link or a share to a member who is revoked on the client';

-- Whoever creates appointments only for the practitioners he manages names
-- only these when he books, lists or adds.
CREATE FUNCTION careaccess.names_only_managed(member careaccess.id) RETURNS boolean
	LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_member ALIAS FOR $1;
	reaches text[];
BEGIN
	WITH permission AS (
		SELECT p.reach, p.effect, p.only_if_practitioner
		FROM careaccess.member_role AS h
		JOIN careaccess.role_permission AS p ON p.practice = h.practice AND p.role = h.role
		WHERE h.member = the_member AND p.category = 'schedule' AND 'create' = ANY (p.actions)
		UNION ALL
		SELECT p.reach, p.effect, p.only_if_practitioner
		FROM careaccess.member_permission AS p
		WHERE p.member = the_member AND p.category = 'schedule' AND 'create' = ANY (p.actions)
	), counting AS (
		SELECT p.reach, p.effect FROM permission AS p
		WHERE NOT p.only_if_practitioner OR careaccess.is_practitioner(the_member)
	)
	SELECT pg_catalog.array_agg(DISTINCT p.reach) INTO reaches
	FROM counting AS p
	WHERE p.effect = 'allow' AND NOT EXISTS (
		SELECT FROM counting AS d
		WHERE d.effect = 'deny' AND (d.reach = 'all' OR p.reach <> 'all'));
	RETURN COALESCE(reaches = ARRAY['managed'], false);
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.names_only_managed(careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.names_only_managed(careaccess.id) IS
	'whether a member may create appointments by reach managed only';

CREATE FUNCTION careaccess.require_may_name(practitioner careaccess.id) RETURNS void
	LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_practitioner ALIAS FOR $1;
	acting record;
BEGIN
	SELECT * INTO STRICT acting FROM careaccess.actor();
	-- Null is refused as such where the member is looked for.
	IF acting.kind = 'member' AND the_practitioner IS NOT NULL
		AND careaccess.names_only_managed(acting.id)
		AND NOT careaccess.manages(acting.id, the_practitioner)
	THEN
		PERFORM careaccess.refuse('42501', pg_catalog.format('not allowed to name member "%s"', the_practitioner),
			member => the_practitioner,
			hint => 'Name a practitioner of a group that the acting member manages.');
	END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.require_may_name(careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.require_may_name(careaccess.id) IS
	'refuses a practitioner whom the actor does not manage, if he acts only for those he manages';

-- Members are locked by rising identifier, whatever the order in which a call
-- names them, and come back without repetitions.
CREATE FUNCTION careaccess.lock_members(members careaccess.id[], practice careaccess.id) RETURNS SETOF careaccess.member
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_practice ALIAS FOR $2;
	one careaccess.id;
BEGIN
	FOR one IN SELECT DISTINCT n.id FROM pg_catalog.unnest(members) AS n (id) ORDER BY 1 LOOP
		RETURN NEXT careaccess.lock_member(one, the_practice);
	END LOOP;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.lock_members(careaccess.id[], careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.lock_members(careaccess.id[], careaccess.id) IS
	'finds members of the practice and locks their rows in one order';

CREATE FUNCTION careaccess.add_link(client careaccess.client, member careaccess.id, kind text, source text,
	valid_until timestamptz DEFAULT NULL, reason text DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_client ALIAS FOR $1;
	the_member ALIAS FOR $2;
	the_kind ALIAS FOR $3;
	the_source ALIAS FOR $4;
	the_end ALIAS FOR $5;
	the_reason ALIAS FOR $6;
BEGIN
	-- A link that ran out by itself is still marked active.
	UPDATE careaccess.client_link AS l SET active = false
	WHERE l.client = the_client.id AND l.member = the_member AND l.kind = the_kind
		AND l.active AND l.valid_until <= pg_catalog.statement_timestamp();
	INSERT INTO careaccess.client_link
		(practice, client, member, kind, source, valid_from, valid_until, granted_by, reason)
	VALUES (the_client.practice, the_client.id, the_member, the_kind, the_source,
		pg_catalog.statement_timestamp(), the_end, careaccess.acting_member(), the_reason);
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.add_link(careaccess.client, careaccess.id, text, text, timestamptz, text) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.add_link(careaccess.client, careaccess.id, text, text, timestamptz, text) IS
	'begins a link, given by the acting member if there is one';

-- However a provider comes to be listed.
CREATE FUNCTION careaccess.list_provider(client careaccess.client, provider careaccess.id, source text) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_client ALIAS FOR $1;
	the_provider ALIAS FOR $2;
BEGIN
	-- TA-5: a chart share that outlived his last link does not come back with this one.
	IF NOT careaccess.has_link(the_client.id, the_provider, 'owner', 'grant', 'listed') THEN
		UPDATE careaccess.chart_share AS s
		SET stopped = LEAST(s.valid_until, pg_catalog.statement_timestamp()),
			stopped_by = careaccess.acting_member()
		WHERE s.client = the_client.id AND s.to_provider = the_provider AND s.stopped IS NULL;
	END IF;
	PERFORM careaccess.add_link(the_client, the_provider, 'listed', source);
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.list_provider(careaccess.client, careaccess.id, text) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.list_provider(careaccess.client, careaccess.id, text) IS
	'lists a provider who is not listed, without asking who may; no chart share comes back by it';

-- Identifiers are unique in the database, so the refusal tells of every
-- client; it says no more than that.
CREATE FUNCTION careaccess.raise_client_in_use(client careaccess.id) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	RAISE EXCEPTION 'client identifier "%" is in use', client USING
		ERRCODE = 'unique_violation',
		HINT = 'Choose another identifier; that of a deleted client is not free.';
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.raise_client_in_use(careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.raise_client_in_use(careaccess.id) IS 'refuses an identifier that a client has already';

CREATE FUNCTION careaccess.register_client(client careaccess.id, practice careaccess.id) RETURNS careaccess.client
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	c careaccess.client;
BEGIN
	INSERT INTO careaccess.client (id, practice) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING * INTO c;
	IF c.id IS NULL THEN
		PERFORM careaccess.raise_client_in_use($1);
	END IF;
	RETURN c;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.register_client(careaccess.id, careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.register_client(careaccess.id, careaccess.id) IS
	'registers a client, who has no links yet; refuses an identifier in use';

CREATE FUNCTION careaccess.end_link(client careaccess.id, member careaccess.id, kind text) RETURNS boolean
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_client ALIAS FOR $1;
	the_member ALIAS FOR $2;
	the_kind ALIAS FOR $3;
BEGIN
	UPDATE careaccess.client_link AS l
	SET active = false, valid_until = LEAST(l.valid_until, pg_catalog.statement_timestamp())
	WHERE l.client = the_client AND l.member = the_member AND l.kind = the_kind AND l.active;
	RETURN FOUND;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.end_link(careaccess.id, careaccess.id, text) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.end_link(careaccess.id, careaccess.id, text) IS
	'ends a member''s active link of a kind to a client; false if there is none';

-- The owner of a client changes hands.  The former owner keeps what else was
-- given to him; a grant of the new owner is absorbed, unless grants are kept.
CREATE FUNCTION careaccess.change_owner(client careaccess.client, new_owner careaccess.id, source text,
	keep_grants boolean DEFAULT false) RETURNS boolean
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_client ALIAS FOR $1;
BEGIN
	IF careaccess.has_link(the_client.id, new_owner, 'owner') THEN
		RETURN false;
	END IF;
	UPDATE careaccess.client_link AS l
	SET active = false, valid_until = pg_catalog.statement_timestamp()
	WHERE l.client = the_client.id AND l.kind = 'owner' AND l.active;
	IF NOT keep_grants THEN
		PERFORM careaccess.end_link(the_client.id, new_owner, 'grant');
	END IF;
	PERFORM careaccess.add_link(the_client, new_owner, 'owner', source);
	RETURN true;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.change_owner(careaccess.client, careaccess.id, text, boolean) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.change_owner(careaccess.client, careaccess.id, text, boolean) IS
	'makes a member the owner of a client, without asking who may; false if he is the owner already';

-- Grants from the actor to a practitioner, who is checked.
CREATE FUNCTION careaccess.grant_client(client careaccess.client, member careaccess.member,
	valid_until timestamptz, reason text) RETURNS boolean
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_client ALIAS FOR $1;
	the_member ALIAS FOR $2;
	the_end ALIAS FOR $3;
	the_reason ALIAS FOR $4;
	acting CONSTANT record := careaccess.actor();
	giver careaccess.id := CASE acting.kind WHEN 'member' THEN acting.id END;
BEGIN
	IF careaccess.has_link(the_client.id, the_member.id, 'owner') THEN
		RETURN false;
	END IF;
	IF NOT careaccess.is_active_practitioner(the_member.id) THEN
		PERFORM careaccess.require_practitioner(the_member);
	END IF;
	IF giver = the_member.id THEN
		IF NOT (SELECT p.allow_self_share FROM careaccess.practice AS p WHERE p.id = the_client.practice) THEN
			PERFORM careaccess.refuse('42501', 'not allowed to share a client with oneself',
				client => the_client.id,
				member => the_member.id,
				hint => 'Ask another member who may share, or have the setting "allow_self_share" switched on.');
		END IF;
	END IF;
	IF careaccess.is_revoked(the_client.id, the_member.id) THEN
		PERFORM careaccess.require_not_revoked(the_client.id, the_member.id);
	END IF;
	IF careaccess.has_active_link(the_client.id, the_member.id, 'grant') THEN
		UPDATE careaccess.client_link AS l SET valid_until = the_end, reason = the_reason, granted_by = giver
		WHERE l.client = the_client.id AND l.member = the_member.id
			AND l.kind = 'grant' AND l.active AND (l.valid_until, l.reason) IS DISTINCT FROM (the_end, the_reason);
	ELSE
		INSERT INTO careaccess.client_link
			(practice, client, member, kind, source, valid_from, valid_until, granted_by, reason)
		VALUES (the_client.practice, the_client.id, the_member.id, 'grant', 'share',
			pg_catalog.statement_timestamp(), the_end, giver, the_reason);
	END IF;
	RETURN true;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.grant_client(careaccess.client, careaccess.member, timestamptz, text) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.grant_client(careaccess.client, careaccess.member, timestamptz, text) IS
	'shares a client with a practitioner, or replaces end and reason of the share he has; false for the owner, who needs none';

-- Whether the actor may start and stop chart shares of this client from a
-- provider.  Records that the provider owns are his alone to share.
CREATE FUNCTION careaccess.may_share_chart(client careaccess.id, from_provider careaccess.member) RETURNS boolean
	LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_client ALIAS FOR $1;
	acting record;
BEGIN
	SELECT * INTO STRICT acting FROM careaccess.actor();
	IF acting.kind = 'administrator' THEN
		RETURN true;
	ELSIF acting.kind <> 'member' THEN
		RETURN false;
	END IF;
	IF acting.id = from_provider.id AND careaccess.has_capability(acting.id, 'share_chart_own') THEN
		RETURN true;
	END IF;
	IF from_provider.records_owned_by = 'provider' THEN
		RETURN false;
	END IF;
	RETURN careaccess.has_capability(acting.id, 'share_chart_any')
		OR (careaccess.has_capability(acting.id, 'share_chart_custody') AND EXISTS (
			SELECT FROM careaccess.delegation AS d
			WHERE d.member = acting.id AND d.over_member = from_provider.id AND d.mode = 'author'
				AND (d.client IS NULL OR d.client = the_client)
				AND (d.valid_until IS NULL OR d.valid_until > pg_catalog.statement_timestamp())));
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.may_share_chart(careaccess.id, careaccess.member) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.may_share_chart(careaccess.id, careaccess.member) IS
	'whether the actor may start and stop chart shares of a client from this provider';

CREATE FUNCTION careaccess.require_may_list(operation text, client careaccess.client, provider careaccess.id) RETURNS void
	LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_client ALIAS FOR $2;
	the_provider ALIAS FOR $3;
	acting record;
BEGIN
	SELECT * INTO STRICT acting FROM careaccess.actor();
	IF NOT careaccess.actor_has('list_client')
		AND NOT (acting.id = the_provider AND careaccess.actor_has('list_client_own'))
		-- Who may start a chart share to the provider lists him by doing so.
		AND NOT (
			EXISTS (
				SELECT FROM careaccess.client_link AS l
				JOIN careaccess.member AS m ON m.id = l.member
				WHERE l.client = the_client.id AND l.active AND l.member <> the_provider
					AND (l.valid_until IS NULL OR l.valid_until > pg_catalog.statement_timestamp())
					AND careaccess.may_share_chart(the_client.id, m))
			AND (acting.id <> the_provider
				OR (SELECT p.allow_self_share FROM careaccess.practice AS p WHERE p.id = the_client.practice)))
	THEN
		PERFORM careaccess.refuse('42501', pg_catalog.format('not allowed to %s', operation),
			hint => 'This needs the capability list_client, list_client_own for oneself, or the right to start a chart share to the provider.');
	END IF;
	PERFORM careaccess.require_may_name(the_provider);
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.require_may_list(text, careaccess.client, careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.require_may_list(text, careaccess.client, careaccess.id) IS
	'refuses an actor who may not list and unlist this provider for the client';

CREATE FUNCTION careaccess.require_may_list_himself(operation text, client careaccess.client, provider careaccess.id) RETURNS void
	LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_client ALIAS FOR $2;
	the_provider ALIAS FOR $3;
BEGIN
	IF careaccess.acting_member() = the_provider
		AND NOT careaccess.has_link(the_client.id, the_provider, 'owner', 'grant', 'listed')
		AND NOT (SELECT p.allow_self_listing FROM careaccess.practice AS p WHERE p.id = the_client.practice)
	THEN
		PERFORM careaccess.refuse('42501', pg_catalog.format('not allowed to %s', operation),
			hint => 'Ask another member who may do this, or have the setting "allow_self_listing" switched on.');
	END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.require_may_list_himself(text, careaccess.client, careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.require_may_list_himself(text, careaccess.client, careaccess.id) IS
	'refuses a member who brings himself to a client whom he has no link to, where the practice does not allow it';

-- The practitioners for whom a member acts as assistant, in what concerns a
-- client who is still to be registered.
CREATE FUNCTION careaccess.assisted_practitioners(member careaccess.id) RETURNS SETOF careaccess.id
	LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_member ALIAS FOR $1;
BEGIN
	RETURN QUERY
		SELECT o.id
		FROM careaccess.delegation AS d
		JOIN careaccess.member AS o ON o.id = d.over_member
		WHERE d.member = the_member AND d.mode = 'context' AND d.client IS NULL
			AND (d.valid_until IS NULL OR d.valid_until > pg_catalog.statement_timestamp())
			AND (d.categories IS NULL OR 'name' = ANY (d.categories))
			AND (d.actions IS NULL OR 'create' = ANY (d.actions))
			AND o.status = 'active' AND (o.ends_at IS NULL OR o.ends_at > pg_catalog.statement_timestamp())
			AND careaccess.is_practitioner(o.id)
		ORDER BY o.id;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.assisted_practitioners(careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.assisted_practitioners(careaccess.id) IS
	'the practitioners for whom a member may register clients as their assistant';

-- Registering clients

CREATE FUNCTION @extschema@.careaccess_add_client(client careaccess.id, practice careaccess.id DEFAULT NULL,
	owner careaccess.id DEFAULT NULL, providers careaccess.id[] DEFAULT '{}') RETURNS careaccess.id
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'add_client'
AS $$
#variable_conflict use_column
DECLARE
	the_client ALIAS FOR $1;
	the_practice ALIAS FOR $2;
	the_owner careaccess.id := $3;
	the_providers careaccess.id[] := $4;
	acting record;
	p careaccess.practice;
	m careaccess.member;
	c careaccess.client;
	named careaccess.id[];
	assisted careaccess.id[];
	-- Who stands for the client when nobody is named.
	default_practitioner careaccess.id;
BEGIN
	IF the_client IS NULL THEN
		PERFORM careaccess.raise_null('client');
	END IF;
	PERFORM careaccess.require_actor();
	SELECT * INTO STRICT acting FROM careaccess.actor();
	p := careaccess.lock_practice(the_practice);
	PERFORM careaccess.require_capability('add a client', 'create_client');

	IF the_providers IS NULL OR pg_catalog.array_position(the_providers, NULL) IS NOT NULL THEN
		PERFORM careaccess.raise_null('a provider');
	END IF;
	IF acting.kind = 'member' THEN
		assisted := ARRAY(SELECT o FROM careaccess.assisted_practitioners(acting.id) AS o);
		IF careaccess.is_practitioner(acting.id) THEN
			default_practitioner := acting.id;
		ELSIF pg_catalog.cardinality(assisted) = 1 THEN
			default_practitioner := assisted[1];
		END IF;
	END IF;

	IF p.owner_mode = 'one' THEN
		the_owner := COALESCE(the_owner, default_practitioner);
		IF the_owner IS NULL THEN
			RAISE EXCEPTION 'owner must not be null' USING
				ERRCODE = 'invalid_parameter_value',
				HINT = 'No practitioner follows from who is acting: name the owner of the client.';
		END IF;
		IF acting.kind = 'member' AND the_owner <> acting.id AND the_owner <> ALL (assisted) THEN
			PERFORM careaccess.require_capability('add a client for another owner', 'reassign');
		END IF;
	ELSE
		IF the_owner IS NOT NULL THEN
			RAISE EXCEPTION 'clients of this practice have no owner' USING
				ERRCODE = 'invalid_parameter_value',
				HINT = 'Name the client''s providers.';
		END IF;
		IF pg_catalog.cardinality(the_providers) = 0 AND default_practitioner IS NOT NULL THEN
			the_providers := ARRAY[default_practitioner];
		END IF;
	END IF;

	named := CASE WHEN the_owner IS NULL THEN the_providers ELSE the_providers || the_owner END;
	PERFORM careaccess.require_may_name(n.id) FROM pg_catalog.unnest(named) AS n (id);
	FOR m IN SELECT * FROM careaccess.lock_members(named, p.id) LOOP
		PERFORM careaccess.require_practitioner(m);
	END LOOP;

	c := careaccess.register_client(the_client, p.id);
	IF the_owner IS NOT NULL THEN
		PERFORM careaccess.add_link(c, the_owner, 'owner', 'add_client');
	END IF;
	INSERT INTO careaccess.client_link (practice, client, member, kind, source, valid_from, granted_by)
	SELECT DISTINCT c.practice, c.id, n.id, 'listed', 'add_client', pg_catalog.statement_timestamp(), acting.id
	FROM pg_catalog.unnest(the_providers) AS n (id)
	WHERE n.id IS DISTINCT FROM the_owner;
	RETURN c.id;
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_add_client(careaccess.id, careaccess.id, careaccess.id, careaccess.id[]) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_add_client(careaccess.id, careaccess.id, careaccess.id, careaccess.id[]) IS
	'registers a client with his owner or his providers; null: the acting practitioner, or the one whom the acting assistant assists';

-- What became of his owner, and of the practice, while the client was deleted.
CREATE FUNCTION careaccess.settle_owner(client careaccess.client) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	c ALIAS FOR $1;
	mode CONSTANT text := (careaccess.lock_practice(c.practice)).owner_mode;
	owner careaccess.id;
BEGIN
	-- His row is locked, so that an older snapshot (repeatable read) fails in
	-- which he has not left yet: his leaving touched the row, not the client.
	SELECT l.member INTO owner
	FROM careaccess.client_link AS l
	JOIN careaccess.member AS m ON m.id = l.member
	WHERE l.client = c.id AND l.kind = 'owner' AND l.active
		AND m.status <> 'removed' AND careaccess.is_practitioner(m.id)
	FOR SHARE OF m;
	IF mode = 'one' AND owner IS NULL THEN
		RAISE EXCEPTION 'client "%" has no owner any more', c.id USING
			ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'A database administrator can give a deleted client an owner with careaccess_reassign_client.';
	ELSIF mode = 'none' THEN
		UPDATE careaccess.client_link AS l
		SET active = false, valid_until = pg_catalog.statement_timestamp()
		WHERE l.client = c.id AND l.kind = 'owner' AND l.active;
		IF owner IS NOT NULL AND NOT careaccess.has_link(c.id, owner, 'listed') THEN
			PERFORM careaccess.add_link(c, owner, 'listed', 'restore');
		END IF;
	END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.settle_owner(careaccess.client) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.settle_owner(careaccess.client) IS
	'refuses to bring a client back without owner; where clients have no owner any more, lists the former one';

CREATE FUNCTION @extschema@.careaccess_set_client_status(client careaccess.id, status text) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'set_client_status'
AS $$
#variable_conflict use_column
DECLARE
	the_client ALIAS FOR $1;
	the_status ALIAS FOR $2;
	acting record;
	c careaccess.client;
BEGIN
	c := careaccess.lock_client(the_client, true);
	SELECT * INTO STRICT acting FROM careaccess.actor();
	IF c.status = 'deleted' AND NOT careaccess.actor_has('delete_client') THEN
		-- For everybody else a deleted client is gone.
		PERFORM careaccess.raise_no_client(the_client);
	END IF;
	IF 'deleted' IN (c.status, the_status) THEN
		PERFORM careaccess.require_capability('delete or restore a client', 'delete_client');
	ELSE
		PERFORM careaccess.require_capability('archive or re-activate a client', 'create_client');
		IF acting.kind = 'member' AND careaccess.member_can(acting.id, c.id, 'profile', 'edit') IS NOT TRUE THEN
			PERFORM careaccess.refuse('42501', 'not allowed to archive or re-activate a client',
				client => c.id,
				hint => 'This needs the right to edit the client''s profile.');
		END IF;
	END IF;
	PERFORM careaccess.require_choice('status', the_status, 'active', 'archived', 'deleted');
	IF c.status = the_status THEN
		RETURN;
	END IF;
	IF c.status = 'deleted' THEN
		PERFORM careaccess.settle_owner(c);
	END IF;
	UPDATE careaccess.client AS x SET status = the_status WHERE x.id = c.id;
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_set_client_status(careaccess.id, text) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_set_client_status(careaccess.id, text) IS
	'archives, re-activates, deletes or restores a client; links, shares and revocations stay as they are';

CREATE FUNCTION @extschema@.careaccess_reassign_client(client careaccess.id, new_owner careaccess.id) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'reassign_client'
AS $$
#variable_conflict use_column
DECLARE
	the_client ALIAS FOR $1;
	c careaccess.client;
	m careaccess.member;
BEGIN
	c := careaccess.lock_client(the_client, (SELECT a.kind = 'administrator' FROM careaccess.actor() AS a));
	PERFORM careaccess.require_on_client('reassign a client', c.id, 'reassign', 'reassign_linked', 'owner', 'grant');
	m := careaccess.lock_member(new_owner, c.practice);
	PERFORM careaccess.require_practitioner(m);
	PERFORM careaccess.require_owner_mode(c.practice);
	PERFORM careaccess.require_not_revoked(c.id, m.id);
	PERFORM careaccess.change_owner(c, m.id, 'reassign');
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_reassign_client(careaccess.id, careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_reassign_client(careaccess.id, careaccess.id) IS
	'makes another practitioner the owner; the former owner keeps only what else was given to him';

CREATE FUNCTION careaccess.require_owner_mode(practice careaccess.id) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE -- it locks the practice
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	IF (careaccess.lock_practice($1)).owner_mode <> 'one' THEN
		RAISE EXCEPTION 'clients of this practice have no owner' USING
			ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'List and unlist their providers instead.';
	END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.require_owner_mode(careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.require_owner_mode(careaccess.id) IS 'refuses a practice whose clients have no owner';

-- Sharing a client
--
-- What is assigned, or asked by IF, is evaluated in place; PERFORM would start
-- a query.  Shares are what changes most often.

CREATE FUNCTION @extschema@.careaccess_share_client(client careaccess.id, member careaccess.id,
	valid_until timestamptz DEFAULT NULL, reason text DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'share_client'
AS $$
#variable_conflict use_column
DECLARE
	the_client ALIAS FOR $1;
	the_member ALIAS FOR $2;
	the_end ALIAS FOR $3;
	the_reason ALIAS FOR $4;
	c careaccess.client;
BEGIN
	c := careaccess.lock_client(the_client);
	IF NOT careaccess.may_on_client(c.id, 'grant', 'grant_linked', 'owner', 'grant') THEN
		PERFORM careaccess.refuse_on_client('share a client', 'grant', 'grant_linked', 'owner', 'grant');
	END IF;
	PERFORM careaccess.grant_client(c, careaccess.lock_member(the_member, c.practice), the_end, the_reason);
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_share_client(careaccess.id, careaccess.id, timestamptz, text) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_share_client(careaccess.id, careaccess.id, timestamptz, text) IS
	'shares a client with a practitioner; sharing again replaces the end and the reason';

CREATE FUNCTION @extschema@.careaccess_unshare_client(client careaccess.id, member careaccess.id) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'unshare_client'
AS $$
#variable_conflict use_column
DECLARE
	the_client ALIAS FOR $1;
	the_member ALIAS FOR $2;
	c careaccess.client;
	m careaccess.member;
BEGIN
	c := careaccess.lock_client(the_client);
	IF NOT careaccess.may_on_client(c.id, 'grant', 'grant_linked', 'owner', 'grant') THEN
		PERFORM careaccess.refuse_on_client('unshare a client', 'grant', 'grant_linked', 'owner', 'grant');
	END IF;
	m := careaccess.lock_member(the_member, c.practice);
	UPDATE careaccess.client_link AS l
	SET active = false, valid_until = LEAST(l.valid_until, pg_catalog.statement_timestamp())
	WHERE l.client = c.id AND l.member = m.id AND l.kind = 'grant' AND l.active;
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_unshare_client(careaccess.id, careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_unshare_client(careaccess.id, careaccess.id) IS
	'ends a share of a client, whoever gave it; nothing happens if there is none';

CREATE FUNCTION @extschema@.careaccess_set_client_access(client careaccess.id, members careaccess.id[],
	owner careaccess.id DEFAULT NULL, with_all boolean DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'set_client_access'
AS $$
#variable_conflict use_column
DECLARE
	the_client ALIAS FOR $1;
	the_owner ALIAS FOR $3;
	c careaccess.client;
	m careaccess.member;
	one record;
BEGIN
	c := careaccess.lock_client(the_client);
	-- Both rights are asked before anything changes: the call is one dialog, and
	-- giving the client away must not decide the rest of it.
	IF members IS NOT NULL OR with_all IS NOT NULL OR the_owner IS NULL THEN
		PERFORM careaccess.require_on_client('set who has access to a client', c.id, 'grant', 'grant_linked', 'owner', 'grant');
	END IF;
	IF the_owner IS NOT NULL AND NOT careaccess.has_link(c.id, the_owner, 'owner') THEN
		PERFORM careaccess.require_on_client('reassign a client', c.id, 'reassign', 'reassign_linked', 'owner', 'grant');
	END IF;
	IF pg_catalog.array_position(members, NULL) IS NOT NULL THEN
		PERFORM careaccess.raise_null('a member');
	END IF;
	PERFORM FROM careaccess.lock_members(
		CASE WHEN the_owner IS NULL THEN members ELSE members || the_owner END, c.practice);

	IF the_owner IS NOT NULL THEN
		m := careaccess.lock_member(the_owner, c.practice);
		PERFORM careaccess.require_practitioner(m);
		PERFORM careaccess.require_owner_mode(c.practice);
		PERFORM careaccess.require_not_revoked(c.id, m.id);
		PERFORM careaccess.change_owner(c, m.id, 'reassign');
	END IF;

	IF members IS NOT NULL THEN
		-- Shares that stay keep their end, their reason and who gave them.
		FOR one IN
			SELECT l.member FROM careaccess.client_link AS l
			WHERE l.client = c.id AND l.kind = 'grant' AND l.active AND l.member <> ALL (members)
			ORDER BY l.member
		LOOP
			PERFORM careaccess.end_link(c.id, one.member, 'grant');
		END LOOP;
		FOR m IN SELECT * FROM careaccess.lock_members(members, c.practice) LOOP
			IF NOT careaccess.has_link(c.id, m.id, 'grant') THEN
				PERFORM careaccess.grant_client(c, m, NULL, NULL);
			END IF;
		END LOOP;
	END IF;

	IF with_all <> c.shared_with_all THEN
		UPDATE careaccess.client AS x SET shared_with_all = with_all WHERE x.id = c.id;
	END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_set_client_access(careaccess.id, careaccess.id[], careaccess.id, boolean) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_set_client_access(careaccess.id, careaccess.id[], careaccess.id, boolean) IS
	'sets the whole list of practitioners a client is shared with, and the owner, and "all"; null leaves as it is';

CREATE FUNCTION @extschema@.careaccess_share_client_with_all(client careaccess.id, enabled boolean) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'share_client_with_all'
AS $$
#variable_conflict use_column
DECLARE
	the_client ALIAS FOR $1;
	c careaccess.client;
BEGIN
	c := careaccess.lock_client(the_client);
	PERFORM careaccess.require_on_client('share a client with all', c.id, 'grant', 'grant_linked', 'owner', 'grant');
	IF enabled IS NULL THEN
		PERFORM careaccess.raise_null('enabled');
	END IF;
	IF c.shared_with_all <> enabled THEN
		UPDATE careaccess.client AS x SET shared_with_all = enabled WHERE x.id = c.id;
	END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_share_client_with_all(careaccess.id, boolean) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_share_client_with_all(careaccess.id, boolean) IS
	'shares a client with all practitioners of the practice, later ones too; the list of shares stays';

-- Listing providers

CREATE FUNCTION @extschema@.careaccess_list_client(client careaccess.id, provider careaccess.id) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'list_client'
AS $$
#variable_conflict use_column
DECLARE
	the_client ALIAS FOR $1;
	c careaccess.client;
	m careaccess.member;
BEGIN
	c := careaccess.lock_client(the_client);
	PERFORM careaccess.require_may_list('list a provider for a client', c, provider);
	m := careaccess.lock_member(provider, c.practice);
	PERFORM careaccess.require_practitioner(m);
	PERFORM careaccess.require_not_revoked(c.id, m.id);
	IF careaccess.has_link(c.id, m.id, 'owner', 'listed') THEN
		RETURN;
	END IF;
	PERFORM careaccess.require_may_list_himself('list oneself for a client', c, m.id);
	PERFORM careaccess.list_provider(c, m.id, 'list');
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_list_client(careaccess.id, careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_list_client(careaccess.id, careaccess.id) IS
	'lists a provider for a client; no chart is shared by it';

CREATE FUNCTION @extschema@.careaccess_unlist_client(client careaccess.id, provider careaccess.id) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'unlist_client'
AS $$
#variable_conflict use_column
DECLARE
	the_client ALIAS FOR $1;
	c careaccess.client;
	m careaccess.member;
BEGIN
	c := careaccess.lock_client(the_client);
	PERFORM careaccess.require_may_list('unlist a provider of a client', c, provider);
	m := careaccess.lock_member(provider, c.practice);
	IF careaccess.end_link(c.id, m.id, 'listed') THEN
		UPDATE careaccess.chart_share AS s
		SET stopped = pg_catalog.statement_timestamp(), stopped_by = (SELECT a.id FROM careaccess.actor() AS a)
		WHERE s.client = c.id AND s.to_provider = m.id AND s.stopped IS NULL;
	END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_unlist_client(careaccess.id, careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_unlist_client(careaccess.id, careaccess.id) IS
	'ends a provider''s listing and the chart shares of the client to him; nothing happens if he is not listed';
