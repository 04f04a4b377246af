/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "talking.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static void note_name(void *ctx, const struct addr *addr, struct said_text name, enum seen_by by)
{
	struct talking *x = ctx;

	assert_true(x->n_seen < sizeof(x->seen) / sizeof(x->seen[0]));
	x->seen[x->n_seen].addr = *addr;
	x->seen[x->n_seen].by = by;
	snprintf(x->seen[x->n_seen].name, sizeof(x->seen[0].name), "%.*s", (int)name.len, name.p);
	x->n_seen++;
}

void talking_begin(struct talking *x, bool udp)
{
	memset(x, 0, sizeof(*x));
	assert_int_equal(talk_memory_new(&x->memory, NULL), RC_DONE);
	x->udp = udp;
	x->client_port = 40000;
	x->server_port = 4000;
	x->seq[0] = 0xffffff00;          /* both wrap soon */
	x->seq[1] = 0xfffffff0;
	x->time_ns = 1000000000;
	x->sink = (struct said_sink){note_name, x};
}

void talking_end(struct talking *x)
{
	talk_end(&x->talk, x->memory);
	talk_memory_free(x->memory);
}

static void keep(char *to, struct said_text t)
{
	if (t.p)
		snprintf(to, 256, "%.*s", (int)t.len, t.p);
}

static void packet(struct talking *x, enum direction dir, unsigned flags, const void *bytes, size_t len, size_t kept)
{
	enum { HEAD = 40 };
	uint8_t *frame = mem_alloc(HEAD + kept);         /* exactly: a byte behind it is seen by the sanitizer */
	struct packet p = {
		.time_ns = x->time_ns, .len = (uint32_t)(HEAD + len), .caplen = (uint32_t)(HEAD + kept), .payload_off = HEAD,
		.payload_len = (uint32_t)len, .proto = x->udp ? PROTO_UDP : PROTO_TCP,
		.flags = PACKET_HAS_PORTS | PACKET_HAS_IP | (x->udp ? 0 : PACKET_HAS_TCP) | (kept < len ? PACKET_CUT : 0),
		.src_port = dir == DIR_C2S ? x->client_port : x->server_port,
		.dst_port = dir == DIR_C2S ? x->server_port : x->client_port,
		.tcp_seq = x->seq[dir], .tcp_flags = (uint16_t)flags,
	};

	assert_non_null(frame);
	memset(frame, 0, HEAD);
	if (kept > 0)
		memcpy(frame + HEAD, bytes, kept);
	talk_packet(&x->talk, x->memory, &p, frame, dir, &x->sink, &x->said);
	x->all.app = x->said.app;
	x->all.requests += x->said.requests;
	x->all.responses += x->said.responses;
	x->all.errors += x->said.errors;
	x->all.refusals += x->said.refusals;
	if (x->said.has_status) {
		x->all.has_status = true;
		x->all.status = x->said.status;
	}
	if (x->said.version)
		x->all.version = x->said.version;
	keep(x->name, x->said.name);
	keep(x->url, x->said.url);
	keep(x->alpn, x->said.alpn);
	keep(x->ja4, x->said.ja4);
	mem_free(frame);
	x->seq[dir] += (uint32_t)len + ((flags & TCP_SYN) != 0);
	x->time_ns += 1000000;
}

void talking_connect(struct talking *x)
{
	packet(x, DIR_C2S, TCP_SYN, NULL, 0, 0);
	packet(x, DIR_S2C, TCP_SYN | TCP_ACK, NULL, 0, 0);
}

void talking_say(struct talking *x, enum direction dir, const void *bytes, size_t len)
{
	packet(x, dir, TCP_ACK, bytes, len, len);
}

void talking_say_cut(struct talking *x, enum direction dir, const void *bytes, size_t len, size_t kept)
{
	packet(x, dir, TCP_ACK, bytes, len, kept);
}

void talking_miss(struct talking *x, enum direction dir, size_t len)
{
	x->seq[dir] += (uint32_t)len;
}

void talking_say_in_steps(struct talking *x, enum direction dir, const void *bytes, size_t len, size_t step)
{
	const uint8_t *p = bytes;

	for (size_t at = 0; at < len; at += step)
		talking_say(x, dir, p + at, len - at < step ? len - at : step);
}
