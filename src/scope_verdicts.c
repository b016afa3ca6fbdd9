/*-------------------------------------------------------------------------
 *
 * scope_verdicts.c
 *	  Verdicts: what the decision comes to for each client.
 *
 * A row filter asks for the same member, category and actions, row after row.
 * For most clients the answer is the same whoever wrote the record.  Two
 * questions to ca_decide() tell: whether there could be a record that he may
 * (no author asked), and whether he may even where the author is unknown, who
 * equals nobody and is in no set.  A no to the first is a no for every author,
 * a yes to the second a yes for every author; in between it depends on him.
 *
 * Contract.  Verdicts belong to a scope and follow from its facts, so they hold
 * as long as it does.  They are forgotten with it, or before, when nobody has a
 * pin on it and memory is short.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/uuid.h"

#include "catalog.h"
#include "compat.h"
#include "scope_internal.h"

/* Answers by client and author; a later one takes an earlier one's place. */
#define AUTHOR_ANSWERS 1024

typedef struct AuthorAnswer
{
	CaRef client;
	CaRef author;
	bool  known;
	bool  allowed;
} AuthorAnswer;

/* An array made for a type of columns. */
typedef struct TypedArray
{
	Oid                type;
	bool               whoever_the_author;
	Datum              array;
	struct TypedArray *next;
} TypedArray;

struct CaVerdicts
{
	CaVerdicts     *next; /* of the same member */
	CaScope        *scope;
	MemoryContext   cxt;
	const CaMember *member;
	int             category;
	uint8           actions;

	int           allocated;
	uint8        *by_client; /* CaVerdict, by the client's number */
	AuthorAnswer *answers;

	bool   complete;
	CaRef *clients; /* all that are not refused */
	int    nclients;

	TypedArray *arrays;
	bool        estimated;
	CaEstimate  estimate;
};

/*
 * Life
 */

static CaVerdicts *
begin_verdicts(CaScope *scope, MemberEntry *entry, int category, uint8 actions)
{
	MemoryContext cxt = AllocSetContextCreate(scope->cxt, "careaccess verdicts", ALLOCSET_SMALL_SIZES);
	CaVerdicts   *verdicts = MemoryContextAllocZero(cxt, sizeof(CaVerdicts));

	verdicts->scope = scope;
	verdicts->cxt = cxt;
	verdicts->member = &entry->facts;
	verdicts->category = category;
	verdicts->actions = actions;
	verdicts->next = entry->verdicts;
	entry->verdicts = verdicts;
	return verdicts;
}

CaVerdicts *
ca_scope_verdicts(CaScope *scope, Snapshot snapshot, const CaMember *member,
				  int category, uint8 actions)
{
	MemberEntry *entry = scope->members.entries[member->ref];

	Assert(&entry->facts == member);
	for (CaVerdicts *v = entry->verdicts; v != NULL; v = v->next)
	{
		if (v->category == category && v->actions == actions)
			return v;
	}
	return begin_verdicts(scope, entry, category, actions);
}

void
ca_scope_forget_verdicts(CaScope *scope)
{
	int n = ca_idset_count(scope->members.ids);

	for (int i = 0; i < n; i++)
	{
		MemberEntry *entry = scope->members.entries[i];

		while (entry != NULL && entry->verdicts != NULL)
		{
			CaVerdicts *verdicts = entry->verdicts;

			entry->verdicts = verdicts->next;
			MemoryContextDelete(verdicts->cxt);
		}
	}
}

/*
 * One client
 */

