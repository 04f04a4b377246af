/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The generator's conversations: who talks to whom, and UDP and ICMP ones step by step. */
#include <stdlib.h>
#include <string.h>

#include "gen.h"

static const struct gen_profile profiles[] = {
	{
		.name = "imix",
		.dns = 330,
		.quic = 60,
		.icmp = 20,
		.full = 605,
		.medium = 215,
		.exchanges = 3,
		.segments_max = 20000,
		.alpha_percent = 101,
		.pause_ns = 300 * GEN_MS,
		.packets_per_flow_x10 = 250,
	},
	{
		.name = "small",
		.dns = 300,
		.quic = 0,
		.icmp = 100,
		.full = 0,
		.medium = 0,
		.exchanges = 8,
		.segments_max = 3,
		.alpha_percent = 120,
		.pause_ns = 40 * GEN_MS,
		.packets_per_flow_x10 = 250,
	},
	{
		.name = "elephants",
		.dns = 0,
		.quic = 50,
		.icmp = 0,
		.full = 1000,
		.medium = 0,
		.exchanges = 2,
		.segments_min = 15000,
		.segments_max = 700000,
		.alpha_percent = 110,
		.pause_ns = 50 * GEN_MS,
		.population = 200,
	},
	{
		.name = "longlived",
		.dns = 0,
		.quic = 0,
		.icmp = 20,
		.full = 100,
		.medium = 300,
		.exchanges = 1000000,
		.segments_max = 14,
		.alpha_percent = 120,
		.pause_ns = 20 * GEN_S,
		.population = 20000,
		.packets_each = 500,
	},
	{ .name = "flood", .flood = true },
};

const struct gen_profile *gen_profile_find(const char *name)
{
	for (size_t i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++) {
		if (strcmp(profiles[i].name, name) == 0)
			return &profiles[i];
	}
	return NULL;
}

/* -log2(u) of a uniform u in (0, 1], 16 bits of fraction, straight between powers of two */
static uint64_t rng_minus_log2(struct gen_rng *r)
{
	uint64_t u = gen_rng_next(r) | 1;
	int zeros = __builtin_clzll(u);
	uint64_t fraction = ((u << zeros) >> 47) & 0xffff;

	return (((uint64_t)zeros + 1) << 16) - fraction;
}

int64_t gen_rng_exponential(struct gen_rng *r, int64_t mean)
{
	uint64_t ln = rng_minus_log2(r) * 45426 >> 16; /* ln 2 */

	return (int64_t)((ln * (uint64_t)(mean / 16)) >> 12);
}

uint64_t gen_rng_pareto(struct gen_rng *r, uint64_t min, uint32_t alpha_percent, uint64_t max)
{
	uint64_t power = rng_minus_log2(r) * 100 / alpha_percent;
	uint64_t whole = power >> 16;
	uint64_t x;

	if (whole > 30)
		return max;
	x = (min << whole) + ((min << whole) * (power & 0xffff) >> 16);
	return x < max ? x : max;
}

void gen_services_init(struct gen *g)
{
	static const struct {
		uint16_t port;
		enum gen_app app;
	} kinds[] = {
		{ 443, GEN_APP_TLS },
		{ 80, GEN_APP_HTTP },
		{ 443, GEN_APP_TLS },
		{ 8080, GEN_APP_HTTP },
		{ 6379, GEN_APP_TEXT },
		{ 80, GEN_APP_HTTP },
		{ 8443, GEN_APP_TLS },
		{ 3128, GEN_APP_HTTP },
		{ 6380, GEN_APP_TEXT },
		{ 8000, GEN_APP_HTTP },
		{ 9443, GEN_APP_TLS },
	};
	uint32_t sum = 0;

	for (uint32_t i = 0; i < GEN_SERVICES; i++) {
		size_t kind = i % (sizeof(kinds) / sizeof(kinds[0]));

		g->service[i].host = (uint16_t)(i * 7 % GEN_HOSTS);
		g->service[i].port = kinds[kind].port;
		g->service[i].app = kinds[kind].app;
		sum += (1u << 24) / (i + 1); /* Zipf */
		g->popularity[i] = sum;
	}
	for (uint32_t i = 0; i < GEN_CLIENTS; i++)
		g->next_port[i] = (uint16_t)(32768 + gen_rng_below(&g->rng, 28000));
}

static const struct gen_service *service_choose(struct gen *g)
{
	uint32_t at = gen_rng_below(&g->rng, g->popularity[GEN_SERVICES - 1]);
	uint32_t low = 0, high = GEN_SERVICES - 1;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (g->popularity[middle] > at)
			high = middle;
		else
			low = middle + 1;
	}
	return &g->service[low];
}

/* each conversation of a client has a port of its own until all 28,232 were used */
static uint16_t client_port(struct gen *g, uint32_t client)
{
	uint16_t port = g->next_port[client];

	g->next_port[client] = port >= 60999 ? 32768 : (uint16_t)(port + 1);
	return port;
}

