/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Filters that nobody would write by hand, and words for those who do: bounds, memory, completion. */
#include "query/filter.h"

#include "rows.h"
#include "../patience.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Compiles (either way) and evaluates where it compiled. */
static enum rc try_filter(const char *text, struct err *err)
{
	struct flow_key key = row_key(PROTO_TCP, "10.0.0.5", 51514, "192.0.2.7", 443);
	struct record flow = row_record(TIER_FLOW, &key);
	struct row row = { .tier = TIER_FLOW, .record = &flow };
	struct filter *f = NULL;
	enum rc rc = filter_compile(text, TIER_FLOW, &f, err);

	if (rc == RC_DONE && f) {
		(void)filter_match(f, &row);
		(void)filter_verdict(f, &key);
	}
	filter_free(f);
	return rc;
}

static char *repeat(const char *head, const char *part, size_t n, const char *middle,
	const char *tail, size_t n_tail)
{
	size_t lp = strlen(part), lt = strlen(tail), at = strlen(head);
	char *s = malloc(at + lp * n + strlen(middle) + lt * n_tail + 1);

	assert_non_null(s);
	memcpy(s, head, at);
	for (size_t i = 0; i < n; i++, at += lp)
		memcpy(s + at, part, lp);
	memcpy(s + at, middle, strlen(middle));
	at += strlen(middle);
	for (size_t i = 0; i < n_tail; i++, at += lt)
		memcpy(s + at, tail, lt);
	s[at] = '\0';
	return s;
}

static void check_hostile(char *text, enum rc want)
{
	double start = now_s();
	struct err err = { .rc = RC_DONE };
	enum rc rc;

	rc = try_filter(text, &err);
	if (rc != want || (rc == RC_SYNTAX && !err.has_offset))
		fail_msg("%.40s...: %s %s", text, rc_name(rc), err.why);
	assert_true(now_s() - start < 5 * patience());
	free(text);
}

static void test_hostile(void **state)
{
	(void)state;
	check_hostile(repeat("", "(", 10000, "tcp", ")", 10000), RC_SYNTAX);
	check_hostile(repeat("", "(", FILTER_DEPTH, "tcp", ")", FILTER_DEPTH), RC_DONE);
	check_hostile(
		repeat("", "(", FILTER_DEPTH + 1, "tcp", ")", FILTER_DEPTH + 1), RC_SYNTAX);
	check_hostile(
		repeat("", "tcp and (", FILTER_DEPTH, "tcp host 10.0.0.1", ")", FILTER_DEPTH),
		RC_DONE);
	check_hostile(repeat("", "not ", 10000, "tcp", "", 0), RC_DONE);
	check_hostile(repeat("", "tcp or ", FILTER_TERMS - 1, "udp", "", 0), RC_DONE);
	check_hostile(repeat("", "tcp or ", FILTER_TERMS, "udp", "", 0), RC_SYNTAX);
	check_hostile(repeat("", "tcp or udp and ", 2000, "udp", "", 0), RC_DONE);
	check_hostile(repeat("", "tcp and ", 200000, "udp", "", 0), RC_SYNTAX);
	check_hostile(repeat("port in {", "1,", 30000, "2}", "", 0), RC_DONE);
	check_hostile(repeat("", "a", 60000, "", "", 0), RC_SYNTAX);
	check_hostile(repeat("service ~ \"", "a", 60000, "\"", "", 0), RC_SYNTAX);
	check_hostile(repeat("", "\xff", 1000, "", "", 0), RC_SYNTAX);
	check_hostile(repeat("host ", "1.", 5000, "", "", 0), RC_SYNTAX);
}

/* Words of the language in any order: nothing crashes, and errors name a column inside the text. */
static void test_shuffled(void **state)
{
	static const char *const words[] = { "host", "net", "port", "src", "dst", "client",
		"server", "and", "or", "not", "(", ")", "{", "}", ",", "in", "==", "!=", "~",
		"&", "<", "10.0.0.5", "10.0.0.0/8", "2001:db8::1", "80", "443-500", "tcp",
		"ip6", "vlan", "bytes", "rtt_avg", "proto", "\"x\"", "mask", "255.0.0.0",
		"ether", "tcp_flags", "syn", "portrange", "1M", "200ms", "point", "id", "f1.2",
		"first", "2024-01-05", "less", "tcp.flags.syn", "1" };
	uint32_t seed = 12345;
	unsigned taken = 0;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		char text[256] = "";
		size_t len = 0, n;
		struct err err = { .rc = RC_DONE };

		seed = seed * 1664525 + 1013904223;
		n = 1 + (seed >> 16) % 7;
		while (n--) {
			seed = seed * 1664525 + 1013904223;
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s ",
				words[(seed >> 16) % COUNT(words)]);
		}
		enum rc rc = try_filter(text, &err);

		if (rc != RC_DONE && (rc != RC_SYNTAX || !err.has_offset || err.offset > len))
			fail_msg("%s: %s at %llu", text, err.why,
				(unsigned long long)err.offset);
		taken += rc == RC_DONE;
	}
	assert_true(taken > 100);
}

static void test_no_memory(void **state)
{
	static const char text[] =
		"(host 10.0.0.5 or net 10 or service ~ \"x\") and bytes > 1M and port in {1, "
		"2, 3}";

	(void)state;
	for (uint64_t nth = 1;; nth++) {
		struct filter *f = NULL;
		enum rc rc;

		mem_fail_after(nth);
		rc = filter_compile(text, TIER_FLOW, &f, NULL);
		mem_fail_after(0);
		if (rc == RC_DONE) {
			assert_true(nth > 3);
			filter_free(f);
			return;
		}
		assert_int_equal(rc, RC_NO_MEMORY);
		assert_null(f);
	}
}

/* ---- completion -------------------------------------------------------------------------------- */

struct words {
	char text[4000];
};

static void say(void *ctx, const char *word, const char *help)
{
	struct words *w = ctx;
	size_t len = strlen(w->text);

	assert_non_null(help);
	snprintf(w->text + len, sizeof(w->text) - len, " %s ", word);
}

static void check_complete(const char *text, size_t start, const char *some, const char *none)
{
	struct words w = { "" };
	char wanted[64];
	size_t at = 999;

	filter_complete(text, TIER_FLOW, &at, say, &w);
	assert_int_equal(at, start);
	if (some) {
		snprintf(wanted, sizeof(wanted), " %s ", some);
		if (!strstr(w.text, wanted))
			fail_msg("%s: no %s among%s", text, some, w.text);
	}
	if (none) {
		snprintf(wanted, sizeof(wanted), " %s ", none);
		if (strstr(w.text, wanted))
			fail_msg("%s: %s is offered", text, none);
	}
}

static void test_complete(void **state)
{
	(void)state;
	check_complete("", 0, "host", "and");
	check_complete("by", 0, "bytes", "host");
	check_complete("rtt", 0, "rtt_avg", "bytes");
	check_complete("bytes ", 6, ">=", "host");
	check_complete("bytes > 1M ", 11, "and", "bytes");
	check_complete("bytes > 1M and cl", 15, "client", "server");
	check_complete("end_reason == r", 14, "rst", "fin");
	check_complete("proto in {t", 10, "tcp", "udp");
	check_complete("port ht", 5, "https", "dns");
	check_complete("src ", 4, "host", "tcp");
	check_complete("not (t", 5, "tcp", "udp");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_shuffled),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_complete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