static CaVerdict
decide(CaVerdicts *v, Snapshot snapshot, const CaClient *client)
{
	static const CaRef unknown = CA_REF_UNKNOWN;
	CaVerdict          verdict = CA_VERDICT_YES;

	if ((v->actions & CA_ACTIONS_ALL) == 0)
		return CA_VERDICT_NO;
	for (CaAction action = CA_ACTION_VIEW; action <= CA_ACTION_DELETE; action++)
	{
		if ((v->actions & CA_ACTION_BIT(action)) == 0)
			continue;
		if (!ca_scope_decide(v->scope, snapshot, v->member, client, v->category, action, NULL, NULL).allowed)
			return CA_VERDICT_NO;
		if (verdict == CA_VERDICT_YES &&
			!ca_scope_decide(v->scope, snapshot, v->member, client, v->category, action, &unknown, NULL).allowed)
			verdict = CA_VERDICT_BY_AUTHOR;
	}
	return verdict;
}

CaVerdict
ca_verdicts_known(const CaVerdicts *v, CaRef client)
{
	return client >= 0 && client < v->allocated ? v->by_client[client] : CA_VERDICT_OPEN;
}

static void
make_room(CaVerdicts *v, CaRef client)
{
	int    allocated = Max(256, v->allocated);
	uint8 *by_client;

	while (allocated <= client)
		allocated *= 2;
	by_client = MemoryContextAllocExtended(v->cxt, allocated, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	if (v->allocated > 0)
	{
		memcpy(by_client, v->by_client, v->allocated);
		pfree(v->by_client);
	}
	v->by_client = by_client;
	v->allocated = allocated;
}

static CaVerdict
verdict_on(CaVerdicts *v, Snapshot snapshot, CaRef ref)
{
	CaVerdict verdict = ca_verdicts_known(v, ref);
	CaClient  client;

	if (verdict != CA_VERDICT_OPEN)
		return verdict;
	verdict = ca_scope_client_by_ref(v->scope, snapshot, ref, &client)
				  ? decide(v, snapshot, &client)
				  : CA_VERDICT_NO;
	if (ref >= v->allocated)
		make_room(v, ref);
	v->by_client[ref] = verdict;
	return verdict;
}

CaVerdict
ca_verdicts_client(CaVerdicts *v, Snapshot snapshot, const CaId *id, CaRef *ref)
{
	*ref = ca_scope_client_number(v->scope, id);
	if (*ref < 0)
	{
		/* Where all clients of the practice are known, others need no number. */
		if (v->scope->clients.complete)
			return CA_VERDICT_NO;
		*ref = ca_scope_client_ref(v->scope, id);
	}
	return verdict_on(v, snapshot, *ref);
}

static bool
allowed_for_author(CaVerdicts *v, Snapshot snapshot, CaRef ref, CaRef author)
{
	CaClient client;

	if (!ca_scope_client_by_ref(v->scope, snapshot, ref, &client))
		return false;
	for (CaAction action = CA_ACTION_VIEW; action <= CA_ACTION_DELETE; action++)
	{
		if ((v->actions & CA_ACTION_BIT(action)) != 0 &&
			!ca_scope_decide(v->scope, snapshot, v->member, &client, v->category, action, &author, NULL).allowed)
			return false;
	}
	return true;
}

bool
ca_verdicts_author(CaVerdicts *v, Snapshot snapshot, CaRef client, CaRef author)
{
	AuthorAnswer *answer;

	if (v->answers == NULL)
		v->answers = MemoryContextAllocZero(v->cxt, AUTHOR_ANSWERS * sizeof(AuthorAnswer));
	answer = &v->answers[((uint32) client * 31 + (uint32) author) % AUTHOR_ANSWERS];
	if (!answer->known || answer->client != client || answer->author != author)
	{
		bool allowed = allowed_for_author(v, snapshot, client, author);

		answer->client = client;
		answer->author = author;
		answer->allowed = allowed;
		answer->known = true;
	}
	return answer->allowed;
}

/*
 * All clients
 *
 * Where each permission reaches only clients with a link to one of some members,
 * those are looked through, and the rest of the practice is not read.
 */
typedef struct Candidates
{
	CaVerdicts *v;
	bool        wide;            /* any client of the practice may be one */
	bool        shared_with_all; /* those, too */
	Bitmapset  *members;         /* whose links lead to them */
	CaRef      *clients;
	int         nclients;
} Candidates;

static void
add_candidate(Candidates *c, const CaId *client)
{
	*CA_APPEND(&c->clients, c->nclients, CaRef) = ca_scope_client_ref(c->v->scope, client);
}

static void
add_set(Candidates *c, const CaMemberSet *set)
{
	if (set->everybody)
		c->wide = true;
	else
		c->members = bms_add_members(c->members, set->members);
}

static void
add_reach(Candidates *c, const CaMember *member, CaReach reach)
{
	switch (reach)
	{
		case CA_REACH_ALL:
			c->wide = true;
			break;
		case CA_REACH_OWN:
			c->members = bms_add_member(c->members, member->ref);
			c->shared_with_all |= member->practitioner;
			break;
		case CA_REACH_GROUP:
			add_reach(c, member, CA_REACH_OWN);
			add_set(c, &member->accessible);
			break;
		case CA_REACH_MANAGED:
			add_set(c, &member->managed);
			break;
		case CA_REACH_DELEGATED:
			break; /* see add_delegations() */
	}
}

/* Denials, and what takes a permission away otherwise, are left to the decision. */
static void
add_permissions(Candidates *c, const CaMember *member)
{
	for (int i = 0; i < member->npermissions; i++)
	{
		const CaPermission *permission = &member->permissions[i];

		if (permission->category == c->v->category && !permission->deny)
			add_reach(c, member, permission->reach);
	}
}

static void
add_delegations(Candidates *c, const CaMember *member)
{
	for (int i = 0; i < member->ndelegations; i++)
	{
		const CaDelegation *delegation = &member->delegations[i];

		if ((delegation->categories & CA_CATEGORY_BIT(c->v->category)) == 0)
			continue;
		if (delegation->mode != CA_DELEGATION_CONTEXT)
			c->members = bms_add_member(c->members, delegation->over);
		else if (delegation->over_member != NULL)
			add_permissions(c, delegation->over_member);
	}
}

static void
begin_candidates(CaVerdicts *v, Candidates *c)
{
	memset(c, 0, sizeof(Candidates));
	c->v = v;
	add_permissions(c, v->member);
	add_delegations(c, v->member);
}

static CaId *
ids_of_members(CaScope *scope, const Bitmapset *members, int *n)
{
	CaId *ids = palloc((bms_num_members(members) + 1) * sizeof(CaId));
	int   ref = -1;

	*n = 0;
	while ((ref = bms_next_member(members, ref)) >= 0)
		ca_scope_member_id(scope, ref, &ids[(*n)++]);
	return ids;
}

static void
visit_link(void *arg, const CaId *client, const CaClientLinkRow *row)
{
	add_candidate(arg, client);
}

static void
visit_client(void *arg, const CaClientRow *row)
{
	CHECK_FOR_INTERRUPTS();
	add_candidate(arg, &row->id);
}

static void
visit_emergency(void *arg, const CaId *client, const CaEmergencyRow *row)
{
	add_candidate(arg, client);
}

static void
find_candidates(Candidates *c, Snapshot snapshot)
{
	CaScope *scope = c->v->scope;
	int      n;
	CaId    *ids = ids_of_members(scope, c->members, &n);
	CaId     own;

	ca_catalog_each_link(snapshot, ids, n, visit_link, c);
	if (c->shared_with_all)
		ca_catalog_each_client_shared_with_all(snapshot, &scope->practice_id, visit_client, c);
	ca_scope_member_id(scope, c->v->member->ref, &own);
	ca_catalog_each_emergency(snapshot, &own, 1, visit_emergency, c);
}

/* Up to so many are read one by one without a thought. */
#define FEW_CANDIDATES 500

/* Reading all clients costs per client about a tenth of reading one. */
#define READING_ALL_PAYS 10

static void
take_client(CaVerdicts *v, Snapshot snapshot, CaRef ref)
{
	CaVerdict verdict = verdict_on(v, snapshot, ref);

	if (verdict == CA_VERDICT_YES || verdict == CA_VERDICT_BY_AUTHOR)
		v->clients[v->nclients++] = ref;
}

static void
take_all(CaVerdicts *v, Snapshot snapshot)
{
	int n;

	ca_scope_read_all_clients(v->scope, snapshot);
	n = ca_idset_count(v->scope->clients.ids);
	v->nclients = 0;
	v->clients = MemoryContextAllocHuge(v->cxt, ((Size) n + 1) * sizeof(CaRef));
	for (CaRef ref = 0; ref < n; ref++)
	{
		CHECK_FOR_INTERRUPTS();
		take_client(v, snapshot, ref);
	}
}

static int
compare_refs(const void *a, const void *b)
{
	return *(const CaRef *) a < *(const CaRef *) b ? -1 : *(const CaRef *) a > *(const CaRef *) b;
}

static void
take_candidates(CaVerdicts *v, Snapshot snapshot, Candidates *c)
{
	v->nclients = 0;
	v->clients = MemoryContextAllocHuge(v->cxt, ((Size) c->nclients + 1) * sizeof(CaRef));
	if (c->nclients > 0)
		qsort(c->clients, c->nclients, sizeof(CaRef), compare_refs);
	for (int i = 0; i < c->nclients; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (i == 0 || c->clients[i] != c->clients[i - 1])
			take_client(v, snapshot, c->clients[i]);
	}
}

/* Is it less work to read all clients of the practice than each of so many? */
static bool
reading_all_pays(CaScope *scope, Snapshot snapshot, int n)
{
	int64 limit = (int64) READING_ALL_PAYS * n;

	return n > FEW_CANDIDATES &&
		   ca_catalog_count_clients(snapshot, &scope->practice_id, limit) < limit;
}

static void
complete(CaVerdicts *v, Snapshot snapshot)
{
	MemoryContext before;
	MemoryContext reading = ca_scope_begin_reading(&before);
	Candidates    c;

	begin_candidates(v, &c);
	if (c.wide)
		take_all(v, snapshot);
	else
	{
		find_candidates(&c, snapshot);
		if (!v->scope->clients.complete && reading_all_pays(v->scope, snapshot, c.nclients))
			ca_scope_read_all_clients(v->scope, snapshot);
		take_candidates(v, snapshot, &c);
	}
	v->complete = true;
	ca_scope_end_reading(reading, before);
}

int
ca_verdicts_clients(CaVerdicts *v, Snapshot snapshot, const CaRef **refs)
{
	if (!v->complete)
		complete(v, snapshot);
	*refs = v->clients;
	return v->nclients;
}

/*
 * Arrays
 */

/* Elements of the type that stand for one client; the result is their number. */
static int
elements_of(const CaId *id, Oid type, Datum *elements)
{
	switch (type)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
		{
			int64 value;

			if (!ca_id_to_int64(id, &value))
				return 0;
			if (type == INT2OID && (value < PG_INT16_MIN || value > PG_INT16_MAX))
				return 0;
			if (type == INT4OID && (value < PG_INT32_MIN || value > PG_INT32_MAX))
				return 0;
			elements[0] = type == INT2OID ? Int16GetDatum((int16) value)
										  : (type == INT4OID ? Int32GetDatum((int32) value) : Int64GetDatum(value));
			return 1;
		}
		case UUIDOID:
		{
			pg_uuid_t *uuid;

			if (id->data[0] != CA_ID_UUID)
				return 0;
			uuid = palloc(sizeof(pg_uuid_t));
			memcpy(uuid->data, id->data + 1, UUID_LEN);
			elements[0] = UUIDPGetDatum(uuid);
			return 1;
		}
		case TEXTOID:
		{
			char *text = ca_id_to_cstring(id);

			elements[0] = CStringGetTextDatum(text);
			if (id->data[0] != CA_ID_UUID)
				return 1;
			/* A uuid may be written in capitals, too. */
			for (char *c = text; *c != '\0'; c++)
				*c = pg_ascii_toupper((unsigned char) *c);
			elements[1] = CStringGetTextDatum(text);
			return 2;
		}
		default: /* careaccess.id itself */
			elements[0] = ca_id_to_datum(id);
			return 1;
	}
}

