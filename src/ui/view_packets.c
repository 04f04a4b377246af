/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The packets below a record, in the order of capture. */
#include "base/mem.h"
#include "ui/list_view.h"

#include <string.h>

/*
 * Below a flow or microflow both ends are known: the direction says it all, and the addresses
 * come last.
 */
static const char *const flow_columns[] = { "frame", "time", "gap", "direction", "len", "response", "marks", "info",
	"rtt", "payload_len", "ttl", "src", "src_port", "dst", "dst_port", "proto", "vlan", "tunnel",
	"caplen", "file_offset", "id", NULL };
static const char *const service_columns[] = { "frame", "time", "src", "src_port", "dst",
	"dst_port", "len", "response", "marks", "info", "gap", "rtt", "payload_len", "ttl", "proto", "vlan", "tunnel",
	"caplen", "file_offset", "id", NULL };

struct packets_view {
	struct list_view list; /* first */
	bool one_flow;
};

static void set_columns(struct list_view *lv)
{
	const struct packets_view *pv = (const struct packets_view *)lv;
	const char *const *names = pv->one_flow ? flow_columns : service_columns;

	columns_clear(&lv->columns);
	for (; *names != NULL; names++) {
		const struct field *f = cell_field_find(*names, TIER_PACKET);

		if (f != NULL)
			columns_add(&lv->columns, f);
	}
	lv->columns.frozen = 2;
}

static struct view *below(struct list_view *lv, const struct id *id, bool ports)
{
	struct err err;
	struct view *v = view_packet_new(lv->view.screen, id, &err);

	(void)ports;
	if (v == NULL)
		screen_fail(lv->view.screen, &err);
	return v;
}

static bool request(struct view *v, enum request r)
{
	return list_view_request(v, r == REQ_HEX ? REQ_OPEN : r);
}

static const struct view_hint hints[] = { { REQ_OPEN, NULL }, { REQ_BACK, NULL },
	{ REQ_FOLLOW, NULL }, { REQ_PAUSE, NULL },
	{ REQ_NEXT_TROUBLE, NULL }, { REQ_FILTER, NULL }, { REQ_LADDER, NULL }, { REQ_RELATED, NULL }, { REQ_HELP, NULL },
	{ REQ_STREAM, NULL }, { REQ_SORT, NULL }, { REQ_CHART, NULL }, { REQ_PANE, NULL }, { REQ_WRITE, NULL },
	{ REQ_COMMAND, NULL }, { REQ_NONE, NULL } };
static const struct list_hooks hooks = { .below = below, .columns = set_columns };
static const struct view_ops ops = {
	.name = "packets", .hints = hints, LIST_VIEW_OPS_BUT_REQUEST, .request = request
};

struct view *view_packets_new(struct screen *s, const struct id *in)
{
	struct packets_view *pv = mem_calloc(1, sizeof(*pv));

	if (pv == NULL)
		return NULL;
	pv->one_flow = in != NULL && (in->tier == TIER_FLOW || in->tier == TIER_MICROFLOW);
	list_view_init(&pv->list, s, &ops, &hooks, TIER_PACKET, in);
	return &pv->list.view;
}
