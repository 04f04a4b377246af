/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/key.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct {
	uint32_t key;
	const char *name;
} key_names[] = {
	{ UKEY_TAB, "Tab" },
	{ UKEY_ENTER, "Enter" },
	{ UKEY_ESCAPE, "Escape" },
	{ UKEY_SPACE, "Space" },
	{ UKEY_BACKSPACE, "Backspace" },
	{ UKEY_UP, "Up" },
	{ UKEY_DOWN, "Down" },
	{ UKEY_LEFT, "Left" },
	{ UKEY_RIGHT, "Right" },
	{ UKEY_HOME, "Home" },
	{ UKEY_END, "End" },
	{ UKEY_PGUP, "PgUp" },
	{ UKEY_PGDN, "PgDn" },
	{ UKEY_INSERT, "Insert" },
	{ UKEY_DELETE, "Delete" },
	{ UKEY_BACKTAB, "Shift-Tab" },
	{ UKEY_ESCAPE, "Esc" },
	{ UKEY_PGUP, "PageUp" },
	{ UKEY_PGDN, "PageDown" },
};

enum { KEY_NAMES = sizeof(key_names) / sizeof(key_names[0]) };

size_t key_utf8(char *out, size_t size, uint32_t cp)
{
	char utf8[5] = { 0 };

	if (cp < 0x80) {
		utf8[0] = (char)cp;
	} else if (cp < 0x800) {
		utf8[0] = (char)(0xc0 | cp >> 6);
		utf8[1] = (char)(0x80 | (cp & 0x3f));
	} else if (cp < 0x10000) {
		utf8[0] = (char)(0xe0 | cp >> 12);
		utf8[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		utf8[2] = (char)(0x80 | (cp & 0x3f));
	} else {
		utf8[0] = (char)(0xf0 | cp >> 18);
		utf8[1] = (char)(0x80 | (cp >> 12 & 0x3f));
		utf8[2] = (char)(0x80 | (cp >> 6 & 0x3f));
		utf8[3] = (char)(0x80 | (cp & 0x3f));
	}
	return (size_t)snprintf(out, size, "%s", utf8);
}

size_t key_format(char *out, size_t size, uint32_t key)
{
	for (size_t i = 0; i < KEY_NAMES; i++)
		if (key_names[i].key == key)
			return (size_t)snprintf(out, size, "%s", key_names[i].name);
	if (key >= UKEY_F1 && key <= UKEY_F12)
		return (size_t)snprintf(out, size, "F%u", key - UKEY_F1 + 1);
	if (key > 0 && key < 0x20)
		return (size_t)snprintf(out, size, "Ctrl-%c", (char)(key + '@'));
	if (key > 0x10ffff)
		return (size_t)snprintf(out, size, "?");
	return key_utf8(out, size, key);
}

static bool parse_special(const char *text, uint32_t *key)
{
	uint64_t n;

	for (size_t i = 0; i < KEY_NAMES; i++)
		if (strcasecmp(key_names[i].name, text) == 0) {
			*key = key_names[i].key;
			return true;
		}
	if ((text[0] == 'F' || text[0] == 'f') && text_parse_u64(text + 1, &n) && n >= 1 &&
		n <= 12) {
		*key = (uint32_t)(UKEY_F1 + n - 1);
		return true;
	}
	if (strncasecmp(text, "Ctrl-", 5) == 0 && strlen(text) == 6) {
		*key = UKEY_CTRL(text[5]);
		return true;
	}
	return false;
}

bool key_parse(const char *text, uint32_t *key)
{
	uint32_t cp;
	unsigned cells;
	size_t n = text_next(text, &cp, &cells);

	if (n > 0 && text[n] == '\0') {
		*key = cp;
		return true;
	}
	return parse_special(text, key);
}
