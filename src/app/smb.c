/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SMB 1, 2 and 3 (MS-CIFS, MS-SMB2) in NetBIOS sessions (RFC 1002): headers alone, the messages are passed over. name is the server
 * of a tree that is connected to. What is encrypted or compressed is passed over.
 *
 * The server failed where the status is one of failed[]: no memory, no room, device and network errors. Every other status of severity
 * error refuses, but those of an ordinary course: more is to come (0xc0000016), the end of a file, nothing there, cancelled.
 */
#include "app/parser.h"

#include "base/cursor.h"
#include "base/text.h"

#include <string.h>

enum { NBSS = 4, SMB1_HEAD = 32, SMB2_HEAD = 64, SERVER_LONGEST = 64, TREE_BODY = 8, PATH_READ = 4 * SERVER_LONGEST };

enum { TREE_CONNECT = 3, CANCEL = 12 };

struct smb_state {
	uint32_t left[2];            /* bytes of the message of which an SMB 2 header comes next (compounds) */
};
_Static_assert(sizeof(struct smb_state) <= PARSE_STATE, "fits");

enum smb_kind { SMB_NONE, SMB_1, SMB_2, SMB_ENCRYPTED, SMB_COMPRESSED };

/* What a message's first bytes are; n of at least 8. */
static enum smb_kind kind_of(const uint8_t *p, size_t n)
{
	if (n < 8 || p[1] != 'S' || p[2] != 'M' || p[3] != 'B')
		return SMB_NONE;
	switch (p[0]) {
	case 0xff:
		return SMB_1;
	case 0xfe:
		return load_le16(p + 4) == SMB2_HEAD ? SMB_2 : SMB_NONE;
	case 0xfd:
		return SMB_ENCRYPTED;
	case 0xfc:
		return SMB_COMPRESSED;
	}
	return SMB_NONE;
}

static const char *const commands2[] = {
	"Negotiate", "Session setup", "Logoff", "Tree connect", "Tree disconnect", "Create", "Close", "Flush", "Read", "Write",
	"Lock", "Ioctl", "Cancel", "Echo", "Query directory", "Change notify", "Query info", "Set info", "Oplock break",
};

static const char *command1(uint8_t command)
{
	static const struct { uint8_t command; const char *name; } names[] = {
		{0x04, "Close"}, {0x25, "Transaction"}, {0x2b, "Echo"}, {0x2d, "Open"}, {0x2e, "Read"}, {0x2f, "Write"},
		{0x32, "Transaction 2"}, {0x71, "Tree disconnect"}, {0x72, "Negotiate"}, {0x73, "Session setup"}, {0x74, "Logoff"},
		{0x75, "Tree connect"}, {0xa0, "NT transaction"}, {0xa2, "NT create"}, {0xa4, "NT cancel"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].command == command)
			return names[i].name;
	return "Command";
}

/* ---- status -------------------------------------------------------------------------------- */

static const char *status_name(uint32_t status)
{
	static const struct { uint32_t status; const char *name; } names[] = {
		{0xc0000016, "more processing required"}, {0xc0000022, "access denied"}, {0xc000006d, "logon failure"},
		{0xc0000034, "object name not found"}, {0xc000003a, "object path not found"}, {0xc000000f, "no such file"},
		{0xc0000035, "object name collision"}, {0xc0000043, "sharing violation"}, {0xc00000cc, "bad network name"},
		{0xc0000011, "end of file"}, {0xc0000120, "cancelled"}, {0xc000007f, "disk full"}, {0xc0000225, "not found"},
		{0xc00000bb, "not supported"}, {0xc000000d, "invalid parameter"}, {0xc000009a, "insufficient resources"},
		{0xc0000010, "invalid device request"}, {0xc0000001, "unsuccessful"}, {0xc0000033, "object name invalid"},
		{0xc0000054, "file lock conflict"}, {0xc0000055, "lock not granted"}, {0xc0000056, "delete pending"},
		{0xc0000071, "password expired"}, {0xc0000072, "account disabled"}, {0xc00000ba, "file is a directory"},
		{0xc00000c9, "network name deleted"}, {0xc0000101, "directory not empty"}, {0xc0000103, "not a directory"},
		{0xc0000121, "cannot delete"}, {0xc0000128, "file closed"}, {0xc0000203, "user session deleted"},
		{0xc0000257, "path not covered"}, {0x80000006, "no more files"}, {0x80000005, "buffer overflow"}, {0x00000103, "pending"}, {0xc0000234, "account locked out"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].status == status)
			return names[i].name;
	return NULL;
}

