/*-------------------------------------------------------------------------
 *
 * support.h
 *	  What the planner was told, and whether it still fits.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CA_SUPPORT_H
#define CA_SUPPORT_H

/*
 * Somebody else asks from now on: have plans that were made for one who sees
 * much more, or much less, be made anew.
 */
extern void ca_support_new_asker(void);

#endif /* CA_SUPPORT_H */
