/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pcapng (draft-ietf-opsawg-pcapng): blocks and options, read and built.
 * Pure functions over bytes: no I/O, no state. Pointers in results lead into the caller's bytes.
 *
 * What is damaged, and what is only odd, follows Wireshark: a block length below 12, beyond 128 MiB or
 * other than the one repeated behind the block; a packet or an option that is longer than its
 * block; an interface that was not described. Lengths that are no multiple of 4 are rounded up.
 */
#ifndef FLOWDRILL_FILE_PCAPNG_H
#define FLOWDRILL_FILE_PCAPNG_H

#include "base/buf.h"
#include "base/cursor.h"
#include "base/err.h"

enum pcapng_type {
	PCAPNG_SHB = 0x0a0d0d0a, PCAPNG_IDB = 1, PCAPNG_OPB = 2, PCAPNG_SPB = 3, PCAPNG_NRB = 4,
	PCAPNG_ISB = 5, PCAPNG_EPB = 6, PCAPNG_DSB = 10, PCAPNG_CB = 0xbad, PCAPNG_CB_NOCOPY = 0x40000bad,
};

enum pcapng_option {
	PCAPNG_OPT_END = 0, PCAPNG_OPT_COMMENT = 1,
	PCAPNG_OPT_CUSTOM_TEXT = 2988, PCAPNG_OPT_CUSTOM_BIN = 2989,
	PCAPNG_OPT_CUSTOM_TEXT_NOCOPY = 19372, PCAPNG_OPT_CUSTOM_BIN_NOCOPY = 19373,
	PCAPNG_SHB_HARDWARE = 2, PCAPNG_SHB_OS = 3, PCAPNG_SHB_USERAPPL = 4,
	PCAPNG_IF_NAME = 2, PCAPNG_IF_DESCRIPTION = 3, PCAPNG_IF_SPEED = 8, PCAPNG_IF_TSRESOL = 9,
	PCAPNG_IF_TZONE = 10, PCAPNG_IF_FILTER = 11, PCAPNG_IF_FCSLEN = 13, PCAPNG_IF_TSOFFSET = 14,
	PCAPNG_IF_TXSPEED = 16, PCAPNG_IF_RXSPEED = 17,
	PCAPNG_EPB_FLAGS = 2, PCAPNG_EPB_DROPCOUNT = 4, PCAPNG_EPB_PACKETID = 5, PCAPNG_EPB_QUEUE = 6,
	PCAPNG_EPB_VERDICT = 7, PCAPNG_EPB_PROCESSID_THREADID = 8,
	PCAPNG_ISB_STARTTIME = 2, PCAPNG_ISB_ENDTIME = 3, PCAPNG_ISB_IFRECV = 4, PCAPNG_ISB_IFDROP = 5,
	PCAPNG_ISB_FILTERACCEPT = 6, PCAPNG_ISB_OSDROP = 7, PCAPNG_ISB_USRDELIV = 8,
};

/*
 * Number of our custom blocks and options: the one that RFC 5612 sets aside for examples, with a
 * magic "flowdril" behind it, since no number of our own has been assigned.
 * The value of an option, and the body of a block of ours:
 *
 *	0	u32	32473 (in the byte order of the section; ours are little-endian)
 *	4	8 bytes	"flowdril"
 *	12	u32	kind, little-endian
 *	16	...	what the kind says (in a block padded with zeros to a multiple of 4)
 */
#define PCAPNG_PEN 32473u
#define PCAPNG_OWN_MAGIC "flowdril"
enum { PCAPNG_OWN_HEADER = 16 };

/* Kinds that this layer knows; the store adds its own from 16. */
enum pcapng_own_kind {
	PCAPNG_OWN_PADDING = 0,      /* block: nothing in it */
	PCAPNG_OWN_UUID = 1,         /* option of an interface: 16 bytes, the capture point's UUID */
	PCAPNG_OWN_TIME_UNKNOWN = 2, /* last option of a packet, empty: its time is its predecessor's, not its own */
};

enum {
	PCAPNG_BLOCK_MIN = 12,
	PCAPNG_BLOCK_MAX = 1 << 27,  /* 128 MiB: more is damage */
	PCAPNG_PADDING_MIN = PCAPNG_BLOCK_MIN + PCAPNG_OWN_HEADER,
};

struct pcapng_block {
	uint32_t type;
	uint32_t total_len;      /* with header and trailer, a multiple of 4 as read (rounded up where a writer did not) */
	const uint8_t *body;     /* after the 8 header bytes; NULL where only the header was given */
	size_t body_len;
};

/* One interface of a section. */
struct pcapng_interface {
	uint32_t linktype;
	uint32_t snaplen;        /* 0: no limit */
	uint8_t tsresol;         /* as in the option; 6 where absent */
	int64_t tsoffset_s;
	uint8_t fcs_len;         /* bytes; 0 where not said */
	const uint8_t *name, *description;   /* raw, not terminated; NULL where absent */
	uint16_t name_len, description_len;
	const uint8_t *uuid;     /* 16 bytes: our custom option; NULL where absent */
	const uint8_t *options;  /* raw, options_len bytes, maybe 0 */
	size_t options_len;
};

struct pcapng_packet {
	uint32_t interface;      /* within the section */
	bool has_time;
	bool time_unknown;       /* has_time, but our option says that the time is not the packet's own */
	uint64_t timestamp;      /* in the interface's units */
	uint32_t caplen, len;
	const uint8_t *data;     /* caplen bytes */
	size_t data_off;         /* of data within the block */
	const uint8_t *options;  /* raw options behind the data, options_len bytes, maybe 0; without ours */
	size_t options_len;
};

