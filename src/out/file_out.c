/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "out/file_out.h"

#include "out/out.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *file_out_name(const struct file_out *f)
{
	return f->is_stdout ? OUT_STDOUT : f->path;
}

static enum rc open_new(struct file_out *f, struct err *err)
{
	f->fd = open(f->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (f->fd < 0 && errno == EEXIST)
		return err_set(err, RC_USAGE, f->path, "exists already; --force replaces it");
	if (f->fd < 0)
		return err_errno(err, f->path, "cannot make");
	f->made = true;
	return RC_DONE;
}

static enum rc open_beside(struct file_out *f, struct err *err)
{
	int n = snprintf(f->temp, sizeof(f->temp), "%s.XXXXXX", f->path);

	if (n < 0 || (size_t)n >= sizeof(f->temp))
		return err_set(err, RC_USAGE, f->path, "the name is too long");
	f->fd = mkostemp(f->temp, O_CLOEXEC);
	if (f->fd < 0)
		return err_errno(err, f->path, "cannot make");
	f->made = true;
	return RC_DONE;
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
		f->fd = open(f->path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
		return f->fd < 0 ? err_errno(err, f->path, "cannot open") : RC_DONE;
	case S_IFLNK: return err_set(err, RC_USAGE, f->path, "is a symbolic link");
	default: return err_set(err, RC_USAGE, f->path, "is no regular file");
	}
}

enum rc file_out_open(struct file_out *f, const char *path, bool force, struct err *err)
{
	struct stat st;

	memset(f, 0, sizeof(*f));
	f->fd = -1;
	if (strcmp(path, "-") == 0) {
		f->is_stdout = true;
		f->fd = STDOUT_FILENO;
		return RC_DONE;
	}
	int n = snprintf(f->path, sizeof(f->path), "%s", path);
	if (n < 0 || (size_t)n >= sizeof(f->path))
		return err_set(err, RC_USAGE, path, "the name is too long");
	if (lstat(path, &st) == 0)
		return open_existing(f, &st, force, err);
	if (errno != ENOENT)
		return err_errno(err, path, "cannot make");
	return open_new(f, err);
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

static const char *made_path(const struct file_out *f)
{
	return f->temp[0] ? f->temp : f->path;
}

enum rc file_out_close(struct file_out *f, struct err *err)
{
	enum rc rc = RC_DONE;

	if (f->is_stdout)
		return RC_DONE;
	if (close(f->fd) != 0)
		rc = err_errno(err, f->path, "cannot write");
	f->fd = -1;
	if (rc == RC_DONE && f->temp[0] && rename(f->temp, f->path) != 0)
		rc = err_errno(err, f->path, "cannot replace");
	if (rc != RC_DONE && f->made)
		unlink(made_path(f));
	return rc;
}

void file_out_abandon(struct file_out *f)
{
	if (f->is_stdout)
		return;
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	if (f->made)
		unlink(made_path(f));
}
