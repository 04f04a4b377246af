/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What may follow while a sequence of keys is half typed: a box above the hints. Stateless; says what the keymap says. */
#ifndef FLOWDRILL_UI_WHICH_KEY_H
#define FLOWDRILL_UI_WHICH_KEY_H

#include "ui/screen.h"

/* Nothing where no sequence is open, or where there is no room. */
void which_key_draw(struct screen *s);

#endif
