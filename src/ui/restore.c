/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/restore.h"

#include "base/buf.h"
#include "base/hash.h"
#include "base/mem.h"
#include "ui/state.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the values begin with: another version says nothing to this one. */
#define VERSION "1"

/* "view." and a number that stands for the sources; false where they have no packets yet. */
static bool make_key(const struct screen *s, char *out, size_t size)
{
	const struct query_sources *sources = session_sources(s->session);
	uint64_t h = 0;

	for (size_t i = 0; i < sources->n; i++) {
		const struct store_totals *t = store_totals(sources->stores[i]);
		const char *path = store_path(sources->stores[i]), *slash = strrchr(path, '/');
		const char *name = slash != NULL && slash[1] != '\0' ? slash + 1 : path;

		if (t->packets == 0)
			return false;
		h = hash_bytes(name, strlen(name), h);
		h = hash_bytes(&t->first_ns, sizeof(t->first_ns), h);
	}
	snprintf(out, size, "view.%016" PRIx64, h);
	return sources->n > 0;
}

/* ---- writing ------------------------------------------------------------------------------ */

/* One word: what would divide words or lines is %XX, nothing at all is "-". */
static void put_word(struct buf *b, const char *text)
{
	buf_put_u8(b, ' ');
	if (text[0] == '\0' || strcmp(text, "-") == 0) {
		buf_put_str(b, text[0] == '\0' ? "-" : "%2D");
		return;
	}
	for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++)
		if (*c <= ' ' || *c == '%' || *c == 0x7f)
			buf_printf(b, "%%%02X", *c);
		else
			buf_put_u8(b, *c);
}

static void put_id(struct buf *b, bool there, const struct id *id)
{
	char text[ID_TEXT] = "";

	if (there)
		id_format(text, sizeof(text), id);
	put_word(b, text);
}

static void put_step(struct buf *b, const struct place_step *step)
{
	buf_printf(b, " %d %d %d", (int)step->kind, (int)step->tier, step->ports);
	put_id(b, step->has_in, &step->in);
	put_id(b, step->has_row, &step->row);
	put_word(b, step->filter);
	put_word(b, step->group);
	put_word(b, step->crumb[0]);
	put_word(b, step->crumb[1]);
}

void restore_remember(struct screen *s)
{
	struct place p = { 0 };
	char key[STATE_KEY_MAX];
	struct buf b;
	struct err err;

	if (s->no_restore || s->n_views == 0 || !make_key(s, key, sizeof(key)) ||
		place_take(s, &p, &err) != RC_DONE)
		return;
	buf_init(&b);
	buf_printf(&b, VERSION " %" PRId64 " %" PRId64, s->range.from_ns, s->range.to_ns);
	/* deeper ones are left out where there is no room */
	for (size_t i = 0; i < p.n; i++) {
		size_t before = b.len;

		put_step(&b, &p.v[i]);
		if (b.len >= STATE_VALUE_MAX) {
			b.len = before;
			break;
		}
	}
	state_set(s->state, key, buf_text(&b));
	buf_free(&b);
	place_free(&p);
}

/* ---- reading ------------------------------------------------------------------------------ */

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The next word, decoded; false where there is none or it is too long. */
static bool take_word(char **rest, char *out, size_t size)
{
	const char *word = strsep(rest, " ");
	size_t len = 0;

	if (word == NULL)
		return false;
	if (strcmp(word, "-") == 0)
		word = "";
	for (; *word != '\0' && len + 1 < size; word++) {
		if (*word == '%' && hex(word[1]) >= 0 && hex(word[2]) >= 0) {
			out[len++] = (char)(hex(word[1]) << 4 | hex(word[2]));
			word += 2;
		} else {
			out[len++] = *word;
		}
	}
	out[len] = '\0';
	return *word == '\0' && strlen(out) == len;
}

static bool take_number(char **rest, int64_t *out)
{
	char word[32], *end;

	if (!take_word(rest, word, sizeof(word)) || word[0] == '\0')
		return false;
	*out = strtoll(word, &end, 10);
	return *end == '\0';
}

static bool take_id(char **rest, bool *there, struct id *id)
{
	char word[ID_TEXT];

	if (!take_word(rest, word, sizeof(word)))
		return false;
	*there = word[0] != '\0';
	return !*there || id_parse(word, id);
}

static bool take_step(char **rest, struct place_step *out)
{
	int64_t kind, tier, ports;

	memset(out, 0, sizeof(*out));
	if (!take_number(rest, &kind) || !take_number(rest, &tier) || !take_number(rest, &ports) ||
		kind < PLACE_RECORDS || kind > PLACE_PACKET || tier < 0 || tier > TIER_MACROFLOW)
		return false;
	out->kind = (enum place_kind)kind;
	out->tier = (enum tier)tier;
	out->ports = ports != 0;
	return take_id(rest, &out->has_in, &out->in) && take_id(rest, &out->has_row, &out->row) &&
		take_word(rest, out->filter, sizeof(out->filter)) &&
		take_word(rest, out->group, sizeof(out->group)) &&
		take_word(rest, out->crumb[0], sizeof(out->crumb[0])) &&
		take_word(rest, out->crumb[1], sizeof(out->crumb[1]));
}

/* False where it was not written by this version, or by nobody of ours. */
static bool read_place(char *text, struct range *range, struct place *p)
{
	char version[8];

	if (!take_word(&text, version, sizeof(version)) || strcmp(version, VERSION) != 0 ||
		!take_number(&text, &range->from_ns) || !take_number(&text, &range->to_ns))
		return false;
	while (text != NULL && p->n < SCREEN_VIEWS_MAX) {
		if (!take_step(&text, &p->v[p->n]))
			return false;
		p->n++;
	}
	return p->n > 0 && p->v[0].kind == PLACE_RECORDS && p->v[0].tier == TIER_MACROFLOW;
}

static bool is_worth_telling(const struct place *p, const struct range *r)
{
	return p->n > 1 || p->v[0].filter[0] != '\0' || p->v[0].group[0] != '\0' || range_is_set(r);
}

static void go(struct screen *s, const struct place *p, const struct range *r)
{
	struct err err;

	if (place_go(s, p, &err) != RC_DONE)
		screen_fail(s, &err);
	else if (is_worth_telling(p, r))
		screen_say(s, "as it was left last time; 1 goes to the beginning, --fresh begins there");
}

void restore_go(struct screen *s)
{
	char key[STATE_KEY_MAX], text[STATE_VALUE_MAX];
	struct place p = { 0 };
	const char *saved;
	struct range r;

	if (s->no_restore || !make_key(s, key, sizeof(key)) || (saved = state_get(s->state, key)) == NULL)
		return;
	snprintf(text, sizeof(text), "%s", saved);
	range_init(&r);
	p.v = mem_calloc(SCREEN_VIEWS_MAX, sizeof(*p.v));
	if (p.v != NULL && read_place(text, &r, &p)) {
		if (r.from_ns < r.to_ns)
			p.range = r;
		else
			range_init(&p.range);
		go(s, &p, &p.range);
	}
	place_free(&p);
}
