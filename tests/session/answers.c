/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "answers.h"
#include "captures.h"
#include "query/result.h"

#include <string.h>

static bool put_row(void *ctx, const struct row *row, const struct raw_packet *raw)
{
	struct buf *out = ctx;
	char text[256];
	struct value v;
	struct id id;

	(void)raw;
	row_id(row, &id);
	id_format(text, sizeof(text), &id);
	buf_put_str(out, text);
	for (size_t i = 0; i < field_count(); i++) {
		const struct field *f = field_at(i);

		if (!(f->tiers & FIELD_ON(row->tier)) || captures_is_said(f, row->tier) || !field_get(f, row, &v))
			continue;
		value_format(text, sizeof(text), f, &v, STYLE_MACHINE);
		buf_printf(out, " %s=%s", f->name, text);
	}
	buf_put_str(out, "\n");
	return true;
}

void answers_of(struct store *s, struct buf *out)
{
	static const enum tier tiers[] = { TIER_MACROFLOW, TIER_FLOW, TIER_MICROFLOW, TIER_PACKET, TIER_BLOCK,
		TIER_POINT };
	struct query_sources sources = { .stores = &s, .n = 1 };
	struct query q;

	assert_int_equal(store_refresh(s, NULL), RC_DONE);
	for (size_t i = 0; i < sizeof(tiers) / sizeof(tiers[0]); i++) {
		query_init(&q, tiers[i]);
		assert_int_equal(query_run(&sources, &q, put_row, out, NULL, NULL, NULL), RC_DONE);
	}
	assert_false(out->failed);
}

/* A message has room for a thousand bytes: the row's id, and the fields from a little before the first difference on. */
static void differ(const char *what, const char *a, size_t n, const char *b, size_t m)
{
	size_t same = 0, id = strcspn(a, " ");

	while (same < n && same < m && a[same] == b[same])
		same++;
	same = same > id + 30 ? same - 30 : id;
	n = n - same < 200 ? n - same : 200;
	m = m - same < 200 ? m - same : 200;
	fail_msg("%s: %.*s: before\n...%.*s\nafter\n...%.*s", what, (int)id, a, (int)n, a + same, (int)m, b + same);
}

/* The string functions of a sanitizer look at all that is left of a string: of megabytes, for each line, that takes minutes. */
static size_t line_len(const char *at, const char *end)
{
	const char *newline = memchr(at, '\n', (size_t)(end - at));

	return (size_t)((newline != NULL ? newline : end) - at);
}

void answers_compare(const char *what, struct buf *before, struct buf *after)
{
	const char *a = buf_text(before), *b = buf_text(after);
	const char *a_end = a + before->len, *b_end = b + after->len;

	while (*a && *b) {
		size_t n = line_len(a, a_end), m = line_len(b, b_end);

		if (n != m || memcmp(a, b, n) != 0)
			differ(what, a, n, b, m);
		a += n + 1;
		b += m + 1;
	}
	assert_true(*a == *b);
}
