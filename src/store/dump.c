/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an index file says: its header, its segments, and where their bytes go. */
#include "base/io.h"
#include "base/mem.h"
#include "base/text.h"
#include "flow/proto.h"
#include "store/dump_say.h"
#include "store/segment_reader.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What a microflow and a reference may take (see the design): bytes. */
enum { BUDGET_MICROFLOW = 100, BUDGET_REFERENCE = 3 };

void dump_say(const struct dump *d, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	d->line(d->ctx, text);
}

/* ---- header ----------------------------------------------------------------------------- */

static void say_field(const struct dump *d, const struct plan_row *row)
{
	static const char *const codes[] = { "-", "plain", "signed", "time", "duration",
		"square" };
	struct field shape = { .type = row->type };
	char name[80];

	text_escape_to(name, sizeof(name), (const char *)row->name, row->name_len);
	dump_say(d, "    %5u  %-16s %-8s %-8s %-6s %-7s %-8s guess %u", row->id, name,
		row->type <= TYPE_ID ? field_type_name(&shape) : "?",
		row->unit <= UNIT_DSCP ? field_unit_name(row->unit) : "?",
		row->merge <= MERGE_UNION ? field_merge_name(row->merge) : "?",
		row->place == INDEX_PLACE_COUNTER ? "counter" : "key",
		row->code <= CODE_SQUARE ? codes[row->code] : "?", row->guess);
}

static enum rc dump_header(
	const struct dump *d, struct index_source *src, uint64_t *header_len, struct err *err)
{
	struct plan_row row;
	struct cursor c;
	uint8_t *bytes;
	uint32_t len, n;
	enum rc rc = source_header_bytes(src, &bytes, &len, err);

	if (rc != RC_DONE)
		return rc;
	n = load_le32(bytes + INDEX_AT_FIELDS);
	dump_say(d, "index of block %" PRIu32 ", version %u, %" PRIu64 " bytes",
		load_le32(bytes + INDEX_AT_BLOCK), load_le16(bytes + INDEX_AT_VERSION),
		src->size);
	dump_say(d, "  header: %" PRIu32 " bytes, %" PRIu32 " fields", len, n);
	cursor_init(&c, bytes, len - 8);
	cursor_skip(&c, INDEX_AT_ROWS);
	for (uint32_t i = 0; d->deep && i < n && plan_next_row(&c, &row); i++)
		say_field(d, &row);
	*header_len = len;
	mem_free(bytes);
	return RC_DONE;
}

/* ---- sizes ------------------------------------------------------------------------------ */

struct sums {
	struct segment_size size;
	uint64_t segments, packets, flow_parts, micro_parts;
};

static uint64_t size_total(const struct segment_size *z)
{
	return z->header + z->packets + z->flows + z->counters + z->refs + z->marks + z->checks +
		z->addresses + z->services + z->strings + z->prints + z->filter;
}

static void say_section(const struct dump *d, const char *name, uint64_t bytes, uint64_t total,
	uint64_t n, const char *of)
{
	dump_say(d, "  %-10s %12" PRIu64 " %5.1f %%  %8.2f a %s", name, bytes,
		total ? 100.0 * (double)bytes / (double)total : 0.0,
		n ? (double)bytes / (double)n : 0.0, of);
}

static void say_sizes(const struct dump *d, const struct sums *s)
{
	const struct segment_size *z = &s->size;
	uint64_t total = size_total(z);

	dump_say(d, "  %-10s %12s %7s", "section", "bytes", "share");
	say_section(d, "head", z->header, total, s->segments, "segment");
	say_section(d, "packets", z->packets, total, s->packets, "packet");
	say_section(d, "flows", z->flows, total, s->flow_parts, "flow part");
	say_section(d, "counters", z->counters, total, s->micro_parts, "microflow part");
	say_section(d, "refs", z->refs, total, s->packets, "packet");
	say_section(d, "marks", z->marks, total, s->packets, "packet");
	say_section(d, "checks", z->checks, total, s->packets, "packet");
	say_section(d, "addresses", z->addresses, total, s->flow_parts, "flow part");
	say_section(d, "services", z->services, total, s->flow_parts, "flow part");
	say_section(d, "strings", z->strings, total, s->flow_parts, "flow part");
	say_section(d, "prints", z->prints, total, s->packets, "packet");
	say_section(d, "filter", z->filter, total, s->packets, "packet");
	say_section(d, "all", total, total, s->packets, "packet");
}

