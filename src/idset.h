/*-------------------------------------------------------------------------
 *
 * idset.h
 *	  A set of identifiers that gives each one a dense number.
 *
 * The numbers run from 0 in the order of first interning and never change, so
 * other structures (arrays, bitmaps) can be indexed by them.
 *
 * A set lives in the memory context it was made in and goes away with it;
 * there is no removing of members and no separate free.  Nothing here raises
 * an error except out of memory and more than 2^31 members, and a set whose
 * ca_idset_intern raised one is still usable.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CA_IDSET_H
#define CA_IDSET_H

#include "id.h"

typedef struct CaIdSet CaIdSet;

/* expected is a hint for the number of members; 0 if unknown. */
extern CaIdSet *ca_idset_create(MemoryContext cxt, uint32 expected);

/* The number of id, adding it if it is new. */
extern int32 ca_idset_intern(CaIdSet *s, const CaId *id);

/* The number of id, or -1. */
extern int32 ca_idset_find(const CaIdSet *s, const CaId *id);

/* The number of the identifier that is this bigint, or -1. */
extern int32 ca_idset_find_int64(const CaIdSet *s, int64 value);

/* The member with this number, 0 <= index < ca_idset_count(). */
extern void ca_idset_get(const CaIdSet *s, int32 index, CaId *out);

extern int32 ca_idset_count(const CaIdSet *s);

#endif /* CA_IDSET_H */
