/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every frame of TESTLIST: its facts, its layers and what is left of it when it is cut are
 * compared with TESTLIST.out (GENERATE=1 rewrites that); and it is decoded cut at every length,
 * by the capture and on the wire, from memory of exactly that size.
 */
#include "base/buf.h"
#include "decode/decode.h"
#include "flow/proto.h"
#include "frames.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct dump {
	struct buf text;
	int depth;
	uint32_t caplen;
	bool outside;            /* the sink was told of bytes that are not there */
};

static void dump_begin(void *ctx, const char *layer, const char *summary, uint32_t at, uint32_t len)
{
	struct dump *d = ctx;

	d->outside |= at > d->caplen || len > d->caplen - at;
	d->depth++;
	buf_printf(&d->text, "%*s%s: %s [%u+%u]\n", d->depth * 2, "", layer, summary, at, len);
}

static void dump_field(void *ctx, const char *name, const char *text, uint32_t at, uint32_t len)
{
	struct dump *d = ctx;

	d->outside |= at > d->caplen || len > d->caplen - at || d->depth < 1;
	buf_printf(&d->text, "%*s%s: %s [%u+%u]\n", d->depth * 2 + 2, "", name, text, at, len);
}

static void dump_end(void *ctx)
{
	struct dump *d = ctx;

	d->depth--;
}

static const struct {
	uint32_t flag;
	const char *name;
} flag_names[] = {
	{ PACKET_FRAGMENT, "fragment" }, { PACKET_FRAGMENT_LATER, "later" },
	{ PACKET_MALFORMED, "malformed" }, { PACKET_CHECKSUM_IP, "ip-checksum" },
	{ PACKET_CHECKSUM_L4, "l4-checksum" }, { PACKET_UNDECODED, "undecoded" },
	{ PACKET_TOO_DEEP, "too-deep" }, { PACKET_CHECKSUM_OFFLOAD, "offload" },
	{ PACKET_MEDIA, "media" },
};

static void print_link(struct buf *out, const struct packet *p)
{
	struct addr src = { .kind = ADDR_LINK }, dst = { .kind = ADDR_LINK };
	char text[160];

	if (p->vlan && vlan_format(text, sizeof(text), p->vlan))
		buf_printf(out, " vlan %s", text);
	if (tunnel_format(text, sizeof(text), &p->tunnel))
		buf_printf(out, " tunnel %s", text);
	if (!(p->flags & PACKET_HAS_MACS))
		return;
	memcpy(src.bytes, p->src_mac, 6);
	memcpy(dst.bytes, p->dst_mac, 6);
	addr_format(text, sizeof(text), &src);
	buf_printf(out, " mac %s", text);
	addr_format(text, sizeof(text), &dst);
	buf_printf(out, ">%s", text);
}

/* One line of facts. */
static void print_facts(struct buf *out, const struct packet *p)
{
	char src[ADDR_TEXT], dst[ADDR_TEXT], text[64];

	addr_format(src, sizeof(src), &p->src);
	addr_format(dst, sizeof(dst), &p->dst);
	proto_format(text, sizeof(text), p->proto);
	buf_printf(out, "%s %s > %s", text, *src ? src : "-", *dst ? dst : "-");
	if (p->flags & PACKET_HAS_PORTS)
		buf_printf(out, " ports %u>%u", p->src_port, p->dst_port);
	if (p->flags & PACKET_HAS_IP)
		buf_printf(out, " ttl %u dscp %u id %u", p->ttl, p->dscp, p->fragment_id);
	if (p->flags & PACKET_HAS_TCP) {
		tcp_flags_format_short(text, sizeof(text), p->tcp_flags);
		buf_printf(out, " tcp %s seq %u ack %u win %u", text, p->tcp_seq, p->tcp_ack, p->tcp_window);
	}
	if (p->flags & PACKET_HAS_ICMP)
		buf_printf(out, " icmp %u.%u", p->icmp_type, p->icmp_code);
	print_link(out, p);
	for (size_t i = 0; i < sizeof(flag_names) / sizeof(flag_names[0]); i++)
		if (p->flags & flag_names[i].flag)
			buf_printf(out, " %s", flag_names[i].name);
	buf_printf(out, " payload");
}

