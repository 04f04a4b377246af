/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "out/out.h"

#include "base/mem.h"
#include "out/format.h"

#include <errno.h>
#include <string.h>

static const struct out_ops *const formats[] = {
	[OUT_TABLE] = &out_table,
	[OUT_CSV] = &out_csv,
	[OUT_JSON] = &out_json,
};

bool out_format_parse(const char *text, enum out_format *out)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(text, formats[i]->name) == 0) {
			*out = (enum out_format)i;
			return true;
		}
	}
	return false;
}

enum rc out_check(FILE *to, struct err *err)
{
	return ferror(to) ? err_errno(err, OUT_STDOUT, "cannot write") : RC_DONE;
}

bool out_is_broken_pipe(const struct err *err)
{
	return err->rc == RC_IO && strcmp(err->what, OUT_STDOUT) == 0 &&
		strstr(err->why, strerror(EPIPE));
}

static void out_free(struct out *o)
{
	if (o->ops->free)
		o->ops->free(o);
	mem_free(o->columns);
	mem_free(o);
}

enum rc out_begin(FILE *to, enum out_format format, const struct out_style *style,
	enum tier tier, const struct field *const *columns, size_t n, struct out **out,
	struct err *err)
{
	struct out *o = mem_calloc(1, sizeof(*o));
	enum rc rc = RC_DONE;

	if (!o)
		return err_memory(err);
	o->ops = formats[format];
	o->to = to;
	o->style = *style;
	o->tier = tier;
	o->n = n;
	o->columns = mem_calloc(n + 1, sizeof(*o->columns));
	if (!o->columns) {
		mem_free(o);
		return err_memory(err);
	}
	for (size_t i = 0; i < n; i++)
		o->columns[i] = columns[i];
	if (o->ops->begin)
		rc = o->ops->begin(o, err);
	if (rc != RC_DONE) {
		out_free(o);
		return rc;
	}
	*out = o;
	return RC_DONE;
}

enum rc out_row(struct out *o, const struct row *row, struct err *err)
{
	enum rc rc = o->ops->row(o, row, err);

	return rc == RC_DONE ? out_check(o->to, err) : rc;
}

enum rc out_end(struct out *o, struct err *err)
{
	enum rc rc = RC_DONE;

	if (o->ops->end)
		rc = o->ops->end(o, err);
	if (rc == RC_DONE && fflush(o->to) != 0)
		rc = err_errno(err, OUT_STDOUT, "cannot write");
	if (rc == RC_DONE)
		rc = out_check(o->to, err);
	out_free(o);
	return rc;
}
