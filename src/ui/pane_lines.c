/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/pane_lines.h"

#include "base/text.h"
#include "flow/field_groups.h"

#include <stdio.h>
#include <string.h>

enum { NAME_MAX_LEN = 64 };

struct pane_line *pane_lines_add(struct pane_lines *out, enum pane_kind kind, const char *label)
{
	struct pane_line *line = &out->v[out->n < PANE_LINES_MAX ? out->n++ : PANE_LINES_MAX - 1];

	memset(line, 0, sizeof(*line));
	line->kind = kind;
	line->attr = ATTR_NORMAL;
	snprintf(line->label, sizeof(line->label), "%s", label);
	return line;
}

/* ---- names ------------------------------------------------------------------------------- */

/* What a field, or what several have in common, is called here; others by their names. */
static const struct {
	const char *name, *label;
} labels[] = {
	{ "slice", "window begins" },
	{ "first", "first packet" },
	{ "last", "last packet" },
	{ "duration", "lasts" },
	{ "end_reason", "ended by" },
	{ "orientation_by", "roles told by" },
	{ "client_mac", "client's MAC" },
	{ "server_mac", "server's MAC" },
	{ "client_net", "client's network" },
	{ "server_net", "server's network" },
	{ "payload_bytes", "payload" },
	{ "size", "frame size" },
	{ "gap", "gap in a flow" },
	{ "c2s_ttl", "TTL of client" },
	{ "s2c_ttl", "TTL of server" },
	{ "tcp_flags", "flags seen" },
	{ "syn", "SYN" },
	{ "fin", "FIN" },
	{ "rst", "RST" },
	{ "in_flight", "in flight" },
	{ "mss", "MSS" },
	{ "sack", "SACK" },
	{ "retrans", "sent again" },
	{ "fast_retrans", "... fast" },
	{ "spurious_retrans", "... needlessly" },
	{ "dup_ack", "duplicate ACKs" },
	{ "lost_segment", "lost before us" },
	{ "ack_lost_segment", "ACKs of unseen" },
	{ "keep_alive", "keep-alives" },
	{ "keep_alive_ack", "... answered" },
	{ "zero_window", "window closed" },
	{ "window_update", "window opened" },
	{ "rtt", "round trip" },
	{ "rtt_client", "... to client" },
	{ "rtt_server", "... to server" },
	{ "response", "response time" },
	{ "transfer", "transfer time" },
	{ "turns", "requests begun" },
	{ "attempted", "connections" },
	{ "closed_by", "closed by" },
	{ "tls_version", "TLS" },
	{ "alpn", "ALPN" },
	{ "ja4", "JA4" },
	{ "url", "URL" },
	{ "mos", "MOS" },
	{ "rtp_packets", "RTP packets" },
	{ "dscp", "DSCP" },
	{ "len", "frame" },
	{ "caplen", "captured" },
	{ "seq", "sequence number" },
	{ "ack", "acknowledges" },
	{ "drops", "lost by kernel" },
	{ "gone", "evicted" },
};

static void put_label(char *out, size_t size, const char *name)
{
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		if (strcmp(labels[i].name, name) == 0) {
			snprintf(out, size, "%s", labels[i].label);
			return;
		}
	snprintf(out, size, "%s", name);
	for (char *c = out; *c != '\0'; c++)
		if (*c == '_')
			*c = ' ';
}

/* ---- values ------------------------------------------------------------------------------ */

static bool is_shown(const struct field *f, const struct row *row)
{
	struct value v;

	return f != NULL && (f->tiers & FIELD_ON(row->tier)) != 0 && field_get(f, row, &v);
}

/* The field BASE and SUFFIX, where its value is known. */
static const struct field *find(const struct row *row, const char *base, const char *suffix)
{
	char name[NAME_MAX_LEN];
	const struct field *f;

	snprintf(name, sizeof(name), "%s%s", base, suffix);
	f = field_find(name, row->tier);
	return is_shown(f, row) ? f : NULL;
}

static bool put_value(char *out, size_t size, const struct field *f, const struct row *row,
	const struct cell_style *style)
{
	struct value v;

	if (!field_get(f, row, &v))
		return false;
	if (f->unit != UNIT_BOOL)
		return cell_format(out, size, f, row, style);
	snprintf(out, size, "%s", v.u != 0 ? "yes" : "no");
	return true;
}

/* Appends "BEFORE VALUE BEHIND" where the field is known. */
static bool append(struct pane_line *line, const struct row *row, const struct cell_style *style, const struct field *f,
	const char *before, const char *behind)
{
	char text[CELL_TEXT];
	size_t len = strlen(line->text);

	if (f == NULL || !put_value(text, sizeof(text), f, row, style))
		return false;
	snprintf(line->text + len, sizeof(line->text) - len, "%s%s%s", before, text, behind);
	return true;
}

