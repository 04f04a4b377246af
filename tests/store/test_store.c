/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stores in place: what is written is read, what is wrong is refused, what crashes is put right. */
#include "made.h"

#include "base/io.h"
#include "base/mem.h"
#include "store/block.h"
#include "store/filters.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct place {
	char dir[256], capture[300], index[300];
	struct made m;
};

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	made_dir(p->dir, sizeof(p->dir));
	snprintf(p->capture, sizeof(p->capture), "%s/a.pcap", p->dir);
	snprintf(p->index, sizeof(p->index), "%s/cache/flowdrill/a.fdr", p->dir);
	made_pcap(&p->m, p->capture, 2000, 1700000000);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;

	made_dir_remove(p->dir);
	free(p);
	return 0;
}

static enum rc open_place(struct place *p, bool writing, struct store **s, struct store_notes *notes,
	struct err *err)
{
	struct store_config config;

	store_config_default(&config);
	return store_open_in_place(p->capture, p->index, &config, writing, s, notes, err);
}

static struct store *must_open(struct place *p, bool writing, struct store_notes *notes)
{
	struct store *s = NULL;
	struct err err = { 0 };
	enum rc rc = open_place(p, writing, &s, notes, &err);

	if (rc != RC_DONE)
		print_message("%s: %s\n", err.what, err.why);
	assert_int_equal(rc, RC_DONE);
	return s;
}

static void check_whole(struct place *p, struct store *s, size_t n_segments)
{
	const struct store_totals *t = store_totals(s);
	size_t n;
	uint64_t packets, bytes, sum = 0;

	for (size_t i = 0; i < p->m.n; i++)
		sum += p->m.len[i];
	assert_int_equal(t->packets, p->m.n);
	assert_int_equal(t->bytes, sum);
	assert_int_equal(t->first_ns, p->m.time_ns[0]);
	assert_int_equal(t->last_ns, p->m.time_ns[p->m.n - 1]);
	assert_int_equal(t->indexed_to, made_size(p->capture));
	assert_true(t->index_bytes > 1000);
	store_segments(s, &n);
	assert_int_equal(n, n_segments);
	assert_int_equal(store_blocks(s, &n)[0].packets, p->m.n);
	assert_int_equal(n, 1);
	assert_int_equal(store_points(s, &n)[0].packets, p->m.n);
	assert_int_equal(n, 1);
	/* 2000 s touch three windows of 900 s */
	assert_in_range(made_macros(s, &packets, &bytes), 3, 4);
	assert_int_equal(packets, p->m.n);
	assert_int_equal(bytes, sum);
}

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
		refs[i] = (struct packet_ref){ (uint32_t)(p->m.at[i] - p->m.at[0]), p->m.record_len[i] };
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
	/* what is no record is told so */
	assert_int_equal(packet_reader_get(r, 1, (struct packet_ref){ 3, 76 }, &k, NULL), RC_DAMAGED);
	assert_int_equal(packet_reader_get(r, 1, (struct packet_ref){ 0, 60 }, &k, NULL), RC_DAMAGED);
	assert_int_equal(packet_reader_get(r, 1, (struct packet_ref){ 0, 4 }, &k, NULL), RC_DAMAGED);
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
	struct macro_range range = { INT64_MIN, INT64_MAX, &key };
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

