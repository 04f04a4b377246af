/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * For tests: what the TCP analysis says of each TCP packet of a capture file, a tab-separated line a packet: frame, marks (joined by
 * commas), round trip, "h" where it is the handshake's, connection setup (both in nanoseconds), bytes in flight.
 *
 * usage: tcp_dump FILE
 */
#include "base/hash.h"
#include "capture/source.h"
#include "decode/decode.h"
#include "decode/fragment.h"
#include "tier/conversation.h"
#include "tier/tcp_state.h"
#include "tier/tracker.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { CONVERSATIONS = 1 << 18, PLACES = CONVERSATIONS * 2 };

/* States by address of the conversation: none is evicted, so the addresses stay. */
struct place {
	const struct conversation *c;
	struct tcp_state *state;
};

static struct place places[PLACES];
static uint32_t linktypes[65536];
static uint8_t fcs[65536];

static struct tcp_state *state_of(const struct conversation *c)
{
	size_t at = hash_mix((uintptr_t)c) % PLACES;

	while (places[at].c && places[at].c != c)
		at = (at + 1) % PLACES;
	if (!places[at].c) {
		places[at] = (struct place){c, calloc(1, sizeof(struct tcp_state))};
		if (places[at].state)
			places[at].state->more = malloc(sizeof(struct tcp_more));
		if (!places[at].state || !places[at].state->more)
			abort();
	}
	return places[at].state;
}

static void print(uint64_t frame, const struct tcp_verdict *v)
{
	const char *comma = "";

	printf("%" PRIu64 "\t", frame);
	for (unsigned i = 0; i < PACKET_MARKS; i++)
		if (v->marks & MARK_BIT(i)) {
			printf("%s%s", comma, packet_mark_name(i));
			comma = ",";
		}
	printf("\t");
	if (v->has_rtt)
		printf("%" PRId64, v->rtt_ns);
	printf("\t%s\t", v->has_rtt && v->rtt_of_handshake ? "h" : "");
	if (v->has_setup)
		printf("%" PRId64, v->setup_ns);
	printf("\t");
	if (v->has_in_flight)
		printf("%u", v->in_flight);
	printf("\n");
}

static void analyse(struct conversation_table *t, uint64_t frame, const struct packet *p)
{
	struct tcp_verdict v;
	enum direction dir;
	bool evicted;

	if (p->proto != PROTO_TCP || !(p->flags & PACKET_HAS_TCP))
		return;
	const struct conversation *c = conversation_find(t, p,
		conversation_hash(p, tracker_pair_hash(p)), INT64_C(300000000000), &dir, &evicted);
	tcp_analyse(state_of(c), p, dir, &v);
	print(frame, &v);
}

static enum rc run(struct source *s, struct fragment_table *f, struct conversation_table *t, struct err *err)
{
	struct source_event e;
	uint32_t interfaces = 0;
	uint64_t frame = 0;
	enum rc rc;

	while ((rc = source_next(s, &e, err)) == RC_DONE) {
		struct packet p = {.time_ns = e.time_ns, .point = e.interface};

		if (e.kind == SOURCE_INTERFACE && interfaces < 65536) {
			linktypes[interfaces] = e.iface.linktype;
			fcs[interfaces++] = e.iface.fcs_len;
		}
		if (e.kind != SOURCE_PACKET || e.interface >= 65536)
			continue;
		decode_packet(&(struct decode_frame){.linktype = linktypes[e.interface], .fcs_len = fcs[e.interface],
			.verify = true, .data = e.data, .caplen = e.caplen, .len = e.len}, &p);
		fragment_table_see(f, &p);
		analyse(t, ++frame, &p);
	}
	return rc;
}

int main(int argc, char **argv)
{
	struct conversation_table *t = NULL;
	struct fragment_table *f = NULL;
	struct source *s = NULL;
	struct err err = {0};
	enum rc rc;

	if (argc != 2) {
		fprintf(stderr, "usage: tcp_dump FILE\n");
		return 2;
	}
	if (source_open_file(argv[1], NULL, &s, &err) != RC_DONE || fragment_table_new(&f, &err) != RC_DONE ||
		conversation_table_new(CONVERSATIONS, &t, &err) != RC_DONE) {
		fprintf(stderr, "tcp_dump: %s: %s\n", err.what, err.why);
		source_close(s);
		return 3;
	}
	rc = run(s, f, t, &err);
	if (rc != RC_END)
		fprintf(stderr, "tcp_dump: %s: %s\n", err.what, err.why);
	conversation_table_free(t);
	fragment_table_free(f);
	source_close(s);
	for (size_t i = 0; i < PLACES; i++)
		if (places[i].state) {
			free(places[i].state->more);
			free(places[i].state);
		}
	return 0;
}
