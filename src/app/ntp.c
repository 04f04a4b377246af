/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * NTP (RFC 5905), control messages (RFC 9327). A server's packet is certain by its times, which must fit together; a client may leave
 * all but one of its fields zero, so that only its port makes it certain. A kiss of death (stratum 0) refuses.
 */
#include "app/parser.h"

#include "base/cursor.h"
#include "base/text.h"

enum { NTP_PORT = 123, NTP_HEAD = 48, CONTROL_HEAD = 12 };

enum ntp_mode { MODE_ACTIVE = 1, MODE_PASSIVE, MODE_CLIENT, MODE_SERVER, MODE_BROADCAST, MODE_CONTROL, MODE_PRIVATE };

struct ntp_state {
	uint64_t sent;               /* transmit time of the last request; 0 none */
	int64_t sent_ns;             /* when it was captured */
};
_Static_assert(sizeof(struct ntp_state) <= PARSE_STATE, "fits");

static unsigned mode_of(const struct parse_bytes *in)
{
	return in->p[0] & 7;
}

static unsigned version_of(const struct parse_bytes *in)
{
	return in->p[0] >> 3 & 7;
}

/* Of both times seconds are known and the later one is not before the other, by an hour at most after it. */
static bool soon_after(uint64_t later, uint64_t earlier)
{
	return earlier != 0 && later >= earlier && later - earlier < (uint64_t)3600 << 32;
}

/* A key identifier alone, or with a digest; extension fields are multiples of 4 (RFC 7822). */
static bool fits_length(const struct parse_bytes *in)
{
	return in->n >= NTP_HEAD && in->n <= 1024 && in->n % 4 == 0;
}

/* Stratum, poll, precision, root delay and dispersion as they can be. */
static bool is_plausible(const uint8_t *p)
{
	int8_t poll = (int8_t)p[2], precision = (int8_t)p[3];
	int32_t delay = (int32_t)load_be32(p + 4);

	return p[1] <= 16 && poll >= -6 && poll <= 17 && precision <= 0 && delay > -(16 << 16) && delay < 16 << 16 &&
		load_be32(p + 8) < 64 << 16;
}

static bool has_port(const struct parse_bytes *in)
{
	return in->client_port == NTP_PORT || in->server_port == NTP_PORT;
}

static bool is_control(const struct parse_bytes *in)
{
	return in->n >= CONTROL_HEAD && version_of(in) >= 2 && in->p[0] >> 6 == 0 && (in->p[1] & 31) <= 31 &&
		load_be16(in->p + 10) <= in->n - CONTROL_HEAD && in->n - CONTROL_HEAD - load_be16(in->p + 10) < 4 + 24;
}

/* Private messages of ntpd (mode 7): implementation 0, 2 or 3; 8 bytes and items. */
static bool is_private(const struct parse_bytes *in)
{
	return in->n >= 8 && version_of(in) >= 2 && (in->p[2] == 0 || in->p[2] == 2 || in->p[2] == 3) && in->p[3] < 64;
}

static enum parse_match ntp_match(const struct parse_bytes *in)
{
	const uint8_t *p = in->p;
	unsigned mode = mode_of(in);

	if (version_of(in) < 1 || version_of(in) > 4)
		return MATCH_NO;
	if (mode == MODE_CONTROL || mode == MODE_PRIVATE)
		return has_port(in) && (mode == MODE_CONTROL ? is_control(in) : is_private(in)) ? MATCH_YES : MATCH_NO;
	if (mode == 0 || !fits_length(in) || !is_plausible(p))
		return MATCH_NO;
	uint64_t reference = load_be64(p + 16), received = load_be64(p + 32), sent = load_be64(p + 40);
	if (sent == 0)
		return MATCH_NO;
	/* a clock that was set lately, by a server that answers at once */
	if (mode == MODE_SERVER && p[1] >= 1 && p[1] < 16 && soon_after(sent, received) && sent >= reference && reference != 0 &&
		sent - reference < (uint64_t)86400 * 30 << 32)
		return MATCH_YES;
	return has_port(in) ? MATCH_YES : MATCH_MAYBE;
}

static void put_info(struct buf *info, const struct parse_bytes *in)
{
	static const char *const modes[8] = {
		"", "symmetric active", "symmetric passive", "client", "server", "broadcast", "control", "private",
	};

	buf_printf(info, "NTP version %u, %s", version_of(in), modes[mode_of(in)]);
	if (mode_of(in) != MODE_SERVER)
		return;
	if (in->p[1] == 0) {
		buf_put_str(info, ", kiss ");
		text_escape(info, in->p + 12, 4);
	} else {
		buf_printf(info, ", stratum %u", in->p[1]);
	}
}

static void ntp_datagram(void *state, const struct parse_bytes *in, const struct parse_out *out)
{
	struct ntp_state *s = state;
	unsigned mode = mode_of(in);

	if (ntp_match(in) == MATCH_NO)
		return;
	if (out->info && out->info->len == 0)
		put_info(out->info, in);
	if (mode == MODE_CONTROL || mode == MODE_PRIVATE) {
		bool is_response = mode == MODE_CONTROL ? in->p[1] & 0x80 : in->p[0] & 0x80;

		out->said->requests += !is_response;
		out->said->responses += is_response;
		return;
	}
	if (mode == MODE_CLIENT) {
		out->said->requests++;
		s->sent = load_be64(in->p + 40);
		s->sent_ns = in->time_ns;
		return;
	}
	if (mode != MODE_SERVER)
		return;
	out->said->responses++;
	out->said->refusals += in->p[1] == 0;
	if (s->sent != 0 && load_be64(in->p + 24) == s->sent) {
		out->said->has_response = true;
		out->said->response_ns = time_sub(in->time_ns, s->sent_ns);
	}
	s->sent = 0;
}

static void field(const struct decode_sink *sink, const char *name, uint64_t value, uint32_t at, uint32_t len)
{
	char text[TEXT_NUMBER];

	text_u128(text, sizeof(text), value);
	sink->field(sink->ctx, name, text, at, len);
}

static void ntp_layers(const struct parse_bytes *in, uint32_t offset, const struct decode_sink *sink)
{
	static const struct { const char *name; uint32_t at; } times[] = {
		{"reference time", 16}, {"origin time", 24}, {"receive time", 32}, {"transmit time", 40},
	};

	if (ntp_match(in) == MATCH_NO)
		return;
	sink->begin(sink->ctx, "ntp", "Network Time Protocol", offset, (uint32_t)in->n);
	field(sink, "version", version_of(in), offset, 1);
	field(sink, "mode", mode_of(in), offset, 1);
	if (mode_of(in) < MODE_CONTROL) {
		field(sink, "stratum", in->p[1], offset + 1, 1);
		for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
			const uint8_t *p = in->p + times[i].at;
			uint64_t seconds = load_be32(p);
			char text[TEXT_TIME] = "not set";

			if (load_be64(p) != 0)   /* of the era that began 2036 where the highest bit is clear (RFC 4330, 3) */
				text_time(text, sizeof(text), ((int64_t)(seconds >> 31 ? seconds : seconds + ((uint64_t)1 << 32)) -
					2208988800) * 1000000000 + (int64_t)((uint64_t)load_be32(p + 4) * 1000000000 >> 32));
			sink->field(sink->ctx, times[i].name, text, offset + times[i].at, 8);
		}
	}
	sink->end(sink->ctx);
}

const struct app_parser ntp_parser = {.app = APP_NTP, .match = ntp_match, .datagram = ntp_datagram, .layers = ntp_layers};
