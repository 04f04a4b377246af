/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Blocks are evicted: what is left adds up, is found by its ids, and is clean; readers of an older moment survive. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/io.h"
#include "captures.h"
#include "query/query.h"
#include "session/ingest.h"
#include "store/check.h"
#include "store/filters.h"
#include "store/retention.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Ten packets a second of a thousand bytes: flows of clients that go on over blocks, slices and windows. */
enum { PACKETS = 9000, PAYLOAD = 1000, CLIENTS = 7, EVICT_AT = 200000 };

struct place { char dir[256], capture[300], store[300]; };

static void put_be16(struct buf *b, unsigned v)
{
	buf_put_u8(b, (uint8_t)(v >> 8));
	buf_put_u8(b, (uint8_t)v);
}

static void put_frame(struct buf *b, unsigned i)
{
	static const uint8_t payload[PAYLOAD];

	buf_put_zeros(b, 12);
	put_be16(b, 0x0800);
	put_be16(b, 0x4500);
	put_be16(b, 28 + PAYLOAD);
	put_be16(b, i & 0xffff);
	put_be16(b, 0);
	put_be16(b, 0x4011);
	put_be16(b, 0);
	buf_put_le32(b, 0x0100000a + ((i % CLIENTS + 1) << 24));
	buf_put_le32(b, 0x0200000a + (1u << 24) * (i % 2));
	put_be16(b, 40000);
	put_be16(b, 53);
	put_be16(b, 8 + PAYLOAD);
	put_be16(b, 0);
	buf_put(b, payload, PAYLOAD);
}

static void make_capture(const char *path)
{
	struct buf b;
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	buf_init(&b);
	buf_put_le32(&b, 0xa1b2c3d4);
	buf_put_le32(&b, 0x00040002);
	buf_put_zeros(&b, 8);
	buf_put_le32(&b, 65535);
	buf_put_le32(&b, 1);
	for (unsigned i = 0; i < PACKETS; i++) {
		buf_put_le32(&b, 1699999200 + 450 + i / 10);
		buf_put_le32(&b, i % 10 * 100000);
		buf_put_le32(&b, 42 + PAYLOAD);
		buf_put_le32(&b, 42 + PAYLOAD);
		put_frame(&b, i);
	}
	assert_false(b.failed);
	assert_int_equal(fwrite(b.data, 1, b.len, f), b.len);
	assert_int_equal(fclose(f), 0);
	buf_free(&b);
}

static struct store *make_store(struct place *p)
{
	const char *path = p->capture;
	struct ingest_options options;
	struct ingest_progress progress = { 0 };
	struct ingest_result result;
	struct store_config config;
	struct store *s;
	struct err err = { 0 };

	store_config_default(&config);
	config.block_size = 1 << 20;
	ingest_options_default(&options);
	options.segment_packets = 400;
	assert_int_equal(store_create(p->store, &config, &s, NULL), RC_DONE);
	assert_int_equal(ingest_import(s, &path, 1, &options, &progress, &result, &err), RC_DONE);
	assert_int_equal(result.packets, PACKETS);
	return s;
}

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	captures_make_dir(p->dir, sizeof(p->dir));
	snprintf(p->capture, sizeof(p->capture), "%s/c.pcap", p->dir);
	snprintf(p->store, sizeof(p->store), "%s/s.fdr", p->dir);
	make_capture(p->capture);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;

	captures_remove_dir(p->dir);
	free(p);
	return 0;
}

/* ---- what a store says -------------------------------------------------------------------- */

struct sums {
	uint64_t rows, packets, bytes, gone;
	struct id first;             /* of the first row */
};

static bool add_row(void *ctx, const struct row *row, const struct raw_packet *raw)
{
	struct sums *sum = ctx;

	(void)raw;
	if (sum->rows++ == 0)
		row_id(row, &sum->first);
	sum->packets += row->packet ? 1 : counters_packets(&row->record->c);
	sum->bytes += row->packet ? row->packet->pkt.len : counters_bytes(&row->record->c);
	sum->gone += row->packet ? 0 : row->record->gone;
	return true;
}

static struct query_explain explain;

