/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A live interface through libpcap.
 *
 * How the accounting is made exact. The socket is made for a protocol that no frame has, so that nothing arrives
 * while the filter is put in place, and only then bound to all protocols; to stop, it is bound back, which in the
 * kernel waits until no processor is about to give it a frame. From there on the kernel's numbers stand
 * still, and the ring is empty exactly when as many frames came out of it as went in: no waiting for a time that
 * may be too short. An interface that is gone ends the same way.
 */
#include "base/mem.h"
#include "capture/live_ops.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	PROTOCOL_OF_NO_FRAME = 0x00ff,  /* as an EtherType it would be a length */
	CAPLEN_MAX = 262144,
	BUFFER_DEFAULT = 64 << 20,
	TIMEOUT_DEFAULT_MS = 100,
	LOST_AFTER_MS = 3000,           /* without a frame, after the kernel took the last one */
};

struct live_pcap {
	struct live base;
	pcap_t *p;
	int fd;                         /* the socket; libpcap's */
	int missed_fd, fifo_fd;         /* what the card lost, in sysfs; -1: not told */
	uint64_t card_base;             /* their sum when it was opened */
	bool any, gone;
	uint32_t last_recv, last_drop;  /* libpcap's counters, which wrap */
	struct live_counts counts;
	int64_t quiet_since_ms;         /* ending: when the last frame came; 0: not ending */
	uint64_t quiet_at;              /* frames until then */
	/* during live_take() */
	live_sink sink;
	void *ctx;
	struct err *err;
	enum rc sink_rc;
	size_t taken;
};

static struct live_pcap *self(struct live *l)
{
	return (struct live_pcap *)l;
}

/* ---- opening ------------------------------------------------------------------------------ */

static enum rc denied(const char *device, struct err *err)
{
	return err_set(err, RC_DENIED, device,
		"capturing needs root, or the capability cap_net_raw (promiscuous: cap_net_admin too)");
}

static enum rc activate_failed(pcap_t *p, int status, const char *device, struct err *err)
{
	switch (status) {
	case PCAP_ERROR_NO_SUCH_DEVICE:
		return err_set(err, RC_MISSING, device, "no such interface");
	case PCAP_ERROR_PERM_DENIED:
	case PCAP_ERROR_PROMISC_PERM_DENIED: return denied(device, err);
	case PCAP_ERROR_IFACE_NOT_UP:
		return err_set(err, RC_IO, device,
			"the interface is down (`ip link set %s up` sets it up)", device);
	case PCAP_ERROR:
		return err_set(err, errno == EPERM || errno == EACCES ? RC_DENIED : RC_IO, device,
			"%s", pcap_geterr(p));
	default: return err_set(err, RC_IO, device, "%s", pcap_statustostr(status));
	}
}

static int clamp_int(uint32_t n, int otherwise)
{
	if (n == 0)
		return otherwise;
	return n > INT_MAX ? INT_MAX : (int)n;
}

static enum rc make_handle(
	struct live_pcap *l, const char *device, const struct live_options *o, struct err *err)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	int snaplen = clamp_int(o->snaplen, CAPLEN_MAX), status;

	l->p = pcap_create(device, why);
	if (!l->p)
		return err_set(err, RC_MISSING, device, "%s", why);
	pcap_set_snaplen(l->p, snaplen < CAPLEN_MAX ? snaplen : CAPLEN_MAX);
	pcap_set_buffer_size(l->p, clamp_int(o->buffer_bytes, BUFFER_DEFAULT));
	pcap_set_timeout(l->p, clamp_int(o->timeout_ms, TIMEOUT_DEFAULT_MS));
	pcap_set_promisc(l->p, o->promiscuous);
	pcap_set_immediate_mode(l->p, o->immediate);
	pcap_set_protocol_linux(l->p, PROTOCOL_OF_NO_FRAME);
	/* where it is refused, microseconds stay */
	pcap_set_tstamp_precision(l->p, PCAP_TSTAMP_PRECISION_NANO);
	errno = 0;
	status = pcap_activate(l->p);
	if (status < 0)
		return activate_failed(l->p, status, device, err);
	if (pcap_setnonblock(l->p, 1, why) != 0)
		return err_set(err, RC_IO, device, "%s", why);
	return RC_DONE;
}

