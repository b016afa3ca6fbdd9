/*-------------------------------------------------------------------------
 *
 * functions.h
 *	  What the files of SQL-callable functions share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CA_FUNCTIONS_H
#define CA_FUNCTIONS_H

#include "fmgr.h"

#include "compat.h"
#include "scope.h"

/* One call's view: the scope that fits, its snapshot, and who asks. */
typedef struct CaCall
{
	CaScope            *scope;
	Snapshot            snapshot;
	TimestampTz         now;
	TimestampTz         clock;
	const CaSubject    *subject;
	FunctionCallInfo    fcinfo;
	struct CaCallState *state; /* what a function keeps from call to call */
	MemoryContext       cxt;   /* where it lies */
} CaCall;

/*
 * Opens under the active snapshot, in the scope of the asker's practice; the
 * pins are kept in fn_extra.  A session whose token is not good is refused
 * (28000), save in a policy, to which it is nobody's.
 */
extern void ca_call_open(FunctionCallInfo fcinfo, CaCall *call);
extern void ca_call_open_in_policy(FunctionCallInfo fcinfo, CaCall *call);

/*
 * Go on in the scope of another practice: of the one that the question is
 * about, for those who have none themselves or may ask about all.
 */
extern void ca_call_enter(CaCall *call, const CaId *practice);
extern bool ca_call_enter_of_member(CaCall *call, const CaId *member);
extern bool ca_call_enter_of_client(CaCall *call, const CaId *client);

/* Arguments; the getters raise 22023 for a null or an unknown word. */
extern void     ca_arg_id(FunctionCallInfo fcinfo, int arg, const char *name, CaId *id);
extern int      ca_arg_category(FunctionCallInfo fcinfo, int arg, CaCall *call);
extern CaAction ca_arg_action(FunctionCallInfo fcinfo, int arg);

/* The author argument of a direct question; null means unknown. */
extern CaRef ca_arg_author(FunctionCallInfo fcinfo, int arg, CaCall *call);

/* How SQL names what a subject is; and is it a member or a portal user? */
extern const char *ca_kind_word(CaSubjectKind kind);
extern const char *ca_identified_word(CaIdentifiedBy by);
extern bool        ca_is_somebody(const CaSubject *subject);

/* Refusals. */
extern void             ca_require_good_token(const CaSubject *subject);
CA_NORETURN extern void ca_refuse_nobody(FunctionCallInfo fcinfo);
CA_NORETURN extern void ca_refuse_missing_client(FunctionCallInfo fcinfo, const CaId *id);

/*
 * May the session ask about this member (null: about others in general)?
 * Raises 42501 if not.  test_tool: manage_groups is enough too.
 */
extern void ca_check_may_ask(CaCall *call, const CaId *member, bool test_tool);

/* Is it about another than himself, and is he no database administrator? */
extern bool ca_asks_about_other(const CaCall *call, const CaId *member);

/* The member, unless he is unknown or of another practice than the asker. */
extern const CaMember *ca_call_member(CaCall *call, const CaId *id);

/* Does the asker, where he is a member, see that the client exists? */
extern bool ca_asker_sees(CaCall *call, const CaClient *client);

#endif /* CA_FUNCTIONS_H */
