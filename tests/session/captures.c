/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "captures.h"

#include "file/kind.h"

#include <ftw.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct captures *found;

static bool is_capture(const char *path)
{
	unsigned char bytes[16];
	FILE *f = fopen(path, "rb");
	size_t n = f ? fread(bytes, 1, sizeof(bytes), f) : 0;

	if (f)
		fclose(f);
	enum file_kind kind = file_kind(bytes, n);
	return kind == FILE_PCAP || kind == FILE_PCAPNG || kind == FILE_GZIP || kind == FILE_ZSTD;
}

static int visit(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	if (kind != FTW_F || !is_capture(path))
		return 0;
	found->paths = realloc(found->paths, (found->n + 1) * sizeof(char *));
	assert_non_null(found->paths);
	found->paths[found->n++] = strdup(path);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void captures_find(struct captures *out)
{
	const char *dir = getenv("FLOWDRILL_CAPTURES"), *top = getenv("top_srcdir");
	char samples[4096];

	memset(out, 0, sizeof(*out));
	found = out;
	if (dir)
		nftw(dir, visit, 16, FTW_PHYS);
	else
		printf("FLOWDRILL_CAPTURES is not set: only the samples are tried\n");
	snprintf(samples, sizeof(samples), "%s/samples", top ? top : ".");
	nftw(samples, visit, 16, FTW_PHYS);
	if (out->n > 1)
		qsort(out->paths, out->n, sizeof(*out->paths), by_name);
	printf("%zu captures\n", out->n);
}

void captures_free(struct captures *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->paths[i]);
	free(c->paths);
}

void captures_make_dir(char *path, size_t size)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(path, size, "%s/flowdrill-test-XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(path));
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

void captures_remove_dir(const char *path)
{
	nftw(path, remove_one, 16, FTW_PHYS | FTW_DEPTH);
}

void *captures_read_file(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");

	if (!f)
		fail_msg("cannot open %s", path);
	fseek(f, 0, SEEK_END);
	*len = (size_t)ftell(f);
	rewind(f);
	void *bytes = malloc(*len + 1);
	assert_non_null(bytes);
	assert_int_equal(fread(bytes, 1, *len, f), *len);
	fclose(f);
	return bytes;
}

bool captures_is_said(const struct field *f, enum tier tier)
{
	static const char *const said[] = { "app", "name", "url", "status", "info" };

	for (size_t i = 0; tier == TIER_PACKET && i < sizeof(said) / sizeof(said[0]); i++)
		if (strcmp(f->name, said[i]) == 0)
			return true;
	return false;
}
