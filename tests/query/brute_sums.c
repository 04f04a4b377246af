/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "brute.h"
#include "flow/sketch.h"

#include "capture/source.h"
#include "decode/decode.h"
#include "decode/fragment.h"

static uint64_t rec_number(const struct row *row)
{
	return record_id_number(row->record->id);
}

/* ---- the packets are those of the file ---------------------------------------------------------- */

static void check_packet(const struct row *row, const struct packet *want,
	const struct source_event *e, uint64_t frame)
{
	const struct packet *got = &row->packet->pkt;

	CHECK(row->packet->frame == frame);
	CHECK(brute.imported ||
		(row->packet->file_offset == e->offset && got->record_len == e->record_len));
	CHECK(got->time_ns == e->time_ns);
	CHECK(got->len == e->len && got->caplen == e->caplen);
	CHECK(got->point == e->interface && got->proto == want->proto &&
		got->vlan == want->vlan);
	CHECK(addr_equal(&got->src, &want->src) && addr_equal(&got->dst, &want->dst));
	CHECK((got->flags & PACKET_HAS_PORTS) == (want->flags & PACKET_HAS_PORTS));
	CHECK(got->src_port == want->src_port && got->dst_port == want->dst_port);
	CHECK(got->tcp_flags == want->tcp_flags && got->tcp_seq == want->tcp_seq &&
		got->ttl == want->ttl);
	CHECK(memcmp(&got->tunnel, &want->tunnel, sizeof(got->tunnel)) == 0);
}

void check_input(void)
{
	uint32_t linktypes[256] = { 0 };
	uint8_t fcs[256] = { 0 };
	struct fragment_table *fragments;
	struct source *s;
	struct source_event e;
	size_t n = 0;

	brute.doing = "the file itself";
	assert_int_equal(fragment_table_new(&fragments, NULL), RC_DONE);
	assert_int_equal(source_open_file(brute.path, NULL, &s, NULL), RC_DONE);
	while (source_next(s, &e, NULL) == RC_DONE) {
		struct packet want;
		struct row row;

		if (e.kind == SOURCE_INTERFACE && e.interface < 256) {
			linktypes[e.interface] = e.iface.linktype;
			fcs[e.interface] = e.iface.fcs_len;
		}
		if (e.kind != SOURCE_PACKET)
			continue;
		struct decode_frame frame = { .linktype = linktypes[e.interface & 255],
			.fcs_len = fcs[e.interface & 255],
			.data = e.data,
			.caplen = e.caplen,
			.len = e.len };
		memset(&want, 0, sizeof(want));
		want.time_ns = e.time_ns;
		want.point = e.interface;
		decode_packet(&frame, &want);
		if (want.flags & PACKET_FRAGMENT)
			fragment_table_see(fragments, &want);
		row_at(brute.packets, n, &row);
		check_packet(&row, &want, &e, ++n);
	}
	source_close(s);
	fragment_table_free(fragments);
	CHECK(n == result_count(brute.packets));
}

/* ---- tiers, added up again from the packets ------------------------------------------------------- */

struct sum {
	uint64_t number; /* of the record */
	uint64_t packets[2], bytes[2], payload, gaps;
	int64_t first_ns, last_ns, gap_sum, gap_min, gap_max;
	unsigned tcp_flags;
	uint64_t syn;
	struct record_id flow;
	struct counters notes; /* what the packets' marks and times add up to */
};

struct sums {
	struct sum *v;
	size_t n;
};

static int by_number(const void *a, const void *b)
{
	uint64_t x = ((const struct sum *)a)->number, y = ((const struct sum *)b)->number;

	return (x > y) - (x < y);
}

static void sum_packet(struct sum *s, const struct packet_row *p)
{
	bool begins = s->packets[0] + s->packets[1] == 0;

	s->packets[p->direction]++;
	s->bytes[p->direction] += p->pkt.len;
	s->payload += p->pkt.payload_len;
	s->first_ns = begins || p->pkt.time_ns < s->first_ns ? p->pkt.time_ns : s->first_ns;
	s->last_ns = begins || p->pkt.time_ns > s->last_ns ? p->pkt.time_ns : s->last_ns;
	s->flow = p->flow;
	counters_note(&s->notes, p->direction, &p->note);
	if (p->pkt.flags & PACKET_HAS_TCP) {
		s->tcp_flags |= p->pkt.tcp_flags;
		s->syn += (p->pkt.tcp_flags & TCP_SYN) != 0;
	}
	if (!p->has_gap)
		return;
	s->gap_min = s->gaps == 0 || p->gap_ns < s->gap_min ? p->gap_ns : s->gap_min;
	s->gap_max = s->gaps == 0 || p->gap_ns > s->gap_max ? p->gap_ns : s->gap_max;
	s->gap_sum += p->gap_ns;
	s->gaps++;
}

struct keyed {
	uint64_t number;
	size_t at;
};

