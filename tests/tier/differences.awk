# SPDX-License-Identifier: GPL-3.0-or-later
# First file: a table of differences, as tcp-differences.tsv; second: lines as of tcp-compare.awk. Prints the table of classes, then what
# is wrong: a difference without a row, a row (or one of its frames) without a difference, and a class of which less than
# 99 % is equal or explained with us being right. With silent=1 rows of `both`, where we say nothing, are as good. With some=1, for captures that are never the same twice, rows may be
# without a difference, and one in a hundred of a class (two, where it has fewer) without a row. Exits 1 where anything is wrong.
BEGIN { FS = "\t" }
function wrong(what) {
	complaint[complaints++] = what
}
FNR == NR {
	table = FILENAME
	if (/^#/ || NF == 0)
		next
	if (NF != 5 || $4 !~ /^(ours|tshark|both)$/)
		wrong(FILENAME ":" FNR ": not `capture class frames|rule who why`")
	n = split($3, frame, ",")
	for (i = 1; i <= n; i++) {
		row[$1, $2, frame[i]] = $4
		where[$1, $2, frame[i]] = FNR
	}
	next
}
{
	count[$2, $4]++
	total[$2]++
	if ($4 == "both")
		next
	if (($1, $2, $3) in row)
		key = $1 SUBSEP $2 SUBSEP $3
	else
		key = (("~", $2, $5) in row ? "~" : "*") SUBSEP $2 SUBSEP $5
	if (!(key in row)) {
		if (some && ++missing[$2] <= 2)
			print "no row: " $1 " " $2 " frame " $3 ": " $4 ", rule " $5 " " $6
		else if (!some)
			wrong("no row: " $1 " " $2 " frame " $3 ": " $4 ", rule " $5 " " $6)
		next
	}
	met[key]
	count[$2, "right"] += row[key] == "ours"
	count[$2, "unknown"] += row[key] == "both"
}
END {
	printf "%-22s %7s %7s %7s %7s %9s %18s %13s\n", "class", "both", "ours", "tshark", "differ", "equal", "or we are right", "or silent"
	for (c in total) {
		right = (count[c, "both"] + count[c, "right"]) * 100 / total[c]
		with_silence = right + count[c, "unknown"] * 100 / total[c]
		printf "%-22s %7d %7d %7d %7d %7.2f %% %16.2f %% %11.2f %%\n", c, count[c, "both"], count[c, "ours"], count[c, "tshark"],
			count[c, "differ"], count[c, "both"] * 100 / total[c], right, with_silence | "sort"
		if (silent)
			right = with_silence
		if (right < 99 && !(some && total[c] * (100 - right) / 100 <= 2))
			wrong(c ": less than 99 %")
	}
	close("sort")
	for (key in row)
		if (!some && !(key in met) && key !~ /^~/) {
			split(key, at, SUBSEP)
			wrong(table ":" where[key] ": no such difference: " at[1] " " at[2] " " at[3])
		}
	for (i = 0; i < complaints; i++)
		print complaint[i]
	exit complaints > 0
}
