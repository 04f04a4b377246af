/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The layers of a packet with those of its application. */
#ifndef FLOWDRILL_APP_LAYERS_H
#define FLOWDRILL_APP_LAYERS_H

#include "app/app.h"
#include "decode/decode.h"
#include "flow/row.h"

/*
 * As decode_layers(); where the payload begins a message of `app` (APP_NONE: whatever it seems to be) its layers stand in the place of
 * "data". dir: who sent it.
 */
void app_layers(const struct decode_frame *frame, enum app app, enum direction dir, struct packet *out,
	const struct decode_sink *sink);
/* The same of a packet as a list has it. */
void app_layers_of_row(const struct decode_frame *frame, const struct packet_row *row, const struct decode_sink *sink);

#endif