static enum rc sum_tier(struct store *s, enum tier tier, const struct id *in, struct sums *out)
{
	struct query_sources sources = { .stores = &s, .n = 1 };
	struct query q;

	memset(out, 0, sizeof(*out));
	query_init(&q, tier);
	q.in = in;
	q.n_in = in ? 1 : 0;
	return query_run(&sources, &q, add_row, out, NULL, &explain, NULL);
}

static void say(void *ctx, const char *path, uint64_t offset, const char *text)
{
	(void)ctx;
	fprintf(stderr, "%s: %" PRIu64 ": %s\n", path, offset, text);
}

/* All tiers agree with the segments; kept macroflows have `gone` packets more. */
static void must_agree(struct store *s, uint64_t gone)
{
	const struct store_totals *t = store_totals(s);
	struct check_report report = { 0 };
	struct sums sum;
	size_t n;
	const struct point_info *points = store_points(s, &n);

	for (enum tier tier = TIER_PACKET; tier <= TIER_MACROFLOW; tier++) {
		assert_int_equal(sum_tier(s, tier, NULL, &sum), RC_DONE);
		assert_int_equal(sum.packets, t->packets + (tier == TIER_MACROFLOW ? gone : 0));
		assert_int_equal(sum.gone, tier == TIER_MACROFLOW ? gone : 0);
		if (!gone)
			assert_int_equal(sum.bytes, t->bytes);
	}
	assert_int_equal(n, 1);
	assert_int_equal(points->packets, t->packets);
	assert_int_equal(points->first_ns, t->first_ns);
	assert_int_equal(points->last_ns, t->last_ns);
	assert_int_equal(t->packets + t->evicted_packets, PACKETS);
	assert_int_equal(store_check(s, say, NULL, &report, NULL), RC_DONE);
	assert_int_equal(report.problems, 0);
}

/* As the writer sees it, as a reader does that was there before, and as one that comes. */
static void must_agree_all(struct store *s, struct store *reader, uint64_t gone)
{
	struct store *fresh;

	must_agree(s, gone);
	assert_int_equal(store_refresh(reader, NULL), RC_DONE);
	must_agree(reader, gone);
	assert_int_equal(store_open(store_path(s), false, &fresh, NULL, NULL), RC_DONE);
	must_agree(fresh, gone);
	assert_memory_equal(store_totals(fresh), store_totals(reader), sizeof(struct store_totals));
	store_close(fresh);
}

static bool has_file(struct store *s, const char *dir, uint32_t block, const char *suffix)
{
	char path[600];

	snprintf(path, sizeof(path), "%s/%s/%08u.%s", store_path(s), dir, block, suffix);
	return access(path, F_OK) == 0;
}

/* ---- tests -------------------------------------------------------------------------------- */

static void test_evict(void **state)
{
	struct place *p = *state;
	struct store *s = make_store(p), *reader;
	size_t n;
	uint32_t newest;

	assert_int_equal(store_open(p->store, false, &reader, NULL, NULL), RC_DONE);
	store_blocks(s, &n);
	assert_true(n >= 8);
	newest = (uint32_t)n;
	must_agree_all(s, reader, 0);
	assert_int_equal(store_evict(s, 1, false, NULL), RC_DONE);
	assert_int_equal(store_evict(s, 1, false, NULL), RC_USAGE);
	assert_int_equal(store_evict(s, newest + 1, false, NULL), RC_MISSING);
	assert_int_equal(store_block(s, 1)->state, BLOCK_EVICTED);
	assert_int_equal(store_block(s, 1)->parts, PARTS_GONE);
	assert_true(store_block(s, 1)->packets > 0);
	assert_false(has_file(s, "blocks", 1, "pcapng"));
	assert_false(has_file(s, "index", 1, "idx"));
	must_agree_all(s, reader, 0);
	assert_int_equal(store_evict(s, 2, false, NULL), RC_DONE);
	assert_int_equal(store_evict(s, 4, false, NULL), RC_DONE);
	must_agree_all(s, reader, 0);
	assert_int_equal(store_drop_index(s, 4, NULL), RC_DONE);
	store_close(s);
	assert_int_equal(store_open(p->store, true, &s, NULL, NULL), RC_DONE);
	must_agree_all(s, reader, 0);
	assert_int_equal(store_block_begin(s, 0, &newest, NULL), RC_DONE);
	assert_int_equal(newest, n + 1);
	store_close(reader);
	store_close(s);
}

