#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What is left of root's privileges, asked of the kernel afterwards.
set -u
tool=$top_builddir/tests/session/confine-tool
if [ "$(id -u)" != 0 ]; then
	echo "only root has privileges to give up"
	exit 77
fi
scratch=$(mktemp -d) || exit 99
trap 'rm -rf "$scratch"' EXIT
chmod 755 "$scratch"
cp "$tool" "$scratch/tool" || exit 99   # where `nobody` reaches it
cd "$scratch" || exit 99
echo outside >outside && chmod 666 outside
echo source >source && chmod 644 source
# leaks are looked for with rights that are given up
export ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0
unset SUDO_UID
failures=0 checks=0

fail()
{
	echo "FAIL: $*"
	sed 's/^/  /' out
	failures=$((failures + 1))
}

run()   # STATUS ARG...
{
	local want=$1 got=0
	shift
	checks=$((checks + 1))
	./tool "$@" >out 2>&1 || got=$?
	[ "$got" = "$want" ] || fail "tool $*: exit status $got, not $want"
}

says()
{
	local line
	for line in "$@"; do
		checks=$((checks + 1))
		grep -q -e "$line" out || fail "no '$line'"
	done
}

probes=(r:/etc/shadow "r:$scratch/outside" "w:$scratch/outside" "w:$scratch/new" "w:$scratch/store/new"
	"r:$scratch/store/new" "r:$scratch/source" "w:$scratch/source" r:/etc/hostname r:/usr/bin/env
	x:/usr/bin/env w:/dev/null r:/proc/self/status r:/proc/1/environ)
ids=$(id -u nobody)
run 0 -d "$scratch/store" -w "$scratch/store" -r "$scratch/source" "${probes[@]}"
says '^who nobody' "^Uid:.$ids.$ids.$ids.$ids\$" '^Groups:[[:space:]]*$' '^CapInh:.0000000000000000' \
	'^CapPrm:.0000000000000000' '^CapEff:.0000000000000000' '^CapBnd:.0000000000000000' \
	'^CapAmb:.0000000000000000' '^NoNewPrivs:.1' '^core 0 dumpable 0' \
	'^r:/etc/shadow EACCES' "^w:$scratch/new EACCES" "^w:$scratch/store/new ok" \
	"^r:$scratch/store/new ok" "^r:$scratch/source ok" '^r:/usr/bin/env ok' '^w:/dev/null ok' \
	"^w:$scratch/source EACCES" '^r:/proc/self/status ok' '^r:/proc/1/environ EACCES'
[ "$(stat -c '%U %a' store)" = 'nobody 700' ] || fail "the store is $(stat -c '%U %a' store)"
[ "$(stat -c '%U %a' store/new)" = 'nobody 600' ] || fail "the file is $(stat -c '%U %a' store/new)"
if grep -q "^note ''" out; then
	# modes would allow these: only Landlock does not
	says "^r:$scratch/outside EACCES" "^w:$scratch/outside EACCES" '^r:/etc/hostname EACCES' \
		'^x:/usr/bin/env EACCES'
else
	says '^note .*no Landlock'
	echo "no Landlock here: files that modes allow stay open"
fi

# who
run 2 -u no-such-user && says '^failed RC_USAGE no-such-user: no such user'
run 2 -u root && says '^failed RC_USAGE root: is root'
run 2 -u 0 && says '^failed RC_USAGE 0: is root'
other=$(awk -F: '$3 > 0 && $3 < 60000 && $4 > 0 { print $1; exit }' /etc/passwd)
SUDO_UID=$(id -u "$other") run 0 && says "^who $other\$" "^Uid:.$(id -u "$other")	"
SUDO_UID=0 run 0 && says '^who nobody'
SUDO_UID=-1 run 0 && says '^who nobody'
run 0 -u "$other" && says "^who $other\$"

# directories
mkdir mine && chmod 755 mine
run 3 -d "$scratch/mine" && says '^failed RC_DENIED .*mine: nobody cannot write there'
[ "$(stat -c '%U %a' mine)" = 'root 755' ] || fail "a directory that was there is changed"
run 2 -d "$scratch/source" && says 'is no directory'
run 3 -d "$scratch/none/store" && says '^failed RC_MISSING'
ln -s /etc trap && run 3 -d "$scratch/trap"
[ "$(stat -c %U /etc)" = root ] || fail "/etc is given away through a symbolic link"
(umask 0777; ./tool -d "$scratch/store2" >out) || fail "a umask of 0777"
[ "$(stat -c '%U %a' store2)" = 'nobody 700' ] || fail "a umask is obeyed"

# what cannot be given up
run 3 -t && says '^failed RC_UNSUPPORTED threads'
run 3 -w "$scratch/none" && says '^failed RC_MISSING'
if command -v setpriv >/dev/null; then
	checks=$((checks + 1))
	setpriv --bounding-set=-setuid ./tool >out && fail "cannot setuid, and goes on"
	says '^failed RC_DENIED nobody: cannot become this user'
	setpriv --bounding-set=-setpcap ./tool >out && fail "cannot empty the bounding set, and goes on"
	says '^failed RC_DENIED capabilities: '
	# no root, but capabilities: they go too
	setpriv --reuid="$other" --clear-groups --regid="$(id -g "$other")" --inh-caps=+net_raw \
		--ambient-caps=+net_raw ./tool >out || fail "as an ordinary user with capabilities"
	says "^who $other\$" '^CapEff:.0000000000000000' '^CapPrm:.0000000000000000' \
		'^CapAmb:.0000000000000000' '^NoNewPrivs:.1'
	setpriv --reuid="$other" --clear-groups ./tool -u nobody >out && fail "no root, and becomes another"
	says '^failed RC_USAGE nobody: only root can become another user'
fi

echo "$checks checks, $failures failures"
[ "$failures" = 0 ]
