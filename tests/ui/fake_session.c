/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fake_session.h"

#include "base/text.h"
#include "session/confine.h"
#include "query/related.h"
#include "query/service_map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fake fake;

struct job {
	struct query query;
	struct result *result;
	enum job_state state;
	unsigned next;
	job_work work; /* in place of a query */
	job_sink sink; /* in place of the result */
	bool sink_ends;
	void *work_ctx; /* the sink's, too */
	struct query_control control;
	struct err err;
};

struct query_holder {
	struct row row;
	struct packet_row packet;
	struct raw_packet raw;
	struct point_info point;
	uint8_t data[64];
};

static struct job *last;
static struct flow_key fake_key;

enum { SECOND = 1000000000 };

void fake_reset(void)
{
	memset(&fake, 0, sizeof(fake));
	for (int i = 0; i < TIERS; i++)
		fake.rows[i] = 30;
	fake.window_rows = 10;
	last = NULL;
}

/*
 * ---- rows
 * ------------------------------------------------------------------------------------
 */

static void make_record(struct record *r, enum tier tier, unsigned i)
{
	unsigned in_window = i % fake.window_rows;
	int64_t start = INT64_C(1704463200) * SECOND; /* 2024-01-05 14:00:00 */

	record_init(r, tier);
	r->id = (struct record_id){ 1, 100 * (i + 1) };
	r->slice_ns = start + (int64_t)(i / fake.window_rows) * 900 * SECOND;
	r->key.client.kind = r->key.server.kind = ADDR_IPV4;
	memcpy(r->key.client.bytes, (uint8_t[]){ 192, 0, 2, (uint8_t)(i + 1) }, 4);
	memcpy(r->key.server.bytes, (uint8_t[]){ 198, 51, 100, (uint8_t)(i + 1) }, 4);
	r->key.client_port = (uint16_t)(50000 + i);
	r->key.server_port = 443;
	r->key.proto = PROTO_TCP;
	r->key.has_ports = true;
	r->key.orientation = ORIENTATION_SYN;
	record_key_known(r);
	r->c.first_ns = r->slice_ns + (int64_t)i * SECOND;
	r->c.last_ns = r->c.first_ns + SECOND / 4;
	r->c.flows = 1;
	r->c.packets[0] = r->c.packets[1] = 5;
	r->c.bytes[0] = 1000000 >> (in_window > 20 ? 20 : in_window);
	r->c.known |= FIELD_BIT(FIELD_FIRST) | FIELD_BIT(FIELD_LAST) | FIELD_BIT(FIELD_FLOWS);
}

static void make_packet(struct packet_row *p, unsigned i)
{
	memset(p, 0, sizeof(*p));
	p->frame = i + 1;
	p->self = (struct record_id){ 1, 100 * (i + 1) };
	p->key = &fake_key;
	p->direction = i % 2 == 0 ? DIR_C2S : DIR_S2C;
	p->pkt.time_ns = INT64_C(1704463200) * SECOND + (int64_t)i * 1000000;
	p->pkt.offset = 100 * (i + 1);
	p->pkt.len = p->pkt.caplen = 60;
	p->pkt.proto = PROTO_UDP;
	p->pkt.flags = PACKET_HAS_PORTS | PACKET_HAS_IP;
	p->pkt.src.kind = p->pkt.dst.kind = ADDR_IPV4;
	p->pkt.src.bytes[3] = 1;
	p->pkt.dst.bytes[3] = 2;
	p->pkt.payload_len = 18;
}

static void add_row(struct job *j, unsigned i)
{
	struct packet_row packet;
	struct record record;
	struct row row = { .tier = j->query.tier, .capture_end_ns = fake.end_ns };

	if (row.tier == TIER_PACKET) {
		make_packet(&packet, i);
		row.packet = &packet;
	} else {
		make_record(&record, row.tier, i);
		if (fake.shape != NULL)
			fake.shape(&record, i);
		row.record = &record;
	}
	if (j->sink != NULL)
		j->sink_ends = !j->sink(j->work_ctx, session_sources(NULL), &row, NULL);
	else if (filter_match(j->query.filter, &row) && result_add(j->result, &row, NULL) != RC_DONE)
		abort();
	if (row.record != NULL)
		record_free(&record);
}

static void give(struct job *j, unsigned n)
{
	for (; n > 0 && j->next < fake.rows[j->query.tier] && !j->sink_ends; n--)
		add_row(j, j->next++);
}

