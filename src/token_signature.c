/*-------------------------------------------------------------------------
 *
 * token_signature.c
 *	  Keys and signatures of session tokens, by OpenSSL.
 *
 * No memory of PostgreSQL is asked for while an object of OpenSSL is held, so
 * that no error jumps over its release.  OpenSSL's queue of errors is left
 * empty: the server reads it for its own connections.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "token_signature.h"

#if OPENSSL_VERSION_NUMBER < 0x30000000L
#error "careaccess needs OpenSSL 3.0 or later"
#endif

#define HS256_SECRET 32 /* bytes at least: as many as the hash has (RFC 7518, 3.2) */
#define HS256_LENGTH 32
#define ED25519_KEY 32
#define ES256_HALF 32 /* bytes of r and of s (RFC 7518, 3.4) */
#define RSA_MIN_BITS 2048
#define RSA_MAX_BITS 8192

/* A PEM that asks for a password is no public key; without this it asks the terminal. */
static int
no_password(char *buffer, int size, int writing, void *arg)
{
	return -1;
}

static EVP_PKEY *
read_pem(const CaTokenKey *key)
{
	BIO      *bio = BIO_new_mem_buf(key->bytes, (int) key->length);
	EVP_PKEY *found = NULL;

	if (bio != NULL)
		found = PEM_read_bio_PUBKEY(bio, NULL, no_password, NULL);
	BIO_free(bio);
	return found;
}

static EVP_PKEY *
read_der(const CaTokenKey *key)
{
	const unsigned char *rest = key->bytes;
	EVP_PKEY            *found = d2i_PUBKEY(NULL, &rest, (long) key->length);

	if (found != NULL && rest != key->bytes + key->length)
	{
		EVP_PKEY_free(found);
		return NULL;
	}
	return found;
}

static EVP_PKEY *
read_any(const CaTokenKey *key)
{
	/* No other kind of PEM: what OpenSSL makes of a private key depends on its version. */
	static const char pem[] = "-----BEGIN PUBLIC KEY-----";

	if (key->length > 65536)
		return NULL;
	if (key->algorithm == CA_TOKEN_EDDSA && key->length == ED25519_KEY)
		return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key->bytes, key->length);
	if (key->length >= sizeof(pem) - 1 && memcmp(key->bytes, pem, sizeof(pem) - 1) == 0)
		return read_pem(key);
	return read_der(key);
}

static bool
is_p256(const EVP_PKEY *pkey)
{
	char   group[32];
	size_t length;

	return EVP_PKEY_get_group_name(pkey, group, sizeof(group), &length) == 1 &&
		   strcmp(group, "prime256v1") == 0;
}

static bool
fits(CaTokenAlgorithm algorithm, const EVP_PKEY *pkey)
{
	switch (algorithm)
	{
		case CA_TOKEN_EDDSA:
			return EVP_PKEY_get_base_id(pkey) == EVP_PKEY_ED25519;
		case CA_TOKEN_ES256:
			return EVP_PKEY_get_base_id(pkey) == EVP_PKEY_EC && is_p256(pkey);
		case CA_TOKEN_RS256:
			return EVP_PKEY_get_base_id(pkey) == EVP_PKEY_RSA &&
				   EVP_PKEY_get_bits(pkey) >= RSA_MIN_BITS && EVP_PKEY_get_bits(pkey) <= RSA_MAX_BITS;
		case CA_TOKEN_HS256:
			break;
	}
	return false;
}

/* The public key, if it is one of the algorithm's; null otherwise. */
static EVP_PKEY *
public_key(const CaTokenKey *key)
{
	EVP_PKEY *pkey = key->algorithm == CA_TOKEN_HS256 ? NULL : read_any(key);

	if (pkey != NULL && !fits(key->algorithm, pkey))
	{
		EVP_PKEY_free(pkey);
		pkey = NULL;
	}
	ERR_clear_error();
	return pkey;
}

