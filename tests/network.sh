# SPDX-License-Identifier: GPL-3.0-or-later
# For scripts that send frames: a network namespace of their own, with veth pairs.
. "$top_srcdir/tests/patience.sh"

# own_network [OPTION...]: begins the script again in namespaces of network and mounts; where that is not allowed, it is skipped. The
# options are tried in turn, each for a call of unshare; without any, only root may.
own_network()
{
	local how program
	[ -z "${NETWORK_INSIDE-}" ] || return 0
	for program in ip unshare; do
		command -v $program >/dev/null || { echo "no $program here"; exit 77; }
	done
	[ $# -gt 0 ] || [ "$(id -u)" = 0 ] || { echo "only root may record here"; exit 77; }
	for how in "${@:--nm}"; do
		unshare "$how" ip link add v0 type veth peer name v1 2>/dev/null || continue
		NETWORK_INSIDE=1 exec unshare "$how" bash "$0"
	done
	echo "network namespaces with veth interfaces are not allowed here"
	exit 77
}

# veth_pair A B: both up, and silent but for what is sent by us.
veth_pair()
{
	local device
	ip link add "$1" type veth peer name "$2" || return 1
	for device in "$1" "$2"; do
		ip link set "$device" addrgenmode none 2>/dev/null # fails where there is no IPv6, which is as silent
		ip link set "$device" arp off up || return 1
	done
}

no_backlog()
{
	awk 'NF > 11 && $12 !~ /^0*$/ { left = 1 } END { exit left }' /proc/net/softnet_stat
}

# Until the kernel has handed over what was sent: where it is busy it does so later, and who has stopped listening misses it.
frames_arrived()
{
	wait_until 10 no_backlog || echo "frames are still on their way"
}

# own_sysfs: that of the namespace; the other one's stays where that is not allowed
own_sysfs()
{
	mount -t sysfs sysfs /sys 2>/dev/null
}
