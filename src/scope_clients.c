/*-------------------------------------------------------------------------
 *
 * scope_clients.c
 *	  The clients of a scope, read one by one or all at once.
 *
 * A page of a list names some tens of clients: they are read one by one.  A
 * report names most of the practice: reading each by several index scans would
 * take many times as long as reading all of them together.  So when a
 * considerable part has been read one by one, the rest is read at once.
 *
 * An error leaves the clients unread that it concerns, never half read: their
 * facts are put in place when all of them are there.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "catalog.h"
#include "scope_internal.h"

/* So many are read one by one before anybody thinks of reading them all. */
#define FEW_CLIENTS 256

/* They are read all when at least one in so many has been read. */
#define READ_ALL_FROM 20

/*
 * Entries
 */

CaRef
ca_scope_client_ref(CaScope *scope, const CaId *id)
{
	ClientList *list = &scope->clients;

	/* Room first: a number without a place for its facts must not come to be. */
	if (ca_idset_count(list->ids) >= list->allocated)
	{
		int          allocated = Max(64, 2 * list->allocated);
		ClientFacts *facts;

		facts = ca_scope_keep(scope, allocated * sizeof(ClientFacts));
		if (list->allocated > 0)
		{
			memcpy(facts, list->facts, list->allocated * sizeof(ClientFacts));
			pfree(list->facts);
		}
		list->facts = facts;
		list->allocated = allocated;
	}
	return ca_idset_intern(list->ids, id);
}

static void
unpack(const ClientFacts *facts, CaRef ref, CaClient *client)
{
	memset(client, 0, sizeof(CaClient));
	client->ref = ref;
	client->practice = CA_REF_PRACTICE;
	client->deleted = facts->deleted;
	client->shared_with_all = facts->shared_with_all;
	client->nlinks = facts->nlinks;
	if (!facts->has_exceptions)
	{
		client->links = facts->u.links;
		return;
	}
	client->links = facts->u.exceptions->links;
	client->nshares = facts->u.exceptions->nshares;
	client->shares = facts->u.exceptions->shares;
	client->revoked = facts->u.exceptions->revoked;
	client->emergencies = facts->u.exceptions->emergencies;
	client->supervised = facts->u.exceptions->supervised;
}

/*
 * What rows come to
 */

static CaLinkState
link_state(CaScope *scope, const CaClientLinkRow *row)
{
	if (!row->active || ca_scope_reached(scope, row->valid_until))
		return CA_LINK_ENDED;
	return ca_scope_begun(scope, row->valid_from) ? CA_LINK_CURRENT : CA_LINK_FUTURE;
}

static void
fill_link(CaScope *scope, const CaClientLinkRow *row, CaLink *link)
{
	link->member = ca_scope_member_number(scope, &row->member);
	link->kind = ca_scope_known(ca_link_kind_number(row->kind), row->kind);
	link->state = link_state(scope, row);
}

static bool
share_runs(CaScope *scope, const CaChartShareRow *row)
{
	return row->stopped == CA_NEVER && ca_scope_begun(scope, row->started) &&
		   !ca_scope_reached(scope, row->valid_until);
}

static void
add_share(CaScope *scope, ClientExceptions *exceptions, const CaChartShareRow *row)
{
	CaChartShare *shares = ca_scope_keep(scope, (exceptions->nshares + 1) * sizeof(CaChartShare));
	CaChartShare *share = &shares[exceptions->nshares];

	if (exceptions->nshares > 0)
		memcpy(shares, exceptions->shares, exceptions->nshares * sizeof(CaChartShare));
	share->from = ca_scope_member_number(scope, &row->from_provider);
	share->to = ca_scope_member_number(scope, &row->to_provider);
	share->include_private = row->include_private;
	exceptions->shares = shares;
	exceptions->nshares++;
}

static bool
emergency_runs(CaScope *scope, const CaEmergencyRow *row)
{
	return ca_scope_begun(scope, row->from) && !ca_scope_reached(scope, row->until);
}

