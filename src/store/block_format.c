/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/block_format.h"

#include "base/io.h"
#include "base/mem.h"
#include "file/pcapng.h"
#include "store/format.h"

#include <string.h>
#include <sys/utsname.h>

#ifndef PACKAGE_VERSION
#include "config.h"
#endif

static void put_text_option(struct buf *b, uint16_t code, const char *text)
{
	pcapng_put_option(b, code, text, strlen(text));
}

static void put_own(struct buf *b, const struct block_header *h)
{
	const struct store_config *c = &h->config;
	struct buf own;

	buf_init(&own);
	buf_put_le32(&own, BLOCK_VERSION);
	buf_put_le32(&own, h->number);
	buf_put_le64(&own, (uint64_t)c->micro_ns);
	buf_put_le64(&own, (uint64_t)c->flow_ns);
	buf_put_le64(&own, (uint64_t)c->macro_ns);
	buf_put_le64(&own, c->block_size);
	buf_put_le64(&own, h->identity.low);
	buf_put_le64(&own, h->identity.high);
	buf_put_le32(&own, c->attributes);
	buf_put_str(&own, c->attributes_for);
	pcapng_put_own_option(b, BLOCK_OWN_HEADER, own.data, own.len);
	if (own.failed)
		b->failed = true;
	buf_free(&own);
}

static void put_fingerprints(struct buf *b, const struct block_header *h)
{
	uint8_t which[4] = { (uint8_t)h->config.fingerprints };

	if (which[0] != FINGERPRINTS_OFF)
		pcapng_put_own_option(b, BLOCK_OWN_FINGERPRINTS, which, sizeof(which));
}

static void put_anew(struct buf *b, const struct block_header *h)
{
	struct buf own;

	buf_init(&own);
	buf_put_le64(&own, h->first_frame);
	for (size_t i = 0; i < h->n_anew; i++) {
		buf_put_le32(&own, h->anew[i].block);
		buf_put_le32(&own, h->anew[i].offset);
	}
	pcapng_put_own_option(b, BLOCK_OWN_ANEW, own.data, own.len);
	b->failed |= own.failed;
	buf_free(&own);
}

void block_header_put(struct buf *out, const struct block_header *h)
{
	struct buf options;
	struct utsname u;

	buf_init(&options);
	if (uname(&u) == 0) {
		put_text_option(&options, PCAPNG_SHB_HARDWARE, u.machine);
		put_text_option(&options, PCAPNG_SHB_OS, u.sysname);
	}
	put_text_option(&options, PCAPNG_SHB_USERAPPL, "flowdrill " PACKAGE_VERSION);
	put_own(&options, h);
	put_fingerprints(&options, h);
	put_anew(&options, h);
	pcapng_put_section(out, &options);
	if (options.failed)
		out->failed = true;
	buf_free(&options);
}

static enum rc parse_own(const uint8_t *p, size_t len, const char *path, struct block_header *out,
	struct err *err)
{
	uint32_t version;

	if (len < 4)
		return err_damaged(err, path, 0, "the block's header is cut off");
	version = load_le32(p);
	if (version > BLOCK_VERSION)
		return err_set(err, RC_NEWER, path, "made by a newer version (format %u, this is %u)",
			version, BLOCK_VERSION);
	if (len < BLOCK_HEADER_LEN)
		return err_damaged(err, path, 0, "the block's header is cut off");
	*out = (struct block_header){
		.number = load_le32(p + 4),
		.config = {
			.micro_ns = (int64_t)load_le64(p + 8),
			.flow_ns = (int64_t)load_le64(p + 16),
			.macro_ns = (int64_t)load_le64(p + 24),
			.block_size = load_le64(p + 32),
			.attributes = ATTRIBUTES_ALL,
		},
		.identity = { load_le64(p + 40), load_le64(p + 48) },
	};
	if (len < BLOCK_HEADER_LEN + 4)      /* older blocks end here */
		return RC_DONE;
	out->config.attributes = load_le32(p + BLOCK_HEADER_LEN);
	p += BLOCK_HEADER_LEN + 4;
	len -= BLOCK_HEADER_LEN + 4;
	if (len >= STORE_FILTER)
		return err_damaged(err, path, 0, "the block's header is too long");
	memcpy(out->config.attributes_for, p, len);
	return RC_DONE;
}

