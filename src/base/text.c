/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/text.h"

#include "base/text_width.h"

#include <stdio.h>
#include <string.h>

/*
 * One UTF-8 character of `len` bytes at most (RFC 3629 section 4: no overlong forms, no
 * surrogates, nothing above U+10FFFF). Returns bytes taken, 0 where it is broken.
 */
static size_t utf8_decode(const uint8_t *s, size_t len, uint32_t *cp)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t v;
	size_t n;

	if (len == 0)
		return 0;
	if (s[0] < 0x80) {
		*cp = s[0];
		return 1;
	}
	n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	if (s[0] < 0xc2 || s[0] > 0xf4 || n > len)
		return 0;
	v = s[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		v = v << 6 | (s[i] & 0x3f);
	}
	if (v < smallest[n] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
		return 0;
	*cp = v;
	return n;
}

/* Characters that a terminal obeys or hides instead of showing them. */
static bool cp_is_unsafe(uint32_t cp)
{
	static const struct { uint32_t first, last; } unsafe[] = {
		{ 0x00, 0x1f }, { 0x7f, 0x9f },      /* C0, DEL, C1 */
		{ 0xad, 0xad }, { 0x34f, 0x34f },    /* soft hyphen, grapheme joiner */
		{ 0x61c, 0x61c },                    /* Arabic letter mark */
		{ 0x115f, 0x1160 }, { 0x17b4, 0x17b5 }, /* fillers, invisible vowels */
		{ 0x180b, 0x180f }, { 0x200b, 0x200f }, /* zero width, directional marks */
		{ 0x2028, 0x202e },                  /* separators, bidirectional embeddings */
		{ 0x2060, 0x206f },                  /* invisible operators, isolates */
		{ 0x3164, 0x3164 }, { 0xd800, 0xdfff },
		{ 0xfdd0, 0xfdef }, { 0xfe00, 0xfe0f }, /* noncharacters, variation selectors */
		{ 0xfeff, 0xfeff }, { 0xffa0, 0xffa0 }, { 0xfff0, 0xfffb },
		{ 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff },
	};

	if ((cp & 0xfffe) == 0xfffe)
		return true;
	for (size_t i = 0; i < sizeof(unsafe) / sizeof(unsafe[0]); i++)
		if (cp >= unsafe[i].first && cp <= unsafe[i].last)
			return true;
	return false;
}

enum { ESCAPED_MAX = 16 };

/* One character of the input made safe: bytes taken; text and its length in *text, *text_len. */
static size_t escape_one(const uint8_t *s, size_t len, char text[ESCAPED_MAX], size_t *text_len)
{
	uint32_t cp;
	size_t n = utf8_decode(s, len, &cp);

	if (n == 0 || (n == 1 && cp_is_unsafe(cp))) {
		*text_len = (size_t)snprintf(text, ESCAPED_MAX, "\\x%02x", s[0]);
		return 1;
	}
	if (cp == '\\') {
		memcpy(text, "\\\\", 2);
		*text_len = 2;
	} else if (cp_is_unsafe(cp)) {
		*text_len = (size_t)snprintf(text, ESCAPED_MAX, "\\u{%04x}", cp);
	} else {
		memcpy(text, s, n);
		*text_len = n;
	}
	return n;
}

static bool byte_is_plain(uint8_t c)
{
	return c >= 0x20 && c < 0x7f && c != '\\';
}

/* Length of the run of plain ASCII at s. */
static size_t plain_run(const uint8_t *s, size_t len)
{
	size_t n = 0;

	while (n < len && byte_is_plain(s[n]))
		n++;
	return n;
}

void text_escape(struct buf *out, const void *bytes, size_t len)
{
	const uint8_t *s = bytes;

	while (len > 0) {
		char text[ESCAPED_MAX];
		size_t text_len, n = plain_run(s, len);

		if (n > 0) {
			buf_put(out, s, n);
		} else {
			n = escape_one(s, len, text, &text_len);
			buf_put(out, text, text_len);
		}
		s += n;
		len -= n;
	}
}

size_t text_escape_to(char *out, size_t size, const void *bytes, size_t len)
{
	const uint8_t *s = bytes;
	size_t used = 0;

	if (size == 0)
		return 0;
	while (len > 0) {
		char text[ESCAPED_MAX];
		size_t text_len, n = escape_one(s, len, text, &text_len);

		if (text_len >= size - used)
			break;
		memcpy(out + used, text, text_len);
		used += text_len;
		s += n;
		len -= n;
	}
	out[used] = '\0';
	return used;
}

size_t text_next(const char *s, uint32_t *cp, unsigned *cells)
{
	uint8_t first = (uint8_t)s[0];
	size_t len, n;

	if (first > 0 && first < 0x80) {
		*cp = first;
		*cells = 1;
		return 1;
	}
	/* no more than the terminating zero is looked at: a continuation byte is never zero */
	len = strnlen(s, 4);
	n = utf8_decode((const uint8_t *)s, len, cp);

	if (len == 0) {
		*cp = 0;
		*cells = 0;
		return 0;
	}
	if (n == 0) {
		*cp = 0xfffd;
		*cells = 1;
		return 1;
	}
	*cells = text_cp_width(*cp);
	return n;
}

size_t text_char(const void *bytes, size_t len, uint32_t *cp, unsigned *cells)
{
	size_t n = utf8_decode(bytes, len, cp);

	if (n == 0 || cp_is_unsafe(*cp)) {
		*cp = 0;
		*cells = 1;
		return n > 0 ? n : 1;
	}
	*cells = *cp < 0x80 ? 1 : text_cp_width(*cp);
	return n;
}

size_t text_width(const char *s)
{
	size_t width = 0, n;
	uint32_t cp;
	unsigned cells;

	/* most texts are ASCII to their end */
	for (; (signed char)*s > 0; s++)
		width++;
	while ((n = text_next(s, &cp, &cells)) > 0) {
		width += cells;
		s += n;
	}
	return width;
}

bool text_has(const char *text, const char *part)
{
	return text[0] != '\0' && strcasestr(text, part) != NULL;
}
