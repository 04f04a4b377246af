/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pcapng read: blocks, packets, interfaces, options, times. */
#include "file/pcapng.h"

#include "file/pcap.h"

enum { BYTE_ORDER_MAGIC = 0x1a2b3c4d };

static uint16_t get16(const uint8_t *p, bool big_endian)
{
	return big_endian ? load_be16(p) : load_le16(p);
}

static uint32_t get32(const uint8_t *p, bool big_endian)
{
	return big_endian ? load_be32(p) : load_le32(p);
}

static uint64_t get64(const uint8_t *p, bool big_endian)
{
	return big_endian ? load_be64(p) : load_le64(p);
}

/* Two 32-bit halves, the high one first, as times are written. */
static uint64_t get_stamp(const uint8_t *p, bool big_endian)
{
	return (uint64_t)get32(p, big_endian) << 32 | get32(p + 4, big_endian);
}

static size_t pad4(size_t len)
{
	return (len + 3) & ~(size_t)3;
}

/* ---- blocks ---- */

enum rc pcapng_parse_block(const uint8_t *bytes, size_t avail, bool *big_endian, const char *path,
	uint64_t offset, struct pcapng_block *out, struct err *err)
{
	uint32_t raw_len, trailer;

	*out = (struct pcapng_block){ 0 };
	if (avail < PCAPNG_BLOCK_MIN)
		return RC_CUT_SHORT;
	/* the type of a section header reads the same in both byte orders */
	if (load_le32(bytes) == PCAPNG_SHB) {
		if (load_le32(bytes + 8) != BYTE_ORDER_MAGIC &&
			load_be32(bytes + 8) != BYTE_ORDER_MAGIC)
			return err_damaged(err, path, offset, "section header of no byte order");
		*big_endian = load_be32(bytes + 8) == BYTE_ORDER_MAGIC;
	}
	out->type = get32(bytes, *big_endian);
	raw_len = get32(bytes + 4, *big_endian);
	if (raw_len < PCAPNG_BLOCK_MIN || raw_len > PCAPNG_BLOCK_MAX)
		return err_damaged(err, path, offset, "block of type 0x%x with a length of %u",
			out->type, raw_len);
	out->total_len = (uint32_t)pad4(raw_len);
	if (avail < out->total_len)
		return RC_CUT_SHORT;
	trailer = get32(bytes + out->total_len - 4, *big_endian);
	if (trailer != raw_len && trailer != out->total_len)
		return err_damaged(err, path, offset,
			"block of type 0x%x with lengths of %u in front and %u behind", out->type,
			raw_len, trailer);
	out->body = bytes + 8;
	out->body_len = out->total_len - PCAPNG_BLOCK_MIN;
	return RC_DONE;
}

/* ---- options ---- */

void pcapng_options_init(struct pcapng_options *o, const uint8_t *bytes, size_t len, bool big_endian)
{
	cursor_init(&o->c, bytes, len);
	o->big_endian = big_endian;
	o->damaged = false;
}

bool pcapng_options_next(struct pcapng_options *o, uint16_t *code, const uint8_t **value,
	uint16_t *len)
{
	const uint8_t *head;

	if (cursor_left(&o->c) == 0)
		return false;
	head = cursor_bytes(&o->c, 4);
	if (!head) {
		o->damaged = true;
		return false;
	}
	*code = get16(head, o->big_endian);
	*len = get16(head + 2, o->big_endian);
	if (*code == PCAPNG_OPT_END) {
		o->c.pos = o->c.len;
		return false;
	}
	*value = cursor_bytes(&o->c, *len);
	/* padding that the block has no room for is not missed */
	cursor_skip(&o->c, pad4(*len) - *len < cursor_left(&o->c) ? pad4(*len) - *len :
		cursor_left(&o->c));
	o->damaged = !*value;
	return !o->damaged;
}

bool pcapng_dropped(const uint8_t *options, size_t len, bool big_endian, uint64_t *dropped)
{
	struct pcapng_options o;
	const uint8_t *value;
	uint16_t code, value_len;
	bool found = false;

	*dropped = 0;
	pcapng_options_init(&o, options, len, big_endian);
	while (pcapng_options_next(&o, &code, &value, &value_len)) {
		if (value_len != 8 || (code != PCAPNG_ISB_IFDROP && code != PCAPNG_ISB_OSDROP))
			continue;
		*dropped += big_endian ? load_be64(value) : load_le64(value);
		found = true;
	}
	return found;
}

static enum rc check_options(const uint8_t *bytes, size_t len, bool big_endian, const char *path,
	uint64_t offset, struct err *err)
{
	struct pcapng_options o;
	const uint8_t *value;
	uint16_t code, value_len;

	pcapng_options_init(&o, bytes, len, big_endian);
	while (pcapng_options_next(&o, &code, &value, &value_len))
		;
	if (o.damaged)
		return err_damaged(err, path, offset, "an option is longer than its block");
	return RC_DONE;
}

