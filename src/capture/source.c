/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sources in general, and what capture files of both formats have in common. */
#include "capture/source_ops.h"

#include "base/mem.h"
#include "base/trace.h"

enum rc source_next(struct source *s, struct source_event *out, struct err *err)
{
	return s->ops->next(s, out, err);
}

void source_info(const struct source *s, struct source_info *out)
{
	s->ops->info(s, out);
}

void source_close(struct source *s)
{
	if (s)
		s->ops->close(s);
}

/* ---- capture files ---- */

void file_source_drop(struct file_source *f)
{
	for (uint32_t i = 0; i < f->interfaces; i++)
		bpf_filter_free(f->iface[i].bpf);
	f->interfaces = 0;
}

void file_source_close(struct source *s)
{
	struct file_source *f = (struct file_source *)s;

	file_source_drop(f);
	mem_free(f->iface);
	mem_free(f->name);
	mem_free(f->description);
	mem_free(f->bpf);
	stream_close(&f->stream);
	mem_free(f);
}

void file_source_info(const struct source *s, struct source_info *out)
{
	const struct file_source *f = (const struct file_source *)s;
	const struct stream *st = &f->stream;

	*out = (struct source_info){
		.kind = f->kind,
		.wrapper = st->wrapper,
		.size = st->size,
		.position = st->codec ? st->raw_at : stream_offset(st),
		.cut_short = f->cut_short,
	};
}

enum rc file_source_stopped(const struct file_source *f, struct err *err)
{
	if (f->stop != RC_END && err)
		*err = f->stop_err;
	return f->stop;
}

static void stop(struct file_source *f, enum rc rc)
{
	f->stop = rc;
	TRACE(TRACE_CAPTURE, "%s: %s at %llu%s", f->stream.path, rc_name(rc),
		(unsigned long long)stream_offset(&f->stream), f->cut_short ? ", cut short" : "");
}

enum rc file_source_fail(struct file_source *f, const struct err *why, struct err *err)
{
	f->stop_err = *why;
	stop(f, why->rc);
	return file_source_stopped(f, err);
}

enum rc file_source_need(struct file_source *f, size_t bytes, struct err *err)
{
	struct err why;
	enum rc rc = stream_fill(&f->stream, bytes, &why);

	if (rc == RC_DONE)
		return rc;
	if (rc != RC_END)
		return file_source_fail(f, &why, err);
	f->cut_short = stream_left(&f->stream) > 0 || f->stream.truncated;
	stop(f, rc);
	return rc;
}

enum rc file_source_add(struct file_source *f, const struct file_interface *iface, struct err *err)
{
	struct file_interface *to;
	bool decimal = iface->tsresol <= 9 && iface->tsoffset_s == 0;

	if (f->section_first + f->interfaces >= SOURCE_INTERFACES_MAX)
		return err_set_at(err, RC_LIMIT, f->stream.path, stream_offset(&f->stream),
			"more than %d interfaces", SOURCE_INTERFACES_MAX);
	if (mem_grow(&f->iface, &f->iface_cap, f->interfaces + 1, sizeof(*f->iface)) != 0)
		return err_memory(err);
	to = &f->iface[f->interfaces];
	*to = *iface;
	to->unit_ns = decimal;
	for (unsigned i = iface->tsresol; decimal && i < 9; i++)
		to->unit_ns *= 10;
	to->bpf = NULL;
	if (f->bpf) {
		enum rc rc = bpf_filter_compile(f->bpf, to->linktype, to->snaplen, &to->bpf, err);

		if (rc != RC_DONE)
			return rc;
	}
	f->interfaces++;
	return RC_DONE;
}

/* The interfaces that were known at the place where reading begins. */
static enum rc apply_resume(struct file_source *f, const struct source_options *options,
	struct err *err)
{
	const struct source_resume *r = options->resume;
	enum rc rc = RC_DONE;

	/* a pcap's header says all of it */
	f->described = true;
	if (f->kind == FILE_PCAP)
		return stream_seek(&f->stream, options->start, err);
	file_source_drop(f);
	f->big_endian = r->big_endian;
	f->section_first = r->section_first;
	f->last_time_ns = r->last_time_ns;
	for (uint32_t i = 0; i < r->interfaces && rc == RC_DONE; i++) {
		const struct file_interface iface = {
			.linktype = r->iface[i].linktype,
			.snaplen = r->iface[i].snaplen,
			.tsresol = r->iface[i].tsresol,
			.tsoffset_s = r->iface[i].tsoffset_s,
		};

		rc = file_source_add(f, &iface, err);
	}
	return rc == RC_DONE ? stream_seek(&f->stream, options->start, err) : rc;
}

static enum rc refuse(const struct file_source *f, enum file_kind kind, struct err *err)
{
	const char *path = f->stream.path;

	switch (kind) {
	case FILE_EMPTY:
		return err_set(err, RC_CUT_SHORT, path, "the file is empty");
	case FILE_GZIP: case FILE_ZSTD:
		return err_set(err, RC_UNSUPPORTED, path, "compressed twice");
	case FILE_SNOOP:
		return err_set(err, RC_UNSUPPORTED, path,
			"a snoop capture; convert it to pcapng first");
	case FILE_INDEX:
		return err_set(err, RC_UNSUPPORTED, path, "an index, not a capture");
	default:
		return err_set(err, RC_UNSUPPORTED, path,
			"not a capture file: neither pcap nor pcapng");
	}
}

/* Finds out what is inside and reads its header. */
static enum rc open_format(struct file_source *f, struct err *err)
{
	enum rc rc = stream_fill(&f->stream, 16, err);

	if (rc != RC_DONE && rc != RC_END)
		return rc;
	f->kind = file_kind(f->stream.data + f->stream.pos, stream_left(&f->stream));
	switch (f->kind) {
	case FILE_PCAP:
		f->source.ops = &pcap_source_ops;
		return pcap_source_open(f, err);
	case FILE_PCAPNG:
		f->source.ops = &pcapng_source_ops;
		return pcapng_source_open(f, err);
	default:
		return refuse(f, f->kind, err);
	}
}

static enum rc open_with(struct file_source *f, const struct source_options *options,
	struct source **out, struct err *err)
{
	enum rc rc = RC_DONE;

	if (options && options->bpf && !(f->bpf = mem_strdup(options->bpf)))
		rc = err_memory(err);
	if (rc == RC_DONE)
		rc = open_format(f, err);
	if (rc == RC_DONE && options && options->resume)
		rc = apply_resume(f, options, err);
	if (rc != RC_DONE)
		file_source_close(&f->source);
	else
		*out = &f->source;
	return rc;
}

enum rc source_open_file(const char *path, const struct source_options *options,
	struct source **out, struct err *err)
{
	struct file_source *f = mem_calloc(1, sizeof(*f));
	enum rc rc;

	if (!f)
		return err_memory(err);
	rc = stream_open_file(&f->stream, path, err);
	if (rc != RC_DONE) {
		mem_free(f);
		return rc;
	}
	return open_with(f, options, out, err);
}

enum rc source_open_memory(const char *name, const void *bytes, size_t len,
	const struct source_options *options, struct source **out, struct err *err)
{
	struct file_source *f = mem_calloc(1, sizeof(*f));
	enum rc rc;

	if (!f)
		return err_memory(err);
	rc = stream_open_memory(&f->stream, name, bytes, len, err);
	if (rc != RC_DONE) {
		mem_free(f);
		return rc;
	}
	return open_with(f, options, out, err);
}
