--
-- The event log: who may read it, and how it is kept from being changed
--

-- Reading.  A view, so that conditions on the time go to the index; what it
-- asks about the session anybody may ask.

CREATE FUNCTION careaccess.audits_all() RETURNS boolean
	LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
	SELECT (careaccess.actor()).kind = 'administrator'
$$;
COMMENT ON FUNCTION careaccess.audits_all() IS
	'whether the session may read every event: a database administrator without an identity may';

CREATE FUNCTION careaccess.audited_practice() RETURNS careaccess.id
	LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
	SELECT a.practice FROM careaccess.actor() AS a
	WHERE a.kind = 'member' AND careaccess.has_capability(a.id, 'view_audit')
$$;
COMMENT ON FUNCTION careaccess.audited_practice() IS
	'the practice whose events the session''s member may read, if he has the capability view_audit';

CREATE FUNCTION careaccess.audited_clients() RETURNS SETOF careaccess.id
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
BEGIN
	IF careaccess.audited_practice() IS NULL THEN
		RETURN;
	END IF;
	RETURN QUERY SELECT c FROM @extschema@.careaccess_visible_clients((careaccess.actor()).id, 'name') AS c;
	RETURN QUERY SELECT d.client FROM careaccess.deleted_clients_of_session() AS d;
END
$$;
COMMENT ON FUNCTION careaccess.audited_clients() IS
	'the clients whose events the session''s member may read: those whom he may see, the deleted ones if he may restore them';

-- A link of two profiles names two clients.  So does a login's access to another's
-- profile: the login is a client's.
CREATE VIEW careaccess.event_log WITH (security_barrier) AS
	WITH audited AS MATERIALIZED (SELECT a.client FROM careaccess.audited_clients() AS a (client))
	SELECT e.*
	FROM careaccess.event AS e
	WHERE e.practice OPERATOR(careaccess.=) (SELECT careaccess.audited_practice())
		AND (e.client IS NULL OR e.client OPERATOR(careaccess.=) ANY (SELECT a.client FROM audited AS a))
		AND (e.fact OPERATOR(pg_catalog.<>) 'profile_link'
			OR (coalesce(e.before, e.after) OPERATOR(pg_catalog.->>) 'contact_client')::careaccess.id
				OPERATOR(careaccess.=) ANY (SELECT a.client FROM audited AS a))
		AND (e.fact OPERATOR(pg_catalog.<>) 'portal_access'
			OR (coalesce(e.before, e.after) OPERATOR(pg_catalog.->>) 'portal_user')::careaccess.id
				OPERATOR(careaccess.=) ANY (
					SELECT u.id FROM careaccess.portal_user AS u
					WHERE u.client OPERATOR(careaccess.=) ANY (SELECT a.client FROM audited AS a)))
	UNION ALL
	SELECT e.*
	FROM careaccess.event AS e
	WHERE (SELECT careaccess.audits_all());
COMMENT ON VIEW careaccess.event_log IS
	'the events that the session may read: a member with view_audit those of his practice, save of clients whom he may not see; a database administrator all';
GRANT SELECT ON careaccess.event_log TO PUBLIC;

--
-- Seals.  A superuser can switch the triggers off that keep the log as it is.
-- A seal makes a later change show: it holds a digest of each event that no
-- seal held before, and a hash over these and over the seal before it.  Whoever
-- keeps the last hash elsewhere can tell whether anything before it was changed.
--
-- An event is not sealed by its time but by being there: one whose transaction
-- is still open goes into the next seal.  So a seal keeps the snapshot that it
-- was made under.  An event that no seal holds, though the snapshot would have
-- shown its transaction, came later than it says.
--

CREATE TABLE careaccess.event_seal (
	seal bigint PRIMARY KEY CHECK (seal > 0),
	sealed_at timestamptz NOT NULL,
	events bigint NOT NULL,
	cluster bigint NOT NULL,
	snapshot pg_snapshot,
	hash bytea NOT NULL CHECK (pg_catalog.octet_length(hash) = 32)
);
COMMENT ON TABLE careaccess.event_seal IS 'one row is a seal over events; each hash covers the one before';
COMMENT ON COLUMN careaccess.event_seal.snapshot IS
	'no seal but this one and those before it holds an event whose transaction it shows; null if more events were left to the next';
COMMENT ON COLUMN careaccess.event_seal.cluster IS
	'the server''s system identifier: numbers of transactions mean nothing in another cluster';

CREATE TABLE careaccess.sealed_event (
	event uuid PRIMARY KEY,
	seal bigint NOT NULL REFERENCES careaccess.event_seal (seal),
	digest bytea NOT NULL CHECK (pg_catalog.octet_length(digest) = 32)
);
CREATE INDEX sealed_event_seal_idx ON careaccess.sealed_event (seal, event);
COMMENT ON TABLE careaccess.sealed_event IS 'one row is an event as it was when it was sealed';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON careaccess.event_seal
	FOR EACH STATEMENT EXECUTE FUNCTION careaccess.refuse_change(
		'seals of the event log cannot be changed', 'careaccess_seal_events() adds another one.');
