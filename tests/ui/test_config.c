/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The user's configuration, themes, and what is remembered over runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "ui/config.h"
#include "ui/state.h"
#include "ui/term_palette.h"

static char dir[64], path[96];
static struct config *config;

static int set_up(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "%s/configXXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/file", dir);
	config = config_new();
	return config == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
	char command[128];

	(void)state;
	mem_free(config);
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command);
}

static void write_file(const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static void read_text(const char *text)
{
	struct err err;

	write_file(text);
	assert_int_equal(config_read(config, path, &err), RC_DONE);
}

/* ---- configuration ------------------------------------------------------------------------ */

static void test_lines(void **state)
{
	char keys[64];

	(void)state;
	read_text("# a comment\n\n"
		  "\tbind F5 redraw  \r\n"
		  "color bad 9 on default bold underline\n"
		  "columns flows first,client,bytes\n"
		  "set theme light\n"
		  "filter slow response_max > 1s and port 443\n"
		  "health loss degraded 2%\n"
		  "bind F6 help");
	assert_int_equal(config->n_errors, 0);
	keymap_keys_text(keys, sizeof(keys), &config->keymap, REQ_REDRAW);
	assert_string_equal(keys, "F5 Ctrl-L");
	keymap_keys_text(keys, sizeof(keys), &config->keymap, REQ_HELP);
	assert_string_equal(keys, "F6 ? F1");
	assert_true(config->theme.has_own[ATTR_BAD]);
	assert_int_equal(config->theme.own[ATTR_BAD].fg, 9);
	assert_int_equal(config->theme.own[ATTR_BAD].bg, -1);
	assert_int_equal(config->theme.own[ATTR_BAD].flags, PALETTE_BOLD | PALETTE_UNDERLINE);
	assert_string_equal(config->columns[TIER_FLOW], "first,client,bytes");
	assert_int_equal(config->n_sets, 1);
	assert_string_equal(config->sets[0].name, "theme");
	assert_string_equal(config->sets[0].value, "light");
	assert_int_equal(config->sets[0].line, 6);
	assert_string_equal(config_filter(config, "slow"), "response_max > 1s and port 443");
	assert_null(config_filter(config, "fast"));
}

/* Each is told with its line, changes nothing, and the next one counts. */
static void test_wrong_lines(void **state)
{
	static const char *const lines[] = { "nonsense", "bind", "bind F5", "bind F5 dance",
		"unbind F5", "bind g help", "color", "color nothing red", "color bad pink",
		"color bad 256", "columns", "columns blocks id", "columns flows", "columns flows loudness",
		"set theme", "filter", "filter slow", "filter a/b tcp", "unbind :" };

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		char text[200], start[128];

		mem_free(config);
		config = config_new();
		assert_non_null(config);
		snprintf(text, sizeof(text), "# first\n%s\nset mouse off\n", lines[i]);
		read_text(text);
		assert_int_equal(config->n_errors, 1);
		snprintf(start, sizeof(start), "%s: line 2: ", path);
		assert_memory_equal(config->errors[0], start, strlen(start));
		assert_int_equal(config->n_sets, 1);
		assert_int_equal(config->n_filters, 0);
		assert_false(config->theme.has_own[ATTR_BAD]);
		assert_string_equal(config->columns[TIER_FLOW], "");
	}
}

static void test_many_errors(void **state)
{
	FILE *file = fopen(path, "w");
	struct err err;

	(void)state;
	assert_non_null(file);
	for (int i = 0; i < 100; i++)
		fprintf(file, "nonsense\n");
	for (int i = 0; i < 9000; i++)
		fputc('x', file);
	fprintf(file, "\nset mouse off\n");
	fclose(file);
	assert_int_equal(config_read(config, path, &err), RC_DONE);
	assert_int_equal(config->n_errors, 101);
	assert_int_equal(config->n_sets, 1);
}

