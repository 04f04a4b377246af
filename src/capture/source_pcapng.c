/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packets and other blocks of a pcapng file. */
#include "capture/source_ops.h"

#include "base/mem.h"
#include "file/pcapng.h"

/* The section header that a pcapng file begins with is looked at, and read again as the first event. */
enum rc pcapng_source_open(struct file_source *f, struct err *err)
{
	struct stream *s = &f->stream;
	struct pcapng_block b = { 0 };
	bool big_endian = false;
	size_t bytes = PCAPNG_BLOCK_MIN;
	enum rc rc;

	do {
		rc = stream_fill(s, bytes, err);
		if (rc == RC_DONE)
			rc = pcapng_parse_block(s->data + s->pos, stream_left(s), &big_endian,
				s->path, 0, &b, err);
		bytes = b.total_len;
	} while (rc == RC_CUT_SHORT);
	if (rc == RC_END)
		return err_set_at(err, RC_CUT_SHORT, s->path, stream_left(s),
			"the file ends in its header");
	if (rc == RC_DONE)
		rc = pcapng_parse_section(&b, big_endian, s->path, 0, err);
	return rc;
}

/* ---- events ---- */

static enum rc begin_section(struct file_source *f, const struct pcapng_block *b, uint64_t offset,
	struct source_event *out, struct err *why)
{
	enum rc rc = pcapng_parse_section(b, f->big_endian, f->stream.path, offset, why);

	out->kind = SOURCE_SECTION;
	if (rc != RC_DONE)
		return rc;
	f->section_first += f->interfaces;
	file_source_drop(f);
	return rc;
}

/* A terminated copy in *keep, which is freed first. */
static const char *keep_text(char **keep, const uint8_t *text, size_t len)
{
	mem_free(*keep);
	*keep = mem_alloc(len + 1);
	if (!*keep)
		return NULL;
	if (len > 0)
		memcpy(*keep, text, len);
	(*keep)[len] = '\0';
	return *keep;
}

static enum rc add_interface(struct file_source *f, const struct pcapng_block *b, uint64_t offset,
	struct source_event *out, struct err *why)
{
	struct pcapng_interface i;
	struct file_interface iface = { 0 };
	enum rc rc = pcapng_parse_interface(b, f->big_endian, f->stream.path, offset, &i, why);

	if (rc != RC_DONE)
		return rc;
	iface.linktype = i.linktype;
	iface.snaplen = i.snaplen;
	iface.tsresol = i.tsresol;
	iface.tsoffset_s = i.tsoffset_s;
	out->kind = SOURCE_INTERFACE;
	out->interface = f->section_first + f->interfaces;
	out->iface = (struct source_interface){
		.linktype = i.linktype,
		.snaplen = i.snaplen,
		.tsresol = i.tsresol,
		.tsoffset_s = i.tsoffset_s,
		.fcs_len = i.fcs_len,
		.name = keep_text(&f->name, i.name, i.name_len),
		.description = keep_text(&f->description, i.description, i.description_len),
		.uuid = i.uuid,
		.options = i.options,
		.options_len = i.options_len,
	};
	if (!out->iface.name || !out->iface.description)
		return err_memory(why);
	return file_source_add(f, &iface, why);
}

/* Time of a packet; for most interfaces a stamp times a constant. */
static void set_time(struct file_source *f, const struct file_interface *iface,
	const struct pcapng_packet *p, struct source_event *out)
{
	int64_t ns = 0;

	out->time_saturated = false;
	out->time_unknown = !p->has_time || p->time_unknown;
	out->timestamp = p->timestamp;
	if (p->has_time && !(iface->unit_ns && p->timestamp <= INT64_MAX &&
		!__builtin_mul_overflow((int64_t)p->timestamp, (int64_t)iface->unit_ns, &ns)))
		ns = pcapng_time_ns(iface->tsresol, iface->tsoffset_s, p->timestamp,
			&out->time_saturated);
	out->time_ns = p->has_time ? ns : f->last_time_ns;
	f->last_time_ns = out->time_ns;
}

