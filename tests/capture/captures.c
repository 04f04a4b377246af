/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "captures.h"

#include "../file/build.h"

#include "file/pcapng.h"

/* ---- pcap ---- */

static void plain(struct buf *b, bool be, uint32_t magic)
{
	build_pcap_header(b, be, magic, 4, 262144, 1);
	build_pcap_record(b, be, 1000, 5, 3, 3);
	buf_put_str(b, "one");
	build_pcap_record(b, be, 999, 999999, 4, 1500);
	buf_put_str(b, "snap");
	build_pcap_record(b, be, 0, 0, 0, 0);
}

static void us_le(struct buf *b) { plain(b, false, 0xa1b2c3d4); }
static void us_be(struct buf *b) { plain(b, true, 0xa1b2c3d4); }
static void ns_le(struct buf *b) { plain(b, false, 0xa1b23c4d); }
static void ns_be(struct buf *b) { plain(b, true, 0xa1b23c4d); }
static void navtel(struct buf *b) { plain(b, false, 0xa12b3c4d); }

#define US_EVENTS \
	"interface 0 at 0+24: link 1 snap 262144 resolution 6 '' ''\n" \
	"packet at 24+19: interface 0 time 1000.000005 stamp 1000000005 3/3 one\n" \
	"packet at 43+20: interface 0 time 999.999999 stamp 999999999 4/1500 snap\n" \
	"packet at 63+16: interface 0 time 0 stamp 0 0/0 \n" \
	"end\n"
#define NS_EVENTS \
	"interface 0 at 0+24: link 1 snap 262144 resolution 9 '' ''\n" \
	"packet at 24+19: interface 0 time 1000.000000005 stamp 1000000000005 3/3 one\n" \
	"packet at 43+20: interface 0 time 999.000999999 stamp 999000999999 4/1500 snap\n" \
	"packet at 63+16: interface 0 time 0 stamp 0 0/0 \n" \
	"end\n"

static void kuznetzov(struct buf *b)
{
	build_pcap_header(b, false, 0xa1b2cd34, 4, 96, 113);
	for (uint32_t i = 0; i < 2; i++) {
		build_pcap_record(b, false, 7, i, 5, 5);
		buf_put(b, "\2\0\0\0\x08\0\1\0", 8);   /* interface, protocol, direction */
		buf_put_str(b, "hello");
	}
}

static void ixia(struct buf *b)
{
	build_pcap_header(b, true, 0x1c0001ac, 4, 65535, 1);
	build32(b, true, 19);    /* bytes of all records */
	build_pcap_record(b, true, 7, 999999999, 3, 3);
	buf_put_str(b, "ixi");
}

static void old_lengths(struct buf *b)
{
	build_pcap_header(b, true, 0xa1b2c3d4, 3, 96, 1);
	build_pcap_record(b, true, 7, 0, 60, 3);
	buf_put_str(b, "abc");
}

static void fraction(struct buf *b)
{
	build_pcap_header(b, false, 0xa1b2c3d4, 4, 96, 1);
	build_pcap_record(b, false, 7, 1000000, 1, 1);
	buf_put_str(b, "x");
	build_pcap_record(b, false, UINT32_MAX, 999999, 1, 1);
	buf_put_str(b, "y");
}

static void claim(struct buf *b)
{
	build_pcap_header(b, false, 0xa1b2c3d4, 4, 65535, 1);
	build_pcap_record(b, false, 7, 0, 2, 2);
	buf_put_str(b, "ok");
	build_pcap_record(b, false, 8, 0, 3000000000, 3000000000);
	buf_put_str(b, "gone");
}

static void cut(struct buf *b)
{
	build_pcap_header(b, false, 0xa1b2c3d4, 4, 200000000, 1);
	build_pcap_record(b, false, 7, 0, 2, 2);
	buf_put_str(b, "ok");
	build_pcap_record(b, false, 8, 0, 100000000, 100000000);
	buf_put_str(b, "not all of it");
}

static void header_alone(struct buf *b)
{
	build_pcap_header(b, true, 0xa1b23c4d, 4, 0, 0x24000000 | 276);
}

