/*-------------------------------------------------------------------------
 *
 * scope_facts.c
 *	  The content of a scope: practices, members and clients, each read once.
 *
 * Times are compared here, while facts are read: what the decision gets is
 * what counts at the scope's instant.
 *
 * An error while facts are read leaves the scope without that fact: entries
 * are stored when they are complete.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/memutils.h"

#include "catalog.h"
#include "scope_internal.h"

typedef struct RoleFacts
{
	const char   *role;
	bool          practitioner;
	bool          unrevocable;
	int           npermissions;
	CaPermission *permissions;
} RoleFacts;

typedef struct PracticeEntry
{
	CaPractice facts;
	CaId       id;
	bool       in_groups; /* groups are on, and there is one */
	bool       ungrouped_see_all;
	bool       ungrouped_admins_manage_all;
	bool       manager_bypasses_groups;
	bool       asks_for_groups; /* some part of the decision looks at groups */
	int        nroles;
	RoleFacts *roles;
} PracticeEntry;

typedef struct MemberEntry
{
	CaMember facts;
	bool     delegations_read;
} MemberEntry;

/*
 * Entries
 */

static CaRef
number_of(CaScope *scope, EntryList *list, const CaId *id)
{
	CaRef ref = ca_idset_intern(list->ids, id);

	if (ref >= list->allocated)
	{
		int allocated = Max(64, 2 * (ref + 1));

		if (list->entries == NULL)
		{
			list->entries = MemoryContextAllocZero(scope->cxt, allocated * sizeof(void *));
			list->looked = MemoryContextAllocZero(scope->cxt, allocated * sizeof(bool));
		}
		else
		{
			int added = allocated - list->allocated;

			list->entries = repalloc_huge(list->entries, allocated * sizeof(void *));
			list->looked = repalloc_huge(list->looked, allocated * sizeof(bool));
			memset(list->entries + list->allocated, 0, added * sizeof(void *));
			memset(list->looked + list->allocated, 0, added * sizeof(bool));
		}
		list->allocated = allocated;
	}
	return ref;
}

static void
store(EntryList *list, CaRef ref, void *entry)
{
	list->entries[ref] = entry;
	list->looked[ref] = true;
}

static void *
keep(CaScope *scope, Size size)
{
	return MemoryContextAllocZero(scope->cxt, size);
}

static Bitmapset *
add_member(CaScope *scope, Bitmapset *set, const CaId *id)
{
	CaRef         ref = number_of(scope, &scope->members, id);
	MemoryContext before = MemoryContextSwitchTo(scope->cxt);

	set = bms_add_member(set, ref);
	MemoryContextSwitchTo(before);
	return set;
}

MemoryContext
ca_scope_begin_reading(MemoryContext *before)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "careaccess reading",
											  ALLOCSET_SMALL_SIZES);

	*before = MemoryContextSwitchTo(cxt);
	return cxt;
}

void
ca_scope_end_reading(MemoryContext cxt, MemoryContext before)
{
	MemoryContextSwitchTo(before);
	MemoryContextDelete(cxt);
}

/*
 * Words to numbers
 */

/* A word that is none cannot have passed the catalog's constraints. */
static int
known(int number, const char *word)
{
	if (number < 0)
		elog(ERROR, "unexpected word \"%s\" in the catalog of careaccess", word);
	return number;
}

static const char *const rule_words[] = {"none", "author", "share", "group"};
static const char *const kind_words[] = {"owner", "grant", "listed"};
static const char *const mode_words[] = {"context", "author", "supervisor"};

#define NUMBER(word, words) known(ca_word_number((word), (words), lengthof(words)), (word))

static uint8
action_mask(char **actions, int n)
{
	uint8 mask = 0;

	for (int i = 0; i < n; i++)
		mask |= CA_ACTION_BIT(known(ca_action_number(actions[i]), actions[i]));
	return mask;
}

/*
 * Categories
 */

