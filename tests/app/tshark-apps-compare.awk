# SPDX-License-Identifier: GPL-3.0-or-later
# Our flows, then tshark's conversations -> file, conversation, begins, ours, theirs of every one that either knows.
BEGIN {
	OFS = "\t"
}

FILENAME == ARGV[1] {
	if (FNR == 1)
		next
	split($0, f, ",")
	from = f[2] " " f[3]
	to = f[4] " " f[5]
	key = f[1] OFS (from < to ? from OFS to : to OFS from)
	# guessed by a port: of no interest here
	if (f[6] != "" && f[6] !~ /\?$/ && index(" " ours[key] " ", " " f[6] " ") == 0)
		ours[key] = ours[key] (ours[key] == "" ? "" : " ") f[6]
	next
}

{
	split($0, t, "\t")
	key = t[1] OFS t[2] OFS t[3]
	seen[key] = 1
	if (ours[key] != "" || t[5] != "")
		print file, t[1] " " t[2] " " t[3], t[4], ours[key] == "" ? "-" : ours[key], t[5] == "" ? "-" : t[5]
}

END {
	for (key in ours)
		if (!(key in seen) && ours[key] != "") {
			conversation = key
			gsub(OFS, " ", conversation)
			print file, conversation, 0, ours[key], "-"
		}
}
