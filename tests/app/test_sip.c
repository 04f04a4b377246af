/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/sip.h"
#include "talking.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const char invite[] = "INVITE sip:bob@Biloxi.example:5070;transport=udp SIP/2.0\r\nVia: SIP/2.0/UDP pc33.example\r\n"
	"To: Bob <sip:bob@biloxi.example>\r\nf: Alice\r\n <sip:alice@atlanta.example>;tag=1\r\ni: a84b4c76e66710@pc33\r\nCSeq: 314159 INVITE\r\n"
	"Content-Type: application/sdp;x=y\r\nContent-Length: 5\r\n\r\nv=0\r\n";

static bool same(struct said_text t, const char *text)
{
	return t.len == strlen(text) && memcmp(t.p, text, t.len) == 0;
}

static void one_message(void **state)
{
	struct sip_message m;

	(void)state;
	assert_true(sip_read(invite, sizeof(invite) - 1, &m));
	assert_true(m.is_request && m.whole_header && m.has_length && m.length == 5);
	assert_true(same(m.method, "INVITE"));
	assert_true(same(m.call_id, "a84b4c76e66710@pc33"));
	assert_true(same(m.from, "Alice\r\n <sip:alice@atlanta.example>;tag=1"));
	assert_true(same(m.cseq, "314159 INVITE"));
	assert_true(same(m.body, "v=0\r\n"));
	assert_true(sip_has_sdp(&m));
	for (size_t n = 0; n < sizeof(invite) - 1; n++) {
		char *copy = mem_alloc(n + 1);

		assert_non_null(copy);
		memcpy(copy, invite, n);
		if (sip_read(copy, n, &m) != (memchr(copy, '\n', n) != NULL))
			fail_msg("%zu bytes", n);
		mem_free(copy);
	}
}

static void dialog(void **state)
{
	struct talking x;

	(void)state;
	talking_begin(&x, true);
	talking_say(&x, DIR_C2S, invite, sizeof(invite) - 1);
	assert_int_equal(x.said.app, APP_SIP);
	assert_int_equal(x.said.requests, 1);
	assert_string_equal(x.name, "Biloxi.example");
	assert_string_equal(x.url, "sip:bob@Biloxi.example:5070;transport=udp");
	SAY(&x, DIR_S2C, "SIP/2.0 180 Ringing\r\nCSeq: 314159 INVITE\r\n\r\n");
	assert_int_equal(x.said.responses, 0);
	SAY(&x, DIR_S2C, "SIP/2.0 486 Busy Here\r\nCSeq: 314159 INVITE\r\n\r\n");
	assert_int_equal(x.said.status, 486);
	assert_int_equal(x.all.refusals, 1);
	SAY(&x, DIR_S2C, "SIP/2.0 503 Oh\r\n\r\n");
	SAY(&x, DIR_S2C, "SIP/2.0 603 Decline\r\n\r\n");
	assert_int_equal(x.all.errors, 2);
	assert_int_equal(x.all.responses, 3);
	SAY(&x, DIR_C2S, "REGISTER sip:[2001:db8::9]:5060 SIP/2.0\r\n\r\n");
	assert_string_equal(x.name, "2001:db8::9");
	SAY(&x, DIR_C2S, "garbage\r\n");
	assert_int_equal(x.said.requests, 0);
	talking_end(&x);
}

