-- Session tokens: the keys and who gives them, what a token of HS256 made by
-- hand opens and for how long, and that one which is not good opens nothing.
BEGIN;
SELECT plan(111);
SET LOCAL client_min_messages = warning;

CREATE ROLE careaccess_test_app;
SELECT careaccess_grant_application('careaccess_test_app');
GRANT EXECUTE ON FUNCTION careaccess_act_as, careaccess_act_as_portal_user TO careaccess_test_app;
CREATE ROLE careaccess_test_login;
SELECT careaccess_grant_application('careaccess_test_login');
CREATE ROLE careaccess_test_dba;
SELECT careaccess_grant_administrator('careaccess_test_dba');
GRANT careaccess_test_login TO careaccess_test_app;

SELECT careaccess_create_practice('p', 'Practice');
SELECT careaccess_add_member('p', m, m, ARRAY[r])
FROM (VALUES ('anna', 'clinician'), ('bert', 'clinician'), ('42', 'clinician'), ('olga', 'owner'), ('gone', 'clinician'), ('lena', 'clinician')) AS v (m, r);
SELECT careaccess_set_member_status('gone', 'disabled');
SELECT careaccess_configure_member('lena', '{"login_role": "careaccess_test_login"}');
SELECT careaccess_add_client(c, 'p', o) FROM (VALUES ('c1', 'anna'), ('c2', 'bert'), ('c3', 'lena'), ('c4', 'anna')) AS v (c, o);
SELECT careaccess_add_portal_user('u1', 'c1');
SELECT careaccess_link_profile('c4', 'c1');
SELECT careaccess_invite_to_portal('c4', 'u1', true, true);
SELECT careaccess_act_as_portal_user('u1');
SELECT careaccess_accept_portal_access('c4');
SELECT careaccess_stop_acting();
CREATE TABLE visit (id integer PRIMARY KEY, client text NOT NULL);
CREATE INDEX ON visit (client);
INSERT INTO visit SELECT i, 'c' || (1 + i % 4) FROM generate_series(1, 40) AS i;
SELECT careaccess_protect('visit', 'client', category => 'schedule');
GRANT SELECT, INSERT, UPDATE, DELETE ON visit TO careaccess_test_app, careaccess_test_login;

-- SQLSTATE, message, detail and hint of a statement.
CREATE FUNCTION outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
	hint text;
BEGIN
	EXECUTE statement;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', SQLSTATE, SQLERRM, nullif(detail, ''), nullif(hint, ''));
END $$;
CREATE FUNCTION visits() RETURNS text LANGUAGE sql
	AS $$ SELECT coalesce(string_agg(client || ':' || n, ' ' ORDER BY client), 'none') FROM (SELECT client, count(*) AS n FROM visit GROUP BY client) AS v $$;
CREATE FUNCTION who() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	RETURN (SELECT concat_ws(' ', kind, id, identified_by) FROM careaccess_whoami());
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(' ', SQLSTATE, detail);
END $$;

-- A token, by the standards: SHA-256 is PostgreSQL's, the rest is written here.
CREATE FUNCTION url64(bytes bytea) RETURNS text LANGUAGE sql IMMUTABLE
	AS $$ SELECT translate(encode(bytes, 'base64'), E'+/=\n', '-_') $$;
