/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes flowdrill-fields(7) from the field table to standard output. */
#include "flow/field.h"

#include <stdio.h>
#include <string.h>

static const char head[] =
	".\\\" SPDX-License-Identifier: GPL-3.0-or-later\n"
	".\\\" Made from src/flow/field_table.c by man/make-fields: GENERATE=1 make check "
	"TESTS=tests/cli/man-fields.sh\n"
	".Dd November 21, 2026\n"
	".Dt FLOWDRILL-FIELDS 7\n"
	".Os\n"
	".Sh NAME\n"
	".Nm flowdrill-fields\n"
	".Nd fields of records, packets, blocks and capture points\n"
	".Sh DESCRIPTION\n"
	"Every field is a column of\n"
	".Xr flowdrill-list 1 ,\n"
	"a key to sort by, a word of\n"
	".Xr flowdrill-filter 7 ,\n"
	"and a column of an exported SQLite table.\n"
	"Behind each name stand its unit and how two parts of one record merge.\n"
	"In\n"
	".Cm csv\n"
	"and\n"
	".Cm json\n"
	"times are RFC 3339 in UTC with nine digits,\n"
	"durations are seconds, sizes are bytes;\n"
	"a field that is unknown is empty or\n"
	".Li null .\n"
	"Directions are\n"
	".Li c2s ,\n"
	"from the client to the server, and\n"
	".Li s2c ,\n"
	"the other way.\n"
	"Bytes are frame bytes on the wire where nothing else is said.\n";

static const char analysis[] =
	".Sh TCP ANALYSIS\n"
	"Marks follow the definitions of Wireshark's TCP analysis.\n"
	".Cm retrans\n"
	"counts retransmissions of any kind,\n"
	".Cm fast_retrans\n"
	"and\n"
	".Cm spurious_retrans\n"
	"are some of them.\n"
	"A frame that was captured twice is\n"
	".Cm duplicate\n"
	"and nothing else.\n"
	".Cm port_reuse\n"
	"marks the SYN and the SYN,ACK of a connection whose ports were in use\n"
	"with other sequence numbers.\n"
	"A SACK block below the acknowledgment, or within another block, tells of a\n"
	"duplicate (RFC 2883); it is neither\n"
	".Cm bad_sack\n"
	"nor taken off the bytes in flight, and changes no mark of the packet\n"
	"that it tells of.\n"
	"Each subflow of Multipath TCP is a connection of its own.\n"
	".Pp\n"
	"Everything is counted in the slice in which its packet was captured.\n"
	"So\n"
	".Cm unanswered\n"
	"is 1 in the microflow of a SYN whose answer falls into a later slice, and the\n"
	"answer takes one off in its own: there it may be 0, never less, although a SYN\n"
	"of that slice was not answered.\n"
	"Flows and macroflows of the whole time say how many were not answered at all.\n"
	".Sh RESPONSE TIMES\n"
	"A response is what the server sends after a request, told by the direction of\n"
	"payload alone: the time runs from the last byte of the request to the first of\n"
	"the response.\n"
	"Where requests are pipelined, both sides speak at once, or bytes between were\n"
	"not captured it is unknown.\n"
	"Over UDP it is unknown, too, where one side did not wait for the other or a\n"
	"response had several datagrams, until both were silent for ten seconds.\n"
	"RTP and RTCP have no response times.\n";

static const char foot[] =
	".Sh SEE ALSO\n"
	".Xr flowdrill 1 ,\n"
	".Xr flowdrill-list 1 ,\n"
	".Xr flowdrill-filter 7\n";

static const struct section {
	const char *title;
	unsigned tiers;
} sections[] = {
	{ "Macroflows, flows and microflows",
		FIELD_ON(TIER_MACROFLOW) | FIELD_ON(TIER_FLOW) | FIELD_ON(TIER_MICROFLOW) },
	{ "Packets", FIELD_ON(TIER_PACKET) },
	{ "Blocks", FIELD_ON(TIER_BLOCK) },
	{ "Points", FIELD_ON(TIER_POINT) },
};

enum { LINE_MAX_CHARS = 78 };

/* Words in lines of bearable length, none of which begins as roff's requests do; backslashes are roff's own. */
static void put_text(const char *s)
{
	size_t at = 0;

	while (*s) {
		size_t len = strcspn(s, " ");
		if (at > 0 && at + 1 + len > LINE_MAX_CHARS)
			at = 0, putchar('\n');
		else if (at > 0)
			at++, putchar(' ');
		if (at == 0 && (*s == '.' || *s == '\''))
			fputs("\\&", stdout);
		for (size_t i = 0; i < len; i++)
			fputs(s[i] == '\\' ? "\\e" : (char[]){ s[i], 0 }, stdout);
		at += len;
		s += len + (s[len] == ' ');
	}
	putchar('\n');
}

static void put_field(const struct field *f, unsigned tiers)
{
	const char *unit = field_unit_name(f->unit);
	char text[512];

	printf(".It Sy %s Pq %s\n", f->name, *unit ? unit : field_type_name(f));
	/* fields of one packet are not merged: saying that they are computed would tell nothing */
	if (tiers & FIELD_ON(TIER_FLOW))
		snprintf(text, sizeof(text), "%s (%s)", f->help, field_merge_name(f->merge));
	else
		snprintf(text, sizeof(text), "%s", f->help);
	put_text(text);
}

static void put_section(const struct section *s)
{
	printf(".Ss %s\n.Bl -tag -width orientation_by -compact\n", s->title);
	for (size_t i = 0; i < field_count(); i++)
		if (!field_at(i)->hidden && (field_at(i)->tiers & s->tiers))
			put_field(field_at(i), s->tiers);
	puts(".El");
}

int main(void)
{
	fputs(head, stdout);
	puts(".Sh FIELD TABLE");
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		put_section(&sections[i]);
	fputs(analysis, stdout);
	fputs(foot, stdout);
	return fflush(stdout) == 0 ? 0 : 1;
}
