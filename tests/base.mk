# Unit tests of src/base. A test program is three lines:
#	unit_tests += tests/base/test_NAME
#	tests_base_test_NAME_SOURCES = tests/base/test_NAME.c
#	tests_base_test_NAME_LDADD = $(base_test_ldadd)
