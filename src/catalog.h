/*-------------------------------------------------------------------------
 *
 * catalog.h
 *	  Typed reading of the tables in schema careaccess.
 *
 * Every reader takes the snapshot under which it reads and returns rows in
 * arrays palloc'd in the current memory context.  Nothing is filtered by
 * time: whether a row counts is not the catalog's business.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CA_CATALOG_H
#define CA_CATALOG_H

#include "access/transam.h"
#include "datatype/timestamp.h"
#include "utils/snapshot.h"

#include "compat.h"
#include "id.h"
#include "idset.h"

/* No end, and no beginning yet. */
#define CA_NEVER DT_NOEND

typedef struct CaCategoryRow
{
	char *code;
	int   number;
	bool  authored;
} CaCategoryRow;

typedef struct CaPracticeRow
{
	CaId  id;
	bool  groups;
	char *ungrouped_sees;
	char *ungrouped_admin_manages;
	bool  manager_bypasses_groups;
	bool  edit_others_records;
	bool  emergency_access;
	bool  emergency_overrides_revocation;
} CaPracticeRow;

typedef struct CaAuthorRuleRow
{
	char *category;
	char *rule;
} CaAuthorRuleRow;

typedef struct CaLinkCategoryRow
{
	char *kind;
	char *category;
} CaLinkCategoryRow;

typedef struct CaMemberRow
{
	CaId        id;
	CaId        practice;
	char       *name;
	const char *status;
	TimestampTz ends_at; /* CA_NEVER: no end */
} CaMemberRow;

typedef struct CaRoleRow
{
	char *role;
	bool  practitioner;
	bool  unrevocable;
} CaRoleRow;

/* Of a role, or, with a null role, of a member. */
typedef struct CaPermissionRow
{
	char  *role;
	char  *category;
	int    nactions;
	char **actions;
	char  *reach;
	char  *effect;
	bool   only_if_practitioner;
} CaPermissionRow;

typedef struct CaClientRow
{
	CaId id;
	CaId practice;
	bool deleted;
	bool shared_with_all;
} CaClientRow;

typedef struct CaClientLinkRow
{
	CaId        member;
	const char *kind;
	bool        active;
	TimestampTz valid_from;
	TimestampTz valid_until; /* CA_NEVER: no end */
} CaClientLinkRow;

typedef struct CaChartShareRow
{
	CaId        from_provider;
	CaId        to_provider;
	bool        include_private;
	TimestampTz started;
	TimestampTz stopped;     /* CA_NEVER: it runs */
	TimestampTz valid_until; /* CA_NEVER: no end */
} CaChartShareRow;

typedef struct CaPortalUserRow
{
	CaId practice;
	CaId client; /* whose login it is */
} CaPortalUserRow;

typedef struct CaPortalAccessRow
{
	bool  view_appointments;
	bool  manage_information;
	char *status;
} CaPortalAccessRow;

/* A key that verifies tokens. */
typedef struct CaTokenKeyRow
{
	char       *algorithm;
	bytea      *key;
	char       *audience; /* or null */
	TimestampTz valid_from;
	TimestampTz valid_until; /* CA_NEVER: no end */
} CaTokenKeyRow;

typedef struct CaEmergencyRow
{
	CaId        member;
	TimestampTz from;
	TimestampTz until;
} CaEmergencyRow;

typedef struct CaColleagueLimitRow
{
	char *category;
	int   ncolleagues;
	CaId *colleagues;
} CaColleagueLimitRow;

typedef struct CaDelegationRow
{
	CaId        member;
	CaId        over_member;
	const char *mode;
	int         ncategories; /* -1: null */
	char      **categories;
	int         nactions; /* -1: null */
	char      **actions;
	bool        has_client;
	CaId        client;
	TimestampTz valid_until; /* CA_NEVER: no end */
} CaDelegationRow;

extern void ca_catalog_init(void);

/* A row holds a word that none may hold, or names what is not there: an error. */
CA_NORETURN extern void ca_catalog_refuse_word(const char *word);

