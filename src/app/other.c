/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/other.h"

#include "config.h"

#ifndef HAVE_NDPI

bool others_can_tell(void)
{
	return false;
}

enum rc others_new(struct others **out, struct err *err)
{
	(void)err;
	*out = NULL;
	return RC_DONE;
}

void others_free(struct others *o)
{
	(void)o;
}

struct said_text others_packet(struct others *o, uint16_t *flow, bool *done, const struct packet *p, const uint8_t *frame)
{
	(void)o, (void)flow, (void)p, (void)frame;
	*done = true;
	return (struct said_text){0};
}

void others_end(struct others *o, uint16_t *flow)
{
	(void)o, (void)flow;
}

#else

#include "base/mem.h"
#include "base/text.h"

#include <ndpi_api.h>
#include <string.h>

enum { IPV4_HEAD = 20, IPV6_HEAD = 40, TCP_HEAD = 20, UDP_HEAD = 8, PACKET_MAX = 2048 };

struct other_flow {
	struct ndpi_flow_struct *flow;       /* NULL: nobody's */
	uint16_t next_free;          /* its number + 1 */
	uint8_t packets;
};

struct others {
	struct ndpi_detection_module_struct *module; /* NULL until it is asked */
	bool failed;
	uint16_t n, first_free;      /* flows ever used; number + 1 of one that is free again */
	struct other_flow flows[OTHER_FLOWS];
	uint8_t packet[PACKET_MAX];
	char name[64];
};

bool others_can_tell(void)
{
	return true;
}

enum rc others_new(struct others **out, struct err *err)
{
	*out = mem_calloc(1, sizeof(**out));
	return *out ? RC_DONE : err_memory(err);
}

void others_free(struct others *o)
{
	if (!o)
		return;
	for (size_t i = 0; i < o->n; i++)
		if (o->flows[i].flow)
			ndpi_free_flow(o->flows[i].flow);
	if (o->module)
		ndpi_exit_detection_module(o->module);
	mem_free(o);
}

static bool get_ready(struct others *o)
{
	NDPI_PROTOCOL_BITMASK all;

	if (o->module || o->failed)
		return o->module != NULL;
	/* lists of addresses are no content */
	o->module = ndpi_init_detection_module(ndpi_dont_load_tor_hosts);
	o->failed = !o->module;
	if (o->failed)
		return false;
	NDPI_BITMASK_SET_ALL(all);
	ndpi_set_protocol_detection_bitmask2(o->module, &all);
	ndpi_finalize_initialization(o->module);
	return true;
}

/* ---- flows ---------------------------------------------------------------------------------- */

static struct other_flow *take(struct others *o, uint16_t *flow)
{
	struct other_flow *f;
	uint16_t number = o->first_free;

	if (*flow)
		return &o->flows[*flow - 1];
	if (!number && o->n == OTHER_FLOWS)
		return NULL;
	if (!number)
		number = ++o->n;
	f = &o->flows[number - 1];
	f->flow = ndpi_flow_malloc(ndpi_detection_get_sizeof_ndpi_flow_struct());
	o->first_free = f->flow ? f->next_free : number;
	if (!f->flow)
		return NULL;
	memset(f->flow, 0, ndpi_detection_get_sizeof_ndpi_flow_struct());
	f->packets = 0;
	*flow = number;
	return f;
}

void others_end(struct others *o, uint16_t *flow)
{
	struct other_flow *f;

	if (*flow == 0)
		return;
	f = &o->flows[*flow - 1];
	ndpi_free_flow(f->flow);
	*f = (struct other_flow){ .next_free = o->first_free };
	o->first_free = *flow;
	*flow = 0;
}

/* ---- packets -------------------------------------------------------------------------------- */

static void put_be16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put_be32(uint8_t *p, uint32_t v)
{
	put_be16(p, v >> 16);
	put_be16(p + 2, v & 0xffff);
}

