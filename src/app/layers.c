/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/layers.h"

#include "app/talk.h"

#include <string.h>

/* Between decoding and the sink: what is called "data" there may be more. */
struct between {
	const struct decode_sink *sink;
	const struct app_parser *parser;     /* NULL: nobody knows better */
	struct parse_bytes in;
	uint32_t offset;
	unsigned told;                       /* layers that the parser told */
	bool left_out;                       /* the layer that is open is "data", and was told already */
};

static void parser_begin(void *ctx, const char *layer, const char *summary, uint32_t offset, uint32_t len)
{
	struct between *b = ctx;

	b->told++;
	b->sink->begin(b->sink->ctx, layer, summary, offset, len);
}

static void parser_field(void *ctx, const char *name, const char *text, uint32_t offset, uint32_t len)
{
	struct between *b = ctx;

	b->sink->field(b->sink->ctx, name, text, offset, len);
}

static void parser_end(void *ctx)
{
	struct between *b = ctx;

	b->sink->end(b->sink->ctx);
}

static void on_begin(void *ctx, const char *layer, const char *summary, uint32_t offset, uint32_t len)
{
	struct between *b = ctx;

	if (b->parser && strcmp(layer, "data") == 0) {
		const struct decode_sink theirs = {parser_begin, parser_field, parser_end, b};

		b->parser->layers(&b->in, b->offset, &theirs);
		/* what its conversation may have become */
		if (b->told == 0 && !b->in.is_udp)
			app_parser(APP_TLS)->layers(&b->in, b->offset, &theirs);
		if (b->told == 0 && b->parser->app == APP_HTTP)
			app_parser(APP_HTTP2)->layers(&b->in, b->offset, &theirs);
		b->left_out = b->told > 0;
		b->parser = NULL;
	}
	if (!b->left_out)
		b->sink->begin(b->sink->ctx, layer, summary, offset, len);
}

static void on_field(void *ctx, const char *name, const char *text, uint32_t offset, uint32_t len)
{
	struct between *b = ctx;

	if (!b->left_out)
		b->sink->field(b->sink->ctx, name, text, offset, len);
}

static void on_end(void *ctx)
{
	struct between *b = ctx;

	if (!b->left_out)
		b->sink->end(b->sink->ctx);
	b->left_out = false;
}

void app_layers_of_row(const struct decode_frame *frame, const struct packet_row *row, const struct decode_sink *sink)
{
	const char *name = row->said ? row->said->app : "";
	struct packet facts = {.time_ns = row->pkt.time_ns};

	app_layers(frame, app_find(name, strlen(name)), row->direction, &facts, sink);
}

void app_layers(const struct decode_frame *frame, enum app app, enum direction dir, struct packet *out,
	const struct decode_sink *sink)
{
	struct between b = {.sink = sink};
	const struct decode_sink ours = {on_begin, on_field, on_end, &b};
	struct said said;

	decode_packet(frame, out);
	if (talk_one(app, out, frame->data, dir, &said, NULL) || app != APP_NONE)
		b.parser = app_parser(said.app != APP_NONE ? said.app : app);
	if (b.parser && (!b.parser->layers || !talk_payload(out, frame->data, dir, &b.in)))
		b.parser = NULL;
	b.offset = out->payload_off;
	decode_layers(frame, out, &ours);
}
