/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sends UDP frames out of an interface, for tests of live capture:
 *
 *     flood-tool IFACE COUNT SIZE RATE [FLOWS]
 *
 * SIZE: bytes of a frame with its Ethernet header, 60 to 1514; RATE: frames a second, 0: as fast as it goes; FLOWS: of as
 * many client ports (1). Prints `sent N`, exactly those that the kernel took.
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

enum { BATCH = 64, FRAME_MAX = 1514, HEADERS = 14 + 20 + 8 };

static uint8_t frames[BATCH][FRAME_MAX];
static struct mmsghdr messages[BATCH];
static struct iovec parts[BATCH];

static void put16(uint8_t *to, unsigned v)
{
	to[0] = (uint8_t)(v >> 8);
	to[1] = (uint8_t)v;
}

static unsigned ip_sum(const uint8_t *header)
{
	unsigned sum = 0;

	for (int i = 0; i < 20; i += 2)
		sum += (unsigned)header[i] << 8 | header[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

/* 10.99.0.1:PORT to 10.99.0.2:9999, no UDP checksum. */
static void make_frame(uint8_t *f, unsigned size)
{
	static const uint8_t head[] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0, 0, 0, 0, 0, 0x40,
		0, 64, 17, 0, 0, 10, 99, 0, 1, 10, 99, 0, 2 };

	memset(f, 0x55, size);
	memcpy(f, head, sizeof(head));
	put16(f + 16, size - 14);
	put16(f + 24, ip_sum(f + 14));
	put16(f + 36, 9999);
	put16(f + 38, size - 34);
	put16(f + 40, 0);
}

static int open_socket(const char *interface)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET };
	int fd = socket(AF_PACKET, SOCK_RAW, 0);   /* protocol 0: receives nothing */

	to.sll_ifindex = (int)if_nametoindex(interface);
	if (fd < 0 || to.sll_ifindex == 0 || bind(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
		fprintf(stderr, "flood-tool: %s: %s\n", interface, strerror(errno));
		exit(2);
	}
	return fd;
}

/* Waits until `sent` frames are due. */
static void pace(const struct timespec *start, uint64_t sent, uint64_t rate)
{
	uint64_t ns = sent * 1000000000 / rate + (uint64_t)start->tv_nsec;
	struct timespec until = { start->tv_sec + (time_t)(ns / 1000000000), (long)(ns % 1000000000) };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

static unsigned batch_of(uint64_t left, uint64_t rate)
{
	unsigned n = rate && rate < BATCH * 100 ? (unsigned)(rate / 100) + 1 : BATCH;

	return left < n ? (unsigned)left : n;
}

static uint64_t flood(int fd, uint64_t count, uint64_t rate, unsigned flows)
{
	struct timespec start;
	uint64_t sent = 0;

	clock_gettime(CLOCK_MONOTONIC, &start);
	while (sent < count) {
		unsigned n = batch_of(count - sent, rate);
		for (unsigned i = 0; i < n; i++)
			put16(frames[i] + 34, 20000 + (unsigned)((sent + i) % flows));
		int done = sendmmsg(fd, messages, n, 0);
		if (done < 0 && (errno == ENOBUFS || errno == EAGAIN || errno == EINTR))
			usleep(100);
		else if (done < 0)
			break;
		else
			sent += (uint64_t)done;
		if (rate)
			pace(&start, sent, rate);
	}
	return sent;
}

int main(int argc, char **argv)
{
	unsigned size, flows;
	uint64_t count, sent;

	if (argc < 5) {
		fprintf(stderr, "usage: flood-tool IFACE COUNT SIZE RATE [FLOWS]\n");
		return 2;
	}
	count = strtoull(argv[2], NULL, 10);
	size = (unsigned)strtoul(argv[3], NULL, 10);
	flows = argc > 5 ? (unsigned)strtoul(argv[5], NULL, 10) : 1;
	if (size < HEADERS || size > FRAME_MAX || flows == 0) {
		fprintf(stderr, "flood-tool: a size of %d to %d, and flows\n", HEADERS, FRAME_MAX);
		return 2;
	}
	for (unsigned i = 0; i < BATCH; i++) {
		make_frame(frames[i], size);
		parts[i] = (struct iovec){ frames[i], size };
		messages[i].msg_hdr.msg_iov = &parts[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	sent = flood(open_socket(argv[1]), count, strtoull(argv[4], NULL, 10), flows);
	printf("sent %llu\n", (unsigned long long)sent);
	return sent == count ? 0 : 1;
}
