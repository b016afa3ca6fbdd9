/*-------------------------------------------------------------------------
 *
 * id.c
 *	  The type careaccess.id: one canonical value per identifier.
 *
 * The layout of a payload is described in id.h.  On disk a payload sits in a
 * varlena that may carry a one-byte header, so nothing here assumes alignment.
 *
 * The only state is the cached OID of the type itself, which is how columns
 * of type careaccess.id are recognised.  It is looked up on first use and
 * forgotten whenever any pg_type row may have changed, so dropping and
 * re-creating the extension in one session is safe.  Absence is never cached.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/detoast.h"
#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "common/int.h"
#include "fmgr.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "port/pg_bswap.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/sortsupport.h"
#include "utils/syscache.h"
#include "utils/uuid.h"

#include "compat.h"
#include "id.h"

/* "-9223372036854775808", and the 36 characters of a uuid. */
#define BIGINT_TEXT_MAX 20
#define UUID_TEXT_LEN 36

static Oid    id_type_oid = InvalidOid;
static uint64 id_type_generation = 0;
static bool   id_type_callback_registered = false;

/* ----------------------------------------------------------------
 * Values
 * ----------------------------------------------------------------
 */

void
ca_id_from_int64(int64 v, CaId *out)
{
	uint64 bits = pg_hton64((uint64) v ^ (UINT64CONST(1) << 63));

	out->len = CA_ID_BIGINT_LEN;
	out->data[0] = CA_ID_BIGINT;
	memcpy(out->data + 1, &bits, sizeof(bits));
}

void
ca_id_from_uuid(const unsigned char *uuid, CaId *out)
{
	out->len = CA_ID_UUID_LEN;
	out->data[0] = CA_ID_UUID;
	memcpy(out->data + 1, uuid, UUID_LEN);
}

static int64
id_payload_int64(const unsigned char *data)
{
	uint64 bits;

	memcpy(&bits, data + 1, sizeof(bits));
	return (int64) (pg_ntoh64(bits) ^ (UINT64CONST(1) << 63));
}

bool
ca_id_to_int64(const CaId *id, int64 *v)
{
	if (id->data[0] != CA_ID_BIGINT)
		return false;
	*v = id_payload_int64(id->data);
	return true;
}

/*
 * Is this text what int8out would print for some bigint?  No plus, no space,
 * no leading zero, no "-0", and within range.
 */
static bool
parse_canonical_bigint(const char *s, int len, int64 *result)
{
	bool  negative;
	int64 value = 0;

	if (len < 1 || len > BIGINT_TEXT_MAX)
		return false;
	negative = (s[0] == '-');
	if (negative)
	{
		s++;
		len--;
		if (len < 1 || s[0] == '0')
			return false;
	}
	if (s[0] == '0' && len > 1)
		return false;

	for (int i = 0; i < len; i++)
	{
		if (s[i] < '0' || s[i] > '9')
			return false;

		/* Accumulate downwards: the negative range is the larger one. */
		if (pg_mul_s64_overflow(value, 10, &value) ||
			pg_sub_s64_overflow(value, s[i] - '0', &value))
			return false;
	}
	if (!negative)
	{
		if (value == PG_INT64_MIN)
			return false;
		value = -value;
	}
	*result = value;
	return true;
}

/*
 * Is this text the 8-4-4-4-12 spelling of a uuid in a single case?  Both cases
 * count because programs print either; a mixture is nobody's canonical form.
 */
