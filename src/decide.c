/*-------------------------------------------------------------------------
 *
 * decide.c
 *	  The decision: may this member do this action on this category of this
 *	  client's records, given who wrote the record?
 *
 * Pure: it reads the facts it is given and nothing else, and it allocates
 * only for a trace.  Row filters, questions, lists and explanations all come
 * through ca_decide(); there is no second place where a right is made.
 *
 * The order is fixed: known and active, revoked, own right, author
 * delegation, emergency, no.  Everything that is not allowed by one of these
 * is refused.
 *
 * Portal users have no part in this: no role, link, group or delegation
 * concerns them.  What they may do is decided by ca_decide_portal().
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "decide.h"

/* What is constant while one question about one member is answered. */
typedef struct Inquiry
{
	const CaPractice *practice;
	const CaMember   *member;
	const CaClient   *client;
	const CaQuestion *question;

	/*
	 * The author as the author filter takes him.  It differs from the
	 * question's where a practitioner is asked for his assistant.
	 */
	CaRef        filter_author;
	bool         authored;
	CaAuthorRule rule;
} Inquiry;

/* bms_is_member() takes no negative numbers; they are in no set. */
static bool
contains(const Bitmapset *members, CaRef member)
{
	return member >= 0 && bms_is_member(member, members);
}

static bool
in_set(const CaMemberSet *set, CaRef member)
{
	return set->everybody || contains(set->members, member);
}

static bool
opens(const CaPractice *practice, CaLinkKind kind, int category)
{
	return (practice->opens[kind] & CA_CATEGORY_BIT(category)) != 0;
}

static const CaLink *
find_link(const CaClient *client, CaRef member, CaLinkKind kind, CaLinkState state)
{
	for (int i = 0; i < client->nlinks; i++)
	{
		const CaLink *link = &client->links[i];

		if (link->member == member && link->kind == kind && link->state == state)
			return link;
	}
	return NULL;
}

static bool
is_owner(const CaClient *client, CaRef member)
{
	return find_link(client, member, CA_LINK_OWNER, CA_LINK_CURRENT) != NULL;
}

bool
ca_decide_revoked(const CaMember *member, const CaClient *client)
{
	return contains(client->revoked, member->ref) &&
		   !member->unrevocable &&
		   !is_owner(client, member->ref);
}

/* Is it a permission for this question at all? */
static bool
concerns(const CaPermission *permission, const CaQuestion *question)
{
	return permission->category == question->category &&
		   (permission->actions & CA_ACTION_BIT(question->action)) != 0;
}

static bool
counts(const CaPermission *permission, const CaMember *member)
{
	return !permission->only_if_practitioner || member->practitioner;
}

/* Is this allow taken away by a deny of the same member? */
static bool
is_denied(const CaPermission *allow, const CaMember *member, const CaQuestion *question)
{
	if (!member->has_denials)
		return false;
	for (int i = 0; i < member->npermissions; i++)
	{
		const CaPermission *deny = &member->permissions[i];

		if (!deny->deny || !concerns(deny, question) || !counts(deny, member))
			continue;
		if (deny->reach == CA_REACH_ALL || allow->reach != CA_REACH_ALL)
			return true;
	}
	return false;
}

/*
 * Reach "own": a current link that opens the category, or a client shared
 * with all practitioners; and, to view what he wrote himself, a listing that
 * has ended.
 */
