/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/app.h"

#include "flow/packet.h"

#include <string.h>

static const char *const names[APPS] = {
	[APP_NONE] = "",
	[APP_HTTP] = "http", [APP_HTTP2] = "http2", [APP_TLS] = "tls", [APP_DTLS] = "dtls", [APP_QUIC] = "quic",
	[APP_DNS] = "dns", [APP_MDNS] = "mdns", [APP_NTP] = "ntp", [APP_DHCP] = "dhcp",
	[APP_SSH] = "ssh", [APP_SMTP] = "smtp", [APP_IMAP] = "imap", [APP_POP3] = "pop3", [APP_FTP] = "ftp",
	[APP_POSTGRESQL] = "postgresql", [APP_MYSQL] = "mysql", [APP_REDIS] = "redis", [APP_SMB] = "smb",
	[APP_SIP] = "sip", [APP_RTP] = "rtp", [APP_RTCP] = "rtcp",
};

/* IANA's numbers; TLS where only it is usual. */
static const struct guess { uint16_t port; uint8_t app; bool tcp, udp; } guesses[] = {
	{21, APP_FTP, true, false}, {22, APP_SSH, true, false}, {25, APP_SMTP, true, false},
	{53, APP_DNS, true, true}, {67, APP_DHCP, false, true}, {80, APP_HTTP, true, false},
	{110, APP_POP3, true, false}, {123, APP_NTP, false, true}, {143, APP_IMAP, true, false},
	{443, APP_TLS, true, false}, {443, APP_QUIC, false, true}, {445, APP_SMB, true, false},
	{465, APP_TLS, true, false}, {587, APP_SMTP, true, false}, {853, APP_TLS, true, false},
	{993, APP_TLS, true, false}, {995, APP_TLS, true, false}, {3306, APP_MYSQL, true, false},
	{5060, APP_SIP, true, true}, {5353, APP_MDNS, false, true}, {5432, APP_POSTGRESQL, true, false},
	{6379, APP_REDIS, true, false}, {8080, APP_HTTP, true, false},
};

void said_clear(struct said *s)
{
	memset(s, 0, offsetof(struct said, room));
}

struct said_text said_put(struct said *s, const void *bytes, size_t len)
{
	char *to = s->room + s->room_used;

	if (len > SAID_ROOM - (size_t)s->room_used)
		len = SAID_ROOM - (size_t)s->room_used;
	if (len > 0)
		memcpy(to, bytes, len);
	s->room_used = (uint16_t)(s->room_used + len);
	return (struct said_text){len > 0 ? to : NULL, len};
}

const char *app_name(enum app a)
{
	return a < APPS ? names[a] : "";
}

enum app app_find(const char *name, size_t len)
{
	for (unsigned a = APP_NONE + 1; a < APPS; a++)
		if (strlen(names[a]) == len && memcmp(names[a], name, len) == 0)
			return (enum app)a;
	return APP_NONE;
}

enum app app_of_port(uint32_t proto, uint16_t port)
{
	for (size_t i = 0; i < sizeof(guesses) / sizeof(guesses[0]); i++)
		if (guesses[i].port == port &&
			((proto == PROTO_TCP && guesses[i].tcp) || (proto == PROTO_UDP && guesses[i].udp)))
			return (enum app)guesses[i].app;
	return APP_NONE;
}
