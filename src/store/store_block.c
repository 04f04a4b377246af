/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The life of a block in the catalog: begun, sealed, indexed, or forgotten. Every function takes the lock; the view
 * follows each commit.
 */
#include "store/filters.h"
#include "store/store_impl.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* ---- states ----------------------------------------------------------------------------- */

/* The diagram in store/retention.h. */
static bool may_become(enum block_state from, enum block_state to)
{
	static const bool allowed[BLOCK_STATES][BLOCK_STATES] = {
		[BLOCK_OPEN] = { [BLOCK_SEALED] = true },
		[BLOCK_SEALED] = { [BLOCK_SEALED] = true, [BLOCK_INDEXED] = true, [BLOCK_EVICTED] = true },
		[BLOCK_INDEXED] = { [BLOCK_SEALED] = true, [BLOCK_EVICTED] = true },
		/* its macroflow parts go; cppcheck takes the designators for side effects */
		/* cppcheck-suppress unknownEvaluationOrder */
		[BLOCK_EVICTED] = { [BLOCK_EVICTED] = true },
	};

	return from < BLOCK_STATES && to < BLOCK_STATES && allowed[from][to];
}

enum rc store_block_transition(const struct store *s, const struct block_info *b, enum block_state to,
	struct err *err)
{
	/* in place nothing is sealed before it is indexed: an open block may end as one that is indexed */
	bool in_place = s->kind == STORE_IN_PLACE && b->state == BLOCK_OPEN && to == BLOCK_INDEXED;

	if (may_become(b->state, to) || in_place)
		return RC_DONE;
	return err_set(err, RC_USAGE, s->path, "block %u is %s and cannot become %s", b->number,
		block_state_name(b->state), block_state_name(to));
}

/* ---- blocks ----------------------------------------------------------------------------- */

