/*-------------------------------------------------------------------------
 *
 * functions_refusal.h
 *	  The one place where somebody is refused what he may not do.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CA_FUNCTIONS_REFUSAL_H
#define CA_FUNCTIONS_REFUSAL_H

#include "fmgr.h"

#include "compat.h"
#include "id.h"

/* What is null is not known, or not said. */
typedef struct CaRefusal
{
	int         sqlstate;
	const char *message;
	const char *detail;
	const char *hint;
	const CaId *client; /* whom it was about */
	const CaId *member;
} CaRefusal;

/* Logs the refusal, whatever becomes of the error, and raises it. */
CA_NORETURN extern void ca_refuse(FunctionCallInfo fcinfo, const CaRefusal *refusal);

#endif /* CA_FUNCTIONS_REFUSAL_H */