/* *refused: the filter does not want it. */
static enum rc add_packet(struct file_source *f, const struct pcapng_block *b, uint64_t offset,
	struct source_event *out, bool *refused, struct err *why)
{
	const char *path = f->stream.path;
	uint32_t first_snaplen = f->interfaces ? f->iface[0].snaplen : 0;
	const struct file_interface *iface;
	struct pcapng_packet p;
	enum rc rc = pcapng_parse_packet(b, f->big_endian, first_snaplen, path, offset, &p, why);

	if (rc != RC_DONE)
		return rc;
	if (p.interface >= f->interfaces)
		return err_damaged(why, path, offset,
			"a packet of interface %u; the section has %u", p.interface, f->interfaces);
	iface = &f->iface[p.interface];
	if (!pcap_caplen_plausible(iface->snaplen ? iface->snaplen : UINT32_MAX, p.caplen))
		return err_damaged(why, path, offset,
			"a packet of %u bytes is claimed, with a snap length of %u", p.caplen,
			iface->snaplen);
	set_time(f, iface, &p, out);
	out->kind = SOURCE_PACKET;
	out->interface = f->section_first + p.interface;
	out->caplen = p.caplen;
	out->len = p.len;
	out->data = p.data;
	out->window = f->stream.window;
	out->options = p.options_len ? p.options : NULL;
	out->options_len = p.options_len;
	*refused = iface->bpf && !bpf_filter_match(iface->bpf, p.data, p.caplen, p.len);
	return RC_DONE;
}

static enum rc make_event(struct file_source *f, const struct pcapng_block *b, uint64_t offset,
	struct source_event *out, bool *refused, struct err *why)
{
	switch (b->type) {
	case PCAPNG_EPB: case PCAPNG_SPB: case PCAPNG_OPB:
		return add_packet(f, b, offset, out, refused, why);
	case PCAPNG_SHB:
		return begin_section(f, b, offset, out, why);
	case PCAPNG_IDB:
		return add_interface(f, b, offset, out, why);
	default:
		out->kind = SOURCE_BLOCK;
		return pcapng_check_block(b, f->big_endian, f->stream.path, offset, why);
	}
}

/* The next block, whole, in the window. */
static enum rc next_block(struct file_source *f, struct pcapng_block *b, struct err *err)
{
	struct stream *s = &f->stream;
	size_t bytes = PCAPNG_BLOCK_MIN;
	struct err why;
	enum rc rc;

	for (;;) {
		rc = stream_left(s) < bytes ? file_source_need(f, bytes, err) : RC_DONE;
		if (rc != RC_DONE)
			return rc;
		rc = pcapng_parse_block(s->data + s->pos, stream_left(s), &f->big_endian, s->path,
			stream_offset(s), b, &why);
		if (rc == RC_DONE)
			return rc;
		if (rc != RC_CUT_SHORT)
			return file_source_fail(f, &why, err);
		bytes = b->total_len;
	}
}

static enum rc pcapng_next(struct source *source, struct source_event *out, struct err *err)
{
	struct file_source *f = (struct file_source *)source;
	struct stream *s = &f->stream;
	struct pcapng_block b;
	struct err why;
	bool refused;

	if (f->stop != RC_DONE)
		return file_source_stopped(f, err);
	do {
		enum rc rc = next_block(f, &b, err);

		if (rc != RC_DONE)
			return rc;
		refused = false;
		out->offset = stream_offset(s);
		out->record_len = b.total_len;
		out->big_endian = f->big_endian;
		out->block_type = b.type;
		out->block = s->data + s->pos;
		rc = make_event(f, &b, out->offset, out, &refused, &why);
		if (rc != RC_DONE)
			return file_source_fail(f, &why, err);
		s->pos += b.total_len;
	} while (refused);
	return RC_DONE;
}

const struct source_ops pcapng_source_ops = {
	.next = pcapng_next,
	.info = file_source_info,
	.close = file_source_close,
};
