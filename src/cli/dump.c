/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flowdrill dump FILE.idx|FILE.pcapng */
#include "base/io.h"
#include "base/text.h"
#include "cli/command.h"
#include "store/check.h"

#include <stdio.h>
#include <string.h>

static void on_line(void *ctx, const char *line)
{
	struct buf escaped;

	(void)ctx;
	buf_init(&escaped);
	text_escape(&escaped, line, strlen(line));
	puts(buf_text(&escaped));
	buf_free(&escaped);
}

static enum rc kind_of(const char *path, enum file_kind *kind, struct err *err)
{
	struct io_file *f;
	uint8_t bytes[16];
	size_t got = 0;
	enum rc rc = io_open(path, IO_READ, &f, err);

	if (rc != RC_DONE)
		return rc;
	rc = io_read(f, 0, bytes, sizeof(bytes), &got, err);
	io_close(f);
	*kind = file_kind(bytes, got);
	return rc;
}

enum rc command_dump(struct cli *c, struct err *err)
{
	const struct args *a = &c->args;
	bool deep = args_given(a, OPTION_DEEP);
	enum file_kind kind;

	if (a->n_words != 2)
		return err_set(err, RC_USAGE, "dump",
			"name one file: an .idx, a .pcapng or a pcap file");
	const char *path = a->words[1];
	enum rc rc = kind_of(path, &kind, err);
	if (rc != RC_DONE)
		return rc;
	if (kind == FILE_INDEX)
		rc = dump_index(path, deep, on_line, NULL, err);
	else if (kind == FILE_PCAP || kind == FILE_PCAPNG)
		rc = dump_capture(path, deep, on_line, NULL, err);
	else
		rc = err_set(err, RC_UNSUPPORTED, path, "no index and no capture file (%s)",
			file_kind_name(kind));
	if (rc == RC_DONE && (fflush(stdout) != 0 || ferror(stdout)))
		rc = err_errno(err, OUT_STDOUT, "cannot write");
	return rc;
}