/* The first segment of a block whose index was dropped comes back, without what belongs to it elsewhere. */
static void publish_first(struct store *s, struct segment_place first, const uint8_t *bytes)
{
	struct point_info sums = { .packets = first.packets, .bytes = first.bytes, .first_ns = first.first_ns,
		.last_ns = first.last_ns };
	struct buf b;

	buf_init(&b);
	buf_put(&b, bytes, first.len);
	assert_int_equal(store_publish_segment(s, &first, &b, NULL, 0, &sums, 1, NULL), RC_DONE);
	buf_free(&b);
}

/* A block of which not everything was published: the row that stays counts all of its packets, and their frames are not used again. */
static void test_evict_unpublished(void **state)
{
	static const struct retention limits = { .max_bytes = 1 };
	struct place *p = *state;
	struct store *s = make_store(p), *reader;
	struct event_info e;
	size_t n;
	unsigned evicted;
	char path[400], text[64];

	struct segment_place first = store_segments(s, &n)[0];
	struct block_info whole = *store_block(s, 1), second = *store_block(s, 2);
	uint8_t *bytes = malloc(first.len);
	assert_true(first.packets < whole.packets);
	snprintf(path, sizeof(path), "%s/index/00000001.idx", p->store);
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	assert_int_equal(fseek(f, (long)first.at, SEEK_SET), 0);
	assert_int_equal(fread(bytes, 1, first.len, f), first.len);
	fclose(f);
	assert_int_equal(store_open(p->store, false, &reader, NULL, NULL), RC_DONE);
	assert_int_equal(store_drop_index(s, 1, NULL), RC_DONE);
	assert_int_equal(store_drop_index(s, 2, NULL), RC_DONE);
	publish_first(s, first, bytes);
	free(bytes);
	assert_int_equal(store_totals(s)->packets, PACKETS - whole.packets - second.packets + first.packets);
	assert_int_equal(store_evict(s, 1, false, NULL), RC_DONE);
	assert_int_equal(store_evict(s, 2, true, NULL), RC_DONE);
	must_agree_all(s, reader, 0);
	assert_int_equal(store_block(reader, 1)->packets, whole.packets);
	assert_int_equal(store_block(reader, 1)->bytes, whole.bytes);
	assert_int_equal(store_block(reader, 2)->packets, second.packets);
	assert_int_equal(store_block(reader, 2)->first_frame, second.first_frame);
	/* what retention tells, too; and a file that is gone already evicts as well, with what is known */
	struct block_info third = *store_block(s, 3), fourth = *store_block(s, 4);
	assert_int_equal(store_drop_index(s, 3, NULL), RC_DONE);
	assert_int_equal(store_drop_index(s, 4, NULL), RC_DONE);
	snprintf(path, sizeof(path), "%s/blocks/00000004.pcapng", p->store);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(store_retain(s, &limits, 0, &evicted, NULL), RC_NO_SPACE);
	assert_int_equal(store_block(s, 3)->packets, third.packets);
	assert_int_equal(store_block(s, 4)->packets, 0);
	assert_int_equal(store_totals(s)->packets + store_totals(s)->evicted_packets, PACKETS - fourth.packets);
	assert_int_equal(store_events(s, 1, &e, &n, NULL), RC_DONE);
	snprintf(text, sizeof(text), " %" PRIu64 " packets", store_totals(s)->evicted_packets - whole.packets - second.packets);
	assert_non_null(strstr(e.text, text));
	store_close(reader);
	store_close(s);
}

/* Evicts block 2 while it is read. */
static struct store *evicting;

