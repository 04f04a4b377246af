/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/keymap.h"

#include "base/text.h"

#include <assert.h>
#include <string.h>

static const struct keymap_row rows[] = {
#define ROW(g, r, n, k, hi, he) \
	{ .request = (r), .group = (g), .name = (n), .keys = (k), .hint = (hi), .help = (he) },
#define X_MOVING(r, n, k, hi, he)  ROW(KEYMAP_GROUP_MOVING, r, n, k, hi, he)
#define X_TIERS(r, n, k, hi, he)   ROW(KEYMAP_GROUP_TIERS, r, n, k, hi, he)
#define X_LISTS(r, n, k, hi, he)   ROW(KEYMAP_GROUP_LISTS, r, n, k, hi, he)
#define X_ALONG(r, n, k, hi, he)   ROW(KEYMAP_GROUP_ALONG, r, n, k, hi, he)
#define X_TIME(r, n, k, hi, he)    ROW(KEYMAP_GROUP_TIME, r, n, k, hi, he)
#define X_PROGRAM(r, n, k, hi, he) ROW(KEYMAP_GROUP_PROGRAM, r, n, k, hi, he)
	KEYMAP_MOVING(X_MOVING) KEYMAP_TIERS(X_TIERS) KEYMAP_LISTS(X_LISTS)
		KEYMAP_ALONG(X_ALONG) KEYMAP_TIME(X_TIME) KEYMAP_PROGRAM(X_PROGRAM)
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

_Static_assert(ROWS == REQUESTS - 1, "a row for every request");

const struct keymap_row *keymap_rows(size_t *n)
{
	*n = ROWS;
	return rows;
}

const struct keymap_row *keymap_row(enum request r)
{
	return r > REQ_NONE && r < REQUESTS ? &rows[r - 1] : NULL;
}

const struct keymap_row *keymap_row_find(const char *name)
{
	for (size_t i = 0; i < ROWS; i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

const char *keymap_group_title(enum keymap_group g)
{
	static const char *const titles[KEYMAP_GROUPS] = {
		[KEYMAP_GROUP_MOVING] = "Moving",
		[KEYMAP_GROUP_TIERS] = "Up and down the tiers",
		[KEYMAP_GROUP_LISTS] = "Lists",
		[KEYMAP_GROUP_ALONG] = "Along the content",
		[KEYMAP_GROUP_TIME] = "Time",
		[KEYMAP_GROUP_PROGRAM] = "The program",
	};

	return titles[g];
}

/* A word is the name of one key, or else the characters of a sequence. */
static unsigned parse_sequence(const char *word, uint32_t out[KEYMAP_SEQUENCE_MAX])
{
	unsigned n = 0, cells;

	if (key_parse(word, &out[0]))
		return 1;
	while (*word != '\0' && n < KEYMAP_SEQUENCE_MAX)
		word += text_next(word, &out[n++], &cells);
	return n;
}

unsigned keymap_next_sequence(const char **keys, uint32_t out[KEYMAP_SEQUENCE_MAX])
{
	char word[KEY_NAME_MAX];
	size_t len;

	*keys += strspn(*keys, " ");
	len = strcspn(*keys, " ");
	if (len == 0 || len >= sizeof(word))
		return 0;
	memcpy(word, *keys, len);
	word[len] = '\0';
	*keys += len;
	return parse_sequence(word, out);
}

size_t keymap_sequence_text(char *out, size_t size, const uint32_t *keys, unsigned n)
{
	size_t len = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < n && len + 1 < size; i++)
		len += key_format(out + len, size - len, keys[i]);
	return len < size ? len : size - 1;
}

/* ---- what is bound ------------------------------------------------------------------------ */

void keymap_init(struct keymap *m)
{
	m->n = 0;
	for (size_t i = 0; i < ROWS; i++) {
		const char *keys = rows[i].keys;
		struct keymap_binding b = { .request = rows[i].request };

		while ((b.n = keymap_next_sequence(&keys, b.keys)) > 0) {
			assert(m->n < KEYMAP_BINDINGS_MAX);
			m->v[m->n++] = b;
		}
	}
}

static bool begins(const struct keymap_binding *b, const uint32_t *keys, unsigned n)
{
	return b->n >= n && memcmp(b->keys, keys, n * sizeof(*keys)) == 0;
}

bool keymap_goes_on(const struct keymap_binding *b, const struct keymap_state *state)
{
	return b->n > state->n && begins(b, state->keys, state->n);
}

static bool parse(const char *text, struct keymap_binding *out, struct err *err)
{
	const char *rest = text;
	bool mistaken = text[0] == 'F' && text[1] >= '0' && text[1] <= '9'; /* F13 */

	out->n = keymap_next_sequence(&rest, out->keys);
	if (out->n > 0 && *rest == '\0' && (out->n == 1 || !mistaken) &&
		(out->n < KEYMAP_SEQUENCE_MAX || strlen(text) <= KEYMAP_SEQUENCE_MAX))
		return true;
	err_set(err, RC_SYNTAX, "bind", "'%s' is no key and no sequence of %d at most", text,
		KEYMAP_SEQUENCE_MAX);
	return false;
}

static size_t find_binding(const struct keymap *m, const struct keymap_binding *b)
{
	size_t i = 0;

	while (i < m->n && !(m->v[i].n == b->n && begins(&m->v[i], b->keys, b->n)))
		i++;
	return i;
}

/* Who has lost these keys to a configuration would not get out, or not find help. */
static bool is_needed(enum request r)
{
	return r == REQ_QUIT || r == REQ_HELP || r == REQ_COMMAND || r == REQ_BACK;
}

static size_t count_keys(const struct keymap *m, enum request r)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++)
		n += m->v[i].request == r;
	return n;
}

