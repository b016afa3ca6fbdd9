--
-- Practitioner groups
--
-- The first group restricts the whole practice at once, and with the last one
-- gone everybody sees again what his role allows: nothing is kept here but who
-- is in which group.

CREATE FUNCTION careaccess.require_groups(practice careaccess.practice) RETURNS void
	LANGUAGE plpgsql IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	IF NOT ($1).groups THEN
		RAISE EXCEPTION 'groups are switched off in this practice' USING
			ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'Switch the setting "groups" on with careaccess_configure_practice.';
	END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.require_groups(careaccess.practice) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.require_groups(careaccess.practice) IS 'refuses a practice without groups';

-- A disabled practitioner can be in a group: his records are still read.
CREATE FUNCTION careaccess.require_group_members(members careaccess.id[], practice careaccess.id,
	practitioners boolean) RETURNS careaccess.id[]
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	distinct_members careaccess.id[];
	one careaccess.id;
	locked careaccess.member;
BEGIN
	IF pg_catalog.array_position(members, NULL) IS NOT NULL THEN
		PERFORM careaccess.raise_null(CASE WHEN practitioners THEN 'a practitioner' ELSE 'an admin' END);
	END IF;
	distinct_members := ARRAY(SELECT DISTINCT m FROM pg_catalog.unnest(members) AS m ORDER BY m);
	FOREACH one IN ARRAY distinct_members LOOP
		locked := careaccess.lock_member(one, $2);
		IF locked.status = 'removed' THEN
			RAISE EXCEPTION 'member "%" has been removed', one USING
				ERRCODE = 'invalid_parameter_value',
				HINT = 'Leave him out.';
		ELSIF practitioners AND NOT careaccess.is_practitioner(one) THEN
			RAISE EXCEPTION 'member "%" is not a practitioner', one USING
				ERRCODE = 'invalid_parameter_value',
				HINT = 'Name members who hold a role with the practitioner flag; others can be admins of the group.';
		END IF;
	END LOOP;
	RETURN distinct_members;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.require_group_members(careaccess.id[], careaccess.id, boolean) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.require_group_members(careaccess.id[], careaccess.id, boolean) IS
	'the distinct members, locked, unless one is not of the practice, removed, or no practitioner where that is asked';

CREATE FUNCTION careaccess.raise_group_name(name text) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	RAISE EXCEPTION 'group "%" exists already', $1 USING
		ERRCODE = 'unique_violation',
		HINT = 'Names of groups are unique in a practice, whatever their case.';
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.raise_group_name(text) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.raise_group_name(text) IS 'refuses a second group of the same name';

CREATE FUNCTION careaccess.raise_no_group(group_id bigint) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	PERFORM careaccess.refuse('P0002', pg_catalog.format('no such group: %s', coalesce(group_id::text, '<NULL>')),
		hint => 'Check the number; only groups of the same practice can be named.');
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.raise_no_group(bigint) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.raise_no_group(bigint) IS
	'refuses a group that is missing or of another practice, in the same words';

CREATE FUNCTION careaccess.lock_group(group_id bigint) RETURNS careaccess.practitioner_group
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_group ALIAS FOR $1;
	acting record;
	found_group careaccess.practitioner_group;
BEGIN
	IF the_group IS NULL THEN
		PERFORM careaccess.raise_null('group_id');
	END IF;
	SELECT * INTO STRICT acting FROM careaccess.actor();
	SELECT * INTO found_group FROM careaccess.practitioner_group g
	WHERE g.id = the_group AND (acting.practice IS NULL OR g.practice = acting.practice)
	FOR UPDATE;
	IF NOT FOUND THEN
		PERFORM careaccess.raise_no_group(the_group);
	END IF;
	RETURN found_group;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.lock_group(bigint) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.lock_group(bigint) IS 'finds a group of the practice and locks the row';

CREATE FUNCTION careaccess.set_group_members(found_group careaccess.practitioner_group,
	practitioners careaccess.id[], admins careaccess.id[]) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	g ALIAS FOR $1;