const struct made_capture made_pcaps[] = {
	{ "us-le", us_le, US_EVENTS },
	{ "us-be", us_be, US_EVENTS },
	{ "ns-le", ns_le, NS_EVENTS },
	{ "ns-be", ns_be, NS_EVENTS },
	{ "navtel", navtel, NS_EVENTS },
	{ "kuznetzov", kuznetzov,
		"interface 0 at 0+24: link 113 snap 96 resolution 6 '' ''\n"
		"packet at 24+29: interface 0 time 7 stamp 7000000 5/5 hello\n"
		"packet at 53+29: interface 0 time 7.000001 stamp 7000001 5/5 hello\n"
		"end\n" },
	{ "ixia", ixia,
		"interface 0 at 0+28: link 1 snap 65535 resolution 9 '' ''\n"
		"packet at 28+19: interface 0 time 7.999999999 stamp 7999999999 3/3 ixi\n"
		"end\n" },
	{ "old-lengths", old_lengths,
		"interface 0 at 0+24: link 1 snap 96 resolution 6 '' ''\n"
		"packet at 24+19: interface 0 time 7 stamp 7000000 3/60 abc\n"
		"end\n" },
	{ "fraction", fraction,
		"interface 0 at 0+24: link 1 snap 96 resolution 6 '' ''\n"
		"packet at 24+17: interface 0 time 8 saturated stamp 8000000 1/1 x\n"
		"packet at 41+17: interface 0 time 4294967295.999999 stamp 4294967295999999 1/1 y\n"
		"end\n" },
	{ "claim", claim,
		"interface 0 at 0+24: link 1 snap 65535 resolution 6 '' ''\n"
		"packet at 24+18: interface 0 time 7 stamp 7000000 2/2 ok\n"
		"RC_DAMAGED at 42: a packet of 3000000000 bytes is claimed, with a snap length of 65535\n" },
	{ "cut", cut,
		"interface 0 at 0+24: link 1 snap 200000000 resolution 6 '' ''\n"
		"packet at 24+18: interface 0 time 7 stamp 7000000 2/2 ok\n"
		"end, cut short\n" },
	{ "header-alone", header_alone,
		"interface 0 at 0+24: link 276 snap 0 resolution 9 fcs 4 '' ''\n"
		"end\n" },
	{ 0 },
};

/* ---- pcapng ---- */

static void one_section(struct buf *b, bool be)
{
	build_section(b, be);
	build_interface(b, be, 1, 0, 6, 0);
	build_interface(b, be, 101, 3, 9, 0);
	build_packet(b, be, 0, 1000000005, "one", 3, 3, NULL);
	build_packet(b, be, 1, 999000000001, "two!", 4, 1500, "why");
}

static void ng_le(struct buf *b) { one_section(b, false); }
static void ng_be(struct buf *b) { one_section(b, true); }

#define NG_EVENTS \
	"section at 0+28 type a0d0d0a\n" \
	"interface 0 at 28+20: link 1 snap 0 resolution 6 '' ''\n" \
	"interface 1 at 48+32: link 101 snap 3 resolution 9 '' ''\n" \
	"packet at 80+36: interface 0 time 1000.000005 stamp 1000000005 3/3 one\n" \
	"packet at 116+48: interface 1 time 999.000000001 stamp 999000000001 4/1500 two! options 12\n" \
	"end\n"

static void sections(struct buf *b)
{
	one_section(b, false);
	build_section(b, true);
	build_interface(b, true, 0, 0, 0x8a, 100);
	build_packet(b, true, 0, 512, "big", 3, 3, NULL);
	build_section(b, false);
	build_interface(b, false, 113, 0, 6, -2000);
	build_packet(b, false, 0, 0, "neg", 3, 3, NULL);
}

static void names_and_more(struct buf *b)
{
	build_section(b, false);
	size_t at = build_begin(b, false, PCAPNG_IDB);

	buf_put_zeros(b, 8);
	build_option(b, false, PCAPNG_IF_NAME, "eth\x1b", 4);
	build_option(b, false, PCAPNG_IF_DESCRIPTION, "up\0link", 7);
	build_end(b, false, at);
	pcapng_put_block(b, PCAPNG_NRB, "\1\0\6\0\1\2\3\4a\0\0\0\0\0\0\0", 16);
	pcapng_put_block(b, PCAPNG_ISB, "\0\0\0\0ttttTTTT", 12);
	pcapng_put_block(b, PCAPNG_DSB, "TLSK\3\0\0\0key", 11);
	pcapng_put_custom(b, 16, "ours", 4);
	pcapng_put_padding(b, PCAPNG_OWN_PADDING, NULL, 0, 28);
	pcapng_put_block(b, 0x80001234, "local", 5);
	pcapng_put_block(b, 99, "", 0);
}

static void simple(struct buf *b)
{
	build_section(b, false);
	build_interface(b, false, 1, 4, 6, 0);
	pcapng_put_block(b, PCAPNG_SPB, "\2\0\0\0ab", 6);
	build_packet(b, false, 0, 5000000, "five", 4, 4, NULL);
	pcapng_put_block(b, PCAPNG_SPB, "\x09\0\0\0abcd", 8);
	/* obsolete packet block: interface, drops, time, lengths */
	pcapng_put_block(b, PCAPNG_OPB, "\0\0\1\0\0\0\0\0\x40\x42\x0f\0\3\0\0\0\3\0\0\0old", 23);
}

