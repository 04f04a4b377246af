/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A pcapng file: a source over the whole, and options copied from one byte order to the other. */
#include "file/pcapng.h"

#include "fuzz_source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static uint64_t count_options(const uint8_t *bytes, size_t len, bool big_endian)
{
	struct pcapng_options o;
	const uint8_t *value;
	uint16_t code, value_len;
	uint64_t n = 0;

	pcapng_options_init(&o, bytes, len, big_endian);
	while (pcapng_options_next(&o, &code, &value, &value_len)) {
		fuzz_touch(value, value_len);
		n++;
	}
	return n;
}

/* The same number of options, and the same bytes when copied again as what they are now. */
static void copy_options(const uint8_t *data, size_t len)
{
	static const uint32_t types[] = { PCAPNG_SHB, PCAPNG_IDB, PCAPNG_EPB, PCAPNG_ISB, PCAPNG_NRB };
	uint32_t type = types[data[0] % 5];
	bool big_endian = data[0] >= 128;
	struct buf once, twice;

	buf_init(&once);
	buf_init(&twice);
	pcapng_copy_options(&once, type, data + 1, len - 1, big_endian);
	pcapng_copy_options(&twice, type, once.data, once.len, false);
	fuzz_require(count_options(data + 1, len - 1, big_endian) ==
		count_options(once.data, once.len, false));
	fuzz_require(once.len == twice.len);
	if (once.len > 0)
		fuzz_require(memcmp(once.data, twice.data, once.len) == 0);
	buf_free(&once);
	buf_free(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (file_kind(data, len) == FILE_PCAPNG)
		fuzz_source(data, len);
	else if (len > 1)
		copy_options(data, len);
	return 0;
}
