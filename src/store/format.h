/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The files of a store, byte by byte; flowdrill-store(5) says the same for people.
 *
 * All numbers are little-endian and without padding but what is named `zero` (written 0,
 * ignored when read).
 *   varint    LEB128: 7 bits a byte, low ones first, the top bit says that more follow; at most
 *             19 bytes (128 bits)
 *   zigzag    a signed number v as varint (v << 1) ^ (v >> 63)
 *   flagged   a varint whose first byte holds a flag in bit 0 and 6 bits of the number, later
 *             bytes 7 bits
 *   checksum  XXH3, 64 bits, seed 0
 *
 * Part 1: index files (index/NNNNNNNN.idx). Part 2: filters (index/filters). Part 3: blocks.
 * Part 4: the catalog. Only offsets and constants: the code that reads and writes them is in
 * segment*.c, filters.c, block*.c.
 */
#ifndef FLOWDRILL_STORE_FORMAT_H
#define FLOWDRILL_STORE_FORMAT_H

#include "file/kind.h"
#include "flow/fingerprints.h"
#include "flow/record.h"

/* ==== part 1: index files ================================================================= */

/*
 * An index file is a header, then segments one after the other; the catalog says where each
 * begins and how long it is.
 *
 * Header
 *   at  bytes
 *    0   8   FILE_INDEX_MAGIC
 *    8   2   version (INDEX_VERSION); a higher one is refused
 *   10   2   zero
 *   12   4   length of the header with its checksum, a multiple of 8
 *   16   4   block number
 *   20   4   number of field rows
 *   24       field rows, then zero up to a multiple of 8
 *   -8   8   checksum of all before it
 *
 * Field row: a field that the file's records may hold. Rows with place 1 are counters, and
 * their order is that of the bits in a microflow part. Ids below 1024 are flowdrill's and never
 * change their meaning; from 1024 on they are for attributes that users, tenants and scripts
 * add. A reader skips the values of ids that it does not know.
 *    0   2   id
 *    2   1   type (enum field_type): up to TYPE_U128 a value is one varint; that of TYPE_TEXT too, its
 *            number in TEXTS + 1; others are a varint length and so many bytes
 *    3   1   unit (enum field_unit)
 *    4   1   merge rule (enum field_merge)
 *    5   1   place: 0 in contexts, 1 in microflow parts
 *    6   1   code (enum index_code)
 *    7   1   guess (enum index_guess)
 *    8   1   length of the name N
 *    9   N   name
 */
enum {
	INDEX_VERSION = 1,
	INDEX_AT_VERSION = 8, INDEX_AT_LENGTH = 12, INDEX_AT_BLOCK = 16, INDEX_AT_FIELDS = 20,
	INDEX_AT_ROWS = 24,
	INDEX_HEADER_MAX = 1 << 20,  /* a longer one is damage */
	INDEX_ROW = 9,               /* without its name */
	INDEX_PLACE_KEY = 0, INDEX_PLACE_COUNTER = 1,
	INDEX_COUNTERS_MAX = 127,    /* counters in a table */
};

/*
 * How a counter's difference from its guess is written. Differences are modulo 2^64 (2^128 for
 * TYPE_U128).
 */
enum index_code {
	CODE_PLAIN = 1,      /* varint */
	CODE_SIGNED,         /* zigzag */
	CODE_TIME,           /* flagged zigzag: flag 1 ns, 0 us */
	CODE_DURATION,       /* flagged: flag 1 ns, 0 us */
	CODE_SQUARE,         /* flagged: flag 1 ns^2, 0 us^2 */
};

/*
 * What a counter is expected to be, from counters before it in the table and from the flow.
 * Where it is just that its bit is clear and nothing is written. 'n' is the number of values
 * that a sum is of.
 */
