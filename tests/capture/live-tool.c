/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Captures from an interface and says what it saw, for live.sh:
 *
 *     live-tool [-f BPF] [-b BUFFER] [-s SNAPLEN] [-t TIMEOUT-MS] [-i] [-p] [-d DELAY-US] IFACE
 *
 * Prints `open KEY=VALUE...`, then `state NAME` at each change, then on SIGTERM or when the interface is gone
 * `end KEY=VALUE...` with the counters and what it added up itself. -d: sleeps after every 64 frames. Exit status: that
 * of the error.
 */
#include "capture/live.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t asked_to_stop;

struct seen {
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

	(void)err;
	seen->frames++;
	seen->bytes += f->caplen;
	seen->wire_bytes += f->len;
	seen->disorder += f->time_ns < seen->last_ns;
	seen->last_ns = f->time_ns;
	return RC_DONE;
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
	       " bytes=%llu wire_bytes=%llu disorder=%llu exact=%d\n",
		(unsigned long long)c.received, (unsigned long long)c.delivered,
		(unsigned long long)c.refused, (unsigned long long)c.dropped,
		(unsigned long long)c.if_dropped, (unsigned long long)seen->frames,
		(unsigned long long)seen->bytes, (unsigned long long)seen->wire_bytes,
		(unsigned long long)seen->disorder,
		c.received == c.delivered + c.refused + c.dropped && c.delivered == seen->frames);
}

static int run(struct live *l, unsigned delay_us)
{
	struct seen seen = { 0 };
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
			rc = live_take(l, delay_us ? 64 : 10000, count_frame, &seen, &taken, &err);
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

static void read_options(int argc, char **argv, struct live_options *o, unsigned *delay_us)
{
	int c;

	while ((c = getopt(argc, argv, "f:b:s:t:ipd:")) != -1)
		switch (c) {
		case 'f': o->bpf = optarg; break;
		case 'b': o->buffer_bytes = (uint32_t)strtoul(optarg, NULL, 10); break;
		case 's': o->snaplen = (uint32_t)strtoul(optarg, NULL, 10); break;
		case 't': o->timeout_ms = (unsigned)strtoul(optarg, NULL, 10); break;
		case 'd': *delay_us = (unsigned)strtoul(optarg, NULL, 10); break;
		case 'i': o->immediate = true; break;
		case 'p': o->promiscuous = true; break;
		default: exit(2);
		}
	if (optind >= argc)
		exit(2);
}

int main(int argc, char **argv)
{
	struct live_options options = { 0 };
	const struct live_info *info;
	unsigned delay_us = 0;
	struct live *l = NULL;
	struct err err;
	int status;

	read_options(argc, argv, &options, &delay_us);
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGTERM, on_term);
	if (live_open(argv[optind], &options, &l, &err) != RC_DONE)
		return fail(&err);
	info = live_info(l);
	printf("open name=%s linktype=%u snaplen=%u tsresol=%u ring=%s index=%u mac=%d description='%s' note='%s'\n",
		info->name, info->linktype, info->snaplen, info->tsresol, info->ring, info->index,
		info->has_mac, info->description, info->note);
	status = run(l, delay_us);
	live_close(l);
	return status;
}
