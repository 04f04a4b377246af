/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The limit: what one thread takes to look at every packet of a pcap file once and to count it for its conversation, and nothing
 * else. The file is mapped, headers are taken for what they usually are, nothing is verified, kept or written. Shares no code
 * with flowdrill. Prints packets, bytes and conversations.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_HEADER = 24, RECORD_HEADER = 16, ETHERNET = 14, IPV4 = 20, IPV6 = 40, FIRST_SLOTS = 1 << 16 };

struct key {
	uint64_t ends[4];            /* addresses, the lower one first */
	uint32_t ports;              /* in the same order */
	uint16_t vlan;
	uint8_t proto, used;
};

struct conversation {
	struct key key;
	uint64_t packets, bytes;
	uint64_t first, last;        /* s << 32 | fraction */
};

struct table {
	struct conversation *v;
	size_t slots, used;          /* slots: a power of two */
};

static uint32_t get32(const uint8_t *at)
{
	uint32_t v;

	memcpy(&v, at, sizeof(v));
	return v;
}

static uint16_t get_be16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static uint64_t hash_key(const struct key *k)
{
	uint64_t h = k->ports ^ (uint64_t)k->proto << 40 ^ (uint64_t)k->vlan << 48;

	for (unsigned i = 0; i < 4; i++) {
		h = (h ^ k->ends[i]) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 32;
	}
	return h;
}

static struct conversation *make_slots(size_t slots)
{
	struct conversation *v = calloc(slots, sizeof(*v));

	if (!v) {
		fputs("limit: out of memory\n", stderr);
		exit(1);
	}
	return v;
}

static struct conversation *find(struct table *t, const struct key *k)
{
	for (size_t i = hash_key(k);; i++) {
		struct conversation *c = &t->v[i & (t->slots - 1)];

		/* unused bytes are zero; NOLINTNEXTLINE(bugprone-suspicious-memory-comparison) */
		if (!c->key.used || memcmp(&c->key, k, sizeof(*k)) == 0)
			return c;
	}
}

static void grow(struct table *t)
{
	struct table larger = { make_slots(t->slots * 2), t->slots * 2, t->used };

	for (size_t i = 0; i < t->slots; i++)
		if (t->v[i].key.used)
			*find(&larger, &t->v[i].key) = t->v[i];
	free(t->v);
	*t = larger;
}

/* Both directions of a conversation have the same key. */
static void put_ends(struct key *k, const uint8_t *src, const uint8_t *dst, size_t len, const uint8_t *ports)
{
	int turned = memcmp(src, dst, len) > 0;
	uint16_t from = ports ? get_be16(ports) : 0, to = ports ? get_be16(ports + 2) : 0;

	memcpy(&k->ends[0], turned ? dst : src, len);
	memcpy(&k->ends[2], turned ? src : dst, len);
	k->ports = turned ? (uint32_t)to << 16 | from : (uint32_t)from << 16 | to;
}

static void parse(const uint8_t *p, size_t len, struct key *k)
{
	size_t at = ETHERNET;
	uint16_t type = len < ETHERNET ? 0 : get_be16(p + 12);

	*k = (struct key){ .used = 1 };
	if (type == 0x8100 && len >= at + 4) {
		k->vlan = get_be16(p + at);
		type = get_be16(p + at + 2);
		at += 4;
	}
	if (type == 0x0800 && len >= at + IPV4 + 4) {
		k->proto = p[at + 9];
		put_ends(k, p + at + 12, p + at + 16, 4,
			k->proto == 6 || k->proto == 17 ? p + at + (p[at] & 15u) * 4 : NULL);
	} else if (type == 0x86dd && len >= at + IPV6 + 4) {
		k->proto = p[at + 6];
		put_ends(k, p + at + 8, p + at + 24, 16,
			k->proto == 6 || k->proto == 17 ? p + at + IPV6 : NULL);
	}
}

static void count(struct table *t, const uint8_t *record, uint32_t caplen)
{
	uint64_t time = (uint64_t)get32(record) << 32 | get32(record + 4);
	struct conversation *c;
	struct key k;

	parse(record + RECORD_HEADER, caplen, &k);
	c = find(t, &k);
	if (!c->key.used) {
		c->key = k;
		c->first = time;
		t->used++;
	}
	c->packets++;
	c->bytes += get32(record + 12);
	c->last = time;
	if (t->used * 2 > t->slots)
		grow(t);
}

int main(int argc, char **argv)
{
	int fd = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0 || st.st_size < FILE_HEADER) {
		fputs("usage: flowdrill-limit FILE.pcap (this machine's byte order)\n", stderr);
		return 2;
	}
	size_t size = (size_t)st.st_size;
	const uint8_t *file = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (file == MAP_FAILED || (get32(file) != 0xa1b2c3d4 && get32(file) != 0xa1b23c4d)) {
		fputs("limit: no pcap file of this machine's byte order\n", stderr);
		return 1;
	}
	struct table t = { make_slots(FIRST_SLOTS), FIRST_SLOTS, 0 };
	uint64_t packets = 0, bytes = 0;
	for (size_t at = FILE_HEADER; size - at >= RECORD_HEADER;) {
		uint32_t caplen = get32(file + at + 8);

		if (caplen > size - at - RECORD_HEADER)
			break;
		count(&t, file + at, caplen);
		packets++;
		bytes += get32(file + at + 12);
		at += RECORD_HEADER + caplen;
	}
	printf("%llu packets, %llu bytes, %zu conversations\n", (unsigned long long)packets,
		(unsigned long long)bytes, t.used);
	free(t.v);
	return 0;
}