/* What import makes of a packet without a time: its predecessor's, and an option that says so. */
static void untimed(struct buf *b)
{
	struct buf options;

	buf_init(&options);
	build_section(b, false);
	build_interface(b, false, 1, 0, 6, 0);
	pcapng_put_option(&options, PCAPNG_OPT_COMMENT, "note", 4);
	pcapng_put_own_option(&options, PCAPNG_OWN_TIME_UNKNOWN, "", 0);
	pcapng_put_packet(b, 0, 5000000, 2, 2, "ab", options.data, options.len);
	buf_free(&options);
	pcapng_put_own_option(&options, PCAPNG_OWN_TIME_UNKNOWN, "", 0);
	pcapng_put_packet(b, 0, 6000000, 2, 2, "cd", options.data, options.len);
	buf_free(&options);
	pcapng_put_own_option(&options, 77, "", 0);
	pcapng_put_packet(b, 0, 7000000, 2, 2, "ef", options.data, options.len);
	buf_free(&options);
}

static void far_times(struct buf *b)
{
	build_section(b, false);
	build_interface(b, false, 1, 0, 9, 0);
	build_packet(b, false, 0, (uint64_t)INT64_MAX + 1, "", 0, 0, NULL);
	build_packet(b, false, 0, INT64_MAX, "", 0, 0, NULL);
	build_interface(b, false, 1, 0, 6, INT64_MIN);
	build_packet(b, false, 1, 0, "", 0, 0, NULL);
	build_interface(b, false, 1, 0, 12, 0);
	build_packet(b, false, 2, 1999, "", 0, 0, NULL);
}

static void no_interface(struct buf *b)
{
	build_section(b, false);
	build_interface(b, false, 1, 0, 6, 0);
	build_packet(b, false, 0, 1, "", 0, 0, NULL);
	build_packet(b, false, 1, 1, "", 0, 0, NULL);
	build_packet(b, false, 0, 1, "", 0, 0, NULL);
}

static void no_interface_simple(struct buf *b)
{
	build_section(b, false);
	pcapng_put_block(b, PCAPNG_SPB, "\2\0\0\0ab", 6);
}

static void bad_trailer(struct buf *b)
{
	one_section(b, true);
	build_packet(b, true, 0, 1, "tail", 4, 4, NULL);
	b->data[b->len - 1] ^= 4;
	build_packet(b, true, 0, 1, "behind", 6, 6, NULL);
}

static void bad_length(struct buf *b)
{
	build_section(b, false);
	buf_put_le32(b, 5);
	buf_put_le32(b, 0xfffffff0);
	buf_put_zeros(b, 16);
}

static void bad_option(struct buf *b)
{
	build_section(b, false);
	pcapng_put_block(b, PCAPNG_IDB, "\1\0\0\0\0\0\0\0\2\0\x50\0eth0", 16);
}

static void cut_ng(struct buf *b)
{
	build_section(b, false);
	buf_put_le32(b, 5);
	buf_put_le32(b, 100000000);
	buf_put_zeros(b, 16);
}

static void long_packet(struct buf *b)
{
	build_section(b, false);
	build_interface(b, false, 1, 65535, 6, 0);
	size_t at = build_begin(b, false, PCAPNG_EPB);

	buf_put_zeros(b, 12);
	buf_put_le32(b, 262148);
	buf_put_le32(b, 262148);
	buf_put_zeros(b, 262148);
	build_end(b, false, at);
}

