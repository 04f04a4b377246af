/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "out/pcapng_out.h"

#include "base/mem.h"
#include "file/pcapng.h"
#include "out/behind.h"
#include "out/file_out.h"

#include "config.h"

#include <string.h>

enum { FLUSH_BYTES = 1 << 18 }; /* written at once */

/* Interfaces of one source: number in the file + 1 by point number; 0: not written yet. */
struct source_map {
	uint32_t *ids;
	size_t cap;
};

struct pcapng_out {
	struct file_out file;
	struct behind *behind;
	struct buf buf; /* blocks not yet handed on */
	struct buf options; /* of the packet at hand, little-endian */
	struct source_map *sources;
	size_t sources_cap;
	uint32_t interfaces;
	uint64_t packets;
};

static void pcapng_out_free(struct pcapng_out *o)
{
	for (size_t i = 0; i < o->sources_cap; i++)
		mem_free(o->sources[i].ids);
	mem_free(o->sources);
	behind_free(o->behind);
	buf_free(&o->buf);
	buf_free(&o->options);
	mem_free(o);
}

static void put_section(struct pcapng_out *o)
{
	struct buf options;

	buf_init(&options);
	pcapng_put_option(
		&options, PCAPNG_SHB_USERAPPL, PACKAGE_STRING, strlen(PACKAGE_STRING));
	pcapng_put_section(&o->buf, &options);
	if (options.failed)
		o->buf.failed = true;
	buf_free(&options);
}

enum rc pcapng_out_open(const char *path, bool force, struct pcapng_out **out, struct err *err)
{
	struct pcapng_out *o = mem_calloc(1, sizeof(*o));

	if (!o)
		return err_memory(err);
	enum rc rc = behind_new(&o->file, &o->behind, err);
	if (rc == RC_DONE)
		rc = file_out_open(&o->file, path, force, err);
	if (rc != RC_DONE) {
		behind_free(o->behind);
		mem_free(o);
		return rc;
	}
	buf_init(&o->buf);
	buf_init(&o->options);
	put_section(o);
	*out = o;
	return RC_DONE;
}

static enum rc flush(struct pcapng_out *o, struct err *err)
{
	return o->buf.failed ? err_memory(err) : behind_write(o->behind, &o->buf, err);
}

static enum rc flush_last(struct pcapng_out *o, struct err *err)
{
	return o->buf.failed ? err_memory(err) : behind_end(o->behind, &o->buf, err);
}

/* What the interface of a classic capture file would have said. */
static void build_options(struct buf *b, const struct point_info *p)
{
	if (p->name[0])
		pcapng_put_option(b, PCAPNG_IF_NAME, p->name, strlen(p->name));
	if (p->description[0])
		pcapng_put_option(
			b, PCAPNG_IF_DESCRIPTION, p->description, strlen(p->description));
	if (p->tsresol != 6)
		pcapng_put_option(b, PCAPNG_IF_TSRESOL, &p->tsresol, 1);
	if (p->fcs_len)
		pcapng_put_option(b, PCAPNG_IF_FCSLEN, &p->fcs_len, 1);
	if (p->tsoffset_s != 0) {
		struct buf le;
		buf_init(&le);
		buf_put_le64(&le, (uint64_t)p->tsoffset_s);
		pcapng_put_option(b, PCAPNG_IF_TSOFFSET, le.data, le.len);
		b->failed |= le.failed;
		buf_free(&le);
	}
}

static void put_interface(struct pcapng_out *o, const struct point_info *point,
	const void *options, size_t options_len)
{
	struct buf b;

	buf_init(&b);
	if (options_len > 0)
		pcapng_copy_options(&b, PCAPNG_IDB, options, options_len, false);
	else
		build_options(&b, point);
	pcapng_put_interface(&o->buf, point->linktype, point->snaplen, &b);
	o->buf.failed |= b.failed;
	buf_free(&b);
}

/* The slot of a point; NULL without memory. */
static uint32_t *interface_slot(struct pcapng_out *o, unsigned source, uint32_t point)
{
	size_t old = o->sources_cap;

	if (mem_grow(&o->sources, &o->sources_cap, (size_t)source + 1, sizeof(*o->sources)) !=
		0)
		return NULL;
	if (o->sources_cap > old)
		memset(&o->sources[old], 0, (o->sources_cap - old) * sizeof(*o->sources));
	struct source_map *m = &o->sources[source];
	old = m->cap;
	if (mem_grow(&m->ids, &m->cap, (size_t)point + 1, sizeof(*m->ids)) != 0)
		return NULL;
	if (m->cap > old)
		memset(&m->ids[old], 0, (m->cap - old) * sizeof(*m->ids));
	return &m->ids[point];
}

/* The packet's own; a packet without a time gets its predecessor's and says so, as in a store's blocks. */
static void put_options(struct pcapng_out *o, const struct raw_packet *p)
{
	buf_clear(&o->options);
	if (p->options_len > 0)
		pcapng_copy_options(
			&o->options, PCAPNG_EPB, p->options, p->options_len, p->big_endian);
	if (p->time_unknown)
		pcapng_put_own_option(&o->options, PCAPNG_OWN_TIME_UNKNOWN, NULL, 0);
}

enum rc pcapng_out_packet(struct pcapng_out *o, unsigned source, const struct point_info *point,
	const void *point_options, size_t point_options_len, const struct raw_packet *p,
	struct err *err)
{
	uint32_t *id = interface_slot(o, source, point->number);

	if (!id)
		return err_memory(err);
	if (*id == 0) {
		put_interface(o, point, point_options, point_options_len);
		*id = ++o->interfaces;
	}
	put_options(o, p);
	uint64_t timestamp = p->time_unknown
		? pcapng_timestamp(point->tsresol, point->tsoffset_s, p->time_ns)
		: p->timestamp;
	pcapng_put_packet(&o->buf, *id - 1, timestamp, p->caplen, p->len, p->data,
		o->options.data, o->options.len);
	o->packets++;
	if (o->options.failed)
		return err_memory(err);
	return o->buf.failed || o->buf.len >= FLUSH_BYTES ? flush(o, err) : RC_DONE;
}

uint64_t pcapng_out_count(const struct pcapng_out *o)
{
	return o->packets;
}

enum rc pcapng_out_close(struct pcapng_out *o, struct err *err)
{
	enum rc rc = flush_last(o, err);

	if (rc == RC_DONE)
		rc = file_out_close(&o->file, err);
	else
		file_out_abandon(&o->file);
	pcapng_out_free(o);
	return rc;
}

void pcapng_out_abandon(struct pcapng_out *o)
{
	behind_free(o->behind);      /* no byte more, then the file goes */
	o->behind = NULL;
	file_out_abandon(&o->file);
	pcapng_out_free(o);
}
