/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hostile filters by the thousand: each is answered in time, as a filter or as a syntax error with its column. */
#include "query/filter.h"

#include "rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { FILTERS = 10000, SOUP_MAX = 2048, BIG = 1 << 20 };

static const uint64_t SEED = UINT64_C(0x9e3779b97f4a7c15);

static const char *const tokens[] = { "host", "net", "port", "src", "dst", "client", "server",
	"tcp", "udp", "icmp", "arp", "vlan", "and", "or", "not", "(", ")", "&&", "||", "!",
	"==", "!=", "<", "<=", ">", ">=", "=", "~", "in", "{", "}", ",", "bytes", "packets",
	"rtt_avg", "retrans", "first", "last", "time", "duration", "name", "info", "point",
	"id", "proto", "ip.addr", "tcp.port", "frame.len", "10.0.0.5", "10.0.0.0/8",
	"10.0.0.0/33", "::1", "fe80::%eth0", "2001:db8::/129", "ff:ff:ff:ff:ff:ff", "\"text\"",
	"\"", "'", "\\", "0", "65536", "-1", "1e999", "18446744073709551616", "0x",
	"99999999999999999999999999999999", "1M", "200ms", "-15m", "9223372036854775807s",
	"2024-01-05T14:15:00Z", "9999-99-99", "..", "\033[31m", "\x9b", "\xff\xfe", "\xc3",
	"\xe2\x80\xae", "\xed\xa0\x80", "%s%n", "; drop", "f7.123456", "p7.", "portrange",
	"1-2", "broadcast", "less", "greater", "ether", "flow", "\t", "\n", "\001" };

static const char *const hostile_bytes = "\x7f\x80\x9b\xc0\xff(){}\"'\\!&|<=>~,/.:-%0";

/* xorshift64: the same soup everywhere */
static uint64_t next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void make_soup(uint64_t *state, char *out, size_t size)
{
	size_t at = 0, n = 1 + next(state) % (next(state) % 16 == 0 ? 200 : 12);

	for (size_t i = 0; i < n; i++) {
		const char *token = tokens[next(state) % COUNT(tokens)];
		const char *blank = next(state) % 4 ? " " : "";
		int len = snprintf(out + at, size - at, "%s%s", token, blank);

		if (len < 0 || (size_t)len >= size - at)
			break;
		at += (size_t)len;
	}
	out[at] = '\0';
	for (uint64_t hits = next(state) % 3; at > 0 && next(state) % 4 == 0 && hits > 0;
		hits--)
		out[next(state) % at] = hostile_bytes[next(state) % strlen(hostile_bytes)];
}

static const char *pick(uint64_t *state, const char *const *words, size_t n)
{
	return words[next(state) % n];
}

/* What looks like a filter, mostly: comparisons and groups, with one word in sixteen from the soup. */
static void make_sentence(uint64_t *state, char *out, size_t size)
{
	static const char *const good[] = { "bytes > 1M", "packets != 0", "rtt_avg >= 200ms",
		"server in {10.0.0.0/8, ::1}", "client == 10.0.0.5", "server_port in {1, 443}",
		"host 10.0.0.1", "not port 53", "tcp", "retrans", "vlan 4094",
		"src net 10.0.0.0/8", "first > 2024-01-05T14:15:00Z", "proto == 17",
		"udp.port == 53", "gap_max < 1h", "point != \"a\"", "(udp or icmp)",
		"ip.addr == 192.0.2.7" };
	static const char *const ops[] = { "==", "<", "~", "in", "", "{", ")", "\"" };
	static const char *const links[] = { " and ", " or ", " && not ", " || !", " and (",
		") or " };
	size_t at = 0, n = 1 + next(state) % 6;

	out[0] = '\0';
	for (size_t i = 0; i < n && at < size - 256; i++) {
		const char *link = i ? links[next(state) % 4] : "";

		if (i && next(state) % 16 == 0)
			link = pick(state, links, COUNT(links));
		const char *word = pick(state, good, COUNT(good));
		at += (size_t)snprintf(out + at, size - at, "%s%s", link, word);
		if (next(state) % 16 == 0) {
			/* one after the other: the order of arguments is the compiler's choice */
			const char *op = pick(state, ops, COUNT(ops));
			const char *token = pick(state, tokens, COUNT(tokens));

			at += (size_t)snprintf(out + at, size - at, " %s %s", op, token);
		}
	}
}

