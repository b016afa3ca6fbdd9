--
-- Answers: who may see what, and why
--
-- Executable by everybody: they tell a member about himself, and about others
-- only what his capabilities let him know.

CREATE FUNCTION @extschema@.careaccess_can_view(member careaccess.id, client careaccess.id,
	category text DEFAULT 'profile') RETURNS boolean
	LANGUAGE c STABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'ca_sql_can_view';
COMMENT ON FUNCTION @extschema@.careaccess_can_view(careaccess.id, careaccess.id, text) IS
	'may the member view records of this category of the client? No author is asked: could there be such a record';

CREATE FUNCTION @extschema@.careaccess_can_view(member careaccess.id, client careaccess.id,
	category text, author careaccess.id) RETURNS boolean
	LANGUAGE c STABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'ca_sql_can_view';
COMMENT ON FUNCTION @extschema@.careaccess_can_view(careaccess.id, careaccess.id, text, careaccess.id) IS
	'may the member view a record of this category of the client by this author (null: unknown)?';

CREATE FUNCTION @extschema@.careaccess_can(member careaccess.id, client careaccess.id,
	category text, action text) RETURNS boolean
	LANGUAGE c STABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'ca_sql_can';
COMMENT ON FUNCTION @extschema@.careaccess_can(careaccess.id, careaccess.id, text, text) IS
	'may the member view, create, edit or delete records of this category of the client? No author is asked';

CREATE FUNCTION @extschema@.careaccess_can(member careaccess.id, client careaccess.id,
	category text, action text, author careaccess.id) RETURNS boolean
	LANGUAGE c STABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'ca_sql_can';
COMMENT ON FUNCTION @extschema@.careaccess_can(careaccess.id, careaccess.id, text, text, careaccess.id) IS
	'may the member view, create, edit or delete a record of this category of the client by this author (null: unknown)?';

CREATE FUNCTION @extschema@.careaccess_visible(client "any", category text) RETURNS boolean
	LANGUAGE c STABLE PARALLEL SAFE COST 4 AS 'MODULE_PATHNAME', 'ca_sql_visible';
COMMENT ON FUNCTION @extschema@.careaccess_visible("any", text) IS
	'may the session''s member view a record of this category of the client whose author is not known?';

CREATE FUNCTION @extschema@.careaccess_visible(client "any", category text, author "any") RETURNS boolean
	LANGUAGE c STABLE PARALLEL SAFE COST 4 AS 'MODULE_PATHNAME', 'ca_sql_visible';
COMMENT ON FUNCTION @extschema@.careaccess_visible("any", text, "any") IS
	'may the session''s member view a record of this category of the client by this author?';

CREATE FUNCTION @extschema@.careaccess_visible_clients(member careaccess.id, category text DEFAULT 'profile')
	RETURNS SETOF careaccess.id
	LANGUAGE c STABLE PARALLEL SAFE COST 10000 AS 'MODULE_PATHNAME', 'ca_sql_visible_clients';
COMMENT ON FUNCTION @extschema@.careaccess_visible_clients(careaccess.id, text) IS
	'the clients of whom the member may view records of this category';

CREATE FUNCTION @extschema@.careaccess_viewers(client careaccess.id, category text DEFAULT 'profile')
	RETURNS TABLE (member careaccess.id, reason text)
	LANGUAGE c STABLE PARALLEL SAFE COST 10000 ROWS 20 AS 'MODULE_PATHNAME', 'ca_sql_viewers';
COMMENT ON FUNCTION @extschema@.careaccess_viewers(careaccess.id, text) IS
	'every member who may view records of this category of the client, and by which right';

CREATE FUNCTION @extschema@.careaccess_explain(member careaccess.id, client careaccess.id,
	category text DEFAULT 'profile', action text DEFAULT 'view', author careaccess.id DEFAULT NULL)
	RETURNS TABLE (step integer, rule text, outcome text, detail text)
	LANGUAGE c STABLE PARALLEL SAFE COST 100 ROWS 9 AS 'MODULE_PATHNAME', 'ca_sql_explain';
COMMENT ON FUNCTION @extschema@.careaccess_explain(careaccess.id, careaccess.id, text, text, careaccess.id) IS
	'how the decision comes about, rule by rule, the deciding one marked; for a no, what would change it. A null author is not asked';

CREATE FUNCTION @extschema@.careaccess_test_practitioner(member careaccess.id) RETURNS SETOF careaccess.id
	LANGUAGE c STABLE PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'ca_sql_test_practitioner';
COMMENT ON FUNCTION @extschema@.careaccess_test_practitioner(careaccess.id) IS
	'whose records groups leave open to the member, colleague limits aside';

CREATE FUNCTION @extschema@.careaccess_test_clinic_admin(member careaccess.id) RETURNS SETOF careaccess.id
	LANGUAGE c STABLE PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'ca_sql_test_clinic_admin';
COMMENT ON FUNCTION @extschema@.careaccess_test_clinic_admin(careaccess.id) IS
	'whose clients the member manages as a group admin; nobody''s without a role of reach managed';

CREATE FUNCTION @extschema@.careaccess_cache(
	OUT entries bigint, OUT pinned bigint, OUT hits bigint, OUT misses bigint, OUT rebuilds bigint,
	OUT evictions bigint, OUT bytes bigint) RETURNS record
	LANGUAGE c VOLATILE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'ca_sql_cache';
COMMENT ON FUNCTION @extschema@.careaccess_cache() IS
	'what this session keeps of facts over statements: practices and bytes now; how often something that fits was there, was not, or had changed, and what was given up for want of memory';

-- Deleted clients are nobody's to see, save for those who may restore them.
CREATE FUNCTION careaccess.deleted_clients_of_session() RETURNS TABLE (client careaccess.id, practice careaccess.id)
	LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, careaccess, pg_temp
AS $$
DECLARE
	actor record;
BEGIN
	SELECT * INTO actor FROM careaccess.actor();
	IF actor.kind = 'administrator' THEN
		RETURN QUERY SELECT c.id, c.practice FROM careaccess.client AS c WHERE c.status = 'deleted';
	ELSIF actor.kind = 'member' AND careaccess.has_capability(actor.id, 'delete_client') THEN
		RETURN QUERY
			SELECT c.id, c.practice FROM careaccess.client AS c
			WHERE c.practice = actor.practice AND c.status = 'deleted'
				AND careaccess.member_can(actor.id, c.id, 'name', 'view', true);
	END IF;
END
$$;
COMMENT ON FUNCTION careaccess.deleted_clients_of_session() IS 'the rows of the view deleted_clients';

CREATE VIEW careaccess.deleted_clients AS
	SELECT client, practice FROM careaccess.deleted_clients_of_session();
COMMENT ON VIEW careaccess.deleted_clients IS
	'the deleted clients that the session''s member may restore; a database administrator sees all';
GRANT SELECT ON careaccess.deleted_clients TO PUBLIC;
