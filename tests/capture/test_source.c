/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sources over captures that are made here; GENERATE=1 writes those as seeds of the fuzzers. */
#include "base/io.h"
#include "base/mem.h"
#include "base/text.h"
#include "capture/source.h"

#include "captures.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct buf capture;

static int setup(void **state)
{
	(void)state;
	buf_init(&capture);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	buf_free(&capture);
	return 0;
}

/* ---- what a source yields, one line an event ---- */

static void print_packet(struct buf *out, const struct source_event *e)
{
	char time[TEXT_NUMBER];

	text_seconds(time, sizeof(time), e->time_ns);
	buf_printf(out, "packet at %" PRIu64 "+%u: interface %u time %s%s%s stamp %" PRIu64 " %u/%u ",
		e->offset, e->record_len, e->interface, time, e->time_unknown ? " unknown" : "",
		e->time_saturated ? " saturated" : "", e->timestamp, e->caplen, e->len);
	text_escape(out, e->data, e->caplen);
	if (e->options)
		buf_printf(out, " options %zu", e->options_len);
	buf_put_str(out, "\n");
}

static void print_interface(struct buf *out, const struct source_event *e)
{
	const struct source_interface *i = &e->iface;

	buf_printf(out, "interface %u at %" PRIu64 "+%u: link %u snap %u resolution %u", e->interface,
		e->offset, e->record_len, i->linktype, i->snaplen, i->tsresol);
	if (i->tsoffset_s)
		buf_printf(out, " offset %" PRId64, i->tsoffset_s);
	if (i->fcs_len)
		buf_printf(out, " fcs %u", i->fcs_len);
	buf_put_str(out, " '");
	text_escape(out, i->name, strlen(i->name));
	buf_put_str(out, "' '");
	text_escape(out, i->description, strlen(i->description));
	buf_put_str(out, "'\n");
}

static void print_event(struct buf *out, const struct source_event *e)
{
	static const char *const names[] = { [SOURCE_SECTION] = "section", [SOURCE_BLOCK] = "block" };

	switch (e->kind) {
	case SOURCE_PACKET:
		print_packet(out, e);
		break;
	case SOURCE_INTERFACE:
		print_interface(out, e);
		break;
	default:
		buf_printf(out, "%s at %" PRIu64 "+%u type %x\n", names[e->kind], e->offset,
			e->record_len, e->block_type);
		/* the whole block is there */
		assert_int_equal(e->block[e->big_endian ? e->record_len - 1 : e->record_len - 4],
			e->record_len & 0xff);
	}
}

static void print_end(struct buf *out, struct source *s, enum rc rc, const struct err *err)
{
	struct source_info info;

	source_info(s, &info);
	if (rc == RC_END)
		buf_printf(out, "end%s\n", info.cut_short ? ", cut short" : "");
	else
		buf_printf(out, "%s at %" PRIu64 ": %s\n", rc_name(rc), err->offset, err->why);
}

/* Appends all that s yields, and closes it. */
static void transcript(struct buf *out, struct source *s)
{
	struct source_event e;
	struct err err = { 0 }, again = { 0 };
	enum rc rc;

	memset(&e, 0xa5, sizeof(e));   /* members that are not of its kind are left alone */
	while ((rc = source_next(s, &e, &err)) == RC_DONE)
		print_event(out, &e);
	assert_int_equal(source_next(s, &e, &again), rc);
	assert_int_equal(again.rc, err.rc);
	assert_int_equal(source_next(s, &e, NULL), rc);
	print_end(out, s, rc, &err);
	source_close(s);
}

static void make(const struct made_capture *m)
{
	buf_clear(&capture);
	m->make(&capture);
	assert_false(capture.failed);
}

static struct source *open_memory(const void *bytes, size_t len, const struct source_options *o)
{
	struct source *s;
	struct err err;

	assert_int_equal(source_open_memory("made", bytes, len, o, &s, &err), RC_DONE);
	return s;
}

/* ---- tests ---- */

static void generate(const char *format, const struct made_capture *m)
{
	const char *srcdir = getenv("top_srcdir");
	char path[512];

	if (!getenv("GENERATE") || capture.len > 1000)
		return;
	snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/%s/%s", srcdir ? srcdir : ".", format,
		m->name);
	assert_int_equal(io_replace(path, capture.data, capture.len, NULL), RC_DONE);
}

