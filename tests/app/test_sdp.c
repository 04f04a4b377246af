/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/sdp.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { MEDIA = 64 };

struct heard {
	struct sdp_media v[MEDIA];
	unsigned n;
};

static void hear(void *ctx, const struct sdp_media *m)
{
	struct heard *h = ctx;

	if (h->n < MEDIA)
		h->v[h->n] = *m;
	h->n++;
}

static unsigned read_text(struct heard *h, const char *text, size_t len)
{
	char *copy = mem_alloc(len + 1);         /* exactly as long: a byte behind it is seen by the sanitizer */

	assert_non_null(copy);
	memcpy(copy, text, len);
	h->n = 0;
	unsigned n = sdp_read(copy, len, hear, h);
	assert_int_equal(n, h->n);
	mem_free(copy);
	return n;
}

static unsigned read_all(struct heard *h, const char *text)
{
	return read_text(h, text, strlen(text));
}

static const char call[] = "v=0\r\no=alice 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"
	"m=audio 49170 RTP/AVP 0 8 97 101\r\na=rtpmap:97 opus/48000/2\r\na=rtpmap:101 telephone-event/8000\r\na=ptime:20\r\n"
	"m=video 0 RTP/AVP 31\r\nc=IN IP4 192.0.2.66\r\n"
	"m=video 51372/2 RTP/SAVPF 99\nc=IN IP6 2001:db8::7\na=rtcp:60000 IN IP6 2001:db8::7\na=rtpmap:99 H264/90000\n"
	"m=application 9 TCP/WS foo\r\n"
	"m=audio 7000 UDP/TLS/RTP/SAVPF 9\r\na=rtcp-mux\r\n";

static void announced(void **state)
{
	struct heard h;
	char text[ADDR_TEXT];

	(void)state;
	assert_int_equal(read_all(&h, call), 3);
	addr_format(text, sizeof(text), &h.v[0].addr);
	assert_string_equal(text, "192.0.2.9");
	assert_int_equal(h.v[0].port, 49170);
	assert_int_equal(h.v[0].rtcp_port, 49171);
	assert_int_equal(h.v[0].n_types, 4);
	assert_string_equal(h.v[0].types[0].codec, "PCMU");
	assert_int_equal(h.v[0].types[1].clock_hz, 8000);
	assert_string_equal(h.v[0].types[2].codec, "opus");
	assert_int_equal(h.v[0].types[2].clock_hz, 48000);
	assert_string_equal(h.v[0].types[3].codec, "telephone-event");
	addr_format(text, sizeof(text), &h.v[1].addr);
	assert_string_equal(text, "2001:db8::7");
	assert_int_equal(h.v[1].rtcp_port, 60000);
	assert_int_equal(h.v[1].types[0].clock_hz, 90000);
	assert_int_equal(h.v[2].rtcp_port, 7000);
	assert_string_equal(h.v[2].types[0].codec, "G722");
}

static void lies(void **state)
{
	static const char *const nothing[] = {
		"", "v=", "v=1\r\nc=IN IP4 1.2.3.4\r\nm=audio 1 RTP/AVP 0\r\n", "c=IN IP4 1.2.3.4\r\nm=audio 1 RTP/AVP 0\r\n",
		"v=0\r\nm=audio 5000 RTP/AVP 0\r\n", "v=0\r\nc=IN IP4 host.example\r\nm=audio 5000 RTP/AVP 0\r\n",
		"v=0\r\nc=IN IP4 0.0.0.0\r\nm=audio 5000 RTP/AVP 0\r\n", "v=0\r\nc=IN IP4 224.2.1.1/127\r\nm=audio 5000 RTP/AVP 0\r\n",
		"v=0\r\nc=IN IP6 ff15::1\r\nm=audio 5000 RTP/AVP 0\r\n", "v=0\r\nc=IN IP4 1.2.3.4\r\nm=audio 65536 RTP/AVP 0\r\n",
		"v=0\r\nc=IN IP4 1.2.3.4\r\nm=audio 99999999999999999999 RTP/AVP 0\r\n", "v=0\r\nc=IN IP4 1.2.3.4\r\nm=audio -5 RTP/AVP 0\r\n",
		"v=0\r\nc=IN IP4 1.2.3.4\r\nm=audio 5000 RTP/AVP\r\n", "v=0\r\nc=IN IP4 1.2.3.4\r\nm=audio 5000 RTP/AVP 128 x\r\n",
		"v=0\r\nc=IN IP4 1.2.3.4\r\nm=audio 5000 TCP 0\r\n", "v=0\r\nc=IN IP4 1.2.3.4\r\nm=audio\r\n", "v=0\r\nm=\r\nm\r\n=\r\n",
	};
	struct heard h;

	(void)state;
	for (size_t i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++)
		if (read_all(&h, nothing[i]) != 0)
			fail_msg("%s", nothing[i]);
	/* types beyond those there is room for, clocks that cannot be, names too long or not printable */
	assert_int_equal(read_all(&h, "v=0\nc=IN IP4 1.2.3.4\nm=audio 5 RTP/AVP 96 97 98 99 100 101 102 103 104 105 106 107 108 109 110\n"
		"a=rtpmap:96 a/0\na=rtpmap:97 b/99999999\na=rtpmap:98 0123456789abcdef/8000\na=rtpmap:99 \x1b[m/8000\na=rtpmap:110 x/8000\n"
		"a=rtpmap:1000 x/8000\na=rtpmap:\na=rtcp:0\na=rtpmap:100 ok/8000/1"), 1);
	assert_int_equal(h.v[0].n_types, SDP_TYPES);
	for (unsigned i = 0; i < SDP_TYPES; i++)
		assert_string_equal(h.v[0].types[i].codec, i == 4 ? "ok" : "");
}

static void any_bytes(void **state)
{
	struct heard h;
	char text[sizeof(call)];
	unsigned seed = 4;

	(void)state;
	for (size_t n = 0; n < sizeof(call); n++)
		assert_true(read_text(&h, call, n) <= 3);
	for (unsigned i = 0; i < 50000; i++) {
		memcpy(text, call, sizeof(call));
		for (unsigned flips = 0; flips < 1 + i % 20; flips++)
			text[(unsigned)rand_r(&seed) % (sizeof(call) - 1)] = (char)rand_r(&seed);
		assert_true(read_text(&h, text, sizeof(call) - 1) < MEDIA);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(announced), cmocka_unit_test(lies), cmocka_unit_test(any_bytes)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
