/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "turns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#define N(a) (sizeof(a) / sizeof((a)[0]))

static const struct turn talk[] = {
	S2C("220-mail.example.org ESMTP\r\n220 ready\r\n"),
	C2S("EHLO client.example\r\n"),
	S2C("250-mail.example.org\r\n250-PIPELINING\r\n250 STARTTLS\r\n"),
	C2S("AUTH LOGIN\r\n"),
	S2C("334 VXNlcm5hbWU6\r\n"),
	C2S("c2VjcmV0\r\n"),
	S2C("334 UGFzc3dvcmQ6\r\n"),
	C2S("QUIT\r\n"),                         /* a password */
	S2C("535 5.7.8 no\r\n"),
	C2S("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"),
	S2C("250 ok\r\n451 later\r\n354 go\r\n"),
	C2S("QUIT\r\n..\r\n.x\r\nRSET\r\n.\r\n"),
	S2C("250 queued\r\n"),
	C2S("BDAT 6 LAST\r\nRSET\r\nNOOP\r\n"),
	S2C("250 ok\r\n250 ok\r\n"),
	C2S("RCPT TO:<x@y>\r\nQUIT\r\n"),
	S2C("550 5.1.1 nobody\r\n221 bye\r\n"),
};
/* FTP and SMTP begin alike. */
static const struct turn not[] = {
	S2C("220 welcome\r\n"), S2C("220 smtp.example.org ready\r\n"), C2S("MAIL FROM:<a>\r\n"), C2S("EHLOx\r\n"), S2C("250 ok\r\n"),
	S2C("2200 ESMTP\r\n"), S2C("220 (vsFTPd 3.0)\n\r\n331 x\r\n230 y\r\n220 \1 ESMTP\r\n") ,
};

static void an_exchange(void **state)
{
	struct talking x;

	(void)state;
	turns_say(&x, talk, N(talk), false);
	assert_int_equal(x.all.app, APP_SMTP);
	assert_string_equal(x.name, "mail.example.org");
	assert_int_equal(x.all.requests, 9);     /* EHLO AUTH MAIL RCPT DATA BDAT NOOP RCPT QUIT */
	assert_int_equal(x.all.responses, 10);   /* and one for the text */
	assert_int_equal(x.all.errors, 1);
	assert_int_equal(x.all.refusals, 2);
	assert_int_equal(x.all.status, 221);
	talking_end(&x);
}

static void told_by_the_client(void **state)
{
	static const struct turn plain[] = {
		S2C("220 mx.example.net ready\r\n"), C2S("HELO me\r\n"), S2C("421 closing\r\n"),
	};
	struct talking x;

	(void)state;
	turns_say(&x, plain, N(plain), false);
	assert_int_equal(x.all.app, APP_SMTP);
	assert_string_equal(x.name, "mx.example.net");
	assert_int_equal(x.all.errors, 1);
	talking_end(&x);
}

/* Nothing that looks like a command is one behind STARTTLS. */
static void tls_begins(void **state)
{
	static const struct turn tls[] = {
		S2C("220 a.example.org ESMTP\r\n"), C2S("EHLO x\r\n"), S2C("250-a\r\n250 STARTTLS\r\n"), C2S("STARTTLS\r\n"),
		S2C("220 go\r\n"), C2S("RSET\r\n"), S2C("550 no\r\n"),
	};
	struct talking x;

	(void)state;
	turns_say(&x, tls, N(tls), false);
	assert_int_equal(x.all.app, APP_SMTP);
	assert_int_equal(x.all.requests, 2);
	assert_int_equal(x.all.refusals, 0);
	talking_end(&x);
}

static void for_people(void **state)
{
	static const struct turn auth = C2S("AUTH PLAIN AGEAYg==\r\n"), payload = C2S("c2VjcmV0\r\n");

	(void)state;
	assert_string_equal(turns_info(APP_SMTP, &talk[1], false), "EHLO client.example");
	assert_string_equal(turns_info(APP_SMTP, &talk[8], false), "535 5.7.8 no");
	assert_string_equal(turns_info(APP_SMTP, &auth, false), "AUTH PLAIN");
	assert_string_equal(turns_info(APP_SMTP, &payload, false), "");
	assert_string_equal(turns_info(APP_SMTP, &talk[4], false), "334");
}

/* One side alone was captured: a message is a message. */
static void half(void **state)
{
	static const struct turn client[] = {
		C2S("EHLO x\r\n"), C2S("AUTH LOGIN\r\n"), C2S("dXNlcg==\r\n"), C2S("cGFzcw==\r\n"), C2S("MAIL FROM:<a@b>\r\n"),
		C2S("DATA\r\n"), C2S("RSET\r\nQUIT\r\n.\r\n"), C2S("QUIT\r\n"),
	};
	struct talking x;

	(void)state;
	turns_say(&x, client, N(client), false);
	assert_int_equal(x.all.requests, 5);
	talking_end(&x);
}

static void what_is_none(void **state)
{
	(void)state;
	turns_none(not, N(not), false);
}

static void segments(void **state)
{
	(void)state;
	turns_any_segments(talk, N(talk));
}

static void hostile(void **state)
{
	(void)state;
	turns_hostile(talk, N(talk), false, APP_SMTP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_exchange),
		cmocka_unit_test(told_by_the_client),
		cmocka_unit_test(tls_begins),
		cmocka_unit_test(for_people),
		cmocka_unit_test(half),
		cmocka_unit_test(what_is_none),
		cmocka_unit_test(segments),
		cmocka_unit_test(hostile),
	};

	return cmocka_run_group_tests_name("smtp", tests, NULL, NULL);
}
