/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "capture/live_ops.h"

void live_close(struct live *l)
{
	if (l)
		l->ops->close(l);
}

const struct live_info *live_info(const struct live *l)
{
	return &l->info;
}

int live_fd(const struct live *l)
{
	return l->ended ? -1 : l->ops->fd(l);
}

enum rc live_take(struct live *l, size_t max, live_sink sink, void *ctx, size_t *taken,
	struct err *err)
{
	enum rc rc;

	*taken = 0;
	if (l->ended)
		return RC_END;
	rc = l->ops->take(l, max, sink, ctx, taken, err);
	if (rc == RC_END)
		l->ended = true;
	return rc;
}

enum rc live_counts(struct live *l, struct live_counts *out, struct err *err)
{
	return l->ops->counts(l, out, err);
}

enum live_state live_look(struct live *l)
{
	return l->ops->look(l);
}

enum rc live_stop(struct live *l, struct err *err)
{
	enum rc rc;

	if (l->stopped || l->ended)
		return RC_DONE;
	rc = l->ops->stop(l, err);
	if (rc == RC_DONE)
		l->stopped = true;
	return rc;
}
