#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Completion knows the subcommands and options that the program has; bash completes with it. GENERATE=1 writes it anew.
set -u
new=$(mktemp)
trap 'rm -f "$new"' EXIT
failed=0

# check FILE SHELL: the file is what the tables say
check()
{
	local file=$top_srcdir/contrib/$1

	"$top_builddir/tests/cli/dump_completion" "$2" >"$new" || exit 99
	if [ "${GENERATE-}" = 1 ]; then
		cat "$new" >"$file"
	elif ! diff -u "$file" "$new"; then
		echo "FAILED: contrib/$1 is not what the program takes: GENERATE=1 make check"
		failed=1
	fi
}

check flowdrill.bash bash
check _flowdrill zsh
# shellcheck source=/dev/null
. "$top_srcdir/contrib/flowdrill.bash" || exit 1

# completes WORDS...: the last word's, in $COMPREPLY
completes()
{
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	COMPREPLY=()
	_flowdrill 2>/dev/null
}

# offers WORD: whether it was among them
offers()
{
	printf '%s\n' "${COMPREPLY[@]}" | grep -qxe "$1" || { echo "FAILED: ${COMP_WORDS[*]}: no $1 in: ${COMPREPLY[*]}"; failed=1; }
}

completes flowdrill re
offers related
completes flowdrill list --gro
offers --group-by
completes flowdrill list --no
offers --no-cache
completes flowdrill list --format j
offers json
completes flowdrill list mi
offers microflows
completes flowdrill --con
offers --config
completes flowdrill capture --when-full ""
offers rotate
completes flowdrill import --gro
[ "${#COMPREPLY[@]}" = 0 ] || { echo "FAILED: import has no --group-by"; failed=1; }
cd "$top_srcdir/samples" && completes flowdrill -r sho
offers shop.pcapng
if command -v zsh >/dev/null; then
	zsh -n "$top_srcdir/contrib/_flowdrill" || failed=1
fi
exit $failed
