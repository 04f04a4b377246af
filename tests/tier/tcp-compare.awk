# SPDX-License-Identifier: GPL-3.0-or-later
# What we and tshark say of each frame. First file: tcp_dump's lines; second and, with `again` set, third: tshark's, in the order of
# `ask_tshark` of tcp-tshark.sh. A line for each frame and class of which either says something:
#   capture class frame both|ours|tshark|differ rule detail
# differ: both measure, and not the same (times: more than 1 us apart).
#
# `rule` says why they differ. It is found from the segments themselves, not from what either says of them; "-": none fits,
# so the frame has to be in tcp-differences.tsv, as has each rule with its reason. What frames have in common:
#   vlan          those of the stream differ in their VLAN tags
#   vni           likewise in their virtual network
#   fragments     fragments were captured before
# Round trips:
#   zero          a time of 0
#   nothing_new   nothing is acknowledged that was not before
#   karn          bytes that were sent twice, or came out of order, are acknowledged
#   joined        64 segments or more were under way
# Connection setup:
#   zero          a time of 0
#   handshake     a SYN or SYN,ACK was captured twice or not at all, or the connection was refused
# Bytes in flight:
#   unseen        the other side acknowledged nothing yet
#   mute          the other side's newest packet has no ACK flag
#   hole          some of what is not acknowledged was not captured
#   gap           bytes before were not captured, and nothing was acknowledged since
#   acknowledged  a part of the segment was acknowledged before, or of one that came after the newest acknowledgment
#   dsack         the other side's newest SACK tells of a duplicate
BEGIN {
	FS = OFS = "\t"
	names = split("retrans fast_retrans spurious_retrans out_of_order lost_segment ack_lost_segment dup_ack keep_alive " \
		"keep_alive_ack zero_window zero_window_probe zero_window_probe_ack window_full window_update port_reuse", class, " ")
	alones = split("duplicate overlap bad_sack", alone, " ")
	FIN = 1; SYN = 2; RST = 4; ACK = 16
}
function say(c, what, rule, detail) {
	print file, c, $1, what, what == "both" || rule == "" ? "-" : rule, detail
}
# Either says something, or both do and mean the same or not.
function tell(c, us, them, same, rule, detail) {
	if (us && them)
		say(c, same ? "both" : "differ", rule, detail)
	else if (us || them)
		say(c, us ? "ours" : "tshark", rule, detail)
}
# a - b of sequence numbers
function behind(a, b, d) {
	d = (a - b) % 4294967296
	if (d < 0)
		d += 4294967296
	return d >= 2147483648 ? d - 4294967296 : d
}
# Nanoseconds and seconds with nine digits, to a microsecond.
function near(us, them, p, d) {
	split(them, p, ".")
	d = us - (p[1] * 1000000000 + p[2])
	return d <= 1000 && d >= -1000
}
# "0x0012": the last two digits
function flags_of(text, digits) {
	digits = "0123456789abcdef"
	return (index(digits, substr(text, length(text) - 1, 1)) - 1) * 16 + index(digits, substr(text, length(text))) - 1
}
function has(flag) {
	return int(flags / flag) % 2 == 1
}

# ---- what the segments say: x is a stream's direction, y the other one -----------------------

# A range that tells no time is kept until it is acknowledged.
function add_unsure(x, from, to) {
	unsure_from[x, unsure_n[x] + 0] = from
	unsure_to[x, unsure_n[x]++] = to
}
# Holes whose bytes were neither captured since nor acknowledged.
function open_hole(x, from, to) {
	hole[x] = 1
	hole_from[x, hole_n[x] + 0] = from
	hole_to[x, hole_n[x]++] = to
}
function close_holes(x, seq, ack, i, kept) {
	for (i = 0; i < hole_n[x]; i++)
		if (hole_from[x, i] != seq && (ack == "" || behind(hole_to[x, i], ack) > 0)) {
			hole_from[x, kept + 0] = hole_from[x, i]
			hole_to[x, kept++] = hole_to[x, i]
		}
	hole_n[x] = kept + 0
}
function sent(x, seq, end) {
	if (hole_n[x] > 0 && seq != end)
		close_holes(x, seq, "")
	if (!(x in top))
		top[x] = end
	else if (behind(seq, top[x]) < 0 && seq != end)
		add_unsure(x, seq, end)
	else if (behind(seq, top[x]) > 0)
		open_hole(x, top[x], seq)
	if (behind(end, top[x]) > 0)
		top[x] = end
	if (seq == end)
		return
	way[x, way_n[x]++] = end
	if (way_n[x] - way_first[x] >= 64)
		many[x] = 1
}
# Whether what `ack` acknowledges of x, and `before` did not, holds a range that tells no time.
function covers_unsure(x, before, ack, i, kept, found) {
	for (i = 0; i < unsure_n[x]; i++) {
		if (behind(unsure_from[x, i], ack) < 0 && behind(unsure_to[x, i], before) > 0)
			found = 1
		if (behind(unsure_to[x, i], ack) > 0) {
			unsure_from[x, kept + 0] = unsure_from[x, i]
			unsure_to[x, kept++] = unsure_to[x, i]
		}
	}
	unsure_n[x] = kept + 0
	return found
}
function acknowledged(x, ack, i) {
	if (hole_n[x] > 0)
		close_holes(x, "", ack)
	for (i = way_first[x] + 0; i < way_n[x] && behind(way[x, i], ack) <= 0; i++)
		delete way[x, i]
	way_first[x] = i
	if (way_n[x] == i)
		delete many[x]
}
# A block below the acknowledgment, or the first one within another (RFC 2883, 4).
function tells_duplicate(left, right, ack, n, i, from, to) {
	n = split(left, from, ",")
	split(right, to, ",")
	for (i = 1; i <= n; i++)
		if (behind(from[i], ack) < 0 || (i > 1 && behind(from[1], from[i]) >= 0 && behind(to[1], to[i]) <= 0))
			return 1
	return 0
}

