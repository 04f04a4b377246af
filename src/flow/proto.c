/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flow/proto.h"

#include "base/text.h"
#include "flow/packet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct proto_row {
	uint32_t proto;
	const char *name;
};

/* IANA's assigned internet protocol numbers that are seen in the wild, then EtherTypes, then LLC. */
static const struct proto_row protos[] = {
	{ 0, "hopopt" }, { PROTO_ICMP, "icmp" }, { PROTO_IGMP, "igmp" }, { 3, "ggp" },
	{ PROTO_IPIP, "ipip" }, { 5, "st" }, { PROTO_TCP, "tcp" }, { 8, "egp" },
	{ 9, "igp" }, { PROTO_UDP, "udp" }, { 27, "rdp" }, { 33, "dccp" }, { PROTO_6IN4, "6in4" },
	{ 43, "ipv6-route" }, { 44, "ipv6-frag" }, { 46, "rsvp" }, { PROTO_GRE, "gre" },
	{ PROTO_ESP, "esp" }, { PROTO_AH, "ah" }, { 55, "mobile" }, { PROTO_ICMP6, "icmp6" },
	{ 59, "ipv6-nonxt" }, { 60, "ipv6-opts" }, { 84, "ttp" }, { 88, "eigrp" }, { 89, "ospf" },
	{ 94, "ipip-old" }, { 97, "etherip" }, { 98, "encap" }, { 103, "pim" }, { 108, "ipcomp" },
	{ 112, "vrrp" }, { 113, "pgm" }, { 115, "l2tp" }, { 118, "stp-ip" }, { 124, "isis-ip" },
	{ PROTO_SCTP, "sctp" }, { 133, "fc" }, { 135, "mobility" }, { PROTO_UDPLITE, "udplite" },
	{ 137, "mpls-in-ip" }, { 138, "manet" }, { 139, "hip" }, { 140, "shim6" },
	{ 142, "rohc" }, { 143, "ethernet" }, { 255, "reserved" },
	{ PROTO_ETHER | 0x0800, "ip" }, { PROTO_ARP, "arp" }, { PROTO_ETHER | 0x0842, "wol" },
	{ PROTO_ETHER | 0x22f3, "trill" }, { PROTO_ETHER | 0x6002, "dec-mop" },
	{ PROTO_ETHER | 0x6003, "decnet" }, { PROTO_ETHER | 0x8035, "rarp" },
	{ PROTO_ETHER | 0x809b, "appletalk" }, { PROTO_ETHER | 0x80f3, "aarp" },
	{ PROTO_ETHER | 0x8100, "vlan" }, { PROTO_ETHER | 0x8137, "ipx" },
	{ PROTO_ETHER | 0x86dd, "ip6" }, { PROTO_ETHER | 0x8808, "pause" },
	{ PROTO_ETHER | 0x8809, "slow" }, { PROTO_ETHER | 0x8847, "mpls" },
	{ PROTO_ETHER | 0x8848, "mpls-mc" }, { PROTO_ETHER | 0x8863, "pppoe-disc" },
	{ PROTO_ETHER | 0x8864, "pppoe" }, { PROTO_ETHER | 0x887b, "homeplug" },
	{ PROTO_ETHER | 0x888e, "eapol" }, { PROTO_ETHER | 0x8892, "profinet" },
	{ PROTO_ETHER | 0x88a2, "aoe" }, { PROTO_ETHER | 0x88a4, "ethercat" },
	{ PROTO_ETHER | 0x88a8, "qinq" }, { PROTO_ETHER | 0x88b8, "goose" },
	{ PROTO_ETHER | 0x88cc, "lldp" }, { PROTO_ETHER | 0x88e1, "homeplug-av" },
	{ PROTO_ETHER | 0x88e5, "macsec" }, { PROTO_ETHER | 0x88f7, "ptp" },
	{ PROTO_ETHER | 0x8902, "cfm" }, { PROTO_ETHER | 0x8906, "fcoe" },
	{ PROTO_ETHER | 0x8914, "fip" }, { PROTO_ETHER | 0x8915, "roce" },
	{ PROTO_ETHER | 0x9000, "loop" },
	{ PROTO_LLC | 0x4242, "stp" }, { PROTO_LLC | 0xe0e0, "ipx-llc" },
	{ PROTO_LLC | 0xf0f0, "netbeui" }, { PROTO_LLC | 0xfefe, "osi" },
};

