/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/live.h"

#include "base/clock.h"
#include "base/text.h"
#include "ui/screen.h"

#include <stdio.h>
#include <string.h>

enum { LOOK_MS = 250 };
static const int64_t ms_ns = 1000 * 1000;

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

/*
 * ---- the log of the store
 * ------------------------------------------------------------------------------
 */

static void drop_trouble(struct live *l, size_t source, const char *name)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->n_troubles; i++)
		if (l->troubles[i].source != source || (name != NULL && strcmp(l->troubles[i].name, name) != 0))
			l->troubles[kept++] = l->troubles[i];
	l->n_troubles = kept;
}

static void add_trouble(struct live *l, size_t source, const char *name, const char *word)
{
	drop_trouble(l, source, name);
	if (l->n_troubles == LIVE_TROUBLES)
		memmove(&l->troubles[0], &l->troubles[1], --l->n_troubles * sizeof(l->troubles[0]));
	l->troubles[l->n_troubles] = (struct live_trouble){ .source = source, .word = word };
	snprintf(l->troubles[l->n_troubles].name, sizeof(l->troubles[0].name), "%s", name);
	l->n_troubles++;
}

bool live_hear(struct live *l, size_t source, const char *kind, const char *text)
{
	char name[32];

	/* texts about an interface begin with its name, which has no space (the kernel's rule) */
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(text, " :"), text);
	if (strcmp(kind, "start") == 0)
		drop_trouble(l, source, NULL);
	else if (strcmp(kind, "up") == 0)
		drop_trouble(l, source, name);
	else if (strcmp(kind, "down") == 0)
		add_trouble(l, source, name, "down");
	else if (strcmp(kind, "gone") == 0 || strcmp(kind, "lost") == 0)
		add_trouble(l, source, name, "gone");
	else if (strcmp(kind, "full") == 0)
		add_trouble(l, source, "disk", "full");
	else if (strcmp(kind, "room") == 0)
		drop_trouble(l, source, "disk");
	else if (strcmp(kind, "end") == 0)
		add_trouble(l, source, "recording", "ended");
	return strcmp(kind, "start") != 0;
}

/* Troubles from all that is in the log; what came since the last time is said. */
static void hear_source(struct screen *s, size_t source, struct store *store)
{
	enum { EVENTS = 64 };
	struct event_info v[EVENTS];
	struct live *l = &s->live;
	int64_t before_ns = l->heard_ns[source];
	size_t n, from = 0;

	if (store_events(store, EVENTS, v, &n, NULL) != RC_DONE || n == 0)
		return;
	for (size_t i = n; i > 0 && from == 0; i--)
		if (v[i - 1].time_ns == before_ns)
			from = i;
	for (size_t i = from; i < n; i++) {
		if (!live_hear(l, source, v[i].kind, v[i].text) || before_ns == 0)
			continue;
		screen_say(s, "%s", v[i].text);
		s->message.bad = strcmp(v[i].kind, "up") != 0 && strcmp(v[i].kind, "room") != 0;
		if (s->message.bad)
			alerts_add(s, v[i].time_ns, v[i].text);
	}
	l->heard_ns[source] = v[n - 1].time_ns;
}

/* Events are told even while the rows stand still. */
static void hear(struct screen *s)
{
	const struct query_sources *sources = session_sources(s->session);
	uint64_t version;

	for (size_t i = 0; i < sources->n && i < LIVE_SOURCES; i++) {
		if (store_version(sources->stores[i], &version, NULL) != RC_DONE || version == s->live.heard_version[i])
			continue;
		s->live.heard_version[i] = version;
		hear_source(s, i, sources->stores[i]);
	}
}

static uint64_t count_dropped(const struct screen *s)
{
	const struct query_sources *sources = session_sources(s->session);
	uint64_t dropped = 0;

	for (size_t i = 0; i < sources->n; i++) {
		size_t n;
		const struct point_info *points = store_points(sources->stores[i], &n);

		for (size_t k = 0; k < n; k++)
			dropped += points[k].has_dropped ? points[k].dropped : 0;
	}
	return dropped;
}

/* That packets are lost now is said now; the top line has what was lost in all. */
static void watch_drops(struct screen *s)
{
	uint64_t dropped = count_dropped(s);

	if (s->live.heard_drops && dropped > s->live.dropped) {
		char count[TEXT_NUMBER];

		text_count(count, sizeof(count), dropped - s->live.dropped);
		screen_say(s, "%s packets were dropped: they came faster than they could be taken", count);
		s->message.bad = true;
		alerts_add(s, 0, s->message.text);
	}
	s->live.dropped = dropped;
	s->live.heard_drops = true;
}

void live_see(struct screen *s)
{
	size_t before = s->live.recorders;

	s->live.looked_ns = clock_monotonic_ns();
	find_recorders(s);
	/* what a recorder published last came before it went */
	if (s->live.can && !s->live.paused && !s->indexing && !s->waiting && s->n_views > 0)
		screen_look_for_news(s);
	if (s->live.can && !s->indexing && !s->waiting && s->live.seen)
		hear(s);
	if (s->live.recorders > 0)
		watch_drops(s);
	if (before > 0 && s->live.recorders == 0)
		screen_say(s, "recording has ended");
}

void live_update(struct screen *s)
{
	if (s->live.can && clock_monotonic_ns() - s->live.looked_ns >= LOOK_MS * ms_ns)
		live_see(s);
}

int live_wait_ms(const struct screen *s)
{
	int64_t left_ns = s->live.looked_ns + LOOK_MS * ms_ns - clock_monotonic_ns();

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

/* By itself: the program is still there, but takes nothing any more. */
static bool has_ended(const struct live *l)
{
	size_t ended = 0;

	for (size_t i = 0; i < l->n_troubles; i++)
		ended += strcmp(l->troubles[i].word, "ended") == 0;
	return ended > 0 && ended >= l->recorders;
}

bool live_state(const struct screen *s, char *out, size_t size, bool brief)
{
	const struct live *l = &s->live;
	const char *word = l->paused ? "paused" : "live";
	char trouble[64] = "";

	if (!l->seen)
		return false;
	if (l->n_troubles == 1)
		snprintf(trouble, sizeof(trouble), "%s %s", l->troubles[0].name, l->troubles[0].word);
	else if (l->n_troubles > 1)
		snprintf(trouble, sizeof(trouble), "%zu troubles", l->n_troubles);
	if (l->recorders == 0 || has_ended(l))
		snprintf(out, size, l->paused ? "paused, ended" : brief ? "ended" : "recording ended");
	else if (brief)
		snprintf(out, size, "%s", trouble[0] != '\0' && !l->paused ? trouble : word);
	else if (l->recorders > 1)
		snprintf(out, size, "%s, %zu recorders%s%s", word, l->recorders, trouble[0] != '\0' ? ", " : "",
			trouble);
	else
		snprintf(out, size, "%s, recorder %ld%s%s", word, l->pid, trouble[0] != '\0' ? ", " : "", trouble);
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
