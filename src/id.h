/*-------------------------------------------------------------------------
 *
 * id.h
 *	  The type careaccess.id as the other modules see it.
 *
 * An identifier is a bigint, a uuid or a text.  Its payload is one kind byte
 * followed by the value, in a form whose bytes sort and compare as the value
 * does:
 *
 *	 kind 1 (bigint)	8 bytes, big-endian, sign bit flipped
 *	 kind 2 (uuid)		16 bytes
 *	 kind 3 (text)		1 to CA_ID_MAX_TEXT bytes in the server encoding
 *
 * Every identifier has exactly one payload: a text that spells a bigint or a
 * uuid canonically becomes kind 1 or 2.  Equality is therefore memcmp.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CA_ID_H
#define CA_ID_H

/* Longest text, in bytes, that can be an identifier. */
#define CA_ID_MAX_TEXT 255

/* The first byte of a payload. */
#define CA_ID_BIGINT 1
#define CA_ID_UUID 2
#define CA_ID_TEXT 3

/* Whole payload length of the two kinds of fixed size. */
#define CA_ID_BIGINT_LEN (1 + 8)
#define CA_ID_UUID_LEN (1 + 16)

typedef struct CaId
{
	uint16        len; /* bytes used in data, the kind byte included */
	unsigned char data[1 + CA_ID_MAX_TEXT];
} CaId;

/* Making identifiers.  The bool ones return false for a value that cannot be
 * an identifier (empty or too long); *out is then undefined. */
extern void ca_id_from_int64(int64 v, CaId *out);
extern void ca_id_from_uuid(const unsigned char *uuid, CaId *out);
extern bool ca_id_from_cstring_len(const char *s, int len, CaId *out);

/* From a stored careaccess.id; detoasts. */
extern void ca_id_from_varlena(Datum d, CaId *out);

/*
 * From a value of any type that can hold identifiers.  basetype has gone
 * through getBaseType() and ca_id_type_supported(); value is not null.
 */
extern bool ca_id_type_supported(Oid basetype);

/* The type careaccess.id itself; invalid where the extension is not there. */
extern Oid ca_id_type_oid(void);

extern bool ca_id_from_value(Oid basetype, Datum value, CaId *out);

/* Both results are palloc'd in the current memory context. */
extern Datum ca_id_to_datum(const CaId *id);
extern char *ca_id_to_cstring(const CaId *id);

/* False for an identifier that is no bigint. */
extern bool ca_id_to_int64(const CaId *id, int64 *v);

/* Order: bigints by number, then uuids, then texts, both by their bytes. */
extern int    ca_id_compare(const CaId *a, const CaId *b);
extern uint32 ca_id_hash(const CaId *id);

static inline bool
ca_id_equal(const CaId *a, const CaId *b)
{
	return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

#endif /* CA_ID_H */
