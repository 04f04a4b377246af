/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/block_copy.h"

#include "file/pcapng.h"
#include "store/format.h"

static uint16_t get16(const uint8_t *p, bool big_endian)
{
	return big_endian ? load_be16(p) : load_le16(p);
}

static uint32_t get32(const uint8_t *p, bool big_endian)
{
	return big_endian ? load_be32(p) : load_le32(p);
}

static void put_padding(struct buf *out)
{
	buf_put_zeros(out, (0 - out->len) & 3);
}

/* Options with their end, where there are any. `out` is a body from its beginning. */
static void put_options(struct buf *out, uint32_t type, const uint8_t *bytes, size_t len, bool big_endian)
{
	size_t at = out->len;

	pcapng_copy_options(out, type, bytes, len, big_endian);
	if (out->len > at)
		buf_put_le32(out, PCAPNG_OPT_END);
}

/*
 * Name resolution: records up to one of type 0, then options. Values are bytes in both byte
 * orders.
 */
static void copy_names(struct buf *out, const struct pcapng_block *b, bool big_endian)
{
	struct cursor c;
	uint16_t type = 1;

	cursor_init(&c, b->body, b->body_len);
	while (type != 0 && cursor_left(&c) >= 4) {
		const uint8_t *head = cursor_bytes(&c, 4);
		uint16_t len = get16(head + 2, big_endian);
		const uint8_t *value = cursor_bytes(&c, len);

		type = get16(head, big_endian);
		buf_put_le16(out, type);
		buf_put_le16(out, len);
		if (value)
			buf_put(out, value, len);
		put_padding(out);
		cursor_skip(&c, (0u - len) & 3);
	}
	put_options(out, PCAPNG_NRB, c.data + c.pos, cursor_left(&c), big_endian);
}

static void copy_secrets(struct buf *out, const struct pcapng_block *b, bool big_endian)
{
	uint32_t len = get32(b->body + 4, big_endian);
	size_t end = 8 + (((size_t)len + 3) & ~(size_t)3);

	buf_put_le32(out, get32(b->body, big_endian));
	buf_put_le32(out, len);
	buf_put(out, b->body + 8, len);
	put_padding(out);
	put_options(out, PCAPNG_DSB, b->body + end, b->body_len - end, big_endian);
}

static void copy_statistics(struct buf *out, const struct pcapng_block *b, bool big_endian,
	uint32_t first_point)
{
	buf_put_le32(out, get32(b->body, big_endian) + first_point);
	buf_put_le32(out, get32(b->body + 4, big_endian));
	buf_put_le32(out, get32(b->body + 8, big_endian));
	put_options(out, PCAPNG_ISB, b->body + 12, b->body_len - 12, big_endian);
}

/* False where it has to be copied, or wrapped, as it is. */
static bool copy_known(struct buf *out, const struct pcapng_block *b, bool big_endian,
	uint32_t first_point)
{
	struct buf body;

	if (b->type != PCAPNG_ISB && (!big_endian || (b->type != PCAPNG_NRB && b->type != PCAPNG_DSB)))
		return false;
	if (pcapng_check_block(b, big_endian, "", 0, NULL) != RC_DONE)
		return false;
	buf_init(&body);
	if (b->type == PCAPNG_NRB)
		copy_names(&body, b, big_endian);
	else if (b->type == PCAPNG_DSB)
		copy_secrets(&body, b, big_endian);
	else
		copy_statistics(&body, b, big_endian, first_point);
	pcapng_put_block(out, b->type, body.data, body.len);
	out->failed |= body.failed;
	buf_free(&body);
	return true;
}

/* What is there for the file that it was in alone. */
static bool is_own_padding(const struct pcapng_block *b, bool big_endian)
{
	const uint8_t *payload;
	size_t len;
	uint32_t kind;

	return (b->type == PCAPNG_CB_NOCOPY || b->type == PCAPNG_CB) &&
		pcapng_parse_own(b->body, b->body_len, big_endian, &kind, &payload, &len) &&
		(kind == PCAPNG_OWN_PADDING || kind == BLOCK_OWN_END);
}

void block_copy(struct buf *out, uint32_t type, const uint8_t *block, size_t len, bool big_endian,
	uint32_t first_point)
{
	bool order = big_endian;
	struct pcapng_block b;

	if (pcapng_parse_block(block, len, &order, "", 0, &b, NULL) != RC_DONE || b.total_len != len) {
		pcapng_put_custom(out, BLOCK_OWN_WRAPPED, block, len);
		return;
	}
	if (is_own_padding(&b, big_endian) || copy_known(out, &b, big_endian, first_point))
		return;
	if (big_endian || type == PCAPNG_SHB)
		pcapng_put_custom(out, BLOCK_OWN_WRAPPED, block, len);
	else
		pcapng_put_block(out, type, b.body, b.body_len);
}
