/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which segments are merged. A segment's span is how many were published in its place: the number of the next one less its own,
 * because the merged one takes the first number. Its level is the logarithm of that to the base of FAN_IN. So levels need no place of
 * their own, and a compactor that begins anew goes on where the one before stopped. The span of a block's last segment is not
 * known: it is left alone until another follows or the block is finished.
 *
 * Blocks are gone through once, from the oldest on; those that are finished are not looked at again.
 */
#include "tier/compact.h"

#include "base/mem.h"
#include "tier/merge.h"

#include <assert.h>
#include <string.h>
#include <time.h>

enum {
	PACKETS_MAX = 1 << 20,       /* as the pipeline has it */
	MICROS_MAX = 48 << 10,
	GRACE_S = 30,                /* so long a reader may go on with the segments that were there before */
};

/* Bytes of an index file that nobody names since then. */
struct dead { uint32_t block; uint64_t from, to; time_t since_s; };

struct compactor {
	struct store *s;
	struct merger *merger;
	uint32_t from;               /* blocks before it are finished */
	uint32_t block;              /* the one whose segments are in `places` */
	bool merged;                 /* some of that block */
	struct segment_place *places;
	size_t n;
	uint32_t *full;              /* numbers of segments of the block that cannot be merged with the next one */
	size_t n_full, cap_full;
	struct dead *dead;           /* oldest first */
	size_t n_dead, cap_dead;
};

enum rc compactor_new(struct store *s, struct compactor **out, struct err *err)
{
	struct compactor *c = mem_calloc(1, sizeof(*c));
	enum rc rc;

	if (!c)
		return err_memory(err);
	c->s = s;
	rc = merger_new(s, &c->merger, err);
	if (rc != RC_DONE) {
		mem_free(c);
		return rc;
	}
	*out = c;
	return RC_DONE;
}

void compactor_free(struct compactor *c)
{
	if (!c)
		return;
	merger_free(c->merger);
	mem_free(c->places);
	mem_free(c->full);
	mem_free(c->dead);
	mem_free(c);
}

/* ---- bytes that are left behind ----------------------------------------------------------- */

static time_t now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

static enum rc add_dead(struct compactor *c, uint32_t block, uint64_t from, uint64_t to, struct err *err)
{
	struct dead *last = c->n_dead ? &c->dead[c->n_dead - 1] : NULL;
	time_t now = now_s();

	/* small segments stand one behind the other */
	if (last && last->block == block && last->to == from && last->since_s == now) {
		last->to = to;
		return RC_DONE;
	}
	if (mem_grow(&c->dead, &c->cap_dead, c->n_dead + 1, sizeof(*c->dead)) != 0)
		return err_memory(err);
	assert(c->dead != NULL);
	c->dead[c->n_dead++] = (struct dead){ block, from, to, now };
	return RC_DONE;
}

/* Gives back what has been dead for so long. */
static enum rc release(struct compactor *c, time_t for_s, struct err *err)
{
	time_t now = now_s();
	bool later = false;
	size_t i = 0;
	enum rc rc = RC_DONE;

	while (i < c->n_dead && now - c->dead[i].since_s >= for_s) {
		rc = store_release_dead(c->s, c->dead[i].block, c->dead[i].from, c->dead[i].to, &later, err);
		if (rc != RC_DONE || later)
			break;
		i++;
	}
	c->n_dead -= i;
	if (i > 0 && c->n_dead > 0)
		memmove(c->dead, c->dead + i, c->n_dead * sizeof(*c->dead));
	return rc;
}

/* ---- which ones --------------------------------------------------------------------------- */

static bool is_full(const struct compactor *c, size_t i)
{
	for (size_t k = 0; k < c->n_full; k++)
		if (c->full[k] == c->places[i].number)
			return true;
	return false;
}

static enum rc mark_full(struct compactor *c, size_t i, struct err *err)
{
	if (mem_grow(&c->full, &c->cap_full, c->n_full + 1, sizeof(*c->full)) != 0)
		return err_memory(err);
	c->full[c->n_full++] = c->places[i].number;
	return RC_DONE;
}

static unsigned level_of(const struct compactor *c, size_t i)
{
	uint32_t span = c->places[i + 1].number - c->places[i].number;
	unsigned level = 0;

	for (; span >= COMPACT_FAN_IN; span /= COMPACT_FAN_IN)
		level++;
	return level;
}

/* FAN_IN neighbours of one level, the lowest where there are several; false where there are none. */
static bool pick_level(const struct compactor *c, size_t *at)
{
	unsigned best = UINT32_MAX, level = UINT32_MAX;
	size_t run = 0;

	for (size_t i = 0; i + 1 < c->n; i++) {
		unsigned own = level_of(c, i);

		run = run > 0 && own == level && !is_full(c, i - 1) ? run + 1 : 1;
		level = own;
		if (run >= COMPACT_FAN_IN && level < best) {
			best = level;
			*at = i + 1 - run;
		}
	}
	return best != UINT32_MAX;
}

/* At the end of a finished block, from the right, where the small ones are: up to FAN_IN that can be merged. */
static bool pick_rest(const struct compactor *c, size_t *at, size_t *n)
{
	for (size_t end = c->n; end > 1; end--) {
		for (*n = 1; *n < end && *n < COMPACT_FAN_IN && !is_full(c, end - *n - 1);)
			++*n;
		*at = end - *n;
		if (*n > 1)
			return true;
	}
	return false;
}

