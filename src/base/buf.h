/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A growable byte buffer, and the one codec for numbers on disk: little-endian
 * fixed width, LEB128 variable length (7 bits a byte, low first, at most 10
 * bytes), zigzag for signed ones, 128-bit as two LEB128 halves (high, low).
 *
 * An allocation failure is sticky (`failed`): put calls after it do nothing, and
 * the user checks once at the end. The buffer owns its bytes. Not thread-safe.
 */
#ifndef FLOWDRILL_BASE_BUF_H
#define FLOWDRILL_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

__extension__ typedef unsigned __int128 u128;

struct buf {
	uint8_t *data;
	size_t len;       /* bytes in use */
	size_t cap;
	bool failed;
};

void buf_init(struct buf *b);
void buf_free(struct buf *b);
/* Length 0, memory and nothing else kept. */
void buf_clear(struct buf *b);
/* Room for `more` further bytes; returns where they go (valid until the next call), NULL when failed. */
uint8_t *buf_reserve(struct buf *b, size_t more);
void buf_put(struct buf *b, const void *bytes, size_t len);
void buf_put_zeros(struct buf *b, size_t len);
void buf_put_u8(struct buf *b, uint8_t v);
void buf_put_le16(struct buf *b, uint16_t v);
void buf_put_le32(struct buf *b, uint32_t v);
void buf_put_le64(struct buf *b, uint64_t v);
void buf_put_varint(struct buf *b, uint64_t v);
void buf_put_zigzag(struct buf *b, int64_t v);
void buf_put_u128(struct buf *b, u128 v);
/* Appends text without its terminating zero. */
void buf_put_str(struct buf *b, const char *s);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Overwrites 4 or 8 bytes at `at`, which must lie inside. */
void buf_set_le32(struct buf *b, size_t at, uint32_t v);
void buf_set_le64(struct buf *b, size_t at, uint64_t v);
/* Terminates with a zero that is not counted in len and returns the text; "" when failed. */
const char *buf_text(struct buf *b);

#endif