static CaVia
own_reach(const Inquiry *inquiry)
{
	static const CaVia via[CA_LINK_KINDS] = {CA_VIA_OWNER, CA_VIA_GRANT, CA_VIA_LISTED};
	const CaQuestion  *question = inquiry->question;
	const CaClient    *client = inquiry->client;
	CaRef              member = inquiry->member->ref;

	for (int kind = 0; kind < CA_LINK_KINDS; kind++)
	{
		if (opens(inquiry->practice, kind, question->category) &&
			find_link(client, member, kind, CA_LINK_CURRENT))
			return via[kind];
	}

	if (client->shared_with_all && inquiry->member->practitioner &&
		opens(inquiry->practice, CA_LINK_GRANT, question->category))
		return CA_VIA_SHARED_WITH_ALL;

	if (question->action == CA_ACTION_VIEW && inquiry->authored &&
		(!question->author_asked || question->author == member) &&
		find_link(client, member, CA_LINK_LISTED, CA_LINK_ENDED))
		return CA_VIA_ENDED_LISTING;

	return CA_VIA_NOTHING;
}

/* Does a current link of any kind tie the client to a member of the set? */
static bool
linked_to(const CaClient *client, const CaMemberSet *set, CaRef except, CaRef *through)
{
	for (int i = 0; i < client->nlinks; i++)
	{
		const CaLink *link = &client->links[i];

		if (link->state == CA_LINK_CURRENT && link->member != except &&
			contains(set->members, link->member))
		{
			*through = link->member;
			return true;
		}
	}
	return false;
}

/* How the reach of a permission, other than "delegated", takes in the client. */
static CaVia
reaches(const Inquiry *inquiry, CaReach reach, CaRef *through)
{
	const CaMember *member = inquiry->member;
	CaVia           via;

	*through = CA_REF_UNKNOWN;
	switch (reach)
	{
		case CA_REACH_ALL:
			return CA_VIA_PRACTICE;

		case CA_REACH_OWN:
			return own_reach(inquiry);

		case CA_REACH_GROUP:
			via = own_reach(inquiry);
			if (via != CA_VIA_NOTHING)
				return via;
			if (member->accessible.everybody ||
				linked_to(inquiry->client, &member->accessible, CA_REF_UNKNOWN, through))
				return CA_VIA_GROUP;
			return CA_VIA_NOTHING;

		case CA_REACH_MANAGED:
			if (member->managed.everybody ||
				linked_to(inquiry->client, &member->managed, member->ref, through))
				return CA_VIA_MANAGED;
			return CA_VIA_NOTHING;

		case CA_REACH_DELEGATED:
			break; /* see delegated_right() */
	}
	return CA_VIA_NOTHING;
}

static const CaColleagueLimit *
find_limit(const CaMember *member, int category)
{
	for (int i = 0; i < member->nlimits; i++)
	{
		if (member->limits[i].category == category)
			return &member->limits[i];
	}
	return NULL;
}

/* Does a running chart share open the author's records to the member? */
static bool
shared_chart(const Inquiry *inquiry)
{
	const CaClient *client = inquiry->client;
	bool private = inquiry->question->category == CA_CATEGORY_PRIVATE_NOTES;

	if (inquiry->question->action != CA_ACTION_VIEW)
		return false;
	for (int i = 0; i < client->nshares; i++)
	{
		const CaChartShare *share = &client->shares[i];

		if (share->from == inquiry->filter_author &&
			share->to == inquiry->member->ref &&
			(!private || share->include_private))
			return true;
	}
	return false;
}

/* Author rule "group": is the author one whose records the member may see? */
static bool
group_author(const Inquiry *inquiry, CaReach reach)
{
	const CaMember         *member = inquiry->member;
	const CaMemberSet      *set = reach == CA_REACH_MANAGED ? &member->managed : &member->accessible;
	const CaColleagueLimit *limit = find_limit(member, inquiry->question->category);
	CaRef                   author = inquiry->filter_author;

	if (member->bypasses_groups)
		return true;
	if (author == CA_REF_UNKNOWN)
		return set->everybody && limit == NULL;
	if (!in_set(set, author))
		return false;
	return reach == CA_REACH_MANAGED || limit == NULL ||
		   contains(limit->colleagues, author);
}

