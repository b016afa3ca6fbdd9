/*-------------------------------------------------------------------------
 *
 * fuzz_token.c
 *	  Session tokens: texts as anybody may set them, claims as an issuer with
 *	  the key may sign them, and keys as an administrator may give them.
 *
 * The key is fixed, so that the corpus holds tokens that are good.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "mb/pg_wchar.h"

#include "compat.h"
#include "shim.h"
#include "token.h"

static const char       secret[] = "a secret of the fuzz target: 32 bytes";
static const CaTokenKey key = {CA_TOKEN_HS256, (const unsigned char *) secret, sizeof(secret) - 1};
static const CaTokenKey other_key = {CA_TOKEN_HS256, (const unsigned char *) "another secret, as long as it must be", 37};

/* base64url, without padding */
static char *
encode(const void *data, int length)
{
	char *text = palloc(4 * ((length + 2) / 3) + 1);
	int   n = EVP_EncodeBlock((unsigned char *) text, data, length);

	while (n > 0 && text[n - 1] == '=')
		n--;
	text[n] = '\0';
	for (int i = 0; i < n; i++)
	{
		if (text[i] == '+')
			text[i] = '-';
		else if (text[i] == '/')
			text[i] = '_';
	}
	return text;
}

static char *
sign(const char *header, int header_length, const char *payload, int payload_length)
{
	char         *first = encode(header, header_length);
	char         *second = encode(payload, payload_length);
	size_t        length = strlen(first) + 1 + strlen(second);
	char         *text = palloc(length + 1 + 44 + 1);
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned int  mac_length;

	sprintf(text, "%s.%s", first, second);
	HMAC(EVP_sha256(), secret, sizeof(secret) - 1, (unsigned char *) text, length, mac, &mac_length);
	sprintf(text + length, ".%s", encode(mac, mac_length));
	return text;
}

static CaTokenFault
check(const char *text, const CaTokenKey *by, CaClaims *claims)
{
	CaToken      token;
	CaTokenFault fault = ca_token_read(text, GetDatabaseEncoding(), &token);

	if (fault == CA_TOKEN_GOOD)
	{
		MUST(token.kid != NULL && token.signature != NULL && token.payload != NULL);
		fault = ca_token_verify(&token, by, GetDatabaseEncoding(), claims);
	}
	MUST(ca_token_fault_detail(fault) != NULL);
	MUST(ERR_peek_error() == 0); /* the server would take it for its own */
	return fault;
}

static void
check_text(const char *text)
{
	MUST(text != NULL);
	MUST(pg_encoding_verifymbstr(PG_UTF8, text, strlen(text)) == strlen(text));
}

static void
check_claims(const CaClaims *claims, Input *in)
{
	TimestampTz now;
	bool        named = false;

	check_text(claims->subject);
	if (claims->client != NULL)
	{
		check_text(claims->client);
		MUST(claims->portal);
	}
	MUST(IS_VALID_TIMESTAMP(claims->expires));
	MUST(claims->begins == DT_NOBEGIN || IS_VALID_TIMESTAMP(claims->begins));

	for (int i = 0; i < claims->naudience; i++)
	{
		check_text(claims->audience[i]);
		MUST(ca_token_is_for(claims, claims->audience[i], NULL) == CA_TOKEN_GOOD);
		MUST(ca_token_is_for(claims, NULL, claims->audience[i]) == CA_TOKEN_GOOD);
		named |= strcmp(claims->audience[i], "clinic") == 0;
	}
	MUST((ca_token_is_for(claims, "clinic", NULL) == CA_TOKEN_GOOD) == named);
	MUST(ca_token_is_for(claims, NULL, NULL) != CA_TOKEN_GOOD);

	/* It holds from its beginning until its end and at no other time. */
	for (int i = -1; i <= 1; i++)
	{
		now = claims->expires + i;
		MUST((ca_token_holds(claims->begins, claims->expires, now, 0) == CA_TOKEN_GOOD) ==
			 (now < claims->expires && now >= claims->begins));
		if (claims->begins == DT_NOBEGIN)
			continue;
		now = claims->begins + i;
		MUST((ca_token_holds(claims->begins, claims->expires, now, 0) == CA_TOKEN_GOOD) ==
			 (now < claims->expires && now >= claims->begins));
	}
}

/*
 * A good token with one other byte is none, whichever byte it is.  The last one
 * is tried in every way: bits of it stand for nothing.
 */
