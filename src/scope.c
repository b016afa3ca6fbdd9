/*-------------------------------------------------------------------------
 *
 * scope.c
 *	  The facts of one snapshot and instant, gathered as they are asked for.
 *
 * Contract.  A scope belongs to what one snapshot shows (version.c says when
 * two snapshots show the same) and to one instant.  It is filled lazily: the
 * practice, members and clients that questions name, each read once, under a
 * snapshot that the scope fits.  A fact that has been read never changes; a
 * scope that no longer fits is not mended but left, and another one is begun.
 * So a statement decides by exactly the rights that its snapshot shows.
 *
 * Lifetime.  Whoever uses a scope holds a pin on it, which belongs to a memory
 * context, so that an error releases it.  The latest scope stays
 * without a pin, for the next question of the same statement, until another
 * one is begun or the transaction ends.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "catalog.h"
#include "scope_internal.h"

struct CaPin
{
	CaScope              *scope;
	MemoryContextCallback callback;
};

static CaScope *latest = NULL;
static uint64   scopes_begun = 0;

/*
 * Life of a scope
 */

static void
init_entries(EntryList *list, MemoryContext cxt)
{
	list->ids = ca_idset_create(cxt, 0);
}

static CaScope *
begin_scope(Snapshot snapshot, TimestampTz now)
{
	MemoryContext cxt = AllocSetContextCreate(TopMemoryContext, "careaccess scope",
											  ALLOCSET_DEFAULT_SIZES);
	CaScope      *scope = MemoryContextAllocZero(cxt, sizeof(CaScope));

	scope->cxt = cxt;
	scope->now = now;
	scope->begun = Max(now, GetCurrentTimestamp());
	scope->serial = ++scopes_begun;
	ca_version_stamp(snapshot, cxt, &scope->stamp);
	init_entries(&scope->practices, cxt);
	init_entries(&scope->members, cxt);
	init_entries(&scope->clients, cxt);
	return scope;
}

static void
drop_if_unused(CaScope *scope)
{
	if (scope->pins == 0 && scope != latest)
		MemoryContextDelete(scope->cxt);
}

static void
set_latest(CaScope *scope)
{
	CaScope *former = latest;

	latest = scope;
	if (former != NULL && former != scope)
		drop_if_unused(former);
}

static bool
fits(const CaScope *scope, Snapshot snapshot, TimestampTz now)
{
	return scope->now == now && ca_version_same(&scope->stamp, snapshot);
}

static void
unpin(CaPin *pin)
{
	CaScope *scope = pin->scope;

	pin->scope = NULL;
	if (scope != NULL)
	{
		Assert(scope->pins > 0);
		scope->pins--;
		drop_if_unused(scope);
	}
}

static void
unpin_callback(void *pin)
{
	unpin(pin);
}

static CaPin *
make_pin(MemoryContext cxt)
{
	CaPin *pin = MemoryContextAllocZero(cxt, sizeof(CaPin));

	pin->callback.func = unpin_callback;
	pin->callback.arg = pin;
	MemoryContextRegisterResetCallback(cxt, &pin->callback);
	return pin;
}

CaScope *
ca_scope_acquire(CaPin **pin, MemoryContext cxt, Snapshot snapshot, TimestampTz now)
{
	if (*pin == NULL)
		*pin = make_pin(cxt);
	if ((*pin)->scope != NULL)
	{
		if (fits((*pin)->scope, snapshot, now))
			return (*pin)->scope;
		unpin(*pin);
	}
	if (latest == NULL || !fits(latest, snapshot, now))
		set_latest(begin_scope(snapshot, now));
	latest->pins++;
	(*pin)->scope = latest;
	return latest;
}

uint64
ca_scope_serial(const CaScope *scope)
{
	return scope->serial;
}

static void
on_transaction_end(XactEvent event, void *arg)
{
	set_latest(NULL);
}

void
ca_scope_init(void)
{
	RegisterXactCallback(on_transaction_end, NULL);
}

/*
 * Questions
 */

const CaSubject *
ca_scope_subject(CaScope *scope, Snapshot snapshot)
{
	if (!scope->subject_known || !ca_identity_unchanged(&scope->subject_key))
	{
		MemoryContext before;
		MemoryContext reading = ca_scope_begin_reading(&before);

		scope->subject_known = false;
		ca_identity_key(&scope->subject_key);
		ca_identity_subject(snapshot, scope->now, &scope->subject);
		scope->subject_known = true;
		ca_scope_end_reading(reading, before);
	}
	return &scope->subject;
}

CaRef
ca_scope_author(const CaScope *scope, const CaId *id)
{
	CaRef ref = ca_idset_find(scope->members.ids, id);

	return ref >= 0 ? ref : CA_REF_STRANGER;
}

CaRef
ca_scope_client_number(const CaScope *scope, const CaId *id)
{
	CaRef ref = ca_idset_find(scope->clients.ids, id);

	return ref >= 0 ? ref : CA_REF_STRANGER;
}

void
ca_scope_member_id(const CaScope *scope, CaRef ref, CaId *id)
{
	ca_idset_get(scope->members.ids, ref, id);
}

void
ca_scope_practice_id(const CaScope *scope, CaRef ref, CaId *id)
{
	ca_idset_get(scope->practices.ids, ref, id);
}

int
ca_scope_members_of(CaScope *scope, Snapshot snapshot, CaRef practice, CaId **ids)
{
	CaId id;

	ca_scope_practice_id(scope, practice, &id);
	return ca_catalog_members(snapshot, &id, ids);
}

int
ca_scope_clients_of(CaScope *scope, Snapshot snapshot, CaRef practice, CaId **ids)
{
	CaId id;

	ca_scope_practice_id(scope, practice, &id);
	return ca_catalog_clients(snapshot, &id, ids);
}

bool
ca_scope_has_capability(CaScope *scope, Snapshot snapshot, const CaId *member,
						const char *capability)
{
	const CaMember *facts = ca_scope_member(scope, snapshot, member);
	CaId            practice;

	if (facts == NULL || !facts->active)
		return false;
	ca_scope_practice_id(scope, facts->practice, &practice);
	return ca_catalog_has_capability(snapshot, &practice, member, capability);
}

bool
ca_scope_ever_practitioner(CaScope *scope, Snapshot snapshot, const CaId *member)
{
	return ca_catalog_ever_practitioner(snapshot, member);
}

char *
ca_scope_member_name(Snapshot snapshot, const CaId *id)
{
	CaMemberRow row;

	return ca_catalog_member(snapshot, id, &row) ? row.name : pstrdup("?");
}

CaAnswer
ca_scope_decide(CaScope *scope, Snapshot snapshot, const CaMember *member,
				const CaClient *client, int category, CaAction action,
				const CaRef *author, CaTrace *trace)
{
	const CaPractice *practice = member ? ca_scope_practice(scope, snapshot, member->practice) : NULL;
	CaQuestion        question;

	question.category = category;
	question.action = action;
	question.author_asked = author != NULL;
	question.author = author ? *author : CA_REF_UNKNOWN;
	return ca_decide(practice, member, client, &question, trace);
}
