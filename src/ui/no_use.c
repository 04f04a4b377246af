/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/no_use.h"

#include "ui/config.h"
#include "ui/key.h"
#include "ui/screen.h"
#include "ui/view.h"

#include <stdio.h>

static const char *reason(enum request r)
{
	switch (r) {
	case REQ_ANSWER: return "questions and answers are shown in lists of packets";
	case REQ_NEXT_RECORD:
	case REQ_PREV_RECORD: return "goes from packet to packet where one is open";
	case REQ_HEX: return "bytes are those of a packet or of a stream";
	case REQ_PAYLOAD: return "payload is saved where a stream is open";
	case REQ_SCALE: return "only a ladder has a scale";
	case REQ_DETAIL_DOWN:
	case REQ_DETAIL_UP: return "no details are open";
	case REQ_PANE: return "nothing here has details";
	case REQ_NEXT_TROUBLE:
	case REQ_PREV_TROUBLE: return "troubles are found in lists";
	case REQ_FILTER:
	case REQ_SEARCH:
	case REQ_SEARCH_NEXT:
	case REQ_SEARCH_PREV: return "nothing here can be searched";
	case REQ_INCLUDE:
	case REQ_EXCLUDE:
	case REQ_UNFILTER: return "only lists are filtered";
	case REQ_SORT:
	case REQ_SORT_REVERSE: return "only lists are sorted";
	case REQ_TAG:
	case REQ_TAG_ALL: return "only rows of lists are tagged";
	case REQ_TAG_CLEAR: return "nothing is tagged";
	case REQ_POINTS: return "only lists show capture points";
	case REQ_TOP: return "only lists of records have top talkers";
	case REQ_COLUMNS:
	case REQ_WIDER:
	case REQ_NARROWER: return "only lists have columns to choose";
	case REQ_PACKETS: return "no packets lie below";
	case REQ_OPEN: return "nothing lies below";
	case REQ_COPY_ID: return "nothing here has an id";
	default: return "has no use here";
	}
}

static bool is_group(enum request r)
{
	return r >= REQ_GROUP_APP && r <= REQ_GROUP_NONE;
}

void no_use_say(struct screen *s, enum request r)
{
	const struct keymap_row *row = keymap_row(r);
	char key[64];

	if (row == NULL || row->group == KEYMAP_GROUP_MOVING || s->message.text[0] != '\0')
		return;
	if (keymap_key_text(key, sizeof(key), &s->config->keymap, r) == 0)
		snprintf(key, sizeof(key), "%s", row->name);
	screen_say(s, "%s: %s", key, is_group(r) ? "only lists of records are grouped" : reason(r));
}

void no_use_say_open(struct screen *s, enum request r, const struct view *top_before)
{
	const struct view *v = screen_top(s);

	if (v != top_before || s->message.text[0] != '\0' || prompt_is_open(s->prompt))
		return;
	switch (r) {
	case REQ_PACKETS: no_use_say(s, r); break;
	case REQ_STREAM:
	case REQ_LADDER:
	case REQ_MAP:
	case REQ_BLOCKS:
	case REQ_EVENTS:
	case REQ_HELP: screen_say(s, "this is it: %s", v->ops->name); break;
	default: break;
	}
}

void no_use_say_key(struct screen *s, const struct keymap_state *typed, uint32_t key)
{
	struct keymap_state all = *typed;
	char text[64], help[64];

	if (all.n == KEYMAP_SEQUENCE_MAX)
		return;
	all.keys[all.n++] = key;
	keymap_sequence_text(text, sizeof(text), all.keys, all.n);
	keymap_key_text(help, sizeof(help), &s->config->keymap, REQ_HELP);
	screen_say(s, "%s is no key here; %s shows those that are", text, help);
}
