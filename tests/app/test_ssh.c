/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "turns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#define N(a) (sizeof(a) / sizeof((a)[0]))

static const struct turn talk[] = {
	S2C("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"),
	C2S("SSH-2.0-PuTTY_Release_0.78\r\n"),
	C2S("\0\0\0\x0c\x0a\x15\0\0\0\0\0\0\0\0\0\0"),
};
static const struct turn not[] = {
	C2S("SSH-3.0-x\r\n"), C2S("ssh-2.0-small\r\n"), C2S("SSH 2.0\r\n"), C2S(" SSH-2.0-x\r\n"), S2C("SSH-"),
};

static void banners(void **state)
{
	struct talking x;

	(void)state;
	turns_say(&x, talk, N(talk), false);
	assert_int_equal(x.all.app, APP_SSH);
	assert_int_equal(x.all.requests, 0);
	assert_string_equal(turns_info(APP_SSH, &talk[0], false), "SSH-2.0-OpenSSH_9.2p1 Debian-2");
	assert_string_equal(turns_info(APP_SSH, &talk[2], false), "New Keys");
	talking_end(&x);
}

static void what_is_none(void **state)
{
	(void)state;
	turns_none(not, N(not), false);
}

static void segments(void **state)
{
	(void)state;
	turns_any_segments(talk, N(talk));
}

static void hostile(void **state)
{
	(void)state;
	turns_hostile(talk, N(talk), false, APP_SSH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(banners),
		cmocka_unit_test(what_is_none),
		cmocka_unit_test(segments),
		cmocka_unit_test(hostile),
	};

	return cmocka_run_group_tests_name("ssh", tests, NULL, NULL);
}
