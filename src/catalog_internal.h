/*-------------------------------------------------------------------------
 *
 * catalog_internal.h
 *	  What the files of the catalog share: the tables by name.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CA_CATALOG_INTERNAL_H
#define CA_CATALOG_INTERNAL_H

#include "catalog.h"

typedef enum Table
{
	T_CATEGORY,
	T_PRACTICE,
	T_AUTHOR_RULE,
	T_LINK_CATEGORY,
	T_MEMBER,
	T_ROLE,
	T_ROLE_PERMISSION,
	T_ROLE_CAPABILITY,
	T_MEMBER_ROLE,
	T_MEMBER_PERMISSION,
	T_MEMBER_CAPABILITY,
	T_CLIENT,
	T_CLIENT_LINK,
	T_REVOCATION,
	T_CHART_SHARE,
	T_EMERGENCY,
	T_GROUP,
	T_GROUP_PRACTITIONER,
	T_GROUP_ADMIN,
	T_COLLEAGUE_LIMIT,
	T_DELEGATION,
	T_PORTAL_USER,
	T_PORTAL_ACCESS,
	T_CHANGE,
	T_COUNT
} Table;

/*
 * Did somebody else write a row of this key which latest shows and known does
 * not?  The column is one of those that catalog.c reads, by their order there.
 */
extern bool ca_catalog_has_newer_rows(Table which, int key_column, const CaId *key,
									  Snapshot known, Snapshot latest);

#endif /* CA_CATALOG_INTERNAL_H */
