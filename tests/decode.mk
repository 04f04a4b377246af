# Unit tests of src/decode. A test program is three lines:
#	unit_tests += tests/decode/test_NAME
#	tests_decode_test_NAME_SOURCES = tests/decode/test_NAME.c
#	tests_decode_test_NAME_LDADD = $(decode_test_ldadd)

check_PROGRAMS += tests/decode/decode_dump
tests_decode_decode_dump_SOURCES = tests/decode/decode_dump.c
tests_decode_decode_dump_LDADD = $(capture_ldadd)
