/*-------------------------------------------------------------------------
 *
 * token_signature.h
 *	  Signatures of session tokens.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CA_TOKEN_SIGNATURE_H
#define CA_TOKEN_SIGNATURE_H

#include "token.h"

/* Is it the key's signature of the data?  False for a key that will not do. */
extern bool ca_token_signature_good(const CaTokenKey *key, const char *data, size_t length,
									const unsigned char *signature, size_t signature_length);

#endif /* CA_TOKEN_SIGNATURE_H */
