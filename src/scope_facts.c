/*-------------------------------------------------------------------------
 *
 * scope_facts.c
 *	  The content of a scope: the practice and its members, each read once.
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
#include "miscadmin.h"
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
	bool       in_groups; /* groups are on, and there is one */
	bool       ungrouped_see_all;
	bool       ungrouped_admins_manage_all;
	bool       manager_bypasses_groups;
	bool       asks_for_groups; /* some part of the decision looks at groups */
	int        nroles;
	RoleFacts *roles;
} PracticeEntry;

/*
 * Entries
 */

static CaRef
number_of(CaScope *scope, EntryList *list, const CaId *id)
{
	/* Room first: a number without a place for its entry must not come to be. */
	if (ca_idset_count(list->ids) >= list->allocated)
	{
		int    allocated = Max(64, 2 * list->allocated);
		void **entries = ca_scope_keep(scope, allocated * sizeof(void *));
		bool  *looked = ca_scope_keep(scope, allocated * sizeof(bool));

		if (list->allocated > 0)
		{
			memcpy(entries, list->entries, list->allocated * sizeof(void *));
			memcpy(looked, list->looked, list->allocated * sizeof(bool));
			pfree(list->entries);
			pfree(list->looked);
		}
		list->entries = entries;
		list->looked = looked;
		list->allocated = allocated;
	}
	return ca_idset_intern(list->ids, id);
}

CaRef
ca_scope_member_number(CaScope *scope, const CaId *id)
{
	return number_of(scope, &scope->members, id);
}

static void
store(EntryList *list, CaRef ref, void *entry)
{
	list->entries[ref] = entry;
	list->looked[ref] = true;
}

