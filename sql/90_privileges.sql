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
				'careaccess_unique', 'careaccess_seal_events', 'careaccess_verify_events', 'careaccess_set_token_key', 'careaccess_retire_token_key', 'careaccess_check', 'careaccess_grant_application',
				'careaccess_revoke_application') THEN 'administration'
			WHEN p.proname IN ('careaccess_grant_administrator', 'careaccess_revoke_administrator') THEN 'superuser'
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

-- Gives or takes what is for some purposes: functions one by one, and views.
CREATE FUNCTION careaccess.change_rights(give boolean, purposes text[], role name) RETURNS void
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, careaccess, pg_temp
AS $$
DECLARE
	administers CONSTANT boolean := 'administration' = ANY (purposes);
	f regprocedure;
	v regclass;
BEGIN
	FOR f IN
		SELECT i.function FROM careaccess.interface() AS i WHERE i.purpose = ANY (purposes)
		UNION ALL SELECT 'careaccess.administrator()'::regprocedure WHERE administers
	LOOP
		IF give THEN
			EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', f, role);
		ELSE
			EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM %I CASCADE', f, role);
		END IF;
	END LOOP;
	FOR v IN
		SELECT unnest('{careaccess.deleted_clients,careaccess.emergency_review,careaccess.event_log}'::regclass[])
		UNION ALL SELECT 'careaccess.protected_tables'::regclass WHERE administers
	LOOP
		IF give THEN
			EXECUTE format('GRANT SELECT ON %s TO %I', v, role);
		ELSE
			EXECUTE format('REVOKE SELECT ON %s FROM %I CASCADE', v, role);
		END IF;
	END LOOP;
	-- It is not taken back: others' grants may rest on it, and everybody has it.
	IF give THEN
		EXECUTE format('GRANT USAGE ON SCHEMA careaccess, @extschema@ TO %I', role);
	END IF;
END
$$;
COMMENT ON FUNCTION careaccess.change_rights(boolean, text[], name) IS 'grants to a role, or revokes from it, the functions and views that are for some purposes';
REVOKE ALL ON FUNCTION careaccess.change_rights(boolean, text[], name) FROM PUBLIC;

CREATE FUNCTION @extschema@.careaccess_grant_application(role name) RETURNS void
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'grant_application'
AS $$
#variable_conflict use_variable
DECLARE
	what text;
BEGIN
	PERFORM careaccess.require_administrator('make an application role');
	PERFORM careaccess.require_grantee(role);
	SELECT CASE WHEN r.rolsuper THEN 'is a superuser' WHEN r.rolbypassrls THEN 'has BYPASSRLS' END INTO what
	FROM pg_roles AS r WHERE r.rolname = role;
	IF what IS NOT NULL THEN
		RAISE WARNING 'role "%" %', role, what
			USING DETAIL = 'Row security does not hold it, so whatever connects with it reads every row of the protected tables.',
			HINT = format('Let the application use another role, or say ALTER ROLE %I NOSUPERUSER NOBYPASSRLS.', role);
	END IF;
	PERFORM careaccess.change_rights(true, '{application}', role);
END
$$;
COMMENT ON FUNCTION @extschema@.careaccess_grant_application(name) IS
	'let a role call everything that members do; not careaccess_act_as, which is granted by hand';
REVOKE ALL ON FUNCTION @extschema@.careaccess_grant_application(name) FROM PUBLIC;

CREATE FUNCTION @extschema@.careaccess_revoke_application(role name) RETURNS void
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	PERFORM careaccess.require_administrator('end an application role');
	PERFORM careaccess.require_grantee(role);
	PERFORM careaccess.change_rights(false, '{application,identity}', role);
END
$$;
COMMENT ON FUNCTION @extschema@.careaccess_revoke_application(name) IS
	'take back what careaccess_grant_application gave a role, and what was granted by hand: careaccess_act_as and the like';
REVOKE ALL ON FUNCTION @extschema@.careaccess_revoke_application(name) FROM PUBLIC;

CREATE FUNCTION @extschema@.careaccess_grant_administrator(role name) RETURNS void
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'grant_administrator'
AS $$
BEGIN
	PERFORM careaccess.require_administrator('make a database administrator');
	PERFORM careaccess.require_grantee(role);
	PERFORM careaccess.change_rights(true, '{application,administration,superuser}', role);
END
$$;
COMMENT ON FUNCTION @extschema@.careaccess_grant_administrator(name) IS
	'make a role a database administrator of careaccess: without an identity it may do what the invariants allow';
REVOKE ALL ON FUNCTION @extschema@.careaccess_grant_administrator(name) FROM PUBLIC;

CREATE FUNCTION @extschema@.careaccess_revoke_administrator(role name) RETURNS void
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	PERFORM careaccess.require_administrator('end a database administrator');
	PERFORM careaccess.require_grantee(role);
	PERFORM careaccess.change_rights(false, '{application,administration,superuser}', role);
END
$$;
COMMENT ON FUNCTION @extschema@.careaccess_revoke_administrator(name) IS
	'make a database administrator of careaccess an ordinary role again';
REVOKE ALL ON FUNCTION @extschema@.careaccess_revoke_administrator(name) FROM PUBLIC;
