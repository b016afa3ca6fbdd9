/*-------------------------------------------------------------------------
 *
 * functions_origin.h
 *	  Who does something and from where, for the event log and for refusals.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CA_FUNCTIONS_ORIGIN_H
#define CA_FUNCTIONS_ORIGIN_H

#include "catalog_event.h"
#include "identity.h"

extern void ca_origin_of(const CaSubject *subject, CaEventOrigin *origin);

/* The address as text, or null. */
extern char *ca_origin_address(const CaEventOrigin *origin);

#endif /* CA_FUNCTIONS_ORIGIN_H */
