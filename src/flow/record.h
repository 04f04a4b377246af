/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Records: what the tiers say, and how two of them become one.
 *
 * A microflow, flow or macroflow is a struct record: a key, counters, and for
 * groups and macroflows a sketch of distinct clients and histograms. A record on disk is
 * in parts; record_merge() makes the whole, in any order and grouping of the parts
 * (every field has an associative, commutative rule, see flow/field.h). Only what merges exactly
 * is stored; averages and deviations are computed on reading from counts, sums and sums of squares.
 *
 * 'Unknown' is a cleared bit in `known`; 'the parts differ' is a set bit in
 * `mixed` (and a cleared one in `known`). Bits are numbered by enum field_id.
 *
 * No ownership but record_free() for media, sketch and histograms. One thread at a time.
 */
#ifndef FLOWDRILL_FLOW_RECORD_H
#define FLOWDRILL_FLOW_RECORD_H

#include "base/buf.h"
#include "flow/mark.h"
#include "flow/media.h"
#include "flow/packet.h"
#include "flow/texts.h"

struct sketch;
struct hist;

enum tier {
	TIER_PACKET, TIER_MICROFLOW, TIER_FLOW, TIER_MACROFLOW, TIER_BLOCK, TIER_POINT, TIERS
};

/* "packets", "microflows", ... as on the command line; the singular for crumbs and messages. */
const char *tier_plural(enum tier t);
const char *tier_singular(enum tier t);
/* Plural or singular; false where it is none. */
bool tier_parse(const char *text, enum tier *out);

/* A record's identity: the block and the offset in it of its first packet's record. */
struct record_id {
	uint32_t block;          /* from 1; 0: no record */
	uint32_t offset;         /* bytes from the start of the block */
};

static inline bool record_id_equal(struct record_id a, struct record_id b)
{
	return a.block == b.block && a.offset == b.offset;
}

static inline uint64_t record_id_number(struct record_id id)
{
	return (uint64_t)id.block << 32 | id.offset;
}

/* An id as written by people: tier, source (0 where none was written: the first), record. */
struct id {
	enum tier tier;
	unsigned source;         /* counted from 1; 0: not written */
	struct record_id rec;
};

enum { ID_TEXT = 40 };
/* "f7.123456", "2:f7.123456" where source > 0; blocks are "b7", points "i3". Returns the length. */
size_t id_format(char *out, size_t size, const struct id *id);
/* False where the text does not look like an id. */
bool id_parse(const char *text, struct id *out);

enum orientation {
	ORIENTATION_NONE, ORIENTATION_SYN, ORIENTATION_KNOWN_PORT, ORIENTATION_LOWER_PORT, ORIENTATION_FIRST, ORIENTATIONS
};
const char *orientation_name(enum orientation o);

/* How a flow came to its end; 'slice' and 'end' (of the capture) are found on reading. */
enum end_reason { END_NONE, END_FIN, END_RST, END_NEW_SYN, END_EVICTED, END_SLICE, END_OF_CAPTURE, END_REASONS };
const char *end_reason_name(enum end_reason e);

/* Who sent the first FIN or the RST that ended a connection. */
enum closed_by { CLOSED_BY_NONE, CLOSED_BY_CLIENT, CLOSED_BY_SERVER, CLOSED_BYS };
const char *closed_by_name(enum closed_by c);

/* Who talks to whom, oriented. Unused bytes zero. */
struct flow_key {
	uint32_t point;
	uint32_t proto;
	uint64_t vlan;
	struct addr client, server;
	uint16_t client_port, server_port;
	uint8_t client_mac[6], server_mac[6];
	bool has_ports, has_macs;
	uint8_t orientation;         /* enum orientation */
	struct tunnel tunnel;
};

enum direction { DIR_C2S = 0, DIR_S2C = 1 };

/* What is kept of measured times. */
struct time_sums {
	uint64_t n;
	int64_t min_ns, max_ns, sum_ns;
	u128 sumsq;                      /* ns squared */
};

