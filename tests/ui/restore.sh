#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What is remembered over runs: where a file was left, settings, columns, named filters; and the configuration.
set -u
. "$top_srcdir/tests/patience.sh"
shop=$top_srcdir/samples/shop.pcapng
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export XDG_STATE_HOME=$dir/state XDG_CONFIG_HOME=$dir/config XDG_CACHE_HOME=$dir/cache INPUTRC=/dev/null
[ -r "$shop" ] || { echo "no samples/shop.pcapng"; exit 77; }
cp "$shop" "$dir/shop.pcapng" || exit 99
failed=0

# run NAME OPTION...: the script on standard input; what it says goes to $dir/err
run()
{
	local name=$1
	shift
	cat >"$dir/script"
	timeout $hung "$FLOWDRILL" --script "$dir/script" --size 80x24 "$@" "$dir/shop.pcapng" >"$dir/out" 2>"$dir/err" ||
		{ echo "FAILED: $name"; cat "$dir/err"; failed=1; }
}

remember=(--state "$dir/remembered")
run leave "${remember[@]}" <<'END'
wait idle
key e Enter
wait idle
key /
type client_port > 1000 and not name ~ "a; b%"
key Enter
wait idle
key j Enter
wait idle
dump -
key Q
END
tail -n +2 "$dir/out" | head -20 >"$dir/left"
run return "${remember[@]}" <<'END'
wait idle
expect as it was left last time
key Ctrl-L
dump -
key Escape
wait idle
expect filter: client_port > 1000 and not name ~ "a; b%"
key 1
wait idle
expect all services
key Q
END
tail -n +2 "$dir/out" | head -20 | diff "$dir/left" - || { echo "FAILED: another view than was left"; failed=1; }
# it was left at the beginning now; --fresh and another file know nothing of it
run again "${remember[@]}" <<'END'
wait idle
expect all services
key Enter
wait idle
END
run fresh --fresh "${remember[@]}" <<'END'
wait idle
expect all services
key Enter
wait idle
END
cp "$shop" "$dir/other.pcapng"
[ "$(stat -c %a "$dir/remembered")" = 600 ] || { echo "FAILED: anybody may read the state"; failed=1; }
# a state of nonsense does no harm
sed -i 's/^\(view[^ ]*\) .*/\1 1 5 x 0 0/' "$dir/remembered"
run nonsense "${remember[@]}" <<'END'
wait idle
expect all services
END
# settings, columns and names
run save "${remember[@]}" --fresh <<'END'
wait idle
key :
type set restore off
key Enter :
type columns server,bytes
key Enter :
type save
key Enter
expect are remembered
key /
type server_port == 80
key Enter
wait idle
key :
type filter-save web
key Enter
END
run saved "${remember[@]}" <<'END'
wait idle
key :
type set
key Enter
expect restore off
key /
type @web
key Enter
wait idle
expect filter: server_port == 80
dump -
END
grep -q '^  server  *bytes *$' "$dir/out" || { echo "FAILED: columns were not remembered"; failed=1; }
# a script that was not asked to touches nothing
run untouched <<'END'
wait idle
key Enter
END
[ ! -e "$dir/state" ] || { echo "FAILED: a script has written a state"; failed=1; }

# the configuration: told by line, and the rest counts
mkdir -p "$dir/config/flowdrill"
printf 'bind F7 quit\nbind g help\n\nset theme pink\ncolumns flows client,nonsense\n' >"$dir/c"
cd "$dir" || exit 99 # a message has room for a short name alone
run config --config c <<'END'
expect c: line 2: 'g' begins 'g
expect 3 errors, the first:
key ?
expect F7 Q
key F7
END
grep -q 'c: line 5: ' "$dir/err" || { echo "FAILED: not all errors are told in the end"; failed=1; }
printf 'health slow time 1us\n' >"$dir/config/flowdrill/config"
"$FLOWDRILL" list macroflows -r "$dir/shop.pcapng" --fields health --format csv | grep -q faulty ||
	{ echo "FAILED: thresholds of the configuration do not count"; failed=1; }
"$FLOWDRILL" --script /dev/null --config "$dir/missing" "$dir/shop.pcapng" 2>/dev/null && { echo "FAILED: a configuration that is not there"; failed=1; }
exit $failed
