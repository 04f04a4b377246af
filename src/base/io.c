/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/io.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct io_file {
	int fd;
	char path[];
};

static int real_open(const char *path, int flags, mode_t mode)
{
	return open(path, flags, mode);
}

/* fdatasync() of a directory need not write its entries on every file system. */
static int real_datasync(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		return fsync(fd);
	return fdatasync(fd);
}

static int real_punch(int fd, off_t at, off_t len)
{
	return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at, len);
}

const struct io_ops io_real = {
	.open = real_open,
	.close = close,
	.pread = pread,
	.pwrite = pwrite,
	.datasync = real_datasync,
	.truncate = ftruncate,
	.rename = rename,
	.unlink = unlink,
	.mkdir = mkdir,
	.punch = real_punch,
};

static const struct io_ops *io_ops = &io_real;

void io_set_ops(const struct io_ops *ops)
{
	io_ops = ops ? ops : &io_real;
}

const struct io_ops *io_get_ops(void)
{
	return io_ops;
}

/* Opens with EINTR retried. */
static int io_open_fd(const char *path, int flags)
{
	int fd;

	do {
		fd = io_ops->open(path, flags | O_CLOEXEC | O_NOCTTY, 0600);
	} while (fd < 0 && errno == EINTR);
	return fd;
}

/* Positioned reading needs a regular file: a pipe is told before anybody waits for it. */
static enum rc io_check_regular(int fd, const char *path, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return err_errno(err, path, "cannot open");
	if (S_ISDIR(st.st_mode))
		return err_set(err, RC_UNSUPPORTED, path, "is a directory");
	if (!S_ISREG(st.st_mode))
		return err_set(err, RC_UNSUPPORTED, path, "not a regular file");
	return RC_DONE;
}

enum rc io_open(const char *path, enum io_mode mode, struct io_file **out, struct err *err)
{
	static const int flags[] = {
		[IO_READ] = O_RDONLY | O_NONBLOCK,   /* a FIFO without a writer does not hang us */
		[IO_WRITE] = O_RDWR,
		[IO_CREATE] = O_RDWR | O_CREAT,
		[IO_CREATE_NEW] = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW,
	};
	size_t path_bytes = strlen(path) + 1;
	struct io_file *f = mem_alloc(sizeof(*f) + path_bytes);
	enum rc rc;

	if (!f)
		return err_memory(err);
	memcpy(f->path, path, path_bytes);
	f->fd = io_open_fd(path, flags[mode]);
	if (f->fd < 0) {
		rc = err_errno(err, path, mode >= IO_CREATE ? "cannot create" : "cannot open");
		mem_free(f);
		return rc;
	}
	rc = io_check_regular(f->fd, path, err);
	if (rc != RC_DONE) {
		io_close(f);
		return rc;
	}
	*out = f;
	return RC_DONE;
}

void io_close(struct io_file *f)
{
	if (!f)
		return;
	io_ops->close(f->fd);
	mem_free(f);
}

const char *io_path(const struct io_file *f)
{
	return f->path;
}

int io_fd(const struct io_file *f)
{
	return f->fd;
}

enum rc io_size(const struct io_file *f, uint64_t *out, struct err *err)
{
	struct stat st;

	if (fstat(f->fd, &st) != 0)
		return err_errno(err, f->path, "cannot stat");
	*out = (uint64_t)st.st_size;
	return RC_DONE;
}

/* False (errno EFBIG) where no file can hold len bytes at `at`. */
static bool io_range_fits(uint64_t at, size_t len)
{
	if (at <= INT64_MAX && len <= INT64_MAX - at)
		return true;
	errno = EFBIG;
	return false;
}

enum rc io_read(struct io_file *f, uint64_t at, void *to, size_t len, size_t *got, struct err *err)
{
	size_t done = 0;

	*got = 0;
	if (!io_range_fits(at, len))
		return err_errno(err, f->path, "cannot read");
	while (done < len) {
		ssize_t n = io_ops->pread(f->fd, (char *)to + done, len - done,
			(off_t)(at + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, f->path, "cannot read");
		if (n == 0)
			break;
		done += (size_t)n;
	}
	*got = done;
	return RC_DONE;
}

enum rc io_read_all(struct io_file *f, uint64_t at, void *to, size_t len, struct err *err)
{
	size_t got;
	enum rc rc = io_read(f, at, to, len, &got, err);

	if (rc != RC_DONE)
		return rc;
	if (got < len)
		return err_set_at(err, RC_CUT_SHORT, f->path, at + got,
			"the file ends %zu bytes early", len - got);
	return RC_DONE;
}

void io_expect(const struct io_file *f, uint64_t at, uint64_t len)
{
	if (io_range_fits(at, (size_t)len))
		(void)posix_fadvise(f->fd, (off_t)at, (off_t)len, POSIX_FADV_WILLNEED);
}

enum rc io_write(struct io_file *f, uint64_t at, const void *from, size_t len, struct err *err)
{
	size_t done = 0;