static void say_budgets(const struct dump *d, const struct sums *s)
{
	const struct segment_size *z = &s->size;
	uint64_t refs = z->packets + z->refs + z->marks, micros = size_total(z) - refs - z->prints - z->filter;

	if (s->micro_parts == 0 || s->packets == 0)
		return;
	dump_say(d, "  a microflow takes %.1f bytes (budget %d), a reference %.2f (budget %d)",
		(double)micros / (double)s->micro_parts, BUDGET_MICROFLOW,
		(double)refs / (double)s->packets, BUDGET_REFERENCE);
}

static void add_sizes(struct sums *to, const struct segment_info *i)
{
	to->size.header += i->size.header;
	to->size.packets += i->size.packets;
	to->size.flows += i->size.flows;
	to->size.counters += i->size.counters;
	to->size.refs += i->size.refs;
	to->size.marks += i->size.marks;
	to->size.checks += i->size.checks;
	to->size.addresses += i->size.addresses;
	to->size.services += i->size.services;
	to->size.strings += i->size.strings;
	to->size.prints += i->size.prints;
	to->size.filter += i->size.filter;
	to->segments++;
	to->packets += i->packets;
	to->flow_parts += i->flow_parts;
	to->micro_parts += i->micro_parts;
}

/* ---- flow parts ------------------------------------------------------------------------- */

static void say_flow(const struct dump *d, const struct segment_flow *f)
{
	struct id id = { .tier = TIER_FLOW, .rec = f->id };
	char text[ID_TEXT], client[ADDR_TEXT], server[ADDR_TEXT], proto[32], vlan[64],
		tunnel[200], slice[TEXT_TIME];

	id_format(text, sizeof(text), &id);
	addr_format(client, sizeof(client), &f->key.client);
	addr_format(server, sizeof(server), &f->key.server);
	proto_format(proto, sizeof(proto), f->key.proto);
	vlan_format(vlan, sizeof(vlan), f->key.vlan);
	tunnel_format(tunnel, sizeof(tunnel), &f->key.tunnel);
	text_time(slice, sizeof(slice), f->slice_ns);
	dump_say(d,
		"    flow part %" PRIu32
		"  %s  %s  %s %s:%u -> %s:%u by %s%s%s%s%s  point %" PRIu32 "  %" PRIu32
		" microflow parts",
		f->part, text, slice, proto, client, f->key.client_port, server,
		f->key.server_port, orientation_name(f->key.orientation), *vlan ? " vlan " : "",
		vlan, *tunnel ? " " : "", tunnel, f->key.point, f->micros);
}

static enum rc dump_micros(const struct dump *d, struct segment_cursor *c, struct err *err)
{
	struct id id = { .tier = TIER_MICROFLOW };
	struct counters counters;
	char text[ID_TEXT], first[TEXT_TIME], last[TEXT_TIME];
	int64_t slice;
	enum rc rc;

	while ((rc = segment_next_micro(c, &id.rec, &slice, &counters, err)) == RC_DONE) {
		id_format(text, sizeof(text), &id);
		text_time(first, sizeof(first), counters.first_ns);
		text_time(last, sizeof(last), counters.last_ns);
		dump_say(d,
			"      %s  %s .. %s  packets %" PRIu64 "/%" PRIu64 "  bytes %" PRIu64
			"/%" PRIu64 "  refs %" PRIu32 " in %" PRIu32 " bytes, marks in %" PRIu32,
			text, first, last, counters.packets[DIR_C2S], counters.packets[DIR_S2C],
			counters.bytes[DIR_C2S], counters.bytes[DIR_S2C], c->refs_n,
			c->refs_len, c->marks_len);
	}
	return rc == RC_END ? RC_DONE : rc;
}

static enum rc dump_flows(const struct dump *d, struct segment *s, struct err *err)
{
	struct segment_cursor c;
	struct segment_flow flow;
	enum rc rc = segment_seek(&c, s, 0, err);

