/* SPDX-License-Identifier: GPL-3.0-or-later */
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

#include "base/buf.h"
#include "ui/canvas.h"
#include "ui/key.h"
#include "ui/prompt.h"
#include "ui/prompt_history.h"

static char dir[] = "/tmp/flowdrill-test-XXXXXX";
static char path[64];

static int set_up(void **state)
{
	(void)state;
	strcpy(dir + strlen(dir) - 6, "XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/a/b/history", dir);
	return 0;
}

static int tear_down(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command);
}

static void words(void *ctx, enum prompt_kind kind, const char *text, size_t *start,
	prompt_say say, void *say_ctx)
{
	static const char *const all[] = { "bytes", "client", "client_port" };
	const char *blank = strrchr(text, ' ');

	(void)ctx;
	(void)kind;
	*start = blank != NULL ? (size_t)(blank + 1 - text) : 0;
	for (size_t i = 0; i < 3; i++)
		if (strncmp(all[i], text + *start, strlen(text + *start)) == 0)
			say(say_ctx, all[i], "a word");
}

static struct prompt *make(void)
{
	struct prompt *p;
	struct err err;

	assert_int_equal(prompt_new(path, words, NULL, &p, &err), RC_DONE);
	return p;
}

static enum prompt_state type(struct prompt *p, const char *text)
{
	enum prompt_state state = PROMPT_TYPING;

	for (; *text != '\0'; text++)
		state = prompt_key(p, *text == '\n' ? UKEY_ENTER : (unsigned char)*text);
	return state;
}

static void assert_shown(const struct prompt *p, const char *text, int cursor)
{
	struct canvas *c;
	struct buf out;

	assert_int_equal(canvas_new(24, 1, false, &c, NULL), RC_DONE);
	prompt_draw(p, c, 0);
	buf_init(&out);
	canvas_dump(c, &out);
	assert_string_equal(buf_text(&out), text);
	assert_int_equal(c->cursor_x, cursor);
	buf_free(&out);
	canvas_free(c);
}

static void test_typing(void **state)
{
	struct prompt *p = make();

	(void)state;
	assert_false(prompt_is_open(p));
	prompt_open(p, PROMPT_FILTER, "filter: ", "", 0);
	assert_true(prompt_is_open(p));
	assert_int_equal(type(p, "host x"), PROMPT_TYPING);
	assert_shown(p, "filter: host x\n", 14);
	prompt_key(p, UKEY_LEFT);
	prompt_key(p, UKEY_BACKSPACE);
	prompt_key(p, UKEY_HOME);
	assert_shown(p, "filter: hostx\n", 8);
	prompt_key(p, UKEY_DELETE);
	prompt_key(p, 0xfc);
	prompt_key(p, UKEY_END);
	assert_shown(p, "filter: üostx\n", 13);
	assert_int_equal(type(p, "\n"), PROMPT_DONE);
	assert_string_equal(prompt_text(p), "üostx");
	assert_false(prompt_is_open(p));
	prompt_free(p);
}

static void test_long_lines(void **state)
{
	struct prompt *p = make();

	(void)state;
	prompt_open(p, PROMPT_FILTER, "f: ", "", 0);
	type(p, "0123456789abcdefghijklmnopqrstuvwxyz");
	/* what stands before the cursor is seen, and that there is more */
	assert_shown(p, "f:…ghijklmnopqrstuvwxyz\n", 23);
	prompt_key(p, UKEY_HOME);
	assert_shown(p, "f: 0123456789abcdefghij…\n", 3);
	prompt_free(p);
}

static void test_leaving(void **state)
{
	struct prompt *p = make();

	(void)state;
	prompt_open(p, PROMPT_COMMAND, ":", "abc", 3);
	assert_int_equal(prompt_key(p, UKEY_ESCAPE), PROMPT_CANCELLED);
	assert_false(prompt_is_open(p));
	prompt_open(p, PROMPT_COMMAND, ":", "", 0);
	assert_int_equal(prompt_key(p, UKEY_BACKSPACE), PROMPT_CANCELLED);
	prompt_open(p, PROMPT_COMMAND, ":", "x", 1);
	assert_int_equal(prompt_key(p, UKEY_CTRL('C')), PROMPT_CANCELLED);
	/* Ctrl-D in an empty line is no end of the world */
	prompt_open(p, PROMPT_COMMAND, ":", "", 0);
	assert_int_equal(prompt_key(p, UKEY_CTRL('D')), PROMPT_TYPING);
	assert_int_equal(prompt_key(p, UKEY_F1), PROMPT_TYPING);
	prompt_free(p);
}