static void end(struct job *j)
{
	if (j->work != NULL) {
		enum rc rc = j->work(j->work_ctx, session_sources(NULL), &j->control, &j->err);

		j->state = rc == RC_DONE ? JOB_DONE : rc == RC_CANCELLED ? JOB_CANCELLED : JOB_FAILED;
		return;
	}
	give(j, UINT32_MAX);
	if (j->query.n_sort > 0 &&
		result_sort(j->result, j->query.sort, j->query.n_sort, NULL) != RC_DONE)
		abort();
	j->state = JOB_DONE;
}

void fake_rows(unsigned n)
{
	give(last, n);
}

void fake_end(void)
{
	end(last);
}

/*
 * ---- jobs
 * --------------------------------------------------------------------------------------
 */

static enum rc start(const struct query *q, job_sink sink, void *ctx, struct job **out, struct err *err)
{
	struct job *j = calloc(1, sizeof(*j));

	if (j == NULL || result_new(q->tier, &j->result, err) != RC_DONE)
		abort();
	j->query = fake.asked = *q;
	j->next = fake.first;
	j->sink = sink;
	j->work_ctx = ctx;
	fake.jobs_started++;
	fake.jobs_alive++;
	if (fake.fail != NULL) {
		j->state = JOB_FAILED;
		err_set(&j->err, RC_DAMAGED, "fake", "%s", fake.fail);
	} else if (!fake.manual) {
		end(j);
	}
	last = *out = j;
	return RC_DONE;
}

enum rc job_start(struct session *s, const struct query *q, struct job **out, struct err *err)
{
	(void)s;
	return start(q, NULL, NULL, out, err);
}

enum rc job_sort(struct job *j, const struct query_sort *sort, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		j->query.sort[i] = sort[i];
	j->query.n_sort = n;
	fake.asked = j->query;
	return result_sort(j->result, sort, n, err);
}

enum rc job_start_sink(struct session *s, const struct query *q, job_sink sink, void *ctx,
	struct job **out, struct err *err)
{
	(void)s;
	return start(q, fake.sinks ? sink : NULL, ctx, out, err);
}

enum rc job_start_work(
	struct session *s, job_work work, void *ctx, struct job **out, struct err *err)
{
	struct job *j = calloc(1, sizeof(*j));

	(void)s;
	(void)err;
	if (j == NULL)
		abort();
	j->work = work;
	j->work_ctx = ctx;
	fake.jobs_started++;
	fake.jobs_alive++;
	if (!fake.manual)
		end(j);
	last = *out = j;
	return RC_DONE;
}

enum job_state job_state(struct job *j, struct err *err)
{
	if (j->state == JOB_FAILED && err != NULL)
		*err = j->err;
	return j->state;
}

int job_progress(struct job *j)
{
	return j->work != NULL ? -1 : (int)(j->next * 1000 / (fake.rows[j->query.tier] + 1));
}

void job_cancel(struct job *j)
{
	atomic_store(&j->control.cancel, true);
	if (j->state == JOB_RUNNING)
		j->state = JOB_CANCELLED;
}

void job_free(struct job *j)
{
	if (j == NULL)
		return;
	if (last == j)
		last = NULL;
	fake.jobs_alive--;
	result_free(j->result);
	free(j);
}

void job_drop(struct job *j)
{
	job_free(j);
}

void session_free_later(struct session *s, void (*how)(void *what), void *what)
{
	(void)s;
	how(what);
}

void session_tidy(struct session *s, bool wait)
{
	(void)s;
	(void)wait;
}

const struct result *job_lock(struct job *j)
{
	return j->result;
}

void job_unlock(struct job *j)
{
	(void)j;
}

/*
 * ---- the session
 * -----------------------------------------------------------------------------------
 */

bool session_needs_index(const struct session *s)
{
	(void)s;
	return false;
}

enum rc session_index_start(struct session *s, struct err *err)
{
	(void)s;
	return err_set(err, RC_USAGE, "fake", "indexes nothing");
}

enum rc session_rebuild_start(struct session *s, struct err *err)
{
	return session_index_start(s, err);
}

const struct ingest_progress *session_index_progress(const struct session *s)
{
	(void)s;
	return NULL;
}

enum rc session_index_finish(struct session *s, bool cancel, struct err *err)
{
	(void)s;
	(void)cancel;
	(void)err;
	return RC_DONE;
}

