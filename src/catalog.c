/*-------------------------------------------------------------------------
 *
 * catalog.c
 *	  Typed reading of the tables in schema careaccess, one key at a time.
 *
 * Together with the other files of the catalog (catalog_scan.c: where the
 * tables are; catalog_bulk.c: the facts of a whole practice; catalog_change.c:
 * the version log) the only one that knows their columns.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "catalog_internal.h"

/* The identifiers in one column of all rows of a key. */
static int
ids_of(Snapshot snapshot, Table which, int key_column, Datum key, int column, CaId **ids)
{
	CatalogScan scan;
	int         n = 0;

	*ids = NULL;
	ca_scan_begin(&scan, which, key_column, key, snapshot);
	while (ca_scan_next(&scan))
		ca_scan_id(&scan, column, CA_APPEND(ids, n, CaId));
	ca_scan_close(&scan);
	return n;
}

static bool
has_rows(Snapshot snapshot, Table which, int key_column, const CaId *id)
{
	CatalogScan scan;
	bool        found;

	ca_scan_by_id(&scan, which, key_column, id, snapshot);
	found = ca_scan_next(&scan);
	ca_scan_close(&scan);
	return found;
}

/*
 * The readers
 */

int
ca_catalog_categories(Snapshot snapshot, CaCategoryRow **rows)
{
	CatalogScan scan;
	int         n = 0;

	*rows = NULL;
	ca_scan_begin(&scan, T_CATEGORY, CA_ALL_ROWS, (Datum) 0, snapshot);
	while (ca_scan_next(&scan))
	{
		CaCategoryRow *row = CA_APPEND(rows, n, CaCategoryRow);

		row->code = ca_scan_text(&scan, 0);
		row->authored = ca_scan_bool(&scan, 1);
		row->number = DatumGetInt16(scan.values[2]);
	}
	ca_scan_close(&scan);
	return n;
}

bool
ca_catalog_practice(Snapshot snapshot, const CaId *id, CaPracticeRow *row)
{
	CatalogScan scan;
	bool        found;

	ca_scan_by_id(&scan, T_PRACTICE, 0, id, snapshot);
	found = ca_scan_next(&scan);
	if (found)
	{
		ca_scan_id(&scan, 0, &row->id);
		row->groups = ca_scan_bool(&scan, 1);
		row->ungrouped_sees = ca_scan_text(&scan, 2);
		row->ungrouped_admin_manages = ca_scan_text(&scan, 3);
		row->manager_bypasses_groups = ca_scan_bool(&scan, 4);
		row->edit_others_records = ca_scan_bool(&scan, 5);
		row->emergency_access = ca_scan_bool(&scan, 6);
		row->emergency_overrides_revocation = ca_scan_bool(&scan, 7);
	}
	ca_scan_close(&scan);
	return found;
}

int
ca_catalog_author_rules(Snapshot snapshot, const CaId *practice, CaAuthorRuleRow **rows)
{
	CatalogScan scan;
	int         n = 0;

	*rows = NULL;
	ca_scan_by_id(&scan, T_AUTHOR_RULE, 0, practice, snapshot);
	while (ca_scan_next(&scan))
	{
		CaAuthorRuleRow *row = CA_APPEND(rows, n, CaAuthorRuleRow);

		row->category = ca_scan_text(&scan, 1);
		row->rule = ca_scan_text(&scan, 2);
	}
	ca_scan_close(&scan);
	return n;
}

int
ca_catalog_link_categories(Snapshot snapshot, const CaId *practice, CaLinkCategoryRow **rows)
{
	CatalogScan scan;
	int         n = 0;

	*rows = NULL;
	ca_scan_by_id(&scan, T_LINK_CATEGORY, 0, practice, snapshot);
	while (ca_scan_next(&scan))
	{
		CaLinkCategoryRow *row = CA_APPEND(rows, n, CaLinkCategoryRow);

		row->kind = ca_scan_text(&scan, 1);
		row->category = ca_scan_text(&scan, 2);
	}
	ca_scan_close(&scan);
	return n;
}

static bool
read_member(CatalogScan *scan, CaMemberRow *row)
{
	bool found = ca_scan_next(scan);

	if (found)
	{
		ca_scan_id(scan, 0, &row->id);
		ca_scan_id(scan, 1, &row->practice);
		row->name = ca_scan_text(scan, 2);
		row->status = ca_scan_word(scan, 3);
		row->ends_at = ca_scan_end(scan, 4);
	}
	ca_scan_close(scan);
	return found;
}

bool
ca_catalog_member(Snapshot snapshot, const CaId *id, CaMemberRow *row)
{
	CatalogScan scan;

	ca_scan_by_id(&scan, T_MEMBER, 0, id, snapshot);
	return read_member(&scan, row);
}

