--
-- The decision and the session's identity, as the other parts call them
--
-- All of these read the catalog by themselves, without rights of the caller
-- on it, under the snapshot of the statement that calls them: STABLE, and safe
-- in parallel workers, where the acting member arrives as a setting.

-- Identity

CREATE FUNCTION careaccess.administrator() RETURNS boolean
	LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'ca_sql_administrator';
COMMENT ON FUNCTION careaccess.administrator() IS
	'the marker of database administrators: who may execute it is one';
REVOKE ALL ON FUNCTION careaccess.administrator() FROM PUBLIC;

CREATE FUNCTION careaccess.actor(OUT kind text, OUT id careaccess.id, OUT practice careaccess.id) RETURNS record
	LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'ca_sql_actor';
COMMENT ON FUNCTION careaccess.actor() IS
	'who the session is, for the functions that change access: kind is member, portal, administrator or nobody';
REVOKE ALL ON FUNCTION careaccess.actor() FROM PUBLIC;

CREATE FUNCTION careaccess.session_role() RETURNS name
	LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'ca_sql_session_role';
COMMENT ON FUNCTION careaccess.session_role() IS
	'the session''s outer role: SET ROLE changes it, a SECURITY DEFINER function does not';
REVOKE ALL ON FUNCTION careaccess.session_role() FROM PUBLIC;

CREATE FUNCTION careaccess.origin(OUT actor_kind text, OUT actor careaccess.id, OUT identified_by text,
	OUT database_role name, OUT session_role name, OUT address inet) RETURNS record
	LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'ca_sql_origin';
COMMENT ON FUNCTION careaccess.origin() IS
	'who does something and from where, as the event log has it; session_role is null where it is the database_role';
REVOKE ALL ON FUNCTION careaccess.origin() FROM PUBLIC;

-- Every refusal goes through it: an error that is raised in another way is not
-- in the server's log.
CREATE FUNCTION careaccess.refuse(sqlstate text, message text, detail text DEFAULT NULL, hint text DEFAULT NULL,
	client careaccess.id DEFAULT NULL, member careaccess.id DEFAULT NULL) RETURNS void
	LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'ca_sql_refuse';
COMMENT ON FUNCTION careaccess.refuse(text, text, text, text, careaccess.id, careaccess.id) IS
	'logs in the server''s log who is refused what, and raises the error';
REVOKE ALL ON FUNCTION careaccess.refuse(text, text, text, text, careaccess.id, careaccess.id) FROM PUBLIC;

CREATE FUNCTION @extschema@.careaccess_act_as(member careaccess.id, session boolean DEFAULT false) RETURNS void
	LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'ca_sql_act_as';
COMMENT ON FUNCTION @extschema@.careaccess_act_as(careaccess.id, boolean) IS
	'act as a member until the transaction ends, or for the session; for roles that an administrator grants it to';
REVOKE ALL ON FUNCTION @extschema@.careaccess_act_as(careaccess.id, boolean) FROM PUBLIC;

CREATE FUNCTION @extschema@.careaccess_stop_acting() RETURNS void
	LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'ca_sql_stop_acting';
COMMENT ON FUNCTION @extschema@.careaccess_stop_acting() IS
	'end what careaccess_act_as or careaccess_act_as_portal_user began';

CREATE FUNCTION @extschema@.careaccess_act_as_portal_user(portal_user careaccess.id,
	client careaccess.id DEFAULT NULL, session boolean DEFAULT false) RETURNS void
	LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'ca_sql_act_as_portal_user';
COMMENT ON FUNCTION @extschema@.careaccess_act_as_portal_user(careaccess.id, careaccess.id, boolean) IS
	'act as a portal user on one profile (null: his own) until the transaction ends, or for the session; for roles that an administrator grants it to';
REVOKE ALL ON FUNCTION @extschema@.careaccess_act_as_portal_user(careaccess.id, careaccess.id, boolean) FROM PUBLIC;

CREATE FUNCTION @extschema@.careaccess_switch_profile(client careaccess.id) RETURNS void
	LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'ca_sql_switch_profile';
COMMENT ON FUNCTION @extschema@.careaccess_switch_profile(careaccess.id) IS
	'choose another profile (null: his own) for the acting portal user, for as long as he acts';
REVOKE ALL ON FUNCTION @extschema@.careaccess_switch_profile(careaccess.id) FROM PUBLIC;

CREATE FUNCTION careaccess.chosen_profile() RETURNS careaccess.id
	LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'ca_sql_chosen_profile';
COMMENT ON FUNCTION careaccess.chosen_profile() IS
	'the client whom the acting portal user has chosen, if he may still use the profile; otherwise, and for everybody else, null';
REVOKE ALL ON FUNCTION careaccess.chosen_profile() FROM PUBLIC;

CREATE FUNCTION @extschema@.careaccess_whoami(
	OUT kind text, OUT id careaccess.id, OUT practice careaccess.id,
	OUT identified_by text, OUT valid_until timestamptz) RETURNS SETOF record
	LANGUAGE c STABLE PARALLEL SAFE ROWS 1 AS 'MODULE_PATHNAME', 'ca_sql_whoami';
COMMENT ON FUNCTION @extschema@.careaccess_whoami() IS
	'who the session is: a member, a portal user, a database administrator, or nobody; and what says so';

