/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The generator's packets: headers with right checksums, and payload. */
#include <stdlib.h>
#include <string.h>

#include "gen.h"

#define SEGMENT_HEAD 32u /* TCP header with time stamps */
#define TLS_RECORD   (5u + 16384u)

static const char http_request[] =
	"GET /api/v2/items/0000000000000000?page=1&sort=name HTTP/1.1\r\n"
	"Host: shop.example.net\r\n"
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Firefox/115.0\r\n"
	"Accept: application/json, text/plain, */*\r\n"
	"Accept-Encoding: gzip, deflate, br\r\n"
	"Cookie: session=0000000000000000\r\n"
	"Connection: keep-alive\r\n"
	"\r\n";
static const char http_response[] =
	"HTTP/1.1 200 OK\r\n"
	"Server: nginx/1.22.1\r\n"
	"Content-Type: application/octet-stream\r\n"
	"Content-Length: 000000000000\r\n"
	"ETag: \"0000000000000000\"\r\n"
	"Cache-Control: private, max-age=0\r\n"
	"Connection: keep-alive\r\n"
	"\r\n";
static const char text_request[] = "*2\r\n$3\r\nGET\r\n$20\r\nsku:0000000000000000\r\n";
static const char text_response[] = "$000000000000\r\n";

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

static void put64(uint8_t *p, uint64_t v)
{
	put32(p, (uint32_t)(v >> 32));
	put32(p + 4, (uint32_t)v);
}

/* ---- payload ---- */

void gen_payload_random(uint64_t seed, uint8_t *p, size_t len_bytes)
{
	struct gen_rng r = { seed };

	for (size_t i = 0; i < len_bytes; i += 8) {
		uint64_t v = gen_rng_next(&r);

		memcpy(p + i, &v, sizeof(v));
	}
}

static const char *payload_template(const struct gen_flow *f, size_t *len)
{
	bool request = f->dir == GEN_C2S;

	switch (f->app) {
	case GEN_APP_HTTP:
		*len = request ? sizeof(http_request) - 1 : sizeof(http_response) - 1;
		return request ? http_request : http_response;
	case GEN_APP_TEXT:
		*len = request ? sizeof(text_request) - 1 : sizeof(text_response) - 1;
		return request ? text_request : text_response;
	default:
		*len = 0; /* TLS: see payload_records() */
		return NULL;
	}
}

uint32_t gen_payload_header(const struct gen_flow *f)
{
	size_t len;

	payload_template(f, &len);
	return (uint32_t)len;
}

/* a run of sixteen zeros becomes hexadecimal digits, one of twelve decimal ones */
static void payload_personalise(uint8_t *text, size_t len, uint64_t tag, uint32_t body_bytes)
{
	static const char digits[] = "0123456789abcdef";
	size_t i = 0;

	while (i < len) {
		size_t run = 0;

		while (i + run < len && text[i + run] == '0')
			run++;
		for (size_t k = 0; run == 16 && k < 16; k++)
			text[i + k] = (uint8_t)digits[(tag >> (4 * k)) & 15];
		for (size_t k = 12; run == 12 && k > 0; k--, body_bytes /= 10)
			text[i + k - 1] = (uint8_t)digits[body_bytes % 10];
		i += run + 1;
	}
}

static uint64_t payload_seed(const struct gen_flow *f)
{
	return gen_mix64(f->seed + 2 * f->message + f->dir);
}

/* the part of the message's header that stands at `offset`; `len_bytes` are wanted */
static void payload_header(
	const struct gen_flow *f, uint8_t *p, uint32_t offset, size_t len_bytes)
{
	uint8_t header[sizeof(http_request)];
	size_t len;
	const char *template = payload_template(f, &len);

	if (offset >= len)
		return;
	memcpy(header, template, len);
	payload_personalise(header, len, payload_seed(f), f->message_bytes - (uint32_t)len);
	memcpy(p, header + offset, len_bytes < len - offset ? len_bytes : len - offset);
}

/* RFC 8446, 5.1: records of application data, as long as they may be */
static void payload_records(
	const struct gen_flow *f, uint8_t *p, uint32_t offset, size_t len_bytes)
{
	uint32_t start = offset - offset % TLS_RECORD;

	for (; start < offset + len_bytes; start += TLS_RECORD) {
		uint32_t left = f->message_bytes - start;
		uint8_t head[5] = { 23, 3, 3, 0, 0 };

		if (left > TLS_RECORD)
			left = TLS_RECORD;
		put16(head + 3, left > 5 ? left - 5 : 0);
		for (uint32_t i = 0; i < sizeof(head); i++) {
			if (start + i >= offset && start + i < offset + len_bytes)
				p[start + i - offset] = head[i];
		}
	}
}