static void add_help(struct pane_line *line, const struct field *f)
{
	size_t len = strlen(line->help);

	if (f != NULL)
		snprintf(line->help + len, sizeof(line->help) - len, "%s%s", len > 0 ? " " : "", f->name);
}

static void end_help(struct pane_line *line, const struct field *f)
{
	size_t len = strlen(line->help);

	snprintf(line->help + len, sizeof(line->help) - len, ": %s", f->help);
}

/* ---- several fields in one line ---------------------------------------------------------- */

static const char *const suffixes[] = { "_min", "_avg", "_max", "_sd", "_p50", "_p95" };

enum { SUFFIXES = sizeof(suffixes) / sizeof(suffixes[0]), MIN = 0, AVG, MAX, SD, P50, P95 };

/* "rtt_avg" is of the family "rtt"; false where a name has none of the endings. */
static bool family_of(const char *name, char base[NAME_MAX_LEN])
{
	size_t len = strlen(name);

	for (size_t i = 0; i < SUFFIXES; i++) {
		size_t end = strlen(suffixes[i]);

		if (len > end && len - end < NAME_MAX_LEN && strcmp(name + len - end, suffixes[i]) == 0) {
			memcpy(base, name, len - end);
			base[len - end] = '\0';
			return true;
		}
	}
	return false;
}

/* "0.1 ms to 4.34 s, half below 12 ms, 95 % below 16 ms, mean 98 ms, deviation 0.5 s (272x)": measured so often */
static void put_family(struct pane_line *line, const char *base, const struct row *row, const struct cell_style *style)
{
	const struct field *f[SUFFIXES], *n = find(row, base, "_n");
	char least[CELL_TEXT] = "", most[CELL_TEXT] = "";

	for (size_t i = 0; i < SUFFIXES; i++)
		f[i] = find(row, base, suffixes[i]);
	if (f[MIN] != NULL && f[MAX] != NULL) {
		put_value(least, sizeof(least), f[MIN], row, style);
		put_value(most, sizeof(most), f[MAX], row, style);
		append(line, row, style, f[MIN], "", "");
		if (strcmp(least, most) == 0)
			return;
		append(line, row, style, f[MAX], " to ", "");
		append(line, row, style, f[P50], ", half below ", "");
		append(line, row, style, f[P95], ", 95 % below ", "");
		append(line, row, style, f[AVG], ", mean ", "");
	} else if (append(line, row, style, f[AVG], "mean ", "")) {
		append(line, row, style, f[MAX], ", at most ", "");
	} else {
		append(line, row, style, f[MAX], "at most ", "");
		append(line, row, style, f[MIN], "at least ", "");
	}
	append(line, row, style, f[SD], ", deviation ", "");
	append(line, row, style, n, " (", "x)");
}

/* "mean 0 s, at most 0 s" of what took no time says nothing. */
static bool is_nothing(const char *base, const struct row *row)
{
	const struct field *f = find(row, base, "_max");
	struct value v;

	if (f == NULL)
		f = find(row, base, "_avg");
	return f != NULL && f->unit == UNIT_DURATION && field_get(f, row, &v) && v.i == 0;
}

static void add_family(struct pane_lines *out, const struct field *first, const char *base, const struct row *row,
	const struct pane_more *more, const struct cell_style *style)
{
	struct pane_line *line;
	char label[PANE_LABEL];

	if (is_nothing(base, row))
		return;
	put_label(label, sizeof(label), base);
	line = pane_lines_add(out, PANE_ITEM, label);
	put_family(line, base, row, style);
	for (size_t i = 0; i < SUFFIXES; i++)
		add_help(line, find(row, base, suffixes[i]));
	end_help(line, find(row, base, "_avg") != NULL ? find(row, base, "_avg") : first);
	pane_lines_chart(out, row, base);
	if (strcmp(base, "size") == 0 && more != NULL && more->sizes != NULL)
		pane_lines_sizes(out, row, more->sizes);
}

/* What client and server said each: "client 17, server 16". */
static void add_ends(struct pane_lines *out, const struct field *whole, const char *rest, const struct row *row,
	const struct cell_style *style)
{
	const struct field *client = find(row, "c2s_", rest), *server = find(row, "s2c_", rest);
	struct pane_line *line;
	char label[PANE_LABEL];

	put_label(label, sizeof(label), rest);
	line = pane_lines_add(out, PANE_ITEM, label);
	line->attr = whole != NULL ? cell_attr(whole, row) : ATTR_NORMAL;
	append(line, row, style, whole, "", client != NULL || server != NULL ? ": " : "");
	append(line, row, style, client, "client ", server != NULL ? ", " : "");
	append(line, row, style, server, "server ", "");
	add_help(line, whole);
	add_help(line, client);
	add_help(line, server);
	end_help(line, whole != NULL ? whole : client != NULL ? client : server);
}

