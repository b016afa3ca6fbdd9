--
-- The type of every identifier that the application supplies
--
-- A value is a bigint, a uuid or a text of 1 to 255 bytes; text that spells a
-- bigint or a uuid canonically is stored as one.  The functions live in schema
-- careaccess; the casts reach them without any path.

CREATE TYPE careaccess.id;

COMMENT ON TYPE careaccess.id IS
	'identifier of a practice, member, client or portal user: a bigint, a uuid or a text of at most 255 bytes';

-- Input and output.  recv and send depend on the client's encoding: stable.

CREATE FUNCTION careaccess.id_in(cstring) RETURNS careaccess.id
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'ca_sql_id_in';
COMMENT ON FUNCTION careaccess.id_in(cstring) IS 'input function of careaccess.id';

CREATE FUNCTION careaccess.id_out(careaccess.id) RETURNS cstring
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'ca_sql_id_out';
COMMENT ON FUNCTION careaccess.id_out(careaccess.id) IS 'output function of careaccess.id';

CREATE FUNCTION careaccess.id_recv(internal) RETURNS careaccess.id
	LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'ca_sql_id_recv';
COMMENT ON FUNCTION careaccess.id_recv(internal) IS 'binary input function of careaccess.id';

CREATE FUNCTION careaccess.id_send(careaccess.id) RETURNS bytea
	LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'ca_sql_id_send';
COMMENT ON FUNCTION careaccess.id_send(careaccess.id) IS 'binary output function of careaccess.id';

-- STORAGE main: a value has at most 260 bytes, so compressing it or moving it
-- out of the row is worth doing only when nothing else makes the row fit.
-- (plain would forbid the one-byte header: three bytes more per value.)

CREATE TYPE careaccess.id (
	INPUT = careaccess.id_in,
	OUTPUT = careaccess.id_out,
	RECEIVE = careaccess.id_recv,
	SEND = careaccess.id_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = int4,
	STORAGE = main
);

--
-- Casts
--
-- Integers and uuids always fit, so those functions are leakproof.

CREATE FUNCTION careaccess.id_from_int2(smallint) RETURNS careaccess.id
	LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'ca_sql_id_from_int2';
COMMENT ON FUNCTION careaccess.id_from_int2(smallint) IS 'smallint to identifier';

CREATE FUNCTION careaccess.id_from_int4(integer) RETURNS careaccess.id
	LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'ca_sql_id_from_int4';
COMMENT ON FUNCTION careaccess.id_from_int4(integer) IS 'integer to identifier';

CREATE FUNCTION careaccess.id_from_int8(bigint) RETURNS careaccess.id
	LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'ca_sql_id_from_int8';
COMMENT ON FUNCTION careaccess.id_from_int8(bigint) IS 'bigint to identifier';

CREATE FUNCTION careaccess.id_from_uuid(uuid) RETURNS careaccess.id
	LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'ca_sql_id_from_uuid';
COMMENT ON FUNCTION careaccess.id_from_uuid(uuid) IS 'uuid to identifier';

CREATE FUNCTION careaccess.id_from_text(text) RETURNS careaccess.id
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'ca_sql_id_from_text';
COMMENT ON FUNCTION careaccess.id_from_text(text) IS 'text to identifier; refuses empty and over-long text';

CREATE FUNCTION careaccess.id_to_int8(careaccess.id) RETURNS bigint
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'ca_sql_id_to_int8';
COMMENT ON FUNCTION careaccess.id_to_int8(careaccess.id) IS 'identifier to bigint; an error if it is none';

CREATE FUNCTION careaccess.id_to_uuid(careaccess.id) RETURNS uuid
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'ca_sql_id_to_uuid';
COMMENT ON FUNCTION careaccess.id_to_uuid(careaccess.id) IS 'identifier to uuid; an error if it is none';

CREATE FUNCTION careaccess.id_to_text(careaccess.id) RETURNS text
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'ca_sql_id_to_text';
COMMENT ON FUNCTION careaccess.id_to_text(careaccess.id) IS 'identifier to text';

