/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "calls.h"
#include "made.h"

#include "base/io.h"
#include "base/mem.h"
#include "store/block.h"
#include "store/cache.h"
#include "store/check.h"
#include "store/filters.h"
#include "store/retention.h"
#include "store/sql_export.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* Three blocks of four segments of two packets. */
enum { BLOCKS = 3, SEGMENTS = 4, PER = 2, PER_BLOCK = SEGMENTS * PER, PACKETS = BLOCKS * PER_BLOCK };

static char scratch[128], capture[200];
static struct made own, placed;
static struct addr addrs[2];

/* ---- what calls are made on ------------------------------------------------------------------- */

static enum rc write_packet(struct block_writer *w, struct made *m, size_t i, struct err *err)
{
	uint8_t bytes[256];
	uint32_t block, offset;
	bool new_block;

	made_bytes(i, bytes, m->len[i]);
	enum rc rc = block_writer_packet(w, &(struct block_packet){ .timestamp = (uint64_t)m->time_ns[i],
		.caplen = m->len[i], .len = m->len[i], .data = bytes }, &block, &offset, &m->record_len[i], &new_block, err);
	m->at[i] = offset;
	return rc;
}

static enum rc fill_block(struct store *s, struct block_writer *w, struct err *err);

static enum rc publish(struct store *s, uint32_t block, unsigned from, unsigned to, struct err *err)
{
	enum rc rc = RC_DONE;

	for (unsigned i = from; rc == RC_DONE && i < to; i++) {
		size_t packet = (block - 1) * PER_BLOCK + i * PER;

		rc = made_publish(s, &own, block, 0, i, packet, packet + PER, err);
	}
	return rc;
}

static void make_own(const char *path)
{
	static const struct point_counts counts = { .received = 40, .refused = 3, .dropped = 13 };
	struct point_info point = { .linktype = 1, .tsresol = 9, .name = "eth0" };
	struct store_config config;
	struct block_writer *w;
	struct store *s;

	store_config_default(&config);
	config.block_size = 1 << 20;
	assert_int_equal(store_create(path, &config, &s, NULL), RC_DONE);
	assert_int_equal(store_add_point(s, &point, "\1\0\5\0hello\0\0\0", 12, NULL), RC_DONE);
	assert_int_equal(block_writer_new(s, &w, NULL), RC_DONE);
	own.n = PACKETS;
	for (size_t i = 0; i < PACKETS; i++) {
		own.len[i] = 60 + (uint32_t)i;
		own.time_ns[i] = (1700000000 + (int64_t)i * 100) * 1000000000;
		assert_int_equal(write_packet(w, &own, i, NULL), RC_DONE);
		if (i % PER_BLOCK == PER_BLOCK - 1)
			assert_int_equal(block_writer_seal(w, NULL), RC_DONE);
	}
	assert_int_equal(block_writer_close(w, NULL), RC_DONE);
	for (uint32_t block = 1; block <= BLOCKS; block++) {
		assert_int_equal(publish(s, block, 0, SEGMENTS, NULL), RC_DONE);
		assert_int_equal(store_block_indexed(s, block, addrs, 2, NULL), RC_DONE);
	}
	assert_int_equal(store_set_counts(s, 0, &counts, NULL), RC_DONE);
	assert_int_equal(store_add_drop(s, &(struct drop_info){ .from_ns = 1, .to_ns = 2, .dropped = 13 }, NULL), RC_DONE);
	assert_int_equal(store_add_event(s, 5, "clock", "stepped", NULL), RC_DONE);
	store_close(s);
}

enum rc calls_open_placed(const char *path, bool writing, struct store **out, struct err *err)
{
	struct store_config config;

	store_config_default(&config);
	return store_open_in_place(capture, path, &config, writing, out, NULL, err);
}

/* As a recorder that was killed leaves it: a block that is open, of which nothing was published. */
static void make_crashed(const char *path)
{
	struct block_writer *w;
	struct store *s;
	char live[300], block[300];

	snprintf(live, sizeof(live), "%s.live", path);
	make_own(live);
	assert_int_equal(store_open(live, true, &s, NULL, NULL), RC_DONE);
	assert_int_equal(block_writer_new(s, &w, NULL), RC_DONE);
	assert_int_equal(fill_block(s, w, NULL), RC_DONE);
	assert_int_equal(block_writer_sync(w, NULL), RC_DONE);
	made_copy(live, path);
	assert_int_equal(block_writer_close(w, NULL), RC_DONE);
	store_close(s);
	made_dir_remove(live);
	snprintf(block, sizeof(block), "%s/blocks/%08u.pcapng", path, (unsigned)BLOCKS + 1);
	FILE *f = fopen(block, "ab");
	assert_non_null(f);
	fputs("half a record", f);
	assert_int_equal(fclose(f), 0);
}

