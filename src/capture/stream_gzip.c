/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Gzip (RFC 1952), one member or several behind each other. */
#include "capture/stream.h"

#include "base/mem.h"

#include <zlib.h>

enum { GZIP_INPUT = 1 << 18 };

struct gzip {
	z_stream z;
	bool between;            /* at the end of a member */
	uint8_t input[GZIP_INPUT];
};

static void *gzip_open(void)
{
	struct gzip *g = mem_calloc(1, sizeof(*g));

	/* 16: a gzip header, and the check sum behind it */
	if (g && inflateInit2(&g->z, 16 + MAX_WBITS) != Z_OK) {
		mem_free(g);
		return NULL;
	}
	return g;
}

static void gzip_close(void *state)
{
	struct gzip *g = state;

	inflateEnd(&g->z);
	mem_free(g);
}

/* More input behind what is left of it; false at its end. */
static enum rc gzip_input(struct stream *s, struct gzip *g, bool *any, struct err *err)
{
	size_t got = 0;
	enum rc rc = RC_DONE;

	if (g->z.avail_in == 0) {
		rc = stream_raw(s, g->input, sizeof(g->input), &got, err);
		g->z.next_in = g->input;
		g->z.avail_in = (unsigned)got;
	}
	*any = g->z.avail_in > 0;
	return rc;
}

/* Between members: another one, or the end. Bytes that are no member are padding, as gzip has it. */
static enum rc gzip_next_member(struct gzip *g)
{
	if (g->z.next_in[0] != 0x1f)
		return RC_END;
	inflateReset(&g->z);
	g->between = false;
	return RC_DONE;
}

static enum rc gzip_failed(struct stream *s, const struct gzip *g, int ret, struct err *err)
{
	uint64_t at = s->raw_at - g->z.avail_in;

	if (ret == Z_MEM_ERROR)
		return err_memory(err);
	return err_damaged(err, s->path, at, "gzip: %s", g->z.msg ? g->z.msg : "damaged data");
}

static enum rc gzip_read(struct stream *s, void *state, uint8_t *to, size_t len, size_t *got,
	struct err *err)
{
	struct gzip *g = state;
	enum rc rc = RC_DONE;
	bool any;
	int ret;

	*got = 0;
	while (*got < len) {
		rc = gzip_input(s, g, &any, err);
		if (rc != RC_DONE)
			return rc;
		if (!any) {
			s->truncated = !g->between;
			return RC_END;
		}
		if (g->between && gzip_next_member(g) == RC_END)
			return RC_END;
		g->z.next_out = to + *got;
		g->z.avail_out = len - *got > 1u << 30 ? 1u << 30 : (unsigned)(len - *got);
		ret = inflate(&g->z, Z_NO_FLUSH);
		*got = (size_t)(g->z.next_out - to);
		if (ret == Z_STREAM_END)
			g->between = true;
		else if (ret != Z_OK && ret != Z_BUF_ERROR)
			return gzip_failed(s, g, ret, err);
	}
	return RC_DONE;
}

const struct stream_codec stream_gzip = {
	.open = gzip_open,
	.read = gzip_read,
	.close = gzip_close,
};
