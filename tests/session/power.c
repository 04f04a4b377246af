/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "power.h"

#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FDS = 1024, NODES = 256, PAGE = 4096, NAME = 600 };

/* A change that is not durable. */
struct change {
	uint64_t at; /* a truncation: the new length */
	size_t len, old_len;
	uint8_t *bytes, *old; /* bytes NULL: truncation */
};

/* A file that was written. */
struct node {
	char path[NAME]; /* "": none any more */
	bool new_name; /* its directory was not synced since it was made */
	bool sqlite;
	uint64_t old_size; /* before the first change */
	struct change *v;
	size_t n;
};

/* A name that went, or came over another, since its directory was synced. */
struct name {
	char path[NAME], from[NAME], attic[NAME];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct node nodes[NODES];
static size_t n_nodes;
static struct name *names;
static size_t n_names;
static struct node *of_fd[FDS];
static char dir_of_fd[FDS][NAME];
static struct power_report *report;
static uint64_t cut_at, state;
static const char *attic;
static unsigned in_attic;

static uint64_t draw(uint64_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % below;
}

static _Noreturn void die(const char *what)
{
	perror(what);
	_exit(99);
}

/* ---- the power goes ----------------------------------------------------------------------- */

static void put(int fd, const void *bytes, size_t len, uint64_t at)
{
	if (pwrite(fd, bytes, len, (off_t)at) != (ssize_t)len)
		die("pwrite");
}

static void cut_to(int fd, uint64_t len)
{
	if (ftruncate(fd, (off_t)len) != 0)
		die("ftruncate");
}

/* What a disk has got of a write: all, nothing, or some of its pages. */
static bool write_again(int fd, const struct change *u)
{
	uint64_t how = draw(3);
	bool whole = true;

	for (size_t at = 0, next; at < u->len; at = next) {
		next = at + PAGE - (u->at + at) % PAGE;
		next = next < u->len ? next : u->len;
		if (how == 1 || (how == 2 && draw(2)))
			put(fd, u->bytes + at, next - at, u->at + at);
		else
			whole = false;
	}
	return whole;
}

static void do_again(const struct node *f, int fd, const struct change *u)
{
	bool whole = u->bytes ? write_again(fd, u) : draw(2);

	if (!u->bytes && whole)
		cut_to(fd, u->at);
	report->lost += !whole;
	report->lost_sqlite += !whole && f->sqlite;
}

static void lose_file(struct node *f)
{
	int fd = f->path[0] ? open(f->path, O_RDWR) : -1;

	if (fd < 0)
		return; /* removed meanwhile */
	for (size_t i = f->n; i-- > 0;)
		put(fd, f->v[i].old, f->v[i].old_len, f->v[i].at);
	if (f->n > 0)
		cut_to(fd, f->old_size);
	for (size_t n = f->n; n > 0; n--) {
		size_t k = (size_t)draw(n);
		struct change u = f->v[k];

		do_again(f, fd, &u);
		f->v[k] = f->v[n - 1];
	}
	close(fd);
	if (f->new_name && draw(2))
		unlink(f->path);
}

/* Names as they were: all from some moment on. */
static void lose_names(void)
{
	size_t keep = n_names > 0 ? (size_t)draw(n_names + 1) : 0;

	while (n_names > keep) {
		const struct name *n = &names[--n_names];

		if (n->from[0])
			rename(n->path, n->from);
		if (n->attic[0])
			rename(n->attic, n->path);
		report->lost++;
	}
}

/* Under the lock, which is never given back when the power goes. */
static void count(void)
{
	if (++report->ops != cut_at)
		return;
	for (size_t i = 0; i < n_nodes; i++)
		lose_file(&nodes[i]);
	lose_names();
	_exit(POWER_CUT);
}

static sqlite3_vfs *system_vfs;

/* Stands behind the system's own file, whose functions see themselves. */
struct beside {
	const sqlite3_io_methods *system;
	sqlite3_io_methods ours;
	struct node *node;
	char dir[NAME];
};

static struct beside *beside(sqlite3_file *f)
{
	return (struct beside *)((char *)f + system_vfs->szOsFile);
}

static const sqlite3_io_methods *system_of(sqlite3_file *f)
{
	return beside(f)->system;
}

/* ---- what is not durable ------------------------------------------------------------------ */

static struct node *node_of(const char *path)
{
	size_t at = n_nodes;