enum index_guess {
	GUESS_ABSENT = 1,    /* a sum: 0; else: unknown */
	GUESS_ONE,           /* 1 */
	/* never just: FIRST of the microflow part before, in a chunk's first the entry's time */
	GUESS_TIME,
	GUESS_FIRST,         /* FIRST */
	/* 1 in the first microflow part of a flow part that begins its flow, else 0 */
	GUESS_BEGINS,
	/*
	 * bytes less, for each packet, 14, the IP header, and 8 (FLOW_SHORT) or 20; 0 without IP,
	 * or where negative
	 */
	GUESS_PAYLOAD,
	GUESS_SIZE_MIN,      /* n = 1: bytes; else unknown */
	GUESS_SIZE_MAX,      /* n = 1: bytes; n = 2: bytes - SIZE_MIN; else SIZE_MIN */
	GUESS_SIZE_SUMSQ,    /* as GUESS_GAP_SUMSQ, of sizes */
	/* LAST - FIRST where the flow begins here or the part is a flow part's first, else LAST - that
	 * of the microflow part before; 0 without gaps */
	GUESS_GAP_SUM,
	GUESS_GAP_MAX,       /* n = 0: unknown; n = 1: GAP_SUM; else 0; n = packets - flows */
	GUESS_GAP_MIN,       /* n = 0: unknown; n = 1: GAP_SUM; n = 2: GAP_SUM - GAP_MAX; else 0 */
	GUESS_GAP_SUMSQ,     /* min^2 + max^2 + (sum - min - max)^2 / (n - 2); n = 1: sum^2 */
	GUESS_RTT_MAX,       /* as gaps, n = RTT_N */
	GUESS_RTT_MIN,
	GUESS_RTT_SUMSQ,
	GUESS_C2S_TTL,       /* C2S_TTL_MIN, unknown where that is */
	GUESS_S2C_TTL,       /* S2C_TTL_MIN, likewise */
	GUESS_DSCP,          /* 0 in flows whose client has an IP address, else unknown */
	GUESS_WINDOW,        /* WINDOW_MIN, likewise */
	/* the flag in TCP_FLAGS: 2 where both directions have packets, else 1; 0 without it */
	GUESS_SYN,
	GUESS_FIN,           /* likewise */
	GUESS_RST,           /* 1 with the flag in TCP_FLAGS, else 0 */
	GUESS_END,           /* RST > 0: END_RST; FIN > 1: END_FIN; else unknown */
	GUESS_CLIENT_MAX,    /* as gaps, n = RTT_CLIENT_N; and so on */
	GUESS_CLIENT_MIN, GUESS_CLIENT_SUMSQ,
	GUESS_SERVER_MAX, GUESS_SERVER_MIN, GUESS_SERVER_SUMSQ,
	GUESS_RESPONSE_MAX, GUESS_RESPONSE_MIN, GUESS_RESPONSE_SUMSQ,
	GUESS_TRANSFER_MAX,
	GUESS_HANDSHAKE,     /* 1 with SYN in TCP_FLAGS and packets in both directions, else 0 */
	GUESS_ATTEMPTED,     /* 1 with SYN in TCP_FLAGS and packets from the client, else 0 */
	GUESS_ANSWERED,      /* ATTEMPTED with packets from the server, else 0 */
	GUESS_C2S_SACK,      /* ATTEMPTED > 0: 1, else unknown */
	GUESS_S2C_SACK,      /* ANSWERED > 0: 1, else unknown */
	/* what fits a frame of 1,514 bytes with headers as in GUESS_PAYLOAD; unknown but where C2S_SACK is 1 */
	GUESS_C2S_MSS, GUESS_S2C_MSS,
	GUESS_C2S_SCALE,     /* 7; unknown likewise */
	GUESS_S2C_SCALE,     /* C2S_WINDOW_SCALE, or 0 where that is unknown; unknown likewise */
	GUESS_CLOSED_BY,     /* FIN or RST in TCP_FLAGS, and REFUSED = 0: the client; else unknown */
	GUESS_TURNS,         /* TCP or UDP with payload, and packets in both directions: 1, else 0 */
	GUESS_RESPONSE_N,    /* TURNS */
	GUESS_TRANSFER_N,    /* RESPONSE_N */
	GUESS_APP, GUESS_NAME,       /* that of the flow part's microflow part before; unknown in the first */
	GUESSES
};