static const char *proto_name(uint32_t proto)
{
	for (size_t i = 0; i < COUNT(protos); i++)
		if (protos[i].proto == proto)
			return protos[i].name;
	return NULL;
}

size_t proto_format(char *out, size_t size, uint32_t proto)
{
	const char *name = proto_name(proto);
	int n;

	if (size == 0)
		return 0;
	if (name)
		return text_put(out, size, name, strlen(name));
	if (proto < PROTO_ETHER)
		n = snprintf(out, size, "ip-%u", proto);
	else if (proto < PROTO_LLC)
		n = snprintf(out, size, "eth-0x%04x", proto & 0xffff);
	else if (proto < PROTO_LINK)
		n = snprintf(out, size, "llc-0x%04x", proto & 0xffff);
	else
		n = snprintf(out, size, "link-%u", proto - PROTO_LINK);
	return (size_t)n < size ? (size_t)n : size - 1;
}

/* The whole text as a number of this base below `limit`. */
static bool parse_number(const char *text, int base, uint32_t limit, uint32_t *out)
{
	char *end;
	unsigned long v;

	if (!((*text >= '0' && *text <= '9') || (base == 16 && *text >= 'a' && *text <= 'f')))
		return false;
	v = strtoul(text, &end, base);
	if (*end != '\0' || v >= limit)
		return false;
	*out = (uint32_t)v;
	return true;
}

bool proto_parse(const char *text, uint32_t *out)
{
	static const struct {
		const char *prefix;
		int base;
		uint32_t limit, add;
	} forms[] = {
		{ "ip-", 10, 256, 0 },
		{ "eth-0x", 16, 0x10000, PROTO_ETHER },
		{ "llc-0x", 16, 0x10000, PROTO_LLC },
		{ "link-", 10, UINT32_MAX - PROTO_LINK, PROTO_LINK },
		{ "", 10, 256, 0 },
	};

	for (size_t i = 0; i < COUNT(protos); i++) {
		if (strcmp(protos[i].name, text) == 0) {
			*out = protos[i].proto;
			return true;
		}
	}
	for (size_t i = 0; i < COUNT(forms); i++) {
		size_t len = strlen(forms[i].prefix);
		uint32_t v;

		if (strncmp(text, forms[i].prefix, len) == 0 &&
			parse_number(text + len, forms[i].base, forms[i].limit, &v)) {
			*out = forms[i].add + v;
			return true;
		}
	}
	return false;
}

enum { ON_TCP = 1, ON_UDP = 2, ON_SCTP = 4, ON_BOTH = ON_TCP | ON_UDP };

struct service_row {
	uint16_t port;
	uint16_t on;
	const char *name;
};

/*
 * Sorted by port. Left out: what is registered but hardly ever served, where clients get the
 * port too (Linux gives 32768 to 60999, old systems 1024 to 4999, IANA 49152 and up).
 */
