/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/trace.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const trace_names[TRACE_MODULES] = {
	[TRACE_BASE] = "base", [TRACE_FILE] = "file", [TRACE_DECODE] = "decode",
	[TRACE_CAPTURE] = "capture", [TRACE_STORE] = "store", [TRACE_TIER] = "tier",
	[TRACE_QUERY] = "query", [TRACE_SESSION] = "session", [TRACE_UI] = "ui",
};

static unsigned trace_mask;   /* one bit a module */
static int trace_fd = -1;

/* The bits of a comma-separated list of modules; names that are none are passed over. */
static unsigned trace_parse(const char *list, size_t len)
{
	unsigned mask = 0;

	while (len > 0) {
		const char *comma = memchr(list, ',', len);
		size_t n = comma ? (size_t)(comma - list) : len;

		if (n == 3 && memcmp(list, "all", 3) == 0)
			mask = (1u << TRACE_MODULES) - 1;
		for (unsigned m = 0; m < TRACE_MODULES; m++)
			if (strlen(trace_names[m]) == n && memcmp(list, trace_names[m], n) == 0)
				mask |= 1u << m;
		list += n;
		len -= n;
		if (comma) {
			list++;
			len--;
		}
	}
	return mask;
}

void trace_init(void)
{
	const char *spec = getenv("FLOWDRILL_TRACE");
	const char *colon = spec ? strchr(spec, ':') : NULL;

	trace_mask = 0;
	if (trace_fd >= 0)
		close(trace_fd);
	trace_fd = -1;
	if (!colon || colon[1] == '\0')
		return;
	trace_fd = open(colon + 1, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0600);
	if (trace_fd >= 0)
		trace_mask = trace_parse(spec, (size_t)(colon - spec));
}

bool trace_on(enum trace_module m)
{
	return trace_mask >> m & 1;
}

void trace_line(enum trace_module m, const char *fmt, ...)
{
	char line[1024];
	va_list ap;
	int head = snprintf(line, sizeof(line), "%s: ", trace_names[m]);
	int n;
	size_t len;

	if (head < 0)
		return;
	va_start(ap, fmt);
	n = vsnprintf(line + head, sizeof(line) - (size_t)head, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	len = (size_t)head + (size_t)n;
	if (len > sizeof(line) - 1)
		len = sizeof(line) - 1;
	line[len++] = '\n';
	/* one write a line; where the disk is full there is nobody to tell */
	if (write(trace_fd, line, len) < 0)
		return;
}
