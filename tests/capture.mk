# Unit tests of src/capture. A test program is three lines:
#	unit_tests += tests/capture/test_NAME
#	tests_capture_test_NAME_SOURCES = tests/capture/test_NAME.c
#	tests_capture_test_NAME_LDADD = $(capture_test_ldadd)
unit_tests += tests/capture/test_truth
tests_capture_test_truth_SOURCES = tests/capture/test_truth.c
tests_capture_test_truth_LDADD = $(capture_test_ldadd)

unit_tests += tests/capture/test_source
tests_capture_test_source_SOURCES = tests/capture/captures.c tests/capture/captures.h \
	tests/capture/test_source.c tests/file/build.h
tests_capture_test_source_LDADD = $(capture_test_ldadd)

unit_tests += tests/capture/test_stream
tests_capture_test_stream_SOURCES = tests/capture/test_stream.c
tests_capture_test_stream_LDADD = $(capture_test_ldadd)
