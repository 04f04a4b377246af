/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What each key does in each view: tests/ui/keys.table, a section a view:
 *
 *	view NAME: WAY
 *		EFFECT: KEY KEY ...
 *
 * with a way there from the first view (as --keys takes it) and the keys, or sequences, of the default keymap by what they do. Every
 * key stands once in every section. Plain data; whoever has one frees nothing.
 */
#ifndef FLOWDRILL_TESTS_UI_KEY_TABLE_H
#define FLOWDRILL_TESTS_UI_KEY_TABLE_H

#include <stdbool.h>
#include <stddef.h>

enum { KEY_TABLE_VIEWS = 40, KEY_TABLE_KEYS = 256, KEY_TABLE_EFFECT = 32 };

struct key_does {
	char key[16], effect[KEY_TABLE_EFFECT];
};

struct key_view {
	char name[32], way[160];
	struct key_does v[KEY_TABLE_KEYS];
	size_t n;
};

struct key_table {
	struct key_view v[KEY_TABLE_VIEWS];
	size_t n;
};

/* Fails the test where it cannot be read. */
void key_table_read(const char *path, struct key_table *t);
void key_table_write(const char *path, const struct key_table *t);
/* The effect of a key in a view; NULL where the table says none. */
const char *key_view_effect(const struct key_view *v, const char *key);
/* True at most KEY_TABLE_KEYS times. */
bool key_view_put(struct key_view *v, const char *key, const char *effect);

#endif
