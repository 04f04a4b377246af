/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every call of a store, with what it is made on: for tests/store/test_calls.c, which makes them fail. One thread. */
#ifndef FLOWDRILL_TESTS_STORE_CALLS_H
#define FLOWDRILL_TESTS_STORE_CALLS_H

#include "store/store.h"

/* What calls are made on: a store, a capture with its index in place, what a killed writer left, a store without index, nothing. */
enum begin { BEGIN_OWN, BEGIN_PLACED, BEGIN_CRASHED, BEGIN_LOST, BEGIN_NOTHING, BEGINS };

struct call {
	const char *name;
	enum rc (*call)(struct store *s, struct err *err);
	enum rc (*alone)(const char *path, struct err *err);     /* in its place: opens by itself */
	enum begin begin;            /* a call of its own: BEGIN_OWN or BEGIN_PLACED */
	enum rc (*ready)(struct store *s);       /* before, without failures */
	bool reads;
	bool half;                   /* may have done half of its work: that is an error when it is made again */
};

extern const struct call calls[];
extern const size_t n_calls;

/* Before all else: `dir` is for what the calls need besides their stores. */
bool calls_set_up(const char *dir);
void calls_begin(enum begin b, const char *path);
enum rc calls_open_placed(const char *path, bool writing, struct store **out, struct err *err);

/* Calls that open by themselves. */
enum rc calls_open_write(const char *path, struct err *err);
enum rc calls_open_read(const char *path, struct err *err);
enum rc calls_create(const char *path, struct err *err);
enum rc calls_open_placed_write(const char *path, struct err *err);
enum rc calls_open_placed_read(const char *path, struct err *err);

#endif
