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
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
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
		row.status = ca_scan_word(scan, 2);
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

void
ca_catalog_each_member_role(Snapshot snapshot, const CaId *practice, CaMemberRoleVisitor visit, void *arg)
{
	CatalogScan scan;
	CaId        member;

	ca_scan_by_id(&scan, T_MEMBER_ROLE, 2, practice, snapshot);
	while (ca_scan_next(&scan))
	{
		const text *role = DatumGetTextPP(scan.values[1]);
		char        name[NAMEDATALEN];
		Size        len = VARSIZE_ANY_EXHDR(role);

		CHECK_FOR_INTERRUPTS();
		ca_scan_id(&scan, 0, &member);
		if (len >= sizeof(name))
		{
			visit(arg, &member, text_to_cstring(role));
			continue;
		}
		memcpy(name, VARDATA_ANY(role), len);
		name[len] = '\0';
		visit(arg, &member, name);
	}
	ca_scan_close(&scan);
}

void
ca_catalog_each_link(Snapshot snapshot, const CaId *members, int n, CaLinkVisitor visit, void *arg)
{
	CatalogScan scan;

	ca_scan_open(&scan, T_CLIENT_LINK, 1, snapshot);
	for (int i = 0; i < n; i++)
	{
		CaClientLinkRow row;
		CaId            client;

		row.member = members[i];
		ca_scan_key(&scan, ca_id_to_datum(&members[i]));
		while (ca_scan_next(&scan))
		{
			ca_scan_id(&scan, 0, &client);
			ca_scan_link(&scan, &row);
			visit(arg, &client, &row);
		}
	}
	ca_scan_close(&scan);
}

void
ca_catalog_each_share(Snapshot snapshot, const CaId *members, int n, CaShareVisitor visit, void *arg)
{
	CatalogScan scan;

	ca_scan_open(&scan, T_CHART_SHARE, 2, snapshot);
	for (int i = 0; i < n; i++)
	{
		CaChartShareRow row;
		CaId            client;

		ca_scan_key(&scan, ca_id_to_datum(&members[i]));
		while (ca_scan_next(&scan))
		{
			CHECK_FOR_INTERRUPTS();
			ca_scan_id(&scan, 0, &client);
			ca_scan_share(&scan, &row);
			visit(arg, &client, &row);
		}
	}
	ca_scan_close(&scan);
}

void
ca_catalog_each_revocation(Snapshot snapshot, const CaId *members, int n, CaRevocationVisitor visit, void *arg)
{
	CatalogScan scan;

	ca_scan_open(&scan, T_REVOCATION, 1, snapshot);
	for (int i = 0; i < n; i++)
	{
		CaId client;

		ca_scan_key(&scan, ca_id_to_datum(&members[i]));
		while (ca_scan_next(&scan))
		{
			CHECK_FOR_INTERRUPTS();
			ca_scan_id(&scan, 0, &client);
			visit(arg, &client, &members[i]);
		}
	}
	ca_scan_close(&scan);
}

void
ca_catalog_each_emergency(Snapshot snapshot, const CaId *members, int n, CaEmergencyVisitor visit, void *arg)
{
	CatalogScan scan;

	ca_scan_open(&scan, T_EMERGENCY, 1, snapshot);
	for (int i = 0; i < n; i++)
	{
		CaEmergencyRow row;
		CaId           client;

		ca_scan_key(&scan, ca_id_to_datum(&members[i]));
		while (ca_scan_next(&scan))
		{
			CHECK_FOR_INTERRUPTS();
			ca_scan_id(&scan, 0, &client);
			ca_scan_emergency(&scan, &row);
			visit(arg, &client, &row);
		}
	}
	ca_scan_close(&scan);
}

void
ca_catalog_each_delegation(Snapshot snapshot, const CaId *members, int n, CaDelegationVisitor visit, void *arg)
{
	CatalogScan scan;

	ca_scan_open(&scan, T_DELEGATION, 0, snapshot);
	for (int i = 0; i < n; i++)
	{
		CaDelegationRow row;

		ca_scan_key(&scan, ca_id_to_datum(&members[i]));
		while (ca_scan_next(&scan))
		{
			CHECK_FOR_INTERRUPTS();
			ca_scan_delegation(&scan, &row);
			visit(arg, &row);
		}
	}
	ca_scan_close(&scan);
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

/* The members of whom a table has rows. */
static CaIdSet *
members_in(Table which, int practice_column, Snapshot snapshot, const CaId *practice)
{
	CaIdSet    *members = ca_idset_create(CurrentMemoryContext, 0);
	CatalogScan scan;
	CaId        member;

	ca_scan_by_id(&scan, which, practice_column, practice, snapshot);
	while (ca_scan_next(&scan))
	{
		ca_scan_id(&scan, 0, &member);
		(void) ca_idset_intern(members, &member);
	}
	ca_scan_close(&scan);
	return members;
}

CaIdSet *
ca_catalog_members_with_permissions(Snapshot snapshot, const CaId *practice)
{
	return members_in(T_MEMBER_PERMISSION, 7, snapshot, practice);
}

CaIdSet *
ca_catalog_members_with_limits(Snapshot snapshot, const CaId *practice)
{
	return members_in(T_COLLEAGUE_LIMIT, 3, snapshot, practice);
}

CaIdSet *
ca_catalog_members_with_delegations(Snapshot snapshot, const CaId *practice)
{
	return members_in(T_DELEGATION, 7, snapshot, practice);
}

char **
ca_catalog_append_text(char ***texts, int *n)
{
	*texts = ca_catalog_one_more(*texts, *n, sizeof(char *));
	return &(*texts)[(*n)++];
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
