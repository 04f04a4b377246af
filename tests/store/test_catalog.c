/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The codec of macroflow parts, their runs and how walks merge them; the catalog on media that cannot be written. */
#include "macro_place.h"

#include "base/cursor.h"
#include "flow/field.h"
#include "flow/sketch.h"
#include "store/catalog_impl.h"
#include "store/macro_codec.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static uint64_t seed;

static uint64_t next(void)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return seed >> 11;
}

/* ---- the codec --------------------------------------------------------------------------------- */

static void random_addr(struct addr *a)
{
	static const uint8_t kinds[] = { ADDR_NONE, ADDR_IPV4, ADDR_IPV6, ADDR_LINK };

	memset(a, 0, sizeof(*a));
	a->kind = kinds[next() % 4];
	for (size_t i = 0; i < addr_len(a); i++)
		a->bytes[i] = (uint8_t)next();
}

static struct texts *pool;

/* Any bits in any field that may have some. */
static void random_field(struct record *r, const struct field *f)
{
	uint8_t *at = (uint8_t *)r + f->offset;
	static const size_t sizes[] = { [TYPE_U8] = 1, [TYPE_U16] = 2, [TYPE_U32] = 4, [TYPE_U64] = 8,
		[TYPE_I64] = 8, [TYPE_U128] = 16, [TYPE_MAC] = 6 };

	r->c.known |= FIELD_BIT(f->id);
	if (f->type == TYPE_TEXT) {
		uint64_t text = next() % 1000;
		uint32_t number = texts_add(pool, &text, 1 + next() % 8);

		memcpy(at, &number, sizeof(number));
	} else if (f->type == TYPE_ADDR) {
		random_addr((struct addr *)at);
	} else if (f->type == TYPE_TUNNEL) {
		r->key.tunnel.type = (uint8_t)(next() % TUNNEL_TYPES);
		r->key.tunnel.depth = (uint8_t)next();
		r->key.tunnel.id = (uint32_t)next();
		random_addr(&r->key.tunnel.a);
		random_addr(&r->key.tunnel.b);
	} else {
		size_t n = sizes[f->type] ? next() % (sizes[f->type] + 1) : 0;

		for (size_t i = 0; i < n; i++)
			at[i] = (uint8_t)next();
	}
}

static void random_record(struct record *r)
{
	record_init(r, TIER_MACROFLOW);
	r->texts = pool;
	r->slice_ns = (int64_t)(next() << 8);
	r->id = (struct record_id){ (uint32_t)next() | 1, (uint32_t)next() };
	for (unsigned id = 0; id < FIELD_STORED_END; id++)
		if (field_stored(id) && next() % 3)
			random_field(r, field_stored(id));
	for (unsigned id = 0; id < FIELD_STORED_END; id++)
		if (field_stored(id) && next() % 8 == 0) {
			r->c.mixed |= FIELD_BIT(id);
			r->c.known &= ~FIELD_BIT(id);
		}
	r->key.has_ports = (r->c.known & FIELD_BIT(FIELD_SERVER_PORT)) != 0;
	r->key.has_macs = (r->c.known & FIELD_BIT(FIELD_SERVER_MAC)) != 0;
}

/* What is known is the same, and so is what a second merge makes of it. */
static void same_record(const struct record *a, const struct record *b)
{
	struct record x, y;

	assert_true(record_id_equal(a->id, b->id));
	assert_true(a->c.known == b->c.known && a->c.mixed == b->c.mixed);
	assert_int_equal(a->key.has_ports, b->key.has_ports);
	assert_int_equal(a->key.has_macs, b->key.has_macs);
	record_init(&x, TIER_MACROFLOW);
	record_init(&y, TIER_MACROFLOW);
	assert_int_equal(record_merge(&x, a, NULL), RC_DONE);
	assert_int_equal(record_merge(&y, b, NULL), RC_DONE);
	assert_memory_equal(&x, &y, sizeof(x));
}