static void flow_endpoints(struct gen *g, struct gen_flow *f)
{
	const struct gen_service *s = service_choose(g);

	f->client = gen_rng_below(&g->rng, GEN_CLIENTS);
	f->ip6 = f->client % 20 < 3; /* 15 % */
	f->vlan = f->client % 10 == 4 ? 30 : 0; /* 10 % */
	f->server = s->host;
	f->server_port = s->port;
	f->app = s->app;
	f->client_port = client_port(g, f->client);
	switch (f->kind) {
	case GEN_DNS:
		f->server = f->client % 4;
		f->server_port = 53;
		break;
	case GEN_QUIC: f->server_port = 443; break;
	case GEN_ICMP: /* a pair of addresses is one conversation: all hosts in turn */
		f->server = g->next_ping[f->client]++ % GEN_HOSTS;
		f->client_port = f->server_port = 0;
		break;
	default: break;
	}
}

static enum gen_kind flow_kind(struct gen *g)
{
	const struct gen_profile *p = g->profile;
	uint32_t at = gen_rng_below(&g->rng, 1000);

	if (at < p->dns)
		return GEN_DNS;
	if (at < p->dns + p->quic)
		return GEN_QUIC;
	if (at < p->dns + p->quic + p->icmp)
		return GEN_ICMP;
	return GEN_TCP;
}

/* a bijection on 32 bits, so that no two of 4,294,967,296 SYNs are alike */
static void flood_begin(struct gen *g, struct gen_flow *f)
{
	uint32_t x = (uint32_t)g->spawned;

	x = (x ^ (x >> 16)) * 0x85ebca6b;
	x = (x ^ (x >> 13)) * 0xc2b2ae35;
	x ^= x >> 16;
	f->kind = GEN_FLOOD;
	f->client = x >> 12;
	f->client_port = (uint16_t)(1024 + (x & 0xfff) * 15);
	f->server = g->random_servers ? gen_rng_below(&g->rng, 1 << 16) : 0;
	f->server_port = g->random_servers ? (uint16_t)(1 + gen_rng_below(&g->rng, 1000)) : 80;
	f->seq[GEN_C2S] = (uint32_t)gen_rng_next(&g->rng);
}

void gen_flow_begin(struct gen *g, struct gen_flow *f, int64_t now_ns, bool midway)
{
	memset(f, 0, sizeof(*f));
	f->next_ns = now_ns;
	f->seed = gen_rng_next(&g->rng);
	f->slice_5s = f->slice_300s = -1;
	g->spawned++;
	if (g->profile->flood) {
		flood_begin(g, f);
		return;
	}
	f->kind = flow_kind(g);
	flow_endpoints(g, f);
	f->near_ns = 200000 + gen_rng_exponential(&g->rng, 9 * GEN_MS);
	f->far_ns = 60000 + gen_rng_exponential(&g->rng, GEN_MS);
	f->exchanges =
		1 + (uint32_t)gen_rng_exponential(&g->rng, 16 * g->profile->exchanges) / 16;
	if (f->kind == GEN_QUIC)
		f->exchanges = (uint32_t)gen_rng_pareto(&g->rng, 6, 110, 5000);
	if (f->kind == GEN_TCP)
		gen_tcp_begin(g, f, midway);
}

static bool step_dns(struct gen *g, struct gen_flow *f)
{
	if (f->state == 0) {
		gen_packet_dns(g, f, GEN_C2S);
		f->next_ns += f->far_ns + gen_rng_exponential(&g->rng, 3 * GEN_MS);
		f->state = 1;
		return !gen_rng_permille(&g->rng, 5); /* no answer */
	}
	gen_packet_dns(g, f, GEN_S2C);
	return false;
}

/* sizes of an ordinary mix: seven small, four of about 570, one full */
static size_t quic_size(struct gen *g, const struct gen_flow *f)
{
	uint32_t at = gen_rng_below(&g->rng, 12);

	if (f->packets[f->dir] == 0)
		return 1200;
	if (at < 7 || f->dir == GEN_C2S)
		return 27 + gen_rng_below(&g->rng, 20);
	return at < 11 ? 400 + gen_rng_below(&g->rng, 300) : 1252;
}

static bool step_quic(struct gen *g, struct gen_flow *f)
{
	gen_packet_quic(g, f, (enum gen_dir)f->dir, quic_size(g, f));
	if (f->packets[GEN_S2C] >= f->exchanges && f->dir == GEN_S2C)
		return false;
	if (f->dir == GEN_S2C && gen_rng_permille(&g->rng, 600)) {
		f->next_ns += 15000 + gen_rng_exponential(&g->rng, 100000);
		return true;
	}
	f->next_ns += f->dir == GEN_C2S ? f->far_ns : f->near_ns;
	f->dir ^= 1;
	return true;
}

static bool step_ping(struct gen *g, struct gen_flow *f)
{
	gen_packet_ping(g, f, (enum gen_dir)f->dir);
	if (f->dir == GEN_C2S) {
		f->next_ns += f->far_ns;
	} else {
		f->next_ns += GEN_S - f->far_ns;
		if (++f->tries >= 2 + f->seed % 5)
			return false;
	}
	f->dir ^= 1;
	return true;
}

bool gen_flow_step(struct gen *g, struct gen_flow *f)
{
	switch (f->kind) {
	case GEN_DNS: return step_dns(g, f);
	case GEN_QUIC: return step_quic(g, f);
	case GEN_ICMP: return step_ping(g, f);
	case GEN_FLOOD: gen_packet_tcp(g, f, GEN_C2S, GEN_SYN); return false;
	default: return gen_tcp_step(g, f);
	}
}
