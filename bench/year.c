/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A store of a year without its packets: what opening, the first screen and a way down cost does not depend on them, and nobody has ten
 * terabytes to spare. The capture is a sparse file of the right size; its blocks, index files, filters and catalog are written by the functions
 * that write any, into the cache where `flowdrill -r` finds them. Packets of a flow follow each other, and all have headers alone, so a
 * reference is cheaper than in real traffic; reading a packet finds zeros, which is damage.
 */
#include "base/hash.h"
#include "base/text.h"
#include "flow/field.h"
#include "flow/sketch.h"
#include "store/cache.h"
#include "store/store.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PACKETS = 4, PCAP_HEADER_LEN = 24, CLIENTS = 1000000, PORT = 443, FRAME = 400 };

#define BLOCK_LEN (UINT64_C(256) << 20)
#define YEAR_NS (INT64_C(365) * 86400 * 1000000000)
#define START_NS (INT64_C(1767225600) * 1000000000)      /* 2026-01-01 */

struct year {
	const char *path;
	uint32_t blocks, flows, services;
	struct store *s;
	struct segment_writer *w;
	struct macro_part *parts;
	struct addr *addrs;
	struct err err;
};

static void check(struct year *y, enum rc rc)
{
	if (rc == RC_DONE)
		return;
	fprintf(stderr, "flowdrill-year: %s: %s\n", y->err.what, y->err.why);
	exit(1);
}

static void make_addr(struct addr *a, uint32_t v4)
{
	*a = (struct addr){ .kind = ADDR_IPV4, .bytes = { (uint8_t)(v4 >> 24), (uint8_t)(v4 >> 16), (uint8_t)(v4 >> 8), (uint8_t)v4 } };
}

/* A sparse file that begins as a pcap file does. */
static void make_capture(const struct year *y)
{
	static const uint8_t header[PCAP_HEADER_LEN] = { 0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, [16] = 0, 0, 4, 0, 1 };
	int fd = open(y->path, O_CREAT | O_EXCL | O_WRONLY, 0600);

	if (fd < 0 || write(fd, header, sizeof(header)) != (ssize_t)sizeof(header) ||
		ftruncate(fd, (off_t)(PCAP_HEADER_LEN + y->blocks * BLOCK_LEN)) != 0) {
		perror(y->path);
		exit(1);
	}
	close(fd);
}

static void open_store(struct year *y)
{
	struct point_info point = { .linktype = 1, .snaplen = 1 << 18, .tsresol = 6 };
	struct store_config config;
	struct cache_entry entry;
	struct store_notes notes;

	store_config_default(&config);
	config.fingerprints = FINGERPRINTS_OFF;
	check(y, cache_lookup(y->path, NULL, &entry, &y->err));
	check(y, store_open_in_place(y->path, entry.path, &config, true, &y->s, &notes, &y->err));
	check(y, store_add_point(y->s, &point, NULL, 0, &y->err));
	check(y, segment_writer_new(&y->w, &y->err));
}

/* Flow f of a block: who talks to whom, when, and how much. */
static void make_flow(const struct year *y, uint32_t block, uint32_t f, struct record *rec)
{
	const uint32_t at[] = { block, f };
	uint64_t random = hash_bytes(at, sizeof(at), 1);
	int64_t slice_ns = store_config(y->s)->micro_ns, length_ns = YEAR_NS / y->blocks;
	int64_t first_ns = START_NS + (block - 1) * length_ns + length_ns / y->flows * f;
	struct counters *c = &rec->c;

	/* no flow over the end of a slice */
	if (time_floor(first_ns, slice_ns) != time_floor(first_ns + PACKETS * 1000000, slice_ns))
		first_ns -= PACKETS * 1000000;
	record_init(rec, TIER_FLOW);
	make_addr(&rec->key.client, 0x0a000000 + (uint32_t)(random % CLIENTS));
	make_addr(&rec->key.server, 0xc6120000 + (uint32_t)(random >> 32) % y->services);
	rec->key.proto = 6;
	rec->key.client_port = (uint16_t)(32768 + (random >> 20) % 28000);
	rec->key.server_port = PORT;
	rec->key.has_ports = true;
	rec->key.orientation = ORIENTATION_SYN;
	record_key_known(rec);
	c->first_ns = first_ns;
	c->last_ns = first_ns + (PACKETS - 1) * 1000000;
	c->known |= FIELD_BIT(FIELD_FIRST) | FIELD_BIT(FIELD_LAST);
	c->flows = 1;
	c->packets[0] = c->packets[1] = PACKETS / 2;
	c->bytes[0] = PACKETS / 2 * FRAME / 4;
	c->bytes[1] = PACKETS / 2 * FRAME;
}

/* Adds a flow to its macroflow's part; parts are by window, then server. */
static void add_macro(struct year *y, int64_t window_ns, const struct record *flow, int64_t rtt_ns)
{
	int64_t macro_ns = store_config(y->s)->macro_ns;
	struct service_key key;
	struct macro_part *p;
	size_t server;

	service_of(&key, &flow->key, time_floor(flow->c.first_ns, macro_ns));
	server = (size_t)key.server.bytes[2] << 8 | key.server.bytes[3];
	p = &y->parts[(size_t)((key.window_ns - window_ns) / macro_ns) * y->services + server];
	if (!p->rec.clients) {
		record_init(&p->rec, TIER_MACROFLOW);
		p->key = key;
		p->rec.slice_ns = key.window_ns;
		check(y, sketch_new(&p->rec.clients, &y->err));
		check(y, hist_new(&p->rec.rtt, &y->err));
	}
	check(y, record_merge(&p->rec, flow, &y->err));
	p->rec.slice_ns = key.window_ns;     /* the first flow gave it its own */
	check(y, sketch_add(p->rec.clients, &flow->key.client, &y->err));
	check(y, hist_add(p->rec.rtt, rtt_ns, &y->err));
}