static enum rc take_away(struct keymap *m, size_t i, struct err *err)
{
	enum request r = m->v[i].request;

	if (is_needed(r) && count_keys(m, r) == 1)
		return err_set(err, RC_SYNTAX, "bind", "'%s' would be left without a key",
			keymap_row(r)->name);
	m->n--;
	memmove(&m->v[i], &m->v[i + 1], (m->n - i) * sizeof(m->v[0]));
	return RC_DONE;
}

static enum rc check_beginnings(
	const struct keymap *m, const struct keymap_binding *b, struct err *err)
{
	char ours[KEY_NAME_MAX * 2], theirs[KEY_NAME_MAX * 2];

	keymap_sequence_text(ours, sizeof(ours), b->keys, b->n);
	for (size_t i = 0; i < m->n; i++) {
		const struct keymap_binding *o = &m->v[i];
		const char *name = keymap_row(o->request)->name;

		keymap_sequence_text(theirs, sizeof(theirs), o->keys, o->n);
		if (o->n > b->n && begins(o, b->keys, b->n))
			return err_set(err, RC_SYNTAX, "bind",
				"'%s' begins '%s' (%s); unbind that first", ours, theirs, name);
		if (o->n < b->n && begins(b, o->keys, o->n))
			return err_set(err, RC_SYNTAX, "bind",
				"'%s' begins with '%s' (%s); unbind that first", ours, theirs, name);
	}
	return RC_DONE;
}

static size_t first_of(const struct keymap *m, enum request r)
{
	size_t i = 0;

	while (i < m->n && m->v[i].request != r)
		i++;
	return i;
}

enum rc keymap_bind(struct keymap *m, const char *keys, const char *request, struct err *err)
{
	const struct keymap_row *row = keymap_row_find(request);
	struct keymap_binding b;
	enum rc rc;
	size_t at;

	if (row == NULL)
		return err_set(err, RC_SYNTAX, "bind", "there is no request '%s'", request);
	if (!parse(keys, &b, err))
		return RC_SYNTAX;
	rc = check_beginnings(m, &b, err);
	at = find_binding(m, &b);
	if (rc == RC_DONE && at < m->n && m->v[at].request != row->request)
		rc = take_away(m, at, err);
	else if (rc == RC_DONE && at < m->n)
		memmove(&m->v[at], &m->v[at + 1], (--m->n - at) * sizeof(m->v[0]));
	if (rc != RC_DONE)
		return rc;
	if (m->n == KEYMAP_BINDINGS_MAX)
		return err_set(err, RC_LIMIT, "bind", "too many keys");
	b.request = row->request;
	at = first_of(m, b.request);
	memmove(&m->v[at + 1], &m->v[at], (m->n - at) * sizeof(m->v[0]));
	m->v[at] = b;
	m->n++;
	return RC_DONE;
}

enum rc keymap_unbind(struct keymap *m, const char *keys, struct err *err)
{
	struct keymap_binding b;
	size_t at;

	if (!parse(keys, &b, err))
		return RC_SYNTAX;
	at = find_binding(m, &b);
	if (at == m->n)
		return err_set(err, RC_SYNTAX, "unbind", "'%s' is not bound", keys);
	return take_away(m, at, err);
}

size_t keymap_key_text(char *out, size_t size, const struct keymap *m, enum request r)
{
	size_t at = first_of(m, r);

	out[0] = '\0';
	return at < m->n ? keymap_sequence_text(out, size, m->v[at].keys, m->v[at].n) : 0;
}

size_t keymap_keys_text(char *out, size_t size, const struct keymap *m, enum request r)
{
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < m->n; i++) {
		if (m->v[i].request != r || len + 2 >= size)
			continue;
		if (len > 0)
			out[len++] = ' ';
		len += keymap_sequence_text(out + len, size - len, m->v[i].keys, m->v[i].n);
	}
	return len;
}

enum request keymap_feed(
	const struct keymap *m, struct keymap_state *state, uint32_t key)
{
	bool open = false;

	if (state->n > 0 && key == UKEY_ESCAPE) {
		state->n = 0;
		return REQ_NONE;
	}
	state->keys[state->n++] = key;
	for (size_t i = 0; i < m->n; i++) {
		if (m->v[i].n == state->n && begins(&m->v[i], state->keys, state->n)) {
			state->n = 0;
			return m->v[i].request;
		}
		open |= keymap_goes_on(&m->v[i], state);
	}
	if (!open || state->n == KEYMAP_SEQUENCE_MAX)
		state->n = 0;
	return REQ_NONE;
}
