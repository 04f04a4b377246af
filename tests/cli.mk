# Unit tests of src/cli. A test program is three lines:
#	unit_tests += tests/cli/test_NAME
#	tests_cli_test_NAME_SOURCES = tests/cli/test_NAME.c
#	tests_cli_test_NAME_LDADD = $(cli_test_ldadd)
