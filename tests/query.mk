# Unit tests of src/query. A test program is three lines:
#	unit_tests += tests/query/test_NAME
#	tests_query_test_NAME_SOURCES = tests/query/test_NAME.c
#	tests_query_test_NAME_LDADD = $(query_test_ldadd)
unit_tests += tests/query/test_filter
tests_query_test_filter_SOURCES = tests/query/test_filter.c tests/query/rows.h
tests_query_test_filter_LDADD = $(query_test_ldadd)
unit_tests += tests/query/test_brute
tests_query_test_brute_SOURCES = tests/query/test_brute.c tests/session/captures.c \
	tests/session/captures.h
tests_query_test_brute_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/session
tests_query_test_brute_LDADD = $(session_test_ldadd)