/* What cannot be is left out: the header itself stands without it. */
static void parse_anew(const uint8_t *p, size_t len, struct block_header *out)
{
	if (len < 8)
		return;
	out->first_frame = load_le64(p);
	out->n_anew = 0;
	for (size_t at = 8; at + 8 <= len && out->n_anew < BLOCK_ANEW_MAX; at += 8) {
		struct anew_place place = { load_le32(p + at), load_le32(p + at + 4) };

		if (place.block > 0 && place.block <= out->number)
			out->anew[out->n_anew++] = place;
	}
}

/* Options of ours in a section header. */
static enum rc parse_options(struct pcapng_options *o, bool big_endian, const char *path, struct block_header *out,
	struct err *err)
{
	const uint8_t *value, *payload;
	uint16_t code, value_len;
	size_t payload_len;
	uint32_t kind;
	enum rc rc = RC_MISSING;

	while (pcapng_options_next(o, &code, &value, &value_len)) {
		if (code != PCAPNG_OPT_CUSTOM_BIN ||
			!pcapng_parse_own(value, value_len, big_endian, &kind, &payload, &payload_len))
			continue;
		if (kind == BLOCK_OWN_HEADER && rc == RC_MISSING)
			rc = parse_own(payload, payload_len, path, out, err);
		else if (kind == BLOCK_OWN_ANEW && rc == RC_DONE)
			parse_anew(payload, payload_len, out);
		else if (kind == BLOCK_OWN_FINGERPRINTS && rc == RC_DONE && payload_len >= 4)
			out->config.fingerprints = load_le32(payload);
	}
	return rc;
}

enum rc block_header_parse(const uint8_t *bytes, size_t len, const char *path,
	struct block_header *out, struct err *err)
{
	struct pcapng_options o;
	struct pcapng_block b;
	bool big_endian = false;
	enum rc rc = pcapng_parse_block(bytes, len, &big_endian, path, 0, &b, err);

	if (rc == RC_CUT_SHORT)
		return err_set_at(err, RC_CUT_SHORT, path, 0, "the section header is cut off");
	if (rc == RC_DONE && b.type != PCAPNG_SHB)
		return RC_MISSING;
	if (rc == RC_DONE)
		rc = pcapng_parse_section(&b, big_endian, path, 0, err);
	if (rc != RC_DONE)
		return rc;
	pcapng_options_init(&o, b.body + 16, b.body_len - 16, big_endian);
	return parse_options(&o, big_endian, path, out, err);
}

enum rc block_header_read(struct io_file *f, struct block_header *out, struct err *err)
{
	uint8_t *bytes = mem_alloc(BLOCK_HEADER_MAX);
	size_t got;
	enum rc rc;

	if (!bytes)
		return err_memory(err);
	rc = io_read(f, 0, bytes, BLOCK_HEADER_MAX, &got, err);
	if (rc == RC_DONE)
		rc = block_header_parse(bytes, got, io_path(f), out, err);
	mem_free(bytes);
	return rc;
}

/* ---- capture points --------------------------------------------------------------------- */

/* True for an option of ours that says which UUID the point has. */
static bool is_uuid(uint16_t code, const uint8_t *value, size_t len)
{
	const uint8_t *payload;
	size_t payload_len;
	uint32_t kind;

	return code == PCAPNG_OPT_CUSTOM_BIN &&
		pcapng_parse_own(value, len, false, &kind, &payload, &payload_len) &&
		kind == PCAPNG_OWN_UUID;
}

/* What the point says must be in its options too: a pcap file's interface has none of its own. */
struct option_seen { bool name, description, tsresol, tsoffset, fcs; };

static void copy_options(struct buf *out, const void *options, size_t len, struct option_seen *seen)
{
	struct pcapng_options o;
	const uint8_t *value;
	uint16_t code, value_len;

	pcapng_options_init(&o, options, len, false);
	while (pcapng_options_next(&o, &code, &value, &value_len)) {
		seen->name |= code == PCAPNG_IF_NAME;
		seen->description |= code == PCAPNG_IF_DESCRIPTION;
		seen->tsresol |= code == PCAPNG_IF_TSRESOL;
		seen->tsoffset |= code == PCAPNG_IF_TSOFFSET;
		seen->fcs |= code == PCAPNG_IF_FCSLEN;
		if (!is_uuid(code, value, value_len))
			pcapng_put_option(out, code, value, value_len);
	}
}