bool
ca_catalog_member_of_login(Snapshot snapshot, const char *login_role, CaMemberRow *row)
{
	CatalogScan scan;
	NameData    name;

	namestrcpy(&name, login_role);
	ca_scan_begin(&scan, T_MEMBER, 5, NameGetDatum(&name), snapshot);
	return read_member(&scan, row);
}

int
ca_catalog_members(Snapshot snapshot, const CaId *practice, CaId **ids)
{
	return ids_of(snapshot, T_MEMBER, 1, ca_id_to_datum(practice), 0, ids);
}

bool
ca_catalog_ever_practitioner(Snapshot snapshot, const CaId *member)
{
	CatalogScan scan;
	bool        ever;

	ca_scan_by_id(&scan, T_MEMBER, 0, member, snapshot);
	ever = ca_scan_next(&scan) && ca_scan_bool(&scan, 6);
	ca_scan_close(&scan);
	return ever;
}

int
ca_catalog_roles(Snapshot snapshot, const CaId *practice, CaRoleRow **rows)
{
	CatalogScan scan;
	int         n = 0;

	*rows = NULL;
	ca_scan_by_id(&scan, T_ROLE, 0, practice, snapshot);
	while (ca_scan_next(&scan))
	{
		CaRoleRow *row = CA_APPEND(rows, n, CaRoleRow);

		row->role = ca_scan_text(&scan, 1);
		row->practitioner = ca_scan_bool(&scan, 2);
		row->unrevocable = ca_scan_bool(&scan, 3);
	}
	ca_scan_close(&scan);
	return n;
}

static int
permissions_of(Snapshot snapshot, Table which, const CaId *key, CaPermissionRow **rows)
{
	CatalogScan scan;
	int         n = 0;

	*rows = NULL;
	ca_scan_by_id(&scan, which, 0, key, snapshot);
	while (ca_scan_next(&scan))
	{
		CaPermissionRow *row = CA_APPEND(rows, n, CaPermissionRow);

		row->role = which == T_ROLE_PERMISSION ? ca_scan_text(&scan, 1) : NULL;
		row->category = ca_scan_text(&scan, 2);
		row->nactions = ca_scan_texts(&scan, 3, &row->actions);
		row->reach = ca_scan_text(&scan, 4);
		row->effect = ca_scan_text(&scan, 5);
		row->only_if_practitioner = ca_scan_bool(&scan, 6);
	}
	ca_scan_close(&scan);
	return n;
}

int
ca_catalog_role_permissions(Snapshot snapshot, const CaId *practice, CaPermissionRow **rows)
{
	return permissions_of(snapshot, T_ROLE_PERMISSION, practice, rows);
}

int
ca_catalog_member_permissions(Snapshot snapshot, const CaId *member, CaPermissionRow **rows)
{
	return permissions_of(snapshot, T_MEMBER_PERMISSION, member, rows);
}

int
ca_catalog_member_roles(Snapshot snapshot, const CaId *member, char ***roles)
{
	CatalogScan scan;
	int         n = 0;

	*roles = NULL;
	ca_scan_by_id(&scan, T_MEMBER_ROLE, 0, member, snapshot);
	while (ca_scan_next(&scan))
		*CA_APPEND(roles, n, char *) = ca_scan_text(&scan, 1);
	ca_scan_close(&scan);
	return n;
}

bool
ca_catalog_has_capability(Snapshot snapshot, const CaId *practice,
						  const CaId *member, const char *capability)
{
	CatalogScan scan;
	bool        found = false;
	char      **roles;
	int         nroles;

	ca_scan_by_id(&scan, T_MEMBER_CAPABILITY, 0, member, snapshot);
	while (!found && ca_scan_next(&scan))
		found = strcmp(ca_scan_text(&scan, 1), capability) == 0;
	ca_scan_close(&scan);
	if (found)
		return true;

	nroles = ca_catalog_member_roles(snapshot, member, &roles);
	if (nroles == 0)
		return false;
	ca_scan_by_id(&scan, T_ROLE_CAPABILITY, 0, practice, snapshot);
	while (!found && ca_scan_next(&scan))
	{
		if (strcmp(ca_scan_text(&scan, 2), capability) != 0)
			continue;
		for (int i = 0; i < nroles && !found; i++)
			found = strcmp(ca_scan_text(&scan, 1), roles[i]) == 0;
	}
	ca_scan_close(&scan);
	return found;
}

/* A status that is none must not pass for one that is not "deleted". */
bool
ca_scan_client_deleted(const CatalogScan *scan)
{
	const char *status = ca_scan_word(scan, 2);

	if (strcmp(status, "active") == 0 || strcmp(status, "archived") == 0)
		return false;
	if (strcmp(status, "deleted") != 0)
		ca_catalog_damaged("A client has the status \"%s\".", status);
	return true;
}

