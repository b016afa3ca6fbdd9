/*-------------------------------------------------------------------------
 *
 * fuzz_idset.c
 *	  The set of identifiers against an array that is searched from its start.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "idset.h"
#include "shim.h"

/* Past what the first table and the first chunks hold. */
#define MAX_MEMBERS 700

static CaId members[MAX_MEMBERS];
static int  nmembers;

static int
naive_find(const CaId *id)
{
	for (int i = 0; i < nmembers; i++)
	{
		if (members[i].len == id->len && memcmp(members[i].data, id->data, id->len) == 0)
			return i;
	}
	return -1;
}

/* Few values, so that many are met again; and some of every length. */
static void
take_id(Input *in, CaId *id)
{
	unsigned char uuid[16] = {0};
	char          text[CA_ID_MAX_TEXT];
	int           length;

	switch (take_below(in, 4))
	{
		case 0:
			ca_id_from_int64((int8) take(in), id);
			break;
		case 1:
			ca_id_from_int64((int64) take_uint64(in), id);
			break;
		case 2:
			uuid[take_below(in, 16)] = take(in);
			ca_id_from_uuid(uuid, id);
			break;
		default:
			length = 1 + take_below(in, CA_ID_MAX_TEXT);
			memset(text, 'a' + take_below(in, 3), length);
			text[0] = 'z';
			MUST(ca_id_from_cstring_len(text, length, id));
	}
}

/* False: out of memory. */
static bool
try_intern(CaIdSet *set, const CaId *id, int32 *index)
{
	bool good = SHIM_TRY();

	if (good)
		*index = ca_idset_intern(set, id);
	SHIM_END_TRY();
	shim_fail_allocation(0);
	return good;
}

static void
intern(CaIdSet *set, const CaId *id)
{
	int   expected = naive_find(id);
	int32 index;

	if (expected < 0 && nmembers == MAX_MEMBERS)
		return;
	if (!try_intern(set, id, &index))
	{
		/* As if nothing had been. */
		MUST(shim_sqlstate == ERRCODE_OUT_OF_MEMORY);
		MUST(expected < 0);
		MUST(ca_idset_count(set) == nmembers);
		MUST(ca_idset_find(set, id) == -1);
		return;
	}
	if (expected < 0)
	{
		expected = nmembers;
		members[nmembers++] = *id;
	}
	MUST(index == expected);
}

static void
check_all(CaIdSet *set)
{
	CaId id;

	MUST(ca_idset_count(set) == nmembers);
	for (int i = 0; i < nmembers; i++)
	{
		ca_idset_get(set, i, &id);
		MUST(ca_id_equal(&id, &members[i]));
		MUST(ca_idset_find(set, &id) == i);
	}
}

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	Input    in = {data, size};
	CaIdSet *set;
	CaId     id;
	int64    number;

	shim_begin();
	nmembers = 0;
	set = ca_idset_create(NULL, take(&in));
	while (in.left > 0)
	{
		switch (take_below(&in, 6))
		{
			case 0:
			case 1:
				take_id(&in, &id);
				intern(set, &id);
				break;
			case 2:
				take_id(&in, &id);
				shim_fail_allocation(1 + take_below(&in, 3));
				intern(set, &id);
				break;
			case 3:
				take_id(&in, &id);
				MUST(ca_idset_find(set, &id) == naive_find(&id));
				break;
			case 4:
				number = (int8) take(&in);
				ca_id_from_int64(number, &id);
				MUST(ca_idset_find_int64(set, number) == naive_find(&id));
				break;
			default:
				/* Many in a row, so that the tables grow. */
				number = (int64) take(&in) << take_below(&in, 48);
				for (int i = take(&in) / 2; i > 0; i--)
				{
					ca_id_from_int64(number++, &id);
					intern(set, &id);
				}
		}
	}
	check_all(set);
	return 0;
}
