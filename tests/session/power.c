/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "power.h"

#include "base/io.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FDS = 1024, NODES = 256, PAGE = 4096 };

struct unsynced {
	uint64_t at;
	size_t len, old_len;
	uint8_t *bytes, *old;
};

/* A file that was written. */
struct node {
	char path[600];
	bool new_name;               /* its directory was not synced since it was made */
	uint64_t old_size;           /* when it was synced last */
	struct unsynced *v;
	size_t n;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct node nodes[NODES];
static size_t n_nodes;
static struct node *of_fd[FDS];
static char dir_of_fd[FDS][600];
static struct power_report *report;
static uint64_t cut_at, state;

static uint64_t draw(uint64_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % below;
}

static void die(const char *what)
{
	perror(what);
	_exit(99);
}

static void put(int fd, const void *bytes, size_t len, uint64_t at)
{
	if (pwrite(fd, bytes, len, (off_t)at) != (ssize_t)len)
		die("pwrite");
}

/* What is kept of a write: all, some pages from its beginning, or nothing. */
static size_t kept_of(const struct unsynced *u)
{
	uint64_t how = draw(3);
	size_t pages = (u->len + PAGE - 1) / PAGE;
	size_t kept = how == 0 ? 0 : how == 1 ? u->len : (size_t)draw(pages + 1) * PAGE;

	if (kept > u->len)
		kept = u->len;
	report->lost += kept < u->len;
	return kept;
}

static void lose_file(struct node *f)
{
	int fd = open(f->path, O_RDWR);

	if (fd < 0)
		return;              /* removed meanwhile */
	for (size_t i = f->n; i-- > 0;)
		put(fd, f->v[i].old, f->v[i].old_len, f->v[i].at);
	if (f->n > 0 && ftruncate(fd, (off_t)f->old_size) != 0)
		die("ftruncate");
	for (size_t n = f->n; n > 0; n--) {
		size_t k = (size_t)draw(n);
		struct unsynced u = f->v[k];

		put(fd, u.bytes, kept_of(&u), u.at);
		f->v[k] = f->v[n - 1];
	}
	close(fd);
	if (f->new_name && draw(2))
		unlink(f->path);
}

/* Under the lock, which is never given back when the power goes. */
static void count(void)
{
	if (++report->ops != cut_at)
		return;
	for (size_t i = 0; i < n_nodes; i++)
		lose_file(&nodes[i]);
	_exit(POWER_CUT);
}

static struct node *node_of(const char *path)
{
	for (size_t i = 0; i < n_nodes; i++)
		if (strcmp(nodes[i].path, path) == 0)
			return &nodes[i];
	if (n_nodes == NODES)
		die("too many files");
	struct node *f = &nodes[n_nodes++];
	snprintf(f->path, sizeof(f->path), "%s", path);
	return f;
}

static void forget(struct node *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->v[i].bytes);
		free(f->v[i].old);
	}
	free(f->v);
	f->v = NULL;
	f->n = 0;
}

static int power_open(const char *path, int flags, mode_t mode)
{
	struct stat st;

	pthread_mutex_lock(&lock);
	bool made = (flags & O_CREAT) && stat(path, &st) != 0;
	if (made)
		count();
	int fd = io_real.open(path, flags, mode);
	if (fd >= FDS)
		die("too many descriptors");
	if (fd >= 0) {
		of_fd[fd] = (flags & O_RDWR) ? node_of(path) : NULL;
		snprintf(dir_of_fd[fd], sizeof(dir_of_fd[fd]), "%s", (flags & O_DIRECTORY) ? path : "");
		if (made)
			of_fd[fd]->new_name = true;
	}
	pthread_mutex_unlock(&lock);
	return fd;
}

static ssize_t power_pwrite(int fd, const void *from, size_t len, off_t at)
{
	pthread_mutex_lock(&lock);
	struct node *f = of_fd[fd];
	struct unsynced u = {.at = (uint64_t)at, .len = len, .bytes = malloc(len), .old = malloc(len)};
	struct unsynced *v = realloc(f->v, (f->n + 1) * sizeof(*v));
	int plain = open(f->path, O_RDONLY);       /* not O_DIRECT */
	struct stat st;

	if (!v || !u.bytes || !u.old || plain < 0 || fstat(plain, &st) != 0)
		die("unsynced write");
	ssize_t got = pread(plain, u.old, len, at);
	u.old_len = got > 0 ? (size_t)got : 0;
	close(plain);
	memcpy(u.bytes, from, len);
	if (f->n == 0)
		f->old_size = (uint64_t)st.st_size;
	f->v = v;
	v[f->n++] = u;
	ssize_t done = io_real.pwrite(fd, from, len, at);
	if (done != (ssize_t)len)
		die("pwrite");
	count();
	pthread_mutex_unlock(&lock);
	return done;
}

static void sync_names(const char *dir)
{
	size_t len = strlen(dir);

	for (size_t i = 0; i < n_nodes; i++)
		if (strncmp(nodes[i].path, dir, len) == 0 && nodes[i].path[len] == '/' &&
			!strchr(nodes[i].path + len + 1, '/'))
			nodes[i].new_name = false;
}

static void note_synced(const struct node *f)
{
	const char *name = strstr(f->path, "/blocks/");
	unsigned number;
	struct stat st;

	if (name && sscanf(name, "/blocks/%8u.pcapng", &number) == 1 && number < POWER_BLOCKS &&
		stat(f->path, &st) == 0)
		report->synced[number] = (uint64_t)st.st_size;
}

static int power_datasync(int fd)
{
	pthread_mutex_lock(&lock);
	count();
	if (of_fd[fd]) {
		forget(of_fd[fd]);
		note_synced(of_fd[fd]);
	} else {
		sync_names(dir_of_fd[fd]);
	}
	pthread_mutex_unlock(&lock);
	return 0;
}

static int power_truncate(int fd, off_t len)
{
	pthread_mutex_lock(&lock);
	count();
	forget(of_fd[fd]);
	int ret = io_real.truncate(fd, len);
	pthread_mutex_unlock(&lock);
	return ret;
}

void power_begin(struct power_report *r, uint64_t at, uint64_t seed)
{
	static struct io_ops ops;

	ops = io_real;
	ops.open = power_open;
	ops.pwrite = power_pwrite;
	ops.datasync = power_datasync;
	ops.truncate = power_truncate;
	report = r;
	cut_at = at;
	state = seed * 0x9e3779b97f4a7c15u + 1;
	io_set_ops(&ops);
}