void *
ca_scope_keep(CaScope *scope, Size size)
{
	return MemoryContextAllocExtended(scope->cxt, size, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
}

Bitmapset *
ca_scope_add_member(CaScope *scope, Bitmapset *set, const CaId *id)
{
	CaRef         ref = ca_scope_member_number(scope, id);
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

/*
 * A word that is none cannot have passed the catalog's constraints.  Whatever it
 * stood for, to leave it out could be to leave out a denial or a limit.
 */
int
ca_scope_known(int number, const char *word)
{
	if (number < 0)
		ca_catalog_refuse_word(word);
	return number;
}

static const char *const rule_words[] = {"none", "author", "share", "group"};
static const char *const sees_words[] = {"own", "all"};
static const char *const manages_words[] = {"none", "all"};
static const char *const mode_words[] = {"context", "author", "supervisor"};

#define NUMBER(word, words) ca_scope_known(ca_word_number((word), (words), lengthof(words)), (word))

static uint8
action_mask(char **actions, int n)
{
	uint8 mask = 0;

	for (int i = 0; i < n; i++)
		mask |= CA_ACTION_BIT(ca_scope_known(ca_action_number(actions[i]), actions[i]));
	return mask;
}

/*
 * Categories
 */

/* The decision knows these by number. */
static bool
is_misnumbered(const CaCategoryRow *row)
{
	static const char *const built_in[] = {
		[CA_CATEGORY_NAME] = "name",
		[CA_CATEGORY_PROFILE] = "profile",
		[CA_CATEGORY_SCHEDULE] = "schedule",
		[CA_CATEGORY_DOCUMENTS] = "documents",
		[CA_CATEGORY_CHART] = "chart",
		[CA_CATEGORY_PRIVATE_NOTES] = "private_notes",
	};

	if (row->number < 0 || row->number >= CA_MAX_CATEGORIES)
		return true;
	for (int i = 0; i < lengthof(built_in); i++)
	{
		if (built_in[i] != NULL && (strcmp(row->code, built_in[i]) == 0) != (row->number == i))
			return true;
	}
	return false;
}

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
		if (is_misnumbered(&rows[i]))
			ca_catalog_refuse_word(rows[i].code);
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

/* Of a category that the catalog names elsewhere. */
static int
known_category(CaScope *scope, Snapshot snapshot, const char *code)
{
	return ca_scope_known(ca_scope_category(scope, snapshot, code), code);
}

static uint64
category_mask(CaScope *scope, Snapshot snapshot, char **codes, int n)
{
	uint64 mask = 0;

	for (int i = 0; i < n; i++)
	{
		mask |= CA_CATEGORY_BIT(known_category(scope, snapshot, codes[i]));
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
	permission->category = known_category(scope, snapshot, row->category);
	permission->actions = action_mask(row->actions, row->nactions);
	permission->reach = ca_scope_known(ca_reach_number(row->reach), row->reach);
	permission->deny = strcmp(row->effect, "allow") != 0;
	permission->only_if_practitioner = row->only_if_practitioner;
	permission->source = source;
	/* A denial of nothing, or of a reach that denials do not have, is none. */
	if (permission->actions == 0)
		ca_catalog_refuse_word("{}");
	if (permission->deny && permission->reach != CA_REACH_ALL && permission->reach != CA_REACH_OWN)
		ca_catalog_refuse_word(row->reach);
}

static RoleFacts *
find_role(const PracticeEntry *practice, const char *role)
{
	for (int i = 0; i < practice->nroles; i++)
	{
		if (strcmp(practice->roles[i].role, role) == 0)
			return &practice->roles[i];
	}
	return NULL;
}

static void
read_roles(CaScope *scope, Snapshot snapshot, PracticeEntry *entry)
{
	const CaId      *id = &scope->practice_id;
	CaRoleRow       *rows;
	CaPermissionRow *permissions;
	int              npermissions;

	entry->nroles = ca_catalog_roles(snapshot, id, &rows);
	entry->roles = ca_scope_keep(scope, (entry->nroles + 1) * sizeof(RoleFacts));
	npermissions = ca_catalog_role_permissions(snapshot, id, &permissions);

	for (int i = 0; i < entry->nroles; i++)
	{
		RoleFacts *role = &entry->roles[i];

		role->role = MemoryContextStrdup(scope->cxt, rows[i].role);
		role->practitioner = rows[i].practitioner;
		role->unrevocable = rows[i].unrevocable;
		role->permissions = ca_scope_keep(scope, (npermissions + 1) * sizeof(CaPermission));
	}
	for (int i = 0; i < npermissions; i++)
	{
		RoleFacts *role = find_role(entry, permissions[i].role);

		if (role == NULL)
			ca_catalog_refuse_word(permissions[i].role);
		fill_permission(scope, snapshot, &permissions[i], role->role, &role->permissions[role->npermissions++]);
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

	n = ca_catalog_author_rules(snapshot, &scope->practice_id, &rules);
	for (int i = 0; i < n; i++)
	{
		int category = known_category(scope, snapshot, rules[i].category);

		entry->facts.author_rule[category] = NUMBER(rules[i].rule, rule_words);
		if (strcmp(rules[i].rule, "group") == 0)
			entry->asks_for_groups = true;
	}

	n = ca_catalog_link_categories(snapshot, &scope->practice_id, &links);
	for (int i = 0; i < n; i++)
		entry->facts.opens[ca_scope_known(ca_link_kind_number(links[i].kind), links[i].kind)] |=
			category_mask(scope, snapshot, &links[i].category, 1);
}

static PracticeEntry *
read_practice(CaScope *scope, Snapshot snapshot)
{
	PracticeEntry *entry;
	CaPracticeRow  row;

	if (!ca_catalog_practice(snapshot, &scope->practice_id, &row))
		return NULL;
	entry = ca_scope_keep(scope, sizeof(PracticeEntry));
	entry->facts.ref = CA_REF_PRACTICE;
	entry->facts.edit_others_records = row.edit_others_records;
	entry->facts.emergency_access = row.emergency_access;
	entry->facts.emergency_overrides_revocation = row.emergency_overrides_revocation;
	entry->in_groups = row.groups && ca_catalog_has_groups(snapshot, &scope->practice_id);
	entry->ungrouped_see_all = NUMBER(row.ungrouped_sees, sees_words) == 1;
	entry->ungrouped_admins_manage_all = NUMBER(row.ungrouped_admin_manages, manages_words) == 1;
	entry->manager_bypasses_groups = row.manager_bypasses_groups;
	entry->asks_for_groups = entry->in_groups;
	read_category_rules(scope, snapshot, entry);
	read_roles(scope, snapshot, entry);
	return entry;
}

static PracticeEntry *
find_practice(CaScope *scope, Snapshot snapshot)
{
	if (!scope->practice_read && scope->has_practice)
	{
		MemoryContext before;
		MemoryContext reading = ca_scope_begin_reading(&before);

		scope->practice = read_practice(scope, snapshot);
		scope->practice_read = true;
		ca_scope_end_reading(reading, before);
	}
	return scope->practice;
}

const CaPractice *
ca_scope_practice(CaScope *scope, Snapshot snapshot)
{
	PracticeEntry *entry = find_practice(scope, snapshot);

	return entry ? &entry->facts : NULL;
}

/*
 * A member
 */

/* The role that somebody holds, who could else be rid of what it denies him. */
static const RoleFacts *
known_role(const PracticeEntry *practice, const char *role)
{
	const RoleFacts *found = find_role(practice, role);

	if (found == NULL)
		ca_catalog_refuse_word(role);
	return found;
}

static bool
has_denials(const CaMember *member)
{
	for (int i = 0; i < member->npermissions; i++)
	{
		if (member->permissions[i].deny)
			return true;
	}
	return false;
}

/* What his roles give, and what was given to himself (if there may be any). */
static void
read_rights(CaScope *scope, Snapshot snapshot, const PracticeEntry *practice, const CaId *id,
			char **roles, int nroles, bool with_own, CaMember *member)
{
	CaPermissionRow *own;
	int              nown = with_own ? ca_catalog_member_permissions(snapshot, id, &own) : 0;
	int              total = nown;
	const RoleFacts *only = NULL;

	for (int i = 0; i < nroles; i++)
	{
		const RoleFacts *role = known_role(practice, roles[i]);

		member->practitioner |= role->practitioner;
		member->unrevocable |= role->unrevocable;
		only = total == 0 ? role : NULL;
		total += role->npermissions;
	}

	/* Most members have what one role gives, and share it. */
	if (only != NULL && total == only->npermissions)
	{
		member->permissions = only->permissions;
		member->npermissions = only->npermissions;
		member->has_denials = has_denials(member);
		return;
	}
	member->permissions = ca_scope_keep(scope, (total + 1) * sizeof(CaPermission));
	for (int i = 0; i < nroles; i++)
	{
		const RoleFacts *role = known_role(practice, roles[i]);

		if (role->npermissions == 0)
			continue;
		memcpy(member->permissions + member->npermissions, role->permissions,
			   role->npermissions * sizeof(CaPermission));
		member->npermissions += role->npermissions;
	}
	for (int i = 0; i < nown; i++)
		fill_permission(scope, snapshot, &own[i], NULL,
						&member->permissions[member->npermissions++]);
	member->has_denials = has_denials(member);
}

static void
add_groups(CaScope *scope, Snapshot snapshot, const int64 *groups, int n, CaMemberSet *set)
{
	for (int i = 0; i < n; i++)
	{
		CaId *ids;
		int   nids = ca_catalog_group_practitioners(snapshot, groups[i], &ids);

		for (int j = 0; j < nids; j++)
			set->members = ca_scope_add_member(scope, set->members, &ids[j]);
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
							  ca_catalog_has_capability(snapshot, &scope->practice_id, id, "manage_groups");

	member->accessible.everybody = !practice->in_groups || member->bypasses_groups;
	member->managed.everybody = !practice->in_groups;
	if (!practice->in_groups)
		return;

	if (!member->accessible.everybody)
	{
		n = ca_catalog_groups_of(snapshot, id, &groups);
		member->accessible.everybody = n == 0 && practice->ungrouped_see_all;
		member->accessible.members = ca_scope_add_member(scope, NULL, id);
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

	member->limits = ca_scope_keep(scope, (n + 1) * sizeof(CaColleagueLimit));
	for (int i = 0; i < n; i++)
	{
		CaColleagueLimit *limit = &member->limits[member->nlimits];

		limit->category = known_category(scope, snapshot, rows[i].category);
		for (int j = 0; j < rows[i].ncolleagues; j++)
			limit->colleagues = ca_scope_add_member(scope, limit->colleagues, &rows[i].colleagues[j]);
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
		delegation->client = ca_scope_client_ref(scope, &row->client);
	delegation->over = ca_scope_member_number(scope, &row->over_member);
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
	CaDelegation    *delegations = ca_scope_keep(scope, (n + 1) * sizeof(CaDelegation));
	int              count = 0;

	for (int i = 0; i < n; i++)
	{
		if (!ca_scope_reached(scope, rows[i].valid_until))
			fill_delegation(scope, snapshot, &rows[i], &delegations[count++]);
	}
	entry->facts.delegations = delegations;
	entry->facts.ndelegations = count;
	entry->delegations_read = true;
}

static MemberEntry *
new_member(CaScope *scope, CaRef ref, const CaMemberRow *row)
{
	MemberEntry *entry = ca_scope_keep(scope, sizeof(MemberEntry));

	entry->facts.ref = ref;
	entry->facts.practice = CA_REF_PRACTICE;
	entry->facts.active = strcmp(row->status, "active") == 0 && !ca_scope_reached(scope, row->ends_at);
	return entry;
}

static MemberEntry *
read_member(CaScope *scope, Snapshot snapshot, CaRef ref, const CaId *id)
{
	MemberEntry   *entry;
	PracticeEntry *practice;
	CaMemberRow    row;
	char         **roles;
	int            nroles;

	if (!scope->has_practice || !ca_catalog_member(snapshot, id, &row) ||
		!ca_id_equal(&row.practice, &scope->practice_id))
		return NULL;
	practice = find_practice(scope, snapshot);
	if (practice == NULL)
		return NULL;
	entry = new_member(scope, ref, &row);
	nroles = ca_catalog_member_roles(snapshot, id, &roles);
	read_rights(scope, snapshot, practice, id, roles, nroles, true, &entry->facts);
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
	MemberEntry *entry = find_member(scope, snapshot, ca_scope_member_number(scope, id), true);

	return entry ? &entry->facts : NULL;
}

/*
 * All members of the practice.  What few of them have is looked for once, and
 * then read of those who have it.
 */
typedef struct AllMembers
{
	CaMemberRow *rows;
	int          n;
	CaIdSet     *numbers; /* of the rows */
	char      ***roles;
	int         *nroles;
	CaIdSet     *with_permissions;
	CaIdSet     *with_limits;
	CaIdSet     *with_delegations;
} AllMembers;

static void
add_role(void *arg, const CaId *member, const char *role)
{
	AllMembers *all = arg;
	int32       number = ca_idset_find(all->numbers, member);

	if (number >= 0)
		*CA_APPEND(&all->roles[number], all->nroles[number], char *) = pstrdup(role);
}

static void
gather_members(CaScope *scope, Snapshot snapshot, AllMembers *all)
{
	CaId *ids;

	all->n = ca_catalog_member_rows(snapshot, &scope->practice_id, &all->rows);
	all->numbers = ca_idset_create(CurrentMemoryContext, all->n);
	ids = palloc((all->n + 1) * sizeof(CaId));
	for (int i = 0; i < all->n; i++)
	{
		ids[i] = all->rows[i].id;
		(void) ca_idset_intern(all->numbers, &ids[i]);
	}
	all->roles = palloc0((all->n + 1) * sizeof(char **));
	all->nroles = palloc0((all->n + 1) * sizeof(int));
	ca_catalog_each_member_role(snapshot, ids, all->n, add_role, all);
	all->with_permissions = ca_catalog_members_with_permissions(snapshot, ids, all->n);
	all->with_limits = ca_catalog_members_with_limits(snapshot, ids, all->n);
	all->with_delegations = ca_catalog_members_with_delegations(snapshot, ids, all->n);
}

static MemberEntry *
member_from(CaScope *scope, Snapshot snapshot, PracticeEntry *practice, const AllMembers *all, int i, CaRef ref)
{
	const CaId  *id = &all->rows[i].id;
	MemberEntry *entry = new_member(scope, ref, &all->rows[i]);

	read_rights(scope, snapshot, practice, id, all->roles[i], all->nroles[i],
				ca_idset_find(all->with_permissions, id) >= 0, &entry->facts);
	read_groups(scope, snapshot, practice, id, &entry->facts);
	if (ca_idset_find(all->with_limits, id) >= 0)
		read_limits(scope, snapshot, id, &entry->facts);
	entry->delegations_read = ca_idset_find(all->with_delegations, id) < 0;
	return entry;
}

void
ca_scope_read_all_members(CaScope *scope, Snapshot snapshot)
{
	PracticeEntry *practice = find_practice(scope, snapshot);
	AllMembers     all;
	MemoryContext  before;
	MemoryContext  reading;

	if (scope->all_members_read || practice == NULL)
		return;
	reading = ca_scope_begin_reading(&before);
	gather_members(scope, snapshot, &all);
	for (int i = 0; i < all.n; i++)
	{
		CaRef ref = ca_scope_member_number(scope, &all.rows[i].id);

		CHECK_FOR_INTERRUPTS();
		if (!scope->members.looked[ref])
			store(&scope->members, ref, member_from(scope, snapshot, practice, &all, i, ref));
	}
	scope->all_members_read = true;
	ca_scope_end_reading(reading, before);
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
	portal->practice = CA_REF_PRACTICE;
	portal->known = ca_scope_client(scope, snapshot, &user->profile, &portal->profile);
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
