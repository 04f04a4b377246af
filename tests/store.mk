# Unit tests of src/store. A test program is three lines:
#	unit_tests += tests/store/test_NAME
#	tests_store_test_NAME_SOURCES = tests/store/test_NAME.c
#	tests_store_test_NAME_LDADD = $(store_test_ldadd)

unit_tests += tests/store/test_sql_export
tests_store_test_sql_export_SOURCES = tests/store/test_sql_export.c
tests_store_test_sql_export_LDADD = $(store_test_ldadd)

unit_tests += tests/store/test_segment
tests_store_test_segment_SOURCES = tests/store/test_segment.c tests/store/segment_model.c tests/store/segment_model_keys.c \
	tests/store/segment_model.h tests/store/segment_world.c tests/store/segment_world.h
tests_store_test_segment_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/store
tests_store_test_segment_LDADD = $(store_test_ldadd)

unit_tests += tests/store/test_segment_lists
tests_store_test_segment_lists_SOURCES = tests/store/test_segment_lists.c tests/store/segment_model.c tests/store/segment_model_keys.c \
	tests/store/segment_model.h tests/store/segment_world.c tests/store/segment_world.h
tests_store_test_segment_lists_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/store
tests_store_test_segment_lists_LDADD = $(store_test_ldadd)

unit_tests += tests/store/test_segment_prints
tests_store_test_segment_prints_SOURCES = tests/store/test_segment_prints.c tests/store/segment_model.c tests/store/segment_model_keys.c \
	tests/store/segment_model.h tests/store/segment_world.c tests/store/segment_world.h
tests_store_test_segment_prints_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/store
tests_store_test_segment_prints_LDADD = $(store_test_ldadd)

unit_tests += tests/store/test_segment_names
tests_store_test_segment_names_SOURCES = tests/store/test_segment_names.c tests/store/segment_model.c tests/store/segment_model_keys.c \
	tests/store/segment_model.h tests/store/segment_world.c tests/store/segment_world.h
tests_store_test_segment_names_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/store
tests_store_test_segment_names_LDADD = $(store_test_ldadd)

unit_tests += tests/store/test_segment_damage
tests_store_test_segment_damage_SOURCES = tests/store/test_segment_damage.c tests/store/segment_model.c tests/store/segment_model_keys.c \
	tests/store/segment_model.h tests/store/segment_world.c tests/store/segment_world.h
tests_store_test_segment_damage_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/store
tests_store_test_segment_damage_LDADD = $(store_test_ldadd)

unit_tests += tests/store/test_store
tests_store_test_store_SOURCES = tests/store/test_store.c tests/store/made.c tests/store/made.h \
	tests/store/place.h
tests_store_test_store_LDADD = $(store_test_ldadd)

unit_tests += tests/store/test_block
tests_store_test_block_SOURCES = tests/store/test_block.c tests/store/own_blocks.h tests/store/own_place.h \
	tests/store/made.c tests/store/made.h
tests_store_test_block_LDADD = $(store_test_ldadd)

unit_tests += tests/store/test_block_failures
tests_store_test_block_failures_SOURCES = tests/store/test_block_failures.c tests/store/own_blocks.h tests/store/own_place.h \
	tests/store/made.c tests/store/made.h
tests_store_test_block_failures_LDADD = $(store_test_ldadd)

unit_tests += tests/store/test_strangers
tests_store_test_strangers_SOURCES = tests/store/test_strangers.c tests/store/made.c tests/store/made.h
tests_store_test_strangers_LDADD = $(store_test_ldadd)

unit_tests += tests/store/test_segment_codec
tests_store_test_segment_codec_SOURCES = tests/store/test_segment_codec.c tests/store/segment_model.c tests/store/segment_model_keys.c \
	tests/store/segment_model.h
tests_store_test_segment_codec_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/store
tests_store_test_segment_codec_LDADD = $(store_test_ldadd)

unit_tests += tests/store/test_dump
tests_store_test_dump_SOURCES = tests/store/test_dump.c tests/store/segment_model.c tests/store/segment_model_keys.c \
	tests/store/segment_model.h
tests_store_test_dump_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/store
tests_store_test_dump_LDADD = $(store_test_ldadd)

