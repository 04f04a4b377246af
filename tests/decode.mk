# Unit tests of src/decode. A test program is three lines:
#	unit_tests += tests/decode/test_NAME
#	tests_decode_test_NAME_SOURCES = tests/decode/test_NAME.c
#	tests_decode_test_NAME_LDADD = $(decode_test_ldadd)

check_PROGRAMS += tests/decode/decode_dump
tests_decode_decode_dump_SOURCES = tests/decode/decode_dump.c
tests_decode_decode_dump_LDADD = $(capture_ldadd)

# Frames, what comes out of them, and the file's readers.
EXTRA_DIST += tests/decode/TESTLIST tests/decode/TESTLIST.out

unit_tests += tests/decode/test_decode
tests_decode_test_decode_SOURCES = tests/decode/test_decode.c tests/decode/frames.c \
	tests/decode/frames.h
tests_decode_test_decode_LDADD = $(decode_test_ldadd)

unit_tests += tests/decode/test_fragment
tests_decode_test_fragment_SOURCES = tests/decode/test_fragment.c tests/decode/frames.c \
	tests/decode/frames.h
tests_decode_test_fragment_LDADD = $(decode_test_ldadd)

unit_tests += tests/decode/test_options
tests_decode_test_options_SOURCES = tests/decode/test_options.c
tests_decode_test_options_LDADD = $(decode_test_ldadd)

unit_tests += tests/decode/test_sum
tests_decode_test_sum_SOURCES = tests/decode/test_sum.c
tests_decode_test_sum_LDADD = $(decode_test_ldadd)

fuzz_targets += tests/fuzz/fuzz_decode
tests_fuzz_fuzz_decode_SOURCES = tests/fuzz/fuzz_decode.c $(fuzz_main)
tests_fuzz_fuzz_decode_LDADD = $(decode_ldadd)
tests_fuzz_fuzz_decode_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)

# Needs FLOWDRILL_CAPTURES.
TESTS += tests/decode/truth.sh
EXTRA_DIST += tests/decode/truth.sh tests/decode/differences.tsv
LONG_TESTS += tests/decode/tshark.sh
EXTRA_DIST += tests/decode/packet-differences.tsv