const char *
ca_token_key_problem(const CaTokenKey *key)
{
	EVP_PKEY *pkey;

	if (key->algorithm == CA_TOKEN_HS256)
		return key->length >= HS256_SECRET ? NULL : "The secret must have at least 32 bytes.";
	pkey = public_key(key);
	EVP_PKEY_free(pkey);
	if (pkey != NULL)
		return NULL;
	switch (key->algorithm)
	{
		case CA_TOKEN_EDDSA:
			return "It must be a public key of Ed25519, as PEM (BEGIN PUBLIC KEY), DER or its 32 bytes.";
		case CA_TOKEN_ES256:
			return "It must be a public key of the curve P-256, as PEM (BEGIN PUBLIC KEY) or DER.";
		default:
			return "It must be a public RSA key of 2048 to 8192 bits, as PEM (BEGIN PUBLIC KEY) or DER.";
	}
}

static bool
good_hmac(const CaTokenKey *key, const char *data, size_t length,
		  const unsigned char *signature, size_t signature_length)
{
	unsigned char expected[EVP_MAX_MD_SIZE];
	unsigned int  expected_length;
	bool          good;

	if (key->length < HS256_SECRET || key->length > INT_MAX || signature_length != HS256_LENGTH)
		return false;
	good = HMAC(EVP_sha256(), key->bytes, (int) key->length, (const unsigned char *) data, length,
				expected, &expected_length) != NULL &&
		   expected_length == HS256_LENGTH &&
		   CRYPTO_memcmp(expected, signature, HS256_LENGTH) == 0;
	OPENSSL_cleanse(expected, sizeof(expected));
	return good;
}

void
ca_token_digest(const char *data, size_t length, CaTokenDigest *digest)
{
	size_t digest_length = sizeof(digest->bytes);

	if (EVP_Q_digest(NULL, "SHA256", NULL, data, length, digest->bytes, &digest_length) != 1)
		elog(ERROR, "could not compute a SHA-256 digest");
}

static bool
verify(EVP_PKEY *pkey, const EVP_MD *digest, const char *data, size_t length,
	   const unsigned char *signature, size_t signature_length)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool        good;

	good = context != NULL &&
		   EVP_DigestVerifyInit(context, NULL, digest, NULL, pkey) == 1 &&
		   EVP_DigestVerify(context, signature, signature_length, (const unsigned char *) data, length) == 1;
	EVP_MD_CTX_free(context);
	return good;
}

/* JOSE writes r and s side by side, OpenSSL wants them in DER. */
static bool
verify_ecdsa(EVP_PKEY *pkey, const char *data, size_t length,
			 const unsigned char *signature, size_t signature_length)
{
	ECDSA_SIG     *parts;
	BIGNUM        *r;
	BIGNUM        *s;
	unsigned char *der = NULL;
	int            der_length;
	bool           good = false;

	if (signature_length != 2 * ES256_HALF)
		return false;
	parts = ECDSA_SIG_new();
	r = BN_bin2bn(signature, ES256_HALF, NULL);
	s = BN_bin2bn(signature + ES256_HALF, ES256_HALF, NULL);
	if (parts == NULL || r == NULL || s == NULL || ECDSA_SIG_set0(parts, r, s) != 1)
	{
		BN_free(r);
		BN_free(s);
		ECDSA_SIG_free(parts);
		return false;
	}
	der_length = i2d_ECDSA_SIG(parts, &der);
	if (der_length > 0)
		good = verify(pkey, EVP_sha256(), data, length, der, der_length);
	OPENSSL_free(der);
	ECDSA_SIG_free(parts);
	return good;
}

bool
ca_token_signature_good(const CaTokenKey *key, const char *data, size_t length,
						const unsigned char *signature, size_t signature_length)
{
	EVP_PKEY *pkey;
	bool      good = false;

	if (key->algorithm == CA_TOKEN_HS256)
		good = good_hmac(key, data, length, signature, signature_length);
	else if ((pkey = public_key(key)) != NULL)
	{
		if (key->algorithm == CA_TOKEN_ES256)
			good = verify_ecdsa(pkey, data, length, signature, signature_length);
		else
			good = verify(pkey, key->algorithm == CA_TOKEN_EDDSA ? NULL : EVP_sha256(),
						  data, length, signature, signature_length);
		EVP_PKEY_free(pkey);
	}
	ERR_clear_error();
	return good;
}
