/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The filter language: text -> a checked tree -> yes, no or maybe of a row.
 *
 *   host A | net N | port P | src … | dst … | client … | server … | tcp udp icmp arp … | vlan N | and or not ( )
 *   FIELD OP VALUE with == != < <= > >= ~ (matches text, case-blind, part of it) and `in {A, B, N/8}`; = is ==
 *   && || !, and Wireshark's ip.addr ip.src ip.dst ipv6.* tcp.port udp.port tcp.srcport … frame.len vlan.id
 *   a bare FIELD means: known and not zero ("retrans", "fragments")
 *
 * `and` and `or` have the same precedence and group from the left, as in pcap-filter(7); `not` binds closer.
 *
 * A field that is unknown in a row makes its comparison false, and so != too; `not` of it true (documented in flowdrill-filter(7)).
 * On the tiers src means client and dst server; on packets they are the packet's own.
 * An error names the column. Parsing is bounded: FILTER_DEPTH nested levels, FILTER_TERMS terms; recursion never passes the depth.
 * A compiled filter is immutable and may be used by several threads.
 */
#ifndef FLOWDRILL_QUERY_FILTER_H
#define FLOWDRILL_QUERY_FILTER_H

#include "flow/field.h"

enum {
	FILTER_DEPTH = 200,
	FILTER_TERMS = 4096,
	FILTER_TEXT_MAX = 1 << 16
}; /* levels, terms, bytes */

struct filter;

/* Compiles for rows of a tier. Empty text (or blanks) gives NULL: everything matches. RC_SYNTAX with has_offset = column. */
enum rc filter_compile(const char *text, enum tier tier, struct filter **out, struct err *err);
void filter_free(struct filter *f);
/* NULL matches everything. */
bool filter_match(const struct filter *f, const struct row *row);

/*
 * Compiles a filter of whole conversations: it may compare only what all packets of a conversation share, in either direction,
 * so that any packet of it decides the same (host, net, port, protocols, vlan, point by number). RC_SYNTAX else.
 */
enum rc filter_compile_conversations(const char *text, struct filter **out, struct err *err);
/* What such a filter says of the conversation of a packet; NULL matches everything. */
bool filter_match_conversation(const struct filter *f, const struct packet *p);

/*
 * Whether the filter looks at nothing but what all flows below a row of the tier share, and their microflows: client, server, ports, protocol,
 * VLAN, capture point; of macroflows not the client. Then it chooses the same traffic of each of those tiers. False where it does not compile.
 */
bool filter_is_of_key(const char *text, enum tier tier);

/* What a flow's key alone says of all rows below it (its packets, itself): for reading less. */
enum verdict { VERDICT_NO, VERDICT_MAYBE, VERDICT_YES };
/*
 * For a filter on packets or microflows, asked of the key of the flow they belong to (its client, server, ports, proto, vlan,
 * tunnel, point): NO: no row below can match; YES: every one does.
 */
enum verdict filter_verdict(const struct filter *f, const struct flow_key *key);
/*
 * The same for the packets of a microflow with these counters: marks and times that it does not count, none of them has. NULL: as
 * above.
 */
enum verdict filter_verdict_packets(
	const struct filter *f, const struct flow_key *key, const struct counters *c);
/*
 * Networks of which every matching row must have one as client or server address (union); *n == 0: none can be told, read all.
 * Pointers are the filter's.
 */
const struct addr_net *filter_nets(const struct filter *f, size_t *n);
/* A second such set, which every matching row must satisfy as well ("host A and host B"); *n == 0: there is none. */
const struct addr_net *filter_nets_too(const struct filter *f, size_t *n);
/* Bounds on time that every matching row keeps (comparisons of first, last, time): INT64_MIN, INT64_MAX where there is none. */
void filter_times(const struct filter *f, int64_t *from_ns, int64_t *to_ns);

/* For the prompt: words that may stand at the end of `text`, each through `say`, best first. `start` is the column where the word begins. */
typedef void (*filter_say)(void *ctx, const char *word, const char *help);
void filter_complete(
	const char *text, enum tier tier, size_t *start, filter_say say, void *ctx);

/*
 * What is wanted at the end of `text`: a value of these fields (the ends of `host` are two). False where it is no value, or of
 * nothing that rows have. *start as above; a string that is being written begins at its quote.
 */
struct filter_wanted {
	const struct field *fields[2];
	size_t n;
};
bool filter_wants_value(const char *text, enum tier tier, size_t *start, struct filter_wanted *out);
/* A value as the filter language writes it: quoted where it has to be. Returns its length, cut to the buffer. */
size_t filter_quote(char *out, size_t size, const char *value);

/*
 * How a filter goes from one tier to another, with a row from or to which one goes (`through`, may be NULL).
 * Down (`to` < `from`): the row is the one above; what its key has decided for all rows below it goes without saying, and
 * what asks for much of what adds up is no term for a part. Up: it is the row one comes back to, and must match.
 */
struct filter_way {
	enum tier from, to;
	const struct row *through;
	const char *known;           /* a filter whose terms need not be said again, or NULL */
};
/*
 * What of a filter says something there: the terms joined by `and` at its top that compile (with the field's name there, where it
 * has another). The others go to `left`, divided by commas; both "" where there are none.
 */
void filter_translate(const char *text, const struct filter_way *way, char *out, size_t size,
	char *left, size_t left_size);

#endif