bool
ca_catalog_client(Snapshot snapshot, const CaId *id, CaClientRow *row)
{
	CatalogScan scan;
	bool        found;

	ca_scan_by_id(&scan, T_CLIENT, 0, id, snapshot);
	found = ca_scan_next(&scan);
	if (found)
	{
		ca_scan_id(&scan, 0, &row->id);
		ca_scan_id(&scan, 1, &row->practice);
		row->deleted = ca_scan_client_deleted(&scan);
		row->shared_with_all = ca_scan_bool(&scan, 3);
	}
	ca_scan_close(&scan);
	return found;
}

int
ca_catalog_clients(Snapshot snapshot, const CaId *practice, CaId **ids)
{
	return ids_of(snapshot, T_CLIENT, 1, ca_id_to_datum(practice), 0, ids);
}

void
ca_scan_link(const CatalogScan *scan, CaClientLinkRow *row)
{
	row->kind = ca_scan_word(scan, 2);
	row->active = ca_scan_bool(scan, 3);
	row->valid_from = DatumGetTimestampTz(scan->values[4]);
	row->valid_until = ca_scan_end(scan, 5);
}

int
ca_catalog_client_links(Snapshot snapshot, const CaId *client, CaClientLinkRow **rows)
{
	CatalogScan scan;
	int         n = 0;

	*rows = NULL;
	ca_scan_by_id(&scan, T_CLIENT_LINK, 0, client, snapshot);
	while (ca_scan_next(&scan))
	{
		CaClientLinkRow *row = CA_APPEND(rows, n, CaClientLinkRow);

		ca_scan_id(&scan, 1, &row->member);
		ca_scan_link(&scan, row);
	}
	ca_scan_close(&scan);
	return n;
}

int
ca_catalog_revoked_members(Snapshot snapshot, const CaId *client, CaId **members)
{
	return ids_of(snapshot, T_REVOCATION, 0, ca_id_to_datum(client), 1, members);
}

void
ca_scan_share(const CatalogScan *scan, CaChartShareRow *row)
{
	ca_scan_id(scan, 1, &row->from_provider);
	ca_scan_id(scan, 2, &row->to_provider);
	row->include_private = ca_scan_bool(scan, 3);
	row->started = DatumGetTimestampTz(scan->values[4]);
	row->stopped = ca_scan_end(scan, 5);
	row->valid_until = ca_scan_end(scan, 6);
}

int
ca_catalog_chart_shares(Snapshot snapshot, const CaId *client, CaChartShareRow **rows)
{
	CatalogScan scan;
	int         n = 0;

	*rows = NULL;
	ca_scan_by_id(&scan, T_CHART_SHARE, 0, client, snapshot);
	while (ca_scan_next(&scan))
	{
		CaChartShareRow *row = CA_APPEND(rows, n, CaChartShareRow);

		ca_scan_share(&scan, row);
	}
	ca_scan_close(&scan);
	return n;
}

void
ca_scan_emergency(const CatalogScan *scan, CaEmergencyRow *row)
{
	ca_scan_id(scan, 1, &row->member);
	row->from = DatumGetTimestampTz(scan->values[2]);
	row->until = DatumGetTimestampTz(scan->values[3]);
}

int
ca_catalog_emergencies(Snapshot snapshot, const CaId *client, CaEmergencyRow **rows)
{
	CatalogScan scan;
	int         n = 0;

	*rows = NULL;
	ca_scan_by_id(&scan, T_EMERGENCY, 0, client, snapshot);
	while (ca_scan_next(&scan))
	{
		CaEmergencyRow *row = CA_APPEND(rows, n, CaEmergencyRow);

		ca_scan_emergency(&scan, row);
	}
	ca_scan_close(&scan);
	return n;
}

bool
ca_catalog_has_groups(Snapshot snapshot, const CaId *practice)
{
	return has_rows(snapshot, T_GROUP, 0, practice);
}

static int
groups_by_member(Snapshot snapshot, Table which, const CaId *member, int64 **groups)
{
	CatalogScan scan;
	int         n = 0;

	*groups = NULL;
	ca_scan_by_id(&scan, which, 1, member, snapshot);
	while (ca_scan_next(&scan))
		*CA_APPEND(groups, n, int64) = DatumGetInt64(scan.values[0]);
	ca_scan_close(&scan);
	return n;
}

int
ca_catalog_groups_of(Snapshot snapshot, const CaId *member, int64 **groups)
{
	return groups_by_member(snapshot, T_GROUP_PRACTITIONER, member, groups);
}

