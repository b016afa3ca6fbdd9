/*-------------------------------------------------------------------------
 *
 * identity_token.h
 *	  Whom the session's token names.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CA_IDENTITY_TOKEN_H
#define CA_IDENTITY_TOKEN_H

#include "datatype/timestamp.h"
#include "utils/snapshot.h"

#include "id.h"
#include "token.h"

typedef struct CaTokenSubject
{
	CaTokenFault fault; /* the rest is set only if it is good */
	bool         portal;
	CaId         id;
	bool         has_profile;
	CaId         profile;
	TimestampTz  from;  /* it holds from this instant on, */
	TimestampTz  until; /* and until this one */
} CaTokenSubject;

/* Under a snapshot, which shows the keys, and at an instant. */
extern void ca_identity_read_token(Snapshot snapshot, TimestampTz now, const char *text, CaTokenSubject *named);

#endif /* CA_IDENTITY_TOKEN_H */