static void count_status(uint32_t status, const struct parse_out *out)
{
	static const uint32_t failed[] = {
		0xc0000001, 0xc0000017, 0xc0000032, 0xc000003e, 0xc000003f, 0xc000007f, 0xc000009a, 0xc000009c, 0xc000009d, 0xc00000a3,
		0xc00000b5, 0xc00000bf, 0xc00000c3, 0xc00000c9, 0xc00000d0, 0xc00000e5, 0xc00000e9, 0xc0000102, 0xc0000185, 0xc0000205,
		0xc000020c, 0xc000026e,
	};
	static const uint32_t ordinary[] = {0xc0000016, 0xc0000011, 0xc0000120};

	if (status >> 30 != 3)
		return;
	for (size_t i = 0; i < sizeof(ordinary) / sizeof(ordinary[0]); i++)
		if (ordinary[i] == status)
			return;
	for (size_t i = 0; i < sizeof(failed) / sizeof(failed[0]); i++)
		if (failed[i] == status) {
			out->said->errors++;
			return;
		}
	out->said->refusals++;
}

static void tell(const struct parse_out *out, const char *command, bool is_response, uint32_t status)
{
	if (!out->info || out->info->len > 0)
		return;
	buf_put_str(out->info, command);
	buf_put_str(out->info, is_response ? " response" : " request");
	if (!is_response || status == 0)
		return;
	if (status_name(status))
		buf_printf(out->info, ": %s", status_name(status));
	else
		buf_printf(out->info, ": status 0x%08x", (unsigned)status);
}

/* ---- messages ------------------------------------------------------------------------------ */

static void header1(const uint8_t *p, const struct parse_out *out)
{
	bool is_response = p[9] & 0x80, nt = load_le16(p + 10) & 0x4000;
	uint32_t status = load_le32(p + 5);

	tell(out, command1(p[4]), is_response, nt ? status : 0);
	if (!is_response) {
		out->said->requests += p[4] != 0xa4;
		return;
	}
	out->said->responses++;
	if (nt)
		count_status(status, out);
	else if (p[5] == 3)              /* of a device */
		out->said->errors++;
	else
		out->said->refusals += p[5] != 0;
}

/* The server of a path like \\server\share, in UTF-16; ASCII alone is taken. */
static void take_server(const uint8_t *p, size_t n, const struct parse_out *out)
{
	char server[SERVER_LONGEST];
	size_t len = 0;

	if (n < 6 || memcmp(p, "\\\0\\\0", 4) != 0)
		return;
	for (size_t at = 4; at + 1 < n; at += 2) {
		if (p[at] == '\\' && p[at + 1] == 0) {
			if (len > 0)
				out->said->name = said_put(out->said, server, len);
			return;
		}
		if (p[at + 1] != 0 || p[at] <= ' ' || p[at] >= 127 || len == SERVER_LONGEST)
			return;
		server[len++] = (char)p[at];
	}
}

