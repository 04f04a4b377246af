# SPDX-License-Identifier: GPL-3.0-or-later
# Rows of tshark-apps.tsv (file, ours, theirs as patterns; who is right; why), then what was compared -> a table; false where something
# differs without a row, or too much is not known.
BEGIN {
	OFS = "\t"
}

FILENAME == ARGV[1] {
	if (FNR > 1 && $0 !~ /^#/) {
		rows++
		file[rows] = $1; ours[rows] = $2; theirs[rows] = $3; right[rows] = $4
	}
	next
}

function explained(i)
{
	for (i = 1; i <= rows; i++)
		if ($1 ~ "^(" file[i] ")$" && $4 ~ "^(" ours[i] ")$" && $5 ~ "^(" theirs[i] ")$") {
			used[i]++
			return i
		}
	return 0
}

{
	n = split($4, a, " ")
	same = 0
	for (i = 1; i <= n; i++)
		same += index(" " $5 " ", " " a[i] " ") > 0
	if (same == n && $4 != "-") {
		for (i = 1; i <= n; i++) {
			total[a[i]] += $3
			known[a[i]] += $3
			all[a[i]]++
		}
		next
	}
	row = explained()
	if ($4 == "-") {
		m = split($5, b, " ")
		for (i = 1; i <= m; i++) {
			if (row && right[row] == "ours")
				continue
			total[b[i]] += $3
		}
		missing[$5]++
		if ($3 == "1" && !row)
			print "not known: " $0
		next
	}
	if (!row) {
		print "differs: " $0
		bad++
	} else {
		differ[$4 " / " $5]++
	}
}

END {
	for (name in total) {
		if (total[name] == 0)
			continue
		recall = known[name] / total[name]
		printf "%-12s %5d of %5d known, %.3f\n", name, known[name], total[name], recall
		if (recall < 0.98) {
			print "too few of " name
			bad++
		}
	}
	for (d in differ)
		print "explained: " d " " differ[d]
	for (i = 1; i <= rows; i++)
		if (!used[i]) {
			print "no use for row " i ": " file[i] " " ours[i] " " theirs[i]
			bad++
		}
	exit bad > 0
}
