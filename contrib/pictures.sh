#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Pictures of the screen, as the program draws it: contrib/pictures.sh DIR [FLOWDRILL [CAPTURE]] writes an SVG of each view into DIR.
# contrib/screen.svg, the one in README.md, is 'services' at 120x38; it and the text ones there are written by
# GENERATE=1 make check TESTS=tests/ui/readme.sh.
set -eu
dir=${1:?usage: contrib/pictures.sh DIR [FLOWDRILL [CAPTURE]]}
here=$(cd "$(dirname "$0")" && pwd)
flowdrill=${2:-flowdrill}
capture=${3:-$here/../samples/shop.pcapng}
size=${SIZE:-120x34}
mkdir -p "$dir"
while read -r name keys; do
	"$flowdrill" --no-cache --keys "$keys" --ansi --size "$size" "$capture" | python3 "$here/ansi2svg.py" >"$dir/$name.svg"
	echo "$dir/$name.svg"
done <<'END'
services e
flows e Enter
microflows e Enter Enter
packets e Enter Enter Enter
packet e Enter Enter Enter Enter
stream e Enter Enter v
ladder e Enter Enter d
related e Enter Enter r
top T
groups gs
chart t
help ?
END