static void check_events(const char *format, const struct made_capture *m)
{
	struct buf out;

	buf_init(&out);
	for (; m->name; m++) {
		make(m);
		generate(format, m);
		buf_clear(&out);
		transcript(&out, open_memory(capture.data, capture.len, NULL));
		if (strcmp(buf_text(&out), m->events) != 0)
			print_error("%s:\n", m->name);
		assert_string_equal(buf_text(&out), m->events);
	}
	buf_free(&out);
}

static void test_events(void **state)
{
	(void)state;
	check_events("pcap", made_pcaps);
	check_events("pcapng", made_pcapngs);
}

/* Cut anywhere: the events of the whole capture as far as their records are there, then the end. */
static void check_cuts(const struct made_capture *m)
{
	struct buf out;
	size_t opened = 0;

	buf_init(&out);
	make(m);
	for (size_t n = 0; n < capture.len && capture.len < 1000; n++) {
		struct source *s;
		struct err err;
		enum rc rc = source_open_memory("made", capture.data, n, NULL, &s, &err);
		char *end;

		if (rc != RC_DONE) {
			assert_true(n < 28 && (rc == RC_CUT_SHORT || rc == RC_UNSUPPORTED));
			continue;
		}
		opened++;
		buf_clear(&out);
		transcript(&out, s);
		end = strstr(buf_text(&out), "end");
		if (!end)
			continue;   /* damage that is seen before the cut */
		*end = '\0';
		if (strncmp((char *)out.data, m->events, strlen((char *)out.data)) != 0)
			print_error("%s cut at %zu:\n%s", m->name, n, (char *)out.data);
		assert_memory_equal(out.data, m->events, strlen((char *)out.data));
	}
	assert_true(opened > 0 || capture.len < 29 || capture.len >= 1000);
	buf_free(&out);
}

static void test_cuts(void **state)
{
	(void)state;
	for (const struct made_capture *m = made_pcaps; m->name; m++)
		check_cuts(m);
	for (const struct made_capture *m = made_pcapngs; m->name; m++)
		check_cuts(m);
}

/* ---- resuming ---- */

enum { INTERFACES = 8 };

/* What a session remembers on its way. */
struct memory {
	struct source_resume resume;
	struct source_interface iface[INTERFACES];
};

static void remember(struct memory *m, const struct source_event *e)
{
	m->resume.iface = m->iface;
	m->resume.big_endian = e->big_endian;
	if (e->kind == SOURCE_SECTION) {
		m->resume.section_first += m->resume.interfaces;
		m->resume.interfaces = 0;
	} else if (e->kind == SOURCE_INTERFACE) {
		assert_true(m->resume.interfaces < INTERFACES);
		m->iface[m->resume.interfaces++] = e->iface;
	} else if (e->kind == SOURCE_PACKET) {
		m->resume.last_time_ns = e->time_ns;
	}
}

static void check_resume(const struct made_capture *m)
{
	struct memory memory = { 0 };
	struct source_event e;
	struct source *s;
	struct buf out;
	const char *rest = m->events;

	buf_init(&out);
	make(m);
	s = open_memory(capture.data, capture.len, NULL);
	while (source_next(s, &e, NULL) == RC_DONE) {
		struct source_options o = { .resume = &memory.resume };

		remember(&memory, &e);
		o.start = e.offset + e.record_len;
		buf_clear(&out);
		transcript(&out, open_memory(capture.data, capture.len, &o));
		rest = strchr(rest, '\n') + 1;
		assert_string_equal(buf_text(&out), rest);
	}
	source_close(s);
	buf_free(&out);
}

static void test_resume(void **state)
{
	(void)state;
	for (const struct made_capture *m = made_pcaps; m->name; m++)
		check_resume(m);
	for (const struct made_capture *m = made_pcapngs; m->name; m++)
		check_resume(m);
}

/* ---- a file larger than the window ---- */

static const char *write_file(const void *bytes, size_t len)
{
	static char path[] = "/tmp/flowdrill-source-XXXXXX";
	int fd;

	memcpy(path + sizeof(path) - 7, "XXXXXX", 6);
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	close(fd);
	return path;
}

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* Packets of all sizes, now and then one that is larger than what is read at a time. */
static uint32_t made_size(uint32_t i, uint32_t *seed)
{
	return i % 500 == 250 ? 900000 + next_random(seed) % 1000 : next_random(seed) % 1514;
}

