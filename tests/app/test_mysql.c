/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "turns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#define N(a) (sizeof(a) / sizeof((a)[0]))

static const struct turn talk[] = {
	S2C("J\x00\x00\x00\x0a" "8.0.33\x00\x01\x00\x00\x00" "abcdefgh"
		"\x00\xff\xff\xff\x02\x00\xff\xdf\x15\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" "abcde"
		"fghijkl\x00mysql_native_pas"
		"sword\x00"),
	C2S("B\x00\x00\x01\x8d\xa6\x00\x00\x00\x00\x00\x01\xff\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
		"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00joe\x00\x02xxshop\x00"
		"mysql_native_password\x00"),
	S2C("\x1b\x00\x00\x02\xfemysql_native_password\x00salt"),
	C2S("\x08\x00\x00\x03" "authauth"),
	S2C("\x07\x00\x00\x04\x00\x00\x00\x02\x00\x00\x00"),
	C2S("\x09\x00\x00\x00\x03select 1"),
	S2C("\x01\x00\x00\x01\x01\x17\x00\x00\x02\x03" "def\x00\x00\x00\x01" "a\x00\x0c?\x00\x01\x00"
		"\x00\x00\x08\x81\x00\x00\x00\x00\x05\x00\x00\x03\xfe\x00\x00\x02\x00\x02\x00\x00\x04\x01" "1\x02"
		"\x00\x00\x04\x01" "1\x05\x00\x00\x06\xfe\x00\x00\x02\x00"),
	C2S("\x08\x00\x00\x00\x03selec 1"),
	S2C("\x1a\x00\x00\x01\xff(\x04#42000You have an error"),
	C2S("\x09\x00\x00\x00\x16insert ?"),
	S2C("\x0c\x00\x00\x01\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
	C2S("\x0a\x00\x00\x00\x17\x01\x00\x00\x00\x00\x01\x00\x00\x00"),
	S2C("\x11\x00\x00\x01\xff\xbd\x04#40001Deadlock"),
	C2S("\x05\x00\x00\x00\x19\x01\x00\x00\x00\x01\x00\x00\x00\x0e"),
	S2C("\x07\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00"),
	C2S("\x01\x00\x00\x00\x01"),
};
static const struct turn refused = S2C("\x17\x00\x00\x00\xff\x10\x04Too many connections");
static const struct turn ssl = C2S(" \x00\x00\x01\x85\xaa\x00\x00\x00\x00\x00\x01\xff\x00\x00\x00\x00\x00"
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00");
static const struct turn not[] = {
	S2C("\x16\x00\x00\x00\x0aMySQL\x00" "aaaabbbbbbbb\x00xx"),
	S2C("\x14\x00\x00\x01\x0a" "8.0\x00" "aaaabbbbbbbb\x00xx"),
	S2C("\x13\x00\x00\x00\x0a" "8.0.1\x00" "aaaabbbbbbbb"),
	S2C("\x0b\x00\x00\x00\xff\x10\x04Too\x01many"),
	C2S("\x0c\x00\x00\x00\x03hello world"),
	C2S("B\x00\x00\x01\x8d\xa6\x00\x00\x00\x00\x00\x01\xff\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
		"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00joe\x00\x02xxshop\x00"
		"mysql_native_password\x00"),
};

static void an_exchange(void **state)
{
	struct talking x;

	(void)state;
	turns_say(&x, talk, N(talk), false);
	assert_int_equal(x.all.app, APP_MYSQL);
	assert_int_equal(x.all.requests, 5);
	assert_int_equal(x.all.responses, 5);
	assert_int_equal(x.all.errors, 1);
	assert_int_equal(x.all.refusals, 1);
	assert_int_equal(x.all.status, 1213);
	talking_end(&x);
	turns_say(&x, &refused, 1, false);
	assert_int_equal(x.all.app, APP_MYSQL);
	assert_int_equal(x.all.errors, 1);
	assert_int_equal(x.all.status, 1040);
	talking_end(&x);
}

static void for_people(void **state)
{
	(void)state;
	assert_string_equal(turns_info(APP_NONE, &talk[0], false), "Greeting 8.0.33");
	assert_string_equal(turns_info(APP_MYSQL, &talk[5], false), "Query: select 1");
	assert_string_equal(turns_info(APP_MYSQL, &talk[8], false), "Error 1064 You have an error");
	assert_string_equal(turns_info(APP_MYSQL, &talk[6], false), "Result");
}

static void tls_begins(void **state)
{
	struct turn tls[] = {talk[0], ssl, talk[5], talk[8]};
	struct talking x;

	(void)state;
	turns_say(&x, tls, N(tls), false);
	assert_int_equal(x.all.app, APP_MYSQL);
	assert_int_equal(x.all.requests, 0);
	assert_int_equal(x.all.refusals, 0);
	talking_end(&x);
}

static void midstream(void **state)
{
	struct talking x;

	(void)state;
	turns_say(&x, talk + 5, 4, false);
	assert_int_equal(x.all.app, APP_MYSQL);
	assert_int_equal(x.all.requests, 2);
	assert_int_equal(x.all.refusals, 1);
	talking_end(&x);
}

static void segments(void **state)
{
	(void)state;
	turns_any_segments(talk, N(talk));
}

static void hostile(void **state)
{
	(void)state;
	turns_hostile(talk, N(talk), false, APP_MYSQL);
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
		cmocka_unit_test(tls_begins),
		cmocka_unit_test(midstream),
		cmocka_unit_test(what_is_none),
		cmocka_unit_test(segments),
		cmocka_unit_test(hostile),
	};

	return cmocka_run_group_tests_name("mysql", tests, NULL, NULL);
}