static size_t count_range(struct store *s, int64_t from_ns, int64_t to_ns)
{
	struct macro_range range = { from_ns, to_ns, NULL };
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

/* ---- crashes ------------------------------------------------------------------------------- */

/* A child does `work` and dies without a word to the store. */
static void crash_after(struct place *p, void (*work)(struct place *p, struct store *s))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		struct store *s;

		if (open_place(p, true, &s, NULL, NULL) != RC_DONE)
			_exit(1);
		work(p, s);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void work_half(struct place *p, struct store *s)
{
	struct point_info point = { .linktype = 1, .tsresol = 6 };
	uint32_t block;
	char path[400];
	FILE *f;

	if (store_add_point(s, &point, NULL, 0, NULL) != RC_DONE ||
		store_block_begin(s, p->m.at[0], &block, NULL) != RC_DONE ||
		made_publish(s, &p->m, block, p->m.at[0], 0, 0, 500, NULL) != RC_DONE ||
		made_publish(s, &p->m, block, p->m.at[0], 1, 500, 700, NULL) != RC_DONE)
		_exit(2);
	/* an interface, a section and a block that were met before their packets were published */
	point.file_offset = p->m.at[900];
	memset(point.uuid, 0, sizeof(point.uuid));
	if (store_add_point(s, &point, NULL, 0, NULL) != RC_DONE ||
		store_add_section(s, &(struct section_info){ .offset = p->m.at[900] }, NULL) != RC_DONE ||
		store_block_begin(s, p->m.at[900], &block, NULL) != RC_DONE)
		_exit(3);
	/* and a segment that was written, not named */
	snprintf(path, sizeof(path), "%s/00000001.idx", p->index);
	f = fopen(path, "ab");
	if (!f || fwrite(path, 1, sizeof(path), f) != sizeof(path) || fclose(f) != 0)
		_exit(4);
}

static void test_crash_and_go_on(void **state)
{
	struct place *p = *state;
	struct store_notes notes;
	struct store *s;
	const struct segment_place *last;
	uint32_t block;
	size_t n;
	char path[400];

	crash_after(p, work_half);
	s = must_open(p, false, NULL);
	assert_int_equal(store_totals(s)->packets, 700);
	store_close(s);
	s = must_open(p, true, &notes);
	assert_int_equal(store_totals(s)->packets, 700);
	assert_int_equal(store_totals(s)->indexed_to, p->m.at[700]);
	assert_false(notes.index_missing);
	assert_int_equal(store_points(s, &n)[0].packets, 700);
	assert_int_equal(n, 1);
	store_sections(s, &n);
	assert_int_equal(n, 0);
	assert_int_equal(store_blocks(s, &n)[0].state, BLOCK_INDEXED);
	assert_int_equal(n, 1);
	last = &store_segments(s, &n)[1];
	snprintf(path, sizeof(path), "%s/00000001.idx", p->index);
	assert_int_equal(made_size(path), last->at + last->len);
	/* and on from there */
	assert_int_equal(store_block_begin(s, p->m.at[700], &block, NULL), RC_DONE);
	assert_true(block > 2);
	assert_int_equal(made_publish(s, &p->m, block, p->m.at[700], 0, 700, 2000, NULL), RC_DONE);
	assert_int_equal(store_block_seal(s, block, made_size(p->capture) - p->m.at[700], NULL), RC_DONE);
	assert_int_equal(store_totals(s)->packets, 2000);
	store_close(s);
}

static void work_all(struct place *p, struct store *s)
{
	if (made_index(s, &p->m, 300, NULL) != RC_DONE)
		_exit(2);
}

static void test_lost_index_file(void **state)
{
	struct place *p = *state;
	struct store_notes notes;
	struct store *s;
	char path[400];
	size_t n;

	crash_after(p, work_all);
	snprintf(path, sizeof(path), "%s/00000001.idx", p->index);
	assert_int_equal(truncate(path, 5000), 0);
	s = must_open(p, true, &notes);
	assert_true(notes.index_missing);
	assert_int_equal(store_totals(s)->packets, 0);
	store_points(s, &n);
	assert_int_equal(n, 0);
	assert_false(store_totals(s)->complete);
	assert_int_equal(made_index(s, &p->m, 300, NULL), RC_DONE);
	check_whole(p, s, 7);
	assert_int_equal(store_blocks(s, &n)[0].number, 1);
	store_close(s);
}

static void test_grown_file(void **state)
{
	struct place *p = *state;
	struct store *s = must_open(p, true, NULL);
	uint32_t block;

	assert_int_equal(made_index(s, &p->m, 300, NULL), RC_DONE);
	store_close(s);
	s = must_open(p, true, NULL);
	assert_true(store_totals(s)->complete);
	store_close(s);
	made_pcap(&p->m, p->capture, 2500, 1700000000);
	s = must_open(p, true, NULL);
	assert_false(store_totals(s)->complete);
	assert_int_equal(store_totals(s)->packets, 2000);
	assert_int_equal(store_totals(s)->indexed_to, p->m.at[2000]);
	assert_int_equal(store_block_begin(s, p->m.at[2000], &block, NULL), RC_DONE);
	assert_int_equal(block, 2);
	assert_int_equal(made_publish(s, &p->m, block, p->m.at[2000], 0, 2000, 2500, NULL), RC_DONE);
	assert_int_equal(store_totals(s)->packets, 2500);
	store_close(s);
}

static void patch(const char *path, long at, const void *bytes, size_t len)
{
	FILE *f = fopen(path, "r+b");

	assert_non_null(f);
	assert_int_equal(fseek(f, at, SEEK_SET), 0);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	fclose(f);
}

static void test_damaged_and_newer_catalog(void **state)
{
	struct place *p = *state;
	struct store_notes notes;
	struct store *s = must_open(p, true, NULL);
	char path[400];
	uint8_t garbage[4096];

	assert_int_equal(made_index(s, &p->m, 300, NULL), RC_DONE);
	store_close(s);
	snprintf(path, sizeof(path), "%s/catalog.db", p->index);
	/* user_version: four bytes, big-endian, at 60 */
	patch(path, 60, "\0\0\0\x63", 4);
	assert_int_equal(open_place(p, false, &s, NULL, NULL), RC_NEWER);
	assert_int_equal(open_place(p, true, &s, NULL, NULL), RC_NEWER);
	patch(path, 60, "\0\0\0\1", 4);
	s = must_open(p, false, NULL);
	store_close(s);
	memset(garbage, 0x5a, sizeof(garbage));
	patch(path, 0, garbage, sizeof(garbage));
	assert_int_equal(open_place(p, false, &s, NULL, NULL), RC_DAMAGED);
	s = must_open(p, true, &notes);
	assert_true(notes.index_missing);
	assert_int_equal(store_totals(s)->packets, 0);
	assert_int_equal(made_index(s, &p->m, 300, NULL), RC_DONE);
	check_whole(p, s, 7);
	store_close(s);
}

static void test_drop_index(void **state)
{
	struct place *p = *state;
	struct store *s = must_open(p, true, NULL);
	struct addr a;
	uint64_t packets, bytes;
	uint8_t uuid[16];
	size_t n;

	assert_int_equal(made_index(s, &p->m, 300, NULL), RC_DONE);
	assert_int_equal(store_refresh(s, NULL), RC_DONE);
	memcpy(uuid, store_points(s, &n)[0].uuid, 16);
	assert_int_equal(addr_parse("10.0.0.1", &a, NULL), RC_DONE);
	assert_true(filters_may_have(store_filters(s), 1, &a));
	assert_int_equal(addr_parse("10.9.9.9", &a, NULL), RC_DONE);
	assert_false(filters_may_have(store_filters(s), 1, &a));
	assert_int_equal(store_drop_index(s, 5, NULL), RC_MISSING);
	assert_int_equal(store_drop_index(s, 1, NULL), RC_DONE);
	assert_int_equal(store_totals(s)->packets, 0);
	assert_int_equal(made_macros(s, &packets, &bytes), 0);
	assert_int_equal(store_blocks(s, &n)[0].state, BLOCK_SEALED);
	assert_int_equal(store_points(s, &n)[0].packets, 0);
	assert_int_equal(store_drop_index(s, 0, NULL), RC_DONE);
	store_blocks(s, &n);
	assert_int_equal(n, 0);
	assert_int_equal(made_index(s, &p->m, 300, NULL), RC_DONE);
	check_whole(p, s, 7);
	assert_memory_equal(uuid, store_points(s, &n)[0].uuid, 16);
	store_close(s);
}

/* ---- failures ------------------------------------------------------------------------------- */

static long fail_at, op_count;
static int fail_with;

static bool op_fails(void)
{
	if (++op_count != fail_at)
		return false;
	errno = fail_with;
	return true;
}

static ssize_t fail_pwrite(int fd, const void *from, size_t len, off_t at)
{
	if (!op_fails())
		return io_real.pwrite(fd, from, len, at);
	if (fail_with != ENOSPC || len < 2)
		return -1;
	/* half of it goes, and the next call fails */
	op_count--;
	return io_real.pwrite(fd, from, len / 2, at);
}

static int fail_datasync(int fd)
{
	return op_fails() ? -1 : io_real.datasync(fd);
}

static int fail_truncate(int fd, off_t len)
{
	return op_fails() ? -1 : io_real.truncate(fd, len);
}

static int fail_open(const char *path, int flags, mode_t mode)
{
	return op_fails() ? -1 : io_real.open(path, flags, mode);
}

static int fail_mkdir(const char *path, mode_t mode)
{
	return op_fails() ? -1 : io_real.mkdir(path, mode);
}

/* After whatever failed: the store opens, what it names is whole, and indexing can be done. */
static void check_after_failure(struct place *p, long n)
{
	struct store_notes notes;
	struct store *s = must_open(p, true, &notes);
	const struct segment_place *places;
	size_t count;
	uint64_t packets, bytes;

	places = store_segments(s, &count);
	for (size_t i = 0; i < count; i++) {
		struct segment *seg;

		if (store_open_segment(s, &places[i], &seg, NULL, NULL) != RC_DONE ||
			segment_verify(seg, NULL) != RC_DONE)
			fail_msg("segment %zu after failure %ld", i, n);
		segment_close(seg);
	}
	made_macros(s, &packets, &bytes);
	assert_int_equal(packets, store_totals(s)->packets);
	assert_int_equal(store_drop_index(s, 0, NULL), RC_DONE);
	assert_int_equal(made_index(s, &p->m, 700, NULL), RC_DONE);
	check_whole(p, s, 3);
	store_close(s);
}

static void fail_everywhere(struct place *p, int with)
{
	struct io_ops ops = io_real;
	enum rc rc = RC_IO;
	long n;

	ops.pwrite = fail_pwrite;
	ops.datasync = fail_datasync;
	ops.truncate = fail_truncate;
	ops.open = fail_open;
	ops.mkdir = fail_mkdir;
	fail_with = with;
	for (n = 1; rc != RC_DONE && n < 500; n++) {
		struct store *s;

		made_dir_remove(p->index);
		fail_at = n;
		op_count = 0;
		io_set_ops(&ops);
		rc = open_place(p, true, &s, NULL, NULL);
		if (rc == RC_DONE) {
			rc = made_index(s, &p->m, 700, NULL);
			store_close(s);
		}
		io_set_ops(NULL);
		check_after_failure(p, n);
	}
	/* enough places were tried, and the last try met none */
	assert_true(n > 8 && n < 500);
}

static void test_failing_io(void **state)
{
	fail_everywhere(*state, EIO);
}

static void test_no_space(void **state)
{
	fail_everywhere(*state, ENOSPC);
}

static void test_no_memory(void **state)
{
	struct place *p = *state;
	enum rc rc = RC_NO_MEMORY;
	uint64_t n;

	for (n = 1; rc != RC_DONE && n < 3000; n++) {
		struct store *s;

		made_dir_remove(p->index);
		mem_fail_after(n);
		rc = open_place(p, true, &s, NULL, NULL);
		if (rc == RC_DONE) {
			struct point_info point = { .linktype = 1, .tsresol = 6 };
			uint32_t block;

			rc = store_add_point(s, &point, "opts", 4, NULL);
			if (rc == RC_DONE)
				rc = store_block_begin(s, 24, &block, NULL);
			if (rc == RC_DONE)
				rc = store_add_untimed(s, 24, 30, 0, NULL);
			if (rc == RC_DONE)
				rc = store_refresh(s, NULL);
			store_close(s);
		}
		mem_fail_after(0);
		s = must_open(p, true, NULL);
		store_close(s);
	}
	assert_true(n > 10 && n < 3000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_write_and_read, setup, teardown),
		cmocka_unit_test_setup_teardown(test_packets_by_reference, setup, teardown),
		cmocka_unit_test_setup_teardown(test_segments_and_macroflows_by_id, setup, teardown),
		cmocka_unit_test_setup_teardown(test_macroflows_by_time, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reader_beside_writer, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_crash_and_go_on, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lost_index_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_grown_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damaged_and_newer_catalog, setup, teardown),
		cmocka_unit_test_setup_teardown(test_drop_index, setup, teardown),
		cmocka_unit_test_setup_teardown(test_failing_io, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_space, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_memory, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
