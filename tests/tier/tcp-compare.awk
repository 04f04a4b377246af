# SPDX-License-Identifier: GPL-3.0-or-later
# First file: tcp_dump's lines; second: tshark's (frame, layers, the marks in the order below, ack_rtt, initial_rtt, bytes in flight).
# Prints `file class both ours theirs`, with -v list=1 also the frames that differ. RTT: `both` are those within 1 us; those
# that both measure and that differ are class rtt_differs.
BEGIN {
	FS = OFS = "\t"
	n = split("retrans fast_retrans spurious_retrans out_of_order lost_segment ack_lost_segment dup_ack keep_alive " \
		"keep_alive_ack zero_window zero_window_probe zero_window_probe_ack window_full window_update port_reuse", class, " ")
	names = n
	class[++n] = "rtt"
	class[++n] = "setup"
	class[++n] = "in_flight"
}
function tell(c, us, them) {
	both[c] += us && them
	ours[c] += us && !them
	theirs[c] += them && !us
	if (list && us != them)
		print file, c, $1, us ? "ours" : "tshark"
}
# seconds with nine digits
function ns(text, p) {
	split(text, p, ".")
	return p[1] * 1000000000 + p[2]
}
function compare_time(c, us, them, d) {
	tell(c, us != "", them != "")
	if (us == "" || them == "")
		return
	d = us - ns(them)
	if (d > 1000 || d < -1000) {
		both[c]--
		both[c "_differs"]++
		if (list)
			print file, c "_differs", $1, us, them
	}
}
FNR == NR { for (i = 2; i <= 6; i++) our[$1, i] = $i; next }
{
	# what an ICMP error quotes, and TCP within TCP, have no analysis of their own here
	if ($3 == "" || $3 ~ /,/ || $2 ~ /icmp/)
		next
	m = "," our[$1, 2] ","
	if (m ~ /,duplicate,/)
		both["duplicate"]++
	if (m ~ /,overlap,/)
		both["overlap"]++
	if (m ~ /,bad_sack,/)
		both["bad_sack"]++
	for (i = 1; i <= names; i++)
		tell(class[i], index(m, "," class[i] ",") > 0, $(i + 3) != "")
	compare_time("rtt", our[$1, 3], $(names + 4))
	if (our[$1, 5] != "")
		compare_time("setup", our[$1, 5], $(names + 5))
	tell("in_flight", our[$1, 6] != "", $(names + 6) != "")
	if (our[$1, 6] != "" && $(names + 6) != "" && our[$1, 6] != $(names + 6)) {
		both["in_flight"]--
		both["in_flight_differs"]++
		if (list)
			print file, "in_flight_differs", $1, our[$1, 6], $(names + 6)
	}
}
END {
	if (list)
		exit
	for (c in both)
		if (both[c] || ours[c] || theirs[c])
			print file, c, both[c] + 0, ours[c] + 0, theirs[c] + 0
	for (c in ours)
		if (!(c in both) && (ours[c] || theirs[c]))
			print file, c, 0, ours[c] + 0, theirs[c] + 0
}