static bool
names_supervisor(CaScope *scope, const CaDelegationRow *row)
{
	return strcmp(row->mode, "supervisor") == 0 && !ca_scope_reached(scope, row->valid_until);
}

/*
 * One client
 */

static void
read_links(CaScope *scope, Snapshot snapshot, const CaId *id, ClientFacts *facts)
{
	CaClientLinkRow *rows;
	int              n = ca_catalog_client_links(snapshot, id, &rows);

	if (n == 0)
		return;
	facts->u.links = ca_scope_keep(scope, n * sizeof(CaLink));
	facts->nlinks = n;
	for (int i = 0; i < n; i++)
		fill_link(scope, &rows[i], &facts->u.links[i]);
}

/* Is there anything in it but the links? */
static bool
is_exceptional(const ClientExceptions *exceptions)
{
	return exceptions->nshares > 0 || exceptions->revoked != NULL ||
		   exceptions->emergencies != NULL || exceptions->supervised != NULL;
}

static void
read_exceptions(CaScope *scope, Snapshot snapshot, const CaId *id, ClientFacts *facts)
{
	ClientExceptions exceptions = {0};
	CaChartShareRow *shares;
	CaId            *revoked;
	CaEmergencyRow  *emergencies;
	CaDelegationRow *delegations;
	int              n;

	n = ca_catalog_chart_shares(snapshot, id, &shares);
	for (int i = 0; i < n; i++)
	{
		if (share_runs(scope, &shares[i]))
			add_share(scope, &exceptions, &shares[i]);
	}
	n = ca_catalog_revoked_members(snapshot, id, &revoked);
	for (int i = 0; i < n; i++)
		exceptions.revoked = ca_scope_add_member(scope, exceptions.revoked, &revoked[i]);
	n = ca_catalog_emergencies(snapshot, id, &emergencies);
	for (int i = 0; i < n; i++)
	{
		if (emergency_runs(scope, &emergencies[i]))
			exceptions.emergencies = ca_scope_add_member(scope, exceptions.emergencies, &emergencies[i].member);
	}
	n = ca_catalog_delegations_for_client(snapshot, id, &delegations);
	for (int i = 0; i < n; i++)
	{
		if (names_supervisor(scope, &delegations[i]))
			exceptions.supervised = ca_scope_add_member(scope, exceptions.supervised, &delegations[i].over_member);
	}

	if (!is_exceptional(&exceptions))
		return;
	exceptions.links = facts->u.links;
	facts->u.exceptions = ca_scope_keep(scope, sizeof(ClientExceptions));
	*facts->u.exceptions = exceptions;
	facts->has_exceptions = true;
}

/*
 * A client of another practice is none of this one.  Should he become one, that
 * is a change of a fact of this practice.
 */
static void
read_client(CaScope *scope, Snapshot snapshot, const CaId *id, ClientFacts *facts)
{
	CaClientRow row;

	memset(facts, 0, sizeof(ClientFacts));
	facts->looked = true;
	if (!scope->has_practice || !ca_catalog_client(snapshot, id, &row) ||
		!ca_id_equal(&row.practice, &scope->practice_id))
		return;
	facts->exists = true;
	facts->deleted = row.deleted;
	facts->shared_with_all = row.shared_with_all;
	read_links(scope, snapshot, id, facts);
	read_exceptions(scope, snapshot, id, facts);
}

static void
look(CaScope *scope, Snapshot snapshot, CaRef ref)
{
	ClientFacts   facts = {.looked = true};
	CaId          id;
	MemoryContext before;
	MemoryContext reading;

	if (!scope->clients.complete)
	{
		reading = ca_scope_begin_reading(&before);
		ca_idset_get(scope->clients.ids, ref, &id);
		read_client(scope, snapshot, &id, &facts);
		ca_scope_end_reading(reading, before);
	}
	scope->clients.facts[ref] = facts;
	scope->clients.looked++;
}

