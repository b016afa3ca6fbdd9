/*-------------------------------------------------------------------------
 *
 * functions_token.c
 *	  Keys of session tokens.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "functions.h"
#include "token.h"

PG_FUNCTION_INFO_V1(ca_sql_token_key_problem);

/* careaccess.token_key_problem(algorithm, key) */
Datum
ca_sql_token_key_problem(PG_FUNCTION_ARGS)
{
	const char *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	bytea      *bytes = PG_GETARG_BYTEA_PP(1);
	CaTokenKey  key = {.bytes = (unsigned char *) VARDATA_ANY(bytes), .length = VARSIZE_ANY_EXHDR(bytes)};
	const char *problem;

	if (!ca_token_algorithm(name, &key.algorithm))
		PG_RETURN_TEXT_P(cstring_to_text("It is of no known algorithm."));
	problem = ca_token_key_problem(&key);
	if (problem == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(problem));
}
