/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tier/voice.h"

#include "app/media.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { CAPACITY = VOICE_CALLS + 100 };

struct world {
	struct voice *v;
	struct texts *texts;
	struct media sum;
	enum app app;
	uint32_t marks;              /* of the packet before */
	int64_t now_ns;
};

static void begin(struct world *w)
{
	memset(w, 0, sizeof(*w));
	assert_int_equal(voice_new(CAPACITY, &w->v, NULL), RC_DONE);
	assert_int_equal(texts_new(1 << 20, &w->texts, NULL), RC_DONE);
	w->now_ns = 1000000000;
}

static void end(struct world *w)
{
	voice_free(w->v);
	texts_free(w->texts);
}

/* One datagram of the conversation at `place`. */
static void datagram(struct world *w, uint32_t place, enum direction dir, struct announced *announced, const void *bytes, size_t n)
{
	uint8_t *frame = mem_alloc(n);
	struct packet p = {
		.time_ns = w->now_ns, .proto = PROTO_UDP, .flags = PACKET_HAS_PORTS | PACKET_HAS_IP | PACKET_MEDIA, .caplen = (uint32_t)n,
		.len = (uint32_t)n, .payload_len = (uint32_t)n, .src_port = 5000, .dst_port = 6000,
		.src = {ADDR_IPV4, {10, 0, 0, dir == DIR_C2S ? 1 : 2}}, .dst = {ADDR_IPV4, {10, 0, 0, dir == DIR_C2S ? 2 : 1}},
	};
	struct analysed at = {.place = place, .dir = dir, .as = dir, .frame = frame, .texts = w->texts, .generation = 1, .announced = announced};
	struct media more;
	bool has;

	assert_non_null(frame);
	memcpy(frame, bytes, n);
	w->marks = 0;
	w->app = voice_packet(w->v, &p, &at, &more, &has, &w->marks);
	if (has)
		media_merge(&w->sum, &more);
	mem_free(frame);
}

static void rtp(struct world *w, uint32_t place, enum direction dir, struct announced *announced, unsigned type, unsigned seq, uint32_t ssrc)
{
	uint8_t p[172] = {0x80, (uint8_t)type, (uint8_t)(seq >> 8), (uint8_t)seq, 0, 0, 0, 0,
		(uint8_t)(ssrc >> 24), (uint8_t)(ssrc >> 16), (uint8_t)(ssrc >> 8), (uint8_t)ssrc};
	uint32_t ts = seq * 160;

	p[4] = (uint8_t)(ts >> 24);
	p[5] = (uint8_t)(ts >> 16);
	p[6] = (uint8_t)(ts >> 8);
	p[7] = (uint8_t)ts;
	datagram(w, place, dir, announced, p, sizeof(p));
	w->now_ns += 20000000;
}

static const char *text(const struct world *w, enum media_text slot)
{
	size_t len;

	return texts_get(w->texts, w->sum.text[slot], &len);
}

/* Nobody announced it: told from four packets, which are all counted. */
static void unannounced(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	for (unsigned i = 0; i < 3; i++) {
		rtp(&w, 0, DIR_C2S, NULL, 8, 100 + i, 7);
		assert_int_equal(w.app, APP_NONE);
	}
	for (unsigned i = 3; i < 100; i++)
		if (i != 50)
			rtp(&w, 0, DIR_C2S, NULL, 8, 100 + i, 7);
	assert_int_equal(w.app, APP_RTP);
	assert_int_equal(w.sum.v[0][MEDIA_PACKETS], 99);
	assert_int_equal(w.sum.v[0][MEDIA_EXPECTED], 100);
	assert_int_equal(w.sum.v[0][MEDIA_RECEIVED], 99);
	assert_int_equal(w.sum.v[0][MEDIA_JITTER_N], 98);
	assert_int_equal(w.sum.v[0][MEDIA_MOS_N], 99);
	assert_int_equal(w.sum.v[0][MEDIA_MEASURED], 0);
	assert_int_equal(w.sum.v[1][MEDIA_PACKETS], 0);
	assert_string_equal(text(&w, MEDIA_CODEC), "PCMA");
	end(&w);
}