/* The same without its index. */
static void make_lost(const char *path)
{
	char index[300];

	make_crashed(path);
	snprintf(index, sizeof(index), "%s/index", path);
	made_dir_remove(index);
}

static void make_nothing(const char *path)
{
	assert_int_equal(mkdir(path, 0700), 0);
}

static void make_placed(const char *path)
{
	struct store *s;

	assert_int_equal(calls_open_placed(path, true, &s, NULL), RC_DONE);
	assert_int_equal(store_add_section(s, &(struct section_info){ 0 }, NULL), RC_DONE);
	assert_int_equal(made_index(s, &placed, 5, NULL), RC_DONE);
	store_close(s);
}

/* ---- calls that write ------------------------------------------------------------------------- */

static enum rc call_point(struct store *s, struct err *err)
{
	struct point_info point = { .linktype = 1, .tsresol = 9, .name = "eth1", .file_offset = 1000 };

	return store_add_point(s, &point, "\1\0\5\0again\0\0\0", 12, err);
}

static enum rc call_counts(struct store *s, struct err *err)
{
	static const struct point_counts counts = { .received = 41, .refused = 3, .dropped = 14 };

	return store_set_counts(s, 0, &counts, err);
}

static enum rc call_dropped(struct store *s, struct err *err)
{
	return store_set_dropped(s, 0, 15, err);
}

static enum rc call_drop(struct store *s, struct err *err)
{
	return store_add_drop(s, &(struct drop_info){ .from_ns = 2, .to_ns = 3, .dropped = 1 }, err);
}

static enum rc call_event(struct store *s, struct err *err)
{
	return store_add_event(s, 6, "clock", "stepped again", err);
}

static enum rc call_anew(struct store *s, struct err *err)
{
	return store_add_anew(s, (struct anew_place){ 2, 300 }, err);
}

static enum rc call_rebuilding(struct store *s, struct err *err)
{
	enum rc rc = store_set_rebuilding(s, true, err);

	if (rc == RC_DONE)
		rc = store_set_rebuilding(s, false, err);
	return rc == RC_DONE && store_is_rebuilding(s) ? RC_DAMAGED : rc;
}

static enum rc call_totals(struct store *s, struct err *err)
{
	static const struct store_totals totals = { .complete = true, .damaged = true, .damaged_at = 7 };

	return store_set_totals(s, &totals, err);
}

/* A block of an own store is its writer's: in place alone. */
static enum rc call_block(struct store *s, struct err *err)
{
	uint32_t block;
	uint64_t end = placed.at[placed.n - 1] + placed.record_len[placed.n - 1];
	enum rc rc = store_block_begin(s, end, &block, err);

	if (rc == RC_DONE)
		rc = store_block_seal(s, block, 0, err);
	return rc == RC_DONE ? store_block_indexed(s, block, NULL, 0, err) : rc;
}

static enum rc call_section(struct store *s, struct err *err)
{
	return store_add_section(s, &(struct section_info){ .offset = 900, .first_point = 1 }, err);
}

static enum rc ready_unindexed(struct store *s)
{
	return store_drop_index(s, BLOCKS, NULL);
}

static enum rc call_publish(struct store *s, struct err *err)
{
	enum rc rc = publish(s, BLOCKS, 0, SEGMENTS, err);

	return rc == RC_DONE ? store_block_indexed(s, BLOCKS, addrs, 2, err) : rc;
}

/* Two neighbours as one; then their bytes are given back. */
static enum rc call_replace(struct store *s, struct err *err)
{
	bool later;
	size_t n;
	enum rc rc = made_replace(s, &own, 1, 0, 0, 2, 0, 2 * PER, err);

	if (rc != RC_DONE)
		return rc;
	const struct segment_place *p = store_segments(s, &n);
	return store_release_dead(s, 1, p[1].at, p[0].at, &later, err);
}

static enum rc call_evict(struct store *s, struct err *err)
{
	return store_evict(s, 1, false, err);
}

