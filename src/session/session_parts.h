/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the session share. All of it belongs to the session's thread, but for what says otherwise. */
#ifndef FLOWDRILL_SESSION_SESSION_PARTS_H
#define FLOWDRILL_SESSION_SESSION_PARTS_H

#include "session/session.h"
#include "store/cache.h"

#include <pthread.h>

enum session_place {
	PLACE_STORE,         /* -s: a store of the user's */
	PLACE_FILE,          /* a capture file, its index in the cache (or a temporary directory) */
	PLACE_COPY,          /* a compressed one: a store in the cache, with a copy of the packets */
};

struct session_file {
	char *path;                      /* as the user wrote it */
	char index_dir[512];             /* PLACE_FILE, PLACE_COPY */
	enum session_place place;
	bool temporary;                  /* index_dir goes with the session */
	bool needs_index;
	struct store *writer;            /* while it is indexed */
	bool indexed_here;               /* the same, for the session's thread */
	struct err damage;               /* rc RC_DONE: none */
};

/* What dropped jobs may still use. */
struct session_later {
	void (*how)(void *what);
	void *what;
};

struct session {
	struct session_options options;
	session_say say;
	void *say_ctx;
	struct session_file *files;
	size_t n;
	struct store **stores;           /* to read; NULL where there is no index yet */
	struct query_sources sources;    /* n is 0 until all can be read */
	struct names *names;             /* of `stores`; NULL: nobody wants any */
	uint64_t *versions;
	int wake[2];
	struct job *dropped;             /* jobs that nobody wants any more */
	struct session_later *later;
	size_t n_later, cap_later;
	/* indexing in the background */
	pthread_t thread;
	bool running;
	_Atomic bool finished;
	struct ingest_progress progress;
	_Atomic size_t indexing;                 /* which file; written by the thread that indexes */
	enum rc index_rc;                /* the thread's, read after it was joined */
	struct err index_err;
};

/* Opens a source's store for reading once more (a job's own snapshot). */
enum rc session_open_reader(const struct session *s, size_t i, struct store **out, struct err *err);
void session_wake_drain(const struct session *s);

#endif
