/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Gives its privileges up and says what is left, for confine.sh:
 *
 *     confine-tool [-u USER] [-d DIR] [-w DIR] [-r PATH] [-t] [r:PATH | w:PATH | x:PATH]...
 *
 * -d: confine_directory() first; -t: with a thread that runs; r, w, x: is opened to be read, to be written (made), executed
 * afterwards: `r:PATH ok` or the error's name.
 */
#include "session/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static void *idle(void *ctx)
{
	pause();
	return ctx;
}

static int fail(const struct err *err)
{
	printf("failed %s %s: %s\n", rc_name(err->rc), err->what, err->why);
	return rc_exit_status(err->rc);
}

static void say_status(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	struct rlimit core;
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, "Cap", 3) == 0 || strncmp(line, "Uid", 3) == 0
			|| strncmp(line, "Gid", 3) == 0 || strncmp(line, "Groups", 6) == 0
			|| strncmp(line, "NoNewPrivs", 10) == 0)
			fputs(line, stdout);
	if (f)
		fclose(f);
	getrlimit(RLIMIT_CORE, &core);
	printf("core %llu dumpable %d\n", (unsigned long long)core.rlim_max,
		prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
}

static void probe(const char *what)
{
	const char *path = what + 2;
	int fd = -1;

	errno = 0;
	if (what[0] == 'x')
		execl(path, path, (char *)NULL);
	else
		fd = open(path, what[0] == 'w' ? O_WRONLY | O_CREAT : O_RDONLY, 0600);
	printf("%s %s\n", what, fd >= 0 ? "ok" : strerrorname_np(errno));
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	const char *write_dirs[8], *read_paths[8], *make = NULL;
	struct confine_options o = { .write_dirs = write_dirs, .read_paths = read_paths };
	struct confine_user who;
	pthread_t thread;
	char note[200];
	struct err err;
	int c;

	while ((c = getopt(argc, argv, "u:d:w:r:t")) != -1)
		switch (c) {
		case 'u': o.user = optarg; break;
		case 'd': make = optarg; break;
		case 'w': write_dirs[o.n_write_dirs++ % 8] = optarg; break;
		case 'r': read_paths[o.n_read_paths++ % 8] = optarg; break;
		case 't': pthread_create(&thread, NULL, idle, NULL); break;
		default: return 2;
		}
	if (confine_who(o.user, &who, &err) != RC_DONE)
		return fail(&err);
	printf("who %s\n", who.name);
	if (make && confine_directory(make, &who, &err) != RC_DONE)
		return fail(&err);
	if (confine(&o, note, sizeof(note), &err) != RC_DONE)
		return fail(&err);
	printf("note '%s'\n", note);
	say_status();
	for (; optind < argc; optind++)
		probe(argv[optind]);
	return 0;
}
