/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "decode/layer.h"
#include "flow/proto.h"

#include <stdio.h>

static int tcp_info(char *out, size_t size, const struct packet *p)
{
	char flags[64], spaced[80];
	size_t n = 0;

	tcp_flags_format(flags, sizeof(flags), p->tcp_flags);
	for (size_t i = 0; flags[i] && n + 2 < sizeof(spaced); i++) {
		spaced[n++] = flags[i];
		if (flags[i] == ',')
			spaced[n++] = ' ';
	}
	spaced[n] = '\0';
	if (p->tcp_flags & TCP_ACK)
		return snprintf(out, size, "%u -> %u [%s] seq %u ack %u win %u len %u", p->src_port,
			p->dst_port, spaced, p->tcp_seq, p->tcp_ack, p->tcp_window, p->payload_len);
	return snprintf(out, size, "%u -> %u [%s] seq %u win %u len %u", p->src_port, p->dst_port,
		spaced, p->tcp_seq, p->tcp_window, p->payload_len);
}

static int icmp_info(char *out, size_t size, const struct packet *p)
{
	const char *name = icmp_type_name(p->proto, p->icmp_type);

	if (!name)
		return snprintf(out, size, "type %u code %u", p->icmp_type, p->icmp_code);
	if (layer_icmp_echo(p->proto, p->icmp_type))
		return snprintf(out, size, "%s id %u seq %u", name, p->tcp_seq >> 16,
			p->tcp_seq & 0xffff);
	return snprintf(out, size, p->icmp_code ? "%s, code %u" : "%s", name, p->icmp_code);
}

static int other_info(char *out, size_t size, const struct packet *p)
{
	char name[32];

	proto_format(name, sizeof(name), p->proto);
	if (p->flags & PACKET_FRAGMENT_LATER)
		return snprintf(out, size, "%s fragment id 0x%x len %u", name, p->fragment_id,
			p->payload_len);
	if (p->flags & PACKET_HAS_PORTS)
		return snprintf(out, size, "%u -> %u len %u", p->src_port, p->dst_port,
			p->payload_len);
	if (p->flags & PACKET_UNDECODED)
		return snprintf(out, size, "%s, not decoded", name);
	return snprintf(out, size, "%s len %u", name, p->payload_len);
}

size_t decode_info(char *out, size_t size, const struct packet *p)
{
	int n;

	if (size == 0)
		return 0;
	if (p->flags & PACKET_FRAGMENT_LATER)
		n = other_info(out, size, p);
	else if (p->flags & PACKET_HAS_TCP)
		n = tcp_info(out, size, p);
	else if (p->flags & PACKET_HAS_ICMP)
		n = icmp_info(out, size, p);
	else
		n = other_info(out, size, p);
	if (n < 0)
		n = 0;
	return (size_t)n < size ? (size_t)n : size - 1;
}
