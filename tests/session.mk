# Unit tests of src/session. A test program is three lines:
#	unit_tests += tests/session/test_NAME
#	tests_session_test_NAME_SOURCES = tests/session/test_NAME.c
#	tests_session_test_NAME_LDADD = $(session_test_ldadd)

# Helpers for tests over whole captures.
captures_sources = tests/session/captures.c tests/session/captures.h
# All that a store says.
answers_sources = tests/session/answers.c tests/session/answers.h

unit_tests += tests/session/test_determinism
tests_session_test_determinism_SOURCES = tests/session/test_determinism.c $(captures_sources)
tests_session_test_determinism_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/session
tests_session_test_determinism_LDADD = $(session_test_ldadd)

# Killed at random moments; -long is the same, more often (KILL_ROUNDS).
TESTS += tests/session/kill.sh tests/session/kill-capture.sh
LONG_TESTS += tests/session/kill-long.sh
EXTRA_DIST += tests/session/kill.sh tests/session/kill-capture.sh tests/session/kill-lib.sh

unit_tests += tests/session/test_failures
tests_session_test_failures_SOURCES = tests/session/test_failures.c tests/session/failing.c \
	tests/session/failing.h tests/session/failing_record.c tests/store/faults.c tests/store/faults.h \
	tests/store/made.c tests/store/made.h $(captures_sources)
tests_session_test_failures_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE_CFLAGS) -I$(top_srcdir)/tests/session \
	-I$(top_srcdir)/tests/store
tests_session_test_failures_LDADD = $(session_test_ldadd)
LONG_TESTS += tests/session/failures.sh

unit_tests += tests/session/test_flips
tests_session_test_flips_SOURCES = tests/session/test_flips.c tests/session/flips.c tests/session/flips.h \
	$(captures_sources)
tests_session_test_flips_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/session
tests_session_test_flips_LDADD = $(session_test_ldadd)
LONG_TESTS += tests/session/flips.sh

# The power goes; -long is the same, more often (POWER_POINTS).
unit_tests += tests/session/test_power
power_sources = tests/session/power.c tests/session/power.h tests/session/power_check.c \
	tests/session/power_check.h $(captures_sources)
tests_session_test_power_SOURCES = tests/session/test_power.c $(power_sources)
tests_session_test_power_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/session
tests_session_test_power_LDADD = $(session_test_ldadd)
unit_tests += tests/session/test_power_recorder
tests_session_test_power_recorder_SOURCES = tests/session/test_power_recorder.c $(power_sources)
tests_session_test_power_recorder_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/session
tests_session_test_power_recorder_LDADD = $(session_test_ldadd)
LONG_TESTS += tests/session/power-long.sh

unit_tests += tests/session/test_restart
tests_session_test_restart_SOURCES = tests/session/test_restart.c $(captures_sources) $(answers_sources)
tests_session_test_restart_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/session
tests_session_test_restart_LDADD = $(session_test_ldadd)

unit_tests += tests/session/test_compact
tests_session_test_compact_SOURCES = tests/session/test_compact.c $(captures_sources) $(answers_sources)
tests_session_test_compact_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/session
tests_session_test_compact_LDADD = $(session_test_ldadd)

# Readers whose snapshot is older than a compaction or an eviction.
unit_tests += tests/session/test_stale
tests_session_test_stale_SOURCES = tests/session/test_stale.c $(captures_sources) $(answers_sources)
tests_session_test_stale_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/session
tests_session_test_stale_LDADD = $(session_test_ldadd)

unit_tests += tests/session/test_work
tests_session_test_work_SOURCES = tests/session/test_work.c
tests_session_test_work_LDADD = $(session_test_ldadd)

# Privileges given up: what the kernel says afterwards, and kernels that are made up.
unit_tests += tests/session/test_confine
tests_session_test_confine_SOURCES = tests/session/test_confine.c
tests_session_test_confine_LDADD = $(session_test_ldadd)
check_PROGRAMS += tests/session/confine-tool
tests_session_confine_tool_SOURCES = tests/session/confine-tool.c
tests_session_confine_tool_LDADD = $(session_ldadd)
TESTS += tests/session/confine.sh
EXTRA_DIST += tests/session/confine.sh

unit_tests += tests/session/test_retention
tests_session_test_retention_SOURCES = tests/session/test_retention.c $(captures_sources)
tests_session_test_retention_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/session
tests_session_test_retention_LDADD = $(session_test_ldadd)
# A recorder over made-up interfaces.
recording_sources = tests/session/recording.c tests/session/recording.h $(captures_sources)
unit_tests += tests/session/test_recorder
tests_session_test_recorder_SOURCES = tests/session/test_recorder.c $(recording_sources)
tests_session_test_recorder_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE_CFLAGS) -I$(top_srcdir)/tests/session
tests_session_test_recorder_LDADD = $(session_test_ldadd)
unit_tests += tests/session/test_recorder_full
tests_session_test_recorder_full_SOURCES = tests/session/test_recorder_full.c $(recording_sources)
tests_session_test_recorder_full_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/session
tests_session_test_recorder_full_LDADD = $(session_test_ldadd)

# Disks that are full: tmpfs, ext4.
TESTS += tests/session/full.sh
EXTRA_DIST += tests/session/full.sh

# A long replay under retention (SOAK_HOURS of traffic, SOAK_SPEED times as fast).
check_PROGRAMS += tests/session/replay-tool
tests_session_replay_tool_SOURCES = tests/session/replay-tool.c
LONG_TESTS += tests/session/soak.sh

unit_tests += tests/session/test_names
tests_session_test_names_SOURCES = tests/session/test_names.c tests/file/build.h $(captures_sources)
tests_session_test_names_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/session
tests_session_test_names_LDADD = $(session_test_ldadd)
LONG_TESTS += tests/session/names-tshark.sh

# What a query would read, against what it reads.
unit_tests += tests/session/test_query_blocks
tests_session_test_query_blocks_SOURCES = tests/session/test_query_blocks.c $(captures_sources)
tests_session_test_query_blocks_LDADD = $(session_test_ldadd)
