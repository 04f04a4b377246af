/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Community ID, version 1: github.com/corelight/community-id-spec */
#include "base/cursor.h"
#include "flow/record.h"

#include <sha1.h>
#include <stdio.h>
#include <string.h>

/* ICMP types that have a counterpart; the pair stands for the ports (as in the specification's reference code). */
static const struct { uint8_t type, other; } icmp4_pairs[] = {
	{0, 8}, {8, 0}, {13, 14}, {14, 13}, {15, 16}, {16, 15}, {17, 18}, {18, 17}, {10, 9}, {9, 10},
};
static const struct { uint8_t type, other; } icmp6_pairs[] = {
	{128, 129}, {129, 128}, {133, 134}, {134, 133}, {135, 136}, {136, 135}, {130, 131}, {131, 130},
	{144, 145}, {145, 144}, {139, 140}, {140, 139},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The two numbers that take the ports' place; false for a one-way type. */
static bool icmp_ports(uint32_t proto, uint8_t type, uint8_t code, uint16_t *a, uint16_t *b)
{
	*a = type;
	if (proto == PROTO_ICMP) {
		for (size_t i = 0; i < COUNT(icmp4_pairs); i++)
			if (icmp4_pairs[i].type == type)
				return *b = icmp4_pairs[i].other, true;
	} else {
		for (size_t i = 0; i < COUNT(icmp6_pairs); i++)
			if (icmp6_pairs[i].type == type)
				return *b = icmp6_pairs[i].other, true;
	}
	*b = code;
	return false;
}

static void base64(char *out, const uint8_t *in, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < len; i += 3) {
		uint32_t v = (uint32_t)in[i] << 16;
		if (i + 1 < len)
			v |= (uint32_t)in[i + 1] << 8;
		if (i + 2 < len)
			v |= in[i + 2];
		*out++ = digits[v >> 18];
		*out++ = digits[v >> 12 & 63];
		*out++ = i + 1 < len ? digits[v >> 6 & 63] : '=';
		*out++ = i + 2 < len ? digits[v & 63] : '=';
	}
	*out = '\0';
}

static void put_be16(struct buf *b, uint16_t v)
{
	buf_put_u8(b, (uint8_t)(v >> 8));
	buf_put_u8(b, (uint8_t)v);
}

bool community_id(char *out, size_t size, const struct flow_key *key, bool has_icmp,
	uint8_t icmp_type, uint8_t icmp_code)
{
	bool icmp = key->proto == PROTO_ICMP || key->proto == PROTO_ICMP6;
	const struct addr *a = &key->client, *b = &key->server;
	uint16_t pa = key->client_port, pb = key->server_port;
	bool two_way = true, has_ports = key->has_ports;

	if (key->proto > 255 || (a->kind != ADDR_IPV4 && a->kind != ADDR_IPV6) || (icmp && !has_icmp))
		return false;
	if (icmp) {
		two_way = icmp_ports(key->proto, icmp_type, icmp_code, &pa, &pb);
		has_ports = true;
	}
	int order = memcmp(a->bytes, b->bytes, 16);
	if (two_way && (order > 0 || (order == 0 && pa > pb))) {
		const struct addr *t = a;
		a = b;
		b = t;
		uint16_t p = pa;
		pa = pb;
		pb = p;
	}

	uint8_t bytes[2 + 32 + 2 + 4];
	struct buf in = {.data = bytes, .cap = sizeof(bytes)};
	uint8_t digest[SHA1_DIGEST_LENGTH];
	char text[32];
	SHA1_CTX sha;

	put_be16(&in, 0);
	buf_put(&in, a->bytes, addr_len(a));
	buf_put(&in, b->bytes, addr_len(b));
	buf_put_u8(&in, (uint8_t)key->proto);
	buf_put_u8(&in, 0);
	if (has_ports) {
		put_be16(&in, pa);
		put_be16(&in, pb);
	}
	SHA1Init(&sha);
	SHA1Update(&sha, in.data, in.len);
	SHA1Final(digest, &sha);
	base64(text, digest, sizeof(digest));
	snprintf(out, size, "1:%s", text);
	return true;
}