/* Texts of a record, by slot; see struct record. */
enum record_text { TEXT_APP, TEXT_NAME, TEXT_URL, TEXT_ALPN, TEXT_JA4, RECORD_TEXTS };

/*
 * What is counted of one microflow (or any merge of them). Plain data, zeroed it is an empty part with
 * first_ns/last_ns unset: use counters_init().
 */
struct counters {
	/* what every packet changes: three lines of the cache, and the next two only seldom */
	int64_t first_ns, last_ns;       /* earliest and latest packet */
	u128 known;                      /* by enum field_id */
	uint64_t packets[2], bytes[2];   /* by direction; bytes on the wire */
	uint64_t payload_bytes;
	uint32_t size_min, size_max;     /* bytes on the wire */
	u128 size_sumsq;
	u128 gap_sumsq;                  /* ns squared; the number of gaps is packets - flows */
	int64_t gap_min, gap_max, gap_sum;
	uint32_t window_min, window_max; /* as on the wire */
	uint16_t tcp_flags;              /* or of all */
	uint8_t ttl_min[2], ttl_max[2];  /* by direction */
	uint8_t dscp, icmp_type;
	uint8_t end_reason;              /* enum end_reason */
	uint64_t flows;                  /* flows that begin in this part */
	u128 mixed;                      /* by enum field_id */
	uint64_t syn, fin, rst;
	uint64_t rtt_n;
	int64_t rtt_min, rtt_max, rtt_sum;
	u128 rtt_sumsq;
	uint64_t fragments, malformed, checksum_errors, state_evicted;
	/* TCP analysis and response times stand last: what has none of it never touches them */
	uint8_t closed_by;               /* enum closed_by */
	uint8_t window_scale[2], sack[2];
	uint16_t mss[2];                 /* by direction of the SYN that said so */
	uint32_t in_flight_max;
	uint64_t retrans[2];             /* by direction */
	uint64_t marks[COUNTED_MARKS];   /* packets with a mark; not [MARK_RETRANS], [MARK_RESPONSE_START] */
	struct time_sums rtt_client, rtt_server;   /* between capture point and client, server */
	uint64_t attempted, answered, refused;     /* connections: first SYNs, SYN,ACKs, RSTs to a SYN */
	struct time_sums response;       /* n: packets with MARK_RESPONSE_START */
	uint64_t turns;                  /* requests that began */
	uint64_t transfer_n;
	int64_t transfer_max_ns, transfer_sum_ns;
	uint64_t aborted;                /* connections reset while an answer was awaited */
	/* what applications say; marks[MARK_ERRORS] and [MARK_REFUSALS] with it */
	uint32_t text[RECORD_TEXTS];     /* numbers in the record's pool; 0 where unknown */
	uint16_t status, tls_version;
	uint64_t requests;
	uint64_t rtp_packets;            /* both directions; all else of media is in struct media */
};

struct record {
	enum tier tier;
	struct record_id id;
	int64_t slice_ns;                /* start of its slice or window */
	struct texts *texts;             /* the pool of its texts, borrowed; NULL: it has none */
	struct flow_key key;
	struct counters c;
	struct media *media;             /* NULL: none */
	/* Macroflows alone. */
	uint64_t drops;                  /* by the kernel in its window at its point; valid where has_drops */
	uint64_t gone;                   /* of its packets: evicted */
	bool has_drops;
	struct sketch *clients;          /* groups and macroflows, else NULL */
	struct hist *rtt;                /* likewise */
	struct hist *response;           /* macroflows, and groups of them */
};

void counters_init(struct counters *c);
static inline uint64_t counters_packets(const struct counters *c)
{
	return c->packets[0] + c->packets[1];
}
static inline uint64_t counters_bytes(const struct counters *c)
{
	return c->bytes[0] + c->bytes[1];
}

/*
 * What can be computed of traffic beside plain counting. Numbers are on disk: append only. What was not computed is unknown, and so is
 * any merge with something of which it was not computed: sums, and also least and greatest values, which would be those of a part.
 */
