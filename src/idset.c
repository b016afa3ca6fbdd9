/*-------------------------------------------------------------------------
 *
 * idset.c
 *	  A set of identifiers that gives each one a dense number.
 *
 * Two arrays in the order of the numbers hold the members: one word each, and,
 * once there is one that is no bigint, a pointer each to its payload.  Of a
 * bigint the word is the whole value; of anything else it is a hash of the
 * payload, and the pointer is followed only where the hashes agree.  A hash
 * table of numbers finds them; its entries carry a part of the hash, so that
 * they need not look into the arrays to tell members apart, and are small,
 * since a practice may have a million clients.
 *
 * Payloads of uuids and texts are packed into chunks that never move.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "port/pg_bswap.h"
#include "utils/memutils.h"

#include "idset.h"

/*
 * What a member is looked up by: of a bigint the eight value bytes, as they are
 * in the payload, and no payload; of anything else the payload's hash, and the
 * payload preceded by one byte for its length without the kind byte (1 to 255).
 */
typedef struct IdKey
{
	uint64               word;
	const unsigned char *packed; /* NULL for a bigint */
} IdKey;

typedef struct IdEntry
{
	int32  index; /* SOUGHT: that of no member, but the key sought */
	uint32 hash;
	char   status; /* simplehash's */
} IdEntry;

#define SOUGHT (-1)

struct CaIdSet
{
	MemoryContext         cxt;
	struct idtab_hash    *table;
	uint64               *words;  /* by number */
	const unsigned char **packed; /* by number; null: all are bigints */
	int32                 count;
	int32                 capacity; /* of the arrays */
	IdKey                 sought;
	unsigned char        *chunk; /* free part of the current chunk */
	Size                  chunk_left;
	bool                  chunked; /* there has been one */
};

/* The finalizer of MurmurHash3: every input bit reaches every output bit. */
static inline uint32
word_hash(uint64 h)
{
	h ^= h >> 33;
	h *= UINT64CONST(0xff51afd7ed558ccd);
	h ^= h >> 33;
	h *= UINT64CONST(0xc4ceb9fe1a85ec53);
	h ^= h >> 33;
	return (uint32) h;
}

static inline uint32
index_hash(const CaIdSet *s, int32 index)
{
	return word_hash(index == SOUGHT ? s->sought.word : s->words[index]);
}

/* Is the member the one that is sought? */
static inline bool
is_sought(const CaIdSet *s, int32 index)
{
	const unsigned char *mine;
	const unsigned char *sought = s->sought.packed;

	if (s->words[index] != s->sought.word)
		return false;
	mine = s->packed ? s->packed[index] : NULL;
	if (mine == NULL || sought == NULL)
		return mine == sought;
	return mine[0] == sought[0] && memcmp(mine, sought, 2 + (Size) sought[0]) == 0;
}

static inline bool
index_equal(const CaIdSet *s, int32 a, int32 b)
{
	if (a == b)
		return true;
	return a == SOUGHT ? is_sought(s, b) : (b == SOUGHT && is_sought(s, a));
}

#define SH_PREFIX idtab
#define SH_ELEMENT_TYPE IdEntry
#define SH_KEY_TYPE int32
#define SH_KEY index
#define SH_HASH_KEY(tb, key) index_hash((tb)->private_data, (key))
#define SH_EQUAL(tb, a, b) index_equal((tb)->private_data, (a), (b))
#define SH_STORE_HASH
#define SH_GET_HASH(tb, entry) (entry)->hash
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#define SH_USE_NONDEFAULT_ALLOCATOR
#include "lib/simplehash.h"

/*
 * Before 17 a table that grows takes its new size before it has the memory for
 * it.  A set outlives statements and errors, so where there is none it gets back
 * what it was when the member came that it has no room for.
 */
static idtab_hash before_insert;

static inline void *
idtab_allocate(idtab_hash *type, Size size)
{
	void *data = MemoryContextAllocExtended(type->ctx, size,
											MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO | MCXT_ALLOC_NO_OOM);

	if (data == NULL)
	{
		if (type->data != NULL)
			*type = before_insert;
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory"),
				 errdetail("Failed on request of size %zu.", size)));
	}
	return data;
}

static inline void
idtab_free(idtab_hash *type, void *pointer)
{
	pfree(pointer);
}

#define CHUNK_SIZE 8192
#define FIRST_CAPACITY 16

CaIdSet *
ca_idset_create(MemoryContext cxt, uint32 expected)
{
	CaIdSet *s = MemoryContextAllocZero(cxt, sizeof(CaIdSet));

	s->cxt = cxt;
	s->capacity = Max(FIRST_CAPACITY, Min(expected, PG_INT32_MAX / 2));
	s->words = MemoryContextAllocHuge(cxt, sizeof(uint64) * (Size) s->capacity);
	s->table = idtab_create(cxt, s->capacity, s);
	return s;
}

