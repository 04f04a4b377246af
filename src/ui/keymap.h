/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What keys ask for: one table of requests with name, default keys and help, from which come
 * the help view, the hints and the table in flowdrill-keys(7). Views answer requests, never
 * keys.
 *
 * A struct keymap holds what is bound now: the defaults, changed by the user's configuration.
 * Keys may be sequences ("gg"). Invariant of every keymap: no bound sequence begins with
 * another bound one, so there is nothing to wait for; and what one cannot do without has a
 * key. Plain data; the state of a half-typed sequence is the caller's.
 */
#ifndef FLOWDRILL_UI_KEYMAP_H
#define FLOWDRILL_UI_KEYMAP_H

#include "base/err.h"
#include "ui/key.h"

/* clang-format off */
/* X(request, name, keys divided by blanks, hint or "", help) by group */
#define KEYMAP_MOVING(X) \
	X(REQ_UP, "up", "k Up", "", "One row up.") \
	X(REQ_DOWN, "down", "j Down", "", "One row down.") \
	X(REQ_PAGE_UP, "page-up", "PgUp Ctrl-B", "", "One page up.") \
	X(REQ_PAGE_DOWN, "page-down", "PgDn Ctrl-F", "", "One page down.") \
	X(REQ_HALF_UP, "half-page-up", "Ctrl-U", "", "Half a page up.") \
	X(REQ_HALF_DOWN, "half-page-down", "Ctrl-D", "", "Half a page down.") \
	X(REQ_FIRST, "first", "gg Home", "", "The first row.") \
	X(REQ_LAST, "last", "G End", "", "The last row.") \
	X(REQ_LEFT, "left", "h Left", "", \
		"One column to the left, scrolling where it must; in the packet view: fold a layer, or go " \
		"to the layer around a field.") \
	X(REQ_RIGHT, "right", "l Right", "", \
		"One column to the right, scrolling where it must; in the packet view: unfold a layer.")
#define KEYMAP_TIERS(X) \
	X(REQ_OPEN, "open", "Enter", "open", \
		"Go down a tier: macroflow, flow, microflow, packets, packet. On the line of " \
		"small services: show or hide them. In the packet view: fold or unfold a layer.") \
	X(REQ_BACK, "back", "Escape Backspace", "back", \
		"Stop the query that is running; else go back up to the same row.") \
	X(REQ_CLOSE, "close", "q", "back", \
		"Go back up; from the first view leave the program.") \
	X(REQ_CRUMB, "crumb", "1 2 3 4 5 6 7 8 9", "", \
		"Go back to a step of the top line, counted from the left; a window's step is the list with " \
		"all windows.") \
	X(REQ_PACKETS, "packets", "P", "packets", \
		"All packets below the selected row, whatever its tier.") \
	X(REQ_NEXT_RECORD, "next-record", "J", "next", \
		"In the packet view: the next packet of the list.") \
	X(REQ_PREV_RECORD, "previous-record", "K", "previous", \
		"In the packet view: the packet before.")
