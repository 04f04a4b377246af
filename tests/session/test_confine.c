/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kernels with any Landlock, or none: the calls are made up. What a real one does is in confine.sh. */
#include "session/confine_files.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct {
	long abi;
	size_t size;
	uint64_t attributes[3];
	unsigned rules;
	bool refuses_rules, refuses_all;
} kernel;

static long create(const void *attributes, size_t size, uint32_t flags)
{
	if (flags == 1) {
		errno = ENOSYS;
		return kernel.abi;
	}
	kernel.size = size;
	memcpy(kernel.attributes, attributes, size);
	return dup(STDERR_FILENO);
}

static long add_path(int ruleset, const void *rule)
{
	(void)ruleset;
	(void)rule;
	kernel.rules++;
	errno = EINVAL;
	return kernel.refuses_rules ? -1 : 0;
}

static long restrict_self(int ruleset)
{
	(void)ruleset;
	errno = E2BIG;
	return kernel.refuses_all ? -1 : 0;
}

static const struct confine_calls calls = { create, add_path, restrict_self };
static const char *const directory[] = { "/" };
static const struct confine_options one_directory = { .write_dirs = directory, .n_write_dirs = 1 };

static enum rc run(const struct confine_options *o, char *note, size_t size, struct err *err)
{
	note[0] = '\0';
	return confine_files(o, "", &calls, note, size, err);
}

static void no_landlock_is_a_note(void **state)
{
	char note[200];

	(void)state;
	memset(&kernel, 0, sizeof(kernel));
	kernel.abi = -1;
	assert_int_equal(run(&one_directory, note, sizeof(note), NULL), RC_DONE);
	assert_non_null(strstr(note, "no Landlock"));
	assert_int_equal(kernel.rules, 0);
}

static void each_version_is_asked_for_what_it_knows(void **state)
{
	static const struct {
		long abi;
		size_t size;
		uint64_t files, net, scoped;
	} rows[] = {
		{ 1, 8, 0x1fff, 0, 0 },
		{ 2, 8, 0x3fff, 0, 0 },
		{ 3, 8, 0x7fff, 0, 0 },
		{ 4, 16, 0x7fff, 3, 0 },
		{ 5, 16, 0xffff, 3, 0 },
		{ 6, 24, 0xffff, 3, 3 },
		{ 7, 24, 0xffff, 3, 3 },
		{ 99, 24, 0xffff, 3, 3 },
	};
	char note[200];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memset(&kernel, 0, sizeof(kernel));
		kernel.abi = rows[i].abi;
		assert_int_equal(run(&one_directory, note, sizeof(note), NULL), RC_DONE);
		assert_string_equal(note, "");
		assert_int_equal(kernel.size, rows[i].size);
		assert_int_equal(kernel.attributes[0], rows[i].files);
		assert_int_equal(kernel.attributes[1], rows[i].net);
		assert_int_equal(kernel.attributes[2], rows[i].scoped);
		assert_true(kernel.rules > 1);
	}
}

static void a_landlock_that_fails_is_fatal(void **state)
{
	static const char *const missing[] = { "/no/such/place" };
	const struct confine_options nowhere = { .read_paths = missing, .n_read_paths = 1 };
	char note[200];
	struct err err;

	(void)state;
	memset(&kernel, 0, sizeof(kernel));
	kernel.abi = 7;
	assert_int_equal(run(&nowhere, note, sizeof(note), &err), RC_MISSING);
	assert_string_equal(err.what, "/no/such/place");
	kernel.refuses_rules = true;
	assert_int_equal(run(&one_directory, note, sizeof(note), &err), RC_IO);
	kernel.refuses_rules = false;
	kernel.refuses_all = true;
	assert_int_equal(run(&one_directory, note, sizeof(note), &err), RC_IO);
	assert_string_equal(err.what, "Landlock");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_landlock_is_a_note),
		cmocka_unit_test(each_version_is_asked_for_what_it_knows),
		cmocka_unit_test(a_landlock_that_fails_is_fatal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
