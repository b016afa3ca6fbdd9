--
-- Booking: what an appointment does to the access of the provider it is with
--
-- Two channels, each with a setting of the practice (staff_booking and
-- widget_booking): staff book as members, and the clients' own booking page
-- books without a member.  An appointment gives access or does not; taking it
-- back takes nothing away.
--
-- The order of questions is that of 52_clients.

-- For the practice's own web pages, where nobody is asked whether he may see
-- the client, and for portal users, who have their chosen profile.
CREATE FUNCTION careaccess.lock_any_client(client careaccess.id) RETURNS careaccess.client
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_client ALIAS FOR $1;
	found_client careaccess.client;
BEGIN
	IF the_client IS NULL THEN
		PERFORM careaccess.raise_null('client');
	END IF;
	-- Looked at before and after, and touched: for careaccess.lock_client's reasons.
	FOR attempt IN 1..2 LOOP
		IF attempt = 1 THEN
			SELECT * INTO found_client FROM careaccess.client AS c WHERE c.id = the_client;
		ELSE
			UPDATE careaccess.client AS c SET created_at = c.created_at WHERE c.id = the_client
			RETURNING c.* INTO found_client;
		END IF;
		IF found_client.id IS NULL
			OR found_client.status = 'deleted'
			OR ((SELECT a.kind = 'portal' FROM careaccess.actor() AS a)
				AND (careaccess.chosen_profile() = found_client.id) IS NOT TRUE)
		THEN
			PERFORM careaccess.raise_no_client(the_client);
		END IF;
	END LOOP;
	RETURN found_client;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.lock_any_client(careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.lock_any_client(careaccess.id) IS
	'finds a client who is not deleted, for a portal user his chosen profile only, and locks the row';

-- A portal user books for himself; who may become anybody may also be the
-- booking page for those who have no login.
CREATE FUNCTION careaccess.require_may_use_widget() RETURNS void
	LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
DECLARE
	acting record;
BEGIN
	SELECT * INTO STRICT acting FROM careaccess.actor();
	IF acting.kind = 'member' THEN
		PERFORM careaccess.refuse('42501', 'not allowed to book as the widget',
			hint => 'A member books with the channel "staff".');
	ELSIF acting.kind <> 'portal'
		AND NOT pg_catalog.has_function_privilege(careaccess.session_role(),
			'@extschema@.careaccess_act_as(careaccess.id, boolean)'::pg_catalog.regprocedure, 'EXECUTE')
	THEN
		PERFORM careaccess.refuse('42501', 'not allowed to book as the widget',
			hint => 'This is for portal users, and for database roles that may execute careaccess_act_as.');
	END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.require_may_use_widget() FROM PUBLIC;
COMMENT ON FUNCTION careaccess.require_may_use_widget() IS
	'refuses a session that may not book in the name of the clients'' booking page';

CREATE FUNCTION @extschema@.careaccess_book(client careaccess.id, provider careaccess.id,
	channel text DEFAULT 'staff', duplicate careaccess.id DEFAULT NULL) RETURNS text
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'book'
AS $$
#variable_conflict use_column
DECLARE
	the_client ALIAS FOR $1;
	the_provider ALIAS FOR $2;
	the_duplicate ALIAS FOR $4;
	c careaccess.client;
	p careaccess.practice;
	m careaccess.member;
	effect text;
BEGIN
	PERFORM careaccess.require_choice('channel', channel, 'staff', 'widget');
	IF channel = 'widget' THEN
		PERFORM careaccess.require_may_use_widget();
		c := careaccess.lock_any_client(the_client);
	ELSE
		c := careaccess.lock_client(the_client);
		PERFORM careaccess.require_capability('book an appointment', 'book');
		PERFORM careaccess.require_may_name(the_provider);
	END IF;
	p := careaccess.lock_practice(c.practice);
	m := careaccess.lock_member(the_provider, c.practice);
	PERFORM careaccess.require_practitioner(m);
	PERFORM careaccess.require_may_list_himself('book a client for oneself', c, m.id);

	effect := CASE channel WHEN 'widget' THEN p.widget_booking ELSE p.staff_booking END;
	-- A listing is of use to who sees the client anyway: it says that he treats
	-- him.  What else booking gives is for him who does not see the client.
	IF careaccess.has_link(c.id, m.id, VARIADIC CASE effect
			WHEN 'grant' THEN ARRAY['owner', 'grant']
			WHEN 'duplicate' THEN ARRAY[]::text[]
			ELSE ARRAY['owner', 'grant', 'listed'] END)
		OR (effect <> 'list' AND careaccess.member_can(m.id, c.id, 'name', 'view'))
	THEN
		RETURN 'linked';
	END IF;

	IF effect = 'none' THEN
		RETURN 'unlinked';
	ELSIF effect = 'duplicate' THEN
		IF the_duplicate IS NULL THEN
			RETURN 'duplicate_needed';
		END IF;
		c := careaccess.register_client(the_duplicate, p.id);
		PERFORM careaccess.add_link(c, m.id, CASE p.owner_mode WHEN 'one' THEN 'owner' ELSE 'listed' END, 'booking');
		RETURN 'duplicated';
	END IF;
	PERFORM careaccess.require_not_revoked(c.id, m.id);
	IF effect = 'list' THEN
		PERFORM careaccess.list_provider(c, m.id, 'booking');
		RETURN 'new_provider';
	END IF;
	PERFORM careaccess.add_link(c, m.id, 'grant', 'booking');
	RETURN 'granted';
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_book(careaccess.id, careaccess.id, text, careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_book(careaccess.id, careaccess.id, text, careaccess.id) IS
	'gives the provider of an appointment the access that the practice''s settings say, and tells what it gave';

-- For the application's table of appointments.  It reads rows as the triggers
-- of adopted tables do: the named columns only, and by built-in casts, since
-- it runs as the extension's owner on rows of other people's tables.  What it
-- may do is asked of the session by careaccess_book, so that a trigger on any
-- table gives nobody more than the function does.
CREATE FUNCTION @extschema@.careaccess_book_trigger() RETURNS trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
DECLARE
	query text;
	client careaccess.id;
	provider careaccess.id;
	old_client careaccess.id;
	old_provider careaccess.id;
BEGIN
	IF TG_LEVEL <> 'ROW' OR TG_WHEN NOT IN ('BEFORE', 'AFTER') THEN
		RAISE EXCEPTION 'trigger "%" on table % cannot book', TG_NAME, careaccess.qualified_name(TG_RELID) USING
			ERRCODE = 'trigger_protocol_violated',
			HINT = 'Make it BEFORE or AFTER INSERT OR UPDATE, FOR EACH ROW.';
	END IF;
	IF TG_NARGS NOT IN (2, 3) OR '' IN (TG_ARGV[0], TG_ARGV[1]) THEN
		RAISE EXCEPTION 'trigger "%" on table % has the wrong arguments', TG_NAME, careaccess.qualified_name(TG_RELID) USING
			ERRCODE = 'invalid_parameter_value',
			HINT = 'Its arguments are the column of the client, that of the provider and, if it is not "staff", the channel.';
	END IF;
	IF TG_OP = 'DELETE' THEN
		-- TA-10: who was listed by an appointment stays listed.
		RETURN OLD;
	END IF;
	query := careaccess.adoption_query(TG_RELID, TG_ARGV[0], TG_ARGV[1]);
	EXECUTE query INTO client, provider USING NEW;
	IF TG_OP = 'UPDATE' THEN
		EXECUTE query INTO old_client, old_provider USING OLD;
	END IF;
	IF client IS NOT NULL AND provider IS NOT NULL
		AND (TG_OP = 'INSERT' OR client IS DISTINCT FROM old_client OR provider IS DISTINCT FROM old_provider)
		AND @extschema@.careaccess_book(client, provider, CASE TG_NARGS WHEN 3 THEN TG_ARGV[2] ELSE 'staff' END)
			= 'duplicate_needed'
	THEN
		RAISE EXCEPTION 'member "%" needs a profile of his own for client "%"', provider, client USING
			ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'Call careaccess_book with the identifier of a new profile as its argument duplicate, and write the appointment with that one.';
	END IF;
	RETURN NEW;
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_book_trigger() FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_book_trigger() IS
	'row trigger for a table of appointments: books for each new client and provider; arguments: the two columns and, if wanted, the channel';
