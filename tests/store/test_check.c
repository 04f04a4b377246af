/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_check() finds nothing where nothing is wrong, and what is wrong where something is. */
#include "made.h"

#include "store/block.h"
#include "store/catalog.h"
#include "store/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../sql.h"

enum { PACKETS = 1000 };

struct place {
	char dir[128], capture[200], index[200], store[200];
	struct made m;
	char said[4096];
	struct check_report report;
};

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	made_dir(p->dir, sizeof(p->dir));
	snprintf(p->capture, sizeof(p->capture), "%s/a.pcap", p->dir);
	snprintf(p->index, sizeof(p->index), "%s/a.fdr", p->dir);
	snprintf(p->store, sizeof(p->store), "%s/s.fdr", p->dir);
	*state = p;
	return 0;
}

static void say(void *ctx, const char *path, uint64_t offset, const char *text)
{
	struct place *p = ctx;
	size_t len = strlen(p->said);

	snprintf(p->said + len, sizeof(p->said) - len, "%s:%llu: %s\n", path, (unsigned long long)offset,
		text);
}

static struct store *open_place(struct place *p, bool writing)
{
	struct store_config config;
	struct store *s;

	store_config_default(&config);
	assert_int_equal(store_open_in_place(p->capture, p->index, &config, writing, &s, NULL, NULL), RC_DONE);
	return s;
}

static void check(struct place *p, struct store *s)
{
	p->said[0] = '\0';
	assert_int_equal(store_check(s, say, p, &p->report, NULL), RC_DONE);
}

static void check_and_close(struct place *p, struct store *s)
{
	check(p, s);
	store_close(s);
}

/* The text must be among what was said. */
static void expect(struct place *p, const char *text)
{
	if (!strstr(p->said, text))
		fail_msg("'%s' is not in:\n%s", text, p->said);
}

static void expect_nothing(struct place *p)
{
	if (p->report.problems || p->said[0])
		fail_msg("%s", p->said);
}

static void make_in_place(struct place *p)
{
	struct store *s;

	made_dir_remove(p->index);
	made_pcap(&p->m, p->capture, PACKETS, 1700000000);
	s = open_place(p, true);
	assert_int_equal(made_index(s, &p->m, 300, NULL), RC_DONE);
	store_close(s);
}

/* Flips a byte of a file. */
static void flip(const char *path, long at)
{
	FILE *f = fopen(path, "r+b");
	int c;

	assert_non_null(f);
	assert_int_equal(fseek(f, at, SEEK_SET), 0);
	c = fgetc(f);
	assert_int_equal(fseek(f, at, SEEK_SET), 0);
	fputc(c ^ 0x40, f);
	fclose(f);
}

static void change(const char *index, const char *sql)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/catalog.db", index);
	sql_run(path, sql);
}

static void test_in_place(void **state)
{
	struct place *p = *state;
	struct store *s;

	make_in_place(p);
	check_and_close(p, open_place(p, false));
	expect_nothing(p);
	assert_int_equal(p->report.blocks, 1);
	assert_int_equal(p->report.segments, 4);
	assert_int_equal(p->report.packets, PACKETS);
	/* while it is being written */
	s = open_place(p, true);
	check_and_close(p, s);
	expect_nothing(p);
}

static void test_damaged_index(void **state)
{
	struct place *p = *state;
	const struct segment_place *places;
	struct store *s;
	char path[300];
	size_t n;

	make_in_place(p);
	snprintf(path, sizeof(path), "%s/00000001.idx", p->index);
	s = open_place(p, false);
	places = store_segments(s, &n);
	for (size_t i = 0; i < n; i++) {
		flip(path, (long)(places[i].at + places[i].len / 2));
		check(p, s);
		assert_int_equal(p->report.bad_index, 1);
		assert_int_equal(p->report.bad_blocks, 0);
		assert_int_equal(p->report.segments, n);
		expect(p, path);
		flip(path, (long)(places[i].at + places[i].len / 2));
	}
	check(p, s);
	expect_nothing(p);
	assert_int_equal(truncate(path, (off_t)places[n - 1].at + 10), 0);
	check_and_close(p, s);
	assert_int_equal(p->report.bad_index, 1);
}

