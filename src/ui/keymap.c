/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/keymap.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

static const struct keymap_row rows[] = {
#define ROW(g, r, n, k, hi, he) \
	{ .request = (r), .group = (g), .name = (n), .keys = (k), .hint = (hi), .help = (he) },
#define X_MOVING(r, n, k, hi, he)  ROW(KEYMAP_GROUP_MOVING, r, n, k, hi, he)
#define X_TIERS(r, n, k, hi, he)   ROW(KEYMAP_GROUP_TIERS, r, n, k, hi, he)
#define X_LISTS(r, n, k, hi, he)   ROW(KEYMAP_GROUP_LISTS, r, n, k, hi, he)
#define X_PROGRAM(r, n, k, hi, he) ROW(KEYMAP_GROUP_PROGRAM, r, n, k, hi, he)
	KEYMAP_MOVING(X_MOVING) KEYMAP_TIERS(X_TIERS) KEYMAP_LISTS(X_LISTS)
		KEYMAP_PROGRAM(X_PROGRAM)
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

const char *keymap_group_title(enum keymap_group g)
{
	static const char *const titles[KEYMAP_GROUPS] = {
		[KEYMAP_GROUP_MOVING] = "Moving",
		[KEYMAP_GROUP_TIERS] = "Up and down the tiers",
		[KEYMAP_GROUP_LISTS] = "Lists",
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

size_t keymap_key_text(char *out, size_t size, enum request r)
{
	const struct keymap_row *row = keymap_row(r);
	const char *keys = row == NULL ? "" : row->keys;
	int len = (int)strcspn(keys, " ");

	return (size_t)snprintf(out, size, "%.*s", len, keys);
}

/*
 * Compares what was typed with one bound sequence: request when whole, *prefix when it may
 * become it.
 */
static bool matches(
	const struct keymap_state *state, const uint32_t *sequence, unsigned n, bool *prefix)
{
	if (state->n > n || memcmp(state->keys, sequence, state->n * sizeof(*sequence)) != 0)
		return false;
	if (state->n < n)
		*prefix = true;
	return state->n == n;
}

enum request keymap_feed(struct keymap_state *state, uint32_t key)
{
	bool prefix = false;

	if (state->n > 0 && key == UKEY_ESCAPE) {
		state->n = 0;
		return REQ_NONE;
	}
	state->keys[state->n++] = key;
	for (size_t i = 0; i < ROWS; i++) {
		const char *keys = rows[i].keys;
		uint32_t sequence[KEYMAP_SEQUENCE_MAX];
		unsigned n;

		while ((n = keymap_next_sequence(&keys, sequence)) > 0)
			if (matches(state, sequence, n, &prefix)) {
				state->n = 0;
				return rows[i].request;
			}
	}
	if (!prefix || state->n == KEYMAP_SEQUENCE_MAX)
		state->n = 0;
	return REQ_NONE;
}