static enum rc call_evict_keep(struct store *s, struct err *err)
{
	return store_evict(s, 1, true, err);
}

/* Of which two segments were published. */
static enum rc ready_half(struct store *s)
{
	enum rc rc = store_drop_index(s, 1, NULL);

	return rc == RC_DONE ? publish(s, 1, 0, 2, NULL) : rc;
}

/* All but the newest block, then what is kept of them. */
static enum rc call_retain(struct store *s, struct err *err)
{
	struct retention limits = { .max_age_ns = 1, .keep_macroflows_ns = INT64_MAX, .min_free_bytes = 1 };
	unsigned evicted;
	enum rc rc = store_retain(s, &limits, 4096, &evicted, err);

	limits.keep_macroflows_ns = 0;
	return rc == RC_DONE ? store_retain(s, &limits, 4096, &evicted, err) : rc;
}

static enum rc call_drop_one(struct store *s, struct err *err)
{
	return store_drop_index(s, 2, err);
}

static enum rc call_drop_all(struct store *s, struct err *err)
{
	return store_drop_index(s, 0, err);
}

static enum rc call_reserve(struct store *s, struct err *err)
{
	uint64_t bytes;
	enum rc rc = store_reserve(s, 10000, err);

	if (rc == RC_DONE)
		rc = store_disk_bytes(s, &bytes, err);
	store_use_reserve(s);
	return rc;
}

/* Everything that goes into a block; what broke is cut, as a recorder does. */
static enum rc fill_block(struct store *s, struct block_writer *w, struct err *err)
{
	static const struct point_counts counts = { .received = 60, .refused = 3, .dropped = 13 };
	const struct event_info e = { .time_ns = 9, .kind = "clock", .text = "stepped" };
	const uint8_t names[] = { 4, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0 };
	static struct made more;
	bool written;
	enum rc rc = RC_DONE;

	more = own;
	block_writer_frames(w, store_next_frame(s));
	for (size_t i = 0; rc == RC_DONE && i < 2 * PER; i++)
		rc = write_packet(w, &more, i, err);
	if (rc == RC_DONE)
		rc = block_writer_copy(w, 4, names, sizeof(names), false, 0, err);
	if (rc == RC_DONE)
		rc = block_writer_sync(w, err);
	if (rc == RC_DONE)
		rc = block_writer_counts(w, 0, 77, 44, &counts, err);
	if (rc == RC_DONE)
		rc = block_writer_event(w, &e, &written, err);
	if (rc == RC_DONE)
		rc = write_packet(w, &more, 0, err);
	return rc;
}

static enum rc call_write(struct store *s, struct err *err)
{
	struct block_writer *w;
	uint32_t block;
	uint64_t length;
	enum rc rc = block_writer_new(s, &w, err);

	if (rc != RC_DONE)
		return rc;
	rc = fill_block(s, w, err);
	if (rc == RC_DONE)
		return block_writer_close(w, err);
	block_writer_cut(w, &block, &length, NULL);
	block_writer_abandon(w);
	return rc;
}

/* ---- calls that read -------------------------------------------------------------------------- */

static enum rc call_refresh(struct store *s, struct err *err)
{
	uint64_t version;
	enum rc rc = store_version(s, &version, err);

	return rc == RC_DONE ? store_refresh(s, err) : rc;
}

static enum rc take_macro(void *ctx, const struct service_key *key, const struct record *part, struct err *err)
{
	(void)key;
	(void)part;
	(void)err;
	++*(unsigned *)ctx;
	return RC_DONE;
}

/* Macroflows walked, found by id, by segment. */
static enum rc call_macros(struct store *s, struct err *err)
{
	struct macro_range range = { .from_ns = INT64_MIN, .to_ns = INT64_MAX };
	struct macro_walk *w = NULL;
	struct service_key key;
	struct record rec;
	unsigned taken = 0;
	size_t n;
	enum rc rc = macro_walk_open(s, &range, &w, err);

	while (rc == RC_DONE && (rc = macro_walk_next(w, &rec, &key, err)) == RC_DONE)
		record_free(&rec);
	macro_walk_close(w);
	if (rc != RC_END)
		return rc;
	rc = store_segment_macros(s, store_segments(s, &n), NULL, take_macro, &taken, err);
	if (rc != RC_DONE)
		return rc;
	assert_int_equal(taken, 1);
	return store_find_macro(s, (struct record_id){ 1, store_segments(s, &n)->first_offset }, &key, err);
}