/*
 * Segment: head, then the chunks of its sections. The head is read and verified when it is
 * opened; chunks when they are needed.
 *
 * Head
 *    0   4   magic SEGMENT_MAGIC
 *    4   2   version (SEGMENT_VERSION); a higher one is refused
 *    6   2   bytes before the section table (128)
 *    8   4   length of the head with its checksum, a multiple of 8
 *   12   4   number of sections
 *   16   8   length of the segment
 *   24   4   block number
 *   28   4   number of the segment in the block, from 0
 *   32   4   packets
 *   36   4   flow parts
 *   40   4   microflow parts
 *   44   4   offset in the block of the first packet's record
 *   48   4   offset behind the last packet's record
 *   52   4   least record length
 *   56   8   frame number of the first packet
 *   64   8   earliest time, ns since 1970
 *   72   8   latest time
 *   80   8   microflow slice, ns
 *   88   8   flow slice
 *   96   8   window
 *  104   8   of the bytes in FLOWS those of microflow parts
 *  112   8   checksum of the header's field rows, which these records follow
 *  120   8   zero
 *  128       section table, then directories
 *   -8   8   checksum of all before it
 *
 * Section table entry (40 bytes)
 *    0   2   id (enum segment_section); unknown ones are skipped
 *    2   2   version (1); a section of a higher one cannot be read
 *    4   2   size of a directory entry; 0: the directory is the whole section
 *    6   2   zero
 *    8   4   number of chunks
 *   12   4   where the directory begins in the head
 *   16   4   its length
 *   20   4   zero
 *   24   8   where its chunks begin in the segment
 *   32   8   length of all chunks
 *
 * Directory entry of a chunk
 *    0   4   where the chunk begins, from the first chunk of the section
 *    4   4   length
 *    8   8   checksum
 *   16   8   number of its first element
 *   24       further, by section
 */
#define SEGMENT_MAGIC "FDSG"
enum {
	SEGMENT_VERSION = 1,
	SEGMENT_AT_VERSION = 4, SEGMENT_AT_TABLE = 6, SEGMENT_AT_HEAD = 8,
	SEGMENT_AT_SECTIONS = 12, SEGMENT_AT_LENGTH = 16, SEGMENT_AT_BLOCK = 24,
	SEGMENT_AT_NUMBER = 28, SEGMENT_AT_PACKETS = 32, SEGMENT_AT_FLOWS = 36,
	SEGMENT_AT_MICROS = 40, SEGMENT_AT_FIRST_OFFSET = 44, SEGMENT_AT_END_OFFSET = 48,
	SEGMENT_AT_LEAST = 52, SEGMENT_AT_FRAME = 56, SEGMENT_AT_FIRST_NS = 64,
	SEGMENT_AT_LAST_NS = 72, SEGMENT_AT_MICRO_NS = 80, SEGMENT_AT_FLOW_NS = 88,
	SEGMENT_AT_MACRO_NS = 96, SEGMENT_AT_COUNTERS = 104, SEGMENT_AT_FIELDS = 112,
	SEGMENT_HEADER = 128,
	SECTION_ENTRY = 40, SECTION_VERSION = 1,
	CHUNK_ENTRY = 24,
};

