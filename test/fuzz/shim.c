/*-------------------------------------------------------------------------
 *
 * shim.c
 *	  What the pure modules need of a server, for programs that are none.
 *
 * The modules are compiled as for the server.  What the server links from its
 * common library (hashes, base64, the JSON parser, encodings, StringInfo) is
 * linked here from that library, too: libpgcommon.a and libpgport.a, which
 * PostgreSQL ships for client programs.  What exists only in the server is
 * below, each in its simplest honest form: memory, errors, sets of numbers,
 * and the reading of messages.  The catalog is empty.
 *
 * Memory comes straight from malloc, one block for each piece, so that
 * AddressSanitizer sees the first byte past any of them; the server's own
 * allocator would hide it in its blocks.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "common/hashfn.h"
#include "access/detoast.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "nodes/bitmapset.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "shim.h"

/* ----------------------------------------------------------------
 * Memory: all pieces of this input, in one array.
 * ----------------------------------------------------------------
 */

MemoryContext CurrentMemoryContext = NULL;
MemoryContext TopMemoryContext = NULL;

static void **pieces;
static size_t npieces;
static size_t pieces_allocated;
static int    until_failure;

void
shim_begin(void)
{
	for (size_t i = 0; i < npieces; i++)
		free(pieces[i]);
	/* The array itself is small; giving it back keeps LeakSanitizer simple. */
	free(pieces);
	pieces = NULL;
	npieces = pieces_allocated = 0;
	until_failure = 0;
	shim_catching = false;
	shim_set_encoding(PG_UTF8);
}

void
shim_fail_allocation(int n)
{
	until_failure = n;
}

static size_t
find_piece(const void *pointer)
{
	for (size_t i = npieces; i > 0; i--)
	{
		if (pieces[i - 1] == pointer)
			return i - 1;
	}
	shim_broken("the memory is one that was allocated", __FILE__, __LINE__);
}

static bool
fails(void)
{
	return until_failure > 0 && --until_failure == 0;
}

static void
may_fail(void)
{
	if (fails())
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
}

/* The server's memory is not zeroed, and neither is this. */
static void *
get_piece(Size size, bool zero)
{
	void *piece;

	if (npieces == pieces_allocated)
	{
		pieces_allocated = pieces_allocated ? 2 * pieces_allocated : 16;
		pieces = realloc(pieces, pieces_allocated * sizeof(void *));
	}
	piece = malloc(size);
	memset(piece, zero ? 0 : 0x7F, size);
	pieces[npieces++] = piece;
	return piece;
}

static void *
allocate(Size size, int flags)
{
	if ((flags & MCXT_ALLOC_NO_OOM) == 0)
		may_fail();
	else if (fails())
		return NULL;
	return get_piece(size, (flags & MCXT_ALLOC_ZERO) != 0);
}

void *
palloc(Size size)
{
	if (!AllocSizeIsValid(size))
		ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("invalid memory alloc request size")));
	return allocate(size, 0);
}

void *
palloc0(Size size)
{
	return memset(palloc(size), 0, size);
}

void *
palloc_extended(Size size, int flags)
{
	return allocate(size, flags);
}

void
pfree(void *pointer)
{
	size_t i = find_piece(pointer);

	free(pointer);
	pieces[i] = pieces[--npieces];
}

void *
repalloc_huge(void *pointer, Size size)
{
	size_t i = find_piece(pointer);

	may_fail();
	pieces[i] = realloc(pointer, size);
	return pieces[i];
}

void *
repalloc(void *pointer, Size size)
{
	if (!AllocSizeIsValid(size))
		ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("invalid memory alloc request size")));
	return repalloc_huge(pointer, size);
}

void *
MemoryContextAlloc(MemoryContext context, Size size)
{
	return palloc(size);
}

void *
MemoryContextAllocZero(MemoryContext context, Size size)
{
	return palloc0(size);
}

void *
MemoryContextAllocHuge(MemoryContext context, Size size)
{
	return allocate(size, 0);
}

