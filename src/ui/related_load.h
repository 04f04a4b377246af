/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The traffic that is related to a row, with what it takes to believe it: the walk (query/related.h), where its time went
 * (query/cascade.h), what the requests say, and the bytes that packets have in common. The work of a job; whoever starts it owns the
 * struct, and leaves it alone until the job is over.
 */
#ifndef FLOWDRILL_UI_RELATED_LOAD_H
#define FLOWDRILL_UI_RELATED_LOAD_H

#include "query/cascade.h"
#include "query/related.h"

enum {
	RELATED_NAME = 64,
	RELATED_INFO = 160,
	RELATED_BYTES = 1024,        /* of a payload, around what is equal */
	RELATED_READ = 300,          /* conversations whose times are looked at */
};

/* One side of what is equal: a packet that came to a machine, or that left it. */
struct related_side {
	struct id packet;
	uint64_t frame;
	int64_t time_ns;
	struct addr src, dst;
	uint16_t src_port, dst_port;
	bool has_ports;
	uint32_t payload_off, payload_len;   /* in the frame */
	uint32_t match, match_len;   /* in the payload, as it was sent */
	uint32_t at, n;              /* what is kept of the payload */
	uint8_t *bytes;              /* NULL: it could not be read */
};

/* A packet of a request, and the request's first one. */
struct related_asked { struct id id, first; int64_t first_ns; };

/* Row i of the tree belongs to node i. */
struct related_row {
	unsigned depth;              /* 0: what was asked for */
	bool is_root;
	struct related_hop hop;      /* not of a root */
	struct id flow;              /* of the conversation, as it was seen */
	struct addr src, dst;        /* of the request */
	uint16_t src_port, dst_port;
	char from[RELATED_NAME], to[RELATED_NAME];   /* names where they are known, else addresses */
	char app[32];
	char info[RELATED_INFO], answer[RELATED_INFO];       /* of its first request and the answer; "" none */
	bool has_ports, answered;
	uint32_t equal;              /* bytes that the packets of the evidence have in common, in a row */
	struct related_side side[2]; /* came, left; not of a root */
};

struct related_load {
	struct id asked;
	struct related_options options;      /* window_ns 0: a second, or as long as answers of what was asked for took */
	/* what comes of it */
	struct related_told told;
	struct related_row *rows;
	size_t n, cap;
	struct cascade_node *nodes;  /* n */
	/* of the work itself */
	struct related_hop *hops;
	size_t n_hops, cap_hops;
	struct related_asked *asked_packets;  /* what asks in what was asked for, by id */
	size_t n_asked, cap_asked;
	struct related_asked first;  /* of the request under way */
	bool asking;
	enum rc rc;
	struct err *err;
};

/* See job_work; ctx is the struct. */
enum rc related_load_work(void *ctx, const struct query_sources *sources, struct query_control *control, struct err *err);
void related_load_free(struct related_load *l);

#endif
