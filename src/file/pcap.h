/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The classic capture format (draft-ietf-opsawg-pcap): file header and record
 * headers, both byte orders, micro- and nanoseconds, and the variants with longer
 * record headers: "modified" (Kuznetzov, magic a1b2cd34, 24 bytes) and Navtel
 * (magic a1b2c3d4 is standard; Navtel's is 0xa12b3c4d in the field, same layout).
 * Pure functions over bytes: no I/O, no state.
 */
#ifndef FLOWDRILL_FILE_PCAP_H
#define FLOWDRILL_FILE_PCAP_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PCAP_HEADER = 24 };

struct pcap_format {
	bool big_endian;
	bool nanoseconds;
	uint8_t record_header;   /* 16 or 24 bytes */
	uint16_t major, minor;
	uint32_t snaplen;
	uint32_t linktype;       /* without the FCS bits */
	uint8_t fcs_len;         /* frame check sequence behind each frame, bytes; 0 where not said */
};

/* What a record header says, checked for plausibility by the caller (see pcap_record_plausible). */
struct pcap_record {
	int64_t time_ns;         /* saturated where int64 does not hold it */
	bool time_saturated;     /* that, or a fraction of a second out of range (counted as it stands) */
	uint32_t caplen, len;
};

/* `bytes` are the first 24 of the file; RC_UNSUPPORTED for a version before 2.0 or above 2.4; RC_DAMAGED for no magic. */
enum rc pcap_parse_header(const uint8_t *bytes, const char *path, struct pcap_format *out,
	struct err *err);
/* `bytes` holds fmt->record_header bytes. Pre-2.3 swapped lengths are put right (as libpcap does). */
void pcap_parse_record(const struct pcap_format *fmt, const uint8_t *bytes, struct pcap_record *out);
/*
 * False where the captured length cannot be (over 256 KiB and over the snap length, or over 128 MiB): the file is
 * damaged here. `limit` as libpcap's MAXIMUM_SNAPLEN rules have it.
 */
bool pcap_record_plausible(const struct pcap_format *fmt, const struct pcap_record *r);

#endif
