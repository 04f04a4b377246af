# Unit tests of src/tier. A test program is three lines:
#	unit_tests += tests/tier/test_NAME
#	tests_tier_test_NAME_SOURCES = tests/tier/test_NAME.c
#	tests_tier_test_NAME_LDADD = $(tier_test_ldadd)

unit_tests += tests/tier/test_tracker
tests_tier_test_tracker_SOURCES = tests/tier/test_tracker.c
tests_tier_test_tracker_LDADD = $(tier_test_ldadd)
