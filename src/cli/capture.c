/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flowdrill capture -s STORE -i IFACE... */
#include "base/clock.h"
#include "cli/record.h"
#include "cli/say.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { TICK_MS = 200 };

/* Signals that are asked for rather than suffered; a HUP that nohup(1) has switched off stays so. */
static enum rc open_signals(int *fd, struct err *err)
{
	struct sigaction hup;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR1);
	if (sigaction(SIGHUP, NULL, &hup) != 0 || hup.sa_handler != SIG_IGN)
		sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	*fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return *fd < 0 ? err_errno(err, "signals", "cannot wait for them") : RC_DONE;
}

/* False where one says that it is time to leave. */
static bool take_signals(int fd, struct recording *r)
{
	struct signalfd_siginfo s;

	while (read(fd, &s, sizeof(s)) == sizeof(s)) {
		if (s.ssi_signo != SIGUSR1)
			return false;
		record_report(r);
	}
	return true;
}

static bool enough(const struct args *a, const struct recorder_status *s, int64_t since)
{
	return !s->running || (a->count && s->packets >= a->count) ||
		(a->duration_ns && clock_monotonic_ns() - since >= a->duration_ns);
}

/* Until a signal, the end that was asked for, or the recorder's own. */
static void watch(const struct args *a, int signals, struct recording *r)
{
	int64_t since = clock_monotonic_ns(), report_at = since + a->report_ns;
	struct recorder_status status;

	for (;;) {
		struct pollfd fds[] = {
			{ .fd = signals, .events = POLLIN },
			{ .fd = recorder_fd(r->recorder), .events = POLLIN },
		};

		poll(fds, 2, TICK_MS);
		record_events(r);
		if (!take_signals(signals, r))
			return;
		recorder_status(r->recorder, &status);
		if (enough(a, &status, since))
			return;
		if (a->report_ns && clock_monotonic_ns() >= report_at) {
			record_report(r);
			report_at += a->report_ns;
		}
	}
}

enum rc command_capture(struct cli *c, struct err *err)
{
	const struct args *a = &c->args;
	struct recording r;
	int signals;

	if (a->n_sources != 1 || !a->sources[0].is_store)
		return err_set(err, RC_USAGE, "capture", "name one store with -s");
	if (a->n_devices == 0)
		return err_set(err, RC_USAGE, "capture", "name an interface with -i");
	if (a->n_words > 1)
		return err_set(err, RC_USAGE, a->words[1], "is too much: interfaces are named with -i");
	enum rc rc = open_signals(&signals, err);
	if (rc != RC_DONE)
		return rc;
	rc = record_open(c, false, &r, err);
	if (rc == RC_DONE) {
		say_note(r.store, "recording");
		watch(a, signals, &r);
		rc = record_close(&r, err);
	}
	close(signals);
	return rc;
}
