/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Own stores whose index is gone, with files among their blocks that are none of them: what is ours is found, the rest is left alone. */
#include "own_place.h"

#include "store/block.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* Two blocks of a store with slices of its own. */
static void make_store(struct place *p)
{
	struct point_info point = { .linktype = 1, .tsresol = 9, .name = "eth0" };
	struct store_config config;
	struct block_writer *w;
	struct store *s;

	store_config_default(&config);
	config.macro_ns *= 2;
	config.block_size = 1 << 20;
	assert_int_equal(store_create(p->store, &config, &s, NULL), RC_DONE);
	assert_int_equal(block_writer_new(s, &w, NULL), RC_DONE);
	assert_int_equal(store_add_point(s, &point, NULL, 0, NULL), RC_DONE);
	for (unsigned i = 0; i < 20; i++) {
		uint32_t block, offset, len;
		bool new_block;

		assert_int_equal(block_writer_packet(w, &(struct block_packet){ .timestamp = i, .caplen = 4, .len = 4,
			.data = (const uint8_t *)"data" }, &block, &offset, &len, &new_block, NULL), RC_DONE);
		if (i == 9)
			assert_int_equal(block_writer_seal(w, NULL), RC_DONE);
	}
	assert_int_equal(block_writer_close(w, NULL), RC_DONE);
	store_close(s);
}

static void lose_index(struct place *p)
{
	char path[400];

	snprintf(path, sizeof(path), "%s/index", p->store);
	made_dir_remove(path);
}

static void add_file(struct place *p, const char *name, const void *bytes, size_t len)
{
	char path[500];

	snprintf(path, sizeof(path), "%s/blocks/%s", p->store, name);
	made_file(path, bytes, len);
}

static size_t read_block(struct place *p, unsigned number, uint8_t *out, size_t room)
{
	char path[400];

	snprintf(path, sizeof(path), "%s/blocks/%08u.pcapng", p->store, number);
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	size_t n = fread(out, 1, room, f);
	fclose(f);
	return n;
}

/* Opened twice: the second time the catalog is there. */
static void must_have_two(struct place *p, const char *left)
{
	char path[500];

	for (int i = 0; i < 2; i++) {
		struct store_notes notes;
		struct err err = { 0 };
		struct store *s;
		size_t n;

		if (store_open(p->store, true, &s, &notes, &err) != RC_DONE)
			fail_msg("%s: %s", err.what, err.why);
		const struct block_info *b = store_blocks(s, &n);
		assert_int_equal(n, 2);
		assert_int_equal(b[0].number, 1);
		assert_int_equal(b[1].number, 2);
		assert_int_equal(store_config(s)->macro_ns, INT64_C(1800000000000));
		assert_string_equal(store_points(s, &n)->name, "eth0");
		store_close(s);
		snprintf(path, sizeof(path), "%s/blocks/%s", p->store, left);
		if (access(path, F_OK) != 0)
			fail_msg("%s is gone", left);
	}
}

/* Names of other forms are not even opened. */
static void test_names(void **state)
{
	static const char *const names[] = { "notes.txt", "1.pcapng", "00000003.pcap", "00000003.pcapng.bak",
		"99999999999999999999999.pcapng", "4294967295.pcapng", "00000000.pcapng", "0000000x.pcapng" };
	struct place *p = *state;

	make_store(p);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		add_file(p, names[i], "x", 1);
	lose_index(p);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		must_have_two(p, names[i]);
}

/* A copy of a block under another number; somebody else's capture; no capture. The newest one, too. */
static void test_contents(void **state)
{
	static const uint8_t big[28] = { 0x0a, 0x0d, 0x0d, 0x0a, 0, 0, 0, 28, 0x1a, 0x2b, 0x3c, 0x4d, 0, 1, 0, 0,
		255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 28 };
	static uint8_t bytes[1 << 16];
	struct place *p = *state;

	make_store(p);
	size_t n = read_block(p, 1, bytes, sizeof(bytes));
	add_file(p, "00000007.pcapng", bytes, n);
	lose_index(p);
	must_have_two(p, "00000007.pcapng");
	add_file(p, "00000008.pcapng", big, sizeof(big));
	lose_index(p);
	must_have_two(p, "00000008.pcapng");
	/* not the newest file: that could be a block whose beginning was lost with the power */
	add_file(p, "00000006.pcapng", "this is no capture, and never was one", 37);
	lose_index(p);
	must_have_two(p, "00000006.pcapng");
}

/* A newest block that is damaged in its middle and ends whole was sealed; one that does not is cut. */
static void test_ends(void **state)
{
	static uint8_t bytes[1 << 16];
	struct place *p = *state;
	struct store_notes notes;
	struct store *s;
	size_t n;

	make_store(p);
	size_t len = read_block(p, 2, bytes, sizeof(bytes));
	/* the interface's block type stays, its length cannot be */
	bytes[bytes[4] + bytes[5] * 256 + 5] ^= 0x7f;
	add_file(p, "00000002.pcapng", bytes, len);
	lose_index(p);
	assert_int_equal(store_open(p->store, true, &s, &notes, NULL), RC_DONE);
	assert_int_equal(store_blocks(s, &n)[1].length, len);
	assert_false(notes.recovered);
	store_close(s);
	static const uint8_t tails[][4] = { { 0, 0, 0, 0 }, { 13, 0, 0, 0 }, { 0, 0, 0, 16 }, { 12, 0, 0, 0 } };
	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		memcpy(bytes + len - 4, tails[i], 4);
		add_file(p, "00000002.pcapng", bytes, len);
		lose_index(p);
		assert_int_equal(store_open(p->store, true, &s, &notes, NULL), RC_DONE);
		assert_true(notes.recovered);
		assert_true(notes.recovered_bytes > 0);
		assert_true(store_blocks(s, &n)[1].length < len);
		store_close(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_names, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_contents, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_ends, setup, made_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
