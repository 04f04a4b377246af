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

unit_tests += tests/ui/test_list
tests_ui_test_list_SOURCES = tests/ui/test_list.c
tests_ui_test_list_LDADD = $(ui_test_ldadd)

# They need the whole of query to link.
EXTRA_DIST += tests/ui/test_screen.c tests/ui/fake_session.c tests/ui/fake_session.h \
	tests/ui/dump_keys.c tests/ui/man_keys.sh