const struct query_sources *session_sources(const struct session *s)
{
	static const struct query_sources none;

	(void)s;
	return &none;
}

size_t session_count(const struct session *s)
{
	(void)s;
	return 1;
}

long session_writer_pid(const struct session *s, size_t i)
{
	(void)s;
	(void)i;
	return fake.store ? fake.pid : -1;
}

enum rc session_refresh(struct session *s, bool *changed, struct err *err)
{
	(void)s;
	(void)err;
	*changed = fake.changed || fake.grow > 0;
	fake.changed = false;
	fake.refreshed++;
	for (int i = 0; i < TIERS; i++)
		fake.rows[i] += fake.grow;
	return RC_DONE;
}

int session_wake_fd(const struct session *s)
{
	(void)s;
	return -1;
}

/*
 * ---- one packet
 * --------------------------------------------------------------------------------------
 */

static void hold_packet(struct query_holder *h, unsigned i)
{
	make_packet(&h->packet, i);
	h->row = (struct row){ .tier = TIER_PACKET, .packet = &h->packet };
	/* Ethernet, IPv4, UDP from 192.0.2.1:9 to 192.0.2.2:9 */
	memcpy(h->data,
		"\2\0\0\0\0\2\2\0\0\0\0\1\10\0"
		"E\0\0\34\0\1\0\0\100\21\0\0\300\0\2\1\300\0\2\2"
		"\0\11\0\11\0\10\0\0",
		42);
	snprintf((char *)h->data + 42, sizeof(h->data) - 42, "packet %u", i + 1);
	h->packet.pkt.caplen = h->packet.pkt.len;
	h->packet.pkt.payload_off = 42;
	h->point.linktype = 1;
	h->raw = (struct raw_packet){
		.data = h->data, .caplen = 60, .len = 60, .time_ns = h->packet.pkt.time_ns
	};
}

enum rc query_get(const struct query_sources *sources, const struct id *id,
	struct query_holder **out, struct err *err)
{
	struct query_holder *h = calloc(1, sizeof(*h));

	(void)sources;
	(void)err;
	if (h == NULL)
		abort();
	hold_packet(h, id->rec.offset / 100 - 1);
	*out = h;
	return RC_DONE;
}

void query_init(struct query *q, enum tier tier)
{
	memset(q, 0, sizeof(*q));
	q->tier = tier;
	q->from_ns = INT64_MIN;
	q->to_ns = INT64_MAX;
}

enum rc query_blocks(const struct query_sources *sources, const struct query *q, query_block_sink sink, void *ctx,
	struct err *err)
{
	(void)sources;
	(void)q;
	(void)sink;
	(void)ctx;
	(void)err;
	return RC_DONE;
}

enum rc query_run(const struct query_sources *sources, const struct query *q, query_sink sink,
	void *ctx, struct query_control *control, struct query_explain *explain, struct err *err)
{
	struct query_holder h = { 0 };

	(void)sources;
	(void)explain;
	fake.asked = *q;
	fake.asked_in = q->n_in > 0 ? q->in[0] : (struct id){ 0 };
	if (fake.fail != NULL)
		return err_set(err, RC_DAMAGED, "fake", "%s", fake.fail);
	for (unsigned i = 0; i < fake.rows[q->tier]; i++) {
		if (atomic_load(&control->cancel))
			return err_set(err, RC_CANCELLED, "fake", "cancelled");
		hold_packet(&h, i);
		if (!sink(ctx, &h.row, &h.raw))
			break;
	}
	return RC_DONE;
}

/*
 * Flow 100 triggers fake.hops ones, each the next: packet i came in flow i, packet i + 1 left in flow i + 1; what they have in common
 * is "packet".
 */
