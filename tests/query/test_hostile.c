/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Hostile filters by the thousand: each is answered in time, as a filter or as a syntax error with its column; asked of a store,
 * none changes anything of it, and nothing but SELECT comes to its database.
 */
#include "query/query.h"

#include "made.h"
#include "rows.h"
#include "../patience.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sqlite3.h>
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
	double start = now_s();
	struct err err;
	size_t at, words = 0;

	memset(&err, 0, sizeof(err));
	enum rc rc = filter_compile(text, tier, &f, &err);
	if (rc == RC_DONE && f && (tier == TIER_MICROFLOW || tier == TIER_FLOW))
		evaluate(f, tier);
	filter_complete(text, tier, &at, count_word, &words);
	if (now_s() - start > patience())
		fail_msg("%.3f s for %zu bytes: %.60s", now_s() - start, strlen(text),
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

static void make_hostile(uint64_t *random, size_t i, char *out, size_t size)
{
	if (i % 2)
		make_sentence(random, out, size);
	else
		make_soup(random, out, size);
}

static void test_soup(void **state)
{
	char soup[SOUP_MAX];
	uint64_t random = SEED;
	size_t good = 0;

	(void)state;
	for (size_t i = 0; i < FILTERS; i++) {
		make_hostile(&random, i, soup, sizeof(soup));
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

/* Balanced, so that nothing but their number is wrong; and a megabyte of what is a filter when it is short. */
static void test_too_much(void **state)
{
	char *opened = repeat("", "(", 10000, "tcp"), *nested = repeat(opened, ")", 10000, "");
	char *megabyte = repeat("tcp", " or tcp", BIG / 7, "");

	(void)state;
	assert_true(strlen(megabyte) > 1000000);
	for (unsigned tier = 0; tier < TIERS; tier++) {
		assert_int_equal(try_filter(nested, (enum tier)tier), RC_SYNTAX);
		assert_int_equal(try_filter(megabyte, (enum tier)tier), RC_SYNTAX);
		assert_int_equal(try_filter("((tcp))", TIER_FLOW), RC_DONE);
	}
	free(opened);
	free(nested);
	free(megabyte);
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

/* ---- a store ------------------------------------------------------------------------------ */

static struct sqlite3 *database;         /* of the store that is open */
static bool asking;                      /* what comes to it comes of queries */
static size_t statements;

static int see_statement(unsigned kind, void *ctx, void *stmt, void *text)
{
	static const char *const allowed[] = { "SELECT ", "BEGIN", "COMMIT", "ROLLBACK", "PRAGMA " };
	const char *sql = sqlite3_sql(stmt);
	bool may = false;

	(void)kind;
	(void)ctx;
	(void)text;
	if (!asking)
		return 0;
	for (size_t i = 0; i < COUNT(allowed); i++)
		may |= strncmp(sql, allowed[i], strlen(allowed[i])) == 0;
	if (!may || !sqlite3_stmt_readonly(stmt))
		fail_msg("came to the database: %s", sql);
	statements++;
	return 0;
}

/* Called by SQLite for each database that is opened. */
static int see_database(sqlite3 *db, char **why, const struct sqlite3_api_routines *api)
{
	(void)why;
	(void)api;
	database = db;
	return SQLITE_OK;
}

static int add_sql(void *hash, int n, char **values, char **names)
{
	(void)names;
	for (int i = 0; i < n; i++)
		for (const char *at = values[i] ? values[i] : ""; *at; at++)
			*(uint64_t *)hash = (*(uint64_t *)hash ^ (uint8_t)*at) * 0x100000001b3;
	return 0;
}

static uint64_t schema_hash(const char *path)
{
	uint64_t hash = 0xcbf29ce484222325;
	sqlite3 *db;

	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY rowid",
		add_sql, &hash, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA schema_version", add_sql, &hash, NULL), SQLITE_OK);
	sqlite3_close(db);
	assert_true(hash != 0xcbf29ce484222325);
	return hash;
}

static bool take_row(void *ctx, const struct row *row, const struct raw_packet *raw)
{
	(void)row;
	(void)raw;
	++*(size_t *)ctx;
	return true;
}

/* A filter that compiles is asked; then its text, as if it had come to the database by whatever hole. */
static void ask(struct store *s, const char *text, enum tier tier, size_t *rows)
{
	struct filter *f;
	double start = now_s();

	if (filter_compile(text, tier, &f, NULL) == RC_DONE) {
		struct query q;

		query_init(&q, tier);
		q.filter = f;
		asking = true;
		enum rc rc = query_run(&(struct query_sources){ .stores = &s, .n = 1 }, &q, take_row, rows, NULL, NULL, NULL);
		asking = false;
		filter_free(f);
		if (rc != RC_DONE || now_s() - start > patience())
			fail_msg("%s after %.3f s: %.200s", rc_name(rc), now_s() - start, text);
	}
	sqlite3_exec(database, text, NULL, NULL, NULL);
}

/* What a reading connection does not do even if it is told to. */
static void expect_only_select(void)
{
	static const char *const refused[] = { "DELETE FROM blocks", "INSERT INTO meta VALUES ('x', 1, 2)",
		"UPDATE meta SET value = 0", "DROP TABLE segments", "CREATE TABLE x (y)", "CREATE TEMP TABLE x (y)",
		"ALTER TABLE meta RENAME TO x", "ATTACH '/tmp/x' AS y", "PRAGMA writable_schema = 1", "VACUUM",
		"PRAGMA user_version = 7", "SELECT load_extension('x')" };

	for (size_t i = 0; i < COUNT(refused); i++)
		if (sqlite3_exec(database, refused[i], NULL, NULL, NULL) == SQLITE_OK)
			fail_msg("was done: %s", refused[i]);
	assert_int_equal(sqlite3_exec(database, "SELECT name FROM meta", NULL, NULL, NULL), SQLITE_OK);
}

static void test_store_untouched(void **state)
{
	char dir[128], capture[200], index[200], catalog[300], soup[SOUP_MAX];
	static struct made m;
	struct store_config config;
	struct store *s;
	uint64_t random = SEED;
	size_t rows = 0;

	(void)state;
	made_dir(dir, sizeof(dir));
	snprintf(capture, sizeof(capture), "%s/c.pcap", dir);
	snprintf(index, sizeof(index), "%s/index", dir);
	snprintf(catalog, sizeof(catalog), "%s/catalog.db", index);
	made_pcap(&m, capture, 300, 1700000000);
	store_config_default(&config);
	assert_int_equal(store_open_in_place(capture, index, &config, true, &s, NULL, NULL), RC_DONE);
	assert_int_equal(made_index(s, &m, 100, NULL), RC_DONE);
	store_close(s);
	uint64_t hash = schema_hash(catalog);
	sqlite3_auto_extension((void (*)(void))see_database);
	assert_int_equal(store_open_in_place(capture, index, &config, false, &s, NULL, NULL), RC_DONE);
	sqlite3_cancel_auto_extension((void (*)(void))see_database);
	assert_non_null(database);
	sqlite3_trace_v2(database, SQLITE_TRACE_STMT, see_statement, NULL);
	for (size_t i = 0; i < FILTERS; i++) {
		make_hostile(&random, i, soup, sizeof(soup));
		ask(s, soup, (enum tier)(i / 2 % TIERS), &rows);
	}
	expect_only_select();
	store_close(s);
	print_message("%d filters: %zu rows, %zu statements, schema %016llx\n", FILTERS, rows, statements,
		(unsigned long long)hash);
	assert_true(rows > 0 && statements > 0);
	assert_int_equal(schema_hash(catalog), hash);
	made_dir_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_soup),
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_too_much),
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_store_untouched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
