#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Applications, names, protocols and versions of TLS and QUIC against tshark, conversation by conversation, on every capture of
# FLOWDRILL_CAPTURES and samples/, and more that are named as arguments. JA4 is computed anew, as its specification says, from the
# numbers that tshark shows. Nothing of ours may be wrong; at least 98 % of what tshark tells must be told.
# Takes longer than `make check` may: `make check-long`.
set -u
. "$top_srcdir/tests/tier/tshark-lib.sh"
need_captures
need_tools tshark sha256sum
export XDG_CACHE_HOME=$work/cache
apps=$top_srcdir/tests/app

# hash LIST: the first twelve digits, once for each list.
declare -A hashes
hash()
{
	[ -n "$1" ] || { hashed=000000000000; return; }
	[ -n "${hashes[$1]-}" ] || hashes[$1]=$(printf %s "$1" | sha256sum | cut -c 1-12)
	hashed=${hashes[$1]}
}

# Lines "KEY ja4 BEGINNING CIPHERS EXTENSIONS" get their hashes; the others stay.
with_hashes()
{
	local key what a b c

	while IFS=$'\t' read -r key what a b c; do
		if [ "$what" = ja4 ]; then
			hash "$b"
			b=$hashed
			hash "$c"
			a=${a}_${b}_$hashed
		fi
		printf '%s\t%s\t%s\n' "$key" "$what" "$a"
	done
}

ask_tshark()
{
	tshark -n -r "$1" -Y '(tls || quic || http2 || smtp || imap || pop || ftp) && !icmp && !icmpv6' -T fields -e frame.protocols -e ip.src -e ipv6.src -e tcp.srcport \
		-e udp.srcport -e ip.dst -e ipv6.dst -e tcp.dstport -e udp.dstport -e tls.handshake.type \
		-e tls.handshake.extensions_server_name -e tls.handshake.extensions_alpn_str -e tls.handshake.version \
		-e tls.handshake.extensions.supported_version -e tls.handshake.ciphersuite -e tls.handshake.extension.type \
		-e tls.handshake.sig_hash_alg -e tls.handshake.random -e tls.handshake.sig_hash_alg_len 2>/dev/null |
		awk -f "$apps/tshark-tls.awk" | with_hashes
}

ask_us()
{
	"$FLOWDRILL" list flows -r "$1" --fields client,client_port,server,server_port,proto,app,name,alpn,tls_version,ja4 \
		--format json 2>/dev/null |
		awk -v OFS='\t' '
			function value(name) {
				if (!match($0, "\"" name "\": ?(\"[^\"]*\"|[0-9]+)"))
					return ""
				v = substr($0, RSTART, RLENGTH)
				sub(/^"[a-z_0-9]*": ?/, "", v)
				gsub(/"/, "", v)
				return v
			}
			{
				a = value("client") " " value("client_port")
				b = value("server") " " value("server_port")
				app = value("app")
				# of others the names alone that TLS behind a STARTTLS tells
				if (app != "tls" && app != "quic" && app != "http2" && value("ja4") == "")
					next
				key = value("proto") " " (a < b ? a " " b : b " " a)
				n = split("app name alpn tls_version ja4", what, " ")
				for (i = 1; i <= n; i++)
					if (value(what[i]) != "" && !(what[i] == "name" && substr(value("ja4"), 4, 1) == "i"))
						print key, what[i], value(what[i])
			}'
}

compare()
{
	ask_tshark "$1" | sort -u >"$work/theirs"
	ask_us "$1" | sort -u >"$work/ours"
	[ ! -s "$work/theirs" ] && [ ! -s "$work/ours" ] && return
	awk -F '\t' -v OFS='\t' -v file="$2" '
		# TLS in the midst of what is known as something else
		function another(key) { return (key "\tapp?") in several }
		{ k = $1 "\t" $2 }
		NR == FNR { if (k in has) several[k] = 1; theirs[k, $3] = has[k] = 1; next }
		{ ours[k, $3] = 1; lines[++n] = $0 }
		END {
			for (i = 1; i <= n; i++) {
				split(lines[i], f, "\t")
				k = f[1] "\t" f[2]
				if (!((k, f[3]) in theirs) && !(f[2] == "app" && (k "?", f[3]) in theirs))
					print file, f[2], k in has || f[2] == "app" ? "wrong" : "alone", f[1], f[3]
			}
			for (t in theirs) {
				split(t, f, SUBSEP)
				split(f[1], w, "\t")
				if (w[2] != "may" && w[2] != "app?")
					print file, w[2], (f[1], f[2]) in ours ? "equal" : (w[1] "\tmay") in has || (w[2] == "app" && another(w[1])) ? "inside" : "missed", w[1], f[2]
			}
		}' "$work/theirs" "$work/ours" >>"$found"
	rm -rf "$XDG_CACHE_HOME"
}

each_capture compare "$@"
awk -F '\t' '
	{ n[$2, $3]++; what[$2] = 1 }
	$3 != "equal" && shown[$2, $3]++ < 20 { print }
	END {
		for (w in what) {
			told = n[w, "equal"] + n[w, "missed"] + n[w, "wrong"]
			printf "%s: %d of %d told, %d wrong; %d told by us alone, %d inside of something else\n", w, n[w, "equal"], told,
				n[w, "wrong"], n[w, "alone"], n[w, "inside"]
			bad += n[w, "wrong"] + (n[w, "equal"] < 0.98 * told)
		}
		exit bad > 0 || !("name" in what) || !("ja4" in what)
	}' "$found"
status=$?
echo "$files captures and capture points"
[ -z "${TLS_FOUND-}" ] || cp "$found" "$TLS_FOUND"
exit $status
