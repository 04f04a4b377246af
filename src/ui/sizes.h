/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How many packets below a record are of which size: records keep only the least, the mean and the greatest, and a histogram in
 * each would cost the index bytes that few look at. So the packets are read when somebody looks, in the background, and no
 * more than SIZES_PACKETS of them.
 *
 * Owns its job. One thread (the screen's), but for the job's own.
 */
#ifndef FLOWDRILL_UI_SIZES_H
#define FLOWDRILL_UI_SIZES_H

#include "flow/row.h"
#include "session/session.h"

enum { SIZES_BARS = 20, SIZES_PACKETS = 20000 };

struct sizes;

enum rc sizes_new(struct session *session, struct sizes **out, struct err *err);
void sizes_free(struct sizes *s);
/*
 * Asks for the record of a row, unless that very one (with about as many packets) is known or under way, or its packets are all of
 * one size. While another one is read it is waited for: call again.
 */
void sizes_ask(struct sizes *s, const struct row *row);
/* Looks after the job: true where something is known now. */
bool sizes_update(struct sizes *s);
bool sizes_busy(const struct sizes *s);

struct sizes_data {
	uint32_t least, greatest; /* bytes: the bars divide what is between into equal parts */
	uint64_t packets[SIZES_BARS];
	uint64_t n; /* packets that were read: the first ones */
	bool all;
};

/* NULL where nothing is known of this record. */
const struct sizes_data *sizes_of(const struct sizes *s, const struct id *record);

#endif
