/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/tier/tcp_script.h"

#include <stdio.h>
#include <string.h>

static struct tcp_state state;
static struct tcp_more more;
static struct tcp_verdict verdicts[64], verdict;

void script_begin(void)
{
	memset(&state, 0, sizeof(state));
	memset(&more, 0xa5, sizeof(more));       /* it need not be zeroed */
	state.more = &more;
}

static void check_marks(const struct step *step, uint32_t marks)
{
	char text[256] = "";

	for (unsigned i = 0; i < PACKET_MARKS; i++)
		if (marks & MARK_BIT(i))
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", text[0] ? "," : "",
				packet_mark_name(i));
	if (strcmp(text, step->marks) != 0)
		print_error("at %lld ms from %c seq %u: ", (long long)step->ms, step->from, step->seq);
	assert_string_equal(text, step->marks);
}

const struct tcp_verdict *script_step(const struct step *step)
{
	struct packet p = {
		.time_ns = step->ms * 1000000, .flags = PACKET_HAS_TCP | PACKET_HAS_IP | (step->sum ? PACKET_HAS_SUM : 0),
		.proto = PROTO_TCP, .payload_len = step->len, .tcp_seq = step->seq, .tcp_ack = step->ack,
		.tcp_window = step->window, .tcp_flags = (uint16_t)step->flags, .fragment_id = step->id,
		.payload_sum = step->sum, .tcp_sacked = step->sacked,
	};

	if (step->scale) {
		p.tcp_options |= TCP_OPT_SCALE;
		p.tcp_scale = step->scale - 1;
	}
	if (step->sacked)
		p.tcp_options |= TCP_OPT_SACK;
	if (step->sack_ok)
		p.tcp_options |= TCP_OPT_SACK_OK;
	tcp_analyse(&state, &p, step->from == 'c' ? DIR_C2S : DIR_S2C, &verdict);
	check_marks(step, verdict.marks);
	return &verdict;
}

void script_run_shifted(const struct step *steps, unsigned n, uint32_t client, uint32_t server)
{
	assert_true(n <= 64);
	script_begin();
	for (unsigned i = 0; i < n; i++) {
		struct step step = steps[i];
		bool from_client = step.from == 'c';

		step.seq += from_client ? client : server;
		if (step.flags & TCP_ACK)
			step.ack += from_client ? server : client;
		verdicts[i] = *script_step(&step);
	}
}

void script_run(const struct step *steps, unsigned n)
{
	script_run_shifted(steps, n, 0, 0);
}

const struct tcp_verdict *script_verdict(unsigned step)
{
	return &verdicts[step];
}
