/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/range.h"

#include "base/text.h"
#include "ui/screen.h"
#include "ui/series.h"

#include <stdio.h>
#include <string.h>

/* A step of zooming leaves about a third, and gives twice. */
enum { ZOOM_IN = 3, ZOOM_OUT = 2, ZOOM_UNITS = 20 };
enum { FIRST_PARTS = 250000 };       /* of macroflows, on the first screen */

void range_init(struct range *r)
{
	*r = (struct range){ INT64_MIN, INT64_MAX, 0 };
}

bool range_is_set(const struct range *r)
{
	return r->from_ns != INT64_MIN || r->to_ns != INT64_MAX;
}

bool range_bounds(const struct screen *s, int64_t *from_ns, int64_t *to_ns)
{
	const struct range *r = &s->range;
	int64_t first = 0, end = 0;

	if (!series_span(session_sources(s->session), &first, &end))
		return false;
	*from_ns = r->from_ns != INT64_MIN ? r->from_ns : first;
	*to_ns = r->to_ns != INT64_MAX ? r->to_ns : end;
	/* an end before all there is */
	if (*from_ns >= *to_ns && r->from_ns == INT64_MIN)
		*from_ns = time_sub(*to_ns, 1);
	if (*from_ns >= *to_ns)
		*to_ns = time_add(*from_ns, 1);
	return true;
}

void range_set(struct screen *s, int64_t from_ns, int64_t to_ns)
{
	s->range = (struct range){ from_ns, to_ns, 0 };
}

static void slide(struct screen *s, int64_t last_ns)
{
	int64_t newest;

	if (query_newest(session_sources(s->session), &newest))
		s->range = (struct range){ time_sub(newest, last_ns), INT64_MAX, last_ns };
}

void range_slide(struct screen *s)
{
	if (s->range.last_ns > 0)
		slide(s, s->range.last_ns);
}

/* ---- text ------------------------------------------------------------------------------- */

static unsigned digits_of(int64_t t)
{
	for (unsigned digits = 0; digits < 9; digits += 3) {
		int64_t unit = digits == 0 ? 1000000000 : digits == 3 ? 1000000 : 1000;

		if (time_floor(t, unit) == t)
			return digits;
	}
	return 9;
}

size_t range_time(char *out, size_t size, int64_t time_ns, const struct cell_style *style)
{
	unsigned digits = digits_of(time_ns);

	return cell_time(out, size, time_ns, digits < 3 ? digits : 3, style);
}

size_t range_times(char *out, size_t size, int64_t first_ns, int64_t last_ns, const struct cell_style *style)
{
	const int64_t second = 1000000000, length = time_sub(last_ns, first_ns);
	unsigned a = digits_of(first_ns), b = digits_of(last_ns), digits = a > b ? a : b;
	unsigned most = length >= 60 * second ? 0 : length >= second ? 3 : length >= second / 1000 ? 6 : 9;
	size_t len;

	digits = digits < most ? digits : most;
	len = cell_time(out, size, first_ns, digits, style);

	if (len + 4 < size)
		len += (size_t)snprintf(out + len, size - len, "%s", style->dates ? " \xe2\x80\x93 " : "\xe2\x80\x93");
	return len < size ? len + cell_time(out + len, size - len, last_ns, digits, style) : len;
}

/* "7 days", "1 hour", where it is a whole number of them; else as any length: "1 h 30 m". */
static size_t length_text(char *out, size_t size, int64_t len_ns)
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = { { 86400, "day" }, { 3600, "hour" }, { 60, "minute" }, { 1, "second" } };
	const int64_t second = 1000 * 1000 * 1000;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		int64_t n = len_ns / (units[i].seconds * second);

		if (n > 0 && len_ns % (units[i].seconds * second) == 0)
			return (size_t)snprintf(out, size, "%lld %s%s", (long long)n, units[i].name, n == 1 ? "" : "s");
	}
	return text_duration(out, size, len_ns);
}

