/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One run of macroflow parts read a piece at a time, for store_macro*.c; nobody else. The reader owns its page and the records of it.
 */
#ifndef FLOWDRILL_STORE_MACRO_READER_H
#define FLOWDRILL_STORE_MACRO_READER_H

#include "store/store_impl.h"

/* Zeroed but for `of`, it stands before the first piece. */
struct macro_reader {
	struct macro_run of;
	bool gone;                   /* its packets were evicted */
	struct macro_page page;
	size_t next;                 /* in the page */
	struct record *recs;         /* room for a piece, NULL before there was one */
	bool decoded;                /* they are the page's */
	uint32_t parts;              /* of the page that will be asked for, by bits */
};

static inline const struct service_key *macro_reader_key(const struct macro_reader *r)
{
	return &r->page.piece.keys[r->next];
}

static inline bool macro_reader_has(const struct macro_reader *r)
{
	return r->next < r->page.piece.n;
}

void macro_reader_free(struct macro_reader *r);
/* The next piece of its run, none behind the last; all its parts will be asked for. */
enum rc macro_reader_fill(struct store *s, struct macro_reader *r, struct err *err);
/*
 * Part i of the page, these fields of it; `whole`: with texts, sketch and histograms, which are to be freed. It stays until the page goes,
 * and is given once.
 */
enum rc macro_reader_part(const struct store *s, struct macro_reader *r, size_t i, u128 fields, bool whole, struct texts *texts,
	struct record **out, struct err *err);

#endif
