/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Captures from an interface and says what it saw, for live.sh:
 *
 *     live-tool [-f BPF] [-b BUFFER] [-s SNAPLEN] [-t TIMEOUT-MS] [-i] [-p] [-c] [-x N] [-d DELAY-US] IFACE
 *
 * Prints `open KEY=VALUE...`, then `state NAME` at each change, then on SIGTERM or when the interface is gone
 * `end KEY=VALUE...` with the counters and what it added up itself. -c: without any capability once it is open; -x: every Nth frame
 * ends the taking; -d: sleeps after every 64 frames. Exit status: that of the error.
 */
#include "capture/live.h"

#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static volatile sig_atomic_t asked_to_stop;

struct seen {
	uint64_t end_every, ends;
	uint64_t frames, bytes, wire_bytes, disorder;
	int64_t last_ns;
};

static void on_term(int number)
{
	(void)number;
	asked_to_stop = 1;
}

static enum rc count_frame(void *ctx, const struct live_frame *f, struct err *err)
{
	struct seen *seen = ctx;

	seen->frames++;
	seen->bytes += f->caplen;
	seen->wire_bytes += f->len;
	seen->disorder += f->time_ns < seen->last_ns;
	seen->last_ns = f->time_ns;
	if (seen->end_every == 0 || seen->frames % seen->end_every != 0)
		return RC_DONE;
	seen->ends++;
	return err_set(err, RC_CANCELLED, "frame", "ends the taking");
}

static int fail(const struct err *err)
{
	printf("failed %s %s: %s\n", rc_name(err->rc), err->what, err->why);
	return rc_exit_status(err->rc);
}

static void say_state(struct live *l)
{
	static const char *const names[] = { "up", "down", "gone" };
	static int last = -1;
	enum live_state now = live_look(l);

	if ((int)now != last)
		printf("state %s\n", names[now]);
	last = (int)now;
}

static void say_end(struct live *l, const struct seen *seen)
{
	struct live_counts c = { 0 };

	live_counts(l, &c, NULL);
	printf("end received=%llu delivered=%llu refused=%llu dropped=%llu if_dropped=%llu frames=%llu"
	       " ends=%llu bytes=%llu wire_bytes=%llu disorder=%llu exact=%d\n",
		(unsigned long long)c.received, (unsigned long long)c.delivered,
		(unsigned long long)c.refused, (unsigned long long)c.dropped,
		(unsigned long long)c.if_dropped, (unsigned long long)seen->frames,
		(unsigned long long)seen->ends, (unsigned long long)seen->bytes, (unsigned long long)seen->wire_bytes,
		(unsigned long long)seen->disorder,
		c.received == c.delivered + c.refused + c.dropped && c.delivered == seen->frames);
}

/* What is taken now; an end that the sink made is none. */
static enum rc take(struct live *l, size_t max, struct seen *seen, size_t *taken, struct err *err)
{
	uint64_t before = seen->ends;
	enum rc rc = live_take(l, max, count_frame, seen, taken, err);

	return rc == RC_CANCELLED && seen->ends == before + 1 ? RC_DONE : rc;
}

static int run(struct live *l, unsigned delay_us, uint64_t end_every)
{
	struct seen seen = { .end_every = end_every };
	struct err err;
	enum rc rc = RC_DONE;
	size_t taken;

	while (rc == RC_DONE) {
		struct pollfd p = { .fd = live_fd(l), .events = POLLIN };
		poll(&p, 1, 50);
		say_state(l);
		if (asked_to_stop) {
			rc = live_stop(l, &err);
			if (rc != RC_DONE)
				break;
		}
		do
			rc = take(l, delay_us ? 64 : 10000, &seen, &taken, &err);
		while (rc == RC_DONE && taken > 0 && !delay_us);
		if (delay_us && !asked_to_stop)
			usleep(delay_us);
	}
	if (rc != RC_END)
		return fail(&err);
	say_state(l);
	say_end(l, &seen);
	return 0;
}

static void drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { { 0 } };

	if (syscall(SYS_capset, &header, none) != 0)
		exit(99);
}

struct tool_options {
	struct live_options live;
	unsigned delay_us;
	uint64_t end_every;
	bool drop;
};

static void read_options(int argc, char **argv, struct tool_options *o)
{
	int c;

	while ((c = getopt(argc, argv, "f:b:s:t:ipcx:d:")) != -1)
		switch (c) {
		case 'f': o->live.bpf = optarg; break;
		case 'b': o->live.buffer_bytes = (uint32_t)strtoul(optarg, NULL, 10); break;
		case 's': o->live.snaplen = (uint32_t)strtoul(optarg, NULL, 10); break;
		case 't': o->live.timeout_ms = (unsigned)strtoul(optarg, NULL, 10); break;
		case 'd': o->delay_us = (unsigned)strtoul(optarg, NULL, 10); break;
		case 'x': o->end_every = strtoull(optarg, NULL, 10); break;
		case 'i': o->live.immediate = true; break;
		case 'p': o->live.promiscuous = true; break;
		case 'c': o->drop = true; break;
		default: exit(2);
		}
	if (optind >= argc)
		exit(2);
}

int main(int argc, char **argv)
{
	struct tool_options options = { 0 };
	const struct live_info *info;
	struct live *l = NULL;
	struct err err;
	int status;

	read_options(argc, argv, &options);
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGTERM, on_term);
	if (live_open(argv[optind], &options.live, &l, &err) != RC_DONE)
		return fail(&err);
	if (options.drop)
		drop_capabilities();
	info = live_info(l);
	printf("open name=%s linktype=%u snaplen=%u tsresol=%u ring=%s index=%u mac=%d description='%s' note='%s'\n",
		info->name, info->linktype, info->snaplen, info->tsresol, info->ring, info->index,
		info->has_mac, info->description, info->note);
	status = run(l, options.delay_us, options.end_every);
	live_close(l);
	return status;
}
