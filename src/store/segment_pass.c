/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Stepping over many flow parts of a chunk. Whoever asks for a few of its hundreds has to pass the others, because positions and times
 * are differences from part to part. Here that is done in a few instructions a number, for parts as our own field table writes them
 * and that lie well inside the chunk; whatever is unusual, and all damage, is left to the ordinary reader, which finds the cursor in front
 * of it.
 */
#include "base/wide.h"
#include "store/segment_reader.h"

enum {
	/* a part's fixed numbers, of eight bytes each, with all bits of counters and of what is known in front or behind */
	ROOM_BYTES = 192,
	BITS_BYTES = 24,
	/* bits of the counters that are looked at or stepped over one by one; all in the first byte */
	BIT_EXTRA = 1, BIT_FIRST = 2, BIT_BYTES = 4, BIT_TTL = 8, BIT_C2S = 16, BIT_S2C = 32,
	BITS_TAKEN = BIT_EXTRA | BIT_FIRST | BIT_BYTES | BIT_TTL | BIT_C2S | BIT_S2C,
};

#define TOPS UINT64_C(0x8080808080808080)

/* What is carried from part to part: struct segment_cursor has the same. */
struct pass {
	const uint8_t *at;
	int64_t first_ns, slice_ns;
	uint64_t refs_pos, marks_pos;
	uint32_t refs_len, marks_len, ordinal;
	bool odd; /* something was unusual: nothing of this may be used */
};

/* What bounds all parts of a chunk. */
struct pass_limits {
	const uint8_t *end;
	uint64_t refs_len, marks_len;
	uint32_t packets, micro_parts;
};

bool plan_is_usual(const struct plan *p)
{
	static const struct {
		uint8_t id, code, guess;
	} begins[] = {
		{ FIELD_FIRST, CODE_TIME, GUESS_TIME },
		{ FIELD_C2S_BYTES, CODE_PLAIN, GUESS_ABSENT },
		{ FIELD_C2S_TTL_MIN, CODE_PLAIN, GUESS_ABSENT },
		{ FIELD_C2S_PACKETS, CODE_PLAIN, GUESS_ONE },
		{ FIELD_S2C_PACKETS, CODE_PLAIN, GUESS_ABSENT },
	};
	unsigned n = sizeof(begins) / sizeof(begins[0]), same = 0;

	while (same < n && p->n >= n && !p->fields[same].skip && p->fields[same].id == begins[same].id &&
		p->fields[same].code == begins[same].code && p->fields[same].guess == begins[same].guess)
		same++;
	return same == n && p->prefixed == 0;
}

/* ---- numbers: eight bytes can be read at p->at --------------------------------------------- */

/* How many bytes the varint in a word has; 0: more than eight. */
static WIDE_BODY unsigned varint_bytes(uint64_t word)
{
	uint64_t ends = ~word & TOPS;

	return ends ? (unsigned)__builtin_ctzll(ends) / 8 + 1 : 0;
}

/* A number of 56 bits; a longer one is unusual. */
static WIDE_BODY uint64_t take(struct pass *p)
{
	uint64_t word = load_le64(p->at), ends = ~word & TOPS;

	if ((word & 0x80) == 0) {
		p->at++;
		return word & 0x7f;
	}
	p->odd |= ends == 0;
	p->at += varint_bytes(word);
	word &= (ends - 1) & ~ends & ~TOPS;
	word = (word & UINT64_C(0x007f007f007f007f)) | (word & UINT64_C(0x7f007f007f007f00)) >> 1;
	word = (word & UINT64_C(0x00003fff00003fff)) | (word & UINT64_C(0x3fff00003fff0000)) >> 2;
	return (word & 0x0fffffff) | (word & UINT64_C(0x0fffffff00000000)) >> 4;
}

/* A difference from one, which may be -1 (of 64 bits: ten bytes). */
static WIDE_BODY uint64_t take_from_one(struct pass *p)
{
	if (p->at[0] == 0xff && load_le64(p->at) == UINT64_MAX && load_le16(p->at + 8) == 0x01ff) {
		p->at += 10;
		return 0;
	}
	return 1 + take(p);
}