ALTER TABLE careaccess.event_seal ENABLE ALWAYS TRIGGER append_only;
COMMENT ON TRIGGER append_only ON careaccess.event_seal IS 'seals are append-only for everybody';
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON careaccess.sealed_event
	FOR EACH STATEMENT EXECUTE FUNCTION careaccess.refuse_change(
		'seals of the event log cannot be changed', 'careaccess_seal_events() adds another one.');
ALTER TABLE careaccess.sealed_event ENABLE ALWAYS TRIGGER append_only;
COMMENT ON TRIGGER append_only ON careaccess.sealed_event IS 'seals are append-only for everybody';

SELECT pg_catalog.pg_extension_config_dump('careaccess.event_seal', '');
SELECT pg_catalog.pg_extension_config_dump('careaccess.sealed_event', '');

-- Every column, in a form that no setting of the session changes.
CREATE FUNCTION careaccess.event_digest(event careaccess.event) RETURNS bytea
	LANGUAGE sql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
	SELECT sha256(convert_to(jsonb_build_array(
		(event).id, extract(epoch FROM (event).at)::text, (event).operation, (event).fact,
		(event).practice::text, (event).client::text, (event).member::text,
		(event).actor_kind, (event).actor::text, (event).identified_by,
		(event).database_role, (event).session_role, (event).address::text, (event).xid::text,
		(event).before IS NULL, (event).before, (event).after IS NULL, (event).after)::text, 'UTF8'))
$$;
REVOKE EXECUTE ON FUNCTION careaccess.event_digest(careaccess.event) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.event_digest(careaccess.event) IS 'SHA-256 of all that an event says';

-- What a seal holds is given as one digest: of each event's identifier and digest,
-- in the order of the identifiers.
CREATE FUNCTION careaccess.seal_hash(seal careaccess.event_seal, content bytea, previous bytea) RETURNS bytea
	LANGUAGE sql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
	SELECT sha256(coalesce(previous, sha256('')) || sha256(coalesce(content, ''))
		|| convert_to(jsonb_build_array((seal).seal, extract(epoch FROM (seal).sealed_at)::text,
			(seal).events, (seal).cluster, (seal).snapshot::text)::text, 'UTF8'))
$$;
REVOKE EXECUTE ON FUNCTION careaccess.seal_hash(careaccess.event_seal, bytea, bytea) FROM PUBLIC;
COMMENT ON FUNCTION careaccess.seal_hash(careaccess.event_seal, bytea, bytea) IS
	'SHA-256 of a seal, of the events that it holds, and of the hash of the seal before it';

-- What a seal holds is hashed in memory.
CREATE FUNCTION careaccess.seal_size() RETURNS bigint
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
	SELECT 1000000::bigint
$$;
REVOKE EXECUTE ON FUNCTION careaccess.seal_size() FROM PUBLIC;
COMMENT ON FUNCTION careaccess.seal_size() IS 'how many events one seal holds at most';

CREATE FUNCTION @extschema@.careaccess_seal_events(OUT seal bigint, OUT events bigint, OUT hash text) RETURNS record
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
	SET careaccess.operation = 'seal_events'
AS $$
#variable_conflict use_column
DECLARE
	at_most CONSTANT bigint := careaccess.seal_size();
	last careaccess.event_seal;
	made careaccess.event_seal;
BEGIN
	PERFORM careaccess.require_administrator('seal events');
	IF current_setting('transaction_isolation') <> 'read committed' THEN
		RAISE EXCEPTION 'events cannot be sealed under a snapshot that is kept' USING
			ERRCODE = '55000',
			HINT = 'Call it in a transaction of isolation level READ COMMITTED.';
	END IF;
	-- One seal after the other; the next statement sees the last one.
	LOCK TABLE careaccess.event_seal IN SHARE ROW EXCLUSIVE MODE;
	SELECT s.* INTO last FROM careaccess.event_seal AS s ORDER BY s.seal DESC LIMIT 1;
	events := 0;
	LOOP
		-- The snapshot is that of the statement which looks for events.
		WITH unsealed AS MATERIALIZED (
			SELECT e.id, careaccess.event_digest(e) AS digest
			FROM careaccess.event AS e
			WHERE NOT EXISTS (SELECT FROM careaccess.sealed_event AS s WHERE s.event = e.id)
			LIMIT at_most
		), content AS (
			SELECT ROW(coalesce((last).seal, 0) + 1, clock_timestamp(), count(*),
					(pg_control_system()).system_identifier, CASE WHEN count(*) < at_most THEN pg_current_snapshot() END, NULL)::careaccess.event_seal AS row,
				string_agg(uuid_send(u.id) || u.digest, ''::bytea ORDER BY u.id) AS digests
			FROM unsealed AS u
			HAVING count(*) > 0
		), added AS (
			INSERT INTO careaccess.event_seal (seal, sealed_at, events, cluster, snapshot, hash)
			SELECT (c.row).seal, (c.row).sealed_at, (c.row).events, (c.row).cluster, (c.row).snapshot,
				careaccess.seal_hash(c.row, c.digests, (last).hash)
			FROM content AS c
			RETURNING *
		), held AS (
			INSERT INTO careaccess.sealed_event (event, seal, digest)
			SELECT u.id, (c.row).seal, u.digest FROM unsealed AS u, content AS c
		)
		SELECT a.* INTO made FROM added AS a;
		EXIT WHEN NOT FOUND;
		events := events + made.events;
		last := made;
		EXIT WHEN made.events < at_most;
	END LOOP;
	seal := last.seal;
	hash := encode(last.hash, 'hex');
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_seal_events() FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_seal_events() IS
	'seals the events that are not sealed yet, so that a later change of them shows; returns the last seal, how many events were sealed now, and its hash, which should be kept elsewhere';