static ArrayType *
array_of(Datum *elements, int n, Oid type)
{
	int16 typlen;
	bool  typbyval;
	char  typalign;

	get_typlenbyvalalign(type, &typlen, &typbyval, &typalign);
	return construct_array(elements, n, type, typlen, typbyval, typalign);
}

Datum
ca_scope_array_of_client(const CaId *id, Oid type)
{
	Datum elements[2];
	int   n = elements_of(id, type, elements);

	return PointerGetDatum(array_of(elements, n, type));
}

static Datum
make_array(CaVerdicts *v, Oid type, bool whoever_the_author)
{
	Datum     *elements = MemoryContextAllocHuge(CurrentMemoryContext, (2 * (Size) v->nclients + 1) * sizeof(Datum));
	int        n = 0;
	ArrayType *array;
	ArrayType *kept;

	for (int i = 0; i < v->nclients; i++)
	{
		CaId id;

		if (whoever_the_author && ca_verdicts_known(v, v->clients[i]) != CA_VERDICT_YES)
			continue;
		ca_scope_client_id(v->scope, v->clients[i], &id);
		n += elements_of(&id, type, &elements[n]);
	}
	array = array_of(elements, n, type);
	kept = MemoryContextAllocHuge(v->cxt, VARSIZE(array));
	memcpy(kept, array, VARSIZE(array));
	return PointerGetDatum(kept);
}

