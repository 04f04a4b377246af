/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "key_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char head[] = "# What each key does in each view: made by GENERATE=1 make check TESTS=tests/ui/test_keys, which takes the ways\n"
			   "# from here. Look at the difference before you commit it.\n";

const char *key_view_effect(const struct key_view *v, const char *key)
{
	for (size_t i = 0; i < v->n; i++)
		if (strcmp(v->v[i].key, key) == 0)
			return v->v[i].effect;
	return NULL;
}

/* What is too long fails: the table is ours. */
static void copy(char *out, size_t size, const char *text)
{
	size_t len = strlen(text);

	if (len >= size)
		fail_msg("too long: %s", text);
	memcpy(out, text, len + 1);
}

bool key_view_put(struct key_view *v, const char *key, const char *effect)
{
	struct key_does *d;

	if (v->n == KEY_TABLE_KEYS)
		return false;
	d = &v->v[v->n++];
	copy(d->key, sizeof(d->key), key);
	copy(d->effect, sizeof(d->effect), effect);
	return true;
}

/* "NAME: WAY" */
static void read_view(struct key_table *t, char *line)
{
	struct key_view *v = &t->v[t->n];
	char *colon = strchr(line, ':');

	assert_non_null(colon);
	assert_true(t->n++ < KEY_TABLE_VIEWS);
	*colon++ = '\0';
	copy(v->name, sizeof(v->name), line);
	copy(v->way, sizeof(v->way), colon + strspn(colon, " "));
}

/* "EFFECT: KEY KEY" */
static void read_keys(struct key_view *v, char *line)
{
	char *colon = strchr(line, ':');

	assert_non_null(colon);
	*colon++ = '\0';
	for (char *key = strtok(colon, " "); key != NULL; key = strtok(NULL, " "))
		assert_true(key_view_put(v, key, line));
}

void key_table_read(const char *path, struct key_table *t)
{
	char line[4096];
	FILE *f = fopen(path, "re");

	if (f == NULL)
		fail_msg("cannot read %s", path);
	memset(t, 0, sizeof(*t));
	while (fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "view ", 5) == 0)
			read_view(t, line + 5);
		else if (line[0] == '\t' && t->n > 0)
			read_keys(&t->v[t->n - 1], line + 1);
		else if (line[0] != '#' && line[0] != '\0')
			fail_msg("%s: %s", path, line);
	}
	fclose(f);
}

/* Whether an effect stands above. */
static bool is_written(const struct key_view *v, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (strcmp(v->v[j].effect, v->v[i].effect) == 0)
			return true;
	return false;
}

static void write_view(FILE *f, const struct key_view *v)
{
	fprintf(f, "\nview %s: %s\n", v->name, v->way);
	for (size_t i = 0; i < v->n; i++) {
		if (is_written(v, i))
			continue;
		fprintf(f, "\t%s:", v->v[i].effect);
		for (size_t j = i; j < v->n; j++)
			if (strcmp(v->v[j].effect, v->v[i].effect) == 0)
				fprintf(f, " %s", v->v[j].key);
		fputc('\n', f);
	}
}

void key_table_write(const char *path, const struct key_table *t)
{
	FILE *f = fopen(path, "we");

	if (f == NULL)
		fail_msg("cannot write %s", path);
	fputs(head, f);
	for (size_t i = 0; i < t->n; i++)
		write_view(f, &t->v[i]);
	assert_int_equal(fclose(f), 0);
}
