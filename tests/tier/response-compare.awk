# SPDX-License-Identifier: GPL-3.0-or-later
# Response times of ours and of tshark's. First file: our `frame,response`; second: tshark's lines, in the order of `ask_tshark` of
# response-tshark.sh. Lines as of tcp-compare.awk, for frames of which tshark has a time: it knows HTTP and DNS alone.
#
# Rules, found from the segments themselves:
#   request_segments  the request had several segments
#   continued         the response, or another one, began in an earlier segment of the turn
#   unheard           who begins a turn, or began the one before, has not acknowledged all of the turn before it
#   again             bytes of the turn, or of the one before, were sent twice or came out of order
#   gap               bytes of the turn, or of the one before, were not captured
#   unmatched         over UDP, questions and answers did not alternate since both were silent for ten seconds
BEGIN { FS = OFS = "\t" }
function say(c, what, rule, detail) {
	print file, c, $1, what, what == "both" || rule == "" ? "-" : rule, detail
}
# a - b of sequence numbers
function behind(a, b, d) {
	d = (a - b) % 4294967296
	if (d < 0)
		d += 4294967296
	return d >= 2147483648 ? d - 4294967296 : d
}
# `who` of a conversation says something: `said` counts what it said since the other spoke, `half` how often they changed places.
function speak(stream, who) {
	if (speaker[stream] != who) {
		said[stream, who] = 0
		half[stream]++
	}
	said[stream, who]++
	speaker[stream] = who
}
function speak_udp(stream, who) {
	if ($2 - heard_at[stream] >= 10)
		unmatched[stream] = 0
	else if (speaker[stream] == who)
		unmatched[stream] = 1
	heard_at[stream] = $2
}
function speak_tcp(stream, who, other, end) {
	end = ($8 + $7) % 4294967296
	if ((stream, who) in top && behind($8, top[stream, who]) < 0)
		again_at[stream] = half[stream]
	if (said[stream, who] == 1 && (stream, other) in top && behind(top[stream, other], $9) > 0)
		unheard_at[stream] = half[stream]
	if ((stream, who) in top && behind($8, top[stream, who]) > 0)
		gap_at[stream] = half[stream]
	if (!((stream, who) in top) || behind(end, top[stream, who]) > 0)
		top[stream, who] = end
}
function rule_of(stream, who, other, both) {
	if ($4 == "")
		return unmatched[stream] ? "unmatched" : ""
	if ((stream in again_at) && half[stream] - again_at[stream] <= 3)
		return "again"
	if ((stream in gap_at) && half[stream] - gap_at[stream] <= 3)
		return "gap"
	if (said[stream, who] > 1)
		return "continued"
	if ((stream in unheard_at) && half[stream] - unheard_at[stream] <= 3)
		return "unheard"
	return both && said[stream, other] > 1 ? "request_segments" : ""
}
FNR == NR {
	split($0, part, ",")
	our[part[1]] = part[2]
	next
}
($4 == "" && $5 == "") { next }
{
	stream = $4 != "" ? "tcp" $4 : "udp" $5
	who = $6
	if (!(stream in first))
		first[stream] = who
	if (who != first[stream])
		second[stream] = who
	other = who == first[stream] ? second[stream] : first[stream]
	if ($7 > 0) {
		if ($4 == "")
			speak_udp(stream, who)
		speak(stream, who)
		if ($4 != "")
			speak_tcp(stream, who, other)
	}
	theirs = $10 != "" ? $10 : $11
	if (theirs == "")
		next
	c = $10 != "" ? "http" : "dns"
	us = our[$1]
	if (us == "")
		say(c, "tshark", rule_of(stream, who, other), theirs)
	else if (us - theirs <= 0.000001 && us - theirs >= -0.000001)
		say(c, "both")
	else
		say(c, "differ", rule_of(stream, who, other, 1), us " " theirs)
}
