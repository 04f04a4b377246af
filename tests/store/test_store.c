/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stores in place: what is written is read, what is wrong is refused. */
#include "place.h"

#include "file/pcapng.h"
#include "store/block.h"
#include "store/filters.h"

#include <sys/stat.h>

static void test_write_and_read(void **state)
{
	struct place *p = *state;
	struct store *s = must_open(p, true, NULL), *r;
	struct stat st;

	assert_int_equal(made_index(s, &p->m, 300, NULL), RC_DONE);
	check_whole(p, s, 7);
	store_close(s);
	assert_int_equal(stat(p->index, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	r = must_open(p, false, NULL);
	check_whole(p, r, 7);
	assert_true(store_totals(r)->complete);
	assert_int_equal(store_blocks(r, &(size_t){ 0 })[0].state, BLOCK_INDEXED);
	assert_string_equal(store_points(r, &(size_t){ 0 })[0].name, "made");
	store_close(r);
}

static void test_packets_by_reference(void **state)
{
	struct place *p = *state;
	struct store *s = must_open(p, true, NULL);
	struct packet_ref refs[MADE_MAX];
	struct packet_reader *r;
	struct raw_packet k;
	uint8_t want[256];
	uint64_t bytes = 0;

	assert_int_equal(made_index(s, &p->m, 300, NULL), RC_DONE);
	assert_int_equal(packet_reader_new(s, &r, NULL), RC_DONE);
	for (size_t i = 0; i < p->m.n; i++) {
		refs[i] = (struct packet_ref){ .offset = (uint32_t)(p->m.at[i] - p->m.at[0]),
			.record_len = p->m.record_len[i] };
		bytes += p->m.record_len[i];
	}
	assert_int_equal(packet_reader_announce(r, 1, refs, p->m.n, NULL), RC_DONE);
	for (size_t i = 0; i < p->m.n; i++) {
		assert_int_equal(packet_reader_next(r, &k, NULL), RC_DONE);
		made_bytes(i, want, p->m.len[i]);
		assert_int_equal(k.time_ns, p->m.time_ns[i]);
		assert_int_equal(k.timestamp, (uint64_t)p->m.time_ns[i] / 1000);
		assert_int_equal(k.caplen, p->m.len[i]);
		assert_memory_equal(k.data, want, k.caplen);
	}
	assert_int_equal(packet_reader_next(r, &k, NULL), RC_END);
	assert_int_equal(packet_reader_counts(r)->bytes, bytes);
	assert_int_equal(packet_reader_counts(r)->reads, 1);
	/* every tenth: nothing between is read */
	size_t n = 0;
	for (size_t i = 0; i < p->m.n; i += 10)
		refs[n++] = refs[i];
	assert_int_equal(packet_reader_announce(r, 1, refs, n, NULL), RC_DONE);
	while (packet_reader_next(r, &k, NULL) == RC_DONE)
		;
	for (size_t i = 0; i < n; i++)
		bytes += refs[i].record_len;
	assert_int_equal(packet_reader_counts(r)->bytes, bytes);
	assert_int_equal(packet_reader_counts(r)->reads, 1 + n);
	/* a check that is right, and one that is not: what comes behind it can be got */
	refs[0].has_check = refs[1].has_check = refs[2].has_check = true;
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(packet_reader_get(r, 1, (struct packet_ref){ .offset = refs[i].offset,
			.record_len = refs[i].record_len }, &k, NULL), RC_DONE);
		refs[i].check = (uint16_t)(packet_check(k.digest) ^ (i == 1));
	}
	assert_int_equal(packet_reader_announce(r, 1, refs, 3, NULL), RC_DONE);
	assert_int_equal(packet_reader_next(r, &k, NULL), RC_DONE);
	assert_int_equal(packet_reader_next(r, &k, NULL), RC_DAMAGED);
	assert_int_equal(packet_reader_next(r, &k, NULL), RC_DONE);
	assert_int_equal(packet_reader_next(r, &k, NULL), RC_END);
	/* what is no record is told so */
	assert_int_equal(packet_reader_get(r, 1, (struct packet_ref){ .offset = 3, .record_len = 76 }, &k, NULL), RC_DAMAGED);
	assert_int_equal(packet_reader_get(r, 1, (struct packet_ref){ .offset = 0, .record_len = 60 }, &k, NULL), RC_DAMAGED);
	assert_int_equal(packet_reader_get(r, 1, (struct packet_ref){ .offset = 0, .record_len = 4 }, &k, NULL), RC_DAMAGED);
	assert_int_equal(packet_reader_get(r, 9, refs[0], &k, NULL), RC_MISSING);
	assert_int_equal(truncate(p->capture, 1000), 0);
	assert_int_equal(packet_reader_get(r, 1, refs[n - 1], &k, NULL), RC_CUT_SHORT);
	packet_reader_free(r);
	store_close(s);
}

static void test_segments_and_macroflows_by_id(void **state)
{
	struct place *p = *state;
	struct store *s = must_open(p, true, NULL);
	const struct segment_place *places;
	struct service_key key, again;
	struct macro_range range = { .from_ns = INT64_MIN, .to_ns = INT64_MAX, .only = &key };
	struct macro_walk *w;
	struct record rec;
	uint64_t io = 0;
	size_t n;

	assert_int_equal(made_index(s, &p->m, 300, NULL), RC_DONE);
	places = store_segments(s, &n);
	for (size_t i = 0; i < n; i++) {
		struct segment *seg;

		assert_ptr_equal(store_segment_at(s, 1, places[i].first_offset), &places[i]);
		assert_ptr_equal(store_segment_at(s, 1, places[i].end_offset - 1), &places[i]);
		assert_int_equal(store_open_segment(s, &places[i], &seg, &io, NULL), RC_DONE);
		assert_int_equal(segment_info(seg)->packets, places[i].packets);
		assert_int_equal(segment_verify(seg, NULL), RC_DONE);
		segment_close(seg);
	}
	assert_true(io > 0);
	assert_null(store_segment_at(s, 1, places[n - 1].end_offset));
	assert_null(store_segment_at(s, 2, 0));
	assert_int_equal(store_find_macro(s, (struct record_id){ 1, 0 }, &key, NULL), RC_DONE);
	assert_int_equal(key.port, 53);
	assert_int_equal(macro_walk_open(s, &range, &w, NULL), RC_DONE);
	assert_int_equal(macro_walk_next(w, &rec, &again, NULL), RC_DONE);
	assert_int_equal(service_cmp(&key, &again), 0);
	assert_true(record_id_equal(rec.id, (struct record_id){ 1, 0 }));
	assert_int_equal(rec.slice_ns, key.window_ns);
	record_free(&rec);
	assert_int_equal(macro_walk_next(w, &rec, &again, NULL), RC_END);
	macro_walk_close(w);
	assert_int_equal(store_find_macro(s, (struct record_id){ 1, p->m.record_len[0] }, &key, NULL),
		RC_MISSING);
	assert_int_equal(store_find_macro(s, (struct record_id){ 7, 0 }, &key, NULL), RC_MISSING);
	store_close(s);
}

static void put_be32(struct buf *b, uint32_t v)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		buf_put_u8(b, (uint8_t)(v >> shift));
}

