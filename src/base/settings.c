/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/settings.h"

#include "base/buf.h"
#include "base/io.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool settings_path(char *out, size_t size, enum settings_home home, const char *name)
{
	bool config = home == SETTINGS_CONFIG;
	const char *xdg = getenv(config ? "XDG_CONFIG_HOME" : "XDG_STATE_HOME");
	const char *user = getenv("HOME");
	int n = -1;

	if (xdg && xdg[0] == '/')
		n = snprintf(out, size, "%s/flowdrill/%s", xdg, name);
	else if (user && user[0] == '/')
		n = snprintf(out, size, "%s/%s/flowdrill/%s", user, config ? ".config" : ".local/state", name);
	if (n > 0 && (size_t)n < size)
		return true;
	out[0] = '\0';
	return false;
}

void settings_make_directories(const char *path)
{
	char part[4096];

	if ((size_t)snprintf(part, sizeof(part), "%s", path) >= sizeof(part) || !part[0])
		return;
	for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(part, 0700) != 0 && errno != EEXIST)
			return;
		*slash = '/';
	}
}

bool settings_write(const char *path, const struct buf *text)
{
	return !text->failed && io_replace(path, text->data, text->len, NULL) == RC_DONE;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static char *skip_blanks(char *s)
{
	while (is_blank(*s))
		s++;
	return s;
}

static void cut_blanks_behind(char *s)
{
	size_t len = strlen(s);

	while (len > 0 && is_blank(s[len - 1]))
		s[--len] = '\0';
}

/* Splits a line in place; *rest is inside of it. */
static char *split(char *line, char **rest)
{
	char *word = skip_blanks(line), *end = word;

	cut_blanks_behind(word);
	while (*end != '\0' && !is_blank(*end))
		end++;
	*rest = skip_blanks(end);
	*end = '\0';
	return word;
}

void settings_parse(const char *path, char *text, settings_take take, settings_wrong wrong,
	void *ctx)
{
	unsigned number = 0;
	char *line;

	while ((line = strsep(&text, "\n"))) {
		struct err err = { .why = "" };
		char *word, *rest;
		bool too_long = strlen(line) >= SETTINGS_LINE_MAX;

		number++;
		word = split(line, &rest);
		if (*word == '\0' || *word == '#')
			continue;
		if (too_long)
			err_set(&err, RC_LIMIT, path, "the line is too long");
		else if (take(ctx, number, word, rest, &err) == RC_DONE)
			continue;
		if (wrong)
			wrong(ctx, path, number, err.why);
	}
}

/* Up to `size` bytes, however they come; -1 with errno. */
static ssize_t read_some(int fd, char *to, size_t size)
{
	size_t len = 0;

	while (len < size) {
		ssize_t n = read(fd, to + len, size - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

enum rc settings_read(const char *path, settings_take take, settings_wrong wrong, void *ctx,
	struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	enum rc rc = RC_DONE;
	ssize_t len;
	char *text;

	if (fd < 0)
		return err_errno(err, path, "cannot read");
	text = mem_alloc(SETTINGS_FILE_MAX + 1);
	len = text ? read_some(fd, text, SETTINGS_FILE_MAX) : 0;
	if (!text)
		rc = err_memory(err);
	else if (len < 0)
		rc = err_errno(err, path, "cannot read");
	else if (len == SETTINGS_FILE_MAX)
		rc = err_set(err, RC_LIMIT, path, "too long for settings");
	close(fd);
	if (rc == RC_DONE) {
		text[len] = '\0';
		settings_parse(path, text, take, wrong, ctx);
	}
	mem_free(text);
	return rc;
}