Datum
ca_verdicts_array(CaVerdicts *v, Snapshot snapshot, Oid type, bool whoever_the_author)
{
	TypedArray   *entry;
	MemoryContext before;
	MemoryContext reading;

	for (entry = v->arrays; entry != NULL; entry = entry->next)
	{
		if (entry->type == type && entry->whoever_the_author == whoever_the_author)
			return entry->array;
	}
	if (!v->complete)
		complete(v, snapshot);
	entry = MemoryContextAllocZero(v->cxt, sizeof(TypedArray));
	reading = ca_scope_begin_reading(&before);
	entry->array = make_array(v, type, whoever_the_author);
	ca_scope_end_reading(reading, before);
	entry->type = type;
	entry->whoever_the_author = whoever_the_author;
	entry->next = v->arrays;
	v->arrays = entry;
	return entry->array;
}

/*
 * Estimates
 */

static double
estimate_visible(CaVerdicts *v, Snapshot snapshot, double clients)
{
	MemoryContext before;
	MemoryContext reading;
	Candidates    c;
	double        visible = clients;

	if (v->complete)
		return v->nclients;
	reading = ca_scope_begin_reading(&before);
	begin_candidates(v, &c);
	if (!c.wide)
	{
		int   n;
		CaId *ids = ids_of_members(v->scope, c.members, &n);

		visible = Min(clients, ca_catalog_count_links(snapshot, ids, n, CA_LINKS_COUNTED));
	}
	ca_scope_end_reading(reading, before);
	return visible;
}

double
ca_scope_clients_in_all(void)
{
	return ca_catalog_clients_in_all();
}

void
ca_verdicts_estimate(CaVerdicts *v, Snapshot snapshot, CaEstimate *estimate)
{
	if (!v->estimated)
	{
		double clients = ca_scope_count_clients(v->scope, snapshot);

		if (clients >= CA_CLIENTS_COUNTED && !v->scope->clients.complete)
			clients = Max(clients, ca_catalog_clients_in_all());
		v->estimate.clients = clients;
		v->estimate.visible = estimate_visible(v, snapshot, clients);
		v->estimated = true;
	}
	*estimate = v->estimate;
}
