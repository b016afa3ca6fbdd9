/*-------------------------------------------------------------------------
 *
 * decide.h
 *	  The decision: facts in, an answer and the rule it rests on out.
 *
 * Members and clients are numbers here (CaRef), which whoever gathers the
 * facts gives them.  The facts are those of one instant: what is not valid
 * then has been left out or marked by the time they get here.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CA_DECIDE_H
#define CA_DECIDE_H

#include "nodes/bitmapset.h"

typedef int32 CaRef;

/* The author is not known; he equals no member. */
#define CA_REF_UNKNOWN (-1)

/* Somebody of whom no fact tells anything: a known author, but no member. */
#define CA_REF_STRANGER (-2)

#define CA_MAX_CATEGORIES 64

/* Numbers of built-in categories; the install script fixes them. */
#define CA_CATEGORY_NAME 0
#define CA_CATEGORY_PROFILE 1
#define CA_CATEGORY_SCHEDULE 3
#define CA_CATEGORY_DOCUMENTS 4
#define CA_CATEGORY_CHART 6
#define CA_CATEGORY_PRIVATE_NOTES 7

typedef enum CaAction
{
	CA_ACTION_VIEW,
	CA_ACTION_CREATE,
	CA_ACTION_EDIT,
	CA_ACTION_DELETE
} CaAction;
#define CA_ACTIONS_ALL 0x0F
#define CA_ACTION_BIT(action) ((uint8) (1 << (action)))
#define CA_CATEGORY_BIT(category) (UINT64CONST(1) << (category))

typedef enum CaReach
{
	CA_REACH_ALL,
	CA_REACH_OWN,
	CA_REACH_GROUP,
	CA_REACH_MANAGED,
	CA_REACH_DELEGATED
} CaReach;

typedef enum CaAuthorRule
{
	CA_AUTHOR_NONE,
	CA_AUTHOR_AUTHOR,
	CA_AUTHOR_SHARE,
	CA_AUTHOR_GROUP
} CaAuthorRule;

typedef enum CaLinkKind
{
	CA_LINK_OWNER,
	CA_LINK_GRANT,
	CA_LINK_LISTED
} CaLinkKind;
#define CA_LINK_KINDS 3

/* A set of members that may be all there are, and then also unknown ones. */
typedef struct CaMemberSet
{
	bool       everybody;
	Bitmapset *members;
} CaMemberSet;

typedef struct CaPractice
{
	CaRef  ref;
	bool   edit_others_records;
	bool   emergency_access;
	bool   emergency_overrides_revocation;
	uint64 authored; /* categories where the author matters for changing */
	uint8  author_rule[CA_MAX_CATEGORIES];
	uint64 opens[CA_LINK_KINDS]; /* categories that a link of the kind opens */
} CaPractice;

typedef struct CaPermission
{
	uint8       category;
	uint8       actions;
	uint8       reach;
	bool        deny;
	bool        only_if_practitioner;
	const char *source; /* the role's name; null where the member's own */
} CaPermission;

typedef enum CaDelegationMode
{
	CA_DELEGATION_CONTEXT,
	CA_DELEGATION_AUTHOR,
	CA_DELEGATION_SUPERVISOR
} CaDelegationMode;

/* A currently valid delegation of its member over another. */
typedef struct CaDelegation
{
	uint8                  mode;
	uint8                  actions;
	uint64                 categories;
	bool                   any_client;
	CaRef                  client;
	CaRef                  over;
	const struct CaMember *over_member; /* context only */
} CaDelegation;

/* For one category: the only colleagues whose records the member sees. */
typedef struct CaColleagueLimit
{
	uint8      category;
	Bitmapset *colleagues;
} CaColleagueLimit;

typedef struct CaMember
{
	CaRef             ref;
	CaRef             practice;
	bool              active; /* status active and not past the end */
	bool              practitioner;
	bool              unrevocable;
	bool              bypasses_groups;
	bool              has_denials; /* some permission is a denial */
	CaMemberSet       accessible;
	CaMemberSet       managed;
	int               npermissions;
	CaPermission     *permissions;
	int               nlimits;
	CaColleagueLimit *limits;
	int               ndelegations;
	CaDelegation     *delegations;
} CaMember;

typedef enum CaLinkState
{
	CA_LINK_CURRENT,
	CA_LINK_ENDED,
	CA_LINK_FUTURE
} CaLinkState;

