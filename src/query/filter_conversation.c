/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Filters that decide for whole conversations. */
#include "query/filter_eval.h"

/* Whether every packet of a conversation, whoever sent it, gives the same answer. */
static bool is_shared(const struct filter *f, const struct filter_test *t)
{
	switch (t->what) {
	case WHAT_ADDR:
	case WHAT_PORT: return t->side == SIDE_ANY || t->side == SIDE_BOTH;
	case WHAT_PROTO:
	case WHAT_FAMILY:
	case WHAT_VLAN: return true;
	case WHAT_POINT:     /* its name is the catalog's, not the packet's */
		for (uint32_t i = 0; i < t->n; i++)
			if (f->operands[t->first + i].kind != OPERAND_RANGE)
				return false;
		return true;
	default: return false;
	}
}

enum rc filter_compile_conversations(const char *text, struct filter **out, struct err *err)
{
	enum rc rc = filter_compile(text, TIER_PACKET, out, err);

	for (size_t i = 0; rc == RC_DONE && *out && i < (*out)->n_tests; i++) {
		const struct filter_test *t = &(*out)->tests[i];

		if (is_shared(*out, t))
			continue;
		rc = err_set(err, RC_SYNTAX, "filter",
			"%s%scannot choose conversations: only host, net, port, portrange, protocols, vlan and point (by number) can",
			t->field ? t->field->name : "", t->field ? " " : "what depends on a packet ");
		filter_free(*out);
		*out = NULL;
	}
	return rc;
}

bool filter_match_conversation(const struct filter *f, const struct packet *p)
{
	struct subject s;

	if (!f)
		return true;
	subject_of_packet(&s, p);
	return filter_run(f, &s) == VERDICT_YES;
}

static bool is_of_key(const struct filter_test *t, enum tier tier)
{
	switch (t->what) {
	case WHAT_ADDR:
	case WHAT_PORT: return tier != TIER_MACROFLOW || t->side == SIDE_SERVER;
	case WHAT_PROTO:
	case WHAT_FAMILY:
	case WHAT_POINT: return true;
	case WHAT_VLAN: return tier != TIER_MACROFLOW;
	default: return false;
	}
}

bool filter_is_of_key(const char *text, enum tier tier)
{
	struct filter *f = NULL;
	bool of_key = tier >= TIER_MICROFLOW && tier <= TIER_MACROFLOW && filter_compile(text, tier, &f, NULL) == RC_DONE;

	for (size_t i = 0; of_key && f != NULL && i < f->n_tests; i++)
		of_key = is_of_key(&f->tests[i], tier);
	filter_free(f);
	return of_key;
}
