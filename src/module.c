/*-------------------------------------------------------------------------
 *
 * module.c
 *	  What happens when the library is loaded, in order.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"

#include "catalog.h"
#include "guard.h"
#include "scope.h"
#include "settings.h"
#include "version.h"

PG_MODULE_MAGIC;

void _PG_init(void);

void
_PG_init(void)
{
	ca_settings_init();
	ca_catalog_init();
	ca_version_init();
	ca_scope_init();
	ca_guard_init();
}