const struct made_capture made_pcapngs[] = {
	{ "le", ng_le, NG_EVENTS },
	{ "be", ng_be, NG_EVENTS },
	{ "sections", sections,
		"section at 0+28 type a0d0d0a\n"
		"interface 0 at 28+20: link 1 snap 0 resolution 6 '' ''\n"
		"interface 1 at 48+32: link 101 snap 3 resolution 9 '' ''\n"
		"packet at 80+36: interface 0 time 1000.000005 stamp 1000000005 3/3 one\n"
		"packet at 116+48: interface 1 time 999.000000001 stamp 999000000001 4/1500 two! options 12\n"
		"section at 164+28 type a0d0d0a\n"
		"interface 2 at 192+44: link 0 snap 0 resolution 138 offset 100 '' ''\n"
		"packet at 236+36: interface 2 time 100.5 stamp 512 3/3 big\n"
		"section at 272+28 type a0d0d0a\n"
		"interface 3 at 300+36: link 113 snap 0 resolution 6 offset -2000 '' ''\n"
		"packet at 336+36: interface 3 time -2000 stamp 0 3/3 neg\n"
		"end\n" },
	{ "names-and-more", names_and_more,
		"section at 0+28 type a0d0d0a\n"
		"interface 0 at 28+40: link 0 snap 0 resolution 6 'eth\\x1b' 'up'\n"
		"block at 68+28 type 4\n"
		"block at 96+24 type 5\n"
		"block at 120+24 type a\n"
		"block at 144+32 type 40000bad\n"
		"block at 176+28 type 40000bad\n"
		"block at 204+20 type 80001234\n"
		"block at 224+12 type 63\n"
		"end\n" },
	{ "simple", simple,
		"section at 0+28 type a0d0d0a\n"
		"interface 0 at 28+20: link 1 snap 4 resolution 6 '' ''\n"
		"packet at 48+20: interface 0 time 0 unknown stamp 0 2/2 ab\n"
		"packet at 68+36: interface 0 time 5 stamp 5000000 4/4 five\n"
		"packet at 104+20: interface 0 time 5 unknown stamp 0 4/9 abcd\n"
		"packet at 124+36: interface 0 time 1 stamp 1000000 3/3 old\n"
		"end\n" },
	{ "untimed", untimed,
		"section at 0+28 type a0d0d0a\n"
		"interface 0 at 28+20: link 1 snap 0 resolution 6 '' ''\n"
		"packet at 48+68: interface 0 time 5 unknown stamp 5000000 2/2 ab options 8\n"
		"packet at 116+60: interface 0 time 6 unknown stamp 6000000 2/2 cd\n"
		"packet at 176+60: interface 0 time 7 stamp 7000000 2/2 ef options 24\n"
		"end\n" },
	{ "far-times", far_times,
		"section at 0+28 type a0d0d0a\n"
		"interface 0 at 28+32: link 1 snap 0 resolution 9 '' ''\n"
		"packet at 60+32: interface 0 time 9223372036.854775807 saturated stamp 9223372036854775808 0/0 \n"
		"packet at 92+32: interface 0 time 9223372036.854775807 stamp 9223372036854775807 0/0 \n"
		"interface 1 at 124+36: link 1 snap 0 resolution 6 offset -9223372036854775808 '' ''\n"
		"packet at 160+32: interface 1 time -9223372036.854775808 saturated stamp 0 0/0 \n"
		"interface 2 at 192+32: link 1 snap 0 resolution 12 '' ''\n"
		"packet at 224+32: interface 2 time 0.000000001 stamp 1999 0/0 \n"
		"end\n" },
	{ "no-interface", no_interface,
		"section at 0+28 type a0d0d0a\n"
		"interface 0 at 28+20: link 1 snap 0 resolution 6 '' ''\n"
		"packet at 48+32: interface 0 time 0.000001 stamp 1 0/0 \n"
		"RC_DAMAGED at 80: a packet of interface 1; the section has 1\n" },
	{ "no-interface-simple", no_interface_simple,
		"section at 0+28 type a0d0d0a\n"
		"RC_DAMAGED at 28: a packet of interface 0; the section has 0\n" },
	{ "bad-trailer", bad_trailer,
		"section at 0+28 type a0d0d0a\n"
		"interface 0 at 28+20: link 1 snap 0 resolution 6 '' ''\n"
		"interface 1 at 48+32: link 101 snap 3 resolution 9 '' ''\n"
		"packet at 80+36: interface 0 time 1000.000005 stamp 1000000005 3/3 one\n"
		"packet at 116+48: interface 1 time 999.000000001 stamp 999000000001 4/1500 two! options 12\n"
		"RC_DAMAGED at 164: block of type 0x6 with lengths of 36 in front and 32 behind\n" },
	{ "bad-length", bad_length,
		"section at 0+28 type a0d0d0a\n"
		"RC_DAMAGED at 28: block of type 0x5 with a length of 4294967280\n" },
	{ "bad-option", bad_option,
		"section at 0+28 type a0d0d0a\n"
		"RC_DAMAGED at 28: an option is longer than its block\n" },
	{ "cut", cut_ng,
		"section at 0+28 type a0d0d0a\n"
		"end, cut short\n" },
	{ "long-packet", long_packet,
		"section at 0+28 type a0d0d0a\n"
		"interface 0 at 28+20: link 1 snap 65535 resolution 6 '' ''\n"
		"RC_DAMAGED at 48: a packet of 262148 bytes is claimed, with a snap length of 65535\n" },
	{ 0 },
};