static void
check_exact(const char *text, size_t at, char changed)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	size_t            last = strlen(text) - 1;
	char             *copy = pstrdup(text);
	CaClaims          claims;

	at %= last + 1;
	if (changed != '\0' && changed != text[at])
	{
		copy[at] = changed;
		MUST(check(copy, &key, &claims) != CA_TOKEN_GOOD);
		copy[at] = text[at];
	}
	for (int i = 0; i < 64; i++)
	{
		copy[last] = alphabet[i];
		MUST((check(copy, &key, &claims) == CA_TOKEN_GOOD) == (alphabet[i] == text[last]));
	}
}

static void
check_good(const char *text, const CaClaims *claims, Input *in, size_t at, char changed)
{
	CaClaims others;

	check_claims(claims, in);
	check_exact(text, at, changed);
	MUST(check(text, &other_key, &others) == CA_TOKEN_SIGNATURE);
}

static void
fuzz_text(Input *in, size_t at, char changed)
{
	char    *text = pnstrdup((const char *) in->data, in->left);
	CaClaims claims;

	if (check(text, &key, &claims) == CA_TOKEN_GOOD)
		check_good(text, &claims, in, at, changed);
}

/* The payload alone: everything before it is right. */
static void
fuzz_payload(Input *in, size_t at, char changed)
{
	static const char header[] = "{\"alg\":\"HS256\",\"kid\":\"k\"}";
	char             *text;
	CaClaims          claims;
	CaTokenFault      fault;

	if (in->left > CA_TOKEN_MAX_LENGTH / 2)
		return;
	text = sign(header, sizeof(header) - 1, (const char *) in->data, in->left);
	fault = check(text, &key, &claims);
	MUST(fault != CA_TOKEN_SIGNATURE && fault != CA_TOKEN_HEADER && fault != CA_TOKEN_ALGORITHM && fault != CA_TOKEN_KEY);
	if (fault == CA_TOKEN_GOOD)
		check_good(text, &claims, in, at, changed);
}

/* Header and payload, with a zero byte between. */
static void
fuzz_both(Input *in, size_t at, char changed)
{
	const char *header = (const char *) in->data;
	const char *zero = memchr(header, '\0', in->left);
	char       *text;
	CaClaims    claims;

	if (zero == NULL || in->left > CA_TOKEN_MAX_LENGTH / 2)
		return;
	text = sign(header, zero - header, zero + 1, in->left - (zero + 1 - header));
	if (check(text, &key, &claims) == CA_TOKEN_GOOD)
		check_good(text, &claims, in, at, changed);
}

/* A public key is taken or named as unusable, and signs nothing by itself. */
static void
fuzz_key(Input *in)
{
	CaTokenKey  given = {.algorithm = take_below(in, 4)};
	const char *problem;
	CaClaims    claims;
	char       *text;

	given.length = in->left;
	given.bytes = memcpy(palloc(in->left + 1), in->data, in->left);
	problem = ca_token_key_problem(&given);
	if (given.algorithm == CA_TOKEN_HS256)
		MUST((problem == NULL) == (given.length >= 32));
	text = sign("{\"alg\":\"ES256\",\"kid\":\"k\"}", 25, "{\"sub\":\"1\",\"exp\":4000000000}", 28);
	MUST(check(text, &given, &claims) != CA_TOKEN_GOOD);
	text = sign("{\"alg\":\"RS256\",\"kid\":\"k\"}", 25, "{\"sub\":\"1\",\"exp\":4000000000}", 28);
	MUST(check(text, &given, &claims) != CA_TOKEN_GOOD);
	text = sign("{\"alg\":\"EdDSA\",\"kid\":\"k\"}", 25, "{\"sub\":\"1\",\"exp\":4000000000}", 28);
	MUST(check(text, &given, &claims) != CA_TOKEN_GOOD);
	MUST(ERR_peek_error() == 0);
}

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	Input in = {data, size};
	int   kind;
	int   at;
	char  changed;

	shim_begin();
	kind = take_below(&in, 8);
	at = take(&in) * 3;
	changed = (char) take(&in);
	if (kind >= 4)
		shim_set_encoding(PG_LATIN1);
	switch (kind % 4)
	{
		case 0:
			fuzz_text(&in, at, changed);
			break;
		case 1:
			fuzz_payload(&in, at, changed);
			break;
		case 2:
			fuzz_both(&in, at, changed);
			break;
		default:
			fuzz_key(&in);
	}
	return 0;
}