/*
 * PACKETS   chunks of 16384 packets. Entry: 24 4 offset in the block of the end of the record
 *           before the chunk's first (of the first chunk: the segment's first offset), 28 4
 *           zero. A chunk begins with a table of its groups of 128 packets: 0 4 that offset for
 *           the group, 4 4 where the group begins in the chunk.
 *           A packet is its record length, coded in one byte or more:
 *             0..191    number in LENGTHS
 *             192..253  and the next byte: least record length + ((byte - 192) << 8 | next byte)
 *             254       varint record length - least record length
 *             255       varint: bytes to skip before the record; then one of the above
 * LENGTHS   whole: varint number (at most 192), then varints: the record lengths that are most
 *           frequent
 * TIMES     whole: 16 bytes for every SEGMENT_MARK packets: 0 8 earliest time, 8 8 latest time
 * FLOWS     chunks of about 32 KiB; elements are flow parts. Entry:
 *             24 8 position in REFS of the first microflow part's
 *             32 8 time that the first FIRST is a difference from
 *             40 8 slice that the first slice is a difference from
 *             48 4 first ordinal of the first flow part, 52 4 zero
 *             56 8 position in MARKS of the first microflow part's
 *           A flow part:
 *             - varint (first ordinal - that of the flow part before) << 6 | FLOW_ flags
 *             - FLOW_MICROS: varint number of microflow parts - 2 (without: 1)
 *             - FLOW_SLICE: zigzag start of the slice, ns, - that of the flow part before
 *               (without: the same)
 *             - FLOW_ID: varint block, varint offset: the id (without: the first packet's)
 *             - varint number of its context
 *             - varint client, varint server: number of the address + 1, or 0 for none
 *             - FLOW_PORTS: 2 bytes client port, varint server port
 *             - FLOW_MACS: varint client, varint server: numbers of link-layer addresses
 *             - FLOW_SHORT tells what guesses need: the transport header has 8 bytes, not 20
 *             - the microflow parts
 *           A microflow part:
 *             - varint bits: bit 0: an extra varint follows; bit n + 1: counter n of the field
 *               table is written
 *             - varint extra: MICRO_ID | MICRO_SLICE | MICRO_STATE | MICRO_PLAIN | MICRO_MARKS | MICRO_MEDIA, and << MICRO_LACKS_SHIFT
 *               the attributes that were not computed: their fields are unknown
 *             - the counters whose bits are set, as their field rows say (MICRO_PLAIN: all
 *               guesses are GUESS_ABSENT)
 *             - MICRO_ID: varint block, varint offset: the id (without: the first packet's)
 *             - MICRO_SLICE: zigzag start of the slice - FIRST rounded down to a slice
 *               (without: the same)
 *             - MICRO_STATE: varint known bits that differ, varint mixed bits (guessed as known:
 *               all sums, what is written, what is guessed, but not what lacks)
 *             - not in the first of a flow part: varint first ordinal - that of the microflow
 *               part before
 *             - with more than one packet: varint bytes in REFS - (packets - 1)
 *             - MICRO_MARKS: varint bytes in MARKS (without: 0)
 *             - MICRO_MEDIA: varint bytes, and so many: what is known of its media, as media_encode() (flow/media.h) puts it, texts by
 *               their numbers: for each direction varint bits, varint figures; 1 byte texts that differ; varints of the texts
 * REFS      chunks of about 64 KiB; elements are bytes. For every packet of a microflow part
 *           but the first: varint ordinal - that of the packet before - 1. A microflow part's
 *           bytes lie in one chunk.
 * CONTINUED chunks of about 16 KiB; elements are flow parts that have FLOW_ID. Entry as common;
 *           the first element is the first part's number. A chunk is varints: number - that of
 *           the part before - 1, but for its first.
 * ADDRESSES chunks of about 16 KiB; elements are addresses, sorted by kind, then bytes. A chunk
 *           has addresses of one kind. Entry: 24 1 kind (enum addr_kind), 25 16 first address,
 *           41 7 zero. A chunk is addresses of 4, 16 or 6 bytes.
 * POSTINGS  chunks of about 16 KiB; elements are addresses in the same order: the list of flow
 *           parts that have it as client or server. A list is varint number of parts, varint
 *           first part, then varint part - the one before - 1.
 * SERVICES  chunks of about 16 KiB; elements are services sorted by window, server, protocol,
 *           has port, port, point. Entry, of the first one:
 *             24 8 window
 *             32 4 server (number of the address + 1), 36 4 protocol, 40 4 point
 *             44 2 port, 46 1 has port, 47 1 zero
 *           A service is zigzag window - that of the one before (in a chunk's first: of the
 *           entry), varint server, varint protocol, varint port << 1 | has port, varint point,
 *           and its list of flow parts.
 * CONTEXTS  chunks of 256; elements are contexts: what many flows have in common. A chunk
 *           begins with 2 bytes: how many; then for each 2 bytes: where it begins in the chunk.
 *           A context is varint number of fields, then each as varint id, varint length, value:
 *           numbers are varints, TYPE_TUNNEL 1 type, 1 depth, 4 id, 4 outer hash, and of both
 *           addresses kind and bytes. Absent: 0, or none.
 * MACS      chunks of 4096; elements are link-layer addresses of 6 bytes, in order of
 *           appearance.
 * TEXTS     chunks of 64; elements are texts in the order in which microflow parts name them first. Entry:
 *           24 4 number of texts in the chunk, 28 4 zero. A text is 1 byte length (not 0) and so many bytes.
 * MARKS     chunks of about 64 KiB; elements are bytes: what is said of single packets of a
 *           microflow part, whose bytes lie in one chunk. For every packet of which something is
 *           said: varint (position among the microflow part's packets - that of the one before,
 *           which is -1 for the first, - 1) << 3 | NOTE_ flags; then
 *             NOTE_MARKS: varint bits by enum packet_mark
 *             NOTE_RTT: flagged round-trip time (1 ns, 0 us)
 *             NOTE_RESPONSE: flagged response time, likewise
 * CHECKS    chunks of 8192 packets: 2 bytes each, the low bits of packet_digest() (store/block.h): who reads
 *           a packet can tell whether it is still the one that was indexed.
 * OBSERVATIONS chunks of about 16 KiB; elements are names that addresses were seen to have, sorted by address (kind, then
 *           bytes), source, name. Entry, of the first one: 24 1 kind, 25 16 address, 41 7 zero, 48 8 its first time.
 *           An observation: 1 byte source (enum seen_by) << 1 | 1 where the address is that of the one before in the
 *           chunk; else 1 byte kind and 4, 16 or 6 bytes; 1 byte length (not 0), name; zigzag first time - that of the
 *           entry, varint last time - first time.
 * PRINTS    chunks of about 32 KiB; elements are packets. Fingerprints of content (enum fingerprints says how many there are of each;
 *           trace/imprint.h which). For every packet that has some, or of which something could not be kept:
 *             - varint (ordinal - that of the packet before - 1; in a chunk's first 0) << 3 | n, where it has n = 1 to 7; with
 *               n = 0 a varint follows: n << 1 | 1 where it has others beside these
 *             - n fingerprints of 4 bytes, ascending
 * PRINT_FILTER chunks of 8 KiB; elements are blocks of 64 bytes. Entry: 24 4 enum fingerprints, 28 4 zero. A Bloom filter of the
 *           fingerprints in PRINTS as part 2 has them, 64 bytes at least; h = hash_mix(fingerprint + 1). No chunk: nothing was
 *           kept, any packet may have any.
 * Both may be missing: then nothing was kept. ATTRIBUTES is reserved for later versions: fields from 1024 on that came later than the segment.
 */
