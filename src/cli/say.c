/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/say.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct {
	bool quiet;
	bool progress_shown;
} say;

void say_quiet(bool quiet)
{
	say.quiet = quiet;
}

void say_progress_end(void)
{
	if (say.progress_shown)
		fputs("\r\033[K", stderr);
	say.progress_shown = false;
}

static void say_line(const char *what, const char *place, const char *why)
{
	struct buf line;

	say_progress_end();
	buf_init(&line);
	text_escape(&line, what, strlen(what));
	buf_put_str(&line, ": ");
	buf_put_str(&line, place);
	text_escape(&line, why, strlen(why));
	fprintf(stderr, "flowdrill: %s\n", buf_text(&line));
	buf_free(&line);
}

void say_error(const struct err *err)
{
	bool is_text = err->rc == RC_SYNTAX || err->rc == RC_USAGE;
	char place[64] = "";

	/* people count columns from 1, bytes from 0 */
	if (err->has_offset)
		snprintf(place, sizeof(place),
			is_text ? "column %" PRIu64 ": " : "offset %" PRIu64 ": ",
			err->offset + is_text);
	say_line(err->what[0] ? err->what : "error", place,
		err->why[0] ? err->why : rc_text(err->rc));
}

void say_note(const char *what, const char *why)
{
	if (!say.quiet)
		say_line(what, "", why);
}

void say_progress(const char *doing, const char *path, uint64_t done, uint64_t total)
{
	char name[64];

	if (say.quiet || !isatty(STDERR_FILENO))
		return;
	text_escape_to(name, sizeof(name), path, strlen(path));
	if (total > 0)
		fprintf(stderr, "\r\033[Kflowdrill: %s %s %" PRIu64 " %%", doing, name,
			done >= total ? 100 : (uint64_t)((double)done * 100 / (double)total));
	else
		fprintf(stderr, "\r\033[Kflowdrill: %s %s", doing, name);
	fflush(stderr);
	say.progress_shown = true;
}
