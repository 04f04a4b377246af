# SPDX-License-Identifier: GPL-3.0-or-later
# First file: numbers of frames that we say were captured twice; second: tshark's lines, in the order of `explain_twice` of
# tcp-tshark.sh. Lines as of tcp-compare.awk. Rules: `identical`, where a frame less than 100 ms before has the same IPv4
# identification, which is not 0, and is the same in all that TCP says; `alike`, where it has none that tells, less than 2 ms
# before.
BEGIN { FS = OFS = "\t" }
FNR == NR { twice[$1]; next }
{
	key = $3
	for (i = 4; i <= 11; i++)
		key = key SUBSEP $i
	if ($1 in twice) {
		passed = key in last ? $2 - last[key] : 1
		tells = $3 != "" && $3 !~ /^0x0+$/
		print file, "duplicate", $1, "ours", tells && passed < 0.1 ? "identical" : passed < 0.002 ? "alike" : "-", passed
	}
	last[key] = $2
}