static void
read_categories(CaScope *scope, Snapshot snapshot)
{
	MemoryContext  before;
	MemoryContext  reading;
	CaCategoryRow *rows;
	int            n;

	if (scope->categories_read)
		return;
	reading = ca_scope_begin_reading(&before);
	n = ca_catalog_categories(snapshot, &rows);
	for (int i = 0; i < n; i++)
	{
		if (rows[i].number < 0 || rows[i].number >= CA_MAX_CATEGORIES)
			elog(ERROR, "category \"%s\" has number %d", rows[i].code, rows[i].number);
		scope->category_code[rows[i].number] = MemoryContextStrdup(scope->cxt, rows[i].code);
		if (rows[i].authored)
			scope->authored |= CA_CATEGORY_BIT(rows[i].number);
	}
	scope->categories_read = true;
	ca_scope_end_reading(reading, before);
}

int
ca_scope_category(CaScope *scope, Snapshot snapshot, const char *code)
{
	read_categories(scope, snapshot);
	for (int i = 0; i < CA_MAX_CATEGORIES; i++)
	{
		if (scope->category_code[i] != NULL && strcmp(scope->category_code[i], code) == 0)
			return i;
	}
	return -1;
}

const char *
ca_scope_category_code(CaScope *scope, int number)
{
	return scope->category_code[number] ? scope->category_code[number] : "?";
}

const char *
ca_scope_category_list(CaScope *scope, Snapshot snapshot)
{
	StringInfoData list;

	read_categories(scope, snapshot);
	initStringInfo(&list);
	for (int i = 0; i < CA_MAX_CATEGORIES; i++)
	{
		if (scope->category_code[i] != NULL)
			appendStringInfo(&list, "%s%s", list.len > 0 ? ", " : "", scope->category_code[i]);
	}
	return list.data;
}

static uint64
category_mask(CaScope *scope, Snapshot snapshot, char **codes, int n)
{
	uint64 mask = 0;

	for (int i = 0; i < n; i++)
	{
		int number = ca_scope_category(scope, snapshot, codes[i]);

		if (number >= 0)
			mask |= CA_CATEGORY_BIT(number);
	}
	return mask;
}

/*
 * A practice
 */

static void
fill_permission(CaScope *scope, Snapshot snapshot, const CaPermissionRow *row,
				const char *source, CaPermission *permission)
{
	int category = ca_scope_category(scope, snapshot, row->category);

	if (category < 0)
		elog(ERROR, "unexpected category \"%s\" in the catalog of careaccess", row->category);
	permission->category = category;
	permission->actions = action_mask(row->actions, row->nactions);
	permission->reach = known(ca_reach_number(row->reach), row->reach);
	permission->deny = strcmp(row->effect, "allow") != 0;
	permission->only_if_practitioner = row->only_if_practitioner;
	permission->source = source;
}

static void
read_roles(CaScope *scope, Snapshot snapshot, PracticeEntry *entry)
{
	CaRoleRow       *rows;
	CaPermissionRow *permissions;
	int              npermissions;

	entry->nroles = ca_catalog_roles(snapshot, &entry->id, &rows);
	entry->roles = keep(scope, (entry->nroles + 1) * sizeof(RoleFacts));
	npermissions = ca_catalog_role_permissions(snapshot, &entry->id, &permissions);

	for (int i = 0; i < entry->nroles; i++)
	{
		RoleFacts *role = &entry->roles[i];

		role->role = MemoryContextStrdup(scope->cxt, rows[i].role);
		role->practitioner = rows[i].practitioner;
		role->unrevocable = rows[i].unrevocable;
		role->permissions = keep(scope, (npermissions + 1) * sizeof(CaPermission));
		for (int j = 0; j < npermissions; j++)
		{
			if (strcmp(permissions[j].role, rows[i].role) == 0)
				fill_permission(scope, snapshot, &permissions[j], role->role,
								&role->permissions[role->npermissions++]);
		}
	}
}