static void check_large(const char *path, uint32_t count)
{
	struct source *s;
	struct source_event e;
	struct source_info info;
	uint32_t seed = 1, i = 0;

	assert_int_equal(source_open_file(path, NULL, &s, NULL), RC_DONE);
	while (source_next(s, &e, NULL) == RC_DONE) {
		if (e.kind != SOURCE_PACKET)
			continue;
		assert_int_equal(e.caplen, made_size(i, &seed));
		for (uint32_t j = 0; j < e.caplen; j += 97)
			assert_int_equal(e.data[j], (uint8_t)(i + j));
		assert_int_equal(e.time_ns, (int64_t)i * 1000);
		i++;
	}
	assert_int_equal(i, count);
	source_info(s, &info);
	assert_int_equal(info.position, info.size);
	assert_int_equal(info.wrapper, FILE_UNKNOWN);
	source_close(s);
}

static void test_large(void **state)
{
	uint32_t seed = 1;
	const char *path;

	(void)state;
	buf_clear(&capture);
	made_pcaps[0].make(&capture);
	capture.len = 24;
	buf_set_le32(&capture, 16, 1 << 20);
	for (uint32_t i = 0; i < 5000; i++) {
		uint32_t size = made_size(i, &seed);
		uint8_t *to;

		buf_put_le32(&capture, i / 1000000);
		buf_put_le32(&capture, i % 1000000);
		buf_put_le32(&capture, size);
		buf_put_le32(&capture, size);
		to = buf_reserve(&capture, size);
		assert_non_null(to);
		for (uint32_t j = 0; j < size; j++)
			to[j] = (uint8_t)(i + j);
		capture.len += size;
	}
	path = write_file(capture.data, capture.len);
	check_large(path, 5000);
	unlink(path);
}

/* ---- what goes wrong ---- */

static void test_refused(void **state)
{
	static const struct { const char *bytes; size_t len; enum rc rc; } cases[] = {
		{ "", 0, RC_CUT_SHORT }, { "text\n", 5, RC_UNSUPPORTED },
		{ "\xd4\xc3\xb2\xa1\2\0\4\0", 8, RC_CUT_SHORT },
		{ "\xd4\xc3\xb2\xa1\1\0\4\0................", 24, RC_UNSUPPORTED },
		{ "\x0a\x0d\x0d\x0a\x1c\0\0\0", 8, RC_CUT_SHORT },
		{ "\x0a\x0d\x0d\x0a\x1c\0\0\0????................", 28, RC_DAMAGED },
		{ "snoop\0\0\0\0\0\0\2\0\0\0\4", 16, RC_UNSUPPORTED },
		{ FILE_INDEX_MAGIC "........", 16, RC_UNSUPPORTED },
	};
	struct source *s;
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		err.rc = RC_DONE;
		assert_int_equal(source_open_memory("made", cases[i].bytes, cases[i].len, NULL, &s,
			&err), cases[i].rc);
		assert_int_equal(err.rc, cases[i].rc);
		assert_string_equal(err.what, "made");
		assert_true(err.why[0] != '\0');
	}
	assert_int_equal(source_open_file("/nonexistent/x.pcap", NULL, &s, &err), RC_MISSING);
	assert_int_equal(source_open_file("/tmp", NULL, &s, &err), RC_UNSUPPORTED);
	assert_int_equal(source_open_memory("made", "", 0, NULL, &s, NULL), RC_CUT_SHORT);
	source_close(NULL);
}

static enum rc read_all(const char *path)
{
	const struct source_options o = { .bpf = "len >= 0" };
	struct source *s;
	struct source_event e;
	enum rc rc = source_open_file(path, &o, &s, NULL);

	if (rc != RC_DONE)
		return rc;
	while ((rc = source_next(s, &e, NULL)) == RC_DONE)
		;
	source_close(s);
	return rc;
}

/* Each allocation fails in turn: an error, and nothing left behind (the sanitizers see that). */
static void test_no_memory(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		const char *path;
		uint64_t n = 0;
		enum rc rc;

		make(i ? &made_pcapngs[2] : &made_pcaps[0]);
		path = write_file(capture.data, capture.len);
		do {
			mem_fail_after(++n);
			rc = read_all(path);
			mem_fail_after(0);
			assert_true(rc == RC_END || rc == RC_NO_MEMORY || rc == RC_UNSUPPORTED);
		} while (rc != RC_END && n < 1000);
		assert_true(n > 4 && n < 1000);
		unlink(path);
	}
}

