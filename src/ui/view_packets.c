/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The packets below a record, in the order of capture. */
#include "base/mem.h"
#include "session/session.h"
#include "ui/answers.h"
#include "ui/list_view.h"

#include <stdio.h>
#include <string.h>

/*
 * Below a flow or microflow both ends are known: the direction says it all, and the addresses
 * come last.
 */
static const char *const flow_columns[] = { "frame", "time", "direction", "len", "response", "marks", "info",
	"gap", "rtt", "payload_len", "ttl", "src", "src_port", "dst", "dst_port", "proto", "vlan", "tunnel",
	"caplen", "file_offset", "id", NULL };
static const char *const service_columns[] = { "frame", "time", "src", "src_port", "dst",
	"dst_port", "len", "response", "marks", "info", "gap", "rtt", "payload_len", "ttl", "proto", "vlan", "tunnel",
	"caplen", "file_offset", "id", NULL };

struct packets_view {
	struct list_view list; /* first */
	bool one_flow;
	struct job *job; /* that looks for what answers what; NULL: none is under way */
	struct answers_load answers; /* the job's while there is one */
	size_t answers_rows; /* packets there were when it was started */
	bool has_answers;
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

/* ---- what answers what ---------------------------------------------------------------------- */

/* When all packets are there, and again when there are more. */
static void start_answers(struct packets_view *pv)
{
	struct list_view *lv = &pv->list;
	const struct result *r;
	size_t rows;
	struct err err;

	if (!pv->one_flow || pv->job != NULL || loader_busy(&lv->loader) || lv->loader.state != JOB_DONE)
		return;
	r = loader_lock(&lv->loader);
	rows = r != NULL ? result_count(r) : 0;
	loader_unlock(&lv->loader);
	if (rows == 0 || rows == pv->answers_rows)
		return;
	pv->answers_rows = rows;
	pv->has_answers = false;
	pv->answers.in = lv->loader.in;
	/* without it the list has all it had */
	if (job_start_work(lv->view.screen->session, answers_work, &pv->answers, &pv->job, &err) != RC_DONE)
		pv->job = NULL;
}

static void update(struct view *v)
{
	struct packets_view *pv = (struct packets_view *)v;
	enum job_state state;
	struct err err;

	list_view_update(v);
	if (pv->job != NULL && (state = job_state(pv->job, &err)) != JOB_RUNNING) {
		job_free(pv->job);
		pv->job = NULL;
		pv->has_answers = state == JOB_DONE;
		columns_forget(&pv->list.columns);
	}
	start_answers(pv);
}

static bool busy(const struct view *v, int *progress)
{
	bool list = list_view_busy(v, progress);

	return list || ((const struct packets_view *)v)->job != NULL;
}

static void close(struct view *v)
{
	struct packets_view *pv = (struct packets_view *)v;

	if (pv->job != NULL)
		job_free(pv->job);
	answers_free(&pv->answers);
	list_view_close(v);
}

static void dress(const struct list_view *lv, const struct row *row, struct cell_style *style)
{
	const struct packets_view *pv = (const struct packets_view *)lv;
	const struct answer *a;
	struct id id;

	if (!pv->has_answers || row->packet->pkt.payload_len == 0)
		return;
	row_id(row, &id);
	style->asks = !row->packet->note.has_response;
	a = style->asks ? answers_find_question(&pv->answers, &id) : answers_find(&pv->answers, &id);
	style->question = a != NULL && a->text[0] != '\0' ? a->text : NULL;
}

/* Selects a packet where it is in the list; else opens the list of the flow that it is in. */
static void go_to(struct packets_view *pv, const struct id *packet, const struct id *flow)
{
	struct list_view *lv = &pv->list;
	struct screen *s = lv->view.screen;
	const struct result *r = loader_lock(&lv->loader);
	struct view *v;
	size_t at;
	bool here = r != NULL && result_find(r, packet, &at);

	loader_unlock(&lv->loader);
	if (here) {
		list_view_select_id(&lv->view, packet);
		return;
	}
	v = view_packets_new(s, flow);
	if (v == NULL) {
		screen_push(s, NULL);
		return;
	}
	snprintf(v->crumb[0], VIEW_CRUMB_MAX, "whole flow");
	list_view_select_id(v, packet);
	screen_push(s, v);
	screen_say(s, "the request lies before the list: this is its whole flow; Escape goes back");
}

/* From an answer to its question, and back. */
static void jump(struct packets_view *pv)
{
	struct screen *s = pv->list.view.screen;
	const struct answer *to, *from;
	struct id id;

	if (!list_view_selected(&pv->list.view, &id))
		return;
	if (!pv->one_flow)
		screen_say(s, "requests and answers are told in the packets of one flow");
	else if (!pv->has_answers)
		screen_say(s, "not known yet which packet answers which");
	else if ((from = answers_find(&pv->answers, &id)) != NULL)
		go_to(pv, &from->question, &from->flow);
	else if ((to = answers_find_question(&pv->answers, &id)) != NULL)
		list_view_select_id(&pv->list.view, &to->answer);
	else
		screen_say(s, "this packet begins no answer, and no request whose answer is known");
}

static bool request(struct view *v, enum request r)
{
	if (r == REQ_ANSWER)
		jump((struct packets_view *)v);
	return r == REQ_ANSWER || list_view_request(v, r == REQ_HEX ? REQ_OPEN : r);
}

static const struct view_hint hints[] = { { REQ_OPEN, NULL }, { REQ_BACK, NULL },
	{ REQ_FOLLOW, NULL }, { REQ_PAUSE, NULL },
	{ REQ_NEXT_TROUBLE, NULL }, { REQ_ANSWER, NULL }, { REQ_FILTER, NULL }, { REQ_LADDER, NULL }, { REQ_RELATED, NULL }, { REQ_HELP, NULL },
	{ REQ_STREAM, NULL }, { REQ_SORT, NULL }, { REQ_CHART, NULL }, { REQ_PANE, NULL }, { REQ_WRITE, NULL },
	{ REQ_COMMAND, NULL }, { REQ_NONE, NULL } };
static const struct list_hooks hooks = { .below = below, .columns = set_columns, .dress = dress };
static const struct view_ops ops = {
	.name = "packets", .hints = hints, LIST_VIEW_OPS_OF_ALL, .request = request, .update = update,
	.busy = busy, .close = close
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
