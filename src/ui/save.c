/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/save.h"

#include "base/mem.h"
#include "base/text.h"
#include "out/pcapng_out.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct save {
	struct pcapng_out *out;
	struct job *job;
	struct id *ids;
	size_t n_ids;
	int64_t from_ns, to_ns; /* half-open */
	char path[560];
	save_then then; /* or NULL */
	void *then_ctx;
	_Atomic uint64_t packets; /* so far, for the status line */
	enum rc rc; /* of the sink; read when the job is over */
	struct err err;
};

/* In the job's thread. */
static bool take_packet(void *ctx, const struct query_sources *sources, const struct row *row,
	const struct raw_packet *raw)
{
	struct save *save = ctx;
	unsigned source = row->source > 0 ? row->source - 1 : 0;
	const struct store *store;
	const void *options = NULL;
	size_t options_len = 0;

	if (source >= sources->n || raw == NULL)
		return true;
	store = sources->stores[source];
	if (row->point != NULL)
		options = store_point_options(store, row->point->number, &options_len);
	save->rc = pcapng_out_packet(
		save->out, source, row->point, options, options_len, raw, &save->err);
	atomic_fetch_add_explicit(&save->packets, 1, memory_order_relaxed);
	return save->rc == RC_DONE;
}

static void ask_below(struct query *q, const struct save *save)
{
	query_init(q, TIER_PACKET);
	q->in = save->ids;
	q->n_in = save->n_ids;
	q->from_ns = save->from_ns;
	q->to_ns = save->to_ns;
}

enum rc save_start(struct screen *s, const struct id *ids, size_t n, const char *path, struct err *err)
{
	return save_between(s, ids, n, INT64_MIN, INT64_MAX, path, err);
}

enum rc save_between(struct screen *s, const struct id *ids, size_t n, int64_t from_ns, int64_t to_ns, const char *path,
	struct err *err)
{
	struct save *save;
	struct query q;
	enum rc rc;

	if (s->save != NULL)
		return err_set(err, RC_USAGE, "write",
			"%s is still being written; Ctrl-C stops it", s->save->path);
	if (strlen(path) >= sizeof(save->path) || strcmp(path, "-") == 0)
		return err_set(err, RC_USAGE, "write", "no name for a file");
	if (access(path, F_OK) == 0)
		return err_set(err, RC_USAGE, path, "exists already; choose another name");
	save = mem_calloc(1, sizeof(*save));
	if (save == NULL)
		return err_memory(err);
	save->from_ns = from_ns;
	save->to_ns = to_ns;
	save->ids = mem_calloc(n, sizeof(*save->ids));
	if (save->ids == NULL) {
		mem_free(save);
		return err_memory(err);
	}
	memcpy(save->ids, ids, n * sizeof(*ids));
	save->n_ids = n;
	snprintf(save->path, sizeof(save->path), "%s", path);
	rc = pcapng_out_open(path, false, &save->out, err);
	if (rc == RC_DONE) {
		ask_below(&q, save);
		rc = job_start_sink(s->session, &q, take_packet, save, &save->job, err);
		if (rc != RC_DONE)
			pcapng_out_abandon(save->out);
	}
	if (rc != RC_DONE) {
		mem_free(save->ids);
		mem_free(save);
		return rc;
	}
	s->save = save;
	return RC_DONE;
}

enum rc save_chosen(struct screen *s, const char *path, struct err *err)
{
	const struct view *v = screen_top(s);
	int64_t from_ns, to_ns;
	const struct id *ids;
	struct id one;
	size_t n;
	enum rc rc;

	if (v->ops->chosen != NULL)
		return v->ops->chosen(v, &ids, &n, &from_ns, &to_ns)
			? save_between(s, ids, n, from_ns, to_ns, path, err)
			: err_set(err, RC_USAGE, "write", "there is nothing to write");
	rc = tags_chosen(s, &one, &ids, &n, err);

	return rc == RC_DONE ? save_start(s, ids, n, path, err) : rc;
}

enum rc save_chosen_then(struct screen *s, const char *path, save_then then, void *ctx, struct err *err)
{
	enum rc rc = save_chosen(s, path, err);

	if (rc == RC_DONE) {
		s->save->then = then;
		s->save->then_ctx = ctx;
	}
	return rc;
}

static void finish(struct screen *s, enum job_state state, const struct err *job_err)
{
	struct save *save = s->save;
	struct err err = state == JOB_FAILED ? *job_err : save->err;
	uint64_t packets = pcapng_out_count(save->out);
	char count[TEXT_NUMBER];
	enum rc rc = state == JOB_FAILED ? job_err->rc : save->rc;

	if (state == JOB_DONE && rc == RC_DONE)
		rc = pcapng_out_close(save->out, &err);
	else
		pcapng_out_abandon(save->out);
	text_count(count, sizeof(count), packets);
	if (state == JOB_CANCELLED)
		screen_say(s, "stopped; %s was not written",
			save->then == NULL ? save->path : "the program's input");
	else if (rc != RC_DONE)
		screen_fail(s, &err);
	else if (save->then == NULL)
		screen_say(s, "%s %s written to %s", count, packets == 1 ? "packet" : "packets",
			save->path);
	job_free(save->job);
	mem_free(save->ids);
	s->save = NULL;
	if (save->then != NULL)
		save->then(s, save->then_ctx, state == JOB_DONE && rc == RC_DONE);
	mem_free(save);
}

void save_update(struct screen *s)
{
	enum job_state state;
	struct err err = { 0 };

	if (s->save == NULL)
		return;
	state = job_state(s->save->job, &err);
	if (state != JOB_RUNNING)
		finish(s, state, &err);
}

bool save_status(const struct screen *s, char *out, size_t size)
{
	char count[TEXT_NUMBER];

	if (s->save == NULL)
		return false;
	text_count(count, sizeof(count),
		atomic_load_explicit(&s->save->packets, memory_order_relaxed));
	snprintf(out, size, "writing %s: %s packets; Ctrl-C stops", s->save->path, count);
	return true;
}

bool save_cancel(struct screen *s)
{
	struct err err = { 0 };

	if (s->save == NULL)
		return false;
	job_cancel(s->save->job);
	job_free(s->save->job);
	s->save->job = NULL;
	finish(s, JOB_CANCELLED, &err);
	return true;
}