CREATE FUNCTION @extschema@.careaccess_current_member() RETURNS careaccess.id
	LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'ca_sql_current_member';
COMMENT ON FUNCTION @extschema@.careaccess_current_member() IS 'the session''s member, or null';

CREATE FUNCTION @extschema@.careaccess_current_practice() RETURNS careaccess.id
	LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'ca_sql_current_practice';
COMMENT ON FUNCTION @extschema@.careaccess_current_practice() IS
	'the practice of the session''s member or portal user, or null';

CREATE FUNCTION @extschema@.careaccess_current_portal_user() RETURNS careaccess.id
	LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'ca_sql_current_portal_user';
COMMENT ON FUNCTION @extschema@.careaccess_current_portal_user() IS 'the session''s portal user, or null';

-- The raw decision, for the functions that change access.  Volatile: what the
-- transaction has changed so far counts.

CREATE FUNCTION careaccess.member_can(member careaccess.id, client careaccess.id, category text, action text,
	as_if_archived boolean DEFAULT false) RETURNS boolean
	LANGUAGE c VOLATILE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'ca_sql_member_can';
COMMENT ON FUNCTION careaccess.member_can(careaccess.id, careaccess.id, text, text, boolean) IS
	'the decision, whoever asks; as_if_archived judges a deleted client as an archived one';
REVOKE ALL ON FUNCTION careaccess.member_can(careaccess.id, careaccess.id, text, text, boolean) FROM PUBLIC;

CREATE FUNCTION careaccess.accessible_members(member careaccess.id) RETURNS SETOF careaccess.id
	LANGUAGE c VOLATILE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'ca_sql_accessible_members';
COMMENT ON FUNCTION careaccess.accessible_members(careaccess.id) IS 'whose records groups leave open to the member';
REVOKE ALL ON FUNCTION careaccess.accessible_members(careaccess.id) FROM PUBLIC;

CREATE FUNCTION careaccess.managed_members(member careaccess.id) RETURNS SETOF careaccess.id
	LANGUAGE c VOLATILE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'ca_sql_managed_members';
COMMENT ON FUNCTION careaccess.managed_members(careaccess.id) IS 'whose clients the member manages as a group admin';
REVOKE ALL ON FUNCTION careaccess.managed_members(careaccess.id) FROM PUBLIC;

CREATE FUNCTION careaccess.manages(member careaccess.id, other careaccess.id) RETURNS boolean
	LANGUAGE c VOLATILE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'ca_sql_manages';
COMMENT ON FUNCTION careaccess.manages(careaccess.id, careaccess.id) IS
	'whether the other is one whose clients the member manages as a group admin';
REVOKE ALL ON FUNCTION careaccess.manages(careaccess.id, careaccess.id) FROM PUBLIC;

-- What policies call.  Not leakproof: the planner must not run them on rows
-- that another condition hides, nor other functions on rows that these hide.

CREATE FUNCTION careaccess.row_support(internal) RETURNS internal
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'ca_sql_row_support';
COMMENT ON FUNCTION careaccess.row_support(internal) IS 'planner support of the functions that policies call';

DO $$
DECLARE
	action text;
	arguments text;
BEGIN
	FOREACH action IN ARRAY '{view, create, edit, delete}'::text[] LOOP
		FOREACH arguments IN ARRAY ARRAY[
			'client "any", category text',
			'client "any", category text, author "any"',
			'client "any", category text, author "any", client_visible boolean',
			'client "any", category text, author "any", client_visible boolean, practice "any"']
		LOOP
			EXECUTE pg_catalog.format(
				'CREATE FUNCTION careaccess.row_%1$s(%2$s) RETURNS boolean
					LANGUAGE c STABLE PARALLEL SAFE COST 4 SUPPORT careaccess.row_support
					AS ''MODULE_PATHNAME'', ''ca_sql_row_%1$s''', action, arguments);
			EXECUTE pg_catalog.format('COMMENT ON FUNCTION careaccess.row_%1$s(%2$s) IS %3$L', action,
				pg_catalog.regexp_replace(arguments, '(client|category|author|client_visible|practice) ("any"|text|boolean)', '\2', 'g'),
				'the policies'' question: may the session''s member or portal user ' || action || ' this row?');
		END LOOP;
	END LOOP;
END
$$;

-- The index conditions that the planner support makes of policies: the clients
-- of whoever asks, as an array of the column's type.  STABLE, and never a
-- constant: the support function only writes the call into the plan.  Whoever
-- calls one of them learns which clients he may see himself.
DO $$
DECLARE
	element text;
BEGIN
	FOREACH element IN ARRAY '{smallint, integer, bigint, uuid, text, careaccess.id}'::text[] LOOP
		EXECUTE pg_catalog.format(
			'CREATE FUNCTION careaccess.clients_%1$s(category text, actions integer, whoever_the_author boolean) RETURNS %2$s[]
				LANGUAGE c STABLE STRICT PARALLEL SAFE COST 100 AS ''MODULE_PATHNAME'', ''ca_sql_clients''',
			pg_catalog.replace(element, 'careaccess.', ''), element);
		EXECUTE pg_catalog.format('COMMENT ON FUNCTION careaccess.clients_%s(text, integer, boolean) IS %L',
			pg_catalog.replace(element, 'careaccess.', ''),
			'the index condition of the policies: the clients of whom the session''s member or portal user may see such rows');
	END LOOP;
END
$$;