static const struct service_row services[] = {
	{ 7, ON_BOTH, "echo" }, { 9, ON_BOTH, "discard" }, { 13, ON_BOTH, "daytime" },
	{ 19, ON_BOTH, "chargen" }, { 20, ON_TCP, "ftp-data" }, { 21, ON_TCP, "ftp" },
	{ 22, ON_TCP, "ssh" }, { 23, ON_TCP, "telnet" }, { 25, ON_TCP, "smtp" },
	{ 37, ON_BOTH, "time" }, { 43, ON_TCP, "whois" }, { 49, ON_TCP, "tacacs" },
	{ 53, ON_BOTH, "dns" }, { 67, ON_UDP, "dhcp" }, { 68, ON_UDP, "dhcp-client" },
	{ 69, ON_UDP, "tftp" }, { 70, ON_TCP, "gopher" }, { 79, ON_TCP, "finger" },
	{ 80, ON_BOTH, "http" }, { 88, ON_BOTH, "kerberos" }, { 102, ON_TCP, "iso-tsap" },
	{ 110, ON_TCP, "pop3" }, { 111, ON_BOTH, "rpcbind" }, { 113, ON_TCP, "ident" },
	{ 119, ON_TCP, "nntp" }, { 123, ON_UDP, "ntp" }, { 135, ON_TCP, "msrpc" },
	{ 137, ON_BOTH, "netbios-ns" }, { 138, ON_UDP, "netbios-dgm" },
	{ 139, ON_TCP, "netbios-ssn" }, { 143, ON_TCP, "imap" }, { 161, ON_BOTH, "snmp" },
	{ 162, ON_BOTH, "snmptrap" }, { 177, ON_UDP, "xdmcp" }, { 179, ON_TCP, "bgp" },
	{ 194, ON_TCP, "irc" }, { 319, ON_UDP, "ptp" }, { 320, ON_UDP, "ptp" },
	{ 389, ON_BOTH, "ldap" }, { 427, ON_BOTH, "slp" }, { 443, ON_BOTH, "https" },
	{ 445, ON_TCP, "smb" }, { 464, ON_BOTH, "kpasswd" }, { 465, ON_TCP, "smtps" },
	{ 500, ON_UDP, "ike" }, { 502, ON_TCP, "modbus" }, { 512, ON_TCP, "rexec" },
	{ 513, ON_TCP, "rlogin" }, { 514, ON_TCP, "rsh" }, { 514, ON_UDP, "syslog" },
	{ 515, ON_TCP, "lpd" }, { 520, ON_UDP, "rip" }, { 521, ON_UDP, "ripng" },
	{ 546, ON_UDP, "dhcp6-client" }, { 547, ON_UDP, "dhcp6" }, { 548, ON_TCP, "afp" },
	{ 554, ON_TCP, "rtsp" }, { 563, ON_TCP, "nntps" }, { 587, ON_TCP, "submission" },
	{ 593, ON_TCP, "msrpc-http" }, { 623, ON_UDP, "ipmi" }, { 631, ON_BOTH, "ipp" },
	{ 636, ON_TCP, "ldaps" }, { 646, ON_BOTH, "ldp" }, { 784, ON_UDP, "doq" },
	{ 830, ON_TCP, "netconf" }, { 853, ON_BOTH, "dns-tls" }, { 860, ON_TCP, "iscsi" },
	{ 873, ON_TCP, "rsync" }, { 902, ON_TCP, "vmware" }, { 989, ON_TCP, "ftps-data" },
	{ 990, ON_TCP, "ftps" }, { 992, ON_TCP, "telnets" }, { 993, ON_TCP, "imaps" },
	{ 995, ON_TCP, "pop3s" }, { 1080, ON_TCP, "socks" }, { 1194, ON_BOTH, "openvpn" },
	{ 1389, ON_TCP, "ldap" }, { 1433, ON_TCP, "mssql" }, { 1434, ON_UDP, "mssql-browser" },
	{ 1494, ON_TCP, "citrix" }, { 1521, ON_TCP, "oracle" }, { 1645, ON_UDP, "radius" },
	{ 1646, ON_UDP, "radius-acct" }, { 1701, ON_UDP, "l2tp" }, { 1719, ON_UDP, "h323" },
	{ 1720, ON_TCP, "h323" }, { 1723, ON_TCP, "pptp" }, { 1812, ON_UDP, "radius" },
	{ 1813, ON_UDP, "radius-acct" }, { 1883, ON_TCP, "mqtt" }, { 1900, ON_UDP, "ssdp" },
	{ 1935, ON_TCP, "rtmp" }, { 2049, ON_BOTH, "nfs" },
	{ 2055, ON_UDP, "netflow" }, { 2123, ON_UDP, "gtp-c" }, { 2152, ON_UDP, "gtp-u" },
	{ 2181, ON_TCP, "zookeeper" }, { 2222, ON_TCP, "ssh" }, { 2375, ON_TCP, "docker" },
	{ 2376, ON_TCP, "docker-tls" }, { 2379, ON_TCP, "etcd" }, { 2380, ON_TCP, "etcd-peer" },
	{ 2404, ON_TCP, "iec-104" }, { 2427, ON_UDP, "mgcp" }, { 2598, ON_TCP, "citrix" },
	{ 2727, ON_UDP, "mgcp" }, { 2905, ON_SCTP, "m3ua" }, { 3000, ON_TCP, "http" },
	{ 3128, ON_TCP, "http-proxy" }, { 3260, ON_TCP, "iscsi" }, { 3268, ON_TCP, "ldap-gc" },
	{ 3269, ON_TCP, "ldaps-gc" }, { 3306, ON_TCP, "mysql" }, { 3389, ON_BOTH, "rdp" },
	{ 3478, ON_BOTH, "stun" }, { 3544, ON_UDP, "teredo" }, { 3690, ON_TCP, "svn" },
	{ 3702, ON_UDP, "ws-discovery" }, { 3784, ON_UDP, "bfd" }, { 3868, ON_TCP | ON_SCTP, "diameter" },
	{ 4222, ON_TCP, "nats" }, { 4369, ON_TCP, "epmd" }, { 4500, ON_UDP, "ipsec-nat" },
	{ 4569, ON_UDP, "iax" }, { 4739, ON_BOTH, "ipfix" }, { 4789, ON_UDP, "vxlan" },
	{ 5060, ON_BOTH | ON_SCTP, "sip" }, { 5061, ON_TCP, "sips" },
	{ 5190, ON_TCP, "aim" }, { 5222, ON_TCP, "xmpp" }, { 5223, ON_TCP, "xmpps" },
	{ 5228, ON_TCP, "gcm" }, { 5246, ON_UDP, "capwap" }, { 5247, ON_UDP, "capwap-data" },
	{ 5269, ON_TCP, "xmpp-server" }, { 5351, ON_UDP, "nat-pmp" }, { 5353, ON_UDP, "mdns" },
	{ 5355, ON_BOTH, "llmnr" }, { 5432, ON_TCP, "postgresql" }, { 5601, ON_TCP, "kibana" },
	{ 5671, ON_TCP, "amqps" }, { 5672, ON_TCP, "amqp" }, { 5683, ON_UDP, "coap" },
	{ 5684, ON_UDP, "coaps" }, { 5900, ON_TCP, "vnc" }, { 5901, ON_TCP, "vnc" },
	{ 5938, ON_TCP, "teamviewer" }, { 5984, ON_TCP, "couchdb" }, { 5985, ON_TCP, "winrm" },
	{ 5986, ON_TCP, "winrms" }, { 6000, ON_TCP, "x11" }, { 6081, ON_UDP, "geneve" },
	{ 6343, ON_UDP, "sflow" }, { 6379, ON_TCP, "redis" }, { 6443, ON_TCP, "kube-api" },
	{ 6514, ON_TCP, "syslog-tls" }, { 6653, ON_TCP, "openflow" }, { 6660, ON_TCP, "irc" },
	{ 6667, ON_TCP, "irc" }, { 6697, ON_TCP, "ircs" }, { 6881, ON_BOTH, "bittorrent" },
	{ 7000, ON_TCP, "cassandra-peer" }, { 7687, ON_TCP, "neo4j" }, { 8000, ON_TCP, "http" },
	{ 8008, ON_TCP, "http" }, { 8009, ON_TCP, "ajp" }, { 8080, ON_TCP, "http" },
	{ 8081, ON_TCP, "http" }, { 8086, ON_TCP, "influxdb" }, { 8088, ON_TCP, "http" },
	{ 8118, ON_TCP, "http-proxy" }, { 8123, ON_TCP, "clickhouse" },
	{ 8140, ON_TCP, "puppet" }, { 8200, ON_TCP, "vault" }, { 8300, ON_TCP, "consul" },
	{ 8301, ON_BOTH, "consul-serf" }, { 8333, ON_TCP, "bitcoin" }, { 8443, ON_BOTH, "https" },
	{ 8472, ON_UDP, "vxlan-linux" }, { 8500, ON_TCP, "consul-http" }, { 8530, ON_TCP, "wsus" },
	{ 8834, ON_TCP, "nessus" }, { 8883, ON_TCP, "mqtts" }, { 8888, ON_TCP, "http" },
	{ 9042, ON_TCP, "cassandra" }, { 9050, ON_TCP, "tor-socks" }, { 9090, ON_TCP, "http" },
	{ 9092, ON_TCP, "kafka" }, { 9100, ON_TCP, "jetdirect" }, { 9200, ON_TCP, "elasticsearch" },
	{ 9300, ON_TCP, "elasticsearch-peer" }, { 9389, ON_TCP, "adws" },
	{ 9418, ON_TCP, "git" }, { 9993, ON_UDP, "zerotier" }, { 9995, ON_UDP, "netflow" },
	{ 10000, ON_TCP, "webmin" }, { 10050, ON_TCP, "zabbix-agent" },
	{ 10051, ON_TCP, "zabbix" }, { 10250, ON_TCP, "kubelet" }, { 11211, ON_BOTH, "memcached" },
	{ 11434, ON_TCP, "ollama" }, { 15672, ON_TCP, "rabbitmq-http" }, { 16379, ON_TCP, "redis-peer" },
	{ 20000, ON_BOTH, "dnp3" }, { 25565, ON_TCP, "minecraft" }, { 25672, ON_TCP, "rabbitmq-peer" },
	{ 26379, ON_TCP, "redis-sentinel" },
	{ 27015, ON_UDP, "steam" }, { 27017, ON_TCP, "mongodb" }, { 27018, ON_TCP, "mongodb" },
	{ 27019, ON_TCP, "mongodb" }, { 28015, ON_TCP, "rethinkdb" }, { 30303, ON_BOTH, "ethereum" },
	{ 36412, ON_SCTP, "s1ap" }, { 38412, ON_SCTP, "ngap" },
	{ 44818, ON_BOTH, "ethernet-ip" }, { 47808, ON_UDP, "bacnet" },
	{ 51820, ON_UDP, "wireguard" },
};

