/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tests of the generator: what it wrote is read back by a reader of its own
 * (pcap and pcapng, Ethernet, IP), and compared with the truth it wrote.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cmocka.h>

#define ROWS_MAX 4000u

struct key {
	uint8_t client[16], server[16]; /* IPv4 in the first four bytes */
	uint16_t client_port, server_port, vlan;
	uint8_t proto;
};

struct counts {
	uint64_t packets[2], bytes[2];
	int64_t first_ns, last_ns;
};

struct row {
	struct key key;
	struct counts told, seen;
};

struct truth {
	struct row row[ROWS_MAX];
	size_t rows;
	struct counts total; /* [0] alone */
	uint64_t flows;
};

struct file {
	uint8_t *data;
	size_t size;
};

struct packet {
	const uint8_t *data;
	size_t size;
	int64_t time_ns;
};

static char directory[] = "/tmp/flowdrill-gen-XXXXXX";

/* ---- running it ---- */

static const char *path_of(const char *name)
{
	static char path[4][64];
	static unsigned turn;
	char *p = path[turn++ % 4];

	snprintf(p, sizeof(path[0]), "%s/%s", directory, name);
	return p;
}

static int generate(const char *name, const char *options)
{
	const char *top = getenv("top_builddir");
	char command[512];

	snprintf(command, sizeof(command), "'%s/bench/flowdrill-gen' -o '%s' %s --truth '%s'",
		top ? top : ".", path_of(name), options, path_of("truth.tsv"));
	return system(command);
}

static struct file file_read(const char *name)
{
	struct file f = { NULL, 0 };
	FILE *in = fopen(path_of(name), "rb");

	assert_non_null(in);
	f.data = malloc(8 << 20);
	assert_non_null(f.data);
	f.size = fread(f.data, 1, 8 << 20, in);
	fclose(in);
	return f;
}

/* ---- the truth ---- */

static uint8_t proto_of(const char *name)
{
	static const struct {
		const char *name;
		uint8_t number;
	} protos[] = { { "tcp", 6 }, { "udp", 17 }, { "icmp", 1 }, { "icmp6", 58 } };

	for (size_t i = 0; i < 4; i++) {
		if (strcmp(protos[i].name, name) == 0)
			return protos[i].number;
	}
	fail_msg("unknown protocol %s", name);
	return 0;
}

static void truth_flow(struct truth *t, const char *line)
{
	struct row *r = &t->row[t->rows++];
	struct counts *c = &r->told;
	char proto[8], client[64], server[64];
	int n;

	assert_true(t->rows <= ROWS_MAX);
	n = sscanf(line,
		"flow %7s %" SCNu16 " %63s %" SCNu16 " %63s %" SCNu16 " %" SCNu64 " %" SCNu64
		" %" SCNu64 " %" SCNu64 " %*s %" SCNd64 " %" SCNd64,
		proto, &r->key.vlan, client, &r->key.client_port, server, &r->key.server_port,
		&c->packets[0], &c->bytes[0], &c->packets[1], &c->bytes[1], &c->first_ns,
		&c->last_ns);
	assert_int_equal(n, 12);
	r->key.proto = proto_of(proto);
	n = strchr(client, ':') ? AF_INET6 : AF_INET;
	assert_int_equal(inet_pton(n, client, r->key.client), 1);
	assert_int_equal(inet_pton(n, server, r->key.server), 1);
}

static struct truth *truth_read(void)
{
	struct truth *t = calloc(1, sizeof(*t));
	FILE *in = fopen(path_of("truth.tsv"), "r");
	char line[512];

	assert_non_null(t);
	assert_non_null(in);
	while (fgets(line, sizeof(line), in)) {
		if (strncmp(line, "flow\t", 5) == 0)
			truth_flow(t, line);
		else if (strncmp(line, "total\t", 6) == 0)
			assert_int_equal(
				sscanf(line,
					"total %" SCNu64 " %" SCNu64 " %" SCNd64 " %" SCNd64
					" %" SCNu64,
					&t->total.packets[0], &t->total.bytes[0],
					&t->total.first_ns, &t->total.last_ns, &t->flows),
				5);
	}
	fclose(in);
	return t;
}

