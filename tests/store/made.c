/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "made.h"

#include "base/text.h"
#include "flow/field.h"
#include "flow/sketch.h"
#include "store/block.h"

#include <dirent.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const int64_t second_ns = 1000000000;

void made_dir(char *path, size_t size)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(path, size, "%s/flowdrill-test-XXXXXX", tmp && tmp[0] ? tmp : "/tmp");
	assert_non_null(mkdtemp(path));
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void made_dir_remove(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int made_teardown(void **state)
{
	made_dir_remove(*state);
	free(*state);
	return 0;
}

void made_file(const char *path, const void *bytes, size_t len)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

uint64_t made_size(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (uint64_t)st.st_size : UINT64_MAX;
}

void made_bytes(size_t i, uint8_t *out, uint32_t len)
{
	for (uint32_t k = 0; k < len; k++)
		out[k] = (uint8_t)(i * 31 + k);
}

void made_pcap(struct made *m, const char *path, size_t n, int64_t start_s)
{
	struct buf b;

	assert_true(n <= MADE_MAX);
	snprintf(m->path, sizeof(m->path), "%s", path);
	m->n = n;
	buf_init(&b);
	buf_put_le32(&b, 0xa1b2c3d4);
	buf_put_le16(&b, 2);
	buf_put_le16(&b, 4);
	buf_put_zeros(&b, 8);
	buf_put_le32(&b, 65535);
	buf_put_le32(&b, 1);
	for (size_t i = 0; i < n; i++) {
		m->at[i] = b.len;
		m->len[i] = 60 + (uint32_t)(i % 7) * 10;
		m->record_len[i] = 16 + m->len[i];
		m->time_ns[i] = (start_s + (int64_t)i) * second_ns + 5000;
		buf_put_le32(&b, (uint32_t)(start_s + (int64_t)i));
		buf_put_le32(&b, 5);
		buf_put_le32(&b, m->len[i]);
		buf_put_le32(&b, m->len[i]);
		made_bytes(i, buf_reserve(&b, m->len[i]), m->len[i]);
		b.len += m->len[i];
	}
	made_file(path, b.data, b.len);
	buf_free(&b);
}

static void make_key(struct flow_key *key)
{
	memset(key, 0, sizeof(*key));
	key->proto = PROTO_UDP;
	assert_int_equal(addr_parse("10.0.0.1", &key->client, NULL), RC_DONE);
	assert_int_equal(addr_parse("10.0.0.2", &key->server, NULL), RC_DONE);
	key->client_port = 40000;
	key->server_port = 53;
	key->has_ports = true;
	key->orientation = ORIENTATION_KNOWN_PORT;
}

static void count_packet(struct counters *c, const struct made *m, size_t i, bool first)
{
	struct counters one;

	counters_init(&one);
	one.first_ns = one.last_ns = m->time_ns[i];
	one.flows = first;
	one.packets[DIR_C2S] = 1;
	one.bytes[DIR_C2S] = m->len[i];
	one.size_min = one.size_max = m->len[i];
	one.size_sumsq = (u128)m->len[i] * m->len[i];
	one.known |= FIELD_BIT(FIELD_FIRST) | FIELD_BIT(FIELD_LAST) | FIELD_BIT(FIELD_SIZE_MIN) |
		FIELD_BIT(FIELD_SIZE_MAX);
	counters_merge(c, &one);
}

static enum rc make_macro(struct macro_part *part, const struct flow_key *key, const struct counters *c,
	struct record_id id, int64_t window_ns, struct err *err)
{
	memset(part, 0, sizeof(*part));
	service_of(&part->key, key, window_ns);
	record_init(&part->rec, TIER_MACROFLOW);
	part->rec.id = id;
	part->rec.slice_ns = window_ns;
	part->rec.key = *key;
	part->rec.c = *c;
	record_key_known(&part->rec);
	enum rc rc = sketch_new(&part->rec.clients, err);

	return rc == RC_DONE ? sketch_add(part->rec.clients, &key->client, err) : rc;
}

/* replaced 0: a segment more; else it takes the place of so many. */
static enum rc publish(struct store *s, const struct made *m, uint32_t block, uint64_t block_at,
	uint32_t number, size_t replaced, size_t from, size_t to, struct err *err)
{
	const struct store_config *config = store_config(s);
	struct segment_writer *w;
	struct segment_place place = { .block = block, .number = number };
	struct point_info sums = { .number = 0 };
	struct macro_part macro = { 0 };
	struct flow_key key;
	struct counters c;
	struct buf bytes;
	uint32_t ordinals[MADE_MAX];
	uint8_t packet[256];
	struct record_id id = { block, (uint32_t)(m->at[from] - block_at) };
	enum rc rc = segment_writer_new(&w, err);

	if (rc != RC_DONE)
		return rc;
	place.packets = (uint32_t)(to - from);
	place.first_frame = from + 1;
	place.first_offset = id.offset;
	place.end_offset = (uint32_t)(m->at[to - 1] + m->record_len[to - 1] - block_at);
	place.first_ns = m->time_ns[from];
	place.last_ns = m->time_ns[to - 1];
	segment_writer_begin(w, &(struct segment_start){ .block = block, .number = number,
		.first_offset = place.first_offset, .first_frame = place.first_frame,
		.micro_ns = config->micro_ns, .flow_ns = config->flow_ns, .macro_ns = config->macro_ns });
	counters_init(&c);
	for (size_t i = from; i < to; i++) {
		uint64_t before = i > from ? m->at[i - 1] + m->record_len[i - 1] : m->at[i];
		uint64_t digest;

		made_bytes(i, packet, m->len[i]);
		digest = packet_digest(packet, m->len[i], m->len[i], 0, m->time_ns[i]);
		segment_writer_packet(w, (uint32_t)(m->at[i] - before), m->record_len[i], m->time_ns[i],
			packet_check(digest));
		count_packet(&c, m, i, i == from);
		ordinals[i - from] = (uint32_t)(i - from);
		place.bytes += m->len[i];
		place.digest += digest;
	}
	place.captured_bytes = place.bytes;
	make_key(&key);
	segment_writer_flow(w, id, &key, time_floor(place.first_ns, config->flow_ns), 0);
	segment_writer_micro(w, id, time_floor(place.first_ns, config->micro_ns), &c, ordinals,
		place.packets);
	buf_init(&bytes);
	rc = segment_writer_end(w, &bytes, NULL, err);
	segment_writer_free(w);
	if (rc == RC_DONE)
		rc = make_macro(&macro, &key, &c, id, time_floor(place.first_ns, config->macro_ns), err);
	sums.packets = place.packets;
	sums.bytes = place.bytes;
	sums.first_ns = place.first_ns;
	sums.last_ns = place.last_ns;
	if (rc == RC_DONE && replaced)
		rc = store_replace_segments(s, number, replaced, &place, &bytes, &macro, 1, &sums, 1, err);
	else if (rc == RC_DONE)
		rc = store_publish_segment(s, &place, &bytes, &macro, 1, &sums, 1, err);
	record_free(&macro.rec);
	buf_free(&bytes);
	return rc;
}

enum rc made_publish(struct store *s, const struct made *m, uint32_t block, uint64_t block_at,
	uint32_t number, size_t from, size_t to, struct err *err)
{
	return publish(s, m, block, block_at, number, 0, from, to, err);
}

enum rc made_replace(struct store *s, const struct made *m, uint32_t block, uint64_t block_at,
	uint32_t number, size_t replaced, size_t from, size_t to, struct err *err)
{
	return publish(s, m, block, block_at, number, replaced, from, to, err);
}

enum rc made_index(struct store *s, const struct made *m, size_t per, struct err *err)
{
	struct point_info point = { .linktype = 1, .snaplen = 65535, .tsresol = 6, .name = "made" };
	struct addr addrs[2];
	uint64_t end = m->at[m->n - 1] + m->record_len[m->n - 1];
	uint32_t block;
	size_t n_points;
	enum rc rc = RC_DONE;

	store_points(s, &n_points);
	if (n_points == 0)
		rc = store_add_point(s, &point, NULL, 0, err);
	if (rc == RC_DONE)
		rc = store_block_begin(s, m->at[0], &block, err);
	for (size_t i = 0; rc == RC_DONE && i < m->n; i += per)
		rc = made_publish(s, m, block, m->at[0], (uint32_t)(i / per), i,
			i + per < m->n ? i + per : m->n, err);
	if (rc == RC_DONE)
		rc = store_block_seal(s, block, end - m->at[0], err);
	assert_int_equal(addr_parse("10.0.0.1", &addrs[0], NULL), RC_DONE);
	assert_int_equal(addr_parse("10.0.0.2", &addrs[1], NULL), RC_DONE);
	if (rc == RC_DONE)
		rc = store_block_indexed(s, block, addrs, 2, err);
	if (rc == RC_DONE)
		rc = store_set_totals(s, &(struct store_totals){ .complete = true }, err);
	return rc;
}

/* ---- copies -------------------------------------------------------------------------------- */

static void copy_file(const char *from, const char *to)
{
	static uint8_t bytes[1 << 20];
	FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");

	assert_non_null(in);
	assert_non_null(out);
	for (size_t n; (n = fread(bytes, 1, sizeof(bytes), in)) > 0;)
		assert_int_equal(fwrite(bytes, 1, n, out), n);
	fclose(in);
	assert_int_equal(fclose(out), 0);
}

void made_copy(const char *from, const char *to)
{
	char source[600], target[600];
	struct stat st;
	struct dirent *e;
	DIR *d = opendir(from);

	assert_non_null(d);
	assert_int_equal(mkdir(to, 0700), 0);
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(source, sizeof(source), "%s/%s", from, e->d_name);
		snprintf(target, sizeof(target), "%s/%s", to, e->d_name);
		assert_int_equal(stat(source, &st), 0);
		if (S_ISDIR(st.st_mode))
			made_copy(source, target);
		else if (strstr(e->d_name, ".pcapng") && st.st_size > 1 << 16)
			assert_int_equal(link(source, target), 0);
		else
			copy_file(source, target);
	}
	closedir(d);
}

size_t made_macros(struct store *s, uint64_t *packets, uint64_t *bytes)
{
	struct macro_range range = { .from_ns = INT64_MIN, .to_ns = INT64_MAX };
	struct macro_walk *w;
	struct service_key key;
	struct record rec;
	size_t n = 0;
	enum rc rc;

	*packets = *bytes = 0;
	assert_int_equal(macro_walk_open(s, &range, &w, NULL), RC_DONE);
	while ((rc = macro_walk_next(w, &rec, &key, NULL)) == RC_DONE) {
		*packets += counters_packets(&rec.c);
		*bytes += counters_bytes(&rec.c);
		record_free(&rec);
		n++;
	}
	assert_int_equal(rc, RC_END);
	macro_walk_close(w);
	return n;
}
