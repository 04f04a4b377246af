/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Text that a terminal would obey, for tests/cli/escape.sh and tests/ui/test_hostile_terminal:
 *
 *	hostile-tool make FILE     a pcapng that carries it wherever text or bytes can stand
 *	hostile-tool names [few]   it as names for files, each ended by a zero byte; several pieces in
 *	                           each of a few names
 *	hostile-tool clean FILE... whether each is free of it; says of each where not (does not use
 *	                           the program's own escaping: this is the second opinion), and leaves
 *	                           a terminal as it was
 */
#include "file/pcapng.h"
#include "vt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIME_NS UINT64_C(1704464255000000000)

enum { BROKEN = 0x110000, ALL_BYTES = 256, FRAME_HEAD = 42, NAME_BYTES = 240 };

struct piece {
	const char *bytes;
	size_t len;
};

#define PIECE(text)                    \
	{                              \
		text, sizeof(text) - 1 \
	}

static char all_bytes[ALL_BYTES]; /* the first piece */

static struct piece pieces[] = {
	{ all_bytes, ALL_BYTES },
	PIECE("csi\033[31;99mred\033[2J\033[H"),
	PIECE("osc0\033]0;pwned\007\033]0;pwned\033\\"),
	PIECE("osc8\033]8;;http://a.example/\033\\link\033]8;;\033\\"),
	PIECE("osc52\033]52;c;cHduZWQ=\007"),
	PIECE("dcs\033Pq#0;2;0;0;0\033\\"),
	PIECE("apc\033_Gpwned\033\\"),
	PIECE("reset\033c\033#8"),
	PIECE("c1raw\x9b"
	      "31;99m\x9d"
	      "0;pwned\x9c\x90q\x9c\x85"),
	PIECE("c1utf\xc2\x9b"
	      "31;99m\xc2\x9d"
	      "0;pwned\xc2\x9c\xc2\x90q\xc2\x9c\xc2\x85"),
	PIECE("bidi\xe2\x80\xaegnp\xe2\x81\xa6x\xe2\x81\xa9\xe2\x80\x8f\xd8\x9c"),
	PIECE("zero\xe2\x80\x8bwi\xe2\x80\x8d"
	      "dt\xe2\x81\xa0h\xef\xbb\xbf\xc2\xad"),
	PIECE("lines\r\nflowdrill: fake: line\n\ttab\x0b\x0c\x08\x08\x7f"),
	PIECE("broken\xc3(\xe2\x80\xff\xed\xa0\x9b\xf4\x9b\x9b\x9b\xc0\x9b"),
	PIECE("tag\xf3\xa0\x81\x81\xf3\xa0\x80\x81 sep\xe2\x80\xa8\xe2\x80\xa9"),
	PIECE("=cmd|' /C calc'!A0,\"quoted\",'single'\\back"),
};

enum { PIECES = sizeof(pieces) / sizeof(pieces[0]) };

static void die(const char *what)
{
	perror(what);
	exit(2);
}

/* ---- make ------------------------------------------------------------------------------------- */

static void put_be16(struct buf *b, size_t v)
{
	buf_put_u8(b, (uint8_t)(v >> 8));
	buf_put_u8(b, (uint8_t)v);
}

/* Ethernet and IPv4, from the client or to it. */
static void put_heads(struct buf *b, unsigned protocol, size_t len, bool to_client)
{
	static const uint8_t macs[] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0 };
	static const uint8_t client[] = { 10, 1, 2, 3 }, server[] = { 10, 0, 0, 5 };

	buf_put(b, macs, sizeof(macs));
	put_be16(b, 0x4500);
	put_be16(b, 20 + len);
	buf_put(b, (const uint8_t[]){ 0, 1, 0x40, 0, 64, (uint8_t)protocol, 0, 0 }, 8);
	buf_put(b, to_client ? server : client, 4);
	buf_put(b, to_client ? client : server, 4);
}

/* UDP to the port, the piece as payload. */
static void put_frame(struct buf *b, const struct piece *p, unsigned port)
{
	put_heads(b, 17, 8 + p->len, false);
	put_be16(b, 40000);
	put_be16(b, port);
	put_be16(b, 8 + p->len);
	put_be16(b, 0);
	buf_put(b, p->bytes, p->len);
}

