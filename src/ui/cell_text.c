/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/cell_text.h"

#include "base/text.h"
#include "flow/health.h"
#include "flow/proto.h"
#include "query/query.h"
#include "ui/rates.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static bool get_direction(const struct row *row, struct value *out)
{
	out->type = TYPE_TEXT;
	snprintf(out->text, sizeof(out->text), "%s",
		row->packet->direction == DIR_C2S ? "c>s" : "s>c");
	return true;
}

const struct field cell_direction_field = {
	.id = FIELD_DERIVED + 900,
	.name = "direction",
	.title = "dir",
	.type = TYPE_TEXT,
	.tiers = FIELD_ON(TIER_PACKET),
	.get = get_direction,
	.width_cells = 3,
	.help = "from the client to the server, or back",
};

static bool get_port(const struct row *row, struct value *out)
{
	const struct record *r = row->record;
	size_t len;

	if ((r->c.known & FIELD_BIT(FIELD_PROTO)) == 0)
		return false;
	out->type = TYPE_TEXT;
	if ((r->c.known & FIELD_BIT(FIELD_SERVER_PORT)) == 0) {
		/* ARP, ICMP: without it nothing in the row would say what it is */
		proto_format(out->text, sizeof(out->text), r->key.proto);
		return true;
	}
	if (row->tier == TIER_MACROFLOW && r->key.server_port == 0)
		len = (size_t)snprintf(out->text, sizeof(out->text), "dynamic");
	else
		len = (size_t)snprintf(out->text, sizeof(out->text), "%u", r->key.server_port);
	if (r->key.proto != PROTO_TCP) {
		out->text[len++] = '/';
		proto_format(out->text + len, sizeof(out->text) - len, r->key.proto);
	}
	return true;
}

const struct field cell_port_field = {
	.id = FIELD_DERIVED + 901,
	.name = "port",
	.title = "port",
	.type = TYPE_TEXT,
	.unit = UNIT_PORT,
	.tiers = FIELD_ON(TIER_MICROFLOW) | FIELD_ON(TIER_FLOW) | FIELD_ON(TIER_MACROFLOW),
	.get = get_port,
	.width_cells = 11,
	.help = "port of the server, and the protocol where it is not TCP; what has no ports: the protocol",
};

const struct field *cell_field_find(const char *name, enum tier tier)
{
	static const struct field *const own[] = { &cell_direction_field, &cell_port_field, &cell_share_field,
		&cell_bar_field, &rates_bits_field, &rates_packets_field };
	const struct field *f = field_find(name, tier);

	for (size_t i = 0; f == NULL && i < sizeof(own) / sizeof(own[0]); i++)
		if (strcmp(own[i]->name, name) == 0 && (own[i]->tiers & FIELD_ON(tier)) != 0)
			f = own[i];
	return f;
}

