/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ui/keymap.h"

static struct keymap map;

static int set_up(void **state)
{
	(void)state;
	keymap_init(&map);
	return 0;
}

static enum request feed(struct keymap_state *state, const char *name)
{
	uint32_t key;

	assert_true(key_parse(name, &key));
	return keymap_feed(&map, state, key);
}

static void test_keys(void **state)
{
	static const char *const names[] = { "Enter", "Escape", "Tab", "Space", "Up", "PgDn",
		"F1", "F12", "Ctrl-L", "Shift-Tab", "Backspace", "g", "G", "?", "é", "語" };
	uint32_t key;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char text[KEY_NAME_MAX];

		assert_true(key_parse(names[i], &key));
		assert_int_equal(key_format(text, sizeof(text), key), strlen(names[i]));
		assert_string_equal(text, names[i]);
	}
	assert_true(key_parse("ctrl-l", &key));
	assert_int_equal(key, 12);
	assert_false(key_parse("F13", &key));
	assert_false(key_parse("F0", &key));
	assert_false(key_parse("gg", &key));
	assert_false(key_parse("", &key));
}

static void test_requests(void **state)
{
	struct keymap_state s = { 0 };

	(void)state;
	assert_int_equal(feed(&s, "j"), REQ_DOWN);
	assert_int_equal(feed(&s, "Down"), REQ_DOWN);
	assert_int_equal(feed(&s, "Enter"), REQ_OPEN);
	assert_int_equal(feed(&s, "Escape"), REQ_BACK);
	assert_int_equal(feed(&s, "q"), REQ_CLOSE);
	assert_int_equal(feed(&s, "Q"), REQ_QUIT);
	assert_int_equal(feed(&s, "F5"), REQ_NONE);
	assert_int_equal(s.n, 0);
}

static void test_sequences(void **state)
{
	struct keymap_state s = { 0 };

	(void)state;
	assert_int_equal(feed(&s, "g"), REQ_NONE);
	assert_int_equal(s.n, 1);
	assert_int_equal(feed(&s, "g"), REQ_FIRST);
	assert_int_equal(s.n, 0);
	/* another key ends it, and means nothing itself */
	assert_int_equal(feed(&s, "g"), REQ_NONE);
	assert_int_equal(feed(&s, "j"), REQ_NONE);
	assert_int_equal(feed(&s, "j"), REQ_DOWN);
	/* Escape ends it without going back */
	assert_int_equal(feed(&s, "g"), REQ_NONE);
	assert_int_equal(feed(&s, "Escape"), REQ_NONE);
	assert_int_equal(feed(&s, "Escape"), REQ_BACK);
}

static bool begins_with(const uint32_t *a, unsigned n_a, const uint32_t *b, unsigned n_b)
{
	return n_a >= n_b && memcmp(a, b, n_b * sizeof(*b)) == 0;
}

/* No two bindings are the same, and none is the beginning of another. */
static void test_no_conflicts(void **state)
{
	uint32_t seen[256][KEYMAP_SEQUENCE_MAX];
	unsigned len[256];
	size_t n_seen = 0, n_rows;
	const struct keymap_row *rows = keymap_rows(&n_rows);

	(void)state;
	for (size_t i = 0; i < n_rows; i++) {
		const char *keys = rows[i].keys;
		unsigned n;

		while ((n = keymap_next_sequence(&keys, seen[n_seen])) > 0) {
			for (size_t k = 0; k < n_seen; k++) {
				assert_false(begins_with(seen[n_seen], n, seen[k], len[k]));
				assert_false(begins_with(seen[k], len[k], seen[n_seen], n));
			}
			len[n_seen++] = n;
			assert_in_range(n_seen, 1, 255);
		}
	}
	assert_in_range(n_seen, n_rows, 255);
}

static void test_table(void **state)
{
	size_t n;
	const struct keymap_row *rows = keymap_rows(&n);

	(void)state;
	assert_int_equal(n, REQUESTS - 1);
	for (size_t i = 0; i < n; i++) {
		assert_ptr_equal(keymap_row(rows[i].request), &rows[i]);
		assert_true(rows[i].help[0] != '\0' &&
			rows[i].help[strlen(rows[i].help) - 1] == '.');
		assert_true(i == 0 || rows[i].group >= rows[i - 1].group);
	}
	assert_null(keymap_row(REQ_NONE));
}

