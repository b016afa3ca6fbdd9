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

/* Who did it, and from where. */
typedef struct CaEventOrigin
{
	const char *actor_kind;
	Datum       actor; /* careaccess.id */
	const char *identified_by;
	const char *database_role;
	const char *session_role; /* where it is another one */
	Datum       address;      /* inet */
} CaEventOrigin;

/*
 * One row of careaccess.event; its identifier, its time and its transaction are
 * found out when it is written.  A null pointer, and a Datum that is one, is a null.
 */
typedef struct CaEvent
{
	const char   *operation;
	const char   *fact;
	Datum         practice; /* this and the next two: careaccess.id */
	Datum         client;
	Datum         member;
	CaEventOrigin origin;
	Datum         before; /* jsonb */
	Datum         after;
} CaEvent;

typedef struct CaEventLog CaEventLog;

/* Events are written between opening the log and closing it. */
extern CaEventLog *ca_catalog_events_open(void);
extern void        ca_catalog_events_add(CaEventLog *log, const CaEvent *event);
extern void        ca_catalog_events_close(CaEventLog *log);

#endif /* CA_CATALOG_EVENT_H */
