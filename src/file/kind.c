/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "file/kind.h"

#include "base/cursor.h"
#include "file/pcap.h"

static const struct {
	const char *magic;
	size_t len;
	enum file_kind kind;
} kind_magics[] = {
	{ "\x0a\x0d\x0d\x0a", 4, FILE_PCAPNG },
	{ "\x1f\x8b", 2, FILE_GZIP },                 /* RFC 1952 section 2.3.1 */
	{ "\x28\xb5\x2f\xfd", 4, FILE_ZSTD },         /* RFC 8878 section 3.1.1 */
	{ "snoop\0\0\0", 8, FILE_SNOOP },             /* RFC 1761 section 2 */
	{ FILE_INDEX_MAGIC, FILE_INDEX_MAGIC_LEN, FILE_INDEX },
};

enum file_kind file_kind(const void *bytes, size_t len)
{
	const uint8_t *b = bytes;

	if (len == 0)
		return FILE_EMPTY;
	for (size_t i = 0; i < sizeof(kind_magics) / sizeof(kind_magics[0]); i++)
		if (len >= kind_magics[i].len &&
			memcmp(b, kind_magics[i].magic, kind_magics[i].len) == 0)
			return kind_magics[i].kind;
	if (len < 4)
		return FILE_UNKNOWN;
	/* a skippable frame may come first: RFC 8878 section 3.1.2 */
	if ((load_le32(b) & 0xfffffff0) == 0x184d2a50)
		return FILE_ZSTD;
	return pcap_is_magic(b) ? FILE_PCAP : FILE_UNKNOWN;
}

const char *file_kind_name(enum file_kind kind)
{
	static const char *const names[] = {
		[FILE_UNKNOWN] = "unknown", [FILE_EMPTY] = "empty", [FILE_PCAP] = "pcap",
		[FILE_PCAPNG] = "pcapng", [FILE_GZIP] = "gzip", [FILE_ZSTD] = "zstd",
		[FILE_SNOOP] = "snoop", [FILE_INDEX] = "flowdrill index",
	};
	size_t i = (size_t)kind;

	return i < sizeof(names) / sizeof(names[0]) ? names[i] : "unknown";
}
