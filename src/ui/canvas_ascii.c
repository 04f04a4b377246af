/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/canvas_ascii.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

static const struct {
	uint32_t cp;
	const char *ascii;
} lookalikes[] = {
	{ 0x00a0, " " },
	{ 0x00b5, "u" },
	{ 0x00b7, "-" },
	{ 0x00d7, "x" },
	{ 0x03bc, "u" },
	{ 0x2009, " " },
	{ 0x2010, "-" },
	{ 0x2011, "-" },
	{ 0x2012, "-" },
	{ 0x2013, "-" },
	{ 0x2014, "-" },
	{ 0x2018, "'" },
	{ 0x2019, "'" },
	{ 0x201c, "\"" },
	{ 0x201d, "\"" },
	{ 0x2022, "*" },
	{ 0x2026, "~" },
	{ 0x202f, " " },
	{ 0x2039, "<" },
	{ 0x203a, ">" },
	{ 0x2190, "<-" },
	{ 0x2191, "^" },
	{ 0x2192, "->" },
	{ 0x2193, "v" },
	{ 0x2264, "<=" },
	{ 0x2265, ">=" },
	{ 0x2500, "-" },
	{ 0x2502, "|" },
	{ 0x2588, "#" },
	{ 0x2589, "#" },
	{ 0x258a, "#" },
	{ 0x258b, "#" },
	{ 0x258c, "#" },
	{ 0x258d, "." },
	{ 0x258e, "." },
	{ 0x258f, "." },
	{ 0x25b2, "^" },
	{ 0x25b8, ">" },
	{ 0x25bc, "v" },
	{ 0x25be, "v" },
};

static const char *lookalike(uint32_t cp)
{
	for (size_t i = 0; i < sizeof(lookalikes) / sizeof(lookalikes[0]); i++)
		if (lookalikes[i].cp == cp)
			return lookalikes[i].ascii;
	return NULL;
}

void canvas_to_ascii(char *text, size_t size)
{
	char out[64];
	size_t len = 0;
	const char *s = text;

	while (*s != '\0' && len + 12 < sizeof(out)) {
		const char *ascii;
		uint32_t cp;
		unsigned cells;

		s += text_next(s, &cp, &cells);
		ascii = cp < 0x80 ? NULL : lookalike(cp);
		if (cp < 0x80)
			out[len++] = (char)cp;
		else if (ascii != NULL)
			len += (size_t)snprintf(out + len, sizeof(out) - len, "%s", ascii);
		else
			len += (size_t)snprintf(out + len, sizeof(out) - len, "\\u{%04x}", cp);
	}
	out[len] = '\0';
	snprintf(text, size, "%s", out);
}