void gen_payload_fill(const struct gen_flow *f, uint8_t *p, uint32_t offset, size_t len_bytes)
{
	struct gen_rng r = { payload_seed(f) };
	uint32_t skew = offset & 7;

	/* a byte depends on its place in the message alone: a repeat repeats it */
	r.state += UINT64_C(0x9e3779b97f4a7c15) * (offset >> 3);
	for (size_t i = 0; i < len_bytes + skew; i += 8) {
		uint64_t v = gen_rng_next(&r);

		memcpy(p + i - skew, &v, sizeof(v));
	}
	if (f->app == GEN_APP_TLS)
		payload_records(f, p, offset, len_bytes);
	else
		payload_header(f, p, offset, len_bytes);
}

/* ---- addresses ---- */

static void address_mac(const struct gen_flow *f, enum gen_dir of, uint8_t out[6])
{
	uint32_t id = of == GEN_C2S ? f->client % GEN_CLIENTS : f->server % GEN_HOSTS;

	out[0] = 2; /* locally administered */
	out[1] = of == GEN_C2S ? 0x0c : 0x05;
	put32(out + 2, id);
}

size_t gen_address(const struct gen_flow *f, enum gen_dir of, uint8_t out[16])
{
	static const uint8_t prefix[6] = { 0x20, 0x01, 0x00, 0x02, 0x00, 0x00 };
	uint32_t id = of == GEN_C2S ? f->client : f->server;

	if (!f->ip6) {
		uint32_t base = of == GEN_C2S ? 0x0a100000 : 0xc6120000; /* 10.16, 198.18 */

		put32(out, base + 256 * (id / 250) + id % 250 + 1);
		return 4;
	}
	memset(out, 0, 16);
	memcpy(out, prefix, sizeof(prefix));
	out[7] = of == GEN_C2S ? 0x0c : 0x05;
	put32(out + 12, id + 1);
	return 16;
}

/* ---- headers ---- */

/* the sum of 16-bit words, not folded; an odd last byte counts as a high one */
static uint64_t sum_words(const uint8_t *p, size_t len)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i + 4 <= len; i += 4) {
		uint32_t v;

		memcpy(&v, p + i, sizeof(v));
		sum += v;
	}
	for (; i < len; i += 2) {
		uint8_t last[2] = { p[i], i + 1 < len ? p[i + 1] : 0 };
		uint16_t v;

		memcpy(&v, last, sizeof(v));
		sum += v;
	}
	return sum;
}

/* RFC 1071: the sum works in either byte order, so the result is stored as it is */
static void sum_store(uint8_t *at, uint64_t sum, bool zero_is_ones)
{
	uint16_t v;

	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	v = (uint16_t)~sum;
	if (v == 0 && zero_is_ones)
		v = 0xffff;
	memcpy(at, &v, sizeof(v));
}

static size_t put_ethernet(uint8_t *p, const struct gen_flow *f, enum gen_dir dir)
{
	size_t n = 12;

	address_mac(f, dir == GEN_C2S ? GEN_S2C : GEN_C2S, p);
	address_mac(f, dir, p + 6);
	if (f->vlan) {
		put16(p + n, 0x8100);
		put16(p + n + 2, f->vlan);
		n += 4;
	}
	put16(p + n, f->ip6 ? 0x86dd : 0x0800);
	return n + 2;
}

static uint8_t packet_ttl(const struct gen_flow *f, enum gen_dir dir)
{
	if (dir == GEN_C2S)
		return (uint8_t)((f->client % 3 ? 64 : 128) - f->client % 7);
	return (uint8_t)((f->server % 5 ? 64 : 255) - f->server % 4);
}

static size_t put_ip4(
	uint8_t *p, struct gen_flow *f, enum gen_dir dir, uint8_t proto, size_t l4)
{
	p[0] = 0x45;
	p[1] = 0;
	put16(p + 2, (uint32_t)(20 + l4));
	put16(p + 4, f->ip_id[dir]++);
	put16(p + 6, 0x4000);
	p[8] = packet_ttl(f, dir);
	p[9] = proto;
	put16(p + 10, 0);
	gen_address(f, dir, p + 12);
	gen_address(f, dir == GEN_C2S ? GEN_S2C : GEN_C2S, p + 16);
	sum_store(p + 10, sum_words(p, 20), false);
	return 20;
}

static size_t put_ip6(
	uint8_t *p, const struct gen_flow *f, enum gen_dir dir, uint8_t proto, size_t l4)
{
	put32(p, 0x60000000 | (uint32_t)(f->seed & 0xfffff));
	put16(p + 4, (uint32_t)l4);
	p[6] = proto;
	p[7] = packet_ttl(f, dir);
	gen_address(f, dir, p + 8);
	gen_address(f, dir == GEN_C2S ? GEN_S2C : GEN_C2S, p + 24);
	return 40;
}

