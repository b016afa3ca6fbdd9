--
-- The client's side: profiles that are linked, portal users, and what they may
-- do with the profiles of others
--
-- A portal user is the login of one client.  To another profile he gets access
-- by an invitation, which he accepts, and only while the two profiles are
-- linked.  On the staff side a link opens nothing.
--
-- What concerns the access to a profile (a link, an invitation, an acceptance,
-- a withdrawal) locks that profile's client; a link, and an invitation along
-- it, both clients, by rising identifier.  So whoever accepts and whoever takes
-- away do it one after the other, and an older snapshot fails.

-- Links

CREATE FUNCTION careaccess.rests_on_link(client careaccess.id, own_client careaccess.id) RETURNS boolean
	LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_client ALIAS FOR $1;
	the_own_client ALIAS FOR $2;
BEGIN
	RETURN EXISTS (
			SELECT FROM careaccess.profile_link AS l
			WHERE l.client = the_client AND l.contact_client = the_own_client)
		OR EXISTS (
			SELECT FROM careaccess.profile_link AS l
			WHERE l.client = the_own_client AND l.contact_client = the_client AND l.relationship = 'self');
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.rests_on_link(careaccess.id, careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.rests_on_link(careaccess.id, careaccess.id) IS
	'whether own_client is a contact of client, or the same person: then his login may be invited';

-- A trigger, so that it holds whoever takes a link away.
CREATE FUNCTION careaccess.end_unlinked_access() RETURNS trigger
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	UPDATE careaccess.portal_access AS a SET status = 'withdrawn'
	FROM careaccess.portal_user AS u
	WHERE u.id = a.portal_user AND a.status <> 'withdrawn'
		AND ((a.client = OLD.client AND u.client = OLD.contact_client)
			OR (a.client = OLD.contact_client AND u.client = OLD.client))
		AND NOT careaccess.rests_on_link(a.client, u.client);
	RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION careaccess.end_unlinked_access() FROM PUBLIC;
COMMENT ON FUNCTION careaccess.end_unlinked_access() IS
	'trigger: with the last link that it rested on a portal access ends';

CREATE TRIGGER end_unlinked_access AFTER UPDATE OR DELETE ON careaccess.profile_link
	FOR EACH ROW EXECUTE FUNCTION careaccess.end_unlinked_access();
COMMENT ON TRIGGER end_unlinked_access ON careaccess.profile_link IS
	'with the last link that it rested on a portal access ends';

CREATE TRIGGER keep_profile BEFORE UPDATE ON careaccess.portal_user
	FOR EACH ROW WHEN (OLD.client OPERATOR(careaccess.<>) NEW.client)
	EXECUTE FUNCTION careaccess.refuse_change('the profile of a portal user cannot be changed',
		'Remove the portal user, and add him again for the other client.');
COMMENT ON TRIGGER keep_profile ON careaccess.portal_user IS 'the profile of a portal user cannot be changed';

-- Finding and locking what is named

CREATE FUNCTION careaccess.actor_sees(client careaccess.id) RETURNS boolean
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL RESTRICTED
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_client ALIAS FOR $1;
	acting record;
BEGIN
	SELECT * INTO STRICT acting FROM careaccess.actor();
	RETURN CASE acting.kind
		WHEN 'administrator' THEN EXISTS (
			SELECT FROM careaccess.client AS c WHERE c.id = the_client AND c.status <> 'deleted')
		WHEN 'member' THEN careaccess.member_can(acting.id, the_client, 'name', 'view')
		ELSE false
	END;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.actor_sees(careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.actor_sees(careaccess.id) IS 'whether the actor may know that the client exists';

CREATE FUNCTION careaccess.require_sees(client careaccess.id, what text DEFAULT 'client') RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_client ALIAS FOR $1;
BEGIN
	IF the_client IS NULL THEN
		PERFORM careaccess.raise_null(what);
	END IF;
	PERFORM careaccess.require_actor();
	IF careaccess.actor_sees(the_client) IS NOT TRUE THEN
		PERFORM careaccess.raise_no_client(the_client);
	END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.require_sees(careaccess.id, text) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.require_sees(careaccess.id, text) IS
	'refuses a client who is missing or hidden, before anything is locked';

CREATE FUNCTION careaccess.lock_two_clients(one careaccess.id, other careaccess.id) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	PERFORM careaccess.lock_client(least(one, other));
	PERFORM careaccess.lock_client(greatest(one, other));
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.lock_two_clients(careaccess.id, careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.lock_two_clients(careaccess.id, careaccess.id) IS
	'finds two clients whom the actor may see and locks their rows by rising identifier';

CREATE FUNCTION careaccess.raise_no_portal_user(portal_user careaccess.id) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	PERFORM careaccess.refuse('P0002', pg_catalog.format('no such portal user: "%s"', coalesce($1::text, '<NULL>')),
		hint => 'Check the identifier; the login of a client whom the acting member may not see counts as missing.');
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.raise_no_portal_user(careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.raise_no_portal_user(careaccess.id) IS
	'refuses a portal user who is missing or whose client is hidden, in the same words';

CREATE FUNCTION careaccess.find_portal_user(portal_user careaccess.id) RETURNS careaccess.portal_user
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_user ALIAS FOR $1;
	found_user careaccess.portal_user;
BEGIN
	IF the_user IS NULL THEN
		PERFORM careaccess.raise_null('portal_user');
	END IF;
	SELECT * INTO found_user FROM careaccess.portal_user AS u WHERE u.id = the_user;
	IF NOT FOUND OR careaccess.actor_sees(found_user.client) IS NOT TRUE THEN
		PERFORM careaccess.raise_no_portal_user(the_user);
	END IF;
	RETURN found_user;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.find_portal_user(careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.find_portal_user(careaccess.id) IS
	'the portal user, unless he is missing or his client is hidden from the actor';

-- Linking profiles

CREATE FUNCTION @extschema@.careaccess_link_profile(client careaccess.id, contact_client careaccess.id,
	relationship text DEFAULT 'self') RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'link_profile'
AS $$
#variable_conflict use_column
DECLARE
	the_client ALIAS FOR $1;
	the_contact ALIAS FOR $2;
	the_relationship ALIAS FOR $3;
	the_practice careaccess.id;
BEGIN
	PERFORM careaccess.require_sees(the_client);
	PERFORM careaccess.require_sees(the_contact, 'contact_client');
	PERFORM careaccess.require_capability('link profiles', 'link_profiles');
	PERFORM careaccess.require_text('relationship', the_relationship);
	IF the_client = the_contact THEN
		RAISE EXCEPTION 'a profile cannot be linked with itself' USING
			ERRCODE = 'invalid_parameter_value',
			HINT = 'Name two clients.';
	END IF;
	PERFORM careaccess.lock_two_clients(the_client, the_contact);
	SELECT c.practice INTO STRICT the_practice FROM careaccess.client AS c WHERE c.id = the_client;
	IF the_practice <> (SELECT c.practice FROM careaccess.client AS c WHERE c.id = the_contact) THEN
		RAISE EXCEPTION 'clients "%" and "%" belong to different practices', the_client, the_contact USING
			ERRCODE = 'invalid_parameter_value',
			HINT = 'Only profiles of the same practice can be linked.';
	END IF;
	INSERT INTO careaccess.profile_link AS l (practice, client, contact_client, relationship)
	VALUES (the_practice, the_client, the_contact, the_relationship)
	ON CONFLICT (client, contact_client) DO UPDATE SET relationship = the_relationship
	WHERE l.relationship <> the_relationship;
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_link_profile(careaccess.id, careaccess.id, text) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_link_profile(careaccess.id, careaccess.id, text) IS
	'notes that contact_client is a contact of client, or ("self") the same person; linking again replaces the relationship';

CREATE FUNCTION @extschema@.careaccess_unlink_profile(client careaccess.id, contact_client careaccess.id) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'unlink_profile'
AS $$
#variable_conflict use_column
DECLARE
	the_client ALIAS FOR $1;
	the_contact ALIAS FOR $2;
BEGIN
	PERFORM careaccess.require_sees(the_client);
	PERFORM careaccess.require_sees(the_contact, 'contact_client');
	PERFORM careaccess.require_capability('unlink profiles', 'link_profiles');
	PERFORM careaccess.lock_two_clients(the_client, the_contact);
	DELETE FROM careaccess.profile_link AS l WHERE l.client = the_client AND l.contact_client = the_contact;
	IF NOT FOUND THEN
		-- Two profiles of one person: it does not matter which is named first.
		DELETE FROM careaccess.profile_link AS l
		WHERE l.client = the_contact AND l.contact_client = the_client AND l.relationship = 'self';
	END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_unlink_profile(careaccess.id, careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_unlink_profile(careaccess.id, careaccess.id) IS
	'ends a link of two profiles and the portal access that rests on it and on no other';

-- Portal users

CREATE FUNCTION @extschema@.careaccess_add_portal_user(portal_user careaccess.id, client careaccess.id) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'add_portal_user'
AS $$
#variable_conflict use_column
DECLARE
	the_user ALIAS FOR $1;
	the_client ALIAS FOR $2;
	c careaccess.client;
BEGIN
	c := careaccess.lock_client(the_client);
	PERFORM careaccess.require_capability('add a portal user', 'manage_portal');
	IF the_user IS NULL THEN
		PERFORM careaccess.raise_null('portal_user');
	END IF;
	-- Identifiers are unique in the database, so this tells of every portal
	-- user; it says no more than that.
	INSERT INTO careaccess.portal_user (id, practice, client) VALUES (the_user, c.practice, c.id)
	ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'portal user identifier "%" is in use', the_user USING
			ERRCODE = 'unique_violation',
			HINT = 'Choose another identifier.';
	END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_add_portal_user(careaccess.id, careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_add_portal_user(careaccess.id, careaccess.id) IS
	'gives a client a login of his own; it has both permissions on his profile';

CREATE FUNCTION @extschema@.careaccess_remove_portal_user(portal_user careaccess.id) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'remove_portal_user'
AS $$
#variable_conflict use_column
DECLARE
	the_user ALIAS FOR $1;
	u careaccess.portal_user;
BEGIN
	PERFORM careaccess.require_actor();
	u := careaccess.find_portal_user(the_user);
	PERFORM careaccess.require_capability('remove a portal user', 'manage_portal');
	PERFORM careaccess.lock_client(u.client);
	DELETE FROM careaccess.portal_user AS x WHERE x.id = u.id;
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_remove_portal_user(careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_remove_portal_user(careaccess.id) IS
	'ends a client''s login, with its access to other profiles';

-- Access to another's profile

CREATE FUNCTION @extschema@.careaccess_invite_to_portal(client careaccess.id, portal_user careaccess.id,
	view_appointments boolean DEFAULT false, manage_information boolean DEFAULT false) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'invite_to_portal'
AS $$
#variable_conflict use_column
DECLARE
	the_client ALIAS FOR $1;
	the_user ALIAS FOR $2;
	with_appointments ALIAS FOR $3;
	with_information ALIAS FOR $4;
	u careaccess.portal_user;
BEGIN
	PERFORM careaccess.require_sees(the_client);
	PERFORM careaccess.require_capability('invite to the portal', 'manage_portal');
	u := careaccess.find_portal_user(the_user);
	IF with_appointments IS NULL THEN
		PERFORM careaccess.raise_null('view_appointments');
	ELSIF with_information IS NULL THEN
		PERFORM careaccess.raise_null('manage_information');
	ELSIF u.client = the_client THEN
		RAISE EXCEPTION 'client "%" is the own profile of portal user "%"', the_client, the_user USING
			ERRCODE = 'invalid_parameter_value',
			HINT = 'A client''s own login needs no invitation and has both permissions.';
	END IF;
	PERFORM careaccess.lock_two_clients(the_client, u.client);
	-- The wait may have been for the end of the login.
	u := careaccess.find_portal_user(the_user);
	IF NOT careaccess.rests_on_link(the_client, u.client) THEN
		RAISE EXCEPTION 'client "%" is not linked with the profile of portal user "%"', the_client, the_user USING
			ERRCODE = 'object_not_in_prerequisite_state',
			HINT = pg_catalog.format('Link the profiles first: careaccess_link_profile(%L, %L, relationship).',
				the_client, u.client);
	END IF;
	INSERT INTO careaccess.portal_access AS a
		(practice, client, portal_user, view_appointments, manage_information, status)
	VALUES (u.practice, the_client, u.id, with_appointments, with_information, 'invited')
	ON CONFLICT (client, portal_user) DO UPDATE SET
		view_appointments = with_appointments, manage_information = with_information,
		status = CASE a.status WHEN 'accepted' THEN 'accepted' ELSE 'invited' END
	WHERE (a.view_appointments, a.manage_information) IS DISTINCT FROM (with_appointments, with_information)
		OR a.status = 'withdrawn';
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_invite_to_portal(careaccess.id, careaccess.id, boolean, boolean) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_invite_to_portal(careaccess.id, careaccess.id, boolean, boolean) IS
	'invites a portal user to the profile of a client with whom his own is linked; inviting again changes the permissions';

CREATE FUNCTION @extschema@.careaccess_withdraw_portal_access(client careaccess.id, portal_user careaccess.id) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'withdraw_portal_access'
AS $$
#variable_conflict use_column
DECLARE
	the_client ALIAS FOR $1;
	the_user ALIAS FOR $2;
BEGIN
	PERFORM careaccess.lock_client(the_client);
	PERFORM careaccess.require_capability('withdraw portal access', 'manage_portal');
	-- Who has access to a client is for those to know who see the client; only
	-- somebody who has none is asked for.
	IF the_user IS NULL OR NOT EXISTS (
		SELECT FROM careaccess.portal_access AS a WHERE a.client = the_client AND a.portal_user = the_user)
	THEN
		PERFORM careaccess.find_portal_user(the_user);
	END IF;
	UPDATE careaccess.portal_access AS a SET status = 'withdrawn'
	WHERE a.client = the_client AND a.portal_user = the_user AND a.status <> 'withdrawn';
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_withdraw_portal_access(careaccess.id, careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_withdraw_portal_access(careaccess.id, careaccess.id) IS
	'ends a portal user''s access to a client''s profile, or the invitation to it; nothing happens if there is none';

-- What portal users do themselves

CREATE FUNCTION careaccess.require_portal_user() RETURNS careaccess.id
	LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
DECLARE
	acting record;
BEGIN
	SELECT * INTO STRICT acting FROM careaccess.actor();
	IF acting.kind <> 'portal' THEN
		PERFORM careaccess.refuse('42501', 'no portal user is acting in this session',
			hint => 'Call careaccess_act_as_portal_user first.');
	END IF;
	RETURN acting.id;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.require_portal_user() FROM PUBLIC;
COMMENT ON FUNCTION careaccess.require_portal_user() IS 'the acting portal user; refuses everybody else';

CREATE FUNCTION careaccess.invited_to(client careaccess.id, portal_user careaccess.id) RETURNS boolean
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL RESTRICTED
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_client ALIAS FOR $1;
	the_user ALIAS FOR $2;
BEGIN
	RETURN EXISTS (
		SELECT FROM careaccess.portal_access AS a
		JOIN careaccess.client AS c ON c.id = a.client
		JOIN careaccess.portal_user AS u ON u.id = a.portal_user
		WHERE a.client = the_client AND a.portal_user = the_user AND a.status <> 'withdrawn'
			AND c.status <> 'deleted' AND careaccess.rests_on_link(a.client, u.client));
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.invited_to(careaccess.id, careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.invited_to(careaccess.id, careaccess.id) IS
	'whether a portal user is invited to a profile, or has accepted';

CREATE FUNCTION @extschema@.careaccess_accept_portal_access(client careaccess.id) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'accept_portal_access'
AS $$
#variable_conflict use_column
DECLARE
	the_client ALIAS FOR $1;
	the_user careaccess.id := careaccess.require_portal_user();
BEGIN
	IF the_client IS NULL THEN
		PERFORM careaccess.raise_null('client');
	END IF;
	-- As in careaccess.lock_client: looked at, then locked, then looked at again;
	-- and at the end once more, because the invitation goes with the login, whose
	-- removal locks another client.
	FOR attempt IN 1..3 LOOP
		IF attempt = 2 THEN
			UPDATE careaccess.client AS c SET created_at = c.created_at WHERE c.id = the_client;
		ELSIF attempt = 3 THEN
			UPDATE careaccess.portal_access AS a SET status = 'accepted'
			WHERE a.client = the_client AND a.portal_user = the_user AND a.status = 'invited';
		END IF;
		IF NOT careaccess.invited_to(the_client, the_user) THEN
			PERFORM careaccess.refuse('P0002', pg_catalog.format('no such client: "%s"', the_client),
				client => the_client,
				hint => 'Check the identifier; a profile to which the portal user is not invited counts as missing.');
		END IF;
	END LOOP;
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_accept_portal_access(careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_accept_portal_access(careaccess.id) IS
	'the acting portal user accepts the invitation to a profile';

CREATE FUNCTION @extschema@.careaccess_portal_profiles() RETURNS TABLE (client careaccess.id,
	view_appointments boolean, manage_information boolean, own boolean, chosen boolean)
	LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL RESTRICTED ROWS 5 SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_user careaccess.id := careaccess.require_portal_user();
	profile careaccess.id := careaccess.chosen_profile();
BEGIN
	RETURN QUERY
		SELECT u.client, true, true, true, COALESCE(u.client = profile, false)
		FROM careaccess.portal_user AS u
		WHERE u.id = the_user
		UNION ALL
		SELECT a.client, a.view_appointments, a.manage_information, false, COALESCE(a.client = profile, false)
		FROM careaccess.portal_access AS a
		JOIN careaccess.portal_user AS u ON u.id = a.portal_user
		JOIN careaccess.client AS c ON c.id = a.client
		WHERE a.portal_user = the_user AND a.status = 'accepted' AND c.status <> 'deleted'
			AND a.client <> u.client
		ORDER BY 4 DESC, 1;
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_portal_profiles() FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_portal_profiles() IS
	'the profiles that the acting portal user may choose, and what he may do with each';
