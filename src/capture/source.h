/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where packets come from: a capture file now; live interfaces and synthetic
 * sources are further ops tables.
 *
 * A source yields events in order of arrival. Everything an event points to
 * stays valid until the next call on the same source; a packet's bytes for as long as its window is
 * held. One thread at a time.
 */
#ifndef FLOWDRILL_CAPTURE_SOURCE_H
#define FLOWDRILL_CAPTURE_SOURCE_H

#include "base/err.h"
#include "file/kind.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct source;
struct window;

enum source_event_kind {
	SOURCE_PACKET,
	SOURCE_SECTION,      /* pcapng: a new section; interface numbers start anew */
	SOURCE_INTERFACE,    /* a capture point appears (a pcap file has exactly one, before its packets) */
	SOURCE_BLOCK,        /* pcapng: any other block (names, secrets, statistics, custom, unknown) */
};

/* Interfaces of one source, all sections: more is RC_LIMIT. */
enum { SOURCE_INTERFACES_MAX = 65536 };

struct source_interface {
	uint32_t linktype, snaplen;
	uint8_t tsresol;             /* as pcapng writes it: 6 microseconds, 9 nanoseconds */
	int64_t tsoffset_s;
	uint8_t fcs_len;
	const char *name;            /* raw bytes, terminated; "" where unknown */
	const char *description;
	const uint8_t *uuid;         /* 16 bytes or NULL */
	const uint8_t *options;      /* raw options of the block, NULL for pcap */
	size_t options_len;
};

/*
 * Only the members of its kind are set, and those above SOURCE_PACKET. (A packet's are written once a packet:
 * all of them together are one cache line and a half.)
 */
struct source_event {
	enum source_event_kind kind;
	uint32_t record_len;         /* with headers and padding */
	uint64_t offset;             /* of the record in the (uncompressed) file, bytes */
	bool big_endian;             /* of this section */
	/* SOURCE_PACKET */
	bool time_unknown;           /* a simple packet block, or what import made of one: time_ns is its predecessor's, 0 without one */
	bool time_saturated;         /* int64 does not hold it, or a pcap's fraction of a second is out of range */
	uint32_t interface;          /* counted over the whole source, all sections, from 0 */
	int64_t time_ns;
	uint64_t timestamp;          /* in the interface's units (tsresol), as in the file; 0 in a simple packet block */
	uint32_t caplen, len;
	const uint8_t *data;         /* caplen bytes */
	struct window *window;       /* that holds them */
	const uint8_t *options;      /* raw pcapng options, or NULL */
	size_t options_len;
	/* SOURCE_BLOCK, SOURCE_SECTION, SOURCE_INTERFACE */
	uint32_t block_type;
	const uint8_t *block;        /* whole block as in the file, record_len bytes; a pcap's file header */
	/* SOURCE_INTERFACE; its number is `interface` */
	struct source_interface iface;
};

struct source_info {
	enum file_kind kind;         /* FILE_PCAP or FILE_PCAPNG: of what is inside */
	enum file_kind wrapper;      /* FILE_GZIP, FILE_ZSTD or FILE_UNKNOWN for none */
	uint64_t size;               /* of the file on disk, bytes */
	uint64_t position;           /* bytes of it consumed so far, for progress */
	bool cut_short;              /* the last record is incomplete (known after the end) */
};

struct source_options {
	/* Where to begin in an uncompressed file, with what was known there; all zero: at the beginning. */
	uint64_t start;              /* offset of a record */
	const struct source_resume *resume;  /* needed where start is not 0; copied */
	const char *bpf;             /* a libpcap filter expression, or NULL: packets it refuses are left out */
};

/*
 * What a reader needs to begin in the middle: the section's state at that place. No event is made of
 * what stands here. A pcap has one interface, and its file header is read again. Of an interface
 * the numbers are used alone, no text.
 */
struct source_resume {
	bool big_endian;
	uint32_t section_first;      /* source-wide number of the section's first interface */
	uint32_t interfaces;         /* interfaces of this section so far */
	const struct source_interface *iface;   /* those */
	int64_t last_time_ns;        /* for simple packet blocks */
};

/*
 * Opens a capture file of any kind, compressed or not; options may be NULL. RC_UNSUPPORTED with a
 * reason for what is no capture file, RC_DAMAGED for a header that cannot be, RC_CUT_SHORT for an empty
 * file or a header that ends early (exit 3 is the caller's choice), RC_SYNTAX for a BPF filter that does
 * not compile for the link type, RC_MISSING, RC_DENIED, RC_IO.
 */
enum rc source_open_file(const char *path, const struct source_options *options,
	struct source **out, struct err *err);
/* The same from memory, which must outlive the source; `name` stands for the path in messages. */
enum rc source_open_memory(const char *name, const void *bytes, size_t len,
	const struct source_options *options, struct source **out, struct err *err);
/*
 * The next event. RC_DONE; RC_END at the end, also behind an incomplete last record (then
 * source_info()->cut_short); RC_DAMAGED with the offset: what came before stands, nothing comes after;
 * RC_IO; RC_LIMIT for too many interfaces; RC_SYNTAX where the BPF filter does not compile for a new
 * interface. What ended a source is returned again by every later call.
 */
enum rc source_next(struct source *s, struct source_event *out, struct err *err);
void source_info(const struct source *s, struct source_info *out);
void source_close(struct source *s);

/*
 * The name of a file's link type (from libpcap): "EN10MB"; "link-N" where unknown. Cut to the buffer; returns
 * the length of the text.
 */
size_t linktype_format(char *out, size_t size, uint32_t linktype);

/* A BPF filter compiled by libpcap for one link type. Matching is thread-safe. */
struct bpf_filter;
enum rc bpf_filter_compile(const char *expression, uint32_t linktype, uint32_t snaplen,
	struct bpf_filter **out, struct err *err);
bool bpf_filter_match(const struct bpf_filter *f, const uint8_t *data, uint32_t caplen, uint32_t len);
void bpf_filter_free(struct bpf_filter *f);

#endif
