/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Times as text: UTC or local, as they are, since the first packet, since the row before. */
#include "ui/cell_text.h"

#include "base/text.h"
#include "ui/screen.h"

#include <stdio.h>
#include <time.h>

enum { NS_PER_SECOND = 1000000000, MICRO_CELLS = 15 };

static bool local_time(int64_t time_ns, struct tm *out)
{
	time_t seconds = (time_t)(time_floor(time_ns, NS_PER_SECOND) / NS_PER_SECOND);

	return localtime_r(&seconds, out) != NULL;
}

int64_t cell_zone_ns(int64_t time_ns, const struct cell_style *style)
{
	struct tm tm;

	if (!style->local || !local_time(time_ns, &tm))
		return 0;
	return (int64_t)tm.tm_gmtoff * NS_PER_SECOND;
}

size_t cell_zone_name(char *out, size_t size, int64_t time_ns, const struct cell_style *style)
{
	struct tm tm;
	int n;

	if (style->local && local_time(time_ns, &tm))
		n = snprintf(out, size, "%s", tm.tm_zone);
	else
		n = snprintf(out, size, "UTC");
	return n > 0 && (size_t)n < size ? (size_t)n : 0;
}

size_t cell_date(char *out, size_t size, int64_t time_ns, const struct cell_style *style)
{
	return text_date(out, size, time_add(time_ns, cell_zone_ns(time_ns, style)));
}

size_t cell_time(char *out, size_t size, int64_t time_ns, unsigned digits,
	const struct cell_style *style)
{
	int64_t shown_ns = time_add(time_ns, cell_zone_ns(time_ns, style));
	size_t len = 0;

	if (style->dates) {
		len = text_date(out, size, shown_ns);
		if (len + 1 < size)
			out[len++] = ' ';
	}
	len += text_clock(out + len, size - len, shown_ns, digits);
	if (digits == 0 && time_floor(shown_ns, 60 * (int64_t)NS_PER_SECOND) == shown_ns && len > 3) {
		len -= 3;
		out[len] = '\0';
	}
	return len;
}

/* Wide enough for a day, so that the numbers stand below each other. */
static void put_seconds(char *out, size_t size, int64_t ns, bool micro)
{
	if (micro)
		snprintf(out, size, "%+14.6f", (double)ns / NS_PER_SECOND);
	else
		snprintf(out, size, "%+7.0f", (double)ns / NS_PER_SECOND);
}

bool cell_list_time(char *out, size_t size, const struct field *f, int64_t time_ns, const struct cell_style *style)
{
	bool micro = f->width_cells >= MICRO_CELLS;
	struct value before;

	switch (style->times) {
	case CELL_TIMES_RELATIVE:
		put_seconds(out, size, time_sub(time_ns, style->origin_ns), micro);
		return true;
	case CELL_TIMES_DELTA:
		if (style->before == NULL || !field_get(f, style->before, &before)) {
			snprintf(out, size, "-");
			return true;
		}
		put_seconds(out, size, time_sub(time_ns, before.i), micro);
		return true;
	default:
		cell_time(out, size, time_ns, micro ? 6 : 0, style);
		return true;
	}
}

void times_request(struct screen *s, enum request r)
{
	static const char *const words[CELL_TIMES] = { "as they are", "since the first packet, in seconds",
		"since the row before, in seconds" };
	char zone[16];

	if (r == REQ_TIMES) {
		s->style.times = (s->style.times + 1) % CELL_TIMES;
		screen_say(s, "times: %s", words[s->style.times]);
		return;
	}
	s->style.local = !s->style.local;
	cell_zone_name(zone, sizeof(zone), s->style.origin_ns, &s->style);
	screen_say(s, "times are %s%s%s", s->style.local ? "local: " : "", zone,
		s->style.times != CELL_TIMES_ABSOLUTE ? "; lists show differences" : "");
}
