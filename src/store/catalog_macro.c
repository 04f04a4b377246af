/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Macroflow parts in the catalog. Columns sort as service_cmp() does: port -1 stands for 'has
 * none'. The checksum of a run's row has that of the row before it as seed (TABLE_MACROPARTS in
 * the first), and the run's row in `runs` holds the last: so two neighbours prove that nothing
 * was between them.
 */
#include "store/catalog_row.h"

#include "base/mem.h"
#include "base/text.h"
#include "flow/sketch.h"
#include "store/macro_codec.h"

#include <sqlite3.h>
#include <string.h>

/* ---- writing ---------------------------------------------------------------------------- */

static bool has_hist(const struct hist *h)
{
	return h && hist_count(h) > 0;
}

/* One without values is written only where another one follows it: no buckets. */
static void put_hist(struct buf *out, const struct hist *h, bool anyway)
{
	if (has_hist(h))
		hist_encode(h, out);
	else if (anyway)
		buf_put_varint(out, 0);
}

/* Encodes a summary behind what is in `out`; its length. */
static size_t put_summaries(struct buf *out, const struct record *rec, size_t *clients_len)
{
	size_t at = out->len;

	if (rec->clients)
		sketch_encode(rec->clients, out);
	*clients_len = out->len - at;
	at = out->len;
	put_hist(out, rec->rtt, has_hist(rec->response) || rec->media);
	put_hist(out, rec->response, rec->media);
	if (rec->media)
		media_encode(rec->media, rec->texts, out);
	return out->len - at;
}

static void row_summary(struct row_writer *w, const uint8_t *bytes, size_t len)
{
	if (len)
		row_blob(w, bytes, len);
	else
		row_null(w);
}

/* One part behind the others of its run. */
static enum rc put_macro(struct catalog *c, struct macro_run *run, const struct macro_part *part,
	struct err *err)
{
	const struct service_key *k = &part->key;
	struct buf *bytes = &c->scratch;
	size_t record_len, clients_len, rtt_len;
	struct row_writer w;
	enum rc rc = row_begin(c, SQL_PUT_MACRO, TABLE_MACROPARTS, &w, err);

	if (rc != RC_DONE)
		return rc;
	buf_clear(bytes);
	macro_encode(bytes, &part->rec);
	record_len = bytes->len;
	rtt_len = put_summaries(bytes, &part->rec, &clients_len);
	if (bytes->failed)
		return err_memory(err);
	w.seed = run->tail;
	row_i64(&w, k->window_ns);
	row_u64(&w, run->block);
	row_u64(&w, run->segment);
	row_blob(&w, &k->server, 1 + addr_len(&k->server));
	row_u64(&w, k->proto);
	row_i64(&w, k->has_port ? k->port : -1);
	row_u64(&w, k->point);
	row_blob(&w, bytes->data, record_len);
	row_summary(&w, bytes->data + record_len, clients_len);
	row_summary(&w, bytes->data + record_len + clients_len, rtt_len);
	run->parts++;
	return row_end(&w, &run->tail, err);
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

		while (rc == RC_DONE && i < n && parts[i].key.window_ns == run.window_ns)
			rc = put_macro(c, &run, &parts[i++], err);
		if (rc == RC_DONE)
			rc = put_run(c, &run, v, err);
	}
	return rc;
}

/* ---- reading ---------------------------------------------------------------------------- */

