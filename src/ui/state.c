/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/state.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/settings.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

struct entry {
	char *key, *value;
};

struct state {
	char path[512]; /* "" where nothing is written */
	struct entry v[STATE_ENTRIES]; /* set longest ago first */
	size_t n;
};

static size_t find(const struct state *s, const char *key)
{
	size_t i = 0;

	while (i < s->n && strcmp(s->v[i].key, key) != 0)
		i++;
	return i;
}

static void drop(struct state *s, size_t i)
{
	mem_free(s->v[i].key);
	mem_free(s->v[i].value);
	s->n--;
	memmove(&s->v[i], &s->v[i + 1], (s->n - i) * sizeof(s->v[0]));
}

static void put(struct state *s, const char *key, const char *value)
{
	struct entry e = { mem_strdup(key), mem_strdup(value) };
	size_t i = find(s, key);

	if (e.key == NULL || e.value == NULL) {
		mem_free(e.key);
		mem_free(e.value);
		return;
	}
	if (i < s->n)
		drop(s, i);
	else if (s->n == STATE_ENTRIES)
		drop(s, 0);
	s->v[s->n++] = e;
}

static bool is_valid(const char *key, const char *value)
{
	return key[0] != '\0' && key[0] != '#' && strlen(key) < STATE_KEY_MAX &&
		strpbrk(key, " \t\r\n") == NULL && strlen(value) < STATE_VALUE_MAX &&
		strpbrk(value, "\r\n") == NULL;
}

static enum rc take_line(
	void *ctx, unsigned line, const char *word, const char *rest, struct err *err)
{
	(void)line;
	if (!is_valid(word, rest))
		return err_set(err, RC_SYNTAX, word, "not remembered by us");
	if (rest[0] != '\0')
		put(ctx, word, rest);
	return RC_DONE;
}

static void forget_all(struct state *s)
{
	while (s->n > 0)
		drop(s, s->n - 1);
}

enum rc state_open(const char *path, struct state **out, struct err *err)
{
	struct state *s = mem_calloc(1, sizeof(*s));

	if (s == NULL)
		return err_memory(err);
	if (path == NULL)
		settings_path(s->path, sizeof(s->path), SETTINGS_STATE, "state");
	else if (strlen(path) < sizeof(s->path))
		snprintf(s->path, sizeof(s->path), "%s", path);
	if (s->path[0] != '\0')
		settings_read(s->path, take_line, NULL, s, NULL);
	*out = s;
	return RC_DONE;
}

void state_close(struct state *s)
{
	if (s == NULL)
		return;
	forget_all(s);
	mem_free(s);
}

const char *state_get(const struct state *s, const char *key)
{
	size_t i = find(s, key);

	return i < s->n ? s->v[i].value : NULL;
}

void state_each(const struct state *s, const char *prefix,
	void (*say)(void *ctx, const char *key, const char *value), void *ctx)
{
	for (size_t i = 0; i < s->n; i++)
		if (strncmp(s->v[i].key, prefix, strlen(prefix)) == 0)
			say(ctx, s->v[i].key, s->v[i].value);
}

static void write_all(const struct state *s)
{
	struct buf text;

	buf_init(&text);
	for (size_t i = 0; i < s->n; i++)
		buf_printf(&text, "%s %s\n", s->v[i].key, s->v[i].value);
	settings_write(s->path, &text);
	buf_free(&text);
}

/* Keeps other processes from writing at the same time; -1 where that cannot be. */
static int lock_file(const struct state *s)
{
	char path[520];
	int fd;

	snprintf(path, sizeof(path), "%s.lock", s->path);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	/* never waited for: who holds it is done at once, or hangs */
	for (int i = 0; fd >= 0 && i < 20 && flock(fd, LOCK_EX | LOCK_NB) != 0; i++)
		usleep(1000);
	return fd;
}

bool state_set(struct state *s, const char *key, const char *value)
{
	char text[STATE_VALUE_MAX]; /* `value` may be ours, which reading anew frees */
	size_t i;
	int lock = -1;

	if (!is_valid(key, value != NULL ? value : ""))
		return false;
	snprintf(text, sizeof(text), "%s", value != NULL ? value : "");
	if (s->path[0] != '\0') {
		settings_make_directories(s->path);
		lock = lock_file(s);
		settings_read(s->path, take_line, NULL, s, NULL);
	}
	i = find(s, key);
	if (text[0] != '\0')
		put(s, key, text);
	else if (i < s->n)
		drop(s, i);
	if (s->path[0] != '\0')
		write_all(s);
	if (lock >= 0)
		close(lock);
	return true;
}
