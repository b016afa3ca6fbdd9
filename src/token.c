/*-------------------------------------------------------------------------
 *
 * token.c
 *	  Session tokens: what is read of them, and in which order.
 *
 * The order is what keeps this small to attack: length, then the three parts,
 * then the header (for the key's name), then the signature over all of it, and
 * only then the claims.  Strict where the standards allow to be: base64url has
 * one spelling, without padding; a parameter or claim that counts stands once;
 * what is critical is refused, since none is known; nothing in a header names a
 * key but kid.
 *
 * The server's JSON parser calls itself for what is nested, and raises an error
 * when the stack is used up; a claim is never deep, so depth is looked at first.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "common/base64.h"
#include "common/jsonapi.h"
#include "mb/pg_wchar.h"

#include "compat.h"
#include "token.h"
#include "token_signature.h"

#define MAX_DEPTH 16

const char *
ca_token_fault_detail(CaTokenFault fault)
{
	switch (fault)
	{
		case CA_TOKEN_GOOD:
			break;
		case CA_TOKEN_TOO_LONG:
			return "The token is longer than 16384 bytes.";
		case CA_TOKEN_MALFORMED:
			return "The token is not a signed JSON Web Token in compact form.";
		case CA_TOKEN_DUPLICATE:
			return "The token has a header parameter or a claim twice.";
		case CA_TOKEN_ENCODING:
			return "The token has characters beyond ASCII, which it can have only where the database's encoding is UTF8.";
		case CA_TOKEN_HEADER:
			return "The token's header must name its key (kid) and algorithm (alg), and nothing critical (crit).";
		case CA_TOKEN_ALGORITHM:
			return "The token's algorithm is not that of its key.";
		case CA_TOKEN_KEY:
			return "The token's key is not known, not valid now, or not usable.";
		case CA_TOKEN_SIGNATURE:
			return "The token's signature is not good.";
		case CA_TOKEN_CLAIMS:
			return "The token lacks the claims sub and exp, or has a claim of the wrong type or value.";
		case CA_TOKEN_AUDIENCE:
			return "The token is not meant for this database.";
		case CA_TOKEN_EXPIRED:
			return "The token has expired.";
		case CA_TOKEN_NOT_YET:
			return "The token is not valid yet.";
	}
	return "The token is good.";
}

bool
ca_token_algorithm(const char *name, CaTokenAlgorithm *algorithm)
{
	static const char *const names[] = {"HS256", "EdDSA", "ES256", "RS256"};

	for (int i = 0; i < lengthof(names); i++)
	{
		if (strcmp(name, names[i]) == 0)
		{
			*algorithm = (CaTokenAlgorithm) i;
			return true;
		}
	}
	return false;
}

/*
 * base64url (RFC 4648, 5) without padding.  The server knows plain base64; that
 * each text has one spelling only is seen by encoding it again.
 */
static unsigned char *
decode_part(const char *part, size_t length, size_t *decoded_length)
{
	size_t padded = (length + 3) / 4 * 4;
	char  *plain = palloc(padded + 1);
	char  *again = palloc(padded + 1);
	char  *decoded = palloc(padded + 1);
	int    n;

	memset(plain, '=', padded);
	for (size_t i = 0; i < length; i++)
	{
		if (part[i] == '-')
			plain[i] = '+';
		else if (part[i] == '_')
			plain[i] = '/';
		else if (part[i] == '+' || part[i] == '/' || part[i] == '=')
			return NULL;
		else
			plain[i] = part[i];
	}
	n = pg_b64_decode(plain, (int) padded, (void *) decoded, (int) padded);
	if (n < 0 || pg_b64_encode((void *) decoded, n, again, (int) padded) != (int) padded ||
		memcmp(plain, again, padded) != 0)
		return NULL;
	decoded[n] = '\0';
	*decoded_length = n;
	return (unsigned char *) decoded;
}

/*
 * A JSON object, of which some fields count.
 */

typedef enum FieldType
{
	FIELD_TEXT,
	FIELD_DATE,
	FIELD_TEXTS, /* one, or an array of them */
	FIELD_REFUSED
} FieldType;

typedef struct Field
{
	const char  *name;
	FieldType    type;
	bool         present;
	const char  *text;
	TimestampTz  date;
	int          ntexts;
	const char **texts;
} Field;

typedef struct Reading
{
	JsonLexContext *lex;
	Field          *fields;
	int             nfields;
	Field          *current; /* the one that a value belongs to, or null */
	CaTokenFault    fault;
} Reading;

static void
note_fault(Reading *reading, CaTokenFault fault)
{
	if (reading->fault == CA_TOKEN_GOOD)
		reading->fault = fault;
}

static CA_JSON_ACTION
start_field(void *state, char *name, bool is_null)
{
	Reading *reading = state;

	if (reading->lex->lex_level == 1)
	{
		reading->current = NULL;
		for (int i = 0; i < reading->nfields; i++)
		{
			if (strcmp(reading->fields[i].name, name) == 0)
				reading->current = &reading->fields[i];
		}
		if (reading->current != NULL)
		{
			if (reading->current->present)
				note_fault(reading, CA_TOKEN_DUPLICATE);
			reading->current->present = true;
		}
	}
	CA_JSON_ACTION_DONE;
}

