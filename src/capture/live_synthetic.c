/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A made-up interface that follows a script: for tests of the recorder. */
#include "base/mem.h"
#include "capture/live_ops.h"

#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct live_synthetic {
	struct live base;
	const struct live_step *steps;
	size_t n, at;                /* the step under way; n: all done */
	uint64_t done;               /* of its frames, or of its pause */
	bool begun;                  /* the kernel has its frames */
	bool told;                   /* live_look() has told the state */
	enum live_state state;
	struct live_counts counts;
	int fd;
};

static struct live_synthetic *self(struct live *l)
{
	return (struct live_synthetic *)l;
}

static void next_step(struct live_synthetic *l)
{
	l->at++;
	l->done = 0;
	l->begun = false;
}

static enum rc give_frames(struct live_synthetic *l, const struct live_step *step, size_t max,
	live_sink sink, void *ctx, size_t *taken, struct err *err)
{
	enum rc rc = RC_DONE;

	if (!l->begun)
		l->counts.received += step->n;
	l->begun = true;
	for (; rc == RC_DONE && l->done < step->n && *taken < max; ++*taken, l->done++) {
		struct live_frame f = {
			.time_ns = step->time_ns + (int64_t)l->done * 1000,
			.caplen = step->len,
			.len = step->len,
			.data = step->data,
		};
		f.timestamp = (uint64_t)f.time_ns;
		l->counts.delivered++;
		rc = sink(ctx, &f, err);
	}
	if (l->done == step->n)
		next_step(l);
	return rc;
}

/* The step's state holds until it has been told; then the script goes on. */
static enum rc change_state(struct live_synthetic *l, enum live_state state)
{
	if (!l->begun) {
		l->begun = true;
		l->told = false;
		l->state = state;
	} else if (l->told)
		next_step(l);
	return RC_DONE;
}

static enum rc take(struct live *base, size_t max, live_sink sink, void *ctx, size_t *taken,
	struct err *err)
{
	struct live_synthetic *l = self(base);
	const struct live_step *step = l->at < l->n ? &l->steps[l->at] : NULL;

	/* stopped: only what the kernel has already */
	if (base->stopped && !(step && step->kind == LIVE_STEP_FRAMES && l->begun))
		return RC_END;
	if (!step)
		return RC_DONE;
	switch (step->kind) {
	case LIVE_STEP_FRAMES: return give_frames(l, step, max, sink, ctx, taken, err);
	case LIVE_STEP_DROP:
		l->counts.received += step->n;
		l->counts.dropped += step->n;
		next_step(l);
		return RC_DONE;
	case LIVE_STEP_DOWN: return change_state(l, LIVE_DOWN);
	case LIVE_STEP_UP: return change_state(l, LIVE_UP);
	case LIVE_STEP_GONE: l->state = LIVE_GONE; return RC_END;
	case LIVE_STEP_PAUSE:
		if (++l->done >= step->n)
			next_step(l);
		return RC_DONE;
	}
	return RC_DONE;
}

static enum rc counts(struct live *base, struct live_counts *out, struct err *err)
{
	(void)err;
	*out = self(base)->counts;
	return RC_DONE;
}

static enum live_state look(struct live *base)
{
	struct live_synthetic *l = self(base);

	l->told = true;
	return l->state;
}

static enum rc stop(struct live *base, struct err *err)
{
	(void)base;
	(void)err;
	return RC_DONE;
}

static int fd_of(const struct live *base)
{
	return ((const struct live_synthetic *)base)->fd;
}

static void close_synthetic(struct live *base)
{
	close(self(base)->fd);
	mem_free(base);
}

static const struct live_ops synthetic_ops = {
	.close = close_synthetic,
	.fd = fd_of,
	.take = take,
	.counts = counts,
	.look = look,
	.stop = stop,
};

enum rc live_open_synthetic(const char *name, uint32_t linktype, const struct live_step *steps,
	size_t n, struct live **out, struct err *err)
{
	static uint32_t next_index = 1000;
	struct live_synthetic *l = mem_calloc(1, sizeof(*l));

	if (!l)
		return err_memory(err);
	l->fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
	if (l->fd < 0) {
		mem_free(l);
		return err_errno(err, name, "cannot make an eventfd");
	}
	l->base.ops = &synthetic_ops;
	l->steps = steps;
	l->n = n;
	l->state = LIVE_UP;
	l->base.info.linktype = linktype;
	l->base.info.snaplen = 262144;
	l->base.info.tsresol = 9;
	l->base.info.ring = "synthetic";
	l->base.info.index = next_index++;
	snprintf(l->base.info.name, sizeof(l->base.info.name), "%s", name);
	*out = &l->base;
	return RC_DONE;
}
