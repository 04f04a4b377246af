# SPDX-License-Identifier: GPL-3.0-or-later
# For the scripts of tests/cli: a scratch directory with the captures of capture-tool, and checks that say what they saw.
# The script ends with `done_testing`.
set -u
. "$top_srcdir/tests/patience.sh"
tool=$top_builddir/tests/cli/capture-tool
scratch=$(mktemp -d) || exit 99
trap 'rm -rf "$scratch"' EXIT
export XDG_CACHE_HOME=$scratch/cache
cd "$scratch" || exit 99
mkdir cap
"$tool" make cap >made || exit 99
failures=0
checks=0

fail()
{
	echo "FAIL: $*"
	failures=$((failures + 1))
}

# fd STATUS ARG...: runs flowdrill; its output is in ./out and ./err.
fd()
{
	local want=$1 got=0
	shift
	checks=$((checks + 1))
	"$FLOWDRILL" "$@" >out 2>err </dev/null || got=$?
	if [ "$got" -ne "$want" ]; then
		fail "flowdrill $*: exit status $got, not $want"
		sed 's/^/  err: /' err
	fi
	# one line each, and nothing that a terminal would obey
	if grep -qv '^flowdrill: .*: ' err && ! grep -q '^plan ' err; then
		fail "flowdrill $*: a message that is not 'flowdrill: WHAT: WHY'"
		sed 's/^/  err: /' err
	fi
	if LC_ALL=C grep -q $'[\001-\010\013-\037\177]' out err && [ -z "${binary-}" ]; then
		fail "flowdrill $*: control characters in the output"
	fi
}

# says PATTERN...: standard error has a line with each.
says()
{
	local pattern
	for pattern in "$@"; do
		grep -q -e "$pattern" err && continue
		fail "no message with '$pattern'"
		sed 's/^/  err: /' err
	done
}

silent()
{
	[ ! -s err ] && return
	fail "something was said on standard error"
	sed 's/^/  err: /' err
}

# prints PATTERN...: standard output has a line with each.
prints()
{
	local pattern
	for pattern in "$@"; do
		grep -q -e "$pattern" out && continue
		fail "no output with '$pattern'"
		sed 's/^/  out: /' out | head -n 20
	done
}

# poke FILE OFFSET BYTES: overwrites
poke()
{
	printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

lines()
{
	local n
	n=$(wc -l <out)
	[ "$n" -eq "$1" ] && return
	fail "$n lines, not $1"
	sed 's/^/  out: /' out | head -n 20
}

# same FILE FILE WHAT
same()
{
	checks=$((checks + 1))
	cmp -s "$1" "$2" && return
	fail "$3: $1 and $2 differ"
	diff "$1" "$2" | head -n 10
}

# golden NAME: ./out is tests/cli/golden/NAME; GENERATE=1 writes it.
golden()
{
	local file=$top_srcdir/tests/cli/golden/$1
	checks=$((checks + 1))
	if [ -n "${GENERATE-}" ]; then
		mkdir -p "${file%/*}"
		cp out "$file"
	fi
	diff -u "$file" out && return
	fail "golden $1 differs"
}

done_testing()
{
	echo "$checks checks, $failures failures"
	[ "$checks" -gt 0 ] && [ "$failures" -eq 0 ]
	exit
}