/* Something lies there that no catalog knows: somebody's own, which recovery left alone. */
static bool is_taken(const struct store *s, uint32_t number)
{
	char path[STORE_PATH];

	store_block_path(s, number, path);
	return s->kind == STORE_OWN && faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static enum rc next_number(struct store *s, uint32_t *out, struct err *err)
{
	size_t n = s->view.n_blocks;
	uint32_t above = n ? s->view.blocks[n - 1].number + 1 : 1;
	int64_t next = 0;
	enum rc rc = catalog_get(s->catalog, "next_block", &next, err);

	if (rc != RC_DONE && rc != RC_MISSING)
		return rc;
	*out = next > above ? (uint32_t)next : above;
	while (*out < UINT32_MAX && next <= UINT32_MAX && is_taken(s, *out))
		++*out;
	if (*out == UINT32_MAX || next > UINT32_MAX)
		return err_set(err, RC_LIMIT, s->path, "no block numbers left");
	return RC_DONE;
}

static enum rc begin_block(struct store *s, uint64_t file_offset, uint32_t *number, struct err *err)
{
	struct block_info b = { .state = BLOCK_OPEN, .offset = file_offset };
	enum rc rc = next_number(s, &b.number, err);

	if (rc != RC_DONE)
		return rc;
	if (s->kind == STORE_OWN)
		snprintf(b.file, sizeof(b.file), "blocks/%08u.pcapng", b.number);
	rc = catalog_begin(s->catalog, err);
	if (rc != RC_DONE)
		return rc;
	rc = catalog_put_block(s->catalog, &b, err);
	if (rc == RC_DONE)
		rc = catalog_set(s->catalog, "next_block", (int64_t)b.number + 1, err);
	if (rc == RC_DONE)
		rc = view_add_block(&s->view, &b, err);
	rc = store_end_change(s, rc, err);
	if (rc != RC_DONE) {
		/* numbers grow, so it was the last one */
		if (view_block(&s->view, b.number))
			s->view.n_blocks--;
		return rc;
	}
	store_name_blocks(s);
	s->view.totals.blocks++;
	*number = b.number;
	return RC_DONE;
}

enum rc store_block_begin(struct store *s, uint64_t file_offset, uint32_t *number, struct err *err)
{
	enum rc rc;

	store_lock(s);
	rc = begin_block(s, file_offset, number, err);
	store_unlock(s);
	return rc;
}

/* Writes a block's row with another state and length; the view follows. */
static enum rc change_block(struct store *s, uint32_t number, enum block_state state,
	const uint64_t *length, struct err *err)
{
	struct block_info *b = view_block(&s->view, number), changed;
	enum rc rc;

	if (!b)
		return err_set(err, RC_USAGE, s->path, "no block %u", number);
	rc = store_block_transition(s, b, state, err);
	if (rc != RC_DONE)
		return rc;
	changed = *b;
	changed.state = state;
	if (length)
		changed.length = *length;
	if (s->kind == STORE_IN_PLACE)
		changed.file[0] = '\0';
	rc = catalog_put_block(s->catalog, &changed, err);
	if (rc != RC_DONE)
		return rc;
	b->state = state;
	b->length = changed.length;
	return RC_DONE;
}

static enum rc seal_block(struct store *s, uint32_t number, uint64_t length, struct err *err)
{
	const struct segment_place *last = view_last_segment(&s->view, number);
	enum rc rc;

	if (length > UINT32_MAX || (last && length < last->end_offset))
		return err_set(err, RC_USAGE, s->path, "block %u cannot end at %llu", number,
			(unsigned long long)length);
	rc = change_block(s, number, BLOCK_SEALED, &length, err);
	if (rc == RC_DONE) {
		s->changes++;
		view_sum(&s->view);
	}
	return rc;
}

enum rc store_block_seal(struct store *s, uint32_t number, uint64_t length, struct err *err)
{
	enum rc rc;

	store_lock(s);
	rc = seal_block(s, number, length, err);
	store_unlock(s);
	return rc;
}

void store_block_synced(struct store *s, uint32_t block, uint64_t len)
{
	store_lock(s);
	s->synced_block = block;
	s->synced_len = len;
	store_unlock(s);
}

/* ---- a block that never was ------------------------------------------------------------- */

static enum rc forget_block(struct store *s, const struct block_info *b, struct err *err)
{
	char path[STORE_PATH];
	enum rc rc;

	assert(!view_last_segment(&s->view, b->number));
	store_block_path(s, b->number, path);
	rc = io_remove(path, err);
	return rc == RC_DONE ? catalog_drop_block(s->catalog, b->number, err) : rc;
}

enum rc store_block_forget(struct store *s, uint32_t kept, struct err *err)
{
	struct view *v = &s->view;
	enum rc rc = RC_DONE;

	store_lock(s);
	/* blocks that are open are the last ones */
	while (rc == RC_DONE && v->n_blocks > 0) {
		const struct block_info *b = &v->blocks[v->n_blocks - 1];

		if (b->state != BLOCK_OPEN || b->number == kept)
			break;
		rc = forget_block(s, b, err);
		if (rc != RC_DONE)
			break;
		v->n_blocks--;
		s->changes++;
	}
	view_sum(v);
	store_unlock(s);
	return rc;
}

/* ---- the end of a block ----------------------------------------------------------------- */

static enum rc append_filter(struct store *s, const struct buf *record, struct err *err)
{
	struct io_file *f;
	char path[STORE_PATH];
	uint64_t end;
	enum rc rc;

	store_name_path(s, "filters", path);
	rc = io_open(path, IO_CREATE, &f, err);
	if (rc != RC_DONE)
		return rc;
	rc = io_size(f, &end, err);
	if (rc == RC_DONE) {
		rc = io_write(f, end, record->data, record->len, err);
		/* behind half a record nobody could read on */
		if (rc != RC_DONE)
			io_truncate(f, end, NULL);
	}
	io_close(f);
	return rc;
}

enum rc store_block_indexed(struct store *s, uint32_t number, const struct addr *addrs, size_t n,
	struct err *err)
{
	const struct block_info *b;
	struct buf record;
	enum rc rc;

	buf_init(&record);
	if (addrs)
		filter_encode(&record, number, addrs, n);
	store_lock(s);
	b = view_block(&s->view, number);
	if (b && b->state == BLOCK_EVICTED)
		rc = err_set(err, RC_MISSING, s->path, "block %u was evicted", number);
	else
		/* a filter is a help: one that is lost says 'maybe', so nothing is synced */
		rc = record.failed ? err_memory(err) : append_filter(s, &record, err);
	if (rc == RC_DONE)
		rc = change_block(s, number, BLOCK_INDEXED, NULL, err);
	if (rc == RC_DONE)
		s->changes++;
	store_unlock(s);
	buf_free(&record);
	return rc;
}