static ssize_t evicting_pread(int fd, void *to, size_t len, off_t at)
{
	struct store *s = evicting;
	char name[64], path[512];
	ssize_t n;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	n = readlink(name, path, sizeof(path) - 1);
	path[n < 0 ? 0 : n] = '\0';
	if (s && at >= EVICT_AT && strstr(path, "/blocks/00000002.pcapng")) {
		evicting = NULL;
		assert_int_equal(store_evict(s, 2, false, NULL), RC_DONE);
	}
	return io_real.pread(fd, to, len, at);
}

/* Indexing lags behind, and a block goes before its index is written: its packets count as evicted, and the next blocks are indexed. */
static void test_evict_while_indexed(void **state)
{
	struct place *p = *state;
	struct store *s = make_store(p), *reader;
	struct ingest_options options;
	struct ingest_progress progress = { 0 };
	static struct io_ops ops;
	struct err err = { 0 };

	ops = io_real;
	struct block_info second = *store_block(s, 2);
	assert_int_equal(store_open(p->store, false, &reader, NULL, NULL), RC_DONE);
	assert_int_equal(store_drop_index(s, 2, NULL), RC_DONE);
	assert_int_equal(store_drop_index(s, 3, NULL), RC_DONE);
	ingest_options_default(&options);
	options.segment_packets = 400;
	ops.pread = evicting_pread;
	io_set_ops(&ops);
	evicting = s;
	if (ingest_left(s, &options, &progress, &err) != RC_DONE)
		fail_msg("%s: %s", err.what, err.why);
	io_set_ops(NULL);
	assert_null(evicting);
	assert_int_equal(store_block(s, 2)->state, BLOCK_EVICTED);
	assert_int_equal(store_block(s, 2)->packets, second.packets);
	assert_int_equal(store_block(s, 3)->state, BLOCK_INDEXED);
	assert_false(has_file(s, "index", 2, "idx"));
	must_agree_all(s, reader, 0);
	/* to say so twice does nothing */
	assert_int_equal(store_block_indexed(s, 2, NULL, 0, NULL), RC_MISSING);
	store_close(reader);
	store_close(s);
}

/* Files that a crash left are removed by opening. */
static void test_left_files(void **state)
{
	struct place *p = *state;
	struct store *s = make_store(p);
	char block[400], index[400];
	FILE *f;

	assert_int_equal(store_evict(s, 1, false, NULL), RC_DONE);
	store_close(s);
	snprintf(block, sizeof(block), "%s/blocks/00000001.pcapng", p->store);
	snprintf(index, sizeof(index), "%s/index/00000001.idx", p->store);
	assert_non_null(f = fopen(block, "w"));
	fclose(f);
	assert_non_null(f = fopen(index, "w"));
	fclose(f);
	assert_int_equal(store_open(p->store, true, &s, NULL, NULL), RC_DONE);
	assert_int_equal(store_block(s, 1)->state, BLOCK_EVICTED);
	assert_int_not_equal(access(block, F_OK), 0);
	assert_int_not_equal(access(index, F_OK), 0);
	must_agree(s, 0);
	store_close(s);
}

static void test_keep(void **state)
{
	struct place *p = *state;
	struct retention r = { .keep_macroflows_ns = INT64_C(3600) * 1000000000 };
	struct store *s = make_store(p), *reader;
	uint64_t gone;
	unsigned evicted;
	struct sums before, all, sum;

	assert_int_equal(store_open(p->store, false, &reader, NULL, NULL), RC_DONE);
	assert_int_equal(sum_tier(s, TIER_MACROFLOW, NULL, &before), RC_DONE);
	assert_int_equal(store_evict(s, 1, true, NULL), RC_DONE);
	assert_int_equal(store_evict(s, 2, true, NULL), RC_DONE);
	gone = store_block(s, 1)->packets + store_block(s, 2)->packets;
	must_agree_all(s, reader, gone);
	assert_int_equal(sum_tier(s, TIER_MACROFLOW, NULL, &all), RC_DONE);
	assert_int_equal(all.rows, before.rows);
	assert_int_equal(all.bytes, before.bytes);
	/* its first packet is gone: found by its id, with what is left below it */
	assert_int_equal(all.first.rec.block, 1);
	assert_int_equal(sum_tier(s, TIER_MACROFLOW, &all.first, &sum), RC_DONE);
	assert_int_equal(sum.rows, 1);
	assert_true(sum.gone > 0 && sum.gone < sum.packets);
	uint64_t left = sum.packets - sum.gone;
	assert_int_equal(sum_tier(s, TIER_PACKET, &all.first, &sum), RC_DONE);
	assert_int_equal(sum.packets, left);
	/* kept for long enough */
	assert_int_equal(store_retain(s, &r, 0, &evicted, NULL), RC_DONE);
	assert_int_equal(evicted, 0);
	must_agree_all(s, reader, gone);
	r.keep_macroflows_ns = 1;
	assert_int_equal(store_retain(s, &r, 0, &evicted, NULL), RC_DONE);
	must_agree_all(s, reader, 0);
	assert_int_equal(store_block(s, 1)->parts, PARTS_GONE);
	store_close(reader);
	store_close(s);
}