/* Decodes the first caplen bytes, from memory that ends there; both walks must agree. */
static void decode_cut(const struct test_frame *f, uint32_t caplen, uint32_t len, struct packet *out,
	struct dump *dump)
{
	struct decode_sink sink = { dump_begin, dump_field, dump_end, dump };
	uint8_t *copy = malloc(caplen ? caplen : 1);
	struct decode_frame frame = { .linktype = f->linktype, .fcs_len = f->fcs_len, .verify = true,
		.data = copy, .caplen = caplen, .len = len };
	struct packet facts = { .time_ns = 5, .flags = PACKET_TIME_UNKNOWN };

	assert_non_null(copy);
	memcpy(copy, f->data, caplen);
	*out = facts;
	buf_clear(&dump->text);
	dump->depth = 0;
	dump->caplen = caplen;
	dump->outside = false;
	decode_packet(&frame, out);
	decode_layers(&frame, &facts, &sink);
	free(copy);
	if (memcmp(&facts, out, sizeof(facts)) != 0 || dump->depth != 0 || dump->outside ||
		dump->text.failed)
		fail_msg("%s cut at %u of %u: decode_packet and decode_layers differ, or the sink was "
			"misled:\n%s", f->name, caplen, len, buf_text(&dump->text));
	assert_true(out->payload_off <= caplen);
	assert_int_equal(out->caplen, caplen);
	assert_int_equal(out->len, len);
	assert_int_equal(out->time_ns, 5);
	assert_true(out->flags & PACKET_TIME_UNKNOWN);
	assert_int_equal((out->flags & PACKET_CUT) != 0, caplen < len);
}

/* "0-13 facts", a line for each stretch of lengths with the same facts. */
static void print_cuts(struct buf *out, const struct test_frame *f, struct dump *dump)
{
	struct buf last, now;
	uint32_t first = 0;
	struct packet p;

	buf_init(&last);
	buf_init(&now);
	for (uint32_t n = 0; n < f->len; n++) {
		buf_clear(&now);
		decode_cut(f, n, (uint32_t)f->len, &p, dump);
		print_facts(&now, &p);
		if (n && strcmp(buf_text(&now), buf_text(&last)) != 0) {
			buf_printf(out, "  cut %u-%u %s\n", first, n - 1, buf_text(&last));
			first = n;
		}
		buf_clear(&last);
		buf_put_str(&last, buf_text(&now));
	}
	if (f->len)
		buf_printf(out, "  cut %u-%zu %s\n", first, f->len - 1, buf_text(&last));
	buf_free(&last);
	buf_free(&now);
}

static void print_frame(struct buf *out, const struct test_frame *f)
{
	struct dump dump = { 0 };
	struct packet p;
	char info[256];

	buf_init(&dump.text);
	decode_cut(f, (uint32_t)f->len, (uint32_t)f->len, &p, &dump);
	buf_printf(out, "== %s\n", f->name);
	print_facts(out, &p);
	buf_printf(out, " %u+%u\n", p.payload_off, p.payload_len);
	packet_info(info, sizeof(info), &p);
	buf_printf(out, "%s\n%s", info, buf_text(&dump.text));
	print_cuts(out, f, &dump);
	buf_free(&dump.text);
}

static void golden_path(char *out, size_t size)
{
	const char *srcdir = getenv("top_srcdir");

	snprintf(out, size, "%s/tests/decode/TESTLIST.out", srcdir ? srcdir : ".");
}

/* The text of the file, or nothing. */
static void read_golden(const char *path, struct buf *out)
{
	FILE *in = fopen(path, "r");
	char chunk[4096];
	size_t n;

	if (!in)
		return;
	while ((n = fread(chunk, 1, sizeof(chunk), in)) > 0)
		buf_put(out, chunk, n);
	fclose(in);
}

