/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/record_label.h"

#include "flow/field.h"

#include <inttypes.h>
#include <stdio.h>

static void label_time(
	const struct row *row, const struct cell_style *style, char *out, size_t size)
{
	cell_time(out, size, row->record->slice_ns, 0, style);
}

/* "https 10.0.0.5", with several capture points "https 10.0.0.5 @lb". */
static void label_service(
	const struct row *row, const struct cell_style *style, char *out, size_t size)
{
	char service[CELL_TEXT], server[CELL_TEXT], point[CELL_TEXT];

	cell_format(service, sizeof(service), field_find("service", row->tier), row, style);
	cell_format(server, sizeof(server), field_find("server", row->tier), row, style);
	if (style->points &&
		cell_format(point, sizeof(point), field_find("point", row->tier), row, style))
		snprintf(out, size, "%.50s %.50s @%.20s", service, server, point);
	else
		snprintf(out, size, "%.50s %.50s", service, server);
}

static void label_client(
	const struct row *row, const struct cell_style *style, char *out, size_t size)
{
	const struct flow_key *key = &row->record->key;
	char client[CELL_TEXT];

	cell_format(client, sizeof(client), field_find("client", row->tier), row, style);
	if (!key->has_ports)
		snprintf(out, size, "%s", client);
	else
		snprintf(out, size, key->client.kind == ADDR_IPV6 ? "[%s]:%u" : "%s:%u", client,
			key->client_port);
}

void record_label(const struct row *row, const struct cell_style *style, char *first,
	char *second, size_t size)
{
	struct row plain = *row;

	plain.names = NULL;          /* labels are short, and ports stand behind addresses */
	row = &plain;
	second[0] = '\0';
	switch (row->tier) {
	case TIER_MACROFLOW:
		label_time(row, style, first, size);
		label_service(row, style, second, size);
		break;
	case TIER_FLOW: label_client(row, style, first, size); break;
	case TIER_MICROFLOW: label_time(row, style, first, size); break;
	case TIER_PACKET: snprintf(first, size, "#%" PRIu64, row->packet->frame); break;
	default: first[0] = '\0';
	}
}
