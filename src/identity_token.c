/*-------------------------------------------------------------------------
 *
 * identity_token.c
 *	  Whom the session's token names.
 *
 * Contract.  What a token says follows from its text, from the row of its key,
 * and from the instant.  Reading the text and verifying the signature is done
 * once for a text and a key; the row is read under each snapshot that asks, and
 * the instant is compared each time, so a key that was changed or retired and a
 * token that has run out count from the next statement on.
 *
 * State: what was found of the last texts, oldest given up first.  A text and a
 * key are remembered by their digests: nothing of a token is kept, and how long
 * a comparison takes tells nothing of another's token.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/dbcommands.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "catalog.h"
#include "compat.h"
#include "identity_token.h"
#include "settings.h"

/* As many members as a pooler's connection serves in turn, and some. */
#define REMEMBERED 64
#define MAX_KID 255

typedef struct Verified
{
	bool           used;
	CaTokenDigest  text;
	CaTokenDigest  key;
	char           kid[MAX_KID + 1];
	CaTokenSubject named; /* fault: of signature, claims and audience */
	TimestampTz    expires;
	TimestampTz    begins;
} Verified;

static Verified *remembered = NULL;
static int       next = 0;

static Verified *
find_remembered(const CaTokenDigest *text)
{
	for (int i = 0; remembered != NULL && i < REMEMBERED; i++)
	{
		if (remembered[i].used && memcmp(&remembered[i].text, text, sizeof(CaTokenDigest)) == 0)
			return &remembered[i];
	}
	return NULL;
}

static Verified *
give_up_oldest(void)
{
	Verified *place;

	if (remembered == NULL)
		remembered = MemoryContextAllocZero(TopMemoryContext, REMEMBERED * sizeof(Verified));
	place = &remembered[next];
	next = (next + 1) % REMEMBERED;
	place->used = false;
	return place;
}

/* The row of the key, if it counts now. */
static bool
read_key(Snapshot snapshot, TimestampTz now, const char *kid, CaTokenKeyRow *row)
{
	return ca_catalog_token_key(snapshot, kid, row) && row->valid_from <= now && now < row->valid_until;
}

/* All of a key that a token's being good depends on. */
static void
digest_key(const CaTokenKeyRow *row, CaTokenDigest *digest)
{
	StringInfoData all;

	initStringInfo(&all);
	appendStringInfo(&all, "%s %zu ", row->algorithm, (size_t) VARSIZE_ANY_EXHDR(row->key));
	appendBinaryStringInfo(&all, VARDATA_ANY(row->key), VARSIZE_ANY_EXHDR(row->key));
	if (row->audience != NULL)
		appendStringInfo(&all, " %s", row->audience);
	ca_token_digest(all.data, all.len, digest);
}

static bool
read_id(const char *text, CaId *id)
{
	return ca_id_from_cstring_len(text, strlen(text), id);
}

static CaTokenFault
verify(const CaToken *token, const CaTokenKeyRow *row, CaClaims *claims)
{
	CaTokenKey   key = {.bytes = (unsigned char *) VARDATA_ANY(row->key), .length = VARSIZE_ANY_EXHDR(row->key)};
	CaTokenFault fault;

	if (!ca_token_algorithm(row->algorithm, &key.algorithm))
		return CA_TOKEN_KEY;
	fault = ca_token_verify(token, &key, GetDatabaseEncoding(), claims);
	if (fault != CA_TOKEN_GOOD)
		return fault;
	return ca_token_is_for(claims, get_database_name(MyDatabaseId), row->audience);
}

static CaTokenFault
find_subject(const CaClaims *claims, CaTokenSubject *named)
{
	named->portal = claims->portal;
	named->has_profile = claims->client != NULL;
	if (!read_id(claims->subject, &named->id) ||
		(claims->client != NULL && !read_id(claims->client, &named->profile)))
		return CA_TOKEN_CLAIMS;
	return CA_TOKEN_GOOD;
}

/* An error on the way leaves the place free. */
static const Verified *
verify_and_remember(const CaToken *token, const CaTokenDigest *text, const CaTokenKeyRow *row)
{
	Verified    *place = find_remembered(text);
	CaClaims     claims = {0};
	CaTokenFault fault;

	if (place == NULL)
		place = give_up_oldest();
	place->used = false;
	memset(&place->named, 0, sizeof(CaTokenSubject));
	fault = verify(token, row, &claims);
	if (fault == CA_TOKEN_GOOD)
		fault = find_subject(&claims, &place->named);
	place->named.fault = fault;
	place->text = *text;
	digest_key(row, &place->key);
	strlcpy(place->kid, token->kid, sizeof(place->kid));
	place->expires = claims.expires;
	place->begins = claims.begins;
	place->used = true;
	return place;
}

/*
 * What is known of a text, under the key as it is now; null with a fault where
 * it does not come as far as a key.
 */
static const Verified *
look_up(Snapshot snapshot, TimestampTz now, const char *text, CaTokenKeyRow *row, CaTokenFault *fault)
{
	const Verified *known;
	CaTokenDigest   digest;
	CaTokenDigest   key;
	CaToken         token;

	*fault = CA_TOKEN_TOO_LONG;
	if (strlen(text) > CA_TOKEN_MAX_LENGTH)
		return NULL;
	*fault = CA_TOKEN_KEY;
	ca_token_digest(text, strlen(text), &digest);
	known = find_remembered(&digest);
	if (known != NULL)
	{
		if (!read_key(snapshot, now, known->kid, row))
			return NULL;
		digest_key(row, &key);
		if (memcmp(&known->key, &key, sizeof(CaTokenDigest)) == 0)
			return known;
	}
	*fault = ca_token_read(text, GetDatabaseEncoding(), &token);
	if (*fault != CA_TOKEN_GOOD)
		return NULL;
	*fault = CA_TOKEN_KEY;
	if (strlen(token.kid) > MAX_KID || !read_key(snapshot, now, token.kid, row))
		return NULL;
	return verify_and_remember(&token, &digest, row);
}

void
ca_identity_read_token(Snapshot snapshot, TimestampTz now, const char *text, CaTokenSubject *named)
{
	int64           leeway = ca_settings_token_leeway();
	CaTokenKeyRow   row;
	CaTokenFault    fault;
	const Verified *verified = look_up(snapshot, now, text, &row, &fault);

	memset(named, 0, sizeof(CaTokenSubject));
	named->fault = fault;
	if (verified == NULL)
		return;
	*named = verified->named;
	if (named->fault != CA_TOKEN_GOOD)
		return;
	named->fault = ca_token_holds(verified->begins, verified->expires, now, leeway);
	named->from = Max(row.valid_from, verified->begins == DT_NOBEGIN ? DT_NOBEGIN : verified->begins - leeway);
	named->until = Min(row.valid_until, verified->expires + leeway);
}
