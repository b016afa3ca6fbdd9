--
-- Keys of session tokens
--
-- A key is the administrator's to give: whoever can sign with it can become
-- anybody.  It is read nowhere but in C, and shown by nothing.

CREATE FUNCTION careaccess.token_key_problem(algorithm text, key bytea) RETURNS text
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'ca_sql_token_key_problem';
REVOKE EXECUTE ON FUNCTION careaccess.token_key_problem(text, bytea) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.token_key_problem(text, bytea) IS
	'what a key of this algorithm should be, if this is none; otherwise null';

-- The key is in no message: errors are logged.
CREATE FUNCTION @extschema@.careaccess_set_token_key(kid text, algorithm text, key bytea,
	audience text DEFAULT NULL, valid_until timestamptz DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'set_token_key'
AS $$
#variable_conflict use_column
DECLARE
	the_kid ALIAS FOR $1;
	the_algorithm ALIAS FOR $2;
	the_key ALIAS FOR $3;
	the_audience ALIAS FOR $4;
	the_end ALIAS FOR $5;
	begin_now CONSTANT timestamptz := pg_catalog.statement_timestamp();
	problem text;
BEGIN
	PERFORM careaccess.require_administrator('change the keys of session tokens');
	PERFORM careaccess.require_text('kid', the_kid);
	IF pg_catalog.octet_length(the_kid) > 255 THEN
		RAISE EXCEPTION 'kid must not be longer than 255 bytes' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM careaccess.require_choice('algorithm', the_algorithm, 'HS256', 'EdDSA', 'ES256', 'RS256');
	IF the_key IS NULL THEN
		PERFORM careaccess.raise_null('key');
	END IF;
	problem := careaccess.token_key_problem(the_algorithm, the_key);
	IF problem IS NOT NULL THEN
		RAISE EXCEPTION 'not a key for %', the_algorithm USING
			ERRCODE = 'invalid_parameter_value', HINT = problem;
	END IF;
	IF the_audience = '' THEN
		RAISE EXCEPTION 'audience must not be empty' USING
			ERRCODE = 'invalid_parameter_value',
			HINT = 'Pass null for tokens that name the database as their audience.';
	END IF;
	IF the_end <= begin_now THEN
		RAISE EXCEPTION 'valid_until must be in the future' USING
			ERRCODE = 'invalid_parameter_value',
			HINT = 'careaccess_retire_token_key() ends a key.';
	END IF;
	INSERT INTO careaccess.token_key AS k (kid, algorithm, key, audience, valid_from, valid_until)
	VALUES (the_kid, the_algorithm, the_key, the_audience, begin_now, the_end)
	ON CONFLICT (kid) DO UPDATE SET algorithm = EXCLUDED.algorithm, key = EXCLUDED.key,
		audience = EXCLUDED.audience, valid_from = EXCLUDED.valid_from, valid_until = EXCLUDED.valid_until;
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_set_token_key(text, text, bytea, text, timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_set_token_key(text, text, bytea, text, timestamptz) IS
	'adds the key that verifies session tokens of this kid, or puts another in its place';

CREATE FUNCTION @extschema@.careaccess_retire_token_key(kid text, at timestamptz DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'retire_token_key'
AS $$
#variable_conflict use_column
DECLARE
	the_kid ALIAS FOR $1;
	-- At once means for statements, too, that began before and look again.
	the_end CONSTANT timestamptz := CASE WHEN $2 > pg_catalog.statement_timestamp() THEN $2 ELSE '-infinity' END;
BEGIN
	PERFORM careaccess.require_administrator('change the keys of session tokens');
	PERFORM careaccess.require_text('kid', the_kid);
	UPDATE careaccess.token_key SET valid_until = LEAST(valid_until, the_end) WHERE kid = the_kid;
	IF NOT FOUND THEN
		PERFORM careaccess.refuse('P0002', pg_catalog.format('no such token key: "%s"', the_kid),
			hint => 'careaccess_set_token_key() adds one.');
	END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_retire_token_key(text, timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_retire_token_key(text, timestamptz) IS
	'ends a key of session tokens, now or at an instant to come: tokens of it are good no longer';
