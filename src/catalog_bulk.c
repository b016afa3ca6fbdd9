/*-------------------------------------------------------------------------
 *
 * catalog_bulk.c
 *	  Reading many rows of the catalog at once: one scan for many keys, and
 *	  no copy of a row that its visitor does not make.
 *
 * Links, shares and whatever else ties members to clients are read by member:
 * these indexes exist for foreign keys anyway, and a practice has fewer members
 * than clients.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/rel.h"

#include "catalog_internal.h"
#include "compat.h"

static void
visit_clients(CatalogScan *scan, CaClientVisitor visit, void *arg)
{
	CaClientRow row;

	while (ca_scan_next(scan))
	{
		ca_scan_id(scan, 0, &row.id);
		row.deleted = ca_scan_client_deleted(scan);
		row.shared_with_all = ca_scan_bool(scan, 3);
		visit(arg, &row);
	}
}

void
ca_catalog_each_client(Snapshot snapshot, const CaId *practice, CaClientVisitor visit, void *arg)
{
	CatalogScan scan;

	ca_scan_by_id(&scan, T_CLIENT, 1, practice, snapshot);
	visit_clients(&scan, visit, arg);
	ca_scan_close(&scan);
}

/* By an index that holds only those; the scan is told which. */
void
ca_catalog_each_client_shared_with_all(Snapshot snapshot, const CaId *practice, CaClientVisitor visit, void *arg)
{
	CatalogScan scan;

	ca_scan_open_partial(&scan, T_CLIENT, 1, "client_shared_with_all_idx", snapshot);
	ca_scan_key(&scan, ca_id_to_datum(practice));
	visit_clients(&scan, visit, arg);
	ca_scan_close(&scan);
}

/*
 * The rows of some members: by the index, one member after the other; or all of
 * the table, where that has fewer pages than there are members to look for.
 */
typedef struct MemberScan
{
	CatalogScan scan;
	const CaId *members;
	int         n;
	int         next;  /* the member whose rows come next */
	CaIdSet    *among; /* all members; null: by the index */
	int         column;
} MemberScan;

static void
open_of_members(MemberScan *of, Table which, int column, Snapshot snapshot, const CaId *members, int n)
{
	Relation relation = ca_catalog_open(which, AccessShareLock);
	bool     whole = RelationGetNumberOfBlocks(relation) < (BlockNumber) n;

	table_close(relation, NoLock);
	of->members = members;
	of->n = n;
	of->next = 0;
	of->among = NULL;
	of->column = column;
	if (whole)
	{
		of->among = ca_idset_create(CurrentMemoryContext, n);
		for (int i = 0; i < n; i++)
			(void) ca_idset_intern(of->among, &members[i]);
	}
	ca_scan_open(&of->scan, which, whole ? CA_ALL_ROWS : column, snapshot);
	if (!whole && n > 0)
		ca_scan_key(&of->scan, ca_id_to_datum(&members[of->next++]));
}

/* One of the members, or not? */
static bool
is_among(const MemberScan *of, CaId *member)
{
	ca_scan_id(&of->scan, of->column, member);
	return of->among == NULL || ca_idset_find(of->among, member) >= 0;
}

static bool
next_of_members(MemberScan *of, CaId *member)
{
	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		if (of->n > 0 && ca_scan_next(&of->scan))
		{
			if (is_among(of, member))
				return true;
			continue;
		}
		if (of->among != NULL || of->next >= of->n)
			return false;
		ca_scan_key(&of->scan, ca_id_to_datum(&of->members[of->next++]));
	}
}

void
ca_catalog_each_member_role(Snapshot snapshot, const CaId *members, int n, CaMemberRoleVisitor visit, void *arg)
{
	MemberScan of;
	CaId       member;

	open_of_members(&of, T_MEMBER_ROLE, 0, snapshot, members, n);
	while (next_of_members(&of, &member))
	{
		const text *role = DatumGetTextPP(of.scan.values[1]);
		char        name[NAMEDATALEN];
		Size        len = VARSIZE_ANY_EXHDR(role);

		if (len >= sizeof(name))
		{
			visit(arg, &member, text_to_cstring(role));
			continue;
		}
		memcpy(name, VARDATA_ANY(role), len);
		name[len] = '\0';
		visit(arg, &member, name);
	}
	ca_scan_close(&of.scan);
}

void
ca_catalog_each_link(Snapshot snapshot, const CaId *members, int n, CaLinkVisitor visit, void *arg)
{
	MemberScan      of;
	CaClientLinkRow row;
	CaId            client;

	open_of_members(&of, T_CLIENT_LINK, 1, snapshot, members, n);
	while (next_of_members(&of, &row.member))
	{
		ca_scan_id(&of.scan, 0, &client);
		ca_scan_link(&of.scan, &row);
		visit(arg, &client, &row);
	}
	ca_scan_close(&of.scan);
}