/* "3.12 k", "12.5 M"; three digits say enough of a mean. */
static void put_rate(char *out, size_t size, double rate)
{
	static const char *const units[] = { "", "k", "M", "G", "T" };
	size_t unit = 0;

	/* 999.6 is written 1 k, not 1e+03 */
	for (; rate >= 999.5 && unit + 1 < sizeof(units) / sizeof(units[0]); unit++)
		rate /= 1000;
	snprintf(out, size, "%.3g %s", rate, units[unit]);
}

/* Bits and packets a second from first to last packet. */
static void add_rate(struct pane_lines *out, const struct row *row)
{
	const struct counters *c = &row->record->c;
	double seconds = (double)(c->last_ns - c->first_ns) / 1e9;
	char bits[TEXT_NUMBER], packets[TEXT_NUMBER];
	struct pane_line *line;

	if ((c->known & FIELD_BIT(FIELD_LAST)) == 0 || seconds <= 0)
		return;
	put_rate(bits, sizeof(bits), 8.0 * (double)counters_bytes(c) / seconds);
	put_rate(packets, sizeof(packets), (double)counters_packets(c) / seconds);
	line = pane_lines_add(out, PANE_ITEM, "rate");
	snprintf(line->text, sizeof(line->text), "%sbit/s, %s%spackets/s", bits, packets,
		packets[strlen(packets) - 1] == ' ' ? "" : " ");
	snprintf(line->help, sizeof(line->help), "bytes packets duration: on average, from the first packet to the last");
}

/* ---- all of a row ------------------------------------------------------------------------ */

/* What a line shows already. */
struct told {
	char v[PANE_LINES_MAX][NAME_MAX_LEN];
	size_t n;
};

static bool tell(struct told *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->v[i], name) == 0)
			return false;
	if (t->n < PANE_LINES_MAX)
		snprintf(t->v[t->n++], NAME_MAX_LEN, "%s", name);
	return true;
}

static void add_field(struct pane_lines *out, struct told *t, const struct field *f, const struct row *row,
	const struct pane_more *more, const struct cell_style *style)
{
	bool of_end = strncmp(f->name, "c2s_", 4) == 0 || strncmp(f->name, "s2c_", 4) == 0;
	const char *rest = of_end ? f->name + 4 : f->name;
	char base[NAME_MAX_LEN];

	if (family_of(f->name, base)) {
		if (tell(t, base))
			add_family(out, f, base, row, more, style);
		return;
	}
	if (!tell(t, rest))
		return;
	add_ends(out, find(row, "", rest), rest, row, style);
	if (strcmp(rest, "bytes") == 0 && row->record != NULL)
		add_rate(out, row);
}

static bool is_listed(const struct field *f, const struct row *row, size_t group)
{
	return !f->hidden && f->type != TYPE_ID && is_shown(f, row) && !field_is_zero_count(f, row) &&
		field_group_of(f, row->tier) == group && !field_is_told(f) && strcmp(f->name, "health") != 0 &&
		strcmp(f->name, "why") != 0;
}

static void add_group(struct pane_lines *out, struct told *t, size_t group, const struct row *row,
	const struct pane_more *more, const struct cell_style *style)
{
	bool titled = false;

	for (size_t i = 0; i < 2 * field_count(); i++) {
		const struct field *f = field_at(i % field_count());

		/* response times come before all others, because they are what is felt */
		if (!is_listed(f, row, group) || (strncmp(f->name, "response", 8) == 0) != (i < field_count()))
			continue;
		if (!titled)
			snprintf(pane_lines_add(out, PANE_TITLE, "")->text, PANE_TEXT, "%s", field_group_title(group));
		titled = true;
		add_field(out, t, f, row, more, style);
	}
}

/* What hurts first, who it is last: the list says that already. Groups that are not named stand at the end. */
static const char *const order[] = { "times", "tcp trouble", "trouble", "application", "media", "packet", "how much",
	"sizes and gaps", "when", "tcp", "ip", "who" };

enum { ORDER = sizeof(order) / sizeof(order[0]) };

static size_t rank_of(size_t group)
{
	size_t rank = 0;

	while (rank < ORDER && strcmp(order[rank], field_group_title(group)) != 0)
		rank++;
	return rank;
}

void pane_lines(struct pane_lines *out, const struct row *row, const struct pane_more *more, const struct cell_style *style)
{
	struct told t = { .n = 0 };
	struct pane_line *note;

	out->n = 0;
	pane_lines_health(out, row);
	pane_lines_over_time(out, row, more != NULL ? more->over_time : NULL);
	for (size_t rank = 0; rank <= ORDER; rank++)
		for (size_t g = 0; g < field_groups(); g++)
			if (rank_of(g) == rank)
				add_group(out, &t, g, row, more, style);
	note = pane_lines_add(out, PANE_ITEM, "");
	note->attr = ATTR_DIM;
	snprintf(note->text, sizeof(note->text), "what is zero is left out");
}