int
ca_catalog_groups_administered(Snapshot snapshot, const CaId *member, int64 **groups)
{
	return groups_by_member(snapshot, T_GROUP_ADMIN, member, groups);
}

int
ca_catalog_group_practitioners(Snapshot snapshot, int64 group, CaId **members)
{
	return ids_of(snapshot, T_GROUP_PRACTITIONER, 0, Int64GetDatum(group), 1, members);
}

int
ca_catalog_colleague_limits(Snapshot snapshot, const CaId *member, CaColleagueLimitRow **rows)
{
	CatalogScan scan;
	int         n = 0;

	*rows = NULL;
	ca_scan_by_id(&scan, T_COLLEAGUE_LIMIT, 0, member, snapshot);
	while (ca_scan_next(&scan))
	{
		CaColleagueLimitRow *row = CA_APPEND(rows, n, CaColleagueLimitRow);

		row->category = ca_scan_text(&scan, 1);
		row->ncolleagues = ca_scan_ids(&scan, 2, &row->colleagues);
	}
	ca_scan_close(&scan);
	return n;
}

void
ca_scan_delegation(const CatalogScan *scan, CaDelegationRow *row)
{
	ca_scan_id(scan, 0, &row->member);
	ca_scan_id(scan, 1, &row->over_member);
	row->mode = ca_scan_word(scan, 2);
	row->ncategories = ca_scan_texts(scan, 3, &row->categories);
	row->nactions = ca_scan_texts(scan, 4, &row->actions);
	row->has_client = !scan->nulls[5];
	if (row->has_client)
		ca_scan_id(scan, 5, &row->client);
	row->valid_until = ca_scan_end(scan, 6);
}

static int
delegations_by(Snapshot snapshot, int key_column, const CaId *key, CaDelegationRow **rows)
{
	CatalogScan scan;
	int         n = 0;

	*rows = NULL;
	ca_scan_by_id(&scan, T_DELEGATION, key_column, key, snapshot);
	while (ca_scan_next(&scan))
	{
		CaDelegationRow *row = CA_APPEND(rows, n, CaDelegationRow);

		ca_scan_delegation(&scan, row);
	}
	ca_scan_close(&scan);
	return n;
}

int
ca_catalog_delegations_of(Snapshot snapshot, const CaId *member, CaDelegationRow **rows)
{
	return delegations_by(snapshot, 0, member, rows);
}

int
ca_catalog_delegations_for_client(Snapshot snapshot, const CaId *client, CaDelegationRow **rows)
{
	return delegations_by(snapshot, 5, client, rows);
}

bool
ca_catalog_portal_user(Snapshot snapshot, const CaId *id, CaPortalUserRow *row)
{
	CatalogScan scan;
	bool        found;

	ca_scan_by_id(&scan, T_PORTAL_USER, 0, id, snapshot);
	found = ca_scan_next(&scan);
	if (found)
	{
		ca_scan_id(&scan, 1, &row->practice);
		ca_scan_id(&scan, 2, &row->client);
	}
	ca_scan_close(&scan);
	return found;
}

bool
ca_catalog_portal_access(Snapshot snapshot, const CaId *portal_user, const CaId *client, CaPortalAccessRow *row)
{
	CatalogScan scan;
	bool        found = false;
	CaId        id;

	ca_scan_by_id(&scan, T_PORTAL_ACCESS, 0, portal_user, snapshot);
	while (!found && ca_scan_next(&scan))
	{
		ca_scan_id(&scan, 1, &id);
		found = ca_id_equal(&id, client);
		row->view_appointments = ca_scan_bool(&scan, 2);
		row->manage_information = ca_scan_bool(&scan, 3);
		row->status = ca_scan_text(&scan, 4);
	}
	ca_scan_close(&scan);
	return found;
}

/* There are few of them; an index on text would ask for its collation. */
bool
ca_catalog_token_key(Snapshot snapshot, const char *kid, CaTokenKeyRow *row)
{
	CatalogScan scan;
	bool        found = false;

	ca_scan_begin(&scan, T_TOKEN_KEY, CA_ALL_ROWS, (Datum) 0, snapshot);
	while (!found && ca_scan_next(&scan))
	{
		found = strcmp(ca_scan_text(&scan, 0), kid) == 0;
		if (!found)
			continue;
		row->algorithm = ca_scan_text(&scan, 1);
		row->key = DatumGetByteaPCopy(scan.values[2]);
		row->audience = ca_scan_text(&scan, 3);
		row->valid_from = DatumGetTimestampTz(scan.values[4]);
		row->valid_until = ca_scan_end(&scan, 5);
	}
	ca_scan_close(&scan);
	return found;
}

/*
 * The marker
 */

Oid
ca_catalog_administrator_marker(void)
{
	return ca_catalog_function("administrator", NULL, 0);
}
