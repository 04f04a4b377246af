/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows made by hand for the tests of src/out. */
#ifndef TESTS_OUT_ROWS_H
#define TESTS_OUT_ROWS_H

#include "flow/field.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define T0 1704464255123456789LL /* 2024-01-05T14:17:35.123456789Z */

/* A flow of three packets and 1234 bytes that lasted 1.25 s; its round-trip time is unknown. */
static inline void make_flow(struct record *r, uint32_t offset)
{
	record_init(r, TIER_FLOW);
	r->id = (struct record_id){ 7, offset };
	r->key.proto = PROTO_TCP;
	r->key.has_ports = true;
	r->key.client_port = 51514;
	r->key.server_port = 443;
	(void)addr_parse("10.1.2.3", &r->key.client, NULL);
	(void)addr_parse("2001:db8::5", &r->key.server, NULL);
	r->c.first_ns = T0;
	r->c.last_ns = T0 + 1250000000;
	r->c.packets[0] = 2;
	r->c.packets[1] = 1;
	r->c.bytes[0] = 1000;
	r->c.bytes[1] = 234;
	r->c.flows = 1;
	record_key_known(r);
	r->c.known |= FIELD_BIT(FIELD_FIRST) | FIELD_BIT(FIELD_LAST) | FIELD_BIT(FIELD_FLOWS) |
		FIELD_BIT(FIELD_C2S_PACKETS) | FIELD_BIT(FIELD_S2C_PACKETS) |
		FIELD_BIT(FIELD_C2S_BYTES) | FIELD_BIT(FIELD_S2C_BYTES);
}

static inline struct row flow_row(const struct record *r)
{
	return (struct row){ .tier = TIER_FLOW,
		.record = r,
		.capture_end_ns = T0 + 1250000000,
		.flow_slice_ns = 300000000000 };
}

static inline size_t flow_columns(const char *const *names, const struct field **out)
{
	size_t n = 0;

	for (; names[n]; n++) {
		out[n] = field_find(names[n], TIER_FLOW);
		assert_non_null(out[n]);
	}
	return n;
}

/* A stream into memory. */
struct memory {
	FILE *to;
	char *text;
	size_t len;
};

static inline void memory_open(struct memory *m)
{
	m->text = NULL;
	m->to = open_memstream(&m->text, &m->len);
	assert_non_null(m->to);
}

static inline void memory_close(struct memory *m)
{
	fclose(m->to);
	free(m->text);
}

#endif