static enum rc call_segments(struct store *s, struct err *err)
{
	struct segment_place *copy;
	struct segment *segment;
	enum block_state state;
	uint64_t io = 0;
	size_t n, copied;
	const struct segment_place *p = store_segments(s, &n);
	enum rc rc = RC_DONE;

	for (size_t i = 0; rc == RC_DONE && i < n; i++) {
		rc = store_open_segment(s, &p[i], &segment, &io, err);
		if (rc != RC_DONE)
			return store_judge(s, &p[i], rc, err);
		rc = segment_verify(segment, err);
		segment_close(segment);
	}
	if (rc == RC_DONE)
		rc = store_copy_segments(s, 1, &copy, &copied, &state, err);
	if (rc == RC_DONE)
		mem_free(copy);
	return rc;
}

static enum rc read_all(struct store *s, const struct made *m, struct packet_reader *r, struct err *err)
{
	struct packet_ref refs[PER_BLOCK];
	struct raw_packet k;
	uint64_t base = store_kind(s) == STORE_OWN ? 0 : m->at[0];
	enum rc rc;

	for (size_t i = 0; i < PER_BLOCK; i++)
		refs[i] = (struct packet_ref){ .offset = (uint32_t)(m->at[i] - base), .record_len = m->record_len[i] };
	rc = packet_reader_announce(r, 1, refs, PER_BLOCK, err);
	for (size_t i = 0; rc == RC_DONE && i < PER_BLOCK; i++)
		rc = packet_reader_next(r, &k, err);
	return rc == RC_DONE ? packet_reader_get(r, 1, refs[1], &k, err) : rc;
}

static enum rc call_packets(struct store *s, struct err *err)
{
	struct packet_reader *r;
	enum rc rc = packet_reader_new(s, &r, err);

	if (rc != RC_DONE)
		return rc;
	rc = read_all(s, store_kind(s) == STORE_OWN ? &own : &placed, r, err);
	packet_reader_free(r);
	return rc;
}

static void say_nothing(void *ctx, const char *path, uint64_t offset, const char *text)
{
	(void)path;
	(void)offset;
	(void)text;
	++*(unsigned *)ctx;
}

/* What fails while it looks is told as a failure or as what is wrong. */
static enum rc call_check(struct store *s, struct err *err)
{
	struct check_report report;
	unsigned said = 0;
	enum rc rc = store_check(s, say_nothing, &said, &report, err);

	if (rc == RC_DONE && report.problems)
		return err_set(err, RC_IO, store_path(s), "%u problems", said);
	return rc;
}

static void take_line(void *ctx, const char *line)
{
	(void)line;
	++*(unsigned *)ctx;
}

static enum rc call_dump(struct store *s, struct err *err)
{
	char path[400];
	unsigned lines = 0;
	enum rc rc;

	snprintf(path, sizeof(path), "%s/index/00000001.idx", store_path(s));
	rc = dump_index(path, true, take_line, &lines, err);
	snprintf(path, sizeof(path), "%s/blocks/00000001.pcapng", store_path(s));
	return rc == RC_DONE ? dump_capture(path, true, take_line, &lines, err) : rc;
}

static enum rc call_filters(struct store *s, struct err *err)
{
	struct event_info e;
	struct filters *f;
	char path[400];
	uint64_t bytes;
	size_t n;
	enum rc rc;

	snprintf(path, sizeof(path), "%s/index/filters", store_path(s));
	rc = filters_load(path, &f, err);
	if (rc != RC_DONE)
		return rc;
	assert_true(filters_may_have(f, 1, &addrs[0]));
	filters_free(f);
	rc = store_load_filters(s, &bytes, err);
	if (rc == RC_DONE)
		assert_true(filters_may_have(store_filters(s), 1, &addrs[0]));
	return rc == RC_DONE ? store_events(s, 1, &e, &n, err) : rc;
}

static enum rc call_lookup(struct store *s, struct err *err)
{
	struct cache_entry e;

	(void)s;
	return cache_lookup(capture, scratch, &e, err);
}

static enum rc call_export(struct store *s, struct err *err)
{
	const struct field *columns[] = { field_find("id", TIER_BLOCK), field_find("packets", TIER_BLOCK) };
	struct row row = { .tier = TIER_BLOCK, .block = store_block(s, 1) };
	struct sql_export *x;
	char path[400];
	enum rc rc;