	for (size_t i = 0; i < n_nodes; i++) {
		if (strcmp(nodes[i].path, path) == 0)
			return &nodes[i];
		if (!nodes[i].path[0])
			at = i;
	}
	if (at >= NODES)
		die("too many files");
	n_nodes += at == n_nodes;
	nodes[at] = (struct node){ .new_name = false };
	snprintf(nodes[at].path, NAME, "%s", path);
	return &nodes[at];
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

/* What a change is about to take away. A file of SQLite's is read as SQLite has it: closing another descriptor would end its locks. */
static void save_old(const struct node *f, sqlite3_file *sql, struct change *u, uint64_t *size)
{
	uint64_t want = u->len;
	struct stat st;
	int plain = -1; /* not O_DIRECT */

	if (sql) {
		sqlite3_int64 n = 0;

		if (system_of(sql)->xFileSize(sql, &n) != SQLITE_OK)
			die(f->path);
		*size = (uint64_t)n;
	} else {
		plain = open(f->path, O_RDONLY);
		if (plain < 0 || fstat(plain, &st) != 0)
			die(f->path);
		*size = (uint64_t)st.st_size;
	}
	uint64_t there = *size > u->at ? *size - u->at : 0;
	u->old_len = !u->bytes || there < want ? there : want;
	u->old = malloc(u->old_len + 1);
	if (!u->old)
		die("memory");
	bool read = sql ? u->old_len == 0 ||
			system_of(sql)->xRead(
				sql, u->old, (int)u->old_len, (sqlite3_int64)u->at) == SQLITE_OK
			: pread(plain, u->old, u->old_len, (off_t)u->at) == (ssize_t)u->old_len;
	if (!read)
		die(f->path);
	if (!sql)
		close(plain);
}

/* A change that is about to be made; bytes NULL: zeros. `cut`: a truncation to `at`. `sql`: NULL, or as SQLite has it. */
static void note(
	struct node *f, sqlite3_file *sql, bool cut, const void *bytes, size_t len, uint64_t at)
{
	struct change *v = realloc(f->v, (f->n + 1) * sizeof(*v)), u = { .at = at, .len = len };
	uint64_t size;

	u.bytes = cut ? NULL : calloc(1, len + 1);
	if (!v || (!cut && !u.bytes))
		die("memory");
	if (bytes)
		memcpy(u.bytes, bytes, len);
	save_old(f, sql, &u, &size);
	if (f->n == 0)
		f->old_size = size;
	f->v = v;
	v[f->n++] = u;
}

static bool is_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return strncmp(path, dir, len) == 0 && path[len] == '/' && !strchr(path + len + 1, '/');
}

static void sync_names(const char *dir)
{
	size_t kept = 0;

	for (size_t i = 0; i < n_nodes; i++)
		if (is_below(nodes[i].path, dir))
			nodes[i].new_name = false;
	for (size_t i = 0; i < n_names; i++) {
		if (!is_below(names[i].path, dir))
			names[kept++] = names[i];
		else if (names[i].attic[0])
			unlink(names[i].attic);
	}
	n_names = kept;
}

static uint64_t *synced_of(const char *path)
{
	const char *name = strstr(path, "/blocks/");
	unsigned number;

	return name && sscanf(name, "/blocks/%8u.pcapng", &number) == 1 && number < POWER_BLOCKS
		? &report->synced[number]
		: NULL;
}

static void note_synced(const struct node *f)
{
	uint64_t *synced = synced_of(f->path);
	struct stat st;

	if (synced && stat(f->path, &st) == 0)
		*synced = (uint64_t)st.st_size;
}

/* ---- our own files ------------------------------------------------------------------------ */

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
		snprintf(dir_of_fd[fd], NAME, "%s", (flags & O_DIRECTORY) ? path : "");
		if (made)
			of_fd[fd]->new_name = true;
	}
	pthread_mutex_unlock(&lock);
	return fd;
}

