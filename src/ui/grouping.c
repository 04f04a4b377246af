/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/grouping.h"

#include "base/buf.h"

#include <stdio.h>
#include <string.h>

/* ---- what one groups by ------------------------------------------------------------------ */

const char *grouping_names(enum request r)
{
	switch (r) {
	case REQ_GROUP_NONE: return "";
	case REQ_GROUP_APP: return "app";
	case REQ_GROUP_SERVICE: return "service";
	case REQ_GROUP_CLIENT: return "client";
	case REQ_GROUP_SERVER: return "server";
	case REQ_GROUP_PAIR: return "client,server";
	case REQ_GROUP_NET: return "client_net";
	case REQ_GROUP_SERVER_NET: return "server_net";
	case REQ_GROUP_POINT: return "point";
	case REQ_GROUP_VLAN: return "vlan";
	default: return NULL;
	}
}

enum rc grouping_parse(const char *names, enum tier tier, struct grouping *out, struct err *err)
{
	struct grouping g = { .n = 0 };
	const char *s = names + strspn(names, ", ");

	while (*s != '\0') {
		size_t len = strcspn(s, ", ");
		const struct field *f;
		char name[64];

		snprintf(name, sizeof(name), "%.*s", (int)(len < 63 ? len : 63), s);
		f = field_find(name, tier);
		if (f == NULL || f->hidden)
			return err_set(err, RC_USAGE, "group", "%s have no field '%s'", tier_plural(tier), name);
		if (g.n == QUERY_GROUP_MAX)
			return err_set(err, RC_USAGE, "group", "%d fields at most", QUERY_GROUP_MAX);
		g.by[g.n++] = f;
		s += len;
		s += strspn(s, ", ");
	}
	*out = g;
	return RC_DONE;
}

bool grouping_fits(const struct grouping *g, enum tier tier)
{
	static const char *const of_services[] = { "slice", "server", "server_net", "server_port", "proto", "service",
		"point", "app", "server_name" };

	for (size_t i = 0; i < g->n && tier == TIER_MACROFLOW; i++) {
		bool found = false;

		for (size_t k = 0; k < sizeof(of_services) / sizeof(of_services[0]); k++)
			found |= strcmp(of_services[k], g->by[i]->name) == 0;
		if (!found)
			return false;
	}
	return true;
}

/* ---- one group --------------------------------------------------------------------------- */

void grouping_label(const struct grouping *g, const struct row *row, const struct cell_style *style, char *out,
	size_t size)
{
	char text[CELL_TEXT];
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < g->n && len < size; i++) {
		bool known = cell_format(text, sizeof(text), g->by[i], row, style);
		int n = known ? snprintf(out + len, size - len, "%s%.40s", i > 0 ? ", " : "", text)
			      : snprintf(out + len, size - len, "%sno %s", i > 0 ? ", " : "", g->by[i]->name);

		len += n > 0 ? (size_t)n : 0;
	}
}

/* A word as it is, other text in quotes, as the filter language reads them. */
static void put_text(struct buf *b, const char *text)
{
	if (text[0] != '\0' && text[strspn(text, "0123456789abcdefABCDEF.:/")] == '\0') {
		buf_put_str(b, text);
		return;
	}
	buf_put_str(b, "\"");
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			buf_put_str(b, "\\");
		buf_put(b, text, 1);
	}
	buf_put_str(b, "\"");
}

/* Two ports of one name are two services: see query/group.c. */
static void put_service(struct buf *b, const struct row *row, const struct value *v, bool by_key)
{
	const struct record *r = row->record;
	const struct field *proto = field_find("proto", row->tier);
	char text[CELL_TEXT];
	struct value p;

	bool has_port = r->key.has_ports && r->key.server_port != 0 && (r->c.known & FIELD_BIT(FIELD_SERVER_PORT)) != 0;
	bool has_proto = proto != NULL && field_get(proto, row, &p);

	/* the name says no more than these two */
	if (!by_key || !has_port || !has_proto) {
		buf_put_str(b, "service == ");
		put_text(b, v->text);
		buf_put_str(b, has_proto ? " and " : "");
	}
	if (has_proto) {
		value_format(text, sizeof(text), proto, &p, STYLE_MACHINE);
		buf_put_str(b, "proto == ");
		put_text(b, text);
	}
	if (has_port) {
		snprintf(text, sizeof(text), " and server_port == %u", r->key.server_port);
		buf_put_str(b, text);
	}
}

/* A network is asked for as one, which the index knows; one tag alone is not what has it among others. */
static void put_known(struct buf *b, const struct field *f, const struct row *row, const struct value *v, bool by_key)
{
	char text[CELL_TEXT];

	value_format(text, sizeof(text), f, v, STYLE_MACHINE);
	if (strcmp(f->name, "service") == 0) {
		put_service(b, row, v, by_key);
		return;
	}
	if (strcmp(f->name, "client_net") == 0 || strcmp(f->name, "server_net") == 0)
		buf_put(b, f->name, strlen("client"));
	else
		buf_put_str(b, f->name);
	buf_put_str(b, " == ");
	if (f->unit == UNIT_POINT)
		snprintf(text, sizeof(text), "%u", row->record->key.point);
	put_text(b, text);
	if (f->unit == UNIT_VLAN && strchr(text, '.') == NULL)
		buf_put_str(b, " and vlan !~ \".\"");
}

enum rc grouping_filter(const struct grouping *g, const struct row *row, const char *base, bool by_key, char *out,
	size_t size, struct err *err)
{
	struct buf b;
	struct value v;
	enum rc rc = RC_DONE;

	buf_init(&b);
	if (base[0] != '\0') {
		buf_put_str(&b, "(");
		buf_put_str(&b, base);
		buf_put_str(&b, ")");
	}
	for (size_t i = 0; i < g->n; i++) {
		if (b.len > 0)
			buf_put_str(&b, " and ");
		if (field_get(g->by[i], row, &v)) {
			put_known(&b, g->by[i], row, &v, by_key);
		} else {
			buf_put_str(&b, "not ");
			buf_put_str(&b, g->by[i]->name);
		}
	}
	if (b.failed)
		rc = err_memory(err);
	else if (b.len >= size)
		rc = err_set(err, RC_LIMIT, "group", "the filter of its members would be longer than %zu bytes", size - 1);
	else
		snprintf(out, size, "%s", buf_text(&b));
	buf_free(&b);
	return rc;
}