static WIDE_BODY void pass_number(struct pass *p)
{
	unsigned n = varint_bytes(load_le64(p->at));

	p->odd |= n == 0;
	p->at += n;
}

/* The bits of counters: how many are set. */
static WIDE_BODY unsigned take_bits(struct pass *p, unsigned counters)
{
	const uint8_t *begin = p->at;
	unsigned set = 0, n;

	do {
		uint64_t word = load_le64(p->at);

		n = varint_bytes(word);
		p->at += n ? n : 8;
		set += (unsigned)__builtin_popcountll(word & ~TOPS & (~UINT64_C(0) >> (n ? 64 - 8 * n : 0)));
	} while (n == 0 && p->at - begin < BITS_BYTES);
	/* bits beyond the table are the ordinary reader's business */
	unsigned before = 7 * (unsigned)(p->at - begin - 1);
	p->odd |= n == 0 || before > counters || p->at[-1] >> (counters + 1 - before > 7 ? 7 : counters + 1 - before) != 0;
	return set;
}

/* Two or three numbers: where eight bytes hold them, in one go. */
static WIDE_BODY void pass_few(struct pass *p, unsigned n)
{
	uint64_t ends = ~load_le64(p->at) & TOPS, last = ends & (ends - 1);

	last = n > 2 ? last & (last - 1) : last;
	if (last) {
		p->at += (unsigned)__builtin_ctzll(last) / 8 + 1;
		return;
	}
	for (; n > 0; n--)
		pass_number(p);
}

/* Numbers of any length. */
static WIDE_BODY void pass_numbers(struct pass *p, const uint8_t *end, unsigned n)
{
	while (n > 0 && end - p->at >= 8) {
		uint64_t ends = ~load_le64(p->at) & TOPS;
		unsigned found = (unsigned)__builtin_popcountll(ends);

		if (found < n) {
			p->at += 8;
			n -= found;
			continue;
		}
		while (--n > 0)
			ends &= ends - 1;
		p->at += (unsigned)__builtin_ctzll(ends) / 8 + 1;
	}
	p->odd |= n > 0;
}

/* Known bits that differ: where the time is unknown guesses are others. Mixed bits do not matter. */
static WIDE_BODY void pass_state(struct pass *p)
{
	uint64_t word = load_le64(p->at);
	unsigned n = varint_bytes(word);
	bool told = n == 0 || n > FIELD_FIRST / 7;

	p->odd |= told && (word >> (FIELD_FIRST / 7 * 8 + FIELD_FIRST % 7) & 1);
	for (unsigned left = 2; left > 0; left--) {
		n = varint_bytes(load_le64(p->at));
		p->at += n ? n : 8;
		if (n == 0)
			pass_number(p);
	}
}

/* ---- parts ------------------------------------------------------------------------------------ */

/* MICRO_ flags, but for STATE's known bits nothing of which matters. */
static WIDE_BODY void pass_extra(struct pass *p, uint64_t flags)
{
	if (flags & MICRO_ID) {
		pass_number(p);
		pass_number(p);
	}
	if (flags & MICRO_SLICE)
		pass_number(p);
	if (flags & MICRO_STATE)
		pass_state(p);
}

static WIDE_BODY void pass_places(struct pass *p, const struct pass_limits *l, uint64_t flags, uint64_t packets, bool first)
{
	if (!first)
		pass_number(p);
	p->refs_pos += p->refs_len;
	p->marks_pos += p->marks_len;
	p->odd |= packets == 0 || packets > l->packets;
	uint64_t refs = packets > 1 ? packets - 1 + take(p) : 0;
	uint64_t marks = flags & MICRO_MARKS ? take(p) : 0;
	uint64_t media = flags & MICRO_MEDIA ? take(p) : 0;
	p->odd |= p->refs_pos > l->refs_len || refs > l->refs_len - p->refs_pos;
	p->odd |= p->marks_pos > l->marks_len || marks > l->marks_len - p->marks_pos;
	p->refs_len = (uint32_t)refs;
	p->marks_len = (uint32_t)marks;
	if (media && media <= (size_t)(l->end - p->at))
		p->at += media;
	else
		p->odd |= media != 0;
}

