/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/sizes.h"

#include "base/mem.h"

#include <string.h>

enum { GROWTH_SHARE = 4 }; /* a record that has grown by one part in so many is read anew */

struct sizes {
	struct session *session;
	struct job *job; /* NULL: none is under way */
	struct id asked;
	uint64_t asked_packets;
	struct sizes_data reading; /* the job's while there is one */
	bool known;
	struct sizes_data data; /* of `asked`, where known */
};

enum rc sizes_new(struct session *session, struct sizes **out, struct err *err)
{
	struct sizes *s = mem_calloc(1, sizeof(*s));

	if (s == NULL)
		return err_memory(err);
	s->session = session;
	*out = s;
	return RC_DONE;
}

void sizes_free(struct sizes *s)
{
	if (s == NULL)
		return;
	if (s->job != NULL)
		job_free(s->job);
	mem_free(s);
}

static size_t bar_of(const struct sizes_data *d, uint32_t len)
{
	uint64_t span = (uint64_t)d->greatest - d->least + 1;

	if (len <= d->least)
		return 0;
	if (len >= d->greatest)
		return SIZES_BARS - 1;
	return (size_t)((uint64_t)(len - d->least) * SIZES_BARS / span);
}

static bool on_packet(void *ctx, const struct query_sources *sources, const struct row *row, const struct raw_packet *raw)
{
	struct sizes_data *d = ctx;

	(void)sources;
	(void)raw;
	if (d->n == SIZES_PACKETS) {
		d->all = false;
		return false;
	}
	d->packets[bar_of(d, row->packet->pkt.len)]++;
	d->n++;
	return true;
}

static bool is_asked(const struct sizes *s, const struct id *id)
{
	return s->asked_packets > 0 && s->asked.tier == id->tier && s->asked.source == id->source &&
		record_id_equal(s->asked.rec, id->rec);
}

void sizes_ask(struct sizes *s, const struct row *row)
{
	const struct counters *c = row->record != NULL ? &row->record->c : NULL;
	struct query q;
	struct err err;
	struct id id;

	if (s->job != NULL || c == NULL || row->tier > TIER_MACROFLOW || counters_packets(c) == 0)
		return;
	row_id(row, &id);
	if (is_asked(s, &id) && counters_packets(c) < s->asked_packets + s->asked_packets / GROWTH_SHARE + 1)
		return;
	s->asked = id;
	s->asked_packets = counters_packets(c);
	s->known = false;
	if ((c->known & FIELD_BIT(FIELD_SIZE_MIN)) == 0 || c->size_min >= c->size_max)
		return;
	s->reading = (struct sizes_data){ .least = c->size_min, .greatest = c->size_max, .all = true };
	query_init(&q, TIER_PACKET);
	q.in = &s->asked;
	q.n_in = 1;
	q.unheard = true;
	/* without it the pane has one line less */
	if (job_start_sink(s->session, &q, on_packet, &s->reading, &s->job, &err) != RC_DONE)
		s->job = NULL;
}

bool sizes_update(struct sizes *s)
{
	enum job_state state;
	struct err err;

	if (s->job == NULL || (state = job_state(s->job, &err)) == JOB_RUNNING)
		return false;
	job_free(s->job);
	s->job = NULL;
	s->data = s->reading;
	s->known = state == JOB_DONE && s->data.n > 0;
	return s->known;
}

bool sizes_busy(const struct sizes *s)
{
	return s->job != NULL;
}

const struct sizes_data *sizes_of(const struct sizes *s, const struct id *record)
{
	return s->known && is_asked(s, record) ? &s->data : NULL;
}
