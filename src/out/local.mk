# src/out: one source or header a line, sorted.
src_out_libout_a_SOURCES =
