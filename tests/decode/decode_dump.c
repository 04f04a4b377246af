/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * For tests: what decoding says of each packet of a capture file, a tab-separated line a packet,
 * or with --counts one line of sums with the columns of truth.tsv.
 *
 * usage: decode_dump [--counts] FILE
 */
#include "capture/source.h"
#include "decode/decode.h"
#include "decode/fragment.h"
#include "flow/proto.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct pair {
	struct addr a, b;
	uint16_t a_port, b_port;
	uint32_t proto;
};

struct counts {
	uint64_t packets, bytes_captured, bytes_wire, tcp, udp, icmp, arp, vlan, fragments;
	uint64_t syn, fin, rst, tunnels, malformed, undecoded, sums_ip, sums_l4;
	struct pair *pairs;
	size_t pairs_len, pairs_cap;
};

static int pair_cmp(const void *x, const void *y)
{
	return memcmp(x, y, sizeof(struct pair));
}

static void add_pair(struct counts *c, const struct packet *p)
{
	struct pair *pair;
	int order = addr_cmp(&p->src, &p->dst);
	bool swap = order > 0 || (order == 0 && p->src_port > p->dst_port);

	if (c->pairs_len == c->pairs_cap) {
		c->pairs_cap = c->pairs_cap ? c->pairs_cap * 2 : 1024;
		c->pairs = realloc(c->pairs, c->pairs_cap * sizeof(*c->pairs));
		if (!c->pairs)
			abort();
	}
	pair = &c->pairs[c->pairs_len++];
	memset(pair, 0, sizeof(*pair));
	pair->a = swap ? p->dst : p->src;
	pair->b = swap ? p->src : p->dst;
	pair->a_port = swap ? p->dst_port : p->src_port;
	pair->b_port = swap ? p->src_port : p->dst_port;
	pair->proto = p->proto;
}

static uint64_t distinct_pairs(struct counts *c, uint32_t proto)
{
	uint64_t n = 0;

	if (c->pairs_len > 1)
		qsort(c->pairs, c->pairs_len, sizeof(*c->pairs), pair_cmp);
	for (size_t i = 0; i < c->pairs_len; i++)
		if (c->pairs[i].proto == proto &&
			(i == 0 || pair_cmp(&c->pairs[i], &c->pairs[i - 1]) != 0))
			n++;
	return n;
}

