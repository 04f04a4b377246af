/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A file written behind its maker: while a thread writes one buffer the next one is filled, because copying into the page cache
 * takes as long as finding what is to be written. Small files, which fit into one buffer, never see the thread.
 * The caller's thread alone calls; the file_out belongs to the caller and outlives this.
 */
#ifndef FLOWDRILL_OUT_BEHIND_H
#define FLOWDRILL_OUT_BEHIND_H

#include "base/buf.h"
#include "base/err.h"

struct file_out;
struct behind;

enum rc behind_new(struct file_out *file, struct behind **out, struct err *err);
/*
 * Hands the bytes of `full` over, once those before are written; it is empty then. What went wrong with those before is
 * returned here.
 */
enum rc behind_write(struct behind *b, struct buf *full, struct err *err);
/* Writes `last`, and waits until everything is written. Nothing may be handed over any more. */
enum rc behind_end(struct behind *b, struct buf *last, struct err *err);
/* NULL is fine. What is not written yet is not. */
void behind_free(struct behind *b);

#endif
