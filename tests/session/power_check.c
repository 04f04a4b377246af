/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "power_check.h"
#include "store/block.h"
#include "store/check.h"
#include "store/format.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static uint64_t size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

static void need(const char *path, uint64_t bytes)
{
	if (size_of(path) < bytes)
		fail_msg("%s is named with %" PRIu64 " bytes and has %" PRIu64, path, bytes,
			size_of(path));
}

void power_check_named(struct store *s, const struct store_notes *notes)
{
	char path[600];
	size_t n;

	/* it was synced before there was a store, and segments before they were named */
	if (strstr(notes->text, "made again") || strstr(notes->text, "no valid index"))
		fail_msg("on opening: %s", notes->text);
	const struct block_info *b = store_blocks(s, &n);
	for (size_t i = 0; i < n; i++) {
		assert_int_not_equal(b[i].state, BLOCK_OPEN);
		snprintf(path, sizeof(path), "%s/%s", store_path(s), b[i].file);
		if (b[i].state != BLOCK_EVICTED)
			need(path, b[i].length);
	}
	const struct segment_place *p = store_segments(s, &n);
	for (size_t i = 0; i < n; i++) {
		struct segment *segment;
		struct err err = { 0 };

		snprintf(path, sizeof(path), "%s/index/%08u.idx", store_path(s), p[i].block);
		need(path, p[i].at + p[i].len);
		snprintf(
			path, sizeof(path), "%s/blocks/%08u.pcapng", store_path(s), p[i].block);
		need(path, p[i].end_offset);
		if (store_open_segment(s, &p[i], &segment, NULL, &err) != RC_DONE)
			fail_msg(
				"segment %u of block %u: %s", p[i].number, p[i].block, err.why);
		segment_close(segment);
	}
}

void power_check_synced(struct store *s, const struct power_report *report)
{
	char path[600];
	size_t n;
	const struct block_info *b = store_blocks(s, &n);

	for (unsigned i = 0; i < POWER_BLOCKS; i++) {
		snprintf(path, sizeof(path), "%s/blocks/%08u.pcapng", store_path(s), i);
		/* the first page is synced by itself, before there is anything to keep */
		if (report->synced[i] > BLOCK_ALIGN &&
			!(store_block(s, i) && store_block(s, i)->state == BLOCK_EVICTED))
			need(path, report->synced[i]);
	}
	for (size_t i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/blocks/%08u.pcapng", store_path(s),
			b[i].number);
		assert_true(b[i].state != BLOCK_EVICTED || size_of(path) == 0);
	}
}

static void say(void *ctx, const char *path, uint64_t offset, const char *text)
{
	(void)ctx;
	printf("%s: offset %" PRIu64 ": %s\n", path, offset, text);
}

void power_check_clean(struct store *s)
{
	struct check_report report = { 0 };
	struct err err = { 0 };

	assert_int_equal(store_check(s, say, NULL, &report, &err), RC_DONE);
	assert_int_equal(report.problems, 0);
}

uint64_t power_number(const char *name, uint64_t otherwise)
{
	const char *s = getenv(name);

	return s ? strtoull(s, NULL, 10) : otherwise;
}
