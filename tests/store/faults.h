/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The Nth operation of one kind fails: of our own files (base/io.h), of SQLite's (a VFS around the system's), an allocation of ours
 * (base/mem.h) or of SQLite's. One fault at a time, for the whole process; operations are counted from faults_arm() on,
 * in all threads.
 */
#ifndef FLOWDRILL_TESTS_FAULTS_H
#define FLOWDRILL_TESTS_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fault_op {
	FAULT_OPEN, FAULT_READ, FAULT_WRITE, FAULT_SYNC, FAULT_TRUNCATE, FAULT_RENAME, FAULT_UNLINK, FAULT_MKDIR, FAULT_PUNCH,
	FAULT_SQL_OPEN, FAULT_SQL_READ, FAULT_SQL_WRITE, FAULT_SQL_SYNC, FAULT_SQL_TRUNCATE, FAULT_SQL_SIZE, FAULT_SQL_DELETE,
	FAULT_SQL_ACCESS, FAULT_SQL_LOCK, FAULT_SQL_MAP,
	FAULT_MEMORY, FAULT_SQL_MEMORY,
};

/*
 * error: errno, or SQLite's code; 0 where there is only one way. goes_on: what comes after the Nth fails too. part: half of the bytes
 * are read or written before (error 0: and no error, as pread() and pwrite() may).
 */
struct fault {
	const char *name;
	enum fault_op op;
	int error;
	bool goes_on, part;
};

extern const struct fault faults[];
extern const size_t n_faults;

/* Once, before SQLite is used. */
void faults_init(void);
/* Nth from 1. NULL: nothing fails any more. */
void faults_arm(const struct fault *f, uint64_t nth);
/* Operations of this kind since faults_arm(). */
uint64_t faults_seen(void);
/* How errors of it may be called: of memory, or of a file. */
bool fault_is_memory(const struct fault *f);

#endif
