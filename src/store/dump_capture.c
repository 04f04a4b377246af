/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a capture file says, block by block or record by record. */
#include "base/io.h"
#include "base/mem.h"
#include "base/text.h"
#include "file/kind.h"
#include "file/pcap.h"
#include "file/pcapng.h"
#include "store/dump_say.h"

#include <inttypes.h>
#include <stdio.h>

enum { WINDOW = 1 << 20 };

/* A file read forwards through a window that grows for a long block. */
struct window {
	struct io_file *file;
	uint64_t size;
	uint8_t *bytes;
	size_t cap;
	uint64_t at; /* of the window's first byte */
	size_t len;
};

/* Bytes from `at` on: at least `need`, fewer only at the end of the file. */
static enum rc window_get(struct window *w, uint64_t at, size_t need, const uint8_t **bytes,
	size_t *avail, struct err *err)
{
	uint64_t left = at < w->size ? w->size - at : 0;
	enum rc rc = RC_DONE;

	if (need > left)
		need = (size_t)left;
	if (at < w->at || at + need > w->at + w->len) {
		if (mem_grow(&w->bytes, &w->cap, need > WINDOW ? need : WINDOW, 1) != 0)
			return err_memory(err);
		w->at = at;
		rc = io_read(w->file, at, w->bytes, w->cap, &w->len, err);
		if (rc != RC_DONE)
			return rc;
	}
	*bytes = w->bytes + (at - w->at);
	*avail = w->len - (size_t)(at - w->at);
	return RC_DONE;
}

/* ---- pcapng ----------------------------------------------------------------------------- */

enum { KINDS = 11 };

struct pcapng_dump {
	const struct dump *d;
	bool big_endian;
	uint32_t interfaces; /* of the section */
	uint32_t first_snaplen;
	uint64_t blocks[KINDS], bytes[KINDS];
	uint64_t packets;
};

static const struct {
	uint32_t type;
	const char *name;
} block_kinds[KINDS] = {
	{ PCAPNG_SHB, "section header" },
	{ PCAPNG_IDB, "interface description" },
	{ PCAPNG_EPB, "enhanced packet" },
	{ PCAPNG_SPB, "simple packet" },
	{ PCAPNG_OPB, "packet (obsolete)" },
	{ PCAPNG_NRB, "name resolution" },
	{ PCAPNG_ISB, "interface statistics" },
	{ PCAPNG_DSB, "decryption secrets" },
	{ PCAPNG_CB, "custom" },
	{ PCAPNG_CB_NOCOPY, "custom (not to be copied)" },
	{ 0, "unknown" },
};

static unsigned kind_of(uint32_t type)
{
	unsigned i = 0;

	while (block_kinds[i].type && block_kinds[i].type != type)
		i++;
	return i;
}

static void say_interface(struct pcapng_dump *p, const struct pcapng_block *b, uint64_t at)
{
	struct pcapng_interface i;
	char name[128];

	if (pcapng_parse_interface(b, p->big_endian, p->d->path, at, &i, NULL) != RC_DONE)
		return;
	if (p->interfaces == 0)
		p->first_snaplen = i.snaplen;
	text_escape_to(name, sizeof(name), i.name ? (const char *)i.name : "", i.name_len);
	dump_say(p->d,
		"  interface %" PRIu32 " at %" PRIu64 ": link type %" PRIu32
		", snap length %" PRIu32 ", time resolution %u, offset %" PRId64 " s%s%s",
		p->interfaces, at, i.linktype, i.snaplen, i.tsresol, i.tsoffset_s,
		*name ? ", " : "", name);
	p->interfaces++;
}

