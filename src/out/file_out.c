/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "out/file_out.h"

#include "out/out.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

const char *file_out_name(const struct file_out *f)
{
	return f->is_stdout ? OUT_STDOUT : f->path;
}

/* The last part of the path: the name in its directory. */
static const char *name_of(const struct file_out *f)
{
	const char *slash = strrchr(f->path, '/');

	return slash ? slash + 1 : f->path;
}

static enum rc open_directory(struct file_out *f, struct err *err)
{
	size_t len = (size_t)(name_of(f) - f->path);
	char dir[sizeof(f->path)] = ".";

	if (len > 0) {
		memcpy(dir, f->path, len);
		dir[len] = '\0';
	}
	f->dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return f->dir_fd < 0 ? err_errno(err, f->path, "cannot make") : RC_DONE;
}

static int make(const struct file_out *f, const char *name)
{
	int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(f->dir_fd, name, flags, 0600);

	if (fd >= 0)
		fchmod(fd, 0600);   /* under any umask; a file system without modes refuses */
	return fd;
}

static enum rc open_new(struct file_out *f, struct err *err)
{
	f->fd = make(f, name_of(f));
	if (f->fd < 0 && errno == EEXIST)
		return err_set(err, RC_USAGE, f->path, "exists already; --force replaces it");
	if (f->fd < 0)
		return err_errno(err, f->path, "cannot make");
	f->made = true;
	return RC_DONE;
}

static enum rc open_beside(struct file_out *f, struct err *err)
{
	for (int tries = 0; tries < 100; tries++) {
		uint32_t random = 0;
		if (getrandom(&random, sizeof(random), 0) != sizeof(random))
			return err_errno(err, f->path, "cannot make");
		int n = snprintf(f->temp, sizeof(f->temp), "%s.%08x", name_of(f), random);
		if (n < 0 || (size_t)n >= sizeof(f->temp))
			return err_set(err, RC_USAGE, f->path, "the name is too long");
		f->fd = make(f, f->temp);
		if (f->fd >= 0) {
			f->made = true;
			return RC_DONE;
		}
		if (errno != EEXIST)
			break;
	}
	return err_errno(err, f->path, "cannot make");
}

static enum rc open_existing(
	struct file_out *f, const struct stat *st, bool force, struct err *err)
{
	switch (st->st_mode & S_IFMT) {
	case S_IFREG:
		if (!force)
			return err_set(
				err, RC_USAGE, f->path, "exists already; --force replaces it");
		return open_beside(f, err);
	case S_IFCHR:
	case S_IFIFO:
		f->fd = openat(f->dir_fd, name_of(f), O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
		return f->fd < 0 ? err_errno(err, f->path, "cannot open") : RC_DONE;
	case S_IFLNK: return err_set(err, RC_USAGE, f->path, "is a symbolic link");
	default: return err_set(err, RC_USAGE, f->path, "is no regular file");
	}
}

static enum rc open_in_directory(struct file_out *f, bool force, struct err *err)
{
	struct stat st;

	if (fstatat(f->dir_fd, name_of(f), &st, AT_SYMLINK_NOFOLLOW) == 0)
		return open_existing(f, &st, force, err);
	if (errno != ENOENT)
		return err_errno(err, f->path, "cannot make");
	return open_new(f, err);
}

static void close_directory(struct file_out *f)
{
	if (f->dir_fd >= 0)
		close(f->dir_fd);
	f->dir_fd = -1;
}

enum rc file_out_open(struct file_out *f, const char *path, bool force, struct err *err)
{
	enum rc rc;

	memset(f, 0, sizeof(*f));
	f->fd = f->dir_fd = -1;
	if (strcmp(path, "-") == 0) {
		f->is_stdout = true;
		f->fd = STDOUT_FILENO;
		return RC_DONE;
	}
	int n = snprintf(f->path, sizeof(f->path), "%s", path);
	if (n < 0 || (size_t)n >= sizeof(f->path))
		return err_set(err, RC_USAGE, path, "the name is too long");
	if (n > 0 && path[n - 1] == '/')
		return err_set(err, RC_USAGE, path, "is no regular file");
	rc = open_directory(f, err);
	if (rc == RC_DONE)
		rc = open_in_directory(f, force, err);
	if (rc != RC_DONE)
		close_directory(f);
	return rc;
}

enum rc file_out_write(struct file_out *f, const void *bytes, size_t len, struct err *err)
{
	const char *p = bytes;

	while (len > 0) {
		ssize_t n = write(f->fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, file_out_name(f), "cannot write");
		p += n;
		len -= (size_t)n;
	}
	return RC_DONE;
}

static void remove_made(const struct file_out *f)
{
	if (f->made)
		unlinkat(f->dir_fd, f->temp[0] ? f->temp : name_of(f), 0);
}

enum rc file_out_close(struct file_out *f, struct err *err)
{
	enum rc rc = RC_DONE;

	if (f->is_stdout)
		return RC_DONE;
	if (close(f->fd) != 0)
		rc = err_errno(err, f->path, "cannot write");
	f->fd = -1;
	if (rc == RC_DONE && f->temp[0]
		&& renameat(f->dir_fd, f->temp, f->dir_fd, name_of(f)) != 0)
		rc = err_errno(err, f->path, "cannot replace");
	if (rc != RC_DONE)
		remove_made(f);
	close_directory(f);
	return rc;
}

void file_out_abandon(struct file_out *f)
{
	if (f->is_stdout)
		return;
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	remove_made(f);
	close_directory(f);
}
