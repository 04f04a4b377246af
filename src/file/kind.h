/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Kinds of capture files, told by their first bytes and never by a name. Pure functions.
 */
#ifndef FLOWDRILL_FILE_KIND_H
#define FLOWDRILL_FILE_KIND_H

#include <stddef.h>

enum file_kind {
	FILE_UNKNOWN, FILE_EMPTY, FILE_PCAP, FILE_PCAPNG, FILE_GZIP, FILE_ZSTD,
	FILE_SNOOP,          /* known and refused: RFC 1761 */
	FILE_INDEX,          /* our own .idx */
};

/* The first 8 bytes of an index file: not text, and a change of line ends spoils it. */
#define FILE_INDEX_MAGIC "\x89" "FDIDX\r\n"
enum { FILE_INDEX_MAGIC_LEN = 8 };

/* `len` bytes from the start of the file (16 are enough). */
enum file_kind file_kind(const void *bytes, size_t len);
/* For messages: "pcap", "gzip", "unknown"; never NULL, static. */
const char *file_kind_name(enum file_kind kind);

#endif
