/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "turns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#define N(a) (sizeof(a) / sizeof((a)[0]))

static const struct turn talk[] = {
	S2C("220-Welcome\r\n 331 to\r\n220 you\r\n"),
	C2S("USER anonymous\r\n"),
	S2C("331 password?\r\n"),
	C2S("PASS secret\r\n"),
	S2C("530 Login incorrect.\r\n"),
	C2S("USER a\r\nPASS b\r\n"),
	S2C("331 x\r\n230-hello\r\n  text 530 no\r\n230 in\r\n"),
	C2S("PASV\r\nRETR f\r\n"),
	S2C("227 Entering (127,0,0,1,1,1)\r\n150 here\r\n426 aborted\r\n"),
	C2S("\xff\xf4\xff\xf2" "ABOR\r\n"),
	S2C("226 ok\r\n"),
	C2S("QUIT\r\n"),
	S2C("221 bye\r\n"),
};
static const struct turn not[] = {
	C2S("id\npwd\nsyst\n"), C2S("pwd\r\n"),       /* somebody in a shell */
	S2C("220 welcome\r\n"), C2S("USER a\r\n"), C2S("USER a\r\nPASS b\r\n"), C2S("LIST\r\n"),
	S2C("220 x FTP ESMTP\r\n331 x\r\n"),
};

static void an_exchange(void **state)
{
	struct talking x;

	(void)state;
	turns_say(&x, talk, N(talk), false);
	assert_int_equal(x.all.app, APP_FTP);
	assert_int_equal(x.all.requests, 8);
	assert_int_equal(x.all.responses, 8);
	assert_int_equal(x.all.errors, 1);
	assert_int_equal(x.all.refusals, 1);
	assert_int_equal(x.all.status, 221);
	assert_string_equal(x.name, "");
	talking_end(&x);
}

static void greetings(void **state)
{
	static const struct turn bsd = S2C("220 ftp.example.org FTP server ready.\r\n"), vs = S2C("220 (vsFTPd 3.0.3)\r\n");
	struct talking x;

	(void)state;
	turns_say(&x, &bsd, 1, false);
	assert_int_equal(x.all.app, APP_FTP);
	assert_string_equal(x.name, "ftp.example.org");
	talking_end(&x);
	turns_say(&x, &vs, 1, false);
	assert_int_equal(x.all.app, APP_FTP);
	assert_string_equal(x.name, "");
	talking_end(&x);
}

static void tls_begins(void **state)
{
	static const struct turn tls[] = {
		S2C("220 FTP\r\n"), C2S("AUTH TLS\r\n"), S2C("234 go\r\n"), C2S("RETR x\r\n"), S2C("550 no\r\n"),
	};
	struct talking x;

	(void)state;
	turns_say(&x, tls, N(tls), false);
	assert_int_equal(x.all.app, APP_FTP);
	assert_int_equal(x.all.requests, 1);
	assert_int_equal(x.all.refusals, 0);
	talking_end(&x);
}

static void for_people(void **state)
{
	(void)state;
	assert_string_equal(turns_info(APP_FTP, &talk[1], false), "USER anonymous");
	assert_string_equal(turns_info(APP_FTP, &talk[3], false), "PASS");
	assert_string_equal(turns_info(APP_FTP, &talk[4], false), "530 Login incorrect.");
	assert_string_equal(turns_info(APP_FTP, &talk[9], false), "ABOR");
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
	turns_hostile(talk, N(talk), false, APP_FTP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_exchange),
		cmocka_unit_test(greetings),
		cmocka_unit_test(tls_begins),
		cmocka_unit_test(for_people),
		cmocka_unit_test(what_is_none),
		cmocka_unit_test(segments),
		cmocka_unit_test(hostile),
	};

	return cmocka_run_group_tests_name("ftp", tests, NULL, NULL);
}