# ---- one frame ----------------------------------------------------------------------------------

function compare_marks(marks, i) {
	marks = "," our[$1, 2] ","
	for (i = 1; i <= names; i++)
		tell(class[i], index(marks, "," class[i] ",") > 0, $(i + 16) != "", 1, common)
	for (i = 1; i <= alones; i++)
		if (index(marks, "," alone[i] ","))
			say(alone[i], "both")
}
function rtt_rule(us, new, unsure) {
	if (common != "")
		return common
	if (us == "0")
		return "zero"
	if (!new)
		return "nothing_new"
	return unsure ? "karn" : many[y] ? "joined" : ""
}
# tshark repeats it with each frame: it is asked once for each stream.
function compare_setup(us, them, whole) {
	if (us == "" && (them == "" || told[$3] || has(SYN) || !has(ACK)))
		return
	told[$3] = 1
	whole = syns[x, 0] == 1 && syns[y, 1] == 1 && !has(RST)
	tell("setup", us != "", them != "", near(us, them), common != "" ? common : us == "0" ? "zero" : whole ? "" : "handshake",
		us " " them)
}
function in_flight_rule(before) {
	if (common != "")
		return common
	if (before == "")
		return "unseen"
	if (space > 0 && behind(before, $11) > 0)
		stale[x] = 1
	if (mute[y])
		return "mute"
	return hole[x] ? "gap" : stale[x] ? "acknowledged" : hole_n[x] > 0 ? "hole" : dsack[y] ? "dsack" : ""
}
function common_rule() {
	return $3 in tags ? "vlan" : $3 in networks ? "vni" : fragments ? "fragments" : ""
}

FILENAME == ARGV[1] { for (i = 2; i <= 6; i++) our[$1, i] = $i; next }
# tshark's lines are read twice: what is only true of some of a stream's frames is known before any is judged
!again {
	if ($3 in stream) {
		if (tag[$3] != $4)
			tags[$3]
		if (network[$3] != $5 $6)
			networks[$3]
	}
	stream[$3]
	tag[$3] = $4
	network[$3] = $5 $6
	next
}
{
	fragments += $7 ~ /1|True/ || $8 ~ /[1-9]/
	# what an ICMP error quotes, and TCP within TCP, have no analysis of their own here
	if ($3 == "" || $3 ~ /,/ || $2 ~ /icmp/)
		next
	flags = flags_of($14)
	if (!($3 in first))
		first[$3] = $10 $9
	x = $3 "," ($10 $9 != first[$3])
	y = $3 "," ($10 $9 == first[$3])
	space = $13 + (has(SYN) || has(FIN))
	common = common_rule()
	compare_marks()

	before = (y in acked) ? acked[y] : ""
	if (has(ACK)) {
		delete hole[y]
		delete stale[y]
	}
	sent(x, $11, ($11 + space) % 4294967296)
	new = has(ACK) && (!(x in acked) || behind($12, acked[x]) > 0)
	unsure = new && covers_unsure(y, x in acked ? acked[x] : $12 - 1, $12)
	us = our[$1, 3]
	tell("rtt", us != "", $32 != "", near(us, $32), rtt_rule(us, new, unsure), us " " $32)
	if (has(ACK)) {
		acknowledged(y, $12)
		acked[x] = $12
	}
	if (has(SYN))
		syns[x, has(ACK)]++
	compare_setup(our[$1, 5], $33)
	us = our[$1, 6]
	tell("in_flight", us != "", $34 != "", us == $34, in_flight_rule(before), us " " $34 " seq " $11 " len " $13 " acked " before)
	mute[x] = !has(ACK)
	dsack[x] = tells_duplicate($15, $16, $12)
}
