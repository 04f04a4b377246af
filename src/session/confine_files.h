/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The half of confine.h that is Landlock: which files the process may still open. No program can be executed, no
 * TCP connection made (kernel 6.7 and later) and no process outside signalled (6.12). What is open already stays open.
 */
#ifndef FLOWDRILL_SESSION_CONFINE_FILES_H
#define FLOWDRILL_SESSION_CONFINE_FILES_H

#include "session/confine.h"

#include <stdint.h>

/* The kernel's three calls, as syscall(2) returns; tests put others in their place. */
struct confine_calls {
	long (*create)(const void *attributes, size_t size, uint32_t flags);
	long (*add_path)(int ruleset, const void *rule);
	long (*restrict_self)(int ruleset);
};

extern const struct confine_calls confine_calls_real;

/*
 * `home` of the user ("" for none): his terminal descriptions and .inputrc are read. Where the kernel has no Landlock: RC_DONE,
 * with a note. A directory or path that cannot be opened is an error.
 */
enum rc confine_files(const struct confine_options *o, const char *home,
	const struct confine_calls *calls, char *note, size_t note_size, struct err *err);

#endif
