/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * THE field table: one row a field, and everything that knows of fields takes
 * it from here: list columns, sorting, filters, completion, CSV and JSON, SQL export, the header of index files, help,
 * and the table in flowdrill-fields(7). Adding an attribute is one row here and the code that computes it.
 *
 * Stored fields (with a merge rule) live in struct record at `offset`; derived ones
 * are computed by `get`. Numbers below 1024 are ours and never change their
 * meaning; 1024 and above are for attributes that users, tenants and scripts add.
 */
#ifndef FLOWDRILL_FLOW_FIELD_H
#define FLOWDRILL_FLOW_FIELD_H

#include "flow/record.h"
#include "flow/row.h"

/* Stored fields have bits in counters.known: they stay below 128. Order and numbers are on disk: append only. */
enum field_id {
	FIELD_POINT, FIELD_CLIENT, FIELD_CLIENT_PORT, FIELD_SERVER, FIELD_SERVER_PORT, FIELD_PROTO,
	FIELD_VLAN, FIELD_TUNNEL, FIELD_CLIENT_MAC, FIELD_SERVER_MAC, FIELD_ORIENTATION,
	FIELD_FIRST = 16, FIELD_LAST, FIELD_FLOWS,
	FIELD_C2S_PACKETS, FIELD_S2C_PACKETS, FIELD_C2S_BYTES, FIELD_S2C_BYTES, FIELD_PAYLOAD_BYTES,
	FIELD_SIZE_MIN, FIELD_SIZE_MAX, FIELD_SIZE_SUMSQ,
	FIELD_GAP_MIN, FIELD_GAP_MAX, FIELD_GAP_SUM, FIELD_GAP_SUMSQ,
	FIELD_C2S_TTL_MIN, FIELD_C2S_TTL_MAX, FIELD_S2C_TTL_MIN, FIELD_S2C_TTL_MAX,
	FIELD_DSCP, FIELD_ICMP_TYPE, FIELD_TCP_FLAGS, FIELD_SYN, FIELD_FIN, FIELD_RST,
	FIELD_WINDOW_MIN, FIELD_WINDOW_MAX,
	FIELD_RTT_N, FIELD_RTT_MIN, FIELD_RTT_MAX, FIELD_RTT_SUM, FIELD_RTT_SUMSQ,
	FIELD_FRAGMENTS, FIELD_MALFORMED, FIELD_CHECKSUM_ERRORS, FIELD_END_REASON, FIELD_STATE_EVICTED,
	/* TCP analysis: one counter a mark, in their order (flow/counters.h knows) */
	FIELD_C2S_RETRANS, FIELD_S2C_RETRANS, FIELD_FAST_RETRANS, FIELD_SPURIOUS_RETRANS,
	FIELD_OUT_OF_ORDER, FIELD_LOST_SEGMENT, FIELD_ACK_LOST_SEGMENT, FIELD_DUP_ACK,
	FIELD_KEEP_ALIVE, FIELD_KEEP_ALIVE_ACK, FIELD_ZERO_WINDOW, FIELD_ZERO_WINDOW_PROBE,
	FIELD_ZERO_WINDOW_PROBE_ACK, FIELD_WINDOW_FULL, FIELD_WINDOW_UPDATE, FIELD_PORT_REUSE,
	FIELD_OVERLAP, FIELD_DUPLICATE, FIELD_BAD_SACK,
	FIELD_IN_FLIGHT_MAX, FIELD_C2S_MSS, FIELD_S2C_MSS, FIELD_C2S_WINDOW_SCALE,
	FIELD_S2C_WINDOW_SCALE, FIELD_C2S_SACK, FIELD_S2C_SACK,
	FIELD_RTT_CLIENT_N, FIELD_RTT_CLIENT_MIN, FIELD_RTT_CLIENT_MAX, FIELD_RTT_CLIENT_SUM,
	FIELD_RTT_CLIENT_SUMSQ,
	FIELD_RTT_SERVER_N, FIELD_RTT_SERVER_MIN, FIELD_RTT_SERVER_MAX, FIELD_RTT_SERVER_SUM,
	FIELD_RTT_SERVER_SUMSQ,
	FIELD_ATTEMPTED, FIELD_ANSWERED, FIELD_REFUSED, FIELD_CLOSED_BY,
	FIELD_RESPONSE_N, FIELD_RESPONSE_MIN, FIELD_RESPONSE_MAX, FIELD_RESPONSE_SUM,
	FIELD_RESPONSE_SUMSQ,
	FIELD_TURNS, FIELD_TRANSFER_N, FIELD_TRANSFER_MAX, FIELD_TRANSFER_SUM,
	FIELD_ABORTED,
	FIELD_APP, FIELD_NAME, FIELD_URL, FIELD_ALPN, FIELD_JA4,     /* in the order of enum record_text */
	FIELD_STATUS, FIELD_TLS_VERSION, FIELD_REQUESTS, FIELD_ERRORS, FIELD_REFUSALS,
	FIELD_RTP_PACKETS,
	FIELD_STORED_END,            /* one behind the last stored one */
	FIELD_DERIVED = 256,         /* derived fields are numbered from here */
	FIELD_PACKET_SRC = FIELD_DERIVED + 25, FIELD_PACKET_DST = FIELD_DERIVED + 27,
	FIELD_PACKET_RTT = FIELD_DERIVED + 98, FIELD_PACKET_RESPONSE = FIELD_DERIVED + 99,
	FIELD_PACKET_MARK = FIELD_DERIVED + 100,     /* of a packet: by enum packet_mark from here, 32 */
};

