/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A file to be written whole or not at all: mode 0600, never through a symbolic link. What is there already is kept
 * unless `force`; then the new file takes its name when it is whole, so that a file may be replaced by
 * what is read from it. Devices and pipes are written as they are, "-" is standard output.
 * One thread; the caller buffers.
 */
#ifndef FLOWDRILL_OUT_FILE_OUT_H
#define FLOWDRILL_OUT_FILE_OUT_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct file_out {
	int fd;
	int dir_fd;                /* of its directory, which is looked up once: it may be exchanged meanwhile */
	bool is_stdout, made; /* made: there is a file to remove on failure */
	char path[4096]; /* as given */
	char temp[256];  /* name beside it that is written, to be renamed; "" where it is path itself */
};

/* RC_USAGE where it exists (and not force), or is a directory or a symbolic link. */
enum rc file_out_open(struct file_out *f, const char *path, bool force, struct err *err);
enum rc file_out_write(struct file_out *f, const void *bytes, size_t len, struct err *err);
/* Closes, and gives the file its name. */
enum rc file_out_close(struct file_out *f, struct err *err);
/* Closes and removes what was made. */
void file_out_abandon(struct file_out *f);
/* For messages: the path, or OUT_STDOUT. */
const char *file_out_name(const struct file_out *f);

#endif
