/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bytes of frames, kept while workers need them: by holding the source's windows, or in windows of copies. */
#include "session/pipeline_parts.h"

#include <string.h>

enum { COPIES = 1 << 20 };       /* a window of them, bytes; a larger frame has its own */

/* Batches of files that are merged hold windows of each: the one held last is the usual one. */
static void hold_window(struct batch *b, struct window *w)
{
	for (uint32_t i = b->n_held; i-- > 0;)
		if (b->held[i] == w)
			return;
	window_hold(w);
	b->held[b->n_held++] = w;
}

/* Room for `len` bytes in the window of copies. NULL without memory. */
static uint8_t *copy_room(struct pipeline *p, size_t len)
{
	if (!p->pool)
		p->pool = window_pool_new();
	if (!p->copies || p->copied + len > p->copies->cap) {
		window_release(p->copies);
		p->copied = 0;
		p->copies = p->pool ? window_take(p->pool, len > COPIES ? len : COPIES) : NULL;
	}
	if (!p->copies)
		return NULL;
	uint8_t *to = p->copies->bytes + p->copied;
	p->copied += len;
	return to;
}

enum rc pipeline_hold(struct pipeline *p, struct batch *b, const struct pipeline_packet *in, struct err *err)
{
	const uint8_t *data = in->frame.data;
	uint32_t len = in->whole ? in->whole : in->frame.caplen;
	struct window *window = in->window;

	if (!window) {
		uint8_t *to = copy_room(p, len);
		if (!to)
			return err_memory(err);
		if (len > 0)
			memcpy(to, data, len);
		data = to;
		window = p->copies;
	}
	hold_window(b, window);
	b->data[b->n].bytes = data;
	b->bytes += len;
	return RC_DONE;
}

void pipeline_let_go(struct batch *b)
{
	for (uint32_t i = 0; i < b->n_held; i++)
		window_release(b->held[i]);
	b->n_held = 0;
	for (uint32_t i = 0; i <= b->n && i < BATCH_PACKETS; i++) {
		announced_release(b->data[i].announced);
		b->data[i].announced = NULL;
	}
}
