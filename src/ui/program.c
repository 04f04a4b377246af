/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/program.h"

#include "base/mem.h"
#include "session/confine.h"
#include "ui/save.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* What is to be run when the packets are written. */
struct program {
	char dir[512], path[540];
	char line[PROGRAM_LINE_MAX];
	bool own_window;
};

/* ---- running ------------------------------------------------------------------------------ */

/* As if it had been started by a shell: nothing is ignored or blocked. */
static void set_up_signals(posix_spawnattr_t *a)
{
	sigset_t all, none;

	sigfillset(&all);
	sigemptyset(&none);
	posix_spawnattr_setsigdefault(a, &all);
	posix_spawnattr_setsigmask(a, &none);
	posix_spawnattr_setflags(
		a, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID);
}

static int spawn(const char *line, int input, int output, pid_t *pid)
{
	char sh[] = "sh", c[] = "-c", *argv[] = { sh, c, mem_strdup(line), NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t a;
	int number;

	if (argv[2] == NULL)
		return ENOMEM;
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&a);
	posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&files, output, STDERR_FILENO);
	set_up_signals(&a);
	number = posix_spawn(pid, "/bin/sh", &files, &a, argv, environ);
	posix_spawnattr_destroy(&a);
	posix_spawn_file_actions_destroy(&files);
	mem_free(argv[2]);
	return number;
}

enum rc program_spawn(const char *line, int input, int *output, long *pid, struct err *err)
{
	int ends[2];
	pid_t child = -1;
	enum rc rc;

	if (pipe2(ends, O_CLOEXEC) != 0) {
		close(input);
		return err_errno(err, "pipe", "cannot make");
	}
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	errno = spawn(line, input, ends[1], &child);
	rc = errno == 0 ? RC_DONE : err_errno(err, "/bin/sh", "cannot run");
	close(input);
	close(ends[1]);
	if (rc != RC_DONE) {
		close(ends[0]);
		return rc;
	}
	*output = ends[0];
	*pid = child;
	return RC_DONE;
}

/* ---- packets first ------------------------------------------------------------------------ */

static enum rc may_run(struct err *err)
{
	if (confine_done())
		return err_set(err, RC_DENIED, "programs",
			"cannot be run: flowdrill has given its privileges up to record; open the store in "
			"another flowdrill (flowdrill -s STORE)");
	return RC_DONE;
}

static enum rc make_place(struct program *p, struct err *err)
{
	const char *tmp = getenv("TMPDIR");

	if (tmp == NULL || tmp[0] != '/' || strlen(tmp) > 400)
		tmp = "/tmp";
	snprintf(p->dir, sizeof(p->dir), "%s/flowdrill-XXXXXX", tmp);
	if (mkdtemp(p->dir) == NULL)
		return err_errno(err, p->dir, "cannot make");
	snprintf(p->path, sizeof(p->path), "%s/packets", p->dir);
	return RC_DONE;
}

static void remove_place(struct program *p)
{
	unlink(p->path);
	rmdir(p->dir);
}

/* The shell ends at once: the window is nobody's child. */
static enum rc run_detached(struct screen *s, const struct program *p, int input, struct err *err)
{
	int output = -1;
	long pid = -1;
	enum rc rc = program_spawn(p->line, input, &output, &pid, err);

	if (rc != RC_DONE)
		return rc;
	close(output);
	waitpid((pid_t)pid, NULL, 0);
	screen_say(s, "Wireshark opens the packets in a window of its own");
	return RC_DONE;
}

/* The packets are written, or are not: then it was said why. */
static void run(struct screen *s, void *ctx, bool written)
{
	struct program *p = ctx;
	int input = written ? open(p->path, O_RDONLY | O_CLOEXEC) : -1;
	struct view *v = NULL;
	struct err err = { 0 };
	enum rc rc = RC_DONE;

	if (written && input < 0)
		rc = err_errno(&err, p->path, "cannot read");
	remove_place(p);
	if (input >= 0 && p->own_window)
		rc = run_detached(s, p, input, &err);
	else if (input >= 0 && (v = view_program_new(s, p->line, input, &err)) != NULL)
		screen_push(s, v);
	else if (input >= 0)
		rc = err.rc;
	if (rc != RC_DONE)
		screen_fail(s, &err);
	mem_free(p);
}

static enum rc write_and_run(
	struct screen *s, const char *line, bool own_window, struct err *err)
{
	struct program *p;
	enum rc rc = may_run(err);

	if (rc != RC_DONE)
		return rc;
	if (strlen(line) >= sizeof(p->line))
		return err_set(err, RC_USAGE, "!", "the line is too long");
	p = mem_calloc(1, sizeof(*p));
	if (p == NULL)
		return err_memory(err);
	snprintf(p->line, sizeof(p->line), "%s", line);
	p->own_window = own_window;
	rc = make_place(p, err);
	if (rc == RC_DONE) {
		rc = save_chosen_then(s, p->path, run, p, err);
		if (rc != RC_DONE)
			remove_place(p);
	}
	if (rc != RC_DONE)
		mem_free(p);
	return rc;
}

enum rc program_start(struct screen *s, const char *line, struct err *err)
{
	if (line[strspn(line, " ")] == '\0')
		return err_set(err, RC_USAGE, "!", "which program? As in: ! tshark -r - -V");
	return write_and_run(s, line, false, err);
}

static bool is_installed(const char *name)
{
	const char *path = getenv("PATH");
	char file[1024];

	while (path != NULL && *path != '\0') {
		size_t len = strcspn(path, ":");

		snprintf(file, sizeof(file), "%.*s/%s", (int)len, path, name);
		if (access(file, X_OK) == 0)
			return true;
		path += len + (path[len] == ':');
	}
	return false;
}

enum rc program_wireshark(struct screen *s, struct err *err)
{
	if (!is_installed("wireshark"))
		return err_set(err, RC_MISSING, "wireshark", "is not installed here; w writes a pcapng file for it");
	if (getenv("DISPLAY") == NULL && getenv("WAYLAND_DISPLAY") == NULL)
		return err_set(err, RC_UNSUPPORTED, "wireshark", "there is no display here; w writes a pcapng file for it");
	return write_and_run(s, "wireshark -r /dev/stdin >/dev/null 2>&1 &", true, err);
}
