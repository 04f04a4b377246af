/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/tls.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

static bool read_client(char transport, const uint8_t *p, size_t n, struct tls_client_hello *out)
{
	return transport == 'd' ? dtls_client_hello(p, n, out) : tls_client_hello(p, n, out);
}

static bool read_server(char transport, const uint8_t *p, size_t n, struct tls_server_hello *out)
{
	return transport == 'd' ? dtls_server_hello(p, n, out) : tls_server_hello(p, n, out);
}

/* ---- for people --------------------------------------------------------------------------- */

const char *tls_message_name(unsigned type)
{
	static const char *const names[] = {
		[0] = "Hello Request", [1] = "Client Hello", [2] = "Server Hello", [4] = "New Session Ticket",
		[5] = "End of Early Data", [8] = "Encrypted Extensions", [11] = "Certificate", [12] = "Server Key Exchange",
		[13] = "Certificate Request", [14] = "Server Hello Done", [15] = "Certificate Verify",
		[16] = "Client Key Exchange", [20] = "Finished", [21] = "Certificate URL", [22] = "Certificate Status",
		[23] = "Supplemental Data", [24] = "Key Update", [25] = "Compressed Certificate",
	};

	return type < sizeof(names) / sizeof(names[0]) ? names[type] : NULL;
}

void tls_tell_client(const struct parse_out *out, const struct tls_client_hello *hello)
{
	parse_tell(out, "Client Hello");
	if (!out->info || !hello->name.p)
		return;
	buf_put_str(out->info, " (SNI=");
	text_escape(out->info, hello->name.p, hello->name.len);
	buf_put_str(out->info, ")");
}

/* ---- messages -------------------------------------------------------------------------------- */

/* A message may have been put together where it does not stay. */
static struct said_text put_text(const struct parse_out *out, struct said_text t)
{
	return said_put(out->said, t.p, t.len);
}

void tls_say_client(const struct parse_out *out, const struct tls_client_hello *hello, char transport)
{
	char ja4[JA4_LENGTH + 1];

	out->said->requests++;
	out->said->name = put_text(out, hello->name);
	if (tls_ja4(hello, transport, ja4))
		out->said->ja4 = said_put(out->said, ja4, JA4_LENGTH);
}

bool tls_hear_client(struct tls_hellos *s, const uint8_t *p, size_t n, char transport, const struct parse_out *out)
{
	struct tls_client_hello hello;

	if (!read_client(transport, p, n, &hello))
		return false;
	tls_tell_client(out, &hello);
	if (s->asked)
		return true;
	s->asked = true;
	tls_say_client(out, &hello, transport);
	/* one of several that are offered is chosen later */
	if (hello.one_alpn && hello.alpn.len > 0) {
		out->said->alpn = put_text(out, hello.alpn);
	} else if (hello.alpn.len <= sizeof(s->alpn)) {
		s->alpn_len = (uint8_t)hello.alpn.len;
		if (hello.alpn.len > 0)
			memcpy(s->alpn, hello.alpn.p, hello.alpn.len);
	}
	return true;
}

bool tls_hear_server(struct tls_hellos *s, const uint8_t *p, size_t n, char transport, const struct parse_out *out)
{
	struct tls_server_hello hello;

	if (!read_server(transport, p, n, &hello))
		return false;
	s->retry = hello.retry;
	parse_tell(out, hello.retry ? "Hello Retry Request" : "Server Hello");
	if (hello.retry || s->answered)
		return true;
	s->answered = true;
	out->said->responses++;
	out->said->version = hello.version;
	if (hello.alpn.len > 0)
		out->said->alpn = put_text(out, hello.alpn);
	else if (tls_is_13(hello.version) && s->alpn_len > 0)      /* 1.3 says it behind the curtain */
		out->said->alpn = said_put(out->said, s->alpn, s->alpn_len);
	return true;
}

void tls_say_alert(const struct parse_out *out, unsigned description)
{
	enum { INTERNAL_ERROR = 80 };

	out->said->has_status = true;
	out->said->status = (uint16_t)description;
	if (description == INTERNAL_ERROR)
		out->said->errors++;
	else
		out->said->refusals++;
}

void tls_hear_alert(struct tls_hellos *s, const uint8_t *p, enum direction dir, const struct parse_out *out)
{
	enum { WARNING = 1, FATAL = 2 };
	const char *name = tls_alert_name(p[1]);

	if (p[0] != WARNING && p[0] != FATAL)
		return;
	parse_tell(out, "Alert ");
	if (out->info && name)
		buf_put_str(out->info, name);
	else if (out->info)
		buf_printf(out->info, "%u", p[1]);
	if (p[0] != FATAL || !name)
		return;
	if (dir == DIR_S2C) {
		out->said->responses += !s->answered;
		s->answered = true;
	}
	tls_say_alert(out, p[1]);
}

/* ---- layers ---------------------------------------------------------------------------------- */

static void show_text(const struct tls_showing *x, const uint8_t *base, const char *name, struct said_text t)
{
	char text[4 * SAID_MAX + 1];

	if (!t.p)
		return;
	text_escape_to(text, sizeof(text), t.p, t.len);
	x->sink->field(x->sink->ctx, name, text, x->offset + (uint32_t)((const uint8_t *)t.p - base), (uint32_t)t.len);
}

void tls_show_number(const struct tls_showing *x, const char *name, const char *known, unsigned v, uint32_t at, uint32_t len)
{
	char text[64];

	if (known)
		snprintf(text, sizeof(text), "%s (0x%04x)", known, v);
	else
		snprintf(text, sizeof(text), "0x%04x", v);
	x->sink->field(x->sink->ctx, name, text, x->offset + at, len);
}

void tls_show_hello(const struct tls_showing *x, unsigned type, const uint8_t *p, size_t n)
{
	struct tls_client_hello client;
	struct tls_server_hello server;
	char ja4[JA4_LENGTH + 1];

	if (type == TLS_CLIENT_HELLO && read_client(x->transport, p, n, &client)) {
		tls_show_number(x, "version", tls_version_name(client.version), client.version, 0, x->len);
		show_text(x, p, "server_name", client.name);
		show_text(x, p, "alpn", client.alpn);
		if (tls_ja4(&client, x->transport, ja4))
			x->sink->field(x->sink->ctx, "ja4", ja4, x->offset, x->len);
	} else if (type == TLS_SERVER_HELLO && read_server(x->transport, p, n, &server)) {
		tls_show_number(x, "version", tls_version_name(server.version), server.version, 0, x->len);
		show_text(x, p, "alpn", server.alpn);
	}
}
