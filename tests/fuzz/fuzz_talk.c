/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is said in a conversation of arbitrary packets: every parser behind its talk. The first byte: UDP or TCP, whether the last
 * parser is asked once more packet by packet, whether the server has port 123, and in its upper five bits which parser hears the
 * conversation from its first byte on (its place in `parsers`; 0: it is found out). Then packets: one byte of flags (direction, a jump
 * of the sequence, cut), two of length. Texts must be readable, layers inside of the payload, and a conversation has one application.
 *
 * FLOWDRILL_FUZZ_PARSER=http fuzzes that parser alone: `./dev fuzz talk:http`. fuzz_quic is this program with Initial packets that are
 * not sealed (quic_clear.c), so that what is in them is reached.
 */
#include "app/talk.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len_bytes);

/* libFuzzer's; not there where inputs are only replayed. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t len_bytes, size_t max_bytes) __attribute__((weak));
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len_bytes, size_t max_bytes, unsigned seed);
int LLVMFuzzerInitialize(int *argc, char ***argv);

enum { HEAD = 40, PARSER_SHIFT = 3, FLAGS = (1 << PARSER_SHIFT) - 1 };

/* Inputs hold these places: new ones come at the end. At most 31. */
static const enum app parsers[] = {
	APP_NONE, APP_HTTP, APP_HTTP2, APP_TLS, APP_QUIC, APP_DNS, APP_MDNS, APP_NTP, APP_DHCP, APP_SSH, APP_SMTP, APP_IMAP, APP_POP3,
	APP_FTP, APP_POSTGRESQL, APP_MYSQL, APP_REDIS, APP_SMB, APP_SIP, APP_RTP, APP_RTCP, APP_DTLS,
};
enum { PARSERS = sizeof(parsers) / sizeof(parsers[0]) };
_Static_assert(PARSERS <= 1 << (8 - PARSER_SHIFT), "has room in a byte");

static unsigned wanted;      /* place of the parser that is fuzzed alone; 0: all of them */

struct seen {
	size_t end;
	int depth;
	unsigned long told;
};

static void stop(const char *why)
{
	fprintf(stderr, "fuzz_talk: %s\n", why);
	abort();
}

static void check(struct seen *s, const char *name, const char *text, uint32_t at, uint32_t len)
{
	if (at > s->end || len > s->end - at)
		stop("the sink was told of bytes outside");
	if (name[0] == '\0' || strlen(text) > 4 * 65536 || ++s->told > 1000000)
		stop("the sink was told too much");
}

static void begin(void *ctx, const char *layer, const char *summary, uint32_t at, uint32_t len)
{
	struct seen *s = ctx;

	check(s, layer, summary, at, len);
	s->depth++;
}

static void field(void *ctx, const char *name, const char *text, uint32_t at, uint32_t len)
{
	struct seen *s = ctx;

	check(s, name, text, at, len);
	if (s->depth < 1)
		stop("a field outside of a layer");
}

static void end(void *ctx)
{
	struct seen *s = ctx;

	if (--s->depth < 0)
		stop("a layer ended twice");
}

/* Escaping reads every byte. */
static void read_text(struct said_text t)
{
	struct buf b;

	if (t.len > 65536 || (!t.p && t.len > 0))
		stop("a text of strange length");
	buf_init(&b);
	text_escape(&b, t.p, t.len);
	buf_free(&b);
}

static void read_texts(const struct said *s)
{
	read_text(s->name);
	read_text(s->url);
	read_text(s->alpn);
	read_text(s->ja4);
}

static void heard_name(void *ctx, const struct addr *addr, struct said_text name, enum seen_by by)
{
	(void)ctx, (void)addr;
	if (by >= SEEN_BYS)
		stop("a name that nobody saw");
	read_text(name);
}