static CA_JSON_ACTION
start_object(void *state)
{
	Reading *reading = state;

	if (reading->lex->lex_level > 0 && reading->current != NULL)
		note_fault(reading, CA_TOKEN_CLAIMS);
	CA_JSON_ACTION_DONE;
}

static CA_JSON_ACTION
start_array(void *state)
{
	Reading *reading = state;

	if (reading->lex->lex_level == 0)
		note_fault(reading, CA_TOKEN_MALFORMED);
	else if (reading->current != NULL &&
			 (reading->current->type != FIELD_TEXTS || reading->lex->lex_level > 1))
		note_fault(reading, CA_TOKEN_CLAIMS);
	CA_JSON_ACTION_DONE;
}

/*
 * Seconds since 1970, a JSON number.  What no timestamp can hold is a mistake:
 * far ahead it would be a token for ever.
 */
static bool
read_date(const char *number, TimestampTz *date)
{
	double seconds = strtod(number, NULL) -
					 (double) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY;
	double micros = floor(seconds * USECS_PER_SEC);

	if (!isfinite(micros) || micros < (double) MIN_TIMESTAMP || micros >= (double) END_TIMESTAMP)
		return false;
	*date = (TimestampTz) micros;
	return true;
}

static bool
take_value(Field *field, const char *token, JsonTokenType type)
{
	switch (field->type)
	{
		case FIELD_TEXT:
			field->text = token;
			return type == JSON_TOKEN_STRING;
		case FIELD_DATE:
			return type == JSON_TOKEN_NUMBER && read_date(token, &field->date);
		case FIELD_TEXTS:
			field->texts = field->texts ? repalloc(field->texts, (field->ntexts + 1) * sizeof(char *))
										: palloc(sizeof(char *));
			field->texts[field->ntexts++] = token;
			return type == JSON_TOKEN_STRING;
		case FIELD_REFUSED:
			break;
	}
	return false;
}

static CA_JSON_ACTION
take_scalar(void *state, char *token, JsonTokenType type)
{
	Reading *reading = state;

	if (reading->lex->lex_level == 0)
		note_fault(reading, CA_TOKEN_MALFORMED);
	else if (reading->current != NULL && reading->fault == CA_TOKEN_GOOD &&
			 !take_value(reading->current, token, type))
		note_fault(reading, CA_TOKEN_CLAIMS);
	CA_JSON_ACTION_DONE;
}

/* Deeper than any claim is; wrong JSON may count wrongly, the parser refuses it. */
static bool
too_deep(const char *json, size_t length)
{
	int  depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < length; i++)
	{
		if (quoted && json[i] == '\\')
			i++;
		else if (json[i] == '"')
			quoted = !quoted;
		else if (!quoted && (json[i] == '{' || json[i] == '['))
		{
			if (++depth > MAX_DEPTH)
				return true;
		}
		else if (!quoted && (json[i] == '}' || json[i] == ']'))
			depth--;
	}
	return false;
}

/*
 * Tokens are UTF-8.  In a database of another encoding only ASCII is read, since
 * the server's parser raises an error for a character that it cannot convert.
 */
static CaTokenFault
check_characters(const char *json, size_t length, int encoding)
{
	if (pg_encoding_verifymbstr(PG_UTF8, json, (int) length) != (int) length)
		return CA_TOKEN_MALFORMED;
	if (encoding == PG_UTF8)
		return CA_TOKEN_GOOD;
	for (size_t i = 0; i < length; i++)
	{
		if (IS_HIGHBIT_SET(json[i]) || (json[i] == '\\' && json[i + 1] == 'u'))
			return CA_TOKEN_ENCODING;
	}
	return CA_TOKEN_GOOD;
}

static CaTokenFault
read_fields(const char *json, size_t length, int encoding, Field *fields, int nfields)
{
	Reading       reading = {.fields = fields, .nfields = nfields, .fault = CA_TOKEN_GOOD};
	JsonSemAction actions = {.semstate = &reading,
							 .object_start = start_object,
							 .array_start = start_array,
							 .object_field_start = start_field,
							 .scalar = take_scalar};
	CaTokenFault  fault = check_characters(json, length, encoding);

	if (fault != CA_TOKEN_GOOD)
		return fault;
	if (too_deep(json, length))
		return CA_TOKEN_MALFORMED;
	reading.lex = CA_JSON_LEX((char *) json, (int) length, encoding);
	if (pg_parse_json(reading.lex, &actions) != JSON_SUCCESS)
		return CA_TOKEN_MALFORMED;
	return reading.fault;
}