static bool
parse_canonical_uuid(const char *s, int len, unsigned char *uuid)
{
	bool lower = false;
	bool upper = false;
	int  nibble = 0;

	if (len != UUID_TEXT_LEN)
		return false;

	for (int i = 0; i < UUID_TEXT_LEN; i++)
	{
		char          c = s[i];
		unsigned char digit;

		if (i == 8 || i == 13 || i == 18 || i == 23)
		{
			if (c != '-')
				return false;
			continue;
		}
		if (c >= '0' && c <= '9')
			digit = c - '0';
		else if (c >= 'a' && c <= 'f')
		{
			digit = c - 'a' + 10;
			lower = true;
		}
		else if (c >= 'A' && c <= 'F')
		{
			digit = c - 'A' + 10;
			upper = true;
		}
		else
			return false;

		if (nibble % 2 == 0)
			uuid[nibble / 2] = digit << 4;
		else
			uuid[nibble / 2] |= digit;
		nibble++;
	}
	return !(lower && upper);
}

bool
ca_id_from_cstring_len(const char *s, int len, CaId *out)
{
	int64         number;
	unsigned char uuid[UUID_LEN];

	if (len < 1 || len > CA_ID_MAX_TEXT || memchr(s, '\0', len) != NULL)
		return false;

	if (parse_canonical_bigint(s, len, &number))
		ca_id_from_int64(number, out);
	else if (parse_canonical_uuid(s, len, uuid))
		ca_id_from_uuid(uuid, out);
	else
	{
		out->len = 1 + len;
		out->data[0] = CA_ID_TEXT;
		memcpy(out->data + 1, s, len);
	}
	return true;
}

void
ca_id_from_varlena(Datum d, CaId *out)
{
	struct varlena *v = PG_DETOAST_DATUM_PACKED(d);
	Size            len = VARSIZE_ANY_EXHDR(v);

	/* Nothing of ours stores such a value; the copy below must not overrun. */
	if (len < 2 || len > sizeof(out->data))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("stored identifier has an impossible length of %zu bytes", len)));

	out->len = (uint16) len;
	memcpy(out->data, VARDATA_ANY(v), len);

	if ((Pointer) v != DatumGetPointer(d))
		pfree(v);
}

Datum
ca_id_to_datum(const CaId *id)
{
	struct varlena *v = palloc(VARHDRSZ + id->len);

	SET_VARSIZE(v, VARHDRSZ + id->len);
	memcpy(VARDATA(v), id->data, id->len);
	return PointerGetDatum(v);
}

char *
ca_id_to_cstring(const CaId *id)
{
	static const char hex[] = "0123456789abcdef";
	char             *result;

	switch (id->data[0])
	{
		case CA_ID_BIGINT:
			result = palloc(BIGINT_TEXT_MAX + 1);
			pg_lltoa(id_payload_int64(id->data), result);
			return result;

		case CA_ID_UUID:
		{
			char *p = result = palloc(UUID_TEXT_LEN + 1);

			for (int i = 0; i < UUID_LEN; i++)
			{
				if (i == 4 || i == 6 || i == 8 || i == 10)
					*p++ = '-';
				*p++ = hex[id->data[1 + i] >> 4];
				*p++ = hex[id->data[1 + i] & 0x0F];
			}
			*p = '\0';
			return result;
		}

		case CA_ID_TEXT:
			return pnstrdup((const char *) id->data + 1, id->len - 1);

		default:
			ereport(ERROR,
					(errcode(ERRCODE_DATA_CORRUPTED),
					 errmsg("stored identifier has an unknown kind %d", id->data[0])));
			return NULL; /* keep the compiler quiet */
	}
}

static inline int
payload_compare(const void *a, Size alen, const void *b, Size blen)
{
	int cmp = memcmp(a, b, Min(alen, blen));

	if (cmp != 0)
		return cmp < 0 ? -1 : 1;
	return alen == blen ? 0 : (alen < blen ? -1 : 1);
}

int
ca_id_compare(const CaId *a, const CaId *b)
{
	return payload_compare(a->data, a->len, b->data, b->len);
}

/* For hash tables in memory; the SQL hash functions are below. */
uint32
ca_id_hash(const CaId *id)
{
	return hash_bytes(id->data, id->len);
}

/* ----------------------------------------------------------------
 * Values of other types
 * ----------------------------------------------------------------
 */