	while (rc == RC_DONE) {
		rc = segment_next_flow(&c, &flow, err);
		if (rc != RC_DONE)
			break;
		say_flow(d, &flow);
		rc = dump_micros(d, &c, err);
	}
	return rc == RC_END ? RC_DONE : rc;
}

static bool dump_name(void *ctx, const struct observation *o)
{
	const struct dump *d = ctx;
	char addr[ADDR_TEXT], name[4 * OBSERVED_NAME_MAX + 1], first[TEXT_TIME], last[TEXT_TIME];

	addr_format(addr, sizeof(addr), &o->addr);
	text_escape_to(name, sizeof(name), o->name, o->len);
	text_time(first, sizeof(first), o->first_ns);
	text_time(last, sizeof(last), o->last_ns);
	dump_say(d, "    name of %s by %s: %s  %s .. %s", addr, seen_by_name(o->by), name, first, last);
	return true;
}

/* ---- segments --------------------------------------------------------------------------- */

static void say_segment(
	const struct dump *d, const struct segment_info *i, uint64_t at, uint64_t len)
{
	char first[TEXT_TIME], last[TEXT_TIME];

	text_time(first, sizeof(first), i->first_ns);
	text_time(last, sizeof(last), i->last_ns);
	dump_say(d,
		"segment %" PRIu32 " of block %" PRIu32 " at %" PRIu64 ", %" PRIu64 " bytes",
		i->number, i->block, at, len);
	dump_say(d,
		"  packets %" PRIu32 ", frames from %" PRIu64 ", offsets %" PRIu32 "..%" PRIu32,
		i->packets, i->first_frame, i->first_offset, i->end_offset);
	dump_say(d, "  %s .. %s", first, last);
	dump_say(d, "  flow parts %" PRIu32 ", microflow parts %" PRIu32, i->flow_parts,
		i->micro_parts);
}

/* Length of the segment that begins at `at`, as its head says. */
static enum rc segment_length(
	struct index_source *src, uint64_t at, uint64_t *len, struct err *err)
{
	uint8_t start[SEGMENT_AT_BLOCK];
	enum rc rc = source_read(src, at, start, sizeof(start), err);

	if (rc != RC_DONE)
		return rc;
	*len = load_le64(start + SEGMENT_AT_LENGTH);
	if (memcmp(start, SEGMENT_MAGIC, 4) != 0)
		return err_damaged(err, source_path(src), at, "no segment begins here");
	if (*len < SEGMENT_HEADER || *len > src->size - at)
		return err_damaged(err, source_path(src), at,
			"a segment of %" PRIu64 " bytes, but only %" PRIu64 " are there", *len,
			src->size - at);
	return RC_DONE;
}

/* A segment where it stands in the file. */
struct standing {
	uint64_t at, len;
	uint32_t first_offset, end_offset; /* of its packets in the block */
};

static enum rc open_standing(
	const struct dump *d, const struct standing *p, struct segment **out, struct err *err)
{
	struct io_file *f;
	enum rc rc = io_open(d->path, IO_READ, &f, err);

	return rc == RC_DONE ? segment_open(f, p->at, p->len, out, err) : rc;
}

static enum rc dump_segment(
	const struct dump *d, const struct standing *p, struct sums *all, struct err *err)
{
	struct segment *s;
	struct sums one = { 0 };
	enum rc rc = open_standing(d, p, &s, err);

	if (rc != RC_DONE)
		return rc;
	add_sizes(&one, segment_info(s));
	add_sizes(all, segment_info(s));
	say_segment(d, segment_info(s), p->at, p->len);
	if (d->deep) {
		say_sizes(d, &one);
		rc = dump_flows(d, s, err);
		if (rc == RC_DONE)
			rc = segment_all_names(s, dump_name, (void *)(uintptr_t)d, err);
	}
	if (rc == RC_DONE)
		rc = segment_verify(s, err);
	segment_close(s);
	return rc;
}

/* Zeros from `at` on, which were segments once: to where they end. */
static enum rc skip_dead(struct index_source *src, uint64_t *at, struct err *err)
{
	static const uint8_t zeros[4096];
	uint8_t bytes[sizeof(zeros)];
	enum rc rc = RC_DONE;

