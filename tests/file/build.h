/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Captures for tests, of either byte order and as wrong as a test wants them: the builders of file/pcapng.h
 * write right little-endian blocks alone.
 */
#ifndef FLOWDRILL_TESTS_FILE_BUILD_H
#define FLOWDRILL_TESTS_FILE_BUILD_H

#include "base/buf.h"

#include <string.h>

static inline void build16(struct buf *b, bool be, uint16_t v)
{
	buf_put_le16(b, be ? __builtin_bswap16(v) : v);
}

static inline void build32(struct buf *b, bool be, uint32_t v)
{
	buf_put_le32(b, be ? __builtin_bswap32(v) : v);
}

static inline void build64(struct buf *b, bool be, uint64_t v)
{
	buf_put_le64(b, be ? __builtin_bswap64(v) : v);
}

static inline void build_pcap_header(struct buf *b, bool be, uint32_t magic, uint16_t minor,
	uint32_t snaplen, uint32_t linktype)
{
	build32(b, be, magic);
	build16(b, be, 2);
	build16(b, be, minor);
	buf_put_zeros(b, 8);
	build32(b, be, snaplen);
	build32(b, be, linktype);
}

/* A record header; its bytes follow by the caller. */
static inline void build_pcap_record(struct buf *b, bool be, uint32_t seconds, uint32_t fraction,
	uint32_t caplen, uint32_t len)
{
	build32(b, be, seconds);
	build32(b, be, fraction);
	build32(b, be, caplen);
	build32(b, be, len);
}

/* A block: begin, body, end. Returns where it begins. */
static inline size_t build_begin(struct buf *b, bool be, uint32_t type)
{
	build32(b, be, type);
	build32(b, be, 0);
	return b->len - 8;
}

static inline void build_end(struct buf *b, bool be, size_t begin)
{
	uint32_t len;

	while ((b->len - begin) % 4)
		buf_put_u8(b, 0);
	len = (uint32_t)(b->len - begin + 4);
	build32(b, be, len);
	buf_set_le32(b, begin + 4, be ? __builtin_bswap32(len) : len);
}

static inline void build_option(struct buf *b, bool be, uint16_t code, const void *value, size_t len)
{
	build16(b, be, code);
	build16(b, be, (uint16_t)len);
	buf_put(b, value, len);
	while (len++ % 4)
		buf_put_u8(b, 0);
}

static inline void build_section(struct buf *b, bool be)
{
	size_t at = build_begin(b, be, 0x0a0d0d0a);

	build32(b, be, 0x1a2b3c4d);
	build16(b, be, 1);
	build16(b, be, 0);
	build64(b, be, UINT64_MAX);
	build_end(b, be, at);
}

/* tsresol 6 and tsoffset 0 are left out, as they are the defaults. */
static inline void build_interface(struct buf *b, bool be, uint16_t linktype, uint32_t snaplen,
	uint8_t tsresol, int64_t tsoffset_s)
{
	size_t at = build_begin(b, be, 1);

	build16(b, be, linktype);
	build16(b, be, 0);
	build32(b, be, snaplen);
	if (tsresol != 6)
		build_option(b, be, 9, &tsresol, 1);
	if (tsoffset_s) {
		build16(b, be, 14);
		build16(b, be, 8);
		build64(b, be, (uint64_t)tsoffset_s);
	}
	if (tsresol != 6 || tsoffset_s)
		build32(b, be, 0);
	build_end(b, be, at);
}

/* An enhanced packet with an optional comment. */
static inline void build_packet(struct buf *b, bool be, uint32_t interface, uint64_t stamp,
	const void *data, uint32_t caplen, uint32_t len, const char *comment)
{
	size_t at = build_begin(b, be, 6);

	build32(b, be, interface);
	build32(b, be, (uint32_t)(stamp >> 32));
	build32(b, be, (uint32_t)stamp);
	build32(b, be, caplen);
	build32(b, be, len);
	buf_put(b, data, caplen);
	while (b->len % 4)
		buf_put_u8(b, 0);
	if (comment) {
		build_option(b, be, 1, comment, strlen(comment));
		build32(b, be, 0);
	}
	build_end(b, be, at);
}

#endif
