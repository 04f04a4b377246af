/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a kind of live interface provides. An implementation's struct begins with struct live; the functions are
 * those of live.h, one by one, and are called only as live.c lets them: nothing but counts and close after take
 * returned RC_END.
 */
#ifndef FLOWDRILL_CAPTURE_LIVE_OPS_H
#define FLOWDRILL_CAPTURE_LIVE_OPS_H

#include "capture/live.h"

struct live_ops {
	void (*close)(struct live *l);
	int (*fd)(const struct live *l);
	enum rc (*take)(struct live *l, size_t max, live_sink sink, void *ctx, size_t *taken,
		struct err *err);
	enum rc (*counts)(struct live *l, struct live_counts *out, struct err *err);
	enum live_state (*look)(struct live *l);
	enum rc (*stop)(struct live *l, struct err *err);
};

struct live {
	const struct live_ops *ops;
	struct live_info info;
	bool stopped;                /* live_stop() was called */
	bool ended;                  /* live_take() returned RC_END */
};

/*
 * The kernel's filter: what libpcap would throw away after the kernel counted it (frames that leave
 * through the loopback or a CAN interface come in there too) is refused here, then `expression` (NULL: all), and frames are cut to the
 * handle's snap length. Attached to the socket and not to libpcap, which would filter once more in user space
 * what waits in the ring, and on the cut frame. The handle is active.
 */
struct pcap;
enum rc live_filter_attach(struct pcap *p, int fd, const char *device, const char *expression,
	struct err *err);

#endif
