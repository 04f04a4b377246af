/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The generator of captures: what its parts share.
 *
 * It makes traffic that looks like a busy network's edge (heavy-tailed flow
 * sizes, a few popular services, packets of all sizes, losses) at the speed of
 * a disk, and it knows what it made: the truth is written beside the capture.
 *
 * It is not part of flowdrill and shares no code with it, so that a mistake
 * made once cannot hide in both.
 *
 * Invariants: the same options give the same bytes on every machine (integers
 * only, no libm, no clock, no hash of an address). Addresses are taken from
 * the ranges set aside for benchmarks (RFC 2544, RFC 5180) and from 10/8. One
 * thread.
 */
#ifndef FLOWDRILL_BENCH_GEN_H
#define FLOWDRILL_BENCH_GEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define GEN_MS INT64_C(1000000)
#define GEN_S  INT64_C(1000000000)

#define GEN_CLIENTS   4000u
#define GEN_SERVICES  300u
#define GEN_HOSTS     180u
#define GEN_FRAME_MAX 2048u /* room behind gen_out_begin(), in bytes */

/* ---- random numbers: splitmix64, and what is made from them ---- */

struct gen_rng {
	uint64_t state;
};

static inline uint64_t gen_mix64(uint64_t x)
{
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

static inline uint64_t gen_rng_next(struct gen_rng *r)
{
	r->state += UINT64_C(0x9e3779b97f4a7c15);
	return gen_mix64(r->state);
}

/* 0 <= result < n */
static inline uint32_t gen_rng_below(struct gen_rng *r, uint32_t n)
{
	return (uint32_t)(((gen_rng_next(r) >> 32) * n) >> 32);
}

/* true `n` times in a thousand */
static inline bool gen_rng_permille(struct gen_rng *r, uint32_t n)
{
	return gen_rng_below(r, 1000) < n;
}

/* exponentially distributed with this mean; at most 44 times the mean */
int64_t gen_rng_exponential(struct gen_rng *r, int64_t mean);

/* Pareto distributed: P(X > x) = (min / x)^alpha, cut at max */
uint64_t gen_rng_pareto(struct gen_rng *r, uint64_t min, uint32_t alpha_percent, uint64_t max);

/* ---- what kind of traffic ---- */

struct gen_profile {
	const char *name;
	uint32_t dns, quic, icmp; /* of 1000 conversations; the others are TCP */
	uint32_t full, medium; /* of 1000 TCP ones: segments of 1448, about 536; else small */
	uint32_t exchanges; /* requests in a TCP conversation, mean */
	uint32_t segments_min, segments_max; /* in a response; a minimum of 0: part of one */
	uint32_t alpha_percent; /* its tail */
	int64_t pause_ns; /* between two requests, mean */
	uint32_t packets_per_flow_x10; /* what comes out: sets how often one begins */
	uint32_t population; /* so many at a time, from the start; 0: they arrive */
	uint32_t
		packets_each; /* fewer of the population where this many each would be too much */
	bool flood; /* every packet is a SYN and a conversation of its own */
};

const struct gen_profile *gen_profile_find(const char *name);

enum gen_app { GEN_APP_HTTP, GEN_APP_TLS, GEN_APP_TEXT };

struct gen_service {
	uint16_t host;
	uint16_t port;
	enum gen_app app;
};

/* ---- one conversation ---- */

enum gen_kind { GEN_TCP, GEN_DNS, GEN_QUIC, GEN_ICMP, GEN_FLOOD };
enum gen_dir { GEN_C2S, GEN_S2C };

struct gen_lost {
	bool active;
	uint8_t after; /* segments sent after it */
	uint16_t len_bytes;
	uint32_t seq;
	uint32_t offset; /* in the message */
};

struct gen_flow {
	uint64_t seed;
	int64_t next_ns;
	enum gen_kind kind;
	uint8_t state; /* of its kind's state machine */
	uint32_t client;
	uint16_t client_port, server_port;
	uint32_t server; /* host number; with GEN_FLOOD the address */
	uint16_t vlan;
	bool ip6;
	enum gen_app app;

	uint16_t segment_bytes;
	int64_t near_ns, far_ns; /* capture point to client and back; to server and back */
	uint16_t loss_per_10000;
	uint32_t seq[2], acked[2];
	uint16_t ip_id[2];
	uint8_t dir; /* who is sending */
	uint8_t burst, sent, acks; /* segments in this burst, sent of it; acks to come */
	uint8_t tries;
	uint32_t exchanges;
	uint32_t message; /* number of the message */
	uint32_t message_bytes, offset;
	struct gen_lost lost;

	/* the truth */
	uint64_t packets[2], bytes[2];
	uint32_t resent;
	int64_t first_ns, last_ns;
	int64_t slice_5s, slice_300s;
};

/* ---- what is written ---- */

enum gen_format { GEN_PCAP_US, GEN_PCAP_NS, GEN_PCAPNG };

struct gen_out {
	int fd;
	const char *path;
	enum gen_format format;
	bool direct; /* past the page cache */
	uint8_t *buf;
	size_t used;
	uint64_t packets, bytes;
	int64_t first_ns, last_ns;
};

/* Every function below that returns bool prints what went wrong and returns false. */
bool gen_out_open(struct gen_out *o, const char *path, enum gen_format format);
/* GEN_FRAME_MAX writable bytes; NULL: failed. What is written past the frame's end is dropped. */
uint8_t *gen_out_begin(struct gen_out *o);
/* the frame is complete; returns its time as the file's resolution holds it */
int64_t gen_out_end(struct gen_out *o, int64_t time_ns, size_t len_bytes);
bool gen_out_close(struct gen_out *o);

/* ---- the truth ---- */

struct gen_truth {
	FILE *file; /* NULL: not asked for */
	uint64_t flows, slices_5s, slices_300s, resent;
};

bool gen_truth_open(struct gen_truth *t, const char *path);
void gen_truth_packet(struct gen_truth *t, struct gen_flow *f, enum gen_dir dir,
	int64_t time_ns, size_t len_bytes);
void gen_truth_flow(struct gen_truth *t, const struct gen_flow *f);
bool gen_truth_close(struct gen_truth *t, const struct gen_out *o);

/* ---- the whole ---- */

struct gen {
	struct gen_rng rng;
	const struct gen_profile *profile;
	uint64_t rate; /* packets a second, mean */
	bool random_servers; /* with flood */
	bool failed;
	struct gen_out out;
	struct gen_truth truth;
	struct gen_service service[GEN_SERVICES];
	uint32_t popularity[GEN_SERVICES]; /* cumulated */
	uint16_t next_port[GEN_CLIENTS];
	uint16_t next_ping[GEN_CLIENTS];
	uint64_t spawned;
};

void gen_services_init(struct gen *g);

/* a new conversation that begins at `now_ns`; with `midway` its handshake was missed */
void gen_flow_begin(struct gen *g, struct gen_flow *f, int64_t now_ns, bool midway);
/* do what is due at f->next_ns: at most one packet; false: it is over */
bool gen_flow_step(struct gen *g, struct gen_flow *f);
bool gen_tcp_step(struct gen *g, struct gen_flow *f);
void gen_tcp_begin(struct gen *g, struct gen_flow *f, bool midway);

/* ---- packets: build one and write it, at f->next_ns ---- */

enum gen_tcp_flag {
	GEN_FIN = 0x01,
	GEN_SYN = 0x02,
	GEN_RST = 0x04,
	GEN_PSH = 0x08,
	GEN_ACK = 0x10,
};

void gen_packet_tcp(struct gen *g, struct gen_flow *f, enum gen_dir dir, unsigned flags);
/* `len_bytes` of the message from `offset` on, at sequence number `seq` */
void gen_packet_tcp_data(
	struct gen *g, struct gen_flow *f, uint32_t seq, uint32_t offset, size_t len_bytes);
void gen_packet_dns(struct gen *g, struct gen_flow *f, enum gen_dir dir);
void gen_packet_quic(struct gen *g, struct gen_flow *f, enum gen_dir dir, size_t len_bytes);
void gen_packet_ping(struct gen *g, struct gen_flow *f, enum gen_dir dir);

/* addresses as bytes in network order; returns 4 or 16 */
size_t gen_address(const struct gen_flow *f, enum gen_dir of, uint8_t out[16]);

/* ---- payload ---- */

/* bytes of text before the body of the message that f is about to send */
uint32_t gen_payload_header(const struct gen_flow *f);
/* writes up to 8 bytes before `p` and behind its end too */
void gen_payload_fill(const struct gen_flow *f, uint8_t *p, uint32_t offset, size_t len_bytes);
/* random bytes from a seed; writes up to 8 bytes behind the end too */
void gen_payload_random(uint64_t seed, uint8_t *p, size_t len_bytes);

#endif
