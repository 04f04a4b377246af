/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A feed: one source on its way into a store. Keeps what its interfaces became (capture points of the store) and turns
 * events into what the pipeline and the store want. Private to the session layer. One thread.
 */
#ifndef FLOWDRILL_SESSION_FEED_H
#define FLOWDRILL_SESSION_FEED_H

#include "capture/source.h"
#include "session/pipeline.h"
#include "store/store.h"

struct feed_interface {
	uint32_t point, linktype;
	uint8_t fcs_len, tsresol;
	int64_t tsoffset_s;
};

struct feed {
	struct source *source;
	struct feed_interface *v;    /* by the source's number of the interface */
	size_t n, cap;
	uint32_t first_of_section;   /* source's number of the section's first interface */
	bool verify_checksums;
};

void feed_free(struct feed *f);
/* An interface whose point is known already. */
enum rc feed_add_interface(struct feed *f, const struct source_event *e, uint32_t point, struct err *err);
/*
 * A SOURCE_INTERFACE event becomes a capture point of the store: *point describes it, its options are in
 * *options (little-endian; the caller frees them, on failure too).
 */
enum rc feed_make_point(struct feed *f, struct store *store, const struct source_event *e,
	struct point_info *point, struct buf *options, struct err *err);
/* A SOURCE_PACKET event as the pipeline takes it; offset and record_len are the caller's. */
void feed_packet(const struct feed *f, const struct source_event *e, struct pipeline_packet *out);
/* If the event is interface statistics with a number of dropped packets: true, with the source's interface. */
bool feed_dropped(const struct feed *f, const struct source_event *e, uint32_t *interface, uint64_t *dropped);

/* If the event is a block of names: the pipeline is told. */
void feed_names(const struct source_event *e, struct pipeline *to);

#endif