static CaTokenFault
read_header(const char *json, size_t length, int encoding, CaToken *token)
{
	enum
	{
		ALG,
		KID,
		CRIT
	};
	Field fields[] = {
		[ALG] = {.name = "alg", .type = FIELD_TEXT},
		[KID] = {.name = "kid", .type = FIELD_TEXT},
		[CRIT] = {.name = "crit", .type = FIELD_REFUSED},
	};
	CaTokenFault fault = read_fields(json, length, encoding, fields, lengthof(fields));

	if (fault == CA_TOKEN_CLAIMS)
		return CA_TOKEN_HEADER;
	if (fault != CA_TOKEN_GOOD)
		return fault;
	if (!fields[ALG].present || !fields[KID].present || fields[CRIT].present)
		return CA_TOKEN_HEADER;
	token->kid = fields[KID].text;
	return ca_token_algorithm(fields[ALG].text, &token->algorithm) ? CA_TOKEN_GOOD : CA_TOKEN_ALGORITHM;
}

CaTokenFault
ca_token_read(const char *text, int encoding, CaToken *token)
{
	size_t      length = strnlen(text, CA_TOKEN_MAX_LENGTH + 1);
	const char *payload;
	const char *signature;
	char       *header;
	size_t      header_length;

	memset(token, 0, sizeof(CaToken));
	if (length > CA_TOKEN_MAX_LENGTH)
		return CA_TOKEN_TOO_LONG;
	payload = strchr(text, '.');
	signature = payload ? strchr(payload + 1, '.') : NULL;
	if (signature == NULL || strchr(signature + 1, '.') != NULL)
		return CA_TOKEN_MALFORMED;

	token->signed_part = text;
	token->signed_length = signature - text;
	header = (char *) decode_part(text, payload - text, &header_length);
	token->payload = (char *) decode_part(payload + 1, signature - payload - 1, &token->payload_length);
	token->signature = decode_part(signature + 1, text + length - signature - 1, &token->signature_length);
	if (header == NULL || token->payload == NULL || token->signature == NULL)
		return CA_TOKEN_MALFORMED;
	return read_header(header, header_length, encoding, token);
}

static CaTokenFault
read_claims(const CaToken *token, int encoding, CaClaims *claims)
{
	enum
	{
		SUB,
		EXP,
		NBF,
		IAT,
		AUD,
		KIND,
		CLIENT
	};
	Field fields[] = {
		[SUB] = {.name = "sub", .type = FIELD_TEXT},
		[EXP] = {.name = "exp", .type = FIELD_DATE},
		[NBF] = {.name = "nbf", .type = FIELD_DATE, .date = DT_NOBEGIN},
		[IAT] = {.name = "iat", .type = FIELD_DATE, .date = DT_NOBEGIN},
		[AUD] = {.name = "aud", .type = FIELD_TEXTS},
		[KIND] = {.name = "careaccess_kind", .type = FIELD_TEXT, .text = "member"},
		[CLIENT] = {.name = "careaccess_client", .type = FIELD_TEXT},
	};
	CaTokenFault fault = read_fields(token->payload, token->payload_length, encoding, fields, lengthof(fields));

	if (fault != CA_TOKEN_GOOD)
		return fault;
	if (!fields[SUB].present || !fields[EXP].present)
		return CA_TOKEN_CLAIMS;
	claims->subject = fields[SUB].text;
	claims->portal = strcmp(fields[KIND].text, "portal") == 0;
	claims->client = fields[CLIENT].text;
	claims->naudience = fields[AUD].ntexts;
	claims->audience = fields[AUD].texts;
	claims->expires = fields[EXP].date;
	claims->begins = Max(fields[NBF].date, fields[IAT].date);

	/* Who forgot to say that it is a portal user's must not make a member of him. */
	if (!claims->portal && (strcmp(fields[KIND].text, "member") != 0 || claims->client != NULL))
		return CA_TOKEN_CLAIMS;
	return CA_TOKEN_GOOD;
}

CaTokenFault
ca_token_verify(const CaToken *token, const CaTokenKey *key, int encoding, CaClaims *claims)
{
	memset(claims, 0, sizeof(CaClaims));
	if (token->algorithm != key->algorithm)
		return CA_TOKEN_ALGORITHM;
	if (!ca_token_signature_good(key, token->signed_part, token->signed_length,
								 token->signature, token->signature_length))
		return CA_TOKEN_SIGNATURE;
	return read_claims(token, encoding, claims);
}

CaTokenFault
ca_token_is_for(const CaClaims *claims, const char *database, const char *audience)
{
	for (int i = 0; i < claims->naudience; i++)
	{
		if ((database != NULL && strcmp(claims->audience[i], database) == 0) ||
			(audience != NULL && strcmp(claims->audience[i], audience) == 0))
			return CA_TOKEN_GOOD;
	}
	return CA_TOKEN_AUDIENCE;
}

CaTokenFault
ca_token_holds(TimestampTz begins, TimestampTz expires, TimestampTz now, int64 leeway)
{
	if (now - leeway >= expires)
		return CA_TOKEN_EXPIRED;
	if (begins != DT_NOBEGIN && now + leeway < begins)
		return CA_TOKEN_NOT_YET;
	return CA_TOKEN_GOOD;
}
