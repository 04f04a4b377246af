/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/sdp.h"

#include "base/text.h"

#include "app/rtp.h"

#include <string.h>
#include <strings.h>

/* A stretch of the text that is read from its beginning. */
struct words {
	const char *p;
	size_t n;
};

struct reader {
	void (*tell)(void *ctx, const struct sdp_media *m);
	void *ctx;
	struct addr session;         /* of all media that have none of their own */
	struct sdp_media media;
	bool in_media;               /* behind the first m= line */
	bool open, mux;              /* of the one in hand: it is of ours */
	unsigned told;
};

static bool begins(const struct words *w, const char *what)
{
	size_t n = strlen(what);

	return w->n >= n && memcmp(w->p, what, n) == 0;
}

static void skip(struct words *w, size_t n)
{
	w->p += n;
	w->n -= n;
}

/* The next word, up to a blank or `end`; what ends it is skipped. */
static struct words word(struct words *w, char end)
{
	struct words out = {w->p, 0};

	while (out.n < w->n && w->p[out.n] != ' ' && w->p[out.n] != end)
		out.n++;
	skip(w, out.n < w->n ? out.n + 1 : out.n);
	return out;
}

static bool number(const struct words *w, uint32_t max, uint32_t *out)
{
	uint64_t v = 0;

	for (size_t i = 0; i < w->n; i++) {
		if (w->p[i] < '0' || w->p[i] > '9' || i > 9)
			return false;
		v = v * 10 + (unsigned)(w->p[i] - '0');
	}
	*out = (uint32_t)v;
	return w->n > 0 && v <= max;
}

/* "IN IP4 192.0.2.1/127": none where it is a name, multicast or unspecified. */
static struct addr connection(struct words w)
{
	struct words net = word(&w, ' '), kind = word(&w, ' '), host = word(&w, '/');
	char text[ADDR_TEXT];
	struct addr a = {0};
	static const struct addr nobody;

	if (!begins(&net, "IN") || !(begins(&kind, "IP4") || begins(&kind, "IP6")) || host.n == 0 || host.n >= sizeof(text))
		return nobody;
	memcpy(text, host.p, host.n);
	text[host.n] = '\0';
	if (memchr(text, '\0', host.n) || addr_parse(text, &a, NULL) != RC_DONE)
		return nobody;
	bool v4 = a.kind == ADDR_IPV4;
	if ((!v4 && a.kind != ADDR_IPV6) || (v4 ? (a.bytes[0] & 0xf0) == 0xe0 : a.bytes[0] == 0xff))
		return nobody;
	for (size_t i = 0; i < addr_len(&a); i++)
		if (a.bytes[i] != 0)
			return a;
	return nobody;
}

/* Names know no capitals (RFC 4855): those of static types as RFC 3551 writes them, all others small. */
static void put_codec(char *to, const struct words *name)
{
	uint32_t hz;

	for (size_t i = 0; i < name->n; i++)
		to[i] = text_small(name->p[i]);
	for (uint8_t type = 0; type < 35; type++) {
		const char *known = rtp_static_type(type, &hz);

		if (!known || strlen(known) != name->n || strncasecmp(known, to, name->n) != 0)
			continue;
		memcpy(to, known, name->n);
		return;
	}
}

/* "96 opus/48000/2" */
static void rtpmap(struct reader *r, struct words w)
{
	struct words type = word(&w, ' '), codec = word(&w, '/'), clock = word(&w, '/');
	uint32_t pt, hz;

	if (!number(&type, 127, &pt) || !number(&clock, 10000000, &hz) || hz == 0 || codec.n == 0 || codec.n >= SDP_CODEC)
		return;
	for (size_t i = 0; i < codec.n; i++)
		if (codec.p[i] <= ' ' || codec.p[i] > '~')
			return;
	for (unsigned i = 0; i < r->media.n_types; i++) {
		struct sdp_type *t = &r->media.types[i];

		if (t->type != pt)
			continue;
		t->clock_hz = hz;
		memset(t->codec, 0, sizeof(t->codec));
		put_codec(t->codec, &codec);
	}
}

/* "audio 49170 RTP/AVP 0 8 97" */
static void media_line(struct reader *r, struct words w)
{
	word(&w, ' ');
	struct words port = word(&w, '/'), proto;
	uint32_t n;

	/* "49170/2": a number of ports follows */
	if (port.p + port.n < w.p && port.p[port.n] == '/')
		word(&w, ' ');
	proto = word(&w, ' ');
	memset(&r->media, 0, sizeof(r->media));
	r->mux = false;
	r->open = number(&port, 65535, &n) && n > 0 && (begins(&proto, "RTP/") || begins(&proto, "UDP/TLS/RTP/"));
	if (!r->open)
		return;
	r->media.addr = r->session;
	r->media.port = (uint16_t)n;
	r->media.rtcp_port = (uint16_t)(n < 65535 ? n + 1 : n);
	while (w.n > 0 && r->media.n_types < SDP_TYPES) {
		struct words type = word(&w, ' ');
		struct sdp_type *t = &r->media.types[r->media.n_types];
		const char *name;

		if (!number(&type, 127, &n))
			continue;
		t->type = (uint8_t)n;
		name = rtp_static_type((uint8_t)n, &t->clock_hz);
		if (name)
			memcpy(t->codec, name, strlen(name));
		r->media.n_types++;
	}
}

static void close_media(struct reader *r)
{
	if (!r->open)
		return;
	r->open = false;
	if (r->mux)
		r->media.rtcp_port = r->media.port;
	if (r->media.addr.kind == ADDR_NONE || r->media.n_types == 0)
		return;
	r->tell(r->ctx, &r->media);
	r->told++;
}

static void attribute(struct reader *r, struct words w)
{
	uint32_t port;

	if (begins(&w, "rtpmap:")) {
		skip(&w, 7);
		rtpmap(r, w);
	} else if (begins(&w, "rtcp:")) {
		skip(&w, 5);
		struct words first = word(&w, ' ');
		if (number(&first, 65535, &port) && port > 0)
			r->media.rtcp_port = (uint16_t)port;
	} else if (begins(&w, "rtcp-mux")) {
		r->mux = true;
	}
}

static void take_line(struct reader *r, struct words w)
{
	if (w.n < 2 || w.p[1] != '=')
		return;
	char kind = w.p[0];

	skip(&w, 2);
	if (kind == 'm') {
		close_media(r);
		r->in_media = true;
		media_line(r, w);
	} else if (kind == 'c' && !r->in_media) {
		r->session = connection(w);
	} else if (kind == 'c' && r->open) {
		r->media.addr = connection(w);
	} else if (kind == 'a' && r->open) {
		attribute(r, w);
	}
}

unsigned sdp_read(const char *text, size_t len, void (*tell)(void *ctx, const struct sdp_media *m), void *ctx)
{
	struct reader r = {.tell = tell, .ctx = ctx};
	struct words all = {text, len};

	if (!begins(&all, "v=0"))
		return 0;
	for (unsigned lines = 0; all.n > 0 && lines < SDP_LINES; lines++) {
		const char *end = memchr(all.p, '\n', all.n);
		size_t n = end ? (size_t)(end - all.p) : all.n;
		struct words line = {all.p, n > 0 && all.p[n - 1] == '\r' ? n - 1 : n};

		take_line(&r, line);
		skip(&all, end ? n + 1 : n);
	}
	close_media(&r);
	return r.told;
}
