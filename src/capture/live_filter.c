/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The filter that the kernel runs for a live interface. */
#include "base/mem.h"
#include "capture/live_ops.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <pcap/pcap.h>
#include <pcap/sll.h>
#include <string.h>
#include <sys/socket.h>

#define LOAD(what) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + (what)))
#define IS(k, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (k), (yes), (no))

enum { HEAD_LEN = 7 };

/* Goes on behind itself with what is wanted. linux_check_direction() in libpcap's pcap-linux.c decides the same. */
static void put_head(struct sock_filter *out)
{
	const struct sock_filter head[HEAD_LEN] = {
		LOAD(SKF_AD_PKTTYPE),
		IS(PACKET_OUTGOING, 0, 5),
		LOAD(SKF_AD_HATYPE),
		IS(ARPHRD_CAN, 2, 0),
		LOAD(SKF_AD_IFINDEX),
		IS(if_nametoindex("lo"), 0, 1),   /* 0, which no interface has, where there is none */
		BPF_STMT(BPF_RET | BPF_K, 0),
	};

	memcpy(out, head, sizeof(head));
}

/*
 * A cooked socket shows its filter the frame from the network header on, and what libpcap's made-up header
 * holds by other means; false for what it does not have. (libpcap's fix_offset())
 */
static bool fix_cooked(struct sock_filter *f, bool sll2)
{
	uint32_t header_len = sll2 ? sizeof(struct sll2_header) : sizeof(struct sll_header);

	if (f->k >= (uint32_t)SKF_AD_OFF)
		return true;
	if (f->k >= header_len)
		f->k -= header_len;
	else if (f->k == (sll2 ? 0 : 14))
		f->k = (uint32_t)(SKF_AD_OFF + SKF_AD_PROTOCOL);
	else if (f->k == (sll2 ? 10 : 0))
		f->k = (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE);
	else if (sll2 && f->k == 4)
		f->k = (uint32_t)(SKF_AD_OFF + SKF_AD_IFINDEX);
	else
		return false;
	return true;
}

static bool loads_from_packet(const struct sock_filter *f)
{
	unsigned class = BPF_CLASS(f->code), mode = BPF_MODE(f->code);

	return (class == BPF_LD || class == BPF_LDX)
		&& (mode == BPF_ABS || mode == BPF_IND || mode == BPF_MSH);
}

static enum rc fix_program(
	struct sock_filter *f, size_t n, pcap_t *p, int fd, const char *what, struct err *err)
{
	int type = 0;
	socklen_t len = sizeof(type);

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) != 0)
		return err_errno(err, what, "cannot ask the kernel");
	if (type != SOCK_DGRAM)
		return RC_DONE;
	for (size_t i = 0; i < n; i++)
		if (loads_from_packet(&f[i])
			&& !fix_cooked(&f[i], pcap_datalink(p) == DLT_LINUX_SLL2))
			return err_set(err, RC_UNSUPPORTED, what,
				"the kernel cannot tell this on an interface without link layer");
	return RC_DONE;
}

static enum rc attach(
	int fd, struct sock_filter *f, size_t n, const char *what, struct err *err)
{
	struct sock_fprog program = { .len = (unsigned short)n, .filter = f };

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0)
		return RC_DONE;
	if (errno == ENOMEM)
		return err_set(err, RC_UNSUPPORTED, what,
			"the kernel has no room for it: raise net.core.optmem_max");
	return err_errno(err, what, "the kernel refuses the filter");
}

/* Head and compiled expression in one program of the kernel's. */
static enum rc attach_program(pcap_t *p, int fd, const struct bpf_program *compiled,
	const char *what, struct err *err)
{
	size_t n = compiled->bf_len;
	struct sock_filter *f;
	enum rc rc;

	if (n > BPF_MAXINSNS - HEAD_LEN)
		return err_set(err, RC_UNSUPPORTED, what, "too long for the kernel");
	f = mem_calloc(HEAD_LEN + n, sizeof(*f));
	if (!f)
		return err_memory(err);
	put_head(f);
	for (size_t i = 0; i < n; i++) {
		const struct bpf_insn *from = &compiled->bf_insns[i];
		f[HEAD_LEN + i] = (struct sock_filter){ from->code, from->jt, from->jf, from->k };
	}
	rc = fix_program(f + HEAD_LEN, n, p, fd, what, err);
	if (rc == RC_DONE)
		rc = attach(fd, f, HEAD_LEN + n, what, err);
	mem_free(f);
	return rc;
}

enum rc live_filter_attach(pcap_t *p, int fd, const char *device, const char *expression,
	struct err *err)
{
	const char *what = expression ? expression : device;
	struct bpf_program compiled;
	enum rc rc;

	if (pcap_compile(p, &compiled, expression ? expression : "", 1, PCAP_NETMASK_UNKNOWN) != 0)
		return err_set(err, RC_SYNTAX, what, "%s", pcap_geterr(p));
	rc = attach_program(p, fd, &compiled, what, err);
	pcap_freecode(&compiled);
	return rc;
}
