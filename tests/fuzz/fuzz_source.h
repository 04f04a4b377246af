/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the fuzzers of capture files share: reads all events of a source, touches every byte that they
 * point to, and checks what source.h promises.
 */
#ifndef FLOWDRILL_TESTS_FUZZ_FUZZ_SOURCE_H
#define FLOWDRILL_TESTS_FUZZ_FUZZ_SOURCE_H

#include "capture/source.h"

#include <stdlib.h>
#include <string.h>

static volatile uint8_t fuzz_sink;

static inline void fuzz_require(bool holds)
{
	if (!holds)
		abort();
}

static inline void fuzz_touch(const void *bytes, size_t len)
{
	const uint8_t *b = bytes;

	for (size_t i = 0; i < len; i++)
		fuzz_sink = (uint8_t)(fuzz_sink ^ b[i]);
}

/* How far we are, for resuming: the interfaces of the section. */
struct fuzz_state {
	struct source_resume resume;
	struct source_interface iface[16];
	uint64_t total;          /* interfaces of the whole source */
	uint64_t end;            /* where the next record must begin */
	uint64_t packets;
};

static inline void fuzz_event(struct fuzz_state *f, const struct source_event *e)
{
	fuzz_require(e->offset == f->end && e->record_len > 0);
	f->end = e->offset + e->record_len;
	f->resume.big_endian = e->big_endian;
	if (e->kind != SOURCE_PACKET)
		fuzz_touch(e->block, e->record_len);
	switch (e->kind) {
	case SOURCE_PACKET:
		fuzz_require(e->interface < f->total && e->caplen <= e->record_len);
		fuzz_touch(e->data, e->caplen);
		fuzz_touch(e->options, e->options_len);
		f->resume.last_time_ns = e->time_ns;
		f->packets++;
		break;
	case SOURCE_INTERFACE:
		fuzz_require(e->interface == f->total);
		fuzz_touch(e->iface.name, strlen(e->iface.name));
		fuzz_touch(e->iface.description, strlen(e->iface.description));
		fuzz_touch(e->iface.options, e->iface.options_len);
		fuzz_touch(e->iface.uuid, e->iface.uuid ? 16 : 0);
		if (f->resume.interfaces < 16)
			f->iface[f->resume.interfaces] = e->iface;
		f->resume.interfaces++;
		f->total++;
		break;
	case SOURCE_SECTION:
		f->resume.section_first += f->resume.interfaces;
		f->resume.interfaces = 0;
		break;
	default:
		break;
	}
}

/* Reads `stop` events, or all; what the last call returned. */
static inline enum rc fuzz_read(struct source *s, struct fuzz_state *f, uint64_t stop)
{
	struct source_event e;
	struct err err = { 0 };
	struct source_info info;
	enum rc rc = RC_DONE;

	memset(&e, 0, sizeof(e));
	for (uint64_t n = 0; n < stop && (rc = source_next(s, &e, &err)) == RC_DONE; n++)
		fuzz_event(f, &e);
	source_info(s, &info);
	fuzz_require(info.position <= info.size);
	fuzz_require(rc == RC_DONE || source_next(s, &e, NULL) == rc);
	fuzz_require(rc != RC_DAMAGED || (err.has_offset && err.offset >= f->end));
	return rc;
}

/* The whole, then in two halves: the second half goes on where the first stopped. */
static inline void fuzz_source(const uint8_t *data, size_t len)
{
	struct fuzz_state whole = { 0 }, half = { 0 };
	struct source_options o = { 0 };
	struct source *s;
	enum rc rc, again;

	if (source_open_memory("fuzz", data, len, NULL, &s, NULL) != RC_DONE)
		return;
	rc = fuzz_read(s, &whole, UINT64_MAX);
	source_close(s);
	fuzz_require(source_open_memory("fuzz", data, len, NULL, &s, NULL) == RC_DONE);
	again = fuzz_read(s, &half, whole.packets / 2 + 1);
	source_close(s);
	if (again != RC_DONE || half.resume.interfaces > 16)
		return;
	half.resume.iface = half.iface;
	o.start = half.end;
	o.resume = &half.resume;
	fuzz_require(source_open_memory("fuzz", data, len, &o, &s, NULL) == RC_DONE);
	again = fuzz_read(s, &half, UINT64_MAX);
	source_close(s);
	fuzz_require(again == rc && half.end == whole.end && half.packets == whole.packets &&
		half.total == whole.total);
}

#endif
