/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * flowdrill-gen: a generator of captures. See gen.h, and README.md for how to
 * use it. This file: the options, and the clockwork (a heap of conversations
 * by the time of their next packet).
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "gen.h"

/* Monday 2026-03-02 14:03:20 UTC: 25 minutes from here cross a quarter of an hour */
#define DEFAULT_START_NS   (INT64_C(1772460200) * GEN_S)
#define DEFAULT_DURATION_S 1500

struct due {
	int64_t time_ns;
	uint32_t flow;
};

struct clockwork {
	struct gen_flow *flow;
	struct due *heap;
	uint32_t *unused;
	uint32_t size, heap_used, unused_used;
};

static bool due_before(const struct due *a, const struct due *b)
{
	if (a->time_ns != b->time_ns)
		return a->time_ns < b->time_ns;
	return a->flow < b->flow;
}

static void heap_up(struct clockwork *c, uint32_t i)
{
	struct due it = c->heap[i];

	while (i > 0 && due_before(&it, &c->heap[(i - 1) / 2])) {
		c->heap[i] = c->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	c->heap[i] = it;
}

/* the root changed: let it sink */
static void heap_down(struct clockwork *c)
{
	struct due it = c->heap[0];
	uint32_t i = 0;

	for (;;) {
		uint32_t child = 2 * i + 1;

		if (child + 1 < c->heap_used &&
			due_before(&c->heap[child + 1], &c->heap[child]))
			child++;
		if (child >= c->heap_used || !due_before(&c->heap[child], &it))
			break;
		c->heap[i] = c->heap[child];
		i = child;
	}
	c->heap[i] = it;
}

static bool clockwork_grow(struct clockwork *c)
{
	uint32_t size = c->size ? c->size * 2 : 1024;
	struct gen_flow *flow = realloc(c->flow, size * sizeof(*flow));
	struct due *heap;
	uint32_t *unused;

	if (flow)
		c->flow = flow;
	heap = realloc(c->heap, size * sizeof(*heap));
	if (heap)
		c->heap = heap;
	unused = realloc(c->unused, size * sizeof(*unused));
	if (unused)
		c->unused = unused;
	if (!flow || !heap || !unused) {
		fputs("flowdrill-gen: out of memory\n", stderr);
		return false;
	}
	for (uint32_t i = size; i > c->size; i--)
		c->unused[c->unused_used++] = i - 1;
	c->size = size;
	return true;
}

static void clockwork_free(struct clockwork *c)
{
	free(c->flow);
	free(c->heap);
	free(c->unused);
}

static bool clockwork_spawn(struct clockwork *c, struct gen *g, int64_t now_ns, bool midway)
{
	uint32_t i;

	if (c->unused_used == 0 && !clockwork_grow(c))
		return false;
	i = c->unused[--c->unused_used];
	gen_flow_begin(g, &c->flow[i], now_ns, midway);
	c->heap[c->heap_used++] = (struct due){ c->flow[i].next_ns, i };
	heap_up(c, c->heap_used - 1);
	return true;
}

/* the conversation that is due does its next step */
static bool clockwork_step(struct clockwork *c, struct gen *g)
{
	uint32_t i = c->heap[0].flow;
	int64_t now_ns = c->heap[0].time_ns;

	if (gen_flow_step(g, &c->flow[i])) {
		c->heap[0].time_ns = c->flow[i].next_ns;
		heap_down(c);
		return true;
	}
	gen_truth_flow(&g->truth, &c->flow[i]);
	c->unused[c->unused_used++] = i;
	c->heap[0] = c->heap[--c->heap_used];
	if (c->heap_used > 0)
		heap_down(c);
	return g->profile->population == 0 || clockwork_spawn(c, g, now_ns, false);
}

static int64_t arrival_mean_ns(const struct gen *g)
{
	uint64_t x10 = g->profile->flood ? 10 : g->profile->packets_per_flow_x10;

	return (int64_t)((uint64_t)GEN_S / 10 * x10 / g->rate);
}

static uint32_t population(const struct gen *g, uint64_t packets)
{
	const struct gen_profile *p = g->profile;

	if (p->packets_each && packets / p->packets_each < p->population)
		return (uint32_t)(packets / p->packets_each) + 1;
	return p->population;
}

/* what was open before the capture began, or all there will be */
static bool spawn_first(struct clockwork *c, struct gen *g, uint64_t packets, int64_t start_ns)
{
	uint32_t all = population(g, packets);
	uint32_t n = all ? all : g->profile->flood ? 0 : 50;
	int64_t spread_ns = all ? g->profile->pause_ns : GEN_S;

	for (uint32_t i = 0; i < n; i++) {
		int64_t at_ns = start_ns + gen_rng_exponential(&g->rng, spread_ns);

		if (!clockwork_spawn(c, g, at_ns, i % 20 == 0 || !all))
			return false;
	}
	return true;
}

static bool generate(struct gen *g, uint64_t packets, int64_t start_ns)
{
	bool arrivals = g->profile->population == 0;
	int64_t mean_ns = arrivals ? arrival_mean_ns(g) : 0;
	int64_t arrival_ns = start_ns;
	struct clockwork c = { 0 };
	bool ok = spawn_first(&c, g, packets, start_ns);

	while (ok && !g->failed && g->out.packets < packets) {
		if (arrivals && (c.heap_used == 0 || arrival_ns <= c.heap[0].time_ns)) {
			ok = clockwork_spawn(&c, g, arrival_ns, false);
			arrival_ns += gen_rng_exponential(&g->rng, mean_ns);
		} else {
			ok = clockwork_step(&c, g);
		}
	}
	for (uint32_t i = 0; i < c.heap_used; i++)
		gen_truth_flow(&g->truth, &c.flow[c.heap[i].flow]);
	clockwork_free(&c);
	return ok && !g->failed;
}

static int usage(FILE *to, int status)
{
	fputs("usage: flowdrill-gen -o OUT --packets N [--seed S]\n"
	      "         [--mix imix|small|elephants|flood|longlived] [--random-servers]\n"
	      "         [--format pcap-us|pcap-ns|pcapng] [--rate PACKETS_PER_SECOND]\n"
	      "         [--start UNIX_SECONDS] [--truth OUT.tsv]\n"
	      "Writes a capture of made traffic; the same options give the same bytes.\n"
	      "The default rate spreads the packets over 25 minutes. '-o -': standard "
	      "output.\n",
		to);
	return status;
}

static bool parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 10);
	if (errno == 0 && *end == '\0' && *text >= '0' && *text <= '9' && *out >= min &&
		*out <= max)
		return true;
	fprintf(stderr, "flowdrill-gen: %s: not a number from %llu to %llu\n", text,
		(unsigned long long)min, (unsigned long long)max);
	return false;
}