/* A big-endian section: header, one interface of nanoseconds, one packet of 4 bytes with a comment. */
static uint32_t put_big_section(struct buf *b)
{
	static const uint32_t head[] = { 0x0a0d0d0a, 28, 0x1a2b3c4d, 0x00010000, 0xffffffff, 0xffffffff, 28,
		1, 32, 0x00010000, 0, 0x00090001, 0x09000000, 0, 32 };
	static const uint32_t packet[] = { 6, 48, 0, 0x17979cfe, 0x362a0005, 4, 9, 0x61626364,
		0x00010002, 0x68690000, 0, 48 };
	uint32_t at;

	for (size_t i = 0; i < sizeof(head) / sizeof(head[0]); i++)
		put_be32(b, head[i]);
	at = (uint32_t)b->len;
	for (size_t i = 0; i < sizeof(packet) / sizeof(packet[0]); i++)
		put_be32(b, packet[i]);
	return at;
}

/* Two sections of different byte order, the first with simple packets behind one that has a time. */
static void test_sections(void **state)
{
	struct place *p = *state;
	struct point_info points[2] = { { .linktype = 1, .snaplen = 6, .tsresol = 6 },
		{ .linktype = 1, .tsresol = 9 } };
	struct packet_ref refs[4] = { 0 };
	struct packet_reader *r;
	struct raw_packet k;
	struct store *s;
	struct buf b;
	uint32_t block;
	uint64_t second;

	buf_init(&b);
	pcapng_put_section(&b, NULL);
	pcapng_put_interface(&b, 1, 6, NULL);
	refs[0].offset = (uint32_t)b.len;
	pcapng_put_packet(&b, 0, 1700000000000007, 5, 5, "timed", NULL, 0);
	for (size_t i = 1; i < 3; i++) {
		refs[i].offset = (uint32_t)b.len;
		refs[i - 1].record_len = refs[i].offset - refs[i - 1].offset;
		/* length on the wire 10, of which the snap length leaves 6 */
		pcapng_put_block(&b, PCAPNG_SPB, "\x0a\0\0\0simple", 10);
	}
	second = b.len;
	refs[2].record_len = (uint32_t)second - refs[2].offset;
	refs[3].offset = put_big_section(&b);
	refs[3].record_len = (uint32_t)b.len - refs[3].offset;
	made_file(p->capture, b.data, b.len);
	s = must_open(p, true, NULL);
	assert_int_equal(store_add_section(s, &(struct section_info){ 0 }, NULL), RC_DONE);
	assert_int_equal(store_add_point(s, &points[0], NULL, 0, NULL), RC_DONE);
	assert_int_equal(store_add_section(s, &(struct section_info){ .offset = second, .big_endian = true,
		.first_point = 1 }, NULL), RC_DONE);
	assert_int_equal(store_add_section(s, &(struct section_info){ .offset = second }, NULL), RC_USAGE);
	assert_int_equal(store_add_point(s, &points[1], NULL, 0, NULL), RC_DONE);
	assert_int_equal(store_block_begin(s, 0, &block, NULL), RC_DONE);
	assert_int_equal(store_add_untimed(s, refs[1].offset, second, 1700000000000007000, NULL), RC_DONE);
	assert_int_equal(store_set_totals(s, &(struct store_totals){ .complete = true }, NULL), RC_DONE);
	assert_int_equal(packet_reader_new(s, &r, NULL), RC_DONE);
	/* backwards too: no packet needs the one before */
	for (size_t i = 4; i-- > 0;) {
		assert_int_equal(packet_reader_get(r, block, refs[i], &k, NULL), RC_DONE);
		assert_int_equal(k.time_unknown, i == 1 || i == 2);
		assert_int_equal(k.time_ns, i < 3 ? 1700000000000007000 : 1700000000000000005);
		assert_int_equal(k.caplen, i == 0 ? 5 : i == 3 ? 4 : 6);
		assert_int_equal(k.len, i == 0 ? 5 : i == 3 ? 9 : 10);
		assert_memory_equal(k.data, i == 0 ? "timed" : i == 3 ? "abcd" : "simple", k.caplen);
		assert_int_equal(k.point, i == 3);
		assert_int_equal(k.big_endian, i == 3);
	}
	assert_int_equal(packet_reader_get(r, block, refs[3], &k, NULL), RC_DONE);
	assert_memory_equal(k.options, "\0\1\0\2hi\0\0", 8);
	/* a header is no packet */
	assert_int_equal(packet_reader_get(r, block, (struct packet_ref){ .offset = 0, .record_len = 28 }, &k, NULL), RC_DAMAGED);
	packet_reader_free(r);
	store_close(s);
	buf_free(&b);
}

