#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# An application that no parser of ours knows: with nDPI it is named on every tier, packets included, and in filters; without it nowhere.
. "$top_srcdir/tests/cli/lib.sh"

# be32 N, be16 N: bytes for printf, big-endian
be32() { printf '\\x%02x\\x%02x\\x%02x\\x%02x' $(($1 >> 24)) $(($1 >> 16 & 255)) $(($1 >> 8 & 255)) $(($1 & 255)); }
be16() { printf '\\x%02x\\x%02x' $(($1 >> 8)) $(($1 & 255)); }

# packet SECONDS: 192.0.2.1:40000 asks 198.51.100.2:5000
packet()
{
	local text='M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 1\r\nST: ssdp:all\r\n\r\n' n
	n=$(printf "$text" | wc -c)
	printf "$(be32 "$1")$(be32 0)$(be32 $((n + 42)))$(be32 $((n + 42)))"
	printf '\2\0\0\0\0\2\2\0\0\0\0\1\10\0'
	printf "\\x45\\0$(be16 $((n + 28)))\\0\\0\\0\\0\\x40\\x11\\0\\0\\xc0\\0\\2\\1\\xc6\\x33\\x64\\2"
	printf "$(be16 40000)$(be16 5000)$(be16 $((n + 8)))\\0\\0$text"
}
# two slices of microflows: what was told in the first is known in the second
{
	printf "$(be32 0xa1b2c3d4)$(be16 2)$(be16 4)$(be32 0)$(be32 0)$(be32 65535)$(be32 1)"
	for second in 100 100 101 102 103 108 109; do
		packet $second
	done
} >search.pcap
want=
! grep -q '^#define HAVE_NDPI 1' "$top_builddir/config.h" || want=ssdp

for tier in packets microflows flows macroflows; do
	fd 0 list $tier -r search.pcap --fields app --format csv
	[ "$(tail -n +2 out | sort -u)" = "$want" ] || fail "$tier: $(cat out)"
	fd $([ -n "$want" ] && echo 0 || echo 1) list $tier -r search.pcap 'app = "ssdp"'
done
fd 0 --keys 'Enter Enter Enter' --size 120x12 search.pcap
[ -z "$want" ] || prints ' ssdp udp len 94 '
done_testing
