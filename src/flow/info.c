/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/text.h"
#include "flow/packet.h"
#include "flow/proto.h"

#include <inttypes.h>
#include <stdio.h>

static int info_tcp(char *out, size_t size, const struct packet *p)
{
	char flags[64];

	tcp_flags_format(flags, sizeof(flags), p->tcp_flags);
	return snprintf(out, size, "%s seq %" PRIu32 " ack %" PRIu32 " win %u len %" PRIu32, flags,
		p->tcp_seq, p->tcp_ack, p->tcp_window, p->payload_len);
}

size_t packet_info(char *out, size_t size, const struct packet *p)
{
	char name[48];
	int n;

	proto_format(name, sizeof(name), p->proto);
	if (p->flags & PACKET_FRAGMENT_LATER)
		n = snprintf(out, size, "%s later fragment id 0x%" PRIx32, name, p->fragment_id);
	else if (p->flags & PACKET_HAS_TCP)
		n = info_tcp(out, size, p);
	else if (p->flags & PACKET_HAS_ICMP)
		n = snprintf(out, size, "%s type %u code %u", name, p->icmp_type, p->icmp_code);
	else if (p->flags & PACKET_UNDECODED)
		n = snprintf(out, size, "not decoded (%s)", name);
	else
		n = snprintf(out, size, "%s len %" PRIu32, name, p->payload_len);
	if (n > 0 && (size_t)n < size && (p->flags & PACKET_MALFORMED))
		n += snprintf(out + n, size - (size_t)n, " [malformed]");
	return n < 0 ? 0 : (size_t)n < size ? (size_t)n : size - 1;
}
