/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packets of a pcap file. */
#include "capture/source_ops.h"

#include <string.h>

enum rc pcap_source_open(struct file_source *f, struct err *err)
{
	struct stream *s = &f->stream;
	struct file_interface iface = { 0 };
	enum rc rc = stream_fill(s, PCAP_HEADER, err);

	if (rc == RC_DONE)
		rc = pcap_parse_header(s->data + s->pos, s->path, &f->pcap, err);
	if (rc == RC_DONE)
		rc = stream_fill(s, f->pcap.file_header, err);
	if (rc == RC_END)
		return err_set_at(err, RC_CUT_SHORT, s->path, stream_left(s),
			"the file ends in its header");
	if (rc != RC_DONE)
		return rc;
	memcpy(f->pcap_header, s->data + s->pos, f->pcap.file_header);
	s->pos += f->pcap.file_header;
	f->big_endian = f->pcap.big_endian;
	iface.linktype = f->pcap.linktype;
	iface.snaplen = f->pcap.snaplen;
	iface.tsresol = f->pcap.nanoseconds ? 9 : 6;
	return file_source_add(f, &iface, err);
}

/* The file's one interface, before its packets. */
static void describe(struct file_source *f, struct source_event *out)
{
	f->described = true;
	*out = (struct source_event){
		.kind = SOURCE_INTERFACE,
		.record_len = f->pcap.file_header,
		.big_endian = f->big_endian,
		.block = f->pcap_header,
		.iface = {
			.linktype = f->pcap.linktype,
			.snaplen = f->pcap.snaplen,
			.tsresol = f->iface[0].tsresol,
			.fcs_len = f->pcap.fcs_len,
			.name = "",
			.description = "",
		},
	};
}

static enum rc implausible(struct file_source *f, const struct pcap_record *r, struct err *err)
{
	struct err why;

	err_damaged(&why, f->stream.path, stream_offset(&f->stream),
		"a packet of %u bytes is claimed, with a snap length of %u", r->caplen,
		f->pcap.snaplen);
	return file_source_fail(f, &why, err);
}

/* The next record's header and bytes in the window. */
static enum rc next_record(struct file_source *f, struct pcap_record *r, struct err *err)
{
	struct stream *s = &f->stream;
	size_t header = f->pcap.record_header;
	enum rc rc;

	if (stream_left(s) < header && (rc = file_source_need(f, header, err)) != RC_DONE)
		return rc;
	pcap_parse_record(&f->pcap, s->data + s->pos, r);
	if (!pcap_record_plausible(&f->pcap, r))
		return implausible(f, r, err);
	if (stream_left(s) < header + r->caplen)
		return file_source_need(f, header + r->caplen, err);
	return RC_DONE;
}

static enum rc pcap_next(struct source *source, struct source_event *out, struct err *err)
{
	struct file_source *f = (struct file_source *)source;
	struct stream *s = &f->stream;
	size_t header = f->pcap.record_header;
	const struct bpf_filter *bpf = f->iface[0].bpf;
	struct pcap_record r;

	if (f->stop != RC_DONE)
		return file_source_stopped(f, err);
	if (!f->described) {
		describe(f, out);
		return RC_DONE;
	}
	do {
		enum rc rc = next_record(f, &r, err);

		if (rc != RC_DONE)
			return rc;
		out->offset = stream_offset(s);
		out->data = s->data + s->pos + header;
		out->window = s->window;
		s->pos += header + r.caplen;
	} while (bpf && !bpf_filter_match(bpf, out->data, r.caplen, r.len));
	out->kind = SOURCE_PACKET;
	out->record_len = (uint32_t)header + r.caplen;
	out->big_endian = f->big_endian;
	out->time_unknown = false;
	out->time_saturated = r.time_saturated;
	out->interface = 0;
	out->time_ns = r.time_ns;
	out->timestamp = r.timestamp;
	out->caplen = r.caplen;
	out->len = r.len;
	out->options = NULL;
	out->options_len = 0;
	return RC_DONE;
}

const struct source_ops pcap_source_ops = {
	.next = pcap_next,
	.info = file_source_info,
	.close = file_source_close,
};
