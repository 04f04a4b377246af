/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every key of the keymap in every view of tests/ui/keys.table, over the sample: it does what the table says, at every size, in
 * UTF-8 and in ASCII, and whatever was drawn keeps the canvas's invariants. A key or a view that the table does not have fails.
 * FLOWDRILL_TEST_ALL presses all keys at each size and look; without it the first key of each request is pressed at the first look, and
 * what comes of it drawn at the others.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "key_table.h"
#include "real_screen.h"
#include "base/text.h"
#include "ui/script.h"
#include "ui/view_table.h"

#include <stdio.h>
#include <stdlib.h>

static const struct look {
	int w, h;
	bool ascii;
} looks[] = { { 80, 24, false }, { 120, 40, false }, { 200, 60, false }, { 80, 24, true }, { 120, 40, true }, { 200, 60, true } };

enum { LOOKS = sizeof(looks) / sizeof(looks[0]) };

static struct key_table table, made;
static char table_path[512];
static struct buf before, after;

static int set_up(void **state)
{
	const char *top = getenv("top_srcdir") != NULL ? getenv("top_srcdir") : ".";
	struct session_source source = { .is_store = false };
	struct session_options options;
	struct err err = { 0 };
	char path[512];

	(void)state;
	buf_init(&text);
	buf_init(&before);
	buf_init(&after);
	snprintf(path, sizeof(path), "%s/samples/shop.pcapng", top);
	snprintf(table_path, sizeof(table_path), "%s/tests/ui/keys.table", top);
	source.path = path;
	session_options_default(&options);
	options.no_cache = true;
	if (session_open(&source, 1, &options, NULL, NULL, &session, &err) != RC_DONE)
		fail_msg("%s: %s", path, err.why);
	if (session_needs_index(session))
		session_index(session, NULL, NULL, NULL);
	key_table_read(table_path, &table);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	session_close(session);
	buf_free(&text);
	buf_free(&before);
	buf_free(&after);
	return 0;
}

/* What stands in the cells can be shown as it is. */
static void check_canvas(const char *view, const char *key)
{
	const struct canvas *c = screen.canvas;

	for (int y = 0; y < c->h; y++)
		for (int x = 0; x < c->w; x++) {
			const struct cell *cell = canvas_at(c, x, y);
			const struct cell *next = canvas_at(c, x + 1, y);
			bool control = cell->width > 0 && (cell->cp < 0x20 || (cell->cp >= 0x7f && cell->cp < 0xa0));
			bool half = cell->width == 2 && (next == NULL || next->width != 0);

			if (control || half || (c->ascii && cell->width > 0 && cell->cp >= 0x7f))
				fail_msg("%s, %s, %dx%d: cell %d,%d is U+%04x", view, key, c->w, c->h, x, y, cell->cp);
		}
}

/* All but the line of messages, with attributes. */
static void picture(struct buf *out)
{
	buf_clear(out);
	screen_draw(&screen);
	canvas_dump(screen.canvas, out);
	canvas_dump_attrs(screen.canvas, out);
}

static bool is_same(void)
{
	return before.len == after.len && memcmp(before.data, after.data, before.len) == 0;
}

static const char *prompt_word(void)
{
	switch (prompt_kind(screen.prompt)) {
	case PROMPT_FILTER: return "asks for a filter";
	case PROMPT_COMMAND: return "asks for a command";
	case PROMPT_SEARCH: return "asks for text";
	case PROMPT_WRITE: return "asks for a file";
	case PROMPT_PIPE: return "asks for a program";
	}
	return "asks";
}

/* In one word or two; `out` where it names a view. */
static const char *effect(const struct view *top, size_t depth, char out[KEY_TABLE_EFFECT])
{
	bool said = screen.message.text[0] != '\0';

	if (screen.quit)
		return "leaves";
	if (screen.suspend)
		return "suspends";
	if (screen.redraw)
		return "redraws";
	if (prompt_is_open(screen.prompt))
		return prompt_word();
	if (screen.marks.asks != REQ_NONE)
		return "asks for a letter";
	if (screen_top(&screen) != top) {
		snprintf(out, KEY_TABLE_EFFECT, "%s %s", screen.n_views > depth ? "opens" : "back to", screen_top(&screen)->ops->name);
		return out;
	}
	screen.message.text[0] = '\0';
	picture(&after);
	if (!is_same())
		return "draws";
	return said ? "says" : "nothing";
}

/* "macroflows, grouped" is the view called macroflows. */
static bool is_named(const char *section, const char *view)
{
	size_t len = strcspn(section, ",");

	return strlen(view) == len && strncmp(section, view, len) == 0;
}

static void open_at(const struct look *l, const struct key_view *v)
{
	const struct screen_options o = {
		.title = "shop", .history = "", .state = "", .w = l->w, .h = l->h, .ascii = l->ascii
	};
	struct err err = { 0 };

	assert_int_equal(screen_open(&screen, session, &o, &err), RC_DONE);
	if (script_press(&screen, v->way, &err) != RC_DONE)
		fail_msg("%s: %s", v->name, err.why);
	if (!is_named(v->name, screen_top(&screen)->ops->name))
		fail_msg("%s leads to %s, not to %s", v->way, screen_top(&screen)->ops->name, v->name);
	screen.message.text[0] = '\0';
	screen.redraw = false;
	picture(&before);
	check_canvas(v->name, "the way");
}