BEGIN
	-- All members are locked before any is asked for.
	PERFORM careaccess.require_group_members(practitioners || admins, g.practice, false);
	IF practitioners IS NOT NULL THEN
		practitioners := careaccess.require_group_members(practitioners, g.practice, true);
		DELETE FROM careaccess.group_practitioner p WHERE p.group_id = g.id AND p.member <> ALL (practitioners);
		INSERT INTO careaccess.group_practitioner (practice, group_id, member)
		SELECT g.practice, g.id, m FROM pg_catalog.unnest(practitioners) AS m
		ON CONFLICT (group_id, member) DO NOTHING;
	END IF;
	IF admins IS NOT NULL THEN
		DELETE FROM careaccess.group_admin a WHERE a.group_id = g.id AND a.member <> ALL (admins);
		INSERT INTO careaccess.group_admin (practice, group_id, member)
		SELECT DISTINCT g.practice, g.id, m FROM pg_catalog.unnest(admins) AS m
		ON CONFLICT (group_id, member) DO NOTHING;
	END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.set_group_members(careaccess.practitioner_group, careaccess.id[], careaccess.id[]) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.set_group_members(careaccess.practitioner_group, careaccess.id[], careaccess.id[]) IS
	'sets the practitioners and the admins of a group; null leaves as it is';

CREATE FUNCTION @extschema@.careaccess_create_group(practice careaccess.id, name text,
	practitioners careaccess.id[] DEFAULT '{}', admins careaccess.id[] DEFAULT '{}') RETURNS bigint
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'create_group'
AS $$
#variable_conflict use_column
DECLARE
	the_name ALIAS FOR $2;
	p careaccess.practice;
	g careaccess.practitioner_group;
BEGIN
	PERFORM careaccess.require_capability('create a group', 'manage_groups');
	p := careaccess.lock_practice($1);
	PERFORM careaccess.require_groups(p);
	PERFORM careaccess.require_text('name', the_name);
	INSERT INTO careaccess.practitioner_group (practice, name) VALUES (p.id, the_name)
	ON CONFLICT DO NOTHING RETURNING * INTO g;
	IF g.id IS NULL THEN
		PERFORM careaccess.raise_group_name(the_name);
	END IF;
	PERFORM careaccess.set_group_members(g, practitioners, admins);
	RETURN g.id;
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_create_group(careaccess.id, text, careaccess.id[], careaccess.id[]) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_create_group(careaccess.id, text, careaccess.id[], careaccess.id[]) IS
	'makes a group of practitioners with its admins; returns its number';

CREATE FUNCTION @extschema@.careaccess_update_group(group_id bigint, name text DEFAULT NULL,
	practitioners careaccess.id[] DEFAULT NULL, admins careaccess.id[] DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'update_group'
AS $$
#variable_conflict use_column
DECLARE
	the_group ALIAS FOR $1;
	the_name ALIAS FOR $2;
	g careaccess.practitioner_group;
BEGIN
	PERFORM careaccess.require_capability('change a group', 'manage_groups');
	g := careaccess.lock_group(the_group);
	PERFORM careaccess.require_groups(careaccess.lock_practice(g.practice));
	IF the_name IS NOT NULL AND the_name <> g.name THEN
		PERFORM careaccess.require_text('name', the_name);
		BEGIN
			UPDATE careaccess.practitioner_group x SET name = the_name WHERE x.id = g.id;
		EXCEPTION WHEN unique_violation THEN
			PERFORM careaccess.raise_group_name(the_name);
		END;
	END IF;
	PERFORM careaccess.set_group_members(g, practitioners, admins);
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_update_group(bigint, text, careaccess.id[], careaccess.id[]) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_update_group(bigint, text, careaccess.id[], careaccess.id[]) IS
	'renames a group, or sets all its practitioners or all its admins; null leaves as it is';

CREATE FUNCTION @extschema@.careaccess_delete_group(group_id bigint) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'delete_group'
AS $$
#variable_conflict use_column
DECLARE
	the_group ALIAS FOR $1;
	g careaccess.practitioner_group;
BEGIN
	PERFORM careaccess.require_capability('delete a group', 'manage_groups');
	g := careaccess.lock_group(the_group);
	PERFORM careaccess.require_groups(careaccess.lock_practice(g.practice));
	DELETE FROM careaccess.practitioner_group x WHERE x.id = g.id;
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_delete_group(bigint) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_delete_group(bigint) IS
	'deletes a group; with the last one everybody sees again what his role allows';
