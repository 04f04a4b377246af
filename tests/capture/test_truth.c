/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Real captures against what tshark says of them: truth.tsv in the folder that FLOWDRILL_CAPTURES
 * names. Where a file is `ok` the source yields the same packets, bytes, times and interfaces; where it is
 * not, never more packets. Without the folder the test is skipped.
 */
#include "base/mem.h"
#include "base/text.h"
#include "capture/source.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SKIPPED = 77 };

/* Columns of truth.tsv. */
enum {
	FILE_NAME, STATUS, TYPE, LINKTYPE, INTERFACES, PACKETS, BYTES_CAPTURED, BYTES_WIRE, FIRST, LAST,
	STEPS_BACK, CUT_PACKETS, COLUMNS
};

struct found {
	uint64_t packets, captured, wire, steps_back, cut, interfaces;
	int64_t first_ns, last_ns, before_ns;
	bool timed, odd_time;
	enum rc end;
	struct err err;
	struct source_info info;
};

static int failures, files;
static const char *folder;

static void complain(const char *file, const char *what, const char *want, const char *got)
{
	fprintf(stderr, "%s: %s is %s, truth says %s\n", file, what, got, want);
	failures++;
}

static void compare(const char *file, const char *what, const char *want, uint64_t got)
{
	uint64_t v;
	char text[TEXT_NUMBER];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)got);
	if (!text_parse_u64(want, &v) || v != got)
		complain(file, what, want, text);
}

static void compare_time(const char *file, const char *what, const char *want, const struct found *f,
	int64_t got)
{
	char text[TEXT_TIME];
	int64_t v;

	text_seconds(text, sizeof(text), got);
	if (strcmp(want, "-") == 0) {
		if (f->timed)
			complain(file, what, want, text);
	} else if (text_parse_time(want, &v, NULL) != RC_DONE || v != got || !f->timed) {
		complain(file, what, want, text);
	}
}

static void count_packet(struct found *f, const struct source_event *e)
{
	f->packets++;
	f->captured += e->caplen;
	f->wire += e->len;
	f->cut += e->caplen < e->len;
	f->odd_time |= e->time_saturated;
	/* every byte is there */
	for (uint32_t i = 0; i < e->caplen; i += 64)
		f->before_ns += 0 * e->data[i];
	if (e->time_unknown)
		return;
	f->steps_back += f->timed && e->time_ns < f->before_ns;
	if (!f->timed || e->time_ns < f->first_ns)
		f->first_ns = e->time_ns;
	if (!f->timed || e->time_ns > f->last_ns)
		f->last_ns = e->time_ns;
	f->before_ns = e->time_ns;
	f->timed = true;
}

static void read_capture(const char *path, struct found *f)
{
	struct source *s;
	struct source_event e;

	*f = (struct found){ 0 };
	f->end = source_open_file(path, NULL, &s, &f->err);
	if (f->end != RC_DONE)
		return;
	while ((f->end = source_next(s, &e, &f->err)) == RC_DONE) {
		if (e.kind == SOURCE_PACKET)
			count_packet(f, &e);
		f->interfaces += e.kind == SOURCE_INTERFACE;
	}
	source_info(s, &f->info);
	source_close(s);
}

static void check_ok(char **column, const struct found *f)
{
	const char *file = column[FILE_NAME];

	if (f->end != RC_END)
		complain(file, "end", "ok", f->err.why);
	if (f->info.cut_short)
		complain(file, "end", "ok", "cut short");
	compare(file, "packets", column[PACKETS], f->packets);
	compare(file, "bytes captured", column[BYTES_CAPTURED], f->captured);
	compare(file, "bytes on the wire", column[BYTES_WIRE], f->wire);
	compare(file, "cut packets", column[CUT_PACKETS], f->cut);
	compare(file, "interfaces", column[INTERFACES], f->interfaces);
	/* tshark prints a fraction of 10^9 ns and more as digits behind the point */
	if (f->odd_time)
		return;
	compare_time(file, "first time", column[FIRST], f, f->first_ns);
	compare_time(file, "last time", column[LAST], f, f->last_ns);
	compare(file, "steps back", column[STEPS_BACK], f->steps_back);
}

static void check_file(char **column)
{
	const char *file = column[FILE_NAME], *status = column[STATUS];
	char path[4096];
	struct found f;
	uint64_t most = 0;

	snprintf(path, sizeof(path), "%s/%s", folder, file);
	read_capture(path, &f);
	files++;
	if (strcmp(status, "ok") == 0) {
		check_ok(column, &f);
		return;
	}
	text_parse_u64(column[PACKETS], &most);
	if (f.packets > most)
		compare(file, "packets (at most)", column[PACKETS], f.packets);
	if (strcmp(status, "cut-short") == 0 && (f.end != RC_END || !f.info.cut_short))
		complain(file, "end", "cut short", rc_name(f.end));
	if (strcmp(status, "cut-short") == 0)
		compare(file, "packets", column[PACKETS], f.packets);
	if (strcmp(status, "damaged") == 0 && f.end != RC_DAMAGED)
		complain(file, "end", status, rc_name(f.end));
	if (strcmp(status, "unsupported") == 0 && f.end != RC_UNSUPPORTED)
		complain(file, "end", status, rc_name(f.end));
}

/* Splits at tabs; false for the headings. */
static bool split(char *line, char **column)
{
	char *rest = line;

	for (int i = 0; i < COLUMNS; i++) {
		column[i] = strsep(&rest, "\t");
		if (!column[i])
			return false;
	}
	return line[0] != '#' && strcmp(column[FILE_NAME], "file") != 0;
}

static void test_truth(void **state)
{
	char path[4096], *line = NULL, *column[COLUMNS];
	size_t size = 0;
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "%s/truth.tsv", folder);
	f = fopen(path, "r");
	assert_non_null(f);
	while (getline(&line, &size, f) > 0)
		if (split(line, column))
			check_file(column);
	free(line);
	fclose(f);
	print_message("%d captures compared\n", files);
	assert_int_equal(failures, 0);
	assert_true(files > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_truth),
	};

	folder = getenv("FLOWDRILL_CAPTURES");
	if (!folder || folder[0] == '\0') {
		puts("skipped: FLOWDRILL_CAPTURES names no folder with captures and truth.tsv");
		return SKIPPED;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
