/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What frames every view: breadcrumb and completeness above, hints, place and messages below.
 */
#include "ui/config.h"
#include "ui/crumbs.h"
#include "ui/save.h"
#include "ui/screen.h"
#include "ui/which_key.h"

#include "base/text.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

/*
 * ---- totals
 * ------------------------------------------------------------------------------------
 */

struct totals {
	uint64_t packets, bytes, dropped;
	int64_t first_ns, last_ns;
	size_t points;
	bool has_dropped, cut_short, damaged, incomplete, offload;
};

static void add_store(struct totals *t, const struct store *store)
{
	const struct store_totals *st = store_totals(store);
	const struct point_info *points;
	size_t n;

	if (st->packets > 0 && (t->packets == 0 || st->first_ns < t->first_ns))
		t->first_ns = st->first_ns;
	if (st->packets > 0 && (t->packets == 0 || st->last_ns > t->last_ns))
		t->last_ns = st->last_ns;
	t->packets += st->packets;
	t->bytes += st->bytes;
	t->cut_short |= st->cut_short;
	t->damaged |= st->damaged;
	t->incomplete |= !st->complete;
	points = store_points(store, &n);
	for (size_t i = 0; i < n; i++) {
		t->points += points[i].packets > 0;
		t->has_dropped |= points[i].has_dropped;
		t->dropped += points[i].has_dropped ? points[i].dropped : 0;
	}
}

static void sum(struct screen *s, struct totals *t)
{
	const struct query_sources *sources = session_sources(s->session);

	memset(t, 0, sizeof(*t));
	for (size_t i = 0; i < sources->n; i++)
		add_store(t, sources->stores[i]);
}

enum { DAY_S = 86400 };

void chrome_measure(struct screen *s)
{
	const struct query_sources *sources = session_sources(s->session);
	const int64_t day_ns = (int64_t)DAY_S * 1000000000;
	struct totals t;

	sum(s, &t);
	s->style.points = t.points > 1;
	s->style.origin_ns = t.first_ns;
	s->style.sources = sources->n > 1 ? sources : NULL;
	s->style.dates = t.packets > 0 &&
		time_floor(t.first_ns, day_ns) != time_floor(t.last_ns, day_ns);
}

#define DOT " \xc2\xb7 "

/*
 * ---- top line
 * ----------------------------------------------------------------------------------
 */

/* "14:00:05–14:41:00 UTC", behind the date where there is room and only one. */
static void put_range(
	char *out, size_t size, const struct screen *s, const struct totals *t, bool with_date)
{
	char first[TEXT_TIME], last[TEXT_TIME], date[TEXT_TIME] = "", zone[16];
	bool dates = s->style.dates;

	if (t->packets == 0) {
		out[0] = '\0';
		return;
	}
	cell_time(first, sizeof(first), t->first_ns, 0, &s->style);
	cell_time(last, sizeof(last), t->last_ns, 0, &s->style);
	if (with_date && !dates)
		cell_date(date, sizeof(date), t->first_ns, &s->style);
	cell_zone_name(zone, sizeof(zone), t->first_ns, &s->style);
	snprintf(out, size, "%s%s%s%s%s %s" DOT, date, date[0] != '\0' ? " " : "", first,
		dates ? " \xe2\x80\x93 " : "\xe2\x80\x93", last, zone);
}

int chrome_indexed_permille(const struct screen *s)
{
	const struct ingest_progress *p = session_index_progress(s->session);
	uint64_t position, size;

	if (p == NULL)
		return -1;
	position = atomic_load_explicit(&p->position, memory_order_relaxed);
	size = atomic_load_explicit(&p->size, memory_order_relaxed);
	return size == 0 ? 0 : position >= size ? 1000 : (int)(position * 1000 / size);
}

/* The state of the index, or of the recording, and whether it is worth a warning. */
static bool put_state(char *out, size_t size, const struct screen *s, const struct totals *t, bool brief)
{
	int len;

	if (!s->indexing && live_state(s, out, size, brief))
		return s->live.paused || s->live.recorders == 0 || s->live.n_troubles > 0;
	if (s->indexing)
		len = snprintf(out, size, "indexing %d %%", chrome_indexed_permille(s) / 10);
	else if (s->waiting)
		len = snprintf(out, size, "another program is indexing");
	else
		len = snprintf(
			out, size, "%s", t->incomplete ? "not wholly indexed" : "indexed");
	if (len > 0 && (size_t)len < size && t->damaged)
		snprintf(out + len, size - (size_t)len, ", file damaged");
	else if (len > 0 && (size_t)len < size && t->cut_short)
		snprintf(out + len, size - (size_t)len, ", file cut short");
	return s->indexing || s->waiting || t->incomplete || t->damaged || t->cut_short;
}