/* Leading bits of the networks that client_net and server_net tell. */
enum { FIELD_NET_BITS_4 = 24, FIELD_NET_BITS_6 = 64 };

#define FIELD_BIT(id) ((u128)1 << (id))

/* The id of the lowest bit, which is cleared; there must be one. */
static inline unsigned field_bit_take(u128 *bits)
{
	uint64_t low = (uint64_t)*bits;
	unsigned id = low ? (unsigned)__builtin_ctzll(low) : 64u + (unsigned)__builtin_ctzll((uint64_t)(*bits >> 64));

	*bits &= *bits - 1;
	return id;
}

enum field_merge {
	MERGE_NONE,          /* derived: computed on reading */
	MERGE_SUM,
	MERGE_MIN,
	MERGE_MAX,
	MERGE_OR,            /* union of bits */
	MERGE_SAME,          /* null where they differ; a part that does not know says nothing */
	MERGE_UNION,         /* sketches and histograms */
};

/* What the bytes at `offset` are; also how values compare and what a filter may say about them. */
enum field_type {
	TYPE_U8, TYPE_U16, TYPE_U32, TYPE_U64, TYPE_I64, TYPE_U128,
	TYPE_ADDR, TYPE_MAC, TYPE_TUNNEL, TYPE_REAL,
	TYPE_TEXT,           /* stored: 32 bits, a number in the record's pool */
	TYPE_ID,
};

/* How a number is to be read and shown. */
enum field_unit {
	UNIT_NONE, UNIT_COUNT, UNIT_BYTES, UNIT_TIME, UNIT_DURATION, UNIT_PORT, UNIT_PROTO, UNIT_VLAN,
	UNIT_TCP_FLAGS, UNIT_ENUM, UNIT_BOOL, UNIT_POINT, UNIT_DSCP,
};

/* A value of a field. Durations and times are int64 nanoseconds (REAL with UNIT_DURATION: nanoseconds too). */
struct value {
	enum field_type type;        /* TYPE_U64, TYPE_I64, TYPE_U128, TYPE_REAL, TYPE_ADDR, TYPE_TEXT, TYPE_ID */
	union {
		uint64_t u;
		int64_t i;
		u128 big;
		double real;
		struct addr addr;    /* TYPE_ADDR; MACs too */
		struct id id;
	};
	char text[200];              /* TYPE_TEXT: escaped where it comes from outside */
	bool estimated;              /* a sketch's answer: shown with ~ */
};

struct field {
	unsigned id;                 /* enum field_id, or FIELD_DERIVED + n */
	const char *name;            /* lower case, as in filters and columns */
	const char *title;           /* column heading for people, short */
	enum field_type type;
	enum field_unit unit;
	enum field_merge merge;
	unsigned tiers;              /* FIELD_ON(TIER_...) */
	bool hidden;                 /* stored for others' sake (sums of squares): no column by itself */
	uint16_t offset;             /* stored: in struct record; packets: in struct packet_row */
	bool (*get)(const struct row *row, struct value *out);   /* derived (or seen otherwise than stored): false where unknown */
	const char *(*name_of)(uint64_t v);      /* UNIT_ENUM alone, and always: a value's name, never NULL */
	unsigned width_cells;        /* usual width of a column */
	unsigned ipfix;              /* information element, 0 none */
	const char *help;            /* one sentence, also in the man page */
};

#define FIELD_ON(t) (1u << (t))

/* The table: fields with (index < field_count()). Static. */
const struct field *field_at(size_t index);
size_t field_count(void);
/* By name and tier; NULL where there is none. Also knows aliases (ip.addr's kin live in the filter). */
const struct field *field_find(const char *name, enum tier tier);
/* Stored field by its id; NULL for unknown and derived ones. */
const struct field *field_stored(unsigned id);
/* The columns that a list of this tier shows when nobody asked for others: names, ended by NULL. Wide ones add more. */
const char *const *field_default_columns(enum tier tier);

/* Bytes of a stored field's value where it is kept: how MERGE_SAME compares and copies. */
size_t field_type_size(enum field_type t);

/* The value of a field in a row; false where it is unknown or the tier has none. */
bool field_get(const struct field *f, const struct row *row, struct value *out);
/* <0, 0, >0; values of the same field. Unknown ones are the caller's business. */
int value_cmp(const struct value *a, const struct value *b);

enum value_style {
	STYLE_MACHINE,       /* csv, json: RFC 3339, seconds, bytes, plain numbers */
	STYLE_PEOPLE,        /* tables and the screen: units, short */
};
/* Text of a value; safe for a terminal. Returns the length. */
size_t value_format(char *out, size_t size, const struct field *f, const struct value *v, enum value_style style);
/* Whether the value is a number in JSON (else a string). */
bool field_is_number(const struct field *f);
const char *field_merge_name(enum field_merge m);
const char *field_type_name(const struct field *f);
const char *field_unit_name(enum field_unit u);

#endif