typedef struct CaLink
{
	CaRef member;
	uint8 kind;
	uint8 state;
} CaLink;

/* A chart share that runs and is valid. */
typedef struct CaChartShare
{
	CaRef from;
	CaRef to;
	bool  include_private;
} CaChartShare;

typedef struct CaClient
{
	CaRef         ref;
	CaRef         practice;
	bool          deleted;
	bool          shared_with_all;
	int           nlinks;
	CaLink       *links;
	int           nshares;
	CaChartShare *shares;
	Bitmapset    *revoked;     /* members */
	Bitmapset    *emergencies; /* members with a running emergency access */
	Bitmapset    *supervised;  /* members over whom a supervisor was named for
								* this client */
} CaClient;

/* A portal user, and how he stands to the one profile that he has chosen. */
typedef struct CaPortal
{
	CaRef    practice;
	bool     known; /* there is a client with the profile's identifier */
	CaClient profile;
	bool     own;      /* it is he whose login this is */
	bool     accepted; /* he has accepted an access to it */
	bool     view_appointments;
	bool     manage_information;
} CaPortal;

typedef struct CaQuestion
{
	int      category;
	CaAction action;
	bool     author_asked;
	CaRef    author;
} CaQuestion;

/* The parts of the decision, in the order in which they are asked. */
typedef enum CaRule
{
	CA_RULE_KNOWN,
	CA_RULE_REVOKED,
	CA_RULE_PERMISSION,
	CA_RULE_AUTHOR_DELEGATION,
	CA_RULE_EMERGENCY,
	CA_RULE_NONE
} CaRule;

/* Why a permission did or did not give the answer. */
typedef enum CaFinding
{
	CA_FINDING_PASSES,
	CA_FINDING_NOT_PRACTITIONER,
	CA_FINDING_DENIED,
	CA_FINDING_OUT_OF_REACH,
	CA_FINDING_NOT_DELEGATED,
	CA_FINDING_OTHERS_RECORD,
	CA_FINDING_AUTHOR
} CaFinding;

/* How a permission reached the client. */
typedef enum CaVia
{
	CA_VIA_NOTHING,
	CA_VIA_PRACTICE,
	CA_VIA_OWNER,
	CA_VIA_GRANT,
	CA_VIA_LISTED,
	CA_VIA_SHARED_WITH_ALL,
	CA_VIA_ENDED_LISTING,
	CA_VIA_GROUP,
	CA_VIA_MANAGED,
	CA_VIA_DELEGATION
} CaVia;

typedef struct CaAnswer
{
	bool                allowed;
	CaRule              rule;
	const CaPermission *permission; /* where the rule is a permission */
	CaVia               via;
	CaRef               through; /* the other member, or CA_REF_UNKNOWN */
} CaAnswer;

/* One permission looked at, for those who want to know why. */
typedef struct CaConsidered
{
	const CaPermission *permission;
	CaFinding           finding;
	CaVia               via;
	CaRef               through;
} CaConsidered;

/* Filled along the way where the caller passes one. */
typedef struct CaTrace
{
	int           nconsidered;
	int           allocated;
	CaConsidered *considered;
} CaTrace;

/* The words of the catalog and of questions; a word that is none is -1. */
extern int         ca_word_number(const char *word, const char *const *words, int nwords);
extern const char *ca_action_word(CaAction action);
extern int         ca_action_number(const char *word);
extern const char *ca_reach_word(CaReach reach);
extern int         ca_reach_number(const char *word);
extern int         ca_link_kind_number(const char *word);

extern CaAnswer ca_decide(const CaPractice *practice, const CaMember *member,
						  const CaClient *client, const CaQuestion *question,
						  CaTrace *trace);

/*
 * The decision for a portal user.  client_visible: the record is marked as one
 * that its client may see.
 */
extern bool ca_decide_portal(const CaPortal *portal, CaRef client, int category,
							 CaAction action, bool client_visible);

/* All of the actions, of which there must be one. */
extern bool ca_decide_portal_all(const CaPortal *portal, CaRef client, int category,
								 uint8 actions, bool client_visible);

/* Step 2 alone: is this member's access to this client revoked? */
extern bool ca_decide_revoked(const CaMember *member, const CaClient *client);

#endif /* CA_DECIDE_H */
