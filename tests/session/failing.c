/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "failing.h"

#include "base/hash.h"
#include "query/query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <unistd.h>

#include <cmocka.h>

/* ---- the capture ---------------------------------------------------------------------------- */

static void put32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

int64_t failing_time_ns(unsigned i)
{
	return (1700000000 * 20ll + i) * 50000000;
}

static void make_frame(unsigned i, uint8_t *eth)
{
	static const uint8_t ip[] = {0x45, 0, (FAILING_CAPTURED - 14) >> 8, (FAILING_CAPTURED - 14) & 255, 0, 1, 0x40, 0,
		64, 17, 0, 0};

	eth[12] = 8;
	memcpy(eth + 14, ip, sizeof(ip));
	memcpy(eth + 26, (uint8_t[]){10, 0, 0, (uint8_t)(i % 8 + 1), 10, 1, 0, 1}, 8);
	memcpy(eth + 34, (uint8_t[]){0x80, (uint8_t)(i % 8), 0, 53}, 4);
	eth[38] = (FAILING_CAPTURED - 34) >> 8;
	eth[39] = (FAILING_CAPTURED - 34) & 255;
	memset(eth + 42, (int)i, FAILING_CAPTURED - 42);
}

const uint8_t *failing_frame(unsigned i)
{
	static uint8_t frames[FAILING_PACKETS][FAILING_CAPTURED];

	if (frames[i][12] == 0)
		make_frame(i, frames[i]);
	return frames[i];
}

void failing_make_capture(const char *path)
{
	uint8_t head[24] = {0};
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	put32(head, 0xa1b2c3d4);
	put32(head + 4, 2 | 4 << 16);
	put32(head + 16, 65535);
	put32(head + 20, 1);
	assert_int_equal(fwrite(head, 1, 24, f), 24);
	for (unsigned i = 0; i < FAILING_PACKETS; i++) {
		put32(head, (uint32_t)(failing_time_ns(i) / 1000000000));
		put32(head + 4, (uint32_t)(failing_time_ns(i) % 1000000000 / 1000));
		put32(head + 8, FAILING_CAPTURED);
		put32(head + 12, FAILING_CAPTURED);
		assert_int_equal(fwrite(head, 1, 16, f), 16);
		assert_int_equal(fwrite(failing_frame(i), 1, FAILING_CAPTURED, f), FAILING_CAPTURED);
	}
	assert_int_equal(fclose(f), 0);
}

/* ---- answers -------------------------------------------------------------------------------- */

struct asking { struct answers *a; unsigned expected; bool any; };

static void add_packet(struct asking *k, const struct row *row, const struct raw_packet *raw)
{
	struct answers *a = k->a;
	int64_t n = (row->packet->pkt.time_ns - failing_time_ns(0)) / 50000000;

	if (n < 0 || n >= FAILING_PACKETS || failing_time_ns((unsigned)n) != row->packet->pkt.time_ns) {
		a->wrong = true;
		return;
	}
	unsigned i = (unsigned)n;
	if (!k->any)
		a->from = a->to = i;
	if (i >= a->to && a->again == 0) {
		a->missing += i - a->to;
		a->to = i + 1;
	} else if (i == a->again) {
		a->again++;
	} else {
		a->wrong = true;
	}
	k->any = true;
	if (!raw || raw->caplen != FAILING_CAPTURED || memcmp(raw->data, failing_frame(i), FAILING_CAPTURED) != 0)
		a->wrong = true;
}

static bool add_row(void *ctx, const struct row *row, const struct raw_packet *raw)
{
	struct asking *k = ctx;
	struct answers *a = k->a;
	size_t tier = row->tier - TIER_PACKET;
	char text[256];
	struct value v;
	struct id id;

	row_id(row, &id);
	id_format(text, sizeof(text), &id);
	a->digest = hash_bytes(text, strlen(text), a->digest);
	for (size_t i = 0; i < field_count(); i++) {
		const struct field *f = field_at(i);

		if (!(f->tiers & FIELD_ON(row->tier)) || !field_get(f, row, &v))
			continue;
		value_format(text, sizeof(text), f, &v, STYLE_MACHINE);
		a->digest = hash_bytes(text, strlen(text), a->digest + i);
	}
	a->rows[tier]++;
	if (row->tier == TIER_PACKET) {
		add_packet(k, row, raw);
		a->packets[tier]++;
		a->bytes[tier] += row->packet->pkt.len;
	} else if (row->record) {
		a->packets[tier] += counters_packets(&row->record->c);
		a->bytes[tier] += counters_bytes(&row->record->c);
	}
	return true;
}

enum rc failing_ask(struct store *s, struct answers *out, struct err *err)
{
	static const enum tier tiers[] = {TIER_PACKET, TIER_MICROFLOW, TIER_FLOW, TIER_MACROFLOW};
	struct query_sources sources = {.stores = &s, .n = 1};
	struct asking k = {.a = out};
	struct query q;
	enum rc rc = store_refresh(s, err);

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; rc == RC_DONE && i < sizeof(tiers) / sizeof(tiers[0]); i++) {
		query_init(&q, tiers[i]);
		rc = query_run(&sources, &q, add_row, &k, NULL, NULL, err);
	}
	return rc;
}
