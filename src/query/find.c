/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "query/find_priv.h"

#include "base/mem.h"
#include "query/machine.h"
#include "query/prints.h"
#include "trace/common.h"

#include <stdlib.h>
#include <string.h>

struct search {
	struct needle *needle;
	struct print_search *prints;
	struct plain plain;
	struct finds *out;
	enum rc rc;
	struct err err;
};

uint32_t find_least(size_t len)
{
	if (len <= 16)
		return (uint32_t)len;
	return len < 32 ? 16 : len > 128 ? 64 : (uint32_t)len / 2;
}

static enum rc add_hit(struct search *s, const struct row *row, const struct common *c, bool confirmed)
{
	const struct packet_row *p = row->packet;
	struct finds *f = s->out;

	if (f->n == FIND_HITS) {
		f->limited = true;
		return RC_END;
	}
	if (mem_grow(&f->hits, &f->cap, f->n + 1, sizeof(*f->hits)) != 0)
		return err_memory(&s->err);
	f->hits[f->n++] = (struct find_hit){ .packet = { TIER_PACKET, row->source, p->self },
		.flow = { TIER_FLOW, row->source, p->flow },
		.time_ns = p->pkt.time_ns,
		.src = p->pkt.src,
		.dst = p->pkt.dst,
		.src_port = p->pkt.src_port,
		.dst_port = p->pkt.dst_port,
		.matched_bytes = c->len,
		.offset = confirmed ? plain_offset(&s->plain, c->b_at) : 0,
		.content_offset = plain_offset(needle_plain(s->needle), c->a_at),
		.packets = 1,
		.confirmed = confirmed };
	return RC_DONE;
}

/* Where bytes are missing that the fingerprints were made of. */
static bool told_by_prints(const struct search *s, const struct row *row, size_t kept, struct common *c)
{
	struct print_part part;

	if (!s->prints || kept >= row->packet->pkt.payload_len || !print_search_part(s->prints, row->packet->frame, &part))
		return false;
	*c = (struct common){ .a_at = part.at, .len = part.len };
	return true;
}

static bool on_packet(void *ctx, const struct row *row, const struct raw_packet *raw)
{
	struct search *s = ctx;
	const uint8_t *payload;
	size_t len = machine_payload(&row->packet->pkt, raw, &payload);
	struct common c;

	if (row->packet->pkt.payload_len == 0)
		return true;
	s->out->looked_at++;
	s->rc = plain_make(&s->plain, payload, len, &s->err);
	if (s->rc != RC_DONE)
		return false;
	if (needle_find(s->needle, &s->plain, &c))
		s->rc = add_hit(s, row, &c, true);
	else if (told_by_prints(s, row, len, &c))
		s->rc = add_hit(s, row, &c, false);
	return s->rc == RC_DONE;
}

static int by_time(const void *a, const void *b)
{
	const struct find_hit *x = a, *y = b;
	uint64_t i = record_id_number(x->packet.rec), k = record_id_number(y->packet.rec);

	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	if (x->packet.source != y->packet.source)
		return x->packet.source < y->packet.source ? -1 : 1;
	return (i > k) - (i < k);
}

static int by_flow_then_time(const void *a, const void *b)
{
	int by = find_by_flow(a, b);

	return by != 0 ? by : by_time(a, b);
}

/* A flow's first packet stays, with the longest part of any. */
static void join_flows(struct finds *f)
{
	size_t kept = 0;

	qsort(f->hits, f->n, sizeof(*f->hits), by_flow_then_time);
	for (size_t i = 0; i < f->n; i++) {
		struct find_hit *h = &f->hits[i], *last = kept ? &f->hits[kept - 1] : NULL;

		if (!last || find_by_flow(last, h) != 0) {
			f->hits[kept++] = *h;
			continue;
		}
		last->packets++;
		if (h->confirmed > last->confirmed || (h->confirmed == last->confirmed && h->matched_bytes > last->matched_bytes)) {
			last->confirmed = h->confirmed;
			last->matched_bytes = h->matched_bytes;
			last->offset = h->offset;
			last->content_offset = h->content_offset;
			last->shared_by = h->shared_by;
			last->packet = h->packet;
		}
	}
	f->n = kept;
}

static enum rc look(struct search *s, const struct query_sources *sources, const struct query *q, struct query_control *control,
	struct query_explain *explain, struct err *err)
{
	struct query asked = *q;

	asked.prints = s->prints;
	enum rc rc = query_run(sources, &asked, on_packet, s, control, explain, err);
	if (rc == RC_DONE && s->rc != RC_DONE && s->rc != RC_END) {
		rc = s->rc;
		if (err)
			*err = s->err;
	}
	return rc;
}

static void tell_counts(const struct search *s, uint32_t least)
{
	const struct print_counts *c = print_search_counts(s->prints);

	s->out->sure = c->sure > least ? c->sure : 0;
	s->out->bare_segments = c->bare;
	s->out->asked_segments = c->no + c->some + c->silent;
}

enum rc find_run(const struct query_sources *sources, const struct query *q, const void *content, size_t len,
	const struct find_options *options, struct finds *out, struct query_control *control, struct query_explain *explain,
	struct err *err)
{
	struct search s = { .out = out };
	uint32_t least = find_least(len);
	enum rc rc;

	memset(out, 0, sizeof(*out));
	if (len == 0)
		return err_set(err, RC_USAGE, "content", "nothing to look for");
	rc = needle_new(content, len, least, &s.needle, err);
	if (rc == RC_DONE && !options->every)
		rc = print_search_new(content, len, least, &s.prints, err);
	if (rc == RC_DONE)
		rc = look(&s, sources, q, control, explain, err);
	if (rc == RC_DONE && s.prints)
		tell_counts(&s, least);
	if (rc == RC_DONE && out->n > 0)
		rc = find_count_shared(out, len, err);
	needle_free(s.needle);
	print_search_free(s.prints);
	plain_free(&s.plain);
	if (rc != RC_DONE) {
		finds_free(out);
		return rc;
	}
	if (options->by_flow && out->n > 0)
		join_flows(out);
	if (out->n > 0)
		qsort(out->hits, out->n, sizeof(*out->hits), by_time);
	return RC_DONE;
}

void finds_free(struct finds *f)
{
	mem_free(f->hits);
	memset(f, 0, sizeof(*f));
}