/* Flows that began in an evicted block are found by their ids, and so are the tiers above and below them. */
static void test_orphans(void **state)
{
	struct place *p = *state;
	struct store *s = make_store(p);
	struct query_sources sources = { .stores = &s, .n = 1 };
	struct sums flow, sum;
	struct id parent;

	assert_int_equal(store_evict(s, 1, false, NULL), RC_DONE);
	assert_int_equal(sum_tier(s, TIER_FLOW, NULL, &flow), RC_DONE);
	assert_int_equal(flow.first.rec.block, 1);
	assert_int_equal(sum_tier(s, TIER_FLOW, &flow.first, &sum), RC_DONE);
	assert_int_equal(sum.rows, 1);
	uint64_t packets = sum.packets;
	assert_true(packets > 0);
	assert_int_equal(sum_tier(s, TIER_MICROFLOW, &flow.first, &sum), RC_DONE);
	assert_int_equal(sum.packets, packets);
	assert_int_equal(sum_tier(s, TIER_PACKET, &flow.first, &sum), RC_DONE);
	assert_int_equal(sum.packets, packets);
	assert_int_equal(query_parent(&sources, &flow.first, &parent, NULL), RC_DONE);
	assert_int_equal(parent.tier, TIER_MACROFLOW);
	assert_int_equal(sum_tier(s, TIER_MACROFLOW, &parent, &sum), RC_DONE);
	assert_int_equal(sum.rows, 1);
	assert_int_equal(sum_tier(s, TIER_FLOW, &parent, &sum), RC_DONE);
	assert_true(sum.rows > 1);
	store_close(s);
}

/* A reader whose snapshot is older: what was evicted is not in the answer and counted, and no damage. */
static void test_stale(void **state)
{
	struct place *p = *state;
	struct store *s = make_store(p), *reader;
	struct sums sum;

	assert_int_equal(store_open(p->store, false, &reader, NULL, NULL), RC_DONE);
	assert_int_equal(store_evict(s, 1, false, NULL), RC_DONE);
	assert_int_equal(store_evict(s, 3, false, NULL), RC_DONE);
	uint64_t gone = store_totals(s)->evicted_packets;
	assert_int_equal(store_block(reader, 1)->state, BLOCK_INDEXED);
	for (enum tier tier = TIER_PACKET; tier <= TIER_FLOW; tier++) {
		assert_int_equal(sum_tier(reader, tier, NULL, &sum), RC_DONE);
		assert_int_equal(explain.packets_gone, gone);
		assert_int_equal(sum.packets + gone, PACKETS);
	}
	assert_int_equal(sum_tier(reader, TIER_MACROFLOW, NULL, &sum), RC_DONE);
	assert_int_equal(sum.packets + gone, PACKETS);
	assert_int_equal(store_refresh(reader, NULL), RC_DONE);
	must_agree_all(s, reader, 0);
	/* a file that somebody removed is no eviction */
	char path[400];
	snprintf(path, sizeof(path), "%s/index/00000002.idx", p->store);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(sum_tier(reader, TIER_FLOW, NULL, &sum), RC_MISSING);
	store_close(reader);
	store_close(s);
}

