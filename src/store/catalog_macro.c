/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Macroflow parts in the catalog, up to MACRO_PIECE in a row, which is keyed by the last of them. Columns sort as service_cmp() does:
 * port -1 stands for 'has none'. The checksum of a run's row has that of the row before it as seed (TABLE_MACROPARTS in
 * the first), and the run's row in `runs` holds the last: so two neighbours prove that nothing
 * was between them.
 */
#include "store/catalog_row.h"

#include "base/mem.h"
#include "base/text.h"

#include <sqlite3.h>
#include <string.h>

/* ---- writing ---------------------------------------------------------------------------- */

/* The next piece of its run, of so many parts up to this service. */
static enum rc put_piece(struct catalog *c, struct macro_run *run, const struct service_key *last, const void *bytes, size_t len,
	struct err *err)
{
	struct row_writer w;
	enum rc rc = row_begin(c, SQL_PUT_MACRO, TABLE_MACROPARTS, &w, err);

	if (rc != RC_DONE)
		return rc;
	w.seed = run->tail;
	row_i64(&w, run->window_ns);
	row_u64(&w, run->block);
	row_u64(&w, run->segment);
	row_blob(&w, &last->server, 1 + addr_len(&last->server));
	row_u64(&w, last->proto);
	row_i64(&w, last->has_port ? last->port : -1);
	row_u64(&w, last->point);
	row_blob(&w, bytes, len);
	return row_end(&w, &run->tail, err);
}

/* A piece of the first of n parts; how many they were. */
static enum rc put_parts(struct catalog *c, struct macro_run *run, const struct macro_part *parts, size_t n, size_t *taken,
	struct err *err)
{
	struct buf *bytes = &c->scratch;

	buf_clear(bytes);
	*taken = macro_encode(bytes, parts, n);
	if (bytes->failed)
		return err_memory(err);
	run->parts += *taken;
	return put_piece(c, run, &parts[*taken - 1].key, bytes->data, bytes->len, err);
}

static enum rc put_run(struct catalog *c, const struct macro_run *run, struct view *v, struct err *err)
{
	struct row_writer w;
	enum rc rc = row_begin(c, SQL_PUT_RUN, TABLE_RUNS, &w, err);

	if (rc != RC_DONE)
		return rc;
	row_i64(&w, run->window_ns);
	row_u64(&w, run->block);
	row_u64(&w, run->segment);
	row_u64(&w, run->parts);
	row_u64(&w, run->tail);
	rc = row_end(&w, NULL, err);
	return rc == RC_DONE && v ? view_add_run(v, run, err) : rc;
}

enum rc catalog_put_macros(struct catalog *c, uint32_t block, uint32_t segment,
	const struct macro_part *parts, size_t n, struct view *v, struct err *err)
{
	enum rc rc = RC_DONE;

	for (size_t i = 0; rc == RC_DONE && i < n;) {
		struct macro_run run = { .window_ns = parts[i].key.window_ns, .block = block,
			.segment = segment, .tail = TABLE_MACROPARTS };

		size_t end = i, taken;

		while (end < n && parts[end].key.window_ns == run.window_ns)
			end++;
		for (; rc == RC_DONE && i < end; i += taken)
			rc = put_parts(c, &run, &parts[i], end - i, &taken, err);
		if (rc == RC_DONE)
			rc = put_run(c, &run, v, err);
	}
	return rc;
}

/* ---- whole windows ---------------------------------------------------------------------- */

enum rc macro_pieces_add(struct macro_pieces *p, const struct macro_part *parts, size_t n, struct err *err)
{
	for (size_t taken; n > 0; parts += taken, n -= taken) {
		if (mem_grow(&p->v, &p->cap, p->n + 1, sizeof(*p->v)) != 0)
			return err_memory(err);
		taken = macro_encode(&p->bytes, parts, n);
		if (p->bytes.failed)
			return err_memory(err);
		p->v[p->n++] = (struct macro_piece_end){ p->bytes.len, parts[taken - 1].key };
		p->parts += taken;
	}
	return RC_DONE;
}

void macro_pieces_free(struct macro_pieces *p)
{
	buf_free(&p->bytes);
	mem_free(p->v);
	*p = (struct macro_pieces){ 0 };
}

enum rc catalog_put_window(struct catalog *c, int64_t window_ns, uint64_t of, const struct macro_pieces *pieces, struct err *err)
{
	struct macro_run run = { .window_ns = window_ns, .tail = TABLE_MACROPARTS };
	struct row_writer w;
	enum rc rc = RC_DONE;

