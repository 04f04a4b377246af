/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/io.h"
#include "file/pcapng.h"
#include "segment_model.h"
#include "store/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char path[32];

static void write_file(const void *bytes, size_t len)
{
	int fd;

	strcpy(path, "/tmp/flowdrill-dump-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), (ssize_t)len);
	close(fd);
}

static void collect(void *ctx, const char *line)
{
	buf_put_str(ctx, line);
	buf_put_str(ctx, "\n");
}

static bool has(struct buf *b, const char *text)
{
	bool found = strstr(buf_text(b), text) != NULL;

	if (!found)
		print_error("no '%s' in\n%s", text, buf_text(b));
	return found;
}

static void test_index(void **state)
{
	struct model *m = model_new(31, MODEL_TAME, 5000, 300);
	struct buf file, text;
	struct err err = { 0 };
	char line[80];

	(void)state;
	buf_init(&text);
	assert_true(model_file(m, &file) > 0);
	write_file(file.data, file.len);
	assert_int_equal(dump_index(path, false, collect, &text, &err), RC_DONE);
	assert_true(has(&text, "index of block 7, version 1"));
	assert_true(has(&text, "packets 5000"));
	snprintf(line, sizeof(line), "flow parts %u, microflow parts %u", m->n_flows,
		m->n_micros);
	assert_true(has(&text, line));
	assert_true(has(&text, "share"));
	assert_true(has(&text, "(budget 100)"));
	assert_true(has(&text, "(budget 3)"));
	assert_null(strstr(buf_text(&text), "flow part 0 "));
	buf_clear(&text);
	assert_int_equal(dump_index(path, true, collect, &text, &err), RC_DONE);
	assert_true(has(&text, "size_sumsq"));
	assert_true(has(&text, "flow part 0 "));
	snprintf(line, sizeof(line), "flow part %u ", m->n_flows - 1);
	assert_true(has(&text, line));
	unlink(path);
	/* damage: what can be said is said */
	buf_clear(&text);
	file.data[file.len - 1] ^= 1;
	write_file(file.data, file.len);
	assert_int_equal(dump_index(path, false, collect, &text, &err), RC_DAMAGED);
	assert_true(has(&text, "packets 5000"));
	assert_true(err.has_offset && err.offset > 0);
	unlink(path);
	write_file(file.data, file.len - 3);
	assert_int_equal(dump_index(path, false, collect, &text, &err), RC_DAMAGED);
	unlink(path);
	write_file("", 0);
	assert_int_equal(dump_index(path, false, collect, &text, &err), RC_DAMAGED);
	unlink(path);
	assert_int_equal(dump_index("no-such-file", false, collect, &text, &err), RC_MISSING);
	buf_free(&file);
	buf_free(&text);
	model_free(m);
}

static void test_pcapng(void **state)
{
	struct buf file, text, options;
	struct err err = { 0 };

	(void)state;
	buf_init(&file);
	buf_init(&text);
	buf_init(&options);
	pcapng_put_option(&options, PCAPNG_IF_NAME, "et\x1bh0", 5);
	pcapng_put_section(&file, NULL);
	pcapng_put_interface(&file, 1, 65535, &options);
	pcapng_put_packet(&file, 0, 123456, 4, 60, "abcd", NULL, 0);
	pcapng_put_block(&file, 0x1234, "xxxx", 4);
	write_file(file.data, file.len);
	assert_int_equal(dump_capture(path, false, collect, &text, &err), RC_DONE);
	assert_true(has(&text, "packets 1"));
	assert_true(has(&text, "interface 0"));
	assert_true(has(&text, "et\\x1bh0"));
	assert_true(has(&text, "unknown"));
	assert_null(strchr(buf_text(&text), '\x1b'));
	buf_clear(&text);
	assert_int_equal(dump_capture(path, true, collect, &text, &err), RC_DONE);
	assert_true(has(&text, "time stamp 123456, 4 of 60 bytes"));
	assert_true(has(&text, "0x00001234"));
	unlink(path);
	buf_clear(&text);
	write_file(file.data, file.len - 2);
	assert_int_equal(dump_capture(path, false, collect, &text, &err), RC_DONE);
	assert_true(has(&text, "cut short"));
	unlink(path);
	file.data[file.len - 3] ^= 0x55;
	write_file(file.data, file.len);
	assert_int_equal(dump_capture(path, false, collect, &text, &err), RC_DAMAGED);
	unlink(path);
	buf_free(&file);
	buf_free(&text);
	buf_free(&options);
}

static void test_pcap(void **state)
{
	struct buf file, text;
	struct err err = { 0 };

	(void)state;
	buf_init(&file);
	buf_init(&text);
	buf_put_le32(&file, 0xa1b2c3d4);
	buf_put_le16(&file, 2);
	buf_put_le16(&file, 4);
	buf_put_le64(&file, 0);
	buf_put_le32(&file, 65535);
	buf_put_le32(&file, 1);
	for (uint32_t i = 0; i < 3000; i++) {
		buf_put_le32(&file, 1000 + i);
		buf_put_le32(&file, 7);
		buf_put_le32(&file, 1000);
		buf_put_le32(&file, 1500);
		buf_put_zeros(&file, 1000);
	}
	write_file(file.data, file.len);
	assert_int_equal(dump_capture(path, false, collect, &text, &err), RC_DONE);
	assert_true(has(&text, "packets 3000, bytes on the wire 4500000"));
	assert_true(has(&text, "microseconds, link type 1"));
	buf_clear(&text);
	assert_int_equal(dump_capture(path, true, collect, &text, &err), RC_DONE);
	assert_true(
		has(&text, "packet 3000  1970-01-01T01:06:39.000007000Z  1000 of 1500 bytes"));
	unlink(path);
	buf_clear(&text);
	write_file(file.data, file.len - 1);
	assert_int_equal(dump_capture(path, false, collect, &text, &err), RC_DONE);
	assert_true(has(&text, "packets 2999"));
	assert_true(has(&text, "cut short"));
	unlink(path);
	buf_clear(&text);
	memset(file.data + 24 + 1016 * 10 + 8, 0xff, 4);
	write_file(file.data, file.len);
	assert_int_equal(dump_capture(path, false, collect, &text, &err), RC_DAMAGED);
	assert_true(has(&text, "packets 10"));
	assert_int_equal(err.offset, 24 + 1016 * 10);
	unlink(path);
	write_file("hello", 5);
	assert_int_equal(dump_capture(path, false, collect, &text, &err), RC_UNSUPPORTED);
	unlink(path);
	buf_free(&file);
	buf_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_index),
		cmocka_unit_test(test_pcapng),
		cmocka_unit_test(test_pcap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
