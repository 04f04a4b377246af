/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/parser.h"

extern const struct app_parser dhcp_parser, dns_parser, dtls_parser, ftp_parser, http2_parser, http_parser, imap_parser,
	mdns_parser, mysql_parser, ntp_parser, pop3_parser, postgresql_parser, quic_parser, redis_parser, rtcp_parser,
	rtp_parser, sip_parser, smb_parser, smtp_parser, ssh_parser, tls_parser;

/* A line for each parser that is built in; in the order in which a talk asks them. */
static const struct app_parser *const parsers[APPS] = {
	[APP_HTTP] = &http_parser,
	[APP_HTTP2] = &http2_parser,
	[APP_TLS] = &tls_parser,
	[APP_DTLS] = &dtls_parser,
	[APP_SSH] = &ssh_parser,
	[APP_SMTP] = &smtp_parser,
	[APP_IMAP] = &imap_parser,
	[APP_POP3] = &pop3_parser,
	[APP_FTP] = &ftp_parser,
	[APP_QUIC] = &quic_parser,
	[APP_POSTGRESQL] = &postgresql_parser,
	[APP_MYSQL] = &mysql_parser,
	[APP_REDIS] = &redis_parser,
	[APP_SMB] = &smb_parser,
	[APP_NTP] = &ntp_parser,
	[APP_DHCP] = &dhcp_parser,
	[APP_DNS] = &dns_parser,
	[APP_MDNS] = &mdns_parser,
	[APP_SIP] = &sip_parser,
	[APP_RTP] = &rtp_parser,
	[APP_RTCP] = &rtcp_parser,
};

const struct app_parser *app_parser(enum app a)
{
	return a < APPS ? parsers[a] : NULL;
}

void parse_tell(const struct parse_out *out, const char *what)
{
	if (!out->info)
		return;
	if (out->info->len > 0)
		buf_put_str(out->info, ", ");
	buf_put_str(out->info, what);
}