static void
id_type_changed(Datum arg, int cacheid, uint32 hashvalue)
{
	id_type_oid = InvalidOid;
	id_type_generation++;
}

Oid
ca_id_type_oid(void)
{
	uint64 generation;
	Oid    schema;
	Oid    result;

	if (OidIsValid(id_type_oid))
		return id_type_oid;

	if (!id_type_callback_registered)
	{
		CacheRegisterSyscacheCallback(TYPEOID, id_type_changed, (Datum) 0);
		id_type_callback_registered = true;
	}

	generation = id_type_generation;
	schema = get_namespace_oid("careaccess", true);
	if (!OidIsValid(schema))
		return InvalidOid;
	result = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid,
							 CStringGetDatum("id"), ObjectIdGetDatum(schema));

	/* An invalidation that came in during the look-up must not be lost. */
	if (generation == id_type_generation)
		id_type_oid = result;
	return result;
}

bool
ca_id_type_supported(Oid basetype)
{
	switch (basetype)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case UUIDOID:
		case TEXTOID:
		case VARCHAROID:
			return true;
		default:
			return OidIsValid(basetype) && basetype == ca_id_type_oid();
	}
}

static bool
id_from_text_datum(Datum value, CaId *out)
{
	struct varlena *v;
	bool            ok;

	/* A long text can be refused without fetching or decompressing it. */
	if (toast_raw_datum_size(value) > VARHDRSZ + CA_ID_MAX_TEXT)
		return false;

	v = PG_DETOAST_DATUM_PACKED(value);
	ok = ca_id_from_cstring_len(VARDATA_ANY(v), VARSIZE_ANY_EXHDR(v), out);
	if ((Pointer) v != DatumGetPointer(value))
		pfree(v);
	return ok;
}

bool
ca_id_from_value(Oid basetype, Datum value, CaId *out)
{
	switch (basetype)
	{
		case INT2OID:
			ca_id_from_int64(DatumGetInt16(value), out);
			return true;
		case INT4OID:
			ca_id_from_int64(DatumGetInt32(value), out);
			return true;
		case INT8OID:
			ca_id_from_int64(DatumGetInt64(value), out);
			return true;
		case UUIDOID:
			ca_id_from_uuid(DatumGetUUIDP(value)->data, out);
			return true;
		case TEXTOID:
		case VARCHAROID:
			return id_from_text_datum(value, out);
		default:
			Assert(ca_id_type_supported(basetype));
			ca_id_from_varlena(value, out);
			return true;
	}
}

/* ----------------------------------------------------------------
 * Input and output
 * ----------------------------------------------------------------
 */

/*
 * The reports are macros, not functions, so that every compiler knows that they
 * do not return.
 */
#define REPORT_EMPTY()                                     \
	ereport(ERROR,                                         \
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION), \
			 errmsg("an identifier must not be empty"),    \
			 errhint("Use null where there is no identifier.")))

#define REPORT_TOO_LONG(len)                                                \
	ereport(ERROR,                                                          \
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),                  \
			 errmsg("identifier is too long"),                              \
			 errdetail("The text has %zu bytes, an identifier at most %d.", \
					   (Size) (len), CA_ID_MAX_TEXT),                       \
			 errhint("Use a bigint, a uuid or a shorter text as identifier.")))

#define REPORT_BAD_BINARY(detail)                            \
	ereport(ERROR,                                           \
			(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION), \
			 errmsg("invalid binary identifier"),            \
			 errdetail(detail),                              \
			 errhint("Send a byte for the kind (1 bigint, 2 uuid, 3 text), then 8 bytes in network order, 16 bytes, or the text.")))

#define REPORT_OTHER_KIND(id, wanted)                                               \
	ereport(ERROR,                                                                  \
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),                          \
			 errmsg("identifier \"%s\" is not a %s", ca_id_to_cstring(id), wanted), \
			 errhint("Cast it to text, which every identifier has.")))

