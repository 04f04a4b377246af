# Unit tests of src/session. A test program is three lines:
#	unit_tests += tests/session/test_NAME
#	tests_session_test_NAME_SOURCES = tests/session/test_NAME.c
#	tests_session_test_NAME_LDADD = $(session_test_ldadd)
