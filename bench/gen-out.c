/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The generator's output: pcap, pcapng, and the truth. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>

#include "gen.h"

#define OUT_BUFFER (4u << 20)
#define OUT_ALIGN  4096u
#define PCAP_HEAD  16u /* before a packet's bytes */
#define EPB_HEAD   28u

static bool out_complain(const char *path)
{
	fprintf(stderr, "flowdrill-gen: %s: %s\n", path, strerror(errno));
	return false;
}

/* capture files are written in the byte order of the machine */
static void out_put16(struct gen_out *o, uint16_t v)
{
	memcpy(o->buf + o->used, &v, sizeof(v));
	o->used += sizeof(v);
}

static void out_put32(struct gen_out *o, uint32_t v)
{
	memcpy(o->buf + o->used, &v, sizeof(v));
	o->used += sizeof(v);
}

static bool out_write(struct gen_out *o, size_t len_bytes)
{
	size_t done = 0;

	while (done < len_bytes) {
		ssize_t n = write(o->fd, o->buf + done, len_bytes - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EINVAL && o->direct) {
			o->direct = false; /* this file system cannot */
			if (fcntl(o->fd, F_SETFL, 0) == 0)
				continue;
		}
		if (n < 0)
			return out_complain(o->path);
		done += (size_t)n;
	}
	memmove(o->buf, o->buf + len_bytes, o->used - len_bytes);
	o->used -= len_bytes;
	return true;
}

static void out_pcap_header(struct gen_out *o)
{
	out_put32(o, o->format == GEN_PCAP_NS ? 0xa1b23c4d : 0xa1b2c3d4);
	out_put16(o, 2);
	out_put16(o, 4);
	out_put32(o, 0);
	out_put32(o, 0);
	out_put32(o, 262144);
	out_put32(o, 1); /* Ethernet */
}

static void out_pcapng_header(struct gen_out *o)
{
	out_put32(o, 0x0a0d0d0a); /* section header */
	out_put32(o, 28);
	out_put32(o, 0x1a2b3c4d);
	out_put16(o, 1);
	out_put16(o, 0);
	out_put32(o, UINT32_MAX); /* length of the section: unknown */
	out_put32(o, UINT32_MAX);
	out_put32(o, 28);

	out_put32(o, 1); /* interface description */
	out_put32(o, 40);
	out_put16(o, 1); /* Ethernet */
	out_put16(o, 0);
	out_put32(o, 262144);
	out_put16(o, 2); /* if_name */
	out_put16(o, 4);
	memcpy(o->buf + o->used, "gen0", 4);
	o->used += 4;
	out_put16(o, 9); /* if_tsresol: nanoseconds */
	out_put16(o, 1);
	out_put32(o, htonl(0x09000000));
	out_put32(o, 0); /* end of options */
	out_put32(o, 40);
}

/* writing past the page cache is several times faster for a file of gigabytes */
static int out_open_file(struct gen_out *o, const char *path)
{
	int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
	int fd;

	if (strcmp(path, "-") == 0)
		return STDOUT_FILENO;
	fd = open(path, flags | O_DIRECT, 0666);
	o->direct = fd >= 0;
	return fd >= 0 ? fd : open(path, flags, 0666);
}

bool gen_out_open(struct gen_out *o, const char *path, enum gen_format format)
{
	memset(o, 0, sizeof(*o));
	o->path = path;
	o->format = format;
	o->fd = out_open_file(o, path);
	if (o->fd < 0)
		return out_complain(path);
	o->buf = aligned_alloc(OUT_ALIGN, OUT_BUFFER + OUT_ALIGN);
	if (!o->buf)
		return out_complain(path);
	if (format == GEN_PCAPNG)
		out_pcapng_header(o);
	else
		out_pcap_header(o);
	return true;
}

uint8_t *gen_out_begin(struct gen_out *o)
{
	if (o->used >= OUT_BUFFER && !out_write(o, OUT_BUFFER))
		return NULL;
	return o->buf + o->used + (o->format == GEN_PCAPNG ? EPB_HEAD : PCAP_HEAD);
}

static void out_pcapng_record(struct gen_out *o, int64_t time_ns, size_t len_bytes)
{
	size_t padded = (len_bytes + 3) & ~(size_t)3;
	uint32_t block = (uint32_t)(EPB_HEAD + padded + 4);

	out_put32(o, 6); /* enhanced packet */
	out_put32(o, block);
	out_put32(o, 0);
	out_put32(o, (uint32_t)((uint64_t)time_ns >> 32));
	out_put32(o, (uint32_t)time_ns);
	out_put32(o, (uint32_t)len_bytes);
	out_put32(o, (uint32_t)len_bytes);
	memset(o->buf + o->used + len_bytes, 0, padded - len_bytes);
	o->used += padded;
	out_put32(o, block);
}