CREATE CAST (smallint AS careaccess.id) WITH FUNCTION careaccess.id_from_int2(smallint) AS IMPLICIT;
CREATE CAST (integer AS careaccess.id) WITH FUNCTION careaccess.id_from_int4(integer) AS IMPLICIT;
CREATE CAST (bigint AS careaccess.id) WITH FUNCTION careaccess.id_from_int8(bigint) AS IMPLICIT;
CREATE CAST (uuid AS careaccess.id) WITH FUNCTION careaccess.id_from_uuid(uuid) AS IMPLICIT;
CREATE CAST (text AS careaccess.id) WITH FUNCTION careaccess.id_from_text(text) AS IMPLICIT;
CREATE CAST (varchar AS careaccess.id) WITH FUNCTION careaccess.id_from_text(text) AS IMPLICIT;
CREATE CAST (careaccess.id AS bigint) WITH FUNCTION careaccess.id_to_int8(careaccess.id);
CREATE CAST (careaccess.id AS uuid) WITH FUNCTION careaccess.id_to_uuid(careaccess.id);
CREATE CAST (careaccess.id AS text) WITH FUNCTION careaccess.id_to_text(careaccess.id);

COMMENT ON CAST (smallint AS careaccess.id) IS 'a smallint is an identifier';
COMMENT ON CAST (integer AS careaccess.id) IS 'an integer is an identifier';
COMMENT ON CAST (bigint AS careaccess.id) IS 'a bigint is an identifier';
COMMENT ON CAST (uuid AS careaccess.id) IS 'a uuid is an identifier';
COMMENT ON CAST (text AS careaccess.id) IS 'a text of 1 to 255 bytes is an identifier';
COMMENT ON CAST (varchar AS careaccess.id) IS 'a text of 1 to 255 bytes is an identifier';
COMMENT ON CAST (careaccess.id AS bigint) IS 'explicit only; an error if the identifier is no bigint';
COMMENT ON CAST (careaccess.id AS uuid) IS 'explicit only; an error if the identifier is no uuid';
COMMENT ON CAST (careaccess.id AS text) IS 'explicit only';

--
-- Comparison
--
-- Order: bigints by number, then uuids, then texts, both by their bytes.

CREATE FUNCTION careaccess.id_eq(careaccess.id, careaccess.id) RETURNS boolean
	LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'ca_sql_id_eq';
COMMENT ON FUNCTION careaccess.id_eq(careaccess.id, careaccess.id) IS 'implementation of = on identifiers';

CREATE FUNCTION careaccess.id_ne(careaccess.id, careaccess.id) RETURNS boolean
	LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'ca_sql_id_ne';
COMMENT ON FUNCTION careaccess.id_ne(careaccess.id, careaccess.id) IS 'implementation of <> on identifiers';

CREATE FUNCTION careaccess.id_lt(careaccess.id, careaccess.id) RETURNS boolean
	LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'ca_sql_id_lt';
COMMENT ON FUNCTION careaccess.id_lt(careaccess.id, careaccess.id) IS 'implementation of < on identifiers';

CREATE FUNCTION careaccess.id_le(careaccess.id, careaccess.id) RETURNS boolean
	LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'ca_sql_id_le';
COMMENT ON FUNCTION careaccess.id_le(careaccess.id, careaccess.id) IS 'implementation of <= on identifiers';

CREATE FUNCTION careaccess.id_gt(careaccess.id, careaccess.id) RETURNS boolean
	LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'ca_sql_id_gt';
COMMENT ON FUNCTION careaccess.id_gt(careaccess.id, careaccess.id) IS 'implementation of > on identifiers';

CREATE FUNCTION careaccess.id_ge(careaccess.id, careaccess.id) RETURNS boolean
	LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'ca_sql_id_ge';
COMMENT ON FUNCTION careaccess.id_ge(careaccess.id, careaccess.id) IS 'implementation of >= on identifiers';

CREATE FUNCTION careaccess.id_cmp(careaccess.id, careaccess.id) RETURNS integer
	LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'ca_sql_id_cmp';
COMMENT ON FUNCTION careaccess.id_cmp(careaccess.id, careaccess.id) IS 'less-equal-greater of identifiers, for btree';

CREATE FUNCTION careaccess.id_sortsupport(internal) RETURNS void
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'ca_sql_id_sortsupport';
COMMENT ON FUNCTION careaccess.id_sortsupport(internal) IS 'sort support of identifiers, for btree';

CREATE FUNCTION careaccess.id_hash(careaccess.id) RETURNS integer
	LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'ca_sql_id_hash';
COMMENT ON FUNCTION careaccess.id_hash(careaccess.id) IS 'hash of an identifier';

CREATE FUNCTION careaccess.id_hash_extended(careaccess.id, bigint) RETURNS bigint
	LANGUAGE c IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'MODULE_PATHNAME', 'ca_sql_id_hash_extended';
