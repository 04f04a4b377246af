# Unit tests of src/cli. A test program is three lines:
#	unit_tests += tests/cli/test_NAME
#	tests_cli_test_NAME_SOURCES = tests/cli/test_NAME.c
#	tests_cli_test_NAME_LDADD = $(cli_test_ldadd)

unit_tests += tests/cli/test_option
tests_cli_test_option_SOURCES = tests/cli/test_option.c
tests_cli_test_option_LDADD = $(cli_test_ldadd)

cli_scripts = \
	tests/cli/attributes.sh \
	tests/cli/find-prints.sh \
	tests/cli/fingerprints.sh \
	tests/cli/bad-input.sh \
	tests/cli/other-apps.sh \
	tests/cli/locks.sh \
	tests/cli/calls.sh \
	tests/cli/said.sh \
	tests/cli/capture.sh \
	tests/cli/captures.sh \
	tests/cli/check.sh \
	tests/cli/completion.sh \
	tests/cli/escape.sh \
	tests/cli/explain.sh \
	tests/cli/export.sh \
	tests/cli/health.sh \
	tests/cli/import.sh \
	tests/cli/list.sh \
	tests/cli/man-fields.sh \
	tests/cli/man-options.sh \
	tests/cli/modes.sh \
	tests/cli/readme.sh \
	tests/cli/map.sh \
	tests/cli/related.sh \
	tests/cli/related-delays.sh \
	tests/cli/related-hostile.sh \
	tests/cli/samples.sh \
	tests/cli/show.sh \
	tests/cli/snapped.sh \
	tests/cli/snapped-live.sh \
	tests/cli/usage.sh
TESTS += $(cli_scripts)
LONG_TESTS += tests/cli/escape-long.sh
EXTRA_DIST += $(cli_scripts) tests/cli/lib.sh tests/cli/veth.sh tests/cli/cascade.py tests/cli/said.py tests/cli/captures.tsv tests/cli/golden

# Writes and reads captures for the scripts.
check_PROGRAMS += tests/cli/capture-tool
tests_cli_capture_tool_SOURCES = tests/cli/capture-tool.c
tests_cli_capture_tool_LDADD = $(capture_ldadd)

# Writes what a terminal would obey, and tells whether text is free of it.
check_PROGRAMS += tests/cli/hostile-tool
tests_cli_hostile_tool_SOURCES = tests/cli/hostile-tool.c tests/ui/vt.c tests/ui/vt.h
tests_cli_hostile_tool_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/ui
tests_cli_hostile_tool_LDADD = $(capture_ldadd)

# Completion of the shells, from the program's tables.
check_PROGRAMS += tests/cli/dump_completion
tests_cli_dump_completion_SOURCES = tests/cli/dump_completion.c
tests_cli_dump_completion_LDADD = $(cli_ldadd)