static void put_missing(struct buf *out, const struct point_info *p, const struct option_seen *seen)
{
	if (!seen->name && p->name[0])
		put_text_option(out, PCAPNG_IF_NAME, p->name);
	if (!seen->description && p->description[0])
		put_text_option(out, PCAPNG_IF_DESCRIPTION, p->description);
	if (!seen->tsresol && p->tsresol != 6)
		pcapng_put_option(out, PCAPNG_IF_TSRESOL, &p->tsresol, 1);
	if (!seen->fcs && p->fcs_len)
		pcapng_put_option(out, PCAPNG_IF_FCSLEN, &p->fcs_len, 1);
	if (!seen->tsoffset && p->tsoffset_s) {
		struct buf value;

		buf_init(&value);
		buf_put_le64(&value, (uint64_t)p->tsoffset_s);
		if (!value.failed)
			pcapng_put_option(out, PCAPNG_IF_TSOFFSET, value.data, value.len);
		out->failed |= value.failed;
		buf_free(&value);
	}
}

void block_point_put(struct buf *out, const struct point_info *p, const void *options,
	size_t options_len)
{
	struct option_seen seen = { 0 };
	struct buf b;

	buf_init(&b);
	copy_options(&b, options, options_len, &seen);
	put_missing(&b, p, &seen);
	pcapng_put_own_option(&b, PCAPNG_OWN_UUID, p->uuid, sizeof(p->uuid));
	pcapng_put_interface(out, p->linktype, p->snaplen, &b);
	out->failed |= b.failed;
	buf_free(&b);
}

static void copy_text(char *out, size_t size, const uint8_t *bytes, size_t len)
{
	if (len > size - 1)
		len = size - 1;
	if (len > 0)
		memcpy(out, bytes, len);
	out[len] = '\0';
}

enum rc block_point_parse(const struct pcapng_block *b, const char *path, uint64_t offset,
	struct point_info *p, struct buf *options, struct err *err)
{
	struct option_seen seen = { 0 };
	struct pcapng_interface i;
	enum rc rc = pcapng_parse_interface(b, false, path, offset, &i, err);

	if (rc != RC_DONE)
		return rc;
	memset(p, 0, sizeof(*p));
	if (i.uuid)
		memcpy(p->uuid, i.uuid, sizeof(p->uuid));
	copy_text(p->name, sizeof(p->name), i.name, i.name_len);
	copy_text(p->description, sizeof(p->description), i.description, i.description_len);
	p->linktype = i.linktype;
	p->snaplen = i.snaplen;
	p->tsresol = i.tsresol;
	p->tsoffset_s = i.tsoffset_s;
	p->fcs_len = i.fcs_len;
	copy_options(options, i.options, i.options_len, &seen);
	return options->failed ? err_memory(err) : RC_DONE;
}

/* ---- counters --------------------------------------------------------------------------- */

static uint64_t stamp_of(const struct point_info *p, int64_t time_ns)
{
	return pcapng_timestamp(p->tsresol, p->tsoffset_s, time_ns);
}

static void put_le64_option(struct buf *b, uint16_t code, uint64_t v)
{
	uint8_t bytes[8];

	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(v >> (8 * i));
	pcapng_put_option(b, code, bytes, sizeof(bytes));
}

/* A time stamp is two halves, the upper one first. */
static uint64_t halves(uint64_t stamp)
{
	return stamp >> 32 | stamp << 32;
}

void block_counts_put(struct buf *out, const struct point_info *p, const struct block_counts *c)
{
	struct buf b, own;

	buf_init(&b);
	buf_init(&own);
	buf_put_le32(&b, p->number);
	buf_put_le64(&b, halves(stamp_of(p, c->time_ns)));
	put_le64_option(&b, PCAPNG_ISB_STARTTIME, halves(stamp_of(p, c->from_ns)));
	put_le64_option(&b, PCAPNG_ISB_ENDTIME, halves(stamp_of(p, c->time_ns)));
	put_le64_option(&b, PCAPNG_ISB_IFRECV, c->counts.received);
	put_le64_option(&b, PCAPNG_ISB_IFDROP, c->counts.if_dropped);
	put_le64_option(&b, PCAPNG_ISB_OSDROP, c->counts.dropped);
	put_le64_option(&b, PCAPNG_ISB_USRDELIV, c->stored);
	buf_put_le64(&own, c->counts.refused);
	if (!own.failed)
		pcapng_put_own_option(&b, BLOCK_OWN_COUNTS, own.data, own.len);
	buf_put_le32(&b, PCAPNG_OPT_END);
	out->failed |= own.failed || b.failed;
	if (!b.failed)
		pcapng_put_block(out, PCAPNG_ISB, b.data, b.len);
	buf_free(&own);
	buf_free(&b);
}

