/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * For the scripts of tests/cli:
 *
 *	capture-tool make DIR      writes small captures, good and bad ones
 *	capture-tool print FILE    one line a packet: time, interface, lengths, bytes (hashed), comment
 */
#include "base/hash.h"
#include "capture/source.h"
#include "file/pcapng.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define T0 1704464100ULL /* 2024-01-05T14:15:00Z */

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* ---- frames ------------------------------------------------------------------------------ */

static void put_be16(struct buf *b, unsigned v)
{
	buf_put_u8(b, (uint8_t)(v >> 8));
	buf_put_u8(b, (uint8_t)v);
}

static void put_be32(struct buf *b, uint32_t v)
{
	put_be16(b, v >> 16);
	put_be16(b, v & 0xffff);
}

static uint32_t sum16(const uint8_t *p, size_t len, uint32_t sum)
{
	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	return sum;
}

static void set_checksum(uint8_t *at, uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	sum = ~sum & 0xffff;
	at[0] = (uint8_t)(sum >> 8);
	at[1] = (uint8_t)sum;
}

enum { IP = 14, L4 = 34 };

struct ends {
	uint32_t src, dst;
	uint16_t sport, dport;
};

/* Ethernet and IPv4 headers; the rest is appended by the caller, then finish(). */
static void start(struct buf *b, const struct ends *e, unsigned proto, unsigned l4_len)
{
	static const uint8_t macs[] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0 };

	buf_clear(b);
	buf_put(b, macs, sizeof(macs));
	put_be16(b, 0x4500);
	put_be16(b, 20 + l4_len);
	put_be32(b, 0x00014000);
	put_be16(b, 64 << 8 | proto);
	put_be16(b, 0);
	put_be32(b, e->src);
	put_be32(b, e->dst);
	set_checksum(b->data + IP + 10, sum16(b->data + IP, 20, 0));
}

static void finish(struct buf *b, unsigned proto, unsigned checksum_at)
{
	uint32_t len = (uint32_t)b->len - L4;
	uint32_t sum = proto == 1 ? 0 : sum16(b->data + IP + 12, 8, proto + len);

	set_checksum(b->data + L4 + checksum_at, sum16(b->data + L4, len, sum));
}

static void tcp(struct buf *b, const struct ends *e, unsigned flags, uint32_t seq, uint32_t ack,
	unsigned payload)
{
	start(b, e, 6, 20 + payload);
	put_be16(b, e->sport);
	put_be16(b, e->dport);
	put_be32(b, seq);
	put_be32(b, ack);
	put_be16(b, 0x5000 | flags);
	put_be16(b, 64240);
	put_be32(b, 0);
	for (unsigned i = 0; i < payload; i++)
		buf_put_u8(b, (uint8_t)('a' + i % 26));
	finish(b, 6, 16);
}

static void udp(struct buf *b, const struct ends *e, unsigned payload)
{
	start(b, e, 17, 8 + payload);
	put_be16(b, e->sport);
	put_be16(b, e->dport);
	put_be16(b, 8 + payload);
	put_be16(b, 0);
	for (unsigned i = 0; i < payload; i++)
		buf_put_u8(b, (uint8_t)i);
	finish(b, 17, 6);
}

static void icmp(struct buf *b, const struct ends *e, unsigned type)
{
	start(b, e, 1, 16);
	put_be16(b, type << 8);
	put_be16(b, 0);
	put_be32(b, 0x00070001);
	put_be32(b, 0x01020304);
	put_be32(b, 0x05060708);
	finish(b, 1, 2);
}

static void arp(struct buf *b)
{
	static const uint8_t frame[42] = { 255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1, 8, 6,
		0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 1, 2, 3, 0, 0, 0, 0, 0, 0, 10, 0,
		0, 5 };

	buf_clear(b);
	buf_put(b, frame, sizeof(frame));
}

/* ---- a short story: a lookup, two connections in different slices, a ping, an ARP request ------ */

typedef void (*frame_sink)(void *ctx, uint64_t time_us, const struct buf *frame);

static const struct ends client = { 0x0a010203, 0x0a000005, 51514, 443 };
static const struct ends server = { 0x0a000005, 0x0a010203, 443, 51514 };