/* Segments [at, at + n) stay as they are: one of them cannot be read. */
static enum rc leave_alone(struct compactor *c, size_t at, size_t n, enum rc why, struct err *err)
{
	for (size_t i = at > 0 ? at - 1 : 0; i < at + n; i++) {
		enum rc rc = mark_full(c, i, err);

		if (rc != RC_DONE)
			return rc;
	}
	return why;
}

static bool is_unreadable(enum rc rc)
{
	return rc == RC_DAMAGED || rc == RC_NEWER;
}

/* Microflow parts of a segment, as its head says. */
static enum rc micros_of(struct compactor *c, size_t i, uint64_t *out, struct err *err)
{
	struct segment *s;
	enum rc rc = store_open_segment(c->s, &c->places[i], &s, NULL, err);

	if (rc != RC_DONE)
		return rc;
	*out = segment_info(s)->micro_parts;
	segment_close(s);
	return RC_DONE;
}

/*
 * Takes of the segments [*at, *at + *n) as many as the limits allow, from the left or from the right. Where that is but one, its
 * border is marked as one that stays.
 */
static enum rc limit(struct compactor *c, size_t *at, size_t *n, bool from_right, struct err *err)
{
	uint64_t packets = 0, micros = 0, more;
	size_t took = 0, begin = *at, end = *at + *n;
	enum rc rc = RC_DONE;

	while (took < *n) {
		size_t i = from_right ? end - took - 1 : begin + took;

		packets += c->places[i].packets;
		if (packets > PACKETS_MAX && took > 0)
			break;
		rc = micros_of(c, i, &more, err);
		if (rc != RC_DONE)
			return is_unreadable(rc) ? leave_alone(c, i, 1, rc, err) : rc;
		micros += more;
		if (micros > MICROS_MAX && took > 0)
			break;
		took++;
	}
	*at = from_right ? end - took : begin;
	if (took == 1)
		rc = mark_full(c, from_right ? end - 2 : begin, err);
	*n = took;
	return rc;
}

/* ---- merging ------------------------------------------------------------------------------ */

static enum rc merge(struct compactor *c, size_t at, size_t n, bool *did, struct err *err)
{
	const struct segment_place *old = c->places + at;
	struct merged *m;
	enum rc rc = merger_merge(c->merger, old, n, &m, err);

	if (is_unreadable(rc))
		return leave_alone(c, at, n, rc, err);
	if (rc == RC_DONE)
		rc = store_replace_segments(c->s, old->number, n, &m->place, &m->bytes, m->macros, m->n_macros,
			m->points, m->n_points, err);
	for (size_t i = 0; rc == RC_DONE && i < n; i++)
		rc = add_dead(c, old->block, old[i].at, old[i].at + old[i].len, err);
	*did = rc == RC_DONE;
	c->merged |= *did;
	return rc;
}

/* One merge in the block in hand. */
static enum rc compact_block(struct compactor *c, bool finish, bool *did, struct err *err)
{
	enum rc rc = RC_DONE;

	while (rc == RC_DONE) {
		size_t at, n = COMPACT_FAN_IN;
		bool by_level = pick_level(c, &at);

		if (!by_level && !(finish && pick_rest(c, &at, &n)))
			return RC_DONE;
		rc = limit(c, &at, &n, !by_level, err);
		if (rc == RC_DONE && n > 1)
			return merge(c, at, n, did, err);
	}
		/* the block went meanwhile, or was indexed again */
	return rc == RC_MISSING || rc == RC_STALE ? RC_DONE : rc;
}

static enum rc take_block(struct compactor *c, uint32_t block, enum block_state *state, struct err *err)
{
	mem_free(c->places);
	c->places = NULL;
	c->n = 0;
	if (c->block != block) {
		c->n_full = 0;
		c->merged = false;
	}
	c->block = block;
	return store_copy_segments(c->s, block, &c->places, &c->n, state, err);
}

/* A block that is indexed and has nothing left to merge, with blocks behind it, is never looked at again. */
static enum rc finish_block(struct compactor *c, struct err *err)
{
	c->from = c->block + 1;
	/* what was given back piece by piece has left the edges */
	return c->merged ? add_dead(c, c->block, 0, UINT64_MAX, err) : RC_DONE;
}

/* All blocks that are not finished, up to the first merge. */
static enum rc compact_next(struct compactor *c, bool all, bool *did, struct err *err)
{
	bool finished_before = true;
	uint32_t block, newest;
	enum block_state state;
	enum rc rc = RC_DONE;

	for (uint32_t from = c->from; rc == RC_DONE && !*did; from = block + 1) {
		store_block_range(c->s, from, &block, &newest);
		if (block == 0)
			break;
		rc = take_block(c, block, &state, err);
		if (rc == RC_MISSING) {
			rc = RC_DONE;
			continue;
		}
		bool whole = state == BLOCK_INDEXED;
		if (rc == RC_DONE)
			rc = compact_block(c, (whole && block != newest) || (all && state != BLOCK_OPEN), did, err);
		finished_before = finished_before && whole && block != newest;
		if (rc == RC_DONE && !*did && finished_before)
			rc = finish_block(c, err);
	}
	return rc;
}

enum rc compactor_step(struct compactor *c, bool all, bool *did, struct err *err)
{
	enum rc rc;

	*did = false;
	rc = compact_next(c, all, did, err);
	if (rc == RC_DONE && all && !*did && c->n_dead > 0)
		rc = add_dead(c, c->block, 0, UINT64_MAX, err);
	if (rc == RC_DONE)
		rc = release(c, all && !*did ? 0 : GRACE_S, err);
	return rc;
}
