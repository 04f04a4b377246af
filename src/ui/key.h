/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Keys, apart from any terminal: a code point, a control character, or one of enum key above
 * Unicode. Names are what people and scripts write ("Enter", "PgDn", "Ctrl-L", "g"). Pure
 * functions.
 */
#ifndef FLOWDRILL_UI_KEY_H
#define FLOWDRILL_UI_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum key {
	UKEY_NONE = 0,
	UKEY_TAB = 9,
	UKEY_ENTER = 13,
	UKEY_ESCAPE = 27,
	UKEY_SPACE = 32,
	UKEY_BACKSPACE = 127,
	UKEY_UP = 0x110000,
	UKEY_DOWN,
	UKEY_LEFT,
	UKEY_RIGHT,
	UKEY_HOME,
	UKEY_END,
	UKEY_PGUP,
	UKEY_PGDN,
	UKEY_INSERT,
	UKEY_DELETE,
	UKEY_BACKTAB,
	UKEY_F1,
	UKEY_F12 = UKEY_F1 + 11,
	UKEY_RESIZE, /* no key: the terminal has another size */
	UKEY_MOUSE, /* no key: see term_mouse() */
	UKEY_LOST, /* no key: the terminal is gone */
};

enum { KEY_NAME_MAX = 16 };

#define UKEY_CTRL(c) ((uint32_t)(c)&0x1f)

/* "Enter", "Ctrl-L", "F1", "g". Returns the length. */
size_t key_format(char *out, size_t size, uint32_t key);
/* A code point (at most 0x10ffff) as UTF-8. Returns the length. */
size_t key_utf8(char *out, size_t size, uint32_t cp);
/* A name or a single character; false else. */
bool key_parse(const char *text, uint32_t *key);

#endif