/* The last part of a source's path. */
static const char *source_name(const struct row *row, const struct cell_style *style)
{
	const char *path, *slash;

	if (style->sources == NULL || row->source == 0 || row->source > style->sources->n)
		return NULL;
	path = store_path(style->sources->stores[row->source - 1]);
	slash = strrchr(path, '/');
	return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

size_t cell_point(char *out, size_t size, const struct row *row, const struct cell_style *style)
{
	const struct field *f = field_find("point", row->tier);
	const char *source = source_name(row, style);
	struct value v;
	size_t len;

	if (f == NULL || !field_get(f, row, &v))
		return (size_t)snprintf(out, size, "%s", source != NULL ? source : "-");
	if (source == NULL)
		return value_format(out, size, f, &v, STYLE_PEOPLE);
	len = text_escape_to(out, size, source, strlen(source));
	/* points without a name are numbers, which say nothing where there is one a file */
	if (v.text[0] != '\0')
		len += (size_t)snprintf(out + len, size - len, ":%s", v.text);
	return len < size ? len : size - 1;
}

enum { OWN_SHORT = 12 };

/*
 * "200 OK < GET /item?id=47": what it is the answer to. What takes more room than that, and bare flags of TCP, say less than the
 * question and go behind it.
 */
static void put_info(char *out, size_t size, const struct row *row, const struct cell_style *style)
{
	const struct packet_said *said = row->packet->said;
	const char *arrow = style->asks ? "\xe2\x86\x92" : "\xe2\x86\x90";
	bool says = said != NULL && said->info[0] != '\0';
	char own[CELL_TEXT];

	if (style->question == NULL || (style->asks && says))
		return;
	snprintf(own, sizeof(own), "%s", out);
	if (says && strlen(own) <= OWN_SHORT)
		snprintf(out, size, "%s %s %s", own, arrow, style->question);
	else
		snprintf(out, size, "%s %s  %s", arrow, style->question, own);
}

/* "web2+1": one more saw the same. */
static void put_point(char *out, size_t size, const struct row *row, const struct cell_style *style)
{
	size_t len = cell_point(out, size, row, style);

	if (style->others > 0 && len < size)
		snprintf(out + len, size - len, "+%zu", style->others);
}

/* With its name, where one is known. */
static void cell_addr(char *out, size_t size, const struct field *f, const struct row *row, const struct value *v)
{
	size_t len = value_format(out, size, f, v, STYLE_PEOPLE);
	char name[CELL_TEXT];

	if (len + 1 < size && row_addr_name(row, f->id, name, sizeof(name)))
		snprintf(out + len, size - len, " %s", name);
}

bool cell_format(char *out, size_t size, const struct field *f, const struct row *row,
	const struct cell_style *style)
{
	struct value v;

	if (f == &cell_share_field || f == &cell_bar_field)
		return cell_share_format(out, size, f, row, style);
	if (rates_is_field(f))
		return rates_format(out, size, style->rates, f, row);
	if (!field_get(f, row, &v)) {
		snprintf(out, size, "-");
		return false;
	}
	if (f->unit == UNIT_POINT && row->tier != TIER_POINT)
		put_point(out, size, row, style);
	else if (f->unit == UNIT_TIME && v.type == TYPE_I64)
		return cell_list_time(out, size, f, v.i, style);
	else if (v.type == TYPE_ADDR)
		cell_addr(out, size, f, row, &v);
	else
		value_format(out, size, f, &v, STYLE_PEOPLE);
	if (row->packet != NULL && strcmp(f->name, "info") == 0)
		put_info(out, size, row, style);
	return true;
}

enum align cell_align(const struct field *f)
{
	switch (f->unit) {
	case UNIT_TIME:
	case UNIT_PROTO:
	case UNIT_VLAN:
	case UNIT_TCP_FLAGS:
	case UNIT_ENUM:
	case UNIT_BOOL:
	case UNIT_POINT: return ALIGN_LEFT;
	case UNIT_NONE:
	case UNIT_COUNT:
	case UNIT_BYTES:
	case UNIT_DURATION:
	case UNIT_PORT:
	case UNIT_DSCP: break;
	}
	if (f == &cell_port_field || f == &cell_share_field)
		return ALIGN_RIGHT;
	switch (f->type) {
	case TYPE_ADDR:
	case TYPE_MAC:
	case TYPE_TUNNEL:
	case TYPE_TEXT:
	case TYPE_ID: return ALIGN_LEFT;
	default: return ALIGN_RIGHT;
	}
}

/* Fields of which any at all is worth a look. */
static unsigned trouble_attr(const char *name)
{
	static const struct {
		const char *name;
		unsigned attr;
	} troubles[] = {
		{ "rst", ATTR_WARN },
		{ "fragments", ATTR_WARN },
		{ "malformed", ATTR_BAD },
		{ "checksum_errors", ATTR_BAD },
		{ "drops", ATTR_BAD },
		{ "gone", ATTR_BAD },
		{ "state_evicted", ATTR_WARN },
		{ "retrans", ATTR_WARN },
		{ "errors", ATTR_BAD },
		{ "zero_window", ATTR_WARN },
		{ "out_of_order", ATTR_WARN },
		{ "dropped", ATTR_BAD },
	};

	for (size_t i = 0; i < sizeof(troubles) / sizeof(troubles[0]); i++)
		if (strcmp(troubles[i].name, name) == 0)
			return troubles[i].attr;
	return ATTR_NORMAL;
}

/* Whether a field is of the client's end; in packets the sender may be either. */
static bool is_of_client(const struct field *f, const struct row *row)
{
	if (row->tier != TIER_PACKET)
		return strncmp(f->name, "client", 6) == 0;
	assert(row->packet != NULL);
	return (strncmp(f->name, "src", 3) == 0) == (row->packet->direction == DIR_C2S);
}

static unsigned text_attr(const struct field *f, const struct row *row)
{
	if (f->type == TYPE_ADDR || f->type == TYPE_MAC || f->unit == UNIT_PORT)
		return is_of_client(f, row) ? ATTR_ADDR_CLIENT : ATTR_ADDR_SERVER;
	if (strcmp(f->name, "service") == 0 || strcmp(f->name, "app") == 0)
		return ATTR_SERVICE;
	return ATTR_NORMAL;
}

static bool is_flags_of_trouble(const struct field *f, const struct row *row)
{
	if (row->tier != TIER_PACKET || strcmp(f->name, "info") != 0)
		return false;
	return (row->packet->pkt.tcp_flags & TCP_RST) != 0 ||
		(row->packet->pkt.flags &
			(PACKET_MALFORMED | PACKET_CHECKSUM_L4 | PACKET_CHECKSUM_IP)) != 0;
}

static unsigned health_attr(const struct row *row)
{
	struct health_verdict v;

	health_judge(row->record, row->limits, &v);
	return v.health == HEALTH_FAULTY ? ATTR_BAD : v.health == HEALTH_DEGRADED ? ATTR_WARN : ATTR_DIM;
}

unsigned cell_attr(const struct field *f, const struct row *row)
{
	unsigned trouble = trouble_attr(f->name);
	struct value v;

	if (!field_get(f, row, &v))
		return ATTR_DIM;
	if (f->unit == UNIT_TIME)
		return ATTR_TIME;
	if (is_flags_of_trouble(f, row))
		return ATTR_WARN;
	if (f->id == FIELD_END_REASON)
		return v.u == END_RST ? ATTR_WARN : ATTR_DIM;
	if (row->record && (strcmp(f->name, "health") == 0 || strcmp(f->name, "why") == 0))
		return health_attr(row);
	if (row->packet && strcmp(f->name, "marks") == 0)
		return health_trouble(row) > 0 ? ATTR_WARN : ATTR_DIM;
	if (v.type == TYPE_U64 && v.u == 0 && f->unit == UNIT_COUNT)
		return ATTR_DIM;
	return trouble != ATTR_NORMAL ? trouble : text_attr(f, row);
}
