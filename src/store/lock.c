/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static int lock_flock(int fd, int how)
{
	int ret;

	do {
		ret = flock(fd, how);
	} while (ret != 0 && errno == EINTR);
	return ret;
}

/* The pid that the lock's owner wrote; 0 where it has not yet. */
static long lock_owner(int fd)
{
	char text[32];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	if (n <= 0)
		return 0;
	text[n] = '\0';
	return strtol(text, NULL, 10);
}

static enum rc lock_refused(int fd, const char *store, struct err *err)
{
	long pid = lock_owner(fd);

	if (pid > 0)
		return err_set(err, RC_LOCKED, store, "in use by another writer (pid %ld)", pid);
	return err_set(err, RC_LOCKED, store, "in use by another writer");
}

/* The pid is a help for people only: that it cannot be written is no failure. */
static void lock_write_pid(int fd)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());

	if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)n, 0) != n)
		return;
}

/* What lock_holder() looks at: unlike a flock() it can be seen without being asked for. It dies with its owner too. */
static void lock_mark(int fd)
{
	struct flock mark = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(fd, F_OFD_SETLK, &mark) != 0)
		return;
}

enum rc lock_take(const char *path, const char *store, int *fd, struct err *err)
{
	int got = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	enum rc rc = RC_DONE;

	if (got < 0)
		return err_errno(err, path, "cannot open the lock");
	if (lock_flock(got, LOCK_EX | LOCK_NB) != 0)
		rc = errno == EWOULDBLOCK ? lock_refused(got, store, err)
					  : err_errno(err, path, "cannot lock");
	if (rc != RC_DONE) {
		close(got);
		return rc;
	}
	lock_write_pid(got);
	lock_mark(got);
	*fd = got;
	return RC_DONE;
}

long lock_holder(const char *path)
{
	struct flock mark = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	long pid = 0;

	if (fd < 0)
		return 0;
	if (fcntl(fd, F_OFD_GETLK, &mark) == 0 && mark.l_type != F_UNLCK)
		pid = lock_owner(fd);
	close(fd);
	return pid;
}

static int lock_use(const char *dir, int how)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	if (lock_flock(fd, how | LOCK_NB) == 0)
		return fd;
	close(fd);
	return -1;
}

int lock_share(const char *dir)
{
	return lock_use(dir, LOCK_SH);
}

int lock_unshared(const char *dir)
{
	return lock_use(dir, LOCK_EX);
}

void lock_release(int fd)
{
	if (fd >= 0)
		close(fd);
}
