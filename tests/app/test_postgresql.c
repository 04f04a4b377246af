/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "turns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#define N(a) (sizeof(a) / sizeof((a)[0]))

static const struct turn talk[] = {
	C2S("\x00\x00\x00\x08\x04\xd2\x16/"),
	S2C("N"),
	C2S("\x00\x00\x00 \x00\x03\x00\x00user\x00joe\x00" "database\x00shop\x00\x00"),
	S2C("R\x00\x00\x00\x0c\x00\x00\x00\x05salt"),
	C2S("p\x00\x00\x00\x0bmd5abc\x00"),
	S2C("R\x00\x00\x00\x08\x00\x00\x00\x00S\x00\x00\x00\x16server_ver"
		"sion\x00" "16\x00K\x00\x00\x00\x0c" "12345678Z\x00\x00"
		"\x00\x05I"),
	C2S("Q\x00\x00\x00\x14select * from t\x00"),
	S2C("T\x00\x00\x00\x1a\x00\x01" "a\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
		"\x00\x00\x00" "D\x00\x00\x00\x0b\x00\x01\x00\x00\x00\x01" "ED\x00\x00\x00\x0b\x00\x01\x00\x00"
		"\x00\x01" "ED\x00\x00\x00\x0b\x00\x01\x00\x00\x00\x01" "EC\x00\x00\x00\x0dSELE"
		"CT 3\x00Z\x00\x00\x00\x05I"),
	C2S("Q\x00\x00\x00\x0aselec\x00"),
	S2C("E\x00\x00\x00(SERROR\x00VERROR\x00" "C42601\x00Msyntax error\x00\x00Z\x00\x00\x00\x05I"),
	C2S("P\x00\x00\x00!\x00insert into t valu"
		"es ($1)\x00\x00\x00" "B\x00\x00\x00\x11\x00\x00\x00\x00\x00\x01\x00\x00\x00"
		"\x01" "E\x00\x00" "E\x00\x00\x00\x09\x00\x00\x00\x00\x00S\x00\x00\x00\x04"),
	S2C("1\x00\x00\x00\x04" "2\x00\x00\x00\x04" "E\x00\x00\x00-SERROR\x00VE"
		"RROR\x00" "C40P01\x00Mdeadlock de"
		"tected\x00\x00Z\x00\x00\x00\x05" "E"),
	C2S("X\x00\x00\x00\x04"),
};
static const struct turn not[] = {
	C2S("\x00\x00\x00\x09\x04\xd2\x16/x"),
	C2S("\x00\x00\x00\x14\x00\x03\x00\x00" "database\x00x\x00\x00"),
	C2S("\x00\x00\x00\x16\x00\x02\x00\x00user\x00joe\x00\x00xxxxx"),
	C2S("Quit\x0d\x0a"),
	C2S("Q\x00\x00\x00\x0ahello\x00"),
	S2C("R\x00\x00\x00\x08\x00\x00\x00\x00"),
	C2S("\x00\x00\x00\x10"),
};

static void an_exchange(void **state)
{
	struct talking x;

	(void)state;
	turns_say(&x, talk, N(talk), false);
	assert_int_equal(x.all.app, APP_POSTGRESQL);
	assert_int_equal(x.all.requests, 3);
	assert_int_equal(x.all.responses, 3);
	assert_int_equal(x.all.errors, 1);       /* a deadlock */
	assert_int_equal(x.all.refusals, 1);     /* a syntax error */
	talking_end(&x);
}

static void for_people(void **state)
{
	(void)state;
	assert_string_equal(turns_info(APP_POSTGRESQL, &talk[0], false), "SSL request");
	assert_string_equal(turns_info(APP_POSTGRESQL, &talk[2], false), "Startup user=joe database=shop");
	assert_string_equal(turns_info(APP_POSTGRESQL, &talk[4], false), "Password");
	assert_string_equal(turns_info(APP_POSTGRESQL, &talk[6], false), "Query: select * from t");
	assert_string_equal(turns_info(APP_POSTGRESQL, &talk[9], false), "ERROR 42601 syntax error");
	assert_string_equal(turns_info(APP_POSTGRESQL, &talk[10], false), "Parse: insert into t values ($1)");
	assert_string_equal(turns_info(APP_POSTGRESQL, &(struct turn)S2C("T\0\0\0\6\0\0C\0\0\0\rSELECT 2\0Z\0\0\0\5I"), false),
		"Rows, SELECT 2");
	assert_string_equal(turns_info(APP_POSTGRESQL, &(struct turn)S2C("C\0\0\0\rDELETE 2\0Z\0\0\0\5I"), false),
		"Complete: DELETE 2");
	assert_string_equal(turns_info(APP_POSTGRESQL, &(struct turn)S2C("R\0\0\0\x08\0\0\0\0Z\0\0\0\5I"), false), "Auth: ok");
}

static void tls_begins(void **state)
{
	struct turn tls[] = {talk[0], S2C("S"), talk[6], talk[9]};
	struct talking x;

	(void)state;
	turns_say(&x, tls, N(tls), false);
	assert_int_equal(x.all.app, APP_POSTGRESQL);
	assert_int_equal(x.all.requests, 0);
	assert_int_equal(x.all.refusals, 0);
	talking_end(&x);
}

/* A connection whose beginning was not captured, and one with a gap. */
static void midstream(void **state)
{
	struct talking x;

	(void)state;
	turns_say(&x, talk + 6, 4, false);
	assert_int_equal(x.all.app, APP_POSTGRESQL);
	assert_int_equal(x.all.requests, 2);
	assert_int_equal(x.all.refusals, 1);
	talking_miss(&x, DIR_S2C, 100);
	talking_say(&x, DIR_S2C, "E\0\0\xff\xff", 5);         /* who knows */
	talking_say(&x, DIR_C2S, talk[8].bytes, talk[8].len);
	talking_say(&x, DIR_S2C, talk[9].bytes, talk[9].len);
	assert_int_equal(x.all.refusals, 2);
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
	turns_hostile(talk, N(talk), false, APP_POSTGRESQL);
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

	return cmocka_run_group_tests_name("postgresql", tests, NULL, NULL);
}
