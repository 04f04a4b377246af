/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "turns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#define N(a) (sizeof(a) / sizeof((a)[0]))

static const struct turn talk[] = {
	S2C("* OK [CAPABILITY IMAP4rev1] ready\r\n"),
	C2S("a1 LOGIN {4}\r\n"),
	S2C("+ go\r\n"),
	C2S("user {6}\r\n"),
	S2C("+ go\r\n"),
	C2S("secret\r\n"),
	S2C("a1 NO [AUTHENTICATIONFAILED] no\r\n"),
	C2S("a2 AUTHENTICATE PLAIN\r\n"),
	S2C("+ \r\n"),
	C2S("AGEAYg==\r\n"),
	S2C("a2 OK in\r\n"),
	C2S("a3 SELECT INBOX\r\n"),
	S2C("* 3 EXISTS\r\na3 OK done\r\n"),
	C2S("a4 FETCH 1 BODY[]\r\n"),
	S2C("* 1 FETCH (BODY[] {16}\r\na4 NO literal\r\nx)\r\na4 OK done\r\n"),
	C2S("a5 APPEND x {11+}\r\na6 LOGOUT\r\n\r\na7 EXPUNGE\r\n"),
	S2C("a5 NO [SERVERBUG] oh\r\na7 BAD what\r\n"),
	C2S("a8 IDLE\r\n"),
	S2C("+ idling\r\n"),
	C2S("DONE\r\n"),
	S2C("a8 OK done\r\n"),
};
static const struct turn not[] = {
	S2C("* OK MUPDATE \"x\"\r\n"), S2C("* ACAP (x)\r\n"), C2S("a1 NOOP\r\n"), C2S("LOGIN a b\r\n"), C2S("a1 LOGIN\r\n"),
	C2S("a1 AUTHENTICATE \"PLAIN\"\r\n"), S2C("* OKAY\r\n"), C2S("* CAPABILITY\r\n"),
};

static void an_exchange(void **state)
{
	struct talking x;

	(void)state;
	turns_say(&x, talk, N(talk), false);
	assert_int_equal(x.all.app, APP_IMAP);
	assert_int_equal(x.all.requests, 7);
	assert_int_equal(x.all.responses, 7);
	assert_int_equal(x.all.errors, 1);
	assert_int_equal(x.all.refusals, 2);
	talking_end(&x);
}

static void tls_begins(void **state)
{
	static const struct turn tls[] = {
		S2C("* OK hi\r\n"), C2S("1 STARTTLS\r\n"), S2C("1 OK go\r\n"), C2S("2 NOOP\r\n"), S2C("2 BAD no\r\n"),
	};
	struct talking x;

	(void)state;
	turns_say(&x, tls, N(tls), false);
	assert_int_equal(x.all.app, APP_IMAP);
	assert_int_equal(x.all.requests, 1);
	assert_int_equal(x.all.refusals, 0);
	talking_end(&x);
}

static void for_people(void **state)
{
	static const struct turn login = C2S("x LOGIN joe secret\r\n"), plain = C2S("x AUTHENTICATE PLAIN AGEAYg==\r\n");

	(void)state;
	assert_string_equal(turns_info(APP_IMAP, &login, false), "x LOGIN");
	assert_string_equal(turns_info(APP_IMAP, &(struct turn)S2C("* OK IMAP4rev1 ready\r\n"), false), "* OK IMAP4rev1 ready");
	/* behind STARTTLS */
	assert_string_equal(turns_info(APP_IMAP, &(struct turn)S2C("\x15\3\3\0\2\2\x28"), false), "Alert handshake_failure");
	assert_string_equal(turns_info(APP_IMAP, &plain, false), "x AUTHENTICATE PLAIN");
	assert_string_equal(turns_info(APP_IMAP, &talk[11], false), "a3 SELECT INBOX");
	assert_string_equal(turns_info(APP_IMAP, &talk[9], false), "");
}

/* A length that lies: what follows is passed over, never taken for commands. */
static void lies(void **state)
{
	static const struct turn lie[] = {
		S2C("* OK hi\r\n"), C2S("1 APPEND x {18446744073709551615}\r\n2 NOOP\r\n"), C2S("3 LOGOUT {99999999}\r\n4 NOOP\r\n"),
	};
	struct talking x;

	(void)state;
	turns_say(&x, lie, N(lie), false);
	assert_true(x.all.requests <= 3);
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
	turns_hostile(talk, N(talk), false, APP_IMAP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_exchange),
		cmocka_unit_test(tls_begins),
		cmocka_unit_test(for_people),
		cmocka_unit_test(lies),
		cmocka_unit_test(what_is_none),
		cmocka_unit_test(segments),
		cmocka_unit_test(hostile),
	};

	return cmocka_run_group_tests_name("imap", tests, NULL, NULL);
}