enum segment_section {
	SECTION_PACKETS = 1, SECTION_LENGTHS, SECTION_TIMES, SECTION_FLOWS, SECTION_REFS,
	SECTION_CONTINUED, SECTION_ADDRESSES, SECTION_POSTINGS, SECTION_SERVICES,
	SECTION_CONTEXTS, SECTION_MACS, SECTION_MARKS, SECTION_TEXTS, SECTION_CHECKS,
	SECTION_OBSERVATIONS, SECTION_PRINTS, SECTION_PRINT_FILTER,
	SECTIONS,                    /* one behind the last */
	SECTION_ATTRIBUTES = 35,
};

enum {
	PACKETS_CHUNK = 16384, PACKETS_GROUP = 128, PACKETS_GROUP_ENTRY = 8, PACKETS_ENTRY = 32,
	LENGTH_CODES = 192, LENGTH_VARINT = 254, LENGTH_SKIP = 255,
	TIMES_ENTRY = 16,
	FLOWS_CHUNK = 32 << 10, FLOWS_ENTRY = 64,
	FLOW_SLICE = 1, FLOW_MICROS = 2, FLOW_ID = 4, FLOW_PORTS = 8, FLOW_SHORT = 16,
	FLOW_MACS = 32, FLOW_FLAGS_BITS = 6,
	MICRO_ID = 1, MICRO_SLICE = 2, MICRO_STATE = 4, MICRO_PLAIN = 8, MICRO_MARKS = 16, MICRO_MEDIA = 32,
	MICRO_LACKS_SHIFT = 6,       /* enum attribute above these */
	MICRO_EXTRA_ALL = (1 << MICRO_LACKS_SHIFT) - 1 + (ATTRIBUTES_ALL << MICRO_LACKS_SHIFT),
	REFS_CHUNK = 64 << 10, REFS_ENTRY = 24,
	MARKS_CHUNK = 64 << 10, MARKS_ENTRY = 24,
	CHECKS_CHUNK = 8192, CHECKS_ENTRY = 24, CHECK_BYTES = 2,
	NOTE_MARKS = 1, NOTE_RTT = 2, NOTE_RESPONSE = 4, NOTE_FLAGS_BITS = 3,
	NOTE_MAX = 40,               /* bytes of a note */
	LIST_CHUNK = 16 << 10, CONTINUED_ENTRY = 24, POSTINGS_ENTRY = 24, SERVICES_ENTRY = 48,
	ADDRESSES_CHUNK = 16 << 10, ADDRESSES_ENTRY = 48,
	CONTEXTS_CHUNK = 256, CONTEXTS_ENTRY = 24,
	MACS_CHUNK = 4096, MACS_ENTRY = 24, MAC_BYTES = 6,
	TEXTS_CHUNK = 64, TEXTS_ENTRY = 32,
	OBSERVATIONS_ENTRY = 56,
	PRINTS_CHUNK = 32 << 10, PRINTS_ENTRY = 24, PRINT_BYTES = 4, PRINTS_FEW = 7, PRINTS_FEW_BITS = 3,
	PRINT_FILTER_CHUNK = 8 << 10, PRINT_FILTER_ENTRY = 32,
	VARINT_MAX = 19,             /* bytes */
};

