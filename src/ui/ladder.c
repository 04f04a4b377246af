/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/ladder.h"

#include "base/mem.h"
#include "base/text.h"
#include "flow/mark.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- hosts ------------------------------------------------------------------------------ */

unsigned ladder_host(struct ladder *l, const struct addr *a, const char *name)
{
	unsigned i;

	for (i = 0; i < l->n_hosts; i++)
		if (addr_equal(&l->hosts[i].addr, a))
			return i;
	if (l->n_hosts == LADDER_HOSTS) {
		l->limited = true;
		return LADDER_HOSTS;
	}
	l->hosts[i] = (struct ladder_host){ .addr = *a, .same = i };
	if (name[0] != '\0')
		snprintf(l->hosts[i].name, LADDER_NAME, "%s", name);
	else
		addr_format(l->hosts[i].name, LADDER_NAME, a);
	l->n_hosts++;
	return i;
}

static unsigned find_root(const struct ladder *l, unsigned i)
{
	while (l->hosts[i].same != i)
		i = l->hosts[i].same;
	return i;
}

void ladder_same(struct ladder *l, const struct addr *a, const struct addr *b)
{
	unsigned x = ladder_host(l, a, ""), y = ladder_host(l, b, "");

	if (x == LADDER_HOSTS || y == LADDER_HOSTS)
		return;
	x = find_root(l, x);
	y = find_root(l, y);
	l->hosts[x > y ? x : y].same = x < y ? x : y;
}

/* ---- arrows ------------------------------------------------------------------------------ */

enum rc ladder_add(struct ladder *l, const struct ladder_arrow *arrow, unsigned from, unsigned to, const char *text, bool *more,
	struct err *err)
{
	struct ladder_arrow *a;

	*more = l->n < LADDER_ARROWS && from < LADDER_HOSTS && to < LADDER_HOSTS;
	if (!*more) {
		l->limited = true;
		return RC_DONE;
	}
	if (mem_grow(&l->arrows, &l->cap, l->n + 1, sizeof(*l->arrows)) != 0)
		return err_memory(err);
	a = &l->arrows[l->n];
	*a = *arrow;
	a->from = (uint16_t)from;
	a->to = (uint16_t)to;
	a->text = l->texts.len;
	buf_put(&l->texts, text, strlen(text) + 1);
	if (l->texts.failed)
		return err_memory(err);
	l->n++;
	return RC_DONE;
}

const char *ladder_text(const struct ladder *l, const struct ladder_arrow *a)
{
	return (const char *)l->texts.data + a->text;
}

static int by_time(const void *a, const void *b)
{
	const struct ladder_arrow *x = a, *y = b;

	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	return (x->frame > y->frame) - (x->frame < y->frame);
}

/* The name of a machine with two addresses is the better one of both: a name rather than an address. */
static void join_names(struct ladder_host *into, const struct ladder_host *h)
{
	char own[ADDR_TEXT], other[ADDR_TEXT];

	addr_format(own, sizeof(own), &into->addr);
	addr_format(other, sizeof(other), &h->addr);
	if (strcmp(into->name, own) == 0 && strcmp(h->name, other) != 0)
		memcpy(into->name, h->name, sizeof(into->name));
}

void ladder_end(struct ladder *l)
{
	unsigned place[LADDER_HOSTS] = { 0 }, n = 0;

	for (unsigned i = 0; i < l->n_hosts; i++) {
		unsigned root = find_root(l, i);

		if (root != i) {
			join_names(&l->hosts[place[root]], &l->hosts[i]);
			place[i] = place[root];
			continue;
		}
		place[i] = n;
		l->hosts[n++] = l->hosts[i];
	}
	for (size_t i = 0; i < l->n; i++) {
		l->arrows[i].from = (uint16_t)place[l->arrows[i].from];
		l->arrows[i].to = (uint16_t)place[l->arrows[i].to];
	}
	for (unsigned i = 0; i < n; i++)
		l->hosts[i].same = i;
	l->n_hosts = n;
	if (l->n > 1)
		qsort(l->arrows, l->n, sizeof(*l->arrows), by_time);
}

/* ---- lines --------------------------------------------------------------------------------- */

static enum rc put(struct ladder *l, enum ladder_kind kind, size_t arrow, int64_t ns, struct err *err)
{
	if (mem_grow(&l->lines, &l->cap_lines, l->n_lines + 1, sizeof(*l->lines)) != 0)
		return err_memory(err);
	l->lines[l->n_lines++] = (struct ladder_line){ kind, (uint32_t)arrow, ns };
	return RC_DONE;
}

/* Time between two arrows: as many lines as it is long, or one where it is long. */
static enum rc put_wait(struct ladder *l, size_t arrow, int64_t ns, int64_t total_ns, bool to_scale, struct err *err)
{
	int64_t unit = total_ns / LADDER_SCALE_LINES, n = ns >= LADDER_GAP_NS && ns >= total_ns / LADDER_GAP_PARTS ? 1 : 0;
	enum rc rc = RC_DONE;

	if (to_scale)
		n = unit > 0 ? ns / unit : 0;
	for (int64_t i = 0; i < n && rc == RC_DONE; i++)
		rc = put(l, LADDER_WAIT, arrow, i == n / 2 ? ns : 0, err);
	return rc;
}

enum rc ladder_lines(struct ladder *l, bool quiet, bool to_scale, struct err *err)
{
	const struct ladder_arrow *before = NULL;
	int64_t total = l->n > 0 ? time_sub(l->arrows[l->n - 1].time_ns, l->arrows[0].time_ns) : 0;
	enum rc rc = RC_DONE;

	l->n_lines = 0;
	for (size_t i = 0; i < l->n && rc == RC_DONE; i++) {
		const struct ladder_arrow *a = &l->arrows[i];

		if (a->quiet && !quiet)
			continue;
		if (before)
			rc = put_wait(l, i, time_sub(a->time_ns, before->time_ns), total, to_scale, err);
		if (rc == RC_DONE && (a->marks & (MARK_BIT(MARK_LOST_SEGMENT) | MARK_BIT(MARK_RTP_GAPS))))
			rc = put(l, LADDER_LOST, i, 0, err);
		if (rc == RC_DONE)
			rc = put(l, LADDER_PACKET, i, 0, err);
		before = a;
	}
	return rc;
}

size_t ladder_line_of(const struct ladder *l, uint32_t arrow)
{
	for (size_t i = 0; i < l->n_lines; i++)
		if (l->lines[i].kind == LADDER_PACKET && l->lines[i].arrow >= arrow)
			return i;
	return l->n_lines > 0 ? l->n_lines - 1 : 0;
}

void ladder_free(struct ladder *l)
{
	mem_free(l->arrows);
	mem_free(l->lines);
	buf_free(&l->texts);
	memset(l, 0, sizeof(*l));
}