/* The end of the block at `text`: where the next one begins. */
static size_t block_len(const char *text)
{
	const char *next = strstr(text + 1, "\n== ");

	return next ? (size_t)(next + 1 - text) : strlen(text);
}

static void compare(const char *got, const char *want)
{
	while (*got || *want) {
		size_t n = *got ? block_len(got) : 0, m = *want ? block_len(want) : 0;

		if (n != m || memcmp(got, want, n) != 0)
			fail_msg("differs from TESTLIST.out (GENERATE=1 rewrites it); got\n%.*swanted\n%.*s",
				(int)n, got, (int)m, want);
		got += n;
		want += m;
	}
}

static void test_golden(void **state)
{
	const struct test_frames *frames = frames_load();
	struct buf got, want;
	char path[4096];

	(void)state;
	buf_init(&got);
	buf_init(&want);
	for (size_t i = 0; i < frames->count; i++)
		print_frame(&got, &frames->at[i]);
	golden_path(path, sizeof(path));
	if (getenv("GENERATE")) {
		FILE *out = fopen(path, "w");

		assert_non_null(out);
		fputs(buf_text(&got), out);
		fclose(out);
	}
	read_golden(path, &want);
	compare(buf_text(&got), buf_text(&want));
	buf_free(&got);
	buf_free(&want);
}

/* A frame that was short on the wire is another matter than one that was cut. */
static void test_short_on_the_wire(void **state)
{
	const struct test_frames *frames = frames_load();
	struct dump dump = { 0 };

	(void)state;
	buf_init(&dump.text);
	for (size_t i = 0; i < frames->count; i++) {
		for (uint32_t n = 0; n < frames->at[i].len; n++) {
			struct packet p;

			decode_cut(&frames->at[i], n, n, &p, &dump);
			assert_true(p.payload_len <= n);
			assert_true(p.payload_off + p.payload_len <= n);
		}
	}
	buf_free(&dump.text);
}

/* A snapped frame says the same of its conversation as the whole one, or less: never another. */
static void test_cut_is_not_malformed(void **state)
{
	const struct test_frames *frames = frames_load();
	struct dump dump = { 0 };

	(void)state;
	buf_init(&dump.text);
	for (size_t i = 0; i < frames->count; i++) {
		const struct test_frame *f = &frames->at[i];
		struct packet whole, p;

		decode_cut(f, (uint32_t)f->len, (uint32_t)f->len, &whole, &dump);
		for (uint32_t n = 0; n < f->len; n++) {
			decode_cut(f, n, (uint32_t)f->len, &p, &dump);
			if ((p.flags & PACKET_MALFORMED) && !(whole.flags & PACKET_MALFORMED))
				fail_msg("%s is malformed when cut at %u", f->name, n);
			assert_true(p.tunnel.depth <= whole.tunnel.depth);
		}
	}
	buf_free(&dump.text);
}

static void test_linktypes(void **state)
{
	(void)state;
	assert_true(decode_knows_linktype(1));
	assert_true(decode_knows_linktype(276));
	assert_false(decode_knows_linktype(271));
	assert_false(decode_knows_linktype(UINT32_MAX));
}

static void test_without_verify(void **state)
{
	const struct test_frame *f = frames_find("ipip-sum-wrong-inside");
	struct decode_frame frame = { .linktype = 1, .data = f->data, .caplen = (uint32_t)f->len,
		.len = (uint32_t)f->len };
	struct packet p = { 0 };

	(void)state;
	decode_packet(&frame, &p);
	assert_int_equal(p.flags & (PACKET_CHECKSUM_IP | PACKET_CHECKSUM_L4), 0);
	frame.verify = true;
	decode_packet(&frame, &p);
	assert_int_equal(p.flags & (PACKET_CHECKSUM_IP | PACKET_CHECKSUM_L4),
		PACKET_CHECKSUM_IP | PACKET_CHECKSUM_L4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_short_on_the_wire),
		cmocka_unit_test(test_cut_is_not_malformed),
		cmocka_unit_test(test_linktypes),
		cmocka_unit_test(test_without_verify),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