/* ==== part 2: filters ===================================================================== */

/*
 * Records one after the other; the last one of a block counts.
 *    0   4   magic FILTER_MAGIC
 *    4   2   kind (enum filter_kind); unknown ones are skipped
 *    6   2   version (1); higher ones are skipped
 *    8   4   block number
 *   12   4   length of the content, a multiple of 64
 *   16   8   number of distinct addresses
 *   24   8   XXH3 of the content, its seed the checksum of the 24 bytes before
 *   32       content
 *
 * FILTER_ADDRESS: a Bloom filter in blocks of 64 bytes. h = XXH3 of the address (kind, then 16
 * bytes). It lies in block (h >> 32) * blocks >> 32; bits FILTER_HASHES times: 9 bits each of
 * hash_mix(h), lowest first, number a bit of the 512.
 */
#define FILTER_MAGIC "FDFL"
enum {
	FILTER_AT_KIND = 4, FILTER_AT_VERSION = 6, FILTER_AT_BLOCK = 8, FILTER_AT_LENGTH = 12,
	FILTER_AT_COUNT = 16,
	FILTER_AT_CHECKSUM = 24, FILTER_HEADER = 32, FILTER_VERSION = 1,
	FILTER_BLOCK_BYTES = 64, FILTER_BITS = 10, FILTER_HASHES = 6,
};

/* ==== part 3: blocks ================================================================================= */