static size_t count_range(struct store *s, int64_t from_ns, int64_t to_ns)
{
	struct macro_range range = { .from_ns = from_ns, .to_ns = to_ns };
	struct macro_walk *w;
	struct service_key key;
	struct record rec;
	size_t n = 0;

	assert_int_equal(macro_walk_open(s, &range, &w, NULL), RC_DONE);
	for (; macro_walk_next(w, &rec, &key, NULL) == RC_DONE; n++)
		record_free(&rec);
	macro_walk_close(w);
	return n;
}

static void test_macroflows_by_time(void **state)
{
	struct place *p = *state;
	struct store *s = must_open(p, true, NULL);
	const int64_t w = 900 * INT64_C(1000000000);
	int64_t first;

	assert_int_equal(made_index(s, &p->m, 100, NULL), RC_DONE);
	first = p->m.time_ns[0] / w * w;
	assert_int_equal(count_range(s, first, first + 1), 1);
	assert_int_equal(count_range(s, first + w - 1, first + w), 1);
	assert_int_equal(count_range(s, first + w - 1, first + w + 1), 2);
	assert_int_equal(count_range(s, first - w, first), 0);
	assert_int_equal(count_range(s, INT64_MIN, first + 1), 1);
	assert_int_equal(count_range(s, first, first), 0);
	assert_int_equal(count_range(s, INT64_MIN, INT64_MIN), 0);
	assert_int_equal(count_range(s, first + w, INT64_MAX), count_range(s, INT64_MIN, INT64_MAX) - 1);
	store_close(s);
}