static int by_key(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* Sums by flow or microflow, in order of ids. */
static struct sums add_up(bool by_flow)
{
	size_t n = result_count(brute.packets);
	struct keyed *keys = calloc(n + 1, sizeof(*keys));
	struct sums out = { calloc(n + 1, sizeof(struct sum)), 0 };
	struct row row;

	assert_non_null(keys);
	assert_non_null(out.v);
	for (size_t i = 0; i < n; i++) {
		row_at(brute.packets, i, &row);
		keys[i].number =
			record_id_number(by_flow ? row.packet->flow : row.packet->microflow);
		keys[i].at = i;
	}
	qsort(keys, n, sizeof(*keys), by_key);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || keys[i].number != keys[i - 1].number)
			out.v[out.n++].number = keys[i].number;
		row_at(brute.packets, keys[i].at, &row);
		/* an id is the first packet's */
		if (i == 0 || keys[i].number != keys[i - 1].number)
			CHECK(record_id_number(row.packet->self) == keys[i].number);
		sum_packet(&out.v[out.n - 1], row.packet);
	}
	free(keys);
	return out;
}

static bool same_times(const struct time_sums *a, const struct time_sums *b)
{
	return a->n == b->n && a->min_ns == b->min_ns && a->max_ns == b->max_ns &&
		a->sum_ns == b->sum_ns && a->sumsq == b->sumsq;
}

/* What a record says is what the marks and times of its packets give. */
static void check_notes(const struct counters *c, const struct counters *notes)
{
	CHECK(c->retrans[0] == notes->retrans[0] && c->retrans[1] == notes->retrans[1]);
	CHECK(memcmp(c->marks, notes->marks, sizeof(c->marks)) == 0);
	CHECK(same_times(&c->rtt_client, &notes->rtt_client));
	CHECK(same_times(&c->rtt_server, &notes->rtt_server));
	CHECK(same_times(&c->response, &notes->response));
	CHECK(c->transfer_n == notes->response.n);
}

static void check_counters(const struct counters *c, const struct sum *s, bool whole_flow)
{
	for (int d = 0; d < 2; d++) {
		CHECK(c->packets[d] == s->packets[d]);
		CHECK(c->bytes[d] == s->bytes[d]);
	}
	CHECK(c->payload_bytes == s->payload);
	check_notes(c, &s->notes);
	CHECK(c->first_ns == s->first_ns && c->last_ns == s->last_ns);
	CHECK(c->tcp_flags == s->tcp_flags && c->syn == s->syn);
	CHECK(counters_packets(c) - c->flows == s->gaps);
	CHECK(!whole_flow || c->flows == 1);
	CHECK(c->gap_sum == s->gap_sum);
	CHECK((c->known & FIELD_BIT(FIELD_GAP_MIN)) ? s->gaps > 0 : s->gaps == 0);
	if (s->gaps)
		CHECK(c->gap_min == s->gap_min && c->gap_max == s->gap_max);
}

static void test_sums(const struct result *records, bool flows)
{
	struct sums sums = add_up(flows);
	uint64_t before = 0;

	brute.doing = flows ? "sums of flows" : "sums of microflows";
	CHECK(result_count(records) == sums.n);
	for (size_t i = 0; i < sums.n; i++) {
		struct sum key, *s;
		struct row row;

		row_at(records, i, &row);
		key.number = rec_number(&row);
		CHECK(i == 0 || key.number > before); /* the natural order */
		before = key.number;
		s = bsearch(&key, sums.v, sums.n, sizeof(key), by_number);
		CHECK(s);
		check_counters(&row.record->c, s, flows);
	}
	free(sums.v);
}

/* What packets are marked with is what figures of media say. */
static void test_media(void)
{
	uint64_t marked[MEDIA_MARKS] = {0};
	struct media sum = {0};
	struct row row;

	brute.doing = "marks of media";
	for (size_t i = 0; i < result_count(brute.packets); i++) {
		row_at(brute.packets, i, &row);
		media_count_marks(marked, row.packet->note.marks);
	}
	for (size_t i = 0; i < result_count(brute.micros); i++) {
		row_at(brute.micros, i, &row);
		if (row.record->media)
			media_merge(&sum, row.record->media);
	}
	CHECK(media_agrees(&sum, marked));
}

/* Macroflows are the sums of the flows of their services. */
static void test_macros(void)
{
	int64_t macro_ns = store_config(brute.store)->macro_ns;
	uint64_t packets = 0, bytes = 0;
	size_t flows = 0;
	struct counters marked, in_macros;

	counters_init(&marked);
	counters_init(&in_macros);
	for (size_t i = 0; i < result_count(brute.packets); i++) {
		struct row row;

		row_at(brute.packets, i, &row);
		counters_note(&marked, row.packet->direction, &row.packet->note);
	}
	brute.doing = "sums of macroflows";
	for (size_t i = 0; i < result_count(brute.macros); i++) {
		struct row row;

		row_at(brute.macros, i, &row);
		packets += counters_packets(&row.record->c);
		bytes += counters_bytes(&row.record->c);
		flows += row.record->c.flows;
		counters_merge(&in_macros, &row.record->c);
		CHECK((row.record->response ? hist_count(row.record->response) : 0) ==
			row.record->c.response.n);
		CHECK(row.record->slice_ns % macro_ns == 0 ||
			row.record->slice_ns == INT64_MIN);
	}
	CHECK(packets == result_count(brute.packets));
	check_notes(&in_macros, &marked);
	CHECK(packets == store_totals(brute.store)->packets);
	CHECK(bytes == store_totals(brute.store)->bytes);
	CHECK(flows == result_count(brute.flows));
}

void check_sums(void)
{
	test_sums(brute.flows, true);
	test_sums(brute.micros, false);
	test_macros();
	test_media();
}
