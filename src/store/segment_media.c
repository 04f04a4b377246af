/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Media of microflow parts: behind the counters of those that have any. */
#include "store/segment_reader.h"
#include "store/segment_writer.h"

/* ---- writing ---------------------------------------------------------------------------- */

void segment_writer_media(struct segment_writer *w, const struct media *m)
{
	w->media = *m;
	w->has_media = true;
}

void writer_put_media(struct segment_writer *w, size_t *len)
{
	size_t at = w->bytes.len;

	*len = 0;
	if (!w->has_media)
		return;
	w->has_media = false;
	for (unsigned slot = 0; slot < MEDIA_TEXTS; slot++)
		w->failed |= !writer_number_text(w, &w->media.text[slot]);
	buf_clear(&w->media_bytes);
	media_encode(&w->media, NULL, &w->media_bytes);
	buf_put_varint(&w->bytes, w->media_bytes.len);
	buf_put(&w->bytes, w->media_bytes.data, w->media_bytes.len);
	w->failed |= w->media_bytes.failed;
	*len = w->bytes.len - at;
}

/* ---- reading ---------------------------------------------------------------------------- */

enum rc segment_media(const struct segment_cursor *c, struct media *out, struct err *err)
{
	struct cursor in;
	enum rc rc = chunk_open(c->s, SECTION_FLOWS, c->media_chunk, &in, err);

	if (rc != RC_DONE)
		return rc;
	cursor_skip(&in, c->media_pos);
	cursor_limit(&in, c->media_len);
	media_decode(&in, false, NULL, out);
	if (in.truncated || cursor_left(&in) > 0)
		return chunk_damaged(c->s, SECTION_FLOWS, c->media_chunk, &in, err, "media that cannot be");
	for (unsigned slot = 0; rc == RC_DONE && slot < MEDIA_TEXTS; slot++)
		rc = segment_map_text(c->s, &out->text[slot], err);
	return rc;
}

enum rc segment_join_media(const struct segment_cursor *c, struct media **whole, struct err *err)
{
	struct media part;
	enum rc rc;

	if (!segment_has_media(c))
		return RC_DONE;
	rc = segment_media(c, &part, err);
	return rc == RC_DONE ? media_join(whole, &part, err) : rc;
}
