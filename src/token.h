/*-------------------------------------------------------------------------
 *
 * token.h
 *	  Session tokens: JSON Web Tokens (RFC 7519) in compact form (RFC 7515).
 *
 * Pure: bytes, a key and an instant in; claims, or what is wrong, out.  Texts
 * are palloc'd in the current memory context.  What is wrong is told by a fixed
 * word and never by a part of the token.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CA_TOKEN_H
#define CA_TOKEN_H

#include "datatype/timestamp.h"

/* A longer one is refused unread. */
#define CA_TOKEN_MAX_LENGTH 16384

typedef enum CaTokenFault
{
	CA_TOKEN_GOOD,
	CA_TOKEN_TOO_LONG,
	CA_TOKEN_MALFORMED, /* not three parts, not base64url, not JSON */
	CA_TOKEN_DUPLICATE, /* a claim that counts stands there twice */
	CA_TOKEN_ENCODING,  /* the database's encoding cannot hold it */
	CA_TOKEN_HEADER,    /* no kid, no alg, or something critical */
	CA_TOKEN_ALGORITHM, /* not the key's */
	CA_TOKEN_KEY,       /* unknown, retired, not yet valid, unusable */
	CA_TOKEN_SIGNATURE,
	CA_TOKEN_CLAIMS, /* one is missing, or of the wrong type or kind */
	CA_TOKEN_AUDIENCE,
	CA_TOKEN_EXPIRED,
	CA_TOKEN_NOT_YET
} CaTokenFault;

/* What is wrong, as a sentence for an error's detail. */
extern const char *ca_token_fault_detail(CaTokenFault fault);

typedef enum CaTokenAlgorithm
{
	CA_TOKEN_HS256,
	CA_TOKEN_EDDSA,
	CA_TOKEN_ES256,
	CA_TOKEN_RS256
} CaTokenAlgorithm;

extern bool ca_token_algorithm(const char *name, CaTokenAlgorithm *algorithm);

typedef struct CaTokenKey
{
	CaTokenAlgorithm     algorithm;
	const unsigned char *bytes;
	size_t               length;
} CaTokenKey;

/*
 * HS256: a secret of at least 32 bytes.  The others: a public key, as PEM or DER
 * (SubjectPublicKeyInfo), for EdDSA also as its 32 bytes.  Null if it will do,
 * otherwise what it should be.
 */
extern const char *ca_token_key_problem(const CaTokenKey *key);

/* A token taken apart; nothing in it is to be believed. */
typedef struct CaToken
{
	const char          *signed_part;
	size_t               signed_length;
	const unsigned char *signature;
	size_t               signature_length;
	const char          *payload;
	size_t               payload_length;
	const char          *kid;
	CaTokenAlgorithm     algorithm;
} CaToken;

typedef struct CaClaims
{
	const char  *subject;
	bool         portal; /* of a portal user, not of a member */
	const char  *client; /* the profile chosen, or null */
	int          naudience;
	const char **audience;
	TimestampTz  expires;
	TimestampTz  begins; /* the later of nbf and iat; DT_NOBEGIN: neither */
} CaClaims;

/* The encoding is the database's, in which the texts are given. */
extern CaTokenFault ca_token_read(const char *text, int encoding, CaToken *token);

/* The claims are read only after the signature was found good. */
extern CaTokenFault ca_token_verify(const CaToken *token, const CaTokenKey *key, int encoding, CaClaims *claims);

/* Is it meant for one of these?  A null is none. */
extern CaTokenFault ca_token_is_for(const CaClaims *claims, const char *database, const char *audience);

/* Does it hold now, by a clock that may be wrong by the leeway (microseconds)? */
extern CaTokenFault ca_token_holds(TimestampTz begins, TimestampTz expires, TimestampTz now, int64 leeway);

/* SHA-256, to know bytes again without keeping them. */
typedef struct CaTokenDigest
{
	unsigned char bytes[32];
} CaTokenDigest;

extern void ca_token_digest(const char *data, size_t length, CaTokenDigest *digest);

#endif /* CA_TOKEN_H */
