/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * replay-tool INTERFACE SPEED <CAPTURE: sends the frames of a pcap (microseconds or nanoseconds, this
 * machine's byte order) with their gaps divided by SPEED. Says `sent N` at the end. Frames longer than the
 * interface takes are cut, so that their number stays.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { FRAME_MAX = 262144, WIRE_MAX = 1514, WIRE_MIN = 14 };

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * (int64_t)1000000000 + t.tv_nsec;
}

static void sleep_until(int64_t ns)
{
	struct timespec t = { ns / 1000000000, ns % 1000000000 };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

static int open_wire(const char *name)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(name) };
	/* protocol 0: nothing is received */
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	if (at.sll_ifindex == 0 || fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0) {
		perror(name);
		exit(99);
	}
	return fd;
}

static void send_frame(int fd, const uint8_t *frame, size_t len)
{
	while (send(fd, frame, len, 0) < 0)
		if (errno != EINTR && errno != ENOBUFS && errno != EAGAIN) {
			perror("send");
			exit(99);
		}
}

int main(int argc, char **argv)
{
	static uint8_t frame[FRAME_MAX];
	uint32_t head[6], record[4];
	uint64_t sent = 0;

	if (argc != 3 || fread(head, sizeof(head), 1, stdin) != 1 ||
		(head[0] != 0xa1b2c3d4 && head[0] != 0xa1b23c4d)) {
		fprintf(stderr, "usage: replay-tool INTERFACE SPEED <CAPTURE.pcap\n");
		return 99;
	}
	int fd = open_wire(argv[1]);
	double speed = atof(argv[2]);
	int64_t unit = head[0] == 0xa1b23c4d ? 1 : 1000, first = 0, began = now_ns();

	while (fread(record, sizeof(record), 1, stdin) == 1) {
		size_t len = record[2];

		if (len > sizeof(frame) || fread(frame, 1, len, stdin) != len)
			break;
		int64_t at = record[0] * (int64_t)1000000000 + record[1] * unit;
		if (sent++ == 0)
			first = at;
		int64_t due = began + (int64_t)((double)(at - first) / speed);
		if (due - now_ns() > 200 * 1000)
			sleep_until(due);
		len = len > WIRE_MAX ? WIRE_MAX : len;
		send_frame(fd, frame, len < WIRE_MIN ? WIRE_MIN : len);
	}
	printf("sent %llu\n", (unsigned long long)sent);
	return 0;
}
