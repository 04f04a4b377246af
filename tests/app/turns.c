/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "turns.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

void turns_say(struct talking *x, const struct turn *turns, size_t n, bool udp)
{
	talking_begin(x, udp);
	if (!udp)
		talking_connect(x);
	for (size_t i = 0; i < n; i++)
		talking_say(x, turns[i].dir, turns[i].bytes, turns[i].len);
}

static void assert_same(const struct talking *a, const struct talking *b)
{
	assert_int_equal(a->all.app, b->all.app);
	assert_int_equal(a->all.requests, b->all.requests);
	assert_int_equal(a->all.responses, b->all.responses);
	assert_int_equal(a->all.errors, b->all.errors);
	assert_int_equal(a->all.refusals, b->all.refusals);
	assert_int_equal(a->all.status, b->all.status);
	assert_int_equal(a->all.version, b->all.version);
	assert_string_equal(a->name, b->name);
	assert_string_equal(a->url, b->url);
	assert_int_equal(a->n_seen, b->n_seen);
}

void turns_any_segments(const struct turn *turns, size_t n)
{
	struct talking whole, x;
	size_t longest = 0;

	turns_say(&whole, turns, n, false);
	for (size_t i = 0; i < n; i++)
		longest = turns[i].len > longest ? turns[i].len : longest;
	for (size_t step = 1; step < longest; step++) {
		talking_begin(&x, false);
		talking_connect(&x);
		for (size_t i = 0; i < n; i++)
			talking_say_in_steps(&x, turns[i].dir, turns[i].bytes, turns[i].len, step);
		assert_same(&x, &whole);
		talking_end(&x);
	}
	talking_end(&whole);
}

/* ---- one packet alone ----------------------------------------------------------------------- */

struct told { uint32_t end; int depth; };

static void check_told(const struct told *t, const char *name, const char *text, uint32_t at, uint32_t len)
{
	assert_true(at <= t->end && len <= t->end - at);
	assert_true(name[0] != '\0' && strlen(text) < 512);
}

static void begin(void *ctx, const char *layer, const char *summary, uint32_t at, uint32_t len)
{
	struct told *t = ctx;

	check_told(t, layer, summary, at, len);
	t->depth++;
}

static void field(void *ctx, const char *name, const char *text, uint32_t at, uint32_t len)
{
	struct told *t = ctx;

	assert_int_not_equal(t->depth, 0);
	check_told(t, name, text, at, len);
}

static void end(void *ctx)
{
	struct told *t = ctx;

	t->depth--;
}

static void tell(enum app app, const uint8_t *bytes, size_t len, size_t kept, enum direction dir, bool udp, struct buf *info)
{
	enum { HEAD = 7 };
	uint8_t *frame = mem_alloc(HEAD + kept);
	struct packet p = {
		.proto = udp ? PROTO_UDP : PROTO_TCP, .flags = PACKET_HAS_PORTS | (udp ? 0 : PACKET_HAS_TCP), .payload_off = HEAD,
		.payload_len = (uint32_t)len, .len = (uint32_t)(HEAD + len), .caplen = (uint32_t)(HEAD + kept),
		.src_port = dir == DIR_C2S ? 40000 : 4000, .dst_port = dir == DIR_C2S ? 4000 : 40000,
	};
	struct parse_bytes in = {.n = kept, .whole = kept == len, .dir = dir, .is_udp = udp};
	struct told told = {.end = (uint32_t)(HEAD + kept)};
	struct decode_sink sink = {begin, field, end, &told};
	struct said said;

	assert_non_null(frame);
	if (kept > 0)
		memcpy(frame + HEAD, bytes, kept);
	in.p = frame + HEAD;
	buf_clear(info);
	talk_one(app, &p, frame, dir, &said, info);
	if (kept > 0 && app_parser(app) && app_parser(app)->layers)
		app_parser(app)->layers(&in, HEAD, &sink);
	assert_int_equal(told.depth, 0);
	mem_free(frame);
}

