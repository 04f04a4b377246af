/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A transcript as lines: ui/stream_lines.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "ui/stream_lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct transcript t;
static struct stream_lines lines;
static uint32_t seq[2];

static int set_up(void **state)
{
	(void)state;
	seq[0] = seq[1] = 1;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	stream_lines_free(&lines);
	transcript_free(&t);
	return 0;
}

static void say_bytes(enum direction dir, const void *bytes, uint32_t len, uint32_t wire)
{
	struct packet p = { .flags = PACKET_HAS_TCP, .proto = PROTO_TCP, .tcp_flags = TCP_ACK,
		.tcp_seq = seq[dir], .payload_len = wire, .caplen = len };
	struct transcript_packet as = { .time_ns = (int64_t)t.n_packets * 1000, .frame = t.n_packets + 1 };
	bool more;

	assert_int_equal(transcript_add(&t, &p, bytes, dir, &as, &more, NULL), RC_DONE);
	assert_true(more);
	seq[dir] += wire;
}

static void say(enum direction dir, const char *text)
{
	say_bytes(dir, text, (uint32_t)strlen(text), (uint32_t)strlen(text));
}

static void lay(unsigned width, bool hex, enum stream_side side)
{
	if (t.n_pieces == 0)
		assert_int_equal(transcript_end(&t, NULL), RC_DONE);
	assert_int_equal(stream_lines_make(&lines, &t, width, hex, side, NULL), RC_DONE);
}

/* Lines in one: "#12" a turn of so many bytes, ">text", "<text", "[12]" a gap, each ended by '|'; '\n' is '$', '\r' is '%'. */
static const char *all(void)
{
	static char out[8192];
	struct stream_line line;
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; stream_lines_get(&lines, i, &line); i++) {
		const char *mark = line.dir == DIR_C2S ? ">" : "<";

		if (line.kind == STREAM_TURN)
			len += (size_t)snprintf(out + len, sizeof(out) - len, "%s#%d|", mark, (int)line.len);
		else if (line.kind == STREAM_GAP)
			len += (size_t)snprintf(out + len, sizeof(out) - len, "[%d]|", (int)line.len);
		else
			len += (size_t)snprintf(out + len, sizeof(out) - len, "%s%.*s|", mark, (int)line.len,
				(const char *)t.bytes[line.dir].data + line.at);
	}
	for (char *c = out; *c != '\0'; c++)
		*c = *c == '\n' ? '$' : *c == '\r' ? '%' : *c;
	return out;
}

static void test_lines(void **state)
{
	(void)state;
	say(DIR_C2S, "GET / HT");
	say(DIR_C2S, "TP/1.1\r\nHost: a\r\n\r\n");
	say(DIR_S2C, "200\nbody that is long");
	lay(12, false, STREAM_BOTH);
	assert_string_equal(all(), ">#27|>GET / HTTP/1|>.1%$|>Host: a%$|>%$|<#21|<200$|<body that is|< long|");
	lay(12, false, STREAM_SERVER);
	assert_string_equal(all(), "<#21|<200$|<body that is|< long|");
	lay(8, true, STREAM_CLIENT);
	assert_string_equal(all(), ">#27|>GET / HT|>TP/1.1%$|>Host: a%|>$%$|");
}

static void test_gaps(void **state)
{
	(void)state;
	say_bytes(DIR_S2C, "abcdef", 3, 6);
	say(DIR_S2C, "ghi");
	lay(80, false, STREAM_BOTH);
	assert_string_equal(all(), "<#6|<abc|[3]|<ghi|");
}

/* Wide characters do not straddle the edge; tabs go to their columns; a width of 1 ends, too. */
static void test_widths(void **state)
{
	(void)state;
	say(DIR_C2S, "ab\xe6\x97\xa5\xe6\x9c\xac\tc\xff");
	lay(3, false, STREAM_BOTH);
	assert_string_equal(all(), ">#11|>ab|>\xe6\x97\xa5|>\xe6\x9c\xac|>\t|>c\xff|");
	lay(16, false, STREAM_BOTH);
	assert_string_equal(all(), ">#11|>ab\xe6\x97\xa5\xe6\x9c\xac\tc\xff|");
	lay(1, false, STREAM_BOTH);
	assert_int_equal(lines.n, 8);
}

static void test_is_text(void **state)
{
	static const char binary[] = "\x16\x03\x01\0\xa5\1\0\0\xa1\x03\x03\xe0\x9b\xff" "abcd";

	(void)state;
	say(DIR_C2S, "Q\n SELECT 1\n");
	assert_int_equal(transcript_end(&t, NULL), RC_DONE);
	assert_true(stream_is_text(&t));
	transcript_free(&t);
	say_bytes(DIR_S2C, binary, sizeof(binary) - 1, sizeof(binary) - 1);
	assert_int_equal(transcript_end(&t, NULL), RC_DONE);
	assert_false(stream_is_text(&t));
}

/* Every byte is on exactly one line, in order, and is found there again, whatever the width and the packets. */
static void test_all_bytes(void **state)
{
	(void)state;
	srand(11);
	for (int i = 0; i < 400; i++) {
		char text[60];
		unsigned n = 1 + (unsigned)rand() % 50;

		for (unsigned k = 0; k < n; k++)
			text[k] = "abc\n\t\r\xc3\xa4\xff "[rand() % 10];
		say_bytes(rand() % 5 == 0 ? DIR_C2S : DIR_S2C, text, n, n + (rand() % 20 == 0 ? 3 : 0));
	}
	for (unsigned width = 1; width < 90; width += 7) {
		size_t next[2] = { 0, 0 };
		struct stream_line line;

		lay(width, width % 2 == 0, STREAM_BOTH);
		for (size_t i = 0; stream_lines_get(&lines, i, &line); i++) {
			if (line.kind != STREAM_BYTES)
				continue;
			assert_int_equal(line.at, next[line.dir]);
			assert_true(line.len > 0);
			next[line.dir] += (size_t)line.len;
			assert_int_equal(stream_lines_of_byte(&lines, line.dir, line.at), i);
			assert_int_equal(stream_lines_of_byte(&lines, line.dir, next[line.dir] - 1), i);
		}
		assert_int_equal(next[0], t.bytes[0].len);
		assert_int_equal(next[1], t.bytes[1].len);
		for (size_t i = 0; i < t.n_pieces; i++) {
			const struct transcript_piece *p = &t.pieces[i];
			size_t n = stream_lines_of_piece(&lines, i);

			assert_true(stream_lines_get(&lines, n, &line));
			if (p->kind == PIECE_BYTES && !p->turn)
				assert_int_equal(n, stream_lines_of_byte(&lines, p->dir, p->at));
			else
				assert_int_equal(line.piece, i);
		}
	}
}

static void test_none(void **state)
{
	struct stream_line line;

	(void)state;
	lay(80, false, STREAM_BOTH);
	assert_int_equal(lines.n, 0);
	assert_false(stream_lines_get(&lines, 0, &line));
	assert_int_equal(stream_lines_of_piece(&lines, 0), 0);
	assert_int_equal(stream_lines_of_byte(&lines, DIR_C2S, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		TEST(test_lines),
		TEST(test_gaps),
		TEST(test_widths),
		TEST(test_is_text),
		TEST(test_all_bytes),
		TEST(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