static void out_pcap_record(struct gen_out *o, int64_t time_ns, size_t len_bytes)
{
	uint32_t fraction = (uint32_t)(time_ns % GEN_S);

	out_put32(o, (uint32_t)(time_ns / GEN_S));
	out_put32(o, o->format == GEN_PCAP_NS ? fraction : fraction / 1000);
	out_put32(o, (uint32_t)len_bytes);
	out_put32(o, (uint32_t)len_bytes);
	o->used += len_bytes;
}

int64_t gen_out_end(struct gen_out *o, int64_t time_ns, size_t len_bytes)
{
	if (o->format == GEN_PCAPNG)
		out_pcapng_record(o, time_ns, len_bytes);
	else
		out_pcap_record(o, time_ns, len_bytes);
	if (o->format == GEN_PCAP_US)
		time_ns -= time_ns % 1000;
	if (o->packets == 0)
		o->first_ns = time_ns;
	o->last_ns = time_ns;
	o->packets++;
	o->bytes += len_bytes;
	return time_ns;
}

bool gen_out_close(struct gen_out *o)
{
	bool ok = out_write(o, o->used - o->used % OUT_ALIGN);

	if (o->direct && fcntl(o->fd, F_SETFL, 0) != 0)
		ok = out_complain(o->path);
	ok = ok && out_write(o, o->used);
	free(o->buf);
	o->buf = NULL;
	if (close(o->fd) != 0 && ok)
		ok = out_complain(o->path);
	return ok;
}

bool gen_truth_open(struct gen_truth *t, const char *path)
{
	memset(t, 0, sizeof(*t));
	if (!path)
		return true;
	t->file = fopen(path, "w");
	if (!t->file)
		return out_complain(path);
	fputs("#flow\tproto\tvlan\tclient\tclient_port\tserver\tserver_port\t"
	      "c2s_packets\tc2s_bytes\ts2c_packets\ts2c_bytes\tretrans\tfirst_ns\tlast_ns\n",
		t->file);
	return true;
}

void gen_truth_packet(struct gen_truth *t, struct gen_flow *f, enum gen_dir dir,
	int64_t time_ns, size_t len_bytes)
{
	int64_t slice_5s = time_ns / (5 * GEN_S);
	int64_t slice_300s = slice_5s / 60;

	if (f->packets[GEN_C2S] + f->packets[GEN_S2C] == 0)
		f->first_ns = time_ns;
	f->last_ns = time_ns;
	f->packets[dir]++;
	f->bytes[dir] += len_bytes;
	if (slice_5s != f->slice_5s)
		t->slices_5s++;
	if (slice_300s != f->slice_300s)
		t->slices_300s++;
	f->slice_5s = slice_5s;
	f->slice_300s = slice_300s;
}

static const char *truth_proto(const struct gen_flow *f)
{
	switch (f->kind) {
	case GEN_DNS:
	case GEN_QUIC: return "udp";
	case GEN_ICMP: return f->ip6 ? "icmp6" : "icmp";
	default: return "tcp";
	}
}

void gen_truth_flow(struct gen_truth *t, const struct gen_flow *f)
{
	char client[INET6_ADDRSTRLEN], server[INET6_ADDRSTRLEN];
	uint8_t address[16];
	int family;

	if (f->packets[GEN_C2S] + f->packets[GEN_S2C] == 0)
		return;
	t->flows++;
	t->resent += f->resent;
	if (!t->file)
		return;
	family = gen_address(f, GEN_C2S, address) == 4 ? AF_INET : AF_INET6;
	inet_ntop(family, address, client, sizeof(client));
	gen_address(f, GEN_S2C, address);
	inet_ntop(family, address, server, sizeof(server));
	fprintf(t->file,
		"flow\t%s\t%u\t%s\t%u\t%s\t%u\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64
		"\t%" PRIu32 "\t%" PRId64 "\t%" PRId64 "\n",
		truth_proto(f), f->vlan, client, f->client_port, server, f->server_port,
		f->packets[GEN_C2S], f->bytes[GEN_C2S], f->packets[GEN_S2C], f->bytes[GEN_S2C],
		f->resent, f->first_ns, f->last_ns);
}

bool gen_truth_close(struct gen_truth *t, const struct gen_out *o)
{
	if (!t->file)
		return true;
	fprintf(t->file,
		"#total\tpackets\tbytes\tfirst_ns\tlast_ns\tflows\tslices_5s\tslices_"
		"300s\tretrans\n"
		"total\t%" PRIu64 "\t%" PRIu64 "\t%" PRId64 "\t%" PRId64 "\t%" PRIu64
		"\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\n",
		o->packets, o->bytes, o->first_ns, o->last_ns, t->flows, t->slices_5s,
		t->slices_300s, t->resent);
	if (fclose(t->file) != 0)
		return out_complain("truth");
	return true;
}
