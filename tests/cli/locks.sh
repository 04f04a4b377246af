#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# One writer, many readers: a second writer, a lock whose owner died, a store that cannot be written, one whose mount is lost.
# As root in namespaces of its own; else what needs root is left out, and that is said.
if [ "$(id -u)" -eq 0 ] && [ -z "${locks_inside-}" ] && unshare -m -n true 2>/dev/null; then
	locks_inside=1 exec unshare -m -n --propagation private bash "$0" "$@"
fi
. "$top_srcdir/tests/cli/lib.sh"

gone()
{
	! kill -0 "$1" 2>/dev/null
}

# ended PID: its status into $status; a process that hangs is killed, and that is a failure
ended()
{
	local pid=$1
	wait_until 20 gone "$pid" || {
		fail "$2 hangs"
		kill -9 "$pid"
	}
	wait "$pid" 2>/dev/null
	status=$?
	checks=$((checks + 1))
	[ "$status" -lt 128 ] || fail "$2: ended by a signal ($status)"
}

fd 0 import -s a.fdr cap/basic.pcap
fd 0 list packets -s a.fdr --format csv
cp out whole.csv

# ---- stale: the file stays, and names a process that is dead, or lives and is another one; nobody holds it
sleep 0.01 &
dead=$!
wait $dead
for pid in $dead $$ 1 '' 'no number'; do
	echo "$pid" >a.fdr/lock
	fd 0 check -s a.fdr --repair
	fd 0 list packets -s a.fdr --format csv
	same whole.csv out "with a lock that names '$pid'"
done

# ---- held: the second is refused at once, by the pid
exec 9<>a.fdr/lock
flock 9 || fail "cannot lock"
echo $$ >a.fdr/lock
for command in "import -s a.fdr cap/basic.pcap" "check -s a.fdr --repair"; do
	from=$(now_ms)
	fd 3 $command
	quick 'a second writer is refused' "$from" 1000
	says "a.fdr: in use by another writer (pid $$)"
done
echo "a second writer was refused after $took ms"
fd 0 list packets -s a.fdr --format csv
same whole.csv out "beside a writer"
exec 9>&-
fd 0 import -s a.fdr cap/basic.pcap

# reads STORE LINES: everything that reads does; writers are refused
reads()
{
	local id
	fd 0 list packets -s "$1" --format csv
	lines "$2"
	id=$(sed -n 2p out | cut -d, -f1)
	fd 0 show -s "$1" "$id"
	for tier in macroflows flows microflows blocks points; do
		fd 0 list $tier -s "$1" --format csv
	done
	fd 0 stats -s "$1" --format json
	fd 0 check -s "$1"
	fd 0 export -s "$1" -w - >/dev/null
	fd 3 import -s "$1" cap/basic.pcap
	says "$1.*\(Read-only file system\|Permission denied\)"
	fd 3 check -s "$1" --repair
	says "$1.*\(Read-only file system\|Permission denied\)"
}

if [ -z "${locks_inside-}" ]; then
	chmod -R a-w a.fdr
	# root without namespaces, as in a container, writes all the same
	[ -w a.fdr ] && echo "nothing about directories that may not be written" || binary=1 reads a.fdr 59
	chmod -R u+w a.fdr
	echo "without namespaces, or root: nothing about mounts"
	done_testing
	exit
fi

# ---- a directory that we may not write
chmod 755 . cap
cp -a a.fdr dir.fdr
chown -R 65534 dir.fdr
chmod -R a-w dir.fdr
mkdir home
chown 65534 home
real=$FLOWDRILL
as_nobody()
{
	HOME=$scratch/home XDG_CACHE_HOME=$scratch/home setpriv --reuid 65534 --clear-groups --inh-caps=-all "$real" "$@"
}
if as_nobody --version >/dev/null 2>&1; then
	FLOWDRILL=as_nobody
	binary=1 reads dir.fdr 59
	FLOWDRILL=$real
else
	echo "no read-only directory: nobody may not run the program where it lies"
fi

# ---- a mount that is read-only
mkdir ro.fdr
mount --bind a.fdr ro.fdr && mount -o remount,bind,ro ro.fdr || fail "cannot mount"
binary=1 reads ro.fdr 59
umount ro.fdr

# ---- a mount that goes away under a reader and a writer
mkdir lost
mount -t tmpfs -o size=200m,mode=777 none lost
ip link set lo up
"$FLOWDRILL" capture -s lost/s.fdr -i lo --sync-interval 100ms 2>capture.err &
writer=$!
wait_until 10 test -s lost/s.fdr/lock || fail "the recorder did not begin"
for i in $(seq 200); do
	echo "some payload $i" >/dev/udp/127.0.0.1/9
done
some_packets()
{
	"$FLOWDRILL" list packets -s lost/s.fdr --format csv 2>/dev/null | grep -q '^p'
}
wait_until 10 some_packets || fail "nothing was recorded"
fd 3 import -s lost/s.fdr cap/basic.pcap
says "in use by another writer (pid $(head -1 lost/s.fdr/lock))"
mkfifo pipe
"$FLOWDRILL" list packets -s lost/s.fdr --format csv >pipe 2>reader.err &
reader=$!
exec 7<pipe
umount -l lost || fail "cannot unmount"
for i in $(seq 200); do
	echo "more payload $i" >/dev/udp/127.0.0.1/9
done
cat <&7 >reader.out
ended $reader "a reader of a lost mount"
[ "$status" -eq 0 ] || grep -q '^flowdrill: .*: ' reader.err || fail "the reader ended with $status without a word"
fd 3 list packets -s lost/s.fdr
says 'lost/s.fdr: '
fd 3 import -s lost/none.fdr/x cap/nowhere.pcap
sleep 1
kill -INT $writer 2>/dev/null
ended $writer "a recorder of a lost mount"
sed 's/^/recorder: /' capture.err
[ "$status" -eq 0 ] || grep -q '^flowdrill: .*lost/s.fdr' capture.err || fail "the recorder ended with $status without a word"

# ---- a recorder that is killed leaves nothing that is in the way
mkdir killed
chmod 777 killed
"$FLOWDRILL" capture -s killed/s.fdr -i lo --sync-interval 100ms 2>capture.err &
writer=$!
wait_until 10 test -s killed/s.fdr/lock || fail "the recorder did not begin"
kill -9 $writer
wait $writer 2>/dev/null
fd 0 import -s killed/s.fdr cap/basic.pcap
done_testing