PG_FUNCTION_INFO_V1(ca_sql_id_in);
Datum
ca_sql_id_in(PG_FUNCTION_ARGS)
{
	const char *s = PG_GETARG_CSTRING(0);
	Size        len = strlen(s);
	CaId        id;

	if (len == 0)
		REPORT_EMPTY();
	if (len > CA_ID_MAX_TEXT || !ca_id_from_cstring_len(s, (int) len, &id))
		REPORT_TOO_LONG(len);
	return ca_id_to_datum(&id);
}

PG_FUNCTION_INFO_V1(ca_sql_id_out);
Datum
ca_sql_id_out(PG_FUNCTION_ARGS)
{
	CaId id;

	ca_id_from_varlena(PG_GETARG_DATUM(0), &id);
	PG_RETURN_CSTRING(ca_id_to_cstring(&id));
}

/*
 * The text of a binary identifier: the rest of the message, in the client's
 * encoding.  A text that stands for a bigint or a uuid is refused, not
 * converted: one value has one binary form, and a sender that thinks otherwise
 * is mistaken about what it sends.
 */
static void
recv_text(StringInfo buf, CaId *id)
{
	int         rawlen = buf->len - buf->cursor;
	const char *raw = buf->data + buf->cursor;
	int         encoding = pg_get_client_encoding();
	char       *text;
	int         len;

	if (rawlen == 0)
		REPORT_BAD_BINARY("The text is empty.");
	/* No conversion shrinks a text to less than a quarter. */
	if (rawlen > CA_ID_MAX_TEXT * MAX_CONVERSION_GROWTH)
		REPORT_BAD_BINARY("The text is longer than 255 bytes.");
	if (memchr(raw, '\0', rawlen) != NULL)
		REPORT_BAD_BINARY("The text contains a zero byte.");
	if (encoding == PG_SQL_ASCII)
		encoding = GetDatabaseEncoding();
	if (!pg_verify_mbstr(encoding, raw, rawlen, true))
		REPORT_BAD_BINARY("The text is not valid in the client's encoding.");

	text = pq_getmsgtext(buf, rawlen, &len);
	if (len > CA_ID_MAX_TEXT)
		REPORT_BAD_BINARY("The text is longer than 255 bytes.");
	if (!ca_id_from_cstring_len(text, len, id))
		REPORT_BAD_BINARY("The text is empty.");
	if (id->data[0] != CA_ID_TEXT)
		REPORT_BAD_BINARY("The text is that of a bigint or a uuid and must be sent as such.");
	pfree(text);
}

PG_FUNCTION_INFO_V1(ca_sql_id_recv);
Datum
ca_sql_id_recv(PG_FUNCTION_ARGS)
{
	StringInfo buf = (StringInfo) PG_GETARG_POINTER(0);
	int        rest = buf->len - buf->cursor;
	CaId       id;

	if (rest == 0)
		REPORT_BAD_BINARY("The value is empty.");

	/* Lengths are checked here, so that every refusal has the same SQLSTATE. */
	switch (pq_getmsgbyte(buf))
	{
		case CA_ID_BIGINT:
			if (rest != CA_ID_BIGINT_LEN)
				REPORT_BAD_BINARY("A bigint must have exactly 8 bytes after its kind.");
			ca_id_from_int64(pq_getmsgint64(buf), &id);
			break;
		case CA_ID_UUID:
			if (rest != CA_ID_UUID_LEN)
				REPORT_BAD_BINARY("A uuid must have exactly 16 bytes after its kind.");
			ca_id_from_uuid((const unsigned char *) pq_getmsgbytes(buf, UUID_LEN), &id);
			break;
		case CA_ID_TEXT:
			recv_text(buf, &id);
			break;
		default:
			REPORT_BAD_BINARY("The kind is unknown.");
	}
	return ca_id_to_datum(&id);
}

