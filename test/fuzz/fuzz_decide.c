/*-------------------------------------------------------------------------
 *
 * fuzz_decide.c
 *	  The decision against its rules, written down once more, and against what
 *	  must be true of any right: no deny and no revocation widens, nothing that
 *	  is given takes anything away.
 *
 * Members are 0 (the one who asks), 1 and 2 (for whom he may act) and up to 7
 * (who only stand in sets and links).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "decide.h"
#include "shim.h"

#define CATEGORIES 8
#define MEMBERS 8
#define ASKER 0
#define MAX 4

typedef struct World
{
	CaPractice       practice;
	CaMember         members[3];
	CaPermission     permissions[3][MAX + 1];
	CaColleagueLimit limits[3][1];
	CaDelegation     delegations[MAX];
	CaClient         client;
	CaLink           links[MAX + 1];
	CaChartShare     shares[MAX];
	CaQuestion       question;
} World;

/* ----------------------------------------------------------------
 * A world from bytes
 * ----------------------------------------------------------------
 */

static Bitmapset *
make_set(uint8 bits)
{
	Bitmapset *set;

	if (bits == 0)
		return NULL;
	set = palloc0(offsetof(Bitmapset, words) + sizeof(bitmapword));
	set->nwords = 1;
	set->words[0] = bits;
	return set;
}

static CaMemberSet
take_set(Input *in)
{
	CaMemberSet set = {.everybody = take_below(in, 4) == 0};

	set.members = make_set(take(in));
	return set;
}

/* Mostly what is asked about. */
static uint8
take_category(Input *in, const World *w)
{
	return take_below(in, 4) == 0 ? take_below(in, CATEGORIES) : w->question.category;
}

static void
take_member(Input *in, World *w, int ref)
{
	CaMember *m = &w->members[ref];

	m->ref = ref;
	m->practice = take_below(in, 16) == 1 ? 1 : 0;
	m->active = take_below(in, 8) != 1;
	m->practitioner = take_bool(in);
	m->unrevocable = take_below(in, 4) == 1;
	m->bypasses_groups = take_below(in, 4) == 1;
	m->accessible = take_set(in);
	m->managed = take_set(in);
	m->permissions = w->permissions[ref];
	m->npermissions = take_below(in, MAX);
	for (int i = 0; i < m->npermissions; i++)
	{
		CaPermission *p = &m->permissions[i];

		p->category = take_category(in, w);
		p->actions = take(in) & CA_ACTIONS_ALL;
		p->deny = take_below(in, 4) == 1;
		p->reach = take_below(in, p->deny ? CA_REACH_OWN + 1 : CA_REACH_DELEGATED + 1);
		p->only_if_practitioner = take_below(in, 4) == 1;
		m->has_denials |= p->deny;
	}
	m->limits = w->limits[ref];
	m->nlimits = take_below(in, 2);
	if (m->nlimits > 0)
	{
		m->limits[0].category = take_category(in, w);
		m->limits[0].colleagues = make_set(take(in));
	}
}

static void
take_delegation(Input *in, World *w, CaDelegation *d)
{
	d->mode = take_below(in, 3);
	d->actions = take(in) & CA_ACTIONS_ALL;
	d->categories = take(in);
	d->any_client = take_bool(in);
	d->client = take_below(in, 2);
	d->over = take_below(in, 3);
	d->over_member = d->mode == CA_DELEGATION_CONTEXT && take_below(in, 8) != 1 ? &w->members[d->over] : NULL;
}