/* Header of SMB 2 with `there` bytes of the message from it on. */
static void header2(const uint8_t *p, size_t there, const struct parse_out *out)
{
	uint16_t command = load_le16(p + 12);
	bool is_response = load_le32(p + 16) & 1;
	uint32_t status = load_le32(p + 8);

	tell(out, command < sizeof(commands2) / sizeof(commands2[0]) ? commands2[command] : "Command", is_response, status);
	if (is_response) {
		if (status == 0x103)         /* pending: the answer is still to come */
			return;
		out->said->responses++;
		count_status(status, out);
		return;
	}
	out->said->requests += command != CANCEL;
	if (command != TREE_CONNECT || there < SMB2_HEAD + TREE_BODY)
		return;
	size_t at = load_le16(p + SMB2_HEAD + 4), len = load_le16(p + SMB2_HEAD + 6);
	if (at >= SMB2_HEAD + TREE_BODY && at < there)
		take_server(p + at, len < there - at ? len : there - at, out);
}

/* Bytes that must be there of a message from this header on. */
static size_t to_read(const uint8_t *p, size_t n, uint32_t left)
{
	size_t most = SMB2_HEAD;

	if (n >= 14 && p[0] == 0xfe && load_le16(p + 12) == TREE_CONNECT)
		most = SMB2_HEAD + TREE_BODY + PATH_READ;
	else if (p[0] != 0xfe)
		most = p[0] == 0xff ? SMB1_HEAD : 8;
	return left < most ? left : most;
}

/* A header at p, `left` bytes of the message from there on, n of them here. */
static void take_header(struct smb_state *s, const struct parse_bytes *in, const uint8_t *p, size_t n, uint32_t left,
	struct parse_step *step, const struct parse_out *out)
{
	uint32_t go = left;

	s->left[in->dir] = 0;
	switch (kind_of(p, n)) {
	case SMB_NONE:
		step->lost = true;
		return;
	case SMB_1:
		if (n < SMB1_HEAD) {
			step->lost = true;
			return;
		}
		header1(p, out);
		break;
	case SMB_2: {
		if (n < SMB2_HEAD) {
			step->lost = true;
			return;
		}
		uint32_t next = load_le32(p + 20);
		header2(p, n < left ? n : left, out);
		if (next >= SMB2_HEAD && next < left && next % 8 == 0) {
			go = next;
			s->left[in->dir] = left - next;
		}
		break;
	}
	case SMB_ENCRYPTED:
	case SMB_COMPRESSED:
		if (out->info && out->info->len == 0)
			buf_put_str(out->info, p[0] == 0xfd ? "Encrypted" : "Compressed");
		break;
	}
	size_t there = n < go ? n : go;
	step->used += there;
	step->skip = go - there;
}

/* One message of a NetBIOS session, or the next header of a compound. */
static void take_message(struct smb_state *s, const struct parse_bytes *in, struct parse_step *step, const struct parse_out *out)
{
	const uint8_t *p = in->p + step->used;
	size_t n = in->n - step->used, head = s->left[in->dir] > 0 ? 0 : NBSS;
	uint32_t left = s->left[in->dir];

	if (n < head + 14) {
		step->need = head + 14;
		if (n < NBSS || head == 0)
			return;
	}
	if (head > 0) {
		left = load_be32(p) & 0x1ffff;
		if (p[0] == 0)
			left = load_be32(p) & 0xffffff;
		if (p[0] != 0) {         /* session requests, answers, keep alive: no SMB in them */
			step->need = 0;
			step->lost = p[0] < 0x81 || p[0] > 0x85 || left > 256;
			step->used += NBSS;
			step->skip = left;
			return;
		}
	}
	if (left < 14) {
		step->lost = true;
		return;
	}
	if (step->need > 0)
		return;
	size_t read = to_read(p + head, n - head, left);
	if (n - head < read) {
		step->need = head + read;
		return;
	}
	step->used += head;
	take_header(s, in, p + head, n - head < left ? n - head : left, left, step, out);
}

