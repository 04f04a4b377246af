/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The index is the same, byte for byte, with any number of threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "captures.h"
#include "session/ingest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Index of a capture with so many threads; false where the file is refused. */
static bool index_it(const char *capture, const char *dir, unsigned threads)
{
	struct store_config config;
	struct ingest_options options;
	struct ingest_progress progress = {0};
	struct ingest_result result;
	struct store *store;
	struct err err = {0};

	store_config_default(&config);
	ingest_options_default(&options);
	options.threads = threads;
	options.segment_packets = 300;       /* so that small captures have several */
	if (store_open_in_place(capture, dir, &config, true, &store, NULL, &err) != RC_DONE)
		return false;
	enum rc rc = ingest_in_place(store, &options, &progress, &result, &err);
	store_close(store);
	return rc == RC_DONE;
}

/* The index made by index_it(), to read. */
static struct store *open_index(const char *capture, const char *dir)
{
	struct store_config config;
	struct store *s;

	store_config_default(&config);
	assert_int_equal(store_open_in_place(capture, dir, &config, false, &s, NULL, NULL), RC_DONE);
	assert_int_equal(store_refresh(s, NULL), RC_DONE);
	return s;
}

static void compare(const char *capture, const char *a, const char *b, const char *name)
{
	char path[2][600];
	size_t len[2];
	void *bytes[2];

	snprintf(path[0], sizeof(path[0]), "%s/%s", a, name);
	snprintf(path[1], sizeof(path[1]), "%s/%s", b, name);
	for (int i = 0; i < 2; i++)
		bytes[i] = captures_read_file(path[i], &len[i]);
	if (len[0] != len[1] || memcmp(bytes[0], bytes[1], len[0]) != 0)
		fail_msg("%s: %s differs", capture, name);
	free(bytes[0]);
	free(bytes[1]);
}

static void compare_macroflows(const char *capture, const char *const dirs[2])
{
	struct macro_range all = { .from_ns = INT64_MIN, .to_ns = INT64_MAX };
	struct store *store[2];
	struct macro_walk *walk[2];
	struct record rec[2];
	struct service_key key[2];
	enum rc rc[2];

	for (int i = 0; i < 2; i++) {
		store[i] = open_index(capture, dirs[i]);
		assert_int_equal(macro_walk_open(store[i], &all, &walk[i], NULL), RC_DONE);
	}
	for (;;) {
		for (int i = 0; i < 2; i++)
			rc[i] = macro_walk_next(walk[i], &rec[i], &key[i], NULL);
		assert_int_equal(rc[0], rc[1]);
		if (rc[0] != RC_DONE)
			break;
		assert_int_equal(service_cmp(&key[0], &key[1]), 0);
		assert_memory_equal(&rec[0].c, &rec[1].c, sizeof(rec[0].c));
		assert_true(record_id_equal(rec[0].id, rec[1].id));
		record_free(&rec[0]);
		record_free(&rec[1]);
	}
	assert_int_equal(rc[0], RC_END);
	for (int i = 0; i < 2; i++) {
		macro_walk_close(walk[i]);
		store_close(store[i]);
	}
}

static void check_capture(const char *capture)
{
	static const unsigned threads[] = {1, 2, 3, 8};
	char dirs[4][128];
	bool fine = true;

	for (int i = 0; i < 4; i++) {
		captures_make_dir(dirs[i], sizeof(dirs[i]));
		fine &= index_it(capture, dirs[i], threads[i]);
	}
	for (int i = 1; fine && i < 4; i++) {
		struct store *s = open_index(capture, dirs[0]);
		size_t n;
		const struct block_info *b = store_blocks(s, &n);
		for (size_t k = 0; k < n; k++) {
			char name[32];
			snprintf(name, sizeof(name), "%08u.idx", b[k].number);
			compare(capture, dirs[0], dirs[i], name);
		}
		if (n > 0)
			compare(capture, dirs[0], dirs[i], "filters");
		store_close(s);
		compare_macroflows(capture, (const char *const[]){dirs[0], dirs[i]});
	}
	for (int i = 0; i < 4; i++)
		captures_remove_dir(dirs[i]);
}

static void test_same_with_any_threads(void **state)
{
	struct captures c;

	(void)state;
	captures_find(&c);
	for (size_t i = 0; i < c.n; i++)
		check_capture(c.paths[i]);
	captures_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_same_with_any_threads)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