/* Have so many been read that reading all of them costs less than going on? */
static bool
should_read_all(CaScope *scope, Snapshot snapshot)
{
	ClientList *list = &scope->clients;

	if (list->complete || !scope->has_practice || list->looked < Max(FEW_CLIENTS, list->next_count))
		return false;
	if (ca_catalog_count_clients(snapshot, &scope->practice_id, (int64) READ_ALL_FROM * list->looked) <
		(int64) READ_ALL_FROM * list->looked)
		return true;
	list->next_count = 2 * list->looked;
	return false;
}

bool
ca_scope_client_by_ref(CaScope *scope, Snapshot snapshot, CaRef ref, CaClient *client)
{
	if (!scope->clients.facts[ref].looked && should_read_all(scope, snapshot))
		ca_scope_read_all_clients(scope, snapshot);
	if (!scope->clients.facts[ref].looked)
		look(scope, snapshot, ref);
	if (!scope->clients.facts[ref].exists)
		return false;
	unpack(&scope->clients.facts[ref], ref, client);
	return true;
}

bool
ca_scope_client(CaScope *scope, Snapshot snapshot, const CaId *id, CaClient *client)
{
	/* Where all clients of the practice are known, others need no number. */
	if (scope->clients.complete && ca_scope_client_number(scope, id) < 0)
		return false;
	return ca_scope_client_by_ref(scope, snapshot, ca_scope_client_ref(scope, id), client);
}

CaClient
ca_scope_as_if_archived(const CaClient *client)
{
	CaClient archived = *client;

	archived.deleted = false;
	return archived;
}

double
ca_scope_count_clients(CaScope *scope, Snapshot snapshot)
{
	if (scope->client_count < 0)
		scope->client_count = scope->has_practice
								  ? ca_catalog_count_clients(snapshot, &scope->practice_id, CA_CLIENTS_COUNTED)
								  : 0;
	return scope->client_count;
}

/*
 * All clients
 */

typedef struct ReadLink
{
	CaRef  client;
	CaLink link;
} ReadLink;

typedef struct ReadClient
{
	CaRef ref;
	bool  deleted;
	bool  shared_with_all;
} ReadClient;

/* What is read of all clients, before any of it counts. */
typedef struct AllClients
{
	CaScope           *scope;
	ReadClient        *clients;
	int                nclients;
	ReadLink          *links;
	int                nlinks;
	int                nnumbers;   /* of the arrays by client's number */
	ClientExceptions **exceptions; /* by number */
} AllClients;

static void
gather_client(void *arg, const CaClientRow *row)
{
	AllClients *all = arg;
	ReadClient *client;

	CHECK_FOR_INTERRUPTS();
	client = CA_APPEND(&all->clients, all->nclients, ReadClient);
	client->ref = ca_scope_client_ref(all->scope, &row->id);
	client->deleted = row->deleted;
	client->shared_with_all = row->shared_with_all;
}

static void
gather_link(void *arg, const CaId *client, const CaClientLinkRow *row)
{
	AllClients *all = arg;
	ReadLink   *link;

	link = CA_APPEND(&all->links, all->nlinks, ReadLink);
	link->client = ca_scope_client_ref(all->scope, client);
	fill_link(all->scope, row, &link->link);
}

/* Null for one who is not there: such a fact means nothing. */
static ClientExceptions *
exceptions_of(AllClients *all, const CaId *client)
{
	CaRef ref = ca_scope_client_number(all->scope, client);

	if (ref < 0 || ref >= all->nnumbers)
		return NULL;
	if (all->exceptions[ref] == NULL)
		all->exceptions[ref] = ca_scope_keep(all->scope, sizeof(ClientExceptions));
	return all->exceptions[ref];
}

static void
gather_share(void *arg, const CaId *client, const CaChartShareRow *row)
{
	AllClients       *all = arg;
	ClientExceptions *exceptions = exceptions_of(all, client);

	if (exceptions != NULL && share_runs(all->scope, row))
		add_share(all->scope, exceptions, row);
}

