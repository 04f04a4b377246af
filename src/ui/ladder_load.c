/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/ladder_load.h"

#include "base/mem.h"
#include "base/text.h"
#include "flow/field.h"
#include "ui/along.h"

#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 512, WHAT_MAX = 256 };

/* Marks that the arrow's text says in words; a response's beginning is its time. */
static const uint32_t silent_marks = MARK_BIT(MARK_RESPONSE_START) | MARK_BIT(MARK_WINDOW_UPDATE) | MARK_BIT(MARK_LOST_SEGMENT) |
	MARK_BIT(MARK_RTP_GAPS);

/* What the application says, else flags and length. */
static void say_packet(char out[WHAT_MAX], const struct packet_row *p)
{
	char flags[64], bytes[TEXT_NUMBER];

	if (p->said != NULL && p->said->info != NULL && p->said->info[0] != '\0') {
		snprintf(out, WHAT_MAX, "%s", p->said->info);
	} else if (p->pkt.flags & PACKET_HAS_TCP) {
		tcp_flags_format(flags, sizeof(flags), p->pkt.tcp_flags);
		text_count(bytes, sizeof(bytes), p->pkt.payload_len);
		if (p->pkt.payload_len > 0)
			snprintf(out, WHAT_MAX, "%s bytes%s%s", bytes,
				p->pkt.tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST) ? ", " : "",
				p->pkt.tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST) ? flags : "");
		else
			snprintf(out, WHAT_MAX, "%s", flags);
	} else {
		packet_info(out, WHAT_MAX, &p->pkt);
	}
}

static void say_all(char out[TEXT_MAX], const struct packet_row *p)
{
	char marks[128], what[WHAT_MAX], took[TEXT_NUMBER] = "";
	uint32_t shown = p->note.marks & ~silent_marks;

	packet_marks_format(marks, sizeof(marks), shown);
	say_packet(what, p);
	if (p->note.has_response)
		text_duration(took, sizeof(took), p->note.response_ns);
	/* how long it took comes first: there may be no room for all */
	snprintf(out, TEXT_MAX, "%s%s%s%s%s%s", took, took[0] != '\0' ? ": " : "", shown ? "[" : "", marks, shown ? "] " : "",
		what);
}

static bool is_quiet(const struct packet *p)
{
	return (p->flags & PACKET_HAS_TCP) && p->payload_len == 0 && !(p->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST));
}

static void name_of(const struct row *row, unsigned field, char out[LADDER_NAME])
{
	if (!row_addr_name(row, field, out, LADDER_NAME))
		out[0] = '\0';
}

static bool take(struct ladder_load *l, const struct row *row)
{
	const struct packet_row *p = row->packet;
	struct ladder_arrow a = { .time_ns = p->pkt.time_ns,
		.frame = p->frame,
		.marks = p->note.marks,
		.quiet = is_quiet(&p->pkt) && (p->note.marks & ~silent_marks) == 0,
		.late = p->note.has_response && p->note.response_ns >= LADDER_LATE_NS,
		.reset = (p->pkt.flags & PACKET_HAS_TCP) && (p->pkt.tcp_flags & TCP_RST) };
	char text[TEXT_MAX], src[LADDER_NAME], dst[LADDER_NAME];
	bool more;
	unsigned from, to;

	row_id(row, &a.id);
	name_of(row, FIELD_PACKET_SRC, src);
	name_of(row, FIELD_PACKET_DST, dst);
	/* who asks stands at the left of who is asked */
	if (p->direction == DIR_S2C)
		(void)ladder_host(&l->ladder, &p->pkt.dst, dst);
	from = ladder_host(&l->ladder, &p->pkt.src, src);
	to = ladder_host(&l->ladder, &p->pkt.dst, dst);
	say_all(text, p);
	l->rc = ladder_add(&l->ladder, &a, from, to, text, &more, l->err);
	return l->rc == RC_DONE && more;
}

static bool on_packet(void *ctx, const struct row *row, const struct raw_packet *raw)
{
	(void)raw;
	return take(ctx, row);
}

static bool on_cascade_packet(void *ctx, uint32_t node, const struct row *row, const struct raw_packet *raw)
{
	(void)node;
	(void)raw;
	return take(ctx, row);
}

static enum rc read_cascade(struct ladder_load *l, const struct query_sources *sources, struct query_control *control)
{
	enum rc rc;

	for (size_t i = 0; i < l->n_nodes; i++)      /* nothing of a reading before */
		l->nodes[i] = (struct cascade_node){ .parent = l->nodes[i].parent,
			.in = l->nodes[i].in,
			.request = l->nodes[i].request,
			.request_ns = l->nodes[i].request_ns,
			.from = l->nodes[i].from,
			.back = l->nodes[i].back };
	rc = cascade_read(sources, l->nodes, l->n_nodes, on_cascade_packet, l, control, l->err);
	cascade_free(l->nodes, l->n_nodes);
	for (size_t i = 0; i < l->n_same; i++)
		ladder_same(&l->ladder, &l->same[i].a, &l->same[i].b);
	return rc;
}

static enum rc read_record(struct ladder_load *l, const struct query_sources *sources, bool part, struct query_control *control)
{
	struct query q;
	enum rc rc = along_conversation(sources, &l->asked, part, &l->record, l->err);

	if (rc != RC_DONE)
		return rc;
	query_init(&q, TIER_PACKET);
	q.in = &l->record;
	q.n_in = 1;
	return query_run(sources, &q, on_packet, l, control, NULL, l->err);
}

/* The arrow of the packet asked for. */
static bool find_asked(struct ladder_load *l)
{
	l->at = 0;
	for (uint32_t i = 0; i < l->ladder.n; i++)
		if (l->asked.tier == TIER_PACKET && l->ladder.arrows[i].id.source == l->asked.source &&
			record_id_equal(l->ladder.arrows[i].id.rec, l->asked.rec)) {
			l->at = i;
			return true;
		}
	return l->asked.tier != TIER_PACKET;
}

enum rc ladder_load_work(void *ctx, const struct query_sources *sources, struct query_control *control, struct err *err)
{
	struct ladder_load *l = ctx;
	enum rc rc;

	l->err = err;
	for (int part = 0; part < 2; part++) {
		ladder_free(&l->ladder);
		l->rc = RC_DONE;
		rc = l->n_nodes > 0 ? read_cascade(l, sources, control) : read_record(l, sources, part, control);
		rc = rc == RC_DONE ? l->rc : rc;
		if (rc != RC_DONE)
			return rc;
		ladder_end(&l->ladder);
		/* a packet far behind the beginning of a long flow: what was said around it */
		if (find_asked(l) || l->n_nodes > 0 || !l->ladder.limited)
			break;
	}
	return RC_DONE;
}

void ladder_load_free(struct ladder_load *l)
{
	ladder_free(&l->ladder);
	mem_free(l->nodes);
	mem_free(l->same);
	l->nodes = NULL;
	l->same = NULL;
	l->n_nodes = l->n_same = 0;
}
