/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "capture/stream.h"

#include "base/io.h"
#include "base/mem.h"

#include <fcntl.h>
#include <string.h>

enum {
	STREAM_ALIGN = WINDOW_ALIGN,
	STREAM_WINDOW = 1 << 19,     /* one read: still in the cache when it is parsed; measured */
};

static size_t align_up(size_t n)
{
	return (n + STREAM_ALIGN - 1) & ~(size_t)(STREAM_ALIGN - 1);
}

/* ---- bytes as they lie on disk ---- */

static enum rc raw_read_at(struct stream *s, uint64_t at, void *to, size_t len, size_t *got,
	struct err *err)
{
	if (s->file)
		return io_read(s->file, at, to, len, got, err);
	*got = at >= s->size ? 0 : len < s->size - at ? len : (size_t)(s->size - at);
	if (*got > 0)
		memcpy(to, s->memory + at, *got);
	return RC_DONE;
}

enum rc stream_raw(struct stream *s, void *to, size_t len, size_t *got, struct err *err)
{
	enum rc rc = raw_read_at(s, s->raw_at, to, len, got, err);

	s->raw_at += *got;
	return rc;
}

/* ---- opening ---- */

static enum rc stream_find_codec(struct stream *s, struct err *err)
{
	uint8_t head[16];
	size_t got;
	enum rc rc = raw_read_at(s, 0, head, sizeof(head), &got, err);

	if (rc != RC_DONE)
		return rc;
	s->wrapper = file_kind(head, got);
	if (s->wrapper == FILE_GZIP)
		s->codec = &stream_gzip;
	else if (s->wrapper == FILE_ZSTD)
		s->codec = &stream_zstd;
	else
		s->wrapper = FILE_UNKNOWN;
	if (s->codec && !(s->codec_state = s->codec->open()))
		return err_memory(err);
	return RC_DONE;
}

/* The second half of opening; closes on failure. */
static enum rc stream_open(struct stream *s, const char *path, struct err *err)
{
	enum rc rc;

	s->path = mem_strdup(path);
	s->pool = window_pool_new();
	s->window = s->pool ? window_take(s->pool, STREAM_WINDOW + STREAM_ALIGN) : NULL;
	s->data = s->window ? s->window->bytes : NULL;
	rc = s->path && s->data ? stream_find_codec(s, err) : err_memory(err);
	if (rc != RC_DONE)
		stream_close(s);
	return rc;
}

enum rc stream_open_file(struct stream *s, const char *path, struct err *err)
{
	enum rc rc;

	*s = (struct stream){ 0 };
	rc = io_open(path, IO_READ, &s->file, err);
	if (rc != RC_DONE)
		return rc;
	rc = io_size(s->file, &s->size, err);
	if (rc != RC_DONE) {
		stream_close(s);
		return rc;
	}
	/* advice: where it is not taken nothing is lost */
	(void)posix_fadvise(io_fd(s->file), 0, 0, POSIX_FADV_SEQUENTIAL);
	return stream_open(s, path, err);
}

enum rc stream_open_memory(struct stream *s, const char *name, const void *bytes, size_t len,
	struct err *err)
{
	*s = (struct stream){ .memory = bytes, .size = len };
	return stream_open(s, name, err);
}

void stream_close(struct stream *s)
{
	if (s->codec_state)
		s->codec->close(s->codec_state);
	io_close(s->file);
	window_release(s->window);
	window_pool_close(s->pool);
	mem_free(s->path);
	*s = (struct stream){ 0 };
}

enum rc stream_seek(struct stream *s, uint64_t offset, struct err *err)
{
	if (s->codec)
		return err_set(err, RC_UNSUPPORTED, s->path,
			"compressed: cannot be read from the middle");
	s->pos = s->end = 0;
	s->raw_at = s->end_offset = offset;
	s->stop = RC_DONE;
	return RC_DONE;
}

/* ---- the window ---- */

/*
 * Moves what is left so that the next byte read lies at an aligned place: in the same window, or in another one where this one is
 * still held by others, or where the rest leaves no room in it. That is twice as large, so that a claimed length alone takes no
 * memory.
 */
static enum rc stream_make_room(struct stream *s, size_t need, struct err *err)
{
	size_t rest = stream_left(s), head = align_up(rest), from = head - rest;
	size_t cap = s->window->cap;
	struct window *to = s->window;

	if (cap - head < STREAM_WINDOW) {
		size_t most = align_up(need);

		cap = (head * 2 < most ? head * 2 : most) + STREAM_WINDOW;
	}
	if (cap != s->window->cap || !window_is_mine(s->window)) {
		to = window_take(s->pool, cap);
		if (!to)
			return err_memory(err);
	}
	memmove(to->bytes + from, s->data + s->pos, rest);
	if (to != s->window)
		window_release(s->window);
	s->window = to;
	s->data = to->bytes;
	s->pos = from;
	s->end = head;
	return RC_DONE;
}

/* One read into the room behind end. What comes with an error or the end is kept. */
static void stream_read_once(struct stream *s)
{
	size_t len = STREAM_WINDOW, got;

	if (s->codec) {
		s->stop = s->codec->read(s, s->codec_state, s->data + s->end, len, &got,
			&s->stop_err);
	} else {
		/* end where the next read is aligned in the file too */
		len -= (s->raw_at + len) % STREAM_ALIGN;
		s->stop = stream_raw(s, s->data + s->end, len, &got, &s->stop_err);
		if (s->stop == RC_DONE && got < len)
			s->stop = RC_END;
	}
	s->end += got;
	s->end_offset += got;
}

enum rc stream_fill(struct stream *s, size_t need, struct err *err)
{
	while (stream_left(s) < need && s->stop == RC_DONE) {
		enum rc rc = stream_make_room(s, need, err);

		if (rc != RC_DONE)
			return rc;
		stream_read_once(s);
	}
	if (stream_left(s) >= need)
		return RC_DONE;
	if (s->stop != RC_END && err)
		*err = s->stop_err;
	return s->stop;
}
