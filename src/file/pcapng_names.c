/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Name resolution blocks (draft section 4.5): records of an address and its names, each with a zero behind. */
#include "file/pcapng.h"

#include <string.h>

enum { RECORD_END = 0, RECORD_IPV4 = 1, RECORD_IPV6 = 2, RECORD_EUI48 = 3 };

void pcapng_names_init(struct pcapng_names *n, const uint8_t *body, size_t len, bool big_endian)
{
	*n = (struct pcapng_names){ .big_endian = big_endian };
	cursor_init(&n->c, body, len);
}

/* To the next record of a kind that has an address; false behind the last. */
static bool next_record(struct pcapng_names *n)
{
	static const uint8_t lengths[] = { [RECORD_IPV4] = 4, [RECORD_IPV6] = 16, [RECORD_EUI48] = 6 };

	for (;;) {
		const uint8_t *head = cursor_bytes(&n->c, 4), *value;
		uint16_t type, len;

		if (!head)
			return false;
		type = n->big_endian ? load_be16(head) : load_le16(head);
		len = n->big_endian ? load_be16(head + 2) : load_le16(head + 2);
		value = cursor_bytes(&n->c, len);
		if (type == RECORD_END || !value) {
			cursor_limit(&n->c, 0);
			return false;
		}
		if (len % 4 != 0)
			cursor_skip(&n->c, 4 - len % 4u);
		if (type > RECORD_EUI48 || len <= lengths[type])
			continue;
		n->addr = value;
		n->addr_len = lengths[type];
		cursor_init(&n->names, value + n->addr_len, len - n->addr_len);
		return true;
	}
}

bool pcapng_names_next(struct pcapng_names *n, const char **name, size_t *len)
{
	for (;;) {
		const uint8_t *from = n->names.data + n->names.pos, *end;
		size_t left = cursor_left(&n->names);

		if (!n->addr || left == 0) {
			if (!next_record(n))
				return false;
			continue;
		}
		end = memchr(from, 0, left);
		*name = (const char *)from;
		*len = end ? (size_t)(end - from) : left;
		cursor_skip(&n->names, end ? *len + 1 : left);
		if (*len > 0)
			return true;
	}
}
