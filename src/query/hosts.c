/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "query/hosts.h"

#include "base/io.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

struct host {
	struct addr addr;
	size_t line;
	const char *name;            /* in the text */
};

struct hosts {
	char *text;
	struct host *v;              /* by address, then line */
	size_t n, cap;
};

static int by_addr(const void *va, const void *vb)
{
	const struct host *a = va, *b = vb;
	int cmp = addr_cmp(&a->addr, &b->addr);

	return cmp != 0 ? cmp : (a->line > b->line) - (a->line < b->line);
}

static enum rc take_line(struct hosts *h, char *line, size_t number, struct err *err)
{
	struct host host = { .line = number };
	char *rest = line, *word;

	line[strcspn(line, "#")] = '\0';
	word = strtok_r(line, " \t\r", &rest);
	host.name = word ? strtok_r(NULL, " \t\r", &rest) : NULL;
	if (!host.name || addr_parse(word, &host.addr, NULL) != RC_DONE)
		return RC_DONE;
	if (mem_grow(&h->v, &h->cap, h->n + 1, sizeof(*h->v)) != 0)
		return err_memory(err);
	h->v[h->n++] = host;
	return RC_DONE;
}

static enum rc take_lines(struct hosts *h, struct err *err)
{
	char *rest = h->text, *line;
	size_t number = 0;
	enum rc rc = RC_DONE;

	while (rc == RC_DONE && (line = strsep(&rest, "\n")))
		rc = take_line(h, line, number++, err);
	if (h->n > 1)
		qsort(h->v, h->n, sizeof(*h->v), by_addr);
	return rc;
}

static enum rc read_text(struct hosts *h, const char *path, struct err *err)
{
	struct io_file *f;
	size_t got = 0;
	enum rc rc = io_open(path, IO_READ, &f, err);

	if (rc != RC_DONE)
		return rc;
	h->text = mem_calloc(1, HOSTS_BYTES + 2);
	rc = h->text ? io_read(f, 0, h->text, HOSTS_BYTES + 1, &got, err) : err_memory(err);
	io_close(f);
	if (rc == RC_DONE && got > HOSTS_BYTES)
		rc = err_set(err, RC_LIMIT, path, "too long for a file of hosts");
	return rc;
}

enum rc hosts_read(const char *path, struct hosts **out, struct err *err)
{
	struct hosts *h = mem_calloc(1, sizeof(*h));
	enum rc rc = h ? read_text(h, path, err) : err_memory(err);

	if (rc == RC_DONE)
		rc = take_lines(h, err);
	if (rc != RC_DONE) {
		hosts_free(h);
		return rc;
	}
	*out = h;
	return RC_DONE;
}

void hosts_free(struct hosts *h)
{
	if (!h)
		return;
	mem_free(h->text);
	mem_free(h->v);
	mem_free(h);
}

const char *hosts_find(const struct hosts *h, const struct addr *a)
{
	size_t from = 0, to = h->n;

	while (from < to) {
		size_t mid = from + (to - from) / 2;

		if (addr_cmp(&h->v[mid].addr, a) < 0)
			from = mid + 1;
		else
			to = mid;
	}
	return from < h->n && addr_equal(&h->v[from].addr, a) ? h->v[from].name : NULL;
}
