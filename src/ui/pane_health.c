/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Health in words: what happened how often, and from where on that is too much. */
#include "base/text.h"
#include "flow/health.h"
#include "ui/pane_lines.h"

#include <stdio.h>
#include <string.h>

/* "38 of 412 ..." */
static const char *const events[HEALTH_REASONS] = {
	[HEALTH_LOSS] = "TCP packets were sent again",
	[HEALTH_ABORTED] = "requests were cut off by a reset",
	[HEALTH_REFUSED] = "connections were refused",
	[HEALTH_UNANSWERED] = "connections got no answer",
	[HEALTH_ZERO_WINDOW] = "TCP packets closed the window",
	[HEALTH_SLOW] = "responses took",
	[HEALTH_ERRORS] = "requests failed at the server",
	[HEALTH_RTP_LOSS] = "RTP packets never came",
	[HEALTH_CALL] = "RTP packets sounded bad (MOS below 3.6)",
};

/* "1 %", "0.5 %". */
static void put_share(char *out, size_t size, double share)
{
	double percent = share * 100;

	snprintf(out, size, percent >= 10 || percent == (double)(long)percent ? "%.0f %%" : "%.2g %%", percent);
}

/* "degraded from 1 %, faulty from 10 %, 3 at least". */
static void put_rule(char *out, size_t size, const struct health_rule *rule)
{
	char degraded[16], faulty[16];
	int len;

	put_share(degraded, sizeof(degraded), rule->degraded);
	put_share(faulty, sizeof(faulty), rule->faulty);
	if (rule->degraded > 1 && rule->faulty > 1)
		len = snprintf(out, size, "never judged");
	else if (rule->faulty > 1)
		len = snprintf(out, size, "degraded from %s", degraded);
	else if (rule->degraded > 1)
		len = snprintf(out, size, "faulty from %s", faulty);
	else
		len = snprintf(out, size, "degraded from %s, faulty from %s", degraded, faulty);
	if (rule->at_least > 1 && rule->degraded <= 1 && len > 0 && (size_t)len < size)
		snprintf(out + len, size - (size_t)len, ", %llu at least", (unsigned long long)rule->at_least);
}

static void put_reason(struct pane_lines *out, enum health_reason r, const struct health_finding *f,
	const struct health_limits *limits)
{
	struct pane_line *line = pane_lines_add(out, PANE_ITEM, health_reason_name(r));
	char some[TEXT_NUMBER], all[TEXT_NUMBER], slow[TEXT_NUMBER + 16] = "", share[16], rule[96];

	text_count(some, sizeof(some), f->events);
	text_count(all, sizeof(all), f->of);
	put_share(share, sizeof(share), (double)f->events / (double)f->of);
	put_rule(rule, sizeof(rule), &limits->rules[r]);
	if (r == HEALTH_SLOW) {
		size_t len = 1;

		slow[0] = ' ';
		len += text_duration(slow + len, sizeof(slow) - len, limits->slow_ns);
		snprintf(slow + len, sizeof(slow) - len, " or more");
	}
	line->attr = f->health == HEALTH_FAULTY ? ATTR_BAD : f->health == HEALTH_DEGRADED ? ATTR_WARN : ATTR_NORMAL;
	snprintf(line->text, sizeof(line->text), "%s, %s: %s of %s %s%s (%s)", share, health_name(f->health), some, all,
		events[r], slow, rule);
	snprintf(line->help, sizeof(line->help), "health, why; thresholds: flowdrill-health(5)");
}

void pane_lines_health(struct pane_lines *out, const struct row *row)
{
	const struct health_limits *limits = row->limits != NULL ? row->limits : &health_limits_default;
	struct health_verdict v;
	struct pane_line *line;

	if (row->record == NULL)
		return;
	health_judge(row->record, limits, &v);
	if (!v.known)
		return;
	line = pane_lines_add(out, PANE_TITLE, "");
	snprintf(line->text, sizeof(line->text), "health: %s", health_name(v.health));
	for (int h = HEALTH_FAULTY; h >= HEALTH_NORMAL; h--)
		for (unsigned i = 0; i < HEALTH_REASONS; i++)
			if (v.reasons[i].known && v.reasons[i].health == (enum health)h && v.reasons[i].events > 0)
				put_reason(out, i, &v.reasons[i], limits);
}
