/*-------------------------------------------------------------------------
 *
 * shim.h
 *	  What the pure modules need of a server, for programs that are none.
 *
 * A fuzz target includes postgres.h, the module's header and this.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CA_FUZZ_SHIM_H
#define CA_FUZZ_SHIM_H

#include <setjmp.h>

/*
 * One input is one "statement": what it allocates is freed when the next one
 * begins.  So a forgotten pfree is no leak, as in a server, while what is not
 * palloc'd (OpenSSL's objects) is found by LeakSanitizer.
 */
extern void shim_begin(void);

/*
 * if (SHIM_TRY()) { … } else { an error was raised: shim_sqlstate }
 *
 * Outside of one, an error is a fault of the code under test.
 */
extern jmp_buf shim_catch;
extern bool    shim_catching;
extern int     shim_sqlstate;
#define SHIM_TRY() (shim_catching = true, setjmp(shim_catch) == 0)
#define SHIM_END_TRY() (shim_catching = false)

/* The n-th allocation from now on raises "out of memory"; 0: none. */
extern void shim_fail_allocation(int n);

/* Of the database and of the client alike. */
extern void shim_set_encoding(int encoding);

/* A property that does not hold. */
#define MUST(condition) \
	((condition) ? (void) 0 : shim_broken(#condition, __FILE__, __LINE__))
extern void shim_broken(const char *condition, const char *file, int line) __attribute__((noreturn));

/*
 * The input, taken from the front; zeros when it is used up.
 */
typedef struct Input
{
	const uint8 *data;
	size_t       left;
} Input;

static inline uint8
take(Input *in)
{
	if (in->left == 0)
		return 0;
	in->left--;
	return *in->data++;
}

static inline bool
take_bool(Input *in)
{
	return take(in) & 1;
}

/* 0 <= result < n <= 256 */
static inline int
take_below(Input *in, int n)
{
	return take(in) % n;
}

static inline uint64
take_uint64(Input *in)
{
	uint64 v = 0;

	for (int i = 0; i < 8; i++)
		v = v << 8 | take(in);
	return v;
}

extern int LLVMFuzzerTestOneInput(const uint8 *data, size_t size);

#endif /* CA_FUZZ_SHIM_H */
