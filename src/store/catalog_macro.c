/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Macroflow parts in the catalog. Columns sort as service_cmp() does: port -1 stands for 'has
 * none'.
 */
#include "store/catalog_impl.h"

#include "base/mem.h"
#include "flow/sketch.h"
#include "store/macro_codec.h"

#include <sqlite3.h>
#include <string.h>

/* The run as parameters 1 to 3. */
static void bind_run(sqlite3_stmt *stmt, int64_t window_ns, uint32_t block, uint32_t segment)
{
	sqlite3_bind_int64(stmt, 1, window_ns);
	sqlite3_bind_int64(stmt, 2, block);
	sqlite3_bind_int64(stmt, 3, segment);
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

/* Encodes a summary behind what is in `out`; its length. */
static size_t put_summaries(struct buf *out, const struct record *rec, size_t *clients_len)
{
	size_t at = out->len;

	if (rec->clients)
		sketch_encode(rec->clients, out);
	*clients_len = out->len - at;
	at = out->len;
	if (rec->rtt && hist_count(rec->rtt) > 0)
		hist_encode(rec->rtt, out);
	return out->len - at;
}

static void bind_summary(sqlite3_stmt *stmt, int at, const uint8_t *bytes, size_t len)
{
	if (len)
		sqlite3_bind_blob64(stmt, at, bytes, len, SQLITE_STATIC);
	else
		sqlite3_bind_null(stmt, at);
}

enum rc catalog_put_macro(struct catalog *c, uint32_t block, uint32_t segment,
	const struct macro_part *part, struct err *err)
{
	struct buf *bytes = &c->scratch;
	size_t record_len, clients_len, rtt_len;
	sqlite3_stmt *stmt;
	enum rc rc = catalog_stmt(c, SQL_PUT_MACRO, &stmt, err);

	if (rc != RC_DONE)
		return rc;
	buf_clear(bytes);
	macro_encode(bytes, &part->rec);
	record_len = bytes->len;
	rtt_len = put_summaries(bytes, &part->rec, &clients_len);
	if (bytes->failed)
		return err_memory(err);
	bind_run(stmt, part->key.window_ns, block, segment);
	bind_service(stmt, &part->key);
	sqlite3_bind_blob64(stmt, 8, bytes->data, record_len, SQLITE_STATIC);
	bind_summary(stmt, 9, bytes->data + record_len, clients_len);
	bind_summary(stmt, 10, bytes->data + record_len + clients_len, rtt_len);
	return catalog_run(c, stmt, err);
}

/* ---- reading ---------------------------------------------------------------------------- */

static bool read_u32(sqlite3_stmt *stmt, int at, uint32_t *out)
{
	int64_t v = sqlite3_column_int64(stmt, at);

	*out = (uint32_t)v;
	return v >= 0 && v <= UINT32_MAX;
}

static bool read_key(sqlite3_stmt *stmt, struct macro_row *row)
{
	struct service_key *k = &row->key;
	const uint8_t *server = sqlite3_column_blob(stmt, 3);
	int len = sqlite3_column_bytes(stmt, 3);
	int64_t port = sqlite3_column_int64(stmt, 5);

	k->window_ns = sqlite3_column_int64(stmt, 0);
	if (len < 1 || len > (int)sizeof(k->server))
		return false;
	memcpy(&k->server, server, (size_t)len);
	k->has_port = port >= 0;
	k->port = (uint16_t)(port < 0 ? 0 : port);
	return 1 + addr_len(&k->server) == (size_t)len && port >= -1 && port <= UINT16_MAX &&
		read_u32(stmt, 1, &row->block) && read_u32(stmt, 2, &row->segment) &&
		read_u32(stmt, 4, &k->proto) && read_u32(stmt, 6, &k->point);
}

static size_t read_blob(sqlite3_stmt *stmt, int at, struct buf *out)
{
	const void *bytes = sqlite3_column_blob(stmt, at);
	size_t len = (size_t)sqlite3_column_bytes(stmt, at);

	buf_put(out, bytes, len);
	return len;
}

static enum rc read_row(struct catalog *c, sqlite3_stmt *stmt, struct macro_page *page, struct err *err)
{
	struct macro_row row = { 0 };

	if (!read_key(stmt, &row))
		return catalog_damaged(c, "a macroflow's key cannot be", err);
	row.at = page->bytes.len;
	row.record_len = read_blob(stmt, 7, &page->bytes);
	row.sketch_len = read_blob(stmt, 8, &page->bytes);
	row.hist_len = read_blob(stmt, 9, &page->bytes);
	if (page->bytes.failed || mem_grow(&page->rows, &page->cap, page->n + 1, sizeof(row)) != 0)
		return err_memory(err);
	page->rows[page->n++] = row;
	return RC_DONE;
}

static enum rc read_page(struct catalog *c, sqlite3_stmt *stmt, struct macro_page *page, struct err *err)
{
	enum rc rc;

	page->n = 0;
	buf_clear(&page->bytes);
	while ((rc = catalog_step(c, stmt, err)) == RC_DONE) {
		rc = read_row(c, stmt, page, err);
		if (rc != RC_DONE)
			break;
	}
	sqlite3_reset(stmt);
	return rc == RC_END ? RC_DONE : rc;
}

enum rc catalog_next_window(struct catalog *c, int64_t from_ns, int64_t *window_ns, struct err *err)
{
	sqlite3_stmt *stmt;
	enum rc rc = catalog_stmt(c, SQL_NEXT_WINDOW, &stmt, err);

	if (rc != RC_DONE)
		return rc;
	sqlite3_bind_int64(stmt, 1, from_ns);
	rc = catalog_step(c, stmt, err);
	if (rc == RC_DONE) {
		*window_ns = sqlite3_column_int64(stmt, 0);
		sqlite3_reset(stmt);
	}
	return rc;
}

enum rc catalog_macro_run(struct catalog *c, int64_t window_ns, uint32_t block, uint32_t segment,
	const struct service_key *after, size_t limit, struct macro_page *page, struct err *err)
{
	sqlite3_stmt *stmt;
	enum rc rc = catalog_stmt(c, SQL_RUN_MACROS, &stmt, err);

	if (rc != RC_DONE)
		return rc;
	bind_run(stmt, window_ns, block, segment);
	bind_service(stmt, after);
	sqlite3_bind_int64(stmt, 8, (sqlite3_int64)limit);
	return read_page(c, stmt, page, err);
}

enum rc catalog_macro_page(struct catalog *c, const struct macro_row *after, size_t limit,
	struct macro_page *page, struct err *err)
{
	sqlite3_stmt *stmt;
	enum rc rc = catalog_stmt(c, SQL_PAGE_MACROS, &stmt, err);

	if (rc != RC_DONE)
		return rc;
	bind_run(stmt, after->key.window_ns, after->block, after->segment);
	bind_service(stmt, &after->key);
	sqlite3_bind_int64(stmt, 8, (sqlite3_int64)limit);
	return read_page(c, stmt, page, err);
}

enum rc catalog_macro_get(struct catalog *c, const struct service_key *key, uint32_t block,
	uint32_t segment, struct macro_page *page, struct err *err)
{
	sqlite3_stmt *stmt;
	enum rc rc = catalog_stmt(c, SQL_GET_MACRO, &stmt, err);

	if (rc != RC_DONE)
		return rc;
	bind_run(stmt, key->window_ns, block, segment);
	bind_service(stmt, key);
	return read_page(c, stmt, page, err);
}

void macro_page_free(struct macro_page *page)
{
	mem_free(page->rows);
	buf_free(&page->bytes);
	*page = (struct macro_page){ 0 };
}
