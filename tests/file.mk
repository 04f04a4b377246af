# Unit tests of src/file. A test program is three lines:
#	unit_tests += tests/file/test_NAME
#	tests_file_test_NAME_SOURCES = tests/file/test_NAME.c
#	tests_file_test_NAME_LDADD = $(file_test_ldadd)
