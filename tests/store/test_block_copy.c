/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Blocks of a source on their way into a block of ours: little-endian, wrapped, as they are, or left out. */
#include "file/pcapng.h"
#include "store/block_copy.h"
#include "store/format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The block that a copy of these bytes is; type 0: none. */
static struct pcapng_block copy(struct buf *out, uint32_t type, const uint8_t *bytes, size_t len, bool big_endian, uint32_t first_point)
{
	struct pcapng_block b = { 0 };
	bool order = false;

	buf_clear(out);
	block_copy(out, type, bytes, len, big_endian, first_point);
	assert_false(out->failed);
	if (out->len > 0) {
		assert_int_equal(pcapng_parse_block(out->data, out->len, &order, "b", 0, &b, NULL), RC_DONE);
		assert_int_equal(b.total_len, out->len);
	}
	return b;
}

static void must_be_wrapped(const struct pcapng_block *b, const uint8_t *bytes, size_t len)
{
	const uint8_t *payload;
	size_t payload_len;
	uint32_t kind;

	assert_int_equal(b->type, PCAPNG_CB_NOCOPY);
	assert_true(pcapng_parse_own(b->body, b->body_len, false, &kind, &payload, &payload_len));
	assert_int_equal(kind, BLOCK_OWN_WRAPPED);
	assert_in_range(payload_len, len, len + 3);
	assert_memory_equal(payload, bytes, len);
}

/* Two addresses with names of lengths that need padding, the end, a comment; big-endian. */
static void test_names(void **state)
{
	static const uint8_t big[] = { 0, 0, 0, 4, 0, 0, 0, 60, 0, 1, 0, 7, 10, 0, 0, 1, 'a', 'b', 0, 0, 0, 1, 0, 8, 10, 0, 0, 2, 'a', 'b',
		'c', 0, 0, 0, 0, 0, 0, 1, 0, 5, 'h', 'e', 'l', 'l', 'o', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 60 };
	static const uint8_t body[] = { 1, 0, 7, 0, 10, 0, 0, 1, 'a', 'b', 0, 0, 1, 0, 8, 0, 10, 0, 0, 2, 'a', 'b', 'c', 0, 0, 0, 0, 0, 1, 0,
		5, 0, 'h', 'e', 'l', 'l', 'o', 0, 0, 0, 0, 0, 0, 0 };
	uint8_t wrong[sizeof(big)];
	struct buf out;

	(void)state;
	buf_init(&out);
	struct pcapng_block b = copy(&out, PCAPNG_NRB, big, sizeof(big), true, 0);
	assert_int_equal(b.type, PCAPNG_NRB);
	assert_int_equal(b.body_len, sizeof(body));
	assert_memory_equal(b.body, body, sizeof(body));
	/* little-endian it stays as it is: here, what was just made */
	struct buf again;
	buf_init(&again);
	struct pcapng_block c = copy(&again, PCAPNG_NRB, out.data, out.len, false, 0);
	assert_int_equal(c.type, PCAPNG_NRB);
	assert_int_equal(again.len, out.len);
	assert_memory_equal(again.data, out.data, out.len);
	buf_free(&again);
	/* a record that does not fit: wrapped, so that nothing of it is lost */
	memcpy(wrong, big, sizeof(big));
	wrong[10] = 0xff;
	b = copy(&out, PCAPNG_NRB, wrong, sizeof(wrong), true, 0);
	must_be_wrapped(&b, wrong, sizeof(wrong));
	buf_free(&out);
}

static void test_secrets(void **state)
{
	static const uint8_t big[] = { 0, 0, 0, 10, 0, 0, 0, 28, 0x54, 0x4c, 0x53, 0x4b, 0, 0, 0, 5, 'k', 'e', 'y', 's', '!', 0, 0, 0, 0, 0, 0, 28 };
	static const uint8_t body[] = { 0x4b, 0x53, 0x4c, 0x54, 5, 0, 0, 0, 'k', 'e', 'y', 's', '!', 0, 0, 0 };
	struct buf out;

	(void)state;
	buf_init(&out);
	struct pcapng_block b = copy(&out, PCAPNG_DSB, big, sizeof(big), true, 0);
	assert_int_equal(b.type, PCAPNG_DSB);
	assert_int_equal(b.body_len, sizeof(body));
	assert_memory_equal(b.body, body, sizeof(body));
	buf_free(&out);
}

/* Statistics get the store's number of their interface, whatever their byte order. */
static void test_statistics(void **state)
{
	static const uint8_t big[] = { 0, 0, 0, 5, 0, 0, 0, 24, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 24 };
	struct buf in, out;

	(void)state;
	buf_init(&in);
	buf_init(&out);
	pcapng_put_block(&in, PCAPNG_ISB, "\1\0\0\0\2\0\0\0\3\0\0\0", 12);
	struct pcapng_block b = copy(&out, PCAPNG_ISB, in.data, in.len, false, 4);
	assert_memory_equal(b.body, "\5\0\0\0\2\0\0\0\3\0\0\0", 12);
	b = copy(&out, PCAPNG_ISB, big, sizeof(big), true, 4);
	assert_memory_equal(b.body, "\5\0\0\0\2\0\0\0\3\0\0\0", 12);
	buf_clear(&in);
	pcapng_put_block(&in, PCAPNG_ISB, "\1\0\0\0", 4);    /* too short: nobody's interface is named by it */
	b = copy(&out, PCAPNG_ISB, in.data, in.len, false, 4);
	assert_int_equal(b.type, PCAPNG_ISB);
	assert_memory_equal(b.body, "\1\0\0\0", 4);
	buf_free(&in);
	buf_free(&out);
}

/* Custom blocks, section headers, what is no block. */
static void test_others(void **state)
{
	struct buf in, out;

	(void)state;
	buf_init(&in);
	buf_init(&out);
	pcapng_put_padding(&in, PCAPNG_OWN_PADDING, NULL, 0, 64);
	assert_int_equal(copy(&out, PCAPNG_CB_NOCOPY, in.data, in.len, false, 0).type, 0);
	buf_clear(&in);
	pcapng_put_block(&in, PCAPNG_CB, "\0\0\0\1else", 8);
	struct pcapng_block b = copy(&out, PCAPNG_CB, in.data, in.len, false, 0);
	assert_int_equal(b.type, PCAPNG_CB);
	buf_clear(&in);
	pcapng_put_custom(&in, BLOCK_OWN_WRAPPED, "else", 4);
	b = copy(&out, PCAPNG_CB_NOCOPY, in.data, in.len, false, 0);
	assert_int_equal(out.len, in.len);
	assert_memory_equal(out.data, in.data, in.len);
	buf_clear(&in);
	pcapng_put_section(&in, NULL);
	b = copy(&out, PCAPNG_SHB, in.data, in.len, false, 0);
	must_be_wrapped(&b, in.data, in.len);
	b = copy(&out, 0x777, (const uint8_t *)"no block", 8, false, 0);
	must_be_wrapped(&b, (const uint8_t *)"no block", 8);
	buf_clear(&in);
	pcapng_put_block(&in, 0x777, "body", 4);
	buf_put(&in, "more", 4);
	b = copy(&out, 0x777, in.data, in.len, false, 0);
	must_be_wrapped(&b, in.data, in.len);
	buf_free(&in);
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_secrets),
		cmocka_unit_test(test_statistics),
		cmocka_unit_test(test_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