/*
 * Finish a packet whose upper layer of `len` bytes stands at `l4` with its
 * checksum field (at `l4 + check`) zero: headers before it, checksum, write.
 */
static void packet_send(struct gen *g, struct gen_flow *f, enum gen_dir dir, uint8_t *frame,
	uint8_t *l4, size_t len, uint8_t proto, size_t check)
{
	uint8_t *ip = frame + put_ethernet(frame, f, dir);
	size_t size = (size_t)(l4 - frame) + len;
	uint64_t sum = sum_words(l4, len);
	uint8_t pseudo[4] = { 0, proto, 0, 0 };
	int64_t stored_ns;

	if (f->ip6)
		put_ip6(ip, f, dir, proto, len);
	else
		put_ip4(ip, f, dir, proto, len);
	if (proto != 1) { /* ICMP alone has no pseudo header */
		put16(pseudo + 2, (uint32_t)len);
		sum += sum_words(pseudo, sizeof(pseudo));
		sum += f->ip6 ? sum_words(ip + 8, 32) : sum_words(ip + 12, 8);
	}
	sum_store(l4 + check, sum, proto == 17);
	if (size < 60) { /* what a network card does */
		memset(frame + size, 0, 60 - size);
		size = 60;
	}
	stored_ns = gen_out_end(&g->out, f->next_ns, size);
	gen_truth_packet(&g->truth, f, dir, stored_ns, size);
}

/* where the upper layer of f's packets begins in a frame; NULL: output failed */
static uint8_t *packet_begin(struct gen *g, const struct gen_flow *f, uint8_t **frame)
{
	*frame = gen_out_begin(&g->out);
	if (!*frame) {
		g->failed = true;
		return NULL;
	}
	return *frame + 14 + (f->vlan ? 4 : 0) + (f->ip6 ? 40 : 20);
}

static void put_ports(uint8_t *p, const struct gen_flow *f, enum gen_dir dir)
{
	put16(p, dir == GEN_C2S ? f->client_port : f->server_port);
	put16(p + 2, dir == GEN_C2S ? f->server_port : f->client_port);
}

/* ---- TCP ---- */

static size_t put_syn_options(uint8_t *p, const struct gen_flow *f)
{
	static const uint8_t options[20] = {
		2, 4, 0, 0, /* largest segment */
		4, 2, /* selective acknowledgements */
		8, 10, 0, 0, 0, 0, 0, 0, 0, 0, /* time stamps */
		1, 3, 3, 7, /* window scale */
	};

	memcpy(p, options, sizeof(options));
	put16(p + 2, f->ip6 ? 1440 : 1460);
	return sizeof(options);
}

/* RFC 7323 time stamps, a clock of milliseconds on each side */
static void put_tcp_stamps(uint8_t *p, const struct gen_flow *f, enum gen_dir dir)
{
	uint32_t now_ms = (uint32_t)(f->next_ns / GEN_MS);
	uint32_t mine = dir == GEN_C2S ? f->client : f->server;
	uint32_t other = dir == GEN_C2S ? f->server : f->client;

	put32(p, now_ms + mine * 7919);
	put32(p + 4, f->packets[0] + f->packets[1] ? now_ms + other * 7919 - 1 : 0);
}

static size_t put_tcp(
	uint8_t *p, const struct gen_flow *f, enum gen_dir dir, unsigned flags, uint32_t seq)
{
	enum gen_dir other = dir == GEN_C2S ? GEN_S2C : GEN_C2S;
	size_t n = 20;

	put_ports(p, f, dir);
	put32(p + 4, seq);
	put32(p + 8, flags & GEN_ACK ? f->acked[other] : 0);
	put16(p + 14, flags & GEN_RST ? 0 : flags & GEN_SYN ? 64240 : 501);
	put32(p + 16, 0);
	if (f->kind == GEN_FLOOD || flags & GEN_RST) {
		/* no options */
	} else if (flags & GEN_SYN) {
		n += put_syn_options(p + n, f);
		put_tcp_stamps(p + 28, f, dir);
	} else {
		memcpy(p + n, "\1\1\10\12", 4);
		put_tcp_stamps(p + n + 4, f, dir);
		n += 12;
	}
	p[12] = (uint8_t)(n / 4 << 4);
	p[13] = (uint8_t)flags;
	return n;
}

