--
-- Whom the database administrator lets do what
--
-- The extension makes no roles.  What a role may do is what it may execute, so
-- that the rights travel with a dump like any other.

-- The functions of the interface by kind.  The session functions are granted
-- one by one, by hand: who may execute careaccess_act_as can become anybody.
CREATE FUNCTION careaccess.interface(OUT function regprocedure, OUT purpose text) RETURNS SETOF record
	LANGUAGE sql STABLE SECURITY INVOKER SET search_path = pg_catalog, careaccess, pg_temp
AS $$
	SELECT p.oid::pg_catalog.regprocedure,
		CASE
			WHEN p.proname IN ('careaccess_submit_form', 'careaccess_act_as', 'careaccess_act_as_portal_user', 'careaccess_accept_invitation') THEN 'identity'
			WHEN p.proname IN ('careaccess_create_practice', 'careaccess_protect', 'careaccess_unprotect',
				'careaccess_adopt_clients', 'careaccess_adopt_members', 'careaccess_mask', 'careaccess_unmask',
				'careaccess_unique', 'careaccess_set_token_key', 'careaccess_retire_token_key', 'careaccess_check', 'careaccess_grant_application') THEN 'administration'
			WHEN p.proname = 'careaccess_grant_administrator' THEN 'superuser'
			ELSE 'application'
		END
	FROM pg_catalog.pg_proc AS p
	JOIN pg_catalog.pg_depend AS d ON d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid
	JOIN pg_catalog.pg_extension AS e ON d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
		AND d.refobjid = e.oid AND d.deptype = 'e'
	WHERE e.extname = 'careaccess' AND p.proname LIKE 'careaccess\_%'
$$;
COMMENT ON FUNCTION careaccess.interface() IS
	'the public functions and whom they are for: application, administration, identity, superuser';
REVOKE ALL ON FUNCTION careaccess.interface() FROM PUBLIC;

CREATE FUNCTION careaccess.require_grantee(grantee name) RETURNS void
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	IF grantee IS NULL THEN
		RAISE EXCEPTION 'role must not be null' USING ERRCODE = '22023', HINT = 'Pass the name of a database role.';
	END IF;
	IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles AS r WHERE r.rolname = grantee) THEN
		RAISE EXCEPTION 'role "%" does not exist', grantee
			USING ERRCODE = '42704', HINT = 'Create it with CREATE ROLE first.';
	END IF;
END
$$;
COMMENT ON FUNCTION careaccess.require_grantee(name) IS 'refuses what is not the name of a database role';
REVOKE ALL ON FUNCTION careaccess.require_grantee(name) FROM PUBLIC;

CREATE FUNCTION @extschema@.careaccess_grant_application(role name) RETURNS void
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, careaccess, pg_temp
AS $$
DECLARE
	f record;
BEGIN
	IF (careaccess.actor()).kind <> 'administrator' THEN
		RAISE EXCEPTION 'not allowed to make an application role'
			USING ERRCODE = '42501', HINT = 'A database administrator without an identity can.';
	END IF;
	PERFORM careaccess.require_grantee(role);
	FOR f IN SELECT i.function FROM careaccess.interface() AS i WHERE i.purpose = 'application' LOOP
		EXECUTE pg_catalog.format('GRANT EXECUTE ON FUNCTION %s TO %I', f.function, role);
	END LOOP;
	EXECUTE pg_catalog.format('GRANT USAGE ON SCHEMA careaccess TO %I', role);
	EXECUTE pg_catalog.format('GRANT USAGE ON SCHEMA @extschema@ TO %I', role);
	EXECUTE pg_catalog.format('GRANT SELECT ON careaccess.deleted_clients, careaccess.emergency_review TO %I', role);
END
$$;
COMMENT ON FUNCTION @extschema@.careaccess_grant_application(name) IS
	'let a role call everything that members do; not careaccess_act_as, which is granted by hand';
REVOKE ALL ON FUNCTION @extschema@.careaccess_grant_application(name) FROM PUBLIC;

CREATE FUNCTION @extschema@.careaccess_grant_administrator(role name) RETURNS void
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, careaccess, pg_temp
AS $$
DECLARE
	f record;
BEGIN
	IF (careaccess.actor()).kind <> 'administrator' THEN
		RAISE EXCEPTION 'not allowed to make a database administrator'
			USING ERRCODE = '42501', HINT = 'A database administrator without an identity can.';
	END IF;
	PERFORM careaccess.require_grantee(role);
	FOR f IN SELECT i.function FROM careaccess.interface() AS i WHERE i.purpose IN ('application', 'administration', 'superuser') LOOP
		EXECUTE pg_catalog.format('GRANT EXECUTE ON FUNCTION %s TO %I', f.function, role);
	END LOOP;
	EXECUTE pg_catalog.format('GRANT EXECUTE ON FUNCTION careaccess.administrator() TO %I', role);
	EXECUTE pg_catalog.format('GRANT USAGE ON SCHEMA careaccess TO %I', role);
	EXECUTE pg_catalog.format('GRANT USAGE ON SCHEMA @extschema@ TO %I', role);
	EXECUTE pg_catalog.format('GRANT SELECT ON careaccess.deleted_clients, careaccess.emergency_review, careaccess.protected_tables TO %I', role);
END
$$;
COMMENT ON FUNCTION @extschema@.careaccess_grant_administrator(name) IS
	'make a role a database administrator of careaccess: without an identity it may do what the invariants allow';
REVOKE ALL ON FUNCTION @extschema@.careaccess_grant_administrator(name) FROM PUBLIC;
