/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/along.h"

#include "ui/screen.h"

#include <string.h>

enum rc along_conversation(const struct query_sources *sources, const struct id *asked, bool part, struct id *out,
	struct err *err)
{
	struct id microflow;
	enum rc rc;

	*out = *asked;
	if (asked->tier == TIER_FLOW || asked->tier == TIER_MICROFLOW)
		return RC_DONE;
	if (asked->tier != TIER_PACKET)
		return err_set(err, RC_USAGE, tier_singular(asked->tier), "is many conversations: choose one of its flows");
	rc = query_parent(sources, asked, &microflow, err);
	if (rc == RC_DONE && part)
		*out = microflow;
	else if (rc == RC_DONE)
		rc = query_parent(sources, &microflow, out, err);
	return rc;
}

/*
 * Views of one conversation. A microflow's is the whole one, from its first packet on, whose id is the microflow's: what it answers
 * may have been asked before.
 */
static void open_conversation(struct screen *s, enum request r, const struct id *id)
{
	struct id of = *id;

	if (of.tier == TIER_MICROFLOW)
		of.tier = TIER_PACKET;
	if (of.tier == TIER_MACROFLOW)
		screen_say(s, "a service is many conversations: Enter shows its flows");
	else
		screen_push(s, r == REQ_STREAM ? view_stream_new(s, &of) : view_ladder_new(s, &of));
}

bool along_request(struct screen *s, enum request r)
{
	const struct view *v = screen_top(s);
	struct id id;

	if (r == REQ_MAP)
		screen_push(s, view_map_new(s));
	if (r != REQ_STREAM && r != REQ_LADDER && r != REQ_RELATED && r != REQ_UPSTREAM)
		return r == REQ_MAP;
	if (v->ops->selected == NULL || !v->ops->selected(v, &id) || id.tier > TIER_MACROFLOW)
		screen_say(s, "nothing is selected");
	else if (r == REQ_STREAM || r == REQ_LADDER)
		open_conversation(s, r, &id);
	else
		screen_push(s, view_related_new(s, &id, r == REQ_UPSTREAM));
	return true;
}