static void test_reader_beside_writer(void **state)
{
	struct place *p = *state;
	struct store *s = must_open(p, true, NULL), *r = must_open(p, false, NULL);
	struct point_info point = { .linktype = 1, .tsresol = 6 };
	uint64_t before, after, packets, bytes;
	uint32_t block;
	char wal[400];

	snprintf(wal, sizeof(wal), "%s/catalog.db-wal", p->index);
	assert_int_equal(store_totals(r)->packets, 0);
	assert_int_equal(store_version(r, &before, NULL), RC_DONE);
	assert_int_equal(store_add_point(s, &point, NULL, 0, NULL), RC_DONE);
	assert_int_equal(store_block_begin(s, p->m.at[0], &block, NULL), RC_DONE);
	assert_int_equal(made_publish(s, &p->m, block, p->m.at[0], 0, 0, 500, NULL), RC_DONE);
	assert_int_equal(store_version(r, &after, NULL), RC_DONE);
	assert_int_not_equal(before, after);
	/* the snapshot stays what it was until it is refreshed, the walk too */
	assert_int_equal(store_totals(r)->packets, 0);
	assert_int_equal(made_macros(r, &packets, &bytes), 0);
	assert_int_equal(store_refresh(r, NULL), RC_DONE);
	assert_int_equal(store_totals(r)->packets, 500);
	assert_int_equal(store_totals(r)->indexed_to, p->m.at[500]);
	assert_int_equal(store_blocks(r, &(size_t){ 0 })[0].state, BLOCK_OPEN);
	assert_true(made_macros(r, &packets, &bytes) > 0);
	assert_int_equal(packets, 500);
	assert_int_equal(store_version(r, &before, NULL), RC_DONE);
	assert_int_equal(store_version(r, &after, NULL), RC_DONE);
	assert_int_equal(before, after);
	/* the writer cannot leave WAL mode while somebody reads: the reader does it */
	store_close(s);
	assert_int_not_equal(made_size(wal), UINT64_MAX);
	store_close(r);
	assert_int_equal(made_size(wal), UINT64_MAX);
}

static void test_what_is_refused(void **state)
{
	struct place *p = *state;
	struct store *s, *second;
	struct point_info point = { .linktype = 1, .tsresol = 6 };
	struct err err = { 0 };
	uint32_t block;
	char pid[32];

	assert_int_equal(open_place(p, false, &s, NULL, &err), RC_MISSING);
	s = must_open(p, true, NULL);
	assert_int_equal(open_place(p, true, &second, NULL, &err), RC_LOCKED);
	snprintf(pid, sizeof(pid), "(pid %ld)", (long)getpid());
	assert_non_null(strstr(err.why, pid));
	assert_int_equal(store_add_point(s, &point, NULL, 0, NULL), RC_DONE);
	assert_int_equal(made_publish(s, &p->m, 1, 24, 0, 0, 10, &err), RC_USAGE);      /* no block */
	assert_int_equal(store_block_begin(s, 24, &block, NULL), RC_DONE);
	assert_int_equal(made_publish(s, &p->m, block, 24, 1, 0, 10, &err), RC_USAGE);  /* not the first */
	assert_int_equal(made_publish(s, &p->m, block, 24, 0, 0, 10, &err), RC_DONE);
	assert_int_equal(made_publish(s, &p->m, block, 24, 1, 5, 15, &err), RC_USAGE);  /* overlap */
	assert_int_equal(made_publish(s, &p->m, block, 24, 1, 11, 15, &err), RC_USAGE); /* frame gap */
	assert_int_equal(made_publish(s, &p->m, block, 24, 1, 10, 15, &err), RC_DONE);
	assert_int_equal(store_block_seal(s, block, 10, &err), RC_USAGE);
	assert_int_equal(store_totals(s)->packets, 15);
	store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_write_and_read, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_packets_by_reference, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_segments_and_macroflows_by_id, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_sections, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_macroflows_by_time, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_reader_beside_writer, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_what_is_refused, setup, made_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
