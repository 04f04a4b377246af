/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hellos.h"
#include "turns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define ALERT "\x15\xfe\xfd\0\0\0\0\0\0\0\2\0\2\2\x28"
#define VERIFY "\x16\xfe\xff\0\0\0\0\0\0\0\0\0\x11" "\3\0\0\5\0\0\0\0\0\0\0\5" "\xfe\xff\2ab"
#define DATA "\x17\xfe\xfd\0\1\0\0\0\0\0\1\0\4oops"
#define FINISHED "\x14\xfe\xfd\0\0\0\0\0\0\0\1\0\1\1" "\x16\xfe\xfd\0\1\0\0\0\0\0\0\0\4oops"

/* openssl s_client -dtls1_2 -servername call.example -alpn webrtc, without its random bytes */
static const struct hello_plan plan = {
	.version = 0xfefd, .session_len = 0, .cookie = "",
	.ciphers = "c02c,c030,009f,cca9,cca8,ccaa,c02b,c02f,009e,c024,c028,006b,c023,c027,0067,c00a,c014,0039,c009,c013,0033,"
		"009d,009c,003d,003c,0035,002f,00ff",
	.extensions = "0000,000b,000a,0023,0010,0016,0017,000d", .name = "call.example", .alpn = "webrtc",
	.algorithms = "0403,0503,0603,0807,0808,0809,080a,080b,0804,0805,0806,0401,0501,0601,0303,0301,0302,0402,0502,0602",
};

struct parts { struct buf message, client, again, server; };

static void begin(struct parts *p, size_t fragment)
{
	struct hello_plan again = plan;

	again.cookie = "ab";
	buf_init(&p->message);
	buf_init(&p->client);
	buf_init(&p->again);
	buf_init(&p->server);
	hello_client(&p->message, &plan);
	hello_fragments(&p->client, &p->message, 0, fragment);
	buf_clear(&p->message);
	hello_client(&p->message, &again);
	hello_fragments(&p->again, &p->message, 1, fragment);
	buf_clear(&p->message);
	hello_server(&p->message, 0xfefd, 0, "webrtc", false);
	hello_fragments(&p->server, &p->message, 1, fragment);
}

static void end(struct parts *p)
{
	buf_free(&p->message);
	buf_free(&p->client);
	buf_free(&p->again);
	buf_free(&p->server);
}

/* Two hellos of the client are one request; fragments say the same, in one datagram or in many. */
static void handshake(void **state)
{
	(void)state;
	for (size_t fragment = 5; fragment < 500; fragment += 33) {
		struct talking x;
		struct parts p;

		begin(&p, fragment);
		talking_begin(&x, true);
		talking_say(&x, DIR_C2S, p.client.data, p.client.len);
		assert_int_equal(x.said.app, APP_DTLS);
		assert_int_equal(x.said.requests, 1);
		assert_string_equal(x.name, "call.example");
		assert_string_equal(x.alpn, "webrtc");
		assert_memory_equal(x.ja4, "dd2d2808wc_", 11);
		SAY(&x, DIR_S2C, VERIFY);
		for (size_t at = 0; at < p.again.len; at += 25 + fragment)      /* each record in a datagram of its own */
			talking_say(&x, DIR_C2S, p.again.data + at, p.again.len - at < 25 + fragment ? p.again.len - at : 25 + fragment);
		talking_say(&x, DIR_S2C, p.server.data, p.server.len);
		assert_int_equal(x.said.responses, 1);
		assert_int_equal(x.said.version, 0xfefd);
		SAY(&x, DIR_C2S, FINISHED);
		SAY(&x, DIR_S2C, DATA);
		assert_int_equal(x.all.requests, 1);
		assert_int_equal(x.all.responses, 1);
		assert_int_equal(x.all.errors + x.all.refusals, 0);
		talking_end(&x);
		end(&p);
	}
}

/* DTLS 1.3 counts its versions down; the server says which it is behind the curtain of 1.2. */
static void version_13(void **state)
{
	struct hello_plan newer = plan;
	struct talking x;
	struct buf message, records;

	(void)state;
	newer.extensions = "0000,002b,000d";
	newer.versions = "fefd,fefc";
	buf_init(&message);
	buf_init(&records);
	talking_begin(&x, true);
	hello_client(&message, &newer);
	hello_fragments(&records, &message, 0, 4096);
	talking_say(&x, DIR_C2S, records.data, records.len);
	assert_memory_equal(x.ja4, "dd3d2803", 8);
	buf_clear(&message);
	buf_clear(&records);
	hello_server(&message, 0xfefd, 0xfefc, NULL, false);
	hello_fragments(&records, &message, 0, 4096);
	talking_say(&x, DIR_S2C, records.data, records.len);
	assert_int_equal(x.said.version, 0xfefc);
	talking_end(&x);
	buf_free(&message);
	buf_free(&records);
}

