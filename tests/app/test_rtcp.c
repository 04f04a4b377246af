/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/rtcp.h"
#include "talking.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* A sender report with one block, and who sent it. */
static const uint8_t compound[] = {
	0x81, 200, 0, 12, 0x11, 0x22, 0x33, 0x44, 0xaa, 0xbb, 0xcc, 0xdd, 0x12, 0x34, 0x56, 0x78, 0, 0, 0, 160, 0, 0, 0, 50, 0, 0, 31, 64,
	0x55, 0x66, 0x77, 0x88, 64, 0xff, 0xff, 0xfd, 0, 0, 1, 0, 0, 0, 0, 80, 0xde, 0xad, 0xbe, 0xef, 0, 1, 0x80, 0,
	0x81, 202, 0, 3, 0x11, 0x22, 0x33, 0x44, 1, 3, 'a', '@', 'b', 0, 0, 0,
};

static void reports(void **state)
{
	struct rtcp_said said;

	(void)state;
	assert_true(rtcp_read(compound, sizeof(compound), &said));
	assert_int_equal(said.packets, 2);
	assert_true(said.has_sender && said.has_name && !said.bye);
	assert_int_equal(said.sender, 0x11223344);
	assert_int_equal(said.ntp_middle, 0xccdd1234);
	assert_int_equal(said.n_reports, 1);
	const struct rtcp_report *r = &said.reports[0];
	assert_int_equal(r->reporter, 0x11223344);
	assert_int_equal(r->source, 0x55667788);
	assert_int_equal(r->fraction, 64);
	assert_int_equal(r->lost, -3);
	assert_int_equal(r->jitter, 80);
	assert_int_equal(r->last_sr, 0xdeadbeef);
	assert_int_equal(rtcp_delay_ns(r->delay), 1500000000);
}

static void lies(void **state)
{
	struct rtcp_said said;
	uint8_t p[sizeof(compound)];
	unsigned seed = 2;

	(void)state;
	for (size_t n = 0; n < sizeof(compound); n++)
		assert_int_equal(rtcp_read(compound, n, &said), n == 52);        /* the report alone */
	memcpy(p, compound, sizeof(p));
	p[0] = 0x9f;                     /* 31 blocks where there is room for one */
	assert_false(rtcp_read(p, sizeof(p), &said));
	memcpy(p, compound, sizeof(p));
	p[3] = 200;
	assert_false(rtcp_read(p, sizeof(p), &said));
	for (unsigned i = 0; i < 200000; i++) {
		memcpy(p, compound, sizeof(p));
		for (unsigned flips = 0; flips < 3; flips++)
			p[(unsigned)rand_r(&seed) % sizeof(p)] = (uint8_t)rand_r(&seed);
		if (rtcp_read(p, sizeof(p), &said))
			assert_true(said.n_reports <= RTCP_REPORTS && said.packets <= sizeof(p) / 4);
	}
}

static void application(void **state)
{
	struct talking x;

	(void)state;
	talking_begin(&x, true);
	talking_say(&x, DIR_C2S, compound, 52);          /* could be something else */
	assert_int_equal(x.said.app, APP_NONE);
	talking_say(&x, DIR_C2S, compound, sizeof(compound));
	assert_int_equal(x.said.app, APP_RTCP);
	talking_end(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(reports), cmocka_unit_test(lies), cmocka_unit_test(application)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
