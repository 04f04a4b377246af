/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/media.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { HEAD = 42 };

static struct addr v4(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a, NULL), RC_DONE);
	return a;
}

/* Gives the table one packet; `kept` bytes of its payload were captured. */
static struct announced *give(struct media_table *t, uint32_t proto, const char *src, uint16_t sport, const char *dst, uint16_t dport,
	const void *payload, size_t len, size_t kept)
{
	uint8_t *frame = mem_calloc(1, HEAD + kept);
	struct packet p = {
		.proto = proto, .flags = PACKET_HAS_PORTS | PACKET_HAS_IP, .src = v4(src), .dst = v4(dst), .src_port = sport, .dst_port = dport,
		.caplen = (uint32_t)(HEAD + kept), .len = (uint32_t)(HEAD + len), .payload_off = HEAD, .payload_len = (uint32_t)len,
	};

	assert_non_null(frame);
	if (kept > 0)
		memcpy(frame + HEAD, payload, kept);
	struct announced *a = media_table_packet(t, &p, frame);
	mem_free(frame);
	return a;
}

/* Announces an endpoint by an INVITE. */
static void invite(struct media_table *t, const char *call, const char *addr, unsigned port, unsigned type, const char *codec)
{
	char sdp[400], text[800];
	int n = snprintf(sdp, sizeof(sdp), "v=0\r\nc=IN IP4 %s\r\nm=audio %u RTP/AVP %u\r\na=rtpmap:%u %s/8000\r\n", addr, port, type, type,
		codec);

	n = snprintf(text, sizeof(text), "INVITE sip:bob@b.example SIP/2.0\r\nCall-ID: %s\r\nContent-Type: application/sdp\r\n"
		"Content-Length: %d\r\n\r\n%s", call, n, sdp);
	announced_release(give(t, PROTO_UDP, "192.0.2.1", 5060, "192.0.2.2", 5060, text, (size_t)n, (size_t)n));
}

static struct announced *media(struct media_table *t, const char *src, uint16_t sport, const char *dst, uint16_t dport)
{
	return give(t, PROTO_UDP, src, sport, dst, dport, "\x80\x60", 2, 2);
}

static void announced(void **state)
{
	struct media_table *t;
	struct announced *a;

	(void)state;
	assert_int_equal(media_table_new(&t, NULL), RC_DONE);
	assert_null(media(t, "192.0.2.9", 7000, "192.0.2.1", 6000));
	invite(t, "one@a", "192.0.2.1", 6000, 96, "opus");
	assert_int_equal(media_table_count(t), 2);       /* RTCP, too */
	a = media(t, "192.0.2.9", 7000, "192.0.2.1", 6000);
	assert_non_null(a);
	assert_string_equal(a->call, "one@a");
	assert_string_equal(announced_type(a, 96)->codec, "opus");
	assert_null(announced_type(a, 0));
	/* from it, to RTCP, to another port */
	struct announced *from = media(t, "192.0.2.1", 6000, "192.0.2.9", 7000);
	assert_ptr_equal(from, a);
	announced_release(from);
	from = media(t, "192.0.2.9", 7001, "192.0.2.1", 6001);
	assert_ptr_equal(from, a);
	announced_release(from);
	assert_null(media(t, "192.0.2.9", 7000, "192.0.2.1", 6002));
	/* announced anew: who holds the old one keeps it */
	invite(t, "two@a", "192.0.2.1", 6000, 0, "pcmu");
	from = media(t, "192.0.2.9", 7000, "192.0.2.1", 6000);
	assert_string_equal(from->call, "two@a");
	assert_string_equal(announced_type(from, 0)->codec, "PCMU");
	assert_string_equal(a->call, "one@a");
	announced_release(from);
	media_table_free(t);
	announced_release(a);
}

/* SDP that was cut announces nothing: its last line could be another port. */
static void cut(void **state)
{
	static const char whole[] = "SIP/2.0 200 OK\r\nContent-Type: application/sdp\r\n\r\nv=0\r\nc=IN IP4 192.0.2.7\r\nm=audio 60001 RTP/AVP 0\r\n";
	static const char cut_body[] = "SIP/2.0 200 OK\r\nContent-Type: application/sdp\r\nContent-Length: 90\r\n\r\n"
		"v=0\r\nc=IN IP4 192.0.2.7\r\nm=audio 6000";
	struct media_table *t;

	(void)state;
	assert_int_equal(media_table_new(&t, NULL), RC_DONE);
	for (size_t kept = 0; kept < sizeof(whole) - 1; kept++)
		assert_null(give(t, PROTO_UDP, "192.0.2.1", 5060, "192.0.2.2", 5060, whole, sizeof(whole) - 1, kept));
	give(t, PROTO_TCP, "192.0.2.1", 5060, "192.0.2.2", 5060, whole, sizeof(whole) - 1, sizeof(whole) - 1);
	give(t, PROTO_TCP, "192.0.2.1", 5060, "192.0.2.2", 5060, cut_body, sizeof(cut_body) - 1, sizeof(cut_body) - 1);
	assert_int_equal(media_table_count(t), 0);
	give(t, PROTO_UDP, "192.0.2.1", 5060, "192.0.2.2", 5060, whole, sizeof(whole) - 1, sizeof(whole) - 1);
	assert_int_equal(media_table_count(t), 2);
	media_table_free(t);
}

/* More than there is room for: the oldest go, memory stays. */
static void flood(void **state)
{
	struct media_table *t;
	char addr[32];
	struct announced *a;

	(void)state;
	assert_int_equal(media_table_new(&t, NULL), RC_DONE);
	for (unsigned i = 0; i < MEDIA_PLACES; i++) {
		snprintf(addr, sizeof(addr), "10.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);
		invite(t, addr, i == 0 ? "10.255.0.1" : addr, 4000, 0, "PCMU");
	}
	assert_int_equal(media_table_count(t), MEDIA_PLACES);
	assert_null(media(t, "192.0.2.9", 7000, "10.255.0.1", 4000));
	a = media(t, "192.0.2.9", 7000, "10.0.255.255", 4000);
	assert_non_null(a);
	assert_string_equal(a->call, "10.0.255.255");
	announced_release(a);
	for (unsigned i = 0; i < MEDIA_PLACES; i++)      /* who repeats himself pushes nobody out */
		invite(t, "again", "10.0.255.255", 4000, 0, "PCMU");
	a = media(t, "192.0.2.9", 7000, "10.0.255.1", 4000);
	assert_non_null(a);
	announced_release(a);
	media_table_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(announced), cmocka_unit_test(cut), cmocka_unit_test(flood)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
