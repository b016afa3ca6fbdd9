/*-------------------------------------------------------------------------
 *
 * functions_explain.c
 *	  Why: who can view a client, and how a decision comes about.
 *
 * The words are made from the trace of the very decision that row filters
 * use; nothing is decided here a second time.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "functions.h"

PG_FUNCTION_INFO_V1(ca_sql_viewers);
PG_FUNCTION_INFO_V1(ca_sql_explain);

/* As many holders of a capability are named in an explanation. */
#define HOLDERS_NAMED 3
/* ... among as many members of the practice. */
#define HOLDERS_SOUGHT 200

typedef struct Explanation
{
	CaCall           *call;
	ReturnSetInfo    *result;
	const CaPractice *practice;
	const CaMember   *member;
	bool              elsewhere; /* the client is of another practice */
	CaClient          client;
	int               category;
	CaAction          action;
	const CaRef      *author;
	CaAnswer          answer;
	CaTrace           trace;
} Explanation;

/*
 * Words
 */

/* A member as a person knows him: name and identifier. */
static char *
member_words(CaCall *call, CaRef ref)
{
	CaId id;

	if (ref < 0)
		return pstrdup("somebody");
	ca_scope_member_id(call->scope, ref, &id);
	return psprintf("%s (%s)", ca_scope_member_name(call->snapshot, &id), ca_id_to_cstring(&id));
}

static char *
permission_words(const CaPermission *permission)
{
	if (permission->source == NULL)
		return psprintf("a personal permission with reach %s", ca_reach_word(permission->reach));
	return psprintf("role %s with reach %s", permission->source, ca_reach_word(permission->reach));
}

static char *
via_words(CaCall *call, CaVia via, CaRef through)
{
	switch (via)
	{
		case CA_VIA_NOTHING:
			break;
		case CA_VIA_PRACTICE:
			return pstrdup("all clients of the practice");
		case CA_VIA_OWNER:
			return pstrdup("owner of the client");
		case CA_VIA_GRANT:
			return pstrdup("shared with the member");
		case CA_VIA_LISTED:
			return pstrdup("listed as provider");
		case CA_VIA_SHARED_WITH_ALL:
			return pstrdup("shared with all practitioners");
		case CA_VIA_ENDED_LISTING:
			return pstrdup("formerly listed: the records the member wrote");
		case CA_VIA_GROUP:
			if (through < 0)
				return pstrdup("groups: no restriction");
			return psprintf("groups: linked to %s", member_words(call, through));
		case CA_VIA_MANAGED:
			if (through < 0)
				return pstrdup("manages everybody's clients");
			return psprintf("manages the clients of %s", member_words(call, through));
		case CA_VIA_DELEGATION:
			return psprintf("acts for %s", member_words(call, through));
	}
	return pstrdup("no right");
}

/* Why the answer is yes, in a few words. */
static char *
reason_words(CaCall *call, const CaAnswer *answer)
{
	switch (answer->rule)
	{
		case CA_RULE_PERMISSION:
			return psprintf("%s: %s",
							answer->permission->source
								? psprintf("role %s", answer->permission->source)
								: "personal permission",
							via_words(call, answer->via, answer->through));
		case CA_RULE_AUTHOR_DELEGATION:
			return psprintf("delegation: reads the records of %s", member_words(call, answer->through));
		case CA_RULE_EMERGENCY:
			return pstrdup("emergency access");
		case CA_RULE_KNOWN:
		case CA_RULE_REVOKED:
		case CA_RULE_NONE:
			break;
	}
	return pstrdup("no right");
}

/*
 * careaccess_viewers(client, category)
 */

static void
find_visible_client(CaCall *call, const CaId *id, const CaId *member, int category, CaAction action,
					CaClient *client)
{
	const CaMember *asker;

	if (!ca_scope_client(call->scope, call->snapshot, id, client))
		ca_refuse_missing_client(call->fcinfo, id);
	if (ca_asker_sees(call, client))
		return;

	/* About himself: what he may do with a client he may know of. */
	if (member != NULL && !ca_asks_about_other(call, member))
	{
		asker = ca_call_member(call, member);
		if (ca_scope_decide(call->scope, call->snapshot, asker, client, category, action, NULL, NULL)
				.allowed)
			return;
	}
	ca_refuse_missing_client(call->fcinfo, id);
}