size_t range_text(const struct screen *s, char *out, size_t size)
{
	const struct range *r = &s->range;
	size_t len = 0;

	out[0] = '\0';
	if (!range_is_set(r))
		return 0;
	if (r->last_ns > 0) {
		len = (size_t)snprintf(out, size, "last ");
		return len + length_text(out + len, size - len, r->last_ns);
	}
	if (r->from_ns != INT64_MIN && r->to_ns != INT64_MAX)
		return range_times(out, size, r->from_ns, r->to_ns, &s->style);
	len = (size_t)snprintf(out, size, "%s ", r->from_ns != INT64_MIN ? "from" : "before");
	return len + range_time(out + len, size - len, r->from_ns != INT64_MIN ? r->from_ns : r->to_ns, &s->style);
}

static void say(struct screen *s)
{
	char text[160];

	if (range_text(s, text, sizeof(text)) > 0)
		screen_say(s, "%s; 0 shows all times", text);
	else
		screen_say(s, "all times");
}

/*
 * A day of a busy link is some hundred thousand parts, a second's work; nobody waits for those of a month before he sees the first, or wants
 * to see them first.
 */
void range_begin(struct screen *s)
{
	static const int64_t hours[] = { 7 * 24, 24, 12, 6, 3, 1 };
	const struct query_sources *sources = session_sources(s->session);
	const size_t n = sizeof(hours) / sizeof(hours[0]);
	int64_t newest, last_ns = 0;

	if (query_macro_parts(sources, INT64_MIN) <= FIRST_PARTS || !query_newest(sources, &newest))
		return;
	for (size_t i = 0; i < n; i++) {
		last_ns = hours[i] * 3600 * 1000000000;
		if (query_macro_parts(sources, time_sub(newest, last_ns)) <= FIRST_PARTS)
			break;
	}
	slide(s, last_ns);
	say(s);
}

/* ---- requests ------------------------------------------------------------------------------ */

/* The time of what is selected in the view on top. */
static bool selected_span(const struct screen *s, int64_t *first_ns, int64_t *last_ns)
{
	const struct view *v = screen_top(s);

	return v->ops->span != NULL && v->ops->span(v, first_ns, last_ns);
}

/* So much around a time, within what there is. */
static void centre(struct screen *s, int64_t at_ns, int64_t length_ns)
{
	int64_t unit = series_step(length_ns / ZOOM_UNITS, 1), first, end, from;

	if (!series_span(session_sources(s->session), &first, &end))
		return;
	if (length_ns >= time_sub(end, first)) {
		range_init(&s->range);
		return;
	}
	from = time_floor(time_sub(at_ns, length_ns / 2 - unit / 2), unit);
	if (time_add(from, length_ns) > end)
		from = time_add(time_floor(time_sub(end, length_ns), unit), unit);
	if (from < first)
		from = time_floor(first, unit);
	range_set(s, from, time_add(from, length_ns));
}

static void zoom(struct screen *s, bool in)
{
	int64_t from, to, first, last, length;

	if (!range_bounds(s, &from, &to)) {
		screen_say(s, "there is nothing yet");
		return;
	}
	if (!in && !range_is_set(&s->range)) {
		screen_say(s, "these are all times");
		return;
	}
	length = time_sub(to, from);
	if (!selected_span(s, &first, &last) || last < from || first >= to)
		first = last = from + length / 2;
	/* what lasts longer than the range is looked at in the range's middle */
	if (first < from && last >= to)
		first = last = from + length / 2;
	centre(s, first < from ? from : first, in ? series_step(length / ZOOM_IN, 1) : series_step(length * ZOOM_OUT, 1));
	say(s);
}

/* The next window: as long as the range; without one, a macroflow's. */
static void pan(struct screen *s, int by)
{
	const struct query_sources *sources = session_sources(s->session);
	int64_t from, to, first, end, last, window = 0;

	if (!series_span(sources, &first, &end) || !range_bounds(s, &from, &to)) {
		screen_say(s, "there is nothing yet");
		return;
	}
	if (!range_is_set(&s->range)) {
		for (size_t i = 0; i < sources->n && window == 0; i++)
			if (sources->stores[i] != NULL)
				window = store_config(sources->stores[i])->macro_ns;
		if (!selected_span(s, &from, &last))
			from = first;
		from = time_floor(from, window > 0 ? window : 1);
		to = time_add(from, window);
	}
	window = time_sub(to, from);
	from = by > 0 ? to : time_sub(from, window);
	to = time_add(from, window);
	if (from >= end || to <= first) {
		screen_say(s, "there is nothing %s", by > 0 ? "later" : "earlier");
		return;
	}
	range_set(s, from, to);
	say(s);
}