static enum rc bind_protocol(struct live_pcap *l, uint16_t protocol, struct err *err)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(protocol),
		.sll_ifindex = (int)l->base.info.index,
	};

	if (bind(l->fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
		return RC_DONE;
	return err_errno(err, l->base.info.name, "cannot bind to the interface");
}

/* ---- what the interface is ---------------------------------------------------------------- */

/* libpcap numbers link types its own way; the file header that it writes for the handle has the number of files. */
static enum rc find_linktype(pcap_t *p, uint32_t *out, struct err *err)
{
	uint8_t header[64] = { 0 };
	FILE *f = fmemopen(header, sizeof(header), "wb");
	pcap_dumper_t *d = f ? pcap_dump_fopen(p, f) : NULL;

	if (!d) {
		if (f)
			fclose(f);
		return err_set(err, RC_UNSUPPORTED, "link type", "%s", pcap_geterr(p));
	}
	pcap_dump_close(d);
	memcpy(out, header + 20, sizeof(*out));
	*out &= 0xffff;   /* above it: length of the frame check sequence */
	return RC_DONE;
}

/* On `any` the newer cooked header says which interface it was. */
static void prefer_sll2(pcap_t *p)
{
	int *types = NULL, n = pcap_list_datalinks(p, &types);

	for (int i = 0; i < n; i++)
		if (types[i] == DLT_LINUX_SLL2)
			pcap_set_datalink(p, DLT_LINUX_SLL2);
	if (n > 0)
		pcap_free_datalinks(types);
}

static int sysfs_open(const char *name, const char *leaf)
{
	char path[512];

	snprintf(path, sizeof(path), "/sys/class/net/%s/%s", name, leaf);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static size_t sysfs_read(int fd, char *to, size_t size)
{
	ssize_t n = fd < 0 ? 0 : pread(fd, to, size - 1, 0);
	size_t len = n > 0 ? (size_t)n : 0;

	to[len] = '\0';
	return len;
}

static void find_description(struct live_pcap *l)
{
	struct live_info *info = &l->base.info;
	int fd;

	if (l->any) {
		snprintf(info->description, sizeof(info->description), "all interfaces");
		return;
	}
	fd = sysfs_open(info->name, "ifalias");
	if (fd < 0)
		return;
	sysfs_read(fd, info->description, sizeof(info->description));
	info->description[strcspn(info->description, "\n")] = '\0';
	close(fd);
}

static void find_mac(struct live_pcap *l)
{
	struct ifreq ask = { 0 };

	if (l->any || !if_indextoname(l->base.info.index, ask.ifr_name)
		|| ioctl(l->fd, SIOCGIFHWADDR, &ask) != 0
		|| ask.ifr_hwaddr.sa_family != ARPHRD_ETHER)
		return;
	memcpy(l->base.info.mac, ask.ifr_hwaddr.sa_data, sizeof(l->base.info.mac));
	l->base.info.has_mac = true;
}

/* Also tells what is no packet socket at all: USB and Bluetooth monitors of libpcap. */
static enum rc find_ring(struct live_pcap *l, const char *device, struct err *err)
{
	int version = -1;
	socklen_t len = sizeof(version);

	if (getsockopt(l->fd, SOL_PACKET, PACKET_VERSION, &version, &len) != 0
		|| version < TPACKET_V2)
		return err_set(err, RC_UNSUPPORTED, device, "no network interface with a ring");
	l->base.info.ring = version == TPACKET_V3 ? "TPACKET_V3" : "TPACKET_V2";
	return RC_DONE;
}

/* The socket knows what it is bound to: asking by name could meet another one. */
static enum rc find_index(struct live_pcap *l, const char *device, struct err *err)
{
	struct sockaddr_ll at = { 0 };
	socklen_t len = sizeof(at);
	struct live_info *info = &l->base.info;
	char name[IF_NAMESIZE];

	if (getsockname(l->fd, (struct sockaddr *)&at, &len) != 0)
		return err_errno(err, device, "cannot ask the socket");
	snprintf(info->name, sizeof(info->name), "%s", device);
	if (l->any)
		return RC_DONE;
	if (at.sll_ifindex <= 0 || !if_indextoname((unsigned)at.sll_ifindex, name))
		return err_set(err, RC_MISSING, device, "the interface is gone");
	info->index = (uint32_t)at.sll_ifindex;
	snprintf(info->name, sizeof(info->name), "%s", name);
	return RC_DONE;
}

static uint64_t card_lost(const struct live_pcap *l)
{
	char text[32];
	uint64_t n = 0;

	if (sysfs_read(l->missed_fd, text, sizeof(text)) > 0)
		n += strtoull(text, NULL, 10);
	if (sysfs_read(l->fifo_fd, text, sizeof(text)) > 0)
		n += strtoull(text, NULL, 10);
	return n;
}

/* libpcap would open these files at each question, which a confined process may not. */
static void watch_card(struct live_pcap *l)
{
	if (l->any)
		return;
	l->missed_fd = sysfs_open(l->base.info.name, "statistics/rx_missed_errors");
	l->fifo_fd = sysfs_open(l->base.info.name, "statistics/rx_fifo_errors");
	l->card_base = card_lost(l);
}

static enum rc find_info(
	struct live_pcap *l, const char *device, const struct live_options *o, struct err *err)
{
	struct live_info *info = &l->base.info;
	enum rc rc = find_ring(l, device, err);

	if (rc == RC_DONE)
		rc = find_index(l, device, err);
	if (rc == RC_DONE && l->any)
		prefer_sll2(l->p);
	if (rc == RC_DONE)
		rc = find_linktype(l->p, &info->linktype, err);
	if (rc != RC_DONE)
		return rc;
	info->snaplen = (uint32_t)pcap_snapshot(l->p);
	info->tsresol = pcap_get_tstamp_precision(l->p) == PCAP_TSTAMP_PRECISION_NANO ? 9 : 6;
	find_description(l);
	find_mac(l);
	watch_card(l);
	if (o->immediate)
		snprintf(info->note, sizeof(info->note),
			"every frame at once: the ring is %s, which holds fewer frames and costs more",
			info->ring);
	else if (l->any && o->promiscuous)
		snprintf(info->note, sizeof(info->note), "`any` cannot be promiscuous");
	return RC_DONE;
}

/* ---- taking ------------------------------------------------------------------------------- */

static bool acceptable(const struct live_pcap *l, const struct pcap_pkthdr *h)
{
	long fraction_end = l->base.info.tsresol == 9 ? 1000000000 : 1000000;

	return h->caplen <= h->len && h->caplen <= CAPLEN_MAX && h->ts.tv_sec >= 0
		&& h->ts.tv_sec < INT64_MAX / 1000000000 && h->ts.tv_usec >= 0
		&& h->ts.tv_usec < fraction_end;
}

static void take_one(u_char *user, const struct pcap_pkthdr *h, const u_char *data)
{
	struct live_pcap *l = (struct live_pcap *)(void *)user;
	int64_t per_second = l->base.info.tsresol == 9 ? 1000000000 : 1000000;
	struct live_frame f = { .caplen = h->caplen, .len = h->len, .data = data };

	if (!acceptable(l, h)) {
		l->counts.refused++;
		return;
	}
	f.timestamp = (uint64_t)(h->ts.tv_sec * per_second + h->ts.tv_usec);
	f.time_ns = (int64_t)f.timestamp * (1000000000 / per_second);
	l->counts.delivered++;
	l->taken++;
	l->sink_rc = l->sink(l->ctx, &f, l->err);
	if (l->sink_rc != RC_DONE)
		pcap_breakloop(l->p);   /* libpcap has this frame behind it when it returns */
}

/*
 * The kernel takes the interface off its list first, then its index from the sockets; only the second is left
 * when another one has got the number. By index and not by name: it may be renamed.
 */
static bool is_gone(struct live_pcap *l)
{
	struct sockaddr_ll at = { 0 };
	socklen_t len = sizeof(at);
	char name[IF_NAMESIZE];

	if (l->any || l->gone)
		return l->gone;
	if (getsockname(l->fd, (struct sockaddr *)&at, &len) == 0)
		l->gone = at.sll_ifindex != (int)l->base.info.index;
	if (!if_indextoname(l->base.info.index, name) && (errno == ENXIO || errno == ENODEV))
		l->gone = true;
	return l->gone;
}

/* libpcap asks by the old name whether it is up again, and takes a failure for its end. */
static bool is_renamed(const struct live_pcap *l)
{
	char name[IF_NAMESIZE];

	return !l->any && if_indextoname(l->base.info.index, name)
		&& strcmp(name, l->base.info.name) != 0;
}

static enum rc update_counts(struct live_pcap *l, struct err *err)
{
	struct pcap_stat now;

	if (pcap_stats(l->p, &now) != 0)
		return err_set(err, RC_IO, l->base.info.name, "%s", pcap_geterr(l->p));
	l->counts.received += (uint32_t)(now.ps_recv - l->last_recv);
	l->counts.dropped += (uint32_t)(now.ps_drop - l->last_drop);
	l->last_recv = now.ps_recv;
	l->last_drop = now.ps_drop;
	if (!l->gone) {
		uint64_t lost = card_lost(l);
		if (lost > l->card_base)
			l->counts.if_dropped = lost - l->card_base;
	}
	return RC_DONE;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Nothing was there, and the kernel takes no more: RC_END when all that it took is out. */
static enum rc look_for_end(struct live_pcap *l, struct err *err)
{
	uint64_t out = l->counts.delivered + l->counts.refused, waiting;
	enum rc rc = update_counts(l, err);

	if (rc != RC_DONE)
		return rc;
	waiting = l->counts.received - l->counts.dropped - out;
	if (waiting == 0)
		return RC_END;
	if (l->quiet_since_ms == 0 || l->quiet_at != out) {
		l->quiet_since_ms = now_ms();
		l->quiet_at = out;
	} else if (now_ms() - l->quiet_since_ms > LOST_AFTER_MS)
		return err_set(err, RC_IO, l->base.info.name,
			"%llu frames that the kernel counted never came",
			(unsigned long long)waiting);
	return RC_DONE;
}

static enum rc pcap_take(struct live *base, size_t max, live_sink sink, void *ctx, size_t *taken,
	struct err *err)
{
	struct live_pcap *l = self(base);
	int n;

	if (max == 0)
		return RC_DONE;
	l->sink = sink;
	l->ctx = ctx;
	l->err = err;
	l->sink_rc = RC_DONE;
	l->taken = 0;
	n = pcap_dispatch(l->p, max < INT_MAX ? (int)max : INT_MAX, take_one, (u_char *)l);
	*taken = l->taken;
	if (l->sink_rc != RC_DONE)
		return l->sink_rc;
	if (n == PCAP_ERROR && !is_gone(l) && !is_renamed(l))
		return err_set(err, RC_IO, base->info.name, "%s", pcap_geterr(l->p));
	if (n <= 0 && (base->stopped || is_gone(l)))
		return look_for_end(l, err);
	return RC_DONE;
}

static enum rc pcap_counts(struct live *base, struct live_counts *out, struct err *err)
{
	struct live_pcap *l = self(base);
	/* after the end they stand still, whatever a socket whose interface comes back might count */
	enum rc rc = base->ended ? RC_DONE : update_counts(l, err);

	if (rc == RC_DONE)
		*out = l->counts;
	return rc;
}

static enum live_state pcap_look(struct live *base)
{
	struct live_pcap *l = self(base);
	struct ifreq ask = { 0 };

	if (l->any)
		return LIVE_UP;
	if (is_gone(l))
		return LIVE_GONE;
	if (!if_indextoname(base->info.index, ask.ifr_name)
		|| ioctl(l->fd, SIOCGIFFLAGS, &ask) != 0)
		return LIVE_UP;
	return ask.ifr_flags & IFF_UP ? LIVE_UP : LIVE_DOWN;
}

static enum rc pcap_stop(struct live *base, struct err *err)
{
	struct live_pcap *l = self(base);

	if (is_gone(l))
		return RC_DONE;
	if (bind_protocol(l, PROTOCOL_OF_NO_FRAME, err) == RC_DONE || is_gone(l))
		return RC_DONE;
	return RC_IO;
}

static int pcap_fd(const struct live *base)
{
	return ((const struct live_pcap *)base)->fd;
}

static void pcap_live_close(struct live *base)
{
	struct live_pcap *l = self(base);

	if (l->missed_fd >= 0)
		close(l->missed_fd);
	if (l->fifo_fd >= 0)
		close(l->fifo_fd);
	if (l->p)
		pcap_close(l->p);
	mem_free(l);
}

static const struct live_ops pcap_ops = {
	.close = pcap_live_close,
	.fd = pcap_fd,
	.take = pcap_take,
	.counts = pcap_counts,
	.look = pcap_look,
	.stop = pcap_stop,
};

static enum rc open_all(
	struct live_pcap *l, const char *device, const struct live_options *o, struct err *err)
{
	enum rc rc = make_handle(l, device, o, err);

	if (rc != RC_DONE)
		return rc;
	l->fd = pcap_fileno(l->p);
	rc = find_info(l, device, o, err);
	if (rc == RC_DONE)
		rc = live_filter_attach(l->p, l->fd, device, o->bpf, err);
	if (rc == RC_DONE)
		rc = bind_protocol(l, ETH_P_ALL, err);
	return rc;
}

enum rc live_open(const char *device, const struct live_options *options, struct live **out,
	struct err *err)
{
	struct live_pcap *l = mem_calloc(1, sizeof(*l));
	enum rc rc;

	if (!l)
		return err_memory(err);
	l->base.ops = &pcap_ops;
	l->missed_fd = l->fifo_fd = -1;
	l->any = strcmp(device, "any") == 0;
	rc = open_all(l, device, options, err);
	if (rc != RC_DONE)
		pcap_live_close(&l->base);
	else
		*out = &l->base;
	return rc;
}
