# Unit tests of src/query. A test program is three lines:
#	unit_tests += tests/query/test_NAME
#	tests_query_test_NAME_SOURCES = tests/query/test_NAME.c
#	tests_query_test_NAME_LDADD = $(query_test_ldadd)
unit_tests += tests/query/test_filter
tests_query_test_filter_SOURCES = tests/query/test_filter.c tests/query/rows.h
tests_query_test_filter_LDADD = $(query_test_ldadd)
unit_tests += tests/query/test_filter_text
tests_query_test_filter_text_SOURCES = tests/query/test_filter_text.c tests/query/rows.h
tests_query_test_filter_text_LDADD = $(query_test_ldadd)
unit_tests += tests/query/test_filter_ways
tests_query_test_filter_ways_SOURCES = tests/query/test_filter_ways.c tests/query/rows.h
tests_query_test_filter_ways_LDADD = $(query_test_ldadd)
unit_tests += tests/query/test_hostile
tests_query_test_hostile_SOURCES = tests/query/test_hostile.c tests/query/rows.h tests/store/made.c \
	tests/store/made.h
tests_query_test_hostile_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE_CFLAGS) -I$(top_srcdir)/tests/store
tests_query_test_hostile_LDADD = $(query_test_ldadd)

unit_tests += tests/query/test_result_order
tests_query_test_result_order_SOURCES = tests/query/test_result_order.c
tests_query_test_result_order_LDADD = $(query_test_ldadd)

unit_tests += tests/query/test_packed
tests_query_test_packed_SOURCES = tests/query/test_packed.c
tests_query_test_packed_LDADD = $(query_test_ldadd)

# Brute force over whole captures.
brute_sources = tests/query/brute.c tests/query/brute.h tests/query/brute_down.c \
	tests/query/brute_filter.c tests/query/brute_groups.c tests/query/brute_sums.c $(captures_sources)
brute_cppflags = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/session
unit_tests += tests/query/test_brute
tests_query_test_brute_SOURCES = tests/query/test_brute.c $(brute_sources)
tests_query_test_brute_CPPFLAGS = $(brute_cppflags)
tests_query_test_brute_LDADD = $(session_test_ldadd)
unit_tests += tests/query/test_made
tests_query_test_made_SOURCES = tests/query/test_made.c tests/query/traffic.c \
	tests/query/traffic.h $(brute_sources)
tests_query_test_made_CPPFLAGS = $(brute_cppflags)
tests_query_test_made_LDADD = $(session_test_ldadd)

unit_tests += tests/query/test_relay
tests_query_test_relay_SOURCES = tests/query/test_relay.c
tests_query_test_relay_LDADD = $(session_test_ldadd)

# Shares of time: spans by hand, and the sample's slow order.
unit_tests += tests/query/test_cascade
tests_query_test_cascade_SOURCES = tests/query/test_cascade.c
tests_query_test_cascade_LDADD = $(session_test_ldadd)
