/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "query/related_words.h"

#include "base/text.h"

const char *related_confidence_word(double confidence)
{
	return confidence >= 0.95 ? "certain" : confidence >= 0.7 ? "likely" : confidence >= 0.4 ? "possible" : "weak";
}

const char *related_by_word(const struct related_hop *h)
{
	return h->matches + h->responses > 0 ? "content" : "order";
}

/* There is content, and nobody has the same. */
static enum rc nothing_common(const struct related_told *told, const char *what, struct err *err)
{
	char window[32];

	text_duration(window, sizeof(window), told->window_ns);
	if (told->candidates == 0)
		return err_set(err, RC_NOTHING, what, "nothing related was found: %s within %s",
			told->upstream ? "nobody asked its sender" : "its receiver asked nobody", window);
	return err_set(err, RC_NOTHING, what, "nothing related was found among %llu request%s that %s within %s",
		(unsigned long long)told->candidates, told->candidates == 1 ? "" : "s",
		told->upstream ? "came to its sender" : "left its receiver", window);
}

enum rc related_nothing(const struct related_told *told, const char *what, struct err *err)
{
	if (told->limited)
		return err_set(err, RC_LIMIT, what, "nothing was found; not all was looked at: %s", told->limit);
	if (told->asked > 0 && told->encrypted == told->asked)
		return err_set(err, RC_NOTHING, what, "no comparable content: it is encrypted (TLS)");
	if (told->comparable == 0)
		return err_set(err, RC_NOTHING, what, "no comparable content: %s",
			told->asked ? "what is there has no fingerprints" : "no payload that asks for anything");
	return nothing_common(told, what, err);
}
