/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A live capture point: one interface, through libpcap with a ring shared with the kernel (TPACKET_V3).
 *
 * What it is not: a thread, a clock, a writer. The recorder (session/recorder.h) waits for live_fd(), takes what
 * is there with live_take(), samples live_counts(), and asks live_look() now and then how the interface is.
 *
 * Accounting. From live_open() on, for the kernel's part:
 *
 *     received = delivered + refused + dropped            exactly, after live_stop() and live_take() until RC_END
 *
 * received: frames that passed the kernel's filter (libpcap's ps_recv); delivered: handed to the callback;
 * refused: by this module (a frame longer than the link type can have, a time that does not fit); dropped: the ring
 * was full (ps_drop). if_dropped (ps_ifdrop) stands beside it: lost by the card before the kernel saw them, part
 * of none of the others. libpcap's 32-bit counters are widened here, so live_counts() has to be called more often than
 * they wrap; what arrived before the filter was in force is in none of them.
 *
 * Behind an ops table: a made-up interface for tests (live_open_synthetic()) can drop, jump in time, go down,
 * disappear, and come back as another one.
 *
 * Privilege: only live_open() needs it. One thread at a time, but live_open().
 */
#ifndef FLOWDRILL_CAPTURE_LIVE_H
#define FLOWDRILL_CAPTURE_LIVE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct live;

struct live_options {
	const char *bpf;             /* NULL: all frames */
	uint32_t snaplen;            /* bytes kept of a frame; 0: 262144 */
	uint32_t buffer_bytes;       /* ring shared with the kernel; 0: 64 MiB */
	bool promiscuous;
	bool immediate;              /* every frame at once: libpcap falls back to TPACKET_V2 */
	unsigned timeout_ms;         /* the kernel hands over a ring's block at the latest then; 0: 100 */
};

/* What the interface is, for a capture point of a store. */
struct live_info {
	char name[128];              /* as the kernel has it */
	char description[128];
	uint32_t linktype, snaplen;  /* linktype as pcapng numbers it */
	uint8_t tsresol;             /* 9 or 6 */
	const char *ring;            /* "TPACKET_V3", "TPACKET_V2": static */
	uint8_t mac[6];
	bool has_mac;
	uint32_t index;              /* the kernel's; another one under the same name is another interface */
	char note[160];              /* one line for the user, e.g. what --immediate cost; "" for none */
};

struct live_counts { uint64_t received, delivered, refused, dropped, if_dropped; };

/* RC_MISSING: no such interface; RC_DENIED: says what is needed; RC_SYNTAX: the filter; RC_IO, RC_UNSUPPORTED, RC_NO_MEMORY. */
enum rc live_open(const char *device, const struct live_options *options, struct live **out, struct err *err);
void live_close(struct live *l);
const struct live_info *live_info(const struct live *l);
/* Readable when frames wait. -1 where there is none to wait for (it has ended). Non-blocking. */
int live_fd(const struct live *l);

struct live_frame {
	int64_t time_ns;             /* since 1970, the kernel's or the card's clock */
	uint64_t timestamp;          /* in units of tsresol */
	uint32_t caplen, len;
	const uint8_t *data;         /* valid during the callback */
};
/* Returning other than RC_DONE ends live_take() with it; that frame counts as delivered. */
typedef enum rc (*live_sink)(void *ctx, const struct live_frame *f, struct err *err);
/*
 * Hands over at most `max` waiting frames in order; *taken says how many. RC_DONE (also when nothing waits); RC_END: ended (after
 * live_stop() the ring is drained, or the interface is gone for ever): nothing comes any more.
 */
enum rc live_take(struct live *l, size_t max, live_sink sink, void *ctx, size_t *taken, struct err *err);
/* The counters so far. After RC_END exact. */
enum rc live_counts(struct live *l, struct live_counts *out, struct err *err);

enum live_state {
	LIVE_UP,
	LIVE_DOWN,                   /* set down: capture waits and goes on by itself when it is up again */
	LIVE_GONE,                   /* unplugged, or made anew under the same name: this point has ended */
};
/* How the interface is now (cheap; about once a second). Also wakes a ring that stalled when it went down. */
enum live_state live_look(struct live *l);
/* From here on the kernel takes no more frames; what it has taken is still to be got by live_take(), until RC_END. */
enum rc live_stop(struct live *l, struct err *err);

/* ---- for tests --------------------------------------------------------------------------- */

/*
 * A script of what a made-up interface does, one step an element, in order; frames of a step are given out together, by
 * one live_take() if `max` allows. A change of state (down, up) holds the script until live_look() has told it. After the last
 * step nothing comes any more; it ends by LIVE_STEP_GONE, or by live_stop(), which leaves out the steps that have not begun.
 */
enum live_step_kind { LIVE_STEP_FRAMES, LIVE_STEP_DROP, LIVE_STEP_DOWN, LIVE_STEP_UP, LIVE_STEP_GONE, LIVE_STEP_PAUSE };
struct live_step {
	enum live_step_kind kind;
	uint64_t n;                  /* frames; frames dropped; live_take()s to pause for */
	int64_t time_ns;             /* of the step's first frame; the next ones are 1 us apart */
	const uint8_t *data;         /* the frame, repeated n times */
	uint32_t len;
};
/* `steps` must outlive it. live_fd() is an eventfd that is always readable until the end. */
enum rc live_open_synthetic(const char *name, uint32_t linktype, const struct live_step *steps, size_t n,
	struct live **out, struct err *err);

#endif