static bool parse_format(const char *text, enum gen_format *out)
{
	static const char *const names[] = {
		[GEN_PCAP_US] = "pcap-us",
		[GEN_PCAP_NS] = "pcap-ns",
		[GEN_PCAPNG] = "pcapng",
	};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(text, names[i]) == 0) {
			*out = (enum gen_format)i;
			return true;
		}
	}
	fprintf(stderr, "flowdrill-gen: %s: unknown format\n", text);
	return false;
}

struct options {
	const char *out, *truth;
	enum gen_format format;
	uint64_t packets, seed, start_s;
};

static bool parse_option(int option, struct options *o, struct gen *g)
{
	switch (option) {
	case 'o': o->out = optarg; return true;
	case 'n': return parse_number(optarg, 1, UINT32_MAX, &o->packets);
	case 's': return parse_number(optarg, 0, UINT64_MAX, &o->seed);
	case 'm':
		g->profile = gen_profile_find(optarg);
		if (!g->profile)
			fprintf(stderr, "flowdrill-gen: %s: unknown mix\n", optarg);
		return g->profile != NULL;
	case 'f': return parse_format(optarg, &o->format);
	case 'r': return parse_number(optarg, 1, 100000000, &g->rate);
	case 'b': return parse_number(optarg, 0, UINT32_MAX, &o->start_s);
	case 't': o->truth = optarg; return true;
	case 'R': g->random_servers = true; return true;
	default: return false;
	}
}

static bool parse_options(int argc, char **argv, struct options *o, struct gen *g)
{
	static const struct option longs[] = {
		{ "packets", required_argument, NULL, 'n' },
		{ "seed", required_argument, NULL, 's' },
		{ "mix", required_argument, NULL, 'm' },
		{ "format", required_argument, NULL, 'f' },
		{ "rate", required_argument, NULL, 'r' },
		{ "start", required_argument, NULL, 'b' },
		{ "truth", required_argument, NULL, 't' },
		{ "random-servers", no_argument, NULL, 'R' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "o:h", longs, NULL)) != -1) {
		if (option == 'h')
			exit(usage(stdout, EXIT_SUCCESS));
		if (!parse_option(option, o, g))
			return false;
	}
	return o->out && o->packets && optind == argc;
}

int main(int argc, char **argv)
{
	struct options o = { .seed = 1, .start_s = DEFAULT_START_NS / GEN_S };
	struct gen *g = calloc(1, sizeof(*g));
	bool ok;

	if (!g)
		return EXIT_FAILURE;
	g->profile = gen_profile_find("imix");
	if (!parse_options(argc, argv, &o, g)) {
		free(g);
		return usage(stderr, 2);
	}
	g->rng.state = gen_mix64(o.seed + 1);
	if (!g->rate)
		g->rate = o.packets / DEFAULT_DURATION_S + 1;
	gen_services_init(g);
	ok = gen_truth_open(&g->truth, o.truth) && gen_out_open(&g->out, o.out, o.format);
	if (ok) {
		ok = generate(g, o.packets, (int64_t)o.start_s * GEN_S);
		ok = gen_out_close(&g->out) && ok;
		ok = gen_truth_close(&g->truth, &g->out) && ok;
	}
	free(g);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
