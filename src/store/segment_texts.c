/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Texts of a segment: records name them by number, each stands there once. Written in the order in which microflow parts name
 * them first, so that it is the same whatever pool they came from.
 */
#include "store/segment_reader.h"
#include "store/segment_writer.h"

#include "base/mem.h"

#include <assert.h>
#include <string.h>

/* ---- writing ---------------------------------------------------------------------------- */

/* The number that a text of the writer's pool has in the segment, from 1. 0: no memory. */
static uint32_t text_number(struct segment_writer *w, uint32_t text)
{
	size_t before = w->text_numbers_cap;

	assert(text <= texts_count(w->texts));
	if (mem_grow(&w->text_numbers, &w->text_numbers_cap, (size_t)text + 1, sizeof(*w->text_numbers)) != 0)
		return 0;
	if (w->text_numbers_cap > before)
		memset(w->text_numbers + before, 0, (w->text_numbers_cap - before) * sizeof(*w->text_numbers));
	if (w->text_numbers[text] != 0)
		return w->text_numbers[text];
	if (mem_grow(&w->text_order, &w->text_order_cap, (size_t)w->n_texts + 1, sizeof(*w->text_order)) != 0)
		return 0;
	w->text_order[w->n_texts++] = text;
	return w->text_numbers[text] = w->n_texts;
}

bool writer_number_text(struct segment_writer *w, uint32_t *text)
{
	if (*text == 0)
		return true;
	*text = text_number(w, *text);
	return *text != 0;
}

bool writer_number_texts(struct segment_writer *w, struct counters *c)
{
	for (unsigned slot = 0; slot < RECORD_TEXTS; slot++)
		if (!writer_number_text(w, &c->text[slot]))
			return false;
	return true;
}

void writer_clear_texts(struct segment_writer *w)
{
	texts_clear(w->texts);
	if (w->text_numbers)
		memset(w->text_numbers, 0, w->text_numbers_cap * sizeof(*w->text_numbers));
	w->n_texts = 0;
}

struct texts *segment_writer_texts(struct segment_writer *w)
{
	return w->texts;
}

void build_texts(struct segment_writer *w)
{
	struct section_out *o = &w->out[SECTION_TEXTS];

	for (uint32_t from = 0; from < w->n_texts; from += TEXTS_CHUNK) {
		uint32_t n = w->n_texts - from < TEXTS_CHUNK ? w->n_texts - from : TEXTS_CHUNK;

		for (uint32_t i = from; i < from + n; i++) {
			size_t len;
			const char *text = texts_get(w->texts, w->text_order[i], &len);

			buf_put_u8(&o->data, (uint8_t)len);
			buf_put(&o->data, text, len);
		}
		section_end_chunk(o, from);
		buf_put_le32(&o->dir, n);
		buf_put_le32(&o->dir, 0);
	}
}

/* ---- reading ---------------------------------------------------------------------------- */

bool texts_sound(struct segment *s)
{
	const struct section_in *in = &s->sections[SECTION_TEXTS];
	uint64_t n = 0;

	for (uint32_t i = 0; i < in->chunks; i++) {
		uint32_t here = load_le32(chunk_entry(in, i) + 24);

		if (chunk_first(in, i) != n || here == 0 || here > TEXTS_CHUNK ||
			load_le32(chunk_entry(in, i) + 4) < (uint64_t)here * 2)
			return false;
		n += here;
	}
	s->n_texts = (uint32_t)n;
	return n <= (uint64_t)s->info.micro_parts * (RECORD_TEXTS + MEDIA_TEXTS);
}

void segment_give_texts(struct segment *s, struct texts *pool)
{
	s->texts = pool;
	mem_free(s->text_map);
	s->text_map = NULL;
}

enum rc segment_text(struct segment *s, uint32_t number, const char **text, size_t *len, struct err *err)
{
	uint32_t chunk, left;
	struct cursor in;
	enum rc rc;

	if (number == 0 || number > s->n_texts)
		return segment_damaged(s, SECTION_TEXTS, 0, err, "a text that is not there");
	chunk = chunk_find(&s->sections[SECTION_TEXTS], number - 1);
	rc = chunk_open(s, SECTION_TEXTS, chunk, &in, err);
	if (rc != RC_DONE)
		return rc;
	left = number - 1 - (uint32_t)chunk_first(&s->sections[SECTION_TEXTS], chunk);
	for (; left > 0; left--)
		cursor_skip(&in, cursor_u8(&in));
	*len = cursor_u8(&in);
	*text = (const char *)cursor_bytes(&in, *len);
	if (!*text || *len == 0)
		return chunk_damaged(s, SECTION_TEXTS, chunk, &in, err, "a text that cannot be");
	return RC_DONE;
}

static enum rc give_text(struct segment *s, uint32_t number, uint32_t *out, struct err *err)
{
	const char *text;
	size_t len;
	enum rc rc;

	if (!s->text_map) {
		s->text_map = mem_calloc((size_t)s->n_texts + 1, sizeof(*s->text_map));
		if (!s->text_map)
			return err_memory(err);
	}
	if (number > s->n_texts || s->text_map[number] == 0) {
		rc = segment_text(s, number, &text, &len, err);
		if (rc != RC_DONE)
			return rc;
		s->text_map[number] = texts_add(s->texts, text, len);
	}
	*out = s->text_map[number];
	return RC_DONE;
}

enum rc segment_map_text(struct segment *s, uint32_t *number, struct err *err)
{
	if (*number == 0)
		return RC_DONE;
	if (*number > s->n_texts)
		return segment_damaged(s, SECTION_TEXTS, 0, err, "a text that is not there");
	return s->texts ? give_text(s, *number, number, err) : RC_DONE;
}

enum rc segment_map_texts(struct segment *s, struct counters *c, struct err *err)
{
	enum rc rc = RC_DONE;

	for (unsigned slot = 0; rc == RC_DONE && slot < RECORD_TEXTS; slot++) {
		if (c->text[slot] == 0)
			continue;
		rc = segment_map_text(s, &c->text[slot], err);
		if (rc == RC_DONE && c->text[slot] == 0)
			c->known &= ~FIELD_BIT(FIELD_APP + slot);
	}
	return rc;
}