bool pcapng_parse_own(const uint8_t *value, size_t len, bool big_endian, uint32_t *kind,
	const uint8_t **payload, size_t *payload_len)
{
	if (len < PCAPNG_OWN_HEADER || get32(value, big_endian) != PCAPNG_PEN ||
		memcmp(value + 4, PCAPNG_OWN_MAGIC, 8) != 0)
		return false;
	*kind = load_le32(value + 12);
	*payload = value + PCAPNG_OWN_HEADER;
	*payload_len = len - PCAPNG_OWN_HEADER;
	return true;
}

/* ---- sections and interfaces ---- */

enum rc pcapng_parse_section(const struct pcapng_block *b, bool big_endian, const char *path,
	uint64_t offset, struct err *err)
{
	uint16_t major, minor;

	if (b->body_len < 16)
		return err_damaged(err, path, offset, "section header of %u bytes", b->total_len);
	major = get16(b->body + 4, big_endian);
	minor = get16(b->body + 6, big_endian);
	if (major != 1)
		return err_set_at(err, RC_UNSUPPORTED, path, offset, "pcapng version %u.%u", major,
			minor);
	return check_options(b->body + 16, b->body_len - 16, big_endian, path, offset, err);
}

static void interface_option(struct pcapng_interface *out, bool big_endian, uint16_t code,
	const uint8_t *value, uint16_t len)
{
	const uint8_t *payload;
	size_t payload_len;
	uint32_t kind;

	switch (code) {
	case PCAPNG_IF_NAME:
		out->name = value;
		out->name_len = len;
		break;
	case PCAPNG_IF_DESCRIPTION:
		out->description = value;
		out->description_len = len;
		break;
	case PCAPNG_IF_TSRESOL:
		if (len >= 1)
			out->tsresol = value[0];
		break;
	case PCAPNG_IF_FCSLEN:
		/* the draft counts bits, writers count bytes; no sequence has 8 bytes */
		if (len >= 1)
			out->fcs_len = value[0] >= 8 ? value[0] / 8 : value[0];
		break;
	case PCAPNG_IF_TSOFFSET:
		if (len >= 8)
			out->tsoffset_s = (int64_t)get64(value, big_endian);
		break;
	case PCAPNG_OPT_CUSTOM_BIN:
		if (pcapng_parse_own(value, len, big_endian, &kind, &payload, &payload_len) &&
			kind == PCAPNG_OWN_UUID && payload_len == 16)
			out->uuid = payload;
		break;
	default:
		break;
	}
}

enum rc pcapng_parse_interface(const struct pcapng_block *b, bool big_endian, const char *path,
	uint64_t offset, struct pcapng_interface *out, struct err *err)
{
	struct pcapng_options o;
	const uint8_t *value;
	uint16_t code, len;

	if (b->body_len < 8)
		return err_damaged(err, path, offset, "interface description of %u bytes",
			b->total_len);
	*out = (struct pcapng_interface){
		.linktype = get16(b->body, big_endian),
		.snaplen = get32(b->body + 4, big_endian),
		.tsresol = 6,
		.options = b->body + 8,
		.options_len = b->body_len - 8,
	};
	pcapng_options_init(&o, out->options, out->options_len, big_endian);
	while (pcapng_options_next(&o, &code, &value, &len))
		interface_option(out, big_endian, code, value, len);
	if (o.damaged)
		return err_damaged(err, path, offset, "an option is longer than its block");
	return RC_DONE;
}

/* ---- packets ---- */

/* EPB (draft section 4.3) and obsolete packet block (appendix A): 20 bytes, data, options. */
static bool parse_full(const struct pcapng_block *b, bool big_endian, struct pcapng_packet *p)
{
	const uint8_t *body = b->body;
	size_t data_end;

	if (b->body_len < 20)
		return false;
	p->interface = b->type == PCAPNG_OPB ? get16(body, big_endian) : get32(body, big_endian);
	p->has_time = true;
	p->timestamp = get_stamp(body + 4, big_endian);
	p->caplen = get32(body + 12, big_endian);
	p->len = get32(body + 16, big_endian);
	if (p->caplen > b->body_len - 20)
		return false;
	p->data = body + 20;
	p->data_off = 28;
	/* the body is a multiple of 4, so the padding fits where the data does */
	data_end = 20 + pad4(p->caplen);
	p->options = body + data_end;
	p->options_len = b->body_len - data_end;
	return true;
}

/* Simple packet block (draft section 4.4): the captured length follows from the snap length. */
static bool parse_simple(const struct pcapng_block *b, bool big_endian, uint32_t snaplen,
	struct pcapng_packet *p)
{
	if (b->body_len < 4)
		return false;
	p->len = get32(b->body, big_endian);
	p->caplen = snaplen && snaplen < p->len ? snaplen : p->len;
	if (p->caplen > b->body_len - 4)
		return false;
	p->data = b->body + 4;
	p->data_off = 12;
	return true;
}

