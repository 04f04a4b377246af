/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What protocols of lines share: lines, words, replies of three digits, commands that wait for their reply, texts that end with ".". */
#ifndef FLOWDRILL_APP_LINE_H
#define FLOWDRILL_APP_LINE_H

#include "app/parser.h"

enum {
	LINE_LONGEST = 8192,         /* bytes; whoever sends a longer one is lost */
	LINE_ASKED = 64,
};

/* Bytes of the first line with its line feed; 0 where its end is not there. */
size_t line_length(const uint8_t *p, size_t n);
/* A line of so many bytes without its end. */
struct said_text line_text(const uint8_t *p, size_t len);
/* Whether a line of so many bytes ends as protocols end it: what people type into a shell has no carriage return. */
bool line_is_proper(const uint8_t *p, size_t len);
/* The next line, and step->used behind it. False where its end is not there: step says what is needed, or that it is lost. */
bool line_next(const struct parse_bytes *in, struct parse_step *step, struct said_text *line);
/* Takes the first word (up to a blank) and the blanks behind it from *rest. */
struct said_text line_word(struct said_text *rest);

/* Whether the text is this word of small letters, in letters of any size. */
bool line_is(struct said_text text, const char *word);
/* Which of these words of small letters it is, counted from 1; 0: none. */
unsigned line_one_of(struct said_text text, const char *const *words, size_t n);
/* Whether one of these words begins with the text (not empty). */
bool line_begins_one_of(struct said_text text, const char *const *words, size_t n);
/* Whether bytes begin with `word` (small letters) in letters of any size; MAYBE where they end within it. */
enum parse_match line_begins(const uint8_t *p, size_t n, const char *word);
/* Digits alone, below 2^63 or so. */
bool line_decimal(struct said_text text, uint64_t *out);
/* No control characters but tabs. */
bool line_is_text(struct said_text text);
/* A host name with a dot whose last label is of letters: "mail.example.org". */
bool line_is_host(struct said_text text);

/*
 * Replies of three digits (RFC 5321, RFC 959). *open is the code of one that has begun and not ended, 0 else; zeroed it is that of
 * a conversation that begins.
 */
enum line_reply { REPLY_NOT, REPLY_GOES_ON, REPLY_WHOLE };
enum line_reply line_reply(uint16_t *open, struct said_text line, uint16_t *code);

/* Commands without a reply so far, oldest first: what kind each is (above 0). With too many of them nothing is known any more. */
struct line_asked {
	uint8_t n, kind[LINE_ASKED];
	bool overflow;
};
void line_ask(struct line_asked *a, uint8_t kind);
/* The oldest one's kind; 0: none, or not known. */
uint8_t line_asked_first(const struct line_asked *a);
/* The same, and takes it away. */
uint8_t line_answer(struct line_asked *a);

/*
 * Bytes of a text that ends with a line of one dot; *at (0 at its beginning) is kept between calls. Returns how many belong
 * to it.
 */
size_t line_dot_text(uint8_t *at, const uint8_t *p, size_t n, bool *ended);

/* Tells people of a line's first bytes, where nothing was told yet. */
void line_info(const struct parse_out *out, struct said_text line);
/* Layer with a field for each line, without what shown() leaves out: so many bytes of the line may be seen. */
void line_layers(const struct parse_bytes *in, uint32_t offset, const struct decode_sink *sink, const char *name,
	const char *summary, size_t (*shown)(struct said_text line));

#endif
