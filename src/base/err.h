/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Errors: one list of return codes and one caller-owned detail record.
 *
 * Every function that can fail returns an enum rc and takes a `struct err *`
 * that may be NULL. On failure nothing is left for the caller to free and the
 * detail names what failed (path, offset, reason); on success the detail is
 * untouched. The library never prints: only the command and the screen turn a
 * struct err into a line, as `flowdrill: WHAT: WHY`.
 *
 * Thread rule: a struct err belongs to one thread at a time.
 */
#ifndef FLOWDRILL_BASE_ERR_H
#define FLOWDRILL_BASE_ERR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * X(name, exit status of the program, what a person reads when there is no detail)
 * Exit statuses: 0 done, 1 nothing matched, 2 wrong usage, 3 input or store
 * unusable, 4 stopped by a resource limit.
 */
#define RC_LIST(X) \
	X(RC_DONE, 0, "done") \
	X(RC_END, 0, "end of input") \
	X(RC_CUT_SHORT, 0, "the last record is incomplete") \
	X(RC_NOTHING, 1, "nothing matched") \
	X(RC_USAGE, 2, "wrong usage") \
	X(RC_SYNTAX, 2, "syntax error") \
	X(RC_IO, 3, "input/output error") \
	X(RC_MISSING, 3, "no such file or record") \
	X(RC_DENIED, 3, "permission denied") \
	X(RC_DAMAGED, 3, "damaged") \
	X(RC_UNSUPPORTED, 3, "not supported") \
	X(RC_NEWER, 3, "made by a newer version") \
	X(RC_LOCKED, 3, "in use by another writer") \
	X(RC_STALE, 3, "changed while it was read: ask again") \
	X(RC_NO_SPACE, 4, "no space left") \
	X(RC_NO_MEMORY, 4, "out of memory") \
	X(RC_LIMIT, 4, "a resource limit was reached") \
	X(RC_CANCELLED, 4, "cancelled")

enum rc {
#define RC_ENUM(name, status, text) name,
	RC_LIST(RC_ENUM)
#undef RC_ENUM
};

struct err {
	enum rc rc;
	bool has_offset;
	uint64_t offset;     /* bytes into `what`, or column of a filter */
	char what[256];      /* path, option, interface or filter; unescaped, may be cut */
	char why[256];       /* reason for people, without trailing newline */
};

/* The name of a return code as written above; never NULL. */
const char *rc_name(enum rc rc);
/* What a person reads for this code; never NULL, static. */
const char *rc_text(enum rc rc);
/* The exit status of the command-line contract for this code. */
int rc_exit_status(enum rc rc);

/*
 * Fills *err (if not NULL) and returns rc, so that a failing function ends in
 * `return err_set(err, RC_IO, path, "cannot read: %s", strerror(errno));`.
 */
enum rc err_set(struct err *err, enum rc rc, const char *what, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* The same with a byte offset (or a filter's column, counted from 0). */
enum rc err_set_at(struct err *err, enum rc rc, const char *what, uint64_t offset,
	const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* Maps errno to RC_MISSING, RC_DENIED, RC_NO_SPACE, RC_NO_MEMORY or RC_IO and says `doing: strerror`. */
enum rc err_errno(struct err *err, const char *what, const char *doing);
/* RC_NO_MEMORY with a text. */
enum rc err_memory(struct err *err);
/*
 * The one place through which every report of damaged data goes (a breakpoint
 * here sees them all); what, offset as in err_set_at().
 */
enum rc err_damaged(struct err *err, const char *what, uint64_t offset, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif
