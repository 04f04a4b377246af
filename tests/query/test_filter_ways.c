/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Filters that go up and down the tiers, and what value is wanted at the end of one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "query/filter.h"
#include "rows.h"

static void check_way(const char *text, const struct filter_way *way, const char *there,
	const char *left)
{
	char out[512], out_left[512];

	filter_translate(text, way, out, sizeof(out), out_left, sizeof(out_left));
	if (strcmp(out, there) != 0 || strcmp(out_left, left) != 0)
		fail_msg("%s: '%s', left '%s'", text, out, out_left);
}

static void check(const char *text, enum tier from, enum tier to, const char *there, const char *left)
{
	const struct filter_way way = { .from = from, .to = to };

	check_way(text, &way, there, left);
}

static void test_terms(void **state)
{
	const enum tier m = TIER_MACROFLOW, f = TIER_FLOW, p = TIER_PACKET;

	(void)state;
	check("", m, f, "", "");
	check("  ", m, f, "", "");
	check("health != normal", m, f, "health != normal", "");
	check("clients > 3 and retrans > 0", m, f, "retrans > 0", "clients > 3");
	/* what adds up is less of a part; but some part has some */
	check("bytes > 1M", m, f, "", "bytes > 1M");
	check("bytes > 0 && bytes < 1M", m, f, "bytes > 0 and bytes < 1M", "");
	check("not bytes < 1M and tcp", m, f, "tcp", "not bytes < 1M");
	check("bytes > 1M", f, m, "bytes > 1M", "");
	check("duration >= 2s", f, TIER_MICROFLOW, "", "duration >= 2s");
	check("size_max > 1000", f, TIER_MICROFLOW, "size_max > 1000", "");
	/* other names */
	check("response_max > 1s", f, p, "response > 1s", "");
	check("not response > 1s and len > 1000", p, f, "not response_max > 1s and size_max > 1000", "");
	check("frame == 7 and udp", p, f, "udp", "frame == 7");
	/* `and` and `or` group from the left */
	check("tcp or udp and frame == 7", p, f, "tcp or udp", "frame == 7");
	check("tcp and frame == 7 or udp", p, f, "", "tcp and frame == 7 or udp");
	check("(tcp and frame == 7) and host 10.0.0.1", p, f, "host 10.0.0.1", "(tcp and frame == 7)");
	check("server in {10.0.0.1, 10.0.0.2} and name ~ \"a and b\"", m, f,
		"server in {10.0.0.1, 10.0.0.2} and name ~ \"a and b\"", "");
	/* what cannot be read */
	check("name ~ \"", m, f, "", "name ~ \"");
	check("nonsense and tcp", m, f, "tcp", "nonsense");
}

static struct record make_flow(enum tier tier)
{
	struct record r;

	record_init(&r, tier);
	r.key = row_key(PROTO_TCP, "192.0.2.1", 50000, "10.0.0.1", 443);
	if (tier == TIER_MACROFLOW)
		r.key.client = (struct addr){ .kind = ADDR_NONE }, r.key.client_port = 0;
	record_key_known(&r);
	r.c.bytes[0] = 1000;
	r.c.known |= FIELD_BIT(FIELD_C2S_BYTES) | FIELD_BIT(FIELD_S2C_BYTES);
	return r;
}

/* What the row above has decided goes without saying. */
static void test_down_from_a_row(void **state)
{
	struct record flow = make_flow(TIER_FLOW), macro = make_flow(TIER_MACROFLOW);
	const struct row flow_row = { .tier = TIER_FLOW, .record = &flow },
			 macro_row = { .tier = TIER_MACROFLOW, .record = &macro };
	const struct filter_way from_flow = { TIER_FLOW, TIER_PACKET, &flow_row, NULL },
				from_macro = { TIER_MACROFLOW, TIER_FLOW, &macro_row, NULL };

	(void)state;
	check_way("client 192.0.2.1 and port 443 and ttl > 1", &from_flow, "ttl > 1", "");
	check_way("client 192.0.2.2", &from_flow, "client 192.0.2.2", "");
	check_way("server == 10.0.0.1 and retrans > 0", &from_macro, "retrans > 0", "");
	/* of the client nothing is known above */
	check_way("client_port < 1024", &from_macro, "client_port < 1024", "");
	check_way("host 10.0.0.1", &from_macro, "host 10.0.0.1", "");
	record_free(&flow);
	record_free(&macro);
}

