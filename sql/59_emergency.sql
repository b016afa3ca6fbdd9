--
-- Emergency access: breaking the glass, and the review of it
--
-- The glass is broken for oneself, for a while, with a reason, and everybody
-- learns of it: an event, and a notification without content, since any role
-- may listen.  It asks for no sight of the client; so capability and setting
-- are asked first, and the client only after them.
--
-- An emergency is over when its time is: nothing runs then.

CREATE FUNCTION @extschema@.careaccess_break_glass(client careaccess.id, reason text, minutes integer DEFAULT NULL)
	RETURNS timestamptz
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'break_glass'
AS $$
#variable_conflict use_column
DECLARE
	operation CONSTANT text := 'open a client in an emergency';
	shortest CONSTANT integer := 10;
	moment CONSTANT timestamptz := pg_catalog.statement_timestamp();
	the_client ALIAS FOR $1;
	the_reason text := pg_catalog.btrim($2, E' \t\r\n');
	the_minutes integer := $3;
	acting record;
	p careaccess.practice;
	c careaccess.client;
	the_end timestamptz;
BEGIN
	PERFORM careaccess.require_capability(operation, 'break_glass');
	SELECT * INTO STRICT acting FROM careaccess.actor();
	IF acting.kind <> 'member' THEN
		PERFORM careaccess.refuse('42501', pg_catalog.format('not allowed to %s', operation),
			hint => 'Emergency access is for the acting member himself: act as one with careaccess_act_as.');
	END IF;
	p := careaccess.lock_practice(acting.practice);
	IF NOT p.emergency_access THEN
		RAISE EXCEPTION 'this practice has no emergency access' USING
			ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'The setting "emergency_access" switches it on (careaccess_configure_practice).';
	END IF;

	IF the_client IS NULL THEN
		PERFORM careaccess.raise_null('client');
	END IF;
	-- Asked before the row is locked, and again, because the wait may have been
	-- for a revocation.  Touched, as careaccess.lock_client does, and for the
	-- same reason.
	FOR attempt IN 1..2 LOOP
		IF attempt = 1 THEN
			SELECT * INTO c FROM careaccess.client AS x WHERE x.id = the_client;
		ELSE
			UPDATE careaccess.client AS x SET created_at = x.created_at WHERE x.id = the_client RETURNING x.* INTO c;
		END IF;
		IF c.id IS NULL OR c.practice <> p.id OR c.status = 'deleted'
			OR (NOT p.emergency_overrides_revocation
				AND EXISTS (
					SELECT FROM careaccess.client_revocation AS x WHERE x.client = c.id AND x.member = acting.id)
				AND careaccess.unrevocable_roles_of(acting.id) = '{}'
				AND NOT careaccess.has_link(c.id, acting.id, 'owner'))
		THEN
			PERFORM careaccess.raise_no_client(the_client);
		END IF;
	END LOOP;

	IF the_reason IS NULL THEN
		PERFORM careaccess.raise_null('reason');
	ELSIF pg_catalog.char_length(the_reason) < shortest THEN
		RAISE EXCEPTION 'the reason is too short' USING
			ERRCODE = 'invalid_parameter_value',
			HINT = pg_catalog.format('Give a reason of at least %s characters: somebody will review it.', shortest);
	END IF;
	IF the_minutes <= 0 THEN
		RAISE EXCEPTION 'minutes must be positive' USING
			ERRCODE = 'invalid_parameter_value',
			HINT = pg_catalog.format('Leave them out for as long as the practice allows, which is %s.', p.emergency_max_minutes);
	END IF;

	the_end := moment + pg_catalog.make_interval(mins => LEAST(the_minutes, p.emergency_max_minutes));
	-- Twice in one statement is one emergency, the longer one, for both reasons;
	-- a review in between was of another one.
	INSERT INTO careaccess.emergency_access AS e (practice, client, member, reason, "from", until)
	VALUES (p.id, c.id, acting.id, the_reason, moment, the_end)
	ON CONFLICT (client, member, "from") DO UPDATE SET
		until = GREATEST(e.until, excluded.until),
		reason = CASE e.reason WHEN excluded.reason THEN e.reason ELSE e.reason || E'\n' || excluded.reason END,
		reviewed_by = NULL, reviewed_at = NULL, review_note = NULL
	RETURNING e.until INTO the_end;
	PERFORM pg_catalog.pg_notify('careaccess_emergency', '');
	RETURN the_end;
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_break_glass(careaccess.id, text, integer) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_break_glass(careaccess.id, text, integer) IS
	'opens a client to the acting member for some minutes (null: as many as the practice allows); returns when it ends';

