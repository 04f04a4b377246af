/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The capture of failing.h, taken from a made-up interface by a recorder. */
#include "failing.h"

#include "capture/live.h"
#include "session/recorder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <poll.h>

#include <cmocka.h>

static void no_event(void *ctx, const char *what, const char *text)
{
	(void)ctx;
	(void)what;
	(void)text;
}

/* All frames were counted, it ended by itself, or it waits for room that will not come. */
static void wait_end(struct recorder *r)
{
	struct recorder_status status;
	struct recorder_point seen;

	for (;;) {
		struct pollfd fd = {.fd = recorder_fd(r), .events = POLLIN};

		recorder_status(r, &status);
		recorder_point(r, 0, &seen);
		if (!status.running || status.full || seen.received == FAILING_PACKETS)
			return;
		poll(&fd, 1, 2);
		recorder_events(r, no_event, NULL);
	}
}

static void take_counts(struct recorder *r, struct recorded *out)
{
	struct recorder_status status;
	struct recorder_point point;

	recorder_status(r, &status);
	recorder_point(r, 0, &point);
	*out = (struct recorded){.received = point.received, .stored = point.stored, .refused = point.refused,
		.dropped = point.dropped, .published = status.published};
}

enum rc failing_record(const char *path, struct recorded *out, struct err *err)
{
	static struct live_step steps[FAILING_PACKETS];
	struct recorder_options options;
	struct recorder *r;
	struct live *point;

	memset(out, 0, sizeof(*out));
	for (unsigned i = 0; i < FAILING_PACKETS; i++)
		steps[i] = (struct live_step){.kind = LIVE_STEP_FRAMES, .n = 1, .time_ns = failing_time_ns(i),
			.data = failing_frame(i), .len = FAILING_CAPTURED};
	recorder_options_default(&options);
	options.store = path;
	options.sync_ns = 2000000;
	options.config.block_size = FAILING_BLOCK;
	enum rc rc = live_open_synthetic("made0", 1, steps, FAILING_PACKETS, &point, err);
	if (rc == RC_DONE)
		rc = recorder_open_over(&options, &point, 1, &r, err);
	if (rc != RC_DONE)
		return rc;
	rc = recorder_start(r, NULL, err);
	if (rc == RC_DONE) {
		wait_end(r);
		rc = recorder_stop(r, err);
		take_counts(r, out);
		out->whole = rc == RC_DONE;
	}
	recorder_close(r);
	return rc;
}
