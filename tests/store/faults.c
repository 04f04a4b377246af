/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "faults.h"

#include "base/io.h"
#include "base/mem.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

const struct fault faults[] = {
	{"open EIO", FAULT_OPEN, EIO, false, false},
	{"open ENOSPC", FAULT_OPEN, ENOSPC, true, false},
	{"read EIO", FAULT_READ, EIO, false, false},
	{"read half", FAULT_READ, 0, false, true},
	{"write EIO", FAULT_WRITE, EIO, false, false},
	{"write ENOSPC", FAULT_WRITE, ENOSPC, true, false},
	{"write half, then ENOSPC", FAULT_WRITE, ENOSPC, true, true},
	{"write half", FAULT_WRITE, 0, false, true},
	{"sync EIO", FAULT_SYNC, EIO, false, false},
	{"sync ENOSPC", FAULT_SYNC, ENOSPC, true, false},
	{"truncate EIO", FAULT_TRUNCATE, EIO, false, false},
	{"rename EIO", FAULT_RENAME, EIO, false, false},
	{"rename ENOSPC", FAULT_RENAME, ENOSPC, true, false},
	{"mkdir ENOSPC", FAULT_MKDIR, ENOSPC, false, false},
	{"unlink EIO", FAULT_UNLINK, EIO, false, false},
	{"punch EIO", FAULT_PUNCH, EIO, false, false},
	{"SQLite open", FAULT_SQL_OPEN, SQLITE_CANTOPEN, false, false},
	{"SQLite read", FAULT_SQL_READ, SQLITE_IOERR_READ, false, false},
	{"SQLite write", FAULT_SQL_WRITE, SQLITE_IOERR_WRITE, false, false},
	{"SQLite write, full", FAULT_SQL_WRITE, SQLITE_FULL, true, false},
	{"SQLite write half, then full", FAULT_SQL_WRITE, SQLITE_FULL, true, true},
	{"SQLite sync", FAULT_SQL_SYNC, SQLITE_IOERR_FSYNC, false, false},
	{"SQLite truncate", FAULT_SQL_TRUNCATE, SQLITE_IOERR_TRUNCATE, false, false},
	{"SQLite size", FAULT_SQL_SIZE, SQLITE_IOERR_FSTAT, false, false},
	{"SQLite delete", FAULT_SQL_DELETE, SQLITE_IOERR_DELETE, false, false},
	{"SQLite access", FAULT_SQL_ACCESS, SQLITE_IOERR_ACCESS, false, false},
	{"SQLite lock", FAULT_SQL_LOCK, SQLITE_IOERR_LOCK, false, false},
	{"SQLite shared memory", FAULT_SQL_MAP, SQLITE_IOERR_SHMMAP, false, false},
	{"memory, from there on", FAULT_MEMORY, 0, true, false},
	{"memory, once", FAULT_MEMORY, 0, false, false},
	{"SQLite memory, from there on", FAULT_SQL_MEMORY, 0, true, false},
	{"SQLite memory, once", FAULT_SQL_MEMORY, 0, false, false},
};
const size_t n_faults = sizeof(faults) / sizeof(faults[0]);

static const struct fault *fault;
static uint64_t fault_at, memory_before;
static _Atomic uint64_t fault_seen;

/* Counts an operation; true (with errno) where it is to fail. */
static bool fails(enum fault_op op)
{
	if (!fault || fault->op != op)
		return false;
	uint64_t n = atomic_fetch_add(&fault_seen, 1) + 1;
	if (n != fault_at && !(fault->goes_on && n > fault_at))
		return false;
	errno = fault->error;
	return true;
}

static bool is_part(void)
{
	return fault->part && atomic_load(&fault_seen) == fault_at;
}

/* ---- our own files -------------------------------------------------------------------------- */

static int bad_open(const char *path, int flags, mode_t mode)
{
	return fails(FAULT_OPEN) ? -1 : io_real.open(path, flags, mode);
}

static ssize_t bad_pread(int fd, void *to, size_t len, off_t at)
{
	if (!fails(FAULT_READ))
		return io_real.pread(fd, to, len, at);
	if (fault->error)
		return -1;
	return io_real.pread(fd, to, is_part() && len > 1 ? len / 2 : len, at);
}