Datum
ca_sql_viewers(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	CaCall         call;
	CaId           client_id;
	int            category;
	CaClient       client;
	CaId          *ids;
	int            n;

	ca_call_open(fcinfo, &call);
	ca_arg_id(fcinfo, 0, "client", &client_id);
	category = ca_arg_category(fcinfo, 1, &call);
	ca_check_may_ask(&call, NULL, false);
	if (call.subject->kind == CA_SUBJECT_ADMINISTRATOR)
		(void) ca_call_enter_of_client(&call, &client_id);
	find_visible_client(&call, &client_id, NULL, category, CA_ACTION_VIEW, &client);
	InitMaterializedSRF(fcinfo, 0);

	ca_scope_read_all_members(call.scope, call.snapshot);
	n = ca_scope_members_of(call.scope, call.snapshot, &ids);
	for (int i = 0; i < n; i++)
	{
		const CaMember *member = ca_scope_member(call.scope, call.snapshot, &ids[i]);
		CaAnswer        answer;
		Datum           values[2];
		bool            nulls[2] = {false, false};

		CHECK_FOR_INTERRUPTS();
		answer = ca_scope_decide(call.scope, call.snapshot, member, &client, category,
								 CA_ACTION_VIEW, NULL, NULL);
		if (!answer.allowed)
			continue;
		values[0] = ca_id_to_datum(&ids[i]);
		values[1] = CStringGetTextDatum(reason_words(&call, &answer));
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/*
 * careaccess_explain(member, client, category, action, author)
 */

#define PASSES "passes"
#define DECIDES_YES "decides: yes"
#define DECIDES_NO "decides: no"
#define APPLIES_NOT "does not apply"
#define NOT_ASKED "not asked"

static void
put_step(Explanation *e, int step, const char *rule, const char *outcome, const char *detail)
{
	Datum values[4];
	bool  nulls[4] = {false, false, false, false};

	values[0] = Int32GetDatum(step);
	values[1] = CStringGetTextDatum(rule);
	values[2] = CStringGetTextDatum(outcome);
	values[3] = CStringGetTextDatum(detail);
	tuplestore_putvalues(e->result->setResult, e->result->setDesc, values, nulls);
}

static void
name_holder(Explanation *e, StringInfo names, const CaId *id)
{
	appendStringInfo(names, "%s%s (%s)", names->len > 0 ? ", " : "",
					 ca_scope_member_name(e->call->snapshot, id), ca_id_to_cstring(id));
}

/*
 * Could this member do it?  Nobody does it for himself, and for an operation
 * on the client he must see that the client exists.
 */
static bool
could_act(Explanation *e, const CaId *id, const char *capability, bool on_client)
{
	CaScope        *scope = e->call->scope;
	const CaMember *member = ca_scope_member(scope, e->call->snapshot, id);
	CaClient        client = ca_scope_as_if_archived(&e->client);

	return member != NULL && member != e->member &&
		   ca_scope_has_capability(scope, e->call->snapshot, id, capability) &&
		   (!on_client ||
			ca_scope_decide(scope, e->call->snapshot, member, &client, CA_CATEGORY_NAME,
							CA_ACTION_VIEW, NULL, NULL)
				.allowed);
}

/* Some of those who could, as a person would name them. */
static void
name_holders(Explanation *e, const char *capability, bool on_client, StringInfo names)
{
	CaId *ids;
	int   n = ca_scope_members_of(e->call->scope, e->call->snapshot, &ids);
	int   named = 0;

	for (int i = 0; i < n && i < HOLDERS_SOUGHT && named < HOLDERS_NAMED; i++)
	{
		if (!could_act(e, &ids[i], capability, on_client))
			continue;
		name_holder(e, names, &ids[i]);
		named++;
	}
}

static char *
holders_words(const char *capability, StringInfo names)
{
	if (names->len == 0)
		return psprintf("this needs the capability %s, which nobody else here holds, or a database administrator",
						capability);
	return psprintf("%s can", names->data);
}

/* Who could carry out an operation on a member's account, or on the practice. */
static char *
holders(Explanation *e, const char *capability)
{
	StringInfoData names;

	initStringInfo(&names);
	name_holders(e, capability, false, &names);
	return holders_words(capability, &names);
}

/*
 * Who could carry out an operation on the client: by a capability, or (linked,
 * or null) by one that counts for clients of their own.
 */
static char *
client_holders(Explanation *e, const char *capability, const char *linked)
{
	StringInfoData names;

	initStringInfo(&names);
	name_holders(e, capability, true, &names);
	for (int i = 0; linked != NULL && i < e->client.nlinks; i++)
	{
		const CaLink *link = &e->client.links[i];
		CaId          id;

		/* restricting is the owner's alone */
		if (strcmp(linked, "restrict_own") == 0 && link->kind != CA_LINK_OWNER)
			continue;
		ca_scope_member_id(e->call->scope, link->member, &id);
		if (link->state == CA_LINK_CURRENT && link->kind != CA_LINK_LISTED &&
			could_act(e, &id, linked, true) && !could_act(e, &id, capability, true))
			name_holder(e, &names, &id);
	}
	return holders_words(capability, &names);
}

static bool
considered_with(const Explanation *e, CaFinding finding)
{
	for (int i = 0; i < e->trace.nconsidered; i++)
	{
		if (e->trace.considered[i].finding == finding)
			return true;
	}
	return false;
}

static bool
considered_reach(const Explanation *e, CaReach reach)
{
	for (int i = 0; i < e->trace.nconsidered; i++)
	{
		if (e->trace.considered[i].permission->reach == reach)
			return true;
	}
	return false;
}

/* What would put the client in the reach of "own", in this practice. */
static void
suggest_link(Explanation *e, StringInfo text)
{
	uint64 bit = CA_CATEGORY_BIT(e->category);

	if (!e->member->practitioner)
	{
		appendStringInfo(text, " Links to clients go to practitioners only; a practitioner role (careaccess_set_member_roles) would make one possible: %s.",
						 holders(e, "manage_members"));
		return;
	}
	if (e->practice->opens[CA_LINK_GRANT] & bit)
		appendStringInfo(text, " Sharing the client with the member (careaccess_share_client) would allow it: %s.",
						 client_holders(e, "grant", "grant_linked"));
	if (e->practice->opens[CA_LINK_OWNER] & bit)
		appendStringInfo(text, " Making the member the owner (careaccess_reassign_client) would allow it: %s.",
						 client_holders(e, "reassign", "reassign_linked"));
	if (e->practice->opens[CA_LINK_LISTED] & bit)
		appendStringInfo(text, " Listing the member as provider (careaccess_list_client) would allow it: %s.",
						 client_holders(e, "list_client", NULL));
}

/* What would turn a no into a yes, and who could do that. */
static char *
what_would_change_it(Explanation *e)
{
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfoString(&text, "Nothing allows it.");
	if (e->trace.nconsidered == 0)
		appendStringInfo(&text, " No role of the member allows to %s %s; another role (careaccess_set_member_roles) or a permission (careaccess_set_member_permission) would: %s.",
						 ca_action_word(e->action),
						 ca_scope_category_code(e->call->scope, e->category),
						 holders(e, "manage_members"));
	if (considered_with(e, CA_FINDING_NOT_PRACTITIONER))
		appendStringInfo(&text, " A practitioner role would make a permission count: %s.",
						 holders(e, "manage_members"));
	if (considered_with(e, CA_FINDING_DENIED))
		appendStringInfo(&text, " Lifting the denial (careaccess_clear_member_permission, careaccess_define_role) would help: %s.",
						 holders(e, "manage_members"));
	if (considered_with(e, CA_FINDING_OUT_OF_REACH))
	{
		if (considered_reach(e, CA_REACH_OWN) || considered_reach(e, CA_REACH_GROUP))
			suggest_link(e, &text);
		if (considered_reach(e, CA_REACH_GROUP) || considered_reach(e, CA_REACH_MANAGED))
			appendStringInfo(&text, " Groups (careaccess_update_group) could bring the client within reach: %s.",
							 holders(e, "manage_groups"));
	}
	if (considered_with(e, CA_FINDING_NOT_DELEGATED))
		appendStringInfo(&text, " A delegation from somebody who may do it (careaccess_delegate) would allow it: %s.",
						 holders(e, "delegate"));
	if (considered_with(e, CA_FINDING_OTHERS_RECORD))
		appendStringInfo(&text, " Only the author changes such a record, unless the setting edit_others_records is on: %s.",
						 holders(e, "manage_roles"));
	if (considered_with(e, CA_FINDING_AUTHOR))
	{
		if (e->practice->author_rule[e->category] == CA_AUTHOR_SHARE)
			appendStringInfo(&text, " A chart share from the author (careaccess_share_chart) would open the record: the author, with share_chart_own, or whoever holds share_chart_any: %s.",
							 client_holders(e, "share_chart_any", NULL));
		else if (e->practice->author_rule[e->category] == CA_AUTHOR_GROUP)
			appendStringInfo(&text, " A common group with the author (careaccess_update_group) would help: %s.",
							 holders(e, "manage_groups"));
		else
			appendStringInfo(&text, " Only the author sees such a record; a delegation of mode author (careaccess_delegate) would open it: %s.",
							 holders(e, "appoint_custodian"));
	}
	return text.data;
}

/* Each step is put by a function that says whether it was the deciding one. */

static bool
explain_known(Explanation *e)
{
	const char *outcome = e->answer.rule == CA_RULE_KNOWN ? DECIDES_NO : PASSES;

	if (e->member == NULL)
		put_step(e, 1, "known and active", outcome, "There is no such member in this practice.");
	else if (!e->member->active)
		put_step(e, 1, "known and active", outcome,
				 psprintf("The member is not active or past the end date. careaccess_set_member_status or careaccess_configure_member would change that: %s.",
						  holders(e, "manage_members")));
	else if (e->elsewhere)
		put_step(e, 1, "known and active", outcome, "Member and client belong to different practices.");
	else if (e->client.deleted)
		put_step(e, 1, "known and active", outcome,
				 psprintf("The client is deleted. careaccess_set_client_status would restore it: %s.",
						  client_holders(e, "delete_client", NULL)));
	else
		put_step(e, 1, "known and active", outcome, "The member is active, the client is registered in his practice.");
	return e->answer.rule == CA_RULE_KNOWN;
}

static bool
explain_revoked(Explanation *e)
{
	if (!ca_decide_revoked(e->member, &e->client))
	{
		put_step(e, 2, "revoked", PASSES, "The member's access to this client is not revoked.");
		return false;
	}
	if (e->answer.allowed)
	{
		put_step(e, 2, "revoked", PASSES, "Revoked, but a running emergency access overrides it in this practice.");
		return false;
	}
	put_step(e, 2, "revoked", DECIDES_NO,
			 psprintf("The member's administrative access to this client is revoked. careaccess_restore_administrative_access would lift it: %s.",
					  client_holders(e, "restrict", "restrict_own")));
	return true;
}

static char *
considered_words(Explanation *e, const CaConsidered *considered)
{
	const char *what = permission_words(considered->permission);
	const char *via = via_words(e->call, considered->via, considered->through);

	switch (considered->finding)
	{
		case CA_FINDING_PASSES:
			return psprintf("Allowed by %s: %s.", what, via);
		case CA_FINDING_NOT_PRACTITIONER:
			return psprintf("Not by %s: it counts for practitioners only.", what);
		case CA_FINDING_DENIED:
			return psprintf("Not by %s: it is denied to the member.", what);
		case CA_FINDING_OUT_OF_REACH:
			return psprintf("Not by %s: the client is outside it.", what);
		case CA_FINDING_NOT_DELEGATED:
			return psprintf("Not by %s: nobody the member acts for may do it.", what);
		case CA_FINDING_OTHERS_RECORD:
			return psprintf("Not by %s (%s): another's record may not be changed.", what, via);
		case CA_FINDING_AUTHOR:
			return psprintf("Not by %s (%s): the record's author is not one whose records the member sees.", what, via);
	}
	return pstrdup("");
}

/* The permission that shows most: the deciding one, else the furthest. */
static const CaConsidered *
furthest(const Explanation *e)
{
	const CaConsidered *best = NULL;

	for (int i = 0; i < e->trace.nconsidered; i++)
	{
		const CaConsidered *considered = &e->trace.considered[i];

		if (considered->finding == CA_FINDING_PASSES)
			return considered;
		if (best == NULL || considered->finding > best->finding)
			best = considered;
	}
	return best;
}

static bool
explain_own_right(Explanation *e)
{
	const CaConsidered *best = furthest(e);
	bool                decides = e->answer.rule == CA_RULE_PERMISSION;
	StringInfoData      text;

	if (best == NULL)
	{
		put_step(e, 3, "own right", APPLIES_NOT,
				 psprintf("No role or permission of the member allows to %s %s.", ca_action_word(e->action),
						  ca_scope_category_code(e->call->scope, e->category)));
		put_step(e, 4, "denials", NOT_ASKED, "There is nothing that a denial could take away.");
		put_step(e, 5, "reach", NOT_ASKED, "There is no permission that could reach the client.");
		put_step(e, 6, "author", NOT_ASKED, "There is no permission that reached the client.");
		return false;
	}

	initStringInfo(&text);
	for (int i = 0; i < e->trace.nconsidered; i++)
		appendStringInfo(&text, "%s%s", i > 0 ? " " : "", considered_words(e, &e->trace.considered[i]));
	put_step(e, 3, "own right", decides ? DECIDES_YES : APPLIES_NOT, text.data);

	put_step(e, 4, "denials", considered_with(e, CA_FINDING_DENIED) ? "takes away" : PASSES,
			 considered_with(e, CA_FINDING_DENIED)
				 ? "A denial takes away what a role or permission allows."
				 : "Nothing that the member is allowed is denied.");
	put_step(e, 5, "reach",
			 best->via != CA_VIA_NOTHING ? PASSES : APPLIES_NOT,
			 best->via != CA_VIA_NOTHING
				 ? psprintf("The client is within reach: %s.", via_words(e->call, best->via, best->through))
				 : "The client is outside the reach of every permission.");
	if (best->via == CA_VIA_NOTHING)
		put_step(e, 6, "author", NOT_ASKED, "No permission reached the client.");
	else if (e->author == NULL)
		put_step(e, 6, "author", PASSES, "No author was asked: there could be such a record.");
	else
		put_step(e, 6, "author", best->finding == CA_FINDING_PASSES ? PASSES : APPLIES_NOT,
				 best->finding == CA_FINDING_PASSES ? "Records of this author are open to the member."
													: "Records of this author are not open to the member.");
	return decides;
}

static bool
explain_author_delegation(Explanation *e)
{
	if (e->answer.rule != CA_RULE_AUTHOR_DELEGATION)
	{
		put_step(e, 7, "author delegation", APPLIES_NOT,
				 "The member holds no custody or supervision that opens this.");
		return false;
	}
	put_step(e, 7, "author delegation", DECIDES_YES,
			 psprintf("The member may read the records of %s.", member_words(e->call, e->answer.through)));
	return true;
}

static bool
explain_emergency(Explanation *e)
{
	if (e->answer.rule == CA_RULE_EMERGENCY)
	{
		put_step(e, 8, "emergency", DECIDES_YES, "An emergency access of the member to this client is running.");
		return true;
	}
	put_step(e, 8, "emergency", APPLIES_NOT,
			 e->practice->emergency_access
				 ? "No emergency access of the member to this client opens this."
				 : "The practice has no emergency access.");
	return false;
}

static void
explain(Explanation *e)
{
	if (explain_known(e) || explain_revoked(e))
		return;
	if (ca_decide_revoked(e->member, &e->client))
	{
		explain_emergency(e);
		return;
	}
	if (explain_own_right(e) || explain_author_delegation(e) || explain_emergency(e))
		return;
	put_step(e, 9, "otherwise", DECIDES_NO, what_would_change_it(e));
}

/*
 * An administrator may ask about a member of one practice and a client of
 * another, or about a member whom there is not.
 */
static void
find_member_and_client(Explanation *e, const CaId *member_id, const CaId *client_id)
{
	CaCall *call = e->call;
	CaId    practice;

	if (call->subject->kind == CA_SUBJECT_ADMINISTRATOR)
	{
		e->member = ca_call_member(call, member_id);
		if (e->member == NULL)
			(void) ca_call_enter_of_client(call, client_id);
		else if (!ca_scope_client(call->scope, call->snapshot, client_id, &e->client) &&
				 ca_scope_practice_of_client(call->snapshot, client_id, &practice))
		{
			e->elsewhere = true;
			return;
		}
	}
	find_visible_client(call, client_id, member_id, e->category, e->action, &e->client);
	e->member = e->member ? e->member : ca_call_member(call, member_id);
}

Datum
ca_sql_explain(PG_FUNCTION_ARGS)
{
	Explanation e = {0};
	CaCall      call;
	CaId        member_id;
	CaId        client_id;
	CaRef       author;

	ca_call_open(fcinfo, &call);
	ca_arg_id(fcinfo, 0, "member", &member_id);
	ca_arg_id(fcinfo, 1, "client", &client_id);
	e.call = &call;
	e.category = ca_arg_category(fcinfo, 2, &call);
	e.action = ca_arg_action(fcinfo, 3);
	ca_check_may_ask(&call, &member_id, false);
	find_member_and_client(&e, &member_id, &client_id);
	e.practice = ca_scope_practice(call.scope, call.snapshot);
	if (!PG_ARGISNULL(4))
	{
		author = ca_arg_author(fcinfo, 4, &call);
		e.author = &author;
	}
	e.answer = ca_scope_decide(call.scope, call.snapshot, e.member, e.elsewhere ? NULL : &e.client,
							   e.category, e.action, e.author, &e.trace);

	InitMaterializedSRF(fcinfo, 0);
	e.result = (ReturnSetInfo *) fcinfo->resultinfo;
	explain(&e);
	return (Datum) 0;
}