/*
 * A block of a store (blocks/NNNNNNNN.pcapng) is a pcapng file of one section, little-endian: section header, an interface
 * description for every capture point (number of the point = number of the interface), then packets (enhanced packet blocks)
 * and whatever other blocks the source had. What was synced at once is a stretch; it ends with a BLOCK_OWN_END, by which every
 * synced length is a multiple of BLOCK_ALIGN. The section header lies in the first of these pages, which is durable before anything
 * behind it is written: a file without it was never begun. Custom blocks and options
 * have the form of file/pcapng.h (enterprise number, "flowdril", kind, content). Kinds:
 *
 *   in the section header      BLOCK_OWN_HEADER, content:
 *      0   4   version (BLOCK_VERSION); a higher one is refused
 *      4   4   number of the block
 *      8   8   microflow slice, ns
 *     16   8   flow slice
 *     24   8   window
 *     32   8   size of blocks, bytes
 *     40  16   identity of the store, random
 *     56   4   what is computed of its packets (enum attribute); may be missing with what follows: all
 *     60       to the end: a filter, of which conversations alone (store.h: attributes_for)
 *                              BLOCK_OWN_FINGERPRINTS, content: 4 bytes, enum fingerprints, of its packets' payload; missing: none
 *                              BLOCK_OWN_ANEW, content (how this block goes on from those before):
 *      0   8   number of its first frame; 0: not known
 *      8   8   for each of the last places where conversations begin anew: 4 number of a block, 4 offset in it. This block's own
 *              number with offset 0 says that they do with this block
 *   in an interface description   PCAPNG_OWN_UUID: 16 bytes, the UUID of the capture point
 *   in a packet, as last option   PCAPNG_OWN_TIME_UNKNOWN: nothing; the packet had no time (simple packet block): it has its predecessor's
 *   block   BLOCK_OWN_END, content: the end of a stretch
 *      0   8   its sum up to this block: from the stretch's offset in the file on, each BLOCK_CHUNK bytes and what is left are hashed (XXH3,
 *              64 bits) with the sum so far as the seed
 *      8       zeros
 *   block   PCAPNG_OWN_PADDING: zeros, in stores made by versions before sums
 *   in interface statistics    BLOCK_OWN_COUNTS, content, cumulative over the store's life as the block's other numbers are:
 *      0   8   frames that the recorder refused (osdrop: the kernel dropped, ifdrop: the card lost, usrdeliv: stored)
 *
 *   block   BLOCK_OWN_EVENT, content: what happened to the recorder
 *      0   8   time, ns since 1970
 *      8  24   kind, padded with zeros
 *     32       text, padded with zeros
 *   block   BLOCK_OWN_WRAPPED, content: another pcapng block whole, as it was in a big-endian source, where its layout is not
 *           known; behind it zeros up to a multiple of 4
 */
enum {
	BLOCK_VERSION = 1, BLOCK_OWN_HEADER = 16, BLOCK_OWN_WRAPPED = 17, BLOCK_OWN_COUNTS = 18,
	BLOCK_OWN_ANEW = 19, BLOCK_OWN_EVENT = 20,
	BLOCK_OWN_END = 21, BLOCK_OWN_FINGERPRINTS = 22,
	BLOCK_ANEW_MAX = 64,         /* places in a header */
	BLOCK_EVENT_KIND = 24,       /* bytes in an event */
	BLOCK_HEADER_LEN = 56, BLOCK_HEADER_MAX = 1 << 16,   /* of our option, at least; of the section header block */
	BLOCK_ALIGN = 4096,
	BLOCK_CHUNK = 4 << 20,
};

/* ==== part 4: the catalog ============================================================================ */

/*
 * index/catalog.db, SQLite 3, application id "FDri", user version CATALOG_VERSION (store/catalog.h). Tables are described in
 * flowdrill-store(5). macroparts.parts is a piece of a run, 1 to 32 parts, sorted by service; all numbers are varints unless said:
 *   n: parts
 *   n keys: address, protocol, port + 1 (0: has none), point
 *   n heads: the id's block and offset; two numbers of 128 bits, each as high and low half, exclusive or with those of the part before:
 *   fields that are known, and mixed (bit = field id)
 *   a directory: for each column in order of their field ids the step from the id before (the first: from -1), and its length; 0 ends it
 *   the columns: 32 bits, little-endian, which parts say something; the values of those, by type: unsigned: varint; TYPE_I64:
 *   zigzag; TYPE_U128: two varints, high half first; addresses: kind and its 0, 4, 16 or 6 bytes; TYPE_MAC: 6 bytes; TYPE_TEXT: 1
 *   byte length and so many; TYPE_TUNNEL: type, depth, varint id, varint outer hash, two addresses.
 *   FIRST is a difference from the window's start, LAST from FIRST where that is known. A value that is not written is 0, or unknown.
 *   n times two lengths: of the sketch of clients, and of what follows that
 *   n times a sketch, a histogram of round-trip times and, where there are any, one of response times and media behind it, as
 *   sketch_encode(), hist_encode() and media_encode() write them, or nothing.
 */

#endif
