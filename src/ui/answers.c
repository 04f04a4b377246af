/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/answers.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum {
	ANSWERS_MAX = 8192, /* that are kept */
	PACKETS_MAX = 400000, /* that are read */
	EARLIER_MAX = 32, /* requests that are looked for before the record */
	WORD_MIN = 4 /* characters in a row that are a word, between bytes that are none */
};

/* How long before its last byte a request may have begun, where it is looked for outside of the record. */
static const int64_t request_max_ns = 1000000000;

/* ---- what was asked ------------------------------------------------------------------------- */

static bool is_text(uint8_t byte)
{
	return byte >= ' ' && byte < 0x7f;
}

/* The last byte of a length in four looks like a character of the text behind it. */
static bool is_length(const uint8_t *bytes, size_t at)
{
	return at >= 3 && bytes[at - 1] == 0 && bytes[at - 2] == 0 && bytes[at - 3] == 0;
}

/* Words of the payload, as protocols have them between lengths and numbers; nothing where it is not mostly text. */
static void put_words(char *out, size_t size, const uint8_t *bytes, size_t len)
{
	size_t at = 0, text = 0;

	for (size_t i = 0; i < len;) {
		size_t n = 0;

		while (i + n < len && is_text(bytes[i + n]))
			n++;
		if (n >= WORD_MIN) {
			text += n;
			if (at > 0 && at + 1 < size)
				out[at++] = ' ';
			for (size_t k = is_length(bytes, i); k < n && at + 1 < size; k++)
				out[at++] = (char)bytes[i + k];
		}
		i += n > 0 ? n : 1;
	}
	out[text * 2 >= len ? at : 0] = '\0';
}

static void put_text(char out[ANSWER_TEXT], const struct packet_row *p, const struct raw_packet *raw)
{
	size_t len = 0;

	out[0] = '\0';
	if (p->said != NULL && p->said->info[0] != '\0') {
		snprintf(out, ANSWER_TEXT, "%s", p->said->info);
		return;
	}
	if (raw != NULL && p->pkt.payload_off < p->pkt.caplen) {
		len = p->pkt.caplen - p->pkt.payload_off;
		len = len < p->pkt.payload_len ? len : p->pkt.payload_len;
		put_words(out, ANSWER_TEXT, raw->data + p->pkt.payload_off, len);
	}
}

/* ---- requests as they come ------------------------------------------------------------------ */

/* What one side said last before the other one did. */
struct run {
	bool any;
	struct id first, flow;
	int64_t last_ns;
	char text[ANSWER_TEXT];
};

/* An answer whose request was not among the packets before it. */
struct earlier {
	struct answer answer;
	struct flow_key key;
	int64_t asked_ns;
	enum direction asker;
	size_t at; /* it belongs before this one of `v` */
};

struct reading {
	struct answers_load *l;
	struct run runs[2];
	enum direction last;
	struct earlier *earlier; /* EARLIER_MAX */
	size_t n_earlier, packets;
	enum rc rc;
	struct err *err;
};

static void take_said(struct run runs[2], enum direction *last, const struct row *row, const struct raw_packet *raw)
{
	const struct packet_row *p = row->packet;
	struct run *run = &runs[p->direction];

	/* what was sent again says nothing new */
	if (p->pkt.payload_len == 0 || (p->note.marks & MARK_BIT(MARK_RETRANS)) != 0)
		return;
	if (!run->any || *last != p->direction) {
		run->any = true;
		row_id(row, &run->first);
		run->flow = (struct id){ .tier = TIER_FLOW, .source = run->first.source, .rec = p->flow };
		put_text(run->text, p, raw);
	}
	run->last_ns = p->pkt.time_ns;
	*last = p->direction;
}

static void put_question(struct answer *a, const struct run *run)
{
	a->question = run->first;
	a->flow = run->flow;
	snprintf(a->text, sizeof(a->text), "%s", run->text);
}

static enum rc keep(struct reading *r, const struct answer *a)
{
	struct answers_load *l = r->l;

	if (mem_grow(&l->v, &l->cap, l->n + 1, sizeof(*l->v)) != 0)
		return err_memory(r->err);
	l->v[l->n++] = *a;
	return RC_DONE;
}

static void want_earlier(struct reading *r, const struct answer *a, const struct packet_row *p, int64_t asked_ns)
{
	if (r->n_earlier == EARLIER_MAX || p->key == NULL)
		return;
	r->earlier[r->n_earlier++] = (struct earlier){ .answer = *a, .key = *p->key, .asked_ns = asked_ns,
		.asker = p->direction == DIR_C2S ? DIR_S2C : DIR_C2S, .at = r->l->n };
}

