#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# check-layers.sh lets what is allowed pass and catches what is planted.
set -u
check=$(cd "$(dirname "$0")" && pwd)/check-layers.sh
tree=$(mktemp -d) || exit 99
trap 'rm -rf "$tree"' EXIT
failed=0

# A small tree without a fault.
fresh_tree()
{
	rm -rf "$tree/src"
	mkdir -p "$tree"/src/{base,file,flow,decode,capture,store,tier,query,session,out,cli,ui}
	echo '#include "cli/cli.h"' >"$tree/src/main.c"
	printf '#include <stdio.h>\n#include <xxhash.h>\n' >"$tree/src/base/hash.c"
	printf '#include "config.h"\n#include "flow/key.h"\n#include <sqlite3.h>\n' \
		>"$tree/src/store/catalog.c"
	printf '#include "session/session.h"\n#include "ui/term.h"\n#include <ncurses.h>\n' \
		>"$tree/src/ui/term_curses.c"
	printf '#include <pcap/pcap.h>\n#include <zstd.h>\n' >"$tree/src/capture/file.c"
}

# catches FILE TEXT: the check fails and names FILE when TEXT is in it.
catches()
{
	local out

	fresh_tree
	mkdir -p "$(dirname "$tree/$1")"
	printf '\n%s\n' "$2" >"$tree/$1"
	if out=$("$check" "$tree") || [[ $out != *"$1:2: "* ]]; then
		printf 'not caught: %s in %s\n%s\n' "$2" "$1" "$out"
		failed=1
	fi
}

fresh_tree
if ! out=$("$check" "$tree"); then
	printf 'a tree without a fault does not pass:\n%s\n' "$out"
	failed=1
fi
rm -rf "$tree/src" && mkdir "$tree/src"
if "$check" "$tree" >/dev/null; then
	echo 'an empty tree passes'
	failed=1
fi

catches src/base/err.c '#include "file/file.h"'
catches src/store/block.c '#include "decode/decode.h"'
catches src/store/block.h '#include "capture/capture.h"'
catches src/tier/merge.c '# include <capture/capture.h>'
catches src/query/plan.c '	#	include	"session/session.h"'
catches src/ui/view.c '#include "cli/cli.h"'
catches src/ui/view.c '#include "capture/source.h"'
catches src/cli/list.c '#include "ui/ui.h"'
catches src/main.c '#include "session/session.h"'
catches src/flow/key.c '#include "../tier/tier.h"'
catches src/flow/key.c '#include "field.h"'
catches src/flow/key.c '#include "./field.h"'
catches src/session/live.c '#include <pcap.h>'
catches src/store/store.c '#include <sqlite3.h>'
catches src/store/catalog.h '#include <sqlite3.h>'
catches src/ui/view.c '#include <curses.h>'
catches src/ui/canvas.c '#include <ncursesw/ncurses.h>'
catches src/ui/term_curses.c '#include <readline/readline.h>'
catches src/tier/pack.c '#include <zlib.h>'
catches src/cli/list.c '#include <json-c/json.h>'
catches src/flow/key.c '#include <xxhash.h>'
catches src/base/hash.c '#include <sha1.h>'

if ! out=$(fresh_tree; mkdir "$tree/src/extra"; echo 'int x;' >"$tree/src/extra/x.c"
	"$check" "$tree") && [[ $out == *"src/extra/x.c:1: "* ]]; then
	:
else
	echo 'a new directory under src/ is not caught'
	failed=1
fi
exit $failed
