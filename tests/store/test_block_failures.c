/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Blocks of own stores where the disk fails, and stores that cannot be made. */
#include "own_blocks.h"

#include "base/io.h"

#include <errno.h>

static _Atomic long fail_at, op_count;

static ssize_t fail_pwrite(int fd, const void *from, size_t len, off_t at)
{
	if (++op_count >= fail_at) {
		errno = ENOSPC;
		return -1;
	}
	return io_real.pwrite(fd, from, len, at);
}

static int fail_datasync(int fd)
{
	if (++op_count >= fail_at) {
		errno = EIO;
		return -1;
	}
	return io_real.datasync(fd);
}

/* From the Nth write or sync on nothing works any more: what was synced is there when the store is opened again. */
static void test_failures(void **state)
{
	struct place *p = *state;
	struct io_ops ops = io_real;
	enum rc rc = RC_IO;
	long n;

	ops.pwrite = fail_pwrite;
	ops.datasync = fail_datasync;
	for (n = 1; rc != RC_DONE && n < 200; n++) {
		struct store *s = create(p);
		size_t blocks, packets = 0, interfaces;

		fail_at = n;
		op_count = 0;
		p->n = 0;
		io_set_ops(&ops);
		rc = fill(p, s, 0, 3500, NULL);
		io_set_ops(NULL);
		store_close(s);
		s = reopen(p, true, NULL);
		const struct block_info *b = store_blocks(s, &blocks);
		for (size_t i = 0; i < blocks; i++) {
			char path[400];

			assert_int_not_equal(b[i].state, BLOCK_OPEN);
			block_path(p, b[i].number, path, sizeof(path));
			assert_int_equal(made_size(path), b[i].length);
			packets += walk_file(path, &interfaces);
		}
		if (packets > p->n)
			fail_msg("failure %ld: %zu packets of %zu", n, packets, p->n);
		if (rc == RC_DONE)
			assert_int_equal(packets, 3500);
		check_packets(p, s, packets);
		store_close(s);
		made_dir_remove(p->store);
	}
	assert_true(n > 10 && n < 200);
}

static void test_create_is_refused(void **state)
{
	struct place *p = *state;
	struct store_config config;
	struct store *s;
	char path[400];

	store_config_default(&config);
	config.micro_ns = 7;
	assert_int_equal(store_create(p->store, &config, &s, NULL), RC_USAGE);
	store_config_default(&config);
	config.block_size = 1000;
	assert_int_equal(store_create(p->store, &config, &s, NULL), RC_USAGE);
	store_config_default(&config);
	assert_int_equal(store_open(p->store, true, &s, NULL, NULL), RC_MISSING);
	assert_int_equal(store_open(p->dir, true, &s, NULL, NULL), RC_UNSUPPORTED);
	assert_int_equal(store_create(p->store, &config, &s, NULL), RC_DONE);
	store_close(s);
	assert_int_equal(store_create(p->store, &config, &s, NULL), RC_USAGE);
	made_dir_remove(p->store);
	snprintf(config.index_dir, sizeof(config.index_dir), "%s/elsewhere", p->dir);
	assert_int_equal(store_create(p->store, &config, &s, NULL), RC_DONE);
	snprintf(path, sizeof(path), "%s/elsewhere/catalog.db", p->dir);
	assert_true(made_size(path) != UINT64_MAX);
	assert_int_equal(fill(p, s, 0, 100, NULL), RC_DONE);
	store_close(s);
	s = reopen(p, false, NULL);
	check_packets(p, s, 100);
	store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_failures, setup, made_teardown),
		cmocka_unit_test_setup_teardown(test_create_is_refused, setup, made_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
