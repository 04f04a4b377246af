# Unit tests of src/out. A test program is three lines:
#	unit_tests += tests/out/test_NAME
#	tests_out_test_NAME_SOURCES = tests/out/test_NAME.c
#	tests_out_test_NAME_LDADD = $(out_test_ldadd)

unit_tests += tests/out/test_out
tests_out_test_out_SOURCES = tests/out/test_out.c tests/out/rows.h
tests_out_test_out_LDADD = $(out_test_ldadd)

unit_tests += tests/out/test_pcapng_out
tests_out_test_pcapng_out_SOURCES = tests/out/test_pcapng_out.c
tests_out_test_pcapng_out_LDADD = $(out_test_ldadd)
