/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/io.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[] = "/tmp/flowdrill-io-XXXXXX";
static char path[128];

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/file", dir);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return rmdir(dir);
}

static size_t count_names(void)
{
	DIR *d = opendir(dir);
	size_t n = 0;

	assert_non_null(d);
	for (struct dirent *e = readdir(d); e; e = readdir(d))
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

/* ---- an implementation that fails the Nth operation, and does everything in small pieces ---- */

static int op_number, op_fails, op_errno, interrupts;

static int op_step(void)
{
	if (interrupts && op_number % 2 == 0) {
		op_number++;
		errno = EINTR;
		return -1;
	}
	op_number++;
	if (op_fails && op_number >= op_fails) {
		errno = op_errno;
		return -1;
	}
	return 0;
}

static int odd_open(const char *p, int flags, mode_t mode)
{
	return op_step() ? -1 : io_real.open(p, flags, mode);
}

static ssize_t odd_pread(int fd, void *to, size_t len, off_t at)
{
	return op_step() ? -1 : io_real.pread(fd, to, len > 3 ? 3 : len, at);
}

static ssize_t odd_pwrite(int fd, const void *from, size_t len, off_t at)
{
	return op_step() ? -1 : io_real.pwrite(fd, from, len > 3 ? 3 : len, at);
}

static int odd_datasync(int fd)
{
	return op_step() ? -1 : io_real.datasync(fd);
}

static int odd_truncate(int fd, off_t len)
{
	return op_step() ? -1 : io_real.truncate(fd, len);
}

static int odd_rename(const char *from, const char *to)
{
	/* these two are never interrupted */
	if (op_fails && ++op_number >= op_fails) {
		errno = op_errno;
		return -1;
	}
	return io_real.rename(from, to);
}

static const struct io_ops odd = {
	.open = odd_open, .close = close, .pread = odd_pread, .pwrite = odd_pwrite,
	.datasync = odd_datasync, .truncate = odd_truncate, .rename = odd_rename, .unlink = unlink,
	.mkdir = mkdir,
};

static void use_odd(int fails, int number, int interrupt)
{
	op_number = 0;
	op_fails = fails;
	op_errno = number;
	interrupts = interrupt;
	io_set_ops(&odd);
}

/* ---- tests ---- */

static void test_modes(void **state)
{
	struct io_file *f;
	struct err err;
	struct stat st;

	(void)state;
	assert_int_equal(io_open(path, IO_READ, &f, &err), RC_MISSING);
	assert_string_equal(err.what, path);
	assert_int_equal(io_open(path, IO_WRITE, &f, &err), RC_MISSING);
	assert_int_equal(io_open(path, IO_CREATE_NEW, &f, &err), RC_DONE);
	assert_string_equal(io_path(f), path);
	assert_int_equal(fcntl(io_fd(f), F_GETFD), FD_CLOEXEC);
	assert_int_equal(fstat(io_fd(f), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	io_close(f);
	assert_int_equal(io_open(path, IO_CREATE_NEW, &f, &err), RC_IO);
	assert_int_equal(io_open(path, IO_CREATE, &f, &err), RC_DONE);
	io_close(f);
	io_close(NULL);
	assert_int_equal(io_remove(path, &err), RC_DONE);
	assert_int_equal(io_remove(path, &err), RC_DONE);
	assert_int_equal(symlink("/tmp/nowhere", path), 0);
	assert_int_equal(io_open(path, IO_CREATE_NEW, &f, &err), RC_IO);
	assert_int_equal(io_remove(path, &err), RC_DONE);
}

static void test_not_regular(void **state)
{
	struct io_file *f;
	struct err err;

	(void)state;
	assert_int_equal(io_open(dir, IO_READ, &f, &err), RC_UNSUPPORTED);
	assert_string_equal(err.why, "is a directory");
	assert_int_equal(io_open("/dev/null", IO_READ, &f, &err), RC_UNSUPPORTED);
	/* a FIFO that nobody writes to: told at once */
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(io_open(path, IO_READ, &f, &err), RC_UNSUPPORTED);
	assert_string_equal(err.why, "not a regular file");
	unlink(path);
}

static void test_read_write(void **state)
{
	struct io_file *f;
	struct err err = { 0 };
	char text[16] = "";
	size_t got;
	uint64_t size;

	(void)state;
	assert_int_equal(io_open(path, IO_CREATE, &f, &err), RC_DONE);
	assert_int_equal(io_write(f, 2, "cdefghij", 8, &err), RC_DONE);
	assert_int_equal(io_write(f, 0, "ab", 2, &err), RC_DONE);
	assert_int_equal(io_sync(f, &err), RC_DONE);
	assert_int_equal(io_size(f, &size, &err), RC_DONE);
	assert_int_equal(size, 10);
	assert_int_equal(io_read(f, 3, text, sizeof(text), &got, &err), RC_DONE);
	assert_int_equal(got, 7);
	assert_memory_equal(text, "defghij", 7);
	assert_int_equal(io_read(f, 100, text, 4, &got, &err), RC_DONE);
	assert_int_equal(got, 0);
	assert_int_equal(io_read_all(f, 0, text, 10, &err), RC_DONE);
	assert_int_equal(io_read_all(f, 6, text, 10, &err), RC_CUT_SHORT);
	assert_true(err.has_offset && err.offset == 10);
	assert_int_equal(io_read(f, UINT64_MAX, text, 1, &got, &err), RC_IO);
	assert_int_equal(io_write(f, (uint64_t)INT64_MAX + 1, text, 1, &err), RC_IO);
	assert_int_equal(io_truncate(f, 4, &err), RC_DONE);
	assert_int_equal(io_size(f, &size, &err), RC_DONE);
	assert_int_equal(size, 4);
	assert_int_equal(io_truncate(f, UINT64_MAX, &err), RC_IO);
	if (io_set_direct(f, true))
		assert_true(io_set_direct(f, false));
	io_close(f);
	io_remove(path, NULL);
}

/* Short transfers are continued, interrupted calls are repeated. */
static void test_small_steps(void **state)
{
	struct io_file *f;
	struct err err;
	char text[16];

	(void)state;
	use_odd(0, 0, 1);
	assert_int_equal(io_open(path, IO_CREATE, &f, &err), RC_DONE);
	assert_int_equal(io_write(f, 0, "abcdefghij", 10, &err), RC_DONE);
	assert_int_equal(io_sync(f, &err), RC_DONE);
	assert_int_equal(io_truncate(f, 10, &err), RC_DONE);
	assert_int_equal(io_read_all(f, 0, text, 10, &err), RC_DONE);
	assert_memory_equal(text, "abcdefghij", 10);
	assert_int_equal(io_sync_dir(dir, &err), RC_DONE);
	io_close(f);
	assert_true(op_number > 16);
	assert_ptr_equal(io_get_ops(), &odd);
	io_set_ops(NULL);
	assert_ptr_equal(io_get_ops(), &io_real);
	io_remove(path, NULL);
}

static enum rc read_text(char *text, size_t size)
{
	struct io_file *f;
	size_t got;
	enum rc rc = io_open(path, IO_READ, &f, NULL);

	if (rc != RC_DONE)
		return rc;
	rc = io_read(f, 0, text, size - 1, &got, NULL);
	text[got] = '\0';
	io_close(f);
	return rc;
}

/* Whichever operation fails: the old text or the new one, whole, and no second name. */
static void test_replace_fails(void **state)
{
	int n = 1;
	enum rc rc;

	(void)state;
	assert_int_equal(io_replace(path, "old text", 8, NULL), RC_DONE);
	do {
		struct err err = { 0 };
		char text[32];

		use_odd(n, ENOSPC, 0);
		rc = io_replace(path, "the new text", 12, &err);
		io_set_ops(NULL);
		assert_true(rc == RC_DONE || (rc == RC_NO_SPACE && err.rc == rc));
		assert_int_equal(read_text(text, sizeof(text)), RC_DONE);
		assert_true(strcmp(text, "old text") == 0 || strcmp(text, "the new text") == 0);
		assert_int_equal(count_names(), 1);
		n++;
	} while (rc != RC_DONE && n < 100);
	/* open, four writes of 3 bytes, sync, rename, open and sync of the directory */
	assert_int_equal(n, 11);
	io_remove(path, NULL);
}

static void test_replace_no_memory(void **state)
{
	int failed = 0;
	enum rc rc;

	(void)state;
	do {
		mem_fail_after((uint64_t)failed + 1);
		rc = io_replace(path, "text", 4, NULL);
		mem_fail_after(0);
		assert_true(rc == RC_DONE || rc == RC_NO_MEMORY);
	} while (rc != RC_DONE && ++failed < 20);
	assert_true(failed > 0);
	assert_int_equal(count_names(), 1);
	io_remove(path, NULL);
}

static void test_each_op_fails(void **state)
{
	struct io_file *f;
	struct err err;
	char text[4];
	size_t got;

	(void)state;
	use_odd(1, EACCES, 0);
	assert_int_equal(io_open(path, IO_CREATE, &f, &err), RC_DENIED);
	use_odd(2, EIO, 0);
	assert_int_equal(io_open(path, IO_CREATE, &f, &err), RC_DONE);
	assert_int_equal(io_write(f, 0, "a", 1, &err), RC_IO);
	assert_int_equal(io_read(f, 0, text, 1, &got, &err), RC_IO);
	assert_int_equal(got, 0);
	assert_int_equal(io_sync(f, &err), RC_IO);
	assert_int_equal(io_truncate(f, 0, &err), RC_IO);
	assert_int_equal(io_rename(path, path, &err), RC_IO);
	assert_string_equal(err.what, path);
	io_close(f);
	io_set_ops(NULL);
	io_remove(path, NULL);
}

static void test_directories(void **state)
{
	struct err err;
	struct stat st;
	char inner[192];

	(void)state;
	snprintf(inner, sizeof(inner), "%s/inner", dir);
	assert_int_equal(io_mkdir(inner, &err), RC_DONE);
	assert_int_equal(io_mkdir(inner, &err), RC_DONE);
	assert_int_equal(stat(inner, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(io_sync_dir(inner, &err), RC_DONE);
	assert_int_equal(rmdir(inner), 0);
	assert_int_equal(io_sync_dir(inner, &err), RC_MISSING);
	assert_int_equal(io_replace(path, "", 0, &err), RC_DONE);
	assert_int_equal(io_mkdir(path, &err), RC_IO);
	snprintf(inner, sizeof(inner), "%s/file/below", dir);
	assert_int_equal(io_mkdir(inner, &err), RC_MISSING);
	assert_int_equal(io_rename(inner, path, &err), RC_MISSING);
	io_remove(path, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_not_regular),
		cmocka_unit_test(test_read_write),
		cmocka_unit_test(test_small_steps),
		cmocka_unit_test(test_replace_fails),
		cmocka_unit_test(test_replace_no_memory),
		cmocka_unit_test(test_each_op_fails),
		cmocka_unit_test(test_directories),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