	for (size_t i = 0, at = 0; rc == RC_DONE && i < pieces->n; at = pieces->v[i++].end)
		rc = put_piece(c, &run, &pieces->v[i].last, pieces->bytes.data + at, pieces->v[i].end - at, err);
	if (rc == RC_DONE)
		rc = row_begin(c, SQL_PUT_WINDOW, TABLE_WINDOWS, &w, err);
	if (rc != RC_DONE)
		return rc;
	row_i64(&w, window_ns);
	row_u64(&w, pieces->parts);
	row_u64(&w, run.tail);
	row_u64(&w, of);
	return row_end(&w, NULL, err);
}

enum rc catalog_get_window(struct catalog *c, int64_t window_ns, uint64_t *of, struct macro_run *run, struct err *err)
{
	struct row_reader r;
	enum rc rc = rows_begin(c, SQL_GET_WINDOW, TABLE_WINDOWS, &r, err);

	if (rc != RC_DONE)
		return rc;
	sqlite3_bind_int64(r.stmt, 1, window_ns);
	rc = rows_next(&r, err);
	if (rc != RC_DONE)
		return rc == RC_END ? RC_MISSING : rc;
	*run = (struct macro_run){ .window_ns = row_get_i64(&r) };
	run->parts = row_get_u64(&r);
	run->tail = (uint64_t)row_get_i64(&r);
	*of = (uint64_t)row_get_i64(&r);
	rows_reset(&r);
	return RC_DONE;
}

/* ---- reading ---------------------------------------------------------------------------- */

static bool read_server(struct row_reader *r, struct addr *server)
{
	size_t len;
	const void *bytes = row_get_blob(r, &len);

	*server = (struct addr){ 0 };
	if (len < 1 || len > sizeof(*server))
		return false;
	memcpy(server, bytes, len);
	return 1 + addr_len(server) == len;
}

/* The columns of a row in their order: window, block, segment, server, protocol, port, point. */
static bool read_key(struct row_reader *r, const struct macro_run *run, struct service_key *k)
{
	int64_t port;

	*k = (struct service_key){ .window_ns = row_get_i64(r) };
	if (row_get_u32(r) != run->block || row_get_u32(r) != run->segment || k->window_ns != run->window_ns ||
		!read_server(r, &k->server))
		return false;
	k->proto = row_get_u32(r);
	port = row_get_i64(r);
	k->point = row_get_u32(r);
	k->has_port = port >= 0;
	k->port = (uint16_t)(port < 0 ? 0 : port);
	return port >= -1 && port <= UINT16_MAX && !r->bad;
}

/* The run as parameters 1 to 3. */
static void bind_run(sqlite3_stmt *stmt, const struct macro_run *run)
{
	sqlite3_bind_int64(stmt, 1, run->window_ns);
	sqlite3_bind_int64(stmt, 2, run->block);
	sqlite3_bind_int64(stmt, 3, run->segment);
}

/*
 * The service as parameters 4 to 7; its address must stay until the statement was run. NULL:
 * before all others.
 */
static void bind_service(sqlite3_stmt *stmt, const struct service_key *key)
{
	sqlite3_bind_blob(stmt, 4, key ? (const void *)&key->server : "",
		key ? (int)(1 + addr_len(&key->server)) : 0, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 5, key ? key->proto : 0);
	sqlite3_bind_int64(stmt, 6, key && key->has_port ? key->port : -1);
	sqlite3_bind_int64(stmt, 7, key ? key->point : 0);
}

static enum rc read_piece(struct row_reader *r, const struct macro_run *run, struct macro_page *page, struct err *err)
{
	struct service_key last;
	const void *bytes;
	size_t len;
	enum rc rc;

	if (!read_key(r, run, &last))
		return catalog_damaged(r->c, "a macroflow's key cannot be", err);
	bytes = row_get_blob(r, &len);
	buf_clear(&page->bytes);
	buf_put(&page->bytes, bytes, len);
	if (page->bytes.failed)
		return err_memory(err);
	rc = macro_piece_open(&page->piece, run->window_ns, page->bytes.data, len);
	if (rc == RC_NEWER)
		return err_set(err, rc, r->c->path, "a macroflow has fields of a newer version");
	if (rc != RC_DONE || service_cmp(&page->piece.keys[page->piece.n - 1], &last) != 0)
		return catalog_damaged(r->c, "parts of macroflows cannot be read", err);
	return RC_DONE;
}

/* Whether the catalog still names this run. */
static enum rc run_is_there(struct catalog *c, const struct macro_run *run, bool *is, struct err *err)
{
	struct row_reader r;
	enum rc rc = rows_begin(c, SQL_GET_RUN, TABLE_RUNS, &r, err);

	if (rc != RC_DONE)
		return rc;
	bind_run(r.stmt, run);
	rc = rows_next(&r, err);
	if (rc == RC_DONE) {
		*is = (uint64_t)sqlite3_column_int64(r.stmt, 4) == run->tail;
		rows_reset(&r);
	}
	return rc == RC_END ? RC_DONE : rc;
}

