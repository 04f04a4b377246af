/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Writing the packets below records to a pcapng file, in the background. One at a time.
 */
#ifndef FLOWDRILL_UI_SAVE_H
#define FLOWDRILL_UI_SAVE_H

#include "ui/screen.h"

/*
 * Writes all packets below n records, and those that are named themselves: each once, in the order of capture (of each source). RC_USAGE
 * while another one runs; never overwrites a file.
 */
enum rc save_start(struct screen *s, const struct id *ids, size_t n, const char *path, struct err *err);
/* The same for what lies between two times (half-open). */
enum rc save_between(struct screen *s, const struct id *ids, size_t n, int64_t from_ns, int64_t to_ns, const char *path,
	struct err *err);
/* The same for what the view on top says (see view_ops.chosen), else for what is tagged, else the selected row (ui/tags.h). */
enum rc save_chosen(struct screen *s, const char *path, struct err *err);
/* The same, and then tells how it ended (also when it is stopped) instead of saying it where all went well. */
typedef void (*save_then)(struct screen *s, void *ctx, bool written);
enum rc save_chosen_then(struct screen *s, const char *path, save_then then, void *ctx, struct err *err);
/* Says how it ended, once it did. */
void save_update(struct screen *s);
/* "writing FILE: 1 234 packets"; false where none runs. */
bool save_status(const struct screen *s, char *out, size_t size);
/* Stops it and removes the file; false where none runs. */
bool save_cancel(struct screen *s);

#endif
