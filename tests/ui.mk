# Unit tests of src/ui. A test program is three lines:
#	unit_tests += tests/ui/test_NAME
#	tests_ui_test_NAME_SOURCES = tests/ui/test_NAME.c
#	tests_ui_test_NAME_LDADD = $(ui_test_ldadd)

unit_tests += tests/ui/test_canvas
tests_ui_test_canvas_SOURCES = tests/ui/test_canvas.c
tests_ui_test_canvas_LDADD = $(ui_test_ldadd)

unit_tests += tests/ui/test_keymap
tests_ui_test_keymap_SOURCES = tests/ui/test_keymap.c
tests_ui_test_keymap_LDADD = $(ui_test_ldadd)

unit_tests += tests/ui/test_config
tests_ui_test_config_SOURCES = tests/ui/test_config.c
tests_ui_test_config_LDADD = $(ui_test_ldadd)

unit_tests += tests/ui/test_list
tests_ui_test_list_SOURCES = tests/ui/test_list.c
tests_ui_test_list_LDADD = $(ui_test_ldadd)

unit_tests += tests/ui/test_screen
tests_ui_test_screen_SOURCES = tests/ui/test_screen.c tests/ui/screen_keys.h tests/ui/fake_session.c tests/ui/fake_session.h
tests_ui_test_screen_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/ui
tests_ui_test_screen_LDADD = $(ui_test_ldadd)
unit_tests += tests/ui/test_said_views
tests_ui_test_said_views_SOURCES = tests/ui/test_said_views.c tests/ui/screen_keys.h tests/ui/fake_session.c tests/ui/fake_session.h
tests_ui_test_said_views_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/ui
tests_ui_test_said_views_LDADD = $(ui_test_ldadd)

unit_tests += tests/ui/test_filters
tests_ui_test_filters_SOURCES = tests/ui/test_filters.c tests/ui/screen_keys.h tests/ui/fake_session.c tests/ui/fake_session.h
tests_ui_test_filters_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/ui
tests_ui_test_filters_LDADD = $(ui_test_ldadd)

unit_tests += tests/ui/test_mouse
tests_ui_test_mouse_SOURCES = tests/ui/test_mouse.c tests/ui/screen_keys.h tests/ui/fake_session.c tests/ui/fake_session.h
tests_ui_test_mouse_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/ui
tests_ui_test_mouse_LDADD = $(ui_test_ldadd)

unit_tests += tests/ui/test_tags
tests_ui_test_tags_SOURCES = tests/ui/test_tags.c tests/ui/screen_keys.h tests/ui/fake_session.c tests/ui/fake_session.h
tests_ui_test_tags_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/ui
tests_ui_test_tags_LDADD = $(ui_test_ldadd)

unit_tests += tests/ui/test_groups
tests_ui_test_groups_SOURCES = tests/ui/test_groups.c tests/ui/screen_keys.h tests/ui/fake_session.c tests/ui/fake_session.h
tests_ui_test_groups_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/ui
tests_ui_test_groups_LDADD = $(ui_test_ldadd)

unit_tests += tests/ui/test_pane
tests_ui_test_pane_SOURCES = tests/ui/test_pane.c tests/ui/screen_keys.h tests/ui/fake_session.c tests/ui/fake_session.h
tests_ui_test_pane_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/ui
tests_ui_test_pane_LDADD = $(ui_test_ldadd)

unit_tests += tests/ui/test_columns
tests_ui_test_columns_SOURCES = tests/ui/test_columns.c tests/ui/screen_keys.h tests/ui/fake_session.c tests/ui/fake_session.h
tests_ui_test_columns_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/ui
tests_ui_test_columns_LDADD = $(ui_test_ldadd)

unit_tests += tests/ui/test_rates
tests_ui_test_rates_SOURCES = tests/ui/test_rates.c
tests_ui_test_rates_LDADD = $(ui_test_ldadd)

unit_tests += tests/ui/test_alerts
tests_ui_test_alerts_SOURCES = tests/ui/test_alerts.c tests/ui/fake_session.c tests/ui/fake_session.h tests/ui/screen_keys.h
tests_ui_test_alerts_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/ui
tests_ui_test_alerts_LDADD = $(ui_test_ldadd)

unit_tests += tests/ui/test_live
tests_ui_test_live_SOURCES = tests/ui/test_live.c tests/ui/fake_session.c tests/ui/fake_session.h
tests_ui_test_live_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/ui
tests_ui_test_live_LDADD = $(ui_test_ldadd)

unit_tests += tests/ui/test_stream
tests_ui_test_stream_SOURCES = tests/ui/test_stream.c
tests_ui_test_stream_LDADD = $(ui_test_ldadd)

unit_tests += tests/ui/test_ladder
tests_ui_test_ladder_SOURCES = tests/ui/test_ladder.c
tests_ui_test_ladder_LDADD = $(ui_test_ldadd)

