# src/ui: one source or header a line, sorted.
src_ui_libui_a_SOURCES =
