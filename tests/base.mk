# Unit tests of src/base. A test program is three lines:
#	unit_tests += tests/base/test_NAME
#	tests_base_test_NAME_SOURCES = tests/base/test_NAME.c
#	tests_base_test_NAME_LDADD = $(base_test_ldadd)
unit_tests += tests/base/test_hash
tests_base_test_hash_SOURCES = tests/base/test_hash.c
tests_base_test_hash_LDADD = $(base_test_ldadd)

unit_tests += tests/base/test_io
tests_base_test_io_SOURCES = tests/base/test_io.c
tests_base_test_io_LDADD = $(base_test_ldadd)

unit_tests += tests/base/test_memory
tests_base_test_memory_SOURCES = tests/base/test_memory.c
tests_base_test_memory_LDADD = $(base_test_ldadd)

unit_tests += tests/base/test_text
tests_base_test_text_SOURCES = tests/base/test_text.c
tests_base_test_text_LDADD = $(base_test_ldadd)

unit_tests += tests/base/test_window
tests_base_test_window_SOURCES = tests/base/test_window.c
tests_base_test_window_LDADD = $(base_test_ldadd)