/* Sorted services of one window, with any record each. */
static size_t random_parts(struct macro_part *parts, int64_t window_ns)
{
	size_t n = 1 + next() % (2 * MACRO_PIECE);

	memset(parts, 0, n * sizeof(*parts));
	for (size_t i = 0; i < n; i++) {
		struct service_key *k = &parts[i].key;

		k->window_ns = window_ns;
		k->server.kind = ADDR_IPV4;
		k->server.bytes[0] = (uint8_t)(i / 3);
		k->proto = (uint32_t)(i / 2 % 2 ? UINT32_MAX : 6);
		k->has_port = i % 3 > 0;
		k->port = i % 3 == 2 ? UINT16_MAX : 0;
		k->point = (uint32_t)i;
		random_record(&parts[i].rec);
		parts[i].rec.slice_ns = window_ns;
	}
	qsort(parts, n, sizeof(*parts), key_cmp);
	return n;
}

static struct record recs[MACRO_PIECE];

static void check_piece(const struct macro_part *parts, size_t n, const struct buf *b)
{
	static struct macro_piece piece;
	uint32_t some = (uint32_t)next();

	assert_int_equal(macro_piece_open(&piece, parts->key.window_ns, b->data, b->len), RC_DONE);
	assert_int_equal(piece.n, n);
	assert_int_equal(macro_piece_records(&piece, ~(u128)0, UINT32_MAX, recs), RC_DONE);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(service_cmp(&piece.keys[i], &parts[i].key), 0);
		recs[i].texts = pool;
		assert_int_equal(macro_piece_finish(&piece, i, &recs[i], NULL), RC_DONE);
		same_record(&parts[i].rec, &recs[i]);
	}
	/* some parts of it, and one field */
	memset(recs, 0xaa, sizeof(recs));
	assert_int_equal(macro_piece_records(&piece, FIELD_BIT(FIELD_C2S_BYTES), some, recs), RC_DONE);
	for (size_t i = 0; i < n; i++)
		if (some >> i & 1) {
			assert_int_equal(recs[i].c.bytes[0], parts[i].rec.c.bytes[0]);
			assert_int_equal(recs[i].c.bytes[1], 0);
			assert_true((recs[i].c.known & ~FIELD_BIT(FIELD_C2S_BYTES)) == 0);
		}
	memset(recs, 0xaa, sizeof(recs));
	assert_int_equal(macro_piece_records(&piece, ~(u128)0, some, recs), RC_DONE);
	for (size_t i = 0; i < n; i++)
		if (some >> i & 1) {
			recs[i].texts = pool;
			assert_int_equal(macro_piece_finish(&piece, i, &recs[i], NULL), RC_DONE);
			same_record(&parts[i].rec, &recs[i]);
		}
}

/* What a reader makes of bytes that may be anything. */
static enum rc read_all(const uint8_t *bytes, size_t len)
{
	static struct macro_piece piece;
	enum rc rc = macro_piece_open(&piece, 0, bytes, len);

	if (rc == RC_DONE)
		rc = macro_piece_records(&piece, ~(u128)0, UINT32_MAX, recs);
	for (size_t i = 0; rc == RC_DONE && i < piece.n; i++) {
		rc = macro_piece_finish(&piece, i, &recs[i], NULL);
		if (rc == RC_DONE)
			record_free(&recs[i]);
	}
	return rc;
}

static void test_codec(void **state)
{
	static struct macro_part parts[2 * MACRO_PIECE];
	struct buf b;

	(void)state;
	buf_init(&b);
	assert_int_equal(texts_new(1 << 20, &pool, NULL), RC_DONE);
	for (uint64_t i = 1; i <= 300; i++) {
		size_t n = (seed = i, random_parts(parts, (int64_t)(next() << 8))), taken;

		for (size_t from = 0; from < n; from += taken) {
			buf_clear(&b);
			taken = macro_encode(&b, parts + from, n - from);
			assert_true(taken > 0 && taken <= MACRO_PIECE);
			check_piece(parts + from, taken, &b);
		}
		/* cut anywhere it is damaged */
		for (size_t len = 0; i % 30 == 0 && len < b.len; len++) {
			uint8_t *exact = malloc(len + 1);

			memcpy(exact, b.data, len);
			assert_int_not_equal(read_all(exact, len), RC_DONE);
			free(exact);
		}
		/* turned bits are read, or refused, and nothing else */
		for (size_t k = 0; k < 50; k++) {
			uint8_t *exact = malloc(b.len);
			enum rc rc;

			memcpy(exact, b.data, b.len);
			exact[next() % b.len] ^= (uint8_t)(1 << next() % 8);
			rc = read_all(exact, b.len);
			assert_true(rc == RC_DONE || rc == RC_DAMAGED || rc == RC_NEWER);
			free(exact);
		}
	}
	buf_free(&b);
	texts_free(pool);
	pool = NULL;
}