static void say_packet(struct pcapng_dump *p, const struct pcapng_block *b, uint64_t at)
{
	struct pcapng_packet k;

	p->packets++;
	if (!p->d->deep ||
		pcapng_parse_packet(b, p->big_endian, p->first_snaplen, p->d->path, at, &k,
			NULL) != RC_DONE)
		return;
	dump_say(p->d,
		"    packet %" PRIu64 ": interface %" PRIu32 ", time stamp %" PRIu64
		"%s, %" PRIu32 " of %" PRIu32 " bytes, %zu bytes of options",
		p->packets, k.interface, k.timestamp, k.has_time ? "" : " (none)", k.caplen,
		k.len, k.options_len);
}

static void say_block(struct pcapng_dump *p, const struct pcapng_block *b, uint64_t at)
{
	unsigned kind = kind_of(b->type);

	p->blocks[kind]++;
	p->bytes[kind] += b->total_len;
	if (p->d->deep)
		dump_say(p->d, "  %12" PRIu64 "  %8" PRIu32 "  0x%08" PRIx32 "  %s", at,
			b->total_len, b->type, block_kinds[kind].name);
	if (b->type == PCAPNG_SHB) {
		p->interfaces = 0;
		dump_say(p->d, "  section at %" PRIu64 ", %s-endian", at,
			p->big_endian ? "big" : "little");
	} else if (b->type == PCAPNG_IDB) {
		say_interface(p, b, at);
	} else if (b->type == PCAPNG_EPB || b->type == PCAPNG_SPB || b->type == PCAPNG_OPB) {
		say_packet(p, b, at);
	}
}

static void say_kinds(const struct pcapng_dump *p, uint64_t size)
{
	dump_say(p->d, "  %-26s %12s %14s %7s", "kind of block", "number", "bytes", "share");
	for (unsigned i = 0; i < KINDS; i++)
		if (p->blocks[i])
			dump_say(p->d, "  %-26s %12" PRIu64 " %14" PRIu64 " %5.1f %%",
				block_kinds[i].name, p->blocks[i], p->bytes[i],
				size ? 100.0 * (double)p->bytes[i] / (double)size : 0.0);
	dump_say(p->d, "  packets %" PRIu64, p->packets);
}

/*
 * The block at `at`, read whole. RC_END at the end of the file, RC_CUT_SHORT where it ends
 * within the block.
 */
static enum rc next_block(struct pcapng_dump *p, struct window *w, uint64_t at,
	struct pcapng_block *b, struct err *err)
{
	const uint8_t *bytes;
	size_t avail = 0;
	enum rc rc;

	b->total_len = 0;
	if (at >= w->size)
		return RC_END;
	rc = window_get(w, at, PCAPNG_BLOCK_MIN, &bytes, &avail, err);
	if (rc == RC_DONE)
		rc = pcapng_parse_block(bytes, avail, &p->big_endian, p->d->path, at, b, err);
	if (rc == RC_CUT_SHORT && b->total_len > avail) {
		rc = window_get(w, at, b->total_len, &bytes, &avail, err);
		if (rc == RC_DONE)
			rc = pcapng_parse_block(
				bytes, avail, &p->big_endian, p->d->path, at, b, err);
	}
	return rc;
}

static enum rc dump_pcapng(const struct dump *d, struct window *w, struct err *err)
{
	struct pcapng_dump p = { .d = d };
	struct pcapng_block b;
	uint64_t at = 0;
	enum rc rc;

	dump_say(d, "pcapng, %" PRIu64 " bytes", w->size);
	while ((rc = next_block(&p, w, at, &b, err)) == RC_DONE) {
		say_block(&p, &b, at);
		at += b.total_len;
	}
	say_kinds(&p, w->size);
	if (rc == RC_CUT_SHORT)
		dump_say(d, "  cut short: the block at %" PRIu64 " is incomplete", at);
	return rc == RC_END || rc == RC_CUT_SHORT ? RC_DONE : rc;
}

/* ---- pcap ------------------------------------------------------------------------------- */

static void say_format(const struct dump *d, const struct pcap_format *f, uint64_t size)
{
	dump_say(d,
		"pcap %u.%u, %" PRIu64 " bytes, %s-endian, %s, link type %" PRIu32
		", snap length %" PRIu32 ", record headers of %u bytes",
		f->major, f->minor, size, f->big_endian ? "big" : "little",
		f->nanoseconds ? "nanoseconds" : "microseconds", f->linktype, f->snaplen,
		f->record_header);
}

