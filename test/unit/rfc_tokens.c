/*-------------------------------------------------------------------------
 *
 * rfc_tokens.c
 *	  The examples of the standards, outside of any server: RFC 7515, A.1 to
 *	  A.3, and RFC 8037, A.4.  Each signature is good, and none is with a bit of
 *	  it or of what is signed changed.  Prints TAP.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "token_signature.h"

#define CLAIMS "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"

typedef struct Example
{
	const char      *name;
	CaTokenAlgorithm algorithm;
	const char      *key; /* these three as base64url */
	const char      *signed_part;
	const char      *signature;
} Example;

static const Example examples[] = {
	{"HS256, RFC 7515 A.1", CA_TOKEN_HS256,
	 "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
	 "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." CLAIMS,
	 "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"},
	{"RS256, RFC 7515 A.2", CA_TOKEN_RS256,
	 "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp"
	 "-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpa"
	 "SHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK"
	 "-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQIDAQAB",
	 "eyJhbGciOiJSUzI1NiJ9." CLAIMS,
	 "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CU"
	 "Ar7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_d"
	 "O--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0ig"
	 "cN_IoypGlUPQGe77Rw"},
	{"ES256, RFC 7515 A.3", CA_TOKEN_ES256,
	 "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEXH8UTNG72bfocs3-257rn0s2ldbqkL"
	 "JK2KRiMohYjlrQ",
	 "eyJhbGciOiJFUzI1NiJ9." CLAIMS,
	 "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"},
	{"EdDSA, RFC 8037 A.4", CA_TOKEN_EDDSA,
	 "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
	 "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
	 "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"},
};

/* An error of the server ends the program: none is expected. */
bool
errstart(int elevel, const char *domain)
{
	printf("Bail out! an error was raised\n");
	exit(1);
}

#ifdef pg_attribute_cold
bool
errstart_cold(int elevel, const char *domain)
{
	return errstart(elevel, domain);
}
#endif

void
errfinish(const char *filename, int lineno, const char *funcname)
{
	abort();
}

int
errmsg_internal(const char *fmt, ...)
{
	return 0;
}

static int tests = 0;
static int failed = 0;

static void
ok(bool good, const char *name, const char *what)
{
	printf("%sok %d - %s: %s\n", good ? "" : "not ", ++tests, name, what);
	failed += !good;
}

static size_t
decode(const char *text, unsigned char *bytes)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	unsigned int      bits = 0;
	int               nbits = 0;
	size_t            n = 0;

	for (; *text != '\0'; text++)
	{
		bits = (bits << 6 | (unsigned int) (strchr(digits, *text) - digits)) & 0xFFFF;
		nbits += 6;
		if (nbits >= 8)
			bytes[n++] = (unsigned char) (bits >> (nbits -= 8));
	}
	return n;
}

typedef struct Bytes
{
	unsigned char bytes[1024];
	size_t        length;
} Bytes;

typedef struct Parts
{
	CaTokenAlgorithm algorithm;
	Bytes            key;
	Bytes            text;
	Bytes            signature;
} Parts;

static bool
good(const Parts *parts)
{
	CaTokenKey key = {parts->algorithm, parts->key.bytes, parts->key.length};

	return ca_token_signature_good(&key, (const char *) parts->text.bytes, parts->text.length,
								   parts->signature.bytes, parts->signature.length);
}

/* How often it is good with one bit changed. */
static int
good_with_a_bit_changed(const Parts *parts, Bytes *changed)
{
	int found = 0;

	for (size_t bit = 0; bit < changed->length * 8; bit++)
	{
		changed->bytes[bit / 8] ^= 1 << bit % 8;
		found += good(parts);
		changed->bytes[bit / 8] ^= 1 << bit % 8;
	}
	return found;
}

/* … and cut off, to nothing at last. */
static int
good_cut_off(const Parts *parts, Bytes *cut)
{
	size_t length = cut->length;
	int    found = 0;

	while (cut->length-- > 0)
		found += good(parts);
	cut->length = length;
	return found;
}

static void
try_example(const Example *example)
{
	Parts       parts = {.algorithm = example->algorithm};
	CaTokenKey  key = {example->algorithm, parts.key.bytes};
	const char *name = example->name;

	key.length = parts.key.length = decode(example->key, parts.key.bytes);
	parts.text.length = strlen(example->signed_part);
	memcpy(parts.text.bytes, example->signed_part, parts.text.length);
	parts.signature.length = decode(example->signature, parts.signature.bytes);

	ok(ca_token_key_problem(&key) == NULL, name, "the key will do");
	ok(good(&parts), name, "the signature is good");
	ok(good_with_a_bit_changed(&parts, &parts.signature) == 0, name, "… and with no bit of it changed");
	ok(good_with_a_bit_changed(&parts, &parts.text) == 0, name, "… or of what is signed");
	ok(good_cut_off(&parts, &parts.signature) == 0, name, "… nor cut off");
	ok(good_cut_off(&parts, &parts.text) == 0, name, "… nor what is signed");
	for (int other = CA_TOKEN_HS256; other <= CA_TOKEN_RS256; other++)
	{
		parts.algorithm = (CaTokenAlgorithm) other;
		if (other != (int) example->algorithm)
			ok(!good(&parts), name, "… nor by another algorithm");
	}
	parts.algorithm = example->algorithm;
	ok(good(&parts), name, "it is good still");
}

int
main(void)
{
	for (int i = 0; i < lengthof(examples); i++)
		try_example(&examples[i]);
	printf("1..%d\n", tests);
	return failed > 0;
}
