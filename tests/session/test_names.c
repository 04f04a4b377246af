/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of addresses: out of DNS answers, TLS and name records of a capture, joined to flows and packets by time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../file/build.h"
#include "base/io.h"
#include "captures.h"
#include "file/pcapng.h"
#include "query/names.h"
#include "query/result.h"
#include "session/session.h"
#include "store/retention.h"
#include "tier/compact.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND  INT64_C(1000000)     /* of the capture's clock: microseconds */
#define BEGIN   (1700000000 * SECOND)
#define MUST(call)                                                                                       \
	do {                                                                                             \
		struct err err = { 0 };                                                                  \
		enum rc must_rc = (call);                                                                \
		if (must_rc != RC_DONE)                                                                  \
			fail_msg("%s: %s: %s %s (line %d)", #call, rc_name(must_rc), err.what, err.why, __LINE__); \
	} while (0)

/* ---- captures ----------------------------------------------------------------------------- */

struct capture {
	struct buf b;
	char dir[128], path[160], cache[160];
};

static void begin(struct capture *c)
{
	captures_make_dir(c->dir, sizeof(c->dir));
	snprintf(c->path, sizeof(c->path), "%s/capture.pcapng", c->dir);
	snprintf(c->cache, sizeof(c->cache), "%s/cache", c->dir);
	buf_init(&c->b);
	build_section(&c->b, false);
	build_interface(&c->b, false, 101, 65535, 6, 0);
}

static void write_out(struct capture *c)
{
	FILE *f = fopen(c->path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(c->b.data, 1, c->b.len, f), c->b.len);
	assert_int_equal(fclose(f), 0);
}

static void end(struct capture *c)
{
	buf_free(&c->b);
	captures_remove_dir(c->dir);
}

static void put16(struct buf *b, unsigned v)
{
	buf_put_u8(b, (uint8_t)(v >> 8));
	buf_put_u8(b, (uint8_t)v);
}

/* 10.0.0.FROM -> 10.0.0.TO, UDP. */
static void udp(struct capture *c, int64_t at, unsigned from, unsigned to, unsigned sport, unsigned dport, const struct buf *payload)
{
	struct buf p;

	buf_init(&p);
	put16(&p, 0x4500);
	put16(&p, (unsigned)(28 + payload->len));
	put16(&p, 1);
	put16(&p, 0);
	put16(&p, 0x4011);
	put16(&p, 0);
	buf_put(&p, "\x0a\0\0", 3);
	buf_put_u8(&p, (uint8_t)from);
	buf_put(&p, "\x0a\0\0", 3);
	buf_put_u8(&p, (uint8_t)to);
	put16(&p, sport);
	put16(&p, dport);
	put16(&p, (unsigned)(8 + payload->len));
	put16(&p, 0);
	buf_put(&p, payload->data, payload->len);
	build_packet(&c->b, false, 0, (uint64_t)(BEGIN + at), p.data, (uint32_t)p.len, (uint32_t)p.len, NULL);
	buf_free(&p);
}

/* The resolver 10.0.0.53 says that `name` (labels with a length in front) is 10.HIGH.HIGH.LAST. */
static void answer_long(struct capture *c, int64_t at, const char *name, size_t len, unsigned high, unsigned last)
{
	struct buf m;

	buf_init(&m);
	put16(&m, (unsigned)at & 0xffff);
	put16(&m, 0x8180);
	put16(&m, 1);
	put16(&m, 1);
	put16(&m, 0);
	put16(&m, 0);
	buf_put(&m, name, len + 1);
	put16(&m, 1);
	put16(&m, 1);
	put16(&m, 0xc00c);
	put16(&m, 1);
	put16(&m, 1);
	buf_put(&m, "\0\0\0\x3c", 4);
	put16(&m, 4);
	buf_put_u8(&m, 10);
	buf_put_u8(&m, (uint8_t)(high >> 8));
	buf_put_u8(&m, (uint8_t)high);
	buf_put_u8(&m, (uint8_t)last);
	udp(c, at, 53, 1, 53, 40000 + (unsigned)(at / SECOND % 1000), &m);
	buf_free(&m);
}

static void answer(struct capture *c, int64_t at, const char *name, unsigned last)
{
	answer_long(c, at, name, strlen(name), 0, last);
}

/* 10.0.0.1 talks to a server. */
static void talk(struct capture *c, int64_t at, unsigned to)
{
	struct buf p;

	buf_init(&p);
	buf_put_str(&p, "hello");
	udp(c, at, 1, to, 41000 + (unsigned)(at / SECOND % 1000), 9000, &p);
	buf_free(&p);
}

static void names_block(struct capture *c, const char *record, size_t len)
{
	size_t at = build_begin(&c->b, false, PCAPNG_NRB);

	build16(&c->b, false, 1);
	build16(&c->b, false, (uint16_t)len);
	buf_put(&c->b, record, len);
	while (c->b.len % 4)
		buf_put_u8(&c->b, 0);
	build32(&c->b, false, 0);
	build_end(&c->b, false, at);
}

/* ---- sessions ------------------------------------------------------------------------------- */

static struct session *open_with(struct capture *c, unsigned threads, uint64_t segment_packets, bool no_names,
	const struct hosts *hosts)
{
	const struct session_source source = { .path = c->path };
	struct session_options options;
	struct session *s = NULL;

	session_options_default(&options);
	options.cache_dir = c->cache;
	options.no_names = no_names;
	options.hosts = hosts;
	options.ingest.threads = threads;
	options.ingest.segment_packets = segment_packets;
	MUST(session_open(&source, 1, &options, NULL, NULL, &s, &err));
	if (session_needs_index(s))
		MUST(session_index(s, NULL, NULL, &err));
	return s;
}

static struct session *open_capture(struct capture *c, uint64_t segment_packets)
{
	return open_with(c, 1, segment_packets, false, NULL);
}

/* Values of a field, one a line; "-" where it is unknown. */
struct listing {
	const struct field *field;
	char text[2000];
};

static bool on_row(void *ctx, const struct row *row, const struct raw_packet *raw)
{
	struct listing *l = ctx;
	size_t len = strlen(l->text);
	struct value v;

	(void)raw;
	snprintf(l->text + len, sizeof(l->text) - len, "%s\n", field_get(l->field, row, &v) ? v.text : "-");
	return true;
}

static const char *list(const struct query_sources *sources, enum tier tier, const char *field, const char *text, struct listing *l)
{
	struct filter *filter = NULL;
	struct query q;

	*l = (struct listing){ .field = field_find(field, tier) };
	assert_non_null(l->field);
	if (text)
		MUST(filter_compile(text, tier, &filter, &err));
	query_init(&q, tier);
	q.filter = filter;
	MUST(query_run(sources, &q, on_row, l, NULL, NULL, &err));
	filter_free(filter);
	return l->text;
}

static void lists(struct session *s, enum tier tier, const char *field, const char *filter, const char *expected)
{
	struct listing l;

	assert_string_equal(list(session_sources(s), tier, field, filter, &l), expected);
}

/* ---- tests ------------------------------------------------------------------------------------ */

/* At 10 s 10.0.0.9 is "old", at 100 s "new": before, between and behind, also where each packet is a segment. */
static void test_by_time(void **state)
{
	static const uint64_t sizes[] = { 0, 1, 2, 3 };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct capture c;
		struct session *s;

		begin(&c);
		talk(&c, 1 * SECOND, 9);
		answer(&c, 10 * SECOND, "\3Old\4test", 9);
		talk(&c, 20 * SECOND, 9);
		talk(&c, 99 * SECOND, 9);
		answer(&c, 100 * SECOND, "\3new\4test", 9);
		talk(&c, 101 * SECOND, 9);
		talk(&c, 102 * SECOND, 8);
		write_out(&c);
		s = open_capture(&c, sizes[i]);
		lists(s, TIER_FLOW, "server_name", "udp.port == 9000", "old.test\nold.test\nold.test\nnew.test\n-\n");
		lists(s, TIER_PACKET, "dst_name", "udp.port == 9000", "old.test\nold.test\nold.test\nnew.test\n-\n");
		lists(s, TIER_PACKET, "src_name", "udp.port == 9000", "-\n-\n-\n-\n-\n");
		lists(s, TIER_FLOW, "server_name", "server_name ~ \"NEW\"", "new.test\n");
		lists(s, TIER_FLOW, "server_name", "server_name == \"old.test\" and not client_name ~ \"x\"",
			"old.test\nold.test\nold.test\n");
		session_close(s);
		s = open_with(&c, 1, 0, true, NULL);
		lists(s, TIER_FLOW, "server_name", "udp.port == 9000", "-\n-\n-\n-\n-\n");
		session_close(s);
		end(&c);
	}
}

