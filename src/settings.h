/*-------------------------------------------------------------------------
 *
 * settings.h
 *	  The settings of careaccess and how they are read.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CA_SETTINGS_H
#define CA_SETTINGS_H

extern void ca_settings_init(void);

/* Who is acting, as identity.c writes it, or an empty string. */
extern const char *ca_settings_acting(void);

/* The session's token, or an empty string. */
extern const char *ca_settings_token(void);

/* By how much the clock of whoever made a token may be wrong, in microseconds. */
extern int64 ca_settings_token_leeway(void);

/*
 * Where it is counted how often the token, or who is acting, may have changed,
 * in whatever way.
 */
extern const uint64 *ca_settings_identity_changes(void);

/*
 * Say who is acting (an empty string: nobody).  The only way in which the
 * setting changes, besides RESET and rollback.
 */
extern void ca_settings_set_acting(const char *who, bool session);

/* Are plans of protected tables hidden from those who may not see all rows? */
extern bool ca_settings_explain_guard(void);

/* How many bytes the facts kept over statements may take. */
extern int64 ca_settings_cache_size(void);

#endif /* CA_SETTINGS_H */