/* What is left out first, where there is no room. What was dropped goes last: it is a warning. */
enum { FORM_DATE, FORM_RANGE, FORM_PACKETS, FORM_BRIEF, FORM_DROPPED, FORM_STATE };

/* "only 14:17:00-14:18:30", where a range is asked for. Returns the length. */
static size_t put_only(char *out, size_t size, const struct screen *s)
{
	char range[120];

	out[0] = '\0';
	if (range_text(s, range, sizeof(range)) == 0)
		return 0;
	return (size_t)snprintf(out, size, "only %s" DOT, range);
}

/* What is known of all sources, in a longer or shorter form. */
static void put_completeness(char *out, size_t size, const struct screen *s,
	const struct totals *t, int form, const char *state)
{
	char only[160] = "";
	char packets[TEXT_NUMBER + 16] = "", dropped[TEXT_NUMBER + 16] = "", range[160] = "";
	size_t len;

	/* a range that is asked for is never forgotten */
	if (put_only(only, sizeof(only), s) == 0 && form <= FORM_RANGE)
		put_range(range, sizeof(range), s, t, form == FORM_DATE);
	else if (s->style.local) {
		len = cell_zone_name(range, sizeof(range), t->first_ns, &s->style);
		snprintf(range + len, sizeof(range) - len, DOT);
	}
	if (form <= FORM_BRIEF) {
		len = text_count_short(packets, sizeof(packets), t->packets);
		snprintf(packets + len, sizeof(packets) - len, " packets" DOT);
	}
	if (t->has_dropped && form <= (t->dropped > 0 ? FORM_DROPPED : FORM_PACKETS)) {
		len = text_count_short(dropped, sizeof(dropped), t->dropped);
		snprintf(dropped + len, sizeof(dropped) - len, " dropped" DOT);
	}
	snprintf(out, size, "%s%s%s%s%s", only, range, packets, dropped, state);
}

/* The longest form that fits into `room`, at the right; returns the cells that it takes. */
static int draw_completeness(struct screen *s, int room)
{
	struct canvas *c = s->canvas;
	char state[80], text[600], only[160];
	struct totals t;
	int w = 0, w_state;
	bool warn = false;

	sum(s, &t);
	for (int form = FORM_DATE; form <= FORM_STATE; form++) {
		warn = put_state(state, sizeof(state), s, &t, form >= FORM_BRIEF);
		put_completeness(text, sizeof(text), s, &t, form, state);
		w = canvas_width(c, text);
		if (w <= room)
			break;
	}
	w = w < room ? w : room;
	canvas_text(c, c->w - w - 1, 0, w,
		t.has_dropped && t.dropped > 0 ? ATTR_BAR_WARN : ATTR_BAR, text);
	if (put_only(only, sizeof(only), s) > 0)
		canvas_paint(c, (struct rect){ c->w - w - 1, 0, canvas_width(c, only) - 3, 1 }, ATTR_BAR_WARN);
	w_state = canvas_width(c, state);
	w_state = w_state < w ? w_state : w;
	canvas_paint(c, (struct rect){ c->w - w_state - 1, 0, w_state, 1 },
		warn ? ATTR_BAR_WARN : ATTR_BAR_GOOD);
	return w + 2;
}

void chrome_draw_top(struct screen *s)
{
	struct canvas *c = s->canvas;
	int room = c->w - crumbs_width(s) - 5, least = c->w / (range_is_set(&s->range) ? 2 : 4);

	canvas_fill(c, (struct rect){ 0, 0, c->w, 1 }, ATTR_BAR);
	/* the state is said even where the breadcrumb has to be cut for it */
	room = draw_completeness(s, room > least ? room : least);
	crumbs_draw(s, c->w - room);
}

/*
 * ---- bottom
 * -------------------------------------------------------------------------------------
 */

/* From the first view one leaves the program, from the others one goes back; what is recorded can be followed. */
static bool hint_fits_place(const struct screen *s, enum request r)
{
	switch (r) {
	case REQ_BACK: return s->n_views > 1;
	case REQ_QUIT: return s->n_views == 1;
	case REQ_FOLLOW:
	case REQ_PAUSE: return s->live.recorders > 0;
	case REQ_POINTS: return s->style.points;
	default: return true;
	}
}