/* Nobody is found at 0.0.0.0 and 127.0.0.1; hostile bytes are escaped; a day behind, a name is no longer believed. */
static void test_what_counts(void **state)
{
	struct capture c;
	struct session *s;
	struct addr nobody = { .kind = ADDR_IPV4, .bytes = { 127, 0, 0, 1 } };
	char text[64];

	(void)state;
	begin(&c);
	answer(&c, 1 * SECOND, "\7\x1b[31m\xff\n\3net", 9);
	talk(&c, 2 * SECOND, 9);
	answer(&c, 3 * SECOND, "\4good\3net", 7);
	talk(&c, 4 * SECOND, 7);
	talk(&c, (3 + 24 * 3600) * SECOND, 7);
	talk(&c, (4 + 24 * 3600) * SECOND, 7);
	write_out(&c);
	s = open_capture(&c, 0);
	lists(s, TIER_FLOW, "server_name", "udp.port == 9000", "\\x1b[31m\\xff\\x0a.net\ngood.net\ngood.net\n-\n");
	assert_false(session_sources(s)->names->name(session_sources(s)->names, 0, &nobody, BEGIN * 1000, text, sizeof(text)));
	session_close(s);
	end(&c);
}

/* Records of names in the file: before the first packet, between, behind the last; they come before DNS. */
static void test_name_records(void **state)
{
	(void)state;
	for (uint64_t packets = 0; packets < 3; packets++) {
		struct capture c;
		struct session *s;

		begin(&c);
		names_block(&c, "\x0a\0\0\x09" "first\0second", 17);
		answer(&c, 1 * SECOND, "\3dns\4test", 9);
		talk(&c, 2 * SECOND, 9);
		names_block(&c, "\x0a\0\0\x08" "between", 12);
		talk(&c, 3 * SECOND, 8);
		talk(&c, 4 * SECOND, 7);
		names_block(&c, "\x0a\0\0\x07" "behind", 11);
		write_out(&c);
		s = open_capture(&c, packets);
		lists(s, TIER_FLOW, "server_name", "udp.port == 9000", "first\nbetween\nbehind\n");
		session_close(s);
		end(&c);
	}
}

