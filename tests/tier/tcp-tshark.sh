#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Packet by packet against tshark's TCP analysis: marks, round trips, connection setup, bytes in flight, for every capture
# of FLOWDRILL_CAPTURES and samples/, generated ones, and more that are named as arguments. Prints a table of the classes; every
# difference must have a row in tcp-differences.tsv, and 99 % of each class be equal or explained with us being right.
#
# Frames that we say were captured twice are compared in two steps: there must be another such frame, and the rest is compared
# with what tshark says of the capture without them. A capture with several interfaces is compared interface by
# interface, because for tshark they are one place.
# Takes longer than `make check` may: `make check-long`.
set -u
. "$top_srcdir/tests/tier/tshark-lib.sh"
. "$top_srcdir/tests/tier/tcp-lib.sh"
need_captures
need_tools tshark editcap

each_capture compare "$@"
for mix in imix small elephants longlived; do
	"$top_builddir/bench/flowdrill-gen" -o "$work/generated" --packets 20000 --mix $mix --seed 4 >/dev/null
	each_point compare "$work/generated" "generated-$mix"
done
judge "$here/tcp-differences.tsv"
