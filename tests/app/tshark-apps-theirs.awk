# SPDX-License-Identifier: GPL-3.0-or-later
# Packets as tshark dissects them -> conversations: proto, end, end, whether its beginning is here, applications separated by blanks.
BEGIN {
	# RTP is known through what announces it: no question of its bytes
	split("http http2 tls dtls quic dns mdns ntp dhcp ssh smtp imap ftp mysql smb sip rtcp", same, " ")
	for (i in same)
		app[same[i]] = same[i]
	app["pop"] = "pop3"; app["pgsql"] = "postgresql"; app["resp"] = "redis"; app["smb2"] = "smb"
	app["gquic"] = ""
}

$1 !~ /icmp/ {
	for (i = 2; i <= 12; i++)
		sub(/.*,/, "", $i)
	proto = $1 ~ /:tcp/ ? "tcp" : "udp"
	from = ($2 $3) " " (proto == "tcp" ? $6 : $7)
	to = ($4 $5) " " (proto == "tcp" ? $8 : $9)
	# an address of IPv6 within IPv4: the inner one
	if ($2 != "" && $3 != "")
		next
	if ((proto == "tcp" ? $6 : $7) == "")
		next
	key = proto OFS (from < to ? from OFS to : to OFS from)
	len = proto == "tcp" ? $11 : $12 - 8
	if (!(key in begins))
		begins[key] = proto == "udp" || $10 == "1" || $10 == "True"
	if (len > 0 && !(key in spoke)) {
		spoke[key] = 1
		# cut by the capture before anything was said
		if ($13 < $14)
			begins[key] = 0
	}
	n = split($1, layers, ":")
	# mailslots in datagrams of NetBIOS are no session of SMB
	for (i = 1; i <= n && layers[i] != "nbdgm"; i++)
		if (app[layers[i]] != "" && index(" " apps[key] " ", " " app[layers[i]] " ") == 0)
			apps[key] = apps[key] (apps[key] == "" ? "" : " ") app[layers[i]]
}

END {
	for (key in begins)
		print key, begins[key], apps[key]
}
