/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "traffic.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct maker {
	const struct traffic *t;
	uint64_t random;
	struct buf file, frame;
};

static uint32_t random_below(struct maker *m, uint32_t n)
{
	m->random = m->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)((m->random >> 33) % n);
}

static void be16(struct buf *b, unsigned v)
{
	buf_put_u8(b, (uint8_t)(v >> 8));
	buf_put_u8(b, (uint8_t)v);
}

static void be32(struct buf *b, uint32_t v)
{
	be16(b, v >> 16);
	be16(b, v & 0xffff);
}

static void put_ethernet(
	struct maker *m, unsigned from, unsigned to, unsigned type, bool tagged)
{
	const uint8_t mac[] = { 2, 0, 0, 0, 0 };

	buf_put(&m->frame, mac, 5);
	buf_put_u8(&m->frame, (uint8_t)to);
	buf_put(&m->frame, mac, 5);
	buf_put_u8(&m->frame, (uint8_t)from);
	if (tagged) {
		be16(&m->frame, 0x8100);
		be16(&m->frame, 7);
	}
	be16(&m->frame, type);
}

static void put_ip(struct maker *m, unsigned proto, unsigned from, unsigned to, unsigned len,
	unsigned id, unsigned fragment)
{
	be16(&m->frame, 0x4500);
	be16(&m->frame, 20 + len);
	be16(&m->frame, id);
	be16(&m->frame, fragment);
	be16(&m->frame, (60 + from % 4) << 8 | proto);
	be16(&m->frame, 0);
	be32(&m->frame, 0x0a000000 + from);
	be32(&m->frame, 0x0a000000 + to);
}

static void put_tcp(
	struct maker *m, unsigned from_port, unsigned to_port, unsigned flags, unsigned payload)
{
	be16(&m->frame, from_port);
	be16(&m->frame, to_port);
	be32(&m->frame, random_below(m, 1000));
	be32(&m->frame, random_below(m, 1000));
	be16(&m->frame, 0x5000 | flags);
	be16(&m->frame, 1000 + random_below(m, 100));
	be32(&m->frame, 0);
	buf_put_zeros(&m->frame, payload);
}

static void put_udp(struct maker *m, unsigned from_port, unsigned to_port, unsigned payload)
{
	be16(&m->frame, from_port);
	be16(&m->frame, to_port);
	be16(&m->frame, 8 + payload);
	be16(&m->frame, 0);
	buf_put_zeros(&m->frame, payload);
}

/* One frame between two hosts; few ports, so that conversations have many packets. */
static void make_frame(struct maker *m)
{
	static const unsigned servers[] = { 80, 443, 53, 5432, 40001 };
	static const unsigned flags[] = { 0x02, 0x12, 0x10, 0x18, 0x10, 0x18, 0x10, 0x11,
		0x04 };
	unsigned client = 100 + random_below(m, m->t->hosts),
		 server = 1 + random_below(m, 1 + m->t->hosts / 4);
	unsigned port = servers[random_below(m, 5)], other = 50000 + random_below(m, 3);
	unsigned payload = random_below(m, m->t->payload + 1), kind = random_below(m, 20);
	bool back = random_below(m, 2), tagged = random_below(m, 10) == 0;
	unsigned from = back ? server : client, to = back ? client : server;
	unsigned from_port = back ? port : other, to_port = back ? other : port;

	buf_clear(&m->frame);
	put_ethernet(m, from, to, kind == 0 ? 0x0806 : 0x0800, tagged);
	if (kind == 0) {
		buf_put_zeros(&m->frame, 28);
	} else if (kind == 1) {
		put_ip(m, 1, from, to, 8 + payload, 0, 0);
		be16(&m->frame, back ? 0 : 8 << 8);
		buf_put_zeros(&m->frame, 6 + payload);
	} else if (kind == 2) {
		/* a first fragment, or a later one that may find its first */
		bool later = random_below(m, 2);

		put_ip(m, 17, from, to, 8 + payload, 1 + random_below(m, 3),
			later ? 185 : 0x2000);
		put_udp(m, from_port, to_port, payload);
	} else if (kind < 8) {
		put_ip(m, 17, from, to, 8 + payload, 0, 0);
		put_udp(m, from_port, to_port, payload);
	} else {
		put_ip(m, 6, from, to, 20 + payload, 0, 0);
		put_tcp(m, from_port, to_port, flags[random_below(m, 9)], payload);
	}
}

static void put_packet(struct maker *m, unsigned interface, int64_t time_us)
{
	size_t padded = (m->frame.len + 3) & ~(size_t)3;

	buf_put_le32(&m->file, 6);
	buf_put_le32(&m->file, (uint32_t)(32 + padded));
	buf_put_le32(&m->file, interface);
	buf_put_le32(&m->file, (uint32_t)((uint64_t)time_us >> 32));
	buf_put_le32(&m->file, (uint32_t)time_us);
	buf_put_le32(&m->file, (uint32_t)m->frame.len);
	buf_put_le32(&m->file, (uint32_t)m->frame.len);
	buf_put(&m->file, m->frame.data, m->frame.len);
	buf_put_zeros(&m->file, padded - m->frame.len);
	buf_put_le32(&m->file, (uint32_t)(32 + padded));
}

static void put_head(struct maker *m)
{
	static const uint32_t section[] = { 0x0a0d0d0a, 28, 0x1a2b3c4d, 1, UINT32_MAX,
		UINT32_MAX, 28 };
	static const uint32_t interface[] = { 1, 20, 1, 0, 20 };

	for (size_t i = 0; i < 7; i++)
		buf_put_le32(&m->file, section[i]);
	for (unsigned k = 0; k < m->t->interfaces; k++)
		for (size_t i = 0; i < 5; i++)
			buf_put_le32(&m->file, interface[i]);
}

void traffic_write(const char *path, const struct traffic *t)
{
	struct maker m = { .t = t, .random = t->seed };
	int64_t now_us = INT64_C(1700000000) * 1000000;
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	buf_init(&m.file);
	buf_init(&m.frame);
	put_head(&m);
	for (size_t i = 0; i < t->packets; i++) {
		int64_t early_us = random_below(&m, 100) < t->back_percent
			? random_below(&m, 20000000)
			: 0;

		now_us += random_below(&m, 2000 * t->step_ms + 1);
		make_frame(&m);
		put_packet(&m, random_below(&m, t->interfaces), now_us - early_us);
	}
	assert_false(m.file.failed || m.frame.failed);
	assert_int_equal(fwrite(m.file.data, 1, m.file.len, f), m.file.len);
	fclose(f);
	buf_free(&m.file);
	buf_free(&m.frame);
}
