/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flow/media.h"

#include "base/mem.h"

#include <string.h>

enum rule { SUM, MAX, MIN };

/* All others are sums. */
static const uint8_t rules[MEDIA_FIGURES] = {
	[MEDIA_JITTER_MAX] = MAX, [MEDIA_MOS_MIN] = MIN, [MEDIA_REPORT_JITTER_MAX] = MAX, [MEDIA_RTT_MAX] = MAX,
};

static void merge_figure(enum media_figure f, uint64_t *whole, uint64_t part)
{
	if (rules[f] == SUM)
		*whole += part;
	else if (rules[f] == MAX ? part > *whole : part != 0 && (*whole == 0 || part < *whole))
		*whole = part;
}

void media_text(struct media *m, enum media_text slot, uint32_t number)
{
	unsigned bit = 1u << slot;

	if (number == 0 || m->text[slot] == number || (m->mixed & bit))
		return;
	if (m->text[slot] == 0) {
		m->text[slot] = number;
		return;
	}
	m->text[slot] = 0;
	m->mixed |= (uint8_t)bit;
}

void media_merge(struct media *whole, const struct media *part)
{
	for (unsigned dir = 0; dir < 2; dir++)
		for (enum media_figure f = 0; f < MEDIA_FIGURES; f++)
			merge_figure(f, &whole->v[dir][f], part->v[dir][f]);
	for (enum media_text slot = 0; slot < MEDIA_TEXTS; slot++) {
		media_text(whole, slot, part->text[slot]);
		if (part->mixed & 1u << slot)
			whole->text[slot] = 0;
	}
	whole->mixed |= part->mixed;
}

enum rc media_join(struct media **whole, const struct media *part, struct err *err)
{
	if (!part)
		return RC_DONE;
	if (!*whole)
		*whole = mem_calloc(1, sizeof(**whole));
	if (!*whole)
		return err_memory(err);
	media_merge(*whole, part);
	return RC_DONE;
}

void media_free(struct media *m)
{
	mem_free(m);
}

void media_move_texts(struct media *m, const struct texts *from, struct texts *to)
{
	for (enum media_text slot = 0; slot < MEDIA_TEXTS; slot++) {
		size_t len;
		const char *text = texts_get(from, m->text[slot], &len);

		m->text[slot] = texts_add(to, text, len);
	}
}

uint64_t media_both(const struct media *m, enum media_figure f)
{
	uint64_t v = m->v[0][f];

	merge_figure(f, &v, m->v[1][f]);
	return v;
}

void media_count_marks(uint64_t marked[MEDIA_MARKS], uint32_t marks)
{
	for (unsigned i = 0; marks >> COUNTED_MARKS && i < MEDIA_MARKS; i++)
		marked[i] += marks >> (COUNTED_MARKS + i) & 1;
}

bool media_agrees(const struct media *m, const uint64_t marked[MEDIA_MARKS])
{
	static const uint8_t figures[MEDIA_MARKS] = {MEDIA_GAPS, MEDIA_REORDERED, MEDIA_DUPLICATES};

	for (unsigned i = 0; i < MEDIA_MARKS; i++)
		if (marked[i] != (m ? media_both(m, figures[i]) : 0))
			return false;
	return true;
}

/* ---- as bytes ------------------------------------------------------------------------------- */

/* For each direction varint bits, then the figures whose bits are set; a byte of what differs; then the texts. */
void media_encode(const struct media *m, const struct texts *full, struct buf *out)
{
	for (unsigned dir = 0; dir < 2; dir++) {
		uint64_t bits = 0;

		for (unsigned f = 0; f < MEDIA_FIGURES; f++)
			bits |= (uint64_t)(m->v[dir][f] != 0) << f;
		buf_put_varint(out, bits);
		for (unsigned f = 0; f < MEDIA_FIGURES; f++)
			if (bits >> f & 1)
				buf_put_varint(out, m->v[dir][f]);
	}
	buf_put_u8(out, m->mixed);
	for (unsigned slot = 0; slot < MEDIA_TEXTS; slot++) {
		size_t len;
		const char *text;

		if (!full) {
			buf_put_varint(out, m->text[slot]);
			continue;
		}
		text = texts_get(full, m->text[slot], &len);
		buf_put_varint(out, len);
		buf_put(out, text, len);
	}
}

static void decode_text(struct cursor *c, bool in_full, struct texts *pool, uint32_t *out)
{
	uint64_t v = cursor_varint(c);

	if (!in_full) {
		c->truncated |= v > UINT32_MAX;
		*out = (uint32_t)v;
		return;
	}
	const uint8_t *text = cursor_bytes(c, v <= TEXTS_LONGEST ? (size_t)v : SIZE_MAX);
	*out = text && pool ? texts_add(pool, text, (size_t)v) : 0;
}

void media_decode(struct cursor *c, bool in_full, struct texts *pool, struct media *out)
{
	memset(out, 0, sizeof(*out));
	for (unsigned dir = 0; dir < 2; dir++) {
		uint64_t bits = cursor_varint(c);

		c->truncated |= bits >> MEDIA_FIGURES != 0;
		for (unsigned f = 0; f < MEDIA_FIGURES && !c->truncated; f++)
			if (bits >> f & 1)
				out->v[dir][f] = cursor_varint(c);
	}
	out->mixed = cursor_u8(c);
	c->truncated |= out->mixed >> MEDIA_TEXTS != 0;
	for (unsigned slot = 0; slot < MEDIA_TEXTS; slot++) {
		decode_text(c, in_full, pool, &out->text[slot]);
		c->truncated |= out->text[slot] != 0 && (out->mixed >> slot & 1);
	}
	if (c->truncated)
		memset(out, 0, sizeof(*out));
}