static void
take_world(Input *in, World *w)
{
	CaPractice *practice = &w->practice;
	CaClient   *client = &w->client;

	w->question.category = take_below(in, CATEGORIES);
	w->question.action = take_below(in, CA_ACTION_DELETE + 1);
	w->question.author_asked = take_bool(in);
	w->question.author = w->question.author_asked ? take_below(in, MEMBERS + 2) - 2 : CA_REF_UNKNOWN;

	practice->edit_others_records = take_bool(in);
	practice->emergency_access = take_bool(in);
	practice->emergency_overrides_revocation = take_bool(in);
	practice->authored = take(in);
	for (int i = 0; i < CATEGORIES; i++)
		practice->author_rule[i] = i == w->question.category ? take_below(in, CA_AUTHOR_GROUP + 1) : CA_AUTHOR_NONE;
	for (int i = 0; i < CA_LINK_KINDS; i++)
		practice->opens[i] = take(in);

	for (int i = 0; i < 3; i++)
		take_member(in, w, i);
	w->members[ASKER].delegations = w->delegations;
	w->members[ASKER].ndelegations = take_below(in, MAX);
	for (int i = 0; i < w->members[ASKER].ndelegations; i++)
		take_delegation(in, w, &w->delegations[i]);

	client->practice = take_below(in, 16) == 1 ? 1 : 0;
	client->deleted = take_below(in, 16) == 1;
	client->shared_with_all = take_bool(in);
	client->links = w->links;
	client->nlinks = take_below(in, MAX);
	for (int i = 0; i < client->nlinks; i++)
		client->links[i] = (CaLink){take_below(in, MEMBERS), take_below(in, CA_LINK_KINDS), take_below(in, 3)};
	client->shares = w->shares;
	client->nshares = take_below(in, MAX);
	for (int i = 0; i < client->nshares; i++)
		client->shares[i] = (CaChartShare){take_below(in, MEMBERS), take_below(in, 3), take_bool(in)};
	client->revoked = make_set(take(in) & take(in));
	client->emergencies = make_set(take(in) & take(in));
	client->supervised = make_set(take(in));
}

/* ----------------------------------------------------------------
 * The rules once more: only what they say, each in its own words
 * ----------------------------------------------------------------
 */

static bool
has(const Bitmapset *set, CaRef member)
{
	return member >= 0 && set != NULL && (set->words[0] >> member & 1) != 0;
}

static bool
linked(const World *w, CaRef member, int kind, CaLinkState state)
{
	for (int i = 0; i < w->client.nlinks; i++)
	{
		const CaLink *link = &w->client.links[i];

		if (link->member == member && (kind < 0 || link->kind == kind) && link->state == state)
			return true;
	}
	return false;
}

static bool
any_linked(const World *w, const CaMemberSet *set, CaRef except)
{
	for (CaRef member = 0; member < MEMBERS; member++)
	{
		if (member != except && has(set->members, member) && linked(w, member, -1, CA_LINK_CURRENT))
			return true;
	}
	return set->everybody;
}

static bool
revoked(const World *w, const CaMember *m)
{
	return has(w->client.revoked, m->ref) && !m->unrevocable && !linked(w, m->ref, CA_LINK_OWNER, CA_LINK_CURRENT);
}

static bool
is_authored(const World *w)
{
	return w->practice.authored >> w->question.category & 1;
}

static bool
asked_for(const World *w, const CaMember *m, const CaPermission *p)
{
	return p->category == w->question.category && (p->actions >> w->question.action & 1) &&
		   (m->practitioner || !p->only_if_practitioner);
}

static bool
taken_away(const World *w, const CaMember *m, const CaPermission *allow)
{
	for (int i = 0; i < m->npermissions; i++)
	{
		const CaPermission *p = &m->permissions[i];

		if (p->deny && asked_for(w, m, p) && (p->reach == CA_REACH_ALL || allow->reach != CA_REACH_ALL))
			return true;
	}
	return false;
}

static bool
within_own(const World *w, const CaMember *m)
{
	bool grant_opens = w->practice.opens[CA_LINK_GRANT] >> w->question.category & 1;

	for (int kind = 0; kind < CA_LINK_KINDS; kind++)
	{
		if ((w->practice.opens[kind] >> w->question.category & 1) && linked(w, m->ref, kind, CA_LINK_CURRENT))
			return true;
	}
	if (w->client.shared_with_all && m->practitioner && grant_opens)
		return true;
	return linked(w, m->ref, CA_LINK_LISTED, CA_LINK_ENDED) && w->question.action == CA_ACTION_VIEW &&
		   is_authored(w) && (!w->question.author_asked || w->question.author == m->ref);
}

