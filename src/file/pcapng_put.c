/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pcapng built: blocks and options, always little-endian. */
#include "file/pcapng.h"

static size_t pad4(size_t len)
{
	return (len + 3) & ~(size_t)3;
}

static void put_padded(struct buf *b, const void *bytes, size_t len)
{
	buf_put(b, bytes, len);
	buf_put_zeros(b, pad4(len) - len);
}

void pcapng_put_option(struct buf *b, uint16_t code, const void *value, size_t len)
{
	if (len > UINT16_MAX)
		len = UINT16_MAX;
	buf_put_le16(b, code);
	buf_put_le16(b, (uint16_t)len);
	put_padded(b, value, len);
}

static void put_own_header(struct buf *b, uint32_t kind)
{
	buf_put_le32(b, PCAPNG_PEN);
	buf_put(b, PCAPNG_OWN_MAGIC, 8);
	buf_put_le32(b, kind);
}

void pcapng_put_own_option(struct buf *b, uint32_t kind, const void *payload, size_t len)
{
	if (len > UINT16_MAX - PCAPNG_OWN_HEADER)
		len = UINT16_MAX - PCAPNG_OWN_HEADER;
	buf_put_le16(b, PCAPNG_OPT_CUSTOM_BIN);
	buf_put_le16(b, (uint16_t)(PCAPNG_OWN_HEADER + len));
	put_own_header(b, kind);
	put_padded(b, payload, len);
}

/* Options with the end of options behind them, where there are any. */
static void put_options(struct buf *b, const void *options, size_t len)
{
	if (len == 0)
		return;
	put_padded(b, options, len);
	buf_put_le32(b, PCAPNG_OPT_END);
}

static size_t options_size(size_t len)
{
	return len ? pad4(len) + 4 : 0;
}

static void put_head(struct buf *b, uint32_t type, size_t body_len)
{
	buf_put_le32(b, type);
	buf_put_le32(b, (uint32_t)(PCAPNG_BLOCK_MIN + body_len));
}

static void put_tail(struct buf *b, size_t body_len)
{
	buf_put_le32(b, (uint32_t)(PCAPNG_BLOCK_MIN + body_len));
}

void pcapng_put_section(struct buf *b, const struct buf *options)
{
	size_t len = options ? options->len : 0, body = 16 + options_size(len);

	put_head(b, PCAPNG_SHB, body);
	buf_put_le32(b, 0x1a2b3c4d);
	buf_put_le16(b, 1);
	buf_put_le16(b, 0);
	buf_put_le64(b, UINT64_MAX);   /* length of the section: not said */
	put_options(b, len ? options->data : NULL, len);
	put_tail(b, body);
}

void pcapng_put_interface(struct buf *b, uint32_t linktype, uint32_t snaplen,
	const struct buf *options)
{
	size_t len = options ? options->len : 0, body = 8 + options_size(len);

	put_head(b, PCAPNG_IDB, body);
	buf_put_le16(b, (uint16_t)linktype);
	buf_put_le16(b, 0);
	buf_put_le32(b, snaplen);
	put_options(b, len ? options->data : NULL, len);
	put_tail(b, body);
}

size_t pcapng_packet_len(uint32_t caplen, size_t options_len)
{
	return PCAPNG_BLOCK_MIN + 20 + pad4(caplen) + options_size(options_len);
}

void pcapng_put_packet(struct buf *b, uint32_t interface, uint64_t timestamp, uint32_t caplen,
	uint32_t len, const void *data, const void *options, size_t options_len)
{
	size_t body = pcapng_packet_len(caplen, options_len) - PCAPNG_BLOCK_MIN;

	buf_reserve(b, PCAPNG_BLOCK_MIN + body);
	put_head(b, PCAPNG_EPB, body);
	buf_put_le32(b, interface);
	buf_put_le32(b, (uint32_t)(timestamp >> 32));
	buf_put_le32(b, (uint32_t)timestamp);
	buf_put_le32(b, caplen);
	buf_put_le32(b, len);
	put_padded(b, data, caplen);
	put_options(b, options, options_len);
	put_tail(b, body);
}

void pcapng_put_block(struct buf *b, uint32_t type, const void *body, size_t body_len)
{
	put_head(b, type, pad4(body_len));
	put_padded(b, body, body_len);
	put_tail(b, pad4(body_len));
}

void pcapng_put_custom(struct buf *b, uint32_t kind, const void *body, size_t body_len)
{
	size_t len = PCAPNG_OWN_HEADER + pad4(body_len);

	put_head(b, PCAPNG_CB_NOCOPY, len);
	put_own_header(b, kind);
	put_padded(b, body, body_len);
	put_tail(b, len);
}

void pcapng_put_padding(struct buf *b, uint32_t kind, const void *body, size_t body_len, size_t len)
{
	size_t inner = len - PCAPNG_BLOCK_MIN;

	put_head(b, PCAPNG_CB_NOCOPY, inner);
	put_own_header(b, kind);
	buf_put(b, body, body_len);
	buf_put_zeros(b, inner - PCAPNG_OWN_HEADER - body_len);
	put_tail(b, inner);
}