static bool on_packet(void *ctx, const struct row *row, const struct raw_packet *raw)
{
	struct reading *r = ctx;
	const struct packet_row *p = row->packet;
	const struct run *asked = &r->runs[p->direction == DIR_C2S ? DIR_S2C : DIR_C2S];
	struct answer a = { .late_ns = p->note.response_ns };

	if (p->note.has_response) {
		int64_t asked_ns = p->pkt.time_ns - p->note.response_ns;

		row_id(row, &a.answer);
		if (asked->any && asked->last_ns == asked_ns) {
			put_question(&a, asked);
			r->rc = keep(r, &a);
		} else {
			want_earlier(r, &a, p, asked_ns);
		}
	}
	take_said(r->runs, &r->last, row, raw);
	return r->rc == RC_DONE && ++r->packets < PACKETS_MAX && r->l->n < ANSWERS_MAX;
}

/* ---- requests before the record ------------------------------------------------------------- */

struct looking {
	const struct earlier *e;
	struct run runs[2];
	enum direction last;
	bool found;
};

static bool on_earlier(void *ctx, const struct row *row, const struct raw_packet *raw)
{
	struct looking *look = ctx;
	const struct packet_row *p = row->packet;

	if (p->key == NULL || p->key->point != look->e->key.point)
		return true;
	take_said(look->runs, &look->last, row, raw);
	look->found = look->runs[look->e->asker].any && look->runs[look->e->asker].last_ns == look->e->asked_ns;
	return !look->found;
}

/* The conversation's packets, whatever slice they are of. */
static enum rc filter_of(const struct flow_key *k, struct filter **out, struct err *err)
{
	char client[64], server[64], text[256];

	addr_format(client, sizeof(client), &k->client);
	addr_format(server, sizeof(server), &k->server);
	if (k->has_ports)
		snprintf(text, sizeof(text), "host %s and host %s and port %u and port %u", client, server, k->client_port,
			k->server_port);
	else
		snprintf(text, sizeof(text), "host %s and host %s", client, server);
	return filter_compile(text, TIER_PACKET, out, err);
}

static enum rc look_before(const struct query_sources *sources, struct earlier *e, struct query_control *control,
	bool *found, struct err *err)
{
	struct looking look = { .e = e };
	struct filter *filter;
	struct query q;
	enum rc rc;

	*found = false;
	if (filter_of(&e->key, &filter, err) != RC_DONE)
		return RC_DONE; /* frames without addresses ask nothing */
	query_init(&q, TIER_PACKET);
	q.filter = filter;
	q.from_ns = time_sub(e->asked_ns, request_max_ns);
	q.to_ns = time_add(e->asked_ns, 1);
	rc = query_run(sources, &q, on_earlier, &look, control, NULL, err);
	filter_free(filter);
	*found = look.found;
	if (look.found)
		put_question(&e->answer, &look.runs[e->asker]);
	return rc;
}

/* Those that were found, to where their answers stand. */
static enum rc look_for_earlier(struct reading *r, const struct query_sources *sources, struct query_control *control,
	struct err *err)
{
	size_t put = 0;

	for (size_t i = 0; i < r->n_earlier; i++) {
		struct earlier *e = &r->earlier[i];
		bool found;
		enum rc rc = look_before(sources, e, control, &found, err);

		if (rc == RC_DONE && found)
			rc = keep(r, &e->answer);
		if (rc != RC_DONE)
			return rc;
		if (found) {
			size_t at = e->at + put++;

			memmove(r->l->v + at + 1, r->l->v + at, (r->l->n - 1 - at) * sizeof(*r->l->v));
			r->l->v[at] = e->answer;
		}
	}
	return RC_DONE;
}

enum rc answers_work(void *ctx, const struct query_sources *sources, struct query_control *control, struct err *err)
{
	struct reading r = { .l = ctx, .err = err };
	struct query q;
	enum rc rc;

	r.l->n = 0;
	r.earlier = mem_calloc(EARLIER_MAX, sizeof(*r.earlier));
	if (r.earlier == NULL)
		return err_memory(err);
	query_init(&q, TIER_PACKET);
	q.in = &r.l->in;
	q.n_in = 1;
	rc = query_run(sources, &q, on_packet, &r, control, NULL, err);
	if (rc == RC_DONE)
		rc = r.rc;
	if (rc == RC_DONE)
		rc = look_for_earlier(&r, sources, control, err);
	mem_free(r.earlier);
	return rc;
}

void answers_free(struct answers_load *l)
{
	mem_free(l->v);
	l->v = NULL;
	l->n = l->cap = 0;
}

/* ---- finding -------------------------------------------------------------------------------- */

static int by_record(const struct id *a, const struct id *b)
{
	uint64_t x = record_id_number(a->rec), y = record_id_number(b->rec);

	return x < y ? -1 : x > y;
}

const struct answer *answers_find(const struct answers_load *l, const struct id *answer)
{
	size_t low = 0, high = l->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = by_record(&l->v[mid].answer, answer);

		if (order == 0)
			return &l->v[mid];
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

const struct answer *answers_find_question(const struct answers_load *l, const struct id *question)
{
	for (size_t i = 0; i < l->n; i++)
		if (by_record(&l->v[i].question, question) == 0)
			return &l->v[i];
	return NULL;
}