	while (rc == RC_DONE && *at < src->size) {
		size_t len = src->size - *at < sizeof(bytes) ? (size_t)(src->size - *at) : sizeof(bytes);
		size_t n = len;

		rc = source_read(src, *at, bytes, len, err);
		if (rc == RC_DONE && memcmp(bytes, zeros, len) != 0)
			for (n = 0; bytes[n] == 0;)
				n++;
		*at += rc == RC_DONE ? n : 0;
		if (n < len)
			break;
	}
	return rc;
}

/* The next segment at or behind *at; RC_END. */
static enum rc find_segment(const struct dump *d, struct index_source *src, uint64_t *at,
	struct standing *out, struct err *err)
{
	uint64_t from = *at;
	struct segment *s;
	enum rc rc = skip_dead(src, at, err);

	if (rc != RC_DONE)
		return rc;
	if (*at > from)
		dump_say(d, "nothing at %" PRIu64 ", %" PRIu64 " bytes: segments were replaced",
			from, *at - from);
	if (*at == src->size)
		return RC_END;
	*out = (struct standing){ .at = *at };
	rc = segment_length(src, *at, &out->len, err);
	if (rc == RC_DONE)
		rc = open_standing(d, out, &s, err);
	if (rc != RC_DONE)
		return rc;
	out->first_offset = segment_info(s)->first_offset;
	out->end_offset = segment_info(s)->end_offset;
	segment_close(s);
	*at += out->len;
	return RC_DONE;
}

/* One that stands behind it has its packets: what the catalog would say, which is not at hand. */
static bool is_replaced(const struct standing *v, size_t n, size_t i)
{
	for (size_t k = i + 1; k < n; k++)
		if (v[k].first_offset <= v[i].first_offset && v[k].end_offset >= v[i].end_offset)
			return true;
	return false;
}

static enum rc dump_standing(const struct dump *d, const struct standing *v, size_t n,
	struct sums *all, struct err *err)
{
	enum rc rc = RC_DONE;

	for (size_t i = 0; rc == RC_DONE && i < n; i++) {
		if (is_replaced(v, n, i))
			dump_say(d, "segment at %" PRIu64 ", %" PRIu64 " bytes, was replaced by one behind it",
				v[i].at, v[i].len);
		else
			rc = dump_segment(d, &v[i], all, err);
	}
	return rc;
}

static enum rc dump_segments(
	const struct dump *d, struct index_source *src, uint64_t at, struct err *err)
{
	struct standing *v = NULL, next;
	struct sums all = { 0 };
	size_t n = 0, cap = 0;
	enum rc said, rc = RC_DONE;

	while (rc == RC_DONE && (rc = find_segment(d, src, &at, &next, err)) == RC_DONE) {
		if (mem_grow(&v, &cap, n + 1, sizeof(*v)) != 0)
			rc = err_memory(err);
		else
			v[n++] = next;
	}
	/* what stands before damage is told all the same */
	said = dump_standing(d, v, n, &all, rc == RC_END ? err : NULL);
	rc = rc == RC_END ? said : rc;
	mem_free(v);
	dump_say(d,
		"segments %" PRIu64 ", packets %" PRIu64 ", flow parts %" PRIu64
		", microflow parts %" PRIu64,
		all.segments, all.packets, all.flow_parts, all.micro_parts);
	say_sizes(d, &all);
	say_budgets(d, &all);
	return rc;
}

enum rc dump_index(const char *path, bool deep, dump_line line, void *ctx, struct err *err)
{
	struct dump d = { .path = path, .deep = deep, .line = line, .ctx = ctx };
	struct index_source src = { 0 };
	uint64_t at;
	enum rc rc = io_open(path, IO_READ, &src.file, err);

	if (rc != RC_DONE)
		return rc;
	rc = io_size(src.file, &src.size, err);
	if (rc == RC_DONE)
		rc = dump_header(&d, &src, &at, err);
	if (rc == RC_DONE)
		rc = dump_segments(&d, &src, at, err);
	io_close(src.file);
	return rc;
}