static void
gather_revocation(void *arg, const CaId *client, const CaId *member)
{
	AllClients       *all = arg;
	ClientExceptions *exceptions = exceptions_of(all, client);

	if (exceptions != NULL)
		exceptions->revoked = ca_scope_add_member(all->scope, exceptions->revoked, member);
}

static void
gather_emergency(void *arg, const CaId *client, const CaEmergencyRow *row)
{
	AllClients       *all = arg;
	ClientExceptions *exceptions = exceptions_of(all, client);

	if (exceptions != NULL && emergency_runs(all->scope, row))
		exceptions->emergencies = ca_scope_add_member(all->scope, exceptions->emergencies, &row->member);
}

static void
gather_delegation(void *arg, const CaDelegationRow *row)
{
	AllClients       *all = arg;
	ClientExceptions *exceptions = row->has_client ? exceptions_of(all, &row->client) : NULL;

	if (exceptions != NULL && names_supervisor(all->scope, row))
		exceptions->supervised = ca_scope_add_member(all->scope, exceptions->supervised, &row->over_member);
}

/* Where each client's links begin in one array; the last is where they end. */
static uint32 *
sort_links(AllClients *all, CaLink *links)
{
	uint32 *begin = MemoryContextAllocExtended(CurrentMemoryContext, ((Size) all->nnumbers + 2) * sizeof(uint32),
											   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);

	for (int i = 0; i < all->nlinks; i++)
		begin[all->links[i].client + 2]++;
	for (int i = 2; i < all->nnumbers + 2; i++)
		begin[i] += begin[i - 1];
	for (int i = 0; i < all->nlinks; i++)
		links[begin[all->links[i].client + 1]++] = all->links[i].link;
	return begin;
}

/* Nothing here can fail. */
static void
put_in_place(AllClients *all, CaLink *links, const uint32 *begin)
{
	for (int i = 0; i < all->nclients; i++)
	{
		const ReadClient *client = &all->clients[i];
		ClientFacts      *facts = &all->scope->clients.facts[client->ref];
		ClientExceptions *exceptions = all->exceptions[client->ref];

		if (facts->looked)
			continue;
		facts->looked = true;
		facts->exists = true;
		facts->deleted = client->deleted;
		facts->shared_with_all = client->shared_with_all;
		facts->nlinks = begin[client->ref + 1] - begin[client->ref];
		facts->u.links = links + begin[client->ref];
		if (exceptions != NULL && is_exceptional(exceptions))
		{
			exceptions->links = facts->u.links;
			facts->u.exceptions = exceptions;
			facts->has_exceptions = true;
		}
	}
	all->scope->clients.complete = true;
	all->scope->client_count = all->nclients;
}

void
ca_scope_read_all_clients(CaScope *scope, Snapshot snapshot)
{
	AllClients    all = {.scope = scope};
	MemoryContext before;
	MemoryContext reading;
	CaId         *members;
	int           n;
	CaLink       *links;

	if (scope->clients.complete || !scope->has_practice)
		return;
	reading = ca_scope_begin_reading(&before);
	n = ca_catalog_members(snapshot, &scope->practice_id, &members);
	ca_catalog_each_client(snapshot, &scope->practice_id, gather_client, &all);
	ca_catalog_each_link(snapshot, members, n, gather_link, &all);
	all.nnumbers = ca_idset_count(scope->clients.ids);
	all.exceptions = MemoryContextAllocExtended(reading, ((Size) all.nnumbers + 1) * sizeof(ClientExceptions *),
												MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	ca_catalog_each_share(snapshot, members, n, gather_share, &all);
	ca_catalog_each_revocation(snapshot, members, n, gather_revocation, &all);
	ca_catalog_each_emergency(snapshot, members, n, gather_emergency, &all);
	ca_catalog_each_delegation(snapshot, members, n, gather_delegation, &all);

	links = ca_scope_keep(scope, ((Size) all.nlinks + 1) * sizeof(CaLink));
	put_in_place(&all, links, sort_links(&all, links));
	ca_scope_end_reading(reading, before);
}