static ssize_t bad_pwrite(int fd, const void *from, size_t len, off_t at)
{
	if (!fails(FAULT_WRITE))
		return io_real.pwrite(fd, from, len, at);
	if (is_part() && len > 1)
		return io_real.pwrite(fd, from, len / 2, at);
	if (fault->error == 0)
		return io_real.pwrite(fd, from, len, at);
	errno = fault->error;
	return -1;
}

/* Nothing waits for a disk: what is lost with the power is for other tests. */
static int bad_datasync(int fd)
{
	(void)fd;
	return fails(FAULT_SYNC) ? -1 : 0;
}

static int bad_truncate(int fd, off_t len)
{
	return fails(FAULT_TRUNCATE) ? -1 : io_real.truncate(fd, len);
}

static int bad_rename(const char *from, const char *to)
{
	return fails(FAULT_RENAME) ? -1 : io_real.rename(from, to);
}

static int bad_unlink(const char *path)
{
	return fails(FAULT_UNLINK) ? -1 : io_real.unlink(path);
}

static int bad_mkdir(const char *path, mode_t mode)
{
	return fails(FAULT_MKDIR) ? -1 : io_real.mkdir(path, mode);
}

static int bad_punch(int fd, off_t at, off_t len)
{
	return fails(FAULT_PUNCH) ? -1 : io_real.punch(fd, at, len);
}

/* ---- SQLite's files -------------------------------------------------------------------------- */

static sqlite3_vfs *system_vfs;

/* The system's file stands right behind. */
struct shim { sqlite3_file base; };

static sqlite3_file *real_of(sqlite3_file *f)
{
	return (sqlite3_file *)((struct shim *)f + 1);
}

#define REAL(f, call, ...) real_of(f)->pMethods->call(real_of(f), ##__VA_ARGS__)
#define OR_FAIL(op, call) (fails(op) ? fault->error : (call))

static int shim_close(sqlite3_file *f)
{
	return REAL(f, xClose);
}

static int shim_read(sqlite3_file *f, void *to, int len, sqlite3_int64 at)
{
	return OR_FAIL(FAULT_SQL_READ, REAL(f, xRead, to, len, at));
}

static int shim_write(sqlite3_file *f, const void *from, int len, sqlite3_int64 at)
{
	if (!fails(FAULT_SQL_WRITE))
		return REAL(f, xWrite, from, len, at);
	if (is_part() && len > 1)
		REAL(f, xWrite, from, len / 2, at);
	return fault->error;
}

static int shim_truncate(sqlite3_file *f, sqlite3_int64 len)
{
	return OR_FAIL(FAULT_SQL_TRUNCATE, REAL(f, xTruncate, len));
}

static int shim_sync(sqlite3_file *f, int flags)
{
	(void)f;
	(void)flags;
	return OR_FAIL(FAULT_SQL_SYNC, SQLITE_OK);
}

static int shim_size(sqlite3_file *f, sqlite3_int64 *out)
{
	return OR_FAIL(FAULT_SQL_SIZE, REAL(f, xFileSize, out));
}

static int shim_lock(sqlite3_file *f, int level)
{
	return OR_FAIL(FAULT_SQL_LOCK, REAL(f, xLock, level));
}

static int shim_unlock(sqlite3_file *f, int level)
{
	return REAL(f, xUnlock, level);
}

static int shim_reserved(sqlite3_file *f, int *out)
{
	return REAL(f, xCheckReservedLock, out);
}

static int shim_control(sqlite3_file *f, int op, void *arg)
{
	return REAL(f, xFileControl, op, arg);
}

static int shim_sector(sqlite3_file *f)
{
	return REAL(f, xSectorSize);
}

static int shim_traits(sqlite3_file *f)
{
	return REAL(f, xDeviceCharacteristics);
}

static int shim_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
	return OR_FAIL(FAULT_SQL_MAP, REAL(f, xShmMap, page, size, extend, out));
}

static int shim_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
	return flags & SQLITE_SHM_UNLOCK ? REAL(f, xShmLock, offset, n, flags)
					 : OR_FAIL(FAULT_SQL_LOCK, REAL(f, xShmLock, offset, n, flags));
}

static void shim_barrier(sqlite3_file *f)
{
	REAL(f, xShmBarrier);
}

