/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/thresholds.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/settings.h"
#include "cli/say.h"

#include <stdio.h>
#include <string.h>

enum { PATH_BYTES = 4096, FILE_BYTES = 64 << 10 };

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

static enum rc take_config(void *ctx, unsigned line, const char *word, const char *rest, struct err *err)
{
	(void)line;
	return strcmp(word, "health") == 0 ? health_limits_parse(ctx, word, rest, strlen(rest), err) : RC_DONE;
}

static void say_wrong(void *ctx, const char *path, unsigned line, const char *why)
{
	char text[320];

	(void)ctx;
	snprintf(text, sizeof(text), "line %u: %s", line, why);
	say_note(path, text);
}

/* Where it cannot be read the screen says so; whoever has no screen needs nothing else of it. */
static void read_config(struct health_limits *out, const char *config)
{
	char usual[PATH_BYTES];

	if (!config && !settings_path(usual, sizeof(usual), SETTINGS_CONFIG, "config"))
		return;
	settings_read(config ? config : usual, take_config, say_wrong, out, NULL);
}

enum rc thresholds_read(struct health_limits *out, const char *path, const char *config, struct err *err)
{
	char usual[PATH_BYTES];

	*out = health_limits_default;
	read_config(out, config);
	if (path)
		return read_file(out, path, err);
	if (!settings_path(usual, sizeof(usual), SETTINGS_CONFIG, "health"))
		return RC_DONE;
	enum rc rc = read_file(out, usual, err);
	return rc == RC_MISSING ? RC_DONE : rc;
}