/*
 * The block that starts at `bytes`, of which `avail` can be read. RC_DONE; RC_CUT_SHORT (no detail in *err) where
 * more is needed (out->total_len tells how much once avail >= 12, else 0 = at least 12);
 * RC_DAMAGED for lengths that cannot be. For a section header *big_endian is set from its byte-order magic.
 */
enum rc pcapng_parse_block(const uint8_t *bytes, size_t avail, bool *big_endian, const char *path,
	uint64_t offset, struct pcapng_block *out, struct err *err);
/* Section header: version 1.x only (RC_UNSUPPORTED), options whole. */
enum rc pcapng_parse_section(const struct pcapng_block *b, bool big_endian, const char *path,
	uint64_t offset, struct err *err);
enum rc pcapng_parse_interface(const struct pcapng_block *b, bool big_endian, const char *path,
	uint64_t offset, struct pcapng_interface *out, struct err *err);
/* EPB, SPB (needs the section's first interface for its snap length) or obsolete packet block. */
enum rc pcapng_parse_packet(const struct pcapng_block *b, bool big_endian, uint32_t first_snaplen,
	const char *path, uint64_t offset, struct pcapng_packet *out, struct err *err);
/* Any other block whose layout is known (names, statistics, secrets): whether its parts fit into it. */
enum rc pcapng_check_block(const struct pcapng_block *b, bool big_endian, const char *path,
	uint64_t offset, struct err *err);
/* Walks the names of a name resolution block's body: the address of each is 4, 16 or 6 bytes (of the link layer). */
struct pcapng_names {
	struct cursor c;
	bool big_endian;
	const uint8_t *addr;     /* of the name read last; valid behind pcapng_names_next() */
	size_t addr_len;
	struct cursor names;     /* private: that follow of the same address */
};
void pcapng_names_init(struct pcapng_names *n, const uint8_t *body, size_t len, bool big_endian);
/* The next name, raw, not terminated, not empty; false at the end or where the rest is damaged. */
bool pcapng_names_next(struct pcapng_names *n, const char **name, size_t *len);
/* Time of a stamp, saturated; *saturated is set where int64 nanoseconds do not hold it. */
int64_t pcapng_time_ns(uint8_t tsresol, int64_t tsoffset_s, uint64_t timestamp, bool *saturated);
/* The other way: the stamp of a time, rounded down; 0 for times before the interface's offset, saturated. */
uint64_t pcapng_timestamp(uint8_t tsresol, int64_t tsoffset_s, int64_t time_ns);

/* Walks options: false at the end or where the rest is damaged (*damaged). value is raw, len as written. */
struct pcapng_options { struct cursor c; bool big_endian; bool damaged; };
void pcapng_options_init(struct pcapng_options *o, const uint8_t *bytes, size_t len, bool big_endian);
bool pcapng_options_next(struct pcapng_options *o, uint16_t *code, const uint8_t **value, uint16_t *len);
/* Packets dropped by card and kernel, summed up, as options of interface statistics say; false where they do not. */
bool pcapng_dropped(const uint8_t *options, size_t len, bool big_endian, uint64_t *dropped);
/*
 * True where the value of a custom option, or the body of a custom block, is ours: its kind and what lies behind
 * (for a block with its padding).
 */
bool pcapng_parse_own(const uint8_t *value, size_t len, bool big_endian, uint32_t *kind,
	const uint8_t **payload, size_t *payload_len);

/* Builders: append a whole little-endian block. Options are given raw (already built by pcapng_put_option, may be NULL). */
void pcapng_put_option(struct buf *b, uint16_t code, const void *value, size_t len);
/* One of our own custom options (PCAPNG_OPT_CUSTOM_BIN). */
void pcapng_put_own_option(struct buf *b, uint32_t kind, const void *payload, size_t len);
void pcapng_put_section(struct buf *b, const struct buf *options);
void pcapng_put_interface(struct buf *b, uint32_t linktype, uint32_t snaplen, const struct buf *options);
/* An enhanced packet block; `options` are raw little-endian bytes without end-of-options, may be NULL. */
void pcapng_put_packet(struct buf *b, uint32_t interface, uint64_t timestamp, uint32_t caplen,
	uint32_t len, const void *data, const void *options, size_t options_len);
/* Any block from its body (padded here). */
void pcapng_put_block(struct buf *b, uint32_t type, const void *body, size_t body_len);
/* A custom block of ours with `kind` (4 bytes, little-endian) and a body; do-not-copy. Total length a multiple of 4. */
void pcapng_put_custom(struct buf *b, uint32_t kind, const void *body, size_t body_len);
/* A custom block of ours that zeros behind its body make exactly `len` bytes in all (a multiple of 4, >= PCAPNG_PADDING_MIN + body_len). */
void pcapng_put_padding(struct buf *b, uint32_t kind, const void *body, size_t body_len, size_t len);
/* Bytes an EPB takes. */
size_t pcapng_packet_len(uint32_t caplen, size_t options_len);
/*
 * Copies options of either byte order as little-endian ones (numbers inside known options swapped), e.g. comments of
 * a big-endian source; without end-of-options; damaged rest left out. `block_type` says whose options they are.
 */
void pcapng_copy_options(struct buf *out, uint32_t block_type, const uint8_t *bytes, size_t len, bool big_endian);

#endif
