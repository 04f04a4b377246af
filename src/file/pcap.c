/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "file/pcap.h"

static const struct variant {
	uint32_t magic;
	bool nanoseconds;
	uint8_t file_header, record_header;
} variants[] = {
	{ 0xa1b2c3d4, false, 24, 16 },
	{ 0xa1b23c4d, true, 24, 16 },
	{ 0xa1b2cd34, false, 24, 24 },   /* Kuznetzov */
	{ 0xa12b3c4d, true, 24, 16 },    /* Navtel */
	{ 0x1c0001ac, true, 28, 16 },    /* IXIA, hardware */
	{ 0x1c0001ab, false, 28, 16 },   /* IXIA, software */
};

static const struct variant *variant_find(uint32_t magic)
{
	for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++)
		if (variants[i].magic == magic)
			return &variants[i];
	return NULL;
}

bool pcap_is_magic(const uint8_t *bytes)
{
	return variant_find(load_le32(bytes)) || variant_find(load_be32(bytes));
}

/* The number in the file's last header field: link type, and the length of a frame check sequence. */
static void parse_linktype(uint32_t v, struct pcap_format *out)
{
	out->linktype = v & 0x03ffffff;
	/* four bits count 16-bit words, where the bit behind them says so */
	out->fcs_len = v & 0x04000000 ? (uint8_t)((v >> 28) * 2) : 0;
}

/* libpcap's sf-pcap.c knows who wrote lengths the other way round. */
static enum pcap_lengths lengths_of(uint16_t major, uint16_t minor)
{
	if (major == 543 || minor < 3)
		return PCAP_SWAPPED;
	return minor == 3 ? PCAP_MAYBE_SWAPPED : PCAP_NOT_SWAPPED;
}

static bool version_known(uint16_t major, uint16_t minor)
{
	return (major == 2 && minor <= 4) || (major == 543 && minor == 0);
}

/* False for a version that nobody reads. Some writers get its byte order wrong, and only its. */
static bool parse_version(const uint8_t *bytes, struct pcap_format *f)
{
	bool be = f->big_endian;

	f->major = be ? load_be16(bytes + 4) : load_le16(bytes + 4);
	f->minor = be ? load_be16(bytes + 6) : load_le16(bytes + 6);
	if (!version_known(f->major, f->minor) &&
		version_known(__builtin_bswap16(f->major), __builtin_bswap16(f->minor))) {
		f->major = __builtin_bswap16(f->major);
		f->minor = __builtin_bswap16(f->minor);
	}
	return version_known(f->major, f->minor);
}

enum rc pcap_parse_header(const uint8_t *bytes, const char *path, struct pcap_format *out,
	struct err *err)
{
	const struct variant *v = variant_find(load_le32(bytes));
	bool be = !v;
	struct pcap_format f = { .big_endian = be };

	if (be)
		v = variant_find(load_be32(bytes));
	if (!v)
		return err_damaged(err, path, 0, "no pcap magic number");
	f.nanoseconds = v->nanoseconds;
	f.file_header = v->file_header;
	f.record_header = v->record_header;
	if (!parse_version(bytes, &f))
		return err_set_at(err, RC_UNSUPPORTED, path, 4, "pcap version %u.%u", f.major,
			f.minor);
	f.lengths = lengths_of(f.major, f.minor);
	f.snaplen = be ? load_be32(bytes + 16) : load_le32(bytes + 16);
	parse_linktype(be ? load_be32(bytes + 20) : load_le32(bytes + 20), &f);
	*out = f;
	return RC_DONE;
}
