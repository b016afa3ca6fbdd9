--
-- Practices: making and configuring them, and their roles
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
		PERFORM careaccess.refuse('42501', 'not allowed to create a practice',
			hint => 'Only an administrator of the database who acts as no member creates practices.');
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

	IF (was.groups, was.restriction, was.owner_mode) <> (now_is.groups, now_is.restriction, now_is.owner_mode) THEN
		PERFORM careaccess.require_current_practice(was.id);
	END IF;
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
	PERFORM careaccess.lock_clients_of(holders, was.practitioner AND NOT now_is.practitioner,
		now_is.administrative AND NOT was.administrative);
	PERFORM FROM careaccess.member m WHERE m.id = ANY (holders) ORDER BY m.id FOR NO KEY UPDATE;
	UPDATE careaccess.member m SET created_at = m.created_at WHERE m.id = ANY (holders);
	IF was.practitioner AND NOT now_is.practitioner THEN
		FOREACH one IN ARRAY practitioners LOOP
			PERFORM careaccess.require_current_member(one);
		END LOOP;
	END IF;
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
			PERFORM careaccess.refuse('42501', 'not allowed to define a role that one holds',
				hint => 'Ask another member with the capability manage_roles who does not hold it.');
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