#define KEYMAP_LISTS(X) \
	X(REQ_FILTER, "filter", "/", "filter", \
		"Show only rows that a filter selects (flowdrill-filter(7)); Tab completes, Up and " \
		"Down recall. An empty filter shows all.") \
	X(REQ_INCLUDE, "include", "a", "", \
		"Add the cell under the column cursor to the filter: rows with this value; of what is " \
		"measured, so much and more.") \
	X(REQ_EXCLUDE, "exclude", "A", "", \
		"Add the cell to the filter as what is not wanted: rows with other values; of what is " \
		"measured, less.") \
	X(REQ_UNFILTER, "unfilter", "\\", "", "Take the filter away, or bring it back.") \
	X(REQ_SEARCH, "search", "*", "", "Search for text in the columns on the screen.") \
	X(REQ_SEARCH_NEXT, "search-next", "n", "", "The next row with the text searched for.") \
	X(REQ_SEARCH_PREV, "search-previous", "N", "", \
		"The row before with the text searched for.") \
	X(REQ_SORT, "sort", "s", "sort", "Choose the column to sort by.") \
	X(REQ_SORT_REVERSE, "sort-reverse", "S", "", "Turn the order round.") \
	X(REQ_NEXT_TROUBLE, "next-trouble", "e", "trouble", \
		"The next row that is not well: degraded or faulty, flows and microflows with a failed connection or request, in packets retransmissions, late " \
		"responses, resets, refusals and their like. What is opened from such a row begins at its worst.") \
	X(REQ_PREV_TROUBLE, "previous-trouble", "E", "", "The row before that is not well.") \
	X(REQ_ANSWER, "answer", "%", "question", \
		"In the packets of a flow or microflow: from an answer to what it answers, which stands behind it, and " \
		"back; where the list begins later, in the packets of the whole flow.") \
	X(REQ_PANE, "pane", "Tab", "details", \
		"Details of the selected row in words and units, health with its thresholds, and small charts; " \
		"once more: on most of the screen, with the names of the fields and what they mean; once more: " \
		"hide them. What is zero is left out. In the packet view: move between layers and bytes; in a " \
		"stream: both sides, or one; in related traffic: the packet that came, or the one that left.") \
	X(REQ_DETAIL_DOWN, "details-down", "}", "", "Scroll the details down.") \
	X(REQ_DETAIL_UP, "details-up", "{", "", "Scroll the details up.") \
	X(REQ_TAG, "tag", "Space", "", \
		"Tag the selected row, or take its tag, and go to the next one. Writing and piping work on all " \
		"tagged rows, of other lists and tiers too; without any on the selected one.") \
	X(REQ_TAG_ALL, "tag-all", "Ctrl-T", "", "Tag all rows of the list.") \
	X(REQ_TAG_CLEAR, "untag", "u", "", "Take all tags, of all lists.") \
	X(REQ_MARK, "mark", "m", "", \
		"Remember the place under a letter or digit, which is typed next: the views that lead here, " \
		"their filters, and the selected row.") \
	X(REQ_MARK_GO, "go-to-mark", "'", "", \
		"Go to the place that was remembered under the letter or digit typed next; once more ' goes " \
		"back to where one was before.") \
	X(REQ_GROUP_APP, "group-app", "ga", "application", \
		"Group macroflows, flows or microflows by application: a row a group, with sums over its members. " \
		"A filter chooses members. Enter shows the members of a group, Escape comes back. What several " \
		"capture points saw is never added up: groups say where. Where a group's key says nothing of a " \
		"macroflow, which has many clients, its flows are grouped.") \
	X(REQ_GROUP_SERVICE, "group-service", "gs", "service", "Group by service: protocol and the server's port.") \
	X(REQ_GROUP_CLIENT, "group-client", "gc", "client", "Group by client.") \
	X(REQ_GROUP_SERVER, "group-server", "gh", "server", "Group by server.") \
	X(REQ_GROUP_PAIR, "group-pair", "gp", "client and server", "Group by pair of client and server.") \
	X(REQ_GROUP_NET, "group-net", "gn", "network of clients", \
		"Group by the clients' network: /24 of IPv4, /64 of IPv6.") \
	X(REQ_GROUP_SERVER_NET, "group-server-net", "gN", "network of servers", "Group by the servers' network.") \
	X(REQ_GROUP_POINT, "group-point", "go", "capture point", "Group by capture point.") \
	X(REQ_GROUP_VLAN, "group-vlan", "gv", "VLAN", "Group by VLAN.") \
	X(REQ_GROUP_NONE, "group-none", "g0", "no groups", "Show the rows themselves again.") \
	X(REQ_POINTS, "points", "@", "points", \
		"With several capture points: show what several of them saw once, at the point where it hurts most " \
		"(+2: two more saw it), or once for each point. Nothing is added up.") \
	X(REQ_TOP, "top", "T", "top", \
		"Top talkers of what the list shows: services, or below a service its clients, with their shares as " \
		"bars; g chooses what else. There T goes on from bytes to packets, flows and errors; Enter opens the " \
		"members.") \
	X(REQ_WRITE, "write", "w", "write", \
		"Write the packets of all tagged rows, else of the selected one, to a pcapng file: each packet " \
		"once.") \
	X(REQ_COLUMNS, "columns", "c", "", \
		"Choose the columns: Space shows or hides one, J and K move it, / searches, Enter keeps them, for " \
		"this tier and further runs.") \
	X(REQ_WIDER, "wider", ">", "", "Make the column under the cursor wider; h and l move the cursor.") \
	X(REQ_NARROWER, "narrower", "<", "", "Make it narrower.") \
	X(REQ_TIMES, "times", "i", "", \
		"Show times as they are, then since the first packet, then since the row before, in seconds.") \
	X(REQ_ZONE, "zone", "U", "", "Show times of the local time zone, or UTC; the top line says which.") \
	X(REQ_FOLLOW, "follow", "f", "follow", \
		"While packets are recorded: keep the selection on the newest row, and scroll with " \
		"it. Moving the selection, or f again, ends it.") \
	X(REQ_PAUSE, "pause", "p", "pause", \
		"While packets are recorded: keep what is shown as it is, or go on. Recording is not " \
		"touched.") \
	X(REQ_COPY_ID, "id", "y", "", \
		"Show the id of the selected row, for use with flowdrill show.")
