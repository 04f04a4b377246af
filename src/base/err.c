/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct rc_row {
	const char *name, *text;
	int status;
};

static const struct rc_row rc_rows[] = {
#define RC_ROW(name_, status_, text_) \
	[name_] = { .name = #name_, .text = text_, .status = status_ },
	RC_LIST(RC_ROW)
#undef RC_ROW
};

static const struct rc_row *rc_row(enum rc rc)
{
	static const struct rc_row unknown = { "RC_?", "unknown error", 3 };
	size_t i = (size_t)rc;

	return i < sizeof(rc_rows) / sizeof(rc_rows[0]) ? &rc_rows[i] : &unknown;
}

const char *rc_name(enum rc rc)
{
	return rc_row(rc)->name;
}

const char *rc_text(enum rc rc)
{
	return rc_row(rc)->text;
}

int rc_exit_status(enum rc rc)
{
	return rc_row(rc)->status;
}

__attribute__((format(printf, 4, 0)))
static void err_fill(struct err *err, enum rc rc, const char *what, const char *fmt, va_list ap)
{
	char why[sizeof(err->why)];

	/* `what` or an argument may be a text of *err itself: build beside it */
	if (vsnprintf(why, sizeof(why), fmt, ap) < 0)
		why[0] = '\0';
	if (what != err->what)
		snprintf(err->what, sizeof(err->what), "%s", what ? what : "");
	memcpy(err->why, why, sizeof(why));
	err->rc = rc;
	err->has_offset = false;
	err->offset = 0;
}

enum rc err_set(struct err *err, enum rc rc, const char *what, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return rc;
	va_start(ap, fmt);
	err_fill(err, rc, what, fmt, ap);
	va_end(ap);
	return rc;
}

__attribute__((format(printf, 5, 0)))
static void err_fill_at(struct err *err, enum rc rc, const char *what, uint64_t offset,
	const char *fmt, va_list ap)
{
	err_fill(err, rc, what, fmt, ap);
	err->has_offset = true;
	err->offset = offset;
}

enum rc err_set_at(struct err *err, enum rc rc, const char *what, uint64_t offset,
	const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return rc;
	va_start(ap, fmt);
	err_fill_at(err, rc, what, offset, fmt, ap);
	va_end(ap);
	return rc;
}

static enum rc rc_of_errno(int number)
{
	switch (number) {
	case ENOENT: case ENOTDIR: return RC_MISSING;
	case EACCES: case EPERM: case EROFS: return RC_DENIED;
	case ENOSPC: case EDQUOT: return RC_NO_SPACE;
	case ENOMEM: return RC_NO_MEMORY;
	default: return RC_IO;
	}
}

enum rc err_errno(struct err *err, const char *what, const char *doing)
{
	int number = errno;

	return err_set(err, rc_of_errno(number), what, "%s: %s", doing, strerror(number));
}

enum rc err_memory(struct err *err)
{
	return err_set(err, RC_NO_MEMORY, "memory", "out of memory");
}

enum rc err_damaged(struct err *err, const char *what, uint64_t offset, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return RC_DAMAGED;
	va_start(ap, fmt);
	err_fill_at(err, RC_DAMAGED, what, offset, fmt, ap);
	va_end(ap);
	return RC_DAMAGED;
}
