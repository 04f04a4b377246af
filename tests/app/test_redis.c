/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "turns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#define N(a) (sizeof(a) / sizeof((a)[0]))

static const struct turn talk[] = {
	C2S("*2\x0d\x0a$4\x0d\x0a" "AUTH\x0d\x0a$6\x0d\x0asecret\x0d\x0a"),
	S2C("-WRONGPASS no\x0d\x0a"),
	C2S("*2\x0d\x0a$3\x0d\x0aGET\x0d\x0a$5\x0d\x0akey:1\x0d\x0a"
		"*3\x0d\x0a$4\x0d\x0aMGET\x0d\x0a$1\x0d\x0a" "a\x0d\x0a$1\x0d"
		"\x0a" "b\x0d\x0a"),
	S2C("$3\x0d\x0a+OK\x0d\x0a*3\x0d\x0a$-1\x0d\x0a*2\x0d\x0a:1"
		"\x0d\x0a-ERR inner\x0d\x0a$7\x0d\x0a-ERR n"
		"o\x0d\x0a"),
	C2S("*3\x0d\x0a$3\x0d\x0aSET\x0d\x0a$1\x0d\x0ak\x0d\x0a$14\x0d\x0a*1\x0d\x0a$4\x0d\x0aPING\x0d\x0a\x0d\x0a"),
	S2C("-OOM command not allowed\x0d\x0a"),
	C2S("PING\x0d\x0a\x0d\x0a"),
	S2C("+PONG\x0d\x0a"),
	C2S("*2\x0d\x0a$5\x0d\x0aHELLO\x0d\x0a$1\x0d\x0a" "3\x0d\x0a"),
	S2C("%1\x0d\x0a+server\x0d\x0a$5\x0d\x0aredis\x0d\x0a"),
	C2S("*2\x0d\x0a$9\x0d\x0aSUBSCRIBE\x0d\x0a$1\x0d\x0a" "c\x0d\x0a"),
	S2C(">3\x0d\x0a$9\x0d\x0asubscribe\x0d\x0a$1\x0d\x0a" "c"
		"\x0d\x0a:1\x0d\x0a|1\x0d\x0a+ttl\x0d\x0a:3\x0d\x0a#t\x0d\x0a"),
};
static const struct turn not[] = {
	S2C("+OK\x0d\x0a"),
	C2S("PING\x0d\x0a"),
	C2S("*0\x0d\x0a"),
	C2S("*1\x0d\x0a:1\x0d\x0a"),
	C2S("*1\x0d\x0a$4\x0d\x0aPI G\x0d\x0a"),
	C2S("*1\x0d\x0a$4\x0d\x0aPINGxx"),
	C2S("*1\x0a$4\x0aPING\x0a"),
	C2S("*99999999999\x0d\x0a$4\x0d\x0aPING\x0d\x0a"),
	S2C("-ERR x\x0d\x0a"),
};

static void an_exchange(void **state)
{
	struct talking x;

	(void)state;
	turns_say(&x, talk, N(talk), false);
	assert_int_equal(x.all.app, APP_REDIS);
	assert_int_equal(x.all.requests, 7);
	assert_int_equal(x.all.responses, 7);
	assert_int_equal(x.all.errors, 1);
	assert_int_equal(x.all.refusals, 1);
	talking_end(&x);
}

static void for_people(void **state)
{
	(void)state;
	assert_string_equal(turns_info(APP_REDIS, &talk[0], false), "AUTH");
	assert_string_equal(turns_info(APP_REDIS, &talk[1], false), "-WRONGPASS no");
	assert_string_equal(turns_info(APP_REDIS, &talk[2], false), "GET key:1");
	assert_string_equal(turns_info(APP_REDIS, &talk[3], false), "Bulk string(3)");
}

static void segments(void **state)
{
	(void)state;
	turns_any_segments(talk, N(talk));
}

static void hostile(void **state)
{
	(void)state;
	turns_hostile(talk, N(talk), false, APP_REDIS);
}

static void what_is_none(void **state)
{
	(void)state;
	turns_none(not, N(not), false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_exchange),
		cmocka_unit_test(for_people),
		cmocka_unit_test(what_is_none),
		cmocka_unit_test(segments),
		cmocka_unit_test(hostile),
	};

	return cmocka_run_group_tests_name("redis", tests, NULL, NULL);
}
