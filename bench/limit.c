/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The limit: what one thread takes to look at every packet of a pcap file once and to count it for its conversation, and nothing
 * else. The file is mapped, headers are taken for what they usually are, nothing is verified, kept or written. Shares no code
 * with flowdrill. Prints packets, bytes and conversations.
 *
 * Letters before the file add, each by itself, what an index cannot do without; what they cost is what stands between the limit
 * and the program: r reads the file instead of mapping it (a mapped file that is cut or lost kills its reader), s verifies the
 * checksums of TCP and UDP (RFC 1071), h hashes each packet (its check), k keeps eight bytes a packet in a file that is deleted
 * at once.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

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

/* The file, whole and mapped, or in pieces. */
struct input {
	int fd;
	const uint8_t *at, *end;
	uint8_t *piece;              /* NULL: mapped */
};

enum { PIECE = 1 << 20, RECORD_MAX = 1 << 18 };

/* What is done beyond counting. */
struct extra {
	bool sum, hash;
	FILE *kept;                  /* NULL: nothing is */
	uint64_t wrong_sums;
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

/* Ones' complement sum of bytes as RFC 1071 adds them, eight at a time, not yet folded. */
static uint64_t add_bytes(uint64_t sum, const uint8_t *p, size_t len)
{
	uint64_t high = 0;

	for (; len >= 8; p += 8, len -= 8) {
		uint64_t v;

		memcpy(&v, p, sizeof(v));
		sum += v & UINT32_MAX;
		high += v >> 32;
	}
	for (; len >= 2; p += 2, len -= 2)
		sum += (uint64_t)p[1] << 8 | p[0];
	return sum + high + (len ? p[0] : 0);
}

/* TCP and UDP in IPv4 and IPv6 without options, whole; else there is nothing to say. */
static bool sum_is_wrong(const uint8_t *p, size_t len)
{
	bool four = len >= ETHERNET + IPV4 && get_be16(p + 12) == 0x0800, six = len >= ETHERNET + IPV6 && get_be16(p + 12) == 0x86dd;
	const uint8_t *ip = p + ETHERNET, *payload = ip + (four ? IPV4 : IPV6);
	uint8_t proto = four ? ip[9] : ip[6];
	size_t n = four ? get_be16(ip + 2) - (size_t)IPV4 : get_be16(ip + 4);
	uint64_t sum;

	if ((!four && !six) || (proto != 6 && proto != 17) || n > len - (size_t)(payload - p))
		return false;
	sum = add_bytes((uint64_t)proto << 8, payload - (four ? 8 : 32), n + (four ? 8 : 32));
	sum += (uint64_t)(n & 0xff) << 8 | n >> 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum != 0xffff;
}

static void do_extra(struct extra *x, const uint8_t *record, uint32_t caplen)
{
	uint64_t kept = get32(record + 4);

	if (x->sum)
		x->wrong_sums += sum_is_wrong(record + RECORD_HEADER, caplen);
	if (x->hash)
		kept ^= XXH3_64bits(record + RECORD_HEADER, caplen);
	if (x->kept)
		fwrite(&kept, sizeof(kept), 1, x->kept);
}

/* At least `n` bytes at in->at, or false. */
static bool has(struct input *in, size_t n)
{
	size_t left = (size_t)(in->end - in->at);

	if (left >= n || !in->piece)
		return left >= n;
	memmove(in->piece, in->at, left);
	in->at = in->piece;
	in->end = in->piece + left;
	while ((size_t)(in->end - in->at) < n) {
		ssize_t got = read(in->fd, in->piece + (in->end - in->at), PIECE);

		if (got <= 0)
			return false;
		in->end += got;
	}
	return true;
}

static bool open_input(struct input *in, const char *path, bool mapped)
{
	struct stat st;

	in->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (in->fd < 0 || fstat(in->fd, &st) != 0)
		return false;
	if (mapped) {
		in->at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, in->fd, 0);
		in->end = in->at + st.st_size;
		if (in->at == MAP_FAILED)
			return false;
	} else {
		in->piece = malloc(PIECE + RECORD_MAX);
		in->at = in->end = in->piece;
		if (!in->piece)
			return false;
	}
	return has(in, FILE_HEADER) && (get32(in->at) == 0xa1b2c3d4 || get32(in->at) == 0xa1b23c4d);
}

int main(int argc, char **argv)
{
	const char *letters = argc == 3 ? argv[1] : "";
	struct extra x = { .sum = strchr(letters, 's'), .hash = strchr(letters, 'h') };
	struct input in = { .fd = -1 };

	if (argc < 2 || argc > 3 || letters[strspn(letters, "rshk")]) {
		fputs("usage: flowdrill-limit [rshk] FILE.pcap (this machine's byte order)\n", stderr);
		return 2;
	}
	if (!open_input(&in, argv[argc - 1], !strchr(letters, 'r'))) {
		fputs("limit: no pcap file of this machine's byte order\n", stderr);
		return 1;
	}
	if (strchr(letters, 'k') && !(x.kept = tmpfile())) {
		fputs("limit: no temporary file\n", stderr);
		return 1;
	}
	struct table t = { make_slots(FIRST_SLOTS), FIRST_SLOTS, 0 };
	uint64_t packets = 0, bytes = 0;
	in.at += FILE_HEADER;
	while (has(&in, RECORD_HEADER)) {
		uint32_t caplen = get32(in.at + 8);

		if (caplen > RECORD_MAX - RECORD_HEADER || !has(&in, RECORD_HEADER + caplen))
			break;
		count(&t, in.at, caplen);
		do_extra(&x, in.at, caplen);
		packets++;
		bytes += get32(in.at + 12);
		in.at += RECORD_HEADER + caplen;
	}
	printf("%llu packets, %llu bytes, %zu conversations\n", (unsigned long long)packets,
		(unsigned long long)bytes, t.used);
	if (x.sum)
		printf("%llu wrong checksums\n", (unsigned long long)x.wrong_sums);
	free(t.v);
	free(in.piece);
	return 0;
}
