/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/work_view.h"

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
