# Unit tests of src/tier. A test program is three lines:
#	unit_tests += tests/tier/test_NAME
#	tests_tier_test_NAME_SOURCES = tests/tier/test_NAME.c
#	tests_tier_test_NAME_LDADD = $(tier_test_ldadd)

unit_tests += tests/tier/test_tracker
tests_tier_test_tracker_SOURCES = tests/tier/test_tracker.c
tests_tier_test_tracker_LDADD = $(tier_test_ldadd)

unit_tests += tests/tier/test_compact
tests_tier_test_compact_SOURCES = tests/tier/test_compact.c tests/store/made.c tests/store/made.h \
	tests/store/place.h
tests_tier_test_compact_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/store
tests_tier_test_compact_LDADD = $(tier_test_ldadd)
