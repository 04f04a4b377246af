/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * replay-tool INTERFACE SPEED [CONNECTIONS] <CAPTURE: sends the frames of a pcap (microseconds or nanoseconds, this
 * machine's byte order) with their gaps divided by SPEED. Says `sent N` at the end. Frames longer than the
 * interface takes are cut, so that their number stays.
 *
 * Before that, so many TCP connections of a SYN and a few segments that nobody acknowledges, FILL_RATE packets a second: they make
 * a recorder's tables as full as they get.
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

enum {
	FRAME_MAX = 262144,
	WIRE_MAX = 1514,
	WIRE_MIN = 14,
	FILL_RATE = 40000,
	FILL_SEGMENTS = 6,
	FILL_FRAME = 60
};

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
	struct sockaddr_ll at = { .sll_family = AF_PACKET,
		.sll_ifindex = (int)if_nametoindex(name) };
	/* protocol 0: nothing is received */
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	if (at.sll_ifindex == 0 || fd < 0 ||
		bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0) {
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

static uint16_t checksum(const uint8_t *bytes, size_t len, uint32_t sum)
{
	for (size_t i = 0; i < len; i += 2)
		sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void put_be(uint8_t *at, uint64_t v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		at[i] = (uint8_t)(v >> (8 * (bytes - 1 - i)));
}

/* Segment 0 is the SYN, the others have six bytes each. */
static void fill_frame(uint8_t *f, uint32_t connection, uint32_t segment)
{
	enum { IP = 14, TCP = 34, TCP_LEN = FILL_FRAME - TCP };

	memset(f, 0, FILL_FRAME);
	put_be(f, 0x020000000002, 6);
	put_be(f + 6, 0x020000000001, 6);
	put_be(f + 12, ETHERTYPE_IP, 2);
	put_be(f + IP, 0x45, 1);
	put_be(f + IP + 2, FILL_FRAME - IP, 2);
	put_be(f + IP + 4, connection * (FILL_SEGMENTS + 1) + segment, 2);
	put_be(f + IP + 8, 64, 1);
	put_be(f + IP + 9, 6, 1);
	put_be(f + IP + 12, 0x0b000000 + connection, 4);
	put_be(f + IP + 16, 0xc6336401, 4);
	put_be(f + IP + 10, checksum(f + IP, 20, 0), 2);
	put_be(f + TCP, 40000, 2);
	put_be(f + TCP + 2, 80, 2);
	put_be(f + TCP + 4, segment == 0 ? 999 : 1000 + (segment - 1) * 6, 4);
	put_be(f + TCP + 12, 0x50, 1);
	put_be(f + TCP + 13, segment == 0 ? 2 : 0x18, 1);
	put_be(f + TCP + 14, 65535, 2);
	put_be(f + TCP + 16, checksum(f + IP + 12, 8 + TCP_LEN, 6 + TCP_LEN), 2);
}

/* How many frames it took. */
static uint64_t fill(int fd, uint32_t connections)
{
	uint8_t frame[FILL_FRAME];
	int64_t began = now_ns();
	uint64_t sent = 0;

	for (uint32_t i = 0; i < connections; i++)
		for (uint32_t k = 0; k <= FILL_SEGMENTS; k++) {
			int64_t due = began + (int64_t)sent++ * 1000000000 / FILL_RATE;

			if (due - now_ns() > 200 * 1000)
				sleep_until(due);
			fill_frame(frame, i, k);
			send_frame(fd, frame, sizeof(frame));
		}
	return sent;
}

int main(int argc, char **argv)
{
	static uint8_t frame[FRAME_MAX];
	uint32_t head[6], record[4];
	uint64_t sent = 0;

	if (argc < 3 || argc > 4 || fread(head, sizeof(head), 1, stdin) != 1 ||
		(head[0] != 0xa1b2c3d4 && head[0] != 0xa1b23c4d)) {
		fprintf(stderr,
			"usage: replay-tool INTERFACE SPEED [CONNECTIONS] <CAPTURE.pcap\n");
		return 99;
	}
	int fd = open_wire(argv[1]);
	double speed = atof(argv[2]);
	uint64_t filled = argc > 3 ? fill(fd, (uint32_t)atol(argv[3])) : 0;
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
	printf("sent %llu\n", (unsigned long long)(filled + sent));
	return 0;
}
