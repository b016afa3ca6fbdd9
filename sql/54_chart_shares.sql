--
-- Chart shares: one provider's records on a client, opened to another
--
-- They keep the order of questions that 52_clients states.

CREATE FUNCTION @extschema@.careaccess_share_chart(client careaccess.id, from_provider careaccess.id,
	to_provider careaccess.id, include_private boolean DEFAULT NULL, valid_until timestamptz DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'share_chart'
AS $$
#variable_conflict use_column
DECLARE
	the_client ALIAS FOR $1;
	the_giver ALIAS FOR $2;
	the_receiver ALIAS FOR $3;
	with_private boolean := $4;
	the_end ALIAS FOR $5;
	acting record;
	c careaccess.client;
	p careaccess.practice;
	giver careaccess.member;
	receiver careaccess.member;
	running careaccess.chart_share;
BEGIN
	c := careaccess.lock_client(the_client);
	SELECT * INTO STRICT acting FROM careaccess.actor();
	PERFORM careaccess.require_capability('share a chart', 'share_chart_any', 'share_chart_own', 'share_chart_custody');
	IF the_giver IS NULL OR the_receiver IS NULL THEN
		PERFORM careaccess.raise_null('provider');
	END IF;
	p := careaccess.lock_practice(c.practice);
	PERFORM FROM careaccess.lock_members(ARRAY[the_giver, the_receiver], c.practice);
	giver := careaccess.lock_member(the_giver, c.practice);
	receiver := careaccess.lock_member(the_receiver, c.practice);
	PERFORM careaccess.require_may_share_chart('share', c.id, giver);
	IF giver.id = receiver.id THEN
		RAISE EXCEPTION 'a chart cannot be shared by a provider with himself' USING
			ERRCODE = 'invalid_parameter_value',
			HINT = 'Name two providers.';
	END IF;
	PERFORM careaccess.require_practitioner(receiver);
	IF acting.kind = 'member' AND acting.id = receiver.id AND NOT p.allow_self_share THEN
		PERFORM careaccess.refuse('42501', 'not allowed to share a chart with oneself',
			client => c.id,
			member => receiver.id,
			hint => 'Ask the provider who wrote it, or have the setting "allow_self_share" switched on.');
	END IF;
	IF NOT careaccess.has_link(c.id, giver.id, 'owner', 'grant', 'listed') THEN
		RAISE EXCEPTION 'member "%" has no active link to client "%"', giver.id, c.id USING
			ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'Only a provider who has the client can share a chart: list him first.';
	END IF;
	PERFORM careaccess.require_not_revoked(c.id, receiver.id);

	with_private := COALESCE(with_private, p.share_private_notes_default);
	SELECT * INTO running FROM careaccess.chart_share AS s
	WHERE s.client = c.id AND s.from_provider = giver.id AND s.to_provider = receiver.id AND s.stopped IS NULL;
	IF running.valid_until <= pg_catalog.statement_timestamp() THEN
		-- It ran out by itself; now it is written down.
		UPDATE careaccess.chart_share AS s SET stopped = s.valid_until WHERE s.id = running.id;
		running := NULL;
	END IF;
	IF running.id IS NOT NULL THEN
		IF running.include_private = with_private AND running.valid_until IS NOT DISTINCT FROM the_end THEN
			RETURN;
		END IF;
		RAISE EXCEPTION 'this chart share runs already, with other options' USING
			ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'Stop it first with careaccess_stop_chart_share.';
	END IF;
	-- The receiver is listed by a trigger, so that there is no other way.
	INSERT INTO careaccess.chart_share
		(practice, client, from_provider, to_provider, include_private, started, valid_until, started_by)
	VALUES (c.practice, c.id, giver.id, receiver.id, with_private,
		pg_catalog.statement_timestamp(), the_end, acting.id);
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_share_chart(careaccess.id, careaccess.id, careaccess.id, boolean, timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_share_chart(careaccess.id, careaccess.id, careaccess.id, boolean, timestamptz) IS
	'lets one provider read what another wrote about a client, and lists him; null: the practice''s default for private notes';

CREATE FUNCTION careaccess.require_may_share_chart(operation text, client careaccess.id, from_provider careaccess.member) RETURNS void
	LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
DECLARE
	the_client ALIAS FOR $2;
BEGIN
	IF NOT careaccess.may_share_chart(the_client, from_provider) THEN
		PERFORM careaccess.refuse('42501', pg_catalog.format('not allowed to %s charts of member "%s"', operation, from_provider.id),
			client => the_client,
			member => from_provider.id,
			hint => CASE from_provider.records_owned_by
				WHEN 'provider' THEN 'These records belong to the provider, who alone shares them.'
				ELSE 'This needs the capability share_chart_any, share_chart_own for one''s own charts, or share_chart_custody and an author delegation over the provider.'
			END);
	END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.require_may_share_chart(text, careaccess.id, careaccess.member) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.require_may_share_chart(text, careaccess.id, careaccess.member) IS
	'refuses an actor who may not start and stop chart shares from this provider';

CREATE FUNCTION @extschema@.careaccess_stop_chart_share(client careaccess.id, from_provider careaccess.id,
	to_provider careaccess.id) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'stop_chart_share'
AS $$
#variable_conflict use_column
DECLARE
	the_client ALIAS FOR $1;
	the_giver ALIAS FOR $2;
	the_receiver ALIAS FOR $3;
	acting record;
	c careaccess.client;
	giver careaccess.member;
	receiver careaccess.member;
BEGIN
	c := careaccess.lock_client(the_client);
	SELECT * INTO STRICT acting FROM careaccess.actor();
	-- Whoever receives may always stop receiving.
	IF acting.kind <> 'member' OR acting.id IS DISTINCT FROM the_receiver THEN
		PERFORM careaccess.require_capability('stop a chart share', 'share_chart_any', 'share_chart_own', 'share_chart_custody');
	END IF;
	IF the_giver IS NULL OR the_receiver IS NULL THEN
		PERFORM careaccess.raise_null('provider');
	END IF;
	PERFORM FROM careaccess.lock_members(ARRAY[the_giver, the_receiver], c.practice);
	giver := careaccess.lock_member(the_giver, c.practice);
	receiver := careaccess.lock_member(the_receiver, c.practice);
	IF acting.kind <> 'member' OR acting.id <> receiver.id THEN
		PERFORM careaccess.require_may_share_chart('stop sharing', c.id, giver);
	END IF;
	UPDATE careaccess.chart_share AS s
	SET stopped = LEAST(s.valid_until, pg_catalog.statement_timestamp()), stopped_by = acting.id
	WHERE s.client = c.id AND s.from_provider = giver.id AND s.to_provider = receiver.id AND s.stopped IS NULL;
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_stop_chart_share(careaccess.id, careaccess.id, careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_stop_chart_share(careaccess.id, careaccess.id, careaccess.id) IS
	'stops a chart share, the receiver stays listed; nothing happens if none runs';