static ssize_t power_pwrite(int fd, const void *from, size_t len, off_t at)
{
	pthread_mutex_lock(&lock);
	note(of_fd[fd], NULL, false, from, len, (uint64_t)at);
	ssize_t done = io_real.pwrite(fd, from, len, at);
	if (done != (ssize_t)len)
		die("pwrite");
	count();
	pthread_mutex_unlock(&lock);
	return done;
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
	note(of_fd[fd], NULL, true, NULL, 0, (uint64_t)len);
	int ret = io_real.truncate(fd, len);
	pthread_mutex_unlock(&lock);
	return ret;
}

static int power_punch(int fd, off_t at, off_t len)
{
	pthread_mutex_lock(&lock);
	count();
	note(of_fd[fd], NULL, false, NULL, (size_t)len, (uint64_t)at);
	int ret = io_real.punch(fd, at, len);
	report->punched += ret == 0;
	pthread_mutex_unlock(&lock);
	return ret;
}

static struct name *add_name(const char *path, const char *from)
{
	struct name *v = realloc(names, (n_names + 1) * sizeof(*v));

	if (!v)
		die("memory");
	names = v;
	v += n_names++;
	*v = (struct name){ .attic = "" };
	snprintf(v->path, NAME, "%s", path);
	snprintf(v->from, NAME, "%s", from);
	return v;
}

static void new_attic(struct name *n)
{
	if (snprintf(n->attic, NAME, "%s/%u", attic, ++in_attic) >= NAME)
		die(attic);
}

static int power_unlink(const char *path)
{
	struct stat st;

	pthread_mutex_lock(&lock);
	int ret = stat(path, &st);
	if (ret == 0) {
		struct node *f = node_of(path);
		uint64_t *synced = synced_of(path);

		count();
		struct name *n = add_name(path, "");
		new_attic(n);
		ret = rename(path, n->attic);
		/* a name that may never have been: none that may come back */
		if (f->new_name) {
			unlink(n->attic);
			n_names--;
		}
		forget(f);
		f->path[0] = '\0';
		if (synced)
			*synced = 0;
		report->removed++;
	}
	pthread_mutex_unlock(&lock);
	return ret;
}

static int power_rename(const char *from, const char *to)
{
	struct stat st;

	pthread_mutex_lock(&lock);
	count();
	struct name *n = add_name(to, from);
	struct node *f = node_of(from), *old = node_of(to);
	if (stat(to, &st) == 0) {
		new_attic(n);
		if (link(to, n->attic) != 0)
			die(n->attic);
	}
	int ret = rename(from, to);
	forget(old);
	old->path[0] = '\0';
	snprintf(f->path, NAME, "%s", to);
	f->new_name = f->new_name && !n->attic[0];
	pthread_mutex_unlock(&lock);
	return ret;
}

/* ---- SQLite's files ----------------------------------------------------------------------- */

static int sql_write(sqlite3_file *f, const void *from, int len, sqlite3_int64 at)
{
	pthread_mutex_lock(&lock);
	if (beside(f)->node)
		note(beside(f)->node, f, false, from, (size_t)len, (uint64_t)at);
	int code = system_of(f)->xWrite(f, from, len, at);
	count();
	pthread_mutex_unlock(&lock);
	return code;
}

static int sql_truncate(sqlite3_file *f, sqlite3_int64 len)
{
	pthread_mutex_lock(&lock);
	count();
	if (beside(f)->node)
		note(beside(f)->node, f, true, NULL, 0, (uint64_t)len);
	int code = system_of(f)->xTruncate(f, len);
	pthread_mutex_unlock(&lock);
	return code;
}

