/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The screen without a terminal: a view, a script, keys; then what is there is written as text. For programs, tests
 * and pictures.
 */
#ifndef FLOWDRILL_UI_BATCH_H
#define FLOWDRILL_UI_BATCH_H

#include "ui/screen.h"

struct ui_options;

/* As struct ui_options says. The screen is open, and stays so. */
enum rc batch_run(struct screen *s, const struct ui_options *o, struct err *err);

#endif