#define KEYMAP_ALONG(X) \
	X(REQ_STREAM, "stream", "v", "stream", \
		"What the two ends of the conversation said to each other, in order: its payload as text or " \
		"as bytes (x), of both or of one of them (Tab). Enter goes to the packet of a line.") \
	X(REQ_LADDER, "ladder", "d", "ladder", \
		"A sequence diagram of the conversation: hosts as columns, packets as arrows with what they say, " \
		"retransmissions dashed, resets ending in x; in related traffic: of all its conversations. Tab shows or " \
		"hides bare acknowledgments, h and l scroll hosts, Enter opens the packet.") \
	X(REQ_SCALE, "scale", "z", "scale", \
		"In the ladder: time to scale, or long gaps in one line.") \
	X(REQ_RELATED, "related", "r", "related", \
		"The traffic between other machines that the row triggered, found by equal content: a tree with " \
		"delays and own times, and the evidence of each hop. Enter opens the packet that came or left " \
		"(Tab) with the equal bytes highlighted; w writes the packets of all of it.") \
	X(REQ_UPSTREAM, "upstream", "R", "triggered by", \
		"The same against the time: what triggered the traffic of the row.") \
	X(REQ_MAP, "map", "o", "map", \
		"The map of services within the range of time: which triggers which, how often for each request, and after " \
		"how long. By order are those that time and order alone tell of, which is no proof. ? stands for what a " \
		"machine sent by itself, or nothing tells why. Enter opens the tree of an example.") \
	X(REQ_PAYLOAD, "payload", "W", "save payload", \
		"In the stream view: write the payload that is shown, as it is, to a file.")
#define KEYMAP_TIME(X) \
	X(REQ_ZOOM_IN, "zoom-in", "+ =", "zoom", \
		"Ask only for a shorter range of time, around the selected row. All lists and pictures ask for " \
		"it, and the top line says it; a record counts where it overlaps.") \
	X(REQ_ZOOM_OUT, "zoom-out", "-", "", "Ask for a longer range of time.") \
	X(REQ_ZOOM_ALL, "all-times", "0", "all times", "Ask for all times again.") \
	X(REQ_WINDOW_PREV, "window-before", "[", "", \
		"The range before this one, as long as it; where none is set, the macroflows' window before.") \
	X(REQ_WINDOW_NEXT, "window-next", "]", "", "The range behind this one.") \
	X(REQ_CHART, "chart", "t", "chart", \
		"Fields over time: bytes, response and round-trip times, retransmissions, or others (:chart, s), of " \
		"what the list shows; t again: of its selected row. Left and Right go by columns and say their values, " \
		"Enter asks for the rows of the column's time.") \
	X(REQ_BLOCKS, "blocks", "b", "blocks", \
		"The map of blocks: their times, sizes and states, and which of them the list's query reads.") \
	X(REQ_EVENTS, "events", "L", "events", \
		"The log: packets that were lost, recoveries, evictions, steps of the clock, interfaces that went and " \
		"came, starts and ends. Enter goes to the time in the macroflows.") \
	X(REQ_RANGE_BEGIN, "range-begin", "(", "", "The range of time begins with the selected row.") \
	X(REQ_RANGE_END, "range-end", ")", "", "The range of time ends with the selected row.")
