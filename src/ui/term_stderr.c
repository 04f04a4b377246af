/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/term_stderr.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static int saved_fd = -1, held_fd = -1;

void term_stderr_hold(void)
{
	if (saved_fd >= 0 || !isatty(STDERR_FILENO))
		return;
	fflush(stderr);
	saved_fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	held_fd = memfd_create("flowdrill-stderr", MFD_CLOEXEC);
	if (saved_fd >= 0 && held_fd >= 0 && dup2(held_fd, STDERR_FILENO) >= 0)
		return;
	if (saved_fd >= 0)
		close(saved_fd);
	if (held_fd >= 0)
		close(held_fd);
	saved_fd = held_fd = -1;
}

void term_stderr_restore(void)
{
	if (saved_fd >= 0)
		dup2(saved_fd, STDERR_FILENO);
}

void term_stderr_release(void)
{
	char bytes[4096];
	off_t at = 0;
	ssize_t n;

	if (saved_fd < 0)
		return;
	fflush(stderr);
	term_stderr_restore();
	while ((n = pread(held_fd, bytes, sizeof(bytes), at)) > 0) {
		if (write(STDERR_FILENO, bytes, (size_t)n) != n)
			break;
		at += n;
	}
	close(saved_fd);
	close(held_fd);
	saved_fd = held_fd = -1;
}
