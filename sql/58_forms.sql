--
-- Web forms: whose a client becomes who fills one in
--
-- A form address (route) belongs to one practitioner: a client who comes by it
-- and is not registered yet becomes his.  Assignment rules look at the answers
-- and beat the address; they also move a client who is registered already.  Of
-- several rules that match the last one counts, save those of practitioners
-- who cannot take the client.

CREATE FUNCTION @extschema@.careaccess_add_form_route(practice careaccess.id, slug text, practitioner careaccess.id) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'add_form_route'
AS $$
#variable_conflict use_column
DECLARE
	the_slug ALIAS FOR $2;
	the_practitioner ALIAS FOR $3;
	p careaccess.practice;
	m careaccess.member;
BEGIN
	PERFORM careaccess.require_capability('add a form address', 'manage_rules');
	p := careaccess.lock_practice($1);
	PERFORM careaccess.require_text('slug', the_slug);
	m := careaccess.lock_member(the_practitioner, p.id);
	PERFORM careaccess.require_practitioner(m);
	INSERT INTO careaccess.form_route AS r (practice, slug, practitioner) VALUES (p.id, the_slug, m.id)
	ON CONFLICT (slug) DO UPDATE SET practitioner = excluded.practitioner WHERE r.practice = excluded.practice;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'form address "%" is in use', the_slug USING
			ERRCODE = 'unique_violation',
			HINT = 'Choose another one; form addresses are unique in the whole database.';
	END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_add_form_route(careaccess.id, text, careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_add_form_route(careaccess.id, text, careaccess.id) IS
	'makes a practitioner the owner of new clients who come by a form address; an address that the practice has changes hands';

CREATE FUNCTION @extschema@.careaccess_remove_form_route(practice careaccess.id, slug text) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'remove_form_route'
AS $$
#variable_conflict use_column
DECLARE
	the_slug ALIAS FOR $2;
	p careaccess.practice;
BEGIN
	PERFORM careaccess.require_capability('remove a form address', 'manage_rules');
	p := careaccess.lock_practice($1);
	PERFORM careaccess.require_text('slug', the_slug);
	DELETE FROM careaccess.form_route AS r WHERE r.practice = p.id AND r.slug = the_slug;
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_remove_form_route(careaccess.id, text) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_remove_form_route(careaccess.id, text) IS
	'removes a form address of the practice; clients who came by it stay with their owners';

CREATE FUNCTION @extschema@.careaccess_add_assignment_rule(practice careaccess.id, form text, question text, answer text,
	practitioner careaccess.id, "position" integer DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'add_assignment_rule'
AS $$
#variable_conflict use_column
DECLARE
	the_form ALIAS FOR $2;
	the_question ALIAS FOR $3;
	the_answer ALIAS FOR $4;
	the_practitioner ALIAS FOR $5;
	the_position ALIAS FOR $6;
	p careaccess.practice;
	m careaccess.member;
BEGIN
	PERFORM careaccess.require_capability('add an assignment rule', 'manage_rules');
	p := careaccess.lock_practice($1);
	PERFORM careaccess.require_text('form', the_form);
	PERFORM careaccess.require_text('question', the_question);
	IF the_answer IS NULL THEN
		PERFORM careaccess.raise_null('answer');
	END IF;
	m := careaccess.lock_member(the_practitioner, p.id);
	PERFORM careaccess.require_practitioner(m);
	-- Of two rules that say the same only the last would ever count.
	DELETE FROM careaccess.assignment_rule AS r
	WHERE r.practice = p.id AND r.form = the_form AND r.question = the_question AND r.answer = the_answer
		AND r.practitioner = m.id;
	-- Rules of one position count in the order in which they were added.
	INSERT INTO careaccess.assignment_rule (practice, form, question, answer, practitioner, position)
	SELECT p.id, the_form, the_question, the_answer, m.id,
		COALESCE(the_position, LEAST(COALESCE(pg_catalog.max(r.position), 0)::bigint + 1, 2147483647)::integer)
	FROM careaccess.assignment_rule AS r
	WHERE r.practice = p.id AND r.form = the_form;
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_add_assignment_rule(careaccess.id, text, text, text, careaccess.id, integer) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_add_assignment_rule(careaccess.id, text, text, text, careaccess.id, integer) IS
	'gives clients who answer a form''s question so to a practitioner; the last rule that matches counts, null position: at the end';

CREATE FUNCTION @extschema@.careaccess_remove_assignment_rule(practice careaccess.id, form text, question text, answer text,
	practitioner careaccess.id DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'remove_assignment_rule'
AS $$
#variable_conflict use_column
DECLARE
	the_form ALIAS FOR $2;
	the_question ALIAS FOR $3;
	the_answer ALIAS FOR $4;
	the_practitioner ALIAS FOR $5;
	p careaccess.practice;
BEGIN
	PERFORM careaccess.require_capability('remove an assignment rule', 'manage_rules');
	p := careaccess.lock_practice($1);
	PERFORM careaccess.require_text('form', the_form);
	PERFORM careaccess.require_text('question', the_question);
	IF the_answer IS NULL THEN
		PERFORM careaccess.raise_null('answer');
	END IF;
	DELETE FROM careaccess.assignment_rule AS r
	WHERE r.practice = p.id AND r.form = the_form AND r.question = the_question AND r.answer = the_answer
		AND (the_practitioner IS NULL OR r.practitioner = the_practitioner);
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_remove_assignment_rule(careaccess.id, text, text, text, careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_remove_assignment_rule(careaccess.id, text, text, text, careaccess.id) IS
	'removes the rules for an answer, or that of one practitioner';

CREATE FUNCTION careaccess.answered(answers jsonb, question text, answer text) RETURNS boolean
	LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
	RETURN CASE pg_catalog.jsonb_typeof(answers OPERATOR(pg_catalog.->) question)
		WHEN 'array' THEN EXISTS (
			SELECT FROM pg_catalog.jsonb_array_elements_text(answers OPERATOR(pg_catalog.->) question) AS e (one)
			WHERE e.one OPERATOR(pg_catalog.=) answer)
		ELSE COALESCE(answers OPERATOR(pg_catalog.->>) question OPERATOR(pg_catalog.=) answer, false)
	END;
REVOKE EXECUTE ON FUNCTION careaccess.answered(jsonb, text, text) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.answered(jsonb, text, text) IS
	'whether a question has this answer, or this one among several';

CREATE FUNCTION careaccess.can_take(client careaccess.id, member careaccess.id) RETURNS boolean
	LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	the_client ALIAS FOR $1;
	the_member ALIAS FOR $2;
BEGIN
	RETURN careaccess.is_practitioner(the_member)
		AND EXISTS (
			SELECT FROM careaccess.member AS m
			WHERE m.id = the_member AND m.status = 'active'
				AND (m.ends_at IS NULL OR m.ends_at > pg_catalog.statement_timestamp()))
		AND NOT EXISTS (
			SELECT FROM careaccess.client_revocation AS x WHERE x.client = the_client AND x.member = the_member);
END
$$;
REVOKE EXECUTE ON FUNCTION careaccess.can_take(careaccess.id, careaccess.id) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.can_take(careaccess.id, careaccess.id) IS
	'whether a member is an active practitioner who is not revoked on the client';

CREATE FUNCTION @extschema@.careaccess_submit_form(form text, slug text, client careaccess.id, answers jsonb)
	RETURNS careaccess.id
	LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'submit_form'
AS $$
#variable_conflict use_column
DECLARE
	the_form ALIAS FOR $1;
	the_slug ALIAS FOR $2;
	the_client ALIAS FOR $3;
	the_answers CONSTANT jsonb := COALESCE($4, '{}');
	acting record;
	p careaccess.practice;
	route careaccess.form_route;
	c careaccess.client;
	registered boolean;
	-- The practitioners of the rules that match, the one that counts first.
	matching careaccess.id[];
	chosen careaccess.id;
BEGIN
	SELECT * INTO STRICT acting FROM careaccess.actor();
	-- A form is not his way round what he may do under his own name.
	IF acting.kind = 'member' THEN
		PERFORM careaccess.refuse('42501', 'not allowed to submit a form',
			hint => 'Forms come from outside. A member uses careaccess_add_client and careaccess_reassign_client.');
	END IF;
	PERFORM careaccess.require_text('form', the_form);
	IF the_client IS NULL THEN
		PERFORM careaccess.raise_null('client');
	END IF;
	IF acting.kind = 'portal' AND (careaccess.chosen_profile() = the_client) IS NOT TRUE THEN
		PERFORM careaccess.raise_no_client(the_client);
	END IF;
	-- What he fills in is information about the profile, and may change its owner.
	IF acting.kind = 'portal' AND NOT EXISTS (
		SELECT FROM @extschema@.careaccess_portal_profiles() AS f WHERE f.chosen AND f.manage_information)
	THEN
		PERFORM careaccess.refuse('42501', 'not allowed to submit a form for this profile',
			hint => 'A portal user needs the permission manage_information on it.');
	END IF;
	IF pg_catalog.jsonb_typeof(the_answers) <> 'object' THEN
		RAISE EXCEPTION 'answers must be a JSON object' USING
			ERRCODE = 'invalid_parameter_value',
			HINT = 'Its keys are the questions; an answer is a text, or an array of several.';
	END IF;
	IF the_slug IS NOT NULL THEN
		SELECT * INTO route FROM careaccess.form_route AS r WHERE r.slug = the_slug;
		IF NOT FOUND THEN
			PERFORM careaccess.refuse('P0002', pg_catalog.format('no such form address: "%s"', the_slug),
				hint => 'A practice adds one with careaccess_add_form_route.');
		END IF;
	END IF;

	SELECT * INTO c FROM careaccess.client AS x WHERE x.id = the_client;
	registered := FOUND;
	IF NOT registered AND the_slug IS NULL THEN
		RAISE EXCEPTION 'slug must not be null for a new client' USING
			ERRCODE = 'invalid_parameter_value',
			HINT = 'Nothing else says whose client this is: name a form address, or a client who is registered.';
	END IF;
	p := careaccess.lock_practice(COALESCE(c.practice, route.practice));
	IF NOT registered THEN
		-- Of two submissions for one new client the second goes on with the
		-- client whom the first has registered.
		INSERT INTO careaccess.client (id, practice) VALUES (the_client, p.id)
		ON CONFLICT DO NOTHING RETURNING * INTO c;
		registered := NOT FOUND;
	END IF;
	IF registered THEN
		SELECT * INTO c FROM careaccess.client AS x WHERE x.id = the_client;
		-- What other practices do with their clients is not told.
		IF c.practice <> p.id OR c.practice <> route.practice THEN
			PERFORM careaccess.raise_client_in_use(the_client);
		END IF;
		c := careaccess.lock_any_client(the_client);
	END IF;

	matching := ARRAY(
		SELECT r.practitioner FROM careaccess.assignment_rule AS r
		WHERE r.practice = p.id AND r.form = the_form AND careaccess.answered(the_answers, r.question, r.answer)
		ORDER BY r.position DESC, r.id DESC);
	PERFORM FROM careaccess.lock_members(
		CASE WHEN registered THEN matching ELSE matching || route.practitioner END, p.id);
	chosen := (
		SELECT n.id FROM pg_catalog.unnest(matching) WITH ORDINALITY AS n (id, number)
		WHERE careaccess.can_take(c.id, n.id)
		ORDER BY n.number LIMIT 1);

	IF NOT registered THEN
		IF chosen IS NULL AND NOT careaccess.can_take(c.id, route.practitioner) THEN
			RAISE EXCEPTION 'the practitioner of form address "%" takes no clients', the_slug USING
				ERRCODE = 'object_not_in_prerequisite_state',
				DETAIL = pg_catalog.format('Member "%s" is not active, or is not a practitioner any more.', route.practitioner),
				HINT = 'Give the address to another practitioner with careaccess_add_form_route.';
		END IF;
		chosen := COALESCE(chosen, route.practitioner);
		PERFORM careaccess.add_link(c, chosen, CASE p.owner_mode WHEN 'one' THEN 'owner' ELSE 'listed' END, 'form');
	ELSIF p.owner_mode = 'one' THEN
		IF chosen IS NOT NULL THEN
			PERFORM careaccess.change_owner(c, chosen, 'form', true);
		ELSE
			chosen := (
				SELECT l.member FROM careaccess.client_link AS l
				WHERE l.client = c.id AND l.kind = 'owner' AND l.active);
		END IF;
	ELSIF chosen IS NOT NULL AND NOT careaccess.has_link(c.id, chosen, 'listed') THEN
		PERFORM careaccess.list_provider(c, chosen, 'form');
	END IF;
	RETURN chosen;
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_submit_form(text, text, careaccess.id, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_submit_form(text, text, careaccess.id, jsonb) IS
	'takes in a form: registers a new client, applies the assignment rules, and returns the owner or the provider he was listed with';
