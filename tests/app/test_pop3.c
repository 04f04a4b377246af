/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "turns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#define N(a) (sizeof(a) / sizeof((a)[0]))

static const struct turn talk[] = {
	S2C("+OK Dovecot ready.\r\n"),
	C2S("CAPA\r\n"),
	S2C("+OK\r\nUSER\r\n-ERR no reply\r\n.\r\n"),
	C2S("USER a\r\n"),
	S2C("+OK\r\n"),
	C2S("PASS secret\r\n"),
	S2C("-ERR [AUTH] wrong\r\n"),
	C2S("AUTH PLAIN\r\n"),
	S2C("+ \r\n"),
	C2S("AGEAYg==\r\n"),
	S2C("+OK in\r\n"),
	C2S("LIST\r\nRETR 1\r\nLIST 1\r\n"),
	S2C("+OK 1\r\n1 20\r\n.\r\n+OK text\r\n-ERR in a mail\r\n..\r\n.\r\n+OK 1 20\r\n"),
	C2S("DELE 1\r\nQUIT\r\n"),
	S2C("-ERR [SYS/TEMP] disk\r\n+OK bye\r\n"),
};
static const struct turn not[] = {
	S2C("+OK\r\n"), S2C("+OKAY now\r\n"), C2S("USER a\r\n"), C2S("CAPAX\r\n"), S2C("-ERR x\r\n"), S2C("+OK\r\n+OK\r\n"), S2C("+OK a\1\r\n"),
};

static void an_exchange(void **state)
{
	struct talking x;

	(void)state;
	turns_say(&x, talk, N(talk), false);
	assert_int_equal(x.all.app, APP_POP3);
	assert_int_equal(x.all.requests, 9);
	assert_int_equal(x.all.responses, 9);
	assert_int_equal(x.all.errors, 1);
	assert_int_equal(x.all.refusals, 1);
	talking_end(&x);
}

static void tls_begins(void **state)
{
	static const struct turn tls[] = {S2C("+OK\r\n"), C2S("STLS\r\n"), S2C("+OK go\r\n"), C2S("RETR 1\r\n"), S2C("-ERR no\r\n")};
	struct talking x;

	(void)state;
	turns_say(&x, tls, N(tls), false);
	assert_int_equal(x.all.app, APP_POP3);
	assert_int_equal(x.all.requests, 1);
	assert_int_equal(x.all.refusals, 0);
	talking_end(&x);
}

static void for_people(void **state)
{
	static const struct turn apop = C2S("APOP joe c4c9334bac560ecc979e58001b3e22fb\r\n");

	(void)state;
	assert_string_equal(turns_info(APP_POP3, &talk[3], false), "USER a");
	assert_string_equal(turns_info(APP_POP3, &talk[5], false), "PASS");
	assert_string_equal(turns_info(APP_POP3, &apop, false), "APOP joe");
	assert_string_equal(turns_info(APP_POP3, &talk[6], false), "-ERR [AUTH] wrong");
	assert_string_equal(turns_info(APP_POP3, &talk[9], false), "");
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
	turns_hostile(talk, N(talk), false, APP_POP3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_exchange),
		cmocka_unit_test(tls_begins),
		cmocka_unit_test(for_people),
		cmocka_unit_test(what_is_none),
		cmocka_unit_test(segments),
		cmocka_unit_test(hostile),
	};

	return cmocka_run_group_tests_name("pop3", tests, NULL, NULL);
}