static void connection(struct buf *b, uint64_t at, uint16_t port, frame_sink sink, void *ctx)
{
	struct ends c = client, s = server;

	c.sport = s.dport = port;
	tcp(b, &c, 0x02, 1000, 0, 0);
	sink(ctx, at, b);
	tcp(b, &s, 0x12, 5000, 1001, 0);
	sink(ctx, at + 9000, b);
	tcp(b, &c, 0x10, 1001, 5001, 0);
	sink(ctx, at + 18000, b);
	tcp(b, &c, 0x18, 1001, 5001, 100);
	sink(ctx, at + 20000, b);
	tcp(b, &s, 0x18, 5001, 1101, 1400);
	sink(ctx, at + 7000000, b);
	tcp(b, &s, 0x11, 6401, 1101, 0);
	sink(ctx, at + 7000100, b);
	tcp(b, &c, 0x11, 1101, 6402, 0);
	sink(ctx, at + 7010000, b);
	tcp(b, &s, 0x10, 6402, 1102, 0);
	sink(ctx, at + 7020000, b);
}

static void story(frame_sink sink, void *ctx)
{
	const struct ends ask = { 0x0a010203, 0x0a000035, 40000, 53 };
	const struct ends answer = { 0x0a000035, 0x0a010203, 53, 40000 };
	uint64_t t0 = T0 * 1000000 + 155000000;
	struct buf b;

	buf_init(&b);
	arp(&b);
	sink(ctx, t0, &b);
	udp(&b, &ask, 30);
	sink(ctx, t0 + 100, &b);
	udp(&b, &answer, 90);
	sink(ctx, t0 + 2100, &b);
	connection(&b, t0 + 123456, 51514, sink, ctx);
	icmp(&b, &client, 8);
	sink(ctx, t0 + 20000000, &b);
	icmp(&b, &server, 0);
	sink(ctx, t0 + 20000300, &b);
	connection(&b, t0 + 400000000, 51515, sink, ctx);
	connection(&b, t0 + 800000000, 51516, sink, ctx);
	buf_free(&b);
}

/* ---- files ---------------------------------------------------------------------------------- */

static const char *dir;

static void save(const char *name, const void *bytes, size_t len)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	FILE *f = fopen(path, "wb");
	if (!f || fwrite(bytes, 1, len, f) != len || fclose(f) != 0)
		die(path);
}

static void pcap_header(struct buf *b, uint32_t linktype)
{
	buf_put_le32(b, 0xa1b2c3d4);
	buf_put_le32(b, 0x00040002);
	buf_put_le64(b, 0);
	buf_put_le32(b, 65535);
	buf_put_le32(b, linktype);
}

static void pcap_packet(void *ctx, uint64_t time_us, const struct buf *frame)
{
	struct buf *b = ctx;

	buf_put_le32(b, (uint32_t)(time_us / 1000000));
	buf_put_le32(b, (uint32_t)(time_us % 1000000));
	buf_put_le32(b, (uint32_t)frame->len);
	buf_put_le32(b, (uint32_t)frame->len);
	buf_put(b, frame->data, frame->len);
}

static void make_pcap(void)
{
	struct buf b, gre;

	buf_init(&b);
	pcap_header(&b, 1);
	save("none.pcap", b.data, b.len);
	story(pcap_packet, &b);
	save("basic.pcap", b.data, b.len);
	save("cut.pcap", b.data, b.len - 5);
	save("cut-header.pcap", b.data, 10);
	/* the tenth record claims 2 GB: nine packets stand before it */
	size_t at = 24;
	for (unsigned i = 0; i < 9; i++)
		at += 16 + load_le32(b.data + at + 8);
	buf_set_le32(&b, at + 8, 0x7fffffff);
	save("damaged.pcap", b.data, b.len);
	printf("damaged at %zu\n", at);

	buf_init(&gre);
	pcap_header(&gre, 147); /* a user's own link type */
	story(pcap_packet, &gre);
	save("linktype.pcap", gre.data, gre.len);
	save("empty.pcap", "", 0);
	save("text.pcap", "this is not a capture file\n", 27);
	buf_free(&gre);
	buf_free(&b);
}

