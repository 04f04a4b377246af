/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hellos.h"

#include <stdlib.h>
#include <string.h>

/* github.com/FoxIO-LLC/ja4, technical_details/JA4.md, with GREASE where browsers send it */
const struct hello_plan hello_example = {
	.version = 0x0303, .session_len = 32,
	.ciphers = "3a3a,1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035",
	.extensions = "aaaa,001b,0000,0033,0010,4469,0017,002d,000d,0005,0023,0012,002b,ff01,000b,000a,0015,1a1a",
	.name = "shop.example", .alpn = "h2,http/1.1", .versions = "fafa,0304,0303",
	.algorithms = "0403,0804,0401,0503,0805,0501,0806,0601",
};
const char hello_example_ja4[] = "t13d1516h2_8daaf6152771_e5627efa2ab1";

static void put_be16(struct buf *b, size_t v)
{
	buf_put_u8(b, (uint8_t)(v >> 8));
	buf_put_u8(b, (uint8_t)v);
}

static void put_numbers(struct buf *b, const char *list)
{
	while (list && *list) {
		char *end;
		put_be16(b, strtoul(list, &end, 16));
		list = *end ? end + 1 : end;
	}
}

/* Bytes behind their length. */
static void put_part(struct buf *b, unsigned width, const void *p, size_t n)
{
	if (width == 1)
		buf_put_u8(b, (uint8_t)n);
	else
		put_be16(b, n);
	buf_put(b, p, n);
}

static void put_alpn(struct buf *b, const char *list)
{
	struct buf names;

	buf_init(&names);
	while (list && *list) {
		size_t n = strcspn(list, ",");
		put_part(&names, 1, list, n);
		list += n + (list[n] != '\0');
	}
	put_part(b, 2, names.data, names.len);
	buf_free(&names);
}

static void put_extension(struct buf *b, unsigned type, const struct hello_plan *plan)
{
	struct buf body, list;

	buf_init(&body);
	buf_init(&list);
	if (type == 0 && plan->name) {
		buf_put_u8(&list, 0);
		put_part(&list, 2, plan->name, strlen(plan->name));
		put_part(&body, 2, list.data, list.len);
	} else if (type == 16) {
		put_alpn(&body, plan->alpn);
	} else if (type == 13) {
		put_numbers(&list, plan->algorithms);
		put_part(&body, 2, list.data, list.len);
	} else if (type == 43) {
		put_numbers(&list, plan->versions);
		put_part(&body, 1, list.data, list.len);
	} else if (type != 0) {
		buf_put_zeros(&body, 2);
	}
	put_be16(b, type);
	put_part(b, 2, body.data, body.len);
	buf_free(&body);
	buf_free(&list);
}

static void put_message(struct buf *out, unsigned type, const struct buf *body)
{
	buf_put_u8(out, (uint8_t)type);
	buf_put_u8(out, (uint8_t)(body->len >> 16));
	put_be16(out, body->len & 0xffff);
	buf_put(out, body->data, body->len);
}

void hello_client(struct buf *out, const struct hello_plan *plan)
{
	static const uint8_t session[255] = {1, 2, 3};
	struct buf body, list;

	buf_init(&body);
	buf_init(&list);
	put_be16(&body, plan->version);
	buf_put_zeros(&body, 32);
	put_part(&body, 1, session, plan->session_len);
	if (plan->cookie)
		put_part(&body, 1, plan->cookie, strlen(plan->cookie));
	put_numbers(&list, plan->ciphers);
	put_part(&body, 2, list.data, list.len);
	put_part(&body, 1, "", 1);
	buf_clear(&list);
	for (const char *at = plan->extensions; at && *at;) {
		char *end;
		put_extension(&list, (unsigned)strtoul(at, &end, 16), plan);
		at = *end ? end + 1 : end;
	}
	if (plan->extensions)
		put_part(&body, 2, list.data, list.len);
	put_message(out, 1, &body);
	buf_free(&body);
	buf_free(&list);
}

void hello_server(struct buf *out, unsigned version, unsigned chosen, const char *alpn, bool retry)
{
	static const uint8_t again[32] = {
		0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
		0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
	};
	static const uint8_t random[32] = {9, 8, 7};
	struct buf body, list;

	buf_init(&body);
	buf_init(&list);
	put_be16(&body, version);
	buf_put(&body, retry ? again : random, 32);
	put_part(&body, 1, random, 32);
	put_be16(&body, 0x1301);
	buf_put_u8(&body, 0);
	if (chosen) {
		put_be16(&list, 43);
		put_be16(&list, 2);
		put_be16(&list, chosen);
	}
	if (alpn)
		put_extension(&list, 16, &(struct hello_plan){.alpn = alpn});
	if (chosen || alpn)
		put_part(&body, 2, list.data, list.len);
	put_message(out, 2, &body);
	buf_free(&body);
	buf_free(&list);
}

void hello_records(struct buf *out, const struct buf *messages, size_t record)
{
	for (size_t at = 0; at < messages->len; at += record) {
		size_t n = messages->len - at < record ? messages->len - at : record;
		buf_put(out, "\x16\x03\x01", 3);
		put_part(out, 2, messages->data + at, n);
	}
}

void hello_fragments(struct buf *out, const struct buf *message, unsigned sequence, size_t fragment)
{
	size_t len = message->len - 4;

	for (size_t at = 0; at < len; at += fragment) {
		size_t n = len - at < fragment ? len - at : fragment;

		buf_put(out, "\x16\xfe\xfd\0\0\0\0\0\0\0\0", 11);
		put_be16(out, 12 + n);
		buf_put(out, message->data, 4);
		put_be16(out, sequence);
		buf_put_u8(out, 0);
		put_be16(out, at);
		buf_put_u8(out, 0);
		put_be16(out, n);
		buf_put(out, message->data + 4 + at, n);
	}
}
