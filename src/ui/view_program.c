/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a program says that was given packets: text to scroll and search through, as it comes. */
#include "base/mem.h"
#include "ui/pager.h"
#include "ui/program.h"
#include "ui/screen.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 4096, READ_MAX = 1 << 20 };

struct program_view {
	struct view view;
	struct pager pager;
	char line[LINE_MAX_BYTES]; /* that has not ended yet */
	size_t len;
	bool in_escape; /* within a sequence that would colour a terminal */
	int output; /* -1 when it has ended */
	pid_t pid; /* 0 when it is gone */
	int status;
	bool killed;
};

/* ---- what it says ------------------------------------------------------------------------- */

static void end_line(struct program_view *pv)
{
	pager_add(&pv->pager, PAGER_TEXT, pv->line, pv->len);
	pv->len = 0;
}

/* Colours are left out: ESC, '[', up to a letter. The canvas escapes whatever else would be obeyed. */
static void take_byte(struct program_view *pv, char c)
{
	if (pv->in_escape) {
		pv->in_escape = !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) && c != '\n';
		if (c != '\n')
			return;
	}
	if (c == '\033')
		pv->in_escape = true;
	else if (c == '\n')
		end_line(pv);
	else if (c != '\r' && c != '\0' && pv->len < sizeof(pv->line))
		pv->line[pv->len++] = c;
}

/* Waits for nobody: who has closed his output and goes on is killed with the view. */
static void look_after(struct program_view *pv)
{
	if (pv->pid > 0 && waitpid(pv->pid, &pv->status, WNOHANG) == pv->pid)
		pv->pid = 0;
}

static void close_output(struct program_view *pv)
{
	if (pv->output < 0)
		return;
	close(pv->output);
	pv->output = -1;
	if (pv->len > 0)
		end_line(pv);
}

static void update(struct view *v)
{
	struct program_view *pv = (struct program_view *)v;
	char bytes[16384];
	ssize_t n = 1;

	for (size_t got = 0; pv->output >= 0 && got < READ_MAX && n > 0; got += (size_t)n) {
		n = read(pv->output, bytes, sizeof(bytes));
		for (ssize_t i = 0; i < n; i++)
			take_byte(pv, bytes[i]);
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			close_output(pv);
		if (n < 0)
			break;
	}
	look_after(pv);
	/* children of it may hold the output for ever */
	if (pv->pid == 0 && n < 0)
		close_output(pv);
}

static void kill_program(struct program_view *pv)
{
	if (pv->pid <= 0)
		return;
	kill(-pv->pid, SIGKILL);
	kill(pv->pid, SIGKILL);
	waitpid(pv->pid, &pv->status, 0);
	pv->pid = 0;
	pv->killed = true;
}

/* ---- the view ------------------------------------------------------------------------------ */

static void draw(struct view *v, struct canvas *c, struct rect area)
{
	struct program_view *pv = (struct program_view *)v;

	pager_draw(&pv->pager, c, area);
	if (pv->pager.n == 0)
		canvas_text(c, area.x + 1, area.y, area.w - 1, ATTR_DIM,
			pv->pid > 0 ? "it has said nothing yet" : "it said nothing");
}

static bool request(struct view *v, enum request r)
{
	return pager_request(&((struct program_view *)v)->pager, r);
}

static bool search(struct view *v, const char *text, int by)
{
	return pager_search(&((struct program_view *)v)->pager, text, by);
}

static bool busy(const struct view *v, int *progress)
{
	const struct program_view *pv = (const struct program_view *)v;

	*progress = -1;
	return pv->pid > 0 || pv->output >= 0;
}

static bool cancel(struct view *v)
{
	struct program_view *pv = (struct program_view *)v;

	if (pv->pid <= 0)
		return false;
	kill_program(pv);
	return true;
}

static void status(const struct view *v, char *position, size_t position_size, char *state,
	size_t state_size)
{
	const struct program_view *pv = (const struct program_view *)v;
	const char *full = pv->pager.full ? "   more than is kept: the rest is left out" : "";

	pager_position(&pv->pager, position, position_size);
	if (pv->pid > 0)
		snprintf(state, state_size, "running; Escape stops it%s", full);
	else if (pv->killed)
		snprintf(state, state_size, "stopped%s", full);
	else if (WIFSIGNALED(pv->status))
		snprintf(state, state_size, "ended by signal %d%s", WTERMSIG(pv->status), full);
	else if (WEXITSTATUS(pv->status) == 127)
		snprintf(state, state_size, "ended with status 127: no such program%s", full);
	else
		snprintf(state, state_size, "ended with status %d%s", WEXITSTATUS(pv->status), full);
}

static void close_view(struct view *v)
{
	struct program_view *pv = (struct program_view *)v;

	kill_program(pv);
	if (pv->output >= 0)
		close(pv->output);
	pager_free(&pv->pager);
	mem_free(pv);
}

static const struct view_hint hints[] = { { REQ_BACK, NULL }, { REQ_FILTER, "search" },
	{ REQ_SEARCH_NEXT, "next" }, { REQ_PAGE_DOWN, "page" }, { REQ_HELP, NULL }, { REQ_NONE, NULL } };
static const struct view_ops ops = {
	.name = "program",
	.hints = hints,
	.close = close_view,
	.draw = draw,
	.request = request,
	.update = update,
	.search = search,
	.busy = busy,
	.cancel = cancel,
	.status = status,
};

struct view *view_program_new(struct screen *s, const char *line, int input, struct err *err)
{
	struct program_view *pv = mem_calloc(1, sizeof(*pv));
	long pid;

	if (pv == NULL) {
		close(input);
		err_memory(err);
		return NULL;
	}
	if (program_spawn(line, input, &pv->output, &pid, err) != RC_DONE) {
		mem_free(pv);
		return NULL;
	}
	pv->pid = (pid_t)pid;
	pv->view.ops = &ops;
	pv->view.screen = s;
	buf_init(&pv->pager.text);
	snprintf(pv->view.crumb[0], VIEW_CRUMB_MAX, "! %s", line + strspn(line, " "));
	return &pv->view;
}
