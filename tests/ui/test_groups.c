/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Grouping on the fly and totals, over a made-up session (which does not group: what is asked counts). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "query/filter.h"
#include "screen_keys.h"
#include "ui/grouping.h"

static void assert_asked(enum tier tier, const char *first, const char *second)
{
	assert_int_equal(fake.asked.tier, tier);
	assert_int_equal(fake.asked.n_group, (first != NULL) + (second != NULL));
	if (first != NULL)
		assert_string_equal(fake.asked.group[0]->name, first);
	if (second != NULL)
		assert_string_equal(fake.asked.group[1]->name, second);
}

static void test_keys_are_told(void **state)
{
	(void)state;
	open_screen();
	keys("g");
	assert_seen("a application");
	assert_seen("g first");
	assert_seen("0 no groups");
	keys("Escape");
	assert_unseen("a application");
	/* gg is still the first row */
	keys("G gg");
	assert_int_equal(selected_offset(), 100);
}

static void test_service(void **state)
{
	struct id id;

	(void)state;
	open_screen();
	keys("gs");
	assert_asked(TIER_MACROFLOW, "service", NULL);
	assert_string_equal(fake.asked.sort[0].field->name, "bytes");
	assert_true(fake.asked.sort[0].descending);
	assert_seen("groups (g0 ends) by service");
	assert_seen("total: 30 groups, 300 packets");
	/* groups are no records */
	assert_false(screen_top(&screen)->ops->selected(screen_top(&screen), &id));
	keys("y");
	assert_seen("groups have no id");
	keys("Space");
	assert_seen("open it to tag them");
	keys("Ctrl-T");
	assert_seen("groups cannot be tagged");
	keys("P");
	assert_seen("Enter shows the members");
	keys("w");
	assert_unseen("write packets to");
	assert_seen("Enter shows its members, there Ctrl-T tags them all");
	assert_int_equal(screen.n_views, 1);
	keys("Enter");
	assert_asked(TIER_MACROFLOW, NULL, NULL);
	assert_string_equal(screen_top(&screen)->filter, "service == \"https\" and proto == \"tcp\" and server_port == 443");
	assert_seen("shop.pcapng › https");
	assert_seen("total: 30 macroflows, 300 packets");
	keys("Escape");
	assert_seen("groups (g0 ends)");
	keys("g0");
	assert_asked(TIER_MACROFLOW, NULL, NULL);
	assert_unseen("total:");
	assert_seen("window");
	assert_string_equal(fake.asked.sort[0].field->name, "slice");
}

static void test_clients_are_of_flows(void **state)
{
	(void)state;
	open_screen();
	keys("/");
	type("server == 198.51.100.4");
	keys("Enter gc");
	/* a macroflow has many clients */
	assert_asked(TIER_FLOW, "client", NULL);
	assert_int_equal(screen.n_views, 2);
	assert_int_equal(fake.asked.n_in, 0);
	assert_seen("› all flows");
	keys("Enter");
	assert_asked(TIER_FLOW, NULL, NULL);
	assert_string_equal(screen_top(&screen)->filter, "(server == 198.51.100.4) and client == 192.0.2.4");
	assert_seen("total: 1 flow, 10 packets");
	keys("Escape Escape");
	assert_seen("filter: server == 198.51.100.4");
	assert_int_equal(screen.n_views, 1);
}

static void test_below_a_record(void **state)
{
	(void)state;
	open_screen();
	keys("j Enter gp");
	assert_asked(TIER_FLOW, "client", "server");
	assert_int_equal(fake.asked.n_in, 1);
	assert_int_equal(fake.asked.in[0].rec.offset, 200);
	keys("j Enter");
	/* members lie below the same record */
	assert_int_equal(fake.asked.in[0].rec.offset, 200);
	assert_string_equal(screen_top(&screen)->filter, "client == 192.0.2.11 and server == 198.51.100.11");
	keys("gv");
	assert_asked(TIER_FLOW, "vlan", NULL);
	keys("Enter");
	/* what has none is a group, too */
	assert_string_equal(screen_top(&screen)->filter,
		"(client == 192.0.2.11 and server == 198.51.100.11) and not vlan");
}

static void test_networks(void **state)
{
	(void)state;
	open_screen();
	keys("Enter gn");
	assert_asked(TIER_FLOW, "client_net", NULL);
	keys("Enter");
	assert_string_equal(screen_top(&screen)->filter, "client == 192.0.2.0/24");
	assert_seen("› 192.0.2.0/24");
	keys("Escape gN Enter");
	assert_string_equal(screen_top(&screen)->filter, "server == 198.51.100.0/24");
}

static void test_sort_and_filter_of_groups(void **state)
{
	(void)state;
	open_screen();
	keys("Enter gc :");
	type("sort -flows");
	keys("Enter");
	assert_asked(TIER_FLOW, "client", NULL);
	assert_string_equal(fake.asked.sort[0].field->name, "flows");
	keys("/");
	type("client_port > 50020");
	keys("Enter");
	assert_asked(TIER_FLOW, "client", NULL);
	assert_seen("total: 9 groups");
	keys(":");
	type("group server_port, proto");
	keys("Enter");
	assert_asked(TIER_FLOW, "server_port", "proto");
	keys(":");
	type("group nonsense");
	keys("Enter");
	assert_seen("no field 'nonsense'");
	keys("P");
	keys("Escape P ga");
}

static void test_packets_cannot(void **state)
{
	(void)state;
	open_screen();
	keys("P ga");
	assert_asked(TIER_PACKET, NULL, NULL);
	assert_seen("only macroflows, flows and microflows can be grouped");
	keys("/");
	type("len > 50");
	keys("Enter");
	assert_seen("total: 30 packets, 1.80 kB");
}

