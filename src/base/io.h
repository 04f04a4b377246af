/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files behind an ops table, so that a test can fail, cut or lose the Nth
 * operation. Everything that the store reads or writes goes through here, but
 * SQLite's own files.
 *
 * A struct io_file is opened by io_open() and ended by io_close(). Reads and
 * writes are positioned; short ones are continued, EINTR is retried. Paths are
 * kept (copied) for error messages. A file may be read by several threads at a
 * time; written by one.
 */
#ifndef FLOWDRILL_BASE_IO_H
#define FLOWDRILL_BASE_IO_H

#include "base/err.h"

#include <stddef.h>
#include <sys/types.h>

struct io_file;

/* What an implementation provides; each returns what its namesake of POSIX does, with errno. */
struct io_ops {
	int (*open)(const char *path, int flags, mode_t mode);
	int (*close)(int fd);
	ssize_t (*pread)(int fd, void *to, size_t len, off_t at);
	ssize_t (*pwrite)(int fd, const void *from, size_t len, off_t at);
	int (*datasync)(int fd);
	int (*truncate)(int fd, off_t len);
	int (*rename)(const char *from, const char *to);
	int (*unlink)(const char *path);
	int (*mkdir)(const char *path, mode_t mode);
	int (*punch)(int fd, off_t at, off_t len);   /* may be NULL: not supported */
};

extern const struct io_ops io_real;

/* The table in force for the whole process; tests replace it before any thread runs. */
void io_set_ops(const struct io_ops *ops);
const struct io_ops *io_get_ops(void);

enum io_mode {
	IO_READ,           /* must exist */
	IO_WRITE,          /* read and write, must exist */
	IO_CREATE,         /* read and write, made 0600 if absent */
	IO_CREATE_NEW,     /* made 0600, must not exist, never follows a symbolic link */
};

enum rc io_open(const char *path, enum io_mode mode, struct io_file **out, struct err *err);
/* Closes and frees; NULL is fine. Errors of close are ignored: what matters was synced before. */
void io_close(struct io_file *f);
const char *io_path(const struct io_file *f);
int io_fd(const struct io_file *f);
/* Length in bytes now. */
enum rc io_size(const struct io_file *f, uint64_t *out, struct err *err);
/* Reads up to len bytes; *got < len only at the end of the file. */
enum rc io_read(struct io_file *f, uint64_t at, void *to, size_t len, size_t *got, struct err *err);
/* Reads exactly len bytes; RC_CUT_SHORT (with the offset) where the file ends before. */
enum rc io_read_all(struct io_file *f, uint64_t at, void *to, size_t len, struct err *err);
/* Those bytes will be read soon: the kernel may begin now. Changes nothing else. */
void io_expect(const struct io_file *f, uint64_t at, uint64_t len);
enum rc io_write(struct io_file *f, uint64_t at, const void *from, size_t len, struct err *err);
/* fdatasync: what was written before survives a power loss. */
enum rc io_sync(struct io_file *f, struct err *err);
enum rc io_truncate(struct io_file *f, uint64_t len, struct err *err);
/*
 * Gives the space of a range back to the file system: it reads as zeros, the length stays. False where the file system cannot, or
 * did not: nothing depends on it.
 */
bool io_punch(struct io_file *f, uint64_t at, uint64_t len);
/* Tries to switch O_DIRECT on or off; false where the file system refuses. */
bool io_set_direct(struct io_file *f, bool on);

enum rc io_rename(const char *from, const char *to, struct err *err);
/* RC_DONE too where it is not there. */
enum rc io_remove(const char *path, struct err *err);
/* mode 0700; RC_DONE where a directory is there already. */
enum rc io_mkdir(const char *path, struct err *err);
/* Syncs a directory, so that names made or renamed in it survive a power loss. */
enum rc io_sync_dir(const char *path, struct err *err);
/* Writes a small file whole: temporary name, sync, rename, sync of the directory. */
enum rc io_replace(const char *path, const void *bytes, size_t len, struct err *err);

#endif