enum rc related_run(const struct query_sources *sources, const struct id *id, const struct related_options *options,
	related_sink sink, void *ctx, struct query_control *control, struct related_told *told, struct err *err)
{
	(void)sources;
	(void)options;
	memset(told, 0, sizeof(*told));
	fake.asked_in = *id;
	if (atomic_load(&control->cancel))
		return err_set(err, RC_CANCELLED, "fake", "cancelled");
	for (unsigned i = 0; i < fake.hops; i++) {
		struct related_hop h = { .number = i + 1, .parent = i, .depth = i + 1, .delay_ns = 1000000,
			.matched_bytes = 6, .matches = 1, .score = 5, .confidence = 0.5 };

		h.from.flow = (struct id){ TIER_FLOW, 0, { 1, 100 * (i + 1) } };
		h.to.flow = (struct id){ TIER_FLOW, 0, { 1, 100 * (i + 2) } };
		h.from.packet = h.content_from = (struct id){ TIER_PACKET, 0, { 1, 200 * i + 100 } };
		h.to.packet = h.content_to = (struct id){ TIER_PACKET, 0, { 1, 200 * i + 300 } };
		h.from.dst.kind = h.to.src.kind = h.from.src.kind = h.to.dst.kind = ADDR_IPV4;
		h.from.src.bytes[3] = (uint8_t)(i + 1);
		h.from.dst.bytes[3] = h.to.src.bytes[3] = (uint8_t)(i + 2);
		h.to.dst.bytes[3] = (uint8_t)(i + 3);
		if (!sink(ctx, &h))
			break;
	}
	told->asked = told->comparable = 1;
	told->encrypted = fake.encrypted ? 1 : 0;
	return RC_DONE;
}

/* With hops: 0.0.0.2:80 triggers 0.0.0.3:5432, and 0.0.0.3 sends something by itself. */
enum rc service_map_run(const struct query_sources *sources, const struct query *flows, int64_t window_ns,
	struct query_control *control, struct service_map *out, struct err *err)
{
	(void)sources;
	(void)flows;
	(void)window_ns;
	memset(out, 0, sizeof(*out));
	if (atomic_load(&control->cancel))
		return err_set(err, RC_CANCELLED, "fake", "cancelled");
	if (fake.hops == 0)
		return RC_DONE;
	out->v = calloc(2, sizeof(*out->v));
	if (out->v == NULL)
		abort();
	out->n = 2;
	for (unsigned i = 0; i < 2; i++) {
		struct service_edge *e = &out->v[i];

		e->from.addr.kind = e->to.addr.kind = ADDR_IPV4;
		e->from.addr.bytes[3] = (uint8_t)(i + 2);
		e->to.addr.bytes[3] = (uint8_t)(3 - i);
		e->from.port = i == 0 ? 80 : 0;
		e->to.port = 5432;
		e->requests = i == 0 ? 8 : 0;
		e->triggered = 12;
		e->ordered = i == 0 ? 12 : 0;
		e->confidence = i == 0 ? 0.65 : 0;
		e->has_delay = i == 0;
		e->delay_p50_ns = 3000000;
		e->delay_p95_ns = 9000000;
		e->packet_from = (struct id){ TIER_PACKET, 0, { 1, 100 } };
		e->packet_to = (struct id){ TIER_PACKET, 0, { 1, 300 } };
	}
	out->looked_ns = 1;
	out->window_ns = 2;
	return RC_DONE;
}

void service_map_free(struct service_map *m)
{
	free(m->v);
	memset(m, 0, sizeof(*m));
}

/* Every packet is in the microflow, every microflow in the flow with the number 100. */
enum rc query_parent(const struct query_sources *sources, const struct id *id, struct id *out, struct err *err)
{
	(void)sources;
	(void)err;
	*out = (struct id){ .tier = id->tier + 1, .source = id->source, .rec = { 1, 100 } };
	return RC_DONE;
}

const struct row *query_holder_row(const struct query_holder *h)
{
	return &h->row;
}

const struct raw_packet *query_holder_raw(const struct query_holder *h)
{
	return &h->raw;
}

const struct point_info *query_holder_point(const struct query_holder *h)
{
	return &h->point;
}

void query_holder_free(struct query_holder *h)
{
	free(h);
}

/*
 * ---- what lies beside query_get() in its library
 * -------------------------------------------------------
 */

void row_id(const struct row *row, struct id *out)
{
	*out = (struct id){ .tier = row->tier,
		.source = row->source,
		.rec = row->packet != NULL ? row->packet->self : row->record->id };
}

bool query_newest(const struct query_sources *sources, int64_t *time_ns)
{
	(void)sources;
	*time_ns = INT64_C(1704465000) * SECOND;
	return true;
}

uint64_t query_macro_parts(const struct query_sources *sources, int64_t from_ns)
{
	(void)sources;
	(void)from_ns;
	return 0;
}

enum rc query_parse_time(const struct query_sources *sources, const char *time,
	int64_t *time_ns, struct err *err)
{
	(void)sources;
	return text_parse_time(time, time_ns, err);
}

/*
 * ---- privileges
 * --------------------------------------------------------------------------------------
 */

bool confine_done(void)
{
	return fake.confined;
}
