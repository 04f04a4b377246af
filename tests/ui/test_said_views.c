/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was said and what it led to, over a made-up session: streams, ladders, related traffic, the map; keys in, text out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "screen_keys.h"

/* Of a packet the whole flow, with the line of that packet selected; and back to where one was. */
static void test_stream(void **state)
{
	(void)state;
	open_screen();
	keys("v");
	assert_seen("a service is many conversations");
	keys("Enter Enter Enter j j v");
	assert_int_equal(fake.asked_in.tier, TIER_FLOW);
	assert_seen("› stream");
	assert_seen("packet 3");
	assert_seen("#3 ");
	keys("Enter");
	assert_seen("› #3");
	keys("J");
	assert_seen("› #4");
	keys("Escape Escape");
	assert_int_equal(selected_offset(), 300);
	/* what a microflow answers may have been asked before: it is the whole conversation, too */
	keys("Escape v");
	assert_int_equal(fake.asked_in.tier, TIER_FLOW);
	keys("*");
	type("PACKET 12");
	keys("Enter");
	assert_seen("search");
}

/* It is read in the background, and can be stopped. */
static void test_stream_stopped(void **state)
{
	(void)state;
	open_screen();
	keys("Enter");
	fake.manual = true;
	keys("v");
	assert_seen("reading the conversation");
	assert_true(screen_busy(&screen));
	keys("Tab x W Enter P j n");
	assert_seen("reading the conversation");
	keys("Escape");
	assert_seen("stopped before it was read");
	keys("v Tab x Enter G * Escape Escape");
	assert_seen("192.0.2.1");
	fake.manual = false;
	fake.fail = "broken";
	keys("v");
	assert_seen("fake: broken");
	keys("x Tab j Enter W");
	assert_seen("fake: broken");
}

/* The tree, its evidence, and the way to both packets. */
static void test_related(void **state)
{
	(void)state;
	open_screen();
	fake.hops = 3;
	keys("Enter r");
	assert_int_equal(fake.asked_in.tier, TIER_FLOW);
	assert_seen("› related");
	assert_seen("0.0.0.2 > 0.0.0.3");
	assert_seen("possible 0.50");
	assert_seen("equal bytes in requests");
	assert_seen("came  #1 ");
	assert_seen("left  #3 ");
	assert_seen("bytes 0 to 5 of 18");
	assert_seen("2/4");
	keys("Enter");
	assert_seen("› #1");
	keys("Escape Tab Enter");
	assert_seen("› #3");
	keys("Escape j");
	assert_seen("left  #5 ");
	keys("gg");
	assert_seen("what was asked for");
	keys("Enter");
	assert_seen("› #1");
	keys("Escape w");
	assert_seen("write all packets of this view to: related.pcapng");
	keys("Escape *");
	type("0.0.0.5");
	keys("Enter");
	assert_seen("4/4");
	keys("v");
	assert_seen("› stream");
	assert_int_equal(fake.asked_in.rec.offset, 400);
	keys("Escape P");
	assert_int_equal(fake.asked.in[0].rec.offset, 400);
	keys("Escape Escape R");
	assert_seen("› triggered by");
}

/* What is not there is said, with its reason; Escape stops the walk. */
static void test_related_nothing(void **state)
{
	(void)state;
	open_screen();
	keys("r");
	assert_seen("nothing related was found");
	assert_int_equal(fake.asked_in.tier, TIER_MACROFLOW);
	keys("w");
	assert_seen("there is nothing to write");
	keys("Enter j Tab W P n x");
	assert_seen("nothing related was found");
	keys("Escape");
	fake.encrypted = true;
	keys("r");
	assert_seen("no comparable content: it is encrypted (TLS)");
	keys("Escape");
	fake.manual = true;
	keys("r");
	assert_seen("comparing contents");
	assert_true(screen_busy(&screen));
	keys("Enter j Tab P n");
	assert_seen("comparing contents");
	keys("Escape");
	assert_seen("stopped before it was found");
	keys("Escape");
	assert_seen("all services");
}

/* Which service triggers which; Enter goes to an example. */
static void test_map(void **state)
{
	(void)state;
	open_screen();
	keys("o");
	assert_seen("no machine here serves and asks");
	keys("Enter j P r Escape");
	fake.hops = 3;
	keys("o");
	assert_seen("› map of services");
	assert_seen("0.0.0.2:80");
	screen_resize(&screen, 120, 24);
	assert_seen("possible 0.65");
	screen_resize(&screen, 80, 24);
	assert_seen("1.50");
	assert_seen("3.0 ms");
	assert_seen("looked at 50 % of the time");
	keys("Enter");
	assert_seen("› related");
	keys("Escape j");
	assert_seen("0.0.0.3 ?");
	keys("Enter");
	assert_seen("› #3");
	fake.manual = true;
	keys("Escape Escape o");
	assert_seen("comparing what came");
	assert_true(screen_busy(&screen));
	keys("Enter Escape");
	assert_seen("stopped");
}

/* Arrows of a flow; of related traffic over all hosts, the addresses of one machine in one column. */
static void test_ladder(void **state)
{
	(void)state;
	open_screen();
	keys("d");
	assert_seen("a service is many conversations");
	keys("Enter Enter Enter j j d");
	assert_seen("› ladder");
	assert_int_equal(fake.asked_in.tier, TIER_FLOW);
	assert_int_equal(selected_offset(), 300);
	assert_seen("3/30");
	keys("j Enter");
	assert_seen("› #4");
	keys("J");
	assert_seen("› #5");
	keys("Escape");
	assert_int_equal(selected_offset(), 500);
	keys("z");
	assert_seen("time to scale");
	assert_int_equal(selected_offset(), 500);
	keys("Tab");
	assert_seen("bare acknowledgments hidden");
	keys("w");
	assert_seen("write all packets of this view to: ladder.pcapng");
	keys("Escape l h e E d v");
	assert_seen("› stream");
	keys("Escape Escape Escape");
	fake.hops = 2;
	keys("r d");
	assert_seen("› ladder");
	keys("Enter");
	assert_seen("› #1");
}

static void test_ladder_stopped(void **state)
{
	(void)state;
	open_screen();
	keys("Enter");
	fake.manual = true;
	keys("d");
	assert_seen("reading packets");
	keys("Tab z h l j n e Enter v");
	assert_seen("nothing is selected");
	keys("Escape");
	assert_seen("stopped before they were read");
	keys("Tab z h l j n e Enter w");
	assert_seen("there is nothing to write");
	fake.manual = false;
	fake.fail = "broken";
	keys("Escape d");
	assert_seen("fake: broken");
	keys("Tab z h l j n e Enter");
	assert_seen("fake: broken");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_stream),
		TEST(test_stream_stopped),
		TEST(test_related),
		TEST(test_related_nothing),
		TEST(test_map),
		TEST(test_ladder),
		TEST(test_ladder_stopped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