enum attribute { ATTRIBUTE_TCP = 1 << 0, ATTRIBUTE_RESPONSE = 1 << 1, ATTRIBUTE_APP = 1 << 2, ATTRIBUTE_VOIP = 1 << 3,
	ATTRIBUTES_ALL = 15 };

/* An empty record to merge into: every key field unknown. */
void record_init(struct record *r, enum tier tier);
void record_free(struct record *r);
/*
 * Merges part into whole by the field table. The id becomes the earlier of the two (by first_ns, then by id) unless equal.
 * Sketch and histogram are made in `whole` where `part` has them. Texts of another pool are added to that of `whole`; one without a pool
 * takes the part's. RC_NO_MEMORY.
 */
enum rc record_merge(struct record *whole, const struct record *part, struct err *err);
/* The same for counters alone (no key, id, sketch), whose texts are of one pool: a microflow into its flow. */
void counters_merge(struct counters *whole, const struct counters *part);
/* One packet by its headers; `dir`: who sent it. Gaps, and which flows begin with it, are the caller's to tell. */
void counters_packet(struct counters *c, const struct packet *p, enum direction dir);
/* The time since the packet before in its flow: one for every packet but a flow's first. */
void counters_gap(struct counters *c, int64_t gap_ns);
/* The marks, and what times they have, of one packet; `dir`: who sent it. The one place where notes become counters. */
void counters_note(struct counters *c, enum direction dir, const struct packet_note *note);
/* How many packets have a mark; of those that media's figures count: at most so many. */
uint64_t counters_marked(const struct counters *c, enum packet_mark m);
/* Whether what notes count agrees with `marked`, into which all notes of a part were counted (either direction). */
bool counters_agree(const struct counters *c, const struct counters *marked);
/* One measured time more; min and max are the ids of their fields (enum field_id). */
void counters_time(struct counters *c, struct time_sums *t, unsigned min, unsigned max, int64_t ns);
/* A value that all packets share, or else is null; id is its field's. */
void counters_same(struct counters *c, unsigned id, uint8_t *field, uint8_t value);
void counters_same16(struct counters *c, unsigned id, uint16_t *field, uint16_t value);
/* Fields that these attributes (enum attribute) compute. */
u128 attribute_fields(unsigned which);
/* Attributes that were not computed for all that is counted, by counters.known. */
unsigned attributes_lacking(u128 known);
/* "tcp,response", "all", "none"; false where it is none of those. */
bool attributes_parse(const char *text, unsigned *out);
/* The shortest of these; `out` has room for all names (ATTRIBUTES_TEXT). Returns the length. */
enum { ATTRIBUTES_TEXT = 64 };
size_t attributes_format(char *out, size_t size, unsigned which);
/* A text that all packets share, or else is null. Number 0 (no room in the pool) says nothing. */
void counters_text(struct counters *c, enum record_text slot, uint32_t number);
/* Makes the texts of counters numbers of another pool: what finds no room there becomes unknown. */
void counters_move_texts(struct counters *c, const struct texts *from, struct texts *to);
/* Known bits of texts. */
u128 text_fields(void);
/* Marks the key fields (client, server, ports, proto, vlan, tunnel, macs, point) of a record with one key as known. */
void record_key_known(struct record *r);

/*
 * The service a flow belongs to. server_port is 0 ('dynamic') where orientation is neither by SYN nor by a known port
 * and both ports are 1024 or more. window_ns: start of the macroflow's window.
 */
struct service_key {
	int64_t window_ns;
	struct addr server;
	uint32_t proto;
	uint32_t point;
	uint16_t port;
	bool has_port;               /* false for protocols without ports */
};

void service_of(struct service_key *out, const struct flow_key *key, int64_t window_ns);
/* Window, server, proto, port, point. */
int service_cmp(const struct service_key *a, const struct service_key *b);

/* Community ID v1 (github.com/corelight/community-id-spec), seed 0: "1:" and 28 characters. False where it has none (no IP). */
bool community_id(char *out, size_t size, const struct flow_key *key, bool has_icmp, uint8_t icmp_type, uint8_t icmp_code);

#endif
