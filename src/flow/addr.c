/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flow/addr.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <stdio.h>

static const char hex[] = "0123456789abcdef";

size_t addr_len(const struct addr *a)
{
	switch (a->kind) {
	case ADDR_IPV4: return 4;
	case ADDR_IPV6: return 16;
	case ADDR_LINK: return 6;
	default: return 0;
	}
}

static char *put_decimal(char *at, uint8_t v)
{
	if (v >= 100)
		*at++ = (char)('0' + v / 100);
	if (v >= 10)
		*at++ = (char)('0' + v / 10 % 10);
	*at++ = (char)('0' + v % 10);
	return at;
}

static char *put_ipv4(char *at, const uint8_t *bytes)
{
	for (int i = 0; i < 4; i++) {
		if (i)
			*at++ = '.';
		at = put_decimal(at, bytes[i]);
	}
	return at;
}

static char *put_group(char *at, unsigned v)
{
	bool on = false;

	for (int shift = 12; shift >= 0; shift -= 4) {
		unsigned digit = v >> shift & 0xf;

		on = on || digit || shift == 0;
		if (on)
			*at++ = hex[digit];
	}
	return at;
}

/* The longest run of two or more zero groups, the first of equals (RFC 5952, 4.2); 8: none. */
static int zero_run(const unsigned *groups, int *len)
{
	int best = 8;

	*len = 1;
	for (int i = 0; i < 8; i++) {
		int n = 0;

		while (i + n < 8 && groups[i + n] == 0)
			n++;
		if (n > *len) {
			best = i;
			*len = n;
		}
		i += n;
	}
	return best;
}

static char *put_ipv6(char *at, const uint8_t *bytes)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	unsigned groups[8];
	int run_len, run;

	if (memcmp(bytes, mapped, sizeof(mapped)) == 0) {
		memcpy(at, "::ffff:", 7);
		return put_ipv4(at + 7, bytes + 12);
	}
	for (int i = 0; i < 8; i++)
		groups[i] = (unsigned)(bytes[2 * i] << 8 | bytes[2 * i + 1]);
	run = zero_run(groups, &run_len);
	for (int i = 0; i < 8; i++) {
		if (i == run) {
			*at++ = ':';
			i += run_len - 1;
			if (i == 7)
				*at++ = ':';
			continue;
		}
		if (i)
			*at++ = ':';
		at = put_group(at, groups[i]);
	}
	return at;
}

static char *put_link(char *at, const uint8_t *bytes)
{
	for (int i = 0; i < 6; i++) {
		if (i)
			*at++ = ':';
		*at++ = hex[bytes[i] >> 4];
		*at++ = hex[bytes[i] & 0xf];
	}
	return at;
}

size_t addr_format(char *out, size_t size, const struct addr *a)
{
	char text[ADDR_TEXT];
	char *end = text;

	switch (a->kind) {
	case ADDR_IPV4: end = put_ipv4(text, a->bytes); break;
	case ADDR_IPV6: end = put_ipv6(text, a->bytes); break;
	case ADDR_LINK: end = put_link(text, a->bytes); break;
	default: break;
	}
	return text_put(out, size, text, (size_t)(end - text));
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool parse_link(const char *text, uint8_t *bytes)
{
	for (int i = 0; i < 6; i++) {
		int high = hex_digit(text[0]);
		int low = high < 0 ? -1 : hex_digit(text[1]);

		if (low < 0 || text[2] != (i < 5 ? ':' : '\0'))
			return false;
		bytes[i] = (uint8_t)(high << 4 | low);
		text += 3;
	}
	return true;
}

/* False where the text is none of the three forms. */
static bool parse(const char *text, struct addr *out)
{
	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, text, out->bytes) == 1) {
		out->kind = ADDR_IPV4;
		return true;
	}
	if (parse_link(text, out->bytes)) {
		out->kind = ADDR_LINK;
		return true;
	}
	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET6, text, out->bytes) == 1) {
		out->kind = ADDR_IPV6;
		return true;
	}
	return false;
}

enum rc addr_parse(const char *text, struct addr *out, struct err *err)
{
	struct addr a;

	if (!parse(text, &a))
		return err_set(err, RC_SYNTAX, text, "not an address");
	*out = a;
	return RC_DONE;
}

/* Bits in all that an address of this kind has. */
static unsigned addr_bits(const struct addr *a)
{
	return (unsigned)addr_len(a) * 8;
}

static void clear_behind(struct addr *a, unsigned bits)
{
	for (unsigned i = 0; i < sizeof(a->bytes); i++) {
		unsigned keep = bits > i * 8 ? bits - i * 8 : 0;

		if (keep < 8)
			a->bytes[i] = (uint8_t)(a->bytes[i] & (0xff00 >> keep));
	}
}

/* One to three digits and nothing else. */
static bool parse_bits(const char *text, unsigned *bits)
{
	unsigned n = 0;
	size_t len = strlen(text);

	if (len < 1 || len > 3)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		n = n * 10 + (unsigned)(*text - '0');
	}
	*bits = n;
	return true;
}

enum rc addr_net_parse(const char *text, struct addr_net *out, struct err *err)
{
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	struct addr_net net;
	char head[ADDR_TEXT];

	if (len >= sizeof(head))
		return err_set(err, RC_SYNTAX, text, "not an address or network");
	text_put(head, sizeof(head), text, len);
	if (!parse(head, &net.addr))
		return err_set(err, RC_SYNTAX, text, "not an address or network");
	net.bits = addr_bits(&net.addr);
	if (slash) {
		unsigned bits;

		if (!parse_bits(slash + 1, &bits) || bits > net.bits)
			return err_set_at(err, RC_SYNTAX, text, len + 1,
				"the prefix length is a number from 0 to %u", net.bits);
		net.bits = bits;
	}
	clear_behind(&net.addr, net.bits);
	*out = net;
	return RC_DONE;
}

void addr_net_of(struct addr_net *out, const struct addr *a, unsigned bits)
{
	size_t len = addr_len(a);

	out->addr = *a;
	out->bits = bits < len * 8 ? bits : (unsigned)len * 8;
	for (size_t i = out->bits / 8; i < len; i++) {
		unsigned keep = i == out->bits / 8 ? out->bits % 8 : 0;

		out->addr.bytes[i] &= (uint8_t)(0xff00 >> keep);
	}
}

size_t addr_net_format(char *out, size_t size, const struct addr_net *net)
{
	size_t len = addr_format(out, size, &net->addr);
	int n = snprintf(out + len, size - len, "/%u", net->bits);

	return len + (n > 0 && (size_t)n < size - len ? (size_t)n : 0);
}

bool addr_net_has(const struct addr_net *net, const struct addr *a)
{
	unsigned whole = net->bits / 8, rest = net->bits % 8;

	if (a->kind != net->addr.kind || memcmp(a->bytes, net->addr.bytes, whole) != 0)
		return false;
	return rest == 0 || (a->bytes[whole] & (0xff00 >> rest) & 0xff) == net->addr.bytes[whole];
}