/* Every way to cut the same bytes into segments says the same. */
static void any_segments(void **state)
{
	static const char answered[] = "SIP/2.0 100 Trying\r\nContent-Length: 0\r\n\r\n\r\n\r\nSIP/2.0 200 OK\r\nl: 21\r\n\r\n"
		"SIP/2.0 500 a body\r\n\rSIP/2.0 404 Not Found\r\nContent-Length: 0\r\n\r\n";

	(void)state;
	for (size_t step = 1; step < sizeof(invite); step++) {
		struct talking x;

		talking_begin(&x, false);
		talking_connect(&x);
		talking_say_in_steps(&x, DIR_C2S, invite, sizeof(invite) - 1, step);
		talking_say_in_steps(&x, DIR_C2S, invite, sizeof(invite) - 1, step);
		talking_say_in_steps(&x, DIR_S2C, answered, sizeof(answered) - 1, step);
		assert_int_equal(x.all.app, APP_SIP);
		assert_int_equal(x.all.requests, 2);
		assert_int_equal(x.all.responses, 2);
		assert_int_equal(x.all.errors, 0);
		assert_int_equal(x.all.refusals, 1);
		talking_end(&x);
	}
}

static void something_else(void **state)
{
	static const char *const texts[] = {
		"SIP/2.0 99 x\r\n\r\n", "SIP/2.0 700 x\r\n\r\n", "SIP/2.0 2000 x\r\n\r\n", "SIP/3.0 200 OK\r\n\r\n", "INVITE bob SIP/2.0\r\n\r\n",
		"INVITE sip:a b SIP/2.0\r\n\r\n", "INVITE sip:bob HTTP/1.1\r\n\r\n", "OPTIONS * RTSP/1.0\r\n\r\n", "INVITE :x SIP/2.0\r\n\r\n",
		"\r\n\r\n", "I", " SIP/2.0\r\n", "GET sip:x HTTP/1.1\r\n\r\n", "INVITE sip:bob@x SIP/2.0",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct talking x;

		talking_begin(&x, true);
		talking_say(&x, DIR_C2S, texts[i], strlen(texts[i]));
		if (x.said.app == APP_SIP)
			fail_msg("%s", texts[i]);
		talking_end(&x);
	}
}

static void any_bytes(void **state)
{
	unsigned seed = 8;
	struct sip_message m;

	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		size_t n = sizeof(invite) - 1 - (unsigned)rand_r(&seed) % 40;
		char *copy = mem_alloc(n);

		assert_non_null(copy);
		memcpy(copy, invite, n);
		for (unsigned flips = 0; flips < 1 + i % 8; flips++)
			copy[(unsigned)rand_r(&seed) % n] = i % 3 ? "\r\n:; \t@[]>"[rand_r(&seed) % 10] : (char)rand_r(&seed);
		if (sip_read(copy, n, &m)) {
			assert_true(m.header_len <= n && m.body.len <= n - m.header_len);
			struct talking x;
			if (i % 16 == 0) {
				talking_begin(&x, i % 32 == 0);
				talking_say(&x, DIR_C2S, copy, n);
				talking_say(&x, DIR_C2S, copy, n);
				talking_end(&x);
			}
		}
		mem_free(copy);
	}
}

/* A header without end is given up, however it comes. */
static void endless(void **state)
{
	struct talking x;
	char line[1000];

	(void)state;
	talking_begin(&x, false);
	talking_connect(&x);
	SAY(&x, DIR_C2S, "INVITE sip:bob@a.example SIP/2.0\r\n");
	memset(line, 'x', sizeof(line));
	memcpy(line, "X: ", 3);
	memcpy(line + sizeof(line) - 2, "\r\n", 2);
	for (unsigned i = 0; i < 40; i++)
		talking_say(&x, DIR_C2S, line, sizeof(line));
	assert_int_equal(x.all.requests, 0);
	SAY(&x, DIR_S2C, "SIP/2.0 413 Too Large\r\nContent-Length: 0\r\n\r\n");
	assert_int_equal(x.all.refusals, 1);
	SAY(&x, DIR_C2S, "INVITE sip:bob@b.example SIP/2.0\r\nContent-Length: 0\r\n\r\n");
	assert_int_equal(x.all.requests, 1);
	assert_string_equal(x.name, "b.example");
	talking_end(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_message), cmocka_unit_test(dialog), cmocka_unit_test(any_segments), cmocka_unit_test(something_else),
		cmocka_unit_test(any_bytes), cmocka_unit_test(endless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
