/*-------------------------------------------------------------------------
 *
 * scope.c
 *	  The facts of one practice, read once, and what follows from them.
 *
 * Contract.  A scope belongs to a practice.  It is filled lazily: members and
 * clients that questions name are read once, under a snapshot that the scope
 * fits.  A fact that has been read never changes; a scope that no longer fits
 * is not mended but left, and another one is begun.  So a statement decides by
 * exactly the rights that its snapshot shows.
 *
 * Which snapshots and instants it fits:
 *
 *	- a scope that is kept over statements fits every snapshot that shows the
 *	  same facts as the one it was begun under (ca_version_check), as long as
 *	  this transaction has not changed facts itself.  There is at most one for a
 *	  practice, and it follows the newest snapshot;
 *	- any other (for an older snapshot, for a transaction that changes facts,
 *	  where changes are not logged) fits what shows exactly the same as the
 *	  snapshot it was begun under, and goes with the transaction;
 *	- either fits the instants at which no fact that it holds begins or ends.
 *
 * Facts are read later than a scope is begun, and under another snapshot that
 * it fits.  That makes no difference, which is what fitting means.
 *
 * Lifetime.  Whoever uses a scope holds a pin on it, which belongs to a memory
 * context, so that an error releases it.  The pin remembers the exact snapshot
 * that it was given for: a cursor goes on with its scope, whatever has happened
 * since.  A scope that is kept and that nobody has pinned may be evicted, the
 * one that was not used for longest first, when all of them together take more
 * than careaccess.cache_size.  One that is pinned may exceed it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "catalog.h"
#include "scope_internal.h"
#include "settings.h"

struct CaPin
{
	CaScope              *scope;
	CaStamp               stamp; /* what it was given for */
	MemoryContextCallback callback;
};

/* Those that are kept over statements, the one used last in front. */
static dlist_head    kept_scopes = DLIST_STATIC_INIT(kept_scopes);
static MemoryContext all_scopes = NULL;

/* Another one: kept without a pin for the next question of the statement. */
static CaScope *latest = NULL;

static uint64       scopes_begun = 0;
static CaCacheState cache;

/* Who the session is, as found out under a scope. */
typedef struct Session
{
	bool          known;
	CaIdentityKey key;
	NameData      role; /* the name under which a login role was looked up */
	bool          has_practice;
	uint64        scope_serial;
	CaStamp       stamp; /* where there is no practice, and then the instant too */
	TimestampTz   now;
	CaSubject     subject;
} Session;

static Session session;

/*
 * Life of a scope
 */

static CaScope *
begin_scope(Snapshot snapshot, TimestampTz now, const CaId *practice)
{
	MemoryContext cxt;
	CaScope      *scope;

	if (all_scopes == NULL)
		all_scopes = AllocSetContextCreate(TopMemoryContext, "careaccess scopes",
										   ALLOCSET_SMALL_SIZES);
	cxt = AllocSetContextCreate(all_scopes, "careaccess scope", ALLOCSET_DEFAULT_SIZES);
	scope = MemoryContextAllocZero(cxt, sizeof(CaScope));
	scope->cxt = cxt;
	scope->since = DT_NOBEGIN;
	scope->until = DT_NOEND;
	scope->client_count = -1;
	if (practice != NULL)
	{
		scope->has_practice = true;
		scope->practice_id = *practice;
		scope->practice_hash = ca_id_hash(practice);
	}
	ca_version_stamp(snapshot, &scope->stamp);
	scope->members.ids = ca_idset_create(cxt, 0);
	scope->clients.ids = ca_idset_create(cxt, 0);
	scope->serial = ++scopes_begun;
	return scope;
}

static void
end_scope(CaScope *scope)
{
	if (session.scope_serial == scope->serial)
		session.known = false;
	cache.bytes -= scope->bytes;
	MemoryContextDelete(scope->cxt);
}

static void
end_if_unused(CaScope *scope)
{
	if (scope->pins == 0 && scope != latest && !scope->kept_over_statements)
		end_scope(scope);
}

static void
set_latest(CaScope *scope)
{
	CaScope *former = latest;

	latest = scope;
	if (former != NULL && former != scope)
		end_if_unused(former);
}

