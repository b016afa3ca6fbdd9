/*-------------------------------------------------------------------------
 *
 * version.h
 *	  Whether facts that were read earlier are still those that a snapshot
 *	  shows.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CA_VERSION_H
#define CA_VERSION_H

#include "access/transam.h"
#include "utils/snapshot.h"

#include "id.h"

/* What a snapshot shows, in a form that can be kept and compared. */
typedef struct CaStamp
{
	uint64         own_epoch;
	uint64         completed;
	TransactionId  xmin;
	TransactionId  xmax;
	CommandId      curcid;
	uint32         xcnt;
	int32          subxcnt;
	TransactionId *in_progress; /* xip then subxip; only where completed is 0 */
} CaStamp;

extern void ca_version_init(void);

/* Takes the stamp of a snapshot; what it allocates is in cxt. */
extern void ca_version_stamp(Snapshot snapshot, MemoryContext cxt, CaStamp *stamp);

/* Does the snapshot show exactly what the stamped one showed? */
extern bool ca_version_same(const CaStamp *stamp, Snapshot snapshot);

/* Enter into the version log that this transaction changed a fact of the
 * practice; null stands for all practices. */
extern void ca_version_log(const CaId *practice);

#endif /* CA_VERSION_H */
