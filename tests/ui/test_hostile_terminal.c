/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Terminals of odd sizes and locales, floods of signals, and captures that talk to the terminal. */
#include "pty.h"
#include "vt.h"

#include "../patience.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { FLOOD = 10000, FLOOD_MAX_S = 10, REDRAW_MAX_MS = 200 };

static void leaves_well(void)
{
	int status = pty_finish();

	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_true(pty_has_seen("\033[?1049l"));
}

static void test_sizes(void **state)
{
	static const struct {
		unsigned w, h;
	} sizes[] = { { 1, 1 }, { 1, 200 }, { 200, 1 }, { 0, 0 }, { 2, 2 }, { 500, 500 } };

	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		pty_start(&(struct pty_options){
			.term = "xterm-256color", .w = sizes[i].w, .h = sizes[i].h });
		pty_wait_for("\033[?1049h");
		pty_resize(100, 30);
		pty_wait_for_rows();
		pty_type("\r");
		pty_wait_for("Escape back");
		pty_resize(sizes[i].w, sizes[i].h);
		pty_type("jkG/\033?");
		pty_type("\033Q");
		leaves_well();
	}
}

/* A screen of a locale that has no UTF-8 is drawn in ASCII alone. */
static size_t beyond_ascii;

static void count_beyond_ascii(const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		beyond_ascii += bytes[i] >= 0x80;
}

static void test_locales(void **state)
{
	static const char *const locales[] = { "C", "POSIX", "en_US.ISO-8859-1", "de_DE",
		"no such locale", "\xff\xfe" };

	(void)state;
	for (size_t i = 0; i < COUNT(locales); i++) {
		beyond_ascii = 0;
		pty_start(&(struct pty_options){ .term = "xterm-256color",
			.locale = locales[i],
			.w = 80,
			.h = 24,
			.on_bytes = count_beyond_ascii });
		pty_wait_for_rows();
		pty_type("\r");
		pty_wait_for("Escape back");
		pty_type("Q");
		leaves_well();
		assert_int_equal(beyond_ascii, 0);
	}
}

/* Resizes and signals as fast as they go, while what is drawn is read. */
static void flood(void)
{
	for (unsigned i = 0; i < FLOOD; i++) {
		pty_resize(1 + i * 7 % 200, 1 + i * 3 % 60);
		assert_int_equal(kill(pty.pid, SIGWINCH), 0);
		(void)pty_take(0);
	}
}

static void test_flood_of_resizes(void **state)
{
	double start;

	(void)state;
	pty_start(&(struct pty_options){ .term = "xterm-256color", .w = 80, .h = 24 });
	pty_wait_for("indexed");
	start = now_s();
	flood();
	print_message("%d resizes in %.3f s\n", FLOOD, now_s() - start);
	assert_true(now_s() - start < FLOOD_MAX_S * patience());
	pty_resize(30, 4);
	pty_wait_for("too small (30x4)");
	pty_forget();
	start = now_s();
	pty_resize(120, 40);
	pty_wait_for("all services");
	print_message("redrawn after %.0f ms\n", (now_s() - start) * 1e3);
	pty_wait_for("health: normal"); /* there is room for details */
	print_message("with details after %.0f ms\n", (now_s() - start) * 1e3);
	assert_true((now_s() - start) * 1e3 < REDRAW_MAX_MS * patience());
	pty_type("Q");
	leaves_well();
}

static void test_end_in_a_flood(void **state)
{
	int status;

	(void)state;
	pty_start(&(struct pty_options){ .term = "xterm-256color", .w = 80, .h = 24 });
	pty_wait_for("indexed");
	flood();
	assert_int_equal(kill(pty.pid, SIGTERM), 0);
	status = pty_finish();
	assert_true(WIFEXITED(status));
}

static struct vt vt;

static void show_vt(const uint8_t *bytes, size_t n)
{
	vt_bytes(&vt, bytes, n);
}

/* A capture with hostile text everywhere, under a hostile name, looked at from the top to the bytes. */
static void test_hostile_capture(void **state)
{
	char dir[] = "/tmp/flowdrill-hostile-XXXXXX", file[256], command[4096];
	const char *top = getenv("top_builddir");

	(void)state;
	if (top == NULL)
		skip();
	assert_non_null(mkdtemp(dir));
	snprintf(file, sizeof(file),
		"%s/\033]0;pwned\007\xc2\x9b"
		"31m\x9b"
		"31m\xe2\x80\xae.pcapng",
		dir);
	snprintf(command, sizeof(command), "'%s/tests/cli/hostile-tool' make '%s'", top, file);
	assert_int_equal(system(command), 0);
	vt_init(&vt, 160, 50);
	pty_start(&(struct pty_options){ .term = "xterm-256color",
		.file = file,
		.w = 160,
		.h = 50,
		.on_bytes = show_vt });
	pty_wait_for(" 1/"); /* there are rows */
	/* down by Enter to the packet, everything shown there, and up again */
	pty_type("\rG\r\rG\rGGgg\033[B\033[B\r\033\033\033\033");
	pty_resize(30, 4);
	pty_wait_for("too small (30x4)");
	pty_resize(200, 60);
	pty_type("Q");
	leaves_well();
	assert_int_equal(unlink(file), 0);
	assert_int_equal(rmdir(dir), 0);
	if (vt.found != NULL)
		fail_msg("%s", vt.found);
	if (vt_left_over(&vt) != NULL)
		fail_msg("left over: %s", vt_left_over(&vt));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_locales),
		cmocka_unit_test(test_flood_of_resizes),
		cmocka_unit_test(test_end_in_a_flood),
		cmocka_unit_test(test_hostile_capture),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
