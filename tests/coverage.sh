#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Branch coverage of a layer, file by file: coverage.sh BUILD-DIR [LAYER [FILE.c]]. With a file: its branches that were not taken.
#
# The build is one with --enable-coverage (and without --enable-devel: assertions are not compiled, so they do not count) in which tests
# were run. Every branch that gcc makes of the layer's .c files counts, be it for errors, damage or what should not
# happen; nothing is excluded. Headers do not count.
set -eu

build=${1:?usage: coverage.sh BUILD-DIR [LAYER [FILE.c]]}
layer=${2:-store}
only=${3:-}

cd "$build"
for notes in "src/$layer"/*.gcno; do
	[ -e "$notes" ] || { echo "$build: no src/$layer/*.gcno: configure with --enable-coverage" >&2; exit 1; }
	gcov -b -c -t "$notes" 2>/dev/null
done |
awk -v layer="src/$layer/" -v only="$only" '
	$2 ~ /^0:Source:/ {
		at = index($0, layer)
		file = at && $0 ~ /\.c$/ ? substr($0, at + length(layer)) : ""
		next
	}
	file == "" { next }
	$1 == "branch" {
		all[file]++
		if ($3 == "taken" && $4 > 0)
			taken[file]++
		else if (file == only)
			missed++
		next
	}
	$1 == "call" || $1 == "function" { next }
	file == only {
		if (missed)
			print missed " of " line
		missed = 0
		line = $0
	}
	END {
		if (only != "")
			exit
		for (file in all) {
			printf "%-26s %5d of %5d branches taken  %5.1f %%\n", file, taken[file], all[file], 100 * taken[file] / all[file] | "sort"
			sum += all[file]
			sum_taken += taken[file]
		}
		close("sort")
		printf "%-26s %5d of %5d branches taken  %5.1f %%\n", "all", sum_taken, sum, 100 * sum_taken / sum
	}'
