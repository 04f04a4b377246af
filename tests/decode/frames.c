/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "frames.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct test_frames frames;

static void stop(unsigned line, const char *why)
{
	fprintf(stderr, "TESTLIST:%u: %s\n", line, why);
	exit(EXIT_FAILURE);
}

static void read_hex(struct test_frame *f, const char *text, unsigned line)
{
	while (isxdigit((unsigned char)text[0]) && isxdigit((unsigned char)text[1])) {
		char byte[3] = { text[0], text[1], '\0' };

		if (f->len == FRAME_MAX)
			stop(line, "frame too long");
		f->data[f->len++] = (uint8_t)strtoul(byte, NULL, 16);
		text += 2;
	}
	if (*text != '\n' && *text != '\0')
		stop(line, "not hexadecimal");
}

static void read_name(struct test_frame *f, const char *text, unsigned line)
{
	char options[64];
	unsigned fcs = 0;

	if (sscanf(text, "%63s %u %63s", f->name, &f->linktype, options) != 3)
		stop(line, "name, link type and options expected");
	if (strcmp(options, "-") != 0 && sscanf(options, "fcs=%u", &fcs) != 1)
		stop(line, "unknown option");
	f->fcs_len = (uint8_t)fcs;
}

const struct test_frames *frames_load(void)
{
	const char *srcdir = getenv("top_srcdir");
	char path[4096], text[512];
	unsigned line = 0;
	FILE *in;

	if (frames.count)
		return &frames;
	snprintf(path, sizeof(path), "%s/tests/decode/TESTLIST", srcdir ? srcdir : ".");
	in = fopen(path, "r");
	if (!in)
		stop(0, "cannot be read");
	while (fgets(text, sizeof(text), in)) {
		line++;
		if (text[0] == '#' || text[0] == '\n')
			continue;
		if (text[0] != '\t') {
			if (frames.count == FRAME_COUNT_MAX)
				stop(line, "too many frames");
			read_name(&frames.at[frames.count++], text, line);
		} else if (frames.count) {
			read_hex(&frames.at[frames.count - 1], text + 1, line);
		}
	}
	fclose(in);
	if (!frames.count)
		stop(line, "no frames");
	return &frames;
}

const struct test_frame *frames_find(const char *name)
{
	const struct test_frames *all = frames_load();

	for (size_t i = 0; i < all->count; i++)
		if (strcmp(all->at[i].name, name) == 0)
			return &all->at[i];
	stop(0, name);
	return NULL;
}