/* The same at all the other looks. */
static void draw_others(const struct look *l, const char *view, const char *key)
{
	for (size_t i = 0; i < LOOKS; i++) {
		screen.canvas->ascii = looks[i].ascii;
		screen_resize(&screen, looks[i].w, looks[i].h);
		screen_draw(&screen);
		check_canvas(view, key);
	}
	screen.canvas->ascii = l->ascii;
	screen_resize(&screen, l->w, l->h);
	screen_draw(&screen);
}

/* What there is to scroll depends on the size. */
static bool agree(const char *want, const char *got, bool first)
{
	bool draws = strcmp(want, "draws") == 0 || strcmp(want, "nothing") == 0;

	return strcmp(want, got) == 0 || (!first && draws && (strcmp(got, "draws") == 0 || strcmp(got, "nothing") == 0));
}

static size_t wrong;

static void judge(const struct look *l, const struct key_view *v, const char *key, const char *request, const char *got)
{
	const char *want = key_view_effect(v, key);

	if (want != NULL && agree(want, got, l == looks))
		return;
	wrong++;
	print_error("%s at %dx%d%s: %s (%s) %s, which the table %s%s\n", v->name, l->w, l->h, l->ascii ? " in ASCII" : "", key, request,
		got, want != NULL ? "has as: " : "does not have", want != NULL ? want : "");
}

/* Takes back what can be taken back; whether the screen is as it was then, to spare the way there. */
static bool undo(const struct view *top, size_t depth)
{
	screen.quit = screen.suspend = screen.redraw = false;
	if (prompt_is_open(screen.prompt) || screen.marks.asks != REQ_NONE)
		keys("Escape");
	if (screen.n_views == depth + 1)
		screen_pop(&screen, false);
	wait_idle();
	screen.message.text[0] = '\0';
	picture(&after);
	return screen_top(&screen) == top && screen.n_views == depth && is_same();
}

/* Presses a key; whether the screen is as it was. */
static bool press_one(const struct look *l, const struct key_view *v, const struct keymap_row *row, const char *key)
{
	const struct view *top = screen_top(&screen);
	size_t depth = screen.n_views;
	char name[KEY_TABLE_EFFECT];
	const char *got;

	keys(key);
	check_canvas(v->name, key);
	got = effect(top, depth, name);
	if (l == looks)
		assert_true(key_view_put(&made.v[made.n], key, got));
	judge(l, v, key, row->name, got);
	if (strcmp(got, "nothing") == 0 || strcmp(got, "says") == 0)
		return true;
	if (l == looks)
		draw_others(l, v->name, key);
	return undo(top, depth);
}

/* Short of time, one of the keys that mean the same; digits are steps of the top line. */
static bool is_wanted(const struct keymap_row *row, bool first)
{
	return first || row->request == REQ_CRUMB || getenv("FLOWDRILL_TEST_ALL") != NULL || getenv("GENERATE") != NULL;
}

static void press_all(const struct look *l, const struct key_view *v)
{
	size_t n;
	const struct keymap_row *rows = keymap_rows(&n);
	bool fresh = false;

	for (size_t i = 0; i < n; i++) {
		char of_row[160];

		snprintf(of_row, sizeof(of_row), "%s", rows[i].keys);
		for (char *key = strtok(of_row, " "); key != NULL; key = strtok(NULL, " ")) {
			if (!is_wanted(&rows[i], key == of_row))
				continue;
			if (!fresh)
				open_at(l, v);
			fresh = press_one(l, v, &rows[i], key);
			if (!fresh)
				screen_close(&screen);
		}
	}
	if (fresh)
		screen_close(&screen);
}

static void test_keys(void **state)
{
	size_t n_looks = getenv("FLOWDRILL_TEST_ALL") != NULL ? LOOKS : 1;

	(void)state;
	for (size_t i = 0; i < table.n; i++) {
		struct key_view *m = &made.v[made.n];

		memcpy(m->name, table.v[i].name, sizeof(m->name));
		memcpy(m->way, table.v[i].way, sizeof(m->way));
		for (size_t l = 0; l < n_looks; l++)
			press_all(&looks[l], &table.v[i]);
		made.n++;
	}
	if (getenv("GENERATE") != NULL)
		key_table_write(table_path, &made);
	else if (wrong > 0)
		fail_msg("%zu keys do what the table does not say", wrong);
}

static bool has_section(const char *name)
{
	for (size_t i = 0; i < table.n; i++)
		if (is_named(table.v[i].name, name))
			return true;
	return false;
}

/* Views that --batch can name; "upstream" is the other way through the same one. */
static void test_views(void **state)
{
	size_t n;
	const struct view_row *rows = view_rows(&n);

	(void)state;
	for (size_t i = 0; i < n; i++)
		if (!has_section(rows[i].name) && strcmp(rows[i].name, "upstream") != 0)
			fail_msg("keys.table has no view %s", rows[i].name);
}

/* A key that is no longer bound has no line. */
static void test_unbound(void **state)
{
	struct keymap m;

	(void)state;
	keymap_init(&m);
	for (size_t i = 0; i < table.n; i++) {
		if (table.v[i].n != m.n)
			fail_msg("%s: %zu keys, but %zu are bound", table.v[i].name, table.v[i].n, m.n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_views),
		cmocka_unit_test(test_unbound),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