static void
read_category_rules(CaScope *scope, Snapshot snapshot, PracticeEntry *entry)
{
	CaAuthorRuleRow   *rules;
	CaLinkCategoryRow *links;
	int                n;

	read_categories(scope, snapshot);
	entry->facts.authored = scope->authored;

	/* Where the practice says nothing: strict for authored categories. */
	for (int i = 0; i < CA_MAX_CATEGORIES; i++)
		entry->facts.author_rule[i] =
			(scope->authored & CA_CATEGORY_BIT(i)) ? CA_AUTHOR_AUTHOR : CA_AUTHOR_NONE;

	n = ca_catalog_author_rules(snapshot, &entry->id, &rules);
	for (int i = 0; i < n; i++)
	{
		int category = ca_scope_category(scope, snapshot, rules[i].category);

		if (category >= 0)
			entry->facts.author_rule[category] = NUMBER(rules[i].rule, rule_words);
		if (strcmp(rules[i].rule, "group") == 0)
			entry->asks_for_groups = true;
	}

	n = ca_catalog_link_categories(snapshot, &entry->id, &links);
	for (int i = 0; i < n; i++)
		entry->facts.opens[NUMBER(links[i].kind, kind_words)] |=
			category_mask(scope, snapshot, &links[i].category, 1);
}

static PracticeEntry *
find_practice(CaScope *scope, Snapshot snapshot, CaRef ref)
{
	EntryList     *list = &scope->practices;
	PracticeEntry *entry;
	CaPracticeRow  row;
	MemoryContext  before;
	MemoryContext  reading;
	CaId           id;

	if (list->looked[ref])
		return list->entries[ref];

	reading = ca_scope_begin_reading(&before);
	ca_idset_get(list->ids, ref, &id);
	if (ca_catalog_practice(snapshot, &id, &row))
	{
		entry = keep(scope, sizeof(PracticeEntry));
		entry->id = id;
		entry->facts.ref = ref;
		entry->facts.edit_others_records = row.edit_others_records;
		entry->facts.emergency_access = row.emergency_access;
		entry->facts.emergency_overrides_revocation = row.emergency_overrides_revocation;
		entry->in_groups = row.groups && ca_catalog_has_groups(snapshot, &id);
		entry->ungrouped_see_all = strcmp(row.ungrouped_sees, "all") == 0;
		entry->ungrouped_admins_manage_all = strcmp(row.ungrouped_admin_manages, "all") == 0;
		entry->manager_bypasses_groups = row.manager_bypasses_groups;
		entry->asks_for_groups = entry->in_groups;
		read_category_rules(scope, snapshot, entry);
		read_roles(scope, snapshot, entry);
		store(list, ref, entry);
	}
	else
		store(list, ref, NULL);
	ca_scope_end_reading(reading, before);
	return list->entries[ref];
}

const CaPractice *
ca_scope_practice(CaScope *scope, Snapshot snapshot, CaRef practice)
{
	PracticeEntry *entry = find_practice(scope, snapshot, practice);

	return entry ? &entry->facts : NULL;
}

/*
 * A member
 */

static const RoleFacts *
find_role(const PracticeEntry *practice, const char *role)
{
	for (int i = 0; i < practice->nroles; i++)
	{
		if (strcmp(practice->roles[i].role, role) == 0)
			return &practice->roles[i];
	}
	return NULL;
}

/* What his roles give, and what was given to himself. */
static void
read_rights(CaScope *scope, Snapshot snapshot, const PracticeEntry *practice,
			const CaId *id, CaMember *member)
{
	CaPermissionRow *own;
	char           **roles;
	int              nroles = ca_catalog_member_roles(snapshot, id, &roles);
	int              nown = ca_catalog_member_permissions(snapshot, id, &own);
	int              total = nown;

	for (int i = 0; i < nroles; i++)
	{
		const RoleFacts *role = find_role(practice, roles[i]);

		if (role == NULL)
			continue;
		member->practitioner |= role->practitioner;
		member->unrevocable |= role->unrevocable;
		total += role->npermissions;
	}

	member->permissions = keep(scope, (total + 1) * sizeof(CaPermission));
	for (int i = 0; i < nroles; i++)
	{
		const RoleFacts *role = find_role(practice, roles[i]);

		if (role == NULL || role->npermissions == 0)
			continue;
		memcpy(member->permissions + member->npermissions, role->permissions,
			   role->npermissions * sizeof(CaPermission));
		member->npermissions += role->npermissions;
	}
	for (int i = 0; i < nown; i++)
		fill_permission(scope, snapshot, &own[i], NULL,
						&member->permissions[member->npermissions++]);

	for (int i = 0; i < member->npermissions; i++)
		member->has_denials |= member->permissions[i].deny;
}

