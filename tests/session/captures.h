/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * For tests of whole captures: finds them in $FLOWDRILL_CAPTURES and the samples of the source tree, and makes
 * temporary directories. Everything fails the test where it cannot.
 */
#ifndef FLOWDRILL_TESTS_CAPTURES_H
#define FLOWDRILL_TESTS_CAPTURES_H

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
/* A whole file; freed by the caller. */
void *captures_read_file(const char *path, size_t *len);

#endif
