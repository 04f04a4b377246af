/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A window that moves forward over the bytes of a capture: a file read by pread() or memory, plain or
 * decompressed. Not for random access, and no format is known here but those of compression.
 *
 * Invariants: pos <= end <= the window's size; data[pos..end) are the bytes at stream_offset() and behind it. Bytes stay
 * where they are until the next stream_fill(), and longer for whoever holds the window. A window grows for one record only as far as bytes
 * for it have really arrived. Bytes before an error are given out before the error. One thread.
 */
#ifndef FLOWDRILL_CAPTURE_STREAM_H
#define FLOWDRILL_CAPTURE_STREAM_H

#include "base/err.h"
#include "base/window.h"
#include "file/kind.h"

#include <stddef.h>

struct io_file;
struct stream;

/* A decompressor. */
struct stream_codec {
	/* NULL without memory. */
	void *(*open)(void);
	/*
	 * Fills `to` as far as it can; *got < len only at the end. RC_DONE; RC_END at the end, or an error, also with
	 * *got > 0. Sets s->truncated where the compressed data stops early.
	 */
	enum rc (*read)(struct stream *s, void *state, uint8_t *to, size_t len, size_t *got,
		struct err *err);
	void (*close)(void *state);
};

extern const struct stream_codec stream_gzip, stream_zstd;

struct stream {
	struct window_pool *pool;
	struct window *window;
	uint8_t *data;           /* the window's bytes */
	size_t pos, end;
	uint64_t end_offset;     /* of data[end], in the uncompressed bytes */
	enum rc stop;            /* RC_DONE while more may come; then RC_END or an error, its detail in stop_err */
	struct err stop_err;
	bool truncated;          /* compressed data that stops early */

	char *path;
	struct io_file *file;    /* or NULL for memory: */
	const uint8_t *memory;
	uint64_t size;           /* bytes on disk, or in memory */
	uint64_t raw_at;         /* bytes of those consumed */
	const struct stream_codec *codec;
	void *codec_state;
	enum file_kind wrapper;  /* FILE_GZIP, FILE_ZSTD or FILE_UNKNOWN */
};

/* Opens and finds out about compression. Nothing is in the window yet. */
enum rc stream_open_file(struct stream *s, const char *path, struct err *err);
enum rc stream_open_memory(struct stream *s, const char *name, const void *bytes, size_t len,
	struct err *err);
/* Safe on a zeroed stream. */
void stream_close(struct stream *s);
/* Goes on at `offset`, forwards or back: RC_UNSUPPORTED in compressed data. */
enum rc stream_seek(struct stream *s, uint64_t offset, struct err *err);
/*
 * Makes at least `need` bytes available behind pos. RC_DONE; RC_END where the data ends before (what there is
 * can be used); an error.
 */
enum rc stream_fill(struct stream *s, size_t need, struct err *err);
/* For codecs: the next bytes as they lie on disk. *got == 0 at the end. */
enum rc stream_raw(struct stream *s, void *to, size_t len, size_t *got, struct err *err);

static inline size_t stream_left(const struct stream *s)
{
	return s->end - s->pos;
}

static inline uint64_t stream_offset(const struct stream *s)
{
	return s->end_offset - (s->end - s->pos);
}

#endif
