/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Giving privileges up: after the interfaces are open, and before any packet is looked at.
 *
 * confine() becomes an ordinary user (all uids, gids, supplementary groups), empties every capability set (bounding and ambient
 * too), sets no_new_privs, switches core dumps off, and, where the kernel has Landlock, confines writing to the directories
 * given, and reading to what a running program needs (shared libraries and terminal descriptions, its sources, /proc/self); then
 * it verifies: a process that could get root back is a failure. Process-wide (also threads that are there already must be none). Failure is
 * fatal for the caller, but for Landlock that the kernel has not: one note.
 */
#ifndef FLOWDRILL_SESSION_CONFINE_H
#define FLOWDRILL_SESSION_CONFINE_H

#include "base/err.h"

#include <stddef.h>
#include <sys/types.h>

struct confine_options {
	const char *user;            /* NULL: who called sudo, else `nobody`; ignored (with an error if it is another) where we are no root */
	const char *const *write_dirs;   /* exist; made ours before the drop where confine_directory() was called */
	size_t n_write_dirs;
	const char *const *read_paths;
	size_t n_read_paths;
};

struct confine_user { uid_t uid; gid_t gid; char name[64], home[256]; };

/* Whom confine() would become. RC_USAGE: no such user, or root. */
enum rc confine_who(const char *user, struct confine_user *out, struct err *err);
/* Makes a directory (0700) if it is not there and gives it to that user, while we may; an existing one must be his or writable for him. */
enum rc confine_directory(const char *path, const struct confine_user *who, struct err *err);
/* note: "" or one line for the user. */
enum rc confine(const struct confine_options *o, char *note, size_t note_size, struct err *err);

/* Whether this process was confined: it can run no programs, and should not try. */
bool confine_done(void);

#endif
