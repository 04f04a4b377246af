# Unit tests of src/ui. A test program is three lines:
#	unit_tests += tests/ui/test_NAME
#	tests_ui_test_NAME_SOURCES = tests/ui/test_NAME.c
#	tests_ui_test_NAME_LDADD = $(ui_test_ldadd)