static int sql_sync(sqlite3_file *f, int flags)
{
	struct beside *b = beside(f);

	(void)flags;
	pthread_mutex_lock(&lock);
	count();
	if (b->node)
		forget(b->node);
	/* the first sync of a journal that was made also syncs its directory */
	if (b->dir[0])
		sync_names(b->dir);
	b->dir[0] = '\0';
	pthread_mutex_unlock(&lock);
	return SQLITE_OK;
}

static int sql_open(
	sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out_flags)
{
	struct beside *b = beside(f);
	struct stat st;

	(void)vfs;
	pthread_mutex_lock(&lock);
	bool made = name && (flags & SQLITE_OPEN_CREATE) && stat(name, &st) != 0;
	if (made)
		count();
	int code = system_vfs->xOpen(system_vfs, name, f, flags, out_flags);
	*b = (struct beside){ .system = f->pMethods };
	if (f->pMethods && name && (flags & SQLITE_OPEN_READWRITE)) {
		b->ours = *f->pMethods;
		b->ours.xWrite = sql_write;
		b->ours.xTruncate = sql_truncate;
		b->ours.xSync = sql_sync;
		f->pMethods = &b->ours;
		b->node = node_of(name);
		b->node->sqlite = true;
		b->node->new_name |= made;
		if (made && (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)))
			snprintf(b->dir, NAME, "%.*s", (int)(strrchr(name, '/') - name), name);
	}
	pthread_mutex_unlock(&lock);
	return code;
}

static int sql_delete(sqlite3_vfs *vfs, const char *name, int sync_dir)
{
	(void)vfs;
	pthread_mutex_lock(&lock);
	count();
	int code = system_vfs->xDelete(system_vfs, name, sync_dir);
	/* a file that is open keeps its node */
	forget(node_of(name));
	node_of(name)->new_name = false;
	pthread_mutex_unlock(&lock);
	return code;
}

/* The rest of its functions do not look at the VFS that they are given. */
static void make_vfs(void)
{
	static sqlite3_vfs vfs;

	system_vfs = sqlite3_vfs_find(NULL);
	vfs = *system_vfs;
	vfs.zName = "power";
	vfs.pNext = NULL;
	vfs.szOsFile = system_vfs->szOsFile + (int)sizeof(struct beside);
	vfs.xOpen = sql_open;
	vfs.xDelete = sql_delete;
	if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK)
		die("sqlite3_vfs_register");
}

/* ---- running ------------------------------------------------------------------------------ */

static void begin(uint64_t at, uint64_t seed, const char *dir)
{
	static struct io_ops ops;

	ops = io_real;
	ops.open = power_open;
	ops.pwrite = power_pwrite;
	ops.datasync = power_datasync;
	ops.truncate = power_truncate;
	ops.punch = power_punch;
	ops.unlink = power_unlink;
	ops.rename = power_rename;
	cut_at = at;
	state = seed * 0x9e3779b97f4a7c15u + 1;
	attic = dir;
	if (mkdir(attic, 0700) != 0 && errno != EEXIST)
		die(attic);
	make_vfs();
	io_set_ops(&ops);
}

struct power_report *power_report_new(void)
{
	void *p = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		die("mmap");
	/* tables of many megabytes that are hardly touched come from the kernel as zeros, not from the heap, every time */
	mallopt(M_MMAP_THRESHOLD, 1 << 20);
	return p;
}

int power_run(struct power_report *r, uint64_t at, uint64_t seed, const char *dir,
	void (*work)(void *ctx), void *ctx)
{
	int status = 0;

	memset(r, 0, sizeof(*r));
	report = r;
	pid_t pid = fork();
	if (pid == 0) {
		begin(at, seed, dir);
		work(ctx);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		die("fork");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
