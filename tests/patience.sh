# SPDX-License-Identifier: GPL-3.0-or-later
# How long scripts wait: as patience.h has it. `hung` is for `timeout`: what takes so many seconds never ends.
patience=20
[ -z "${FLOWDRILL_TEST_TIMES-}" ] || patience=1
hung=600

now_ms()
{
	local us=${EPOCHREALTIME/[.,]/}
	echo $((us / 1000))
}

# wait_until SECONDS COMMAND...: until it succeeds, for so long (with patience) at most.
wait_until()
{
	local end=$((EPOCHSECONDS + 1 + $1 * patience))
	shift
	until "$@"; do
		[ "$EPOCHSECONDS" -le "$end" ] || return 1
		sleep 0.05
	done
}

# quick WHAT BEGAN MS: since BEGAN (of now_ms) no more than so many milliseconds went by, with patience; $took has how many.
quick()
{
	took=$(($(now_ms) - $2))
	[ "$took" -le $(($3 * patience)) ] || fail "$1: after $took ms, $3 allowed, $patience times where others are about"
}