void *
MemoryContextAllocExtended(MemoryContext context, Size size, int flags)
{
	return allocate(size, flags);
}

char *
pnstrdup(const char *in, Size length)
{
	Size  n = strnlen(in, length);
	char *out = palloc(n + 1);

	memcpy(out, in, n);
	out[n] = '\0';
	return out;
}

char *
pstrdup(const char *in)
{
	return pnstrdup(in, strlen(in));
}

/*
 * The names by which the common library allocates when it is a client's.  All
 * of them are here, so that its own module with malloc is not linked beside.
 */
extern void *pg_malloc(size_t size);
extern void *pg_malloc0(size_t size);
extern void *pg_malloc_extended(size_t size, int flags);
extern void *pg_realloc(void *pointer, size_t size);
extern char *pg_strdup(const char *in);
extern void  pg_free(void *pointer);

void *
pg_malloc(size_t size)
{
	return palloc(size);
}

void *
pg_malloc0(size_t size)
{
	return palloc0(size);
}

void *
pg_malloc_extended(size_t size, int flags)
{
	return palloc_extended(size, flags);
}

void *
pg_realloc(void *pointer, size_t size)
{
	return repalloc(pointer, size);
}

char *
pg_strdup(const char *in)
{
	return pstrdup(in);
}

void
pg_free(void *pointer)
{
	if (pointer != NULL)
		pfree(pointer);
}

/* ----------------------------------------------------------------
 * Errors: a jump, and what its SQLSTATE was.
 * ----------------------------------------------------------------
 */

jmp_buf    shim_catch;
bool       shim_catching;
int        shim_sqlstate;
static int error_level;

void
shim_broken(const char *condition, const char *file, int line)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
	abort();
}

bool
errstart(int elevel, const char *domain)
{
	error_level = elevel;
	if (elevel < ERROR)
		return false;
	shim_sqlstate = ERRCODE_INTERNAL_ERROR;
	return true;
}

bool
errstart_cold(int elevel, const char *domain)
{
	return errstart(elevel, domain);
}

void
errfinish(const char *filename, int lineno, const char *funcname)
{
	if (!shim_catching)
		shim_broken("no error is raised", filename, lineno);
	longjmp(shim_catch, 1);
}

int
errcode(int sqlerrcode)
{
	shim_sqlstate = sqlerrcode;
	return 0;
}

/* Messages are formatted as the server does it: their arguments are read. */
static int
format(const char *fmt, va_list args)
{
	char buffer[1024];

	vsnprintf(buffer, sizeof(buffer), fmt, args);
	return 0;
}

#define MESSAGE(name)              \
	int name(const char *fmt, ...) \
	{                              \
		va_list args;              \
                                   \
		va_start(args, fmt);       \
		format(fmt, args);         \
		va_end(args);              \
		return 0;                  \
	}
MESSAGE(errmsg)
MESSAGE(errmsg_internal)
MESSAGE(errdetail)
MESSAGE(errhint)

/* The last argument went in 16. */
#if PG_VERSION_NUM >= 160000
void
ExceptionalCondition(const char *condition, const char *file, int line)
#else
void
ExceptionalCondition(const char *condition, const char *type, const char *file, int line)
#endif
{
	shim_broken(condition, file, line);
}

/* ----------------------------------------------------------------
 * Encodings
 * ----------------------------------------------------------------
 */

static int encoding_now = PG_UTF8;

void
shim_set_encoding(int encoding)
{
	encoding_now = encoding;
}

int
GetDatabaseEncoding(void)
{
	return encoding_now;
}

int
pg_get_client_encoding(void)
{
	return encoding_now;
}

bool
pg_verify_mbstr(int encoding, const char *text, int length, bool no_error)
{
	if (pg_encoding_verifymbstr(encoding, text, length) == length)
		return true;
	if (!no_error)
		ereport(ERROR, (errcode(ERRCODE_CHARACTER_NOT_IN_REPERTOIRE), errmsg("invalid byte sequence")));
	return false;
}