struct pcapng_story {
	struct buf b;
	unsigned packets;
};

/* Every third packet was seen at the second point a millisecond later too; every fourth has a comment. */
static void pcapng_packet(void *ctx, uint64_t time_us, const struct buf *frame)
{
	struct pcapng_story *s = ctx;
	struct buf options;
	char comment[64];

	buf_init(&options);
	if (s->packets % 4 == 0) {
		snprintf(comment, sizeof(comment), "packet %u \033[31m", s->packets);
		pcapng_put_option(&options, PCAPNG_OPT_COMMENT, comment, strlen(comment));
	}
	pcapng_put_packet(&s->b, 0, time_us * 1000 + 7, (uint32_t)frame->len,
		(uint32_t)frame->len + 100, frame->data, options.data, options.len);
	if (s->packets % 3 == 0 && frame->data[12] == 8 && frame->data[13] == 0)
		pcapng_put_packet(&s->b, 1, time_us + 1000, (uint32_t)frame->len - 14,
			(uint32_t)frame->len - 14, frame->data + 14, NULL, 0);
	s->packets++;
	buf_free(&options);
}

static void make_pcapng(void)
{
	struct pcapng_story s = { .packets = 0 };
	struct buf options;

	buf_init(&s.b);
	buf_init(&options);
	pcapng_put_section(&s.b, NULL);
	pcapng_put_option(&options, PCAPNG_IF_NAME, "lb0", 3);
	pcapng_put_option(&options, PCAPNG_IF_TSRESOL, "\x09", 1);
	pcapng_put_interface(&s.b, 1, 0, &options);
	buf_clear(&options);
	pcapng_put_option(&options, PCAPNG_IF_NAME, "web1\033[2J", 8);
	pcapng_put_interface(&s.b, 101, 4096, &options);
	story(pcapng_packet, &s);
	save("two.pcapng", s.b.data, s.b.len);
	buf_free(&options);
	buf_free(&s.b);
}

/* ---- print --------------------------------------------------------------------------------- */

static struct source_interface interfaces[64];

static void print_comments(const struct source_event *e)
{
	struct pcapng_options o;
	const uint8_t *value;
	uint16_t code, len;

	pcapng_options_init(&o, e->options, e->options_len, e->big_endian);
	while (pcapng_options_next(&o, &code, &value, &len))
		if (code == PCAPNG_OPT_COMMENT)
			printf(" comment %016" PRIx64, hash_bytes(value, len, 0));
}

static void print_packet(const struct source_event *e)
{
	const struct source_interface *i = &interfaces[e->interface % 64];

	printf("%" PRId64 " %" PRIu64 " link %" PRIu32 " snap %" PRIu32 " res %u %016" PRIx64
	       " %" PRIu32 " %" PRIu32 " %016" PRIx64,
		e->time_ns, e->timestamp, i->linktype, i->snaplen, i->tsresol,
		hash_bytes(i->name, strlen(i->name), 0), e->caplen, e->len,
		hash_bytes(e->data, e->caplen, 0));
	if (e->options_len)
		print_comments(e);
	putchar('\n');
}

static int print(const char *path)
{
	struct source_event e;
	struct source *s;
	struct err err;
	enum rc rc = source_open_file(path, NULL, &s, &err);

	if (rc != RC_DONE) {
		fprintf(stderr, "%s: %s\n", err.what, err.why);
		return 1;
	}
	while ((rc = source_next(s, &e, &err)) == RC_DONE) {
		if (e.kind == SOURCE_INTERFACE) {
			interfaces[e.interface % 64] = e.iface;
			interfaces[e.interface % 64].name = strdup(e.iface.name);
		} else if (e.kind == SOURCE_PACKET) {
			print_packet(&e);
		}
	}
	source_close(s);
	if (rc != RC_END)
		fprintf(stderr, "%s: %s\n", err.what, err.why);
	return rc == RC_END ? 0 : 1;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "print") == 0)
		return print(argv[2]);
	if (argc != 3 || strcmp(argv[1], "make") != 0) {
		fputs("usage: capture-tool make DIR | print FILE\n", stderr);
		return 2;
	}
	dir = argv[2];
	make_pcap();
	make_pcapng();
	return 0;
}
