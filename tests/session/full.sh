#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A recorder whose disk is full, on a tmpfs of 5 MB and on an ext4 in a file, with both policies: sums are exact, the store is whole
# and readable, a screen over it lives, and the same store goes on when there is room. Then an index whose own device is full.
. "$top_srcdir/tests/cli/veth.sh"
who=$(id -u nobody) || exit 99

# disk KIND SIZE_KB: ./disk is new and empty.
disk()
{
	umount disk 2>/dev/null
	mkdir -p disk
	if [ "$1" = tmpfs ]; then
		mount -t tmpfs -o "size=$2k" none disk || return 1
	else
		truncate -s "$2k" image && mkfs.ext4 -q -F -m 0 image && mount -o loop image disk || return 1
	fi
	chown "$who" disk && chmod 755 disk
}

# sums STORE WHEN: what was said is what the store says, and adds up; ${sums[1]} is what was stored, in all.
sums()
{
	local row
	read -ra sums <<<"$(said_sums v1)"
	is "$2: received" "${sums[0]}" $((sums[1] + sums[2] + sums[3]))
	fd 0 list points -s "$1" --format csv --fields received,refused,dropped
	row=$(tail -n 1 out)
	is "$2: received, refused, dropped in the store" "$row" \
		"$((sums[0] + base[0])),$((sums[2] + base[2])),$((sums[3] + base[3]))"
}

# sound STORE WHEN: nothing is wrong with it; every tier has the same packets.
sound()
{
	local tier n
	fd 0 check -s "$1"
	prints ' 0 problems'
	n=$(packets_in "$1" packets)
	for tier in microflows flows macroflows; do
		is "$2: packets in $tier" "$(packets_in "$1" $tier)" "$n"
	done
	echo "$2: $n packets in the store"
}

# A screen over the store, which is recorded meanwhile.
screen()
{
	checks=$((checks + 1))
	printf 'wait idle\ndump -\nkey Enter\nwait idle\ndump -\nkey Escape\n' >keys
	timeout $hung "$FLOWDRILL" -s "$1" --script keys --size 100x30 >screen 2>err </dev/null || fail "a screen over a full disk: $(cat err)"
	grep -q '10\.99\.0\.2' screen || { fail "the screen shows nothing"; head -n 20 screen; }
}

# full_disk KIND SIZE_KB POLICY
full_disk()
{
	local when="$1, $3" began
	disk "$1" "$2" || { echo "$when: not here"; return; }
	head -c 1500000 /dev/zero >disk/ballast
	base=(0 0 0 0)
	began=$(now_ms)
	begin -s disk/s.fdr -i v1 --block-size 1Mi --when-full "$3"
	sent v0 8000 1000 4000 7
	if [ "$3" = stop ]; then
		finish '' 4
		grep -q 'full: recording has ended' said || fail "$when: nothing is said of why it ended"
	else
		screen disk/s.fdr
		sent v0 1000 1000 2000 7
		finish INT 0
		grep -q '[1-9][0-9]* blocks evicted' said || fail "$when: nothing was evicted"
	fi
	sums disk/s.fdr "$when"
	sound disk/s.fdr "$when"
	base=("${sums[@]}")
	rm disk/ballast
	begin -s disk/s.fdr -i v1 --when-full "$3"
	sent v0 500 1000 2000 7
	finish INT 0
	is "$when: stored with room" "${sums2:=$(said_sums v1)}" '500 500 0 0'
	unset sums2
	sums disk/s.fdr "$when, with room"
	sound disk/s.fdr "$when, with room"
	echo "$when: $(($(now_ms) - began)) ms"
}

for policy in rotate stop; do
	full_disk tmpfs 5120 $policy
	full_disk ext4 8192 $policy
done

# ---- an index whose device is full ----------------------------------------------------------------

disk tmpfs 1024 || { echo "no tmpfs here"; [ "$failures" -eq 0 ] && exit 77; exit 1; }
mkdir live && chmod 711 live
base=(0 0 0 0)
began=$(now_ms)
begin -s live/i.fdr -i v1 --index-dir "$scratch/disk"
for ((i = 0; i < 6; i++)); do
	sent v0 5000 60 5000 5000
done
wait_said 'full'
answers()
{
	[ "$(grep -c '^flowdrill: v1: ' said)" -gt "$before" ]
}
before=$(grep -c '^flowdrill: v1: ' said)
kill -USR1 "$recorder"
wait_until 5 answers || fail "a recorder whose index has no room does not answer"
began=$(now_ms)
# 4 where not even the catalog's last words had room: packets and counters are what they are
kill -INT "$recorder"
wait "$recorder"
status=$?
recorder=
case $status in
0 | 4) ;;
*) fail "a recorder whose index has no room ended with exit status $status" ;;
esac
echo "index full: exit status $status, left after $(($(now_ms) - began)) ms; $(said_sums v1) (received, stored, refused, dropped)"
read -ra sums <<<"$(said_sums v1)"
is 'index full: received' "${sums[0]}" $((sums[1] + sums[2] + sums[3]))
is 'index full: all that was sent' "${sums[0]}" 30000
mount -o remount,size=64m disk
begin -s live/i.fdr -i v1
finish INT 0
is 'index full, then room: packets' "$(packets_in live/i.fdr packets)" "${sums[1]}"
sound live/i.fdr 'index full, then room'
done_testing