CREATE FUNCTION masked(secret bytea, mask integer) RETURNS bytea LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	block bytea := secret || decode(repeat('00', 64 - length(secret)), 'hex');
BEGIN
	FOR i IN 0..63 LOOP
		block := set_byte(block, i, get_byte(block, i) # mask);
	END LOOP;
	RETURN block;
END $$;
CREATE FUNCTION hmac(secret bytea, data bytea) RETURNS bytea LANGUAGE sql IMMUTABLE
	AS $$ SELECT sha256(masked(secret, 92) || sha256(masked(secret, 54) || data)) $$;
CREATE FUNCTION signed(claims text, secret bytea, header text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT t || '.' || url64(hmac(secret, convert_to(t, 'UTF8')))
	FROM (SELECT url64(convert_to(header, 'UTF8')) || '.' || url64(convert_to(claims, 'UTF8'))) AS v (t)
$$;
CREATE FUNCTION secret(kid text) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$ SELECT sha256(convert_to(kid, 'UTF8')) $$;
-- Claims for an hour; others are added, or, null, taken away.
CREATE FUNCTION token(sub text, more jsonb DEFAULT '{}', kid text DEFAULT 'k1') RETURNS text LANGUAGE sql STABLE AS $$
	SELECT signed(jsonb_strip_nulls(jsonb_build_object('sub', sub, 'aud', current_database(),
			'exp', extract(epoch FROM clock_timestamp()) + 3600) || more)::text, secret(kid), jsonb_build_object('alg', 'HS256', 'kid', kid)::text)
$$;
CREATE FUNCTION present(token text) RETURNS text LANGUAGE sql AS $$ SELECT set_config('careaccess.token', token, true) $$;

SELECT is(hmac(decode(repeat('0b', 20), 'hex'), 'Hi There'), '\xb0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
	'HMAC as in RFC 4231, 4.2');

--
-- Giving keys
--
SELECT is(outcome('SELECT careaccess_set_token_key(NULL, ''HS256'', secret(''k''))'), '22023 | kid must not be null', 'set: null kid');
SELECT is(outcome('SELECT careaccess_set_token_key('' '', ''HS256'', secret(''k''))'), '22023 | kid must not be empty', 'set: empty kid');
SELECT is(outcome('SELECT careaccess_set_token_key(repeat(''k'', 256), ''HS256'', secret(''k''))'), '22023 | kid must not be longer than 255 bytes', 'set: long kid');
SELECT is(outcome('SELECT careaccess_set_token_key(''k'', NULL, secret(''k''))'),
	'22023 | algorithm must not be null | Choose one of: HS256, EdDSA, ES256, RS256.', 'set: null algorithm');
SELECT is(outcome(format('SELECT careaccess_set_token_key(''k'', %L, secret(''k''))', a)),
	format('22023 | unknown algorithm: "%s" | Choose one of: HS256, EdDSA, ES256, RS256.', a), 'set: algorithm ' || a)
FROM unnest('{none,hs256,HS512,PS256,""}'::text[]) AS a;
SELECT is(outcome('SELECT careaccess_set_token_key(''k'', ''HS256'', NULL)'), '22023 | key must not be null', 'set: null key');
SELECT is(outcome(format('SELECT careaccess_set_token_key(''k'', ''HS256'', %L)', k)),
	'22023 | not a key for HS256 | The secret must have at least 32 bytes.', 'set: a secret of ' || length(k) || ' bytes')
FROM (VALUES (''::bytea), (substr(secret('k'), 2))) AS v (k);
SELECT is(outcome(format('SELECT careaccess_set_token_key(''k'', %L, secret(''k'') || ''\x00'')', a)), format('22023 | not a key for %s | %s', a, hint), 'set: no key for ' || a)
FROM (VALUES ('EdDSA', 'It must be a public key of Ed25519, as PEM (BEGIN PUBLIC KEY), DER or its 32 bytes.'),
	('ES256', 'It must be a public key of the curve P-256, as PEM (BEGIN PUBLIC KEY) or DER.'),
	('RS256', 'It must be a public RSA key of 2048 to 8192 bits, as PEM (BEGIN PUBLIC KEY) or DER.')) AS v (a, hint);
SELECT is(outcome('SELECT careaccess_set_token_key(''k'', ''HS256'', secret(''k''), '''')'),
	'22023 | audience must not be empty | Pass null for tokens that name the database as their audience.', 'set: empty audience');
SELECT is(outcome('SELECT careaccess_set_token_key(''k'', ''HS256'', secret(''k''), valid_until => now())'),
	'22023 | valid_until must be in the future | careaccess_retire_token_key() ends a key.', 'set: an end that is past');
SELECT is(outcome('SELECT careaccess_retire_token_key(NULL)'), '22023 | kid must not be null', 'retire: null');
SELECT is(outcome('SELECT careaccess_retire_token_key('''')'), '22023 | kid must not be empty', 'retire: empty');
SELECT is(outcome('SELECT careaccess_retire_token_key(''k'')'), 'P0002 | no such token key: "k" | careaccess_set_token_key() adds one.', 'retire: unknown');
SELECT is((SELECT count(*) FROM careaccess.token_key), 0::bigint, 'no key is there by that');

SELECT is(outcome('SELECT careaccess_set_token_key(''k1'', ''HS256'', secret(''k1''))'), 'done', 'set');
SELECT is(outcome('SELECT careaccess_set_token_key(''kü'', ''EdDSA'', secret(''kü''), ''portal'', now() + interval ''1 day'')'), 'done', 'set: with everything');
SELECT results_eq('SELECT kid, algorithm, key, audience, valid_from <= statement_timestamp(), valid_until FROM careaccess.token_key ORDER BY kid',
	'VALUES (''k1'', ''HS256'', secret(''k1''), NULL, true, NULL), (''kü'', ''EdDSA'', secret(''kü''), ''portal'', true, now() + interval ''1 day'')',
	'two keys');
SELECT careaccess_set_token_key('kü', 'HS256', secret('another'));
SELECT results_eq('SELECT algorithm, key, audience, valid_until FROM careaccess.token_key WHERE kid = ''kü''',
	'VALUES (''HS256'', secret(''another''), NULL::text, NULL::timestamptz)', 'set again: all of it is replaced');
SELECT careaccess_retire_token_key('kü', 'infinity');
SELECT careaccess_retire_token_key('kü', now() + interval '2 days');
SELECT careaccess_retire_token_key('kü', now() + interval '3 days');
SELECT is((SELECT valid_until FROM careaccess.token_key WHERE kid = 'kü'), now() + interval '2 days', 'retire: the earlier end stays');
SELECT careaccess_retire_token_key('kü', now() - interval '3 days');
SELECT is((SELECT valid_until FROM careaccess.token_key WHERE kid = 'kü'), '-infinity', 'retire: the past is now');
SELECT careaccess_retire_token_key('kü', now() + interval '3 days');
SELECT is((SELECT valid_until FROM careaccess.token_key WHERE kid = 'kü'), '-infinity', 'retire: what has ended stays so');
SELECT bag_eq('SELECT DISTINCT operation, actor_kind, coalesce(after, before) ->> ''kid'' FROM careaccess.event WHERE fact = ''token_key''',
	$$ VALUES ('set_token_key', 'administrator', 'k1'), ('set_token_key', 'administrator', 'kü'), ('retire_token_key', 'administrator', 'kü') $$,
	'giving and retiring keys are events');
SELECT is((SELECT count(*) FROM careaccess.event WHERE fact = 'token_key' AND (before ? 'key' OR after ? 'key')), 0::bigint, '… which have not the key');

-- Who

SELECT is((SELECT count(*) FROM unnest('{careaccess_test_app,careaccess_test_login}'::text[]) AS r,
	unnest('{careaccess_set_token_key,careaccess_retire_token_key}'::regproc[]) AS f WHERE has_function_privilege(r, f, 'EXECUTE')), 0::bigint,
	'no application executes the functions');
GRANT EXECUTE ON FUNCTION careaccess_set_token_key, careaccess_retire_token_key TO careaccess_test_app;
SET LOCAL ROLE careaccess_test_app;
CREATE FUNCTION pg_temp.refused() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(DISTINCT outcome(s), ' and ') FROM unnest(ARRAY['SELECT careaccess_set_token_key(''k3'', ''HS256'', secret(''k3''))',
		'SELECT careaccess_set_token_key(NULL, NULL, NULL)', 'SELECT careaccess_retire_token_key(''k1'')', 'SELECT careaccess_retire_token_key(NULL)']) AS s
$$;
SELECT is(pg_temp.refused(), '42501 | not allowed to change the keys of session tokens | A database administrator without an identity can.', 'refused: nobody, even with EXECUTE');
SELECT careaccess_act_as('olga');
SELECT is(pg_temp.refused(), '42501 | not allowed to change the keys of session tokens | A database administrator without an identity can.', 'refused: a practice''s owner');
RESET ROLE;
SELECT is(pg_temp.refused(), '42501 | not allowed to change the keys of session tokens | A database administrator without an identity can.', 'refused: a superuser who acts as one');
SELECT careaccess_stop_acting();
SELECT present('x');
SELECT doesnt_match(pg_temp.refused(), ' and ', 'refused: a superuser with a bad token, always alike');
SELECT matches(pg_temp.refused(), '^28000 . the session.s token is not valid', '… since it is');
SELECT present(token('olga'));
SELECT matches(pg_temp.refused(), '^42501 ', 'refused: a superuser with a member''s token');
SELECT present('');
SET LOCAL ROLE careaccess_test_dba;
SELECT is(outcome('SELECT careaccess_set_token_key(''k4'', ''HS256'', secret(''k4'')), careaccess_retire_token_key(''k4'')'), 'done', 'allowed: an administrator');
SET LOCAL ROLE careaccess_test_app;
SELECT is(outcome('SELECT key FROM careaccess.token_key'), '42501 | permission denied for schema careaccess', 'an application cannot read keys')
WHERE NOT has_schema_privilege('careaccess', 'USAGE')
UNION ALL
SELECT is(outcome('SELECT key FROM careaccess.token_key'), '42501 | permission denied for table token_key', 'an application cannot read keys')
WHERE has_schema_privilege('careaccess', 'USAGE');

--
-- Whom a good token makes of a session
--
SELECT is(who() || ', ' || visits(), 'nobody none, none', 'nobody before');
SELECT is(present(token('anna')), '********', 'set_config does not show it');
SELECT is(who() || ', ' || visits(), 'member anna token, c1:10 c4:10', 'a member');
SELECT is(current_setting('careaccess.token'), '********', 'nor does current_setting');
SELECT is((SELECT count(*) FROM pg_settings WHERE name = 'careaccess.token'), 0::bigint, 'nor pg_settings');
SELECT is((SELECT concat_ws(' ', careaccess_current_member(), careaccess_current_practice(), careaccess_current_portal_user())), 'anna p', 'the same by the others');
SELECT ok(careaccess_can_view('anna', 'c1', 'schedule') AND NOT careaccess_can_view('anna', 'c2', 'schedule'), 'he asks about himself');
SELECT ok((SELECT valid_until BETWEEN now() + interval '59 minutes' AND now() + interval '61 minutes' FROM careaccess_whoami()), 'until it ends');
SELECT is(outcome('INSERT INTO visit VALUES (101, ''c1'')'), 'done', 'he writes of his client');
SELECT is(outcome('INSERT INTO visit VALUES (102, ''c2'')'), '42501 | new row violates row-level security policy for table "visit"', '… of no other');
SELECT is(outcome(s), '55000 | the session has a token | Set careaccess.token to an empty string first.', s)
FROM unnest(ARRAY['SELECT careaccess_act_as(''bert'')', 'SELECT careaccess_act_as(''bert'', true)', 'SELECT careaccess_act_as_portal_user(''u1'')', 'SELECT careaccess_switch_profile(''c4'')']) AS s;
SELECT present(token('42'));
SELECT is(who(), 'member 42 token', 'an identifier that is a number');
SELECT present(token('anna', ('{"aud": ["other", "' || current_database() || '"], "nbf": 1.5e9, "iat": 1500000000.25, "careaccess_kind": "member", "role": {"sub": ["x"]}}')::jsonb));
SELECT is(who(), 'member anna token', 'with every claim, and one that means nothing here');
SELECT present(token('u1', '{"careaccess_kind": "portal"}'));
SELECT is(who() || ', ' || visits(), 'portal u1 token, c1:11', 'a portal user: his own profile');
SELECT is((SELECT concat_ws(' ', careaccess_current_practice(), careaccess_current_portal_user())), 'p u1', '… by the others');
SELECT present(token('u1', '{"careaccess_kind": "portal", "careaccess_client": "c4"}'));
SELECT is(who() || ', ' || visits(), 'portal u1 token, c4:10', '… the one that was accepted');
SELECT present(token('u1', '{"careaccess_kind": "portal", "careaccess_client": "c2"}'));
SELECT is(who() || ', ' || visits(), 'portal u1 token, none', '… one that was not');
SELECT present(token('u1'));
SELECT is(who() || ', ' || visits(), 'nobody token, none', 'a portal user''s name makes no member');
SELECT present(token('anna', '{"careaccess_kind": "portal"}'));
SELECT is(who() || ', ' || visits(), 'nobody token, none', '… nor a member''s a portal user');
SELECT present(token('gone'));
SELECT is(who() || ', ' || visits(), 'nobody token, none', 'nor is a disabled member anybody');
SELECT is(outcome('SELECT careaccess_can_view(''anna'', ''c1'')'), '42501 | no member is acting in this session | Set careaccess.token, call careaccess_act_as, or log in with the login role of a member.',
	'… and a direct question is refused');

--
-- What is not good makes nobody, whoever is underneath
--
CREATE TABLE pg_temp.bad (why text, token text, detail text);
GRANT SELECT ON pg_temp.bad TO PUBLIC;
INSERT INTO pg_temp.bad VALUES
	('nothing like one', 'x', 'The token is not a signed JSON Web Token in compact form.'),
	('a space', ' ', 'The token is not a signed JSON Web Token in compact form.'),
	('too long', repeat('a', 16385), 'The token is longer than 16384 bytes.'),
	('a claim twice', signed('{"sub": "anna", "sub": "bert", "exp": 9e9}', secret('k1'), '{"alg": "HS256", "kid": "k1"}'), 'The token has a header parameter or a claim twice.'),
	('no kid', signed('{}', secret('k1'), '{"alg": "HS256"}'), 'The token''s header must name its key (kid) and algorithm (alg), and nothing critical (crit).'),
	('another algorithm', signed('{}', secret('k1'), '{"alg": "ES256", "kid": "k1"}'), 'The token''s algorithm is not that of its key.'),
	('an unknown key', token('anna', '{}', 'k9'), 'The token''s key is not known, not valid now, or not usable.'),
	('a retired key', token('anna', '{}', 'k4'), 'The token''s key is not known, not valid now, or not usable.'),
	('another''s key', signed('{}', secret('k4'), '{"alg": "HS256", "kid": "k1"}'), 'The token''s signature is not good.'),
	('no end', token('anna', '{"exp": null}'), 'The token lacks the claims sub and exp, or has a claim of the wrong type or value.'),
	('for another', token('anna', '{"aud": "other"}'), 'The token is not meant for this database.'),
	('for nobody', token('anna', '{"aud": null}'), 'The token is not meant for this database.'),
	('over', token('anna', '{"exp": 1500000000}'), 'The token has expired.'),
	('not begun', token('anna', '{"nbf": 9000000000}'), 'The token is not valid yet.'),
	('of tomorrow', token('anna', '{"iat": 9000000000}'), 'The token is not valid yet.');
CREATE FUNCTION pg_temp.with_each(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	b record;
	got text[] := '{}';
BEGIN
	FOR b IN SELECT * FROM pg_temp.bad LOOP
		PERFORM present(b.token);
		EXECUTE statement INTO b.token;
		got := got || b.token;
	END LOOP;
	RETURN (SELECT string_agg(DISTINCT g, ', ') FROM unnest(got) AS g);
END $$;
SELECT is(outcome(format('SELECT present(%L); SELECT kind FROM careaccess_whoami()', token)),
	'28000 | the session''s token is not valid | ' || detail || ' | Set careaccess.token to a valid token, or to an empty string for none.', why)
FROM pg_temp.bad;
SELECT present('');
SELECT careaccess_act_as('anna');
SELECT is(who() || ', ' || visits(), 'member anna acting, c1:11 c4:10', 'somebody acts');
SELECT is(pg_temp.with_each('SELECT visits()'), 'none', '… and is not seen behind a bad token');
SELECT is(pg_temp.with_each('SELECT left(outcome(''INSERT INTO visit VALUES (103, ''''c1'''')''), 5)'), '42501', '… nor writes');
SELECT is(pg_temp.with_each('SELECT left(outcome(''SELECT careaccess_can_view(''''anna'''', ''''c1'''')''), 5)'), '28000', '… nor asks');
SELECT is(pg_temp.with_each('SELECT left(outcome(''SELECT careaccess_current_member()''), 5)'), '28000', '… nor who he is');
SELECT present('');
SELECT is(who() || ', ' || visits(), 'member anna acting, c1:11 c4:10', 'an empty token is none');
SELECT present(token('bert'));
SELECT is(who() || ', ' || visits(), 'member bert token, c2:10', 'a good one goes before who acts');
SELECT present('');
SELECT careaccess_stop_acting();
SET LOCAL ROLE careaccess_test_login;
SELECT is(who() || ', ' || visits(), 'member lena login_role, c3:10', 'a login role');
SELECT is(pg_temp.with_each('SELECT visits()'), 'none', '… is not seen behind a bad token');
SELECT present(token('bert'));
SELECT is(who() || ', ' || visits(), 'member bert token, c2:10', '… and a good one goes before it');
SELECT present('');
RESET ROLE;
SELECT is(pg_temp.with_each('SELECT left(outcome(''SELECT careaccess_unshare_client(''''c1'''', ''''bert'''')''), 5)'), '28000', 'no superuser behind a bad one');
SELECT is(pg_temp.with_each('SELECT left(outcome(''SELECT careaccess_whoami()''), 5)'), '28000', '… of whom it could be said');
SELECT present(token('bert'));
SELECT is(who(), 'member bert token', '… nor behind a good one');

--
-- For how long
--
SET LOCAL ROLE careaccess_test_app;
SAVEPOINT before;
SELECT present(token('anna'));
SAVEPOINT inner_one;
SELECT present(token('lena'));
SELECT is(who(), 'member lena token', 'in a savepoint another');
ROLLBACK TO inner_one;
SELECT is(who(), 'member anna token', '… which goes with it');
ROLLBACK TO before;
SELECT is(who(), 'member bert token', '… and the outer one, too');
SET LOCAL careaccess.token = 'x';
SELECT is(who(), '28000 The token is not a signed JSON Web Token in compact form.', 'SET LOCAL');
RESET careaccess.token;
SELECT is(who(), 'nobody none', 'RESET');
PREPARE total AS SELECT count(*) FROM visit;
SELECT present(token('anna'));
CREATE FUNCTION pg_temp.total() RETURNS bigint LANGUAGE plpgsql AS $$ DECLARE n bigint; BEGIN EXECUTE 'EXECUTE total' INTO n; RETURN n; END $$;
SELECT is(pg_temp.total(), 21::bigint, 'a prepared statement of one');
SELECT present(token('bert'));
SELECT is(pg_temp.total(), 10::bigint, '… and of the next');
SELECT present('x');
SELECT is(pg_temp.total(), 0::bigint, '… and of none that is good');

-- By a key that changes
RESET ROLE;
SELECT present('');
CREATE FUNCTION pg_temp.after(statement text, token text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM present('');
	EXECUTE statement;
	PERFORM present(token);
	RETURN who();
END $$;
SELECT careaccess_set_token_key('k5', 'HS256', secret('k5'));
SELECT token('anna', '{}', 'k5') AS of_k5, token('anna', '{"aud": "clinic"}', 'k5') AS for_clinic \gset
SELECT is(pg_temp.after('SELECT', :'of_k5'), 'member anna token', 'a new key');
SELECT is(pg_temp.after('SELECT careaccess_set_token_key(''k5'', ''HS256'', secret(''k6''))', :'of_k5'), '28000 The token''s signature is not good.', '… that becomes another');
SELECT is(pg_temp.after('SELECT careaccess_set_token_key(''k5'', ''HS256'', secret(''k5''), ''clinic'')', :'of_k5'), 'member anna token', '… and returns, with an audience of its own');
SELECT is(pg_temp.after('SELECT', :'for_clinic'), 'member anna token', 'which a token may name');
SELECT is(pg_temp.after('SELECT careaccess_set_token_key(''k5'', ''HS256'', secret(''k5''))', :'for_clinic'), '28000 The token is not meant for this database.', '… and no longer');
SELECT is(pg_temp.after('UPDATE careaccess.token_key SET algorithm = ''RS256'' WHERE kid = ''k5''', :'of_k5'), '28000 The token''s algorithm is not that of its key.', 'an algorithm that is changed by hand');
SELECT is(pg_temp.after('UPDATE careaccess.token_key SET algorithm = ''HS256'', valid_from = ''infinity'' WHERE kid = ''k5''', :'of_k5'), '28000 The token''s key is not known, not valid now, or not usable.', 'a key that has not begun');
SELECT is(pg_temp.after('UPDATE careaccess.token_key SET valid_from = ''-infinity'', valid_until = ''infinity'' WHERE kid = ''k5''', :'of_k5'), 'member anna token', 'one for ever');
SELECT is(pg_temp.after('SELECT careaccess_retire_token_key(''k5'')', :'of_k5'), '28000 The token''s key is not known, not valid now, or not usable.', 'a key that is retired');
SELECT is(pg_temp.after('DELETE FROM careaccess.token_key WHERE kid = ''k5''', :'of_k5'), '28000 The token''s key is not known, not valid now, or not usable.', '… and gone');
SELECT is(pg_temp.after('UPDATE careaccess.token_key SET key = ''\x'' WHERE kid = ''k1''', token('anna')), '28000 The token''s signature is not good.', 'a key that is none opens nothing');

SELECT * FROM finish();
ROLLBACK;