# flowdrill-keys(7) against the program's tables.
check_PROGRAMS += tests/ui/dump_keys
tests_ui_dump_keys_SOURCES = tests/ui/dump_keys.c
tests_ui_dump_keys_LDADD = $(ui_ldadd)
TESTS += tests/ui/man_keys.sh
EXTRA_DIST += tests/ui/man_keys.sh

# Scripted keys on the sample, compared with saved screens.
TESTS += tests/ui/screens.sh tests/ui/readme.sh tests/ui/tags.sh tests/ui/groups.sh
EXTRA_DIST += tests/ui/screens.sh tests/ui/readme.sh tests/ui/tags.sh tests/ui/groups.sh tests/ui/screens

unit_tests += tests/ui/test_prompt
tests_ui_test_prompt_SOURCES = tests/ui/test_prompt.c
tests_ui_test_prompt_LDADD = $(ui_test_ldadd)

# The program on a pseudo terminal.
pty_sources = tests/ui/pty.c tests/ui/pty.h tests/ui/vt.c tests/ui/vt.h
unit_tests += tests/ui/test_terminal
tests_ui_test_terminal_SOURCES = tests/ui/test_terminal.c $(pty_sources)
tests_ui_test_terminal_LDADD = $(CMOCKA_LIBS) -lutil

TESTS += tests/ui/mend.sh tests/ui/until.sh
EXTRA_DIST += tests/ui/mend.sh tests/ui/until.sh

# Every key in every view.
unit_tests += tests/ui/test_keys
tests_ui_test_keys_SOURCES = tests/ui/test_keys.c tests/ui/key_table.c tests/ui/key_table.h tests/ui/real_screen.h
tests_ui_test_keys_LDADD = $(ui_test_ldadd)
EXTRA_DIST += tests/ui/keys.table
if HAVE_CMOCKA
check_PROGRAMS += tests/ui/test_keys_terminal
endif
tests_ui_test_keys_terminal_SOURCES = tests/ui/test_keys_terminal.c tests/ui/key_table.c tests/ui/key_table.h $(pty_sources)
tests_ui_test_keys_terminal_LDADD = $(CMOCKA_LIBS) -lutil
TESTS += tests/ui/every-key.sh
LONG_TESTS += tests/ui/every-key-long.sh
EXTRA_DIST += tests/ui/every-key.sh tests/ui/every-key-long.sh

# Views as text, keys of the command line.
TESTS += tests/ui/batch.sh
EXTRA_DIST += tests/ui/batch.sh

# Screens of every size, and text that a terminal would obey.
TESTS += tests/ui/sizes.sh
EXTRA_DIST += tests/ui/sizes.sh
unit_tests += tests/ui/test_hostile_terminal
tests_ui_test_hostile_terminal_SOURCES = tests/ui/test_hostile_terminal.c $(pty_sources)
tests_ui_test_hostile_terminal_LDADD = $(CMOCKA_LIBS) -lutil

unit_tests += tests/ui/test_signals
tests_ui_test_signals_SOURCES = tests/ui/test_signals.c $(pty_sources)
tests_ui_test_signals_LDADD = $(CMOCKA_LIBS) -lutil

# A recorder on a veth pair, and the screen over it.
TESTS += tests/ui/live.sh
LONG_TESTS += tests/ui/live-long.sh
EXTRA_DIST += tests/ui/live.sh
if HAVE_CMOCKA
check_PROGRAMS += tests/ui/test_live_screen
endif
tests_ui_test_live_screen_SOURCES = tests/ui/test_live_screen.c $(pty_sources)
tests_ui_test_live_screen_LDADD = $(CMOCKA_LIBS) -lutil

# Columns over time, and how they are drawn.
unit_tests += tests/ui/test_spark tests/ui/test_series tests/ui/test_range tests/ui/test_time_views
tests_ui_test_spark_SOURCES = tests/ui/test_spark.c
tests_ui_test_spark_LDADD = $(ui_test_ldadd)
tests_ui_test_series_SOURCES = tests/ui/test_series.c $(captures_sources)
tests_ui_test_series_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/session
tests_ui_test_series_LDADD = $(ui_test_ldadd)
tests_ui_test_range_SOURCES = tests/ui/test_range.c tests/ui/real_screen.h $(captures_sources)
tests_ui_test_range_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/session -I$(top_srcdir)/tests/ui
tests_ui_test_range_LDADD = $(ui_test_ldadd)
tests_ui_test_time_views_SOURCES = tests/ui/test_time_views.c tests/ui/real_screen.h $(captures_sources)
tests_ui_test_time_views_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/session -I$(top_srcdir)/tests/ui
tests_ui_test_time_views_LDADD = $(ui_test_ldadd)

# Packets into programs; what is remembered.
TESTS += tests/ui/program.sh tests/ui/restore.sh
EXTRA_DIST += tests/ui/program.sh tests/ui/restore.sh
