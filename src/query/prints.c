/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "query/prints.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* A fingerprint of the content, and where it stands there. */
struct mark {
	uint32_t print, at, len;
};

/* A packet of the segment that was asked, with what it has of the content. */
struct candidate {
	uint32_t ordinal;
	struct print_part part;
};

struct print_search {
	uint32_t least;
	struct imprint_place *places[FINGERPRINTS_KINDS];    /* of each kind that there is, by where they stand */
	size_t n_places[FINGERPRINTS_KINDS];
	uint32_t sure[FINGERPRINTS_KINDS];
	struct mark *marks;          /* places of full, and words, by print */
	size_t n_marks, cap_marks;
	bool *has;                   /* of the marks: the packet in hand does */
	struct candidate *candidates;        /* by ordinal */
	size_t n_candidates, cap_candidates;
	uint64_t first_frame;
	struct print_counts counts;
};

enum { WORDS = 1024 };

/* ---- the content --------------------------------------------------------------------------------- */

static int by_print(const void *a, const void *b)
{
	const struct mark *x = a, *y = b;

	if (x->print != y->print)
		return x->print < y->print ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

/* The smallest part that has a place in it, wherever it is taken from; 0 where there is no place. */
static uint32_t sure_of(const struct imprint_place *v, size_t n, size_t len)
{
	size_t longest = 0, from = 0;        /* a part without: from behind the place before to in front of the end of the next */

	for (size_t i = 0; i < n; i++) {
		size_t without = v[i].at + IMPRINT_BYTES - 1 - from;

		longest = without > longest ? without : longest;
		from = v[i].at + 1;
	}
	if (n == 0)
		return 0;
	longest = len - from > longest ? len - from : longest;
	return (uint32_t)longest + 1;
}

static enum rc add_mark(struct print_search *x, uint32_t print, size_t at, size_t len, struct err *err)
{
	if (mem_grow(&x->marks, &x->cap_marks, x->n_marks + 1, sizeof(*x->marks)) != 0)
		return err_memory(err);
	x->marks[x->n_marks++] = (struct mark){ print, (uint32_t)at, (uint32_t)len };
	return RC_DONE;
}

/* A word at the content's end may go on in a packet: then it is another one. */
static enum rc add_words(struct print_search *x, const struct plain *p, struct err *err)
{
	struct print *found = mem_calloc(WORDS, sizeof(*found));
	size_t n = found ? fingerprint_tokens(p->bytes, p->len, found, WORDS) : 0;
	enum rc rc = found ? RC_DONE : err_memory(err);

	for (size_t i = 0; rc == RC_DONE && i < n; i++)
		rc = add_mark(x, (uint32_t)found[i].hash, found[i].at, found[i].len, err);
	mem_free(found);
	return rc;
}

static enum rc take_content(struct print_search *x, struct imprinting *memory, const uint8_t *content, size_t len, struct err *err)
{
	enum rc rc = plain_make(&memory->plain, content, len, err);
	size_t plain_len = memory->plain.len;

	if (rc == RC_DONE)
		rc = add_words(x, &memory->plain, err);
	for (unsigned k = FINGERPRINTS_SPARSE; rc == RC_DONE && k < FINGERPRINTS_KINDS; k++) {
		rc = imprint_places(memory, content, len, (enum fingerprints)k, &x->places[k], &x->n_places[k], err);
		if (rc == RC_DONE)
			x->sure[k] = sure_of(x->places[k], x->n_places[k], plain_len);
	}
	for (size_t i = 0; rc == RC_DONE && i < x->n_places[FINGERPRINTS_FULL]; i++)
		rc = add_mark(x, x->places[FINGERPRINTS_FULL][i].print, x->places[FINGERPRINTS_FULL][i].at, IMPRINT_BYTES, err);
	return rc;
}

enum rc print_search_new(const uint8_t *content, size_t len, uint32_t least, struct print_search **out, struct err *err)
{
	struct print_search *x = mem_calloc(1, sizeof(*x));
	struct imprinting memory = { .plain = { .cap = 0 } };

	if (!x)
		return err_memory(err);
	x->least = least;
	enum rc rc = take_content(x, &memory, content, len, err);
	imprinting_free(&memory);
	x->has = mem_calloc(x->n_places[FINGERPRINTS_FULL] + 1, sizeof(*x->has));
	if (rc == RC_DONE && !x->has)
		rc = err_memory(err);
	if (rc != RC_DONE) {
		print_search_free(x);
		return rc;
	}
	if (x->n_marks > 0)
		qsort(x->marks, x->n_marks, sizeof(*x->marks), by_print);
	*out = x;
	return RC_DONE;
}

void print_search_free(struct print_search *x)
{
	if (!x)
		return;
	for (unsigned k = 0; k < FINGERPRINTS_KINDS; k++)
		mem_free(x->places[k]);
	mem_free(x->marks);
	mem_free(x->has);
	mem_free(x->candidates);
	mem_free(x);
}

/* ---- packets ---------------------------------------------------------------------------------------- */

static int place_by_at(const void *a, const void *b)
{
	uint32_t x = ((const struct imprint_place *)a)->at, y = ((const struct imprint_place *)b)->at;

	return (x > y) - (x < y);
}

/* Among the places of full, that at this place of the content. */
static size_t place_number(const struct print_search *x, uint32_t at)
{
	struct imprint_place key = { .at = at };
	const struct imprint_place *v = x->places[FINGERPRINTS_FULL],
		*found = bsearch(&key, v, x->n_places[FINGERPRINTS_FULL], sizeof(*v), place_by_at);

	return found ? (size_t)(found - v) : SIZE_MAX;
}

/* The first of the marks with this print; n_marks where there is none. */
static size_t first_mark(const struct print_search *x, uint32_t print)
{
	size_t from = 0, to = x->n_marks;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (x->marks[middle].print < print)
			from = middle + 1;
		else
			to = middle;
	}
	return from < x->n_marks && x->marks[from].print == print ? from : x->n_marks;
}