	if (!io_range_fits(at, len))
		return err_errno(err, f->path, "cannot write");
	while (done < len) {
		ssize_t n = io_ops->pwrite(f->fd, (const char *)from + done, len - done,
			(off_t)(at + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			errno = EIO;
		if (n <= 0)
			return err_errno(err, f->path, "cannot write");
		done += (size_t)n;
	}
	return RC_DONE;
}

/* EINTR is retried; any other failure is final: what the kernel dropped is not synced by a second call. */
static int io_sync_fd(int fd)
{
	int ret;

	do {
		ret = io_ops->datasync(fd);
	} while (ret != 0 && errno == EINTR);
	return ret;
}

enum rc io_sync(struct io_file *f, struct err *err)
{
	return io_sync_fd(f->fd) == 0 ? RC_DONE : err_errno(err, f->path, "cannot sync");
}

enum rc io_truncate(struct io_file *f, uint64_t len, struct err *err)
{
	int ret;

	if (!io_range_fits(len, 0))
		return err_errno(err, f->path, "cannot set the length");
	do {
		ret = io_ops->truncate(f->fd, (off_t)len);
	} while (ret != 0 && errno == EINTR);
	return ret == 0 ? RC_DONE : err_errno(err, f->path, "cannot set the length");
}

bool io_punch(struct io_file *f, uint64_t at, uint64_t len)
{
	int ret;

	if (!io_ops->punch || len == 0 || !io_range_fits(at, len))
		return false;
	do {
		ret = io_ops->punch(f->fd, (off_t)at, (off_t)len);
	} while (ret != 0 && errno == EINTR);
	return ret == 0;
}

bool io_set_direct(struct io_file *f, bool on)
{
	int flags = fcntl(f->fd, F_GETFL);

	if (flags < 0)
		return false;
	return fcntl(f->fd, F_SETFL, on ? flags | O_DIRECT : flags & ~O_DIRECT) == 0;
}

enum rc io_rename(const char *from, const char *to, struct err *err)
{
	return io_ops->rename(from, to) == 0 ? RC_DONE : err_errno(err, from, "cannot rename");
}

enum rc io_remove(const char *path, struct err *err)
{
	if (io_ops->unlink(path) == 0 || errno == ENOENT)
		return RC_DONE;
	return err_errno(err, path, "cannot remove");
}

enum rc io_mkdir(const char *path, struct err *err)
{
	struct stat st;

	if (io_ops->mkdir(path, 0700) == 0)
		return RC_DONE;
	if (errno == EEXIST && stat(path, &st) == 0) {
		if (S_ISDIR(st.st_mode))
			return RC_DONE;
		errno = ENOTDIR;
		return err_set(err, RC_IO, path, "is not a directory");
	}
	return err_errno(err, path, "cannot make the directory");
}

enum rc io_sync_dir(const char *path, struct err *err)
{
	int fd = io_open_fd(path, O_RDONLY | O_DIRECTORY);
	enum rc rc = RC_DONE;

	if (fd < 0)
		return err_errno(err, path, "cannot open the directory");
	if (io_sync_fd(fd) != 0)
		rc = err_errno(err, path, "cannot sync the directory");
	io_ops->close(fd);
	return rc;
}

/* Syncs the directory that holds `path`. */
static enum rc io_sync_parent(const char *path, struct err *err)
{
	char *dir = mem_strdup(path);
	char *slash = dir ? strrchr(dir, '/') : NULL;
	enum rc rc;

	if (!dir)
		return err_memory(err);
	if (slash)
		slash[slash == dir ? 1 : 0] = '\0';
	rc = io_sync_dir(slash ? dir : ".", err);
	mem_free(dir);
	return rc;
}

static enum rc io_write_new(const char *path, const void *bytes, size_t len, struct err *err)
{
	struct io_file *f;
	enum rc rc = io_open(path, IO_CREATE_NEW, &f, err);

	if (rc != RC_DONE)
		return rc;
	rc = io_write(f, 0, bytes, len, err);
	if (rc == RC_DONE)
		rc = io_sync(f, err);
	io_close(f);
	return rc;
}

enum rc io_replace(const char *path, const void *bytes, size_t len, struct err *err)
{
	/* two processes may replace the same file: each has its own temporary name */
	size_t size = strlen(path) + 32;
	char *temporary = mem_alloc(size);
	enum rc rc;

	if (!temporary)
		return err_memory(err);
	snprintf(temporary, size, "%s.%ld.tmp", path, (long)getpid());
	rc = io_remove(temporary, err);
	if (rc == RC_DONE)
		rc = io_write_new(temporary, bytes, len, err);
	if (rc == RC_DONE)
		rc = io_rename(temporary, path, err);
	if (rc != RC_DONE)
		io_remove(temporary, NULL);
	else
		rc = io_sync_parent(path, err);
	mem_free(temporary);
	return rc;
}