/* Which packets are marked: behind what is missing, late, again. */
static void marks(void **state)
{
	static const struct { unsigned seq; uint32_t marks; } packets[] = {
		{1, 0}, {2, 0}, {3, 0}, {4, 0}, {6, MARK_BIT(MARK_RTP_GAPS)}, {7, 0}, {5, MARK_BIT(MARK_RTP_REORDERED)}, {8, 0},
		{8, MARK_BIT(MARK_RTP_DUPLICATES)}, {12, MARK_BIT(MARK_RTP_GAPS)}, {20000, 0}, {20001, 0}, {20003, MARK_BIT(MARK_RTP_GAPS)},
	};
	struct world w;

	(void)state;
	begin(&w);
	for (size_t i = 0; i < sizeof(packets) / sizeof(packets[0]); i++) {
		rtp(&w, 0, DIR_S2C, NULL, 8, packets[i].seq, 7);
		assert_int_equal(w.marks, packets[i].marks);
	}
	assert_int_equal(w.sum.v[DIR_S2C][MEDIA_GAPS], 3);
	assert_int_equal(w.sum.v[DIR_S2C][MEDIA_REORDERED], 1);
	assert_int_equal(w.sum.v[DIR_S2C][MEDIA_DUPLICATES], 1);
	end(&w);
}

/* A dynamic type that nobody announced: no codec, no clock, no MOS. */
static void dynamic_type(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	for (unsigned i = 0; i < 100; i++)
		rtp(&w, 0, DIR_S2C, NULL, 111, i, 7);
	assert_int_equal(w.app, APP_RTP);
	assert_int_equal(w.sum.v[1][MEDIA_PACKETS], 100);
	assert_int_equal(w.sum.v[1][MEDIA_JITTER_N], 0);
	assert_int_equal(w.sum.v[1][MEDIA_MOS_N], 0);
	assert_int_equal(w.sum.text[MEDIA_CODEC], 0);
	end(&w);
}

static struct announced *announce(const char *call, uint8_t type, const char *codec)
{
	struct announced *a = mem_calloc(1, sizeof(*a));

	assert_non_null(a);
	a->holders = 1;
	a->n_types = 1;
	a->types[0].type = type;
	a->types[0].clock_hz = 8000;
	snprintf(a->types[0].codec, sizeof(a->types[0].codec), "%s", codec);
	a->call_len = (uint8_t)snprintf(a->call, sizeof(a->call), "%s", call);
	return a;
}

/* Announced: two are enough, in any order; another source, another call, comfort noise. */
static void told(void **state)
{
	struct announced *a = announce("one", 96, "g729"), *b = announce("two", 96, "g729");
	struct world w;

	(void)state;
	begin(&w);
	rtp(&w, 0, DIR_C2S, a, 96, 11, 7);
	rtp(&w, 0, DIR_C2S, a, 96, 10, 7);
	assert_int_equal(w.app, APP_RTP);
	for (unsigned i = 12; i < 20; i++)
		rtp(&w, 0, DIR_C2S, a, i == 15 ? 13 : 96, i, 7);
	assert_int_equal(w.sum.v[0][MEDIA_EXPECTED], 10);
	assert_int_equal(w.sum.v[0][MEDIA_RECEIVED], 10);
	assert_int_equal(w.sum.v[0][MEDIA_REORDERED], 1);
	assert_string_equal(text(&w, MEDIA_CODEC), "g729");
	assert_string_equal(text(&w, MEDIA_CALL), "one");
	for (unsigned i = 5000; i < 5010; i++)           /* another source: nothing is lost between */
		rtp(&w, 0, DIR_C2S, a, 96, i, 8);
	assert_int_equal(w.sum.v[0][MEDIA_EXPECTED], 20);
	assert_int_equal(w.sum.v[0][MEDIA_RECEIVED], 20);
	rtp(&w, 0, DIR_C2S, b, 96, 5010, 8);
	assert_int_equal(w.sum.text[MEDIA_CALL], 0);     /* they differ */
	voice_begin(w.v, 0);
	rtp(&w, 0, DIR_C2S, NULL, 96, 5011, 8);
	assert_int_equal(w.app, APP_NONE);
	announced_release(a);
	announced_release(b);
	end(&w);
}

/* One direction is announced, the other is not: nothing of it is missing. */
static void one_side_told(void **state)
{
	struct announced *a = announce("one", 96, "g729");
	struct world w;

	(void)state;
	begin(&w);
	for (unsigned i = 0; i < 10; i++) {
		rtp(&w, 0, DIR_C2S, NULL, 8, i, 7);
		if (i >= 1)
			rtp(&w, 0, DIR_S2C, a, 96, i, 8);
	}
	assert_int_equal(w.sum.v[0][MEDIA_RECEIVED], 10);
	assert_int_equal(w.sum.v[0][MEDIA_JITTER_N], 9);
	assert_int_equal(w.sum.v[1][MEDIA_RECEIVED], 9);
	announced_release(a);
	end(&w);
}