static void put_section(struct buf *b, const struct piece *p)
{
	struct buf o;

	buf_init(&o);
	pcapng_put_option(&o, PCAPNG_OPT_COMMENT, p->bytes, p->len);
	pcapng_put_option(&o, PCAPNG_SHB_HARDWARE, p->bytes, p->len);
	pcapng_put_option(&o, PCAPNG_SHB_OS, p->bytes, p->len);
	pcapng_put_option(&o, PCAPNG_SHB_USERAPPL, p->bytes, p->len);
	pcapng_put_section(b, &o);
	buf_free(&o);
}

static void put_interface(struct buf *b, const struct piece *p)
{
	struct buf o;

	buf_init(&o);
	pcapng_put_option(&o, PCAPNG_OPT_COMMENT, p->bytes, p->len);
	pcapng_put_option(&o, PCAPNG_IF_NAME, p->bytes, p->len);
	pcapng_put_option(&o, PCAPNG_IF_DESCRIPTION, p->bytes, p->len);
	pcapng_put_option(&o, PCAPNG_IF_TSRESOL, "\x09", 1);
	pcapng_put_option(&o, PCAPNG_IF_FILTER, p->bytes, p->len);
	pcapng_put_interface(b, 1, 0, &o);
	buf_free(&o);
}

static void put_packet(struct buf *b, const struct piece *p, uint32_t interface, unsigned port)
{
	struct buf o, frame;

	buf_init(&o);
	buf_init(&frame);
	put_frame(&frame, p, port);
	pcapng_put_option(&o, PCAPNG_OPT_COMMENT, p->bytes, p->len);
	pcapng_put_option(&o, PCAPNG_OPT_COMMENT, p->bytes, p->len);
	pcapng_put_packet(b, interface, TIME_NS + interface * UINT64_C(1000000) + port,
		(uint32_t)frame.len, (uint32_t)frame.len, frame.data, o.data, o.len);
	buf_free(&frame);
	buf_free(&o);
}

/* ---- what an application says ----------------------------------------------------------------- */

struct segment {
	bool to_client;
	uint8_t flags;
	uint16_t seq, ack;
};

static void put_tcp(struct buf *b, unsigned client_port, unsigned port, const struct segment *s, const struct buf *data)
{
	put_heads(b, 6, 20 + data->len, s->to_client);
	put_be16(b, s->to_client ? port : client_port);
	put_be16(b, s->to_client ? client_port : port);
	put_be16(b, 0);
	put_be16(b, s->seq);
	put_be16(b, 0);
	put_be16(b, s->ack);
	buf_put(b, (const uint8_t[]){ 0x50, s->flags, 0xff, 0xff, 0, 0, 0, 0 }, 8);
	buf_put(b, data->data, data->len);
}

/* A connection and a request in it. */
static void put_request(struct buf *b, unsigned client_port, unsigned port, uint64_t time_ns, const struct buf *request)
{
	static const struct segment segments[] = { { false, 2, 1, 0 }, { true, 0x12, 1, 2 }, { false, 0x10, 2, 2 },
		{ false, 0x18, 2, 2 } };
	struct buf frame, nothing;

	buf_init(&frame);
	buf_init(&nothing);
	for (unsigned i = 0; i < 4; i++) {
		buf_clear(&frame);
		put_tcp(&frame, client_port, port, &segments[i], i == 3 ? request : &nothing);
		pcapng_put_packet(b, 0, time_ns + i * 1000, (uint32_t)frame.len, (uint32_t)frame.len, frame.data, NULL, 0);
	}
	buf_free(&frame);
	buf_free(&nothing);
}

static void put_http(struct buf *b, const struct piece *p)
{
	buf_put(b, "GET /", 5);
	buf_put(b, p->bytes, p->len);
	buf_put(b, " HTTP/1.1\r\nHost: ", 17);
	buf_put(b, p->bytes, p->len);
	buf_put(b, "\r\nUser-Agent: ", 14);
	buf_put(b, p->bytes, p->len);
	buf_put(b, "\r\n\r\n", 4);
}