/* One row by its key; false when there is none. */
extern bool ca_catalog_practice(Snapshot snapshot, const CaId *id, CaPracticeRow *row);
extern bool ca_catalog_member(Snapshot snapshot, const CaId *id, CaMemberRow *row);
extern bool ca_catalog_member_of_login(Snapshot snapshot, const char *login_role, CaMemberRow *row);
extern bool ca_catalog_client(Snapshot snapshot, const CaId *id, CaClientRow *row);
extern bool ca_catalog_portal_user(Snapshot snapshot, const CaId *id, CaPortalUserRow *row);
extern bool ca_catalog_portal_access(Snapshot snapshot, const CaId *portal_user, const CaId *client, CaPortalAccessRow *row);

extern bool ca_catalog_token_key(Snapshot snapshot, const char *kid, CaTokenKeyRow *row);

/* All rows of a key; the result is their number. */
extern int ca_catalog_categories(Snapshot snapshot, CaCategoryRow **rows);
extern int ca_catalog_author_rules(Snapshot snapshot, const CaId *practice, CaAuthorRuleRow **rows);
extern int ca_catalog_link_categories(Snapshot snapshot, const CaId *practice, CaLinkCategoryRow **rows);
extern int ca_catalog_roles(Snapshot snapshot, const CaId *practice, CaRoleRow **rows);
extern int ca_catalog_role_permissions(Snapshot snapshot, const CaId *practice, CaPermissionRow **rows);
extern int ca_catalog_members(Snapshot snapshot, const CaId *practice, CaId **ids);
extern int ca_catalog_clients(Snapshot snapshot, const CaId *practice, CaId **ids);
extern int ca_catalog_member_roles(Snapshot snapshot, const CaId *member, char ***roles);
extern int ca_catalog_member_permissions(Snapshot snapshot, const CaId *member, CaPermissionRow **rows);
extern int ca_catalog_client_links(Snapshot snapshot, const CaId *client, CaClientLinkRow **rows);
extern int ca_catalog_revoked_members(Snapshot snapshot, const CaId *client, CaId **members);
extern int ca_catalog_chart_shares(Snapshot snapshot, const CaId *client, CaChartShareRow **rows);
extern int ca_catalog_emergencies(Snapshot snapshot, const CaId *client, CaEmergencyRow **rows);
extern int ca_catalog_groups_of(Snapshot snapshot, const CaId *member, int64 **groups);
extern int ca_catalog_groups_administered(Snapshot snapshot, const CaId *member, int64 **groups);
extern int ca_catalog_group_practitioners(Snapshot snapshot, int64 group, CaId **members);
extern int ca_catalog_colleague_limits(Snapshot snapshot, const CaId *member, CaColleagueLimitRow **rows);
extern int ca_catalog_delegations_of(Snapshot snapshot, const CaId *member, CaDelegationRow **rows);
extern int ca_catalog_delegations_for_client(Snapshot snapshot, const CaId *client, CaDelegationRow **rows);

/*
 * Many rows at once.  A visitor gets each row, and copies what it keeps.
 */
typedef void (*CaClientVisitor)(void *arg, const CaClientRow *row);
typedef void (*CaLinkVisitor)(void *arg, const CaId *client, const CaClientLinkRow *row);
typedef void (*CaShareVisitor)(void *arg, const CaId *client, const CaChartShareRow *row);
typedef void (*CaRevocationVisitor)(void *arg, const CaId *client, const CaId *member);
typedef void (*CaEmergencyVisitor)(void *arg, const CaId *client, const CaEmergencyRow *row);
typedef void (*CaDelegationVisitor)(void *arg, const CaDelegationRow *row);
typedef void (*CaMemberRoleVisitor)(void *arg, const CaId *member, const char *role);

/* Of a practice; of the second those that are shared with all. */
extern void ca_catalog_each_client(Snapshot snapshot, const CaId *practice, CaClientVisitor visit, void *arg);
extern void ca_catalog_each_client_shared_with_all(Snapshot snapshot, const CaId *practice, CaClientVisitor visit, void *arg);

