/*-------------------------------------------------------------------------
 *
 * idset.c
 *	  A set of identifiers that gives each one a dense number.
 *
 * Lookup is what a row filter does for every row, so the hash table's entry
 * answers it alone in the common case: for a bigint the whole value sits in
 * the entry's key (24 bytes an entry, no pointer to follow).  For uuids and
 * texts the key holds a 64-bit hash of the payload, and a pointer to the
 * payload itself that is followed only when the hashes agree.
 *
 * Payloads of uuids and texts are packed into chunks that never move.  Beside
 * the hash table stands an array of the keys in the order of their numbers.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "utils/memutils.h"

#include "idset.h"

/*
 * A member: of a bigint the eight value bytes, as they are in the payload, and
 * no payload; of anything else the payload's hash, and the payload preceded by
 * one byte for its length without the kind byte (1 to 255).
 */
typedef struct IdKey
{
	uint64               word;
	const unsigned char *packed; /* NULL for a bigint */
} IdKey;

typedef struct IdEntry
{
	IdKey key;
	int32 index;
	char  status; /* simplehash's */
} IdEntry;

/* The finalizer of MurmurHash3: every input bit reaches every output bit. */
static inline uint32
id_key_hash(IdKey key)
{
	uint64 h = key.word;

	h ^= h >> 33;
	h *= UINT64CONST(0xff51afd7ed558ccd);
	h ^= h >> 33;
	h *= UINT64CONST(0xc4ceb9fe1a85ec53);
	h ^= h >> 33;
	return (uint32) h;
}

static inline bool
id_key_equal(IdKey a, IdKey b)
{
	if (a.word != b.word)
		return false;
	if (a.packed == NULL || b.packed == NULL)
		return a.packed == b.packed;
	return a.packed[0] == b.packed[0] &&
		   memcmp(a.packed, b.packed, 2 + (Size) a.packed[0]) == 0;
}

#define SH_PREFIX idtab
#define SH_ELEMENT_TYPE IdEntry
#define SH_KEY_TYPE IdKey
#define SH_KEY key
#define SH_HASH_KEY(tb, key) id_key_hash(key)
#define SH_EQUAL(tb, a, b) id_key_equal(a, b)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

#define CHUNK_SIZE 8192
#define FIRST_CAPACITY 16

struct CaIdSet
{
	MemoryContext  cxt;
	idtab_hash    *table;
	IdKey         *members; /* by number */
	int32          count;
	int32          capacity; /* of members */
	unsigned char *chunk;    /* free part of the current chunk */
	Size           chunk_left;
	Size           chunk_total; /* bytes of all chunks */
};

CaIdSet *
ca_idset_create(MemoryContext cxt, uint32 expected)
{
	CaIdSet *s = MemoryContextAllocZero(cxt, sizeof(CaIdSet));

	s->cxt = cxt;
	s->capacity = Max(FIRST_CAPACITY, Min(expected, PG_INT32_MAX / 2));
	s->members = MemoryContextAllocHuge(cxt, sizeof(IdKey) * (Size) s->capacity);
	s->table = idtab_create(cxt, s->capacity, NULL);
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

/* Keep a packed payload for the life of the set. */
static const unsigned char *
store_packed(CaIdSet *s, const unsigned char *packed)
{
	Size           need = 2 + (Size) packed[0];
	unsigned char *result;

	if (s->chunk_left < need)
	{
		/* The first chunk is small: many sets hold a handful of members. */
		Size size = s->chunk_total == 0 ? CHUNK_SIZE / 16 : CHUNK_SIZE;

		s->chunk = MemoryContextAlloc(s->cxt, size);
		s->chunk_left = size;
		s->chunk_total += size;
	}
	result = s->chunk;
	memcpy(result, packed, need);
	s->chunk += need;
	s->chunk_left -= need;
	return result;
}

int32
ca_idset_intern(CaIdSet *s, const CaId *id)
{
	unsigned char buffer[2 + CA_ID_MAX_TEXT];
	IdKey         key = make_key(id, buffer);
	IdEntry      *entry = idtab_lookup(s->table, key);
	bool          found;

	if (entry != NULL)
		return entry->index;

	/*
	 * Everything that may fail comes before the entry is made visible by its
	 * insertion, so that an error leaves no half-made member behind.
	 */
	if (s->count == s->capacity)
	{
		int32 capacity;

		if (s->capacity > PG_INT32_MAX / 2)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("too many identifiers in one set")));
		capacity = s->capacity * 2;
		s->members = repalloc_huge(s->members, sizeof(IdKey) * (Size) capacity);
		s->capacity = capacity;
	}
	if (key.packed != NULL)
		key.packed = store_packed(s, key.packed);
	entry = idtab_insert(s->table, key, &found);
	Assert(!found);
	entry->index = s->count;
	s->members[s->count] = key;
	return s->count++;
}

int32
ca_idset_find(const CaIdSet *s, const CaId *id)
{
	unsigned char buffer[2 + CA_ID_MAX_TEXT];
	IdEntry      *entry = idtab_lookup(s->table, make_key(id, buffer));

	return entry != NULL ? entry->index : -1;
}

void
ca_idset_get(const CaIdSet *s, int32 index, CaId *out)
{
	const IdKey *key;

	Assert(index >= 0 && index < s->count);
	key = &s->members[index];
	if (key->packed == NULL)
	{
		out->len = CA_ID_BIGINT_LEN;
		out->data[0] = CA_ID_BIGINT;
		memcpy(out->data + 1, &key->word, sizeof(key->word));
	}
	else
	{
		out->len = 1 + (uint16) key->packed[0];
		memcpy(out->data, key->packed + 1, out->len);
	}
}

int32
ca_idset_count(const CaIdSet *s)
{
	return s->count;
}

Size
ca_idset_memory(const CaIdSet *s)
{
	return sizeof(CaIdSet) + sizeof(idtab_hash) +
		   (Size) s->table->size * sizeof(IdEntry) +
		   (Size) s->capacity * sizeof(IdKey) +
		   s->chunk_total;
}