static void test_damaged_capture(void **state)
{
	struct place *p = *state;

	make_in_place(p);
	flip(p->capture, (long)p->m.at[500] + 8);    /* captured length */
	check_and_close(p, open_place(p, false));
	assert_int_equal(p->report.bad_blocks, 1);
	assert_int_equal(p->report.bad_index, 0);
	expect(p, "no packet where the index names one");
	flip(p->capture, (long)p->m.at[500] + 8);
	flip(p->capture, (long)p->m.at[500] + 12);   /* length on the wire */
	check_and_close(p, open_place(p, false));
	assert_int_equal(p->report.bad_blocks, 1);
	assert_int_equal(p->report.problems, 1);
	expect(p, "the packet here is another one than was indexed");
	flip(p->capture, (long)p->m.at[500] + 12);
	flip(p->capture, (long)p->m.at[0] + 3);      /* time */
	check_and_close(p, open_place(p, false));
	assert_int_equal(p->report.problems, 1);
	expect(p, "the packet here is another one than was indexed");
	flip(p->capture, (long)p->m.at[0] + 3);
	flip(p->capture, (long)p->m.at[700] + 20);   /* a byte of its data */
	check_and_close(p, open_place(p, false));
	assert_int_equal(p->report.bad_blocks, 1);
	assert_int_equal(p->report.bad_index, 0);
	assert_int_equal(p->report.problems, 1);
	expect(p, "the packet here is another one than was indexed");
}

static void expect_refused(struct place *p)
{
	struct store_config config;
	struct store *s;

	store_config_default(&config);
	assert_int_equal(store_open_in_place(p->capture, p->index, &config, false, &s, NULL, NULL), RC_DAMAGED);
}

/* Rows that were changed, taken away or added behind our back: the checksums tell. */
static void test_catalog_rows(void **state)
{
	static const char *const changes[][2] = {
		{ "UPDATE sums SET packets = packets + 1 WHERE segment = 2",
			"UPDATE sums SET packets = packets - 1 WHERE segment = 2" },
		{ "UPDATE segments SET sum = sum + 1 WHERE number = 3",
			"UPDATE segments SET sum = sum - 1 WHERE number = 3" },
		{ "UPDATE meta SET name = 'kinf' WHERE name = 'kind'",
			"UPDATE meta SET name = 'kind' WHERE name = 'kinf'" },
		{ "UPDATE tallies SET sum = sum + 1 WHERE number = 9",
			"UPDATE tallies SET sum = sum - 1 WHERE number = 9" },
		{ "DELETE FROM tallies WHERE number = 1; PRAGMA user_version=4", NULL },
	};
	struct place *p = *state;

	make_in_place(p);
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		change(p->index, changes[i][0]);
		expect_refused(p);
		if (changes[i][1]) {
			change(p->index, changes[i][1]);
			check_and_close(p, open_place(p, false));
			expect_nothing(p);
		}
	}
	/* a row that vanished without a statement: as if its trigger had not run */
	make_in_place(p);
	change(p->index, "DROP TRIGGER segments_out; DELETE FROM segments WHERE number = 3;");
	expect_refused(p);
}

static void test_catalog_macros(void **state)
{
	struct place *p = *state;

	make_in_place(p);
	change(p->index, "UPDATE macroparts SET segment = 9 WHERE segment = 2");
	check_and_close(p, open_place(p, false));
	expect(p, "parts of macroflows are missing");
	expect(p, "macroflows of segment 1.2 have 0 packets");
	assert_int_equal(p->report.bad_index, 1);
	change(p->index, "UPDATE macroparts SET segment = 2 WHERE segment = 9");
	check_and_close(p, open_place(p, false));
	expect_nothing(p);
	change(p->index, "UPDATE macroparts SET parts = zeroblob(4) WHERE segment = 2");
	check_and_close(p, open_place(p, false));
	expect(p, "parts of macroflows are missing");
	/* dropped as it should be: who has an older snapshot has to ask again, and finds no damage */
	make_in_place(p);
	struct store *s = open_place(p, false);
	change(p->index, "DELETE FROM macroparts WHERE segment = 2; DELETE FROM runs WHERE segment = 2");
	p->said[0] = '\0';
	assert_int_equal(store_check(s, say, p, &p->report, NULL), RC_STALE);
	store_close(s);
	assert_string_equal(p->said, "");
	check_and_close(p, open_place(p, false));
	expect(p, "macroflows of segment 1.2 have 0 packets");
	assert_int_equal(p->report.problems, 1);
	make_in_place(p);
	change(p->index, "UPDATE fields SET name = 'x' WHERE id = 5");
	check_and_close(p, open_place(p, false));
	expect(p, "a row has another checksum");
}

/* Writes a segment's row anew, with its checksum; triggers follow any statement. */
static void put_segment(struct place *p, const struct segment_place *place)
{
	char path[300], sql[100];
	struct catalog *c;

	snprintf(sql, sizeof(sql), "DELETE FROM segments WHERE number = %u", place->number);
	change(p->index, sql);
	snprintf(path, sizeof(path), "%s/catalog.db", p->index);
	assert_int_equal(catalog_open(path, CATALOG_WRITE, &c, NULL, NULL), RC_DONE);
	assert_int_equal(catalog_put_segment(c, place, NULL), RC_DONE);
	catalog_close(c);
}

