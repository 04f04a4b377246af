/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/prompt_history.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/settings.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 4096, FILE_MAX_BYTES = 1 << 20 };

static void keep(struct history *h, const char *line)
{
	char *copy = mem_strdup(line);

	if (copy == NULL)
		return;
	if (h->n == HISTORY_MAX) {
		mem_free(h->lines[0]);
		memmove(h->lines, h->lines + 1, (HISTORY_MAX - 1) * sizeof(*h->lines));
		h->n--;
	}
	h->lines[h->n++] = copy;
}

static void rewrite(const struct history *h)
{
	struct buf text;

	buf_init(&text);
	for (size_t i = 0; i < h->n; i++)
		buf_printf(&text, "%s\n", h->lines[i]);
	settings_write(h->path, &text);
	buf_free(&text);
}

void history_load(struct history *h, const char *path)
{
	char line[LINE_MAX_BYTES];
	struct stat st;
	FILE *file;
	int fd;

	memset(h, 0, sizeof(*h));
	if (path == NULL)
		settings_path(h->path, sizeof(h->path), SETTINGS_STATE, "history");
	else
		snprintf(h->path, sizeof(h->path), "%s", path);
	if (h->path[0] == '\0')
		return;
	fd = open(h->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return;
	file = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? fdopen(fd, "r") : NULL;
	if (file == NULL) {
		close(fd);
		return;
	}
	while (fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] != '\0' && line[1] != '\0')
			keep(h, line);
	}
	fclose(file);
	if (st.st_size > FILE_MAX_BYTES)
		rewrite(h);
}

static void append(const struct history *h, const char *line)
{
	int fd;

	if (h->path[0] == '\0')
		return;
	settings_make_directories(h->path);
	fd = open(h->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
		0600);
	if (fd < 0)
		return;
	dprintf(fd, "%s\n", line);
	close(fd);
}

void history_add(struct history *h, char kind, const char *text)
{
	char line[LINE_MAX_BYTES];

	if (text[0] == '\0' || strlen(text) + 3 > sizeof(line) || strchr(text, '\n') != NULL)
		return;
	snprintf(line, sizeof(line), "%c%s", kind, text);
	for (size_t i = h->n; i > 0; i--)
		if (h->lines[i - 1][0] == kind) {
			if (strcmp(h->lines[i - 1], line) == 0)
				return;
			break;
		}
	keep(h, line);
	append(h, line);
}

void history_free(struct history *h)
{
	for (size_t i = 0; i < h->n; i++)
		mem_free(h->lines[i]);
	h->n = 0;
}