static int reads_left;

static ssize_t failing_pread(int fd, void *to, size_t len, off_t at)
{
	if (reads_left-- <= 0) {
		errno = EIO;
		return -1;
	}
	return pread(fd, to, len > 20 ? 20 : len, at);
}

/* Each read fails in turn: what came before was given out. */
static void test_read_fails(void **state)
{
	struct io_ops ops = io_real;
	const char *path;
	enum rc rc;
	int n = 0;

	(void)state;
	ops.pread = failing_pread;
	make(&made_pcapngs[2]);
	path = write_file(capture.data, capture.len);
	io_set_ops(&ops);
	do {
		reads_left = n++;
		rc = read_all(path);
		assert_true(rc == RC_END || rc == RC_IO);
	} while (rc != RC_END && n < 1000);
	io_set_ops(NULL);
	assert_true(n > 10 && n < 1000);
	unlink(path);
}

static void test_too_many_interfaces(void **state)
{
	struct source *s;
	struct source_event e;
	struct err err;
	uint32_t n = 0;
	enum rc rc;

	(void)state;
	make(&made_pcapngs[0]);
	for (int i = 0; i < SOURCE_INTERFACES_MAX; i++) {
		uint8_t idb[20];

		memcpy(idb, capture.data + 28, sizeof(idb));
		buf_put(&capture, idb, sizeof(idb));
	}
	s = open_memory(capture.data, capture.len, NULL);
	while ((rc = source_next(s, &e, &err)) == RC_DONE)
		n += e.kind == SOURCE_INTERFACE;
	assert_int_equal(rc, RC_LIMIT);
	assert_int_equal(n, SOURCE_INTERFACES_MAX);
	source_close(s);
}

/* ---- BPF ---- */

static uint64_t count_packets(const struct made_capture *m, const char *bpf, enum rc *rc)
{
	struct source_options o = { .bpf = bpf };
	struct source *s;
	struct source_event e;
	uint64_t n = 0;

	make(m);
	*rc = source_open_memory("made", capture.data, capture.len, &o, &s, NULL);
	if (*rc != RC_DONE)
		return 0;
	while ((*rc = source_next(s, &e, NULL)) == RC_DONE)
		n += e.kind == SOURCE_PACKET;
	source_close(s);
	return n;
}

static void test_bpf(void **state)
{
	enum rc rc;

	(void)state;
	assert_int_equal(count_packets(&made_pcaps[0], "len > 3", &rc), 1);
	assert_int_equal(rc, RC_END);
	assert_int_equal(count_packets(&made_pcaps[0], "len >= 0", &rc), 3);
	assert_int_equal(count_packets(&made_pcapngs[2], "len == 3", &rc), 3);
	assert_int_equal(count_packets(&made_pcapngs[2], "len > 3", &rc), 1);
	assert_int_equal(rc, RC_END);
	count_packets(&made_pcaps[0], "no such word", &rc);
	assert_int_equal(rc, RC_SYNTAX);
	/* an address of Ethernet, asked of an interface without one */
	count_packets(&made_pcapngs[0], "ether host 1:2:3:4:5:6", &rc);
	assert_int_equal(rc, RC_SYNTAX);
}

static void test_linktype(void **state)
{
	static const struct { uint32_t linktype; const char *name; } cases[] = {
		{ 0, "NULL" }, { 1, "EN10MB" }, { 101, "RAW" }, { 113, "LINUX_SLL" },
		{ 127, "IEEE802_11_RADIO" }, { 276, "LINUX_SLL2" }, { 65000, "link-65000" },
	};
	char out[64];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(linktype_format(out, sizeof(out), cases[i].linktype),
			strlen(cases[i].name));
		assert_string_equal(out, cases[i].name);
	}
	assert_int_equal(linktype_format(out, 4, 1), 3);
	assert_string_equal(out, "EN1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_resume),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_read_fails),
		cmocka_unit_test(test_too_many_interfaces),
		cmocka_unit_test(test_bpf),
		cmocka_unit_test(test_linktype),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
