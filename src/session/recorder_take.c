/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Recorder: the taker, which empties the rings. */
#include "session/recorder_parts.h"

#include <poll.h>
#include <time.h>
#include <unistd.h>

enum {
	TAKE_FRAMES = 512,           /* of one interface, before the next one has its turn */
	IDLE_NS = 200 * 1000,        /* a descriptor may be readable without a frame */
	SECOND_NS = 1000000000,
	WAIT_MS = 100,
};

struct take { struct recorder *r; size_t source; };

static enum rc on_frame(void *ctx, const struct live_frame *f, struct err *err)
{
	struct take *t = ctx;

	(void)err;
	recorder_write(t->r, t->source, f);
	return RC_DONE;
}

/* An interface that cannot be read any more: the others go on. */
static void lose(struct recorder *r, struct recorder_source *s, const struct err *why)
{
	s->ended = true;
	recorder_event(r, "lost", "%s: %s", live_info(s->live)->name, why->why);
}

/* What waits at every interface, some of each. *taken: how many; false: nothing can come any more. */
static bool take_round(struct recorder *r, size_t *taken)
{
	bool left = false;

	*taken = 0;
	for (size_t i = 0; i < r->n; i++) {
		struct recorder_source *s = &r->sources[i];
		struct err err;
		size_t n = 0;

		if (s->ended)
			continue;
		enum rc rc = live_take(s->live, TAKE_FRAMES, on_frame, &(struct take){ r, i }, &n, &err);
		*taken += n;
		if (rc == RC_END)
			s->ended = true;
		else if (rc != RC_DONE)
			lose(r, s, &err);
		left |= !s->ended;
	}
	return left;
}

static void wait_for_frames(struct recorder *r)
{
	struct pollfd fds[RECORDER_DEVICES + 1];
	nfds_t n = 0;
	char drain[64];

	fds[n++] = (struct pollfd){ .fd = r->wake[0], .events = POLLIN };
	for (size_t i = 0; i < r->n; i++)
		if (!r->sources[i].ended && live_fd(r->sources[i].live) >= 0)
			fds[n++] = (struct pollfd){ .fd = live_fd(r->sources[i].live), .events = POLLIN };
	if (poll(fds, n, WAIT_MS) > 0 && fds[0].revents && read(r->wake[0], drain, sizeof(drain)) < 0)
		return;
	nanosleep(&(struct timespec){ .tv_nsec = IDLE_NS }, NULL);
}

/* What has to be done by now, whatever comes off the wire. */
static void on_time(struct recorder *r)
{
	int64_t now = recorder_monotonic();

	if (r->unsynced && now >= r->sync_at)
		recorder_sync(r);
	if (atomic_load(&r->limit_reached) && !r->refusing) {
		struct err err;

		err_set(&err, RC_NO_SPACE, r->options.store, "the store is as large as it may be: recording has ended");
		recorder_refuse(r, &err);
	}
	if (atomic_exchange(&r->want_seal, false))
		recorder_next_block(r);
	if (now >= r->sample_at) {
		r->sample_at = now + (r->options.sync_ns < SECOND_NS ? r->options.sync_ns : SECOND_NS);
		recorder_sample(r);
		pthread_mutex_lock(&r->lock);
		pthread_cond_signal(&r->changed);
		pthread_mutex_unlock(&r->lock);
	}
}

/* Until it is told to stop, or nothing can come any more, or nothing can be stored any more. */
static void take_on(struct recorder *r)
{
	bool left = true;

	while (left && !r->refusing && !atomic_load(&r->stop)) {
		size_t taken;

		left = take_round(r, &taken);
		on_time(r);
		if (taken > 0 || !left)
			continue;
		wait_for_frames(r);
	}
	if (!left) {
		struct err err;
		err_set(&err, RC_MISSING, r->n == 1 ? live_info(r->sources[0].live)->name : "interfaces",
			"gone: there is nothing left to capture");
		recorder_fail(r, &err);
	}
}

/* What the kernel has taken before this moment. */
static void drain(struct recorder *r)
{
	struct err err;
	size_t taken;

	for (size_t i = 0; i < r->n; i++)
		if (!r->sources[i].ended && live_stop(r->sources[i].live, &err) != RC_DONE)
			lose(r, &r->sources[i], &err);
	while (take_round(r, &taken))
		if (taken == 0)
			wait_for_frames(r);
}

void *recorder_taker_main(void *arg)
{
	struct recorder *r = arg;

	take_on(r);
	drain(r);
	recorder_sync(r);
	recorder_finish(r);
	recorder_sample(r);
	pthread_mutex_lock(&r->lock);
	r->end = true;
	r->status.running = false;
	pthread_cond_signal(&r->changed);
	pthread_mutex_unlock(&r->lock);
	recorder_tell(r);
	return NULL;
}