/* Of members: their roles, links, shares to them, what concerns them, delegations to them. */
extern void ca_catalog_each_member_role(Snapshot snapshot, const CaId *members, int n, CaMemberRoleVisitor visit, void *arg);
extern void ca_catalog_each_link(Snapshot snapshot, const CaId *members, int n, CaLinkVisitor visit, void *arg);
extern void ca_catalog_each_share(Snapshot snapshot, const CaId *members, int n, CaShareVisitor visit, void *arg);
extern void ca_catalog_each_revocation(Snapshot snapshot, const CaId *members, int n, CaRevocationVisitor visit, void *arg);
extern void ca_catalog_each_emergency(Snapshot snapshot, const CaId *members, int n, CaEmergencyVisitor visit, void *arg);
extern void ca_catalog_each_delegation(Snapshot snapshot, const CaId *members, int n, CaDelegationVisitor visit, void *arg);

extern int ca_catalog_member_rows(Snapshot snapshot, const CaId *practice, CaMemberRow **rows);

/* Those of them who have any. */
extern CaIdSet *ca_catalog_members_with_permissions(Snapshot snapshot, const CaId *members, int n);
extern CaIdSet *ca_catalog_members_with_limits(Snapshot snapshot, const CaId *members, int n);
extern CaIdSet *ca_catalog_members_with_delegations(Snapshot snapshot, const CaId *members, int n);

/* Room for one more, zeroed, at the end of an array that grows by doubling. */
extern void *ca_catalog_one_more(void *rows, int count, Size size);

#define CA_APPEND(rows, count, type)                                \
	(*(rows) = ca_catalog_one_more(*(rows), (count), sizeof(type)), \
	 memset(&(*(rows))[count], 0, sizeof(type)), &(*(rows))[(count)++])

/*
 * About how many there are, from the index alone: rows that the snapshot does
 * not show count too.  Never more than the limit.
 */
#define CA_CLIENTS_COUNTED 5000
#define CA_LINKS_COUNTED 20000
extern int64 ca_catalog_count_clients(Snapshot snapshot, const CaId *practice, int64 limit);
extern int64 ca_catalog_count_links(Snapshot snapshot, const CaId *members, int n, int64 limit);

/* About how many clients there are in all practices: the planner's statistics. */
extern double ca_catalog_clients_in_all(void);

/*
 * Has somebody else given to or taken from the member, or written a client or a
 * group of the practice, since the transaction's snapshot?
 */
extern bool ca_catalog_newer_for_member(const CaId *member);
extern bool ca_catalog_newer_for_practice(const CaId *practice);

extern bool ca_catalog_has_groups(Snapshot snapshot, const CaId *practice);

/* Through a role of the practice, or given to the member. */
extern bool ca_catalog_has_capability(Snapshot snapshot, const CaId *practice,
									  const CaId *member, const char *capability);

/* Did the member ever hold a practitioner's part: a role now, or a link? */
extern bool ca_catalog_ever_practitioner(Snapshot snapshot, const CaId *member);

/* Append to the version log.  A null practice stands for all. */
extern void ca_catalog_log_change(const CaId *practice);

/*
 * Which version log that is: another one after the extension was made anew, and
 * after it was truncated, which takes entries from old snapshots, too.
 */
extern Oid ca_catalog_change_log(void);

/* Transactions whose entries are looked for in the version log. */
typedef struct CaWriters
{
	FullTransactionId        since; /* this one and all later ones */
	int                      n;     /* and these, all of them earlier */
	const FullTransactionId *others;
	bool                     from_oldest; /* read the range from the oldest on */
} CaWriters;

/*
 * Does the snapshot show an entry of one of them, of the practice or of all
 * practices?  A null practice: of all practices only.
 */
extern bool ca_catalog_changed(Snapshot snapshot, const CaId *practice, const CaWriters *writers);

/* Is each change of a fact that the snapshot could show entered into the log? */
extern bool ca_catalog_changes_are_logged(Snapshot snapshot);

/* Is one of our policies in force on the relation? */
extern bool ca_catalog_is_protected(Oid relid);

/* Is it, or is it the event log, whose rows are hidden by its view? */
extern bool ca_catalog_hides_rows(Oid relid);

/* Has the role the rights of the relation's owner? */
extern bool ca_catalog_owns(Oid role, Oid relid);

/* A function of the schema; invalid if there is none.  Nobody's rights are asked. */
extern Oid ca_catalog_function(const char *name, const Oid *types, int ntypes);

/* The function whose EXECUTE right makes a database administrator. */
extern Oid ca_catalog_administrator_marker(void);

#endif /* CA_CATALOG_H */
