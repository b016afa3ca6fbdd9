/*-------------------------------------------------------------------------
 *
 * fuzz_id.c
 *	  The type careaccess.id: text and binary input, order, hash, canonical form.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>
#include <errno.h>

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/uuid.h"

#include "compat.h"
#include "id.h"
#include "shim.h"

extern Datum ca_sql_id_in(PG_FUNCTION_ARGS);
extern Datum ca_sql_id_out(PG_FUNCTION_ARGS);
extern Datum ca_sql_id_recv(PG_FUNCTION_ARGS);
extern Datum ca_sql_id_send(PG_FUNCTION_ARGS);
extern Datum ca_sql_id_from_int2(PG_FUNCTION_ARGS);
extern Datum ca_sql_id_from_int4(PG_FUNCTION_ARGS);
extern Datum ca_sql_id_from_int8(PG_FUNCTION_ARGS);
extern Datum ca_sql_id_from_uuid(PG_FUNCTION_ARGS);
extern Datum ca_sql_id_from_text(PG_FUNCTION_ARGS);
extern Datum ca_sql_id_to_int8(PG_FUNCTION_ARGS);
extern Datum ca_sql_id_to_uuid(PG_FUNCTION_ARGS);
extern Datum ca_sql_id_to_text(PG_FUNCTION_ARGS);
extern Datum ca_sql_id_eq(PG_FUNCTION_ARGS);
extern Datum ca_sql_id_ne(PG_FUNCTION_ARGS);
extern Datum ca_sql_id_lt(PG_FUNCTION_ARGS);
extern Datum ca_sql_id_le(PG_FUNCTION_ARGS);
extern Datum ca_sql_id_gt(PG_FUNCTION_ARGS);
extern Datum ca_sql_id_ge(PG_FUNCTION_ARGS);
extern Datum ca_sql_id_cmp(PG_FUNCTION_ARGS);
extern Datum ca_sql_id_hash(PG_FUNCTION_ARGS);
extern Datum ca_sql_id_hash_extended(PG_FUNCTION_ARGS);

static Datum
call(PGFunction function, Datum a, Datum b)
{
	LOCAL_FCINFO(fcinfo, 2);
	Datum result;

	InitFunctionCallInfoData(*fcinfo, NULL, 2, InvalidOid, NULL, NULL);
	fcinfo->args[0].value = a;
	fcinfo->args[0].isnull = false;
	fcinfo->args[1].value = b;
	fcinfo->args[1].isnull = false;
	result = function(fcinfo);
	MUST(!fcinfo->isnull);
	return result;
}

/* False: it raised an error. */
static bool
try_call(PGFunction function, Datum a, Datum *result)
{
	bool good = SHIM_TRY();

	if (good)
		*result = call(function, a, 0);
	SHIM_END_TRY();
	return good;
}

static Datum
long_header(const void *data, size_t length)
{
	struct varlena *v = palloc(VARHDRSZ + length);

	SET_VARSIZE(v, VARHDRSZ + length);
	memcpy(VARDATA(v), data, length);
	return PointerGetDatum(v);
}

/* As a value lies in a row: one byte of header, at any address. */
static Datum
short_header(const void *data, size_t length)
{
	char *v = (char *) palloc(2 + length) + 1;

	if (length + VARHDRSZ_SHORT > VARATT_SHORT_MAX)
		return long_header(data, length);
	SET_VARSIZE_SHORT(v, length + VARHDRSZ_SHORT);
	memcpy(VARDATA_SHORT(v), data, length);
	return PointerGetDatum(v);
}

static bool
same_datum(Datum a, Datum b)
{
	CaId x;
	CaId y;

	ca_id_from_varlena(a, &x);
	ca_id_from_varlena(b, &y);
	return ca_id_equal(&x, &y);
}

/* What the text stands for, said in another way than id.c does. */
static int
kind_of(const char *text)
{
	char   again[32];
	char  *end;
	size_t length = strlen(text);
	size_t upper = 0;
	size_t lower = 0;
	int64  number;

	errno = 0;
	number = strtoll(text, &end, 10);
	snprintf(again, sizeof(again), INT64_FORMAT, number);
	if (errno == 0 && *end == '\0' && strcmp(again, text) == 0)
		return CA_ID_BIGINT;

	if (length != 36)
		return CA_ID_TEXT;
	for (size_t i = 0; i < length; i++)
	{
		if ((i == 8 || i == 13 || i == 18 || i == 23) ? text[i] != '-' : !isxdigit((unsigned char) text[i]))
			return CA_ID_TEXT;
		upper += text[i] >= 'A' && text[i] <= 'F';
		lower += text[i] >= 'a' && text[i] <= 'f';
	}
	return upper > 0 && lower > 0 ? CA_ID_TEXT : CA_ID_UUID;
}

