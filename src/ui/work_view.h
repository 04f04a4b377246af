/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What views have in common whose content one job makes: how it begins and ends, and what they answer about it. A view begins with a
 * struct work_view and takes what its job made; when it is closed it ends with work_view_close().
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

/* Starts the job; none may be under way. That it cannot be started is a failure of it. */
void work_view_start(struct work_view *w, job_work work, void *ctx);
/* Looks after the job: true when it has ended now. *done: what it made is there; else it failed or was stopped. */
bool work_view_ended(struct work_view *w, bool *done);
/* Drops the job, and has `how` free the view when that has ended: it is what the job works on. */
void work_view_close(struct work_view *w, void (*how)(void *view));

/* Members of struct view_ops. */
bool work_view_busy(const struct view *v, int *progress);
bool work_view_failed(const struct view *v, struct err *err);
bool work_view_cancel(struct view *v);

#endif