static void test_codec_garbage(void **state)
{
	/* a part without anything, and a column of a field of a later version */
	static const uint8_t newer[] = { 1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 127, 0, 0, 0, 0 };
	uint8_t bytes[200];

	(void)state;
	for (uint64_t i = 1; i <= 20000; i++) {
		enum rc rc;
		size_t len = (seed = i, next()) % sizeof(bytes);

		for (size_t k = 0; k < len; k++)
			bytes[k] = (uint8_t)(next() & (next() % 2 ? 0xff : 0x0f));
		rc = read_all(bytes, len);
		assert_true(rc == RC_DONE || rc == RC_DAMAGED || rc == RC_NEWER);
	}
	assert_int_equal(read_all(newer, sizeof(newer)), RC_NEWER);
}

/* ---- walks -------------------------------------------------------------------------------------- */

static void test_walk(void **state)
{
	struct place *p = *state;
	struct store *s;

	make_runs(p);
	assert_int_equal(open_place(p, false, &s, NULL, NULL), RC_DONE);
	check_walk(s);
	store_close(s);
}

/*
 * Makes a directory read-only by a mount of its own, which ends with this process at the latest; false where the
 * system does not allow it.
 */
static bool make_read_only(const char *dir)
{
	if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
		return false;
	return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
		mount(dir, dir, NULL, MS_BIND, NULL) == 0 &&
		mount(NULL, dir, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) == 0;
}

static void test_read_only_medium(void **state)
{
	struct place *p = *state;
	struct store_notes notes;
	struct store *s = NULL;
	enum rc rc;

	make_runs(p);
	if (!make_read_only(p->dir)) {
		print_message("no read-only mounts here\n");
		skip();
	}
	rc = open_place(p, false, &s, &notes, NULL);
	if (rc == RC_DONE) {
		check_walk(s);
		store_close(s);
	}
	umount2(p->dir, MNT_DETACH);
	assert_int_equal(rc, RC_DONE);
	assert_true(notes.read_only);
}

/* The same for a catalog that a crash left in WAL mode, and whose empty log was not copied. */
static void test_read_only_wal(void **state)
{
	struct place *p = *state;
	struct store *s = NULL, *reader;
	char path[300];
	enum rc rc;

	make_runs(p);
	/* the reader keeps the writer from leaving WAL mode */
	assert_int_equal(open_place(p, false, &reader, NULL, NULL), RC_DONE);
	assert_int_equal(open_place(p, true, &s, NULL, NULL), RC_DONE);
	assert_int_equal(store_refresh(reader, NULL), RC_DONE);
	store_close(s);
	snprintf(path, sizeof(path), "%s/catalog.db-shm", p->index);
	assert_int_equal(unlink(path), 0);
	snprintf(path, sizeof(path), "%s/catalog.db-wal", p->index);
	assert_int_equal(unlink(path), 0);
	if (!make_read_only(p->dir)) {
		store_close(reader);
		print_message("no read-only mounts here\n");
		skip();
	}
	rc = open_place(p, false, &s, NULL, NULL);
	if (rc == RC_DONE) {
		check_walk(s);
		store_close(s);
	}
	umount2(p->dir, MNT_DETACH);
	store_close(reader);
	assert_int_equal(rc, RC_DONE);
}

/* ---- events --------------------------------------------------------------------------------------- */

static bool say_event(void *ctx, int64_t time_ns, const char *kind, const char *text)
{
	struct buf *b = ctx;

	buf_printf(b, "%lld %s %s;", (long long)time_ns, kind, text);
	return b->len < 40;
}