static void test_marks_keep_groups(void **state)
{
	(void)state;
	open_screen();
	keys("Enter gc m a g0 Escape");
	keys("' a");
	assert_asked(TIER_FLOW, "client", NULL);
	assert_seen("groups (g0 ends) by client");
}

static void test_totals_while_rows_come(void **state)
{
	(void)state;
	fake.manual = true;
	open_screen_with("bytes > 1");
	fake_rows(3);
	assert_seen("total: while rows come it is not known");
	fake_end();
	assert_seen("total: 30 macroflows");
}

static void test_top_talkers(void **state)
{
	(void)state;
	open_screen();
	keys("T");
	assert_asked(TIER_MACROFLOW, "service", NULL);
	assert_string_equal(fake.asked.sort[0].field->name, "bytes");
	assert_seen("› top by bytes");
	/* the largest has the longest bar; shares are of all that is listed */
	assert_seen("16.7 % ████████████████████████ 1.00 MB");
	assert_seen(" 8.3 % ████████████  ");
	assert_seen("by service");
	keys("T");
	assert_string_equal(fake.asked.sort[0].field->name, "packets");
	assert_seen(" 3.3 % ████████████████████████      10");
	keys("T T");
	assert_seen("› top by errors");
	keys("T gc");
	/* clients are of flows, in the same view */
	assert_asked(TIER_FLOW, "client", NULL);
	assert_int_equal(screen.n_views, 2);
	assert_string_equal(fake.asked.sort[0].field->name, "bytes");
	assert_seen("client ");
	keys("g0");
	assert_seen("Escape goes back");
	keys("gh");
	assert_asked(TIER_MACROFLOW, "server", NULL);
	keys("Enter");
	assert_string_equal(screen_top(&screen)->filter, "server == 198.51.100.1");
	keys("Escape Escape");
	assert_seen("all services");
}

static void test_top_of_what_is_seen(void **state)
{
	(void)state;
	open_screen();
	keys("j Enter /");
	type("client_port > 50020");
	keys("Enter T");
	assert_asked(TIER_FLOW, "client", NULL);
	assert_int_equal(fake.asked.in[0].rec.offset, 200);
	assert_string_equal(screen_top(&screen)->filter, "client_port > 50020");
	assert_seen("total: 9 groups");
	keys("Enter");
	assert_string_equal(screen_top(&screen)->filter, "(client_port > 50020) and client == 192.0.2.22");
	keys("P T");
	assert_seen("top talkers are of macroflows, flows or microflows");
}

/* ---- the filter of a group --------------------------------------------------------------- */

static void assert_filter(struct record *r, const char *names, const char *base, const char *want)
{
	struct row row = { .tier = TIER_FLOW, .record = r };
	struct filter *f = NULL;
	char got[1024];
	struct grouping g;
	struct err err;

	assert_int_equal(grouping_parse(names, TIER_FLOW, &g, &err), RC_DONE);
	assert_int_equal(grouping_filter(&g, &row, base, false, got, sizeof(got), &err), RC_DONE);
	assert_string_equal(got, want);
	if (filter_compile(got, TIER_FLOW, &f, &err) != RC_DONE)
		fail_msg("%s: %s", got, err.why);
	assert_true(filter_match(f, &row));
	filter_free(f);
	assert_int_equal(grouping_filter(&g, &row, base, false, got, strlen(want), &err), RC_LIMIT);
}

static void test_filters(void **state)
{
	struct texts *texts;
	struct record r;
	const char *name = "a \"b\" \\ c";

	(void)state;
	assert_int_equal(texts_new(1 << 20, &texts, NULL), RC_DONE);
	record_init(&r, TIER_FLOW);
	r.texts = texts;
	r.key.client.kind = ADDR_IPV6;
	memcpy(r.key.client.bytes, "\x20\x01\x0d\xb8\0\x05\0\x06\0\0\0\0\0\0\0\x07", 16);
	r.key.server.kind = ADDR_LINK;
	memcpy(r.key.server.bytes, "\2\0\0\0\0\1", 6);
	r.key.proto = PROTO_UDP;
	r.key.vlan = UINT64_C(31);
	r.key.has_ports = true;
	r.key.client_port = 40000;
	r.key.server_port = 50000;
	r.key.orientation = ORIENTATION_FIRST;
	record_key_known(&r);
	r.c.text[TEXT_NAME] = texts_add(texts, name, strlen(name));
	r.c.known |= FIELD_BIT(FIELD_NAME);
	assert_filter(&r, "client_net", "", "client == 2001:db8:5:6::/64");
	assert_filter(&r, "server_net", "", "not server_net");
	assert_filter(&r, "server", "udp or tcp", "(udp or tcp) and server == 02:00:00:00:00:01");
	assert_filter(&r, "service", "", "service == \"dynamic\" and proto == \"udp\" and server_port == 50000");
	assert_filter(&r, "vlan", "", "vlan == 30 and vlan !~ \".\"");
	assert_filter(&r, "name,point", "", "name == \"a \\\"b\\\" \\\\\\\\ c\" and point == 0");
	assert_filter(&r, "url", "", "not url");
	record_free(&r);
	texts_free(texts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_keys_are_told),
		TEST(test_service),
		TEST(test_clients_are_of_flows),
		TEST(test_below_a_record),
		TEST(test_networks),
		TEST(test_sort_and_filter_of_groups),
		TEST(test_packets_cannot),
		TEST(test_marks_keep_groups),
		TEST(test_totals_while_rows_come),
		TEST(test_top_talkers),
		TEST(test_top_of_what_is_seen),
		cmocka_unit_test(test_filters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