/* Imported, and reindexed from the blocks, a store says the same. */
static void test_import(void **state)
{
	struct capture c;
	struct store_config config;
	struct ingest_options options;
	struct ingest_progress progress = { 0 };
	struct ingest_result result;
	struct store *store = NULL;
	struct names *names;
	char path[200];
	const char *paths[1];

	(void)state;
	begin(&c);
	names_block(&c, "\x0a\0\0\x09" "first", 10);
	talk(&c, 2 * SECOND, 9);
	answer(&c, 3 * SECOND, "\3dns\4test", 8);
	talk(&c, 4 * SECOND, 8);
	names_block(&c, "\x0a\0\0\x07" "behind", 11);
	talk(&c, 5 * SECOND, 7);
	write_out(&c);
	snprintf(path, sizeof(path), "%s/store", c.dir);
	paths[0] = c.path;
	store_config_default(&config);
	ingest_options_default(&options);
	options.threads = 1;
	MUST(store_create(path, &config, &store, &err));
	MUST(ingest_import(store, paths, 1, &options, &progress, &result, &err));
	for (int again = 0; again < 2; again++) {
		struct query_sources sources = { .stores = &store, .n = 1 };
		struct listing l;

		MUST(store_refresh(store, &err));
		MUST(names_new(&store, 1, NULL, &names, &err));
		sources.names = names_source(names);
		assert_string_equal(list(&sources, TIER_FLOW, "server_name", "udp.port == 9000", &l), "first\ndns.test\nbehind\n");
		names_free(names);
		if (again)
			break;
		MUST(store_drop_index(store, 1, &err));
		MUST(ingest_reindex(store, &options, &progress, &result, &err));
	}
	store_close(store);
	end(&c);
}