PG_FUNCTION_INFO_V1(ca_sql_id_send);
Datum
ca_sql_id_send(PG_FUNCTION_ARGS)
{
	CaId           id;
	StringInfoData buf;

	ca_id_from_varlena(PG_GETARG_DATUM(0), &id);
	pq_begintypsend(&buf);
	pq_sendbyte(&buf, id.data[0]);
	if (id.data[0] == CA_ID_BIGINT)
		pq_sendint64(&buf, (uint64) id_payload_int64(id.data));
	else if (id.data[0] == CA_ID_UUID)
		pq_sendbytes(&buf, (const char *) id.data + 1, UUID_LEN);
	else
		pq_sendtext(&buf, (const char *) id.data + 1, id.len - 1);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/* ----------------------------------------------------------------
 * Casts
 * ----------------------------------------------------------------
 */

PG_FUNCTION_INFO_V1(ca_sql_id_from_int2);
Datum
ca_sql_id_from_int2(PG_FUNCTION_ARGS)
{
	CaId id;

	ca_id_from_int64(PG_GETARG_INT16(0), &id);
	return ca_id_to_datum(&id);
}

PG_FUNCTION_INFO_V1(ca_sql_id_from_int4);
Datum
ca_sql_id_from_int4(PG_FUNCTION_ARGS)
{
	CaId id;

	ca_id_from_int64(PG_GETARG_INT32(0), &id);
	return ca_id_to_datum(&id);
}

PG_FUNCTION_INFO_V1(ca_sql_id_from_int8);
Datum
ca_sql_id_from_int8(PG_FUNCTION_ARGS)
{
	CaId id;

	ca_id_from_int64(PG_GETARG_INT64(0), &id);
	return ca_id_to_datum(&id);
}

PG_FUNCTION_INFO_V1(ca_sql_id_from_uuid);
Datum
ca_sql_id_from_uuid(PG_FUNCTION_ARGS)
{
	CaId id;

	ca_id_from_uuid(PG_GETARG_UUID_P(0)->data, &id);
	return ca_id_to_datum(&id);
}

PG_FUNCTION_INFO_V1(ca_sql_id_from_text);
Datum
ca_sql_id_from_text(PG_FUNCTION_ARGS)
{
	CaId id;

	if (!id_from_text_datum(PG_GETARG_DATUM(0), &id))
	{
		Size len = toast_raw_datum_size(PG_GETARG_DATUM(0)) - VARHDRSZ;

		if (len == 0)
			REPORT_EMPTY();
		REPORT_TOO_LONG(len);
	}
	return ca_id_to_datum(&id);
}

PG_FUNCTION_INFO_V1(ca_sql_id_to_int8);
Datum
ca_sql_id_to_int8(PG_FUNCTION_ARGS)
{
	CaId id;

	ca_id_from_varlena(PG_GETARG_DATUM(0), &id);
	if (id.data[0] != CA_ID_BIGINT)
		REPORT_OTHER_KIND(&id, "bigint");
	PG_RETURN_INT64(id_payload_int64(id.data));
}

PG_FUNCTION_INFO_V1(ca_sql_id_to_uuid);
Datum
ca_sql_id_to_uuid(PG_FUNCTION_ARGS)
{
	CaId       id;
	pg_uuid_t *uuid;

	ca_id_from_varlena(PG_GETARG_DATUM(0), &id);
	if (id.data[0] != CA_ID_UUID)
		REPORT_OTHER_KIND(&id, "uuid");
	uuid = palloc(sizeof(pg_uuid_t));
	memcpy(uuid->data, id.data + 1, UUID_LEN);
	PG_RETURN_UUID_P(uuid);
}

PG_FUNCTION_INFO_V1(ca_sql_id_to_text);
Datum
ca_sql_id_to_text(PG_FUNCTION_ARGS)
{
	CaId id;

	ca_id_from_varlena(PG_GETARG_DATUM(0), &id);
	PG_RETURN_TEXT_P(cstring_to_text(ca_id_to_cstring(&id)));
}

/* ----------------------------------------------------------------
 * Comparison and hashing.  All of it is marked leakproof: it says nothing
 * about its arguments but its result.
 * ----------------------------------------------------------------
 */

static int
compare_args(FunctionCallInfo fcinfo)
{
	struct varlena *a = PG_GETARG_VARLENA_PP(0);
	struct varlena *b = PG_GETARG_VARLENA_PP(1);
	int             cmp;

	cmp = payload_compare(VARDATA_ANY(a), VARSIZE_ANY_EXHDR(a),
						  VARDATA_ANY(b), VARSIZE_ANY_EXHDR(b));
	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	return cmp;
}

PG_FUNCTION_INFO_V1(ca_sql_id_eq);
Datum
ca_sql_id_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_args(fcinfo) == 0);
}