COMMENT ON FUNCTION careaccess.id_hash_extended(careaccess.id, bigint) IS 'seeded 64-bit hash of an identifier';

-- The operators stay in this schema on purpose: found everywhere, they would
-- turn a comparison of, say, an integer with a text, today an error, into a
-- silent scan.

CREATE OPERATOR careaccess.= (
	FUNCTION = careaccess.id_eq, LEFTARG = careaccess.id, RIGHTARG = careaccess.id,
	COMMUTATOR = OPERATOR(careaccess.=), NEGATOR = OPERATOR(careaccess.<>),
	RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
CREATE OPERATOR careaccess.<> (
	FUNCTION = careaccess.id_ne, LEFTARG = careaccess.id, RIGHTARG = careaccess.id,
	COMMUTATOR = OPERATOR(careaccess.<>), NEGATOR = OPERATOR(careaccess.=),
	RESTRICT = neqsel, JOIN = neqjoinsel
);
CREATE OPERATOR careaccess.< (
	FUNCTION = careaccess.id_lt, LEFTARG = careaccess.id, RIGHTARG = careaccess.id,
	COMMUTATOR = OPERATOR(careaccess.>), NEGATOR = OPERATOR(careaccess.>=),
	RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
CREATE OPERATOR careaccess.<= (
	FUNCTION = careaccess.id_le, LEFTARG = careaccess.id, RIGHTARG = careaccess.id,
	COMMUTATOR = OPERATOR(careaccess.>=), NEGATOR = OPERATOR(careaccess.>),
	RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
CREATE OPERATOR careaccess.> (
	FUNCTION = careaccess.id_gt, LEFTARG = careaccess.id, RIGHTARG = careaccess.id,
	COMMUTATOR = OPERATOR(careaccess.<), NEGATOR = OPERATOR(careaccess.<=),
	RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
CREATE OPERATOR careaccess.>= (
	FUNCTION = careaccess.id_ge, LEFTARG = careaccess.id, RIGHTARG = careaccess.id,
	COMMUTATOR = OPERATOR(careaccess.<=), NEGATOR = OPERATOR(careaccess.<),
	RESTRICT = scalargesel, JOIN = scalargejoinsel
);

COMMENT ON OPERATOR careaccess.= (careaccess.id, careaccess.id) IS 'equal';
COMMENT ON OPERATOR careaccess.<> (careaccess.id, careaccess.id) IS 'not equal';
COMMENT ON OPERATOR careaccess.< (careaccess.id, careaccess.id) IS 'less than';
COMMENT ON OPERATOR careaccess.<= (careaccess.id, careaccess.id) IS 'less than or equal';
COMMENT ON OPERATOR careaccess.> (careaccess.id, careaccess.id) IS 'greater than';
COMMENT ON OPERATOR careaccess.>= (careaccess.id, careaccess.id) IS 'greater than or equal';

-- Equal identifiers are equal byte for byte, so btree may deduplicate.

CREATE OPERATOR FAMILY careaccess.id_ops USING btree;
COMMENT ON OPERATOR FAMILY careaccess.id_ops USING btree IS 'order of identifiers';

CREATE OPERATOR CLASS careaccess.id_ops DEFAULT FOR TYPE careaccess.id USING btree FAMILY careaccess.id_ops AS
	OPERATOR 1 careaccess.<,
	OPERATOR 2 careaccess.<=,
	OPERATOR 3 careaccess.=,
	OPERATOR 4 careaccess.>=,
	OPERATOR 5 careaccess.>,
	FUNCTION 1 careaccess.id_cmp(careaccess.id, careaccess.id),
	FUNCTION 2 careaccess.id_sortsupport(internal),
	FUNCTION 4 pg_catalog.btequalimage(oid);
COMMENT ON OPERATOR CLASS careaccess.id_ops USING btree IS 'order of identifiers: bigints, uuids, texts';

CREATE OPERATOR FAMILY careaccess.id_ops USING hash;
COMMENT ON OPERATOR FAMILY careaccess.id_ops USING hash IS 'hashing of identifiers';

CREATE OPERATOR CLASS careaccess.id_ops DEFAULT FOR TYPE careaccess.id USING hash FAMILY careaccess.id_ops AS
	OPERATOR 1 careaccess.=,
	FUNCTION 1 careaccess.id_hash(careaccess.id),
	FUNCTION 2 careaccess.id_hash_extended(careaccess.id, bigint);
COMMENT ON OPERATOR CLASS careaccess.id_ops USING hash IS 'hashing of identifiers';
