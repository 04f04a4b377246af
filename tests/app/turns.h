/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What every parser must stand: a conversation given as turns says the same however it is cut into segments, and nothing is read
 * that is not there, nothing wrong found, where it is cut off or its bytes are others.
 */
#ifndef FLOWDRILL_TESTS_APP_TURNS_H
#define FLOWDRILL_TESTS_APP_TURNS_H

#include "talking.h"

struct turn {
	enum direction dir;
	const void *bytes;
	size_t len;
};
#define C2S(text) {DIR_C2S, text, sizeof(text) - 1}
#define S2C(text) {DIR_S2C, text, sizeof(text) - 1}

/* Says all turns, a packet each, in a new conversation, which the caller ends. */
void turns_say(struct talking *x, const struct turn *turns, size_t n, bool udp);
/* The same in segments of each length (TCP). */
void turns_any_segments(const struct turn *turns, size_t n);
/*
 * The capture cuts each turn at every byte; bytes of it are others (10,000 rounds); single packets and their layers. The application is
 * `app` or unknown, where no byte is changed.
 */
void turns_hostile(const struct turn *turns, size_t n, bool udp, enum app app);
/* Each turn, alone in a conversation, is no application of ours. */
void turns_none(const struct turn *turns, size_t n, bool udp);
/* What one packet says to people, without a conversation: valid until the next call. */
const char *turns_info(enum app app, const struct turn *turn, bool udp);

#endif
