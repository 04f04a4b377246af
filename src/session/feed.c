/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/feed.h"

#include "base/mem.h"
#include "file/pcapng.h"
#include "flow/observation.h"

#include <stdio.h>
#include <string.h>

void feed_free(struct feed *f)
{
	source_close(f->source);
	mem_free(f->v);
	memset(f, 0, sizeof(*f));
}

enum rc feed_add_interface(struct feed *f, const struct source_event *e, uint32_t point, struct err *err)
{
	if (mem_grow(&f->v, &f->cap, f->n + 1, sizeof(*f->v)) != 0)
		return err_memory(err);
	f->v[f->n++] = (struct feed_interface){
		.point = point, .linktype = e->iface.linktype, .fcs_len = e->iface.fcs_len,
		.tsresol = e->iface.tsresol, .tsoffset_s = e->iface.tsoffset_s,
	};
	return RC_DONE;
}

/* The description of an interface; number and uuid come from the store unless the source has one. */
static void describe(const struct source_event *e, struct point_info *out)
{
	const struct source_interface *i = &e->iface;

	memset(out, 0, sizeof(*out));
	out->linktype = i->linktype;
	out->snaplen = i->snaplen;
	out->tsresol = i->tsresol;
	out->tsoffset_s = i->tsoffset_s;
	out->fcs_len = i->fcs_len;
	out->file_offset = e->offset;
	snprintf(out->name, sizeof(out->name), "%s", i->name ? i->name : "");
	snprintf(out->description, sizeof(out->description), "%s", i->description ? i->description : "");
	if (i->uuid)
		memcpy(out->uuid, i->uuid, sizeof(out->uuid));
}

enum rc feed_make_point(struct feed *f, struct store *store, const struct source_event *e,
	struct point_info *point, struct buf *options, struct err *err)
{
	describe(e, point);
	if (store_kind(store) == STORE_OWN)
		point->file_offset = 0;
	if (e->iface.options)
		pcapng_copy_options(options, PCAPNG_IDB, e->iface.options, e->iface.options_len,
			e->big_endian);
	if (options->failed)
		return err_memory(err);
	enum rc rc = store_add_point(store, point, options->data, options->len, err);
	return rc == RC_DONE ? feed_add_interface(f, e, point->number, err) : rc;
}

void feed_packet(const struct feed *f, const struct source_event *e, struct pipeline_packet *out)
{
	const struct feed_interface *i = &f->v[e->interface];

	out->frame = (struct decode_frame){
		.linktype = i->linktype, .fcs_len = i->fcs_len, .verify = f->verify_checksums,
		.data = e->data, .caplen = e->caplen, .len = e->len,
	};
	out->window = e->window;
	out->time_ns = e->time_ns;
	out->time_unknown = e->time_unknown;
	out->time_saturated = e->time_saturated;
	out->point = i->point;
	out->whole = 0;
}

bool feed_dropped(const struct feed *f, const struct source_event *e, uint32_t *interface,
	uint64_t *dropped)
{
	enum { HEAD = 8, FIXED = 12 };

	if (e->kind != SOURCE_BLOCK || e->block_type != PCAPNG_ISB || e->record_len < HEAD + FIXED + 4)
		return false;
	const uint8_t *body = e->block + HEAD;
	*interface = f->first_of_section + (e->big_endian ? load_be32(body) : load_le32(body));
	return *interface < f->n &&
		pcapng_dropped(body + FIXED, e->record_len - HEAD - FIXED - 4, e->big_endian, dropped);
}

void feed_names(const struct source_event *e, struct pipeline *to)
{
	enum { HEAD = 8, TAIL = 4 };
	struct pcapng_names names;
	const char *name;
	size_t len;

	if (e->kind != SOURCE_BLOCK || e->block_type != PCAPNG_NRB || e->record_len < HEAD + TAIL)
		return;
	pcapng_names_init(&names, e->block + HEAD, e->record_len - HEAD - TAIL, e->big_endian);
	while (pcapng_names_next(&names, &name, &len)) {
		struct observation o = {.by = SEEN_CAPTURE, .name = name};

		o.addr.kind = names.addr_len == 4 ? ADDR_IPV4 : names.addr_len == 16 ? ADDR_IPV6 : ADDR_LINK;
		memcpy(o.addr.bytes, names.addr, names.addr_len);
		o.len = (uint8_t)(len < OBSERVED_NAME_MAX ? len : OBSERVED_NAME_MAX);
		pipeline_name(to, &o);
	}
}