static unsigned service_on(uint32_t proto)
{
	switch (proto) {
	case PROTO_TCP: return ON_TCP;
	case PROTO_UDP:
	case PROTO_UDPLITE: return ON_UDP;
	case PROTO_SCTP: return ON_SCTP;
	default: return 0;
	}
}

const char *service_name(uint32_t proto, uint16_t port)
{
	unsigned on = service_on(proto);
	size_t low = 0, high = COUNT(services);

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (services[mid].port < port)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < COUNT(services) && services[low].port == port; low++)
		if (services[low].on & on)
			return services[low].name;
	return NULL;
}

bool service_port(const char *name, uint16_t *port)
{
	for (size_t i = 0; i < COUNT(services); i++) {
		if (strcmp(services[i].name, name) == 0) {
			*port = services[i].port;
			return true;
		}
	}
	return false;
}

struct icmp_row {
	uint8_t type;
	const char *name;
};

static const struct icmp_row icmp_types[] = {
	{ 0, "echo reply" }, { 3, "destination unreachable" }, { 4, "source quench" },
	{ 5, "redirect" }, { 8, "echo request" }, { 9, "router advertisement" },
	{ 10, "router solicitation" }, { 11, "time exceeded" }, { 12, "parameter problem" },
	{ 13, "timestamp request" }, { 14, "timestamp reply" }, { 15, "information request" },
	{ 16, "information reply" }, { 17, "address mask request" }, { 18, "address mask reply" },
	{ 30, "traceroute" }, { 40, "photuris" }, { 42, "extended echo request" },
	{ 43, "extended echo reply" },
};