/* ---- options of the other byte order ---- */

/* Where the numbers of an option's value stand: up to two, each `bytes` long, from `at` on. */
struct swap_rule {
	uint32_t block_type;     /* 0: any */
	uint16_t code;
	uint8_t at, bytes, count;
};

static const struct swap_rule swap_rules[] = {
	{ 0, PCAPNG_OPT_CUSTOM_TEXT, 0, 4, 1 },
	{ 0, PCAPNG_OPT_CUSTOM_BIN, 0, 4, 1 },
	{ 0, PCAPNG_OPT_CUSTOM_TEXT_NOCOPY, 0, 4, 1 },
	{ 0, PCAPNG_OPT_CUSTOM_BIN_NOCOPY, 0, 4, 1 },
	{ PCAPNG_IDB, PCAPNG_IF_SPEED, 0, 8, 1 },
	{ PCAPNG_IDB, PCAPNG_IF_TZONE, 0, 4, 1 },
	{ PCAPNG_IDB, PCAPNG_IF_TSOFFSET, 0, 8, 1 },
	{ PCAPNG_IDB, PCAPNG_IF_TXSPEED, 0, 8, 1 },
	{ PCAPNG_IDB, PCAPNG_IF_RXSPEED, 0, 8, 1 },
	{ PCAPNG_EPB, PCAPNG_EPB_FLAGS, 0, 4, 1 },
	{ PCAPNG_EPB, PCAPNG_EPB_DROPCOUNT, 0, 8, 1 },
	{ PCAPNG_EPB, PCAPNG_EPB_PACKETID, 0, 8, 1 },
	{ PCAPNG_EPB, PCAPNG_EPB_QUEUE, 0, 4, 1 },
	{ PCAPNG_EPB, PCAPNG_EPB_PROCESSID_THREADID, 0, 4, 2 },
	{ PCAPNG_OPB, PCAPNG_EPB_FLAGS, 0, 4, 1 },
	{ PCAPNG_ISB, PCAPNG_ISB_STARTTIME, 0, 4, 2 },
	{ PCAPNG_ISB, PCAPNG_ISB_ENDTIME, 0, 4, 2 },
	{ PCAPNG_ISB, PCAPNG_ISB_IFRECV, 0, 8, 1 },
	{ PCAPNG_ISB, PCAPNG_ISB_IFDROP, 0, 8, 1 },
	{ PCAPNG_ISB, PCAPNG_ISB_FILTERACCEPT, 0, 8, 1 },
	{ PCAPNG_ISB, PCAPNG_ISB_OSDROP, 0, 8, 1 },
	{ PCAPNG_ISB, PCAPNG_ISB_USRDELIV, 0, 8, 1 },
};

/* A verdict begins with its type: those of Linux (1, 2) are 64-bit numbers, hardware's (0) are bytes. */
static const struct swap_rule verdict_rule = { PCAPNG_EPB, PCAPNG_EPB_VERDICT, 1, 8, 1 };

static const struct swap_rule *swap_rule_find(uint32_t block_type, uint16_t code,
	const uint8_t *value, uint16_t len)
{
	if (block_type == PCAPNG_EPB && code == PCAPNG_EPB_VERDICT)
		return len >= 1 && (value[0] == 1 || value[0] == 2) ? &verdict_rule : NULL;
	for (size_t i = 0; i < sizeof(swap_rules) / sizeof(swap_rules[0]); i++)
		if (swap_rules[i].code == code &&
			(swap_rules[i].block_type == 0 || swap_rules[i].block_type == block_type))
			return &swap_rules[i];
	return NULL;
}

static void swap_bytes(uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		uint8_t keep = p[i];

		p[i] = p[n - 1 - i];
		p[n - 1 - i] = keep;
	}
}

/* Turns the numbers of the value that lies at `at` in out. */
static void swap_value(struct buf *out, size_t at, uint16_t len, const struct swap_rule *rule)
{
	size_t from = rule->at;

	if (out->failed)
		return;
	for (unsigned i = 0; i < rule->count && from + rule->bytes <= len; i++) {
		swap_bytes(out->data + at + from, rule->bytes);
		from += rule->bytes;
	}
}

void pcapng_copy_options(struct buf *out, uint32_t block_type, const uint8_t *bytes, size_t len,
	bool big_endian)
{
	struct pcapng_options o;
	const uint8_t *value;
	uint16_t code, value_len;

	pcapng_options_init(&o, bytes, len, big_endian);
	while (pcapng_options_next(&o, &code, &value, &value_len)) {
		const struct swap_rule *rule = big_endian ?
			swap_rule_find(block_type, code, value, value_len) : NULL;
		size_t at = out->len + 4;

		pcapng_put_option(out, code, value, value_len);
		if (rule)
			swap_value(out, at, value_len, rule);
	}
}