void
ca_catalog_each_share(Snapshot snapshot, const CaId *members, int n, CaShareVisitor visit, void *arg)
{
	MemberScan      of;
	CaChartShareRow row;
	CaId            member;
	CaId            client;

	open_of_members(&of, T_CHART_SHARE, 2, snapshot, members, n);
	while (next_of_members(&of, &member))
	{
		ca_scan_id(&of.scan, 0, &client);
		ca_scan_share(&of.scan, &row);
		visit(arg, &client, &row);
	}
	ca_scan_close(&of.scan);
}

void
ca_catalog_each_revocation(Snapshot snapshot, const CaId *members, int n, CaRevocationVisitor visit, void *arg)
{
	MemberScan of;
	CaId       member;
	CaId       client;

	open_of_members(&of, T_REVOCATION, 1, snapshot, members, n);
	while (next_of_members(&of, &member))
	{
		ca_scan_id(&of.scan, 0, &client);
		visit(arg, &client, &member);
	}
	ca_scan_close(&of.scan);
}

void
ca_catalog_each_emergency(Snapshot snapshot, const CaId *members, int n, CaEmergencyVisitor visit, void *arg)
{
	MemberScan     of;
	CaEmergencyRow row;
	CaId           member;
	CaId           client;

	open_of_members(&of, T_EMERGENCY, 1, snapshot, members, n);
	while (next_of_members(&of, &member))
	{
		ca_scan_id(&of.scan, 0, &client);
		ca_scan_emergency(&of.scan, &row);
		visit(arg, &client, &row);
	}
	ca_scan_close(&of.scan);
}

void
ca_catalog_each_delegation(Snapshot snapshot, const CaId *members, int n, CaDelegationVisitor visit, void *arg)
{
	MemberScan      of;
	CaDelegationRow row;
	CaId            member;

	open_of_members(&of, T_DELEGATION, 0, snapshot, members, n);
	while (next_of_members(&of, &member))
	{
		ca_scan_delegation(&of.scan, &row);
		visit(arg, &row);
	}
	ca_scan_close(&of.scan);
}

int
ca_catalog_member_rows(Snapshot snapshot, const CaId *practice, CaMemberRow **rows)
{
	CatalogScan scan;
	int         n = 0;

	*rows = NULL;
	ca_scan_by_id(&scan, T_MEMBER, 1, practice, snapshot);
	while (ca_scan_next(&scan))
	{
		CaMemberRow *row = CA_APPEND(rows, n, CaMemberRow);

		CHECK_FOR_INTERRUPTS();
		ca_scan_id(&scan, 0, &row->id);
		row->practice = *practice;
		row->status = ca_scan_word(&scan, 3);
		row->ends_at = ca_scan_end(&scan, 4);
	}
	ca_scan_close(&scan);
	return n;
}

static CaIdSet *
members_in(Table which, Snapshot snapshot, const CaId *members, int n)
{
	CaIdSet   *found = ca_idset_create(CurrentMemoryContext, 0);
	MemberScan of;
	CaId       member;

	open_of_members(&of, which, 0, snapshot, members, n);
	while (next_of_members(&of, &member))
		(void) ca_idset_intern(found, &member);
	ca_scan_close(&of.scan);
	return found;
}

CaIdSet *
ca_catalog_members_with_permissions(Snapshot snapshot, const CaId *members, int n)
{
	return members_in(T_MEMBER_PERMISSION, snapshot, members, n);
}

CaIdSet *
ca_catalog_members_with_limits(Snapshot snapshot, const CaId *members, int n)
{
	return members_in(T_COLLEAGUE_LIMIT, snapshot, members, n);
}

CaIdSet *
ca_catalog_members_with_delegations(Snapshot snapshot, const CaId *members, int n)
{
	return members_in(T_DELEGATION, snapshot, members, n);
}

/*
 * Counting index entries
 */

static int64
count_entries(CatalogScan *scan, int64 limit)
{
	int64 n = 0;

	while (n < limit && index_getnext_tid(scan->by_index, ForwardScanDirection) != NULL)
		n++;
	return n;
}

int64
ca_catalog_count_clients(Snapshot snapshot, const CaId *practice, int64 limit)
{
	CatalogScan scan;
	int64       n;

	ca_scan_by_id(&scan, T_CLIENT, 1, practice, snapshot);
	n = scan.by_index ? count_entries(&scan, limit) : limit;
	ca_scan_close(&scan);
	return n;
}

int64
ca_catalog_count_links(Snapshot snapshot, const CaId *members, int n, int64 limit)
{
	CatalogScan scan;
	int64       count = 0;

	ca_scan_open(&scan, T_CLIENT_LINK, 1, snapshot);
	for (int i = 0; i < n && count < limit; i++)
	{
		ca_scan_key(&scan, ca_id_to_datum(&members[i]));
		count += scan.by_index ? count_entries(&scan, limit - count) : limit;
	}
	ca_scan_close(&scan);
	return count;
}

double
ca_catalog_clients_in_all(void)
{
	Relation relation = ca_catalog_open(T_CLIENT, AccessShareLock);
	double   n = relation->rd_rel->reltuples;

	table_close(relation, NoLock);
	return n;
}
