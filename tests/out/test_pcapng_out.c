/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is written is read again by our own parser: bytes, times, lengths, interfaces, options. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "file/pcapng.h"
#include "out/file_out.h"
#include "out/pcapng_out.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/test_pcapng_out.XXXXXX";

static const char *path_of(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static size_t slurp(const char *path, uint8_t *out, size_t size)
{
	FILE *f = fopen(path, "rb");

	assert_non_null(f);
	size_t n = fread(out, 1, size, f);
	fclose(f);
	return n;
}

static struct pcapng_block block_at(const uint8_t *bytes, size_t len, size_t *at)
{
	struct pcapng_block b;
	bool big_endian = false;

	assert_int_equal(
		pcapng_parse_block(bytes + *at, len - *at, &big_endian, "", *at, &b, NULL),
		RC_DONE);
	assert_false(big_endian);
	*at += b.total_len;
	return b;
}

static void check_packet(const struct pcapng_block *b, uint32_t interface,
	const struct raw_packet *p, const char *comment)
{
	struct pcapng_packet out;
	struct pcapng_options o;
	const uint8_t *value;
	uint16_t code, len;

	assert_int_equal(pcapng_parse_packet(b, false, 0, "", 0, &out, NULL), RC_DONE);
	assert_int_equal(out.interface, interface);
	assert_int_equal(out.timestamp, p->timestamp);
	assert_int_equal(out.caplen, p->caplen);
	assert_int_equal(out.len, p->len);
	assert_memory_equal(out.data, p->data, p->caplen);
	pcapng_options_init(&o, out.options, out.options_len, false);
	assert_int_equal(pcapng_options_next(&o, &code, &value, &len), comment != NULL);
	if (comment) {
		assert_int_equal(code, PCAPNG_OPT_COMMENT);
		assert_int_equal(len, strlen(comment));
		assert_memory_equal(value, comment, len);
	}
}

static void check_interface(const struct pcapng_block *b, uint32_t linktype, uint32_t snaplen,
	uint8_t tsresol, const char *name)
{
	struct pcapng_interface i;

	assert_int_equal(b->type, PCAPNG_IDB);
	assert_int_equal(pcapng_parse_interface(b, false, "", 0, &i, NULL), RC_DONE);
	assert_int_equal(i.linktype, linktype);
	assert_int_equal(i.snaplen, snaplen);
	assert_int_equal(i.tsresol, tsresol);
	assert_int_equal(i.name_len, strlen(name));
	if (i.name_len)
		assert_memory_equal(i.name, name, i.name_len);
}

/* Two sources with a point 0 each, and a point 1: three interfaces, in order of their first packets. */
static void test_round_trip(void **state)
{
	static const uint8_t big_comment[] = { 0, 1, 0, 2, 'h', 'i', 0, 0, 0, 0, 0, 0 };
	struct point_info nano = { .number = 1, .linktype = 1, .snaplen = 65535, .tsresol = 9 };
	struct point_info micro = { .number = 0, .linktype = 101, .tsresol = 6 };
	struct raw_packet a = { .timestamp = 1704464255123456789,
		.caplen = 3,
		.len = 1500,
		.data = (const uint8_t *)"abc",
		.options = big_comment,
		.options_len = 12,
		.big_endian = true };
	struct raw_packet b = {
		.timestamp = UINT64_MAX, .caplen = 0, .len = 0, .data = (const uint8_t *)""
	};
	struct pcapng_out *o;
	struct buf options;
	uint8_t bytes[4096];
	size_t at = 0;

	(void)state;
	buf_init(&options);
	pcapng_put_option(&options, PCAPNG_IF_NAME, "eth0", 4);
	pcapng_put_option(&options, PCAPNG_IF_TSRESOL, "\x09", 1);
	assert_int_equal(pcapng_out_open(path_of("a"), false, &o, NULL), RC_DONE);
	assert_int_equal(
		pcapng_out_packet(o, 0, &nano, options.data, options.len, &a, NULL), RC_DONE);
	assert_int_equal(pcapng_out_packet(o, 0, &micro, NULL, 0, &b, NULL), RC_DONE);
	assert_int_equal(pcapng_out_packet(o, 1, &micro, NULL, 0, &a, NULL), RC_DONE);
	assert_int_equal(
		pcapng_out_packet(o, 0, &nano, options.data, options.len, &b, NULL), RC_DONE);
	assert_int_equal(pcapng_out_count(o), 4);
	assert_int_equal(pcapng_out_close(o, NULL), RC_DONE);
	buf_free(&options);

	size_t len = slurp(path_of("a"), bytes, sizeof(bytes));
	struct pcapng_block block = block_at(bytes, len, &at);
	assert_int_equal(block.type, PCAPNG_SHB);
	block = block_at(bytes, len, &at);
	check_interface(&block, 1, 65535, 9, "eth0");
	block = block_at(bytes, len, &at);
	check_packet(&block, 0, &a, "hi");
	block = block_at(bytes, len, &at);
	check_interface(&block, 101, 0, 6, "");
	block = block_at(bytes, len, &at);
	check_packet(&block, 1, &b, NULL);
	block = block_at(bytes, len, &at);
	check_interface(&block, 101, 0, 6, "");
	block = block_at(bytes, len, &at);
	check_packet(&block, 2, &a, "hi");
	block = block_at(bytes, len, &at);
	check_packet(&block, 0, &b, NULL);
	assert_int_equal(at, len);
}

/* A classic capture file's point has no options: what its header said is written as options. */
static void test_pcap_point(void **state)
{
	struct point_info point = {
		.linktype = 1, .tsresol = 9, .fcs_len = 4, .tsoffset_s = -5
	};
	struct raw_packet p = {
		.timestamp = 1, .caplen = 1, .len = 1, .data = (const uint8_t *)"x"
	};
	struct pcapng_interface i;
	struct pcapng_out *o;
	uint8_t bytes[4096];
	size_t at = 0;

	(void)state;
	assert_int_equal(pcapng_out_open(path_of("pcap"), false, &o, NULL), RC_DONE);
	assert_int_equal(pcapng_out_packet(o, 0, &point, NULL, 0, &p, NULL), RC_DONE);
	assert_int_equal(pcapng_out_close(o, NULL), RC_DONE);
	size_t len = slurp(path_of("pcap"), bytes, sizeof(bytes));
	(void)block_at(bytes, len, &at);
	struct pcapng_block block = block_at(bytes, len, &at);
	assert_int_equal(pcapng_parse_interface(&block, false, "", 0, &i, NULL), RC_DONE);
	assert_int_equal(i.tsresol, 9);
	assert_int_equal(i.fcs_len, 4);
	assert_int_equal(i.tsoffset_s, -5);
}

static enum rc try_open(const char *name, bool force)
{
	struct file_out f;
	struct err err;
	enum rc rc = file_out_open(&f, path_of(name), force, &err);

	if (rc == RC_DONE) {
		assert_int_equal(file_out_write(&f, "new", 3, NULL), RC_DONE);
		assert_int_equal(file_out_close(&f, NULL), RC_DONE);
	}
	return rc;
}

static void check_content(const char *name, const char *expected)
{
	uint8_t bytes[64];
	size_t n = slurp(path_of(name), bytes, sizeof(bytes));

	assert_int_equal(n, strlen(expected));
	assert_memory_equal(bytes, expected, n);
}

static void test_files(void **state)
{
	struct stat st;
	FILE *f = fopen(path_of("old"), "w");

	(void)state;
	fputs("old", f);
	fclose(f);
	char target[300];
	snprintf(target, sizeof(target), "%s", path_of("old"));
	assert_int_equal(symlink(target, path_of("link")), 0);
	assert_int_equal(symlink("nowhere", path_of("dangling")), 0);

	assert_int_equal(try_open("new", false), RC_DONE);
	check_content("new", "new");
	assert_int_equal(stat(path_of("new"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(try_open("old", false), RC_USAGE);
	check_content("old", "old");
	assert_int_equal(try_open("link", true), RC_USAGE);
	assert_int_equal(try_open("dangling", true), RC_USAGE);
	assert_int_equal(try_open(".", true), RC_USAGE);
	assert_int_equal(try_open("none/x", true), RC_MISSING);
	check_content("old", "old");
	assert_int_equal(try_open("old", true), RC_DONE);
	check_content("old", "new");
}

/* Whoever gives up leaves nothing behind, and what was there stays. */
static void test_abandon(void **state)
{
	struct pcapng_out *o;

	(void)state;
	assert_int_equal(pcapng_out_open(path_of("given-up"), false, &o, NULL), RC_DONE);
	pcapng_out_abandon(o);
	assert_int_equal(access(path_of("given-up"), F_OK), -1);
	assert_int_equal(pcapng_out_open(path_of("old"), true, &o, NULL), RC_DONE);
	pcapng_out_abandon(o);
	check_content("old", "new");
}

static void test_full_device(void **state)
{
	struct pcapng_out *o;
	struct err err;

	(void)state;
	if (access("/dev/full", W_OK) != 0)
		skip();
	assert_int_equal(pcapng_out_open("/dev/full", false, &o, NULL), RC_DONE);
	assert_int_equal(pcapng_out_close(o, &err), RC_NO_SPACE);
	assert_string_equal(err.what, "/dev/full");
	assert_int_equal(access("/dev/full", F_OK), 0);
}

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	char command[300];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_pcap_point),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_abandon),
		cmocka_unit_test(test_full_device),
	};
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
