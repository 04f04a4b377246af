/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Compaction changes no answer: captures are indexed in small segments of many sizes, compacted, and asked the same before and
 * after; and what one big segment says of the same packets, the merged one says too, byte for byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/io.h"
#include "answers.h"
#include "base/mem.h"
#include "captures.h"
#include "file/kind.h"
#include "session/ingest.h"
#include "store/check.h"
#include "tier/compact.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *capture;
static uint64_t same, kept_apart, seed = 20261121;

static uint64_t draw(uint64_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % below;
}

#define MUST(call)                                                                                    \
	do {                                                                                          \
		struct err err = { 0 };                                                               \
		enum rc must_rc = (call);                                                             \
		if (must_rc != RC_DONE)                                                               \
			fail_msg("%s: %s: %s: %s %s (line %d)", capture, #call, rc_name(must_rc), err.what, \
				err.why, __LINE__);                                                   \
	} while (0)

/* ---- stores ------------------------------------------------------------------------------- */

static enum rc open_index(const char *dir, bool writing, struct store **out)
{
	struct store_config config;

	store_config_default(&config);
	return store_open_in_place(capture, dir, &config, writing, out, NULL, NULL);
}

/* What the index in place of a compressed file names is not in that file. */
static bool is_compressed(void)
{
	unsigned char bytes[16];
	FILE *f = fopen(capture, "rb");
	size_t n = f ? fread(bytes, 1, sizeof(bytes), f) : 0;
	enum file_kind kind = file_kind(bytes, n);

	if (f)
		fclose(f);
	return kind == FILE_GZIP || kind == FILE_ZSTD;
}

/* False where the file is refused. */
static bool index_it(const char *dir, uint64_t segment_packets)
{
	struct ingest_options options;
	struct ingest_progress progress = { 0 };
	struct ingest_result result;
	struct store *s;

	ingest_options_default(&options);
	options.threads = 1;
	options.segment_packets = segment_packets;
	if (is_compressed() || open_index(dir, true, &s) != RC_DONE)
		return false;
	enum rc rc = ingest_in_place(s, &options, &progress, &result, NULL);
	store_close(s);
	return rc == RC_DONE;
}

static void compact(struct store *s)
{
	struct compactor *c;
	bool did = true;

	MUST(compactor_new(s, &c, &err));
	while (did)
		MUST(compactor_step(c, true, &did, &err));
	compactor_free(c);
}

static struct store *must_open(const char *dir, bool writing)
{
	struct store *s = NULL;

	MUST(open_index(dir, writing, &s));
	return s;
}

static size_t segments(const struct store *s)
{
	size_t n;

	store_segments(s, &n);
	return n;
}

/* ---- answers ------------------------------------------------------------------------------ */

static void say(void *ctx, const char *path, uint64_t offset, const char *text)
{
	(void)ctx;
	print_error("%s: %s: %llu: %s\n", capture, path, (unsigned long long)offset, text);
}

static void check_clean(struct store *s)
{
	struct check_report report;

	MUST(store_check(s, say, NULL, &report, &err));
	assert_int_equal(report.problems, 0);
}

/* ---- a capture ---------------------------------------------------------------------------- */

/* All segments become one, in steps. */
static void check_answers(uint64_t segment_packets)
{
	struct buf before, after;
	struct store *s;
	char dir[128];

	captures_make_dir(dir, sizeof(dir));
	if (index_it(dir, segment_packets)) {
		buf_init(&before);
		buf_init(&after);
		s = must_open(dir, true);
		answers_of(s, &before);
		compact(s);
		answers_of(s, &after);
		answers_compare(capture, &before, &after);
		assert_int_equal(segments(s), store_totals(s)->packets > 0);
		check_clean(s);
		store_close(s);
		/* and by those who open it later, for reading or writing */
		for (int writing = 0; writing < 2; writing++) {
			s = must_open(dir, writing);
			buf_clear(&after);
			answers_of(s, &after);
			answers_compare(capture, &before, &after);
			store_close(s);
		}
		buf_free(&before);
		buf_free(&after);
	}
	captures_remove_dir(dir);
}

static void *segment_bytes(const char *dir, size_t *len)
{
	struct store *s = must_open(dir, false);
	const struct segment_place *p;
	char path[200];
	size_t n;
	char *file, *bytes = NULL;

	p = store_segments(s, &n);
	*len = 0;
	if (n > 0) {
		assert_int_equal(n, 1);
		snprintf(path, sizeof(path), "%s/%08u.idx", dir, p->block);
		file = captures_read_file(path, len);
		assert_true(p->at + p->len <= *len);
		bytes = malloc(p->len);
		memcpy(bytes, file + p->at, p->len);
		*len = p->len;
		free(file);
	}
	store_close(s);
	return bytes;
}

/* Times of packets are bounds of SEGMENT_MARK packets: exact where segments have so many, or where all have fewer. */
static void check_bytes(uint64_t segment_packets)
{
	char whole[128], merged[128];
	size_t len[2];
	void *bytes[2];

	captures_make_dir(whole, sizeof(whole));
	captures_make_dir(merged, sizeof(merged));
	if (index_it(whole, 0) && index_it(merged, segment_packets)) {
		struct store *s = must_open(merged, true);
		bool exact = segment_packets % SEGMENT_MARK == 0 || store_totals(s)->packets <= SEGMENT_MARK;

		compact(s);
		store_close(s);
		bytes[0] = segment_bytes(whole, &len[0]);
		bytes[1] = segment_bytes(merged, &len[1]);
		if (exact && len[0] == len[1] && (len[0] == 0 || memcmp(bytes[0], bytes[1], len[0]) == 0))
			same++;
		else if (exact) {
			kept_apart++;
			print_message("%s: another segment, %zu and %zu bytes\n", capture, len[0], len[1]);
		}
		free(bytes[0]);
		free(bytes[1]);
	}
	captures_remove_dir(whole);
	captures_remove_dir(merged);
}

/* All answers are compared as text, for which sanitizers take twenty times as long. */
#ifdef __SANITIZE_ADDRESS__
static const uint64_t PACKETS_MOST = 3000;
#else
static const uint64_t PACKETS_MOST = UINT64_MAX;
#endif

static void test_captures(void **state)
{
	struct captures c;
	size_t left_out = 0;

	(void)state;
	captures_find(&c);
	for (size_t i = 0; i < c.n; i++) {
		struct store *s;
		char dir[128];
		uint64_t packets = 0;

		capture = c.paths[i];
		captures_make_dir(dir, sizeof(dir));
		if (index_it(dir, 0)) {
			s = must_open(dir, false);
			packets = store_totals(s)->packets;
			store_close(s);
		}
		captures_remove_dir(dir);
		if (packets == 0)
			continue;
		/* at most some 150 segments; what is drawn is the same whatever is left out */
		uint64_t parts = 1 + packets / 150 + draw(40);
		uint64_t pieces = packets > SEGMENT_MARK ? SEGMENT_MARK : 1 + packets / 100 + draw(20);

		left_out += packets > PACKETS_MOST;
		if (packets > PACKETS_MOST)
			continue;
		check_answers(parts);
		check_bytes(pieces);
	}
	captures_free(&c);
	print_message("%zu captures of more than %llu packets left out\n", left_out, (unsigned long long)PACKETS_MOST);
	print_message("%llu merged segments are byte for byte those of the whole capture, %llu are not\n",
		(unsigned long long)same, (unsigned long long)kept_apart);
	/* a flow that a new SYN ended when its part had been sealed says so only where all is one segment */
	assert_true(kept_apart * 20 <= same);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_captures) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