static void refused(void **state)
{
	struct talking x;
	struct parts p;

	(void)state;
	begin(&p, 4096);
	talking_begin(&x, true);
	talking_say(&x, DIR_C2S, p.client.data, p.client.len);
	SAY(&x, DIR_S2C, ALERT);
	assert_int_equal(x.said.status, 40);
	assert_int_equal(x.said.refusals, 1);
	assert_int_equal(x.said.responses, 1);
	talking_end(&x);
	end(&p);
}

/* Fragments in another order, of another message, longer than they say: nothing wrong comes of them. */
static void fragments(void **state)
{
	struct parts p;
	struct talking x;

	(void)state;
	begin(&p, 100);
	talking_begin(&x, true);
	talking_say(&x, DIR_C2S, p.client.data + 125, p.client.len - 125);       /* without its beginning */
	assert_int_equal(x.all.requests, 0);
	talking_say(&x, DIR_C2S, p.client.data, 125);
	talking_say(&x, DIR_C2S, p.client.data, 125);
	talking_say(&x, DIR_C2S, p.again.data + 125, p.again.len - 125);         /* of the next one */
	assert_int_equal(x.all.requests, 0);
	talking_say(&x, DIR_C2S, p.client.data, p.client.len);
	assert_int_equal(x.all.requests, 1);
	talking_end(&x);
	end(&p);
}

/* In the middle of a conversation, and what looks similar. */
static void found(void **state)
{
	static const struct turn none[] = {
		C2S("\x17\xfe\xfd\0\0\0\0\0\0\0\1\0\4oops"), C2S("\x17\xfe\xfd\0\1\0\0\0\0\0\1\0\5oops"), C2S("\x17\xfe\xfc\0\1\0\0\0\0\0\1\0\4oops"),
		C2S("\x16\xfe\xfd\0\1"), C2S("\x1b\xfe\xfd\0\1\0\0\0\0\0\1\0\4oops"),
	};
	struct talking x;

	(void)state;
	turns_none(none, sizeof(none) / sizeof(none[0]), true);
	talking_begin(&x, true);
	SAY(&x, DIR_S2C, DATA DATA);
	assert_int_equal(x.said.app, APP_DTLS);
	talking_end(&x);
}

static void info(void **state)
{
	struct parts p;

	(void)state;
	begin(&p, 4096);
	assert_string_equal(turns_info(APP_DTLS, &(struct turn){DIR_C2S, p.client.data, p.client.len}, true),
		"Client Hello (SNI=call.example)");
	assert_string_equal(turns_info(APP_DTLS, &(struct turn)S2C(VERIFY), true), "Hello Verify Request");
	assert_string_equal(turns_info(APP_DTLS, &(struct turn)C2S(FINISHED), true), "Change Cipher Spec, Encrypted Handshake Message");
	assert_string_equal(turns_info(APP_DTLS, &(struct turn)C2S(DATA), true), "Application Data");
	assert_string_equal(turns_info(APP_DTLS, &(struct turn)S2C(ALERT), true), "Alert handshake_failure");
	end(&p);
}

static void hostile(void **state)
{
	struct parts p;

	(void)state;
	begin(&p, 150);
	const struct turn turns[] = {
		{DIR_C2S, p.client.data, p.client.len}, S2C(VERIFY), {DIR_C2S, p.again.data, p.again.len},
		{DIR_S2C, p.server.data, p.server.len}, C2S(FINISHED), S2C(ALERT),
	};
	turns_hostile(turns, sizeof(turns) / sizeof(turns[0]), true, APP_DTLS);
	end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(handshake), cmocka_unit_test(version_13), cmocka_unit_test(refused), cmocka_unit_test(fragments),
		cmocka_unit_test(found), cmocka_unit_test(info), cmocka_unit_test(hostile),
	};

	return cmocka_run_group_tests_name("dtls", tests, NULL, NULL);
}
