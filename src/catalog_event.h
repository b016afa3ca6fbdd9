/*-------------------------------------------------------------------------
 *
 * catalog_event.h
 *	  Writing to the event log.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CA_CATALOG_EVENT_H
#define CA_CATALOG_EVENT_H

#include "fmgr.h"

/*
 * One row of careaccess.event; its identifier and its time are made when it is
 * written.  A null pointer, and a Datum that is one, is a null.
 */
typedef struct CaEvent
{
	const char *operation;
	const char *fact;
	Datum       practice; /* this and the next two: careaccess.id */
	Datum       client;
	Datum       member;
	const char *actor_kind;
	Datum       actor; /* careaccess.id */
	const char *database_role;
	Datum       before; /* jsonb */
	Datum       after;
} CaEvent;

typedef struct CaEventLog CaEventLog;

/* Events are written between opening the log and closing it. */
extern CaEventLog *ca_catalog_events_open(void);
extern void        ca_catalog_events_add(CaEventLog *log, const CaEvent *event);
extern void        ca_catalog_events_close(CaEventLog *log);

#endif /* CA_CATALOG_EVENT_H */
