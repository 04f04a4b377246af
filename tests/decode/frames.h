/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The frames of tests/decode/TESTLIST, for tests and for seeds of the fuzzer. */
#ifndef FLOWDRILL_TESTS_FRAMES_H
#define FLOWDRILL_TESTS_FRAMES_H

#include <stddef.h>
#include <stdint.h>

enum { FRAME_MAX = 4096, FRAME_COUNT_MAX = 400 };

struct test_frame {
	char name[64];
	uint32_t linktype;
	uint8_t fcs_len;
	size_t len;
	uint8_t data[FRAME_MAX];
};

struct test_frames {
	size_t count;
	struct test_frame at[FRAME_COUNT_MAX];
};

/* Reads TESTLIST from the source tree; prints the trouble and exits where that fails. */
const struct test_frames *frames_load(void);
/* The frame of this name; exits where there is none. */
const struct test_frame *frames_find(const char *name);

#endif