static WIDE_BODY void pass_micro(struct pass *p, const struct pass_limits *l, unsigned counters, bool first)
{
	unsigned bits = *p->at, numbers = take_bits(p, counters);
	uint64_t flags = bits & BIT_EXTRA ? take(p) : 0;
	uint64_t time = take(p);

	p->odd |= !(bits & BIT_FIRST) || (flags & MICRO_PLAIN) || flags > MICRO_EXTRA_ALL;
	p->first_ns = (int64_t)((uint64_t)p->first_ns + (uint64_t)zigzag_back(time >> 1) * (time & 1 ? 1 : 1000));
	if (bits & BIT_BYTES)
		pass_number(p);
	if (bits & BIT_TTL)
		pass_number(p);
	uint64_t packets = bits & BIT_C2S ? take_from_one(p) : 1;
	packets += bits & BIT_S2C ? take(p) : 0;
	pass_numbers(p, l->end, numbers - (unsigned)__builtin_popcount(bits & BITS_TAKEN));
	p->odd |= l->end - p->at < ROOM_BYTES;
	if (p->odd)
		return;
	pass_extra(p, flags);
	pass_places(p, l, flags, packets, first);
}

static WIDE_BODY void pass_flow(struct pass *p, const struct pass_limits *l, unsigned counters)
{
	uint64_t head = take(p), more = head & FLOW_MICROS ? 1 + take(p) : 0;

	p->odd |= more > l->micro_parts;
	if (head & FLOW_SLICE)
		p->slice_ns = (int64_t)((uint64_t)p->slice_ns + (uint64_t)zigzag_back(take(p)));
	if (head & FLOW_ID)
		pass_few(p, 2);
	pass_few(p, 3);
	p->at += head & FLOW_PORTS ? 2 : 0;
	if (head & FLOW_PORTS)
		pass_number(p);
	if (head & FLOW_MACS)
		pass_few(p, 2);
	p->odd |= (head >> FLOW_FLAGS_BITS) >= l->packets - p->ordinal;
	p->ordinal += (uint32_t)(head >> FLOW_FLAGS_BITS);
	for (uint64_t i = 0; i <= more && !p->odd; i++) {
		p->odd |= l->end - p->at < ROOM_BYTES;
		if (!p->odd)
			pass_micro(p, l, counters, i == 0);
	}
}

/* How many flow parts were passed, `most` at most; what is carried is that behind them. */
static WIDE_BODY uint32_t pass_flows(struct pass *carried, const struct pass_limits *l, unsigned counters, uint32_t most)
{
	struct pass p = *carried;
	uint32_t n = 0;

	while (n < most && l->end - p.at >= ROOM_BYTES) {
		pass_flow(&p, l, counters);
		if (p.odd)
			break;
		*carried = p;
		n++;
	}
	return n;
}

WIDE_BOTH_OF(uint32_t, pass, pass_flows,
	(struct pass * carried, const struct pass_limits *l, unsigned counters, uint32_t most), (carried, l, counters, most))

void segment_pass(struct segment_cursor *c, const struct cursor *chunk, uint32_t part)
{
	const struct segment *s = c->s;
	const struct pass_limits l = { chunk->data + chunk->len, s->sections[SECTION_REFS].data_len,
		s->sections[SECTION_MARKS].data_len, s->info.packets, s->info.micro_parts };
	struct pass p = { chunk->data + chunk->pos, c->guess.first_ns, c->flow_slice_ns, c->refs_pos, c->marks_pos,
		c->refs_len, c->marks_len, c->flow_ordinal, false };

	if (!s->plan.usual || c->micros_left > 0 || part <= c->next_part)
		return;
	c->next_part += pass(&p, &l, s->plan.n, part - c->next_part);
	c->pos = (size_t)(p.at - chunk->data);
	c->guess.first_ns = p.first_ns;
	c->flow_slice_ns = p.slice_ns;
	c->flow_ordinal = p.ordinal;
	c->refs_pos = p.refs_pos;
	c->refs_len = p.refs_len;
	c->marks_pos = p.marks_pos;
	c->marks_len = p.marks_len;
}