unit_tests += tests/store/test_filters
tests_store_test_filters_SOURCES = tests/store/test_filters.c
tests_store_test_filters_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/store
tests_store_test_filters_LDADD = $(store_test_ldadd)
unit_tests += tests/store/test_check
tests_store_test_check_SOURCES = tests/store/test_check.c tests/store/made.c tests/store/made.h
tests_store_test_check_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE_CFLAGS)
tests_store_test_check_LDADD = $(store_test_ldadd)

unit_tests += tests/store/test_cache
tests_store_test_cache_SOURCES = tests/store/test_cache.c tests/store/made.c tests/store/made.h
tests_store_test_cache_LDADD = $(store_test_ldadd)

unit_tests += tests/store/test_catalog
tests_store_test_catalog_SOURCES = tests/store/test_catalog.c tests/store/macro_place.h tests/store/place.h tests/store/made.c tests/store/made.h
tests_store_test_catalog_LDADD = $(store_test_ldadd)

unit_tests += tests/store/test_windows
tests_store_test_windows_SOURCES = tests/store/test_windows.c tests/store/macro_place.h tests/store/place.h tests/store/made.c tests/store/made.h
tests_store_test_windows_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE_CFLAGS)
tests_store_test_windows_LDADD = $(store_test_ldadd)

unit_tests += tests/store/test_recovery
tests_store_test_recovery_SOURCES = tests/store/test_recovery.c tests/store/made.c tests/store/made.h \
	tests/store/place.h
tests_store_test_recovery_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE_CFLAGS)
tests_store_test_recovery_LDADD = $(store_test_ldadd)

unit_tests += tests/store/test_counts
tests_store_test_counts_SOURCES = tests/store/test_counts.c tests/store/made.c tests/store/made.h
tests_store_test_counts_LDADD = $(store_test_ldadd)

unit_tests += tests/store/test_follow
tests_store_test_follow_SOURCES = tests/store/test_follow.c tests/store/made.c tests/store/made.h
tests_store_test_follow_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/store
tests_store_test_follow_LDADD = $(store_test_ldadd)

unit_tests += tests/store/test_calls
tests_store_test_calls_SOURCES = tests/store/test_calls.c tests/store/calls.c tests/store/calls_open.c tests/store/calls.h \
	tests/store/faults.c tests/store/faults.h \
	tests/store/made.c tests/store/made.h
tests_store_test_calls_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE_CFLAGS)
tests_store_test_calls_LDADD = $(store_test_ldadd)

unit_tests += tests/store/test_block_format
tests_store_test_block_format_SOURCES = tests/store/test_block_format.c
tests_store_test_block_format_LDADD = $(store_test_ldadd)

unit_tests += tests/store/test_segment_mutations
tests_store_test_segment_mutations_SOURCES = tests/store/test_segment_mutations.c \
	tests/store/segment_model.c tests/store/segment_model_keys.c \
	tests/store/segment_model.h tests/store/segment_world.c tests/store/segment_world.h tests/fuzz/fuzz_index.c
tests_store_test_segment_mutations_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/store
tests_store_test_segment_mutations_LDADD = $(store_test_ldadd)

unit_tests += tests/store/test_catalog_rows
tests_store_test_catalog_rows_SOURCES = tests/store/test_catalog_rows.c tests/store/made.c tests/store/made.h
tests_store_test_catalog_rows_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE_CFLAGS)
tests_store_test_catalog_rows_LDADD = $(store_test_ldadd)

unit_tests += tests/store/test_block_odd
tests_store_test_block_odd_SOURCES = tests/store/test_block_odd.c tests/store/own_place.h tests/store/made.c tests/store/made.h
tests_store_test_block_odd_LDADD = $(store_test_ldadd)

unit_tests += tests/store/test_foreign
tests_store_test_foreign_SOURCES = tests/store/test_foreign.c tests/store/own_place.h tests/store/made.c tests/store/made.h
tests_store_test_foreign_LDADD = $(store_test_ldadd)

unit_tests += tests/store/test_block_copy
tests_store_test_block_copy_SOURCES = tests/store/test_block_copy.c
tests_store_test_block_copy_LDADD = $(store_test_ldadd)

unit_tests += tests/store/test_odd_calls
tests_store_test_odd_calls_SOURCES = tests/store/test_odd_calls.c tests/store/made.c tests/store/made.h \
	tests/store/place.h tests/store/segment_model.c tests/store/segment_model_keys.c tests/store/segment_model.h
tests_store_test_odd_calls_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/store
tests_store_test_odd_calls_LDADD = $(store_test_ldadd)