static size_t put_ip(uint8_t *to, const struct packet *p, size_t inner)
{
	bool is_v4 = p->src.kind == ADDR_IPV4;
	size_t head = is_v4 ? IPV4_HEAD : IPV6_HEAD, addr = is_v4 ? 4 : 16;

	to[0] = is_v4 ? 0x45 : 0x60;
	put_be16(to + (is_v4 ? 2 : 4), (unsigned)(is_v4 ? head + inner : inner));
	to[is_v4 ? 8 : 7] = 64;
	to[is_v4 ? 9 : 6] = (uint8_t)p->proto;
	memcpy(to + head - 2 * addr, p->src.bytes, addr);
	memcpy(to + head - addr, p->dst.bytes, addr);
	return head;
}

static size_t put_transport(uint8_t *to, const struct packet *p, size_t payload)
{
	put_be16(to, p->src_port);
	put_be16(to + 2, p->dst_port);
	if (p->proto == PROTO_UDP) {
		put_be16(to + 4, (unsigned)(UDP_HEAD + payload));
		return UDP_HEAD;
	}
	put_be32(to + 4, p->tcp_seq);
	put_be32(to + 8, p->tcp_ack);
	to[12] = TCP_HEAD / 4 << 4;
	to[13] = (uint8_t)p->tcp_flags;
	put_be16(to + 14, p->tcp_window);
	return TCP_HEAD;
}

/* The packet with plain headers, and as much payload as there is room for; 0 where it has none. */
static size_t build(struct others *o, const struct packet *p, const uint8_t *frame)
{
	size_t transport = p->proto == PROTO_UDP ? UDP_HEAD : TCP_HEAD, payload, at;

	if (!frame || (p->proto != PROTO_UDP && p->proto != PROTO_TCP) || !(p->flags & PACKET_HAS_PORTS) ||
		(p->src.kind != ADDR_IPV4 && p->src.kind != ADDR_IPV6) || p->payload_off >= p->caplen)
		return 0;
	payload = p->caplen - p->payload_off;
	if (payload > p->payload_len)
		payload = p->payload_len;
	if (payload > PACKET_MAX - IPV6_HEAD - transport)
		payload = PACKET_MAX - IPV6_HEAD - transport;
	memset(o->packet, 0, IPV6_HEAD + TCP_HEAD);
	at = put_ip(o->packet, p, transport + payload);
	at += put_transport(o->packet + at, p, payload);
	memcpy(o->packet + at, frame + p->payload_off, payload);
	return at + payload;
}

/* What was concluded, unless it is none of content's telling, or one of ours, which our own parsers would have told. */
static struct said_text conclude(struct others *o, const struct other_flow *f, ndpi_protocol found)
{
	uint16_t id = found.app_protocol ? found.app_protocol : found.master_protocol;
	const char *name;
	size_t len = 0;

	if (id == NDPI_PROTOCOL_UNKNOWN || f->flow->confidence != NDPI_CONFIDENCE_DPI)
		return (struct said_text){0};
	name = ndpi_get_proto_name(o->module, id);
	for (; name[len] && len < sizeof(o->name); len++)
		o->name[len] = text_small(name[len]);
	if (app_find(o->name, len) != APP_NONE)
		return (struct said_text){0};
	return (struct said_text){o->name, len};
}

struct said_text others_packet(struct others *o, uint16_t *flow, bool *done, const struct packet *p, const uint8_t *frame)
{
	struct said_text name = {0};
	size_t len = build(o, p, frame);
	struct other_flow *f;

	if (len == 0)
		return name;
	f = get_ready(o) ? take(o, flow) : NULL;
	*done = !f;
	if (!f)
		return name;
	name = conclude(o, f, ndpi_detection_process_packet(o->module, f->flow, o->packet, (unsigned short)len,
		(uint64_t)(p->time_ns / 1000000)));
	*done = name.p || ++f->packets == OTHER_PACKETS;
	if (*done)
		others_end(o, flow);
	return name;
}

#endif
