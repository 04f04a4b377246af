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

unit_tests += tests/capture/test_live
tests_capture_test_live_SOURCES = tests/capture/test_live.c
tests_capture_test_live_LDADD = $(capture_test_ldadd)

# Real interfaces, in a network namespace; -long floods them more often (LIVE_FLOODS).
check_PROGRAMS += tests/capture/live-tool tests/capture/flood-tool
tests_capture_live_tool_SOURCES = tests/capture/live-tool.c
tests_capture_live_tool_LDADD = $(capture_ldadd)
tests_capture_flood_tool_SOURCES = tests/capture/flood-tool.c
tests_capture_flood_tool_LDADD =
TESTS += tests/capture/live.sh
LONG_TESTS += tests/capture/live-long.sh
EXTRA_DIST += tests/capture/live.sh
