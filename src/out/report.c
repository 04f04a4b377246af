/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "out/report.h"

#include "base/mem.h"
#include "base/text.h"
#include "out/format.h"

#include <json-c/json.h>
#include <string.h>

enum { LABEL_CELLS = 22 };

struct report {
	FILE *to;
	struct out_style style;
	struct json_object *json; /* NULL: for people */
	struct json_object *list; /* the open list of json, not owned */
	struct out *table; /* the open list for people */
	const struct field *const *columns;
	size_t n_columns;
	enum rc rc; /* sticky */
	struct err err;
};

static void report_fail(struct report *r, enum rc rc)
{
	if (r->rc == RC_DONE)
		r->rc = rc;
}

static void end_list(struct report *r)
{
	struct out *table = r->table;

	r->list = NULL;
	r->table = NULL;
	if (table && r->rc == RC_DONE)
		report_fail(r, out_end(table, &r->err));
	else if (table)
		(void)out_end(table, NULL);
}

enum rc report_begin(FILE *to, bool json, const struct out_style *style, struct report **out,
	struct err *err)
{
	struct report *r = mem_calloc(1, sizeof(*r));

	if (!r)
		return err_memory(err);
	r->to = to;
	r->style = *style;
	if (json) {
		r->json = json_object_new_object();
		if (!r->json) {
			mem_free(r);
			return err_memory(err);
		}
	}
	*out = r;
	return RC_DONE;
}

void report_heading(struct report *r, const char *text)
{
	end_list(r);
	if (!r->json)
		fprintf(r->to, "%s%s%s\n", r->style.color ? "\033[1m" : "", text,
			r->style.color ? "\033[0m" : "");
}

static void put_label(struct report *r, const char *label, const char *text)
{
	end_list(r);
	if (!r->json && label)
		fprintf(r->to, "  %-*s %s\n", LABEL_CELLS, label, text);
}

/* Gives `value` (NULL: null) to the object, which owns it then. */
static void put_json(struct report *r, const char *key, struct json_object *value, bool is_null)
{
	if (!r->json)
		return;
	if ((!value && !is_null) || json_object_object_add(r->json, key, value) != 0) {
		json_object_put(value);
		report_fail(r, err_memory(&r->err));
	}
}

void report_count(struct report *r, const char *key, const char *label, uint64_t n)
{
	char text[TEXT_NUMBER];

	text_count(text, sizeof(text), n);
	put_label(r, label, text);
	if (r->json)
		put_json(r, key, json_object_new_uint64(n), false);
}

void report_bytes(struct report *r, const char *key, const char *label, uint64_t bytes)
{
	char text[TEXT_NUMBER], both[2 * TEXT_NUMBER + 8], exact[TEXT_NUMBER];

	text_bytes(text, sizeof(text), bytes);
	text_count(exact, sizeof(exact), bytes);
	if (bytes < 1000)
		snprintf(both, sizeof(both), "%s", text);
	else
		snprintf(both, sizeof(both), "%s (%s)", text, exact);
	put_label(r, label, both);
	if (r->json)
		put_json(r, key, json_object_new_uint64(bytes), false);
}

void report_time(struct report *r, const char *key, const char *label, int64_t time_ns)
{
	char text[TEXT_TIME];

	text_time(text, sizeof(text), time_ns);
	put_label(r, label, text);
	if (r->json)
		put_json(r, key, json_object_new_string(text), false);
}

void report_duration(struct report *r, const char *key, const char *label, int64_t duration_ns)
{
	char text[TEXT_NUMBER];

	text_duration(text, sizeof(text), duration_ns);
	put_label(r, label, text);
	text_seconds(text, sizeof(text), duration_ns);
	if (r->json)
		put_json(r, key, json_object_new_double_s((double)duration_ns / 1e9, text),
			false);
}

void report_share(struct report *r, const char *key, const char *label, double share)
{
	char text[TEXT_NUMBER];

	snprintf(text, sizeof(text), "%.2f %%", share * 100);
	put_label(r, label, text);
	snprintf(text, sizeof(text), "%.6f", share);
	if (r->json)
		put_json(r, key, json_object_new_double_s(share, text), false);
}

void report_text(struct report *r, const char *key, const char *label, const char *text)
{
	struct buf escaped;

	buf_init(&escaped);
	text_escape(&escaped, text, strlen(text));
	put_label(r, label, buf_text(&escaped));
	if (r->json)
		put_json(r, key, json_object_new_string(buf_text(&escaped)), false);
	if (escaped.failed)
		report_fail(r, err_memory(&r->err));
	buf_free(&escaped);
}

void report_flag(struct report *r, const char *key, const char *label, bool yes)
{
	put_label(r, label, yes ? "yes" : "no");
	if (r->json)
		put_json(r, key, json_object_new_boolean(yes), false);
}

void report_unknown(struct report *r, const char *key, const char *label)
{
	put_label(r, label, "-");
	put_json(r, key, NULL, true);
}

void report_list(struct report *r, const char *key, enum tier tier,
	const struct field *const *columns, size_t n)
{
	end_list(r);
	r->columns = columns;
	r->n_columns = n;
	if (r->json) {
		r->list = json_object_new_array();
		put_json(r, key, r->list, false);
	} else if (r->rc == RC_DONE) {
		report_fail(r,
			out_begin(r->to, OUT_TABLE, &r->style, tier, columns, n, &r->table,
				&r->err));
	}
}

static void put_json_row(struct report *r, const struct row *row)
{
	struct json_object *object = json_object_new_object();
	struct value value;
	bool failed = !object;

	for (size_t i = 0; !failed && i < r->n_columns; i++) {
		struct json_object *v = NULL;
		if (field_get(r->columns[i], row, &value))
			v = json_of_value(r->columns[i], &value, &failed);
		if (json_object_object_add(object, r->columns[i]->name, v) != 0)
			failed = true;
	}
	if (failed || json_object_array_add(r->list, object) != 0) {
		json_object_put(object);
		report_fail(r, err_memory(&r->err));
	}
}

void report_row(struct report *r, const struct row *row)
{
	if (r->rc != RC_DONE)
		return;
	if (r->json)
		put_json_row(r, row);
	else
		report_fail(r, out_row(r->table, row, &r->err));
}

enum rc report_end(struct report *r, struct err *err)
{
	end_list(r);
	if (r->json && r->rc == RC_DONE) {
		const char *text = json_object_to_json_string_ext(
			r->json, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
		if (text)
			fprintf(r->to, "%s\n", text);
		else
			report_fail(r, err_memory(&r->err));
	}
	if (r->rc == RC_DONE && fflush(r->to) != 0)
		report_fail(r, err_errno(&r->err, OUT_STDOUT, "cannot write"));
	json_object_put(r->json);

	enum rc rc = r->rc;
	if (rc != RC_DONE && err)
		*err = r->err;
	mem_free(r);
	return rc;
}
