#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The benchmarks; see README.md beside this. `./dev bench` builds and then runs it.
here=$(cd "$(dirname "$0")" && pwd)
command -v python3 >/dev/null || {
	echo "bench: python3 is missing (Debian: apt-get install python3)" >&2
	exit 77
}
exec python3 "$here/run.py" "$@"
