/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Kinds of capture files, told by their first bytes and never by a name.
 */
#ifndef FLOWDRILL_FILE_KIND_H
#define FLOWDRILL_FILE_KIND_H

#include <stddef.h>

enum file_kind {
	FILE_UNKNOWN, FILE_EMPTY, FILE_PCAP, FILE_PCAPNG, FILE_GZIP, FILE_ZSTD,
	FILE_SNOOP,          /* known and refused: RFC 1761 */
	FILE_INDEX,          /* our own .idx */
};

/* `len` bytes from the start of the file (16 are enough). */
enum file_kind file_kind(const void *bytes, size_t len);
const char *file_kind_name(enum file_kind kind);

#endif
