/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/show.h"

#include "app/layers.h"
#include "base/mem.h"
#include "base/text.h"
#include "decode/decode.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PER_LINE = 16, FIELD_CELLS = 22 };

/* What the hex dump is annotated with. */
struct layer_mark {
	char name[48];
	uint32_t offset;
};

struct layers {
	struct buf text; /* the layers as they are to be printed */
	struct layer_mark *marks;
	size_t n, cap;
	bool failed;
};

static void put_escaped(struct buf *b, const char *text)
{
	text_escape(b, text, strlen(text));
}

static void on_begin(
	void *ctx, const char *layer, const char *summary, uint32_t offset, uint32_t len)
{
	struct layers *l = ctx;

	buf_put_str(&l->text, "  ");
	put_escaped(&l->text, layer);
	if (summary && *summary) {
		buf_put_str(&l->text, "  ");
		put_escaped(&l->text, summary);
	}
	buf_printf(&l->text, "  [%" PRIu32 "+%" PRIu32 "]\n", offset, len);
	if (mem_grow(&l->marks, &l->cap, l->n + 1, sizeof(*l->marks)) != 0) {
		l->failed = true;
		return;
	}
	struct layer_mark *m = &l->marks[l->n++];
	text_escape_to(m->name, sizeof(m->name), layer, strlen(layer));
	m->offset = offset;
}

static void on_field(
	void *ctx, const char *name, const char *text, uint32_t offset, uint32_t len)
{
	struct layers *l = ctx;

	buf_printf(&l->text, "    %-*s ", FIELD_CELLS, name);
	put_escaped(&l->text, text);
	buf_printf(&l->text, "  [%" PRIu32 "+%" PRIu32 "]\n", offset, len);
}

static void on_end(void *ctx)
{
	(void)ctx;
}

/* ---- bytes ------------------------------------------------------------------------------- */

/* "00 11 ...  |..text..|" of up to PER_LINE bytes. */
static void print_bytes(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < PER_LINE; i++) {
		if (i == PER_LINE / 2)
			putchar(' ');
		if (i < n)
			printf("%02x ", p[i]);
		else
			fputs("   ", stdout);
	}
	fputs(" |", stdout);
	for (size_t i = 0; i < n; i++)
		putchar(p[i] >= 0x20 && p[i] < 0x7f ? p[i] : '.');
	putchar('|');
}

/* The layers that begin among these bytes, with the byte of the line where they do. */
static void print_marks(const struct layers *l, uint32_t at, size_t n)
{
	const char *lead = "  ";

	for (size_t i = 0; i < l->n; i++) {
		const struct layer_mark *m = &l->marks[i];
		if (m->offset < at || m->offset - at >= n)
			continue;
		printf("%s%s", lead, m->name);
		if (m->offset > at)
			printf(" at +%" PRIu32, m->offset - at);
		lead = ", ";
	}
}

static void print_hex(const struct raw_packet *raw, const struct layers *l)
{
	printf("  bytes  %" PRIu32 " captured of %" PRIu32 "\n", raw->caplen, raw->len);
	for (uint32_t at = 0; at < raw->caplen; at += PER_LINE) {
		size_t n = raw->caplen - at < PER_LINE ? raw->caplen - at : PER_LINE;
		printf("    %04" PRIx32 "  ", at);
		print_bytes(raw->data + at, n);
		print_marks(l, at, n);
		putchar('\n');
	}
}

enum rc show_packet(const struct packet_row *row, const struct raw_packet *raw, const struct point_info *point,
	struct err *err)
{
	struct layers l = { .n = 0 };
	struct decode_sink sink = { on_begin, on_field, on_end, &l };
	struct decode_frame frame = {
		.linktype = point->linktype,
		.fcs_len = point->fcs_len,
		.verify = true,
		.data = raw->data,
		.caplen = raw->caplen,
		.len = raw->len,
	};

	buf_init(&l.text);
	app_layers_of_row(&frame, row, &sink);
	fputs(buf_text(&l.text), stdout);
	bool failed = l.failed || l.text.failed;
	if (!failed)
		print_hex(raw, &l);
	buf_free(&l.text);
	mem_free(l.marks);
	return failed ? err_memory(err) : RC_DONE;
}
