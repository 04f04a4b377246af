/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the formats of this layer share; private to src/out. A format is one ops table.
 */
#ifndef FLOWDRILL_OUT_FORMAT_H
#define FLOWDRILL_OUT_FORMAT_H

#include "out/out.h"

struct out {
	const struct out_ops *ops;
	FILE *to; /* the caller's */
	struct out_style style;
	enum tier tier;
	const struct field **columns; /* own copy of the array; fields are static */
	size_t n;
	void *state; /* the format's own */
};

struct out_ops {
	const char *name;
	/* Each may be NULL. begin() makes o->state; end() writes what is kept back; free() frees the state. */
	enum rc (*begin)(struct out *o, struct err *err);
	enum rc (*row)(struct out *o, const struct row *row, struct err *err);
	enum rc (*end)(struct out *o, struct err *err);
	void (*free)(struct out *o);
};

extern const struct out_ops out_table, out_csv, out_json;

/* A field's value as JSON: a number, a string or (NULL) null. The caller owns it; RC_NO_MEMORY in *failed. */
struct json_object;
struct json_object *json_of_value(const struct field *f, const struct value *v, bool *failed);

/* RC_IO with the reason where the stream has failed, RC_DONE else. */
enum rc out_check(FILE *to, struct err *err);

#endif