static double seconds_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - start->tv_sec) +
		(double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

static void evaluate(const struct filter *f, enum tier tier)
{
	struct flow_key key = row_key(PROTO_TCP, "10.0.0.5", 51514, "192.0.2.7", 443);
	struct record record = row_record(tier, &key);
	struct row row = { .tier = tier, .record = &record };
	const struct addr_net *nets;
	int64_t from, to;
	size_t n;

	(void)filter_match(f, &row);
	(void)filter_verdict(f, &key);
	nets = filter_nets(f, &n);
	assert_true(n == 0 || nets != NULL);
	nets = filter_nets_too(f, &n);
	assert_true(n == 0 || nets != NULL);
	filter_times(f, &from, &to);
}

static void count_word(void *ctx, const char *word, const char *help)
{
	assert_non_null(word);
	(void)help;
	++*(size_t *)ctx;
}

/* One filter on one tier: answered within a second, in one of the two ways. */
static enum rc try_filter(const char *text, enum tier tier)
{
	struct filter *f = NULL;
	struct timespec start;
	struct err err;
	size_t at, words = 0;

	memset(&err, 0, sizeof(err));
	clock_gettime(CLOCK_MONOTONIC, &start);
	enum rc rc = filter_compile(text, tier, &f, &err);
	if (rc == RC_DONE && f && (tier == TIER_MICROFLOW || tier == TIER_FLOW))
		evaluate(f, tier);
	filter_complete(text, tier, &at, count_word, &words);
	if (seconds_since(&start) > 1)
		fail_msg("%.3f s for %zu bytes: %.60s", seconds_since(&start), strlen(text),
			text);
	if (rc != RC_DONE && rc != RC_SYNTAX)
		fail_msg("%s for %.200s", rc_name(rc), text);
	if (rc == RC_SYNTAX) {
		assert_null(f);
		assert_true(err.has_offset && err.offset <= strlen(text));
		assert_true(err.why[0] != '\0');
	}
	assert_true(at <= strlen(text));
	filter_free(f);
	return rc;
}

static void test_soup(void **state)
{
	char soup[SOUP_MAX];
	uint64_t random = SEED;
	size_t good = 0;

	(void)state;
	for (size_t i = 0; i < FILTERS; i++) {
		if (i % 2)
			make_sentence(&random, soup, sizeof(soup));
		else
			make_soup(&random, soup, sizeof(soup));
		good += try_filter(soup, (enum tier)(i / 2 % TIERS)) == RC_DONE;
	}
	print_message(
		"seed %016llx: %zu of %d compiled\n", (unsigned long long)SEED, good, FILTERS);
	assert_true(good > FILTERS / 20 && good < FILTERS);
}

/* `part` n times between head and tail. */
static char *repeat(const char *head, const char *part, size_t n, const char *tail)
{
	size_t len = strlen(part), at = strlen(head);
	char *s = malloc(at + len * n + strlen(tail) + 1);

	assert_non_null(s);
	memcpy(s, head, at);
	for (size_t i = 0; i < n; i++, at += len)
		memcpy(s + at, part, len);
	memcpy(s + at, tail, strlen(tail) + 1);
	return s;
}

static const struct shape {
	const char *head, *part;
	size_t n;
	const char *tail;
} shapes[] = {
	{ "", "(", 10000, "tcp" },
	{ "", "(", 10000, "" },
	{ "", "not ", 10000, "tcp" },
	{ "", "!(", 10000, "tcp" },
	{ "tcp", ")", 10000, "" },
	{ "tcp", " and (udp or", 10000, "" },
	{ "tcp", " or udp", 100000, "" },
	{ "", "x", BIG, "" },
	{ "", " ", BIG, "tcp" },
	{ "", "\"", BIG, "" },
	{ "", "\xff", BIG, "" },
	{ "", "{", BIG, "" },
	{ "server in {10.0.0.1", ",10.0.0.1", 1000, "}" },
	{ "server in {10.0.0.1", ",10.0.0.1", 100000, "}" },
	{ "server_port in {1", ",2", 5000, "}" },
	{ "server_port in {1", ",2", 30000, "" },
	{ "name ~ \"", "a", BIG, "\"" },
	{ "name ~ \"", "a", 60000, "\"" },
	{ "bytes > ", "9", BIG, "" },
	{ "bytes > ", "9", 60000, "" },
	{ "bytes > 0.", "9", 60000, "" },
	{ "rtt_avg > ", "9", 60000, "ms" },
	{ "rtt_avg > ", "1h", 30000, "" },
	{ "first > ", "-", 60000, "" },
	{ "host ", ":", 60000, "" },
	{ "host ", "1.", 30000, "" },
	{ "net 10.0.0.0/", "8", 60000, "" },
	{ "port ", "0", 60000, "1" },
	{ "id == \"f", "7", 60000, ".1\"" },
};

static void test_shapes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(shapes); i++) {
		const struct shape *s = &shapes[i];
		char *text = repeat(s->head, s->part, s->n, s->tail);

		for (unsigned tier = 0; tier < TIERS; tier++)
			(void)try_filter(text, (enum tier)tier);
		free(text);
	}
}

/* Every byte, alone and within a filter that is good without it. */
static void test_every_byte(void **state)
{
	char text[64];

	(void)state;
	for (int byte = 1; byte < 256; byte++) {
		for (unsigned tier = 0; tier < TIERS; tier++) {
			snprintf(text, sizeof(text), "%c", byte);
			(void)try_filter(text, (enum tier)tier);
			snprintf(text, sizeof(text), "bytes > 1%c and \"%c", byte, byte);
			(void)try_filter(text, (enum tier)tier);
			snprintf(text, sizeof(text), "point == \"a%cb\"", byte);
			(void)try_filter(text, (enum tier)tier);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_soup),
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_every_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
