# Unit tests of src/flow. A test program is three lines:
#	unit_tests += tests/flow/test_NAME
#	tests_flow_test_NAME_SOURCES = tests/flow/test_NAME.c
#	tests_flow_test_NAME_LDADD = $(flow_test_ldadd)
