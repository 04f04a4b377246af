/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Recorder: counters, interfaces and the clock, looked at by the taker. */
#include "session/recorder_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLOCK_STEP_NS = 500 * 1000 * 1000 };

/* ---- counters --------------------------------------------------------------------------- */

static struct point_counts counts_of(const struct recorder_source *s)
{
	return (struct point_counts){
		.received = s->base.received + s->counts.received,
		.refused = s->base.refused + s->counts.refused + s->refused,
		.dropped = s->base.dropped + s->counts.dropped,
		.if_dropped = s->base.if_dropped + s->counts.if_dropped,
	};
}

/* An interface that is gone keeps the counters that it had. */
static void count(struct recorder_source *s)
{
	struct live_counts now;

	if (live_counts(s->live, &now, NULL) == RC_DONE)
		s->counts = now;
}

enum rc recorder_put_counts(struct recorder *r, struct err *err)
{
	int64_t now = recorder_realtime(r);
	enum rc rc = RC_DONE;

	for (size_t i = 0; i < r->n && rc == RC_DONE; i++) {
		struct recorder_source *s = &r->sources[i];

		count(s);
		struct point_counts c = counts_of(s);
		if (memcmp(&c, &s->in_block, sizeof(c)) == 0)
			continue;
		s->in_block = c;
		rc = block_writer_counts(r->writer, s->point, now, s->base_stored + s->written.packets, &c, err);
	}
	return rc;
}

/* The first event that the blocks do not have yet. */
static bool first_event(struct recorder *r, struct event_info *out)
{
	pthread_mutex_lock(&r->lock);
	bool any = r->n_lay > 0;
	if (any) {
		out->time_ns = r->lay[0].time_ns;
		snprintf(out->kind, sizeof(out->kind), "%s", r->lay[0].kind);
		snprintf(out->text, sizeof(out->text), "%s", r->lay[0].text);
	}
	pthread_mutex_unlock(&r->lock);
	return any;
}

enum rc recorder_put_events(struct recorder *r, struct err *err)
{
	struct event_info e;
	bool written = true;
	enum rc rc = RC_DONE;

	while (rc == RC_DONE && written && first_event(r, &e)) {
		rc = block_writer_event(r->writer, &e, &written, err);
		if (rc != RC_DONE || !written)
			break;
		pthread_mutex_lock(&r->lock);
		memmove(&r->lay[0], &r->lay[1], --r->n_lay * sizeof(r->lay[0]));
		pthread_mutex_unlock(&r->lock);
	}
	return rc;
}

/* ---- interfaces ------------------------------------------------------------------------- */

static void look(struct recorder *r, struct recorder_source *s)
{
	static const char *const says[] = {
		[LIVE_UP] = "is up again", [LIVE_DOWN] = "is down: capture goes on when it is up again",
		[LIVE_GONE] = "is gone: nothing is captured there any more",
	};
	static const char *const kinds[] = { [LIVE_UP] = "up", [LIVE_DOWN] = "down", [LIVE_GONE] = "gone" };
	enum live_state now = s->ended && s->state == LIVE_GONE ? LIVE_GONE : live_look(s->live);

	if (now == s->state)
		return;
	s->state = now;
	recorder_event(r, kinds[now], "%s %s", live_info(s->live)->name, says[now]);
}

/* ---- the clock -------------------------------------------------------------------------- */

static void check_clock(struct recorder *r)
{
	int64_t offset = recorder_realtime(r) - recorder_monotonic(), step = offset - r->clock_offset;

	r->clock_offset = offset;
	if (llabs(step) >= CLOCK_STEP_NS)
		recorder_event(r, "clock", "the clock was set %s by %.1f s", step < 0 ? "back" : "forward",
			(double)llabs(step) / 1e9);
}

/* ---- the sample ------------------------------------------------------------------------- */

static void put_point(const struct recorder_source *s, struct recorder_point *p)
{
	p->received = s->counts.received;
	p->dropped = s->counts.dropped;
	p->if_dropped = s->counts.if_dropped;
	p->refused = s->counts.refused + s->refused;
	p->stored = s->stored.packets;
	p->state = s->state;
	p->ended = s->ended;
}

void recorder_sample(struct recorder *r)
{
	struct amount stored = { 0 };

	check_clock(r);
	recorder_settle(r);
	for (size_t i = 0; i < r->n; i++) {
		count(&r->sources[i]);
		look(r, &r->sources[i]);
		stored.packets += r->sources[i].stored.packets;
		stored.bytes += r->sources[i].stored.bytes;
	}
	/* something has become durable: there is room */
	if (r->writer && stored.packets > r->begun)
		recorder_set_full(r, false);
	if (r->writer)
		atomic_store(&r->on_disk, r->bytes_before + block_writer_bytes(r->writer));
	pthread_mutex_lock(&r->lock);
	r->sample.number++;
	r->sample.time_ns = recorder_realtime(r);
	r->sample.stored = stored;
	for (size_t i = 0; i < r->n; i++)
		put_point(&r->sources[i], &r->sample.points[i]);
	r->status.packets = stored.packets;
	r->status.bytes = stored.bytes;
	r->status.published = r->published_before + (r->pipeline ? pipeline_published(r->pipeline) : 0);
	pthread_mutex_unlock(&r->lock);
}
