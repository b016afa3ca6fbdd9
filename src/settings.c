/*-------------------------------------------------------------------------
 *
 * settings.c
 *	  The settings of careaccess.
 *
 * Who is acting is kept in a setting because settings do what is wanted
 * of it: a change inside a transaction or a savepoint is undone with it,
 * parallel workers receive it, RESET ALL and DISCARD ALL forget it.  What
 * nobody may do is choose its value: the check hook lets only
 * ca_settings_set_acting() change it, and the start of a parallel worker copy
 * it.  So no SET, no connection option and no ALTER ROLE makes an identity.
 *
 * The token is the other way round: anybody may set it, and what counts is
 * whether it verifies.  Setting it never fails, whatever it is, since the server
 * would print the value in the error; and it is shown to nobody, so that an
 * injected query cannot carry it away.  It is a show hook that hides it: what is
 * marked as the superuser's only cannot be set by set_config(), which returns
 * the value, and that is how a token is set as a bound parameter.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <limits.h>

#include "access/parallel.h"
#include "datatype/timestamp.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "settings.h"

#define CACHE_SIZE "careaccess.cache_size"
#define DEFAULT_CACHE_SIZE (16 * 1024) /* kB */

/* True only while ca_settings_set_acting() runs. */
static bool setting_acting = false;

static char  *token = NULL;
static int    token_leeway = 0; /* seconds */
static char  *acting = NULL;
static uint64 identity_changes = 0;
static char  *operation = NULL;
static char  *adopting = NULL;
static bool   explain_guard = true;
static int    cache_size = DEFAULT_CACHE_SIZE;

static bool
check_acting(char **newval, void **extra, GucSource source)
{
	/* The value that the setting starts with and is reset to. */
	if (source == PGC_S_DEFAULT && (*newval == NULL || **newval == '\0'))
		return true;

	if (setting_acting || InitializingParallelWorker)
		return true;

	GUC_check_errcode(ERRCODE_INSUFFICIENT_PRIVILEGE);
	GUC_check_errmsg("who is acting cannot be set directly");
	GUC_check_errhint("Call careaccess_act_as() or careaccess_act_as_portal_user().");
	return false;
}

static const char *
show_token(void)
{
	return *ca_settings_token() == '\0' ? "" : "********";
}

/* Called for every change, those by rollback and RESET among them. */
static void
assign_identity(const char *newval, void *extra)
{
	identity_changes++;
}

static void
assign_leeway(int newval, void *extra)
{
	identity_changes++;
}

/*
 * Memory is the administrator's to give: what a session sets for itself may
 * only be less than what it began with.
 */
static bool
check_cache_size(int *newval, void **extra, GucSource source)
{
	const char *given = GetConfigOption(CACHE_SIZE, true, false);
	int         limit = DEFAULT_CACHE_SIZE;

	if (source < PGC_S_CLIENT || InitializingParallelWorker || superuser())
		return true;
	if (given != NULL)
		(void) parse_int(GetConfigOptionResetString(CACHE_SIZE), &limit, GUC_UNIT_KB, NULL);
	if (*newval <= limit)
		return true;
	GUC_check_errcode(ERRCODE_INSUFFICIENT_PRIVILEGE);
	GUC_check_errmsg("permission denied to raise \"%s\"", CACHE_SIZE);
	GUC_check_errhint("Only a superuser can set it higher than %d kB; lower values are allowed.", limit);
	return false;
}