static void count(struct counts *c, const struct packet *p)
{
	bool later = p->flags & PACKET_FRAGMENT_LATER;

	c->packets++;
	c->bytes_captured += p->caplen;
	c->bytes_wire += p->len;
	c->tcp += p->proto == PROTO_TCP && !later;
	c->udp += p->proto == PROTO_UDP && !later;
	c->icmp += (p->proto == PROTO_ICMP || p->proto == PROTO_ICMP6) && !later;
	c->arp += p->proto == PROTO_ARP;
	c->vlan += p->vlan != 0;
	c->fragments += (p->flags & PACKET_FRAGMENT) != 0;
	if (p->flags & PACKET_HAS_TCP) {
		c->syn += (p->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
		c->fin += (p->tcp_flags & TCP_FIN) != 0;
		c->rst += (p->tcp_flags & TCP_RST) != 0;
	}
	c->tunnels += p->tunnel.type != TUNNEL_NONE;
	c->malformed += (p->flags & PACKET_MALFORMED) != 0;
	c->undecoded += (p->flags & PACKET_UNDECODED) != 0;
	c->sums_ip += (p->flags & PACKET_CHECKSUM_IP) != 0;
	c->sums_l4 += (p->flags & PACKET_CHECKSUM_L4) != 0;
	if (p->flags & PACKET_HAS_PORTS)
		add_pair(c, p);
}

static void print_counts(struct counts *c)
{
	const struct {
		const char *name;
		uint64_t value;
	} rows[] = {
		{ "packets", c->packets }, { "bytes_captured", c->bytes_captured },
		{ "bytes_wire", c->bytes_wire }, { "pairs_tcp", distinct_pairs(c, PROTO_TCP) },
		{ "pairs_udp", distinct_pairs(c, PROTO_UDP) }, { "tcp_packets", c->tcp },
		{ "udp_packets", c->udp }, { "icmp_packets", c->icmp }, { "arp_packets", c->arp },
		{ "vlan_packets", c->vlan }, { "fragments", c->fragments }, { "tcp_syn", c->syn },
		{ "tcp_fin", c->fin }, { "tcp_rst", c->rst }, { "tunnels", c->tunnels },
		{ "malformed", c->malformed }, { "undecoded", c->undecoded },
		{ "checksum_ip", c->sums_ip }, { "checksum_l4", c->sums_l4 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		printf("%s\t%" PRIu64 "\n", rows[i].name, rows[i].value);
}

static void print_ports(const struct packet *p)
{
	if (p->flags & PACKET_HAS_PORTS)
		printf("\t%u\t%u", p->src_port, p->dst_port);
	else
		printf("\t\t");
}

static void print_packet(uint64_t number, const struct packet *p)
{
	char src[ADDR_TEXT], dst[ADDR_TEXT], proto[32], vlan[40], flags[64], tunnel[160];

	addr_format(src, sizeof(src), &p->src);
	addr_format(dst, sizeof(dst), &p->dst);
	proto_format(proto, sizeof(proto), p->proto);
	vlan_format(vlan, sizeof(vlan), p->vlan);
	tcp_flags_format_short(flags, sizeof(flags), p->tcp_flags);
	tunnel_format(tunnel, sizeof(tunnel), &p->tunnel);
	printf("%" PRIu64 "\t%s\t%s", number, src, dst);
	print_ports(p);
	printf("\t%s", proto);
	if (p->flags & PACKET_HAS_IP)
		printf("\t%u", p->ttl);
	else
		printf("\t");
	printf("\t%s", vlan);
	if (p->flags & PACKET_HAS_TCP)
		printf("\t0x%03x\t%u\t%u\t%u", p->tcp_flags, p->tcp_seq, p->tcp_ack, p->tcp_window);
	else
		printf("\t\t\t\t");
	printf("\t%u\t0x%x\t%s\n", p->payload_len, p->flags & ~(uint32_t)(PACKET_HAS_MACS), tunnel);
}

static uint32_t linktypes[65536];
static uint8_t fcs[65536];

static enum rc run(struct source *s, struct fragment_table *t, struct counts *c, bool lines,
	struct err *err)
{
	struct source_event e;
	uint32_t interfaces = 0;
	uint64_t number = 0;
	enum rc rc;

	while ((rc = source_next(s, &e, err)) == RC_DONE) {
		struct packet p = { .time_ns = e.time_ns, .point = e.interface };

		if (e.kind == SOURCE_INTERFACE && interfaces < 65536) {
			linktypes[interfaces] = e.iface.linktype;
			fcs[interfaces++] = e.iface.fcs_len;
		}
		if (e.kind != SOURCE_PACKET || e.interface >= 65536)
			continue;
		decode_packet(&(struct decode_frame){ .linktype = linktypes[e.interface],
			.fcs_len = fcs[e.interface], .verify = true, .data = e.data,
			.caplen = e.caplen, .len = e.len }, &p);
		fragment_table_see(t, &p);
		count(c, &p);
		if (lines)
			print_packet(++number, &p);
	}
	return rc;
}

int main(int argc, char **argv)
{
	bool counting = argc == 3 && strcmp(argv[1], "--counts") == 0;
	struct fragment_table *t = NULL;
	struct counts c = { 0 };
	struct source *s = NULL;
	struct err err = { 0 };
	enum rc rc;

	if (argc != 2 + counting) {
		fprintf(stderr, "usage: decode_dump [--counts] FILE\n");
		return 2;
	}
	if (source_open_file(argv[argc - 1], NULL, &s, &err) != RC_DONE ||
		fragment_table_new(&t, &err) != RC_DONE) {
		fprintf(stderr, "decode_dump: %s: %s\n", err.what, err.why);
		source_close(s);
		return 3;
	}
	rc = run(s, t, &c, !counting, &err);
	if (rc != RC_END)
		fprintf(stderr, "decode_dump: %s: %s\n", err.what, err.why);
	if (counting)
		print_counts(&c);
	fragment_table_free(t);
	source_close(s);
	free(c.pairs);
	return 0;
}