/* Whole, but not what the index and the packets say. */
static void test_catalog(void **state)
{
	struct place *p = *state;
	struct segment_place place;
	struct store *s;
	size_t n;

	make_in_place(p);
	s = open_place(p, false);
	place = store_segments(s, &n)[3];
	store_close(s);
	place.bytes++;
	put_segment(p, &place);
	check_and_close(p, open_place(p, false));
	expect(p, "segment 3: bytes of its microflows are");
	place.bytes--;
	place.first_frame++;
	put_segment(p, &place);
	check_and_close(p, open_place(p, false));
	expect(p, "another one than the catalog says");
	expect(p, "frame numbers do not go on");
	make_in_place(p);
	change(p->index, "DELETE FROM sums WHERE segment = 2");
	check_and_close(p, open_place(p, false));
	expect(p, "capture points have");
}

/* ---- own stores -------------------------------------------------------------------------------- */

/* A store of one block with PACKETS packets; indexed where `index`. */
static void make_own(struct place *p, bool index)
{
	struct point_info point = { .linktype = 1, .snaplen = 65535, .tsresol = 6 };
	struct store_config config;
	struct block_writer *w;
	struct store *s;
	uint32_t block, offset;
	bool new_block;
	uint8_t bytes[200];

	store_config_default(&config);
	assert_int_equal(store_create(p->store, &config, &s, NULL), RC_DONE);
	assert_int_equal(store_add_point(s, &point, NULL, 0, NULL), RC_DONE);
	assert_int_equal(block_writer_new(s, &w, NULL), RC_DONE);
	p->m.n = PACKETS;
	for (size_t i = 0; i < PACKETS; i++) {
		uint64_t us = (1700000000 + i) * UINT64_C(1000000);

		p->m.len[i] = 60 + (uint32_t)(i % 100);
		p->m.time_ns[i] = (int64_t)us * 1000;
		made_bytes(i, bytes, p->m.len[i]);
		assert_int_equal(block_writer_packet(w, &(struct block_packet){ .timestamp = us,
			.caplen = p->m.len[i], .len = p->m.len[i], .data = bytes }, &block, &offset,
			&p->m.record_len[i], &new_block, NULL), RC_DONE);
		p->m.at[i] = offset;
	}
	/* not stored, not published */
	assert_int_equal(made_publish(s, &p->m, 1, 0, 0, 0, 300, NULL), RC_USAGE);
	assert_int_equal(block_writer_sync(w, NULL), RC_DONE);
	if (index) {
		assert_int_equal(made_publish(s, &p->m, 1, 0, 0, 0, 300, NULL), RC_DONE);
		assert_int_equal(made_publish(s, &p->m, 1, 0, 1, 300, PACKETS, NULL), RC_DONE);
	}
	check(p, s);
	expect_nothing(p);
	assert_int_equal(block_writer_close(w, NULL), RC_DONE);
	if (index)
		assert_int_equal(store_block_indexed(s, 1, NULL, 0, NULL), RC_DONE);
	check_and_close(p, s);
}

static void shorten_block(const char *index)
{
	char path[400];
	struct catalog *c;
	struct view v;

	snprintf(path, sizeof(path), "%s/catalog.db", index);
	view_init(&v);
	assert_int_equal(catalog_open(path, CATALOG_WRITE, &c, NULL, NULL), RC_DONE);
	assert_int_equal(catalog_load(c, &v, NULL), RC_DONE);
	v.blocks[0].length -= 8;
	assert_int_equal(catalog_put_block(c, &v.blocks[0], NULL), RC_DONE);
	catalog_close(c);
	view_free(&v);
}

static void test_own(void **state)
{
	struct place *p = *state;
	struct store *s;
	char path[300], index[300];

	make_own(p, true);
	expect_nothing(p);
	assert_int_equal(p->report.packets, PACKETS);
	snprintf(path, sizeof(path), "%s/blocks/00000001.pcapng", p->store);
	snprintf(index, sizeof(index), "%s/index", p->store);
	flip(path, (long)p->m.at[700] + 4);
	assert_int_equal(store_open(p->store, false, &s, NULL, NULL), RC_DONE);
	check(p, s);
	assert_int_equal(p->report.bad_blocks, 1);
	assert_int_equal(p->report.bad_index, 0);
	flip(path, (long)p->m.at[700] + 4);
	check_and_close(p, s);
	expect_nothing(p);
	shorten_block(index);
	assert_int_equal(store_open(p->store, false, &s, NULL, NULL), RC_DONE);
	check_and_close(p, s);
	expect(p, "the file has");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(store_open(p->store, false, &s, NULL, NULL), RC_DONE);
	check_and_close(p, s);
	assert_int_equal(p->report.bad_blocks, 1);
	expect(p, "00000001.pcapng");
}

static void test_not_indexed(void **state)
{
	struct place *p = *state;

	make_own(p, false);
	expect(p, "block 1 is not indexed");
	assert_int_equal(p->report.bad_index, 1);
	assert_int_equal(p->report.bad_blocks, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_in_place, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_damaged_index, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_damaged_capture, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_catalog, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_catalog_rows, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_catalog_macros, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_own, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_not_indexed, setup, made_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