static void test_completing(void **state)
{
	struct prompt *p = make();
	struct canvas *c;
	struct buf out;

	(void)state;
	prompt_open(p, PROMPT_FILTER, ": ", "", 0);
	type(p, "b");
	prompt_key(p, UKEY_TAB);
	assert_shown(p, ": bytes\n", 8);
	type(p, "> 5 cl");
	prompt_key(p, UKEY_TAB);
	assert_shown(p, ": bytes > 5 client\n", 18);
	assert_int_equal(canvas_new(40, 1, false, &c, NULL), RC_DONE);
	assert_true(prompt_draw_words(p, c, 0));
	buf_init(&out);
	canvas_dump(c, &out);
	assert_string_equal(buf_text(&out), " client  client_port\n");
	buf_free(&out);
	canvas_free(c);
	type(p, "_");
	prompt_key(p, UKEY_TAB);
	assert_int_equal(type(p, "\n"), PROMPT_DONE);
	assert_string_equal(prompt_text(p), "bytes > 5 client_port ");
	prompt_free(p);
}

static void enter(struct prompt *p, enum prompt_kind kind, const char *text)
{
	prompt_open(p, kind, ":", "", 0);
	type(p, text);
	assert_int_equal(type(p, "\n"), PROMPT_DONE);
}

static void test_history(void **state)
{
	struct prompt *p = make();
	struct stat st;

	(void)state;
	enter(p, PROMPT_FILTER, "one");
	enter(p, PROMPT_COMMAND, "sort bytes");
	enter(p, PROMPT_FILTER, "two");
	enter(p, PROMPT_FILTER, "two");
	enter(p, PROMPT_FILTER, "");
	prompt_free(p);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);

	/* another session; each kind recalls its own */
	p = make();
	prompt_open(p, PROMPT_FILTER, ":", "", 0);
	prompt_key(p, UKEY_UP);
	assert_shown(p, ":two\n", 4);
	prompt_key(p, UKEY_UP);
	assert_shown(p, ":one\n", 4);
	prompt_key(p, UKEY_DOWN);
	assert_shown(p, ":two\n", 4);
	prompt_key(p, UKEY_ESCAPE);
	prompt_open(p, PROMPT_COMMAND, ":", "", 0);
	prompt_key(p, UKEY_UP);
	assert_shown(p, ":sort bytes\n", 11);
	prompt_free(p);
}

static void test_history_is_bounded(void **state)
{
	struct history h;

	(void)state;
	history_load(&h, path);
	for (int i = 0; i < HISTORY_MAX + 50; i++) {
		char line[32];

		snprintf(line, sizeof(line), "line %d", i);
		history_add(&h, '/', line);
	}
	assert_int_equal(h.n, HISTORY_MAX);
	assert_string_equal(h.lines[0], "/line 50");
	history_free(&h);
	history_load(&h, path);
	assert_int_equal(h.n, HISTORY_MAX);
	assert_string_equal(h.lines[HISTORY_MAX - 1], "/line 1049");
	history_free(&h);
}

static void test_history_without_a_file(void **state)
{
	struct history h;

	(void)state;
	history_load(&h, "/proc/nowhere/history");
	history_add(&h, '/', "kept in memory");
	assert_int_equal(h.n, 1);
	history_free(&h);
	/* a directory is no history */
	history_load(&h, dir);
	assert_int_equal(h.n, 0);
	history_free(&h);
	history_load(&h, "");
	history_add(&h, '/', "x");
	assert_int_equal(h.n, 1);
	history_free(&h);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_typing),
		TEST(test_long_lines),
		TEST(test_leaving),
		TEST(test_completing),
		TEST(test_history),
		TEST(test_history_is_bounded),
		TEST(test_history_without_a_file),
	};

	setenv("INPUTRC", "/dev/null", 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