static void smb_stream(void *state, const struct parse_bytes *in, struct parse_step *step, const struct parse_out *out)
{
	while (step->used < in->n && step->skip == 0 && step->need == 0 && !step->lost) {
		take_message(state, in, step, out);
		size_t there = in->n - step->used, over = step->skip < there ? (size_t)step->skip : there;
		step->used += over;
		step->skip -= over;
	}
}

/* ---- finding it --------------------------------------------------------------------------- */

static enum parse_match smb_match(const struct parse_bytes *in)
{
	const uint8_t *p = in->p;
	size_t n = in->n;

	/* a session request, then SMB: its length is always 68 (two names of 34 bytes) */
	if (p[0] == 0x81 && (n < NBSS || load_be32(p) == 0x81000044)) {
		if (n <= NBSS + 68)
			return MATCH_MAYBE;
		p += NBSS + 68;
		n -= NBSS + 68;
	} else if (p[0] == 0x82 && (n < NBSS || load_be32(p) == 0x82000000)) {
		if (n <= NBSS)
			return MATCH_MAYBE;
		p += NBSS;
		n -= NBSS;
	}
	if (p[0] != 0)
		return MATCH_NO;
	if (n < NBSS + 8)
		return n <= NBSS || ((p[NBSS] | 3) == 0xff && (n < NBSS + 2 || p[NBSS + 1] == 'S')) ? MATCH_MAYBE : MATCH_NO;
	if (load_be32(p) < SMB1_HEAD)
		return MATCH_NO;
	return kind_of(p + NBSS, 8) != SMB_NONE ? MATCH_YES : MATCH_NO;
}

static bool smb_resync(void *state, const struct parse_bytes *in)
{
	struct smb_state *s = state;

	if (in->p[0] != 0 || smb_match(in) != MATCH_YES)
		return false;
	s->left[in->dir] = 0;
	return true;
}

/* ---- for people ----------------------------------------------------------------------------- */

static void smb_layers(const struct parse_bytes *in, uint32_t offset, const struct decode_sink *sink)
{
	char text[TEXT_NUMBER];
	const uint8_t *p = in->p + NBSS;
	uint32_t at = offset + NBSS;

	if (in->n < NBSS + SMB1_HEAD || in->p[0] != 0 || smb_match(in) != MATCH_YES)
		return;
	enum smb_kind kind = kind_of(p, in->n - NBSS);
	if (kind == SMB_2 && in->n < NBSS + SMB2_HEAD)
		return;
	uint32_t status = load_le32(p + (kind == SMB_2 ? 8 : 5)), end = load_be32(in->p) & 0xffffff;

	if (end > in->n - NBSS)
		end = (uint32_t)in->n - NBSS;
	sink->begin(sink->ctx, "smb", "Server Message Block", offset, NBSS + end);
	text_u128(text, sizeof(text), load_be32(in->p) & 0xffffff);
	sink->field(sink->ctx, "length", text, offset + 1, 3);
	if (kind == SMB_1 || kind == SMB_2) {
		uint16_t command = kind == SMB_2 ? load_le16(p + 12) : p[4];
		const char *name = kind == SMB_1 ? command1(p[4]) :
			command < sizeof(commands2) / sizeof(commands2[0]) ? commands2[command] : "Command";

		sink->field(sink->ctx, "version", kind == SMB_1 ? "1" : "2 or 3", at, 4);
		sink->field(sink->ctx, "command", name, at + (kind == SMB_2 ? 12 : 4), kind == SMB_2 ? 2 : 1);
		static const char digits[] = "0123456789abcdef";
		char hex[11] = "0x";
		for (int i = 0; i < 8; i++)
			hex[2 + i] = digits[status >> (28 - 4 * i) & 15];
		sink->field(sink->ctx, "status", hex, at + (kind == SMB_2 ? 8 : 5), 4);
	}
	sink->end(sink->ctx);
}

const struct app_parser smb_parser = {
	.app = APP_SMB, .match = smb_match, .stream = smb_stream, .resync = smb_resync, .layers = smb_layers,
};
