/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "brute.h"

#include "captures.h"
#include "file/kind.h"
#include "flow/health.h"
#include "session/ingest.h"

struct brute brute;
uint64_t brute_segment = BRUTE_SEGMENT;

/* ---- asking --------------------------------------------------------------------------------- */

static bool keep(void *ctx, const struct row *row, const struct raw_packet *raw)
{
	CHECK(row->tier != TIER_PACKET || raw);
	if (raw) {
		CHECK(raw->time_ns == row->packet->pkt.time_ns);
		CHECK(raw->len == row->packet->pkt.len);
	}
	assert_int_equal(result_add(ctx, row, NULL), RC_DONE);
	return true;
}

/* What a result counts while rows are added is what they add up to. */
static void check_result(const struct result *r)
{
	struct result_sums told, sums = { 0 };
	uint64_t worst = 0;
	size_t at = 0, told_at;
	struct row row;

	for (size_t i = 0; i < result_count(r); i++) {
		CHECK(result_row(r, i, &row));
		int64_t first = row.packet ? row.packet->pkt.time_ns : row.record->c.first_ns;
		int64_t last = row.packet ? first : row.record->c.last_ns;

		sums.packets += row.packet ? 1 : counters_packets(&row.record->c);
		sums.bytes += row.packet ? row.packet->pkt.len : counters_bytes(&row.record->c);
		sums.flows += row.packet ? 0 : row.record->c.flows;
		sums.first_ns = i == 0 || first < sums.first_ns ? first : sums.first_ns;
		sums.last_ns = i == 0 || last > sums.last_ns ? last : sums.last_ns;
		if (health_trouble(&row) > worst) {
			worst = health_trouble(&row);
			at = i;
		}
	}
	result_sums(r, &told);
	CHECK(told.packets == sums.packets && told.bytes == sums.bytes && told.flows == sums.flows);
	CHECK(told.has_time == (result_count(r) > 0));
	CHECK(told.first_ns == sums.first_ns && told.last_ns == sums.last_ns);
	CHECK(result_worst(r, &told_at) == (worst > 0) && (worst == 0 || told_at == at));
}

struct result *ask(const struct query *q)
{
	struct err err = { .rc = RC_DONE };
	struct result *r;

	assert_int_equal(result_new(q->tier, &r, NULL), RC_DONE);
	enum rc rc = query_run(&brute.sources, q, keep, r, NULL, &brute.explain, &err);
	if (rc != RC_DONE)
		fail_msg("%s: %s: %s: %s %s", brute.path, brute.doing, rc_name(rc), err.what,
			err.why);
	if (q->tier <= TIER_MACROFLOW)
		check_result(r);
	return r;
}

struct result *ask_tier(enum tier tier)
{
	struct query q;

	query_init(&q, tier);
	return ask(&q);
}

struct result *ask_in(enum tier tier, const struct id *in, size_t n)
{
	struct query q;

	query_init(&q, tier);
	q.in = in;
	q.n_in = n;
	return ask(&q);
}

void row_at(const struct result *r, size_t i, struct row *out)
{
	CHECK(result_row(r, i, out));
}

/* ---- one capture ------------------------------------------------------------------------------------------------ */

static enum rc index_in_place(const char *dir, const struct store_config *config,
	const struct ingest_options *options)
{
	struct ingest_progress progress = { 0 };
	struct ingest_result result;
	struct store *s;
	enum rc rc = store_open_in_place(brute.path, dir, config, true, &s, NULL, NULL);

	if (rc != RC_DONE)
		return rc;
	rc = ingest_in_place(s, options, &progress, &result, NULL);
	store_close(s);
	return rc == RC_DONE
		? store_open_in_place(brute.path, dir, config, false, &brute.store, NULL, NULL)
		: rc;
}

static enum rc import_it(const char *dir, const struct store_config *config,
	const struct ingest_options *options)
{
	struct ingest_progress progress = { 0 };
	struct ingest_result result;
	struct store *s;
	enum rc rc = store_create(dir, config, &s, NULL);

	if (rc != RC_DONE)
		return rc;
	rc = ingest_import(s, &brute.path, 1, options, &progress, &result, NULL);
	store_close(s);
	return rc == RC_DONE ? store_open(dir, false, &brute.store, NULL, NULL) : rc;
}

static bool is_compressed(const char *path)
{
	unsigned char bytes[16];
	FILE *f = fopen(path, "rb");
	size_t n = f ? fread(bytes, 1, sizeof(bytes), f) : 0;
	enum file_kind kind = file_kind(bytes, n);

	if (f)
		fclose(f);
	return kind == FILE_GZIP || kind == FILE_ZSTD;
}

bool brute_open(const char *path, const char *dir, uint64_t block_size)
{
	struct ingest_options options;
	struct store_config config;

	brute = (struct brute){ .path = path, .doing = "index" };
	store_config_default(&config);
	if (block_size)
		config.block_size = block_size;
	ingest_options_default(&options);
	options.threads = 1;
	options.segment_packets = brute_segment;
	brute.imported = block_size || is_compressed(brute.path);
	if ((brute.imported ? import_it : index_in_place)(dir, &config, &options) != RC_DONE)
		return false;
	assert_int_equal(store_refresh(brute.store, NULL), RC_DONE);
	brute_list();
	return true;
}

void brute_list(void)
{
	brute.stores[0] = brute.store;
	brute.sources = (struct query_sources){ .stores = brute.stores, .n = 1 };
	brute.doing = "lists";
	brute.packets = ask_tier(TIER_PACKET);
	brute.micros = ask_tier(TIER_MICROFLOW);
	brute.flows = ask_tier(TIER_FLOW);
	brute.macros = ask_tier(TIER_MACROFLOW);
}

void brute_close(void)
{
	result_free(brute.packets);
	result_free(brute.micros);
	result_free(brute.flows);
	result_free(brute.macros);
	store_close(brute.store);
}

void brute_check(const char *path)
{
	char dir[128];

	captures_make_dir(dir, sizeof(dir));
	if (brute_open(path, dir, 0)) {
		check_input();
		check_sums();
		check_groups();
		if (result_count(brute.packets)) {
			check_down();
			check_filters();
			check_rest();
		}
		brute_close();
	}
	captures_remove_dir(dir);
}

bool same_counts(const struct record *a, const struct record *b)
{
	static struct texts *pool;
	struct counters x = a->c, y = b->c;

	if (!pool && texts_new(64 << 20, &pool, NULL) != RC_DONE)
		abort();
	texts_clear(pool);
	if (a->texts)
		counters_move_texts(&x, a->texts, pool);
	if (b->texts)
		counters_move_texts(&y, b->texts, pool);
	return memcmp(&x, &y, sizeof(x)) == 0;
}
