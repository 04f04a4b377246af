/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/packet_tree.h"

#include "app/layers.h"
#include "base/mem.h"
#include "base/text.h"

#include <string.h>

enum { NODES_MAX = 1 << 16 }; /* a packet of nothing but options stays far below */

static size_t keep_text(struct packet_tree *t, const char *text)
{
	size_t at = t->text.len;

	buf_put(&t->text, text, strlen(text) + 1);
	return at;
}

static void add_node(
	struct packet_tree *t, struct packet_node node, const char *name, const char *text)
{
	if (t->failed || t->n >= NODES_MAX)
		return;
	node.name = keep_text(t, name);
	node.text = keep_text(t, text);
	t->failed = t->text.failed ||
		mem_grow(&t->nodes, &t->cap, t->n + 1, sizeof(*t->nodes)) != 0;
	if (!t->failed)
		t->nodes[t->n++] = node;
}

void packet_tree_layer(struct packet_tree *t, const char *name, const char *summary,
	uint32_t offset, uint32_t len)
{
	if (t->layers == PACKET_LAYERS_MAX)
		return;
	add_node(t,
		(struct packet_node){
			.is_layer = true, .layer = t->layers, .offset = offset, .len = len },
		name, summary);
	t->layers++;
}

void packet_tree_field(struct packet_tree *t, const char *name, const char *text,
	uint32_t offset, uint32_t len)
{
	size_t layer = t->layers > 0 ? t->layers - 1 : 0;
	int cells = (int)text_width(name);

	if (cells > t->name_cells[layer])
		t->name_cells[layer] = cells;
	add_node(t, (struct packet_node){ .layer = layer, .offset = offset, .len = len }, name,
		text);
}

static void on_begin(
	void *ctx, const char *layer, const char *summary, uint32_t offset, uint32_t len)
{
	packet_tree_layer(ctx, layer, summary, offset, len);
}

static void on_field(
	void *ctx, const char *name, const char *text, uint32_t offset, uint32_t len)
{
	packet_tree_field(ctx, name, text, offset, len);
}

static void on_end(void *ctx)
{
	(void)ctx;
}

static void relist(struct packet_tree *t)
{
	t->n_lines = 0;
	for (size_t i = 0; t->lines != NULL && i < t->n; i++)
		if (t->nodes[i].is_layer || !t->folded[t->nodes[i].layer])
			t->lines[t->n_lines++] = i;
}

enum rc packet_tree_decode(struct packet_tree *t, const struct decode_frame *frame, const struct packet_row *row,
	struct err *err)
{
	const struct decode_sink sink = {
		.begin = on_begin, .field = on_field, .end = on_end, .ctx = t
	};

	app_layers_of_row(frame, row, &sink);
	if (!t->failed)
		t->lines = mem_calloc(t->n + 1, sizeof(*t->lines));
	if (t->lines == NULL)
		return err_memory(err);
	relist(t);
	return RC_DONE;
}

void packet_tree_free(struct packet_tree *t)
{
	mem_free(t->nodes);
	mem_free(t->lines);
	buf_free(&t->text);
	memset(t, 0, sizeof(*t));
}

static size_t fields_of(const struct packet_tree *t, size_t layer)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		n += !t->nodes[i].is_layer && t->nodes[i].layer == layer;
	return n;
}

void packet_tree_fold_to(struct packet_tree *t, size_t lines)
{
	size_t used = t->layers;
	bool any = false, full = false;

	for (size_t layer = t->layers; layer-- > 0;) {
		size_t fields = fields_of(t, layer);

		full |= any && used + fields > lines;
		any |= fields > 0;
		t->folded[layer] = full;
		used += fields;
	}
	relist(t);
}

void packet_tree_fold(struct packet_tree *t, size_t layer, bool folded)
{
	if (layer >= PACKET_LAYERS_MAX)
		return;
	t->folded[layer] = folded;
	relist(t);
}

const struct packet_node *packet_tree_line(const struct packet_tree *t, size_t line)
{
	return line < t->n_lines ? &t->nodes[t->lines[line]] : NULL;
}

const char *packet_tree_name(const struct packet_tree *t, const struct packet_node *n)
{
	return (const char *)t->text.data + n->name;
}

const char *packet_tree_text(const struct packet_tree *t, const struct packet_node *n)
{
	return (const char *)t->text.data + n->text;
}

size_t packet_tree_layer_line(const struct packet_tree *t, size_t layer)
{
	for (size_t i = 0; i < t->n_lines; i++)
		if (t->nodes[t->lines[i]].is_layer && t->nodes[t->lines[i]].layer == layer)
			return i;
	return 0;
}

/* The shortest stretch with the byte is the closest; of equal ones the later. */
static const struct packet_node *closest(const struct packet_tree *t, uint32_t byte)
{
	const struct packet_node *best = NULL;

	for (size_t i = 0; i < t->n; i++) {
		const struct packet_node *n = &t->nodes[i];

		if (byte < n->offset || byte - n->offset >= n->len)
			continue;
		if (best == NULL || n->len <= best->len)
			best = n;
	}
	return best;
}

bool packet_tree_find_byte(struct packet_tree *t, uint32_t byte, size_t *line)
{
	const struct packet_node *node = closest(t, byte);

	if (node == NULL)
		return false;
	if (!node->is_layer)
		packet_tree_fold(t, node->layer, false);
	for (size_t i = 0; i < t->n_lines; i++)
		if (&t->nodes[t->lines[i]] == node) {
			*line = i;
			return true;
		}
	return false;
}