static enum rc window_is_there(struct catalog *c, const struct macro_run *run, bool *is, struct err *err)
{
	struct macro_run now;
	uint64_t of;
	enum rc rc = catalog_get_window(c, run->window_ns, &of, &now, err);

	*is = rc == RC_DONE && now.tail == run->tail;
	return rc == RC_MISSING ? RC_DONE : rc;
}

/*
 * A chain is broken: by damage, or because the run was dropped since: with its block, and nothing of it is left, or for one that
 * took its place, which is RC_STALE. The statements before saw the catalog at least as old as this one does.
 */
static enum rc broken(struct catalog *c, const struct macro_run *run, struct macro_page *page,
	struct err *err)
{
	bool same = false, evicted = false;
	enum rc rc = run->block ? run_is_there(c, run, &same, err) : window_is_there(c, run, &same, err);

	page->piece.n = 0;
	if (rc != RC_DONE)
		return rc;
	if (same)
		return catalog_damaged(c, "parts of macroflows are missing", err);
	if (run->block)
		rc = catalog_is_evicted(c, run->block, &evicted, err);
	if (rc == RC_DONE && !evicted)
		return err_set(err, RC_STALE, c->path, "segments were replaced while they were read: ask again");
	return rc;
}

/* The row of a bound statement, behind one with this sum, into the page; none, if there is none and this is the last. */
static enum rc take_piece(struct row_reader *r, const struct macro_run *run, uint64_t link, struct macro_page *page,
	struct err *err)
{
	struct catalog *c = r->c;
	enum rc rc = rows_next_chained(r, link, err);

	page->piece.n = 0;
	if (rc == RC_DAMAGED || (rc == RC_END && link != run->tail))
		return broken(c, run, page, err);
	if (rc != RC_DONE)
		return rc == RC_END ? RC_DONE : rc;
	rc = read_piece(r, run, page, err);
	page->sum = r->sum;
	if (rc != RC_DONE)
		page->piece.n = 0;
	rows_reset(r);
	return rc;
}

enum rc catalog_macro_run(struct catalog *c, const struct macro_run *run, struct macro_page *page, struct err *err)
{
	struct macro_piece *p = &page->piece;
	uint64_t link = p->n ? page->sum : TABLE_MACROPARTS;
	struct service_key after;
	struct row_reader r;
	enum rc rc;

	/* the last one is known by its sum, which saves asking for another */
	if (p->n && link == run->tail) {
		p->n = 0;
		return RC_DONE;
	}
	rc = rows_begin(c, SQL_RUN_MACROS, TABLE_MACROPARTS, &r, err);
	if (rc != RC_DONE)
		return rc;
	if (p->n)
		after = p->keys[p->n - 1];
	bind_run(r.stmt, run);
	bind_service(r.stmt, p->n ? &after : NULL);
	return take_piece(&r, run, link, page, err);
}

/* The link before a service in its run. */
static enum rc link_before(struct catalog *c, const struct macro_run *run,
	const struct service_key *key, uint64_t *link, struct err *err)
{
	sqlite3_stmt *stmt;
	enum rc rc = catalog_stmt(c, SQL_BEFORE_MACRO, &stmt, err);

	if (rc != RC_DONE)
		return rc;
	bind_run(stmt, run);
	bind_service(stmt, key);
	rc = catalog_step(c, stmt, err);
	*link = rc == RC_DONE ? (uint64_t)sqlite3_column_int64(stmt, 0) : TABLE_MACROPARTS;
	sqlite3_reset(stmt);
	return rc == RC_END ? RC_DONE : rc;
}

enum rc catalog_macro_get(struct catalog *c, const struct macro_run *run,
	const struct service_key *key, struct macro_page *page, size_t *at, struct err *err)
{
	struct macro_piece *p = &page->piece;
	struct row_reader r;
	uint64_t link;
	enum rc rc = link_before(c, run, key, &link, err);

	p->n = 0;
	if (rc == RC_DONE)
		rc = rows_begin(c, SQL_FROM_MACRO, TABLE_MACROPARTS, &r, err);
	if (rc != RC_DONE)
		return rc;
	bind_run(r.stmt, run);
	bind_service(r.stmt, key);
	rc = take_piece(&r, run, link, page, err);
	for (*at = 0; *at < p->n && service_cmp(&p->keys[*at], key) < 0;)
		++*at;
	if (*at < p->n && service_cmp(&p->keys[*at], key) != 0)
		p->n = 0;                    /* its neighbours: so it is not there */
	return rc;
}

void macro_page_free(struct macro_page *page)
{
	buf_free(&page->bytes);
	*page = (struct macro_page){ 0 };
}
