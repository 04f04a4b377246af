/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The program on a pseudo terminal, for tests: what it writes is gathered, what it shall read is typed. One at a time.
 * Never sleeps: it waits for what the program writes, three minutes at most, and fails the test otherwise.
 */
#ifndef FLOWDRILL_TESTS_UI_PTY_H
#define FLOWDRILL_TESTS_UI_PTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct pty_options {
	const char *term;   /* TERM; NULL: unset */
	const char *locale; /* LC_ALL; NULL: C.UTF-8 */
	const char *file;   /* NULL: the sample shop */
	const char *const *arguments; /* instead of a file; ended by NULL */
	unsigned w, h;
	bool job; /* run by a parent that does as a shell does: says when it was stopped, hands its status on */
	/* told every byte that the program writes, in order; or NULL */
	void (*on_bytes)(const uint8_t *bytes, size_t n);
};

struct pty {
	pid_t pid; /* of the program */
	int fd;
	const char *seen; /* what the program wrote since the last pty_type; zero-terminated */
	size_t n;
};

extern struct pty pty;

/* Skips the test where the environment does not name the program. */
void pty_start(const struct pty_options *options);
/* Reads what there is, waiting at most wait_ms for it; false at the end and where nothing came. */
bool pty_take(int wait_ms);
/*
 * Until the program wrote this since the last pty_type, or it stands on the screen: a program that draws leaves out what
 * stands there already.
 */
void pty_wait_for(const char *text);
/* Until the sample shop has rows, so that Enter opens one. */
void pty_wait_for_rows(void);
bool pty_has_seen(const char *text);
/* Forgets what was seen. */
void pty_forget(void);
/* Forgets what was seen, and types. */
void pty_type(const char *keys);
void pty_resize(unsigned w, unsigned h);
/* `job`: the shell, and so the program before it, has left in time (ten seconds, with patience), with 0; else both are killed. */
bool pty_shell_ends(void);
/* Everything to the end; the wait status. */
int pty_finish(void);

#endif
