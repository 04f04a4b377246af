/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flow/mark.h"

#include <stdio.h>

static const char *const names[PACKET_MARKS] = {
	[MARK_RETRANS] = "retrans",
	[MARK_FAST_RETRANS] = "fast_retrans",
	[MARK_SPURIOUS_RETRANS] = "spurious_retrans",
	[MARK_OUT_OF_ORDER] = "out_of_order",
	[MARK_LOST_SEGMENT] = "lost_segment",
	[MARK_ACK_LOST_SEGMENT] = "ack_lost_segment",
	[MARK_DUP_ACK] = "dup_ack",
	[MARK_KEEP_ALIVE] = "keep_alive",
	[MARK_KEEP_ALIVE_ACK] = "keep_alive_ack",
	[MARK_ZERO_WINDOW] = "zero_window",
	[MARK_ZERO_WINDOW_PROBE] = "zero_window_probe",
	[MARK_ZERO_WINDOW_PROBE_ACK] = "zero_window_probe_ack",
	[MARK_WINDOW_FULL] = "window_full",
	[MARK_WINDOW_UPDATE] = "window_update",
	[MARK_PORT_REUSE] = "port_reuse",
	[MARK_OVERLAP] = "overlap",
	[MARK_DUPLICATE] = "duplicate",
	[MARK_BAD_SACK] = "bad_sack",
	[MARK_RESPONSE_START] = "response_start",
	[MARK_ERRORS] = "errors",
	[MARK_REFUSALS] = "refusals",
	[MARK_RTP_GAPS] = "rtp_gaps",
	[MARK_RTP_REORDERED] = "rtp_reordered",
	[MARK_RTP_DUPLICATES] = "rtp_duplicates",
};

const char *packet_mark_name(enum packet_mark m)
{
	return m < PACKET_MARKS ? names[m] : NULL;
}

size_t packet_marks_format(char *out, size_t size, uint32_t marks)
{
	size_t len = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < PACKET_MARKS; i++) {
		if (!(marks & MARK_BIT(i)))
			continue;
		int n = snprintf(out + len, size - len, "%s%s", len ? "," : "", names[i]);
		if (n < 0 || (size_t)n >= size - len)
			return size - 1;
		len += (size_t)n;
	}
	return len;
}
