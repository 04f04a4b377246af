/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/stream_load.h"

#include "ui/along.h"

#include <string.h>

/* Whether the packet only asks if the other side is still there: its byte is none of the stream. */
static bool is_probe(const struct packet_row *p)
{
	return p->pkt.payload_len <= 1 && (p->note.marks & MARK_BIT(MARK_KEEP_ALIVE)) != 0;
}

static bool on_packet(void *ctx, const struct row *row, const struct raw_packet *raw)
{
	struct stream_load *l = ctx;
	const struct packet_row *p = row->packet;
	struct transcript_packet as = { .time_ns = p->pkt.time_ns, .frame = p->frame };
	bool more = true;

	row_id(row, &as.id);
	if (l->packets++ == 0 && p->key != NULL)
		l->key = *p->key;
	if (!l->found && l->asked.tier == TIER_PACKET && record_id_equal(as.id.rec, l->asked.rec)) {
		l->found = true;
		l->at = (uint32_t)l->transcript.n_packets;
	}
	if (raw != NULL && !is_probe(p))
		l->rc = transcript_add(&l->transcript, &p->pkt, raw->data, p->direction, &as, &more, l->err);
	return l->rc == RC_DONE && more;
}

static void forget(struct stream_load *l)
{
	transcript_free(&l->transcript);
	memset(&l->key, 0, sizeof(l->key));
	l->at = 0;
	l->packets = 0;
	l->found = false;
	l->rc = RC_DONE;
}

static enum rc read_record(struct stream_load *l, const struct query_sources *sources, bool part,
	struct query_control *control, struct err *err)
{
	struct query q;
	enum rc rc;

	forget(l);
	rc = along_conversation(sources, &l->asked, part, &l->record, err);
	if (rc != RC_DONE)
		return rc;
	query_init(&q, TIER_PACKET);
	q.in = &l->record;
	q.n_in = 1;
	rc = query_run(sources, &q, on_packet, l, control, NULL, err);
	return rc == RC_DONE ? l->rc : rc;
}

enum rc stream_load_work(void *ctx, const struct query_sources *sources, struct query_control *control, struct err *err)
{
	struct stream_load *l = ctx;
	enum rc rc;

	l->err = err;
	rc = read_record(l, sources, false, control, err);
	/* a packet far behind the beginning of a long flow: what was said around it */
	if (rc == RC_DONE && l->transcript.limited && l->asked.tier == TIER_PACKET && !l->found)
		rc = read_record(l, sources, true, control, err);
	return rc == RC_DONE ? transcript_end(&l->transcript, err) : rc;
}

void stream_load_free(struct stream_load *l)
{
	transcript_free(&l->transcript);
}
