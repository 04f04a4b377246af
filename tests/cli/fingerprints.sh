#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What the index keeps of payload: indexes, stores and blocks keep the choice, and bytes depend on packets alone.
. "$top_srcdir/tests/cli/lib.sh"
shop=$top_srcdir/samples/shop.pcapng

# ---- the index in the cache goes with its choice ------------------------------------------------
fd 0 stats -r "$shop"
prints 'fingerprints  *sparse$'
fd 0 stats -r "$shop" --fingerprints sparse
silent
fd 0 stats -r "$shop" --fingerprints off
says 'other fingerprints: made anew'
prints 'fingerprints  *off$'
fd 0 stats -r "$shop"
silent
prints 'fingerprints  *off$'
fd 0 stats -r "$shop" --fingerprints full --format json
says 'other fingerprints: made anew'
prints '"fingerprints": *"full"'

# ---- stores -------------------------------------------------------------------------------------
for how in off sparse full; do
	for threads in 1 8; do
		fd 0 import -s $how.$threads.fdr --fingerprints $how --threads $threads "$shop"
	done
	cmp -s $how.1.fdr/index/00000001.idx $how.8.fdr/index/00000001.idx || fail "$how depends on the threads"
	fd 0 dump $how.1.fdr/index/00000001.idx
	cp $how.1.fdr/index/00000001.idx $how.idx
	awk '/^  prints / { print $2 }' out >$how.prints
	rm -rf $how.1.fdr/index
	fd 0 check -s $how.1.fdr --repair
	cmp -s $how.1.fdr/index/00000001.idx $how.idx || fail "$how: another index from the blocks"
	fd 0 check -s $how.1.fdr
	fd 0 stats -s $how.1.fdr
	prints "fingerprints  *$how\$"
done
[ "$(cat off.prints)" -eq 0 ] || fail "off: $(cat off.prints) bytes of fingerprints"
[ "$(cat sparse.prints)" -gt 1000 ] || fail "sparse: $(cat sparse.prints) bytes"
[ "$(cat full.prints)" -gt $((4 * $(cat sparse.prints))) ] || fail "full: $(cat full.prints) bytes, sparse: $(cat sparse.prints)"
fd 2 import -s off.8.fdr --fingerprints full "$shop"
says '--fingerprints: the store has others'
fd 0 import -s full.8.fdr --fingerprints full cap/basic.pcap
fd 0 check -s full.8.fdr

fd 2 stats -r "$shop" --fingerprints some
says "--fingerprints: 'some'"
done_testing
