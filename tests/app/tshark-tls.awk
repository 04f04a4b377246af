# SPDX-License-Identifier: GPL-3.0-or-later
# What tshark tells of TLS and QUIC, in the order of `ask_tshark` of tshark-tls.sh, as lines "KEY WHAT VALUE":
#   app    it is that, and a ClientHello was seen in it         app?   it is that
#   name, alpn, tls_version, ja4    what has to be told; ja4 as BEGINNING CIPHERS EXTENSIONS, to be hashed
#          (its first segments may have said something else: STARTTLS)
#   may    TLS inside something that another parser hears (a proxy): need not be told
BEGIN { FS = OFS = "\t" }
function last(list) { sub(/.*,/, "", list); return list }
function first(list) { sub(/,.*/, "", list); return list }
function has(list, v) { return index("," list ",", "," v ",") > 0 }
function is_grease(hex) { return hex ~ /^([0-9a-f]a)([0-9a-f]a)$/ && substr(hex, 1, 2) == substr(hex, 3, 2) }
# Hexadecimal numbers of four digits out of tshark's list, GREASE and those of `without` left out; sorted: in order.
function numbers(list, sorted, without, parts, n, i, j, out, v, kept, m) {
	n = split(list, parts, ",")
	m = 0
	for (i = 1; i <= n; i++) {
		v = parts[i] ~ /^0x/ ? substr(parts[i], 3) : sprintf("%04x", parts[i])
		if (is_grease(v) || has(without, v))
			continue
		for (j = m; sorted && j > 0 && kept[j] > v; j--)
			kept[j + 1] = kept[j]
		kept[sorted ? j + 1 : m + 1] = v
		m++
	}
	out = ""
	for (i = 1; i <= m; i++)
		out = out (i > 1 ? "," : "") kept[i]
	amount = m
	return out
}
function version_name(v) {
	return v == "0x0304" ? "1.3" : v == "0x0303" ? "1.2" : v == "0x0302" ? "1.1" : v == "0x0301" ? "1.0" : v == "0x0300" ? "ssl3" : "other"
}
function two(n) { return sprintf("%02d", n > 99 ? 99 : n) }
# Three extensions have lists of algorithms, which tshark shows one behind the other.
function algorithms_of_13(n, types, i, lens, k, all, from, j, out) {
	n = split($16, types, ",")
	split($19, lens, ",")
	split($17, all, ",")
	from = 0
	for (i = 1; i <= n; i++) {
		if (types[i] != 13 && types[i] != 34 && types[i] != 50)
			continue
		k++
		for (j = 1; types[i] == 13 && j <= lens[k] / 2; j++)
			out = out (out != "" ? "," : "") all[from + j]
		from += lens[k] / 2
	}
	return out
}
function ja4(key, quic, versions, n, parts, i, v, best, alpn, ciphers, n_ciphers, extensions, n_extensions, algorithms) {
	best = $14 == "" ? substr(first($13), 3) : ""
	n = split($14, parts, ",")
	for (i = 1; i <= n; i++) {
		v = substr(parts[i], 3)
		if (!is_grease(v) && v > best)
			best = v
	}
	alpn = $12 == "" ? "00" : first($12)
	if (alpn !~ /^[0-9A-Za-z]/ || alpn !~ /[0-9A-Za-z]$/ || version_name("0x" best) !~ /^1/)
		return
	ciphers = numbers($15, 1, "")
	n_ciphers = amount
	numbers($16, 1, "")
	n_extensions = amount
	extensions = numbers($16, 1, "0000,0010")
	algorithms = numbers(algorithms_of_13(), 0, "")
	v = version_name("0x" best)
	sub(/[.]/, "", v)
	print key, "ja4", (quic ? "q" : "t") v (has($16, 0) ? "d" : "i") two(n_ciphers) two(n_extensions) substr(alpn, 1, 1) \
		substr(alpn, length(alpn)), ciphers, extensions (algorithms != "" ? "_" algorithms : "")
}
{
	tcp = match($1, /.*:tcp/) ? RLENGTH : 0
	udp = match($1, /.*:udp/) ? RLENGTH : 0
	inner = substr($1, 1, tcp > udp ? tcp : udp)
	v4 = match(inner, /.*:ip(:|$)/) ? RLENGTH : 0
	v6 = match(inner, /.*:ipv6(:|$)/) ? RLENGTH : 0
	a = (v4 > v6 ? last($2) : last($3)) " " (tcp > udp ? last($4) : last($5))
	b = (v4 > v6 ? last($6) : last($7)) " " (tcp > udp ? last($8) : last($9))
	key = (tcp > udp ? "tcp " : "udp ") (a < b ? a " " b : b " " a)
	above = substr($1, length(inner) + 2)
	app = match(above, /^(quic|tls|http2|http|smtp|imap|pop|ftp|postgresql|mysql)(:|$)/) ? substr(above, 1, RLENGTH) : ""
	sub(/:$/, "", app)
	sub(/^pop$/, "pop3", app)
	if (app != "")
		print key, "app?", app
	inside = app != "tls" && app != "quic"
	if (inside && $10 != "")
		print key, "may", above
	hello = has($10, 1)
	if (hello) {
		if (!inside)
			print key, "app", app
		if ($11 != "")
			print key, "name", tolower(first($11))
		if ($10 == "1" && !(key in asked))
			ja4(key, app == "quic")
		asked[key] = 1
		if ($12 != "") {
			offered[key, inner] = first($12)
			if (app == "quic" || $12 !~ /,/)
				print key, "alpn", first($12)
		}
	}
	if (has($10, 2) && substr($18, 1, 8) != "cf21ad74") {
		v = $14 != "" ? first($14) : first($13)
		print key, "tls_version", version_name(v)
		if (app != "quic" && $12 != "")
			print key, "alpn", first($12)
		else if (app != "quic" && v > "0x0303" && (key, inner) in offered)
			print key, "alpn", offered[key, inner]
	}
}