static void test_no_file(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(config_read(config, path, &err), RC_MISSING);
	assert_int_equal(config_read(config, dir, &err), RC_IO);
	assert_int_equal(config_read(config, "/dev/zero", &err), RC_LIMIT);
	assert_int_equal(config_read(config, "/dev/null", &err), RC_DONE);
	/* the user's own may be missing */
	setenv("XDG_CONFIG_HOME", dir, 1);
	assert_int_equal(config_read(config, NULL, &err), RC_DONE);
	assert_string_equal(config->path, "");
	assert_int_equal(config->n_errors, 0);
	unsetenv("XDG_CONFIG_HOME");
}

/* The annotated example is the manual's: every line of it must be right, once it is no comment. */
static void test_example(void **state)
{
	const char *top = getenv("top_srcdir");
	char name[512], line[512];
	unsigned n = 0;
	FILE *file;

	(void)state;
	snprintf(name, sizeof(name), "%s/contrib/config", top ? top : ".");
	file = fopen(name, "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		char word[64], *rest;
		struct err err;

		line[strcspn(line, "\n")] = '\0';
		/* settings stand behind a # without a blank */
		if (line[0] != '#' || line[1] == ' ' || line[1] == '\0')
			continue;
		rest = strchr(line, ' ');
		assert_non_null(rest);
		snprintf(word, sizeof(word), "%.*s", (int)(rest - line - 1), line + 1);
		rest += strspn(rest, " ");
		if (config_line(config, word, rest, &err) != RC_DONE)
			fail_msg("%s: %s", line, err.why);
		n++;
	}
	fclose(file);
	assert_in_range(n, 10, 200);
}

/* ---- themes ------------------------------------------------------------------------------- */

static void test_every_attr_has_a_name(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ATTRS; i++) {
		assert_non_null(theme_attr_name(i));
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(theme_attr_name(i), theme_attr_name(k));
	}
}

/* Well, degraded and faulty differ in more than one of red and green, with any number of colours. */
static void test_health_is_told_apart(void **state)
{
	static const int colors[] = { 256, 16, 8, 0 };

	(void)state;
	for (int kind = 0; kind < THEMES; kind++)
		for (size_t i = 0; i < sizeof(colors) / sizeof(colors[0]); i++) {
			const struct theme t = { .kind = (enum theme_kind)kind };
			struct palette_entry good = palette_entry(&t, ATTR_GOOD, colors[i]),
					     warn = palette_entry(&t, ATTR_WARN, colors[i]),
					     bad = palette_entry(&t, ATTR_BAD, colors[i]);

			assert_true(good.fg != bad.fg || good.flags != bad.flags);
			assert_true(warn.fg != good.fg || warn.flags != good.flags);
			assert_true(colors[i] == 0 || warn.fg != bad.fg);
			/* no green against red */
			assert_true(good.fg != 2 && good.fg != 10 && good.fg != 114);
			assert_true(palette_entry(&t, ATTR_NORMAL | ATTR_SELECTED, colors[i]).flags != 0 ||
				palette_entry(&t, ATTR_NORMAL | ATTR_SELECTED, colors[i]).bg >= 0);
		}
}

static void test_own_colors(void **state)
{
	struct theme t = { .kind = THEME_DARK };
	struct palette_entry usual = palette_entry(&t, ATTR_WARN, 16);
	struct err err;

	(void)state;
	assert_int_equal(theme_set_color(&t, "warn 201 on 17 dim", &err), RC_DONE);
	assert_int_equal(palette_entry(&t, ATTR_WARN, 256).fg, 201);
	assert_int_equal(palette_entry(&t, ATTR_WARN, 256).bg, 17);
	/* where the terminal has not so many, the theme's own */
	assert_int_equal(palette_entry(&t, ATTR_WARN, 16).fg, usual.fg);
	/* without colours, what is left of it */
	assert_int_equal(palette_entry(&t, ATTR_WARN, 0).flags, PALETTE_DIM);
	assert_int_equal(palette_entry(&t, ATTR_WARN, 0).fg, -1);
	assert_int_equal(theme_set_color(&t, "warn", &err), RC_DONE);
	assert_false(t.has_own[ATTR_WARN]);
}

static void test_guess(void **state)
{
	(void)state;
	unsetenv("COLORFGBG");
	assert_int_equal(theme_guess(), THEME_DARK);
	setenv("COLORFGBG", "0;15", 1);
	assert_int_equal(theme_guess(), THEME_LIGHT);
	setenv("COLORFGBG", "15;default;0", 1);
	assert_int_equal(theme_guess(), THEME_DARK);
	setenv("COLORFGBG", "0;default", 1);
	assert_int_equal(theme_guess(), THEME_DARK);
	unsetenv("COLORFGBG");
}