static void
leave(CaScope *scope)
{
	dlist_delete(&scope->node);
	scope->kept_over_statements = false;
	end_if_unused(scope);
}

/*
 * Memory
 */

static void
weigh(CaScope *scope)
{
	Size bytes = MemoryContextMemAllocated(scope->cxt, true);

	cache.bytes += (int64) bytes - (int64) scope->bytes;
	scope->bytes = bytes;
}

/* The one that was used last loses first what can be decided again. */
static bool
evict_one(void)
{
	dlist_iter iter;

	dlist_reverse_foreach(iter, &kept_scopes)
	{
		CaScope *scope = dlist_container(CaScope, node, iter.cur);

		if (scope->pins > 0)
			continue;
		cache.evictions++;
		if (!dlist_has_prev(&kept_scopes, &scope->node))
		{
			Size before = scope->bytes;

			ca_scope_forget_verdicts(scope);
			weigh(scope);
			if (scope->bytes < before)
				return true;
		}
		leave(scope);
		return true;
	}
	return false;
}

static void
keep_within_budget(void)
{
	int64 budget = ca_settings_cache_size();

	while (cache.bytes > budget && evict_one())
		;
}

/*
 * Pins
 */

static void
unpin(CaPin *pin)
{
	CaScope *scope = pin->scope;

	pin->scope = NULL;
	if (scope == NULL)
		return;
	Assert(scope->pins > 0);
	scope->pins--;
	weigh(scope);
	end_if_unused(scope);
	keep_within_budget();
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

static void
use_at(CaScope *scope, TimestampTz now, TimestampTz clock)
{
	scope->now = now;
	scope->clock = clock;
}

static CaScope *
set_pin(CaPin *pin, CaScope *scope, Snapshot snapshot, TimestampTz now, TimestampTz clock)
{
	scope->pins++;
	unpin(pin);
	pin->scope = scope;
	ca_version_stamp(snapshot, &pin->stamp);
	use_at(scope, now, clock);
	return scope;
}

/*
 * Finding the scope that fits
 */

static bool
is_of(const CaScope *scope, const CaId *practice, uint32 hash)
{
	if (practice == NULL)
		return !scope->has_practice;
	return scope->has_practice && scope->practice_hash == hash &&
		   ca_id_equal(&scope->practice_id, practice);
}

static bool
covers(const CaScope *scope, TimestampTz now)
{
	return scope->since <= now && now < scope->until;
}

static CaScope *
find_kept(const CaId *practice, uint32 hash)
{
	dlist_iter iter;

	dlist_foreach (iter, &kept_scopes)
	{
		CaScope *scope = dlist_container(CaScope, node, iter.cur);

		if (is_of(scope, practice, hash))
			return scope;
	}
	return NULL;
}

/* Of the scope that is kept for a practice. */
static CaKeptState
check_kept(CaScope *scope, Snapshot snapshot, TimestampTz now)
{
	if (now < scope->since)
		return CA_KEPT_OLDER;
	if (now >= scope->until)
		return CA_KEPT_CHANGED;
	return ca_version_check(&scope->kept, snapshot,
							scope->has_practice ? &scope->practice_id : NULL, scope->cxt);
}

static CaScope *
for_this_snapshot(Snapshot snapshot, TimestampTz now, const CaId *practice, uint32 hash)
{
	if (latest == NULL || !is_of(latest, practice, hash) || !covers(latest, now) ||
		!ca_version_same(&latest->stamp, snapshot))
	{
		cache.misses++;
		set_latest(begin_scope(snapshot, now, practice));
	}
	return latest;
}

static CaScope *
find_or_begin(Snapshot snapshot, TimestampTz now, const CaId *practice, uint32 hash)
{
	CaScope *scope;

	if (ca_version_own_changes())
		return for_this_snapshot(snapshot, now, practice, hash);

	scope = find_kept(practice, hash);
	if (scope != NULL)
	{
		switch (check_kept(scope, snapshot, now))
		{
			case CA_KEPT_FITS:
				if (!ca_version_changes_are_logged(snapshot))
					return for_this_snapshot(snapshot, now, practice, hash);
				cache.hits++;
				dlist_move_head(&kept_scopes, &scope->node);
				return scope;
			case CA_KEPT_OLDER:
				return for_this_snapshot(snapshot, now, practice, hash);
			case CA_KEPT_CHANGED:
				cache.rebuilds++;
				leave(scope);
				break;
		}
	}
	else
		cache.misses++;

	/* Whether it may be used again is asked when it is to be. */
	scope = begin_scope(snapshot, now, practice);
	set_latest(scope); /* not lost, should there be an error */
	ca_version_keep(&scope->kept, snapshot, scope->cxt);
	scope->kept_over_statements = true;
	dlist_push_head(&kept_scopes, &scope->node);
	latest = NULL;
	return scope;
}

CaScope *
ca_scope_acquire(CaPin **pin, MemoryContext cxt, Snapshot snapshot, TimestampTz now,
				 TimestampTz clock, const CaId *practice)
{
	uint32   hash = practice ? ca_id_hash(practice) : 0;
	CaScope *scope;

	if (*pin == NULL)
		*pin = make_pin(cxt);
	scope = (*pin)->scope;
	if (scope != NULL && is_of(scope, practice, hash) && covers(scope, now) &&
		ca_version_same(&(*pin)->stamp, snapshot))
	{
		use_at(scope, now, clock);
		return scope;
	}
	return set_pin(*pin, find_or_begin(snapshot, now, practice, hash), snapshot, now, clock);
}

uint64
ca_scope_serial(const CaScope *scope)
{
	return scope->serial;
}

static void
on_transaction_end(XactEvent event, void *arg)
{
	if (ca_version_is_end(event))
		set_latest(NULL);
}

void
ca_scope_init(void)
{
	RegisterXactCallback(on_transaction_end, NULL);
}

void
ca_scope_cache_state(CaCacheState *state)
{
	dlist_iter iter;

	*state = cache;
	state->scopes = 0;
	state->pinned = 0;
	state->bytes = 0;
	dlist_foreach (iter, &kept_scopes)
	{
		CaScope *scope = dlist_container(CaScope, node, iter.cur);

		state->scopes++;
		state->pinned += scope->pins > 0;
		state->bytes += MemoryContextMemAllocated(scope->cxt, true);
	}
}

/*
 * Instants
 */

bool
ca_scope_reached(CaScope *scope, TimestampTz instant)
{
	if (instant <= scope->now)
	{
		scope->since = Max(scope->since, instant);
		return true;
	}
	scope->until = Min(scope->until, instant);
	return false;
}

bool
ca_scope_begun(CaScope *scope, TimestampTz beginning)
{
	if (beginning <= scope->now)
	{
		scope->since = Max(scope->since, beginning);
		return true;
	}
	if (beginning <= scope->clock)
	{
		/* An earlier statement may not have it yet. */
		scope->since = Max(scope->since, scope->now);
		return true;
	}
	scope->until = Min(scope->until, beginning);
	return false;
}

/*
 * Who the session is
 */

/* Empty where no role says who the session is. */
static const char *
role_name(void)
{
	return OidIsValid(session.key.role) ? GetUserNameFromId(session.key.role, false) : "";
}

/* A login role's name may change while its number stays. */
static bool
still_same_session(void)
{
	if (!session.known || !ca_identity_unchanged(&session.key))
		return false;
	if (session.subject.identified_by == CA_IDENTIFIED_ACTING ||
		session.subject.identified_by == CA_IDENTIFIED_TOKEN)
		return true;
	return strcmp(NameStr(session.role), role_name()) == 0;
}

/*
 * A token has hours of its own, which its practice's facts do not share: the
 * scope holds for others whose tokens live longer.
 */
static bool
still_valid(TimestampTz now)
{
	return session.subject.identified_by != CA_IDENTIFIED_TOKEN ||
		   (session.subject.valid_from <= now && now < session.subject.valid_until);
}

static void
find_out_session(Snapshot snapshot, TimestampTz now)
{
	MemoryContext before;
	MemoryContext reading = ca_scope_begin_reading(&before);

	ca_identity_key(&session.key);
	namestrcpy(&session.role, role_name());
	ca_identity_subject(snapshot, now, &session.subject);
	session.has_practice = session.subject.kind == CA_SUBJECT_MEMBER ||
						   session.subject.kind == CA_SUBJECT_PORTAL;
	ca_version_stamp(snapshot, &session.stamp);
	session.now = now;
	ca_scope_end_reading(reading, before);
}

static CaScope *
acquire_for_session(CaPin **pin, MemoryContext cxt, Snapshot snapshot, TimestampTz now, TimestampTz clock)
{
	return ca_scope_acquire(pin, cxt, snapshot, now, clock,
							session.has_practice ? &session.subject.practice : NULL);
}

/*
 * Who the session is follows from facts of his practice, so it holds as long as
 * the scope under which it was found out.  That somebody is nobody follows from
 * all practices: this holds for the snapshot only.
 */
CaScope *
ca_scope_open(CaPin **pin, MemoryContext cxt, Snapshot snapshot, TimestampTz now,
			  TimestampTz clock, const CaSubject **subject)
{
	CaScope *scope;

	*subject = &session.subject;
	if (still_same_session() && still_valid(now))
	{
		scope = acquire_for_session(pin, cxt, snapshot, now, clock);
		if (session.known && session.scope_serial == scope->serial &&
			(session.has_practice || (session.now == now && ca_version_same(&session.stamp, snapshot))))
			return scope;
	}
	session.known = false;
	find_out_session(snapshot, now);
	scope = acquire_for_session(pin, cxt, snapshot, now, clock);
	if (session.has_practice && session.subject.identified_by != CA_IDENTIFIED_TOKEN)
		(void) ca_scope_reached(scope, session.subject.valid_until);
	session.scope_serial = scope->serial;
	session.known = true;
	return scope;
}

/*
 * Questions
 */

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

CaRef
ca_scope_client_number_int64(const CaScope *scope, int64 id)
{
	return ca_idset_find_int64(scope->clients.ids, id);
}

void
ca_scope_member_id(const CaScope *scope, CaRef ref, CaId *id)
{
	ca_idset_get(scope->members.ids, ref, id);
}

void
ca_scope_client_id(const CaScope *scope, CaRef ref, CaId *id)
{
	ca_idset_get(scope->clients.ids, ref, id);
}

bool
ca_scope_practice_id(const CaScope *scope, CaId *id)
{
	if (scope->has_practice)
		*id = scope->practice_id;
	return scope->has_practice;
}

int
ca_scope_members_of(CaScope *scope, Snapshot snapshot, CaId **ids)
{
	*ids = NULL;
	return scope->has_practice ? ca_catalog_members(snapshot, &scope->practice_id, ids) : 0;
}

bool
ca_scope_has_capability(CaScope *scope, Snapshot snapshot, const CaId *member,
						const char *capability)
{
	const CaMember *facts = ca_scope_member(scope, snapshot, member);

	return facts != NULL && facts->active &&
		   ca_catalog_has_capability(snapshot, &scope->practice_id, member, capability);
}

bool
ca_scope_ever_practitioner(CaScope *scope, Snapshot snapshot, const CaId *member)
{
	return ca_catalog_ever_practitioner(snapshot, member);
}

bool
ca_scope_practice_of_client(Snapshot snapshot, const CaId *id, CaId *practice)
{
	CaClientRow row;

	if (!ca_catalog_client(snapshot, id, &row))
		return false;
	*practice = row.practice;
	return true;
}

bool
ca_scope_practice_of_member(Snapshot snapshot, const CaId *id, CaId *practice)
{
	CaMemberRow row;

	if (!ca_catalog_member(snapshot, id, &row))
		return false;
	*practice = row.practice;
	return true;
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
	const CaPractice *practice = member ? ca_scope_practice(scope, snapshot) : NULL;
	CaQuestion        question;

	question.category = category;
	question.action = action;
	question.author_asked = author != NULL;
	question.author = author ? *author : CA_REF_UNKNOWN;
	return ca_decide(practice, member, client, &question, trace);
}