const char *turns_info(enum app app, const struct turn *turn, bool udp)
{
	static char text[1024];
	struct buf info;

	buf_init(&info);
	tell(app, turn->bytes, turn->len, turn->len, turn->dir, udp, &info);
	snprintf(text, sizeof(text), "%s", buf_text(&info));
	buf_free(&info);
	return text;
}

/* ---- hostile ---------------------------------------------------------------------------------- */

static void cut_off(const struct turn *turns, size_t n, bool udp, enum app app)
{
	struct talking x;

	for (size_t cut = 0; cut < n; cut++)
		for (size_t kept = 0; kept < turns[cut].len; kept++) {
			talking_begin(&x, udp);
			if (!udp)
				talking_connect(&x);
			for (size_t i = 0; i < n; i++) {
				if (i == cut)
					talking_say_cut(&x, turns[i].dir, turns[i].bytes, turns[i].len, kept);
				else
					talking_say(&x, turns[i].dir, turns[i].bytes, turns[i].len);
				assert_true(x.said.app == APP_NONE || x.said.app == app);
			}
			talking_end(&x);
		}
}

static void flip(const struct turn *turns, size_t n, bool udp, enum app app)
{
	uint32_t seed = 42;
	struct talking x;
	struct buf bytes, info;

	buf_init(&bytes);
	buf_init(&info);
	for (unsigned round = 0; round < 10000; round++) {
		talking_begin(&x, udp);
		if (!udp)
			talking_connect(&x);
		for (size_t i = 0; i < n; i++) {
			buf_clear(&bytes);
			buf_put(&bytes, turns[i].bytes, turns[i].len);
			seed = seed * 1664525 + 1013904223;
			for (unsigned k = seed >> 30; k > 0 && bytes.len > 0; k--) {
				seed = seed * 1664525 + 1013904223;
				bytes.data[(seed >> 8) % bytes.len] = seed & 1 ? (uint8_t)(seed >> 24) : 0xff;
			}
			talking_say_in_steps(&x, turns[i].dir, bytes.data, bytes.len, 1 + (seed >> 8) % (round & 1 ? 16 : 4096));
			if (round % 16 == 0 && bytes.len > 0)
				tell(app, bytes.data, bytes.len, bytes.len - (seed >> 16) % bytes.len, turns[i].dir, udp, &info);
		}
		talking_end(&x);
	}
	buf_free(&bytes);
	buf_free(&info);
}

/* As fuzz_talk reads it: `FLOWDRILL_TEST_SEEDS=tests/fuzz/corpus/talk` makes its seeds. */
static void write_seed(const struct turn *turns, size_t n, bool udp, enum app app)
{
	const char *dir = getenv("FLOWDRILL_TEST_SEEDS");
	char path[512];

	if (!dir)
		return;
	snprintf(path, sizeof(path), "%s/%s", dir, app_name(app));
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	fputc((udp ? 1 : 0) | 2 | (app == APP_NTP ? 4 : 0), f);
	for (size_t i = 0; i < n; i++) {
		fputc(turns[i].dir == DIR_S2C ? 1 : 0, f);
		fputc((int)(turns[i].len >> 8), f);
		fputc((int)(turns[i].len & 0xff), f);
		assert_int_equal(fwrite(turns[i].bytes, 1, turns[i].len, f), turns[i].len);
	}
	assert_int_equal(fclose(f), 0);
}

void turns_hostile(const struct turn *turns, size_t n, bool udp, enum app app)
{
	struct buf info;

	write_seed(turns, n, udp, app);
	buf_init(&info);
	for (size_t i = 0; i < n; i++)
		for (size_t kept = 0; kept <= turns[i].len; kept++)
			tell(app, turns[i].bytes, turns[i].len, kept, turns[i].dir, udp, &info);
	buf_free(&info);
	cut_off(turns, n, udp, app);
	flip(turns, n, udp, app);
}

void turns_none(const struct turn *turns, size_t n, bool udp)
{
	for (size_t i = 0; i < n; i++) {
		struct talking x;

		turns_say(&x, &turns[i], 1, udp);
		assert_int_equal(x.all.app, APP_NONE);
		talking_end(&x);
	}
}