/* The same packet alone, and its layers. */
static void ask_alone(enum app app, const struct packet *p, const uint8_t *frame, enum direction dir)
{
	struct seen seen = {.end = p->caplen};
	const struct decode_sink sink = {begin, field, end, &seen};
	struct parse_bytes in;
	struct said said = {0};
	struct buf info;

	buf_init(&info);
	talk_one(app, p, frame, dir, &said, &info);
	read_texts(&said);
	for (size_t i = 0; i < info.len; i++)
		if (info.data[i] < ' ')
			stop("a control character in the line for people");
	buf_free(&info);
	const struct app_parser *parser = app_parser(app);
	if (parser && parser->layers && talk_payload(p, frame, dir, &in))
		parser->layers(&in, p->payload_off, &sink);
	if (seen.depth != 0)
		stop("a layer did not end");
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *name = getenv("FLOWDRILL_FUZZ_PARSER");

	(void)argc, (void)argv;
	if (!name || !name[0])
		return 0;
	for (unsigned i = 1; i < PARSERS; i++)
		if (strcmp(name, app_name(parsers[i])) == 0)
			wanted = i;
	if (wanted == 0)
		stop("no parser of this name");
	return 0;
}

/* What is found names its parser, and so can be replayed among the others. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len_bytes, size_t max_bytes, unsigned seed)
{
	(void)seed;
	size_t n = LLVMFuzzerMutate(data, len_bytes, max_bytes);

	if (n > 0 && wanted)
		data[0] = (uint8_t)((data[0] & FLAGS) | wanted << PARSER_SHIFT);
	return n;
}

/* The conversation is one of this parser's from the beginning. *udp: a transport that it speaks, this one if it does. */
static void force(struct talk *t, enum app app, bool *udp)
{
	const struct app_parser *parser = app_parser(app);

	if (!parser)
		return;
	if (*udp ? !parser->datagram : !parser->stream)
		*udp = !*udp;
	t->app = t->parser = (uint8_t)app;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len_bytes)
{
	static struct talk_memory *memory;
	const struct said_sink sink = {heard_name, NULL};
	struct talk talk = {0};
	struct said said = {0};
	uint32_t seq[2] = {0xfffffff0, 100};
	enum app app = APP_NONE;

	if (len_bytes < 1 || len_bytes > 65536 || (!memory && talk_memory_new(&memory, NULL) != RC_DONE))
		return 0;
	bool udp = data[0] & 1, alone = data[0] & 2;
	uint16_t server = data[0] & 4 ? 123 : 53;
	unsigned forced = wanted ? wanted : data[0] >> PARSER_SHIFT;

	if (forced < PARSERS)
		force(&talk, parsers[forced], &udp);
	for (size_t at = 1; len_bytes - at >= 3;) {
		enum direction dir = (enum direction)(data[at] & 1);
		size_t left = len_bytes - at - 3, len = (size_t)(data[at + 1] << 8 | data[at + 2]), kept = len < left ? len : left;

		if (data[at] & 2)
			seq[dir] += (uint32_t)data[at] << 3;
		if ((data[at] & 12) == 12)
			kept /= 2;
		uint8_t *frame = mem_calloc(1, HEAD + kept);
		if (!frame)
			break;
		memcpy(frame + HEAD, data + at + 3, kept);
		struct packet p = {
			.time_ns = (int64_t)at * 1000000, .len = (uint32_t)(HEAD + len), .caplen = (uint32_t)(HEAD + kept),
			.payload_off = HEAD, .payload_len = (uint32_t)len, .proto = udp ? PROTO_UDP : PROTO_TCP,
			.flags = PACKET_HAS_PORTS | PACKET_HAS_IP | (udp ? 0 : PACKET_HAS_TCP),
			.src_port = dir == DIR_C2S ? 40000 : server, .dst_port = dir == DIR_C2S ? server : 40000, .tcp_seq = seq[dir],
			.tcp_flags = TCP_ACK,
		};
		talk_packet(&talk, memory, &p, frame, dir, &sink, &said);
		read_texts(&said);
		if (app != APP_NONE && said.app != app)
			stop("another application");
		app = said.app;
		if (alone)
			ask_alone(app, &p, frame, dir);
		mem_free(frame);
		seq[dir] += (uint32_t)len;
		at += 3 + (len < left ? len : left);
	}
	talk_end(&talk, memory);
	return 0;
}
