/*-------------------------------------------------------------------------
 *
 * catalog_newer.c
 *	  Whether facts were written since the transaction's snapshot.
 *
 * Whoever gives somebody something shares the lock on his row, and so does
 * whoever uses a setting on that of the practice.  Taking it all away needs
 * the lock alone, and waits; but a transaction that keeps its snapshot
 * (repeatable read) then does not see what was given, and the row itself has
 * not changed.  So the newest snapshot is asked.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/snapmgr.h"

#include "catalog_internal.h"

bool
ca_catalog_newer_for_member(const CaId *member)
{
	Snapshot known = GetTransactionSnapshot();
	Snapshot latest = RegisterSnapshot(GetLatestSnapshot());
	bool     newer;

	newer = ca_catalog_has_newer_rows(T_CLIENT_LINK, 1, member, known, latest) ||
			ca_catalog_has_newer_rows(T_CHART_SHARE, 2, member, known, latest) ||
			ca_catalog_has_newer_rows(T_REVOCATION, 1, member, known, latest) ||
			ca_catalog_has_newer_rows(T_GROUP_PRACTITIONER, 1, member, known, latest) ||
			ca_catalog_has_newer_rows(T_GROUP_ADMIN, 1, member, known, latest) ||
			ca_catalog_has_newer_rows(T_DELEGATION, 0, member, known, latest) ||
			ca_catalog_has_newer_rows(T_DELEGATION, 1, member, known, latest);
	UnregisterSnapshot(latest);
	return newer;
}

bool
ca_catalog_newer_for_practice(const CaId *practice)
{
	Snapshot known = GetTransactionSnapshot();
	Snapshot latest = RegisterSnapshot(GetLatestSnapshot());
	bool     newer;

	newer = ca_catalog_has_newer_rows(T_GROUP, 0, practice, known, latest) ||
			ca_catalog_has_newer_rows(T_CLIENT, 1, practice, known, latest);
	UnregisterSnapshot(latest);
	return newer;
}