CREATE FUNCTION @extschema@.careaccess_review_emergency(client careaccess.id, member careaccess.id, since timestamptz,
	note text DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'review_emergency'
AS $$
#variable_conflict use_column
DECLARE
	operation CONSTANT text := 'review an emergency access';
	the_client ALIAS FOR $1;
	the_member ALIAS FOR $2;
	c careaccess.client;
	e careaccess.emergency_access;
BEGIN
	-- That of a deleted client is reviewed by those who may restore him.
	c := careaccess.lock_client(the_client, careaccess.actor_has('delete_client'));
	PERFORM careaccess.require_capability(operation, 'view_audit');
	IF careaccess.acting_member() = the_member THEN
		PERFORM careaccess.refuse('42501', 'not allowed to review one''s own emergency access',
			client => the_client,
			member => the_member,
			hint => 'Ask another member with the capability view_audit.');
	END IF;
	IF the_member IS NULL THEN
		PERFORM careaccess.raise_null('member');
	ELSIF since IS NULL THEN
		PERFORM careaccess.raise_null('since');
	END IF;
	SELECT * INTO e FROM careaccess.emergency_access AS x
	WHERE x.client = c.id AND x.member = the_member AND x."from" = since FOR UPDATE;
	IF NOT FOUND THEN
		PERFORM careaccess.refuse('P0002', pg_catalog.format('no such emergency access: client "%s", member "%s", since %s', c.id, the_member, since),
			hint => 'The view careaccess.emergency_review lists them; "since" is the value of its column "from", to the microsecond.');
	END IF;
	IF e.reviewed_at IS NOT NULL THEN
		RAISE EXCEPTION 'the emergency access has been reviewed' USING
			ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'A review stands as it was written; the view careaccess.emergency_review shows it.';
	END IF;
	UPDATE careaccess.emergency_access AS x SET
		reviewed_by = careaccess.acting_member(),
		reviewed_at = pg_catalog.statement_timestamp(),
		review_note = note
	WHERE x.client = e.client AND x.member = e.member AND x."from" = e."from";
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_review_emergency(careaccess.id, careaccess.id, timestamptz, text) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_review_emergency(careaccess.id, careaccess.id, timestamptz, text) IS
	'marks an emergency access, of another member, as reviewed, once';

CREATE FUNCTION careaccess.emergencies_of_session() RETURNS SETOF careaccess.emergency_access
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
DECLARE
	acting record;
	with_deleted boolean;
BEGIN
	SELECT * INTO STRICT acting FROM careaccess.actor();
	IF acting.kind = 'administrator' THEN
		RETURN QUERY SELECT e.* FROM careaccess.emergency_access AS e;
	ELSIF acting.kind = 'member' AND careaccess.has_capability(acting.id, 'view_audit') THEN
		with_deleted := careaccess.has_capability(acting.id, 'delete_client');
		RETURN QUERY
			SELECT e.* FROM careaccess.emergency_access AS e
			WHERE e.practice = acting.practice
				AND careaccess.member_can(acting.id, e.client, 'name', 'view', with_deleted);
	END IF;
END
$$;
COMMENT ON FUNCTION careaccess.emergencies_of_session() IS 'the rows of the view emergency_review';

CREATE VIEW careaccess.emergency_review AS
	SELECT client, member, reason, "from", until, reviewed_by, reviewed_at, review_note
	FROM careaccess.emergencies_of_session();
COMMENT ON VIEW careaccess.emergency_review IS
	'the emergency accesses to clients whom the session''s member may see, for holders of view_audit; a database administrator sees all';
GRANT SELECT ON careaccess.emergency_review TO PUBLIC;
