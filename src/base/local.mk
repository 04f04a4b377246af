# src/base: one source or header a line, sorted.
src_base_libbase_a_SOURCES =