static void test_retain(void **state)
{
	struct place *p = *state;
	struct retention r = { 0 };
	struct store *s = make_store(p), *reader;
	struct event_info event;
	uint64_t bytes, all;
	unsigned evicted;
	size_t n;

	assert_int_equal(store_open(p->store, false, &reader, NULL, NULL), RC_DONE);
	assert_int_equal(store_disk_bytes(s, &all, NULL), RC_DONE);
	assert_true(all > PACKETS * PAYLOAD);
	assert_int_equal(store_retain(s, &r, UINT32_MAX, &evicted, NULL), RC_DONE);
	assert_int_equal(evicted, 0);
	r.max_bytes = all / 2;
	assert_int_equal(store_retain(s, &r, 1 << 20, &evicted, NULL), RC_DONE);
	assert_true(evicted >= 4);
	assert_int_equal(store_disk_bytes(s, &bytes, NULL), RC_DONE);
	assert_true(bytes + (1 << 20) <= r.max_bytes);
	must_agree_all(s, reader, 0);
	assert_int_equal(store_events(s, 1, &event, &n, NULL), RC_DONE);
	assert_string_equal(event.kind, "evicted");
	r = (struct retention){ .max_age_ns = INT64_C(120) * 1000000000 };
	assert_int_equal(store_retain(s, &r, 0, &evicted, NULL), RC_DONE);
	assert_true(evicted > 0);
	assert_true(store_totals(s)->first_ns >= store_totals(s)->last_ns - INT64_C(300) * 1000000000);
	/* the newest stays, whatever is asked for */
	r = (struct retention){ .max_bytes = 1 };
	assert_int_equal(store_retain(s, &r, 0, &evicted, NULL), RC_NO_SPACE);
	assert_int_equal(store_totals(s)->blocks, 1);
	must_agree_all(s, reader, 0);
	store_close(reader);
	store_close(s);
}

/* Half of the filters' file is never dead for long. */
static void test_filters(void **state)
{
	struct place *p = *state;
	struct retention r = { 0 };
	struct store *s = make_store(p), *reader;
	const struct filters *old;
	uint64_t before, bytes;
	unsigned evicted;
	struct stat st;
	char path[400];
	struct addr a;

	assert_int_equal(store_open(p->store, false, &reader, NULL, NULL), RC_DONE);
	/* nobody has asked for an address yet */
	assert_null(store_filters(reader));
	assert_int_equal(store_load_filters(reader, &bytes, NULL), RC_DONE);
	snprintf(path, sizeof(path), "%s/index/filters", p->store);
	assert_int_equal(stat(path, &st), 0);
	before = (uint64_t)st.st_size;
	assert_int_equal(bytes, before);
	assert_int_equal(store_load_filters(reader, &bytes, NULL), RC_DONE);
	assert_int_equal(bytes, 0);
	assert_int_equal(store_disk_bytes(s, &r.max_bytes, NULL), RC_DONE);
	r.max_bytes /= 4;
	assert_int_equal(store_retain(s, &r, 0, &evicted, NULL), RC_DONE);
	assert_int_equal(stat(path, &st), 0);
	assert_true((uint64_t)st.st_size * 2 < before);
	assert_true(st.st_size > 0);
	old = store_filters(reader);
	assert_int_equal(addr_parse("203.0.113.9", &a, NULL), RC_DONE);
	assert_false(filters_may_have(old, 1, &a));
	assert_int_equal(store_refresh(reader, NULL), RC_DONE);
	assert_int_equal(store_load_filters(reader, &bytes, NULL), RC_DONE);
	assert_false(filters_may_have(store_filters(reader), store_segments(reader, &(size_t){ 0 })->block, &a));
	assert_true(filters_may_have(store_filters(reader), 1, &a));
	must_agree_all(s, reader, 0);
	store_close(reader);
	store_close(s);
}

#define WITH_PLACE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_PLACE(test_evict),
		WITH_PLACE(test_evict_unpublished),
		WITH_PLACE(test_evict_while_indexed),
		WITH_PLACE(test_left_files),
		WITH_PLACE(test_keep),
		WITH_PLACE(test_orphans),
		WITH_PLACE(test_stale),
		WITH_PLACE(test_retain),
		WITH_PLACE(test_filters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
