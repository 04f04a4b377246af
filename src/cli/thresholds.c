/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/thresholds.h"

#include "base/io.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

enum { PATH_BYTES = 4096, FILE_BYTES = 64 << 10 };

/* $XDG_CONFIG_HOME/flowdrill/health (where that is absolute), else ~/.config; false where neither is told. */
static bool usual_path(char *out, size_t size)
{
	const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	int n = -1;

	if (xdg && xdg[0] == '/')
		n = snprintf(out, size, "%s/flowdrill/health", xdg);
	else if (home && home[0] == '/')
		n = snprintf(out, size, "%s/.config/flowdrill/health", home);
	return n > 0 && (size_t)n < size;
}

static enum rc read_file(struct health_limits *out, const char *path, struct err *err)
{
	struct io_file *f;
	char *text;
	size_t got = 0;
	enum rc rc = io_open(path, IO_READ, &f, err);

	if (rc != RC_DONE)
		return rc;
	text = mem_alloc(FILE_BYTES + 1);
	rc = text ? io_read(f, 0, text, FILE_BYTES + 1, &got, err) : err_memory(err);
	io_close(f);
	if (rc == RC_DONE && got > FILE_BYTES)
		rc = err_set(err, RC_LIMIT, path, "too long for thresholds");
	if (rc == RC_DONE)
		rc = health_limits_parse(out, path, text, got, err);
	mem_free(text);
	return rc;
}

enum rc thresholds_read(struct health_limits *out, const char *path, struct err *err)
{
	char usual[PATH_BYTES];

	*out = health_limits_default;
	if (path)
		return read_file(out, path, err);
	if (!usual_path(usual, sizeof(usual)))
		return RC_DONE;
	enum rc rc = read_file(out, usual, err);
	return rc == RC_MISSING ? RC_DONE : rc;
}