static struct row *truth_find(struct truth *t, const struct key *k)
{
	for (size_t i = 0; i < t->rows; i++) {
		if (memcmp(&t->row[i].key, k, sizeof(*k)) == 0)
			return &t->row[i];
	}
	return NULL;
}

/* ---- reading captures ---- */

static uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint16_t get_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

/* the packet at `at`, or size 0 at the end; returns where the next one begins */
static size_t next_packet(const struct file *f, size_t at, struct packet *out)
{
	bool ng = get32(f->data) == 0x0a0d0d0a;
	bool nano = get32(f->data) == 0xa1b23c4d;
	const uint8_t *p;
	size_t length;

	out->size = 0;
	if (at == 0)
		at = ng ? 28 + 40 : 24;
	if (at == f->size)
		return at;
	p = f->data + at;
	assert_true(at + 32 < f->size);
	length = ng ? get32(p + 4) : 16 + get32(p + 8);
	assert_true(length <= f->size - at);
	if (ng) {
		assert_int_equal(get32(p), 6);
		assert_int_equal(get32(p + length - 4), length);
		out->time_ns = (int64_t)((uint64_t)get32(p + 12) << 32 | get32(p + 16));
	} else {
		out->time_ns =
			get32(p) * INT64_C(1000000000) + get32(p + 4) * (nano ? 1 : 1000);
	}
	out->size = get32(p + (ng ? 20 : 8));
	assert_int_equal(get32(p + (ng ? 24 : 12)), out->size);
	out->data = p + (ng ? 28 : 16);
	return at + length;
}

