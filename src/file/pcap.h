/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The classic capture format (draft-ietf-opsawg-pcap): file header and record
 * headers, both byte orders, micro- and nanoseconds, and its variants:
 *
 *	magic		of whom			differs in
 *	0xa1b2c3d4	libpcap			-
 *	0xa1b23c4d	libpcap			nanoseconds
 *	0xa1b2cd34	Kuznetzov, "modified"	record header of 24 bytes
 *	0xa12b3c4d	Navtel			nanoseconds
 *	0x1c0001ac	IXIA, hardware		nanoseconds, file header of 28 bytes
 *	0x1c0001ab	IXIA, software		file header of 28 bytes
 *
 * Pure functions over bytes: no I/O, no state.
 */
#ifndef FLOWDRILL_FILE_PCAP_H
#define FLOWDRILL_FILE_PCAP_H

#include "base/cursor.h"
#include "base/err.h"

enum {
	PCAP_HEADER = 24,            /* what pcap_parse_header() reads; format.file_header may be more */
	PCAP_RECORD_MAX = 24,        /* longest record header */
	PCAP_PLAIN_MAX = 1 << 18,    /* 256 KiB: frames longer than this are rare */
	PCAP_CAPLEN_MAX = 1 << 27,   /* 128 MiB: no link type has frames beyond it */
};

/* How the lengths of a record stand: old writers had them the other way round. */
enum pcap_lengths { PCAP_NOT_SWAPPED, PCAP_MAYBE_SWAPPED, PCAP_SWAPPED };

struct pcap_format {
	bool big_endian;
	bool nanoseconds;
	uint8_t file_header;     /* 24 or 28 bytes: where the first record begins */
	uint8_t record_header;   /* 16 or 24 bytes */
	enum pcap_lengths lengths;
	uint16_t major, minor;
	uint32_t snaplen;
	uint32_t linktype;       /* without the FCS bits */
	uint8_t fcs_len;         /* frame check sequence behind each frame, bytes; 0 where not said */
};

/* What a record header says, checked for plausibility by the caller (see pcap_record_plausible). */
struct pcap_record {
	int64_t time_ns;         /* what two 32-bit numbers can say fits into int64 */
	uint64_t timestamp;      /* the same in units of the file: micro- or nanoseconds */
	bool time_saturated;     /* a fraction of a second out of range (counted as it stands) */
	uint32_t caplen, len;
};

/* True where the first 4 bytes of a file are one of the magic numbers above, in either byte order. */
bool pcap_is_magic(const uint8_t *bytes);
/*
 * `bytes` are the first 24 of the file. RC_UNSUPPORTED for a version before 2.0 or above 2.4 (543.0 is
 * DG/UX's 2.2); RC_DAMAGED for no magic.
 */
enum rc pcap_parse_header(const uint8_t *bytes, const char *path, struct pcap_format *out,
	struct err *err);

/* `bytes` holds fmt->record_header bytes. Pre-2.3 swapped lengths are put right (as libpcap does). */
static inline void pcap_parse_record(const struct pcap_format *fmt, const uint8_t *bytes,
	struct pcap_record *out)
{
	bool be = fmt->big_endian;
	uint32_t seconds = be ? load_be32(bytes) : load_le32(bytes);
	uint32_t fraction = be ? load_be32(bytes + 4) : load_le32(bytes + 4);
	uint32_t caplen = be ? load_be32(bytes + 8) : load_le32(bytes + 8);
	uint32_t len = be ? load_be32(bytes + 12) : load_le32(bytes + 12);
	uint32_t units = fmt->nanoseconds ? 1000000000 : 1000000;
	bool swap = fmt->lengths == PCAP_SWAPPED ||
		(fmt->lengths == PCAP_MAYBE_SWAPPED && caplen > len);

	out->timestamp = (uint64_t)seconds * units + fraction;
	out->time_ns = (int64_t)(fmt->nanoseconds ? out->timestamp : out->timestamp * 1000);
	out->time_saturated = fraction >= units;
	out->caplen = swap ? len : caplen;
	out->len = swap ? caplen : len;
}

/*
 * False where the captured length cannot be (over 256 KiB and over the snap length, or over 128 MiB):
 * the file is damaged here. Files with frames longer than their own snap length exist.
 */
static inline bool pcap_caplen_plausible(uint32_t snaplen, uint32_t caplen)
{
	return caplen <= PCAP_PLAIN_MAX || (caplen <= PCAP_CAPLEN_MAX && caplen <= snaplen);
}

static inline bool pcap_record_plausible(const struct pcap_format *fmt,
	const struct pcap_record *r)
{
	return pcap_caplen_plausible(fmt->snaplen, r->caplen);
}

#endif