/* SDP that lies: the port is that of something else, whatever its bytes are. */
static void lies(void **state)
{
	struct announced *a = announce("liar", 0, "PCMU");
	struct world w;
	unsigned seed = 6;

	(void)state;
	begin(&w);
	for (unsigned i = 0; i < 20000; i++) {
		uint8_t dns[40] = {(uint8_t)rand_r(&seed), (uint8_t)rand_r(&seed), 1, 0, 0, 1};
		uint8_t noise[60];

		datagram(&w, 0, DIR_C2S, a, dns, sizeof(dns));
		assert_int_equal(w.app, APP_NONE);
		for (size_t k = 0; k < sizeof(noise); k++)
			noise[k] = (uint8_t)(rand_r(&seed) >> 4);
		datagram(&w, 1, DIR_C2S, i & 1 ? a : NULL, noise, 1 + i % sizeof(noise));
		assert_int_equal(w.app, APP_NONE);
	}
	announced_release(a);
	end(&w);
}

static void put32(uint8_t *to, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* A sender report of `who` with what it received of `of`, and its name. */
static void report(struct world *w, enum direction dir, uint32_t who, uint32_t time, uint32_t of, uint32_t last_sr, uint32_t delay)
{
	uint8_t p[68] = {0x81, 200, 0, 12};

	put32(p + 4, who);
	put32(p + 8, time >> 16);
	put32(p + 12, time << 16);
	put32(p + 28, of);
	p[32] = 64;
	put32(p + 40, 80);
	put32(p + 44, last_sr);
	put32(p + 48, delay);
	memcpy(p + 52, (uint8_t[]){0x81, 202, 0, 3}, 4);
	put32(p + 56, who);
	memcpy(p + 60, "\1\3a@b", 5);
	datagram(w, 1, dir, NULL, p, sizeof(p));
}

/* Reports of both sides: 30 ms to the server and back, 10 ms to the client; then delay is measured. */
static void round_trips(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	for (unsigned i = 0; i < 10; i++) {
		rtp(&w, 0, DIR_C2S, NULL, 0, i, 7);
		rtp(&w, 0, DIR_S2C, NULL, 0, i, 8);
	}
	assert_int_equal(w.sum.v[0][MEDIA_MEASURED], 0);
	report(&w, DIR_C2S, 7, 0x10000, 8, 0, 0);
	assert_int_equal(w.app, APP_RTCP);
	w.now_ns += 30000000 + 500000000;
	report(&w, DIR_S2C, 8, 0x20000, 7, 0x10000, 0x8000);
	assert_int_equal(w.sum.v[0][MEDIA_RTT_SUM], 30000000);
	w.now_ns += 10000000 + 250000000;
	report(&w, DIR_C2S, 7, 0x30000, 8, 0x20000, 0x4000);
	assert_int_equal(w.sum.v[1][MEDIA_RTT_MAX], 40000000);
	assert_int_equal(w.sum.v[0][MEDIA_REPORTS], 1);
	assert_int_equal(w.sum.v[0][MEDIA_REPORT_LOSS], 64);
	assert_int_equal(w.sum.v[0][MEDIA_REPORT_JITTER_MAX], 10000000);         /* 80 of 8 kHz */
	rtp(&w, 0, DIR_C2S, NULL, 0, 10, 7);
	assert_int_equal(w.sum.v[0][MEDIA_MEASURED], 1);
	/* an answer to a report that nobody saw, one before its report, one after a minute */
	uint64_t n = w.sum.v[1][MEDIA_RTT_N];
	report(&w, DIR_C2S, 7, 0x40000, 8, 0x77777, 0);
	report(&w, DIR_C2S, 7, 0x50000, 8, 0x20000, 0x7fffffff);
	w.now_ns += INT64_C(60000000000);
	report(&w, DIR_C2S, 7, 0x60000, 8, 0x20000, 0);
	assert_int_equal(w.sum.v[1][MEDIA_RTT_N], n);
	end(&w);
}

/* More calls than are followed: all are RTP, and every packet is counted. */
static void many(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	for (unsigned i = 0; i < 10; i++)
		for (uint32_t place = 0; place < CAPACITY; place += 1)
			rtp(&w, place, DIR_C2S, NULL, 0, i, 1000 + place);
	assert_true(w.sum.v[0][MEDIA_RECEIVED] >= (uint64_t)CAPACITY * 4);
	assert_int_equal(w.sum.v[0][MEDIA_EXPECTED], w.sum.v[0][MEDIA_RECEIVED]);
	for (uint32_t place = 0; place < CAPACITY; place++)
		voice_begin(w.v, place);
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unannounced), cmocka_unit_test(marks), cmocka_unit_test(dynamic_type), cmocka_unit_test(told), cmocka_unit_test(one_side_told), cmocka_unit_test(lies),
		cmocka_unit_test(round_trips), cmocka_unit_test(many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
