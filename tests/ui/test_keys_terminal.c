/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every key in every view (tests/ui/keys.table) on a terminal, judged by another one (vt.h): the program stays, draws and does nothing
 * else, uses no colour that the terminal has not and no character that the locale has not, and leaves it as it was. What the keys do is
 * tests/ui/test_keys' to judge. KEYS_TERM, KEYS_LOCALE, KEYS_SIZE (80x24), KEYS_COLORS (256, 16, 8 or 0) say which terminal; KEYS_VIEWS is
 * the number of the first view and a step, "1/3". tests/ui/every-key.sh runs it.
 */
#include "key_table.h"
#include "pty.h"
#include "vt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

enum { EVERY = 12, QUIET_MS = 4, SETTLE_MS = 60 };

static struct key_table table;
static struct vt vt;
static bool ascii_only;
static size_t beyond_ascii;

static const char *setting(const char *name, const char *otherwise)
{
	return getenv(name) != NULL ? getenv(name) : otherwise;
}

static void judge_bytes(const uint8_t *bytes, size_t n)
{
	vt_bytes(&vt, bytes, n);
	for (size_t i = 0; i < n; i++)
		beyond_ascii += bytes[i] >= 0x80;
}

/* What a terminal sends for a key; a sequence is sent as it stands. */
static const char *bytes_of(const char *key)
{
	static const struct {
		const char *name, *bytes;
	} named[] = { { "Enter", "\r" }, { "Escape", "\033" }, { "Tab", "\t" }, { "Space", " " }, { "Backspace", "\177" }, { "Up", "\033OA" },
		{ "Down", "\033OB" }, { "Right", "\033OC" }, { "Left", "\033OD" }, { "Home", "\033OH" }, { "End", "\033OF" },
		{ "PgUp", "\033[5~" }, { "PgDn", "\033[6~" }, { "F1", "\033OP" } };
	static char control[2];

	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
		if (strcmp(named[i].name, key) == 0)
			return named[i].bytes;
	if (strncmp(key, "Ctrl-", 5) == 0 && strlen(key) == 6) {
		control[0] = (char)(key[5] & 31);
		return control;
	}
	return key;
}

static void drain(int ms)
{
	while (pty_take(ms))
		;
}

static void press(const char *key, int ms)
{
	pty_type(bytes_of(key));
	drain(ms);
}

/* From wherever it is to the view; text in quotes is typed. */
static void go(const char *way)
{
	char part[160];

	for (int i = 0; i < 8; i++)
		press("Escape", QUIET_MS);
	for (const char *k = "0 g0 : filter Enter : sort Enter gg "; *k != '\0'; k = strchr(k, ' ') + 1) {
		snprintf(part, sizeof(part), "%.*s", (int)strcspn(k, " "), k);
		press(part, QUIET_MS);
	}
	while (*way != '\0') {
		bool quoted = *way == '"';
		size_t len = strcspn(way + quoted, quoted ? "\"" : " ");

		snprintf(part, sizeof(part), "%.*s", (int)len, way + quoted);
		press(part, SETTLE_MS);
		way += len + 2 * (size_t)quoted;
		way += strspn(way, " ");
	}
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* Each key; now and then, and where one has led away, the view is gone to again. */
static void press_all(const struct key_view *v)
{
	for (size_t i = 0; i < v->n; i++) {
		const char *effect = v->v[i].effect;

		if (strcmp(effect, "leaves") == 0 || strcmp(effect, "suspends") == 0)
			continue; /* tests/ui/test_signals */
		if (i % EVERY == 0 || (i > 0 && begins(v->v[i - 1].effect, "back")))
			go(v->way);
		press(v->v[i].key, QUIET_MS);
		if (begins(effect, "opens") || begins(effect, "asks"))
			press("Escape", QUIET_MS);
	}
}

static void check_terminal(const char *view, int colors)
{
	if (vt.found != NULL)
		fail_msg("%s: %s", view, vt.found);
	if (vt_left_over(&vt) != NULL)
		fail_msg("%s: left over: %s", view, vt_left_over(&vt));
	if (vt.colors > colors)
		fail_msg("%s: colour %d of %d", view, vt.colors - 1, colors);
	if (colors > 0 && vt.colors == 0)
		fail_msg("%s: no colours", view);
	if (ascii_only && beyond_ascii > 0)
		fail_msg("%s: %zu bytes are not ASCII", view, beyond_ascii);
}

static void try_view(const struct key_view *v)
{
	const char *top = setting("top_srcdir", ".");
	char shop[512];
	unsigned w, h;
	int status;

	assert_int_equal(sscanf(setting("KEYS_SIZE", "80x24"), "%ux%u", &w, &h), 2);
	snprintf(shop, sizeof(shop), "%s/samples/shop.pcapng", top);
	vt_init(&vt, (int)w, (int)h);
	pty_start(&(struct pty_options){ .term = setting("KEYS_TERM", "xterm-256color"),
		.locale = setting("KEYS_LOCALE", "C.UTF-8"),
		.arguments = (const char *const[]){ shop, NULL },
		.w = w,
		.h = h,
		.on_bytes = judge_bytes });
	pty_wait_for("indexed");
	press_all(v);
	for (int i = 0; i < 8; i++)
		press("Escape", QUIET_MS);
	pty_type("Q");
	status = pty_finish();
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail_msg("%s: ended with %x", v->name, (unsigned)status);
	check_terminal(v->name, atoi(setting("KEYS_COLORS", "256")));
}

static void test_views(void **state)
{
	char path[512];
	size_t first = 0, step = 1;

	(void)state;
	ascii_only = strcmp(setting("KEYS_LOCALE", "C.UTF-8"), "C") == 0;
	sscanf(setting("KEYS_VIEWS", "0/1"), "%zu/%zu", &first, &step);
	snprintf(path, sizeof(path), "%s/tests/ui/keys.table", setting("top_srcdir", "."));
	key_table_read(path, &table);
	assert_true(step > 0 && first < table.n);
	for (size_t i = first; i < table.n; i += step)
		try_view(&table.v[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_views) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