static void
add_groups(CaScope *scope, Snapshot snapshot, const int64 *groups, int n, CaMemberSet *set)
{
	for (int i = 0; i < n; i++)
	{
		CaId *ids;
		int   nids = ca_catalog_group_practitioners(snapshot, groups[i], &ids);

		for (int j = 0; j < nids; j++)
			set->members = add_member(scope, set->members, &ids[j]);
	}
}

static void
read_groups(CaScope *scope, Snapshot snapshot, const PracticeEntry *practice,
			const CaId *id, CaMember *member)
{
	int64 *groups;
	int    n;

	member->bypasses_groups = practice->asks_for_groups &&
							  practice->manager_bypasses_groups &&
							  ca_catalog_has_capability(snapshot, &practice->id, id, "manage_groups");

	member->accessible.everybody = !practice->in_groups || member->bypasses_groups;
	member->managed.everybody = !practice->in_groups;
	if (!practice->in_groups)
		return;

	if (!member->accessible.everybody)
	{
		n = ca_catalog_groups_of(snapshot, id, &groups);
		member->accessible.everybody = n == 0 && practice->ungrouped_see_all;
		member->accessible.members = add_member(scope, NULL, id);
		add_groups(scope, snapshot, groups, n, &member->accessible);
	}

	n = ca_catalog_groups_administered(snapshot, id, &groups);
	member->managed.everybody = n == 0 && practice->ungrouped_admins_manage_all;
	add_groups(scope, snapshot, groups, n, &member->managed);
}

static void
read_limits(CaScope *scope, Snapshot snapshot, const CaId *id, CaMember *member)
{
	CaColleagueLimitRow *rows;
	int                  n = ca_catalog_colleague_limits(snapshot, id, &rows);

	member->limits = keep(scope, (n + 1) * sizeof(CaColleagueLimit));
	for (int i = 0; i < n; i++)
	{
		int               category = ca_scope_category(scope, snapshot, rows[i].category);
		CaColleagueLimit *limit = &member->limits[member->nlimits];

		if (category < 0)
			continue;
		limit->category = category;
		for (int j = 0; j < rows[i].ncolleagues; j++)
			limit->colleagues = add_member(scope, limit->colleagues, &rows[i].colleagues[j]);
		member->nlimits++;
	}
}

static MemberEntry *find_member(CaScope *scope, Snapshot snapshot, CaRef ref,
								bool with_delegations);

/* Null categories and actions have a meaning of their own per mode. */
static void
fill_delegation(CaScope *scope, Snapshot snapshot, const CaDelegationRow *row,
				CaDelegation *delegation)
{
	bool context;

	delegation->mode = NUMBER(row->mode, mode_words);
	context = delegation->mode == CA_DELEGATION_CONTEXT;

	if (row->ncategories >= 0)
		delegation->categories = category_mask(scope, snapshot, row->categories, row->ncategories);
	else if (context)
		delegation->categories = ~UINT64CONST(0);
	else
		delegation->categories = CA_CATEGORY_BIT(CA_CATEGORY_NAME) |
								 CA_CATEGORY_BIT(CA_CATEGORY_PROFILE) |
								 CA_CATEGORY_BIT(CA_CATEGORY_DOCUMENTS) |
								 CA_CATEGORY_BIT(CA_CATEGORY_CHART);

	if (row->nactions >= 0)
		delegation->actions = action_mask(row->actions, row->nactions);
	else
		delegation->actions = context ? CA_ACTIONS_ALL : CA_ACTION_BIT(CA_ACTION_VIEW);

	delegation->any_client = !row->has_client;
	if (row->has_client)
		delegation->client = number_of(scope, &scope->clients, &row->client);
	delegation->over = number_of(scope, &scope->members, &row->over_member);
	if (context)
	{
		MemberEntry *over = find_member(scope, snapshot, delegation->over, false);

		delegation->over_member = over ? &over->facts : NULL;
	}
}

