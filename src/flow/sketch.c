/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flow/sketch.h"

#include "base/hash.h"
#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* HyperLogLog: 2^11 registers, from the top bits of a 64-bit hash. */
enum { HLL_BITS = 11, HLL_REGISTERS = 1 << HLL_BITS };

struct sketch {
	size_t n, cap;           /* exact: hashes in use, and room */
	uint64_t *exact;         /* sorted */
	uint8_t *registers;      /* NULL while exact */
};

enum rc sketch_new(struct sketch **out, struct err *err)
{
	*out = mem_calloc(1, sizeof(**out));
	return *out ? RC_DONE : err_memory(err);
}

void sketch_free(struct sketch *s)
{
	if (!s)
		return;
	mem_free(s->exact);
	mem_free(s->registers);
	mem_free(s);
}

static void hll_add(uint8_t *registers, uint64_t hash)
{
	size_t at = (size_t)(hash >> (64 - HLL_BITS));
	uint64_t rest = hash << HLL_BITS | (uint64_t)1 << (HLL_BITS - 1);
	uint8_t rank = (uint8_t)(__builtin_clzll(rest) + 1);

	if (registers[at] < rank)
		registers[at] = rank;
}

static enum rc sketch_densify(struct sketch *s, struct err *err)
{
	s->registers = mem_calloc(1, HLL_REGISTERS);
	if (!s->registers)
		return err_memory(err);
	for (size_t i = 0; i < s->n; i++)
		hll_add(s->registers, s->exact[i]);
	mem_free(s->exact);
	s->exact = NULL;
	s->n = s->cap = 0;
	return RC_DONE;
}

static enum rc sketch_add_hash(struct sketch *s, uint64_t hash, struct err *err)
{
	size_t at = 0;

	if (!s->registers) {
		while (at < s->n && s->exact[at] < hash)
			at++;
		if (at < s->n && s->exact[at] == hash)
			return RC_DONE;
		if (s->n < SKETCH_EXACT) {
			if (mem_grow(&s->exact, &s->cap, s->n + 1, sizeof(hash)) != 0)
				return err_memory(err);
			memmove(&s->exact[at + 1], &s->exact[at], (s->n - at) * sizeof(hash));
			s->exact[at] = hash;
			s->n++;
			return RC_DONE;
		}
		enum rc rc = sketch_densify(s, err);
		if (rc != RC_DONE)
			return rc;
	}
	hll_add(s->registers, hash);
	return RC_DONE;
}

enum rc sketch_add(struct sketch *s, const struct addr *a, struct err *err)
{
	return sketch_add_hash(s, hash_bytes(a, sizeof(*a), 0), err);
}

enum rc sketch_merge(struct sketch *whole, const struct sketch *part, struct err *err)
{
	enum rc rc = RC_DONE;

	if (part->registers && !whole->registers)
		rc = sketch_densify(whole, err);
	if (rc == RC_DONE && part->registers) {
		for (size_t i = 0; i < HLL_REGISTERS; i++)
			if (whole->registers[i] < part->registers[i])
				whole->registers[i] = part->registers[i];
	}
	for (size_t i = 0; rc == RC_DONE && i < part->n; i++)
		rc = sketch_add_hash(whole, part->exact[i], err);
	return rc;
}

uint64_t sketch_count(const struct sketch *s, bool *estimated)
{
	*estimated = s->registers != NULL;
	if (!s->registers)
		return s->n;

	unsigned with[64 - HLL_BITS + 2] = {0};      /* registers by their value */
	for (size_t i = 0; i < HLL_REGISTERS; i++)
		with[s->registers[i]]++;
	double sum = 0, m = HLL_REGISTERS;
	for (int value = 0; value < (int)(sizeof(with) / sizeof(with[0])); value++)
		sum += ldexp(with[value], -value);
	unsigned zero = with[0];
	double raw = 0.7213 / (1 + 1.079 / m) * m * m / sum;
	if (raw <= 2.5 * m && zero > 0)
		raw = m * log(m / zero);         /* linear counting */
	return (uint64_t)(raw + 0.5);
}

/* 0, n, n hashes as differences; or 1 and runs of (value, how often). */
void sketch_encode(const struct sketch *s, struct buf *out)
{
	if (!s->registers) {
		uint64_t before = 0;
		buf_put_u8(out, 0);
		buf_put_varint(out, s->n);
		for (size_t i = 0; i < s->n; i++) {
			buf_put_le64(out, s->exact[i] - before);
			before = s->exact[i];
		}
		return;
	}
	buf_put_u8(out, 1);
	for (size_t i = 0, run; i < HLL_REGISTERS; i += run) {
		for (run = 1; i + run < HLL_REGISTERS && s->registers[i + run] == s->registers[i]; run++)
			;
		buf_put_u8(out, s->registers[i]);
		buf_put_varint(out, run);
	}
}

static enum rc sketch_decode_exact(struct cursor *c, struct sketch *s, struct err *err)
{
	uint64_t n = cursor_varint(c), hash = 0;

	if (n > SKETCH_EXACT)
		return RC_DAMAGED;
	if (n > 0 && mem_grow(&s->exact, &s->cap, (size_t)n, sizeof(hash)) != 0)
		return err_memory(err);
	for (s->n = 0; s->n < n; s->n++) {
		uint64_t step = cursor_le64(c);
		if (s->n > 0 && (step == 0 || hash + step < hash))
			return RC_DAMAGED;
		hash += step;
		s->exact[s->n] = hash;
	}
	return c->truncated ? RC_DAMAGED : RC_DONE;
}

static enum rc sketch_decode_dense(struct cursor *c, struct sketch *s, struct err *err)
{
	uint8_t *registers = s->registers = mem_calloc(1, HLL_REGISTERS);

	if (!registers)
		return err_memory(err);
	for (size_t i = 0; i < HLL_REGISTERS;) {
		uint8_t value = cursor_u8(c);
		uint64_t run = cursor_varint(c);
		if (c->truncated || value > 64 - HLL_BITS + 1 || run == 0 || run > HLL_REGISTERS - i)
			return RC_DAMAGED;
		memset(registers + i, value, (size_t)run);
		i += (size_t)run;
	}
	return RC_DONE;
}

enum rc sketch_decode(struct cursor *c, struct sketch **out, struct err *err)
{
	struct sketch *s;
	enum rc rc = sketch_new(&s, err);

	if (rc != RC_DONE)
		return rc;
	uint8_t kind = cursor_u8(c);
	if (kind == 0)
		rc = sketch_decode_exact(c, s, err);
	else
		rc = kind == 1 ? sketch_decode_dense(c, s, err) : RC_DAMAGED;
	if (rc == RC_DONE) {
		*out = s;
		return RC_DONE;
	}
	sketch_free(s);
	return rc == RC_NO_MEMORY ? rc :
		err_damaged(err, "sketch of clients", c->pos, "impossible bytes");
}