static void say_record(
	const struct dump *d, const struct pcap_record *r, uint64_t n, uint64_t at)
{
	char time[TEXT_TIME];

	if (!d->deep)
		return;
	text_time(time, sizeof(time), r->time_ns);
	dump_say(d, "  %12" PRIu64 "  packet %" PRIu64 "  %s  %" PRIu32 " of %" PRIu32 " bytes",
		at, n, time, r->caplen, r->len);
}

/* Records up to the end; *at is where the one is that is cut or damaged. */
static enum rc dump_records(const struct dump *d, struct window *w, const struct pcap_format *f,
	uint64_t *at, uint64_t *packets, uint64_t *bytes, struct err *err)
{
	while (*at < w->size) {
		struct pcap_record r;
		const uint8_t *header;
		size_t avail;
		enum rc rc = window_get(w, *at, f->record_header, &header, &avail, err);

		if (rc != RC_DONE)
			return rc;
		if (avail < f->record_header)
			return RC_CUT_SHORT;
		pcap_parse_record(f, header, &r);
		if (!pcap_record_plausible(f, &r))
			return err_damaged(err, d->path, *at,
				"a record of %" PRIu32 " bytes cannot be", r.caplen);
		if (r.caplen > w->size - *at - f->record_header)
			return RC_CUT_SHORT;
		++*packets;
		*bytes += r.len;
		say_record(d, &r, *packets, *at);
		*at += f->record_header + r.caplen;
	}
	return RC_DONE;
}

static enum rc dump_pcap(const struct dump *d, struct window *w, struct err *err)
{
	uint64_t at = PCAP_HEADER, packets = 0, bytes = 0;
	struct pcap_format f;
	const uint8_t *header;
	size_t avail;
	enum rc rc = window_get(w, 0, PCAP_HEADER, &header, &avail, err);

	if (rc == RC_DONE && avail < PCAP_HEADER)
		rc = err_damaged(err, d->path, 0, "the file ends in its header");
	if (rc == RC_DONE)
		rc = pcap_parse_header(header, d->path, &f, err);
	if (rc != RC_DONE)
		return rc;
	say_format(d, &f, w->size);
	rc = dump_records(d, w, &f, &at, &packets, &bytes, err);
	dump_say(d, "  packets %" PRIu64 ", bytes on the wire %" PRIu64, packets, bytes);
	if (rc == RC_CUT_SHORT)
		dump_say(d, "  cut short: the record at %" PRIu64 " is incomplete", at);
	return rc == RC_CUT_SHORT ? RC_DONE : rc;
}

static enum rc dump_any(const struct dump *d, struct window *w, struct err *err)
{
	const uint8_t *bytes;
	size_t avail;
	enum file_kind kind;
	enum rc rc = window_get(w, 0, 32, &bytes, &avail, err);

	if (rc != RC_DONE)
		return rc;
	kind = file_kind(bytes, avail);
	if (kind == FILE_PCAPNG)
		return dump_pcapng(d, w, err);
	if (kind == FILE_PCAP)
		return dump_pcap(d, w, err);
	return err_set(err, RC_UNSUPPORTED, d->path, "%s is not a pcap or pcapng file",
		file_kind_name(kind));
}

enum rc dump_capture(const char *path, bool deep, dump_line line, void *ctx, struct err *err)
{
	struct dump d = { .path = path, .deep = deep, .line = line, .ctx = ctx };
	struct window w = { 0 };
	enum rc rc = io_open(path, IO_READ, &w.file, err);

	if (rc != RC_DONE)
		return rc;
	rc = io_size(w.file, &w.size, err);
	if (rc == RC_DONE)
		rc = dump_any(&d, &w, err);
	mem_free(w.bytes);
	io_close(w.file);
	return rc;
}