static void
read_delegations(CaScope *scope, Snapshot snapshot, const CaId *id, MemberEntry *entry)
{
	CaDelegationRow *rows;
	int              n = ca_catalog_delegations_of(snapshot, id, &rows);
	CaDelegation    *delegations = keep(scope, (n + 1) * sizeof(CaDelegation));
	int              count = 0;

	for (int i = 0; i < n; i++)
	{
		if (rows[i].valid_until > scope->now)
			fill_delegation(scope, snapshot, &rows[i], &delegations[count++]);
	}
	entry->facts.delegations = delegations;
	entry->facts.ndelegations = count;
	entry->delegations_read = true;
}

static MemberEntry *
read_member(CaScope *scope, Snapshot snapshot, CaRef ref, const CaId *id)
{
	MemberEntry   *entry;
	PracticeEntry *practice;
	CaMemberRow    row;

	if (!ca_catalog_member(snapshot, id, &row))
		return NULL;
	entry = keep(scope, sizeof(MemberEntry));
	entry->facts.ref = ref;
	entry->facts.practice = number_of(scope, &scope->practices, &row.practice);
	entry->facts.active = strcmp(row.status, "active") == 0 && row.ends_at > scope->now;
	practice = find_practice(scope, snapshot, entry->facts.practice);
	if (practice == NULL)
		return NULL;
	read_rights(scope, snapshot, practice, id, &entry->facts);
	read_groups(scope, snapshot, practice, id, &entry->facts);
	read_limits(scope, snapshot, id, &entry->facts);
	return entry;
}

static MemberEntry *
find_member(CaScope *scope, Snapshot snapshot, CaRef ref, bool with_delegations)
{
	EntryList    *list = &scope->members;
	MemberEntry  *entry = list->looked[ref] ? list->entries[ref] : NULL;
	MemoryContext before;
	MemoryContext reading;
	CaId          id;

	if (list->looked[ref] && (entry == NULL || entry->delegations_read || !with_delegations))
		return entry;

	reading = ca_scope_begin_reading(&before);
	ca_idset_get(list->ids, ref, &id);
	if (!list->looked[ref])
	{
		entry = read_member(scope, snapshot, ref, &id);
		store(list, ref, entry);
	}
	if (entry != NULL && with_delegations)
		read_delegations(scope, snapshot, &id, entry);
	ca_scope_end_reading(reading, before);
	return entry;
}

const CaMember *
ca_scope_member(CaScope *scope, Snapshot snapshot, const CaId *id)
{
	MemberEntry *entry = find_member(scope, snapshot, number_of(scope, &scope->members, id), true);

	return entry ? &entry->facts : NULL;
}

/*
 * A client
 */

static CaLinkState
link_state(const CaScope *scope, const CaClientLinkRow *row)
{
	if (!row->active || row->valid_until <= scope->now)
		return CA_LINK_ENDED;
	return row->valid_from <= scope->begun ? CA_LINK_CURRENT : CA_LINK_FUTURE;
}

static void
read_links(CaScope *scope, Snapshot snapshot, const CaId *id, CaClient *client)
{
	CaClientLinkRow *rows;
	int              n = ca_catalog_client_links(snapshot, id, &rows);

	client->links = keep(scope, (n + 1) * sizeof(CaLink));
	client->nlinks = n;
	for (int i = 0; i < n; i++)
	{
		client->links[i].member = number_of(scope, &scope->members, &rows[i].member);
		client->links[i].kind = NUMBER(rows[i].kind, kind_words);
		client->links[i].state = link_state(scope, &rows[i]);
	}
}

