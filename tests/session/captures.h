/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * For tests of whole captures: finds them in $FLOWDRILL_CAPTURES and the samples of the source tree, and makes
 * temporary directories. Everything fails the test where it cannot.
 */
#ifndef FLOWDRILL_TESTS_CAPTURES_H
#define FLOWDRILL_TESTS_CAPTURES_H

#include "flow/field.h"

#include <stdbool.h>
#include <stddef.h>

struct captures {
	char **paths;            /* sorted */
	size_t n;
};

/* Capture files (by content) below $FLOWDRILL_CAPTURES, if it is set, and in samples/. Says what it found. */
void captures_find(struct captures *out);
void captures_free(struct captures *c);
/* A new directory below $TMPDIR; captures_remove_dir() removes it with all in it. */
void captures_make_dir(char *path, size_t size);
void captures_remove_dir(const char *path);
/*
 * Whether a field is what a packet says: told as far as its segment knows its application, so segments that were merged or made again may
 * tell more of it.
 */
bool captures_is_said(const struct field *f, enum tier tier);
/* A whole file; freed by the caller. */
void *captures_read_file(const char *path, size_t *len);

#endif