/* Everything that is true of any identifier. */
static void
check_value(Datum value)
{
	CaId  id;
	Datum sent;
	Datum other;
	char *text;
	int64 number;

	ca_id_from_varlena(value, &id);
	MUST(same_datum(value, ca_id_to_datum(&id)));

	/* in(out(x)) = x */
	text = DatumGetCString(call(ca_sql_id_out, value, 0));
	MUST(kind_of(text) == id.data[0]);
	MUST(same_datum(value, call(ca_sql_id_in, CStringGetDatum(text), 0)));
	MUST(same_datum(value, call(ca_sql_id_from_text, short_header(text, strlen(text)), 0)));

	/* recv(send(x)) = x */
	sent = call(ca_sql_id_send, value, 0);
	{
		StringInfoData message = {.data = VARDATA_ANY(DatumGetPointer(sent)),
								  .len = VARSIZE_ANY_EXHDR(DatumGetPointer(sent))};

		MUST(same_datum(value, call(ca_sql_id_recv, PointerGetDatum(&message), 0)));
		MUST(message.cursor == message.len);
	}

	/* The casts: to its own kind and back, to no other kind. */
	MUST(same_datum(value, call(ca_sql_id_from_text, call(ca_sql_id_to_text, value, 0), 0)));
	MUST(try_call(ca_sql_id_to_int8, value, &other) == (id.data[0] == CA_ID_BIGINT));
	MUST(ca_id_to_int64(&id, &number) == (id.data[0] == CA_ID_BIGINT));
	if (id.data[0] == CA_ID_BIGINT)
	{
		MUST(DatumGetInt64(other) == number);
		MUST(same_datum(value, call(ca_sql_id_from_int8, other, 0)));
		if (number == (int32) number)
			MUST(same_datum(value, call(ca_sql_id_from_int4, Int32GetDatum((int32) number), 0)));
		if (number == (int16) number)
			MUST(same_datum(value, call(ca_sql_id_from_int2, Int16GetDatum((int16) number), 0)));
	}
	else
		MUST(shim_sqlstate == ERRCODE_INVALID_TEXT_REPRESENTATION);
	MUST(try_call(ca_sql_id_to_uuid, value, &other) == (id.data[0] == CA_ID_UUID));
	if (id.data[0] == CA_ID_UUID)
		MUST(same_datum(value, call(ca_sql_id_from_uuid, other, 0)));
}

static void
fuzz_text(Input *in)
{
	char *text = pnstrdup((const char *) in->data, in->left);
	Datum value;
	Datum cast;
	bool  good = try_call(ca_sql_id_in, CStringGetDatum(text), &value);

	MUST(good == (text[0] != '\0' && strlen(text) <= CA_ID_MAX_TEXT));
	MUST(good == try_call(ca_sql_id_from_text, long_header(text, strlen(text)), &cast));
	if (!good)
	{
		MUST(shim_sqlstate == ERRCODE_INVALID_TEXT_REPRESENTATION);
		return;
	}
	MUST(same_datum(value, cast));
	/* What a text stands for is printed as it was, but for a uuid's capitals. */
	MUST(kind_of(text) == CA_ID_UUID
			 ? pg_strcasecmp(text, DatumGetCString(call(ca_sql_id_out, value, 0))) == 0
			 : strcmp(text, DatumGetCString(call(ca_sql_id_out, value, 0))) == 0);
	/* Text is in the database's encoding before it comes here. */
	if (pg_encoding_verifymbstr(PG_UTF8, text, strlen(text)) == strlen(text))
		check_value(value);
}