static void
read_shares(CaScope *scope, Snapshot snapshot, const CaId *id, CaClient *client)
{
	CaChartShareRow *rows;
	int              n = ca_catalog_chart_shares(snapshot, id, &rows);

	client->shares = keep(scope, (n + 1) * sizeof(CaChartShare));
	for (int i = 0; i < n; i++)
	{
		CaChartShare *share = &client->shares[client->nshares];

		if (rows[i].stopped != CA_NEVER || rows[i].started > scope->begun ||
			rows[i].valid_until <= scope->now)
			continue;
		share->from = number_of(scope, &scope->members, &rows[i].from_provider);
		share->to = number_of(scope, &scope->members, &rows[i].to_provider);
		share->include_private = rows[i].include_private;
		client->nshares++;
	}
}

static void
read_exceptions(CaScope *scope, Snapshot snapshot, const CaId *id, CaClient *client)
{
	CaId            *revoked;
	CaEmergencyRow  *emergencies;
	CaDelegationRow *delegations;
	int              n;

	n = ca_catalog_revoked_members(snapshot, id, &revoked);
	for (int i = 0; i < n; i++)
		client->revoked = add_member(scope, client->revoked, &revoked[i]);

	n = ca_catalog_emergencies(snapshot, id, &emergencies);
	for (int i = 0; i < n; i++)
	{
		if (emergencies[i].from <= scope->begun && scope->now < emergencies[i].until)
			client->emergencies = add_member(scope, client->emergencies, &emergencies[i].member);
	}

	n = ca_catalog_delegations_for_client(snapshot, id, &delegations);
	for (int i = 0; i < n; i++)
	{
		if (strcmp(delegations[i].mode, "supervisor") == 0 &&
			delegations[i].valid_until > scope->now)
			client->supervised = add_member(scope, client->supervised, &delegations[i].over_member);
	}
}

static CaClient *
read_client(CaScope *scope, Snapshot snapshot, CaRef ref, const CaId *id)
{
	CaClientRow row;
	CaClient   *client;

	if (!ca_catalog_client(snapshot, id, &row))
		return NULL;
	client = keep(scope, sizeof(CaClient));
	client->ref = ref;
	client->practice = number_of(scope, &scope->practices, &row.practice);
	client->deleted = strcmp(row.status, "deleted") == 0;
	client->shared_with_all = row.shared_with_all;
	read_links(scope, snapshot, id, client);
	read_shares(scope, snapshot, id, client);
	read_exceptions(scope, snapshot, id, client);
	return client;
}

const CaClient *
ca_scope_client(CaScope *scope, Snapshot snapshot, const CaId *id)
{
	EntryList    *list = &scope->clients;
	CaRef         ref = number_of(scope, list, id);
	MemoryContext before;
	MemoryContext reading;

	if (!list->looked[ref])
	{
		reading = ca_scope_begin_reading(&before);
		store(list, ref, read_client(scope, snapshot, ref, id));
		ca_scope_end_reading(reading, before);
	}
	return list->entries[ref];
}

CaClient
ca_scope_as_if_archived(const CaClient *client)
{
	CaClient archived = *client;

	archived.deleted = false;
	return archived;
}

/*
 * A portal user
 */

void
ca_scope_portal(CaScope *scope, Snapshot snapshot, const CaSubject *user, CaPortal *portal)
{
	CaPortalAccessRow access;
	MemoryContext     before;
	MemoryContext     reading = ca_scope_begin_reading(&before);

	memset(portal, 0, sizeof(CaPortal));
	portal->practice = number_of(scope, &scope->practices, &user->practice);
	portal->profile = ca_scope_client(scope, snapshot, &user->profile);
	portal->own = ca_id_equal(&user->profile, &user->own_profile);
	if (!portal->own &&
		ca_catalog_portal_access(snapshot, &user->id, &user->profile, &access))
	{
		portal->accepted = strcmp(access.status, "accepted") == 0;
		portal->view_appointments = access.view_appointments;
		portal->manage_information = access.manage_information;
	}
	ca_scope_end_reading(reading, before);
}
