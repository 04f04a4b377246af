/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON Lines: one object a row; numbers exact as they would stand in csv, unknown is null. */
#include "out/format.h"

#include <json-c/json.h>
#include <math.h>
#include <stdio.h>

/* A number by its decimal text: json-c prints it as it stands, so that no digit is lost. */
static struct json_object *json_decimal(
	double v, const struct field *f, const struct value *value)
{
	char text[OUT_CELL];

	value_format(text, sizeof(text), f, value, STYLE_MACHINE);
	return json_object_new_double_s(v, text);
}

static struct json_object *json_text(const struct field *f, const struct value *value)
{
	char text[OUT_CELL];
	size_t n = value_format(text, sizeof(text), f, value, STYLE_MACHINE);

	return json_object_new_string_len(text, (int)n);
}

static struct json_object *json_number(const struct field *f, const struct value *v)
{
	switch (v->type) {
	case TYPE_I64:
		return f->unit == UNIT_DURATION ? json_decimal((double)v->i / 1e9, f, v)
						: json_object_new_int64(v->i);
	case TYPE_U128: return json_decimal((double)v->big, f, v);
	case TYPE_REAL: return json_decimal(v->real, f, v);
	default:
		return f->unit == UNIT_BOOL ? json_object_new_boolean(v->u != 0)
					    : json_object_new_uint64(v->u);
	}
}

struct json_object *json_of_value(const struct field *f, const struct value *v, bool *failed)
{
	struct json_object *value;

	if (v->type == TYPE_REAL && !isfinite(v->real))
		return NULL;
	value = field_is_number(f) ? json_number(f, v) : json_text(f, v);
	if (!value)
		*failed = true;
	return value;
}

static enum rc json_row(struct out *o, const struct row *row, struct err *err)
{
	struct json_object *object = json_object_new_object();
	struct value value;
	bool failed = !object;

	for (size_t i = 0; !failed && i < o->n; i++) {
		const struct field *f = o->columns[i];
		struct json_object *v = NULL;

		if (field_get(f, row, &value))
			v = json_of_value(f, &value, &failed);
		if (!failed &&
			json_object_object_add_ex(object, f->name, v,
				JSON_C_OBJECT_ADD_KEY_IS_NEW | JSON_C_OBJECT_KEY_IS_CONSTANT) !=
				0) {
			json_object_put(v);
			failed = true;
		}
	}
	size_t len = 0;
	const char *text = failed
		? NULL
		: json_object_to_json_string_length(object,
			  JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);
	if (text) {
		fwrite(text, 1, len, o->to);
		putc('\n', o->to);
	}
	json_object_put(object);
	return text ? RC_DONE : err_memory(err);
}

const struct out_ops out_json = {
	.name = "json",
	.row = json_row,
};
