/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/live.h"

#include "ui/screen.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { LOOK_MS = 250 };
static const int64_t ms_ns = 1000 * 1000;

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * (int64_t)1000000000 + t.tv_nsec;
}

static void find_recorders(struct screen *s)
{
	struct live *l = &s->live;

	l->can = false;
	l->recorders = 0;
	l->pid = 0;
	for (size_t i = 0; i < session_count(s->session); i++) {
		long pid = session_writer_pid(s->session, i);

		l->can |= pid >= 0;
		if (pid <= 0)
			continue;
		if (l->recorders++ == 0)
			l->pid = pid;
	}
	l->seen |= l->recorders > 0;
}

void live_see(struct screen *s)
{
	size_t before = s->live.recorders;

	s->live.looked_ns = now_ns();
	find_recorders(s);
	/* what a recorder published last came before it went */
	if (s->live.can && !s->live.paused && !s->indexing && !s->waiting && s->n_views > 0)
		screen_look_for_news(s);
	if (before > 0 && s->live.recorders == 0)
		screen_say(s, "recording has ended");
}

void live_update(struct screen *s)
{
	if (s->live.can && now_ns() - s->live.looked_ns >= LOOK_MS * ms_ns)
		live_see(s);
}

int live_wait_ms(const struct screen *s)
{
	int64_t left_ns = s->live.looked_ns + LOOK_MS * ms_ns - now_ns();

	if (!s->live.can)
		return -1;
	return left_ns > 0 ? (int)(left_ns / ms_ns) + 1 : 0;
}

void live_pause(struct screen *s)
{
	struct live *l = &s->live;

	if (!l->paused && l->recorders == 0) {
		screen_say(s, "nothing is being recorded");
		return;
	}
	l->paused = !l->paused;
	if (!l->paused)
		live_see(s);
}

bool live_state(const struct screen *s, char *out, size_t size, bool brief)
{
	const struct live *l = &s->live;
	const char *word = l->paused ? "paused" : "live";

	if (!l->seen)
		return false;
	if (l->recorders == 0)
		snprintf(out, size, l->paused ? "paused, ended" : brief ? "ended" : "recording ended");
	else if (brief)
		snprintf(out, size, "%s", word);
	else if (l->recorders > 1)
		snprintf(out, size, "%s, %zu recorders", word, l->recorders);
	else
		snprintf(out, size, "%s, recorder %ld", word, l->pid);
	return true;
}

void live_names(const struct screen *s, char *out, size_t size)
{
	const struct query_sources *sources = session_sources(s->session);
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < sources->n; i++) {
		size_t n;
		const struct point_info *points = store_points(sources->stores[i], &n);

		for (size_t k = 0; k < n && len < size; k++)
			len += (size_t)snprintf(out + len, size - len, "%s%s",
				len > 0 ? ", " : "", points[k].name);
	}
}
