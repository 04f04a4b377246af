/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The layers of one packet as lines that fold: what decode_layers() says, behind a first layer
 * 'frame' with what the capture knows of it. Owns its text. No drawing here.
 */
#ifndef FLOWDRILL_UI_PACKET_TREE_H
#define FLOWDRILL_UI_PACKET_TREE_H

#include "base/buf.h"
#include "decode/decode.h"
#include "flow/row.h"
#include "ui/cell_text.h"

enum { PACKET_LAYERS_MAX = DECODE_LAYERS + 8 };

struct packet_node {
	bool is_layer;
	size_t layer; /* number of its layer, from 0 */
	size_t name, text; /* in the tree's text */
	uint32_t offset, len; /* bytes of the frame; len 0: none */
};

struct packet_tree {
	struct packet_node *nodes;
	size_t n, cap;
	struct buf text;
	size_t layers;
	int name_cells[PACKET_LAYERS_MAX]; /* of a layer's longest field name */
	bool folded[PACKET_LAYERS_MAX];
	size_t *lines; /* nodes that are seen, by line */
	size_t n_lines;
	bool failed;
};

/* One more layer or field; for the frame's own, before packet_tree_decode(). */
void packet_tree_layer(struct packet_tree *t, const char *name, const char *summary,
	uint32_t offset, uint32_t len);
void packet_tree_field(struct packet_tree *t, const char *name, const char *text,
	uint32_t offset, uint32_t len);
/*
 * Zeroed *t: the layers of the frame behind those there are. RC_NO_MEMORY leaves a tree to be
 * freed.
 */
enum rc packet_tree_decode(struct packet_tree *t, const struct decode_frame *frame, const struct packet_row *row,
	struct err *err);
void packet_tree_free(struct packet_tree *t);
/* Where the lines do not fit, folds the outer layers; the innermost with fields stays open. */
void packet_tree_fold_to(struct packet_tree *t, size_t lines);
void packet_tree_fold(struct packet_tree *t, size_t layer, bool folded);
const struct packet_node *packet_tree_line(
	const struct packet_tree *t, size_t line); /* NULL outside */
const char *packet_tree_name(const struct packet_tree *t, const struct packet_node *n);
const char *packet_tree_text(const struct packet_tree *t, const struct packet_node *n);
/* The line of a layer. */
size_t packet_tree_layer_line(const struct packet_tree *t, size_t layer);
/*
 * The line of the field (else the layer) that a byte belongs to most closely; its layer is
 * unfolded. False where it is of none.
 */
bool packet_tree_find_byte(struct packet_tree *t, uint32_t byte, size_t *line);

#endif