/* The key as it is shown, and the word behind it; the cells that both take, 0: it has none. */
static int hint_text(const struct screen *s, const struct view_hint *h, char key[KEY_NAME_MAX], const char **word)
{
	*word = h->text != NULL ? h->text : keymap_row(h->request)->hint;
	if (keymap_key_text(key, KEY_NAME_MAX, &s->config->keymap, h->request) == 0 || !hint_fits_place(s, h->request))
		return 0;
	/* what follows is shown once it was typed */
	if (h->request == REQ_GROUP_NONE)
		key[1] = '\0';
	return canvas_width(s->canvas, key) + 1 + canvas_width(s->canvas, *word);
}

/* What all others leave free: who knows no key needs this one. */
static int help_width(const struct screen *s, const struct view_hint *h)
{
	char key[KEY_NAME_MAX];
	const char *word;

	while (h->request != REQ_NONE && h->request != REQ_HELP)
		h++;
	return h->request == REQ_HELP ? hint_text(s, h, key, &word) + 2 : 0;
}

static void draw_hints(struct screen *s, int y, int room)
{
	struct canvas *c = s->canvas;
	const struct view_hint *h = screen_top(s)->ops->hints;
	int x = 1, help = help_width(s, h);

	for (; h->request != REQ_NONE; h++) {
		char key[KEY_NAME_MAX];
		const char *word;
		int need = hint_text(s, h, key, &word);

		if (h->request == REQ_HELP)
			help = 0;
		if (need == 0 || x + need + help > room)
			continue;
		mouse_spot(s, (struct rect){ x, y, need, 1 },
			(struct mouse_spot){ .request = h->request,
				.begins = h->request == REQ_GROUP_NONE ? (unsigned char)key[0] : 0 });
		x += canvas_text(c, x, y, room - x, ATTR_KEY, key) + 1;
		x += canvas_text(c, x, y, room - x, ATTR_DIM, word) + 2;
	}
}

static void draw_bar(struct canvas *c, int x, int y, int w, int permille)
{
	int full = permille * w / 1000;

	for (int i = 0; i < w; i++)
		canvas_glyph(c, x + i, y, i < full ? ATTR_GOOD : ATTR_DIM,
			i < full ? GLYPH_FULL : GLYPH_EMPTY);
}

enum { BAR_W = 20 };

/* What is under way, else what is unusual about the view. */
static void draw_activity(struct screen *s, int y, const char *state)
{
	struct canvas *c = s->canvas;
	struct view *v = screen_top(s);
	int progress = -1;
	char text[640];

	if (save_status(s, text, sizeof(text))) {
		canvas_text(c, 1, y, c->w - 1, ATTR_NORMAL, text);
	} else if (v->ops->busy != NULL && v->ops->busy(v, &progress) && progress >= 0 &&
		progress < 1000) {
		draw_bar(c, 1, y, BAR_W, progress);
		canvas_printf(c, BAR_W + 2, y, c->w - BAR_W - 2, ATTR_DIM,
			"%d %% of the query; Escape stops it", progress / 10);
	} else if (s->keys.n > 0) {
		char key[KEY_NAME_MAX * KEYMAP_SEQUENCE_MAX];

		keymap_sequence_text(key, sizeof(key), s->keys.keys, s->keys.n);
		canvas_printf(c, 1, y, c->w - 1, ATTR_KEY, "%s", key);
	} else {
		canvas_text(c, 1, y, c->w - 1, ATTR_DIM, state);
	}
}

void chrome_draw_bottom(struct screen *s)
{
	struct canvas *c = s->canvas;
	struct view *v = screen_top(s);
	char position[64] = "", state[1200] = "";
	int y = c->h - 2, w;

	if (v->ops->status != NULL)
		v->ops->status(v, position, sizeof(position), state, sizeof(state));
	w = canvas_width(c, position);
	if (s->message.text[0] != '\0' && prompt_is_open(s->prompt))
		canvas_text(c, 1, y, c->w - 1, ATTR_BAD, s->message.text);
	else if (prompt_is_open(s->prompt) && !prompt_has_words(s->prompt) && s->check.text[0] != '\0')
		canvas_text(c, 1, y, c->w - 1, s->check.attr, s->check.text);
	else if (!prompt_draw_words(s->prompt, c, y))
		draw_hints(s, y, c->w - w - 2);
	if (!prompt_is_open(s->prompt))
		canvas_text(c, c->w - w - 1, y, w, ATTR_DIM, position);
	y++;
	if (prompt_is_open(s->prompt))
		prompt_draw(s->prompt, c, y);
	else if (s->message.text[0] != '\0')
		canvas_text(c, 1, y, c->w - 1, s->message.bad ? ATTR_BAD : ATTR_GOOD,
			s->message.text);
	else
		draw_activity(s, y, state);
	which_key_draw(s);
}