/*
 * The key by which id is looked up.  buffer receives the packed payload where
 * one is needed and must outlive the key.
 */
static inline IdKey
make_key(const CaId *id, unsigned char *buffer)
{
	IdKey key;

	if (id->data[0] == CA_ID_BIGINT)
	{
		memcpy(&key.word, id->data + 1, sizeof(key.word));
		key.packed = NULL;
	}
	else
	{
		key.word = hash_bytes_extended(id->data, id->len, 0);
		buffer[0] = (unsigned char) (id->len - 1);
		memcpy(buffer + 1, id->data, id->len);
		key.packed = buffer;
	}
	return key;
}

static inline int32
find_key(const CaIdSet *s, IdKey key)
{
	IdEntry *entry;

	/* The one thing that a search changes, and it means nothing afterwards. */
	((CaIdSet *) s)->sought = key;
	entry = idtab_lookup_hash(s->table, SOUGHT, word_hash(key.word));
	return entry != NULL ? entry->index : -1;
}

/* Keep a packed payload for the life of the set. */
static const unsigned char *
store_packed(CaIdSet *s, const unsigned char *packed)
{
	Size           need = 2 + (Size) packed[0];
	unsigned char *result;

	if (s->chunk_left < need)
	{
		/* The first chunk is small: many sets hold a handful of members. */
		Size size = s->chunked ? CHUNK_SIZE : CHUNK_SIZE / 16;

		s->chunk = MemoryContextAlloc(s->cxt, size);
		s->chunk_left = size;
		s->chunked = true;
	}
	result = s->chunk;
	memcpy(result, packed, need);
	s->chunk += need;
	s->chunk_left -= need;
	return result;
}

static void
make_room(CaIdSet *s)
{
	int32 capacity;

	if (s->capacity > PG_INT32_MAX / 2)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many identifiers in one set")));
	capacity = s->capacity * 2;
	s->words = repalloc_huge(s->words, sizeof(uint64) * (Size) capacity);
	if (s->packed != NULL)
		s->packed = repalloc_huge(s->packed, sizeof(unsigned char *) * (Size) capacity);
	s->capacity = capacity;
}

/* The first that is no bigint: the others have no payload. */
static void
begin_packed(CaIdSet *s)
{
	s->packed = MemoryContextAllocExtended(s->cxt, sizeof(unsigned char *) * (Size) s->capacity,
										   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
}

int32
ca_idset_intern(CaIdSet *s, const CaId *id)
{
	unsigned char buffer[2 + CA_ID_MAX_TEXT];
	IdKey         key = make_key(id, buffer);
	int32         index = find_key(s, key);
	IdEntry      *entry;
	bool          found;

	if (index >= 0)
		return index;

	/*
	 * Everything that may fail comes before the member counts, so that an error
	 * leaves no half-made one behind.
	 */
	if (s->count == s->capacity)
		make_room(s);
	if (key.packed != NULL)
	{
		if (s->packed == NULL)
			begin_packed(s);
		key.packed = store_packed(s, key.packed);
	}
	s->words[s->count] = key.word;
	if (s->packed != NULL)
		s->packed[s->count] = key.packed;
	s->sought = key;
	before_insert = *s->table;
	entry = idtab_insert_hash(s->table, SOUGHT, word_hash(key.word), &found);
	Assert(!found);
	entry->index = s->count;
	return s->count++;
}

int32
ca_idset_find(const CaIdSet *s, const CaId *id)
{
	unsigned char buffer[2 + CA_ID_MAX_TEXT];

	return find_key(s, make_key(id, buffer));
}

int32
ca_idset_find_int64(const CaIdSet *s, int64 value)
{
	IdKey key;

	key.word = pg_hton64((uint64) value ^ (UINT64CONST(1) << 63));
	key.packed = NULL;
	return find_key(s, key);
}

void
ca_idset_get(const CaIdSet *s, int32 index, CaId *out)
{
	const unsigned char *packed;

	Assert(index >= 0 && index < s->count);
	packed = s->packed ? s->packed[index] : NULL;
	if (packed == NULL)
	{
		out->len = CA_ID_BIGINT_LEN;
		out->data[0] = CA_ID_BIGINT;
		memcpy(out->data + 1, &s->words[index], sizeof(uint64));
	}
	else
	{
		out->len = 1 + (uint16) packed[0];
		memcpy(out->data, packed + 1, out->len);
	}
}

int32
ca_idset_count(const CaIdSet *s)
{
	return s->count;
}