static bool
within(const World *w, const CaMember *m, int reach)
{
	switch (reach)
	{
		case CA_REACH_ALL:
			return true;
		case CA_REACH_OWN:
			return within_own(w, m);
		case CA_REACH_GROUP:
			return within_own(w, m) || any_linked(w, &m->accessible, -1);
		case CA_REACH_MANAGED:
			return any_linked(w, &m->managed, m->ref);
		default:
			return false;
	}
}

static bool
group_passes(const World *w, const CaMember *m, int reach, CaRef author)
{
	const CaMemberSet *set = reach == CA_REACH_MANAGED ? &m->managed : &m->accessible;
	bool               limited = m->nlimits > 0 && m->limits[0].category == w->question.category;

	if (m->bypasses_groups)
		return true;
	if (author == CA_REF_UNKNOWN)
		return set->everybody && !limited;
	if (!set->everybody && !has(set->members, author))
		return false;
	return !limited || reach == CA_REACH_MANAGED || has(m->limits[0].colleagues, author);
}

static bool
author_passes(const World *w, const CaMember *m, int reach, CaRef author)
{
	bool shared = false;

	if (!w->question.author_asked || author == m->ref)
		return true;
	if (is_authored(w) && w->question.action != CA_ACTION_VIEW && !w->practice.edit_others_records)
		return false;
	for (int i = 0; i < w->client.nshares; i++)
	{
		const CaChartShare *s = &w->client.shares[i];

		if (s->from == author && s->to == m->ref && w->question.action == CA_ACTION_VIEW &&
			(w->question.category != CA_CATEGORY_PRIVATE_NOTES || s->include_private))
			shared = true;
	}
	switch (w->practice.author_rule[w->question.category])
	{
		case CA_AUTHOR_NONE:
			return true;
		case CA_AUTHOR_AUTHOR:
			return reach == CA_REACH_ALL;
		case CA_AUTHOR_SHARE:
			return reach == CA_REACH_ALL || shared;
		default:
			return group_passes(w, m, reach, author);
	}
}

static bool by_delegation(const World *w);

static bool
own_right(const World *w, const CaMember *m, CaRef author, bool himself)
{
	for (int i = 0; i < m->npermissions; i++)
	{
		const CaPermission *p = &m->permissions[i];

		if (p->deny || !asked_for(w, m, p) || taken_away(w, m, p))
			continue;
		if (p->reach == CA_REACH_DELEGATED ? himself && by_delegation(w)
										   : within(w, m, p->reach) && author_passes(w, m, p->reach, author))
			return true;
	}
	return false;
}

static bool
covers(const World *w, const CaDelegation *d)
{
	return (d->categories >> w->question.category & 1) && (d->actions >> w->question.action & 1) &&
		   (d->any_client || d->client == w->client.ref);
}

static bool
by_delegation(const World *w)
{
	const CaMember *m = &w->members[ASKER];
	CaRef           author = w->question.author;

	if (w->question.action == CA_ACTION_CREATE && is_authored(w) && !w->practice.edit_others_records &&
		w->question.author_asked && author != ASKER)
		return false;
	for (int i = 0; i < m->ndelegations; i++)
	{
		const CaDelegation *d = &m->delegations[i];
		const CaMember     *o = d->over_member;

		if (d->mode == CA_DELEGATION_CONTEXT && o != NULL && o->ref != ASKER && covers(w, d) &&
			o->active && !revoked(w, o) && own_right(w, o, author == ASKER ? o->ref : author, false))
			return true;
	}
	return false;
}

