/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A sequence diagram as data: hosts side by side, packets between them as arrows in order of time, and what stands between arrows:
 * time that passed, segments that were not captured. No drawing here, no reading.
 *
 * Hosts are told apart by address; two addresses of one machine can be made one host. Bounded by LADDER_ARROWS and LADDER_HOSTS;
 * `limited` says that there was more. Owns its memory. One thread.
 */
#ifndef FLOWDRILL_UI_LADDER_H
#define FLOWDRILL_UI_LADDER_H

#include "base/buf.h"
#include "flow/record.h"

enum { LADDER_ARROWS = 20000, LADDER_HOSTS = 64, LADDER_NAME = 72, LADDER_SCALE_LINES = 120, LADDER_GAP_PARTS = 20 };
/* An answer, or a pause, is late from here on. */
static const int64_t LADDER_LATE_NS = 500000000;
/* Nothing shorter is a gap. */
static const int64_t LADDER_GAP_NS = 1000000;

struct ladder_host {
	struct addr addr;            /* the first that was seen */
	unsigned same;               /* the host that it is: its own number, or a lower one */
	char name[LADDER_NAME];      /* safe for a terminal */
};

struct ladder_arrow {
	int64_t time_ns;
	struct id id;
	uint64_t frame;
	uint32_t marks;
	uint16_t from, to;           /* hosts */
	bool quiet;                  /* says nothing but that something came: a bare acknowledgment */
	bool reset;
	bool late;                   /* an answer that somebody waited long for */
	size_t text;                 /* in texts, terminated; safe for a terminal */
};

/* A line of the diagram. */
enum ladder_kind {
	LADDER_PACKET,
	LADDER_LOST,                 /* before `arrow`, in its direction: segments that were not captured, RTP that never came */
	LADDER_WAIT,                 /* time passes; `ns` where it is said */
};
struct ladder_line {
	enum ladder_kind kind;
	uint32_t arrow;              /* of LADDER_WAIT the one behind */
	int64_t ns;                  /* 0: not said in this line */
};

struct ladder {
	struct ladder_host hosts[LADDER_HOSTS];
	size_t n_hosts;
	struct ladder_arrow *arrows;
	size_t n, cap;
	struct buf texts;
	bool limited;
	struct ladder_line *lines;
	size_t n_lines, cap_lines;
};

/* The host with this address, made where it is new; LADDER_HOSTS where there is no room. name "": its address. */
unsigned ladder_host(struct ladder *l, const struct addr *a, const char *name);
/* Both addresses are one machine's, which has the place of the first one seen. */
void ladder_same(struct ladder *l, const struct addr *a, const struct addr *b);
/*
 * One more packet: *arrow but for its hosts and text. *more false: it was not taken, because there are too many. RC_NO_MEMORY.
 */
enum rc ladder_add(struct ladder *l, const struct ladder_arrow *arrow, unsigned from, unsigned to, const char *text, bool *more,
	struct err *err);
/* All were added: puts arrows in order of time, and hosts that are one machine into one place. */
void ladder_end(struct ladder *l);
/* Makes the lines. quiet: with bare acknowledgments; to_scale: lines stand for time. */
enum rc ladder_lines(struct ladder *l, bool quiet, bool to_scale, struct err *err);
/* The line of an arrow, or of the next one that is shown; n_lines - 1 where there is none behind. */
size_t ladder_line_of(const struct ladder *l, uint32_t arrow);
const char *ladder_text(const struct ladder *l, const struct ladder_arrow *a);
void ladder_free(struct ladder *l);

#endif