	snprintf(path, sizeof(path), "%s/out.db", store_path(s));
	rc = sql_export_open(path, true, TIER_BLOCK, columns, 2, &x, err);
	if (rc != RC_DONE)
		return rc;
	rc = sql_export_row(x, &row, err);
	if (rc == RC_DONE)
		return sql_export_close(x, err);
	sql_export_abandon(x);
	return rc;
}

/* ---- the calls -------------------------------------------------------------------------------- */

static void (*const makers[])(const char *path) = { make_own, make_placed, make_crashed, make_lost, make_nothing };

const struct call calls[] = {
	{ .name = "point", .call = call_point },
	{ .name = "counts", .call = call_counts },
	{ .name = "dropped", .call = call_dropped },
	{ .name = "drop", .call = call_drop },
	{ .name = "event", .call = call_event },
	{ .name = "anew", .call = call_anew },
	{ .name = "rebuilding", .call = call_rebuilding },
	{ .name = "totals", .call = call_totals },
	{ .name = "publish", .ready = ready_unindexed, .call = call_publish, .half = true },
	{ .name = "replace", .call = call_replace, .half = true },
	{ .name = "evict", .call = call_evict, .half = true },
	{ .name = "evict, kept", .call = call_evict_keep, .half = true },
	{ .name = "evict, half published", .ready = ready_half, .call = call_evict, .half = true },
	{ .name = "retain", .call = call_retain, .half = true },
	{ .name = "drop one", .call = call_drop_one },
	{ .name = "drop all", .call = call_drop_all },
	{ .name = "reserve", .call = call_reserve },
	{ .name = "write", .call = call_write },
	{ .name = "refresh", .call = call_refresh, .reads = true },
	{ .name = "macros", .call = call_macros, .reads = true },
	{ .name = "segments", .call = call_segments, .reads = true },
	{ .name = "packets", .call = call_packets, .reads = true },
	{ .name = "check", .call = call_check, .reads = true },
	{ .name = "dump", .call = call_dump, .reads = true },
	{ .name = "filters", .call = call_filters, .reads = true },
	{ .name = "export", .call = call_export, .reads = true },
	{ .name = "open", .alone = calls_open_write },
	{ .name = "open to read", .alone = calls_open_read },
	{ .name = "open crashed", .alone = calls_open_write, .begin = BEGIN_CRASHED },
	{ .name = "open lost", .alone = calls_open_write, .begin = BEGIN_LOST },
	{ .name = "create", .alone = calls_create, .begin = BEGIN_NOTHING },
	{ .name = "placed open", .alone = calls_open_placed_write, .begin = BEGIN_PLACED },
	{ .name = "placed open to read", .alone = calls_open_placed_read, .begin = BEGIN_PLACED },
	{ .name = "placed new", .alone = calls_open_placed_write, .begin = BEGIN_NOTHING },
	{ .name = "placed block", .call = call_block, .begin = BEGIN_PLACED, .half = true },
	{ .name = "placed point", .call = call_point, .begin = BEGIN_PLACED },
	{ .name = "placed section", .call = call_section, .begin = BEGIN_PLACED, .half = true },
	{ .name = "placed drop", .call = call_drop_all, .begin = BEGIN_PLACED },
	{ .name = "placed segments", .call = call_segments, .begin = BEGIN_PLACED, .reads = true },
	{ .name = "placed packets", .call = call_packets, .begin = BEGIN_PLACED, .reads = true },
	{ .name = "placed check", .call = call_check, .begin = BEGIN_PLACED, .reads = true },
	{ .name = "placed lookup", .call = call_lookup, .begin = BEGIN_PLACED, .reads = true },
};

const size_t n_calls = sizeof(calls) / sizeof(calls[0]);

void calls_begin(enum begin b, const char *path)
{
	makers[b](path);
}

bool calls_set_up(const char *dir)
{
	snprintf(scratch, sizeof(scratch), "%s", dir);
	snprintf(capture, sizeof(capture), "%s/in.pcap", scratch);
	made_pcap(&placed, capture, 12, 1700000000);
	return addr_parse("10.0.0.1", &addrs[0], NULL) == RC_DONE && addr_parse("10.0.0.2", &addrs[1], NULL) == RC_DONE;
}