void gen_packet_tcp(struct gen *g, struct gen_flow *f, enum gen_dir dir, unsigned flags)
{
	uint8_t *frame;
	uint8_t *p = packet_begin(g, f, &frame);
	size_t len;

	if (!p)
		return;
	len = put_tcp(p, f, dir, flags, f->seq[dir]);
	packet_send(g, f, dir, frame, p, len, 6, 16);
}

void gen_packet_tcp_data(
	struct gen *g, struct gen_flow *f, uint32_t seq, uint32_t offset, size_t len_bytes)
{
	bool last = offset + len_bytes == f->message_bytes;
	uint8_t *frame;
	uint8_t *p = packet_begin(g, f, &frame);

	if (!p)
		return;
	gen_payload_fill(f, p + SEGMENT_HEAD, offset, len_bytes);
	put_tcp(p, f, f->dir, GEN_ACK | (last ? GEN_PSH : 0), seq);
	packet_send(g, f, f->dir, frame, p, SEGMENT_HEAD + len_bytes, 6, 16);
}

/* ---- UDP and ICMP ---- */

static void packet_udp(struct gen *g, struct gen_flow *f, enum gen_dir dir, uint8_t *frame,
	uint8_t *p, size_t payload_bytes)
{
	put_ports(p, f, dir);
	put16(p + 4, (uint32_t)(8 + payload_bytes));
	put16(p + 6, 0);
	packet_send(g, f, dir, frame, p, 8 + payload_bytes, 17, 6);
}

/* RFC 1035: one question, and in the response one answer */
void gen_packet_dns(struct gen *g, struct gen_flow *f, enum gen_dir dir)
{
	static const char digits[] = "0123456789abcdef";
	static const uint8_t name[] = "\010host0000\004shop\007example\003net";
	uint16_t type = f->ip6 ? 28 : 1;
	uint8_t *frame;
	uint8_t *p = packet_begin(g, f, &frame);
	uint8_t *q;

	if (!p)
		return;
	q = p + 8;
	put16(q, (uint32_t)(f->seed & 0xffff));
	put16(q + 2, dir == GEN_C2S ? 0x0100 : 0x8180);
	put32(q + 4, 0x00010000 | (dir == GEN_S2C));
	put32(q + 8, 0);
	q += 12;
	memcpy(q, name, sizeof(name));
	for (unsigned i = 0; i < 4; i++)
		q[5 + i] = (uint8_t)digits[(f->seed >> (16 + 4 * i)) & 15];
	q += sizeof(name);
	put16(q, type);
	put16(q + 2, 1);
	q += 4;
	if (dir == GEN_S2C) {
		put16(q, 0xc00c);
		put16(q + 2, type);
		put16(q + 4, 1);
		put32(q + 6, 300);
		put16(q + 10, type == 28 ? 16 : 4);
		gen_payload_random(f->seed, q + 12, 16);
		q += type == 28 ? 28 : 16;
	}
	packet_udp(g, f, dir, frame, p, (size_t)(q - p) - 8);
}

/* RFC 9000: the first packet each way has a long header (Handshake: nothing to decrypt) */
void gen_packet_quic(struct gen *g, struct gen_flow *f, enum gen_dir dir, size_t len_bytes)
{
	uint8_t *frame;
	uint8_t *p = packet_begin(g, f, &frame);
	uint8_t *q;

	if (!p)
		return;
	q = p + 8;
	gen_payload_random(gen_mix64(f->seed + f->packets[dir] * 2 + dir), q, len_bytes);
	if (f->packets[dir] == 0) {
		q[0] = 0xe3;
		put32(q + 1, 1);
		q[5] = 8;
		put64(q + 6, f->seed ^ dir);
		q[14] = 8;
		put64(q + 15, f->seed ^ dir ^ 1);
		put16(q + 23, 0x4000 | (uint32_t)(len_bytes - 25));
	} else {
		q[0] = (q[0] & 0x3f) | 0x40;
		put64(q + 1, f->seed ^ dir);
	}
	packet_udp(g, f, dir, frame, p, len_bytes);
}

void gen_packet_ping(struct gen *g, struct gen_flow *f, enum gen_dir dir)
{
	uint8_t *frame;
	uint8_t *p = packet_begin(g, f, &frame);

	if (!p)
		return;
	if (f->ip6)
		p[0] = dir == GEN_C2S ? 128 : 129;
	else
		p[0] = dir == GEN_C2S ? 8 : 0;
	p[1] = 0;
	put16(p + 2, 0);
	put16(p + 4, (uint32_t)(f->seed & 0xffff));
	put16(p + 6, (uint32_t)f->tries + 1);
	gen_payload_random(f->seed + f->tries, p + 8, 56);
	packet_send(g, f, dir, frame, p, 64, f->ip6 ? 58 : 1, 2);
}