static uint32_t sum16(const uint8_t *p, size_t n, uint32_t sum)
{
	for (; n > 1; n -= 2, p += 2)
		sum += get_be16(p);
	if (n)
		sum += (uint32_t)*p << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void check_sums(const uint8_t *ip, size_t head, uint8_t proto, size_t payload)
{
	uint32_t sum = 0;

	if (head == 20)
		assert_int_equal(sum16(ip, 20, 0), 0xffff);
	if (proto != 1)
		sum = sum16(head == 20 ? ip + 12 : ip + 8, head == 20 ? 8 : 32,
			proto + (uint32_t)payload);
	assert_int_equal(sum16(ip + head, payload, sum), 0xffff);
}

/* the packet's key as if its sender were the client; checksums and lengths are checked */
static struct key packet_key(const struct packet *p)
{
	struct key k;
	const uint8_t *ip = p->data + 14;
	size_t head = 20, payload;

	memset(&k, 0, sizeof(k));
	if (get_be16(ip - 2) == 0x8100) {
		k.vlan = get_be16(ip);
		ip += 4;
	}
	if (get_be16(ip - 2) == 0x86dd) {
		head = 40;
		payload = get_be16(ip + 4);
		k.proto = ip[6];
	} else {
		assert_int_equal(get_be16(ip - 2), 0x0800);
		payload = (size_t)(get_be16(ip + 2) - 20);
		k.proto = ip[9];
	}
	memcpy(k.client, head == 40 ? ip + 8 : ip + 12, head == 40 ? 16 : 4);
	memcpy(k.server, head == 40 ? ip + 24 : ip + 16, head == 40 ? 16 : 4);
	assert_true((size_t)(ip - p->data) + head + payload <= p->size);
	check_sums(ip, head, k.proto, payload);
	if (k.proto == 6 || k.proto == 17) {
		k.client_port = get_be16(ip + head);
		k.server_port = get_be16(ip + head + 2);
	}
	return k;
}

static struct key key_reversed(const struct key *k)
{
	struct key r = *k;

	memcpy(r.client, k->server, 16);
	memcpy(r.server, k->client, 16);
	r.client_port = k->server_port;
	r.server_port = k->client_port;
	return r;
}

static void count_packet(struct truth *t, const struct packet *p)
{
	struct key k = packet_key(p);
	struct row *r = truth_find(t, &k);
	unsigned dir = 0;

	if (!r) {
		k = key_reversed(&k);
		r = truth_find(t, &k);
		dir = 1;
	}
	assert_non_null(r);
	if (r->seen.packets[0] + r->seen.packets[1] == 0)
		r->seen.first_ns = p->time_ns;
	r->seen.last_ns = p->time_ns;
	r->seen.packets[dir]++;
	r->seen.bytes[dir] += p->size;
}

/* make it, read it, compare it */
static void check_capture(const char *options, uint64_t packets)
{
	struct truth *t;
	struct file f;
	struct packet p;
	struct counts all = { 0 };
	size_t at = 0;

	print_message("flowdrill-gen %s\n", options);
	assert_int_equal(generate("out", options), 0);
	t = truth_read();
	f = file_read("out");
	while (at = next_packet(&f, at, &p), p.size > 0) {
		assert_true(p.time_ns >= all.last_ns);
		if (all.packets[0] == 0)
			all.first_ns = p.time_ns;
		all.last_ns = p.time_ns;
		all.packets[0]++;
		all.bytes[0] += p.size;
		count_packet(t, &p);
	}
	assert_int_equal(all.packets[0], packets);
	assert_memory_equal(&all, &t->total, sizeof(all));
	assert_int_equal(t->rows, t->flows);
	for (size_t i = 0; i < t->rows; i++)
		assert_memory_equal(&t->row[i].seen, &t->row[i].told, sizeof(t->row[i].seen));
	free(f.data);
	free(t);
}

static void test_truth(void **state)
{
	(void)state;
	check_capture("--packets 1000", 1000);
	check_capture("--packets 2000 --seed 7 --format pcap-ns --rate 50000", 2000);
	check_capture("--packets 1000 --seed 8 --format pcapng", 1000);
	check_capture("--packets 1000 --seed 9 --mix small", 1000);
	check_capture("--packets 1000 --seed 10 --mix elephants", 1000);
	check_capture("--packets 1000 --seed 11 --mix longlived --format pcap-ns", 1000);
}

static void test_flood_is_distinct(void **state)
{
	struct truth *t;

	(void)state;
	check_capture("--packets 1000 --mix flood", 1000);
	check_capture("--packets 1000 --mix flood --random-servers --format pcapng", 1000);
	t = truth_read();
	assert_int_equal(t->flows, 1000);
	for (size_t i = 0; i < t->rows; i++)
		assert_ptr_equal(truth_find(t, &t->row[i].key), &t->row[i]);
	free(t);
}

static void test_deterministic(void **state)
{
	struct file a, b, c;

	(void)state;
	assert_int_equal(generate("a", "--packets 3000 --seed 5"), 0);
	assert_int_equal(generate("b", "--packets 3000 --seed 5"), 0);
	assert_int_equal(generate("c", "--packets 3000 --seed 6"), 0);
	a = file_read("a");
	b = file_read("b");
	c = file_read("c");
	assert_int_equal(a.size, b.size);
	assert_memory_equal(a.data, b.data, a.size);
	assert_false(a.size == c.size && memcmp(a.data, c.data, a.size) == 0);
	free(a.data);
	free(b.data);
	free(c.data);
}

static void test_usage(void **state)
{
	(void)state;
	assert_int_not_equal(generate("a", "--packets 0 2>/dev/null"), 0);
	assert_int_not_equal(generate("a", "--packets 10 --mix none 2>/dev/null"), 0);
	assert_int_not_equal(generate("none/a", "--packets 10 2>/dev/null"), 0);
	assert_int_not_equal(generate("a", "--packets 100000 -o /dev/full 2>/dev/null"), 0);
}

static int directory_make(void **state)
{
	(void)state;
	return mkdtemp(directory) ? 0 : -1;
}

static int directory_remove(void **state)
{
	static const char *const names[] = { "out", "a", "b", "c", "truth.tsv" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(path_of(names[i]));
	return rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_truth),
		cmocka_unit_test(test_flood_is_distinct),
		cmocka_unit_test(test_deterministic),
		cmocka_unit_test(test_usage),
	};

	return cmocka_run_group_tests(tests, directory_make, directory_remove);
}
