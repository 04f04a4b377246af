/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A report: named values and lists of rows, said once and written either for people (a label, the value with
 * its unit; lists as tables) or as one JSON object on a line. Values stand in the order in which they were given.
 * Errors (no memory, cannot write) are sticky and told by report_end(). One thread.
 */
#ifndef FLOWDRILL_OUT_REPORT_H
#define FLOWDRILL_OUT_REPORT_H

#include "out/out.h"

struct report;

enum rc report_begin(FILE *to, bool json, const struct out_style *style, struct report **out,
	struct err *err);
/* Heading for people; not in JSON. */
void report_heading(struct report *r, const char *text);
/*
 * `key` is the JSON name (copied), `label` what people read (NULL: only in JSON). Text is escaped here.
 */
void report_count(struct report *r, const char *key, const char *label, uint64_t n);
void report_bytes(struct report *r, const char *key, const char *label, uint64_t bytes);
void report_time(struct report *r, const char *key, const char *label, int64_t time_ns);
void report_duration(struct report *r, const char *key, const char *label, int64_t duration_ns);
/* A share of one; for people in percent. */
void report_share(struct report *r, const char *key, const char *label, double share);
void report_text(struct report *r, const char *key, const char *label, const char *text);
void report_flag(struct report *r, const char *key, const char *label, bool yes);
/* Not known: null; a dash. */
void report_unknown(struct report *r, const char *key, const char *label);
/* A list of rows of a tier; it ends where anything else is said. */
void report_list(struct report *r, const char *key, enum tier tier,
	const struct field *const *columns, size_t n);
void report_row(struct report *r, const struct row *row);
/* Writes, flushes and frees. */
enum rc report_end(struct report *r, struct err *err);

#endif