/* ---- what is remembered ------------------------------------------------------------------- */

static struct state *open_state(const char *name)
{
	struct state *s;
	struct err err;

	assert_int_equal(state_open(name, &s, &err), RC_DONE);
	return s;
}

static void test_state(void **state)
{
	char deep[128];
	struct state *s;
	struct stat st;

	(void)state;
	snprintf(deep, sizeof(deep), "%s/a/b/state", dir);
	s = open_state(deep);
	assert_null(state_get(s, "set.theme"));
	assert_true(state_set(s, "set.theme", "light"));
	assert_true(state_set(s, "columns.flows", "a,b c"));
	assert_true(state_set(s, "set.theme", "dark"));
	assert_false(state_set(s, "two words", "x"));
	assert_false(state_set(s, "", "x"));
	assert_false(state_set(s, "#x", "x"));
	assert_false(state_set(s, "x", "line\nline"));
	state_close(s);
	assert_int_equal(stat(deep, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	s = open_state(deep);
	assert_string_equal(state_get(s, "set.theme"), "dark");
	assert_string_equal(state_get(s, "columns.flows"), "a,b c");
	/* a value of our own may be given */
	assert_true(state_set(s, "copy", state_get(s, "columns.flows")));
	assert_true(state_set(s, "set.theme", NULL));
	state_close(s);
	s = open_state(deep);
	assert_null(state_get(s, "set.theme"));
	assert_string_equal(state_get(s, "copy"), "a,b c");
	state_close(s);
}

/* Two processes at once: what either has set stays. */
static void test_state_of_two(void **state)
{
	struct state *a = open_state(path), *b = open_state(path);

	(void)state;
	assert_true(state_set(a, "one", "1"));
	assert_true(state_set(b, "two", "2"));
	assert_true(state_set(a, "three", "3"));
	assert_string_equal(state_get(a, "two"), "2");
	state_close(a);
	state_close(b);
	a = open_state(path);
	assert_string_equal(state_get(a, "one"), "1");
	assert_string_equal(state_get(a, "two"), "2");
	assert_string_equal(state_get(a, "three"), "3");
	state_close(a);
}

static void test_state_is_bounded(void **state)
{
	struct state *s = open_state("");
	char key[32];

	(void)state;
	for (int i = 0; i < STATE_ENTRIES + 10; i++) {
		snprintf(key, sizeof(key), "key.%d", i);
		assert_true(state_set(s, key, "v"));
		assert_true(state_set(s, "key.0", "kept, because it is set again"));
	}
	assert_non_null(state_get(s, "key.0"));
	assert_null(state_get(s, "key.5"));
	assert_non_null(state_get(s, key));
	state_close(s);
}

/* Nothing that lies there does harm; what cannot be written is kept in memory. */
static void test_state_of_nonsense(void **state)
{
	struct state *s;

	(void)state;
	write_file("\n\nkey\nfirst 1\n#x y\n  second   2  \n\x01\xff binary\n");
	s = open_state(path);
	assert_string_equal(state_get(s, "first"), "1");
	assert_string_equal(state_get(s, "second"), "2");
	assert_null(state_get(s, "key"));
	state_close(s);
	s = open_state("/dev/null/state");
	assert_true(state_set(s, "a", "b"));
	assert_string_equal(state_get(s, "a"), "b");
	state_close(s);
	s = open_state(dir);
	assert_true(state_set(s, "a", "b"));
	assert_string_equal(state_get(s, "a"), "b");
	state_close(s);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_lines),
		TEST(test_wrong_lines),
		TEST(test_many_errors),
		TEST(test_no_file),
		TEST(test_example),
		TEST(test_every_attr_has_a_name),
		TEST(test_health_is_told_apart),
		TEST(test_own_colors),
		TEST(test_guess),
		TEST(test_state),
		TEST(test_state_of_two),
		TEST(test_state_is_bounded),
		TEST(test_state_of_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