/* A ClientHello of TLS with a server's name. */
static void put_hello(struct buf *b, const struct piece *p)
{
	const size_t extensions = p->len + 9, hello = 2 + 32 + 1 + 4 + 2 + 2 + extensions;

	buf_put(b, "\x16\x03\x01", 3);
	put_be16(b, hello + 4);
	put_be16(b, 0x100);
	put_be16(b, hello);
	put_be16(b, 0x303);
	for (unsigned i = 0; i < 32; i++)
		buf_put_u8(b, (uint8_t)i);
	buf_put_u8(b, 0);
	buf_put(b, "\0\x02\x13\x01\x01\0", 6);
	put_be16(b, extensions);
	put_be16(b, 0);
	put_be16(b, p->len + 5);
	put_be16(b, p->len + 3);
	buf_put_u8(b, 0);
	put_be16(b, p->len);
	buf_put(b, p->bytes, p->len);
}

/* A query for a name that is made of it, in labels of 63 bytes at most. */
static void put_query(struct buf *b, const struct piece *p)
{
	size_t len = p->len < 240 ? p->len : 240;

	buf_put(b, "\x12\x34\x01\0\0\x01\0\0\0\0\0\0", 12);
	for (size_t at = 0, n; at < len; at += n) {
		n = len - at < 63 ? len - at : 63;
		buf_put_u8(b, (uint8_t)n);
		buf_put(b, p->bytes + at, n);
	}
	buf_put(b, "\0\0\x01\0\x01", 5);
}

static void put_applications(struct buf *b, unsigned which, unsigned section)
{
	const struct piece *p = &pieces[which];
	const uint64_t time_ns = TIME_NS + UINT64_C(1000000000) + which * UINT64_C(1000000);
	struct buf said;

	buf_init(&said);
	put_http(&said, p);
	put_request(b, 41000 + 100 * section + which, 80, time_ns, &said);
	buf_clear(&said);
	put_hello(&said, p);
	put_request(b, 42000 + 100 * section + which, 443, time_ns, &said);
	buf_clear(&said);
	put_query(&said, p);
	put_packet(b, &(struct piece){ (const char *)said.data, said.len }, which, 53);
	buf_free(&said);
}

/* An IPv4 name record and statistics with a comment. */
static void put_rest(struct buf *b, const struct piece *p)
{
	struct buf body;

	buf_init(&body);
	buf_put_le16(&body, 1);
	buf_put_le16(&body, (uint16_t)(4 + p->len + 1));
	buf_put(&body, "\x0a\x00\x00\x05", 4);
	buf_put(&body, p->bytes, p->len);
	buf_put_u8(&body, 0);
	while (body.len % 4)
		buf_put_u8(&body, 0);
	buf_put_le32(&body, 0);
	pcapng_put_block(b, PCAPNG_NRB, body.data, body.len);
	buf_clear(&body);
	buf_put_le32(&body, 0);
	buf_put_le64(&body, 0);
	pcapng_put_option(&body, PCAPNG_OPT_COMMENT, p->bytes, p->len);
	pcapng_put_block(b, PCAPNG_ISB, body.data, body.len);
	buf_free(&body);
}

static int make(const char *path)
{
	struct buf b;
	FILE *f;

	buf_init(&b);
	for (unsigned section = 0; section < 2; section++) {
		put_section(&b, &pieces[section]);
		for (unsigned i = 0; i < PIECES; i++)
			put_interface(&b, &pieces[i]);
		for (unsigned i = 0; i < PIECES; i++) {
			put_packet(&b, &pieces[i], i, 53);
			put_packet(&b, &pieces[i], i, 9);
			put_rest(&b, &pieces[i]);
		}
		for (unsigned i = 0; i < PIECES; i++)
			put_applications(&b, i, section);
	}
	f = fopen(path, "wb");
	if (!f || fwrite(b.data, 1, b.len, f) != b.len || fclose(f) != 0)
		die(path);
	buf_free(&b);
	return 0;
}

