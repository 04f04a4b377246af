/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What views have in common whose content one job makes: what they answer about it. A view begins with a struct work_view, starts its job
 * and takes what that made; the screen's update and close are its own.
 */
#ifndef FLOWDRILL_UI_WORK_VIEW_H
#define FLOWDRILL_UI_WORK_VIEW_H

#include "session/session.h"
#include "ui/view.h"

struct work_view {
	struct view view; /* first */
	struct job *job; /* NULL: none is under way */
	struct err err; /* where it failed */
	bool failed, stopped;
	bool counts; /* its progress says something: it is one query, not many */
};

/* Members of struct view_ops. */
bool work_view_busy(const struct view *v, int *progress);
bool work_view_failed(const struct view *v, struct err *err);
bool work_view_cancel(struct view *v);

#endif