-- Events that came later than they say, told by the last seal that was made
-- without them, even if a later one holds them now: who forges an event waits
-- for the next seal.  A clock that was set back a little is no forgery.
CREATE FUNCTION careaccess.late_events() RETURNS TABLE (seal bigint, event uuid, problem text)
	LANGUAGE sql STABLE
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
	WITH without AS (
		-- 0: the events that no seal holds.
		SELECT h.held_by, (
			SELECT max(s.seal) FROM careaccess.event_seal AS s
			WHERE s.snapshot IS NOT NULL AND (h.held_by = 0 OR s.seal < h.held_by)) AS seal
		FROM (SELECT x.seal FROM careaccess.event_seal AS x UNION ALL SELECT 0) AS h (held_by)
	)
	SELECT s.seal, e.id, CASE
		WHEN pg_visible_in_snapshot(e.xid, s.snapshot) THEN 'the event was added after the seal, into its past'
		ELSE 'the event is older than its transaction'
	END
	FROM careaccess.event AS e
	LEFT JOIN careaccess.sealed_event AS h ON h.event = e.id
	JOIN without AS w ON w.held_by = coalesce(h.seal, 0)
	JOIN careaccess.event_seal AS s ON s.seal = w.seal
	WHERE s.cluster = (SELECT c.system_identifier FROM pg_control_system() AS c)
		AND (pg_visible_in_snapshot(e.xid, s.snapshot)
			OR (e.xid >= pg_snapshot_xmax(s.snapshot) AND e.at < s.sealed_at - interval '1 minute'))
$$;
REVOKE EXECUTE ON FUNCTION careaccess.late_events() FROM PUBLIC;
COMMENT ON FUNCTION careaccess.late_events() IS
	'events that a seal does not hold, though it would if they were what they say';

CREATE FUNCTION @extschema@.careaccess_verify_events(expected_seal bigint DEFAULT NULL, expected_hash text DEFAULT NULL)
	RETURNS TABLE (seal bigint, event uuid, problem text)
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER
	SET search_path = pg_catalog, careaccess, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	expected_seal ALIAS FOR $1;
	expected_hash ALIAS FOR $2;
	one careaccess.event_seal;
	last careaccess.event_seal;
	digests bytea;
	held bigint;
BEGIN
	PERFORM careaccess.require_administrator('verify events');
	IF (expected_seal IS NULL) <> (expected_hash IS NULL) THEN
		RAISE EXCEPTION 'expected seal and expected hash go together' USING
			ERRCODE = '22023',
			HINT = 'Pass both as careaccess_seal_events() returned them, or neither.';
	END IF;
	FOR one IN SELECT s.* FROM careaccess.event_seal AS s ORDER BY s.seal LOOP
		IF one.seal <> coalesce(last.seal, 0) + 1 THEN
			RETURN QUERY SELECT coalesce(last.seal, 0) + 1, NULL::uuid, 'the seal is missing';
		END IF;
		SELECT string_agg(uuid_send(s.event) || s.digest, ''::bytea ORDER BY s.event), count(*) INTO digests, held
		FROM careaccess.sealed_event AS s WHERE s.seal = one.seal;
		IF one.events <> held OR one.hash <> careaccess.seal_hash(one, digests, last.hash) THEN
			RETURN QUERY SELECT one.seal, NULL::uuid, 'the seal was changed, or one before it';
		END IF;
		last := one;
	END LOOP;
	RETURN QUERY
		SELECT s.seal, s.event,
			CASE WHEN e.id IS NULL THEN 'the event was deleted' ELSE 'the event was changed' END
		FROM careaccess.sealed_event AS s
		LEFT JOIN careaccess.event AS e ON e.id = s.event
		WHERE e.id IS NULL OR careaccess.event_digest(e) <> s.digest
		ORDER BY s.seal, s.event;
	RETURN QUERY SELECT l.* FROM careaccess.late_events() AS l ORDER BY l.seal, l.event;
	IF expected_seal IS NOT NULL AND NOT EXISTS (
		SELECT FROM careaccess.event_seal AS s
		WHERE s.seal = expected_seal AND encode(s.hash, 'hex') = lower(expected_hash))
	THEN
		RETURN QUERY SELECT expected_seal, NULL::uuid, 'the seal is not the one that is expected';
	END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION @extschema@.careaccess_verify_events(bigint, text) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@.careaccess_verify_events(bigint, text) IS
	'what was changed in the sealed past of the event log; no row: nothing. A seal and its hash that were kept elsewhere show that the last seals are there, too';