/* ---- names ------------------------------------------------------------------------------------ */

/* Of the first piece, all bytes, it is what fits. */
static int print_names(bool few)
{
	size_t n = 0;

	for (unsigned i = 0; i < PIECES; i++) {
		if (i > 0 && (!few || n + pieces[i].len > NAME_BYTES)) {
			putchar('\0');
			n = 0;
		}
		for (size_t at = 0; at < pieces[i].len && n < NAME_BYTES; at++) {
			if (pieces[i].bytes[at] == '\0' || pieces[i].bytes[at] == '/')
				continue;
			putchar(pieces[i].bytes[at]);
			n++;
		}
	}
	putchar('\0');
	return 0;
}

/* ---- clean ------------------------------------------------------------------------------------ */

/* The code point at s and its length; a broken byte is taken alone, as BROKEN. */
static size_t decode(const uint8_t *s, size_t len, uint32_t *cp)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = s[0] < 0x80 ? 1 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;

	*cp = n == 1 ? s[0] : s[0] & (0xffu >> (n + 1));
	for (size_t i = 1; i < n && i < len && (s[i] & 0xc0) == 0x80; i++)
		*cp = *cp << 6 | (s[i] & 0x3f);
	for (size_t i = 1; i < n; i++)
		if (i >= len || (s[i] & 0xc0) != 0x80)
			n = 0;
	if (n > 0 && s[0] != 0x80 && (s[0] < 0x80 || s[0] >= 0xc2) && s[0] < 0xf5 &&
		*cp >= least[n])
		return n;
	*cp = BROKEN;
	return 1;
}

static const char *what_is(uint32_t cp)
{
	if (cp == BROKEN)
		return "a broken byte";
	if ((cp < 0x20 && cp != '\n') || cp == 0x7f)
		return "a control character";
	if (cp >= 0x80 && cp < 0xa0)
		return "C1";
	if (cp == 0x61c || (cp >= 0x202a && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069) ||
		cp == 0x200e || cp == 0x200f)
		return "bidirectional";
	if ((cp >= 0x200b && cp <= 0x200d) || cp == 0x2060 || cp == 0xfeff || cp == 0xad ||
		(cp >= 0xe0000 && cp < 0xe0080) || cp == 0x2028 || cp == 0x2029)
		return "invisible";
	return NULL;
}

/* What a terminal that shows it would say. */
static int judge(const char *path, const uint8_t *bytes, size_t len)
{
	static struct vt vt;
	const char *what;

	vt_init(&vt, 80, 24);
	vt_bytes(&vt, bytes, len);
	what = vt.found != NULL ? vt.found : vt_left_over(&vt);
	if (what != NULL)
		printf("%s a terminal: %s\n", path, what);
	return what != NULL;
}

static int clean(const char *path)
{
	FILE *f = fopen(path, "rb");
	static uint8_t bytes[1 << 24];
	size_t len;

	if (!f)
		die(path);
	len = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	for (size_t at = 0, n; at < len; at += n) {
		uint32_t cp;
		const char *what;

		n = decode(bytes + at, len - at, &cp);
		what = what_is(cp);
		if (what) {
			printf("%s offset %zu: %s (byte %02x, U+%04X)\n", path, at, what, bytes[at],
				cp);
			return 1;
		}
	}
	return judge(path, bytes, len);
}

static int clean_all(char **paths)
{
	int unclean = 0;

	for (; *paths != NULL; paths++)
		unclean |= clean(*paths);
	return unclean;
}

int main(int argc, char **argv)
{
	for (size_t i = 0; i < ALL_BYTES; i++)
		all_bytes[i] = (char)(i + 1); /* zero last: a C string would end there */
	if (argc == 3 && strcmp(argv[1], "make") == 0)
		return make(argv[2]);
	if (argc >= 2 && strcmp(argv[1], "names") == 0)
		return print_names(argc == 3);
	if (argc >= 3 && strcmp(argv[1], "clean") == 0)
		return clean_all(argv + 2);
	fputs("usage: hostile-tool make FILE | names [few] | clean FILE\n", stderr);
	return 2;
}
