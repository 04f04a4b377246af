/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Zstandard (RFC 8878): frames behind each other, skippable ones among them. */
#include "capture/stream.h"

#include "base/mem.h"

#include <zstd.h>
#include <zstd_errors.h>

enum { ZSTD_INPUT = 1 << 18 };

struct zstd {
	ZSTD_DStream *z;
	ZSTD_inBuffer in;
	bool inside;             /* a frame has begun and has not ended */
	uint8_t input[ZSTD_INPUT];
};

static void *zstd_open(void)
{
	struct zstd *z = mem_calloc(1, sizeof(*z));

	/* windows over 128 MiB are refused by the library unless it is told otherwise: bounded memory */
	if (z && !(z->z = ZSTD_createDStream())) {
		mem_free(z);
		return NULL;
	}
	return z;
}

static void zstd_close(void *state)
{
	struct zstd *z = state;

	ZSTD_freeDStream(z->z);
	mem_free(z);
}

static enum rc zstd_input(struct stream *s, struct zstd *z, bool *any, struct err *err)
{
	size_t got = 0;
	enum rc rc = RC_DONE;

	if (z->in.pos == z->in.size) {
		rc = stream_raw(s, z->input, sizeof(z->input), &got, err);
		z->in = (ZSTD_inBuffer){ .src = z->input, .size = got };
	}
	*any = z->in.pos < z->in.size;
	return rc;
}

static enum rc zstd_failed(struct stream *s, const struct zstd *z, size_t ret, struct err *err)
{
	uint64_t at = s->raw_at - (z->in.size - z->in.pos);

	switch (ZSTD_getErrorCode(ret)) {
	case ZSTD_error_memory_allocation:
		return err_memory(err);
	case ZSTD_error_frameParameter_windowTooLarge:
		return err_set_at(err, RC_UNSUPPORTED, s->path, at,
			"zstd: a window of more than 128 MiB");
	case ZSTD_error_version_unsupported:
		return err_set_at(err, RC_UNSUPPORTED, s->path, at, "zstd: %s",
			ZSTD_getErrorName(ret));
	default:
		return err_damaged(err, s->path, at, "zstd: %s", ZSTD_getErrorName(ret));
	}
}

static enum rc zstd_read(struct stream *s, void *state, uint8_t *to, size_t len, size_t *got,
	struct err *err)
{
	struct zstd *z = state;
	ZSTD_outBuffer out = { .dst = to, .size = len };

	*got = 0;
	while (out.pos < len) {
		size_t before = out.pos, ret;
		bool any;
		enum rc rc = zstd_input(s, z, &any, err);

		if (rc != RC_DONE)
			return rc;
		if (!any && !z->inside)
			return RC_END;
		/* without input too: the library may hold back what there was no room for */
		ret = ZSTD_decompressStream(z->z, &out, &z->in);
		*got = out.pos;
		if (ZSTD_isError(ret))
			return zstd_failed(s, z, ret, err);
		z->inside = ret != 0;
		if (!any && out.pos == before) {
			s->truncated = true;
			return RC_END;
		}
	}
	return RC_DONE;
}

const struct stream_codec stream_zstd = {
	.open = zstd_open,
	.read = zstd_read,
	.close = zstd_close,
};
