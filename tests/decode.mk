# Unit tests of src/decode. A test program is three lines:
#	unit_tests += tests/decode/test_NAME
#	tests_decode_test_NAME_SOURCES = tests/decode/test_NAME.c
#	tests_decode_test_NAME_LDADD = $(decode_test_ldadd)
