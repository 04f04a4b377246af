/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a key says that has no use where it was pressed: shortly where it would have one. Moving says nothing: at the end
 * of a list everybody sees why it goes no further.
 */
#ifndef FLOWDRILL_UI_NO_USE_H
#define FLOWDRILL_UI_NO_USE_H

#include "ui/keymap.h"

struct screen;
struct view;

/* For a request that nobody took. */
void no_use_say(struct screen *s, enum request r);
/* For one that opens a view of the kind that is open; nothing where it did something, or said so. */
void no_use_say_open(struct screen *s, enum request r, const struct view *top_before);
/* For a key that is bound to nothing, or goes on with no sequence: those typed before it are in *typed. */
void no_use_say_key(struct screen *s, const struct keymap_state *typed, uint32_t key);

#endif