static void begin_or_end(struct screen *s, bool begin)
{
	struct range *r = &s->range;
	int64_t first, last;

	if (!selected_span(s, &first, &last)) {
		screen_say(s, "nothing with a time is selected");
		return;
	}
	if (begin)
		range_set(s, first, r->to_ns > first ? r->to_ns : INT64_MAX);
	else
		range_set(s, r->from_ns <= last ? r->from_ns : INT64_MIN, time_add(last, 1));
	say(s);
}

bool range_request(struct screen *s, enum request r)
{
	switch (r) {
	case REQ_ZOOM_IN: zoom(s, true); return true;
	case REQ_ZOOM_OUT: zoom(s, false); return true;
	case REQ_ZOOM_ALL:
		range_init(&s->range);
		say(s);
		return true;
	case REQ_WINDOW_PREV: pan(s, -1); return true;
	case REQ_WINDOW_NEXT: pan(s, 1); return true;
	case REQ_RANGE_BEGIN: begin_or_end(s, true); return true;
	case REQ_RANGE_END: begin_or_end(s, false); return true;
	default: return false;
	}
}

/* ---- as typed --------------------------------------------------------------------------------- */

enum rc range_parse_time(const struct screen *s, const char *text, int64_t *time_ns, struct err *err)
{
	const struct query_sources *sources = session_sources(s->session);
	char full[TEXT_TIME + 64], date[TEXT_TIME];
	const char *colon = strchr(text, ':');
	int64_t newest;

	if (colon != NULL && strchr(text, 'T') == NULL && strchr(text, '-') == NULL && strlen(text) < 24 &&
		query_newest(sources, &newest)) {
		enum rc rc;

		/* in the zone in which times are shown */
		cell_date(date, sizeof(date), newest, &s->style);
		snprintf(full, sizeof(full), "%sT%s%sZ", date, text, strchr(colon + 1, ':') != NULL ? "" : ":00");
		rc = query_parse_time(sources, full, time_ns, err);
		if (rc == RC_DONE)
			*time_ns = time_sub(*time_ns, cell_zone_ns(*time_ns, &s->style));
		return rc;
	}
	return query_parse_time(sources, text, time_ns, err);
}

static enum rc parse_two(struct screen *s, const char *first, const char *second, struct err *err)
{
	int64_t from, to = INT64_MAX;
	enum rc rc = range_parse_time(s, first, &from, err);

	if (rc == RC_DONE && second[0] != '\0')
		rc = range_parse_time(s, second, &to, err);
	if (rc != RC_DONE)
		return rc;
	if (from >= to)
		return err_set(err, RC_USAGE, "range", "it ends before it begins");
	range_set(s, from, to);
	return RC_DONE;
}

enum rc range_parse(struct screen *s, const char *text, struct err *err)
{
	char first[128];
	size_t len = strcspn(text, " ");
	int64_t last;
	enum rc rc;

	if (len >= sizeof(first))
		return err_set(err, RC_USAGE, "range", "FROM TO, as 14:17 14:18:30");
	snprintf(first, sizeof(first), "%.*s", (int)len, text);
	text += len;
	text += strspn(text, " ");
	if (first[0] == '\0') {
		range_init(&s->range);
	} else if (first[0] == '-' && text[0] == '\0') {
		rc = text_parse_duration(first + 1, &last, err);
		if (rc != RC_DONE || last <= 0)
			return rc != RC_DONE ? rc : err_set(err, RC_USAGE, "range", "of no length");
		slide(s, last);
	} else {
		rc = parse_two(s, first, text, err);
		if (rc != RC_DONE)
			return rc;
	}
	say(s);
	return RC_DONE;
}