static const struct icmp_row icmp6_types[] = {
	{ 1, "destination unreachable" }, { 2, "packet too big" }, { 3, "time exceeded" },
	{ 4, "parameter problem" }, { 128, "echo request" }, { 129, "echo reply" },
	{ 130, "multicast listener query" }, { 131, "multicast listener report" },
	{ 132, "multicast listener done" }, { 133, "router solicitation" },
	{ 134, "router advertisement" }, { 135, "neighbor solicitation" },
	{ 136, "neighbor advertisement" }, { 137, "redirect" }, { 138, "router renumbering" },
	{ 139, "node information query" }, { 140, "node information response" },
	{ 141, "inverse neighbor solicitation" }, { 142, "inverse neighbor advertisement" },
	{ 143, "multicast listener report v2" }, { 144, "home agent address request" },
	{ 145, "home agent address reply" }, { 146, "mobile prefix solicitation" },
	{ 147, "mobile prefix advertisement" }, { 148, "certification path solicitation" },
	{ 149, "certification path advertisement" }, { 151, "multicast router advertisement" },
	{ 152, "multicast router solicitation" }, { 153, "multicast router termination" },
	{ 155, "RPL control" }, { 157, "duplicate address request" },
	{ 158, "duplicate address confirmation" }, { 160, "extended echo request" },
	{ 161, "extended echo reply" },
};

static const char *icmp_find(const struct icmp_row *rows, size_t count, uint8_t type)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].type == type)
			return rows[i].name;
	return NULL;
}

const char *icmp_type_name(uint32_t proto, uint8_t type)
{
	if (proto == PROTO_ICMP)
		return icmp_find(icmp_types, COUNT(icmp_types), type);
	if (proto == PROTO_ICMP6)
		return icmp_find(icmp6_types, COUNT(icmp6_types), type);
	return NULL;
}

const char *service_at(size_t index)
{
	return index < COUNT(services) ? services[index].name : NULL;
}

const char *tls_version_word(uint64_t v)
{
	switch (v) {
	case 0x0300: return "ssl3";
	case 0x0301: return "1.0";
	case 0x0302: return "1.1";
	case 0x0303: return "1.2";
	case 0x0304: return "1.3";
	case 0xfeff: return "dtls1.0";
	case 0xfefd: return "dtls1.2";
	case 0xfefc: return "dtls1.3";
	default: return "other";
	}
}