/* The author filter of a permission that reached the client. */
static CaFinding
author_filter(const Inquiry *inquiry, CaReach reach)
{
	const CaQuestion *question = inquiry->question;
	bool              passes = false;

	if (!question->author_asked)
		return CA_FINDING_PASSES;
	if (inquiry->filter_author == inquiry->member->ref)
		return CA_FINDING_PASSES;
	if (inquiry->authored && question->action != CA_ACTION_VIEW &&
		!inquiry->practice->edit_others_records)
		return CA_FINDING_OTHERS_RECORD;

	switch (inquiry->rule)
	{
		case CA_AUTHOR_NONE:
			passes = true;
			break;
		case CA_AUTHOR_AUTHOR:
			passes = reach == CA_REACH_ALL;
			break;
		case CA_AUTHOR_SHARE:
			passes = reach == CA_REACH_ALL || shared_chart(inquiry);
			break;
		case CA_AUTHOR_GROUP:
			passes = group_author(inquiry, reach);
			break;
	}
	return passes ? CA_FINDING_PASSES : CA_FINDING_AUTHOR;
}

static void
remember(CaTrace *trace, const CaPermission *permission, CaFinding finding,
		 CaVia via, CaRef through)
{
	CaConsidered *entry;

	if (trace == NULL)
		return;
	if (trace->nconsidered == trace->allocated)
	{
		trace->allocated = Max(16, 2 * trace->allocated);
		trace->considered = trace->considered
								? repalloc(trace->considered, trace->allocated * sizeof(CaConsidered))
								: palloc(trace->allocated * sizeof(CaConsidered));
	}
	entry = &trace->considered[trace->nconsidered++];
	entry->permission = permission;
	entry->finding = finding;
	entry->via = via;
	entry->through = through;
}

/*
 * Own right without delegation: some permission of the inquiry's member.
 */
static const CaPermission *
undelegated_right(const Inquiry *inquiry, CaVia *via, CaRef *through)
{
	const CaMember *member = inquiry->member;

	for (int i = 0; i < member->npermissions; i++)
	{
		const CaPermission *permission = &member->permissions[i];

		if (permission->deny || permission->reach == CA_REACH_DELEGATED ||
			!concerns(permission, inquiry->question) ||
			!counts(permission, member) ||
			is_denied(permission, member, inquiry->question))
			continue;
		*via = reaches(inquiry, permission->reach, through);
		if (*via != CA_VIA_NOTHING &&
			author_filter(inquiry, permission->reach) == CA_FINDING_PASSES)
			return permission;
	}
	return NULL;
}

/*
 * Reach "delegated": somebody for whom the member acts has the right himself.
 * A record by the member counts as written by him for whom he acts.
 */
static bool
delegated_right(const Inquiry *inquiry, CaRef *through)
{
	const CaMember   *member = inquiry->member;
	const CaQuestion *question = inquiry->question;

	for (int i = 0; i < member->ndelegations; i++)
	{
		const CaDelegation *delegation = &member->delegations[i];
		const CaMember     *over = delegation->over_member;
		Inquiry             theirs = *inquiry;
		CaVia               via;
		CaRef               ignored;

		if (delegation->mode != CA_DELEGATION_CONTEXT || over == NULL ||
			over->ref == member->ref ||
			(delegation->categories & CA_CATEGORY_BIT(question->category)) == 0 ||
			(delegation->actions & CA_ACTION_BIT(question->action)) == 0 ||
			(!delegation->any_client && delegation->client != inquiry->client->ref))
			continue;
		if (!over->active || ca_decide_revoked(over, inquiry->client))
			continue;

		theirs.member = over;
		if (question->author == member->ref)
			theirs.filter_author = over->ref;
		if (undelegated_right(&theirs, &via, &ignored))
		{
			*through = over->ref;
			return true;
		}
	}
	return false;
}

/* What an assistant writes in an authored category must be his own. */
static bool
may_create_for(const Inquiry *inquiry)
{
	const CaQuestion *question = inquiry->question;

	return question->action != CA_ACTION_CREATE || !inquiry->authored ||
		   inquiry->practice->edit_others_records ||
		   !question->author_asked || question->author == inquiry->member->ref;
}