static void take_count(uint16_t code, const uint8_t *value, size_t len, struct block_counts *c)
{
	uint64_t *to = code == PCAPNG_ISB_IFRECV ? &c->counts.received : code == PCAPNG_ISB_IFDROP ? &c->counts.if_dropped
		: code == PCAPNG_ISB_OSDROP ? &c->counts.dropped : code == PCAPNG_ISB_USRDELIV ? &c->stored : NULL;

	if (to && len == 8)
		*to = load_le64(value);
}

bool block_counts_parse(const struct pcapng_block *b, const struct point_info *points, size_t n, uint32_t *point,
	struct block_counts *out)
{
	struct pcapng_options o;
	const uint8_t *value, *payload;
	uint16_t code, len;
	size_t payload_len;
	uint32_t kind;
	bool ours = false, saturated;

	if (b->body_len < 12 || (*point = load_le32(b->body)) >= n)
		return false;
	memset(out, 0, sizeof(*out));
	const struct point_info *p = &points[*point];
	out->time_ns = pcapng_time_ns(p->tsresol, p->tsoffset_s, halves(load_le64(b->body + 4)), &saturated);
	out->from_ns = out->time_ns;
	pcapng_options_init(&o, b->body + 12, b->body_len - 12, false);
	while (pcapng_options_next(&o, &code, &value, &len)) {
		take_count(code, value, len, out);
		if (code == PCAPNG_ISB_STARTTIME && len == 8)
			out->from_ns = pcapng_time_ns(p->tsresol, p->tsoffset_s, halves(load_le64(value)), &saturated);
		if (code != PCAPNG_OPT_CUSTOM_BIN || !pcapng_parse_own(value, len, false, &kind, &payload, &payload_len) ||
			kind != BLOCK_OWN_COUNTS || payload_len < 8)
			continue;
		out->counts.refused = load_le64(payload);
		ours = true;
	}
	return ours;
}

/* ---- events ------------------------------------------------------------------------------- */

void block_event_put(struct buf *out, const struct event_info *e)
{
	char kind[BLOCK_EVENT_KIND] = "";
	struct buf b;

	buf_init(&b);
	memcpy(kind, e->kind, strnlen(e->kind, sizeof(kind) - 1));
	buf_put_le64(&b, (uint64_t)e->time_ns);
	buf_put(&b, kind, sizeof(kind));
	buf_put(&b, e->text, strlen(e->text));
	out->failed |= b.failed;
	if (!b.failed)
		pcapng_put_custom(out, BLOCK_OWN_EVENT, b.data, b.len);
	buf_free(&b);
}

bool block_event_parse(const struct pcapng_block *b, struct event_info *out)
{
	const uint8_t *p;
	uint32_t kind;
	size_t len;

	if (b->type != PCAPNG_CB_NOCOPY || !pcapng_parse_own(b->body, b->body_len, false, &kind, &p, &len) ||
		kind != BLOCK_OWN_EVENT || len < 8 + BLOCK_EVENT_KIND)
		return false;
	out->time_ns = (int64_t)load_le64(p);
	copy_text(out->kind, sizeof(out->kind), p + 8, BLOCK_EVENT_KIND - 1);
	copy_text(out->text, sizeof(out->text), p + 8 + BLOCK_EVENT_KIND, len - 8 - BLOCK_EVENT_KIND);
	return true;
}

void block_end_put(struct buf *out, size_t len, uint64_t sum)
{
	struct buf body;

	buf_init(&body);
	buf_put_le64(&body, sum);
	out->failed |= body.failed;
	if (!body.failed)
		pcapng_put_padding(out, BLOCK_OWN_END, body.data, body.len, len);
	buf_free(&body);
}

bool block_end_parse(const struct pcapng_block *b, bool *has_sum, uint64_t *sum)
{
	const uint8_t *p;
	uint32_t kind;
	size_t len;

	if (b->type != PCAPNG_CB_NOCOPY || !pcapng_parse_own(b->body, b->body_len, false, &kind, &p, &len) ||
		(kind != BLOCK_OWN_END && kind != PCAPNG_OWN_PADDING))
		return false;
	*has_sum = kind == BLOCK_OWN_END && len >= 8;
	*sum = *has_sum ? load_le64(p) : 0;
	return true;
}