static int shim_unmap(sqlite3_file *f, int remove)
{
	return REAL(f, xShmUnmap, remove);
}

static const sqlite3_io_methods shim_methods = {
	.iVersion = 2, .xClose = shim_close, .xRead = shim_read, .xWrite = shim_write, .xTruncate = shim_truncate,
	.xSync = shim_sync, .xFileSize = shim_size, .xLock = shim_lock, .xUnlock = shim_unlock,
	.xCheckReservedLock = shim_reserved, .xFileControl = shim_control, .xSectorSize = shim_sector,
	.xDeviceCharacteristics = shim_traits, .xShmMap = shim_map, .xShmLock = shim_shm_lock,
	.xShmBarrier = shim_barrier, .xShmUnmap = shim_unmap,
};

static int shim_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out_flags)
{
	(void)vfs;
	f->pMethods = NULL;
	if (fails(FAULT_SQL_OPEN))
		return fault->error;
	int code = system_vfs->xOpen(system_vfs, name, real_of(f), flags, out_flags);
	if (real_of(f)->pMethods)
		f->pMethods = &shim_methods;
	return code;
}

static int shim_delete(sqlite3_vfs *vfs, const char *name, int sync_dir)
{
	(void)vfs;
	return OR_FAIL(FAULT_SQL_DELETE, system_vfs->xDelete(system_vfs, name, sync_dir));
}

static int shim_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
	(void)vfs;
	return OR_FAIL(FAULT_SQL_ACCESS, system_vfs->xAccess(system_vfs, name, flags, out));
}

/* The rest of its functions do not look at the VFS that they are given, so they are taken over. */
static void make_vfs(void)
{
	static sqlite3_vfs vfs;

	system_vfs = sqlite3_vfs_find(NULL);
	vfs = *system_vfs;
	vfs.zName = "failing";
	vfs.pNext = NULL;
	vfs.szOsFile = (int)sizeof(struct shim) + system_vfs->szOsFile;
	vfs.xOpen = shim_open;
	vfs.xDelete = shim_delete;
	vfs.xAccess = shim_access;
	if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK)
		abort();
}

/* ---- SQLite's memory ------------------------------------------------------------------------- */

static sqlite3_mem_methods system_memory;

static void *shim_malloc(int len)
{
	return fails(FAULT_SQL_MEMORY) ? NULL : system_memory.xMalloc(len);
}

static void *shim_realloc(void *old, int len)
{
	return fails(FAULT_SQL_MEMORY) ? NULL : system_memory.xRealloc(old, len);
}

void faults_init(void)
{
	sqlite3_mem_methods memory;

	/* without lookaside every allocation comes by */
	if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &system_memory) != SQLITE_OK ||
		sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0) != SQLITE_OK)
		abort();
	memory = system_memory;
	memory.xMalloc = shim_malloc;
	memory.xRealloc = shim_realloc;
	if (sqlite3_config(SQLITE_CONFIG_MALLOC, &memory) != SQLITE_OK || sqlite3_initialize() != SQLITE_OK)
		abort();
	make_vfs();
	faults_arm(NULL, 0);
}

/* ---- what fails ------------------------------------------------------------------------------ */

void faults_arm(const struct fault *f, uint64_t nth)
{
	static const struct io_ops ops = {
		.open = bad_open, .pread = bad_pread, .pwrite = bad_pwrite, .datasync = bad_datasync,
		.truncate = bad_truncate, .rename = bad_rename, .unlink = bad_unlink, .mkdir = bad_mkdir,
		.punch = bad_punch,
	};
	static struct io_ops all;

	all = ops;
	all.close = io_real.close;
	fault = f;
	fault_at = nth;
	atomic_store(&fault_seen, 0);
	memory_before = mem_count();
	io_set_ops(&all);
	if (!f || f->op != FAULT_MEMORY)
		mem_fail_after(0);
	else if (f->goes_on)
		mem_fail_after(nth);
	else
		mem_fail_once(nth);
}

uint64_t faults_seen(void)
{
	return fault && fault->op == FAULT_MEMORY ? mem_count() - memory_before : atomic_load(&fault_seen);
}

bool fault_is_memory(const struct fault *f)
{
	return f->op == FAULT_MEMORY || f->op == FAULT_SQL_MEMORY;
}