/* Why one permission does, or does not, allow what is asked. */
static CaFinding
examine(const Inquiry *inquiry, const CaPermission *permission, CaVia *via, CaRef *through)
{
	const CaMember *member = inquiry->member;

	*via = CA_VIA_NOTHING;
	*through = CA_REF_UNKNOWN;
	if (!counts(permission, member))
		return CA_FINDING_NOT_PRACTITIONER;
	if (is_denied(permission, member, inquiry->question))
		return CA_FINDING_DENIED;

	if (permission->reach == CA_REACH_DELEGATED)
	{
		if (!may_create_for(inquiry))
			return CA_FINDING_OTHERS_RECORD;
		if (!delegated_right(inquiry, through))
			return CA_FINDING_NOT_DELEGATED;
		*via = CA_VIA_DELEGATION;
		return CA_FINDING_PASSES;
	}

	*via = reaches(inquiry, permission->reach, through);
	if (*via == CA_VIA_NOTHING)
		return CA_FINDING_OUT_OF_REACH;
	return author_filter(inquiry, permission->reach);
}

/* Step 3. */
static bool
own_right(const Inquiry *inquiry, CaAnswer *answer, CaTrace *trace)
{
	const CaMember *member = inquiry->member;

	for (int i = 0; i < member->npermissions; i++)
	{
		const CaPermission *permission = &member->permissions[i];
		CaFinding           finding;

		if (permission->deny || !concerns(permission, inquiry->question))
			continue;
		finding = examine(inquiry, permission, &answer->via, &answer->through);
		remember(trace, permission, finding, answer->via, answer->through);
		if (finding == CA_FINDING_PASSES)
		{
			answer->permission = permission;
			return true;
		}
	}
	answer->via = CA_VIA_NOTHING;
	answer->through = CA_REF_UNKNOWN;
	return false;
}

/* Active or ended. */
static bool
ever_linked(const CaClient *client, CaRef member)
{
	for (int i = 0; i < client->nlinks; i++)
	{
		if (client->links[i].member == member)
			return true;
	}
	return false;
}

/* Step 7: the records of somebody in the member's custody or supervision. */
static bool
author_delegation(const Inquiry *inquiry, CaRef *through)
{
	const CaMember   *member = inquiry->member;
	const CaClient   *client = inquiry->client;
	const CaQuestion *question = inquiry->question;

	for (int i = 0; i < member->ndelegations; i++)
	{
		const CaDelegation *delegation = &member->delegations[i];

		if (delegation->mode == CA_DELEGATION_CONTEXT ||
			(delegation->categories & CA_CATEGORY_BIT(question->category)) == 0 ||
			(delegation->actions & CA_ACTION_BIT(question->action)) == 0 ||
			(!delegation->any_client && delegation->client != client->ref))
			continue;

		/* A supervisor named for this client replaces the general one. */
		if (delegation->mode == CA_DELEGATION_SUPERVISOR && delegation->any_client &&
			contains(client->supervised, delegation->over))
			continue;

		if (!ever_linked(client, delegation->over))
			continue;
		if (!question->author_asked || question->author == delegation->over ||
			(inquiry->rule == CA_AUTHOR_NONE && !inquiry->authored))
		{
			*through = delegation->over;
			return true;
		}
	}
	return false;
}

/* Step 8. */
static bool
emergency(const Inquiry *inquiry)
{
	return inquiry->practice->emergency_access &&
		   inquiry->question->action == CA_ACTION_VIEW &&
		   inquiry->question->category != CA_CATEGORY_PRIVATE_NOTES &&
		   contains(inquiry->client->emergencies, inquiry->member->ref);
}

static CaAnswer
conclude(CaAnswer answer, bool allowed, CaRule rule)
{
	answer.allowed = allowed;
	answer.rule = rule;
	return answer;
}

