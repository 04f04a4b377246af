#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Under any umask a store's directories are 0700 and its files 0600, SQLite's own too, and so is what is exported;
# nothing is written through a symbolic link.
. "$top_srcdir/tests/cli/lib.sh"
capture=$(find cap -name '*.pcap*' -size +1k | sort | head -n 1)

# modes DIR: every file and directory that is not as it has to be
modes()
{
	find "$1" -type d ! -perm 0700 -o -type f ! -perm 0600
}

for mask in 0 022 077 0777; do
	umask $mask
	fd 0 import -s store.$mask "$capture"
	fd 0 list flows -s store.$mask
	fd 0 export -r "$capture" -w export.$mask.pcapng
	fd 0 export -r "$capture" -w export.$mask.pcapng --force
	fd 0 export --sqlite tables.$mask.db flows -r "$capture"
	umask 022
	wrong=$(modes store.$mask; modes export.$mask.pcapng; modes tables.$mask.db; modes "$XDG_CACHE_HOME")
	checks=$((checks + 1))
	[ -z "$wrong" ] || fail "umask $mask: $(echo "$wrong" | xargs ls -ld)"
	rm -rf "$XDG_CACHE_HOME"
done
[ "$(find store.0 -name '*.db' | wc -l)" -gt 0 ] || fail "no catalog"

# while it is written there are -wal, -shm and the lock
mkdir watched
umask 0
(
	for i in $(seq 20); do
		"$FLOWDRILL" import -s watched/store "$capture" 2>/dev/null
	done
) &
importer=$!
seen=''
while kill -0 $importer 2>/dev/null; do
	# what is removed meanwhile has no mode, and find would call that a wrong one
	wrong=$(find watched/store -print0 2>/dev/null | xargs -0 -r stat -c '%a %F %n' 2>/dev/null |
		grep -Ev '^(700 directory|600 regular( empty)? file) ')
	[ -z "$wrong" ] || { fail "while it is written: $wrong"; break; }
	[ -e watched/store/index/catalog.db-wal ] && seen=1
done
wait $importer
umask 022
checks=$((checks + 1))
[ -n "$seen" ] || echo "the write-ahead log was never seen"

# symbolic links
echo precious >precious
ln -s precious link.pcapng
ln -s nowhere dangling.pcapng
for force in '' --force; do
	fd 2 export -r "$capture" -w link.pcapng $force
	says 'symbolic link'
	fd 2 export -r "$capture" -w dangling.pcapng $force
	says 'symbolic link'
done
ln -s precious link.db
fd 2 export --sqlite link.db flows -r "$capture" --force
[ "$(cat precious)" = precious ] || fail "a file was written through a symbolic link"
[ -e nowhere ] && fail "a file was made through a symbolic link"
fd 2 export -r "$capture" -w export.0.pcapng
says 'exists already'

# replaced whole: who has the old one open keeps it
ln export.0.pcapng old.pcapng
before=$(md5sum <old.pcapng)
fd 0 export -r "$capture" -w export.0.pcapng --force
[ "$(md5sum <old.pcapng)" = "$before" ] || fail "the old file was written over"
[ "$(stat -c %i old.pcapng)" != "$(stat -c %i export.0.pcapng)" ] || fail "the file was not replaced"
[ -z "$(find . -maxdepth 1 -name 'export.0.pcapng.*')" ] || fail "something is left beside it"
done_testing
