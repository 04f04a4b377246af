/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Made-up traffic for the tests of queries: a pcapng file of TCP, UDP, ICMP, fragments, ARP and VLAN packets of a few hosts, seen at
 * one or two interfaces, over several slices, with times that step back now and then. The same seed gives the same file.
 */
#ifndef FLOWDRILL_TESTS_QUERY_TRAFFIC_H
#define FLOWDRILL_TESTS_QUERY_TRAFFIC_H

#include <stddef.h>
#include <stdint.h>

struct traffic {
	uint32_t seed;
	size_t packets;
	unsigned hosts, interfaces;
	unsigned step_ms; /* mean time between two packets */
	unsigned back_percent; /* packets that are up to 20 s early */
	unsigned payload; /* bytes at most */
};

void traffic_write(const char *path, const struct traffic *t);

#endif