CaAnswer
ca_decide(const CaPractice *practice, const CaMember *member,
		  const CaClient *client, const CaQuestion *question, CaTrace *trace)
{
	CaAnswer answer = {.through = CA_REF_UNKNOWN};
	Inquiry  inquiry;

	if (practice == NULL || member == NULL || client == NULL ||
		!member->active || client->deleted ||
		member->practice != practice->ref || client->practice != practice->ref)
		return conclude(answer, false, CA_RULE_KNOWN);

	inquiry.practice = practice;
	inquiry.member = member;
	inquiry.client = client;
	inquiry.question = question;
	inquiry.filter_author = question->author;
	inquiry.authored = (practice->authored & CA_CATEGORY_BIT(question->category)) != 0;
	inquiry.rule = practice->author_rule[question->category];

	if (ca_decide_revoked(member, client))
	{
		if (practice->emergency_overrides_revocation && emergency(&inquiry))
			return conclude(answer, true, CA_RULE_EMERGENCY);
		return conclude(answer, false, CA_RULE_REVOKED);
	}

	if (own_right(&inquiry, &answer, trace))
		return conclude(answer, true, CA_RULE_PERMISSION);
	if (author_delegation(&inquiry, &answer.through))
		return conclude(answer, true, CA_RULE_AUTHOR_DELEGATION);
	if (emergency(&inquiry))
		return conclude(answer, true, CA_RULE_EMERGENCY);
	return conclude(answer, false, CA_RULE_NONE);
}

/*
 * The portal: the chosen profile and nothing else.  Each permission opens one
 * category, and any of them the records that are marked for the client; with
 * none there remains the name.
 */
bool
ca_decide_portal(const CaPortal *portal, CaRef client, int category,
				 CaAction action, bool client_visible)
{
	const CaClient *profile = &portal->profile;
	bool            appointments = portal->own || portal->view_appointments;
	bool            information = portal->own || portal->manage_information;

	if (!portal->known || profile->ref != client || profile->deleted ||
		profile->practice != portal->practice ||
		!(portal->own || portal->accepted))
		return false;

	if (action == CA_ACTION_EDIT)
		return information && category == CA_CATEGORY_PROFILE;
	if (action != CA_ACTION_VIEW)
		return false;
	if (category == CA_CATEGORY_NAME)
		return true;
	if (category == CA_CATEGORY_PROFILE && information)
		return true;
	if (category == CA_CATEGORY_SCHEDULE && appointments)
		return true;
	return client_visible && (appointments || information);
}

bool
ca_decide_portal_all(const CaPortal *portal, CaRef client, int category,
					 uint8 actions, bool client_visible)
{
	for (CaAction action = CA_ACTION_VIEW; action <= CA_ACTION_DELETE; action++)
	{
		if ((actions & CA_ACTION_BIT(action)) != 0 &&
			!ca_decide_portal(portal, client, category, action, client_visible))
			return false;
	}
	return (actions & CA_ACTIONS_ALL) != 0;
}

static const char *const action_words[] = {"view", "create", "edit", "delete"};
static const char *const reach_words[] = {"all", "own", "group", "managed", "delegated"};

int
ca_word_number(const char *word, const char *const *words, int nwords)
{
	for (int i = 0; i < nwords; i++)
	{
		if (strcmp(word, words[i]) == 0)
			return i;
	}
	return -1;
}

const char *
ca_action_word(CaAction action)
{
	return action_words[action];
}

int
ca_action_number(const char *word)
{
	return ca_word_number(word, action_words, lengthof(action_words));
}

const char *
ca_reach_word(CaReach reach)
{
	return reach_words[reach];
}

int
ca_reach_number(const char *word)
{
	return ca_word_number(word, reach_words, lengthof(reach_words));
}

int
ca_link_kind_number(const char *word)
{
	static const char *const words[] = {"owner", "grant", "listed"};

	return ca_word_number(word, words, lengthof(words));
}