/* Checks options, and takes ours away: it is the last. */
static enum rc packet_options(struct pcapng_packet *p, bool big_endian, const char *path,
	uint64_t offset, struct err *err)
{
	struct pcapng_options o;
	const uint8_t *value, *payload;
	uint16_t code, len;
	uint32_t kind;
	size_t payload_len;

	pcapng_options_init(&o, p->options, p->options_len, big_endian);
	while (pcapng_options_next(&o, &code, &value, &len)) {
		if (code != PCAPNG_OPT_CUSTOM_BIN ||
			!pcapng_parse_own(value, len, big_endian, &kind, &payload, &payload_len) ||
			kind != PCAPNG_OWN_TIME_UNKNOWN)
			continue;
		p->time_unknown = true;
		p->options_len = (size_t)(value - 4 - p->options);
		return RC_DONE;
	}
	if (o.damaged)
		return err_damaged(err, path, offset, "an option is longer than its block");
	return RC_DONE;
}

enum rc pcapng_parse_packet(const struct pcapng_block *b, bool big_endian, uint32_t first_snaplen,
	const char *path, uint64_t offset, struct pcapng_packet *out, struct err *err)
{
	bool fits;

	*out = (struct pcapng_packet){ 0 };
	fits = b->type == PCAPNG_SPB ? parse_simple(b, big_endian, first_snaplen, out) :
		parse_full(b, big_endian, out);
	if (!fits)
		return err_damaged(err, path, offset,
			"a packet of %u bytes in a block of %u bytes", out->caplen, b->total_len);
	if (out->options_len == 0)
		return RC_DONE;
	return packet_options(out, big_endian, path, offset, err);
}

/* ---- other blocks ---- */

/* Name resolution (draft section 4.5): records up to one of type 0, then options. */
static enum rc check_names(const struct pcapng_block *b, bool big_endian, const char *path,
	uint64_t offset, struct err *err)
{
	struct cursor c;
	uint16_t type = 1;

	cursor_init(&c, b->body, b->body_len);
	while (type != 0 && cursor_left(&c) > 0) {
		const uint8_t *head = cursor_bytes(&c, 4);

		if (!head)
			break;
		type = get16(head, big_endian);
		if (type != 0)
			cursor_skip(&c, pad4(get16(head + 2, big_endian)));
	}
	if (c.truncated)
		return err_damaged(err, path, offset, "a name record is longer than its block");
	return check_options(c.data + c.pos, cursor_left(&c), big_endian, path, offset, err);
}

enum rc pcapng_check_block(const struct pcapng_block *b, bool big_endian, const char *path,
	uint64_t offset, struct err *err)
{
	size_t fixed;

	switch (b->type) {
	case PCAPNG_NRB:
		return check_names(b, big_endian, path, offset, err);
	case PCAPNG_ISB:
		fixed = 12;
		break;
	case PCAPNG_DSB:
		if (b->body_len < 8 || get32(b->body + 4, big_endian) > b->body_len - 8)
			return err_damaged(err, path, offset, "secrets longer than their block");
		fixed = 8 + pad4(get32(b->body + 4, big_endian));
		break;
	default:
		return RC_DONE;
	}
	if (b->body_len < fixed)
		return err_damaged(err, path, offset, "block of type 0x%x with a length of %u",
			b->type, b->total_len);
	return check_options(b->body + fixed, b->body_len - fixed, big_endian, path, offset, err);
}

/* ---- times ---- */

__extension__ typedef __int128 i128;

static int64_t saturate(i128 v, bool *saturated)
{
	*saturated = v > INT64_MAX || v < INT64_MIN;
	if (!*saturated)
		return (int64_t)v;
	return v < 0 ? INT64_MIN : INT64_MAX;
}

uint64_t pcapng_timestamp(uint8_t tsresol, int64_t tsoffset_s, int64_t time_ns)
{
	unsigned n = tsresol & 0x7f;
	i128 v = (i128)time_ns - (i128)tsoffset_s * 1000000000;

	if (v <= 0)
		return 0;
	if (tsresol & 0x80)
		v = n < 64 ? (v << n) / 1000000000 : 0;
	for (; !(tsresol & 0x80) && n > 9 && n < 19; n--)
		v *= 10;
	for (; !(tsresol & 0x80) && n < 9; n++)
		v /= 10;
	return v > (i128)UINT64_MAX ? UINT64_MAX : (uint64_t)v;
}

int64_t pcapng_time_ns(uint8_t tsresol, int64_t tsoffset_s, uint64_t timestamp, bool *saturated)
{
	static const uint64_t ten[] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000,
		1000000000, 10000000000, 100000000000, 1000000000000, 10000000000000,
		100000000000000, 1000000000000000, 10000000000000000, 100000000000000000,
		1000000000000000000, 10000000000000000000u };
	unsigned n = tsresol & 0x7f;
	i128 v;

	if (tsresol & 0x80)
		/* 64 + 30 bits: whatever is shifted farther is less than a nanosecond */
		v = n < 127 ? ((i128)timestamp * 1000000000) >> n : 0;
	else if (n <= 9)
		v = (i128)timestamp * (i128)ten[9 - n];
	else
		v = n - 9 < sizeof(ten) / sizeof(ten[0]) ? (i128)(timestamp / ten[n - 9]) : 0;
	return saturate(v + (i128)tsoffset_s * 1000000000, saturated);
}