/* The user's own file says what was not observed. */
static void test_hosts(void **state)
{
	struct hosts *hosts = NULL;
	struct capture c;
	struct session *s;
	struct addr a;
	char path[200];
	FILE *f;

	(void)state;
	begin(&c);
	answer(&c, 1 * SECOND, "\3dns\4test", 9);
	talk(&c, 2 * SECOND, 9);
	talk(&c, 3 * SECOND, 8);
	write_out(&c);
	snprintf(path, sizeof(path), "%s/hosts", c.dir);
	assert_int_equal(hosts_read(path, &hosts, NULL), RC_MISSING);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs("# nothing\n10.0.0.9 nine\n 10.0.0.8\teight other # more\n10.0.0.8 late\nnonsense\n10.0.0.7\n10.0.0.300 x\n"
		"2001:db8::1 six\n10.0.0.1 \x1b[2J", f);
	fclose(f);
	MUST(hosts_read(path, &hosts, &err));
	MUST(addr_parse("2001:db8::1", &a, &err));
	assert_string_equal(hosts_find(hosts, &a), "six");
	MUST(addr_parse("10.0.0.7", &a, &err));
	assert_null(hosts_find(hosts, &a));
	s = open_with(&c, 1, 0, false, hosts);
	lists(s, TIER_FLOW, "server_name", "udp.port == 9000", "dns.test\neight\n");
	lists(s, TIER_FLOW, "client_name", "udp.port == 9000", "\\x1b[2J\n\\x1b[2J\n");
	session_close(s);
	hosts_free(hosts);
	end(&c);
}

/* 100,000 names in one segment: as many as the shard takes, the same with any number of threads. */
static void test_flood(void **state)
{
	static const unsigned threads[] = { 1, 2, 8 };
	void *first = NULL;
	size_t first_len = 0;
	struct capture c;

	(void)state;
	begin(&c);
	for (unsigned i = 0; i < 100000; i++) {
		char name[32];

		name[0] = (char)snprintf(name + 1, sizeof(name) - 1, "host%u", i);
		answer_long(&c, i * 10, name, strlen(name), i / 200 + 1, i % 200 + 1);
	}
	write_out(&c);
	for (int i = 0; i < 3; i++) {
		struct session *s = open_with(&c, threads[i], 0, false, NULL);
		struct store *store = session_sources(s)->stores[0];
		const struct segment_place *places;
		struct segment *segment;
		size_t n, len;
		void *bytes;

		places = store_segments(store, &n);
		assert_int_equal(n, 1);
		MUST(store_open_segment(store, places, &segment, NULL, &err));
		MUST(segment_verify(segment, &err));
		/* one pair of addresses is one shard: 4,096 of some 20 bytes */
		assert_in_range(segment_info(segment)->size.strings, 60000, 200000);
		len = segment_info(segment)->size.strings;
		segment_close(segment);
		bytes = malloc(sizeof(len));
		memcpy(bytes, &len, sizeof(len));
		if (!first) {
			first = bytes;
			first_len = sizeof(len);
		} else {
			assert_memory_equal(first, bytes, first_len);
			free(bytes);
		}
		session_close(s);
		captures_remove_dir(c.cache);
	}
	free(first);
	end(&c);
}

