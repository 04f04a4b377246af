# Unit tests of src/trace. A test program is three lines:
#	unit_tests += tests/trace/test_NAME
#	tests_trace_test_NAME_SOURCES = tests/trace/test_NAME.c
#	tests_trace_test_NAME_LDADD = $(trace_test_ldadd)

unit_tests += tests/trace/test_fingerprint
tests_trace_test_fingerprint_SOURCES = tests/trace/test_fingerprint.c
tests_trace_test_fingerprint_LDADD = $(trace_test_ldadd)

unit_tests += tests/trace/test_match
tests_trace_test_match_SOURCES = tests/trace/test_match.c
tests_trace_test_match_LDADD = $(trace_test_ldadd)

unit_tests += tests/trace/test_imprint
tests_trace_test_imprint_SOURCES = tests/trace/test_imprint.c
tests_trace_test_imprint_LDADD = $(trace_test_ldadd)

unit_tests += tests/trace/test_order
tests_trace_test_order_SOURCES = tests/trace/test_order.c
tests_trace_test_order_LDADD = $(trace_test_ldadd)

unit_tests += tests/trace/test_places
tests_trace_test_places_SOURCES = tests/trace/test_places.c
tests_trace_test_places_LDADD = $(trace_test_ldadd)