void
ca_settings_init(void)
{
	/*
	 * careaccess.cache_size: how much memory a session takes to keep facts over
	 * statements.  An administrator raises it for practices with very many
	 * clients, or where one connection serves very many members.
	 */
	DefineCustomIntVariable(CACHE_SIZE,
							"Memory for facts that a session keeps over statements.",
							"What statements under way need may exceed it. A session can lower it, a superuser also raise it.",
							&cache_size,
							DEFAULT_CACHE_SIZE,
							0,
							MAX_KILOBYTES,
							PGC_USERSET,
							GUC_UNIT_KB,
							check_cache_size,
							NULL,
							NULL);

	/*
	 * careaccess.explain_guard: whether EXPLAIN of queries on protected tables is
	 * refused to those who may not see all rows.  An administrator turns it off
	 * where only invented data lie, or for one role (ALTER ROLE ... SET) that tunes
	 * queries.
	 */
	DefineCustomBoolVariable("careaccess.explain_guard",
							 "Refuses plans of protected tables to those who may not see all rows.",
							 "Plans tell how many rows there are, also of those that are hidden.",
							 &explain_guard,
							 true,
							 PGC_SUSET,
							 0,
							 NULL,
							 NULL,
							 NULL);

	/*
	 * careaccess.token: a signed token that says who this session is.  The
	 * application sets it for each connection or transaction.
	 */
	DefineCustomStringVariable("careaccess.token",
							   "A signed token (JWT) that says who this session is.",
							   "An empty string is no token.",
							   &token,
							   "",
							   PGC_USERSET,
							   GUC_NO_SHOW_ALL | GUC_NOT_IN_SAMPLE | GUC_DISALLOW_IN_FILE,
							   NULL,
							   assign_identity,
							   show_token);

	/*
	 * careaccess.token_leeway: how far the clock of whoever makes tokens may be
	 * from the server's.  An administrator raises it where clocks drift; tokens
	 * then hold by so much longer.
	 */
	DefineCustomIntVariable("careaccess.token_leeway",
							"How far the clock that tokens are made by may be from the server's.",
							"Tokens hold so much earlier and longer than they say.",
							&token_leeway,
							0,
							0,
							600,
							PGC_SUSET,
							GUC_UNIT_S,
							NULL,
							assign_leeway,
							NULL);

	/*
	 * careaccess.acting: the member or portal user for whom this session acts.
	 * Internal; shown by careaccess_whoami(), changed by careaccess_act_as()
	 * and careaccess_act_as_portal_user().
	 */
	DefineCustomStringVariable("careaccess.acting",
							   "The member or portal user for whom this session acts.",
							   "Changed by careaccess_act_as() and careaccess_act_as_portal_user() only.",
							   &acting,
							   "",
							   PGC_USERSET,
							   GUC_NO_SHOW_ALL | GUC_NOT_IN_SAMPLE | GUC_DISALLOW_IN_FILE,
							   check_acting,
							   assign_identity,
							   NULL);

	/*
	 * careaccess.operation: the name under which changes of the catalog are
	 * written to the event log.  The functions that change access carry it in
	 * their SET clause, where the owner of the extension sets it; nobody else
	 * but a superuser can.
	 */
	DefineCustomStringVariable("careaccess.operation",
							   "The operation that the event log records.",
							   "Set by the functions that change access.",
							   &operation,
							   "",
							   PGC_SUSET,
							   GUC_NO_SHOW_ALL | GUC_NOT_IN_SAMPLE | GUC_DISALLOW_IN_FILE,
							   NULL,
							   NULL,
							   NULL);

	/*
	 * careaccess.adopting: the statements on adopted tables that are under way.
	 * Kept by the triggers of these tables; a setting, so that a rollback takes
	 * it back.
	 */
	DefineCustomStringVariable("careaccess.adopting",
							   "The statements on adopted tables that are under way.",
							   "Set by the triggers of adopted tables.",
							   &adopting,
							   "",
							   PGC_SUSET,
							   GUC_NO_SHOW_ALL | GUC_NOT_IN_SAMPLE | GUC_DISALLOW_IN_FILE,
							   NULL,
							   NULL,
							   NULL);

	MarkGUCPrefixReserved("careaccess");
}

const char *
ca_settings_acting(void)
{
	return acting ? acting : "";
}

const char *
ca_settings_token(void)
{
	return token ? token : "";
}

int64
ca_settings_token_leeway(void)
{
	return (int64) token_leeway * USECS_PER_SEC;
}

const uint64 *
ca_settings_identity_changes(void)
{
	return &identity_changes;
}

void
ca_settings_set_acting(const char *who, bool session)
{
	setting_acting = true;
	PG_TRY();
	{
		(void) set_config_option("careaccess.acting", who,
								 PGC_USERSET, PGC_S_SESSION,
								 session ? GUC_ACTION_SET : GUC_ACTION_LOCAL,
								 true, 0, false);
	}
	PG_FINALLY();
	{
		setting_acting = false;
	}
	PG_END_TRY();
}

bool
ca_settings_explain_guard(void)
{
	return explain_guard;
}

int64
ca_settings_cache_size(void)
{
	return (int64) cache_size * 1024;
}