/* ----------------------------------------------------------------
 * Messages, as pqformat.c reads and writes them where no conversion is needed
 * ----------------------------------------------------------------
 */

static void
need_bytes(StringInfo msg, int n)
{
	if (n < 0 || n > msg->len - msg->cursor)
		ereport(ERROR, (errcode(ERRCODE_PROTOCOL_VIOLATION), errmsg("insufficient data left in message")));
}

const char *
pq_getmsgbytes(StringInfo msg, int n)
{
	const char *result = msg->data + msg->cursor;

	need_bytes(msg, n);
	msg->cursor += n;
	return result;
}

int
pq_getmsgbyte(StringInfo msg)
{
	return (unsigned char) *pq_getmsgbytes(msg, 1);
}

int64
pq_getmsgint64(StringInfo msg)
{
	uint64 v;

	memcpy(&v, pq_getmsgbytes(msg, sizeof(v)), sizeof(v));
	return (int64) pg_ntoh64(v);
}

char *
pq_getmsgtext(StringInfo msg, int rawbytes, int *nbytes)
{
	const char *raw = pq_getmsgbytes(msg, rawbytes);
	char       *text = palloc(rawbytes + 1);

	memcpy(text, raw, rawbytes);
	text[rawbytes] = '\0';
	*nbytes = rawbytes;
	return text;
}

void
pq_begintypsend(StringInfo buf)
{
	initStringInfo(buf);
	appendStringInfoSpaces(buf, 4);
}

#if PG_VERSION_NUM >= 160000
void
pq_sendbytes(StringInfo buf, const void *data, int length)
#else
void
pq_sendbytes(StringInfo buf, const char *data, int length)
#endif
{
	appendBinaryStringInfo(buf, data, length);
}

void
pq_sendtext(StringInfo buf, const char *text, int length)
{
	appendBinaryStringInfo(buf, text, length);
}

bytea *
pq_endtypsend(StringInfo buf)
{
	bytea *result = (bytea *) buf->data;

	SET_VARSIZE(result, buf->len);
	return result;
}

/* ----------------------------------------------------------------
 * Stored values: short and long headers, neither compressed nor out of line
 * ----------------------------------------------------------------
 */

struct varlena *
pg_detoast_datum_packed(struct varlena *datum)
{
	MUST(!VARATT_IS_COMPRESSED(datum) && !VARATT_IS_EXTERNAL(datum));
	return datum;
}

Size
toast_raw_datum_size(Datum value)
{
	return VARSIZE_ANY_EXHDR(DatumGetPointer(value)) + VARHDRSZ;
}

text *
cstring_to_text(const char *s)
{
	Size  length = strlen(s);
	text *result = palloc(VARHDRSZ + length);

	SET_VARSIZE(result, VARHDRSZ + length);
	memcpy(VARDATA(result), s, length);
	return result;
}

int
pg_lltoa(int64 value, char *buffer)
{
	return sprintf(buffer, INT64_FORMAT, value);
}

/* ----------------------------------------------------------------
 * Sets of numbers, as bitmapset.c has them
 * ----------------------------------------------------------------
 */

bool
bms_is_member(int x, const Bitmapset *a)
{
	int word = x / BITS_PER_BITMAPWORD;

	MUST(x >= 0); /* an error in the server */
	return a != NULL && word < a->nwords &&
		   (a->words[word] & ((bitmapword) 1 << (x % BITS_PER_BITMAPWORD))) != 0;
}

/* ----------------------------------------------------------------
 * The catalog, in which nothing is
 * ----------------------------------------------------------------
 */

Oid
get_namespace_oid(const char *name, bool missing_ok)
{
	return InvalidOid;
}

Oid
GetSysCacheOid(int id, AttrNumber oidcol, Datum key1, Datum key2, Datum key3, Datum key4)
{
	return InvalidOid;
}

void
CacheRegisterSyscacheCallback(int id, SyscacheCallbackFunction function, Datum arg)
{
}
