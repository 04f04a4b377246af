#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# No file under src/ includes upwards, and third-party headers stay in one place each.
# usage: check-layers.sh [TREE]      TREE holds src/; default: the source tree.
set -u
tree=${1:-${top_srcdir:-$(dirname "$0")/..}}
cd "$tree" || exit 99

find src -name '*.[ch]' | LC_ALL=C sort | tr '\n' '\0' | xargs -0 awk '
BEGIN {
	# layer: the layers that it may include besides itself
	allow["base"] = ""
	allow["file"] = "base"
	allow["flow"] = "file base"
	allow["decode"] = "flow file base"
	allow["app"] = "decode flow file base"
	allow["capture"] = "decode flow file base"
	allow["store"] = "flow file base"
	allow["tier"] = "trace store app decode flow file base"
	allow["trace"] = "flow file base"
	allow["query"] = "trace tier store app decode flow file base"
	allow["session"] = "query trace tier store capture app decode flow file base"
	allow["out"] = "query trace tier store app decode flow file base"
	allow["cli"] = "out session query trace tier store capture app decode flow file base"
	allow["ui"] = "out session query trace tier store app decode flow file base"
	allow["main"] = "cli ui"
	for (layer in allow) {
		may[layer, layer] = 1
		n = split(allow[layer], below, " ")
		for (i = 1; i <= n; i++)
			may[layer, below[i]] = 1
	}

	# third-party header: the only files that may include it
	third(1, "^pcap([.]h|/|-)", "^src/capture/")
	third(2, "^sqlite3(ext)?[.]h", "^src/store/(catalog[^/]*|[^/]*export[^/]*)[.]c$")
	third(3, "^(ncursesw?/|n?curses|panel|menu|form|term[.]h)", "^src/ui/term_[^/]*[.]c$")
	third(4, "^readline/", "^src/ui/prompt[^/]*[.]c$")
	third(5, "^(zlib|zconf|zstd|zstd_errors)[.]h", "^src/(file|capture)/")
	third(6, "^json(-c)?(/|[.]h)", "^src/out/")
	third(7, "^(xxhash|xxh3|xxh_x86dispatch)[.]h", "^src/base/")
	third(9, "^(gcrypt[.]h|ndpi/|ndpi_)", "^src/app/")
	third(8, "^(libmd/|md[245]|sha1|sha2|sha|rmd160|ripemd)", "^src/flow/")
}

function third(i, header, place) { header_re[i] = header; place_re[i] = place; thirds = i }

function bad(why)
{
	printf "%s:%d: %s\n", FILENAME, FNR, why
	errors++
}

function layer_of(path,    part)
{
	if (path == "src/main.c")
		return "main"
	split(path, part, "/")
	return part[2]
}

FNR == 1 {
	files++
	own = layer_of(FILENAME)
	if (!(own in allow))
		bad("src/" own " is no layer: add it to the table in check-layers.sh")
}

/^[ \t]*#[ \t]*include[ \t]*["<]/ {
	includes++
	quoted = $0 ~ /^[ \t]*#[ \t]*include[ \t]*"/
	path = $0
	sub(/^[ \t]*#[ \t]*include[ \t]*["<]/, "", path)
	sub(/[">].*$/, "", path)
	if (path == "config.h")
		next
	if (path ~ /(^|\/)[.][.]?\//) {
		bad("\"" path "\": write it as \"LAYER/file.h\"")
		next
	}
	first = path
	sub(/\/.*$/, "", first)
	if (first in allow && first != path) {
		if (!((own, first) in may))
			bad(own " may not include \"" path "\"")
		next
	}
	if (quoted)
		bad("\"" path "\": write it as \"LAYER/file.h\"")
	for (i = 1; i <= thirds; i++)
		if (path ~ header_re[i] && FILENAME !~ place_re[i])
			bad("<" path "> belongs into " place_re[i])
}

END {
	if (!files || !includes) {
		print "nothing found to check"
		errors++
	}
	printf "%d files, %d includes, %d errors\n", files, includes, errors
	exit errors > 0
}'
