/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The writer's lock of a store, and the mark of those who read a cache entry.
 *
 * Both are flock()s, one on a small file, one on the directory itself: they die with their
 * owner, so that nothing stale can stay behind `kill -9`. The file of the writer's lock holds
 * its pid as text, for the message of who comes second. One thread at a time.
 */
#ifndef FLOWDRILL_STORE_LOCK_H
#define FLOWDRILL_STORE_LOCK_H

#include "base/err.h"

/*
 * Takes the exclusive lock; *fd is closed by lock_release(). RC_LOCKED names the pid. `store`
 * is for messages.
 */
enum rc lock_take(const char *path, const char *store, int *fd, struct err *err);
/* The pid of the process that holds the lock (this one too); 0 where nobody does or it cannot be told. */
long lock_holder(const char *path);
/* A shared mark that a directory is in use; -1 where it cannot be had. */
int lock_share(const char *dir);
/*
 * The mark exclusively, without waiting; -1 where somebody has it (or there is no such
 * directory).
 */
int lock_unshared(const char *dir);
/* Releases either kind; -1 is fine. */
void lock_release(int fd);

#endif