static void write_flows(struct year *y, struct segment_place *place, uint32_t record_len)
{
	int64_t micro_ns = store_config(y->s)->micro_ns, flow_ns = store_config(y->s)->flow_ns, window_ns = 0;
	struct record rec;

	for (uint32_t i = 0, f = 0; f < y->flows; f++) {
		uint32_t ordinals[PACKETS];

		make_flow(y, place->block, f, &rec);
		rec.id = (struct record_id){ place->block, i * record_len };
		for (int k = 0; k < PACKETS; k++, i++) {
			ordinals[k] = i;
			segment_writer_packet(y->w, 0, record_len, rec.c.first_ns + k * 1000000, 0);
		}
		segment_writer_flow(y->w, rec.id, &rec.key, time_floor(rec.c.first_ns, flow_ns), ordinals[0]);
		segment_writer_micro(y->w, rec.id, time_floor(rec.c.first_ns, micro_ns), &rec.c, ordinals, PACKETS);
		if (f == 0) {
			place->first_ns = rec.c.first_ns;
			window_ns = time_floor(rec.c.first_ns, store_config(y->s)->macro_ns);
		}
		place->last_ns = rec.c.last_ns;
		place->packets += PACKETS;
		place->bytes += counters_bytes(&rec.c);
		add_macro(y, window_ns, &rec, 1000000 + f % 97 * 100000);
		y->addrs[2 * f] = rec.key.client;
		y->addrs[2 * f + 1] = rec.key.server;
	}
}

/* Those that have something, in order; how many. */
static size_t gather_parts(struct year *y, size_t windows)
{
	size_t n = 0;

	for (size_t i = 0; i < windows * y->services; i++)
		if (y->parts[i].rec.clients)
			y->parts[n++] = y->parts[i];
	return n;
}

static void make_block(struct year *y, uint32_t i, size_t windows)
{
	const struct store_config *c = store_config(y->s);
	uint32_t record_len = (uint32_t)(BLOCK_LEN / (y->flows * PACKETS)), number;
	struct segment_place place = { .first_frame = (uint64_t)i * y->flows * PACKETS + 1 };
	struct segment_start start = { .first_frame = place.first_frame, .micro_ns = c->micro_ns, .flow_ns = c->flow_ns,
		.macro_ns = c->macro_ns, .fingerprints = FINGERPRINTS_OFF };
	struct point_info sums = { 0 };
	struct buf bytes;
	size_t n;

	check(y, store_block_begin(y->s, PCAP_HEADER_LEN + i * BLOCK_LEN, &number, &y->err));
	start.block = place.block = number;
	memset(y->parts, 0, windows * y->services * sizeof(*y->parts));
	segment_writer_begin(y->w, &start);
	write_flows(y, &place, record_len);
	buf_init(&bytes);
	check(y, segment_writer_end(y->w, &bytes, NULL, &y->err));
	place.end_offset = record_len * place.packets;
	place.captured_bytes = place.bytes;
	sums.packets = place.packets;
	sums.bytes = place.bytes;
	sums.first_ns = place.first_ns;
	sums.last_ns = place.last_ns;
	n = gather_parts(y, windows);
	check(y, store_publish_segment(y->s, &place, &bytes, y->parts, n, &sums, 1, &y->err));
	for (size_t k = 0; k < n; k++)
		record_free(&y->parts[k].rec);
	buf_free(&bytes);
	check(y, store_block_seal(y->s, number, BLOCK_LEN, &y->err));
	check(y, store_block_indexed(y->s, number, y->addrs, 2 * (size_t)y->flows, &y->err));
}

static void make_all(struct year *y)
{
	struct store_totals totals = { .complete = true };
	size_t windows;

	make_capture(y);
	open_store(y);
	windows = (size_t)(YEAR_NS / y->blocks / store_config(y->s)->macro_ns) + 2;
	y->parts = calloc(windows * y->services, sizeof(*y->parts));
	y->addrs = calloc(y->flows, 2 * sizeof(*y->addrs));
	if (!y->parts || !y->addrs)
		check(y, err_memory(&y->err));
	for (uint32_t i = 0; i < y->blocks; i++)
		make_block(y, i, windows);
	check(y, store_set_totals(y->s, &totals, &y->err));
	check(y, store_merge_windows(y->s, &y->err));
	segment_writer_free(y->w);
	store_close(y->s);
	free(y->parts);
	free(y->addrs);
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "blocks", required_argument, NULL, 'b' },
		{ "flows", required_argument, NULL, 'f' }, { "services", required_argument, NULL, 's' }, { 0 } };
	struct year y = { .blocks = 40000, .flows = 2500, .services = 100 };
	int c;

	while ((c = getopt_long(argc, argv, "o:", options, NULL)) != -1) {
		uint32_t n = optarg ? (uint32_t)strtoul(optarg, NULL, 10) : 0;

		switch (c) {
		case 'o': y.path = optarg; break;
		case 'b': y.blocks = n; break;
		case 'f': y.flows = n; break;
		case 's': y.services = n; break;
		default: y.path = NULL; optind = argc; break;
		}
	}
	/* records of a pcap file have 256 KiB at most, and 65,536 servers an address each */
	if (!y.path || y.blocks < 1 || y.blocks > 60000 || y.flows < 300 || y.flows > 100000 || y.services < 1 || y.services > 65536) {
		fprintf(stderr, "usage: flowdrill-year -o FILE [--blocks N] [--flows N_OF_A_BLOCK] [--services N]\n");
		return 2;
	}
	make_all(&y);
	return 0;
}
