/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A pcap file: its header, and a source over the whole. */
#include "file/pcap.h"

#include "fuzz_source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct pcap_format format;
	struct pcap_record record;

	if (file_kind(data, len) == FILE_PCAP && len >= PCAP_HEADER &&
		pcap_parse_header(data, "fuzz", &format, NULL) == RC_DONE) {
		fuzz_require(format.record_header <= PCAP_RECORD_MAX);
		if (len >= (size_t)format.file_header + format.record_header) {
			pcap_parse_record(&format, data + format.file_header, &record);
			fuzz_require(record.time_ns >= 0);
		}
	}
	/* compressed data is zlib's and libzstd's to fuzz */
	if (file_kind(data, len) == FILE_PCAP)
		fuzz_source(data, len);
	return 0;
}