PG_FUNCTION_INFO_V1(ca_sql_id_ne);
Datum
ca_sql_id_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_args(fcinfo) != 0);
}

PG_FUNCTION_INFO_V1(ca_sql_id_lt);
Datum
ca_sql_id_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_args(fcinfo) < 0);
}

PG_FUNCTION_INFO_V1(ca_sql_id_le);
Datum
ca_sql_id_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_args(fcinfo) <= 0);
}

PG_FUNCTION_INFO_V1(ca_sql_id_gt);
Datum
ca_sql_id_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_args(fcinfo) > 0);
}

PG_FUNCTION_INFO_V1(ca_sql_id_ge);
Datum
ca_sql_id_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_args(fcinfo) >= 0);
}

PG_FUNCTION_INFO_V1(ca_sql_id_cmp);
Datum
ca_sql_id_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(compare_args(fcinfo));
}

static int
id_sort_compare(Datum x, Datum y, SortSupport ssup)
{
	struct varlena *a = PG_DETOAST_DATUM_PACKED(x);
	struct varlena *b = PG_DETOAST_DATUM_PACKED(y);
	int             cmp;

	cmp = payload_compare(VARDATA_ANY(a), VARSIZE_ANY_EXHDR(a),
						  VARDATA_ANY(b), VARSIZE_ANY_EXHDR(b));
	if ((Pointer) a != DatumGetPointer(x))
		pfree(a);
	if ((Pointer) b != DatumGetPointer(y))
		pfree(b);
	return cmp;
}

PG_FUNCTION_INFO_V1(ca_sql_id_sortsupport);
Datum
ca_sql_id_sortsupport(PG_FUNCTION_ARGS)
{
	SortSupport ssup = (SortSupport) PG_GETARG_POINTER(0);

	ssup->comparator = id_sort_compare;
	PG_RETURN_VOID();
}

/* The hash reaches disk in hash indexes and partitions: never change it. */
PG_FUNCTION_INFO_V1(ca_sql_id_hash);
Datum
ca_sql_id_hash(PG_FUNCTION_ARGS)
{
	struct varlena *v = PG_GETARG_VARLENA_PP(0);
	Datum           result;

	result = hash_any((unsigned char *) VARDATA_ANY(v), VARSIZE_ANY_EXHDR(v));
	PG_FREE_IF_COPY(v, 0);
	PG_RETURN_DATUM(result);
}

PG_FUNCTION_INFO_V1(ca_sql_id_hash_extended);
Datum
ca_sql_id_hash_extended(PG_FUNCTION_ARGS)
{
	struct varlena *v = PG_GETARG_VARLENA_PP(0);
	Datum           result;

	result = hash_any_extended((unsigned char *) VARDATA_ANY(v), VARSIZE_ANY_EXHDR(v),
							   PG_GETARG_INT64(1));
	PG_FREE_IF_COPY(v, 0);
	PG_RETURN_DATUM(result);
}