/* A name goes with the block that it was seen in. */
static void test_eviction(void **state)
{
	struct capture c;
	struct store_config config;
	struct ingest_options options;
	struct ingest_progress progress = { 0 };
	struct ingest_result result;
	struct store *store = NULL;
	struct names *names;
	char path[200], text[64];
	const char *paths[1];
	struct addr nine = { .kind = ADDR_IPV4, .bytes = { 10, 0, 0, 9 } };
	const struct name_source *source;
	size_t blocks;

	(void)state;
	begin(&c);
	answer(&c, 1 * SECOND, "\3dns\4test", 9);
	for (int64_t i = 0; i < 40000; i++)
		talk(&c, 2 * SECOND + i, 9);
	write_out(&c);
	snprintf(path, sizeof(path), "%s/store", c.dir);
	paths[0] = c.path;
	store_config_default(&config);
	config.block_size = 1 << 20;
	ingest_options_default(&options);
	options.threads = 1;
	MUST(store_create(path, &config, &store, &err));
	MUST(ingest_import(store, paths, 1, &options, &progress, &result, &err));
	MUST(store_refresh(store, &err));
	store_blocks(store, &blocks);
	assert_true(blocks > 2);
	MUST(names_new(&store, 1, NULL, &names, &err));
	source = names_source(names);
	assert_true(source->name(source, 0, &nine, (BEGIN + 3 * SECOND) * 1000, text, sizeof(text)));
	assert_string_equal(text, "dns.test");
	MUST(store_evict(store, store_blocks(store, &blocks)[0].number, false, &err));
	MUST(store_refresh(store, &err));
	assert_false(source->name(source, 0, &nine, (BEGIN + 3 * SECOND) * 1000, text, sizeof(text)));
	names_free(names);
	store_close(store);
	end(&c);
}

/* Rows of the screen's jobs have names, and can be sorted by them, when the job's own snapshot is long gone. */
static void test_jobs(void **state)
{
	struct query_sort sort = { .field = field_find("server_name", TIER_FLOW) };
	struct capture c;
	struct session *s;
	struct query q;
	struct job *j;
	struct row row;
	struct value v;

	(void)state;
	begin(&c);
	answer(&c, 1 * SECOND, "\1z\4test", 9);
	answer(&c, 1 * SECOND, "\1a\4test", 8);
	talk(&c, 2 * SECOND, 9);
	talk(&c, 3 * SECOND, 8);
	write_out(&c);
	s = open_capture(&c, 0);
	for (int sorted = 0; sorted < 2; sorted++) {
		query_init(&q, TIER_FLOW);
		q.sort[0] = sort;
		q.n_sort = (size_t)sorted;
		MUST(job_start(s, &q, &j, &err));
		while (job_state(j, NULL) == JOB_RUNNING)
			;
		const struct result *r = job_lock(j);
		MUST(result_sort((struct result *)(uintptr_t)r, &sort, 1, &err));
		assert_true(result_row(r, 0, &row));
		assert_true(field_get(sort.field, &row, &v));
		assert_string_equal(v.text, "a.test");
		assert_true(result_row(r, 1, &row));
		assert_true(field_get(sort.field, &row, &v));
		assert_string_equal(v.text, "z.test");
		job_unlock(j);
		job_free(j);
	}
	session_close(s);
	end(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_time),
		cmocka_unit_test(test_what_counts),
		cmocka_unit_test(test_name_records),
		cmocka_unit_test(test_import),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_eviction),
		cmocka_unit_test(test_jobs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