/* Hostile messages: a value or 22P03, and never a second spelling of a value. */
static void
fuzz_binary(Input *in)
{
	static const int encodings[] = {PG_UTF8, PG_LATIN1, PG_SQL_ASCII, PG_EUC_JP};
	StringInfoData   message = {0};
	Datum            value;
	Datum            sent;

	shim_set_encoding(encodings[take_below(in, lengthof(encodings))]);
	/* A copy of its own, whose end is guarded; messages end in a zero byte. */
	message.data = palloc(in->left + 1);
	memcpy(message.data, in->data, in->left);
	message.data[in->left] = '\0';
	message.len = in->left;
	if (!try_call(ca_sql_id_recv, PointerGetDatum(&message), &value))
	{
		MUST(shim_sqlstate == ERRCODE_INVALID_BINARY_REPRESENTATION);
		return;
	}
	MUST(message.cursor == message.len);
	sent = call(ca_sql_id_send, value, 0);
	MUST(VARSIZE_ANY_EXHDR(DatumGetPointer(sent)) == in->left);
	MUST(memcmp(VARDATA_ANY(DatumGetPointer(sent)), in->data, in->left) == 0);
	check_value(value);
}

static void
take_id(Input *in, CaId *id)
{
	unsigned char uuid[UUID_LEN];
	char          text[CA_ID_MAX_TEXT];
	int           length;

	switch (take_below(in, 4))
	{
		case 0:
			ca_id_from_int64((int64) take_uint64(in), id);
			break;
		case 1:
			ca_id_from_int64((int8) take(in), id);
			break;
		case 2:
			for (int i = 0; i < UUID_LEN; i++)
				uuid[i] = take(in);
			ca_id_from_uuid(uuid, id);
			break;
		default:
			length = 1 + take_below(in, 6);
			for (int i = 0; i < length; i++)
				text[i] = 1 + take_below(in, 255);
			MUST(ca_id_from_cstring_len(text, length, id));
	}
}

static int
sign(int n)
{
	return (n > 0) - (n < 0);
}

static void
check_pair(const CaId *a, const CaId *b)
{
	int   order = ca_id_compare(a, b);
	int64 x;
	int64 y;
	Datum datums[2][2] = {{long_header(a->data, a->len), short_header(a->data, a->len)},
						  {long_header(b->data, b->len), short_header(b->data, b->len)}};

	MUST(sign(order) == -sign(ca_id_compare(b, a)));
	MUST((order == 0) == ca_id_equal(a, b));
	MUST((order == 0) == (strcmp(ca_id_to_cstring(a), ca_id_to_cstring(b)) == 0));
	if (order == 0)
		MUST(ca_id_hash(a) == ca_id_hash(b));
	if (a->data[0] != b->data[0])
		MUST(sign(order) == sign(a->data[0] - b->data[0]));
	else if (ca_id_to_int64(a, &x) && ca_id_to_int64(b, &y))
		MUST(sign(order) == (x > y) - (x < y));

	/* The operators say the same, however their arguments lie there. */
	for (int i = 0; i < 4; i++)
	{
		Datum p = datums[0][i & 1];
		Datum q = datums[1][i >> 1];

		MUST(sign(DatumGetInt32(call(ca_sql_id_cmp, p, q))) == sign(order));
		MUST(DatumGetBool(call(ca_sql_id_eq, p, q)) == (order == 0));
		MUST(DatumGetBool(call(ca_sql_id_ne, p, q)) == (order != 0));
		MUST(DatumGetBool(call(ca_sql_id_lt, p, q)) == (order < 0));
		MUST(DatumGetBool(call(ca_sql_id_le, p, q)) == (order <= 0));
		MUST(DatumGetBool(call(ca_sql_id_gt, p, q)) == (order > 0));
		MUST(DatumGetBool(call(ca_sql_id_ge, p, q)) == (order >= 0));
		if (order == 0)
		{
			MUST(call(ca_sql_id_hash, p, 0) == call(ca_sql_id_hash, q, 0));
			MUST(call(ca_sql_id_hash_extended, p, 1) == call(ca_sql_id_hash_extended, q, 1));
		}
	}
}

static void
fuzz_order(Input *in)
{
	CaId ids[3];

	for (int i = 0; i < 3; i++)
		take_id(in, &ids[i]);
	for (int i = 0; i < 3; i++)
	{
		for (int j = 0; j < 3; j++)
			check_pair(&ids[i], &ids[j]);
	}
	if (ca_id_compare(&ids[0], &ids[1]) <= 0 && ca_id_compare(&ids[1], &ids[2]) <= 0)
		MUST(ca_id_compare(&ids[0], &ids[2]) <= 0);
}

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	Input in = {data, size};

	shim_begin();
	switch (take_below(&in, 3))
	{
		case 0:
			fuzz_text(&in);
			break;
		case 1:
			fuzz_binary(&in);
			break;
		default:
			fuzz_order(&in);
	}
	return 0;
}
