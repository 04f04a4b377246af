# Unit tests of src/out. A test program is three lines:
#	unit_tests += tests/out/test_NAME
#	tests_out_test_NAME_SOURCES = tests/out/test_NAME.c
#	tests_out_test_NAME_LDADD = $(out_test_ldadd)
