/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flow/row.h"

#include "flow/field.h"

const char *block_state_name(enum block_state s)
{
	static const char *const names[BLOCK_STATES] = {
		[BLOCK_OPEN] = "open", [BLOCK_SEALED] = "sealed", [BLOCK_INDEXED] = "indexed",
		[BLOCK_EVICTED] = "evicted",
	};
	return s < BLOCK_STATES ? names[s] : "?";
}

bool row_addr_name(const struct row *row, unsigned field_id, char *out, size_t size)
{
	const struct addr *a = NULL;
	int64_t time_ns = 0;

	if (!row->names)
		return false;
	if (row->packet) {
		a = field_id == FIELD_PACKET_SRC ? &row->packet->pkt.src :
			field_id == FIELD_PACKET_DST ? &row->packet->pkt.dst : NULL;
		time_ns = row->packet->pkt.time_ns;
	} else if (row->record && (field_id == FIELD_CLIENT || field_id == FIELD_SERVER) &&
		(row->record->c.known & FIELD_BIT(field_id))) {
		a = field_id == FIELD_CLIENT ? &row->record->key.client : &row->record->key.server;
		time_ns = row->record->c.known & FIELD_BIT(FIELD_FIRST) ? row->record->c.first_ns : row->record->slice_ns;
	}
	return a && a->kind != ADDR_NONE && row->names->name(row->names, row->source, a, time_ns, out, size);
}
