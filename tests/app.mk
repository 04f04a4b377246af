# Unit tests of src/app. A test program is three lines:
#	unit_tests += tests/app/test_NAME
#	tests_app_test_NAME_SOURCES = tests/app/test_NAME.c
#	tests_app_test_NAME_LDADD = $(app_test_ldadd)