static bool
by_custody(const World *w)
{
	const CaMember *m = &w->members[ASKER];
	bool            free = !is_authored(w) && w->practice.author_rule[w->question.category] == CA_AUTHOR_NONE;

	for (int i = 0; i < m->ndelegations; i++)
	{
		const CaDelegation *d = &m->delegations[i];
		bool                replaced = d->mode == CA_DELEGATION_SUPERVISOR && d->any_client && has(w->client.supervised, d->over);
		bool                known = linked(w, d->over, -1, CA_LINK_CURRENT) || linked(w, d->over, -1, CA_LINK_ENDED) ||
					 linked(w, d->over, -1, CA_LINK_FUTURE);

		if (d->mode != CA_DELEGATION_CONTEXT && covers(w, d) && !replaced && known &&
			(!w->question.author_asked || w->question.author == d->over || free))
			return true;
	}
	return false;
}

static bool
expected(const World *w)
{
	const CaMember *m = &w->members[ASKER];
	bool            emergency = has(w->client.emergencies, ASKER) && w->practice.emergency_access &&
					 w->question.action == CA_ACTION_VIEW && w->question.category != CA_CATEGORY_PRIVATE_NOTES;

	if (!m->active || w->client.deleted || m->practice != w->practice.ref || w->client.practice != w->practice.ref)
		return false;
	if (revoked(w, m))
		return emergency && w->practice.emergency_overrides_revocation;
	return own_right(w, m, w->question.author, true) || by_custody(w) || emergency;
}

/* ----------------------------------------------------------------
 * Properties
 * ----------------------------------------------------------------
 */

static CaAnswer
ask(World *w)
{
	CaTrace  trace = {0};
	CaAnswer answer = ca_decide(&w->practice, &w->members[ASKER], &w->client, &w->question, NULL);
	CaAnswer traced = ca_decide(&w->practice, &w->members[ASKER], &w->client, &w->question, &trace);

	MUST(answer.allowed == expected(w));

	/* To look on changes nothing, and what is told is what decided. */
	MUST(traced.allowed == answer.allowed && traced.rule == answer.rule && traced.permission == answer.permission &&
		 traced.via == answer.via && traced.through == answer.through);
	for (int i = 0; i < trace.nconsidered; i++)
	{
		MUST((trace.considered[i].finding == CA_FINDING_PASSES) ==
			 (answer.rule == CA_RULE_PERMISSION && i == trace.nconsidered - 1));
	}
	MUST((answer.permission != NULL) == (answer.rule == CA_RULE_PERMISSION));
	MUST(answer.allowed == (answer.rule == CA_RULE_PERMISSION || answer.rule == CA_RULE_AUTHOR_DELEGATION ||
							answer.rule == CA_RULE_EMERGENCY));
	MUST((answer.rule == CA_RULE_REVOKED) <= ca_decide_revoked(&w->members[ASKER], &w->client));
	return answer;
}

/* Something is given: what was allowed still is. */
static void
widen(Input *in, World *w)
{
	CaMember *m = &w->members[ASKER];

	switch (take_below(in, 11))
	{
		case 0:
			w->client.links[w->client.nlinks++] = (CaLink){take_below(in, MEMBERS), take_below(in, CA_LINK_KINDS), CA_LINK_CURRENT};
			break;
		case 1:
			w->client.shared_with_all = true;
			break;
		case 2:
			w->practice.opens[take_below(in, CA_LINK_KINDS)] = 0xFF;
			break;
		case 3:
			m->accessible.everybody = m->managed.everybody = true;
			break;
		case 4:
			w->practice.author_rule[w->question.category] = CA_AUTHOR_NONE;
			break;
		case 5:
			w->practice.edit_others_records = true;
			break;
		case 6:
			w->practice.emergency_access = w->practice.emergency_overrides_revocation = true;
			w->client.emergencies = make_set(0xFF);
			break;
		case 7:
			m->nlimits = 0;
			break;
		case 8:
			w->client.revoked = NULL;
			break;
		case 9:
			m->unrevocable = m->bypasses_groups = true;
			break;
		default:
			m->permissions[m->npermissions++] = (CaPermission){
				.category = w->question.category, .actions = CA_ACTIONS_ALL, .reach = take_below(in, CA_REACH_DELEGATED + 1)};
	}
}