static const char *keys_of(enum request r)
{
	static char text[128];

	keymap_keys_text(text, sizeof(text), &map, r);
	return text;
}

static const char *refused(const char *keys, const char *request)
{
	static struct err err;
	struct keymap before = map;

	assert_int_equal(keymap_bind(&map, keys, request, &err), RC_SYNTAX);
	assert_memory_equal(&before, &map, sizeof(map));
	return err.why;
}

static void test_bind(void **state)
{
	struct keymap_state s = { 0 };
	char text[KEY_NAME_MAX];
	struct err err;

	(void)state;
	assert_string_equal(keys_of(REQ_REDRAW), "Ctrl-L");
	assert_int_equal(keymap_bind(&map, "F5", "redraw", &err), RC_DONE);
	assert_string_equal(keys_of(REQ_REDRAW), "F5 Ctrl-L");
	keymap_key_text(text, sizeof(text), &map, REQ_REDRAW);
	assert_string_equal(text, "F5");
	assert_int_equal(feed(&s, "F5"), REQ_REDRAW);
	/* a key means one thing */
	assert_int_equal(keymap_bind(&map, "j", "up", &err), RC_DONE);
	assert_string_equal(keys_of(REQ_UP), "j k Up");
	assert_string_equal(keys_of(REQ_DOWN), "Down");
	/* bound again it is preferred */
	assert_int_equal(keymap_bind(&map, "Up", "up", &err), RC_DONE);
	assert_string_equal(keys_of(REQ_UP), "Up j k");
	/* sequences */
	assert_int_equal(keymap_bind(&map, "Zt", "redraw", &err), RC_DONE);
	assert_int_equal(feed(&s, "Z"), REQ_NONE);
	assert_int_equal(s.n, 1);
	assert_int_equal(feed(&s, "t"), REQ_REDRAW);
	assert_int_equal(keymap_unbind(&map, "Zt", &err), RC_DONE);
	assert_string_equal(keys_of(REQ_REDRAW), "F5 Ctrl-L");
}

static void test_bind_refused(void **state)
{
	struct err err;

	(void)state;
	assert_non_null(strstr(refused("g", "redraw"), "'g' begins 'g"));
	assert_non_null(strstr(refused("jj", "redraw"), "'jj' begins with 'j' (down)"));
	assert_non_null(strstr(refused("F5", "nonsense"), "no request 'nonsense'"));
	assert_non_null(strstr(refused("F13", "redraw"), "'F13' is no key"));
	assert_non_null(strstr(refused("abcde", "redraw"), "no key"));
	assert_non_null(strstr(refused("", "redraw"), "no key"));
	assert_non_null(strstr(refused("x y", "redraw"), "no key"));
	/* what one cannot do without keeps a key */
	assert_non_null(strstr(refused("Q", "redraw"), "'quit' would be left without a key"));
	assert_non_null(strstr(refused(":", "redraw"), "'command'"));
	assert_int_equal(keymap_unbind(&map, "F1", &err), RC_DONE);
	assert_int_equal(keymap_unbind(&map, "?", &err), RC_SYNTAX);
	assert_int_equal(keymap_unbind(&map, "F9", &err), RC_SYNTAX);
	assert_non_null(strstr(err.why, "'F9' is not bound"));
	assert_int_equal(keymap_bind(&map, "F10", "quit", &err), RC_DONE);
	assert_int_equal(keymap_unbind(&map, "Q", &err), RC_DONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_keys, set_up),
		cmocka_unit_test_setup(test_requests, set_up),
		cmocka_unit_test_setup(test_sequences, set_up),
		cmocka_unit_test_setup(test_no_conflicts, set_up),
		cmocka_unit_test_setup(test_table, set_up),
		cmocka_unit_test_setup(test_bind, set_up),
		cmocka_unit_test_setup(test_bind_refused, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
