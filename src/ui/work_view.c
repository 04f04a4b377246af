/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/work_view.h"

#include "ui/screen.h"

void work_view_start(struct work_view *w, job_work work, void *ctx)
{
	w->stopped = false;
	w->failed = job_start_work(w->view.screen->session, work, ctx, &w->job, &w->err) != RC_DONE;
	if (w->failed)
		w->job = NULL;
}

bool work_view_ended(struct work_view *w, bool *done)
{
	enum job_state state;

	*done = false;
	if (w->job == NULL)
		return false;
	state = job_state(w->job, &w->err);
	if (state == JOB_RUNNING)
		return false;
	job_free(w->job);
	w->job = NULL;
	w->stopped = state == JOB_CANCELLED;
	w->failed = state == JOB_FAILED;
	*done = state == JOB_DONE;
	return true;
}

void work_view_close(struct work_view *w, void (*how)(void *view))
{
	job_drop(w->job);
	session_free_later(w->view.screen->session, how, w);
}

bool work_view_busy(const struct view *v, int *progress)
{
	const struct work_view *w = (const struct work_view *)v;

	*progress = w->job != NULL && w->counts ? job_progress(w->job) : -1;
	return w->job != NULL;
}

bool work_view_failed(const struct view *v, struct err *err)
{
	const struct work_view *w = (const struct work_view *)v;

	if (w->failed)
		*err = w->err;
	return w->failed;
}

bool work_view_cancel(struct view *v)
{
	struct work_view *w = (struct work_view *)v;

	if (w->job == NULL)
		return false;
	job_cancel(w->job);
	return true;
}
