# SPDX-License-Identifier: GPL-3.0-or-later
# For the scripts that kill flowdrill.
. "$top_srcdir/tests/cli/lib.sh"

now_us()
{
	echo "${EPOCHREALTIME/[.,]/}"
}

sleep_us()
{
	sleep "$(printf '%d.%06d' $(($1 / 1000000)) $(($1 % 1000000)))"
}

# opens STATUS ARG...: flowdrill, in less than two seconds.
opens()
{
	local began
	began=$(now_ms)
	fd "$@"
	quick "flowdrill $*" "$began" 2000
}

# All packets in the blocks of a store.
packets_of()
{
	local block
	for block in "$1"/blocks/*.pcapng; do
		[ ! -s "$block" ] || "$tool" print "$block"
	done
}
