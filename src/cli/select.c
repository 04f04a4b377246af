/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/select.h"

#include "base/mem.h"

#include <string.h>

enum rc select_words(struct selection *s, const struct args *a, size_t first, enum tier tier,
	struct err *err)
{
	struct buf text;
	enum rc rc;

	memset(s, 0, sizeof(*s));
	rc = args_ids(a, first, &s->ids, &s->n_ids, err);
	if (rc != RC_DONE || s->n_ids > 0)
		return rc;
	rc = args_join(a, first, &text, err);
	if (rc == RC_DONE) {
		rc = filter_compile(buf_text(&text), tier, &s->filter, err);
		buf_free(&text);
	}
	if (rc != RC_DONE)
		select_free(s);
	return rc;
}

enum rc select_apply(const struct selection *s, struct query *q, struct err *err)
{
	bool own = true;

	q->filter = s->filter;
	for (size_t i = 0; i < s->n_ids; i++)
		own &= s->ids[i].tier == q->tier;
	if (s->n_ids > 0 && q->n_in > 0)
		return err_set(err, RC_USAGE, "--in", "does not go together with ids");
	if (own) {
		q->ids = s->ids;
		q->n_ids = s->n_ids;
	} else {
		q->in = s->ids;
		q->n_in = s->n_ids;
	}
	return RC_DONE;
}

void select_free(struct selection *s)
{
	filter_free(s->filter);
	mem_free(s->ids);
	memset(s, 0, sizeof(*s));
}

bool select_asked(const struct selection *s, const struct args *a)
{
	return s->filter || s->n_ids > 0 || a->n_in > 0 || a->from || a->to;
}