/* The row that one comes from stays visible; what is there already is not said again. */
static void test_up_to_a_row(void **state)
{
	struct record macro = make_flow(TIER_MACROFLOW);
	const struct row row = { .tier = TIER_MACROFLOW, .record = &macro };
	const struct filter_way way = { TIER_FLOW, TIER_MACROFLOW, &row, "tcp and bytes > 1" };

	(void)state;
	check_way("server == 10.0.0.1 and tcp", &way, "server == 10.0.0.1", "");
	check_way("client == 192.0.2.1", &way, "", "client == 192.0.2.1");
	check_way("bytes > 500 and bytes < 700", &way, "bytes > 500", "bytes < 700");
	record_free(&macro);
}

static void wants(const char *text, enum tier tier, size_t start, const char *one, const char *two)
{
	struct filter_wanted w;
	size_t at = 999;

	if (!filter_wants_value(text, tier, &at, &w))
		fail_msg("%s: no value", text);
	assert_int_equal(at, start);
	assert_int_equal(w.n, two ? 2 : 1);
	assert_string_equal(w.fields[0]->name, one);
	if (two)
		assert_string_equal(w.fields[1]->name, two);
}

static void test_wanted_values(void **state)
{
	static const char *const none[] = { "", "app", "app ", "tcp and ", "app == http " };
	struct filter_wanted w;
	size_t at;

	(void)state;
	wants("app == ", TIER_FLOW, 7, "app", NULL);
	wants("app == ht", TIER_FLOW, 7, "app", NULL);
	wants("tcp and name ~ \"a b", TIER_FLOW, 15, "name", NULL);
	wants("app in {http, ", TIER_FLOW, 14, "app", NULL);
	wants("host ", TIER_FLOW, 5, "client", "server");
	wants("server 10.", TIER_FLOW, 7, "server", NULL);
	wants("src host ", TIER_PACKET, 9, "src", NULL);
	wants("client == ", TIER_PACKET, 10, "src", "dst");
	wants("dst port ", TIER_PACKET, 9, "dst_port", NULL);
	wants("port ", TIER_FLOW, 5, "client_port", "server_port");
	wants("server_port == ", TIER_MACROFLOW, 15, "server_port", NULL);
	wants("proto == ", TIER_MACROFLOW, 9, "proto", NULL);
	wants("vlan == ", TIER_FLOW, 8, "vlan", NULL);
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		if (filter_wants_value(none[i], TIER_FLOW, &at, &w))
			fail_msg("'%s' wants a value", none[i]);
}

static void test_quoting(void **state)
{
	static const char *const texts[][2] = { { "http", "http" }, { "10.0.0.1", "10.0.0.1" },
		{ "a b", "\"a b\"" }, { "and", "\"and\"" }, { "", "\"\"" }, { "a\"b\\c", "\"a\\\"b\\\\c\"" },
		{ "x,y", "\"x,y\"" }, { "/a?b=c", "\"/a?b=c\"" }, { "\\x01", "\"\\\\x01\"" } };
	char out[64];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(filter_quote(out, sizeof(out), texts[i][0]), strlen(texts[i][1]));
		assert_string_equal(out, texts[i][1]);
	}
	/* cut, but never open */
	filter_quote(out, 10, "a very long text with blanks");
	assert_int_equal(out[strlen(out) - 1], '"');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_terms),
		cmocka_unit_test(test_down_from_a_row),
		cmocka_unit_test(test_up_to_a_row),
		cmocka_unit_test(test_wanted_values),
		cmocka_unit_test(test_quoting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