/* Something is taken away: what was refused still is. */
static void
narrow(Input *in, World *w)
{
	CaMember *m = &w->members[ASKER];

	switch (take_below(in, 5))
	{
		case 0:
			m->permissions[m->npermissions++] = (CaPermission){
				.category = w->question.category, .actions = CA_ACTIONS_ALL, .deny = true, .reach = take_below(in, CA_REACH_OWN + 1)};
			m->has_denials = true;
			break;
		case 1:
			w->client.revoked = make_set(0xFF);
			break;
		case 2:
			w->client.nlinks -= w->client.nlinks > 0;
			break;
		case 3:
			m->ndelegations -= m->ndelegations > 0;
			break;
		default:
			m->active = false;
	}
}

/* Who asks for no author asks whether there could be such a record. */
static void
check_authors(World *w)
{
	bool unknown;
	bool himself;
	bool any;

	w->question.author_asked = true;
	w->question.author = CA_REF_UNKNOWN;
	unknown = ask(w).allowed;
	w->question.author = ASKER;
	himself = ask(w).allowed;
	w->question.author_asked = false;
	w->question.author = CA_REF_UNKNOWN;
	any = ask(w).allowed;
	MUST(any >= himself && himself >= unknown);
	w->question.author_asked = true;
	for (CaRef author = CA_REF_STRANGER; author < MEMBERS; author++)
	{
		w->question.author = author;
		MUST(any >= ask(w).allowed);
	}
}

static void
check_portal(Input *in, const World *w)
{
	CaPortal portal = {.known = take_below(in, 8) != 1, .profile = w->client};
	CaRef    client = take_below(in, 2);
	int      category = w->question.category;
	CaAction action = w->question.action;
	bool     marked = take_bool(in);
	bool     all = true;
	uint8    actions;
	bool     answer;

	portal.own = take_bool(in);
	portal.accepted = take_bool(in);
	portal.view_appointments = take_bool(in);
	portal.manage_information = take_bool(in);
	answer = ca_decide_portal(&portal, client, category, action, marked);

	/* Nothing of another profile, of one that is gone, or without being let in. */
	if (!portal.known || client != portal.profile.ref || portal.profile.deleted || portal.profile.practice != portal.practice ||
		(!portal.own && !portal.accepted))
		MUST(!answer);
	else if (portal.own)
		MUST(answer == ((action == CA_ACTION_VIEW && (marked || category == CA_CATEGORY_NAME || category == CA_CATEGORY_PROFILE || category == CA_CATEGORY_SCHEDULE)) ||
						(action == CA_ACTION_EDIT && category == CA_CATEGORY_PROFILE)));
	MUST(!answer || action == CA_ACTION_VIEW || action == CA_ACTION_EDIT);
	MUST(answer <= ca_decide_portal(&portal, client, category, action, true));
	/* Not even the mark shows anything to who has neither permission. */
	if (!portal.own && !portal.view_appointments && !portal.manage_information)
		MUST(!answer || (action == CA_ACTION_VIEW && category == CA_CATEGORY_NAME));
	actions = take(in) & CA_ACTIONS_ALL;
	for (CaAction a = CA_ACTION_VIEW; a <= CA_ACTION_DELETE; a++)
		all &= !(actions >> a & 1) || ca_decide_portal(&portal, client, category, a, marked);
	MUST(ca_decide_portal_all(&portal, client, category, actions, marked) == (all && actions != 0));
}

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	Input in = {data, size};
	World w;
	bool  before;
	bool  wider;

	shim_begin();
	memset(&w, 0, sizeof(w));
	take_world(&in, &w);
	before = ask(&w).allowed;
	check_portal(&in, &w);
	wider = take_bool(&in);
	if (wider)
		widen(&in, &w);
	else
		narrow(&in, &w);
	MUST(wider ? ask(&w).allowed >= before : ask(&w).allowed <= before);
	check_authors(&w);
	return 0;
}
