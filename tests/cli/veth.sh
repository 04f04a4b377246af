# SPDX-License-Identifier: GPL-3.0-or-later
# For scripts that record: two veth pairs, v0 - v1 and w0 - w1, in a network namespace of the script's own, which begins again
# inside; then lib.sh, and a recorder in the background. Frames are sent into v0 and w0, and recorded at v1 and w1.
. "$top_srcdir/tests/network.sh"
own_network
command -v setpriv >/dev/null || { echo "no setpriv here"; exit 77; }
unset SUDO_UID SUDO_GID XDG_STATE_HOME
export ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 # which needs rights that are given up
. "$top_srcdir/tests/cli/lib.sh"
flood=$top_builddir/tests/capture/flood-tool
recorder=
trap '[ -z "$recorder" ] || kill -KILL "$recorder" 2>/dev/null; cd /; umount -q "$scratch"/*/ 2>/dev/null; rm -rf "$scratch"' EXIT
chmod 711 "$scratch" # the recorder is not root any more
own_sysfs
veth_pair v0 v1 && veth_pair w0 w1 || exit 99

said_or_gone()
{
	grep -q -e "$1" said || ! kill -0 "$recorder" 2>/dev/null
}

# wait_said PATTERN: until ./said has it.
wait_said()
{
	wait_until 20 said_or_gone "$1"
	grep -q -e "$1" said && return
	fail "the recorder did not say '$1'"
	sed 's/^/  said: /' said
}

# begin ARG...: flowdrill capture in the background; what it says is in ./said.
begin()
{
	: >said
	"$FLOWDRILL" capture "$@" >/dev/null 2>said </dev/null &
	recorder=$!
	wait_said 'recording'
}

# finish SIGNAL STATUS: ends it, or waits for its end where SIGNAL is empty.
finish()
{
	local status=0
	checks=$((checks + 1))
	[ -z "$1" ] || kill "-$1" "$recorder"
	wait "$recorder" || status=$?
	recorder=
	[ "$status" = "$2" ] && return
	fail "a recorder ended by '$1' with exit status $status, not $2"
	sed 's/^/  said: /' said
}

# is WHAT GOT WANT
is()
{
	checks=$((checks + 1))
	[ "$2" = "$3" ] || fail "$1: $2, not $3"
}

# sent IFACE COUNT SIZE RATE [FLOWS]
sent()
{
	"$flood" "$@" >/dev/null || fail "flood-tool $*"
	frames_arrived
}

# packets_in STORE TIER: as this tier counts them.
packets_in()
{
	if [ "$2" = packets ]; then
		"$FLOWDRILL" list packets -s "$1" --format csv --fields frame 2>/dev/null | tail -n +2 | wc -l
	else
		"$FLOWDRILL" list "$2" -s "$1" --format csv --fields packets 2>/dev/null | awk 'NR > 1 { n += $1 } END { print n + 0 }'
	fi
}

# said_sums IFACE: received, stored, refused and dropped, as it was said last.
said_sums()
{
	sed -n "s/^flowdrill: $1: \([0-9]*\) received, \([0-9]*\) stored, \([0-9]*\) refused, \([0-9]*\) dropped, .*/\1 \2 \3 \4/p" \
		said | tail -n 1
}
