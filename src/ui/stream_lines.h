/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A transcript as lines of a certain width: a heading for each turn, then what was said as text (cut at line ends and at the width) or
 * as bytes, gaps, and where another connection begins. Bytes that follow each other in a turn are one text, whatever packets carried
 * them.
 *
 * Lines are made when asked for; kept is where every STREAM_STEP'th begins. The transcript must outlive it. No drawing here.
 */
#ifndef FLOWDRILL_UI_STREAM_LINES_H
#define FLOWDRILL_UI_STREAM_LINES_H

#include "app/transcript.h"

enum { STREAM_STEP = 64, STREAM_TAB = 8 };

enum stream_kind { STREAM_TURN, STREAM_BYTES, STREAM_GAP, STREAM_ANEW };

/* Which side is shown. */
enum stream_side { STREAM_BOTH, STREAM_CLIENT, STREAM_SERVER, STREAM_SIDES };

struct stream_line {
	enum stream_kind kind;
	enum direction dir;
	size_t piece;                /* of its first byte */
	size_t at;                   /* STREAM_BYTES: in bytes[dir] of the transcript */
	uint64_t len;                /* bytes; of a turn: of all that is said in it */
};

/* Before which line one stands. */
struct stream_place {
	size_t piece;
	uint64_t off;                /* bytes of the piece that stand before */
	bool headed;                 /* the turn's heading stands before */
};

struct stream_lines {
	const struct transcript *t;
	unsigned width;              /* cells; as bytes: bytes a line */
	bool hex;
	enum stream_side side;
	size_t n;
	struct stream_place *steps;
	size_t n_steps, cap_steps;
};

/* Whether what was said is read as text rather than as bytes: SQL between lengths and numbers is, TLS is not. */
bool stream_is_text(const struct transcript *t);
/* Zeroed *l, or one made before: makes it (anew). RC_NO_MEMORY: it is empty then. */
enum rc stream_lines_make(struct stream_lines *l, const struct transcript *t, unsigned width, bool hex,
	enum stream_side side, struct err *err);
void stream_lines_free(struct stream_lines *l);
/* Line n; false behind the last. */
bool stream_lines_get(const struct stream_lines *l, size_t n, struct stream_line *out);
/* The line with a byte of a direction; l->n where it is not shown. */
size_t stream_lines_of_byte(const struct stream_lines *l, enum direction dir, size_t at);
/* The first line of a piece, or of the first one behind it that is shown; l->n where there is none. */
size_t stream_lines_of_piece(const struct stream_lines *l, size_t piece);

/* A character of a text line at `at`: bytes of it; *cells that it takes at column x, *cp 0 where it is shown as a dot, ' ' of tabs. */
size_t stream_char(const uint8_t *bytes, size_t len, unsigned x, uint32_t *cp, unsigned *cells);

#endif