/* The columns of a row in their order: window, block, segment, server, protocol, port, point. */
static bool read_key(struct row_reader *r, struct macro_row *row)
{
	struct service_key *k = &row->key;
	const uint8_t *server;
	size_t len;
	int64_t port;

	k->window_ns = row_get_i64(r);
	row->block = row_get_u32(r);
	row->segment = row_get_u32(r);
	server = row_get_blob(r, &len);
	k->proto = row_get_u32(r);
	port = row_get_i64(r);
	k->point = row_get_u32(r);
	if (len < 1 || len > sizeof(k->server) || r->bad)
		return false;
	memcpy(&k->server, server, len);
	k->has_port = port >= 0;
	k->port = (uint16_t)(port < 0 ? 0 : port);
	return 1 + addr_len(&k->server) == len && port >= -1 && port <= UINT16_MAX;
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

static size_t read_blob(struct row_reader *r, struct buf *out)
{
	size_t len;
	const void *bytes = row_get_blob(r, &len);

	buf_put(out, bytes, len);
	return len;
}

static enum rc read_row(struct row_reader *r, struct macro_page *page, struct err *err)
{
	struct macro_row row = { .sum = r->sum };

	if (!read_key(r, &row))
		return catalog_damaged(r->c, "a macroflow's key cannot be", err);
	row.at = page->bytes.len;
	row.record_len = read_blob(r, &page->bytes);
	row.sketch_len = read_blob(r, &page->bytes);
	row.hist_len = read_blob(r, &page->bytes);
	if (page->bytes.failed || mem_grow(&page->rows, &page->cap, page->n + 1, sizeof(row)) != 0)
		return err_memory(err);
	page->rows[page->n++] = row;
	return RC_DONE;
}

/* Rows of a bound statement, chained behind *link, which follows. RC_END. */
static enum rc read_chain(struct row_reader *r, uint64_t *link, struct macro_page *page, struct err *err)
{
	enum rc rc;

	while ((rc = rows_next_chained(r, *link, err)) == RC_DONE) {
		rc = read_row(r, page, err);
		if (rc != RC_DONE)
			break;
		*link = r->sum;
	}
	rows_reset(r);
	return rc;
}

/*
 * A chain is broken: by damage, or because the run was dropped since: with its block, and nothing of it is left, or for one that
 * took its place, which is RC_STALE. The statements before saw the catalog at least as old as this one does.
 */
static enum rc broken(struct catalog *c, const struct macro_run *run, struct macro_page *page,
	struct err *err)
{
	struct row_reader r;
	enum rc rc = rows_begin(c, SQL_GET_RUN, TABLE_RUNS, &r, err);
	bool same = false, evicted = false;

	page->n = 0;
	if (rc != RC_DONE)
		return rc;
	bind_run(r.stmt, run);
	rc = rows_next(&r, err);
	if (rc == RC_DONE) {
		same = (uint64_t)sqlite3_column_int64(r.stmt, 4) == run->tail;
		rows_reset(&r);
	}
	if (same)
		return catalog_damaged(c, "parts of macroflows are missing", err);
	if (rc == RC_DONE || rc == RC_END)
		rc = catalog_is_evicted(c, run->block, &evicted, err);
	if (rc == RC_DONE && !evicted)
		return err_set(err, RC_STALE, c->path, "segments were replaced while they were read: ask again");
	return rc;
}

static void page_clear(struct macro_page *page)
{
	page->n = 0;
	buf_clear(&page->bytes);
}

enum rc catalog_macro_run(struct catalog *c, const struct macro_run *run,
	const struct macro_row *after, size_t limit, struct macro_page *page, struct err *err)
{
	struct service_key key;
	uint64_t link = after ? after->sum : TABLE_MACROPARTS;
	struct row_reader r;
	enum rc rc = rows_begin(c, SQL_RUN_MACROS, TABLE_MACROPARTS, &r, err);

	if (rc != RC_DONE)
		return rc;
	if (after)
		key = after->key;
	bind_run(r.stmt, run);
	bind_service(r.stmt, after ? &key : NULL);
	sqlite3_bind_int64(r.stmt, 8, (sqlite3_int64)limit);
	page_clear(page);
	rc = read_chain(&r, &link, page, err);
	if (rc == RC_DAMAGED || (rc == RC_END && page->n < limit && link != run->tail))
		return broken(c, run, page, err);
	return rc == RC_END ? RC_DONE : rc;
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
	const struct service_key *key, struct macro_page *page, struct err *err)
{
	struct row_reader r;
	uint64_t link;
	enum rc rc = link_before(c, run, key, &link, err);

	if (rc == RC_DONE)
		rc = rows_begin(c, SQL_FROM_MACRO, TABLE_MACROPARTS, &r, err);
	if (rc != RC_DONE)
		return rc;
	bind_run(r.stmt, run);
	bind_service(r.stmt, key);
	page_clear(page);
	rc = read_chain(&r, &link, page, err);
	if (rc == RC_DAMAGED || (rc == RC_END && page->n == 0 && link != run->tail))
		return broken(c, run, page, err);
	if (rc == RC_END && page->n && service_cmp(&page->rows[0].key, key) != 0)
		page->n = 0;                 /* its neighbour: so it is not there */
	return rc == RC_END ? RC_DONE : rc;
}

void macro_page_free(struct macro_page *page)
{
	mem_free(page->rows);
	buf_free(&page->bytes);
	*page = (struct macro_page){ 0 };
}