#define KEYMAP_PROGRAM(X) \
	X(REQ_HEX, "hex", "x", "bytes", \
		"Show or hide the bytes in the packet view; in a stream: text or bytes; in a list of " \
		"packets: open the packet.") \
	X(REQ_PIPE, "pipe", "!", "", \
		"Run a program with the packets of all tagged rows, else of the selected one, as pcapng on its " \
		"standard input: ! tshark -r - -V. What it says is shown as text.") \
	X(REQ_COMMAND, "command", ":", "command", "Type a command; Tab completes.") \
	X(REQ_HELP, "help", "? F1", "help", "Keys and commands.") \
	X(REQ_REDRAW, "redraw", "Ctrl-L", "", "Draw the screen anew.") \
	X(REQ_SUSPEND, "suspend", "Ctrl-Z", "", \
		"Suspend the program; fg in the shell brings it back.") \
	X(REQ_INTERRUPT, "interrupt", "Ctrl-C", "", \
		"Stop a query or a write that is running.") \
	X(REQ_QUIT, "quit", "Q", "quit", "Leave the program.")
#define KEYMAP_ALL(X) KEYMAP_MOVING(X) KEYMAP_TIERS(X) KEYMAP_LISTS(X) KEYMAP_ALONG(X) KEYMAP_TIME(X) KEYMAP_PROGRAM(X)

enum request {
	REQ_NONE,
#define KEYMAP_ENUM(req, name, keys, hint, help) req,
	KEYMAP_ALL(KEYMAP_ENUM)
#undef KEYMAP_ENUM
	REQUESTS
};
/* clang-format on */

enum keymap_group {
	KEYMAP_GROUP_MOVING,
	KEYMAP_GROUP_TIERS,
	KEYMAP_GROUP_LISTS,
	KEYMAP_GROUP_ALONG,
	KEYMAP_GROUP_TIME,
	KEYMAP_GROUP_PROGRAM,
	KEYMAP_GROUPS
};

struct keymap_row {
	enum request request;
	enum keymap_group group;
	const char *name, *keys, *hint, *help;
};

enum { KEYMAP_SEQUENCE_MAX = 4 };

/* A sequence that was begun. Zeroed: none. */
struct keymap_state {
	uint32_t keys[KEYMAP_SEQUENCE_MAX];
	unsigned n;
};

enum { KEYMAP_BINDINGS_MAX = 320 };

struct keymap_binding {
	uint32_t keys[KEYMAP_SEQUENCE_MAX];
	unsigned n;
	enum request request;
};

struct keymap {
	struct keymap_binding v[KEYMAP_BINDINGS_MAX]; /* those of a request: the preferred one first */
	size_t n;
};

const struct keymap_row *keymap_rows(size_t *n);
const struct keymap_row *keymap_row(enum request r); /* NULL for REQ_NONE */
const struct keymap_row *keymap_row_find(const char *name); /* NULL for an unknown one */
const char *keymap_group_title(enum keymap_group g);
/*
 * The key or sequence at `*keys` (see struct keymap_row), which moves behind it: number of
 * keys, 0 at the end.
 */
unsigned keymap_next_sequence(const char **keys, uint32_t out[KEYMAP_SEQUENCE_MAX]);
/* A sequence as it is written: "gg", "Enter". Returns the length. */
size_t keymap_sequence_text(char *out, size_t size, const uint32_t *keys, unsigned n);

/* The defaults. */
void keymap_init(struct keymap *m);
/*
 * Binds a sequence ("F5", "gx") to a request's name, before its other keys; it no longer means
 * what it meant. RC_SYNTAX where it is none, begins another bound one or is begun by one, or the
 * request is unknown or would leave another one that is needed without a key.
 */
enum rc keymap_bind(struct keymap *m, const char *keys, const char *request, struct err *err);
/* RC_SYNTAX where it is not bound, or is the last key of something that is needed. */
enum rc keymap_unbind(struct keymap *m, const char *keys, struct err *err);
/* The preferred key of a request as text ("gg", "Enter"); "" where it has none. */
size_t keymap_key_text(char *out, size_t size, const struct keymap *m, enum request r);
/* All of them, divided by blanks. */
size_t keymap_keys_text(char *out, size_t size, const struct keymap *m, enum request r);
/*
 * One more key. The request that it completes, else REQ_NONE: then either a sequence is open
 * (state->n > 0) or the key means nothing. Escape ends an open sequence.
 */
enum request keymap_feed(
	const struct keymap *m, struct keymap_state *state, uint32_t key);
/* Whether a binding goes on where the open sequence is: keys[state->n] is what comes next. */
bool keymap_goes_on(const struct keymap_binding *b, const struct keymap_state *state);

#endif