static void longer(struct print_part *part, uint32_t at, uint32_t len)
{
	if (len > part->len)
		*part = (struct print_part){ at, len };
}

/*
 * What the marks that the packet has are of the content. Stretches of places: with sparse fingerprints those of full between them are not
 * to be expected, so the next one that sparse has must be there.
 */
static void join_places(const struct print_search *x, unsigned kind, struct print_part *part)
{
	const struct imprint_place *v = x->places[kind];
	uint32_t from = 0;
	bool open = false;

	for (size_t i = 0; i < x->n_places[kind]; i++) {
		if (!x->has[place_number(x, v[i].at)]) {
			open = false;
			continue;
		}
		if (!open)
			from = v[i].at;
		open = true;
		longer(part, from, v[i].at + IMPRINT_BYTES - from);
	}
}

/* Whether the packet has anything of it; *part: how much. */
static bool look_at(struct print_search *x, unsigned kind, const struct packet_prints *p, struct print_part *part)
{
	bool any = false, places = false;

	*part = (struct print_part){ 0, 0 };
	for (uint32_t i = 0; i < p->n; i++)
		for (size_t m = first_mark(x, p->v[i]); m < x->n_marks && x->marks[m].print == p->v[i]; m++) {
			size_t number = x->marks[m].len == IMPRINT_BYTES ? place_number(x, x->marks[m].at) : SIZE_MAX;

			any = true;
			longer(part, x->marks[m].at, x->marks[m].len);
			if (number == SIZE_MAX)
				continue;
			if (!places)
				memset(x->has, 0, x->n_places[FINGERPRINTS_FULL] * sizeof(*x->has));
			places = x->has[number] = true;
		}
	if (places)
		join_places(x, kind, part);
	return any;
}

/* All packets of the segment that have something of it, or more than could be kept. */
static enum rc find_candidates(struct print_search *x, struct segment *s, struct err *err)
{
	unsigned kind = segment_info(s)->fingerprints;
	struct packet_prints prints;
	struct segment_prints it;
	struct print_part part;
	uint32_t ordinal;
	enum rc rc = segment_prints_seek(&it, s, 0, err);

	while (rc == RC_DONE && (rc = segment_prints_next(&it, &ordinal, &prints, err)) == RC_DONE) {
		if (!look_at(x, kind, &prints, &part) && !prints.more)
			continue;
		if (mem_grow(&x->candidates, &x->cap_candidates, x->n_candidates + 1, sizeof(*x->candidates)) != 0)
			return err_memory(err);
		x->candidates[x->n_candidates++] = (struct candidate){ ordinal, part };
	}
	return rc == RC_END ? RC_DONE : rc;
}

/* ---- segments -------------------------------------------------------------------------------------- */

static enum rc ask_filter(const struct print_search *x, struct segment *s, unsigned kind, bool *may, struct err *err)
{
	enum rc rc = RC_DONE;

	*may = false;
	for (size_t i = 0; rc == RC_DONE && !*may && i < x->n_places[kind]; i++)
		rc = segment_may_have_print(s, x->places[kind][i].print, may, err);
	return rc;
}

enum rc print_search_ask(struct print_search *x, struct segment *s, const struct segment_place *place, enum print_answer *out,
	struct err *err)
{
	unsigned kind = segment_info(s)->fingerprints;
	bool known = kind != FINGERPRINTS_OFF && kind < FINGERPRINTS_KINDS;
	bool may = true;
	enum rc rc = RC_DONE;

	x->n_candidates = 0;
	x->first_frame = place->first_frame;
	*out = PRINTS_SILENT;
	if (known && x->n_places[kind] > 0) {
		rc = ask_filter(x, s, kind, &may, err);
		*out = may ? PRINTS_SOME : PRINTS_NO;
		x->counts.sure = x->sure[kind] > x->counts.sure ? x->sure[kind] : x->counts.sure;
	}
	/* where bytes are missing, fingerprints tell of contents, too, that are too short to leave others out */
	if (rc == RC_DONE && known && may && (*out == PRINTS_SOME || place->cut_packets > 0))
		rc = find_candidates(x, s, err);
	if (*out == PRINTS_SOME && x->n_candidates == 0)
		*out = PRINTS_NO;
	x->counts.no += *out == PRINTS_NO;
	x->counts.some += *out == PRINTS_SOME;
	x->counts.silent += *out == PRINTS_SILENT;
	x->counts.bare += !known && x->n_places[FINGERPRINTS_SPARSE] > 0;
	return rc;
}

static const struct candidate *candidate_of(const struct print_search *x, uint32_t ordinal)
{
	size_t from = 0, to = x->n_candidates;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (x->candidates[middle].ordinal < ordinal)
			from = middle + 1;
		else
			to = middle;
	}
	return from < x->n_candidates && x->candidates[from].ordinal == ordinal ? &x->candidates[from] : NULL;
}

bool print_search_has(const struct print_search *x, uint32_t ordinal)
{
	return candidate_of(x, ordinal) != NULL;
}

bool print_search_part(const struct print_search *x, uint64_t frame, struct print_part *out)
{
	const struct candidate *c = frame < x->first_frame ? NULL : candidate_of(x, (uint32_t)(frame - x->first_frame));

	if (!c || c->part.len < x->least)
		return false;
	*out = c->part;
	return true;
}

const struct print_counts *print_search_counts(const struct print_search *x)
{
	return &x->counts;
}
