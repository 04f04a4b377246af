/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a parser of an application protocol is. One file a protocol; the table of them is in app/parser.c.
 *
 * Rules
 *   - pure: nothing but `in` and the state is read, nothing but the state and the outs is written; no memory is taken
 *   - the state is PARSE_STATE bytes; zeroed it is that of a conversation that begins. Give it a struct with a static assertion
 *   - bounded work a byte; what does not fit in PARSE_HOLD bytes is skipped or given up, never collected
 *   - nothing is said that the bytes do not say. A length that lies, a name with a loop: said as far as it is certain, then lost
 *   - texts point into `in`, or are put into the said by said_put()
 */
#ifndef FLOWDRILL_APP_PARSER_H
#define FLOWDRILL_APP_PARSER_H

#include "app/app.h"
#include "base/buf.h"
#include "decode/decode.h"
#include "flow/record.h"

enum {
	PARSE_STATE = 96,            /* bytes, of both directions */
	PARSE_HOLD = 16384,          /* bytes that a stream parser may ask for at once */
};

/* Bytes that one side sent, in order, without gap. */
struct parse_bytes {
	const uint8_t *p;
	size_t n;
	bool whole;                  /* these bytes end where the sender's segment or datagram ends; false: the capture cut it */
	enum direction dir;
	bool is_udp;
	uint16_t client_port, server_port;
	int64_t time_ns;
};

/*
 * Bytes that a direction's datagram parser may keep from one datagram to the next: PARSE_HOLD of them. take() returns them, or NULL
 * where there are none to be had; *again: they are those of the last time, untouched (else somebody else had them since).
 */
struct parse_keep {
	uint8_t *(*take)(void *ctx, bool *again);
	void (*drop)(void *ctx);
	void *ctx;
};

struct parse_out {
	struct said *said;               /* added to; its app is the caller's */
	const struct said_sink *sink;    /* or NULL */
	struct buf *info;                /* NULL, or: one line on the first message here, for people; raw text from outside is put in with
	                                    text_escape() */
	uint8_t *scratch;                /* NULL, or: PARSE_HOLD bytes to put something together in; no text stays there */
	const struct parse_keep *keep;   /* NULL: nothing can be kept */
};

enum parse_match { MATCH_NO, MATCH_MAYBE, MATCH_YES };

/* How a stream goes on. All zero with used == n: all was understood, more may come. */
struct parse_step {
	size_t used;                 /* bytes that it is through with; the rest is given again with what follows */
	uint64_t skip;               /* so many behind those it need not see (a body); they need not even be captured */
	size_t need;                 /* used < n: goes on when so many (<= PARSE_HOLD) are together from there */
	bool lost;                   /* this is not what it should be: nothing more is said in this direction before resync() */
	bool done;                   /* nothing more is to be said in this direction for good (TLS behind its handshake) */
	enum app becomes;            /* both directions go on as another application from here (STARTTLS); APP_NONE: no */
	bool anew;                   /* or as one that is still to be found out: a tunnel begins (CONNECT) */
};

struct app_parser {
	enum app app;
	/*
	 * Whether a conversation in which in->dir sent these first bytes speaks it. MAYBE: more bytes could tell, or what the
	 * other side says (2 KiB must be enough). YES must be certain: a wrong application is worse than none. in->dir is a hint: where
	 * the handshake was not captured client and server may be the wrong way round.
	 */
	enum parse_match (*match)(const struct parse_bytes *in);
	/* TCP, or NULL. in->p begins where the step before left off. Called with n > 0. */
	void (*stream)(void *state, const struct parse_bytes *in, struct parse_step *step, const struct parse_out *out);
	/* After a gap: whether a message surely begins with these bytes (a segment's first). NULL: never. May mend the state. */
	bool (*resync)(void *state, const struct parse_bytes *in);
	/* UDP, or NULL: one datagram. */
	void (*datagram)(void *state, const struct parse_bytes *in, const struct parse_out *out);
	/*
	 * For people: the layers of a payload that begins at `offset` of its frame, as if it began a message; NULL: none. A sink's
	 * texts are escaped by whoever shows them.
	 */
	void (*layers)(const struct parse_bytes *in, uint32_t offset, const struct decode_sink *sink);
};

/* One more message in the line for people, if somebody wants one. */
void parse_tell(const struct parse_out *out, const char *what);

/* NULL where there is no parser (not built in, or it speaks through another's). */
const struct app_parser *app_parser(enum app a);

#endif