static void test_events_and_numbers(void **state)
{
	struct place *p = *state;
	struct catalog *c;
	struct buf b;
	int64_t v;
	char path[300];

	snprintf(path, sizeof(path), "%s/c.db", p->dir);
	assert_int_equal(catalog_open(path, CATALOG_READ, &c, NULL, NULL), RC_MISSING);
	assert_int_equal(catalog_open(path, CATALOG_CREATE, &c, NULL, NULL), RC_DONE);
	assert_int_equal(catalog_get(c, "x", &v, NULL), RC_MISSING);
	assert_int_equal(catalog_set(c, "x", INT64_MIN, NULL), RC_DONE);
	assert_int_equal(catalog_begin(c, NULL), RC_DONE);
	assert_int_equal(catalog_set(c, "x", 5, NULL), RC_DONE);
	catalog_rollback(c);
	assert_int_equal(catalog_get(c, "x", &v, NULL), RC_DONE);
	assert_int_equal(v, INT64_MIN);
	assert_int_equal(catalog_put_event(c, -5, "drop", "'; DROP TABLE meta; --", NULL), RC_DONE);
	assert_int_equal(catalog_put_event(c, 7, "damage", "x", NULL), RC_DONE);
	assert_int_equal(catalog_put_event(c, 9, "last", "not reached", NULL), RC_DONE);
	buf_init(&b);
	assert_int_equal(catalog_events(c, say_event, &b, NULL), RC_DONE);
	assert_string_equal(buf_text(&b), "-5 drop '; DROP TABLE meta; --;7 damage x;");
	buf_free(&b);
	catalog_close(c);
	assert_int_equal(catalog_open(path, CATALOG_CREATE, &c, NULL, NULL), RC_IO);
}

/* ---- a reading connection ------------------------------------------------------------------------- */

static const char *const refused[] = { "INSERT INTO meta VALUES ('x', 1, 2)", "DELETE FROM blocks",
	"UPDATE blocks SET length = 0", "DROP TABLE meta", "CREATE TABLE x (y)", "CREATE TEMP TABLE x (y)",
	"CREATE VIEW v AS SELECT 1", "ATTACH '/tmp/x' AS y", "DETACH main", "PRAGMA user_version = 7",
	"PRAGMA journal_mode = DELETE", "PRAGMA writable_schema = 1", "PRAGMA table_info(meta)",
	"SELECT load_extension('x')", "SELECT readfile('/etc/passwd')", "SELECT hex(name) FROM meta",
	"VACUUM", "VACUUM INTO '/tmp/x'", "REINDEX", "ANALYZE", "ALTER TABLE meta RENAME TO x",
	"WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c", "SAVEPOINT a" };

static void test_only_select(void **state)
{
	struct place *p = *state;
	struct catalog *c;
	struct view v;
	char path[300];

	snprintf(path, sizeof(path), "%s/c.db", p->dir);
	assert_int_equal(catalog_open(path, CATALOG_CREATE, &c, NULL, NULL), RC_DONE);
	catalog_close(c);
	assert_int_equal(catalog_open(path, CATALOG_READ, &c, NULL, NULL), RC_DONE);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (catalog_exec(c, refused[i], NULL) == RC_DONE)
			fail_msg("was done: %s", refused[i]);
	assert_int_equal(catalog_exec(c, "SELECT name, value FROM meta", NULL), RC_DONE);
	assert_int_equal(catalog_check_schema(c, NULL), RC_DONE);
	view_init(&v);
	assert_int_equal(catalog_load(c, &v, NULL), RC_DONE);
	view_free(&v);
	catalog_close(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_codec),
		cmocka_unit_test(test_codec_garbage),
		cmocka_unit_test_setup_teardown(test_walk, setup_runs, made_teardown),
		cmocka_unit_test_setup_teardown(test_read_only_medium, setup_runs, made_teardown),
		cmocka_unit_test_setup_teardown(test_read_only_wal, setup_runs, made_teardown),
		cmocka_unit_test_setup_teardown(test_events_and_numbers, setup_runs, made_teardown),
		cmocka_unit_test_setup_teardown(test_only_select, setup_runs, made_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
