/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A stored packet as a tree: a first layer with what capture and index know of it (times,
 * lengths, place, its comments), then its decoded layers. Stateless.
 */
#ifndef FLOWDRILL_UI_PACKET_FRAME_H
#define FLOWDRILL_UI_PACKET_FRAME_H

#include "query/query.h"
#include "ui/packet_tree.h"

/* *t is zeroed; on failure it is the caller's to free. */
enum rc packet_frame_decode(struct packet_tree *t, const struct query_holder *holder,
	const struct cell_style *style, struct err *err);

#endif
