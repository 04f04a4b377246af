/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flow/packet.h"
#include "flow/proto.h"

#include <stdio.h>

static int info_tcp(char *out, size_t size, const struct packet *p)
{
	char flags[64], ack[24] = "";

	tcp_flags_format(flags, sizeof(flags), p->tcp_flags);
	if (p->tcp_flags & TCP_ACK)
		snprintf(ack, sizeof(ack), " ack %u", p->tcp_ack);
	return snprintf(out, size, "[%s] seq %u%s win %u len %u", flags, p->tcp_seq, ack, p->tcp_window,
		p->payload_len);
}

static int info_icmp(char *out, size_t size, const struct packet *p)
{
	const char *name = icmp_type_name(p->proto, p->icmp_type);

	if (!name)
		return snprintf(out, size, "type %u code %u", p->icmp_type, p->icmp_code);
	if (p->flags & PACKET_ICMP_ECHO)
		return snprintf(out, size, "%s id %u seq %u", name, p->tcp_seq >> 16, p->tcp_seq & 0xffff);
	return snprintf(out, size, p->icmp_code ? "%s, code %u" : "%s", name, p->icmp_code);
}

static int info_other(char *out, size_t size, const struct packet *p)
{
	char name[48];

	proto_format(name, sizeof(name), p->proto);
	if (p->flags & PACKET_FRAGMENT_LATER)
		return snprintf(out, size, "%s fragment id 0x%x len %u", name, p->fragment_id, p->payload_len);
	if (p->flags & PACKET_UNDECODED)
		return snprintf(out, size, "%s, not decoded", name);
	return snprintf(out, size, "%s len %u", name, p->payload_len);
}

size_t packet_info(char *out, size_t size, const struct packet *p)
{
	int n;

	if (size == 0)
		return 0;
	if (p->flags & PACKET_FRAGMENT_LATER)
		n = info_other(out, size, p);
	else if (p->flags & PACKET_HAS_TCP)
		n = info_tcp(out, size, p);
	else if (p->flags & PACKET_HAS_ICMP)
		n = info_icmp(out, size, p);
	else
		n = info_other(out, size, p);
	if (n > 0 && (size_t)n < size && (p->flags & PACKET_MALFORMED))
		n += snprintf(out + n, size - (size_t)n, " [malformed]");
	if (n < 0)
		n = 0;
	return (size_t)n < size ? (size_t)n : size - 1;
}
